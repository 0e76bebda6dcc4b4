"""Turbulent walks: D = nu_t / Sc_t,  dX = sqrt(2 D dt) e,  e uniform with unit variance, direction by direction.

    D   turbulent diffusivity, m2/s        dt   time step, s        e   variate, -

Diffusivity is constant in a mesh cell and jumps at faces. Three treatments of a jump:

* interface (default): the move is walked from mesh cell to mesh cell; at an open face from D1 to D2 the walker goes on
  with probability min(1, sqrt(D2 / D1)), its remaining variate unchanged, and else turns back; at a wall it turns
  back. The flux of a uniform cloud through every face is then the same from both sides, for any number of faces in one
  step: the uniform cloud is kept exactly, at walls, corners and axis too, whatever the time step. In r the factor r^2
  of the diffusivity of r^2 is its logarithmic mean in the ring, which keeps the ring's exact resistance.
* end-point: X* = X + sqrt(2 D(X) dt) e,  X' = X + sqrt(2 D(X*) dt) e. Exact for one jump, O(sqrt dt) too few or too
  many cells where a wall meets a gradient of D (a fifth too few beside a shaft, with steps of a mesh cell).
* naive: X' = X + sqrt(2 D(X) dt) e. Wrong: cells gather where D is small. Kept to show that the tests can see it.

Sources: Thomson, Physick & Maryon 1997, J. Appl. Meteorol. 36:1284 (interfaces); LaBolle et al. 2000, Water Resour.
Res. 36:651, doi 10.1029/1999WR900224 (end point). Valid for steps up to some mesh cells; weak order one in dt.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.generator import GOLDEN, SQRT3, mix, unit, variate
from rushton.lifelines.layout import APART, FAST, STEP, WALL_R1, WALL_R2, WALL_T1, WALL_T2, WALL_Z1, WALL_Z2
from rushton.lifelines.pollock import clip01

INTERFACE, END_POINT, NAIVE, STILL, LANGEVIN = 0, 1, 2, 3, 4
"""Codes of the walks; STILL is none, LANGEVIN that of ``langevin``."""

_S21, _S42 = np.uint64(21), np.uint64(42)


@nb.njit(**FAST)
def stride_z(field, c, k, z, e, h):
    """Interface walk in z with variate e; returns c, k, z and the random bits that are left.

    g is the fraction of the mesh cell that lies behind the walker; up says which way it faces.
    """
    rec, wall, per_z = field.record, field.wall, field.per_z
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = z if up else 1.0 - z
    here = np.float64(rec[c, STEP])
    speed = here * per_z[k]
    while g + speed * left > 1.0:
        left -= (1.0 - g) / speed
        g = 0.0
        if wall[c] & (WALL_Z1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        there = np.float64(rec[c + sign, STEP])
        h = mix(h + GOLDEN)
        if unit(h) * here < there:
            c += sign
            k += sign
            here = there
            speed = here * per_z[k]
        else:
            up = 1 - up
    g += speed * left
    return c, k, g if up else 1.0 - g, h


@nb.njit(**FAST)
def stride_theta(field, c, i, j, y, e, h):
    """Interface walk in theta with variate e; in one ring at most half way round."""
    rec, wall, per_turn = field.record, field.wall, field.per_turn
    nt, nz = field.shape[1], field.shape[2]
    most = math.pi / SQRT3
    per = field.per_theta[i]
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = y if up else 1.0 - y
    here = min(rec[c, STEP] * per, most)
    speed = here * per_turn[j]
    while g + speed * left > 1.0:
        left -= (1.0 - g) / speed
        g = 0.0
        if wall[c] & (WALL_T1 << up):
            up = 1 - up
            continue
        jt = j + 2 * up - 1
        jt = 0 if jt == nt else jt
        jt = nt - 1 if jt < 0 else jt
        to = c + (jt - j) * nz
        there = min(rec[to, STEP] * per, most)
        h = mix(h + GOLDEN)
        if unit(h) * here < there:
            c, j, here = to, jt, there
            speed = here * per_turn[j]
        else:
            up = 1 - up
    g += speed * left
    return c, j, g if up else 1.0 - g, h


@nb.njit(**FAST)
def stride_r(field, c, i, x, e, h):
    """Interface walk in r^2 with variate e; steps of two rings are compared in r^2."""
    rec, wall, per_r, metre_r = field.record, field.wall, field.per_r, field.metre_r
    layer = field.shape[1] * field.shape[2]
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = x if up else 1.0 - x
    here = np.float64(rec[c, STEP])
    speed = here * per_r[i]
    while g + speed * left > 1.0:
        left -= (1.0 - g) / speed
        g = 0.0
        if wall[c] & (WALL_R1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        there = np.float64(rec[c + sign * layer, STEP])
        h = mix(h + GOLDEN)
        if unit(h) * here * metre_r[i] < there * metre_r[i + sign]:
            c += sign * layer
            i += sign
            here = there
            speed = here * per_r[i]
        else:
            up = 1 - up
    g += speed * left
    return c, i, g if up else 1.0 - g, h


@nb.njit(**FAST)
def interface_walk(field, c, i, j, k, x, y, z, h):
    """One step of the turbulent walk with interfaces, direction by direction; 64 random bits h.

    Returns
    -------
    c, i, j, k, x, y, z
    """
    ez, et, er = variate(h), variate(h >> _S21), variate(h >> _S42)
    c, k, z, h = stride_z(field, c, k, z, ez, h)
    c, j, y, h = stride_theta(field, c, i, j, y, et, h)
    c, i, x, h = stride_r(field, c, i, x, er, h)
    return c, i, j, k, x, y, z


# --- the walks that were tried before, for comparison ------------------------------------------------------------


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
def point_walk(field, c, i, j, k, x, y, z, h, end_point):
    """One step of the end-point walk or, without the end point, of the naive walk."""
    rec = field.record
    ez, et, er = variate(h), variate(h >> _S21), variate(h >> _S42)
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
