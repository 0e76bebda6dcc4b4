"""Kinds of rigs that switch oxygen (``switching``): stirrer or gas, in equal phases or in phases drawn from lifelines.

A rich phase has the fast stirrer or the rich gas, a poor one the slow stirrer or the poor gas, nitrogen at the least.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.bench import rounded
from rushton.scaledown.rig import Duty, Settings, Variable
from rushton.scaledown.switching import Levels, Switching, gas_step, need_of
from rushton.scaledown.transfer import Transfer

IRREGULAR = 60
"""Poor phases of an irregular programme."""
_ORDER = 1  # seed of the shuffles
_APART = 0.95  # kLa of the slow phase over that of the fast one, at most
STRETCHES = (
    Variable("stretch_rich", "-", 0.3, 5.0, True),
    Variable("stretch_poor", "-", 0.3, 5.0, True),
    Variable("memory", "-", 0.0, 0.95),
)
"""Variables of an irregular programme: what the tank's own times are stretched by, and the memory of their order."""


class _InPhases(Switching):
    """Rich and poor phases in turn: two of equal times, or irregular ones of the tank's own times."""

    irregular = False

    @abstractmethod
    def _levels(self, duty: Duty) -> tuple[Variable, ...]:
        """Variables of biomass, stirrer and gas."""

    @abstractmethod
    def _ends(self, duty: Duty) -> Settings:
        """Settings of stirrer and gas that are farthest apart."""

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, stirrer and gas; times of both phases, or the stretch of the tank's times and their memory."""
        return (*self._levels(duty), *(STRETCHES if self.irregular else _times(duty)))

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
        """One phase of each, or the tank's own times (``Switching``)."""
        return _tanks_own(settings, duty) if self.irregular else _two_phases(settings, duty)

    def guesses(self, duty: Duty) -> list[Settings]:
        """The ends of stirrer and gas with air, for the medians of the tank's peaks and valleys or for all of them; and
        with the richest gas and the least biomass, for their longest.
        """
        ends, biomass = self._ends(duty), duty.biomass_bounds[0]
        out = [{"biomass": duty.tank_biomass, **ends, **_times_at(50, duty)}]
        ends |= {"oxygen_fraction": duty.bench["gas_oxygen_max"]}
        out += [{"biomass": biomass, **ends, **_times_at(percent, duty)} for percent in (95, 99)]
        return [_unstretched(guess) for guess in out[:2]] if self.irregular else out


class StirrerSwitching(_InPhases):
    """One stirred vessel, stirrer switched between two speeds, equal phases."""

    name = "oxygen-switching"
    title = "One stirred vessel with a switched stirrer"

    def _levels(self, duty: Duty) -> tuple[Variable, ...]:
        vessel = Transfer.of(duty.bench)
        return (
            Variable("biomass", "kg/m3", *duty.biomass_bounds, True),
            Variable("oxygen_fraction", "-", OXYGEN_IN_AIR, duty.bench["gas_oxygen_max"], True),
            Variable("fast_kla", "1/s", vessel.low, vessel.high, True),
            Variable("slow_kla", "1/s", vessel.low, vessel.high, True),
        )

    def levels(self, settings: Mapping[str, float], duty: Duty) -> Levels:
        """Two speeds, one gas."""
        fast, gas = settings["fast_kla"], settings["oxygen_fraction"]
        return Levels((fast, min(settings["slow_kla"], fast)), (gas, gas))

    def rounded(self, settings: Mapping[str, float], duty: Duty) -> Settings:
        """Speeds and gas to their steps (``Switching``)."""
        vessel = Transfer.of(duty.bench)
        levels = self.levels(settings, duty)
        fast = speed_step(levels.kla[0], duty)
        slow = min(speed_step(min(levels.kla[1], _APART * levels.kla[0]), duty), fast)
        return dict(settings) | {
            "biomass": rounded(settings["biomass"], 0.5),
            "oxygen_fraction": gas_step(settings["oxygen_fraction"]),
            "fast_kla": vessel.kla(fast),
            "slow_kla": vessel.kla(slow),
            "fast_speed": fast,
            "slow_speed": slow,
        }

    def _ends(self, duty: Duty) -> Settings:
        vessel = Transfer.of(duty.bench)
        return {"oxygen_fraction": OXYGEN_IN_AIR, "fast_kla": vessel.high, "slow_kla": vessel.low}


class IrregularSwitching(StirrerSwitching):
    """One stirred vessel, phases drawn from the tank's lifelines."""

    name = "oxygen-switching-irregular"
    title = "One stirred vessel with an irregularly switched stirrer"
    irregular = True


