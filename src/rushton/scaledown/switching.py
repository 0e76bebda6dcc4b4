r"""Rigs that switch oxygen: one stirred vessel, fed steadily, between a rich and a poor phase of oxygen.

.. math:: \frac{dC}{dt} = k(t)\,(C^*(t) - C) - q_O X \frac{C}{K_O + C},\qquad
          \frac{dk}{dt} = \frac{k_{set}(t) - k}{\tau_k},\qquad \frac{dC^*}{dt} = \frac{C^*_{set}(t) - C^*}{\tau_k}

at the periodic state C(0) = C(T). The stirrer goes between two speeds, k_set = k_La(N), or the gas between two
mixtures, C*_set = C*(y). Every cell meets the same C; what is compared with the tank is s_O = C/(C + K_O). k_La(N), its
settling tau_k (hold-up over gas flow, in which the gas in the broth is also renewed) and the lag of the probe:
``transfer``. C* is that of the gas at 1 atm.

Exact relations, used as tests:

- constant demand r (C >> K_O): D = C* - C obeys D(t) = e^{-K(t)} [D_0 + r \int_0^t e^{K(u)} du],
  K(t) = k_2 t + (k_1 - k_2) tau_k (1 - e^{-t/tau_k}) after a step from k_1 to k_2;
- without transfer C falls by Monod depletion (``zones.deplete``, with K_O, q_O X): oxygen lasts C/(q_O X) at C >> K_O;
- steady: k (C* - C) = q_O X s_O.

The periodic rigs have one rich and one poor phase. The irregular ones have n of each, their times at n middle quantiles
of the tank's own times above and below the mean of s_O, stretched by factors of the design, on the clock of the
stirrer, in an order with a memory, the rich ones apart from the poor ones.

Symbols: C mol/m3, k 1/s, q_O mol/(kg s), X kg/m3, N 1/s. Source: mass balance written out here; a stirrer switched
between two speeds, times drawn from lifelines: L. Puiman et al. (2023), scale-down of syngas fermentation. Validity:
vessel mixed within a phase (its blending at the slow speed stands in the protocol), no oxygen from the headspace beyond
what the slow kLa holds, uptake of substrate untouched by the lack of oxygen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from rushton.correlations import OXYGEN_IN_AIR, oxygen_saturation
from rushton.errors import SolverError
from rushton.scaledown.bench import Bench
from rushton.scaledown.rig import Duty, OxygenDuty, Port, Settings
from rushton.scaledown.transfer import probe_reading, settled
from rushton.scaledown.vessel import periodic_signal
from rushton.scaledown.zones import Culture

if TYPE_CHECKING:
    from rushton.scaledown.recipe import Written

ATMOSPHERE = 101_325.0  # Pa
_STEPS_PER_SECOND = 32  # of a period; half as many of a long one (the scheme is of second order)
_LONG = 200.0  # s


@dataclass(frozen=True, eq=False)
class SwitchedOperation:
    """A vessel at work under a switched stirrer or gas.

    Attributes
    ----------
    ratio : (n,) float
        Dissolved oxygen at the middle of each step of one period, in units of K_O.
    rate, saturation : (n,) float
        kLa, 1/s, and C*, mol/m3, means of each step.
    step : float
        s.
    table : (n_event, 3) float
        Time within the period, s, and kLa, 1/s, and mole fraction of oxygen in the gas set from then on, -.
    half_saturation : float
        K_O, mol/m3.
    mean_uptake : float
        Of the substrate, steady, over its maximum.
    """

    settings: Settings
    culture: Culture
    ratio: np.ndarray
    rate: np.ndarray
    saturation: np.ndarray
    step: float
    table: np.ndarray
    period: float
    half_saturation: float
    mean_uptake: float
    least_cycles: int = 4

    def cycle(self) -> float:
        """The period, s."""
        return self.period

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """s_O that every cell experiences (``rig.Operation``); the interval divides the period."""
        return periodic_signal(self.ratio, self.period, step, duration)

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
    table: np.ndarray, period: float, settling: float, demand: float, half_saturation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Dissolved oxygen at the periodic state of a table of kLa and saturation.

    Parameters
    ----------
    table : (n_event, 3) float
        Time within the period, s, whole seconds, the first at 0; kLa, 1/s, and C*, mol/m3, set from then on.
    period : float
        s, whole seconds.
    settling : float
        tau_k, s.
    demand : float
        q_O X, mol/(m3 s).
    half_saturation : float
        K_O, mol/m3.

    Returns
    -------
    ratio : (n,) float
        C/K_O at the middles of the steps.
    rate, saturation : (n,) float
        kLa, 1/s, and C*, mol/m3, means of every step.
    step : float
        s.
    """
    from rushton.scaledown.kernels_oxygen import breathing_period

    n = round(period * (_STEPS_PER_SECOND if period <= _LONG else _STEPS_PER_SECOND // 2))
    h = period / n
    rate, saturation = (settled(table[:, [0, column]], period, n, settling) for column in (1, 2))
    y, tops, t_o = np.empty(n), saturation / half_saturation, half_saturation / demand
    top = float(tops.max())

    def growth(start: float) -> float:
        return breathing_period(rate, tops, h, t_o, start, y) - start

    c = 0.5 * top
    for _ in range(8):  # a period with much transfer or little oxygen forgets how it began
        end = breathing_period(rate, tops, h, t_o, c, y)
        if abs(end - c) <= 1e-10 * top:
            break
        c = end
    else:  # oxygen rises from nothing and falls from saturation: the root is between
        c = float(brentq(growth, 0.0, top, xtol=1e-11 * top, rtol=1e-12))
        breathing_period(rate, tops, h, t_o, c, y)
    return y, rate, saturation, h


@dataclass(frozen=True)
class Levels:
    """What is set in the rich and in the poor phase: kLa, 1/s, and mole fraction of oxygen in the gas, -."""

    kla: tuple[float, float]
    oxygen: tuple[float, float]


class Switching(ABC):
    """What all rigs that switch oxygen share; a kind says its variables, its levels, and how they are rounded."""

    def duty(self, duty: Duty) -> Duty:
        """The bench, whose accuracy is now that of oxygen demand over transfer; that of the pump is kept apart."""
        need_of(duty)
        limits = dict(duty.bench.limits)
        limits["feed_accuracy"] = replace(limits["pump_accuracy"], name="feed_accuracy")
        limits["pump_accuracy"] = replace(limits["kla_accuracy"], name="pump_accuracy")
        return replace(duty, bench=replace(duty.bench, limits=limits))

    @abstractmethod
    def levels(self, settings: Mapping[str, float], duty: Duty) -> Levels:
        """What is set in both phases."""

    @abstractmethod
    def programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the rich and of the poor phases, in turn, (n,) s each, on the clock of the stirrer."""

    @abstractmethod
    def rounded(self, settings: Mapping[str, float], duty: Duty) -> Settings:
        """The settings, and what is set on the bench, to its steps."""

    def operate(self, settings: Mapping[str, float], duty: Duty) -> SwitchedOperation:
        """The vessel at work."""
        return self._at_work(dict(settings), duty, 1.0)

    def _at_work(self, settings: Settings, duty: Duty, factor: float) -> SwitchedOperation:
        """With a demand that is ``factor`` times what it should be."""
        need, bench, levels = need_of(duty), duty.bench, self.levels(settings, duty)
        rich, poor = self.programme(settings, duty)
        table, period = switching_table(rich, poor, levels)
        full = table.copy()
        full[:, 2] *= saturation_of(bench, 1.0)
        demand = factor * need.uptake * settings["biomass"]
        ratio, rate, saturation, step = switched_vessel(
            full, period, bench["kla_settling"], demand, need.half_saturation
        )
        return SwitchedOperation(
            settings, duty.culture(settings["biomass"]), ratio, rate, saturation, step, table, period,
            need.half_saturation, duty.mean_uptake,
        )  # fmt: skip

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on set-points and clock of stirrer and gas, biomass in half grams per litre (``rig.Rig``)."""
        from rushton.scaledown.recipe import Written, steady_recipe

        kept = self.rounded(settings, duty)
        recipe = steady_recipe(kept["biomass"], 0.0, duty)
        rich, poor = self.programme(settings, duty)
        if rich.size == 1:
            kept |= {"rich_time": float(rich[0]), "poor_time": float(poor[0])}
        kept |= {
            "switches": 2.0 * rich.size,
            "period": float(rich.sum() + poor.sum()),
            "feed": recipe.feed,
        }
        return Written(kept, recipe, self._at_work(kept, duty, feed_factor))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> SwitchedOperation:
        """The same table with another culture (``rig.Rig``): a changed K_s stands for a changed K_O, and demand goes
        with q_max and biomass, as if the feed did not bind it.
        """
        need, made = need_of(duty), written.operation
        assert isinstance(made, SwitchedOperation)
        factor = duty.half_saturation / made.culture.half_saturation
        demand = biomass * duty.uptake_max / made.culture.uptake_max
        other = replace(duty, oxygen=replace(need, half_saturation=factor * need.half_saturation))
        operation = self._at_work(dict(written.settings), other, demand)
        return replace(operation, mean_uptake=made.mean_uptake / demand)  # the feed stays


def switching_table(rich: np.ndarray, poor: np.ndarray, levels: Levels) -> tuple[np.ndarray, float]:
    """Table, (2 n, 3): time, s, and kLa, 1/s, and oxygen in the gas set from then on, rich phases first; its length."""
    starts = np.concatenate([[0.0], np.cumsum(np.column_stack([rich, poor]).ravel())])
    set_points = [np.tile(pair, rich.size) for pair in (levels.kla, levels.oxygen)]
    return np.column_stack([starts[:-1], *set_points]), float(starts[-1])


def saturation_of(bench: Bench, oxygen_fraction: float) -> float:
    """C* under gas of 1 atm, mol/m3."""
    return oxygen_saturation(bench.temperature, ATMOSPHERE, oxygen_fraction).value * bench.density


def gas_step(fraction: float) -> float:
    """Oxygen in the gas as it is set: in per cent, air as it is."""
    percent = round(100.0 * fraction)
    return OXYGEN_IN_AIR if percent == 21 else percent / 100.0


def need_of(duty: Duty) -> OxygenDuty:
    """What the tank asks for; refused where it is not known."""
    if duty.oxygen is None:
        raise SolverError(
            "a rig that switches oxygen needs the tank's oxygen along lifelines",
            "scaledown.rigs",
            "add [gas] to the case and run it to the environment, or leave 'oxygen-switching' out",
        )
    return duty.oxygen
