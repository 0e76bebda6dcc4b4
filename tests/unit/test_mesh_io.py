"""Mesh files can be read back, hold true volumes and named walls, and appear whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.errors import ResultsError
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import TankMesh
from rushton.mesh.io import read_vtu, write_vtu


@pytest.fixture(scope="module")
def tank(cases_folder: Path) -> TankMesh:
    return build_mesh(load_case(cases_folder / "lab_3L.toml", quality="draft"), mesh_cells=3000)


def test_round_trip(tank: TankMesh, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    scalar, vector = random.random(tank.n_mesh_cell), random.random((tank.n_mesh_cell, 3))
    structured = np.where(tank.solid, 0.0, random.random(tank.shape))
    write_vtu(tmp_path / "a.vtu", tank, {"c": scalar, "u": vector, "k": structured})
    content = read_vtu(tmp_path / "a.vtu")
    np.testing.assert_allclose(content.cell_data["c"], scalar, rtol=1e-6)
    np.testing.assert_allclose(content.cell_data["u"], vector, rtol=1e-6)
    np.testing.assert_allclose(content.cell_data["k"], structured[~tank.solid], rtol=1e-6)
    np.testing.assert_allclose(content.cell_data["volume"], tank.volumes[~tank.solid], rtol=1e-6)
    assert content.cell_data["c"].dtype == np.float32
    assert content.patches == {n: i for i, n in enumerate(tank.patch_names) if n}
    assert sorted(os.listdir(tmp_path)) == ["a.vtu"]


@pytest.mark.parametrize(("blades", "wetted"), [("thin", 2), ("solid", 1)])
def test_walls_stand_once_per_wetted_side(
    blades: str, wetted: int, cases_folder: Path, with_blades: Callable[[Case, str], Case], tmp_path: Path
) -> None:
    tank = build_mesh(with_blades(load_case(cases_folder / "lab_3L.toml", quality="draft"), blades), 4000)
    write_vtu(tmp_path / "a.vtu", tank, {})
    content = read_vtu(tmp_path / "a.vtu")
    count = np.bincount(content.patch_faces, minlength=len(tank.patch_names))
    for name, sides in (("baffle", 2), ("blade_1", wetted), ("disc_1", wetted)):
        number = tank.patch_names.index(name)
        patches = (tank.patch_r, tank.patch_theta, tank.patch_z)
        assert count[number] == sides * sum(np.count_nonzero(patch == number) for patch in patches)
    assert count[tank.patch_names.index("wall")] == tank.shape[1] * tank.shape[2]
    assert count[0] == 0


def test_without_walls(tank: TankMesh, tmp_path: Path) -> None:
    write_vtu(tmp_path / "a.vtu", tank, {}, patches=False)
    content = read_vtu(tmp_path / "a.vtu")
    assert content.patches == {} and content.patch_faces.size == 0


def test_vtk_finds_every_mesh_cell_the_right_way_round(tank: TankMesh, tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    write_vtu(tmp_path / "a.vtu", tank, {"c": np.zeros(tank.n_mesh_cell)})
    grid = pyvista.read(tmp_path / "a.vtu").compute_cell_sizes()
    inside = grid["patch"] == 0
    chordal = grid["Volume"][inside] / grid["volume"][inside]
    angle = tank.dtheta[tank.fluid_cells[grid["mesh_cell"][inside], 1]]
    np.testing.assert_allclose(chordal, np.sin(angle) / angle, rtol=1e-4)
    walls = grid["Area"][grid["patch"] == tank.patch_names.index("wall")].sum()
    assert walls == pytest.approx(2 * np.sin(0.5 * tank.dtheta).sum() * tank.r[-1] * tank.z[-1], rel=1e-5)
    assert "baffle" in grid.field_data


def test_wrong_length_is_refused_and_leaves_nothing(tank: TankMesh, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mesh cells"):
        write_vtu(tmp_path / "a.vtu", tank, {"c": np.zeros(7)})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", ["", "no mesh", "<VTKFile></VTKFile>"])
def test_unreadable_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.vtu").write_text(content)
    with pytest.raises(ResultsError):
        read_vtu(tmp_path / "a.vtu")
