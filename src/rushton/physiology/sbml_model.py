"""A model in SBML: its kinetic laws translated to the one compiled `rates`, checked against libroadrunner.

A class of the user (see `user_model`) names the file and says what SBML cannot: which of its species is what in the
broth, which reaction is the uptake, and what its rates come to per dry weight::

    class Glycolysis:
        sbml = "glycolysis.xml"                                  beside the Python file
        seconds = 1.0                                            one unit of time of the SBML, s
        uptake = ("v_pts", 0.0064)                               q_s = 0.0064 v_pts, in the unit of q_s
        surroundings = {"C_s": ("mmol/L", "glucose", 0.0, "glc")}        last: the species that it replaces
        reported = {
            "q_s": ("mmol/(g h)", "glucose", -1),
            "mu": ("1/h", "", 0, "3600*v_growth"),               last: a formula of species, parameters, reactions
            "q_p": ("mmol/(g h)",),                              without a formula: zero
        }

    dX_i/dt = 3600/seconds sum_j n_ij v_j/V_i       states: species that react, and variables of rate rules
    imposed: v_uptake = q_s/factor in every balance;      own: v_uptake by its kinetic law

Symbols of species are concentrations, or amounts where the SBML says so; V_i constant. Global and local parameters
(``reaction.name``) are parameters of the model. Read: species, compartments, parameters, function definitions, initial
assignments, assignment and rate rules, reactions. Refused by name: events, algebraic rules, delays, time, changing
compartments, conversion factors, stoichiometry by formula.

Before anything runs, the derivatives are compared with libroadrunner's at the start and at moved states; a model that
disagrees is refused. Sources: Hucka M. et al. 2019, J. Integr. Bioinform. 16:20190021 (SBML Level 3); Welsh C. et al.
2023, Bioinformatics 39:btac770 (libroadrunner 2).
"""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel
from rushton.physiology.sbml import Reactions, read, symbol_of

_MATH = {name: value for name, value in vars(math).items() if not name.startswith("_")}
_MATH |= {"min": min, "max": max, "abs": abs}


def translate(tables: Any, text: str, where: str) -> tuple[type, str]:
    """The class of a user with its tables filled from SBML, and the source of `rates` and `uptake`.

    Parameters
    ----------
    tables : type
        Class with `sbml`, `seconds`, `uptake`, `surroundings`, `reported` as above.
    text : str
        The SBML.
    where : str
        Name of its file.

    Returns
    -------
    tables : type
        With `parameters` and `states` as `user_model` reads them.
    source : str
        Python functions ``rates`` and ``uptake``.
    """
    found = read(text, where)
    seconds = float(getattr(tables, "seconds", 1.0))
    around = {row[3]: i for i, row in enumerate(tables.surroundings.values(), start=1) if len(row) > 3}
    reaction, factor = _uptake(tables, found, where)
    for name in around:
        if name not in found.values:
            raise ModelError(f"{where} has no species '{name}'", "surroundings", f"It has: {', '.join(found.states)}.")
    states = [name for name in found.state_names if name not in around]
    parameters = [name for name in found.parameters if name not in around]
    start = _start(found, where)
    constants = [n for n in found.values if n not in (*states, *parameters, *around, *found.assigned)]

    lines = [f"    {symbol_of(name)} = state[{i}]" for i, name in enumerate(states)]
    lines += [f"    {symbol_of(name)} = parameters[{i}]" for i, name in enumerate(parameters)]
    lines += [f"    {symbol_of(name)} = environment[{i}]" for name, i in around.items()]
    lines += [f"    {symbol_of(name)} = {start[name]!r}" for name in constants]
    formulas = {**found.assigned, **found.reactions}
    known = {symbol_of(n) for n in (*states, *parameters, *around, *constants)}
    order = _ordered(formulas, known, where)

    def body(imposed: bool) -> list[str]:
        texts = {name: f"    {symbol_of(name)} = {formulas[name]}" for name in order}
        if imposed:
            texts[reaction] = f"    {symbol_of(reaction)} = environment[0] / {factor!r}"
        return [*lines, *texts.values()]

    per_hour = 3600.0 / seconds
    out = []
    for name in states:
        change = found.rate_rules.get(name) or " + ".join(f"{c!r} * {symbol_of(r)}" for c, r in found.states[name])
        out.append(f"{per_hour!r} * ({change})")
    for name, row in tables.reported.items():
        formula = row[3] if len(row) > 3 else "0.0"
        out.append(
            "environment[0]" if name == "q_s" else _of_user(formula, known | {symbol_of(n) for n in order}, name)
        )
    functions = [
        f"@njit\ndef f_{name}({', '.join(arguments)}):\n    return {text}\n"
        for name, (arguments, text) in found.functions.items()
    ]
    source = "\n".join(
        [
            *functions,
            "def rates(environment, state, parameters, out):",
            *body(True),
            *(f"    out[{i}] = {text}" for i, text in enumerate(out)),
            "",
            "def uptake(environment, state, parameters):",
            *body(False),
            f"    return {factor!r} * {symbol_of(reaction)}",
        ]
    )
    reported = {name: row[:3] for name, row in tables.reported.items()}
    surroundings = {name: row[:3] for name, row in tables.surroundings.items()}
    filled = type(
        tables.__name__,
        (tables,),
        {
            "parameters": {n: (start[n], "as in the SBML", n) for n in parameters},
            "states": {n: (start[n], "as in the SBML", n) for n in states},
            "surroundings": surroundings,
            "reported": reported,
            "signed": True,
        },
    )
    return filled, source


