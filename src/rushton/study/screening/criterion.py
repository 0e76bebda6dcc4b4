r"""Which rigs tell strains apart by what the tank does to them.

Of strain i: t_i its robustness in the tank, z_i its readings in the rigs of a set (one, two, or one rig run twice).
Robustness and readings are relative to the strain's own steady reference at the same mean feed. The tank's robustness
is predicted from the readings by the best linear prediction from readings that carry an error,

.. math::

    \hat t_i = \bar t + b^T (z_i - \bar z),\qquad b = (S + N)^{-1} c,\qquad
    E^2 = \frac1n \sum_i \left[ (t_i - \hat t_{i(-i)})^2 + b_{(-i)}^T N_i\, b_{(-i)} \right]

with S the covariance of z over the strains, c that of z with t, N the mean of the error covariances N_i, and (-i) a fit
without strain i. The first term is what the rigs get wrong about the tank, the second what the assay gets wrong about
the rigs.

**Criterion: the gain E_0/E**, E_0 being the error of the prediction that has no rig (the mean of the other strains).
1 says that the readings tell nothing about the tank, below 1 that they mislead. A rig that spreads the strains by
something else than the tank does gains nothing, which no measure of spread alone would see; nor does one that gives
the tank's own small differences below the error of the assay. Fewer than ``FEW`` strains cannot be left out in turn:
sets are then ranked by bits.

Beside it stand

- pairs apart: pairs of strains with :math:`(z_i - z_j)^T (N_i + N_j)^{-1} (z_i - z_j)` above the 95 % point of chi
  square with as many degrees of freedom as readings, and how many of them :math:`\hat t` puts in the tank's order;
- bits: :math:`\tfrac12 \log_2 \det(1 + N^{-1} S)`, what the readings say about which strain it is (D-optimality);
- tau: Kendall's, of the predictions left out in turn with the tank.

Error of the readings. A strain is run once in every rig of the set and once in the steady reference, each ``repeats``
times (m), each with the relative standard deviation e of one assay; both readings are divided by the same reference:

.. math::

    N_i = \frac{e^2}{m}\left[\mathrm{diag}(z_i^2) + z_i z_i^T\right]\ \text{(two rigs)},\qquad
    \frac{e^2}{m}\,\tfrac32 z_i^2\ \text{(one rig, twice)},\qquad \frac{e^2}{m}\,2 z_i^2\ \text{(one rig, once)}

plus the variance that the number of followed cells leaves. Two rigs and one rig run twice cost the same. Two rigs with
the same readings come out exactly as one of them run twice: a second rig wins only by telling something else.

Source: best linear prediction from variables with errors, W. A. Fuller (1987) Measurement Error Models, ch. 1; D. V.
Lindley (1956) Ann. Math. Stat. 27:986 for the bits; M. Stone (1974) J. R. Stat. Soc. B 36:111 for leaving out in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import chi2, kendalltau

ASSAY = 0.04
"""Relative standard deviation of one assay, -: repeatability for 1 g/L by the curve of Horwitz, Kamps and Boyer (1980)
J. Assoc. Off. Anal. Chem. 63:1344: 2^(1 - 0.5 log10 c) = 5.7 % between laboratories, up to two thirds of it in one."""
FEW = 5
"""With fewer strains the prediction cannot be judged by leaving strains out."""
CONFIDENCE = 0.95
DRAWS = 2000
ROUNDING = 1e-6
"""Error of a reading that even a perfect assay has, -: the covariance stays invertible."""
KINDS = ("pair", "twice", "once")


@dataclass(frozen=True, eq=False)
class Score:
    """What a set of rigs is worth.

    Attributes
    ----------
    rigs : tuple of int
        Number of one or two rigs.
    kind : str
        ``"pair"``, ``"twice"`` (one rig, two runs) or ``"once"``.
    error, unaided : float
        E and E_0, in units of the robustness.
    apart, ordered, total : int
        Pairs of strains told apart; those of them in the tank's order; pairs there are.
    farthest : float
        Largest squared distance between two strains over the threshold.
    bits, tau : float
    weights : (k,) float
        b of the fit to all strains.
    means : (k,) float
        Mean readings.
    mean : float
        Mean robustness.
    predicted : (n,) float
        Robustness of every strain, predicted without it.
    squared : (n,) float
        Its part of n E^2.
    noise : (n,) float
        Standard deviation of its prediction by the error of the readings.
    as_good : bool
        Not told apart from the best set by the strains there are (`rank`).
    """

    rigs: tuple[int, ...]
    kind: str
    error: float
    unaided: float
    apart: int
    ordered: int
    total: int
    farthest: float
    bits: float
    tau: float
    weights: np.ndarray
    means: np.ndarray
    mean: float
    predicted: np.ndarray
    squared: np.ndarray
    noise: np.ndarray
    as_good: bool = field(default=False)

    @property
    def gain(self) -> float:
        """E_0/E; nan where it cannot be judged."""
        return self.unaided / self.error if self.error > 0.0 else float("nan")


def error_covariance(readings: np.ndarray, assay: float, repeats: int, kind: str, spare: np.ndarray) -> np.ndarray:
    """N_i of every strain.

    Parameters
    ----------
    readings : (n, k) float
    assay : float
        e, -.
    repeats : int
        m.
    kind : str
        Of ``KINDS``.
    spare : (n, k) float
        Variance that the followed cells leave.

    Returns
    -------
    (n, k, k) float
    """
    own = {"pair": 1.0, "twice": 0.5, "once": 1.0}[kind]
    one = np.eye(readings.shape[1])
    out = readings[:, :, None] * readings[:, None, :] * (1.0 + own * one)
    return np.asarray(assay**2 / repeats * out + (spare[:, :, None] + ROUNDING**2) * one)


def prediction(readings: np.ndarray, noise: np.ndarray, tank: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """b (k,), mean readings (k,) and mean robustness of the best linear prediction.

    Parameters
    ----------
    readings : (n, k) float
    noise : (n, k, k) float
    tank : (n,) float
    """
    means, mean = readings.mean(axis=0), float(tank.mean())
    dz, dt = readings - means, tank - mean
    dof = max(1, len(tank) - 1)
    spread = dz.T @ dz / dof + noise.mean(axis=0)
    return np.linalg.solve(spread, dz.T @ dt / dof), means, mean


def score(
    rigs: tuple[int, ...],
    kind: str,
    readings: np.ndarray,
    tank: np.ndarray,
    spare: np.ndarray,
    assay: float,
    repeats: int,
) -> Score:
    """What a set of rigs is worth.

    Parameters
    ----------
    rigs, kind
        As `Score` has them.
    readings : (n, n_rig) float
        Of all rigs.
    tank : (n,) float
        t.
    spare : (n, n_rig) float
        Variance that the followed cells leave on the readings.
    assay, repeats
        e and m.
    """
    z = readings[:, list(rigs)]
    noise = error_covariance(z, assay, repeats, kind, spare[:, list(rigs)])
    n = len(tank)
    predicted, squared, unaided, own = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        others = np.arange(n) != i
        weights, means, mean = prediction(z[others], noise[others], tank[others])
        predicted[i] = mean + weights @ (z[i] - means)
        own[i] = weights @ noise[i] @ weights
        squared[i] = (tank[i] - predicted[i]) ** 2 + own[i]
        unaided[i] = (tank[i] - mean) ** 2
    weights, means, mean = prediction(z, noise, tank)
    apart, ordered, farthest = _told_apart(z, noise, z @ weights, tank)
    spread = np.atleast_2d(np.cov(z, rowvar=False))
    tau = float(kendalltau(predicted, tank).statistic) if n > 2 else float("nan")
    return Score(
        rigs=rigs,
        kind=kind,
        error=float(np.sqrt(squared.mean())),
        unaided=float(np.sqrt(unaided.mean())),
        apart=apart,
        ordered=ordered,
        total=n * (n - 1) // 2,
        farthest=farthest,
        bits=_bits(spread, noise.mean(axis=0)),
        tau=tau,
        weights=weights,
        means=means,
        mean=mean,
        predicted=predicted,
        squared=squared,
        noise=np.sqrt(own),
    )


def _told_apart(z: np.ndarray, noise: np.ndarray, along: np.ndarray, tank: np.ndarray) -> tuple[int, int, float]:
    """Pairs of strains apart, those in the tank's order, and the largest squared distance over the threshold."""
    a, b = np.triu_indices(len(tank), 1)
    difference = z[a] - z[b]
    both = noise[a] + noise[b]
    threshold = float(chi2.ppf(CONFIDENCE, z.shape[1]))
    squared = np.einsum("pi,pij,pj->p", difference, np.linalg.inv(both), difference)
    told = squared > threshold
    same = np.sign(along[a] - along[b]) == np.sign(tank[a] - tank[b])
    return int(told.sum()), int((told & same).sum()), float(squared.max(initial=0.0) / threshold)


