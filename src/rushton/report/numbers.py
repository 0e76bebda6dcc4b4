"""Numbers as an engineer reads them: three figures, a unit, and a dash with the reason where there is none."""

from __future__ import annotations

import math
from typing import Any

_UNITS = (
    ("_umol_gdw_h", "µmol/gdw/h"),
    ("_mol_m3_h", "mol/m³/h"),
    ("_mol_m3", "mol/m³"),
    ("_W_m3", "W/m³"),
    ("_m_s", "m/s"),
    ("_m3_s", "m³/s"),
    ("_mol_s", "mol/s"),
    ("_1_h", "1/h"),
    ("_1_s", "1/s"),
    ("_m3", "m³"),
    ("_W", "W"),
    ("_s", "s"),
    ("_h", "h"),
    ("_m", "m"),
    ("_Pa", "Pa"),
    ("_K", "K"),
)


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


def percent(value: Any, figures: int = 3) -> str:
    """A share as a percentage."""
    return "–" if value is None else f"{number(100.0 * float(value), figures)} %"


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if seconds is None:
        return "–"
    if seconds < 120.0:
        return f"{number(float(seconds))} s"
    if seconds < 7200.0:
        return f"{number(seconds / 60.0)} min"
    return f"{number(seconds / 3600.0)} h"


def split_unit(key: str) -> tuple[str, str]:
    """('theta95 probe', 's') from 'theta95_probe_s': keys of results end in their unit."""
    for ending, unit in _UNITS:
        if key.endswith(ending) and len(key) > len(ending):
            return key[: -len(ending)].replace("_", " "), unit
    return key.replace("_", " "), ""


def _superscript(n: int) -> str:
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
