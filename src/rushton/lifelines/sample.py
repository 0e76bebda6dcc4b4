"""A sample of cells and what was counted of it, kept apart for groups of cells.

Cell p belongs to group p mod G. Cells do not know of each other, so the groups are independent samples of the same
population: weights on the groups make halves and quarters of it, or a bootstrap resample (``bands``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.observer import (
    N_RESIDENCE_BIN,
    Tally,
    close_signals,
    duration_bins,
    group_count,
    new_memory,
    new_tally,
    observe_signals,
)
from rushton.lifelines.regimes import SignalStatistics, limits_of

if TYPE_CHECKING:
    from rushton.case.schema import Regimes


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts of a sample of cells.

    Attributes
    ----------
    dt : float
        Time step, s.
    duration : float
        Length of a record, s.
    tally : Tally
        Counters of the observer, (n_group, ...).
    returns : (n_group, 360) int
        Times between entries into impeller zones per duration (``RESIDENCE_EDGES``).
    return_time : (n_group,) float
        Their sum, s.
    waiting : (n_group, 360) int
        The same for cells that were still under way at the end: time since the last entry.
    """

    dt: float
    duration: float
    tally: Tally
    returns: np.ndarray
    return_time: np.ndarray
    waiting: np.ndarray

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return int(self.tally.raw.shape[0])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return round(float(self.tally.raw_sum[:, 0].sum()) * self.dt / self.duration)

    def statistics(self, groups: slice = slice(None)) -> SignalStatistics:
        """Statistics of some of the groups, by default of all."""
        summed = Tally(*(a[groups].sum(axis=0, keepdims=True) for a in self.tally))
        return SignalStatistics.from_tally(summed, 0, self.dt)

    def to_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """Plain arrays from which ``from_arrays`` rebuilds the sample."""
        out = {f"{prefix}{name}": array for name, array in self.tally._asdict().items()}
        out[f"{prefix}times"] = np.array([self.dt, self.duration])
        for name in ("returns", "return_time", "waiting"):
            out[prefix + name] = getattr(self, name)
        return out

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], prefix: str = "") -> Sample:
        """Rebuild from ``to_arrays``."""
        tally = Tally(*(arrays[prefix + name] for name in Tally._fields))
        dt, duration = (float(x) for x in arrays[f"{prefix}times"])
        return cls(dt, duration, tally, *(arrays[prefix + name] for name in ("returns", "return_time", "waiting")))


def sample_of(s: np.ndarray, dt: float, regimes: Regimes, n_group: int | None = None) -> Sample:
    """Counts of given signals, whatever made them; there is no circulation in them.

    Parameters
    ----------
    s : (n_signal, n_time) or (n_time,) float
        Uptake ratio q/q_max, -, at a fixed interval.
    dt : float
        Interval, s; at most a third of the smoothing window, or the window is not resolved.
    regimes : Regimes
        Borders, margin and smoothing window.
    n_group : int, optional
        Number of groups; by default ``group_count``.

    Returns
    -------
    Sample
    """
    s = np.atleast_2d(np.asarray(s, np.float64))
    n_signal, n_time = s.shape
    limits = limits_of(regimes, dt)
    tally = new_tally(n_group or group_count(n_signal))
    bins = duration_bins(n_time, dt)
    for first in range(0, n_signal, 1024):  # keeps the memory of the window small and Ctrl-C alive
        block = np.ascontiguousarray(s[first : first + 1024])
        memory = new_memory(block.shape[0], limits)
        observe_signals(block, 0, limits, tally, bins, memory, first, np.empty(n_time, np.int32))
        close_signals(n_time, limits, tally, memory, first)
    n = tally.raw.shape[0]
    nothing = np.zeros((n, N_RESIDENCE_BIN), np.int64)
    return Sample(dt, n_time * dt, tally, nothing, np.zeros(n), nothing.copy())
