"""Blades and discs with their thickness: solid mesh cells, as large as the real parts, closed all round."""

import math
from typing import Any

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.case.blades import wedge
from rushton.errors import CaseError
from rushton.mesh import build_mesh
from rushton.mesh.angles import blade_angles, symmetry
from rushton.mesh.cylinder import OPEN, ROTATING
from rushton.mesh.faces import unstructured_faces


def bench(**changes: Any) -> dict[str, Any]:
    return {
        "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "shaft_diameter": "16 mm"},
        "impeller": [{"diameter": "0.1 m", "clearance": "0.11 m", "blade_thickness": "1.55 mm"}],
        "operation": {"speed": "300 rpm"},
        "flow": {"blades": "solid"},
        "numerics": {"mesh_cells": 8000},
    } | changes


@pytest.fixture(scope="module")
def case():
    return case_from_dict(bench())


def test_blades_and_disc_have_the_volume_of_the_real_ones(case):
    imp, shaft = case.impellers[0], 0.5 * case.tank.shaft_diameter
    t, length, disc = imp.blade_thickness, imp.blade_length, 0.5 * imp.disc_diameter
    blades = imp.blades * t * length * imp.blade_height
    disc_volume = math.pi * (disc**2 - shaft**2) * t
    inner = 0.5 * imp.diameter - length
    shared = imp.blades * 0.5 * wedge(imp) * (disc**2 - inner**2) * t
    thin = case_from_dict(bench(flow={"blades": "thin"}))
    assert case.liquid_volume == pytest.approx(thin.liquid_volume - blades - disc_volume + shared, rel=1e-12)
    assert build_mesh(case).volume == pytest.approx(case.liquid_volume, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "thin"),
    [
        ({"numerics": {"mesh_cells": 30_000}}, False),
        ({"numerics": {"mesh_cells": 29_999}}, True),
        ({"numerics": {"quality": "standard", "frame": "absolute"}}, True),
        ({"numerics": {"quality": "standard"}, "flow": {"rotor": "sliding"}}, True),
        ({"numerics": {"quality": "draft"}, "flow": {"blades": "solid"}}, False),
        ({"numerics": {"quality": "fine"}, "flow": {"blades": "thin"}}, True),
    ],
)
def test_blades_are_solid_where_the_mesh_resolves_them(changes, thin):
    case = case_from_dict({k: v for k, v in bench().items() if k not in ("flow", "numerics")} | changes)
    assert case.thin_blades == thin
    mesh = build_mesh(case, 6000)
    tips = mesh.patch_r == mesh.patch_names.index("blade_1")
    assert tips.any() == (not thin)


def test_no_face_between_liquid_and_solid_is_open(case):
    mesh = build_mesh(case)
    solid, liquid = mesh.solid, ~mesh.solid
    between_r = solid[1:] & liquid[:-1] | solid[:-1] & liquid[1:]
    between_theta = solid & np.roll(liquid, 1, axis=1) | liquid & np.roll(solid, 1, axis=1)
    between_z = solid[..., 1:] & liquid[..., :-1] | solid[..., :-1] & liquid[..., 1:]
    assert np.all(mesh.wall_r[1:-1][between_r] == ROTATING)
    assert np.all(mesh.wall_theta[between_theta] == ROTATING)
    assert np.all(mesh.wall_z[..., 1:-1][between_z] == ROTATING)
    for codes, between in ((mesh.wall_theta, between_theta), (mesh.wall_z[..., 1:-1], between_z)):
        assert not np.any((codes != OPEN) & ~between & (codes == ROTATING))
    faces = unstructured_faces(mesh)
    assert faces.n_interior == np.count_nonzero(faces.neighbour >= 0)


def test_blades_stand_at_their_own_angles_whatever_the_grid():
    """Seven and five blades fit no common grid: they are not moved, and baffles stay where they are."""
    data = bench(
        impeller=[
            {
                "diameter": "0.1 m",
                "clearance": "0.08 m",
                "blades": 7,
                "blade_thickness": "2 mm",
                "first_blade": "11 deg",
            },
            {"diameter": "0.1 m", "clearance": "0.2 m", "blades": 5, "blade_thickness": "2 mm", "first_blade": "3 deg"},
        ]
    )
    case = case_from_dict(data)
    mesh = build_mesh(case)
    assert symmetry(case, 8000) == 1
    for imp in case.impellers:
        k = int(np.searchsorted(mesh.z, imp.clearance + 0.25 * imp.blade_height)) - 1
        i = int(np.searchsorted(mesh.r, 0.9 * imp.radius)) - 1
        filled = mesh.solid[i, :, k]
        assert mesh.dtheta[filled].sum() == pytest.approx(imp.blades * wedge(imp), rel=1e-3)
        for angle in blade_angles(imp, 1):
            assert filled[mesh.column(np.array(angle))]
    baffles = np.flatnonzero((mesh.wall_theta[-1, :, 0]) != OPEN)
    np.testing.assert_allclose(mesh.theta[baffles], np.arange(4) * math.pi / 2, atol=1e-12)


def test_cells_round_the_tank_grow_smoothly_from_blade_to_blade(case):
    mesh = build_mesh(case, 100_000)
    ratio = mesh.dtheta / np.roll(mesh.dtheta, 1)
    assert np.maximum(ratio, 1.0 / ratio).max() < 4.0
    assert mesh.theta[-1] == pytest.approx(2.0 * math.pi, rel=1e-15)


def test_too_thin_a_blade_is_refused_with_the_way_out():
    data = bench(impeller=[{"diameter": "0.1 m", "clearance": "0.11 m", "blade_thickness": "0.1 mm"}])
    with pytest.raises(CaseError, match=r"too thin to be meshed") as error:
        case_from_dict(data)
    assert 'flow.blades = "thin"' in str(error.value)


def test_the_absolute_flux_is_refused_with_solid_blades():
    data = bench(numerics={"mesh_cells": 8000, "frame": "absolute"})
    with pytest.raises(CaseError, match=r"numerics\.frame"):
        case_from_dict(data)
