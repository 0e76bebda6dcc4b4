"""Strains and operating points together: one panel for each of several finished runs, and all pairs ranked.

The number that strains are ranked by (product per volume and time, yield, growth, loss) has one meaning in every tank,
so that a pair of strain and run is compared with any other. Ranks over pairs carry no probability: runs do not share
their cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton import __version__
from rushton.errors import CaseError
from rushton.report.blocks import Prose, Section, Tile, picture, table
from rushton.report.numbers import number, percent
from rushton.report.style import new_figure
from rushton.report.write import stylesheet, template
from rushton.store import Progress, atomic_write_text, silent
from rushton.study.panels.files import table as csv_table
from rushton.study.panels.page import UNITS, ranked_number
from rushton.study.panels.result import WORDS, Panel, ranks
from rushton.study.panels.run import panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Points:
    """Panels of the same strains in several runs.

    Attributes
    ----------
    names : tuple of str
        Of the runs.
    panels : tuple of Panel
    """

    names: tuple[str, ...]
    panels: tuple[Panel, ...]

    @property
    def rank_by(self) -> str:
        """What pairs are ranked by: that of the first run."""
        return self.panels[0].rank_by

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dictionary per pair of strain and run, the best first: `Panel.rows` with run and rank over all pairs."""
        found = [{"run": name, **row} for name, one in zip(self.names, self.panels, strict=True) for row in one.rows()]
        key, _, sign = ranked_number(self.rank_by)
        score = np.array([np.nan if row[key] is None else row[key] * (-1.0 if sign > 1.0 else 1.0) for row in found])
        for row, rank in zip(found, ranks(score), strict=True):
            row["rank_of_pairs"] = int(rank)
        return sorted(found, key=lambda row: row["rank_of_pairs"])

    def write(self, folder: Path) -> list[Path]:
        """Write points.csv and points.html."""
        head = ["rank_of_pairs", *(key for key in self.rows[0] if key != "rank_of_pairs")]
        atomic_write_text(folder / "points.csv", csv_table(head, [[row[key] for key in head] for row in self.rows]))
        atomic_write_text(folder / "points.html", self.page())
        return [folder / "points.csv", folder / "points.html"]

    def page(self) -> str:
        """The page as one HTML text."""
        key, title, factor = ranked_number(self.rank_by)
        best = self.rows[0]
        strains = len({row["name"] for row in self.rows})
        pairs = Section("pairs", "Strains and runs")
        pairs.lead = f"Every pair, ranked by {WORDS[self.rank_by]}; each run has a page of its own with bands."
        pairs.blocks += [
            picture(
                self.figure,
                "The ranked number of every strain (the best on average on top) in every run, over the best pair.",
                "Strains and runs",
            ),
            table(
                ("Rank", "Strain", "Run", f"{title}, {UNITS[self.rank_by]}", "Loss", "Rank in the run"),
                [
                    (
                        str(row["rank_of_pairs"]), row["name"], row["run"],
                        number(None if row[key] is None else factor * row[key]), percent(row["loss"]), str(row["rank"]),
                    )
                    for row in self.rows
                ],
                numbers=(0, 3, 4, 5), style="compact",
            ),
        ]  # fmt: skip
        failed = [
            f"{name}: {f.row} ({f.name})" for name, p in zip(self.names, self.panels, strict=True) for f in p.failures
        ]
        notes = Section("checks", "Not run", blocks=[Prose("; ".join(failed) or "Every strain was run in every tank.")])
        return str(
            template().render(
                title=f"{strains} strains at {len(self.names)} operating points",
                version=__version__,
                meta=" · ".join(self.names),
                tiles=[
                    Tile("Best strain", best["name"], "", f"in {best['run']}"),
                    Tile("Its loss", percent(best["loss"]), "", "against ideal mixing"),
                ],
                story=f"{best['name']} in {best['run']} comes first by {WORDS[self.rank_by]}.",
                verdict=f"{len(failed)} pairs could not be run" if failed else "All pairs were run",
                verdict_tone="warn" if failed else "good",
                hero=[],
                sections=[pairs, notes],
                css=stylesheet(),
                written=datetime.now().strftime("%d %B %Y, %H:%M"),
                footer="Every number on this page is also in points.csv beside it.",
            )
        )

    def figure(self) -> Figure:
        """Strains in rows, runs in columns, the ranked number over that of the best pair."""
        key, title, factor = ranked_number(self.rank_by)
        names = list(dict.fromkeys(row["name"] for row in self.rows))
        values = np.full((len(names), len(self.names)), np.nan)
        for row in self.rows:
            if row[key] is not None:
                values[names.index(row["name"]), self.names.index(row["run"])] = row[key]
        by_loss = factor > 1.0
        shown = factor * values if by_loss else values / abs(self.rows[0][key])
        order = np.argsort(np.nanmean(shown if by_loss else -shown, axis=1))
        figure = new_figure(min(7.6, 3.0 + 0.9 * len(self.names)), 1.0 + max(1.0, 0.13 * len(names)))
        axis = figure.subplots()
        image = axis.imshow(shown[order], cmap="cividis_r" if by_loss else "cividis", aspect="auto")
        axis.set_yticks(range(len(names)), [names[n][:28] for n in order], fontsize=5.5 if len(names) > 40 else 7.0)
        axis.set_xticks(range(len(self.names)), self.names, rotation=20, ha="right")
        axis.tick_params(length=0)
        figure.colorbar(
            image, ax=axis, label=f"{title}, %" if by_loss else f"{title} over the best pair, –", shrink=0.8
        )
        return figure


def panel_points(
    results: Sequence[Path | str], strains: Path | str, output: Path | str, progress: Progress = silent
) -> Points:
    """One panel per results folder, below ``output``, and the table of all pairs.

    Parameters
    ----------
    results : sequence of path
        Results folders of runs with lifelines; their names differ.
    strains, output, progress
        As for `panel`.
    """
    paths = [Path(one) for one in results]
    names = tuple(path.resolve().name.removesuffix(".results") for path in paths)
    if len(set(names)) < len(names):
        raise CaseError(f"two results folders have the same name: {', '.join(names)}", "panel", "rename one of them")
    found = []
    for n, (path, name) in enumerate(zip(paths, names, strict=True)):

        def told(fraction: float, text: str, n: int = n, name: str = name) -> None:
            progress((n + fraction) / len(paths), f"{name}: {text}")

        found.append(panel(path, strains, Path(output) / name, told))
    points = Points(names, tuple(found))
    points.write(Path(output))
    return points
