"""Criteria of several tanks as a table: on the screen, as Markdown, CSV and one HTML page with figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.errors import RushtonError
from rushton.study.criteria import CRITERIA, ESTIMATED, Criteria, criteria_of
from rushton.study.equal import Scaled, at_equal, check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATIOS = ("P/V", "tip-speed", "Re", "theta95", "theta95-correlation", "circulation", "EDCF", "vs", "kLa", "jacket-flux")
"""Criteria whose ratio to the first case is drawn."""


@dataclass(frozen=True)
class Comparison:
    """Several tanks beside each other.

    Attributes
    ----------
    tanks : tuple of Criteria
        The first is what the others are compared with.
    equal : tuple of str
        What is kept equal; may be empty.
    scaled : tuple of Scaled
        The same tanks at equal something; empty without.
    """

    tanks: tuple[Criteria, ...]
    equal: tuple[str, ...] = ()
    scaled: tuple[Scaled, ...] = ()

    @property
    def head(self) -> list[str]:
        """Column titles."""
        return ["Criterion", "Unit", *(tank.name for tank in self.tanks)]

    def rows(self) -> list[list[str]]:
        """A line per criterion; ~ marks a correlation, a dash what is not computed."""
        out = []
        for key, (name, unit, factor) in CRITERIA.items():
            cells = []
            for tank in self.tanks:
                mark = "~" if tank.origin[key] == ESTIMATED else ""
                cells.append(_shown(tank.values[key], factor, mark))
            out.append([name, unit, *cells])
        return out

    def scaled_rows(self) -> list[list[str]]:
        """The same at equal something."""
        return [
            [name, unit, *(_shown(tank.values[key], factor) for tank in self.scaled)]
            for key, (name, unit, factor) in CRITERIA.items()
        ]

    @property
    def warnings(self) -> list[str]:
        """Per tank: what is not computed, and where constants do not hold."""
        out = [f"{tank.name}: {text}" for tank in self.tanks for text in tank.warnings]
        return out + [
            f"{tank.name} at equal {' and '.join(self.equal)}: {t}" for tank in self.scaled for t in tank.warnings
        ]

    def markdown(self) -> str:
        """Both tables and the warnings."""
        parts = ["# Scale-up criteria", "", *_markdown(self.head, self.rows()), "", LEGEND]
        if self.scaled:
            parts += [
                "",
                f"## At equal {' and '.join(self.equal)}",
                "",
                *_markdown(self.head, self.scaled_rows()),
                "",
                SCALING,
            ]
        if self.warnings:
            parts += ["", *(f"- {text}" for text in self.warnings)]
        return "\n".join(parts) + "\n"

    def csv(self) -> str:
        """Plain SI numbers with their origin, one line per criterion, tank and state."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["case", "state", "criterion", "value_si", "origin"])
        for tank in self.tanks:
            writer.writerows(
                [tank.name, "as given", key, "" if v is None else f"{v:.6g}", tank.origin[key]]
                for key, v in tank.values.items()
            )
        for scaled in self.scaled:
            state = f"equal {' and '.join(self.equal)}"
            writer.writerows(
                [scaled.name, state, key, "" if v is None else f"{v:.6g}", "scaled"] for key, v in scaled.values.items()
            )
        return buffer.getvalue()

    def html(self) -> str:
        """One page that needs no network: tables and the chart of ratios."""
        from rushton.report.style import look, svg_uri

        parts = [f"<h1>Scale-up criteria</h1>{_html(self.head, self.rows())}<p>{escape(LEGEND)}</p>"]
        with look():
            parts.append(f'<img alt="Ratios to the first case" src="{svg_uri(self.figure(self.tanks))}">')
            if self.scaled:
                parts.append(f"<h2>At equal {escape(' and '.join(self.equal))}</h2>")
                parts.append(f"{_html(self.head, self.scaled_rows())}<p>{escape(SCALING)}</p>")
                parts.append(f'<img alt="Ratios at equal something" src="{svg_uri(self.figure(self.scaled))}">')
        parts.append("<ul>" + "".join(f"<li>{escape(text)}</li>" for text in self.warnings) + "</ul>")
        return PAGE.format(body="\n".join(parts))

    def figure(self, tanks: Sequence[Criteria | Scaled]) -> Figure:
        """Bars of every criterion over that of the first tank, logarithmic."""
        import numpy as np

        from rushton.report.style import MUTED, SERIES, new_figure

        first, others = tanks[0], tanks[1:]
        keys = [k for k in RATIOS if first.values[k] and any(t.values[k] for t in others)]
        figure = new_figure(7.6, 0.8 + 0.32 * len(keys))
        axis = figure.subplots()
        height = 0.8 / max(1, len(others))
        for n, tank in enumerate(others):
            ratios = [float(tank.values[k] or np.nan) / float(first.values[k] or np.nan) for k in keys]
            places = np.arange(len(keys)) + (n - 0.5 * (len(others) - 1)) * height
            axis.barh(places, np.log10(ratios), height=height, color=SERIES[n % len(SERIES)], label=tank.name)
        low, high = axis.get_xlim()
        ticks = np.arange(np.floor(low), np.ceil(high) + 1)
        axis.set_xticks(ticks, [f"{10.0**tick:g}" for tick in ticks])
        axis.axvline(0.0, color=MUTED, lw=0.7)
        axis.set_yticks(range(len(keys)), [CRITERIA[k][0] for k in keys])
        axis.invert_yaxis()
        axis.set_xlabel(f"ratio to {first.name}")
        axis.legend()
        return figure

    def write(self, folder: Path) -> list[Path]:
        """Write compare.md, compare.csv and compare.html into a folder, which is made if it is not there."""
        from rushton.store import atomic_write_text

        if folder.exists() and not folder.is_dir():
            raise RushtonError("this is a file, a comparison needs a folder", str(folder), "choose another with -o")
        folder.mkdir(parents=True, exist_ok=True)
        files = {"compare.md": self.markdown(), "compare.csv": self.csv(), "compare.html": self.html()}
        for name, text in files.items():
            atomic_write_text(folder / name, text)
        return [folder / name for name in files]


