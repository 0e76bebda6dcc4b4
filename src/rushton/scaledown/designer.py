"""From lifelines to designs: size every rig, round it to what can be set, simulate the rounded rig again, write its protocol.

The distance that is reported belongs to the protocol as written. The standard STR-PFR stands among the designs, so that a reader sees what the
optimisation is worth; the cell model runs in every rig beside the distance.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import ModelError, SolverError
from rushton.lifelines.regimes import PATTERNS, SignalStatistics, stay_quantile
from rushton.scaledown.bench import Bench
from rushton.scaledown.inside import NOT_RUN, CellTest
from rushton.scaledown.loops import LoopOperation, StrPfr, StrStr, reference_settings
from rushton.scaledown.match import PARTS, Target, distance
from rushton.scaledown.pulses import IrregularFeed, PulsedFeed
from rushton.scaledown.recipe import Culturing, growth_from_yield
from rushton.scaledown.result import Design, Scaledown
from rushton.scaledown.rig import Duty, Rig, Settings
from rushton.scaledown.search import Found, drift_distances, final_experience, search
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.response import Response

RIGS: dict[str, tuple[Rig, ...]] = {
    "str-pfr": (StrPfr(),),
    "str-str": (StrStr(),),
    "pulsed-feed": (PulsedFeed(), IrregularFeed()),
}
"""What a name in the case file stands for: a pulsed feed is designed with equal pulses and with unequal ones."""

EXCERPT = 300.0  # s of signal kept for the report


def design(case: Case, lifelines: Lifelines, response: Response | None, progress: Progress = silent) -> Scaledown:
    """Design the rigs of a case.

    Parameters
    ----------
    case : Case
        With ``scaledown``, ``strain`` and ``broth.biomass``.
    lifelines : Lifelines
        What the tank's cells experienced.
    response : Response or None
        What they made of it, shown beside the rigs.
    progress : callable
        Told of the share done.

    Returns
    -------
    Scaledown
    """
    clock = time.perf_counter()
    tank = _tank(case, lifelines, response)
    assert case.strain is not None and case.scaledown is not None
    rigs = [rig for name in dict.fromkeys(case.scaledown.rigs) for rig in RIGS[name]]
    shares = np.linspace(0.0, 1.0, len(rigs) + 2)
    designs = []
    for n, rig in enumerate(rigs):
        told = _part_of(progress, shares[n], shares[n + 1], rig.title)
        found = search(
            rig, tank.duty, tank.target, case.strain.regimes, tank.culturing, case.scaledown.seed, told
        )
        designs.append(_finish(case, rig, found.settings, found, tank))
    progress(float(shares[-2]), "standard STR-PFR")
    designs.append(_finish(case, StrPfr(), reference_settings(tank.duty), None, tank))
    floor = floor_of(lifelines, case.strain.regimes.smoothing)
    excerpt, excerpt_step = tank_excerpt(lifelines)
    progress(1.0, "designed")
    return Scaledown(
        designs=tuple(sorted(designs, key=lambda d: d.distance)),
        floor=floor[0],
        floor_parts=floor[1],
        tank=lifelines.statistics,
        tank_excerpt=excerpt,
        tank_excerpt_step=excerpt_step,
        tank_response=tank.response,
        seconds=time.perf_counter() - clock,
    )


@dataclass(frozen=True, eq=False)
class _Tank:
    """What every rig is made from and measured against."""

    lifelines: Lifelines
    duty: Duty
    target: Target
    culturing: Culturing
    test: CellTest | None
    response: dict[str, float | None]


def _tank(case: Case, lifelines: Lifelines, response: Response | None) -> _Tank:
    duty = make_duty(case, lifelines)
    assert case.strain is not None
    target = Target.of(lifelines.statistics, case.strain.regimes.smoothing, lifelines.duration)
    test, mass = cell_test(case, duty.mean_uptake), molar_mass(case)
    growth = test.growth if test is not None and test.growth > 0.0 else growth_from_yield(duty, mass)
    return _Tank(lifelines, duty, target, Culturing(growth, mass), test, tank_response(response))


def _part_of(progress: Progress, low: float, high: float, title: str) -> Callable[[float], None]:
    def told(share: float) -> None:
        progress(float(low + 0.8 * share * (high - low)), f"{title}: search")

    return told


def make_duty(case: Case, lifelines: Lifelines) -> Duty:
    """What any rig for this case has to do; refused where the lifelines cannot say."""
    if case.scaledown is None or case.strain is None or case.broth.biomass is None:
        raise SolverError(
            "a rig cannot be designed without a strain, its biomass and a [scaledown] section",
            "scaledown", "add [strain], broth.biomass and [scaledown] to the case",
        )  # fmt: skip
    statistics = lifelines.statistics
    if statistics.transitions.sum() == 0:
        raise SolverError(
            "the cells of this tank never change regime: there is nothing to reproduce in a rig",
            "scaledown", "a well-mixed lab vessel at the same mean feed tells the same; leave [scaledown] out, or follow the cells for longer",
        )  # fmt: skip
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
    ):
        if bench[low] >= bench[high]:
            raise SolverError(
                f"the {what}'s smallest flow is not below its largest", f"scaledown.limits.{low}", f"lower {low} or raise {high}"
            )
    if 2.0 * bench["pulse_min"] >= min(bench["cycle_max"], max(60.0, lifelines.duration)):
        raise SolverError(
            f"a pulse of at least {bench['pulse_min']:g} s does not fit into a feed cycle of at most {bench['cycle_max']:g} s",
            "scaledown.limits.pulse_min", "shorten pulse_min or lengthen cycle_max",
        )  # fmt: skip
    uptake, regimes = case.strain.uptake, case.strain.regimes
    excess, starvation, margin = regimes.excess, regimes.starvation, regimes.margin
    return Duty(
        bench=bench,
        uptake_max=uptake.max,
        half_saturation=uptake.half_saturation,
        mean_uptake=mean,
        tank_biomass=case.broth.biomass,
        record=lifelines.duration,
        stays=stay_quantiles(statistics),
        borders=(
            ratio_of(excess + margin), ratio_of(excess - margin),
            ratio_of(starvation - margin), ratio_of(starvation + margin),
        ),
    )  # fmt: skip


def ratio_of(s: float) -> float:
    """C/K_s at an uptake ratio; borders that a margin pushes out of 0..1 are kept just inside."""
    s = min(max(s, 1e-4), 1.0 - 1e-4)
    return s / (1.0 - s)


def stay_quantiles(statistics: SignalStatistics) -> np.ndarray:
    """(3, 99) stays in excess, in limitation between two starvations (else in any), in starvation, at 1 % to 99 %, s."""
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


def tank_response(response: Response | None) -> dict[str, float | None]:
    """The tank's own numbers beside which those of the rigs stand."""
    keys = ("relative_productivity", "relative_productivity_final", "relative_yield")
    return {key: getattr(response, key, None) for key in keys}


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


