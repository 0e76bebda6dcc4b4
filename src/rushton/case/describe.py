"""Every setting of a case file, described by itself: key, unit or choices, default, range, meaning."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Literal

from rushton.case.fields import Quantity, Section
from rushton.case.load import range_in_words, section_of
from rushton.case.schema import Case
from rushton.units import KINDS


@dataclass(frozen=True)
class Setting:
    """One key of a case file.

    Attributes
    ----------
    key : str
        Dotted; ``[]`` behind a section that may be repeated.
    write : str
        How a value looks.
    default : str
        Default in words; "required" if there is none.
    allowed : str
        Range or choices in words.
    meaning : str
        What it is.
    """

    key: str
    write: str
    default: str
    allowed: str
    meaning: str

    def __str__(self) -> str:
        parts = [self.meaning, f"e.g. {self.write}" if self.write else "", self.allowed, f"default {self.default}"]
        return "; ".join(p for p in parts if p).replace("default required", "required")


def settings() -> list[Setting]:
    """All settings in the order of the case file."""
    return list(_of_section(Case, ""))


def _of_section(section: type[Section], prefix: str) -> typing.Iterator[Setting]:
    for name, field in section.model_fields.items():
        key, inner = prefix + (field.alias or name), section_of(field.annotation)
        if inner is not None:
            repeated = "tuple" in str(field.annotation)
            yield from _of_section(typing.cast(type[Section], inner), f"{key}{'[]' if repeated else ''}.")
        else:
            quantity = next((m for m in field.metadata if isinstance(m, Quantity)), None)
            write = f'"{KINDS[quantity.kind].examples[0]}"' if quantity else ""
            allowed = _choices(field.annotation) or range_in_words(field, quantity)
            meaning, _, rest = (field.description or "").partition(" (default: ")
            default = rest.removesuffix(")") if rest else _default(field, quantity)
            yield Setting(key, write, default, allowed, meaning)


def _choices(annotation: Any) -> str:
    """Choices of a Literal, also inside a tuple."""
    if typing.get_origin(annotation) is Literal:
        return " | ".join(str(a) for a in typing.get_args(annotation))
    found = [_choices(a) for a in typing.get_args(annotation)]
    return next((f for f in found if f), "")


def _default(field: Any, quantity: Quantity | None) -> str:
    """Default of a field whose description does not say it, in words."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=field.default_factory in (dict, None))
    if isinstance(default, tuple) and default:
        return ", ".join(str(v) for v in default)
    if default in (None, "", {}, ()):
        return "none"
    return f"{default:g} {KINDS[quantity.kind].si}" if quantity else str(default)
