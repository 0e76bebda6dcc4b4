"""Coarse cells, and what the cells in them take up over what one mean cell would: the ratio that carries no plume.

::

    R_B = sum_t w_t sum_{n in B} q_n  /  sum_t w_t sum_{n in B} q*(c_n),     w_t = exp(-age/window)

    B    coarse cell, a block of mesh cells that holds at least 50 of the cells followed on the average
    q_n  uptake of cell n by its own state            q*   uptake of the mean cell at the same place (same c)

The numbers of cells in the coarse cell and the places where they happen to be stand in numerator and denominator alike
and cancel: what is left of the sampling noise is the spread of q_n/q* over the root of the number of samples. Cells
without memory have R = 1 exactly. Before anything is seen R = 1, with the weight of one window.

Coarse cells are cut at equal volumes along r and z and equal angles, into shapes as near to cubes as may be; those that
solids leave too small are joined to their smallest neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from rushton.mesh.cylinder import TankMesh

LEAST_CELLS = 50
"""Cells followed per coarse cell, on the average, at least."""
MOST_BLOCKS, MESH_CELLS_PER_BLOCK = 2000, 8
"""Most coarse cells; mesh cells in each, at least."""


def coarse_cells(mesh: TankMesh, n_cell: int, least: int = LEAST_CELLS) -> np.ndarray:
    """Coarse cell of every mesh cell.

    Parameters
    ----------
    mesh : TankMesh
    n_cell : int
        Cells followed; they are spread uniformly in the liquid.
    least : int
        Of them per coarse cell, on the average.

    Returns
    -------
    (nr, nt, nz) int32
        Numbers from 0; those in the solid mean nothing.
    """
    volumes = mesh.volumes
    total = float(volumes.sum())
    # a third more than the least, so that few are too small
    wanted = min(n_cell / (1.3 * least), MOST_BLOCKS, mesh.n_mesh_cell / MESH_CELLS_PER_BLOCK)
    edge = (total / max(wanted, 1.0)) ** (1.0 / 3.0)
    nr, nt, nz = mesh.shape
    rings = _between(mesh.r[-1] / edge, nr)
    layers = _between((mesh.z[-1] - mesh.z[0]) / edge, nz)
    sectors = _between(wanted / (rings * layers), nt)
    ring = _equal_parts(volumes.sum(axis=(1, 2)), rings)
    layer = _equal_parts(volumes.sum(axis=(0, 1)), layers)
    sector = np.arange(nt) * sectors // nt
    number = (ring[:, None, None] * sectors + sector[None, :, None]) * layers + layer[None, None, :]
    share = np.bincount(number.ravel(), weights=volumes.ravel(), minlength=rings * sectors * layers)
    joined = _join_small(share.reshape(rings, sectors, layers), total * least / n_cell)
    return joined[number].astype(np.int32)


def _between(wanted: float, most: int) -> int:
    return min(max(1, round(wanted)), most)


def _equal_parts(volumes: np.ndarray, parts: int) -> np.ndarray:
    """Part 0..parts-1 of every slice, such that the parts have about equal volume."""
    middle = np.cumsum(volumes) - 0.5 * volumes
    return np.minimum((middle / volumes.sum() * parts).astype(np.int64), parts - 1)


def _join_small(volumes: np.ndarray, least: float) -> np.ndarray:
    """Numbers of the coarse cells, (n,), after those below the least volume were joined to a neighbour."""
    shape = volumes.shape
    group = np.arange(volumes.size)
    members = {n: [n] for n in range(volumes.size)}
    held = dict(enumerate(volumes.ravel().tolist()))
    while len(held) > 1:
        small = min(held, key=lambda n: (held[n], n))
        if held[small] >= least:
            break
        near = {int(group[m]) for n in members[small] for m in _neighbours(n, shape)} - {small}
        into = min(near, key=lambda n: (held[n], n))
        group[members[small]] = into
        members[into] += members.pop(small)
        held[into] += held.pop(small)
    return np.unique(group, return_inverse=True)[1]


def _neighbours(n: int, shape: tuple[int, ...]) -> list[int]:
    """Coarse cells beside one, in the box of coarse cells that is closed round the tank."""
    a, b, c = (int(x) for x in np.unravel_index(n, shape))
    beside = [(a - 1, b, c), (a + 1, b, c), (a, b, c - 1), (a, b, c + 1)]
    beside += [(a, (b - 1) % shape[1], c), (a, (b + 1) % shape[1], c)]
    return [
        (p * shape[1] + q) * shape[2] + s
        for p, q, s in beside
        if 0 <= p < shape[0] and 0 <= s < shape[2] and (p, q, s) != (a, b, c)
    ]


class Difference:
    """What cells give to the broth beyond what mean cells would, per coarse cell, averaged in time.

    D_B = sum_t w_t sum_{n in B} (e_n - e*(c_n)) / sum_t w_t N_B: for what is given and taken, where no ratio holds.

    Parameters
    ----------
    block, window, interval
        As for ``Ratio``.
    expected : (n_all,) float
        Cells expected in every mesh cell.

    Attributes
    ----------
    value : (n_block,) float
        D, in the unit of the observations.
    """

    def __init__(self, block: np.ndarray, window: float, interval: float, expected: np.ndarray) -> None:
        self.n = int(block.max()) + 1
        self._keep = math.exp(-interval / window)
        self._sum = np.zeros(self.n)
        self._count = np.bincount(block, weights=expected, minlength=self.n) / (1.0 - self._keep)
        self.value = np.zeros(self.n)

    def observe(self, block: np.ndarray, own: np.ndarray, mean: np.ndarray) -> None:
        """Take in what cells give, and what the mean cell would at their places, (n_cell,) each."""
        self._sum = self._keep * self._sum + np.bincount(block, weights=own - mean, minlength=self.n)
        self._count = self._keep * self._count + np.bincount(block, minlength=self.n)
        self.value = self._sum / self._count

    def state(self) -> dict[str, np.ndarray]:
        """The sums so far."""
        return {"sum": self._sum, "count": self._count}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``."""
        self._sum, self._count = state["sum"], state["count"]
        self.value = self._sum / self._count


