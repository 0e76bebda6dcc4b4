r"""Can the rig breathe and can it be cooled: every zone of it, with its own oxygen demand, transfer and heat.

.. math:: OUR_z = Y_O\,v\,\langle s\rangle_z,\quad k_{need} = \frac{OUR_z}{C^* - C_{held}},\quad
          Q = h_O \sum_z OUR_z V_z + P,\quad Q_{max} = U A\,\Delta T

Zones: the one vessel of a fed rig; both vessels of an STR-STR; the three compartments, each a vessel of the bench's
proportions and power per volume, for the broth it holds (``stirred``); the vessel of an STR-PFR, which must saturate
the broth that the tube empties; a mini-bioreactor; a chamber, which breathes what the medium brings. Mean demand
follows the mean uptake of the zone, the peak its largest. h_O = 460 kJ/mol O2 (``rushton.correlations``), P the
stirrer's power without gas (the most it can be), A the wetted wall and floor, U and Delta T limits of the bench.

A tube passes through the room: with G = Q rho c_p and NTU = U_o pi d L/G the broth leaves it off by

.. math:: \Delta T = (q\,V/(U_o \pi d L) - \Delta T_{room})\,(1 - e^{-NTU})

q the heat of respiration per volume as long as oxygen lasts, Delta T_room by how much the broth is warmer than the
room. Source: balances written out here; c_p of water. Validity: respiration follows uptake at once or evens it out; the
truth lies between, so mean and peak stand side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rushton.correlations import METABOLIC_HEAT, oxygen_saturation
from rushton.scaledown.bench import Bench
from rushton.scaledown.chamber import DENSITY, ChamberOperation, flushes
from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.oxygen import AIR, ATMOSPHERE, HELD, kla_given
from rushton.scaledown.rig import Duty, Operation
from rushton.scaledown.stirred import stirred_vessels
from rushton.scaledown.switching import SwitchedOperation
from rushton.scaledown.transfer import Transfer
from rushton.scaledown.vessel import VesselOperation

HEAT_CAPACITY = 4180.0
"""c_p of water at 25 degC, J/(kg K) (IAPWS-95)."""
CANNOT = "The rig cannot"
"""Beginning of a warning of what is not to be mended at the set-points."""
NOTICED = 1.0
"""A loop that changes the temperature by more than this disturbs the cells, K; bench practice."""


@dataclass(frozen=True)
class Zone:
    """One aerated zone of a rig.

    Attributes
    ----------
    name : str
    volume : float
        Broth that must be aerated in it, m3.
    demand, peak : float
        OUR at its mean and at its largest uptake, mol/(m3 s) of that broth.
    kla_needed : float
        To hold 30 % of air saturation at the mean demand with air, 1/s.
    kla_least, kla_most, kla_salty : float
        What it gives at the slowest and at the set speed as coalescing broth, and at the set speed as salt solution,
        1/s.
    gas_needed, gas_peak : float
        Mole fraction of oxygen in the gas that would do at ``kla_most``, at the mean demand and at the peak, -.
    """

    name: str
    volume: float
    demand: float
    peak: float
    kla_needed: float
    kla_least: float
    kla_most: float
    kla_salty: float
    gas_needed: float
    gas_peak: float

    @property
    def shortage(self) -> float:
        """Share of the gas by which pure oxygen falls short at the mean demand; negative where less would do.

        In a broth that holds bubbles as a salt solution does.
        """
        return AIR * (HELD + (1.0 - HELD) * self.kla_needed / self.kla_salty) - 1.0

    @property
    def breathes(self) -> bool:
        """Whether pure oxygen would do."""
        return self.shortage <= 0.0


@dataclass(frozen=True)
class Lungs:
    """Oxygen and heat of a rig.

    Attributes
    ----------
    zones : tuple of Zone
    heat, cooling : float
        To be removed, and what the jackets remove at most, W.
    lasts, lasts_min : float
        Time from air saturation to none without gas at the mean and at the largest demand, s.
    tube_time : float or None
        Stay in the tube, s; None without one.
    tube_warming : float or None
        By how much the broth leaves the tube warmer, K.
    warnings : tuple of str
        What the rig cannot do, in sentences.
    switched : bool
        Whether oxygen is switched in it.
    """

    zones: tuple[Zone, ...]
    heat: float
    cooling: float
    lasts: float
    lasts_min: float
    tube_time: float | None
    tube_warming: float | None
    warnings: tuple[str, ...]
    switched: bool = False

    @property
    def shortage(self) -> float:
        """The larger of what is short in oxygen, as a share of the gas, and in cooling, as a share of what the jackets
        remove; 0 where the rig can breathe and be cooled. Where oxygen is switched its lack is meant.
        """
        oxygen = () if self.switched else (z.shortage for z in self.zones)
        return max(0.0, *oxygen, self.heat / self.cooling - 1.0 if self.cooling > 0.0 else 0.0)

    @property
    def refused(self) -> list[str]:
        """Those of the warnings that say what the rig cannot do at all."""
        return [text for text in self.warnings if text.startswith(CANNOT)]

    def as_dict(self) -> dict[str, Any]:
        """Plain values in the technician's units: mmol/(L h), 1/h, mL, W, s, K."""
        zones = [
            {
                "name": z.name,
                "volume_mL": 1e6 * z.volume,
                "demand_mmol_L_h": 3.6e3 * z.demand,
                "demand_peak_mmol_L_h": 3.6e3 * z.peak,
                "kla_needed_1_h": 3600.0 * z.kla_needed,
                "kla_range_1_h": [3600.0 * z.kla_least, 3600.0 * z.kla_most],
                "kla_salt_solution_1_h": 3600.0 * z.kla_salty,
                "gas_oxygen_needed": z.gas_needed,
                "gas_oxygen_needed_peak": z.gas_peak,
                "breathes": z.breathes,
            }
            for z in self.zones
        ]
        tube = {} if self.tube_time is None else {"tube_time_s": self.tube_time, "tube_warming_K": self.tube_warming}
        return {
            "zones": zones,
            "breathes": all(z.breathes for z in self.zones),
            "heat_W": self.heat,
            "cooling_W": self.cooling,
            "cools": self.heat <= self.cooling,
            "oxygen_lasts_s": self.lasts,
            "oxygen_lasts_least_s": self.lasts_min,
            **tube,
            "warnings": list(self.warnings),
        }


