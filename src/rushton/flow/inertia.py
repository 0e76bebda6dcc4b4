"""Inertia of time-accurate steps: V / dt (x - x_old) beside the steady terms of every equation (implicit Euler).

    V / dt x_new + (steady terms)(x_new) = V / dt x_old          x: u_r, L, u_z, k, epsilon or omega; V in m3, dt in s

For velocities S = V / dt enters the diagonal outside the relaxation and the factors of the pressure correction,
d <- A d / (A + S d), as the penalty of immersed blades does. V is that of the staggered control volume.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS

if TYPE_CHECKING:
    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec


@njit(**OPTIONS)
def add_inertia(lo, hi, rate, v_r, v_t, v_z, a_r, a_t, a_z, fixed, old, block, d):
    """Inertia of free velocity nodes into the coefficients ``block`` and the pressure factors ``d``.

    Control volumes v_r[i] v_t[j] v_z[k], m3, areas a_r[i] a_t[j] a_z[k] of d, m2 (m3 for L); ``rate`` = 1 / dt, 1/s.
    """
    nt, nz = old.shape[1:]
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if fixed[i, j, k]:
                    continue
                s = rate * v_r[i] * v_t[j] * v_z[k]
                area = a_r[i] * a_t[j] * a_z[k]
                block[6, i, j, k] += s
                block[7, i, j, k] += s * old[i, j, k]
                d[i, j, k] = area * d[i, j, k] / (area + s * d[i, j, k])


@njit(**OPTIONS)
def add_scalar_inertia(lo, hi, rate, vol, solid, old, block):
    """Inertia of a scalar in fluid mesh cells into the coefficients ``block``, before its sources."""
    nt, nz = old.shape[1:]
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if not solid[i, j, k]:
                    block[6, i, j, k] += rate * vol[i, j, k]
                    block[7, i, j, k] += rate * vol[i, j, k] * old[i, j, k]


class Inertia:
    """Old values and control volumes of one grid.

    Parameters
    ----------
    grid : FlowGrid
        Any position of the rotor: control volumes do not depend on it.
    time_step : float
        dt, s.
    """

    def __init__(self, grid: FlowGrid, time_step: float) -> None:
        self.rate = 1.0 / time_step
        mass = grid.rc * grid.dr  # m2 per radian
        half_r = np.zeros(grid.r.size)
        half_r[:-1] += 0.5 * mass
        half_r[1:] += 0.5 * mass
        half_t = 0.5 * (grid.dth + np.roll(grid.dth, 1))
        half_z = np.zeros(grid.dz.size + 1)
        half_z[:-1] += 0.5 * grid.dz
        half_z[1:] += 0.5 * grid.dz
        one = np.ones(grid.dth.size)
        self._u_r = (half_r, grid.dth, grid.dz, grid.r, grid.dth, grid.dz)
        self._ang = (mass, half_t, grid.dz, mass, one, grid.dz)
        self._u_z = (mass, grid.dth, half_z, 0.5 * np.diff(grid.r**2), grid.dth, np.ones(half_z.size))
        self._vol = grid.vol
        nr, nt, nz = grid.mesh.shape
        self.ur, self.ang, self.uz = np.zeros((nr + 1, nt, nz)), np.zeros((nr, nt, nz)), np.zeros((nr, nt, nz + 1))
        self._scalars: dict[int, np.ndarray] = {}

    def begin(self, s: FlowState, *scalars: np.ndarray) -> None:
        """Take the present values as the old ones; ``scalars`` are the arrays that closures carry."""
        np.copyto(self.ur, s.ur)
        np.copyto(self.ang, s.ang)
        np.copyto(self.uz, s.uz)
        for x in scalars:
            np.copyto(self._scalars.setdefault(id(x), np.empty_like(x)), x)

    def add_to_u_r(self, solver: Simplec, block: np.ndarray) -> None:
        """Into the assembled equations of u_r."""
        g = solver.grid
        solver.team(
            add_inertia, solver.planes + 1, self.rate, *self._u_r, g.fixed_r, self.ur, block, solver.d_r
        )  # fmt: skip

    def add_to_angular_momentum(self, solver: Simplec, block: np.ndarray) -> None:
        """Into the assembled equations of L."""
        solver.run(add_inertia, self.rate, *self._ang, solver.grid.fixed_t, self.ang, block, solver.d_t)

    def add_to_u_z(self, solver: Simplec, block: np.ndarray) -> None:
        """Into the assembled equations of u_z."""
        solver.run(add_inertia, self.rate, *self._u_z, solver.grid.fixed_z, self.uz, block, solver.d_z)

    def add_to_scalar(self, solver: Simplec, x: np.ndarray, block: np.ndarray) -> None:
        """Into the equations of a scalar, before its sources and its relaxation."""
        old = self._scalars[id(x)]
        solver.run(add_scalar_inertia, self.rate, self._vol, solver.grid.mesh.solid, old, block)

    def angular_momentum(self, ang: np.ndarray) -> float:
        """sum V L over all nodes, m5/s: what the torques of a step change."""
        v_r, v_t, v_z = self._ang[:3]
        return float((ang * v_r[:, None, None] * v_t[:, None] * v_z).sum())
