"""Sizing a rig: seeded differential evolution of the distance over the rig's settings, then the same on what can be
set.

1. The search runs in the unit cube (logarithms where a variable spans decades), on ideal settings. Every evaluation
   follows one cell through the rig with memoryless uptake, by the same sequence of stays (common random numbers), so
   the distance is a deterministic function of the settings and one seed gives the same digits. Method: Storn and Price
   (1997) J. Glob. Optim. 11:341, as in scipy, best1bin.
2. The best of the population and seeded steps around them are rounded to pump set-points, bores and clocks, and
judged by
   the mean distance over a feed pump that is right, and one that is off by its accuracy either way. A setting that
   loses a regime when the pump drifts is no design. What is reported afterwards is the distance with the pump right;
   the other two stand beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, eq=False)
class Found:
    """Outcome of a search.

    Attributes
    ----------
    settings : dict
        Ideal settings, SI, of the rig that was chosen on its set-points.
    searched : float
        Smallest distance of the search on ideal settings.
    evaluations : int
    seconds : float
        Per evaluation.
    duty : Duty
        With the limits it was made within.
    """

    settings: Settings
    searched: float
    evaluations: int
    seconds: float
    duty: Duty


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

    def robust(place: np.ndarray) -> float:
        drift = duty.bench["pump_accuracy"]
        settings = settings_at(place)
        rigs = [rig.write(settings, duty, factor) for factor in (1.0, 1.0 - drift, 1.0 + drift)]
        scores = [score(w.operation).total for w in rigs]
        # what the bench cannot pump is no design, however close it would come
        return float(np.mean(scores)) + (100.0 if rigs[0].recipe.remarks else 0.0)

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
            lambda place: score(rig.operate(settings_at(place), duty)).total,
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
        kept = found.population[np.argsort(found.population_energies, kind="stable")[:_KEPT]]
        if known:
            kept = np.vstack([kept, [[v.place(one[v.name]) for v in variables] for one in known]])
        scores = list(pool.map(robust, kept))
        best = int(np.argmin(scores))
        place, least = kept[best], scores[best]
        rounds = _STEPS // _TOGETHER
        for n in range(rounds):
            width = 0.08 * 0.05 ** (n / rounds)
            trials = np.clip(place + width * rng.standard_normal((_TOGETHER, place.size)), 0.0, 1.0)
            scores = list(pool.map(robust, trials))
            best = int(np.argmin(scores))
            if scores[best] < least:
                place, least = trials[best], scores[best]
            told(0.85 + 0.15 * (n + 1) / rounds)
    evaluations = int(found.nfev) + 3 * (len(kept) + rounds * _TOGETHER)
    seconds = (time.perf_counter() - clock) / evaluations
    return Found(settings_at(place), float(found.fun), evaluations, seconds, duty)


def drift_distances(
    rig: Rig, settings: Settings, duty: Duty, target: Target, regimes: Regimes, seed: int
) -> tuple[float, float]:
    """Distance of the written rig when the feed pump gives too little and too much by its accuracy."""
    drift = duty.bench["pump_accuracy"]
    operations = [rig.write(settings, duty, f).operation for f in (1.0 - drift, 1.0 + drift)]
    low, high = (
        distance(target, experience(o, regimes, SEARCH_STEP, _SEARCH_SAMPLES, seed)[0]).total for o in operations
    )
    return low, high


def _first_population(rig: Rig, duty: Duty, rng: np.random.Generator, known: Sequence[Settings]) -> np.ndarray:
    """Latin hypercube (every slice of every variable is tried once), the rig's own guesses and known settings in it."""
    variables = rig.variables(duty)
    number = _POPULATION * len(variables)
    start = np.argsort(rng.random((len(variables), number)), axis=1).T + rng.random((number, len(variables)))
    start /= number
    for row, guess in enumerate([*rig.guesses(duty), *known][:number]):
        start[row] = [v.place(guess[v.name]) for v in variables]
    return start
