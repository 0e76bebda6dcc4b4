"""What the repository promises on paper: the README's commands, the notebooks' twins, one version."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import jupytext
import pytest

import rushton
from rushton.case import case_from_dict

COMMANDS = (
    "python -m pip install . && rushton run cases/penicillin_54m3.toml",
    'python -m pip install ".[test]" && python -m pytest -n 2 --dist worksteal',
)


def test_the_readme_opens_with_its_two_commands(repository: Path) -> None:
    lines = (repository / "README.md").read_text(encoding="utf-8").splitlines()
    for command in COMMANDS:
        assert command in lines
    assert lines.index(COMMANDS[0]) < 30


def test_ci_reads_the_test_command_out_of_the_readme(repository: Path) -> None:
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert COMMANDS[1] not in script
    assert os.access(repository / ".ci" / "run", os.X_OK)


def test_every_link_of_the_readme_leads_somewhere(repository: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (repository / "README.md").read_text(encoding="utf-8")):
        assert target.startswith("http") or (repository / target).is_file(), target


def test_the_case_in_the_readme_is_a_case(repository: Path) -> None:
    [text] = re.findall(r"```toml\n(.*?)```", (repository / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    case = case_from_dict(tomllib.loads(text))
    assert case.operation.speed == pytest.approx(98 / 60)


def test_one_version_everywhere(repository: Path) -> None:
    assert f"version: {rushton.__version__}\n" in (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {rushton.__version__}" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_base_is_permissive(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[<>=~!\[ ]", requirement)[0].lower() for requirement in project["dependencies"]}
    assert not names & {"gmsh", "cobra", "swiglpk", "foamlib"}


@pytest.mark.parametrize("name", ["01_first_run"])
def test_a_notebook_and_its_twin_say_the_same(repository: Path, name: str) -> None:
    cells = [
        [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(repository / "notebooks" / (name + end)).cells]
        for end in (".py", ".ipynb")
    ]
    assert cells[0] == cells[1]
