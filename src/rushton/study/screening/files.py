"""Files of a screening: screening.csv, pairs.csv, screening.json, screening.html."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rushton.store import atomic_write_text, explained, to_json
from rushton.study.panels.files import table

if TYPE_CHECKING:
    from rushton.study.screening.result import Screening


def write_screening(found: Screening, folder: Path) -> list[Path]:
    """Write all files, failures.csv too where strains failed; returns what was written."""
    from rushton.study.screening.page import page
    from rushton.study.screening.words import conclusion

    files = {}
    for name, rows in (("screening.csv", found.strain_rows()), ("pairs.csv", found.set_rows())):
        files[name] = table(list(rows[0]), [list(row.values()) for row in rows])
    if found.failures:
        files["failures.csv"] = table(
            ["row", "name", "reason"], [[f.row, f.name, f.reason] for f in found.failures]
        )  # fmt: skip
    files["screening.json"] = to_json(
        {
            "case": found.panel.case_name,
            "conclusion": conclusion(found),
            "separates": found.separates,
            "best": found.set_rows()[0],
            "strains": len(found.strains),
            "rigs": [rig.name for rig in found.rigs],
            "rigs_left_out": {one.name: one.reason for one in found.left_out},
            "assay": found.assay,
            "repeats": found.repeats,
            "duration_s": found.duration,
            "seconds": found.seconds,
            "rig_seconds": found.rig_seconds,
        }
    )
    files["screening.html"] = page(found)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            atomic_write_text(folder / name, text)
        if not found.failures:
            (folder / "failures.csv").unlink(missing_ok=True)
    return [folder / name for name in files]
