"""Lists of strains: TOML and CSV say the same, one bad row costs itself only, and the reason tells what to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushton.case import Case, load_case
from rushton.errors import CaseError
from rushton.study.panels import read_strains

TOML = """
[panel]
histories = 20
duration = "2 h"
rank_by = "loss"
[[strain]]
name = "wild"
[[strain]]
name = "other"
base = "penicillium_54m3"
uptake = { max = "1500 umol/g/h", half_saturation = "20 umol/kg" }
biomass = "50 g/kg"
parameters = { b33 = 8e-4, kdE33 = 0.02 }
spread = { b33 = 0.2 }
"""
CSV = """name,base,uptake.max,uptake.half_saturation,biomass,parameters.b33,parameters.kdE33,spread.b33
wild,,,,,,,
other,penicillium_54m3,1500 umol/g/h,20 umol/kg,50 g/kg,8e-4,0.02,0.2
"""


@pytest.fixture(scope="module")
def case(cases_folder: Path) -> Case:
    return load_case(cases_folder / "penicillin_54m3.toml")


def write(folder: Path, text: str, name: str = "strains.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_toml_and_csv_say_the_same(tmp_path: Path, case: Case) -> None:
    toml = read_strains(write(tmp_path, TOML), case)
    table = read_strains(write(tmp_path, CSV, "strains.csv"), case)
    assert toml.settings.duration == 7200.0 and toml.settings.rank_by == "loss"
    assert not toml.failures and not table.failures
    for a, b in zip(toml.strains, table.strains, strict=True):
        assert (a.name, a.strain, a.biomass, a.base) == (b.name, b.strain, b.biomass, b.base)
    wild, other = toml.strains
    assert case.strain is not None
    assert wild.strain == case.strain and wild.biomass == case.broth.biomass == 55.0
    assert other.strain.uptake.max == pytest.approx(1500e-3 / 3600.0)
    assert other.strain.uptake.half_saturation == pytest.approx(0.02)
    assert other.strain.parameters == {"b33": 8e-4, "kdE33": 0.02} and other.strain.spread == {"b33": 0.2}
    assert [s.row for s in table.strains] == ["line 2", "line 3"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("parameters = { b3 = 1e-3 }", ["parameters.b3", "b33"]),
        ("parameters = { b33 = -1 }", ["parameters.b33", "negative"]),
        ('parameters = { b33 = "much" }', ["parameters.b33", "number"]),
        ("spread = { b33 = 7 }", ["spread.b33", "0 to 2"]),
        ('base = "penicillium_54"', ["penicillium_54m3"]),
        ('uptake = { maximum = "1 mmol/g/h" }', ["maximum", "max"]),
        ("uptake = { max = 1600 }", ["uptake.max", "unit"]),
        ('uptake = { law = "haldane" }', ["haldane", "monod"]),
        ('uptak = { max = "1 mmol/g/h" }', ["uptak", "uptake"]),
        ("regimes = { excess = 1.5 }", ["excess"]),
    ],
)
def test_a_bad_strain_is_named_and_costs_itself_only(row: str, expected: list[str], tmp_path: Path, case: Case) -> None:
    found = read_strains(write(tmp_path, f'[[strain]]\nname = "good"\n[[strain]]\nname = "bad"\n{row}\n'), case)
    assert [s.name for s in found.strains] == ["good"]
    [failure] = found.failures
    assert (failure.row, failure.name) == ("strain 2", "bad")
    for word in expected:
        assert word in failure.reason


def test_names_are_there_and_used_once(tmp_path: Path, case: Case) -> None:
    found = read_strains(write(tmp_path, "name,biomass\na,50 g/kg\na,40 g/kg\n,40 g/kg\n", "s.csv"), case)
    assert [f.row for f in found.failures] == ["line 3", "line 4"]
    assert "taken by line 2" in found.failures[0].reason


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("[panel]\nhistories = 20\n", "s.toml", "no strain"),
        ("[panel]\nhistory = 20\n[[strain]]\nname = 'a'\n", "s.toml", "histories"),
        ("[panel]\nduration = 20\n[[strain]]\nname = 'a'\n", "s.toml", "panel.duration"),
        ("[[strains]]\nname = 'a'\n", "s.toml", "strains"),
        ("[strain]\nname = 'a'\n", "s.toml", r"\[\[strain\]\]"),
        ("strain,biomass\na,50 g/kg\n", "s.csv", "no column 'name'"),
        ("name,parameters.b3\na,1\n", "s.csv", "no strain of the list"),
    ],
)
def test_a_list_that_says_nothing_useful_is_refused(
    text: str, name: str, words: str, tmp_path: Path, case: Case
) -> None:
    with pytest.raises(CaseError, match=words):
        read_strains(write(tmp_path, text, name), case)
