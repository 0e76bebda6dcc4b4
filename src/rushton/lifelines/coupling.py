"""Two-way coupling: cells carry a cell model, take up what they can by their own state, and the field answers.

One step of the exchange, from t to t + dt (dt: the sampling interval of the lifelines, a whole number of walk steps)::

    1  field   V (C' - C)/dt + A C' - T(C') = F w - V X R_B q*(C)/C C',      U = sum(V X R_B q*(C)/C C')
    2  cells   walk for dt in the steady flow; they read s = C'/(K + C')
    3  wishes  q_n = own(C'_n, x_n);   R_B from q_n and q*(C'_n)  (:mod:`rushton.lifelines.coupling_blocks`)
    4  uptake  f q_n,  f = U / (m sum q_n);   dx_n/dt = rates(f q_n, C'_n, x_n)

    C, C'  mol/m3      field before and after        q*   mol/(kg s)  uptake of the mean cell (mean of all pools) at C
    q_n    mol/(kg s)  what cell n would take        R_B  -           cells over mean cells, per coarse cell
    m      kg          dry weight a cell stands for  X    kg/m3       biomass: m = X V / cells followed
    U      mol/s       what the field loses          f    -           share of their wish that cells get

* The feed plume is kept: q*(C) acts in every mesh cell, only R_B is coarse, and R_B holds no sampling noise of places.
* Mass is exact to rounding. The field's step is (:mod:`rushton.transport.consumption`), and the cells get what it lost:
  m sum f q_n = U. So fed = eaten by the cells + change of what is dissolved, in every step.
* f differs from one by the sampling noise of the cloud (some tenths of a per cent for 20,000 cells) and by the lag of
  R_B where cells change fast. Its mean less one is ``uptake_mismatch``; f is the same for all cells at one time.
* Cells without memory have R_B = 1 exactly: the scheme is then the Eulerian one, whatever the number of cells.
* Positive for any step; nothing is limited by the uptake time K/(q_max X).

Start: pools of the ideally mixed vessel that eats by its own law what is fed; the field is brought to rest with these
cells; then cells and field live together for a fifth of the duration, at most 120 s, before anything is recorded.

What is at rest and what is not. Pools that move within the duration (seconds to minutes) reach their stationary spread
and act back on the field. Slow pools (enzymes: hours to days) stay near their start; a run of 600 s cannot show where
they would end. The drift of the mean pools over the last half of the run is reported, per hour, so that this is seen.
Flow, biomass and volume are those of one moment of the fermentation.

Sums over cells are formed in their order and coarse cells are summed one after the other: the same seed gives the
same bytes on any number of threads.

References: parcels that carry a cell model in a field, Lapin, Schmid, Reuss 2006, Chem. Eng. Sci. 61:4783,
doi 10.1016/j.ces.2006.03.003 (there every parcel is a sink of its own; the ratio and its exact balance are ours);
one-way procedure: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from rushton.cores import Team, usable_cores
from rushton.errors import SolverError
from rushton.lifelines import layout, tracking
from rushton.lifelines.coupling_blocks import Ratio, coarse_cells
from rushton.lifelines.coupling_cells import Cells
from rushton.lifelines.coupling_result import Coupled, Course
from rushton.lifelines.observer import SCALE
from rushton.lifelines.result import Lifelines
from rushton.lifelines.walkers import Walkers
from rushton.physiology import model_of
from rushton.physiology.fed import fed_cell
from rushton.physiology.population import draw_parameters
from rushton.store import Progress, silent
from rushton.transport.consumption import ConsumedScalar
from rushton.transport.operator import ScalarOperator, assemble
from rushton.transport.substrate import feed_source

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.physiology.model import CellModel
    from rushton.transport import Substrate

WINDOW = 10.0
"""Window of the ratio, s: half a circulation of a large tank."""
WARM_UP, WARM_UP_SHARE = 120.0, 0.2
"""Field and cells live together so long before the record begins: s at most, and share of the duration."""
REST, REST_STEPS, REST_GROWTH, LONGEST_REST_STEP = 1e-6, 300, 1.5, 1e3
"""Field at rest: relative change of the uptake ratio per step, most steps, their growth, the longest, s."""
MOST_COMPARED = 10_000
"""Cells at most that are followed through the one-way field too, for comparison."""
LEAST = 1e-12
"""Concentrations below this times the half saturation are taken as this in q*(C)/C, -."""


class TwoWay:
    """Field and cells in exchange; ``tracking.track`` calls ``begin`` before and ``finish`` after every sample.

    Parameters
    ----------
    model : CellModel
    operator : ScalarOperator
    source : (nr, nt, nz) float
        Feed, mol/s.
    concentration : (nr, nt, nz) float
        First guess of the field, mol/m3.
    half_saturation : float
        K of the uptake ratio s, mol/m3.
    biomass, density : float
        Dry weight, kg/m3; of the broth, kg/m3.
    spread : dict of str to float, optional
        Relative standard deviation of parameters between cells (:mod:`rushton.physiology.population`).
    window : float
        See ``WINDOW``.

    Attributes
    ----------
    uptake_ratio : (nr, nt, nz) float
        s = C/(K + C) of the field, -: its mean over the last half once the run is over.
    """

    def __init__(
        self,
        model: CellModel,
        operator: ScalarOperator,
        source: np.ndarray,
        concentration: np.ndarray,
        half_saturation: float,
        biomass: float,
        density: float,
        spread: dict[str, float] | None = None,
        window: float = WINDOW,
    ) -> None:
        self._model, self._operator, self._source = model, operator, source
        self._half, self._biomass, self._density, self.window = half_saturation, biomass, density, window
        self._spread = spread or {}
        self._fluid = ~operator.mesh.solid
        self._volumes, self._volume = operator.volumes, float(operator.volumes.sum())
        self.feed = float(source.sum())
        self.c = np.where(self._fluid, np.maximum(concentration, LEAST * half_saturation), 0.0)
        self.start, _ = fed_cell(model, self.feed / (biomass * self._volume), half_saturation, density)
        self.course: Course | None = None
        self.seconds = 0.0

    @property
    def uptake_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s of the field now, or its time mean once there is one."""
        return self.course.mean_ratio if self.course is not None else self.field_ratio

    @property
    def field_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s of the field now."""
        return self._ratio_of(self.c)

    def _ratio_of(self, c: np.ndarray) -> np.ndarray:
        return np.where(self._fluid, c / (self._half + c), 0.0)

    # --- the two halves of a step ------------------------------------------------------------------------------------

    def begin(self, walkers: Walkers) -> None:
        """The field goes on by one interval, and the walkers see it."""
        if walkers.done == 0:
            self._prepare(walkers)
        begun = time.perf_counter()
        self._step_field()
        self._show(walkers)
        self.seconds += time.perf_counter() - begun

    def finish(self, walkers: Walkers) -> None:
        """The cells, where they have walked to, get what the field lost."""
        begun = time.perf_counter()
        rates = self._feed_cells(walkers)
        assert self.course is not None
        self.course.note(walkers.done / walkers.n_step, self, rates)
        self.seconds += time.perf_counter() - begun

    def _step_field(self) -> None:
        c = np.maximum(self.c, LEAST * self._half)
        mean = self.cells.mean_uptake(c.ravel()).reshape(c.shape)
        kappa = self._biomass * self.ratio.value[self.block] * mean / c
        self.c, self.eaten = self.scalar.step(self.c, kappa, self._source)

    def _show(self, walkers: Walkers) -> None:
        walkers.field.record[:, layout.UPTAKE] = np.rint(self.field_ratio.ravel() * SCALE)

    def _feed_cells(self, walkers: Walkers) -> np.ndarray:
        _, nt, nz = walkers.field.shape
        i, j, k = walkers.cloud.place.astype(np.int64).T
        here = (i * nt + j) * nz + k
        c = self.c.ravel()[here]
        wishes, mean = self.cells.wishes(c), self.cells.mean_uptake(c)
        self.ratio.observe(self.block.ravel()[here], wishes, mean)
        wished = self.weight * float(wishes.sum())
        if not (np.isfinite(wished) and wished > 0.0):
            raise SolverError(
                f"the cells of {self._model.name} take up nothing any more (their wish is {wished:.3g} mol/s)",
                "strain.parameters",
                "look at the pools in the one-way response: the model left its range, or its step is too long",
            )
        self.factor = self.eaten / wished
        rates = self.cells.eat(self.factor * wishes, c, self.interval)
        self.taken = self.weight * float(rates[:, 0].sum()) / self._model.uptake_per_mol_kg_s
        return rates

    # --- before the first step ---------------------------------------------------------------------------------------

    def _prepare(self, walkers: Walkers) -> None:
        """Cells with their pools, coarse cells, the field at rest with them, and the first while that is not kept."""
        n_cell = len(walkers.cloud.place)
        self.interval = walkers.every * walkers.dt
        self.weight = self._biomass * self._volume / n_cell
        self.team = Team(walkers.threads)
        parameters = draw_parameters(self._model, self._spread, n_cell, int(walkers.key)) if self._spread else None
        self.cells = Cells(self._model, n_cell, self.start, self._density, self.team, parameters)
        self.block = coarse_cells(self._operator.mesh, n_cell)
        self.scalar = ConsumedScalar(self._operator, self.interval, self.team)
        self._rest()
        mean = self.cells.mean_uptake(self.c.ravel())
        share = self._volumes.ravel() / self._volume
        self.ratio = Ratio(self.block.ravel(), self.window, self.interval, n_cell * share * mean)
        self._warm_up(walkers)
        held = float((self._volumes * self.c).sum())
        self.course = Course(self.interval, walkers.n_step // walkers.every, held, self._volumes)
        self.begun_at = {name: a.copy() for name, a in walkers.cloud._asdict().items() if name != "memory"}

    def _rest(self) -> None:
        """The field steady with the mean cell, R = 1: steps of growing length."""
        dt, s = self.interval, self.field_ratio
        for _ in range(REST_STEPS):
            self.scalar.set_time_step(dt)
            c = np.maximum(self.c, LEAST * self._half)
            kappa = self._biomass * self.cells.mean_uptake(c.ravel()).reshape(c.shape) / c
            self.c, _ = self.scalar.step(self.c, kappa, self._source)
            before, s = s, self.field_ratio
            if dt >= LONGEST_REST_STEP and float((self._volumes * np.abs(s - before)).sum()) < REST * self._volume:
                break
            dt = min(REST_GROWTH * dt, LONGEST_REST_STEP)
        self.scalar.set_time_step(self.interval)

    def _warm_up(self, walkers: Walkers) -> None:
        """Live together for a while, unrecorded, on random numbers of their own; the record begins where that ends."""
        span = min(WARM_UP, WARM_UP_SHARE * walkers.n_step * walkers.dt)
        intervals = round(span / self.interval)
        cloud = walkers.cloud
        first = cloud._replace(memory=cloud.memory.copy(), visit=cloud.visit.copy())
        self.warm_up = intervals * self.interval
        if intervals == 0:
            return
        key = np.uint64(walkers.key ^ np.uint64(0x9E3779B97F4A7C15))
        alone = replace(walkers, cloud=first, key=key, n_step=intervals * walkers.every)
        for _ in range(intervals):
            self._step_field()
            alone.run(walkers.every)
            self._feed_cells(alone)
        cloud.visit[:, 0] = first.visit[:, 0]


class SameWays:
    """The exchange of one-way coupling: none; the cells begin where others began, and so go the same ways."""

    def __init__(self, begun_at: dict[str, np.ndarray]) -> None:
        self._begun_at = begun_at

    def begin(self, walkers: Walkers) -> None:
        """Before the first step the cells are put where the others began."""
        if walkers.done == 0:
            for name, begun in self._begun_at.items():
                there = getattr(walkers.cloud, name)
                there[:] = begun[: len(there)]

    def finish(self, walkers: Walkers) -> None:
        """Nothing is traded."""


def couple(
    case: Case,
    flow: Flow,
    substrate: Substrate,
    folder: Path,
    progress: Progress = silent,
    *,
    walk: str | None = None,
    threads: int | None = None,
) -> Lifelines:
    """Follow cells that change the field they live in.

    Parameters
    ----------
    case : Case
        Besides what ``tracking.track`` reads: ``strain``, ``feeds``, ``broth.biomass`` and ``broth.density``.
    flow : Flow
    substrate : Substrate
        The one-way field: a first guess, and what the result is compared with.
    folder : Path
        ``lifelines.nc`` is written here.
    progress : Progress
    walk : str, optional
    threads : int, optional
        As for ``tracking.track``.

    Returns
    -------
    Lifelines
        With ``coupled``.

    Raises
    ------
    ModelError
        If the cells cannot take up what is fed.
    SolverError
        If cells stop eating, or flow and field do not serve.
    """
    settings, strain = case.lifelines, case.strain
    assert settings is not None and strain is not None and case.broth.biomass is not None
    progress(0.0, "cells and field before they meet")
    two_way = TwoWay(
        model_of(strain),
        assemble(flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame),
        feed_source(case, flow.mesh),
        substrate.concentration,
        strain.uptake.half_saturation,
        case.broth.biomass,
        case.broth.density,
        strain.spread,
    )
    threads = threads or usable_cores()
    lifelines = tracking.track(case, flow, two_way, folder, progress, walk=walk, threads=threads, exchange=two_way)
    two_way.team.close()
    few = settings.model_copy(update={"cells": min(settings.cells, MOST_COMPARED), "full_records": 0})
    with TemporaryDirectory(dir=folder) as aside:
        one_way = tracking.track(
            case.model_copy(update={"lifelines": few}), flow, substrate, Path(aside), walk=walk, threads=threads,
            exchange=SameWays(two_way.begun_at),
        )  # fmt: skip
    return replace(lifelines, coupled=Coupled.of(two_way, substrate, one_way))
