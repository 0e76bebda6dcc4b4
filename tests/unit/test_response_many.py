"""The fast loops for many strains against their readable counterparts."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.case.schema import Regimes
from rushton.lifelines.regime_times import regime_times, regime_times_reference
from rushton.physiology import get_model, ideal_cell, integrate_ensemble
from rushton.physiology.integrate import environment_array
from rushton.response import side_by_side as kernel
from rushton.response.many import memory_hours

Q_MAX, K = 4.4e-4, 7.8e-6  # mol/(kg s), mol/kg


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    """(5, 400) uptake ratios that jump between feast and famine."""
    random = np.random.default_rng(3)
    return np.repeat(random.random((5, 40)) ** 3, 10, axis=1)


@pytest.mark.parametrize("name", ["penicillium_tang2017", "monod"])
@pytest.mark.parametrize("inside", [True, False])
def test_the_blocked_loop_is_the_ensemble_integrator(name: str, inside: bool, signal: np.ndarray) -> None:
    model = get_model(name)
    start, _ = ideal_cell(model, float(signal.mean()), Q_MAX, K)
    q_s = signal * Q_MAX * model.uptake_per_mol_kg_s
    c_s = K * signal / (1.0 - np.minimum(signal, 0.999))
    expected = integrate_ensemble(model, q_s, 0.3, start, {"C_s": c_s}, substeps=2, threads=1)

    around = np.ascontiguousarray(environment_array(model, q_s, {"C_s": c_s}).transpose(1, 0, 2))
    state, total = np.tile(start, (5, 1)), np.zeros((5, len(model.reported)))
    march = kernel.marcher(model.rates) if inside else _pointer(model.rates)
    variant = np.zeros(5, np.int64)
    kernel.advance(march, model.parameter_vector[None].copy(), variant, around, 0.15 / 3600.0, 2, state, total)
    assert state == pytest.approx(expected.state, rel=1e-9)
    for k, rate in enumerate(model.reported_names):
        assert total[:, k] / 800 == pytest.approx(expected.mean[rate], rel=1e-9, abs=1e-15)


def _pointer(rates: object):  # noqa: ANN202
    return lambda *arguments: kernel._through_pointer(rates, *arguments)


def test_each_history_has_the_parameters_of_its_variant(signal: np.ndarray) -> None:
    model = get_model("monod")
    vectors = np.array([get_model("monod", {"Y_xs": y}).parameter_vector for y in (2.0, 4.0)])
    around = np.zeros((10, 4, 2))
    around[..., 0] = 0.1
    total = np.zeros((4, len(model.reported)))
    variant = np.array([0, 1, 1, 0])
    kernel.advance(kernel.marcher(model.rates), vectors, variant, around, 1e-4, 1, np.zeros((4, 0)), total)
    growth = total[:, 1] / 10
    assert growth == pytest.approx([2 * (0.1 - 3e-3), 4 * (0.1 - 3e-3), 4 * (0.1 - 3e-3), 2 * (0.1 - 3e-3)])


def test_look_up_turns_histories_into_blocks() -> None:
    table = np.arange(12.0).reshape(6, 2)
    index = np.array([[0, 5, 2], [1, 1, 3]], np.uint16)
    around = np.empty((3, 2, 2))
    kernel.look_up(table, index, around)
    assert np.array_equal(around, table[index].transpose(1, 0, 2))


def test_the_slowest_memory_of_a_chain_is_its_slowest_member() -> None:
    """Enzyme X_E33 of Tang 2017 decays with mu + kdE33: the slowest of the nine pools at this growth rate."""
    model = get_model("penicillium_tang2017")
    state, rates = ideal_cell(model, 0.28, Q_MAX, K)
    around = model.environment_vector(0.28 * Q_MAX * model.uptake_per_mol_kg_s, C_s=K * 0.28 / 0.72)
    slowest = 1.0 / (rates["mu"] + model.parameter_values["kdE33"])
    assert memory_hours(model, around, state) == pytest.approx(slowest, rel=0.05)
    assert memory_hours(get_model("monod"), np.array([0.1, 1e-5]), np.zeros(0)) == 0.0


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("dt", [0.3, 0.06])
def test_regime_times_are_those_of_the_definitions(dt: float, threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHTON_THREADS", threads)
    random = np.random.default_rng(7)
    s = np.concatenate([np.zeros(3), np.linspace(0.0, 1.0, 60), np.ones(3)])
    walk = np.cumsum(random.integers(-9, 10, (20, 300)), axis=1) + random.integers(0, 66, (20, 1))
    index = np.abs(walk % 130 - 65).astype(np.int32)
    fast, slow = (f(index, s, dt, Regimes()) for f in (regime_times, regime_times_reference))
    assert slow.stays.sum(axis=0).min() > 20
    for name in ("samples", "stays", "stay_samples"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name
    assert fast.shares.sum() == pytest.approx(1.0)
    assert fast.residence_s == pytest.approx(slow.residence_s)
