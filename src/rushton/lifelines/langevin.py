"""A walk with memory (Langevin): turbulent velocities that fade over T_L, direction by direction.

    eta <- rho eta + sqrt(1 - rho^2) N(0, 1),      rho = exp(-dt / T_L),      T_L = D / (2 k / 3),   D = nu_t / Sc_t
    dX = eta sigma dt,                             sigma^2 = 2 D tanh(dt / 2 T_L) / dt
    at an open face from 1 to 2:   eta2^2 = eta1^2 + 2 ln(sigma2 / sigma1), its sign kept; the walker turns back where
                                   the right side is negative, and at walls

    eta   turbulent velocity over its standard deviation, -        dt   time step, s       k   turbulent energy, m2/s2
    D     turbulent diffusivity, m2/s                              T_L  integral time, s

A path of many steps spreads with D whatever dt / T_L is; for dt far above T_L the walk is a random walk. Where a random
walk crosses a border many times to and fro, this one crosses it once.

Why a uniform cloud stays uniform: within a mesh cell eta is constant and a path straight; through a face the number of
cells sigma eta exp(-eta^2 / 2) d eta is the same on both sides (Thomson's drift, integrated over the jump). In radius
the coordinate is r^2, in which volume is uniform, and the speed is that of r^2, 2 sqrt(s_m) sigma eta with the mean s_m
of the ring (``field``): its jumps from ring to ring are the centrifugal term sigma^2 / r of polar coordinates, exactly
in balance with the volume of the rings. No time step, wall, corner or axis enters: the balance is exact.

Sources: Thomson 1987, J. Fluid Mech. 180:529, doi 10.1017/S0022112087001940 (well-mixed condition); Thomson, Physick &
Maryon 1997, J. Appl. Meteorol. 36:1284 (interfaces). Valid for steady, locally homogeneous turbulence.
``rushton.lifelines.plain`` says the same in plain Python.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.generator import normals
from rushton.lifelines.lanes import (
    BITS,
    E_R,
    E_T,
    E_Z,
    FLAG,
    LAYER,
    LIST,
    RING,
    SPEED,
    TURN,
    C,
    X,
    Y,
    Z,
    filled,
    list_flagged,
)
from rushton.lifelines.layout import APART, FAST, KEPT, LOG_STEP, STEP, WALL_R1, WALL_T1, WALL_Z1


@nb.njit(**FAST)
def coast_z(field, c, k, z, eta):
    """One step in z at the velocity eta; returns c, k, z, eta.

    g is the fraction of the mesh cell that lies behind the walker, up says which way it faces, left is the part of the
    step that remains.
    """
    rec, wall, per_z, persistence = field.record, field.wall, field.per_z, field.persistence
    left = 1.0
    up = 1 if eta > 0.0 else 0
    pace = abs(eta)
    g = z if up else 1.0 - z
    speed = pace * rec[c, STEP] * per_z[k]
    while g + speed * left > 1.0:
        left = max(left - (1.0 - g) / speed, 0.0)
        g = 0.0
        if wall[c] & (WALL_Z1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        square = pace * pace + persistence[c + sign, LOG_STEP] - persistence[c, LOG_STEP]
        if square > 0.0:
            c += sign
            k += sign
            pace = math.sqrt(square)
            speed = pace * rec[c, STEP] * per_z[k]
        else:
            up = 1 - up
    g += speed * left
    return (c, k, g, pace) if up else (c, k, 1.0 - g, -pace)


@nb.njit(**FAST)
def coast_theta(field, c, i, j, y, eta):
    """One step in theta at the velocity eta; returns c, j, y, eta."""
    rec, wall, per_turn, persistence = field.record, field.wall, field.per_turn, field.persistence
    nt, nz = field.shape[1], field.shape[2]
    per = field.per_theta[i]
    left = 1.0
    up = 1 if eta > 0.0 else 0
    pace = abs(eta)
    g = y if up else 1.0 - y
    speed = pace * rec[c, STEP] * per * per_turn[j]
    while g + speed * left > 1.0:
        left = max(left - (1.0 - g) / speed, 0.0)
        g = 0.0
        if wall[c] & (WALL_T1 << up):
            up = 1 - up
            continue
        jt = j + 2 * up - 1
        jt = 0 if jt == nt else jt
        jt = nt - 1 if jt < 0 else jt
        to = c + (jt - j) * nz
        square = pace * pace + persistence[to, LOG_STEP] - persistence[c, LOG_STEP]
        if square > 0.0:
            c, j = to, jt
            pace = math.sqrt(square)
            speed = pace * rec[c, STEP] * per * per_turn[j]
        else:
            up = 1 - up
    g += speed * left
    return (c, j, g, pace) if up else (c, j, 1.0 - g, -pace)


@nb.njit(**FAST)
def coast_r(field, c, i, x, eta):
    """One step in r^2 at the velocity eta; returns c, i, x, eta."""
    rec, wall, per_r, persistence = field.record, field.wall, field.per_r, field.persistence
    layer = field.shape[1] * field.shape[2]
    left = 1.0
    up = 1 if eta > 0.0 else 0
    pace = abs(eta)
    g = x if up else 1.0 - x
    speed = pace * rec[c, STEP] * per_r[i]
    while g + speed * left > 1.0:
        left = max(left - (1.0 - g) / speed, 0.0)
        g = 0.0
        if wall[c] & (WALL_R1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        to = c + sign * layer
        drop = persistence[to, LOG_STEP] - persistence[c, LOG_STEP]
        square = pace * pace + drop + (field.log_metre_r[i + sign] - field.log_metre_r[i])
        if square > 0.0:
            c = to
            i += sign
            pace = math.sqrt(square)
            speed = pace * rec[c, STEP] * per_r[i]
        else:
            up = 1 - up
    g += speed * left
    return (c, i, g, pace) if up else (c, i, 1.0 - g, -pace)


@nb.njit(**APART)
def _try_move(tile, n, place, variate):
    """Move n lanes by SPEED times a variate where that ends in the mesh cell; the others are listed. Their number."""
    real, whole = tile.real, tile.whole
    for a in range(filled(n, 32)):
        g = real[place + a]
        end = g + real[SPEED + a] * real[variate + a]
        stays = (end >= 0.0) & (end <= 1.0)
        real[place + a] = end if stays else g
        whole[FLAG + a] = 0 if stays else 1
    return list_flagged(tile, n)


@nb.njit(**APART)
def _fade(tile, n):
    """Turbulent velocities of n lanes a step later: SPEED is what is kept of them, the rest is new."""
    real, whole = tile.real, tile.whole
    for a in range(filled(n, 32)):
        kept = real[SPEED + a]
        new = math.sqrt(1.0 - kept * kept)
        nr, nt, nz = normals(np.uint64(whole[BITS + a]))
        real[E_R + a] = kept * real[E_R + a] + new * nr
        real[E_T + a] = kept * real[E_T + a] + new * nt
        real[E_Z + a] = kept * real[E_Z + a] + new * nz


@nb.njit(**APART)
def langevin_walk(tile, n, field):
    """One step of the walk with memory for n lanes, from their random bits; E_R, E_T, E_Z are the velocities eta."""
    real, whole = tile.real, tile.whole
    rec = field.record
    for a in range(n):
        real[SPEED + a] = field.persistence[whole[C + a], KEPT]
    _fade(tile, n)

    for a in range(n):
        real[SPEED + a] = rec[whole[C + a], STEP] * field.per_z[whole[LAYER + a]]
    for q in range(_try_move(tile, n, Z, E_Z)):
        a = whole[LIST + q]
        c, k, z, eta = coast_z(field, whole[C + a], whole[LAYER + a], real[Z + a], real[E_Z + a])
        whole[C + a], whole[LAYER + a], real[Z + a], real[E_Z + a] = c, k, z, eta

    for a in range(n):
        along = rec[whole[C + a], STEP] * field.per_theta[whole[RING + a]]
        real[SPEED + a] = along * field.per_turn[whole[TURN + a]]
    for q in range(_try_move(tile, n, Y, E_T)):
        a = whole[LIST + q]
        c, j, y, eta = coast_theta(field, whole[C + a], whole[RING + a], whole[TURN + a], real[Y + a], real[E_T + a])
        whole[C + a], whole[TURN + a], real[Y + a], real[E_T + a] = c, j, y, eta

    for a in range(n):
        real[SPEED + a] = rec[whole[C + a], STEP] * field.per_r[whole[RING + a]]
    for q in range(_try_move(tile, n, X, E_R)):
        a = whole[LIST + q]
        c, i, x, eta = coast_r(field, whole[C + a], whole[RING + a], real[X + a], real[E_R + a])
        whole[C + a], whole[RING + a], real[X + a], real[E_R + a] = c, i, x, eta
