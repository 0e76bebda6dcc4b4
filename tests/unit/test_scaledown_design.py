"""From lifelines to designs and protocols, on a made-up tank with the statistics of a real one."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.errors import SolverError
from rushton.lifelines import signal_statistics
from rushton.lifelines.sample import sample_of
from rushton.scaledown import Scaledown, design, search
from rushton.scaledown.loop_rigs import StrPfr, reference_settings
from rushton.scaledown.pulses import IrregularFeed, PulsedFeed
from rushton.scaledown.robustness import NAMES
from rushton.scaledown.tank import make_duty


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    return case.model_copy(
        update={
            "response": case.response.model_copy(update={"duration": 7200.0}),
            "scaledown": case.scaledown.model_copy(
                update={"rigs": ("str-pfr", "str-str", "three-compartments", "pulsed-feed", "mini-bioreactors")}
            ),
        }
    )


@pytest.fixture(scope="module")
def tank(case, uptake_like_a_tank):
    dt, generators = 0.06, [np.random.default_rng(seed) for seed in (1, 2)]
    signals = [uptake_like_a_tank(rng, 60, 2000, dt) for rng in generators]
    sample = sample_of(np.concatenate(signals), dt, case.strain.regimes, 32)
    halves = sample.statistics(slice(0, None, 2)), sample.statistics(slice(1, None, 2))
    records = SimpleNamespace(time=np.arange(0.0, 60.0, 0.3), s=generators[-1].random((5, 200)).astype(np.float32))
    return SimpleNamespace(
        halves=halves, statistics=halves[0] + halves[1], duration=120.0, time_step=dt, records=lambda: records,
        sample=sample,
    )  # fmt: skip


@pytest.fixture(scope="module")
def quick():
    """A search short enough for a unit test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_GENERATIONS", 2), ("_POPULATION", 4), ("_STEPS", 4), ("_KEPT", 2), ("_HOPS", 1)):
            patch.setattr(search, name, value)
        yield


@pytest.fixture(scope="module")
def designed(case, tank, quick):
    return design(case, tank, None)


def test_every_rig_and_the_standard_one_are_designed(designed):
    assert {d.rig for d in designed.designs} == {
        "str-pfr", "str-str", "three-compartments", "pulsed-feed", "pulsed-feed-irregular",
        "mini-bioreactors",
    }  # fmt: skip
    assert [d.rig for d in designed.designs if d.reference] == ["str-pfr"]
    assert list(d.distance for d in designed.designs) == sorted(d.distance for d in designed.designs)
    assert designed.best is next(d for d in designed.designs if not d.reference)
    assert 0.0 < designed.floor < 0.2 < designed.best.distance


def test_the_population_of_every_rig_eats_as_much_as_the_tanks(designed, tank):
    for d in designed.designs:
        assert d.mean_uptake == pytest.approx(tank.statistics.mean, rel=5e-3), d.name  # set-points cost some per mille
        assert d.statistics.mean == pytest.approx(tank.statistics.mean, rel=0.03), d.name


def test_the_standard_rig_is_the_standard_rig(designed, case):
    d = designed.reference
    volume = case.scaledown.working_volume
    assert d.settings["biomass"] == pytest.approx(case.broth.biomass)
    assert d.settings["tube_volume"] / volume == pytest.approx(0.2, rel=2e-3)
    assert d.settings["tube_volume"] / d.settings["flow"] == pytest.approx(60.0, rel=2e-3)
    assert d.settings["feed_to_tube"] == 1.0
    assert d.missing == ("S",)


def test_one_seed_gives_the_same_digits(case, tank, designed, quick):
    again = design(case, tank, None)
    first, second = (json.dumps(r.summary() | {"design_seconds": 0}, sort_keys=True) for r in (designed, again))
    assert first == second
    assert [d.protocol for d in again.designs] == [d.protocol for d in designed.designs]


def test_the_design_is_one_of_five_finalists(designed):
    for d in designed.designs:
        if d.reference:
            assert len(d.finalists) == 1
            continue
        assert len(d.finalists) == 5, d.name
        assert [f.chosen for f in d.finalists] == [True, False, False, False, False]
        assert d.finalists[0].settings == d.settings
        assert d.finalists[0].distance == d.distance
        assert d.optimum == min(f.distance for f in d.finalists if f.sound)
        assert d.distance == d.optimum or d.distance <= d.distance_band[1]
        assert len({json.dumps(f.settings) for f in d.finalists}) == 5
        assert all(0.0 < f.relative_productivity < 1.5 for f in d.finalists)


