"""The first strains of a panel on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rushton.study.panels.result import Panel

SHOWN = 20
"""Strains shown; all of them are in panel.csv and panel.html."""


def table(panel: Panel) -> Any:
    """Rich table of the first strains."""
    from rich.table import Table

    rows = panel.rows()
    out = Table(
        title=f"{panel.case_name}: {len(rows)} strains, ranked by {panel.rank_by}"
        + (f"; first {SHOWN}" if len(rows) > SHOWN else ""),
        title_justify="left", box=None, pad_edge=False,
    )  # fmt: skip
    out.add_column("rank", justify="right")
    out.add_column("90 %", style="dim", no_wrap=True)
    out.add_column("strain", no_wrap=True)
    for name in ("P(best)", "mixed", "loss, %", "95 %", "yield", "starving, %"):
        out.add_column(name, justify="right", no_wrap=True)
    for r in rows[:SHOWN]:
        out.add_row(
            str(r["rank"]),
            f"{r['rank_low']:.0f}-{r['rank_high']:.0f}",
            r["name"] + ("" if r["long_enough"] else " *"),
            f"{r['probability_best']:.2f}",
            str(r["rank_ideal"]),
            _number(r["loss"], 100.0),
            f"{_number(r['loss_low'], 100.0)}, {_number(r['loss_high'], 100.0)}",
            _number(r["relative_yield"], 1.0, 3),
            _number(r["share_starvation"], 100.0),
        )
    out.caption = "mixed: rank in an ideally mixed vessel; yield: over the yield there"
    if panel.too_short.any():
        out.caption += (
            "; * histories shorter than three of the slowest memory of the cell, so that the loss still grows"
        )
    out.caption_justify = "left"
    return out


def _number(value: float | None, factor: float, decimals: int = 1) -> str:
    return "-" if value is None else f"{value * factor:.{decimals}f}"
