"""Which rigs tell strains apart: exact cases of the criterion."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.study.screening.criterion import FEW, error_covariance, rank, score

RANDOM = np.random.default_rng(3)
TANK = RANDOM.uniform(0.6, 0.95, 12)
NONE = np.zeros((12, 2))


def test_readings_that_are_a_line_of_the_tank_predict_it_without_assay_error():
    readings = np.column_stack([1.3 * TANK - 0.25, RANDOM.uniform(0.5, 1.0, 12)])
    one = score((0, 1), "pair", readings, TANK, NONE, 0.0, 1)
    assert one.error < 1e-5 and one.tau == pytest.approx(1.0)
    assert one.predicted == pytest.approx(TANK, abs=1e-5)
    assert one.weights == pytest.approx([1.0 / 1.3, 0.0], abs=1e-5)
    n = len(TANK)
    assert one.unaided == pytest.approx(n / (n - 1) * TANK.std())  # the mean of the others
    assert one.apart == one.ordered == one.total == n * (n - 1) // 2


def test_error_covariance_is_that_of_runs_over_a_shared_reference():
    z, assay, runs = np.array([0.8, 0.5]), 0.01, 400_000
    noise = 1.0 + assay * RANDOM.standard_normal((4, runs))
    first, second, again = z[0] * noise[1] / noise[0], z[1] * noise[2] / noise[0], z[0] * noise[3] / noise[0]
    expected = error_covariance(z[None], assay, 1, "pair", np.zeros((1, 2)))[0]
    assert np.cov(first, second) == pytest.approx(expected, rel=0.02)
    twice = error_covariance(z[None, :1], assay, 1, "twice", np.zeros((1, 1)))[0, 0, 0]
    assert np.var(0.5 * (first + again)) == pytest.approx(twice, rel=0.02)
    once = error_covariance(z[None, :1], assay, 1, "once", np.zeros((1, 1)))[0, 0, 0]
    assert np.var(first) == pytest.approx(once, rel=0.02)
    four = error_covariance(z[None], assay, 4, "pair", np.zeros((1, 2)))[0]
    assert four == pytest.approx(expected / 4.0)


def test_a_second_rig_with_the_same_readings_is_worth_a_second_run():
    z = (0.9 * TANK + 0.02 * RANDOM.standard_normal(12))[:, None]
    both = np.hstack([z, z])
    pair = score((0, 1), "pair", both, TANK, NONE, 0.04, 1)
    twice = score((0,), "twice", both, TANK, NONE, 0.04, 1)
    once = score((0,), "once", both, TANK, NONE, 0.04, 1)
    assert pair.error == pytest.approx(twice.error) and pair.bits == pytest.approx(twice.bits)
    assert pair.predicted == pytest.approx(twice.predicted)
    assert once.error > twice.error and once.bits < twice.bits


def test_a_rig_that_spreads_strains_by_something_else_gains_nothing():
    other = RANDOM.permutation(np.linspace(0.2, 1.0, 12))  # far apart, but not as in the tank
    faint = 0.97 + 0.03 * TANK  # in the tank's order, below the assay
    strong = 1.5 * TANK - 0.5
    readings = np.column_stack([other, faint, strong])
    sets, once = rank(readings, TANK, np.zeros((12, 3)), 0.04, 1)
    assert 2 in sets[0].rigs and sets[0].gain > 3.0
    assert [one.rigs for one in once][0] == (2,)
    alone = {one.rigs: one for one in once}
    assert alone[(0,)].apart > 50 and alone[(0,)].gain < 1.1
    assert alone[(1,)].apart == 0 and alone[(1,)].gain < 1.1


def test_two_rigs_that_each_see_half_of_the_tank_beat_two_runs_of_one():
    halves = RANDOM.uniform(0.6, 1.0, (12, 2))
    tank = halves.prod(axis=1)
    sets, _ = rank(halves, tank, NONE, 0.02, 1)
    assert (sets[0].kind, sets[0].rigs) == ("pair", (0, 1))
    assert sets[0].gain > 1.5 * max(one.gain for one in sets if one.kind == "twice")
    assert sets[0].as_good and not any(one.as_good for one in sets if one.kind == "twice")


def test_pairs_apart_by_hand():
    readings = np.array([[0.8, 0.8], [0.8, 0.8], [0.5, 0.8]])
    tank = np.array([0.9, 0.85, 0.5])
    one = score((0,), "once", readings, tank, np.zeros((3, 2)), 0.04, 1)
    # 0.3 apart; standard deviation 0.04 sqrt(2) sqrt(0.8^2 + 0.5^2) = 0.0534: 5.6 of them, threshold 1.96
    assert (one.apart, one.ordered, one.total) == (2, 2, 3)
    squared = 0.3**2 / (2 * 0.04**2 * (0.8**2 + 0.5**2))
    assert one.farthest == pytest.approx(squared / 3.841459, rel=1e-6)
    wide = score((0,), "once", readings, tank, np.full((3, 2), 0.02), 0.04, 1)
    assert wide.apart == 0, "few followed cells leave the reading open"


def test_few_strains_are_ranked_by_bits():
    n = FEW - 1
    readings = np.column_stack([np.linspace(0.9, 0.95, n), np.linspace(0.3, 0.9, n)])
    sets, once = rank(readings, np.linspace(0.5, 0.9, n), np.zeros((n, 2)), 0.04, 1)
    assert [one.bits for one in sets] == sorted((one.bits for one in sets), reverse=True)
    assert once[0].rigs == (1,)


def test_equal_strains_are_not_told_apart():
    sets, _ = rank(np.full((6, 2), 0.7), np.full(6, 0.8), np.zeros((6, 2)), 0.04, 1)
    assert all(one.apart == 0 and one.farthest == 0.0 and one.bits == pytest.approx(0.0) for one in sets)
