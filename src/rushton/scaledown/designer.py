"""From lifelines to designs: size every rig, round it to what can be set, simulate that again, write its protocol.

The distance that is reported belongs to the protocol as written. The standard STR-PFR stands among the designs, so that
a reader sees what the optimisation is worth. The five best candidates of every rig are written and the cell model runs
in each; which of them becomes the design is the rule of ``finalists``. Beside the distance stand its band
(``certainty``), how it moves when the laboratory is not what was assumed (``robustness``), and a ``verdict``.

Loosening a limit never makes an optimum worse that is known. Where the limits of a case are looser than the library's,
a rig is first sized within the library's, with the same seed; the search within the case's starts from that. Searches
made earlier for the tank, within limits as tight or tighter, hand over their candidates too (``searches``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.breath import lungs
from rushton.scaledown.chamber import Microfluidic
from rushton.scaledown.classic import classic_loops
from rushton.scaledown.compartments import CompartmentsOperation, ThreeCompartments
from rushton.scaledown.finalists import (
    Tried,
    band_of_tried,
    best_of,
    better_answer,
    choose,
    kept_of,
    tried,
    with_cells,
)
from rushton.scaledown.likeness import Likeness, likeness
from rushton.scaledown.loop_rigs import StrPfr, StrStr, reference_settings
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.match import PARTS
from rushton.scaledown.oxygen_tank import check_oxygen, nothing_to_switch, oxygen_excerpt, oxygen_tank
from rushton.scaledown.pulses import IrregularFeed, PulsedFeed
from rushton.scaledown.result import Design, Scaledown, no_design
from rushton.scaledown.rig import Rig
from rushton.scaledown.robustness import robustness
from rushton.scaledown.search import Candidate, Found, search
from rushton.scaledown.searches import Searches
from rushton.scaledown.switching import Switching
from rushton.scaledown.switching_rigs import GasSwitching, IrregularGas, IrregularSwitching, StirrerSwitching
from rushton.scaledown.tank import EXCERPT, Tank, make_tank, nothing_to_reproduce, tank_excerpt, tank_response
from rushton.scaledown.verdict import found_within, gaps, judge
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.lifelines.environment import Environment
    from rushton.response import Response
    from rushton.scaledown.sheet import Sheet

RIGS: dict[str, tuple[Rig, ...]] = {
    "str-pfr": (StrPfr(),),
    "str-str": (StrStr(),),
    "three-compartments": (ThreeCompartments(),),
    "pulsed-feed": (PulsedFeed(), IrregularFeed()),
    "mini-bioreactors": (MiniBioreactors(),),
    "microfluidic": (Microfluidic(),),
    "oxygen-switching": (StirrerSwitching(), IrregularSwitching(), GasSwitching(), IrregularGas()),
}
"""What a name in the case file stands for: programmes are designed with equal and with unequal pulses or phases."""

_RANDOM = (LoopOperation, CompartmentsOperation)  # stays are drawn


ONLY_OXYGEN = "only rigs that switch oxygen were asked for"


def design(
    case: Case,
    lifelines: Lifelines,
    response: Response | None,
    progress: Progress = silent,
    searches: Searches | None = None,
    environment: Environment | None = None,
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
    searches : Searches or None
        Those made earlier for this tank; new ones are added.
    environment : Environment or None
        With oxygen along the lifelines, for rigs that switch it.

    Returns
    -------
    Scaledown
        Rigs for the uptake of substrate, and under ``oxygen`` those that switch oxygen.
    """
    searches = Searches() if searches is None else searches
    names = () if case.scaledown is None else dict.fromkeys(case.scaledown.rigs)
    asked = [rig for name in names for rig in RIGS[name]]
    switching = [rig for rig in asked if isinstance(rig, Switching)]
    feeding = [rig for rig in asked if not isinstance(rig, Switching)]
    if switching:
        check_oxygen(case, environment)
    reason = nothing_to_reproduce(lifelines) if feeding or not switching else ONLY_OXYGEN
    if reason and not switching:
        progress(1.0, reason)
        return no_design(lifelines.statistics, tank_response(response), reason)
    tank = make_tank(case, lifelines, response)
    share = 1.0 if not switching else 0.0 if reason else len(feeding) / len(asked)
    if reason:
        found = no_design(lifelines.statistics, tank.response, reason)
    else:
        found = _sized(case, feeding, tank, True, tank_excerpt(lifelines), searches, _within(progress, 0.0, share))
    if not switching:
        return found
    assert environment is not None
    breathing = oxygen_tank(case, tank, environment)
    if reason := nothing_to_switch(breathing, environment):
        progress(1.0, reason)
        return replace(found, oxygen=no_design(breathing.statistics, tank.response, reason))
    excerpt, told = oxygen_excerpt(case, lifelines, environment), _within(progress, share, 1.0)
    return replace(found, oxygen=_sized(case, switching, breathing, False, excerpt, searches, told))


