"""Velocity gradient and shear rate of the mean flow in mesh cells.

    gamma = sqrt(2 S:S),   S = (L + L^T) / 2,   1/s

L, cylindrical components (Bird, Stewart, Lightfoot, Transport Phenomena, appendix B)::

    L_rr = du_r/dr                L_rt = du_r/(r dtheta) - u_t/r    L_rz = du_r/dz
    L_tr = du_t/dr                L_tt = du_t/(r dtheta) + u_r/r    L_tz = du_t/dz
    L_zr = du_z/dr                L_zt = du_z/(r dtheta)            L_zz = du_z/dz

Derivatives are those of the production of k: staggered on the diagonal, central between open faces otherwise and
one-sided at closed ones. A mesh cell at a wall takes, where it is larger, the shear at the wall, lambda u / nu, which
is u / y in the viscous layer (``rushton.flow.turbulence``), by two thirds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numba import njit

from rushton.flow.momentum import OPTIONS
from rushton.flow.turbulence import centre_velocities, wall_lambda

if TYPE_CHECKING:
    import numpy as np

    from rushton.flow.simplec import FlowState, Simplec


@njit(inline="always", **OPTIONS)
def velocity_gradient(uc, ur, ang, uz, open_r, open_t, open_z, rc, zc, dr, dz, dth, i, j, k):
    """The nine components of L in one mesh cell, row by row: rr rt rz, tr tt tz, zr zt zz, 1/s."""
    nr, nt, nz = ang.shape
    jm = j - 1 if j > 0 else nt - 1
    jp = j + 1 if j < nt - 1 else 0
    ri = rc[i]
    u, v = uc[0, i, j, k], uc[1, i, j, k]
    i1 = i + 1 if i < nr - 1 and open_r[i + 1, j, k] else i
    i0 = i - 1 if i > 0 and open_r[i, j, k] else i
    dvr = dwr = 0.0  # r d(u_t / r)/dr keeps solid-body rotation free of strain
    if i1 > i0:
        h = rc[i1] - rc[i0]
        dvr = ri * (uc[1, i1, j, k] / rc[i1] - uc[1, i0, j, k] / rc[i0]) / h
        dwr = (uc[2, i1, j, k] - uc[2, i0, j, k]) / h
    n = jp if open_t[i, jp, k] else j
    s = jm if open_t[i, j, k] else j
    h = 0.5 * ri * ((dth[j] + dth[n] if n != j else 0.0) + (dth[j] + dth[s] if s != j else 0.0))
    dut = dwt = 0.0
    if h > 0.0:
        dut = (uc[0, i, n, k] - uc[0, i, s, k]) / h
        dwt = (uc[2, i, n, k] - uc[2, i, s, k]) / h
    k1 = k + 1 if k < nz - 1 and open_z[i, j, k + 1] else k
    k0 = k - 1 if k > 0 and open_z[i, j, k] else k
    duz = dvz = 0.0
    if k1 > k0:
        h = zc[k1] - zc[k0]
        duz = (uc[0, i, j, k1] - uc[0, i, j, k0]) / h
        dvz = (uc[1, i, j, k1] - uc[1, i, j, k0]) / h
    return (
        (ur[i + 1, j, k] - ur[i, j, k]) / dr[i], dut - v / ri, duz,
        dvr + v / ri, (ang[i, jp, k] - ang[i, j, k]) / (ri * ri * dth[j]) + u / ri, dvz,
        dwr, dwt, (uz[i, j, k + 1] - uz[i, j, k]) / dz[k],
    )  # fmt: skip


@njit(**OPTIONS)
def strain_rate(lo, hi, uc, ur, ang, uz, open_r, open_t, open_z, solid, rc, zc, dr, dz, dth, out):
    """sqrt(2 S:S) of every fluid mesh cell from its neighbours, into ``out`` (nr, nt, nz), 1/s."""
    nr, nt, nz = ang.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    out[i, j, k] = 0.0
                    continue
                rr, rt, rz, tr, tt, tz, zr, zt, zz = velocity_gradient(
                    uc, ur, ang, uz, open_r, open_t, open_z, rc, zc, dr, dz, dth, i, j, k
                )
                s2 = 2.0 * (rr * rr + tt * tt + zz * zz) + (rt + tr) ** 2 + (rz + zr) ** 2 + (tz + zt) ** 2
                out[i, j, k] = math.sqrt(s2)


@njit(**OPTIONS)
def wall_shear_rate(lo, hi, cells, first, ke, uc, nu, omega_shaft, wr, wt, wz, r, rc, dr, dz, dth, out):
    """Raise ``out``, 1/s, towards lambda u / nu of the strongest wall in the mesh cells at walls."""
    nt = ke.shape[1]
    for n in range(first[lo], first[hi]):
        i, j, k = cells[n, 0], cells[n, 1], cells[n, 2]
        jp = j + 1 if j < nt - 1 else 0
        kc, nuc = max(ke[i, j, k], 1e-12), nu[i, j, k]
        u_r, u_t, u_z = uc[0, i, j, k], uc[1, i, j, k], uc[2, i, j, k]
        top = out[i, j, k]
        for side in range(2):
            code = wr[i + side, j, k]
            if code == 1 or code == 2:
                slip = r[i + side] * (u_t / rc[i] - (omega_shaft if code == 2 else 0.0))
                top = max(top, wall_lambda(kc, 0.5 * dr[i], nuc) * math.sqrt(slip * slip + u_z * u_z) / nuc)
            code = wt[i, j if side == 0 else jp, k]
            if code == 1 or code == 2:
                y = 0.5 * rc[i] * dth[j]
                top = max(top, wall_lambda(kc, y, nuc) * math.sqrt(u_r * u_r + u_z * u_z) / nuc)
            code = wz[i, j, k + side]
            if code == 1 or code == 2:
                slip = u_t - (omega_shaft * rc[i] if code == 2 else 0.0)
                top = max(top, wall_lambda(kc, 0.5 * dz[k], nuc) * math.sqrt(slip * slip + u_r * u_r) / nuc)
        # quadratic fit through wall, centre and neighbour: two thirds of the near, one third of the far slope
        out[i, j, k] = (2.0 * top + out[i, j, k]) / 3.0


def shear_rate(solver: Simplec, s: FlowState, out: np.ndarray) -> None:
    """Shear rate of the state, walls included, into ``out`` (nr, nt, nz), 1/s."""
    g, mesh = solver.grid, solver.grid.mesh
    solver.run(centre_velocities, s.ur, s.ang, s.uz, g.rc, solver.uc)
    solver.run(
        strain_rate, solver.uc, s.ur, s.ang, s.uz, g.open_r, g.open_t, g.open_z, mesh.solid,
        g.rc, g.zc, g.dr, g.dz, g.dth, out,
    )  # fmt: skip
    solver.run(
        wall_shear_rate, g.wall_cells, g.wall_first, s.ke, solver.uc, solver.nu, g.omega_shaft,
        mesh.wall_r, mesh.wall_theta, mesh.wall_z, g.r, g.rc, g.dr, g.dz, g.dth, out,
    )  # fmt: skip
