"""Gas lifts the liquid: the force, how it is laid on another mesh, and that its work is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.correlations import GRAVITY
from rushton.flow import Flow, solve_flow
from rushton.flow.buoyancy import GasLoad, lift
from rushton.flow.grid import FlowGrid
from rushton.mesh import build_mesh


@pytest.fixture(scope="module")
def bench(cases_folder: Path) -> Case:
    case = load_case(cases_folder / "rushton_bench.toml", quality="draft")
    return case.model_copy(update={"numerics": case.numerics.model_copy(update={"mesh_cells": 5000})})


@pytest.fixture(scope="module")
def solve(bench: Case) -> Callable[[GasLoad | None], Flow]:
    return lambda gas: solve_flow(bench, None, gas)


def test_a_uniform_gas_fraction_is_a_pressure(bench: Case) -> None:
    """The force is g alpha times the step of height: the difference of a pressure, so it drives nothing."""
    mesh = build_mesh(bench, 5000)
    grid = FlowGrid.of(mesh, bench.operation.omega)
    force = lift(grid, np.full(mesh.shape, 0.1))
    pressure = GRAVITY * 0.1 * mesh.z_centre
    expected = grid.az[:, :, None] * np.diff(pressure)
    np.testing.assert_allclose(force[:, :, 1:-1], np.broadcast_to(expected, force[:, :, 1:-1].shape), rtol=1e-12)
    assert not force[:, :, 0].any() and not force[:, :, -1].any()


def test_gas_on_its_own_mesh_and_on_a_sector(bench: Case) -> None:
    mesh = build_mesh(bench, 5000)
    field = np.where(mesh.solid, 0.0, 0.1 + 0.05 * np.cos(mesh.theta_centre)[:, None] + 0.1 * mesh.z_centre)
    load = GasLoad(mesh, field)
    np.testing.assert_allclose(load.on(mesh), field, atol=1e-12)
    half = build_mesh(bench, 5000, sector=2)
    assert half.sector == 2
    found = load.on(half)  # the mean of two copies half a turn apart has no first harmonic
    i = half.shape[0] - 1
    expected = np.interp(half.z_centre, mesh.z_centre, 0.1 + 0.1 * mesh.z_centre)
    np.testing.assert_allclose(found[i], np.broadcast_to(expected, found[i].shape), atol=2e-3)


def test_a_plume_drives_the_liquid_and_its_work_is_accounted_for(
    bench: Case, solve: Callable[[GasLoad | None], Flow]
) -> None:
    mesh = build_mesh(bench, 5000)
    plume = np.where(mesh.solid, 0.0, 0.15 * np.exp(-((mesh.r_centre / 0.06) ** 2))[:, None, None])
    plain, lifted = solve(None), solve(GasLoad(mesh, plume))
    assert plain.numbers.lifting_power_W == 0.0
    assert lifted.converged and lifted.numbers.mass_imbalance < 1e-10
    assert lifted.numbers.lifting_power_W > 0.02 * lifted.numbers.power_W
    n = lifted.numbers
    assert n.energy_balance_ratio == pytest.approx(1.0, abs=0.02)
    scaled = n.density * float((lifted.dissipation_scaled * mesh.volumes).sum())
    assert scaled == pytest.approx(n.power_W + n.lifting_power_W, rel=1e-9)
    upward = [float((f.velocity[..., 2] * plume * mesh.volumes).sum()) for f in (plain, lifted)]
    assert upward[1] > upward[0]
