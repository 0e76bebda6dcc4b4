"""Section [gas]: how the tank is aerated, what its broth does to bubbles and gas, what was measured of it."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from rushton.case.fields import (
    Angle,
    DissolvedOxygen,
    GasRate,
    Length,
    OptionalRate,
    OptionalVolumetricRate,
    Pressure,
    Section,
    SurfaceTension,
)
from rushton.correlations import OXYGEN_IN_AIR

HALF_SATURATION_OXYGEN = 5e-3
"""Oxygen at half of the largest uptake, mol/m3. Critical concentrations of E. coli, yeast and moulds are quoted as
0.004 to 0.02 mol/m3 (textbook tables, second-hand); a value of a strain of its own belongs in the case."""


class Sparger(Section):
    """Where the gas enters: evenly along a ring, or at one point such as the end of a pipe."""

    type: Literal["ring", "point"] = Field(default="ring", description="ring sparger, or one point (open pipe)")
    diameter: Length = Field(gt=0.0, description="diameter of the ring (default: 0.8 D of the lowest impeller)")
    radius: Length = Field(default=0.0, ge=0.0, description="distance of the point from the axis")
    angle: Angle = Field(default=0.0, description="angle of the point to the first baffle")
    height: Length = Field(gt=0.0, description="height above the floor (default: mid-way to the lowest impeller)")
    tube: Length = Field(gt=0.0, description="diameter of ring tube or point, over which gas enters (default: T/50)")
    obstacle: bool = Field(default=False, description="whether the ring stands in the way of the flow, as a solid")

    @property
    def section(self) -> tuple[float, float, float, float] | None:
        """Inner and outer radius, lower and upper height of the ring as an obstacle, m; None where it is none.

        Square in section, with the volume of the tube."""
        if not self.obstacle:
            return None
        half, radius = 0.25 * math.sqrt(math.pi) * self.tube, 0.5 * self.diameter
        return radius - half, radius + half, self.height - half, self.height + half


class Respiration(Section):
    """Oxygen uptake Q C/(K + C) of the biomass and its carbon dioxide, mol per volume and time."""

    max: OptionalVolumetricRate = Field(
        default=None,
        ge=0.0,
        description="largest oxygen uptake Q of the broth, the same everywhere (default: from the substrate eaten)",
    )
    per_substrate: float | None = Field(
        default=None,
        gt=0.0,
        le=50.0,
        description="oxygen per substrate eaten, mol/mol (default: half of the carbon into biomass, 2.85 for glucose)",
    )
    half_saturation: DissolvedOxygen = Field(
        default=HALF_SATURATION_OXYGEN, gt=0.0, le=0.2, description="oxygen at half of the largest uptake, K"
    )
    quotient: float = Field(default=1.0, ge=0.0, le=3.0, description="respiratory quotient, mol CO2 per mol O2")


class Gas(Section):
    """Aeration: gas supply, sparger, bubbles, respiration; measured values calibrate its closures."""

    rate: GasRate = Field(gt=0.0, description="rate of dry gas at 0 degC and 101,325 Pa")
    head_pressure: Pressure = Field(default=101_325.0, ge=1e4, le=2e6, description="absolute pressure above the liquid")
    oxygen_fraction: float = Field(
        default=OXYGEN_IN_AIR, gt=0.0, le=1.0, description="mole fraction of oxygen in the dry gas"
    )
    carbon_dioxide_fraction: float = Field(
        default=4.2e-4, ge=0.0, lt=1.0, description="mole fraction of carbon dioxide in the dry gas"
    )
    sparger: Sparger = Field(description="where the gas enters (default: a ring below the lowest impeller)")
    bubbles: Literal["coalescing", "non-coalescing"] = Field(
        default="coalescing", description="water and antifoamed broths coalesce, salt solutions do not"
    )
    surface_tension: SurfaceTension = Field(default=0.072, ge=0.02, le=0.1, description="of the broth")
    respiration: Respiration = Field(default_factory=Respiration, description="oxygen uptake of the biomass")
    holdup: float | None = Field(
        default=None, gt=0.0, lt=0.5, description="measured gas hold-up, -; calibrates the rise of the bubbles"
    )
    kla: OptionalRate = Field(
        default=None, gt=0.0, le=10.0, description="measured mean kLa; calibrates the transfer coefficient"
    )
    feedback: Literal["flow", "none"] = Field(
        default="flow", description="solve the flow again with gassed power and buoyancy, or only slow it"
    )