def _finish(
    case: Case,
    rig: Rig,
    wanted: Settings,
    found: Found | None,
    tank: _Tank,
) -> Design:
    """Round, simulate again, run the cell model, write the protocol."""
    from rushton.scaledown.protocol import write_protocol
    from rushton.scaledown.protocol_rigs import feed_table
    from rushton.scaledown.sheet import Sheet

    assert case.strain is not None and case.scaledown is not None
    seed, regimes = case.scaledown.seed, case.strain.regimes
    written = rig.write(wanted, tank.duty, tank.culturing)
    statistics, signal, step = final_experience(written.operation, regimes, tank.lifelines.time_step, seed)
    achieved = distance(tank.target, statistics)
    inside = NOT_RUN
    if tank.test is not None:
        inside = tank.test.run(written.operation, isinstance(written.operation, LoopOperation), seed)
    drift = drift_distances(rig, wanted, tank.duty, tank.target, regimes, tank.culturing, seed)
    sheet = Sheet(
        case=case, duty=tank.duty, rig=rig, settings=written.settings, recipe=written.recipe, operation=written.operation,
        achieved=achieved, drift=drift, statistics=statistics, tank=tank.lifelines.statistics, inside=inside,
        tank_response=tank.response, reference=found is None,
    )  # fmt: skip
    kept = signal[: max(2, int(EXCERPT / step))]
    every = max(1, round(0.1 / step))
    return Design(
        rig=rig.name,
        reference=found is None,
        settings=written.settings,
        distance=achieved.total,
        parts=dict(zip(PARTS, achieved.parts, strict=True)),
        missing=achieved.missing,
        drift=drift,
        searched_distance=None if found is None else found.searched,
        evaluations=0 if found is None else found.evaluations,
        milliseconds=0.0 if found is None else 1e3 * found.seconds,
        mean_uptake=written.operation.mean_uptake,
        inside=inside.as_dict(),
        statistics=statistics,
        excerpt=kept[::every].astype(np.float32),
        excerpt_step=step * every,
        protocol=write_protocol(sheet),
        table=feed_table(sheet),
    )