LEGEND = (
    "~ by correlation; the rest is solved or exact. A dash: not computed, the reason stands below or in compare.csv."
)
SCALING = (
    "Speed, or gas rate where vs is kept, changed until the criterion has the first case's value, with power number, "
    "flow number and N theta95 held constant as in the turbulent range."
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Scale-up criteria</title>
<style>body{{font:15px/1.5 sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b2733}}
table{{border-collapse:collapse;width:100%}}
td,th{{padding:.25rem .6rem;border-bottom:1px solid #e4e8ec;text-align:right}}
td:first-child,th:first-child{{text-align:left}}img{{max-width:100%}}</style></head>
<body>
{body}
</body></html>
"""


def compare(given: Sequence[str | Path], equal: Sequence[str] = ()) -> Comparison:
    """Scale-up criteria of results folders and case files, side by side.

    Parameters
    ----------
    given : sequence of path
        Results folders, or case files, which are not run: their numbers come from correlations.
    equal : sequence of str
        What every case is brought to the first one's value of, such as ``"P/V"``; ``"vs"`` may stand beside another.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> print(compare(["cases/lab_3L.toml", "cases/penicillin_54m3.toml"], ["P/V"]).markdown())    # doctest: +SKIP
    """
    check(tuple(equal))
    tanks = tuple(criteria_of(one) for one in given)
    scaled = tuple(at_equal(tanks[0], tank, tuple(equal)) for tank in tanks) if equal else ()
    return Comparison(tanks, tuple(equal), scaled)


def _shown(value: float | None, factor: float, mark: str = "") -> str:
    if value is None:
        return "-"
    x = value * factor
    return mark + (f"{x:,.0f}" if 1e3 <= abs(x) < 1e6 else f"{x:.3g}")


def _markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    line = "| " + " | ".join(head) + " |"
    return [line, "|---|---|" + "--:|" * (len(head) - 2), *("| " + " | ".join(row) + " |" for row in rows)]


def _html(head: list[str], rows: list[list[str]]) -> str:
    def cells(row: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"

    return f"<table>{cells(head, 'th')}{''.join(cells(row, 'td') for row in rows)}</table>"


def tables(comparison: Comparison) -> list[Any]:
    """Rich tables for the console."""
    from rich.table import Table

    out = []
    states = [("Scale-up criteria", comparison.rows())]
    if comparison.scaled:
        states.append((f"At equal {' and '.join(comparison.equal)}", comparison.scaled_rows()))
    for title, rows in states:
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for n, name in enumerate(comparison.head):
            table.add_column(name, justify="left" if n < 2 else "right", style="dim" if n == 1 else "")
        for row in rows:
            table.add_row(*row)
        out.append(table)
    return out
