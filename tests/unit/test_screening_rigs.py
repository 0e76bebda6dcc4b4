"""Strains in rigs that stay as written: other uptake laws, and cells held equal to the readable integrator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.errors import ModelError, SolverError
from rushton.physiology import get_model, ideal_cell, imposed_environment, integrate_ensemble
from rushton.scaledown.bench import Bench
from rushton.scaledown.chamber import Microfluidic
from rushton.scaledown.compartments import ThreeCompartments
from rushton.scaledown.inside import CellTest
from rushton.scaledown.loop_rigs import StrPfr, StrStr
from rushton.scaledown.pulses import PulsedFeed
from rushton.scaledown.rig import Duty
from rushton.scaledown.zones import Culture
from rushton.study.screening.along import HISTORIES, Lived, Resident, at_rest, live, met_in
from rushton.study.screening.same_rig import with_culture

SETTINGS = {
    "str-pfr": {"biomass": 30.0, "flow": 2e-5, "tube_volume": 4e-4, "feed_to_tube": 1.0},
    "str-str": {"biomass": 30.0, "flow": 2e-5, "second_volume": 4e-4, "feed_to_second": 1.0},
    "three-compartments": {
        "biomass": 30.0, "excess_flow": 2e-5, "starvation_flow": 1e-5, "excess_volume": 3e-4,
        "starvation_volume": 8e-4, "feed_to_excess": 1.0,
    },
    "pulsed-feed": {"biomass": 30.0, "gap": 30.0, "on_time": 1.0, "base_feed": 0.1},
}  # fmt: skip
RIGS = (StrPfr(), StrStr(), ThreeCompartments(), PulsedFeed())


@pytest.fixture(scope="module")
def case(cases_folder):
    return load_case(cases_folder / "penicillin_54m3.toml")


@pytest.fixture(scope="module")
def duty(case):
    uptake = case.strain.uptake
    record = np.clip(0.28 + 0.25 * np.sin(np.arange(1200) * 0.3 / 5.0), 0.01, 0.99)[None]
    return Duty(
        Bench.from_case(case), uptake.max, uptake.half_saturation, 0.28, 55.0, 600.0, 9e-6, 0.18,
        history=record, history_step=0.3,
    )  # fmt: skip


@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.name)
def test_another_strain_meets_what_the_balances_of_the_same_rig_say(rig, duty):
    written = rig.write(SETTINGS[rig.name], duty)
    operation = written.operation
    assert with_culture(rig, written, operation.culture, duty) is operation
    other = Culture(operation.culture.biomass, 0.7 * duty.uptake_max, 4.0 * duty.half_saturation)
    found = with_culture(rig, written, other, duty)
    assert found.culture == other and found.settings == dict(operation.settings)
    # substrate fed is substrate eaten, now as then
    fed = written.recipe.feed / duty.bench.volume
    assert operation.mean_uptake * operation.culture.capacity == pytest.approx(fed, rel=1e-6)
    assert found.mean_uptake * other.capacity == pytest.approx(fed, rel=1e-6)
    # and it is the rig that would have been put to work for that strain
    own = replace(duty, uptake_max=other.uptake_max, half_saturation=other.half_saturation)
    kept = written.settings | {"gap": 30.0, "on_time": 1.0, "base_feed": 0.1} if "gap" in written.settings else None
    scale = written.recipe.feed / own.feed(other.biomass)
    same = rig.operate(kept or written.settings, replace(own, mean_uptake=own.mean_uptake * scale))
    for a, b in zip(found.ports(), same.ports(), strict=True):
        assert a.mean == pytest.approx(b.mean, rel=0.02) and a.high == pytest.approx(b.high, rel=0.02)


def test_a_chamber_keeps_its_media(duty):
    written = Microfluidic().write({"start": 0.0, "richest": 30.0, "poorest": 0.02}, duty)
    operation = written.operation
    culture = replace(operation.culture, half_saturation=3.0 * duty.half_saturation)
    other = with_culture(Microfluidic(), written, culture, duty)
    before, after = operation.ports()[0], other.ports()[0]
    assert (after.low, after.mean, after.high) == pytest.approx((before.low, before.mean, before.high))
    assert other.mean_uptake < operation.mean_uptake


def test_a_rig_that_feeds_more_than_a_strain_can_eat_is_refused(duty):
    written = PulsedFeed().write(SETTINGS["pulsed-feed"], duty)
    culture = replace(written.operation.culture, uptake_max=0.28 * duty.uptake_max)
    with pytest.raises(SolverError, match="uptake.max"):
        with_culture(PulsedFeed(), written, culture, duty)


def test_samples_keep_the_mean_of_a_period_and_the_stays_of_every_history(duty):
    pulsed = PulsedFeed().write(SETTINGS["pulsed-feed"], duty).operation
    met = met_in(pulsed, 3600.0, 1000.0, 1)
    assert met.s.shape[0] == 1 and met.s.size * met.dt == pytest.approx(pulsed.period)
    assert met.s.mean() == pytest.approx(pulsed.mean_uptake, rel=1e-3)
    loop = StrPfr().write(SETTINGS["str-pfr"], duty).operation
    many = met_in(loop, 7200.0, 1000.0, 1)
    assert many.s.shape[0] == HISTORIES and many.s.shape[1] * many.dt == pytest.approx(7200.0, rel=1e-3)
    assert many.s.mean() == pytest.approx(loop.mean_uptake, rel=0.03)
    again = met_in(loop, 7200.0, 1000.0, 1)
    assert np.array_equal(many.s, again.s)


@pytest.mark.parametrize("rig", [StrPfr(), PulsedFeed()], ids=lambda rig: rig.name)
def test_cells_side_by_side_are_those_of_the_readable_integrator(rig, duty):
    met = met_in(rig.write(SETTINGS[rig.name], duty).operation, 600.0, 1000.0, 1)
    strains = {"wild": {}, "storing": {"k41": 2.0}}
    models = {name: get_model("penicillium_tang2017", values) for name, values in strains.items()}
    found = live([Resident(name, model, {}, met) for name, model in models.items()], 600.0, 8, 1)
    n_time = round(600.0 / met.dt)
    for name, model in models.items():
        mean = float(met.s.mean())
        state, rates = ideal_cell(model, mean, met.uptake_max, met.half_saturation)
        s = met.s[:, np.arange(n_time) % met.s.shape[1]]
        q_s, around = imposed_environment(model, s, met.uptake_max, met.half_saturation)
        expected = integrate_ensemble(model, q_s, met.dt, state, around, substeps=1)
        one = found[name]
        assert isinstance(one, Lived)
        for k, rate in enumerate(("q_s", "mu", "q_p")):
            assert one.rates[:, k] == pytest.approx(expected.mean[rate], rel=1e-9), rate
            assert one.reference[:, k] == pytest.approx(rates[rate], rel=1e-4), rate


def test_the_strain_of_the_case_reads_what_its_design_says(case, duty):
    """The same as `scaledown.inside`, whose samples and number of cells differ a little."""
    short = case.model_copy(update={"response": case.response.model_copy(update={"duration": 7200.0})})
    operation = PulsedFeed().write(SETTINGS["pulsed-feed"], duty).operation
    said = CellTest.of(short, operation.mean_uptake).run(operation, False, 1)
    met = met_in(operation, 7200.0, 1000.0, 1)
    one = live([Resident("case", get_model("penicillium_tang2017"), {}, met)], 7200.0, 8, 1)["case"]
    assert isinstance(one, Lived)
    assert one.rates[0, 2] / one.reference[0, 2] == pytest.approx(said.relative_productivity, rel=3e-3)
    assert one.rates[0, 1] / one.reference[0, 1] == pytest.approx(said.relative_yield, rel=3e-3)


def test_a_mixed_population_is_read_as_a_whole(duty):
    met = met_in(PulsedFeed().write(SETTINGS["pulsed-feed"], duty).operation, 300.0, 1000.0, 1)
    model = get_model("penicillium_tang2017")
    found = live([Resident("mixed", model, {"b33": 0.3}, met), Resident("one", model, {}, met)], 300.0, 8, 1)
    mixed, one = found["mixed"], found["one"]
    assert isinstance(mixed, Lived) and isinstance(one, Lived)
    assert len(mixed.states) == 8 and len(one.states) == 1
    assert mixed.reference[0, 2] != pytest.approx(one.reference[0, 2], rel=1e-3)


def test_rest_is_found_from_a_near_one(duty):
    model = get_model("penicillium_tang2017")
    around = [model.environment_vector(q, C_s=3e-6) for q in (0.0125, 0.01251)]
    far = at_rest(model, around[0], None)
    assert at_rest(model, around[1], far) == pytest.approx(at_rest(model, around[1], None), rel=1e-3)


def test_a_strain_that_finds_no_rest_is_an_error_of_its_own(duty):
    met = met_in(PulsedFeed().write(SETTINGS["pulsed-feed"], duty).operation, 60.0, 1000.0, 1)
    good, bad = get_model("penicillium_tang2017"), get_model("penicillium_tang2017", {"v21max": 0.0, "v12max": 0.0})
    found = live([Resident("good", good, {}, met), Resident("bad", bad, {}, met)], 60.0, 8, 1)
    assert isinstance(found["good"], Lived) and isinstance(found["bad"], ModelError)
