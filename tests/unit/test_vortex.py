"""The surface of a swirling liquid: a paraboloid in solid-body rotation, and who is told of it."""

import math

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.flow.rans import solve_flow, surface_warning
from rushton.flow.vortex import surface_height, vortex_depth

G = 9.81


@pytest.fixture(scope="module")
def mesh():
    return plain_tank(np.linspace(0.0, 0.5, 41), 12, np.linspace(0.0, 1.0, 9))


def test_solid_body_rotation_makes_a_paraboloid(mesh):
    omega = 4.0
    flow = recirculating_flow(mesh, omega, 0.0)
    assert flow.vortex_depth == pytest.approx(omega**2 * 0.5**2 / (4.0 * G), rel=2e-3)
    exact = omega**2 / (2.0 * G) * (mesh.r_centre**2 - 0.5 * 0.5**2)
    np.testing.assert_allclose(surface_height(mesh, flow.velocity), exact, atol=2e-3 * exact.max())


def test_a_free_vortex_is_as_steep_as_bernoulli_says(mesh):
    velocity = np.zeros((*mesh.shape, 3))
    velocity[..., 1] = np.where(mesh.r_centre > 0.1, 0.05 / mesh.r_centre, 0.0)[:, None, None]
    eta = surface_height(mesh, velocity)
    a, b = np.searchsorted(mesh.r_centre, (0.15, 0.45))
    drop = 0.05**2 / (2.0 * G) * (mesh.r_centre[a] ** -2 - mesh.r_centre[b] ** -2)
    assert eta[b] - eta[a] == pytest.approx(drop, rel=0.01)


def test_liquid_at_rest_is_flat(mesh):
    assert vortex_depth(mesh, np.zeros((*mesh.shape, 3))) == 0.0


def stirred(baffles, speed):
    return case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "baffles": {"count": baffles}},
            "impeller": [{"diameter": "0.1 m", "clearance": "0.1 m"}],
            "operation": {"speed": speed},
            "numerics": {"mesh_cells": 6000},
        }
    )


@pytest.mark.parametrize(
    ("baffles", "speed", "words"),
    [(0, "100 rpm", "a vortex"), (0, "900 rpm", "swallow air"), (4, "300 rpm", None)],
)
def test_the_run_warns_of_the_vortex(baffles, speed, words):
    case = stirred(baffles, speed)
    flow = solve_flow(case)
    assert abs(flow.numbers.torque_imbalance) < 0.02
    assert flow.summary()["vortex_depth_m"] == pytest.approx(flow.vortex_depth)
    assert surface_warning(case, flow) in flow.numbers.message
    assert (words in flow.numbers.message) if words else flow.numbers.message == ""
    # deeper than the surface of a body turning with the shaft is impossible
    assert 0.0 < flow.vortex_depth < (2 * math.pi * case.operation.speed * 0.15) ** 2 / (2.0 * G)
