"""Growth that adapts with a delay: its limits, its relaxation, and what fluctuation costs."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.physiology import get_model, integrate_ensemble, steady_state
from rushton.physiology.well_mixed import chemostat


@pytest.fixture(scope="module")
def model():
    return get_model("adaptation_pigou2017")


def rested(model, q_s, **around):
    environment = model.environment_vector(q_s, **around)
    return steady_state(model, environment), environment


def test_at_rest_it_oxidises_all_within_its_capacity(model):
    state, environment = rested(model, 0.4)
    derivative, rates = model.evaluate(environment, state)
    assert np.abs(derivative).max() < 1e-9
    assert rates["mu"] == pytest.approx(0.4 / 2.217737)
    assert rates["q_A"] == pytest.approx(0.0, abs=1e-12)
    assert rates["q_O2"] == pytest.approx(0.4 * 3e3 / 180.156)


def test_short_of_oxygen_the_rest_overflows(model):
    state, environment = rested(model, 1.2, C_O2=0.05)
    rates = model.evaluate(environment, state)[1]
    assert rates["q_O2"] == pytest.approx(15.6 * 0.05 / (0.05 + 0.1))
    rest = 1.2 - rates["q_O2"] * 180.156 / 3e3
    assert rates["q_A"] == pytest.approx(0.8 * rest)


def test_it_relaxes_with_its_own_time(model):
    """A step up in uptake: mu1 closes to 1/e of the gap after T = 1000 s, and grows at mu1 meanwhile."""
    state, _ = rested(model, 0.2)
    dt = 10.0
    run = integrate_ensemble(model, np.full((1, 100), 0.6), dt, state, {"C_s": 0.05}, keep_every=1)
    gap = 0.6 / 2.217737 - run.kept[0, :, 0]
    np.testing.assert_allclose(gap / gap[0], np.exp(-(run.time - dt) / 1000.0), rtol=1e-4)


def test_famine_is_felt_at_once(model):
    state, _ = rested(model, 0.6)
    rates = model.evaluate(model.environment_vector(0.1), state)[1]
    assert rates["mu"] == pytest.approx(0.1 / 2.217737)


@pytest.mark.parametrize(("period", "growth"), [(2.0, 0.5), (40_000.0, 0.95)])
def test_fluctuation_costs_growth_where_cells_cannot_follow(model, period, growth):
    """Uptake on and off by halves at the same mean: fast against T half is lost to overflow, slowly next to nothing.

    Fast: mu1 stands at its mean, half of what a feast allows; mode 2 is never set for, as nothing would overflow.
    """
    dt = period / 40.0
    one = np.where(np.arange(40) < 20, 0.8, 0.0)
    state, _ = rested(model, 0.4)
    before = np.tile(one, max(3, round(6000.0 / period)))[None]
    warm = integrate_ensemble(model, before, dt, state, {"C_s": 0.02}).state
    run = integrate_ensemble(model, np.tile(one, 2)[None], dt, warm, {"C_s": 0.02})
    assert run.mean["mu"][0] == pytest.approx(growth * 0.4 / 2.217737, rel=0.02)
    assert run.mean["q_A"][0] == pytest.approx(0.8 * 0.4 * (1.0 - growth), abs=0.01)


def test_chemostat_with_oxygen():
    model = get_model("adaptation_pigou2017", uptake="own")
    run = chemostat(model, 0.3, {"C_s": 10.0}, 200.0, transfer={"C_O2": (400.0, 6.7)}, start={"C_O2": 6.7, "C_s": 0.1})
    rates = {name: value[-1] for name, value in run.rates.items()}
    assert rates["mu"] == pytest.approx(0.3, rel=1e-5)
    assert 400.0 * (6.7 - run.concentration["C_O2"][-1]) == pytest.approx(
        rates["q_O2"] * 31.998 * run.biomass[-1] * 1e3 + 0.3 * run.concentration["C_O2"][-1], rel=1e-4
    )
