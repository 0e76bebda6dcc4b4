"""Memory of a million lifelines: `python -m pytest tests/benchmarks/test_lifelines_memory.py -s`.

In processes of their own, on 1e5 mesh cells, with an analytic flow: what a lifeline takes does not depend on the flow.
"""

import subprocess
import sys
import tempfile

import pytest

pytestmark = pytest.mark.benchmark

RUN = """
import resource, sys, tempfile
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from rushton.case import load_case
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import track
from rushton.mesh import build_mesh

case = load_case(sys.argv[1])
settings = case.lifelines.model_copy(update={"cells": int(sys.argv[2]), "duration": float(sys.argv[3])})
case = case.model_copy(update={"lifelines": settings})
mesh = build_mesh(case, 100_000)
uptake = SimpleNamespace(uptake_ratio=np.full(mesh.shape, 0.5))
with tempfile.TemporaryDirectory() as folder:
    result = track(case, recirculating_flow(mesh, 2.0, 1.0, nu_t=1e-2), uptake, Path(folder), kept=Path(folder, "kept"))
    assert result.lost == 0 and result.cells == int(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


def peak(case, cells, duration):
    """Peak memory of a run, GiB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", RUN, str(case), str(cells), str(duration)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout)


def test_a_million_lifelines_fit_in_four_gib(cases_folder):
    case = cases_folder / "penicillin_54m3.toml"
    few, many, longer = peak(case, 1000, 4.0), peak(case, 1_000_000, 4.0), peak(case, 1_000_000, 8.0)
    print(f"\n1,000 cells {few:.2f} GiB, 1,000,000 cells {many:.2f} GiB, over twice the time {longer:.2f} GiB")
    assert many < 4.0 and longer < 4.0
    assert longer < 1.1 * many, "memory grows with the length of the record"
