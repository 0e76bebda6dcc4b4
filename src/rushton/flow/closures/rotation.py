"""k-epsilon in liquid that turns as a whole: rotation damps turbulence, or feeds it.

A ring that turbulence pushes outwards keeps its angular momentum L = r u_theta; where L^2 rises outwards it is driven
back (Rayleigh), and eddies die. k-epsilon does not see it: without baffles its eddy viscosity turns the tank into a
solid body and doubles the power. The destruction of epsilon is therefore reduced (Launder, Priddin and Sharma 1977,
J. Fluids Eng. 99:231)::

    C_2 -> f C_2,   f = 1 - 0.2 Ri,   Ri = (k / epsilon)^2 (u_theta / r^2) d(r u_theta)/dr = (k / epsilon)^2 L L' / r^3

with C_1 / C_2 <= f <= 2 - C_1 / C_2. The lower bound is ours: at f = C_1 / C_2 turbulence whose production equals its
dissipation neither grows nor decays; below it the core becomes inviscid and spins up like a bath drain, which no
measurement shows (power then falls by a further fifth). Without the correction f = 1.

It is used where no baffle stops the swirl, by the standard model only: swirling jets and baffled tanks keep the model
that they were validated with.
"""

from __future__ import annotations

from numba import njit

from rushton.flow.momentum import OPTIONS
from rushton.flow.turbulence import C_1, C_2

C_RI = 0.2
LEAST, MOST = C_1 / C_2, 2.0 - C_1 / C_2


@njit(**OPTIONS)
def correct_destruction(lo, hi, ke, eps, ang, open_r, at_wall, solid, vol, rc, alpha, m):
    """(f - 1) C_2 epsilon / k into the relaxed equations ``m`` (8, nr, nt, nz) of epsilon, away from walls.

    L' is central between open r faces, one-sided at closed ones.
    """
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if solid[i, j, k] or at_wall[i, j, k]:
                    continue
                i1 = i + 1 if i < nr - 1 and open_r[i + 1, j, k] else i
                i0 = i - 1 if i > 0 and open_r[i, j, k] else i
                if i1 == i0:
                    continue
                here = 0.5 * (ang[i, j, k] + ang[i, jp, k])
                rise = 0.5 * (ang[i1, j, k] + ang[i1, jp, k] - ang[i0, j, k] - ang[i0, jp, k]) / (rc[i1] - rc[i0])
                turnover = ke[i, j, k] / eps[i, j, k]
                f = 1.0 - C_RI * turnover * turnover * here * rise / rc[i] ** 3
                extra = (min(max(f, LEAST), MOST) - 1.0) * C_2 / turnover * vol[i, j, k]
                m[6, i, j, k] += extra / alpha
                m[7, i, j, k] += (1.0 / alpha - 1.0) * extra * eps[i, j, k]
