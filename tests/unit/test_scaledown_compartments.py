"""Three stirred vessels: exact relations of stays, shares, passages and balances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

from rushton.scaledown.compartments import Compartments, three_vessels, wanderings
from rushton.scaledown.kernels import wander
from rushton.scaledown.loops import Vessel, str_str
from rushton.scaledown.zones import Culture, Loop, deplete

CULTURE = Culture(biomass=20.0, uptake_max=4.4e-4, half_saturation=7.8e-3)
RIG = Compartments(0.24e-3, 1.4e-3, 1.36e-3, 30e-6, 25e-6)
FEED = 0.3 * CULTURE.capacity * RIG.volume


def at_work(rig=RIG, to_excess=0.9, lag=0.0, feed=FEED):
    return three_vessels(rig, CULTURE, feed, to_excess, (lag, lag, lag), {})


def test_stays_and_the_chance_of_excess():
    assert RIG.stays == pytest.approx((8.0, 1400.0 / 55.0, 54.4))
    assert RIG.chance_of_excess == pytest.approx(30.0 / 55.0)
    assert RIG.volume == pytest.approx(3e-3)


def test_ideal_vessels_solve_the_three_balances():
    """Written out again with C/K_s of every vessel as unknown and solved by Powell's method."""
    k, t_k = CULTURE.half_saturation, CULTURE.uptake_time
    volumes = np.array(RIG.volumes)
    flows = np.array([[-30.0, 30.0, 0.0], [30.0, -55.0, 25.0], [0.0, 25.0, -25.0]]) * 1e-6
    fed = FEED / k * np.array([0.9, 0.1, 0.0])

    def balance(x):
        return (flows @ x + fed - volumes * x / (1.0 + x) / t_k) / (FEED / k)

    found = at_work()
    solved = fsolve(balance, found.means, xtol=1e-12)
    assert found.means == pytest.approx(solved, rel=1e-6)
    assert found.uptakes == pytest.approx(solved / (1.0 + solved), rel=1e-6)


@pytest.mark.parametrize("lag", [0.0, 0.4, 1.5])
@pytest.mark.parametrize("to_excess", [0.0, 0.6, 1.0])
def test_the_population_eats_what_is_fed(lag, to_excess):
    found = at_work(to_excess=to_excess, lag=lag)
    assert found.mean_uptake == pytest.approx(0.3, rel=1e-8)
    if to_excess > 0.5:
        assert found.means[0] > found.means[1] > found.means[2] >= 0.0


@pytest.mark.parametrize("lag", [0.0, 0.5])
def test_what_one_cell_meets_averages_to_the_population(lag):
    found = at_work(lag=lag)
    s, step = found.signal(0.05, 40_000.0, 1)
    assert step == 0.05
    assert s.mean() == pytest.approx(0.3, rel=0.02)


def test_without_the_poor_vessel_it_is_two_vessels():
    """A last vessel so small that it holds nothing: STR-STR with the middle vessel first."""
    rig = Compartments(0.3e-3, 2.7e-3, 3e-12, 30e-6, 1e-9)
    two = str_str(Loop(0.3e-3, 2.7e-3, 30e-6), CULTURE, FEED, 0.8, (0.0, 0.0), {})
    found = at_work(rig, to_excess=0.8)
    assert found.means[:2] == pytest.approx((two.second_mean, two.first_mean), rel=1e-4)


@pytest.mark.parametrize("entry", [0.0, 1e-6, 0.3, 40.0])
@pytest.mark.parametrize("supply", [0.0, 0.5, 20.0])
@pytest.mark.parametrize("lag", [0.0, 0.4])
def test_the_mean_of_a_vessel_is_the_root_of_its_balance(entry, supply, lag):
    vessel = Vessel(8.0, supply, lag, CULTURE)

    def balance(x):
        return (x - entry) / 8.0 - supply + vessel.uptake(entry, x) / CULTURE.uptake_time

    most = entry + 8.0 * supply
    expected = brentq(balance, 0.0, most, xtol=1e-14, rtol=1e-14) if most > 0.0 and balance(0.0) < 0.0 else 0.0
    found = vessel.mean(entry)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    ages = vessel.ages.copy()
    vessel.uptake(entry, found)
    assert ages == pytest.approx(vessel.ages, rel=1e-9, abs=1e-12)
    assert vessel.mean(entry) == pytest.approx(found, rel=1e-11, abs=1e-14)  # begun at the last one


