"""The on-line observer: what regimes.py defines, as a compiled state machine that reads one sample at a time.

    v_n = (1/m) sum_{l=0}^{m-1} s_{n-l}            moving average over m samples (the smoothing window)
    E entered at v > excess + margin, left at v < excess - margin
    S entered at v < starvation - margin, left at v > starvation + margin;   L between

    s    uptake ratio q/q_max, -                   v    smoothed uptake ratio, -
    m    window in samples, -                      n    sample number, -

Signals are held as integers (s times 2^20), times as whole samples. Sums are therefore exact and do not depend on
the order in which signals are read: one seed gives the same bytes on any number of threads.

Source of the definitions: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061, and Haringa 2023,
Eng. Life Sci. 23:e2100159, doi 10.1002/elsc.202100159. Valid for 2^31 samples a signal.
"""

from __future__ import annotations

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

# (from, regime, to) -> pattern number; E and S can only be reached from L and left to L
PATTERN_OF = np.full((3, 3, 3), -1, np.int64)
PATTERN_OF[LIMITATION, EXCESS, LIMITATION] = 0  # LEL
PATTERN_OF[LIMITATION, STARVATION, LIMITATION] = 1  # LSL
PATTERN_OF[EXCESS, LIMITATION, EXCESS] = 2  # ELE
PATTERN_OF[EXCESS, LIMITATION, STARVATION] = 3  # ELS
PATTERN_OF[STARVATION, LIMITATION, EXCESS] = 4  # SLE
PATTERN_OF[STARVATION, LIMITATION, STARVATION] = 5  # SLS

# columns of one signal's memory; the window of the last m samples follows at WINDOW
TOTAL, REGIME, CAME_FROM, SINCE, ARC_SIDE, ARC_SINCE, ARC_MAX, WINDOW = range(8)


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
    """Counters; every array starts with the half of the population a signal belongs to.

    Attributes
    ----------
    signal : (n_half, N_SIGNAL_BIN) int64, smoothed samples per bin of s
    raw : (n_half, 3) int64, samples per regime before smoothing, without hysteresis
    raw_sum : (n_half, 2) int64, number and sum of all raw samples, the sum in units of 2^-20
    regime : (n_half, 3) int64, smoothed samples per regime
    stays : (n_half, 6, N_RESIDENCE_BIN) int64, completed stays per pattern and duration
    stay_samples : (n_half, 6) int64, total duration of completed stays, samples
    transitions : (n_half, 3, 3) int64, passages from regime (row) to regime (column)
    cut : (n_half, 3, 2) int64, stays cut off at the ends of records, and their samples
    arcs_above : (n_half, N_ARC_BIN, N_ARC_MAX_BIN) int64, arcs above the threshold by duration and maximum
    arcs_below : (n_half, N_ARC_BIN) int64, arcs below the threshold by duration
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


def new_tally(n_half: int) -> Tally:
    """Counters at zero."""

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros((n_half, *shape), np.int64)

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
    )


def add_tallies(tallies: list[Tally]) -> Tally:
    """Sum of counters of several threads."""
    return Tally(*(np.sum([getattr(t, name) for t in tallies], axis=0) for name in Tally._fields))


def new_memory(n_signal: int, limits: Limits) -> np.ndarray:
    """Memory of signals that have not been read yet, (n_signal, WINDOW + m) int32, or int64 for very long windows."""
    wide = limits.window * SCALE > np.iinfo(np.int32).max // 2
    memory = np.zeros((n_signal, WINDOW + limits.window), np.int64 if wide else np.int32)
    memory[:, CAME_FROM] = -1
    return memory


def duration_bins(n_sample: int, dt: float) -> np.ndarray:
    """Number of the log10 bin for a duration of 0, 1, ... n_sample samples.

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
def _pass_border(memory, n, regime, new, tally, half, bins):
    """Complete the stay in ``regime`` and begin one in ``new`` at sample n."""
    came_from = memory[CAME_FROM]
    tally.transitions[half, regime, new] += 1
    duration = n - memory[SINCE]
    if came_from >= 0:
        pattern = PATTERN_OF[came_from, regime, new]
        tally.stays[half, pattern, bins[min(duration, bins.size - 1)]] += 1
        tally.stay_samples[half, pattern] += duration
    else:
        tally.cut[half, regime, 0] += 1
        tally.cut[half, regime, 1] += duration
    memory[CAME_FROM] = regime
    memory[REGIME] = new
    memory[SINCE] = n