def test_every_design_has_its_band_and_its_robustness(designed):
    for d in designed.designs:
        low, high = d.distance_band
        assert 0.0 < low <= d.distance <= high < d.distance + 0.3, d.name
        assert set(d.robustness) == set(NAMES)
        assert d.drift == (d.robustness["pump_low"], d.robustness["pump_high"])
        random = d.rig in ("str-pfr", "str-str", "three-compartments")
        assert (d.inside["relative_yield_band"] is not None) == random
        assert d.verdict.text in d.protocol.replace("**", "")
        entry = d.summary()
        assert entry["verdict"] == d.verdict.word
        assert len(entry["finalists"]) == len(d.finalists)


def test_it_saves_and_loads_itself(designed, tmp_path):
    designed.save(tmp_path)
    loaded = Scaledown.load(tmp_path)
    assert json.dumps(loaded.summary()) == json.dumps(designed.summary())
    for a, b in zip(loaded.designs, designed.designs, strict=True):
        assert a.protocol == b.protocol
        assert np.array_equal(a.statistics.pattern_stays, b.statistics.pattern_stays)
        assert np.array_equal(a.excerpt, b.excerpt)
    assert np.array_equal(loaded.tank.signal_counts, designed.tank.signal_counts)


def test_it_writes_designs_and_protocols(designed, tmp_path):
    stale = tmp_path / "scaledown" / "protocol-old.md"
    stale.parent.mkdir()
    stale.write_text("old")
    designed.export(tmp_path)
    folder = tmp_path / "scaledown"
    assert not stale.exists()
    rows = list(csv.DictReader(io.StringIO((folder / "designs.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(designed.designs) + 1
    for name, number in (("finalists", 5 * (len(designed.designs) - 1)), ("robustness", len(designed.designs))):
        rows = list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text(encoding="utf-8"))))
        assert len(rows) == number
    for d in designed.designs:
        text = (folder / f"protocol-{d.name}.md").read_text(encoding="utf-8")
        for heading in ("Equipment", "Set-up", "Feed", "Sampling", "Target against achieved", "Oxygen", "Stop rules"):
            assert heading in text
        assert "nan" not in text.lower().split()
        feed = list(csv.DictReader(io.StringIO((folder / f"protocol-{d.name}.csv").read_text(encoding="utf-8"))))
        assert {"time_s", "action", "pump", "rate_mL_min"} <= set(feed[0])


@pytest.mark.parametrize("rig", [PulsedFeed(), IrregularFeed()])
def test_the_feed_table_feeds_what_the_cells_are_to_eat(rig, case, tank):
    duty = make_duty(case, tank)
    for guess in rig.guesses(duty):
        written = rig.write(guess, duty)
        table, period = written.recipe.table, written.settings["period"]
        litres = table[:, 1] @ np.diff(np.append(table[:, 0], period)) * 1e3  # per period
        moles = litres * written.recipe.stock / 180.156
        assert moles / period == pytest.approx(duty.feed(written.settings["biomass"]), rel=2e-3)
        assert written.operation.mean_uptake == pytest.approx(duty.mean_uptake, rel=2e-3)
        assert np.all(np.diff(table[:, 0]) > 0.0)
        ticks = table[:, 0] / duty.bench["pulse_time_step"]
        assert np.allclose(ticks, np.round(ticks), atol=1e-6)


def test_a_pump_that_is_off_feeds_less(case, tank):
    duty, rig = make_duty(case, tank), StrPfr()
    low = rig.write(reference_settings(duty), duty, feed_factor=0.95)
    assert low.operation.mean_uptake == pytest.approx(0.95 * duty.mean_uptake, rel=3e-3)


def test_limits_hold(case, tank, designed):
    limits = case.scaledown.limits
    for d in designed.designs:
        assert d.settings["biomass"] <= max(60.0, case.broth.biomass)
        if "flow" in d.settings:
            assert limits.loop_pump_min <= d.settings["flow"] <= limits.loop_pump_max * 1.000001
        if "tube_volume" in d.settings:
            assert d.settings["bore"] in limits.bores
            assert d.settings["length"] <= limits.tube_length_max
        if "on_time" in d.settings:
            assert d.settings["on_time"] >= limits.pulse_min - 1e-9


def _changed(case, **limits):
    changed = case.scaledown.limits.model_copy(update=limits)
    return case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"limits": changed})})


def test_contradictory_limits_are_refused_with_what_to_change(case, tank):
    with pytest.raises(SolverError, match="loop pump"):
        design(_changed(case, loop_pump_min=1e-4), tank, None)
    with pytest.raises(SolverError, match="pulse_min"):
        design(_changed(case, pulse_min=400.0), tank, None)


