"""Correlations: the tabulated values of each formula, and where it says it is not valid."""

from __future__ import annotations

import math

import pytest

from rushton import correlations as c


@pytest.mark.parametrize(
    ("t_over_d", "tank", "value"), [(0.0155, 0.30, 5.248), (0.010, 0.29, 5.704), (0.020, 2.70, 5.734)]
)
def test_thickness_law(t_over_d: float, tank: float, value: float) -> None:
    assert c.power_number_thickness(t_over_d, tank).value == pytest.approx(value, abs=5e-3)


def test_thickness_law_against_measurement() -> None:
    """Beshay et al. 2001: 5.41 and 5.44 at t/D = 0.0155, T = 0.3 m."""
    estimate = c.power_number_thickness(0.0155, 0.30, 5e4)
    assert estimate.valid
    assert estimate.low <= 5.41 <= estimate.high
    assert estimate.low <= 5.44 <= estimate.high


def test_thickness_law_is_not_valid_below_turbulence() -> None:
    assert not c.power_number_thickness(0.0155, 0.30, 1e3).valid


@pytest.mark.parametrize(("re", "value"), [(1e4, 5.03), (3e4, 4.94), (1e5, 4.86)])
def test_kamei_hiraoka(re: float, value: float) -> None:
    estimate = c.power_number_kamei_hiraoka(re, 0.3, 0.1, 0.02, 0.3, 6, 4, 0.03)
    assert estimate.value == pytest.approx(value, abs=0.01)


def test_kamei_hiraoka_laminar_and_limit() -> None:
    laminar = c.power_number_kamei_hiraoka(1.0, 0.3, 0.1, 0.02, 0.3, 6, 4, 0.03)
    assert laminar.value == pytest.approx(70, abs=1)
    assert laminar.valid
    assert not c.power_number_kamei_hiraoka(100.0, 0.3, 0.1, 0.02, 0.3, 6, 4, 0.03).valid
    assert c.power_number_max(6, 0.2) == pytest.approx(5.82, abs=0.01)


def test_expected_power_number_of_other_blade_counts() -> None:
    six = c.expected_power_number(0.01, 3.0, 6, 0.2, 1e6)
    eight = c.expected_power_number(0.01, 3.0, 8, 0.2, 1e6)
    assert six.valid and not eight.valid
    assert eight.value / six.value == pytest.approx((8 / 6) ** 0.7)
    assert c.flow_number(6, 0.2).value == pytest.approx(0.75)
    assert 0.82 < c.flow_number(8, 0.2).value < 0.92


@pytest.mark.parametrize(("power_number", "value"), [(5.0, 0.95), (5.4, 0.99)])
def test_discharge_flow_number(power_number: float, value: float) -> None:
    assert c.discharge_flow_number(6, 0.2, 1 / 3, power_number).value == pytest.approx(value, abs=0.005)


def test_tip_speed_power_and_dissipation() -> None:
    assert c.tip_speed(5.0, 0.1) == pytest.approx(1.571, abs=5e-4)
    power = c.power(5.0, 1000.0, 5.0, 0.1)
    assert power == pytest.approx(6.25)
    volume = math.pi / 4 * 0.3**3
    assert c.mean_dissipation(power, 1000.0, volume) == pytest.approx(0.2947, abs=1e-4)
    assert c.reynolds(98 / 60, 1.3, 1e-6) == pytest.approx(2.76e6, rel=1e-3)
    assert c.tip_speed(98 / 60, 1.3) == pytest.approx(6.67, abs=5e-3)


BLEND = [
    (5.0, 1 / 3, 5.2, 27.37),
    (5.0, 1 / 3, 5.3, 27.90),
    (5.4, 1 / 3, 5.2, 26.68),
    (5.4, 1 / 3, 5.3, 27.19),
    (5.4, 1 / 2, 5.2, 11.86),
    (1.3, 1 / 3, 5.2, 42.88),
    (1.3, 1 / 2, 5.3, 19.42),
    (0.3, 0.4, 5.2, 48.55),
]


@pytest.mark.parametrize(("power_number", "ratio", "constant", "value"), BLEND)
def test_blend_time(power_number: float, ratio: float, constant: float, value: float) -> None:
    estimate = c.blend_time(1.0, ratio, 1.0, 1.0, power_number, constant=constant)
    assert estimate.value == pytest.approx(value, abs=0.01)
    assert estimate.valid


def test_blend_time_of_the_wu_and_patterson_tank() -> None:
    estimate = c.blend_time(200 / 60, 0.093, 0.270, 0.270, 5.4, 1e-6)
    assert estimate.value == pytest.approx(7.49, abs=0.01)


