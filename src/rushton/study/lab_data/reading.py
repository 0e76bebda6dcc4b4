"""Lab data from a CSV file: one reading a line, units checked, every fault with its line and column.

    # rig: str-pfr
    # protocol: 5642ac2233
    time_h,phase,port,quantity,value,unit,sd,replicate
    0,settle,vessel,biomass,59.2,g/L,1.1,1
    24,gradient,"tube, half",substrate,12.9,mg/L,,1
    24,gradient,vessel,substrate,<1,mg/L,,1

Time counts from the start of the gradient phase, so that of the settled phase is negative. A line without a value is
one that was not filled in. Semicolons and decimal commas, as some spreadsheets write them, are read as well.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rushton.errors import CaseError
from rushton.physiology.quantities import MOLAR_MASS
from rushton.scaledown.protocol_json import key_of
from rushton.study.lab_data.quantities import NEVER_PREDICTED, QUANTITIES, Quantity, Reader, number_of, of_name
from rushton.units import to_si

TIMES = {"time_h": 3600.0, "time_min": 60.0, "time_s": 1.0}
NEEDED = ("phase", "quantity", "value", "unit")
COLUMNS = (*TIMES, "phase", "port", "quantity", "value", "unit", "sd", "replicate", "note")
COMPARED = ("settle", "gradient", "end", "reference")
_HEADER = ("rig", "protocol", "product_molar_mass", "stock_density")
_SLACK = 60.0  # s that a clock may be off at the ends of a phase


@dataclass(frozen=True)
class Reading:
    """One reading.

    Attributes
    ----------
    line : int
        In the file.
    time : float
        s after the start of the gradient phase.
    phase, port, replicate : str
        Port as the protocol names it; empty where the quantity has none.
    quantity : Quantity
    value : float
        SI, or over the reference run.
    sd : float or None
        Standard deviation, like the value; None where none is given.
    below : bool
        The value is a limit below which nothing was found.
    relative : bool
        Told over the reference run.
    unit : str
        As in the file.
    factor : float
        What turns its unit into SI.
    """

    line: int
    time: float
    phase: str
    port: str
    replicate: str
    quantity: Quantity
    value: float
    sd: float | None
    below: bool
    relative: bool
    unit: str
    factor: float


@dataclass(frozen=True)
class LabFile:
    """A file as it stands, before its readings are understood.

    Attributes
    ----------
    path : Path
    header : dict of str to str
        The lines '# name: value'.
    rows : tuple of (int, dict)
        Line number and columns of every filled line.
    comma : bool
        Whether numbers have a decimal comma.
    """

    path: Path
    header: dict[str, str]
    rows: tuple[tuple[int, dict[str, str]], ...]
    comma: bool

    def at(self, line: int, column: str) -> str:
        """Where something stands, for messages."""
        return f"{self.path.name}, line {line}, column {column}"


def open_file(path: Path) -> LabFile:
    """Read a CSV file of lab data.

    Raises
    ------
    CaseError
        No such file, no text, missing or unknown columns, nothing filled in.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        hint = "write an empty sheet with `rushton compare --template RESULTS --rig NAME -o lab.csv`"
        raise CaseError("there is no such file", str(path), hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"the file cannot be read ({error})", str(path), "save it as CSV, UTF-8") from None
    header: dict[str, str] = {}
    table: list[tuple[int, str]] = []
    for n, line in enumerate(lines, start=1):
        bare = line.strip().strip('"')
        if bare.startswith("#"):
            name, _, value = bare.lstrip("# ").partition(":")
            if name.strip() in _HEADER:
                header[name.strip()] = value.strip().rstrip(',;\t"').strip()
        elif bare.strip(",;\t "):
            table.append((n, line))
    if not table:
        raise CaseError("the file holds no table", str(path), f"its first line is: {','.join(COLUMNS[::2])} ...")
    first, top = table[0]
    comma = top.count(";") > top.count(",")
    delimiter = ";" if comma else ("\t" if "\t" in top else ",")
    names = [name.strip().lower() for name in next(csv.reader([top], delimiter=delimiter))]
    _check_columns(names, path, first)
    rows = []
    for n, line in table[1:]:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
        if len(cells) > len(names) and any(cells[len(names) :]):
            raise CaseError(
                f"{len(cells)} cells for {len(names)} columns",
                f"{path.name}, line {n}",
                'put a port with a comma in its name into quotes, such as "tube, half", or write tube-half',
            )
        row = dict(zip(names, cells + [""] * (len(names) - len(cells)), strict=False))
        if row["value"]:
            rows.append((n, row))
    if not rows:
        raise CaseError("no line has a value", str(path), "fill the column 'value' of what was measured")
    return LabFile(path, {k: v for k, v in header.items() if v}, tuple(rows), comma)


