"""Blades made of markers against blades that are mesh faces, up against down, coarse against finer.

Measured on these meshes: upright blades of markers draw 2 to 6 % more than the same blades as faces (a layer of forces
is as thick as a mesh cell), and pump 3 % more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rushton.case import Case
from rushton.flow import Flow, immersed, solve_flow
from rushton.flow.grid import FlowGrid
from rushton.mesh import build_mesh


def tank(mesh_cells: int = 20_000, baffles: int = 4, **impeller: Any) -> Case:
    return Case.model_validate(
        {
            "tank": {"diameter": 0.3, "liquid_height": 0.3, "baffles": {"count": baffles, "width": 0.03}},
            "operation": {"speed": 8.0},
            "impeller": [{"diameter": 0.1, "clearance": 0.15, **impeller}],
            "numerics": {"mesh_cells": mesh_cells},
        }
    )


def at_rest(case: Case) -> Flow:
    flow = solve_flow(case)
    assert flow.converged and abs(flow.numbers.torque_imbalance) < 0.01
    return flow


@pytest.fixture(scope="module")
def pitched() -> Flow:
    """Flow of four blades at 45 degrees that pump down."""
    case = tank(type="pitched-blade", angle=math.radians(45.0), pumping="down")
    assert case.impellers == tank(type="pitched-blade").impellers, "the usual blade"
    return at_rest(case)


def test_upright_blades_of_markers_are_blades_of_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A concave turbine whose half pipes are pressed flat is a Rushton turbine."""
    walls = at_rest(tank(baffles=3, type="rushton")).numbers

    def flat(impeller: Any, r: float) -> np.ndarray:
        return np.array([(0.0, -0.5 * impeller.blade_height), (0.0, 0.5 * impeller.blade_height)])

    monkeypatch.setattr(immersed, "profile", flat)
    markers = at_rest(tank(baffles=3, type="concave-disc")).numbers
    assert markers.power_number[0] == pytest.approx(walls.power_number[0], rel=0.10)
    assert markers.flow_number[0] == pytest.approx(walls.flow_number[0], rel=0.08)


@pytest.mark.parametrize("kind", ["pitched-blade", "hydrofoil", "hydrofoil-wide"])
def test_blades_that_pump_up_are_mirrored(kind: str) -> None:
    """Same area; the normals, turned to the front, keep their part in theta and turn round that in z."""
    found = []
    for way in ("down", "up"):
        case = tank(type=kind, pumping=way)
        grid = FlowGrid.of(build_mesh(case), case.operation.omega)
        m = immersed.place_markers(case, grid, 1.0)
        away = (m.w_t.sum(axis=1) * grid.zc[m.k_t]).sum(axis=1) - case.impellers[0].clearance
        front = np.sign(m.n_t)
        found.append(((front * m.n_t * grid.rc[m.ring]).sum(), (front * m.n_z).sum(), np.sort(np.abs(away))))
    down, up = found
    assert up[0] == pytest.approx(down[0], rel=1e-9)
    assert up[1] == pytest.approx(-down[1], rel=1e-9)
    np.testing.assert_allclose(up[2], down[2], atol=1e-9)


def test_up_and_down_are_alike_and_the_mesh_matters_little(pitched: Flow) -> None:
    """At mid-height the two differ only by what floor and surface do; twice as many mesh cells move little."""
    down = pitched.numbers
    up, fine = (
        at_rest(tank(cells, type="pitched-blade", pumping=way)).numbers
        for cells, way in ((20_000, "up"), (40_000, "down"))
    )
    assert up.power_number[0] == pytest.approx(down.power_number[0], rel=0.08)
    assert up.flow_number[0] == pytest.approx(down.flow_number[0], rel=0.08)
    assert fine.power_number[0] == pytest.approx(down.power_number[0], rel=0.06)
    assert fine.flow_number[0] == pytest.approx(down.flow_number[0], rel=0.06)


def test_power_rises_with_the_angle(pitched: Flow) -> None:
    """30, 45 and 60 degrees: as measured everywhere, steeper blades draw more and pump more."""
    flat, steep = (at_rest(tank(type="pitched-blade", angle=math.radians(a))) for a in (30.0, 60.0))
    found = [flow.numbers for flow in (flat, pitched, steep)]
    powers, flows = ([getattr(n, name)[0] for n in found] for name in ("power_number", "flow_number"))
    assert powers == sorted(powers) and powers[2] > 2.5 * powers[0]
    assert flows == sorted(flows)
