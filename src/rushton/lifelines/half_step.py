"""A sample of the cells followed once more at half of the time step.

    n = min(2000, N / 4, budget / steps)        cells of the sample

Other cells, with random numbers of their own, through the same field over the same time. What they count beside what
all cells count is the effect of the time step (``convergence``): an error of order dt halves, so what is left at half
of the step is about the difference seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.generator import make_key
from rushton.lifelines.record_curves import Signals
from rushton.lifelines.regimes import limits_of
from rushton.lifelines.release import release
from rushton.lifelines.sample import Sample
from rushton.lifelines.tracking import WALKS, field_for
from rushton.lifelines.walkers import STRETCH_STEPS, Walkers
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow

MOST_CELLS, LEAST_CELLS = 2000, 64
RECORDS = 1000
"""Cells whose full record is kept, at most."""
BUDGET = 1.5e8
"""Steps the check may cost; some 25 s of one core."""

_OTHER_SEED = 1 << 63
"""Added to the seed: seeds of cases are smaller."""


def sample_size(n_cell: int, n_step: int) -> int:
    """Cells to follow again; 0 where so few could be followed that nothing would be told.

    Parameters
    ----------
    n_cell, n_step : int
        Cells and steps of the run.
    """
    n = min(MOST_CELLS, n_cell // 4, int(BUDGET / (2 * n_step))) // 2 * 2
    return n if n >= LEAST_CELLS else 0


def follow_at_half_step(
    case: Case, flow: Flow, uptake_ratio: np.ndarray, run: Walkers, walk: str, progress: Progress = silent
) -> tuple[Sample, Signals] | None:
    """Follow some cells at half of the time step of a run.

    Parameters
    ----------
    case : Case
    flow : Flow
    uptake_ratio : (nr, nt, nz) float
        s = q/q_max per mesh cell, -.
    run : Walkers
        The run, finished.
    walk : str
        Name of its walk.
    progress : Progress

    Returns
    -------
    (Sample, Signals) or None
        Counts and full records; None where ``sample_size`` is 0.
    """
    n_cell = sample_size(len(run.cloud.place), run.n_step)
    if n_cell == 0 or case.strain is None:
        return None
    dt, every, n_sample = 0.5 * run.dt, 2 * run.every, run.n_step // run.every
    field = field_for(walk, case, flow, uptake_ratio, dt)
    limits = limits_of(case.strain.regimes, dt)
    key = make_key(case.lifelines.seed + _OTHER_SEED)
    cloud = release(case, flow.mesh, field, limits, key, n_cell)
    cells = Walkers(field, cloud, limits, key, dt, WALKS[walk], 2 * run.n_step, every, run.threads, look=2 * run.look)
    index = np.empty((n_cell, n_sample), np.int32)
    full = np.empty((min(RECORDS, n_cell), n_sample, 4), np.float32)
    per_launch = max(1, round(STRETCH_STEPS / every))
    with ThreadPoolExecutor(run.threads) as pool:
        for column in range(0, n_sample, per_launch):
            cells.advance(pool, min(per_launch, n_sample - column) * every, column, index, full)
            progress(1.0, f"time step: {n_cell:,} cells at half of it, {cells.done * dt:.0f} s")
    z = np.interp(full[..., 2], np.arange(flow.mesh.z.size), flow.mesh.z)
    return cells.sample(), Signals(every * dt, full[..., 3], z)
