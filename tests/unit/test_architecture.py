"""One way: a room imports only rooms that stand above it; and starting the program imports no engine."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rushton
from rushton import sources

ROOT = Path(rushton.__file__).resolve().parent

ORDER = (
    "errors", "sources", "barrier", "cores", "units", "correlations", "store", "case", "physiology", "mesh", "flow",
    "transport", "lifelines", "response", "scaledown", "refine", "sensitivity", "report", "pipeline", "study",
    "headline", "terminal", "cli", "__main__",
)  # fmt: skip
"""The rooms, in the order of who may know whom: each may import only those before it."""


def imports_of(path: Path) -> set[str]:
    """Dotted names of this package that a file imports, at any depth of its functions, by its syntax tree."""
    found = set()
    package = ["rushton", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *((node.module or "").split("."))]).strip(".")
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "rushton"}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


FILES = sorted(path for path in ROOT.rglob("*.py") if "cases" not in path.relative_to(ROOT).parts[:1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":  # the front door leads everywhere, when it is opened
        return
    assert room in ORDER, f"'{room}' has no place in the order of rooms"
    for name in imports_of(path):
        other = name.split(".")[1] if "." in name else ""
        if other in ("", "__version__", room):
            continue
        assert other in ORDER, f"{path.name} imports {name}, which is no room"
        assert ORDER.index(other) < ORDER.index(room), f"{room} must not know {other} ({path.name}: {name})"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sources_follows_the_same_imports_as_the_syntax_tree(path: Path) -> None:
    """The cache keys rest on a fast search of import lines: it must miss none that Python would see."""
    expected = set()
    for name in imports_of(path):
        parts = name.split(".")[1:]
        for stop in range(1, len(parts) + 1):
            base = ROOT.joinpath(*parts[:stop])
            expected |= {f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()}
    assert expected - {path} <= sources.imported_files(path)


def test_starting_the_program_imports_no_engine() -> None:
    """A help page must not wait for numba, VTK, FiPy, NetCDF or matplotlib."""
    code = (
        "import json, sys, rushton, rushton.cli, rushton.case, rushton.units, rushton.store, rushton.correlations;"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(json.loads(output))
    assert not loaded & {"numba", "fipy", "vtk", "vtkmodules", "pyvista", "xarray", "netCDF4", "matplotlib", "meshio"}


def test_kernels_are_kept_in_a_folder_of_their_sources(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment["XDG_CACHE_HOME"] = environment["LOCALAPPDATA"] = environment["HOME"] = str(tmp_path)
    code = "import rushton, os; print(os.environ['NUMBA_CACHE_DIR'])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout.strip()
    assert Path(output).name == f"kernels-{sources.kernels_hash()[:16]}"
    assert tmp_path in Path(output).parents


def test_an_edit_of_what_a_room_imports_changes_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "rushton"
    (package / "flow").mkdir(parents=True)
    (package / "report").mkdir()
    (package / "flow" / "__init__.py").write_text(
        "def solve():\n    from rushton.mesh import (\n        build,\n    )\n"
    )
    (package / "report" / "__init__.py").write_text("from rushton import mesh\n")
    (package / "mesh.py").write_text("def build(): ...\n")
    (package / "other.py").write_text("x = 1\n")
    monkeypatch.setattr(sources, "ROOT", package)
    flow, report = sources.sources_hash("rushton.flow"), sources.sources_hash("rushton.report")
    (package / "other.py").write_text("x = 2\n")
    assert sources.sources_hash("rushton.flow") == flow
    (package / "mesh.py").write_text("def build(): return 1\n")
    assert sources.sources_hash("rushton.flow") != flow
    assert sources.sources_hash("rushton.report") != report
    flow, report = sources.sources_hash("rushton.flow"), sources.sources_hash("rushton.report")
    (package / "report" / "published.toml").write_text("x = 1\n")
    assert sources.sources_hash("rushton.flow") == flow
    assert sources.sources_hash("rushton.report") != report