def _bits(spread: np.ndarray, noise: np.ndarray) -> float:
    """0.5 log2 det(1 + N^-1 S)."""
    return float(0.5 * np.log2(np.linalg.det(noise + spread) / np.linalg.det(noise)))


def rank(
    readings: np.ndarray, tank: np.ndarray, spare: np.ndarray, assay: float, repeats: int
) -> tuple[list[Score], list[Score]]:
    """All pairs of rigs and every rig run twice, the best first; and every rig run once, the best first.

    A set is as good as the best where its E is no larger in at least 5 % of ``DRAWS`` draws of as many strains
    (bootstrap over strains, the same for all sets).
    """
    from dataclasses import replace

    n_rig = readings.shape[1]
    sets: list[tuple[tuple[int, ...], str]] = [((j,), "twice") for j in range(n_rig)]
    sets += [((j, k), "pair") for j in range(n_rig) for k in range(j + 1, n_rig)]
    scores = [score(rigs, kind, readings, tank, spare, assay, repeats) for rigs, kind in sets]
    once = [score((j,), "once", readings, tank, spare, assay, repeats) for j in range(n_rig)]

    def order(one: Score) -> float:
        value = -one.bits if len(tank) < FEW else one.error
        return np.inf if np.isnan(value) else value

    # at equal worth the pair stands first: `sets` begins with one rig twice, and the sort is stable
    scores, once = sorted(scores, key=order), sorted(once, key=order)
    good = _as_good(scores)
    return [replace(one, as_good=bool(yes)) for one, yes in zip(scores, good, strict=True)], once


def _as_good(scores: list[Score]) -> np.ndarray:
    """(n_set,) bool, whether strains drawn again would often enough put a set before the first."""
    squared = np.stack([one.squared for one in scores])
    n = squared.shape[1]
    weights = np.random.default_rng(0xB007).multinomial(n, np.full(n, 1.0 / n), DRAWS)
    drawn = squared @ weights.T
    return np.asarray((drawn <= drawn[0]).mean(axis=1) >= 1.0 - CONFIDENCE)
