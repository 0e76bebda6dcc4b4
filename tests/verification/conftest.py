"""Shipped cases at a mesh size of one's choice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rushton.case import load_case


@pytest.fixture(scope="session")
def shipped_case(cases_folder: Path) -> Callable:
    def load(name: str, mesh_cells: int | None = None):
        case = load_case(cases_folder / f"{name}.toml", quality="draft")
        if mesh_cells is None:
            return case
        numerics = case.numerics.model_copy(update={"mesh_cells": mesh_cells})
        return case.model_copy(update={"numerics": numerics})

    return load
