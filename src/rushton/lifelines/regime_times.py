"""Time in each regime and completed stays, lifeline by lifeline, for any uptake ratio on the same tracks.

    v_n = (1/m) sum_{l=0}^{m-1} s(c_{n-l}),      c_n mesh cell of the n-th stored sample, s uptake ratio of mesh cells

Regimes, margins and stays as in :mod:`rushton.lifelines.regimes` (E excess, L limitation, S starvation; first and last
stay of a record are cut off; a jump from E to S passes through L with zero stay). What the on-line observer sums over
all cells is kept here per lifeline, so that a band follows by drawing lifelines again.

The signal is known at the stored samples only (0.3 s), and the window m is a whole number of them, one by default: no
smoothing. Shares are then those before smoothing; mean stays miss what is shorter than the interval and are cut by what
smoothing would have bridged. In the 54 m3 tank they are 5 to 10 % shorter than those of the run.

Source of the definitions: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from rushton.cores import usable_cores
from rushton.lifelines.regimes import REGIMES, classify, smooth, stays

if TYPE_CHECKING:
    from rushton.case.schema import Regimes


@dataclass(frozen=True, eq=False)
class RegimeTimes:
    """Time and stays in E, L, S of every lifeline.

    Attributes
    ----------
    dt : float
        Interval of the samples, s.
    samples : (n_lifeline, 3) int64
        Smoothed samples in each regime.
    stays : (n_lifeline, 3) int64
        Completed stays.
    stay_samples : (n_lifeline, 3) int64
        Samples of the completed stays.
    """

    dt: float
    samples: np.ndarray
    stays: np.ndarray
    stay_samples: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(3,) share of time in E, L, S."""
        return self.samples.sum(axis=0) / max(int(self.samples.sum()), 1)

    @property
    def residence_s(self) -> np.ndarray:
        """(3,) mean completed stay in E, L, S, s; nan where there is none."""
        return _over(self.stay_samples.sum(axis=0), self.stays.sum(axis=0)) * self.dt


def regime_times(index: np.ndarray, s: np.ndarray, dt: float, regimes: Regimes) -> RegimeTimes:
    """Time and stays in regimes along lifelines.

    Parameters
    ----------
    index : (n_lifeline, n_sample) int32
        Fluid mesh cell of every stored sample.
    s : (n_mesh_cell,) float
        Uptake ratio q/q_max of the fluid mesh cells, -.
    dt : float
        Interval of the samples, s.
    regimes : Regimes
        Borders, margin and smoothing of a strain.

    Returns
    -------
    RegimeTimes
    """
    n = len(index)
    m = max(1, round(regimes.smoothing / dt))
    out = tuple(np.zeros((n, 3), np.int64) for _ in range(3))
    signal, borders = np.ascontiguousarray(s, dtype=np.float64), (regimes.starvation, regimes.excess, regimes.margin)
    threads = min(usable_cores(), n)
    cuts = [k * n // threads for k in range(threads + 1)] if n else []

    def part(k: int) -> None:
        rows = slice(cuts[k], cuts[k + 1])
        _count(np.ascontiguousarray(index[rows]), signal, m, *borders, *(counted[rows] for counted in out))

    if threads == 1:
        part(0)
    elif threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(threads)))
    return RegimeTimes(dt, *out)


def regime_times_reference(index: np.ndarray, s: np.ndarray, dt: float, regimes: Regimes) -> RegimeTimes:
    """The readable reference of `regime_times`, by the definitions in :mod:`rushton.lifelines.regimes`."""
    samples, number, length = (np.zeros((len(index), 3), np.int64) for _ in range(3))
    for p, cells in enumerate(index):
        regime = classify(smooth(np.asarray(s, float)[cells], dt, regimes.smoothing), regimes)
        samples[p] = np.bincount(regime, minlength=3)
        for pattern, n in stays(regime):
            here = REGIMES.index(pattern[1])
            number[p, here] += 1
            length[p, here] += n
    return RegimeTimes(dt, samples, number, length)


def _over(a: np.ndarray, n: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, a / n, np.nan)


@nb.njit(cache=True, nogil=True, _nrt=False)
def _count(index, s, m, low, high, margin, samples, number, length):
    """0 excess, 1 limitation, 2 starvation; `came` 0: the stay under way began with the record and is cut off."""
    for p in range(index.shape[0]):
        total = 0.0
        now, since, came = -1, 0, 0
        for n in range(index.shape[1]):
            total += s[index[p, n]]
            if n >= m:
                total -= s[index[p, n - m]]
            if n < m - 1:
                continue
            v = total / m
            if now < 0:
                now = 0 if v > high else 2 if v < low else 1
                since = n
            new = now
            if (now == 0 and v < high - margin) or (now == 2 and v > low + margin):
                new = 1
            if new == 1:
                new = 0 if v > high + margin else 2 if v < low - margin else 1
            if new != now:
                if came:
                    number[p, now] += 1
                    length[p, now] += n - since
                if now != 1 and new != 1:  # E to S or S to E: a stay of no length in L
                    number[p, 1] += 1
                now, since, came = new, n, 1
            samples[p, now] += 1
