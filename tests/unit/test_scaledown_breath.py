"""What rigs breathe and how they are cooled: balances by hand, zone by zone, and the warnings."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rushton.case.load import case_from_dict
from rushton.correlations import oxygen_saturation
from rushton.scaledown.bench import Bench
from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.breath import HEAT_CAPACITY, jacket_area, lungs, warming
from rushton.scaledown.chamber import Microfluidic, flushes
from rushton.scaledown.compartments import ThreeCompartments
from rushton.scaledown.loop_rigs import StrPfr, StrStr, reference_settings
from rushton.scaledown.oxygen import kla_given
from rushton.scaledown.pulses import PulsedFeed
from rushton.scaledown.rig import Duty


@pytest.fixture(scope="module")
def bench(cases_folder):
    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text("utf-8"))
    return Bench.from_case(case_from_dict(data))


@pytest.fixture(scope="module")
def duty(bench):
    return Duty(
        bench=bench, uptake_max=4.4e-4, half_saturation=7.8e-3, mean_uptake=0.28, tank_biomass=20.0, record=600.0,
        growth=1e-5, molar_mass=0.180, history=np.tile([0.1, 0.9], (3, 500)), history_step=1.0,
    )  # fmt: skip


def at_work(rig, duty):
    own = rig.duty(duty)
    return rig.write(rig.guesses(own)[0], own).operation, own


def limited(duty, **values):
    limits = {name: replace(duty.bench.limits[name], value=value) for name, value in values.items()}
    return replace(duty, bench=replace(duty.bench, limits=duty.bench.limits | limits))


def test_one_vessel_by_hand(duty):
    operation, own = at_work(PulsedFeed(), duty)
    bench, made = own.bench, lungs(operation, own)
    (zone,) = made.zones
    demand = 3.0 * 4.4e-4 * operation.culture.biomass * operation.mean_uptake
    assert zone.demand == pytest.approx(demand)
    assert zone.peak == pytest.approx(
        demand / operation.mean_uptake * operation.signal(0.03, 100.0, 1)[0].max(), rel=1e-3
    )
    assert made.heat == pytest.approx(460e3 * demand * bench.volume + bench.stirrer_power)
    width = bench.vessel_diameter
    wetted = math.pi * width * bench["vessel_aspect"] * width + 0.25 * math.pi * width**2
    assert jacket_area(bench) == pytest.approx(wetted)
    assert made.cooling == pytest.approx(150.0 * wetted * 10.0)
    saturation = oxygen_saturation(bench.temperature, 101_325.0).value * bench.density
    assert made.lasts == pytest.approx(saturation / demand)
    assert zone.kla_needed * 0.7 * saturation == pytest.approx(demand)
    # with the gas that is asked for, the vessel is held at 30 % of air saturation
    assert zone.kla_most * saturation * (zone.gas_needed / 0.21 - 0.3) == pytest.approx(demand)
    assert zone.kla_most == pytest.approx(kla_given(bench)[0])
    assert zone.kla_least < zone.kla_most < zone.kla_salty


@pytest.mark.parametrize("rig", [StrStr(), ThreeCompartments(), PulsedFeed(), StrPfr()])
def test_all_zones_together_breathe_what_is_fed(rig, duty):
    operation, own = at_work(rig, duty)
    made = lungs(operation, own)
    total = sum(z.demand * z.volume for z in made.zones)
    fed = own.feed(operation.culture.biomass)
    assert total == pytest.approx(3.0 * fed, rel=0.01)
    assert all(z.peak >= z.demand for z in made.zones)
    assert (made.tube_time is None) == (rig.name != "str-pfr")


def test_a_smaller_vessel_gives_less_at_the_same_speed(duty):
    operation, own = at_work(StrStr(), duty)
    large, small = lungs(operation, own).zones
    assert small.volume < large.volume
    assert small.kla_most < large.kla_most


def test_mini_bioreactors_have_their_own_kla(duty):
    operation, own = at_work(MiniBioreactors(), duty)
    made = lungs(operation, own)
    assert made.zones[0].kla_most * 3600 == pytest.approx(1440.0)
    assert made.zones[0].volume == pytest.approx(1e-5)


def test_a_chamber_breathes_its_medium(duty):
    operation, own = at_work(Microfluidic(), duty)
    (zone,) = lungs(operation, own).zones
    assert zone.kla_most == pytest.approx(flushes(own))
    assert zone.demand == pytest.approx(3.0 * 4.4e-4 * 10.0 * operation.mean_uptake)
    assert zone.breathes


def test_a_tube_changes_its_broth_by_the_balance_of_its_length(duty):
    """G dT/dx = q V/L - U pi d (T - T_room), from the vessel's temperature."""
    warm = replace(duty, bench=replace(duty.bench, temperature=310.15))
    operation = StrPfr().write(reference_settings(warm), warm).operation
    loop, bore, heating = operation.loop, operation.settings["bore"], 9000.0
    length = 4.0 * loop.tube_volume / (math.pi * bore**2)
    carried = loop.flow * warm.bench.density * HEAT_CAPACITY

    def slope(x, t):
        return (heating * loop.tube_volume / length - 10.0 * math.pi * bore * (t - 293.15)) / carried

    exact = solve_ivp(slope, (0.0, length), [310.15], rtol=1e-10).y[0, -1] - 310.15
    assert exact < -0.2
    assert warming(operation, warm.bench, heating) == pytest.approx(exact, rel=1e-6)
    lossless = limited(warm, tube_heat_loss=1e-9).bench
    assert warming(operation, lossless, heating) == pytest.approx(heating * loop.tube_time / (1e3 * 4180.0), rel=1e-3)


def test_what_cannot_be_breathed_or_cooled_is_said(duty):
    rig = PulsedFeed()
    crowded = rig.write({"biomass": 60.0, "gap": 30.0, "on_time": 1.0, "base_feed": 0.0}, duty).operation
    slow = limited(duty, stirrer_speed=150 / 60)
    told = lungs(crowded, slow)
    assert not told.as_dict()["breathes"]
    assert told.warnings[0].startswith("The rig cannot breathe")
    lukewarm = limited(duty, coolant_difference=0.5)
    told = lungs(crowded, lukewarm)
    assert not told.as_dict()["cools"]
    assert any(text.startswith("The rig cannot be cooled") for text in told.warnings)
    content = lungs(rig.write({"biomass": 5.0, "gap": 30.0, "on_time": 1.0, "base_feed": 0.0}, duty).operation, duty)
    assert content.warnings == ()
    long = StrPfr().write(reference_settings(duty) | {"biomass": 60.0}, duty).operation
    assert any("runs out of oxygen" in text for text in lungs(long, duty).warnings)
