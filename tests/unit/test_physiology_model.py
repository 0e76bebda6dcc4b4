"""Cell models as data: named, sourced, frozen, and refusing what they do not know in the user's words."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from rushton.errors import ModelError
from rushton.physiology import get_model, imposed_environment, model_names, steady_state

MODELS = model_names()


@pytest.mark.parametrize("name", MODELS)
def test_everything_has_unit_and_source(name):
    model = get_model(name)
    assert model.name == name and model.sources and model.title
    assert model.reported_names[:3] == ("q_s", "mu", "q_p")
    assert model.environment_names[:2] == ("q_s", "C_s")
    for quantity in (*model.states, *model.reported, *model.environment):
        assert quantity.unit and quantity.description
    for parameter in model.parameters:
        assert parameter.unit and parameter.description and parameter.source and parameter.uncertainty
    assert len({p.name for p in model.parameters}) == len(model.parameters)
    assert len(model.start) == model.n_state


@pytest.mark.parametrize("name", MODELS)
def test_models_are_frozen(name):
    model = get_model(name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # noqa: B009 - the point of the test


def test_unknown_model_names_the_nearest():
    with pytest.raises(ModelError, match="Did you mean 'penicillium_tang2017'"):
        get_model("penicilium_tang17")
    with pytest.raises(ModelError, match="Known: adaptation_pigou2017, ecoli_anane2017"):
        get_model("zzz")


def test_unknown_parameter_names_the_nearest():
    with pytest.raises(ModelError, match=r"strain\.parameters\.kdE3: .*no parameter 'kdE3'(.|\n)*Did you mean 'kdE3"):
        get_model("penicillium_tang2017", {"kdE3": 0.01})


@pytest.mark.parametrize("value", [-1e-9, float("nan"), float("inf")])
def test_impossible_parameters_are_refused(value):
    with pytest.raises(ModelError, match=r"strain\.parameters\.b33"):
        get_model("penicillium_tang2017", {"b33": value})


def test_a_changed_parameter_changes_the_rates_and_is_marked():
    plain, doubled = get_model("penicillium_tang2017"), get_model("penicillium_tang2017", {"b33": 1.3e-3})
    around = plain.environment_vector(0.0189, C_s=1e-5)
    change = doubled.evaluate(around, plain.start)[0] - plain.evaluate(around, plain.start)[0]
    assert change[-1] > 0 and not change[:-1].any()
    assert {p.name for p in doubled.parameters if p.source == "case file"} == {"b33"}


def test_unknown_surroundings_and_uptake_are_refused():
    model = get_model("monod")
    with pytest.raises(ModelError, match="no such quantity around the cell: 'C_x'"):
        model.environment_vector(0.1, C_x=1.0)
    with pytest.raises(ModelError, match="Take 'imposed' or 'own'"):
        model.with_uptake("both")


def test_own_uptake_follows_the_paper():
    model = get_model("penicillium_tang2017", uptake="own")
    _, rates = model.evaluate(model.environment_vector(99.0, C_s=9.8e-6), model.start)
    assert rates["q_s"] == pytest.approx(0.26 * model.start[4] / 2)
    monod = get_model("monod", {"q_max": 0.2, "K_s": 1e-5}, uptake="own")
    assert monod.evaluate(monod.environment_vector(99.0, C_s=3e-5), np.zeros(0))[1]["q_s"] == pytest.approx(0.15)


def test_uptake_of_the_case_in_the_unit_of_the_model():
    """1600 umol/(gdw h) at 28.05 gdw/Cmol is 0.04488 mol/(Cmol h)."""
    model = get_model("penicillium_tang2017")
    q_s, around = imposed_environment(model, np.array([0.5, 1.0]), 1600e-6 * 1e3 / 3600.0, 7.8e-6)
    np.testing.assert_allclose(q_s, [0.02244, 0.04488])
    np.testing.assert_allclose(around["C_s"], [7.8e-6, 7.8e-2], rtol=1e-3)


def test_no_pool_is_drawn_below_zero():
    """At an empty pool its balance is never negative, whatever the rest of the cell does."""
    model = get_model("penicillium_tang2017")
    random = np.random.default_rng(0)
    for _ in range(300):
        state = np.array(model.start) * random.uniform(0.0, 2.0, model.n_state)
        empty = random.integers(model.n_state)
        state[empty] = 0.0
        around = model.environment_vector(0.0449 * random.random(), C_s=10.0 ** random.uniform(-10, -2))
        derivative, _ = model.evaluate(around, state)
        assert derivative[empty] >= 0.0


def test_an_empty_cell_stores_nothing_and_makes_nothing():
    """The flux limiter scales a flux in every balance: what is not drawn is not made either."""
    model = get_model("penicillium_tang2017")
    state = np.array(model.start)
    state[0] = 0.0
    derivative, rates = model.evaluate(model.environment_vector(0.0, C_s=1e-7), state)
    assert rates["q_p"] == 0.0 and rates["mu"] == 0.0
    assert derivative[0] == pytest.approx(0.0, abs=1e-12)
    assert derivative[2] == pytest.approx(0.0, abs=1e-12)  # neither storage nor its release, which needs ATP


def test_steady_state_is_a_steady_state():
    model = get_model("penicillium_tang2017")
    for q_s in (0.006, 0.0126, 0.025):
        around = model.environment_vector(q_s, C_s=3e-6)
        derivative, rates = model.evaluate(around, steady_state(model, around))
        assert np.max(np.abs(derivative) / np.array(model.start)) < 1e-8
        assert rates["q_s"] == q_s


def test_steady_state_of_the_published_set_up():
    """Constant uptake at 28 % of 1600 umol/(gdw h) lets the culture grow at 0.033 1/h."""
    model = get_model("penicillium_tang2017")
    q_s, around = imposed_environment(model, 0.28, 1600e-6 * 1e3 / 3600.0, 7.8e-6)
    _, rates = model.evaluate(
        model.environment_vector(float(q_s), **around),
        steady_state(model, model.environment_vector(float(q_s), **around)),
    )
    assert rates["mu"] == pytest.approx(0.033, abs=5e-4)


def test_an_impossible_uptake_is_refused():
    model = get_model("penicillium_tang2017")
    with pytest.raises(
        ModelError, match="finds no steady state that it could live in(.|\n)*check feed, biomass and uptake"
    ):
        steady_state(model, model.environment_vector(5.0, C_s=1.0))


def test_the_door_imports_neither_numba_nor_scipy():
    code = (
        "import sys, rushton.physiology, rushton.response\n"
        "print([m for m in ('numba', 'scipy', 'netCDF4') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_carbon_and_electrons_of_monod_close():
    """With all of the substrate burnt (no growth) RQ is one; with product, both balances hold term by term."""
    model = get_model("monod", {"Y_xs": 0.0})
    rates = model.evaluate(model.environment_vector(0.1), np.zeros(0))[1]
    assert rates["q_O2"] == pytest.approx(0.6) and rates["q_CO2"] == pytest.approx(0.6)
    model = get_model("monod", {"alpha": 0.1, "c_p": 2.0, "gamma_p": 12.0})  # ethanol
    rates = model.evaluate(model.environment_vector(0.1), np.zeros(0))[1]
    assert 0.1 * 6.0 == pytest.approx(rates["mu"] + 2.0 * rates["q_p"] + rates["q_CO2"])
    assert 0.1 * 24.0 == pytest.approx(4.2 * rates["mu"] + 12.0 * rates["q_p"] + 4.0 * rates["q_O2"])


def test_carbon_and_electrons_of_tang_2017_close():
    """At a steady state glucose and phenylacetate come out as biomass, penicillin and carbon dioxide, within the pools.

    Biomass that grows carries its pools along, which the model counts as carbohydrate, of 4 electrons per Cmol.
    """
    model = get_model("penicillium_tang2017")
    around = model.environment_vector(0.0126, C_s=3e-6)
    state = steady_state(model, around)
    rates = model.evaluate(around, state)[1]
    pools = rates["mu"] * state[:3].sum() * 28.05e-6  # Cmol per Cmol and h carried along by growth
    carbon = 6.0 * 0.0126 - 1.0 * rates["mu"] - 8.0 * rates["q_p"] - pools  # side chain: its 8 carbons pass through
    assert rates["q_CO2"] == pytest.approx(carbon, rel=1e-3)
    electrons = 24.0 * 0.0126 - 4.2 * rates["mu"] - (74.0 - 36.0) * rates["q_p"] - 4.0 * pools
    assert 4.0 * rates["q_O2"] == pytest.approx(electrons, rel=2e-3)
    assert 0.9 < rates["q_CO2"] / rates["q_O2"] < 1.1
