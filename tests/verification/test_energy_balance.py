"""Energy of the mean flow: what the shaft gives, the parts of the balance take."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rushton.flow import rans, turbulence
from rushton.flow.analytic import plain_tank
from rushton.flow.closures import Laminar
from rushton.flow.energy import _loss, energy_balance
from rushton.flow.grid import FlowGrid
from rushton.flow.reference import limited
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.viscosity import Newtonian
from rushton.mesh.cylinder import ROTATING, SLIP, STATIONARY

NU, A, B, OMEGA, HEIGHT = 0.1, 0.5, 1.0, 2.0, 0.4


def between_cylinders(n, inner):
    """Laminar solver of the gap between a cylinder that rests or turns and an outer one that turns; no ends."""
    mesh = plain_tank(np.linspace(A, B, n + 1), 4, np.linspace(0.0, HEIGHT, 3))
    wall_r, wall_z = mesh.wall_r.copy(), mesh.wall_z.copy()
    wall_r[0], wall_r[-1], wall_z[..., 0] = inner, ROTATING, SLIP
    grid = FlowGrid.of(replace(mesh, wall_r=wall_r, wall_z=wall_z), OMEGA)
    solver = Simplec(grid, Newtonian(NU), 1.0, Laminar)
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    solver.closure.start(solver, s)
    swirl = grid.rc**2 if inner == ROTATING else B**2 * (grid.rc**2 - A**2) / (B**2 - A**2)
    s.ang[:] = (OMEGA * swirl)[:, None, None]  # the exact one: the iteration finds that of the mesh
    for it in range(30 * n):
        solver.iterate(s, it % 2 == 0)
    solver.project(s)
    return solver, s


def couette(n):
    """(torque / rho, balance, exact torque / rho) of the laminar gap."""
    solver, s = between_cylinders(n, STATIONARY)
    b = energy_balance(solver, s)
    return -float(solver.shear[1]), b, 4.0 * math.pi * NU * HEIGHT * OMEGA * A**2 * B**2 / (B**2 - A**2)


def test_laminar_couette_power_is_dissipated_exactly_and_to_second_order():
    errors, field_errors = [], []
    for n in (8, 16, 32):
        torque, balance, exact = couette(n)
        assert balance.total == pytest.approx(OMEGA * torque, rel=1e-6)  # torque x Omega, as the equations hold it
        assert balance.turbulent == balance.supplied == 0.0
        assert balance.numerical == pytest.approx(0.0, abs=1e-6 * balance.total)
        errors.append(abs(balance.total / (OMEGA * exact) - 1.0))
        field_errors.append(abs(balance.dissipation / (OMEGA * exact) - 1.0))
    assert errors[-1] < 2e-3
    assert field_errors[-1] < 2e-3  # 2 nu S:S in mesh cells, at walls by a fit
    for e in (errors, field_errors):
        assert min(math.log2(e[i] / e[i + 1]) for i in range(2)) > 1.8


def test_solid_body_rotation_loses_nothing():
    solver, s = between_cylinders(8, ROTATING)
    scale = NU * OMEGA**2 * math.pi * (B**2 - A**2) * HEIGHT
    assert abs(energy_balance(solver, s).total) < 1e-12 * scale


def test_a_carried_wave_loses_what_the_limited_scheme_takes():
    """u_z varies round the tank and is carried round: |F| (d^2 / 2 - c d) at every face, nothing else."""
    mesh = plain_tank(np.linspace(0.0, 1.0, 5), 12, np.linspace(0.0, 1.0, 6) ** 1.2)
    grid = FlowGrid.of(mesh, 0.0)
    solver = Simplec(grid, Newtonian(1e-3), 1.0, Laminar)
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    s.nut[:] = 0.0
    wave = np.cos(2.0 * mesh.theta_centre)[:, None] * np.ones((4, 1, 1))
    s.uz[..., 1:-1] = wave
    s.ang[:] = (OMEGA * grid.rc**2)[:, None, None]
    solver.ft[:] = OMEGA * grid.rc[:, None, None] * grid.mesh.area_theta
    lost = _loss(solver, s, s.nut, True) - _loss(solver, s, s.nut, False)
    d = np.roll(wave, -1, axis=1) - wave
    c = limited(d, np.roll(d, 1, axis=1))
    height = 0.5 * (grid.dz[1:] + grid.dz[:-1])
    face = OMEGA * (grid.rc * grid.dr)[:, None, None] * height * (0.5 * d**2 - c * d)
    assert lost == pytest.approx(face.sum(), rel=1e-10) and lost > 0.0


@pytest.fixture(scope="module")
def draft(shipped_case):
    """(balance, Omega T, flow) of the bench at draft size, iterated on until it stands still."""
    case = shipped_case("rushton_bench", mesh_cells=12_000)
    seen = {}

    def settled(case, solver, s, history, converged):
        for it in range(250):
            solver.iterate(s, it % 2 == 0)
        solver.project(s)
        power = case.operation.omega * rans.torques(solver)[0]
        seen["settled"] = energy_balance(solver, s), power
        return finish(case, solver, s, history, converged)

    finish = rans._flow
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rans, "_flow", settled)
        seen["flow"] = rans.solve_flow(case)
    return seen


def test_parts_add_up_to_the_shaft_power_of_a_turbine(draft):
    balance, power = draft["settled"]
    assert balance.total == pytest.approx(power, rel=1e-3)
    assert balance.turbulence_ratio == pytest.approx(1.0, abs=2e-3)
    for part in (balance.turbulent, balance.viscous, balance.wall, balance.numerical):
        assert part > 0.0
    assert balance.handed == pytest.approx(balance.numerical, rel=0.15)  # formed with velocities at the centres


def test_the_flow_carries_its_balance(draft):
    n = draft["flow"].numbers
    parts = (
        n.turbulence_production_ratio + n.viscous_dissipation_ratio + n.wall_work_ratio + n.numerical_dissipation_ratio
    )
    assert n.energy_balance_ratio == pytest.approx(parts, rel=1e-12)  # no immersed blades: nothing leaks
    assert n.energy_balance_ratio == pytest.approx(1.0, abs=0.01)
    out = draft["flow"].summary()
    assert out["dissipation_scale"] * n.dissipation_power_ratio == pytest.approx(1.0)


def test_a_blade_face_has_no_numerical_dissipation():
    """Liquid differs on the two sides of a blade that sweeps on; nothing of the jump counts as loss of the scheme."""
    shape = (3, 4, 3)
    uc = np.zeros((3, *shape))
    uc[0, :, 2:] = 5.0  # jump at theta face 2 and, periodic, at 0
    r = np.array([0.1, 0.2, 0.3, 0.4])
    rc = 0.5 * (r[1:] + r[:-1])
    fr, ft, fz = np.zeros((4, 4, 3)), np.ones(shape), np.zeros((3, 4, 4))
    open_r, open_t, open_z = (np.ones(f.shape, np.int8) for f in (fr, ft, fz))
    loss, loss_r = np.zeros(shape), np.zeros(fr.shape)
    solid = np.zeros(shape, bool)
    turbulence.numerical_dissipation(0, 3, uc, fr, ft, fz, r, rc, solid, open_r, open_t, open_z, loss, loss_r)
    assert loss.sum() == pytest.approx(2 * 9 * 0.5 * 25.0)
    open_t[:, (0, 2)] = 0
    turbulence.numerical_dissipation(0, 3, uc, fr, ft, fz, r, rc, solid, open_r, open_t, open_z, loss, loss_r)
    assert loss.sum() == 0.0
