"""Figures of a screening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.report.style import ACCENT, INK, MUTED, STEEL, WARN, new_figure
from rushton.study.screening.criterion import FEW
from rushton.study.screening.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from rushton.study.screening.criterion import Score
    from rushton.study.screening.result import Screening

NAMED = 24
"""Up to so many strains all carry their names; of more, the ends of the ranking do."""
MAP = "viridis"


def plane(found: Screening) -> Figure:
    """The strains by their readings in the two best rigs, coloured by their robustness in the tank."""
    pair = found.best if found.best.kind == "pair" else next((s for s in found.sets if s.kind == "pair"), None)
    if pair is None:
        return against_tank(found, found.best)
    x, y = (100.0 * found.readings[:, j] for j in pair.rigs)
    t = 100.0 * found.tank
    figure = new_figure(7.6, 4.6)
    axis = figure.subplots()
    _room(axis, x, y)
    _levels(axis, pair, t)
    noise = [_deviation(found, j) for j in pair.rigs]
    axis.errorbar(x, y, 100.0 * noise[1], 100.0 * noise[0], fmt="none", ecolor=STEEL, elinewidth=0.7, alpha=0.6)
    dots = axis.scatter(x, y, c=t, cmap=MAP, s=34, edgecolors="white", linewidths=0.6, zorder=3)
    _name(axis, found, x, y)
    axis.set_xlabel(f"{_what(found, pair.rigs[0])}, {label(found.rigs[pair.rigs[0]].name)}, % of steady reference")
    axis.set_ylabel(f"{_what(found, pair.rigs[1])}, {label(found.rigs[pair.rigs[1]].name)}, %")
    bar = figure.colorbar(dots, ax=axis, shrink=0.85, pad=0.015)
    bar.set_label("robustness in the tank, %")
    bar.outline.set_visible(False)
    return figure


def _levels(axis: Axes, pair: Score, t: np.ndarray) -> None:
    """Lines of equal predicted robustness."""
    low, high = axis.get_xlim(), axis.get_ylim()
    gx, gy = np.meshgrid(np.linspace(*low, 60), np.linspace(*high, 60))
    b, m = pair.weights, 100.0 * pair.means
    value = 100.0 * pair.mean + b[0] * (gx - m[0]) + b[1] * (gy - m[1])
    if np.ptp(value) <= 0.0 or np.ptp(t) <= 0.0:
        return
    step = _nice(float(np.ptp(t)) / 4.0)
    for level in np.arange(np.floor(value.min() / step), np.ceil(value.max() / step) + 1) * step:
        if not t.min() - 1.5 * step <= level <= t.max() + 1.5 * step:
            continue
        lines = axis.contour(gx, gy, value, [level], colors=STEEL, linewidths=0.7, linestyles="dashed", alpha=0.8)
        ends = [path[np.argmin(path[:, 1] - 1e-6 * path[:, 0])] for path in lines.allsegs[0] if len(path)]
        if ends:  # named where it leaves the plane, right or below
            right = ends[0][0] > _right_end(low)
            axis.annotate(
                f"{level:g} %", tuple(ends[0]), (-3, 3) if right else (3, 3), textcoords="offset points",
                ha="right" if right else "left", va="bottom", fontsize=6.5, color=MUTED,
            )  # fmt: skip


def _right_end(limits: tuple[float, float]) -> float:
    """Where the right twentieth of an axis begins."""
    return limits[1] - 0.05 * (limits[1] - limits[0])


def _nice(step: float) -> float:
    power = 10.0 ** np.floor(np.log10(max(step, 1e-6)))
    return float(next(f for f in (1.0, 2.0, 5.0, 10.0) if f * power >= step) * power)


def _room(axis: Axes, x: np.ndarray, y: np.ndarray) -> None:
    for values, put in ((x, axis.set_xlim), (y, axis.set_ylim)):
        room = max(1.0, 0.14 * float(np.ptp(values)))
        put(values.min() - room, values.max() + room)


def _what(found: Screening, rig: int) -> str:
    if found.rigs[rig].reads == "growth":
        return "growth"
    return "productivity" if found.has_product.all() else "productivity or yield"


def _deviation(found: Screening, rig: int) -> np.ndarray:
    z = found.readings[:, rig]
    return np.asarray(np.sqrt(2.0 / found.repeats * (found.assay * z) ** 2 + found.spare[:, rig]))


def _name(axis: Axes, found: Screening, x: np.ndarray, y: np.ndarray) -> None:
    """Names beside the dots, where they do not lie on one another."""
    order = np.argsort(-found.tank, kind="stable")
    chosen = order if len(order) <= NAMED else np.concatenate([order[:5], order[-5:]])
    spans = [abs(np.subtract(*axis.get_xlim())), abs(np.subtract(*axis.get_ylim()))]
    placed: list[tuple[float, float, float]] = []
    for n in chosen:
        text = _short(found.strains[n].name)
        width = 0.0085 * len(text) + 0.01
        for dx, dy, ha in ((5, 3, "left"), (-5, 3, "right"), (5, -9, "left"), (-5, -9, "right"), (0, 8, "center")):
            u = x[n] / spans[0] + dx / 500.0
            left = u - {"left": 0.0, "right": width, "center": 0.5 * width}[ha]
            v = y[n] / spans[1] + dy / 300.0
            if all(left + width < a or a + w < left or abs(v - b) > 0.035 for a, b, w in placed):
                placed.append((left, v, width))
                axis.annotate(text, (x[n], y[n]), (dx, dy), textcoords="offset points", ha=ha, fontsize=6.8, color=INK)
                break


def against_tank(found: Screening, one: Score) -> Figure:
    """Robustness in the tank against what the rigs predict for each strain without having seen it."""
    figure = new_figure(3.7, 3.3)
    axis = figure.subplots()
    t, p = 100.0 * found.tank, 100.0 * one.predicted
    low, high = 100.0 * found.tank_band
    axis.errorbar(
        t, p, 100.0 * one.noise, np.nan_to_num(np.array([t - low, high - t])).clip(0.0), fmt="none", ecolor=STEEL,
        elinewidth=0.8, alpha=0.7,
    )  # fmt: skip
    axis.plot(t, p, "o", ms=4.0, color=ACCENT, mec="white", mew=0.5)
    ends = [min(t.min(), p.min()) - 1.0, max(t.max(), p.max()) + 1.0]
    axis.plot(ends, ends, color=MUTED, lw=0.8)
    axis.set_xlabel("robustness in the tank, %")
    axis.set_ylabel("predicted from the rigs, %")
    axis.grid(True)
    axis.set_axisbelow(True)
    return figure


def heat(found: Screening) -> Figure:
    """Gain of every pair of rigs; on the diagonal that of one rig run twice."""
    k = len(found.rigs)
    few = len(found.strains) < FEW
    value = np.full((k, k), np.nan)
    for one in found.sets:
        i, j = one.rigs[0], one.rigs[-1]
        value[max(i, j), min(i, j)] = one.bits if few else one.gain
    figure = new_figure(7.6 if k > 5 else 5.6, 1.4 + 0.42 * k)
    axis = figure.subplots()
    image = axis.imshow(np.ma.masked_invalid(value), cmap="Blues", aspect="auto",
                        vmin=0.0 if few else min(1.0, float(np.nanmin(value))))  # fmt: skip
    middle = 0.5 * sum(image.get_clim())
    best = (max(found.best.rigs), min(found.best.rigs))
    for i, j in zip(*np.nonzero(np.isfinite(value)), strict=True):
        bold = (i, j) == best
        axis.text(j, i, f"{value[i, j]:.2f}", ha="center", va="center", fontsize=8.0,
                  color="white" if value[i, j] > middle else INK, fontweight="bold" if bold else "normal")  # fmt: skip
    axis.add_patch(_frame(best))
    names = [label(r.name) for r in found.rigs]
    axis.set_xticks(range(k), names, rotation=28, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(k), names)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.tick_params(length=0)
    bar = figure.colorbar(image, ax=axis, shrink=0.9, pad=0.015)
    bar.set_label("bits" if few else "gain, –")
    bar.outline.set_visible(False)
    return figure


def _frame(place: tuple[int, int]) -> Patch:
    from matplotlib.patches import Rectangle

    return Rectangle((place[1] - 0.5, place[0] - 0.5), 1.0, 1.0, fill=False, ec=WARN, lw=2.0, zorder=4)


def profile(found: Screening) -> Figure:
    """Every strain's reading in every rig and its robustness in the tank, as lines from place to place."""
    import matplotlib

    places = [f"{label(r.name)}, growth" if r.reads == "growth" else label(r.name) for r in found.rigs]
    growth_first = sorted(range(len(places)), key=lambda j: found.rigs[j].reads != "growth")
    values = 100.0 * np.column_stack([found.readings[:, growth_first], found.tank])
    order = np.argsort(-found.tank, kind="stable")
    last = len(places)
    figure = new_figure(7.6, 3.6)
    axis = figure.subplots()
    low, high = 100.0 * found.tank_band
    axis.vlines(np.full(len(low), last), low, high, color=STEEL, lw=2.6, alpha=0.35)
    colours = matplotlib.colormaps[MAP](np.linspace(0.92, 0.0, len(order)))
    for colour, n in zip(colours, order, strict=True):
        axis.plot(range(last + 1), values[n], "-o", color=colour, ms=3.2, lw=1.0, alpha=0.85)
    axis.axvline(last - 0.5, color=STEEL, lw=0.7)
    axis.set_xticks(
        range(last + 1), [*(places[j] for j in growth_first), "tank"], rotation=18, ha="right", rotation_mode="anchor"
    )
    axis.set_ylabel("% of the steady reference")
    axis.grid(axis="y")
    axis.set_axisbelow(True)
    if len(order) <= NAMED:
        _names_at_end(axis, [_short(found.strains[n].name) for n in order], values[order, -1], last, colours)
    return figure


def _names_at_end(axis: Axes, names: list[str], at: np.ndarray, x: int, colours: np.ndarray) -> None:
    """Names right of the last place, pushed apart so that each is legible."""
    low, high = axis.get_ylim()
    gap = 0.052 * (high - low)
    order = np.argsort(at, kind="stable")
    place = at[order].astype(float)
    for _ in range(400):
        short = gap - np.diff(place)
        if short.max(initial=0.0) < 1e-3 * gap:
            break
        push = 0.5 * np.maximum(short, 0.0)
        place[:-1] -= push
        place[1:] += push
    line = {"arrowstyle": "-", "lw": 0.6, "relpos": (0.0, 0.5), "shrinkA": 1.0, "shrinkB": 3.0}
    for y, n in zip(place, order, strict=True):
        axis.annotate(
            names[n], (x, at[n]), (x + 0.3, y), fontsize=6.8, color=INK, va="center", annotation_clip=False,
            arrowprops=line | {"color": colours[n]},
        )  # fmt: skip
    axis.set_xlim(-0.3, x + 0.15)


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"
