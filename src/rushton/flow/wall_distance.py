"""Distance of mesh-cell centres to the nearest wall face, blades, disc, shaft and baffles included; not the surface.

Each wall face is a patch r0 <= r <= r1, t0 <= theta <= t1, z0 <= z <= z1 of which one pair coincides. The point of it
nearest to (r, theta, z) has the nearest theta, then the nearest r' to r cos(d theta), then the nearest z::

    d^2 = r^2 + r'^2 - 2 r r' cos(d theta) + (z - z')^2,   m2

Which face is nearest spreads from mesh cell to mesh cell: a mesh cell takes over a neighbour's face when that is nearer
(vector distance transform; Danielsson 1980, Comput. Graph. Image Process. 14:227), in sweeps along all axes until
nothing changes. theta is periodic over the sector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS
from rushton.mesh.cylinder import OPEN, SLIP

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh


def wall_faces(mesh: TankMesh) -> np.ndarray:
    """(n, 6) float r0, r1, t0, t1, z0, z1 of every wall face (m, rad, m)."""
    r, t, z = mesh.r, mesh.theta, mesh.z
    out = []
    for codes, axis in ((mesh.wall_r, 0), (mesh.wall_theta, 1), (mesh.wall_z, 2)):
        i, j, k = np.nonzero((codes != OPEN) & (codes != SLIP))
        high = [i + 1, j + 1, k + 1]
        high[axis] = (i, j, k)[axis]
        out.append(np.column_stack([r[i], r[high[0]], t[j], t[high[1]], z[k], z[high[2]]]))
    return np.concatenate(out)


@njit(inline="always", **OPTIONS)
def _squared(face, r, theta, z, period):
    """Squared distance of a point to a wall face, m2."""
    middle = 0.5 * (face[2] + face[3])
    d = theta - middle
    d -= period * np.floor(d / period + 0.5)
    d = max(abs(d) - 0.5 * (face[3] - face[2]), 0.0)
    c = np.cos(d)
    s = min(max(r * c, face[0]), face[1])
    h = z - min(max(z, face[4]), face[5])
    return r * r + s * s - 2.0 * r * s * c + h * h


@njit(**OPTIONS)
def _spread(faces, nearest, squared, rc, tc, zc, period):
    """One forward and one backward pass over the mesh cells; returns how many changed."""
    nr, nt, nz = nearest.shape
    changed = 0
    for direction in (1, -1):
        for a in range(nr):
            i = a if direction == 1 else nr - 1 - a
            for b in range(2 * nt):
                j = (b if direction == 1 else 2 * nt - 1 - b) % nt
                for c in range(nz):
                    k = c if direction == 1 else nz - 1 - c
                    for n in range(6):
                        i2 = i + (-1 if n == 0 else 1 if n == 1 else 0)
                        j2 = (j + (-1 if n == 2 else 1 if n == 3 else 0)) % nt
                        k2 = k + (-1 if n == 4 else 1 if n == 5 else 0)
                        if i2 < 0 or i2 >= nr or k2 < 0 or k2 >= nz:
                            continue
                        f = nearest[i2, j2, k2]
                        if f < 0 or f == nearest[i, j, k]:
                            continue
                        d = _squared(faces[f], rc[i], tc[j], zc[k], period)
                        if d < squared[i, j, k] * (1.0 - 1e-12):
                            squared[i, j, k], nearest[i, j, k] = d, f
                            changed += 1
    return changed


def wall_distance(mesh: TankMesh) -> np.ndarray:
    """(nr, nt, nz) distance of mesh-cell centres to the nearest wall, m."""
    nt = mesh.shape[1]
    faces = wall_faces(mesh)
    rc, tc, zc = mesh.r_centre, mesh.theta_centre, mesh.z_centre
    period = float(mesh.theta[-1] - mesh.theta[0])
    nearest = np.full(mesh.shape, -1, np.int64)
    squared = np.full(mesh.shape, np.inf)
    n = 0
    for codes, axis in ((mesh.wall_r, 0), (mesh.wall_theta, 1), (mesh.wall_z, 2)):
        for face in np.argwhere((codes != OPEN) & (codes != SLIP)):
            for back in (0, 1):
                cell = face.copy()
                cell[axis] -= back
                if axis == 1:
                    cell[1] %= nt
                if 0 <= cell[axis] < mesh.shape[axis]:
                    c = tuple(cell)
                    d = _squared(faces[n], rc[c[0]], tc[c[1]], zc[c[2]], period)
                    if d < squared[c]:
                        squared[c], nearest[c] = d, n
            n += 1
    while _spread(faces, nearest, squared, rc, tc, zc, period):
        pass
    return np.sqrt(squared)
