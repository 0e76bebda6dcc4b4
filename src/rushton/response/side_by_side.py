"""One cell model along many histories of mesh cells, side by side: the fast loop for many strains.

    dx/dt = rates(e(c(t)), x, p),      e surroundings of mesh cell c, held over each sample

Heun's method with the positivity limiter of :mod:`rushton.physiology.integrate`, which is the readable counterpart (a
test holds the two equal). What differs is the order of the loops: a block of histories is walked side by side, sample
by sample, because one history alone waits for its own last step (28 ns a step of a two-state model; 15 ns in a
block of 32). The surroundings of a block are looked up once and serve every strain of the same uptake law.
The step itself stands in both files: shared as an inlined function it gives the same digits and costs nothing here, but
7 to 15 ns a step there, where rates come through a pointer (two states 27 to 41 ns, nine pools 140 to 150 ns).

Compiled rates are taken into the loop and not called through a pointer; that costs a second of compilation once per
model and process. Rates that numba cannot take in (a model from elsewhere) are called through the pointer.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np
from numba import types

from rushton.physiology.compiled import RATES_FUNCTION

BLOCK = 32
"""Histories walked side by side."""

_FAST = {"nogil": True, "_nrt": False, "error_model": "numpy", "fastmath": {"contract"}}
_F1, _F2, _F3 = types.float64[::1], types.float64[:, ::1], types.float64[:, :, ::1]
_MARCH = types.void(
    RATES_FUNCTION, _F2, types.int64[::1], _F3, types.float64, types.int64, _F2, _F2, _F1, _F1, _F1
)  # fmt: skip


def _march(rates, parameters, variant, around, dt, n_sub, state, total, first, second, trial):
    """Advance a block of histories by Heun's method.

    parameters (n_variant, n_parameter), variant (n_history,) which of them each history has; around (n_sample,
    n_history, n_environment); dt length of a sub-step, h; state (n_history, n_state) in place; total (n_history,
    n_reported): the reported rates are added to it, one unit per sub-step; first, second (n_state + n_reported,) and
    trial (n_state,) working space.
    """
    n_sample, n_history, _ = around.shape
    n_state = state.shape[1]
    n_reported = total.shape[1]
    for n in range(n_sample):
        for _ in range(n_sub):
            for h in range(n_history):
                x = state[h]
                p = parameters[variant[h]]
                here = around[n, h]
                rates(here, x, p, first)
                for i in range(n_state):
                    trial[i] = x[i] + dt * first[i]
                    if trial[i] < 0.5 * x[i]:
                        trial[i] = x[i] * x[i] / (-4.0 * dt * first[i])
                rates(here, trial, p, second)
                for i in range(n_state):
                    dx = 0.5 * dt * (first[i] + second[i])
                    x[i] = x[i] + dx if dx >= -0.5 * x[i] else x[i] * x[i] / (-4.0 * dx)
                for k in range(n_reported):
                    total[h, k] += 0.5 * (first[n_state + k] + second[n_state + k])


_through_pointer = nb.njit(_MARCH, cache=True, **_FAST)(_march)


@cache
def marcher(rates: Any) -> Any:
    """The loop for compiled rates: ``f(parameters, variant, around, dt, n_sub, state, total, first, second, trial)``.

    Parameters
    ----------
    rates : compiled function
        ``CellModel.rates``.
    """
    if not hasattr(rates, "py_func"):

        def call(*arguments: Any) -> None:
            _through_pointer(rates, *arguments)

        return call
    inside = nb.njit(rates.py_func, forceinline=True, error_model="numpy", fastmath={"contract"})
    compiled = nb.njit(_march, **_FAST)

    def call_inside(*arguments: Any) -> None:
        compiled(inside, *arguments)

    return call_inside


@nb.njit(cache=True, nogil=True, _nrt=False)
def look_up(table, index, around):
    """Surroundings of a block: table (n_mesh_cell, n_environment), index (n_history, n_sample) -> around (n_sample,
    n_history, n_environment)."""
    n_history, n_sample = index.shape
    for n in range(n_sample):
        for h in range(n_history):
            c = index[h, n]
            for e in range(table.shape[1]):
                around[n, h, e] = table[c, e]


def advance(
    march: Any,
    parameters: np.ndarray,
    variant: np.ndarray,
    around: np.ndarray,
    step_h: float,
    n_sub: int,
    state: np.ndarray,
    total: np.ndarray,
) -> None:
    """Advance a block of histories in place; arrays as in `_march`, step_h the length of a sub-step in hours."""
    n_state, n_reported = state.shape[1], total.shape[1]
    work = np.zeros(n_state + n_reported), np.zeros(n_state + n_reported), np.zeros(n_state)
    march(parameters, variant, around, step_h, n_sub, state, total, *work)
