r"""Rig of three stirred vessels: excess, limitation, starvation, the middle one exchanging with both others.

.. math::

    \frac{x_E - x_{L,l}}{\tau_E} + \frac{\langle s\rangle_E}{t_K} = f_E,\qquad
    \frac{x_S - x_{L,l}}{\tau_S} + \frac{\langle s\rangle_S}{t_K} = 0,\qquad
    \sum_i V_i \langle s\rangle_i + V_l \sum_l \langle s\rangle_l = V \langle s\rangle

with tau_E = V_E/Q_E, tau_S = V_S/Q_S and tau_L = V_L/(Q_E + Q_S). Each of the four lines holds V_l, in which what
leaves a vessel is depleted for V_l/Q_E or V_l/Q_S as in a tube; x_{L,l} is what comes out of the middle vessel's. Cells
pass as in the tank: from excess to starvation and back only through limitation. Exact relations:

- stays in every vessel exponential, means tau_E, tau_L, tau_S; shares of time V_E/V, V_L/V, V_S/V;
- a stay in the middle vessel ends in excess with the chance p = Q_E/(Q_E + Q_S), whatever it began with, so of all
  stays in it p^2 go from excess to excess, (1 - p)^2 from starvation to starvation, 2 p (1 - p) across;
- a cell enters excess Q_E/V times and starvation Q_S/V times per second.

Which regime a vessel really has follows from the balances, not from its name. Within a vessel a cell carries the liquid
it came with, which blends into the mean in that vessel's theta_95/3 (``kernels.vessel_ages``); in the middle vessel
cells from either side do so apart.

Symbols: x = C/K_s, f feed per volume in K_s/s, V m3, Q m3/s, t_K = K_s/(q_max X) s. Total uptake rises with x_L, and
x_E and x_S follow from it: one unknown, one root. Source: mass balances written out here; three compartments for the
regimes of a lifeline analysis: C. Haringa et al. (2016) Eng. Life Sci. 16:652. Validity: as ``loops``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rushton.scaledown.bench import SMALLEST_SHARE, Bench, rounded
from rushton.scaledown.loop_rigs import pump_step, slowest_flow
from rushton.scaledown.loops import Vessel, along_line, in_line, outlet, rising_root, together
from rushton.scaledown.recipe import Written, steady_recipe
from rushton.scaledown.rig import Duty, Port, Settings, Variable
from rushton.scaledown.zones import Culture

NAMES = ("excess", "limitation", "starvation")
_VISITS = 400  # distinct stays in the middle vessel drawn for one signal; used again after that
_MIDDLE = 0.05  # share of the volume that the middle vessel keeps at least


@dataclass(frozen=True)
class Compartments:
    """Three vessels, volumes m3, the exchange of the middle one with the first and the last, m3/s, and the broth in
    each of the four lines, m3.
    """

    excess_volume: float
    limitation_volume: float
    starvation_volume: float
    excess_flow: float
    starvation_flow: float
    line_volume: float = 0.0

    @property
    def volumes(self) -> tuple[float, float, float]:
        """Of excess, limitation, starvation, m3."""
        return self.excess_volume, self.limitation_volume, self.starvation_volume

    @property
    def volume(self) -> float:
        """Of all three and the lines, m3."""
        return sum(self.volumes) + 4.0 * self.line_volume

    @property
    def stays(self) -> tuple[float, float, float]:
        """Mean stays in excess, limitation, starvation, s."""
        return (
            self.excess_volume / self.excess_flow,
            self.limitation_volume / (self.excess_flow + self.starvation_flow),
            self.starvation_volume / self.starvation_flow,
        )

    @property
    def line_times(self) -> tuple[float, float]:
        """Stay of every cell in a line between excess and limitation, and between limitation and starvation, s."""
        return self.line_volume / self.excess_flow, self.line_volume / self.starvation_flow

    @property
    def chance_of_excess(self) -> float:
        """p, the chance that a stay in the middle vessel ends in the first."""
        return self.excess_flow / (self.excess_flow + self.starvation_flow)


@dataclass(frozen=True, eq=False)
class CompartmentsOperation:
    """Cells wandering through three vessels.

    Attributes
    ----------
    ages : (4 or 8, n) float
        Concentration around a cell against its age, K_s, every ``step`` s; the last value holds on. Rows: excess,
        limitation entered from excess, limitation entered from starvation, starvation; where they hold broth, the lines
        to excess, from it, to starvation, from it.
    means : (3,) float
        Mean concentration of every vessel, K_s.
    uptakes : (3,) float
        Mean s in every vessel.
    line_uptakes : (4,) float
        Mean s in every line, in the order of their rows.
    """

    settings: Settings
    culture: Culture
    rig: Compartments
    ages: np.ndarray
    step: float
    means: tuple[float, float, float]
    uptakes: tuple[float, float, float]
    line_uptakes: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    least_cycles = 24
    """So many, that every quantile of random stays is met."""

    @property
    def mean_uptake(self) -> float:
        """Mean s of the population."""
        held = sum(v * s for v, s in zip(self.rig.volumes, self.uptakes, strict=True))
        return (held + self.rig.line_volume * sum(self.line_uptakes)) / self.rig.volume

    @property
    def breathed(self) -> tuple[float, float, float]:
        """Mean s that every vessel supplies with oxygen: its own, and that of the lines that end in it, m3 by m3."""
        to_excess, from_excess, to_starvation, from_starvation = self.line_uptakes
        ends = (to_excess, from_excess + from_starvation, to_starvation)
        one, two, three = (
            s + self.rig.line_volume / v * line for v, s, line in zip(self.rig.volumes, self.uptakes, ends, strict=True)
        )
        return one, two, three

    def cycle(self) -> float:
        """Mean time between two entries into the vessel that is entered least often, s."""
        return self.rig.volume / min(self.rig.excess_flow, self.rig.starvation_flow)

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """What one cell experiences (``rig.Operation``)."""
        from rushton.scaledown.kernels import wander

        flow = self.rig.excess_flow + self.rig.starvation_flow
        visits = int(np.clip(duration * flow / self.rig.volume, 24, _VISITS))
        stays, tables = wanderings(self.rig, visits, seed)
        out = np.empty(max(2, int(duration / step)))
        wander(out, step, stays, tables, self.ages / (1.0 + self.ages), self.step)
        return out, step

    def ports(self) -> list[Port]:
        """One port in every vessel."""
        k = self.culture.half_saturation
        rows = (self.ages[:1], self.ages[1:3], self.ages[3:4])
        return [
            Port(f"vessel {n + 1}, {NAMES[n]}", float(x.min()) * k, self.means[n] * k, float(x.max()) * k,
                 self.uptakes[n], self.rig.stays[n])
            for n, x in enumerate(rows)
        ]  # fmt: skip


def wanderings(rig: Compartments, visits: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stays, s, and rows of ``CompartmentsOperation.ages``, (2 visits,) each: middle vessel, then another, in turn;
    where lines hold broth (4 visits,), with the line to it and the one back in between.

    Exponential stays are the middle quantiles in a shuffled order, and as near to the share p of the stays in the
    middle vessel end in excess as their number allows.
    """
    from rushton.scaledown.kernels import stratified_exponential

    to_excess = min(visits - 1, max(1, round(rig.chance_of_excess * visits)))
    rich = np.random.default_rng(seed).permutation(np.arange(visits) < to_excess)
    stays, tables = np.empty(2 * visits), np.empty(2 * visits, dtype=np.int64)
    stays[0::2] = rig.stays[1] * stratified_exponential(visits, seed)
    stays[1::2][rich] = rig.stays[0] * stratified_exponential(to_excess, seed + 1)
    stays[1::2][~rich] = rig.stays[2] * stratified_exponential(visits - to_excess, seed + 2)
    tables[0::2] = np.where(np.roll(rich, 1), 1, 2)
    tables[1::2] = np.where(rich, 0, 3)
    if rig.line_volume <= 0.0:
        return stays, tables
    through, rows = np.empty(4 * visits), np.empty(4 * visits, dtype=np.int64)
    through[0::2], rows[0::2] = stays, tables
    through[1::4] = through[3::4] = np.where(rich, *rig.line_times)
    rows[1::4], rows[3::4] = np.where(rich, 4, 6), np.where(rich, 5, 7)
    return through, rows


