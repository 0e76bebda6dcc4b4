"""What is said when a state is negative, of the wrong shape, or no number any more: which, whose, when, and why.

A stretch that ended in something that is no number is run again for the one cell, sample by sample, up to the first bad
one; there `rates` is asked alone, so that the formula at fault can be named beside the surroundings and the pools.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel


def check_start(model: CellModel, state: np.ndarray) -> None:
    """Refuse states (n_cell, n_state) that are negative or no number, or of the wrong shape."""
    if state.ndim != 2 or state.shape[1] != model.n_state:
        raise ModelError(
            f"states of shape {state.shape} for a model of {model.n_state} states",
            model.name,
            f"Give (n_cell, {model.n_state}): {', '.join(model.state_names) or 'a model without memory has none'}.",
        )
    bad = ~(state >= 0.0)
    if bad.any():
        cell, i = (int(k) for k in np.argwhere(bad)[0])
        raise ModelError(
            f"{model.state_names[i]} of cell {cell} is {state[cell, i]:g} at the start",
            model.name,
            f"Start from zero or more, in {model.states[i].unit}; a plausible value is {model.start[i]:g}.",
        )


_GUARD = 16


def check_rates(model: CellModel, environment: np.ndarray, state: np.ndarray) -> None:
    """Refuse a `rates` that writes fewer or more numbers than the model has derivatives and reported rates.

    Tried once, at environment (n_environment,) and state (n_state,), before `rates` is handed buffers of just the size:
    compiled, it would write past their end.
    """
    out = np.full(model.n_out + _GUARD, np.nan)
    around, x = np.ascontiguousarray(environment, dtype=float), np.ascontiguousarray(state, dtype=float)
    model.rates(around, x, model.parameter_vector, out)
    names = [*(f"the derivative of {n}" for n in model.state_names), *model.reported_names]
    beyond = int(np.count_nonzero(~np.isnan(out[model.n_out :])))
    if beyond:
        raise ModelError(
            f"`rates` writes {model.n_out + beyond} numbers, but there are {model.n_state} states and "
            f"{len(model.reported)} reported rates",
            model.name,
            f"`out` holds {', '.join(names)}, in this order.",
        )
    bad = np.flatnonzero(~np.isfinite(out[: model.n_out]))
    if bad.size:
        raise ModelError(
            f"`rates` leaves {names[bad[0]]} without a number at the start, at "
            + _listed(model.environment_names, around)
            + (f"; {_listed(model.state_names, x)}" if len(x) else ""),
            model.name,
            f"Write out[{bad[0]}], a finite number, in every case.",
        )


def no_number(
    model: CellModel,
    follow: Callable[[np.ndarray, np.ndarray, np.ndarray], None],
    environment: np.ndarray,
    state: np.ndarray,
    parameters: np.ndarray,
    sample: float,
    cell: int,
    time: float,
) -> ModelError:
    """The error for a cell that became no number within a stretch.

    Parameters
    ----------
    model : CellModel
        The cell.
    follow : callable
        (environment (1, 1, n_environment), state (1, n_state), total (1, n_reported)): advances one sample in place.
    environment : ndarray, shape (n_time, n_environment)
        Surroundings of that cell over the stretch.
    state : ndarray, shape (n_state,)
        Its state at the start of the stretch.
    parameters : ndarray, shape (n_parameter,)
        Its parameters.
    sample : float
        Length of a sample, s.
    cell : int
        Which cell.
    time : float
        When the stretch began, s.

    Returns
    -------
    ModelError
    """
    x = state[None, :].copy()
    names = [*model.state_names, *model.reported_names]
    for n in range(len(environment)):
        here, total = x[0].copy(), np.zeros((1, len(model.reported)))
        around = np.ascontiguousarray(environment[None, n : n + 1])
        follow(around, x, total)
        values = np.concatenate([x[0], total[0]])
        if np.all(np.isfinite(values)):
            continue
        name = names[int(np.argmax(~np.isfinite(values)))]
        out = np.zeros(model.n_out)
        model.rates(around[0, 0], here, parameters, out)
        culprits = [w for w, v in zip(names, out, strict=True) if not np.isfinite(v)]
        if culprits:
            cause = f"`rates` gives no number for {', '.join(culprits)}"
            mend = "Look there for a division by zero, or a power or logarithm of something negative"
        else:
            cause = "`rates` gives numbers there, but the step overshoots"
            mend = "Take more sub-steps"
        return ModelError(
            f"{name} of cell {cell} is no number any more {time + (n + 1) * sample:.4g} s after the start: {cause}, at "
            + _listed(model.environment_names, around[0, 0])
            + (f"; {_listed(model.state_names, here)}" if len(here) else ""),
            model.name,
            f"{mend}; or change the parameters that enter {name}.",
        )
    return ModelError(
        f"cell {cell} is no number any more after {time:.4g} s, but only in the company of others",
        model.name,
        "`rates` must read nothing but its arguments: it keeps something from one cell to the next.",
    )


def _listed(names: tuple[str, ...], values: np.ndarray) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in zip(names, values, strict=True))
