"""Rigs with a loop as things to design: what may be chosen, what can be set, where the search begins.

The STR-PFR is designed in biomass, loop flow, tube volume and share of the feed at the tube's inlet; the STR-STR in
biomass, exchange flow, volume of the second vessel and share of the feed into it, while the lines between its vessels
hold what the bench's do. Both within the bench's pumps, tubing and largest share of the volume outside the vessel.
Their steady states, with the equations: ``loops``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from rushton.scaledown.bench import SHORTEST_TUBE, SMALLEST_SHARE, Bench, rounded
from rushton.scaledown.loops import LoopOperation, str_pfr, str_str
from rushton.scaledown.recipe import Written, steady_recipe
from rushton.scaledown.rig import Duty, Settings, Variable
from rushton.scaledown.zones import Loop, tube_length


class StrPfr:
    """Stirred vessel with a plug-flow tube."""

    name = "str-pfr"
    title = "Stirred vessel with a plug-flow loop (STR-PFR)"

    def duty(self, duty: Duty) -> Duty:
        """The bench as it is."""
        return duty

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, loop flow, tube volume, share of the feed at the tube's inlet."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        smallest = max(bench["tube_volume_min"], 0.25 * math.pi * bench.bores[0] ** 2 * SHORTEST_TUBE)
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("flow", "m3/s", slowest_flow(duty), bench["loop_pump_max"], True),
            Variable("tube_volume", "m3", smallest, max(smallest, bench["side_share_max"] * bench.volume), True),
            Variable("feed_to_tube", "-", 0.0, 1.0),
        )

    def operate(self, settings: Mapping[str, float], duty: Duty) -> LoopOperation:
        """The rig at work."""
        return self._at_work(settings, duty, duty.feed(settings["biomass"]))

    @staticmethod
    def _at_work(settings: Mapping[str, float], duty: Duty, feed: float) -> LoopOperation:
        loop = Loop(settings["tube_volume"], duty.bench.volume - settings["tube_volume"], settings["flow"])
        culture = duty.culture(settings["biomass"])
        return str_pfr(loop, culture, feed, settings["feed_to_tube"], duty.bench.blend_lag, dict(settings))

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on pump set-points, real bores, lengths in centimetres, biomass in half grams per litre
        (``rig.Rig``).
        """
        bench = duty.bench
        flow = pump_step(settings["flow"], duty)
        bore = bench.bore_for(settings["tube_volume"], flow) or bench.bores[-1]
        length = rounded(tube_length(settings["tube_volume"], bore), 0.01)
        biomass = rounded(settings["biomass"], 0.5)
        recipe = steady_recipe(biomass, settings["feed_to_tube"], duty)
        if bench.bore_for(settings["tube_volume"], flow) is None:
            recipe = replace(recipe, remarks=(*recipe.remarks, _no_tube(settings["tube_volume"], flow, bench)))
        kept: Settings = {
            "biomass": biomass,
            "flow": flow,
            "tube_volume": 0.25 * math.pi * bore**2 * length,
            "feed_to_tube": recipe.side / recipe.flow,
            "bore": bore,
            "length": length,
            "feed": recipe.feed,
        }
        return Written(kept, recipe, self._at_work(kept, duty, feed_factor * recipe.feed))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> LoopOperation:
        """The same vessels, flows and feed with another culture (``rig.Rig``)."""
        changed = dict(written.settings) | {"biomass": biomass * written.settings["biomass"]}
        return self._at_work(changed, duty, written.recipe.feed)

    def guesses(self, duty: Duty) -> list[Settings]:
        """The standard loop, and the smallest one at full flow."""
        smallest = self.variables(duty)[2].low
        return [
            reference_settings(duty),
            {
                "biomass": duty.tank_biomass,
                "flow": duty.bench["loop_pump_max"],
                "tube_volume": 3.0 * smallest,
                "feed_to_tube": 1.0,
            },
        ]