def _sized(
    case: Case,
    rigs: Sequence[Rig],
    tank: Tank,
    with_standard: bool,
    excerpt: tuple[np.ndarray, float],
    searches: Searches,
    progress: Progress,
) -> Scaledown:
    """All rigs for one signal of the tank, and the standard STR-PFR where that is one of them."""
    clock = time.perf_counter()
    shares = np.linspace(0.05, 1.0, len(rigs) + 1)
    designs, reference = [], None
    if with_standard:
        progress(0.0, "standard STR-PFR")
        assert case.scaledown is not None
        tank = replace(tank, classic=classic_loops(tank, case.scaledown.seed))
        designs.append(_finish(case, StrPfr(), None, tank))
        reference = designs[0].distance
    for n, rig in enumerate(rigs):
        own = replace(tank, duty=rig.duty(tank.duty))
        told = _part_of(progress, shares[n], shares[n + 1], rig.title)
        found, earlier = _search(case, rig, own, searches, told)
        progress(float(0.2 * shares[n] + 0.8 * shares[n + 1]), f"{rig.title}: cell model and protocol")
        designs.append(_finish(case, rig, found, own, reference, earlier))
    progress(1.0, "designed")
    return Scaledown(
        designs=tuple(sorted(designs, key=lambda d: d.distance)),
        floor=tank.floor,
        floor_parts=tank.floor_parts,
        tank=tank.statistics,
        tank_excerpt=excerpt[0],
        tank_excerpt_step=excerpt[1],
        tank_response=tank.response,
        seconds=time.perf_counter() - clock,
        classic=tank.classic,
    )


def _within(progress: Progress, low: float, high: float) -> Progress:
    return lambda share, text: progress(low + share * (high - low), text)


def _search(
    case: Case, rig: Rig, tank: Tank, searches: Searches, told: Callable[[float], None]
) -> tuple[tuple[Found, ...], list[Candidate]]:
    """What is found of a rig within the library's limits, where the case's go beyond them, and within the case's.

    And the candidates of all other searches kept within limits as tight or tighter.
    """
    assert case.scaledown is not None
    seed, part = case.scaledown.seed, tank.duty.bench.shipped_part()
    duties = [tank.duty] if part is None else [rig.duty(replace(tank.duty, bench=part)), tank.duty]
    searched: list[Found] = []
    for n, duty in enumerate(duties):
        found = searches.made(tank, rig, duty, seed)
        if found is None:
            starts = [one.settings for one in searched]
            share = _part(told, n / len(duties), (n + 1) / len(duties))
            found = search(rig, duty, tank.target, tank.regimes, seed, share, starts)
            searches.keep(tank, rig, seed, found)
        searched.append(found)
    here = [duty.bench for duty in duties]
    earlier = [c for c in searches.within(tank, rig, tank.duty, seed) if c.duty.bench not in here]
    return tuple(searched), earlier


def _part(told: Callable[[float], None], low: float, high: float) -> Callable[[float], None]:
    return lambda share: told(low + share * (high - low))


def _part_of(progress: Progress, low: float, high: float, title: str) -> Callable[[float], None]:
    def told(share: float) -> None:
        progress(float(low + 0.8 * share * (high - low)), f"{title}: search")

    return told


