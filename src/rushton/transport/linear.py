"""Solver for one linear system with the kept operator, for what the relaxation of a time step is too slow for.

::

    M x = rhs,      (M x)_P = m_P x_P - sum_nb a_nb x_nb,      m = w + diagonal of A,  a_nb >= 0

    w   m3/s   what stands beside transport: V/dt, the slope of a sink

Method: BiCGStab, preconditioned from the right by one sweep over all lines (:mod:`rushton.transport.sweeps`).

The mass is made exact whatever the tolerance. Columns of M sum to w, so the residual r of an inexact solution x misses
the amount sum(r) = sum(rhs) - sum(w x). Either the constant sum(r)/sum(w) is added to x, or x is multiplied by
1 + sum(r)/sum(w x), which keeps it positive.

Source: H. A. van der Vorst, Bi-CGSTAB, SIAM J. Sci. Stat. Comput. 13, 631-644 (1992), doi:10.1137/0913035.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.transport.balance import residual
from rushton.transport.sweeps import OPTIONS, LineSweeps


class LinearSystem:
    """One implicit matrix, factorised, with its work space.

    Parameters
    ----------
    diagonal : (nr, nt, nz) float
        Diagonal of the transport operator A, m3/s.
    neighbours : (6, nr, nt, nz) float
        Its off-diagonals, sign changed, m3/s.
    mass : (nr, nt, nz) float
        w: what stands beside A on the diagonal, >= 0: V/dt, or V/dt plus the slope of a sink, m3/s; 0 in the solid.
    fluid : (nr, nt, nz) bool
    team : Team
    """

    def __init__(
        self, diagonal: np.ndarray, neighbours: np.ndarray, mass: np.ndarray, fluid: np.ndarray, team: Team = ALONE
    ) -> None:
        self._fluid, self._team = fluid, team
        self._nothing, self._left = np.zeros(diagonal.shape), np.empty(diagonal.shape)
        self._planes = np.empty(diagonal.shape[0])
        self.set_matrix(diagonal, neighbours, mass)

    def set_matrix(self, diagonal: np.ndarray, neighbours: np.ndarray, mass: np.ndarray) -> None:
        """Change the whole matrix, on the same mesh, and factorise again."""
        self._diagonal, self._neighbours, self._mass = diagonal, neighbours, mass
        self._main = np.where(self._fluid, diagonal + mass, 1.0)
        self._lines = LineSweeps(self._main, neighbours, self._team)

    def set_mass(self, mass: np.ndarray) -> None:
        """Change what stands beside transport and factorise again."""
        self._mass = mass
        self._main = np.where(self._fluid, self._diagonal + mass, 1.0)
        self._lines.set_main(self._main)

    def residual(self, rhs: np.ndarray, x: np.ndarray) -> np.ndarray:
        """rhs - M x, (nr, nt, nz)."""
        self._form(rhs, x)
        return self._left.copy()

    def _form(self, rhs: np.ndarray, x: np.ndarray) -> None:
        self._team(
            residual, x.shape[0], rhs, self._main, self._neighbours, self._nothing, x, self._left, self._planes
        )  # fmt: skip

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
        iterations, reached = self._bicgstab(rhs, x, tolerance, limit)
        if positive:
            np.maximum(x, 0.0, out=x)
            wanted, held = float(rhs.sum()), float((self._mass * x).sum())
            if wanted > 0.0 and held > 0.0:
                x *= wanted / held
        else:
            x[self._fluid] += float(self.residual(rhs, x).sum()) / float(self._mass.sum())
        return iterations, reached

    def _bicgstab(self, rhs: np.ndarray, x: np.ndarray, tolerance: float, limit: int) -> tuple[int, float]:
        r = self.residual(rhs, x)
        shadow, p, v = r.copy(), np.zeros_like(r), np.zeros_like(r)
        start = math.sqrt(_dot(r, r))
        goal = max(tolerance * start, 1e-15 * math.sqrt(_dot(rhs, rhs)))  # the second: rounding of the right-hand side
        rho, alpha, omega, reached, done = 1.0, 1.0, 1.0, start, 0
        while reached > goal and done < limit:
            rho, before = _dot(shadow, r), rho
            if rho == 0.0 or omega == 0.0:
                break
            _turn(p, r, v, rho / before * alpha / omega, omega)
            y, v = self._preconditioned(p)
            alpha = rho / _dot(shadow, v)
            _advance(x, r, alpha, y, v)
            done += 1
            reached = math.sqrt(_dot(r, r))
            if reached <= goal:
                break
            y, t = self._preconditioned(r)
            omega = _dot(t, r) / _dot(t, t)
            _advance(x, r, omega, y, t)
            reached = math.sqrt(_dot(r, r))
        return done, reached / start if start > 0.0 else 0.0

    def _preconditioned(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y = P^-1 r and M y; y in double precision, so that M y is that of what is added to x."""
        scale = self._lines.scale(float(np.abs(r).mean()))
        y = self._lines((scale * r).astype(np.float32)) * (self._lines.unit / scale)
        self._form(self._nothing, y)
        return y, -self._left


@njit(**OPTIONS)
def _dot(x, y):
    x, y, total = x.ravel(), y.ravel(), 0.0
    for n in range(x.size):
        total += x[n] * y[n]
    return total


@njit(**OPTIONS)
def _turn(p, r, v, beta, omega):
    """p <- r + beta (p - omega v)."""
    p, r, v = p.ravel(), r.ravel(), v.ravel()
    for n in range(p.size):
        p[n] = r[n] + beta * (p[n] - omega * v[n])


@njit(**OPTIONS)
def _advance(x, r, step, y, v):
    """x <- x + step y, r <- r - step v."""
    x, r, y, v = x.ravel(), r.ravel(), y.ravel(), v.ravel()
    for n in range(x.size):
        x[n] += step * y[n]
        r[n] -= step * v[n]