def test_blend_time_says_where_it_does_not_hold() -> None:
    tall = c.blend_time(98 / 60, 1.3, 3.0, 7.7, 5.5, 1e-6, impellers=2)
    assert not tall.valid
    assert "2 impellers" in tall.note and "H/T" in tall.note


def test_blend_time_forms_meet_where_they_change() -> None:
    """The transitional form is 5.2 at Np^(1/3) Re = 6,370: (183/6370)^2 6370 = 5.26."""
    n, d, t, np_ = 1.0, 0.1, 0.3, 5.0
    nu = n * d**2 * np_ ** (1 / 3) / 6370.0
    above, below = (c.blend_time(n, d, t, t, np_, nu * f).value for f in (0.999, 1.001))
    assert below / above == pytest.approx(183**2 / 6370 / 5.2, rel=5e-3)


@pytest.mark.parametrize(("tank", "eps", "value"), [(1.0, 0.1, 18.33), (2.0, 1.0, 13.51)])
def test_blend_time_by_dissipation(tank: float, eps: float, value: float) -> None:
    assert c.blend_time_dissipation(eps, tank / 3, tank, tank).value == pytest.approx(value, abs=0.01)


def test_blend_time_to_other_degrees() -> None:
    assert c.blend_time_at(1.0, 0.90) == pytest.approx(0.769, abs=5e-4)
    assert c.blend_time_at(1.0, 0.95) == pytest.approx(1.0)
    assert c.blend_time_at(1.0, 0.99) == pytest.approx(1.537, abs=5e-4)


def test_circulation_time_of_the_54_m3_tank() -> None:
    """V/(Nq N D3) is 19.3 s at Nq = 0.785."""
    assert c.circulation_time(54.43, 0.785 * 98 / 60 * 1.3**3) == pytest.approx(19.3, abs=0.1)


@pytest.mark.parametrize(
    ("eps", "micrometres"), [(0.001, 177.8), (0.01, 100.0), (0.1, 56.2), (1.0, 31.6), (10.0, 17.8), (100.0, 10.0)]
)
def test_kolmogorov(eps: float, micrometres: float) -> None:
    assert c.kolmogorov_length(1e-6, eps) * 1e6 == pytest.approx(micrometres, abs=0.05)


def test_shear_and_edcf() -> None:
    assert c.shear_rate(1.0, 1e-6) == pytest.approx(1000.0)
    volume = math.pi / 4 * 0.3**3
    assert c.circulation_time(volume, 0.75 * 5 * 0.1**3) == pytest.approx(5.655, abs=1e-3)
    assert c.edcf(6.25, 0.1, 0.02, volume, 0.75, 5.0).value == pytest.approx(7036, abs=1)


@pytest.mark.parametrize(
    ("pv", "vs", "coalescing", "noncoalescing"),
    [(500, 0.01, 112.4, 222.1), (1000, 0.02, 209.8, 414.5), (2000, 0.03, 339.0, 730.3), (5000, 0.05, 631.5, 1536)],
)
def test_kla(pv: float, vs: float, coalescing: float, noncoalescing: float) -> None:
    assert c.kla_coalescing(pv, vs).value * 3600 == pytest.approx(coalescing, rel=5e-4)
    assert c.kla_noncoalescing(pv, vs).value * 3600 == pytest.approx(noncoalescing, rel=5e-4)


def test_kla_ranges() -> None:
    assert c.kla_coalescing(1000, 0.02, 1.0).valid
    assert not c.kla_coalescing(1000, 0.02, 54.0).valid
    assert not c.kla_coalescing(100, 0.02, 1.0).valid
    assert c.kla_labik(8.5, 0.1, 4.24e-3, 5.0).value == pytest.approx(0.0555, abs=1e-4)
    assert c.kla_labik(8.5, 0.1, 4.24e-3, 5.0).valid
    assert not c.kla_labik(1.6, 1.3, 4.24e-3, 5.0).valid


@pytest.mark.parametrize(
    ("p0", "n", "d", "q", "value"),
    [(6.25, 5, 0.1, 1e-4, 3.948), (1000, 3, 0.4, 5e-3, 813.3), (20e3, 2.2, 0.7, 0.05, 13.19e3)],
)
def test_michel_miller(p0: float, n: float, d: float, q: float, value: float) -> None:
    assert c.gassed_power_michel_miller(p0, n, d, q).value == pytest.approx(value, rel=5e-4)


