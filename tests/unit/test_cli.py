"""The command as an engineer meets it: what it prints, what it refuses, what it leaves alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner, Result

from rushton import mesh, store
from rushton.case.schema import ScaledownSettings
from rushton.cli import RIGS, app, shipped_cases
from rushton.headline import headline


@pytest.fixture
def rushton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in an empty folder; no traceback is ever acceptable."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return call


GOOD = """\
title = "Small tank"
[tank]
diameter = "0.3 m"
liquid_height = "0.3 m"
[[impeller]]
diameter = "0.1 m"
clearance = "0.1 m"
[operation]
speed = "300 rpm"
[broth]
biomass = "10 g/L"
[[feed]]
rate = "1 mmol/h"
position = { radius = "0.1 m", angle = "45 deg", height = "0.25 m" }
[strain]
name = "penicillium_54m3"
"""

SECOND = '[[impeller]]\ndiameter = "0.1 m"\nclearance = "0.11 m"\n[operation]'

BAD = {
    "misspelt key": (('diameter = "0.3 m"', 'diametre = "0.3 m"'), ("diametre", "did you mean 'diameter'")),
    "misspelt section": (("[operation]", "[operatoin]"), ("operatoin", "did you mean 'operation'")),
    "wrong unit": (('"300 rpm"', '"300 kg"'), ("operation.speed", "rpm")),
    "missing unit": (('"300 rpm"', "300"), ("operation.speed", "rpm")),
    "unit as a word apart": (('"300 rpm"', '"300"'), ("operation.speed", "rpm")),
    "zero speed": (('"300 rpm"', '"0 rpm"'), ("operation.speed", "more than 0")),
    "negative height": (('liquid_height = "0.3 m"', 'liquid_height = "-0.3 m"'), ("tank.liquid_height", "at least")),
    "impeller larger than the tank": (('diameter = "0.1 m"', 'diameter = "0.4 m"'), ("does not fit", "0.3")),
    "impeller above the liquid": (('clearance = "0.1 m"', 'clearance = "0.5 m"'), ("clearance", "above the liquid")),
    "overlapping impellers": (("[operation]", SECOND), ("overlap", "apart")),
    "feed outside the tank": (('radius = "0.1 m"', 'radius = "0.2 m"'), ("feed 1", "radius")),
    "feed above the liquid": (('height = "0.25 m"', 'height = "0.35 m"'), ("feed 1", "height")),
    "probe outside the liquid": (
        ("[strain]", '[mixing]\nprobes = [{ radius = "0.1 m", height = "0.4 m" }]\n[strain]'),
        ("mixing.probes 1", "height"),
    ),
    "unknown strain": (("penicillium_54m3", "penicilium_54m3"), ("strain", "did you mean 'penicillium_54m3'")),
    "no feed for a gradient study": ((GOOD[GOOD.index("[[feed]]") : GOOD.index("[strain]")], ""), ("feed", "[[feed]]")),
    "no biomass": (('biomass = "10 g/L"', ""), ("broth.biomass",)),
    "feed beyond what the cells can eat": (('"1 mmol/h"', '"1 mol/s"'), ("feed.rate", "no steady state")),
    "not TOML": (("[tank]", "[tank"), ("not valid TOML",)),
    "empty": ((GOOD, ""), ("empty",)),
}


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_message_and_status_2(
    tmp_path: Path, rushton: Callable[..., Result], command: str, what: str
) -> None:
    (old, new), expected = BAD[what]
    assert old in GOOD
    (tmp_path / "tank.toml").write_text(GOOD.replace(old, new, 1))
    result = rushton(command, "tank.toml")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error")
    for words in expected:
        assert words in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tank.toml"]


def test_files_that_are_no_case_are_named(tmp_path: Path, rushton: Callable[..., Result]) -> None:
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff\xfe\x00")
    (tmp_path / "folder.toml").mkdir()
    for given, words in (("picture.toml", "UTF-8"), ("folder.toml", "folder"), ("nothing.toml", "no such")):
        result = rushton("run", given)
        assert result.exit_code == 2
        assert words in result.stderr and given in result.stderr


def test_a_case_that_ships_is_found_by_its_name_and_a_near_miss_is_helped(rushton: Callable[..., Result]) -> None:
    assert "lab_3L" in shipped_cases()
    result = rushton("run", "lab_3l")
    assert result.exit_code == 2
    assert "did you mean 'lab_3L'" in result.stderr


def test_a_wrong_option_is_refused_without_a_traceback(rushton: Callable[..., Result]) -> None:
    assert rushton("run", "lab_3L", "--quality", "best").exit_code == 2
    assert rushton("run", "lab_3L", "--until", "flows").exit_code == 2
    assert rushton("fly").exit_code == 2


def test_new_writes_a_case_and_never_over_one(tmp_path: Path, rushton: Callable[..., Result]) -> None:
    assert rushton("new", "mine", "--from", "lab_3L").exit_code == 0
    text = (tmp_path / "mine.toml").read_text()
    assert text == shipped_cases()["lab_3L"].read_text()
    (tmp_path / "mine.toml").write_text(text + "# my work")
    result = rushton("new", "mine")
    assert result.exit_code == 2
    assert "not overwritten" in result.stderr
    assert (tmp_path / "mine.toml").read_text().endswith("# my work")
    result = rushton("new", "nowhere/mine")
    assert result.exit_code == 2
    assert rushton("new", "mine2", "--from", "penicilin_54m3").exit_code == 2


def test_results_of_another_case_are_left_alone(tmp_path: Path, rushton: Callable[..., Result]) -> None:
    (tmp_path / "tank.toml").write_text(GOOD)
    store.prepare_folder(tmp_path / "r", "other", "0.1.0")
    before = (tmp_path / "r" / "manifest.json").read_bytes()
    result = rushton("run", "tank.toml", "-o", "r")
    assert result.exit_code == 2
    assert "another case" in result.stderr and "-o" in result.stderr
    assert (tmp_path / "r" / "manifest.json").read_bytes() == before
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "photo.jpg").write_text("x")
    assert rushton("run", "tank.toml", "-o", "home").exit_code == 2
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["photo.jpg"]
    assert rushton("run", "tank.toml", "-o", "home/photo.jpg").exit_code == 2
    assert rushton("report", "home").exit_code == 2
    assert rushton("report", "nowhere").exit_code == 2


def test_a_full_disk_is_said_before_the_run(
    tmp_path: Path, rushton: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tank.toml").write_text(GOOD)
    usage = store.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(store.shutil, "disk_usage", lambda folder: usage._replace(free=10))
    result = rushton("run", "tank.toml")
    assert result.exit_code == 2
    assert "GB free" in result.stderr


def test_ctrl_c_is_one_line_and_status_130(
    tmp_path: Path, rushton: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "tank.toml").write_text(GOOD)
    monkeypatch.setattr(mesh, "build_mesh", interrupted)
    result = rushton("run", "tank.toml", "--until", "mesh")
    assert result.exit_code == 130
    assert "run the same command to continue" in result.stderr
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert rushton("run", "tank.toml", "--until", "mesh").exit_code == 0
    assert (tmp_path / "tank.results" / "mesh.vtu").is_file()


def test_ctrl_c_that_a_compiler_swallowed_still_ends_the_run(
    tmp_path: Path, rushton: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiling(*arguments: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("no compiled object yet")

    (tmp_path / "tank.toml").write_text(GOOD)
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(mesh, "build_mesh", compiling)
    assert rushton("run", "tank.toml", "--until", "mesh").exit_code == 130
    assert signal.getsignal(signal.SIGINT) is before


def test_list_shows_what_ships(rushton: Callable[..., Result]) -> None:
    everything = rushton("list")
    assert everything.exit_code == 0
    for name in ("penicillin_54m3", "rushton_bench", "lab_3L", "penicillium_tang2017", "monod", "str-pfr", "water_25C"):
        assert name in everything.stdout
    assert "lab_3L" not in rushton("list", "strains").stdout


def test_the_rigs_listed_are_those_a_case_may_name() -> None:
    [inner, _] = get_args(ScaledownSettings.model_fields["rigs"].annotation)
    assert set(RIGS) == set(get_args(inner))


def test_check_answers_without_running_anything(tmp_path: Path, rushton: Callable[..., Result]) -> None:
    (tmp_path / "tank.toml").write_text(GOOD)
    result = rushton("check", "tank.toml")
    assert result.exit_code == 0
    assert "Re" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["tank.toml"]


def test_headline_shows_what_was_computed_and_nothing_else() -> None:
    summary = {
        "flow": {"power_W": 78_000.0, "power_number": [5.0, 4.9]},
        "mixing": {"theta95_probe_s": None},
        "scaledown": {"floor": 0.01, "best": {"rig": "str-pfr", "distance": 0.12}},
    }
    rows = headline(summary)
    assert [label for label, _, _ in rows] == ["Power", "Power number, per impeller", "Best lab rig"]
    assert rows[0][1] == "78"
    assert rows[1][1] == "5.00, 4.90"


def test_the_screen_says_where_the_power_goes() -> None:
    parts = {
        "turbulence_production_ratio": 0.63, "numerical_dissipation_ratio": 0.31, "wall_work_ratio": 0.052,
        "viscous_dissipation_ratio": 0.006, "energy_balance_ratio": 0.998, "dissipation_power_ratio": 0.8,
    }  # fmt: skip
    rows = {label: (value, unit) for label, value, unit in headline({"flow": {"power_W": 0.2, **parts}})}
    assert rows["to turbulence, scheme, walls, viscosity"] == ("63, 31, 5.2, 0.6", "%; sum 99.8 %")
    assert rows["integral of epsilon"] == ("80", "% of the power")
    unknown = {"flow": {"power_W": 0.2, "energy_balance_ratio": None}}
    assert [label for label, _, _ in headline(unknown)] == ["Power"]


def test_it_is_a_module_too_and_needs_no_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rushton", "--version"],
        capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL, env=os.environ | {"TERM": "dumb"},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("rushton ")


def test_a_run_may_stop_after_any_stage() -> None:
    from rushton.cli import StageName
    from rushton.pipeline import STAGE_NAMES

    assert tuple(StageName) == STAGE_NAMES


def test_a_loss_is_never_shown_without_its_band() -> None:
    checks = {"sampling": {"value": 2e-4, "bound": 0.01}, "length": {"value": None, "bound": 0.02}}
    part = {
        "relative_productivity": 0.784, "relative_productivity_band": [0.783, 0.785],
        "relative_yield": 1.02, "relative_yield_band": None, "relative_yield_band_reason": "2 groups are too few",
        "convergence": checks,
    }  # fmt: skip
    rows = {label: (value, unit) for label, value, unit in headline({"response": part})}
    assert rows["Relative productivity"] == ("0.784", "of the ideally mixed vessel; 95 % band 0.783 to 0.785")
    assert rows["Relative yield"] == ("1.020", "of the ideally mixed vessel; no band: 2 groups are too few")
    assert rows["still moved by (bound)"] == ("sampling 0.02 (1)", "%")
