"""k-omega SST: k-omega near walls, k-epsilon away from them, and a shear-stress limit on nu_t.

    div(v k) = div((nu + s_k nu_t) grad k) + P - beta* k omega
    div(v w) = div((nu + s_w nu_t) grad w) + alpha P / nu_t - beta w^2 + 2 (1 - F_1) s_w2 / w grad k . grad w
    nu_t = a_1 k / max(a_1 omega, S F_2),   P = min(G + G_num, 10 beta* k omega),   S = sqrt(2 S_ij S_ij)
    F_1 = tanh(arg_1^4),  arg_1 = min(max(sqrt(k) / (beta* omega y), 500 nu / (y^2 omega)), 4 s_w2 k / (CD y^2))
    CD  = max(2 s_w2 / omega grad k . grad omega, 1e-10 1/s2)
    F_2 = tanh(arg_2^2),  arg_2 = max(2 sqrt(k) / (beta* omega y), 500 nu / (y^2 omega))

Each of s_k, s_w, alpha, beta is F_1 times its first (wall) plus 1 - F_1 times its second value: 0.85, 1; 0.5, 0.856;
5/9, 0.44; 0.075, 0.0828. beta* = 0.09, a_1 = 0.31. y is the distance to the nearest wall, blades, disc and baffles
included (``rushton.flow.wall_distance``), m; omega (w) in 1/s; epsilon = beta* k omega is handed over.

Source: Menter 1994, AIAA J. 32:1598, in the form of Menter, Kuntz, Langtry 2003, Turbulence, Heat and Mass Transfer 4
(constants as listed by the NASA turbulence modelling resource for SST-2003; from memory).

Walls: wall functions, the same as of k-epsilon. omega at a wall is eps / (beta* k) of the wall function, which is the
logarithmic value sqrt(k) / (C_mu^1/4 kappa y); in the viscous layer it stays at its value at the edge of that layer and
is not the 6 nu / (beta y^2) of a wall-resolved mesh.

G_num in the second equation: like production, alpha G_num / nu_t.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS, fix_node
from rushton.flow.wall_distance import wall_distance

if TYPE_CHECKING:
    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec

BETA_STAR, A_1 = 0.09, 0.31
SIGMA_K1, SIGMA_W1, ALPHA_1, BETA_1 = 0.85, 0.5, 5.0 / 9.0, 0.075
SIGMA_K2, SIGMA_W2, ALPHA_2, BETA_2 = 1.0, 0.856, 0.44, 0.0828
CROSS_LEAST = 1e-10
"""Least cross-diffusion in arg_1, 1/s2."""


@njit(inline="always", **OPTIONS)
def blending(k, omega, y, nu, cross):
    """F_1 and F_2, -; ``cross`` = 2 s_w2 / omega grad k . grad omega, 1/s2."""
    a, b = math.sqrt(k) / (BETA_STAR * omega * y), 500.0 * nu / (y * y * omega)
    arg1 = min(max(a, b), 4.0 * SIGMA_W2 * k / (max(cross, CROSS_LEAST) * y * y))
    arg2 = max(2.0 * a, b)
    return math.tanh(arg1**4), math.tanh(arg2**2)


@njit(**OPTIONS)
def blend(lo, hi, ke, omega, y, nu, open_r, open_t, open_z, solid, rc, zc, dth, f1, f2, cross):
    """F_1, F_2 (-) and the cross-diffusion (1/s2) of every fluid mesh cell; gradients central between open faces."""
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                i1 = i + 1 if i < nr - 1 and open_r[i + 1, j, k] else i
                i0 = i - 1 if i > 0 and open_r[i, j, k] else i
                n = jp if open_t[i, jp, k] else j
                s = jm if open_t[i, j, k] else j
                k1 = k + 1 if k < nz - 1 and open_z[i, j, k + 1] else k
                k0 = k - 1 if k > 0 and open_z[i, j, k] else k
                dot = 0.0
                if i1 > i0:
                    h = rc[i1] - rc[i0]
                    dot += (ke[i1, j, k] - ke[i0, j, k]) * (omega[i1, j, k] - omega[i0, j, k]) / (h * h)
                h = 0.5 * rc[i] * ((dth[j] + dth[n] if n != j else 0.0) + (dth[j] + dth[s] if s != j else 0.0))
                if h > 0.0:
                    dot += (ke[i, n, k] - ke[i, s, k]) * (omega[i, n, k] - omega[i, s, k]) / (h * h)
                if k1 > k0:
                    h = zc[k1] - zc[k0]
                    dot += (ke[i, j, k1] - ke[i, j, k0]) * (omega[i, j, k1] - omega[i, j, k0]) / (h * h)
                w = omega[i, j, k]
                c = 2.0 * SIGMA_W2 / w * dot
                f1[i, j, k], f2[i, j, k] = blending(ke[i, j, k], w, y[i, j, k], nu[i, j, k], c)
                cross[i, j, k] = c


@njit(**OPTIONS)
def add_omega_sources(lo, hi, ke, omega, nut, g, num, eps_wall, f1, cross, at_wall, vol, solid, alpha, m):
    """Sources of omega; fixed value in mesh cells at walls; then relaxation. A negative cross-diffusion is implicit."""
    ap, b = m[6], m[7]
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                if at_wall[i, j, k]:
                    fix_node(m, i, j, k, eps_wall[i, j, k] / (BETA_STAR * ke[i, j, k]))
                    continue
                f, w, v, q = f1[i, j, k], omega[i, j, k], vol[i, j, k], ke[i, j, k]
                made = min(g[i, j, k] + num[i, j, k] / v, 10.0 * BETA_STAR * q * w)
                a = f * ALPHA_1 + (1.0 - f) * ALPHA_2
                c = (1.0 - f) * cross[i, j, k]
                b[i, j, k] += (a * made / nut[i, j, k] + max(c, 0.0)) * v
                total = ap[i, j, k] + ((f * BETA_1 + (1.0 - f) * BETA_2) * w + max(-c, 0.0) / w) * v
                ap[i, j, k] = total / alpha
                b[i, j, k] += (1.0 / alpha - 1.0) * total * w


@njit(**OPTIONS)
def add_k_sources(lo, hi, ke, omega, g, num, vol, solid, alpha, m):
    """Sources of k: production (at most 10 epsilon) and G_num explicit, dissipation implicit; then relaxation."""
    ap, b = m[6], m[7]
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                v, e = vol[i, j, k], BETA_STAR * omega[i, j, k]
                b[i, j, k] += min(g[i, j, k] + num[i, j, k] / v, 10.0 * e * ke[i, j, k]) * v
                total = ap[i, j, k] + e * v
                ap[i, j, k] = total / alpha
                b[i, j, k] += (1.0 / alpha - 1.0) * total * ke[i, j, k]


@njit(**OPTIONS)
def update_viscosity(lo, hi, ke, omega, eps, nut, g, f2, limit, at_wall, solid):
    """Keep k and omega positive, epsilon = beta* k omega, nu_t (at most ``limit``, m2/s); S^2 = G / nu_t."""
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    nut[i, j, k] = eps[i, j, k] = 0.0
                    continue
                q = ke[i, j, k] = max(ke[i, j, k], 1e-10)
                w = omega[i, j, k] = max(omega[i, j, k], 1e-6)
                eps[i, j, k] = BETA_STAR * q * w
                slowest = A_1 * w
                if not at_wall[i, j, k]:
                    slowest = max(slowest, math.sqrt(g[i, j, k] / max(nut[i, j, k], 1e-12)) * f2[i, j, k])
                nut[i, j, k] = min(A_1 * q / slowest, limit)


class KOmegaSST:
    """Menter, Kuntz, Langtry 2003."""

    production_limit = 10.0

    def __init__(self, grid: FlowGrid) -> None:
        self.grid = grid
        shape = grid.mesh.shape
        self.distance = wall_distance(grid.mesh)
        self._distances = {grid.mesh.wall_theta.tobytes(): self.distance}
        self.omega, self.f1, self.f2, self.cross = (np.zeros(shape) for _ in range(4))

    def start(self, solver: Simplec, s: FlowState) -> None:
        """omega of the given k and epsilon."""
        self.omega[:] = np.maximum(s.eps, 1e-12) / (BETA_STAR * np.maximum(s.ke, 1e-10))

    def advance(self, solver: Simplec, s: FlowState, forward: bool) -> None:
        """Omega and k by one theta and one z line sweep each, then nu_t."""
        g, solid, w = self.grid, self.grid.mesh.solid, self.omega
        m = solver.coefficients(s.ke.shape)
        nut = np.maximum(s.nut, 1e-12)
        solver.run(
            blend,
            s.ke, w, self.distance, solver.nu, g.open_r, g.open_t, g.open_z, solid, g.rc, g.zc, g.dth,
            self.f1, self.f2, self.cross,
        )  # fmt: skip
        w_old = w.copy()
        solver.conduct((self.f1 * SIGMA_W1 + (1.0 - self.f1) * SIGMA_W2) * s.nut, 1.0)
        solver.transport(w, m)
        solver.run(
            add_omega_sources,
            s.ke, w, nut, solver.g, solver.num, solver.eps_wall, self.f1, self.cross, g.at_wall, g.vol, solid,
            solver.alpha_ke, m,
        )  # fmt: skip
        solver.sweep(m, w, forward)
        solver.conduct((self.f1 * SIGMA_K1 + (1.0 - self.f1) * SIGMA_K2) * s.nut, 1.0)
        solver.transport(s.ke, m)
        solver.run(add_k_sources, s.ke, w_old, solver.g, solver.num, g.vol, solid, solver.alpha_ke, m)
        solver.sweep(m, s.ke, forward)
        solver.run(update_viscosity, s.ke, w, s.eps, s.nut, solver.g, self.f2, solver.nut_limit, g.at_wall, solid)

    def scalars(self, s: FlowState) -> tuple[np.ndarray, ...]:
        """k and omega."""
        return (s.ke, self.omega)

    def move(self, grid: FlowGrid) -> None:
        """Wall distances change with the blades; those of a position are kept."""
        self.grid = grid
        key = grid.mesh.wall_theta.tobytes()
        if key not in self._distances:
            self._distances[key] = wall_distance(grid.mesh)
        self.distance = self._distances[key]
