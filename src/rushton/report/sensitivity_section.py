"""Chapter on what moves regimes and loss: a tornado chart for every output, with the band of chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.blocks import Note, Prose, Section, missing, picture, table
from rushton.report.numbers import number, percent
from rushton.report.style import ACCENT, INK, MUTED, SERIES, new_figure
from rushton.sensitivity.result import OUTPUTS, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rushton.sensitivity import Sensitivity, Variation


def sensitivity(result: Sensitivity | None, summary: dict[str, Any]) -> Section:
    """What uptake law, biomass and turbulent Schmidt number do to regimes and loss."""
    section = Section("sensitivity", "What moves regimes and loss")
    if result is None:
        section.blocks.append(missing(summary.get("sensitivity"), "Sensitivity"))
        return section
    hours = result.duration / 3600.0
    section.lead = (
        "One factor at a time, on the same flow: fields of their own, regimes along the same "
        f"{number(result.lifelines)} lifelines, loss along {result.histories} "
        f"histories of {number(hours)} h. The turbulent Schmidt number also "
        "moves the cells, which were followed again from the same places with the same seed."
    )
    section.blocks += [Note(text[0].upper() + text[1:] + ".", "warn") for text in result.cautions]
    section.blocks.append(
        picture(
            lambda: tornado(result),
            "Change of each output when a factor is lowered (light) and raised (dark). Black whiskers: 95 % band that "
            "the number of cells leaves; a bar whose whisker reaches zero may be chance.",
            "Tornado chart of the sensitivity",
        )
    )
    head = ("Factor", "times", *(label(key) for key in result.outputs))
    rows = [("the case", "1", *(_value(key, result.base[key]) for key in result.outputs))]
    rows += [(v.factor, number(v.times), *(_change(v, key) for key in result.outputs)) for v in result.variations]
    section.blocks.append(
        table(
            head, rows, "Values of the case, and changes (percentage points, stays in s); ~ within the band of chance",
            numbers=range(1, len(head)), marks=["best", *("" for _ in result.variations)], style="compact",
        )
    )  # fmt: skip
    failed = [f"{v.factor} times {number(v.times)}: {v.reason}" for v in result.variations if v.reason]
    section.blocks.append(
        Prose(
            "The field sees the product of largest uptake and biomass only; the cells see the first in the share of "
            "their capacity that they use, and the second in their share of the feed. Values stand beside those of the "
            "run, which come from more cells and the unsampled signal."
            + (f" Not computed: {'; '.join(failed)}." if failed else "")
            + f" All variations took {number(result.seconds)} CPU s."
        )
    )
    return section


def _value(key: str, value: float) -> str:
    return f"{number(value)} s" if OUTPUTS[key][1] == "s" else percent(value)


def _change(variation: Variation, key: str) -> str:
    if key not in variation.change:
        return "–"
    change, low, high = (OUTPUTS[key][2] * x for x in variation.change[key])
    half = 0.5 * (high - low)
    mark = "" if variation.is_sure(key) else "~ "
    return f"{mark}{'+' if change > 0 else ''}{number(change, 2)} ± {number(half, 2)}"


def tornado(result: Sensitivity) -> Figure:
    """One panel per output; in each, factors from the largest effect down.

    Parameters
    ----------
    result : Sensitivity
    """
    keys = result.outputs
    columns = min(2, len(keys))
    rows = -(-len(keys) // columns)
    figure = new_figure(7.6, rows * (0.55 + 0.27 * len(result.factors)))
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, key in zip(axes.ravel(), keys, strict=False):
        _, unit, scale = OUTPUTS[key]
        effects = {
            factor: [v for v in result.variations if v.factor == factor and key in v.change]
            for factor in result.factors
        }
        order = sorted(effects, key=lambda f: max((abs(v.change[key][0]) for v in effects[f]), default=0.0))
        for y, factor in enumerate(order):
            for v in effects[factor]:
                change, low, high = scale * np.array(v.change[key])
                place, colour = (y + 0.2, ACCENT) if v.times > 1.0 else (y - 0.2, SERIES[5])
                axis.barh(place, change, height=0.38, color=colour, label="raised" if v.times > 1.0 else "lowered")
                axis.hlines(place, low, high, color=INK, lw=1.0)
        axis.axvline(0.0, color=MUTED, lw=0.7)
        axis.set_yticks(range(len(order)), order)
        axis.tick_params(axis="y", length=0)
        axis.set_title(label(key), loc="left", fontsize=8.0)
        axis.set_xlabel(f"change, {unit}")
    handles = dict(zip(*reversed(axes.flat[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside upper right", ncols=2)
    for axis in axes.ravel()[len(keys) :]:
        axis.axis("off")
    return figure
