r"""Fluctuations of the uptake signal: power spectral density and autocorrelation, averaged over cells.

.. math:: P(f) = \frac{2\,\Delta t}{\sum_n h_n^2}
          \Big\langle \Big| \sum_n h_n\,(s_n - \bar s)\, e^{-2\pi i f n \Delta t} \Big|^2 \Big\rangle, \qquad
          \int_0^\infty P\,df = \mathrm{var}(s)
.. math:: R(\tau) = \frac{\langle (s(t) - \bar s)(s(t+\tau) - \bar s)\rangle}{\mathrm{var}(s)}, \qquad
          R(\tau_e) = 1/e, \qquad \tau_i = \frac{1}{0.95} \int_0^{\tau_{5\%}} R\,d\tau

s    uptake ratio q/q_max, -              P    one-sided density, s (1/Hz)     h   Hann window
R    autocorrelation, -                   tau_e, tau_i   1/e time and integral scale, s
s-bar the mean over all cells and times: cells share one field, so a slow cell's own mean is part of the fluctuation
tau_5% where R falls to 0.05; beyond it the average drowns in chance, and an exponential would add what 0.95 stands for

Segments overlap by half (Welch). All cells of a group are averaged; groups give the band (``bands``). The signal is
read at the stored samples, not smoothed: above the Nyquist frequency 1/(2 dt) it folds back.

Source: P. D. Welch 1967, IEEE Trans. Audio Electroacoust. 15:70. Valid for records much longer than tau_i; R
must fall to 0.05 within half of a record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LONGEST_SEGMENT = 512
"""Samples of a Welch segment, at most; a short record is cut into segments of half of it."""

BINS_PER_DECADE = 20
"""Frequencies are averaged into so many bins a decade where they lie closer."""

FORGOTTEN = 0.05
"""Autocorrelation up to which the integral scale is summed, -."""


@dataclass(frozen=True, eq=False)
class Curves:
    """A function per group of cells.

    Attributes
    ----------
    x : (n,) float
        Frequency, Hz, or lag, s.
    y : (n_group, n) float
        Density, s, or covariance, -.
    """

    x: np.ndarray
    y: np.ndarray


def power_spectrum(s: np.ndarray, dt: float, n_group: int) -> Curves:
    """Power spectral density of signals, per group.

    Parameters
    ----------
    s : (n_signal, n_time) float
        Signal p belongs to group p mod n_group.
    dt : float
        Interval, s.
    n_group : int

    Returns
    -------
    Curves
        Frequency without zero and Nyquist, Hz; one-sided density, s. Its integral over frequency is the variance.
    """
    n_time = s.shape[1]
    length = min(LONGEST_SEGMENT, n_time // 4 * 2)
    if length < 8:
        return Curves(np.zeros(0), np.zeros((n_group, 0)))
    window = np.hanning(length + 1)[:-1]
    scale = 2.0 * dt / np.sum(window**2)
    mean = float(s.mean(dtype=np.float64))
    starts = range(0, n_time - length + 1, length // 2)
    density = np.zeros((n_group, length // 2))
    for g in range(n_group):
        members = s[g::n_group]
        for a in starts:
            part = (members[:, a : a + length] - mean) * window
            density[g] += (np.abs(np.fft.rfft(part, axis=1)[:, 1:]) ** 2).sum(axis=0)
        density[g] *= scale / (len(members) * len(starts))
    # the Nyquist frequency stands for itself alone: half of it would be a density
    return Curves(np.fft.rfftfreq(length, dt)[1:-1], density[:, :-1])


def thin(curves: Curves) -> Curves:
    """The same spectrum averaged over bins of frequency, ``BINS_PER_DECADE`` of them."""
    if curves.x.size == 0:
        return curves
    b = np.floor(np.log10(curves.x / curves.x[0]) * BINS_PER_DECADE + 1e-9).astype(int)
    _, b, number = np.unique(b, return_inverse=True, return_counts=True)
    x = np.bincount(b, weights=curves.x) / number
    y = np.stack([np.bincount(b, weights=row) / number for row in curves.y])
    return Curves(x, y)


def covariance(s: np.ndarray, dt: float, n_group: int) -> Curves:
    """Autocovariance of signals at lags up to half of the record, per group.

    Parameters
    ----------
    s : (n_signal, n_time) float
        Signal p belongs to group p mod n_group.
    dt : float
        Interval, s.
    n_group : int

    Returns
    -------
    Curves
        Lag from zero on, s; covariance, -.
    """
    n_time = s.shape[1]
    n_lag = n_time // 2 + 1
    padded = 1 << (n_time + n_lag - 1).bit_length()
    mean = float(s.mean(dtype=np.float64))
    pairs = n_time - np.arange(n_lag)
    out = np.zeros((n_group, n_lag))
    for g in range(n_group):
        members = s[g::n_group]
        power = np.zeros(padded // 2 + 1)
        for a in range(0, len(members), 256):
            power += (np.abs(np.fft.rfft(members[a : a + 256] - mean, padded, axis=1)) ** 2).sum(axis=0)
        out[g] = np.fft.irfft(power, padded)[:n_lag] / pairs / len(members)
    return Curves(np.arange(n_lag) * dt, out)


def decay_times(lag: np.ndarray, cov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1/e time and integral scale of autocovariances.

    Parameters
    ----------
    lag : (n_lag,) float
        s.
    cov : (n, n_lag) float
        Autocovariance.

    Returns
    -------
    one_over_e, integral : (n,) float
        s; nan where the correlation does not fall that far within the lags.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cov / np.where(cov[:, :1] > 0.0, cov[:, :1], np.nan)
    return _first_below(lag, r, np.exp(-1.0))[0], _first_below(lag, r, FORGOTTEN)[1] / (1.0 - FORGOTTEN)


def _first_below(lag: np.ndarray, r: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Where r first falls to a level, by linear interpolation, and the integral of r up to there."""
    time, area = np.full(len(r), np.nan), np.full(len(r), np.nan)
    step = lag[1] - lag[0]
    for n, row in enumerate(r):
        below = np.flatnonzero(row <= level)
        if below.size == 0 or below[0] == 0:
            continue
        b = int(below[0])
        fraction = (row[b - 1] - level) / (row[b - 1] - row[b])
        time[n] = lag[b - 1] + fraction * step
        area[n] = step * (row[:b].sum() - 0.5 * (row[0] + row[b - 1]) + 0.5 * (row[b - 1] + level) * fraction)
    return time, area