def lungs(operation: Operation, duty: Duty) -> Lungs:
    """Oxygen and heat of a rig at work.

    Parameters
    ----------
    operation : Operation
    duty : Duty
        On the bench of its rig.
    """
    bench = duty.bench
    saturation = oxygen_saturation(bench.temperature, ATMOSPHERE).value * bench.density
    capacity = bench["oxygen_per_substrate"] * operation.culture.capacity
    if isinstance(operation, SwitchedOperation) and duty.oxygen is not None:
        capacity = duty.oxygen.uptake * operation.culture.biomass / operation.mean_uptake
    if isinstance(operation, ChamberOperation):
        return _chamber(operation, duty, saturation)
    vessels = stirred_vessels(operation, bench)
    zones = tuple(
        _zone(name, capacity * mean, capacity * peak, saturation, own)
        for (name, own), (mean, peak) in zip(vessels, _uptakes(operation), strict=True)
    )
    heat = METABOLIC_HEAT * sum(z.demand * z.volume for z in zones) + sum(b.stirrer_power for _, b in vessels)
    cooling = sum(b["jacket_transfer"] * jacket_area(b) * b["coolant_difference"] for _, b in vessels)
    lasts, lasts_min = saturation / (capacity * operation.mean_uptake), saturation / capacity
    tube_time = tube_warming = None
    if isinstance(operation, LoopOperation) and operation.second_is_tube:
        tube_time = operation.loop.tube_time
        inside = min(1.0, saturation / (capacity * operation.second_uptake) / tube_time)
        heating = METABOLIC_HEAT * capacity * operation.second_uptake * inside
        tube_warming = warming(operation, bench, heating)
    switched = isinstance(operation, SwitchedOperation)
    made = Lungs(zones, heat, cooling, lasts, lasts_min, tube_time, tube_warming, (), switched)
    return replace(made, warnings=tuple(_warnings(made, bench)))


def _uptakes(operation: Operation) -> list[tuple[float, float]]:
    """Mean and largest s that every vessel has to breathe for, in the order of ``stirred_vessels``."""
    if isinstance(operation, CompartmentsOperation):
        tables = (operation.ages[:1], operation.ages[1:3], operation.ages[3:4])
        peaks = [_ratio(float(x.max())) for x in tables]
        return [
            (breathed, peak + breathed - own)
            for breathed, peak, own in zip(operation.breathed, peaks, operation.uptakes, strict=True)
        ]
    if isinstance(operation, LoopOperation):
        first = _ratio(float(operation.first.max()))
        if operation.second_is_tube:  # the vessel also brings up the broth that the tube returns
            share = operation.loop.volume / operation.loop.vessel_volume
            return [(share * operation.mean_uptake, share * max(first, operation.mean_uptake))]
        one, two = operation.breathed
        second = _ratio(float(operation.second.max()))
        return [(one, first + one - operation.first_uptake), (two, second + two - operation.second_uptake)]
    if isinstance(operation, SwitchedOperation):
        return [(operation.mean_uptake, operation.mean_uptake)]
    assert isinstance(operation, VesselOperation)
    return [(operation.mean_uptake, _ratio(float(operation.concentration.max())))]


