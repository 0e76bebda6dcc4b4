"""The compiled solver gives the solution of the sparse matrix, and the exact mass at any tolerance."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from rushton.case import load_case
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.mesh import build_mesh
from rushton.transport.linear import LinearSystem
from rushton.transport.operator import ScalarOperator, assemble


@pytest.fixture(scope="module")
def operator(cases_folder: Path) -> ScalarOperator:
    mesh = build_mesh(load_case(cases_folder / "lab_3L.toml", quality="draft"), mesh_cells=2500)
    return assemble(recirculating_flow(mesh, swirl=20.0, loop=5.0, nu_t=1e-4))


def system(operator: ScalarOperator, dt: float) -> LinearSystem:
    return LinearSystem(operator.diagonal, operator.neighbours, operator.volumes / dt, ~operator.mesh.solid)


def field(operator: ScalarOperator, seed: int = 0) -> np.ndarray:
    return np.where(operator.mesh.solid, 0.0, np.random.default_rng(seed).random(operator.mesh.shape))


@pytest.mark.parametrize("dt", [1e-3, 0.1, 10.0])
def test_solution_is_that_of_the_sparse_matrix(operator: ScalarOperator, dt: float) -> None:
    fluid = ~operator.mesh.solid
    rhs = operator.volumes / dt * field(operator)
    x = np.zeros(rhs.shape)
    iterations, reached = system(operator, dt).solve(rhs, x, tolerance=1e-12)
    exact = spsolve((diags(operator.volumes[fluid] / dt) + operator.matrix).tocsc(), rhs[fluid])
    assert iterations < 100 and reached <= 1e-12
    np.testing.assert_allclose(x[fluid], exact, rtol=1e-8)
    assert not np.any(x[~fluid])


@pytest.mark.parametrize("n_theta", [5, 6, 7, 12])
def test_any_number_of_mesh_cells_round_the_tank(n_theta: int) -> None:
    mesh = plain_tank(np.linspace(0.0, 1.0, 5), n_theta, np.linspace(0.0, 1.0, 7))
    operator = assemble(recirculating_flow(mesh, swirl=2.0, loop=1.0, nu_t=1e-2))
    rhs = operator.volumes * field(operator)
    x = np.zeros(rhs.shape)
    system(operator, 1.0).solve(rhs, x, tolerance=1e-12)
    exact = spsolve((diags(operator.volumes.ravel()) + operator.matrix).tocsc(), rhs.ravel())
    np.testing.assert_allclose(x.ravel(), exact, rtol=1e-9)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("tolerance", [0.5, 1e-2])
def test_mass_is_exact_at_a_loose_tolerance(operator: ScalarOperator, tolerance: float, positive: bool) -> None:
    rhs = operator.volumes / 1.0 * field(operator)
    x = np.zeros(rhs.shape)
    system(operator, 1.0).solve(rhs, x, tolerance=tolerance, positive=positive)
    assert float((operator.volumes * x).sum()) == pytest.approx(float(rhs.sum()), rel=1e-13)
    if positive:
        assert x.min() >= 0.0


def test_an_exact_first_guess_costs_next_to_nothing(operator: ScalarOperator) -> None:
    fluid = ~operator.mesh.solid
    x = fluid.astype(float)
    iterations, _ = system(operator, 1.0).solve(operator.volumes * 1.0, x)
    assert iterations <= 3  # rounding only
    assert np.abs(x[fluid] - 1.0).max() < 1e-13


def test_zero_stays_zero(operator: ScalarOperator) -> None:
    x = np.zeros(operator.mesh.shape)
    assert system(operator, 1.0).solve(np.zeros(x.shape), x) == (0, 0.0)
    assert not np.any(x)
