"""Dished bottoms: their geometry against integration, the case that holds one, the mesh that follows it."""

import math

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.case.bottoms import bottom_depth, bottom_height, vessel_volume, volume_under_bottom
from rushton.case.drawing import draw_text
from rushton.errors import CaseError
from rushton.mesh import build_mesh
from rushton.mesh.bottom import step_heights
from rushton.mesh.cylinder import OPEN, STATIONARY, TankMesh

DISHED = ("torispherical", "korbbogen", "elliptical")


def tank(bottom="torispherical", clearance="0.1 m", **more):
    return {
        "tank": {"diameter": "0.3 m", "liquid_height": "0.35 m", "bottom": bottom, **more},
        "impeller": [{"diameter": "0.1 m", "clearance": clearance}],
        "operation": {"speed": "300 rpm"},
    }


@pytest.mark.parametrize(
    ("bottom", "depth", "volume"),
    # h/D and V/D^3: DIN 28011 and DIN 28013 for thin walls, and pi/24 of half an ellipsoid of revolution
    [("torispherical", 0.1938, 0.0990), ("korbbogen", 0.2545, 0.1308), ("elliptical", 0.25, math.pi / 24)],
)
def test_depth_and_volume_of_the_heads(bottom, depth, volume):
    assert bottom_depth(bottom, 2.0) == pytest.approx(2.0 * depth, abs=1e-4)
    assert vessel_volume(bottom, 2.0, bottom_depth(bottom, 2.0)) == pytest.approx(8.0 * volume, rel=1e-3)


@pytest.mark.parametrize("bottom", DISHED)
def test_volume_under_the_bottom_is_the_integral_of_its_height(bottom):
    r = 0.5 * np.sin(np.linspace(0.0, 0.5 * math.pi, 20_001))
    z = bottom_height(bottom, 1.0, r)
    assert z[0] == 0.0 and np.all(np.diff(z) > 0.0) and z[-1] == pytest.approx(bottom_depth(bottom, 1.0), abs=1e-6)
    strips = math.pi * (r[1:] * z[1:] + r[:-1] * z[:-1]) * np.diff(r)
    np.testing.assert_allclose(volume_under_bottom(bottom, 1.0, r)[1:], np.cumsum(strips), atol=1e-8)


@pytest.mark.parametrize("bottom", DISHED)
def test_crown_and_knuckle_meet_without_a_kink(bottom):
    r = np.linspace(0.0, 0.499, 4_000)
    slope = np.diff(bottom_height(bottom, 1.0, r)) / np.diff(r)
    assert np.abs(np.diff(slope))[:-200].max() < 0.02


def test_a_flat_bottom_is_none():
    assert bottom_depth("flat", 1.0) == 0.0 and not bottom_height("flat", 1.0, np.linspace(0, 0.5, 5)).any()
    assert vessel_volume("flat", 1.0, 2.0) == pytest.approx(0.5 * math.pi)


@pytest.mark.parametrize("bottom", ["flat", *DISHED])
@pytest.mark.parametrize("mesh_cells", [4_000, 20_000, 60_000])
def test_steps_hold_the_volume_of_the_dish(bottom, mesh_cells):
    case = case_from_dict({**tank(bottom), "flow": {"blades": "thin"}})
    mesh = build_mesh(case, mesh_cells)
    assert mesh.n_mesh_cell >= mesh_cells
    assert mesh.volume == pytest.approx(case.liquid_volume, rel=1e-12)


def test_the_volume_is_that_of_cylinder_less_shaft_and_dish():
    case = case_from_dict(tank() | {"flow": {"blades": "thin"}})
    cylinder, shaft = math.pi / 4 * 0.3**2 * 0.35, math.pi / 4 * 0.015**2 * (0.35 - 0.09)
    dish = math.pi / 4 * 0.3**2 * bottom_depth("torispherical", 0.3) - 0.09897 * 0.3**3
    assert case.liquid_volume == pytest.approx(cylinder - shaft - dish, rel=1e-4)


