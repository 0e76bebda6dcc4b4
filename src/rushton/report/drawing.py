"""The tank to scale: side view and plan, with every dimension the case gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.case.blades import blade_directions, outline
from rushton.case.bottoms import bottom_height
from rushton.report.numbers import impeller_name
from rushton.report.style import ACCENT, EXCESS, INK, MUTED, STEEL, WARN, label_panel, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIQUID = "#eaf3f8"


def draw_tank(case: Any) -> Figure:
    """Side view (left) and plan (right) with impellers, baffles, feed, pulse and probes."""
    tank = case.tank
    width = 7.6
    height = min(6.2, max(4.6, 3.0 * tank.liquid_height / tank.diameter))
    figure = new_figure(width, height)
    side, plan = figure.subplots(1, 2, width_ratios=(1.0, 1.0))
    side_view(side, case)
    plan_view(plan, case)
    return figure


def side_view(axes: Axes, case: Any, dimensions: bool = True) -> None:
    """Elevation in the plane of a baffle; heights from the floor."""
    from matplotlib.patches import Polygon, Rectangle

    tank = case.tank
    radius, height = 0.5 * tank.diameter, tank.liquid_height
    x, z = bottom_line(tank)
    outline = np.array([(-radius, height), *zip(x, z, strict=True), (radius, height)])
    axes.add_patch(Polygon(outline, fc=LIQUID, ec="none", zorder=0))
    if tank.baffles.count:
        w, low = tank.baffles.width, tank.baffle_edge
        for left in (-radius, radius - w):
            plate = Rectangle((left, low), w, height - low, fc="#d3dde5", ec=STEEL, lw=0.5, zorder=1)
            axes.add_patch(plate)
            plate.set_clip_path(Polygon(outline, transform=axes.transData))
    parts_side(axes, case)
    axes.plot([-radius, *x, radius], [1.04 * height, *z, 1.04 * height], color=INK, lw=1.8, zorder=5)
    axes.plot([-radius, radius], [height, height], color=ACCENT, lw=0.8, zorder=4)
    axes.plot([0.0], [1.035 * height], marker="v", ms=4, color=ACCENT, zorder=4) if tank.shaft_diameter == 0 else None
    points_side(axes, case)
    if dimensions:
        _dimensions(axes, case)
    axes.set_aspect("equal")
    axes.set_xlim(-1.75 * radius, 2.35 * radius)
    axes.set_ylim(-0.14 * height, 1.1 * height)
    axes.axis("off")
    label_panel(axes, "Side view, to scale")


def bottom_line(tank: Any) -> tuple[np.ndarray, np.ndarray]:
    """(x, z) of the bottom in section from wall to wall, m."""
    turn = np.linspace(-0.5 * math.pi, 0.5 * math.pi, 121)  # dense at the wall, where a dish is steep
    x = 0.5 * tank.diameter * np.sin(turn)
    return x, bottom_height(tank.bottom, tank.diameter, np.abs(x))


def parts_side(axes: Axes, case: Any, colour: str = STEEL) -> None:
    """Shaft and impellers in elevation."""
    from matplotlib.patches import Rectangle

    tank = case.tank
    low, high = case.shaft_span
    if tank.shaft_from == "top":
        high += 0.08 * tank.liquid_height
    else:
        low -= 0.08 * tank.liquid_height
    if tank.shaft_diameter:
        axes.add_patch(
            Rectangle(
                (-0.5 * tank.shaft_diameter, low), tank.shaft_diameter, high - low, fc=colour, ec="none", zorder=3
            )
        )
    for imp in case.impellers:
        blades_side(axes, imp)
        core = imp.disc_diameter
        half = 0.5 * imp.height if imp.hub_diameter else 0.01 * imp.diameter
        axes.add_patch(Rectangle((-0.5 * core, imp.clearance - half), core, 2.0 * half, fc=INK, ec="none", zorder=4.2))


def blades_side(axes: Axes, imp: Any) -> None:
    """Blades in elevation: upright ones turned into the drawing plane, others as they are seen from the side."""
    from matplotlib.patches import Polygon, Rectangle

    style: dict[str, Any] = {"fc": "#51606d", "ec": INK, "lw": 0.5, "zorder": 4}
    if not imp.immersed:
        for x in (-imp.radius, imp.radius - imp.blade_length):
            low = imp.clearance - 0.5 * imp.blade_height
            axes.add_patch(Rectangle((x, low), imp.blade_length, imp.blade_height, **style))
        return
    # the first blade points to the right; those of the least y are nearest, before the hub and drawn last
    angles = 2.0 * math.pi * np.arange(imp.blades) / imp.blades
    for angle in sorted(angles, key=lambda a: -round(math.sin(a), 9)):
        style["zorder"] = 4.4 if math.sin(angle) < -1e-9 else 4.0
        axes.add_patch(Polygon(outline(imp, angle)[:, [0, 2]], **style))


def points_side(axes: Axes, case: Any) -> None:
    """Feed, pulse and probes, turned into the drawing plane: right half for angles below 180 degrees."""
    sparger_side(axes, case)
    for feed in case.feeds or ():
        axes.add_patch(_ball(_side_x(feed.position), feed.position.height, 0.5 * feed.diameter, EXCESS))
    if (pulse := _pulse(case)) is not None:
        axes.add_patch(_ring(_side_x(pulse), pulse.height, 0.5 * pulse.diameter))
    for n, probe in enumerate(_probes(case)):
        axes.plot(_side_x(probe), probe.height, marker="o", ms=3.2, mfc="white", mec=WARN, mew=1.0, zorder=6)
        if len(_probes(case)) <= 3:
            axes.annotate(
                f"P{n + 1}",
                (_side_x(probe), probe.height),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7,
                color=WARN,
            )


def sparger_side(axes: Axes, case: Any) -> None:
    """Cut tubes of a ring sparger, filled where they are an obstacle, or the point where gas enters."""
    if getattr(case, "gas", None) is None:
        return
    from matplotlib.patches import Circle

    sparger = case.gas.sparger
    places = (-0.5 * sparger.diameter, 0.5 * sparger.diameter) if sparger.type == "ring" else (_side_x(sparger),)
    for x in places:
        ring = Circle(
            (x, sparger.height), 0.5 * sparger.tube, ec=STEEL, fc=STEEL if sparger.obstacle else "none", lw=1.0
        )
        axes.add_patch(ring)


def plan_view(axes: Axes, case: Any) -> None:
    """Plan from above; angle 0 at the first baffle, rotation anticlockwise."""
    from matplotlib.patches import Arc, Circle

    tank = case.tank
    radius = 0.5 * tank.diameter
    axes.add_patch(Circle((0, 0), radius, fc=LIQUID, ec=INK, lw=1.8))
    for n in range(tank.baffles.count):
        a = 2.0 * math.pi * n / tank.baffles.count
        inner = radius - tank.baffles.width
        axes.plot(
            [inner * math.cos(a), radius * math.cos(a)],
            [inner * math.sin(a), radius * math.sin(a)],
            color=STEEL,
            lw=2.4,
        )
    for imp in reversed(case.impellers):
        top = imp is case.impellers[-1]
        style = "-" if top else (0, (2, 1.5))
        colour = INK if top else MUTED
        axes.add_patch(Circle((0, 0), 0.5 * imp.disc_diameter, fc="none", ec=colour, lw=0.8, ls=style))
        blades_plan(axes, imp, colour, 1.8, style)
    if tank.shaft_diameter:
        axes.add_patch(Circle((0, 0), 0.5 * tank.shaft_diameter, fc=STEEL, ec="none"))
    swing = 0.85 * radius
    axes.add_patch(Arc((0, 0), 2 * swing, 2 * swing, theta1=100, theta2=128, color=ACCENT, lw=1.2))
    end, heading = math.radians(128), math.radians(128 + 90)
    axes.annotate(
        "",
        (
            swing * math.cos(end) + 0.02 * radius * math.cos(heading),
            swing * math.sin(end) + 0.02 * radius * math.sin(heading),
        ),
        (swing * math.cos(end), swing * math.sin(end)),
        arrowprops={"arrowstyle": "-|>", "color": ACCENT, "lw": 1.2},
    )
    for feed in case.feeds or ():
        p = feed.position
        axes.add_patch(_ball(p.radius * math.cos(p.angle), p.radius * math.sin(p.angle), 0.5 * feed.diameter, EXCESS))
    if (pulse := _pulse(case)) is not None:
        axes.add_patch(
            _ring(pulse.radius * math.cos(pulse.angle), pulse.radius * math.sin(pulse.angle), 0.5 * pulse.diameter)
        )
    for n, p in enumerate(_probes(case)):
        axes.plot(
            p.radius * math.cos(p.angle),
            p.radius * math.sin(p.angle),
            marker="o",
            ms=3.2,
            mfc="white",
            mec=WARN,
            mew=1.0,
        )
        if len(_probes(case)) <= 3:
            axes.annotate(
                f"P{n + 1}",
                (p.radius * math.cos(p.angle), p.radius * math.sin(p.angle)),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7,
                color=WARN,
            )
    axes.set_aspect("equal")
    axes.set_xlim(-1.12 * radius, 1.12 * radius)
    axes.set_ylim(-1.45 * radius, 1.12 * radius)
    axes.axis("off")
    label_panel(axes, "Seen from above")
    _key(axes, case, radius)


def blades_plan(axes: Axes, imp: Any, colour: str, width: float, style: Any = "-") -> None:
    """Blades seen from above: upright ones as lines, others by their outline."""
    for angle in blade_directions(imp):
        x, y = outline(imp, angle)[:, :2].T
        if imp.immersed:
            axes.fill(x, y, fc="none", ec=colour, lw=0.5 * width, ls=style)
        else:
            axes.plot(x, y, color=colour, lw=width, ls=style)


def _key(axes: Axes, case: Any, radius: float) -> None:
    from matplotlib.lines import Line2D

    marks = []
    if case.feeds:
        marks.append(Line2D([], [], marker="o", ls="", ms=6, mfc=EXCESS, mec="none", alpha=0.85, label="feed"))
    if _pulse(case) is not None:
        marks.append(Line2D([], [], marker="o", ls="", ms=7, mfc="none", mec=WARN, label="tracer pulse"))
    if _probes(case):
        marks.append(Line2D([], [], marker="o", ls="", ms=4, mfc="white", mec=WARN, label="probe"))
    marks.append(Line2D([], [], color=STEEL, lw=2.4, label="baffle"))
    marks.append(Line2D([], [], color=ACCENT, lw=1.2, label="rotation"))
    axes.legend(handles=marks, loc="lower center", ncol=len(marks), handlelength=1.4, columnspacing=1.2)


def _dimensions(axes: Axes, case: Any) -> None:
    tank = case.tank
    radius, height = 0.5 * tank.diameter, tank.liquid_height
    _arrow(axes, (-radius, -0.06 * height), (radius, -0.06 * height), f"T = {tank.diameter:.3g} m", below=True)
    _arrow(axes, (-1.22 * radius, 0.0), (-1.22 * radius, height), f"H = {height:.3g} m", vertical=True)
    for n, imp in enumerate(case.impellers):
        text = (
            f"{f'{n + 1}: ' if len(case.impellers) > 1 else ''}{impeller_name(imp)}\n"
            f"{imp.blades} blades, D = {imp.diameter:.3g} m\nC = {imp.clearance:.3g} m"
        )
        axes.annotate(
            text,
            (0.5 * imp.diameter, imp.clearance),
            (1.16 * radius, imp.clearance),
            fontsize=7.2,
            color=INK,
            va="center",
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": STEEL},
        )
    for feed in case.feeds or ():
        axes.annotate(
            f"feed, {feed.substrate}",
            (_side_x(feed.position), feed.position.height),
            (1.16 * radius, feed.position.height),
            fontsize=7.2,
            color="#8a5d00",
            va="center",
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": EXCESS},
        )


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str,
    vertical: bool = False,
    below: bool = False,
) -> None:
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "<->", "lw": 0.7, "color": MUTED, "shrinkA": 0, "shrinkB": 0}
    )
    x, y = 0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1])
    if vertical:
        axes.annotate(
            text, (x, y), xytext=(-3, 0), textcoords="offset points", rotation=90, ha="right", va="center", fontsize=7.5
        )
    else:
        axes.annotate(
            text,
            (x, y),
            xytext=(0, -3 if below else 3),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            fontsize=7.5,
        )


def _ball(x: float, y: float, radius: float, colour: str) -> Any:
    from matplotlib.patches import Circle

    return Circle((x, y), radius, fc=colour, ec="#8a5d00", lw=0.6, alpha=0.85, zorder=6)


def _side_x(position: Any) -> float:
    return float(position.radius if math.sin(position.angle) >= -1e-9 else -position.radius)


def _pulse(case: Any) -> Any:
    """The sphere of the tracer pulse; None without a tracer test."""
    return getattr(getattr(case, "mixing", None), "pulse", None)


def _ring(x: float, y: float, radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle((x, y), radius, fc="none", ec=WARN, lw=1.0, ls=(0, (3, 2)), zorder=6)


def _probes(case: Any) -> tuple[Any, ...]:
    return tuple(getattr(case.mixing, "probes", None) or ()) if getattr(case, "mixing", None) is not None else ()
