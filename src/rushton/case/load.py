"""From a TOML file to a checked case; every error in the engineer's words, with the key and the way out."""

from __future__ import annotations

import tomllib
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from rushton.case.bottoms import Bottom, vessel_volume
from rushton.case.checks import check_lifelines
from rushton.case.fields import Quantity, Section, UnitError
from rushton.case.library import nearest, shelf
from rushton.case.schema import DRAFT_CELLS, DRAFT_DURATION, DRAFT_HISTORIES, QUALITIES, Broth, Case
from rushton.errors import CaseError
from rushton.units import KINDS, Medium, accepted, to_si


def load_case(path: str | Path, quality: str | None = None) -> Case:
    """Read a case file.

    Parameters
    ----------
    path : str or Path
        TOML file.
    quality : {"draft", "standard", "fine"}, optional
        Overrides ``numerics.quality`` and ``numerics.mesh_cells`` of the file. A draft caps ``lifelines.cells`` at
        2,000, ``lifelines.duration`` at 120 s and ``response.histories`` at 20.

    Returns
    -------
    Case

    Raises
    ------
    CaseError
        The file cannot be read, or what it says cannot be computed.
    """
    path = Path(path)
    data = read_toml(path)
    strain = data.get("strain")
    if isinstance(strain, dict) and isinstance(strain.get("model_file"), str):
        data["strain"] = {**strain, "model_file": str(path.parent.resolve() / strain["model_file"])}
    return case_from_dict(data, name=path.name.removesuffix(".toml"), quality=quality)


