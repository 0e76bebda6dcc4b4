"""Power of a Rushton turbine without baffles against the law of Kamei and Hiraoka, and the shape of its swirl.

    python -m pytest -s tests/validation/test_unbaffled_power.py

T = H = 0.3 m, blades t/D = 0.02, 20,000 mesh cells. The law follows measurements within about 10 %; Rushton, Costich
and Everett (1950, Chem. Eng. Prog. 46:395) have 1 to 1.5 for Re of 1e4 to 1e5. Swirl: a forced vortex within about 0.7
to 0.8 of the impeller's radius, about a free one outside (Nagata, Mixing, 1975).
"""

import functools

import numpy as np
import pytest

from rushton.case import case_from_dict, catalogue
from rushton.flow import solve_flow


@functools.cache
def flow_of(diameter, viscosity):
    return solve_flow(turbine(diameter, viscosity))


def turbine(diameter, viscosity, mesh_cells=20_000):
    return case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "baffles": {"count": 0}},
            "impeller": [{"diameter": f"{diameter} m", "clearance": "0.1 m", "blade_thickness": f"{diameter / 50} m"}],
            "operation": {"speed": "300 rpm"},
            "broth": {"viscosity": viscosity},
            "flow": {"blades": "solid"},
            "numerics": {"mesh_cells": mesh_cells},
        }
    )


@pytest.mark.parametrize(
    ("diameter", "viscosity"), [(0.1, "5 mPa s"), (0.1, "1 mPa s"), (0.1, "0.1 mPa s"), (0.15, "1 mPa s")]
)
def test_power_without_baffles(diameter, viscosity):
    case = turbine(diameter, viscosity)
    n = flow_of(diameter, viscosity).numbers
    law = catalogue.power_number(case.impellers[0], case.tank, n.reynolds).value
    print(
        f"\nD/T {diameter / 0.3:.2f}  Re {n.reynolds:.1e}  Np {n.power_number[0]:.3f}, law {law:.3f}, {n.iterations} it"
    )
    assert n.power_number[0] == pytest.approx(law, rel=0.2)
    assert abs(n.torque_imbalance) < 0.02


def test_the_swirl_is_a_forced_vortex_in_a_free_one():
    flow = flow_of(0.1, "1 mPa s")
    mesh, tip = flow.mesh, flow.numbers.tip_speed_m_s
    k = int(np.argmin(np.abs(mesh.z_centre - 0.2)))  # between impeller and surface
    swirl, r = flow.velocity[:, :, k, 1].mean(axis=1) / tip, mesh.r_centre
    fastest = r[np.argmax(swirl)]
    print(f"\nfastest {swirl.max():.2f} tip speeds at r = {fastest / 0.05:.2f} of the impeller's radius")
    assert 0.6 < fastest / 0.05 < 1.05
    # outside it falls: an exponent of -1 is a free vortex, +1 the solid body that k-epsilon alone makes of it
    outer = (r > 0.06) & (r < 0.14)
    slope = np.polyfit(np.log(r[outer]), np.log(swirl[outer]), 1)[0]
    print(f"exponent outside {slope:.2f}")
    assert -1.2 < slope < -0.4