def _finish(
    case: Case,
    rig: Rig,
    found: tuple[Found, ...] | None,
    tank: Tank,
    reference: float | None = None,
    earlier: Sequence[Candidate] = (),
) -> Design:
    """Round the candidates, simulate them again, run the cell model, choose, write the protocol; the standard rig where
    nothing was searched.
    """
    from rushton.scaledown.expected import expect_of
    from rushton.scaledown.protocol_effort import counts_of
    from rushton.scaledown.protocol_json import protocol_record
    from rushton.scaledown.protocol_rigs import words_of
    from rushton.scaledown.sheet import Sheet
    from rushton.scaledown.sketch_rigs import sketch_of

    assert case.scaledown is not None
    seed, regimes, step = case.scaledown.seed, tank.regimes, tank.lifelines.time_step
    if found is None:
        candidates = [Candidate(reference_settings(tank.duty), tank.duty, 0.0, True)]
    else:
        candidates = [*(candidate for one in found for candidate in one.candidates), *earlier]
    last = best_of([tried(rig, candidate, tank, regimes, seed) for candidate in candidates])
    random = isinstance(last[0].written.operation, _RANDOM)
    last = [with_cells(one, tank, random, seed) for one in last]
    number = choose(last, lambda one: band_of_tried(one, tank, random, regimes))
    won = last[number]
    written, inside = won.written, won.inside
    moved = robustness(rig, written, won.wanted, won.duty, tank.target, regimes, step, seed)
    drift = moved["pump_low"], moved["pump_high"]
    responses = inside.as_dict()
    band = band_of_tried(won, tank, random, regimes)
    finalists = kept_of(last, number)
    made = lungs(written.operation, tank.duty)
    cannot = [*written.recipe.remarks, *(text.partition(":")[0].removeprefix("The rig ") for text in made.refused)]
    verdict = judge(won.achieved.total, won.achieved.missing, reference, tank.floor, responses, tank.response, cannot)
    words = verdict.text, found_within(won.duty.bench, tank.duty.bench), better_answer(finalists)
    verdict = replace(verdict, text=" ".join(filter(None, words)))
    sheet = Sheet(
        case=case,
        duty=tank.duty,
        rig=rig,
        settings=written.settings,
        recipe=written.recipe,
        operation=written.operation,
        achieved=won.achieved,
        drift=drift,
        statistics=won.statistics,
        tank=tank.statistics,
        inside=inside,
        tank_response=tank.response,
        reference=found is None,
        floor=tank.floor,
        reference_distance=reference,
        distance_band=band,
        robustness=moved,
        verdict=verdict,
        classic=tank.classic,
    )
    expected = expect_of(sheet, won.wanted, won.duty, tank.test, random)
    sheet = replace(sheet, expected=expected)
    protocol, table = _papers(sheet)
    kept = won.signal[: max(2, int(EXCERPT / won.step))]
    every = max(1, round(0.1 / won.step))
    return Design(
        rig=rig.name,
        reference=found is None,
        settings=written.settings,
        distance=won.achieved.total,
        parts=dict(zip(PARTS, won.achieved.parts, strict=True)),
        missing=won.achieved.missing,
        drift=drift,
        searched_distance=None if found is None else min(one.searched for one in found),
        evaluations=0 if found is None else sum(one.evaluations for one in found),
        milliseconds=0.0 if found is None else 1e3 * max(one.seconds for one in found),
        mean_uptake=written.operation.mean_uptake,
        inside=responses,
        statistics=won.statistics,
        excerpt=kept[::every].astype(np.float32),
        excerpt_step=won.step * every,
        protocol=protocol,
        drawing=sketch_of(sheet),
        effort=counts_of(sheet),
        limit=words_of(sheet).limit(sheet),
        table=table,
        record=protocol_record(sheet, expected, table),
        distance_band=band,
        optimum=min(one.achieved.total for one in last if one.sound or not won.sound),
        finalists=finalists,
        gaps=gaps(responses, tank.response),
        robustness=moved,
        verdict=verdict,
        breath=made.as_dict(),
        likeness={} if isinstance(rig, Switching) else _likeness(tank, won),
    )


def _likeness(tank: Tank, won: Tried) -> Likeness:
    """What else cells meet and hold, in the tank and in the rig as written."""
    records = tank.duty.history, tank.duty.history_step
    return likeness(
        tank.statistics, won.statistics, records, (won.signal, won.step), (tank.pools, won.inside.pools)
    )  # fmt: skip


def _papers(sheet: Sheet) -> tuple[str, str]:
    """Protocol and table of a rig."""
    from rushton.scaledown import protocol_chamber, protocol_switching
    from rushton.scaledown.protocol import write_protocol
    from rushton.scaledown.protocol_tables import feed_table

    tables = {Microfluidic: protocol_chamber.switching_table, Switching: protocol_switching.stirrer_table}
    own = next((write for kind, write in tables.items() if isinstance(sheet.rig, kind)), feed_table)
    return write_protocol(sheet), own(sheet)
