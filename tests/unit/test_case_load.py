"""Case files: what is read, what is filled in, and every refusal in the engineer's words."""

from __future__ import annotations

import copy
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from rushton.case import Case, case_from_dict, load_case, write_resolved
from rushton.case.describe import settings
from rushton.case.library import shelf
from rushton.case.schema import Impeller, Sphere, Tank
from rushton.errors import CaseError

CASES = Path(__file__).parents[2] / "cases"
SHIPPED = ("penicillin_54m3", "rushton_bench", "lab_3L", "mixed_stack")

GOOD = """
title = "A tank"
[tank]
diameter = "1 m"
liquid_height = "1.2 m"
shaft_diameter = "50 mm"
[[impeller]]
diameter = "0.4 m"
clearance = "0.3 m"
[[impeller]]
diameter = "0.4 m"
clearance = "0.8 m"
[operation]
speed = "120 rpm"
[broth]
biomass = "20 g/L"
[[feed]]
rate = "2 mmol/s"
position = { radius = "0.3 m", angle = "45 deg", height = "1.1 m" }
[strain]
name = "penicillium_54m3"
"""


def good() -> dict[str, Any]:
    return tomllib.loads(GOOD)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good case with one key set; ``None`` deletes it. List items by number: ``impeller.0.diameter``."""
    data = copy.deepcopy(good())
    *parents, last = path.split(".")
    place: Any = data
    for part in parents:
        place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
    key: Any = int(last) if last.isdigit() else last
    if value is None:
        del place[key]
    else:
        place[key] = value
    return data


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cases_load(name: str) -> None:
    case = load_case(CASES / f"{name}.toml")
    assert case.name == name
    assert case.title
    assert case.numerics.target_mesh_cells == 100_000


def test_flagship_values() -> None:
    """Hand checks of the published set-up: tip speed 6.67 m/s, capacity 1.320 mol/s, feed/capacity 0.280."""
    case = load_case(CASES / "penicillin_54m3.toml")
    assert case.operation.speed == 98 / 60
    assert [i.blades for i in case.impellers] == [8, 6]
    assert [i.clearance for i in case.impellers] == [0.9, 3.9]
    assert math.pi * case.operation.speed * 1.3 == pytest.approx(6.67, abs=0.005)
    assert case.strain is not None and case.broth.biomass is not None
    capacity = case.strain.uptake.max * case.broth.biomass * case.liquid_volume
    assert capacity == pytest.approx(1.320, abs=0.001)
    assert case.feeds[0].rate / capacity == pytest.approx(0.280, abs=0.0005)
    assert case.strain.uptake.half_saturation == pytest.approx(7.8e-3)
    assert case.tank.volume == pytest.approx(54.4, abs=0.05)


def test_defaults_are_filled_and_recorded() -> None:
    case = case_from_dict(good())
    assert case.tank.baffles.width == pytest.approx(0.1)
    assert case.impellers[0].blade_height == pytest.approx(0.08)
    assert case.impellers[0].blades == 6
    assert case.feeds[0].diameter == pytest.approx(0.1)
    assert case.mixing.pulse.xyz == case.feeds[0].position.xyz
    assert len(case.mixing.probes) == 12
    assert {
        "tank.baffles.width",
        "impeller.0.blades",
        "feed.0.diameter",
        "mixing.pulse.radius",
        "strain.model",
    } <= case.defaults
    assert not {"tank.diameter", "impeller.0.diameter", "feed.0.rate", "tank.shaft_diameter"} & case.defaults


def test_default_pulse_without_feed() -> None:
    data = changed("strain", None)
    del data["feed"]
    pulse = case_from_dict(data).mixing.pulse
    assert (pulse.radius, pulse.height) == pytest.approx((0.25, 1.08))
    assert pulse.angle == pytest.approx(math.pi / 4)


def test_impellers_are_sorted_by_clearance() -> None:
    data = good()
    data["impeller"].reverse()
    assert [i.clearance for i in case_from_dict(data).impellers] == [0.3, 0.8]


def test_units_of_the_broth_enter() -> None:
    data = changed("broth.density", "1100 kg/m3")
    data["broth"]["biomass"] = "20 g/kg"
    case = case_from_dict(data)
    assert case.broth.biomass == pytest.approx(22.0)
    assert case.strain is not None and case.strain.uptake.half_saturation == pytest.approx(7.8e-6 * 1100)


def test_gas_in_vvm() -> None:
    case = case_from_dict(changed("gas", {"rate": "1 vvm"}))
    assert case.gas is not None and case.gas.rate == pytest.approx(case.tank.volume / 60)


def test_quality_overrides_the_file_and_draft_caps() -> None:
    data = changed("numerics", {"mesh_cells": 50_000})
    assert case_from_dict(data).numerics.target_mesh_cells == 50_000
    draft = case_from_dict(data, quality="draft")
    assert draft.numerics.target_mesh_cells == 20_000
    assert (draft.lifelines.cells, draft.lifelines.duration, draft.response.histories) == (2000, 120.0, 20)


@pytest.mark.parametrize("quality", [None, "draft", "fine"])
@pytest.mark.parametrize("name", SHIPPED)
def test_resolved_reads_back_identical(name: str, quality: str | None, tmp_path: Path) -> None:
    case = load_case(CASES / f"{name}.toml", quality)
    path = tmp_path / "case.resolved.toml"
    path.write_text(write_resolved(case), encoding="utf-8")
    again = load_case(path)
    assert again == case
    assert again.model_dump() == case.model_dump()
    assert not again.defaults


def test_resolved_marks_defaults() -> None:
    text = write_resolved(case_from_dict(good()))
    line = {part.split(" = ")[0]: part for part in text.splitlines() if " = " in part}
    assert line["baffles.count"].endswith("# default")
    assert line["model"].endswith("# from penicillium_54m3")
    assert "#" not in line["shaft_diameter"]


def test_python_may_use_si_floats() -> None:
    impeller = Impeller(diameter=0.1, clearance=0.1)
    assert impeller.disc_diameter == pytest.approx(0.075)
    assert Tank(diameter=0.3, liquid_height=0.3).baffles.width == pytest.approx(0.03)
    assert Sphere(radius=0.1, height=0.1, diameter=0.01).angle == 0.0


def test_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        case_from_dict(good()).tank.diameter = 2.0


BAD: list[tuple[str, str, Any, str, str]] = [
    # what, key, value, in the message, in the way out
    ("misspelt section", "opertaion", {"speed": "1 rpm"}, "unknown key 'opertaion'", "did you mean 'operation'"),
    ("misspelt key", "tank.diamter", "1 m", "unknown key 'diamter'", "did you mean 'diameter'"),
    ("misspelt list key", "impeller.0.blade_hight", "8 cm", "unknown key 'blade_hight'", "did you mean 'blade_height'"),
    ("unknown key", "broth.colour", "red", "unknown key 'colour'", "known here"),
    ("missing section", "operation", None, "missing", "[operation]"),
    ("missing key", "tank.liquid_height", None, "missing", 'liquid_height = "0.27 m"'),
    ("no impeller", "impeller", [], "there is none", "[[impeller]]"),
    ("single bracket", "impeller", {"diameter": "0.4 m", "clearance": "0.3 m"}, "several", "[[impeller]]"),
    ("no unit", "tank.diameter", 1.0, "1.0 has no unit", '"270 mm"'),
    ("no unit in text", "operation.speed", "120", "no unit", '"98 rpm"'),
    ("wrong unit", "operation.speed", "120 m", "'m' is not a unit of a stirrer speed", '"98 rpm"'),
    ("wrong dimension", "tank.diameter", "1 s", "'s' is not a unit of a length", '"0.27 m"'),
    ("unknown unit", "broth.viscosity", "1 mpas", "'mpas' is not a unit", '"1 mPa s"'),
    ("not a number", "tank.diameter", "wide", "not a number", '"0.27 m"'),
    ("decimal comma", "tank.diameter", "1,0 m", "comma", "decimal point"),
    ("true", "tank.diameter", True, "not a number with a unit", '"0.27 m"'),
    ("negative", "tank.diameter", "-1 m", "-1 m is out of range", "at least 0.02 m"),
    ("zero speed", "operation.speed", "0 rpm", "out of range", "more than 0 rev/s"),
    ("negative speed", "operation.speed", "-98 rpm", "out of range", "more than 0 rev/s"),
    ("thick", "broth.viscosity", "1 MPa s", "out of range", "at most 100 Pa s"),
    ("not finite", "tank.diameter", "1e999 m", "not a finite number", '"0.27 m"'),
    ("blade count", "impeller.0.blades", 1, "out of range", "at least 2"),
    ("fraction of a blade", "impeller.0.blades", 5.5, "not a whole number", "at least 2"),
    ("text for a number", "lifelines.cells", "many", "not a whole number", "at least 10"),
    ("quality", "numerics.quality", "drft", "not a choice", "did you mean 'draft'"),
    ("coupling", "lifelines.coupling", "three-way", "not a choice", "one-way"),
    ("release", "lifelines.release", "surface", "not a choice", "uniform"),
    ("release at no point", "lifelines.release", "point", "need that point", "release = {"),
    (
        "release above the liquid",
        "lifelines.release",
        {"point": {"radius": "0.3 m", "height": "1.3 m"}, "diameter": "0.1 m"},
        "above the liquid",
        "between 0 and 1.2 m",
    ),
    (
        "release in the shaft",
        "lifelines.release",
        {"point": {"radius": "1 mm", "height": "1 m"}, "diameter": "0.1 m"},
        "inside the shaft",
        "between 0.025",
    ),
    (
        "release in the impeller",
        "lifelines.release",
        {"point": {"radius": "0.1 m", "height": "0.3 m"}, "diameter": "0.1 m"},
        "where impeller 1 turns",
        "at a radius above",
    ),
    (
        "release without a unit",
        "lifelines.release",
        {"point": {"radius": 0.3, "height": "1 m"}, "diameter": "0.1 m"},
        "unit",
        "0.27 m",
    ),
    ("walk", "lifelines.walk", "naive", "not a choice", "interface"),
    ("rig", "scaledown.rigs", ["str-pdr"], "not a choice", "did you mean 'str-pfr'"),
    ("section is a number", "tank", 3, "where a section belongs", "[tank]"),
    ("list is a number", "mixing.probes", 3, "where a list belongs", "square brackets"),
    ("impeller type", "impeller.0.type", "rushtn", "unknown impeller 'rushtn'", "did you mean 'rushton'"),
    ("angle of upright blades", "impeller.0.angle", "30 deg", "have no angle to choose", "first_blade"),
    ("pumping of a disc turbine", "impeller.0.pumping", "up", "outwards", "leave it out"),
    ("strain", "strain.name", "penicilium_54m3", "unknown strain", "did you mean 'penicillium_54m3'"),
    ("model", "strain.model", "penicillium_tang", "unknown model", "did you mean 'penicillium_tang2017'"),
    ("broth", "broth.name", "water", "unknown broth", "water_25C"),
    ("substrate", "feed.0.substrate", "glucse", "unknown substrate", "did you mean 'glucose'"),
    ("wide impeller", "impeller.0.diameter", "1.1 m", "does not fit into a tank of 1 m", "0.3333 to 0.5 m"),
    ("impeller in the baffles", "impeller.0.diameter", "0.79 m", "hits the baffles", "at most 0.76 m"),
    ("impeller above the liquid", "impeller.1.clearance", "1.5 m", "reach above the liquid", "between"),
    ("impeller in the floor", "impeller.0.clearance", "1 cm", "reach in the floor", "between"),
    ("overlapping impellers", "impeller.1.clearance", "0.35 m", "overlap", "at least 0.088 m apart"),
    ("disc wider than blades", "impeller.0.disc_diameter", "0.5 m", "does not lie between", "0.75 D = 0.3 m"),
    ("blades in the shaft", "impeller.0.blade_length", "0.19 m", "not between the shaft", "D/4 = 0.1 m"),
    ("high blades", "impeller.0.blade_height", "0.5 m", "higher than", "D/5 = 0.08 m"),
    ("thick blades", "impeller.0.blade_thickness", "0.1 m", "too thick", "0.01 to 0.04 D"),
    ("wide baffles", "tank.baffles", {"width": "0.3 m"}, "too wide", "a tenth is customary"),
    ("thick shaft", "tank.shaft_diameter", "0.4 m", "too thick", "at most 0.3 m"),
    ("slim tank", "tank.liquid_height", "20 m", "20 m of liquid", "check the units"),
    ("feed above the liquid", "feed.0.position.height", "1.3 m", "above the liquid", "between 0 and 1.2 m"),
    ("feed out of the tank", "feed.0.position.radius", "0.6 m", "outside the tank", "0.5 m"),
    ("feed in the shaft", "feed.0.position.radius", "1 cm", "inside the shaft", "between 0.025"),
    (
        "feed sphere at the surface",
        "feed.0.position.height",
        "1.19 m",
        "sticks out of the surface",
        "between 0.05 and 1.15 m",
    ),
    ("feed sphere in the wall", "feed.0.position.radius", "0.48 m", "sticks out of the wall", "at most 0.45 m"),
    (
        "probe above the liquid",
        "mixing.probes",
        [{"radius": "0.3 m", "height": "1.3 m"}],
        "above the liquid",
        "between 0 and 1.2 m",
    ),
    ("probe out of the tank", "mixing.probes", [{"radius": "30 m", "height": "1 m"}], "outside the tank", "0.5 m"),
    ("probe in the shaft", "mixing.probes", [{"radius": "1 mm", "height": "1 m"}], "inside the shaft", "between 0.025"),
    (
        "pulse above",
        "mixing.pulse",
        {"radius": "0.3 m", "height": "2 m", "diameter": "0.1 m"},
        "above the liquid",
        "1.2 m",
    ),
    (
        "two-way from one place",
        "lifelines",
        {"coupling": "two-way", "release": "feed"},
        "cannot start in one place",
        "uniform",
    ),
    (
        "two-way that meets too seldom",
        "lifelines",
        {"coupling": "two-way", "sampling": "2 s"},
        "meet every 2 s only",
        "at most 1 s",
    ),
    ("glycerol for a glucose model", "feed.0.substrate", "glycerol", "lives on glucose", "feed glucose"),
    ("name with a slash", "name", "a/b", "cannot be a name", "no slashes"),
    ("empty strain", "strain", {}, "missing", "penicillium_54m3"),
    ("no feed", "feed", None, "nothing is fed", "[[feed]]"),
    ("no feed rate", "feed.0.rate", "0 mol/s", "out of range", "more than 0 mol/s"),
    ("no biomass", "broth.biomass", None, "how much of it", "biomass ="),
    ("too much feed", "feed.0.rate", "1 mol/s", "no steady state", "feed less than"),
    (
        "regimes in the wrong order",
        "strain.regimes",
        {"starvation": 0.9, "excess": 0.1},
        "no room between",
        "0.05 and 0.95",
    ),
    ("margin too wide", "strain.regimes", {"margin": 0.06}, "can never be passed", "smaller than"),
    ("coarse sampling", "lifelines", {"duration": "10 s", "sampling": "2 s"}, "fewer than ten samples", "at most 1 s"),
    ("spread too wide", "strain.spread", {"v13max": 3.0}, "no relative standard deviation", "0.1 is 10 %"),
    ("parameter not a number", "strain.parameters", {"v13max": "fast"}, "not a number", ""),
]


@pytest.mark.parametrize(("key", "value", "message", "hint"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_refusals(key: str, value: Any, message: str, hint: str) -> None:
    with pytest.raises(CaseError) as caught:
        case_from_dict(changed(key, value))
    error = caught.value
    assert message in error.message
    assert hint in error.hint
    assert error.where
    assert "pydantic" not in str(error) and "Traceback" not in str(error)


def test_two_substrates_are_refused() -> None:
    data = good()
    data["feed"].append({**data["feed"][0], "substrate": "glycerol"})
    with pytest.raises(CaseError, match="different substrates"):
        case_from_dict(data)


def test_several_problems_in_one_message() -> None:
    data = changed("tank.diameter", "1 s")
    data["operation"]["speed"] = 3
    with pytest.raises(CaseError) as caught:
        case_from_dict(data)
    assert caught.value.where == "tank.diameter"
    assert "also operation.speed: 3 has no unit" in caught.value.hint


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "comment.toml").write_text("# nothing\n")
    (tmp_path / "prose.toml").write_text("A tank of 3 m.\n")
    (tmp_path / "unquoted.toml").write_text("[operation]\nspeed = 98 rpm\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x01")
    for name, words in (
        ("empty.toml", "empty"),
        ("comment.toml", "empty"),
        ("prose.toml", "not valid TOML"),
        ("unquoted.toml", "not valid TOML"),
        ("binary.toml", "not a text file"),
        ("emty.toml", "no such file"),
        (".", "folder"),
    ):
        with pytest.raises(CaseError, match=words) as caught:
            load_case(tmp_path / name)
        assert caught.value.hint
    with pytest.raises(CaseError, match="did you mean.*empty.toml"):
        load_case(tmp_path / "emty.toml")


def test_unknown_quality() -> None:
    with pytest.raises(CaseError, match="unknown quality 'superb'"):
        case_from_dict(good(), quality="superb")


def test_cases_from_python_are_checked_too() -> None:
    case = case_from_dict(good())
    with pytest.raises(CaseError, match="inside the shaft|outside the tank"):
        Case.model_validate({**case.model_dump(by_alias=True), "mixing": {"probes": [{"radius": 9.0, "height": 0.5}]}})


def test_a_probe_may_stand_below_the_shaft() -> None:
    """The shaft ends at the lower blade edge of the lowest impeller."""
    case = case_from_dict(changed("mixing.probes", [{"radius": "0 m", "height": "0.1 m"}]))
    assert case.shaft_end == pytest.approx(0.3 - 0.04)
    thin = case_from_dict(changed("flow", {"blades": "thin"}))
    assert thin.liquid_volume == pytest.approx(math.pi / 4 * (1.2 - 0.05**2 * (1.2 - 0.26)))
    assert 0.998 * thin.liquid_volume < case.liquid_volume < thin.liquid_volume  # blades and disc take some
    with pytest.raises(CaseError, match="above the liquid"):
        case_from_dict(changed("mixing.probes", [{"radius": "0 m", "height": "2 m"}]))
    with pytest.raises(CaseError, match="inside the shaft"):
        case_from_dict(changed("mixing.probes", [{"radius": "0 m", "height": "0.7 m"}]))


def test_settings_describe_themselves() -> None:
    """Every key says what it is and what it is left at."""
    found = {s.key: s for s in settings()}
    assert found["tank.diameter"].default == "required"
    assert found["tank.baffles.width"].default == "T/10"
    assert found["impeller[].blade_height"].default == "D/5 or by type"
    assert found["lifelines.duration"].default == "600 s"
    assert found["numerics.quality"].allowed == "draft | standard | fine"
    assert found["operation.speed"].allowed == "more than 0 rev/s and at most 100 rev/s"
    for setting in found.values():
        assert setting.meaning and setting.default, setting.key
        assert "None" not in str(setting)


def test_described_defaults_of_the_bench_are_the_library_s() -> None:
    for setting in settings():
        name = setting.key.removeprefix("scaledown.limits.")
        if name in shelf("lab"):
            value = shelf("lab")[name]["value"]
            assert setting.default == (", ".join(value) if isinstance(value, list) else value)


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in a case file, sections and leaves."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [p for key, value in items for p in ((*path, key), *_places(value, (*path, key)))]


ODD: list[Any] = [[], {}, "", "0 m", "1e-9 m", "3 rpm", True, -1, math.nan, [{}], {"a": 1}]


@pytest.mark.parametrize("name", SHIPPED)
def test_whatever_stands_anywhere_is_read_or_refused_in_words(name: str) -> None:
    """Every value of a case file replaced by odd ones: a case or one CaseError, never anything else."""
    whole = tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))
    for path in _places(whole):
        for odd in ODD:
            data = copy.deepcopy(whole)
            place = data
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = odd
            try:
                case_from_dict(data)
            except CaseError as error:
                assert error.message and error.where, (path, odd)
