"""Loosening a limit never worsens a design: what fits a small bench fits a large one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines import signal_statistics
from rushton.scaledown import design, search
from rushton.scaledown.bench import Bench
from rushton.scaledown.designer import RIGS
from rushton.scaledown.tank import make_tank


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    return case.model_copy(update={"response": case.response.model_copy(update={"duration": 1800.0})})


@pytest.fixture(scope="module")
def tank(case, uptake_like_a_tank):
    dt = 0.06
    half = signal_statistics(uptake_like_a_tank(np.random.default_rng(3), 60, 2000, dt), dt, case.strain.regimes)
    records = SimpleNamespace(time=np.arange(0.0, 60.0, 0.3), s=np.full((1, 200), 0.3, np.float32))
    return SimpleNamespace(
        halves=(half, half), statistics=half + half, duration=120.0, time_step=dt, records=lambda: records
    )


@pytest.fixture
def poor_search(monkeypatch):
    """A search so short that, begun anew within wider bounds, it finds something worse."""
    _impoverish(monkeypatch)


def _impoverish(patch):
    for name, value in (("_GENERATIONS", 1), ("_POPULATION", 2), ("_STEPS", 4), ("_KEPT", 1)):
        patch.setattr(search, name, value)


@pytest.fixture(scope="module")
def within_the_library_s_limits(case, tank):
    """What the poor search finds for the case as it is."""
    with pytest.MonkeyPatch.context() as patch:
        _impoverish(patch)
        return design(case, tank, None)


def changed(case, **limits):
    loose = case.scaledown.limits.model_copy(update=limits)
    return case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"limits": loose})})


def distances(result):
    return {d.name: d.optimum for d in result.designs if not d.reference}


LOOSER = (
    {"loop_pump_max": 8.0e-3 / 60.0, "feed_pump_max": 2e-6},
    {"pulse_min": 0.1, "pulse_volume_min": 1e-9, "biomass_max": 120.0, "side_share_max": 0.7},
)


@pytest.mark.parametrize("looser", LOOSER)
def test_looser_limits_never_give_a_worse_design(case, tank, within_the_library_s_limits, poor_search, looser):
    tight, loose = distances(within_the_library_s_limits), distances(design(changed(case, **looser), tank, None))
    assert set(tight) == set(loose) == {"str-pfr", "pulsed-feed", "pulsed-feed-irregular"}
    for name, value in tight.items():
        assert loose[name] <= value, name


def test_a_design_known_before_is_never_lost(case, tank, within_the_library_s_limits, poor_search):
    first = within_the_library_s_limits
    other_seed = case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"seed": 7})})
    again = design(other_seed, tank, None, known=first.designs)
    for name, value in distances(first).items():
        assert distances(again)[name] <= value + 0.03, name  # another seed draws other stays


def test_the_part_of_a_bench_that_the_library_has(case):
    assert Bench.from_case(case).shipped_part() is None
    assert Bench.from_case(changed(case, loop_pump_max=1e-5)).shipped_part() is None
    wide = Bench.from_case(changed(case, loop_pump_max=1e-4, pulse_min=2.0)).shipped_part()
    assert wide["loop_pump_max"] == pytest.approx(2500.0 / 6e7)
    assert wide["pulse_min"] == 2.0


# --- random pairs of nested limits, the whole search ----------------------------------------------------------------

LOOSENED = {
    "loop_pump_max": 2.0, "side_share_max": 1.6, "biomass_max": 1.6, "feed_pump_max": 2.0, "pulse_min": 0.5,
    "pulse_volume_min": 0.4, "robot_period_min": 0.6,
}  # fmt: skip


def nested(bench, rng):
    """A bench with limits tighter or looser than the library's, at random, and one with some of them looser still."""
    tight = {key: factor ** rng.uniform(-1.5, 0.3) for key, factor in LOOSENED.items()}
    loose = {
        key: tight[key] * factor ** (rng.uniform(0.0, 0.8) * (rng.random() < 0.5)) for key, factor in LOOSENED.items()
    }
    out = []
    for factors in (tight, loose):
        factors["side_share_max"] = min(factors["side_share_max"], 1.7)
        limits = {key: replace(bench.limits[key], value=bench[key] * f) for key, f in factors.items()}
        out.append(replace(bench, limits=bench.limits | limits))
    return out


def optima(name, case, tank, number):
    """(number, 2) optimum within tight and within loose limits."""
    made = make_tank(case, tank, None)
    rig, rng, found = RIGS[name][0], np.random.default_rng(11), []
    for _ in range(number):
        benches = nested(made.duty.bench, rng)
        duties = [rig.duty(replace(made.duty, bench=bench)) for bench in benches]
        found.append([search.search(rig, d, made.target, made.regimes, 1).candidates[0].score for d in duties])
    return np.array(found)


def test_looser_limits_never_worsen_the_optimum_of_a_rig_with_two_settings(case, tank):
    found = optima("mini-bioreactors", case, tank, 3)
    assert np.all(found[:, 1] <= found[:, 0] + 1e-9)
    assert np.any(found[:, 1] < found[:, 0] - 1e-3)


def test_threads_change_no_digit(case, tank, poor_search, monkeypatch):
    made, rig = make_tank(case, tank, None), RIGS["pulsed-feed"][0]
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(search.os, "cpu_count", lambda threads=threads: threads)
        found.append(search.search(rig, made.duty, made.target, made.regimes, 1))
    assert [(c.settings, c.score) for c in found[0].candidates] == [(c.settings, c.score) for c in found[1].candidates]
    assert found[0].evaluations == found[1].evaluations


@pytest.mark.long
@pytest.mark.parametrize("name", ["pulsed-feed", "str-pfr"])
def test_looser_limits_hardly_ever_worsen_an_optimum(name, case, tank):
    """Not proven, but measured: docs/validation.md."""
    found = optima(name, case, tank, 10)
    worse = found[:, 1] - found[:, 0]
    print(f"{name}: worse in {np.sum(worse > 1e-9)} of {worse.size} pairs, at most by {worse.max():.4f}")
    assert np.sum(worse > 1e-9) <= 3
    assert worse.max() < 0.03
