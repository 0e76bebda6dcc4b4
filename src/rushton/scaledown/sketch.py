"""Parts of a drawing of a rig, as SVG: vessels, pumps, bottles, tubes, ports, and words. Lengths in points.

A drawing is text and needs no other file; it prints in black and white: what is liquid is light, what is set is bold.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

INK, MUTED, STEEL, LIQUID, RICH, FEED = "#1b2733", "#5d6b78", "#8593a0", "#dbe9f2", "#f6dfae", "#b4460b"
FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"

Point = tuple[float, float]


class Sketch:
    """An SVG drawing under way.

    Parameters
    ----------
    width, height : float
        Size.
    title : str
        Read aloud in the place of the picture.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def svg(self) -> str:
        """The drawing."""
        marker = (
            "<marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' orient='auto' "
            "markerUnits='userSpaceOnUse'><path d='M0,0 L8,4 L0,8 z' fill='context-stroke'/></marker>"
        )
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width:g} {self.height:g}' role='img' "
            f"aria-label='{escape(self.title, quote=True)}' {FONT}><title>{escape(self.title)}</title>"
            f"<defs>{marker}</defs><rect width='{self.width:g}' height='{self.height:g}' fill='white'/>"
            + "".join(self.parts)
            + "</svg>"
        )

    def add(self, part: str) -> None:
        """Any element."""
        self.parts.append(part)

    def text(
        self, x: float, y: float, words: str, size: float = 10.0, at: str = "middle", bold: bool = False,
        colour: str = INK,
        halo: str = "",
    ) -> None:  # fmt: skip
        """Words at a point; ``at`` is "start", "middle" or "end"; ``halo`` is the colour that keeps lines off them."""
        weight = " font-weight='bold'" if bold else ""
        place = f"x='{x:g}' y='{y:g}' font-size='{size:g}' text-anchor='{at}'{weight}"
        if halo:
            self.add(
                f"<text {place} fill='{halo}' stroke='{halo}' stroke-width='5' stroke-linejoin='round' "
                f"aria-hidden='true'>{escape(words)}</text>"
            )
        self.add(f"<text {place} fill='{colour}'>{escape(words)}</text>")

    def lines(self, x: float, y: float, rows: Sequence[str], size: float = 10.0, at: str = "middle") -> None:
        """Rows of words one below the other, the first one bold."""
        for n, row in enumerate(rows):
            self.text(x, y + 1.25 * size * n, row, size, at, bold=n == 0, colour=INK if n == 0 else MUTED)

    def path(
        self, points: Sequence[Point], colour: str = INK, width: float = 2.0, arrow: bool = True, dashed: bool = False
    ) -> None:
        """A line through points."""
        d = " ".join(f"{'M' if n == 0 else 'L'}{x:g},{y:g}" for n, (x, y) in enumerate(points))
        tip = " marker-end='url(#tip)'" if arrow else ""
        dash = " stroke-dasharray='4 3'" if dashed else ""
        self.add(
            f"<path d='{d}' fill='none' stroke='{colour}' stroke-width='{width:g}' stroke-linejoin='round'{tip}{dash}/>"
        )

    def box(self, x: float, y: float, w: float, h: float, fill: str = "white", radius: float = 4.0) -> None:
        """A rectangle."""
        self.add(
            f"<rect x='{x:g}' y='{y:g}' width='{w:g}' height='{h:g}' rx='{radius:g}' fill='{fill}' stroke='{INK}' "
            "stroke-width='1.4'/>"
        )

    def pump(self, x: float, y: float, towards: str = "right") -> None:
        """A pump: a circle with a triangle that points where it pumps ("left", "right", "up", "down")."""
        turn = {"right": 0, "down": 90, "left": 180, "up": 270}[towards]
        self.add(
            f"<g transform='translate({x:g},{y:g}) rotate({turn})'><circle r='9' fill='white' stroke='{INK}' "
            f"stroke-width='1.4'/><path d='M-4,-6 L7,0 L-4,6 z' fill='{INK}'/></g>"
        )

    def bottle(self, x: float, y: float, rows: Sequence[str], fill: str = RICH) -> None:
        """A bottle on a balance, its neck at (x, y); words beside it."""
        self.add(
            f"<path d='M{x - 5:g},{y:g} v10 q-13,5 -13,16 v24 h36 v-24 q0,-11 -13,-16 v-10 z' fill='{fill}' "
            f"stroke='{INK}' stroke-width='1.4'/>"
        )
        self.box(x - 22, y + 50, 44, 6, STEEL, 1.0)
        self.lines(x + 26, y + 26, rows, 9.5, "start")

    def vessel(
        self, x: float, y: float, w: float, h: float, rows: Sequence[str], fill: str = LIQUID, air: bool = True
    ) -> None:
        """A stirred vessel, (x, y) its upper left corner: broth up to four fifths, stirrer, air from below."""
        level, round_ = y + 0.2 * h, min(16.0, 0.25 * w)
        self.add(
            f"<path d='M{x:g},{level:g} V{y + h - round_:g} q0,{round_:g} {round_:g},{round_:g} h{w - 2 * round_:g} "
            f"q{round_:g},0 {round_:g},-{round_:g} V{level:g} z' fill='{fill}'/>"
            f"<path d='M{x:g},{y:g} V{y + h - round_:g} q0,{round_:g} {round_:g},{round_:g} h{w - 2 * round_:g} "
            f"q{round_:g},0 {round_:g},-{round_:g} V{y:g} z' fill='none' stroke='{INK}' stroke-width='2'/>"
            f"<path d='M{x:g},{level:g} h{w:g}' stroke='{STEEL}' stroke-width='1'/>"
        )
        middle, blades = x + 0.5 * w, y + 0.74 * h
        self.path([(middle, y - 8), (middle, blades)], INK, 2.0, False)
        half = 0.22 * w
        self.add(
            f"<rect x='{middle - 0.5 * half:g}' y='{blades - 1.2:g}' width='{half:g}' height='2.4' fill='{INK}'/>"
            f"<rect x='{middle - half:g}' y='{blades - 5:g}' width='{0.6 * half:g}' height='10' fill='{INK}'/>"
            f"<rect x='{middle + 0.4 * half:g}' y='{blades - 5:g}' width='{0.6 * half:g}' height='10' fill='{INK}'/>"
        )
        if air:
            for n, (dx, dy) in enumerate(((-0.18, 0.9), (0.0, 0.92), (0.18, 0.89), (-0.3, 0.6), (0.3, 0.55))):
                self.add(
                    f"<circle cx='{middle + dx * w:g}' cy='{y + dy * h:g}' r='{2.6 - 0.25 * n:g}' fill='white' "
                    f"stroke='{STEEL}' stroke-width='0.8'/>"
                )
        size = 9.5 if w > 80 else 8.5
        for n, row in enumerate(rows):
            colour = INK if n == 0 else MUTED
            self.text(middle, y + 0.34 * h + 1.25 * size * n, row, size, bold=n == 0, colour=colour, halo=fill)

    def port(self, x: float, y: float, name: str) -> None:
        """A sampling port."""
        self.add(f"<circle cx='{x:g}' cy='{y:g}' r='6.5' fill='white' stroke='{FEED}' stroke-width='1.4'/>")
        self.text(x, y + 3, name, 8.0, colour=FEED, bold=True)

    def waste(self, x: float, y: float, words: str) -> None:
        """Where the bleed goes, (x, y) the middle of its upper edge."""
        self.box(x - 17, y, 34, 26, "white")
        self.text(x, y + 37, words, 8.5, colour=MUTED)

    def coil(self, x: float, y: float, w: float, h: float, turns: int) -> tuple[Point, ...]:
        """A tube in windings, from its upper left to its lower left end; the points along it."""
        points: list[Point] = [(x, y)]
        step = h / (2 * turns - 1)
        for n in range(2 * turns):
            here = y + n * step
            points.append((x + w, here) if n % 2 == 0 else (x, here))
            if n < 2 * turns - 1:
                points.append((x + w, here + step) if n % 2 == 0 else (x, here + step))
        self.path(points, STEEL, 7.0, False)
        self.path(points, LIQUID, 4.0, False)
        return tuple(points)
