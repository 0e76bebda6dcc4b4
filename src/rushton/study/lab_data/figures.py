"""Figures of an experiment beside its predictions: courses, ports, residuals, productivity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rushton.report.style import ACCENT, MUTED, SERIES, STEEL, WARN, WIDE, label_panel, new_figure
from rushton.study.lab_data.predict import EDGES, STEADY
from rushton.study.lab_data.productivity import Productivity
from rushton.study.lab_data.residuals import Residual

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rushton.study.lab_data.comparison import LabComparison

HOUR = 3600.0
_GRADIENT, _REFERENCE = ACCENT, WARN
_WIDEST_DECADES = 4.0  # that a logarithmic axis of concentrations shows below the largest of them


def courses(found: LabComparison) -> Figure | None:
    """Everything that is told over time, a panel for each quantity: readings over the band."""
    groups: dict[tuple[str, bool], list[Residual]] = {}
    for row in found.rows:
        r = row.reading
        if not r.quantity.at_port and (row.predicted is not None or found.predictor.is_start(r)):
            groups.setdefault((r.quantity.name, r.relative), []).append(row)
    if not groups:
        return None
    rows = -(-len(groups) // 2)
    figure = new_figure(WIDE, 2.35 * rows)
    panels = figure.subplots(rows, 2 if len(groups) > 1 else 1, squeeze=False).ravel()
    for axes, mine in zip(panels, groups.values(), strict=False):
        _course_panel(axes, mine)
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    for axes in panels[max(0, len(groups) - 2) : len(groups)]:
        axes.set_xlabel("time in the gradient phase, h")
    panels[0].legend(loc="best")
    return figure


def _course_panel(axes: Axes, rows: Sequence[Residual]) -> None:
    like = rows[0].reading
    for colour, name, mine in (
        (_REFERENCE, "reference run", [r for r in rows if r.reading.phase == "reference"]),
        (_GRADIENT, "rig", [r for r in rows if r.reading.phase != "reference"]),
    ):
        if not mine:
            continue
        told = sorted((r for r in mine if r.predicted is not None), key=lambda r: r.reading.time)
        time = np.array([r.reading.time for r in told]) / HOUR
        low, mean, high = _edges(told, like.factor)
        axes.fill_between(time, low, high, color=colour, alpha=0.16, lw=0)
        axes.plot(time, mean, color=colour, lw=1.0)
        _points(axes, mine, [r.reading.time / HOUR for r in mine], colour, name, like.factor)
    label_panel(axes, f"{like.quantity.title}, {_unit(like.unit, like.relative)}")
    axes.margins(y=0.12)
    axes.grid(True, axis="y")


def _unit(unit: str, relative: bool) -> str:
    return "% of the reference run" if relative else unit


def _edges(rows: Sequence[Residual], factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower edge, prediction and upper edge in the unit of a factor; the prediction where no band is known."""
    out = []
    for edge in EDGES:
        values = [getattr(r.predicted, edge) for r in rows]
        means = [r.predicted.mean for r in rows if r.predicted is not None]
        out.append(np.array([m if v is None else v for v, m in zip(values, means, strict=True)]) / factor)
    return out[0], out[1], out[2]


def _points(
    axes: Axes, rows: Sequence[Residual], places: Sequence[float], colour: str, name: str, factor: float
) -> None:
    """Readings with twice their standard deviation; open arrows where nothing was found."""
    found = [(x, r) for x, r in zip(places, rows, strict=True) if not r.reading.below]
    if found:
        x = [place for place, _ in found]
        y = [r.reading.value / factor for _, r in found]
        spread = [2.0 * r.deviation / factor for _, r in found]
        axes.errorbar(
            x, y, spread, fmt="o", ms=3.2, color=colour, ecolor=colour, elinewidth=0.7, mec="white", mew=0.4,
            label=name, zorder=3,
        )  # fmt: skip
    none = [(x, r) for x, r in zip(places, rows, strict=True) if r.reading.below]
    if none:
        axes.plot(
            [x for x, _ in none], [r.reading.value / factor for _, r in none], "v", ms=4.5, mfc="white", mec=colour,
            label="" if found else f"{name}, none found", zorder=3,
        )  # fmt: skip


