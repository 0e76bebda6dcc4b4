"""What a cell sees: tracks of cells through the tank, and the statistics of the signals they meet.

The door of the room is ``track``; ``signal_statistics`` serves any signal, whatever made it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    from rushton.transport import Gas, Substrate


def preflight(case: Case) -> None:
    """Refuse cells that cannot take up by their own law what they are fed, before minutes are spent on the flow.

    Looks at two-way coupling only, for about a second.

    Raises
    ------
    ModelError
        Unknown model or parameter, no steady state, or a feed beyond the capacity of the cells.
    """
    from rushton.physiology import model_of
    from rushton.physiology.fed import fed_cell

    strain, lines = case.strain, case.lifelines
    if lines is None or lines.coupling != "two-way" or strain is None or not case.feeds or not case.broth.biomass:
        return
    model, density = model_of(strain), case.broth.density
    felt = model.surroundings_from_mol_kg({"biomass": case.broth.biomass / density}, density)
    fed = sum(feed.rate for feed in case.feeds) / (case.broth.biomass * case.liquid_volume)
    fed_cell(model, fed, strain.uptake.half_saturation, density, model.environment_vector(**felt))


def track(
    case: Case,
    flow: Flow,
    substrate: Substrate,
    folder: Path,
    progress: Progress = silent,
    gas: Gas | None = None,
    kept: Path | None = None,
    earlier: Sequence[Path] = (),
) -> Lifelines:
    """Follow the cells of a case through its tank: ``rushton.lifelines.tracking.track``, or in exchange with the field
    that they live in, ``rushton.lifelines.coupling.couple``, as ``lifelines.coupling`` says. The gas matters to
    the latter only: its transfer feeds the oxygen that cells breathe."""
    if case.lifelines is not None and case.lifelines.coupling == "two-way":
        from rushton.lifelines.coupling import couple

        return couple(case, flow, substrate, folder, progress, gas, kept=kept, earlier=earlier)
    from rushton.lifelines import tracking

    return tracking.track(case, flow, substrate, folder, progress, kept=kept, earlier=earlier)


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
    "preflight",
    "signal_statistics",
    "track",
]
