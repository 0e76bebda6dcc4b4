"""The first screen: the numbers a plant manager asks for, and one paragraph that says what they mean."""

from __future__ import annotations

from typing import Any

from rushton.report.blocks import Tile, reason_of
from rushton.report.numbers import given, number, percent, volume


def tiles(summary: dict[str, Any]) -> list[Tile]:
    """Mixing time, gradient, loss, best rig, power; each a dash with its reason where there is none."""
    return [_mixing(summary), _gradient(summary), _loss(summary), _rig(summary), _power(summary)]


def _mixing(summary: dict[str, Any]) -> Tile:
    part = summary.get("mixing") or {}
    value = part.get("theta95_probe_s")
    if value is None:
        value = part.get("theta95_variance_s")
    if value is None:
        return Tile("Mixing time", "–", "", reason_of(part))
    whole = part.get("theta95_variance_s")
    band = (summary.get("refine") or {}).get("theta95_probe_band_s")
    detail = (f"± {number(band, 2)} s by mesh and hidden choices; " if band is not None else "") + (
        "slowest probe within 5 %"
    )
    detail += f"; whole tank {number(whole)} s" if whole is not None else ""
    return Tile("Mixing time θ₉₅", number(float(value)), "s", detail)


def _gradient(summary: dict[str, Any]) -> Tile:
    part = summary.get("lifelines") or {}
    if part.get("share_starvation") is None:
        part = summary.get("substrate") or {}
    if part.get("share_starvation") is None:
        return Tile("Cells starving", "–", "", reason_of(part))
    detail = f"{percent(part.get('share_excess'))} in excess, {percent(part.get('share_limitation'))} between"
    return Tile("Time spent starving", number(100 * part["share_starvation"]), "%", detail)


def _loss(summary: dict[str, Any]) -> Tile:
    part = summary.get("response") or {}
    value = part.get("relative_productivity")
    if value is None:
        return Tile("Productivity", "–", "", reason_of(part))
    change = 100.0 * (value - 1.0)
    final = part.get("relative_productivity_final")
    detail = f"{_band(part, 'relative_productivity')}against the ideally mixed vessel" + (
        f"; {_signed(100 * (final - 1.0))} % at the end" if final is not None else ""
    )
    return Tile("Productivity", _signed(change), "%", detail, "warn" if change < -1.0 else "")


def _band(part: dict[str, Any], key: str) -> str:
    band = part.get(f"{key}_band")
    return "no band; " if band is None else " to ".join(_signed(100 * (end - 1.0)) for end in band) + " %, "


def _rig(summary: dict[str, Any]) -> Tile:
    part = summary.get("scaledown") or {}
    best = part.get("best")
    if not isinstance(best, dict):
        return Tile("Best lab rig", "–", "", reason_of(part))
    floor = part.get("floor")
    detail = f"distance {number(best.get('distance'))}" + (
        f"; the tank against itself {number(floor)}" if floor is not None else ""
    )
    return Tile("Best lab rig", rig_name(best.get("rig", "")), "", detail, "words")


def _power(summary: dict[str, Any]) -> Tile:
    part = summary.get("flow") or {}
    value = part.get("power_W")
    if value is None:
        return Tile("Shaft power", "–", "", reason_of(part))
    unit, scale = ("kW", 1e-3) if value >= 1e3 else ("W", 1.0) if value >= 1.0 else ("mW", 1e3)
    specific = part.get("specific_power_W_m3")
    band = (summary.get("refine") or {}).get("power_band_W")
    sure = f"± {number(band * scale, 2)} {unit}; " if band is not None else ""
    return Tile(
        "Shaft power",
        number(value * scale),
        unit,
        sure + (f"{number(specific)} W/m³, unaerated" if specific is not None else ""),
    )


def story(case: Any, summary: dict[str, Any]) -> str:
    """What the numbers say, in plain sentences; only those that were computed."""
    tank = case.tank
    parts = [
        f"A tank of {given(tank.diameter)} m diameter filled to {given(tank.liquid_height)} m "
        f"({volume(summary.get('flow', {}).get('volume_m3') or tank.volume)}) is stirred at "
        f"{given(60.0 * case.operation.speed, 4)} rpm."
    ]
    mixing, lines, response, down = (summary.get(n) or {} for n in ("mixing", "lifelines", "response", "scaledown"))
    if mixing.get("theta95_variance_s") is not None:
        parts.append(f"A pulse is spread over it to within 5 % in {number(float(mixing['theta95_variance_s']))} s.")
    if lines.get("share_starvation") is not None:
        name = case.feeds[0].substrate.capitalize() if case.feeds else "Substrate"
        starving, excess = lines["share_starvation"], lines["share_excess"]
        if starving + excess > 0.01:
            parts.append(
                f"{name} is taken up faster than it is spread: a cell spends {percent(starving)} of its time starving "
                f"and {percent(excess)} in excess."
            )
        else:
            parts.append(f"{name} is spread before it is eaten: hardly a cell ever starves or meets excess.")
    value = response.get("relative_productivity")
    if value is not None:
        change = 100.0 * (value - 1.0)
        word, band = "less" if change < 0 else "more", response.get("relative_productivity_band")
        parts.append(
            f"The model {response.get('model') or 'of the cells'} predicts {number(abs(change))} % {word} product "
            "than in an ideally mixed vessel with the same feed"
            + (f" (95 % band of the change {_band(response, 'relative_productivity').rstrip(', ')})." if band else ".")
        )
    best = down.get("best")
    if isinstance(best, dict):
        reference = next((d for d in down.get("designs") or () if d.get("reference")), None)
        against = (
            f" (the standard STR-PFR reaches {number(reference['distance'])})"
            if reference and reference.get("distance") is not None
            else ""
        )
        parts.append(
            f"In the laboratory, {rig_name(best.get('rig', ''))} comes closest to this history, at a distance of "
            f"{number(best.get('distance'))}{against}."
        )
    return " ".join(parts)


RIG_NAMES = {
    "str-pfr": "STR-PFR",
    "str-str": "STR-STR",
    "pulsed-feed": "pulsed feed",
    "pulsed-feed-irregular": "irregular pulsed feed",
    "oxygen-switching": "switched stirrer",
    "oxygen-switching-irregular": "irregularly switched stirrer",
    "oxygen-switching-gas": "switched gas",
    "oxygen-switching-gas-irregular": "irregularly switched gas",
}


def rig_name(key: str) -> str:
    """Name of a rig as people write it."""
    return RIG_NAMES.get(key, key.replace("-", " "))


def _signed(x: float) -> str:
    return ("+" if x > 0 else "") + number(float(x))
