"""Pictures of how uptake signals fluctuate: spectrum, autocorrelation, excursions, crossings between impellers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.report.style import ACCENT, EXCESS, INK, MUTED, STARVATION, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def spectrum(frequency: np.ndarray, density: np.ndarray, integral_time: float | None, variance: float) -> Figure:
    """Power spectral density of s with its band, and the Lorentzian of the same variance and integral scale.

    Parameters
    ----------
    frequency : (n,) float
        Hz.
    density : (3, n) float
        Density and its band, s.
    integral_time : float or None
        s.
    variance : float
        Of s, -.
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    axes.fill_between(frequency, density[1], density[2], color=ACCENT, alpha=0.25, lw=0, label="95 % band")
    axes.plot(frequency, density[0], color=ACCENT, lw=1.3, label="cells")
    if integral_time is not None:
        lorentz = 4.0 * variance * integral_time / (1.0 + (2.0 * np.pi * frequency * integral_time) ** 2)
        axes.plot(frequency, lorentz, color=MUTED, lw=1.0, ls="--", label=f"exponential memory, {integral_time:.3g} s")
    axes.set(xscale="log", yscale="log", xlabel="frequency, Hz", ylabel="power spectral density of s, s")
    axes.legend(loc="lower left")
    return figure


def autocorrelation(lag: np.ndarray, r: np.ndarray, one_over_e: float | None, integral_time: float | None) -> Figure:
    """Autocorrelation of s with its band, its 1/e time and its integral scale.

    Parameters
    ----------
    lag : (n,) float
        s.
    r : (3, n) float
        Autocorrelation and its band, -.
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    axes.axhline(0.0, color=MUTED, lw=0.6)
    axes.fill_between(lag, r[1], r[2], color=ACCENT, alpha=0.25, lw=0, label="95 % band")
    axes.plot(lag, r[0], color=ACCENT, lw=1.3, label="cells")
    if one_over_e is not None:
        axes.plot([one_over_e], [np.exp(-1.0)], "o", ms=4, color=INK, label=f"1/e at {one_over_e:.3g} s")
        axes.set_xlim(0.0, min(float(lag[-1]), 8.0 * one_over_e))
    if integral_time is not None:
        axes.axvline(integral_time, color=MUTED, lw=1.0, ls="--", label=f"integral scale {integral_time:.3g} s")
    axes.set(xlabel="lag, s", ylabel="autocorrelation of s, –", ylim=(min(-0.1, float(np.nanmin(r[1]))), 1.02))
    axes.legend(loc="upper right")
    return figure


def excursions(duration_edges: np.ndarray, depth_edges: np.ndarray, counts: np.ndarray) -> Figure:
    """Maps of excursions into excess and into starvation: how long against how far.

    Parameters
    ----------
    duration_edges : (n_tau + 1,) float
        s.
    depth_edges : (n_depth + 1,) float
        1 - s in excess, s in starvation.
    counts : (2, n_tau, n_depth) int
    """
    from matplotlib.colors import LogNorm

    figure = new_figure(7.6, 3.1)
    titles = (("Excess", EXCESS, "1 – highest s, –"), ("Starvation", STARVATION, "lowest s, –"))
    for axes, (title, colour, label), here in zip(figure.subplots(1, 2), titles, counts, strict=True):
        total = max(1, int(here.sum()))
        filled = np.where(here > 0, here / total, np.nan)
        largest = float(np.nanmax(filled)) if here.any() else 1.0
        image = axes.pcolormesh(
            duration_edges,
            depth_edges,
            filled.T,
            cmap="cividis",
            norm=LogNorm(1e-3 * largest, largest),
            rasterized=True,
        )
        used, deep = np.flatnonzero(here.sum(axis=1)), np.flatnonzero(here.sum(axis=0))
        if used.size:
            axes.set_xlim(duration_edges[used[0]], duration_edges[used[-1] + 1])
            axes.set_ylim(depth_edges[deep[0]], depth_edges[deep[-1] + 1])
        axes.set(xscale="log", yscale="log", xlabel="stay, s", ylabel=label)
        axes.set_title(title, loc="left", color=colour, fontsize=9)
        figure.colorbar(image, ax=axes, label="share of excursions", shrink=0.85, aspect=22)
    return figure


def crossings(edges: np.ndarray, counts: np.ndarray, mean: float | None) -> Figure:
    """Distribution of the times between crossings of a plane between impellers.

    Parameters
    ----------
    edges : (n_bin + 1,) float
        s, logarithmic.
    counts : (n_bin,) int
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    merged, border = counts.reshape(-1, 6).sum(axis=1), edges[::6]
    total = max(1, int(merged.sum()))
    axes.stairs(merged / total / np.diff(np.log10(border)), border, fill=True, color="#56B4E9", alpha=0.75)
    used = np.flatnonzero(merged)
    if used.size:
        axes.set_xlim(border[used[0]], border[used[-1] + 1])
    if mean is not None:
        axes.axvline(mean, color=INK, lw=1.1, label=f"time over crossings: {mean:.3g} s")
        axes.legend(loc="upper left")
    axes.set(xscale="log", yticks=[], xlabel="time between two crossings, s", ylabel="share per decade")
    axes.spines["left"].set_visible(False)
    return figure