def check_with_roadrunner(model: CellModel, tables: Any, text: str, where: str) -> None:
    """Compare derivatives with libroadrunner's at the start and at moved states; refuse a translation that differs."""
    try:
        import roadrunner
    except ImportError:
        raise ModelError(
            "SBML models need libroadrunner, against which their translation is checked",
            "sbml",
            "Install it: pip install 'rushton[sbml]'.",
        ) from None
    runner = roadrunner.RoadRunner(text)
    per_hour = 3600.0 / float(getattr(tables, "seconds", 1.0))
    around = {row[3]: name for name, row in tables.surroundings.items() if len(row) > 3}
    own = model.with_uptake("own")
    found = read(text, where)
    for share in (1.0, 0.7, 1.4):
        state = share * np.array(model.start)
        environment = own.environment_vector()
        for species, name in around.items():
            environment[own.environment_names.index(name)] = share * found.values[species]
        for name, value in zip(model.state_names, state, strict=True):
            runner[_selection(found, name)] = float(value)
        for species in around:
            runner[_selection(found, species)] = share * found.values[species]
        theirs = np.array([runner[f"{name}'"] for name in model.state_names]) * per_hour
        theirs /= [found.volume.get(name, 1.0) if name in found.states else 1.0 for name in model.state_names]
        ours = own.evaluate(environment, state)[0]
        scale = np.maximum(np.abs(theirs), 1e-9 * max(1.0, np.abs(ours).max()))
        worst = int(np.argmax(np.abs(ours - theirs) / scale))
        if abs(ours[worst] - theirs[worst]) > 1e-6 * scale[worst]:
            raise ModelError(
                f"the translation of {where} and libroadrunner differ: d{model.state_names[worst]}/dt is "
                f"{ours[worst]:.6g} here and {theirs[worst]:.6g} there, per hour",
                model.name,
                "Write this model as a Python file; the SBML holds something that is translated wrongly.",
            )


def _selection(found: Reactions, name: str) -> str:
    """What libroadrunner calls the symbol: [S] is a concentration, S an amount or a parameter."""
    return f"[{name}]" if found.volume.get(name, 1.0) != 1.0 else name


def _uptake(tables: type, found: Reactions, where: str) -> tuple[str, float]:
    given = getattr(tables, "uptake", None)
    if not isinstance(given, tuple) or len(given) != 2 or given[0] not in found.reactions or not float(given[1]) > 0.0:
        raise ModelError(
            f"uptake is {given!r}",
            tables.__name__,
            f"Write uptake = (reaction, factor), q_s = factor x rate; {where} has: {', '.join(found.reactions)}.",
        )
    return str(given[0]), float(given[1])


def _start(found: Reactions, where: str) -> dict[str, float]:
    """Values at the start, initial assignments and rules worked out."""
    names: dict[str, Any] = {symbol_of(n): v for n, v in found.values.items()}
    space: dict[str, Any] = dict(_MATH)
    for name, (arguments, text) in found.functions.items():
        exec(f"def f_{name}({', '.join(arguments)}): return {text}", space)
    formulas = {**found.assigned, **found.initial}
    known = {symbol_of(n) for n in found.values if n not in formulas}
    for name in _ordered(formulas, known, where):
        names[symbol_of(name)] = float(eval(formulas[name], {**space, **names}))
    values = {n: float(names[symbol_of(n)]) for n in found.values}
    for name, value in values.items():
        if not math.isfinite(value):
            raise ModelError(f"{name} of {where} has no value", "sbml", "Give it a value or a start in the SBML.")
    return values


def _ordered(formulas: dict[str, str], known: set[str], where: str) -> list[str]:
    """Names of formulas in an order in which each uses only what is known before it."""
    left, order, have = dict(formulas), [], set(known)
    while left:
        ready = [name for name, text in left.items() if _names(text) <= have]
        if not ready:
            missing = sorted(
                set().union(*(_names(text) for text in left.values())) - have - {symbol_of(n) for n in left}
            )
            raise ModelError(
                f"{where} uses {', '.join(n.removeprefix('x_') for n in missing) or 'rules that need each other'}",
                "sbml",
                "Define it in the SBML.",
            )
        for name in ready:
            order.append(name)
            have.add(symbol_of(name))
            del left[name]
    return order


def _of_user(formula: str, known: set[str], name: str) -> str:
    """A formula of the user in identifiers of the SBML as an expression of the translated names."""
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError:
        raise ModelError(f"'{formula}' is no formula", f"reported['{name}']", "Write it in Python.") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in _MATH:
            node.id = symbol_of(node.id)
            if node.id not in known:
                ids = ", ".join(sorted(n.removeprefix("x_") for n in known))
                raise ModelError(f"the SBML has no '{node.id[2:]}'", f"reported['{name}']", f"It has: {ids}.")
    return ast.unparse(tree)


def _names(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name) and n.id.startswith("x_")}
