"""Realizable k-epsilon: C_mu follows the mean strain and rotation so that no normal stress becomes negative.

    div(v k)   = div((nu + nu_t / s_k) grad k)   + G + G_num - eps
    div(v eps) = div((nu + nu_t / s_e) grad eps) + C_1 S eps - C_2 eps^2 / (k + sqrt(nu eps))
    nu_t = C_mu k^2 / eps,   C_mu = 1 / (A_0 + A_s U k / eps)
    C_1 = max(0.43, eta / (eta + 5)),  eta = S k / eps,  S = sqrt(2 S_ij S_ij)
    A_s = sqrt(6) cos(phi),  phi = arccos(sqrt(6) W) / 3,  W = S_ij S_jk S_ki / (S_ij S_ij)^(3/2)
    U = sqrt(S_ij S_ij + O_ij O_ij),  O the rotation of the mean flow, laboratory frame, 1/s

A_0, C_2, s_k, s_e = 4.04, 1.9, 1.0, 1.2: Shih, Liou, Shabbir, Yang, Zhu 1995, Comput. Fluids 24:227, which prints
A_0 = 4.0; 4.04 is the value of the common codes (from memory, not checked against one).

With A_s so, nu_t times the largest principal strain is at most k / 3 and 2 k / 3 - 2 nu_t S_max >= 0. The frame
correction of the original (O minus the frame's rotation) is left out: it makes nu_t jump at the border of a rotating
zone.

G_num in the second equation: as in the standard model, 1.44 eps / (k + sqrt(nu eps)) G_num, which C_1 S eps is to G
in a flow in equilibrium (0.43 * 3.33 = 1.43). Raising S by it instead lets turbulence die wherever nu_t is small.

Mesh cells at walls: eps and C_mu = 0.09 of the shared wall functions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from rushton.flow import turbulence
from rushton.flow.momentum import OPTIONS, fix_node
from rushton.flow.shear import velocity_gradient

if TYPE_CHECKING:
    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec

A_0, C_2, SIGMA_K, SIGMA_E = 4.04, 1.9, 1.0, 1.2
C_1_LEAST = 0.43


@njit(inline="always", **OPTIONS)
def c_mu(rr, rt, rz, tr, tt, tz, zr, zt, zz, turnover):
    """C_mu, -, of a velocity gradient (1/s) and a turnover time k / epsilon (s)."""
    a, b, c = 0.5 * (rt + tr), 0.5 * (rz + zr), 0.5 * (tz + zt)
    s2 = rr * rr + tt * tt + zz * zz + 2.0 * (a * a + b * b + c * c)
    o2 = 0.5 * ((rt - tr) ** 2 + (rz - zr) ** 2 + (tz - zt) ** 2)
    s3 = rr**3 + tt**3 + zz**3 + 6.0 * a * b * c
    s3 += 3.0 * (a * a * (rr + tt) + b * b * (rr + zz) + c * c * (tt + zz))
    w = s3 / (s2 * math.sqrt(s2)) if s2 > 1e-30 else 0.0
    phi = math.acos(min(1.0, max(-1.0, math.sqrt(6.0) * w))) / 3.0
    return 1.0 / (A_0 + math.sqrt(6.0) * math.cos(phi) * math.sqrt(s2 + o2) * turnover)


@njit(**OPTIONS)
def add_epsilon_sources(lo, hi, ke, eps, nut, nu, g, num, eps_wall, at_wall, vol, solid, alpha, m):
    """Sources of epsilon; fixed value in mesh cells at walls; then relaxation. G, G_num at most 20 epsilon."""
    ap, b = m[6], m[7]
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                if at_wall[i, j, k]:
                    fix_node(m, i, j, k, eps_wall[i, j, k])
                    continue
                e, v, q = eps[i, j, k], vol[i, j, k], ke[i, j, k]
                strain = math.sqrt(min(g[i, j, k], 20.0 * e) / nut[i, j, k])
                eta = strain * q / e
                b[i, j, k] += max(C_1_LEAST, eta / (eta + 5.0)) * strain * e * v
                bounded = q + math.sqrt(nu[i, j, k] * e)
                b[i, j, k] += turbulence.C_1 * e / bounded * min(num[i, j, k], 20.0 * e * v)
                total = ap[i, j, k] + C_2 * e / bounded * v
                ap[i, j, k] = total / alpha
                b[i, j, k] += (1.0 / alpha - 1.0) * total * e


@njit(**OPTIONS)
def update_viscosity(
    lo, hi, ke, eps, nut, limit, uc, ur, ang, uz, open_r, open_t, open_z, at_wall, solid, rc, zc, dr, dz, dth
):
    """Keep k and epsilon positive, nu_t = C_mu k^2 / epsilon, at most ``limit``, m2/s."""
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    nut[i, j, k] = 0.0
                    continue
                q = ke[i, j, k] = max(ke[i, j, k], 1e-10)
                e = eps[i, j, k] = max(eps[i, j, k], 1e-12)
                c = turbulence.C_MU
                if not at_wall[i, j, k]:
                    rr, rt, rz, tr, tt, tz, zr, zt, zz = velocity_gradient(
                        uc, ur, ang, uz, open_r, open_t, open_z, rc, zc, dr, dz, dth, i, j, k
                    )
                    c = c_mu(rr, rt, rz, tr, tt, tz, zr, zt, zz, q / e)
                nut[i, j, k] = min(c * q * q / e, limit)


class RealizableKEpsilon:
    """Shih et al. 1995."""

    production_limit = 20.0

    def __init__(self, grid: FlowGrid) -> None:
        self.grid = grid

    def start(self, solver: Simplec, s: FlowState) -> None:
        """Nothing to prepare."""

    def advance(self, solver: Simplec, s: FlowState, forward: bool) -> None:
        """Epsilon and k by one theta and one z line sweep each, then nu_t."""
        g, solid = self.grid, self.grid.mesh.solid
        m = solver.coefficients(s.ke.shape)
        eps_old = s.eps.copy()
        solver.conduct(s.nut, SIGMA_E)
        solver.transport(s.eps, m)
        solver.run(
            add_epsilon_sources,
            s.ke, s.eps, np.maximum(s.nut, 1e-12), solver.nu, solver.g, solver.num, solver.eps_wall, g.at_wall, g.vol,
            solid, solver.alpha_ke, m,
        )  # fmt: skip
        solver.sweep(m, s.eps, forward)
        solver.conduct(s.nut, SIGMA_K)
        solver.transport(s.ke, m)
        solver.run(turbulence.add_k_sources, s.ke, eps_old, solver.g, solver.num, g.vol, solid, solver.alpha_ke, m)
        solver.sweep(m, s.ke, forward)
        solver.run(
            update_viscosity,
            s.ke, s.eps, s.nut, solver.nut_limit, solver.uc, s.ur, s.ang, s.uz, g.open_r, g.open_t, g.open_z,
            g.at_wall, solid, g.rc, g.zc, g.dr, g.dz, g.dth,
        )  # fmt: skip

    def scalars(self, s: FlowState) -> tuple[np.ndarray, ...]:
        """k and epsilon."""
        return (s.ke, s.eps)

    def move(self, grid: FlowGrid) -> None:
        """Only the walls differ."""
        self.grid = grid
