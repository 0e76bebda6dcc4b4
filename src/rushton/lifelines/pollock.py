"""Advection of a cell through face fluxes, exact within every mesh cell (Pollock's method).

    dx/dt = u = a1 + (a2 - a1) x                  lowest-order Raviart-Thomas velocity, linear in the fraction x
    time to the face ahead:  t = ln(a2 / u) / (a2 - a1)
    after a time t:          x + u (exp((a2 - a1) t) - 1) / (a2 - a1)

    a1, a2   flux over mesh-cell volume at the lower and upper face, 1/s         x   fraction of the mesh cell, -

The divergence-free flux makes (a2 - a1) sum to zero over the three directions: the map keeps volume exactly, so a
uniform cloud stays uniform. The flux has one sign on both sides of a face, so a cell never goes back and forth
through it: the number of faces in a step is bounded by the Courant number.

Source: Pollock 1988, Ground Water 26:743, doi 10.1111/j.1745-6584.1988.tb00425.x. Valid for steady flow.
Series replace logarithm and exponential where their arguments are small; they agree to 1e-8, as float32 fluxes do.
``rushton.lifelines.plain`` says the same in plain Python.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.layout import FAST, R_IN, R_OUT, T_IN, T_OUT, Z_IN, Z_OUT

MAX_HOP = 20_000
"""Faces one cell may cross in one step before the step is given up and counted (never seen)."""


@nb.njit(**FAST)
def exit_time(u, u_face, distance):
    """Time to a face at ``distance`` when the speed grows linearly from u to u_face (both > 0)."""
    total = u + u_face
    w = (u_face - u) / total
    if -0.2 < w < 0.2:  # ln(u_face/u) = 2 artanh w
        w2 = w * w
        series = 1.0 + w2 * (1 / 3 + w2 * (1 / 5 + w2 * (1 / 7 + w2 * (1 / 9 + w2 * (1 / 11)))))
        return 2.0 * distance / total * series
    return distance * math.log(u_face / u) / (u_face - u)


@nb.njit(**FAST)
def glide(u, slope, t):
    """Distance covered in time t at the speed u + slope * distance."""
    a = slope * t
    if -0.25 < a < 0.25:
        return u * t * (1.0 + a * (1 / 2 + a * (1 / 6 + a * (1 / 24 + a * (1 / 120 + a * (1 / 720 + a * (1 / 5040)))))))
    return u * (math.exp(a) - 1.0) / slope


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
    layer = nt * nz
    left = dt
    for hop in range(MAX_HOP):
        a1, b1, g1 = np.float64(rec[c, R_IN]), np.float64(rec[c, T_IN]), np.float64(rec[c, Z_IN])
        a2, b2, g2 = np.float64(rec[c, R_OUT]), np.float64(rec[c, T_OUT]), np.float64(rec[c, Z_OUT])
        sa, sb, sg = a2 - a1, b2 - b1, g2 - g1
        u, v, w = a1 + sa * x, b1 + sb * y, g1 + sg * z
        t = left
        leave = 0
        if u > 0.0:
            if a2 > 0.0 and 1.0 - x < t * max(u, a2):
                te = exit_time(u, a2, 1.0 - x)
                if te < t:
                    t, leave = te, 1
        elif a1 < 0.0 and u < 0.0 and x < t * max(-u, -a1):
            te = exit_time(-u, -a1, x)
            if te < t:
                t, leave = te, 2
        if v > 0.0:
            if b2 > 0.0 and 1.0 - y < t * max(v, b2):
                te = exit_time(v, b2, 1.0 - y)
                if te < t:
                    t, leave = te, 3
        elif b1 < 0.0 and v < 0.0 and y < t * max(-v, -b1):
            te = exit_time(-v, -b1, y)
            if te < t:
                t, leave = te, 4
        if w > 0.0:
            if g2 > 0.0 and 1.0 - z < t * max(w, g2):
                te = exit_time(w, g2, 1.0 - z)
                if te < t:
                    t, leave = te, 5
        elif g1 < 0.0 and w < 0.0 and z < t * max(-w, -g1):
            te = exit_time(-w, -g1, z)
            if te < t:
                t, leave = te, 6
        x = clip01(x + glide(u, sa, t))
        y = clip01(y + glide(v, sb, t))
        z = clip01(z + glide(w, sg, t))
        if leave == 0:
            return c, i, j, k, x, y, z, hop
        left -= t
        if leave == 3:
            j, c, y = j + 1, c + nz, 0.0
            if j == nt:
                j, c = 0, c - layer
        elif leave == 4:
            j, c, y = j - 1, c - nz, 1.0
            if j < 0:
                j, c = nt - 1, c + layer
        elif leave == 5:
            k, c, z = k + 1, c + 1, 0.0
        elif leave == 6:
            k, c, z = k - 1, c - 1, 1.0
        elif leave == 1:
            i, c, x = i + 1, c + layer, 0.0
        else:
            i, c, x = i - 1, c - layer, 1.0
    return c, i, j, k, x, y, z, MAX_HOP
