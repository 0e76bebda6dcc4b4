"""The classical regime analysis: characteristic times of transport and of cells, and their ratios.

Two processes that take turns on the same substance are compared by their times (Sweere, Luyben, Kossen 1987, Enzyme
Microb. Technol. 9:386). Where transport takes longer than conversion, there are gradients; where it takes much less,
the tank is as good as mixed. Symbols:

- theta95 : blend time, s; t_c = V/(Nq N D^3) : circulation time, s
- K/(q_max X) : time in which the biomass eats half-saturation away, first order, s
- C V/F : time in which the feed renews what an ideally mixed tank would hold, s
- C_O2*/OUR : time in which dissolved oxygen is used up without supply, s; 1/kLa : its supply, s
- 1/mu : growth, s

Oxygen demand and growth follow from the feed by assuming that half of the carbon becomes biomass (4.2 degrees of
reduction per C-mole, 28.05 g dry weight per C-mole): 2.85 mol O2 per mol glucose. This is an estimate for orders of
magnitude; the cell model of the strain computes its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rushton import correlations as c
from rushton.units import NORMAL_PRESSURE

if TYPE_CHECKING:
    from rushton.case.schema import Case

CARBON_TO_BIOMASS = 0.5
"""Assumed share of the substrate's carbon that becomes biomass, -."""
BIOMASS_REDUCTION, BIOMASS_MASS = 4.2, 0.02805
"""Degree of reduction of biomass per C-mole (-) and dry weight per C-mole (kg)."""
SUBSTRATES: dict[str, tuple[int, float]] = {"glucose": (6, 24.0), "glycerol": (3, 14.0), "sucrose": (12, 48.0)}
"""Carbon atoms and degree of reduction (electrons) per mole of substrate."""


@dataclass(frozen=True)
class CharacteristicTime:
    """One time of the analysis.

    Attributes
    ----------
    key : str
        Short name, such as ``blend``.
    name : str
        Name in words.
    formula : str
        How it is formed.
    seconds : float or None
        None if the case does not say enough; ``note`` tells what is missing.
    note : str
        Source, band, assumption or reason.
    """

    key: str
    name: str
    formula: str
    seconds: float | None
    note: str = ""


@dataclass(frozen=True)
class Ratio:
    """Ratio of two characteristic times, with what it means.

    Attributes
    ----------
    name : str
        Which times, in words.
    value : float or None
        First over second.
    verdict : str
        What the ratio means for this tank.
    """

    name: str
    value: float | None
    verdict: str


@dataclass(frozen=True)
class Demand:
    """What the biomass does with the feed, in an ideally mixed tank.

    Attributes
    ----------
    capacity : float
        q_max X V, mol/s.
    feed_ratio : float
        F/(q_max X V) = mean q/q_max, -.
    ideal_concentration : float
        K s/(1 - s), mol/m3.
    oxygen_uptake : float
        Oxygen uptake rate OUR, mol/(m3 s).
    growth_rate : float
        mu, 1/s.
    heat : float
        Metabolic heat, W.
    """

    capacity: float
    feed_ratio: float
    ideal_concentration: float
    oxygen_uptake: float
    growth_rate: float
    heat: float


def oxygen_per_substrate(substrate: str) -> float:
    """Oxygen that burns what does not become biomass, mol per mol of substrate; 2.85 for glucose."""
    carbon, reduction = SUBSTRATES[substrate]
    return (reduction - CARBON_TO_BIOMASS * carbon * BIOMASS_REDUCTION) / 4.0


def demand(case: Case) -> Demand | None:
    """Uptake, oxygen demand and growth at the mean feed; None without strain, feed or biomass."""
    strain, biomass = case.strain, case.broth.biomass
    if strain is None or biomass is None or not case.feeds:
        return None
    volume = case.liquid_volume
    feed = sum(f.rate for f in case.feeds)
    capacity = strain.uptake.max * biomass * volume
    ratio = feed / capacity
    carbon = SUBSTRATES[case.feeds[0].substrate][0]
    given = None if case.gas is None else case.gas.respiration.per_substrate
    oxygen = (given or oxygen_per_substrate(case.feeds[0].substrate)) * feed / volume
    return Demand(
        capacity=capacity,
        feed_ratio=ratio,
        ideal_concentration=strain.uptake.half_saturation * ratio / (1.0 - ratio),
        oxygen_uptake=oxygen,
        growth_rate=feed * carbon * CARBON_TO_BIOMASS * BIOMASS_MASS / (biomass * volume),
        heat=c.METABOLIC_HEAT * oxygen * volume,
    )


