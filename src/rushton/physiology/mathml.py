"""The mathematics of SBML as Python: one expression per MathML tree.

    <apply><times/><ci>k</ci><ci>S</ci></apply>        ->  "(x_k * x_S)"

Names are prefixed, ``x_`` for values and ``f_`` for functions: no identifier of a model can be a word of Python.
What has no meaning for a cell without a clock or a history (time, delay) or cannot be compiled is refused by name.

Source: W3C MathML 2.0, the subset that SBML Level 3 Version 2 allows (section 3.4 of its specification).
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from rushton.errors import ModelError

_CHAINED = {"plus": " + ", "times": " * ", "and": " and ", "or": " or "}
_EMPTY = {"plus": "0.0", "times": "1.0", "and": "True", "or": "False"}
_RELATIONS = {"eq": "==", "neq": "!=", "gt": ">", "lt": "<", "geq": ">=", "leq": "<="}
_FUNCTIONS = {
    "exp": "exp", "ln": "log", "abs": "fabs", "floor": "floor", "ceiling": "ceil", "sin": "sin", "cos": "cos",
    "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "min": "min", "max": "max",
}  # fmt: skip
_CONSTANTS = {"true": "True", "false": "False", "pi": "pi", "exponentiale": "e", "infinity": "inf"}


def tag(element: Element) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def expression(element: Element, where: str) -> str:
    """A MathML element, or the `math` around one, as a Python expression.

    Parameters
    ----------
    element : Element
        Parsed MathML.
    where : str
        Reaction or rule it stands in, for what is said when it is refused.

    Raises
    ------
    ModelError
        What this translation does not know, by name.
    """
    name = tag(element)
    if name == "math":
        return expression(element[0], where)
    if name == "ci":
        return "x_" + (element.text or "").strip()
    if name == "cn":
        return _number(element, where)
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name == "csymbol":
        raise _unknown((element.text or "").strip() or "csymbol", where)
    if name == "piecewise":
        return _piecewise(element, where)
    if name == "apply":
        return _apply(element, where)
    raise _unknown(name, where)


def function(element: Element, where: str) -> tuple[list[str], str]:
    """A MathML lambda as the names of its arguments and the expression of its body."""
    found = element if tag(element) == "lambda" else element[0]
    names = ["x_" + (child[0].text or "").strip() for child in found if tag(child) == "bvar"]
    return names, expression(found[-1], where)


def _apply(element: Element, where: str) -> str:
    head, name = element[0], tag(element[0])
    qualifiers = {tag(child): child for child in element[1:] if tag(child) in ("degree", "logbase")}
    terms = [expression(child, where) for child in element[1:] if tag(child) not in ("degree", "logbase")]
    if name in _CHAINED:
        return f"({_CHAINED[name].join(terms)})" if terms else _EMPTY[name]
    if name in _RELATIONS:
        return "(" + " and ".join(f"{a} {_RELATIONS[name]} {b}" for a, b in zip(terms, terms[1:], strict=False)) + ")"
    if name in _FUNCTIONS:
        return f"{_FUNCTIONS[name]}({', '.join(terms)})"
    if name == "ci":
        return f"f_{(head.text or '').strip()}({', '.join(terms)})"
    if name == "csymbol":
        raise _unknown((head.text or "").strip() or "csymbol", where)
    simple: dict[str, Callable[[], str]] = {
        "minus": lambda: f"(-{terms[0]})" if len(terms) == 1 else f"({terms[0]} - {terms[1]})",
        "divide": lambda: f"({terms[0]} / {terms[1]})",
        "power": lambda: f"({terms[0]} ** {terms[1]})",
        "root": lambda: f"({terms[0]} ** (1.0 / {_qualifier(qualifiers, 'degree', '2.0', where)}))",
        "log": lambda: f"(log({terms[0]}) / log({_qualifier(qualifiers, 'logbase', '10.0', where)}))",
        "not": lambda: f"(not {terms[0]})",
        "xor": lambda: f"({terms[0]} != {terms[1]})",
    }
    if name not in simple:
        raise _unknown(name, where)
    return simple[name]()


def _qualifier(found: dict[str, Element], name: str, default: str, where: str) -> str:
    return expression(found[name][0], where) if name in found else default


def _piecewise(element: Element, where: str) -> str:
    otherwise = [expression(child[0], where) for child in element if tag(child) == "otherwise"]
    text = otherwise[0] if otherwise else "nan"
    for piece in reversed([child for child in element if tag(child) == "piece"]):
        text = f"({expression(piece[0], where)} if {expression(piece[1], where)} else {text})"
    return text


def _number(element: Element, where: str) -> str:
    kind = element.get("type", "real")
    parts = [(element.text or "").strip(), *((child.tail or "").strip() for child in element)]
    try:
        if kind == "e-notation":
            return repr(float(f"{parts[0]}e{parts[1]}"))
        if kind == "rational":
            return repr(float(parts[0]) / float(parts[1]))
        return repr(float(parts[0]))
    except (ValueError, IndexError, ZeroDivisionError):
        raise ModelError(f"'{' '.join(parts)}' is not a number", where, "Correct the SBML file.") from None


def _unknown(what: str, where: str) -> ModelError:
    return ModelError(
        f"the SBML uses '{what}', which a cell model here cannot",
        where,
        "Rates may depend on what surrounds the cell and on its state, not on time or the past; rewrite that formula.",
    )
