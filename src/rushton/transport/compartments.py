"""Compartments: blocks of mesh cells whose balances are closed at once, so that long waves cost no more than short.

::

    sum over block B of (r - M e)_P = 0   for every block,      e one value per block

Line sweeps (:mod:`rushton.transport.sweeps`) carry what they know along lines; what is wrong on the scale of the tank
they mend slowly, the slower the longer the time step. The residual is therefore summed over a few hundred blocks, each
a box of neighbouring mesh cells, the dense compartment model that M gives for them is solved, and its values are added
to the blocks: the additive correction of B. R. Hutchinson and G. D. Raithby, Numer. Heat Transfer 9, 511-537 (1986)
(pages from memory, unverified). Row sums of the transport part vanish, so inside a block M e is the mass alone::

    (M e)_P = w_P e_P + sum_nb a_nb (e_P - e_nb),      w m3/s what stands beside transport on the diagonal (V/dt)
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.transport.sweeps import OPTIONS

BLOCKS = (5, 8, 8)
"""Most blocks along r, theta and z, -."""


class Compartments:
    """The compartment model of one matrix.

    Parameters
    ----------
    diagonal : (nr, nt, nz) float
        Of the transport operator A, m3/s; 0 in the solid.
    neighbours : (6, nr, nt, nz) float
        Off-diagonals a_nb, m3/s.
    team : Team
    """

    def __init__(self, diagonal: np.ndarray, neighbours: np.ndarray, team: Team = ALONE) -> None:
        self._team, self._a = team, neighbours
        shape = diagonal.shape
        self._shape = tuple(min(n, most) for n, most in zip(shape, BLOCKS, strict=True))
        self._block = tuple(  # number of the block of each plane, along each direction
            (np.arange(n) * blocks // n).astype(np.int32) for n, blocks in zip(shape, self._shape, strict=True)
        )
        self._starts = tuple(np.searchsorted(b, np.arange(n)) for b, n in zip(self._block, self._shape, strict=True))
        number = np.asarray(np.ravel_multi_index(np.ix_(*self._block), self._shape))
        n = int(np.prod(self._shape))
        self._transport = np.zeros((n, n))
        for d in range(6):
            axis, towards = divmod(d, 2)
            other = np.roll(number, 1 - 2 * towards, axis=axis)
            apart = (other != number) & (neighbours[d] > 0.0)
            here, there, a = number[apart], other[apart], neighbours[d][apart]
            np.add.at(self._transport, (here, there), -a)
            np.add.at(self._transport, (here, here), a)
        self._inverse, self._e = np.empty((n, n)), np.empty(self._shape)
        self.mass = np.zeros(shape)

    def set_mass(self, mass: np.ndarray) -> None:
        """Take what stands beside transport on the diagonal, (nr, nt, nz) m3/s >= 0, and invert the dense model."""
        self.mass = mass
        model = self._transport.copy()
        sums = self.sums(mass).ravel()
        empty = sums <= 0.0  # all solid
        model[np.diag_indices_from(model)] += np.where(empty, 1.0, sums)
        _invert(model)
        model[empty] = 0.0
        self._inverse = model

    def sums(self, field: np.ndarray) -> np.ndarray:
        """Sums over the blocks, (blocks in r, theta, z)."""
        for axis, starts in enumerate(self._starts):
            field = np.add.reduceat(field, starts, axis=axis)
        return field

    def correct(self, r: np.ndarray, scale: float, left: np.ndarray) -> None:
        """Find the values e of the blocks, to be added by ``add``.

        Parameters
        ----------
        r : (nr, nt, nz) float
            Residual, mol/s.
        scale : float
        left : (nr, nt, nz) float32
            Becomes ``scale`` (r - M e).
        """
        _times(self._inverse, self.sums(r).ravel(), self._e.ravel())
        self._team(_left, r.shape[0], self._a, self.mass, *self._block, self._e, r, scale, left)

    def add(self, e: np.ndarray, factor: float, c: np.ndarray) -> None:
        """c <- c + factor e + the last values of the blocks; e (nr, nt, nz) float32, c mol/m3."""
        self._team(_add, c.shape[0], self.mass, *self._block, self._e, e, factor, c)


@njit(**OPTIONS)
def _invert(a):
    """Inverse in place by Gauss-Jordan elimination without pivoting: a is diagonally dominant by rows."""
    n = a.shape[0]
    for p in range(n):
        pivot = 1.0 / a[p, p]
        a[p, p] = 1.0
        for q in range(n):
            a[p, q] *= pivot
        for m in range(n):
            if m != p:
                f = a[m, p]
                if f != 0.0:
                    a[m, p] = 0.0
                    for q in range(n):
                        a[m, q] -= f * a[p, q]


@njit(**OPTIONS)
def _times(a, x, out):
    for m in range(out.size):
        total = 0.0
        for n in range(x.size):
            total += a[m, n] * x[n]
        out[m] = total


@njit(**OPTIONS)
def _left(lo, hi, a, mass, block_r, block_t, block_z, e, r, scale, left):
    """scale (r - M e) for e constant in each block, planes lo <= i < hi."""
    nr, nt, nz = mass.shape
    row = np.empty(nz)
    for i in range(lo, hi):
        b = block_r[i]
        for j in range(nt):
            c = block_t[j]
            for k in range(nz):
                row[k] = r[i, j, k] - mass[i, j, k] * e[b, c, block_z[k]]
            for k in range(1, nz):
                if block_z[k] != block_z[k - 1]:
                    jump = e[b, c, block_z[k]] - e[b, c, block_z[k - 1]]
                    row[k] -= a[4, i, j, k] * jump
                    row[k - 1] += a[5, i, j, k - 1] * jump
            up = j + 1 if j + 1 < nt else 0
            down = j - 1 if j > 0 else nt - 1
            if block_t[up] != c:
                for k in range(nz):
                    row[k] -= a[3, i, j, k] * (e[b, c, block_z[k]] - e[b, block_t[up], block_z[k]])
            if block_t[down] != c:
                for k in range(nz):
                    row[k] -= a[2, i, j, k] * (e[b, c, block_z[k]] - e[b, block_t[down], block_z[k]])
            if i > 0 and block_r[i - 1] != b:
                for k in range(nz):
                    row[k] -= a[0, i, j, k] * (e[b, c, block_z[k]] - e[block_r[i - 1], c, block_z[k]])
            if i < nr - 1 and block_r[i + 1] != b:
                for k in range(nz):
                    row[k] -= a[1, i, j, k] * (e[b, c, block_z[k]] - e[block_r[i + 1], c, block_z[k]])
            for k in range(nz):
                left[i, j, k] = np.float32(scale * row[k])


@njit(**OPTIONS)
def _add(lo, hi, mass, block_r, block_t, block_z, blocks, e, factor, c):
    nt, nz = c.shape[1], c.shape[2]
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                block = blocks[block_r[i], block_t[j], block_z[k]]
                c[i, j, k] += factor * e[i, j, k] + (block if mass[i, j, k] > 0.0 else 0.0)
