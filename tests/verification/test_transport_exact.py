"""Scalars against exact solutions, with the observed order of convergence."""

import numpy as np
import pytest
from scipy.special import j0, jn_zeros

from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh.cylinder import TankMesh
from rushton.transport.operator import ScalarOperator, assemble
from rushton.transport.stepping import TimeStepper

D = 2e-3  # diffusivity, m2/s
RADIUS, HEIGHT = 0.5, 1.0


def still(mesh: TankMesh) -> ScalarOperator:
    """Diffusion alone."""
    return assemble(recirculating_flow(mesh, swirl=0.0, loop=0.0, nu_t=D), schmidt_turbulent=1.0, molecular=0.0)


def tank(nr: int, nt: int, nz: int) -> TankMesh:
    return plain_tank(np.linspace(0.0, RADIUS, nr + 1), nt, np.linspace(0.0, HEIGHT, nz + 1))


def run(
    operator: ScalarOperator, c: np.ndarray, duration: float, steps: int, tolerance: float = 1e-10, **options: bool
) -> np.ndarray:
    stepper = TimeStepper(operator, duration / steps, tolerance=tolerance, **options)
    for _ in range(steps):
        c = stepper.step(c)
    return c


def observed_order(errors: list[float]) -> float:
    return float(np.log2(errors[-2] / errors[-1]))


def norm(operator: ScalarOperator, error: np.ndarray) -> float:
    return float(np.sqrt((operator.volumes * error**2).sum() / operator.volumes.sum()))


def test_axial_diffusion_decays_at_the_exact_rate_and_second_order() -> None:
    duration, errors = 20.0, []
    for n in (8, 16, 32):
        mesh = tank(3, 6, n)
        wave = np.broadcast_to(np.cos(np.pi * mesh.z_centre / HEIGHT), mesh.shape).copy()
        operator = still(mesh)
        c = run(operator, wave, duration, 400)
        errors.append(norm(operator, c - np.exp(-D * (np.pi / HEIGHT) ** 2 * duration) * wave))
    assert observed_order(errors) == pytest.approx(2.0, abs=0.2)
    assert errors[-1] < 3e-4


def test_radial_diffusion_follows_the_bessel_mode() -> None:
    """C = J0(lambda r) exp(-D lambda^2 t) with no flux through the wall."""
    root = jn_zeros(1, 1)[0] / RADIUS
    duration, errors = 5.0, []
    for n in (8, 16, 32):
        mesh = tank(n, 6, 3)
        edge = mesh.r * np.array([1.0])
        # exact mean over the annulus: integral of r J0 is r J1 / root
        from scipy.special import j1

        mean = np.diff(edge * j1(root * edge)) / root / (0.5 * np.diff(edge**2))
        mode = np.broadcast_to(mean[:, None, None], mesh.shape).copy()
        operator = still(mesh)
        c = run(operator, mode, duration, 200)
        errors.append(norm(operator, c - np.exp(-D * root**2 * duration) * mode))
    assert observed_order(errors) > 1.7
    assert errors[-1] < 1e-3
    assert j0(0.0) == 1.0


def test_azimuthal_diffusion_uses_arc_lengths() -> None:
    """On one thin ring the mode cos(theta) decays at D/r^2 (to second order in the angle)."""
    errors = []
    for nt in (12, 24, 48):
        mesh = plain_tank(np.array([0.0, 0.4, 0.5]), nt, np.array([0.0, 0.5, 1.0]))
        operator = still(mesh)
        # rate of the ring alone: rows of the operator on the mode, the other ring holding the same mode scaled to it
        ring = np.cos(mesh.theta_centre)[None, :, None] * np.ones(mesh.shape)
        a = operator.neighbours[2:4, 1, :, :]
        rate = ((a[0] + a[1]) * ring[1] - a[0] * np.roll(ring[1], 1, axis=0) - a[1] * np.roll(ring[1], -1, axis=0)) / (
            operator.volumes[1] * ring[1]
        )
        exact = D / mesh.r_centre[1] ** 2
        errors.append(float(np.abs(rate / exact - 1.0).max()))
    assert observed_order(errors) == pytest.approx(2.0, abs=0.1)


def blob(mesh: TankMesh, angle: float) -> np.ndarray:
    """A smooth spot at r = 0.3 m."""
    r, th, z = np.meshgrid(mesh.r_centre, mesh.theta_centre, mesh.z_centre, indexing="ij")
    d2 = (r * np.cos(th) - 0.3 * np.cos(angle)) ** 2 + (r * np.sin(th) - 0.3 * np.sin(angle)) ** 2
    return np.exp(-d2 / 0.1**2)


def swirl(mesh: TankMesh) -> Flow:
    return recirculating_flow(mesh, swirl=2.0 * np.pi, loop=0.0, nu_t=1e-12)


