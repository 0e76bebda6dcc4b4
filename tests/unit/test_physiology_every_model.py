"""Every shipped model along lifelines: compiled ensemble against LSODA, steps from the fastest pool, and faults."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numba import njit

from rushton.errors import ModelError
from rushton.physiology import (
    get_model,
    imposed_environment,
    integrate_ensemble,
    integrate_reference,
    model_names,
    steady_state,
)
from rushton.physiology.compiled import RATES
from rushton.physiology.integrate import advance, environment_array
from rushton.physiology.timescales import _ENOUGH, _extremes, fastest, jacobian, substeps_needed
from rushton.physiology.well_mixed import chemostat, fed_batch

GLUCOSE = 0.180156  # kg/mol
# Largest uptake mol/(kg s), half-saturation mol/kg, mean uptake ratio of cells that lived there before.
LAW = {
    "monod": (4.4e-4, 7.8e-6, 0.3),
    "penicillium_tang2017": (4.4e-4, 7.8e-6, 0.28),
    "ecoli_xu1999": (1.3 / 3600.0 / GLUCOSE, 0.05e-3 / GLUCOSE, 0.3),
    "ecoli_anane2017": (0.6356 / 3600.0 / GLUCOSE, 0.037e-3 / GLUCOSE, 0.3),
    "yeast_lei2001": (0.8 / 3600.0 / GLUCOSE, 0.0106e-3 / GLUCOSE, 0.5),
    "adaptation_pigou2017": (1.3 / 3600.0 / GLUCOSE, 0.01e-3 / GLUCOSE, 0.3),
}
DT = 0.3


def signals(n_cell=2, n_time=500, seed=0):
    """s of cells in a tank: mostly starving, feasts of seconds."""
    random = np.random.default_rng(seed)
    x = np.empty((n_cell, n_time))
    x[:, 0] = random.normal(size=n_cell)
    memory = np.exp(-DT / 8.0)
    for n in range(1, n_time):
        x[:, n] = memory * x[:, n - 1] + np.sqrt(1 - memory**2) * random.normal(size=n_cell)
    return 1.0 / (1.0 + np.exp(2.5 - 4.5 * x))


def at_home(name, uptake="imposed"):
    """The model, the surroundings of lifelines, and the state of a cell that lived at their mean."""
    model = get_model(name, uptake=uptake)
    q_max, half, mean = LAW[name]
    q_s, around = imposed_environment(model, mean, q_max, half)
    start = steady_state(model, model.environment_vector(float(q_s), **around))
    return model, *imposed_environment(model, signals(), q_max, half), start


@pytest.mark.parametrize("uptake", ["imposed", "own"])
@pytest.mark.parametrize("name", model_names())
def test_ensemble_equals_lsoda(name, uptake):
    """Pools to 2e-3 of their mean (root mean square over the samples), mean rates to 1e-3."""
    model, q_s, around, start = at_home(name, uptake)
    fast = integrate_ensemble(model, q_s, DT, start, around, keep_every=1)
    for c in range(len(q_s)):
        slow, mean = integrate_reference(model, q_s[c], DT, start, {k: v[c : c + 1] for k, v in around.items()})
        if model.n_state:
            scale = np.maximum(slow.mean(axis=0), 1e-3 * np.array(model.start))
            error = np.abs(fast.kept[c, :, : model.n_state] - slow[1:]) / scale
            assert np.sqrt((error**2).mean(axis=0)).max() < 2e-3, dict(
                zip(model.state_names, error.max(axis=0), strict=True)
            )
        for rate, value in mean.items():
            assert fast.mean[rate][c] == pytest.approx(value, rel=1e-3, abs=1e-6), rate


def test_the_jacobian_is_that_of_the_formula():
    """Relaxation to a target with one time constant: -1/T on the diagonal, nothing beside it."""
    model = get_model("adaptation_pigou2017")
    matrix = jacobian(model, model.environment_vector(0.4), np.array(model.start), model.parameter_vector)
    np.testing.assert_allclose(matrix, -3.6 * np.eye(2), atol=1e-6)
    found = fastest(model, model.environment_vector(0.4)[None], np.array(model.start))
    assert found.pool in model.state_names and found.seconds == pytest.approx(1000.0, rel=1e-5)


def test_sub_steps_follow_the_fastest_pool():
    """Pyruvate of Lei 2001 needs several steps per 0.3 s, more at more biomass; Tang 2017 needs one."""
    model, q_s, around, start = at_home("yeast_lei2001")
    thin = substeps_needed(model, environment_array(model, q_s, around), start, DT)
    dense = substeps_needed(model, environment_array(model, q_s, {**around, "C_x": 36.0}), start, DT)
    assert 4 < thin < 40 and dense == pytest.approx(5 * thin, rel=0.3)
    model, q_s, around, start = at_home("penicillium_tang2017")
    assert substeps_needed(model, environment_array(model, q_s, around), start, DT) == 1


def test_a_step_too_long_is_refused_by_the_name_of_the_pool():
    model, q_s, around, start = at_home("yeast_lei2001")
    with pytest.raises(
        ModelError, match=r"too long for the fastest pool: pyr changes within 0\.0(.|\n)*Take \d+ sub-steps"
    ):
        integrate_ensemble(model, q_s, DT, start, around, substeps=1)
    with pytest.raises(ModelError, match="too long for the fastest pool: pyr(.|\n)*quasi-steady"):
        integrate_ensemble(model, q_s[:, :20], 60.0, start, {"C_s": around["C_s"][:, :20]})


@njit(RATES)
def _spoilt(environment, state, parameters, out):
    """One pool that fills by the uptake and drains by a square root of what is left above 1: no number below it."""
    out[0] = environment[0] - 400.0 * np.sqrt(state[0] - 1.0)
    out[1] = environment[0]
    out[2] = 0.1
    out[3] = 0.0


def spoilt():
    model = get_model("monod")
    state = dataclasses.replace(get_model("penicillium_tang2017").states[0], name="pool")
    return dataclasses.replace(model, states=(state,), start=(2.0,), reported=model.reported[:3], imposed=_spoilt)


def test_no_number_is_reported_with_its_state_cell_and_time():
    """Cell 1 is fed less and runs dry first; its course is repeated to find the sample."""
    q_s = np.array([[400.0] * 400, [400.0] * 100 + [0.0] * 300])
    with pytest.raises(ModelError) as caught:
        integrate_ensemble(spoilt(), q_s, DT, np.array([2.0]), substeps=1)
    text = str(caught.value)
    assert "pool of cell 1 is no number any more" in text and "q_s = 0" in text and "C_s = 0" in text
    assert "`rates` gives no number for pool" in text or "the step overshoots" in text
    seconds = float(text.split("any more ")[1].split(" s ")[0])
    assert seconds == pytest.approx(100 * DT + 18.0, abs=2 * DT)  # a square root falls from 1 to 0 in 2/400 h


def test_rates_of_the_wrong_size_are_refused():
    """One number too many would be written past the end of a buffer, one too few left as it was."""
    right = spoilt()
    with pytest.raises(ModelError, match="writes 4 numbers, but there are 1 states and 2 reported rates"):
        integrate_ensemble(
            dataclasses.replace(right, reported=right.reported[:2]), np.ones((1, 3)), DT, np.array([2.0])
        )
    more = (*right.reported, get_model("monod").reported[3])
    with pytest.raises(ModelError, match=r"leaves q_O2 without a number at the start, at q_s = 1(.|\n)*Write out\[4\]"):
        integrate_ensemble(dataclasses.replace(right, reported=more), np.ones((1, 3)), DT, np.array([2.0]))


def test_bad_starts_are_refused():
    model = get_model("penicillium_tang2017")
    state = np.tile(model.start, (3, 1))
    state[2, 1] = -4.0
    with pytest.raises(ModelError, match="X_AA of cell 2 is -4 at the start(.|\n)*plausible value is 931"):
        integrate_ensemble(model, np.full((3, 4), 0.01), DT, state)
    around, total = np.zeros((3, 4, 3)), np.zeros((3, len(model.reported)))
    with pytest.raises(ModelError, match=r"states of shape \(3, 5\) for a model of 8 states"):
        advance(model, around, DT, np.ones((3, 5)), total, 0, np.zeros((3, 0, model.n_out)))


# Dilution 1/h, substrate in the feed mol/kg, other feeds mol/kg.
VESSEL = {
    "monod": (0.2, 0.0895, {}),
    "penicillium_tang2017": (0.05, 0.0895, {"phenylacetate": 5e-3}),
    "ecoli_xu1999": (0.2, 0.0555, {}),
    "ecoli_anane2017": (0.15, 0.0555, {}),
    "yeast_lei2001": (0.25, 0.0833, {}),
    "adaptation_pigou2017": (0.25, 0.0555, {}),
}


@pytest.mark.parametrize("name", model_names())
def test_chemostat_and_fed_batch_of_every_model(name):
    """At rest mu - k_d = D and every species that is felt balances; a fed-batch at that rate goes on the same way."""
    model = get_model(name, uptake="own")
    dilution, substrate, others = VESSEL[name]
    unit = {s.species: (s.name, s.per_mol_kg()) for s in model.environment[1:] if s.species}
    feed = {unit[k][0]: v * unit[k][1] for k, v in {model.substrate: substrate, **others}.items()}
    oxygen = next((s for s in model.environment if s.species == "oxygen"), None)
    transfer = {oxygen.name: (1000.0, oxygen.default)} if oxygen else {}
    hours = 1500.0 if name.startswith("penicillium") else 300.0
    rest = chemostat(model, dilution, feed, hours, 4e-3, transfer, start={"C_s": 3e-4 * unit[model.substrate][1]})
    rates = {key: value[-1] for key, value in rest.rates.items()}
    assert rates["mu"] - rates.get("k_d", 0.0) == pytest.approx(dilution, rel=1e-3)
    exchange = model.exchange_from(np.array([rates[key] for key in model.reported_names]))
    for trade in model.trades:
        around = model.environment[trade.surrounding]
        if trade.surrounding < 0 or around.name not in rest.concentration:
            continue
        made = exchange[trade.species] * 3600.0 * rest.biomass[-1] * around.per_mol_kg()
        here = rest.concentration[around.name][-1]
        kla, full = transfer.get(around.name, (0.0, 0.0))
        supplied = dilution * (feed.get(around.name, 0.0) - here) + kla * (full - here)
        assert supplied + made == pytest.approx(0.0, abs=1e-3 * (abs(made) + 1e-6 * around.per_mol_kg())), trade.species
    strong = {key: 10.0 * value for key, value in feed.items()}
    run = fed_batch(model, rest.end, dilution, strong, 0.1 * dilution, 3.0, transfer, sample=1800.0)
    amount = run.biomass * run.volume
    np.testing.assert_allclose(np.log(amount / amount[0]), dilution * run.time / 3600.0, atol=0.05)
    np.testing.assert_allclose(run.volume[-1], 1.0 + 0.1 * (np.exp(3.0 * dilution) - 1.0), rtol=1e-5)


@pytest.mark.parametrize("number", [1, 7, 1000, 5 * _ENOUGH + 3])
def test_the_surroundings_looked_at_reach_from_the_least_to_the_largest(number):
    rng = np.random.default_rng(2)
    rows = np.column_stack([rng.random(number), rng.exponential(1.0, number)])
    chosen = np.array(_extremes(rows.reshape(1, number, 2)))
    for column, some in ((0, chosen[:5, 0]), (1, chosen[5:, 1])):
        values = rows[:, column]
        if some.size == 0:  # one row: no second column to look at
            assert number == 1
            continue
        assert (some[0], some[1], some[4]) == (values.min(), values.max(), values.min())
        assert np.mean(values <= some[2]) == pytest.approx(0.5, abs=0.01 + 1.0 / number)
        assert np.mean(values <= some[3]) == pytest.approx(0.02, abs=0.002 + 1.0 / number)
