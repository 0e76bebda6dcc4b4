"""A rotor that turns in time, against what must hold exactly and against the frozen one."""

from dataclasses import replace

import numpy as np
import pytest

from rushton.case import Case
from rushton.flow import rans
from rushton.flow.closures import Laminar
from rushton.flow.grid import FlowGrid
from rushton.flow.rans import solve_flow
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.sliding import AVERAGED, Rotor
from rushton.flow.viscosity import Newtonian
from rushton.mesh import build_mesh
from rushton.transport.operator import assemble
from rushton.transport.stepping import TimeStepper


def test_a_round_tank_turns_its_steady_flow_unchanged():
    """Without baffles, all of the tank in the rotating zone, laminar: the frozen-rotor flow simply turns."""
    case = Case.model_validate({
        "tank": {"diameter": 0.3, "liquid_height": 0.3, "baffles": {"count": 0}},
        "operation": {"speed": 1.0},
        "numerics": {"mesh_cells": 4_000},
        "impeller": [{"diameter": 0.1, "clearance": 0.1}],
        "flow": {"blades": "thin"},
    })  # fmt: skip
    mesh = build_mesh(case, 4_000, sector=6)
    mesh = replace(mesh, zone=np.ones_like(mesh.zone))
    solver = Simplec(FlowGrid.of(mesh, case.operation.omega), Newtonian(1e-3), 1.0, Laminar)
    s = FlowState.at_rest(solver.grid, 0.3, 1.0, 0.1)
    solver.closure.start(solver, s)
    for it in range(800):
        solver.iterate(s, it % 2 == 0)
    steady = {name: getattr(s, name).copy() for name in ("ur", "ang", "uz")}
    rotor = Rotor(solver, case.operation.omega)
    for _ in range(5):
        rotor.step(s)
    for name, x in steady.items():
        turned = np.roll(x, 5, axis=1)
        assert np.abs(getattr(s, name) - turned).max() < 1e-8 * np.abs(x).max(), name
        assert np.abs(np.roll(x, 4, axis=1) - turned).max() > 5e-3 * np.abs(x).max(), name  # a cell less would show


@pytest.fixture(scope="module")
def sliding(shipped_case):
    """(flow of the sliding rotor, steps, time step) of the bench at draft size."""
    case = shipped_case("rushton_bench", mesh_cells=8_000)
    case = case.model_copy(update={"flow": case.flow.model_copy(update={"rotor": "sliding", "blades": "thin"})})
    seen = {}

    def watched(*arguments):
        seen["slid"] = slide(*arguments)
        return seen["slid"]

    slide = rans.slide
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rans, "slide", watched)
        flow = solve_flow(case)
    turn = seen["slid"].averaged // AVERAGED
    return flow, seen["slid"], 1.0 / (case.operation.speed * turn)


def test_angular_momentum_balances_over_a_revolution(sliding):
    """Torque of the rotor less that of the vessel is the change of what the liquid holds."""
    _, slid, dt = sliding
    turn = slid.averaged // AVERAGED
    last = slid.steps[-turn:]
    driven, resisted = (sum(getattr(x, name) for x in last) * dt for name in ("driven", "resisted"))
    change = last[-1].angular_momentum - slid.steps[-turn - 1].angular_momentum
    assert (driven - resisted - change) / driven == pytest.approx(0.0, abs=2e-3)


def test_power_is_near_that_of_the_frozen_rotor(sliding):
    flow, slid, _ = sliding
    n = flow.numbers
    assert slid.settled and flow.converged and n.rotor == "sliding"
    assert n.power_number[0] == pytest.approx(n.power_number_frozen[0], rel=0.05)
    assert abs(n.torque_imbalance) < 0.015
    assert n.energy_balance_ratio == pytest.approx(1.0, abs=0.02)
    out = flow.summary()
    assert out["revolutions"] == pytest.approx(slid.revolutions) and out["rotor"] == "sliding"


def test_the_average_is_a_flow_like_any_other(sliding):
    flow, slid, _ = sliding
    m, n = flow.mesh, flow.numbers
    assert np.abs(flow.divergence).sum() < 1e-11 * n.speed * n.impeller_diameter[0] ** 3
    assert np.all(flow.flux_theta[m.wall_theta == 1] == 0.0)
    swept = 2.0 * np.pi * n.speed * m.r_centre[:, None, None] * m.area_theta
    np.testing.assert_allclose(flow.flux_theta[m.wall_theta == 2], swept[m.wall_theta == 2], rtol=1e-12)
    assert slid.correction < 0.05 * n.tip_speed_m_s
    operator = assemble(flow)
    c = np.where(m.solid, 0.0, 1.0)
    c[:, :3] *= 2.0
    stepper = TimeStepper(operator, 0.05 / n.speed)
    total = (c * m.volumes).sum()
    for _ in range(20):
        c = stepper.step(c)
    assert (c * m.volumes).sum() == pytest.approx(total, rel=1e-9)
