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
rounding leaves of the divergence, about 1e-7 of it, is removed by the next pressure solve. Sums are formed per plane
(``rushton.cores``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.flow.momentum import OPTIONS

OVER = 0.75
SWEEPS = 2
"""With 1 and 0.6 a reduction to 0.02 took 11 to 13 iterations of the same total cost at 1e5 mesh cells, now 6 to 7."""
COARSE_SWEEPS = 4
SHARED = 8000
"""Mesh cells of a level from which on its planes are shared out among threads."""


@dataclass
class Level:
    """One grid level: face coefficients cr (n1+1, nt, n3), ct (n1, nt, n3), cz (n1, nt, n3+1), factors, work arrays."""

    cr: np.ndarray
    ct: np.ndarray
    cz: np.ndarray
    inv: np.ndarray
    q: np.ndarray
    fac: np.ndarray
    x: np.ndarray
    b: np.ndarray
    half_r: bool
    half_z: bool

    @classmethod
    def of(cls, n1: int, nt: int, n3: int) -> Level:
        def zeros(*shape: int) -> np.ndarray:
            return np.zeros(shape, np.float32)

        return cls(
            cr=zeros(n1 + 1, nt, n3),
            ct=zeros(n1, nt, n3),
            cz=zeros(n1, nt, n3 + 1),
            inv=zeros(n1, nt, n3),
            q=zeros(n1, nt, n3),
            fac=zeros(n1, n3),
            x=zeros(n1, nt, n3),
            b=zeros(n1, nt, n3),
            half_r=n1 > 2,
            half_z=n3 > 2,
        )


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
def _centre(lo, hi, rhs, inv, part):
    """Per plane the sum of ``rhs`` and the number of mesh cells that have neighbours."""
    n1, n2, n3 = rhs.shape
    for i in range(lo, hi):
        s = n = 0.0
        for j in range(n2):
            for k in range(n3):
                s += rhs[i, j, k]
                n += 1.0 if inv[i, j, k] > 0.0 else 0.0
        part[i, 0] = s
        part[i, 1] = n


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
        part[i, 0] = s


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
        part[i, 0] = s


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
        part[i, 0] = total


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
        part[i, 0] = s


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
        self.levels: list[Level] = []
        n1, nt, n3 = shape
        while True:
            level = Level.of(n1, nt, n3)
            self.levels.append(level)
            if not (level.half_r or level.half_z):
                break
            n1 = (n1 + 1) // 2 if level.half_r else n1
            n3 = (n3 + 1) // 2 if level.half_z else n3
        self._r, self._p, self._ap = (np.zeros(shape) for _ in range(3))
        self._part = np.zeros((shape[0], 2))
        self.iterations = 0

    @property
    def coefficients(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Face coefficients (cr, ct, cz) of the finest level, to be filled before ``set``."""
        top = self.levels[0]
        return top.cr, top.ct, top.cz

    def _share(self, level: Level) -> Team:
        return self.team if level.x.size >= SHARED else ALONE

    def set(self) -> None:
        """Build coarse levels and factorise all rings for the coefficients now in place."""
        for fine, coarse in zip(self.levels[:-1], self.levels[1:], strict=True):
            fr, fz = (2 if fine.half_r else 1), (2 if fine.half_z else 1)
            wr, wz = (OVER if fine.half_r else 1.0), (OVER if fine.half_z else 1.0)
            self._share(fine)(
                _coarsen, coarse.ct.shape[0],
                fine.cr, fine.ct, fine.cz, coarse.cr, coarse.ct, coarse.cz, fr, fz, wr, wz,
            )  # fmt: skip
        for n, v in enumerate(self.levels):
            # the coarsest level holds the constant mode; a thousandth on its diagonal keeps it solvable
            pin = 1.001 if n == len(self.levels) - 1 else 1.0
            self._share(v)(_factor, v.ct.shape[0], v.cr, v.ct, v.cz, v.inv, v.q, v.fac, pin)

    def _sweep(self, v: Level, first: int, from_zero: bool = False) -> None:
        share = self._share(v)
        for colour, empty in ((first, from_zero), (1 - first, False)):
            share(_smooth, v.ct.shape[0], v.cr, v.ct, v.cz, v.inv, v.q, v.fac, v.b, v.x, colour, empty)

    def _cycle(self, n: int) -> None:
        v = self.levels[n]
        for sweep in range(SWEEPS):
            self._sweep(v, 0, from_zero=sweep == 0)
        if n == len(self.levels) - 1:
            for first in (0,) * (COARSE_SWEEPS - SWEEPS) + (1,) * COARSE_SWEEPS:
                self._sweep(v, first)
            return
        fr, fz = (2 if v.half_r else 1), (2 if v.half_z else 1)
        w, share = self.levels[n + 1], self._share(v)
        share(_restrict_residual, w.x.shape[0], v.cr, v.ct, v.cz, v.b, v.x, w.b, fr, fz)
        self._cycle(n + 1)
        share(_prolong, v.x.shape[0], w.x, v.x, fr, fz)
        for _ in range(SWEEPS):
            self._sweep(v, 1)

    def _sum(self, kernel: Callable[..., None], *arguments: Any) -> float:
        """Run a kernel that leaves one sum per plane, and add these in the order of the planes."""
        self._share(self.levels[0])(kernel, self._part.shape[0], *arguments, self._part)
        return float(self._part[:, 0].sum())

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
        top = self.levels[0]
        r, p, ap = self._r, self._p, self._ap
        share, planes = self._share(top), x.shape[0]
        # rounding leaves a trace of the constant mode, which the singular system cannot answer
        total = self._sum(_centre, rhs, top.inv)
        mean = total / max(float(self._part[:, 1].sum()), 1.0)
        norm0 = math.sqrt(self._sum(_start, rhs, top.inv, mean, x, r))
        self.iterations = 0
        if norm0 == 0.0:
            return 0.0
        norm, rz_old, reduction = norm0, 1.0, 1.0
        for n in range(max_iterations):
            # scaled to the size of one, so that single precision neither over- nor underflows
            share(_scaled, planes, r, 1.0 / norm, top.b)
            self._cycle(0)
            rz = norm * self._sum(_dot, r, top.x)
            share(_direction, planes, top.x, norm, p, rz / rz_old if n else 0.0)
            alpha = rz / self._sum(_apply, top.cr, top.ct, top.cz, p, ap)
            norm = math.sqrt(self._sum(_step, x, p, r, ap, alpha))
            reduction = norm / norm0
            rz_old = rz
            self.iterations = n + 1
            if reduction < tolerance or norm == 0.0:
                break
        return reduction
