"""What a protocol is written from, and how its numbers are put: mL/min, mL, mm, g/L, s, h."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.lifelines import SignalStatistics
from rushton.lifelines.regimes import stay_quantile
from rushton.scaledown.inside import Inside
from rushton.scaledown.match import Distance
from rushton.scaledown.recipe import Recipe
from rushton.scaledown.rig import Duty, Operation, Rig, Settings
from rushton.scaledown.verdict import Verdict

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.scaledown.expected import Expected

ML_MIN = 60e6  # m3/s -> mL/min
ML = 1e6  # m3 -> mL
LEAST_READING = 1e-4  # mg/L, below it nothing is told apart by any assay
REGIME_WORDS = ("excess", "limitation", "starvation")


@dataclass(frozen=True, eq=False)
class Sheet:
    """All that a protocol says.

    Attributes
    ----------
    case, duty, rig : the case, what any rig has to do, the kind of rig
    settings : settable settings, SI
    recipe : the feed
    operation : the rounded rig at work
    achieved : distance of the rounded rig
    drift : the same when the feed pump gives too little and too much by its accuracy
    statistics, tank : what cells experience in the rig and in the tank
    inside : what they make of it
    tank_response : the same for the tank
    reference : whether this is the standard rig
    floor : distance of the tank from itself, None where unknown
    reference_distance : distance of the standard rig, None while it is being written itself
    distance_band : 95 % band of the distance, None where unknown
    robustness : distance when pump, strain or biomass are not as assumed (``robustness.NAMES``)
    verdict : whether the rig represents the tank, and what it would show instead
    expected : readings (``expected``), None until they are known
    classic : distance of loops of the usual kind in this tank (``classic``)
    """

    case: Case
    duty: Duty
    rig: Rig
    settings: Settings
    recipe: Recipe
    operation: Operation
    achieved: Distance
    drift: tuple[float, float]
    statistics: SignalStatistics
    tank: SignalStatistics
    inside: Inside
    tank_response: dict[str, Any]
    reference: bool
    floor: float | None
    reference_distance: float | None
    distance_band: tuple[float, float] | None
    robustness: dict[str, float]
    verdict: Verdict
    expected: Expected | None = None
    classic: tuple[dict[str, float], ...] = ()

    @property
    def biomass(self) -> float:
        """g/L; the tank's where the rig has none of its own."""
        return self.settings.get("biomass", self.duty.tank_biomass)

    @property
    def aerated_share(self) -> float:
        """Share of the broth that is aerated: all but the tube."""
        return 1.0 - self.settings.get("tube_volume", 0.0) / self.duty.bench.volume

    @property
    def substrate(self) -> str:
        """Name of the fed substrate."""
        return self.case.feeds[0].substrate if self.case.feeds else "glucose"

    def mg_per_l(self, concentration: float) -> str:
        """Concentration in mol/m3 as mg/L, for people."""
        value = 1e3 * concentration * self.recipe.molar_mass
        return number(value) if value >= LEAST_READING else f"< {LEAST_READING:g}"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, without exponents where a technician reads it.

    >>> number(1234.5), number(0.01234), number(None)
    ('1,230', '0.0123', '–')
    """
    if value is None or not np.isfinite(value):
        return "–"
    if value == 0.0:
        return "0"
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    if abs(value) < 1e-5:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, places):,.{max(0, places)}f}"


def percent(share: float | None) -> str:
    """A share in per cent."""
    return "–" if share is None or not np.isfinite(share) else f"{100.0 * share:.1f} %"


def with_band(values: dict[str, Any], key: str) -> str:
    """A share in per cent with its 95 % band, where it has one."""
    band = values.get(f"{key}_band")
    return percent(values.get(key)) + ("" if band is None else f" ({100 * band[0]:.1f} to {100 * band[1]:.1f})")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def bullets(lines: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


@dataclass(frozen=True)
class Stays:
    """Completed stays in one regime: share of time, number per hour and cell, mean, median, 95 %, s."""

    share: float
    per_hour: float
    mean: float | None
    median: float | None
    p95: float | None


def stays_of(statistics: SignalStatistics, regime: int) -> Stays:
    """Stays in a regime (0 excess, 1 limitation, 2 starvation) of a set of signals."""
    patterns = ([0], [2, 3, 4, 5], [1])[regime]
    counts = statistics.regime_stays[regime]
    number_of = int(counts.sum())
    hours = statistics.regime_counts.sum() * statistics.dt / 3600.0
    return Stays(
        share=float(statistics.shares[regime]),
        per_hour=number_of / hours if hours > 0 else 0.0,
        mean=float(statistics.pattern_time[patterns].sum()) / number_of if number_of else None,
        median=stay_quantile(counts, 0.5),
        p95=stay_quantile(counts, 0.95),
    )
