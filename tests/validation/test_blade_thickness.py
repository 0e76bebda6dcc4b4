"""The power number of a Rushton turbine follows the thickness of its blades: solved, never rescaled.

Measured: Po 5.41 at t/D = 0.0155, T = 0.300 m (Beshay et al. 2001, Acta Polytechnica 41(6):18); law of Bujalski et al.
1987 (Chem. Eng. Sci. 42:317), Po = 2.512 (t/D)^-0.195 (T/1 m)^0.063, which that paper reproduces.
"""

import math

import pytest

from rushton.case import case_from_dict
from rushton.correlations.power import power_number_thickness
from rushton.flow import solve_flow

pytestmark = pytest.mark.long


def turbine(thickness: str, mesh_cells: int):
    """The small rig of Beshay et al.: H = T = 0.3 m, D = T/3, lower blade edge at T/3, Re 50,000."""
    return case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "shaft_diameter": "16 mm"},
            "impeller": [{"diameter": "0.1 m", "clearance": "0.11 m", "blade_thickness": thickness}],
            "operation": {"speed": "300 rpm"},
            "flow": {"blades": "solid"},
            "numerics": {"mesh_cells": mesh_cells},
        }
    )


@pytest.mark.parametrize(("mesh_cells", "within"), [(20_000, None), (100_000, 0.05), (300_000, 0.05)])
def test_measured_power_number(mesh_cells, within):
    flow = solve_flow(turbine("1.55 mm", mesh_cells))
    found, nq = flow.numbers.power_number[0], flow.numbers.flow_number[0]
    print(f"\n{flow.mesh.n_mesh_cell} mesh cells: Np {found:.3f} ({found / 5.41 - 1:+.1%}), Nq {nq:.3f}")
    assert flow.converged and abs(flow.numbers.torque_imbalance) < 0.01
    if within is not None:
        assert found == pytest.approx(5.41, rel=within)


def test_thickness_law():
    found = {}
    for share in (0.010, 0.0155, 0.020, 0.040):
        flow = solve_flow(turbine(f"{100 * share} mm", 300_000))
        found[share] = flow.numbers.power_number[0]
        law = power_number_thickness(share, 0.3).value
        print(f"\nt/D {share}: Np {found[share]:.3f}, law {law:.3f} ({found[share] / law - 1:+.1%})")
        assert found[share] == pytest.approx(law, rel=0.04)
    exponent = math.log(found[0.040] / found[0.010]) / math.log(4.0)
    print(f"exponent {exponent:.3f}, law -0.195")
    assert exponent == pytest.approx(-0.195, abs=0.03)
