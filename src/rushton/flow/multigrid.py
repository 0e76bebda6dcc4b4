"""Pressure equation: conjugate gradients preconditioned by one multigrid V-cycle made for the r-theta-z grid.

    sum over faces c_f (p_nb - p) = q          c_f face coefficients, zero at walls: a singular, consistent system

* smoother: every ring (theta line) solved exactly, red-black in (i + k), black-red on the way up so that the cycle is
  symmetric; the ring removes the stiffness near the axis;
* coarsening by two in r and z, never in theta; transfer piecewise constant; a coarse coefficient is the sum of the fine
  ones on its face, times ``OVER`` = 0.6 where that direction is coarsened (plain Galerkin, 1.0, overestimates the
  stiffness of piecewise-constant corrections: Braess 1995, Computing 55:379);
* thin walls are zero face coefficients and need nothing else.

The rings are factorised once per pressure matrix; solves are free of divisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS

OVER = 0.6
COARSE_SWEEPS = 4


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
    res: np.ndarray
    half_r: bool
    half_z: bool


@njit(**OPTIONS)
def _factor(cr, ct, cz, inv, q, fac, pin):
    """Factorise all rings: inv = 1 / pivot, q = T^-1 u, fac = 1 / (1 + v.q) of the Sherman-Morrison correction."""
    n1, n2, n3 = ct.shape
    last = n2 - 1
    for i in range(n1):
        for j in range(n2):
            jp = j + 1 if j < last else 0
            for k in range(n3):
                c0, c1 = ct[i, j, k], ct[i, jp, k]
                diag = c0 + c1 + cr[i, j, k] + cr[i + 1, j, k] + cz[i, j, k] + cz[i, j, k + 1]
                diag = diag * pin if diag > 0.0 else 1.0
                if j == 0:
                    inv[i, 0, k] = 0.5 / diag
                    q[i, 0, k] = -0.5
                    fac[i, k] = c0 / diag
                else:
                    u = 0.0
                    if j == last:
                        diag += fac[i, k] * c1
                        u = -c1
                    pivot = diag - c0 * c0 * inv[i, j - 1, k]
                    inv[i, j, k] = 1.0 / pivot
                    q[i, j, k] = (u + c0 * q[i, j - 1, k]) / pivot
        for jj in range(n2 - 1):
            j = n2 - 2 - jj
            for k in range(n3):
                q[i, j, k] += ct[i, j + 1, k] * inv[i, j, k] * q[i, j + 1, k]
        for k in range(n3):
            fac[i, k] = 1.0 / (1.0 + q[i, 0, k] + fac[i, k] * q[i, last, k])


@njit(**OPTIONS)
def _smooth(cr, ct, cz, inv, q, fac, b, x, first, zero_start):
    """One red-black sweep of ring solves, colour ``first`` first.

    With ``zero_start`` x is taken as zero before, so the first colour reads no neighbours.
    """
    n1, n2, n3 = ct.shape
    last = n2 - 1
    y = np.empty((n2, n3))
    for half in range(2):
        colour = first if half == 0 else 1 - first
        skip = zero_start and half == 0
        for i in range(n1):
            k0 = (i + colour) & 1
            for j in range(n2):
                if skip:
                    for k in range(k0, n3, 2):
                        y[j, k] = b[i, j, k]
                else:
                    for k in range(k0, n3, 2):
                        rhs = b[i, j, k]
                        if i > 0:
                            rhs += cr[i, j, k] * x[i - 1, j, k]
                        if i < n1 - 1:
                            rhs += cr[i + 1, j, k] * x[i + 1, j, k]
                        if k > 0:
                            rhs += cz[i, j, k] * x[i, j, k - 1]
                        if k < n3 - 1:
                            rhs += cz[i, j, k + 1] * x[i, j, k + 1]
                        y[j, k] = rhs
            for k in range(k0, n3, 2):
                y[0, k] *= inv[i, 0, k]
            for j in range(1, n2):
                for k in range(k0, n3, 2):
                    y[j, k] = (y[j, k] + ct[i, j, k] * y[j - 1, k]) * inv[i, j, k]
            for jj in range(n2 - 1):
                j = n2 - 2 - jj
                for k in range(k0, n3, 2):
                    y[j, k] += ct[i, j + 1, k] * inv[i, j, k] * y[j + 1, k]
            for k in range(k0, n3, 2):
                # v = (1, 0.., c_0 / diagonal_0) with 1 / diagonal_0 = 2 inv_0; y_0 must stay for j = 0 below
                v = ct[i, 0, k] * 2.0 * inv[i, 0, k]
                f = (y[0, k] + v * y[last, k]) * fac[i, k]
                x[i, 0, k] = y[0, k] - f * q[i, 0, k]
                y[0, k] = f
            for j in range(1, n2):
                for k in range(k0, n3, 2):
                    x[i, j, k] = y[j, k] - y[0, k] * q[i, j, k]


@njit(**OPTIONS)
def _residual(cr, ct, cz, b, x, res):
    """res = b - A x with A = -(sum of c (x_nb - x))."""
    n1, n2, n3 = ct.shape
    for i in range(n1):
        for j in range(n2):
            jm = j - 1 if j > 0 else n2 - 1
            jp = j + 1 if j < n2 - 1 else 0
            for k in range(n3):
                v = x[i, j, k]
                s = b[i, j, k] + ct[i, j, k] * (x[i, jm, k] - v) + ct[i, jp, k] * (x[i, jp, k] - v)
                if i > 0:
                    s += cr[i, j, k] * (x[i - 1, j, k] - v)
                if i < n1 - 1:
                    s += cr[i + 1, j, k] * (x[i + 1, j, k] - v)
                if k > 0:
                    s += cz[i, j, k] * (x[i, j, k - 1] - v)
                if k < n3 - 1:
                    s += cz[i, j, k + 1] * (x[i, j, k + 1] - v)
                res[i, j, k] = s


@njit(**OPTIONS)
def _restrict(fine, coarse, fr, fz):
    """Sum over the fine cells of every coarse cell; ``fr``, ``fz`` 1 (kept) or 2 (halved)."""
    n1, n2, n3 = fine.shape
    coarse[:] = 0.0
    for i in range(n1):
        for j in range(n2):
            for k in range(n3):
                coarse[i // fr, j, k // fz] += fine[i, j, k]


@njit(**OPTIONS)
def _prolong(coarse, x, fr, fz):
    n1, n2, n3 = x.shape
    for i in range(n1):
        for j in range(n2):
            for k in range(n3):
                x[i, j, k] += coarse[i // fr, j, k // fz]


@njit(**OPTIONS)
def _coarsen(cr, ct, cz, cr2, ct2, cz2, fr, fz, wr, wz):
    """Coarse face coefficients: sums of fine ones times ``wr``, ``wz``."""
    n1, n2, n3 = ct.shape
    cr2[:] = 0.0
    ct2[:] = 0.0
    cz2[:] = 0.0
    for i in range(n1):
        for j in range(n2):
            for k in range(n3):
                ct2[i // fr, j, k // fz] += ct[i, j, k]
                if i % fr == 0:
                    cr2[i // fr, j, k // fz] += wr * cr[i, j, k]
                if k % fz == 0:
                    cz2[i // fr, j, k // fz] += wz * cz[i, j, k]


@njit(**OPTIONS)
def _dot(a, b):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                s += a[i, j, k] * b[i, j, k]
    return s


@njit(**OPTIONS)
def _step(x, p, r, ap, alpha):
    """x += alpha p, r -= alpha A p; returns r.r."""
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            for k in range(x.shape[2]):
                x[i, j, k] += alpha * p[i, j, k]
                v = r[i, j, k] - alpha * ap[i, j, k]
                r[i, j, k] = v
                s += v * v
    return s


@njit(**OPTIONS)
def _direction(z, p, beta):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            for k in range(z.shape[2]):
                p[i, j, k] = z[i, j, k] + beta * p[i, j, k]


class PressureSolver:
    """Multigrid-preconditioned conjugate gradients on one grid; allocate once, ``set`` a matrix, ``solve`` often.

    Parameters
    ----------
    shape : (nr, nt, nz)
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.levels: list[Level] = []
        n1, nt, n3 = shape
        while True:
            half_r, half_z = n1 > 2, n3 > 2
            self.levels.append(
                Level(
                    cr=np.zeros((n1 + 1, nt, n3)),
                    ct=np.zeros((n1, nt, n3)),
                    cz=np.zeros((n1, nt, n3 + 1)),
                    inv=np.zeros((n1, nt, n3)),
                    q=np.zeros((n1, nt, n3)),
                    fac=np.zeros((n1, n3)),
                    x=np.zeros((n1, nt, n3)),
                    b=np.zeros((n1, nt, n3)),
                    res=np.zeros((n1, nt, n3)),
                    half_r=half_r,
                    half_z=half_z,
                )
            )
            if not (half_r or half_z):
                break
            n1 = (n1 + 1) // 2 if half_r else n1
            n3 = (n3 + 1) // 2 if half_z else n3
        self._r, self._z, self._p, self._ap = (np.zeros(shape) for _ in range(4))
        self._fluid = np.ones(shape)
        self.iterations = 0

    @property
    def coefficients(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Face coefficients (cr, ct, cz) of the finest level, to be filled before ``set``."""
        top = self.levels[0]
        return top.cr, top.ct, top.cz

    def set(self) -> None:
        """Build coarse levels and factorise all rings for the coefficients now in place."""
        top = self.levels[0]
        self._fluid = (top.ct + top.cr[1:] + top.cr[:-1] + top.cz[..., 1:] + top.cz[..., :-1] > 0.0).astype(float)
        for fine, coarse in zip(self.levels[:-1], self.levels[1:], strict=True):
            fr, fz = (2 if fine.half_r else 1), (2 if fine.half_z else 1)
            wr, wz = (OVER if fine.half_r else 1.0), (OVER if fine.half_z else 1.0)
            _coarsen(fine.cr, fine.ct, fine.cz, coarse.cr, coarse.ct, coarse.cz, fr, fz, wr, wz)
        for n, level in enumerate(self.levels):
            # the coarsest level holds the constant mode; a thousandth on its diagonal keeps it solvable
            pin = 1.001 if n == len(self.levels) - 1 else 1.0
            _factor(level.cr, level.ct, level.cz, level.inv, level.q, level.fac, pin)

    def _cycle(self, n: int) -> None:
        v = self.levels[n]
        coarsest = n == len(self.levels) - 1
        _smooth(v.cr, v.ct, v.cz, v.inv, v.q, v.fac, v.b, v.x, 0, True)
        if coarsest:
            for _ in range(COARSE_SWEEPS - 1):
                _smooth(v.cr, v.ct, v.cz, v.inv, v.q, v.fac, v.b, v.x, 0, False)
            for _ in range(COARSE_SWEEPS):
                _smooth(v.cr, v.ct, v.cz, v.inv, v.q, v.fac, v.b, v.x, 1, False)
            return
        fr, fz = (2 if v.half_r else 1), (2 if v.half_z else 1)
        w = self.levels[n + 1]
        _residual(v.cr, v.ct, v.cz, v.b, v.x, v.res)
        _restrict(v.res, w.b, fr, fz)
        self._cycle(n + 1)
        _prolong(w.x, v.x, fr, fz)
        _smooth(v.cr, v.ct, v.cz, v.inv, v.q, v.fac, v.b, v.x, 1, False)

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
        r, z, p, ap = self._r, self._z, self._p, self._ap
        x[:] = 0.0
        # rounding leaves a trace of the constant mode, which the singular system cannot answer
        np.subtract(rhs, self._fluid * (rhs.sum() / self._fluid.sum()), out=r)
        norm0 = np.sqrt(_dot(r, r))
        self.iterations = 0
        if norm0 == 0.0:
            return 0.0
        rz_old, reduction = 1.0, 1.0
        for n in range(max_iterations):
            top.b[:] = r
            self._cycle(0)
            z[:] = top.x
            rz = _dot(r, z)
            _direction(z, p, rz / rz_old if n else 0.0)
            top_b = top.b
            top_b[:] = 0.0
            _residual(top.cr, top.ct, top.cz, top_b, p, ap)
            np.negative(ap, out=ap)
            alpha = rz / _dot(p, ap)
            reduction = float(np.sqrt(_step(x, p, r, ap, alpha)) / norm0)
            rz_old = rz
            self.iterations = n + 1
            if reduction < tolerance:
                break
        return reduction
