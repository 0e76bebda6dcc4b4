"""Pictures of what a cell sees: signals, residences, arcs, circulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.style import INK, MUTED, PATTERN_COLOURS, PATTERNS, REGIME_NAMES, new_figure, shade_signal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def signals(time: np.ndarray, s: np.ndarray, starvation: float, excess: float, window: float = 200.0) -> Figure:
    """s(t) of a few cells over the shaded regimes.

    Parameters
    ----------
    time : (n_t,) float
        s.
    s : (n_cell, n_t) float
        q / q_max.
    window : float
        Longest stretch drawn, s.
    """
    n = s.shape[0]
    figure = new_figure(7.6, 0.5 + 0.85 * n)
    axes = np.atleast_1d(np.asarray(figure.subplots(n, 1, sharex=True), dtype=object))
    shown = time - time[0] <= window
    for row, (axis, signal) in enumerate(zip(axes, s, strict=True)):
        shade_signal(axis, time[shown] - time[0], signal[shown], starvation, excess)
        axis.plot(time[shown] - time[0], signal[shown], color=INK, lw=0.8)
        axis.set(ylim=(-0.02, 1.02), yticks=[0, 0.5, 1], xlim=(0, min(window, float(time[-1] - time[0]))))
        axis.text(1.004, 0.5, f"cell {row + 1}", transform=axis.transAxes, fontsize=7.5, color=MUTED, va="center")
    axes[-1].set_xlabel("time, s")
    figure.supylabel("s = q / q$_{max}$, –", fontsize=8.5)
    return figure


def residences(edges: np.ndarray, counts: np.ndarray, table: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Distributions of the six residence patterns, density per decade of time.

    Parameters
    ----------
    edges : (n_bin + 1,) float
        s, logarithmic.
    counts : (6, n_bin) int
        Stays in the order of PATTERNS.
    table : mapping
        Mean, median, p95 (s) and count per pattern.
    """
    figure = new_figure(7.6, 4.3)
    axes = figure.subplots(2, 3, sharex=True)
    coarse = slice(None, None, 4)
    for axis, name, row in zip(axes.flat, PATTERNS, counts, strict=True):
        n = row.size // 4 * 4
        merged, border = row[:n].reshape(-1, 4).sum(axis=1), edges[: n + 1][coarse]
        total, width = merged.sum(), np.diff(np.log10(border))
        if total > 0:
            axis.stairs(merged / total / width, border, fill=True, color=PATTERN_COLOURS[name], alpha=0.8)
        numbers = table.get(name) or {}
        _line(axis, numbers.get("mean"), "-", "mean")
        _line(axis, numbers.get("p95"), ":", "95 %")
        axis.set_xscale("log")
        axis.set_title(f"{_pattern_title(name)}\n", loc="left", fontsize=8.2)
        axis.text(0.0, 1.03, _numbers(numbers), transform=axis.transAxes, fontsize=7.2, color=MUTED)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
    used = np.flatnonzero(counts.sum(axis=0))
    if used.size:
        low, high = edges[max(0, used[0] - 2)], edges[min(edges.size - 1, used[-1] + 3)]
        axes[0, 0].set_xlim(max(0.03, low), high)
    for axis in axes[1]:
        axis.set_xlabel("stay, s")
    figure.supylabel("share of stays per decade", fontsize=8.5)
    return figure


def arcs(duration_edges: np.ndarray, level_edges: np.ndarray, counts: np.ndarray, threshold: float) -> Figure:
    """Map of excursions above the threshold: how long against how high.

    Parameters
    ----------
    duration_edges : (n_tau + 1,) float
        s.
    level_edges : (n_s + 1,) float
        Maximum of s during the arc.
    counts : (n_tau, n_s) float
    """
    from matplotlib.colors import LogNorm

    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    filled = np.where(counts > 0, counts, np.nan)
    image = axes.pcolormesh(
        duration_edges,
        level_edges,
        filled.T,
        cmap="cividis",
        norm=LogNorm(1, max(2.0, float(np.nanmax(counts)))),
        rasterized=True,
    )
    axes.set_xscale("log")
    used = np.flatnonzero(counts.sum(axis=1))
    if used.size:
        axes.set_xlim(duration_edges[used[0]], duration_edges[used[-1] + 1])
    axes.set(xlabel=f"time above s = {threshold:g}, s", ylabel="highest s reached, –", ylim=(0, 1))
    figure.colorbar(image, ax=axes, label="arcs", shrink=0.85, aspect=22)
    return figure


def circulation(
    edges: np.ndarray, counts: np.ndarray, mean: float | None, marks: Sequence[tuple[str, float]] = ()
) -> Figure:
    """Distribution of the time between entries into an impeller zone, with its mean and other values.

    Parameters
    ----------
    edges : (n_bin + 1,) float
        s, logarithmic.
    counts : (n_bin,) int
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    n = counts.size // 4 * 4
    merged, border = counts[:n].reshape(-1, 4).sum(axis=1), edges[: n + 1][::4]
    total = merged.sum()
    if total > 0:
        axes.stairs(merged / total / np.diff(np.log10(border)), border, fill=True, color="#56B4E9", alpha=0.75)
        used = np.flatnonzero(merged)
        axes.set_xlim(border[used[0]], border[min(used[-1] + 2, border.size - 1)])
    axes.set_xscale("log")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    styles = [("mean", mean, "-", INK)] + [(name, x, (0, (4, 2)), MUTED) for name, x in marks]
    for name, x, dash, colour in styles:
        if x is not None:
            axes.axvline(x, ls=dash, color=colour, lw=1.1, label=f"{name}: {x:.1f} s")
    axes.set(xlabel="time between two entries into an impeller zone, s", ylabel="share per decade")
    axes.legend(loc="upper right")
    return figure


def _pattern_title(name: str) -> str:
    before, inside, after = (REGIME_NAMES[c] for c in name)
    if before == after:
        return f"{name}: in {inside} from {before}"
    return f"{name}: {before} to {after}"


def _line(axis: Any, x: float | None, style: str, text: str) -> None:
    if x is not None and x > 0:
        axis.axvline(x, color=INK, lw=1.0, ls=style)


def _numbers(numbers: Mapping[str, Any]) -> str:
    if not numbers or numbers.get("mean") is None:
        return "none seen"
    count = f"{int(numbers['count']):,}".replace(",", "\u202f")
    return f"mean {numbers['mean']:.3g} s, 95 % {numbers['p95']:.3g} s, {count} stays"
