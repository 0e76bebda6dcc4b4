"""What a case is: frozen sections in SI units, every field with its default, its range and its meaning.

Angles are measured from the plane of the first baffle in the sense of rotation, heights from the lowest point of the
tank, a clearance from there to the mid-plane of the impeller. A value left out is filled with the default of its field;
``Case.defaults`` lists what was filled in.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, field_validator, model_validator

from rushton.case import checks
from rushton.case.blades import solid_volume
from rushton.case.broth import Broth, PowerLaw
from rushton.case.critical import Critical
from rushton.case.fields import (
    Concentration,
    Length,
    MolarRate,
    OptionalLength,
    OptionalTime,
    Section,
    Speed,
    Time,
    UptakeRate,
)
from rushton.case.filling import context, default_keys, filled, from_library
from rushton.case.gas import Gas, Respiration, Sparger
from rushton.case.impeller import Impeller
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
from rushton.case.tank import Baffles, Position, Sphere, Tank
from rushton.correlations import metzner_otto_constant
from rushton.errors import CaseError

DRAFT_CELLS, DRAFT_DURATION, DRAFT_HISTORIES = 2_000, 120.0, 20
"""Caps of a draft on the number of cells (-), the duration of lifelines (s) and the number of histories (-)."""

LARGEST_SPREAD = 2.0
"""Largest relative standard deviation of a parameter between cells; beyond it the mean rests on a few cells."""

__all__ = [
    "QUALITIES",
    "Baffles",
    "Broth",
    "Case",
    "Critical",
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


class Operation(Section):
    """How the tank is run."""

    speed: Speed = Field(gt=0.0, le=100.0, description="stirrer speed, revolutions per second")

    @property
    def omega(self) -> float:
        """Angular speed, rad/s."""
        return 2.0 * math.pi * self.speed


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
    model_file: str | None = Field(
        default=None, description="a Python file with a model of your own, of which `model` is the class"
    )
    model: str = Field(description="cell model")
    uptake: Uptake = Field(description="uptake law of the biomass in the concentration field")
    regimes: Regimes = Field(default_factory=Regimes, description="borders of the regimes")
    critical: Critical = Field(default_factory=Critical, description="what cells of this strain should not meet")
    parameters: dict[str, float] = Field(
        default_factory=dict, description="parameters of the cell model that differ, in its units"
    )
    spread: dict[str, float] = Field(
        default_factory=dict,
        description="relative standard deviation of parameters between cells, such as { v13max = 0.1 }",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        keys = ("model", "uptake", "regimes", "critical", "parameters", "spread")
        return from_library(value, handler, info, "strains", keys)

    @field_validator("model")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        if not info.data.get("model_file"):
            entry("models", value, "strain.model")
        return value

    @field_validator("spread")
    @classmethod
    def _relative(cls, value: dict[str, float]) -> dict[str, float]:
        for name, cv in value.items():
            if not 0.0 <= cv <= LARGEST_SPREAD:
                raise CaseError(
                    f"{cv:g} is no relative standard deviation",
                    f"strain.spread.{name}",
                    f"a number from 0 to {LARGEST_SPREAD:g}; 0.1 is 10 % between cells",
                )
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
        written = size if context(info) is None else f"{size!r} m"
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
            return filled(handler, value, missing)
        return handler(value)

    @field_validator("gas", mode="wrap")
    @classmethod
    def _sparger(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        given = value.get("sparger", {}) if isinstance(value, dict) else None
        if not isinstance(given, dict) or "tank" not in info.data or not info.data.get("impellers"):
            return handler(value)
        lengths = {
            key: length if context(info) is None else f"{length!r} m"
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
        return frozenset(default_keys(self, ""))


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
