"""Loosening a limit never worsens a design: what fits a small bench fits a large one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines import signal_statistics
from rushton.scaledown import design, designer, search
from rushton.scaledown import searches as searches_module
from rushton.scaledown.bench import Bench
from rushton.scaledown.breath import lungs
from rushton.scaledown.designer import RIGS
from rushton.scaledown.loop_rigs import StrPfr
from rushton.scaledown.searches import Searches
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
    for name, value in (("_GENERATIONS", 1), ("_POPULATION", 2), ("_STEPS", 4), ("_KEPT", 1), ("_HOPS", 0)):
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


def test_what_was_found_within_tighter_limits_is_never_lost(case, tank, monkeypatch):
    """With a search that finds better and worse at random, whatever the limits, and these met in any order."""
    rig, pumps, luck = StrPfr(), [2300.0, 900.0, 1400.0, 500.0, 1900.0], [0.7, 0.9, 0.6, 0.8, 1.0]
    cases = [changed(case, loop_pump_max=q / 6e7) for q in pumps]
    tanks = [make_tank(one, tank, None) for one in cases]

    def at_random(rig, duty, target, regimes, seed, told, known):
        score = luck[pumps.index(round(duty.bench["loop_pump_max"] * 6e7))]
        return search.Found((search.Candidate({"flow": 1e-5}, duty, score, True),), score, 1, 0.0, duty)

    monkeypatch.setattr(designer, "search", at_random)

    def optimum(n, searches):
        found, earlier = designer._search(cases[n], rig, tanks[n], searches, lambda share: None)
        kept = [*(c for one in found for c in one.candidates), *earlier]
        assert all(c.duty.bench.tighter(tanks[n].duty.bench) is not None for c in kept)
        assert len({c.score for c in kept}) == len(kept)  # each is judged once
        return min(c.score for c in kept)

    searches = Searches()
    first = [optimum(n, searches) for n in range(5)]
    again = [optimum(n, searches) for n in range(5)]
    for n in range(5):
        assert first[n] == min(luck[m] for m in range(n + 1) if pumps[m] <= pumps[n])
        assert again[n] == min(luck[m] for m in range(5) if pumps[m] <= pumps[n])
    assert len(searches.entries) == 5


def test_a_search_is_made_once(case, tank, poor_search, monkeypatch, tmp_path):
    (tmp_path / ".stages").mkdir()
    monkeypatch.setattr(search, "_POPULATION", 4)
    one = case.scaledown.model_copy(update={"rigs": ("mini-bioreactors",)})
    case = case.model_copy(update={"scaledown": one})
    first = design(case, tank, None, searches=Searches.of(tmp_path))
    monkeypatch.setattr(designer, "search", None)
    again = design(case, tank, None, searches=Searches.of(tmp_path))
    assert [d.settings for d in again.designs] == [d.settings for d in first.designs]
    assert [d.distance for d in again.designs] == [d.distance for d in first.designs]
    assert [d.evaluations for d in again.designs] == [d.evaluations for d in first.designs]


def test_a_search_of_another_tank_rig_seed_or_source_is_none(case, tank, poor_search, monkeypatch):
    searches, made, rig = Searches(), make_tank(case, tank, None), RIGS["pulsed-feed"][0]
    found = search.search(rig, made.duty, made.target, made.regimes, 1)
    searches.keep(made, rig, 1, found)
    assert searches.made(made, rig, made.duty, 1) is not None and searches.within(made, rig, made.duty, 1)
    fewer = replace(made, duty=replace(made.duty, tank_biomass=30.0))
    for other, kind, seed in ((made, rig, 2), (made, RIGS["str-pfr"][0], 1), (fewer, rig, 1)):
        assert searches.made(other, kind, other.duty, seed) is None
        assert not searches.within(other, kind, other.duty, seed)
    searches.keep(made, rig, 2, found)
    assert len(searches.entries) == 2
    monkeypatch.setattr(searches_module, "sources_hash", lambda room: "edited")
    assert searches.made(made, rig, made.duty, 1) is None
    searches.keep(made, rig, 1, found)  # those of another program would never be read again
    assert [one["program"] for one in searches.entries] == ["edited"]


def test_a_damaged_file_of_searches_is_said_and_begun_anew(tmp_path):
    (tmp_path / ".stages").mkdir()
    (tmp_path / ".stages" / searches_module.FILE).write_text("{", encoding="utf-8")
    told = []
    assert Searches.of(tmp_path, lambda share, text: told.append(text)).entries == []
    assert "searched for anew" in told[0]


def test_which_bench_fits_into_which(case):
    bench = Bench.from_case(case)
    small = Bench.from_case(changed(case, loop_pump_max=1e-5, pulse_min=2.0))
    assert bench.tighter(bench) == [] and small.tighter(bench) == ["loop_pump_max", "pulse_min"]
    assert bench.tighter(small) is None
    assert Bench.from_case(changed(case, loop_pump_max=1e-5, pulse_min=0.1)).tighter(bench) is None
    assert Bench.from_case(changed(case, stirrer_speed=10.0)).tighter(bench) is None
    assert replace(bench, bores=bench.bores[:1]).tighter(bench) == ["bores"]
    assert replace(bench, volume=2e-3).tighter(bench) is None
    weak, strong = (Bench.from_case(changed(case, kla_max=rate)) for rate in (0.05, 0.1))
    assert weak.tighter(strong) == ["kla_measured"] and weak.tighter(strong, ("kla_measured",)) is None


def test_the_part_of_a_bench_that_the_library_has(case):
    assert Bench.from_case(case).shipped_part() is None
    assert Bench.from_case(changed(case, loop_pump_max=1e-5)).shipped_part() is None
    wide = Bench.from_case(changed(case, loop_pump_max=1e-4, pulse_min=2.0)).shipped_part()
    assert wide["loop_pump_max"] == pytest.approx(2500.0 / 6e7)
    assert wide["pulse_min"] == 2.0


def test_the_search_takes_only_what_breathes_and_can_be_cooled(case, tank, poor_search):
    rig = RIGS["pulsed-feed"][0]

    def best(**limits):
        made = make_tank(changed(case, **limits), tank, None)
        found = search.search(rig, made.duty, made.target, made.regimes, 1)
        return found.candidates, [rig.write(c.settings, made.duty) for c in found.candidates], made.duty

    _, [free, *_], _ = best()
    candidates, written, duty = best(kla_max=20.0 / 3600.0)
    assert lungs(free.operation, duty).shortage > 0.0  # what is best with a better kLa would suffocate here
    assert all(c.sound for c in candidates)
    assert all(lungs(one.operation, duty).shortage == 0.0 for one in written)
    candidates, written, duty = best(kla_max=0.1 / 3600.0)  # no biomass allowed is low enough
    assert not any(c.sound for c in candidates) and all(c.score > 100.0 for c in candidates)
    candidates, written, duty = best(coolant_difference=2.0)
    assert all(lungs(one.operation, duty).heat <= lungs(one.operation, duty).cooling for one in written)


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


def test_an_error_in_a_candidate_is_told_as_it_is(case, tank, poor_search):
    made = make_tank(case, tank, None)

    class Broken(type(RIGS["pulsed-feed"][0])):
        def operate(self, settings, duty):
            raise ValueError("no such rig")

    with pytest.raises(ValueError, match="no such rig"):
        search.search(Broken(), made.duty, made.target, made.regimes, 1)


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
