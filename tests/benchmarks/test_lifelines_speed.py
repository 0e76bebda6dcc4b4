"""Particle-steps per second and core: `python -m pytest tests/benchmarks -s`.

On the 54 m3 tank at standard quality, walk and on-line analysis included, compilation excluded.
"""

import resource

import pytest

from rushton.case import load_case
from rushton.flow import solve_flow
from rushton.lifelines import track
from rushton.transport import solve_substrate

pytestmark = pytest.mark.benchmark


def test_six_million_steps_per_second_and_core(cases_folder, tmp_path):
    case = load_case(cases_folder / "penicillin_54m3.toml")
    settings = case.lifelines.model_copy(update={"cells": 100_000, "duration": 30.0})
    case = case.model_copy(update={"lifelines": settings})
    flow = solve_flow(case)
    lifelines = track(case, flow, solve_substrate(case, flow), tmp_path)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = lifelines.tracks.stat().st_size / 1e6
    print(
        f"\n{flow.mesh.n_mesh_cell} mesh cells, {lifelines.cells} cells: {lifelines.steps_per_core_second / 1e6:.2f} M "
        f"steps/s/core, {lifelines.hops_per_step:.2f} faces per step, chi2 {lifelines.well_mixed_chi2:.2f}, "
        f"{size:.0f} MB for {lifelines.duration:.0f} s, {memory:.1f} GiB"
    )
    assert lifelines.steps_per_core_second >= 6e6
    assert lifelines.lost == lifelines.given_up == 0
    assert memory < 2.0
