"""Threads that meet inside a compiled kernel: cheaper by a hundred times than a hand-over from Python.

    wait_for_all(gate, of)      returns once all ``of`` threads have called it

The gate is a counter that only grows. Every arrival draws a ticket, the counter before it was raised; a round is over
when the counter has passed the end of the ticket's round, ``of (ticket // of + 1)``. A thread spins for some
microseconds and then gives its core away between two looks, so that a busy machine is slower and not stuck.

Where one thread cannot come, `Team.together` sets the counter to OPEN: the others then run on, on numbers that mean
nothing, and end.
"""

from __future__ import annotations

import sys
from typing import Any

from numba import njit, types
from numba.extending import intrinsic

OPEN = 1 << 62
"""Count of a gate at which nobody waits any more."""
_SPINS = 2000
"""Looks at a counter before the core is given away between two looks: about a microsecond."""
_YIELDS = 1000
"""Times the core is given away before a thread falls asleep: about half a millisecond on an idle machine."""

_yield_core = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())


def _pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data


@intrinsic
def _draw(typingctx: Any, gate: Any) -> Any:
    """gate[0] before it is raised by one, atomically."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one = context.get_constant(types.int64, 1)
        return builder.atomic_rmw("add", _pointer(context, builder, gate, arguments[0]), one, "seq_cst")

    return types.int64(gate), code


@intrinsic
def _look(typingctx: Any, gate: Any) -> Any:
    """gate[0], read anew."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_pointer(context, builder, gate, arguments[0]), "seq_cst", 8)

    return types.int64(gate), code


@njit(cache=True, nogil=True)
def wait_for_all(gate, of):
    """Return once all ``of`` threads are here; what each wrote before is then seen by all."""
    if of == 1:
        return
    ticket = _draw(gate)
    if ticket >= OPEN:
        return
    goal = (ticket // of + 1) * of
    spins = 0
    while _look(gate) < goal:
        spins += 1
        if spins > _SPINS:
            _yield_core()


@njit(cache=True, nogil=True)
def spin(bell, calls, rest, patience):
    """Say in ``rest`` that this thread rests, then wait until ``bell`` has passed ``calls``; False after a while.

    Once it has rung, the core is given away ``patience`` times more.
    """
    _draw(rest)
    for n in range(_SPINS + _YIELDS):
        if _look(bell) > calls:
            for _ in range(patience):
                _yield_core()
            return True
        if n > _SPINS:
            _yield_core()
    return False


@njit(cache=True, nogil=True)
def await_count(gate, goal):
    """Wait until the gate has reached a count; False after a while."""
    for n in range(_SPINS + 4 * _YIELDS):
        if _look(gate) >= goal:
            return True
        if n > _SPINS:
            _yield_core()
    return False
