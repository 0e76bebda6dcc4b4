"""Immersed blades: where they are, and kernels equal to a readable reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rushton.case import Case
from rushton.case.blades import blade_directions, outline, profile, surface
from rushton.cores import ALONE
from rushton.flow import immersed, solve_flow
from rushton.flow.grid import FlowGrid
from rushton.flow.rans import _solver
from rushton.mesh import build_mesh
from rushton.mesh.angles import angular_cells

TYPES = ("pitched-blade", "hydrofoil", "hydrofoil-wide", "concave-disc")


def tank(cells: int = 6_000, **impeller: Any) -> Case:
    return Case.model_validate(
        {
            "tank": {"diameter": 0.3, "liquid_height": 0.3},
            "operation": {"speed": 5.0},
            "impeller": [{"diameter": 0.1, "clearance": 0.1, **impeller}],
            "numerics": {"mesh_cells": cells},
        }
    )


def test_profiles_are_what_the_drawing_says() -> None:
    pitched = tank(type="pitched-blade", angle=math.radians(30.0)).impellers[0]
    ends = profile(pitched, 0.04)
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(0.02)
    # pumping down: the leading edge, in the sense of rotation, is the upper one
    assert ends[1] == pytest.approx([0.01 * math.cos(math.radians(30)), 0.01 * math.sin(math.radians(30))])
    assert pitched.height == pytest.approx(0.01)
    up = profile(tank(type="pitched-blade", pumping="up").impellers[0], 0.04)
    assert up[1, 0] > 0.0 > up[1, 1]
    concave = profile(tank(type="concave-disc").impellers[0], 0.04)
    np.testing.assert_allclose(np.hypot(concave[:, 0] - 0.005, concave[:, 1]), 0.01)  # a half circle
    assert concave[0, 0] > concave[8, 0]  # open to the front
    foil = tank(type="hydrofoil").impellers[0]
    steep, flat = (np.diff(profile(foil, r)[[0, -1]], axis=0)[0] for r in (0.011, 0.049))
    assert steep[1] / steep[0] > 1.5 * flat[1] / flat[0]  # twisted


@pytest.mark.parametrize("kind", TYPES)
def test_drawings_show_the_blades_that_are_computed(kind: str) -> None:
    """The drawn surface spans length and height of the blades at the angle asked for; its edge is closed."""
    imp = tank(type=kind, pumping="up").impellers[0] if kind == "pitched-blade" else tank(type=kind).impellers[0]
    angle = math.radians(70.0)
    points = surface(imp, angle)
    r = np.hypot(points[..., 0], points[..., 1])
    assert r.min() == pytest.approx(imp.radius - imp.blade_length) and r.max() == pytest.approx(imp.radius)
    assert np.ptp(points[..., 2]) == pytest.approx(imp.height, rel=0.03)
    middle = points[:, points.shape[1] // 2] if points.shape[1] > 2 else points.mean(axis=1)
    leaning = np.arctan2(middle[:, 1], middle[:, 0]) - angle
    np.testing.assert_allclose(leaning, 0.0, atol=0.3 if kind == "concave-disc" else 1e-9)
    edge = outline(imp, angle)
    np.testing.assert_array_equal(edge[0], edge[-1])
    assert len(edge) == 2 * (points.shape[0] + points.shape[1]) - 3
    assert blade_directions(imp).size == imp.blades


@pytest.mark.parametrize("kind", TYPES)
def test_hub_or_disc_is_in_the_mesh_and_blades_are_not(kind: str) -> None:
    case = tank(type=kind)
    mesh = build_mesh(case)
    assert mesh.volume == pytest.approx(case.liquid_volume, rel=1e-9)
    assert not (mesh.patch_theta == mesh.patch_names.index("blade_1")).any()
    disc = mesh.patch_names.index("disc_1")
    assert (mesh.patch_z == disc).any()


@pytest.mark.parametrize(("height", "cells"), [(0.02, 72), (0.03, 48), (0.01, 96)])
def test_half_pipes_are_two_mesh_cells_deep(height: float, cells: int) -> None:
    """The arc of a mesh cell at the tip is less than half the depth of the pipe, up to 96 mesh cells round the tank."""
    case = tank(20_000, type="concave-disc", blade_height=height)
    assert angular_cells(case, 20_000) == cells
    assert cells == 96 or 2.0 * math.pi * 0.05 / cells < 0.5 * (0.5 * height)
    assert angular_cells(case, 5_000) == angular_cells(tank(type="rushton"), 5_000)


@pytest.mark.parametrize("kind", TYPES)
def test_markers_carry_the_area_of_the_blades(kind: str) -> None:
    """Weights add up to one; the area over all markers is length times width of the blades."""
    case = tank(type=kind)
    grid = FlowGrid.of(build_mesh(case), case.operation.omega)
    m = immersed.place_markers(case, grid, 1.0)
    np.testing.assert_allclose(m.w_t.sum(axis=(1, 2)), 1.0)
    np.testing.assert_allclose(m.w_z.sum(axis=(1, 2)), 1.0)
    np.testing.assert_allclose(np.hypot(m.n_t, m.n_z), 1.0)
    imp = case.impellers[0]
    width = 0.5 * math.pi * 0.02 if kind == "concave-disc" else imp.blade_height  # mean chord
    across = np.maximum(np.abs(m.n_t) * grid.rc[m.ring] * grid.dth[m.j_z[:, 0]], np.abs(m.n_z) * grid.dz[m.k_t[:, 0]])
    assert (m.volume / across).sum() == pytest.approx(imp.blades * imp.blade_length * width, rel=0.02)


def random_state(grid: FlowGrid) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    nr, nt, nz = grid.mesh.shape
    return draw, draw.normal(size=(nr, nt, nz)), draw.normal(size=(nr, nt, nz + 1))


def reference(blades: immersed.ImmersedBlades, ang: np.ndarray, uz: np.ndarray) -> dict[str, np.ndarray]:
    """Normal velocities, forces on the nodes and torque of all markers, in numpy."""
    g, m, omega = blades.grid, blades.markers, blades.grid.omega_shaft
    i, rc = m.ring[:, None, None], g.rc[m.ring]
    at_t, at_z = (i, m.j_t[:, :, None], m.k_t[:, None, :]), (i, m.j_z[:, :, None], m.k_z[:, None, :])
    slip = m.n_t * ((m.w_t * ang[at_t]).sum(axis=(1, 2)) / rc - omega * rc) + m.n_z * (m.w_z * uz[at_z]).sum(
        axis=(1, 2)
    )
    force = m.volume * (blades.sigma * slip + m.memory)
    on_l, on_z = np.zeros_like(ang), np.zeros_like(uz)
    open_t = np.where(g.fixed_t[at_t], 0.0, m.w_t)
    np.add.at(on_l, at_t, -open_t * (force * m.n_t * rc)[:, None, None])
    np.add.at(on_z, at_z, -np.where(g.fixed_z[at_z], 0.0, m.w_z) * (force * m.n_z)[:, None, None])
    return {"slip": slip, "on_l": on_l, "on_z": on_z, "torque": (open_t.sum(axis=(1, 2)) * force * m.n_t * rc).sum()}


@pytest.mark.parametrize("kind", ("pitched-blade", "concave-disc"))
def test_kernels_are_the_reference(kind: str) -> None:
    case = tank(type=kind)
    grid = FlowGrid.of(build_mesh(case), case.operation.omega)
    solver = _solver(case, grid, ALONE)
    blades = solver.blades
    assert blades is not None
    draw, ang, uz = random_state(grid)
    blades.markers.memory[:] = draw.normal(size=blades.markers.memory.size)
    want = reference(blades, ang, uz)
    solver.d_t[:] = solver.d_z[:] = 0.5
    block = np.zeros((8, *ang.shape))
    blades.add_to_angular_momentum(solver, ang, uz, block)
    np.testing.assert_allclose(blades.markers.slip, want["slip"], rtol=1e-12)
    # what it adds to a_P x = b is the force, and nothing when the velocities stay
    np.testing.assert_allclose(block[7] - block[6] * ang, want["on_l"], rtol=1e-9, atol=1e-12)
    area = (grid.dr * grid.rc)[:, None, None] * grid.dz
    np.testing.assert_allclose(solver.d_t, area * 0.5 / (area + block[6] * 0.5), rtol=1e-10)
    block = np.zeros((8, *uz.shape))
    blades.add_to_u_z(solver, uz, block)
    np.testing.assert_allclose(block[7] - block[6] * uz, want["on_z"], rtol=1e-9, atol=1e-12)
    before = blades.markers.memory.copy()
    torque = blades.remember(solver, ang, uz)
    assert torque[grid.mesh.patch_names.index("blade_1")] == pytest.approx(want["torque"], rel=1e-12)
    np.testing.assert_allclose(blades.markers.memory, before + blades.beta * blades.sigma * want["slip"], atol=1e-9)
    if kind == "pitched-blade":  # no node is fixed: the work of the forces is what spreading hands back, no more
        m = blades.markers
        work = (want["on_l"] * ang / grid.rc[:, None, None] ** 2).sum() + (want["on_z"] * uz).sum()
        force = m.volume * (blades.sigma * want["slip"] + before)
        turning = m.n_t * grid.omega_shaft * grid.rc[m.ring]
        assert work == pytest.approx(-(force * (want["slip"] + turning)).sum(), rel=1e-9)


def test_liquid_that_turns_with_the_blades_feels_no_force() -> None:
    case = tank(type="pitched-blade")
    grid = FlowGrid.of(build_mesh(case), case.operation.omega)
    blades = immersed.ImmersedBlades(case, grid)
    ang = grid.omega_shaft * np.broadcast_to(grid.rc[:, None, None] ** 2, grid.mesh.shape)
    assert (
        np.abs(reference(blades, ang, np.zeros((*grid.mesh.shape[:2], grid.mesh.shape[2] + 1)))["slip"]).max() < 1e-12
    )


def test_a_pitched_blade_pumps_where_it_is_told() -> None:
    """Draft grid: up and down pump alike, the liquid does not pass the blades, and torques balance."""
    down, up = (solve_flow(tank(20_000, type="pitched-blade", pumping=way, clearance=0.15)) for way in ("down", "up"))
    for flow in (down, up):
        assert flow.converged and abs(flow.numbers.torque_imbalance) < 0.01
        assert 1.1 < flow.numbers.power_number[0] < 1.6
        assert 0.7 < flow.numbers.flow_number[0] < 1.0
    below = down.mesh.z_centre < 0.14
    inside = down.mesh.r_centre < 0.04
    assert down.velocity[np.ix_(inside, np.ones(down.mesh.shape[1], bool), below)][..., 2].mean() < 0.0
    assert up.velocity[np.ix_(inside, np.ones(up.mesh.shape[1], bool), ~below)][..., 2].mean() > 0.0
