"""The on-line observer: what regimes.py defines, as a compiled state machine that reads signals stretch by stretch.

    v_n = (1/m) sum_{l=0}^{m-1} s_{n-l}            moving average over m samples (the smoothing window)
    E entered at v > excess + margin, left at v < excess - margin
    S entered at v < starvation - margin, left at v > starvation + margin;   L between

    s    uptake ratio q/q_max, -                   v    smoothed uptake ratio, -
    m    window in samples, -                      n    sample number, -

Counters are kept apart for groups of signals: signal p belongs to group p mod G. Signals of a population are
independent of each other, so the groups are G independent samples of it: resampling them tells how sure a number is
(``bands``). Odd and even groups are two independent halves.

An excursion is a completed stay in E or in S; its extreme is the largest v in E, the smallest in S. Extremes are
counted by log10(1 - v) and log10(v): under Monod uptake v/(1 - v) = C/K_s, so equal steps are equal ratios of the
concentration.

Signals are held as integers (s times 2^20), times as whole samples. Sums are therefore exact and do not depend on
the order in which signals are read: one seed gives the same bytes on any number of threads.

Source of the definitions: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061, and Haringa 2023,
Eng. Life Sci. 23:e2100159, doi 10.1002/elsc.202100159. Valid for 2^31 samples a signal.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numba as nb
import numpy as np

# arrays are owned by the caller: no reference counting inside the loops
_FAST = {"cache": True, "nogil": True, "_nrt": False}

SCALE = 1 << 20
"""Integer units of s: s = 1 is stored as 2^20, a resolution of 1e-6."""

EXCESS, LIMITATION, STARVATION = 0, 1, 2
"""Regime codes, in the order of ``regimes.REGIMES``."""

N_SIGNAL_BIN = 1000
"""Bins of the histogram of s between 0 and 1."""

BINS_PER_DECADE = 60
N_RESIDENCE_BIN = 6 * BINS_PER_DECADE
"""Bins of durations between 1e-2 and 1e4 s."""

N_ARC_BIN = N_RESIDENCE_BIN // 3
N_ARC_MAX_BIN = 50
"""Bins of the arc histogram: 20 per decade of duration, 50 of the maximum of s."""

N_EXCURSION_BIN = N_RESIDENCE_BIN // 6
DEPTH_DECADES = 6
N_DEPTH_BIN = 10 * DEPTH_DECADES
"""Bins of the excursion histograms: 10 per decade of duration, 10 per decade of 1 - v or v down to 1e-6."""

N_GROUP = 32
"""Groups of signals whose counters are kept apart, at most."""

# (from, regime, to) -> pattern number; E and S can only be reached from L and left to L
PATTERN_OF = np.full((3, 3, 3), -1, np.int64)
PATTERN_OF[LIMITATION, EXCESS, LIMITATION] = 0  # LEL
PATTERN_OF[LIMITATION, STARVATION, LIMITATION] = 1  # LSL
PATTERN_OF[EXCESS, LIMITATION, EXCESS] = 2  # ELE
PATTERN_OF[EXCESS, LIMITATION, STARVATION] = 3  # ELS
PATTERN_OF[STARVATION, LIMITATION, EXCESS] = 4  # SLE
PATTERN_OF[STARVATION, LIMITATION, STARVATION] = 5  # SLS

# columns of one signal's memory; the window of the last m samples follows at WINDOW
TOTAL, REGIME, CAME_FROM, SINCE, ARC_SIDE, ARC_SINCE, ARC_MAX, EXTREME, WINDOW = range(9)


class Limits(NamedTuple):
    """Thresholds as sums over the window, in integer units of s."""

    window: int
    enter_excess: int
    leave_excess: int
    enter_starvation: int
    leave_starvation: int
    excess: int
    starvation: int
    raw_excess: int
    raw_starvation: int


class Tally(NamedTuple):
    """Counters; every array starts with the group of the population a signal belongs to.

    Attributes
    ----------
    signal : (n_group, N_SIGNAL_BIN) int64, smoothed samples per bin of s
    raw : (n_group, 3) int64, samples per regime before smoothing, without hysteresis
    raw_sum : (n_group, 2) int64, number and sum of all raw samples, the sum in units of 2^-20
    regime : (n_group, 3) int64, smoothed samples per regime
    stays : (n_group, 6, N_RESIDENCE_BIN) int64, completed stays per pattern and duration
    stay_samples : (n_group, 6) int64, total duration of completed stays, samples
    transitions : (n_group, 3, 3) int64, passages from regime (row) to regime (column)
    cut : (n_group, 3, 2) int64, stays cut off at the ends of records, and their samples
    arcs_above : (n_group, N_ARC_BIN, N_ARC_MAX_BIN) int64, arcs above the threshold by duration and maximum
    arcs_below : (n_group, N_ARC_BIN) int64, arcs below the threshold by duration
    excursions : (n_group, 2, N_EXCURSION_BIN, N_DEPTH_BIN) int64, completed stays in E and in S by duration and extreme
    """

    signal: np.ndarray
    raw: np.ndarray
    raw_sum: np.ndarray
    regime: np.ndarray
    stays: np.ndarray
    stay_samples: np.ndarray
    transitions: np.ndarray
    cut: np.ndarray
    arcs_above: np.ndarray
    arcs_below: np.ndarray
    excursions: np.ndarray


def make_limits(dt: float, starvation: float, excess: float, margin: float, smoothing: float) -> Limits:
    """Thresholds for a sampling interval.

    Parameters
    ----------
    dt : float
        Sampling interval, s.
    starvation, excess, margin : float
        Borders of the regimes and the margin by which they must be passed, -.
    smoothing : float
        Window of the moving average, s; rounded to whole samples, at least one.

    Returns
    -------
    Limits
    """
    m = max(1, round(smoothing / dt))

    def units(s: float) -> int:
        return round(s * SCALE * m)

    return Limits(
        window=m,
        enter_excess=units(excess + margin),
        leave_excess=units(excess - margin),
        enter_starvation=units(starvation - margin),
        leave_starvation=units(starvation + margin),
        excess=units(excess),
        starvation=units(starvation),
        raw_excess=round(excess * SCALE),
        raw_starvation=round(starvation * SCALE),
    )


def new_tally(n_group: int) -> Tally:
    """Counters at zero."""

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros((n_group, *shape), np.int64)

    return Tally(
        signal=zeros(N_SIGNAL_BIN),
        raw=zeros(3),
        raw_sum=zeros(2),
        regime=zeros(3),
        stays=zeros(6, N_RESIDENCE_BIN),
        stay_samples=zeros(6),
        transitions=zeros(3, 3),
        cut=zeros(3, 2),
        arcs_above=zeros(N_ARC_BIN, N_ARC_MAX_BIN),
        arcs_below=zeros(N_ARC_BIN),
        excursions=zeros(2, N_EXCURSION_BIN, N_DEPTH_BIN),
    )


def group_count(n_signal: int) -> int:
    """Number of groups for so many signals: N_GROUP, or the largest even number of them that none is empty."""
    return max(1, min(N_GROUP, n_signal // 2 * 2))


def add_tallies(tallies: list[Tally]) -> Tally:
    """Sum of counters of several threads."""
    return Tally(*(np.sum([getattr(t, name) for t in tallies], axis=0) for name in Tally._fields))


def new_memory(n_signal: int, limits: Limits) -> np.ndarray:
    """Memory of signals that have not been read yet, (n_signal, WINDOW + m) int32, or int64 for very long windows."""
    wide = limits.window * SCALE > np.iinfo(np.int32).max // 2
    memory = np.zeros((n_signal, WINDOW + limits.window), np.int64 if wide else np.int32)
    memory[:, CAME_FROM] = -1
    return memory


@functools.lru_cache(maxsize=8)
def duration_bins(n_sample: int, dt: float) -> np.ndarray:
    """Number of the log10 bin for a duration of 0, 1, ... n_sample samples; kept, and not to be written to.

    Parameters
    ----------
    n_sample : int
        Longest duration, samples.
    dt : float
        Sampling interval, s.

    Returns
    -------
    (n_sample + 1,) int32
        Bin in 0..N_RESIDENCE_BIN-1; stays of zero length and shorter than 0.01 s are in bin 0, those longer than
        1e4 s in the last.
    """
    seconds = np.maximum(np.arange(n_sample + 1) * dt, 1e-3)
    # a duration on an edge (within rounding) belongs to the bin above it
    number = np.floor((np.log10(seconds) + 2.0) * BINS_PER_DECADE + 1e-9)
    return np.clip(number, 0, N_RESIDENCE_BIN - 1).astype(np.int32)


@nb.njit(**_FAST)
def depth_bin(rest, full):
    """Bin of log10(rest / full), both in the observer's integer units; 0 and less than 1e-6 are in bin 0."""
    if rest <= 0:
        return 0
    return min(max(int(math.floor((math.log10(rest / full) + DEPTH_DECADES) * 10.0 + 1e-9)), 0), N_DEPTH_BIN - 1)


