"""Exact relations of ideal zones: loops, Monod depletion by Lambert's W, periodic and steady balances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import lambertw

from rushton.scaledown.kernels import circulate, omega, stratified_exponential, vessel_period
from rushton.scaledown.loops import plug_flow, str_pfr, str_str
from rushton.scaledown.vessel import fed_vessel
from rushton.scaledown.zones import (
    Culture,
    Loop,
    deplete,
    laminar_pressure_drop,
    time_to_deplete,
    tube_length,
    tube_reynolds,
)

PENICILLIUM = Culture(biomass=55.0, uptake_max=1600e-6 * 1e3 / 3600.0, half_saturation=7.8e-3)


def test_the_strain_in_figures():
    assert PENICILLIUM.capacity == pytest.approx(0.02444, rel=1e-3)
    assert PENICILLIUM.uptake_time == pytest.approx(0.319, rel=1e-3)
    assert PENICILLIUM.concentration(0.95) == pytest.approx(19.0 * 7.8e-3)
    assert PENICILLIUM.concentration(0.05) == pytest.approx(7.8e-3 / 19.0)


def test_eight_per_cent_in_stays_of_four_seconds_need_litres_per_minute():
    loop = Loop.from_share(0.08, 4.0, 3e-3)
    assert loop.tube_volume == pytest.approx(0.24e-3)
    assert loop.flow * 6e4 == pytest.approx(3.6)  # L/min
    assert loop.vessel_time == pytest.approx(46.0)
    assert (loop.share, loop.tube_time) == (pytest.approx(0.08), pytest.approx(4.0))
    assert loop.frequency == pytest.approx(1.0 / 50.0)
    assert loop.vessel_time == pytest.approx(loop.tube_time * (1.0 - loop.share) / loop.share)


def test_tube_length_reynolds_and_pressure_drop():
    assert tube_length(0.24e-3, 8e-3) == pytest.approx(4.0 * 0.24e-3 / (math.pi * 64e-6))
    assert tube_reynolds(6e-5, 8e-3, 1e-6) == pytest.approx(4.0 * 6e-5 / (math.pi * 8e-3 * 1e-6))
    # Hagen-Poiseuille, 128 mu Q L / (pi d^4)
    assert laminar_pressure_drop(1e-6, 4e-3, 2.0, 1e-3, 1000.0) == pytest.approx(
        128.0 * 1e-3 * 1e-6 * 2.0 / (math.pi * 4e-3**4)
    )


@pytest.mark.parametrize("start", [1e-4, 7.8e-3, 0.5, 50.0])
def test_depletion_is_lamberts_w_and_solves_the_balance(start):
    c, t = PENICILLIUM, np.linspace(0.0, 30.0, 7)
    left = deplete(start, t, c)
    x0 = start / c.half_saturation
    if x0 < 100.0:  # beyond, exp overflows: the reason for Wright's omega
        with np.errstate(over="ignore"):
            closed = lambertw(x0 * np.exp(x0 - t / c.uptake_time)).real
        assert left == pytest.approx(c.half_saturation * closed, rel=1e-10, abs=1e-30)
    ode = solve_ivp(
        lambda _t, y: -c.capacity * y / (c.half_saturation + y),
        (0.0, 30.0),
        [start],
        t_eval=t,
        method="LSODA",
        rtol=1e-11,
        atol=1e-14,
    )
    assert left == pytest.approx(ode.y[0], rel=1e-6, abs=1e-10)
    for when, now in zip(t[1:3], left[1:3], strict=True):
        if now > 1e-200:
            assert time_to_deplete(start, float(now), c) == pytest.approx(when, rel=1e-9)


def test_excess_and_limitation_after_a_pulse():
    c = PENICILLIUM
    start = 100.0 * c.half_saturation
    in_excess = time_to_deplete(start, c.concentration(0.95), c)
    in_limitation = time_to_deplete(c.concentration(0.95), c.concentration(0.05), c)
    assert in_excess == pytest.approx((81.0 + math.log(100.0 / 19.0)) * c.uptake_time)
    assert in_limitation == pytest.approx((19.0 - 1.0 / 19.0 + math.log(361.0)) * c.uptake_time)
    assert c.uptake_ratio(deplete(start, in_excess, c)) == pytest.approx(0.95)


@pytest.mark.parametrize("z", [-700.0, -31.0, -5.0, 0.0, 1.0, 1.5, 3.0, 1e3, 1e8])
def test_compiled_omega(z):
    x = omega(z)
    if z > -600.0:
        assert x + math.log(x) == pytest.approx(z, rel=1e-12, abs=1e-12)
    assert x > 0.0


def test_the_population_of_a_loop_eats_what_is_fed():
    c, loop = PENICILLIUM, Loop(0.45e-3, 2.55e-3, 4e-5)
    feed = 0.28 * c.capacity * loop.volume
    for to_tube in (0.0, 0.4, 1.0):
        for lag in (0.0, 0.4, 2.0):
            at_work = str_pfr(loop, c, feed, to_tube, lag, {})
            # the ages of the vessel are summed in steps of 0.03 s
            assert at_work.mean_uptake == pytest.approx(0.28, rel=1e-9)
            s, step = at_work.signal(0.03, 20_000.0, 1)
            assert s.mean() == pytest.approx(0.28, rel=0.02)
    two = str_str(loop, c, feed, 0.8, (0.4, 0.2), {})
    assert two.mean_uptake == pytest.approx(0.28, rel=1e-6)


def test_an_ideal_loop_is_the_closed_solution():
    c, loop = PENICILLIUM, Loop(0.6e-3, 2.4e-3, 1e-5)
    feed = 0.28 * c.capacity * loop.volume
    at_work = str_pfr(loop, c, feed, 1.0, 0.0, {})
    k, mean = c.half_saturation, at_work.first_mean
    inlet = mean + feed / (loop.flow * k)
    outlet = float(deplete(inlet * k, loop.tube_time, c)) / k
    eaten_in_vessel = c.capacity * loop.vessel_volume * mean / (1.0 + mean)
    assert loop.flow * k * (outlet - mean) == pytest.approx(eaten_in_vessel, rel=1e-6)
    assert at_work.second[[0, -1]] == pytest.approx([inlet, outlet], rel=1e-9)


def test_fast_blending_is_the_ideal_vessel():
    c, loop = PENICILLIUM, Loop(0.45e-3, 2.55e-3, 2e-5)
    feed = 0.28 * c.capacity * loop.volume
    ideal = str_pfr(loop, c, feed, 0.7, 0.0, {})
    nearly = str_pfr(loop, c, feed, 0.7, 1e-3, {})
    assert nearly.first_mean == pytest.approx(ideal.first_mean, rel=0.02)
    assert nearly.first[-1] == pytest.approx(ideal.first_mean, rel=0.02)


def test_what_a_cell_meets_in_a_slowly_blending_vessel_averages_to_its_mean():
    c, loop = PENICILLIUM, Loop(0.45e-3, 2.55e-3, 4e-5)
    at_work = str_pfr(loop, c, 0.28 * c.capacity * loop.volume, 0.6, 1.0, {})
    age = np.arange(at_work.first.size) * at_work.first_step
    tau = loop.vessel_time
    weight = np.exp(-age / tau)
    middle = 0.5 * (at_work.first[1:] + at_work.first[:-1])
    mean = float(middle @ (weight[:-1] - weight[1:])) + at_work.first[-1] * weight[-1]
    assert mean == pytest.approx(at_work.first_mean, rel=5e-3)


def test_the_tube_is_sharp_and_the_vessel_exponential():
    stays = np.column_stack([46.0 * stratified_exponential(400, 1), np.full(400, 4.0)])
    assert stays[:, 0].mean() == pytest.approx(46.0)
    assert stays[:, 0].std() / 46.0 == pytest.approx(1.0, abs=0.02)
    signal = np.empty(1_000_000)  # all 400 stays
    circulate(signal, 0.02, stays, np.zeros(1), 1.0, np.ones(1), 1.0)
    edges = np.flatnonzero(np.diff(signal))
    inside = np.diff(edges)[::2] * 0.02
    assert signal.mean() == pytest.approx(0.08, rel=0.02)
    assert inside == pytest.approx(4.0, abs=0.021)


@pytest.mark.parametrize("vessels", [1, 2, 4, 9])
def test_stirred_vessels_in_series_narrow_the_stays_by_the_root_of_their_number(vessels):
    rng = np.random.default_rng(1)
    one = stratified_exponential(4000, 1)
    whole = sum(rng.permutation(one) for _ in range(vessels))
    assert whole.mean() == pytest.approx(vessels)
    assert whole.std() / whole.mean() == pytest.approx(vessels**-0.5, rel=0.03)


def test_stays_in_both_vessels_of_a_pair_are_exponential():
    c, loop = PENICILLIUM, Loop(0.6e-3, 2.4e-3, 4e-5)
    at_work = str_str(loop, c, 0.28 * c.capacity * loop.volume, 1.0, (0.0, 0.0), {})
    s, step = at_work.signal(0.05, 40_000.0, 1)  # ideal vessels: two levels
    high = s > 0.5 * (s.min() + s.max())
    assert high.mean() == pytest.approx(loop.share, rel=0.05)
    edges = np.flatnonzero(np.diff(high))
    first = np.diff(edges)[int(high[edges[0] + 1]) :: 2] * step  # in the poor vessel
    second = np.diff(edges)[1 - int(high[edges[0] + 1]) :: 2] * step
    for stays, mean in ((first, loop.vessel_time), (second, loop.tube_time)):
        assert stays.mean() == pytest.approx(mean, rel=0.06)
        assert stays.std() / stays.mean() == pytest.approx(1.0, abs=0.06)  # the shortest are lost between two samples


def test_plug_flow_is_depletion():
    c = PENICILLIUM
    along = plug_flow(200.0, 12.0, c, 5)
    assert along * c.half_saturation == pytest.approx(
        deplete(200.0 * c.half_saturation, np.linspace(0.0, 12.0, 5), c), rel=1e-12
    )


@pytest.mark.parametrize("lag", [0.0, 0.4, 1.5])
def test_a_pulsed_vessel_is_periodic_and_eats_what_is_fed(lag):
    c = PENICILLIUM
    table = np.array([[0.0, 0.1 + 0.9 * 20.0], [1.0, 0.1]])
    at_work = fed_vessel(table, 20.0, c, 0.28 * c.capacity, lag, {})
    assert at_work.mean_uptake == pytest.approx(0.28, rel=1e-10)
    s, step = at_work.signal(0.03, 200.0, 1)
    assert s.mean() == pytest.approx(0.28, rel=2e-3)
    assert s[: at_work.concentration.size] == pytest.approx(s[-at_work.concentration.size :])


def test_between_sharp_pulses_the_vessel_follows_lamberts_w():
    c, period = PENICILLIUM, 30.0
    on = 0.03
    at_work = fed_vessel(np.array([[0.0, period / on], [on, 0.0]]), period, c, 0.28 * c.capacity, 0.0, {})
    k, h, x = c.half_saturation, at_work.step, at_work.concentration
    k_0 = 5
    later = np.arange(k_0, 800)
    assert x[later] == pytest.approx(deplete(x[k_0] * k, (later - k_0) * h, c) / k, rel=1e-8)
    # a pulse adds dC = mean feed times period
    assert x.max() * k == pytest.approx(0.28 * c.capacity * period, rel=0.01)


def test_a_lagging_vessel_against_lsoda():
    c, period, lag, on = PENICILLIUM, 15.0, 0.4, 0.9
    at_work = fed_vessel(np.array([[0.0, period / on], [on, 0.0]]), period, c, 0.28 * c.capacity, lag, {})
    f, k = 0.28 * c.capacity, c.half_saturation
    y = np.zeros(2)  # concentration, and what waits to be blended in

    def balance(_t, y, rate):
        return [y[1] / lag - c.capacity * y[0] / (k + y[0]), rate - y[1] / lag]

    for _ in range(4):
        y = solve_ivp(balance, (0.0, on), y, args=(f * period / on,), rtol=1e-9, atol=1e-12).y[:, -1]
        last = solve_ivp(balance, (on, period), y, args=(0.0,), rtol=1e-9, atol=1e-12, dense_output=True)
        y = last.y[:, -1]
    middle = (np.arange(at_work.concentration.size) + 0.5) * at_work.step
    tail = middle > 1.0
    difference = at_work.concentration[tail] * k - last.sol(middle[tail])[0]
    assert np.abs(difference).max() < 1e-3 * at_work.concentration.max() * k


def test_a_vessel_that_never_starves_finds_its_periodic_state():
    c = PENICILLIUM
    at_work = fed_vessel(np.array([[0.0, 1.5], [100.0, 0.5]]), 200.0, c, 0.6 * c.capacity, 0.4, {})
    assert at_work.mean_uptake == pytest.approx(0.6, rel=1e-9)


@pytest.mark.parametrize("lag", [0.0, 0.4, 30.0])
def test_the_end_of_a_period_is_that_of_the_whole(lag):
    c, n, first = PENICILLIUM, 400, 290
    amount = np.random.default_rng(1).uniform(0.0, 2.0, n) * (np.arange(n) % 40 < 4)
    whole, part = np.empty(n), np.full(n, -1.0)
    end = vessel_period(amount, 0.03, c.uptake_time, lag, 0.7, 0, whole)

    def beside(start: float) -> float:
        vessel_period(amount, 0.03, c.uptake_time, lag, start, first, part)
        return float(part[first] - whole[first])

    reached = float(brentq(beside, 0.0, 1e3, xtol=1e-14))
    again = vessel_period(amount, 0.03, c.uptake_time, lag, reached, first, part)
    assert again == pytest.approx(end, rel=1e-9)
    assert part[first:] == pytest.approx(whole[first:], rel=1e-9)
    assert np.all(part[:first] == -1.0)
