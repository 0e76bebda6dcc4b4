"""Blend times do not depend on the time step, nor on how far each step is relaxed."""

from pathlib import Path

import pytest

from rushton.case import load_case
from rushton.flow import solve_flow
from rushton.transport import mixing, stepping


@pytest.mark.parametrize("name", ["rushton_bench", pytest.param("penicillin_54m3", marks=pytest.mark.long)])
def test_a_quarter_of_the_time_step_and_a_tenth_of_the_tolerance_change_no_blend_time(
    cases_folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = load_case(cases_folder / f"{name}.toml", quality="draft")
    flow = solve_flow(case)
    usual = mixing.blend(case, flow)
    monkeypatch.setattr(mixing, "FIRST_STEP", mixing.FIRST_STEP / 4.0)
    monkeypatch.setattr(mixing, "RESOLUTION", mixing.RESOLUTION * 4)
    step = stepping.TimeStepper

    def tight(*arguments: object, **options: object) -> stepping.TimeStepper:
        return step(*arguments, **options, tolerance=0.1 * stepping.TOLERANCE)  # type: ignore[arg-type]

    monkeypatch.setattr(mixing, "TimeStepper", tight)
    fine = mixing.blend(case, flow)
    assert fine.time.size > 2.5 * usual.time.size
    for key in ("theta95_probe_s", "theta95_multi_probe_s", "theta95_variance_s"):
        coarse, exact = getattr(usual, key), getattr(fine, key)
        print(f"{name} {key}: {coarse:.4f} s, with dt/4 {exact:.4f} s, {100.0 * (coarse / exact - 1.0):+.2f} %")
        assert coarse == pytest.approx(exact, rel=0.01)
    assert max(usual.tracer_mass_error, fine.tracer_mass_error) < 1e-13
