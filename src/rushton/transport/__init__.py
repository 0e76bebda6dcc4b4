"""Scalars on a frozen flow: tracer and blend time, fed substrate and its gradients, gas and dissolved oxygen.

Doors: ``blend(case, flow, progress) -> Mixing``, ``solve_substrate(case, flow, progress) -> Substrate``,
``study_feeds(case, flow, substrate, progress) -> FeedStudy`` and ``solve_gas(case, flow, substrate, aerated, progress)
-> Gas``; before them ``aerate(case, flow, progress) -> Flow``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.store import Progress
    from rushton.transport.feed_study import FeedStudy
    from rushton.transport.gas_result import Gas
    from rushton.transport.mixing import Mixing
    from rushton.transport.substrate import Substrate

__all__ = [
    "FeedStudy", "Gas", "Mixing", "Substrate", "aerate", "blend", "solve_gas", "solve_substrate", "study_feeds",
]  # fmt: skip


def blend(case: Case, flow: Flow, progress: Progress | None = None, schmidt_effect: bool = False) -> Mixing:
    """Blend time of a tracer pulse; see :func:`rushton.transport.mixing.blend`."""
    from rushton.store import silent
    from rushton.transport import mixing

    return mixing.blend(case, flow, progress or silent, schmidt_effect=schmidt_effect)


def solve_substrate(case: Case, flow: Flow, progress: Progress | None = None) -> Substrate:
    """Steady field of the fed substrate; see :func:`rushton.transport.substrate.solve_substrate`."""
    from rushton.store import silent
    from rushton.transport import substrate

    return substrate.solve_substrate(case, flow, progress or silent)


def aerate(case: Case, flow: Flow, progress: Progress | None = None) -> Flow:
    """Flow of the gassed tank; see :func:`rushton.transport.aeration.aerate`."""
    from rushton.store import silent
    from rushton.transport import aeration

    return aeration.aerate(case, flow, progress or silent)


def solve_gas(
    case: Case,
    flow: Flow,
    substrate: Substrate | None = None,
    aerated: Flow | None = None,
    progress: Progress | None = None,
) -> Gas:
    """Gas hold-up, transfer and dissolved gases of an aerated tank; see :func:`rushton.transport.gas.solve_gas`."""
    from rushton.store import silent
    from rushton.transport import gas

    return gas.solve_gas(case, flow, substrate, aerated, progress or silent)


def study_feeds(case: Case, flow: Flow, substrate: Substrate, progress: Progress | None = None) -> FeedStudy:
    """The same feed at other places; see :func:`rushton.transport.feed_study.study_feeds`."""
    from rushton.store import silent
    from rushton.transport import feed_study

    return feed_study.study_feeds(case, flow, substrate, progress or silent)


def __getattr__(name: str) -> Any:
    """Result classes, imported when first asked for."""
    if name == "FeedStudy":
        from rushton.transport.feed_study import FeedStudy

        return FeedStudy
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
