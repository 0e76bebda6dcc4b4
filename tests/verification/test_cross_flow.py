"""A uniform stream across the axis of a full tank, whose cylindrical components are anything but uniform."""

import math

import numpy as np
import pytest

from rushton.flow import momentum
from rushton.flow.analytic import plain_tank
from rushton.flow.grid import FlowGrid
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.transposed import axis_velocity, edge_viscosities, transposed_forces
from rushton.flow.viscosity import Newtonian

U_X, U_Y = 0.8, -0.6


def stream(nr: int, nt: int):
    """A grid without walls of influence, and u = (U_X, U_Y, 0) on its nodes."""
    mesh = plain_tank(np.linspace(0.0, 1.0, nr + 1), nt, np.linspace(0.0, 1.0, 5))
    grid = FlowGrid.of(mesh, 0.0)
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    centre, face = mesh.theta_centre[:, None], mesh.theta[:-1][:, None]
    s.ur[:] = U_X * np.cos(centre) + U_Y * np.sin(centre)
    s.ang[:] = mesh.r_centre[:, None, None] * (U_Y * np.cos(face) - U_X * np.sin(face))
    s.uz[:] = 0.0
    return grid, s


def test_the_axis_carries_the_stream_that_crosses_it():
    grid, s = stream(6, 48)
    wanted = s.ur[0].copy()
    s.ur[0] = 0.0
    axis_velocity(s.ur, grid)
    np.testing.assert_allclose(s.ur[0], wanted, atol=1e-14)


def viscous_force(nr: int, nt: int, transposed: bool) -> float:
    """Largest force per volume on u_r inside, for nu = 1; the exact one is 0."""
    grid, s = stream(nr, nt)
    solver = Simplec(grid, Newtonian(1.0), 1.0)
    s.nut[:] = 0.0
    solver.viscosity.update(solver, s)
    np.add(s.nut, solver.nu, out=solver.nue)
    solver.conduct(s.nut, 1.0)
    g, m = grid, solver.coefficients(s.ur.shape)
    zero_r, zero, zero_z = np.zeros(s.ur.shape), np.zeros(s.p.shape), np.zeros(s.uz.shape)
    if transposed:
        edges = solver.edges
        edge_viscosities(0, nr, solver.nue, g.open_r, g.open_t, g.open_z, *edges)
        transposed_forces(
            0, nr, s.ur, s.ang, s.uz, solver.nue, *edges, g.r, g.rc, g.dr, g.dz, g.dth,
            solver.d_r, solver.d_t, solver.d_z,
        )  # fmt: skip
    momentum.assemble_u_r(
        0, nr + 1, s.ur, s.ang, zero, zero_r, zero, zero_z, solver.gr, solver.gt, solver.gz, solver.nue, zero, zero,
        g.fixed_r, g.r, g.rc, g.dr, g.dz, g.az, g.dth, 1.0, False, m, solver.d_r,
    )  # fmt: skip
    x = s.ur
    hoop = np.zeros(x.shape)  # u_theta^2 / r is no viscous force
    u = 0.5 * (s.ang + np.roll(s.ang, -1, 1)) / g.rc[:, None, None]
    share = 0.5 * (g.dr * g.rc)[:, None, None] * g.dth[:, None] * g.dz * u**2 / g.rc[:, None, None]
    hoop[1:-1] = share[1:] + share[:-1]
    force = m[7] - hoop - m[6] * x + m[2] * np.roll(x, 1, 1) + m[3] * np.roll(x, -1, 1)
    force[1:] += m[0][1:] * x[:-1]
    force[:-1] += m[1][:-1] * x[1:]
    force[..., 1:] += m[4][..., 1:] * x[..., :-1]
    force[..., :-1] += m[5][..., :-1] * x[..., 1:]
    volume = (g.r[1:-1] * np.diff(g.rc))[:, None, None] * g.dth[:, None] * g.dz
    inner = np.s_[: nr // 2]  # away from the cylinder wall, whose faces are closed
    return float(np.abs(force[1:-1] / volume)[inner].max())


def test_a_uniform_stream_feels_no_viscous_force():
    coarse, fine = viscous_force(8, 24, True), viscous_force(8, 48, True)
    assert math.log2(coarse / fine) == pytest.approx(2.0, abs=0.2)  # in theta; r enters exactly
    assert fine < 1e-3 * viscous_force(8, 48, False)