def test_fast_blending_is_the_ideal_vessel():
    ideal, fast = at_work(lag=0.0), at_work(lag=1e-3)
    assert fast.means == pytest.approx(ideal.means, rel=0.02)


def test_wanderings_have_exact_means_and_shares():
    stays, tables = wanderings(RIG, 400, 1)
    for rows, mean in (((1, 2), RIG.stays[1]), ((0,), RIG.stays[0]), ((3,), RIG.stays[2])):
        mine = stays[np.isin(tables, rows)]
        assert mine.mean() == pytest.approx(mean)
        assert mine.std() / mine.mean() == pytest.approx(1.0, abs=0.06)  # exponential
    p = RIG.chance_of_excess
    assert np.mean(tables[1::2] == 0) == pytest.approx(p, abs=0.5 / 400)
    time = np.array([stays[np.isin(tables, rows)].sum() for rows in ((0,), (1, 2), (3,))])
    assert time / time.sum() == pytest.approx(np.array(RIG.volumes) / RIG.volume, rel=2e-3)
    # what a stay in the middle begins and ends with is independent: p^2 from excess to excess
    ends, begins = tables[1::2] == 0, np.roll(tables[1::2] == 0, 1)
    assert np.mean(ends & begins) == pytest.approx(p**2, abs=0.06)
    assert np.array_equal(tables[0::2] == 1, begins)


def test_no_cell_gets_from_excess_to_starvation_but_through_the_middle():
    _, tables = wanderings(RIG, 50, 3)
    assert np.all(np.isin(tables[0::2], (1, 2))) and np.all(np.isin(tables[1::2], (0, 3)))


def test_the_compiled_walk_is_the_table_of_its_visits():
    stays, tables = np.array([0.35, 1.0, 0.6]), np.array([1, 0, 2])
    table = np.array([[0.9, 0.8, 0.8], [0.1, 0.3, 0.5], [0.0, 0.2, 0.2]])
    out = np.empty(60)
    wander(out, 0.1, stays, tables, table, 0.25)
    expected, edges = [], np.concatenate([[0.0], np.cumsum(np.tile(stays, 4))])
    for n in range(60):
        t = 0.1 * n + 1e-9
        visit = int(np.searchsorted(edges, t, side="right")) - 1
        expected.append(np.interp(t - edges[visit], 0.25 * np.arange(3), table[tables[visit % 3]]))
    assert out == pytest.approx(np.array(expected), abs=1e-6)


def test_the_poor_vessel_falls_by_its_own_uptake():
    """x_S - x_L = -tau_S s(x_S)/t_K: the root of a quadratic."""
    found = at_work()
    ratio = RIG.stays[2] / CULTURE.uptake_time
    root = brentq(lambda x: x - found.means[1] + ratio * x / (1.0 + x), 0.0, found.means[1])
    assert found.means[2] == pytest.approx(root, rel=1e-6)


# --- lines that hold broth -----------------------------------------------------------------------------------------

WITH_LINES = Compartments(0.24e-3, 1.3e-3, 1.34e-3, 30e-6, 25e-6, 30e-6)
RIG_WITHOUT = Compartments(0.24e-3, 1.3e-3, 1.34e-3, 30e-6, 25e-6)


def depleted(x, time):
    return deplete(x * CULTURE.half_saturation, time, CULTURE) / CULTURE.half_saturation


def test_ideal_vessels_and_their_lines_solve_the_three_balances():
    """What leaves a vessel goes on eating in its line: Lambert's W for the lines, Powell's method for the vessels."""
    k, t_k, rig = CULTURE.half_saturation, CULTURE.uptake_time, WITH_LINES
    volumes, feed = np.array(rig.volumes), 0.3 * CULTURE.capacity * rig.volume
    fed = feed / k * np.array([0.9, 0.1, 0.0])

    def balance(x):
        to_e, from_e = depleted(x[1], 1.0), depleted(x[0], 1.0)
        to_s, from_s = depleted(x[1], 1.2), depleted(x[2], 1.2)
        flows = 1e-6 * np.array([30 * (to_e - x[0]), 30 * from_e + 25 * from_s - 55 * x[1], 25 * (to_s - x[2])])
        return (flows + fed - volumes * x / (1.0 + x) / t_k) / (feed / k)

    found = at_work(rig, feed=feed)
    assert rig.line_times == pytest.approx((1.0, 1.2)) and rig.volume == pytest.approx(3e-3)
    assert found.means == pytest.approx(fsolve(balance, found.means, xtol=1e-12), rel=1e-6)
    at = np.array([found.means[1], found.means[0], found.means[1], found.means[2]])
    left = np.array([float(depleted(x, t)) for x, t in zip(at, (1.0, 1.0, 1.2, 1.2), strict=True)])
    assert found.line_uptakes == pytest.approx((at - left) * t_k / np.array([1.0, 1.0, 1.2, 1.2]), rel=1e-6)