def ports(found: LabComparison, name: str) -> Figure | None:
    """A quantity at every port: readings over the band of the port."""
    rows = [r for r in found.rows if r.reading.quantity.name == name and r.predicted is not None]
    if not rows:
        return None
    order = [p["port"] for p in found.protocol["sampling"]["ports"]]
    places = {"": -1, **{port: n for n, port in enumerate(order)}}

    def place(row: Residual) -> int:
        return places["" if row.reading.phase in STEADY else row.reading.port]

    met = sorted({place(r) for r in rows})
    figure = new_figure(WIDE, 0.9 + 0.42 * len(met))
    axes = figure.subplots()
    factor, unit = rows[0].reading.factor, rows[0].reading.unit
    smallest, largest = np.inf, 0.0
    for n, where in enumerate(met):
        mine = sorted((r for r in rows if place(r) == where), key=lambda r: r.reading.time)
        low, mean, high = (values[0] for values in _edges(mine, factor))
        axes.barh(n, high - low, left=low, height=0.62, color=ACCENT, alpha=0.18, lw=0)
        axes.plot([mean, mean], [n - 0.31, n + 0.31], color=ACCENT, lw=1.4)
        offsets = np.linspace(-0.24, 0.24, len(mine)) if len(mine) > 1 else np.zeros(1)
        for row, offset in zip(mine, offsets, strict=True):
            value = row.reading.value / factor
            colour = ACCENT if row.agrees else WARN
            if row.reading.below:
                axes.plot(value, n + offset, "<", ms=4.5, mfc="white", mec=colour, zorder=3)
            else:
                axes.errorbar(
                    value, n + offset, xerr=2.0 * row.deviation / factor, fmt="o", ms=3.2, color=colour, mec="white",
                    mew=0.4, elinewidth=0.7, zorder=3,
                )  # fmt: skip
            smallest, largest = min(smallest, value), max(largest, value, high)
    if name == "substrate":
        # below what an assay tells the bands of starving zones may lie decades away
        axes.set_xscale("log")
        axes.set_xlim(max(0.3 * smallest, largest * 10.0**-_WIDEST_DECADES), 2.0 * largest)
    else:
        axes.set_xlim(-0.02 * largest, 1.08 * largest)
    axes.set_yticks(range(len(met)), ["steady feed" if p < 0 else order[p] for p in met])
    axes.invert_yaxis()
    axes.grid(True, axis="x")
    axes.set_xlabel(f"{rows[0].reading.quantity.title}, {unit}")
    return figure


def residual_plot(found: LabComparison) -> Figure | None:
    """Every residual over what is allowed, against time."""
    rows = [r for r in found.rows if r.over_allowed is not None]
    if not rows:
        return None
    figure = new_figure(WIDE, 3.1)
    axes = figure.subplots()
    axes.axhspan(-1.0, 1.0, color=STEEL, alpha=0.16, lw=0)
    axes.axhline(0.0, color=MUTED, lw=0.7)
    groups: dict[str, list[Residual]] = {}
    for row in rows:
        groups.setdefault(row.reading.quantity.title, []).append(row)
    markers = "osD^vPX*<>h"
    for n, (title, mine) in enumerate(groups.items()):
        x, y = [r.reading.time / HOUR for r in mine], np.clip([r.over_allowed or 0.0 for r in mine], -6.0, 6.0)
        axes.plot(
            x, y, markers[n % len(markers)], ms=3.6, color=SERIES[n % len(SERIES)], mec="white", mew=0.3, label=title
        )
    reach = max(1.5, 1.15 * max(abs(v) for v in axes.dataLim.intervaly))
    axes.set_ylim(-min(reach, 6.4), min(reach, 6.4))
    axes.set_xlabel("time in the gradient phase, h")
    axes.set_ylabel("residual over what is allowed")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def productivity_plot(found: Productivity) -> Figure | None:
    """Gradient run over reference run: measured, in the rig and in the tank."""
    bars: list[tuple[str, float | None, tuple[float, float] | None]] = [
        ("the tank's cells, model", found.tank, found.tank_band),
        ("this rig, model", found.rig, None),
    ]
    if found.measured is not None and found.deviation is not None:
        sure = 2.0 * found.deviation
        bars.append(("this rig, measured", found.measured, (found.measured - sure, found.measured + sure)))
    bars = [bar for bar in bars if bar[1] is not None]
    if len(bars) < 2:
        return None
    figure = new_figure(WIDE, 0.75 + 0.33 * len(bars))
    axes = figure.subplots()
    for n, (name, value, edges) in enumerate(bars):
        colour = WARN if "measured" in name else ACCENT
        axes.barh(n, 100.0 * (value or 0.0), height=0.6, color=colour, alpha=0.75)
        text = f"{100.0 * (value or 0.0):.1f} %"
        end = 100.0 * (value or 0.0)
        if edges is not None:
            axes.plot([100.0 * e for e in edges], [n, n], color="black", lw=1.0)
            end = max(end, 100.0 * edges[1])
        axes.annotate(
            text, (end, n), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8,
            bbox={"fc": "white", "ec": "none", "pad": 1.0},
        )  # fmt: skip
    axes.axvline(100.0, color=MUTED, lw=0.7, ls=":")
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axes.set_xlim(0.0, max(112.0, axes.get_xlim()[1] * 1.08))
    axes.set_xlabel("specific productivity, % of the reference run")
    return figure
