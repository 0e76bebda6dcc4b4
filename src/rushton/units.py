"""The one place where '250 rpm' and '54 m3' become SI floats.

Every quantity of a case file belongs to a *kind* (length, speed, viscosity ...), which fixes its SI unit and the
units it accepts. ``to_si(text, kind)`` reads "number unit"; a bare number or a unit of the wrong dimension is refused
with the units that would do. pint does the arithmetic and is loaded at the first text that needs it.

What pint would not read, or would read wrongly, is handled here:

- "54 m3", "kg/m3", "s-1": a digit behind a unit is its power.
- A speed is a number of revolutions: 98 rpm = 98/60 rev/s = 1.633 rev/s. pint would make it 10.26 rad/s and the power
  (2 pi)^3 = 248 times too large. 1/s and Hz are read as revolutions per second, rad/s is divided by 2 pi.
- "1 vvm" is one liquid volume of gas per minute, "NL/min", "Nm3/h", "slpm" count gas at 0 degC and 101,325 Pa.
- Amounts per mass of broth ("55 g/kg", "7.8 umol/kg") become amounts per volume by the density of the broth; masses of
  a substrate ("20 g/h") become moles by its molar mass.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rushton.errors import CaseError

NORMAL_TEMPERATURE = 273.15
"""Temperature at which normal litres count, K (DIN 1343)."""
NORMAL_PRESSURE = 101_325.0
"""Pressure at which normal litres count, Pa (DIN 1343)."""


OXYGEN_MOLAR_MASS = 0.031998
"""Of O2, kg/mol."""
CARBON_DIOXIDE_MOLAR_MASS = 0.0440095
"""Of CO2, kg/mol."""


@dataclass(frozen=True)
class Kind:
    """A kind of quantity.

    Attributes
    ----------
    si : str
        Unit in which values of this kind are stored.
    examples : tuple of str
        Ways to write it, for error messages; the first is the customary one.
    """

    si: str
    examples: tuple[str, ...]


KINDS: dict[str, Kind] = {
    "length": Kind("m", ("0.27 m", "270 mm", "27 cm")),
    "angle": Kind("rad", ("45 deg", "0.785 rad")),
    "time": Kind("s", ("600 s", "10 min", "80 h")),
    "volume": Kind("m3", ("54 m3", "3 L", "250 mL")),
    "speed": Kind("rev/s", ("98 rpm", "1.63 1/s", "1.63 rev/s")),
    "mass": Kind("kg", ("250 g", "0.25 kg")),
    "density": Kind("kg/m3", ("1000 kg/m3", "1.02 g/mL", "1.02 kg/L")),
    "viscosity": Kind("Pa s", ("1 mPa s", "0.001 Pa s", "1 cP")),
    "consistency": Kind("Pa s^n", ("0.5 Pa s^n", "0.5 Pa.s^0.4", "500 mPa s^n")),
    "temperature": Kind("K", ("25 degC", "298.15 K")),
    "pressure": Kind("Pa", ("0.5 bar", "50 kPa")),
    "biomass": Kind("kg/m3", ("55 g/kg", "55 g/L", "55 kg/m3")),
    "molar_rate": Kind("mol/s", ("0.37 mol/s", "20 mmol/h", "4 g/h")),
    "uptake": Kind("mol/kg/s", ("1600 umol/g/h", "1.6 mmol/g/h", "0.29 g/g/h")),
    "concentration": Kind("mol/m3", ("7.8 umol/kg", "0.0078 mM", "1.4 mg/L")),
    "dissolved_oxygen": Kind("mol/m3", ("5 umol/L", "0.005 mM", "0.16 mg/L")),
    "dissolved_carbon_dioxide": Kind("mol/m3", ("2 mmol/L", "2 mM", "90 mg/L")),
    "dissipation": Kind("W/kg", ("10 W/kg", "10 kW/m3")),
    "gas_rate": Kind("Nm3/s", ("1 vvm", "3 NL/min", "50 Nm3/h")),
    "flow_rate": Kind("m3/s", ("20 mL/min", "1.2 L/h", "1e-6 m3/s")),
    "rate": Kind("1/s", ("0.05 1/h", "1.4e-5 1/s")),
    "volumetric_rate": Kind("mol/m3/s", ("40 mmol/L/h", "0.011 mol/m3/s")),
    "surface_tension": Kind("N/m", ("72 mN/m", "0.072 N/m")),
    "molar_mass": Kind("kg/mol", ("180.156 g/mol", "0.18 kg/mol")),
}

_SPEED_UNITS: dict[str, float] = {
    **dict.fromkeys(("rpm", "1/min", "min-1", "min^-1", "rev/min", "u/min", "r/min"), 1.0 / 60.0),
    **dict.fromkeys(("1/s", "s-1", "s^-1", "rev/s", "rps", "r/s", "hz"), 1.0),
    **dict.fromkeys(("rad/s", "rad s-1"), 0.5 / math.pi),
}

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_POWER = re.compile(r"(?<=[A-Za-z])\^?(-?[1-9])(?![\d.])")


@dataclass(frozen=True)
class Medium:
    """What is needed to turn amounts per mass into amounts per volume, and gas rates into normal ones.

    Attributes
    ----------
    density : float, optional
        Density of the broth, kg/m3.
    volume : float, optional
        Liquid volume, m3, for vvm.
    molar_mass : float, optional
        Molar mass of the substrate, kg/mol.
    temperature : float, optional
        Temperature of the broth, K, for gas rates not given at normal conditions.
    pressure : float
        Absolute pressure at which gas rates not given at normal conditions are counted, Pa.
    """

    density: float | None = None
    volume: float | None = None
    molar_mass: float | None = None
    temperature: float | None = None
    pressure: float = NORMAL_PRESSURE


NO_MEDIUM = Medium()


def accepted(kind: str) -> str:
    """Accepted ways to write a kind, for messages: ``"98 rpm", "1.63 1/s"``."""
    return ", ".join(f'"{e}"' for e in KINDS[kind].examples)


def to_si(value: Any, kind: str, medium: Medium = NO_MEDIUM, where: str = "") -> float:
    """Read a quantity written as "number unit".

    Parameters
    ----------
    value : str
        The text, for example ``"98 rpm"``.
    kind : str
        A key of ``KINDS``.
    medium : Medium
        Density, volume and molar mass for conversions between amounts per mass and per volume.
    where : str
        Key in the case file, for the message.

    Returns
    -------
    float
        Value in ``KINDS[kind].si``.

    Raises
    ------
    CaseError
        No unit, an unknown unit, a unit of another dimension, or no number.

    Examples
    --------
    >>> round(to_si("98 rpm", "speed"), 4)
    1.6333
    """
    if kind == "consistency":
        return consistency_to_si(value, math.nan, where)
    name = kind.replace("_", " ")
    hint = f"write the {name} like {accepted(kind)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise CaseError(f"{value!r} has no unit", where, hint)
    if not isinstance(value, str):
        raise CaseError(f"{value!r} is not a number with a unit", where, hint)
    if re.match(r"\s*[+-]?\d+,\d", value):
        raise CaseError(f'"{value}" has a comma in the number', where, f"use a decimal point; {hint}")
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise CaseError(f'"{value}" is not a number with a unit', where, hint)
    number, unit = float(match[1]), match[2]
    if not math.isfinite(number):
        raise CaseError(f'"{value}" is not a finite number', where, hint)
    if not unit:
        raise CaseError(f'"{value}" has no unit', where, hint)
    if unit == KINDS[kind].si:  # read back exactly what was written, without a factor
        return number
    try:
        if kind == "speed":
            result = _speed(number, unit)
        elif kind == "gas_rate":
            result = _gas_rate(number, unit, medium)
        else:
            result = _convert(number, unit, kind, medium)
    except _UnitProblem as problem:
        raise CaseError(f'"{value}": {problem}', where, hint) from None
    if not math.isfinite(result):
        raise CaseError(f'"{value}" is not a finite number', where, hint)
    short = float(f"{result:.12g}")  # 55 g/L is 55 kg/m3, not 54.99999999999999
    return short if abs(short - result) <= 1e-15 * abs(result) else result


_CONSISTENCY = re.compile(r"(m?)Pa[\s.·*]*s\s*(?:\^|\*\*)\s*(n|\d*\.?\d+)")


def consistency_to_si(value: Any, index: float, where: str = "") -> float:
    """Read the consistency K of a power-law liquid, whose unit Pa s^n holds the flow behaviour index n.

    Parameters
    ----------
    value : str
        ``"0.5 Pa s^n"``, or with the number in place of n: ``"0.5 Pa.s^0.4"``.
    index : float
        n, -; NaN if it is not known, which any exponent fits.
    where : str
        Key in the case file, for the message.

    Returns
    -------
    float
        K, Pa s^n.

    Raises
    ------
    CaseError
        No unit, another unit, or an exponent that is not the index.
    """
    hint = f"write the consistency like {accepted('consistency')}"
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None or not match[2]:
        raise CaseError(f"{value!r} is not a number with a unit", where, hint)
    unit = _CONSISTENCY.fullmatch(match[2])
    if unit is None:
        raise CaseError(f"\"{value}\": '{match[2]}' is not a unit of a consistency", where, hint)
    if unit[2] != "n" and abs(float(unit[2]) - index) > 1e-9:
        raise CaseError(
            f'"{value}" is for a flow behaviour index of {float(unit[2]):g}, but index = {index:g}',
            where,
            "give both from the same measurement, or write the unit as Pa s^n",
        )
    return float(match[1]) * (1e-3 if unit[1] else 1.0)


class _UnitProblem(Exception):
    """A unit that cannot be used, said in words; becomes a CaseError with the accepted units."""


def _speed(number: float, unit: str) -> float:
    key = re.sub(r"\s*([/^])\s*", r"\1", unit.strip().lower())
    if key not in _SPEED_UNITS:
        raise _UnitProblem(f"'{unit}' is not a unit of a stirrer speed")
    return number / 60.0 if _SPEED_UNITS[key] == 1.0 / 60.0 else number * _SPEED_UNITS[key]


def _gas_rate(number: float, unit: str, medium: Medium) -> float:
    key = unit.replace(" ", "")
    if key.lower() == "vvm":
        if medium.volume is None:
            raise _UnitProblem("vvm needs the liquid volume")
        return number * medium.volume / 60.0
    normal = re.fullmatch(r"N(m\^?3|[Ll]|m[Ll])/(s|min|h)", key)
    if normal:
        return _convert(number, f"{normal[1]}/{normal[2]}", "flow_rate", medium)
    if key.lower() in ("slpm", "nlpm"):
        return number * 1e-3 / 60.0
    actual = _convert(number, unit, "flow_rate", medium)
    if medium.temperature is None:
        raise _UnitProblem("a gas rate not given at normal conditions needs the temperature of the broth")
    return actual * (NORMAL_TEMPERATURE / medium.temperature) * (medium.pressure / NORMAL_PRESSURE)


@lru_cache(maxsize=1)
def _registry() -> Any:
    """pint's registry, made once: importing it takes a third of a second, which a case in SI units need not pay."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def _clean(unit: str) -> str:
    """Unit text as pint reads it: powers marked, typographic signs replaced."""
    for sign, word in (("µ", "u"), ("μ", "u"), ("°", "deg"), ("²", "2"), ("³", "3"), ("·", " "), ("⁻¹", "-1")):
        unit = unit.replace(sign, word)
    return _POWER.sub(r"**\1", unit)


