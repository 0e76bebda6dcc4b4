"""The one signature of compiled rates, and the type under which kernels receive them.

    void rates(environment[n_environment], state[n_state], parameters[n_parameter], out[n_state + n_reported])

A kernel that takes a plain compiled function as an argument is specialised on that very function object and its cache
never hits in a new process. Handed over as a numba first-class function of a fixed signature, the kernel is compiled
and cached once for all models; a call costs a few nanoseconds.
"""

from __future__ import annotations

from numba import types

_VECTOR = types.Array(types.float64, 1, "C")

RATES = types.void(_VECTOR, _VECTOR, _VECTOR, _VECTOR)
RATES_FUNCTION = types.FunctionType(RATES)
