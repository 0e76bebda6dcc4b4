"""Regimes, residence patterns and arcs of an uptake signal, whatever made it (a tank or a lab rig).

    s(t) = q / q_max                                uptake ratio, -
    v    = moving average of s over the smoothing window (0.36 s), formed before anything else
    E  excess       entered at v > excess + margin,      left at v < excess - margin
    S  starvation   entered at v < starvation - margin,  left at v > starvation + margin
    L  limitation   between

A stay is named after where it came from, what it is and where it goes: LEL is the time in E between two times in L,
ELS the time in L on the way from E to S. A jump from E to S passes through L with zero stay. The first and the last
stay of a record are cut off: counted apart, not part of any statistics. An arc is the time between two
crossings of the starvation border (without margin); arcs above it carry the largest v they reach. An excursion is a
completed stay in E or in S with the extreme of v that it reaches.

Without smoothing a random walk has no residence time: the mean stay falls without limit as the step shrinks.

Source: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061; Haringa 2023, Eng. Life Sci.
23:e2100159, doi 10.1002/elsc.202100159 (window, margins, patterns).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rushton.case.schema import Regimes
    from rushton.lifelines.observer import Limits, Tally

REGIMES = ("E", "L", "S")
PATTERNS = ("LEL", "LSL", "ELE", "ELS", "SLE", "SLS")

SIGNAL_EDGES = np.linspace(0.0, 1.0, 1001)
"""Edges of the histogram of s, -."""

RESIDENCE_EDGES = 10.0 ** np.linspace(-2.0, 4.0, 361)
"""Edges of the histograms of stays, s: 60 per decade. Stays of zero length are in the first bin."""

ARC_EDGES = 10.0 ** np.linspace(-2.0, 4.0, 121)
ARC_MAX_EDGES = np.linspace(0.0, 1.0, 51)
"""Edges of the arc histogram: duration, s, and largest s, -."""

EXCURSION_EDGES = 10.0 ** np.linspace(-2.0, 4.0, 61)
DEPTH_EDGES = 10.0 ** np.linspace(-6.0, 0.0, 61)
"""Edges of the excursion histograms: duration, s, and 1 - v (in E) or v (in S), -; smaller ones are in the first."""


@dataclass(frozen=True, eq=False)
class SignalStatistics:
    """Statistics of signals s(t) in regimes; ``a + b`` is the statistics of both sets of signals.

    Attributes
    ----------
    dt : float
        Sampling interval, s.
    signal_counts : (1000,) int
        Samples of the smoothed signal per bin of s (``SIGNAL_EDGES``).
    raw_counts : (3,) int
        Samples before smoothing in E, L, S, by the borders without margin.
    raw_mean_sum : (2,) float
        Number and sum of all samples before smoothing.
    regime_counts : (3,) int
        Samples of the smoothed signal in E, L, S.
    pattern_stays : (6, 360) int
        Completed stays per pattern (``PATTERNS``) and duration (``RESIDENCE_EDGES``).
    pattern_time : (6,) float
        Total duration of the completed stays, s.
    transitions : (3, 3) int
        Passages from regime (row) to regime (column), order E, L, S.
    cut_counts, cut_time : (3,)
        Number and time, s, of stays cut off at the ends of records, per regime.
    arcs_above : (120, 50) int
        Arcs above the starvation border by duration (``ARC_EDGES``) and largest s (``ARC_MAX_EDGES``).
    arcs_below : (120,) int
        Arcs below it by duration.
    excursions : (2, 60, 60) int
        Completed stays in E and in S by duration (``EXCURSION_EDGES``) and extreme (``DEPTH_EDGES``): the largest v
        in E, counted by 1 - v, the smallest v in S.
    """

    dt: float
    signal_counts: np.ndarray
    raw_counts: np.ndarray
    raw_mean_sum: np.ndarray
    regime_counts: np.ndarray
    pattern_stays: np.ndarray
    pattern_time: np.ndarray
    transitions: np.ndarray
    cut_counts: np.ndarray
    cut_time: np.ndarray
    arcs_above: np.ndarray
    arcs_below: np.ndarray
    excursions: np.ndarray

    def __add__(self, other: SignalStatistics) -> SignalStatistics:
        merged: dict[str, Any] = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        merged["dt"] = self.dt
        return SignalStatistics(**merged)

    # --- what is read from it ----------------------------------------------------------------------------------

    @property
    def shares(self) -> np.ndarray:
        """(3,) share of time in E, L, S, of the smoothed signal with hysteresis; nan where nothing was read."""
        return _over(self.regime_counts, self.regime_counts.sum())

    @property
    def raw_shares(self) -> np.ndarray:
        """(3,) share of time in E, L, S before smoothing, without hysteresis."""
        return _over(self.raw_counts, self.raw_counts.sum())

    @property
    def mean(self) -> float:
        """Mean of s over all samples, before smoothing."""
        return float(_over(self.raw_mean_sum[1:], self.raw_mean_sum[0])[0])

    @property
    def pattern_counts(self) -> np.ndarray:
        """(6,) number of completed stays per pattern."""
        return self.pattern_stays.sum(axis=1)

    @property
    def regime_stays(self) -> np.ndarray:
        """(3, 360) completed stays per regime E, L, S and duration."""
        lel, lsl, *in_l = self.pattern_stays
        return np.array([lel, np.sum(in_l, axis=0), lsl])

    def residence(self) -> dict[str, dict[str, float | int | None]]:
        """Mean, median and 95 % of the stays, s, and their number, per pattern; None where there is no stay.

        Median and 95 % are read from the histogram, whose bins are 4 % wide; the mean is exact.
        """
        out: dict[str, dict[str, float | int | None]] = {}
        for p, name in enumerate(PATTERNS):
            counts = self.pattern_stays[p]
            n = int(counts.sum())
            out[name] = {
                "mean": float(self.pattern_time[p] / n) if n else None,
                "median": stay_quantile(counts, 0.5),
                "p95": stay_quantile(counts, 0.95),
                "count": n,
            }
        return out

    # --- hand-over ---------------------------------------------------------------------------------------------

    def to_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """Plain arrays from which ``from_arrays`` rebuilds the statistics."""
        return {prefix + f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], prefix: str = "") -> SignalStatistics:
        """Rebuild from ``to_arrays``."""
        data: dict[str, Any] = {f.name: arrays[prefix + f.name] for f in fields(cls)}
        data["dt"] = float(data["dt"])
        return cls(**data)

    @classmethod
    def from_tally(cls, tally: Tally, group: int, dt: float) -> SignalStatistics:
        """Statistics of one group of a population from the counters of the on-line observer."""
        from rushton.lifelines.observer import SCALE

        number, total = tally.raw_sum[group]
        return cls(
            dt=dt,
            signal_counts=tally.signal[group],
            raw_counts=tally.raw[group],
            raw_mean_sum=np.array([number, total / SCALE]),
            regime_counts=tally.regime[group],
            pattern_stays=tally.stays[group],
            pattern_time=tally.stay_samples[group] * dt,
            transitions=tally.transitions[group],
            cut_counts=tally.cut[group, :, 0],
            cut_time=tally.cut[group, :, 1] * dt,
            arcs_above=tally.arcs_above[group],
            arcs_below=tally.arcs_below[group],
            excursions=tally.excursions[group],
        )


def _over(a: np.ndarray, n: float) -> np.ndarray:
    return a / n if n else np.full(np.shape(a), np.nan)


def stay_quantile(counts: np.ndarray, share: float) -> float | None:
    """Quantile of a histogram of stays, s, interpolated in log10 of the duration.

    Parameters
    ----------
    counts : (360,) number of stays per bin of ``RESIDENCE_EDGES``.
    share : float
        0.5 for the median.

    Returns
    -------
    float or None
        None where there is no stay.
    """
    total = counts.sum()
    if total == 0:
        return None
    below = np.concatenate([[0.0], np.cumsum(counts)])
    b = int(np.searchsorted(below, share * total, side="left")) - 1
    inside = (share * total - below[b]) / counts[b]
    low, high = np.log10(RESIDENCE_EDGES[b : b + 2])
    return float(10.0 ** (low + inside * (high - low)))


def limits_of(regimes: Regimes, dt: float) -> Limits:
    """Thresholds of the observer for the regimes of a strain and a sampling interval dt, s."""
    from rushton.lifelines.observer import make_limits

    return make_limits(dt, regimes.starvation, regimes.excess, regimes.margin, regimes.smoothing)


def signal_statistics(s: np.ndarray, dt: float, regimes: Regimes) -> SignalStatistics:
    """Statistics of signals, by the compiled observer.

    Parameters
    ----------
    s : (n_signal, n_time) or (n_time,) float
        Uptake ratio q/q_max, -, at a fixed interval.
    dt : float
        Interval, s; at most a third of the smoothing window, or the window is not resolved.
    regimes : Regimes
        Borders, margin and smoothing window.

    Returns
    -------
    SignalStatistics
    """
    from rushton.lifelines.sample import sample_of

    return sample_of(s, dt, regimes, 1).statistics()


# --- readable reference ----------------------------------------------------------------------------------------


def smooth(s: np.ndarray, dt: float, smoothing: float) -> np.ndarray:
    """Moving average over the smoothing window.

    Parameters
    ----------
    s : (n_time,) float
        Signal, -.
    dt, smoothing : float
        Interval and window, s.

    Returns
    -------
    (n_time - m + 1,) float
        Averages over m = round(smoothing / dt) samples; empty for a signal shorter than the window.
    """
    m = max(1, round(smoothing / dt))
    if s.size < m:
        return np.empty(0)
    return np.convolve(s, np.full(m, 1.0 / m), mode="valid")


def classify(v: np.ndarray, regimes: Regimes) -> np.ndarray:
    """Regime of every sample of a smoothed signal, with hysteresis.

    Parameters
    ----------
    v : (n_time,) float
        Smoothed signal, -.
    regimes : Regimes

    Returns
    -------
    (n_time,) int8
        0 excess, 1 limitation, 2 starvation.
    """
    low, high, margin = regimes.starvation, regimes.excess, regimes.margin
    out = np.empty(v.size, np.int8)
    if v.size == 0:
        return out
    now = 0 if v[0] > high else 2 if v[0] < low else 1
    for n, x in enumerate(v):
        if (now == 0 and x < high - margin) or (now == 2 and x > low + margin):
            now = 1
        if now == 1:
            now = 0 if x > high + margin else 2 if x < low - margin else 1
        out[n] = now
    return out


def stays(regime: np.ndarray) -> list[tuple[str, int]]:
    """Completed stays of one record, in order.

    Parameters
    ----------
    regime : (n_time,) int8
        From ``classify``.

    Returns
    -------
    list of (pattern, number of samples)
        Without the first and the last stay; a jump between E and S gives a stay of zero samples in L.
    """
    if regime.size == 0:
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(regime)) + 1])
    visits: list[tuple[str, int, int]] = []  # regime, first sample, one past the last
    for a, b in zip(starts, [*starts[1:], regime.size], strict=True):
        name = REGIMES[regime[a]]
        if visits and "L" not in (visits[-1][0], name):
            visits.append(("L", a, a))
        visits.append((name, a, b))
    return [
        (before[0] + now[0] + after[0], now[2] - now[1])
        for before, now, after in zip(visits, visits[1:], visits[2:], strict=False)
    ]


def excursions(v: np.ndarray, regime: np.ndarray) -> list[tuple[str, int, float]]:
    """Completed stays in E and in S of one smoothed record, with the extreme they reach, in order.

    Parameters
    ----------
    v : (n_time,) float
        Smoothed signal, -.
    regime : (n_time,) int8
        From ``classify``.

    Returns
    -------
    list of (regime, number of samples, extreme of v)
        The largest v in E, the smallest in S. Without the first and the last stay of the record.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(regime)) + 1])
    out = []
    for a, b in zip(starts[1:], starts[2:], strict=False):
        if regime[a] != 1:
            extreme = v[a:b].max() if regime[a] == 0 else v[a:b].min()
            out.append((REGIMES[regime[a]], int(b - a), float(extreme)))
    return out


def arcs(v: np.ndarray, threshold: float) -> tuple[list[tuple[int, float]], list[int]]:
    """Arcs of one smoothed record between crossings of a threshold; the first and the last are cut off.

    Parameters
    ----------
    v : (n_time,) float
        Smoothed signal, -.
    threshold : float
        -

    Returns
    -------
    above : list of (number of samples, largest v)
    below : list of number of samples
    """
    side = v > threshold
    starts = np.flatnonzero(np.diff(side)) + 1
    above, below = [], []
    for a, b in zip(starts[:-1], starts[1:], strict=True):
        if side[a]:
            above.append((int(b - a), float(v[a:b].max())))
        else:
            below.append(int(b - a))
    return above, below
