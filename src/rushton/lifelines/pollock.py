"""Advection of cells through face fluxes, exact within every mesh cell (Pollock's method).

    dx/dt = u = a1 + (a2 - a1) x                  lowest-order Raviart-Thomas velocity, linear in the fraction x
    time to the face ahead:  t = ln(a2 / u) / (a2 - a1)
    after a time t:          x + u t phi((a2 - a1) t),      phi(h) = (exp(h) - 1) / h

    a1, a2   flux over mesh-cell volume at the lower and upper face, 1/s         x   fraction of the mesh cell, -

The divergence-free flux makes (a2 - a1) sum to zero over the three directions: the map keeps volume exactly, so a
uniform cloud stays uniform. The flux has one sign on both sides of a face, so a cell never goes back and forth
through it: the number of faces in a step is bounded by the Courant number.

All lanes of a tile go to their next face together; those that have arrived drop out, the others close up. Logarithm
and exponential are polynomials (``polynomials``), which hold while |a2 - a1| dt < 88.

Source: Pollock 1988, Ground Water 26:743, doi 10.1111/j.1745-6584.1988.tb00425.x. Valid for steady flow.
``rushton.lifelines.plain`` says the same in plain Python.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from rushton.lifelines.lanes import (
    C_GO,
    FLAG,
    LANE_GO,
    LEFT,
    R_HIGH,
    R_LOW,
    T_HIGH,
    T_LOW,
    X_GO,
    Y_GO,
    Z_GO,
    Z_HIGH,
    Z_LOW,
    C,
    X,
    Y,
    Z,
    filled,
    prefetch,
)
from rushton.lifelines.layout import APART, FAST, R_IN, R_OUT, T_IN, T_OUT, Z_IN, Z_OUT
from rushton.lifelines.polynomials import growth, mean_inverse

MAX_HOP = 20_000
"""Faces one cell may cross in one step before the step is given up and counted (never seen)."""
_NEVER = 1e300


@nb.njit(**FAST)
def exit_time(u, u_face, distance):
    """Time to a face at ``distance`` when the speed grows linearly from u to u_face; 1e300 unless both are > 0."""
    t = distance * mean_inverse(u, u_face)
    return t if (u > 0.0) & (u_face > 0.0) else _NEVER


@nb.njit(**FAST)
def glide(u, slope, t):
    """Distance covered in time t at the speed u + slope * distance."""
    return u * t * growth(slope * t)


@nb.njit(**FAST)
def clip01(x):
    """x held in 0..1 (rounding at faces)."""
    return min(max(x, 0.0), 1.0)


@nb.njit(**APART)
def _read_records(tile, n, rec):
    """Fluxes of the mesh cells that n lanes under way are in."""
    real, whole = tile.real, tile.whole
    for a in range(n):
        c = whole[C_GO + a]
        real[R_LOW + a], real[R_HIGH + a] = rec[c, R_IN], rec[c, R_OUT]
        real[T_LOW + a], real[T_HIGH + a] = rec[c, T_IN], rec[c, T_OUT]
        real[Z_LOW + a], real[Z_HIGH + a] = rec[c, Z_IN], rec[c, Z_OUT]


@nb.njit(**APART)
def _to_next_face(tile, n, nt, nz):
    """Move n lanes under way to the next face, or to the end of the step; FLAG is 1 where a face was crossed."""
    real, whole = tile.real, tile.whole
    layer = nt * nz
    per_layer, per_z = 1.0 / layer, 1.0 / nz
    for a in range(n):
        x, y, z, left = real[X_GO + a], real[Y_GO + a], real[Z_GO + a], real[LEFT + a]
        a1, b1, g1 = real[R_LOW + a], real[T_LOW + a], real[Z_LOW + a]
        a2, b2, g2 = real[R_HIGH + a], real[T_HIGH + a], real[Z_HIGH + a]
        sa, sb, sg = a2 - a1, b2 - b1, g2 - g1
        u, v, w = a1 + sa * x, b1 + sb * y, g1 + sg * z
        tx = exit_time(abs(u), a2 if u > 0.0 else -a1, 1.0 - x if u > 0.0 else x)
        ty = exit_time(abs(v), b2 if v > 0.0 else -b1, 1.0 - y if v > 0.0 else y)
        tz = exit_time(abs(w), g2 if w > 0.0 else -g1, 1.0 - z if w > 0.0 else z)
        t = min(min(tx, ty), min(tz, left))
        by_x = (tx < left) & (tx <= t)
        by_y = (ty < left) & (ty <= t) & (not by_x)
        by_z = (tz < left) & (tz <= t) & (not by_x) & (not by_y)
        x_end, y_end, z_end = clip01(x + glide(u, sa, t)), clip01(y + glide(v, sb, t)), clip01(z + glide(w, sg, t))
        real[X_GO + a] = (0.0 if u > 0.0 else 1.0) if by_x else x_end
        real[Y_GO + a] = (0.0 if v > 0.0 else 1.0) if by_y else y_end
        real[Z_GO + a] = (0.0 if w > 0.0 else 1.0) if by_z else z_end
        real[LEFT + a] = left - t
        c = whole[C_GO + a]
        rest = c - np.int64((np.float64(c) + 0.5) * per_layer) * layer
        j = np.int64((np.float64(rest) + 0.5) * per_z)
        onward = nz if j < nt - 1 else nz - layer
        back = -nz if j > 0 else layer - nz
        hop = (layer if u > 0.0 else -layer) if by_x else 0
        hop += (onward if v > 0.0 else back) if by_y else 0
        hop += (1 if w > 0.0 else -1) if by_z else 0
        whole[C_GO + a] = c + hop
        whole[FLAG + a] = 1 if (by_x | by_y | by_z) else 0


@nb.njit(**APART)
def _close_up(tile, n, record):
    """Note where n lanes under way have got to; those that crossed a face close up. Their number."""
    real, whole = tile.real, tile.whole
    m = 0
    for a in range(n):
        x, y, z, left = real[X_GO + a], real[Y_GO + a], real[Z_GO + a], real[LEFT + a]
        c, lane = whole[C_GO + a], whole[LANE_GO + a]
        prefetch(record, c)
        real[X + lane], real[Y + lane], real[Z + lane], whole[C + lane] = x, y, z, c
        real[X_GO + m], real[Y_GO + m], real[Z_GO + m], real[LEFT + m] = x, y, z, left
        whole[C_GO + m], whole[LANE_GO + m] = c, lane
        m += whole[FLAG + a]
    return m


@nb.njit(**APART)
def advect(tile, n, field, dt):
    """Carry the cells of n lanes along the face-flux velocity for a time dt.

    Returns
    -------
    hops, given_up : int
        Faces crossed; lanes whose step was given up at MAX_HOP.
    """
    real, whole = tile.real, tile.whole
    nt, nz = field.shape[1], field.shape[2]
    for a in range(filled(n, 8)):
        real[X_GO + a], real[Y_GO + a], real[Z_GO + a] = real[X + a], real[Y + a], real[Z + a]
        real[LEFT + a] = dt
        whole[C_GO + a], whole[LANE_GO + a] = whole[C + a], a
    hops = 0
    for _ in range(MAX_HOP):
        _read_records(tile, n, field.record)
        _to_next_face(tile, filled(n, 8), nt, nz)
        n = _close_up(tile, n, field.record)
        if n == 0:
            break
        hops += n
    return hops, n
