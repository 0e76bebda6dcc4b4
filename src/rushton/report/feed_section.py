"""Chapter on the feed study: the same feed at other places."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.blocks import Section, missing, picture, table
from rushton.report.drawing import bottom_line, parts_side, side_view
from rushton.report.numbers import given, number, percent
from rushton.report.planes import on_plane, vertical_plane
from rushton.report.style import INK, SUBSTRATE_MAP, label_panel, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def feed_study(case: Any, result: Any, mesh: Any, summary: dict[str, Any]) -> Section:
    """Places on the tank, maps of the uptake, and the table of regime shares and gradients."""
    part = summary.get("feed_study") or {}
    section = Section("feed_study", "Where to feed")
    if result is None or mesh is None:
        section.blocks.append(missing(part, "The feed study"))
        return section
    starved = np.asarray(result.share_starvation)
    best = list(result.names).index(result.best)
    section.lead = (
        f"The same feed on the same flow, elsewhere. As the case feeds, {percent(starved[0])} of the liquid starves; "
        + (
            "none of the other places does better."
            if best == 0
            else f"fed “{result.best}” it is {percent(starved[best])}."
        )
    )
    section.blocks += [
        picture(
            lambda: places(case, result),
            "Every place on the tank, coloured by the share of the liquid that starves when it is fed there; points of "
            "one member share the feed. Side view: turned into the drawing plane.",
            "Feed places on the tank, coloured by the starved share",
        ),
        picture(
            lambda: maps(case, mesh, result),
            "Relative uptake q/q_max on the vertical plane through the (first) feed point of each member, which is "
            "marked. Light blue line: border of starvation.",
            "Small maps of the relative uptake for each feed place",
        ),
        table(
            ("Fed", "Points", "Excess", "Limitation", "Starvation", "Highest, mol/m³", "Mean, mol/m³", "CoV of uptake"),
            [
                (
                    f"{n + 1}. {name}",
                    str(len(result.points[n])),
                    percent(result.share_excess[n]),
                    percent(result.share_limitation[n]),
                    percent(result.share_starvation[n]),
                    number(float(result.max_mol_m3[n])),
                    number(float(result.mean_mol_m3[n])),
                    number(float(result.uptake_variation[n])),
                )
                for n, name in enumerate(result.names)
            ],
            "Regimes by volume and gradients. CoV of uptake: standard deviation of q/q_max over its mean, 0 when mixed",
            numbers=range(1, 8),
        ),
    ]
    return section


def places(case: Any, result: Any) -> Figure:
    """Side view and plan of the tank with the points of every member, coloured by its starved share."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Circle

    tank = case.tank
    figure = new_figure(7.6, min(5.6, max(3.4, 2.6 * tank.liquid_height / tank.diameter)))
    side, plan = figure.subplots(1, 2, width_ratios=(1.0, 1.0))
    side_view(side, case.model_copy(update={"feeds": ()}), dimensions=False)
    side.set_xlim(-0.62 * tank.diameter, 0.62 * tank.diameter)
    plan.add_patch(Circle((0, 0), 0.5 * tank.diameter, fc="#eaf3f8", ec=INK, lw=1.8))
    for n in range(tank.baffles.count):
        a = 2.0 * math.pi * n / tank.baffles.count
        inner, outer = 0.5 * tank.diameter - tank.baffles.width, 0.5 * tank.diameter
        plan.plot([inner * math.cos(a), outer * math.cos(a)], [inner * math.sin(a), outer * math.sin(a)], color=INK)
    for imp in case.impellers:
        plan.add_patch(Circle((0, 0), imp.radius, fc="none", ec="#9aa7b2", lw=0.8, ls="--"))
    shares = 100.0 * np.asarray(result.share_starvation)
    colours = ScalarMappable(Normalize(max(0.0, float(shares.min()) - 1.0), float(shares.max()) + 1.0), "YlOrRd")
    in_side: dict[tuple[float, float], list[int]] = {}
    in_plan: dict[tuple[float, float], list[int]] = {}
    for n, points in enumerate(result.points):
        for radius, angle, height, diameter, _share in points:
            face = colours.to_rgba(shares[n])
            x = math.copysign(radius, 1.0 if math.sin(angle) >= -1e-9 else -1.0)
            style = {"fc": face, "ec": INK, "lw": 0.7, "zorder": 8, "alpha": 0.95}
            at = (radius * math.cos(angle), radius * math.sin(angle))
            for axes, centre, labels in ((side, (x, height), in_side), (plan, at, in_plan)):
                axes.add_patch(Circle(centre, 0.5 * diameter, **style))
                _gather(labels, centre, n, 0.08 * tank.diameter)
    for axes, labels in ((side, in_side), (plan, in_plan)):
        for at, members in labels.items():
            text = ",".join(str(n + 1) for n in sorted(set(members)))
            axes.annotate(text, at, xytext=(7, 7), textcoords="offset points", fontsize=7.5, weight="bold", zorder=9)
    for axes in (side, plan):
        axes.set_aspect("equal")
        axes.axis("off")
    plan.set_xlim(-0.55 * tank.diameter, 0.55 * tank.diameter)
    plan.set_ylim(-0.55 * tank.diameter, 0.55 * tank.diameter)
    label_panel(plan, "Plan")
    figure.colorbar(colours, ax=[side, plan], shrink=0.8, label="starved volume, %")
    return figure


