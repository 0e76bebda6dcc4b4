"""Sizing a rig: seeded differential evolution of the distance over the rig's settings, then the same on what can be
set.

1. The search runs in the unit cube (logarithms where a variable spans decades), on ideal settings. Every evaluation
   follows one cell through the rig with memoryless uptake, by the same sequence of stays (common random numbers), so
   the distance is a deterministic function of the settings and one seed gives the same digits. Method: Storn and Price
   (1997) J. Glob. Optim. 11:341, as in scipy, best1bin.
2. The best of all that was tried, some way apart from each other, and seeded steps around the best of them are rounded
   to pump set-points, bores and clocks, and judged by the mean distance over a feed pump that is right, and one that is
   off by its accuracy either way. A setting that loses a regime when the pump drifts is no design.
3. The five best go on, no two of them alike once rounded, and as far as there are such from different corners of the
   cube (``finalists``). What is reported afterwards is the distance with the pump right; the others stand beside it.
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
from rushton.scaledown.match import Distance, Target, distance
from rushton.scaledown.rig import Duty, Operation, Rig, Settings

if TYPE_CHECKING:
    from rushton.case.schema import Regimes

SEARCH_STEP = 0.06  # s, sampling of the signal in the search
_SEARCH_SAMPLES = 60_000
_FINAL_SAMPLES = 600_000
_MOST_SAMPLES = 1_000_000  # a rig so slow that this does not hold its cycles is far from any tank
_POPULATION = 10  # per variable
_GENERATIONS = 30
_KEPT = 10  # of the last population, tried on set-points
_STEPS = 96  # around the best of them,
_TOGETHER = 4  # so many at a time
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
        Mean distance as written, over a right pump and two that are off, at the length of the search.
    sound : bool
        Whether the bench can pump it, and no regime is lost when the pump is off.
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
    operation: Operation, regimes: Regimes, step: float, samples: int, seed: int
) -> tuple[SignalStatistics, np.ndarray, float]:
    """Statistics of one cell's signal in a rig, the signal and its interval."""
    smoothing = max(regimes.smoothing, 1e-3)
    step = min(step, smoothing / 3.0)
    least = operation.least_cycles * operation.cycle()
    duration = min(max(least, min(samples * step, 8.0 * least)), _MOST_SAMPLES * step)
    s, used = operation.signal(step, duration, seed)
    return signal_statistics(s, used, regimes), s, used


def final_experience(
    operation: Operation, regimes: Regimes, step: float, seed: int
) -> tuple[SignalStatistics, np.ndarray, float]:
    """As ``experience``, at the lifelines' own step and up to ten times as long: what is reported."""
    return experience(operation, regimes, step, _FINAL_SAMPLES, seed)


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

    def settings_at(place: np.ndarray) -> Settings:
        return {v.name: v.value(float(p)) for v, p in zip(variables, place, strict=True)}

    def score(operation: Operation) -> Distance:
        return distance(target, experience(operation, regimes, SEARCH_STEP, _SEARCH_SAMPLES, seed)[0])

    ideal: list[tuple[float, tuple[float, ...]]] = []  # of every evaluation: distance and place

    def on_paper(place: np.ndarray) -> float:
        value = score(rig.operate(settings_at(place), duty)).total
        ideal.append((value, tuple(place)))
        return value

    def robust(place: np.ndarray) -> _Rounded:
        drift = duty.bench["pump_accuracy"]
        settings = settings_at(place)
        rigs = [rig.write(settings, duty, factor) for factor in (1.0, 1.0 - drift, 1.0 + drift)]
        scores = [score(w.operation) for w in rigs]
        # what the bench cannot pump is no design, however close it would come
        fits = not rigs[0].recipe.remarks
        value = float(np.mean([s.total for s in scores])) + (0.0 if fits else 100.0)
        sound = fits and not any(set(s.missing) - set(scores[0].missing) for s in scores)
        return _Rounded(value, tuple(place), tuple(f"{v:.9g}" for v in rigs[0].settings.values()), sound)

    rng = np.random.default_rng(seed)
    generation = 0

    def after(*_args: object, **_kwargs: object) -> None:
        nonlocal generation
        generation += 1
        told(0.85 * min(1.0, generation / _GENERATIONS))

    clock = time.perf_counter()
    # threads: the compiled loops hold no lock; a generation is judged as a whole, so their number changes no digit
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = differential_evolution(
            on_paper,
            [(0.0, 1.0)] * len(variables),
            init=_first_population(rig, duty, rng, known),
            maxiter=_GENERATIONS,
            tol=1e-3,
            rng=np.random.default_rng(seed),
            polish=False,
            updating="deferred",
            workers=pool.map,
            callback=after,
        )
        kept = _spread([place for _, place in sorted(ideal)], _KEPT, 2.0 * _APART)
        known_places = [tuple(v.place(one[v.name]) for v in variables) for one in known]
        rounded = list(pool.map(robust, [np.array(place) for place in (*kept, *known_places)]))
        of_known = rounded[len(kept) :]
        best = min(rounded)
        rounds = _STEPS // _TOGETHER
        for n in range(rounds):
            width = 0.08 * 0.05 ** (n / rounds)
            steps = width * rng.standard_normal((_TOGETHER, len(variables)))
            rounded += pool.map(robust, np.clip(np.array(best.place) + steps, 0.0, 1.0))
            best = min(rounded)
            told(0.85 + 0.15 * (n + 1) / rounds)
    evaluations = int(found.nfev) + 3 * len(rounded)
    seconds = (time.perf_counter() - clock) / evaluations
    best_ones = _apart_as_written(sorted(rounded))
    handed_over = best_ones + [one for one in of_known if one not in best_ones]
    candidates = tuple(Candidate(settings_at(np.array(one.place)), duty, one.value, one.sound) for one in handed_over)
    return Found(candidates, float(found.fun), evaluations, seconds, duty)


class _Rounded(NamedTuple):
    """A place in the cube, judged on its set-points: the smallest is the best."""

    value: float
    place: tuple[float, ...]
    written: tuple[str, ...]
    sound: bool


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


def _apart_as_written(ordered: Sequence[_Rounded]) -> list[_Rounded]:
    """The best ones whose set-points differ, first those that stand apart, then any."""
    kept: list[_Rounded] = []
    for apart in (_APART, 0.0):
        for one in ordered:
            new = all(one.written != k.written and _far(one.place, k.place) >= apart for k in kept)
            if new and len(kept) < _HANDED_OVER:
                kept.append(one)
    return sorted(kept)


def _first_population(rig: Rig, duty: Duty, rng: np.random.Generator, known: Sequence[Settings]) -> np.ndarray:
    """Latin hypercube (every slice of every variable is tried once), the rig's own guesses and known settings in it."""
    variables = rig.variables(duty)
    number = _POPULATION * len(variables)
    start = np.argsort(rng.random((len(variables), number)), axis=1).T + rng.random((number, len(variables)))
    start /= number
    for row, guess in enumerate([*rig.guesses(duty), *known][:number]):
        start[row] = [v.place(guess[v.name]) for v in variables]
    return start
