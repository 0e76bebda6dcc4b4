"""Verdicts on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

if TYPE_CHECKING:
    from rushton.study.lab_data.comparison import LabComparison

_COLOURS = {"agrees": "green", "not predicted": "dim"}


def table(found: LabComparison) -> Any:
    """A row for each verdict, and its advice below it."""
    from rich.table import Table

    rows = Table(box=None, pad_edge=False, title=f"{found.protocol['title']}", title_justify="left")
    for name in ("quantity", "where", "what the readings say"):
        rows.add_column(name)
    for v in found.verdicts:
        colour = _COLOURS.get(v.state, "yellow")
        advice = f"\n[dim]{escape(v.advice)}[/]" if v.advice else ""
        rows.add_row(v.quantity.title, escape(v.where), f"[{colour}]{escape(v.text)}[/]{advice}")
    return rows
