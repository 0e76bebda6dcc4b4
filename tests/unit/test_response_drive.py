"""The response against what must be true: a linear cell cannot tell, a steady cell stays, the eaten is the fed."""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numba import njit

from rushton.errors import ModelError
from rushton.physiology import Parameter, concentration_of_uptake, get_model, integrate_ensemble
from rushton.response import Response, preflight
from rushton.response.drive import run_histories
from rushton.response.stitch import Records, encode
from rushton.response.surroundings import surroundings

Q_MAX, K_S = 1600e-6 * 1e3 / 3600.0, 7.8e-6  # mol/(kg s), mol/kg
REGIMES = SimpleNamespace(starvation=0.05, excess=0.95)


def settings(histories=6, duration=7200.0, join_tolerance=0.02):
    return SimpleNamespace(histories=histories, duration=duration, join_tolerance=join_tolerance)


def telegraph(n_record=400, n_sample=400, seed=2, low=0.004, high=0.99, memory=0.985, share=0.28):
    """Records that jump between famine and feast, with some time between; mean about `share`."""
    random = np.random.default_rng(seed)
    x = np.empty((n_record, n_sample))
    x[:, 0] = random.normal(size=n_record)
    for n in range(1, n_sample):
        x[:, n] = memory * x[:, n - 1] + np.sqrt(1 - memory**2) * random.normal(size=n_record)
    return np.clip(0.5 + 1.5 * (x - np.quantile(x, 1.0 - share)), low, high)


def run(model, records, q_mean=None, **kw):
    around = surroundings(model, records.ratio, Q_MAX, K_S)
    return run_histories(model, records, around, settings(**kw), REGIMES, q_mean or records.mean, seed=1)


@pytest.fixture(scope="module")
def fluctuating():
    records = Records(encode(telegraph()), 0.3)
    return run(get_model("penicillium_tang2017"), records), records


def test_the_steps_are_chosen_from_an_odd_number_of_samples_as_well():
    """Half of them are left out once, so one stays over: the same choice as without it."""
    from rushton.response.convergence import choose_steps

    model = get_model("ecoli_xu1999")
    met = np.zeros((2, 9, len(model.environment)))
    met[..., 0] = np.linspace(0.1, 0.9, 9)
    met[..., -1] = 0.2
    start = np.zeros((2, 0))
    odd, even = (choose_steps(model, met[:, :n], 0.3, start) for n in (9, 8))
    assert odd == even


def test_a_linear_cell_gains_and_loses_nothing():
    records = Records(encode(telegraph()), 0.3)
    model = get_model("monod", {"alpha": 0.01, "beta": 1e-3})
    response = run(model, records)
    eaten = response.stitched_ratio / response.mean_ratio
    growth = model.parameter_values
    q = response.reference("q_s")
    ideal_mu = growth["Y_xs"] * (q - growth["m_s"])
    assert response.reference("mu") == pytest.approx(ideal_mu)
    assert response.uptake_mismatch == pytest.approx(eaten - 1.0, abs=1e-6)
    mean_mu = growth["Y_xs"] * (q * eaten - growth["m_s"])
    assert response.relative_yield == pytest.approx(mean_mu / ideal_mu / eaten, rel=1e-5)
    mean_product = 0.01 * mean_mu + 1e-3
    assert response.relative_productivity == pytest.approx(mean_product / (0.01 * ideal_mu + 1e-3), rel=1e-5)


def test_a_steady_signal_leaves_the_cell_where_it_is():
    records = Records(encode(np.full((5, 100), 0.28)), 0.3)
    response = run(get_model("penicillium_tang2017"), records)
    assert response.relative_productivity == pytest.approx(1.0, abs=1e-4)
    assert response.relative_yield == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(
        response.states, np.broadcast_to(response.reference_state, response.states.shape), rtol=1e-3
    )


def test_fluctuation_costs_product_and_yield(fluctuating):
    response, _ = fluctuating
    assert response.relative_productivity_final < response.relative_productivity < 1.0
    assert response.relative_yield < 1.0
    low, high = response.band("relative_productivity")
    assert low <= response.relative_productivity <= high
    assert np.all(response.states >= 0.0) and np.all(np.isfinite(response.rates))


