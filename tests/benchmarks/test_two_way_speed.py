"""Two-way coupling on the 54 m3 tank at standard quality: `python -m pytest tests/benchmarks -s -k two_way`."""

import time
from pathlib import Path

import pytest

from rushton.case import load_case
from rushton.flow import solve_flow
from rushton.lifelines import half_step, track
from rushton.physiology import register_model
from rushton.transport import solve_substrate

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def tank(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml")
    flow = solve_flow(case)
    return case, flow, solve_substrate(case, flow)


def run(tank, folder, **settings):
    case, flow, substrate = tank
    lines = case.lifelines.model_copy(update={"coupling": "two-way", **settings})
    wall, cpu = time.perf_counter(), time.process_time()
    lifelines = track(case.model_copy(update={"lifelines": lines}), flow, substrate, folder)
    return lifelines, time.perf_counter() - wall, time.process_time() - cpu


def test_nine_pools_on_20000_cells_over_600_s_in_five_minutes(tank, tmp_path):
    run(tank, tmp_path, cells=1000, duration=10.0)  # compiles
    lifelines, wall, cpu = run(tank, tmp_path, cells=20_000, duration=600.0)
    found = lifelines.coupled
    print(
        f"\n{lifelines.mesh_cells} mesh cells, {lifelines.cells} cells, {lifelines.duration:.0f} s: {wall:.0f} s, "
        f"{cpu:.0f} CPU s; fields and cell models {found.seconds:.0f} s; books close to {found.mass_balance_error:.0e}"
    )
    assert wall <= 300.0 and found.mass_balance_error < 1e-12


@pytest.mark.parametrize("model", ["penicillium_tang2017", "five_state_model"])
def test_steps_per_second_and_core_with_pools_and_fields(tank, tmp_path, model, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    register_model("five_state_model", "five_state_model")
    strain = tank[0].strain.model_copy(update={"model": model})
    tank = (tank[0].model_copy(update={"strain": strain}), *tank[1:])
    monkeypatch.setattr(half_step, "FIELD_BUDGET", 0.0)  # the check of the step is counted above
    run(tank, tmp_path, cells=1000, duration=10.0)  # compiles
    cost = {}
    for duration in (15.0, 45.0):  # the start costs the same in both
        lifelines, _, cost[duration] = run(tank, tmp_path, cells=100_000, duration=duration)
    # one fifth of warm-up besides, and a tenth of the cells again for the comparison with one-way
    steps = 30.0 / lifelines.time_step * (1.2 * 100_000 + 10_000)
    speed = steps / (cost[45.0] - cost[15.0])
    print(f"\n{model}, pools every {lifelines.sampling:.1f} s: {speed / 1e6:.2f} M steps/s/core (aim with five: 4)")
    assert speed >= 1.5e6
