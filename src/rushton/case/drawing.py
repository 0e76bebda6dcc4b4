"""The tank to scale in plain text: a section through the axis, for a terminal.

A character is taken as twice as high as wide, so a row stands for twice the length of a column. The section is the
plane of the first baffle, which is on the right; feeds and probes are projected onto it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rushton.case.schema import Case

UNICODE = {
    "wall": "│", "left": "└", "right": "┘", "floor": "─", "surface": "~", "baffle": "▒", "shaft": "┃",
    "blade": "█", "disc": "━", "feed": "●", "pulse": "○", "probe": "×", "dish": "╱",
}  # fmt: skip
ASCII = {
    "wall": "|", "left": "+", "right": "+", "floor": "-", "surface": "~", "baffle": ":", "shaft": "H",
    "blade": "#", "disc": "=", "feed": "@", "pulse": "o", "probe": "x", "dish": "%",
}  # fmt: skip


def draw_text(case: Case, columns: int = 40, rows: int = 30, ascii_only: bool = False) -> list[str]:
    """Section of the tank to scale, with heights at the right.

    Parameters
    ----------
    case : Case
    columns, rows : int
        Largest width of the liquid and height of the drawing, characters.
    ascii_only : bool
        Draw without box characters.

    Returns
    -------
    list of str
        Lines from top to floor, then the legend.
    """
    tank = case.tank
    sign = ASCII if ascii_only else UNICODE
    scale = min(columns / tank.diameter, 2.0 * rows / tank.liquid_height)  # columns per metre
    width = 2 * max(6, round(0.5 * tank.diameter * scale)) + 1  # odd, so that the axis has a column of its own
    height = max(4, round(0.5 * tank.liquid_height * scale))
    canvas = [[" "] * width for _ in range(height)]

    def column(x: float) -> int:
        return min(width - 1, max(0, math.floor((x / tank.diameter + 0.5) * width)))

    def row(z: float) -> int:
        return height - 1 - min(height - 1, max(0, math.floor(z / tank.liquid_height * height)))

    def fill(x0: float, x1: float, z0: float, z1: float, mark: str) -> None:
        """Mark the block between two x and two z, at least one character each way."""
        first, last = column(x0), max(column(x0), column(x1 - 1e-9 * tank.diameter))
        for line in range(row(z1 - 1e-9 * tank.liquid_height), row(z0) + 1):
            for place in range(first, last + 1):
                canvas[line][place] = mark

    radius = 0.5 * tank.diameter
    if tank.baffles.count:
        w = max(tank.baffles.width, tank.diameter / width)
        fill(radius - w, radius, tank.baffle_edge, tank.liquid_height, sign["baffle"])
        if tank.baffles.count % 2 == 0:
            fill(-radius, -radius + w, tank.baffle_edge, tank.liquid_height, sign["baffle"])
    for place in range(width):
        floor = tank.bottom_at(abs((place + 0.5) / width - 0.5) * tank.diameter)
        for line in range(height):
            if (height - line - 0.5) / height * tank.liquid_height < floor:
                canvas[line][place] = sign["dish"]
    half = 0.5 * tank.shaft_diameter
    fill(-half, half, *case.shaft_span, sign["shaft"])
    for imp in case.impellers:
        tip, inner, disc, z = imp.radius, imp.radius - imp.blade_length, 0.5 * imp.disc_diameter, imp.clearance
        half = 0.5 * imp.height
        core = half if imp.hub_diameter else 0.0
        fill(-disc, disc, z - core, z + core, sign["disc"])
        for x0, x1 in ((inner, tip), (-tip, -inner)):
            fill(x0, x1, z - half, z + half, sign["blade"])
    for probe in case.mixing.probes:
        canvas[row(probe.height)][column(probe.radius * math.cos(probe.angle))] = sign["probe"]
    pulse = case.mixing.pulse
    canvas[row(pulse.height)][column(pulse.radius * math.cos(pulse.angle))] = sign["pulse"]
    for feed in case.feeds:
        canvas[row(feed.position.height)][column(feed.position.radius * math.cos(feed.position.angle))] = sign["feed"]
    return _framed(case, canvas, row, sign, (column(-half), column(half - 1e-9 * tank.diameter)))


def _framed(
    case: Case, canvas: list[list[str]], row: Callable[[float], int], sign: dict[str, str], shaft: tuple[int, int]
) -> list[str]:
    """Canvas with walls, surface, floor, labels and legend."""
    tank = case.tank
    width = len(canvas[0])
    labels: dict[int, str] = {}
    for n, imp in reversed(list(enumerate(case.impellers, 1))):
        what = f"{imp.type} {imp.blades}-blade" + (f", {imp.pumping}" if imp.pumping else "")
        labels[row(imp.clearance)] = f"{imp.clearance:.3g} m  {n}: {what}, D {imp.diameter:.3g} m"
    for n, feed in enumerate(case.feeds, 1):
        labels.setdefault(row(feed.position.height), f"{feed.position.height:.3g} m  feed {n}: {feed.substrate}")
    surface = sign["wall"] + sign["surface"] * width + sign["wall"]
    outside = " " * (shaft[0] + 1) + sign["shaft"] * (shaft[1] - shaft[0] + 1)
    lines = [outside] if tank.shaft_from == "top" else []
    lines.append(f"{surface}  {tank.liquid_height:.3g} m  liquid")
    for n, marks in enumerate(canvas):
        lines.append(
            (sign["wall"] + "".join(marks) + sign["wall"] + ("  " + labels[n] if n in labels else "")).rstrip()
        )
    lines.append(sign["left"] + sign["floor"] * width + sign["right"] + f"  T {tank.diameter:.3g} m")
    if tank.shaft_from == "bottom":
        lines.append(outside)
    legend = [f"{sign['blade']} blade", f"{sign['disc']} disc or hub", f"{sign['shaft']} shaft"]
    if tank.baffles.count:
        legend.append(f"{sign['baffle']} baffle ({tank.baffles.count} of {tank.baffles.width:.3g} m)")
    if tank.bottom != "flat":
        legend.append(f"{sign['dish']} {tank.bottom} bottom, {tank.bottom_depth:.3g} m deep")
    legend += [f"{sign['feed']} feed"] if case.feeds else [f"{sign['pulse']} tracer pulse"]
    legend.append(f"{sign['probe']} probe")
    return [*lines, "  ".join(legend)]
