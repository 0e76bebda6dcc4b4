"""Mini-bioreactors under a liquid handler: exact relations of a bolus, the vessel of the literature, limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.scaledown.bench import Bench
from rushton.scaledown.bolus import DISPENSING, MiniBioreactors
from rushton.scaledown.oxygen import breath
from rushton.scaledown.rig import Duty
from rushton.scaledown.zones import time_to_deplete

RIG = MiniBioreactors()


@pytest.fixture(scope="module")
def case(cases_folder):
    return load_case(cases_folder / "penicillin_54m3.toml")


@pytest.fixture(scope="module")
def big(case):
    uptake = case.strain.uptake
    return Duty(
        bench=Bench.from_case(case), uptake_max=uptake.max, half_saturation=uptake.half_saturation, mean_uptake=0.3,
        tank_biomass=55.0, record=600.0, growth=8e-6, molar_mass=0.180,
    )  # fmt: skip


@pytest.fixture(scope="module")
def duty(big):
    return RIG.duty(big)


def test_the_vessel_of_the_literature(duty):
    """10 mL at 2800 rpm with a power number of 3.7: 21.9 W/L (Puskeiler et al. 2005)."""
    bench = duty.bench
    assert bench.volume == pytest.approx(10e-6)
    assert bench["stirrer_speed"] * 60.0 == pytest.approx(2800.0)
    assert bench.stirrer_power / bench.volume == pytest.approx(21.9e3, rel=0.03)
    assert breath(duty, 55.0, 0.3, 1.0).kla_given == pytest.approx((0.4, 0.4))


def test_the_feed_per_biomass_is_the_tanks(big, duty):
    for biomass in (10.0, 55.0):
        assert duty.feed(biomass) / duty.bench.volume == pytest.approx(big.feed(biomass) / big.bench.volume)


@pytest.mark.parametrize("gap", [60.0, 200.0])
@pytest.mark.parametrize("biomass", [10.0, 55.0])
def test_a_bolus_is_worth_the_mean_uptake_times_the_gap(duty, gap, biomass):
    written = RIG.write({"biomass": biomass, "gap": gap}, duty)
    volume = float(written.recipe.table[0, 1]) * DISPENSING
    added = volume * written.recipe.stock / duty.molar_mass / duty.bench.volume  # mol/m3
    seconds = added / duty.culture(biomass).capacity
    assert seconds == pytest.approx(0.3 * gap, rel=3e-3)
    assert written.operation.mean_uptake == pytest.approx(0.3, rel=3e-3)
    assert volume == pytest.approx(duty.liquid * gap, rel=0.02)  # growth lets so much through
    assert not written.recipe.remarks


def test_excess_lasts_as_long_as_depletion_takes(duty):
    """From x_0, read from the run after the bolus has blended, down to 15.7 by Lambert's W."""
    operation = RIG.write({"biomass": 55.0, "gap": 120.0}, duty).operation
    x, culture = operation.concentration, operation.culture
    peak = int(np.argmax(x))
    leave = peak + int(np.argmax(x[peak:] < duty.borders[1]))
    k = culture.half_saturation
    start = peak + int(2.0 / operation.step)  # two seconds later all is blended
    exact = time_to_deplete(x[start] * k, duty.borders[1] * k, culture)
    assert (leave - start) * operation.step == pytest.approx(exact, abs=2.0 * operation.step)


def test_no_bolus_comes_earlier_than_the_robot_or_is_smaller_than_its_dose(duty):
    gap = RIG.variables(duty)[1]
    assert gap.low >= duty.bench["robot_period_min"]
    assert gap.low * duty.liquid >= duty.bench["robot_volume_min"]
    slow = replace(duty, growth=1e-7)
    low = RIG.variables(slow)[1].low
    assert low > duty.bench["robot_period_min"]
    written = RIG.write({"biomass": 55.0, "gap": low}, slow)
    assert not written.recipe.remarks
    assert math.isclose(written.settings["gap"], low, rel_tol=0.01)


def test_a_faster_robot_is_allowed_more(case, big):
    limits = case.scaledown.limits.model_copy(update={"robot_period_min": 10.0, "robot_volume_min": 1e-10})
    fast = case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"limits": limits})})
    own = RIG.duty(replace(big, bench=Bench.from_case(fast)))
    assert RIG.variables(own)[1].low == pytest.approx(10.0)
    assert Bench.from_case(fast).shipped_part()["robot_period_min"] == pytest.approx(60.0)