@nb.njit(**_FAST)
def _pass_border(memory, v, n, regime, new, limits, tally, group, bins):
    """Complete the stay in ``regime`` and begin one in ``new`` at sample n, where the smoothed signal is v."""
    came_from = memory[CAME_FROM]
    tally.transitions[group, regime, new] += 1
    duration = n - memory[SINCE]
    if came_from >= 0:
        pattern = PATTERN_OF[came_from, regime, new]
        b = bins[min(duration, bins.size - 1)]
        tally.stays[group, pattern, b] += 1
        tally.stay_samples[group, pattern] += duration
        full = limits.window * SCALE
        if regime == EXCESS:
            tally.excursions[group, 0, b // 6, depth_bin(full - memory[EXTREME], full)] += 1
        elif regime == STARVATION:
            tally.excursions[group, 1, b // 6, depth_bin(memory[EXTREME], full)] += 1
    else:
        tally.cut[group, regime, 0] += 1
        tally.cut[group, regime, 1] += duration
    memory[CAME_FROM] = regime
    memory[REGIME] = new
    memory[SINCE] = n
    memory[EXTREME] = v


@nb.njit(**_FAST)
def _end_arc(memory, n, above, tally, group, bins, per_window):
    """Complete an arc (unless it is the first) and begin the next at sample n."""
    if memory[ARC_SINCE] >= 0:
        b = bins[min(n - memory[ARC_SINCE], bins.size - 1)] // 3
        if above:
            peak = min(int(memory[ARC_MAX] * per_window * N_ARC_MAX_BIN), N_ARC_MAX_BIN - 1)
            tally.arcs_above[group, b, peak] += 1
        else:
            tally.arcs_below[group, b] += 1
    memory[ARC_SINCE] = n


@nb.njit(**_FAST)
def _first_look(memory, v, n, limits):
    """Regime and arc side of the first smoothed sample; the stays that begin here are cut off."""
    if v > limits.excess:
        memory[REGIME] = EXCESS
    elif v < limits.starvation:
        memory[REGIME] = STARVATION
    else:
        memory[REGIME] = LIMITATION
    memory[CAME_FROM] = -1
    memory[SINCE] = n
    memory[ARC_SIDE] = 1 if v > limits.starvation else 0
    memory[ARC_SINCE] = -1
    memory[ARC_MAX] = v
    memory[EXTREME] = v


@nb.njit(**_FAST)
def _cross_borders(memory, v, n, limits, tally, group, bins):
    """Sample n, smoothed to v, has left the regime that the signal was in."""
    regime = memory[REGIME]
    if regime != LIMITATION:
        _pass_border(memory, v, n, regime, LIMITATION, limits, tally, group, bins)
    # a jump passes through L with zero stay
    if v > limits.enter_excess:
        _pass_border(memory, v, n, LIMITATION, EXCESS, limits, tally, group, bins)
    elif v < limits.enter_starvation:
        _pass_border(memory, v, n, LIMITATION, STARVATION, limits, tally, group, bins)


@nb.njit(**_FAST)
def observe(memory, seen, first, limits, tally, group, bins):
    """Read a stretch of one signal.

    Parameters
    ----------
    memory : (WINDOW + m,) int32
        Memory of this signal.
    seen : (n,) int32
        s in units of 2^-20.
    first : int
        Sample number of ``seen[0]``, from 0.
    limits : Limits
    tally : Tally
    group : int
        Group of the population the signal belongs to.
    bins : (n,) int32
        ``duration_bins``.
    """
    m = limits.window
    per_bin = N_SIGNAL_BIN / (m * SCALE)
    signal = tally.signal[group]
    total = np.int64(memory[TOTAL])
    end = WINDOW + m
    slot = WINDOW + first % m
    regime = np.int64(memory[REGIME])
    above = memory[ARC_SIDE] == 1
    raw_total, raw_excess, raw_starvation = 0, 0, 0
    in_excess, in_starvation, smoothed = 0, 0, 0
    for q in range(seen.size):
        value = np.int64(seen[q])
        raw_total += value
        raw_excess += 1 if value > limits.raw_excess else 0
        raw_starvation += 1 if value < limits.raw_starvation else 0
        total += value - memory[slot]
        memory[slot] = value
        slot = slot + 1 if slot + 1 < end else WINDOW
        n = first + q
        if n < m:
            if n < m - 1:
                continue
            _first_look(memory, total, n, limits)
            regime = np.int64(memory[REGIME])
            above = memory[ARC_SIDE] == 1
        v = total
        if regime == LIMITATION:
            crosses = v > limits.enter_excess or v < limits.enter_starvation
        elif regime == EXCESS:
            crosses = v < limits.leave_excess
            if v > memory[EXTREME]:
                memory[EXTREME] = v
        else:
            crosses = v > limits.leave_starvation
            if not crosses and v < memory[EXTREME]:
                memory[EXTREME] = v
        if crosses:
            _cross_borders(memory, v, n, limits, tally, group, bins)
            regime = np.int64(memory[REGIME])
        in_excess += 1 if regime == EXCESS else 0
        in_starvation += 1 if regime == STARVATION else 0
        smoothed += 1
        signal[min(int(v * per_bin), N_SIGNAL_BIN - 1)] += 1

        if (v > limits.starvation) != above:
            _end_arc(memory, n, above, tally, group, bins, 1.0 / (m * SCALE))
            above = not above
            memory[ARC_MAX] = v
        elif v > memory[ARC_MAX]:
            memory[ARC_MAX] = v
    memory[TOTAL] = total
    memory[ARC_SIDE] = 1 if above else 0
    tally.raw_sum[group, 0] += seen.size
    tally.raw_sum[group, 1] += raw_total
    tally.raw[group, EXCESS] += raw_excess
    tally.raw[group, STARVATION] += raw_starvation
    tally.raw[group, LIMITATION] += seen.size - raw_excess - raw_starvation
    tally.regime[group, EXCESS] += in_excess
    tally.regime[group, STARVATION] += in_starvation
    tally.regime[group, LIMITATION] += smoothed - in_excess - in_starvation


@nb.njit(**_FAST)
def close(memory, n, limits, tally, group):
    """End of one record of n samples: its last stay is cut off and counted."""
    if n < limits.window:
        return
    regime = memory[REGIME]
    tally.cut[group, regime, 0] += 1
    tally.cut[group, regime, 1] += n - memory[SINCE]


@nb.njit(**_FAST)
def observe_signals(s, first, limits, tally, bins, memory, offset, seen):
    """Read whole signals, (n_signal, n_time) float; sample numbers start at ``first``, signal numbers at ``offset``.

    ``seen`` is working space, (n_time,) int32.
    """
    n_group = tally.raw.shape[0]
    for p in range(s.shape[0]):
        for n in range(s.shape[1]):
            seen[n] = int(min(max(s[p, n], 0.0), 1.0) * SCALE + 0.5)
        observe(memory[p], seen, first, limits, tally, (offset + p) % n_group, bins)


@nb.njit(**_FAST)
def close_signals(n, limits, tally, memory, offset):
    """End of records of n samples."""
    n_group = tally.raw.shape[0]
    for p in range(memory.shape[0]):
        close(memory[p], n, limits, tally, (offset + p) % n_group)
