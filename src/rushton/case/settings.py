"""Settings of the stages: lifelines, response, scale-down, flow, numerics; each with its default and range."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rushton.case.fields import (
    FlowRate,
    Length,
    OptionalBiomass,
    OptionalRate,
    OptionalTime,
    OptionalVolume,
    Section,
    Speed,
    Time,
    Volume,
)
from rushton.case.library import entry, shelf
from rushton.case.tank import Position, Sphere
from rushton.errors import CaseError
from rushton.units import to_si

QUALITIES: dict[str, int] = {"draft": 20_000, "standard": 100_000, "fine": 300_000}
"""Mesh cells of each quality."""


class ReleasePlace(Section):
    """A ball of liquid in which all cells start."""

    point: Position = Field(description="centre of the ball")
    diameter: Length = Field(gt=0.0, description="diameter of the ball")

    @property
    def sphere(self) -> Sphere:
        """The ball."""
        p = self.point
        return Sphere(radius=p.radius, angle=p.angle, height=p.height, diameter=self.diameter)


class LifelineSettings(Section):
    """How many cells are followed, for how long, and what is kept."""

    cells: int = Field(default=100_000, ge=10, le=10_000_000, description="number of cells followed")
    duration: Time = Field(default=600.0, ge=1.0, le=1e6, description="duration of a lifeline")
    coupling: Literal["one-way", "two-way"] = Field(
        default="one-way", description="do cells change the field they read"
    )
    slow_pools: Literal["as-they-start", "at-rest"] = Field(
        default="as-they-start",
        description="two-way coupling: pools of hours stay near those of the ideally mixed vessel, or are brought to "
        "rest first",
    )
    seed: int = Field(default=1, ge=0, lt=2**63, description="seed of the random walk")
    time_step: OptionalTime = Field(
        default=None, gt=0.0, le=1.0, description="step of a cell (default: chosen from the flow)"
    )
    sampling: Time = Field(default=0.3, gt=0.0, le=60.0, description="interval of the kept mesh-cell index")
    stored_cells: int = Field(
        default=100_000,
        ge=10,
        le=10_000_000,
        description="cells whose mesh-cell index is kept, the first so many; statistics are always of all cells",
    )
    full_records: int = Field(default=1000, ge=0, le=100_000, description="cells whose full record is kept")
    walk: Literal["interface", "langevin", "end-point"] = Field(
        default="interface",
        description="turbulent walk: interface (a random walk), langevin (velocities with memory) or end-point",
    )
    release: Literal["uniform", "feed", "point"] = Field(
        default="uniform",
        description="where cells start: all over the liquid, in the spheres of the feeds, or in a ball, given as "
        "{ point = { radius, angle, height }, diameter }",
    )
    release_place: ReleasePlace | None = Field(
        default=None, description="the ball, as read from a table given as release"
    )

    @model_validator(mode="before")
    @classmethod
    def _place_as_release(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("release"), dict):
            return {**value, "release": "point", "release_place": value["release"]}
        return value


class ResponseSettings(Section):
    """Long histories stitched from lifelines."""

    histories: int = Field(default=200, ge=2, le=100_000, description="number of histories")
    duration: Time = Field(default=288_000.0, ge=10.0, le=1e7, description="length of a history")
    join_tolerance: float = Field(
        default=0.02, gt=0.0, le=0.5, description="largest jump of s where records are joined"
    )


def _of_the_bench(name: str, kind: str) -> Any:
    """Default factory: a limit of a common bench, from the library."""

    def factory() -> Any:
        value = entry("lab", name)["value"]
        return tuple(to_si(v, kind) for v in value) if isinstance(value, list) else to_si(value, kind)

    return factory


class LabLimits(Section):
    """What the laboratory can do; a design stays inside. Defaults: ``library/lab.toml``."""

    feed_pump_min: FlowRate = Field(
        default_factory=_of_the_bench("feed_pump_min", "flow_rate"),
        gt=0.0,
        description="smallest rate of a feed pump (default: 0.05 mL/min)",
    )
    feed_pump_max: FlowRate = Field(
        default_factory=_of_the_bench("feed_pump_max", "flow_rate"),
        gt=0.0,
        description="largest rate of a feed pump (default: 50 mL/min)",
    )
    loop_pump_min: FlowRate = Field(
        default_factory=_of_the_bench("loop_pump_min", "flow_rate"),
        gt=0.0,
        description="smallest rate of a loop pump (default: 10 mL/min)",
    )
    loop_pump_max: FlowRate = Field(
        default_factory=_of_the_bench("loop_pump_max", "flow_rate"),
        gt=0.0,
        description="largest rate of a loop pump (default: 2500 mL/min)",
    )
    bores: tuple[Length, ...] = Field(
        default_factory=_of_the_bench("bores", "length"),
        min_length=1,
        description="bores of tubing at hand (default: 0.8 mm, 1.6 mm, 3.2 mm, 4.8 mm, 6.4 mm, 7.9 mm, 9.6 mm)",
    )
    tube_length_max: Length = Field(
        default_factory=_of_the_bench("tube_length_max", "length"), gt=0.0, description="longest tube (default: 100 m)"
    )
    side_share_max: float = Field(
        default=0.4, gt=0.0, lt=1.0, description="largest share of the volume outside the vessel"
    )
    exchange_line: Volume = Field(
        default_factory=_of_the_bench("exchange_line", "volume"),
        ge=0.0,
        description="broth in one line between two stirred vessels, pump head included (default: 30 mL)",
    )
    pulse_min: Time = Field(
        default_factory=_of_the_bench("pulse_min", "time"),
        gt=0.0,
        description="shortest pulse of a feed pump (default: 0.5 s)",
    )
    cycle_max: Time = Field(
        default_factory=_of_the_bench("cycle_max", "time"), gt=0.0, description="longest feed cycle (default: 1 h)"
    )
    pulse_volume_min: Volume = Field(
        default_factory=_of_the_bench("pulse_volume_min", "volume"),
        gt=0.0,
        description="smallest pulse a feed pump repeats well (default: 0.02 mL)",
    )
    pump_accuracy: float = Field(
        default=0.05, ge=0.0, le=0.5, description="relative error of a pump between calibrations"
    )
    biomass_min: OptionalBiomass = Field(
        default_factory=_of_the_bench("biomass_min", "biomass"), gt=0.0, description="lowest biomass (default: 5 g/L)"
    )
    biomass_max: OptionalBiomass = Field(
        default_factory=_of_the_bench("biomass_max", "biomass"), gt=0.0, description="highest biomass (default: 60 g/L)"
    )
    stirrer_speed: Speed = Field(
        default_factory=_of_the_bench("stirrer_speed", "speed"),
        gt=0.0,
        le=100.0,
        description="stirrer speed of the lab vessel (default: 700 rpm)",
    )
    vessel_volume_min: OptionalVolume = Field(
        default=None, gt=0.0, description="least broth that the rig still stirs and measures (default: any)"
    )
    vessel_volume_max: OptionalVolume = Field(
        default=None, gt=0.0, description="most broth that the rig holds (default: any)"
    )
    vessel_aspect: float = Field(
        default=1.0, ge=0.3, le=4.0, description="height of the broth in the lab vessel over its diameter"
    )
    impeller_ratio: float = Field(default=0.45, ge=0.1, le=0.8, description="impeller over diameter of the lab vessel")
    impeller_power_number: float = Field(
        default=5.0, gt=0.0, le=30.0, description="power number of the lab vessel's stirrer, turbulent, without gas"
    )
    robot_period_min: Time = Field(
        default_factory=_of_the_bench("robot_period_min", "time"),
        gt=0.5,
        description="shortest time in which a liquid handler comes back to a vessel (default: 60 s)",
    )
    robot_volume_min: Volume = Field(
        default_factory=_of_the_bench("robot_volume_min", "volume"),
        gt=0.0,
        description="smallest dose a liquid handler repeats well (default: 0.002 mL)",
    )
    mini_volume: Volume = Field(
        default_factory=_of_the_bench("mini_volume", "volume"),
        gt=0.0,
        le=1e-3,
        description="broth in a mini-bioreactor (default: 10 mL)",
    )
    mini_stirrer_speed: Speed = Field(
        default_factory=_of_the_bench("mini_stirrer_speed", "speed"),
        gt=0.0,
        le=100.0,
        description="stirrer speed of a mini-bioreactor (default: 2800 rpm)",
    )
    switch_time_min: Time = Field(
        default_factory=_of_the_bench("switch_time_min", "time"),
        gt=0.0,
        le=60.0,
        description="time in which a switch of media in a chamber is 95 % complete (default: 1 s)",
    )
    media_max: int = Field(default=6, ge=2, le=24, description="media between which a chamber can switch")
    gas_flow: float = Field(default=1.0, ge=0.001, le=10.0, description="air to the lab vessel, vvm")
    slowest_speed: Speed = Field(
        default_factory=_of_the_bench("slowest_speed", "speed"),
        gt=0.0,
        le=100.0,
        description="slowest stirrer speed that still suspends the cells (default: 100 rpm)",
    )
    kla_min: OptionalRate = Field(
        default=None, gt=0.0, le=1.0, description="measured kLa at the slowest stirrer speed (default: estimated)"
    )
    kla_max: OptionalRate = Field(
        default=None, gt=0.0, le=1.0, description="measured kLa at stirrer_speed and gas_flow (default: van 't Riet's)"
    )
    kla_settling: Time = Field(
        default_factory=_of_the_bench("kla_settling", "time"),
        ge=0.0,
        le=600.0,
        description="first-order time in which kLa follows a step of the stirrer (default: 3 s)",
    )
    phase_min: Time = Field(
        default_factory=_of_the_bench("phase_min", "time"),
        gt=0.0,
        le=15.0,
        description="shortest phase of a stirrer or gas that switches oxygen (default: 3 s)",
    )
    probe_lag: Time = Field(
        default_factory=_of_the_bench("probe_lag", "time"),
        gt=0.0,
        le=600.0,
        description="first-order time of the oxygen probe (default: 35 s)",
    )
    jacket_transfer: float = Field(
        default=150.0, gt=0.0, le=3000.0, description="heat transfer of the lab vessel's jacket, W/(m2 K)"
    )
    coolant_difference: float = Field(
        default=10.0, gt=0.0, le=60.0, description="broth warmer than the coolant in its jacket, at most, K"
    )

    @model_validator(mode="after")
    def _orders(self) -> LabLimits:
        for kind in ("feed_pump", "loop_pump", "biomass", "vessel_volume", "kla"):
            low, high = getattr(self, f"{kind}_min"), getattr(self, f"{kind}_max")
            if low is not None and high is not None and low >= high:
                what = kind.replace("_", " ")
                raise CaseError(
                    f"the smallest {what} is not below the largest",
                    f"scaledown.limits.{kind}_min",
                    f"lower {kind}_min or raise {kind}_max",
                )
        if "slowest_speed" in self.model_fields_set and self.slowest_speed >= self.stirrer_speed:
            raise CaseError(
                "the slowest speed of the stirrer is not below its speed",
                "scaledown.limits.slowest_speed",
                f"below {60.0 * self.stirrer_speed:g} rpm, the stirrer_speed",
            )
        return self


class EquipmentNames(Section):
    """Equipment of the library (`rushton list equipment`) that sets the limits which the case leaves open."""

    vessel: str | None = Field(default=None, description="the stirred vessel")
    loop_pump: str | None = Field(default=None, description="the pump of a loop")
    feed_pump: str | None = Field(default=None, description="the feed pump")
    tubing: str | None = Field(default=None, description="the tubing of a loop")
    liquid_handler: str | None = Field(default=None, description="the robot that doses mini-bioreactors")
    mini_vessel: str | None = Field(default=None, description="the mini-bioreactor")

    @field_validator("*")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            kind = str(info.field_name)
            found = entry("equipment", value, f"scaledown.equipment.{kind}")
            if found["kind"] != kind:
                known = [name for name, one in shelf("equipment").items() if one["kind"] == kind]
                raise CaseError(
                    f"'{value}' is a {found['kind'].replace('_', ' ')}",
                    f"scaledown.equipment.{kind}",
                    f"one of: {', '.join(known)}",
                )
        return value

    @property
    def chosen(self) -> dict[str, dict[str, Any]]:
        """Entries of the library that were chosen, by name."""
        return {name: entry("equipment", name) for name in self.model_dump().values() if name is not None}


class ScaledownSettings(Section):
    """The rigs to design, and within which limits."""

    rigs: tuple[
        Literal[
            "str-pfr",
            "str-str",
            "three-compartments",
            "pulsed-feed",
            "mini-bioreactors",
            "microfluidic",
            "oxygen-switching",
        ],
        ...,
    ] = Field(default=("str-pfr", "pulsed-feed"), min_length=1, description="rigs to design")
    working_volume: Volume = Field(default=0.003, ge=1e-6, le=1.0, description="liquid in the whole rig")
    equipment: EquipmentNames = Field(
        default_factory=EquipmentNames, description="equipment by name, for limits not given here"
    )
    limits: LabLimits = Field(default_factory=LabLimits, description="what the laboratory can do")
    seed: int = Field(default=1, ge=0, lt=2**31, description="seed of the optimisation")

    @model_validator(mode="before")
    @classmethod
    def _limits_of_the_equipment(cls, value: Any) -> Any:
        """Limits that the case leaves open are those of the equipment it names."""
        if not isinstance(value, dict) or not isinstance(value.get("equipment"), dict):
            return value
        limits = value.get("limits", {})
        if not isinstance(limits, dict):
            return value
        known = shelf("equipment")
        named = [known[name] for name in value["equipment"].values() if isinstance(name, str) and name in known]
        filled = {key: limit for one in named for key, limit in one["limits"].items()}
        return {**value, "limits": {**filled, **limits}}

    @model_validator(mode="after")
    def _fits(self) -> ScaledownSettings:
        low, high = self.limits.vessel_volume_min, self.limits.vessel_volume_max
        if (low is not None and self.working_volume < low) or (high is not None and self.working_volume > high):
            least, most = ("any" if v is None else f"{1e3 * v:g} L" for v in (low, high))
            raise CaseError(
                f"a working volume of {1e3 * self.working_volume:g} L does not fit a rig for {least} to {most}",
                "scaledown.working_volume",
                "change the working volume, or name another vessel (`rushton list equipment`)",
            )
        return self


class FlowSettings(Section):
    """How the turbulent flow is modelled."""

    turbulence: Literal["k-epsilon", "realizable-k-epsilon", "k-omega-sst", "laminar"] = Field(
        default="k-epsilon", description="turbulence model; below Re = 100 always laminar"
    )
    blades: Literal["auto", "solid", "thin"] = Field(
        default="auto",
        description="blades and discs of disc turbines as solids with their thickness or as faces without it (default: "
        "solid; thin where there are less than 30,000 mesh cells for each of them, or rotor or frame ask for it)",
    )
    rotor: Literal["frozen", "sliding"] = Field(
        default="frozen",
        description="rotor at one angle, steady, or turning in time and averaged (blades of disc turbines thin)",
    )
    zone_radius: float | None = Field(
        default=None,
        gt=1.0,
        le=3.0,
        description="radius of a rotating zone, in blade tip radii (default: mid-way to the baffles, at most 1.45)",
    )
    zone_height: float = Field(
        default=0.7, gt=0.2, le=3.0, description="height of a rotating zone, in impeller diameters"
    )


class Numerics(Section):
    """How finely it is computed."""

    quality: Literal["draft", "standard", "fine"] = Field(
        default="standard", description="about 2e4, 1e5 or 3e5 mesh cells"
    )
    mesh_cells: int | None = Field(default=None, ge=2_000, le=5_000_000, description="mesh cells; overrides quality")
    angular_cells: int | None = Field(
        default=None,
        ge=8,
        le=720,
        description="mesh cells round the tank, about; fitted to blades and baffles (default: 48, 72 or 96)",
    )
    refine: bool = Field(
        default=False, description="form an error statement: three grids, hidden choices varied, a band on the numbers"
    )
    sensitivity: bool = Field(
        default=False,
        description="vary half saturation, largest uptake, biomass and turbulent Schmidt number on the same flow",
    )
    frame: Literal["relative", "absolute"] = Field(
        default="relative", description="flux that carries scalars and cells in rotating zones, to the blades or not"
    )

    @property
    def target_mesh_cells(self) -> int:
        """Wanted number of mesh cells in the full tank."""
        return self.mesh_cells if self.mesh_cells is not None else QUALITIES[self.quality]
