r"""A stirred vessel under a periodic feed.

The feed programme f(t) (mol/(m3 s)) repeats with period T. It reaches the cells through the blending of the vessel, a
first-order lag theta_95/3; every cell then meets the same concentration:

.. math:: dC/dt = f_{lag}(t) - v\,C/(K_s + C)

at the periodic state C(0) = C(T), where substrate fed in a period equals substrate eaten in it: mean f = v <s>. For a
sharp pulse the depletion is Lambert's W (``zones.deplete``): excess lasts until C = 19 K_s, starvation from C = K_s/19;
a pulse adds dC = f_mean T.

Symbols: C mol/m3, v = q_max X mol/(m3 s), T s. Validity: vessel macro-mixed within a pulse (its blending time stands
beside the pulse in the protocol).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from rushton.scaledown.rig import Port, Settings
from rushton.scaledown.zones import Culture

_STEP = 0.03  # s, time step of a period; twice that for long ones (the scheme is of second order)
_LONG = 100.0  # s
_ENOUGH = 900.0  # s
_END = 8  # the first guess of how a period begins follows from this part of the one before
PORT_DELAYS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)  # s, when the vessel is sampled after a pulse


def periodic_signal(ratio: np.ndarray, period: float, step: float, duration: float) -> tuple[np.ndarray, float]:
    """s = x/(1 + x) of a ratio x over one period, joined end to end.

    Parameters
    ----------
    ratio : (n,) float
        Concentration over half-saturation, at equal intervals of the period.
    period, step, duration : float
        s; the interval used is the largest up to ``step`` that divides the period.

    Returns
    -------
    s : (n_time,) float
    step : float
        Interval used, s.
    """
    # all periods are alike: enough that the cut ends of the record weigh little
    periods = max(3, math.ceil(min(duration, _ENOUGH) / period))
    own_step = period / ratio.size
    every = max(1, int(step / own_step + 1e-9))
    while ratio.size % every:
        every -= 1
    return np.tile((ratio / (1.0 + ratio)).reshape(-1, every).mean(axis=1), periods), own_step * every


@dataclass(frozen=True, eq=False)
class VesselOperation:
    """A vessel under a periodic feed.

    Attributes
    ----------
    concentration : (n,) float
        Concentration at the middle of each step of one period, in units of K_s.
    step : float
        s.
    feed : (n_event, 2) float
        Feed table of one period: time, s, from which the feed relative to its mean is ..., -.
    period : float
        s.
    mean_uptake : float
        Mean s of the population: substrate eaten in a period over v T.
    """

    settings: Settings
    culture: Culture
    concentration: np.ndarray
    step: float
    feed: np.ndarray
    period: float
    mean_uptake: float
    least_cycles: int = 4

    def cycle(self) -> float:
        """The period, s."""
        return self.period

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """What every cell experiences (``rig.Operation``); the interval divides the period."""
        return periodic_signal(self.concentration, self.period, step, duration)

    def ports(self) -> list[Port]:
        """The vessel as a whole, and at times after the start of the largest pulse."""
        x, k = self.concentration, self.culture.half_saturation
        low, mean, high = k * float(x.min()), k * float(x.mean()), k * float(x.max())
        ports = [Port("vessel, whole cycle", low, mean, high, self.mean_uptake, 0.0)]
        largest = float(self.feed[np.argmax(self.feed[:, 1]), 0])
        for delay in PORT_DELAYS:
            if delay < self.period:
                c = float(x[int((largest + delay) % self.period / self.step) % x.size])
                ports.append(
                    Port(f"{delay:g} s after the largest pulse began", c * k, c * k, c * k, c / (1.0 + c), delay)
                )
        return ports


def fed_vessel(
    table: np.ndarray, period: float, culture: Culture, mean_feed: float, lag: float, settings: Settings
) -> VesselOperation:
    """A vessel at the periodic state of a feed table.

    Parameters
    ----------
    table : (n_event, 2) float
        Start of each interval within the period, s, the first at 0; feed in it over the mean feed, -.
    period : float
        T, s.
    culture : Culture
    mean_feed : float
        Mean feed per volume, mol/(m3 s), smaller than v.
    lag : float
        First-order time of blending, s.
    settings : dict
        Kept with the result.
    """
    from rushton.scaledown.kernels import vessel_period

    k, t_k = culture.half_saturation, culture.uptake_time
    n = max(64, math.ceil(period / (_STEP if period <= _LONG else 2.0 * _STEP)))
    h = period / n
    starts = np.append(table[:, 0], period)
    fed = np.concatenate([[0.0], np.cumsum(table[:, 1] * np.diff(starts))]) * mean_feed / k
    amount = np.diff(np.interp(np.linspace(0.0, period, n + 1), starts, fed))
    x = np.empty(n)
    total = float(amount.sum())

    def growth(start: float) -> float:
        return vessel_period(amount, h, t_k, lag, start, 0, x) - start

    c = vessel_period(amount, h, t_k, lag, 0.0, n - n // _END, x)
    for _ in range(8):  # a period that ends in starvation forgets how it began
        end = vessel_period(amount, h, t_k, lag, c, 0, x)
        if abs(end - c) <= 1e-12 * (end + total):
            break
        c = end
    else:
        high = max(c, total)
        while growth(high) > 0.0 and high < 1e12:
            high *= 4.0
        c = float(brentq(growth, c, high, xtol=1e-12 * total, rtol=1e-12)) if growth(high) <= 0.0 else high
        end = vessel_period(amount, h, t_k, lag, c, 0, x)
    return VesselOperation(settings, culture, x, h, table, period, (total + c - end) * t_k / period)
