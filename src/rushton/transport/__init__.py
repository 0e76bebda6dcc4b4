"""Scalars on a frozen flow: tracer and blend time, fed substrate and its gradients, gas and dissolved oxygen.

Doors: ``blend(case, flow, progress) -> Mixing``, ``solve_substrate(case, flow, progress) -> Substrate`` and
``solve_gas(case, flow, substrate, progress) -> Gas``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.store import Progress
    from rushton.transport.gas_result import Gas
    from rushton.transport.mixing import Mixing
    from rushton.transport.substrate import Substrate

__all__ = ["Gas", "Mixing", "Substrate", "blend", "solve_gas", "solve_substrate"]


def blend(case: Case, flow: Flow, progress: Progress | None = None) -> Mixing:
    """Blend time of a tracer pulse; see :func:`rushton.transport.mixing.blend`."""
    from rushton.store import silent
    from rushton.transport import mixing

    return mixing.blend(case, flow, progress or silent)


def solve_substrate(case: Case, flow: Flow, progress: Progress | None = None) -> Substrate:
    """Steady field of the fed substrate; see :func:`rushton.transport.substrate.solve_substrate`."""
    from rushton.store import silent
    from rushton.transport import substrate

    return substrate.solve_substrate(case, flow, progress or silent)


def solve_gas(case: Case, flow: Flow, substrate: Substrate | None = None, progress: Progress | None = None) -> Gas:
    """Gas hold-up, transfer and dissolved gases of an aerated tank; see :func:`rushton.transport.gas.solve_gas`."""
    from rushton.store import silent
    from rushton.transport import gas

    return gas.solve_gas(case, flow, substrate, progress or silent)


def __getattr__(name: str) -> Any:
    """Result classes, imported when first asked for."""
    if name == "Gas":
        from rushton.transport.gas_result import Gas

        return Gas
    if name == "Mixing":
        from rushton.transport.mixing import Mixing

        return Mixing
    if name == "Substrate":
        from rushton.transport.substrate import Substrate

        return Substrate
    raise AttributeError(name)
