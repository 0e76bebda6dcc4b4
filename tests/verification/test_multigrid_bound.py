"""The pressure solver's iterations are bounded on every shipped geometry and hardly grow with the mesh."""

from pathlib import Path

import pytest

from rushton.case import load_case
from rushton.cores import ALONE
from rushton.flow.grid import FlowGrid
from rushton.flow.rans import _solver, _start
from rushton.mesh.build import build_mesh, symmetry

SHIPPED = sorted(
    path.stem for path in (Path(__file__).parents[2] / "cases").glob("*.toml") if "expected" not in path.name
)


def iterations(case, mesh_cells: int) -> tuple[int, int]:
    """Iterations to 0.02 and to 1e-8 for the pressure equation of a flow that starts."""
    numerics = case.numerics.model_copy(update={"mesh_cells": mesh_cells})
    case = case.model_copy(update={"numerics": numerics})
    sector = symmetry(case, mesh_cells)
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


@pytest.mark.parametrize("name", [*SHIPPED, "tall"])
def test_fewer_than_eight_iterations_to_two_per_cent(cases_folder, name):
    case = load_case(cases_folder / f"{'rushton_bench' if name == 'tall' else name}.toml", quality="draft")
    rough, tight = iterations(tall(case) if name == "tall" else case, 20_000)
    print(f"\n{name}: {rough} iterations to 2 %, {tight} to 1e-8")
    assert rough < 8
    assert tight <= 30


@pytest.mark.parametrize("blades", ["thin", "solid"])
def test_iterations_hardly_grow_with_the_mesh(cases_folder, with_blades, blades):
    case = with_blades(load_case(cases_folder / "rushton_bench.toml", quality="draft"), blades)
    rough, tight = iterations(case, 300_000)
    print(f"\n{blades} blades, 300,000 mesh cells: {rough} iterations to 2 %, {tight} to 1e-8")
    assert rough < 8
    assert tight <= 35
