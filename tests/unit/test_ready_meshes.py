"""The meshes that ship are the meshes that their cases make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rushton.case import load_case
from rushton.mesh import build_mesh
from rushton.mesh.io import read_vtu

NAMES = ("lab_3L", "penicillin_54m3", "rushton_bench")


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_mesh_is_that_of_its_case(repository: Path, name: str) -> None:
    stored = read_vtu(repository / "meshes" / f"{name}.vtu")
    mesh = build_mesh(load_case(repository / "cases" / f"{name}.toml", quality="draft"))
    assert set(stored.patches) == set(mesh.patch_names) - {""}
    np.testing.assert_allclose(stored.cell_data["volume"], mesh.volumes[~mesh.solid], rtol=1e-6)


def test_every_ready_mesh_names_its_command(repository: Path) -> None:
    text = (repository / "meshes" / "README.md").read_text(encoding="utf-8")
    files = sorted(path.stem for path in (repository / "meshes").glob("*.vtu"))
    assert files == sorted(NAMES)
    for name in files:
        assert f"rushton run {name} --quality draft --until mesh" in text
