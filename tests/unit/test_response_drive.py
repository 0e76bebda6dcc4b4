"""The response against what must be true: a linear cell cannot tell, a steady cell stays, the eaten is the fed."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.errors import ModelError
from rushton.physiology import concentration_of_uptake, get_model, integrate_ensemble
from rushton.response import Response, preflight
from rushton.response.drive import run_histories
from rushton.response.stitch import Records, encode

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
    return run_histories(model, records, settings(**kw), REGIMES, Q_MAX, K_S, q_mean or records.mean, seed=1)


@pytest.fixture(scope="module")
def fluctuating():
    records = Records(encode(telegraph()), 0.3)
    return run(get_model("penicillium_tang2017"), records), records


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
    assert response.band[0, 0] <= response.relative_productivity <= response.band[0, 1]
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
