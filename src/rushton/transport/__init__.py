"""Scalars on a frozen flow: tracer and blend time, fed substrate and its gradients.

Doors: ``blend(case, flow, progress) -> Mixing`` and ``solve_substrate(case, flow, progress) -> Substrate``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.store import Progress
    from rushton.transport.mixing import Mixing
    from rushton.transport.substrate import Substrate

__all__ = ["Mixing", "Substrate", "blend", "solve_substrate"]


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


def __getattr__(name: str) -> Any:
    """Result classes, imported when first asked for."""
    if name == "Mixing":
        from rushton.transport.mixing import Mixing

        return Mixing
    if name == "Substrate":
        from rushton.transport.substrate import Substrate

        return Substrate
    raise AttributeError(name)