def test_the_eaten_is_what_the_signal_says(fluctuating):
    response, _ = fluctuating
    eaten = response.rate("q_s").mean(dtype=float)
    q_max = Q_MAX * get_model("penicillium_tang2017").uptake_per_mol_kg_s
    assert eaten == pytest.approx(q_max * response.stitched_ratio, rel=1e-5)
    assert response.uptake_mismatch == pytest.approx(response.stitched_ratio / response.mean_ratio - 1.0, abs=1e-5)


def test_kept_courses_are_one_integration(fluctuating):
    """The close-up is reproduced from its own first state and signal by the plain ensemble."""
    response, _ = fluctuating
    n_state = len(response.state_names)
    np.testing.assert_allclose(response.trajectory[:, -1], response.closeup[:, -1], rtol=1e-6)
    np.testing.assert_allclose(
        response.closeup[:, -1, :n_state], response.states[-1, : len(response.closeup)], rtol=1e-6
    )
    assert response.closeup_time[-1] == pytest.approx(response.duration)
    assert response.trajectory_time[-1] == pytest.approx(response.duration)
    assert np.diff(response.trajectory_time) == pytest.approx(response.trajectory_time[0])


def test_same_seed_same_response(fluctuating):
    response, records = fluctuating
    again = run(get_model("penicillium_tang2017"), records)
    np.testing.assert_array_equal(response.rates, again.rates)


@pytest.mark.parametrize("duration", [10.0, 123.0, 3601.0])
def test_any_duration_is_cut_evenly(duration):
    records = Records(encode(np.full((5, 100), 0.3)), 0.3)
    response = run(get_model("monod"), records, duration=duration, histories=2)
    assert response.duration == pytest.approx(duration, rel=0.3)
    assert response.time.size <= 80 and response.time[-1] < response.duration


def test_own_uptake_is_an_option_and_its_mismatch_is_told():
    records = Records(encode(telegraph()), 0.3)
    response = run(get_model("penicillium_tang2017", uptake="own"), records)
    assert response.uptake == "own"
    assert abs(response.uptake_mismatch) > 0.05


def test_saved_and_loaded(fluctuating, tmp_path):
    response, _ = fluctuating
    response.save(tmp_path)
    again = Response.load(tmp_path)
    assert again.summary() == response.summary()
    np.testing.assert_array_equal(again.trajectory, response.trajectory)


