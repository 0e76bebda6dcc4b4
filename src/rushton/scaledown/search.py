"""Sizing a rig: seeded differential evolution of the distance over its settings, then descents on what can be set.

1. The search runs in the unit cube (logarithms where a variable spans decades), on ideal settings. Every evaluation
   follows one cell through the rig with memoryless uptake, by the same sequence of stays (common random numbers), so
   the distance is a deterministic function of the settings and one seed gives the same digits. Method: Storn and Price
   (1997) J. Glob. Optim. 11:341, as in scipy, best1bin.
2. From the best of all that was tried, some way apart from each other, descents on a lattice that does not depend on
   the limits (``lattice``), judged as written: rounded to pump set-points, bores and clocks; the three that end lowest
   go on through finer steps. From the best, descents start anew some way off, every second time along the direction
   between two ends found before, since valleys lie askew; a better end is the new best, and many in a row that are none
   end the search (iterated local search: H. R. Lourenco et al. (2003) Handbook of Metaheuristics, p. 321). What the
   bench cannot pump is no design, nor what it cannot give its oxygen or take its heat from (``breath``), nor what loses
   a regime when the feed pump is off by its accuracy.
3. The five best go on, no two of them alike once rounded, and as far as there are such from different corners of the
   cube (``finalists``).

Looser limits hold more settings; the search must not lose the good ones among them. Descents end on the same lattice
whatever the limits, so searches within different limits agree where they come into the same valley. That is no proof:
what was found within tighter limits is kept and judged again (``searches``); how often and how far looser limits worsen
an optimum where nothing is kept stands in ``docs/validation.md``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rushton.lifelines import SignalStatistics, signal_statistics
from rushton.scaledown.breath import lungs
from rushton.scaledown.lattice import Lattice, Point, descend
from rushton.scaledown.match import Distance, Target, distance
from rushton.scaledown.rig import Duty, Operation, Rig, Settings

if TYPE_CHECKING:
    from rushton.case.schema import Regimes

SEARCH_STEP = 0.06  # s, sampling of the signal in the search
_SEARCH_SAMPLES = 60_000
_FINAL_SAMPLES = 600_000
_CYCLES = 8  # first and last stay of a signal are cut off: one in so many times the least cycles
_MOST_SAMPLES = 1_000_000  # a rig so slow that this does not hold its cycles is far from any tank
_POPULATION = 10  # per variable
_GENERATIONS = 16
_KEPT = 5  # descents, from the best of the search that lie apart,
_COARSE = (2, 3, 4)  # through these levels of the lattice;
_FINISHED = 3  # that go on
_FINE = (2, 3, 4, 5, 6, 7, 3, 4, 5, 6, 7)  # through these,
_HOPS = 24  # times in a row a descent starts anew some way from the best and finds nothing better,
_HOP_POINTS = 3000  # as long as it tried no more than so many points;
_HOP_LENGTHS = (0.5, 0.25, 0.125)  # at most so many octaves in every variable, or, every second time,
_ASTRAY = 0.1  # so many beside the direction from one valley to another
_HOP = (2, 3, 4, 5, 6, 7)  # through these levels
_STEPS = 96  # and try so many times the points beside one at most
_NO_DESIGN = 100.0  # added to the distance of what cannot be built or run
_SHORT = 10.0  # added to it on paper, times the share of oxygen or cooling that is short
_HANDED_OVER = 5  # candidates, with
_APART = 0.05  # so much between any two of them in some variable, of its range


@dataclass(frozen=True, eq=False)
class Candidate:
    """Settings that a search hands over.

    Attributes
    ----------
    settings : dict
        Ideal settings, SI.
    duty : Duty
        With the limits they were found within.
    score : float
        Distance as written, at the length of the search.
    sound : bool
        Whether the bench can pump, aerate and cool it, and no regime is lost when the pump is off.
    """

    settings: Settings
    duty: Duty
    score: float
    sound: bool


@dataclass(frozen=True, eq=False)
class Found:
    """Outcome of a search.

    Attributes
    ----------
    candidates : tuple of Candidate
        The best on their set-points, ascending in score, and those known before.
    searched : float
        Smallest distance of the search on ideal settings.
    evaluations : int
    seconds : float
        Per evaluation.
    duty : Duty
        With the limits it was made within.
    """

    candidates: tuple[Candidate, ...]
    searched: float
    evaluations: int
    seconds: float
    duty: Duty

    @property
    def settings(self) -> Settings:
        """Ideal settings, SI, of the best candidate."""
        return self.candidates[0].settings


def experience(
    operation: Operation, regimes: Regimes, step: float, samples: int, seed: int, cycles: int = _CYCLES
) -> tuple[SignalStatistics, np.ndarray, float]:
    """Statistics of one cell's signal in a rig, the signal and its interval.

    It lasts so many samples or ``cycles`` times the least, whichever is less, but at least the least of its rig.
    """
    smoothing = max(regimes.smoothing, 1e-3)
    step = min(step, smoothing / 3.0)
    least = operation.least_cycles * operation.cycle()
    duration = min(max(least, min(samples * step, cycles * least)), _MOST_SAMPLES * step)
    s, used = operation.signal(step, duration, seed)
    return signal_statistics(s, used, regimes), s, used


def final_experience(
    operation: Operation, regimes: Regimes, step: float, seed: int
) -> tuple[SignalStatistics, np.ndarray, float]:
    """As ``experience``, at the lifelines' own step and up to ten times as long: what is reported."""
    return experience(operation, regimes, step, _FINAL_SAMPLES, seed, 10 * _CYCLES)


