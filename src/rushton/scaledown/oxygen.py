r"""Can the rig breathe: oxygen demand, how long broth lasts without air, what the vessel can supply, the heat.

.. math:: OUR = Y_O\,v\,\langle s\rangle,\quad t_{O_2} = C_{O_2}/(q_O X),\quad OUR = k_La\,(C^* - C)

OUR mol/(m3 s), Y_O mol O2 per mol substrate (``equipment.toml``), v = q_max X, C* saturation with air at 1 atm, C
held at 30 % of it. Respiration is taken either at the mean uptake (slow metabolism evens it out) or following uptake
at once; the truth lies between. kLa, gassed power, saturation and the heat of respiration: ``rushton.correlations``,
with their sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rushton.correlations import (
    METABOLIC_HEAT,
    gassed_power_michel_miller,
    kla_coalescing,
    kla_noncoalescing,
    oxygen_saturation,
)
from rushton.scaledown.bench import Bench
from rushton.scaledown.rig import Duty

HELD = 0.3  # of air saturation, what the protocol holds in the vessel
ATMOSPHERE = 101_325.0  # Pa
AIR = 0.21  # mole fraction of oxygen


@dataclass(frozen=True)
class Breath:
    """Oxygen in a rig.

    Attributes
    ----------
    demand, demand_max : float
        OUR at the mean uptake and at the largest, mol/(m3 s).
    lasts, lasts_min : float
        Time from air saturation to none without air at these demands, s.
    kla_needed : float
        To hold 30 % of air saturation at the mean demand of the whole rig, 1/s.
    kla_given : (float, float)
        What the vessel gives with the stirrer and air of the bench, 1/s: as coalescing broth (antifoam) and as salt
        solution.
    enriched : (float, float)
        Mole fraction of oxygen in the gas with which the vessel would do, for each; more than 1 is out of reach.
    heat : float
        W per m3 of broth at the mean demand.
    """

    demand: float
    demand_max: float
    lasts: float
    lasts_min: float
    kla_needed: float
    kla_given: tuple[float, float]
    enriched: tuple[float, float]
    heat: float


def breath(duty: Duty, biomass: float, mean_uptake: float, aerated_share: float) -> Breath:
    """Oxygen at a biomass (kg/m3), a mean uptake ratio, and a share of the broth that is aerated."""
    bench = duty.bench
    demand_max = bench["oxygen_per_substrate"] * duty.uptake_max * biomass
    demand = demand_max * mean_uptake
    saturation = oxygen_saturation(bench.temperature, ATMOSPHERE).value * bench.density
    needed = demand / aerated_share / ((1.0 - HELD) * saturation)
    given = kla_given(replace(bench, volume=aerated_share * bench.volume))
    return Breath(
        demand=demand,
        demand_max=demand_max,
        lasts=saturation / demand,
        lasts_min=saturation / demand_max,
        kla_needed=needed,
        kla_given=given,
        enriched=(_enriched(needed / given[0]), _enriched(needed / given[1])),
        heat=demand * METABOLIC_HEAT,
    )


def _enriched(shortage: float) -> float:
    """Mole fraction of oxygen with which a kLa short by a factor still holds the vessel at 30 % of air saturation."""
    return AIR * (HELD + shortage * (1.0 - HELD))


def kla_given(bench: Bench) -> tuple[float, float]:
    """kLa of the lab vessel with its stirrer and air, coalescing and not, 1/s; twice the measured one where known."""
    if "kla_measured" in bench.limits:
        return bench["kla_measured"], bench["kla_measured"]
    gas = bench["gas_flow"] * bench.volume
    diameter = bench["impeller_ratio"] * bench.vessel_diameter
    power = gassed_power_michel_miller(bench.stirrer_power, bench["stirrer_speed"], diameter, gas).value
    speed = gas / (0.25 * math.pi * bench.vessel_diameter**2)
    density = power / bench.volume
    return kla_coalescing(density, speed).value, kla_noncoalescing(density, speed).value
