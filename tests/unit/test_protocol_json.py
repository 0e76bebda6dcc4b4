"""The bench sheet for programs: the cells' course, expected readings, and a record that says what the sheet says."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.scaledown import course as courses
from rushton.scaledown.broth import _solved, are_felt, by_product_trades
from rushton.scaledown.expected import Spread, expect, oxygen_when_mixed
from rushton.scaledown.inside import CellTest
from rushton.scaledown.loops import str_pfr
from rushton.scaledown.oxygen import Breath
from rushton.scaledown.protocol_by_products import comparison_words, span, told
from rushton.scaledown.protocol_json import compact, in_bench_units, key_of
from rushton.scaledown.vessel import fed_vessel
from rushton.scaledown.zones import Culture, Loop


def cells(cases_folder, model: str, hours: float, mean: float = 0.28, **uptake) -> CellTest:
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    strain = case.strain.model_copy(
        update={"model": model, "parameters": {}, "uptake": case.strain.uptake.model_copy(update=uptake)}
    )
    response = case.response.model_copy(update={"duration": 3600.0 * hours})
    return CellTest.of(case.model_copy(update={"strain": strain, "response": response}), mean)


@pytest.fixture(scope="module")
def fungus(cases_folder):
    return cells(cases_folder, "penicillium_tang2017", 8.0)


def pulses(biomass: float, test: CellTest, period: float, mean: float = 0.28, factor: float = 1.0):
    culture = Culture(biomass, test.uptake_max, test.half_saturation * test.density)
    table = np.array([[0.0, period], [1.0, 0.0]])  # all of the feed within 1 s
    return fed_vessel(table, period, culture, factor * mean * culture.capacity, 0.5, {"biomass": biomass})


def test_a_constant_uptake_leaves_the_cells_as_they_are(fungus):
    s = np.full((1, 8 * 12_000), fungus.rates["q_s"] / (fungus.uptake_max * fungus.model.uptake_per_mol_kg_s))
    found = courses.follow_signal(fungus, s, 0.3)
    assert found.time == pytest.approx(np.linspace(0.0, 8 * 3600.0, 9))
    for name in ("q_s", "mu", "q_p"):
        assert found.rates[name] == pytest.approx(np.full(8, fungus.rates[name]), rel=1e-6)
    growth = courses.net_growth(found)
    assert growth == pytest.approx(np.full(8, fungus.growth), rel=1e-6)
    assert fungus.growth == pytest.approx((fungus.rates["mu"] - fungus.rates["k_d"]) / 3600.0)
    # and the biomass that leaves as fast as it grows stays
    assert courses.biomass_course(55.0, growth, fungus.growth, found.time) == pytest.approx(np.full(9, 55.0), rel=1e-5)


def test_the_course_is_what_the_cell_model_in_the_rig_says(fungus):
    rig = pulses(30.0, fungus, 36.0)
    found = courses.follow(fungus, rig, False, 1)
    inside = fungus.run(rig, False, 1)
    assert found.rates["q_p"].mean() / fungus.rates["q_p"] == pytest.approx(inside.relative_productivity, rel=1e-6)
    assert found.rates["q_p"][-2:].mean() / fungus.rates["q_p"] == pytest.approx(
        inside.relative_productivity_final, rel=1e-6
    )
    # a gradient costs more the longer it lasts
    assert found.rates["q_p"][-1] < 0.99 * found.rates["q_p"][0] < found.rates["q_p"][0] <= fungus.rates["q_p"]


def test_the_mean_of_a_population_does_not_scatter_from_hour_to_hour(fungus):
    culture = Culture(30.0, fungus.uptake_max, fungus.half_saturation * fungus.density)
    rig = str_pfr(Loop(0.3e-3, 2.7e-3, 30e-6), culture, 0.28 * culture.capacity * 3e-3, 1.0, 0.5, {})
    s, dt = fungus.histories(rig, True, 3, 1)
    one, many = s[0], courses.spread(s[0], dt, 400 * rig.cycle())

    def scatter(signals):
        quarters = signals.reshape(len(signals), 4, -1).mean(axis=(0, 2))
        return quarters.std() / quarters.mean()

    assert many.shape == (courses.CELLS, one.size)
    assert many.mean() == pytest.approx(one.mean(), rel=1e-9)
    assert scatter(many) < 0.2 * scatter(one[None])


def test_a_by_product_that_cells_re_use_settles_where_its_balance_closes(cases_folder):
    test = cells(cases_folder, "ecoli_anane2017", 8.0, 0.2, max=2.0e-3, half_saturation=0.2)
    rig = pulses(10.0, test, 60.0, 0.2)
    dilution = test.growth
    # cells give it off and eat it at any uptake, less where they are fed less
    rest = courses.settled(test, 10.0, dilution, (1.0, 0.9))
    assert 0.0 < rest.by_products["acetate"][1] < rest.by_products["acetate"][0]
    assert rest.rates["q_A"] * test.model.rate_factors[test.model.reported_names.index("q_A")] * 10.0 == pytest.approx(
        dilution * rest.by_products["acetate"][0], rel=5e-3
    )
    found = courses.follow(test, rig, False, 1, 10.0, dilution)
    assert [t.species for t in by_product_trades(test.model)] == ["acetate"]
    assert found.by_products["acetate"][0] == 0.0
    acetate = found.by_products["acetate"][-1]
    assert acetate > 0.0
    biomass = courses.biomass_course(10.0, courses.net_growth(found), dilution, found.time)[-2]
    s, dt = test.histories(rig, False, 1, 1)
    q_s, around = test.surroundings(s[:, : round(300.0 / dt)])
    place = next(q for q in test.model.environment if q.species == "acetate")
    around[place.name] = acetate / test.density * place.per_mol_kg(test.density)
    from rushton.physiology import integrate_ensemble

    rate = test.model.rate_factors[test.model.reported_names.index("q_A")] * float(
        integrate_ensemble(test.model, q_s, dt, found.state, around).mean["q_A"][0]
    )
    # what is given off less what is eaten: a small difference, which 0.1 % of the acetate moves by more than a per cent
    assert rate * biomass == pytest.approx(dilution * acetate, rel=3e-2)
    # eaten again, it is not lost: cells in their own broth grow better than with none around them
    alone = courses.follow(test, rig, False, 1)
    assert alone.by_products == {}
    assert found.rates["mu"][-1] > 1.01 * alone.rates["mu"][-1]


def test_a_by_product_that_cells_do_not_feel_gathers_by_its_balance(cases_folder):
    """dA/dt = q X - D A with constant q and X: A = q X/D (1 - exp(-D t))."""
    test = cells(cases_folder, "adaptation_pigou2017", 6.0, 0.9, max=2.0e-3, half_saturation=0.05)
    assert not are_felt(test.model)
    dilution = test.growth
    trade = by_product_trades(test.model)[0]
    rate = trade.into_broth * test.rates["q_A"]
    assert rate > 0.0
    rest = courses.settled(test, 10.0, dilution, (1.0, 1.1))
    assert rest.by_products["acetate"][0] == pytest.approx(rate * 10.0 / dilution, rel=1e-4)
    assert rest.by_products["acetate"][1] > rest.by_products["acetate"][0]
    culture = Culture(10.0, test.uptake_max, test.half_saturation * test.density)
    steady = fed_vessel(np.array([[0.0, 1.0], [5.0, 1.0]]), 10.0, culture, 0.9 * culture.capacity, 0.5, {})
    found = courses.follow(test, steady, False, 1, 10.0, dilution)
    filled = 1.0 - np.exp(-dilution * found.time)
    assert found.by_products["acetate"] == pytest.approx(rate * 10.0 / dilution * filled, rel=2e-3)


def test_what_the_comparison_with_the_tank_leaves_out_is_said(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    overflows = case.strain.model_copy(update={"model": "ecoli_xu1999", "parameters": {}})
    both = case.lifelines.model_copy(update={"coupling": "two-way"})
    fed = SimpleNamespace(broth={"acetate": None})
    for changes, begins in (
        ({"strain": overflows}, "Tank and rig are compared with no acetate"),
        ({"strain": overflows, "lifelines": both}, "In the two-way run the tank's cells had its acetate"),
        ({}, ""),
    ):
        sheet = SimpleNamespace(case=case.model_copy(update=changes), expected=fed)
        said = comparison_words(sheet)
        assert said.startswith(begins) and bool(said) == bool(begins)


def test_every_rig_off_its_set_points_has_its_own_broth(cases_folder):
    """Solved together, each comes out as it does alone."""
    test = cells(cases_folder, "ecoli_anane2017", 8.0, 0.2, max=2.0e-3, half_saturation=0.2)
    culture = Culture(10.0, test.uptake_max, test.half_saturation * test.density)
    loop = Loop(0.3e-3, 2.7e-3, 30e-6)
    rig, strong = (str_pfr(loop, culture, f * 0.2 * culture.capacity * 3e-3, 1.0, 0.5, {}) for f in (1.0, 1.1))
    together = courses.follow_all(test, (rig, strong), True, 3, 10.0, test.growth)
    apart = [courses.follow(test, one, True, 3, 10.0, test.growth) for one in (rig, strong)]
    one, other = (course.by_products["acetate"] for course in together)
    assert one == pytest.approx(apart[0].by_products["acetate"], rel=5e-3, abs=1e-4)
    assert other[1:] == pytest.approx(apart[1].by_products["acetate"][1:], rel=0.1)
    assert (other[1:] != one[1:]).all()


@pytest.mark.parametrize(
    ("name", "concentration", "words"),
    [("acetate", 0.0, "0"), ("acetate", 1e-9, "< 0.0006"), ("acetate", 2.0, "0.12"), ("spidroin", 1e-9, "< 0.01"),
     ("spidroin", 2.0, "2.0")],
)  # fmt: skip
def test_by_products_are_told_in_grams_where_their_mass_is_known_and_not_below_any_assay(name, concentration, words):
    assert told(name, concentration) == words
    assert span(name, concentration, concentration) == words


def test_the_root_of_a_balance_is_found_where_cells_answer_either_way():
    eaten = _solved(lambda a: 2.0 - 3.0 * a / (0.05 + a), np.zeros(1))  # 2 - 3 a/(0.05 + a) = a
    assert 2.0 - 3.0 * eaten[0] / (0.05 + eaten[0]) == pytest.approx(eaten[0], rel=1e-3)
    both = _solved(lambda a: np.array([0.5 + 0.6 * a[0], -1.0 - a[1]]), np.zeros(2))  # more where there is more; none
    assert both == pytest.approx([1.25, 0.0], rel=1e-3)


def test_readings_have_the_band_of_the_pump_and_of_the_port(fungus):
    rig = pulses(30.0, fungus, 36.0)
    drifted = tuple(pulses(30.0, fungus, 36.0, factor=f) for f in (0.95, 1.05))
    wrong = tuple(pulses(30.0 * f, fungus, 36.0, 0.28 / f) for f in (0.9, 1.1))
    found = expect(rig, drifted, wrong, fungus, False, 1, 30.0, fungus.growth)
    for (port, spread), *others in zip(found.ports, *(one.ports() for one in (*drifted, *wrong)), strict=True):
        assert spread.low <= port.low <= spread.mean == port.mean <= port.high <= spread.high
        assert spread.low == min(port.low, *(one.low for one in others))
        assert spread.high == max(port.high, *(one.high for one in others))
    for name, spread in found.course.items():
        assert spread.mean.shape == found.course_time.shape, name
        assert (spread.low <= spread.mean).all() and (spread.mean <= spread.high).all(), name
        assert spread.mean[0] == pytest.approx(found.settled[name])
    assert found.course["uptake_mol_kg_s"].high[-1] == pytest.approx(
        1.05 * found.course["uptake_mol_kg_s"].mean[-1], rel=1e-3
    )
    s, k = rig.mean_uptake, rig.culture.half_saturation
    steady = found.settled["substrate_mol_m3"]
    least, most = 0.95 / 1.1 * s, 1.05 / 0.9 * s  # a weak pump and much biomass; a strong pump and little
    expected = (k * least / (1.0 - least), k * s / (1.0 - s), k * most / (1.0 - most))
    assert (steady.low, steady.mean, steady.high) == pytest.approx(expected, rel=1e-3)
    assert found.settled["specific_productivity_relative"] == 1.0
    without = expect(rig, drifted, wrong, None, False, 1, 30.0, fungus.growth)
    assert without.course == {} and "no steady state" in without.reason and len(without.ports) == len(found.ports)


def test_oxygen_of_the_mixed_vessel_is_what_transfer_leaves():
    # C* = 10 s x 0.02: 1 - OUR/(kLa C*) = 0.2, of which 0.3 is held, and 0.6
    air = Breath(0.02, 0.06, 10.0, 10.0 / 3.0, 0.1, (0.125, 0.25), (0.3, 0.2), 0.0)
    assert oxygen_when_mixed(air).as_dict() == pytest.approx({"low": 0.3, "mean": 0.45, "high": 0.6})


def test_numbers_are_told_in_the_units_of_their_keys():
    assert in_bench_units({"flow": 1e-6, "bore": 0.008, "tube_volume": 2e-4, "feed_to_tube": 0.5}) == pytest.approx(
        {"flow_mL_min": 60.0, "bore_mm": 8.0, "tube_volume_mL": 200.0, "feed_to_tube": 0.5}
    )
    assert key_of("5 s after the largest pulse began") == "5-s-after-the-largest-pulse-began"
    text = compact({"a": [1.0, math.nan], "b": {"c": "x [ y ]", "d": None}, "e": [{"f": 1}, {"f": 2}]})
    assert text.splitlines()[1] == '  "a": [1.0, null],'
    assert json.loads(text) == {"a": [1.0, None], "b": {"c": "x [ y ]", "d": None}, "e": [{"f": 1}, {"f": 2}]}


def test_a_spread_holds_its_mean():
    one = Spread.of(1.0, 2.0, 0.5)
    assert (one.low, one.mean, one.high) == (0.5, 1.0, 2.0)
    many = Spread.of(np.array([1.0, 2.0]), np.array([0.0, 3.0]))
    assert many.low.tolist() == [0.0, 2.0] and many.high.tolist() == [1.0, 3.0]


def test_a_rig_off_its_set_points_is_followed_by_what_one_cell_does_otherwise(fungus):
    culture = Culture(30.0, fungus.uptake_max, fungus.half_saturation * fungus.density)
    loop = Loop(0.3e-3, 2.7e-3, 30e-6)
    rig, strong = (str_pfr(loop, culture, f * 0.28 * culture.capacity * 3e-3, 1.0, 0.5, {}) for f in (1.0, 1.05))
    together = courses.follow_all(fungus, (rig, strong), True, 3)
    apart = [courses.follow(fungus, one, True, 3) for one in (rig, strong)]
    for name in ("q_s", "mu", "q_p"):
        assert together[0].rates[name] == pytest.approx(apart[0].rates[name], rel=1e-12)
        assert together[1].rates[name] == pytest.approx(apart[1].rates[name], rel=0.01)
    assert together[1].rates["q_s"].mean() == pytest.approx(1.05 * together[0].rates["q_s"].mean(), rel=2e-3)
