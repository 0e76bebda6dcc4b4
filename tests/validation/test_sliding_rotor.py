"""A rotor that turns in time beside the frozen one: power, pumping, jet and blend time of the bench turbine."""

import math
import time

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow import solve_flow
from rushton.transport import blend

pytestmark = pytest.mark.long


def jet(case, flow, x):
    """Largest circumferential mean of u_r over the tip speed at ``x`` blade tip radii, -."""
    mean, rc, radius = flow.velocity[..., 0].mean(axis=1), flow.mesh.r_centre, x * 0.5 * case.impellers[0].diameter
    i = int(np.searchsorted(rc, radius)) - 1
    w = (radius - rc[i]) / (rc[i + 1] - rc[i])
    return float(((1.0 - w) * mean[i] + w * mean[i + 1]).max()) / (
        math.pi * case.operation.speed * case.impellers[0].diameter
    )


def test_frozen_and_sliding_rotor(cases_folder):
    case = load_case(cases_folder / "rushton_bench.toml", quality="standard")
    found = {}
    for rotor in ("frozen", "sliding"):
        chosen = case.model_copy(update={"flow": case.flow.model_copy(update={"rotor": rotor, "blades": "thin"})})
        cpu = time.process_time()
        flow = solve_flow(chosen)
        cpu = time.process_time() - cpu
        n = flow.numbers
        mixed = blend(chosen, flow).summary()
        found[rotor] = n.power_number[0], n.flow_number[0], mixed["theta95_variance_s"] * n.speed
        print(
            f"\n{rotor}: {flow.mesh.n_mesh_cell} mesh cells, {cpu:.0f} CPU s, revolutions {n.revolutions}, Np "
            f"{n.power_number[0]:.3f}, Nq {n.flow_number[0]:.3f}, torque {n.torque_imbalance:+.2%}, energy "
            f"{n.energy_balance_ratio:.4f}, eps/P {n.dissipation_power_ratio:.3f}, periodic {n.periodic_energy_ratio}, "
            f"N theta95 {found[rotor][2]:.1f}, N 3/lambda {mixed['slowest_mode_s'] * n.speed:.1f}\n"
            "u_r / tip speed: " + ", ".join(f"{x}: {jet(chosen, flow, x):.3f}" for x in (1.1, 1.4, 1.6, 2.0))
        )
        assert flow.converged
    (power, pumping, theta), (slid_power, slid_pumping, slid_theta) = found["frozen"], found["sliding"]
    assert slid_power == pytest.approx(power, rel=0.05)
    assert slid_pumping == pytest.approx(pumping, rel=0.05)
    assert slid_theta == pytest.approx(theta, rel=0.3)
