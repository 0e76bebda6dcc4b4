"""Manufactured solutions: smooth fields are chosen, the sources that make them exact are fed in, and the error is asked
for its order.

Sources come from the equations as textbooks write them (Bird, Stewart, Lightfoot, appendix B: stresses of 2 nu S,
forces per volume), differentiated at each node by differences of eighth order, so nothing of the solver's own form of
the equations is in them.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rushton.flow import turbulence
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.flow.grid import FlowGrid
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.transposed import transposed_forces
from rushton.flow.viscosity import Newtonian
from rushton.mesh.cylinder import SLIP
from rushton.transport.limited import LimitedConvection
from rushton.transport.linear import LinearSystem
from rushton.transport.operator import assemble

A, B, H = 0.5, 1.5, 1.0
"""Inner and outer radius of the ring and its height, m."""
WEIGHTS = np.array([4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0])
STEP = 1e-2

Field = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def d(f: Field, axis: int) -> Field:
    """Derivative of a function of (r, theta, z) along one of them, eighth order."""

    def derivative(*x: np.ndarray) -> np.ndarray:
        def at(shift: float) -> np.ndarray:
            return f(*(v + (shift if n == axis else 0.0) for n, v in enumerate(x)))

        return sum(w * (at((n + 1) * STEP) - at(-(n + 1) * STEP)) for n, w in enumerate(WEIGHTS)) / STEP

    return derivative


def stretched(low: float, high: float, n: int) -> np.ndarray:
    """Faces whose spacing varies smoothly by a factor of two."""
    s = np.linspace(0.0, 1.0, n + 1)
    return low + (high - low) * (s + 0.1 * np.sin(2.0 * math.pi * s) / math.pi * 1.5)


def angles(n: int) -> np.ndarray:
    t = np.linspace(0.0, 2.0 * math.pi, n + 1)
    t = t + 0.15 * np.sin(t)
    t[0], t[-1] = 0.0, 2.0 * math.pi
    return t


def ring(n: int):
    """Mesh of a ring between frictionless walls, not uniform in any direction."""
    mesh = plain_tank(stretched(A, B, n), n + n // 2, stretched(0.0, H, n))
    wall_r, wall_z = mesh.wall_r.copy(), mesh.wall_z.copy()
    wall_r[0] = wall_r[-1] = wall_z[..., 0] = SLIP
    return replace(mesh, theta=angles(n + n // 2), wall_r=wall_r, wall_z=wall_z)


def order(errors: list[float]) -> float:
    return math.log2(errors[-2] / errors[-1])


# ------------------------------------------------------------------------------------------------------- momentum


SPAN = (B**2 - A**2) / math.pi


def swell(t):
    return 1.0 + 0.5 * np.cos(2.0 * t)


def u_r(r, t, z):
    return SPAN / 2.0 * np.sin((r**2 - A**2) / SPAN) / r * math.pi / H * np.cos(math.pi * z / H) * swell(t)


def u_z(r, t, z):
    return -np.cos((r**2 - A**2) / SPAN) * np.sin(math.pi * z / H) * swell(t)


def u_t(r, t, z):
    return r * (1.0 + 0.4 * np.cos(math.pi * (r - A) / (B - A))) * (1.0 + 0.3 * np.cos(math.pi * z / H))


def p(r, t, z):
    return r**2 * np.sin(t) * z * (1.0 - z)


def nu_t(r, t, z):
    return 0.05 * (2.0 + np.sin(t) * r + z**2)


NU = 0.02


def nu_e(r, t, z):
    return NU + nu_t(r, t, z)


def forces() -> tuple[Field, Field, Field]:
    """Force per volume and density that keeps the fields steady: on u_r (m/s2), L (m2/s2), u_z (m/s2)."""

    def s_rr(r, t, z):
        return 2.0 * nu_e(r, t, z) * d(u_r, 0)(r, t, z)

    def s_tt(r, t, z):
        return 2.0 * nu_e(r, t, z) * (d(u_t, 1)(r, t, z) + u_r(r, t, z)) / r

    def s_zz(r, t, z):
        return 2.0 * nu_e(r, t, z) * d(u_z, 2)(r, t, z)

    def s_rt(r, t, z):
        return nu_e(r, t, z) * (d(u_t, 0)(r, t, z) - u_t(r, t, z) / r + d(u_r, 1)(r, t, z) / r)

    def s_rz(r, t, z):
        return nu_e(r, t, z) * (d(u_r, 2)(r, t, z) + d(u_z, 0)(r, t, z))

    def s_tz(r, t, z):
        return nu_e(r, t, z) * (d(u_t, 2)(r, t, z) + d(u_z, 1)(r, t, z) / r)

    def carried(f):
        return lambda r, t, z: (
            u_r(r, t, z) * d(f, 0)(r, t, z) + u_t(r, t, z) / r * d(f, 1)(r, t, z) + u_z(r, t, z) * d(f, 2)(r, t, z)
        )

    def f_r(r, t, z):
        stress = d(lambda *x: x[0] * s_rr(*x), 0)(r, t, z) / r + d(s_rt, 1)(r, t, z) / r + d(s_rz, 2)(r, t, z)
        stress -= s_tt(r, t, z) / r
        return carried(u_r)(r, t, z) - u_t(r, t, z) ** 2 / r + d(p, 0)(r, t, z) - stress

    def f_l(r, t, z):
        stress = d(lambda *x: x[0] ** 2 * s_rt(*x), 0)(r, t, z) / r + d(s_tt, 1)(r, t, z) + r * d(s_tz, 2)(r, t, z)
        return carried(lambda r, t, z: r * u_t(r, t, z))(r, t, z) + d(p, 1)(r, t, z) - stress

    def f_z(r, t, z):
        stress = d(lambda *x: x[0] * s_rz(*x), 0)(r, t, z) / r + d(s_tz, 1)(r, t, z) / r + d(s_zz, 2)(r, t, z)
        return carried(u_z)(r, t, z) + d(p, 2)(r, t, z) - stress

    return f_r, f_l, f_z


class Given:
    """A closure that leaves the eddy viscosity as it is."""

    production_limit = 0.0

    def __init__(self, grid):
        pass

    def start(self, solver, s):
        pass

    def advance(self, solver, s, forward):
        pass


class Forced(Simplec):
    """The solver with given forces on its control volumes, handed over with those of the transposed stress."""

    forces: tuple[np.ndarray, np.ndarray, np.ndarray]

    def run(self, kernel, *arguments):
        super().run(kernel, *arguments)
        if kernel is transposed_forces:
            for total, given in zip((self.d_r, self.d_t, self.d_z), self.forces, strict=True):
                total += given


def nodes(mesh):
    """(r, theta, z) of the nodes of u_r, L, u_z and of the mesh cells."""
    r, t, z = mesh.r[:, None, None], mesh.theta[:-1][:, None], mesh.z
    rc, tc, zc = mesh.r_centre[:, None, None], mesh.theta_centre[:, None], mesh.z_centre
    return (r, tc, zc), (rc, t, zc), (rc, tc, z), (rc, tc, zc)


def ring_errors(n: int, second: bool) -> np.ndarray:
    """Volume rms errors of u_r, u_theta, u_z over that of the velocity, in the solution on n x 3n/2 x n mesh cells."""
    mesh = ring(n)
    grid = FlowGrid.of(mesh, 0.0)
    solver = Forced(grid, Newtonian(NU), 1.0, Given)
    solver.free_swirl = False  # walls without friction leave the swirl of the whole ring open: no sums round rings
    s = FlowState.at_rest(grid, 1.0, 1.0, 1.0)
    at_r, at_t, at_z, centre = nodes(mesh)
    s.nut[:] = nu_t(*centre)
    width_r, width_z = np.zeros(mesh.r.size), np.zeros(mesh.z.size)
    width_r[1:-1], width_z[1:-1] = np.diff(grid.rc), np.diff(grid.zc)
    width_t = 0.5 * (grid.dth + np.roll(grid.dth, 1))
    ring_volume = (grid.rc * grid.dr)[:, None, None]
    v_r = (mesh.r * width_r)[:, None, None] * grid.dth[:, None] * grid.dz
    v_t = ring_volume * width_t[:, None] * grid.dz
    v_z = ring_volume * grid.dth[:, None] * width_z
    f_r, f_l, f_z = forces()
    solver.forces = (f_r(*at_r) * v_r, f_l(*at_t) * v_t, f_z(*at_z) * v_z)
    exact = tuple(np.broadcast_to(u(*x), a.shape) for u, x, a in
                  ((u_r, at_r, s.ur), (u_t, at_t, s.ang), (u_z, at_z, s.uz)))  # fmt: skip
    s.ur[:], s.ang[:], s.uz[:] = exact[0], grid.rc[:, None, None] * exact[1], exact[2]
    s.ur[[0, -1]], s.uz[..., [0, -1]] = 0.0, 0.0
    for it in range(40 + 3 * n):
        solver.iterate(s, it % 2 == 0, second=second)
    found = s.ur, s.ang / grid.rc[:, None, None], s.uz
    size = math.sqrt(sum((v * e**2).sum() for v, e in zip((v_r, v_t, v_z), exact, strict=True)))
    return np.array(
        [math.sqrt((v * (x - e) ** 2).sum()) / size for v, x, e in zip((v_r, v_t, v_z), found, exact, strict=True)]
    )


@pytest.mark.parametrize(("second", "least"), [(True, 1.8), (False, 0.8)], ids=["limited", "upwind"])
def test_momentum_where_the_viscosity_varies(second, least):
    """Whole stress, curvature, pressure and convection at once; walls without friction."""
    errors = [ring_errors(n, second) for n in (8, 16, 32)]
    print("\nrms errors of u_r, u_theta, u_z: " + "; ".join(", ".join(f"{x:.2e}" for x in e) for e in errors))
    orders = np.log2(errors[-2] / errors[-1])
    print("orders: " + ", ".join(f"{x:.2f}" for x in orders))
    assert orders.min() > least
    assert errors[-1].max() < (2e-3 if second else 0.05)


# --------------------------------------------------------------------------------------------- a scalar in the tank


def tank(n: int):
    """The whole cylinder, axis included, not uniform in any direction."""
    mesh = plain_tank(stretched(0.0, B, n), n + n // 2, stretched(0.0, H, n))
    wall_r = mesh.wall_r.copy()
    wall_r[-1] = SLIP
    return replace(mesh, theta=angles(n + n // 2), wall_r=wall_r)


def loop(r, t, z):
    """Stream function of one loop, m3/s per radian: u_r = -1/r dPsi/dz, u_z = 1/r dPsi/dr."""
    return 0.5 * B**2 / math.pi * np.sin(math.pi * r**2 / B**2) * np.sin(math.pi * z / H)


def turn(r):
    """Angular velocity, 1/s."""
    return 1.0 + 0.5 * np.cos(math.pi * r**2 / B**2)


def concentration(r, t, z):
    """Smooth across the axis, without slope at the walls."""
    x = r * np.cos(t) * (1.0 - r**2 / (3.0 * B**2))
    return 2.0 + x * np.cos(math.pi * z / H) + 0.5 * np.cos(math.pi * r**2 / B**2)


def diffusivity(r, t, z):
    return 0.02 * (2.0 + r * np.sin(t) + z**2)


def spreading(c, spread) -> Field:
    """div(D grad c), per volume."""

    def per_volume(r, t, z):
        out = d(lambda *x: x[0] * spread(*x) * d(c, 0)(*x), 0)(r, t, z) / r
        out += d(lambda *x: spread(*x) * d(c, 1)(*x), 1)(r, t, z) / r**2
        return out + d(lambda *x: spread(*x) * d(c, 2)(*x), 2)(r, t, z)

    return per_volume


RATE = 1.0
"""Decay of the scalar, 1/s."""


def scalar_error(n: int, carried: bool, limited: bool) -> float:
    """Volume rms error of the steady scalar with decay, source and, where asked for, flow."""
    mesh = tank(n)
    still = recirculating_flow(mesh, 0.0, 0.0)
    centre = nodes(mesh)[3]
    flow = replace(still, nu_t=np.broadcast_to(diffusivity(*centre), mesh.shape).copy())
    psi = loop(mesh.r[:, None], 0.0, mesh.z[None, :])
    if carried:
        flow = replace(
            flow,
            flux_r=-np.diff(psi, axis=1)[:, None, :] * mesh.dtheta[:, None],
            flux_z=np.diff(psi, axis=0)[:, None, :] * mesh.dtheta[:, None],
            flux_theta=(turn(mesh.r_centre) * mesh.r_centre)[:, None, None] * mesh.area_theta,
        )
    operator = assemble(flow, schmidt_turbulent=1.0, molecular=0.0)
    source = RATE * concentration(*centre) - spreading(concentration, diffusivity)(*centre)
    if carried:
        r, _, z = centre
        source += turn(r) * d(concentration, 1)(*centre)
        source += d(loop, 0)(*centre) / r * d(concentration, 2)(*centre)
        source -= d(loop, 2)(*centre) / r * d(concentration, 0)(*centre)
    exact = np.broadcast_to(concentration(*centre), mesh.shape)
    system = LinearSystem(operator.diagonal, operator.neighbours, RATE * mesh.volumes, ~mesh.solid)
    part = LimitedConvection(operator) if limited else lambda c: 0.0
    c = exact.copy()
    for _ in range(40 if limited else 2):
        system.solve(source * mesh.volumes + part(c), c, tolerance=1e-3 if limited else 1e-10)
    return math.sqrt((mesh.volumes * (c - exact) ** 2).sum() / mesh.volume)


@pytest.mark.parametrize(
    ("carried", "limited", "low", "high"),
    [(False, False, 1.9, 2.1), (True, False, 0.85, 1.15), (True, True, 1.8, 3.0)],
    ids=["diffusion", "upwind", "limited"],
)
def test_a_scalar_where_the_diffusivity_varies(carried, limited, low, high):
    errors = [scalar_error(n, carried, limited) for n in (8, 16, 32)]
    print("\nrms errors: " + ", ".join(f"{e:.2e}" for e in errors) + f"; order {order(errors):.2f}")
    assert low < order(errors) < high


# ------------------------------------------------------------------------------------------- diffusion of k and epsilon


def turbulence_error(n: int) -> float:
    """Volume rms error of a scalar by the kernels of k and epsilon: diffusion (nu + nu_t / sigma) and a sink."""
    mesh = tank(n)
    grid = FlowGrid.of(mesh, 0.0)
    solver = Simplec(grid, Newtonian(NU), 1.0, Given)
    centre = nodes(mesh)[3]
    nut = np.broadcast_to(diffusivity(*centre), mesh.shape).copy()
    sigma = 1.3
    source = RATE * concentration(*centre)
    source = source - spreading(concentration, lambda *x: NU + diffusivity(*x) / sigma)(*centre)
    exact = np.broadcast_to(concentration(*centre), mesh.shape)
    m = np.zeros((8, *mesh.shape))
    solver.conduct(nut, sigma)
    zero_r, zero, zero_z = np.zeros(solver.fr.shape), np.zeros(mesh.shape), np.zeros(solver.fz.shape)
    turbulence.assemble_scalar(
        0, n, exact, zero_r, zero, zero_z, solver.gr, solver.gt, solver.gz, mesh.solid, m
    )  # fmt: skip
    system = LinearSystem(m[6].copy(), m[:6].copy(), RATE * grid.vol, ~mesh.solid)
    c = exact.copy()
    system.solve(source * grid.vol, c, tolerance=1e-9)
    return math.sqrt((grid.vol * (c - exact) ** 2).sum() / grid.vol.sum())


def test_diffusion_of_k_and_epsilon_is_of_second_order():
    errors = [turbulence_error(n) for n in (8, 16, 32)]
    print("\nrms errors: " + ", ".join(f"{e:.2e}" for e in errors) + f"; order {order(errors):.2f}")
    assert order(errors) == pytest.approx(2.0, abs=0.1)
