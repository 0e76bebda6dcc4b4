"""Pictures of what the cells make of it, and of the laboratory rigs that reproduce it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.numbers import nice_unit
from rushton.report.style import ACCENT, INK, MUTED, SERIES, STEEL, WARN, new_figure, shade_signal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pools(time_h: np.ndarray, tracks: Mapping[str, tuple[str, np.ndarray, np.ndarray | None]]) -> Figure:
    """Pools and rates over the fermentation: spread of the histories against the ideally mixed vessel.

    Parameters
    ----------
    time_h : (n_t,) float
        h.
    tracks : mapping
        Name -> (unit, (n_history, n_t) values, (n_t,) values of the ideally mixed vessel or None).
    """
    n = len(tracks)
    columns = min(3, n)
    rows = -(-n // columns)
    figure = new_figure(7.6, 0.3 + 1.75 * rows)
    axes = np.atleast_1d(np.asarray(figure.subplots(rows, columns, sharex=True, squeeze=False), dtype=object)).ravel()
    for axis, (name, (unit, values, ideal)) in zip(axes, tracks.items(), strict=False):
        low, mid, high = np.nanpercentile(values, (5, 50, 95), axis=0)
        axis.fill_between(time_h, low, high, color=ACCENT, alpha=0.22, lw=0, label="tank, 5–95 % of histories")
        axis.plot(time_h, mid, color=ACCENT, lw=1.2, label="tank, median")
        if ideal is not None:
            axis.plot(
                time_h,
                np.broadcast_to(ideal, time_h.shape),
                color=WARN,
                lw=1.2,
                ls=(0, (4, 2)),
                label="ideally mixed vessel",
            )
        axis.set_title(f"{name}, {unit}", loc="left", fontsize=8.2)
        axis.set_xlim(time_h[0], time_h[-1])
        axis.grid(True, axis="y")
        axis.margins(y=0.12)
    for axis in axes[n:]:
        axis.axis("off")
    for axis in axes[max(0, n - columns) : n]:
        axis.set_xlabel("time, h")
        axis.tick_params(labelbottom=True)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncol=3)
    return figure


def distributions(response: Any) -> Figure:
    """Histograms of every rate and pool that moves, over cells and moments."""
    from rushton.response.variables import histogram

    units = dict(zip((*response.rate_names, *response.state_names), (*response.rate_units, *response.state_units),
                     strict=True))  # fmt: skip
    moving = {name: values for name in units if np.ptp(values := response.moments(name)) > 1e-5 * np.abs(values).max()}
    n = max(1, len(moving))
    columns = min(4, n)
    rows = -(-n // columns)
    figure = new_figure(7.6, 0.3 + 1.55 * rows)
    axes = np.atleast_1d(np.asarray(figure.subplots(rows, columns, squeeze=False), dtype=object)).ravel()
    for axis, (name, values) in zip(axes, moving.items(), strict=False):
        edges, shares = histogram(values)
        axis.stairs(100.0 * shares, edges, fill=True, color=ACCENT, alpha=0.75)
        axis.axvline(response.reference(name), color=WARN, lw=1.2, ls=(0, (4, 2)))
        axis.set_title(f"{name}, {nice_unit(units[name])}", loc="left", fontsize=8.0)
        axis.locator_params(axis="x", nbins=4)
        axis.locator_params(axis="y", nbins=3)
    for axis in axes[len(moving) :]:
        axis.axis("off")
    for axis in axes[::columns]:
        axis.set_ylabel("share, %")
    return figure


def loss_distribution(
    relative: np.ndarray, final: np.ndarray, mean: float | None, mean_final: float | None, window: str
) -> Figure:
    """Histograms over histories of the productivity relative to the ideally mixed vessel: all the time, and its end.

    Parameters
    ----------
    relative, final : (n_history,) float
        Mean q_p of a history over that of the ideally mixed vessel, over all and over the final window.
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    both = 100.0 * np.concatenate([relative, final])
    edges = np.linspace(min(both.min(), 100.0) - 1.0, max(both.max(), 100.0) + 1.0, 41)
    for values, middle, colour, text in (
        (relative, mean, ACCENT, "all of the time"),
        (final, mean_final, "#E69F00", f"last {window}"),
    ):
        label = text if middle is None else f"{text}: {100 * middle:.1f} %"
        axes.hist(100.0 * np.asarray(values, float), bins=list(edges), color=colour, alpha=0.7, label=label)
    axes.axvline(100.0, color=WARN, lw=1.2, ls=(0, (4, 2)), label="ideally mixed vessel")
    axes.set(xlabel="productivity of a history, % of ideally mixed", ylabel="histories")
    figure.legend(loc="outside upper center", ncol=2)
    return figure


