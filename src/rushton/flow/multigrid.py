"""Pressure equation: conjugate gradients preconditioned by one multigrid V-cycle made for the r-theta-z grid.

    sum over faces c_f (p_nb - p) = q          c_f face coefficients, zero at walls: a singular, consistent system

* smoother: every ring (theta line) solved exactly, red-black in (i + k), twice going down, and black-red twice on the
  way up, so that the cycle is symmetric; the ring removes the stiffness near the axis;
* coarsening by two in r and z, never in theta; transfer piecewise constant; a coarse coefficient is the sum of the fine
  ones on its face, times ``OVER`` = 0.75 where that direction is coarsened (plain Galerkin, 1.0, overestimates the
  stiffness of piecewise-constant corrections: Braess 1995, Computing 55:379);
* thin walls are zero face coefficients and need nothing else.

The rings are factorised once per pressure matrix; solves are free of divisions. Levels are kept in single precision,
which halves the memory traffic that bounds the smoother; the conjugate gradients are in double precision with the
matrix of the single-precision coefficients. That matrix is symmetric and conservative all the same, and what its
rounding leaves of the divergence, about 1e-7 of it, is removed by the next pressure solve.

All threads run the whole algorithm, each on its planes of the larger levels, and meet between two kernels
(``rushton.barrier``); small levels are left to the first. Sums are formed per plane and added up in the order of the
planes by every thread: all take the same decisions, and the digits do not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from rushton.barrier import wait_for_all
from rushton.cores import ALONE, Team
from rushton.flow.momentum import OPTIONS

OVER = 0.75
SWEEPS = 2
"""With 1 and 0.6 a reduction to 0.02 took 11 to 13 iterations of the same total cost at 1e5 mesh cells, now 6 to 7."""
COARSE_SWEEPS = 4
SHARED = 2000
"""Mesh cells of a level from which on its planes are shared out among threads."""


@dataclass
class Level:
    """One grid level: face coefficients cr (n1+1, nt, n3), ct (n1, nt, n3), cz (n1, nt, n3+1), factors, work arrays.

    The arrays of all levels lie one behind the other in memory, so that one kernel can work on any number of levels.
    """

    cr: np.ndarray
    ct: np.ndarray
    cz: np.ndarray
    inv: np.ndarray
    q: np.ndarray
    fac: np.ndarray
    x: np.ndarray
    b: np.ndarray


def level_shapes(n1: int, nt: int, n3: int) -> list[tuple[int, int, int]]:
    """Shapes of the levels, from the finest to the coarsest: r and z are halved while they have more than two."""
    shapes = [(n1, nt, n3)]
    while n1 > 2 or n3 > 2:
        n1 = (n1 + 1) // 2 if n1 > 2 else n1
        n3 = (n3 + 1) // 2 if n3 > 2 else n3
        shapes.append((n1, nt, n3))
    return shapes


@njit(**OPTIONS)
def _factor(lo, hi, cr, ct, cz, inv, q, fac, pin):
    """Factorise the rings of some planes: inv = 1 / pivot (0 in mesh cells without neighbours), q = T^-1 u, fac =
    1 / (1 + v.q) of the Sherman-Morrison correction."""
    n1, n2, n3 = ct.shape
    last = n2 - 1
    for i in range(lo, hi):
        for j in range(n2):
            jp = j + 1 if j < last else 0
            for k in range(n3):
                c0, c1 = ct[i, j, k], ct[i, jp, k]
                diag = c0 + c1 + cr[i, j, k] + cr[i + 1, j, k] + cz[i, j, k] + cz[i, j, k + 1]
                there = diag > 0.0
                diag = diag * pin if there else 1.0
                if j == 0:
                    inv[i, 0, k] = 0.5 / diag if there else 0.0
                    q[i, 0, k] = -0.5 if there else 0.0
                    fac[i, k] = c0 / diag
                else:
                    u = 0.0
                    if j == last:
                        diag += fac[i, k] * c1
                        u = -c1
                    pivot = 1.0 / (diag - c0 * c0 * inv[i, j - 1, k]) if there else 0.0
                    inv[i, j, k] = pivot
                    q[i, j, k] = (u + c0 * q[i, j - 1, k]) * pivot
        for jj in range(n2 - 1):
            j = n2 - 2 - jj
            for k in range(n3):
                q[i, j, k] += ct[i, j + 1, k] * inv[i, j, k] * q[i, j + 1, k]
        for k in range(n3):
            fac[i, k] = 1.0 / (1.0 + q[i, 0, k] + fac[i, k] * q[i, last, k])


@njit(**OPTIONS)
def _smooth(lo, hi, cr, ct, cz, inv, q, fac, b, x, colour, from_zero):
    """Solve the rings of one colour of (i + k); with ``from_zero`` x is zero before.

    All rings of a plane are computed side by side and those of the other colour dropped: twice the arithmetic on
    contiguous numbers takes less time than every second number.
    """
    n1, n2, n3 = ct.shape
    last = n2 - 1
    y = np.empty((n2, n3), x.dtype)
    f = np.empty(n3, x.dtype)
    keep = np.empty(n3, x.dtype)
    two = np.float32(2.0)
    for i in range(lo, hi):
        for k in range(n3):
            keep[k] = 1 - ((i + k + colour) & 1)
        for j in range(n2):
            for k in range(n3):
                y[j, k] = b[i, j, k]
            if not from_zero:
                if i > 0:
                    for k in range(n3):
                        y[j, k] += cr[i, j, k] * x[i - 1, j, k]
                if i < n1 - 1:
                    for k in range(n3):
                        y[j, k] += cr[i + 1, j, k] * x[i + 1, j, k]
                for k in range(1, n3):
                    y[j, k] += cz[i, j, k] * x[i, j, k - 1]
                for k in range(n3 - 1):
                    y[j, k] += cz[i, j, k + 1] * x[i, j, k + 1]
            if j == 0:
                for k in range(n3):
                    y[0, k] *= inv[i, 0, k]
            else:
                for k in range(n3):
                    y[j, k] = (y[j, k] + ct[i, j, k] * y[j - 1, k]) * inv[i, j, k]
        for jj in range(n2 - 1):
            j = n2 - 2 - jj
            for k in range(n3):
                y[j, k] += ct[i, j + 1, k] * inv[i, j, k] * y[j + 1, k]
        for k in range(n3):
            # v = (1, 0.., c_0 / diagonal_0) with 1 / diagonal_0 = 2 inv_0
            f[k] = (y[0, k] + ct[i, 0, k] * two * inv[i, 0, k] * y[last, k]) * fac[i, k]
        for j in range(n2):
            if from_zero:
                for k in range(n3):
                    x[i, j, k] = keep[k] * (y[j, k] - f[k] * q[i, j, k])
            else:
                for k in range(n3):
                    x[i, j, k] += keep[k] * (y[j, k] - f[k] * q[i, j, k] - x[i, j, k])


@njit(**OPTIONS)
def _restrict_residual(lo, hi, cr, ct, cz, b, x, coarse, fr, fz):
    """coarse = sum of b - A x, A x = sum of c (x - x_nb), over the fine cells of each coarse cell.

    lo, hi are coarse planes; ``fr``, ``fz`` are 1 (kept) or 2 (halved).
    """
    n1, n2, n3 = ct.shape
    s = np.empty(n3, x.dtype)
    for i2 in range(lo, hi):
        coarse[i2] = 0.0
        for i in range(i2 * fr, min(i2 * fr + fr, n1)):
            for j in range(n2):
                jm = j - 1 if j > 0 else n2 - 1
                jp = j + 1 if j < n2 - 1 else 0
                for k in range(n3):
                    v = x[i, j, k]
                    s[k] = b[i, j, k] + ct[i, j, k] * (x[i, jm, k] - v) + ct[i, jp, k] * (x[i, jp, k] - v)
                if i > 0:
                    for k in range(n3):
                        s[k] += cr[i, j, k] * (x[i - 1, j, k] - x[i, j, k])
                if i < n1 - 1:
                    for k in range(n3):
                        s[k] += cr[i + 1, j, k] * (x[i + 1, j, k] - x[i, j, k])
                for k in range(1, n3):
                    s[k] += cz[i, j, k] * (x[i, j, k - 1] - x[i, j, k])
                for k in range(n3 - 1):
                    s[k] += cz[i, j, k + 1] * (x[i, j, k + 1] - x[i, j, k])
                if fz == 1:
                    for k in range(n3):
                        coarse[i2, j, k] += s[k]
                else:
                    for k in range(n3 // 2):
                        coarse[i2, j, k] += s[2 * k] + s[2 * k + 1]
                    if n3 % 2:
                        coarse[i2, j, n3 // 2] += s[n3 - 1]


@njit(**OPTIONS)
def _prolong(lo, hi, coarse, x, fr, fz):
    """x += coarse value, by fine planes."""
    n1, n2, n3 = x.shape
    for i in range(lo, hi):
        i2 = i // fr
        for j in range(n2):
            if fz == 1:
                for k in range(n3):
                    x[i, j, k] += coarse[i2, j, k]
            else:
                for k in range(n3 // 2):
                    x[i, j, 2 * k] += coarse[i2, j, k]
                    x[i, j, 2 * k + 1] += coarse[i2, j, k]
                if n3 % 2:
                    x[i, j, n3 - 1] += coarse[i2, j, n3 // 2]


@njit(**OPTIONS)
def _coarsen(lo, hi, cr, ct, cz, cr2, ct2, cz2, fr, fz, wr, wz):
    """Coarse face coefficients, by coarse planes: sums of fine ones times ``wr``, ``wz``."""
    n1, n2, n3 = ct.shape
    m3 = ct2.shape[2]
    for i2 in range(lo, hi):
        ct2[i2] = 0.0
        cr2[i2] = 0.0
        cz2[i2] = 0.0
        for i in range(i2 * fr, min(i2 * fr + fr, n1)):
            for j in range(n2):
                for k2 in range(m3):
                    k = k2 * fz
                    cz2[i2, j, k2] += wz * cz[i, j, k]
                    sum_t, sum_r = ct[i, j, k], cr[i, j, k]
                    if fz == 2 and k + 1 < n3:
                        sum_t += ct[i, j, k + 1]
                        sum_r += cr[i, j, k + 1]
                    ct2[i2, j, k2] += sum_t
                    if i == i2 * fr:
                        cr2[i2, j, k2] = wr * sum_r


@njit(**OPTIONS)
def _centre(lo, hi, rhs, inv, part, count):
    """Per plane the sum of ``rhs`` and the number of mesh cells that have neighbours."""
    n1, n2, n3 = rhs.shape
    for i in range(lo, hi):
        s = n = 0.0
        for j in range(n2):
            for k in range(n3):
                s += rhs[i, j, k]
                n += 1.0 if inv[i, j, k] > 0.0 else 0.0
        part[i] = s
        count[i] = n


@njit(**OPTIONS)
def _start(lo, hi, rhs, inv, mean, x, r, part):
    """x = 0, r = rhs less its mean; r.r per plane."""
    n1, n2, n3 = rhs.shape
    for i in range(lo, hi):
        s = 0.0
        for j in range(n2):
            for k in range(n3):
                v = rhs[i, j, k] - (mean if inv[i, j, k] > 0.0 else 0.0)
                x[i, j, k] = 0.0
                r[i, j, k] = v
                s += v * v
        part[i] = s


@njit(**OPTIONS)
def _scaled(lo, hi, r, scale, b):
    """b = scale r, in single precision."""
    n1, n2, n3 = r.shape
    for i in range(lo, hi):
        for j in range(n2):
            for k in range(n3):
                b[i, j, k] = scale * r[i, j, k]


@njit(**OPTIONS)
def _dot(lo, hi, a, b, part):
    """a.b per plane."""
    n1, n2, n3 = a.shape
    for i in range(lo, hi):
        s = 0.0
        for j in range(n2):
            for k in range(n3):
                s += a[i, j, k] * b[i, j, k]
        part[i] = s


@njit(**OPTIONS)
def _direction(lo, hi, z, scale, p, beta):
    """p = scale z + beta p."""
    n1, n2, n3 = p.shape
    for i in range(lo, hi):
        for j in range(n2):
            for k in range(n3):
                p[i, j, k] = scale * z[i, j, k] + beta * p[i, j, k]


@njit(**OPTIONS)
def _apply(lo, hi, cr, ct, cz, p, ap, part):
    """ap = A p, A p = sum of c (p - p_nb); p.ap per plane."""
    n1, n2, n3 = ct.shape
    for i in range(lo, hi):
        total = 0.0
        for j in range(n2):
            jm = j - 1 if j > 0 else n2 - 1
            jp = j + 1 if j < n2 - 1 else 0
            for k in range(n3):
                v = p[i, j, k]
                ap[i, j, k] = ct[i, j, k] * (v - p[i, jm, k]) + ct[i, jp, k] * (v - p[i, jp, k])
            if i > 0:
                for k in range(n3):
                    ap[i, j, k] += cr[i, j, k] * (p[i, j, k] - p[i - 1, j, k])
            if i < n1 - 1:
                for k in range(n3):
                    ap[i, j, k] += cr[i + 1, j, k] * (p[i, j, k] - p[i + 1, j, k])
            for k in range(1, n3):
                ap[i, j, k] += cz[i, j, k] * (p[i, j, k] - p[i, j, k - 1])
            for k in range(n3 - 1):
                ap[i, j, k] += cz[i, j, k + 1] * (p[i, j, k] - p[i, j, k + 1])
            for k in range(n3):
                total += p[i, j, k] * ap[i, j, k]
        part[i] = total


@njit(**OPTIONS)
def _step(lo, hi, x, p, r, ap, alpha, part):
    """x += alpha p, r -= alpha A p; r.r per plane."""
    n1, n2, n3 = x.shape
    for i in range(lo, hi):
        s = 0.0
        for j in range(n2):
            for k in range(n3):
                x[i, j, k] += alpha * p[i, j, k]
                v = r[i, j, k] - alpha * ap[i, j, k]
                r[i, j, k] = v
                s += v * v
        part[i] = s


@njit(**OPTIONS)
def _span(planes, who, of, shared):
    """Planes of one thread: its share of them, or all for the first and none for the others."""
    if shared:
        return who * planes // of, (who + 1) * planes // of
    return (0, planes) if who == 0 else (0, 0)


@njit(**OPTIONS)
def _level(n, shapes, starts, cr, ct, cz, inv, q, fac, x, b):
    """The arrays of level n out of those that hold all levels."""
    n1, nt, n3 = shapes[n, 0], shapes[n, 1], shapes[n, 2]
    o, size = starts[n, 1], n1 * nt * n3
    o_r, o_z, o_f = starts[n, 0], starts[n, 2], starts[n, 3]
    return (
        cr[o_r : o_r + (n1 + 1) * nt * n3].reshape((n1 + 1, nt, n3)),
        ct[o : o + size].reshape((n1, nt, n3)),
        cz[o_z : o_z + n1 * nt * (n3 + 1)].reshape((n1, nt, n3 + 1)),
        inv[o : o + size].reshape((n1, nt, n3)),
        q[o : o + size].reshape((n1, nt, n3)),
        fac[o_f : o_f + n1 * n3].reshape((n1, n3)),
        x[o : o + size].reshape((n1, nt, n3)),
        b[o : o + size].reshape((n1, nt, n3)),
    )


@njit(**OPTIONS)
def _sweeps(who, of, gate, cr, ct, cz, inv, q, fac, b, x, first, times, from_zero):
    """Smooth ``times`` times, colour ``first`` before the other."""
    n1 = ct.shape[0]
    shared = ct.size >= SHARED
    lo, hi = _span(n1, who, of, shared)
    for n in range(2 * times):
        colour = first if n % 2 == 0 else 1 - first
        _smooth(lo, hi, cr, ct, cz, inv, q, fac, b, x, colour, from_zero and n == 0)
        if shared:
            wait_for_all(gate, of)


@njit(**OPTIONS)
def _cycle(who, of, gate, shapes, starts, cr, ct, cz, inv, q, fac, x, b):
    """One V-cycle from x = 0 for the right-hand side b of the finest level."""
    last = shapes.shape[0] - 1
    for n in range(last + 1):
        v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_x, v_b = _level(n, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
        _sweeps(who, of, gate, v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_b, v_x, 0, SWEEPS, True)
        if n == last:
            _sweeps(who, of, gate, v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_b, v_x, 0, COARSE_SWEEPS - SWEEPS, False)
            _sweeps(who, of, gate, v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_b, v_x, 1, COARSE_SWEEPS, False)
            break
        w_b = _level(n + 1, shapes, starts, cr, ct, cz, inv, q, fac, x, b)[7]
        fr, fz = (2 if shapes[n, 0] > 2 else 1), (2 if shapes[n, 2] > 2 else 1)
        lo, hi = _span(w_b.shape[0], who, of, v_x.size >= SHARED)
        _restrict_residual(lo, hi, v_cr, v_ct, v_cz, v_b, v_x, w_b, fr, fz)
        if v_x.size >= SHARED:
            wait_for_all(gate, of)
    for m in range(last):
        n = last - 1 - m
        v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_x, v_b = _level(n, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
        w_x = _level(n + 1, shapes, starts, cr, ct, cz, inv, q, fac, x, b)[6]
        fr, fz = (2 if shapes[n, 0] > 2 else 1), (2 if shapes[n, 2] > 2 else 1)
        if v_x.size >= SHARED and w_x.size < SHARED:
            wait_for_all(gate, of)  # the first thread was alone below
        lo, hi = _span(v_x.shape[0], who, of, v_x.size >= SHARED)
        _prolong(lo, hi, w_x, v_x, fr, fz)
        if v_x.size >= SHARED:
            wait_for_all(gate, of)
        _sweeps(who, of, gate, v_cr, v_ct, v_cz, v_inv, v_q, v_fac, v_b, v_x, 1, SWEEPS, False)


@njit(**OPTIONS)
def _set(who, of, gate, shapes, starts, cr, ct, cz, inv, q, fac, x, b):
    """Coarse levels and factors of all rings for the coefficients of the finest level."""
    last = shapes.shape[0] - 1
    for n in range(last + 1):
        v_cr, v_ct, v_cz, v_inv, v_q, v_fac, _, _ = _level(n, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
        shared = v_ct.size >= SHARED
        if n < last:
            w_cr, w_ct, w_cz, _, _, _, _, _ = _level(n + 1, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
            fr, fz = (2 if shapes[n, 0] > 2 else 1), (2 if shapes[n, 2] > 2 else 1)
            wr, wz = (OVER if fr == 2 else 1.0), (OVER if fz == 2 else 1.0)
            lo, hi = _span(w_ct.shape[0], who, of, shared)
            _coarsen(lo, hi, v_cr, v_ct, v_cz, w_cr, w_ct, w_cz, fr, fz, wr, wz)
        # the coarsest level holds the constant mode; a thousandth on its diagonal keeps it solvable
        lo, hi = _span(v_ct.shape[0], who, of, shared)
        _factor(lo, hi, v_cr, v_ct, v_cz, v_inv, v_q, v_fac, 1.001 if n == last else 1.0)
        if shared:
            wait_for_all(gate, of)


@njit(**OPTIONS)
def _conjugate_gradients(
    who, of, gate, shapes, starts, cr, ct, cz, inv, q, fac, x, b, rhs, solution, r, p, ap, part, tolerance, most, done
):
    """Solve from zero; ``done`` (2,) takes the iterations and the reduction reached; ``part`` (6, nr) sums per plane.

    Every sum has a row of its own: a thread may still add one up while another writes the next.
    """
    c_r, c_t, c_z, inv0, _, _, z, b0 = _level(0, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
    lo, hi = _span(rhs.shape[0], who, of, True)
    # rounding leaves a trace of the constant mode, which the singular system cannot answer
    _centre(lo, hi, rhs, inv0, part[0], part[1])
    wait_for_all(gate, of)
    mean = part[0].sum() / max(part[1].sum(), 1.0)
    _start(lo, hi, rhs, inv0, mean, solution, r, part[2])
    wait_for_all(gate, of)
    norm0 = math.sqrt(part[2].sum())
    norm, rz_old, reduction, n = norm0, 1.0, 1.0, 0
    if norm0 == 0.0:
        reduction = 0.0
    while n < most and reduction >= tolerance and norm > 0.0:
        # scaled to the size of one, so that single precision neither over- nor underflows
        _scaled(lo, hi, r, 1.0 / norm, b0)
        _cycle(who, of, gate, shapes, starts, cr, ct, cz, inv, q, fac, x, b)
        _dot(lo, hi, r, z, part[3])
        wait_for_all(gate, of)
        rz = norm * part[3].sum()
        _direction(lo, hi, z, norm, p, rz / rz_old if n else 0.0)
        wait_for_all(gate, of)
        _apply(lo, hi, c_r, c_t, c_z, p, ap, part[4])
        wait_for_all(gate, of)
        _step(lo, hi, solution, p, r, ap, rz / part[4].sum(), part[5])
        wait_for_all(gate, of)
        norm = math.sqrt(part[5].sum())
        reduction = norm / norm0
        rz_old = rz
        n += 1
    if who == 0:
        done[0] = n
        done[1] = reduction


class PressureSolver:
    """Multigrid-preconditioned conjugate gradients on one grid; allocate once, ``set`` a matrix, ``solve`` often.

    Parameters
    ----------
    shape : (nr, nt, nz)
    team : Team
        Threads that share the planes of the larger levels.
    """

    def __init__(self, shape: tuple[int, int, int], team: Team = ALONE) -> None:
        self.team = team
        shapes = level_shapes(*shape)
        # per level: start of r faces, of mesh cells (and theta faces), of z faces, of rings
        sizes = [((n1 + 1) * nt * n3, n1 * nt * n3, n1 * nt * (n3 + 1), n1 * n3) for n1, nt, n3 in shapes]
        ends = np.cumsum(sizes, axis=0)
        kinds = (0, 1, 2, 1, 1, 3, 1, 1)  # of cr, ct, cz, inv, q, fac, x, b
        self._shapes, self._starts = np.array(shapes, np.int64), ends - np.array(sizes)
        self._arrays = tuple(np.zeros(ends[-1, kind], np.float32) for kind in kinds)
        self.levels = [Level(*_level(n, self._shapes, self._starts, *self._arrays)) for n in range(len(shapes))]
        self._r, self._p, self._ap = (np.zeros(shape) for _ in range(3))
        self._part, self._done = np.zeros((6, shape[0])), np.zeros(2)
        self.iterations = 0

    @property
    def coefficients(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Face coefficients (cr, ct, cz) of the finest level, to be filled before ``set``."""
        top = self.levels[0]
        return top.cr, top.ct, top.cz

    def set(self) -> None:
        """Build coarse levels and factorise all rings for the coefficients now in place."""
        self.team.together(_set, self._shapes, self._starts, *self._arrays)

    def solve(self, rhs: np.ndarray, x: np.ndarray, tolerance: float, max_iterations: int) -> float:
        """Solve A x = rhs, A x = sum c (x - x_nb), from x = 0, in place.

        Parameters
        ----------
        rhs : (nr, nt, nz) float
            Right-hand side, must sum to zero over connected mesh cells.
        x : (nr, nt, nz) float
            Overwritten by the solution.
        tolerance : float
            Wanted reduction of the Euclidean norm of the residual.
        max_iterations : int

        Returns
        -------
        float
            Reduction reached. ``iterations`` keeps the count.
        """
        self.team.together(
            _conjugate_gradients, self._shapes, self._starts, *self._arrays,
            rhs, x, self._r, self._p, self._ap, self._part, tolerance, max_iterations, self._done,
        )  # fmt: skip
        self.iterations = int(self._done[0])
        return float(self._done[1])
