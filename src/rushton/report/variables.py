"""Chapter on the three classes of variables of the field: manipulated, state, physiological."""

from __future__ import annotations

from typing import Any

from rushton.report.blocks import Section, reason_of, table
from rushton.report.numbers import given, nice_unit, number, percent

Row = tuple[str, str, str]
"""Variable, value in the tank, value in the ideally mixed vessel."""

LEAD = (
    "What the plant sets (manipulated), what the broth shows (state), and what the cells do (physiological). "
    "What is wanted is how the first moves the third."
)


def variables(case: Any, summary: dict[str, Any]) -> Section:
    """What is set, what follows in the broth, what follows in the cell, beside the ideally mixed vessel."""
    rows: list[Row] = []
    marks: list[str] = []
    for title, group in (
        ("Manipulated", manipulated(case)),
        ("State", state(case, summary)),
        ("Physiological", physiological(summary)),
    ):
        rows += [(title, "", ""), *group]
        marks += ["head", *[""] * len(group)]
    blocks: list[Any] = [table(("Variable", "Tank", "Ideally mixed vessel"), rows, marks=marks)]
    return Section("variables", "The three classes of variables", LEAD, blocks)


def manipulated(case: Any) -> list[Row]:
    """Speed, feeds, gas, temperature: the same in the ideally mixed vessel."""
    rows: list[Row] = [("Stirrer speed", f"{given(60.0 * case.operation.speed, 4)} rpm", "")]
    rows += [(f"Feed of {feed.substrate}", f"{given(feed.rate, 4)} mol/s", "the same") for feed in case.feeds]
    if case.gas is not None:
        rows.append(("Gas rate", f"{given(case.gas.rate, 4)} Nm³/s", ""))
    rows.append(("Temperature", f"{given(case.broth.temperature - 273.15, 4)} °C", "the same"))
    return rows


def state(case: Any, summary: dict[str, Any]) -> list[Row]:
    """Power, mixing, concentrations, biomass."""
    flow, mixing, substrate = (summary.get(n) or {} for n in ("flow", "mixing", "substrate"))
    rows: list[Row] = []
    if flow.get("power_W") is not None:
        rows.append(("Power drawn", f"{number(flow['power_W'])} W", ""))
    if mixing.get("theta95_probe_s") is not None:
        rows.append(("Mixing time θ₉₅, slowest probe", f"{number(mixing['theta95_probe_s'])} s", "0"))
    if case.broth.biomass is not None:
        rows.append(("Biomass, dry", f"{given(case.broth.biomass, 4)} kg/m³", "the same"))
    if substrate.get("mean_mol_m3") is not None:
        ideal = f"{number(substrate.get('ideal_mixed_mol_m3'))} mol/m³"
        span = f"{number(substrate.get('min_mol_m3'))} to {number(substrate.get('max_mol_m3'))} mol/m³"
        rows.append(("Substrate, mean", f"{number(substrate['mean_mol_m3'])} mol/m³", ideal))
        rows.append(("Substrate, lowest to highest", span, ideal))
    gas = summary.get("gas") or {}
    if gas.get("kla_1_h") is None:
        rows.append(("Dissolved oxygen, gas hold-up", f"not computed. {reason_of(gas)}", ""))
    else:
        rows.append(("Gas hold-up", percent(gas["holdup"]), ""))
        rows.append(("kLa, volume mean", f"{number(gas['kla_1_h'])} 1/h", "the same"))
        span = f"{number(gas['oxygen_min_mol_m3'])} to {number(gas['oxygen_max_mol_m3'])} mol/m³"
        rows.append(("Dissolved oxygen, lowest to highest", span, ""))
    return rows


def physiological(summary: dict[str, Any]) -> list[Row]:
    """Regimes met, productivity, yield, rates and pools."""
    lines, response = (summary.get(n) or {} for n in ("lifelines", "response"))
    rows: list[Row] = []
    for regime in ("excess", "limitation", "starvation"):
        if lines.get(f"share_{regime}") is not None:
            rows.append((f"Time in {regime}", percent(lines[f"share_{regime}"]), ""))
    for text, key in (
        ("Productivity, all of the time", "relative_productivity"),
        ("Productivity at the end", "relative_productivity_final"),
        ("Yield, growth per substrate", "relative_yield"),
    ):
        if response.get(key) is not None:
            rows.append((text, percent(response[key]), "100 %"))
    for note, group in (("mean over time", "rates"), ("at the end", "states")):
        for name, v in (response.get(group) or {}).items():
            unit = nice_unit(v["unit"]).replace("–", "")
            tank, ideal = (f"{number(float(v[key]))} {unit}".strip() for key in ("mean", "ideal"))
            rows.append((f"{name}, {note}", tank, ideal))
    return rows or [("Uptake, growth, product", f"not computed. {reason_of(lines)}", "")]
