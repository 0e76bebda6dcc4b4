"""Two treatments of a jump of diffusivity that were tried before the interfaces of ``walks``, for comparison.

* end-point: X* = X + sqrt(2 D(X) dt) e,  X' = X + sqrt(2 D(X*) dt) e. Exact for one jump, O(sqrt dt) too few or too
  many cells where a wall meets a gradient of D (a fifth too few beside a shaft, with steps of a mesh cell).
* naive: X' = X + sqrt(2 D(X) dt) e. Wrong: cells gather where D is small. Kept to show that the tests can see it.

    D   turbulent diffusivity, m2/s        dt   time step, s        e   uniform variate of unit variance, -

Source: LaBolle et al. 2000, Water Resour. Res. 36:651, doi 10.1029/1999WR900224 (end point).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.lanes import E_R, E_T, E_Z, LAYER, RING, TURN, C, X, Y, Z
from rushton.lifelines.layout import APART, STEP, WALL_R1, WALL_R2, WALL_T1, WALL_T2, WALL_Z1, WALL_Z2
from rushton.lifelines.pollock import clip01
from rushton.lifelines.walks import spread_variates


@nb.njit(**APART)
def _shift_z(field, c, k, z, metres):
    """Move in z by a distance, reflected at walls."""
    up = metres > 0.0
    left = abs(metres)
    while True:
        d = (1.0 - z if up else z) / field.per_z[k]
        if left <= d:
            g = left * field.per_z[k]
            return c, k, clip01(z + g if up else z - g)
        left -= d
        z = 1.0 if up else 0.0
        if field.wall[c] & (WALL_Z2 if up else WALL_Z1):
            up = not up
        else:
            c, k, z = (c + 1, k + 1, 0.0) if up else (c - 1, k - 1, 1.0)


@nb.njit(**APART)
def _shift_theta(field, c, i, j, y, turn):
    """Move in theta by an angle, rad, reflected at walls."""
    nt, nz = field.shape[1], field.shape[2]
    up = turn > 0.0
    left = min(abs(turn), math.pi)
    while True:
        d = (1.0 - y if up else y) / field.per_turn[j]
        if left <= d:
            g = left * field.per_turn[j]
            return c, j, clip01(y + g if up else y - g)
        left -= d
        y = 1.0 if up else 0.0
        if field.wall[c] & (WALL_T2 if up else WALL_T1):
            up = not up
        elif up:
            c, j, y = (c + nz, j + 1, 0.0) if j + 1 < nt else (c - (nt - 1) * nz, 0, 0.0)
        else:
            c, j, y = (c - nz, j - 1, 1.0) if j > 0 else (c + (nt - 1) * nz, nt - 1, 1.0)


@nb.njit(**APART)
def _shift_r(field, c, i, x, distance, s_face):
    """Move in r^2 by a distance, m2, reflected at walls and axis."""
    layer = field.shape[1] * field.shape[2]
    up = distance > 0.0
    left = abs(distance)
    while True:
        ds = s_face[i + 1] - s_face[i]
        d = (1.0 - x if up else x) * ds
        if left <= d:
            return c, i, clip01(x + left / ds if up else x - left / ds)
        left -= d
        x = 1.0 if up else 0.0
        if field.wall[c] & (WALL_R2 if up else WALL_R1):
            up = not up
        else:
            c, i, x = (c + layer, i + 1, 0.0) if up else (c - layer, i - 1, 1.0)


@nb.njit(**APART)
def _point_move(field, c, i, j, k, x, y, z, ez, et, er, end_point):
    """One step of the end-point walk or, without the end point, of the naive walk."""
    rec = field.record
    q = np.float64(rec[c, STEP])
    if end_point:
        q = np.float64(rec[_shift_z(field, c, k, z, ez * q)[0], STEP])
    c, k, z = _shift_z(field, c, k, z, ez * q)

    s_face = field.s_face
    per = 1.0 / math.sqrt(max(s_face[i] + x * (s_face[i + 1] - s_face[i]), 1e-30))
    q = np.float64(rec[c, STEP])
    if end_point:
        q = np.float64(rec[_shift_theta(field, c, i, j, y, et * q * per)[0], STEP])
    c, j, y = _shift_theta(field, c, i, j, y, et * q * per)

    q = np.float64(rec[c, STEP])
    s = s_face[i] + x * (s_face[i + 1] - s_face[i])
    g = 2.0 * er * q * math.sqrt(s)
    if end_point:
        c2, i2, x2 = _shift_r(field, c, i, x, g, s_face)
        s = s_face[i2] + x2 * (s_face[i2 + 1] - s_face[i2])
        g = 2.0 * er * rec[c2, STEP] * math.sqrt(s)
    c, i, x = _shift_r(field, c, i, x, g, s_face)
    return c, i, j, k, x, y, z


@nb.njit(**APART)
def point_walk(tile, n, field, end_point):
    """One step of the end-point walk or, without the end point, of the naive walk, for n lanes."""
    real, whole = tile.real, tile.whole
    spread_variates(tile, n)
    for a in range(n):
        c, i, j, k, x, y, z = _point_move(
            field, whole[C + a], whole[RING + a], whole[TURN + a], whole[LAYER + a],
            real[X + a], real[Y + a], real[Z + a], real[E_Z + a], real[E_T + a], real[E_R + a], end_point,
        )  # fmt: skip
        whole[C + a], whole[RING + a], whole[TURN + a], whole[LAYER + a] = c, i, j, k
        real[X + a], real[Y + a], real[Z + a] = x, y, z
