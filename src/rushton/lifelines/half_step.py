"""A sample of the cells followed once more at half of the time step.

    n = min(2000, N / 4, budget / steps)        cells of the sample

In an exchange the fields are followed again too, at half of the exchange step, with the coarse cells of the run; there
the fields cost most, and on more than some 2e5 mesh cells over 600 s the check is left out.

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
    from rushton.lifelines.follow import Exchange

MOST_CELLS, LEAST_CELLS = 2000, 64
RECORDS = 1000
"""Cells whose full record is kept, at most."""
BUDGET = 1.5e8
"""Steps the check may cost; some 25 s of one core."""

FIELD_BUDGET = 1.5e9
"""Exchanges times mesh cells the check may cost; some four minutes of one core."""
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
    case: Case,
    flow: Flow,
    uptake_ratio: np.ndarray,
    run: Walkers,
    walk: str,
    progress: Progress = silent,
    exchange: Exchange | None = None,
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
    exchange : Exchange, optional
        That of the run, finished: another like it is lived through.

    Returns
    -------
    (Sample, Signals) or None
        Counts and full records, at the times of the run; None where ``sample_size`` is 0, where the fields would cost
        too much, or where nothing is to be checked.
    """
    n_cell = sample_size(len(run.cloud.place), run.n_step)
    if n_cell == 0 or case.strain is None:
        return None
    n_sample = run.n_step // run.every
    other: Exchange | None = None
    if exchange is not None:
        affordable = 2 * n_sample * flow.mesh.n_mesh_cell <= FIELD_BUDGET
        other = exchange.again() if affordable else None
        if other is None:
            return None
    dt = 0.5 * run.dt
    every = 2 * run.every if other is None else run.every  # an exchange at every other sample besides
    field = field_for(walk, case, flow, uptake_ratio, dt)
    limits = limits_of(case.strain.regimes, dt)
    key = make_key(case.lifelines.seed + _OTHER_SEED)
    cloud = release(case, flow.mesh, field, limits, key, n_cell)
    cells = Walkers(field, cloud, limits, key, dt, WALKS[walk], 2 * run.n_step, every, run.threads, look=2 * run.look)
    full = np.empty((min(RECORDS, n_cell), n_sample, 4), np.float32)
    per_launch = max(1, round(STRETCH_STEPS / every)) if other is None else 1
    index, part = np.empty((n_cell, per_launch), np.int32), np.empty((len(full), per_launch, 4), np.float32)
    with ThreadPoolExecutor(run.threads) as pool:
        while cells.done < cells.n_step:
            column = cells.done // (2 * run.every)
            samples = min(per_launch, n_sample - column)
            if other is not None:
                other.begin(cells)
            cells.advance(pool, samples * every, 0, index, part)
            if other is not None:
                other.finish(cells)
            full[:, column : column + samples] = part[:, :samples]
            progress(1.0, f"time step: {n_cell:,} cells at half of it, {cells.done * dt:.0f} s")
    if other is not None:
        other.close()
    z = np.interp(full[..., 2], np.arange(flow.mesh.z.size), flow.mesh.z)
    return cells.sample(), Signals(2 * run.every * dt, full[..., 3], z)
