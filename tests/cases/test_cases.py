"""Every case that ships is run at draft quality and meets its expected numbers, which stand beside it.

``cases/NAME.expected.toml`` holds a list of ``[[expected]]``: ``key`` (dotted path in summary.json, list items by
number), ``value`` with a ``relative`` or ``absolute`` tolerance, or a band ``low``/``high``; ``why`` says where the
number comes from, and ``published`` what the literature has, for the reader.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rushton.case import load_case
from rushton.pipeline import Results, run

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(
    path.name.removesuffix(".toml") for path in CASES.glob("*.toml") if not path.name.endswith(".expected.toml")
)


def expected_of(name: str) -> dict[str, Any]:
    with open(CASES / f"{name}.expected.toml", "rb") as file:
        return tomllib.load(file)


def lookup(summary: Any, key: str) -> Any:
    """Value at a dotted path."""
    for part in key.split("."):
        summary = summary[int(part)] if isinstance(summary, list) else summary[part]
    return summary


@pytest.fixture(scope="module", params=NAMES)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Results]:
    """A case run at draft quality, once for all tests of this file."""
    name = request.param
    case = load_case(CASES / f"{name}.toml", quality="draft")
    return name, run(case, tmp_path_factory.mktemp(name) / f"{name}.results")


def test_expected_numbers(result: tuple[str, Results]) -> None:
    name, results = result
    wrong = []
    for item in expected_of(name)["expected"]:
        value = lookup(results.summary, item["key"])
        if "value" in item:
            width = item["absolute"] if "absolute" in item else item["relative"] * abs(item["value"])
            low, high = item["value"] - width, item["value"] + width
        else:
            low, high = item.get("low", float("-inf")), item.get("high", float("inf"))
        if value is None or not low <= value <= high:
            wrong.append(f"{item['key']} = {value}, expected {low:.6g} to {high:.6g} ({item['why']})")
    assert not wrong, "\n".join(wrong)


def test_no_figure_and_no_chapter_of_the_report_failed(result: tuple[str, Results]) -> None:
    _, results = result
    assert results.report is not None
    page = results.report.read_text(encoding="utf-8")
    assert "could not be drawn" not in page and "could not be written" not in page


def test_balances_close(result: tuple[str, Results]) -> None:
    """Mass is exact whatever the mesh; torque balances to 1 %."""
    summary = result[1].summary
    assert summary["flow"]["converged"]
    assert abs(summary["flow"]["torque_imbalance"]) < 0.01
    assert abs(summary["flow"]["mass_imbalance"]) < 1e-10
    assert abs(summary["mixing"]["tracer_mass_error"]) < 1e-6
    case = result[1].case
    assert summary["flow"]["volume_m3"] == pytest.approx(case.liquid_volume, rel=1e-9)
    if case.strain is not None:
        assert abs(summary["substrate"]["mass_balance_error"]) < 1e-6
        assert summary["lifelines"]["lost"] == 0
        shares = [summary["lifelines"][f"share_{regime}"] for regime in ("excess", "limitation", "starvation")]
        assert sum(shares) == pytest.approx(1.0, abs=1e-6)


def test_what_was_not_computed_says_why(result: tuple[str, Results]) -> None:
    for section in result[1].summary.values():
        if isinstance(section, dict):
            for key, value in section.items():
                if value is None:
                    assert section[f"{key}_reason"], key


def test_every_case_states_its_expectations() -> None:
    for name in NAMES:
        for item in expected_of(name)["expected"]:
            assert item["key"] and item["why"]
            assert ("value" in item and ("absolute" in item or "relative" in item)) or "low" in item or "high" in item
