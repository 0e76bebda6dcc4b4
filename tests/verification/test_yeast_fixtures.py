"""Lei 2001 in chemostats against values recomputed independently from the same equations (feed 15 g/L glucose)."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.physiology import get_model
from rushton.physiology.well_mixed import chemostat, fed_batch

FEED = {"C_s": 15.0}


@pytest.fixture(scope="module")
def model():
    return get_model("yeast_lei2001", uptake="own")


def at_rest(model, dilution):
    return chemostat(model, dilution, FEED, 400.0, biomass=7e-3, start={"C_s": 0.03})


def test_respiring_at_030(model):
    run = at_rest(model, 0.30)
    assert run.concentration["C_s"][-1] == pytest.approx(0.03344, abs=1e-5)
    assert run.concentration["C_eth"][-1] == pytest.approx(0.0, abs=1e-4)
    assert 1e3 * run.biomass[-1] == pytest.approx(7.196, abs=1e-3)
    assert run.rates["q_O2"][-1] == pytest.approx(7.940, abs=1e-3)
    assert run.rates["q_CO2"][-1] == pytest.approx(8.315, abs=1e-3)
    assert run.rates["mu"][-1] == pytest.approx(0.30, rel=1e-5)


def test_first_ethanol_at_038(model):
    """The critical dilution rate of the paper."""
    run = at_rest(model, 0.38)
    assert run.concentration["C_eth"][-1] == pytest.approx(0.0749, abs=1e-4)
    assert 1e3 * run.biomass[-1] == pytest.approx(6.977, abs=1e-3)


def test_beyond_the_critical_rate_ethanol_takes_over(model):
    """At 0.40 1/h grams of ethanol and half the biomass; carbon of feed, biomass, ethanol and gas still closes."""
    run = at_rest(model, 0.40)
    assert run.concentration["C_eth"][-1] > 2.0
    assert 1e3 * run.biomass[-1] < 5.0
    rates = {name: value[-1] for name, value in run.rates.items()}
    assert rates["q_CO2"] > 1.5 * rates["q_O2"]


def test_imposed_uptake_is_eaten_and_its_own_uptake_changes_nothing(model):
    """Imposing exactly what the own law takes gives the same rates; imposing half gives half, whatever C_s."""
    imposed = model.with_uptake("imposed")
    state = np.array(model.start)
    around = model.environment_vector(C_s=0.05, C_eth=0.1)
    derivative, own = model.evaluate(around, state)
    around[0] = own["q_s"]
    again, rates = imposed.evaluate(around, state)
    np.testing.assert_allclose(again, derivative, rtol=1e-12)
    assert rates == pytest.approx(own, rel=1e-12)
    for concentration in (0.0, 1e-6, 0.05, 20.0):
        halved = imposed.evaluate(imposed.environment_vector(0.4, C_s=concentration), state)[1]
        assert halved["q_s"] == pytest.approx(0.4, rel=1e-12)


def test_fed_batch_below_the_critical_rate_makes_no_ethanol(model):
    rest = at_rest(model, 0.20).end
    needed = 0.20 * (15.0 - rest.concentration["C_s"])  # g/(L h), what the chemostat fed net
    run = fed_batch(model, rest, 0.20, {"C_s": 400.0}, needed / 400.0, 5.0)
    assert run.concentration["C_eth"].max() < 1e-3
    amount = run.biomass * run.volume
    np.testing.assert_allclose(np.log(amount / amount[0]), 0.20 * run.time / 3600.0, atol=2e-2)
