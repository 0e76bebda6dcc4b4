"""What the bench can do: pumps, tubing, clocks, the lab vessel and how fast it blends.

The vessel blends to 95 % in theta_95 (``rushton.correlations.blend_time``, with its source). That takes three
first-order times, so what enters the vessel reaches the cells through a first-order lag of theta_95/3: no pulse in it
can be sharper, no zone of it can blend faster.

A rig of several vessels has smaller ones of the same proportions, stirred to the same power per volume, as far as a
drive turns. With D ~ V^(1/3) and P/V ~ N^3 D^2, N = N_1 (V_1/V)^(2/9): a vessel of 150 mL beside one of 3 L turns
nearly twice as fast, blends in half the time, and its kLa is much the same.

Every limit has a unit, a meaning and a source: ``[scaledown.limits]`` of the case, the library's lab.toml where the
case is silent, and ``equipment.toml`` beside this file for what a case does not set. Internally SI; a protocol speaks
mL/min, mL, mm, g/L, rpm.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.case.library import shelf
from rushton.correlations import blend_time
from rushton.scaledown.zones import laminar_pressure_drop, tube_length
from rushton.units import to_si

if TYPE_CHECKING:
    from rushton.case.schema import Case

TO_SI = {
    "mL/min": 1e-6 / 60.0, "mL": 1e-6, "L": 1e-3, "mm": 1e-3, "m": 1.0, "g/L": 1.0,
    "kPa": 1e3, "s": 1.0, "h": 3600.0, "rpm": 1.0 / 60.0,
    "1/h": 1.0 / 3600.0, "vvm": 1.0 / 60.0, "mol/m3": 1.0, "mol/mol": 1.0, "g/g": 1.0, "-": 1.0,
    "K": 1.0, "W/(m2 K)": 1.0,
}  # fmt: skip
"""Technician's unit -> SI."""

_KINDS = {
    "mL/min": "flow_rate", "mL": "volume", "m": "length", "s": "time", "g/L": "biomass", "rpm": "speed",
    "1/h": "rate",
}  # fmt: skip
"""Kind of quantity behind a unit (``rushton.units.KINDS``)."""

HANDY_TUBE = 12.0
"""A coil up to this length is easily mounted, m; longer only where no bore at hand allows less."""

SMALLEST_SHARE = 0.02
"""Share of the volume of the smallest vessel worth building, -."""

SHORTEST_TUBE = 0.5
"""A tube between vessel, pump head and vessel is at least this long, m."""

_FROM_CASE: dict[str, tuple[str, str]] = {
    "feed_pump_min": ("mL/min", "smallest flow of a feed pump"),
    "feed_pump_max": ("mL/min", "largest flow of a feed pump"),
    "loop_pump_min": ("mL/min", "smallest flow of a loop pump"),
    "loop_pump_max": ("mL/min", "largest flow of a loop pump"),
    "tube_length_max": ("m", "longest tube"),
    "side_share_max": ("-", "largest share of the volume outside the vessel"),
    "exchange_line": ("mL", "broth in one line between two stirred vessels, pump head included"),
    "pulse_min": ("s", "shortest pulse of a feed pump"),
    "cycle_max": ("s", "longest feed cycle"),
    "pulse_volume_min": ("mL", "smallest pulse that a feed pump repeats well"),
    "pump_accuracy": ("-", "relative error of a pump between calibrations"),
    "biomass_min": ("g/L", "lowest biomass of the rig"),
    "biomass_max": ("g/L", "highest biomass of the rig"),
    "stirrer_speed": ("rpm", "stirrer speed of the lab vessel"),
    "vessel_aspect": ("-", "height of the broth in the lab vessel over its diameter"),
    "impeller_ratio": ("-", "impeller over tank diameter of the lab vessel"),
    "impeller_power_number": ("-", "power number of the lab vessel's stirrer, turbulent, without gas"),
    "robot_period_min": ("s", "shortest time in which a liquid handler comes back to a vessel"),
    "robot_volume_min": ("mL", "smallest dose that a liquid handler repeats well"),
    "mini_volume": ("mL", "broth in a mini-bioreactor"),
    "mini_stirrer_speed": ("rpm", "stirrer speed of a mini-bioreactor"),
    "switch_time_min": ("s", "time in which a switch of media in a chamber is 95 % complete"),
    "media_max": ("-", "media between which a chamber can switch"),
    "gas_flow": ("vvm", "air to the stirred vessel, volumes of gas per volume of broth and minute"),
    "slowest_speed": ("rpm", "slowest stirrer speed of the lab vessel"),
    "kla_settling": ("s", "first-order time in which kLa follows a step of the stirrer"),
    "phase_min": ("s", "shortest phase of a stirrer or gas that switches oxygen"),
    "probe_lag": ("s", "first-order time of the oxygen probe"),
    "jacket_transfer": ("W/(m2 K)", "heat transfer of the jacket"),
    "coolant_difference": ("K", "broth warmer than the coolant in its jacket, at most"),
}
_MEASURED = {
    "kla_max": ("kla_measured", "kLa of the lab vessel at its stirrer speed and air"),
    "kla_min": ("kla_slowest", "kLa of the lab vessel at its slowest stirrer speed"),
}
"""Field of a measured value that a case or a vessel may give -> name among the limits, meaning."""
_PHYSICAL = ("stirrer_speed_max",)
"""Limits that change what a vessel does rather than what may be chosen."""
_ORDERED = {name: key[-4:] for key, (name, _) in _MEASURED.items()}
"""Whether a measured value is a largest or a smallest one."""
_PAIRS = ("feed_pump", "loop_pump", "biomass")
_DEFAULT_SOURCES = {
    "impeller_power_number": "J. H. Rushton, E. W. Costich and H. J. Everett (1950) Chem. Eng. Prog. 46:395",
    "jacket_transfer": "5 mm of borosilicate glass, 1.2 W/(m K) (ISO 3585), between films of 2500 and 500 W/(m2 K); "
    "steel some 500; bench practice",
}


