r"""How far what cells experience in a rig is from what they experience in the tank.

.. math:: d = \tfrac15\left[ W_1(s) + \sum_{R=E,L,S} \frac{W_1(\log_{10}\tau_R)}{\sigma_R} + JS(P) \right]

- W_1(s): Wasserstein-1 distance of the smoothed uptake ratio s = q/q_max over time, 0..1.
- W_1(log10 tau_R)/sigma_R: the same of log10 of the completed stays in E, L and S, over the standard deviation
  sigma_R of log10 tau_R in the tank; every stay counts once, whatever pattern it belongs to.
- JS(P): Jensen-Shannon divergence, base 2, 0..1, of P_ij = n_ij / sum(n), the share of passages from regime i to
  regime j among all passages (one normalisation for the whole matrix, not row by row: rows E and S have a single
  entry and would say nothing). A jump from E to S counts as E to L and L to S.

The weights are fixed. A regime that the tank knows and the rig never completes a stay in is scored as the worst stay
that the tank's records could have shown: W_1 to a stay as short as the smoothing window or as long as the whole
record, whichever is farther. So a rig gains nothing by leaving a regime out. A regime that the tank does not know
costs one standard deviation if the rig has it, else nothing. A regime is known from 50 completed stays and a
thousandth of the time on: fewer have no distribution. A spread below a tenth of a decade is taken as that: finer is
not resolved.

Source: Wasserstein-1 as the area between cumulative distributions (S. S. Vallender 1974, Theory Probab. Appl.
18:784); J. Lin (1991) IEEE Trans. Inf. Theory 37:145 for JS. Validity: distributions are histograms (0.001 in s; 60
bins per decade of stays), which bounds the resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

PARTS = ("signal", "excess_stays", "limitation_stays", "starvation_stays", "transitions")
"""The five parts of the distance, in order."""

KNOWN_STAYS, KNOWN_SHARE = 50, 1e-3
"""Completed stays and share of the time from which on a regime counts as met."""
LEAST_SPREAD = 0.1
"""Smallest standard deviation of log10 of the stays that is resolved, decades."""

_BIN = 1.0 / 60.0  # decades
_LOG_CENTRES = np.linspace(-2.0 + 0.5 * _BIN, 4.0 - 0.5 * _BIN, 360)


class Counted(Protocol):
    """What a distance is formed from (``SignalStatistics``), whole or resampled."""

    @property
    def signal_counts(self) -> np.ndarray:
        """(1000,)"""

    @property
    def regime_stays(self) -> np.ndarray:
        """(3, 360)"""

    @property
    def regime_counts(self) -> np.ndarray:
        """(3,)"""

    @property
    def transitions(self) -> np.ndarray:
        """(3, 3)"""


@dataclass(frozen=True)
class Distance:
    """The distance and its parts.

    Attributes
    ----------
    parts : tuple of 5 float
        In the order of ``PARTS``.
    missing : tuple of str
        Regimes ("E", "L", "S") that the tank knows and the rig does not, scored as the module says.
    """

    parts: tuple[float, float, float, float, float]
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Mean of the five parts."""
        return float(sum(self.parts)) / 5.0

    def as_dict(self) -> dict[str, float]:
        """Parts by name."""
        return dict(zip(PARTS, self.parts, strict=True))


@dataclass(frozen=True, eq=False)
class Target:
    """What the tank's cells experience, prepared for many comparisons.

    Attributes
    ----------
    signal : (1000,) cumulative distribution of s at the upper edges of its bins
    stays : (3, 360) cumulative distributions of log10 of the stays in E, L, S; zeros where there are none
    spread : (3,) standard deviations of log10 of the stays; 1 where there are none
    known : (3,) bool, whether the tank has enough completed stays
    penalty : (3,) part of the distance for a regime the rig lacks (or, where the tank lacks it, has)
    passages : (3, 3) shares of the passages
    resampled : the same with the tank's groups of cells drawn anew, for bands (``certainty``); all groups once come
        first; empty where they were not counted apart
    """

    signal: np.ndarray
    stays: np.ndarray
    spread: np.ndarray
    known: np.ndarray
    penalty: np.ndarray
    passages: np.ndarray
    resampled: tuple[Target, ...] = ()

    @classmethod
    def of(cls, statistics: Counted, shortest: float, longest: float) -> Target:
        """The target from the tank's statistics.

        Parameters
        ----------
        statistics : SignalStatistics
        shortest, longest : float
            Shortest and longest stay the records can show: smoothing window and length of a record, s.
        """
        counts = statistics.regime_stays.astype(float)
        known = (counts.sum(axis=1) >= KNOWN_STAYS) & _often(statistics)
        stays = _cumulative(counts)
        spread, penalty = np.ones(3), np.ones(3)
        ends = np.log10([max(shortest, 1e-2), min(max(longest, 10.0 * shortest), 1e4)])
        for r in np.flatnonzero(known):
            share = counts[r] / counts[r].sum()
            mean = share @ _LOG_CENTRES
            spread[r] = max(np.sqrt(share @ (_LOG_CENTRES - mean) ** 2), LEAST_SPREAD)
            penalty[r] = max(share @ np.abs(_LOG_CENTRES - end) for end in ends) / spread[r]
        return cls(
            _cumulative(statistics.signal_counts.astype(float)),
            stays,
            spread,
            known,
            penalty,
            _shares(statistics.transitions),
        )


def _often(statistics: Counted) -> np.ndarray:
    """(3,) bool, whether the cells spend a noticeable share of their time in a regime."""
    total = max(1.0, float(statistics.regime_counts.sum()))
    return statistics.regime_counts / total >= KNOWN_SHARE


def _cumulative(counts: np.ndarray) -> np.ndarray:
    total = counts.sum(axis=-1, keepdims=True)
    return np.cumsum(counts, axis=-1) / np.where(total > 0, total, 1.0)


def _shares(matrix: np.ndarray) -> np.ndarray:
    total = matrix.sum()
    return matrix / total if total else np.zeros((3, 3))


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """Jensen-Shannon divergence, base 2, of two distributions of the same shape; 1 when only one of them is empty.

    >>> jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    if not p.any() or not q.any():
        return float(p.any() != q.any())
    m = 0.5 * (p + q)

    def against_mean(a: np.ndarray) -> float:
        here = a > 0
        return float(np.sum(a[here] * np.log2(a[here] / m[here])))

    return max(0.0, 0.5 * (against_mean(p) + against_mean(q)))


def distance(target: Target, statistics: Counted) -> Distance:
    """Distance of what a rig gives from the target."""
    signal = float(np.abs(target.signal - _cumulative(statistics.signal_counts.astype(float))).mean())
    counts = statistics.regime_stays.astype(float)
    has = (counts.sum(axis=1) > 0) & (target.known | _often(statistics))
    stays = np.abs(target.stays - _cumulative(counts)).sum(axis=1) * _BIN / target.spread
    parts = np.where(has & target.known, stays, np.where(has == target.known, 0.0, target.penalty))
    missing = tuple(name for name, r in zip("ELS", range(3), strict=True) if target.known[r] and not has[r])
    passages = jensen_shannon(target.passages, _shares(statistics.transitions))
    return Distance((signal, float(parts[0]), float(parts[1]), float(parts[2]), passages), missing)
