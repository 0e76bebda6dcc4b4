"""The compiled ensemble against LSODA, its order, its positivity, and its cache in a new process."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from rushton.physiology import get_model, imposed_environment, integrate_ensemble, integrate_reference, steady_state
from rushton.physiology.integrate import advance, environment_array

Q_MAX, K_S, DT = 1600e-6 * 1e3 / 3600.0, 7.8e-6, 0.3


@pytest.fixture(scope="module")
def model():
    return get_model("penicillium_tang2017")


@pytest.fixture(scope="module")
def start(model):
    q_s, around = imposed_environment(model, 0.28, Q_MAX, K_S)
    return steady_state(model, model.environment_vector(float(q_s), **around))


def signals(n_cell=3, n_time=1500, seed=0):
    """s of cells in a tank: mostly starving, feasts of seconds; with stays of up to a minute in either."""
    random = np.random.default_rng(seed)
    x = np.empty((n_cell, n_time))
    x[:, 0] = random.normal(size=n_cell)
    memory = np.exp(-DT / 12.0)
    for n in range(1, n_time):
        x[:, n] = memory * x[:, n - 1] + np.sqrt(1 - memory**2) * random.normal(size=n_cell)
    return 1.0 / (1.0 + np.exp(3.2 - 5.2 * x))


def test_ensemble_equals_lsoda(model, start):
    """Pools to 2e-3 of their mean at every sample, mean rates to 1e-4, through seconds of feast and famine."""
    q_s, around = imposed_environment(model, signals(), Q_MAX, K_S)
    fast = integrate_ensemble(model, q_s, DT, start, around, keep_every=1)
    gly = fast.kept[..., 0]
    assert gly.min() < 0.2 and gly.max() > 40.0  # starvation down to the flux limiter, and excess, are both met
    for c in range(len(q_s)):
        slow, mean = integrate_reference(model, q_s[c], DT, start, {"C_s": around["C_s"][c : c + 1]})
        error = np.abs(fast.kept[c, :, : model.n_state] - slow[1:]) / slow.mean(axis=0)
        assert error.max() < 2e-3
        for name, value in mean.items():
            assert fast.mean[name][c] == pytest.approx(value, rel=1e-4)


def test_second_order(model, start):
    """Halving the step divides the error by four."""
    s = np.where(np.arange(120) // 30 % 2, 0.9, 0.15)[None]  # smooth within stretches, away from the limiter
    q_s, around = imposed_environment(model, s, Q_MAX, K_S)
    slow, _ = integrate_reference(model, q_s[0], DT, start, around, rtol=1e-11)
    errors = []
    for substeps in (1, 2, 4):
        fast = integrate_ensemble(model, q_s, DT, start, around, substeps=substeps)
        errors.append(np.linalg.norm((fast.state[0] - slow[-1]) / slow[-1]))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.2)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2.0, abs=0.2)


def test_pools_stay_positive_even_with_absurd_steps(model, start):
    q_s, around = imposed_environment(model, signals(2, 300), Q_MAX, K_S)
    for dt in (DT, 30.0):
        state, total, kept = np.tile(start, (2, 1)), np.zeros((2, len(model.reported))), np.zeros((2, 300, model.n_out))
        advance(model, environment_array(model, q_s, around), dt, state, total, 1, kept)
        assert np.all(kept[..., : model.n_state] >= 0.0)
        assert np.all(np.isfinite(kept))


def test_what_is_imposed_is_eaten(model, start):
    q_s, around = imposed_environment(model, signals(), Q_MAX, K_S)
    ensemble = integrate_ensemble(model, q_s, DT, start, around)
    np.testing.assert_allclose(ensemble.mean["q_s"], q_s.mean(axis=1), rtol=1e-12)


def test_cells_do_not_see_each_other(model, start):
    """One thread or two, alone or in a crowd: the same numbers."""
    q_s, around = imposed_environment(model, signals(5, 400), Q_MAX, K_S)
    one = integrate_ensemble(model, q_s, DT, start, around, keep_every=7, threads=1)
    two = integrate_ensemble(model, q_s, DT, start, around, keep_every=7, threads=2)
    np.testing.assert_array_equal(one.kept, two.kept)
    alone = integrate_ensemble(model, q_s[3:4], DT, start, {"C_s": around["C_s"][3:4]}, keep_every=7)
    np.testing.assert_array_equal(alone.kept[0], one.kept[3])
    np.testing.assert_array_equal(alone.state[0], one.state[3])
    assert one.time[0] == pytest.approx(7 * DT) and one.time.size == 400 // 7


def test_in_chunks_or_whole(model, start, monkeypatch):
    """Returning to Python in between changes nothing."""
    import rushton.physiology.integrate as room

    q_s, around = imposed_environment(model, signals(2, 500), Q_MAX, K_S)
    whole = integrate_ensemble(model, q_s, DT, start, around, keep_every=10)
    monkeypatch.setattr(room, "_STEPS_PER_CALL", 60)
    cut = integrate_ensemble(model, q_s, DT, start, around, keep_every=10)
    np.testing.assert_array_equal(whole.kept, cut.kept)
    np.testing.assert_allclose(whole.mean["q_p"], cut.mean["q_p"], rtol=1e-12)


def test_a_model_without_states_runs():
    model = get_model("monod", {"alpha": 0.1})
    q_s = np.array([[0.1, 0.3], [0.2, 0.2]])
    ensemble = integrate_ensemble(model, q_s, DT, np.zeros(0), keep_every=1)
    np.testing.assert_allclose(ensemble.mean["mu"], 3.5 * (0.2 - 3e-3))
    assert ensemble.kept.shape == (2, 2, 5) and ensemble.state.shape == (2, 0)
    states, mean = integrate_reference(model, q_s[0], DT, np.zeros(0))
    assert states.shape == (3, 0) and mean["q_p"] == pytest.approx(0.1 * ensemble.mean["mu"][0])


def test_kernels_come_from_the_cache_in_a_new_process(tmp_path):
    """The trap: a kernel that takes a plain compiled function is compiled anew in every process."""
    code = (
        "import numpy as np\n"
        "from rushton.physiology import get_model, integrate_ensemble\n"
        "for name in ('monod', 'penicillium_tang2017'):\n"
        "    model = get_model(name)\n"
        "    integrate_ensemble(model, np.full((1, 2), 0.01), 0.3, np.array(model.start), {'C_s': 3e-6})\n"
        "from rushton.physiology.integrate import advance_block\n"
        "found = [f.stats for f in (advance_block, model.imposed, model.own)]\n"
        "print(sum(sum(s.cache_hits.values()) for s in found), sum(sum(s.cache_misses.values()) for s in found))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs == ["0 3\n", "3 0\n"]