def test_steps_rise_outwards_and_not_above_the_cylinder():
    case = case_from_dict(tank("korbbogen"))
    r = np.linspace(0.0, 0.15, 31)
    floor = step_heights(case.tank, r, 0.006)
    assert np.all(np.diff(floor) >= 0.0) and 0.0 < floor[0] < 0.006 and floor[-1] < case.tank.bottom_depth
    rc = 0.5 * (r[1:] + r[:-1])
    inner = rc < 0.12
    assert np.abs(floor - bottom_height("korbbogen", 0.3, rc))[inner].max() < 0.006


@pytest.mark.parametrize("bottom", DISHED)
def test_every_face_between_dish_and_liquid_is_floor_at_rest(bottom):
    case = case_from_dict(tank(bottom))
    mesh = build_mesh(case, 8_000)
    dish, liquid = mesh.resting, ~mesh.solid
    floor = mesh.patch_names.index("floor")
    assert dish.any() and not (dish & liquid).any()
    up = dish[..., :-1] & liquid[..., 1:]
    assert np.all(mesh.wall_z[..., 1:-1][up] == STATIONARY) and np.all(mesh.patch_z[..., 1:-1][up] == floor)
    out = liquid[:-1] & dish[1:]
    assert np.all(mesh.wall_r[1:-1][out] == STATIONARY) and np.all(mesh.patch_r[1:-1][out] == floor)
    # and nothing below it counts as a wall
    assert np.all(mesh.wall_r[-1][dish[-1]] == OPEN) and np.all(mesh.wall_z[..., 0][dish[..., 0]] == OPEN)
    assert not mesh.zone[dish.any(axis=1)].any()
    copy = TankMesh.from_arrays(mesh.to_arrays())
    np.testing.assert_array_equal(copy.resting, mesh.resting)


def test_baffles_end_where_they_are_told():
    for edge, low in ((None, bottom_depth("torispherical", 0.3)), ("0.1 m", 0.1), ("0 m", 0.0)):
        baffles = {} if edge is None else {"baffles": {"lower_edge": edge}}
        mesh = build_mesh(case_from_dict(tank(**baffles)), 8_000)
        there = (mesh.patch_theta == mesh.patch_names.index("baffle"))[-1].any(axis=0)
        assert mesh.z[:-1][there].min() == pytest.approx(low, abs=1e-9 if low else 0.01)


def test_points_at_the_dish_belong_to_the_liquid_above_it():
    case = case_from_dict(tank())
    mesh = build_mesh(case, 8_000)
    for radius in (0.0, 0.03, 0.1, 0.13, 0.148):
        i, j, k = mesh.locate(radius, 0.1, case.tank.bottom_at(radius) + 1e-6)
        assert not mesh.solid[i, j, k]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"impeller": [{"diameter": "0.1 m", "clearance": "0.018 m"}]}, ("dished bottom", "between")),
        ({"mixing": {"probes": [{"radius": "0.145 m", "height": "0.02 m"}]}}, ("below the torispherical", "at this")),
        (
            {"mixing": {"pulse": {"radius": "0.13 m", "height": "0.042 m", "diameter": "0.03 m"}}},
            ("sticks out of the torispherical", "at least"),
        ),
        ({"tank": {**tank()["tank"], "liquid_height": "0.062 m"}}, ("end inside", "at least 0.06413 m")),
        ({"tank": {**tank()["tank"], "baffles": {"lower_edge": "0.3 m"}}}, ("hardly reach", "at most")),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    with pytest.raises(CaseError) as caught:
        case_from_dict({**tank(), **change})
    assert all(word in str(caught.value) for word in words)


def test_the_drawing_shows_the_dish():
    lines = draw_text(case_from_dict(tank()), ascii_only=True)
    assert "%" in lines[-3] and not any("%" in line for line in lines[:10])
    assert "torispherical" in lines[-1]
