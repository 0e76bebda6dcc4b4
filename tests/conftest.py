"""What every test runs in: no display, no window, results in temporary folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rushton.case import Case

os.environ.setdefault("MPLBACKEND", "Agg")

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Where several processes share out the tests, each computes on one core. Those that they start inherit it."""
    if config.getoption("numprocesses", default=None):
        for variable in ("RUSHTON_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(variable, "1")


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the clone: cases, notebooks, README."""
    return REPOSITORY


@pytest.fixture(scope="session")
def cases_folder() -> Path:
    """The case files that ship."""
    return REPOSITORY / "cases"


def _with_blades(case: Case, blades: str) -> Case:
    return case.model_copy(update={"flow": case.flow.model_copy(update={"blades": blades})})


@pytest.fixture(scope="session")
def with_blades() -> Callable[[Case, str], Case]:
    """The same case with blades and discs "solid" or "thin"; the absolute frame takes thin ones only."""
    return _with_blades


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Benchmarks run when they are asked for, by folder or by marker: nothing else is ever timed."""
    if "benchmark" in str(config.getoption("markexpr")) or any("benchmarks" in str(a) for a in config.args):
        return
    timed = [item for item in items if item.get_closest_marker("benchmark")]
    config.hook.pytest_deselected(items=timed)
    items[:] = [item for item in items if item not in timed]
