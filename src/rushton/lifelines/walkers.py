"""A cloud under way: all cells are stepped together through a stretch of time, on all cores.

Cells are sorted by place before every stretch, so that neighbours share the field in the processor's cache. The random
numbers depend on cell, step and seed only and all counters are integers: the result has the same bytes on any number
of threads.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from rushton.lifelines import kernels
from rushton.lifelines.lanes import new_tile
from rushton.lifelines.layout import Cloud, Field, Journey
from rushton.lifelines.observer import (
    N_RESIDENCE_BIN,
    Limits,
    Tally,
    add_tallies,
    close_signals,
    duration_bins,
    group_count,
    new_tally,
)
from rushton.lifelines.sample import Sample

STRETCH_STEPS = 50
"""About so many steps between two sortings of the cells."""

SETTLE = 1.0
"""Returns to an impeller zone within this time are not counted, s.

Zones are looked at in intervals that do not follow the time step: between any two looks a walk can graze a zone, more
often the closer they are, without limit.
"""


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
    n_segment : int
        Parts into which the cells are cut for the threads; 0: chosen.
    look : int
        Steps between two looks at the impeller zones.
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
    look: int = 1

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
        self.compiled = False

    def advance(self, pool: ThreadPoolExecutor, n_step: int, sample: int, out: np.ndarray, full: np.ndarray) -> None:
        """Step all cells n_step times; stored samples go to columns ``sample`` and on of out and full."""
        _, nt, nz = self.field.shape
        kernels.sort_by_place(self.cloud.place, nt, nz, self.start, self.order)
        segments = np.array_split(self.order, self.n_segment)
        turn = itertools.count()
        tiles = [new_tile(n_step) for _ in range(self.threads)]

        def travel(order: np.ndarray, w: int) -> None:
            kernels.travel(
                order, self.done, n_step, self.dt, self.key, self.walk, self.field, self.cloud, self.limits,
                self.tallies[w], self.journeys[w], self.bins, self.settle, self.look, self.every, sample, out, full,
                tiles[w],
            )  # fmt: skip

        def work(w: int) -> float:
            begun = time.thread_time()
            while not self.stop.is_set():
                n = next(turn)
                if n >= len(segments):
                    break
                travel(segments[n], w)
            return time.thread_time() - begun

        if not self.compiled:
            travel(self.order[:0], 0)  # compiles here, once, and not on every thread's clock
            self.compiled = True
        try:
            self.cpu_s += sum(pool.map(work, range(self.threads)))
        except BaseException:
            self.stop.set()
            raise
        self.done += n_step

    def run(self, n_step: int) -> None:
        """Step all cells n_step times without storing samples."""
        kept, self.every = self.every, n_step + 1
        with ThreadPoolExecutor(self.threads) as pool:
            self.advance(pool, n_step, 0, np.empty((0, 0), np.int32), np.empty((0, 0, 4), np.float32))
        self.every = kept

    def counters(self) -> tuple[Tally, Journey]:
        """The counters of all threads together, records left open."""
        journey = Journey(*(np.sum([j[n] for j in self.journeys], axis=0) for n in range(len(Journey._fields))))
        return add_tallies(self.tallies), journey

    def finish(self) -> tuple[Tally, Journey]:
        """The counters of all threads, all records closed; the run may go on after it."""
        tally, journey = self.counters()
        close_signals(self.done, self.limits, tally, self.cloud.memory, 0)
        return tally, journey

    def restore(self, cloud: Cloud, tally: Tally, journey: Journey, done: int, cpu_s: float) -> None:
        """Go back to cells and counters (all threads together) after ``done`` steps."""
        self.cloud, self.tallies[0], self.journeys[0] = cloud, tally, journey
        self.done, self.cpu_s = done, cpu_s

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


def count_per_mesh_cell(walkers: Walkers) -> np.ndarray:
    """(n_mesh_cell,) number of cells in every fluid mesh cell now; those in the solid are left out."""
    _, nt, nz = walkers.field.shape
    i, j, k = walkers.cloud.place.astype(np.int64).T
    number = walkers.field.number[(i * nt + j) * nz + k]
    return np.bincount(number[number >= 0], minlength=int(walkers.field.number.max()) + 1)
