"""One impeller: its dimensions, in the standard proportions of its type where the case gives none.

Where its blades are follows from them in ``rushton.case.blades``.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, field_validator

from rushton.case.blades import axial_height, form, is_disc_turbine
from rushton.case.fields import Angle, Length, OptionalAngle, Section
from rushton.case.library import entry


def _proportion(name: str) -> Any:
    """Default factory: a length of the impeller in the standard proportion of its type."""

    def factory(data: dict[str, Any]) -> float:
        proportions = entry("impellers", data.get("type", "rushton"))
        return float(proportions[name]) * float(data.get("diameter", math.nan))

    return factory


def _blade_angle(kind: str) -> float | None:
    """Blade angle of a type, rad; None where it has none to choose."""
    angle = entry("impellers", kind).get("angle")
    return None if angle is None else math.radians(float(angle))


def _radial(kind: str) -> bool:
    return str(entry("impellers", kind)["flow"]) == "radial"


class Impeller(Section):
    """One impeller on the shaft."""

    type: str = Field(default="rushton", description="type, a name of the library of impellers")
    diameter: Length = Field(gt=0.0, le=20.0, description="diameter over the blade tips")
    clearance: Length = Field(gt=0.0, description="height of the mid-plane above the floor")
    blades: int = Field(
        default_factory=lambda d: int(entry("impellers", d.get("type", "rushton"))["blades"]),
        ge=2,
        le=24,
        description="number of blades (default: 6 or by type)",
    )
    blade_height: Length = Field(
        default_factory=_proportion("blade_height"),
        gt=0.0,
        description="height of a blade; of pitched blades and hydrofoils their (mean) width along the chord (default: "
        "D/5 or by type)",
    )
    blade_length: Length = Field(
        default_factory=_proportion("blade_length"),
        gt=0.0,
        description="radial length of a blade (default: D/4 or by type)",
    )
    blade_thickness: Length = Field(
        default_factory=_proportion("blade_thickness"),
        gt=0.0,
        description="thickness of blade and disc, in the flow too where flow.blades makes them solid (default: D/100)",
    )
    disc_diameter: Length = Field(
        default_factory=_proportion("disc_diameter"),
        gt=0.0,
        description="diameter of the disc, of types without a disc that of the hub (default: 3/4 D or by type)",
    )
    angle: OptionalAngle = Field(
        default_factory=lambda d: _blade_angle(d.get("type", "rushton")),
        ge=math.radians(10.0),
        le=0.5 * math.pi,
        description="angle of pitched blades to the horizontal (default: 45 deg)",
    )
    pumping: Literal["down", "up"] | None = Field(
        default_factory=lambda d: None if _radial(d.get("type", "rushton")) else "down",
        description="where pitched blades and hydrofoils throw the liquid (default: down)",
    )
    first_blade: Angle = Field(
        default_factory=lambda d: math.pi / d["blades"] if d.get("blades") else math.nan,
        description="angle of the first blade to the first baffle (default: half a blade pitch)",
    )
    power_number: float | None = Field(
        default=None,
        gt=0.0,
        le=20.0,
        description="imposed power number: its power stands in the results beside the solved one and marked as "
        "imposed; the flow is not scaled to it",
    )

    @field_validator("type")
    @classmethod
    def _usable(cls, value: str) -> str:
        entry("impellers", value, "impeller.type")
        return value

    @property
    def radius(self) -> float:
        """Radius of the blade tips, m."""
        return 0.5 * self.diameter

    @property
    def height(self) -> float:
        """Height of the blades along the axis, m; of pitched ones that of their projection."""
        return axial_height(self)

    @property
    def hub_diameter(self) -> float:
        """Diameter of the hub that carries pitched blades and foils, m; 0 for disc turbines."""
        return 0.0 if is_disc_turbine(self) else self.disc_diameter

    @property
    def immersed(self) -> bool:
        """Whether the blades are no mesh faces or solids but surfaces immersed in the mesh."""
        return form(self) != "upright"
