"""Long histories of uptake, stitched from many short lifelines.

A lifeline of minutes is far shorter than the memory of slow pools (hours). Records are therefore joined end to end:
the next record is drawn at random, with equal chance, from those that begin within a tolerance (0.02) of the last
s = q/q_max and in the same regime. Because the cells were released uniformly and stay well mixed, starts and ends have
the same distribution, and the joined signal keeps it. Where no record begins so close, the nearest start of the same
regime is taken, and counted.

Records are kept as 16-bit codes of s (steps of 1.5e-5), 2 bytes a sample: 1e5 records of 600 s at 0.3 s are 400 MB. The
long histories exist only as the stretch that is being integrated.

Source of the procedure: Haringa et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020 (lifelines joined to 80 h).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rushton.errors import SolverError

LEVELS = 65_535
"""Codes of s run from 0 to LEVELS."""


def encode(s: np.ndarray) -> np.ndarray:
    """16-bit codes of s in 0..1."""
    return np.rint(np.clip(s, 0.0, 1.0) * LEVELS).astype(np.uint16)


@dataclass(frozen=True)
class Records:
    """Lifelines of the uptake ratio.

    Parameters
    ----------
    codes : ndarray of uint16, shape (n_record, n_sample)
        s * 65535.
    dt : float
        Interval of the samples, s.
    """

    codes: np.ndarray
    dt: float

    @property
    def mean(self) -> float:
        """Mean of s over all records."""
        rows = [int(block.sum(dtype=np.int64)) for block in np.array_split(self.codes, max(1, len(self.codes) // 4096))]
        return sum(rows) / (self.codes.size * LEVELS)


def gather_records(
    blocks: Iterable[tuple[slice, np.ndarray]],
    ratio: np.ndarray,
    n_cell: int,
    dt: float,
    largest_bytes: int = 480_000_000,
) -> Records:
    """Records of s from the mesh cells that the lifelines passed.

    Parameters
    ----------
    blocks : iterable of (cells, cell_index)
        Slice of lifelines and the numbers of the fluid mesh cells, int32 (n_cell_of_block, n_sample).
    ratio : ndarray, shape (n_mesh_cell,)
        s = q/q_max of every fluid mesh cell.
    n_cell : int
        Number of lifelines in all blocks.
    dt : float
        Interval of the samples, s.
    largest_bytes : int
        Memory allowed; beyond it only every second, third, ... lifeline is kept.

    Returns
    -------
    Records
    """
    table = encode(ratio)
    parts: list[np.ndarray] = []
    stride = 1
    for cells, index in blocks:
        if not parts:
            stride = max(1, -(-n_cell * index.shape[1] * 2 // largest_bytes))
        parts.append(table[index[(-cells.start) % stride :: stride]])
    if not parts or not sum(part.size for part in parts):
        raise SolverError("the lifelines hold no records to stitch", "response", "Run the lifelines again.")
    out = np.empty((sum(len(part) for part in parts), parts[0].shape[1]), np.uint16)
    row = len(out)
    while parts:  # from the back, so that each block is freed as it is copied
        part = parts.pop()
        out[row - len(part) : row] = part
        row -= len(part)
    return Records(out, dt)


class Stitcher:
    """Endless histories of codes of s, read stretch by stretch.

    Parameters
    ----------
    records : Records
        The lifelines.
    n_history : int
        Number of histories.
    starvation, excess : float
        Borders of the regimes, in s.
    tolerance : float
        Largest jump of s at a join.
    seed : int
        Seed; the same seed gives the same histories.

    Attributes
    ----------
    joins, far_joins : int
        Joins made, and those beyond the tolerance or into another regime.
    largest_jump : float
        Largest |jump| of s at a join.
    """

    def __init__(
        self, records: Records, n_history: int, starvation: float, excess: float, tolerance: float, seed: int
    ) -> None:
        self._codes = records.codes
        starts = records.codes[:, 0]
        self._order = np.argsort(starts, kind="stable")
        self._starts = starts[self._order] / LEVELS
        self._regime_edges = (starvation, excess)
        p0 = int(np.searchsorted(self._starts, starvation, "left"))
        p1 = int(np.searchsorted(self._starts, excess, "right"))
        self._regime_rows = np.array([[0, p0], [p0, p1], [p1, len(starts)]])  # starvation, limitation, excess
        self._tolerance = tolerance
        self._random = np.random.default_rng([seed, 0x57174C])
        self.joins = self.far_joins = 0
        self.largest_jump = 0.0
        self._current = self._random.integers(0, len(starts), n_history)
        self._position = 0

    def read(self, n: int) -> np.ndarray:
        """Codes (n_history, n) of the next n samples."""
        out = np.empty((len(self._current), n), np.uint16)
        done = 0
        n_sample = self._codes.shape[1]
        while done < n:
            if self._position == n_sample:
                self._join()
            take = min(n - done, n_sample - self._position)
            out[:, done : done + take] = self._codes[self._current, self._position : self._position + take]
            self._position += take
            done += take
        return out

    def _join(self) -> None:
        last = self._codes[self._current, -1] / LEVELS
        starvation, excess = self._regime_edges
        first, end = self._regime_rows[np.where(last < starvation, 0, np.where(last > excess, 2, 1))].T
        low = np.clip(np.searchsorted(self._starts, last - self._tolerance, "left"), first, end)
        high = np.clip(np.searchsorted(self._starts, last + self._tolerance, "right"), first, end)
        row = low + np.floor(self._random.random(len(last)) * (high - low)).astype(np.int64)
        for h in np.flatnonzero(high <= low):
            row[h] = self._nearest(last[h], int(first[h]), int(end[h]))
        self.joins += len(last)
        self.far_joins += int(np.count_nonzero(high <= low))
        self.largest_jump = max(self.largest_jump, float(np.max(np.abs(self._starts[row] - last))))
        self._current = self._order[row]
        self._position = 0

    def _nearest(self, s: float, first: int, end: int) -> int:
        if first == end:  # no record begins in this regime
            first, end = 0, len(self._starts)
        at = first + int(np.searchsorted(self._starts[first:end], s))
        return min((row for row in (at - 1, at) if first <= row < end), key=lambda row: abs(self._starts[row] - s))
