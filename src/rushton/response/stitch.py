"""Long histories, stitched from many short lifelines.

A lifeline of minutes is far shorter than the memory of slow pools (hours). Records are therefore joined end to end:
the next record is drawn at random, with equal chance, from those that begin within a tolerance (0.02) of the last
s = q/q_max and in the same regime. Because the cells were released uniformly and stay well mixed, starts and ends have
the same distribution, and the joined signal keeps it. Where no record begins so close, the nearest start of the same
regime is taken, and counted.

A record is a row of codes: the number of the mesh cell that holds the cell at every sample, from which all that
surrounds it follows (s, concentrations), or 16-bit steps of s alone. What surrounds a cell besides s may jump at a
join, once in the duration of a lifeline; it keeps its distribution, for starts and ends of well-mixed cells share it.

Histories and records fall into groups: a history is joined from records of its own group, so that groups are
independent looks at the tank and a band over them holds how well the lifelines represent it. A join that finds nothing
close enough in its group looks at all records.

Codes take 2 or 4 bytes a sample: 50,000 records of 600 s at 0.3 s on 1e5 mesh cells are 400 MB. The long histories
exist only as the stretch that is being integrated.

Source of the procedure: Haringa et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020 (lifelines joined to 80 h).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from rushton.errors import SolverError

LEVELS = 65_535
"""Codes of s, where a record holds nothing else, run from 0 to LEVELS."""


def encode(s: np.ndarray) -> np.ndarray:
    """16-bit codes of s in 0..1."""
    return np.rint(np.clip(s, 0.0, 1.0) * LEVELS).astype(np.uint16)


def _steps() -> np.ndarray:
    return np.arange(LEVELS + 1) / LEVELS


def count_codes(codes: np.ndarray, n_code: int) -> np.ndarray:
    """(n_code,) int64, samples of every code in codes (n_record, n_sample)."""
    blocks = np.array_split(codes, max(1, codes.size // 4_000_000))
    return np.sum([np.bincount(block.ravel(), minlength=n_code) for block in blocks], axis=0)


@dataclass(frozen=True)
class Records:
    """Lifelines as codes.

    Parameters
    ----------
    codes : ndarray of unsigned integers, shape (n_record, n_sample)
        Mesh cells, or steps of s.
    dt : float
        Interval of the samples, s.
    ratio : ndarray, shape (n_code,)
        s = q/q_max of every code; by default that of 16-bit steps (`encode`).
    counted : ndarray, shape (n_code,), optional
        Samples of every code, where they were counted before (`count_codes`).
    """

    codes: np.ndarray
    dt: float
    ratio: np.ndarray = field(default_factory=_steps)
    counted: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """(n_code,) int64, samples of every code."""
        return count_codes(self.codes, self.ratio.size) if self.counted is None else self.counted

    @property
    def mean(self) -> float:
        """Mean of s over all records."""
        return float(self.counts @ self.ratio) / self.codes.size


def gather_records(
    blocks: Iterable[tuple[slice, np.ndarray]],
    ratio: np.ndarray,
    n_cell: int,
    dt: float,
    largest_bytes: int = 480_000_000,
) -> Records:
    """Records of the mesh cells that the lifelines passed.

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
    kind = np.uint16 if ratio.size <= 2**16 else np.int32
    parts: list[np.ndarray] = []
    stride = 1
    for cells, index in blocks:
        if not parts:
            stride = max(1, -(-n_cell * index.shape[1] * kind().itemsize // largest_bytes))
        parts.append(index[(-cells.start) % stride :: stride].astype(kind))
    if not parts or not sum(part.size for part in parts):
        raise SolverError("the lifelines hold no records to stitch", "response", "Run the lifelines again.")
    out = np.empty((sum(len(part) for part in parts), parts[0].shape[1]), kind)
    row = len(out)
    while parts:  # from the back, so that each block is freed as it is copied
        part = parts.pop()
        out[row - len(part) : row] = part
        row -= len(part)
    return Records(out, dt, np.clip(ratio, 0.0, 1.0))


class _Starts:
    """Starts of some records, in the order of s, and where the regimes end among them."""

    def __init__(self, records: np.ndarray, s: np.ndarray, starvation: float, excess: float) -> None:
        order = np.argsort(s[records], kind="stable")
        self.records, self.s = records[order], s[records][order]
        p0 = int(np.searchsorted(self.s, starvation, "left"))
        p1 = int(np.searchsorted(self.s, excess, "right"))
        self.rows = np.array([[0, p0], [p0, p1], [p1, len(records)]])  # starvation, limitation, excess

    def near(self, last: np.ndarray, regime: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
        """First and end of the rows that begin close to each of the last s, in its regime."""
        first, end = self.rows[regime].T
        low = np.clip(np.searchsorted(self.s, last - tolerance, "left"), first, end)
        return low, np.clip(np.searchsorted(self.s, last + tolerance, "right"), first, end)

    def nearest(self, s: float, regime: int) -> int:
        """Row of the start nearest to s in its regime; in any regime where none begins in this one."""
        first, end = (int(row) for row in self.rows[regime])
        if first == end:
            first, end = 0, len(self.s)
        at = first + int(np.searchsorted(self.s[first:end], s))
        return min((row for row in (at - 1, at) if first <= row < end), key=lambda row: abs(self.s[row] - s))


class Stitcher:
    """Endless histories of codes, read stretch by stretch.

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
    groups : int
        History h is joined from the records r with r = h modulo the number of groups.

    Attributes
    ----------
    joins, far_joins, borrowed : int
        Joins made; those beyond the tolerance or into another regime; those with a record of another group.
    largest_jump : float
        Largest |jump| of s at a join.
    """

    def __init__(
        self,
        records: Records,
        n_history: int,
        starvation: float,
        excess: float,
        tolerance: float,
        seed: int,
        groups: int = 1,
    ) -> None:
        self._codes, self._ratio = records.codes, records.ratio
        n_record = len(self._codes)
        groups = max(1, min(groups, n_record, n_history))
        self._s = self._ratio[self._codes[:, 0]]
        self._all = _Starts(np.arange(n_record), self._s, starvation, excess)
        self._groups = [
            _Starts(np.arange(g, n_record, groups), self._s, starvation, excess) if groups > 1 else self._all
            for g in range(groups)
        ]
        self.group = np.arange(n_history) % groups
        self._borders = (starvation, excess)
        self._tolerance = tolerance
        self._random = np.random.default_rng([seed, 0x57174C])
        self.joins = self.far_joins = self.borrowed = 0
        self.largest_jump = 0.0
        sizes = np.array([len(starts.records) for starts in self._groups])[self.group]
        self._current = self.group + groups * self._random.integers(0, sizes)
        self._position = 0

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self._groups)

    def read(self, n: int) -> np.ndarray:
        """Codes (n_history, n) of the next n samples."""
        out = np.empty((len(self._current), n), self._codes.dtype)
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
        last = self._ratio[self._codes[self._current, -1]]
        starvation, excess = self._borders
        regime = np.where(last < starvation, 0, np.where(last > excess, 2, 1))
        chance = self._random.random(len(last))
        following = np.full(len(last), -1)
        for g, starts in enumerate(self._groups):
            mine = np.flatnonzero(self.group == g)
            low, high = starts.near(last[mine], regime[mine], self._tolerance)
            found = high > low
            row = low + np.floor(chance[mine] * (high - low)).astype(np.int64)
            following[mine[found]] = starts.records[row[found]]
        for h in np.flatnonzero(following < 0):
            low, high = self._all.near(last[h : h + 1], regime[h : h + 1], self._tolerance)
            if high[0] > low[0]:
                row = low[0] + int(chance[h] * (high[0] - low[0]))
                self.borrowed += 1
            else:
                row = self._all.nearest(float(last[h]), int(regime[h]))
                self.far_joins += 1
            following[h] = self._all.records[row]
        self.joins += len(last)
        self.largest_jump = max(self.largest_jump, float(np.max(np.abs(self._s[following] - last))))
        self._current = following
        self._position = 0
