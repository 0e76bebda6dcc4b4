r"""What a lab vessel transfers: kLa between its slowest and its fastest stirrer speed, its settling, the oxygen probe.

.. math:: k_La(N) = k_1 (N/N_1)^p,\quad p = \frac{\ln(k_1/k_0)}{\ln(N_1/N_0)},\qquad
          \frac{dk}{dt} = \frac{k_La(N_{set}) - k}{\tau_k},\qquad \frac{dC_{probe}}{dt} = \frac{C - C_{probe}}{\tau_p}

The fast end k_1 is the measured one where the case or the vessel gives it (``kla_max``), else van 't Riet's for
coalescing broth with Michel and Miller's gassed power. The slow end k_0 is the measured one (``kla_min``), else k_1
times the ratio of van 't Riet's at both speeds, but no less than what the surface of a slowly stirred vessel transfers.

Checked against L. Puiman et al. (2023), 2 L in 0.13 m: from 1.13 1/h at 20 rpm and 153 1/h at 930 rpm the law gives
6.1 1/h at their 75 rpm, measured 6.17. After a step of the speed, hold-up and bubble size settle within seconds
(``kla_settling``); the probe follows with its own lag (``probe_lag``; 35 s in E. Anane et al. (2017) Biochem. Eng. J.
125:1).

Symbols: k = kLa 1/s, N 1/s, tau s. Both lags are exact over steps of constant set-point:
k(t + h) = k_set + (k(t) - k_set) e^(-h/tau), mean over the step k_set + (k(t) - k_set) (1 - e^(-h/tau)) tau/h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rushton.scaledown.bench import Bench
from rushton.scaledown.oxygen import kla_given


@dataclass(frozen=True)
class Transfer:
    """kLa of a vessel against its stirrer speed.

    Attributes
    ----------
    slowest, fastest : float
        Stirrer speeds, 1/s.
    low, high : float
        kLa at them, 1/s.
    settling : float
        First-order time in which kLa follows the speed, s.
    probe_lag : float
        First-order time of the oxygen probe, s.
    """

    slowest: float
    fastest: float
    low: float
    high: float
    settling: float
    probe_lag: float

    @classmethod
    def of(cls, bench: Bench) -> Transfer:
        """The vessel of a bench."""
        fastest, slowest = bench["stirrer_speed"], bench["slowest_speed"]
        high = kla_given(bench)[0]
        if "kla_slowest" in bench.limits:
            low = bench["kla_slowest"]
        else:
            low = max(high * _slowing(bench, slowest / fastest), bench["kla_surface"])
        return cls(slowest, fastest, min(low, 0.9 * high), high, bench["kla_settling"], bench["probe_lag"])

    @property
    def exponent(self) -> float:
        """p of kLa ~ N^p."""
        return math.log(self.high / self.low) / math.log(self.fastest / self.slowest)

    def kla(self, speed: float) -> float:
        """kLa at a stirrer speed, 1/s (speed 1/s)."""
        return self.high * (speed / self.fastest) ** self.exponent

    def speed(self, kla: float) -> float:
        """Stirrer speed for a kLa, 1/s."""
        return self.fastest * (kla / self.high) ** (1.0 / self.exponent)


def _slowing(bench: Bench, ratio: float) -> float:
    """What is left of van 't Riet's kLa when the stirrer turns at a share of its speed."""
    limits = {name: limit for name, limit in bench.limits.items() if name != "kla_measured"}
    limits["stirrer_speed"] = replace(limits["stirrer_speed"], value=ratio * bench["stirrer_speed"])
    slow, fast = (
        replace(bench, limits=one) for one in (limits, limits | {"stirrer_speed": bench.limits["stirrer_speed"]})
    )
    return kla_given(slow)[0] / kla_given(fast)[0]


def settled(table: np.ndarray, period: float, steps: int, lag: float) -> np.ndarray:
    """What follows a periodic table of set-points with a first-order lag, mean over every step, (steps,).

    Parameters
    ----------
    table : (n, 2) float
        Time, s, ascending from 0, each a multiple of ``period / steps``; set-point from then on.
    period : float
        s.
    steps : int
    lag : float
        tau, s; 0 follows at once.
    """
    h = period / steps
    first = np.rint(np.append(table[:, 0], period) / h).astype(int)
    values = np.repeat(table[:, 1], np.diff(first))
    if lag <= 0.0:
        return values
    decay = np.exp(-np.diff(first) * h / lag)

    def ends(start: float) -> np.ndarray:
        """Values at the start of every interval and at the end of the period."""
        at = np.empty(len(table) + 1)
        at[0] = start
        for n, (value, keep) in enumerate(zip(table[:, 1], decay, strict=True)):
            at[n + 1] = value + (at[n] - value) * keep
        return at

    start = ends(0.0)[-1] / (1.0 - math.exp(-period / lag))
    begun = np.repeat(ends(start)[:-1], np.diff(first))
    since = (np.arange(steps) - np.repeat(first[:-1], np.diff(first))) * h
    mean = -math.expm1(-h / lag) * lag / h
    return values + (begun - values) * np.exp(-since / lag) * mean


def probe_reading(signal: np.ndarray, step: float, lag: float) -> np.ndarray:
    """What a probe with a first-order lag shows of a periodic signal, (n,): both constant over every step, s."""
    from scipy.signal import lfilter

    keep = math.exp(-step / lag)
    end = lfilter([1.0 - keep], [1.0, -keep], signal)[-1] / (1.0 - keep**signal.size)
    shown, _ = lfilter([1.0 - keep], [1.0, -keep], signal, zi=[keep * end])
    return np.asarray(shown)
