"""From lifelines to designs: size every rig, round it to what can be set, simulate that again, write its protocol.

The distance that is reported belongs to the protocol as written. The standard STR-PFR stands among the designs, so that
a reader sees what the optimisation is worth; the cell model runs in every rig beside the distance.

Where the limits of a case are looser than the library's, a rig is first sized within the library's, with the same seed;
the search within the case's starts from that, and the nearer of the two is reported. So loosening the shipped limits
never makes a design worse. Earlier designs of the same tank may be given to the search as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.chamber import Microfluidic
from rushton.scaledown.compartments import CompartmentsOperation, ThreeCompartments
from rushton.scaledown.inside import NOT_RUN
from rushton.scaledown.loop_rigs import StrPfr, StrStr, reference_settings
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.match import PARTS, distance
from rushton.scaledown.pulses import IrregularFeed, PulsedFeed
from rushton.scaledown.result import Design, Scaledown, no_design
from rushton.scaledown.rig import Rig, Settings
from rushton.scaledown.search import Found, drift_distances, final_experience, search
from rushton.scaledown.tank import EXCERPT, Tank, make_tank, nothing_to_reproduce, tank_excerpt, tank_response
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.response import Response

RIGS: dict[str, tuple[Rig, ...]] = {
    "str-pfr": (StrPfr(),),
    "str-str": (StrStr(),),
    "three-compartments": (ThreeCompartments(),),
    "pulsed-feed": (PulsedFeed(), IrregularFeed()),
    "mini-bioreactors": (MiniBioreactors(),),
    "microfluidic": (Microfluidic(),),
}
"""What a name in the case file stands for: a pulsed feed is designed with equal pulses and with unequal ones."""

_RANDOM = (LoopOperation, CompartmentsOperation)  # stays are drawn


def design(
    case: Case,
    lifelines: Lifelines,
    response: Response | None,
    progress: Progress = silent,
    known: Sequence[Design] = (),
) -> Scaledown:
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
    known : sequence of Design
        Designs found earlier for this tank, from which the search of the same rig starts too.

    Returns
    -------
    Scaledown
    """
    clock = time.perf_counter()
    if reason := nothing_to_reproduce(lifelines):
        progress(1.0, reason)
        return no_design(lifelines.statistics, tank_response(response), reason)
    tank = make_tank(case, lifelines, response)
    assert case.strain is not None and case.scaledown is not None
    rigs = [rig for name in dict.fromkeys(case.scaledown.rigs) for rig in RIGS[name]]
    shares = np.linspace(0.05, 1.0, len(rigs) + 1)
    progress(0.0, "standard STR-PFR")
    standard = _finish(case, StrPfr(), reference_settings(tank.duty), None, tank)
    designs = [standard]
    for n, rig in enumerate(rigs):
        own = replace(tank, duty=rig.duty(tank.duty))
        told = _part_of(progress, shares[n], shares[n + 1], rig.title)
        found = _nearest(case, rig, own, [d.settings for d in known if d.rig == rig.name and not d.reference], told)
        progress(float(0.2 * shares[n] + 0.8 * shares[n + 1]), f"{rig.title}: cell model and protocol")
        designs.append(_finish(case, rig, found.settings, found, own, standard.distance))
    excerpt, excerpt_step = tank_excerpt(lifelines)
    progress(1.0, "designed")
    return Scaledown(
        designs=tuple(sorted(designs, key=lambda d: d.distance)),
        floor=tank.floor,
        floor_parts=tank.floor_parts,
        tank=lifelines.statistics,
        tank_excerpt=excerpt,
        tank_excerpt_step=excerpt_step,
        tank_response=tank.response,
        seconds=time.perf_counter() - clock,
    )


def _nearest(case: Case, rig: Rig, tank: Tank, known: list[Settings], told: Callable[[float], None]) -> Found:
    """The best that is found of a rig: within the library's limits, within the case's, or known before."""
    assert case.scaledown is not None
    regimes, seed, duty = tank.regimes, case.scaledown.seed, tank.duty
    names = {v.name for v in rig.variables(duty)}
    known = [one for one in known if names <= set(one)]
    part = duty.bench.shipped_part()
    searched = []
    if part is not None:
        smaller = rig.duty(replace(duty, bench=part))
        searched.append(search(rig, smaller, tank.target, regimes, seed, lambda share: told(0.5 * share)))
    starts = [*known, *(found.settings for found in searched)]
    begun = 0.5 if searched else 0.0
    searched.append(
        search(rig, duty, tank.target, regimes, seed, lambda share: told(begun + (1.0 - begun) * share), starts)
    )
    last = searched[-1]
    candidates = [last, *searched[:-1], *(replace(last, settings=one) for one in known)]
    if len(candidates) == 1:
        return last

    def reported(found: Found) -> float:
        written = rig.write(found.settings, found.duty)
        statistics = final_experience(written.operation, regimes, tank.lifelines.time_step, seed)[0]
        return distance(tank.target, statistics).total + (100.0 if written.recipe.remarks else 0.0)

    return min(candidates, key=reported)


def _part_of(progress: Progress, low: float, high: float, title: str) -> Callable[[float], None]:
    def told(share: float) -> None:
        progress(float(low + 0.8 * share * (high - low)), f"{title}: search")

    return told


def _finish(
    case: Case,
    rig: Rig,
    wanted: Settings,
    found: Found | None,
    tank: Tank,
    reference: float | None = None,
) -> Design:
    """Round, simulate again, run the cell model, write the protocol."""
    from rushton.scaledown import protocol_chamber as chamber
    from rushton.scaledown.protocol import write_protocol
    from rushton.scaledown.protocol_tables import feed_table
    from rushton.scaledown.sheet import Sheet

    assert case.scaledown is not None
    seed, regimes = case.scaledown.seed, tank.regimes
    duty = tank.duty if found is None else found.duty
    written = rig.write(wanted, duty)
    statistics, signal, step = final_experience(written.operation, regimes, tank.lifelines.time_step, seed)
    achieved = distance(tank.target, statistics)
    inside = NOT_RUN
    if tank.test is not None:
        inside = tank.test.run(written.operation, isinstance(written.operation, _RANDOM), seed)
    drift = drift_distances(rig, wanted, duty, tank.target, regimes, seed)
    sheet = Sheet(
        case=case,
        duty=tank.duty,
        rig=rig,
        settings=written.settings,
        recipe=written.recipe,
        operation=written.operation,
        achieved=achieved,
        drift=drift,
        statistics=statistics,
        tank=tank.statistics,
        inside=inside,
        tank_response=tank.response,
        reference=found is None,
        floor=tank.floor,
        reference_distance=reference,
    )
    played = isinstance(rig, Microfluidic)
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
        protocol=chamber.write_protocol(sheet) if played else write_protocol(sheet),
        table=chamber.switching_table(sheet) if played else feed_table(sheet),
    )
