"""The cell tracks of a run, read once and shared by every strain and variation that is compared on them.

A lifeline is the row of mesh cells that a cell passed. It does not depend on the strain; what the strain finds there
does: s = q/q_max of the mesh cell in the field of its own uptake law. All are therefore compared on the same cells
(common random numbers), and differences are known far better than each value by itself.

Histories no longer than a lifeline take one lifeline each from its start. Longer ones are joined end to end
(:mod:`rushton.response.stitch`), in groups that share no lifeline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rushton.response.stitch import Records, Stitcher, count_codes

if TYPE_CHECKING:
    from rushton.case.schema import Regimes
    from rushton.lifelines import Lifelines

PIECE = 2000
"""Samples that are looked up and integrated in one go."""
FINAL = 0.25
"""Share of a history at its end that is also averaged by itself, -."""
GROUPS = 20
"""Groups of joined histories and their lifelines, at most."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Some lifelines of a run.

    Attributes
    ----------
    index : (n_lifeline, n_sample) int
        Fluid mesh cell at every stored sample.
    dt : float
        Interval of the samples, s.
    """

    index: np.ndarray
    dt: float

    @property
    def duration(self) -> float:
        """Of a lifeline, s."""
        return self.index.shape[1] * self.dt

    @cached_property
    def counts(self) -> np.ndarray:
        """(n,) int64, samples in every fluid mesh cell up to the last one that was visited; the same for every law."""
        return count_codes(self.index, 0)


def read_tracks(lifelines: Lifelines, most: int) -> Tracks:
    """The first lifelines of a run; cells are numbered at random, so that they are as good as any others.

    Parameters
    ----------
    lifelines : Lifelines
    most : int
        Lifelines that are wanted.
    """
    parts, there = [], 0
    for _, index in lifelines.cell_index_blocks():
        parts.append(index[: most - there])
        there += len(parts[-1])
        if there >= most:
            break
    return Tracks(np.concatenate(parts), lifelines.sampling)


@dataclass(frozen=True, eq=False)
class Histories:
    """What cells meet in the field of one uptake law, piece by piece.

    Attributes
    ----------
    records : Records
        Mesh cells along every lifeline, and s of every mesh cell.
    n_history, n_sample : int
        Cells, and samples of each.
    regimes : Regimes
        Borders within which records are joined.
    tolerance : float
        Largest jump of s at a join, -.
    seed : int
    """

    records: Records
    n_history: int
    n_sample: int
    regimes: Regimes
    tolerance: float
    seed: int

    @property
    def stitched(self) -> bool:
        """Whether lifelines are joined end to end."""
        return self.n_sample > self.records.codes.shape[1]

    @property
    def group(self) -> np.ndarray:
        """(n_history,) group of every history; groups share no lifeline."""
        groups = min(GROUPS, self.n_history, len(self.records.codes)) if self.stitched else self.n_history
        return np.arange(self.n_history) % groups

    def pieces(self) -> Iterator[tuple[np.ndarray, bool]]:
        """Mesh cells (n_history, n), and whether they belong to the final part; in order."""
        border = round((1.0 - FINAL) * self.n_sample)
        cuts = [*range(0, border, PIECE), *range(border, self.n_sample, PIECE), self.n_sample]
        stitcher = None
        if self.stitched:
            borders = self.regimes.starvation, self.regimes.excess, self.tolerance
            stitcher = Stitcher(self.records, self.n_history, *borders, self.seed, GROUPS)
        for first, end in zip(cuts, cuts[1:], strict=False):
            if stitcher is None:
                yield self.records.codes[: self.n_history, first:end], first >= border
            else:
                yield stitcher.read(end - first), first >= border


def histories(
    tracks: Tracks, ratio: np.ndarray, n_history: int, duration: float, regimes: Regimes, tolerance: float, seed: int
) -> Histories:
    """What cells meet in a field.

    Parameters
    ----------
    tracks : Tracks
    ratio : (n_mesh_cell,) float
        s = q/q_max of the fluid mesh cells.
    n_history : int
        Cells; where the lifelines are long enough, each takes one lifeline, so at most as many as there are.
    duration : float
        Of a history, s.
    regimes, tolerance, seed
        Of the joins.
    """
    n_sample = max(1, round(duration / tracks.dt))
    if n_sample <= tracks.index.shape[1]:
        n_history = min(n_history, len(tracks.index))
    s = np.clip(np.asarray(ratio, float), 0.0, 1.0)
    counts = np.zeros(s.size, np.int64)
    counts[: tracks.counts.size] = tracks.counts  # those visited
    records = Records(tracks.index, tracks.dt, s, counts)
    return Histories(records, n_history, n_sample, regimes, tolerance, seed)