def test_solid_body_rotation_brings_a_spot_back() -> None:
    """One turn; the limited scheme converges clearly faster than first order (peaks are clipped), upwind hardly."""
    errors: dict[bool, list[float]] = {True: [], False: []}
    for nt in (64, 128, 256):
        mesh = tank(10, nt, 2)
        operator = assemble(swirl(mesh), molecular=0.0)
        start = blob(mesh, 1.0)
        for limited in (True, False) if nt == 256 else (True,):  # upwind is compared on the finest only
            c = run(operator, start, 1.0, 8 * nt, tolerance=1e-5, limited=limited)
            errors[limited].append(norm(operator, c - start) / norm(operator, start))
    assert observed_order(errors[True]) > 1.4
    assert errors[True][-1] < 0.35 * errors[False][-1]


def test_second_order_in_time() -> None:
    mesh = tank(3, 6, 12)
    wave = np.broadcast_to(np.cos(np.pi * mesh.z_centre / HEIGHT), mesh.shape).copy()
    operator = still(mesh)
    reference = run(operator, wave, 40.0, 1600)
    order = {}
    for second_order in (True, False):
        runs = [run(operator, wave, 40.0, n, second_order=second_order) for n in (8, 16, 32)]
        errors = [norm(operator, c - reference) for c in runs]
        order[second_order] = observed_order(errors)
    assert order[True] > 1.7
    assert order[False] == pytest.approx(1.0, abs=0.2)


def test_convection_with_its_limited_part_is_second_order_in_time() -> None:
    """The limited part is as new as the rest of the step: a spot carried round by a fast swirl."""
    mesh = tank(10, 32, 2)
    operator = assemble(swirl(mesh), molecular=0.0)
    start = 1.0 + blob(mesh, 1.0)
    exact = run(operator, start, 0.25, 1024, tolerance=1e-6)
    errors = [norm(operator, run(operator, start, 0.25, n, tolerance=1e-6) - exact) for n in (16, 32, 64)]
    assert observed_order(errors) > 1.6
    assert errors[-1] < 2e-3


def test_doubling_the_step_keeps_second_order() -> None:
    mesh = tank(3, 6, 12)
    wave = np.broadcast_to(np.cos(np.pi * mesh.z_centre / HEIGHT), mesh.shape).copy()
    operator = still(mesh)
    reference = run(operator, wave, 40.0, 1600)
    errors = []
    for n in (16, 32):
        stepper, c = TimeStepper(operator, 20.0 / n, tolerance=1e-10), wave
        for _ in range(n):
            c = stepper.step(c)
        stepper.double_step()
        for _ in range(n // 2):
            c = stepper.step(c)
        errors.append(norm(operator, c - reference))
    assert observed_order(errors) > 1.7


@pytest.mark.parametrize(("courant", "allowed"), [(0.2, 5e-3), (5.0, 0.04), (50.0, 0.04)])
def test_limited_convection_makes_hardly_any_new_extremes(courant: float, allowed: float) -> None:
    """A top hat in a closed loop, implicit Euler: next to none at small steps, some per cent where the limiter lags."""
    mesh = tank(12, 8, 24)
    flow = recirculating_flow(mesh, swirl=1.0, loop=1.0, nu_t=1e-12)
    operator = assemble(flow, molecular=0.0)
    outflow = np.maximum(operator.diagonal, 1e-30)
    dt = courant * float(np.median(operator.volumes / outflow))
    c = np.zeros(mesh.shape)
    c[4:8, 1:4, 6:14] = 1.0
    stepper = TimeStepper(operator, dt, second_order=False, tolerance=1e-8)
    total = float((operator.volumes * c).sum())
    for _ in range(40):
        c = stepper.step(c)
        assert c.min() > -allowed and c.max() < 1.0 + allowed
        assert float((operator.volumes * c).sum()) == pytest.approx(total, rel=1e-12)


def test_upwind_makes_no_new_extremes_at_all() -> None:
    mesh = tank(12, 8, 24)
    operator = assemble(recirculating_flow(mesh, swirl=1.0, loop=1.0, nu_t=1e-12), molecular=0.0)
    c = np.zeros(mesh.shape)
    c[4:8, 1:4, 6:14] = 1.0
    stepper = TimeStepper(operator, 0.5, limited=False, second_order=False, tolerance=1e-12)
    for _ in range(10):
        c = stepper.step(c)
        assert c.min() > -1e-9 and c.max() < 1.0 + 1e-9


@pytest.mark.parametrize("courant", [0.5, 5.0, 50.0, 500.0])
def test_any_time_step_is_stable(courant: float) -> None:
    mesh = tank(8, 12, 12)
    operator = assemble(recirculating_flow(mesh, swirl=1.0, loop=1.0, nu_t=1e-12), molecular=0.0)
    dt = courant * float(np.median(operator.volumes / np.maximum(operator.diagonal, 1e-30)))
    c = np.random.default_rng(0).random(mesh.shape)
    first = norm(operator, c - (operator.volumes * c).sum() / operator.volumes.sum())
    stepper = TimeStepper(operator, dt)
    for _ in range(100):
        c = stepper.step(c)
    assert norm(operator, c - (operator.volumes * c).sum() / operator.volumes.sum()) < first
