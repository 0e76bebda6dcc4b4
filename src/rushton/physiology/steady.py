"""Steady state of a cell under a constant uptake.

    rates(environment, x) = 0

Found by following the model for a long time from its plausible start (BDF), then by Newton on scaled states; the state
must be reached by the cell itself, so the root that lies on its way is the one that counts.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root

from rushton.errors import ModelError
from rushton.physiology.faults import check_rates
from rushton.physiology.model import CellModel

LARGEST_POOL = 100.0
"""Pools beyond so many times the plausible start are no cell any more: more is imposed than its pathways carry off."""


def steady_state(
    model: CellModel, environment: np.ndarray, start: np.ndarray | None = None, hours: float = 1e5
) -> np.ndarray:
    """State in which nothing changes under a constant environment.

    Parameters
    ----------
    model : CellModel
        The cell.
    environment : ndarray, shape (n_environment,)
        Constant surroundings, as `CellModel.environment_vector` makes them.
    start : ndarray, shape (n_state,), optional
        Where to start; default ``model.start``.
    hours : float
        How long to follow the cell before Newton's method takes over, h.

    Returns
    -------
    ndarray, shape (n_state,)
        The steady state.

    Raises
    ------
    ModelError
        When the cell does not come to rest under this uptake, or `rates` is not of the size of the model.
    """
    start = np.array(model.start if start is None else start, dtype=float)
    check_rates(model, environment, start)
    if model.n_state == 0:
        return np.zeros(0)
    parameters, out = model.parameter_vector, np.zeros(model.n_out)
    environment = np.ascontiguousarray(environment, dtype=float)
    scale = np.maximum(np.abs(start), 1e-12)

    def derivative(x: np.ndarray) -> np.ndarray:
        model.rates(environment, np.ascontiguousarray(x, dtype=float), parameters, out)
        return out[: model.n_state].copy()

    long = solve_ivp(lambda t, x: derivative(x), (0.0, hours), start, method="LSODA", rtol=1e-8, atol=1e-9 * scale)
    x = np.maximum(long.y[:, -1], 0.0)
    newton = root(lambda u: derivative(u * scale) / scale, x / scale, method="hybr", tol=1e-13)
    polished = newton.x * scale
    if np.all(polished >= 0) and np.allclose(polished, x, rtol=0.05, atol=1e-6 * scale):
        x = polished
    at_rest = long.success and np.all(np.isfinite(x)) and np.max(np.abs(derivative(x)) / scale) < 1e-4
    if not at_rest or np.max(x / scale) > LARGEST_POOL:
        unit = model.environment[0].unit
        raise ModelError(
            f"the cell finds no steady state that it could live in at q_s = {environment[0]:.4g} {unit}",
            model.name,
            "The mean uptake lies outside the range of the model: check feed, biomass and uptake of the case.",
        )
    return x
