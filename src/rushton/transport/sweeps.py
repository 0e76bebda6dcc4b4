"""One block Gauss-Seidel sweep over the lines of the structured mesh: the cheap approximate inverse.

::

    M e = r,      (M e)_P = m_P e_P - sum_nb a_nb e_nb,      m = V/dt (or V times a sink) + diagonal of A,  a_nb >= 0

P^-1 r starts from e = 0 and solves the lines of each direction in turn, the others taken from the last values:

1. theta lines, cyclic, each for itself. They take the axis and the rotating zone, where mesh cells are coupled by far
   most strongly round the tank.
2. z lines, inwards in r; within each of eight sectors backwards in theta.
3. r lines; within each sector forwards in theta.

Across the borders of a sector, and towards what a pass has not reached yet, the values before the pass count. Each pass
is a regular splitting of the M-matrix M, so repeated sweeps converge (R. S. Varga, Matrix Iterative Analysis, 1962,
ch. 3). Line factors are formed once per matrix. Arrays are in single precision: an approximate inverse needs no more,
and half the bytes pass through the cache. Residuals come scaled to a mean of ``LIFT``, so that what decays away from
the source by fifty powers of ten is still no denormal number (a hundred times slower). Pass 1 is shared out by planes
of r, the others by sectors; no result depends on how.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc"}}

SECTORS = 8
"""Blocks of lines round the tank, -; four are eliminated side by side: one recurrence leaves the processor waiting."""
LIFT = 1e18
"""Mean |r| that a residual is scaled to."""


class LineSweeps:
    """P^-1 of one matrix.

    Parameters
    ----------
    main : (nr, nt, nz) float
        Diagonal m > 0 (1 in the solid), m3/s.
    neighbours : (6, nr, nt, nz) float
        Off-diagonals a_nb >= 0 towards r-, r+, theta-, theta+, z-, z+, m3/s.
    team : Team
    """

    def __init__(self, main: np.ndarray, neighbours: np.ndarray, team: Team = ALONE) -> None:
        self._team, shape = team, main.shape
        self._unit = 1.0 / float(main.mean())  # matrix entries of the order of one
        self._a = np.multiply(neighbours, self._unit, dtype=np.float32, casting="same_kind")
        self._factors = tuple(np.empty(shape, np.float32) for _ in range(4))
        self._last = np.empty((shape[0], shape[2]), np.float32)
        self._e, self._y = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._rows = np.empty((SECTORS, shape[2]), np.float32)
        self._planes = np.empty((SECTORS, shape[0], shape[2]), np.float32)
        self.set_main(main)

    def set_main(self, main: np.ndarray) -> None:
        """Take a new diagonal and factorise again."""
        t_inv, t_q, z_inv, r_inv = self._factors
        scaled = np.multiply(main, self._unit, dtype=np.float32, casting="same_kind")
        self._team(_factor_theta, main.shape[0], scaled, self._a, t_inv, t_q, self._last)
        self._team(_factor_z, main.shape[0], scaled, self._a, z_inv)
        self._team(_factor_r, main.shape[1], scaled, self._a, r_inv)

    def scale(self, mean: float) -> float:
        """Factor that brings residuals of this mean size (mol/s) to ``LIFT``."""
        return LIFT / mean if mean > 0.0 else 1.0

    def __call__(self, r: np.ndarray) -> np.ndarray:
        """e = P^-1 r.

        Parameters
        ----------
        r : (nr, nt, nz) float32
            Residual times ``scale``; 0 in the solid.

        Returns
        -------
        (nr, nt, nz) float32
            Correction times ``scale`` over ``unit``; the array is used again by the next call.
        """
        t_inv, t_q, z_inv, r_inv = self._factors
        self._team(_theta_lines, r.shape[0], self._a, t_inv, t_q, self._last, r, self._e)
        self._team(_z_lines, SECTORS, self._a, z_inv, r, self._e, self._y, self._rows)
        self._team(_r_lines, SECTORS, self._a, r_inv, r, self._y, self._e, self._planes)
        return self._e

    @property
    def unit(self) -> float:
        """One over the mean of m, s/m3."""
        return self._unit


def sweep_reference(main: np.ndarray, neighbours: np.ndarray, r: np.ndarray) -> np.ndarray:
    """P^-1 r by dense solves line by line: the readable reference of ``LineSweeps``, without its scales.

    Parameters
    ----------
    main, r : (nr, nt, nz) float
    neighbours : (6, nr, nt, nz) float
    """
    nr, nt, nz = main.shape
    a = neighbours
    length = max(nt // SECTORS, 1)
    sector = np.minimum(np.arange(nt) // length, SECTORS - 1) if nt >= SECTORS else np.full(nt, SECTORS - 1)

    def line(main: np.ndarray, low: np.ndarray, high: np.ndarray, cyclic: bool = False) -> np.ndarray:
        matrix = np.diag(main) - np.diag(low[1:], -1) - np.diag(high[:-1], 1)
        if cyclic:
            matrix[0, -1] -= low[0]
            matrix[-1, 0] -= high[-1]
        return matrix

    def beside(x: np.ndarray, step: int, axis: int) -> np.ndarray:
        """Values of the neighbours one step away, 0 beyond both ends of r and z (where a_nb is 0)."""
        return np.roll(x, -step, axis=axis)

    e = np.empty_like(r)
    for i in range(nr):
        for k in range(nz):
            e[i, :, k] = np.linalg.solve(line(main[i, :, k], a[2, i, :, k], a[3, i, :, k], cyclic=True), r[i, :, k])
    y = e.copy()
    for i in range(nr - 1, -1, -1):
        for j in range(nt - 1, -1, -1):
            up = (j + 1) % nt
            above = y if up > j and sector[up] == sector[j] else e
            rhs = r[i, j] + a[2, i, j] * e[i, j - 1] + a[3, i, j] * above[i, up]
            rhs = rhs + a[0, i, j] * e[i - 1, j] + (a[1, i, j] * y[i + 1, j] if i < nr - 1 else 0.0)
            y[i, j] = np.linalg.solve(line(main[i, j], a[4, i, j], a[5, i, j]), rhs)
    e = y.copy()
    in_z = a[4] * beside(y, -1, 2) + a[5] * beside(y, 1, 2)
    for j in range(nt):
        below = e if j > 0 and sector[j - 1] == sector[j] else y
        rhs = r[:, j] + in_z[:, j] + a[2, :, j] * below[:, j - 1] + a[3, :, j] * y[:, (j + 1) % nt]
        for k in range(nz):
            e[:, j, k] = np.linalg.solve(line(main[:, j, k], a[0, :, j, k], a[1, :, j, k]), rhs[:, k])
    return e


@njit(**OPTIONS)
def _factor_theta(lo, hi, m, a, t_inv, t_q, t_last):
    nt, nz = m.shape[1], m.shape[2]
    n = nt - 1  # the last mesh cell of a cyclic line is eliminated separately
    for i in range(lo, hi):
        for k in range(nz):
            t_inv[i, 0, k] = 1.0 / m[i, 0, k]
            t_q[i, 0, k] = a[2, i, 0, k] * t_inv[i, 0, k]
        for j in range(1, n):
            for k in range(nz):
                t_inv[i, j, k] = 1.0 / (m[i, j, k] - a[2, i, j, k] * a[3, i, j - 1, k] * t_inv[i, j - 1, k])
                t_q[i, j, k] = a[2, i, j, k] * t_q[i, j - 1, k] * t_inv[i, j, k]
        for k in range(nz):
            t_q[i, n - 1, k] += a[3, i, n - 1, k] * t_inv[i, n - 1, k]
        for j in range(n - 2, -1, -1):
            for k in range(nz):
                t_q[i, j, k] += a[3, i, j, k] * t_inv[i, j, k] * t_q[i, j + 1, k]
        for k in range(nz):
            t_last[i, k] = 1.0 / (m[i, n, k] - a[2, i, n, k] * t_q[i, n - 1, k] - a[3, i, n, k] * t_q[i, 0, k])
            t_inv[i, n, k] = 0.0
            t_q[i, n, k] = 0.0


@njit(**OPTIONS)
def _factor_z(lo, hi, m, a, z_inv):
    nt, nz = m.shape[1], m.shape[2]
    for i in range(lo, hi):
        for j in range(nt):
            z_inv[i, j, 0] = 1.0 / m[i, j, 0]
            for k in range(1, nz):
                z_inv[i, j, k] = 1.0 / (m[i, j, k] - a[4, i, j, k] * a[5, i, j, k - 1] * z_inv[i, j, k - 1])


@njit(**OPTIONS)
def _factor_r(lo, hi, m, a, r_inv):
    nr, nz = m.shape[0], m.shape[2]
    for j in range(lo, hi):
        for k in range(nz):
            r_inv[0, j, k] = 1.0 / m[0, j, k]
    for i in range(1, nr):
        for j in range(lo, hi):
            for k in range(nz):
                r_inv[i, j, k] = 1.0 / (m[i, j, k] - a[0, i, j, k] * a[1, i - 1, j, k] * r_inv[i - 1, j, k])


@njit(**OPTIONS)
def _theta_lines(lo, hi, a, t_inv, t_q, t_last, r, e):
    """Pass 1, planes lo <= i < hi: e is overwritten."""
    nt, nz = e.shape[1], e.shape[2]
    n = nt - 1
    for i in range(lo, hi):
        for k in range(nz):
            e[i, 0, k] = r[i, 0, k] * t_inv[i, 0, k]
        for j in range(1, n):
            for k in range(nz):
                e[i, j, k] = (r[i, j, k] + a[2, i, j, k] * e[i, j - 1, k]) * t_inv[i, j, k]
        for j in range(n - 2, -1, -1):
            for k in range(nz):
                e[i, j, k] += a[3, i, j, k] * t_inv[i, j, k] * e[i, j + 1, k]
        for k in range(nz):
            e[i, n, k] = (r[i, n, k] + a[2, i, n, k] * e[i, n - 1, k] + a[3, i, n, k] * e[i, 0, k]) * t_last[i, k]
        for j in range(n):
            for k in range(nz):
                e[i, j, k] += t_q[i, j, k] * e[i, n, k]


@njit(**OPTIONS)
def _z_rhs(a, r, e, y, i, j, last, row):
    """Right-hand side of one z line; ``last``: of its sector, whose upper neighbour counts with its old values."""
    nr, nt, nz = e.shape
    up = j + 1 if j + 1 < nt else 0
    down = j - 1 if j > 0 else nt - 1
    if last:
        for k in range(nz):
            row[k] = r[i, j, k] + a[2, i, j, k] * e[i, down, k] + a[3, i, j, k] * e[i, up, k]
    else:
        for k in range(nz):
            row[k] = r[i, j, k] + a[2, i, j, k] * e[i, down, k] + a[3, i, j, k] * y[i, up, k]
    if i > 0:
        for k in range(nz):
            row[k] += a[0, i, j, k] * e[i - 1, j, k]
    if i < nr - 1:
        for k in range(nz):
            row[k] += a[1, i, j, k] * y[i + 1, j, k]


@njit(**OPTIONS)
def _z_line(a, z_inv, y, i, j, row):
    nz = y.shape[2]
    v = row[0] * np.float32(0.0)
    for k in range(nz):
        v = (row[k] + a[4, i, j, k] * v) * z_inv[i, j, k]
        row[k] = v
    y[i, j, nz - 1] = v
    for k in range(nz - 2, -1, -1):
        v = row[k] + a[5, i, j, k] * z_inv[i, j, k] * v
        y[i, j, k] = v


@njit(**OPTIONS)
def _z_lines(lo, hi, a, z_inv, r, e, y, rows):
    """Pass 2, sectors lo <= s < hi: from e into y; both hold all mesh cells."""
    nr, nt, nz = e.shape
    length = nt // rows.shape[0]
    for i in range(nr - 1, -1, -1):
        if hi == rows.shape[0]:  # lines left over belong to the last sector
            row = rows[hi - 1]
            for j in range(nt - 1, hi * length - 1, -1):
                _z_rhs(a, r, e, y, i, j, j == nt - 1, row)
                _z_line(a, z_inv, y, i, j, row)
        left_over = nt > length * rows.shape[0]
        s = lo
        while s + 4 <= hi:
            row0, row1, row2, row3 = rows[s], rows[s + 1], rows[s + 2], rows[s + 3]
            for p in range(length - 1, -1, -1):
                j0, last = s * length + p, p == length - 1
                j1, j2, j3 = j0 + length, j0 + 2 * length, j0 + 3 * length
                _z_rhs(a, r, e, y, i, j0, last, row0)
                _z_rhs(a, r, e, y, i, j1, last, row1)
                _z_rhs(a, r, e, y, i, j2, last, row2)
                _z_rhs(a, r, e, y, i, j3, last and not (left_over and s + 4 == rows.shape[0]), row3)
                v0 = row0[0] * np.float32(0.0)  # a[4] is zero at k = 0
                v1, v2, v3 = v0, v0, v0
                for k in range(nz):
                    v0 = (row0[k] + a[4, i, j0, k] * v0) * z_inv[i, j0, k]
                    v1 = (row1[k] + a[4, i, j1, k] * v1) * z_inv[i, j1, k]
                    v2 = (row2[k] + a[4, i, j2, k] * v2) * z_inv[i, j2, k]
                    v3 = (row3[k] + a[4, i, j3, k] * v3) * z_inv[i, j3, k]
                    row0[k], row1[k], row2[k], row3[k] = v0, v1, v2, v3
                y[i, j0, nz - 1], y[i, j1, nz - 1], y[i, j2, nz - 1], y[i, j3, nz - 1] = v0, v1, v2, v3
                for k in range(nz - 2, -1, -1):
                    v0 = row0[k] + a[5, i, j0, k] * z_inv[i, j0, k] * v0
                    v1 = row1[k] + a[5, i, j1, k] * z_inv[i, j1, k] * v1
                    v2 = row2[k] + a[5, i, j2, k] * z_inv[i, j2, k] * v2
                    v3 = row3[k] + a[5, i, j3, k] * z_inv[i, j3, k] * v3
                    y[i, j0, k], y[i, j1, k], y[i, j2, k], y[i, j3, k] = v0, v1, v2, v3
            s += 4
        while s < hi:
            row = rows[s]
            for p in range(length - 1, -1, -1):
                ends = p == length - 1 and not (left_over and s == rows.shape[0] - 1)
                _z_rhs(a, r, e, y, i, s * length + p, ends, row)
                _z_line(a, z_inv, y, i, s * length + p, row)
            s += 1


@njit(**OPTIONS)
def _r_lines(lo, hi, a, r_inv, r, y, e, planes):
    """Pass 3, sectors lo <= s < hi: from y into e."""
    nr, nt, nz = y.shape
    length = nt // planes.shape[0]
    for s in range(lo, hi):
        plane = planes[s]
        start, stop = s * length, (s + 1) * length
        if s == planes.shape[0] - 1:  # lines left over belong to the last sector
            stop = nt
        for j in range(start, stop):
            up = j + 1 if j + 1 < nt else 0
            down = j - 1 if j > 0 else nt - 1
            for i in range(nr):
                if j > start:
                    for k in range(nz):
                        plane[i, k] = r[i, j, k] + a[2, i, j, k] * e[i, down, k] + a[3, i, j, k] * y[i, up, k]
                else:
                    for k in range(nz):
                        plane[i, k] = r[i, j, k] + a[2, i, j, k] * y[i, down, k] + a[3, i, j, k] * y[i, up, k]
                for k in range(1, nz):
                    plane[i, k] += a[4, i, j, k] * y[i, j, k - 1]
                for k in range(nz - 1):
                    plane[i, k] += a[5, i, j, k] * y[i, j, k + 1]
                if i > 0:
                    for k in range(nz):
                        plane[i, k] = (plane[i, k] + a[0, i, j, k] * plane[i - 1, k]) * r_inv[i, j, k]
                else:
                    for k in range(nz):
                        plane[i, k] *= r_inv[i, j, k]
            for k in range(nz):
                e[nr - 1, j, k] = plane[nr - 1, k]
            for i in range(nr - 2, -1, -1):
                for k in range(nz):
                    e[i, j, k] = plane[i, k] + a[1, i, j, k] * r_inv[i, j, k] * e[i + 1, j, k]
