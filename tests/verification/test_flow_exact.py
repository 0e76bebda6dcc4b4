"""Exact solutions and conservation of the flow solver."""

import math

import numpy as np
import pytest

from rushton.flow import momentum, turbulence
from rushton.flow.lines import sweep_theta
from rushton.flow.rans import solve_flow
from rushton.mesh import build_mesh


def couette_torque(n: int) -> tuple[float, float]:
    """Laminar flow between a turning inner and a resting outer cylinder, n mesh cells: (computed, exact) torque / rho.

    Exact: u = A r + B / r, torque = 4 pi nu B per unit height with B = Omega a^2 b^2 / (b^2 - a^2).
    """
    a, b, omega, nu, nt, nz = 0.5, 1.0, 2.0, 0.1, 8, 2
    r = np.concatenate([[0.0], np.linspace(a, b, n + 1)])
    rc, dr = 0.5 * (r[1:] + r[:-1]), np.diff(r)
    dth, dz = np.full(nt, 2 * math.pi / nt), np.full(nz, 0.5)
    az = 0.5 * np.diff(r**2)[:, None] * dth
    shape = (n + 1, nt, nz)
    wr = np.zeros((n + 2, nt, nz), np.int8)
    wr[1], wr[-1] = 2, 1
    wt, wz = np.zeros(shape, np.int8), np.zeros((n + 1, nt, nz + 1), np.int8)
    wz[..., 0] = wz[..., -1] = 3
    solid = np.zeros(shape, bool)
    solid[0] = True
    open_r = (wr == 0).astype(np.int8)
    open_r[0] = 0
    open_z = (wz == 0).astype(np.int8)
    open_t = np.ones(shape, np.int8)
    nut = np.zeros(shape)
    gr, gt, gz = np.zeros(wr.shape), np.zeros(shape), np.zeros(wz.shape)
    turbulence.conductance(
        0, n + 1, nut, np.full(shape, nu), 1.0, open_r, open_t, open_z, r, rc, dr, dz, az, dth, gr, gt, gz
    )
    fixed = solid.copy()
    value = np.where(solid, omega * rc[:, None, None] ** 2, 0.0)
    ang = value.copy()
    cells = np.argwhere(~solid & ((np.arange(n + 1) == 1) | (np.arange(n + 1) == n))[:, None, None]).astype(np.int32)
    work = [np.zeros(shape) for _ in range(7)]
    first = np.searchsorted(cells[:, 0], np.arange(n + 2))
    shear, torque = np.zeros((n + 1, 2)), np.zeros((n + 1, 1))
    ke = np.full(shape, 1e-14)
    ur, uz = np.zeros(wr.shape), np.zeros(wz.shape)
    m, d = np.zeros((8, *shape)), np.zeros(shape)
    for _ in range(6 * n):
        turbulence.wall_sinks(
            0, n + 1, cells, first, ke, ur, ang, uz, np.full(shape, nu), omega, wr, wt, wz, r, rc, dr, dz, az, dth,
            work[0], work[1], work[2], work[3], work[4], work[5], work[6], shear,
        )  # fmt: skip
        d[:] = 0.0  # forces in, factors out
        momentum.assemble_angular_momentum(
            0, n + 1, ang, np.zeros(shape), np.zeros(wr.shape), np.zeros(shape), np.zeros(wz.shape), gr, gt, gz,
            np.full(shape, nu),
            work[3], work[4], fixed, value, np.zeros(shape, np.int8), r, rc, dr, dz, dth, 1.0, True, m, d, torque,
        )  # fmt: skip
        for sweep in range(40):
            sweep_theta(m, ang, sweep % 2 == 0)
    exact = 4 * math.pi * nu * omega * a**2 * b**2 / (b**2 - a**2)
    rest, turning = shear.sum(axis=0)
    assert rest == pytest.approx(-turning, rel=1e-6)
    return float(rest), exact


def test_taylor_couette_torque_converges_with_second_order():
    errors = [abs(t / e - 1) for t, e in (couette_torque(n) for n in (8, 16, 32))]
    orders = [math.log2(errors[i] / errors[i + 1]) for i in range(2)]
    assert errors[-1] < 2e-3
    assert min(orders) > 1.8


