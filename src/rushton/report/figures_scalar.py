"""Pictures of what the flow carries: the tracer pulse and the fed substrate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.figures_flow import BEHIND_BAFFLE, frame, panel_size
from rushton.report.planes import between_baffles, on_plane, vertical_plane
from rushton.report.style import (
    ACCENT,
    EXCESS,
    INK,
    LIMITATION,
    MUTED,
    SERIES,
    STARVATION,
    SUBSTRATE_MAP,
    WARN,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def tracer_curves(
    time: np.ndarray,
    probes: np.ndarray,
    blend_times: np.ndarray,
    labels: Sequence[str],
    variance: np.ndarray,
    theta95_probe: float | None,
    theta95_variance: float | None,
) -> Figure:
    """Probe curves with the 1 +- 0.05 band, and the coefficient of variation of the whole tank.

    Parameters
    ----------
    time : (n_t,) float
        s.
    probes : (n_probe, n_t) float
        C / C_inf.
    blend_times : (n_probe,) float
        Of each probe, s; nan where the run ended before.
    variance : (n_t,) float
        sqrt(sum V (C/C_inf - 1)^2 / sum V).
    theta95_probe, theta95_variance : float
        s.
    """
    figure = new_figure(7.6, 3.0)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1.0))
    left.axhspan(0.95, 1.05, color=LIMITATION, alpha=0.18, lw=0)
    many = probes.shape[0] > 4
    for n, curve in enumerate(probes):
        left.plot(
            time,
            curve,
            color=ACCENT if many else SERIES[n],
            lw=0.7 if many else 1.4,
            alpha=0.55 if many else 1.0,
            label=None if many else labels[n],
        )
    if many:
        slow = int(np.argmax(np.where(np.isnan(blend_times), np.inf, blend_times)))
        left.plot(time, probes[slow], color=WARN, lw=1.6, label=f"slowest: {labels[slow]}")
    left.set_xlim(0.0, time[-1])
    _mark(left, theta95_probe, "θ$_{95}$")
    left.set(xlabel="time after the pulse, s", ylabel="C / C$_∞$ , –", title="Probes" if len(labels) > 1 else "Probe")
    left.set_ylim(0.0, min(4.0, max(1.6, 1.05 * float(np.nanpercentile(probes, 99.5)))))
    if probes.shape[0] and (many or len(labels)):
        left.legend(loc="lower right", framealpha=0.9, frameon=True, edgecolor="none")
    left.grid(True, axis="y")
    right.axhspan(1e-4, 0.05, color=LIMITATION, alpha=0.18, lw=0)
    positive = variance > 0
    right.semilogy(time[positive], variance[positive], color=INK)
    right.set_xlim(0.0, time[-1])
    _mark(right, theta95_variance, "θ$_{95}$")
    right.set_ylim(max(5e-3, 0.5 * float(variance[positive].min())), min(50.0, 1.5 * float(variance[positive].max())))
    right.set(xlabel="time after the pulse, s", ylabel="coefficient of variation, –", title="Whole tank")
    right.grid(True, axis="y")
    return figure


def gradient_planes(
    case: Any, mesh: Any, concentration: np.ndarray, uptake_ratio: np.ndarray, starvation: float, excess: float
) -> Figure:
    """Substrate and relative uptake mid-way between baffles and behind one, with the borders of the regimes."""
    from matplotlib.colors import LogNorm

    figure = new_figure(*panel_size(case, 3, width=7.6, tallest=5.4))
    axes = figure.subplots(1, 3, sharey=True)
    feed_angle = case.feeds[0].position.angle if case.feeds else between_baffles(case.tank.baffles.count)
    plane, behind = vertical_plane(mesh, feed_angle), vertical_plane(mesh, BEHIND_BAFFLE)
    values = on_plane(mesh, concentration, plane)
    positive = concentration[concentration > 0.0]
    high = 10.0 ** np.ceil(np.log10(float(np.percentile(positive, 99.9))))
    low = max(high * 1e-6, 10.0 ** np.floor(np.log10(float(np.percentile(positive, 1.0)))))
    image = axes[0].imshow(
        np.clip(values, low, high),
        origin="lower",
        extent=plane.extent,
        cmap=SUBSTRATE_MAP,
        norm=LogNorm(low, high),
        interpolation="bilinear",
        aspect="equal",
        rasterized=True,
    )
    frame(axes[0], case, "Concentration,\nplane of the feed")
    figure.colorbar(
        image, ax=axes[0], orientation="horizontal", shrink=0.88, pad=0.01, aspect=22, label="mol/m³", extend="both"
    )
    for axis, cut, title in (
        (axes[1], plane, "Relative uptake,\nplane of the feed"),
        (axes[2], behind, "Relative uptake,\nbehind a baffle"),
    ):
        s = on_plane(mesh, uptake_ratio, cut)
        image = axis.imshow(
            s,
            origin="lower",
            extent=cut.extent,
            cmap=SUBSTRATE_MAP,
            vmin=0.0,
            vmax=1.0,
            interpolation="bilinear",
            aspect="equal",
            rasterized=True,
        )
        axis.contour(cut.x, cut.z, s, levels=[starvation, excess], colors=["#7fd0ff", "#ff7b1c"], linewidths=1.1)
        frame(axis, case, title)
        figure.colorbar(
            image, ax=axis, orientation="horizontal", shrink=0.88, pad=0.01, aspect=22, label="q / q$_{max}$, –"
        )
    axes[0].set_ylabel("height, m")
    return figure


def share_bars(rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Shares of excess, limitation and starvation, one stacked bar a row (label, E, L, S as fractions)."""
    figure = new_figure(7.6, 0.55 + 0.42 * len(rows))
    axes = figure.subplots()
    for n, (_label, *shares) in enumerate(rows):
        left = 0.0
        for share, colour, name in zip(
            shares, (EXCESS, LIMITATION, STARVATION), ("excess", "limitation", "starvation"), strict=True
        ):
            axes.barh(n, 100 * share, left=left, color=colour, height=0.62, label=name if n == 0 else None)
            if share > 0.04:
                axes.text(
                    left + 50 * share,
                    n,
                    f"{100 * share:.1f}",
                    ha="center",
                    va="center",
                    fontsize=7.8,
                    color="white" if colour == STARVATION else INK,
                    weight="bold",
                )
            left += 100 * share
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.tick_params(axis="y", labelsize=8.2, labelcolor=INK, length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("%")
    axes.spines["left"].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3)
    return figure


def _mark(axes: Axes, x: float | None, text: str) -> None:
    if x is None:
        return
    axes.axvline(x, color=MUTED, lw=0.9, ls=(0, (4, 2)))
    axes.annotate(
        f"{text}: {x:.1f} s",
        (x, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right" if x > 0.5 * axes.get_xlim()[1] else "left",
        va="bottom",
        fontsize=7.5,
        color=INK,
    )