def read_toml(path: Path, help_: str = "`rushton new` writes one") -> dict[str, Any]:
    """Contents of a TOML file; a CaseError if there is none, which says where such a file comes from."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        folder = path.parent if path.parent.is_dir() else None
        others = sorted(p.name for p in folder.glob("*.toml")) if folder else []
        near = nearest(path.name, others)
        hint = f"did you mean '{path.parent / near}'?" if near else f"give the path of a .toml file; {help_}"
        raise CaseError("there is no such file", str(path), hint) from None
    except IsADirectoryError:
        raise CaseError("this is a folder, not a case file", str(path), "give the path of a .toml file") from None
    except UnicodeDecodeError:
        raise CaseError("this is not a text file in UTF-8", str(path), "give the path of a .toml file") from None
    except OSError as error:
        raise CaseError(f"cannot be read: {error.strerror}", str(path), "check the path and its permissions") from None
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise CaseError(
            f"this is not valid TOML: {error}", str(path), 'a value with a unit is a text in quotes: speed = "98 rpm"'
        ) from None
    if not data:
        raise CaseError(
            "the file is empty", str(path), "`rushton new my_tank --from penicillin_54m3` writes a case to start from"
        )
    return data


def case_from_dict(data: dict[str, Any], name: str = "case", quality: str | None = None) -> Case:
    """A case from the contents of a case file.

    Parameters
    ----------
    data : dict
        As tomllib reads the file: quantities are texts with units.
    name : str
        Name of the case if the data does not give one.
    quality : str, optional
        As in ``load_case``.
    """
    data = {"name": name, **data}
    if quality is not None:
        if quality not in QUALITIES:
            raise CaseError(f"unknown quality '{quality}'", "numerics.quality", f"one of: {', '.join(QUALITIES)}")
        numerics = data.get("numerics", {})
        if isinstance(numerics, dict):
            kept = {k: v for k, v in numerics.items() if k != "mesh_cells"}
            data = {**data, "numerics": {**kept, "quality": quality}}
    for plural, key in (("impellers", "impeller"), ("feeds", "feed")):
        if plural in data:
            raise CaseError(f"unknown key '{plural}'", plural, f"did you mean '[[{key}]]'? one block for each")
    for key in ("impeller", "feed"):
        if isinstance(data.get(key), dict):
            raise CaseError(
                f"[{key}] is one section, but there may be several", key, f"write [[{key}]] with double brackets"
            )
    try:
        case = Case.model_validate(data, context={"medium": _medium(data)})
    except ValidationError as error:
        raise translate(error) from None
    if case.numerics.quality == "draft":
        case = cap_draft(case)
        check_lifelines(case)
    return case


def cap_draft(case: Case) -> Case:
    """The case with the caps of a draft on cells, duration and histories."""
    lifelines = case.lifelines.model_copy(
        update={
            "cells": min(case.lifelines.cells, DRAFT_CELLS),
            "duration": min(case.lifelines.duration, DRAFT_DURATION),
            "full_records": min(case.lifelines.full_records, DRAFT_CELLS),
        }
    )
    response = case.response.model_copy(update={"histories": min(case.response.histories, DRAFT_HISTORIES)})
    return case.model_copy(update={"lifelines": lifelines, "response": response})


def _medium(data: dict[str, Any]) -> Medium:
    """What the units of the case need to know of its broth and tank; left open where the file is wrong or silent."""
    broth = data.get("broth") if isinstance(data.get("broth"), dict) else {}
    tank = data.get("tank") if isinstance(data.get("tank"), dict) else {}
    gas = data.get("gas") if isinstance(data.get("gas"), dict) else {}
    feeds = data.get("feed") if isinstance(data.get("feed"), list) else []
    assert isinstance(broth, dict) and isinstance(tank, dict) and isinstance(gas, dict) and isinstance(feeds, list)

    def read(section: dict[str, Any], key: str, kind: str) -> float | None:
        try:
            return to_si(section[key], kind)
        except (KeyError, CaseError):
            return None

    named = shelf("broths").get(broth.get("name", ""), {}) if isinstance(broth.get("name", ""), str) else {}
    whole = {**named, **broth}
    density = read(whole, "density", "density") if "density" in whole else Broth.model_fields["density"].default
    temperature = (
        read(whole, "temperature", "temperature")
        if "temperature" in whole
        else Broth.model_fields["temperature"].default
    )
    diameter, height = read(tank, "diameter", "length"), read(tank, "liquid_height", "length")
    bottom = tank.get("bottom", "flat")
    volume = None
    if diameter is not None and height is not None and bottom in typing.get_args(Bottom):
        volume = vessel_volume(bottom, diameter, height)
    substrate = feeds[0].get("substrate", "glucose") if feeds and isinstance(feeds[0], dict) else "glucose"
    known = shelf("substrates").get(substrate, {}) if isinstance(substrate, str) else {}
    molar_mass = to_si(known["molar_mass"], "molar_mass") if known else None
    pressure = read(gas, "head_pressure", "pressure")
    return Medium(density, volume, molar_mass, temperature, 101_325.0 if pressure is None else pressure)


FILLED_IN = {
    ("tank", "baffles", "width"), ("feed", "diameter"), ("mixing", "pulse"), ("mixing", "probes"), ("gas", "sparger"),
    ("gas", "sparger", "diameter"), ("gas", "sparger", "height"), ("gas", "sparger", "tube"),
}  # fmt: skip
"""Fields whose default depends on the tank and is filled in while a case is read."""


# --- errors in the engineer's words -----------------------------------------------------------------------------


def translate(error: ValidationError, section: str | None = None) -> CaseError:
    """One message for everything pydantic found in a case, or a section of it: the first problem in full, the others in
    a line each.
    """
    found = [e for e in error.errors(include_url=False) if e["type"] != "default_factory_not_called"]
    for e in found:
        e["loc"] = e["loc"] if section is None else (section, *e["loc"])
    # what the program would have filled in, had the rest been right, is not missing
    found = [e for e in found if not (e["type"] == "missing" and _is_filled_in(e["loc"]))] or found
    unknown = {e["loc"][:-1] for e in found if e["type"] == "extra_forbidden"}
    # a misspelt required key shows up twice, unknown and missing: the first says it all
    found = [e for e in found if not (e["type"] == "missing" and e["loc"][:-1] in unknown)] or found
    # a list is not empty where one of its entries is wrong
    entries = {e["loc"][:-1] for e in found}
    found = [e for e in found if not (e["type"] == "too_short" and e["loc"] in entries)] or found
    found.sort(key=lambda e: e["type"] == "missing")
    problems = [_problem(dict(e)) for e in found]
    first = problems[0]
    others = [f"also {p.where}: {p.message}" for p in problems[1:6]]
    hint = "\n  ".join([first.hint, *others] if first.hint else others)
    return CaseError(first.message, first.where, hint)


def _is_filled_in(loc: tuple[Any, ...]) -> bool:
    return tuple(p for p in loc if isinstance(p, str)) in FILLED_IN


def _problem(error: dict[str, Any]) -> CaseError:
    loc: tuple[Any, ...] = error["loc"]
    # a viscosity law is written as a table in the place of the viscosity
    where = dotted(loc).replace("broth.power_law", "broth.viscosity")
    where = where.replace("lifelines.release_place", "lifelines.release")
    kind, given, ctx = error["type"], error["input"], error.get("ctx", {})
    section, field = _field_at(loc)
    quantity = _quantity(field)
    cause = ctx.get("error")
    if isinstance(cause, UnitError):
        return CaseError(cause.problem.message, where, cause.problem.hint)
    if kind == "extra_forbidden":
        known = [f.alias or n for n, f in section.model_fields.items()] if section else []
        near = nearest(str(loc[-1]), known)
        hint = (f"did you mean '{near}'? " if near else "") + f"known here: {', '.join(known)}"
        return CaseError(f"unknown key '{loc[-1]}'", where, hint)
    if kind == "missing":
        return CaseError("this key is missing", where, _how_to_write(str(loc[-1]), field, quantity))
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        value = f"{given:g} {KINDS[quantity.kind].si}" if quantity and isinstance(given, float) else _shown(given)
        return CaseError(f"{value} is out of range", where, f"allowed: {range_in_words(field, quantity)}")
    if kind == "literal_error":
        allowed = [a.strip().strip("'") for a in str(ctx.get("expected", "")).replace(" or ", ", ").split(",")]
        near = nearest(str(given), allowed)
        return CaseError(
            f"{_shown(given)} is not a choice",
            where,
            (f"did you mean '{near}'? " if near else "") + f"one of: {', '.join(allowed)}",
        )
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return CaseError(
            f"{_shown(given)} stands where a section belongs", where, f"write [{where}] with its keys below"
        )
    if kind in ("tuple_type", "list_type"):
        return CaseError(f"{_shown(given)} stands where a list belongs", where, "write a list in square brackets")
    if kind == "too_short":
        block = str(loc[-1]) if loc else ""
        hint = f"add a [[{block}]] section" if block in ("impeller", "feed") else f"at least {ctx.get('min_length')}"
        return CaseError("there is none", where, hint)
    if kind == "string_pattern_mismatch":
        return CaseError(f"{_shown(given)} cannot be a name", where, "no slashes, at least one letter")
    if kind.startswith(("int_", "float_", "bool_", "string_", "finite_")):
        return CaseError(f"{_shown(given)} is not {_wanted(kind)}", where, range_in_words(field, quantity, "allowed: "))
    if cause is not None:
        return CaseError(f"{_shown(given)}: {cause}", where, _choices(loc))
    return CaseError(f"{_shown(given)}: {error['msg']}", where)


def dotted(loc: tuple[Any, ...]) -> str:
    """('impeller', 0, 'diameter') -> 'impeller 1: diameter', as an engineer counts; sections joined by dots."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f" {part + 1}:"
        else:
            text += (" " if text.endswith(":") else "." if text else "") + str(part)
    return text.removesuffix(":") or "case"