def _check_columns(names: list[str], path: Path, line: int) -> None:
    where = f"{path.name}, line {line}"
    times = [name for name in names if name in TIMES]
    missing = [name for name in NEEDED if name not in names]
    if missing or not times:
        lacking = [*([] if times else ["time_h (or time_min, time_s)"]), *missing]
        raise CaseError(
            f"columns are missing: {', '.join(lacking)}",
            where,
            "the first line of the table names the columns: time_h,phase,port,quantity,value,unit,sd,replicate",
        )
    if len(times) > 1:
        raise CaseError(f"two columns of time: {' and '.join(times)}", where, "keep one of them")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    unknown = [name for name in names if name and name not in COLUMNS]
    if twice or unknown:
        what = f"the column '{twice[0]}' stands twice" if twice else f"no column is named '{unknown[0]}'"
        raise CaseError(what, where, f"columns: {', '.join(COLUMNS)}; put remarks under note")


def read(file: LabFile, protocol: Mapping[str, Any]) -> tuple[list[Reading], list[str]]:
    """The readings of a file, understood with the protocol that they belong to, and what was passed over.

    Parameters
    ----------
    file : LabFile
    protocol : mapping
        ``protocol-<rig>.json``.

    Raises
    ------
    CaseError
        An unknown port, phase or quantity, a wrong unit, a time outside the run, no number.
    """
    phases = {p["phase"]: p for p in protocol["phases"]}
    ports = {p["port"]: p for p in protocol["sampling"]["ports"]}
    reader = _reader(file, protocol)
    column = next(name for name in TIMES if name in file.rows[0][1])
    readings, early = [], 0
    unread: dict[str, list[int]] = {}
    for line, row in file.rows:
        phase = row["phase"].lower()
        if phase not in phases:
            raise _no_such("phase", row["phase"], [p for p in phases if p in COMPARED], file.at(line, "phase"))
        if phase not in COMPARED:
            early += 1
            continue
        time = number_of(row[column], file.comma)
        if time is None:
            raise CaseError(f"'{row[column]}' is not a time", file.at(line, column), "write a number, such as 24.5")
        time *= TIMES[column]
        if _key(row["quantity"]) in NEVER_PREDICTED:
            unread.setdefault(row["quantity"], []).append(line)
            continue
        _check_time(time, phases[phase], file.at(line, column), TIMES[column])
        readings.append(_reading(line, row, time, phase, ports, protocol, reader, file))
    notes = [f"{early} readings of the batch and of growing up are not compared"] if early else []
    for name, lines in unread.items():
        many = f"{len(lines)} readings" if len(lines) > 1 else "a reading"
        notes.append(f"{many} of {name} passed over (line {lines[0]} on): nothing here predicts it")
    if not readings:
        raise CaseError("no reading is of a phase that is compared", file.path.name, f"phases: {', '.join(COMPARED)}")
    return readings, notes


