"""How fast the fastest pool of a cell changes, and the step that a fixed-step integrator needs for it.

    J = d(dx/dt)/dx,      lambda = largest |eigenvalue| of J, 1/h,      fastest pool: largest entry of its eigenvector
    sub-steps per sample of length dt:  the least n with lambda dt/n <= 1/2

Heun's method is stable on a decaying pool while lambda h < 2 and follows it to some per mille at lambda h = 1/2. A pool
empties fastest when it is nearly empty, so J is taken along a course: the cell is followed from its start through the
least, the largest, the middle, the lowest 2 % and again the least of what it will meet, half a minute each, by LSODA.

Symbols: x states; h step, dt sample, both in h inside, s at the door. Source: any text on numerical integration, e.g.
Hairer E., Wanner G. 1996, Solving Ordinary Differential Equations II, ch. IV.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from rushton.errors import ModelError
from rushton.physiology.model import SECONDS_PER_HOUR, CellModel

STABLE = 2.0
"""Largest lambda h at which Heun's method does not blow up on a decaying pool."""
ACCURATE = 0.5
"""Largest lambda h that is chosen here."""
MOST_SUBSTEPS = 500
"""More sub-steps than this are refused: the model then wants its fastest pool in quasi-steady state."""

_STAY = 30.0 / SECONDS_PER_HOUR  # h in each of the surroundings met
_LOOKS = _STAY * np.geomspace(1e-4, 1.0, 9)  # h after which J is taken
_ENOUGH = 200_000  # samples among which the middle of the surroundings and the nearly least are sought


@dataclass(frozen=True)
class Fastest:
    """The fastest pool met: its name and its time scale, s (infinite for a model without states)."""

    pool: str
    seconds: float


def jacobian(model: CellModel, environment: np.ndarray, state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """J (n_state, n_state), 1/h, by differences forward from the state."""
    n = model.n_state
    step = 1e-6 * np.maximum(np.abs(state), 1e-3 * np.maximum(np.abs(model.start), 1e-12))
    out = np.zeros(model.n_out)
    model.rates(environment, state, parameters, out)
    here = out[:n].copy()
    found = np.empty((n, n))
    for j in range(n):
        moved = state.copy()
        moved[j] += step[j]
        model.rates(environment, moved, parameters, out)
        found[:, j] = (out[:n] - here) / step[j]
    return found


def fastest(model: CellModel, environment: np.ndarray, start: np.ndarray) -> Fastest:
    """The fastest pool of a cell that meets these surroundings.

    Parameters
    ----------
    model : CellModel
        The cell.
    environment : ndarray, shape (..., n_environment)
        Surroundings that the cell will meet; a few are taken, from least to largest by uptake and
        by substrate.
    start : ndarray, shape (n_state,)
        State at the start.

    Returns
    -------
    Fastest
    """
    if model.n_state == 0:
        return Fastest("", np.inf)
    parameters = model.parameter_vector
    state = np.array(start, dtype=np.float64)
    largest, pool = 0.0, model.state_names[0]
    for around in _extremes(environment):
        course = _follow(model, around, state, parameters)
        for x in (state, *course):
            matrix = jacobian(model, around, x, parameters)
            if not np.all(np.isfinite(matrix)):
                continue  # the integrator says which pool is not a number, with its cell and time
            scale = np.maximum(np.abs(x), 1e-3 * np.maximum(np.abs(model.start), 1e-12))
            values, vectors = np.linalg.eig(matrix * scale[None, :] / scale[:, None])
            k = int(np.argmax(np.abs(values)))
            if abs(values[k]) > largest:
                largest, pool = float(abs(values[k])), model.state_names[int(np.argmax(np.abs(vectors[:, k])))]
        state = course[-1]
    return Fastest(pool, SECONDS_PER_HOUR / largest if largest > 0.0 else np.inf)


def substeps_needed(model: CellModel, environment: np.ndarray, start: np.ndarray, dt: float) -> int:
    """Steps of the integrator per sample of dt seconds that the fastest pool asks for; at least one.

    Raises
    ------
    ModelError
        When more than `MOST_SUBSTEPS` would be needed.
    """
    found = fastest(model, environment, start)
    needed = max(1, int(np.ceil(dt / found.seconds / ACCURATE - 1e-9)))
    if needed > MOST_SUBSTEPS:
        raise too_long(model, found, dt, 1)
    return needed


def check_substeps(model: CellModel, environment: np.ndarray, start: np.ndarray, dt: float, substeps: int) -> None:
    """Refuse a number of sub-steps with which the fastest pool would blow up."""
    found = fastest(model, environment, start)
    if dt / substeps > STABLE * found.seconds:
        raise too_long(model, found, dt, substeps)


def too_long(model: CellModel, found: Fastest, dt: float, substeps: int) -> ModelError:
    """The refusal of a time step that is too long, with the pool and what to change."""
    most = STABLE * found.seconds
    needed = int(np.ceil(dt / found.seconds / ACCURATE))
    return ModelError(
        f"a time step of {dt / substeps:.3g} s is too long for the fastest pool: {found.pool} changes within "
        f"{found.seconds:.3g} s, and steps above {most:.3g} s blow up",
        model.name,
        f"Take {needed} sub-steps per sample of {dt:.3g} s, or shorter samples; if {found.pool} need not be followed, "
        "put it into quasi-steady state.",
    )


def _extremes(environment: np.ndarray) -> list[np.ndarray]:
    """Least, largest, middle, nearly least and least of the surroundings, by the first two columns; the middle and the
    nearly least among every so many of them where they are many.
    """
    rows = np.reshape(environment, (-1, environment.shape[-1]))
    every = max(1, len(rows) // _ENOUGH)
    chosen: list[int] = []
    for column in (0, 1):
        values = rows[:, column]
        least, largest = int(np.argmin(values)), int(np.argmax(values))
        if values[least] < values[largest] or not chosen:
            some = values[::every]
            wanted = [int(share * (some.size - 1)) for share in (0.5, 0.02)]
            order = np.argpartition(some, sorted(set(wanted)))  # sorting takes six times as long
            middle, nearly = (every * int(order[n]) for n in wanted)
            chosen += [least, largest, middle, nearly, least]
    return [np.ascontiguousarray(rows[i], dtype=np.float64) for i in chosen]


def _follow(model: CellModel, around: np.ndarray, state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """States (n_look, n_state) under constant surroundings, kept at or above zero; the start where LSODA gives up."""
    out = np.zeros(model.n_out)

    def derivative(t: float, x: np.ndarray) -> np.ndarray:
        model.rates(around, np.maximum(x, 0.0), parameters, out)
        return np.where(np.isfinite(out[: model.n_state]), out[: model.n_state], 0.0)

    scale = np.maximum(np.abs(model.start), 1e-12)
    run = solve_ivp(derivative, (0.0, _STAY), state, "LSODA", _LOOKS, rtol=1e-4, atol=1e-7 * scale)
    course = np.maximum(run.y.T, 0.0) if run.success else state[None, :]
    return np.ascontiguousarray(course)
