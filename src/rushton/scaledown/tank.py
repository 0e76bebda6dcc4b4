"""What every rig of a case is made from and measured against: the tank's statistics, and what a rig has to do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import ModelError, SolverError
from rushton.lifelines.regimes import PATTERNS, SignalStatistics, stay_quantile
from rushton.scaledown.bench import Bench
from rushton.scaledown.certainty import resampled_targets
from rushton.scaledown.inside import CellTest
from rushton.scaledown.likeness import tank_pools
from rushton.scaledown.match import Target, distance
from rushton.scaledown.refusals import refusal
from rushton.scaledown.rig import Duty

if TYPE_CHECKING:
    from rushton.case.schema import Case, Regimes
    from rushton.lifelines import Lifelines
    from rushton.response import Response

RECORDS = 200
"""Records from which a chamber may play."""
EXCERPT = 300.0
"""Length of signal kept for the report, s."""


@dataclass(frozen=True, eq=False)
class Tank:
    """A tank as its rigs see it.

    Attributes
    ----------
    lifelines : Lifelines
    duty : Duty
    target : Target
        Its statistics, prepared for comparison.
    test : CellTest or None
        The strain's cell model; None where it has no steady state at the mean uptake.
    response : dict
        relative_productivity, relative_productivity_final, relative_yield of the tank; None where not known.
    floor : float or None
        Distance between the two independent halves of its lifelines.
    floor_parts : dict
        Its parts.
    statistics : SignalStatistics
        Of the signal that rigs are compared by, of all its cells.
    regimes : Regimes
        By which that signal was observed, and rigs are.
    classic : tuple of dict
        ``classic_loops`` of it.
    pools : dict
        Mean states of its cells at the end of their histories; empty without a response.
    """

    lifelines: Lifelines
    duty: Duty
    target: Target
    test: CellTest | None
    response: dict[str, float | None]
    floor: float | None
    floor_parts: dict[str, float]
    statistics: SignalStatistics
    regimes: Regimes
    classic: tuple[dict[str, float], ...] = ()
    pools: dict[str, float] = field(default_factory=dict)


def make_tank(case: Case, lifelines: Lifelines, response: Response | None) -> Tank:
    """The tank of a case."""
    duty = make_duty(case, lifelines)
    assert case.strain is not None
    shortest = case.strain.regimes.smoothing
    test = cell_test(case, duty.mean_uptake)
    if test is not None and test.growth > 0.0:
        duty = replace(duty, growth=test.growth)
    target = Target.of(lifelines.statistics, shortest, lifelines.duration)
    target = replace(target, resampled=resampled_targets(lifelines, shortest))
    floor, parts = floor_of(lifelines, shortest)
    return Tank(
        lifelines, duty, target, test, tank_response(response), floor, parts, lifelines.statistics, case.strain.regimes,
        pools=tank_pools(response),
    )  # fmt: skip


def nothing_to_reproduce(lifelines: Lifelines) -> str:
    """Why no rig is needed: the cells never change regime; empty where they do."""
    if lifelines.statistics.transitions.sum() > 0:
        return ""
    return (
        "the cells of this tank never change regime within their records: a well-mixed lab vessel at the same mean "
        "feed tells the same"
    )


def make_duty(case: Case, lifelines: Lifelines) -> Duty:
    """What any rig for this case has to do; refused where the lifelines cannot say.

    Parameters
    ----------
    case : Case
    lifelines : Lifelines
    """
    if case.scaledown is None or case.strain is None or case.broth.biomass is None:
        raise SolverError(
            "a rig cannot be designed without a strain, its biomass and a [scaledown] section",
            "scaledown", "add [strain], broth.biomass and [scaledown] to the case",
        )  # fmt: skip
    statistics = lifelines.statistics
    mean = statistics.mean
    if not 0.0 < mean < 0.99:
        raise SolverError(
            f"the mean uptake of the tank's cells is {mean:.3f} of its maximum: more is fed than they can eat",
            "feed.rate", "lower the feed or raise the biomass",
        )  # fmt: skip
    bench = Bench.from_case(case)
    for low, high, what in (
        ("feed_pump_min", "feed_pump_max", "feed pump"),
        ("loop_pump_min", "loop_pump_max", "loop pump"),
        ("biomass_min", "biomass_max", "biomass"),
    ):
        if bench[low] >= bench[high]:
            raise SolverError(
                f"the smallest value allowed for the {what} is not below the largest",
                f"scaledown.limits.{low}",
                f"lower {low} or raise {high}",
            )
    uptake, regimes = case.strain.uptake, case.strain.regimes
    excess, starvation, margin = regimes.excess, regimes.starvation, regimes.margin
    mass = molar_mass(case)
    # where no cell model tells the growth, the bench's usual yield does
    growth = bench["biomass_per_substrate"] * mass * mean * uptake.max
    history, history_step = some_records(lifelines)
    if (refused := refusal(case, bench, lifelines.duration, growth)) is not None:
        raise SolverError(*refused)
    _check_feed_pump(bench, growth, mean * uptake.max * mass, "pulsed-feed" in case.scaledown.rigs)
    return Duty(
        bench=bench,
        uptake_max=uptake.max,
        half_saturation=uptake.half_saturation,
        mean_uptake=mean,
        tank_biomass=case.broth.biomass,
        record=lifelines.duration,
        growth=growth,
        molar_mass=mass,
        stays=stay_quantiles(statistics),
        history=history,
        history_step=history_step,
        borders=(
            ratio_of(excess + margin), ratio_of(excess - margin),
            ratio_of(starvation - margin), ratio_of(starvation + margin),
        ),
    )  # fmt: skip


def _check_feed_pump(bench: Bench, growth: float, eaten: float, pulsed: bool) -> None:
    """Refuse a feed pump that cannot feed the rig (eaten: substrate per biomass, 1/s), cannot pulse it (which takes at
    least twice the mean), or only far too much liquid.
    """
    least = eaten * bench["biomass_min"] * bench.volume / bench["feed_concentration_max"]
    if least > bench["feed_pump_max"]:
        raise SolverError(
            f"the feed pump is too small: at the lowest biomass the rig needs {6e7 * least:.2f} mL/min of the "
            f"strongest stock, the pump gives {6e7 * bench['feed_pump_max']:.2f}",
            "scaledown.limits.feed_pump_max",
            "take a larger pump (`rushton list equipment`), or lower biomass_min or the working volume",
        )
    if pulsed and 2.0 * least > bench["feed_pump_max"]:
        raise SolverError(
            f"the feed pump is too small for pulses: at the lowest biomass the mean is {6e7 * least:.3f} mL/min of the "
            f"strongest stock and a pulse at least twice that, the pump gives {6e7 * bench['feed_pump_max']:.3f}",
            "scaledown.limits.feed_pump_max",
            "take a larger pump (`rushton list equipment`), lower biomass_min or the working volume, or leave "
            "'pulsed-feed' out",
        )
    if 0.5 * bench["feed_pump_min"] > max(least, growth * bench.volume):
        raise SolverError(
            f"the feed pump is too large: growth lets {6e7 * growth * bench.volume:.3f} mL/min of liquid through the "
            f"rig, the pump gives {6e7 * bench['feed_pump_min']:.3f} at least",
            "scaledown.limits.feed_pump_min",
            "take a smaller pump (`rushton list equipment`) or raise the working volume",
        )


def ratio_of(s: float) -> float:
    """C/K_s at an uptake ratio; borders that a margin pushes out of 0..1 are kept just inside."""
    s = min(max(s, 1e-4), 1.0 - 1e-4)
    return s / (1.0 - s)


def stay_quantiles(statistics: SignalStatistics) -> np.ndarray:
    """(3, 99) stays in excess, in limitation between starvations (else any), in starvation, at 1 % to 99 %, s."""
    between = statistics.pattern_stays[PATTERNS.index("SLS")]
    excess, limitation, starvation = statistics.regime_stays
    rows = (excess, between if between.any() else limitation, starvation)
    return np.array([[stay_quantile(row, q / 100.0) or 0.0 for q in range(1, 100)] for row in rows])


def floor_of(lifelines: Lifelines, shortest: float) -> tuple[float | None, dict[str, float]]:
    """Distance between the two independent halves of the tank's cells, and its parts."""
    first, second = lifelines.halves
    if first.transitions.sum() == 0 or second.transitions.sum() == 0:
        return None, {}
    found = distance(Target.of(first, shortest, lifelines.duration), second)
    return found.total, found.as_dict()


