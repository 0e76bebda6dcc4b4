"""Kernels of the turbulence closures against their readable versions, and the wall distance against brute force."""

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow import turbulence
from rushton.flow.closures import k_omega_sst as sst
from rushton.flow.closures import realizable as rke
from rushton.flow.closures import reference, rotation
from rushton.flow.regime import regime_of
from rushton.flow.wall_distance import wall_distance, wall_faces
from rushton.mesh import build_mesh

SHAPE = (3, 4, 5)


@pytest.fixture
def fields():
    rng = np.random.default_rng(3)
    names = ("k", "eps", "nut", "g", "num", "omega", "y", "f1")
    out = {name: rng.uniform(0.05, 1.0, SHAPE) for name in names}
    out["nu"], out["cross"] = np.full(SHAPE, 1e-3), rng.normal(size=SHAPE)
    return out


def split(add, x, *arguments, alpha=0.7):
    """(explicit, implicit) per volume that a source kernel puts into an empty coefficient block, unit volumes."""
    m = np.zeros((8, *SHAPE))
    add(0, SHAPE[0], *arguments, np.ones(SHAPE), np.zeros(SHAPE, bool), alpha, m)
    implicit = m[6] * alpha
    return m[7] - (1.0 / alpha - 1.0) * implicit * x, implicit


def same(found, wanted):
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-9, atol=1e-13)


