"""The aerated tank end to end on a coarse mesh: sparger, calibration, words, files; and its closures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rushton.case import Case, case_from_dict, load_case
from rushton.correlations import breakage, bubbles, log_mean
from rushton.errors import CaseError
from rushton.flow.analytic import recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh import build_mesh
from rushton.mesh.io import read_vtu
from rushton.transport import Gas, solve_gas
from rushton.transport.gas_column import Column
from rushton.transport.gas_power import slowed
from rushton.transport.sparger import ring_shares, sparger_shares


@pytest.fixture(scope="module")
def case(cases_folder: Path) -> Case:
    return load_case(cases_folder / "aerated_pilot.toml", quality="draft")


def with_gas(case: Case, **changes: Any) -> Case:
    assert case.gas is not None
    return case.model_copy(update={"gas": case.gas.model_copy(update=changes)})


@pytest.fixture(scope="module")
def flow(case: Case) -> Flow:
    """A known flow that carries the numbers of a stirrer: 1 kW in 0.38 m3."""
    from dataclasses import replace

    made = recirculating_flow(build_mesh(case, mesh_cells=5000), swirl=3.0, loop=1.5, nu_t=2e-3)
    numbers = replace(
        made.numbers, speed=case.operation.speed, density=case.broth.density, viscosity=case.broth.viscosity,
        impeller_diameter=(0.25, 0.25), power_number=(5.0, 5.0), power_W=1210.0,
    )  # fmt: skip
    return replace(made, numbers=numbers)


@pytest.fixture(scope="module")
def absolute(case: Case) -> Case:
    """In the frame in which the known flow has no blades."""
    return case.model_copy(update={"numerics": case.numerics.model_copy(update={"frame": "absolute"})})


@pytest.fixture(scope="module")
def gas(absolute: Case, flow: Flow) -> Gas:
    return solve_gas(absolute, flow)


def test_balances_close(gas: Gas) -> None:
    n = gas.numbers
    assert n["converged"]
    assert n["gas_balance_error"] < 1e-12
    assert n["oxygen_balance_error"] < 1e-9 and n["carbon_dioxide_balance_error"] < 1e-9
    assert n["otr_mol_m3_h"] <= n["oxygen_demand_mol_m3_h"] * (1.0 + 1e-9)


def test_fields_are_within_their_bounds(gas: Gas) -> None:
    fluid = ~gas.mesh.solid
    assert np.all((gas.fraction[fluid] > 0.0) & (gas.fraction[fluid] < 0.6))
    assert np.all((gas.bubble_size[fluid] >= 0.3e-3) & (gas.bubble_size[fluid] <= 10e-3))
    assert np.all((gas.oxygen_in_gas[fluid] > 0.0) & (gas.oxygen_in_gas[fluid] <= 0.2095 + 1e-9))
    assert np.all(gas.oxygen[fluid] > 0.0) and np.all(gas.carbon_dioxide[fluid] > 0.0)
    assert np.all(gas.kla[gas.mesh.solid] == 0.0)


def test_numbers_follow_from_the_fields(gas: Gas) -> None:
    n = gas.numbers
    assert n["holdup"] == pytest.approx(gas.mean(gas.fraction))
    assert n["kla_1_h"] == pytest.approx(3600.0 * gas.mean(gas.kla))
    assert n["oxygen_mean_mol_m3"] == pytest.approx(gas.mean(gas.oxygen))
    transferred = gas.mean(gas.kla * (gas.oxygen_saturation - gas.oxygen))
    assert n["otr_mol_m3_h"] == pytest.approx(3600.0 * transferred, rel=1e-6)


def test_log_mean_kla_is_the_gas_balance_over_the_driving_forces(absolute: Case, gas: Gas) -> None:
    n, column = gas.numbers, Column.of(absolute, gas.mesh)
    assert absolute.gas is not None
    below = column.henry_oxygen(column.at(absolute.gas.sparger.height)) * 0.2095 - n["oxygen_mean_mol_m3"]
    above = column.henry_oxygen(1.3e5) * n["oxygen_fraction_out"] - n["oxygen_mean_mol_m3"]
    assert n["kla_log_mean_1_h"] == pytest.approx(n["otr_mol_m3_h"] / log_mean(below, above))


def test_a_measured_holdup_and_kla_are_met_and_the_factors_said(absolute: Case, flow: Flow) -> None:
    measured = solve_gas(with_gas(absolute, holdup=0.15, kla=500.0 / 3600.0), flow).numbers
    assert measured["holdup"] == pytest.approx(0.15, rel=1e-4)
    assert measured["kla_1_h"] == pytest.approx(500.0)
    assert measured["holdup_factor"] != 1.0 and measured["kla_factor"] != 1.0
    far = solve_gas(with_gas(absolute, kla=3.0), flow).numbers
    assert any("gas.kla" in text for text in far["cautions"])


def test_flooding_is_said(absolute: Case, flow: Flow) -> None:
    assert absolute.gas is not None
    n = solve_gas(with_gas(absolute, rate=14.0 * absolute.gas.rate, holdup=0.2), flow).numbers
    assert any("floods" in text for text in n["cautions"])
    assert n["regime"][0].startswith("flooded")


def test_gas_takes_power_and_slows_the_flow(gas: Gas, flow: Flow) -> None:
    n = gas.numbers
    low, high = n["gassed_power_ratio"]
    assert 0.3 < low < high <= 1.0, "the lower impeller takes the gas"
    half = slowed(flow, 0.5)
    assert half.numbers.power_W == pytest.approx(0.5 * flow.numbers.power_W)
    np.testing.assert_allclose(half.epsilon, 0.5 * flow.epsilon)
    np.testing.assert_allclose(half.flux_z, 0.5 ** (1 / 3) * flow.flux_z)


def test_the_aerated_flow_is_slower_and_lifted(absolute: Case) -> None:
    """One pass of feedback on a coarse mesh: less power, work of the gas, the same mesh, gas carried by it."""
    from rushton.flow import solve_flow
    from rushton.transport import aerate
    from rushton.transport.aeration import feeds_back

    coarse = absolute.model_copy(update={"numerics": absolute.numerics.model_copy(update={"mesh_cells": 5000})})
    assert feeds_back(coarse) and not feeds_back(with_gas(coarse, feedback="none"))
    plain = solve_flow(coarse)
    aerated = aerate(coarse, plain)
    assert aerated.mesh.shape == plain.mesh.shape
    assert aerated.numbers.mass_imbalance < 1e-10
    assert 0.4 < aerated.numbers.power_W / plain.numbers.power_W < 0.8
    assert aerated.numbers.lifting_power_W > 0.0
    numbers = solve_gas(coarse, plain, None, aerated).numbers
    assert numbers["gas_balance_error"] < 1e-12
    assert numbers["stirrer_speed_of_flow_1_s"] == aerated.speed < coarse.operation.speed
    assert numbers["gassed_power_W"] == pytest.approx(aerated.numbers.power_W, rel=0.05)


def test_without_respiration_nothing_is_transferred(absolute: Case, flow: Flow) -> None:
    assert absolute.gas is not None
    idle = with_gas(absolute, respiration=absolute.gas.respiration.model_copy(update={"max": 0.0}))
    n = solve_gas(idle, flow).numbers
    assert abs(n["otr_mol_m3_h"]) < 1e-6
    assert n["kla_log_mean_1_h"] is None and n["kla_log_mean_1_h_reason"]


def test_it_comes_back_from_its_folder(gas: Gas, tmp_path: Path) -> None:
    gas.save(tmp_path)
    again = Gas.load(tmp_path)
    np.testing.assert_array_equal(again.oxygen, gas.oxygen)
    assert again.numbers == gas.numbers


def test_files_for_the_reader(gas: Gas, tmp_path: Path) -> None:
    gas.export(tmp_path)
    assert {"fraction", "kla", "oxygen"} <= read_vtu(tmp_path / "gas.vtu").cell_data.keys()
    with (tmp_path / "gas.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == gas.mesh.shape[2] and float(rows[0]["gas_fraction"]) > 0.0
    with (tmp_path / "gas_closures.csv").open(encoding="utf-8") as file:
        closures = list(csv.DictReader(file))
    assert closures and all(row["source"] and row["range"] for row in closures)


def test_chapter_of_the_report(absolute: Case, gas: Gas) -> None:
    from rushton.report.gas_section import gas as chapter
    from rushton.report.gas_section import gas_planes

    section = chapter(absolute, gas, {"gas": gas.summary()})
    shown = " ".join(str(block) for block in section.blocks)
    assert "could not be drawn" not in shown
    for words in ("van’t Riet", "Regime", "Calderbank", "mmol/L/h"):
        assert words in shown
    assert len(gas_planes(absolute, gas).axes) == 8


def test_shares_of_spargers(case: Case, flow: Flow) -> None:
    shares = ring_shares(flow.mesh, 0.1, 0.12, 0.02)
    assert shares.sum() == pytest.approx(1.0) and shares[flow.mesh.solid].sum() == 0.0
    np.testing.assert_allclose(shares.sum(axis=(0, 2)), flow.mesh.dtheta / (2.0 * np.pi), rtol=1e-12)
    assert case.gas is not None
    values = {"type": "point", "radius": 0.1, "angle": 0.5, "height": 0.1, "tube": 0.05}
    point = sparger_shares(flow.mesh, case.gas.sparger.model_copy(update=values))
    assert point.sum() == pytest.approx(1.0) and 0 < np.count_nonzero(point) < 200


def test_swarm_drag() -> None:
    """Alone in the swarm as alone in the liquid; hindered below 15 % of gas, faster above 20 %."""
    assert bubbles.swarm_drag(0.0) == pytest.approx(1.0)
    assert bubbles.swarm_drag(0.1) == pytest.approx(1.0 / 0.9, rel=1e-6)
    assert bubbles.swarm_drag(0.25) == pytest.approx(0.75 * 1.6**-2, rel=1e-3)


def test_break_up_and_coalescence_rates() -> None:
    """Large bubbles break, small ones merge, faster in stronger turbulence; none merges without a neighbour."""
    d = np.array([1e-3, 3e-3, 8e-3])
    assert np.all(np.diff(breakage.break_up_rate(d, 1.0, 0.05)[:2]) > 0.0)
    assert np.all(np.diff(breakage.coalescence_rate(d, 1.0, 0.05)) < 0.0)
    assert breakage.break_up_rate(3e-3, 4.0, 0.05) > breakage.break_up_rate(3e-3, 1.0, 0.05)
    assert breakage.coalescence_rate(3e-3, 1.0, 0.0) == 0.0
    eddies, sigma = (1.0 / 9e-6) ** (1 / 3), 0.072  # 3 mm, 1 W/kg, 5 % of gas
    broken = 0.264 * 0.95 * eddies / (6 * 0.47) * np.exp(-1.37 * sigma / (1000 * 3e-3 ** (5 / 3)))
    merged = 0.188 * 0.05 * eddies / (6 * 0.47) * np.exp(-1.29 * 3e-3 ** (5 / 6) * (1000 / sigma) ** 0.5)
    assert breakage.break_up_rate(3e-3, 1.0, 0.05) == pytest.approx(broken, rel=1e-12)
    assert breakage.coalescence_rate(3e-3, 1.0, 0.05) == pytest.approx(merged, rel=1e-12)


CASE: dict[str, Any] = {
    "tank": {"diameter": "0.7 m", "liquid_height": "1 m"},
    "impeller": [{"diameter": "0.25 m", "clearance": "0.25 m"}],
    "operation": {"speed": "300 rpm"},
}


def read(**gas: Any) -> Case:
    return case_from_dict({**CASE, "gas": {"rate": "0.5 vvm", **gas}})


def test_the_sparger_is_filled_in() -> None:
    found = read()
    assert found.gas is not None
    assert found.gas.sparger.diameter == pytest.approx(0.2) and found.gas.sparger.height == pytest.approx(0.1125)
    assert "gas.sparger.diameter" in found.defaults
    given = read(sparger={"diameter": "0.3 m"})
    assert given.gas is not None and given.gas.sparger.diameter == 0.3
    assert "gas.sparger.height" in given.defaults and "gas.sparger.diameter" not in given.defaults


def test_units_of_respiration_and_kla() -> None:
    found = read(respiration={"max": "90 mmol/L/h", "half_saturation": "0.16 mg/L"}, kla="360 1/h")
    assert found.gas is not None
    assert found.gas.respiration.max == pytest.approx(0.025)
    assert found.gas.respiration.half_saturation == pytest.approx(5.0e-3, rel=1e-3)  # mg of oxygen, not of glucose
    assert found.gas.kla == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("sparger", "word"),
    [
        ({"diameter": "0.9 m"}, "does not fit"),
        ({"height": "1.2 m"}, "not in the liquid"),
        ({"height": "0.25 m"}, "inside impeller 1"),
    ],
)
def test_an_impossible_sparger_is_refused(sparger: dict[str, str], word: str) -> None:
    with pytest.raises(CaseError, match=word):
        read(sparger=sparger)
