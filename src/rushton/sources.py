"""Which source files a piece of the program runs, and one hash over them.

Two caches need to know when the code behind a stored result has changed: the stage cache of a results folder, and
numba's cache of compiled kernels, which notices an edit of the kernel's own file but not of a file it imports.
Both ask here. The files are found by following the import lines (function-local ones included) from a room through
the package, so that an edit of the report never invalidates a flow field, and an edit of the mesh always does.

Imports nothing but the standard library and takes a few milliseconds: it runs at every start of the program.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = "rushton"
ROOT = Path(__file__).resolve().parent

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#;]+)"
    r"|import[ \t]+(?P<plain>[^\n#;]+))",
    re.MULTILINE,
)


def module_files(module: str) -> list[Path]:
    """Files of one module or of one whole package (its data files too), sorted; empty when there is none.

    >>> [path.name for path in module_files("rushton.errors")]
    ['errors.py']
    """
    path = ROOT.joinpath(*module.split(".")[1:])
    if path.with_suffix(".py").is_file():
        return [path.with_suffix(".py")]
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc")
    return []


def imported_files(path: Path) -> set[Path]:
    """Files of this package that the import lines of one source file name (packages by their ``__init__.py``)."""
    return set(_imported_files(path, path.stat().st_mtime_ns))


@cache
def _imported_files(path: Path, _mtime_ns: int) -> frozenset[Path]:
    found: set[Path] = set()
    here = [PACKAGE, *path.relative_to(ROOT).parts[:-1]]
    for match in _IMPORT.finditer(path.read_text(encoding="utf-8")):
        if match["plain"] is not None:
            for name in match["plain"].split(","):
                found |= _resolve(name.split(" as ")[0].strip().split("."))
            continue
        module = match["module"]
        dots = len(module) - len(module.lstrip("."))
        parts = [p for p in module[dots:].split(".") if p]
        if dots:
            parts = here[: len(here) - dots + 1] + parts
        found |= _resolve(parts)
        for name in re.sub(r"#[^\n]*", "", match["names"]).strip("()").split(","):
            found |= _resolve([*parts, name.split(" as ")[0].strip()], exact=True)
    found.discard(path)
    return frozenset(found)


def _resolve(parts: list[str], exact: bool = False) -> set[Path]:
    """The file of a dotted name in this package and of the packages it lies in; with ``exact`` only a module's own."""
    if not parts or parts[0] != PACKAGE:
        return set()
    found: set[Path] = set()
    for stop in range(2, len(parts) + 1):
        base = ROOT.joinpath(*parts[1:stop])
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file() and (stop == len(parts) or not exact):
                found.add(candidate)
    return found


def reached_files(start: Iterable[Path]) -> list[Path]:
    """The files given, every file of the package that they import, directly or not, and the data beside them.

    Data are the TOML files in the folder of a source file: what is read from a library is part of what is run.
    """
    todo, seen = list(start), set[Path]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            todo.extend(imported_files(path))
            todo.extend(path.parent.glob("*.toml"))
    return sorted(seen)


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents of files of the package, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def sources_hash(*modules: str) -> str:
    """One hash over all files of the named modules or packages and over every file of the program they import.

    Parameters
    ----------
    *modules : str
        Dotted names, for example ``"rushton.flow"``.

    Returns
    -------
    str
        64 hex digits; another value as soon as one byte of the code (or a room's data file) differs.
    """
    return hash_files(reached_files(path for module in modules for path in module_files(module)))


def kernels_hash() -> str:
    """Hash of every file that speaks of numba and of what those files import: the age of the compiled kernels."""
    kernels = [path for path in sorted(ROOT.rglob("*.py")) if b"numba" in path.read_bytes()]
    return hash_files(reached_files(kernels))
