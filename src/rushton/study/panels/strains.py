"""A list of strains to compare: a TOML file with a block for each, or a CSV table with a row for each.

    [panel]                              # may be left out
    lifelines = 10000                    # lifelines of the run that are read
    histories = 50                       # cells followed
    duration = "80 h"                    # of each; longer than the lifelines: joined end to end as for the response
    rank_by = "productivity"             # or "loss", "yield", "growth"

    [[strain]]
    name = "low affinity"
    base = "penicillium_54m3"            # of the library; left out: the strain of the case
    uptake = { max = "1500 umol/g/h", half_saturation = "20 umol/kg" }
    biomass = "50 g/kg"                  # left out: that of the case
    parameters = { b33 = 8e-4 }          # of the cell model, in its units
    spread = { b33 = 0.2 }               # relative standard deviation between cells

A CSV table has a column ``name`` and any of ``base``, ``uptake.max``, ``uptake.half_saturation``, ``biomass``,
``parameters.NAME``, ``spread.NAME``; an empty field means the value of the base. Quantities carry their unit.

A strain that cannot be read is set aside with its row and the reason; the others are run.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from rushton.case.fields import OptionalTime, Section
from rushton.case.library import entry, nearest
from rushton.case.load import read_toml, translate
from rushton.case.schema import Regimes, Strain, Uptake
from rushton.errors import CaseError, RushtonError
from rushton.units import Medium, to_si

if TYPE_CHECKING:
    from rushton.case.schema import Case

RANK_BY = ("productivity", "loss", "yield", "growth")
KEYS = ("name", "base", "uptake", "biomass", "parameters", "spread", "regimes")
UPTAKE_KEYS = {"max": "uptake", "half_saturation": "concentration"}
MOST_STRAINS = 5000


class PanelSettings(Section):
    """How a panel is run."""

    lifelines: int = Field(default=10_000, ge=2, le=1_000_000, description="lifelines of the run that are read")
    histories: int = Field(default=50, ge=2, le=1_000_000, description="cells followed, each with its own history")
    duration: OptionalTime = Field(
        default=None, gt=0.0, le=1e7, description="length of a history (default: that of the response)"
    )
    rank_by: Literal["productivity", "loss", "yield", "growth"] | None = Field(
        default=None, description="what strains are ranked by (default: productivity, else yield)"
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="seed of joins, of spread and of the bands")


@dataclass(frozen=True)
class PanelStrain:
    """One strain of a panel.

    Attributes
    ----------
    row : str
        Where it stands: ``strain 3`` or ``line 4``.
    name : str
    strain : Strain
        Model, uptake law, regimes, parameters and spread, SI.
    biomass : float
        Dry weight, kg/m3.
    base : str
        Strain of the library, or "case".
    """

    row: str
    name: str
    strain: Strain
    biomass: float
    base: str = "case"


@dataclass(frozen=True)
class Failure:
    """A strain that is not in the table, and why."""

    row: str
    name: str
    reason: str


@dataclass(frozen=True)
class PanelFile:
    """What a file of strains says.

    Attributes
    ----------
    settings : PanelSettings
    strains : tuple of PanelStrain
    failures : tuple of Failure
    """

    settings: PanelSettings
    strains: tuple[PanelStrain, ...]
    failures: tuple[Failure, ...]


def read_strains(path: Path, case: Case) -> PanelFile:
    """Read a list of strains.

    Parameters
    ----------
    path : Path
        ``.toml``, or ``.csv``.
    case : Case
        The run they are compared in: its strain, biomass and medium fill what the file leaves open.

    Raises
    ------
    CaseError
        The file cannot be read, or holds no strain that could be run. A single bad strain is a failure, no error.
    """
    path = Path(path)
    is_table = path.suffix.lower() == ".csv"
    data = {"strain": [], **({} if is_table else read_toml(path, "README, Many strains in one tank, shows one"))}
    unknown = set(data) - {"panel", "strain"}
    if unknown:
        key = sorted(unknown)[0]
        raise CaseError(f"unknown key '{key}'", str(path), "a list of strains holds [panel] and [[strain]] blocks")
    settings = _settings(data.get("panel", {}), path)
    rows = list(_table_rows(path) if is_table else _toml_rows(data["strain"], path))
    if not rows:
        raise CaseError("there is no strain", str(path), "add a [[strain]] block, or a row to the table, for each")
    if len(rows) > MOST_STRAINS:
        raise CaseError(f"{len(rows)} strains are more than {MOST_STRAINS}", str(path), "split the list")
    strains: list[PanelStrain] = []
    failures: list[Failure] = []
    seen: dict[str, str] = {}
    for row, given in rows:
        name = str(given.get("name") or "").strip()
        try:
            if not name:
                raise CaseError("the strain has no name", "name", "give each strain a name of its own")
            if name in seen:
                raise CaseError(f"the name '{name}' is taken by {seen[name]}", "name", "choose another")
            seen[name] = row
            strains.append(_strain(row, name, given, case))
        except RushtonError as error:
            failures.append(Failure(row, name, reason(error)))
    if not strains:
        raise CaseError(
            "no strain of the list can be run", str(path),
            "\n  ".join(f"{f.row} ({f.name}): {f.reason}" for f in failures[:5]),
        )  # fmt: skip
    return PanelFile(settings, tuple(strains), tuple(failures))


def reason(error: RushtonError) -> str:
    """An error as one line: what, where, how to mend it."""
    where = f"{error.where}: " if error.where else ""
    hint = f"; {error.hint}" if error.hint else ""
    return " ".join(f"{where}{error.message}{hint}".replace("strain.", "").split())


def _settings(given: Any, path: Path) -> PanelSettings:
    if not isinstance(given, dict):
        raise CaseError("[panel] is a section", str(path), "write [panel] with its keys below")
    unknown = [key for key in given if key not in PanelSettings.model_fields]
    if unknown:
        known = list(PanelSettings.model_fields)
        near = nearest(unknown[0], known)
        hint = (f"did you mean '{near}'? " if near else "") + f"known here: {', '.join(known)}"
        raise CaseError(f"unknown key '{unknown[0]}'", "panel", hint)
    try:
        return PanelSettings.model_validate(given, context={"medium": Medium()})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(["panel", *(str(part) for part in first["loc"])])
        cause = first.get("ctx", {}).get("error")
        text = str(cause) if cause is not None else first["msg"]
        raise CaseError(f"{first['input']!r}: {text}", key, "") from None


def _toml_rows(given: Any, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(given, list):
        raise CaseError("[strain] is one section, but there may be several", str(path), "write [[strain]]")
    for n, row in enumerate(given, 1):
        yield f"strain {n}", row if isinstance(row, dict) else {}


def _table_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of a CSV table as nested dictionaries; empty fields are left out."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"the table cannot be read ({error})", str(path), "give a CSV file in UTF-8") from None
    reader = csv.DictReader(text.splitlines(), delimiter=";" if text.partition("\n")[0].count(";") else ",")
    if not reader.fieldnames or "name" not in [str(key).strip() for key in reader.fieldnames]:
        raise CaseError(
            "the table has no column 'name'", str(path),
            "the first line names the columns: name,base,uptake.max,uptake.half_saturation,biomass,parameters.NAME",
        )  # fmt: skip
    for number, line in enumerate(reader, 2):
        row: dict[str, Any] = {}
        for key, value in line.items():
            if key is None:
                row["more fields than columns"] = value
                continue
            if value is None or not value.strip():
                continue
            section, _, name = key.strip().partition(".")
            if name:
                row.setdefault(section, {})[name] = value.strip()
            else:
                row[section] = value.strip()
        if row:
            yield f"line {number}", row


def _strain(row: str, name: str, given: Mapping[str, Any], case: Case) -> PanelStrain:
    """One row, checked and filled."""
    unknown = [key for key in given if key not in KEYS]
    if unknown:
        near = nearest(unknown[0], KEYS)
        hint = (f"did you mean '{near}'? " if near else "") + f"known here: {', '.join(KEYS)}"
        raise CaseError(f"unknown key '{unknown[0]}'", unknown[0], hint)
    medium = _medium(case)
    base = _base(given.get("base"), case, medium)
    uptake, biomass = dict(base.uptake), case.broth.biomass
    for key, value in _part(given, "uptake").items():
        if key == "law":
            if value != "monod":
                raise CaseError(f"unknown uptake law '{value}'", "uptake.law", "one of: monod")
            continue
        if key not in UPTAKE_KEYS:
            near = nearest(key, UPTAKE_KEYS)
            raise CaseError(
                f"unknown key '{key}'", "uptake", f"did you mean '{near}'?" if near else "known: max, half_saturation"
            )
        uptake[key] = _positive(value, UPTAKE_KEYS[key], medium, f"uptake.{key}")
    if "biomass" in given:
        biomass = _positive(given["biomass"], "biomass", medium, "biomass")
    assert biomass is not None  # a run with lifelines has it
    regimes = {**dict(base.regimes), **_numbers(_part(given, "regimes"), "regimes")}
    parameters = {**base.parameters, **_numbers(_part(given, "parameters"), "parameters")}
    spread = {**base.spread, **_numbers(_part(given, "spread"), "spread")}
    try:
        checked = base.model_copy(
            update={
                "uptake": Uptake.model_validate(uptake),
                "regimes": Regimes.model_validate(regimes),
                "parameters": parameters,
                "spread": spread,
            }
        )
    except ValidationError as error:
        raise translate(error) from None
    _check_model(checked)
    return PanelStrain(row, name, checked, biomass, str(given.get("base") or "case"))


def _base(given: Any, case: Case, medium: Medium) -> Strain:
    if given in (None, "", "case"):
        assert case.strain is not None
        return case.strain
    entry("strains", str(given), "base")
    try:
        return Strain.model_validate({"name": str(given)}, context={"medium": medium})
    except ValidationError as error:
        raise translate(error) from None


def _part(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = given.get(key, {})
    if not isinstance(found, dict):
        raise CaseError(f"{found!r} stands where a table belongs", key, f"write {key} = {{ ... }}, or {key}.NAME")
    return found


def _positive(value: Any, kind: str, medium: Medium, where: str) -> float:
    found = to_si(value, kind, medium, where)
    if not found > 0.0:
        raise CaseError(f"{value} is out of range", where, "allowed: more than 0")
    return found


def _numbers(given: Mapping[str, Any], where: str) -> dict[str, float]:
    out = {}
    for key, value in given.items():
        try:
            out[key] = float(value)
        except (TypeError, ValueError):
            raise CaseError(f"{value!r} is no number", f"{where}.{key}", "write a plain number") from None
    return out


def _check_model(strain: Strain) -> None:
    """Refuse an unknown model, parameter or spread now, before fields are computed."""
    from rushton.physiology import model_of

    model_of(strain)


def _medium(case: Case) -> Medium:
    substrate = case.feeds[0].substrate if case.feeds else "glucose"
    molar_mass = to_si(entry("substrates", substrate)["molar_mass"], "molar_mass")
    return Medium(case.broth.density, case.liquid_volume, molar_mass, case.broth.temperature)
