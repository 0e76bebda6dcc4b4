r"""How sure the distance of a rig is: a bootstrap over the tank's groups of cells and over blocks of the rig's signal.

.. math:: d_b = d\Big(\sum_g w_{bg}\,c_g,\ \sum_k u_{bk}\,r_k\Big), \quad
          \mathrm{band} = d + k\,(Q_{2.5\%,\,97.5\%}\{d_b\} - d_0)

c_g     counts of group g of the tank's cells (32 groups, independent of each other)
r_k     counts of block k of the rig's signal (32 blocks), where stays are drawn; a periodic signal is what it is
w, u    how often each is drawn, independent of each other
d_0     distance of all groups from all blocks: cutting a signal into blocks cuts off some stays
k       widening for few groups (``rushton.lifelines.bands``)

Resampling adds noise, and noise makes two distributions differ: where a distance is as small as its own noise the band
leans upwards. It is widened to hold the distance itself. It does not hold the error of the flow or of the lifelines'
time step, nor what the rig does otherwise than its model.

Source: B. Efron and R. J. Tibshirani (1993) An Introduction to the Bootstrap. Valid from ten groups on; fewer give no
band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.bands import band_of, resample_weights
from rushton.lifelines.sample import Sample, sample_of
from rushton.scaledown.match import Counted, Target, distance

if TYPE_CHECKING:
    from rushton.case.schema import Regimes
    from rushton.lifelines import Lifelines, SignalStatistics

Band = tuple[float, float]
"""Lower and upper edge of a 95 % band."""

RESAMPLES = 200
LEAST_GROUPS = 10
BLOCKS = 32


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts that a distance is formed from, weighted: as in ``SignalStatistics``."""

    signal_counts: np.ndarray
    regime_stays: np.ndarray
    regime_counts: np.ndarray
    transitions: np.ndarray


def resampled(sample: Sample, stream: int) -> list[Counts]:
    """Counts of a sample with its groups drawn anew, ``RESAMPLES`` times; all groups once come first.

    Parameters
    ----------
    sample : Sample
    stream : int
        Another number draws independently.
    """
    n = sample.n_group
    weights = np.vstack([np.ones(n), resample_weights(n, RESAMPLES, stream)])
    tally = sample.tally
    stays = np.stack([tally.stays[:, 0], tally.stays[:, 2:].sum(axis=1), tally.stays[:, 1]], axis=1)
    columns = [np.tensordot(weights, a, 1) for a in (tally.signal, stays, tally.regime, tally.transitions)]
    return [Counts(*rows) for rows in zip(*columns, strict=True)]


def resampled_targets(lifelines: Lifelines, shortest: float, sample: Sample | None = None) -> tuple[Target, ...]:
    """The tank, and resamples of it, ready for comparison; empty where its groups are too few.

    Parameters
    ----------
    lifelines : Lifelines
    shortest : float
        Smoothing window, s.
    sample : Sample, optional
        Of another signal along them than the uptake ratio.
    """
    sample = sample or getattr(lifelines, "sample", None)
    if sample is None or sample.n_group < LEAST_GROUPS:
        return ()
    return tuple(Target.of(counts, shortest, lifelines.duration) for counts in resampled(sample, 0))


def distance_band(
    value: float,
    target: Target,
    statistics: SignalStatistics,
    signal: np.ndarray | None,
    step: float,
    regimes: Regimes,
) -> Band | None:
    """95 % band of a rig's distance; None where the tank has too few groups.

    Parameters
    ----------
    value : float
        The distance.
    target : Target
        The tank, with its resamples.
    statistics : SignalStatistics
        Of the rig.
    signal : (n_time,) float or None
        s of a cell in it, where its stays are drawn; None for a periodic one.
    step : float
        Interval of the signal, s.
    regimes : Regimes
    """
    targets = target.resampled
    if not targets:
        return None
    rig: Sequence[Counted] = [statistics] * len(targets)
    if signal is not None:
        blocks = signal[: signal.size // BLOCKS * BLOCKS].reshape(BLOCKS, -1)
        rig = resampled(sample_of(blocks, step, regimes, BLOCKS), 1)
    found = np.array([distance(one, counts).total for one, counts in zip(targets, rig, strict=True)])
    band = band_of(value, found[1:] - found[0] + value, BLOCKS)
    return max(0.0, min(band.low, value)), max(band.high, value)


def difference_band(a: float, band_a: Band | None, b: float, band_b: Band | None) -> Band:
    """Band of a - b for independent a and b: their distances to the edges add as squares; no band counts as sure."""
    low_a, high_a = band_a or (a, a)
    low_b, high_b = band_b or (b, b)
    return a - b - float(np.hypot(a - low_a, high_b - b)), a - b + float(np.hypot(high_a - a, b - low_b))
