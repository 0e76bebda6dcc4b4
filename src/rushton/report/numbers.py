"""Numbers as an engineer reads them: three figures, a unit, and a dash with the reason where there is none."""

from __future__ import annotations

import math
from typing import Any


def number(value: Any, figures: int = 3) -> str:
    """A value with so many significant figures; thin spaces group thousands; tiny and huge ones as powers of ten."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(number(v, figures) for v in value)
    x = float(value)
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0.0:
        return "0"
    if float(x).is_integer() and 1e3 <= abs(x) < 1e9 and isinstance(value, int):
        return f"{x:,.0f}".replace(",", "\u202f").replace("-", "−")
    exponent = math.floor(math.log10(abs(x)))
    if exponent < -3 or exponent > 5:
        mantissa = f"{x / 10.0**exponent:.{max(0, figures - 1)}f}"
        if abs(float(mantissa)) >= 10.0:
            mantissa, exponent = f"{x / 10.0 ** (exponent + 1):.{max(0, figures - 1)}f}", exponent + 1
        return f"{mantissa}·10{_superscript(exponent)}".replace("-", "−")
    decimals = max(0, figures - 1 - exponent)
    text = f"{x:,.{decimals}f}" if decimals else f"{round(x, figures - 1 - exponent):,.0f}"
    if isinstance(value, int) and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", "\u202f").replace("-", "−")


def given(value: Any, figures: int = 6) -> str:
    """A number that somebody chose, as he wrote it: 98, 0.3, 7.35; no zeros that claim accuracy."""
    if value is None or isinstance(value, bool | str | int):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(given(v, figures) for v in value)
    text = number(float(value), figures)
    head, dot, power = text.partition("·")
    return (head.rstrip("0").rstrip(".") if "." in head else head) + dot + power


def percent(value: Any, figures: int = 3) -> str:
    """A share as a percentage."""
    return "–" if value is None else f"{number(100.0 * float(value), figures)} %"


def volume(value: float) -> str:
    """A volume in m3 as people say it: litres below one cubic metre."""
    return f"{number(float(value))} m³" if value >= 1.0 else f"{number(1e3 * float(value))} L"


def impeller_name(impeller: Any) -> str:
    """Name of the type of an impeller as people write it."""
    return {"rushton": "Rushton turbine"}.get(impeller.type, impeller.type.replace("-", " "))


def nice_unit(unit: str) -> str:
    """A unit as people write it: µmol, m³, a dash where there is none."""
    if unit in ("", "-", "1"):
        return "–"
    return unit.replace("umol", "µmol").replace("m3", "m³").replace("m2", "m²")


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds is None:
        return "–"
    if seconds < 120.0:
        return f"{given(float(seconds), 3)} s"
    if seconds < 7200.0:
        return f"{given(seconds / 60.0, 3)} min"
    return f"{given(seconds / 3600.0, 3)} h"


def _superscript(n: int) -> str:
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
