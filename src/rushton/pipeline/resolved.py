"""case.resolved.toml: every value that a run used, in SI units, defaults marked; itself a case file that runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rushton.case.fields import Quantity, Section
from rushton.units import KINDS

if TYPE_CHECKING:
    from rushton.case import Case

HEAD = """\
# Every value that the run used, in SI units. "# default" marks what the case file left open.
# This is a case file itself: it runs as it stands.

"""


def resolved_toml(case: Case) -> str:
    """A checked case as the text of a case file with nothing left open.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        TOML; read again by `rushton.load_case` it gives the same case.
    """
    defaults = case.defaults
    plain, tables = [], []
    for name, field in type(case).model_fields.items():
        value, key = getattr(case, name), field.alias or name
        if isinstance(value, Section):
            tables += ["", f"[{key}]", *_lines(value, f"{key}.", defaults)]
        elif isinstance(value, tuple):
            for n, item in enumerate(value):
                tables += ["", f"[[{key}]]", *_lines(item, f"{key}.{n}.", defaults)]
        elif value is not None:
            plain.append(f"{key} = {_text(value, field)}{_mark({key}, defaults)}")
    return HEAD + "\n".join([*plain, *tables]) + "\n"


def _lines(section: Section, prefix: str, defaults: frozenset[str]) -> list[str]:
    lines = []
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), field.alias or name
        if value is None or value == {}:
            continue
        mark = _mark(_keys(value, prefix + key), defaults)
        if isinstance(value, tuple) and value and isinstance(value[0], Section):
            lines += [f"{key} = [{mark}", *(f"  {_text(item, field)}," for item in value), "]"]
        else:
            lines.append(f"{key} = {_text(value, field)}{mark}")
    return lines


def _keys(value: Any, key: str) -> set[str]:
    """Dotted keys of all values inside a value."""
    if isinstance(value, Section):
        fields = type(value).model_fields.items()
        inner = [(getattr(value, name), f"{key}.{field.alias or name}") for name, field in fields]
    elif isinstance(value, tuple) and value and isinstance(value[0], Section):
        inner = [(item, f"{key}.{n}") for n, item in enumerate(value)]
    else:
        return {key}
    return set().union(*(_keys(item, name) for item, name in inner if item not in (None, (), {})))


def _mark(keys: set[str], defaults: frozenset[str]) -> str:
    """The comment behind a line: all of it, or the parts of it that were filled in."""
    filled = keys & defaults
    if not filled:
        return ""
    return "  # default" if filled == keys else f"  # default: {', '.join(sorted(k.split('.')[-1] for k in filled))}"


def _text(value: Any, field: Any) -> str:
    """One value as TOML writes it, quantities as text with their SI unit."""
    if isinstance(value, Section):
        inner = [
            f"{f.alias or name} = {_text(getattr(value, name), f)}"
            for name, f in type(value).model_fields.items()
            if getattr(value, name) not in (None, (), {})
        ]
        return "{ " + ", ".join(inner) + " }"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_text(v, None)}" for k, v in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item, field) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    quantity = _quantity(field)
    return f'"{value!r} {KINDS[quantity.kind].si}"' if quantity is not None else repr(value)


def _quantity(field: Any) -> Quantity | None:
    """The kind of quantity of a field; for a list of quantities, that of its items."""
    marks = [*getattr(field, "metadata", ()), *_inner_marks(getattr(field, "annotation", None))]
    return next((mark for mark in marks if isinstance(mark, Quantity)), None)


def _inner_marks(annotation: Any) -> list[Any]:
    marks = list(getattr(annotation, "__metadata__", ()))
    for inner in getattr(annotation, "__args__", ()):
        marks += _inner_marks(inner)
    return marks
