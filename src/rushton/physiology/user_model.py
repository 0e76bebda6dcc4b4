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
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

_TRIED_UPTAKE = (0.0, 1e-4)  # mol/(kg s)
_TRIED_SUBSTRATE = (0.0, 1e-5, 1e-2)  # mol/kg
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
    return _model(text, str(path), name)


@cache
def _model(text: str, path: str, name: str) -> CellModel:
    space = _run(text, path)
    where = Path(path).name
    classes = {k: v for k, v in space.items() if isinstance(v, type) and v.__module__ == space["__name__"]}
    if name not in classes:
        raise ModelError(
            f"{where} has no class '{name}'", "strain.model", f"It has: {', '.join(sorted(classes)) or 'no class'}."
        )
    tables = classes[name]
    rates = _function(space, "rates", 4, where)
    if rates is None:
        raise ModelError(
            f"{where} has no function `rates`",
            "strain.model_file",
            "Add: def rates(environment, state, parameters, out): ... beside the class.",
        )
    uptake = _function(space, "uptake", 3, where)
    model = _tables(tables, name, where)
    _try_plain(model, rates, uptake, where)
    imposed, own = _compile(rates, uptake, where)
    model = CellModel(**{**model.__dict__, "imposed": imposed, "own": own})
    _compare(model, rates, where)
    return model


def _run(text: str, path: str) -> dict[str, Any]:
    """Names that a file defines; it is run on its own, not imported."""
    space: dict[str, Any] = {"__name__": "user_cell_model", "__file__": path}
    try:
        exec(compile(text, path, "exec"), space)
    except Exception as error:
        raise ModelError(
            f"{path} cannot be run: {_last(error, path)}", "strain.model_file", "Run it with python to see more."
        ) from error
    return space


def _last(error: BaseException, path: str) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    return f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")


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

    parameters = tuple(
        Parameter(key, _number(name, f"parameters['{key}']", value), unit, words, where, "of the user")
        for key, (value, unit, words) in table("parameters", 3, 3, optional=True).items()
    )
    for p in parameters:
        if p.value < 0.0:
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


def _situations(model: CellModel) -> list[tuple[np.ndarray, np.ndarray]]:
    """Surroundings and states in which a file is tried: fed and unfed, with and without substrate."""
    per_mol = model.environment[1].per_mol_kg() if model.environment[1].species else 1.0
    return [
        (model.environment_vector(q * model.uptake_per_mol_kg_s, C_s=c * per_mol), np.array(model.start, dtype=float))
        for q in _TRIED_UPTAKE
        for c in _TRIED_SUBSTRATE
    ]


def _try_plain(model: CellModel, rates: Callable[..., Any], uptake: Callable[..., Any] | None, where: str) -> None:
    """Run the functions in plain Python and look at every number they write."""
    names = [f"the derivative of {n}" for n in model.state_names] + list(model.reported_names)
    for around, state in _situations(model):
        met = f"q_s = {around[0]:.4g}, C_s = {around[1]:.4g}"
        out = np.full(model.n_out, np.nan)
        try:
            with np.errstate(all="ignore"):
                given = rates(around.copy(), state.copy(), model.parameter_vector, out)
                own = None if uptake is None else uptake(around.copy(), state.copy(), model.parameter_vector)
        except IndexError as error:
            raise ModelError(
                f"`rates` or `uptake` in {where} reaches beyond its arrays: {_last(error, where)}",
                model.name,
                f"environment has {len(around)} places ({', '.join(model.environment_names)}), state {len(state)}, "
                f"parameters {len(model.parameters)}, out {model.n_out}: {model.n_state} derivatives, then "
                f"{', '.join(model.reported_names)}.",
            ) from error
        except Exception as error:
            raise ModelError(
                f"`rates` or `uptake` in {where} fails at {met}: {_last(error, where)}",
                model.name,
                "It must work in plain Python with arrays of numbers.",
            ) from error
        if given is not None:
            raise ModelError(
                f"`rates` in {where} returns {given!r}", model.name, "It writes into `out`, returns nothing."
            )
        for i, value in enumerate(out):
            if not np.isfinite(value):
                raise ModelError(
                    f"`rates` in {where} leaves out[{i}], {names[i]}, without a number at {met}",
                    model.name,
                    f"Write out[{i}] in every case; guard against a division by zero.",
                )
        eaten = out[model.n_state]
        if abs(eaten - around[0]) > 1e-6 * max(abs(around[0]), abs(eaten)):
            raise ModelError(
                f"`rates` in {where} reports q_s = {eaten:.4g} where {around[0]:.4g} is imposed",
                model.name,
                "What is imposed is eaten: report environment[0]. The model's own law belongs in `uptake`.",
            )
        if own is not None and (not np.isfinite(own) or own < 0.0):
            raise ModelError(
                f"`uptake` in {where} gives {own} at {met}", model.name, "It must return zero or more for every C_s."
            )


def _compile(rates: Callable[..., Any], uptake: Callable[..., Any] | None, where: str) -> tuple[Any, Any]:
    """Both functions compiled under the one signature; the own law is None where there is no `uptake`."""
    from numba import njit
    from numba.core.errors import NumbaError

    from rushton.physiology.compiled import RATES

    try:
        imposed = njit(RATES)(rates)
        if uptake is None:
            return imposed, None
        law = njit(uptake)

        @njit(RATES)
        def own(environment, state, parameters, out):
            around = environment.copy()
            around[0] = law(environment, state, parameters)
            imposed(around, state, parameters, out)

        return imposed, own
    except NumbaError as error:
        first = next((line for line in str(error).splitlines() if line.strip()), "")
        raise ModelError(
            f"`rates` or `uptake` in {where} cannot be compiled: {first}",
            "strain.model_file",
            "Use numbers, loops, if, and functions of math or numpy on single numbers; read arrays by index.",
        ) from error


def _compare(model: CellModel, rates: Callable[..., Any], where: str) -> None:
    """Compiled and plain must agree: they do not where `rates` keeps something between calls."""
    for around, state in _situations(model):
        plain = np.zeros(model.n_out)
        rates(around.copy(), state.copy(), model.parameter_vector, plain)
        derivatives, reported = model.evaluate(around, state)
        compiled = [*derivatives, *reported.values()]
        if not np.allclose(compiled, plain, rtol=1e-9, atol=1e-300):
            raise ModelError(
                f"`rates` in {where} gives other numbers compiled than in plain Python",
                model.name,
                "It must depend on its arguments only: no global that changes, no random numbers.",
            )
