"""A model of your own: a Python file with one class of data and one function of rates, loaded when a case names it.

    strain.model = "MyYeast"             the class
    strain.model_file = "my_yeast.py"    beside the case file

docs/cell_models.md shows a complete one. The class holds plain tables, in the order in which `rates` sees them::

    title, sources                                    what it is, what to cite
    parameters   = {name: (value, unit, words)}
    states       = {name: (start, unit, words)}       may be empty
    surroundings = {name: (unit, species, default)}   the first is C_s; environment[0] is q_s, then these in order
    reported     = {name: (unit, species, trade)}     the first three are q_s, mu, q_p; trade -1 eaten, +1 given off
    cmol         = 24.6                               g dry weight per Cmol, where rates are per Cmol

and beside it stand ``rates(environment, state, parameters, out)``, which writes the derivatives per hour and then the
reported rates into `out`, and, for the model's own law, ``uptake(environment, state, parameters)``, which returns q_s.

Before anything runs, the file is tried: in plain Python first, where an index out of range is an error and not memory
of something else, then compiled; both must give the same numbers, every place of `out` must be written, nothing may be
NaN, and what is imposed must be eaten.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding
from rushton.physiology.trial import compare, compile_both, last_line, try_plain

_DEFAULT_CMOL = 24.6  # g/Cmol, CH1.8O0.5N0.2


def load_model(path: str | Path, name: str) -> CellModel:
    """The cell model of a file.

    Parameters
    ----------
    path : str or Path
        Python file.
    name : str
        The class in it.

    Returns
    -------
    CellModel
        With the uptake imposed.

    Raises
    ------
    ModelError
        There is no such file or class; the file cannot be run; a table is incomplete, a unit unknown, a parameter
        negative or missing; `rates` fails, leaves a place of `out` unwritten, gives NaN, or does not eat what is
        imposed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Give its path relative to the case file."
        raise ModelError(f"{path} cannot be read: {error.strerror}", "strain.model_file", hint) from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not a text file in UTF-8", "strain.model_file", "Give a Python file.") from None
    return _model(text, str(path), name, _sbml_of(text, path))


def file_hashes(path: str) -> list[str]:
    """Hashes of a user's model file and of the SBML it names; what cannot be read the loader of the model says."""
    hashes = []
    try:
        raw = Path(path).read_bytes()
        hashes.append(hashlib.sha256(raw).hexdigest())
        named = sbml_file(raw.decode("utf-8", "replace"))
        if named is not None:
            hashes.append(hashlib.sha256((Path(path).parent / named).read_bytes()).hexdigest())
    except OSError:
        pass
    return hashes


def sbml_file(text: str) -> str | None:
    """The SBML file that a user's file names, relative to it: the text behind ``sbml =``."""
    found = re.search(r"""^\s+sbml\s*=\s*["']([^"']+)["']""", text, re.MULTILINE)
    return found[1] if found else None


