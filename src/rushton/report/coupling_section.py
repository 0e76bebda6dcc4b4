"""Chapter on two-way coupling: the field that the cells made beside the field of the fixed law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report import figures_scalar
from rushton.report.blocks import Note, Prose, Section, missing, picture, table
from rushton.report.figures_flow import frame, panel_size
from rushton.report.numbers import duration, given, nice_unit, number, percent
from rushton.report.planes import between_baffles, on_plane, vertical_plane
from rushton.report.style import ACCENT, INK, MUTED, PATTERNS, SERIES, SUBSTRATE_MAP, WARN, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BALANCE_BOUND = 1e-9
"""Books that close worse than this are warned of, -."""


def coupling(case: Any, substrate: Any, result: Any, summary: dict[str, Any]) -> Section:
    """One-way and two-way side by side, the course of the exchange, the books, pools and species."""
    part = summary.get("lifelines") or {}
    section = Section("coupling", "One-way and two-way side by side")
    coupled = getattr(result, "coupled", None)
    if coupled is None:
        section.blocks.append(missing({"two_way_reason": part.get("two_way_reason")}, "Two-way coupling"))
        return section
    two = part.get("two_way") or coupled.summary()
    section.lead = (
        "One-way: the field is eaten by a fixed law of the concentration, and cells only read it. Two-way: cells "
        f"carry the pools of {coupled.model}, take up what they can by their own law and state, and the field answers. "
        "Both are fed the same; the cells go the same ways."
    )
    section.blocks += [
        table(("Quantity", "One-way", "Two-way"), _beside(part, two), numbers=(1, 2)),
        picture(
            lambda: figures_scalar.share_bars(
                [
                    ("one-way", *(two["one_way"][f"share_{n}"] for n in ("excess", "limitation", "starvation"))),
                    ("two-way", *(part[f"share_{n}"] for n in ("excess", "limitation", "starvation"))),
                ]
            ),
            "Shares of the cells' time in the three regimes of the field, s = C/(K + C) smoothed.",
            "Shares of the regimes, one-way and two-way",
        ),
        picture(
            lambda: _maps(case, substrate, coupled),
            "Relative uptake s = C/(K + C) in the plane of the feed: field of the fixed law, mean field that the cells "
            "made, and their difference.",
            "Maps of the relative uptake, one-way and two-way",
        ),
        picture(
            lambda: _distribution(substrate, coupled),
            "Share of the volume below each s.",
            "Distribution of the relative uptake over the volume",
            "half",
        ),
        picture(
            lambda: _course(coupled),
            "The exchange over time: mean concentrations over their last value, what cells got over what they wished "
            "(f), and the range of the ratio of cells to mean cells over the coarse cells.",
            "Course of the exchange",
            "half",
        ),
        Prose(_how(two)),
    ]
    worst = max(two["mass_balance_error"], two["cell_balance_error"], *(b["mass_balance_error"] for b in coupled.books))
    section.blocks.append(
        Note(
            f"Books: {given(two['fed_mol'])} mol fed, {given(two['eaten_mol'])} mol lost by the field to the cells, "
            f"{given(two['stored_mol'], 3)} mol more dissolved; they close to {number(worst)}.",
            "info" if worst < BALANCE_BOUND else "warn",
        )
    )
    section.blocks.append(_half_step(two.get("half_step") or {}, two.get("half_step_reason", "")))
    if coupled.state_names:
        section.blocks += [
            table(
                ("Pool", "Unit", "At the start", "Mean at the end", "5 %", "95 %", "Drift, % per hour"),
                [
                    (name, nice_unit(s["unit"]), s["start"], s["mean"], s["p5"], s["p95"], 100.0 * s["drift_1_h"])
                    for name, s in two["states"].items()
                ],
                numbers=(2, 3, 4, 5, 6),
            ),
            Prose(
                "Pools that move within the run have found their stationary spread where the drift is small beside one "
                "change of the pool in the run. Slow pools (hours) stay near their start: where they would end, a run "
                f"of {duration(part.get('duration_s'))} cannot show; the response follows them through the field found "
                "here."
            ),
        ]
    if coupled.species_names:
        section.blocks.append(
            table(
                ("Species", "Mean, mol/m³", "Least", "Greatest", "Rise, mol/m³/h", "Given by cells, mol",
                 "From bubbles, mol", "Owed"),
                [
                    (name.replace("_", " "), b["mean_mol_m3"], b["min_mol_m3"], b["max_mol_m3"], b["drift_mol_m3_h"],
                     b["given_mol"], b["transferred_mol"], percent(b["owed"], 2))
                    for name, b in two["species"].items()
                ],
                numbers=(1, 2, 3, 4, 5, 6, 7),
            )
        )  # fmt: skip
    return section


def _beside(part: dict[str, Any], two: dict[str, Any]) -> list[tuple[Any, ...]]:
    one = two["one_way"]
    rows: list[tuple[Any, ...]] = [
        ("Mean substrate, mol/m³", one["mean_mol_m3"], two["mean_mol_m3"]),
        ("Mean relative uptake s of the field", one["mean_uptake"], part.get("mean_uptake")),
    ]
    for name in ("excess", "limitation", "starvation"):
        rows.append((f"Time in {name}", percent(one[f"share_{name}"]), percent(part.get(f"share_{name}"))))
    for pattern in PATTERNS:
        pair = [(source.get("residence_s") or {}).get(pattern, {}).get("mean") for source in (one, part)]
        rows.append((f"Mean stay {pattern}, s", *("–" if value is None else number(value) for value in pair)))
    rows.append(("Circulation time, s", one.get("circulation_time_s"), part.get("circulation_time_s")))
    return rows


def _how(two: dict[str, Any]) -> str:
    return (
        f"Cells and field met every {given(two['interval_s'], 3)} s. Sampling noise is held by {two['coarse_cells']} "
        f"coarse cells with at least {number(two['cells_per_coarse_cell'])} cells each and a window of "
        f"{given(two['window_s'], 3)} s: only the ratio of what cells take up to what the mean cell would lives on "
        f"them ({given(two['ratio_min'], 5)} to {given(two['ratio_max'], 5)}), so the feed plume is kept. Cells got "
        f"what the field lost, {given(100.0 * two['uptake_mismatch'], 2)} % beside their wish on the average "
        "of the last half. "
        f"The field still moved by {number(two['field_unrest'])} in s (root mean square in time). "
        f"{duration(two['warm_up_s'])} passed before the record began."
    )


def _half_step(found: dict[str, Any], reason: str) -> Note:
    """What half of the exchange step changes, in words."""
    if not found:
        return Note(f"Half of the exchange step was not tried: {reason}.", "info")
    changes = sorted(found["changes"].items(), key=lambda pair: -abs(pair[1]))
    listed = ", ".join(f"{name.replace('_', ' ')} {percent(change, 2)}" for name, change in changes[:4])
    text = (
        f"{number(found['cells'])} cells that met the fields every {given(found['interval_s'], 3)} s, half as long, in "
        f"the same coarse cells, change the means of the last half by: {listed}. "
    )
    if found["passes"]:
        return Note(text + "That is within 5 %.", "info")
    return Note(
        text
        + "More than 5 %: take a shorter lifelines.sampling and lifelines.time_step, or more cells (with so few of "
        "them the noise of the ratio counts too).",
        "warn",
    )


def _maps(case: Any, substrate: Any, coupled: Any) -> Figure:
    figure = new_figure(*panel_size(case, 3, width=7.6, tallest=5.4))
    axes = figure.subplots(1, 3, sharey=True)
    mesh = substrate.mesh
    angle = case.feeds[0].position.angle if case.feeds else between_baffles(case.tank.baffles.count)
    plane = vertical_plane(mesh, angle)
    one, two = (on_plane(mesh, field, plane) for field in (substrate.uptake_ratio, coupled.uptake_ratio))
    most = max(float(np.nanmax(np.abs(two - one))), 1e-3)
    for axis, values, title, colours, low, high in (
        (axes[0], one, "One-way", SUBSTRATE_MAP, 0.0, 1.0),
        (axes[1], two, "Two-way", SUBSTRATE_MAP, 0.0, 1.0),
        (axes[2], two - one, "Two-way\nless one-way", "RdBu_r", -most, most),
    ):
        image = axis.imshow(
            values, origin="lower", extent=plane.extent, cmap=colours, vmin=low, vmax=high, interpolation="bilinear",
            aspect="equal", rasterized=True,
        )  # fmt: skip
        frame(axis, case, title)
        figure.colorbar(image, ax=axis, orientation="horizontal", shrink=0.88, pad=0.01, aspect=22, label="s, –")
    axes[0].set_ylabel("height, m")
    return figure


def _distribution(substrate: Any, coupled: Any) -> Figure:
    figure = new_figure(3.7, 2.8)
    axes = figure.subplots()
    fluid = ~substrate.mesh.solid
    volumes = substrate.mesh.volumes[fluid]
    for field, label, colour in (
        (substrate.uptake_ratio, "one-way", MUTED),
        (coupled.uptake_ratio, "two-way", ACCENT),
    ):
        order = np.argsort(field[fluid])
        axes.plot(field[fluid][order], 100.0 * np.cumsum(volumes[order]) / volumes.sum(), color=colour, label=label)
    axes.set(xlabel="s, –", ylabel="volume below, %", xlim=(0.0, 1.0), ylim=(0.0, 100.0))
    axes.legend()
    return figure


def _course(coupled: Any) -> Figure:
    figure = new_figure(3.7, 2.8)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for colour, name in zip(SERIES, ("mean_mol_m3", *coupled.species_names), strict=False):
        values = coupled.column(name)
        label = "substrate" if name == "mean_mol_m3" else name
        upper.plot(coupled.time, values / max(float(values[-1]), 1e-300), color=colour, label=label, lw=1.0)
    low, high = upper.get_ylim()
    upper.set(ylabel="mean / last", ylim=(min(low, 0.98), max(high, 1.02)))
    upper.legend(ncol=2)
    lower.fill_between(
        coupled.time, coupled.column("ratio_min"), coupled.column("ratio_max"), color=ACCENT, alpha=0.25, label="ratio"
    )
    lower.plot(coupled.time, coupled.column("factor"), color=WARN, lw=0.8, label="f")
    lower.axhline(1.0, color=INK, lw=0.5)
    lower.set(xlabel="time, s", ylabel="–")
    lower.legend(ncol=2)
    return figure