def test_exported(fluctuating, tmp_path):
    from netCDF4 import Dataset

    response, _ = fluctuating
    response.export(tmp_path)
    with Dataset(tmp_path / "response.nc") as file:
        np.testing.assert_allclose(file["q_p"][:], response.rate("q_p"), rtol=1e-6)
        assert file["X_gly"].units == "umol/gdw"
        assert file["X_gly"].ideally_mixed == pytest.approx(response.reference("X_gly"), rel=1e-6)
    with open(tmp_path / "response.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == response.time.size * (len(response.rate_names) + len(response.state_names))
    assert float(rows[0]["mean"]) == pytest.approx(response.rates[0, :, 0].mean(), rel=1e-4)


def test_summary_keys(fluctuating):
    response, _ = fluctuating
    summary = response.summary()
    assert summary["model"] == "penicillium_tang2017"
    for key in ("relative_productivity", "relative_productivity_final", "relative_yield", "uptake_mismatch"):
        assert isinstance(summary[key], float)
    assert summary["states"]["X_gly"]["ideal"] == pytest.approx(response.reference("X_gly"))


def test_no_product_is_said():
    records = Records(encode(np.full((5, 100), 0.28)), 0.3)
    summary = run(get_model("monod"), records).summary()
    assert summary["relative_productivity"] is None
    assert "no product" in summary["relative_productivity_reason"]
    assert summary["relative_yield"] == pytest.approx(1.0, abs=1e-4)


def test_the_concentration_is_that_of_the_uptake():
    assert concentration_of_uptake(0.28, K_S) == pytest.approx(3.03e-6, rel=2e-3)
    model = get_model("monod")
    ensemble = integrate_ensemble(model, np.full((1, 3), 0.1), 0.3, np.zeros(0))
    assert ensemble.mean["q_s"][0] == pytest.approx(0.1)


def case_of(feed=0.37, q_max=Q_MAX, **parameters):
    return SimpleNamespace(
        strain=SimpleNamespace(
            model="penicillium_tang2017",
            parameters=parameters,
            spread={},
            model_file=None,
            uptake=SimpleNamespace(max=q_max, half_saturation=7.8e-3),
        ),
        feeds=(SimpleNamespace(rate=feed),),
        broth=SimpleNamespace(biomass=55.0, density=1000.0),
        liquid_volume=54.0,
    )


def test_preflight_refuses_before_the_flow_is_solved():
    preflight(case_of())
    preflight(SimpleNamespace(strain=None))
    with pytest.raises(ModelError, match="finds no steady state"):
        preflight(case_of(feed=10.0, q_max=10.0 * Q_MAX))
    with pytest.raises(ModelError, match="no parameter 'b3'"):
        preflight(case_of(b3=1.0))


# --- what else surrounds a cell, bands, convergence, spread, bad input ----------------------------------------------


@functools.cache
def breathing(wrong_at=None):
    """A cell of one pool that relaxes to the oxygen around it in 6 min, and breathes what it holds."""
    from rushton.physiology.compiled import RATES
    from rushton.physiology.model import CellModel, Quantity, Surrounding

    limit = -1.0 if wrong_at is None else wrong_at

    @njit(RATES)
    def rates(environment, state, parameters, out):
        out[0] = parameters[0] * (environment[2] - state[0])
        out[1] = environment[0]
        out[2] = 0.1 * environment[0]
        out[3] = 0.0
        out[4] = state[0]
        out[5] = 0.5 * state[0]
        if environment[2] < limit:
            out[0] = math.sqrt(environment[2] - limit)

    per = "mol/(Cmol h)"
    return CellModel(
        name="breathing",
        title="test",
        states=(Quantity("hold", "mmol/L", "oxygen held"),),
        environment=(
            Surrounding("q_s", per, "uptake"),
            Surrounding("C_s", "mol/kg", "substrate", species="substrate"),
            Surrounding("C_O2", "mmol/L", "oxygen", 0.21, "oxygen"),
            Surrounding("C_A", "g/L", "acetate", 0.0, "acetate"),
        ),
        reported=(
            Quantity("q_s", per, "uptake", "substrate", -1),
            Quantity("mu", "1/h", "growth"),
            Quantity("q_p", per, "product"),
            Quantity("q_O2", per, "oxygen", "oxygen", -1),
            Quantity("q_A", per, "acetate", "acetate", 1),
        ),
        parameters=(Parameter("k", 10.0, "1/h"),),
        start=(0.2,),
        molar_mass=0.025,
        imposed=rates,
        own=rates,
        prepare=lambda values: np.array([values["k"]]),
        sources=("a test",),
        has_product=False,
    )


@pytest.fixture(scope="module")
def two_scalars():
    """Lifelines over 60 mesh cells in which s and oxygen vary apart from each other."""
    random = np.random.default_rng(3)
    ratio, oxygen = random.random(60), random.random(60) * 2e-4
    index = random.integers(0, 60, (400, 1)) + np.cumsum(random.integers(-1, 2, (400, 200)), axis=1)
    return Records((index % 60).astype(np.uint16), 0.3, ratio), oxygen


def test_every_surrounding_that_has_a_field_reaches_the_cell(two_scalars):
    records, oxygen = two_scalars
    around = surroundings(breathing(), records.ratio, Q_MAX, K_S, {"oxygen": oxygen}, density=1000.0)
    assert around.varying == ("q_s", "C_s", "C_O2") and around.constants == {"C_A": 0.0}
    response = run_histories(breathing(), records, around, settings(40, 36000.0), REGIMES, records.mean, seed=1)
    mean_oxygen = records.counts @ oxygen / records.counts.sum() * 1e3
    held = response.variables["hold"]
    assert held.ideal == pytest.approx(mean_oxygen, rel=1e-6)
    assert held.mean == pytest.approx(mean_oxygen, rel=0.05) and held.band[0] < mean_oxygen < held.band[1]
    assert response.variables["Y_os"].ideal == pytest.approx(mean_oxygen / response.reference("q_s"))
    assert response.lacking == ("C_A",) and any("C_A = 0" in text for text in response.summary()["cautions"])


def test_what_has_no_field_takes_the_default_and_is_said(two_scalars):
    records, _ = two_scalars
    around = surroundings(breathing(), records.ratio, Q_MAX, K_S)
    assert around.lacking == ("C_O2", "C_A")
    np.testing.assert_array_equal(around.table[:, 2], 0.21)
    response = run_histories(breathing(), records, around, settings(), REGIMES, records.mean, seed=1)
    assert response.variables["hold"].mean == pytest.approx(0.21)
    [text] = [text for text in response.summary()["cautions"] if "no field" in text]
    assert "C_O2 = 0.21" in text


def test_a_rate_that_is_no_number_is_named_with_cell_time_and_place(two_scalars):
    records, oxygen = two_scalars
    low = 1e3 * np.sort(oxygen)[2]
    around = surroundings(breathing(low), records.ratio, Q_MAX, K_S, {"oxygen": oxygen})
    with pytest.raises(ModelError, match=r"hold of cell \d+ is no number any more .* s after the start") as error:
        run_histories(breathing(low), records, around, settings(), REGIMES, records.mean, seed=1)
    there = float(str(error.value).split("C_O2 = ")[1].split(",")[0])
    assert there < low


def test_a_pool_too_fast_for_the_steps_is_followed_or_refused(two_scalars):
    records, oxygen = two_scalars
    around = surroundings(breathing(), records.ratio, Q_MAX, K_S, {"oxygen": oxygen})

    def response_of(k):
        model = replace(breathing(), parameters=(Parameter("k", k, "1/h"),))
        return run_histories(model, records, around, settings(), REGIMES, records.mean, seed=1)

    response = response_of(6e4)  # five of its times per sample
    assert response.substeps >= 4 and response.integration_error <= 2e-3
    assert response_of(10.0).substeps == 1
    with pytest.raises(ModelError, match="too long for the fastest pool: hold"):
        response_of(1e7)


def test_the_band_holds_the_lifelines_too():
    """Forty histories that re-use ten lifelines look alike to a bootstrap over histories; the lifelines are few."""
    random = np.random.default_rng(5)
    level = random.random(10)
    records = Records(encode(np.repeat(level[:, None], 50, axis=1)), 0.3)
    model = get_model("monod")
    around = surroundings(model, records.ratio, Q_MAX, K_S)
    wide = SimpleNamespace(histories=40, duration=3600.0, join_tolerance=0.5)
    response = run_histories(model, records, around, wide, REGIMES, records.mean, seed=1)
    assert response.groups.count == 10
    low, high = response.variables["q_s"].relative_band
    per_history = response.rate("q_s").mean(axis=0)
    over_histories = 1.96 * per_history.std() / np.sqrt(40) / response.reference("q_s")
    assert high - low > 2.0 * 1.5 * over_histories


def test_a_linear_cell_with_a_spread_loses_nothing_and_shows_it():
    records = Records(encode(telegraph()), 0.3)
    model = get_model("monod", {"alpha": 0.01, "beta": 1e-3})
    around = surroundings(model, records.ratio, Q_MAX, K_S)
    response = run_histories(
        model, records, around, settings(40), REGIMES, records.mean, seed=1, spread={"beta": 0.3}
    )  # fmt: skip
    spread = response.summary()["spread"]
    assert spread["parameters"] == {"beta": 0.3} and spread["histories"] == 10
    beta = response.own_reference[:, response.rate_names.index("q_p")]
    assert beta.std() / beta.mean() > 0.05
    # own reference, own loss: the spread leaves it where it was, to what the histories eat
    assert response.relative_productivity == pytest.approx(1.0, abs=0.02)
    assert spread["relative_spread"] == pytest.approx(spread["relative_alike"], abs=0.02)
    assert spread["deviation_spread"] > 2.0 * spread["deviation_alike"]


def test_cells_that_differ_start_from_their_own_steady_state():
    records = Records(encode(np.full((8, 100), 0.28)), 0.3)
    model = get_model("penicillium_tang2017")
    around = surroundings(model, records.ratio, Q_MAX, K_S)
    response = run_histories(
        model, records, around, settings(4), REGIMES, records.mean, seed=1, spread={"v13max": 0.1}
    )  # fmt: skip
    assert np.ptp(response.states[0, :, 0]) > 0.01 * response.states[0, :, 0].mean()
    np.testing.assert_allclose(response.states[-1], response.states[0], rtol=2e-3)
    assert response.relative_productivity == pytest.approx(1.0, abs=1e-3)


def test_convergence_is_told(fluctuating):
    response, _ = fluctuating
    checks = response.summary()["convergence"]
    assert set(checks) == {"integration", "sampling", "histories", "length"}
    assert checks["integration"]["passed"] and 0.0 < checks["integration"]["value"] < 2e-3
    assert checks["length"]["value"] == pytest.approx(response.drift)
    # two hours are far too short for pools of 20 h
    assert any("too short for a settled value" in text for text in response.summary()["cautions"])


def test_distributions_and_tables(fluctuating, tmp_path):
    response, _ = fluctuating
    response.export(tmp_path)
    with open(tmp_path / "physiology.csv", encoding="utf-8") as file:
        rows = {row["variable"]: row for row in csv.DictReader(file)}
    assert set(rows) >= {*response.rate_names, *response.state_names, "Y_xs", "Y_ps"}
    q_s = response.variables["q_s"]
    assert float(rows["q_s"]["p95"]) == pytest.approx(q_s.p95, rel=1e-4)
    assert q_s.p5 <= q_s.median <= q_s.p95
    # single moments spread wider than the means of the histories
    assert q_s.p95 - q_s.p5 > np.ptp(response.rate("q_s").mean(axis=0))
    yield_mean = response.rate("mu").mean(dtype=float) / 3600.0 / (
        response.rate("q_s").mean(dtype=float) / get_model("penicillium_tang2017").uptake_per_mol_kg_s
    )  # fmt: skip
    assert response.variables["Y_xs"].mean == pytest.approx(1e3 * yield_mean, rel=1e-5)
    with open(tmp_path / "physiology_histograms.csv", encoding="utf-8") as file:
        shares = [float(row["share"]) for row in csv.DictReader(file) if row["variable"] == "X_gly"]
    assert sum(shares) == pytest.approx(1.0, abs=1e-4)


def test_the_band_covers_the_truth_as_often_as_it_says():
    """Lifelines of one level each, drawn anew 25 times: the 95 % band of the mean uptake holds the true mean of 0.5."""
    model = get_model("monod")
    anything = SimpleNamespace(starvation=0.0, excess=1.0)
    loose = SimpleNamespace(histories=40, duration=120.0, join_tolerance=1.0)
    covered = 0
    for seed in range(25):
        level = np.random.default_rng([seed, 7]).random(60)
        records = Records(encode(np.repeat(level[:, None], 40, axis=1)), 0.3)
        around = surroundings(model, records.ratio, Q_MAX, K_S)
        response = run_histories(model, records, around, loose, anything, records.mean, seed=seed)
        low, high = response.variables["q_s"].band
        covered += low <= 0.5 * around.q_max <= high
    assert 20 <= covered <= 25  # 24 expected


def test_joins_that_jump_are_said():
    s = np.tile(np.linspace(0.2, 0.6, 100), (30, 1))  # every record ends far from where any begins
    response = run(get_model("monod"), Records(encode(s), 0.3), duration=600.0)
    assert response.far_joins == response.joins > 0
    assert any("100 % of the joins" in text for text in response.summary()["cautions"])
