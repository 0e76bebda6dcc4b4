"""Local dissipation that holds the shaft power, and the scales of turbulence that follow from it."""

from dataclasses import replace

import numpy as np
import pytest

from rushton.flow.analytic import plain_tank, recirculating_flow


@pytest.fixture
def flow():
    mesh = plain_tank(np.linspace(0.0, 0.2, 6), 8, np.linspace(0.0, 0.3, 8))
    bare = recirculating_flow(mesh)
    epsilon = bare.epsilon * (1.0 + mesh.z_centre)
    resolved = 1000.0 * float((epsilon * mesh.volumes).sum())
    return replace(bare, epsilon=epsilon, numbers=replace(bare.numbers, power_W=1.25 * resolved))


def test_scaled_dissipation_holds_the_shaft_power(flow):
    assert flow.dissipation_scale == pytest.approx(1.25)
    power = flow.numbers.density * (flow.dissipation_scaled * flow.mesh.volumes).sum()
    assert power == pytest.approx(flow.numbers.power_W)
    assert flow.summary()["dissipation_scale"] == pytest.approx(1.25)


def test_smallest_eddies_of_water_at_one_watt_per_kilogram(flow):
    mass = flow.numbers.density * flow.mesh.volume
    even = replace(flow, epsilon=np.full(flow.mesh.shape, 0.3), numbers=replace(flow.numbers, power_W=mass))
    np.testing.assert_allclose(even.kolmogorov_length, 31.6e-6, rtol=1e-3)
    np.testing.assert_allclose(even.turbulent_shear_rate, 1000.0, rtol=1e-12)
    out = even.summary()
    assert out["kolmogorov_length_median_m"] == pytest.approx(31.6e-6, rel=1e-3)
    assert out["turbulent_shear_rate_exceeded_by_a_tenth_1_s"] == pytest.approx(1000.0)


def test_thick_broth_has_large_eddies(flow):
    thick = replace(flow, apparent_viscosity=np.full(flow.mesh.shape, 16e-3))
    np.testing.assert_allclose(thick.kolmogorov_length, 8.0 * flow.kolmogorov_length)
    np.testing.assert_allclose(thick.turbulent_shear_rate, 0.25 * flow.turbulent_shear_rate)


def test_a_flow_without_shaft_power_is_not_scaled_and_says_so(flow):
    idle = replace(flow, numbers=replace(flow.numbers, power_W=0.0))
    np.testing.assert_array_equal(idle.dissipation_scaled, idle.epsilon)
    out = idle.summary()
    assert out["dissipation_scale"] is None and "no shaft power" in out["dissipation_scale_reason"]
