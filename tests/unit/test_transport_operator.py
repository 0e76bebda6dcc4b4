"""The kept operator is the one that FiPy assembles, and both are what one writes face by face."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix

from rushton.case import Case, load_case
from rushton.flow.analytic import recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import ROTATING, TankMesh
from rushton.mesh.faces import unstructured_faces
from rushton.transport.fipy_reference import face_diffusivity, fipy_matrix
from rushton.transport.frame import Frame, advecting_fluxes
from rushton.transport.operator import MOLECULAR_DIFFUSIVITY, ScalarOperator, assemble, face_conductances
from rushton.transport.stepping import TimeStepper

FRAMES: tuple[Frame, ...] = ("absolute", "relative")


@pytest.fixture(scope="module")
def tank(cases_folder: Path, with_blades: Callable[[Case, str], Case]) -> TankMesh:
    return build_mesh(with_blades(load_case(cases_folder / "lab_3L.toml", quality="draft"), "thin"), mesh_cells=3000)


@pytest.fixture(scope="module")
def flow(tank: TankMesh) -> Flow:
    """Swirl at the speed of the blades, so that the flux through a blade is Omega r A."""
    return recirculating_flow(tank, swirl=20.0, loop=3.0, nu_t=1e-4)


def by_hand(flow: Flow, operator: ScalarOperator, frame: Frame) -> coo_matrix:
    """Upwind convection and diffusion, face by face."""
    faces = unstructured_faces(flow.mesh)
    n = faces.n_interior
    flux = faces.flux(*advecting_fluxes(flow, frame))[:n]
    spread = MOLECULAR_DIFFUSIVITY + flow.nu_t[~flow.mesh.solid] / operator.schmidt_turbulent
    conductance = (face_diffusivity(faces, spread) * faces.area / faces.distance)[:n]
    p, q = faces.owner[:n], faces.neighbour[:n]
    out, back = np.maximum(flux, 0.0) + conductance, np.maximum(-flux, 0.0) + conductance
    rows = np.concatenate([p, p, q, q])
    columns = np.concatenate([p, q, p, q])
    values = np.concatenate([out, -back, -out, back])
    return coo_matrix((values, (rows, columns)), shape=operator.matrix.shape)


@pytest.mark.parametrize("frame", FRAMES)
def test_the_operator_is_the_one_fipy_assembles_and_the_one_written_face_by_face(flow: Flow, frame: Frame) -> None:
    operator = assemble(flow, schmidt_turbulent=0.4, frame=frame)
    largest = abs(operator.matrix).max()
    assert abs(operator.matrix - by_hand(flow, operator, frame).tocsr()).max() < 1e-14 * largest
    assert abs(operator.matrix - fipy_matrix(flow, 0.4, MOLECULAR_DIFFUSIVITY, frame)).max() < 1e-14 * largest


def test_structured_arrays_are_the_matrix(flow: Flow) -> None:
    operator = assemble(flow)
    fluid = ~flow.mesh.solid
    c = np.where(fluid, np.random.default_rng(0).random(flow.mesh.shape), 0.0)
    a, y = operator.neighbours, operator.diagonal * c
    y[1:] -= a[0][1:] * c[:-1]
    y[:-1] -= a[1][:-1] * c[1:]
    y -= a[2] * np.roll(c, 1, axis=1) + a[3] * np.roll(c, -1, axis=1)
    y[:, :, 1:] -= a[4][:, :, 1:] * c[:, :, :-1]
    y[:, :, :-1] -= a[5][:, :, :-1] * c[:, :, 1:]
    np.testing.assert_allclose(y[fluid], operator.matrix @ c[fluid], atol=1e-14 * abs(operator.matrix).max())
    assert operator.matrix.shape == (flow.mesh.n_mesh_cell, flow.mesh.n_mesh_cell)
    assert np.all(a >= 0.0)


@pytest.mark.parametrize("frame", FRAMES)
def test_uniform_is_kept_and_mass_is_kept(flow: Flow, frame: Frame) -> None:
    operator = assemble(flow, frame=frame)
    ones = np.ones(operator.matrix.shape[0])
    largest = abs(operator.matrix).max()
    assert np.abs(operator.matrix @ ones).max() < 1e-13 * largest
    assert np.abs(operator.matrix.T @ ones).max() < 1e-13 * largest


@pytest.mark.parametrize("frame", FRAMES)
def test_uniform_scalar_stays_uniform_through_the_rotating_zone(flow: Flow, frame: Frame) -> None:
    fluid = ~flow.mesh.solid
    stepper = TimeStepper(assemble(flow, frame=frame), 0.05)
    c = fluid.astype(float)
    for _ in range(5):
        c = stepper.step(c)
    assert np.abs(c[fluid] - 1.0).max() < 1e-12


def test_blades_are_open_to_the_absolute_flux_and_closed_to_the_relative_one(flow: Flow) -> None:
    mesh = flow.mesh
    blades = mesh.wall_theta == ROTATING
    swept = 20.0 * mesh.r_centre[:, None, None] * mesh.area_theta
    np.testing.assert_allclose(advecting_fluxes(flow, "absolute")[1][blades], swept[blades], rtol=1e-12)
    assert not np.any(advecting_fluxes(flow, "relative")[1][blades])


def test_frames_differ_only_in_the_swirl_of_the_zones(flow: Flow) -> None:
    a, b = advecting_fluxes(flow, "absolute"), advecting_fluxes(flow, "relative")
    assert np.array_equal(a[0], b[0]) and np.array_equal(a[2], b[2])
    resting = np.broadcast_to((flow.mesh.zone == 0)[:, None, :], a[1].shape)
    assert np.array_equal(a[1][resting], b[1][resting])


def test_conductances_are_those_of_the_harmonic_mean_and_zero_at_blades(tank: TankMesh) -> None:
    diffusivity = np.where(tank.solid, 0.0, np.random.default_rng(3).random(tank.shape) + 0.01)
    faces = unstructured_faces(tank)
    n = faces.n_interior
    expected = (face_diffusivity(faces, diffusivity[~tank.solid]) * faces.area / faces.distance)[:n]
    structured = face_conductances(tank, diffusivity)
    ours = np.empty(n)
    for d in range(3):
        here = faces.direction[:n] == d
        ours[here] = structured[d].ravel()[faces.index[:n][here]]
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert not np.any(structured[1][tank.wall_theta == ROTATING])


def test_the_same_flow_shares_one_operator(flow: Flow) -> None:
    assert assemble(flow) is assemble(flow)
    assert assemble(flow, schmidt_turbulent=1.0) is not assemble(flow)
