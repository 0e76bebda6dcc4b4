"""Flows in which a turbulence closure has an exact answer, solved by the kernels that solve tanks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rushton.flow.analytic import plain_tank
from rushton.flow.closures import KEpsilon, KOmegaSST, RealizableKEpsilon
from rushton.flow.grid import FlowGrid
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.turbulence import C_MU25, E_WALL, KAPPA
from rushton.flow.viscosity import Newtonian
from rushton.mesh.cylinder import ROTATING, SLIP, STATIONARY


def decay_error(closure, law, n):
    """Largest relative error of k behind a grid in a plug flow along z, n mesh cells: dk/dt = -epsilon, t = z / U."""
    speed, k0, eps0, length = 100.0, 1.0, 1.0, 200.0
    mesh = plain_tank(np.array([0.0, 1.0, 2.0]), 4, np.linspace(0.0, length, n + 1))
    wall_r, wall_z = mesh.wall_r.copy(), mesh.wall_z.copy()
    wall_r[-1] = wall_z[..., 0] = SLIP
    mesh = replace(mesh, wall_r=wall_r, wall_z=wall_z)
    # the first layer holds the inflow: epsilon is fixed there, and production equal to epsilon keeps k
    first = np.zeros(mesh.shape, bool)
    first[..., 0] = True
    grid = replace(FlowGrid.of(mesh, 0.0), at_wall=first)
    solver = Simplec(grid, Newtonian(1e-30), 1e-12, closure)
    solver.fz[..., 1:] = speed * grid.az[:, :, None]
    solver.g[..., 0] = solver.eps_wall[...] = eps0
    solver.g[..., 1:] = 0.0
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    s.ke[:], s.eps[:] = k0, eps0
    solver.closure.start(solver, s)
    for it in range(4 * n):
        solver.closure.advance(solver, s, it % 2 == 0)
    t = (grid.zc - grid.zc[0]) / speed
    return np.abs(s.ke[0, 0] / law(t, k0, eps0) - 1.0).max()


def by_epsilon(c2):
    return lambda t, k, e: k * (1.0 + (c2 - 1.0) * e / k * t) ** (-1.0 / (c2 - 1.0))


def by_omega(t, k, e):
    return k * (1.0 + 0.0828 * e / (0.09 * k) * t) ** (-0.09 / 0.0828)


@pytest.mark.parametrize(
    ("closure", "law"),
    [(KEpsilon, by_epsilon(1.92)), (RealizableKEpsilon, by_epsilon(1.9)), (KOmegaSST, by_omega)],
    ids=["k-epsilon", "realizable", "sst"],
)
def test_turbulence_behind_a_grid_decays_by_its_power_law(closure, law):
    errors = [decay_error(closure, law, n) for n in (40, 80, 160)]
    assert errors[-1] < 0.01
    assert min(math.log2(errors[i] / errors[i + 1]) for i in range(2)) > 0.9  # upwind: first order


@pytest.mark.parametrize("closure", [KEpsilon, RealizableKEpsilon, KOmegaSST], ids=["k-epsilon", "realizable", "sst"])
def test_couette_flow_has_a_logarithmic_layer_in_equilibrium(closure):
    """Narrow turbulent gap, the outer wall turning: u+ = ln(E y+) / kappa near the wall, production = dissipation."""
    n, nu, a, b = 24, 1e-6, 1.0, 1.04
    r = np.linspace(a, b, n + 1)
    mesh = plain_tank(r, 4, np.linspace(0.0, 0.02, 3))
    wall_r, wall_z = mesh.wall_r.copy(), mesh.wall_z.copy()
    wall_r[0], wall_r[-1], wall_z[..., 0] = STATIONARY, ROTATING, SLIP
    mesh = replace(mesh, wall_r=wall_r, wall_z=wall_z)
    speed = 2.0
    grid = FlowGrid.of(mesh, speed / b)
    solver = Simplec(grid, Newtonian(nu), 1.0, closure)
    s = FlowState.at_rest(grid, 0.3 * speed, 1.0, 0.02)
    s.ang[:] = (speed * (r[:-1] + r[1:] - 2 * a) / (2 * (b - a)) * grid.rc)[:, None, None]
    solver.closure.start(solver, s)
    for it in range(1500):
        solver.iterate(s, it % 2 == 0)
    assert solver.shear[0] == pytest.approx(-solver.shear[1], rel=1e-3)  # torque balance
    u = s.ang[:, 0, 0] / grid.rc
    stress = solver.shear[0] / (2 * math.pi * a**2 * 0.02)
    shear_velocity = math.sqrt(stress)
    y = grid.rc - a
    near = slice(1, n // 4)
    law = np.log(E_WALL * y[near] * shear_velocity / nu) / KAPPA
    np.testing.assert_allclose(u[near] / shear_velocity, law, rtol=0.05)
    np.testing.assert_allclose(solver.g[near, 0, 0], s.eps[near, 0, 0], rtol=0.15)
    assert C_MU25 * math.sqrt(s.ke[n // 8, 0, 0]) == pytest.approx(shear_velocity, rel=0.06)
