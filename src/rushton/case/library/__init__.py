"""The library of named things: impellers, broths, strains, substrates, cell models, laboratory equipment.

Each is one TOML file in this folder; every number carries its unit and every entry its source.
"""

from __future__ import annotations

import difflib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from rushton.errors import CaseError

FOLDER = Path(__file__).parent
SHELVES = ("impellers", "broths", "strains", "substrates", "models", "lab", "equipment")
"""Names of the library's files."""


@lru_cache(maxsize=len(SHELVES))
def shelf(name: str) -> dict[str, dict[str, Any]]:
    """All entries of one file of the library, as read; not to be changed by the caller."""
    with open(FOLDER / f"{name}.toml", "rb") as file:
        return tomllib.load(file)


def entry(shelf_name: str, name: str, where: str = "") -> dict[str, Any]:
    """One named entry.

    Raises
    ------
    CaseError
        Unknown name; the message gives the nearest and all known ones.
    """
    known = shelf(shelf_name)
    if name not in known:
        near = nearest(name, known)
        hint = (f"did you mean '{near}'? " if near else "") + f"known: {', '.join(known)}"
        raise CaseError(f"unknown {shelf_name.removesuffix('s')} '{name}'", where, hint)
    return known[name]


def nearest(name: str, known: Any) -> str | None:
    """The known name most like a misspelt one, or None if none is like it."""
    lower = {str(k).lower(): str(k) for k in known}
    found = difflib.get_close_matches(str(name).lower(), list(lower), n=1, cutoff=0.5)
    return lower[found[0]] if found else None
