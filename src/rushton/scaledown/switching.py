r"""Rigs that switch oxygen: one stirred vessel, fed steadily, whose stirrer goes between two speeds.

.. math:: \frac{dC}{dt} = k(t)\,(C^* - C) - q_O X \frac{C}{K_O + C},\qquad
          \frac{dk}{dt} = \frac{k_La(N(t)) - k}{\tau_k}

at the periodic state C(0) = C(T). Every cell meets the same C; what is compared with the tank is s_O = C/(C + K_O).
k_La(N), its settling tau_k and the lag of the probe: ``transfer``. C* is that of the gas at 1 atm, air or enriched.

Exact relations, used as tests:

- constant demand r (C >> K_O): D = C* - C obeys D(t) = e^{-K(t)} [D_0 + r \int_0^t e^{K(u)} du],
  K(t) = k_2 t + (k_1 - k_2) tau_k (1 - e^{-t/tau_k}) after a step from k_1 to k_2;
- without transfer C falls by Monod depletion (``zones.deplete``, with K_O, q_O X): oxygen lasts C/(q_O X) at C >> K_O;
- steady: k (C* - C) = q_O X s_O.

The periodic rig has one fast and one slow phase. The irregular one has n of each, their times at n middle quantiles of
the tank's own times above and below the mean of s_O, stretched by factors of the design, on the clock of the stirrer,
in an order with a memory, the fast ones apart from the slow ones.

Symbols: C mol/m3, k 1/s, q_O mol/(kg s), X kg/m3, N 1/s. Source: mass balance written out here; a stirrer switched
between two speeds, times drawn from lifelines: L. Puiman et al. (2023), scale-down of syngas fermentation. Validity:
vessel mixed within a phase (its blending at the slow speed stands in the protocol), no oxygen from the headspace beyond
what the slow kLa holds, uptake of substrate untouched by the lack of oxygen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from rushton.correlations import OXYGEN_IN_AIR, oxygen_saturation
from rushton.errors import SolverError
from rushton.scaledown.bench import Bench, rounded
from rushton.scaledown.rig import Duty, OxygenDuty, Port, Settings, Variable
from rushton.scaledown.transfer import Transfer, probe_reading, settled
from rushton.scaledown.zones import Culture

if TYPE_CHECKING:
    from rushton.scaledown.recipe import Written

IRREGULAR = 60
"""Slow phases of an irregular programme."""
ATMOSPHERE = 101_325.0  # Pa
_STEPS_PER_SECOND = 32  # of a period; half as many of a long one (the scheme is of second order)
_LONG = 200.0  # s
_ENOUGH = 900.0  # s
_ORDER = 1  # seed of the shuffles


@dataclass(frozen=True, eq=False)
class SwitchedOperation:
    """A vessel at work under a switched stirrer.

    Attributes
    ----------
    ratio : (n,) float
        Dissolved oxygen at the middle of each step of one period, in units of K_O.
    rate : (n,) float
        kLa, 1/s.
    step : float
        s.
    table : (n_event, 2) float
        Time within the period, s, and kLa set from then on, 1/s.
    half_saturation : float
        K_O, mol/m3.
    saturation : float
        C*, mol/m3.
    mean_uptake : float
        Of the substrate, steady, over its maximum.
    """

    settings: Settings
    culture: Culture
    ratio: np.ndarray
    rate: np.ndarray
    step: float
    table: np.ndarray
    period: float
    half_saturation: float
    saturation: float
    mean_uptake: float
    least_cycles: int = 4

    def cycle(self) -> float:
        """The period, s."""
        return self.period

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """s_O that every cell experiences (``rig.Operation``); the interval divides the period."""
        periods = max(3, math.ceil(min(duration, _ENOUGH) / self.period))
        every = max(1, int(step / self.step + 1e-9))
        while self.ratio.size % every:
            every -= 1
        s = self.ratio / (1.0 + self.ratio)
        return np.tile(s.reshape(-1, every).mean(axis=1), periods), self.step * every

    def dissolved(self) -> np.ndarray:
        """(n,) dissolved oxygen over one period, mol/m3."""
        return self.half_saturation * self.ratio

    def probe(self, lag: float) -> np.ndarray:
        """(n,) what a probe with a first-order lag (s) shows of it, mol/m3."""
        return probe_reading(self.dissolved(), self.step, lag)

    def transferred(self) -> float:
        """Mean oxygen transfer, mol/(m3 s): what the cells breathe, at the periodic state."""
        return float(np.mean(self.rate * (self.saturation - self.dissolved())))

    def ports(self) -> list[Port]:
        """The vessel: its substrate is steady."""
        c = self.culture.concentration(self.mean_uptake)
        return [Port("vessel", c, c, c, self.mean_uptake, 0.0)]


def switched_vessel(
    table: np.ndarray, period: float, settling: float, saturation: float, demand: float, half_saturation: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Dissolved oxygen at the periodic state of a table of kLa.

    Parameters
    ----------
    table : (n_event, 2) float
        Time within the period, s, whole seconds, the first at 0; kLa set from then on, 1/s.
    period : float
        s, whole seconds.
    settling : float
        tau_k, s.
    saturation, half_saturation : float
        C* and K_O, mol/m3.
    demand : float
        q_O X, mol/(m3 s).

    Returns
    -------
    ratio : (n,) float
        C/K_O at the middles of the steps.
    rate : (n,) float
        kLa, mean of every step, 1/s.
    step : float
        s.
    """
    from rushton.scaledown.kernels_oxygen import breathing_period

    n = round(period * (_STEPS_PER_SECOND if period <= _LONG else _STEPS_PER_SECOND // 2))
    h = period / n
    rate = settled(table, period, n, settling)
    y, top, t_o = np.empty(n), saturation / half_saturation, half_saturation / demand

    def growth(start: float) -> float:
        return breathing_period(rate, top, h, t_o, start, y) - start

    c = 0.5 * top
    for _ in range(8):  # a period with much transfer or little oxygen forgets how it began
        end = breathing_period(rate, top, h, t_o, c, y)
        if abs(end - c) <= 1e-10 * top:
            break
        c = end
    else:  # oxygen rises from nothing and falls from saturation: the root is between
        c = float(brentq(growth, 1e-12 * top, top, xtol=1e-11 * top, rtol=1e-12))
        breathing_period(rate, top, h, t_o, c, y)
    return y, rate, h


class StirrerSwitching:
    """One stirred vessel, stirrer switched between two speeds, equal phases."""

    name = "oxygen-switching"
    title = "One stirred vessel with a switched stirrer"

    def duty(self, duty: Duty) -> Duty:
        """The bench, whose accuracy is now that of oxygen demand over transfer."""
        _need(duty)
        limits = dict(duty.bench.limits)
        limits["pump_accuracy"] = replace(limits["kla_accuracy"], name="pump_accuracy")
        return replace(duty, bench=replace(duty.bench, limits=limits))

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, gas, kLa of the fast phase and where that of the slow one lies below it, their times."""
        longest = self._longest(duty)
        clock = duty.bench["stirrer_clock"]
        return (
            *self._levels(duty),
            Variable("fast_time", "s", clock, longest, True),
            Variable("slow_time", "s", clock, longest, True),
        )

    @staticmethod
    def _longest(duty: Duty) -> float:
        return max(20.0, min(0.5 * duty.bench["cycle_max"], 0.5 * max(60.0, duty.record)))

    @staticmethod
    def _levels(duty: Duty) -> tuple[Variable, ...]:
        low, high = duty.biomass_bounds
        vessel = Transfer.of(duty.bench)
        middle = math.sqrt(vessel.low * vessel.high)
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("oxygen_fraction", "-", OXYGEN_IN_AIR, duty.bench["gas_oxygen_max"], True),
            Variable("fast_kla", "1/s", middle, vessel.high, True),
            Variable("slow_level", "-", 0.0, 0.95),
        )

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the fast and of the slow phases, in turn, (n,) s each, on the clock of the stirrer."""
        clock = duty.bench["stirrer_clock"]
        fast, slow = (np.array([rounded(settings[name], clock)]) for name in ("fast_time", "slow_time"))
        return fast, slow

    def operate(self, settings: Mapping[str, float], duty: Duty) -> SwitchedOperation:
        """The vessel at work."""
        slowest, fast = Transfer.of(duty.bench).low, settings["fast_kla"]
        slow = slowest * (fast / slowest) ** settings["slow_level"]
        return self._at_work(dict(settings) | {"slow_kla": slow}, duty, 1.0)

    def _at_work(self, settings: Settings, duty: Duty, factor: float) -> SwitchedOperation:
        """With a demand that is ``factor`` times what it should be."""
        need, bench = _need(duty), duty.bench
        fast, slow = self.programme(settings, duty)
        table, period = switching_table(fast, slow, settings["fast_kla"], settings["slow_kla"])
        top = saturation_of(bench, settings["oxygen_fraction"])
        demand = factor * need.uptake * settings["biomass"]
        ratio, rate, step = switched_vessel(
            table, period, bench["kla_settling"], top, demand, need.half_saturation
        )  # fmt: skip
        return SwitchedOperation(
            settings, duty.culture(settings["biomass"]), ratio, rate, step, table, period,
            need.half_saturation, top, duty.mean_uptake,
        )  # fmt: skip

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on stirrer set-points and clock, biomass in half grams per litre, gas in per cent (``rig.Rig``)."""
        from rushton.scaledown.recipe import Written, steady_recipe

        biomass = rounded(settings["biomass"], 0.5)
        vessel, step = Transfer.of(duty.bench), duty.bench["stirrer_step"]
        fastest = settings["fast_kla"]
        wanted = {"fast": fastest, "slow": vessel.low * (fastest / vessel.low) ** settings["slow_level"]}
        speeds = {
            name: min(max(rounded(vessel.speed(kla), step), vessel.slowest), vessel.fastest)
            for name, kla in wanted.items()
        }
        gas = max(rounded(settings["oxygen_fraction"], 0.01), OXYGEN_IN_AIR)
        recipe = steady_recipe(biomass, 0.0, duty)
        fast, slow = self.programme(settings, duty)
        kept: Settings = dict(settings) | {
            "biomass": biomass,
            "oxygen_fraction": OXYGEN_IN_AIR if gas < 0.215 else gas,
            "fast_kla": vessel.kla(speeds["fast"]),
            "slow_kla": vessel.kla(speeds["slow"]),
            "fast_speed": speeds["fast"],
            "slow_speed": speeds["slow"],
            "switches": 2.0 * fast.size,
            "period": float(fast.sum() + slow.sum()),
            "feed": recipe.feed,
        }
        return Written(kept, recipe, self._at_work(kept, duty, feed_factor))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> SwitchedOperation:
        """The same table with another culture (``rig.Rig``): a changed K_s stands for a changed K_O, and demand goes
        with q_max and biomass, as if the feed did not bind it.
        """
        need, made = _need(duty), written.operation
        assert isinstance(made, SwitchedOperation)
        factor = duty.half_saturation / made.culture.half_saturation
        demand = biomass * duty.uptake_max / made.culture.uptake_max
        other = replace(duty, oxygen=replace(need, half_saturation=factor * need.half_saturation))
        operation = self._at_work(dict(written.settings), other, demand)
        return replace(operation, mean_uptake=made.mean_uptake / demand)  # the feed stays

    def guesses(self, duty: Duty) -> list[Settings]:
        """The two ends of the stirrer, for the medians of the tank's peaks and valleys."""
        need, vessel = _need(duty), Transfer.of(duty.bench)
        longest = self._longest(duty)
        fast, slow = (float(np.clip(stays[49], 2.0, longest)) for stays in (need.peaks, need.valleys))
        return [
            {
                "biomass": duty.tank_biomass, "oxygen_fraction": OXYGEN_IN_AIR, "fast_kla": vessel.high,
                "slow_level": 0.0, "fast_time": fast, "slow_time": slow,
            }
        ]  # fmt: skip


class IrregularSwitching(StirrerSwitching):
    """One stirred vessel, phases drawn from the tank's lifelines."""

    name = "oxygen-switching-irregular"
    title = "One stirred vessel with an irregularly switched stirrer"

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, gas, kLa of both phases, stretch of their times, memory."""
        return (
            *self._levels(duty),
            Variable("stretch_fast", "-", 0.3, 5.0, True),
            Variable("stretch_slow", "-", 0.3, 5.0, True),
            Variable("memory", "-", 0.0, 0.95),
        )

    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the fast and of the slow phases, in turn, (n,) s each, on the clock of the stirrer."""
        from rushton.scaledown.pulses import at_middles, remembering

        need, clock = _need(duty), duty.bench["stirrer_clock"]
        rng = np.random.default_rng(_ORDER)
        out = []
        for name, stays in (("fast", need.peaks), ("slow", need.valleys)):
            ranked = np.sort(settings[f"stretch_{name}"] * at_middles(stays, IRREGULAR))
            order = np.argsort(np.argsort(remembering(rng.standard_normal(IRREGULAR), settings["memory"])))
            # in the order of the programme, so that what rounding to the clock leaves is carried on
            out.append(_on_the_clock(ranked[order], clock))
        return out[0], out[1]

    def guesses(self, duty: Duty) -> list[Settings]:
        """The two ends of the stirrer, for the tank's own times."""
        vessel = Transfer.of(duty.bench)
        return [
            {
                "biomass": duty.tank_biomass, "oxygen_fraction": OXYGEN_IN_AIR, "fast_kla": vessel.high,
                "slow_level": 0.0, "stretch_fast": 1.0, "stretch_slow": 1.0, "memory": 0.0,
            }
        ]  # fmt: skip


def switching_table(fast: np.ndarray, slow: np.ndarray, fast_kla: float, slow_kla: float) -> tuple[np.ndarray, float]:
    """Table of kLa, (2 n, 2): time, s, and kLa set from then on, 1/s, fast phases first; and its length, s."""
    starts = np.concatenate([[0.0], np.cumsum(np.column_stack([fast, slow]).ravel())])
    return np.column_stack([starts[:-1], np.tile([fast_kla, slow_kla], fast.size)]), float(starts[-1])


def saturation_of(bench: Bench, oxygen_fraction: float) -> float:
    """C* under gas of 1 atm, mol/m3."""
    return oxygen_saturation(bench.temperature, ATMOSPHERE, oxygen_fraction).value * bench.density


def _need(duty: Duty) -> OxygenDuty:
    if duty.oxygen is None:
        raise SolverError(
            "a rig that switches oxygen needs the tank's oxygen along lifelines",
            "scaledown.rigs",
            "add [gas] to the case and run it to the environment, or leave 'oxygen-switching' out",
        )
    return duty.oxygen


def _on_the_clock(times: np.ndarray, clock: float) -> np.ndarray:
    """Times rounded to the clock, one tick at least, in such a way that their sum is kept."""
    ends = np.rint(np.cumsum(np.maximum(times, clock)) / clock)
    return clock * np.maximum(1.0, np.diff(ends, prepend=0.0))