@nb.njit(**_FAST)
def _end_arc(memory, n, above, tally, half, bins, per_window):
    """Complete an arc (unless it is the first) and begin the next at sample n."""
    if memory[ARC_SINCE] >= 0:
        b = bins[min(n - memory[ARC_SINCE], bins.size - 1)] // 3
        if above:
            peak = min(int(memory[ARC_MAX] * per_window * N_ARC_MAX_BIN), N_ARC_MAX_BIN - 1)
            tally.arcs_above[half, b, peak] += 1
        else:
            tally.arcs_below[half, b] += 1
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


@nb.njit(forceinline=True, **_FAST)
def observe(memory, value, n, limits, tally, half, bins):
    """Read sample n of one signal.

    Parameters
    ----------
    memory : (WINDOW + m,) int32
        Memory of this signal.
    value : int
        s in units of 2^-20.
    n : int
        Sample number, from 0.
    limits : Limits
    tally : Tally
    half : int
        Half of the population the signal belongs to.
    bins : (n,) int32
        ``duration_bins``.
    """
    tally.raw_sum[half, 0] += 1
    tally.raw_sum[half, 1] += value
    if value > limits.raw_excess:
        tally.raw[half, EXCESS] += 1
    elif value < limits.raw_starvation:
        tally.raw[half, STARVATION] += 1
    else:
        tally.raw[half, LIMITATION] += 1

    m = limits.window
    slot = WINDOW + n % m
    v = memory[TOTAL] + value - memory[slot]
    memory[TOTAL] = v
    memory[slot] = value
    if n < m:
        if n < m - 1:
            return
        _first_look(memory, v, n, limits)

    per_window = 1.0 / (m * SCALE)
    regime = memory[REGIME]
    if regime == LIMITATION:
        if v > limits.enter_excess:
            _pass_border(memory, n, LIMITATION, EXCESS, tally, half, bins)
        elif v < limits.enter_starvation:
            _pass_border(memory, n, LIMITATION, STARVATION, tally, half, bins)
    elif regime == EXCESS:
        if v < limits.leave_excess:
            _pass_border(memory, n, EXCESS, LIMITATION, tally, half, bins)
            if v < limits.enter_starvation:  # a jump passes through L with zero stay
                _pass_border(memory, n, LIMITATION, STARVATION, tally, half, bins)
    elif v > limits.leave_starvation:
        _pass_border(memory, n, STARVATION, LIMITATION, tally, half, bins)
        if v > limits.enter_excess:
            _pass_border(memory, n, LIMITATION, EXCESS, tally, half, bins)
    tally.regime[half, memory[REGIME]] += 1
    tally.signal[half, min(int(v * per_window * N_SIGNAL_BIN), N_SIGNAL_BIN - 1)] += 1

    above = v > limits.starvation
    if above != (memory[ARC_SIDE] == 1):
        _end_arc(memory, n, memory[ARC_SIDE] == 1, tally, half, bins, per_window)
        memory[ARC_SIDE] = 1 if above else 0
        memory[ARC_MAX] = v
    elif v > memory[ARC_MAX]:
        memory[ARC_MAX] = v


@nb.njit(**_FAST)
def close(memory, n, limits, tally, half):
    """End of one record of n samples: its last stay is cut off and counted."""
    if n < limits.window:
        return
    regime = memory[REGIME]
    tally.cut[half, regime, 0] += 1
    tally.cut[half, regime, 1] += n - memory[SINCE]


@nb.njit(**_FAST)
def observe_signals(s, first, limits, tally, bins, memory):
    """Read whole signals, (n_signal, n_time) float; sample numbers start at ``first``."""
    for p in range(s.shape[0]):
        row = memory[p]
        for n in range(s.shape[1]):
            x = s[p, n]
            value = int(min(max(x, 0.0), 1.0) * SCALE + 0.5)
            observe(row, value, first + n, limits, tally, 0, bins)


@nb.njit(**_FAST)
def close_signals(n, limits, tally, memory):
    """End of records of n samples."""
    for p in range(memory.shape[0]):
        close(memory[p], n, limits, tally, 0)


@nb.njit(**_FAST)
def close_halves(n, limits, tally, memory):
    """End of records of n samples of a population whose even and odd members are its halves."""
    for p in range(memory.shape[0]):
        close(memory[p], n, limits, tally, p & 1)
