"""Compiled solver for one implicit step of the kept operator on the structured mesh.

::

    M x = rhs,      (M x)_P = m_P x_P - sum_nb a_nb x_nb,      m = V/dt (or V times a sink) + diagonal of A,  a_nb >= 0

Method: BiCGStab (van der Vorst 1992) preconditioned by one block Gauss-Seidel pass: theta lines (cyclic, swept
outwards in r), then z lines (swept inwards), then r lines. The theta lines take the axis and the rotating zone,
where mesh cells are coupled by far most strongly round the tank. Line factors are formed once per matrix.

The mass is made exact whatever the tolerance. Columns of M sum to w, its part beside transport (V/dt for a tracer),
so the residual r of an inexact solution x misses the amount sum(r) = sum(rhs) - sum(w x). Either the constant
sum(r)/sum(w) is added to x, or x is multiplied by 1 + sum(r)/sum(w x), which keeps it positive.

Source: H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13, 631-644 (1992), doi:10.1137/0913035.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True, eq=False)
class LineFactors:
    """Elimination factors of all lines of one matrix, (nr, nt, nz) each; see ``factor``."""

    main: np.ndarray
    neighbours: np.ndarray
    theta_inv: np.ndarray
    theta_q: np.ndarray
    theta_last: np.ndarray
    z_inv: np.ndarray
    r_inv: np.ndarray


def factor(main: np.ndarray, neighbours: np.ndarray) -> LineFactors:
    """Factorise the theta, z and r lines of a matrix.

    Parameters
    ----------
    main : (nr, nt, nz) float
        Diagonal m > 0 (1 in the solid).
    neighbours : (6, nr, nt, nz) float
        Off-diagonals a_nb >= 0 towards r-, r+, theta-, theta+, z-, z+.
    """
    shape = main.shape
    theta_inv, theta_q, z_inv, r_inv = (np.empty(shape) for _ in range(4))
    theta_last = np.empty((shape[0], shape[2]))
    _factor(main, neighbours, theta_inv, theta_q, theta_last, z_inv, r_inv)
    return LineFactors(main, neighbours, theta_inv, theta_q, theta_last, z_inv, r_inv)


@njit(cache=True, nogil=True, error_model="numpy")
def _factor(m, a, t_inv, t_q, t_last, z_inv, r_inv):
    nr, nt, nz = m.shape
    n = nt - 1  # the last mesh cell of a cyclic line is eliminated separately
    for i in range(nr):
        for k in range(nz):
            t_inv[i, 0, k] = 1.0 / m[i, 0, k]
            t_q[i, 0, k] = a[2, i, 0, k] * t_inv[i, 0, k]
            for j in range(1, n):
                t_inv[i, j, k] = 1.0 / (m[i, j, k] - a[2, i, j, k] * a[3, i, j - 1, k] * t_inv[i, j - 1, k])
                t_q[i, j, k] = a[2, i, j, k] * t_q[i, j - 1, k] * t_inv[i, j, k]
            t_q[i, n - 1, k] += a[3, i, n - 1, k] * t_inv[i, n - 1, k]
            for j in range(n - 2, -1, -1):
                t_q[i, j, k] += a[3, i, j, k] * t_inv[i, j, k] * t_q[i, j + 1, k]
            t_last[i, k] = 1.0 / (m[i, n, k] - a[2, i, n, k] * t_q[i, n - 1, k] - a[3, i, n, k] * t_q[i, 0, k])
            t_inv[i, n, k] = 0.0
            t_q[i, n, k] = 0.0
    for i in range(nr):
        for j in range(nt):
            z_inv[i, j, 0] = 1.0 / m[i, j, 0]
            for k in range(1, nz):
                z_inv[i, j, k] = 1.0 / (m[i, j, k] - a[4, i, j, k] * a[5, i, j, k - 1] * z_inv[i, j, k - 1])
    for j in range(nt):
        for k in range(nz):
            r_inv[0, j, k] = 1.0 / m[0, j, k]
    for i in range(1, nr):
        for j in range(nt):
            for k in range(nz):
                r_inv[i, j, k] = 1.0 / (m[i, j, k] - a[0, i, j, k] * a[1, i - 1, j, k] * r_inv[i - 1, j, k])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _theta_lines(a, t_inv, t_q, t_last, rhs, x):
    """First pass, from x = 0: theta lines, outwards; x is overwritten."""
    nr, nt, nz = x.shape
    n = nt - 1
    for i in range(nr):
        for j in range(nt):
            if i > 0:
                for k in range(nz):
                    x[i, j, k] = rhs[i, j, k] + a[0, i, j, k] * x[i - 1, j, k]
            else:
                for k in range(nz):
                    x[i, j, k] = rhs[i, j, k]
            if j == 0:
                for k in range(nz):
                    x[i, 0, k] *= t_inv[i, 0, k]
            elif j < n:
                for k in range(nz):
                    x[i, j, k] = (x[i, j, k] + a[2, i, j, k] * x[i, j - 1, k]) * t_inv[i, j, k]
        for j in range(n - 2, -1, -1):
            for k in range(nz):
                x[i, j, k] += a[3, i, j, k] * t_inv[i, j, k] * x[i, j + 1, k]
        for k in range(nz):
            x[i, n, k] = (x[i, n, k] + a[2, i, n, k] * x[i, n - 1, k] + a[3, i, n, k] * x[i, 0, k]) * t_last[i, k]
        for j in range(n):
            for k in range(nz):
                x[i, j, k] += t_q[i, j, k] * x[i, n, k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _z_rhs(a, rhs, x, i, j, row):
    """Right-hand side of one z line: rhs and the neighbours in r and theta."""
    nr, nt, nz = x.shape
    up = j + 1 if j + 1 < nt else 0
    down = j - 1 if j > 0 else nt - 1
    for k in range(nz):
        row[k] = rhs[i, j, k] + a[2, i, j, k] * x[i, down, k] + a[3, i, j, k] * x[i, up, k]
    if i > 0:
        for k in range(nz):
            row[k] += a[0, i, j, k] * x[i - 1, j, k]
    if i < nr - 1:
        for k in range(nz):
            row[k] += a[1, i, j, k] * x[i + 1, j, k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _z_lines(a, z_inv, rhs, x, rows):
    """Second pass: z lines, inwards in r, backwards in theta.

    Four lines a quarter of the circumference apart are eliminated side by side: a recurrence alone leaves the
    processor waiting.
    """
    nr, nt, nz = x.shape
    quarter = nt // 4
    row0, row1, row2, row3 = rows[0], rows[1], rows[2], rows[3]
    for i in range(nr - 1, -1, -1):
        for j in range(nt - 1, 4 * quarter - 1, -1):
            _z_rhs(a, rhs, x, i, j, row0)
            v0 = 0.0
            for k in range(nz):
                v0 = (row0[k] + a[4, i, j, k] * v0) * z_inv[i, j, k]
                row0[k] = v0
            x[i, j, nz - 1] = v0
            for k in range(nz - 2, -1, -1):
                v0 = row0[k] + a[5, i, j, k] * z_inv[i, j, k] * v0
                x[i, j, k] = v0
        for j0 in range(quarter - 1, -1, -1):
            j1, j2, j3 = j0 + quarter, j0 + 2 * quarter, j0 + 3 * quarter
            _z_rhs(a, rhs, x, i, j0, row0)
            _z_rhs(a, rhs, x, i, j1, row1)
            _z_rhs(a, rhs, x, i, j2, row2)
            _z_rhs(a, rhs, x, i, j3, row3)
            v0, v1, v2, v3 = 0.0, 0.0, 0.0, 0.0  # a[4] is zero at k = 0
            for k in range(nz):
                v0 = (row0[k] + a[4, i, j0, k] * v0) * z_inv[i, j0, k]
                v1 = (row1[k] + a[4, i, j1, k] * v1) * z_inv[i, j1, k]
                v2 = (row2[k] + a[4, i, j2, k] * v2) * z_inv[i, j2, k]
                v3 = (row3[k] + a[4, i, j3, k] * v3) * z_inv[i, j3, k]
                row0[k], row1[k], row2[k], row3[k] = v0, v1, v2, v3
            x[i, j0, nz - 1], x[i, j1, nz - 1], x[i, j2, nz - 1], x[i, j3, nz - 1] = v0, v1, v2, v3
            for k in range(nz - 2, -1, -1):
                v0 = row0[k] + a[5, i, j0, k] * z_inv[i, j0, k] * v0
                v1 = row1[k] + a[5, i, j1, k] * z_inv[i, j1, k] * v1
                v2 = row2[k] + a[5, i, j2, k] * z_inv[i, j2, k] * v2
                v3 = row3[k] + a[5, i, j3, k] * z_inv[i, j3, k] * v3
                x[i, j0, k], x[i, j1, k], x[i, j2, k], x[i, j3, k] = v0, v1, v2, v3


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _r_lines(a, r_inv, rhs, x, plane):
    """Third pass: r lines, forwards in theta; neighbours in z are taken from before."""
    nr, nt, nz = x.shape
    for j in range(nt):
        up = j + 1 if j + 1 < nt else 0
        down = j - 1 if j > 0 else nt - 1
        for i in range(nr):
            for k in range(nz):
                plane[i, k] = rhs[i, j, k] + a[2, i, j, k] * x[i, down, k] + a[3, i, j, k] * x[i, up, k]
            for k in range(1, nz):
                plane[i, k] += a[4, i, j, k] * x[i, j, k - 1]
            for k in range(nz - 1):
                plane[i, k] += a[5, i, j, k] * x[i, j, k + 1]
            if i > 0:
                for k in range(nz):
                    plane[i, k] = (plane[i, k] + a[0, i, j, k] * plane[i - 1, k]) * r_inv[i, j, k]
            else:
                for k in range(nz):
                    plane[i, k] *= r_inv[i, j, k]
        for k in range(nz):
            x[nr - 1, j, k] = plane[nr - 1, k]
        for i in range(nr - 2, -1, -1):
            for k in range(nz):
                x[i, j, k] = plane[i, k] + a[1, i, j, k] * r_inv[i, j, k] * x[i + 1, j, k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _multiply(m, a, x, out):
    """out = M x."""
    nr, nt, nz = x.shape
    for i in range(nr):
        for j in range(nt):
            up = j + 1 if j + 1 < nt else 0
            down = j - 1 if j > 0 else nt - 1
            for k in range(nz):
                out[i, j, k] = m[i, j, k] * x[i, j, k] - a[2, i, j, k] * x[i, down, k] - a[3, i, j, k] * x[i, up, k]
            for k in range(1, nz):
                out[i, j, k] -= a[4, i, j, k] * x[i, j, k - 1]
            for k in range(nz - 1):
                out[i, j, k] -= a[5, i, j, k] * x[i, j, k + 1]
            if i > 0:
                for k in range(nz):
                    out[i, j, k] -= a[0, i, j, k] * x[i - 1, j, k]
            if i < nr - 1:
                for k in range(nz):
                    out[i, j, k] -= a[1, i, j, k] * x[i + 1, j, k]


@njit(cache=True, nogil=True, fastmath=True)
def _dot(x, y):
    s = 0.0
    for n in range(x.size):
        s += x[n] * y[n]
    return s


@njit(cache=True, nogil=True, error_model="numpy")
def _bicgstab(m, a, t_inv, t_q, t_last, z_inv, r_inv, rhs, x, tolerance, limit, work, row, plane):
    """Solve in place; returns (iterations, residual over the first residual)."""
    r, r0, p, v, y, t = work[0], work[1], work[2], work[3], work[4], work[5]
    rf, r0f, pf, vf, yf, tf = r.ravel(), r0.ravel(), p.ravel(), v.ravel(), y.ravel(), t.ravel()
    xf, bf = x.ravel(), rhs.ravel()
    size = xf.size
    _multiply(m, a, x, r)
    for n in range(size):
        rf[n] = bf[n] - rf[n]
        r0f[n] = rf[n]
        pf[n] = 0.0
        vf[n] = 0.0
    start = np.sqrt(_dot(rf, rf))
    reached = start
    goal = max(tolerance * start, 1e-15 * np.sqrt(_dot(bf, bf)))  # the second: rounding of the right-hand side
    rho, alpha, omega = 1.0, 1.0, 1.0
    done = 0
    if start > goal:
        for it in range(limit):
            rho1 = _dot(r0f, rf)
            if rho1 == 0.0 or omega == 0.0:
                break
            beta = rho1 / rho * alpha / omega
            for n in range(size):
                pf[n] = rf[n] + beta * (pf[n] - omega * vf[n])
            _theta_lines(a, t_inv, t_q, t_last, p, y)
            _z_lines(a, z_inv, p, y, row)
            _r_lines(a, r_inv, p, y, plane)
            _multiply(m, a, y, v)
            alpha = rho1 / _dot(r0f, vf)
            for n in range(size):
                xf[n] += alpha * yf[n]
                rf[n] -= alpha * vf[n]
            done = it + 1
            reached = np.sqrt(_dot(rf, rf))
            if reached <= goal:
                break
            _theta_lines(a, t_inv, t_q, t_last, r, y)
            _z_lines(a, z_inv, r, y, row)
            _r_lines(a, r_inv, r, y, plane)
            _multiply(m, a, y, t)
            omega = _dot(tf, rf) / _dot(tf, tf)
            for n in range(size):
                xf[n] += omega * yf[n]
                rf[n] -= omega * tf[n]
            reached = np.sqrt(_dot(rf, rf))
            rho = rho1
            if reached <= goal:
                break
    return done, reached / start if start > 0.0 else 0.0


class LinearSystem:
    """One implicit matrix, factorised, with its work space.

    Parameters
    ----------
    diagonal : (nr, nt, nz) float
        Diagonal of the transport operator A, m3/s.
    neighbours : (6, nr, nt, nz) float
        Its off-diagonals, sign changed, m3/s.
    mass : (nr, nt, nz) float
        What stands beside A on the diagonal, >= 0: V/dt, or V/dt plus the slope of a sink, m3/s; 0 in the solid.
    fluid : (nr, nt, nz) bool
    """

    def __init__(self, diagonal: np.ndarray, neighbours: np.ndarray, mass: np.ndarray, fluid: np.ndarray) -> None:
        self._diagonal, self._neighbours, self._fluid = diagonal, neighbours, fluid
        shape = diagonal.shape
        self._work = np.empty((6, *shape))
        self._row, self._plane = np.empty((4, shape[2])), np.empty((shape[0], shape[2]))
        self.set_mass(mass)

    def set_mass(self, mass: np.ndarray) -> None:
        """Change the non-transport part of the diagonal and factorise again."""
        self._mass = mass
        main = np.where(self._fluid, self._diagonal + mass, 1.0)
        self._factors = factor(main, self._neighbours)

    def set_matrix(self, diagonal: np.ndarray, neighbours: np.ndarray, mass: np.ndarray) -> None:
        """Change the whole matrix, on the same mesh, and factorise again."""
        self._diagonal, self._neighbours = diagonal, neighbours
        self.set_mass(mass)

    def residual(self, rhs: np.ndarray, x: np.ndarray) -> np.ndarray:
        """rhs - M x, (nr, nt, nz)."""
        out = self._work[0]
        _multiply(self._factors.main, self._neighbours, x, out)
        return rhs - out

    def solve(
        self, rhs: np.ndarray, x: np.ndarray, tolerance: float = 1e-4, limit: int = 200, positive: bool = False
    ) -> tuple[int, float]:
        """Solve in place, to a residual ``tolerance`` times that of the first guess, then make the mass exact.

        Parameters
        ----------
        rhs : (nr, nt, nz) float
            Right-hand side; 0 in the solid.
        x : (nr, nt, nz) float
            First guess; overwritten by the solution; 0 in the solid.
        positive : bool
            Clip the solution at zero and make the mass exact by a factor, not by a constant.

        Returns
        -------
        int, float
            Iterations and the ratio of residuals reached.
        """
        f = self._factors
        iterations, reached = _bicgstab(
            f.main, f.neighbours, f.theta_inv, f.theta_q, f.theta_last, f.z_inv, f.r_inv, rhs, x,
            tolerance, limit, self._work, self._row, self._plane,
        )  # fmt: skip
        if positive:
            np.maximum(x, 0.0, out=x)
            wanted, held = float(rhs.sum()), float((self._mass * x).sum())
            if wanted > 0.0 and held > 0.0:
                x *= wanted / held
        else:
            x[self._fluid] += float(self.residual(rhs, x).sum()) / float(self._mass.sum())
        return iterations, reached