def _field_at(loc: tuple[Any, ...]) -> tuple[type[BaseModel] | None, Any]:
    """Section class and field that a pydantic location points at; the field is None if unknown."""
    section: type[BaseModel] | None = Case
    owner: type[BaseModel] | None = Case
    field: Any = None
    for part in loc:
        if isinstance(part, int):
            continue
        if section is None:
            return None, None
        owner = section
        field = next((f for n, f in section.model_fields.items() if part in (n, f.alias)), None)
        section = section_of(field.annotation) if field is not None else None
    return owner, field


def section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for inner in typing.get_args(annotation):
        found = section_of(inner)
        if found is not None:
            return found
    return None


def _quantity(field: Any) -> Quantity | None:
    return next((m for m in getattr(field, "metadata", ()) if isinstance(m, Quantity)), None)


def range_in_words(field: Any, quantity: Quantity | None, prefix: str = "") -> str:
    """Allowed range of a field in words, from its own limits."""
    signs = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    unit = f" {KINDS[quantity.kind].si}" if quantity else ""
    parts = [
        f"{word} {getattr(m, sign):g}{unit}"
        for m in getattr(field, "metadata", ())
        for sign, word in signs.items()
        if getattr(m, sign, None) is not None
    ]
    return prefix + " and ".join(parts) if parts else ""


def _how_to_write(key: str, field: Any, quantity: Quantity | None) -> str:
    if key == "model":
        strains, models = ", ".join(shelf("strains")), ", ".join(shelf("models"))
        return f"write name = a strain of the library ({strains}), or model = one of {models}"
    if quantity is not None:
        return f"write {key} = {accepted(quantity.kind).split(', ')[0]} ({field.description})"
    if field is not None and section_of(field.annotation) is not None:
        double = key in ("impeller", "feed")
        return f"add a section {'[[' if double else '['}{key}{']]' if double else ']'}"
    return f"{key}: {field.description}" if field is not None and field.description else ""


def _choices(loc: tuple[Any, ...]) -> str:
    if loc and loc[-1] == "type":
        return "write type = one of " + ", ".join(f'"{name}"' for name in shelf("impellers"))
    return ""


def _wanted(kind: str) -> str:
    names = {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "string": "a text in quotes",
        "finite": "a finite number",
    }
    return names[kind.split("_")[0]]


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 60 else text[:57] + "..."