def three_vessels(
    rig: Compartments,
    culture: Culture,
    feed: float,
    to_excess: float,
    lags: tuple[float, float, float],
    settings: Settings,
) -> CompartmentsOperation:
    """Three vessels at steady state.

    Parameters
    ----------
    rig : Compartments
    culture : Culture
    feed : float
        F, mol/s.
    to_excess : float
        Share of the feed into the first vessel; the rest goes into the middle one.
    lags : (float, float, float)
        First-order blending time of every vessel, s; 0 for an ideal one.
    settings : dict
        Kept with the result.
    """
    k, p = culture.half_saturation, rig.chance_of_excess
    spent = [time / culture.uptake_time for time in rig.line_times]
    tau_e, tau_l, tau_s = rig.stays
    first = Vessel(tau_e, to_excess * feed / (rig.excess_volume * k), lags[0], culture)
    # the same vessel, for cells that came from either side
    share = (1.0 - to_excess) * feed / (rig.limitation_volume * k)
    middle = [Vessel(tau_l, share, lags[1], culture) for _ in range(2)]
    last = Vessel(tau_s, 0.0, lags[2], culture)
    wanted = feed / culture.capacity

    def balanced(mean: float) -> tuple[tuple[float, float, float], float]:
        """Mean s of every vessel, and what all lines eat over v, m3, at a concentration of the middle vessel."""
        to_e, to_s = (outlet(mean, time) for time in spent)
        x_e, x_s = first.mean(to_e), last.mean(to_s)
        from_e, from_s = outlet(x_e, spent[0]), outlet(x_s, spent[1])
        in_middle = p * middle[0].uptake(from_e, mean) + (1.0 - p) * middle[1].uptake(from_s, mean)
        rich, poor = mean - to_e + x_e - from_e, mean - to_s + x_s - from_s
        eaten = culture.uptake_time * (rig.excess_flow * rich + rig.starvation_flow * poor)
        return (first.uptake(to_e, x_e), in_middle, last.uptake(to_s, x_s)), eaten

    def surplus(mean: float) -> float:
        (rich, between, poor), eaten = balanced(mean)
        one, two, three = rig.volumes
        return one * rich + two * between + three * poor + eaten - wanted

    mean = rising_root(surplus)
    uptakes, _ = balanced(mean)
    tables = [(vessel.ages, vessel.step) for vessel in (first, *middle, last)]
    enter = [(mean, 0), (first.last, 0), (mean, 1), (last.last, 1)]
    if rig.line_volume > 0.0:
        along = [(along_line(x, rig.line_times[n], culture), rig.line_times[n]) for x, n in enter]
        tables += [(table, time / (table.size - 1)) for table, time in along]
    ages, step = together(tables)
    one, two, three, four = (in_line(x, spent[n]) for x, n in enter)
    means = (first.last, mean, last.last)
    return CompartmentsOperation(settings, culture, rig, ages, step, means, uptakes, (one, two, three, four))


