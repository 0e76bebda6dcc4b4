"""What every test runs in: no display, no window, results in temporary folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the clone: cases, notebooks, README."""
    return REPOSITORY


@pytest.fixture(scope="session")
def cases_folder() -> Path:
    """The case files that ship."""
    return REPOSITORY / "cases"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Benchmarks run when they are asked for, by folder or by marker: nothing else is ever timed."""
    if "benchmark" in str(config.getoption("markexpr")) or any("benchmarks" in str(a) for a in config.args):
        return
    timed = [item for item in items if item.get_closest_marker("benchmark")]
    config.hook.pytest_deselected(items=timed)
    items[:] = [item for item in items if item not in timed]