def test_destruction_under_rotation_equals_the_readable_version(fields):
    """All r faces open but one; the mesh cell at a wall keeps its epsilon."""
    nr, nt, nz = SHAPE
    rc, alpha = np.array([0.1, 0.25, 0.45]), 0.7
    ang = np.random.default_rng(5).normal(size=SHAPE) * 0.02
    open_r = np.zeros((nr + 1, nt, nz), np.int8)
    open_r[1:-1] = 1
    open_r[1, 2, 3] = 0
    at_wall = np.zeros(SHAPE, bool)
    at_wall[2, 1, 1] = True
    m = np.zeros((8, *SHAPE))
    for lo, hi in ((0, 1), (1, nr)):
        rotation.correct_destruction(
            lo,
            hi,
            fields["k"],
            fields["eps"],
            ang,
            open_r,
            at_wall,
            np.zeros(SHAPE, bool),
            np.ones(SHAPE),
            rc,
            alpha,
            m,
        )
    swirl = 0.5 * (ang + np.roll(ang, -1, axis=1))
    rise = np.empty(SHAPE)
    rise[0] = (swirl[1] - swirl[0]) / (rc[1] - rc[0])
    rise[1] = (swirl[2] - swirl[0]) / (rc[2] - rc[0])
    rise[2] = (swirl[2] - swirl[1]) / (rc[2] - rc[1])
    rise[0, 2, 3], rise[1, 2, 3] = 0.0, (swirl[2, 2, 3] - swirl[1, 2, 3]) / (rc[2] - rc[1])
    f = reference.rotation_factor(fields["k"], fields["eps"], swirl, rise, rc[:, None, None])
    assert (f < 1.0).any() and (f > 1.0).any()
    wanted = np.where(at_wall, 0.0, (f - 1.0) * turbulence.C_2 * fields["eps"] / fields["k"])
    np.testing.assert_allclose(m[6] * alpha, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(m[7], (1.0 / alpha - 1.0) * wanted * fields["eps"], rtol=1e-9, atol=1e-12)


def test_rotation_damps_turbulence_in_a_solid_body_and_leaves_a_free_vortex_alone():
    r = np.linspace(0.1, 0.5, 5)
    body = reference.rotation_factor(0.1, 1.0, 3.0 * r**2, 6.0 * r, r)  # L = Omega r^2: Ri = 2 (Omega k / eps)^2
    np.testing.assert_allclose(body, 1.0 - 0.2 * 2.0 * 0.3**2)
    assert np.all(reference.rotation_factor(0.1, 1.0, np.full(5, 0.2), np.zeros(5), r) == 1.0)
    # epsilon = C_1 / C_2 of its destruction: production that equals dissipation keeps turbulence alive
    assert rotation.LEAST * turbulence.C_2 == pytest.approx(turbulence.C_1)


def test_sources_equal_the_readable_version(fields):
    f, no = fields, np.zeros(SHAPE, bool)
    of_k, of_eps = reference.k_epsilon(f["k"], f["eps"], f["g"], f["num"])
    same(split(turbulence.add_k_sources, f["k"], f["k"], f["eps"], f["g"], f["num"]), of_k)
    args = (f["k"], f["eps"], f["g"], f["num"], f["eps"], no)
    same(split(turbulence.add_epsilon_sources, f["eps"], *args), of_eps)
    of_k, of_eps = reference.realizable(f["k"], f["eps"], f["nut"], f["nu"], f["g"], f["num"])
    args = (f["k"], f["eps"], f["nut"], f["nu"], f["g"], f["num"], f["eps"], no)
    same(split(rke.add_epsilon_sources, f["eps"], *args), of_eps)
    of_k, of_w = reference.k_omega_sst(f["k"], f["omega"], f["nut"], f["g"], f["num"], f["f1"], f["cross"])
    same(split(sst.add_k_sources, f["k"], f["k"], f["omega"], f["g"], f["num"]), of_k)
    args = (f["k"], f["omega"], f["nut"], f["g"], f["num"], f["eps"], f["f1"], f["cross"], no)
    same(split(sst.add_omega_sources, f["omega"], *args), of_w)


def test_sst_blending_equals_the_readable_version(fields):
    f = fields
    wanted = reference.sst_blending(f["k"], f["omega"], f["y"], f["nu"], f["cross"])
    points = zip(*(f[n].ravel() for n in ("k", "omega", "y", "nu", "cross")), strict=True)
    found = np.array([sst.blending(*p) for p in points]).T.reshape(2, *SHAPE)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_realizable_c_mu_equals_the_readable_version_and_keeps_every_normal_stress_positive():
    """2 k / 3 - 2 nu_t S_max >= 0 for any gradient without divergence; the standard model fails the same gradients."""
    rng = np.random.default_rng(5)
    gradient = rng.normal(size=(2000, 3, 3)) * 10.0 ** rng.uniform(-1, 3, (2000, 1, 1))
    gradient -= np.einsum("nii,jk->njk", gradient, np.eye(3)) / 3.0
    turnover = 10.0 ** rng.uniform(-2, 1, 2000)
    found = np.array([rke.c_mu(*g.ravel(), t) for g, t in zip(gradient, turnover, strict=True)])
    np.testing.assert_allclose(found, reference.realizable_c_mu(gradient, turnover), rtol=1e-7)
    strongest = np.linalg.eigvalsh(0.5 * (gradient + np.swapaxes(gradient, 1, 2))).max(axis=1)
    normal_stress = 2.0 / 3.0 - 2.0 * found * turnover * strongest  # over k
    assert normal_stress.min() > -1e-9
    assert (2.0 / 3.0 - 2.0 * turbulence.C_MU * turnover * strongest).min() < 0.0


def test_wall_distance_is_that_of_all_walls(cases_folder):
    mesh = build_mesh(load_case(cases_folder / "rushton_bench.toml"), 6_000, sector=2)
    found = wall_distance(mesh)
    rng = np.random.default_rng(1)
    cells = np.argwhere(~mesh.solid)[rng.integers(0, (~mesh.solid).sum(), 300)]
    r, t, z = mesh.r_centre[cells[:, 0]], mesh.theta_centre[cells[:, 1]], mesh.z_centre[cells[:, 2]]
    wanted = np.full(300, np.inf)
    period = mesh.theta[-1]
    for r0, r1, t0, t1, z0, z1 in wall_faces(mesh):
        for turn in (-period, 0.0, period):
            d = np.clip(t, t0 + turn, t1 + turn) - t
            s, h = np.clip(r * np.cos(d), r0, r1), np.clip(z, z0, z1) - z
            wanted = np.minimum(wanted, r**2 + s**2 - 2 * r * s * np.cos(d) + h**2)
    wanted = np.sqrt(wanted)
    assert np.all(found[tuple(cells.T)] >= wanted * (1 - 1e-9))
    np.testing.assert_allclose(found[tuple(cells.T)], wanted, rtol=0.01)


def test_regimes_say_what_is_computed():
    assert regime_of(10.0, "k-epsilon").model == "laminar"
    assert "without turbulence model" in regime_of(10.0, "k-epsilon").message
    assert regime_of(10.0, "laminar").message == ""
    middle = regime_of(2000.0, "k-omega-sst")
    assert (middle.name, middle.model) == ("transitional", "k-omega-sst")
    assert "not to be trusted" in middle.message
    assert regime_of(1e5, "realizable-k-epsilon").message == ""
    assert "does not exist" in regime_of(1e5, "laminar").message