class GasSwitching(_InPhases):
    """One stirred vessel at one speed, gas switched between a rich and a poor one."""

    name = "oxygen-switching-gas"
    title = "One stirred vessel with a switched gas"

    def _levels(self, duty: Duty) -> tuple[Variable, ...]:
        vessel = Transfer.of(duty.bench)
        return (
            Variable("biomass", "kg/m3", *duty.biomass_bounds, True),
            Variable("kla", "1/s", vessel.low, vessel.high, True),
            Variable("oxygen_fraction", "-", OXYGEN_IN_AIR, duty.bench["gas_oxygen_max"], True),
            Variable("poor_fraction", "-", 0.0, OXYGEN_IN_AIR),
        )

    def levels(self, settings: Mapping[str, float], duty: Duty) -> Levels:
        """One speed, two gases."""
        return Levels((settings["kla"],) * 2, (settings["oxygen_fraction"], settings["poor_fraction"]))

    def rounded(self, settings: Mapping[str, float], duty: Duty) -> Settings:
        """Speed and gases to their steps (``Switching``)."""
        speed = speed_step(settings["kla"], duty)
        return dict(settings) | {
            "biomass": rounded(settings["biomass"], 0.5),
            "oxygen_fraction": gas_step(settings["oxygen_fraction"]),
            "poor_fraction": gas_step(settings["poor_fraction"]),
            "kla": Transfer.of(duty.bench).kla(speed),
            "speed": speed,
        }

    def _ends(self, duty: Duty) -> Settings:
        return {"kla": Transfer.of(duty.bench).high, "oxygen_fraction": OXYGEN_IN_AIR, "poor_fraction": 0.0}


class IrregularGas(GasSwitching):
    """One stirred vessel at one speed, gas switched for times drawn from the tank's lifelines."""

    name = "oxygen-switching-gas-irregular"
    title = "One stirred vessel with an irregularly switched gas"
    irregular = True


def speed_step(kla: float, duty: Duty) -> float:
    """The nearest stirrer set-point for a kLa, 1/s."""
    vessel = Transfer.of(duty.bench)
    return min(max(rounded(vessel.speed(kla), duty.bench["stirrer_step"]), vessel.slowest), vessel.fastest)


def _shortest(duty: Duty) -> float:
    """Shortest phase, s, on the clock."""
    clock = duty.bench["stirrer_clock"]
    return clock * math.ceil(duty.bench["phase_min"] / clock - 1e-9)


def _longest(duty: Duty) -> float:
    """Longest phase worth trying, s."""
    return max(20.0, min(0.5 * duty.bench["cycle_max"], 0.5 * max(60.0, duty.record)))


def _times(duty: Duty) -> tuple[Variable, Variable]:
    shortest, longest = _shortest(duty), _longest(duty)
    return Variable("rich_time", "s", shortest, longest, True), Variable("poor_time", "s", shortest, longest, True)


def _times_at(percent: int, duty: Duty) -> Settings:
    """Phases as long as so many percent of the tank's peaks and valleys, within what can be set."""
    need, shortest, longest = need_of(duty), _shortest(duty), _longest(duty)
    pairs = (("rich_time", need.peaks), ("poor_time", need.valleys))
    return {name: float(np.clip(stays[percent - 1], shortest, longest)) for name, stays in pairs}


def _tanks_own(settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
    """The tank's own times above and below its mean, stretched, in an order with a memory."""
    from rushton.scaledown.pulses import at_middles, remembering

    need, clock, shortest = need_of(duty), duty.bench["stirrer_clock"], _shortest(duty)
    rng = np.random.default_rng(_ORDER)
    out = []
    for name, stays in (("rich", need.peaks), ("poor", need.valleys)):
        ranked = np.sort(settings[f"stretch_{name}"] * at_middles(stays, IRREGULAR))
        order = np.argsort(np.argsort(remembering(rng.standard_normal(IRREGULAR), settings["memory"])))
        # in the order of the programme, so that what rounding to the clock leaves is carried on
        out.append(_on_the_clock(ranked[order], clock, shortest))
    return out[0], out[1]


def _unstretched(guess: Settings) -> Settings:
    """The guess of an equal programme for the tank's own times."""
    kept = {name: value for name, value in guess.items() if not name.endswith("_time")}
    return kept | {"stretch_rich": 1.0, "stretch_poor": 1.0, "memory": 0.0}


def _two_phases(settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
    clock, shortest = duty.bench["stirrer_clock"], _shortest(duty)
    rich, poor = (np.array([max(rounded(settings[name], clock), shortest)]) for name in ("rich_time", "poor_time"))
    return rich, poor


def _on_the_clock(times: np.ndarray, clock: float, shortest: float) -> np.ndarray:
    """Times rounded to the clock, the shortest at least, in such a way that their sum is kept."""
    ends = np.rint(np.cumsum(np.maximum(times, shortest)) / clock)
    return np.maximum(shortest, clock * np.diff(ends, prepend=0.0))