class Ratio:
    """R of every coarse cell, averaged in time.

    Parameters
    ----------
    block : (n_all,) int32
        Coarse cell of every mesh cell, from ``coarse_cells``, flat.
    window : float
        Of the average, s.
    interval : float
        Between two observations, s.
    expected : (n_all,) float
        What the mean cells in every mesh cell are expected to take up, in the unit of the observations.

    Attributes
    ----------
    value : (n_block,) float
        R, -.
    """

    def __init__(self, block: np.ndarray, window: float, interval: float, expected: np.ndarray) -> None:
        self.block = block
        self.n = int(block.max()) + 1
        self._keep = math.exp(-interval / window)
        prior = np.bincount(block, weights=expected, minlength=self.n) / (1.0 - self._keep)
        self._own, self._mean = prior, prior.copy()
        self.value = np.ones(self.n)

    def observe(self, block: np.ndarray, own: np.ndarray, mean: np.ndarray) -> None:
        """Take in what cells take up.

        Parameters
        ----------
        block : (n_cell,) int
            Coarse cell of each cell.
        own, mean : (n_cell,) float
            Uptake of each cell, and of the mean cell at its place.
        """
        self._own = self._keep * self._own + np.bincount(block, weights=own, minlength=self.n)
        self._mean = self._keep * self._mean + np.bincount(block, weights=mean, minlength=self.n)
        self._form()

    def _form(self) -> None:
        there = self._mean > 0.0
        self.value = np.where(there, self._own / np.where(there, self._mean, 1.0), 1.0)

    def state(self) -> dict[str, np.ndarray]:
        """The sums so far."""
        return {"own": self._own, "mean": self._mean}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``; before anything was observed R is one."""
        self._own, self._mean = state["own"], state["mean"]
        self._form()
