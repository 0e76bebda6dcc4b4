"""The parts of a relaxed time step: sweeps against dense lines, compartments against dense blocks, any cores."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rushton.case import load_case
from rushton.cores import ALONE, Team
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.mesh import build_mesh
from rushton.transport.balance import Balance
from rushton.transport.compartments import BLOCKS, Compartments
from rushton.transport.operator import ScalarOperator, assemble
from rushton.transport.stepping import TimeStepper
from rushton.transport.sweeps import LineSweeps, sweep_reference


@pytest.fixture(scope="module")
def operator(cases_folder: Path) -> ScalarOperator:
    """With shaft, disc, blades and baffles."""
    mesh = build_mesh(load_case(cases_folder / "lab_3L.toml", quality="draft"), mesh_cells=2500)
    return assemble(recirculating_flow(mesh, swirl=20.0, loop=5.0, nu_t=1e-4))


@pytest.fixture(params=[1, 2, 3])
def team(request: pytest.FixtureRequest) -> Iterator[Team]:
    with Team(request.param) as team:
        yield team


def main(operator: ScalarOperator, mass: np.ndarray) -> np.ndarray:
    return np.where(operator.mesh.solid, 1.0, operator.diagonal + mass)


def field(operator: ScalarOperator, seed: int = 0) -> np.ndarray:
    return np.where(operator.mesh.solid, 0.0, np.random.default_rng(seed).random(operator.mesh.shape))


def swept(lines: LineSweeps, r: np.ndarray) -> np.ndarray:
    scale = lines.scale(float(np.abs(r).mean()))
    return lines((scale * r).astype(np.float32)) * (lines.unit / scale)


@pytest.mark.parametrize("n_theta", [5, 8, 12, 19])
def test_a_sweep_solves_line_after_line(n_theta: int, team: Team) -> None:
    mesh = plain_tank(np.linspace(0.0, 1.0, 5), n_theta, np.linspace(0.0, 1.0, 7))
    operator = assemble(recirculating_flow(mesh, swirl=2.0, loop=1.0, nu_t=1e-2))
    m, r = main(operator, operator.volumes), field(operator)
    expected = sweep_reference(m, operator.neighbours, r)
    np.testing.assert_allclose(
        swept(LineSweeps(m, operator.neighbours, team), r), expected, atol=2e-6 * expected.max(), rtol=0
    )


def test_sweeps_alone_converge_and_leave_the_solid_alone(operator: ScalarOperator) -> None:
    balance = Balance(operator, limited=False)
    mass = operator.volumes / 0.02
    balance.main = main(operator, mass)
    lines = LineSweeps(balance.main, operator.neighbours)
    b, c, errors = mass * field(operator), np.zeros(mass.shape), []
    for _ in range(12):
        errors.append(balance(b, c))
        c += swept(lines, balance.r)
    assert errors[-1] < 1e-3 * errors[0]
    assert all(later < earlier for earlier, later in zip(errors, errors[1:], strict=False))
    assert not np.any(c[operator.mesh.solid])


def test_the_balance_is_that_of_the_matrix_and_knows_its_sum(operator: ScalarOperator, team: Team) -> None:
    fluid = ~operator.mesh.solid
    balance, b, c = Balance(operator, team=team), field(operator, 1), field(operator, 2)
    error = balance(b, c)
    expected = b[fluid] - operator.matrix @ c[fluid] + balance.limited[fluid]
    np.testing.assert_allclose(balance.r[fluid], expected, atol=1e-13 * np.abs(expected).max())
    assert error == pytest.approx(np.abs(expected).sum(), rel=1e-12)
    assert float(balance.r.sum()) == pytest.approx(float(b.sum()), rel=1e-10)
    alone = Balance(operator)
    alone(b, c)
    assert np.array_equal(alone.r, balance.r)


def test_compartments_close_the_balance_of_every_block(operator: ScalarOperator, team: Team) -> None:
    mass = operator.volumes / 0.5
    compartments = Compartments(operator.diagonal, operator.neighbours, team)
    compartments.set_mass(mass)
    balance = Balance(operator, limited=False)
    balance.main = main(operator, mass)
    b, c = mass * field(operator, 3), np.zeros(mass.shape)
    balance(b, c)
    r, left = balance.r.copy(), np.empty(mass.shape, np.float32)
    compartments.correct(r, 2.0, left)
    compartments.add(np.zeros(mass.shape, np.float32), 1.0, c)
    assert not np.any(c[operator.mesh.solid])
    balance(b, c)  # of c constant in every block
    np.testing.assert_allclose(left / 2.0, balance.r, atol=1e-6 * np.abs(r).max())
    before, after = compartments.sums(r), compartments.sums(balance.r)
    assert before.size == np.prod([min(n, most) for n, most in zip(mass.shape, BLOCKS, strict=True)])
    assert np.abs(after).max() < 1e-12 * np.abs(before).max()


@pytest.mark.parametrize("limited", [True, False])
def test_a_step_solves_its_equation(operator: ScalarOperator, limited: bool) -> None:
    """(V/dt + A) C - T(C) = V/dt C_old, put into the matrix by hand."""
    mesh, dt = operator.mesh, 0.01
    fluid, waves = ~mesh.solid, np.cos(mesh.theta_centre)[:, None] + np.sin(20.0 * mesh.z_centre)
    old = np.where(fluid, 3.0 + waves, 0.0)
    new = TimeStepper(operator, dt, limited=limited, second_order=False, tolerance=1e-7).step(old)
    balance = Balance(operator, limited=limited)
    balance(np.zeros(old.shape), new)
    capacity = operator.volumes[fluid] / dt
    left = capacity * new[fluid] + operator.matrix @ new[fluid] - balance.limited[fluid]
    moved = np.abs(capacity * (new - old)[fluid]).sum()
    assert np.abs(left - capacity * old[fluid]).sum() < 2e-7 * moved


def test_any_number_of_cores_gives_the_same_bytes(operator: ScalarOperator, team: Team) -> None:
    def run(team: Team) -> np.ndarray:
        stepper, c = TimeStepper(operator, 0.01, team=team), field(operator, 5)
        for n in range(6):
            if n == 3:
                stepper.double_step()
            c = stepper.step(c)
        return c

    assert np.array_equal(run(team), run(ALONE))


@pytest.mark.parametrize("courant", [1.0, 30.0, 1000.0])
def test_compartments_keep_long_steps_cheap(operator: ScalarOperator, courant: float) -> None:
    dt = courant * float(np.median((operator.volumes / np.maximum(operator.diagonal, 1e-30))[~operator.mesh.solid]))
    stepper, c = TimeStepper(operator, dt), field(operator, 6)
    for _ in range(10):
        c = stepper.step(c)
    assert stepper.sweeps <= 10 * 25
    assert float((operator.volumes * c).sum()) == pytest.approx(
        float((operator.volumes * field(operator, 6)).sum()), rel=1e-13
    )