@dataclass(frozen=True)
class Limit:
    """One limit of the bench: value in SI, the unit it is shown in, what it means and where it is from."""

    name: str
    value: float
    unit: str
    meaning: str
    source: str

    @property
    def shown(self) -> float:
        """Value in the technician's unit."""
        return self.value / TO_SI[self.unit]


def equipment() -> dict[str, Limit]:
    """Limits of the shipped bench, by name."""
    with open(Path(__file__).with_name("equipment.toml"), "rb") as file:
        data = tomllib.load(file)
    return {
        name: Limit(name, entry["value"] * TO_SI[entry["unit"]], entry["unit"], entry["meaning"], entry["source"])
        for name, entry in data.items()
    }


@dataclass(frozen=True)
class Bench:
    """The laboratory in which a rig is built.

    Parameters
    ----------
    volume : float
        Working volume of the whole rig, m3.
    limits : dict of Limit
        By name; ``bench["pulse_min"]`` is the value in SI.
    bores : tuple of float
        Inner diameters of tubing at hand, m, ascending.
    density, viscosity, temperature : float
        Of the broth, kg/m3, Pa s and K.
    """

    volume: float
    limits: dict[str, Limit]
    bores: tuple[float, ...]
    density: float = 1000.0
    viscosity: float = 1e-3
    temperature: float = 298.15

    def shipped_part(self) -> Bench | None:
        """This bench cut down to the limits of the library wherever it goes beyond them; None where it never does.

        A rig that fits the smaller bench fits this one.
        """
        from rushton.case.settings import LabLimits

        shipped, limits = LabLimits(), dict(self.limits)
        for name in _FROM_CASE:
            if name.endswith(("_min", "_max")):
                tighter = min if name.endswith("_max") else max
                value = tighter(self[name], float(getattr(shipped, name)))
                limits[name] = replace(limits[name], value=value)
        bores = tuple(b for b in self.bores if b in shipped.bores) or self.bores
        if any(limits[f"{kind}_min"].value >= limits[f"{kind}_max"].value for kind in _PAIRS):
            return None
        part = replace(self, limits=limits, bores=bores)
        return None if part == self else part

    def tighter(self, other: Bench, equal: Sequence[str] = ()) -> list[str] | None:
        """Names of the limits in which this bench is tighter than another; None where it is looser, or otherwise
        different, in any: what fits this bench need not fit the other.

        Parameters
        ----------
        other : Bench
        equal : sequence of str
            Limits that must be the same, because they change what a rig does rather than what may be chosen.
        """
        same = (self.volume, self.density, self.viscosity, self.temperature)
        if same != (other.volume, other.density, other.viscosity, other.temperature):
            return None
        if self.limits.keys() != other.limits.keys() or not set(self.bores) <= set(other.bores):
            return None
        found = [] if self.bores == other.bores else ["bores"]
        for name in self.limits:
            mine, theirs = self[name], other[name]
            if mine == theirs:
                continue
            kind = _ORDERED.get(name, name[-4:])
            if name in (*_PHYSICAL, *equal) or kind not in ("_min", "_max") or (mine > theirs) == (kind == "_max"):
                return None
            found.append(name)
        return found

    def __getitem__(self, name: str) -> float:
        return self.limits[name].value

    @classmethod
    def from_case(cls, case: Case) -> Bench:
        """The bench of a case: its own limits first, then the shipped ones."""
        assert case.scaledown is not None
        given: Any = case.scaledown.limits
        limits = equipment()
        named = {
            key: (f"{name}: {one['source']}", value)
            for name, one in case.scaledown.equipment.chosen.items()
            for key, value in one["limits"].items()
        }
        for name, (unit, meaning) in _FROM_CASE.items():
            value = float(getattr(given, name)) * (TO_SI[unit] if unit == "vvm" else 1.0)
            source = "case file, scaledown.limits"
            if f"scaledown.limits.{name}" in case.defaults or "scaledown.limits" in case.defaults:
                source = str(shelf("lab").get(name, {}).get("source", _DEFAULT_SOURCES.get(name, "bench practice")))
            elif name in named and math.isclose(value, _as_si(named[name][1], unit), rel_tol=1e-9):
                source = named[name][0]
            limits[name] = Limit(name, value, unit, meaning, source)
        for key, (name, meaning) in _MEASURED.items():
            if (rate := getattr(given, key)) is not None:
                own = key in named and math.isclose(rate, _as_si(named[key][1], "1/h"), rel_tol=1e-9)
                source = named[key][0] if own else "case file, scaledown.limits"
                limits[name] = Limit(name, float(rate), "1/h", meaning, source)
        broth = case.broth
        return cls(
            case.scaledown.working_volume,
            limits,
            tuple(sorted(given.bores)),
            broth.density,
            broth.viscosity,
            broth.temperature,
        )

    # --- the lab vessel ----------------------------------------------------------------------------------------

    @property
    def vessel_diameter(self) -> float:
        """Diameter of a vessel of the bench's aspect that holds the working volume, m."""
        return (4.0 * self.volume / (math.pi * self["vessel_aspect"])) ** (1.0 / 3.0)

    @property
    def blend_time(self) -> float:
        """theta_95 of the lab vessel, s."""
        width = self.vessel_diameter
        return blend_time(
            self["stirrer_speed"],
            self["impeller_ratio"] * width,
            width,
            self["vessel_aspect"] * width,
            self["impeller_power_number"],
            self.viscosity / self.density,
        ).value

    @property
    def blend_lag(self) -> float:
        """First-order time by which what enters the vessel reaches the cells, theta_95/3, s."""
        return self.blend_time / 3.0

    @property
    def stirrer_power(self) -> float:
        """Power of the lab vessel's stirrer without gas, W."""
        diameter = self["impeller_ratio"] * self.vessel_diameter
        return self["impeller_power_number"] * self.density * self["stirrer_speed"] ** 3 * diameter**5

    def holding(self, volume: float) -> Bench:
        """The bench with a vessel of the same proportions for another volume of broth, m3.

        It is stirred to the same power per volume: its speed is N (V/volume)^(2/9), no more than ``stirrer_speed_max``.
        """
        wanted = self["stirrer_speed"] * (self.volume / volume) ** (2.0 / 9.0)
        speed = min(wanted, max(self["stirrer_speed"], self["stirrer_speed_max"]))
        limits = self.limits | {"stirrer_speed": replace(self.limits["stirrer_speed"], value=speed)}
        return replace(self, volume=volume, limits=limits)

    # --- tubing ------------------------------------------------------------------------------------------------

    def bore_for(self, volume: float, flow: float) -> float | None:
        """Smallest bore (the highest Reynolds number) whose tube of this volume is handy and not too tight at this
        flow, m.

        Where none is handy the widest that is allowed; None where no bore will do.
        """
        fitting = []
        for bore in self.bores:
            length = tube_length(volume, bore)
            drop = laminar_pressure_drop(flow, bore, length, self.viscosity, self.density)
            if SHORTEST_TUBE <= length <= self["tube_length_max"] and drop <= self["tube_pressure_max"]:
                fitting.append(bore)
                if length <= HANDY_TUBE:
                    return bore
        return fitting[-1] if fitting else None


def _as_si(value: Any, unit: str) -> float:
    """A limit of the library's equipment, a text with its unit or a plain number, in SI."""
    if isinstance(value, str):
        return to_si(value, _KINDS[unit])
    return float(value) * (TO_SI[unit] if unit == "vvm" else 1.0)


def rounded(value: float, step: float) -> float:
    """The nearest multiple of a step, at least one step."""
    return max(1, round(value / step)) * step
