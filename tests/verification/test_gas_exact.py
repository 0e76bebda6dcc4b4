"""Gas against exact solutions: a bubble column at rest, a well-mixed vessel, balances to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.flow.field import Flow
from rushton.transport.drift_flux import GasPhase, carriage_of, gas_matrix, solve_gas_phase
from rushton.transport.gas_exchange import given_rate, monod_uptake, solve_exchange
from rushton.transport.linear import LinearSystem
from rushton.transport.operator import assemble
from rushton.transport.sparger import ring_shares

RADIUS, HEIGHT, SIZE, RISE = 0.25, 0.6, 4e-3, 0.22


class FixedSize:
    """Bubbles of one size."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape

    def start(self) -> np.ndarray:
        return np.full(self.shape, SIZE)

    def level(self, size: np.ndarray, alpha: np.ndarray) -> float:
        return 1.0

    def advance(
        self, size: np.ndarray, alpha: np.ndarray, source: np.ndarray, system: LinearSystem, carried: np.ndarray
    ) -> np.ndarray:
        return size


def vessel(swirl: float = 0.0, loop: float = 0.0, nu_t: float = 0.0) -> Flow:
    mesh = plain_tank(np.linspace(0.0, RADIUS, 9), 12, np.linspace(0.0, HEIGHT, 25))
    return replace(recirculating_flow(mesh, swirl=max(swirl, 1e-30), loop=loop, nu_t=max(nu_t, 1e-30)))


def gas_on(flow: Flow, source: np.ndarray, density: tuple[np.ndarray, np.ndarray]) -> GasPhase:
    return solve_gas_phase(
        flow,
        FixedSize(flow.mesh.shape),
        lambda size, alpha: np.full(size.shape, RISE),
        source,
        density,
        frame="absolute",
    )


def level(flow: Flow, c: float = 40.0) -> tuple[np.ndarray, np.ndarray]:
    nz = flow.mesh.shape[2]
    return np.full(nz, c), np.full(nz + 1, c)


def floor_source(flow: Flow, velocity: float, c: float) -> np.ndarray:
    """Gas that enters evenly over the floor at a superficial velocity, mol/s."""
    source = np.zeros(flow.mesh.shape)
    source[:, :, 0] = velocity * c * flow.mesh.area_z[:, :, 0]
    return source


def test_gas_fraction_of_a_column_at_rest_is_velocity_over_rise() -> None:
    flow = vessel()
    phase = gas_on(flow, floor_source(flow, 0.01, 40.0), level(flow))
    np.testing.assert_allclose(phase.fraction, 0.01 / RISE, rtol=1e-8)
    assert phase.balance_error < 1e-14


def test_bubbles_grow_as_they_rise() -> None:
    """The gas fraction follows the falling gas density: alpha c u is the same at every height."""
    flow = vessel()
    z, faces = flow.mesh.z_centre, flow.mesh.z
    density = (80.0 - 60.0 * z / HEIGHT, 80.0 - 60.0 * faces / HEIGHT)
    phase = gas_on(flow, floor_source(flow, 0.01, 40.0), density)
    expected = 0.01 * 40.0 / (RISE * density[1][1:])
    np.testing.assert_allclose(phase.fraction, np.broadcast_to(expected, phase.fraction.shape), rtol=1e-7)


def test_gas_through_a_stirred_vessel_is_kept_to_rounding() -> None:
    flow = vessel(swirl=6.0, loop=2.0, nu_t=1e-3)
    source = 0.05 * ring_shares(flow.mesh, 0.1, 0.05, 0.02)
    phase = gas_on(flow, source, level(flow))
    assert phase.converged and phase.fraction.min() > 0.0
    assert phase.balance_error < 1e-14
    # cell by cell
    m, a = phase.matrix, phase.fraction
    inflow = sum(
        m.neighbours[n] * np.roll(a, shift, axis=axis)
        for n, (axis, shift) in enumerate(((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)))
    )
    np.testing.assert_allclose(m.diagonal * a - inflow, source, atol=1e-7 * source.sum())


