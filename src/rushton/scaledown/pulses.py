r"""Rigs of one vessel with a pulsed feed: equal pulses at equal gaps, or a programme of unequal ones.

A programme is n pulses of one length t_on; a base feed (a share b of the mean) runs all the time. Gaps from start to
start and amounts follow lognormal distributions, represented by their n middle quantiles,

.. math:: \tau_i \propto e^{\sigma_\tau z_i},\quad a_i \propto e^{\sigma_a z_j},\quad z = \Phi^{-1}\!\left(\frac{i + 1/2}{n}\right)

The order of the gaps is a fixed shuffle, the order of the amounts that of an autoregressive series with a memory, so
that large pulses can come in groups, as a cell meets them near a feed point. n = 1 is the plain pulsed feed. All times lie on
the clock of the pump. The programme repeats for ever.

Source of the idea of drawing a feed programme from lifelines: Haringa et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from rushton.scaledown.bench import rounded
from rushton.scaledown.recipe import Culturing, Written, pulsed_recipe
from rushton.scaledown.rig import Duty, Settings, Variable
from rushton.scaledown.vessel import VesselOperation, fed_vessel

IRREGULAR = 30
"""Pulses of an irregular programme: enough quantiles for every regime, few enough to read."""

_ORDER = 1  # seed of the shuffles; not searched, since any order has the same quantiles


class PulsedFeed:
    """One stirred vessel under a feed programme.

    Parameters
    ----------
    pulses : int
        Pulses in the programme; 1 for equal pulses at equal gaps.
    """

    def __init__(self, pulses: int = 1) -> None:
        self.pulses = pulses
        regular = pulses == 1
        self.name = "pulsed-feed" if regular else "pulsed-feed-irregular"
        self.title = f"One stirred vessel with {'a' if regular else 'an irregular'} pulsed feed"

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, mean gap, length of a pulse, base feed; spreads of gaps and amounts, memory of the amounts."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        longest = min(bench["cycle_max"] / self.pulses, max(60.0, duty.record))
        shortest = bench["pulse_min"]
        regular = (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("gap", "s", 2.0 * shortest, max(longest, 2.5 * shortest), True),
            Variable("on_time", "s", shortest, 20.0 * shortest, True),
            Variable("base_feed", "-", 0.0, 0.8),
        )
        if self.pulses == 1:
            return regular
        return (
            *regular,
            Variable("spread_gap", "-", 0.0, 1.5),
            Variable("spread_amount", "-", 0.0, 2.5),
            Variable("memory", "-", 0.0, 0.95),
        )

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, float]:
        """Feed table of one programme: (2 n, 2) time, s, and feed over its mean, -; and the length of the programme, s."""
        from scipy.special import ndtri

        tick, shortest = duty.bench["pulse_time_step"], duty.bench["pulse_min"]
        n, gap, base = self.pulses, settings["gap"], settings["base_feed"]
        on_time = max(math.ceil(shortest / tick - 1e-9), round(min(settings["on_time"], 0.8 * gap) / tick)) * tick
        z = ndtri((np.arange(n) + 0.5) / n)
        rng = np.random.default_rng(_ORDER)
        shuffle, noise = rng.permutation(n), rng.standard_normal(n)
        gaps = _spread(z, settings.get("spread_gap", 0.0))[shuffle] * gap
        gaps = np.maximum(np.round(gaps / tick) * tick, on_time + tick)
        series, memory = np.zeros(n), settings.get("memory", 0.0)
        for i in range(n):
            series[i] = memory * series[i - 1] + math.sqrt(1.0 - memory**2) * noise[i]
        amounts = _spread(z, settings.get("spread_amount", 0.0))[np.argsort(np.argsort(series))]
        ends = np.cumsum(gaps)
        period = float(ends[-1])
        table = np.empty((2 * n, 2))
        table[0::2, 0], table[1::2, 0] = ends - gaps, ends - gaps + on_time
        table[0::2, 1] = base + (1.0 - base) * amounts * period / (n * on_time)
        table[1::2, 1] = base
        return table, period

    def operate(self, settings: Mapping[str, float], duty: Duty) -> VesselOperation:
        """The vessel at work."""
        table, period = self.programme(settings, duty)
        mean_feed = duty.feed(settings["biomass"]) / duty.bench.volume
        culture = duty.culture(settings["biomass"])
        return fed_vessel(table, period, culture, mean_feed, duty.bench.blend_lag, dict(settings))

    def write(
        self, settings: Mapping[str, float], duty: Duty, culturing: Culturing, feed_factor: float = 1.0
    ) -> Written:
        """The rig on pump set-points and clock, biomass in half grams per litre (``rig.Rig``)."""
        biomass = rounded(settings["biomass"], 0.5)
        relative, period = self.programme(settings, duty)
        recipe = pulsed_recipe(biomass, relative, period, duty, culturing)
        table = recipe.table.copy()
        table[:, 1] /= recipe.flow
        on_time = float(table[1, 0] - table[0, 0])
        kept: Settings = {"biomass": biomass, "gap": period / self.pulses, "on_time": on_time, "period": period}
        kept |= {k: settings[k] for k in ("spread_gap", "spread_amount", "memory") if k in settings}
        kept |= {"pulses": float(self.pulses), "base_feed": float(table[-1, 1]), "feed": recipe.feed}
        mean_feed = feed_factor * recipe.feed / duty.bench.volume
        operation = fed_vessel(table, period, duty.culture(biomass), mean_feed, duty.bench.blend_lag, kept)
        return Written(kept, recipe, operation)

    def guesses(self, duty: Duty) -> list[Settings]:
        """Short pulses at the tank's biomass, equal and unequal."""
        first = {"biomass": duty.tank_biomass, "on_time": duty.bench["pulse_min"], "base_feed": 0.0, "gap": 30.0}
        if self.pulses == 1:
            return [first]
        equal = first | {"spread_gap": 0.0, "spread_amount": 0.0, "memory": 0.0}
        unequal = first | {"gap": 8.0, "spread_gap": 0.8, "spread_amount": 1.3, "memory": 0.3}
        return [equal, unequal]


def _spread(normal: np.ndarray, width: float) -> np.ndarray:
    """Lognormal quantiles with mean exactly 1."""
    values = np.exp(width * normal)
    return values / values.mean()
