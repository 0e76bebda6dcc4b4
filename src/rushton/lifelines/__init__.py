"""What a cell sees: tracks of cells through the tank, and the statistics of the signals they meet.

The door of the room is ``track``; ``signal_statistics`` serves any signal, whatever made it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rushton.lifelines.regimes import (
    ARC_EDGES,
    ARC_MAX_EDGES,
    PATTERNS,
    REGIMES,
    RESIDENCE_EDGES,
    SIGNAL_EDGES,
    SignalStatistics,
    signal_statistics,
)
from rushton.lifelines.result import Lifelines, Records
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.transport import Substrate


def track(case: Case, flow: Flow, substrate: Substrate, folder: Path, progress: Progress = silent) -> Lifelines:
    """Follow the cells of a case through its tank; see ``rushton.lifelines.tracking.track``."""
    from rushton.lifelines import tracking

    return tracking.track(case, flow, substrate, folder, progress)


__all__ = [
    "ARC_EDGES",
    "ARC_MAX_EDGES",
    "PATTERNS",
    "REGIMES",
    "RESIDENCE_EDGES",
    "SIGNAL_EDGES",
    "Lifelines",
    "Records",
    "SignalStatistics",
    "signal_statistics",
    "track",
]
