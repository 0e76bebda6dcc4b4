"""Advection of a cell through face fluxes, exact within every mesh cell (Pollock's method).

    dx/dt = u = a1 + (a2 - a1) x                  lowest-order Raviart-Thomas velocity, linear in the fraction x
    time to the face ahead:  t = ln(a2 / u) / (a2 - a1)
    after a time t:          x + u (exp((a2 - a1) t) - 1) / (a2 - a1)

    a1, a2   flux over mesh-cell volume at the lower and upper face, 1/s         x   fraction of the mesh cell, -

The divergence-free flux makes (a2 - a1) sum to zero over the three directions: the map keeps volume exactly, so a
uniform cloud stays uniform. The flux has one sign on both sides of a face, so a cell never goes back and forth
through it: the number of faces in a step is bounded by the Courant number.

Source: Pollock 1988, Ground Water 26:743, doi 10.1111/j.1745-6584.1988.tb00425.x. Valid for steady flow.
Polynomials replace logarithm and exponential where their arguments are not large; they agree to 1e-8, as float32
fluxes do. The three directions run through the same arithmetic without branches, and polynomials are added up in
pairs: a wrongly foreseen branch costs a processor as much as one direction, and most of the rest is waiting for the
operation before. ``rushton.lifelines.plain`` says the same in plain Python.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.layout import FAST, R_IN, R_OUT, T_IN, T_OUT, Z_IN, Z_OUT

MAX_HOP = 20_000
"""Faces one cell may cross in one step before the step is given up and counted (never seen)."""

NEVER = 1e300
"""Time to a face that is not reached, s."""


@nb.njit(**FAST)
def artanh_ratio(w2):
    """artanh(w) / w for w^2 below 1/4, to 2e-9: Chebyshev fit."""
    w4 = w2 * w2
    low = (1.000000001 + w2 * 0.3333328779) + w4 * (0.2000288074 + w2 * 0.1421817229)
    return low + (w4 * w4) * ((0.1185213041 + w2 * 0.05050980836) + w4 * 0.1776714296)


@nb.njit(**FAST)
def expm1_ratio(a):
    """(exp(a) - 1) / a, to 1e-8: Chebyshev fit at a / 2 and exp(a) - 1 = h (2 + h), h = exp(a / 2) - 1."""
    if abs(a) > 1.0:
        return (math.exp(a) - 1.0) / a
    b = 0.5 * a
    b2 = b * b
    low = (1.0 + b * 0.5000000426) + b2 * (0.1666666714 + b * 0.04166530419)
    g = low + (b2 * b2) * ((0.008333182071 + b * 0.001399777338) + b2 * 0.0001996217627)
    return g * (1.0 + 0.5 * b * g)


@nb.njit(**FAST)
def exit_time(u, lower, upper, x, most):
    """Time to the face ahead, s, at the rate u (1/s) from x, or NEVER; correct up to ``most``.

    The rate grows linearly to that of the face, lower or upper; where that one points back the face is not reached.
    """
    ahead = u > 0.0
    speed = abs(u)
    face = upper if ahead else -lower
    distance = 1.0 - x if ahead else x
    total = speed + face
    over = 1.0 / total
    w = (face - speed) * over
    near = abs(w) < 0.5  # ln(face / speed) = 2 artanh w
    t = 2.0 * distance * over * artanh_ratio(w * w) if near else NEVER
    if (not near) & (face > 0.0) & (distance < most * max(speed, face)):
        t = distance * math.log(face / speed) / (face - speed)
    return t


@nb.njit(**FAST)
def clip01(x):
    """x held in 0..1 (rounding at faces)."""
    return min(max(x, 0.0), 1.0)


@nb.njit(**FAST)
def advect(field, c, i, j, k, x, y, z, dt):
    """Carry one cell along the face-flux velocity for a time dt.

    Returns
    -------
    c, i, j, k, x, y, z, hops
        hops = MAX_HOP if the step was given up.
    """
    rec = field.record
    nt, nz = field.shape[1], field.shape[2]
    left = dt
    for hop in range(MAX_HOP):
        a1, b1, g1 = np.float64(rec[c, R_IN]), np.float64(rec[c, T_IN]), np.float64(rec[c, Z_IN])
        a2, b2, g2 = np.float64(rec[c, R_OUT]), np.float64(rec[c, T_OUT]), np.float64(rec[c, Z_OUT])
        sa, sb, sg = a2 - a1, b2 - b1, g2 - g1
        u, v, w = a1 + sa * x, b1 + sb * y, g1 + sg * z
        tr = exit_time(u, a1, a2, x, left)
        tt = exit_time(v, b1, b2, y, left)
        tz = exit_time(w, g1, g2, z, left)
        t = min(tr, min(tt, tz))
        if t >= left:
            x = clip01(x + u * left * expm1_ratio(sa * left))
            y = clip01(y + v * left * expm1_ratio(sb * left))
            z = clip01(z + w * left * expm1_ratio(sg * left))
            return c, i, j, k, x, y, z, hop
        x = clip01(x + u * t * expm1_ratio(sa * t))
        y = clip01(y + v * t * expm1_ratio(sb * t))
        z = clip01(z + w * t * expm1_ratio(sg * t))
        left -= t
        # over the face: the same for all three, so that nothing has to be foreseen
        in_t = tt <= t
        in_z = (tz <= t) & (not in_t)
        in_r = not (in_t | in_z)
        y = (0.0 if v > 0.0 else 1.0) if in_t else y
        z = (0.0 if w > 0.0 else 1.0) if in_z else z
        x = (0.0 if u > 0.0 else 1.0) if in_r else x
        j += in_t * (1 if v > 0.0 else -1)
        k += in_z * (1 if w > 0.0 else -1)
        i += in_r * (1 if u > 0.0 else -1)
        j = 0 if j == nt else j
        j = nt - 1 if j < 0 else j
        c = (i * nt + j) * nz + k
    return c, i, j, k, x, y, z, MAX_HOP
