"""Cost of the flow, compilation excluded: `python -m pytest tests/benchmarks -s`. One test per bar, numbers printed."""

import resource
import subprocess
import sys
import time

import pytest

from rushton.case import Case, load_case
from rushton.flow import Flow
from rushton.flow.rans import solve_flow

pytestmark = pytest.mark.benchmark


def bench(cases_folder, mesh_cells: int) -> Case:
    case = load_case(cases_folder / "rushton_bench.toml", quality="draft")
    numerics = case.numerics.model_copy(update={"mesh_cells": mesh_cells})
    return case.model_copy(update={"numerics": numerics})


@pytest.fixture(scope="module", autouse=True)
def compiled(cases_folder):
    solve_flow(bench(cases_folder, 20_000), threads=1)


def timed(case: Case, threads: int = 1) -> tuple[Flow, float, float]:
    """(flow, CPU s, wall s)."""
    cpu, wall = time.process_time(), time.perf_counter()
    flow = solve_flow(case, threads=threads)
    return flow, time.process_time() - cpu, time.perf_counter() - wall


@pytest.mark.parametrize(("mesh_cells", "most"), [(98_000, 8.0), (300_000, 25.0)])
def test_single_rushton_from_rest_on_one_core(cases_folder, mesh_cells, most):
    flow, cpu, _ = timed(bench(cases_folder, mesh_cells))
    n = flow.numbers
    print(
        f"\n{flow.mesh.n_mesh_cell} mesh cells, {n.iterations} iterations on the finest grid: {cpu:.1f} CPU s, "
        f"torque imbalance {n.torque_imbalance:+.2%}, Np {n.power_number[0]:.3f}"
    )
    assert flow.converged and abs(n.torque_imbalance) < 0.01
    assert cpu <= most


def test_two_cores_give_one_and_a_half_times(cases_folder):
    """Wall time, best of three each: only meaningful on an idle machine."""
    case = bench(cases_folder, 100_000)
    best = {threads: min(timed(case, threads)[2] for _ in range(3)) for threads in (1, 2)}
    print(f"\n1 thread {best[1]:.2f} s, 2 threads {best[2]:.2f} s: {best[1] / best[2]:.2f} times as fast")
    assert best[1] / best[2] >= 1.5


def test_cost_per_mesh_cell_is_flat_from_4e4_to_1e6(cases_folder):
    """CPU ms per iteration and 1e5 mesh cells solved, grid levels weighted by their size."""
    cost = {}
    for mesh_cells in (40_000, 100_000, 300_000, 1_000_000):
        flow, cpu, _ = timed(bench(cases_folder, mesh_cells))
        sizes = (max(mesh_cells // 8, 4000), mesh_cells / 2.5, mesh_cells)
        solved = sum(sizes[int(m["level"])] for m in flow.numbers.history) / 2  # half the tank repeats
        cost[mesh_cells] = 1e3 * cpu / (solved / 1e5)
        print(f"\n{mesh_cells}: {cpu:.1f} CPU s, {cost[mesh_cells]:.1f} ms per iteration and 1e5 mesh cells")
    assert max(cost.values()) < 1.35 * min(cost.values())


def test_at_most_one_kilobyte_per_mesh_cell(cases_folder):
    """Peak memory of a fresh process at 1e6 mesh cells less that at 2e4, divided by the mesh cells."""

    def peak(mesh_cells: int) -> float:
        code = (
            "import resource; from rushton.case import load_case; from rushton.flow import solve_flow\n"
            f"case = load_case({str(cases_folder / 'rushton_bench.toml')!r}, quality='draft')\n"
            f"numerics = case.numerics.model_copy(update={{'mesh_cells': {mesh_cells}}})\n"
            "solve_flow(case.model_copy(update={'numerics': numerics}))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        return float(out) * (1.0 if sys.platform == "darwin" else 1024.0)

    per_cell = (peak(1_000_000) - peak(20_000)) / 980_000
    print(f"\n{per_cell:.0f} B per mesh cell")
    assert per_cell <= 1000.0


def test_help_starts_within_two_seconds():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, "-m", "rushton", "--help"], capture_output=True, check=True)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"\nrushton --help: {seconds:.2f} CPU s")
    assert seconds <= 2.0
