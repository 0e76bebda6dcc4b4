"""The flow kernels against their readable versions, direct solves and exact properties."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as spl

from rushton.flow import momentum, reference, turbulence
from rushton.flow.lines import sweep_theta, sweep_z
from rushton.flow.multigrid import PressureSolver
from rushton.flow.transposed import edge_viscosities, transposed_forces, transposed_forces_reference

NR, NT, NZ = 7, 8, 9


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def faces(rng):
    """Random fluxes and conductances with closed faces: outer walls and a few thin walls."""
    fr, ft, fz = rng.normal(size=(NR + 1, NT, NZ)), rng.normal(size=(NR, NT, NZ)), rng.normal(size=(NR, NT, NZ + 1))
    gr, gt, gz = (rng.uniform(0.1, 1.0, a.shape) for a in (fr, ft, fz))
    gr[rng.random(gr.shape) < 0.1] = 0.0
    gt[rng.random(gt.shape) < 0.1] = 0.0
    gz[rng.random(gz.shape) < 0.1] = 0.0
    gr[0] = gr[-1] = 0.0
    gz[..., 0] = gz[..., -1] = 0.0
    # a wall carries no flux, and half-open faces occur in control volumes at wall edges
    for f, g in ((fr, gr), (ft, gt), (fz, gz)):
        f[g == 0.0] = 0.0
    return fr, ft, fz, gr, gt, gz


def geometry():
    r = np.array([0.0, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 1.0])
    z = np.linspace(0.0, 1.0, NZ + 1) ** 1.3
    dth = np.array([0.5, 1.0, 1.5, 0.2, 0.2, 1.1, 1.3, 0.9])  # no two alike where it matters: beside each other but one
    dth *= 2 * math.pi / dth.sum()
    return r, 0.5 * (r[1:] + r[:-1]), np.diff(r), np.diff(z), dth, 0.5 * np.diff(r**2)[:, None] * dth


def test_limited_is_van_albada(rng):
    a, b = rng.normal(size=200), rng.normal(size=200)
    fast = np.array([momentum.limited(x, y) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(fast, reference.limited(a, b), rtol=1e-12)
    assert np.all(fast[a * b <= 0] == 0.0)
    assert momentum.limited(0.3, 0.3) == pytest.approx(0.15)


def test_u_z_assembly_equals_reference(rng):
    fr, ft, fz, gr, gt, gz = faces(rng)
    r, rc, dr, dz, dth, az = geometry()
    x, p = rng.normal(size=(NR, NT, NZ + 1)), rng.normal(size=(NR, NT, NZ))
    nue = rng.uniform(0.1, 1, p.shape)
    sr, st = rng.uniform(0, 1, p.shape), rng.uniform(0, 1, p.shape)
    m, d = np.zeros((8, *x.shape)), np.zeros(x.shape)
    fixed = np.zeros(x.shape, bool)
    momentum.assemble_u_z(0, NR, x, p, fr, ft, fz, gr, gt, gz, nue, sr, st, fixed, dz, az, 1.0, True, m, d)
    # whole column of nodes in, inner nodes out: boundary values reach the reference through np.roll of the full array
    directions = reference.u_z_directions(fr, ft, fz, gr, gt, gz, nue, az, dz)
    pad = [
        reference.Direction(
            n.axis,
            *(
                np.pad(a, ((0, 0), (0, 0), (1, 1)))
                for a in (n.f_minus, n.f_plus, n.g_minus, n.g_plus, n.g_minus_far, n.g_plus_far)
            ),
        )
        for n in directions
    ]
    coefficients, rhs = reference.transport(x, pad)
    inner = np.s_[:, :, 1:-1]
    for slot, name in enumerate(("0-", "0+", "1-", "1+", "2-", "2+")):
        np.testing.assert_allclose(m[slot][inner], coefficients[name][inner], rtol=1e-12, atol=1e-14)
    source = (p[..., :-1] - p[..., 1:]) * az[:, :, None]
    np.testing.assert_allclose(m[7][inner], rhs[inner] + source, rtol=1e-10, atol=1e-12)
    sink = 0.5 * (sr[..., :-1] + sr[..., 1:] + st[..., :-1] + st[..., 1:])
    np.testing.assert_allclose(m[6][inner], sum(coefficients.values())[inner] + sink, rtol=1e-12)


def test_u_r_assembly_equals_reference(rng):
    fr, ft, fz, gr, gt, gz = faces(rng)
    r, rc, dr, dz, dth, az = geometry()
    x, ang, p = rng.normal(size=(NR + 1, NT, NZ)), rng.normal(size=(NR, NT, NZ)), rng.normal(size=(NR, NT, NZ))
    x[0] = 0.0
    nue = rng.uniform(0.1, 1, p.shape)
    st, sz = rng.uniform(0, 1, p.shape), rng.uniform(0, 1, p.shape)
    m, d = np.zeros((8, *x.shape)), np.zeros(x.shape)
    fixed = np.zeros(x.shape, bool)
    momentum.assemble_u_r(
        0, NR + 1, x, ang, p, fr, ft, fz, gr, gt, gz, nue, st, sz, fixed, r, rc, dr, dz, az, dth, 1.0, True, m, d
    )
    directions = reference.u_r_directions(fr, ft, fz, gr, gt, gz, nue, rc, dr, dz, dth)
    pad = [
        reference.Direction(
            n.axis,
            *(
                np.pad(a, ((1, 1), (0, 0), (0, 0)))
                for a in (n.f_minus, n.f_plus, n.g_minus, n.g_plus, n.g_minus_far, n.g_plus_far)
            ),
        )
        for n in directions
    ]
    coefficients, rhs = reference.transport(x, pad)
    inner = np.s_[1:-1]
    for slot, name in enumerate(("0-", "0+", "1-", "1+", "2-", "2+")):
        np.testing.assert_allclose(m[slot][inner], coefficients[name][inner], rtol=1e-12, atol=1e-14)
    half = 0.5 * (dr * rc)[:, None, None] * dth[:, None] * dz
    centrifugal = half * (0.5 * (ang + np.roll(ang, -1, 1)) / rc[:, None, None]) ** 2 / rc[:, None, None]
    source = (p[:-1] - p[1:]) * r[1:-1, None, None] * dth[:, None] * dz + centrifugal[:-1] + centrifugal[1:]
    np.testing.assert_allclose(m[7][inner], rhs[inner] + source, rtol=1e-9, atol=1e-12)


def test_transposed_stress_equals_reference(rng):
    r, rc, dr, dz, dth, _ = geometry()
    shape = (NR, NT, NZ)
    ur, ang, uz = rng.normal(size=(NR + 1, NT, NZ)), rng.normal(size=shape), rng.normal(size=(NR, NT, NZ + 1))
    nue = rng.uniform(0.1, 1.0, shape)
    opened = tuple((rng.random(u.shape) < 0.8).astype(np.int8) for u in (ur, ang, uz))
    f_r, f_t, f_z = np.zeros(ur.shape), np.zeros(shape), np.zeros(uz.shape)
    edges = np.full((NR + 1, NT, NZ), np.nan), np.full((NR + 1, NT, NZ + 1), np.nan), np.full(uz.shape, np.nan)
    for lo, hi in ((4, NR), (0, 4)):  # planes in any order
        edge_viscosities(lo, hi, nue, *opened, *edges)
    for lo, hi in ((0, 3), (3, NR)):
        transposed_forces(lo, hi, ur, ang, uz, nue, *edges, r, rc, dr, dz, dth, f_r, f_t, f_z)
    wanted = transposed_forces_reference(ur, ang, uz, nue, opened, r, rc, dr, dz, dth)
    for found, right in zip((f_r, f_t, f_z), wanted, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
    assert abs(f_t.sum()) < 1e-11 * np.abs(f_t).sum()  # a difference of fluxes: no angular momentum is made


def test_angular_momentum_assembly_equals_reference(rng):
    fr, ft, fz, gr, gt, gz = faces(rng)
    r, rc, dr, dz, dth, az = geometry()
    x, p = rng.normal(size=(NR, NT, NZ)), rng.normal(size=(NR, NT, NZ))
    nue = rng.uniform(0.1, 1, p.shape)
    sl, ql = rng.uniform(0, 1, p.shape), rng.normal(size=p.shape)
    m, d = np.zeros((8, *x.shape)), np.zeros(x.shape)
    fixed, value, patch = np.zeros(x.shape, bool), np.zeros(x.shape), np.zeros(x.shape, np.int8)
    torque = np.zeros((NR, 2))
    momentum.assemble_angular_momentum(
        0,
        NR,
        x,
        p,
        fr,
        ft,
        fz,
        gr,
        gt,
        gz,
        nue,
        sl,
        ql,
        fixed,
        value,
        patch,
        r,
        rc,
        dr,
        dz,
        dth,
        1.0,
        True,
        m,
        d,
        torque,
    )
    directions = reference.angular_momentum_directions(fr, ft, fz, gr, gt, gz, nue, rc, dr, dz, dth)
    coefficients, rhs = reference.transport(x, directions)
    # radial diffusion acts on L / r^2 with an r^2 lever at the face
    q, radial = 1.0 / rc[:, None, None] ** 2, directions[0]
    lever_in, lever_out = r[:-1, None, None] ** 2, r[1:, None, None] ** 2
    west = np.maximum(radial.f_minus, 0) + radial.g_minus * lever_in * np.roll(q, 1, 0)
    east = np.maximum(-radial.f_plus, 0) + radial.g_plus * lever_out * np.roll(q, -1, 0)
    np.testing.assert_allclose(m[0], west, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(m[1], east, rtol=1e-12, atol=1e-14)
    for slot, name in ((2, "1-"), (3, "1+"), (4, "2-"), (5, "2+")):
        np.testing.assert_allclose(m[slot], coefficients[name], rtol=1e-12, atol=1e-14)
    source = (np.roll(p, 1, 1) - p) * (dr * rc)[:, None, None] * dz + 0.5 * (ql + np.roll(ql, 1, 1))
    np.testing.assert_allclose(m[7], rhs + source, rtol=1e-9, atol=1e-12)


def seven_point(rng, shape):
    """A diagonally dominant coefficient block and its sparse matrix (periodic in theta)."""
    n1, n2, n3 = shape
    m = rng.uniform(0.1, 1.0, (8, *shape))
    m[0, 0] = m[1, -1] = 0.0
    m[4, ..., 0] = m[5, ..., -1] = 0.0
    m[6] = m[:6].sum(axis=0) * 1.3
    index = np.arange(np.prod(shape)).reshape(shape)
    rows, cols, values = [index.ravel()], [index.ravel()], [m[6].ravel()]
    for slot, (shift, axis) in enumerate([(1, 0), (-1, 0), (1, 1), (-1, 1), (1, 2), (-1, 2)]):
        rows.append(index.ravel())
        cols.append(np.roll(index, shift, axis).ravel())
        values.append(-m[slot].ravel())
    a = sp.coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))).tocsc()
    return m, a


@pytest.mark.parametrize("forward", [True, False])
def test_sweeps_converge_to_the_direct_solution(rng, forward):
    shape = (5, 6, 7)
    m, a = seven_point(rng, shape)
    exact = spl.spsolve(a, m[7].ravel()).reshape(shape)
    x = np.zeros(shape)
    for _ in range(60):
        sweep_theta(m, x, forward)
        sweep_z(m, x, not forward)
    np.testing.assert_allclose(x, exact, rtol=1e-8)


def test_one_theta_sweep_solves_uncoupled_rings_exactly(rng):
    shape = (4, 12, 5)
    m, _ = seven_point(rng, shape)
    m[[0, 1, 4, 5]] = 0.0
    x = np.zeros(shape)
    sweep_theta(m, x, True)
    residual = m[6] * x - m[2] * np.roll(x, 1, 1) - m[3] * np.roll(x, -1, 1) - m[7]
    assert np.abs(residual).max() < 1e-12


def test_pressure_solver_meets_the_direct_solution(rng):
    shape = (9, 12, 14)
    solver = PressureSolver(shape)
    cr, ct, cz = solver.coefficients
    for c in (cr, ct, cz):
        c[:] = rng.uniform(0.05, 2.0, c.shape)
    cr[0] = cr[-1] = 0.0
    cz[..., 0] = cz[..., -1] = 0.0
    ct[5:7, 3] = 0.0  # a thin baffle
    solver.set()
    rhs = rng.normal(size=shape)
    rhs -= rhs.mean()
    x = np.zeros(shape)
    assert solver.solve(rhs, x, 1e-10, 60) < 1e-10
    applied = np.zeros(shape)
    for c, axis in ((cr, 0), (cz, 2)):
        flux = np.take(c, range(1, c.shape[axis] - 1), axis) * np.diff(x, axis=axis)
        widths = [(0, 0)] * 3
        widths[axis] = (1, 1)
        applied -= np.diff(np.pad(flux, widths), axis=axis)
    flux = ct * (x - np.roll(x, 1, 1))
    applied -= np.roll(flux, -1, 1) - flux
    np.testing.assert_allclose(applied, rhs, atol=1e-8)


def test_wall_stress_is_continuous_at_the_kink():
    nu, y = 1e-6, 1e-4
    assert turbulence.Y_LAMINAR == pytest.approx(
        math.log(turbulence.E_WALL * turbulence.Y_LAMINAR) / turbulence.KAPPA, rel=1e-3
    )
    k = [(s * turbulence.Y_LAMINAR * nu / y / turbulence.C_MU25) ** 2 for s in (0.9999, 1.0001)]
    low, high = (turbulence.wall_lambda(value, y, nu) for value in k)
    assert low == pytest.approx(high, rel=1e-3)


def test_solid_body_rotation_produces_no_turbulence_and_loses_no_energy():
    r, rc, dr, dz, dth, az = geometry()
    shape = (NR, NT, NZ)
    ur, uz = np.zeros((NR + 1, NT, NZ)), np.zeros((NR, NT, NZ + 1))
    ang = np.ones(shape) * 3.0 * rc[:, None, None] ** 2
    uc = np.zeros((3, *shape))
    turbulence.centre_velocities(0, NR, ur, ang, uz, rc, uc)
    opened = np.ones((NR + 1, NT, NZ), np.int8), np.ones(shape, np.int8), np.ones((NR, NT, NZ + 1), np.int8)
    no, g = np.zeros(shape, bool), np.full(shape, np.nan)
    zc = np.cumsum(dz) - 0.5 * dz
    turbulence.production(0, NR, uc, ur, ang, uz, np.ones(shape), *opened, no, no, rc, zc, dr, dz, dth, g)
    assert np.abs(g).max() < 1e-20
    ft = ang / rc[:, None, None] * dr[:, None, None] * dz
    loss = np.zeros(shape)
    loss_r = np.zeros(ur.shape)
    turbulence.numerical_dissipation(0, NR, uc, ur, ft, uz, r, rc, no, *opened, loss, loss_r)
    turbulence.share_r_faces(0, NR, loss, loss_r)
    assert np.abs(loss).max() < 1e-25


def test_numerical_dissipation_of_a_step_is_the_upwind_loss():
    """A step in u_z carried by a uniform axial flux: c = 0 at the step, so the loss is |F| d^2 / 2."""
    shape = (2, 4, 6)
    uc = np.zeros((3, *shape))
    uc[2, ..., 3:] = 2.0
    fz = np.full((2, 4, 7), 0.5)
    zero_r, zero_t = np.zeros((3, 4, 6)), np.zeros(shape)
    no, loss = np.zeros(shape, bool), np.zeros(shape)
    opened = np.ones((3, 4, 6), np.int8), np.ones(shape, np.int8), np.ones((2, 4, 7), np.int8)
    r = np.array([0.0, 1.0, 2.0])
    loss_r = np.zeros(zero_r.shape)
    turbulence.numerical_dissipation(0, 2, uc, zero_r, zero_t, fz, r, np.array([0.5, 1.5]), no, *opened, loss, loss_r)
    turbulence.share_r_faces(0, 2, loss, loss_r)
    assert loss.sum() == pytest.approx(8 * 0.5 * 2.0**2 / 2)
