"""Pictures of what a rig is worth: nearness against effort, and loops of the usual kind against their stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from rushton.report.style import ACCENT, EXCESS, INK, MUTED, STARVATION, STEEL, WARN, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Of (effort, distance), those that no other one beats in both, by rising effort.

    >>> front([(1.0, 3.0), (2.0, 2.0), (3.0, 2.5), (4.0, 1.0)])
    [0, 1, 3]
    """
    best, kept = float("inf"), []
    for n in sorted(range(len(points)), key=lambda i: points[i]):
        if points[n][1] < best:
            best = points[n][1]
            kept.append(n)
    return kept


def trade_off(
    rows: Sequence[tuple[str, float, float, tuple[float, float] | None, bool]], floor: float | None, half: float | None
) -> Figure:
    """Distance against effort.

    Parameters
    ----------
    rows : sequence of (label, effort, distance, 95 % band or None, is the standard rig)
    floor : float or None
        Distance of the tank from itself.
    half : float or None
        Half of the distance of the standard rig.
    """
    figure = new_figure(7.6, 3.5)
    axes = figure.subplots()
    points = [(effort, distance) for _, effort, distance, _, _ in rows]
    line = [points[n] for n in front(points)]
    axes.plot(*np.array(line).T, color=STEEL, lw=1.0, ls=(0, (4, 2)), zorder=1)
    widest, most = 1.12 * max(p[0] for p in points), 1.1 * max(p[1] for p in points)
    for point, (_, _, _, band, reference) in zip(points, rows, strict=True):
        colour = "#b9a48a" if reference else ACCENT if point in line else STEEL
        if band is not None:
            axes.plot([point[0]] * 2, band, color=colour, lw=1.2, zorder=2)
        axes.plot(*point, "o", ms=6.5, color=colour, zorder=3)
    for (name, *_), point, (dx, dy, side) in zip(rows, points, _places(rows, widest, most), strict=True):
        axes.annotate(
            name, point, xytext=(dx, dy), textcoords="offset points", ha=side, va="center", fontsize=7.8, color=INK,
            bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
        )  # fmt: skip
    marks = ((half, "half of the standard STR-PFR", WARN), (floor, "the tank against itself", MUTED))
    for value, text, colour in marks:
        if value is not None:
            axes.axhline(value, color=colour, lw=0.9, ls=(0, (1, 2)))
            axes.text(1.0, value, text, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=7.2,
                      color=colour)  # fmt: skip
    axes.set_xlim(0.0, widest)
    axes.set_ylim(0.0, most)
    axes.set(xlabel="effort, stirred vessels with their control", ylabel="distance to the tank, –")
    axes.grid(True)
    return figure


Place = tuple[float, float, Literal["left", "right", "center"]]
"""Offset of a name from its point, points, and the side of the name that is there."""
_PLACES: tuple[Place, ...] = (
    (8.0, 0.0, "left"), (-8.0, 0.0, "right"), (0.0, 11.0, "center"), (0.0, -11.0, "center"),
    (8.0, 11.0, "left"), (8.0, -11.0, "left"), (-8.0, 11.0, "right"), (-8.0, -11.0, "right"),
)  # fmt: skip


def _places(
    rows: Sequence[tuple[str, float, float, tuple[float, float] | None, bool]], widest: float, most: float
) -> list[Place]:
    """Where each name stands beside its point: the first place that nothing else takes."""
    size = (490.0, 195.0)  # of the axes, points
    at = [(size[0] * effort / widest, size[1] * distance / most) for _, effort, distance, _, _ in rows]
    taken: list[tuple[float, ...]] = [(x - 4.0, y - 4.0, x + 4.0, y + 4.0) for x, y in at]
    out = []
    for (name, *_), (x, y) in zip(rows, at, strict=True):
        w = 4.6 * len(name)
        boxes: list[tuple[float, ...]] = []
        for dx, dy, side in _PLACES:
            left = x + dx - {"left": 0.0, "right": w, "center": 0.5 * w}[side]
            boxes.append((left, y + dy - 5.0, left + w, y + dy + 5.0))
        free = [
            n
            for n, box in enumerate(boxes)
            if box[0] > 0.0 and box[2] < size[0] and box[1] > 0.0 and not any(_overlap(box, other) for other in taken)
        ]
        chosen = free[0] if free else 0
        taken.append(boxes[chosen])
        out.append(_PLACES[chosen])
    return out


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def classic(rows: Sequence[Mapping[str, float]], stays: Mapping[str, float | None], best: float | None) -> Figure:
    """Distance of the standard rig against the time in its tube.

    Parameters
    ----------
    rows : sequence of mapping
        ``stay_s``, ``distance``, ``within`` (1 where the loop pump gives the flow).
    stays : mapping
        Mean stay of the tank's cells by regime, s; None where there is none.
    best : float or None
        Distance of the best design.
    """
    figure = new_figure(4.4, 3.1)
    axes = figure.subplots()
    time = np.array([row["stay_s"] for row in rows])
    distance = np.array([row["distance"] for row in rows])
    within = np.array([row["within"] > 0.5 for row in rows])
    axes.plot(time, distance, color=INK, lw=1.2, zorder=2)
    axes.plot(time[within], distance[within], "o", ms=5.0, color=INK, zorder=3, label="standard STR-PFR")
    axes.plot(time[~within], distance[~within], "o", ms=5.0, color=INK, mfc="white", zorder=3,
              label="more flow than the pump gives")  # fmt: skip
    axes.axvspan(30.0, 120.0, color="#b9a48a", alpha=0.3, lw=0, label="loops of the usual kind")
    for name, colour in (("excess", EXCESS), ("starvation", STARVATION)):
        value = stays.get(name)
        if value:
            axes.axvline(value, color=colour, lw=1.4, ls=(0, (4, 2)), label=f"tank, mean stay in {name} {value:.1f} s")
    if best is not None:
        axes.axhline(best, color=ACCENT, lw=1.0, label=f"best design {best:.2f}")
    axes.set_xscale("log")
    axes.set_ylim(0.0, 1.08 * float(distance.max()))
    ticks = [2, 5, 10, 30, 60, 120]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.minorticks_off()
    axes.set(xlabel="time in the loop, s", ylabel="distance to the tank, –")
    figure.legend(loc="outside upper center", ncol=2)
    return figure
