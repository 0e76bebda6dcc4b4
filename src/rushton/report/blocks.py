"""The pieces a page is made of; the template knows how each looks, sections only say what stands where."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

PIXELS_PER_INCH = 122
"""On a screen; 7.6 inches fill the page."""

Width = Literal["full", "half", "third"]


@dataclass(frozen=True)
class Picture:
    """A figure with its caption; ``alt`` says in words what is seen."""

    uri: str
    caption: str
    alt: str
    width: Width = "full"
    pixels: int = 0
    """Natural width on a screen; a small figure is never blown up."""
    kind: str = "picture"


@dataclass(frozen=True)
class Table:
    """Rows of text; columns listed in ``numbers`` are set right."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    caption: str = ""
    numbers: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    """One class per row: "", "pass", "warn", "best", "default"."""
    style: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Note:
    """A remark; ``tone`` is "info", "warn" or "missing"."""

    text: str
    tone: str = "info"
    kind: str = "note"


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str
    kind: str = "prose"


@dataclass(frozen=True)
class Rich:
    """HTML that is already safe, a rendered protocol for example, folded away when ``title`` is given."""

    html: Markup
    title: str = ""
    open: bool = True
    kind: str = "rich"


@dataclass(frozen=True)
class Tile:
    """One headline number."""

    label: str
    value: str
    unit: str = ""
    detail: str = ""
    tone: str = ""


Block = Picture | Table | Note | Prose | Rich


@dataclass
class Section:
    """One chapter of the report."""

    anchor: str
    title: str
    lead: str = ""
    blocks: list[Block] = field(default_factory=list)


def picture(draw: Callable[[], Figure], caption: str, alt: str, width: Width = "full", dpi: int = 150) -> Block:
    """Draw a figure; where that fails the reason stands in its place: a picture never costs a finished run."""
    from rushton.report.style import look, svg_uri

    try:
        with look():
            figure = draw()
            return Picture(svg_uri(figure, dpi), caption, alt, width, round(PIXELS_PER_INCH * figure.get_figwidth()))
    except Exception as error:  # hours of a finished run against one figure; the reason stands in its place
        log.warning("figure '%s' could not be drawn: %s: %s", alt, type(error).__name__, error)
        log.debug("where it failed", exc_info=True)
        return Note(f"This figure could not be drawn ({alt}): {type(error).__name__}: {error}", "missing")


def missing(section: Any, what: str) -> Note:
    """Note that stands where a stage has no result: the reason the summary gives."""
    return Note(f"{what}: not computed. {reason_of(section)}", "missing")


def reason_of(section: Any) -> str:
    """First reason in a section of summary.json, as a sentence."""
    if isinstance(section, dict):
        for key, value in section.items():
            if key.endswith("_reason") and value:
                text = str(value).strip()
                return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
    return "The stage has not been run."


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    caption: str = "",
    numbers: Sequence[int] = (),
    marks: Sequence[str] = (),
    style: str = "",
) -> Table:
    """Table from any values."""
    from rushton.report.numbers import number

    text = [tuple(cell if isinstance(cell, str) else number(cell) for cell in row) for row in rows]
    return Table(tuple(head), text, caption, tuple(numbers), tuple(marks) or ("",) * len(text), style)
