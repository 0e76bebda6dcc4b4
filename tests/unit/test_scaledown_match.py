"""The distance between what cells experience in a rig and in the tank."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.case.schema import Regimes
from rushton.lifelines import signal_statistics
from rushton.scaledown.match import PARTS, Target, distance, jensen_shannon

REGIMES = Regimes()
DT = 0.03


def square(excess: float, limitation: float, starvation: float, cycles: int = 60) -> np.ndarray:
    """E, L, S, L in turn, s each; borders are crossed at once."""
    levels = ((1.0, excess), (0.5, limitation), (0.0, starvation), (0.5, limitation))
    return np.tile(np.concatenate([np.full(round(t / DT), level) for level, t in levels]), cycles)


def statistics(signal: np.ndarray):
    return signal_statistics(signal, DT, REGIMES)


def test_the_same_is_at_distance_zero():
    tank = statistics(square(3.0, 5.0, 9.0))
    found = distance(Target.of(tank, 0.36, 600.0), tank)
    assert found.total == 0.0
    assert found.missing == ()


def test_the_mean_of_five_parts_with_equal_weights():
    found = distance(Target.of(statistics(square(3.0, 5.0, 9.0)), 0.36, 600.0), statistics(square(6.0, 5.0, 9.0)))
    assert tuple(found.as_dict()) == PARTS
    assert found.total == pytest.approx(sum(found.parts) / 5.0)


def test_stays_twice_as_long_are_log10_of_two_away():
    rng = np.random.default_rng(3)
    stays = np.exp(rng.normal(1.5, 0.6, 300))
    tank, rig = (statistics(np.concatenate([square(f * t, 4.0, 5.0, 1) for t in stays])) for f in (1.0, 2.0))
    target = Target.of(tank, 0.36, 600.0)
    part = distance(target, rig).as_dict()["excess_stays"]
    assert part * target.spread[0] == pytest.approx(np.log10(2.0), abs=0.02)
    assert target.spread[0] == pytest.approx(np.log10(stays).std(), rel=0.1)  # smoothing shortens the short ones


def test_the_signal_part_is_wasserstein_one():
    half, other = statistics(np.full(4000, 0.5005)), statistics(np.full(4000, 0.7005))
    assert distance(Target.of(half, 0.36, 600.0), other).parts[0] == pytest.approx(0.2, abs=1e-9)


def test_a_regime_left_out_costs_more_than_any_stay_the_records_could_show():
    tank = statistics(square(3.0, 5.0, 9.0))
    target = Target.of(tank, 0.36, 600.0)
    without = square(3.0, 5.0, 9.0)
    without[without == 0.0] = 0.5
    found = distance(target, statistics(without))
    assert found.missing == ("S",)
    assert np.isfinite(found.total)
    for stay in (0.5, 1.0, 30.0, 400.0):
        shown = distance(target, statistics(square(3.0, 5.0, stay)))
        assert shown.missing == ()
        assert shown.parts[3] < found.parts[3]


def test_a_regime_the_tank_does_not_know():
    tank = square(3.0, 5.0, 9.0)
    tank[tank == 1.0] = 0.5
    target = Target.of(statistics(tank), 0.36, 600.0)
    assert distance(target, statistics(square(3.0, 5.0, 9.0))).as_dict()["excess_stays"] == 1.0
    assert distance(target, statistics(tank)).as_dict()["excess_stays"] == 0.0


def test_jensen_shannon():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    assert jensen_shannon(p, p) == 0.0
    assert jensen_shannon(p, q) == pytest.approx(0.5)
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p))
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    assert jensen_shannon(p, np.zeros(3)) == 1.0


def test_passages_are_normalised_over_the_whole_matrix():
    only_starving = square(0.0, 5.0, 9.0)
    found = distance(Target.of(statistics(square(3.0, 5.0, 9.0)), 0.36, 600.0), statistics(only_starving))
    # a quarter on each of four passages against a half on each of two
    assert found.parts[4] == pytest.approx(jensen_shannon(np.array([0.5, 0.5]), np.array([0.0, 1.0])), abs=0.02)


def test_a_handful_of_stays_is_no_distribution():
    tank = np.concatenate([square(0.0, 5.0, 9.0, 100), square(1.0, 5.0, 9.0, 1)])
    target = Target.of(statistics(tank), 0.36, 600.0)
    assert list(target.known) == [False, True, True]
    assert distance(target, statistics(tank)).total == 0.0


def test_equal_stays_have_a_spread_that_can_be_divided_by():
    target = Target.of(statistics(square(3.0, 5.0, 9.0)), 0.36, 600.0)
    assert np.all(target.spread == pytest.approx(0.1))
