r"""Circulation of cells: the tail of the times between entries into impeller zones, and crossings of planes.

Times between entries, completed ones (d_i per bin of duration) and those still open at the end of a record (c_i):

.. math:: S(t_i) = \prod_{j \le i} \Big(1 - \frac{d_j}{n_j}\Big), \quad n_j = \sum_{i \ge j} (d_i + c_i)
.. math:: \tau_{tail} = \frac{\sum_{t > t_0} (t - t_0)}{\#\{\text{completed}, t > t_0\}}

S        share of the times that are longer (Kaplan-Meier: the end of the records does not shorten it)
tau_tail maximum-likelihood time constant of an exponential beyond t_0, open times counted in the sum only
t_0      the duration that a quarter of the completed times exceeds

Planes: halfway between neighbouring impellers. A cell has crossed when it has passed the plane by a tenth of the
distance of the impellers. The time between crossings is a second definition of circulation, for tanks with several
loops; its mean is all time of the cells over all their crossings, which the ends of the records leave alone (in a
steady population a mean interval is one over a rate), unlike the mean of the completed times.

Sources: E. L. Kaplan & P. Meier 1958, J. Am. Stat. Assoc. 53:457. Validity: durations are known to a bin of 4 %;
heights of cells to a mesh cell and one stored sample.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rushton.lifelines.bands import ratio
from rushton.lifelines.regimes import RESIDENCE_EDGES

TAIL_SHARE = 0.25
"""Share of the completed times that form the tail."""

DEAD_BAND = 0.1
"""By which share of the distance of two impellers a cell must pass the plane between them."""


def survival(returns: np.ndarray, waiting: np.ndarray) -> np.ndarray:
    """Share of circulations longer than the upper edge of every bin.

    Parameters
    ----------
    returns, waiting : (..., n_bin)
        Completed and open times per bin of duration.

    Returns
    -------
    (..., n_bin) float
    """
    both = np.asarray(returns, float) + waiting
    at_risk = np.cumsum(both[..., ::-1], axis=-1)[..., ::-1]
    return np.cumprod(1.0 - np.asarray(returns, float) / np.where(at_risk > 0, at_risk, np.inf), axis=-1)


def fit_tail(
    returns: np.ndarray, waiting: np.ndarray, edges: np.ndarray = RESIDENCE_EDGES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exponential tail of circulation times.

    Parameters
    ----------
    returns, waiting : (n, n_bin)
        Completed and open times per bin of duration.
    edges : (n_bin + 1,) float
        Edges of the bins, s.

    Returns
    -------
    tau : (n,) float
        Time constant, s; nan where there is no tail.
    start : (n,) float
        Where the tail begins, s.
    misfit : (n,) float
        Largest difference between the share of longer times and the fitted exponential in the tail, the last
        twentieth of its times left out, -.
    """
    returns = np.asarray(returns, float)
    below = np.cumsum(returns, axis=1)
    b = np.minimum((below < (1.0 - TAIL_SHARE) * below[:, -1:]).sum(axis=1), returns.shape[1] - 1)
    start = edges[b + 1]
    centres = np.sqrt(edges[1:] * edges[:-1])
    beyond = np.arange(returns.shape[1]) > b[:, None]
    number = (returns * beyond).sum(axis=1)
    time = ((returns + waiting) * beyond * (centres - start[:, None])).sum(axis=1)
    tau = ratio(time, number)
    tau = np.where(number > 0, tau, np.nan)
    curve = survival(returns, waiting)
    at_start = np.take_along_axis(curve, b[:, None], 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = curve / np.where(at_start > 0, at_start, np.nan)
        fit = np.exp(-(edges[1:] - start[:, None]) / tau[:, None])
        both = np.cumsum((returns + waiting) * beyond, axis=1)
        misfit = np.max(np.where(beyond & (both < 0.95 * both[:, -1:]), np.abs(seen - fit), 0.0), axis=1)
    return tau, np.where(number > 0, start, np.nan), misfit


def planes_between(clearances: Sequence[float]) -> list[tuple[float, float]]:
    """Height of the plane between every two neighbouring impellers and half of its dead band, m."""
    heights = sorted(clearances)
    return [(0.5 * (a + b), DEAD_BAND * (b - a)) for a, b in zip(heights, heights[1:], strict=False) if b > a]


def crossing_times(z: np.ndarray, dt: float, plane: float, dead: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Crossings of a plane and the times between them.

    Parameters
    ----------
    z : (n_cell, n_time) float
        Height of the cells at a fixed interval, m.
    dt : float
        Interval, s.
    plane, dead : float
        Height of the plane and by how much it must be passed, m.

    Returns
    -------
    crosses : (n,) int
        Number of the cell that crosses, for every crossing.
    cell : (m,) int
        The same for every time between two crossings of one cell.
    time : (m,) float
        Time from one crossing to the next, s.
    """
    side = np.where(z > plane + dead, 1, np.where(z < plane - dead, -1, 0)).astype(np.int8)
    n_time = z.shape[1]
    last = np.maximum.accumulate(np.where(side != 0, np.arange(n_time), 0), axis=1)
    held = np.take_along_axis(side, last, 1)  # the side it was last seen on; 0 before it was seen
    cell, at = np.nonzero((held[:, 1:] != held[:, :-1]) & (held[:, :-1] != 0))
    same = np.flatnonzero(cell[1:] == cell[:-1])
    return cell, cell[same], (at[same + 1] - at[same]) * dt
