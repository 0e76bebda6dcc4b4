"""The pressure solver's iterations are bounded on every shipped geometry and hardly grow with the mesh."""

import pytest

from rushton.case import load_case
from rushton.cores import ALONE
from rushton.flow.grid import FlowGrid
from rushton.flow.rans import _solver, _start
from rushton.mesh.build import angular_cells, build_mesh, symmetry


def iterations(case, mesh_cells: int) -> tuple[int, int]:
    """Iterations to 0.02 and to 1e-8 for the pressure equation of a flow that starts."""
    sector = symmetry(case, angular_cells(case, mesh_cells))
    grid = FlowGrid.of(build_mesh(case, mesh_cells, sector=sector), case.operation.omega)
    state, solver = _start(case, grid), _solver(case, grid, ALONE)
    solver.closure.start(solver, state)
    for step in range(10):
        solver.iterate(state, forward=step % 2 == 0)
    rhs, counts = solver.rhs.copy(), []
    for tolerance in (0.02, 1e-8):
        assert solver.pressure.solve(rhs, solver.pc, tolerance, 60) < tolerance
        counts.append(solver.pressure.iterations)
    return counts[0], counts[1]


def tall(case):
    """Four turbines in a vessel three and a half diameters high."""
    first, tank = case.impellers[0], case.tank
    height = 3.5 * tank.diameter
    impellers = tuple(first.model_copy(update={"clearance": height * (n + 0.5) / 4}) for n in range(4))
    return case.model_copy(
        update={"tank": tank.model_copy(update={"liquid_height": height}), "impellers": impellers},
    )


@pytest.mark.parametrize("name", ["rushton_bench", "lab_3L", "penicillin_54m3", "tall"])
def test_fewer_than_eight_iterations_to_two_per_cent(cases_folder, name):
    case = load_case(cases_folder / f"{'rushton_bench' if name == 'tall' else name}.toml", quality="draft")
    rough, tight = iterations(tall(case) if name == "tall" else case, 20_000)
    assert rough < 8
    assert tight <= 30


def test_iterations_hardly_grow_with_the_mesh(cases_folder):
    case = load_case(cases_folder / "rushton_bench.toml", quality="draft")
    rough, tight = iterations(case, 300_000)
    assert rough < 8
    assert tight <= 35
