"""A sparger ring as an obstacle: its volume, closed all round, in the way of nothing, and gas beside it."""

import math

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.errors import CaseError
from rushton.flow import solve_flow
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import STATIONARY
from rushton.transport.sparger import sparger_shares


def pilot(**sparger):
    ring = {"diameter": "0.2 m", "height": "0.08 m", "tube": "16 mm", "obstacle": True} | sparger
    return case_from_dict(
        {
            "tank": {"diameter": "0.6 m", "liquid_height": "0.6 m"},
            "impeller": [{"diameter": "0.2 m", "clearance": "0.2 m"}],
            "operation": {"speed": "240 rpm"},
            "gas": {"rate": "0.5 vvm", "sparger": ring},
            "numerics": {"mesh_cells": 12_000},
        }
    )


def test_the_ring_has_the_volume_of_its_tube_and_is_closed():
    case, without = pilot(), pilot(obstacle=False)
    tube = math.pi * 0.2 * math.pi / 4 * 0.016**2
    assert without.liquid_volume - case.liquid_volume == pytest.approx(tube, rel=1e-9)
    mesh = build_mesh(case)
    assert mesh.volume == pytest.approx(case.liquid_volume, rel=1e-9)
    ring = mesh.patch_names.index("sparger")
    assert np.all(mesh.wall_r[mesh.patch_r == ring] == STATIONARY)
    assert np.all(mesh.wall_z[mesh.patch_z == ring] == STATIONARY)
    side = 0.016 * math.sqrt(math.pi) / 2
    upright = (mesh.patch_r == ring) * mesh.r[:, None, None] * mesh.dtheta[:, None] * np.diff(mesh.z)
    assert upright.sum() == pytest.approx(2 * math.pi * 0.2 * side, rel=1e-9)  # inner and outer face


def test_gas_enters_beside_the_ring():
    case = pilot()
    mesh = build_mesh(case)
    shares = sparger_shares(mesh, case.gas.sparger)
    assert shares.sum() == pytest.approx(1.0) and not shares[mesh.solid].any()
    i, _, k = np.nonzero(shares)
    assert np.abs(mesh.r_centre[i] - 0.1).max() < 0.05 and np.abs(mesh.z_centre[k] - 0.08).max() < 0.05


def test_the_ring_is_in_the_way_and_takes_torque_at_most():
    """It rests: the liquid near it is slower, the torques still balance."""
    case = pilot()
    flow = solve_flow(case)
    assert flow.converged and abs(flow.numbers.torque_imbalance) < 0.01
    assert abs(flow.numbers.mass_imbalance) < 1e-10
    assert not flow.velocity[flow.mesh.solid & flow.mesh.resting].any()


@pytest.mark.parametrize(
    ("sparger", "words"),
    [
        ({"type": "point"}, "only a ring"),
        ({"diameter": "50 mm"}, "round the shaft"),
        ({"height": "0.17 m", "diameter": "0.1 m"}, "nearly touches impeller 1"),
    ],
)
def test_a_ring_in_the_way_of_others_is_refused(sparger, words):
    with pytest.raises(CaseError, match=words):
        pilot(**sparger)
