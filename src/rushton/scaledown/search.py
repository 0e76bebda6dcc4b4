"""Sizing a rig: seeded differential evolution of the distance over the rig's settings, within the bench's limits.

The search runs in the unit cube (logarithms where a variable spans decades). Every evaluation follows one cell through the rig with memoryless
uptake, by the same sequence of stays (common random numbers), so the distance is a deterministic function of the settings and one seed gives
the same digits. Method: Storn and Price (1997) J. Glob. Optim. 11:341, as in scipy, best1bin.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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
_POPULATION = 10  # per variable
_GENERATIONS = 30


@dataclass(frozen=True)
class Found:
    """Outcome of a search: settings, their distance, evaluations and seconds per evaluation."""

    settings: Settings
    distance: Distance
    evaluations: int
    seconds: float


def experience(
    operation: Operation, regimes: Regimes, step: float, samples: int, seed: int
) -> tuple[SignalStatistics, np.ndarray, float]:
    """Statistics of one cell's signal in a rig, the signal and its interval.

    The signal covers at least 24 cycles, so that every quantile of random stays is met.
    """
    smoothing = max(regimes.smoothing, 1e-3)
    step = min(step, smoothing / 3.0)
    duration = max(samples * step * 0.2, min(samples * step, 200.0 * operation.cycle()), 24.0 * operation.cycle())
    s, used = operation.signal(step, duration, seed)
    return signal_statistics(s, used, regimes), s, used


def search(
    rig: Rig,
    duty: Duty,
    target: Target,
    regimes: Regimes,
    seed: int,
    told: Callable[[float], None] = lambda share: None,
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
    """
    from scipy.optimize import differential_evolution

    variables = rig.variables(duty)

    def settings_at(place: np.ndarray) -> Settings:
        return {v.name: v.value(float(p)) for v, p in zip(variables, place, strict=True)}

    def score(place: np.ndarray) -> Distance:
        operation = rig.operate(settings_at(place), duty)
        return distance(target, experience(operation, regimes, SEARCH_STEP, _SEARCH_SAMPLES, seed)[0])

    number = _POPULATION * len(variables)
    rng = np.random.default_rng(seed)
    # Latin hypercube: every slice of every variable is tried once
    start = (np.argsort(rng.random((len(variables), number)), axis=1).T + rng.random((number, len(variables)))) / number
    for row, guess in enumerate(rig.guesses(duty)):
        start[row] = [v.place(guess[v.name]) for v in variables]
    generation = 0

    def after(*_args: object, **_kwargs: object) -> None:
        nonlocal generation
        generation += 1
        told(min(1.0, generation / _GENERATIONS))

    clock = time.perf_counter()
    found = differential_evolution(
        lambda place: score(place).total, [(0.0, 1.0)] * len(variables), init=start, maxiter=_GENERATIONS, tol=1e-3,
        rng=np.random.default_rng(seed), polish=False, updating="immediate", callback=after,
    )  # fmt: skip
    seconds = time.perf_counter() - clock
    return Found(settings_at(found.x), score(found.x), int(found.nfev), seconds / max(1, int(found.nfev)))


def final_experience(operation: Operation, regimes: Regimes, step: float, seed: int) -> tuple[SignalStatistics, np.ndarray, float]:
    """As ``experience``, at the lifelines' own step and ten times as long: what is reported."""
    return experience(operation, regimes, step, _FINAL_SAMPLES, seed)
