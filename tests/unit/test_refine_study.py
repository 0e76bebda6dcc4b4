"""The error statement on a tiny mesh: every member runs once, an interruption loses none, the band is what it says."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rushton.case import Case, load_case
from rushton.errors import SolverError
from rushton.pipeline import Results, run
from rushton.refine import Refinement, study
from rushton.refine.members import grids, variations
from rushton.refine.result import GRID, ITERATION, label
from rushton.report.error_section import errors
from rushton.report.style import look


def tiny(cases_folder: Path) -> Case:
    case = load_case(cases_folder / "rushton_bench.toml", quality="draft")
    numerics = case.numerics.model_copy(update={"mesh_cells": 4000, "refine": True})
    return case.model_copy(update={"numerics": numerics})


@pytest.fixture(scope="module")
def finished(cases_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(tiny(cases_folder), tmp_path_factory.mktemp("refine") / "r", until="refine")


def test_every_number_has_a_band_of_its_parts(finished: Results) -> None:
    result = finished.refine
    assert result is not None
    for q in result.quantities:
        assert q.band == pytest.approx(math.sqrt(sum(half**2 for half in q.parts.values())))
        assert q.band >= q.parts[GRID] > 0.0
        assert ITERATION not in q.parts
    keys = {q.key for q in result.quantities}
    assert {"power_number.0", "flow_number.0", "theta95_probe_s", "theta95_variance_s"} <= keys
    blend = next(q for q in result.quantities if q.key == "theta95_variance_s")
    assert blend.parts["turbulent Schmidt number"] > 0.01 * blend.value
    power = next(q for q in result.quantities if q.key == "power_number.0")
    assert power.parts["turbulent Schmidt number"] == 0.0, "the tracer does not change the flow"


def test_three_grids_with_the_ratio_that_is_claimed(finished: Results) -> None:
    assert finished.refine is not None
    cells = [r["mesh_cells"] for r in finished.refine.runs if r["group"] in ("base", "grid")]
    assert len(cells) == 3
    for fine, coarse in zip(cells[:-1], cells[1:], strict=True):
        assert (fine / coarse) ** (1 / 3) == pytest.approx(1.3, abs=0.08)


def test_the_summary_carries_value_and_band(finished: Results) -> None:
    part = finished.summary["refine"]
    assert len(part["power_number_band"]) == 1 and part["power_number_band"][0] > 0.0
    assert part["theta95_probe_band_s"] > 0.0
    assert any("zone" in words for words in part["varied"])
    assert part["share_excess_band"] is None and part["share_excess_band_reason"]
    assert (finished.folder / "errors.csv").read_text().startswith("number,value,band")


def test_finished_members_are_not_run_again(
    finished: Results, cases_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: Any) -> Any:
        raise AssertionError("a finished member was run again")

    monkeypatch.setattr(study, "solve_flow", never)
    monkeypatch.setattr(study, "blend", never)
    assert finished.flow is not None and finished.mixing is not None
    again = study.refine(
        finished.case, finished.flow, finished.mixing, None, finished.folder / ".stages" / "refine" / "x"
    )
    assert finished.refine is not None
    assert again.summary() == finished.refine.summary()


def test_a_member_that_diverges_is_named_and_the_rest_stands(
    finished: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*args: Any) -> Any:
        raise SolverError("the flow iteration diverged")

    monkeypatch.setattr(study, "solve_flow", diverges)
    assert finished.flow is not None and finished.mixing is not None
    result = study.refine(finished.case, finished.flow, finished.mixing, None, tmp_path / "a" / "b")
    assert any("diverged" in words for words in result.left)
    assert result.summary()["power_number_band"] is None
    assert result.missing["power_number.0"]


def test_an_unsettled_flow_widens_the_band(finished: Results) -> None:
    import dataclasses

    assert finished.flow is not None
    numbers = dataclasses.replace(finished.flow.numbers, converged=False, torque_imbalance=0.03)
    assert study.unrest(dataclasses.replace(finished.flow, numbers=numbers)) >= 0.03
    assert study.unrest(finished.flow) == 0.0


def test_what_is_varied(cases_folder: Path) -> None:
    case = tiny(cases_folder)
    members, left = variations(case)
    assert not left
    groups = [m.group for m in members]
    for words in ("radius of the rotating zone", "height of the rotating zone", "angle of blades to baffles"):
        assert groups.count(words) == 2
    turned = [m.case.impellers[0] for m in members if "angle" in m.group]
    assert turned[1].first_blade - case.impellers[0].first_blade == pytest.approx(math.radians(15.0))
    assert [m.reuses_flow for m in members if "Schmidt" in m.group] == [True, True]
    assert [m.value for m in members if m.group == "turbulence model"] == ["realizable-k-epsilon", "k-omega-sst"]
    thick = case.model_copy(update={"broth": case.broth.model_copy(update={"viscosity": 1.0})})
    assert "laminar" in variations(thick)[1][-1]
    tank = case.tank.model_copy(update={"baffles": case.tank.baffles.model_copy(update={"count": 0})})
    assert "no baffles" in variations(case.model_copy(update={"tank": tank}))[1][0]
    assert [m.case.numerics.angular_cells for m in grids(case, 100_000, 72)] == [55, 43]


def test_the_chapter_shows_value_band_and_what_was_varied(finished: Results) -> None:
    with look():
        shown = errors(finished.refine, finished.summary)
    assert [block.kind for block in shown.blocks] == ["table", "picture", "table", "prose"]
    table = shown.blocks[0]
    assert any("Power number" in row[0] and "±" in row[1] for row in table.rows)  # type: ignore[union-attr]
    assert "zone" in shown.blocks[3].text  # type: ignore[union-attr]
    assert label("power_number.0") == "Power number, impeller 1"


def test_without_it_the_chapter_says_how_to_ask(finished: Results) -> None:
    flow = {"converged": False, "message": "not steady after 600 iterations", "torque_imbalance": 0.031}
    texts = [block.text for block in errors(None, {"flow": flow}).blocks]  # type: ignore[union-attr]
    assert "--refine" in texts[-1]
    assert "not steady after 600" in texts[0] and "3.10 %" in texts[1]


def test_it_is_stored_as_it_was(finished: Results, tmp_path: Path) -> None:
    assert finished.refine is not None
    finished.refine.save(tmp_path)
    assert Refinement.load(tmp_path) == finished.refine
    json.dumps(finished.refine.summary(), allow_nan=False)
