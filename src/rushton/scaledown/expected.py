r"""What should be read in a rig: at every port, in the broth, and along the gradient phase; each with a band.

A reading lies between the smallest and the largest value that is met at its port, in the rig as written, with the feed
pump too low or too high by its accuracy, and with the biomass as far off as the stop rules allow. Rates, biomass and
by-products have the band of the pump alone; cells feel the by-products of the broth (``broth``), which a lab's do too.

Settled phase and reference run, all broth in one stirred vessel under a steady feed:

.. math:: C = K_s\,\frac{\langle s\rangle}{1 - \langle s\rangle}

Dissolved oxygen then, over that of air saturation, with k_La as of coalescing broth and as of salt solution:

.. math:: o = \max(o_{held},\ 1 - \frac{OUR}{k_La\,C^*})

At the ports of the rig at work it is that of ``oxygen_ports``.

Source: balances written out here. Validity: as ``zones``, ``oxygen`` and ``course``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rushton.scaledown.course import Settled, biomass_course, follow_all, growth_of, net_growth, settled
from rushton.scaledown.holding import hold
from rushton.scaledown.inside import CellTest
from rushton.scaledown.oxygen import HELD, Breath
from rushton.scaledown.phases import BIOMASS_OFF
from rushton.scaledown.recipe import Written
from rushton.scaledown.rig import Duty, Operation, Port, Settings
from rushton.scaledown.sheet import Sheet
from rushton.scaledown.switching import SwitchedOperation

NO_MODEL = "the cell model has no steady state at the mean uptake"


@dataclass(frozen=True, eq=False)
class Spread:
    """A number, or an array, with its band."""

    low: Any
    mean: Any
    high: Any

    @classmethod
    def of(cls, mean: Any, *others: Any) -> Spread:
        """Mean, and the smallest and largest of it and the others, element by element."""
        every = np.stack([np.asarray(v, dtype=float) for v in (mean, *others)])
        low, high = every.min(axis=0), every.max(axis=0)
        return cls(low, every[0], high) if every.ndim > 1 else cls(float(low), float(every[0]), float(high))

    def at(self, place: int) -> Spread:
        """One element of an array, with its band."""
        return Spread(*(float(v[place]) for v in (self.low, self.mean, self.high)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"low": self.low, "mean": self.mean, "high": self.high}


@dataclass(frozen=True, eq=False)
class Expected:
    """Readings of a rig.

    Attributes
    ----------
    ports : tuple of (Port, Spread)
        Every port, and the substrate there, mol/m3.
    course_time : (n + 1,) float
        Borders of the intervals of the gradient phase, s.
    course : dict of str to Spread of (n + 1,)
        By name with unit: biomass at the borders; rates as means over the interval before, at the start of the settled
        phase.
    settled : dict of str to float, or Spread
        The same, and substrate and by-products with their bands, in the settled phase and the reference run.
    broth : dict of str to Spread of (n + 1,)
        By-products at the borders, mol/m3; their band is that of the pump.
    reason : str
        Why there is no course; empty where there is.
    """

    ports: tuple[tuple[Port, Spread], ...]
    course_time: np.ndarray
    course: dict[str, Spread]
    settled: dict[str, Any]
    broth: dict[str, Spread]
    reason: str = ""


def expect_of(sheet: Sheet, wanted: Settings, duty: Duty, test: CellTest | None, random: bool) -> Expected:
    """Readings of the rig of a bench sheet.

    Parameters
    ----------
    sheet : Sheet
    wanted : dict of str to float
        Settings before they were rounded, SI.
    duty : Duty
        For which they were rounded.
    test : CellTest or None
        The strain's cell model.
    random : bool
        Whether stays are drawn.
    """
    drift = duty.bench["pump_accuracy"]
    drifted = tuple(sheet.rig.write(wanted, duty, factor).operation for factor in (1.0 - drift, 1.0 + drift))
    written = Written(sheet.settings, sheet.recipe, sheet.operation)
    wrong = tuple(sheet.rig.rebuilt(written, duty, factor) for factor in (1.0 - BIOMASS_OFF, 1.0 + BIOMASS_OFF))
    assert sheet.case.scaledown is not None
    expected = expect(
        sheet.operation,
        drifted,
        wrong,
        test,
        random,
        sheet.case.scaledown.seed,
        sheet.settings.get("biomass"),
        sheet.recipe.bleed / duty.bench.volume,
    )
    return _as_transferred(expected, sheet, drifted) if expected.course else expected


def _as_transferred(expected: Expected, sheet: Sheet, drifted: tuple[Operation, ...]) -> Expected:
    """In a vessel whose oxygen is switched the cells take up what is transferred: the demand of the design, not that of
    the cell model.
    """
    written, name = sheet.operation, "oxygen_uptake_mol_m3_s"
    if not isinstance(written, SwitchedOperation) or sheet.duty.oxygen is None:
        return expected
    steady = hold(sheet.duty.oxygen, sheet.duty.bench, sheet.biomass, float(written.table[0, 2])).uptake
    uptakes = [o.transferred() for o in (written, *drifted) if isinstance(o, SwitchedOperation)]
    off = sheet.duty.bench["pump_accuracy"]
    # demand over transfer is off by so much: because the cells ask for another amount, or because kLa is another
    uptakes += [uptakes[1] / (1.0 - off), uptakes[2] / (1.0 + off)]
    along = Spread.of(*(np.append(steady, np.full(expected.course_time.size - 1, u)) for u in uptakes))
    return replace(expected, course=expected.course | {name: along}, settled=expected.settled | {name: steady})


def expect(
    written: Operation,
    drifted: tuple[Operation, ...],
    wrong: tuple[Operation, ...],
    test: CellTest | None,
    random: bool,
    seed: int,
    biomass: float | None,
    dilution: float,
) -> Expected:
    """Readings of a rig.

    Parameters
    ----------
    written : Operation
        The rig as its protocol says.
    drifted : tuple of Operation
        The same with the feed too low and too high.
    wrong : tuple of Operation
        The same with the biomass too low and too high.
    test : CellTest or None
        The strain's cell model.
    random : bool
        Whether stays are drawn.
    seed : int
    biomass : float or None
        At the start of the gradient phase, kg/m3; None where cells do not change their broth.
    dilution : float
        Bleed over volume, 1/s.
    """
    alike = [operation.ports() for operation in (*drifted, *wrong)]
    ports = tuple(
        (port, Spread.of(port.mean, port.low, port.high, *(v for p in same for v in (p.low, p.mean, p.high))))
        for port, *same in zip(written.ports(), *alike, strict=True)
    )
    k, x = written.culture.half_saturation, written.culture.biomass
    # what is fed is eaten: s goes with the feed over the biomass
    eaten = [o.mean_uptake * o.culture.biomass / x for o in (written, *drifted)]
    uptakes = [s / (o.culture.biomass / x) for s in eaten for o in (written, *wrong)]
    calm: dict[str, Any] = {"substrate_mol_m3": Spread.of(*(k * s / (1.0 - s) for s in uptakes))}
    if test is None:
        return Expected(ports, np.zeros(0), {}, calm, {}, NO_MODEL)
    fed = [o.mean_uptake / written.mean_uptake for o in (written, *drifted)]
    rest = settled(test, biomass, dilution, fed)
    courses = follow_all(test, (written, *drifted), random, seed, biomass, dilution, rest)
    told = [_told(test, rest, c.time, c.rates, net_growth(c), biomass, dilution) for c in courses]
    ideal = {name: np.array([value]) for name, value in rest.rates.items()}
    growth = np.array([growth_of(rest.rates)])
    at_rest = _told(test, rest, np.zeros(2), ideal, growth, biomass, dilution)
    calm |= {name: float(values[-1]) for name, values in at_rest.items()}
    course_of = {}
    for name in told[0]:
        rows = [one[name] for one in told]
        if not name.startswith("biomass"):
            rows = [np.concatenate([[calm[name]], row]) for row in rows]
        course_of[name] = Spread.of(*rows)
    gathered = {name: Spread.of(*(c.by_products[name] for c in courses)) for name in courses[0].by_products}
    if rest.by_products:
        calm["by_products_mol_m3"] = {name: Spread.of(*values) for name, values in rest.by_products.items()}
    return Expected(ports, courses[0].time, course_of, calm, gathered)


def _told(
    test: CellTest,
    rest: Settled,
    time: np.ndarray,
    rates: dict[str, np.ndarray],
    growth: np.ndarray,
    biomass: float | None,
    dilution: float,
) -> dict[str, np.ndarray]:
    """What is told of a course, in SI: rates (n,), biomass (n + 1,)."""
    model, ideal, still = test.model, rest.rates, growth_of(rest.rates)
    in_si = dict(zip(model.reported_names, model.rate_factors, strict=True))
    out = {"uptake_mol_kg_s": in_si["q_s"] * rates["q_s"], "growth_net_1_s": growth}
    if model.has_product and ideal["q_p"] > 0.0:
        out["specific_productivity_relative"] = rates["q_p"] / ideal["q_p"]
        if np.isfinite(in_si["q_p"]):
            out["specific_productivity_mol_kg_s"] = in_si["q_p"] * rates["q_p"]
    with np.errstate(divide="ignore", invalid="ignore"):
        out["yield_kg_mol"] = growth / out["uptake_mol_kg_s"]
        if still > 0.0:
            out["yield_relative"] = (growth / rates["q_s"]) / (still / ideal["q_s"])
    breathes = next((t for t in model.trades if t.species == "oxygen"), None)
    if biomass is not None:
        out["biomass_kg_m3"] = biomass_course(biomass, growth, dilution, time)
        if breathes is not None:
            x = out["biomass_kg_m3"]
            rate = -breathes.into_broth * rates[model.reported_names[breathes.reported]]
            out["oxygen_uptake_mol_m3_s"] = rate * 0.5 * (x[:-1] + x[1:])
    return out


def oxygen_when_mixed(air: Breath) -> Spread:
    """Dissolved oxygen over air saturation with all broth in one aerated vessel under a steady feed."""
    saturation = air.lasts * air.demand
    low, high = sorted(max(HELD, 1.0 - air.demand / (kla * saturation)) for kla in air.kla_given)
    return Spread(low, 0.5 * (low + high), high)