def closeup(response: Any, starvation: float, excess: float, pools: int = 3) -> Figure:
    """s(t) and the pools that move most over the last minutes of the first history; rates where there are no pools.

    Parameters
    ----------
    response : Response
    starvation, excess : float
        Borders of the regimes, -.
    pools : int
        Number of pools drawn.
    """
    time = (response.closeup_time - response.closeup_time[0]) / 60.0
    names, units = response.state_names or response.rate_names, response.state_units or response.rate_units
    columns = response.closeup[0][:, : len(names)].astype(float)
    liveliness = columns.std(axis=0) / np.maximum(np.abs(columns.mean(axis=0)), 1e-30)
    shown = [int(n) for n in np.argsort(-liveliness) if liveliness[n] > 0.0][:pools]
    figure = new_figure(4.4, 3.1)
    axes = np.atleast_1d(np.asarray(figure.subplots(1 + len(shown), 1, sharex=True), dtype=object))
    signal = response.closeup_s[0]
    shade_signal(axes[0], time, signal, starvation, excess)
    axes[0].plot(time, signal, color=INK, lw=0.6)
    axes[0].set(ylim=(-0.02, 1.02), ylabel="s, –")
    for axis, n in zip(axes[1:], shown, strict=True):
        axis.plot(time, columns[:, n], color=ACCENT, lw=0.9)
        axis.axhline(response.reference(names[n]), color=WARN, lw=0.9, ls=(0, (4, 2)))
        axis.set_ylabel(f"{names[n]}\n{nice_unit(units[n])}", fontsize=7)
    for axis in axes:
        axis.margins(x=0)
        axis.locator_params(axis="y", nbins=3)
    axes[-1].set_xlabel("time, min (dashed: ideally mixed vessel)")
    figure.align_ylabels(list(axes))
    return figure


def rig_distances(rows: Sequence[tuple[str, float, bool, bool]], floor: float | None) -> Figure:
    """Distance of every design: (label, distance, is the best, is the reference)."""
    figure = new_figure(7.6, 0.75 + 0.36 * len(rows))
    axes = figure.subplots()
    for n, (_label, distance, best, reference) in enumerate(rows):
        axes.barh(n, distance, height=0.6, color=ACCENT if best else "#b9a48a" if reference else STEEL)
        axes.text(distance, n, f" {distance:.3f}", va="center", fontsize=7.8)
    if floor is not None:
        axes.axvline(
            floor,
            color=WARN,
            lw=1.2,
            ls=(0, (4, 2)),
            label=f"floor {floor:.3f}: two halves of the tank's own lifelines",
        )
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0))
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=8.0, length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.14 * max([row[1] for row in rows] + [floor or 0.0, 1e-6]))
    axes.set_xlabel("distance to the tank, – (0 = the same statistics)")
    return figure


def target_and_achieved(
    panels: Sequence[tuple[str, str, Sequence[tuple[str, np.ndarray, np.ndarray]], bool]],
) -> Figure:
    """Cumulative distributions of tank and rigs side by side.

    Parameters
    ----------
    panels : sequence of (title, x label, curves, logarithmic)
        A curve is (label, x, share below x); the first is the tank.
    """
    n = len(panels)
    columns = min(4, n)
    rows = -(-n // columns)
    figure = new_figure(7.6, 0.5 + 2.1 * rows)
    axes = np.asarray(figure.subplots(rows, columns, sharey=True, squeeze=False), dtype=object).ravel()
    for axis, (title, label, curves, logarithmic) in zip(axes, panels, strict=False):
        for number, (name, x, below) in enumerate(curves):
            axis.plot(
                x,
                100 * below,
                label=name,
                color=INK if number == 0 else SERIES[(number - 1) % len(SERIES)],
                lw=1.8 if number == 0 else 1.1,
                ls="-" if number == 0 else (0, (4, 1.5)),
            )
        if logarithmic:
            axis.set_xscale("log")
            axis.set_xlim(*_met(curves))
        axis.set_title(title, loc="left", fontsize=8.2)
        axis.set_xlabel(label)
        axis.set_ylim(0, 100)
        axis.grid(True)
    for axis in axes[n:]:
        axis.axis("off")
    axes[0].set_ylabel("share below, %")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncol=min(4, len(labels)))
    return figure


def _met(curves: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Range of x in which any of the cumulative curves rises."""
    low = min(float(x[max(0, int(np.searchsorted(below, 1e-3)) - 1)]) for _, x, below in curves)
    high = max(float(x[min(x.size - 1, int(np.searchsorted(below, 0.9995)) + 1)]) for _, x, below in curves)
    return 0.8 * low, 1.25 * high


def signal_comparison(
    rows: Sequence[tuple[str, np.ndarray, np.ndarray]],
    starvation: float,
    excess: float,
    label: str = "s = q / q$_{max}$, –",
) -> Figure:
    """s(t) of one cell in the tank and in each rig: (label, time s, s)."""
    figure = new_figure(7.6, 0.5 + 0.9 * len(rows))
    axes = np.atleast_1d(np.asarray(figure.subplots(len(rows), 1, sharex=True), dtype=object))
    for axis, (name, time, s) in zip(axes, rows, strict=True):
        shade_signal(axis, time, s, starvation, excess)
        axis.plot(time, s, color=INK, lw=0.8)
        axis.set(ylim=(-0.02, 1.02), yticks=[0, 0.5, 1])
        axis.margins(x=0)
        axis.set_title(name, loc="left", fontsize=8.0, color=MUTED)
    axes[-1].set_xlabel("time, s")
    figure.supylabel(label, fontsize=8.5)
    return figure