class ThreeCompartments:
    """Three stirred vessels in a row."""

    name = "three-compartments"
    title = "Three stirred vessels: excess, limitation, starvation"

    def duty(self, duty: Duty) -> Duty:
        """The bench as it is."""
        return duty

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Biomass, two flows, two volumes (the third is what is left), share of the feed into the first vessel."""
        bench = duty.bench
        low, high = duty.biomass_bounds
        slow, fast = slowest_flow(duty), bench["loop_pump_max"]
        most = max(2.0 * SMALLEST_SHARE, 0.5 * bench["side_share_max"])
        poorest = (1.0 - SMALLEST_SHARE - _MIDDLE) * bench.volume - 4.0 * bench["exchange_line"]
        return (
            Variable("biomass", "kg/m3", low, high, True),
            Variable("excess_flow", "m3/s", slow, fast, True),
            Variable("starvation_flow", "m3/s", slow, fast, True),
            Variable("excess_volume", "m3", SMALLEST_SHARE * bench.volume, most * bench.volume, True),
            Variable("starvation_volume", "m3", 0.1 * bench.volume, poorest),
            Variable("feed_to_excess", "-", 0.0, 1.0),
        )

    def operate(self, settings: Mapping[str, float], duty: Duty) -> CompartmentsOperation:
        """The rig at work."""
        return self._at_work(settings, duty, duty.feed(settings["biomass"]))

    @staticmethod
    def rig(settings: Mapping[str, float], bench: Bench) -> Compartments:
        """The vessels at these settings; the middle one takes what others and lines leave, and the last one leaves
        some.
        """
        volume, line = bench.volume, bench["exchange_line"]
        rich, lines = settings["excess_volume"], 4.0 * line
        poor = min(settings["starvation_volume"], (1.0 - _MIDDLE) * volume - rich - lines)
        flows = settings["excess_flow"], settings["starvation_flow"]
        return Compartments(rich, volume - rich - poor - lines, poor, *flows, line)

    def _at_work(self, settings: Mapping[str, float], duty: Duty, feed: float) -> CompartmentsOperation:
        rig, culture = self.rig(settings, duty.bench), duty.culture(settings["biomass"])
        one, two, three = (duty.bench.holding(held).blend_lag for held in rig.volumes)
        return three_vessels(rig, culture, feed, settings["feed_to_excess"], (one, two, three), dict(settings))

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig on pump set-points, volumes in 10 mL, biomass in half grams per litre (``rig.Rig``)."""
        biomass = rounded(settings["biomass"], 0.5)
        recipe = steady_recipe(biomass, settings["feed_to_excess"], duty)
        step = 10e-6 if duty.bench.volume >= 0.5e-3 else 0.02 * duty.bench.volume
        kept: Settings = {
            "biomass": biomass,
            "excess_flow": pump_step(settings["excess_flow"], duty),
            "starvation_flow": pump_step(settings["starvation_flow"], duty),
            "excess_volume": rounded(settings["excess_volume"], step),
            "starvation_volume": rounded(self.rig(settings, duty.bench).starvation_volume, step),
            "feed_to_excess": recipe.side / recipe.flow,
            "feed": recipe.feed,
        }
        return Written(kept, recipe, self._at_work(kept, duty, feed_factor * recipe.feed))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> CompartmentsOperation:
        """The same vessels, flows and feed with another culture (``rig.Rig``)."""
        changed = dict(written.settings) | {"biomass": biomass * written.settings["biomass"]}
        return self._at_work(changed, duty, written.recipe.feed)

    def guesses(self, duty: Duty) -> list[Settings]:
        """Shares of time and mean stays of the tank, as far as the pumps go."""
        volume, fastest = duty.bench.volume, duty.bench["loop_pump_max"]
        bounds = {v.name: v for v in self.variables(duty)}
        means = [max(float(row.mean()), 1.0) for row in duty.stays]
        rich, poor = 0.08 * volume, 0.45 * volume

        def within(name: str, value: float) -> float:
            return min(max(value, bounds[name].low), bounds[name].high)

        return [
            {
                "biomass": duty.tank_biomass,
                "excess_flow": within("excess_flow", min(rich / means[0], fastest)),
                "starvation_flow": within("starvation_flow", min(poor / means[2], fastest)),
                "excess_volume": within("excess_volume", rich),
                "starvation_volume": within("starvation_volume", poor),
                "feed_to_excess": 1.0,
            }
        ]
