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
