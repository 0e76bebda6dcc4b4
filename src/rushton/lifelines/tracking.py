"""The door of the room: follow a population of cells through a flow and observe what they meet.

    dX = (U + grad D) dt + sqrt(2 D) dW,    D = nu_t / Sc_t       well-mixed random walk (Ito)

    dt = window / ceil(window N / 0.1)      default step: a whole number of steps in the smoothing window and at least
                                            ten per turn of the stirrer

    X   place of a cell, m        U   velocity from face fluxes, m/s       N   speed of the stirrer, 1/s

Cells start all over the liquid or in a part of it (``release``) and are stepped on all cores (``walkers``); one seed
gives the same bytes on any number of them. The walk is one of ``walks`` or, with memory, of ``langevin``.

One-way coupling: cells read the field and do not change it. An exchange (``rushton.lifelines.coupling``) steps the
field before every stored sample and lets the cells act on it after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rushton.cores import usable_cores
from rushton.errors import CaseError, SolverError
from rushton.lifelines import walks
from rushton.lifelines.analysis import analyse
from rushton.lifelines.field import integral_time, make_field
from rushton.lifelines.follow import Exchange, follow
from rushton.lifelines.generator import make_key
from rushton.lifelines.layout import Field
from rushton.lifelines.observer import SCALE
from rushton.lifelines.regimes import limits_of
from rushton.lifelines.release import release, release_uniformly
from rushton.lifelines.result import TRACKS, Lifelines
from rushton.lifelines.sample import Sample
from rushton.lifelines.track_file import TrackFile
from rushton.lifelines.walkers import Walkers, count_per_mesh_cell
from rushton.lifelines.well_mixed import chi2_per_dof, equal_volume_bins
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.mesh.cylinder import TankMesh

WALKS = {
    "interface": walks.INTERFACE, "langevin": walks.LANGEVIN, "end-point": walks.END_POINT, "naive": walks.NAIVE,
    "none": walks.STILL,
}  # fmt: skip
"""Codes of the walks; the last two are for comparison only, a case cannot ask for them."""


def default_time_step(speed: float, smoothing: float) -> float:
    """Time step, s: a whole fraction of the smoothing window, at most a tenth of a turn.

    Parameters
    ----------
    speed : float
        1/s.
    smoothing : float
        Smoothing window, s; where it is zero the step is a tenth of a turn.
    """
    longest = 0.1 / speed
    return smoothing / max(3, math.ceil(smoothing / longest - 1e-9)) if smoothing > 0.0 else longest


def field_for(walk: str, case: Case, flow: Flow, uptake_ratio: np.ndarray, dt: float) -> Field:
    """What a walk of that name reads: flow and uptake ratio (nr, nt, nz) of a case, and its memory if it has one."""
    schmidt = case.mixing.schmidt_turbulent
    memory = integral_time(flow, schmidt) if walk == "langevin" else None
    return make_field(flow, uptake_ratio, case.impellers, schmidt, dt, case.numerics.frame, memory)


class UptakeField(Protocol):
    """Whatever has a field of uptake ratios: a steady substrate, or one under way."""

    @property
    def uptake_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s = q/q_max, -."""