class StrStr:
    """Two stirred vessels."""

    name = "str-str"
    title = "Two stirred vessels with exchange (STR-STR)"

    def duty(self, duty: Duty) -> Duty:
        """The bench as it is."""
        return duty

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, exchange flow, volume of the second vessel, share of the feed into it."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        outside = bench["side_share_max"] * bench.volume - 2.0 * bench["exchange_line"]
        most = max(2.0 * SMALLEST_SHARE * bench.volume, outside)
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("flow", "m3/s", slowest_flow(duty), bench["loop_pump_max"], True),
            Variable("second_volume", "m3", SMALLEST_SHARE * bench.volume, most, True),
            Variable("feed_to_second", "-", 0.0, 1.0),
        )

    def operate(self, settings: Mapping[str, float], duty: Duty) -> LoopOperation:
        """The rig at work."""
        return self._at_work(settings, duty, duty.feed(settings["biomass"]))

    @staticmethod
    def _at_work(settings: Mapping[str, float], duty: Duty, feed: float) -> LoopOperation:
        line, second = duty.bench["exchange_line"], settings["second_volume"]
        loop = Loop(second, duty.bench.volume - second - 2.0 * line, settings["flow"], line)
        culture = duty.culture(settings["biomass"])
        one, two = (duty.bench.holding(held).blend_lag for held in (loop.vessel_volume, loop.tube_volume))
        return str_str(loop, culture, feed, settings["feed_to_second"], (one, two), dict(settings))

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on pump set-points, volumes in 10 mL, biomass in half grams per litre (``rig.Rig``)."""
        biomass = rounded(settings["biomass"], 0.5)
        recipe = steady_recipe(biomass, settings["feed_to_second"], duty)
        kept: Settings = {
            "biomass": biomass,
            "flow": pump_step(settings["flow"], duty),
            "second_volume": rounded(settings["second_volume"], 10e-6),
            "feed_to_second": recipe.side / recipe.flow,
            "feed": recipe.feed,
        }
        return Written(kept, recipe, self._at_work(kept, duty, feed_factor * recipe.feed))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> LoopOperation:
        """The same vessels, flows and feed with another culture (``rig.Rig``)."""
        changed = dict(written.settings) | {"biomass": biomass * written.settings["biomass"]}
        return self._at_work(changed, duty, written.recipe.feed)

    def guesses(self, duty: Duty) -> list[Settings]:
        """A fed vessel of a tenth of the volume at full flow."""
        return [
            {
                "biomass": duty.tank_biomass,
                "flow": duty.bench["loop_pump_max"],
                "second_volume": 0.1 * duty.bench.volume,
                "feed_to_second": 1.0,
            }
        ]


def _no_tube(volume: float, flow: float, bench: Bench) -> str:
    return (
        f"no tube at hand holds {1e6 * volume:.0f} mL within {bench['tube_length_max']:.3g} m and lets "
        f"{6e7 * flow:.0f} mL/min through it with {bench['tube_pressure_max'] / 1e3:.0f} kPa"
    )


def slowest_flow(duty: Duty) -> float:
    """Smallest loop flow worth trying, m3/s: a quarter of a turnover per record of the tank, else nothing can be
    compared.
    """
    bench = duty.bench
    turnover = bench.volume / max(duty.record, 60.0)
    return max(bench["loop_pump_min"], min(0.25 * turnover, 0.5 * bench["loop_pump_max"]))


def pump_step(flow: float, duty: Duty) -> float:
    """The loop pump's nearest set-point, m3/s."""
    return min(rounded(flow, duty.bench["loop_flow_step"]), duty.bench["loop_pump_max"])


def reference_settings(duty: Duty) -> Settings:
    """The standard STR-PFR: feed at the tube's inlet, the tank's biomass, 60 s in the tube, 20 % of the volume."""
    volume = 0.2 * duty.bench.volume
    return {"biomass": duty.tank_biomass, "flow": volume / 60.0, "tube_volume": volume, "feed_to_tube": 1.0}