def _convert(number: float, unit: str, kind: str, medium: Medium) -> float:
    """Number in SI by pint, with the kinds that are amounts per mass or masses of substrate."""
    import pint

    registry = _registry()
    try:
        quantity = registry.Quantity(number, registry.parse_units(_clean(unit)))
    except Exception:  # pint raises whatever its tokenizer meets
        raise _UnitProblem(f"'{unit}' is not a unit") from None
    for target, factor in _targets(kind, medium):
        try:
            value = quantity.to(target).magnitude
        except pint.DimensionalityError:
            continue
        if factor is None:
            raise _UnitProblem(f"'{unit}' is per mass or in mass, and what is needed to convert it is not known here")
        return float(value * factor)
    raise _UnitProblem(f"'{unit}' is not a unit of a {kind.replace('_', ' ')}")


def _targets(kind: str, medium: Medium) -> list[tuple[str, float | None]]:
    """(unit to try, factor from it to SI); a factor of None is one that is not known here."""
    rho, molar = medium.density, medium.molar_mass
    per_molar = None if molar is None else 1.0 / molar
    if kind == "biomass":
        return [("kg/m**3", 1.0), ("kg/kg", rho)]
    if kind == "concentration":
        mass = None if rho is None or molar is None else rho / molar
        return [("mol/m**3", 1.0), ("mol/kg", rho), ("kg/m**3", per_molar), ("kg/kg", mass)]
    if kind == "dissolved_oxygen":  # masses are masses of oxygen, not of the substrate
        mass = None if rho is None else rho / OXYGEN_MOLAR_MASS
        return [("mol/m**3", 1.0), ("mol/kg", rho), ("kg/m**3", 1.0 / OXYGEN_MOLAR_MASS), ("kg/kg", mass)]
    if kind == "dissolved_carbon_dioxide":
        mass = None if rho is None else rho / CARBON_DIOXIDE_MOLAR_MASS
        return [("mol/m**3", 1.0), ("mol/kg", rho), ("kg/m**3", 1.0 / CARBON_DIOXIDE_MOLAR_MASS), ("kg/kg", mass)]
    if kind == "dissipation":
        return [("W/kg", 1.0), ("W/m**3", None if rho is None else 1.0 / rho)]
    if kind == "molar_rate":
        return [("mol/s", 1.0), ("kg/s", per_molar)]
    if kind == "uptake":
        return [("mol/kg/s", 1.0), ("1/s", per_molar)]
    return [({"temperature": "kelvin"}.get(kind, _clean(KINDS[kind].si)), 1.0)]