def test_solid_body_rotation_solves_the_angular_momentum_equation_exactly():
    """L = Omega r^2 with walls that turn along: every diffusive and convective term vanishes to rounding."""
    nt, nz = 8, 4
    r = np.array([0.0, 0.1, 0.25, 0.5, 0.6, 1.0])
    rc, dr, dth, dz = 0.5 * (r[1:] + r[:-1]), np.diff(r), np.full(nt, 2 * math.pi / nt), np.full(nz, 0.25)
    az = 0.5 * np.diff(r**2)[:, None] * dth
    shape, omega = (5, nt, nz), 3.0
    ang = np.ones(shape) * omega * rc[:, None, None] ** 2
    gr, gt, gz = np.zeros((6, nt, nz)), np.zeros(shape), np.zeros((5, nt, nz + 1))
    opened = np.ones((6, nt, nz), np.int8), np.ones(shape, np.int8), np.ones((5, nt, nz + 1), np.int8)
    opened[0][[0, -1]] = 0
    opened[2][..., [0, -1]] = 0
    turbulence.conductance(
        0, 5, np.full(shape, 0.3), np.full(shape, 0.1), 1.0, *opened, r, rc, dr, dz, az, dth, gr, gt, gz
    )
    fr, ft, fz = np.zeros((6, nt, nz)), np.zeros(shape), np.zeros((5, nt, nz + 1))
    momentum.volume_fluxes(0, 5, fr, ang, fz, r, rc, dr, dz, az, dth, np.zeros((5, nz)), fr, ft, fz)
    m, d, torque = np.zeros((8, *shape)), np.zeros(shape), np.zeros((5, 1))
    no = np.zeros(shape, bool)
    momentum.assemble_angular_momentum(
        0, 5, ang, np.zeros(shape), fr, ft, fz, gr, gt, gz, np.full(shape, 0.4), np.zeros(shape), np.zeros(shape), no,
        np.zeros(shape), np.zeros(shape, np.int8), r, rc, dr, dz, dth, 1.0, True, m, d, torque,
    )  # fmt: skip
    x = np.pad(ang, ((1, 1), (0, 0), (0, 0)))
    residual = m[6] * ang - m[0] * x[:-2] - m[1] * x[2:] - m[7]
    residual -= (m[2] + m[3] + m[4] + m[5]) * ang
    assert np.abs(residual).max() < 1e-12 * np.abs(m[6] * ang).max()


@pytest.fixture(scope="module")
def bench(shipped_case):
    return shipped_case("rushton_bench", mesh_cells=12_000)


@pytest.fixture(scope="module")
def flow(bench):
    return solve_flow(bench)


def test_torque_of_blades_and_walls_balance_within_one_per_cent(flow):
    assert flow.converged
    assert abs(flow.numbers.torque_imbalance) < 0.01


def test_fluxes_are_divergence_free_to_rounding(flow):
    n = flow.numbers
    assert np.abs(flow.divergence).sum() < 1e-11 * n.speed * n.impeller_diameter[0] ** 3


def test_walls_and_baffles_carry_no_flux_and_blades_the_swept_one(flow):
    m = flow.mesh
    assert np.all(flow.flux_theta[m.wall_theta == 1] == 0.0)
    assert np.all(flow.flux_r[m.wall_r != 0] == 0.0)
    assert np.all(flow.flux_z[m.wall_z != 0] == 0.0)
    swept = 2 * math.pi * flow.speed * m.r_centre[:, None, None] * m.area_theta
    blades = m.wall_theta == 2
    np.testing.assert_allclose(flow.flux_theta[blades], swept[blades], rtol=1e-12)


def test_half_tank_equals_full_tank(bench, flow, monkeypatch):
    """The repeating sector, tiled, is the flow of the full tank."""
    from rushton.flow import rans

    monkeypatch.setattr(rans, "symmetry", lambda case, nt: 1)
    full = solve_flow(bench)
    assert full.numbers.power_number[0] == pytest.approx(flow.numbers.power_number[0], rel=1e-3)
    assert full.numbers.flow_number[0] == pytest.approx(flow.numbers.flow_number[0], rel=1e-3)
    tip = flow.numbers.tip_speed_m_s
    assert np.abs(full.velocity - flow.velocity).max() < 5e-3 * tip


def test_save_and_load_keep_every_bit(flow, tmp_path):
    from rushton.flow import Flow

    flow.save(tmp_path / "flow")
    again = Flow.load(tmp_path / "flow")
    for name in ("flux_r", "flux_theta", "flux_z", "k", "epsilon", "nu_t"):
        np.testing.assert_array_equal(getattr(again, name), getattr(flow, name))
    assert again.numbers == flow.numbers


def test_mesh_of_sector_is_part_of_full_mesh(bench):
    half, full = build_mesh(bench, 12_000, sector=2), build_mesh(bench, 12_000)
    tiled = half.tiled()
    np.testing.assert_array_equal(tiled.wall_theta, full.wall_theta)
    assert tiled.volume == pytest.approx(full.volume, rel=1e-13)


def test_the_flow_has_the_same_bytes_on_any_number_of_threads(bench):
    one, three = solve_flow(bench, threads=1), solve_flow(bench, threads=3)
    for name in ("flux_r", "flux_theta", "flux_z", "k", "epsilon", "nu_t"):
        assert getattr(one, name).tobytes() == getattr(three, name).tobytes()
    assert one.numbers == three.numbers
