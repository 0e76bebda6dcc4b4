"""The door of the room: follow a population of cells through a flow and observe what they meet.

    dX = (U + grad D) dt + sqrt(2 D) dW,    D = nu_t / Sc_t       well-mixed random walk (Ito)

    dt = window / ceil(window N / 0.1)      default step: a whole number of steps in the smoothing window and at least
                                            ten per turn of the stirrer

    X   place of a cell, m        U   velocity from face fluxes, m/s       N   speed of the stirrer, 1/s

Cells start uniformly in the liquid. All are stepped together through a stretch of time, sorted by place before
every stretch (neighbours share the field in the processor's cache), on all cores. The random numbers depend on cell,
step and seed only and all counters are integers: the result has the same bytes on any number of threads.

One-way coupling: cells read the field and do not change it.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.cores import usable_cores
from rushton.errors import CaseError, SolverError
from rushton.lifelines import kernels, walks
from rushton.lifelines.field import make_field
from rushton.lifelines.generator import make_key, random_numbers
from rushton.lifelines.layout import Cloud, Field, Journey
from rushton.lifelines.observer import (
    N_RESIDENCE_BIN,
    SCALE,
    Limits,
    Tally,
    add_tallies,
    close_signals,
    duration_bins,
    group_count,
    new_memory,
    new_tally,
)
from rushton.lifelines.regimes import limits_of
from rushton.lifelines.result import TRACKS, Lifelines
from rushton.lifelines.sample import Sample
from rushton.lifelines.track_file import TrackFile
from rushton.lifelines.well_mixed import chi2_per_dof, equal_volume_bins
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.mesh.cylinder import TankMesh
    from rushton.transport import Substrate

WALKS = {"interface": walks.INTERFACE, "end-point": walks.END_POINT, "naive": walks.NAIVE, "none": walks.STILL}

SETTLE = 1.0
"""Returns to an impeller zone within this time are not counted, s."""

STRETCH_STEPS = 50
"""About so many steps between two sortings of the cells."""

_RELEASE = 0xFFFFFFFF
"""Step number of the generator that is used for the release."""


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


def release_uniformly(mesh: TankMesh, field: Field, n_cell: int, limits: Limits, key: np.uint64) -> Cloud:
    """Cells placed at random, uniformly in the volume of the liquid.

    Parameters
    ----------
    mesh : TankMesh
    field : Field
    n_cell : int
    limits : Limits
    key : uint64

    Returns
    -------
    Cloud
    """
    draws = np.empty((4, n_cell, 2))
    for n in range(2):
        random_numbers(np.arange(n_cell), _RELEASE - n, key, draws[n])
    fluid = mesh.fluid_cells
    cumulative = np.cumsum(mesh.volumes[tuple(fluid.T)])
    chosen = np.searchsorted(cumulative, draws[0, :, 0] * cumulative[-1], side="right")
    place = fluid[np.minimum(chosen, len(fluid) - 1)]
    fraction = np.column_stack([draws[0, :, 1], draws[1, :, 0], draws[1, :, 1]])
    visit = np.full((n_cell, 3), -1, np.int32)
    k = place[:, 2]
    between = (field.zone_low[k] <= fraction[:, 2]) & (fraction[:, 2] <= field.zone_high[k])
    visit[:, 0] = between & (place[:, 0] < field.zone_ring[k])
    return Cloud(np.ascontiguousarray(place), fraction, new_memory(n_cell, limits), visit)


@dataclass
class Walkers:
    """A cloud under way: the state that a run advances, and its counters, one set per thread.

    Attributes
    ----------
    field, cloud, limits, key
        As the kernels take them.
    dt : float
        Time step, s.
    walk : int
        Code of the walk.
    n_step : int
        Steps of the whole run.
    every : int
        Steps per stored sample.
    threads : int
    """

    field: Field
    cloud: Cloud
    limits: Limits
    key: np.uint64
    dt: float
    walk: int
    n_step: int
    every: int
    threads: int
    n_segment: int = 0

    def __post_init__(self) -> None:
        n_cell = len(self.cloud.place)
        self.done = 0
        self.cpu_s = 0.0
        n = group_count(n_cell)
        self.tallies: list[Tally] = [new_tally(n) for _ in range(self.threads)]
        self.journeys = [
            Journey(np.zeros((n, N_RESIDENCE_BIN), np.int64), np.zeros(n, np.int64), np.zeros(4, np.int64))
            for _ in range(self.threads)
        ]
        self.bins = duration_bins(self.n_step, self.dt)
        self.settle = round(SETTLE / self.dt)
        self.order = np.empty(n_cell, np.int32)
        self.start = np.empty(self.field.number.size + 1, np.int64)
        if self.n_segment == 0:
            self.n_segment = max(8 * self.threads, math.ceil(n_cell / 4096))
        self.stop = threading.Event()

    def advance(self, pool: ThreadPoolExecutor, n_step: int, sample: int, out: np.ndarray, full: np.ndarray) -> None:
        """Step all cells n_step times; stored samples go to columns ``sample`` and on of out and full."""
        _, nt, nz = self.field.shape
        kernels.sort_by_place(self.cloud.place, nt, nz, self.start, self.order)
        segments = np.array_split(self.order, self.n_segment)
        turn = itertools.count()

        def travel(order: np.ndarray, w: int) -> None:
            kernels.travel(
                order, self.done, n_step, self.dt, self.key, self.walk, self.field, self.cloud, self.limits,
                self.tallies[w], self.journeys[w], self.bins, self.settle, self.every, sample, out, full,
                np.empty(n_step, np.int32),
            )  # fmt: skip

        def work(w: int) -> float:
            begun = time.thread_time()
            while not self.stop.is_set():
                n = next(turn)
                if n >= len(segments):
                    break
                travel(segments[n], w)
            return time.thread_time() - begun

        if self.done == 0:
            travel(self.order[:0], 0)  # compiles here, once, and not on every thread's clock
        try:
            self.cpu_s += sum(pool.map(work, range(self.threads)))
        except BaseException:
            self.stop.set()
            raise
        self.done += n_step

    def run(self, n_step: int) -> None:
        """Step all cells n_step times without storing samples."""
        n_cell = len(self.cloud.place)
        kept, self.every = self.every, n_step + 1
        with ThreadPoolExecutor(self.threads) as pool:
            self.advance(pool, n_step, 0, np.empty((n_cell, 0), np.int32), np.empty((0, 0, 4), np.float32))
        self.every = kept

    def finish(self) -> tuple[Tally, Journey]:
        """The counters of all threads, all records closed; the run may go on after it."""
        tally = add_tallies(self.tallies)
        close_signals(self.done, self.limits, tally, self.cloud.memory, 0)
        return tally, Journey(*(np.sum([j[n] for j in self.journeys], axis=0) for n in range(len(Journey._fields))))

    def sample(self) -> Sample:
        """What would have been counted if the run ended now."""
        tally, journey = self.finish()
        n_group = len(journey.circulation)
        since = self.cloud.visit[:, 2]
        seen = np.flatnonzero(since >= 0)
        waiting = np.zeros((n_group, N_RESIDENCE_BIN), np.int64)
        np.add.at(waiting, (seen % n_group, self.bins[self.done - since[seen]]), 1)
        return Sample(
            dt=self.dt,
            duration=self.done * self.dt,
            tally=tally,
            returns=journey.circulation,
            return_time=journey.circulation_steps * self.dt,
            waiting=waiting,
        )


def track(
    case: Case,
    flow: Flow,
    substrate: Substrate,
    folder: Path,
    progress: Progress = silent,
    *,
    walk: str = "interface",
    threads: int | None = None,
) -> Lifelines:
    """Follow cells through the tank and observe the uptake ratio they meet.

    Parameters
    ----------
    case : Case
        Its ``lifelines``, ``strain.regimes``, ``impellers``, ``operation`` and ``mixing.schmidt_turbulent`` are read.
    flow : Flow
        Divergence-free face fluxes and eddy viscosity of the full tank.
    substrate : Substrate
        Its ``uptake_ratio`` (nr, nt, nz) is read.
    folder : Path
        ``lifelines.nc`` is written here.
    progress : Progress
    walk : str
        "interface", or for comparison "end-point", "naive", "none" (see ``walks``).
    threads : int, optional
        By default as many as there are cores.

    Returns
    -------
    Lifelines

    Raises
    ------
    SolverError
        If the flow is not divergence-free or not of the full tank.
    CaseError
        If the time step does not resolve the smoothing window.
    """
    settings, mesh = case.lifelines, flow.mesh
    if settings.coupling != "one-way":
        raise SolverError(
            "two-way coupling is not computed by this version",
            where="lifelines.coupling",
            hint='write coupling = "one-way"',
        )
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
    field = make_field(flow, substrate.uptake_ratio, case.impellers, schmidt, dt, case.numerics.frame)
    limits = limits_of(regimes, dt)
    key = make_key(settings.seed)
    cloud = release_uniformly(mesh, field, settings.cells, limits, key)
    walkers = Walkers(field, cloud, limits, key, dt, WALKS[walk], n_sample * every, every, threads or usable_cores())

    n_full = min(settings.full_records, settings.cells)
    attributes = {
        "title": f"lifelines of {settings.cells} cells: {case.name}",
        "time_step_s": dt, "seed": str(settings.seed), "walk": walk, "turbulent_schmidt_number": schmidt,
        "rotating_zone_frame": case.numerics.frame,
        "comment": "relative frame: inside rotating zones the angle of x and y counts from the blades",
    }  # fmt: skip
    file = TrackFile(Path(folder) / TRACKS, settings.cells, n_full, n_sample, every * dt, mesh.n_mesh_cell, attributes)
    try:
        half_length = _run(walkers, mesh, file, settings.cells, n_full, progress)
        file.close()
    except BaseException:
        file.discard()
        raise
    return _gather(case, mesh, substrate.uptake_ratio, walkers, half_length, folder, walk, schmidt)


def _run(walkers: Walkers, mesh: TankMesh, file: TrackFile, n_cell: int, n_full: int, progress: Progress) -> Sample:
    """Step through the whole duration; one stretch is packed and written while the next is walked.

    Returns
    -------
    Sample
        What was counted when half of the run, or a little more, was done.
    """
    every, n_sample, total = walkers.every, file.n_sample, walkers.n_step * walkers.dt
    buffers = [
        (np.empty((n_cell, file.width), np.int32), np.empty((n_full, file.width, 4), np.float32)) for _ in range(2)
    ]
    per_launch = max(1, min(round(STRETCH_STEPS / every), n_sample // 2))
    half_length: Sample | None = None

    def write(index: np.ndarray, full: np.ndarray) -> None:
        file.write(index, _cartesian(mesh, full))

    with ThreadPoolExecutor(walkers.threads) as pool, ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None
        for first, (index, full) in zip(range(0, n_sample, file.width), itertools.cycle(buffers), strict=False):
            width = min(file.width, n_sample - first)
            for column in range(0, width, per_launch):
                samples = min(per_launch, width - column)
                walkers.advance(pool, samples * every, column, index, full)
                if half_length is None and 2 * walkers.done >= walkers.n_step:
                    half_length = walkers.sample()
                seconds = walkers.done * walkers.dt
                progress(walkers.done / walkers.n_step, f"{n_cell:,} cells, {seconds:.0f} of {total:.0f} s")
            if writing is not None:
                writing.result()
            writing = writer.submit(write, index[:, :width], full[:, :width])
        if writing is not None:
            writing.result()
    assert half_length is not None
    return half_length


def _cartesian(mesh: TankMesh, full: np.ndarray) -> np.ndarray:
    """(i + x, j + y, k + z, s) -> (x, y, z, s), float32."""
    i, j, k = (np.arange(n + 1) for n in mesh.shape)
    r = np.sqrt(np.interp(full[..., 0], i, mesh.r**2))
    theta = np.interp(full[..., 1], j, mesh.theta)
    z = np.interp(full[..., 2], k, mesh.z)
    return np.stack([r * np.cos(theta), r * np.sin(theta), z, full[..., 3]], axis=-1).astype(np.float32)


def count_per_mesh_cell(walkers: Walkers) -> np.ndarray:
    """(n_mesh_cell,) number of cells in every fluid mesh cell now; those in the solid are left out."""
    _, nt, nz = walkers.field.shape
    i, j, k = walkers.cloud.place.astype(np.int64).T
    number = walkers.field.number[(i * nt + j) * nz + k]
    return np.bincount(number[number >= 0], minlength=int(walkers.field.number.max()) + 1)


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
        mesh_cells=mesh.n_mesh_cell,
        duration=walkers.done * dt,
        time_step=dt,
        sampling=walkers.every * dt,
        smoothing=walkers.limits.window * dt,
        schmidt=schmidt,
        walk=walk,
        coupling=case.lifelines.coupling,
        seed=case.lifelines.seed,
        well_mixed_chi2=chi2_per_dof(np.bincount(bins, weights=counts, minlength=volumes.size), volumes),
        lost=astray + in_solid,
        in_solid=in_solid,
        given_up=given_up,
        hops_per_step=hops / max(steps, 1),
        mean_uptake=sample.statistics().mean,
        expected_uptake=float((s * v).sum()),
        steps_per_core_second=steps / max(walkers.cpu_s, 1e-9),
    )


__all__ = ["SCALE", "WALKS", "Walkers", "default_time_step", "make_key", "release_uniformly", "track"]