def test_a_tank_without_gradients_has_nothing_to_scale_down(case, tmp_path):
    flat = signal_statistics(np.full((4, 2000), 0.3), 0.06, case.strain.regimes)
    tank = SimpleNamespace(halves=(flat, flat), statistics=flat + flat, duration=120.0, time_step=0.06)
    result = design(case, tank, None)
    assert result.best is None
    summary = result.summary()
    assert summary["best"] is None and "never change regime" in summary["best_reason"]
    result.save(tmp_path / "stage")
    assert Scaledown.load(tmp_path / "stage").summary() == summary
    result.export(tmp_path)


def test_a_case_without_the_section_is_refused(case, tank):
    with pytest.raises(SolverError, match="strain"):
        design(case.model_copy(update={"scaledown": None}), tank, None)


def test_expected_uptake_at_a_port_is_its_share_of_the_largest(designed):
    """1600 umol per gram of dry weight and hour at s = 1 (the case), in the unit the sheet prints."""
    for d in designed.designs:
        sampling = d.protocol.split(". Expected readings")[1].split("\n## ")[0]
        lines = [line for line in sampling.splitlines() if line.startswith("|")]
        rows = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
        assert rows[0][4:6] == ["s = q/q_max", "Uptake, µmol/(g h)"]
        for row in rows[2:]:  # both are printed rounded: s to 0.01, the uptake to three figures
            assert float(row[5].replace(",", "").removeprefix("< ")) == pytest.approx(1600.0 * float(row[4]), abs=14.0)


def test_a_feed_pump_too_small_or_too_large_is_refused_with_what_to_change(case, tank):
    with pytest.raises(SolverError, match="feed pump is too small"):
        design(_changed(case, feed_pump_min=1e-12, feed_pump_max=1e-10), tank, None)
    with pytest.raises(SolverError, match="feed pump is too large"):
        design(_changed(case, feed_pump_min=40.0 / 6e7), tank, None)


def test_the_record_for_programs_says_what_the_sheet_and_the_table_say(designed, case, tmp_path):
    designed.export(tmp_path)
    ids = set()
    for d in designed.designs:
        path = tmp_path / "scaledown" / f"protocol-{d.name}.json"
        assert path.stat().st_size < 100_000
        record = json.loads(path.read_text(encoding="utf-8"))
        ids.add(record["id"])
        assert (record["rig"], record["reference"]) == (d.name, d.reference)
        assert record["match"]["distance"] == pytest.approx(d.distance, rel=1e-6)
        table = list(csv.DictReader(io.StringIO(d.table)))
        told = [(f"{e['time_s']:.1f}", e["action"], e["pump"], f"{e['rate_mL_min']:.2f}") for e in record["feed_table"]]
        assert told == [(row["time_s"], row["action"], row["pump"], row["rate_mL_min"]) for row in table[:-1]]
        assert {e["pump"] for e in record["feed_table"]} == {p["pump"] for p in record["pumps"]}
        assert all(p["direction"] for p in record["pumps"])
        recipe = record["recipe"]
        eaten = record["match"]["mean_uptake_ratio"] * record["strain"]["uptake_max_mol_kg_s"] * d.settings["biomass"]
        assert recipe["stock_mL_min"] * recipe["stock_g_L"] / 6e7 / 0.180156 == pytest.approx(
            eaten * record["volumes"]["working_volume_mL"] * 1e-6, rel=5e-3
        )
        assert [p["phase"] for p in record["phases"]] == ["batch", "grow", "settle", "gradient", "end", "reference"]
        gradient = record["phases"][3]
        assert (gradient["start_s"], gradient["duration_s"]) == (0.0, case.response.duration)
        assert [p["port"] for p in record["sampling"]["ports"]] == [p["port"] for p in record["expected"]["ports"]]
        course = record["expected"]["course"]
        last = np.mean(
            course["specific_productivity_relative"]["mean"][-2:]
        )  # two of eight intervals: the last quarter
        value = d.inside["relative_productivity_final"]
        low, high = d.inside["relative_productivity_final_band"] or (value, value)  # eight cells, the course has four
        assert last == pytest.approx(value, abs=0.02 + high - low), d.name
        for path, value in _leaves(record):
            if value is None and not path[-1].endswith("repeat_s"):
                assert _at(record, path[:-1]).get(f"{path[-1]}_reason"), path
    assert len(ids) == len(designed.designs)


def _leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _leaves(item, (*path, n))
    else:
        yield path, value


def _at(record, path):
    for key in path:
        record = record[key]
    return record
