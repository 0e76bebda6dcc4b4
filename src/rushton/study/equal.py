"""At equal something: the speed or gas rate at which a tank matches another, and the other criteria there.

In the turbulent range power number, flow number and N theta95 of one geometry do not change with speed, so from the
numbers at N, at f N

    P, P/V, eps ~ f^3    tip speed, Re ~ f    Fr ~ f^2    theta95, tc ~ 1/f    eta ~ f^(-3/4)    EDCF ~ f^4

kLa follows from its correlation at the new gassed power, times solved over correlated kLa where the gas was solved; the
gas rate stays unless ``vs`` is kept equal, which sets it and leaves the speed. Below Re = 1e4 the constants are no
constants: said in a warning. J. Y. Oldshue, Biotechnol. Bioeng. 8 (1966) 3 showed with such a table that no two
criteria can be kept at once (as remembered; not checked).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rushton import correlations as c
from rushton.errors import RushtonError
from rushton.study.criteria import Criteria, kla

EXPONENTS: dict[str, float] = {
    "speed": 1.0,
    "power": 3.0,
    "P/V": 3.0,
    "tip-speed": 1.0,
    "Re": 1.0,
    "Fr": 2.0,
    "theta95": -1.0,
    "theta95-correlation": -1.0,
    "circulation": -1.0,
    "kolmogorov": -0.75,
    "EDCF": 4.0,
}
"""How each criterion goes with the speed of one tank in the turbulent range, -."""
EQUAL = ("P/V", "tip-speed", "Re", "Fr", "theta95", "circulation", "kolmogorov", "EDCF", "kLa", "vs")
"""What may be kept equal."""
TURBULENT_RE = 1e4
"""Re above which power number, flow number and N theta95 are constants, -."""
WIDEST = 30.0
"""Largest change of speed, up or down, that is searched for an equal kLa, -."""


@dataclass(frozen=True)
class Scaled:
    """A tank at the speed and gas rate at which it matches the first.

    Attributes
    ----------
    name : str
    speed : float
        1/s.
    gas_rate : float or None
        At mid-height, m3/s.
    values : dict of str to float or None
        Criteria there, SI.
    warnings : tuple of str
    """

    name: str
    speed: float
    gas_rate: float | None
    values: dict[str, float | None]
    warnings: tuple[str, ...]


def at_equal(first: Criteria, other: Criteria, keys: tuple[str, ...]) -> Scaled:
    """The other tank at the first one's value of a criterion.

    Parameters
    ----------
    first, other : Criteria
    keys : tuple of str
        Of `EQUAL`; with ``vs`` one more, since that sets the gas rate and the other the speed.

    Raises
    ------
    RushtonError
        For a criterion that is unknown, not computed for a tank, or cannot be reached.
    """
    check(keys)
    rate, factor, used_correlation = other.gas_rate, 1.0, False
    if "vs" in keys:
        rate = _value(first, "vs") * 0.25 * math.pi * other.case.tank.diameter**2
    for key in keys:
        if key == "vs":
            continue
        if key == "kLa":
            _value(other, key)
            factor = _speed_for_kla(other, _value(first, key), rate or 0.0)
            continue
        if key == "theta95" and (first.values[key] is None or other.values[key] is None):
            key, used_correlation = "theta95-correlation", True  # both by the same definition
        factor = (_value(first, key) / _value(other, key)) ** (1.0 / EXPONENTS[key])
    return _scaled(other, factor, rate, used_correlation)


def check(keys: tuple[str, ...]) -> None:
    """Refuse what cannot be kept equal."""
    for key in keys:
        if key not in EQUAL:
            raise RushtonError(f"'{key}' cannot be kept equal", "--equal", f"one of: {', '.join(EQUAL)}")
    if len([key for key in keys if key != "vs"]) > 1 or keys.count("vs") > 1:
        raise RushtonError(
            f"a tank has one speed and one gas rate and cannot match {', '.join(keys)} at once", "--equal",
            "give one criterion, and vs beside it if the gas rate may change",
        )  # fmt: skip


def _value(tank: Criteria, key: str) -> float:
    value = tank.values[key]
    if value is None:
        raise RushtonError(f"'{key}' is not computed for {tank.name}: {tank.origin[key]}", "--equal", "choose another")
    return value


def _speed_for_kla(tank: Criteria, wanted: float, gas_rate: float) -> float:
    """Factor on the speed at which the correlation gives this kLa."""
    from scipy.optimize import brentq

    def excess(log_factor: float) -> float:
        found = kla(tank.case, tank.power_numbers, math.exp(log_factor) * tank.case.operation.speed, gas_rate)
        return math.log(tank.kla_factor * found / wanted)

    low, high = -math.log(WIDEST), math.log(WIDEST)
    if excess(low) > 0.0 or excess(high) < 0.0:
        raise RushtonError(
            f"no speed within a factor of {WIDEST:.0f} gives {tank.name} a kLa of {3600 * wanted:.3g} 1/h at its gas "
            "rate", "--equal kLa", "keep vs equal as well (--equal vs), or change gas.rate",
        )  # fmt: skip
    return math.exp(float(brentq(excess, low, high, xtol=1e-10)))


def _scaled(tank: Criteria, factor: float, gas_rate: float | None, used_correlation: bool) -> Scaled:
    speed = factor * tank.case.operation.speed
    values: dict[str, float | None] = {}
    for key, value in tank.values.items():
        power = EXPONENTS.get(key, 0.0)
        values[key] = None if value is None else value * factor**power
    if gas_rate is not None:
        values["vs"] = gas_rate / (0.25 * math.pi * tank.case.tank.diameter**2)
        values["Fl"] = c.flow_number_gas(gas_rate, speed, tank.case.impellers[0].diameter)
        values["kLa"] = tank.kla_factor * kla(tank.case, tank.power_numbers, speed, gas_rate)
    area = math.pi * tank.case.tank.diameter * tank.case.tank.liquid_height
    values["jacket-flux"] = ((values["metabolic-heat"] or 0.0) + (values["power"] or 0.0)) / area
    out = []
    if (values["Re"] or 0.0) < TURBULENT_RE:
        out.append(f"Re = {values['Re']:.3g} there is below 1e4: power number and N theta95 are no longer constant")
    if used_correlation:
        out.append("blend times by correlation, since not every case has a solved one")
    return Scaled(tank.name, speed, gas_rate, values, tuple(out))
