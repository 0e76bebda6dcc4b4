"""The limited part of convection: compiled against readable, both against FiPy, and its promises."""

from pathlib import Path

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import TankMesh
from rushton.transport.frame import advecting_fluxes
from rushton.transport.limited import LimitedConvection, limited_part_reference, slope_weights
from rushton.transport.operator import assemble


@pytest.fixture(scope="module")
def tank(cases_folder: Path) -> TankMesh:
    return build_mesh(load_case(cases_folder / "lab_3L.toml", quality="draft"), mesh_cells=3000)


def test_compiled_is_the_reference(tank: TankMesh) -> None:
    operator = assemble(recirculating_flow(tank, swirl=-5.0, loop=3.0))
    c = np.where(tank.solid, 0.0, np.random.default_rng(0).random(tank.shape))
    expected = limited_part_reference(c, operator.fluxes, operator.joined, slope_weights(tank))
    np.testing.assert_allclose(LimitedConvection(operator)(c), expected, atol=1e-15 * np.abs(expected).max() * 10)
    assert np.abs(expected).max() > 0.0


def test_equals_fipys_own_limited_term() -> None:
    """On a uniform Cartesian grid, per direction, in the limit of small time steps."""
    from fipy import CellVariable, ExplicitUpwindConvectionTerm, Grid3D, TransientTerm, VanLeerConvectionTerm

    n = (7, 6, 5)
    grid = Grid3D(nx=n[0], ny=n[1], nz=n[2], dx=0.3, dy=0.2, dz=0.1)
    random = np.random.default_rng(5)
    values = random.random(n)
    velocity = (0.7, 0.0, -0.4)
    concentration = CellVariable(mesh=grid, value=values.transpose(2, 1, 0).ravel(), hasOld=True)

    def rate(term: type) -> np.ndarray:
        from fipy.solvers import DummySolver

        equation = TransientTerm() + term(coeff=velocity)
        equation.cacheRHSvector()
        dt = 1e-9
        equation.solve(var=concentration, solver=DummySolver(), dt=dt)
        held = np.asarray(grid.cellVolumes) * concentration.value / dt
        return (np.asarray(equation.RHSvector) - held).reshape(n[::-1]).transpose(2, 1, 0)

    fipys = rate(VanLeerConvectionTerm) - rate(ExplicitUpwindConvectionTerm)
    flux_r = np.full((n[0] + 1, n[1], n[2]), velocity[0] * 0.2 * 0.1)
    flux_z = np.full((n[0], n[1], n[2] + 1), velocity[2] * 0.3 * 0.2)
    flux_r[[0, -1]], flux_z[:, :, [0, -1]] = 0.0, 0.0
    joined = (flux_r != 0.0, np.zeros(n, bool), flux_z != 0.0)
    weights = (np.full(n[0], 0.25), np.array([0.25]), np.full(n[2], 0.25))
    weights[0][[0, -1]], weights[2][[0, -1]] = 0.0, 0.0
    ours = limited_part_reference(values, (flux_r, np.zeros(n), flux_z), joined, weights)
    # FiPy extrapolates to the boundary where we stay upwind: compare where the stencil is inside
    inner = (slice(2, -2), slice(None), slice(2, -2))
    scale = np.abs(fipys[inner]).max()
    assert scale > 1e-4
    np.testing.assert_allclose(ours[inner], fipys[inner], atol=1e-5 * scale)


def test_exact_for_a_linear_field_on_a_stretched_grid() -> None:
    z = np.cumsum(np.concatenate([[0.0], 1.15 ** np.arange(12)]))
    mesh = plain_tank(np.linspace(0.0, 1.0, 4), 8, z)
    flux_z = np.ones(mesh.wall_z.shape)
    flux_z[:, :, [0, -1]] = 0.0
    zero_r, zero_t = np.zeros(mesh.wall_r.shape), np.zeros(mesh.shape)
    joined = (np.zeros(zero_r.shape, bool), np.zeros(zero_t.shape, bool), flux_z > 0.0)
    c = np.broadcast_to(mesh.z_centre, mesh.shape).copy()
    extra = limited_part_reference(c, (zero_r, zero_t, flux_z), joined, slope_weights(mesh))
    # the face value becomes the linear one, z at the face, from the second inner face on
    face_excess = -np.cumsum(extra, axis=2)[0, 0, 1:-1]
    np.testing.assert_allclose(face_excess, mesh.z[2:-1] - mesh.z_centre[1:-1], rtol=1e-12)


@pytest.mark.parametrize("frame", ["absolute", "relative"])
def test_keeps_mass_and_leaves_constants_alone(tank: TankMesh, frame: str) -> None:
    flow = recirculating_flow(tank, swirl=5.0, loop=3.0)
    operator = assemble(flow)
    random = np.where(tank.solid, 0.0, np.random.default_rng(2).random(tank.shape))
    part = LimitedConvection(operator)(random).copy()
    assert abs(part.sum()) < 1e-12 * np.abs(part).sum()
    assert np.array_equal(operator.fluxes[2], advecting_fluxes(flow, "absolute")[2])
    assert not np.any(LimitedConvection(operator)(np.where(tank.solid, 0.0, 2.5)))


def test_face_values_stay_between_their_neighbours(tank: TankMesh) -> None:
    """|C_f - C_U| <= |C_D - C_U|: the extra flux never overshoots the downwind value."""
    flow = recirculating_flow(tank, swirl=0.0, loop=3.0)
    operator = assemble(flow)
    c = np.where(tank.solid, 0.0, np.random.default_rng(4).random(tank.shape))
    only_z = (np.zeros_like(operator.fluxes[0]), np.zeros_like(operator.fluxes[1]), operator.fluxes[2])
    extra = limited_part_reference(c, only_z, operator.joined, slope_weights(tank))
    through = -np.cumsum(extra, axis=2)[:, :, :-1]
    jump = np.abs(np.diff(c, axis=2)) * np.abs(only_z[2][:, :, 1:-1])
    assert np.all(np.abs(through) <= jump + 1e-12 * jump.max())


def test_work_space_is_reused_safely(tank: TankMesh) -> None:
    operator = assemble(recirculating_flow(tank))
    convection = LimitedConvection(operator)
    c = np.where(tank.solid, 0.0, np.random.default_rng(6).random(tank.shape))
    first = convection(c).copy()
    convection(2.0 * c)
    np.testing.assert_array_equal(convection(c), first)
