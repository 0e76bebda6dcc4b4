"""Tanks whose swirl no baffle stops: how their steady state is reached. The state itself is that of the equations.

What an impeller gives to the liquid leaves it through the wall alone, and the liquid turns nearly as a whole. Two
things then spoil iterations that serve a baffled tank well.

1. The swirl of the whole tank comes to rest only over hundreds of relaxed iterations. After every sweep the equations
   of L = r u_theta are summed round every ring (i, k) and solved again, exactly, for a change d of L that is the same
   in all free nodes of a ring::

       A_P d = A_W d_(i-1) + A_E d_(i+1) + A_B d_(k-1) + A_T d_(k+1) + R

       R = sum_j (rhs + sum a_nb L_nb - a_P L)       residual of the unrelaxed equations, m5/s2
       A_P = sum_j (a_P - a_S - a_N),  A_W = sum_j a_W, ...           over pairs of free nodes, m3/s

   and L <- L + FRACTION d: block correction (Settari and Aziz 1973, SIAM J. Numer. Anal. 10:506), a coarse level of
   multigrid with rings as blocks.

2. A ring that is pushed outwards keeps its L, turns too slowly there and is pushed back: inertial waves of frequency
   up to sqrt(Phi), Phi = (1/r^3) d(L^2)/dr, 1/s2 (Rayleigh). With all velocities taken from the iteration before, these
   waves grow, for an iteration is a step in time of about dt = V / ((1 - alpha) a_P). So L is solved before u_r, which
   sees the new one, and u_r is held back by what the ring will do next::

       D (u_r - u_r_old) on the left,   D = Phi V dt = Phi V^2 / ((1 - alpha) a_P / alpha),   m3/s,   where Phi > 0

   with a_P / alpha the relaxed diagonal. D makes the step implicit in the waves and vanishes at rest.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS

FRACTION = 0.03
"""Share of the ring correction that is taken, -: the torque of the blades answers through the next pressure only, and
the eddy viscosity later still. With 0.2 the balance is met sooner, but where rotation damps the turbulence
(``rushton.flow.closures.rotation``) the swirl then swings by a tenth and does not come to rest."""


@njit(**OPTIONS)
def ring_sums(lo, hi, m, x, old, fixed, alpha, c):
    """Coefficients A_W A_E A_B A_T A_P and R of the rings of planes lo <= i < hi into ``c`` (6, nr, nz).

    ``m`` (8, nr, nt, nz) holds the equations of ``x``, relaxed by ``alpha`` from ``old``; ``fixed`` nodes do not move.
    """
    nr, nt, nz = x.shape
    for i in range(lo, hi):
        for k in range(nz):
            for n in range(6):
                c[n, i, k] = 0.0
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if fixed[i, j, k]:
                    continue
                total = alpha * m[6, i, j, k]
                r = m[7, i, j, k] - (1.0 - alpha) * m[6, i, j, k] * old[i, j, k] - total * x[i, j, k]
                r += m[2, i, j, k] * x[i, jm, k] + m[3, i, j, k] * x[i, jp, k]
                if not fixed[i, jm, k]:
                    total -= m[2, i, j, k]
                if not fixed[i, jp, k]:
                    total -= m[3, i, j, k]
                c[4, i, k] += total
                if i > 0:
                    r += m[0, i, j, k] * x[i - 1, j, k]
                    if not fixed[i - 1, j, k]:
                        c[0, i, k] += m[0, i, j, k]
                if i < nr - 1:
                    r += m[1, i, j, k] * x[i + 1, j, k]
                    if not fixed[i + 1, j, k]:
                        c[1, i, k] += m[1, i, j, k]
                if k > 0:
                    r += m[4, i, j, k] * x[i, j, k - 1]
                    if not fixed[i, j, k - 1]:
                        c[2, i, k] += m[4, i, j, k]
                if k < nz - 1:
                    r += m[5, i, j, k] * x[i, j, k + 1]
                    if not fixed[i, j, k + 1]:
                        c[3, i, k] += m[5, i, j, k]
                c[5, i, k] += r


def ring_sums_reference(m: np.ndarray, x: np.ndarray, old: np.ndarray, fixed: np.ndarray, alpha: float) -> np.ndarray:
    """``ring_sums`` of all planes in plain numpy."""
    free = np.where(fixed, 0.0, 1.0)

    def neighbours(a: np.ndarray) -> tuple[np.ndarray, ...]:
        """W, E, S, N, B, T of every node; 0 beyond the ends."""
        p = np.pad(a, ((1, 1), (0, 0), (1, 1)))
        inner = p[1:-1, :, 1:-1]
        around = np.roll(inner, 1, axis=1), np.roll(inner, -1, axis=1)
        return p[:-2, :, 1:-1], p[2:, :, 1:-1], *around, p[1:-1, :, :-2], p[1:-1, :, 2:]

    total = alpha * m[6]
    residual = (
        m[7] - (1.0 - alpha) * m[6] * old - total * x + sum(a * n for a, n in zip(m, neighbours(x), strict=False))
    )
    west, east, south, north, below, above = (a * n for a, n in zip(m, neighbours(free), strict=False))
    parts = (west, east, below, above, total - south - north, residual)
    return np.stack([(free * part).sum(axis=1) for part in parts])


def solve_rings(c: np.ndarray) -> np.ndarray:
    """(nr, nz) change d of L by elimination in the band, m2/s; 0 in rings without a free node."""
    from scipy.linalg import solve_banded

    _, nr, nz = c.shape
    aw, ae, ab, at, ap, r = (a.T.ravel() for a in c)  # radius runs fastest: the band is as wide as there are rings
    band = np.zeros((2 * nr + 1, nr * nz))
    band[nr] = np.where(ap > 0.0, ap, 1.0)
    band[nr - 1, 1:] = -ae[:-1]
    band[nr + 1, :-1] = -aw[1:]
    band[0, nr:] = -at[:-nr]
    band[2 * nr, :-nr] = -ab[nr:]
    return np.asarray(solve_banded((nr, nr), band, r, overwrite_ab=True, check_finite=False)).reshape(nz, nr).T


@njit(**OPTIONS)
def hold_back(lo, hi, m, d, x, ang, fixed, r, rc, dr, dz, dth, alpha):
    """Add D (module docstring) to the assembled equations ``m`` (8, nr+1, nt, nz) of u_r (``x``) on the planes
    lo <= i < hi, and to the pressure-to-velocity factors ``d``."""
    nr, nt, nz = ang.shape
    for i in range(max(lo, 1), min(hi, nr)):
        gap = rc[i] - rc[i - 1]
        for j in range(nt):
            jp = j + 1 if j < nt - 1 else 0
            area = r[i] * dth[j]
            for k in range(nz):
                if fixed[i, j, k]:
                    continue
                outer = 0.5 * (ang[i, j, k] + ang[i, jp, k])
                inner = 0.5 * (ang[i - 1, j, k] + ang[i - 1, jp, k])
                phi = (outer * outer - inner * inner) / (r[i] ** 3 * gap)
                if phi > 0.0:
                    v = area * dz[k] * gap
                    extra = phi * v * v / ((1.0 - alpha) * m[6, i, j, k])
                    d[i, j, k] = area * dz[k] / (area * dz[k] / d[i, j, k] + extra)
                    m[6, i, j, k] += extra
                    m[7, i, j, k] += extra * x[i, j, k]
