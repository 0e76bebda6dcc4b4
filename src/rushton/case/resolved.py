"""``case.resolved.toml``: every value a run used, in SI, which ``load_case`` reads back to the identical case."""

from __future__ import annotations

import json
import typing
from typing import Any

from rushton.case.fields import Quantity, Section
from rushton.case.schema import Case
from rushton.units import KINDS

HEADER = """\
# Every value used by this run, in SI units. `rushton run` reads this file like any case file.
# "# default" marks what the case file left open and the program filled in, "# from NAME" what its library gave.
"""


def write_resolved(case: Case) -> str:
    """The case as TOML text with every value, units and marked defaults.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        ``load_case`` of this text gives a case equal to ``case``.
    """
    top: list[str] = []
    tables: list[str] = []
    for name, field in type(case).model_fields.items():
        value, key = getattr(case, name), field.alias or name
        default = name not in case.model_fields_set
        if isinstance(value, Section):
            tables += ["", f"[{key}]", *_lines(value, "", default)]
        elif isinstance(value, tuple) and value:
            for item in value:
                tables += ["", f"[[{key}]]", *_lines(item, "", default)]
        elif isinstance(value, str):
            top.append(_line(key, json.dumps(value, ensure_ascii=False), default))
        elif value in (None, ()):
            tables += ["", f"# no [{key}]"]
    return HEADER + "\n".join([*top, *tables]) + "\n"


def _lines(section: Section, prefix: str, all_default: bool | str) -> list[str]:
    lines: list[str] = []
    library = getattr(section, "name", None)
    mark: bool | str = f"from {library}" if library else True
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), prefix + (field.alias or name)
        default = all_default or (mark if name not in section.model_fields_set else False)
        if value is None:
            lines.append(f"# {key}: not given; {field.description}")
        elif isinstance(value, Section):
            lines += _lines(value, key + ".", default)
        elif isinstance(value, dict):
            lines += [_line(f"{key}.{_key(k)}", _number(v), default) for k, v in value.items()]
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            items = [f"    {_inline(item)}," for item in value]
            lines += [_line(f"{key} = [", None, default), *items, "]"]
        else:
            lines.append(_line(key, _value(value, _kind(field)), default))
    return lines


def _line(key: str, value: str | None, default: bool | str) -> str:
    text = key if value is None else f"{key} = {value}"
    return f"{text:<50} # {'default' if default is True else default}" if default else text


def _inline(section: Section) -> str:
    """A section on one line, ``{ radius = "0.1 m", ... }``."""
    pairs = [
        f"{field.alias or name} = {_value(getattr(section, name), _kind(field))}"
        for name, field in type(section).model_fields.items()
        if getattr(section, name) is not None
    ]
    return "{ " + ", ".join(pairs) + " }"


def _kind(field: Any) -> str | None:
    """Kind of quantity of a field, or of the items of a field that holds several."""
    found = [m for m in field.metadata if isinstance(m, Quantity)]
    for inner in typing.get_args(field.annotation):
        found += [m for m in getattr(inner, "__metadata__", ()) if isinstance(m, Quantity)]
    return found[0].kind if found else None


def _value(value: Any, kind: str | None) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(v, kind) for v in value) + "]"
    if kind is not None:
        return f'"{float(value)!r} {KINDS[kind].si}"'
    return _number(value) if isinstance(value, (int, float)) else json.dumps(value, ensure_ascii=False)


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _key(name: str) -> str:
    """A bare TOML key, quoted if it must be."""
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else json.dumps(name, ensure_ascii=False)
