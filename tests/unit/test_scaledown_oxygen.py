"""Rigs that switch oxygen: transfer, its settling, the probe, dissolved oxygen, the tank's oxygen as a target."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from rushton.case.load import case_from_dict
from rushton.errors import CaseError, SolverError
from rushton.scaledown.bench import Bench
from rushton.scaledown.kernels_oxygen import breathing_period, breathing_reference
from rushton.scaledown.oxygen import kla_given
from rushton.scaledown.rig import Duty, OxygenDuty
from rushton.scaledown.switching import saturation_of, switched_vessel
from rushton.scaledown.switching_rigs import GasSwitching, IrregularGas, IrregularSwitching, StirrerSwitching
from rushton.scaledown.transfer import Transfer, probe_reading, settled

K_O, SATURATION = 5e-3, 0.25  # mol/m3


@pytest.fixture(scope="module")
def data(cases_folder):
    return tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text("utf-8"))


def bench_with(data, **scaledown):
    return Bench.from_case(case_from_dict({**data, "scaledown": {"working_volume": "2 L", **scaledown}}))


@pytest.fixture(scope="module")
def bench(data):
    return bench_with(data)


@pytest.fixture(scope="module")
def duty(bench):
    stays = np.linspace(0.5, 12.0, 99)
    return Duty(
        bench=bench, uptake_max=4e-4, half_saturation=8e-3, mean_uptake=0.3, tank_biomass=20.0, record=120.0,
        growth=3e-5, molar_mass=0.180,
        oxygen=OxygenDuty(
            half_saturation=K_O, uptake=7e-4, mean=0.05, critical=0.01, mean_signal=0.8, peaks=stays,
            valleys=0.5 * stays,
        ),
    )  # fmt: skip


# --- transfer ------------------------------------------------------------------------------------------------------


def test_the_power_law_finds_the_third_published_kla(data):
    """Puiman et al. 2023: 1.13 1/h at 20 rpm, 153 1/h at 910-950 rpm, and 6.17 1/h at 75 rpm, which is not used."""
    vessel = Transfer.of(bench_with(data, equipment={"vessel": "puiman-3L"}))
    assert vessel.kla(20 / 60) * 3600 == pytest.approx(1.13)
    assert vessel.kla(950 / 60) * 3600 == pytest.approx(153.0)
    assert vessel.kla(75 / 60) * 3600 == pytest.approx(6.17, rel=0.03)
    assert vessel.speed(vessel.kla(7.0)) == pytest.approx(7.0)


def test_without_measured_ends_kla_is_van_t_riets_down_to_the_surface(bench):
    vessel = Transfer.of(bench)
    assert vessel.high == pytest.approx(kla_given(bench)[0])
    assert vessel.slowest * 60 == pytest.approx(100.0)
    slow = dict(bench.limits) | {"stirrer_speed": replace(bench.limits["stirrer_speed"], value=100 / 60)}
    assert vessel.low == pytest.approx(kla_given(replace(bench, limits=slow))[0])
    idle = dict(bench.limits) | {"slowest_speed": replace(bench.limits["slowest_speed"], value=0.1 / 60)}
    assert Transfer.of(replace(bench, limits=idle)).low * 3600 == pytest.approx(1.13)


def test_contradictory_transfer_is_refused(data):
    with pytest.raises(CaseError, match="smallest kla is not below"):
        bench_with(data, limits={"kla_min": "200 1/h", "kla_max": "100 1/h"})
    with pytest.raises(CaseError, match="slowest speed"):
        bench_with(data, limits={"slowest_speed": "800 rpm"})


def test_settling_is_exact(bench):
    """k(t) = k_set + (k_0 - k_set) e^(-t/tau), for ever repeated."""
    table, period, tau = np.array([[0.0, 0.08], [6.0, 0.01]]), 10.0, 3.0
    n = 320
    k = settled(table, period, n, tau)
    # start of the fast phase: end of the slow one, by the two maps a -> b -> a
    up, down = math.exp(-6.0 / tau), math.exp(-4.0 / tau)
    start = (0.01 * (1 - down) + 0.08 * (1 - up) * down) / (1 - up * down)
    t = (np.arange(n) + 0.5) * period / n
    top = 0.08 + (start - 0.08) * up
    exact = np.where(t < 6.0, 0.08 + (start - 0.08) * np.exp(-t / tau), 0.01 + (top - 0.01) * np.exp(-(t - 6.0) / tau))
    assert np.allclose(k, exact, rtol=1e-4)
    assert np.array_equal(settled(table, period, n, 0.0), np.where(t < 6.0, 0.08, 0.01))


def test_the_probe_answers_a_step_as_first_order(bench):
    """Of a sine it shows 1/sqrt(1 + (w tau)^2), later by atan(w tau)/w; of a mean, the mean."""
    tau, period, n = 35.0, 60.0, 4000
    t, w = np.arange(n) * period / n, 2 * math.pi / period
    shown = probe_reading(1.0 + np.sin(w * t), period / n, tau)
    exact = 1.0 + np.sin(w * t - math.atan(w * tau)) / math.hypot(1.0, w * tau)
    assert np.allclose(shown, exact, atol=1e-3)
    long = probe_reading(np.repeat([0.0, 1.0], 40_000), 0.01, tau)  # 400 s each: a step from rest
    assert long[40_000 + 3500] == pytest.approx(1 - math.exp(-1.0), abs=1e-3)


# --- dissolved oxygen ----------------------------------------------------------------------------------------------


def test_the_kernel_is_the_readable_loop():
    rng = np.random.default_rng(1)
    rate, top, y = rng.uniform(0.0, 0.1, 500), rng.uniform(0.0, 50.0, 500), np.empty(500)
    end = breathing_period(rate, top, 0.03, 0.4, 3.0, y)
    middles, last = breathing_reference(rate, top, 0.03, 0.4, 3.0)
    assert np.allclose(y, middles, rtol=1e-6)
    assert end == pytest.approx(last, rel=1e-6)


def test_the_scheme_is_of_second_order_against_an_integrator():
    """dy/dt = k(t) (y* - y) - y/((1 + y) t_O) with k = 0.05 (1 + cos t)."""
    t_o, top, end = 0.36, 50.0, 8.0

    def slope(t, y):
        return 0.05 * (1 + np.cos(t)) * (top - y) - y / (1 + y) / t_o

    exact = solve_ivp(slope, (0.0, end), [4.0], rtol=1e-11, atol=1e-12).y[0, -1]
    errors = []
    for n in (100, 200, 400):
        edges = np.linspace(0.0, end, n + 1)
        rate = 0.05 * (1.0 + np.diff(np.sin(edges)) / np.diff(edges))
        errors.append(abs(breathing_period(rate, np.full(n, top), end / n, t_o, 4.0, np.empty(n)) - exact))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.15)


def test_oxygen_under_a_step_of_transfer_at_constant_demand():
    """D(t) = e^-K(t) [D_0 + r int e^K du], K(t) = k_2 t + (k_1 - k_2) tau (1 - e^(-t/tau)), far above K_O."""
    tau, k1, k2, r, k_o = 3.0, 0.09, 0.03, 0.002, 1e-7
    fast, slow = 400.0, 60.0  # the fast phase ends steady: D_1 = r/k_1
    table = np.array([[0.0, k1, SATURATION], [fast, k2, SATURATION]])
    ratio, _, _, h = switched_vessel(table, fast + slow, tau, r, k_o)
    oxygen = k_o * ratio

    def exponent(t):
        return k2 * t + (k1 - k2) * tau * (1 - math.exp(-t / tau))

    assert oxygen[round(fast / h) - 1] == pytest.approx(SATURATION - r / k1, rel=1e-5)
    for t in (1.0, 5.0, 20.0, 55.0):
        integral = quad(lambda u: math.exp(exponent(u)), 0.0, t, epsabs=1e-12)[0]
        exact = SATURATION - math.exp(-exponent(t)) * (r / k1 + r * integral)
        at = fast + t
        middles = (np.arange(ratio.size) + 0.5) * h
        assert np.interp(at, middles, oxygen) == pytest.approx(exact, rel=2e-4)


def test_oxygen_lasts_its_content_over_its_demand():
    """Without transfer, far above K_O: C = C_0 - q_O X t."""
    k_o, r = 1e-6, 0.005
    y = np.empty(1000)
    breathing_period(np.zeros(1000), np.zeros(1000), 0.03, k_o / r, SATURATION / k_o, y)
    t = (np.arange(1000) + 0.5) * 0.03
    assert np.allclose(k_o * y[t < 49.0], SATURATION - r * t[t < 49.0], rtol=1e-3)


def test_what_is_transferred_is_breathed(duty):
    """Over a period: mean k (C* - C) = q_O X mean s_O."""
    operation = StirrerSwitching().operate(
        {"biomass": 20.0, "oxygen_fraction": 0.21, "fast_kla": 0.07, "slow_kla": 0.004, "rich_time": 7.0,
         "poor_time": 9.0}, duty,
    )  # fmt: skip
    s = operation.ratio / (1.0 + operation.ratio)
    assert 0.02 < s.min() < 0.5 < s.max()
    assert operation.transferred() == pytest.approx(duty.oxygen.uptake * 20.0 * s.mean(), rel=1e-3)
    long, step = operation.signal(0.06, 100.0, 1)
    assert long.mean() == pytest.approx(s.mean())
    assert long.size * step == pytest.approx(operation.period * round(long.size * step / operation.period))


# --- rigs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rig", [StirrerSwitching(), IrregularSwitching(), GasSwitching(), IrregularGas()])
def test_a_written_rig_can_be_set(rig, duty):
    own = rig.duty(duty)
    names = {v.name for v in rig.variables(own)}
    for guess in rig.guesses(own):
        assert set(guess) == names
        written = rig.write(guess, own)
        s, table = written.settings, written.operation.table
        speeds = [value * 60 for name, value in s.items() if name.endswith("speed")]
        assert np.allclose(np.array(speeds) / 5.0, np.round(np.array(speeds) / 5.0))
        assert max(speeds) <= 60 * own.bench["stirrer_speed"] + 1e-9
        assert np.ptp(table[:, 1] if len(speeds) == 2 else table[:, 2]) > 0.0
        assert np.allclose(table[:, 0], np.round(table[:, 0]))
        assert np.all(np.diff(table[:, 0]) >= own.bench["phase_min"])
        if len(table) == 2:  # what is said to be set is what the table has
            assert (s["rich_time"], s["poor_time"]) == (table[1, 0], written.operation.period - table[1, 0])
        assert written.recipe.feed == pytest.approx(own.feed(s["biomass"]), rel=2e-3)
        assert not written.recipe.remarks
        # more demand, less oxygen; the same again from its own settings
        hungrier = rig.write(guess, own, 1.1).operation
        assert hungrier.ratio.mean() < written.operation.ratio.mean()
        again = rig.write({name: s[name] for name in names}, own)
        assert np.allclose(again.operation.ratio, written.operation.ratio)


@pytest.mark.parametrize("rig", [IrregularSwitching(), IrregularGas()])
def test_irregular_phases_are_the_tanks_own(rig, duty):
    fast, slow = rig.programme(rig.guesses(duty)[0], duty)
    assert fast.size == slow.size == 60
    assert fast.mean() == pytest.approx(np.maximum(duty.oxygen.peaks, 3.0).mean(), rel=0.02)
    assert np.quantile(fast, [0.5, 0.9]) == pytest.approx(np.quantile(duty.oxygen.peaks, [0.5, 0.9]), abs=1.0)


@pytest.mark.parametrize(("phase_min", "shortest"), [("3 s", 3.0), ("1.5 s", 2.0), ("0.2 s", 1.0)])
def test_no_phase_is_shorter_than_allowed(data, duty, phase_min, shortest):
    own = replace(duty, bench=bench_with(data, limits={"phase_min": phase_min}))
    for rig in (IrregularSwitching(), IrregularGas()):
        for phases in rig.programme(rig.guesses(own)[0], own):
            assert phases.min() == shortest
            assert np.allclose(phases, np.round(phases))
    for rig in (StirrerSwitching(), GasSwitching()):
        times = [v for v in rig.variables(own) if v.name.endswith("_time")]
        assert [v.low for v in times] == [shortest, shortest]
        brief = rig.guesses(own)[0] | {"rich_time": shortest - 0.4, "poor_time": shortest}
        assert [float(phases.min()) for phases in rig.programme(brief, own)] == [shortest, shortest]


def test_without_oxygen_along_lifelines_it_is_refused(duty):
    with pytest.raises(SolverError, match="oxygen along lifelines"):
        StirrerSwitching().duty(replace(duty, oxygen=None))


def test_enriched_gas_saturates_higher(bench):
    assert saturation_of(bench, 0.42) / saturation_of(bench, 0.21) == pytest.approx(2.0)


def test_nitrogen_strips_oxygen_at_constant_transfer():
    """No demand to speak of: C falls by e^(-k t) once the gas in the broth has been renewed, C* by e^(-t/tau)."""
    k, tau, r = 0.05, 3.0, 1e-12
    ratio, rate, top, h = switched_vessel(
        np.array([[0.0, k, SATURATION], [300.0, k, 0.0]]), 400.0, tau, r, 1e-12
    )  # fmt: skip
    t = (np.arange(ratio.size) + 0.5) * h - 300.0
    late = t > 0.0
    start = 1e-12 * ratio[~late][-1]
    exact = start * np.exp(-k * t) + k * SATURATION / (k - 1 / tau) * (np.exp(-t / tau) - np.exp(-k * t))
    assert np.allclose(rate, k)
    assert np.allclose(1e-12 * ratio[late], exact[late], atol=2e-4 * SATURATION)
    assert np.allclose(top[late], SATURATION * np.exp(-t[late] / tau), atol=1e-4 * SATURATION)
