"""Chapter on the three classes of variables of the field: manipulated, state, physiological.

Manipulated variables are one number. State variables are distributions over what cells meet in the tank (percentiles
of time along the lifelines); physiological variables are distributions over the population, with the loss or gain
against the ideally mixed vessel and its band.
"""

from __future__ import annotations

from typing import Any

from rushton.report.blocks import Prose, Section, reason_of, table
from rushton.report.numbers import given, nice_unit, number, percent

Row = tuple[str, str, str, str, str, str, str]
"""Variable, mean in the tank, 5 %, median, 95 %, ideally mixed vessel, tank over ideally mixed with band."""

HEAD = ("Variable", "Tank, mean", "5 %", "Median", "95 %", "Ideally mixed", "Tank over mixed, 95 % band")
LEAD = (
    "What the plant sets (manipulated), what the broth shows (state), and what the cells do (physiological). "
    "What is wanted is how the first moves the third."
)
NOTE = (
    "Percentiles of state variables are of the time of a cell, those of physiological variables of the population: "
    "rates over cells and moments, pools over cells and moments of the final window, ratios over cells. Bands are "
    "95 %, over groups of "
    "histories stitched from lifelines of their own: they hold how well the lifelines represent the tank and how they "
    "were joined, not errors of flow, turbulent Schmidt number, uptake law or cell model."
)
SCALARS = {
    "substrate": "Substrate", "oxygen": "Dissolved oxygen", "carbon_dioxide": "Dissolved carbon dioxide",
    "gas_fraction": "Gas hold-up", "dissipation": "Dissipation", "shear_rate": "Shear rate of the smallest eddies",
    "kolmogorov_length": "Kolmogorov length",
}  # fmt: skip


def variables(case: Any, summary: dict[str, Any]) -> Section:
    """What is set, what follows in the broth, what follows in the cell, beside the ideally mixed vessel."""
    rows: list[Row] = []
    marks: list[str] = []
    for title, group in (
        ("Manipulated", manipulated(case)),
        ("State", state(case, summary)),
        ("Physiological", physiological(summary)),
    ):
        rows += [_row(title), *group]
        marks += ["head", *[""] * len(group)]
    blocks: list[Any] = [table(HEAD, rows, numbers=range(1, 7), marks=marks), Prose(NOTE)]
    return Section("variables", "The three classes of variables", LEAD, blocks)


def _row(
    name: str, mean: str = "", ideal: str = "", levels: tuple[str, str, str] = ("", "", ""), over: str = ""
) -> Row:
    return name, mean, *levels, ideal, over


def manipulated(case: Any) -> list[Row]:
    """Speed, feeds, gas, temperature: the same in the ideally mixed vessel."""
    rows = [_row("Stirrer speed", f"{given(60.0 * case.operation.speed, 4)} rpm")]
    rows += [_row(f"Feed of {feed.substrate}", f"{given(feed.rate, 4)} mol/s", "the same") for feed in case.feeds]
    if case.gas is not None:
        rows.append(_row("Gas rate", f"{given(case.gas.rate, 4)} Nm³/s", "the same"))
        rows.append(_row("Pressure above the liquid", f"{given(1e-5 * case.gas.head_pressure, 4)} bar", "the same"))
    rows.append(_row("Temperature", f"{given(case.broth.temperature - 273.15, 4)} °C", "the same"))
    return rows


def state(case: Any, summary: dict[str, Any]) -> list[Row]:
    """Power, mixing, biomass, and every scalar that cells meet."""
    flow, mixing, substrate, around = (summary.get(n) or {} for n in ("flow", "mixing", "substrate", "environment"))
    gas = summary.get("gas") or {}
    rows: list[Row] = []
    if flow.get("power_W") is not None:
        rows.append(_row("Power drawn", f"{number(gas.get('gassed_power_W') or flow['power_W'])} W"))
    if mixing.get("theta95_probe_s") is not None:
        rows.append(_row("Mixing time θ₉₅, slowest probe", f"{number(mixing['theta95_probe_s'])} s", "0"))
    if case.broth.biomass is not None:
        rows.append(_row("Biomass, dry", f"{given(case.broth.biomass, 4)} kg/m³", "the same"))
    if gas.get("kla_1_h") is not None:
        rows.append(_row("kLa, volume mean", f"{number(gas['kla_1_h'])} 1/h", "the same"))
    scalars = around.get("scalars") or {}
    for name, words in SCALARS.items():
        if name in scalars:
            rows.append(_scalar(words, scalars[name], substrate if name == "substrate" else {}))
    if "substrate" not in scalars and substrate.get("mean_mol_m3") is not None:
        ideal = f"{number(substrate.get('ideal_mixed_mol_m3'))} mol/m³"
        rows.append(_row("Substrate, mean by volume", f"{number(substrate['mean_mol_m3'])} mol/m³", ideal))
    if gas.get("kla_1_h") is None:
        rows.append(_row("Dissolved oxygen, gas hold-up", f"not computed. {reason_of(gas)}"))
    return rows


def _scalar(words: str, v: dict[str, Any], substrate: dict[str, Any]) -> Row:
    ideal = substrate.get("ideal_mixed_mol_m3")
    levels = (number(v["p5"]), number(v["p50"]), number(v["p95"]))
    mean = f"{number(v['mean'])} {nice_unit(v['unit']).replace('–', '')}".strip()
    return _row(words, mean, "" if ideal is None else number(ideal), levels)


def physiological(summary: dict[str, Any]) -> list[Row]:
    """Regimes met, productivity, yield, rates, ratios of rates and pools."""
    lines, response = (summary.get(n) or {} for n in ("lifelines", "response"))
    rows: list[Row] = []
    for regime in ("excess", "limitation", "starvation"):
        if lines.get(f"share_{regime}") is not None:
            rows.append(_row(f"Time in {regime}", percent(lines[f"share_{regime}"])))
    for text, key in (
        ("Productivity, all of the time", "relative_productivity"),
        ("Productivity at the end", "relative_productivity_final"),
        ("Yield, growth per substrate", "relative_yield"),
    ):
        if response.get(key) is not None:
            rows.append(_row(text, over=with_band(response[key], response.get(f"{key}_band"))))
    for note, group in (("", "rates"), ("", "ratios"), (", at the end", "states")):
        for name, v in (response.get(group) or {}).items():
            levels = (number(v["p5"]), number(v["median"]), number(v["p95"]))
            mean = f"{number(float(v['mean']))} {nice_unit(v['unit']).replace('–', '')}".strip()
            over = "–" if v["relative"] is None else with_band(v["relative"], v["relative_band"])
            rows.append(_row(f"{name}{note}", mean, number(float(v["ideal"])), levels, over))
    return rows or [_row("Uptake, growth, product", f"not computed. {reason_of(lines)}")]


def with_band(value: float, band: list[float] | None) -> str:
    """A value against the ideally mixed vessel; without a band it says that there is none."""
    ends = "no band" if band is None else " to ".join(number(100.0 * end, 4) for end in band)
    return f"{percent(value, 4)} ({ends})"
