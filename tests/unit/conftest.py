"""What several files of unit tests start from: uptake signals like a tank's, and a small run with lifelines."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


def _uptake_like_a_tank(rng: np.random.Generator, n_signal: int, n_time: int, dt: float) -> np.ndarray:
    keep = np.exp(-dt / 8.0)
    z = np.empty((n_signal, n_time))
    z[:, 0] = rng.standard_normal(n_signal)
    for n in range(1, n_time):
        z[:, n] = keep * z[:, n - 1] + np.sqrt(1.0 - keep**2) * rng.standard_normal(n_signal)
    c = np.exp(4.04 * z - 2.79)
    return c / (1.0 + c)


@pytest.fixture(scope="session")
def uptake_like_a_tank() -> Callable[[np.random.Generator, int, int, float], np.ndarray]:
    """(n_signal, n_time) uptake ratios every dt s: C/K_s = exp of an Ornstein-Uhlenbeck process with 8 s memory, about
    8 % of the time in excess and 47 % in starvation.
    """
    return _uptake_like_a_tank


@pytest.fixture(scope="session")
def _lifelines_of_a_tiny_tank(tmp_path_factory: pytest.TempPathFactory, cases_folder: Path) -> Path:
    from rushton.case import case_from_dict
    from rushton.pipeline import run

    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    data["numerics"] = {"mesh_cells": 4000}
    data["lifelines"] = {"cells": 80, "duration": "60 s", "full_records": 10}
    del data["feed_study"], data["scaledown"]
    folder = tmp_path_factory.mktemp("tiny") / "tiny.results"
    run(case_from_dict(data, name="tiny"), folder, until="lifelines")
    return folder


@pytest.fixture(scope="module")
def tiny_results(tmp_path_factory: pytest.TempPathFactory, _lifelines_of_a_tiny_tank: Path) -> Path:
    """Folder of the 54 m3 tank on 4,000 mesh cells with the lifelines of 80 cells, a copy for every file of tests."""
    copy = tmp_path_factory.mktemp("copy") / "tiny.results"
    shutil.copytree(_lifelines_of_a_tiny_tank, copy)
    return copy