def characteristic_times(
    case: Case, blend: c.Estimate, circulation: float, kla: c.Estimate, gas_assumed: bool
) -> tuple[CharacteristicTime, ...]:
    """The times of transport and of cells.

    Parameters
    ----------
    case : Case
    blend : Estimate
        Blend time, s.
    circulation : float
        V/(mean Nq N D^3), s.
    kla : Estimate
        1/s.
    gas_assumed : bool
        True if the gas rate behind it is assumed.
    """
    times = [
        CharacteristicTime(
            "blend", "blending to 95 %", "correlation", blend.value, "" if blend.valid else "out of its range"
        ),
        CharacteristicTime("circulation", "circulation", "V/(Nq N D3), one impeller", circulation, "mean flow number"),
    ]
    found = demand(case)
    reason = "needs [strain], biomass and [[feed]]"
    if found is None or case.strain is None or case.broth.biomass is None:
        for key, name, formula in (
            ("uptake", "substrate uptake", "K/(q_max X)"),
            ("supply", "substrate supply", "C V/F, ideally mixed"),
            ("oxygen", "oxygen depletion", "C*/OUR"),
            ("growth", "growth", "1/mu"),
        ):
            times.append(CharacteristicTime(key, name, formula, None, reason))
    else:
        feed = sum(f.rate for f in case.feeds)
        uptake = case.strain.uptake.half_saturation / (case.strain.uptake.max * case.broth.biomass)
        supply = found.ideal_concentration * case.liquid_volume / feed
        oxygen = oxygen_at_mid_height(case) / found.oxygen_uptake
        half = "half of the carbon into biomass"
        times += [
            CharacteristicTime("uptake", "substrate uptake", "K/(q_max X)", uptake, "first order, C << K"),
            CharacteristicTime("supply", "substrate supply", "C V/F, ideally mixed", supply),
            CharacteristicTime("oxygen", "oxygen depletion", "C*/OUR", oxygen, half),
            CharacteristicTime("growth", "growth", "1/mu", 1.0 / found.growth_rate, half),
        ]
    note = "coalescing broth" + (", gas rate assumed" if gas_assumed else "") + ("" if kla.valid else ", out of range")
    times.append(CharacteristicTime("transfer", "oxygen transfer", "1/kLa", 1.0 / kla.value, note))
    return tuple(times)


def oxygen_at_mid_height(case: Case) -> float:
    """Oxygen saturation at half the liquid height, mol/m3, for air or the gas of the case."""
    fraction = case.gas.oxygen_fraction if case.gas else c.OXYGEN_IN_AIR
    found = c.oxygen_saturation(case.broth.temperature, pressure_at_mid_height(case), fraction)
    return found.value * case.broth.density


def pressure_at_mid_height(case: Case) -> float:
    """Absolute pressure at half the liquid height, Pa."""
    head = case.gas.head_pressure if case.gas else NORMAL_PRESSURE
    return head + 0.5 * case.broth.density * c.GRAVITY * case.tank.liquid_height


def ratios(times: tuple[CharacteristicTime, ...]) -> tuple[Ratio, ...]:
    """Ratios of the analysis with their verdicts."""
    by_key = {t.key: t.seconds for t in times}

    def compare(name: str, slow: str, fast: str, words: tuple[str, str, str]) -> Ratio:
        a, b = by_key[slow], by_key[fast]
        if a is None or b is None:
            return Ratio(name, None, "not known")
        value = a / b
        return Ratio(name, value, words[0] if value < 0.1 else words[1] if value < 3.0 else words[2])

    gradients = (
        "as good as mixed for the substrate",
        "mild gradients of substrate",
        "strong gradients: excess at the feed, starvation far from it",
    )
    return (
        compare("blending / substrate uptake", "blend", "uptake", gradients),
        compare(
            "circulation / substrate uptake",
            "circulation",
            "uptake",
            (
                "cells see no swings",
                "swings within one circulation",
                "the substrate of a feed does not survive one circulation: cells pass between feast and famine",
            ),
        ),
        compare(
            "blending / oxygen depletion",
            "blend",
            "oxygen",
            (
                "oxygen as good as uniform",
                "oxygen differs over the tank",
                "oxygen is used up before it is carried across: supply must be local",
            ),
        ),
        compare(
            "oxygen transfer / oxygen depletion",
            "transfer",
            "oxygen",
            ("ample oxygen", "oxygen well below saturation, or short", "oxygen runs out at this feed and gas rate"),
        ),
        compare(
            "blending / growth",
            "blend",
            "growth",
            (
                "biomass is uniform and steady while the liquid mixes",
                "biomass changes while the liquid mixes",
                "growth outruns mixing: uniform biomass is not justified",
            ),
        ),
    )
