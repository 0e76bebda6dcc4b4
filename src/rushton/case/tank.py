"""The vessel and places in it: points and spheres of liquid, baffles, the tank with its bottom and its shaft."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from rushton.case.bottoms import Bottom, bottom_depth, bottom_height, vessel_volume
from rushton.case.fields import Angle, Length, OptionalLength, Section
from rushton.case.filling import context, filled


class Position(Section):
    """A point in the tank."""

    radius: Length = Field(ge=0.0, description="distance from the axis")
    angle: Angle = Field(default=0.0, description="angle to the first baffle, in the sense of rotation")
    height: Length = Field(ge=0.0, description="height above the floor")

    @property
    def xyz(self) -> tuple[float, float, float]:
        """Cartesian coordinates, m; x points to the first baffle."""
        return (self.radius * math.cos(self.angle), self.radius * math.sin(self.angle), self.height)


class Sphere(Position):
    """A ball of liquid, into which a pulse or a feed is put."""

    diameter: Length = Field(gt=0.0, description="diameter of the sphere")


class Baffles(Section):
    """Flat baffles on the wall, without thickness, up to the surface, the first at angle 0."""

    count: int = Field(default=4, ge=0, le=12, description="number of baffles")
    width: Length = Field(gt=0.0, description="radial width (default: T/10)")
    lower_edge: OptionalLength = Field(
        default=None,
        ge=0.0,
        description="height of their lower edge over the lowest point of the tank; one below a dish ends on it "
        "(default: the lower end of the cylinder)",
    )


class Tank(Section):
    """Upright cylinder with a flat or dished bottom, filled with liquid."""

    diameter: Length = Field(ge=0.02, le=30.0, description="inner diameter")
    liquid_height: Length = Field(
        ge=0.01, le=100.0, description="height of the liquid over the lowest point of the bottom"
    )
    bottom: Bottom = Field(
        default="flat",
        description="flat, or dished: torispherical (Kloepper head), korbbogen (deeper torispherical head) or "
        "elliptical (2:1)",
    )
    baffles: Baffles = Field(
        default_factory=lambda d: Baffles.model_construct(
            _fields_set=set(), count=4, width=d.get("diameter", math.nan) / 10.0
        ),
        description="baffles",
    )
    shaft_diameter: Length = Field(
        default_factory=lambda d: d.get("diameter", math.nan) / 20.0,
        gt=0.0,
        description="diameter of the shaft (default: T/20)",
    )
    shaft_from: Literal["top", "bottom"] = Field(
        default="top",
        description="where the shaft enters: from above it ends at the lower blade edge of the lowest impeller, from "
        "below at the upper blade edge of the highest",
    )

    @field_validator("baffles", mode="wrap")
    @classmethod
    def _baffle_width(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        if isinstance(value, dict) and "width" not in value and "diameter" in info.data:
            diameter = info.data["diameter"]
            return filled(
                handler, value, {"width": diameter / 10.0 if context(info) is None else f"{diameter / 10.0!r} m"}
            )
        return handler(value)

    @property
    def volume(self) -> float:
        """Volume of the vessel up to the surface, shaft included, m3."""
        return vessel_volume(self.bottom, self.diameter, self.liquid_height)

    @property
    def bottom_depth(self) -> float:
        """Height of the lower end of the cylinder over the lowest point, m; 0 with a flat bottom."""
        return bottom_depth(self.bottom, self.diameter)

    @property
    def baffle_edge(self) -> float:
        """Height of the lower edge of the baffles over the lowest point, m."""
        return self.bottom_depth if self.baffles.lower_edge is None else self.baffles.lower_edge

    def bottom_at(self, radius: float) -> float:
        """Height of the bottom over its lowest point at a radius in m, m."""
        return float(bottom_height(self.bottom, self.diameter, radius))
