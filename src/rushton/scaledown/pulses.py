r"""One stirred vessel with a pulsed feed.

The feed programme f(t) (mol/(m3 s)) repeats with period T. It reaches the cells through the blending of the vessel, a first-order lag
theta_95/3; every cell then meets the same concentration:

.. math:: dC/dt = f_{lag}(t) - v\,C/(K_s + C)

at the periodic state C(0) = C(T), where substrate fed in a period equals substrate eaten in it: mean f = v <s>. For a sharp pulse the depletion is
Lambert's W (``zones.deplete``): excess lasts until C = 19 K_s, starvation from C = K_s/19; a pulse adds dC = f_mean T.

Regular programme: on for t_on in every period at a high rate, at a base rate otherwise (a share of the mean feed, 0 for none).

Symbols: C mol/m3, v = q_max X mol/(m3 s), T, t_on s. Validity: vessel macro-mixed within a pulse (its blending time stands beside the pulse in the protocol).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from rushton.scaledown.bench import rounded
from rushton.scaledown.rig import Duty, Port, Settings, Variable
from rushton.scaledown.zones import Culture


@dataclass(frozen=True, eq=False)
class PulseOperation:
    """A vessel under a periodic feed.

    Attributes
    ----------
    concentration : (n,) float
        Concentration at the middle of each step of one period, in units of K_s.
    step : float
        s.
    feed : (n_event, 2) float
        Feed table of one period: time, s, from which the feed relative to its mean is ..., -.
    """

    settings: Settings
    culture: Culture
    concentration: np.ndarray
    step: float
    feed: np.ndarray
    period: float
    eaten: float

    @property
    def mean_uptake(self) -> float:
        """Mean s of the population: substrate eaten in a period over v T."""
        return self.eaten

    def cycle(self) -> float:
        """The period, s."""
        return self.period

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """What every cell experiences (``rig.Operation``); the interval divides the period."""
        periods = max(4, math.ceil(duration / self.period))
        every = max(1, int(step / self.step + 1e-9))
        while self.concentration.size % every:
            every -= 1
        x = self.concentration.reshape(-1, every).mean(axis=1) if every > 1 else self.concentration
        return np.tile(x / (1.0 + x), periods), self.step * every

    def ports(self) -> list[Port]:
        """The vessel's one port."""
        c = self.concentration * self.culture.half_saturation
        return [Port("vessel", float(c.min()), float(c.mean()), float(c.max()), self.mean_uptake, 0.0)]


def fed_vessel(
    table: np.ndarray, period: float, culture: Culture, mean_feed: float, lag: float, settings: Settings, step: float = 0.03
) -> PulseOperation:
    """A vessel at the periodic state of a feed table.

    Parameters
    ----------
    table : (n_event, 2) float
        Start of each interval within the period, s, the first at 0; feed in it relative to the mean feed, -.
    period : float
        T, s.
    culture : Culture
    mean_feed : float
        Mean feed per volume, mol/(m3 s), smaller than v.
    lag : float
        First-order time of blending, s.
    settings : dict
        Kept with the result.
    step : float
        Time step aimed at, s.
    """
    from rushton.scaledown.kernels import vessel_period

    k, t_k = culture.half_saturation, culture.uptake_time
    n = max(64, math.ceil(period / step))
    h = period / n
    starts = np.append(table[:, 0], period)
    fed = np.concatenate([[0.0], np.cumsum(table[:, 1] * np.diff(starts))]) * mean_feed / k
    amount = np.diff(np.interp(np.linspace(0.0, period, n + 1), starts, fed))
    x = np.empty(n)
    total = float(amount.sum())

    def growth(start: float) -> float:
        return vessel_period(amount, h, t_k, lag, start, x) - start

    c = vessel_period(amount, h, t_k, lag, 0.0, x)
    for _ in range(8):  # a period that ends in starvation forgets how it began
        new = vessel_period(amount, h, t_k, lag, c, x)
        if abs(new - c) <= 1e-12 * (new + total):
            break
        c = new
    else:
        high = max(c, total)
        while growth(high) > 0.0 and high < 1e12:
            high *= 4.0
        c = float(brentq(growth, c, high, xtol=1e-12 * total, rtol=1e-12)) if growth(high) <= 0.0 else high
    end = vessel_period(amount, h, t_k, lag, c, x)
    eaten = (total + c - end) * t_k / period
    return PulseOperation(settings, culture, x, h, table, period, eaten)


def regular_table(period: float, on_time: float, base: float) -> np.ndarray:
    """Feed table of one pulse per period: (2, 2) time, s, and feed over mean feed."""
    high = base + (1.0 - base) * period / on_time
    return np.array([[0.0, high], [on_time, base]])


class PulsedFeed:
    """One vessel, feed on and off."""

    name = "pulsed-feed"
    title = "One stirred vessel with a pulsed feed"

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, period (no longer than the tank's records), share of it at the high rate, base feed."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("period", "s", 2.0 * bench["pulse_min"], min(bench["cycle_max"], max(60.0, duty.record)), True),
            Variable("duty", "-", 0.0, 1.0),
            Variable("base_feed", "-", 0.0, 0.8),
        )

    def operate(self, settings: Mapping[str, float], duty: Duty) -> PulseOperation:
        """The vessel at work."""
        bench, period = duty.bench, settings["period"]
        on_time = settings["on_time"] if "on_time" in settings else self._on_time(settings, duty)
        culture = duty.culture(settings["biomass"])
        kept = {"biomass": settings["biomass"], "period": period, "on_time": on_time, "base_feed": settings["base_feed"]}
        kept |= {"feed": settings["feed"]} if "feed" in settings else {}
        table = regular_table(period, on_time, settings["base_feed"])
        mean_feed = settings.get("feed", duty.feed(settings["biomass"])) / bench.volume
        return fed_vessel(table, period, culture, mean_feed, bench.blend_lag, kept)

    @staticmethod
    def _on_time(settings: Mapping[str, float], duty: Duty) -> float:
        """On-time from the share of the period between the shortest pulse and four fifths."""
        shortest = duty.bench["pulse_min"]
        return shortest + settings["duty"] * (0.8 * settings["period"] - shortest)

    def settable(self, settings: Mapping[str, float], duty: Duty) -> Settings:
        """Times on the clock of the feed programme, biomass in half grams per litre, base feed in per cent."""
        tick = duty.bench["pulse_time_step"]
        on_time = settings["on_time"] if "on_time" in settings else self._on_time(settings, duty)
        return {
            "biomass": rounded(settings["biomass"], 0.5),
            "period": rounded(settings["period"], tick),
            "on_time": max(duty.bench["pulse_min"], rounded(on_time, tick)),
            "base_feed": round(settings["base_feed"], 2),
        }

    def guesses(self, duty: Duty) -> list[Settings]:
        """Short pulses every half minute at the tank's biomass."""
        return [{"biomass": duty.tank_biomass, "period": 30.0, "duty": 0.0, "base_feed": 0.0}]
