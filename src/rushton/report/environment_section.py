"""Chapter on what surrounds a cell on its way: substrate, gases, dissipation, shear, place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.blocks import Note, Prose, Section, missing, picture, table
from rushton.report.numbers import given, nice_unit, number, percent
from rushton.report.style import ACCENT, INK, MUTED, WARN, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 200.0
"""Seconds of one lifeline that are drawn."""
LOGARITHMIC = ("substrate", "dissipation", "shear_rate")
NOT_DRAWN = ("angle", "radius", "uptake_ratio")


def environment(case: Any, result: Any, lifelines: Any, summary: dict[str, Any]) -> Section:
    """Distributions over time, critical values, one cell's way through all of it."""
    part = summary.get("environment") or {}
    section = Section("environment", "What surrounds a cell")
    if result is None:
        section.blocks.append(missing(part, "Surroundings of the cells"))
        return section
    section.lead = (
        f"Every scalar of the tank along {number(int(result.cells))} of the lifelines. Percentiles are of time: a cell "
        "spends 5 % of it below the first and 5 % above the last."
    )
    section.blocks += [
        table(
            ("Scalar", "Unit", "5 %", "Median", "Mean", "95 % band of the mean", "95 %", "Mean by volume"),
            [_row(result, n) for n, scalar in enumerate(result.scalars) if scalar.name != "angle"],
            numbers=(2, 3, 4, 5, 6, 7),
        ),
        Prose(
            "The band holds how well so many cells of this duration represent the fields (bootstrap over groups of "
            "lifelines), not how sure the fields are. Stays are seen at samples "
            f"{given(result.sampling, 3)} s apart; shorter ones are missed."
        ),
    ]
    if result.crossings:
        section.blocks.append(
            table(
                ("Critical value", "Time beyond it", "95 % band", "Volume", "Times an hour", "Mean stay, s", "95 %, s"),
                [_crossing(scalar, result.crossings[scalar.name]) for scalar in result.scalars
                 if scalar.name in result.crossings],
                numbers=(1, 2, 3, 4, 5, 6),
            )
        )  # fmt: skip
    section.blocks += [Note(f"No {name.replace('_', ' ')}: {why}.") for name, why in result.without.items()]
    section.blocks.append(
        picture(
            lambda: distributions(result),
            "Share of a cell's time below each value. Dashed: the critical value of the strain, where one is given.",
            "Distributions of the scalars that a cell meets",
        )
    )
    if lifelines is not None:
        section.blocks.append(
            picture(
                lambda: one_way(result, lifelines),
                "What one cell meets on its way, all scalars at the same moments.",
                "Scalars along one lifeline",
            )
        )
    return section


def _row(result: Any, n: int) -> tuple[str, ...]:
    scalar, band = result.scalars[n], result.mean_band[n]
    name, unit, factor = label_of(scalar)
    low, middle, high = (number(factor * result.quantile(scalar.name, level)) for level in (5.0, 50.0, 95.0))
    between = "–" if not np.isfinite(band).all() else f"{number(factor * band[0])} to {number(factor * band[1])}"
    mean, volume_mean = number(factor * result.mean[n]), number(factor * result.volume_mean[n])
    return name, unit, low, middle, mean, between, high, volume_mean


def _crossing(scalar: Any, crossing: Any) -> tuple[str, ...]:
    sign = "<" if scalar.side == "below" else ">"
    band = "–" if not np.isfinite(crossing.band).all() else " to ".join(percent(x) for x in crossing.band)
    return (
        f"{scalar.name.replace('_', ' ')} {sign} {given(scalar.critical)} {nice_unit(scalar.unit)}",
        percent(crossing.share), band, percent(crossing.volume_share),
        number(crossing.per_hour), number(crossing.mean_s), number(crossing.p95_s),
    )  # fmt: skip


def _drawn(result: Any) -> list[Any]:
    return [scalar for scalar in result.scalars if scalar.name not in NOT_DRAWN]


def label_of(scalar: Any) -> tuple[str, str, float]:
    """Name and unit for reading, and the factor from the scalar's own unit to it: micrometres for eddies."""
    name = scalar.name.replace("_", " ").replace("kolmogorov", "Kolmogorov")
    return (name, "µm", 1e6) if scalar.name == "kolmogorov_length" else (name, nice_unit(scalar.unit), 1.0)


def distributions(result: Any) -> Figure:
    """Cumulative distributions over time of every scalar that is worth a panel."""
    from rushton.lifelines.environment import LEVELS

    shown = _drawn(result)
    rows = -(-len(shown) // 5)
    columns = -(-len(shown) // rows)
    figure = new_figure(7.6, 0.4 + 1.8 * rows)
    axes = np.asarray(figure.subplots(rows, columns, sharey=True, squeeze=False), dtype=object).ravel()
    for axis, scalar in zip(axes, shown, strict=False):
        name, unit, factor = label_of(scalar)
        values = factor * result.quantiles[result.names.index(scalar.name)]
        axis.plot(values, LEVELS, color=ACCENT)
        if scalar.critical is not None:
            axis.axvline(factor * scalar.critical, color=WARN, lw=1.0, ls=(0, (4, 2)))
        if scalar.name in LOGARITHMIC and values[0] > 0.0:
            axis.set_xscale("log")
        else:
            axis.locator_params(axis="x", nbins=4)
        axis.set_title(f"{name}, {unit}", loc="left", fontsize=8.0)
        axis.set_ylim(0, 100)
        axis.grid(True)
    for axis in axes[len(shown) :]:
        axis.axis("off")
    for axis in axes[::columns]:
        axis.set_ylabel("time below, %")
    return figure


def one_way(result: Any, lifelines: Any) -> Figure:
    """All scalars of the first cell over the first minutes."""
    shown = _drawn(result)
    cells = slice(0, 1)
    index = lifelines.cell_index(cells)[0]
    time = lifelines.sampling * np.arange(1, index.size + 1)
    stretch = time <= SHOWN
    figure = new_figure(7.6, 0.5 + 0.75 * len(shown))
    axes = np.atleast_1d(np.asarray(figure.subplots(len(shown), 1, sharex=True), dtype=object))
    for axis, scalar in zip(axes, shown, strict=True):
        name, unit, factor = label_of(scalar)
        axis.plot(time[stretch], factor * scalar.values[index][stretch], color=INK, lw=0.8)
        if scalar.critical is not None:
            axis.axhline(factor * scalar.critical, color=WARN, lw=0.9, ls=(0, (4, 2)))
        if scalar.name in LOGARITHMIC:
            axis.set_yscale("log")
        else:
            axis.locator_params(axis="y", nbins=3)
        axis.margins(x=0)
        axis.set_title(f"{name}, {unit}", loc="left", fontsize=7.6, color=MUTED)
    axes[-1].set_xlabel("time, s")
    return figure
