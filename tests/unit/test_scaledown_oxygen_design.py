"""From oxygen along lifelines to a rig that switches it: the target, the design, its sheet, what is refused."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from rushton.case.load import case_from_dict
from rushton.correlations import OXYGEN_IN_AIR, oxygen_saturation
from rushton.errors import CaseError, SolverError
from rushton.lifelines import signal_statistics
from rushton.lifelines.environment import LEVELS, Environment, Scalar
from rushton.report.scaledown_oxygen import oxygen_blocks
from rushton.scaledown import Scaledown, design, search, switching_rigs
from rushton.scaledown.holding import hold
from rushton.scaledown.oxygen_tank import oxygen_regimes, oxygen_tank, read_along
from rushton.scaledown.protocol import SECTIONS
from rushton.scaledown.tank import make_tank
from rushton.study.lab_data.template import plan

MESH, SAMPLING = 200, 0.3


def case_of(cases_folder, **more):
    data = tomllib.loads((cases_folder / "aerated_pilot.toml").read_text("utf-8"))
    data |= {
        "broth": {"name": "water_37C", "biomass": "20 g/L"},
        "feed": [
            {
                "substrate": "glucose", "rate": "1.5 kg/h", "diameter": "0.07 m",
                "position": {"radius": "0.2 m", "angle": "45 deg", "height": "0.95 m"},
            }
        ],
        "strain": {"name": "ecoli_ruh", "critical": {"oxygen": "8 umol/L"}},
        "lifelines": {"cells": 100},
        "response": {"histories": 10, "duration": "600 s"},
        "scaledown": {"working_volume": "2 L", "rigs": ["oxygen-switching"]},
    }  # fmt: skip
    return case_from_dict(data | more)


@pytest.fixture(scope="module")
def case(cases_folder):
    return case_of(cases_folder)


@pytest.fixture(scope="module")
def lines(case):
    """60 cells that drift along a line of mesh cells for 200 s; uptake is the same everywhere."""
    rng = np.random.default_rng(3)
    steps = np.cumsum(rng.integers(-6, 7, (60, 700)), axis=1) + rng.integers(0, MESH, (60, 1))
    index = np.abs((steps + MESH) % (2 * MESH) - MESH).clip(0, MESH - 1).astype(np.int32)  # reflected at both ends
    s = np.full((60, 700), 0.15)
    halves = tuple(signal_statistics(part, SAMPLING, case.strain.regimes.model_copy(update={"smoothing": 1.0}))
                   for part in (s[::2], s[1::2]))  # fmt: skip
    return SimpleNamespace(
        halves=halves, statistics=halves[0] + halves[1], duration=210.0, time_step=0.06, sampling=SAMPLING,
        stored_cells=60, records=lambda: SimpleNamespace(time=np.zeros(0), s=np.zeros((0, 0))),
        cell_index=lambda cells=slice(None): index[cells],
        cell_index_blocks=lambda block=2000: iter([(slice(0, 60), index)]),
    )  # fmt: skip


def around(lines, oxygen):
    met = oxygen[lines.cell_index()]
    return Environment(
        scalars=(Scalar("oxygen", "mol/m3", "dissolved oxygen", oxygen.astype(np.float32), 8e-3, "below"),),
        quantiles=np.percentile(met, LEVELS)[None], mean=np.array([met.mean()]),
        volume_mean=np.array([oxygen.mean()]), mean_band=np.zeros((1, 2)), crossings={}, cells=60, samples=700,
        sampling=SAMPLING, without={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def environment(lines):
    return around(lines, np.linspace(1e-3, 0.06, MESH))


@pytest.fixture(scope="module")
def designed(case, lines, environment):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_GENERATIONS", 2), ("_POPULATION", 4), ("_STEPS", 4), ("_KEPT", 2), ("_HOPS", 1)):
            patch.setattr(search, name, value)
        patch.setattr(switching_rigs, "IRREGULAR", 12)
        return design(case, lines, None, environment=environment)


def test_the_target_is_the_oxygen_that_cells_meet(case, lines, environment):
    tank = oxygen_tank(case, make_tank(case, lines, None), environment)
    k, need = case.gas.respiration.half_saturation, tank.duty.oxygen
    assert tank.regimes.excess == pytest.approx(8e-3 / (8e-3 + k))
    assert tank.regimes.smoothing == pytest.approx(3 * SAMPLING)
    met = environment.along(lines, "oxygen")
    assert need.mean_signal == pytest.approx(float((met / (met + k)).mean()), rel=1e-6)
    assert tank.statistics.raw_shares[0] == pytest.approx(float((met > 8e-3).mean()), abs=1e-3)
    assert need.uptake == pytest.approx(case.gas.respiration.max / case.broth.biomass)
    assert 0.0 < tank.floor < 0.5
    assert np.all(np.diff(need.peaks) >= 0.0) and need.peaks[0] >= SAMPLING


def test_peaks_and_valleys_are_times_above_and_below_the_mean(case):
    """A square wave of 6 s up and 3 s down, cut off at the ends."""
    wave = np.tile(np.repeat([1, 0], [20, 10]), 20)[None]
    index = np.vstack([wave, np.roll(wave, 7, axis=1)]).astype(np.int32)
    lines = SimpleNamespace(sampling=SAMPLING, cell_index_blocks=lambda block: iter([(slice(0, 2), index)]))
    _, mean, peaks, valleys = read_along(lines, np.array([0.2, 0.8]), oxygen_regimes(case, SAMPLING))
    assert mean == pytest.approx(0.6)
    assert peaks[49] == pytest.approx(6.0, abs=0.61)  # the window moves the crossing
    assert valleys[49] == pytest.approx(3.0, abs=0.61)


def test_both_kinds_are_designed_and_written(designed, case, lines, environment, tmp_path):
    assert designed.designs == () and "only rigs that switch oxygen" in designed.reason
    assert {d.rig for d in designed.oxygen.designs} == {
        "oxygen-switching", "oxygen-switching-irregular", "oxygen-switching-gas", "oxygen-switching-gas-irregular",
    }  # fmt: skip
    designed.write(tmp_path)
    for d in designed.oxygen.designs:
        text = (tmp_path / "oxygen" / f"protocol-{d.name}.md").read_text("utf-8")
        for word in ("Probe shows", "Measure kLa first", "excess of oxygen", "Reference run", "Stop rules"):
            assert word in text
        assert "nan" not in text.lower().split()
        heads = [line[3:].split(". ", 1)[1] for line in text.splitlines() if line.startswith("## ")]
        assert heads == list(SECTIONS)
        words = " ".join(ElementTree.fromstring(d.drawing).itertext())
        assert f"{60 * d.settings['fast_speed']:.0f}" in words if "fast_speed" in d.settings else "rpm" in words
        assert d.limit and d.effort["programmes"] == 1.0
        rows = list(csv.DictReader(io.StringIO((tmp_path / "oxygen" / f"protocol-{d.name}.csv").read_text("utf-8"))))
        stirrer = [row for row in rows if row["pump"] == "stirrer and gas"]
        assert len(stirrer) == d.settings["switches"]
        speeds = {round(60 * value) for name, value in d.settings.items() if name.endswith("speed")}
        gases = {round(100 * value) for name, value in d.settings.items() if name.endswith("fraction")}
        assert {round(float(row["stirrer_rpm"])) for row in stirrer} == speeds
        assert {round(float(row["gas_oxygen_percent"])) for row in stirrer} == gases
        assert all(float(row["time_s"]).is_integer() for row in stirrer)
        # under imposed uptake lack of oxygen costs yield, and never gains any
        assert d.inside["relative_yield"] <= 1.0 + 1e-6


def test_oxygen_is_held_where_the_sheet_says_and_read_beside_it(designed, case, lines, environment):
    """The zero of the comparison closes its balance, k (C* - C) = q_O X s_O; readings are those of what is switched."""
    need = oxygen_tank(case, make_tank(case, lines, None), environment).duty.oxygen
    full = saturation_of_air(case)
    assert any(json.loads(d.record)["set_points"]["steady"]["within_reach"] for d in designed.oxygen.designs)
    for d in designed.oxygen.designs:
        told = json.loads(d.record)
        held, settled = told["set_points"]["steady"], told["expected"]["settled"]
        oxygen = full * held["dissolved_oxygen_percent"] / 100.0
        assert oxygen == pytest.approx(need.mean, rel=1e-6)
        assert settled["dissolved_oxygen_percent"]["mean"] == pytest.approx(held["dissolved_oxygen_percent"])
        breathed = need.uptake * told["settings"]["biomass_g_L"] * oxygen / (oxygen + need.half_saturation)
        moved = held["kla_1_h"] / 3600.0 * (full * held["gas_oxygen_fraction"] / OXYGEN_IN_AIR - oxygen)
        if held["within_reach"]:
            assert moved == pytest.approx(breathed, rel=1e-5)
        else:  # the most this vessel transfers, and still too little
            assert held["rpm"] == pytest.approx(700.0) and moved < breathed
        assert settled["oxygen_uptake_mol_m3_s"] == pytest.approx(breathed, rel=1e-5)
        along = told["expected"]["course"]["oxygen_uptake_mol_m3_s"]
        assert along["low"][-1] <= along["mean"][-1] <= along["high"][-1] and along["mean"][-1] != along["mean"][0]
        assert (told["pump_accuracy"], told["set_points"]["transfer_accuracy"]) == (0.05, 0.1)
        assert told["set_points"]["kla_needed_1_h"] is None
        text = d.protocol
        speed = "about" if held["within_reach"] else "even at"
        for words in (
            f"{speed} {held['rpm']:.0f} rpm",
            "acetate in g/L",
            "rushton compare --template",
            "Acetate above",
        ):
            assert words in text, words
        safety = text.split("## 11.")[1].split("## 12.")[0]
        gases = told["set_points"]["stirrer_table"]["gas_oxygen_fraction"]
        assert ("enriched gas" in safety) == (max(gases) > OXYGEN_IN_AIR)
        assert ("slow stirrer" in safety) == ("gas" not in d.name)
        assert ("gas poor in oxygen" in safety) == (min(gases) < OXYGEN_IN_AIR)
        assert "compared with no acetate around the cells" in text
        assert "productivity" not in text.split("## 7.")[1].split("## 16.")[0]
        asked = {name for _, _, _, name in plan(told)}
        assert asked == {"biomass", "acetate", "oxygen_uptake", "substrate", "dissolved_oxygen", "feed_weight"}


def test_a_vessel_that_cannot_hold_the_mean_says_so(case, lines, environment):
    duty = oxygen_tank(case, make_tank(case, lines, None), environment).duty
    plenty = replace(duty.oxygen, uptake=1e3 * duty.oxygen.uptake)
    assert not hold(plenty, duty.bench, 20.0, 0.5).possible
    little = replace(duty.oxygen, uptake=1e-2 * duty.oxygen.uptake)
    poor = hold(little, duty.bench, 20.0, 0.5)  # even slow stirring of air is too much
    assert poor.possible and poor.gas < OXYGEN_IN_AIR


def saturation_of_air(case):
    return oxygen_saturation(case.broth.temperature, 101_325.0).value * case.broth.density


def test_it_saves_and_loads_itself(designed, tmp_path):
    designed.save(tmp_path)
    loaded = Scaledown.load(tmp_path)
    assert loaded.oxygen.summary() == designed.oxygen.summary()
    assert [d.protocol for d in loaded.oxygen.designs] == [d.protocol for d in designed.oxygen.designs]


def test_a_tank_that_never_lacks_oxygen_has_nothing_to_reproduce(case, lines):
    found = design(case, lines, None, environment=around(lines, np.linspace(0.05, 0.2, MESH)))
    assert found.oxygen.designs == ()
    assert "never leaves excess" in found.oxygen.reason and "nothing for a rig to reproduce" in found.oxygen.reason


def test_a_case_without_gas_or_results_without_oxygen_are_refused(cases_folder, case, lines, environment):
    plain = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text("utf-8"))
    with pytest.raises(CaseError, match="dissolved oxygen"):
        case_from_dict(plain | {"scaledown": {"rigs": ["oxygen-switching"]}})
    with pytest.raises(SolverError, match="until environment"):
        design(case, lines, None)
    bare = replace(environment, scalars=(replace(environment.scalars[0], name="height"),))
    with pytest.raises(SolverError, match="oxygen along lifelines"):
        design(case, lines, None, environment=bare)


def test_the_report_shows_them_apart(designed, case):
    blocks = oxygen_blocks(case, designed.oxygen)
    kinds = [type(block).__name__ for block in blocks]
    table = next(block for block in blocks if type(block).__name__ == "Table")
    assert "Oxygen signal" in str(table) and "feed pump" not in str(table)
    assert kinds.count("Rich") == 4 and "Prose" in kinds
    assert "20 umol/L" not in blocks[0].text and "8 umol/L" in blocks[0].text
    assert oxygen_blocks(case, None) == []
    assert "nothing" in oxygen_blocks(case, replace(designed.oxygen, designs=(), reason="nothing"))[0].text
