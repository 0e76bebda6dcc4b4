"""The numbers of a run that an engineer asks for first, as rows of (label, value, unit) from summary.json.

    value = summary[stage][key] * factor        with its band beside it, where one was formed

The command prints them at the end of a run. Nothing is computed here but changes of unit.
"""

from __future__ import annotations

from typing import Any

_HEADLINE = (
    ("Power", "flow", "power_W", 1.0, ".3g", "W"),
    ("Specific power", "flow", "specific_power_W_m3", 1.0, ",.0f", "W/m3"),
    ("Power number, per impeller", "flow", "power_number", 1.0, ".2f", ""),
    ("Circulation time", "flow", "circulation_time_s", 1.0, ".3g", "s"),
    ("Blend time, slowest probe", "mixing", "theta95_probe_s", 1.0, ".3g", "s"),
    ("Blend time, variance of the probes", "mixing", "theta95_multi_probe_s", 1.0, ".3g", "s"),
    ("Blend time, variance", "mixing", "theta95_variance_s", 1.0, ".3g", "s"),
    ("Substrate, mean", "substrate", "mean_mol_m3", 1e3, ".3g", "umol/L"),
    ("Volume in excess", "substrate", "share_excess", 100.0, ".1f", "%"),
    ("Volume in limitation", "substrate", "share_limitation", 100.0, ".1f", "%"),
    ("Volume in starvation", "substrate", "share_starvation", 100.0, ".1f", "%"),
    ("Gas hold-up", "gas", "holdup", 100.0, ".3g", "%"),
    ("kLa, volume mean", "gas", "kla_1_h", 1.0, ".3g", "1/h"),
    ("Oxygen transfer rate", "gas", "otr_mol_m3_h", 1.0, ".3g", "mmol/L/h"),
    ("Dissolved oxygen, mean", "gas", "oxygen_mean_mol_m3", 1e3, ".3g", "umol/L"),
    ("Dissolved oxygen, lowest", "gas", "oxygen_min_mol_m3", 1e3, ".3g", "umol/L"),
    ("Cells followed", "lifelines", "cells", 1.0, ",.0f", ""),
    ("Time below critical oxygen", "environment", "oxygen_critical_share", 100.0, ".2g", "% of a cell's time"),
    ("Relative productivity", "response", "relative_productivity", 1.0, ".3f", "of the ideally mixed vessel"),
    ("the same, at the end", "response", "relative_productivity_final", 1.0, ".3f", "of the ideally mixed vessel"),
    ("Relative yield", "response", "relative_yield", 1.0, ".3f", "of the ideally mixed vessel"),
)


_BANDS = {
    ("flow", "power_W"): "power_band_W",
    ("flow", "power_number"): "power_number_band",
    ("flow", "circulation_time_s"): "circulation_time_band_s",
    ("mixing", "theta95_probe_s"): "theta95_probe_band_s",
    ("mixing", "theta95_variance_s"): "theta95_variance_band_s",
}
"""Key of the band in section ``refine`` of the summary, where an error statement was asked for."""


_ENERGY = (
    "turbulence_production_ratio",
    "numerical_dissipation_ratio",
    "wall_work_ratio",
    "viscous_dissipation_ratio",
)


def _energy(summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Where the shaft power goes, in per cent of it; nothing where the flow has no balance."""
    flow = summary.get("flow") or {}
    if flow.get("energy_balance_ratio") is None:
        return []
    parts = ", ".join(f"{100.0 * flow[key]:.3g}" for key in _ENERGY)
    dissipated = f"{100.0 * flow['dissipation_power_ratio']:.3g}"
    return [
        ("to turbulence, scheme, walls, viscosity", parts, f"%; sum {100.0 * flow['energy_balance_ratio']:.4g} %"),
        ("integral of epsilon", dissipated, "% of the power"),
    ]


def _settled(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What number and length of the histories, sampling and step of the integrator still move, in per cent."""
    checks = part.get("convergence") or {}
    words = {"integration": "step", "sampling": "sampling", "histories": "half of the band", "length": "last window"}
    shown = [
        f"{word} {100.0 * checks[name]['value']:.2g} ({100.0 * checks[name]['bound']:.2g})"
        for name, word in words.items()
        if checks.get(name) and checks[name]["value"] is not None
    ]
    return [("still moved by (bound)", ", ".join(shown), "%")] if shown else []


def _between(stage: str, key: str, summary: dict[str, Any], form: str) -> str:
    """The band of a loss, which is never shown without one; empty for every other number."""
    if stage != "response":
        return ""
    band = summary[stage].get(f"{key}_band")
    if band is None:
        return f"; no band: {summary[stage].get(f'{key}_band_reason')}"
    return f"; 95 % band {band[0]:{form}} to {band[1]:{form}}"


def _schmidt(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Blend time of the tank at half and double the turbulent Schmidt number; nothing where not computed."""
    times = part.get("theta95_variance_varied_s")
    if times is None:
        return []
    numbers = ", ".join(f"{number:.3g}" for number in part["schmidt_varied"])
    return [(f"the same at Sc_t {numbers}", ", ".join(f"{t:.3g}" for t in times), "s")]


def _feed_study(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    """One row per other feed place of a study; none without one."""
    if part.get("members") is None:
        return []
    rows = zip(part["members"][1:], part["share_starvation"][1:], part["share_excess"][1:], strict=True)
    return [(f"fed {name}", f"{100.0 * low:.1f}", f"%; excess {100.0 * high:.1f} %") for name, low, high in rows]


def headline(summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(label, value, unit) of the numbers that an engineer asks for first, as far as they were computed."""
    rows = []
    for label, stage, key, factor, form, unit in _HEADLINE:
        value = (summary.get(stage) or {}).get(key)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        band = (summary.get("refine") or {}).get(_BANDS.get((stage, key), ""))
        bands = band if isinstance(band, list) else [band] * len(values)
        if unit == "W" and values[0] >= 1000.0:
            factor, unit = 1e-3, "kW"
        shown = [
            format(v * factor, form) + ("" if b is None else f" ± {format(b * factor, '.2g')}")
            for v, b in zip(values, bands, strict=True)
        ]
        rows.append((label, ", ".join(shown), unit + _between(stage, key, summary, form)))
        if key == "power_W":
            rows += _energy(summary)
        if key == "theta95_variance_s":
            rows += _schmidt(summary["mixing"])
        if key == "relative_yield":
            rows += _settled(summary["response"])
        if key == "share_starvation":
            rows += _feed_study(summary.get("feed_study") or {})
    scaledown = summary.get("scaledown") or {}
    if best := scaledown.get("best"):
        floor = scaledown.get("floor")
        floor_text = f"; floor {floor:.3g}" if floor is not None else ""
        rows.append(("Best lab rig", str(best["rig"]), f"distance {best['distance']:.3g}{floor_text}"))
    if best := (scaledown.get("oxygen") or {}).get("best"):
        rows.append(("Best rig for oxygen", str(best["rig"]), f"distance of oxygen {best['distance']:.3g}"))
    return rows
