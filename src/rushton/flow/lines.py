"""Line relaxation of seven-point equations on r-theta-z arrays.

    a_P x = a_W x_{i-1} + a_E x_{i+1} + a_S x_{j-1} + a_N x_{j+1} + a_B x_{k-1} + a_T x_{k+1} + b

``sweep_theta`` solves every ring exactly (cyclic Thomas algorithm with the Sherman-Morrison correction), first the
rings of one colour in (i + k), then the others; ``sweep_z`` solves every vertical line exactly, coloured in (i + j).
Lines of one colour in different planes of constant r do not read each other, so planes can be shared out among
threads. Coefficients stand in one block ``m`` (8, n1, n2, n3): W, E, S, N, B, T, P, b.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.barrier import wait_for_all
from rushton.cores import ALONE, Team
from rushton.flow.momentum import OPTIONS

GROUP = 4
"""Vertical lines that are solved side by side."""


def sweep(m: np.ndarray, x: np.ndarray, forward: bool, team: Team = ALONE) -> None:
    """One sweep of rings and one of vertical lines over x (n1, n2, n3), in place; backward: the other colour first."""
    team.together(_sweep, m, x, forward, True, True)


def sweep_theta(m: np.ndarray, x: np.ndarray, forward: bool) -> None:
    """The sweep of ring solves alone."""
    ALONE.together(_sweep, m, x, forward, True, False)


def sweep_z(m: np.ndarray, x: np.ndarray, forward: bool) -> None:
    """The sweep of vertical lines alone."""
    ALONE.together(_sweep, m, x, forward, False, True)


@njit(**OPTIONS)
def _rings(lo, hi, m, x, colour):
    n1, n2, n3 = x.shape
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    y = np.empty((n2, n3))
    q = np.empty((n2, n3))
    c = np.empty((n2, n3))
    corner = np.empty(n3)
    last = n2 - 1
    for i in range(lo, hi):
        k0 = (i + colour) & 1
        for j in range(n2):
            # right-hand side with the current values of the other lines
            for k in range(k0, n3, 2):
                rhs = b[i, j, k]
                if i > 0:
                    rhs += aw[i, j, k] * x[i - 1, j, k]
                if i < n1 - 1:
                    rhs += ae[i, j, k] * x[i + 1, j, k]
                if k > 0:
                    rhs += ab[i, j, k] * x[i, j, k - 1]
                if k < n3 - 1:
                    rhs += at[i, j, k] * x[i, j, k + 1]
                y[j, k] = rhs
        for k in range(k0, n3, 2):
            # matrix = T + u v^T with u = (-a_P0, 0.., -a_N last), v = (1, 0.., a_S0 / a_P0)
            corner[k] = as_[i, 0, k] / ap[i, 0, k]
            inv = 0.5 / ap[i, 0, k]
            c[0, k] = an[i, 0, k] * inv
            y[0, k] = y[0, k] * inv
            q[0, k] = -0.5
        for j in range(1, n2):
            for k in range(k0, n3, 2):
                diagonal = ap[i, j, k]
                u = 0.0
                if j == last:
                    diagonal += corner[k] * an[i, last, k]
                    u = -an[i, last, k]
                inv = 1.0 / (diagonal - as_[i, j, k] * c[j - 1, k])
                c[j, k] = an[i, j, k] * inv
                y[j, k] = (y[j, k] + as_[i, j, k] * y[j - 1, k]) * inv
                q[j, k] = (u + as_[i, j, k] * q[j - 1, k]) * inv
        for jj in range(n2 - 1):
            j = n2 - 2 - jj
            for k in range(k0, n3, 2):
                y[j, k] += c[j, k] * y[j + 1, k]
                q[j, k] += c[j, k] * q[j + 1, k]
        for k in range(k0, n3, 2):
            corner[k] = (y[0, k] + corner[k] * y[last, k]) / (1.0 + q[0, k] + corner[k] * q[last, k])
        for j in range(n2):
            for k in range(k0, n3, 2):
                x[i, j, k] = y[j, k] - corner[k] * q[j, k]


@njit(**OPTIONS)
def _columns(lo, hi, m, x, colour):
    n1, n2, n3 = x.shape
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    # lines of a group lie side by side in the last index, so that one division serves them all
    y = np.empty((n3, GROUP))
    c = np.empty((n3, GROUP))
    lower = np.empty((n3, GROUP))
    upper = np.empty((n3, GROUP))
    for i in range(lo, hi):
        j0 = (i + colour) & 1
        for start in range(j0, n2, 2 * GROUP):
            for g in range(GROUP):
                # the last group is filled up with its last line
                j = min(start + 2 * g, n2 - 1 - ((n2 - 1 - j0) & 1))
                jm = j - 1 if j > 0 else n2 - 1
                jp = j + 1 if j < n2 - 1 else 0
                for k in range(n3):
                    y[k, g] = b[i, j, k] + as_[i, j, k] * x[i, jm, k] + an[i, j, k] * x[i, jp, k]
                    c[k, g] = ap[i, j, k]
                    lower[k, g] = ab[i, j, k]
                    upper[k, g] = at[i, j, k]
                if i > 0:
                    for k in range(n3):
                        y[k, g] += aw[i, j, k] * x[i - 1, j, k]
                if i < n1 - 1:
                    for k in range(n3):
                        y[k, g] += ae[i, j, k] * x[i + 1, j, k]
            _thomas(lower, c, upper, y)
            for g in range(GROUP):
                j = start + 2 * g
                if j < n2:
                    for k in range(n3):
                        x[i, j, k] = y[k, g]


@njit(**OPTIONS)
def _thomas(lower, c, upper, y):
    """Thomas algorithm for a group of lines: ``c`` diagonals, overwritten; ``y`` right-hand sides, then solutions."""
    n3 = y.shape[0]
    for g in range(GROUP):
        inv = 1.0 / c[0, g]
        c[0, g] = upper[0, g] * inv
        y[0, g] *= inv
    for k in range(1, n3):
        for g in range(GROUP):
            inv = 1.0 / (c[k, g] - lower[k, g] * c[k - 1, g])
            c[k, g] = upper[k, g] * inv
            y[k, g] = (y[k, g] + lower[k, g] * y[k - 1, g]) * inv
    for kk in range(n3 - 1):
        k = n3 - 2 - kk
        for g in range(GROUP):
            y[k, g] += c[k, g] * y[k + 1, g]


@njit(**OPTIONS)
def _sweep(who, of, gate, m, x, forward, theta, z):
    lo, hi = who * x.shape[0] // of, (who + 1) * x.shape[0] // of
    for n in range(2):
        if theta:
            _rings(lo, hi, m, x, n if forward else 1 - n)
            wait_for_all(gate, of)
    for n in range(2):
        if z:
            _columns(lo, hi, m, x, n if forward else 1 - n)
            wait_for_all(gate, of)