@pytest.mark.parametrize(("n", "d", "t", "q", "value"), [(5, 0.1, 0.3, 1e-4, 0.826), (2.2, 0.7, 2.1, 0.05, 0.608)])
def test_gassed_power_ratio(n: float, d: float, t: float, q: float, value: float) -> None:
    fl, fr, re = c.flow_number_gas(q, n, d), c.froude(n, d), c.reynolds(n, d, 1e-6)
    assert c.gassed_power_ratio(fl, fr, re, d / t).value == pytest.approx(value, abs=2e-3)


def test_holdup() -> None:
    assert c.holdup(1000, 0.02).value == pytest.approx(0.0958, abs=1e-4)


@pytest.mark.parametrize(
    ("depth", "bar", "at_30", "at_37"),
    [(0, 1.013, 0.2540, 0.2271), (5, 1.504, 0.3769, 0.3371), (10, 1.994, 0.4999, 0.4471), (20, 2.975, 0.7458, 0.6670)],
)
def test_solubility_formula(depth: float, bar: float, at_30: float, at_37: float) -> None:
    """Formula as printed: dry air and a rounded constant."""
    pressure = 1.01325 + 1000 * 9.81 * depth * 1e-5
    assert pressure == pytest.approx(bar, abs=1e-3)
    for temperature, value in ((303.15, at_30), (310.15, at_37)):
        assert c.solubility(0.2095 * pressure, temperature) * 1e3 == pytest.approx(value, rel=1.5e-3)


def test_oxygen_saturation_of_moist_air() -> None:
    """0.258 mmol/kg at 25 degC; handbook water at 30 degC holds about 0.236."""
    assert c.oxygen_saturation(298.15, 101_325.0).value == pytest.approx(0.258e-3, rel=1e-12)
    assert c.oxygen_saturation(303.15, 101_325.0).value == pytest.approx(0.236e-3, rel=0.02)
    assert c.vapour_pressure(298.15) == pytest.approx(3169, rel=0.005)


def test_log_mean() -> None:
    assert c.log_mean(2.0, 2.0) == 2.0
    assert c.log_mean(1.0, math.e) == pytest.approx(math.e - 1.0)


def test_figueiredo_and_the_limits_of_the_ungassed_power() -> None:
    assert c.kla_figueiredo(1000.0, 0.02).value == pytest.approx(0.026 * 1000**0.6 * 0.02**0.8, rel=1e-12)
    rare = c.gassed_power_michel_miller(6.25, 5.0, 0.1, 1e-7)
    assert rare.value == 6.25 and not rare.valid


def test_holdup_kudrewizki() -> None:
    """N = 5 1/s, D = 0.1 m, 1 cm/s in air and water: 7.6 %, twice the other form at 200 W/m3."""
    ratio = 0.819 * 0.04786 * 1.9037 * 0.5412 * 0.4707 * 6.738 * 1.0012 * 0.6387
    assert c.holdup_kudrewizki(0.01, 5.0, 0.1).value == pytest.approx(ratio / (1 + ratio), rel=2e-3)
    assert 2.0 < c.holdup_kudrewizki(0.01, 5.0, 0.1).value / c.holdup(200.0, 0.01).value < 2.3


def test_regimes_of_a_turbine_in_gas() -> None:
    """From little gas to too much: dispersed, loaded, flooded; lines cross in this order at D/T = 1/3 and Fr = 1."""
    n, d, t = math.sqrt(9.81 / 0.1), 0.1, 0.3
    assert c.froude(n, d) == pytest.approx(1.0)
    regimes = [c.gas_regime(n, d, t, 1e-6, fl * n * d**3) for fl in (0.02, 0.2, 0.8)]
    assert [r.flooded for r in regimes] == [False, False, True]
    assert regimes[0].dispersion == pytest.approx(0.2 * 3**-0.5, rel=1e-12)
    assert regimes[0].flooding == pytest.approx(30.0 * 3**-3.5, rel=1e-12)
    assert "completely dispersed, vortex" in regimes[0].words
    assert "loaded, large cavities" in regimes[1].words and "flooded" in regimes[2].words


def test_upper_turbines_carry_less_gas() -> None:
    """Onset of large cavities at Fl = 0.03, 0.08, 0.09, 0.11 from the bottom (Bernauer et al. 2021)."""
    assert [c.gas_load(n) for n in (1, 2, 3, 4, 9)] == pytest.approx([1, 3 / 8, 1 / 3, 3 / 11, 3 / 11])


def test_carbon_dioxide_saturation() -> None:
    dry = c.solubility(1.0, 298.15, 0.035, 2400.0)
    moist = 1e5 + c.vapour_pressure(298.15)
    assert c.carbon_dioxide_saturation(298.15, moist, 1.0) == pytest.approx(dry, rel=1e-12)
