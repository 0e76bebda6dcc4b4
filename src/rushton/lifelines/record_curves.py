"""What is formed from full records: spectrum, autocorrelation, crossings of planes between impellers.

Full records hold what the first cells saw at every stored sample (``Lifelines.records``); the definitions are those of
``spectra`` and ``circulation``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rushton.lifelines.bands import band_of, ratio, resample_weights
from rushton.lifelines.circulation import crossing_times, planes_between
from rushton.lifelines.measures import Measure
from rushton.lifelines.observer import group_count
from rushton.lifelines.regimes import RESIDENCE_EDGES
from rushton.lifelines.spectra import covariance, decay_times, power_spectrum, thin

RECORD_MEASURES: dict[str, Measure] = {
    "autocorrelation_time_s": Measure("time in which the uptake signal forgets itself to 1/e", "s", "", True, True),
    "integral_time_s": Measure("integral time scale of the uptake signal", "s", "", True, True),
    "plane_crossing_time_s": Measure("time between crossings of a plane between impellers", "s", "", True, True),
}
"""The numbers that are formed from full records."""

LAGS, LAG_SCALES = 200, 15.0
"""Points of the autocorrelation that are kept, at most, and up to how many integral scales."""


class Signals(NamedTuple):
    """Full records of some cells.

    Attributes
    ----------
    dt : float
        Interval, s.
    s : (n_cell, n_time) float, uptake ratio, -
    z : (n_cell, n_time) float, height, m
    """

    dt: float
    s: np.ndarray
    z: np.ndarray

    @property
    def usable(self) -> bool:
        """Whether there are two groups of cells and eight samples at least."""
        return self.s.shape[0] >= 2 and self.s.shape[1] >= 8

    def first_half(self) -> Signals:
        """The first half of every record."""
        n = self.s.shape[1] // 2
        return Signals(self.dt, self.s[:, :n], self.z[:, :n])


@dataclass(frozen=True, eq=False)
class RecordCurves:
    """Curves of full records, per group of cells.

    Attributes
    ----------
    lag, covariance : (n_lag,) s, (n_group, n_lag) -
    frequency, density : (n_frequency,) Hz, (n_group, n_frequency) s
    crossings, crossing_time : (n_group,)
        Crossings of planes between impellers, and the time of the cells in which they were made, s.
    crossing_counts : (360,) int
        Times between two crossings of a cell per duration (``RESIDENCE_EDGES``), all groups together.
    """

    lag: np.ndarray
    covariance: np.ndarray
    frequency: np.ndarray
    density: np.ndarray
    crossings: np.ndarray
    crossing_time: np.ndarray
    crossing_counts: np.ndarray

    @classmethod
    def of(cls, signals: Signals, clearances: Sequence[float]) -> RecordCurves:
        """From records and the heights of the impellers, m."""
        n_group = group_count(len(signals.s))
        cov = covariance(signals.s, signals.dt, n_group)
        spectrum = thin(power_spectrum(signals.s, signals.dt, n_group))
        number, time = np.zeros(n_group), np.zeros(n_group)
        counts = np.zeros(RESIDENCE_EDGES.size - 1, np.int64)
        for plane, dead in planes_between(clearances):
            crosses, _, seconds = crossing_times(signals.z, signals.dt, plane, dead)
            number += np.bincount(crosses % n_group, minlength=n_group)
            time += signals.s.shape[1] * signals.dt * np.bincount(np.arange(len(signals.s)) % n_group)
            counts += np.histogram(seconds, RESIDENCE_EDGES)[0]
        return cls(cov.x, cov.y, spectrum.x, spectrum.y, number, time, counts)

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self.covariance)

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """``RECORD_MEASURES`` for weights (n, n_group) of the groups."""
        e_time, integral = decay_times(self.lag, weights @ self.covariance)
        crossing = ratio(weights @ self.crossing_time, weights @ self.crossings)
        return dict(zip(RECORD_MEASURES, (e_time, integral, crossing), strict=True))

    def spectrum(self) -> np.ndarray:
        """(3, n_frequency) power spectral density and its band, s."""
        drawn = resample_weights(self.n_group) @ self.density / self.n_group
        return _banded(self.density.mean(axis=0), drawn, self.n_group)

    def autocorrelation(self) -> tuple[np.ndarray, np.ndarray]:
        """Lags (n,), s, and (3, n) autocorrelation with its band, -."""
        whole = self.covariance.mean(axis=0)
        _, integral = decay_times(self.lag, whole[None])
        far = LAG_SCALES * integral[0] if np.isfinite(integral[0]) else self.lag[-1]
        kept = np.flatnonzero(self.lag <= far)
        kept = kept[np.unique(np.linspace(0, kept.size - 1, min(LAGS, kept.size)).astype(int))]
        drawn = resample_weights(self.n_group) @ self.covariance
        with np.errstate(invalid="ignore", divide="ignore"):
            r, drawn = whole[kept] / whole[0], drawn[:, kept] / drawn[:, :1]
        return self.lag[kept], _banded(r, drawn, self.n_group)


def _banded(value: np.ndarray, drawn: np.ndarray, n_group: int) -> np.ndarray:
    """(3, n) values (n,) with their bands from resamples (n_resample, n)."""
    columns = [band_of(float(v), d, n_group) for v, d in zip(value, drawn.T, strict=True)]
    return np.array(columns).reshape(-1, 3).T
