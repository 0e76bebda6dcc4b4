"""CPU time of tracer and substrate on one core: `python -m pytest tests/benchmarks -s`."""

import os
import time
from pathlib import Path

import pytest

from rushton.case import Case, load_case
from rushton.cores import usable_cores
from rushton.flow import Flow, solve_flow
from rushton.transport import solve_substrate
from rushton.transport.mixing import blend

pytestmark = pytest.mark.benchmark


def compiled(cases_folder: Path) -> None:
    """Everything run once on a small tank, so that nothing is compiled while the clock runs."""
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    numerics = case.numerics.model_copy(update={"mesh_cells": 4000})
    case = case.model_copy(update={"numerics": numerics})
    flow = solve_flow(case)
    blend(case, flow)
    solve_substrate(case, flow)


def standard(cases_folder: Path, name: str) -> tuple[Case, Flow]:
    case = load_case(cases_folder / f"{name}.toml", quality="standard")
    return case, solve_flow(case)


def test_single_rushton_1e5_mesh_cells_tracer_in_3_cpu_seconds(cases_folder: Path) -> None:
    compiled(cases_folder)
    case, flow = standard(cases_folder, "rushton_bench")
    start = time.process_time()
    mixing = blend(case, flow, threads=1)
    seconds = time.process_time() - start
    print(
        f"\n{flow.mesh.n_mesh_cell} mesh cells, {mixing.time.size - 1} steps, assembly and slowest mode included: "
        f"{seconds:.2f} CPU s, {1e5 * seconds / flow.mesh.n_mesh_cell:.2f} per 1e5 mesh cells; "
        f"N theta95 {mixing.n_theta95:.1f}, mass error {mixing.tracer_mass_error:.1g}"
    )
    assert mixing.tracer_mass_error < 1e-13
    assert 1e5 * seconds / flow.mesh.n_mesh_cell <= 3.0


def test_two_cores_blend_faster(cases_folder: Path) -> None:
    """Elapsed time of the tracer on one core over that on two."""
    if usable_cores() < 2:
        pytest.skip("one core only")
    if os.getloadavg()[0] > 1.0:
        pytest.skip("other work runs on this machine, so elapsed times say nothing")
    compiled(cases_folder)
    case, flow = standard(cases_folder, "rushton_bench")
    elapsed: dict[int, float] = {1: 1e9, 2: 1e9}
    for threads in (1, 2, 1, 2):
        start = time.perf_counter()
        blend(case, flow, threads=threads)
        elapsed[threads] = min(elapsed[threads], time.perf_counter() - start)
    print(f"\none core {elapsed[1]:.2f} s, two cores {elapsed[2]:.2f} s: {elapsed[1] / elapsed[2]:.2f} times faster")
    assert elapsed[1] / elapsed[2] > 1.2


def test_flagship_tracer_and_substrate(cases_folder: Path) -> None:
    compiled(cases_folder)
    case, flow = standard(cases_folder, "penicillin_54m3")
    start = time.process_time()
    mixing = blend(case, flow)
    middle = time.process_time()
    substrate = solve_substrate(case, flow)
    end = time.process_time()
    print(
        f"\n{flow.mesh.n_mesh_cell} mesh cells: tracer {middle - start:.1f} CPU s, "
        f"substrate {end - middle:.1f} CPU s; theta95 {mixing.theta95_probe_s:.1f} s, "
        f"substrate mass error {substrate.mass_balance_error:.1g}"
    )
    assert mixing.theta95_probe_s is not None
    assert 55.0 <= mixing.theta95_probe_s <= 82.0  # solid blades; thin ones 67 s, published 58 to 61 s
    assert substrate.mass_balance_error < 1e-6
    assert middle - start <= 20.0
    assert end - middle <= 8.0