def cell_test(case: Case, mean_uptake: float) -> CellTest | None:
    """The strain's cell model, ready to run in rigs; None where it has no steady state at this uptake."""
    try:
        return CellTest.of(case, mean_uptake)
    except ModelError:
        return None


def molar_mass(case: Case) -> float:
    """Molar mass of the fed substrate, kg/mol; glucose's where the library does not know it."""
    from rushton.case.library import shelf
    from rushton.units import to_si

    known = shelf("substrates")
    name = case.feeds[0].substrate if case.feeds else "glucose"
    return to_si(known.get(name, known["glucose"])["molar_mass"], "molar_mass")


def tank_response(response: Response | None) -> dict[str, Any]:
    """The tank's own numbers beside which those of the rigs stand, each with its 95 % band under ``<key>_band``."""
    keys = ("relative_productivity", "relative_productivity_final", "relative_yield")
    out: dict[str, Any] = {key: getattr(response, key, None) for key in keys}
    for key in keys:
        band = response.band(key) if response is not None and out[key] is not None else np.full(2, np.nan)
        out[f"{key}_band"] = band.tolist() if np.isfinite(band).all() else None
    return out


def some_records(lifelines: Lifelines) -> tuple[np.ndarray, float]:
    """Uptake ratios of the first kept records, (n_record, n_time), and their interval, s; empty where none are."""
    try:
        records = lifelines.records()
    except (OSError, KeyError, IndexError):
        return np.zeros((0, 0)), 1.0
    if records.s.size == 0 or records.time.size < 2:
        return np.zeros((0, 0)), 1.0
    return np.asarray(records.s[:RECORDS], dtype=float), float(records.time[1] - records.time[0])


def tank_excerpt(lifelines: Lifelines) -> tuple[np.ndarray, float]:
    """The middle of one cell's record, the one whose mean uptake is the median of the kept ones."""
    try:
        records = lifelines.records()
    except (OSError, KeyError, IndexError):
        return np.zeros(0, np.float32), 1.0
    if records.s.size == 0 or records.time.size < 2:
        return np.zeros(0, np.float32), 1.0
    step = float(records.time[1] - records.time[0])
    means = records.s.mean(axis=1)
    chosen = int(np.argsort(means)[means.size // 2])
    kept = min(records.time.size, max(2, int(EXCERPT / step)))
    first = (records.time.size - kept) // 2
    return records.s[chosen, first : first + kept].astype(np.float32), step
