"""CPU time of the flow on one core, compilation excluded: `python -m pytest tests/benchmarks -s`."""

import time

import pytest

from rushton.case import load_case
from rushton.flow import solve_flow

pytestmark = pytest.mark.benchmark


def test_single_rushton_1e5_mesh_cells_from_rest_in_15_cpu_seconds(cases_folder):
    case = load_case(cases_folder / "rushton_bench.toml", quality="draft")
    solve_flow(case)  # compiles
    numerics = case.numerics.model_copy(update={"mesh_cells": 100_000})
    case = case.model_copy(update={"numerics": numerics})
    start = time.process_time()
    flow = solve_flow(case)
    seconds = time.process_time() - start
    print(
        f"\n{flow.mesh.n_mesh_cell} mesh cells, {flow.numbers.iterations} iterations on the finest grid: "
        f"{seconds:.1f} CPU s, torque imbalance {flow.numbers.torque_imbalance:+.2%}"
    )
    assert flow.converged
    assert seconds <= 15.0