def _gather(labels: dict[tuple[float, float], list[int]], at: tuple[float, float], n: int, near: float) -> None:
    """Add member n to the label of a point nearby, or begin a new one."""
    for place, members in labels.items():
        if math.dist(place, at) < near:
            members.append(n)
            return
    labels[at] = [n]


def maps(case: Any, mesh: Any, result: Any) -> Figure:
    """One small map of s per member, on the vertical plane through its first point."""
    count = len(result.names)
    columns = min(count, 6)
    rows = math.ceil(count / columns)
    tall = case.tank.liquid_height / case.tank.diameter
    figure = new_figure(7.6, rows * (0.75 + tall * 7.6 / columns * 0.8))
    axes = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    image = None
    for n, axis in enumerate(axes):
        axis.axis("off")
        if n >= count:
            continue
        radius, angle, height = (float(v) for v in result.points[n][0][:3])
        plane = vertical_plane(mesh, angle, pixels=220)
        s = on_plane(mesh, np.asarray(result.uptake_ratio[n], float), plane)
        image = axis.imshow(
            s, origin="lower", extent=plane.extent, cmap=SUBSTRATE_MAP, vmin=0.0, vmax=1.0, aspect="equal",
            interpolation="bilinear", rasterized=True,
        )  # fmt: skip
        border = case.strain.regimes.starvation
        axis.contour(plane.x, plane.z, s, levels=[border], colors=["#7fd0ff"], linewidths=0.9)
        parts_side(axis, case)
        axis.plot(*bottom_line(case.tank), color=INK, lw=1.0)
        axis.plot(radius, height, marker="o", ms=4, mfc="none", mec="white", mew=1.2, zorder=9)
        starved = 100.0 * float(result.share_starvation[n])
        axis.set_title(f"{n + 1}. {_short(result.names[n])}\n{given(starved, 3)} % starve", fontsize=6.8, color=INK)
        axis.set_ylim(0.0, case.tank.liquid_height)
        axis.set_xlim(-0.5 * case.tank.diameter, 0.5 * case.tank.diameter)
    if image is not None:
        figure.colorbar(image, ax=list(axes), orientation="horizontal", shrink=0.5, aspect=30, label="q / q$_{max}$, –")
    return figure


def _short(name: str) -> str:
    """The name on two lines as wide as a map, cut where it is longer."""
    lines = textwrap.wrap(name, 17, max_lines=2, placeholder=" …")
    return "\n".join(lines + [""] * (2 - len(lines)))
