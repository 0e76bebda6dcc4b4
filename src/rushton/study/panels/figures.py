"""Figures of a panel, readable for two strains and for two hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.report.style import ACCENT, INK, MUTED, STEEL, WARN, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rushton.study.panels.result import Panel

PER_COLUMN = 70
"""Most strains in one column of the ranking."""
FIRST = 15
"""Strains whose ranks are drawn as probabilities."""


def ranking(panel: Panel) -> Figure:
    """Every strain with its band and its well-mixed value, the best on top, in up to several columns."""
    order = panel.order
    tank, ideal = panel.score(panel.tank, panel.ideal), panel.score(panel.ideal, panel.ideal)
    draws = panel.score(panel.draws, panel.ideal_draws)
    by_loss = panel.rank_by == "loss"
    scale = -100.0 if by_loss else 1.0 / abs(tank[order[0]])
    low, high = panel.band(tank, draws)
    columns = min(3, -(-len(order) // PER_COLUMN))
    per = -(-len(order) // columns)
    size = 7.0 if per <= 40 else 5.2
    figure = new_figure(7.6, 0.7 + max(1.2, per * (0.17 if per <= 40 else 0.118)))
    axes = figure.subplots(1, columns, squeeze=False, sharex=True)[0]
    for axis, here in zip(axes, np.array_split(order, columns), strict=True):
        y = np.arange(len(here))
        if not by_loss:
            axis.hlines(y, scale * tank[here], scale * ideal[here], color=STEEL, lw=0.8)
            axis.plot(scale * ideal[here], y, "o", ms=3.0, mfc="white", mec=MUTED, mew=0.8, label="ideally mixed")
        axis.hlines(y, scale * low[here], scale * high[here], color=ACCENT, lw=2.2, alpha=0.55)
        axis.plot(scale * tank[here], y, "o", ms=2.6, color=ACCENT, label="in the tank, 95 % band")
        short = panel.too_short[here]
        names = [f"{panel.rank[n]}  {_short(panel.strains[n].name)}" for n in here]
        axis.set_yticks(y, names, fontsize=size)
        for text, is_short in zip(axis.get_yticklabels(), short, strict=True):
            text.set_color(WARN if is_short else INK)
        axis.set_ylim(len(here) - 0.4, -0.6)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x")
        axis.set_axisbelow(True)
    figure.supxlabel("loss, %" if by_loss else f"{panel.rank_by} over that of the best in the tank, –", fontsize=8.5)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    return figure


def rank_probability(panel: Panel) -> Figure:
    """Share of the draws in which each of the first strains takes each rank."""
    order = panel.order[:FIRST]
    n = len(order)
    counts = np.array([[(panel.rank_draws[:, s] == r).mean() for r in range(1, n + 1)] for s in order])
    figure = new_figure(3.7, 0.9 + 0.17 * n)
    axis = figure.subplots()
    image = axis.imshow(counts, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    axis.set_yticks(range(n), [_short(panel.strains[s].name) for s in order], fontsize=6.5)
    axis.set_xticks(range(n), [str(r) for r in range(1, n + 1)])
    axis.set_xlabel("rank")
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.tick_params(length=0)
    figure.colorbar(image, ax=axis, label="probability, –", shrink=0.9)
    return figure


def ideal_against_tank(panel: Panel) -> Figure:
    """Scatter of what is ranked, or of product or yield where strains are ranked by loss."""
    if panel.rank_by == "loss":
        relative, yields = panel.relative(panel.tank, panel.ideal)
        y = np.where(panel.has_product, relative, yields)
        x, label = np.ones_like(y), "over ideal mixing, –"
    else:
        x, y = panel.score(panel.ideal, panel.ideal), panel.score(panel.tank, panel.ideal)
        best = abs(np.nanmax(y))
        x, y, label = x / best, y / best, f"{panel.rank_by} over the best in the tank, –"
    figure = new_figure(3.7, 3.2)
    axis = figure.subplots()
    axis.plot(x, y, "o", ms=3.0, color=ACCENT, alpha=0.7)
    ends = [float(np.nanmin([x, y])), float(np.nanmax([x, y]))]
    axis.plot(ends, ends, color=MUTED, lw=0.8)
    for n in panel.order[:5]:
        axis.annotate(
            _short(panel.strains[n].name), (x[n], y[n]), xytext=(3, 3), textcoords="offset points", fontsize=6.5
        )
    axis.set_xlabel(f"ideally mixed: {label}")
    axis.set_ylabel("in the tank")
    return figure


def loss_against_starvation(panel: Panel) -> Figure:
    """Loss of every strain over its share of time in starvation."""
    share = 100.0 * np.array([r.shares[2] for r in panel.regimes])
    loss = panel.loss(panel.tank, panel.ideal)
    low, high = panel.band(loss, panel.loss(panel.draws, panel.ideal_draws))
    figure = new_figure(3.7, 3.2)
    axis = figure.subplots()
    axis.vlines(share, 100.0 * low, 100.0 * high, color=ACCENT, lw=1.5, alpha=0.35)
    axis.plot(share, 100.0 * loss, "o", ms=3.0, color=ACCENT, alpha=0.7)
    axis.axhline(0.0, color=MUTED, lw=0.7)
    axis.set_xlabel("time in starvation, %")
    axis.set_ylabel("loss against ideal mixing, %")
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"