def _ratio(x: float) -> float:
    return x / (1.0 + x)


def _zone(name: str, demand: float, peak: float, saturation: float, bench: Bench) -> Zone:
    """A vessel that its bench describes, with the demand of what it holds, mol/(m3 s)."""
    vessel, (most, salty) = Transfer.of(bench), kla_given(bench)
    needed = demand / ((1.0 - HELD) * saturation)

    def gas(rate: float) -> float:
        # C* y/0.21 - 0.3 C*(air) = demand/kLa
        return AIR * (HELD + rate / (most * saturation))

    return Zone(name, bench.volume, demand, peak, needed, vessel.low, most, salty, gas(demand), gas(peak))


def jacket_area(bench: Bench) -> float:
    """Wall and floor of the lab vessel that its broth wets, m2."""
    width = bench.vessel_diameter
    return math.pi * width**2 * (bench["vessel_aspect"] + 0.25)


def warming(operation: LoopOperation, bench: Bench, heating: float) -> float:
    """By how much the broth leaves a bare tube in the room warmer than it came, K; heating W/m3."""
    settings, loop = operation.settings, operation.loop
    bore = settings.get("bore", bench.bores[-1])
    surface = 4.0 * loop.tube_volume / bore  # pi d L
    loss = bench["tube_heat_loss"] * surface
    ntu = loss / (loop.flow * bench.density * HEAT_CAPACITY)
    warmer = bench.temperature - bench["room_temperature"]
    return (heating * loop.tube_volume / loss - warmer) * -math.expm1(-ntu)


def _chamber(operation: ChamberOperation, duty: Duty, saturation: float) -> Lungs:
    """A chamber of 10 g/L of cells: its air comes with the medium, as often as it is flushed."""
    bench, exchange = duty.bench, flushes(duty)
    capacity = bench["oxygen_per_substrate"] * duty.culture(DENSITY).capacity
    demand, peak = capacity * operation.mean_uptake, capacity * _ratio(float(operation.concentration.max()))
    needed = demand / ((1.0 - HELD) * saturation)
    zone = Zone(
        "chamber, 10 g/L of cells, transfer = flushes with medium", 0.0, demand, peak, needed, exchange, exchange,
        exchange, AIR * (HELD + demand / (exchange * saturation)), AIR * (HELD + peak / (exchange * saturation)),
    )  # fmt: skip
    warnings: tuple[str, ...] = ()
    if not zone.breathes:
        warnings = ("The medium does not bring enough oxygen: flush faster or keep fewer cells in the chamber.",)
    return Lungs((zone,), 0.0, 0.0, saturation / demand, saturation / capacity, None, None, warnings)


def _warnings(made: Lungs, bench: Bench) -> Sequence[str]:
    """What the rig cannot do; where oxygen is switched, its lack is meant."""
    out = []
    for z in made.zones:
        where = "" if len(made.zones) == 1 else f" of {z.name}"
        if not z.breathes:
            out.append(
                f"{CANNOT} breathe: the oxygen demand{where}, {3.6e3 * z.demand:.0f} mmol/(L h), is more than "
                f"its kLa of {3600 * z.kla_most:.0f} to {3600 * z.kla_salty:.0f} 1/h transfers from pure oxygen. Stir "
                "faster, raise the pressure, or lower the biomass."
            )
        elif z.gas_needed > AIR and not made.switched:
            out.append(
                f"Air alone does not do for the demand{where}, {3.6e3 * z.demand:.0f} mmol/(L h): it needs up to "
                f"{100 * min(1.0, z.gas_needed):.0f} % oxygen in the gas, or a kLa of {3600 * z.kla_needed:.0f} 1/h "
                f"(broth {3600 * z.kla_most:.0f}, salt solution {3600 * z.kla_salty:.0f})."
            )
    if made.heat > made.cooling:
        out.append(
            f"{CANNOT} be cooled: {made.heat:.0f} W of respiration and stirring against {made.cooling:.0f} W "
            f"through the jacket at {bench['coolant_difference']:.0f} K. Colder water, a cooling coil, a slower "
            "stirrer or less biomass."
        )
    if made.tube_time is not None and made.tube_time > made.lasts:
        out.append(
            f"The tube runs out of oxygen: its broth stays {made.tube_time:.1f} s, oxygen lasts {made.lasts:.1f} s."
        )
    if made.tube_warming is not None and abs(made.tube_warming) > NOTICED:
        out.append(
            f"The loop changes the temperature by {made.tube_warming:+.1f} K if the tube is bare: insulate or heat it."
        )
    return out
