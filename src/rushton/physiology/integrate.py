"""Cells along given histories of uptake: a readable reference and a compiled ensemble.

    dx/dt = rates(environment(t), x),      environment held constant over each sample of length dt

Heun's method (two rates per step, second order) on fixed steps, with a limiter for positivity: where a step would
take more than half of a pool, x = x0 + dx with -dx > x0/2, the pool falls to x0^2/(4 |dx|) instead - continuous with
continuous slope at |dx| = x0/2, positive for any dx. Each sample drives its step whole, so that exactly
mean(q_s) x duration is eaten. Rates and times: per hour in the model, seconds at this door.

`integrate_reference` is the same problem by scipy's LSODA, restarted wherever the environment changes, so that no
pulse is jumped over; a test holds the two equal.

References: Heun 1900; Petzold L. 1983 (LSODA), SIAM J. Sci. Stat. Comput. 4:136.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit, types
from scipy.integrate import solve_ivp

from rushton.physiology.compiled import RATES_FUNCTION
from rushton.physiology.faults import check_rates, check_start, no_number
from rushton.physiology.model import SECONDS_PER_HOUR, CellModel
from rushton.physiology.timescales import check_substeps, substeps_needed

_F2, _F3 = types.float64[:, ::1], types.float64[:, :, ::1]
_ADVANCE = types.void(RATES_FUNCTION, _F2, _F3, types.float64, types.int64, _F2, _F2, types.int64, _F3)

# Returns to Python at least this often: so many cell-steps take about half a second.
_STEPS_PER_CALL = 1_000_000

# Cells whose surroundings are looked at for the fastest pool.
_LOOKED_AT = 16


@dataclass(frozen=True)
class Ensemble:
    """What many cells did along their histories.

    Parameters
    ----------
    mean : dict of str to ndarray (n_cell,)
        Time mean of every reported rate (``"q_s"``, ``"mu"``, ``"q_p"``, ...), in the units of the model.
    state : ndarray (n_cell, n_state)
        States at the end.
    time : ndarray (n_kept,)
        Times of the kept samples, s after the start, at the end of a step.
    kept : ndarray (n_cell, n_kept, n_state + n_reported)
        States, then reported rates, every `keep_every` samples.
    """

    mean: dict[str, np.ndarray]
    state: np.ndarray
    time: np.ndarray
    kept: np.ndarray


@njit(_ADVANCE, cache=True, nogil=True)
def advance_block(rates, parameters, environment, dt, n_sub, state, total, keep_every, kept):
    """Advance every cell over all its samples by Heun's method with the positivity limiter.

    parameters (1 or n_cell, n_parameter) of all cells, or of each;
    environment (n_cell, n_time, n_environment) held over each sample; dt length of a sub-step, h; state (n_cell,
    n_state) in place; total (n_cell, n_reported) the reported rates are added to it, one unit per sub-step;
    kept (n_cell, n_time // keep_every, n_state + n_reported).
    """
    n_cell, n_time, _ = environment.shape
    n_state = state.shape[1]
    n_reported = total.shape[1]
    first = np.empty(n_state + n_reported)
    second = np.empty(n_state + n_reported)
    trial = np.empty(n_state)
    for c in range(n_cell):
        x = state[c]
        mine = parameters[c if len(parameters) > 1 else 0]
        for n in range(n_time):
            around = environment[c, n]
            for _ in range(n_sub):
                rates(around, x, mine, first)
                for i in range(n_state):
                    trial[i] = x[i] + dt * first[i]
                    if trial[i] < 0.5 * x[i]:
                        trial[i] = x[i] * x[i] / (-4.0 * dt * first[i])
                rates(around, trial, mine, second)
                for i in range(n_state):
                    dx = 0.5 * dt * (first[i] + second[i])
                    x[i] = x[i] + dx if dx >= -0.5 * x[i] else x[i] * x[i] / (-4.0 * dx)
                for k in range(n_reported):
                    total[c, k] += 0.5 * (first[n_state + k] + second[n_state + k])
            if keep_every > 0 and (n + 1) % keep_every == 0:
                m = (n + 1) // keep_every - 1
                for i in range(n_state):
                    kept[c, m, i] = x[i]
                for k in range(n_reported):
                    kept[c, m, n_state + k] = second[n_state + k]


def integrate_ensemble(
    model: CellModel,
    q_s: np.ndarray,
    dt: float,
    state: np.ndarray,
    concentrations: dict[str, np.ndarray | float] | None = None,
    keep_every: int = 0,
    substeps: int | None = None,
    threads: int | None = None,
    parameters: np.ndarray | None = None,
) -> Ensemble:
    """Many cells along given histories of uptake.

    Parameters
    ----------
    model : CellModel
        The cell.
    q_s : ndarray, shape (n_cell, n_time)
        Imposed specific uptake in the unit of the model, held over each sample (not read by a model with its own
        uptake law).
    dt : float
        Length of a sample, s. 0.3 s is enough for the pools of Tang 2017.
    state : ndarray, shape (n_state,) or (n_cell, n_state)
        States at the start.
    concentrations : dict of str to float or ndarray (n_cell, n_time), optional
        Other surroundings by name, e.g. ``{"C_s": ...}``, in the units of the model; what is missing takes its
        default.
    keep_every : int
        Keep states and rates every so many samples; 0 keeps none.
    substeps : int
        Steps of the integrator per sample; default as many as the fastest pool asks for (`timescales`).
    threads : int, optional
        Threads (the compiled loop holds no lock); default the number of cores.
    parameters : ndarray, shape (n_cell, n_parameter), optional
        Prepared parameters of each cell, from `physiology.population`; default those of the model for all.

    Returns
    -------
    Ensemble
        Means of the reported rates per cell, states at the end, kept samples.

    Raises
    ------
    ModelError
        A step too long for the fastest pool; a state that is negative or no number, with its cell and time.
    """
    q_s = np.atleast_2d(np.asarray(q_s, dtype=np.float64))
    n_cell, n_time = q_s.shape
    n_state, n_reported = model.n_state, len(model.reported)
    state = np.array(np.broadcast_to(np.asarray(state, dtype=np.float64), (n_cell, n_state)), order="C")
    total = np.zeros((n_cell, n_reported))
    met = environment_array(model, q_s[:_LOOKED_AT], _of_cells(concentrations, _LOOKED_AT))
    if met.size:
        check_rates(model, met[0, 0], state[0])
    if substeps is None:
        substeps = substeps_needed(model, met, state[0], dt)
    else:
        check_substeps(model, met, state[0], dt, substeps)
    n_kept = n_time // keep_every if keep_every else 0
    kept = np.zeros((n_cell, n_kept, model.n_out))
    chunk = max(1, _STEPS_PER_CALL // max(1, n_cell))
    if keep_every:
        chunk = max(keep_every, chunk // keep_every * keep_every)
    for first in range(0, n_time, chunk):
        part = slice(first, min(first + chunk, n_time))
        around = environment_array(model, q_s[:, part], concentrations, part)
        rows = slice(first // keep_every, part.stop // keep_every) if keep_every else slice(0, 0)
        kept_part = np.zeros((n_cell, rows.stop - rows.start, model.n_out))
        advance(model, around, dt, state, total, keep_every, kept_part, substeps, threads, parameters, first * dt)
        kept[:, rows] = kept_part
    mean = {name: total[:, k] / (n_time * substeps) for k, name in enumerate(model.reported_names)}
    time = dt * keep_every * np.arange(1, n_kept + 1)
    return Ensemble(mean, state, time, kept)


def advance(
    model: CellModel,
    environment: np.ndarray,
    dt: float,
    state: np.ndarray,
    total: np.ndarray,
    keep_every: int,
    kept: np.ndarray,
    substeps: int = 1,
    threads: int | None = None,
    parameters: np.ndarray | None = None,
    time: float = 0.0,
) -> None:
    """Advance states in place along environment (n_cell, n_time, n_environment), blocks of cells on threads.

    The other arrays are those of `advance_block`; dt is in seconds here. `parameters` (n_cell, n_parameter) are those
    of each cell, from `physiology.population`; without them all cells have those of the model. `time` is when the
    stretch begins, s, for what is said when something goes wrong.

    Raises
    ------
    ModelError
        A state or a reported rate that is negative at the start or becomes no number, with its cell and time.
    """
    check_start(model, state)
    before = state.copy()
    own = parameters is not None
    vectors = np.ascontiguousarray(model.parameter_vector[None] if parameters is None else parameters, dtype=float)
    step = dt / substeps / SECONDS_PER_HOUR
    n_cell = environment.shape[0]
    workers = min(threads or os.cpu_count() or 1, n_cell)
    bounds = np.linspace(0, n_cell, workers + 1).astype(int)

    def one(b: int) -> None:
        rows = slice(bounds[b], bounds[b + 1])
        mine = vectors[rows] if own else vectors
        advance_block(
            model.rates, mine, environment[rows], step, substeps, state[rows], total[rows], keep_every, kept[rows]
        )

    if workers == 1:
        one(0)
    elif workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(workers)))
    bad = ~(np.isfinite(state).all(axis=1) & np.isfinite(total).all(axis=1))
    if bad.any():
        cell = int(np.argmax(bad))
        mine = vectors[cell : cell + 1] if own else vectors

        def follow(around: np.ndarray, x: np.ndarray, sums: np.ndarray) -> None:
            advance_block(model.rates, mine, around, step, substeps, x, sums, 0, kept[:1, :0])

        sample = step * substeps * SECONDS_PER_HOUR
        raise no_number(model, follow, environment[cell], before[cell], mine[0], sample, cell, time)


def _of_cells(concentrations: dict[str, np.ndarray | float] | None, n: int) -> dict[str, np.ndarray | float]:
    return {k: v if np.ndim(v) == 0 else np.asarray(v)[:n] for k, v in (concentrations or {}).items()}


def environment_array(
    model: CellModel,
    q_s: np.ndarray,
    concentrations: dict[str, np.ndarray | float] | None = None,
    part: slice = slice(None),
) -> np.ndarray:
    """Environment (n_cell, n_time, n_environment) from the uptake (n_cell, n_time) and named concentrations."""
    given = concentrations or {}
    unknown = set(given) - set(model.environment_names)
    if unknown:
        model.environment_vector(0.0, **{name: 0.0 for name in unknown})
    around = np.empty((*q_s.shape, len(model.environment)))
    around[..., 0] = q_s
    for i, surrounding in enumerate(model.environment[1:], start=1):
        value = given.get(surrounding.name, surrounding.default)
        around[..., i] = value if np.ndim(value) == 0 else np.asarray(value)[:, part]
    return around


def integrate_reference(
    model: CellModel,
    q_s: np.ndarray,
    dt: float,
    state: np.ndarray,
    concentrations: dict[str, np.ndarray | float] | None = None,
    rtol: float = 1e-8,
) -> tuple[np.ndarray, dict[str, float]]:
    """One cell along one history by LSODA: the reference of `integrate_ensemble`.

    Parameters
    ----------
    model, q_s, dt, state, concentrations :
        As for `integrate_ensemble`, with q_s of shape (n_time,).
    rtol : float
        Relative tolerance of LSODA.

    Returns
    -------
    states : ndarray, shape (n_time + 1, n_state)
        States at the borders of the samples.
    mean : dict of str to float
        Time means of the reported rates, integrated along as further states.
    """
    around = environment_array(model, np.asarray(q_s, dtype=float)[None, :], concentrations)[0]
    n_time, n_state = len(around), model.n_state
    parameters, out = model.parameter_vector, np.zeros(model.n_out)
    step = dt / SECONDS_PER_HOUR
    pools = np.maximum(np.abs(state), 1e-3 * np.maximum(np.abs(model.start), 1e-12))
    scale = np.concatenate([pools, np.full(len(model.reported), 1.0)])
    y = np.concatenate([np.asarray(state, dtype=float), np.zeros(len(model.reported))])
    states = np.empty((n_time + 1, n_state))
    states[0] = state

    def derivative(t: float, y: np.ndarray, here: np.ndarray) -> np.ndarray:
        model.rates(here, np.ascontiguousarray(y[:n_state]), parameters, out)
        return out.copy()

    for n in range(n_time):
        solution = solve_ivp(
            derivative, (0.0, step), y, method="LSODA", args=(around[n],), rtol=rtol, atol=1e-10 * scale, max_step=step
        )
        y = solution.y[:, -1]
        states[n + 1] = y[:n_state]
    return states, {name: float(y[n_state + k] / (n_time * step)) for k, name in enumerate(model.reported_names)}
