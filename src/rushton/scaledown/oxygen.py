r"""Can the rig breathe: oxygen demand, how long a tube lasts without air, the kLa the vessel needs, the heat.

.. math:: OUR = Y_{O} q_{max} \langle s\rangle X,\quad t_{O_2} = C_{O_2}/(q_O X),\quad k_La = OUR/(C^* - C),\quad \dot q = 460\,\mathrm{kJ/mol}\cdot OUR

Y_O mol O2 per mol substrate (``equipment.toml``); respiration is taken either at the mean uptake (slow metabolism evens it out) or following uptake at
once: the truth lies between. Heat of respiration: C. L. Cooney, D. I. C. Wang, R. I. Mateles (1969) Biotechnol. Bioeng. 11:269 (0.46 MJ per mol O2).
"""

from __future__ import annotations

from dataclasses import dataclass

from rushton.scaledown.rig import Duty

HEAT = 460e3  # J/mol O2
CRITICAL = 0.2  # share of air saturation below which respiration is taken to suffer; lab practice


@dataclass(frozen=True)
class Breath:
    """Oxygen in a rig.

    Attributes
    ----------
    demand, demand_max : float
        OUR at the mean uptake and at the largest, mol/(m3 s).
    lasts, lasts_min : float
        Time from air saturation to none without air at these demands, s.
    kla : float
        Needed in the vessel to hold 30 % of air saturation at the mean demand of the whole rig, 1/s.
    heat : float
        W per m3 of broth at the mean demand.
    """

    demand: float
    demand_max: float
    lasts: float
    lasts_min: float
    kla: float
    heat: float


def breath(duty: Duty, biomass: float, mean_uptake: float, aerated_share: float) -> Breath:
    """Oxygen at a biomass (kg/m3), a mean uptake ratio, and a share of the broth that is aerated."""
    bench = duty.bench
    demand_max = bench["oxygen_per_substrate"] * duty.uptake_max * biomass
    demand = demand_max * mean_uptake
    saturation = bench["oxygen_saturation"]
    return Breath(
        demand, demand_max, saturation / demand, saturation / demand_max,
        demand / aerated_share / (0.7 * saturation), demand * HEAT,
    )  # fmt: skip