def _reader(file: LabFile, protocol: Mapping[str, Any]) -> Reader:
    product = protocol["product"].get("molar_mass_kg_mol")
    if "product_molar_mass" in file.header:
        product = to_si(file.header["product_molar_mass"], "molar_mass", where=f"{file.path.name}, product_molar_mass")
    return Reader(
        protocol["substrate"]["molar_mass_kg_mol"],
        product,
        MOLAR_MASS.get,
        protocol["expected"].get("oxygen_saturation_mol_m3"),
    )


def _reading(
    line: int,
    row: Mapping[str, str],
    time: float,
    phase: str,
    ports: Mapping[str, Any],
    protocol: Mapping[str, Any],
    reader: Reader,
    file: LabFile,
) -> Reading:
    port = _port(row.get("port", ""), ports, file.at(line, "port"))
    species = protocol["expected"].get("by_products_mol_m3")
    name = _key(row["quantity"])
    quantity = QUANTITIES["substrate"] if name == _key(protocol["substrate"]["name"]) else of_name(name, species)
    if quantity is None:
        error = _no_such("quantity", row["quantity"], [*QUANTITIES, *(species or ())], file.at(line, "quantity"))
        raise CaseError(error.message, error.where, f"{error.hint}; keep what is none of them under note")
    if quantity.at_port and phase == "gradient" and not port:
        raise CaseError(
            f"the {quantity.title} of the gradient phase needs a port", file.at(line, "port"), _list(list(ports))
        )
    if not row["unit"]:
        raise CaseError("the unit is missing", file.at(line, "unit"), f"usually {quantity.unit}")
    factor, relative = reader.factor(quantity, row["unit"], file.at(line, "unit"))
    below = row["value"].startswith("<")
    value = number_of(row["value"].lstrip("<").strip(), file.comma)
    if value is None:
        hint = "write a number with a decimal point, or < and a number where nothing was found"
        raise CaseError(f"'{row['value']}' is not a number", file.at(line, "value"), hint)
    if value < 0.0 and quantity.name != "growth":
        raise CaseError(f"{row['value']} is negative", file.at(line, "value"), "a reading is zero or more")
    sd = None
    if row.get("sd"):
        sd = number_of(row["sd"], file.comma)
        if sd is None or sd < 0.0:
            raise CaseError(
                f"'{row['sd']}' is not a standard deviation", file.at(line, "sd"), "a number, in the unit of the value"
            )
    return Reading(
        line, time, phase, port, row.get("replicate", ""), quantity, value * factor,
        None if sd is None else sd * factor, below, relative, row["unit"], factor,
    )  # fmt: skip


def _key(quantity: str) -> str:
    """A quantity as it is looked up."""
    return quantity.strip().lower().replace(" ", "_").replace("-", "_")


def _port(given: str, ports: Mapping[str, Any], where: str) -> str:
    if not given:
        return ""
    for name, port in ports.items():
        if given.lower() == name.lower() or key_of(given) == port["key"]:
            return name
    error = _no_such("port", given, list(ports), where)
    if any(name.startswith(f"{given},") for name in ports):
        error.hint += "; put a name with a comma into quotes, or write it with hyphens, such as tube-half"
    raise CaseError(error.message, error.where, error.hint)


def _check_time(time: float, phase: Mapping[str, Any], where: str, unit: float) -> None:
    start, end = phase["start_s"], phase["start_s"] + phase["duration_s"]
    if not start - _SLACK <= time <= end + _SLACK:
        word = {3600.0: "h", 60.0: "min", 1.0: "s"}[unit]
        raise CaseError(
            f"{time / unit:g} {word} is outside the phase '{phase['phase']}'",
            where,
            f"it lasts from {start / unit:g} to {end / unit:g} {word}; 0 is the start of the gradient phase",
        )


def _no_such(what: str, given: str, known: list[str], where: str) -> CaseError:
    near = get_close_matches(given, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return CaseError(f"there is no {what} '{given}'", where, f"{hint}{_list(known)}")


def _list(known: list[str]) -> str:
    return "there are: " + "; ".join(known)
