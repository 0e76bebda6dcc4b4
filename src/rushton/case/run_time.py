"""How long a run takes: work of each stage times its measured speed.

Measured on a 2-core cloud server (AMD EPYC), compiled code; another machine scales all of them alike.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rushton.case.feeding import feed_members

if TYPE_CHECKING:
    from rushton.case.schema import Case

FLOW_PER_CELL = 8e-5
"""Flow from rest, s per mesh cell."""
SLIDING_PER_CELL = 4e-4
"""Rotor that turns in time, six to ten revolutions, s per mesh cell."""
MIXING_PER_CELL = 3e-5
"""Tracer until it is mixed, s per mesh cell."""
SUBSTRATE_PER_CELL = 1e-5
"""Substrate to steady state, s per mesh cell."""
HOLDUP_PER_CELL, EXCHANGE_PER_CELL = 1.5e-4, 1e-4
"""Gas fraction with bubble sizes, and dissolved oxygen and carbon dioxide, s per mesh cell."""
STEPS_PER_SECOND = 9e6
"""Steps of cells per second on two cores, walk and analysis included."""
LANGEVIN_STEP = 1.3
"""Time of a step of the walk with memory over that of the random walk."""
EXCHANGE_PER_MESH_CELL, EXCHANGE_PER_CELL = 2e-7, 4e-7
"""Two-way coupling on two cores: fields and cell models, s per exchange and mesh cell, s per exchange and cell."""
ENVIRONMENT_PER_SAMPLE, ENVIRONMENT_LIFELINES = 6e-8, 20_000
"""What cells meet along their lifelines, s per stored sample; most lifelines that are read."""
RESPONSE_PER_HISTORY_SECOND = 4.5e-7
"""Integration of one history on two cores, s per s of history."""
SCALEDOWN_PER_RIG = 15.0
"""Optimisation of one rig, s."""
REFINE_RUNS = 10
"""Runs that vary a hidden choice, -."""
SENSITIVITY_PER_MEMBER = 12.0
"""One variation of a sensitivity: its field and its histories, s; those of Sc_t track cells besides."""
REPORT = 12.0
"""Figures and page, s."""
COMPILATION = 50.0
"""First run on a machine, when nothing is compiled, s."""


def stage_seconds(case: Case, time_step: float) -> dict[str, float]:
    """Estimated seconds of every stage that will run, compiled.

    Parameters
    ----------
    case : Case
    time_step : float
        Step of a cell, s.
    """
    n = case.numerics.target_mesh_cells
    seconds = {"mesh": 0.5 + 1e-6 * n, "flow": _flow_per_cell(case) * n, "mixing": 1.0 + MIXING_PER_CELL * n}
    if case.gas is not None:
        if case.gas.feedback == "flow":
            seconds["aeration"] = (HOLDUP_PER_CELL + _flow_per_cell(case)) * n
        seconds["gas"] = (HOLDUP_PER_CELL + EXCHANGE_PER_CELL) * n
    if case.numerics.refine:
        seconds["refine"] = _refine_seconds(n, case.strain is not None, _flow_per_cell(case))
    if case.strain is not None:
        steps = case.lifelines.cells * case.lifelines.duration / time_step
        seconds["substrate"] = SUBSTRATE_PER_CELL * n
        if members := feed_members(case):
            seconds["feed_study"] = SUBSTRATE_PER_CELL * n * (len(members) - 1)
        if case.lifelines.walk == "langevin":
            steps *= LANGEVIN_STEP
        seconds["lifelines"] = 2.0 + steps / STEPS_PER_SECOND + _exchange_seconds(case)
        read = min(case.lifelines.cells, case.lifelines.stored_cells, ENVIRONMENT_LIFELINES)
        samples = read * case.lifelines.duration / case.lifelines.sampling
        seconds["environment"] = 0.5 + ENVIRONMENT_PER_SAMPLE * samples
        seconds["response"] = 2.0 + RESPONSE_PER_HISTORY_SECOND * case.response.histories * case.response.duration
        if case.numerics.sensitivity:
            again = min(10_000, case.lifelines.cells) * case.lifelines.duration / time_step
            seconds["sensitivity"] = 9.0 * SENSITIVITY_PER_MEMBER + 2.0 * again / STEPS_PER_SECOND
        if case.scaledown is not None:
            seconds["scaledown"] = SCALEDOWN_PER_RIG * len(case.scaledown.rigs)
    seconds["report"] = REPORT
    return seconds


def _exchange_seconds(case: Case) -> float:
    """What cells and fields that trade cost beside the walk."""
    lines = case.lifelines
    if lines.coupling == "one-way":
        return 0.0
    fields = 3.0 * EXCHANGE_PER_MESH_CELL * case.numerics.target_mesh_cells  # two thirds for the check at half the step
    each = fields + EXCHANGE_PER_CELL * lines.cells
    return each * 1.2 * lines.duration / lines.sampling


def _flow_per_cell(case: Case) -> float:
    return FLOW_PER_CELL + (SLIDING_PER_CELL if case.flow.rotor == "sliding" else 0.0)


def _refine_seconds(mesh_cells: int, fed: bool, flow_per_cell: float) -> float:
    """Two coarser grids of 1/2.2 and 1/4.8 of the mesh cells, and ten runs on the cheap one (`rushton.refine`)."""
    grids = mesh_cells / 2.2, mesh_cells / 4.84
    cheap = next((n for n in (mesh_cells, *grids) if n <= 30_000), grids[-1])
    per_cell = flow_per_cell + MIXING_PER_CELL + (SUBSTRATE_PER_CELL if fed else 0.0)
    return per_cell * (sum(grids) + REFINE_RUNS * cheap) + 1.0 * (REFINE_RUNS + 2)


def typical_time_step(case: Case) -> float:
    """Step of a cell, s: that of the case, else a whole fraction of the smoothing, at most a tenth of a turn."""
    if case.lifelines.time_step is not None:
        return case.lifelines.time_step
    longest = 0.1 / case.operation.speed
    smoothing = case.strain.regimes.smoothing if case.strain else 0.0
    return smoothing / max(3, math.ceil(smoothing / longest)) if smoothing > 0.0 else longest
