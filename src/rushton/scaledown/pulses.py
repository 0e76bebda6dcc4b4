r"""Rigs of one vessel with a pulsed feed: equal pulses at equal gaps, or a programme drawn from the tank's lifelines.

Every pulse is on for t_on (or longer, below); a base feed (a share b of the mean) runs all the time. The plain rig
has one pulse per period.

The irregular programme has n pulses, each with an amount and the time until the next one. Amounts and gaps follow
from the stays that they are to cause, by Monod depletion of the vessel (x = C/K_s, t_K = K_s/(q_max X)):

- a share of the pulses brings the cells into excess. They must reach x_e (24 for s = 0.96) and stay until x_l (15.7 for
  s = 0.94): x + ln x = tau_E/t_K + x_l + ln x_l. A stay shorter than (x_e - x_l + ln(x_e/x_l)) t_K is out of reach of a
  vessel that empties only by uptake. Limitation on the way down lasts (x_l - x_s + ln(x_l/x_s)) t_K whatever the
  programme;
- the others cause a stay tau_L in limitation between two starvations (entered at x_s, 1/24): x + ln x = tau_L/t_K +
  x_s + ln x_s;
- then starvation for tau_S, until the next pulse. No pulse is smaller than the pump can dose; one that the pump cannot
  deliver in t_on takes longer.

tau_E, tau_L and tau_S are the tank's own stays at n middle quantiles, each stretched by a factor of the design; tau_S
is stretched by what the mean feed leaves. The starvations are shuffled; the order of the amounts is that of an
autoregressive series with a memory, so that large pulses can come in groups, as a cell meets them near a feed point.
All times lie on the clock of the pump. The programme repeats for ever.

Source of the idea of a feed programme from lifelines: Haringa et al. 2018, Chem. Eng. Sci., doi
10.1016/j.ces.2017.09.020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from rushton.scaledown.bench import rounded
from rushton.scaledown.recipe import Written, pulsed_recipe
from rushton.scaledown.rig import Duty, Settings, Variable
from rushton.scaledown.vessel import VesselOperation, fed_vessel

IRREGULAR = 60
"""Pulses of an irregular programme: enough quantiles for every regime, few enough to print."""

_ORDER = 1  # seed of the shuffles; not searched, since any order has the same quantiles
_CLEARLY = 1.02  # the peak of a pulse stands so far above the border it has to cross


class PulsedFeed:
    """One stirred vessel, equal pulses at equal gaps."""

    name = "pulsed-feed"
    title = "One stirred vessel with a pulsed feed"

    def duty(self, duty: Duty) -> Duty:
        """The bench as it is."""
        return duty

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, gap from pulse to pulse, length of a pulse, base feed."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        shortest = bench["pulse_min"]
        longest = max(2.5 * shortest, min(bench["cycle_max"], max(60.0, duty.record)))
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("gap", "s", 2.0 * shortest, longest, True),
            Variable("on_time", "s", shortest, 20.0 * shortest, True),
            Variable("base_feed", "-", 0.0, 0.8),
        )

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, float]:
        """Feed table: (2 n, 2) time, s, and feed over its mean, -; and its length, s."""
        tick = duty.bench["pulse_time_step"]
        on_time = _on_the_clock(min(settings["on_time"], 0.8 * settings["gap"]), duty)
        gap = max(round(settings["gap"] / tick) * tick, on_time + tick)
        return _table(np.array([gap]), np.ones(1), np.array([on_time]), settings["base_feed"])

    def operate(self, settings: Mapping[str, float], duty: Duty) -> VesselOperation:
        """The vessel at work."""
        table, period = self.programme(settings, duty)
        mean_feed = duty.feed(settings["biomass"]) / duty.bench.volume
        culture = duty.culture(settings["biomass"])
        return fed_vessel(table, period, culture, mean_feed, duty.bench.blend_lag, dict(settings))

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on pump set-points and clock, biomass in half grams per litre (``rig.Rig``)."""
        biomass = rounded(settings["biomass"], 0.5)
        relative, period = self.programme(dict(settings) | {"biomass": biomass}, duty)
        recipe = pulsed_recipe(biomass, relative, period, duty)
        table = recipe.table.copy()
        table[:, 1] /= recipe.flow
        kept: Settings = dict(settings) | {
            "biomass": biomass,
            "pulses": float(len(table) // 2),
            "period": period,
            "gap": period / (len(table) // 2),
            "on_time": float((table[1::2, 0] - table[0::2, 0]).min()),
            "base_feed": float(table[-1, 1]),
            "feed": recipe.feed,
        }
        mean_feed = feed_factor * recipe.feed / duty.bench.volume
        operation = fed_vessel(table, period, duty.culture(biomass), mean_feed, duty.bench.blend_lag, kept)
        return Written(kept, recipe, operation)

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> VesselOperation:
        """The same feed table and stock with another culture (``rig.Rig``)."""
        recipe, changed = written.recipe, biomass * written.settings["biomass"]
        table = recipe.table.copy()
        table[:, 1] /= recipe.flow
        return fed_vessel(
            table, written.settings["period"], duty.culture(changed), recipe.feed / duty.bench.volume,
            duty.bench.blend_lag, dict(written.settings) | {"biomass": changed},
        )  # fmt: skip

    def guesses(self, duty: Duty) -> list[Settings]:
        """Short pulses every half minute at the tank's biomass."""
        return [{"biomass": duty.tank_biomass, "on_time": duty.bench["pulse_min"], "base_feed": 0.0, "gap": 30.0}]


class IrregularFeed(PulsedFeed):
    """One stirred vessel, a feed programme drawn from the tank's lifelines."""

    name = "pulsed-feed-irregular"
    title = "One stirred vessel with an irregular pulsed feed"

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, length of a pulse, base feed, share of pulses into excess, stretch of stays, memory."""
        low, high = duty.biomass_bounds
        shortest = duty.bench["pulse_min"]
        knows_excess = duty.stays[0, -1] > 0.0
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("on_time", "s", shortest, 4.0 * shortest, True),
            Variable("base_feed", "-", 0.0, 0.4),
            Variable("excess_share", "-", 0.0, 0.6 if knows_excess else 0.0),
            Variable("stretch_excess", "-", 0.2, 3.0, True),
            Variable("stretch_limitation", "-", 0.2, 3.0, True),
            Variable("memory", "-", 0.0, 0.95),
        )

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, float]:
        """Feed table: (2 n, 2) time, s, and feed over its mean, -; and its length, s."""
        n, base = IRREGULAR, settings["base_feed"]
        t_k = duty.culture(settings["biomass"]).uptake_time
        enter, leave, poor, _ = duty.borders
        on_time = _on_the_clock(settings["on_time"], duty)
        rich = round(settings["excess_share"] * n)
        in_excess = settings["stretch_excess"] * at_middles(duty.stays[0], rich)
        in_limitation = settings["stretch_limitation"] * at_middles(duty.stays[1], n - rich)
        peak = np.maximum(_pulse_for(in_excess, leave, t_k), _CLEARLY * enter)
        # a pulse x K_s is x t_K flow / <s> of stock: the pump cannot do less than its smallest, nor be faster than it
        # is
        volume_of_one = t_k * duty.liquid / (duty.mean_uptake * (1.0 - base))
        least = duty.bench["pulse_volume_min"] / volume_of_one
        fastest = duty.bench["feed_pump_max"] / volume_of_one
        small = np.maximum(_pulse_for(in_limitation, poor, t_k), least)
        amounts = np.concatenate([small, _blended(peak, on_time, fastest, duty.bench.blend_lag, t_k)])
        # what a slow pump could not give within a pulse's share of the longest cycle is left out
        amounts = np.minimum(amounts, fastest * max(duty.bench["cycle_max"] / n, on_time))
        fed = np.concatenate([small, peak])
        fed = (fed - poor + np.log(fed / poor)) * t_k
        rng = np.random.default_rng(_ORDER)
        shuffle, noise = rng.permutation(n), rng.standard_normal(n)
        order = np.argsort(np.argsort(remembering(noise, settings["memory"])))
        amounts, fed = amounts[order], fed[order]
        tick = duty.bench["pulse_time_step"]
        on = np.maximum(on_time, np.ceil(amounts / fastest / tick - 1e-6) * tick)
        # what the mean feed allows is eaten over the programme: the rest of its time is starvation
        starved = at_middles(duty.stays[2], n)[shuffle]
        left = amounts.sum() * t_k / (duty.mean_uptake * (1.0 - base)) - fed.sum()
        gaps = fed + starved * max(left, 0.0) / max(float(starved.sum()), 1e-9)
        gaps *= min(1.0, duty.bench["cycle_max"] / float(gaps.sum()))
        return _table(np.maximum(np.round(gaps / tick) * tick, on + tick), amounts, on, base)

    def guesses(self, duty: Duty) -> list[Settings]:
        """The tank's own stays at its biomass; shorter ones at the highest, since blending lengthens what is asked."""
        first = {
            "biomass": duty.tank_biomass,
            "on_time": duty.bench["pulse_min"],
            "base_feed": 0.0,
            "excess_share": 0.15,
            "stretch_excess": 1.0,
            "stretch_limitation": 1.0,
            "memory": 0.3,
        }
        short = first | {"biomass": duty.biomass_bounds[1], "stretch_excess": 0.8, "stretch_limitation": 0.3}
        return [first, first | {"excess_share": 0.3}, short]


def _on_the_clock(on_time: float, duty: Duty) -> float:
    """A pulse on the pump's clock, no shorter than the pump can, s."""
    tick = duty.bench["pulse_time_step"]
    return max(math.ceil(duty.bench["pulse_min"] / tick - 1e-9), round(on_time / tick)) * tick


def _table(gaps: np.ndarray, amounts: np.ndarray, on: np.ndarray, base: float) -> tuple[np.ndarray, float]:
    """Feed table of pulses with these gaps (s), amounts (any unit) and lengths (s).

    Returns
    -------
    table : (2 n, 2) float
        Time, s, and feed from then on over its mean, -.
    period : float
        s.
    """
    starts = np.concatenate([[0.0], np.cumsum(gaps)])
    period = float(starts[-1])
    table = np.empty((2 * gaps.size, 2))
    table[0::2, 0], table[1::2, 0] = starts[:-1], starts[:-1] + on
    table[0::2, 1] = base + (1.0 - base) * amounts / amounts.sum() * period / on
    table[1::2, 1] = base
    return table, period


def at_middles(quantiles: np.ndarray, number: int) -> np.ndarray:
    """Stays at the middle quantiles of a number of equal parts, (number,) s, from those at 1 % to 99 %."""
    wanted = 100.0 * (np.arange(number) + 0.5) / max(1, number)
    return np.interp(wanted, np.arange(1, 100), quantiles)


def _pulse_for(stays: np.ndarray, until: float, uptake_time: float) -> np.ndarray:
    """Pulse from which depletion to C/K_s = ``until`` takes these stays, s; in units of K_s."""
    from scipy.special import wrightomega

    return wrightomega(stays / uptake_time + until + math.log(until))


def _blended(peak: np.ndarray, on_time: float, fastest: float, lag: float, uptake_time: float) -> np.ndarray:
    """Pulse that still reaches a peak after blending: the cells eat at full rate until supply falls below uptake.

    The pump needs max(on_time, pulse/fastest). Waiting substrate supplies waiting/lag; it equals the uptake 1/t_K when
    lag/t_K is left, lag ln(pulse t_K/lag) after the middle of the pulse. Amounts in units of K_s.
    """
    pulse = peak
    for _ in range(4):
        until_peak = 0.5 * np.maximum(on_time, pulse / fastest)
        if lag > 0.0:
            until_peak = until_peak + lag * np.log(np.maximum(pulse * uptake_time / lag, 1.0))
        pulse = peak + (lag + until_peak) / uptake_time
    return pulse


def shortest_excess(duty: Duty, biomass: float) -> float:
    """Shortest stay in excess that uptake alone can end: from entering to leaving, s."""
    enter, leave = duty.borders[:2]
    return (enter - leave + math.log(enter / leave)) * duty.culture(biomass).uptake_time


def remembering(noise: np.ndarray, memory: float) -> np.ndarray:
    """Autoregressive series of first order, variance 1, that closes on itself."""
    series = np.zeros_like(noise)
    for i in range(2 * noise.size):
        k = i % noise.size
        series[k] = memory * series[k - 1] + math.sqrt(1.0 - memory**2) * noise[k]
    return series
