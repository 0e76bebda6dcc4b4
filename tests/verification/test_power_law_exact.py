"""Power-law liquid between a turning and a resting cylinder, whose torque and velocity are known exactly.

Stress x r^2 is the same everywhere: nu gamma = M / r^2, gamma = -r dw/dr = (M / (k r^2))^(1/n) with k = K / rho, so

    w(r) = Omega (r^(-2/n) - b^(-2/n)) / (a^(-2/n) - b^(-2/n)),   M = k (2 Omega / (n (a^(-2/n) - b^(-2/n))))^n

(Bird, Armstrong, Hassager, Dynamics of Polymeric Liquids 1); torque over density 2 pi M per height, m4/s2.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from rushton.flow.analytic import plain_tank
from rushton.flow.closures import Laminar
from rushton.flow.grid import FlowGrid
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.viscosity import Newtonian, PowerLaw
from rushton.mesh.cylinder import ROTATING, SLIP, STATIONARY

A, B, OMEGA, HEIGHT = 0.5, 1.0, 2.0, 0.5


def couette(law, cells):
    """Steady laminar flow on ``cells`` mesh cells of the gap: (solver, state)."""
    mesh = plain_tank(np.linspace(A, B, cells + 1), 4, np.linspace(0.0, HEIGHT, 3))
    wall_r, wall_z = mesh.wall_r.copy(), mesh.wall_z.copy()
    wall_r[0], wall_r[-1], wall_z[..., 0] = ROTATING, STATIONARY, SLIP
    grid = FlowGrid.of(replace(mesh, wall_r=wall_r, wall_z=wall_z), OMEGA)
    solver = Simplec(grid, law, 1.0, Laminar)
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    s.ang[:] = (OMEGA * A**2 * (B - grid.rc) / (B - A))[:, None, None]
    solver.closure.start(solver, s)
    for it in range(5000):
        solver.iterate(s, it % 2 == 0)
        if it > 50 and abs(solver.shear.sum()) < 1e-6 * abs(solver.shear[0]):
            break
    return solver, s


def errors(n, cells):
    """Relative error of the torque and largest error of the angular speed over Omega."""
    k = 0.1
    solver, s = couette(PowerLaw(k, n, 1e-9, 1e9, 1.0), cells)
    span = A ** (-2 / n) - B ** (-2 / n)
    torque = 2 * math.pi * HEIGHT * k * (2 * OMEGA / (n * span)) ** n
    assert solver.shear[0] == pytest.approx(-solver.shear[1], rel=1e-5)
    w = OMEGA * (solver.grid.rc ** (-2 / n) - B ** (-2 / n)) / span
    found = s.ang[:, 0, 0] / solver.grid.rc**2
    return abs(solver.shear[0] / torque - 1), np.abs(found - w).max() / OMEGA


@pytest.mark.parametrize("n", [0.4, 1.0])
def test_torque_and_velocity_converge(n):
    """Torque with second order; the steepest layer of n = 0.4 (w ~ r^-5) comes up to it from below."""
    found = np.array([errors(n, cells) for cells in (8, 16, 32)])
    order = np.log2(found[:-1] / found[1:])
    print(f"\nn = {n}: errors {found.tolist()}, order {order.tolist()}")
    assert np.all(found[-1] < 0.01)
    assert order[:, 0].min() > 1.8
    assert order[-1, 1] > 1.4


def test_index_one_is_the_newtonian_liquid_to_the_last_digit():
    (_, law), (_, number) = couette(PowerLaw(0.1, 1.0, 1e-9, 1e9, 5.0), 8), couette(Newtonian(0.1), 8)
    np.testing.assert_array_equal(law.ang, number.ang)
