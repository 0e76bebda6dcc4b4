"""Bands of population means, from groups of histories that share no lifeline.

    T* = T(groups drawn with replacement),      band = T + (percentiles of T* - T) w
    w  = sqrt(G/(G - 1)) t(0.975, G - 1)/1.96    a bootstrap over few groups is too narrow by this

A group of histories is stitched from lifelines of its own. A band over G groups therefore holds both which lifelines
were drawn (how well so many cells of that duration represent the fields) and how they were joined to histories. It
does not hold errors of the flow, of the turbulent Schmidt number, of the uptake law or of the cell model.

Symbols: T a statistic of the population (a mean, or a ratio of means); G number of groups; t quantile of Student's law.
Source: Efron B., Tibshirani R. 1993, An Introduction to the Bootstrap, chapters 8 (blocks) and 13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DRAWS = 1000
FEW = 4
"""With fewer groups no band is formed: half of it would be the luck of three numbers."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Histories in groups, and the draws of a bootstrap over them.

    Parameters
    ----------
    group : (n_history,) int
        Group of every history, 0 to G - 1.
    seed : int
    """

    group: np.ndarray
    seed: int

    @property
    def count(self) -> int:
        """G."""
        return int(self.group.max()) + 1

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(G, ...) sums over the histories of each group, of values (n_history, ...)."""
        out = np.zeros((self.count, *values.shape[1:]))
        np.add.at(out, self.group, values)
        return out

    def band(self, values: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray] = lambda mean: mean) -> np.ndarray:
        """95 % band of a statistic of the population mean.

        Parameters
        ----------
        values : (n_history, k) float
            Numbers of every history.
        statistic : callable
            From means (..., k) to the statistic (..., m).

        Returns
        -------
        (m, 2) float
            NaN where there are too few groups.
        """
        value = np.asarray(statistic(values.mean(axis=0)))
        n = self.count
        if n < FEW:
            return np.full((*value.shape, 2), np.nan)
        chosen = np.random.default_rng([self.seed, 0xB007]).integers(0, n, (DRAWS, n))
        sums, sizes = self.sums(values), self.sums(np.ones(len(values)))
        drawn = statistic(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)[:, None])
        from scipy.special import stdtrit

        widen = np.sqrt(n / (n - 1.0)) * stdtrit(n - 1.0, 0.975) / 1.959964
        ends = np.percentile(drawn, (2.5, 97.5), axis=0)
        return np.moveaxis(value + widen * (ends - value), 0, -1)
