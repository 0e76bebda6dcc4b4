"""An imposed power number stands beside the solved one; nothing solved is scaled to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.case.catalogue import flow_number, power_number
from rushton.errors import CaseError
from rushton.flow import solve_flow
from rushton.pipeline.summary import section

TANK = {
    "tank": {"diameter": 0.3, "liquid_height": 0.3},
    "operation": {"speed": 5.0},
    "numerics": {"mesh_cells": 4_000},
}


def case_with(power: float | None) -> Case:
    return Case.model_validate({**TANK, "impeller": [{"diameter": 0.1, "clearance": 0.1, "power_number": power}]})


def test_imposed_power_is_marked_and_scales_nothing() -> None:
    case = case_with(5.4)
    free, imposed = solve_flow(case_with(None)), solve_flow(case)
    np.testing.assert_array_equal(free.flux_r, imposed.flux_r)
    assert free.numbers.power_number == imposed.numbers.power_number
    out = imposed.summary()
    assert out["power_number_imposed"] == [5.4]
    wanted = out["power_W"] + (5.4 - out["power_number"][0]) * 1000.0 * 5.0**3 * 0.1**5
    assert out["power_imposed_W"] == pytest.approx(wanted, rel=1e-12)
    expected = power_number(case.impellers[0], case.tank)
    assert out["power_number_catalogue"][0] == pytest.approx(expected.value)
    assert out["flow_number_catalogue"][0] == pytest.approx(flow_number(case.impellers[0]).value)
    none = section("flow", free.summary(), "")
    assert none["power_imposed_W"] is None and "power_number" in none["power_imposed_W_reason"]


def test_a_foreign_flow_has_no_catalogue() -> None:
    flow = solve_flow(case_with(None))
    numbers = replace(flow.numbers, power_number_catalogue=(), flow_number_catalogue=(), source="imported")
    out = replace(flow, numbers=numbers).summary()
    assert out["power_number_catalogue"] is None and "imported" in out["power_number_catalogue_reason"]


def test_a_power_number_is_positive(tmp_path: Path) -> None:
    text = """
[tank]
diameter = "0.3 m"
liquid_height = "0.3 m"
[[impeller]]
diameter = "0.1 m"
clearance = "0.1 m"
power_number = -1.0
[operation]
speed = "300 rpm"
"""
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(CaseError, match="power_number"):
        load_case(file)
