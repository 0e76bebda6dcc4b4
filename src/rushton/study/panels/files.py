"""panel.csv and panel.html: the table of a panel, and one page that needs no network."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rushton.store import atomic_write_text

if TYPE_CHECKING:
    from rushton.study.panels.result import Panel


def write_panel(panel: Panel, folder: Path) -> list[Path]:
    """Write panel.csv, failures.csv where strains failed, and panel.html; returns what was written."""
    from rushton.study.panels.page import page

    folder.mkdir(parents=True, exist_ok=True)
    rows = panel.rows()
    files = {"panel.csv": table(list(rows[0]), [list(row.values()) for row in rows])}
    if panel.failures:
        failed = [[f.row, f.name, f.reason] for f in panel.failures]
        files["failures.csv"] = table(["row", "name", "reason"], failed)
    files["panel.html"] = page(panel, rows)
    for name, text in files.items():
        atomic_write_text(folder / name, text)
    if not panel.failures:
        (folder / "failures.csv").unlink(missing_ok=True)
    return [folder / name for name in files]


def table(head: list[str], rows: Sequence[Sequence[object]]) -> str:
    """CSV text; numbers with six figures, nothing where there is none."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(["" if v is None else f"{v:.6g}" if isinstance(v, float) else v for v in row])
    return buffer.getvalue()
