"""FiPy sees the exact geometry of the cylinder, and the walls where they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import ROTATING, TankMesh
from rushton.mesh.faces import THETA, R, Z, unstructured_faces
from rushton.mesh.fipy_mesh import FiPyTankMesh


@pytest.fixture(scope="module")
def tank(cases_folder: Path) -> TankMesh:
    return build_mesh(load_case(cases_folder / "lab_3L.toml", quality="draft"), mesh_cells=4000)


@pytest.fixture(scope="module")
def grid(tank: TankMesh) -> FiPyTankMesh:
    return FiPyTankMesh(tank)


def test_volumes_are_those_of_the_cylinder(tank: TankMesh, grid: FiPyTankMesh) -> None:
    i, j, k = tank.fluid_cells.T
    exact = 0.5 * (tank.r[i + 1] ** 2 - tank.r[i] ** 2) * tank.dtheta[j] * (tank.z[k + 1] - tank.z[k])
    np.testing.assert_allclose(grid.cellVolumes, exact, rtol=1e-14)
    assert np.array_equal(np.asarray(grid.cellVolumes), tank.volumes[~tank.solid])
    assert float(np.sum(grid.cellVolumes)) == pytest.approx(tank.volume, rel=1e-14)


@pytest.mark.parametrize(
    ("direction", "area"),
    [
        (R, lambda m, i, j, k: m.r[i] * m.dtheta[j] * np.diff(m.z)[k]),
        (THETA, lambda m, i, j, k: np.diff(m.r)[i] * np.diff(m.z)[k]),
        (Z, lambda m, i, j, k: 0.5 * np.diff(m.r**2)[i] * m.dtheta[j]),
    ],
)
def test_areas_are_those_of_the_cylinder(tank: TankMesh, grid: FiPyTankMesh, direction: int, area: Callable) -> None:
    shape = (tank.wall_r, tank.wall_theta, tank.wall_z)[direction].shape
    here = grid.faces.direction == direction
    i, j, k = np.unravel_index(grid.faces.index[here], shape)
    np.testing.assert_allclose(np.asarray(grid._faceAreas)[here], area(tank, i, j, k), rtol=1e-14)
    assert np.array_equal(np.asarray(grid._faceAreas)[here], grid.faces.area[here])


def test_distances_follow_the_coordinate_lines(tank: TankMesh, grid: FiPyTankMesh) -> None:
    f, n = grid.faces, grid.faces.n_interior
    owner, other = tank.fluid_cells[f.owner[:n]], tank.fluid_cells[f.neighbour[:n]]
    exact = np.select(
        [f.direction[:n] == R, f.direction[:n] == THETA],
        [
            np.abs(tank.r_centre[owner[:, 0]] - tank.r_centre[other[:, 0]]),
            tank.r_centre[owner[:, 0]] * 0.5 * (tank.dtheta[owner[:, 1]] + tank.dtheta[other[:, 1]]),
        ],
        np.abs(tank.z_centre[owner[:, 2]] - tank.z_centre[other[:, 2]]),
    )
    np.testing.assert_allclose(np.asarray(grid._cellDistances)[:n], exact, rtol=1e-12)
    assert np.array_equal(np.asarray(grid._cellDistances), f.distance)
    np.testing.assert_allclose(grid.cellCenters.value.T, tank.centres_xyz, rtol=0, atol=1e-15)


def test_fipy_keeps_our_numbering(grid: FiPyTankMesh) -> None:
    f = grid.faces
    assert np.array_equal(grid.faceCellIDs[0], f.owner)
    assert np.array_equal(np.ma.filled(grid.faceCellIDs[1], -1), f.neighbour)
    assert int(np.sum(grid.interiorFaces.value)) == f.n_interior


def test_normals_point_from_owner_to_neighbour(tank: TankMesh, grid: FiPyTankMesh) -> None:
    f, n = grid.faces, grid.faces.n_interior
    step = tank.centres_xyz[f.neighbour[:n]] - tank.centres_xyz[f.owner[:n]]
    assert np.all(np.einsum("ij,ij->i", step, f.normal[:n]) > 0.0)
    outward = f.centre[n:] - tank.centres_xyz[f.owner[n:]]
    assert np.all(np.einsum("ij,ij->i", outward, f.normal[n:]) > 0.0)
    np.testing.assert_allclose(np.linalg.norm(f.normal, axis=1), 1.0)


def test_thin_blades_join_by_advection_only_and_other_walls_not_at_all(
    cases_folder: Path, with_blades: Callable[[Case, str], Case]
) -> None:
    tank = build_mesh(with_blades(load_case(cases_folder / "lab_3L.toml", quality="draft"), "thin"), mesh_cells=4000)
    f = unstructured_faces(tank)
    names = np.array(tank.patch_names)[f.patch]
    inside = np.arange(f.owner.size) < f.n_interior
    blades = np.char.startswith(names, "blade")
    assert np.count_nonzero(blades) == np.count_nonzero(tank.wall_theta == ROTATING)
    assert np.all(inside[blades])
    assert not np.any(f.diffusive[blades])
    assert np.all(f.diffusive[inside & ~blades])
    walls = (f.patch > 0) & ~blades
    assert not np.any(inside[walls])
    # a thin wall with liquid on both sides is two faces
    for name in ("baffle", "disc_1"):
        here = names == name
        flagged = sum(int(np.count_nonzero(p == tank.patch_names.index(name))) for p in
                      (tank.patch_r, tank.patch_theta, tank.patch_z))  # fmt: skip
        assert np.count_nonzero(here) == 2 * flagged
        np.testing.assert_allclose((f.normal[here] * f.area[here, None]).sum(axis=0), 0.0, atol=1e-12)


def test_solid_blades_join_nothing(cases_folder: Path, with_blades: Callable[[Case, str], Case]) -> None:
    tank = build_mesh(with_blades(load_case(cases_folder / "lab_3L.toml", quality="draft"), "solid"), mesh_cells=4000)
    f = unstructured_faces(tank)
    inside = np.arange(f.owner.size) < f.n_interior
    names = np.array(tank.patch_names)[f.patch]
    assert np.any(np.char.startswith(names, "blade"))
    assert not np.any(f.patch[inside]) and np.all(f.diffusive[inside])
    for name in ("blade_1", "disc_1"):
        flagged = sum(int(np.count_nonzero(p == tank.patch_names.index(name))) for p in
                      (tank.patch_r, tank.patch_theta, tank.patch_z))  # fmt: skip
        assert np.count_nonzero(names == name) == flagged


def test_nothing_leaks_through_the_axis_or_a_missing_face(tank: TankMesh) -> None:
    f = unstructured_faces(tank)
    assert f.area.min() > 0.0
    wall = f.area[np.array(tank.patch_names)[f.patch] == "wall"].sum()
    assert wall == pytest.approx(2.0 * np.pi * tank.r[-1] * tank.z[-1], rel=1e-13)
    # every boundary face belongs to a named wall
    assert np.all(f.patch[f.n_interior :] > 0)


def test_a_sector_is_refused(tank: TankMesh) -> None:
    part = build_mesh_sector(tank)
    with pytest.raises(ValueError, match="full tank"):
        unstructured_faces(part)


def build_mesh_sector(tank: TankMesh) -> TankMesh:
    arrays = tank.to_arrays()
    arrays["mesh_sector"] = np.array(2)
    return TankMesh.from_arrays(arrays)
