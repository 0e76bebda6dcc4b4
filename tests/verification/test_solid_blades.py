"""The flow round solid blades: balanced, closed, the same on a sector, and fit to carry scalars and cells."""

import math

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.flow import solve_flow
from rushton.transport.frame import advecting_fluxes
from rushton.transport.operator import assemble


@pytest.fixture(scope="module")
def case():
    return case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "shaft_diameter": "16 mm"},
            "impeller": [{"diameter": "0.1 m", "clearance": "0.11 m", "blade_thickness": "1.55 mm"}],
            "operation": {"speed": "300 rpm"},
            "flow": {"blades": "solid"},
            "numerics": {"mesh_cells": 12000},
        }
    )


@pytest.fixture(scope="module")
def flow(case):
    return solve_flow(case)


def test_torque_balances_and_fluxes_are_divergence_free(flow):
    n = flow.numbers
    assert flow.converged and abs(n.torque_imbalance) < 0.01
    assert np.abs(flow.divergence).sum() < 1e-11 * n.speed * n.impeller_diameter[0] ** 3


def test_blades_sweep_and_nothing_passes_them_in_their_own_frame(flow):
    mesh = flow.mesh
    sides = mesh.wall_theta == 2
    swept = 2 * math.pi * flow.speed * mesh.r_centre[:, None, None] * mesh.area_theta
    np.testing.assert_allclose(flow.flux_theta[sides], swept[sides], rtol=1e-12)
    flux_r, flux_theta, flux_z = advecting_fluxes(flow)
    assert not flux_theta[sides].any() and not flux_r[mesh.wall_r != 0].any() and not flux_z[mesh.wall_z != 0].any()


def test_a_uniform_scalar_stays_uniform_and_none_is_lost(flow):
    operator = assemble(flow)
    largest = np.abs(operator.matrix.diagonal()).max()
    ones = np.ones(flow.mesh.n_mesh_cell)
    assert np.abs(operator.matrix @ ones).max() < 1e-13 * largest
    assert np.abs(operator.matrix.T @ ones).max() < 1e-13 * largest


def test_half_tank_equals_full_tank(case, flow, monkeypatch):
    from rushton.flow import rans

    monkeypatch.setattr(rans, "symmetry", lambda case, mesh_cells: 1)
    full = solve_flow(case)
    assert full.numbers.power_number[0] == pytest.approx(flow.numbers.power_number[0], rel=1e-3)
    assert full.numbers.flow_number[0] == pytest.approx(flow.numbers.flow_number[0], rel=1e-3)
    assert np.abs(full.velocity - flow.velocity).max() < 5e-3 * flow.numbers.tip_speed_m_s