def test_without_rise_the_gas_matrix_is_that_of_a_dissolved_substance() -> None:
    """The structured assembly equals the operator that FiPy assembles."""
    flow = vessel(swirl=6.0, loop=2.0, nu_t=1e-3)
    operator = assemble(flow, schmidt_turbulent=0.9, molecular=1e-9, frame="absolute")
    one = np.ones(flow.mesh.shape[2]), np.ones(flow.mesh.shape[2] + 1)
    matrix = gas_matrix(flow.mesh, operator.fluxes, flow.nu_t / 0.9 + 1e-9, np.zeros(flow.mesh.shape), one[0], one[1])
    np.testing.assert_allclose(matrix.diagonal, operator.diagonal, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(matrix.neighbours, operator.neighbours, rtol=1e-9, atol=1e-15)


def test_a_uniform_composition_stays_uniform() -> None:
    flow = vessel(swirl=6.0, loop=2.0, nu_t=1e-3)
    phase = gas_on(flow, 0.05 * ring_shares(flow.mesh, 0.1, 0.05, 0.02), level(flow))
    carriage = carriage_of(phase.matrix, phase.fraction, ~flow.mesh.solid)
    left = carriage.residual(0.2 * phase.source, np.full(flow.mesh.shape, 0.2))
    assert np.abs(left).sum() < 1e-7 * phase.source.sum()


@pytest.fixture(scope="module")
def mixed() -> tuple[Flow, GasPhase]:
    """A vessel so well mixed that liquid and gas are uniform."""
    flow = vessel(swirl=1.0, loop=0.5, nu_t=3.0)
    return flow, gas_on(flow, 0.02 * ring_shares(flow.mesh, 0.1, 0.05, 0.02), level(flow))


def well_mixed_oxygen(
    kla: float, henry: float, inlet: float, supply: float, volume: float, rate: float, half: float
) -> tuple[float, float]:
    """C and y of one vessel with one gas space: kLa (H y - C) = Q C/(K + C) and S (y_in - y) = V kLa (H y - C)."""
    low, high = 0.0, henry * inlet
    for _ in range(200):
        c = 0.5 * (low + high)
        taken = rate * c / (half + c)
        y = inlet - volume * taken / supply
        if kla * (henry * y - c) > taken:
            low = c
        else:
            high = c
    return c, y


@pytest.mark.parametrize("rate", [1e-3, 5e-3, 2e-2])
def test_oxygen_of_a_well_mixed_vessel(mixed: tuple[Flow, GasPhase], rate: float) -> None:
    """From ample oxygen to uptake that oxygen limits."""
    flow, phase = mixed
    shape, kla, henry, half = flow.mesh.shape, 0.05, 1.2, 5e-3
    found = solve_exchange(
        assemble(flow, frame="absolute"), phase, np.full(shape, kla), np.full(shape[2], henry), 0.21,
        monod_uptake(np.full(shape, rate), half),
    )  # fmt: skip
    c, y = well_mixed_oxygen(kla, henry, 0.21, 0.02, flow.mesh.volume, rate, half)
    assert found.converged and found.balance_error < 1e-10
    assert float(found.concentration.mean()) == pytest.approx(c, rel=0.01)
    assert found.outlet_fraction == pytest.approx(y, rel=0.002)


def test_carbon_dioxide_of_a_well_mixed_vessel(mixed: tuple[Flow, GasPhase]) -> None:
    """All that is produced leaves with the gas: y_out = y_in + production/supply, C = H y + production/(V kLa)."""
    flow, phase = mixed
    shape, kla, henry, rate = flow.mesh.shape, 0.045, 33.0, 5e-3
    found = solve_exchange(
        assemble(flow, frame="absolute"), phase, np.full(shape, kla), np.full(shape[2], henry), 4e-4,
        given_rate(np.full(shape, -rate)),
    )  # fmt: skip
    out = 4e-4 + rate * flow.mesh.volume / 0.02
    assert found.converged and found.balance_error < 1e-10
    assert found.outlet_fraction == pytest.approx(out, rel=1e-6)
    assert float(found.concentration.mean()) == pytest.approx(henry * out + rate / kla, rel=0.01)


def test_nothing_taken_up_is_equilibrium(mixed: tuple[Flow, GasPhase]) -> None:
    flow, phase = mixed
    shape = flow.mesh.shape
    found = solve_exchange(
        assemble(flow, frame="absolute"), phase, np.full(shape, 0.05), np.full(shape[2], 1.2), 0.21,
        monod_uptake(np.zeros(shape), 5e-3),
    )  # fmt: skip
    np.testing.assert_allclose(found.concentration, 1.2 * 0.21, rtol=1e-4)
    assert abs(found.transfer_mol_s) < 1e-9
