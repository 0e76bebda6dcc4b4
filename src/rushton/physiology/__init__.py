"""What a cell does with what it gets; it knows cells, never tanks.

    model = get_model("penicillium_tang2017", {"b33": 7e-4})        a frozen CellModel, uptake imposed
    x0    = steady_state(model, model.environment_vector(q_s, C_s=3e-6))
    many  = integrate_ensemble(model, q_s, dt, x0, {"C_s": c_s}, keep_every=100)
    many.mean["q_p"], many.mean["mu"]     (n_cell,) time means;   many.state  (n_cell, n_state)

`q_s` has shape (n_cell, n_time), in the unit of the model, each value held for dt seconds, and is what the cells eat;
C_s (same shape or one number) is read only where a model needs it besides. From the case file: q_s = q_max s(t) times
`model.uptake_per_mol_kg_s`, with q_max in mol/(kg s); C_s = K_s s/(1 - s) is `concentration_of_uptake`.
`imposed_environment` does both.

Numba and scipy are imported by the functions that need them, not by this door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.physiology.model import (
    CellModel,
    Parameter,
    Quantity,
    Surrounding,
    Trade,
    get_model,
    model_names,
    model_of,
    register_model,
)
from rushton.physiology.quantities import SUBSTRATE, WATER

if TYPE_CHECKING:
    from rushton.physiology.integrate import Ensemble

__all__ = [
    "CellModel",
    "Parameter",
    "Quantity",
    "Surrounding",
    "Trade",
    "concentration_of_uptake",
    "get_model",
    "ideal_cell",
    "imposed_environment",
    "integrate_ensemble",
    "integrate_reference",
    "model_names",
    "model_of",
    "register_model",
    "steady_state",
]

# s = 1 would be an infinite concentration; this caps C_s at 1e4 half-saturations.
_LARGEST_RATIO = 1.0 - 1e-4


def concentration_of_uptake(s: Any, half_saturation: float) -> Any:
    """C_s = K_s s/(1 - s), the concentration at which Monod uptake runs at the share s of its maximum.

    Parameters
    ----------
    s : array_like
        Uptake ratio q/q_max, 0..1; capped at 1 - 1e-4.
    half_saturation : float
        K_s, in the unit wanted for C_s.

    Examples
    --------
    >>> concentration_of_uptake(0.5, 7.8e-6)
    7.8e-06
    """
    s = np.minimum(s, _LARGEST_RATIO)
    c = half_saturation * s / (1.0 - s)
    return float(c) if np.ndim(c) == 0 else c


def imposed_environment(
    model: CellModel, s: Any, q_max: float, half_saturation: float, density: float = WATER
) -> tuple[Any, dict[str, Any]]:
    """Uptake and concentrations that a model sees at an uptake ratio s.

    Parameters
    ----------
    model : CellModel
        The cell.
    s : array_like
        q/q_max, any shape.
    q_max : float
        Largest uptake of the case's law, mol/(kg dry weight s).
    half_saturation : float
        K_s of the case's law per mass of broth, mol/kg (the case holds mol/m3: divide by the density of the broth).
    density : float
        Of the broth, kg/m3, for models that count per litre.

    Returns
    -------
    q_s : array_like
        Imposed uptake in the unit of the model, the shape of s.
    concentrations : dict
        ``{"C_s": ...}`` in the unit of the model, ready for `integrate_ensemble`.
    """
    q_s = np.asarray(s) * (q_max * model.uptake_per_mol_kg_s)
    return q_s, model.surroundings_from_mol_kg({SUBSTRATE: concentration_of_uptake(s, half_saturation)}, density)


def steady_state(model: CellModel, environment: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """State (n_state,) in which nothing changes under a constant environment; see `physiology.steady`."""
    from rushton.physiology import steady

    return steady.steady_state(model, environment, start)


def ideal_cell(model: CellModel, s: float, q_max: float, half_saturation: float) -> tuple[np.ndarray, dict[str, float]]:
    """The cell of the ideally mixed vessel: its steady state under a constant uptake ratio, and its rates.

    Parameters
    ----------
    model, q_max, half_saturation :
        As for `imposed_environment`.
    s : float
        Mean uptake ratio.

    Returns
    -------
    state : ndarray, shape (n_state,)
    rates : dict of str to float
        Reported rates by name, in the units of the model.
    """
    q_s, around = imposed_environment(model, s, q_max, half_saturation)
    environment = model.environment_vector(float(q_s), **around)
    state = steady_state(model, environment)
    return state, model.evaluate(environment, state)[1]


def integrate_ensemble(
    model: CellModel, q_s: np.ndarray, dt: float, state: np.ndarray, *args: Any, **kw: Any
) -> Ensemble:
    """Many cells along given uptake histories, compiled; see `physiology.integrate.integrate_ensemble`."""
    from rushton.physiology import integrate

    return integrate.integrate_ensemble(model, q_s, dt, state, *args, **kw)


def integrate_reference(
    model: CellModel, q_s: np.ndarray, dt: float, state: np.ndarray, *args: Any, **kw: Any
) -> tuple[np.ndarray, dict[str, float]]:
    """One cell along one uptake history by LSODA; see `physiology.integrate.integrate_reference`."""
    from rushton.physiology import integrate

    return integrate.integrate_reference(model, q_s, dt, state, *args, **kw)
