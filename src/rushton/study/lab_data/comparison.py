"""Lab data against the predictions of a rig: ``rushton compare --data lab.csv RESULTS``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushton.errors import CaseError, RushtonError
from rushton.study.lab_data.predict import Predictor
from rushton.study.lab_data.productivity import Productivity, productivity
from rushton.study.lab_data.protocols import find_protocol
from rushton.study.lab_data.reading import open_file, read
from rushton.study.lab_data.residuals import Residual, residuals, table
from rushton.study.lab_data.template import template
from rushton.study.lab_data.verdicts import Verdict, verdicts
from rushton.units import to_si


@dataclass(frozen=True, eq=False)
class LabComparison:
    """An experiment beside what was predicted for it.

    Attributes
    ----------
    data, source : Path
        The file of readings; the protocol it is compared with.
    protocol : mapping
        ``protocol-<rig>.json``.
    predictor : Predictor
    rows : tuple of Residual
        In the order of the file.
    verdicts : tuple of Verdict
        One for each quantity, port and kind of phase.
    productivity : Productivity
        Gradient run over reference run, measured, in the rig and in the tank.
    notes : tuple of str
    """

    data: Path
    source: Path
    protocol: Mapping[str, Any]
    predictor: Predictor
    rows: tuple[Residual, ...]
    verdicts: tuple[Verdict, ...]
    productivity: Productivity
    notes: tuple[str, ...]

    def csv(self) -> str:
        """Every reading with its prediction and residual, in the units of the file."""
        return table(self.rows)

    def html(self) -> str:
        """One page that needs no network."""
        from rushton.study.lab_data.page import page

        return page(self)

    def write(self, folder: Path) -> list[Path]:
        """Write residuals.csv and compare.html into a folder, which is made if it is not there."""
        from rushton.store import atomic_write_text

        if folder.exists() and not folder.is_dir():
            raise RushtonError("this is a file, a comparison needs a folder", str(folder), "choose another with -o")
        folder.mkdir(parents=True, exist_ok=True)
        files = {"compare.html": self.html(), "residuals.csv": self.csv()}
        for name, text in files.items():
            atomic_write_text(folder / name, text)
        return [folder / name for name in files]


def compare_data(data: Path | str, results: Path | str, rig: str | None = None) -> LabComparison:
    """Lay the readings of an experiment over the predictions of its protocol.

    Parameters
    ----------
    data : path
        CSV of readings (``reading``).
    results : path
        Results folder with lab designs, a folder of designs, or a protocol-<rig>.json.
    rig : str, optional
        Name of the rig, where the data do not say it.

    Returns
    -------
    LabComparison

    Raises
    ------
    CaseError
        A fault in the data, with line and column.
    ResultsError
        No such rig, no designs, or other designs than the data were taken with.
    """
    file = open_file(Path(data))
    named = file.header.get("rig")
    if rig is not None and named is not None and rig != named:
        raise CaseError(
            f"the data are of the rig '{named}', not of '{rig}'",
            file.path.name,
            "leave --rig out, or mend '# rig: ...'",
        )
    protocol, source, note = find_protocol(Path(results), rig or named, file.header.get("protocol"))
    readings, notes = read(file, protocol)
    density = file.header.get("stock_density")
    known = None if density is None else to_si(density, "density", where=f"{file.path.name}, stock_density")
    predictor = Predictor(protocol, known, [r for r in readings if r.quantity.name == "titre"])
    rows = residuals(readings, predictor)
    return LabComparison(
        data=file.path,
        source=source,
        protocol=protocol,
        predictor=predictor,
        rows=rows,
        verdicts=verdicts(rows, protocol),
        productivity=productivity(rows, protocol),
        notes=tuple(filter(None, (note, *notes))),
    )


def empty_sheet(results: Path | str, rig: str | None = None) -> str:
    """A CSV to fill in for a rig, from its sampling plan.

    Parameters
    ----------
    results, rig :
        As for `compare_data`.
    """
    return template(find_protocol(Path(results), rig)[0])
