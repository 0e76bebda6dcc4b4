"""The five best of a rig, compared as written and with the full cell model; one of them becomes the design.

1. The search hands over its best candidates, no two of them alike once rounded to what can be set, and as far as
   possible from different corners of the settings.
2. Each is written, simulated again at full length, and the cell model runs in it. A candidate whose flows the bench
   cannot pump, or that loses a regime when the feed pump is off by its accuracy, is taken only where there is no other.
3. The nearest to the tank, as written, is the design. Candidates within the upper edge of the 95 % band of the nearest
   cannot be told from it: among these the one with the smallest physiological mismatch (the largest difference of
   productivity or yield from the tank's) is taken; where that is equal or unknown, the nearest.

The *optimum* of a rig is the smallest distance of them. Looser limits never worsen one that was found in the same
results (``searches``); where nothing is kept that is measured and not proven (docs/validation.md).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.lifelines import SignalStatistics
from rushton.scaledown.certainty import Band, distance_band
from rushton.scaledown.inside import NOT_RUN, Inside
from rushton.scaledown.match import Distance, distance
from rushton.scaledown.rig import Duty, Rig, Settings
from rushton.scaledown.search import Candidate, final_experience
from rushton.scaledown.verdict import LARGEST_GAP, RESPONSES, gaps, mismatch

if TYPE_CHECKING:
    from rushton.case.schema import Regimes
    from rushton.scaledown.recipe import Written
    from rushton.scaledown.tank import Tank

NUMBER = 5
"""Candidates of a rig in which the cell model runs."""
NEARLY = 1.1
"""Distance over that of the design up to which a finalist is nearly as near."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A candidate, written and simulated again.

    Attributes
    ----------
    wanted : dict
        Settings before rounding, SI.
    duty : Duty
        With the limits it was found within.
    written : Written
    statistics : SignalStatistics
    signal : (n_time,) float
        s of a cell in it, every ``step`` s.
    step : float
    achieved : Distance
    sound : bool
        Whether the bench can pump, aerate and cool it and it keeps its regimes when the pump is off.
    inside : Inside
        What the cells make of it.
    mismatch : float or None
    """

    wanted: Settings
    duty: Duty
    written: Written
    statistics: SignalStatistics
    signal: np.ndarray
    step: float
    achieved: Distance
    sound: bool
    inside: Inside = NOT_RUN
    mismatch: float | None = None


@dataclass(frozen=True)
class Finalist:
    """A finalist as it is kept: settable settings (SI), distance as written, mismatch, responses; whether it is sound,
    and whether it was taken.
    """

    settings: dict[str, float]
    distance: float
    mismatch: float | None
    relative_productivity: float | None
    relative_productivity_final: float | None
    relative_yield: float | None
    sound: bool
    chosen: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def tried(rig: Rig, candidate: Candidate, tank: Tank, regimes: Regimes, seed: int) -> Tried:
    """Write a candidate and simulate it again."""
    written = rig.write(candidate.settings, candidate.duty)
    statistics, signal, step = final_experience(written.operation, regimes, tank.lifelines.time_step, seed)
    return Tried(
        candidate.settings, candidate.duty, written, statistics, signal, step, distance(tank.target, statistics),
        candidate.sound and not written.recipe.remarks,
    )  # fmt: skip


def best_of(all_tried: Sequence[Tried], number: int = NUMBER) -> list[Tried]:
    """The nearest ones, no two alike as written; sound ones first."""
    kept: list[Tried] = []
    seen = set()
    for one in sorted(all_tried, key=lambda t: (not t.sound, t.achieved.total)):
        key = tuple(sorted((k, float(f"{v:.9g}")) for k, v in one.written.settings.items()))
        if key not in seen and len(kept) < number:
            seen.add(key)
            kept.append(one)
    return kept


def with_cells(one: Tried, tank: Tank, random: bool, seed: int) -> Tried:
    """The same with the cell model run in it."""
    if tank.test is None:
        return one
    inside = tank.test.run(one.written.operation, random, seed)
    return replace(one, inside=inside, mismatch=mismatch(gaps(inside.as_dict(), tank.response)))


def band_of_tried(one: Tried, tank: Tank, random: bool, regimes: Regimes) -> Band | None:
    """95 % band of its distance."""
    signal = one.signal if random else None
    return distance_band(one.achieved.total, tank.target, one.statistics, signal, one.step, regimes)


def choose(finalists: Sequence[Tried], band: Callable[[Tried], Band | None]) -> int:
    """Which of the finalists becomes the design, by the rule of the module.

    Parameters
    ----------
    finalists : sequence of Tried
    band : callable
        95 % band of the distance of one of them.
    """
    sound = [n for n, one in enumerate(finalists) if one.sound] or list(range(len(finalists)))
    nearest = min(sound, key=lambda n: finalists[n].achieved.total)
    edges = band(finalists[nearest])
    upper = finalists[nearest].achieved.total if edges is None else edges[1]
    tied = [n for n in sound if finalists[n].achieved.total <= upper]

    def order(n: int) -> tuple[float, float]:
        gap = finalists[n].mismatch
        return (np.inf if gap is None else gap, finalists[n].achieved.total)

    return min(tied, key=order)


def kept_of(finalists: Sequence[Tried], chosen: int) -> tuple[Finalist, ...]:
    """The finalists as they are kept, the chosen one first, then by distance."""
    rows = [
        Finalist(
            settings=dict(one.written.settings),
            distance=one.achieved.total,
            mismatch=one.mismatch,
            relative_productivity=one.inside.relative_productivity,
            relative_productivity_final=one.inside.relative_productivity_final,
            relative_yield=one.inside.relative_yield,
            sound=one.sound,
            chosen=n == chosen,
        )
        for n, one in enumerate(finalists)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.chosen, not row.sound, row.distance)))


def better_answer(finalists: Sequence[Finalist]) -> str:
    """A sentence on a finalist nearly as near as the design (the first) that answers far more like the tank; or "".

    Nearly as near: within a tenth of the distance. Far more: half of a mismatch that is more than ``LARGEST_GAP``.
    """
    design = finalists[0]
    if design.mismatch is None or design.mismatch <= LARGEST_GAP:
        return ""
    others = [f for f in finalists[1:] if f.sound and f.distance <= NEARLY * design.distance and f.mismatch is not None]
    best = min(others, key=lambda f: f.mismatch or 0.0, default=None)
    if best is None or best.mismatch is None or best.mismatch > 0.5 * design.mismatch:
        return ""
    return (
        f"A finalist at a distance of {best.distance:.3f} answers within {100 * best.mismatch:.1f} points of the tank "
        f"(this one: {design.distance:.3f} and {100 * design.mismatch:.1f}); finalists.csv holds its settings."
    )


def finalists_table(designs: Iterable[tuple[str, Sequence[Finalist]]], names: dict[str, str]) -> str:
    """CSV of the finalists of all rigs: distance as written, mismatch, responses, settings in SI.

    Parameters
    ----------
    designs : iterable of (name of the rig, its finalists)
    names : dict
        Names of settings with their units.
    """
    rows = list(designs)
    settings = sorted({name for _, finalists in rows for f in finalists for name in f.settings})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["rig", "chosen", "sound", "distance", "mismatch", *RESPONSES, *(names.get(n, n) for n in settings)]
    )
    for rig, finalists in rows:
        for f in finalists:
            numbers = [f.distance, f.mismatch, *(getattr(f, n) for n in RESPONSES)]
            numbers += [f.settings.get(n) for n in settings]
            writer.writerow([rig, int(f.chosen), int(f.sound), *("" if v is None else f"{v:.6g}" for v in numbers)])
    return out.getvalue()
