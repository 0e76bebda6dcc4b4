"""The Rushton turbine of Wu and Patterson at standard quality, beside published values.

Thin blades in three turbulence models, and solid ones: the power number of thin ones lies above that of real blades
(docs/validation.md). Bars that no
model reaches are not asserted here but printed and published.

Turbulent kinetic energy in the discharge stream of the 0.27 m tank.

Wu and Patterson 1989 (Chem. Eng. Sci. 44:2207), laser Doppler, r = 50 mm (2 r / D = 1.075), circumferential mean, as
plotted by Reid 2025 and digitised second-hand (reading error about 1 %); uncertainty of the measurement 15 % on k,
4 % on velocity.
"""

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow import solve_flow

pytestmark = pytest.mark.long

RADIUS = 0.050
"""m"""
HEIGHT = np.array([-2.053, -1.549, -1.036, -0.491, -0.209, 0.001, 0.201, 0.526, 1.100, 1.604, 2.117])
"""2 (z - C) / blade height, -"""
K = np.array([3.164, 4.167, 19.025, 49.091, 54.175, 35.475, 38.857, 71.847, 18.021, 6.524, 3.818]) * 1e-3
"""k / tip speed^2, -"""


MODELS = {
    "k-epsilon": {"blades": "thin"},
    "realizable": {"blades": "thin", "turbulence": "realizable-k-epsilon"},
    "sst": {"blades": "thin", "turbulence": "k-omega-sst"},
    "solid": {"blades": "solid"},
}


@pytest.fixture(scope="module", params=list(MODELS))
def bench(cases_folder, request):
    case = load_case(cases_folder / "rushton_bench.toml", quality="standard")
    case = case.model_copy(update={"flow": case.flow.model_copy(update=MODELS[request.param])})
    return case, solve_flow(case)


def profile(flow, field, radius):
    """(nz,) circumferential mean of a mesh-cell field at a radius."""
    mean, rc = field.mean(axis=1), flow.mesh.r_centre
    i = int(np.searchsorted(rc, radius)) - 1
    w = (radius - rc[i]) / (rc[i + 1] - rc[i])
    return (1 - w) * mean[i] + w * mean[i + 1]


def test_torque_balances_and_power_number_is_in_its_range(bench):
    _, flow = bench
    n = flow.numbers
    print(f"\nNp {n.power_number[0]:.2f}, Nq {n.flow_number[0]:.3f}, eps/P {n.dissipation_power_ratio:.2f}")
    print(
        f"turbulence {n.turbulence_production_ratio:.3f}, scheme {n.numerical_dissipation_ratio:.3f}, walls "
        f"{n.wall_work_ratio:.3f}, viscosity {n.viscous_dissipation_ratio:.3f}: sum {n.energy_balance_ratio:.4f}"
    )
    assert n.energy_balance_ratio == pytest.approx(1.0, abs=0.01)
    assert flow.converged and abs(n.torque_imbalance) < 0.01
    assert 5.0 <= n.power_number[0] <= 6.2
    assert n.flow_number[0] == pytest.approx(0.75, abs=0.06)
    assert n.dissipation_power_ratio > 0.7


def test_discharge_jet(bench):
    case, flow = bench
    tip, radius = flow.numbers.tip_speed_m_s, 0.5 * case.impellers[0].diameter
    peaks = {x: profile(flow, flow.velocity[..., 0], x * radius).max() / tip for x in (1.1, 1.2, 1.4, 1.6, 1.8, 2.0)}
    print("\npeak u_r / tip speed: " + ", ".join(f"{x}: {u:.3f}" for x, u in peaks.items()))
    assert 0.70 <= peaks[1.1] <= 0.80
    values = list(peaks.values())
    assert values[1:] == sorted(values[1:], reverse=True)  # behind solid blades the jet is fastest just outside


def test_turbulence_in_the_discharge_stream_beside_wu_and_patterson(bench):
    case, flow = bench
    imp = case.impellers[0]
    x = 2.0 * (flow.mesh.z_centre - imp.clearance) / imp.blade_height
    k = np.interp(HEIGHT, x, profile(flow, flow.k, RADIUS)) / flow.numbers.tip_speed_m_s**2
    ratio = k / K
    inside = np.abs(ratio - 1.0) < 0.15
    print("\n2(z-C)/W  k measured  k computed  ratio")
    for row in zip(HEIGHT, K, k, ratio, strict=True):
        print("{:8.3f}  {:10.4f}  {:10.4f}  {:5.2f}".format(*row))
    integral = np.trapezoid(k, HEIGHT) / np.trapezoid(K, HEIGHT)
    print(f"{inside.sum()} of {inside.size} points inside the error bars; integral {integral:.2f} of the measured one")
    # the double peak is there: a local minimum near the disc plane and the higher peak above it
    assert k[5] < k[4] and k[5] < k[7]
    assert k[7] == pytest.approx(K[7], rel=0.30)
