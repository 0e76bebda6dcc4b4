"""Tanks without baffles: kernels equal their references, rings keep no residual, a solution is left alone."""

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.flow import swirl
from rushton.flow.grid import FlowGrid
from rushton.flow.simplec import Simplec
from rushton.flow.viscosity import Newtonian
from rushton.mesh import build_mesh

ALPHA = 0.9


@pytest.fixture
def equations():
    """Relaxed seven-point equations of an M-matrix with some fixed nodes, and what they were relaxed from."""
    rng = np.random.default_rng(3)
    shape = (5, 6, 7)
    m = rng.uniform(0.1, 1.0, (8, *shape))
    m[0, 0], m[1, -1], m[4, ..., 0], m[5, ..., -1] = 0.0, 0.0, 0.0, 0.0
    total = m[:6].sum(axis=0) + 0.05
    fixed = rng.random(shape) < 0.2
    fixed[2, :, 3] = True  # a whole ring
    m[:6, fixed], m[7, fixed], total[fixed] = 0.0, 0.3, 1.0
    old, x = rng.normal(size=(2, *shape))
    x[fixed] = old[fixed] = 0.3
    m[6] = np.where(fixed, 1.0, total / ALPHA)
    m[7] = np.where(fixed, 0.3, m[7] + (1.0 / ALPHA - 1.0) * total * old)
    return m, x, old, fixed


def residual(m, x, old):
    """Of the unrelaxed equations, node by node."""
    out = np.empty_like(x)
    for j in range(x.shape[1]):
        others = np.ones(x.shape, bool)
        others[:, j] = False  # sums over rings in which this node alone is free
        out[:, j] = swirl.ring_sums_reference(m, x, old, others, ALPHA)[5]
    return out


def test_the_kernel_equals_its_reference(equations):
    m, x, old, fixed = equations
    c = np.full((6, *x.shape[::2]), np.nan)
    for lo, hi in ((0, 2), (2, 5)):
        swirl.ring_sums(lo, hi, m, x, old, fixed, ALPHA, c)
    np.testing.assert_allclose(c, swirl.ring_sums_reference(m, x, old, fixed, ALPHA), rtol=1e-12, atol=1e-12)


def test_the_whole_correction_leaves_no_ring_a_residual(equations):
    m, x, old, fixed = equations
    d = swirl.solve_rings(swirl.ring_sums_reference(m, x, old, fixed, ALPHA))
    assert d[2, 3] == 0.0
    corrected = x + np.where(fixed, 0.0, d[:, None, :])
    before, after = (np.where(fixed, 0.0, residual(m, y, old)).sum(axis=1) for y in (x, corrected))
    assert np.abs(after).max() < 1e-12 < 0.1 < np.abs(before).max()


def test_a_solution_is_not_corrected(equations):
    m, x, old, fixed = equations
    m[7][~fixed] -= residual(m, x, old)[~fixed]
    assert np.abs(swirl.solve_rings(swirl.ring_sums_reference(m, x, old, fixed, ALPHA))).max() < 1e-12


def test_u_r_is_held_back_where_swirl_is_stable_only():
    rng = np.random.default_rng(4)
    nr, nt, nz = 4, 3, 5
    r, dth, dz = np.linspace(0.0, 1.0, nr + 1), np.full(nt, 0.5), rng.uniform(0.1, 0.2, nz)
    rc, dr = 0.5 * (r[1:] + r[:-1]), np.diff(r)
    m, x = rng.uniform(0.5, 1.0, (8, nr + 1, nt, nz)), rng.normal(size=(nr + 1, nt, nz))
    ang, d = rng.uniform(0.1, 1.0, (nr, nt, nz)), rng.uniform(0.1, 1.0, (nr + 1, nt, nz))
    fixed = rng.random((nr + 1, nt, nz)) < 0.2
    got, got_d = m.copy(), d.copy()
    for lo, hi in ((0, 2), (2, nr + 1)):
        swirl.hold_back(lo, hi, got, got_d, x, ang, fixed, r, rc, dr, dz, dth, ALPHA)
    middle = 0.5 * (ang + np.roll(ang, -1, axis=1))
    gap = np.diff(rc)[:, None, None]
    ri = r[1:-1, None, None]
    phi = np.diff(middle**2, axis=0) / (ri**3 * gap)
    volume = ri * gap * dth[:, None] * dz
    extra = np.zeros_like(x)
    extra[1:-1] = np.maximum(phi, 0.0) * volume**2 / ((1.0 - ALPHA) * m[6, 1:-1])
    extra[fixed] = 0.0
    assert (extra > 0.0).any() and (phi < 0.0).any()
    np.testing.assert_allclose(got[6] - m[6], extra, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got[7] - m[7], extra * x, rtol=1e-9, atol=1e-12)
    area = np.zeros_like(x)
    area[1:-1] = volume / gap
    # d = A / (a - sum a_nb): the denominator grows by D
    np.testing.assert_allclose((area / got_d - area / d)[1:-1], extra[1:-1], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(got[:6], m[:6])


@pytest.mark.parametrize(("baffles", "free"), [(0, True), (4, False)])
def test_it_is_used_without_baffles_only(baffles, free):
    case = case_from_dict(
        {
            "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m", "baffles": {"count": baffles}},
            "impeller": [{"diameter": "0.1 m", "clearance": "0.1 m"}],
            "operation": {"speed": "300 rpm"},
        }
    )
    grid = FlowGrid.of(build_mesh(case, 4000), case.operation.omega)
    assert Simplec(grid, Newtonian(1e-6), 1e-3).free_swirl is free
