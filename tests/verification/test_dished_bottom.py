"""Flow, scalars and cells over a dished bottom: closed, balanced, uniform where they must be."""

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.flow import solve_flow
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import tracking
from rushton.lifelines.field import make_field, rates
from rushton.lifelines.generator import make_key
from rushton.lifelines.observer import make_limits
from rushton.lifelines.well_mixed import chi2_per_dof, equal_volume_bins
from rushton.mesh import build_mesh
from rushton.transport.operator import assemble


@pytest.fixture(scope="module", params=["torispherical", "elliptical"])
def case(request):
    return case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.35 m", "bottom": request.param},
            "impeller": [{"diameter": "0.1 m", "clearance": "0.13 m", "blade_thickness": "2 mm"}],
            "operation": {"speed": "300 rpm"},
            "numerics": {"mesh_cells": 12000},
        }
    )


@pytest.fixture(scope="module")
def flow(case):
    return solve_flow(case)


def test_torque_balances_and_the_dish_is_tight(flow):
    n, mesh = flow.numbers, flow.mesh
    assert flow.converged and abs(n.torque_imbalance) < 0.01
    assert np.abs(flow.divergence).sum() < 1e-11 * n.speed * n.impeller_diameter[0] ** 3
    dish = mesh.resting
    assert not flow.flux_r[:-1][dish].any() and not flow.flux_r[1:][dish].any()
    assert not flow.flux_z[..., :-1][dish].any() and not flow.flux_z[..., 1:][dish].any()
    assert not flow.flux_theta[dish].any() and not flow.velocity[dish].any()
    assert np.all(rates(flow)[mesh.solid] == 0.0)


def test_a_uniform_scalar_stays_uniform_and_none_is_lost(flow):
    operator = assemble(flow)
    largest = np.abs(operator.matrix.diagonal()).max()
    ones = np.ones(flow.mesh.n_mesh_cell)
    assert np.abs(operator.matrix @ ones).max() < 1e-13 * largest
    assert np.abs(operator.matrix.T @ ones).max() < 1e-13 * largest


def test_a_cloud_of_cells_stays_uniform_and_out_of_the_dish(case):
    mesh = build_mesh(case)
    z = np.broadcast_to(mesh.z_centre / mesh.z[-1], mesh.shape)
    flow = recirculating_flow(mesh, 3.0, 1.0)
    flow.nu_t[...] = np.where(mesh.solid, 0.0, 2e-6 * 10.0 ** (1.0 - np.cos(np.pi * z)))
    dt, limits, key = 0.01, make_limits(0.01, 0.05, 0.95, 0.01, 0.36), make_key(5)
    field = make_field(flow, np.zeros(mesh.shape), case.impellers, 1.0, dt)
    cloud = tracking.release_uniformly(mesh, field, 100_000, limits, key)
    walkers = tracking.Walkers(field, cloud, limits, key, dt, tracking.WALKS["interface"], 150, 150, 1)
    walkers.run(150)
    counts = tracking.count_per_mesh_cell(walkers)
    assert counts.sum() == 100_000, "cells were lost in the dish"
    bins, volumes = equal_volume_bins(mesh)
    assert chi2_per_dof(np.bincount(bins, weights=counts, minlength=volumes.size), volumes) < 1.5
    # the layer on the steps holds its share, within four standard deviations
    i, j, k = mesh.fluid_cells.T
    on_step = (k > 0) & mesh.resting[i, j, np.maximum(k - 1, 0)] | (k == 0)
    expected = 100_000 * mesh.volumes[i, j, k][on_step].sum() / mesh.volume
    assert abs(counts[on_step].sum() - expected) < 4.0 * np.sqrt(expected)