def _sbml_of(text: str, path: Path) -> str:
    """Contents of the SBML file that a user's file names; empty where it names none."""
    name = sbml_file(text)
    if name is None:
        return ""
    try:
        return (path.parent / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(
            f"{path.parent / name} cannot be read: {error.strerror}", "sbml", f"Put it beside {path.name}."
        ) from None


@cache
def _model(text: str, path: str, name: str, sbml: str) -> CellModel:
    space = _run(text, path)
    where = Path(path).name
    classes = {k: v for k, v in space.items() if isinstance(v, type) and v.__module__ == space["__name__"]}
    if name not in classes:
        raise ModelError(
            f"{where} has no class '{name}'", "strain.model", f"It has: {', '.join(sorted(classes)) or 'no class'}."
        )
    tables = classes[name]
    if sbml:
        from rushton.physiology.sbml_model import translate

        tables, source = translate(tables, sbml, str(sbml_file(text)))
        space |= _run("from math import *\nfrom numba import njit\n" + source, path)
    rates = _function(space, "rates", 4, where)
    if rates is None:
        raise ModelError(
            f"{where} has no function `rates`",
            "strain.model_file",
            "Add: def rates(environment, state, parameters, out): ... beside the class.",
        )
    uptake = _function(space, "uptake", 3, where)
    model = _tables(tables, name, where)
    try_plain(model, rates, uptake, where)
    imposed, own = compile_both(rates, uptake, where)
    model = CellModel(**{**model.__dict__, "imposed": imposed, "own": own})
    compare(model, rates, where)
    if sbml:
        from rushton.physiology.sbml_model import check_with_roadrunner

        check_with_roadrunner(model, classes[name], sbml, str(sbml_file(text)))
    return model


def _run(text: str, path: str) -> dict[str, Any]:
    """Names that a file defines; it is run on its own, not imported."""
    space: dict[str, Any] = {"__name__": "user_cell_model", "__file__": path}
    try:
        exec(compile(text, path, "exec"), space)
    except Exception as error:  # the user's code may raise anything; it is refused with its own line
        raise ModelError(
            f"{path} cannot be run: {last_line(error, path)}", "strain.model_file", "Run it with python to see more."
        ) from error
    return space


def _function(space: dict[str, Any], name: str, arguments: int, where: str) -> Any:
    found = space.get(name)
    if found is None:
        return None
    code = getattr(found, "__code__", None) or getattr(getattr(found, "py_func", None), "__code__", None)
    if code is None or code.co_argcount != arguments:
        wanted = ("environment", "state", "parameters", "out")[:arguments]
        raise ModelError(f"{name} in {where} takes other arguments", "strain.model_file", f"({', '.join(wanted)})")
    return getattr(found, "py_func", found)


def _tables(tables: type, name: str, where: str) -> CellModel:
    """The class of data as a model without rates yet."""

    def table(key: str, least: int, most: int, optional: bool = False) -> dict[str, tuple]:
        found = getattr(tables, key, {} if optional else None)
        if not isinstance(found, Mapping):
            raise ModelError(f"class {name} in {where} has no table `{key}`", name, f"Write {key} = {{...}}.")
        for entry, row in found.items():
            if not isinstance(row, tuple) or not least <= len(row) <= most:
                raise ModelError(
                    f"{key}['{entry}'] is {row!r}", name, f"Write a tuple of {least} to {most} values; see the manual."
                )
        return dict(found)

    signed = bool(getattr(tables, "signed", False))  # SBML does not say which of its parameters may be negative
    parameters = tuple(
        Parameter(key, _number(name, f"parameters['{key}']", value), unit, words, where, "of the user", signed)
        for key, (value, unit, words) in table("parameters", 3, 3, optional=True).items()
    )
    for p in parameters:
        if p.value < 0.0 and not signed:
            raise ModelError(f"parameter {p.name} is {p.value:g}", name, f"Give zero or more, in {p.unit}.")
    states = table("states", 3, 3, optional=True)
    around = table("surroundings", 2, 3)
    reported = table("reported", 1, 3)
    if next(iter(around), "") != "C_s":
        raise ModelError("the first of `surroundings` is C_s, the substrate in the broth", name, "Put C_s first.")
    if tuple(reported)[:3] != ("q_s", "mu", "q_p"):
        raise ModelError(
            f"the first three of `reported` are {', '.join(tuple(reported)[:3])}",
            name,
            "They must be q_s, mu and q_p, in this order; without a product q_p is zero, in mmol/(g h).",
        )
    quantities = tuple(Quantity(k, r[0], k, *r[1:]) for k, r in reported.items())
    environment = (
        Surrounding("q_s", quantities[0].unit, "specific uptake of the substrate, imposed"),
        *(Surrounding(k, r[0], k, _number(name, k, r[2] if len(r) > 2 else 0.0), r[1]) for k, r in around.items()),
    )
    model = CellModel(
        name=name,
        title=str(getattr(tables, "title", name)),
        states=tuple(Quantity(k, unit, words) for k, (_, unit, words) in states.items()),
        environment=environment,
        reported=quantities,
        parameters=parameters,
        start=tuple(_number(name, f"states['{k}']", row[0]) for k, row in states.items()),
        molar_mass=_number(name, "cmol", getattr(tables, "cmol", _DEFAULT_CMOL)) * 1e-3,
        imposed=None,
        own=None,
        prepare=_Order(tuple(p.name for p in parameters)),
        sources=tuple(getattr(tables, "sources", ())) or (where,),
        has_product=quantities[2].trade == 1,
    )
    _check_units(model, name)
    return model


class _Order:
    """Parameter values as a vector in the order of the table."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __call__(self, values: Mapping[str, float]) -> np.ndarray:
        return np.array([values[name] for name in self.names], dtype=np.float64)


def _number(name: str, what: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ModelError(
            f"{what} is {value!r}, not a number", name, "Write a number in the unit that stands beside it."
        )
    return number


def _check_units(model: CellModel, name: str) -> None:
    """Refuse units that cannot be turned into SI where they must be."""
    try:
        _ = model.uptake_per_mol_kg_s, model.trades
        for around in model.environment[1:]:
            if around.species:
                around.per_mol_kg()
    except ModelError as error:
        raise ModelError(error.message, f"{name}: {error.where}", error.hint) from None
    if model.reported[0].trade != -1 or model.reported[0].species != model.environment[1].species:
        raise ModelError(
            f"q_s is ({model.reported[0].species!r}, {model.reported[0].trade}), "
            f"but C_s is {model.environment[1].species!r}",
            name,
            "q_s takes up the species of C_s: reported['q_s'] = (unit, species, -1).",
        )
    if model.reported[1].unit != "1/h":
        raise ModelError(f"mu is in {model.reported[1].unit}", name, "Report mu in 1/h.")
    for quantity in model.reported[1:]:
        if quantity.trade not in (-1, 0, 1):
            raise ModelError(
                f"trade of {quantity.name} is {quantity.trade}", name, "-1 eaten, +1 given off, 0 neither."
            )
