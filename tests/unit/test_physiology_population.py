"""Cells that differ: the draw has the mean and spread it says, is seeded, and reaches the integrator cell by cell."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.errors import ModelError
from rushton.physiology import get_model, integrate_ensemble, model_of
from rushton.physiology.population import draw_parameters, lognormal


def test_mean_and_spread_of_the_draw():
    factors = lognormal(0.3, 200_000, 1, "q_max")
    assert factors.min() > 0.0
    assert factors.mean() == pytest.approx(1.0, abs=4 * 0.3 / np.sqrt(200_000))
    assert factors.std() == pytest.approx(0.3, rel=0.02)


def test_seeded_and_nested():
    """Same seed, same cells; more cells keep the first; another parameter besides changes nothing."""
    model = get_model("monod")
    small = draw_parameters(model, {"Y_xs": 0.1}, 5, seed=3)
    np.testing.assert_array_equal(draw_parameters(model, {"Y_xs": 0.1}, 9, seed=3)[:5], small)
    both = draw_parameters(model, {"Y_xs": 0.1, "m_s": 0.2}, 5, seed=3)
    np.testing.assert_array_equal(both[:, 2], small[:, 2])
    assert not np.array_equal(draw_parameters(model, {"Y_xs": 0.1}, 5, seed=4), small)
    assert np.all(small[:, [0, 1, 3, 4, 5]] == model.parameter_vector[[0, 1, 3, 4, 5]])


def test_constants_formed_once_follow_each_cell():
    """pHint enters the Tang model as an undissociated share, formed from each cell's own value."""
    model = get_model("penicillium_tang2017")
    cells = draw_parameters(model, {"pHint": 0.01}, 4, seed=0)
    column = [p.name for p in model.parameters].index("pHint")
    np.testing.assert_allclose(cells[:, -1], 1.0 / (1.0 + 10.0 ** (cells[:, column] - 4.31)))


@pytest.mark.parametrize(
    ("spread", "message"),
    [
        ({"Yxs": 0.1}, "strain.spread.Yxs: model 'monod' has no parameter 'Yxs'(.|\n)*Did you mean 'Y_xs'"),
        ({"Y_xs": -0.1}, "no relative standard deviation(.|\n)*from 0 to 2"),
        ({"Y_xs": float("nan")}, "no relative standard deviation"),
        ({"alpha": 0.1}, "'alpha' is 0 and cannot be spread"),
    ],
)
def test_impossible_spreads_are_refused(spread, message):
    with pytest.raises(ModelError, match=message):
        draw_parameters(get_model("monod"), spread, 3, seed=0)


def test_every_cell_lives_by_its_own_parameters():
    """A crowd of different cells is each of them alone."""
    model = get_model("penicillium_tang2017")
    cells = draw_parameters(model, {"b33": 0.3, "v13max": 0.1}, 4, seed=2)
    q_s = np.tile(0.012 * (1 + 0.9 * np.sin(np.arange(200) / 5.0)), (4, 1))
    start = np.array(model.start)
    crowd = integrate_ensemble(model, q_s, 0.3, start, {"C_s": 5e-6}, parameters=cells, threads=2)
    names = [p.name for p in model.parameters]
    for c in range(4):
        mine = {name: float(cells[c, names.index(name)]) for name in ("b33", "v13max")}
        alone = integrate_ensemble(get_model(model.name, mine), q_s[:1], 0.3, start, {"C_s": 5e-6})
        np.testing.assert_array_equal(crowd.state[c], alone.state[0])
    assert np.ptp(crowd.mean["q_p"]) > 0.0


def test_a_strain_of_a_case_is_checked_before_anything_runs(cases_folder):
    """Parameters, then spread, by the names of its model."""
    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    data["strain"] |= {"parameters": {"b33": 7e-4}, "spread": {"v13max": 0.1}}
    strain = case_from_dict(data).strain
    model = model_of(strain)
    assert model.parameter_values["b33"] == 7e-4
    assert np.ptp(draw_parameters(model, strain.spread, 50, 0), axis=0).astype(bool).sum() == 1
    data["strain"]["spread"] = {"v31max": 0.1}
    with pytest.raises(ModelError, match="strain.spread.v31max(.|\n)*Did you mean"):
        model_of(case_from_dict(data).strain)
