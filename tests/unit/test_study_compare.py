"""Scale-up criteria side by side, and what they become at equal something."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rushton.case import load_case
from rushton.errors import RushtonError
from rushton.study import EQUAL, Criteria, at_equal, compare, criteria_of
from rushton.study.criteria import CRITERIA, criteria
from rushton.study.equal import EXPONENTS


@pytest.fixture
def lab(cases_folder: Path) -> Criteria:
    return criteria_of(cases_folder / "lab_3L.toml")


@pytest.fixture
def plant(cases_folder: Path) -> Criteria:
    return criteria_of(cases_folder / "penicillin_54m3.toml")


def test_every_criterion_has_a_value_or_a_reason(lab: Criteria, plant: Criteria) -> None:
    for tank in (lab, plant):
        assert tank.values.keys() == tank.origin.keys() == CRITERIA.keys()
        for key, value in tank.values.items():
            assert value is None or (math.isfinite(value) and value > 0.0), key
            assert tank.origin[key]
    assert plant.values["theta95"] is None and "not run" in plant.origin["theta95"]


def test_hand_checks_of_the_plant(plant: Criteria) -> None:
    """Two turbines of 1.3 m at 98 rpm: tip speed 6.67 m/s, Re 2.76e6, Fr 0.354."""
    v = plant.values
    assert v["tip-speed"] == pytest.approx(6.67, abs=0.005)
    assert v["Re"] == pytest.approx(2.76e6, rel=2e-3)
    assert v["Fr"] == pytest.approx((98 / 60) ** 2 * 1.3 / 9.81, rel=1e-3)
    assert v["power"] is not None and v["volume"] is not None and v["jacket-flux"] is not None
    assert v["P/V"] == pytest.approx(v["power"] / v["volume"])
    tank = plant.case.tank
    heat = (v["metabolic-heat"] or 0.0) + v["power"]
    assert v["jacket-flux"] == pytest.approx(heat / (math.pi * tank.diameter * tank.liquid_height))


def test_solved_numbers_take_the_place_of_correlations(cases_folder: Path) -> None:
    case = load_case(cases_folder / "rushton_bench.toml")
    summary = {
        "flow": {"power_number": [5.0], "flow_number": [0.7], "power_W": 1.3, "converged": False},
        "mixing": {"theta95_variance_s": 9.0},
    }
    found = criteria(case, summary, "x")
    assert found.values["power"] == 1.3 and found.origin["power"] == "solved"
    assert found.values["theta95"] == 9.0
    assert any("did not converge" in text for text in found.warnings)


SPEED = [key for key in EQUAL if key not in ("vs", "kLa")]


@pytest.mark.parametrize("key", SPEED)
def test_at_equal_the_criterion_is_equal(lab: Criteria, plant: Criteria, key: str) -> None:
    scaled = at_equal(lab, plant, (key,))
    reached = "theta95-correlation" if key == "theta95" else key
    assert scaled.values[reached] == pytest.approx(lab.values[reached], rel=1e-9)
    factor = scaled.speed / plant.case.operation.speed
    assert scaled.values["power"] == pytest.approx((plant.values["power"] or 0.0) * factor**3)


@pytest.mark.parametrize("key", EXPONENTS)
def test_the_exponents_are_those_of_the_definitions(cases_folder: Path, key: str) -> None:
    """The criteria formed anew at another speed agree with the scaled ones."""
    case = load_case(cases_folder / "rushton_bench.toml")
    faster = case.model_copy(update={"operation": case.operation.model_copy(update={"speed": 8.0})})
    factor = 8.0 / case.operation.speed
    a = criteria(case, _summary(case), "a").values[key]
    b = criteria(faster, _summary(faster), "b").values[key]
    assert a is not None and b is not None
    assert b / a == pytest.approx(factor ** EXPONENTS[key], rel=1e-6)


def _summary(case: object) -> dict[str, dict[str, object]]:
    speed = case.operation.speed  # type: ignore[attr-defined]
    power = 5.0 * case.broth.density * speed**3 * case.impellers[0].diameter ** 5  # type: ignore[attr-defined]
    flow = {"power_number": [5.0], "flow_number": [0.7], "power_W": power, "converged": True}
    return {"flow": flow, "mixing": {"theta95_variance_s": 30.0 / speed}}


def test_equal_kla_and_gas_velocity(lab: Criteria, cases_folder: Path) -> None:
    """A tank with gas of its own, half as fast and with half the gas, is brought back to where it was."""
    from rushton.case import Case

    data = lab.case.model_dump(by_alias=True)
    data["operation"]["speed"] *= 0.7
    data["gas"]["rate"] *= 0.5
    slow = criteria(Case.model_validate(data), None, "slow")
    both = at_equal(lab, slow, ("kLa", "vs"))
    assert both.values["vs"] == pytest.approx(lab.values["vs"], rel=1e-9)
    assert both.values["kLa"] == pytest.approx(lab.values["kLa"], rel=1e-6)
    assert both.speed == pytest.approx(lab.case.operation.speed, rel=1e-6)
    assert both.gas_rate == pytest.approx(lab.gas_rate, rel=1e-9)
    alone = at_equal(lab, slow, ("kLa",))
    assert alone.speed > both.speed, "with less gas the same kLa needs more power"


def test_kla_is_that_of_the_bubbles_or_of_the_solved_gas(lab: Criteria) -> None:
    from rushton.case import Case

    data = lab.case.model_dump(by_alias=True)
    found = {}
    for bubbles in ("coalescing", "non-coalescing"):
        data["gas"]["bubbles"] = bubbles
        found[bubbles] = criteria(Case.model_validate(data), None, bubbles)
    salty = found["non-coalescing"]
    assert salty.origin["kLa"] == "correlation"
    assert salty.values["kLa"] != pytest.approx(found["coalescing"].values["kLa"], rel=0.01)
    solved = criteria(salty.case, _summary(salty.case) | {"gas": {"kla_1_h": 100.0}}, "solved")
    assert solved.origin["kLa"] == "solved" and 3600.0 * solved.values["kLa"] == pytest.approx(100.0)
    assert at_equal(solved, salty, ("kLa",)).values["kLa"] == pytest.approx(solved.values["kLa"], rel=1e-6)
    assert at_equal(salty, solved, ("kLa",)).values["kLa"] == pytest.approx(salty.values["kLa"], rel=1e-6)


def test_what_cannot_be_is_refused_in_words(lab: Criteria, plant: Criteria) -> None:
    with pytest.raises(RushtonError, match="cannot be kept equal"):
        at_equal(lab, plant, ("colour",))
    with pytest.raises(RushtonError, match="one speed"):
        at_equal(lab, plant, ("P/V", "Re"))
    with pytest.raises(RushtonError, match=r"no \[gas\]"):
        at_equal(lab, plant, ("kLa",))


def test_a_laminar_match_is_warned_of(lab: Criteria, plant: Criteria) -> None:
    assert any("below 1e4" in text for text in at_equal(plant, lab, ("EDCF",)).warnings) == (
        (at_equal(plant, lab, ("EDCF",)).values["Re"] or 0.0) < 1e4
    )
    slow = at_equal(lab, lab, ("P/V",))
    assert slow.speed == pytest.approx(lab.case.operation.speed)


def test_tables_and_files(cases_folder: Path, tmp_path: Path) -> None:
    files = [cases_folder / f"{name}.toml" for name in ("lab_3L", "penicillin_54m3", "rushton_bench")]
    found = compare(files, ["P/V"])
    assert all(len(row) == 5 for row in found.rows() + found.scaled_rows())
    assert "## At equal P/V" in found.markdown()
    assert len(found.csv().splitlines()) == 1 + 2 * 3 * len(CRITERIA)
    written = found.write(tmp_path / "out")
    assert [path.name for path in written] == ["compare.md", "compare.csv", "compare.html"]
    page = written[2].read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml") == 2 and "http" not in page.replace("http://www.w3.org", "")
    with pytest.raises(RushtonError, match="this is a file"):
        found.write(written[0])