def search(
    rig: Rig,
    duty: Duty,
    target: Target,
    regimes: Regimes,
    seed: int,
    told: Callable[[float], None] = lambda share: None,
    known: Sequence[Settings] = (),
) -> Found:
    """The settings of a rig at the smallest distance from the target.

    Parameters
    ----------
    rig : Rig
    duty : Duty
    target : Target
        The tank.
    regimes : Regimes
    seed : int
    told : callable
        Called with the share of the search that is done.
    known : sequence of dict
        Settings found earlier, for instance within tighter limits: they are in the first population and among the kept.
    """
    from scipy.optimize import differential_evolution

    variables = rig.variables(duty)
    lattice = Lattice(variables)

    def settings_at(place: np.ndarray | tuple[float, ...]) -> Settings:
        return {v.name: v.value(float(p)) for v, p in zip(variables, place, strict=True)}

    def score(operation: Operation) -> Distance:
        return distance(target, experience(operation, regimes, SEARCH_STEP, _SEARCH_SAMPLES, seed)[0])

    ideal: list[tuple[float, tuple[float, ...]]] = []  # of every evaluation: distance and place

    def on_paper(place: np.ndarray) -> float:
        operation = rig.operate(settings_at(place), duty)
        value = score(operation).total + _SHORT * lungs(operation, duty).shortage
        ideal.append((value, tuple(place)))
        return value

    def as_written(settings: Settings) -> _Rounded:
        written = rig.write(settings, duty)
        met = score(written.operation)
        # what the bench cannot pump, aerate or cool is no design, however close it would come
        shortage = lungs(written.operation, duty).shortage
        value = met.total + shortage + (_NO_DESIGN if written.recipe.remarks or shortage > 0.0 else 0.0)
        place = tuple(v.place(settings[v.name]) for v in variables)
        return _Rounded(
            value, place, tuple(f"{v:.9g}" for v in written.settings.values()), tuple(settings.items()), met.missing
        )

    checked: dict[tuple[str, ...], bool] = {}

    def sound(one: _Rounded) -> bool:
        """Whether the bench can pump, aerate and cool it, and it keeps its regimes when the pump is off."""
        if one.written not in checked:
            drift, settings = duty.bench["pump_accuracy"], dict(one.settings)
            checked[one.written] = one.value < _NO_DESIGN and not any(
                set(score(rig.write(settings, duty, factor).operation).missing) - set(one.missing)
                for factor in (1.0 - drift, 1.0 + drift)
            )
        return checked[one.written]

    generation = 0

    def after(*_args: object, **_kwargs: object) -> None:
        nonlocal generation
        generation += 1
        told(0.5 * min(1.0, generation / _GENERATIONS))

    clock = time.perf_counter()
    # threads: the compiled loops hold no lock; a generation is judged as a whole, so their number changes no digit
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            found = differential_evolution(
                on_paper,
                [(0.0, 1.0)] * len(variables),
                init=_first_population(rig, duty, np.random.default_rng(seed), known),
                maxiter=_GENERATIONS,
                tol=1e-3,
                rng=np.random.default_rng(seed),
                polish=False,
                updating="deferred",
                workers=pool.map,
                callback=after,
            )
        except RuntimeError as error:  # scipy's word for any error of a candidate in another thread
            raise error.__cause__ or error from None
        of_known = list(pool.map(as_written, [{v.name: one[v.name] for v in variables} for one in known]))
        rounded: dict[Point, _Rounded] = {}

        def values(points: Sequence[Point]) -> list[float]:
            new = [p for p in points if p not in rounded]
            rounded.update(zip(new, pool.map(as_written, [lattice.settings(p) for p in new]), strict=True))
            best = min((one.value for one in rounded.values() if checked.get(one.written)), default=np.inf)
            out = []
            for one in (rounded[p] for p in points):
                if one.value < best:  # only what would be the best of all is worth the check
                    sound(one)
                out.append(one.value + (0.0 if checked.get(one.written, True) else _NO_DESIGN))
            return out

        apart = _spread([place for _, place in sorted(ideal)], _KEPT, 2.0 * _APART)
        starts = [settings_at(place) for place in apart] + [dict(one.settings) for one in of_known]
        ends, finished, most = set(), set(), 2 * len(variables) * _STEPS
        for n, start in enumerate(starts):
            ends.add(descend(lattice, lattice.point(start, _FINE[-1]), values, _COARSE, most))
            told(0.5 + 0.1 * (n + 1) / len(starts))
        for point in sorted(ends, key=lambda p: (values([p])[0], p))[:_FINISHED]:
            finished.add(descend(lattice, point, values, _FINE, most, pairs=True))
        best, rng = min(finished, key=lambda p: (values([p])[0], p)), np.random.default_rng([seed, 1])
        valleys = sorted(ends | finished)
        begun, in_vain, along = len(rounded), 0, True
        while in_vain < _HOPS and (tried := len(rounded) - begun) <= _HOP_POINTS:
            told(0.6 + 0.4 * tried / _HOP_POINTS)
            hop = lattice.moved(best, _hop(rng, valleys, along), _FINE[-1])
            valleys.append(descend(lattice, hop, values, _HOP, most, pairs=True))
            before, along = values([best])[0], not along
            best = min(best, valleys[-1], key=lambda p: (values([p])[0], p))
            in_vain = 0 if values([best])[0] < before else in_vain + 1
        told(1.0)
        everything = sorted([*rounded.values(), *of_known])
        best_ones = _apart_as_written(everything, sound)
    evaluations = int(found.nfev) + len(everything) + 2 * len(checked)
    seconds = (time.perf_counter() - clock) / evaluations
    handed_over = best_ones + [one for one in of_known if one not in best_ones]
    candidates = tuple(Candidate(dict(one.settings), duty, one.value, sound(one)) for one in handed_over)
    return Found(candidates, float(found.fun), evaluations, seconds, duty)


