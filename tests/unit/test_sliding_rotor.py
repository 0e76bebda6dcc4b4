"""A rotor that turns in time: what a step turns, and what it must leave alone."""

from dataclasses import replace

import numpy as np
import pytest

from rushton.case import Case, case_from_dict
from rushton.errors import CaseError
from rushton.flow.grid import FlowGrid
from rushton.flow.inertia import Inertia, add_inertia, add_scalar_inertia
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.sliding import Average, Rotor, turned_mesh
from rushton.flow.viscosity import Newtonian
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import ROTATING


def case_with(impeller: dict | None = None, **flow) -> Case:
    return case_from_dict({
        "tank": {"diameter": "0.3 m", "liquid_height": "0.3 m"},
        "operation": {"speed": "300 rpm"},
        "numerics": {"mesh_cells": 4_000},
        "impeller": [{"diameter": "0.1 m", "clearance": "0.1 m", **(impeller or {})}],
        "flow": {"blades": "thin", **flow},
    })  # fmt: skip


@pytest.fixture
def solver():
    case = case_with()
    grid = FlowGrid.of(build_mesh(case, 4_000, sector=2), case.operation.omega)
    return Simplec(grid, Newtonian(1e-6), 1e-3)


@pytest.fixture
def state(solver):
    rng = np.random.default_rng(3)
    s = FlowState.at_rest(solver.grid, 1.0, 5.0, 0.1)
    for name in ("ur", "ang", "uz", "p", "ke", "eps", "nut"):
        x = getattr(s, name)
        x[:] = rng.uniform(0.5, 1.0, x.shape)
    return s


def test_blades_turn_cell_by_cell_and_the_vessel_stays(solver):
    mesh = solver.grid.mesh
    nt = mesh.shape[1]
    blades = mesh.wall_theta == ROTATING
    assert blades.any()
    for steps in (1, 5):
        turned = turned_mesh(mesh, steps)
        np.testing.assert_array_equal(turned.wall_theta == ROTATING, np.roll(blades, steps, axis=1))
        np.testing.assert_array_equal(turned.wall_theta == 1, mesh.wall_theta == 1)  # baffles
        np.testing.assert_array_equal(turned.wall_z, mesh.wall_z)  # the disc is round
        np.testing.assert_array_equal(turned.solid, mesh.solid)
    np.testing.assert_array_equal(turned_mesh(mesh, nt).patch_theta, mesh.patch_theta)


def test_turning_moves_the_zone_alone_and_keeps_every_ring(solver, state):
    before = {name: getattr(state, name).copy() for name in ("ur", "ang", "uz", "ke")}
    rotor = Rotor(solver, 31.4)
    rotor.turn_state(state, 1)
    zone = solver.grid.mesh.zone > 0
    for name in ("ang", "ke"):
        x, old = getattr(state, name), before[name]
        np.testing.assert_array_equal(x[np.nonzero(~zone)[0], :, np.nonzero(~zone)[1]],
                                      old[np.nonzero(~zone)[0], :, np.nonzero(~zone)[1]])  # fmt: skip
        i, k = (n[0] for n in np.nonzero(zone))
        np.testing.assert_array_equal(x[i, :, k], np.roll(old[i, :, k], 1))
    for name in ("ur", "ang", "uz", "ke"):
        np.testing.assert_allclose(getattr(state, name).sum(axis=1), before[name].sum(axis=1), rtol=1e-12)
    # a control volume on the border of a zone is the share of it that lies in the zone
    border = (rotor.in_r > 0.0) & (rotor.in_r < 1.0)
    assert border.any()
    i, _, k = (n[0] for n in np.nonzero(border))
    w = rotor.in_r[i, 0, k]
    np.testing.assert_allclose(
        state.ur[i, :, k], w * np.roll(before["ur"][i, :, k], 1) + (1 - w) * before["ur"][i, :, k]
    )


def test_averages_follow_the_blades_in_the_zone(solver, state):
    """A pattern that turns with the zone and rests outside is its own average, in step with the blades."""
    first = {name: getattr(state, name).copy() for name in ("ang", "ke")}
    rotor = Rotor(solver, 31.4)
    mean = Average(rotor, state)
    for _ in range(7):
        rotor.turn_state(state, 1)
        rotor._move(rotor.position + 1)
        mean.add(state)
    for name, x in first.items():
        np.testing.assert_allclose(mean.sums[name] / mean.count, x, rtol=1e-12)
    inside = rotor.in_r[:, 0, :] == 1.0
    assert inside.any()
    assert rotor.solver.grid.fixed_t.sum() == rotor.first.fixed_t.sum()
    rotor.rest()
    assert solver.inertia is None and solver.grid is rotor.first


def test_inertia_equals_its_formula():
    rng = np.random.default_rng(5)
    shape = (3, 4, 5)
    block, d, old = rng.uniform(size=(8, *shape)), rng.uniform(size=shape), rng.normal(size=shape)
    fixed = rng.random(shape) < 0.3
    v, a = [rng.uniform(size=n) for n in shape], [rng.uniform(size=n) for n in shape]
    volume, area = (x[0][:, None, None] * x[1][:, None] * x[2] for x in (v, a))
    new, factors = block.copy(), d.copy()
    for lo, hi in ((1, 3), (0, 1)):
        add_inertia(lo, hi, 2.0, *v, *a, fixed, old, new, factors)
    s = np.where(fixed, 0.0, 2.0 * volume)
    np.testing.assert_allclose(new[6], block[6] + s)
    np.testing.assert_allclose(new[7], block[7] + s * old)
    np.testing.assert_allclose(factors, area * d / (area + s * d))
    np.testing.assert_array_equal(new[:6], block[:6])
    new = block.copy()
    add_scalar_inertia(0, 3, 2.0, volume, fixed, old, new)
    np.testing.assert_allclose(new[6], block[6] + s)
    np.testing.assert_allclose(new[7], block[7] + s * old)


def test_control_volumes_fill_the_tank(solver):
    inertia = Inertia(solver.grid, 0.1)
    one = np.ones(solver.grid.mesh.shape)
    assert inertia.angular_momentum(one) == pytest.approx(solver.grid.vol.sum())


def test_fitted_faces_are_refused_and_immersed_blades_are_not():
    with pytest.raises(CaseError, match=r"flow\.rotor") as error:
        case_with(rotor="sliding", blades="solid")
    assert 'flow.blades = "thin"' in str(error.value)
    assert case_with(rotor="sliding", blades="auto").thin_blades
    assert case_with({"type": "pitched-blade"}, rotor="sliding", blades="solid").flow.rotor == "sliding"


def test_unequal_cells_cannot_slide(solver):
    mesh = solver.grid.mesh
    theta = mesh.theta.copy()
    theta[3] += 0.1 * (theta[1] - theta[0])
    uneven = Simplec(FlowGrid.of(replace(mesh, theta=theta), 31.4), Newtonian(1e-6), 1e-3)
    with pytest.raises(ValueError, match="equal theta cells"):
        Rotor(uneven, 31.4)
