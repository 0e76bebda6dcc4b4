"""Chapter on gas: hold-up, transfer, dissolved oxygen and carbon dioxide, and the closures behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.blocks import Note, Section, missing, picture, table
from rushton.report.figures_flow import frame, panel_size
from rushton.report.numbers import given, impeller_name, number, percent
from rushton.report.planes import between_baffles, on_plane, vertical_plane
from rushton.report.style import SPEED_MAP, SUBSTRATE_MAP, TURBULENCE_MAP, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOUR = 3600.0


def gas(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Maps, numbers, impellers in gas, closures with source and range."""
    part = summary.get("gas") or {}
    section = Section("gas", "Gas and oxygen")
    if result is None:
        section.blocks.append(missing(part, "Gas and oxygen"))
        return section
    section.lead = (
        f"{given(case.gas.rate, 4)} Nm³/s of gas ({given(60.0 * case.gas.rate / case.liquid_volume, 3)} vvm) rise "
        f"through the tank at a superficial velocity of {number(1e3 * part['superficial_velocity_m_s'])} mm/s and take "
        f"the stirrer's power down to {number(part['gassed_power_W'])} W. {_flow(case, part)} Volumes are those of "
        "gassed liquid."
    )
    section.blocks += [Note(text[0].upper() + text[1:] + ".", "warn") for text in part.get("cautions") or ()]
    section.blocks += [
        picture(
            lambda: gas_planes(case, result),
            "Mid-way between two baffles: gas fraction, local kLa, dissolved oxygen over its mean saturation, "
            "dissolved carbon dioxide.",
            "Gas fraction, kLa, oxygen and carbon dioxide on a vertical plane",
        ),
        table(("Quantity", "Value", "Beside it"), _rows(part), numbers=(1,)),
        table(
            ("Impeller", "Gassed / ungassed power", "Gas flow number", "Regime"),
            [
                (f"{n + 1} ({impeller_name(imp)})", number(ratio), number(load), words)
                for n, (imp, ratio, load, words) in enumerate(
                    zip(
                        case.impellers, part["gassed_power_ratio"], part["gas_flow_number"], part["regime"], strict=True
                    )
                )
            ],
            "Impellers in gas, from the bottom",
            numbers=(1, 2),
        ),
        table(("Closure", "Form", "Source", "Range"), _closures(part), "Closures of the gas phase"),
    ]
    return section


def _flow(case: Any, part: dict[str, Any]) -> str:
    if case.gas.feedback == "none":
        return "The gas is carried by the flow without gas, slowed to that power."
    return (
        "The flow is solved again at the speed that draws this power, "
        f"{number(60.0 * part['stirrer_speed_of_flow_1_s'])} rpm, and lifted by the gas, which adds "
        f"{number(part['lifting_power_W'])} W; mixing, substrate and cells go with it."
    )


def _rows(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    log_mean = part.get("kla_log_mean_1_h")
    return [
        ("Gas hold-up", percent(part["holdup"]), f"{percent(part['holdup_correlation'])} by 0.13 (P/V)^1/3 vs^2/3"),
        ("kLa, volume mean", f"{number(part['kla_1_h'])} 1/h",
         f"{number(part['kla_correlation_1_h'])} 1/h by van’t Riet"),
        (
            "kLa from the gas balance (OTR over log-mean driving force)",
            "–" if log_mean is None else f"{number(log_mean)} 1/h",
            str(part.get("kla_log_mean_1_h_reason", "")),
        ),
        ("Oxygen transfer rate", f"{number(part['otr_mol_m3_h'])} mmol/L/h",
         f"demand {number(part['oxygen_demand_mol_m3_h'])} mmol/L/h"),
        ("Dissolved oxygen, mean", f"{number(1e3 * part['oxygen_mean_mol_m3'])} µmol/L",
         f"mean saturation {number(1e3 * part['oxygen_saturation_mean_mol_m3'])} µmol/L"),
        ("Dissolved oxygen, lowest to highest",
         f"{number(1e3 * part['oxygen_min_mol_m3'])} to {number(1e3 * part['oxygen_max_mol_m3'])} µmol/L",
         f"limits uptake in {percent(part['oxygen_limited_share'])} of the volume"),
        ("Oxygen in the gas that leaves", percent(part["oxygen_fraction_out"]), "of dry gas"),
        ("Dissolved carbon dioxide, mean", f"{number(part['carbon_dioxide_mean_mol_m3'])} mol/m³",
         "without bicarbonate"),
        ("Carbon dioxide in the gas that leaves", percent(part["carbon_dioxide_fraction_out"]), "of dry gas"),
        ("Bubbles, Sauter mean", f"{number(1e3 * part['bubble_size_m'])} mm", ""),
        ("Measured hold-up multiplied the rise by", _factor(part["holdup_factor"]), ""),
        ("Measured kLa multiplied the transfer coefficient by", _factor(part["kla_factor"]), ""),
    ]  # fmt: skip


def _factor(value: float) -> str:
    return "not calibrated" if value == 1.0 else number(value)


def _closures(part: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    from rushton.transport.bubble_law import CLOSURES

    return [(name, *CLOSURES[name]) for name in part["closures"]]


def gas_planes(case: Any, result: Any) -> Figure:
    """Gas fraction, kLa, oxygen over mean saturation and carbon dioxide mid-way between baffles."""
    mesh = result.mesh
    plane = vertical_plane(mesh, between_baffles(case.tank.baffles.count))
    saturation = result.mean(result.oxygen_saturation)
    fields = (
        (100.0 * result.fraction, "Gas fraction", "%", TURBULENCE_MAP),
        (HOUR * result.kla, "Local kLa", "1/h", SPEED_MAP),
        (100.0 * result.oxygen / saturation, "Dissolved O$_2$", "% of mean saturation", SUBSTRATE_MAP),
        (result.carbon_dioxide, "Dissolved CO$_2$", "mol/m³", SUBSTRATE_MAP),
    )
    figure = new_figure(*panel_size(case, 4, width=7.6, tallest=5.0))
    axes = figure.subplots(1, 4, sharey=True)
    for axis, (field, title, unit, colours) in zip(axes, fields, strict=True):
        values = on_plane(mesh, field, plane)
        low, high = (0.0, float(np.nanpercentile(values, 99.0))) if colours != SUBSTRATE_MAP else _span(values)
        image = axis.imshow(
            values, origin="lower", extent=plane.extent, cmap=colours, vmin=low, vmax=high, interpolation="bilinear",
            aspect="equal", rasterized=True,
        )  # fmt: skip
        frame(axis, case, title)
        figure.colorbar(
            image, ax=axis, orientation="horizontal", shrink=0.9, pad=0.01, aspect=16, label=unit, extend="max"
        )
    axes[0].set_ylabel("height, m")
    return figure


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = (float(v) for v in np.nanpercentile(values, (1.0, 99.0)))
    return low, max(high, low + 1e-6 + 1e-3 * abs(low))