def _hop(rng: np.random.Generator, valleys: Sequence[Point], along: bool) -> list[float]:
    """How far to move from the best: along the direction between two valleys, as far at most, or anywhere near."""
    size = len(valleys[0])
    if not along:
        far = _HOP_LENGTHS[rng.integers(len(_HOP_LENGTHS))]
        return list(rng.uniform(-far, far, size))
    one, other = (np.array(valleys[k]) for k in rng.integers(len(valleys), size=2))
    return list(rng.uniform(-1.0, 1.0) * (other - one) + rng.uniform(-_ASTRAY, _ASTRAY, size))


class _Rounded(NamedTuple):
    """A place in the cube, judged on its set-points: the smallest is the best."""

    value: float
    place: tuple[float, ...]
    written: tuple[str, ...]
    settings: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]


def _spread(places: Sequence[tuple[float, ...]], number: int, apart: float) -> list[tuple[float, ...]]:
    """The first places of a list that differ from all before by some share of a range, at most so many."""
    kept: list[tuple[float, ...]] = []
    for place in places:
        if len(kept) == number:
            break
        if all(_far(place, other) >= apart for other in kept):
            kept.append(place)
    return kept


def _far(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def _apart_as_written(ordered: Sequence[_Rounded], sound: Callable[[_Rounded], bool]) -> list[_Rounded]:
    """The best sound ones whose set-points differ, those that stand apart first; others where none is sound."""
    kept: list[_Rounded] = []
    for apart, needed in ((_APART, True), (0.0, True), (0.0, False)):
        for one in ordered:
            if len(kept) == _HANDED_OVER:
                break
            new = all(one.written != k.written and _far(one.place, k.place) >= apart for k in kept)
            if new and (not needed or sound(one)):
                kept.append(one)
    return sorted(kept, key=lambda one: (not sound(one), one))


def _first_population(rig: Rig, duty: Duty, rng: np.random.Generator, known: Sequence[Settings]) -> np.ndarray:
    """Latin hypercube (every slice of every variable is tried once), the rig's own guesses and known settings in it."""
    variables = rig.variables(duty)
    number = _POPULATION * len(variables)
    start = np.argsort(rng.random((len(variables), number)), axis=1).T + rng.random((number, len(variables)))
    start /= number
    for row, guess in enumerate([*rig.guesses(duty), *known][:number]):
        start[row] = [v.place(guess[v.name]) for v in variables]
    return start
