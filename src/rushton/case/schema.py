"""What a case is: frozen sections in SI units, every field with its default, its range and its meaning.

Angles are measured from the plane of the first baffle in the sense of rotation, heights from the lowest point of the
tank, a clearance from there to the mid-plane of the impeller. A value left out is filled with the default of its field;
``Case.defaults`` lists what was filled in.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, field_validator, model_validator

from rushton.case import checks
from rushton.case.blades import axial_height, form, is_disc_turbine, solid_volume
from rushton.case.bottoms import Bottom, bottom_depth, bottom_height, vessel_volume
from rushton.case.fields import (
    Angle,
    Concentration,
    Density,
    Length,
    MolarRate,
    OptionalAngle,
    OptionalBiomass,
    OptionalLength,
    OptionalTime,
    Quantity,
    Section,
    Speed,
    Temperature,
    Time,
    UnitError,
    UptakeRate,
    Viscosity,
)
from rushton.case.gas import Gas, Respiration, Sparger
from rushton.case.library import entry
from rushton.case.settings import (
    QUALITIES,
    FlowSettings,
    LabLimits,
    LifelineSettings,
    Numerics,
    ResponseSettings,
    ScaledownSettings,
)
from rushton.correlations import apparent_viscosity, metzner_otto_constant
from rushton.errors import CaseError
from rushton.units import consistency_to_si

DRAFT_CELLS, DRAFT_DURATION, DRAFT_HISTORIES = 2_000, 120.0, 20
"""Caps of a draft on the number of cells (-), the duration of lifelines (s) and the number of histories (-)."""

__all__ = [
    "QUALITIES",
    "Baffles",
    "Broth",
    "Case",
    "Feed",
    "FlowSettings",
    "Gas",
    "Impeller",
    "LabLimits",
    "LifelineSettings",
    "Mixing",
    "Numerics",
    "Operation",
    "Position",
    "PowerLaw",
    "Regimes",
    "Respiration",
    "ResponseSettings",
    "ScaledownSettings",
    "Sparger",
    "Sphere",
    "Strain",
    "Tank",
    "Uptake",
    "default_probes",
    "default_pulse",
]

_NAN = math.nan


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
            _fields_set=set(), count=4, width=d.get("diameter", _NAN) / 10.0
        ),
        description="baffles",
    )
    shaft_diameter: Length = Field(
        default_factory=lambda d: d.get("diameter", _NAN) / 20.0,
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
            return _filled(
                handler, value, {"width": diameter / 10.0 if _context(info) is None else f"{diameter / 10.0!r} m"}
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


def _proportion(name: str) -> Any:
    """Default factory: a length of the impeller in the standard proportion of its type."""

    def factory(data: dict[str, Any]) -> float:
        proportions = entry("impellers", data.get("type", "rushton"))
        return float(proportions[name]) * float(data.get("diameter", _NAN))

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
        default_factory=lambda d: math.pi / d["blades"] if d.get("blades") else _NAN,
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


class Operation(Section):
    """How the tank is run."""

    speed: Speed = Field(gt=0.0, le=100.0, description="stirrer speed, revolutions per second")

    @property
    def omega(self) -> float:
        """Angular speed, rad/s."""
        return 2.0 * math.pi * self.speed


class PowerLaw(Section):
    """A shear-thinning broth: viscosity = consistency x (shear rate)^(index - 1), between min and max."""

    law: Literal["power-law"] = Field(default="power-law", description="viscosity law")
    index: float = Field(ge=0.1, le=1.5, description="flow behaviour index n")
    consistency: Annotated[float, Quantity("consistency")] = Field(
        gt=0.0, le=1000.0, description="consistency K; its unit may be written with n or with the number"
    )
    min: Viscosity = Field(default=1e-3, ge=1e-4, le=100.0, description="viscosity at the highest shear rates")
    max: Viscosity = Field(default=100.0, ge=1e-4, le=1e4, description="viscosity at rest")

    @field_validator("consistency", mode="before")
    @classmethod
    def _with_its_unit(cls, value: Any, info: ValidationInfo) -> Any:
        if _context(info) is None and isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        try:
            return consistency_to_si(value, info.data.get("index", _NAN))
        except CaseError as problem:
            raise UnitError(problem) from None

    @field_validator("max")
    @classmethod
    def _above_min(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("min", 0.0):
            raise ValueError("the viscosity at rest lies below that at high shear rates; exchange min and max")
        return value

    def at(self, shear_rate: float) -> float:
        """Apparent viscosity at a shear rate in 1/s, Pa s."""
        return apparent_viscosity(self.consistency, self.index, shear_rate, self.min, self.max)


class Broth(Section):
    """The liquid: Newtonian or shear-thinning, uniform, with its biomass."""

    name: str | None = Field(default=None, description="a name of the library of broths, for what is not given here")
    density: Density = Field(default=1000.0, ge=500.0, le=2000.0, description="density")
    viscosity: Viscosity = Field(
        default=1e-3,
        ge=1e-4,
        le=100.0,
        description="dynamic viscosity, or a law as a table { law, consistency, index, min, max }; of a law it is that "
        "at the impeller by Metzner and Otto",
    )
    power_law: PowerLaw | None = Field(
        default=None, description="the law, as read from a table given as viscosity; it decides over viscosity"
    )
    temperature: Temperature = Field(default=298.15, ge=273.15, le=373.15, description="temperature")
    biomass: OptionalBiomass = Field(default=None, gt=0.0, le=400.0, description="dry weight per volume of broth")

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        def read(given: Any) -> Any:
            # a law stands where the number would; its value at the impeller follows when the tank is known
            if isinstance(given, dict) and isinstance(given.get("viscosity"), dict):
                rest = {k: v for k, v in given.items() if k != "viscosity"}
                return handler({**rest, "power_law": given["viscosity"]})
            return handler(given)

        return _from_library(value, read, info, "broths", ("density", "viscosity", "temperature"))

    @property
    def kinematic_viscosity(self) -> float:
        """nu = mu / rho, m2/s."""
        return self.viscosity / self.density


class Feed(Section):
    """A continuous feed of one substrate into a small sphere, without added volume."""

    substrate: str = Field(default="glucose", description="name of the substrate")
    rate: MolarRate = Field(gt=0.0, description="amount fed per time")
    position: Position = Field(description="centre of the sphere")
    diameter: Length = Field(gt=0.0, description="diameter of the sphere (default: T/10)")

    @field_validator("substrate")
    @classmethod
    def _known(cls, value: str) -> str:
        entry("substrates", value, "feed.substrate")
        return value

    @property
    def sphere(self) -> Sphere:
        """The sphere into which the feed goes."""
        p = self.position
        return Sphere(radius=p.radius, angle=p.angle, height=p.height, diameter=self.diameter)


class FeedPlace(Position):
    """A place of a feed study, where the whole feed goes in."""

    name: str = Field(min_length=1, max_length=60, description="what to call it")
    diameter: OptionalLength = Field(
        default=None, gt=0.0, description="diameter of each sphere (default: that of the first feed)"
    )
    points: int = Field(
        default=1, ge=1, le=64, description="feed points spaced equally round the ring through the place"
    )


class FeedStudy(Section):
    """Other places for the same feed: the substrate field of each on the same flow."""

    points: tuple[int, ...] = Field(
        default=(), max_length=10, description="numbers of feed points, equally spaced round the ring of the first feed"
    )
    positions: tuple[FeedPlace, ...] = Field(default=(), max_length=30, description="named places")

    @field_validator("points")
    @classmethod
    def _counts(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for n in value:
            if not 1 <= n <= 64:
                raise CaseError(f"{n} feed points", "feed_study.points", "each number from 1 to 64, such as [2, 4]")
        return value


class Mixing(Section):
    """The tracer test: a pulse, the probes, how long."""

    pulse: Sphere = Field(
        description="where the tracer goes in (default: the first feed, else r = T/4 at 0.9 H and 45 deg)"
    )
    probes: tuple[Position, ...] = Field(min_length=1, max_length=200, description="probes (default: twelve)")
    schmidt_turbulent: float = Field(default=0.7, ge=0.05, le=50.0, description="turbulent Schmidt number nu_t / D_t")
    duration: OptionalTime = Field(default=None, gt=0.0, description="longest time computed (default: until mixed)")


class Uptake(Section):
    """Specific uptake q = q_max C / (K + C) of the fed substrate by the biomass."""

    law: Literal["monod"] = Field(default="monod", description="uptake law")
    max: UptakeRate = Field(gt=0.0, description="largest specific uptake, per kg dry weight")
    half_saturation: Concentration = Field(gt=0.0, description="concentration at half of it")


class Regimes(Section):
    """Borders of the regimes of s = q/q_max."""

    starvation: float = Field(default=0.05, gt=0.0, lt=1.0, description="starvation below this s")
    excess: float = Field(default=0.95, gt=0.0, lt=1.0, description="excess above this s")
    margin: float = Field(
        default=0.01, ge=0.0, le=0.2, description="a crossing counts when it passes the border by this"
    )
    smoothing: Time = Field(default=0.36, ge=0.0, le=60.0, description="moving average of s before anything else")


class Strain(Section):
    """The organism: its cell model and what the concentration field sees of it."""

    name: str | None = Field(default=None, description="a name of the library of strains, for what is not given here")
    model: str = Field(description="cell model")
    uptake: Uptake = Field(description="uptake law of the biomass in the concentration field")
    regimes: Regimes = Field(default_factory=Regimes, description="borders of the regimes")
    parameters: dict[str, float] = Field(
        default_factory=dict, description="parameters of the cell model that differ, in its units"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        return _from_library(value, handler, info, "strains", ("model", "uptake", "regimes", "parameters"))

    @field_validator("model")
    @classmethod
    def _known(cls, value: str) -> str:
        entry("models", value, "strain.model")
        return value


class Case(Section):
    """One case: a tank, what is in it, and what is asked about it. Sections left out are None or empty."""

    name: str = Field(
        default="case", pattern=r"^[^/\\]+$", description="short name of the results (default: stem of the file)"
    )
    title: str = Field(default="", description="one line for headings")
    tank: Tank
    impellers: tuple[Impeller, ...] = Field(alias="impeller", min_length=1, max_length=12)
    operation: Operation
    broth: Broth = Field(default_factory=Broth)
    feeds: tuple[Feed, ...] = Field(alias="feed", default=(), max_length=50)
    feed_study: FeedStudy | None = None
    flow: FlowSettings = Field(default_factory=FlowSettings)
    mixing: Mixing = Field(default_factory=dict, validate_default=True)
    strain: Strain | None = None
    lifelines: LifelineSettings = Field(default_factory=LifelineSettings)
    response: ResponseSettings = Field(default_factory=ResponseSettings)
    scaledown: ScaledownSettings | None = None
    gas: Gas | None = None
    numerics: Numerics = Field(default_factory=Numerics)

    @field_validator("broth")
    @classmethod
    def _viscosity_at_the_impeller(cls, value: Broth, info: ValidationInfo) -> Broth:
        if value.power_law is None or "impellers" not in info.data or "operation" not in info.data:
            return value
        rate = impeller_shear_rate(info.data["impellers"], info.data["operation"])
        found = value.model_copy(update={"viscosity": value.power_law.at(rate)})
        found.model_fields_set.discard("viscosity")
        return found

    @field_validator("impellers")
    @classmethod
    def _sorted(cls, value: tuple[Impeller, ...]) -> tuple[Impeller, ...]:
        return tuple(sorted(value, key=lambda impeller: impeller.clearance))

    @field_validator("feeds", mode="wrap")
    @classmethod
    def _feed_size(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, (list, tuple)) or "tank" not in info.data:
            return handler(value)
        size = info.data["tank"].diameter / 10.0
        written = size if _context(info) is None else f"{size!r} m"
        open_ones = [isinstance(f, dict) and "diameter" not in f for f in value]
        feeds = handler([{**f, "diameter": written} if o else f for f, o in zip(value, open_ones, strict=True)])
        for feed, is_open in zip(feeds, open_ones, strict=True):
            if is_open:
                feed.model_fields_set.discard("diameter")
        return feeds

    @field_validator("mixing", mode="wrap")
    @classmethod
    def _pulse_and_probes(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        if isinstance(value, dict) and "tank" in info.data and "feeds" in info.data:
            tank, feeds = info.data["tank"], info.data["feeds"]
            missing = {
                key: make(tank, feeds)
                for key, make in (("pulse", default_pulse), ("probes", default_probes))
                if key not in value
            }
            return _filled(handler, value, missing)
        return handler(value)

    @field_validator("gas", mode="wrap")
    @classmethod
    def _sparger(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        given = value.get("sparger", {}) if isinstance(value, dict) else None
        if not isinstance(given, dict) or "tank" not in info.data or not info.data.get("impellers"):
            return handler(value)
        lengths = {
            key: length if _context(info) is None else f"{length!r} m"
            for key, length in default_sparger(info.data["tank"], info.data["impellers"]).items()
            if key not in given
        }
        gas = handler({**value, "sparger": {**given, **lengths}})
        gas.sparger.model_fields_set.difference_update(lengths)
        if "sparger" not in value:
            gas.model_fields_set.discard("sparger")
        return gas

    @model_validator(mode="after")
    def _checked(self) -> Case:
        checks.check_case(self)
        return self

    @property
    def shaft_end(self) -> float:
        """Height of the free end of the shaft, m."""
        return self.shaft_span[0 if self.tank.shaft_from == "top" else 1]

    @property
    def shaft_span(self) -> tuple[float, float]:
        """Lower and upper height of the shaft in the liquid, m (``tank.shaft_from``)."""
        lowest, highest = self.impellers[0], self.impellers[-1]
        if self.tank.shaft_from == "bottom":
            return 0.0, min(self.tank.liquid_height, highest.clearance + 0.5 * highest.height)
        return max(0.0, lowest.clearance - 0.5 * lowest.height), self.tank.liquid_height

    @property
    def sparger_ring(self) -> tuple[float, float, float, float] | None:
        """Section of a sparger ring that is an obstacle to the flow, m (``gas.sparger.obstacle``); None without one."""
        return None if self.gas is None else self.gas.sparger.section

    @property
    def thin_blades(self) -> bool:
        """Whether the mesh holds upright blades and discs without their thickness (``flow.blades``)."""
        return checks.thin_blades(self)

    @property
    def liquid_volume(self) -> float:
        """Volume of the liquid, without shaft, hubs and what else is solid of discs, upright blades and sparger, m3."""
        low, high = self.shaft_span
        shaft, thin = self.tank.shaft_diameter, self.thin_blades
        impellers = sum(solid_volume(imp, shaft, thin) for imp in self.impellers)
        ring = self.sparger_ring
        tube = 0.0 if ring is None else math.pi * (ring[1] ** 2 - ring[0] ** 2) * (ring[3] - ring[2])
        return self.tank.volume - 0.25 * math.pi * shaft**2 * (high - low) - impellers - tube

    @property
    def defaults(self) -> frozenset[str]:
        """Dotted keys of the values that were filled in, such as ``tank.baffles.width`` or ``impeller.0.blades``."""
        return frozenset(_default_keys(self, ""))


def impeller_shear_rate(impellers: tuple[Impeller, ...], operation: Operation) -> float:
    """k_s N of the largest impeller (Metzner and Otto), 1/s."""
    largest = max(impellers, key=lambda impeller: impeller.diameter)
    return metzner_otto_constant(largest.type).value * operation.speed


def default_pulse(tank: Tank, feeds: tuple[Feed, ...]) -> Sphere:
    """Where the tracer goes in: the first feed, else r = T/4, 0.9 H, 45 deg, a tenth of T across."""
    if feeds:
        return feeds[0].sphere
    height = min(0.9 * tank.liquid_height, tank.liquid_height - 0.05 * tank.diameter)
    return Sphere(radius=0.25 * tank.diameter, angle=math.pi / 4, height=height, diameter=0.1 * tank.diameter)


def default_sparger(tank: Tank, impellers: tuple[Impeller, ...]) -> dict[str, float]:
    """Lengths of a ring of 0.8 D mid-way between the floor and the lower edge of the lowest impeller, m."""
    lowest = impellers[0]
    return {
        "diameter": 0.8 * lowest.diameter,
        "height": 0.5 * (lowest.clearance - 0.5 * lowest.height),
        "tube": 0.02 * tank.diameter,
    }


def default_probes(tank: Tank, feeds: tuple[Feed, ...]) -> tuple[Position, ...]:
    """Twelve probes up the tank.

    r = 0.2 T, 0.3 T, 0.4 T in turn; angles by 90 deg from 45 deg (mid-way between four baffles); heights from 1/24 by
    1/12 of the way from the bottom below the probe to the surface.
    """
    radii = [(0.2 + 0.1 * (n % 3)) * tank.diameter for n in range(12)]
    floors = [tank.bottom_at(r) for r in radii]
    return tuple(
        Position(
            radius=radius,
            angle=math.radians(45.0 + 90.0 * (n % 4)),
            height=floor + (n + 0.5) / 12.0 * (tank.liquid_height - floor),
        )
        for n, (radius, floor) in enumerate(zip(radii, floors, strict=True))
    )


# --- filling in --------------------------------------------------------------------------------------------------


def _context(info: ValidationInfo) -> Any:
    """The validation context while a file is read, else None."""
    return info.context if info.context and "medium" in info.context else None


def _filled(handler: Any, given: dict[str, Any], missing: dict[str, Any]) -> Any:
    """Validate a section with values filled in, which are not counted as given."""
    section = handler({**given, **missing})
    section.model_fields_set.difference_update(missing)
    return section


def _from_library(value: Any, handler: Any, info: ValidationInfo, shelf: str, keys: tuple[str, ...]) -> Any:
    """Fill a section with what its library entry says, where the case says nothing."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return handler(value)
    found = entry(shelf, value["name"], f"{shelf.removesuffix('s')}.name")
    missing = {k: found[k] for k in keys if k in found and k not in value}
    return _filled(handler, value, missing)


def _default_keys(section: Section, prefix: str) -> list[str]:
    keys: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = prefix + (field.alias or name)
        given = name in section.model_fields_set
        if isinstance(value, Section):
            keys += _default_keys(value, key + ".") if given else _all_keys(value, key + ".")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for n, item in enumerate(value):
                keys += _default_keys(item, f"{key}.{n}.") if given else _all_keys(item, f"{key}.{n}.")
        elif not given and value not in (None, (), {}, ""):
            keys.append(key)
    return keys


def _all_keys(section: Section, prefix: str) -> list[str]:
    keys: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = prefix + (field.alias or name)
        if isinstance(value, Section):
            keys += _all_keys(value, key + ".")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for n, item in enumerate(value):
                keys += _all_keys(item, f"{key}.{n}.")
        elif value not in (None, (), {}, ""):
            keys.append(key)
    return keys
