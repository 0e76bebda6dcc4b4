"""How a section is filled where the case says nothing: values of the tank, entries of the library, and which they were.

What was filled in is taken out of the section's ``model_fields_set``, so that ``default_keys`` can name it later.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationInfo

from rushton.case.fields import Section
from rushton.case.library import entry


def context(info: ValidationInfo) -> Any:
    """The validation context while a file is read, else None."""
    return info.context if info.context and "medium" in info.context else None


def filled(handler: Any, given: dict[str, Any], missing: dict[str, Any]) -> Any:
    """Validate a section with values filled in, which are not counted as given."""
    section = handler({**given, **missing})
    section.model_fields_set.difference_update(missing)
    return section


def from_library(value: Any, handler: Any, info: ValidationInfo, shelf: str, keys: tuple[str, ...]) -> Any:
    """Fill a section with what its library entry says, where the case says nothing."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return handler(value)
    found = entry(shelf, value["name"], f"{shelf.removesuffix('s')}.name")
    missing = {k: found[k] for k in keys if k in found and k not in value}
    return filled(handler, value, missing)


def default_keys(section: Section, prefix: str) -> list[str]:
    keys: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = prefix + (field.alias or name)
        given = name in section.model_fields_set
        if isinstance(value, Section):
            keys += default_keys(value, key + ".") if given else _all_keys(value, key + ".")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for n, item in enumerate(value):
                keys += default_keys(item, f"{key}.{n}.") if given else _all_keys(item, f"{key}.{n}.")
        elif not given and value not in (None, (), {}, ""):
            keys.append(key)
    return keys


def _all_keys(section: Section, prefix: str) -> list[str]:
    keys: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        key = prefix + (field.alias or name)
        if isinstance(value, Section):
            keys += _all_keys(value, key + ".")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            for n, item in enumerate(value):
                keys += _all_keys(item, f"{key}.{n}.")
        elif value not in (None, (), {}, ""):
            keys.append(key)
    return keys