@pytest.mark.parametrize("lag", [0.0, 0.5])
def test_cells_in_lines_eat_too(lag):
    found = at_work(WITH_LINES, lag=lag)
    assert found.mean_uptake == pytest.approx(0.3, rel=1e-8)
    assert np.dot(WITH_LINES.volumes, found.breathed) == pytest.approx(0.3 * WITH_LINES.volume, rel=1e-8)
    s, _ = found.signal(0.05, 40_000.0, 1)
    assert s.mean() == pytest.approx(0.3, rel=0.02)


def test_every_way_leads_through_a_line():
    stays, tables = wanderings(WITH_LINES, 400, 1)
    assert np.array_equal(stays[0::2], wanderings(RIG_WITHOUT, 400, 1)[0])
    there, back = tables[1::4], tables[3::4]
    assert np.array_equal(there == 4, tables[2::4] == 0) and np.array_equal(there == 6, tables[2::4] == 3)
    assert np.array_equal(back, there + 1)
    assert np.array_equal(stays[1::4], np.where(there == 4, 1.0, 1.2)) and np.array_equal(stays[3::4], stays[1::4])
    time = np.array([stays[np.isin(tables, rows)].sum() for rows in ((0,), (1, 2), (3,), (4, 5, 6, 7))])
    held = np.array([*WITH_LINES.volumes, 4 * WITH_LINES.line_volume])
    assert time / time.sum() == pytest.approx(held / WITH_LINES.volume, rel=3e-3)


def test_a_pair_of_ideal_vessels_and_its_lines():
    k, t_k = CULTURE.half_saturation, CULTURE.uptake_time
    loop = Loop(0.3e-3, 2.64e-3, 30e-6, 30e-6)
    feed = 0.3 * CULTURE.capacity * loop.volume
    volumes = np.array([loop.vessel_volume, loop.tube_volume])

    def balance(x):
        brought = np.array([float(depleted(x[1], 1.0)), float(depleted(x[0], 1.0))])
        fed = feed / k * np.array([0.2, 0.8])
        return (loop.flow * (brought - x) + fed - volumes * x / (1.0 + x) / t_k) / (feed / k)

    found = str_str(loop, CULTURE, feed, 0.8, (0.0, 0.0), {})
    means = found.first_mean, found.second_mean
    assert means == pytest.approx(fsolve(balance, means, xtol=1e-12), rel=1e-6)
    assert found.mean_uptake == pytest.approx(0.3, rel=1e-8)
    assert np.dot(volumes, found.breathed) == pytest.approx(0.3 * loop.volume, rel=1e-8)
    # two levels, and between them falling concentrations for one second each way
    s, step = found.signal(0.05, 40_000.0, 1)
    assert s.mean() == pytest.approx(0.3, rel=0.02)
    high, low = (x / (1.0 + x) for x in (found.second_mean, found.first_mean))
    assert np.mean(np.isclose(s, high)) == pytest.approx(loop.tube_volume / loop.volume, rel=0.05)
    assert np.mean(np.isclose(s, low)) == pytest.approx(loop.vessel_volume / loop.volume, rel=0.05)
    assert loop.frequency * loop.line_time * 2 == pytest.approx(2 * loop.line_volume / loop.volume)


def test_lines_that_hold_next_to_nothing_change_nothing():
    thin = Compartments(*RIG.volumes, RIG.excess_flow, RIG.starvation_flow, 1e-12)
    assert at_work(thin).means == pytest.approx(at_work().means, rel=1e-5)
    loops = [Loop(0.3e-3, 2.7e-3, 30e-6, line) for line in (0.0, 1e-12)]
    none, thin = (str_str(loop, CULTURE, FEED, 0.8, (0.3, 0.2), {}) for loop in loops)
    assert thin.first_mean == pytest.approx(none.first_mean, rel=1e-5)