def track(
    case: Case,
    flow: Flow,
    substrate: UptakeField,
    folder: Path,
    progress: Progress = silent,
    *,
    walk: str | None = None,
    threads: int | None = None,
    exchange: Exchange | None = None,
    kept: Path | None = None,
    earlier: Sequence[Path] = (),
) -> Lifelines:
    """Follow cells through the tank and observe the uptake ratio they meet.

    Parameters
    ----------
    case : Case
        Its ``lifelines``, ``strain.regimes``, ``impellers``, ``operation`` and ``mixing.schmidt_turbulent`` are read.
    flow : Flow
        Divergence-free face fluxes and eddy viscosity of the full tank.
    substrate : UptakeField
        For example a Substrate. Its ``uptake_ratio`` (nr, nt, nz) is read: before the run for the cells, after it for
        the shares by volume.
    folder : Path
        ``lifelines.nc`` is written here.
    progress : Progress
    walk : str, optional
        One of ``WALKS``; by default that of the case.
    threads : int, optional
        By default as many as there are cores.
    exchange : Exchange, optional
        Called around every stored sample.
    kept : Path, optional
        Folder for the state of this run while it is under way; what an interrupted one has left there is used.
    earlier : sequence of Path
        Folders of finished runs; where one differs in nothing but a shorter duration, this run goes on from its end.

    Returns
    -------
    Lifelines

    Raises
    ------
    SolverError
        If the flow is not divergence-free or not of the full tank.
    CaseError
        If cells are to start where there is no liquid, or the time step does not resolve the smoothing window.
    """
    settings, mesh = case.lifelines, flow.mesh
    walk = walk or settings.walk
    if case.strain is None:
        raise SolverError("the regimes of a strain are needed", where="strain", hint="add a [strain] section")
    regimes = case.strain.regimes
    dt = settings.time_step or default_time_step(case.operation.speed, regimes.smoothing)
    if 0.0 < regimes.smoothing < 2.0 * dt:
        raise CaseError(
            f"a step of {dt:.3g} s does not resolve the smoothing window of {regimes.smoothing:.3g} s",
            where="lifelines.time_step",
            hint=f"write at most {regimes.smoothing / 3.0:.2g} s, or leave it out",
        )
    every = max(1, round(settings.sampling / dt))
    n_sample = max(1, round(settings.duration / (every * dt)))
    schmidt = case.mixing.schmidt_turbulent
    field = field_for(walk, case, flow, substrate.uptake_ratio, dt)
    limits = limits_of(regimes, dt)
    key = make_key(settings.seed)
    cloud = release(case, mesh, field, limits, key)
    look = max(1, round(default_time_step(case.operation.speed, regimes.smoothing) / dt))
    walkers = Walkers(
        field, cloud, limits, key, dt, WALKS[walk], n_sample * every, every, threads or usable_cores(), look=look
    )

    n_stored = min(settings.stored_cells, settings.cells)
    n_full = min(settings.full_records, n_stored)
    attributes = {
        "title": f"lifelines of {settings.cells} cells: {case.name}",
        "time_step_s": dt, "seed": str(settings.seed), "walk": walk, "turbulent_schmidt_number": schmidt,
        "rotating_zone_frame": case.numerics.frame,
        "comment": "relative frame: inside rotating zones the angle of x and y counts from the blades",
    }  # fmt: skip
    file = TrackFile(Path(folder) / TRACKS, n_stored, n_full, n_sample, every * dt, mesh.n_mesh_cell, attributes)
    try:
        half_length = follow(walkers, mesh, file, progress, kept, earlier, exchange)
    except BaseException:
        file.discard()
        raise
    found = _gather(case, mesh, substrate.uptake_ratio, walkers, half_length, folder, walk, schmidt)
    from rushton.lifelines.half_step import follow_at_half_step

    half_step = follow_at_half_step(case, flow, substrate.uptake_ratio, walkers, walk, progress, exchange)
    clearances = tuple(impeller.clearance for impeller in case.impellers)
    keys = "lifelines.time_step" if exchange is None else "lifelines.time_step and lifelines.sampling"
    analysis = analyse(found.sample, half_length, found.signals(), clearances, found.cells, half_step, keys)
    return replace(found, analysis=analysis, clearances=clearances)


def _gather(
    case: Case,
    mesh: TankMesh,
    uptake_ratio: np.ndarray,
    walkers: Walkers,
    half_length: Sample,
    folder: Path,
    walk: str,
    schmidt: float,
) -> Lifelines:
    """Everything that was counted, as a result."""
    sample, journey = walkers.sample(), walkers.finish()[1]
    n_cell = len(walkers.cloud.place)
    dt, regimes = walkers.dt, case.strain.regimes if case.strain else None
    assert regimes is not None
    counts = count_per_mesh_cell(walkers)
    fraction = walkers.cloud.fraction
    astray = int(np.count_nonzero(~((fraction >= 0.0) & (fraction <= 1.0)).all(axis=1)))
    in_solid = int(n_cell - counts.sum())
    bins, volumes = equal_volume_bins(mesh)
    fluid = ~mesh.solid
    s, v = np.clip(uptake_ratio[fluid], 0.0, 1.0), mesh.volumes[fluid] / mesh.volume
    shares = np.array([v[s > regimes.excess].sum(), 0.0, v[s < regimes.starvation].sum()])
    shares[1] = 1.0 - shares.sum()
    steps, hops, given_up, _ = (int(n) for n in journey.events)
    return Lifelines(
        folder=Path(folder),
        sample=sample,
        half_length=half_length,
        volume_shares=shares,
        cells=n_cell,
        stored_cells=min(case.lifelines.stored_cells, n_cell),
        mesh_cells=mesh.n_mesh_cell,
        duration=walkers.done * dt,
        time_step=dt,
        sampling=walkers.every * dt,
        smoothing=walkers.limits.window * dt,
        schmidt=schmidt,
        walk=walk,
        coupling=case.lifelines.coupling,
        seed=case.lifelines.seed,
        well_mixed_chi2=chi2_per_dof(np.bincount(bins, weights=counts, minlength=volumes.size), volumes)
        if case.lifelines.release == "uniform"
        else float("nan"),
        lost=astray + in_solid,
        in_solid=in_solid,
        given_up=given_up,
        hops_per_step=hops / max(steps, 1),
        mean_uptake=sample.statistics().mean,
        expected_uptake=float((s * v).sum()),
        steps_per_core_second=steps / max(walkers.cpu_s, 1e-9),
    )


__all__ = [
    "SCALE",
    "WALKS",
    "Walkers",
    "count_per_mesh_cell",
    "default_time_step",
    "field_for",
    "make_key",
    "release_uniformly",
    "track",
]
