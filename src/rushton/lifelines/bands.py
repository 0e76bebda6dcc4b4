r"""How sure a statistic is: a bootstrap over the groups of a sample, which are independent of each other.

.. math:: T_b = T\Big(\sum_g w_{bg} c_g\Big), \quad w_b \sim \mathrm{multinomial}(G; 1/G, \dots, 1/G)
.. math:: \mathrm{band} = T + k\,(Q_{2.5\%,\,97.5\%}\{T_b\} - T), \quad
          k = \frac{t_{0.975,\,G-1}}{z_{0.975}} \sqrt{\frac{G}{G-1}}

c_g     counts of group g                      T    a statistic of summed counts: share, mean, quantile
G       number of groups                       k    widening for few groups: 1.06 for 32

The band answers one question: how far would another population of as many cells in the same field be from this one? It
does not hold the error of the flow, of the walk or of the length of the run.

Sources: B. Efron & R. J. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993 (percentiles);
T. C. Hesterberg 2015, Am. Stat. 69:371, doi 10.1080/00031305.2015.1089789 (widening for small samples). Valid from
about ten groups on; fewer than two give no band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 1000
_SEED = 20160


class Band(NamedTuple):
    """A value and the band in which it would lie in 95 % of repeats; nan where it is not known."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the width of the band."""
        return 0.5 * (self.high - self.low)


def resample_weights(n_group: int, n: int = RESAMPLES, stream: int = 0) -> np.ndarray:
    """(n, n_group) how often every group is drawn in each of n resamples; the same numbers in every run.

    Parameters
    ----------
    n_group : int
    n : int
    stream : int
        Another number gives independent resamples, for samples that are independent of each other.
    """
    draws = np.random.default_rng([_SEED, stream, n_group]).integers(0, n_group, (n, n_group))
    weights = np.zeros((n, n_group))
    np.add.at(weights, (np.arange(n)[:, None], draws), 1.0)
    return weights


def band_of(value: float, resampled: np.ndarray, n_group: int) -> Band:
    """Band of a statistic from its values in resamples.

    Parameters
    ----------
    value : float
        Of the whole sample.
    resampled : (n,) float
        In the resamples; those that are nan (nothing was seen) are left out.
    n_group : int
        Groups that were drawn from.

    Returns
    -------
    Band
        Without limits (nan) where there are less than two groups or half of the resamples say nothing.
    """
    from scipy.special import ndtri, stdtrit

    known = resampled[np.isfinite(resampled)]
    if n_group < 2 or not np.isfinite(value) or known.size < 0.5 * max(resampled.size, 1):
        return Band(float(value), np.nan, np.nan)
    tail = 0.5 * (1.0 - CONFIDENCE)
    widen = stdtrit(n_group - 1, 1.0 - tail) / ndtri(1.0 - tail) * np.sqrt(n_group / (n_group - 1))
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Band(float(value), float(value + widen * (low - value)), float(value + widen * (high - value)))


def bands_of(values: Mapping[str, np.ndarray], resampled: Mapping[str, np.ndarray], n_group: int) -> dict[str, Band]:
    """Bands of many statistics; ``values`` (1,) each, ``resampled`` (n,) each."""
    return {name: band_of(float(value[0]), resampled[name], n_group) for name, value in values.items()}


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, nan where b is zero."""
    return np.asarray(a, float) / np.where(b > 0, b, np.nan)


def used_bins(counts: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Histograms (..., n_bin) without the empty bins at both ends that all of them share, and the edges left."""
    used = np.flatnonzero(counts.reshape(-1, counts.shape[-1]).any(axis=0))
    low, high = (used[0], used[-1] + 1) if used.size else (0, 1)
    return counts[..., low:high], edges[low : high + 1]


def quantiles(counts: np.ndarray, log_edges: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Quantiles of histograms, interpolated inside the bins; nan where a histogram is empty.

    Parameters
    ----------
    counts : (..., n_bin) float
        May be weighted.
    log_edges : (n_bin + 1,) float
        Edges in the scale in which bins are taken as evenly filled, mostly log10.
    shares : (n,) float
        0.5 for the median.

    Returns
    -------
    (n, ...) float
        In the scale of the edges.
    """
    counts = np.asarray(counts, float)
    below = np.cumsum(counts, axis=-1)
    total = below[..., -1]
    out = []
    for share in shares:
        wanted = share * total
        b = np.minimum((below < wanted[..., None]).sum(axis=-1), counts.shape[-1] - 1)
        inside = np.take_along_axis(counts, b[..., None], -1)[..., 0]
        done = np.take_along_axis(below, b[..., None], -1)[..., 0] - inside
        fraction = (wanted - done) / np.where(inside > 0, inside, np.nan)
        out.append(np.where(total > 0, log_edges[b] + fraction * (log_edges[b + 1] - log_edges[b]), np.nan))
    return np.array(out)
