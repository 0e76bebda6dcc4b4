"""The rest of the viscous stress: the transposed velocity gradient, and the axis.

The momentum equations (``rushton.flow.momentum``) hold div(nu_e grad u) component by component. The stress is
2 nu_e S = nu_e (grad u + grad u^T), and in cylindrical components grad u has terms of its own. What is left out there,
per volume (Bird, Stewart, Lightfoot, Transport Phenomena, appendix B; L = r u_theta)::

    r:  1/r d(r nu du_r/dr)/dr + 1/r d(nu r d(L/r^2)/dr)/dtheta + d(nu du_z/dr)/dz
        - 2 nu/r^3 dL/dtheta - nu u_r/r^2
    L:  1/r d(r nu du_r/dtheta)/dr + d/r dtheta(nu (dL/r dtheta + 2 u_r))
        + d(nu du_z/dtheta)/dz
    z:  1/r d(r nu du_r/dz)/dr + 1/r d(nu dL/r dz)/dtheta + d(nu du_z/dz)/dz          m/s2, L: m2/s2

Where nu_e is uniform they sum to what vector components need (a uniform stream across the axis is free of stress);
where it is not they are the force of its gradient. They are differences of fluxes through the faces of the control
volumes, so that no angular momentum is made. Tangential parts sit on edges between four mesh cells, with their mean
nu_e, and vanish where one of the four faces round the edge is closed: along a wall the normal velocity does not
change. With u_r / r^2 taken at the centres of the two half mesh cells a uniform stream is free of force at every
radius, the axis included, but for an error of second order in dtheta.

The value of u_r on the axis, where the inner face has no area, is that of the stream across it::

    u_r(0, theta) = U_x cos theta + U_y sin theta,   U_x = 1/pi sum_j u_r(r_1, theta_j) cos theta_j dtheta_j

from the innermost ring of faces (U_y alike). A sector of one half or less repeats, and nothing crosses its axis.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rushton.flow.grid import FlowGrid
from rushton.flow.momentum import OPTIONS


def axis_velocity(ur: np.ndarray, grid: FlowGrid) -> None:
    """Set u_r on the axis (module docstring) in ``ur`` (nr+1, nt, nz), m/s."""
    if grid.mesh.sector > 1 or grid.r[0] > 0.0:
        return
    theta = grid.mesh.theta_centre[:, None]
    cos, sin, width = np.cos(theta), np.sin(theta), grid.dth[:, None]
    x, y = ((ur[1] * wave * width).sum(axis=0) / math.pi for wave in (cos, sin))
    ur[0] = np.where(grid.mesh.solid[0], 0.0, x * cos + y * sin)


@njit(**OPTIONS)
def edge_viscosities(lo, hi, nue, open_r, open_t, open_z, e_rt, e_rz, e_tz):
    """Mean nu_e on the edges between four mesh cells, m2/s; 0 where one of the four faces round an edge is closed.

    Parameters
    ----------
    e_rt, e_rz, e_tz : (nr+1, nt, nz), (nr+1, nt, nz+1), (nr, nt, nz+1) out
        On edges of r and theta faces, of r and z faces, of theta and z faces; edge (i, j, k) is the lower one of the
        mesh cell in both directions.
    """
    nr, nt, nz = nue.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            if i > 0:
                h = i - 1
                for k in range(nz):
                    free = open_r[i, j, k] * open_r[i, jm, k] * open_t[i, j, k] * open_t[h, j, k]
                    e_rt[i, j, k] = 0.25 * free * (nue[i, j, k] + nue[i, jm, k] + nue[h, j, k] + nue[h, jm, k])
                for k in range(1, nz):
                    free = open_r[i, j, k] * open_r[i, j, k - 1] * open_z[i, j, k] * open_z[h, j, k]
                    e_rz[i, j, k] = 0.25 * free * (nue[i, j, k] + nue[h, j, k] + nue[i, j, k - 1] + nue[h, j, k - 1])
            else:
                for k in range(nz):
                    e_rt[0, j, k] = 0.0
                for k in range(1, nz):
                    e_rz[0, j, k] = 0.0
            if i == nr - 1:
                for k in range(nz):
                    e_rt[nr, j, k] = 0.0
                for k in range(nz + 1):
                    e_rz[nr, j, k] = 0.0
            for k in range(1, nz):
                free = open_t[i, j, k] * open_t[i, j, k - 1] * open_z[i, j, k] * open_z[i, jm, k]
                e_tz[i, j, k] = 0.25 * free * (nue[i, j, k] + nue[i, jm, k] + nue[i, j, k - 1] + nue[i, jm, k - 1])
            e_rz[i, j, 0] = e_rz[i, j, nz] = e_tz[i, j, 0] = e_tz[i, j, nz] = 0.0


@njit(**OPTIONS)
def transposed_forces(lo, hi, ur, ang, uz, nue, e_rt, e_rz, e_tz, r, rc, dr, dz, dth, f_r, f_t, f_z):
    """Forces of the module docstring on the control volumes of the planes lo <= i < hi.

    Parameters
    ----------
    e_rt, e_rz, e_tz
        From ``edge_viscosities``.
    f_r, f_t, f_z : (nr+1, nt, nz), (nr, nt, nz), (nr, nt, nz+1) out
        On u_r (m4/s2), L (m5/s2) and u_z (m4/s2); fixed nodes of L included, for the torque on them.
    """
    nr, nt, nz = ang.shape
    for i in range(lo, hi):
        h, o = max(i - 1, 0), i + 1
        ri, ro, c, q = r[i], r[i + 1], rc[i], 1.0 / (rc[i] * rc[i])
        c_h, q_h = rc[h], 1.0 / (rc[h] * rc[h])
        half, half_h = 0.5 * dr[i] * c, 0.5 * dr[h] * c_h
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            w, wm = dth[j], dth[jm]
            if i > 0:
                for k in range(nz):
                    twist = e_rt[i, jp, k] * (ang[i, jp, k] * q - ang[h, jp, k] * q_h)
                    twist -= e_rt[i, j, k] * (ang[i, j, k] * q - ang[h, j, k] * q_h)
                    tilt = e_rz[i, j, k + 1] * (uz[i, j, k + 1] - uz[h, j, k + 1])
                    tilt -= e_rz[i, j, k] * (uz[i, j, k] - uz[h, j, k])
                    x, v, v_h = ur[i, j, k], nue[i, j, k], nue[h, j, k]
                    normal = v * c / dr[i] * (ur[o, j, k] - x) - v_h * c_h / dr[h] * (x - ur[h, j, k])
                    hoop = v * half * q * (2.0 / c * (ang[i, jp, k] - ang[i, j, k]) + w * x)
                    hoop += v_h * half_h * q_h * (2.0 / c_h * (ang[h, jp, k] - ang[h, j, k]) + w * x)
                    f_r[i, j, k] = ri * (twist * dz[k] + tilt * w) + dz[k] * (w * normal - hoop)
            for k in range(nz):
                side = ro * e_rt[o, j, k] * (ur[o, j, k] - ur[o, jm, k])
                side -= ri * e_rt[i, j, k] * (ur[i, j, k] - ur[i, jm, k])
                side += dr[i] * nue[i, j, k] * ((ang[i, jp, k] - ang[i, j, k]) / (c * w) + ur[i, j, k] + ur[o, j, k])
                side -= (
                    dr[i] * nue[i, jm, k] * ((ang[i, j, k] - ang[i, jm, k]) / (c * wm) + ur[i, jm, k] + ur[o, jm, k])
                )
                ends = e_tz[i, j, k + 1] * (uz[i, j, k + 1] - uz[i, jm, k + 1])
                ends -= e_tz[i, j, k] * (uz[i, j, k] - uz[i, jm, k])
                f_t[i, j, k] = side * dz[k] + c * dr[i] * ends
            for k in range(1, nz):
                side = ro * e_rz[o, j, k] * (ur[o, j, k] - ur[o, j, k - 1])
                side -= ri * e_rz[i, j, k] * (ur[i, j, k] - ur[i, j, k - 1])
                turn = e_tz[i, jp, k] * (ang[i, jp, k] - ang[i, jp, k - 1])
                turn -= e_tz[i, j, k] * (ang[i, j, k] - ang[i, j, k - 1])
                ends = nue[i, j, k] * (uz[i, j, k + 1] - uz[i, j, k]) / dz[k]
                ends -= nue[i, j, k - 1] * (uz[i, j, k] - uz[i, j, k - 1]) / dz[k - 1]
                f_z[i, j, k] = w * side + dr[i] / c * turn + c * dr[i] * w * ends


def transposed_forces_reference(ur, ang, uz, nue, opened, r, rc, dr, dz, dth) -> tuple[np.ndarray, ...]:
    """``edge_viscosities`` and ``transposed_forces`` in plain numpy, term by term.

    Returns
    -------
    f_r (nr+1, nt, nz), f_t (nr, nt, nz), f_z (nr, nt, nz+1)
        Rows of the axis, wall, floor and surface are zero in f_r and f_z.
    """
    open_r, open_t, open_z = (o.astype(bool) for o in opened)
    R, C, W, DR = r[:, None, None], rc[:, None, None], dth[:, None], dr[:, None, None]

    def back(a: np.ndarray) -> np.ndarray:
        return np.roll(a, 1, axis=1)

    def ahead(a: np.ndarray) -> np.ndarray:
        return np.roll(a, -1, axis=1)

    def framed(a: np.ndarray, axis: int) -> np.ndarray:
        """Zero edges at both ends of an axis."""
        widths = [(0, 0)] * 3
        widths[axis] = (1, 1)
        return np.pad(a, widths)

    rt = 0.25 * (nue[1:] + nue[:-1] + back(nue[1:]) + back(nue[:-1]))
    rt = framed(rt * (open_r[1:-1] & back(open_r[1:-1]) & open_t[1:] & open_t[:-1]), 0)
    rz = 0.25 * (nue[1:, :, 1:] + nue[:-1, :, 1:] + nue[1:, :, :-1] + nue[:-1, :, :-1])
    rz *= open_r[1:-1, :, 1:] & open_r[1:-1, :, :-1] & open_z[1:, :, 1:-1] & open_z[:-1, :, 1:-1]
    rz = framed(framed(rz, 0), 2)
    tz = 0.25 * (nue[..., 1:] + nue[..., :-1] + back(nue[..., 1:]) + back(nue[..., :-1]))
    tz = framed(tz * (open_t[..., 1:] & open_t[..., :-1] & open_z[..., 1:-1] & back(open_z[..., 1:-1])), 2)

    spin = ang / C**2
    turned = framed(rt[1:-1] * R[1:-1] * np.diff(spin, axis=0), 0)  # r nu d(L/r^2)/dr times the distance
    f_r = (ahead(turned) - turned) * dz
    f_r += R * W * np.diff(rz * framed(np.diff(uz, axis=0), 0), axis=2)
    normal = nue * C * np.diff(ur, axis=0) / DR
    half = 0.5 * DR * C * dz * nue
    hoop = 2.0 * half * (ahead(ang) - ang) / C**3
    f_r[1:-1] += W * dz * np.diff(normal, axis=0) - hoop[1:] - hoop[:-1]
    f_r[1:-1] -= ur[1:-1] * W * ((half / C**2)[1:] + (half / C**2)[:-1])
    f_r[0] = f_r[-1] = 0.0

    f_t = dz * np.diff(R * rt * (ur - back(ur)), axis=0)
    along = nue * ((ahead(ang) - ang) / (C * W) + ur[1:] + ur[:-1])
    f_t += (along - back(along)) * DR * dz + C * DR * np.diff(tz * (uz - back(uz)), axis=2)

    rising = rz * framed(np.diff(ur, axis=2), 2)
    f_z = W * np.diff(R * rising, axis=0)
    sheared = tz * framed(np.diff(ang, axis=2), 2) / C
    f_z += DR * (ahead(sheared) - sheared)
    f_z += framed(np.diff(nue * np.diff(uz, axis=2) / dz, axis=2), 2) * (C * DR * W)
    f_z[..., 0] = f_z[..., -1] = 0.0
    return f_r, f_t, f_z
