"""What ``rushton check`` shows: estimates, regime analysis, drawing, warnings, of the shipped cases."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rushton.case import Case, load_case
from rushton.case.advice import Advice, advise
from rushton.case.drawing import draw_text
from rushton.case.library import SHELVES, shelf
from rushton.pipeline.stages import STAGES

CASES = Path(__file__).parents[2] / "cases"


def case_of(name: str) -> Case:
    return load_case(CASES / f"{name}.toml")


def changed(case: Case, section: str, **values: Any) -> Case:
    """A case with some values of one section changed, checked again."""
    data = case.model_dump(by_alias=True)
    data[section] = (
        [{**item, **values} for item in data[section]] if section == "impeller" else {**data[section], **values}
    )
    return Case.model_validate(data)


@pytest.fixture(scope="module")
def flagship() -> Advice:
    return advise(case_of("penicillin_54m3"))


def test_flagship_hand_checks(flagship: Advice) -> None:
    """Tip speed 6.67 m/s, Re 2.76e6, uptake time 0.319 s, feed/capacity 0.280, ideally mixed 3.04 umol/kg."""
    assert [i.reynolds for i in flagship.impellers] == pytest.approx([2.76e6] * 2, rel=2e-3)
    assert flagship.impellers[0].tip_speed == pytest.approx(6.67, abs=0.005)
    assert flagship.demand is not None
    assert flagship.demand.capacity == pytest.approx(1.320, abs=0.001)
    assert flagship.demand.feed_ratio == pytest.approx(0.280, abs=5e-4)
    assert flagship.demand.ideal_concentration == pytest.approx(3.04e-3, rel=2e-3)
    times = {t.key: t.seconds for t in flagship.times}
    assert times["uptake"] == pytest.approx(0.319, abs=5e-4)
    assert times["supply"] == pytest.approx(flagship.demand.ideal_concentration * 53.99 / 0.37, rel=1e-3)
    assert times["transfer"] is not None and times["oxygen"] is not None


def test_flagship_is_mixing_limited(flagship: Advice) -> None:
    """The published tank: blending near a minute, circulation near 20 s, uptake in a third of a second."""
    assert 17.0 < flagship.circulation < 21.0
    assert flagship.turnover == pytest.approx(flagship.circulation / 2)
    assert 40.0 < flagship.blend[0][1].value < 110.0
    assert not any(estimate.valid for _, estimate in flagship.blend), "no correlation covers this tank"
    first = flagship.ratios[0]
    assert first.value is not None and first.value > 100
    assert "strong gradients" in first.verdict


def test_eight_blades_draw_more_power(flagship: Advice) -> None:
    lower, upper = flagship.impellers
    assert lower.power > upper.power
    assert upper.power_number.valid and not lower.power_number.valid
    assert flagship.power == pytest.approx(lower.power + upper.power)
    assert flagship.dissipation == pytest.approx(flagship.specific_power / 1000.0)


def test_bench_is_inside_the_correlations() -> None:
    advice = advise(case_of("rushton_bench"))
    assert all(estimate.valid for _, estimate in advice.blend)
    assert advice.impellers[0].power_number.value == pytest.approx(5.68, abs=0.02)
    assert advice.demand is None
    assert all(ratio.value is None for ratio in advice.ratios)
    assert advice.warnings == ()


def test_oxygen_demand_of_glucose() -> None:
    """Half of six carbons at 4.2: (24 - 12.6)/4 = 2.85 mol O2 per mol glucose."""
    advice = advise(case_of("lab_3L"))
    case = advice.case
    assert advice.demand is not None
    assert advice.demand.oxygen_uptake * case.liquid_volume / case.feeds[0].rate == pytest.approx(2.85)
    assert not advice.gas.assumed
    assert 60 * advice.gas.normal_rate == pytest.approx(1.5 * case.tank.volume)


def test_without_gas_a_rate_is_assumed_and_said(flagship: Advice) -> None:
    assert flagship.gas.assumed
    assert flagship.gas.gas_velocity == pytest.approx(0.05)
    assert "assumed" in next(t.note for t in flagship.times if t.key == "transfer")


WARNED = [
    ("broth", {"viscosity": 0.1}, "is transitional"),
    ("tank", {"baffles": {"count": 0, "width": 0.03}}, "no baffles"),
    ("tank", {"baffles": {"count": 2, "width": 0.01}}, "little baffling"),
    ("impeller", {"diameter": 0.05, "disc_diameter": 0.038, "blade_length": 0.0125, "blade_height": 0.01}, "D/T"),
    ("impeller", {"clearance": 0.05}, "lower loop may collapse"),
    ("tank", {"baffles": {"count": 4, "width": 0.027, "lower_edge": 0.05}}, "0.15 over the lower edge of the baffles"),
    ("impeller", {"clearance": 0.25}, "draws in air"),
    ("impeller", {"clearance": 0.20}, "may draw in air"),
    ("tank", {"liquid_height": 0.45}, "2 impellers are customary"),
    ("impeller", {"blades": 5}, "5 blades"),
    ("numerics", {"quality": "draft"}, "coarse"),
]


@pytest.mark.parametrize(("section", "values", "words"), WARNED, ids=[w[2] for w in WARNED])
def test_warnings(section: str, values: dict[str, Any], words: str) -> None:
    case = changed(case_of("rushton_bench"), section, **values)
    assert any(words in warning for warning in advise(case).warnings)


@pytest.mark.parametrize(
    ("distance", "words"),
    [(0.09, "streams merge"), (0.12, "at the edge"), (0.15, None)],
)
def test_warnings_of_two_turbines(distance: float, words: str | None) -> None:
    """D = 0.093 m: merging below 1.15 D, powers add up from 1.5 D."""
    case = case_of("rushton_bench").model_dump(by_alias=True)
    lower = case["impeller"][0]
    case["tank"]["liquid_height"] = 0.5
    case["impeller"] = [lower, {**lower, "clearance": lower["clearance"] + distance}]
    found = [w for w in advise(Case.model_validate(case)).warnings if "impellers 1 and 2" in w]
    assert (len(found) == 1 and words in found[0] and "would keep them apart" in found[0]) if words else not found


def test_axial_impellers_have_warnings_of_their_own() -> None:
    case = case_of("rushton_bench").model_dump(by_alias=True)
    pitched = {"type": "pitched-blade", "diameter": 0.1, "clearance": 0.04}
    case["impeller"] = [pitched]
    assert not any("loop" in w or "throttled" in w for w in advise(Case.model_validate(case)).warnings)
    case["impeller"] = [{**pitched, "clearance": 0.025}, {**pitched, "clearance": 0.07}]
    warnings = advise(Case.model_validate(case)).warnings
    assert any("throttled" in w for w in warnings) and any("work as one" in w for w in warnings)


def test_warnings_of_cells_and_gas() -> None:
    lab = case_of("lab_3L")
    assert any("mycelial" in w for w in advise(lab).warnings)
    assert any("9" in w and "capacity" in w for w in advise(changed(lab, "broth", biomass=16.0)).warnings)
    scarce = [{**f, "rate": 1e-7} for f in lab.model_dump(by_alias=True)["feed"]]
    starved = Case.model_validate({**lab.model_dump(by_alias=True), "feed": scarce})
    assert any("starves" in w for w in advise(starved).warnings)
    assert any("circulations" in w for w in advise(changed(lab, "lifelines", duration=15.0)).warnings)
    assert any("floods" in w for w in advise(changed(lab, "gas", rate=1e-3)).warnings)
    assert any("more oxygen" in w for w in advise(changed(lab, "gas", rate=1e-6)).warnings)


def test_stages_that_will_not_run_cost_nothing() -> None:
    assert "lifelines" not in advise(case_of("rushton_bench")).seconds
    assert {"aeration", "gas"} <= set(advise(case_of("aerated_pilot")).seconds)
    flagship = advise(case_of("penicillin_54m3")).seconds
    assert {"flow", "lifelines", "environment", "response", "scaledown"} <= set(flagship)
    assert 2.0 < flagship["environment"] < 4.0  # 2.7 CPU s measured


def test_every_stage_of_a_case_has_its_time() -> None:
    case = case_of("penicillin_54m3")
    run = {stage.name for stage in STAGES if not stage.missing(case)}
    assert run <= set(advise(case).seconds)


@pytest.mark.parametrize("name", ["penicillin_54m3", "rushton_bench", "lab_3L", "mixed_stack"])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_drawing_is_to_scale(name: str, ascii_only: bool) -> None:
    case = case_of(name)
    lines = draw_text(case, ascii_only=ascii_only)
    wall, blade = ("|", "#") if ascii_only else ("│", "█")
    body = [line for line in lines if line.startswith(wall)]
    width = body[1].index(wall, 1) - 1
    height = len(body) - 1  # one line is the surface
    assert 2 * height / width == pytest.approx(case.tank.liquid_height / case.tank.diameter, rel=0.1)
    bladed = next(line for line in body if blade in line)
    span = bladed.rindex(blade) - bladed.index(blade) + 1
    assert span / width == pytest.approx(case.impellers[-1].diameter / case.tank.diameter, abs=2 / width)
    for number, impeller in enumerate(case.impellers, 1):
        row = next(
            n
            for n, line in enumerate(reversed(body))
            if f"{impeller.clearance:.3g} m  {number}: {impeller.type}" in line
        )
        assert (row + 0.5) / height == pytest.approx(impeller.clearance / case.tank.liquid_height, abs=1.5 / height)
    if ascii_only:
        assert all(ord(sign) < 128 for line in lines for sign in line)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["penicillin_54m3", "rushton_bench", "lab_3L", "mixed_stack"])
def test_the_console_shows_everything(name: str, width: int) -> None:
    advice = advise(case_of(name))
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False)
    console.print(advice)
    text = page.getvalue()
    flat = " ".join(text.split())
    for words in ("impeller", "power number", "kLa", "theta95", "Characteristic times", "run time", "circulation"):
        assert words in flat
    assert max(len(line) for line in text.splitlines()) <= width
    if advice.demand is not None:
        assert "blending / substrate uptake" in flat
    assert not math.isnan(advice.power)


@pytest.mark.parametrize("name", SHELVES)
def test_every_entry_of_the_library_has_a_source(name: str) -> None:
    for key, found in shelf(name).items():
        assert found.get("source"), f"{name}: {key} has no source"
