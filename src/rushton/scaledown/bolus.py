r"""Rig of parallel mini-bioreactors that a liquid handler feeds in boluses.

A vessel of some 10 mL is dosed every T seconds, T no shorter than the robot needs to come round to it again; between
two boluses it is a batch, so that with x_0 after a bolus the concentration is Lambert's W (``zones.deplete``):

.. math:: \Delta x = \frac{\langle s\rangle\,T}{t_K},\qquad
          \tau_E = (x_0 - x_l + \ln\tfrac{x_0}{x_l})\,t_K

A bolus is <s> T worth of full uptake whatever the biomass: at a mean uptake of 0.3, boluses every minute cause some
18 s of excess. The biomass decides only how long limitation lasts on the way down. Volume of a bolus: mu V T, since the
liquid that goes in at the growth rate holds the biomass (``recipe``).

Symbols: x = C/K_s, t_K = K_s/(q_max X) s, T s, V m3, mu 1/s. Source: mass balance written out here; vessel: R.
Puskeiler et al. (2005) Biotechnol. Appl. Biochem. 42:227 (10 mL, 2800 rpm, power number 3.7, 21.9 W/L, fed by a liquid
handler). Validity: as ``vessel``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rushton.scaledown.bench import Bench, Limit
from rushton.scaledown.pulses import PulsedFeed
from rushton.scaledown.rig import Duty, Settings, Variable

DISPENSING = 0.5
"""Time in which a bolus leaves the tip, s."""

_OF_THE_MINI = {
    "stirrer_speed": "mini_stirrer_speed",
    "impeller_ratio": "mini_impeller_ratio",
    "impeller_power_number": "mini_power_number",
    "pulse_volume_min": "robot_volume_min",
    "feed_flow_step": "robot_flow_step",
    "feed_pump_min": "robot_flow_step",
    "feed_pump_max": "robot_flow_max",
    "kla_measured": "mini_kla",
}
"""Limit of the bench, and the one of the mini-bioreactor or the liquid handler that stands in its place."""


class MiniBioreactors(PulsedFeed):
    """Parallel mini-bioreactors, equal boluses at equal gaps."""

    name = "mini-bioreactors"
    title = "Parallel mini-bioreactors with bolus feed by a liquid handler"

    def duty(self, duty: Duty) -> Duty:
        """The same strain and feed per biomass in a vessel of some millilitres that a robot doses."""
        bench = duty.bench
        limits = dict(bench.limits)
        for name, stands_in in _OF_THE_MINI.items():
            limits[name] = replace(bench.limits[stands_in], name=name)
        limits["pulse_min"] = Limit(
            "pulse_min", DISPENSING, "s", "time in which a bolus leaves the tip", "bench practice"
        )
        limits["vessel_aspect"] = replace(bench.limits["vessel_aspect"], value=1.0)
        mini = Bench(
            bench["mini_volume"], limits, bench.bores, bench.density, bench.viscosity, bench.temperature
        )  # fmt: skip
        return replace(duty, bench=mini)

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, gap from bolus to bolus: as often as the robot comes round and a bolus is large enough."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        shortest = max(bench["robot_period_min"], 1.05 * bench["robot_volume_min"] / duty.liquid)
        longest = max(2.0 * shortest, min(bench["cycle_max"], max(600.0, duty.record)))
        return (Variable("biomass", "kg/m3", low, high, True), Variable("gap", "s", shortest, longest, True))

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, float]:
        """Feed table: (2, 2) time, s, and feed over its mean, -; and its length, s."""
        return super().programme(dict(settings) | {"on_time": DISPENSING, "base_feed": 0.0}, duty)

    def guesses(self, duty: Duty) -> list[Settings]:
        """As often as it goes, at the tank's biomass."""
        return [{"biomass": duty.tank_biomass, "gap": self.variables(duty)[1].low}]
