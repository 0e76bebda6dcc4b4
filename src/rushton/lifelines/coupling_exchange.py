"""Field and cells in exchange, step by step: the scheme of :mod:`rushton.lifelines.coupling`.

``begin`` is called before the cells walk on by one interval, ``finish`` after. In this order: the substrate's field
goes on; oxygen and by-products go on; the cells walk; they wish, get what the field lost, and live on it; coarse cells
take note.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.cores import Team
from rushton.errors import SolverError
from rushton.lifelines import layout
from rushton.lifelines.coupling_blocks import Ratio, coarse_cells
from rushton.lifelines.coupling_cells import Cells
from rushton.lifelines.coupling_course import Course
from rushton.lifelines.coupling_slow import SPAN, SlowPools
from rushton.lifelines.coupling_species import Kind, Species
from rushton.lifelines.observer import SCALE
from rushton.lifelines.parts import part_of, within
from rushton.lifelines.walkers import Walkers
from rushton.physiology.fed import fed_cell
from rushton.physiology.population import draw_parameters
from rushton.sources import sources_hash
from rushton.transport.consumption import ConsumedScalar
from rushton.transport.operator import ScalarOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rushton.physiology.model import CellModel

WINDOW = 10.0
"""Window of what coarse cells take note of, s: half a circulation of a large tank."""
WARM_UP, WARM_UP_SHARE = 120.0, 0.2
"""Field and cells live together so long before the record begins: s at most, and share of the duration."""
REST, REST_STEPS, REST_GROWTH, LONGEST_REST_STEP = 1e-6, 300, 1.5, 1e3
"""Field at rest: relative change of the uptake ratio per step, most steps, their growth, the longest, s."""
KIND_FIELDS = ("start", "transfer", "saturation", "supplied", "doses")
LEAST = 1e-12
"""Concentrations below this times the half saturation are taken as this in q*(C)/C, -."""


def warm_up(walkers: Walkers) -> float:
    """How long field and cells of a run live together before the record begins, s."""
    return min(WARM_UP, WARM_UP_SHARE * walkers.n_step * walkers.dt)


class TwoWay:
    """Field and cells in exchange.

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
    kinds : sequence of Kind
        Species besides the substrate that get a field.
    spread : dict of str to float, optional
        Relative standard deviation of parameters between cells (:mod:`rushton.physiology.population`).
    slow_at_rest : bool
        Bring slow pools to rest before the record begins (:mod:`rushton.lifelines.coupling_slow`).
    window : float
        See ``WINDOW``.
    model_file : sequence of str
        Hashes of the file that a user's model comes from.
    block : (nr, nt, nz) int, optional
        Coarse cells; by default such that enough cells are in each.

    Attributes
    ----------
    c : (nr, nt, nz) float
        Substrate, mol/m3.
    species : list of Species
        The others, once the run has begun.
    mean : (n_all, 1 + n_species) float
        What the mean cell gives to the broth in every mesh cell, in the fields as they are, mol/(kg s).
    course : Course or None
        Notes of the run, once it has begun.
    finer : TwoWay or None
        What lived through the same at half of the step.
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
        kinds: Sequence[Kind] = (),
        spread: dict[str, float] | None = None,
        slow_at_rest: bool = False,
        window: float = WINDOW,
        model_file: Sequence[str] = (),
        block: np.ndarray | None = None,
    ) -> None:
        self._model, self._operator, self._source = model, operator, source
        self._half, self._biomass, self._density, self.window = half_saturation, biomass, density, window
        self._kinds, self._spread, self._slow_at_rest = tuple(kinds), spread or {}, slow_at_rest
        self._model_file = list(model_file)
        self._given, self._block = concentration, block
        self._fluid = ~operator.mesh.solid
        self.volumes, self._volume = operator.volumes, float(operator.volumes.sum())
        self.feed = float(source.sum())
        self.c = np.where(self._fluid, np.maximum(concentration, LEAST * half_saturation), 0.0)
        felt = model.surroundings_from_mol_kg({"biomass": biomass / density}, density)
        self._around = model.environment_vector(**felt)
        fed = self.feed / (biomass * self._volume)
        self.start, _ = fed_cell(model, fed, half_saturation, density, self._around)
        self.species: list[Species] = []
        self.mean = np.zeros((self.c.size, 1 + len(self._kinds)))
        self.course: Course | None = None
        self.finer: TwoWay | None = None
        self.seconds = 0.0

    @property
    def uptake_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s of the field now, or its mean over the last half of the run once there is one, -."""
        return self.course.mean_ratio if self.course is not None else self.field_ratio

    @property
    def field_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s = C/(K + C) of the field now."""
        return np.where(self._fluid, self.c / (self._half + self.c), 0.0)

    @property
    def dissolved(self) -> float:
        """Substrate in the tank, mol."""
        return float((self.volumes * self.c).sum())

    @property
    def _fields(self) -> list[np.ndarray]:
        """All fields, flat, mol/m3, the substrate first."""
        return [np.maximum(self.c, LEAST * self._half).ravel(), *(s.c.ravel() for s in self.species)]

    # --- the two halves of a step ------------------------------------------------------------------------------------

    def begin(self, walkers: Walkers) -> None:
        """The fields go on by one interval, and the walkers see the substrate's."""
        if walkers.done == 0:
            self._prepare(walkers)
        begun = time.perf_counter()
        self._step_fields()
        walkers.field.record[:, layout.UPTAKE] = np.rint(self.field_ratio.ravel() * SCALE)
        self.seconds += time.perf_counter() - begun

    def finish(self, walkers: Walkers) -> None:
        """The cells, where they have walked to, get what the field lost."""
        begun = time.perf_counter()
        rates = self._feed_cells(walkers)
        assert self.course is not None
        self.course.note(walkers.done / walkers.n_step, self, rates)
        self.seconds += time.perf_counter() - begun

    def _step_fields(self) -> None:
        self._step_substrate(-self.mean[:, 0])
        for n, species in enumerate(self.species, start=1):
            species.step(self.mean[:, n].reshape(self.c.shape))
        self.mean = self.cells.mean_cell(self._fields)  # for the cells now, and for the next step of the fields

    def _step_substrate(self, uptake: np.ndarray) -> None:
        c = np.maximum(self.c, LEAST * self._half)
        kappa = self._biomass * self.ratio.value[self.block] * uptake.reshape(c.shape) / c
        self.c, self.eaten = self.scalar.step(self.c, kappa, self._source)

    def _here(self, walkers: Walkers) -> np.ndarray:
        """(n_cell,) mesh cell of every cell."""
        _, nt, nz = walkers.field.shape
        i, j, k = walkers.cloud.place.astype(np.int64).T
        return (i * nt + j) * nz + k

    def _feed_cells(self, walkers: Walkers) -> np.ndarray:
        here = self._here(walkers)
        around = [c[here] for c in self._fields]
        block = self.block.ravel()[here]
        wishes, mean = self.cells.wishes(around), self.mean[here]
        self.ratio.observe(block, wishes, -mean[:, 0])
        wished = self.weight * float(wishes.sum())
        if not (np.isfinite(wished) and wished > 0.0):
            raise SolverError(
                f"the cells of {self._model.name} take up nothing any more (their wish is {wished:.3g} mol/s)",
                "strain.parameters",
                "look at the pools in the one-way response: the model left its range, or its step is too long",
            )
        self.factor = self.eaten / wished
        rates = self.cells.eat(self.factor * wishes, around, self.interval)
        given = self.cells.given(rates)
        self.taken = -self.weight * float(given[:, 0].sum())
        for n, species in enumerate(self.species, start=1):
            species.observe(block, given[:, n], mean[:, n], self.weight)
        return rates

    def again(self) -> TwoWay:
        """Another with the same coarse cells, not begun; kept as ``finer``."""
        self.finer = TwoWay(
            self._model, self._operator, self._source, self._given, self._half, self._biomass, self._density,
            self._kinds, self._spread, self._slow_at_rest, self.window, self._model_file, self.block,
        )  # fmt: skip
        return self.finer

    def close(self) -> None:
        """No further step follows."""
        self.team.close()

    # --- before the first step ---------------------------------------------------------------------------------------

    def _set_up(self, walkers: Walkers) -> None:
        """Cells, coarse cells, fields and books, none of them under way."""
        n_cell = len(walkers.cloud.place)
        self.interval = walkers.every * walkers.dt
        self.weight = self._biomass * self._volume / n_cell
        self.team = Team(walkers.threads)
        parameters = draw_parameters(self._model, self._spread, n_cell, int(walkers.key)) if self._spread else None
        substrate = (0, -1.0 / self._model.uptake_per_mol_kg_s)
        self.cells = Cells(
            self._model, n_cell, self.start, self._density, self.team, self._around, parameters,
            felt=(1, *(kind.column for kind in self._kinds)),
            traded=(substrate, *((kind.reported, kind.into_broth) for kind in self._kinds)),
        )  # fmt: skip
        self.block = coarse_cells(self._operator.mesh, n_cell) if self._block is None else self._block
        self.scalar = ConsumedScalar(self._operator, self.interval, self.team)

    def _correct(self, n_cell: int, expected: np.ndarray) -> None:
        """The ratio, and the other species; expected (n_all, 1 + n_species) is what the mean cells in every mesh cell
        give to the broth, mol/(kg s) times their number."""
        block, operator, dt = self.block.ravel(), self._operator, self.interval
        self.ratio = Ratio(block, self.window, dt, -expected[:, 0])
        self.species = [
            Species(kind, operator, self._biomass, dt, self.window, block, n_cell, expected[:, n], self.team)
            for n, kind in enumerate(self._kinds, start=1)
        ]

    def _prepare(self, walkers: Walkers) -> None:
        """The field at rest with the cells, then the first while together, that is not kept."""
        self._set_up(walkers)
        self._rest()
        n_cell = len(walkers.cloud.place)
        share = n_cell * self.volumes.ravel() / self._volume
        mean = self.cells.mean_cell([self.c.ravel(), *(kind.start.ravel() for kind in self._kinds)])
        self._correct(n_cell, share[:, None] * mean)
        self.mean = self.cells.mean_cell(self._fields)
        here = self._here(walkers)
        self.cells.choose_substeps([c[here] for c in self._fields], self.interval)
        slow = None
        if self._slow_at_rest and self._model.n_state:
            fed = self._around.copy()
            fed[0] = self.feed / (self._biomass * self._volume) * self._model.uptake_per_mol_kg_s
            slow = SlowPools(self.cells.imposed, fed, self.start)
            self._live(walkers, SPAN, slow)
        self.warm_up = self._live(walkers, warm_up(walkers)) + (SPAN if slow else 0.0)
        for species in self.species:
            species.open_books()
        self.course = Course(self, walkers.n_step // walkers.every)
        self.begun_at = {name: a.copy() for name, a in walkers.cloud._asdict().items() if name != "memory"}

    # --- what an interrupted run goes on from ------------------------------------------------------------------------

    def key(self, walkers: Walkers) -> str:
        """Hash of all that decides what cells and fields do to each other, the duration left out."""
        digest = hashlib.blake2b(digest_size=16)
        operator, model = self._operator, self._model
        fields = [getattr(kind, name) for kind in self._kinds for name in KIND_FIELDS]
        arrays = (
            operator.diagonal, operator.neighbours, operator.volumes, self._source, self.c, self._around, self.start,
            model.parameter_vector, *(field for field in fields if field is not None),
        )  # fmt: skip
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        said = [
            model.name, [(k.name, k.column, k.reported, k.into_broth, k.expected_mol_s) for k in self._kinds],
            self._half, self._biomass, self._density, self.window, sorted(self._spread.items()), self._slow_at_rest,
            round(warm_up(walkers) / (walkers.every * walkers.dt)), self._model_file,
            sources_hash("rushton.physiology", "rushton.transport"),
        ]  # fmt: skip
        digest.update(json.dumps(said).encode())
        return digest.hexdigest()

    def state(self) -> dict[str, np.ndarray]:
        """Fields, cells and books, between two steps."""
        assert self.course is not None, "before the run"
        return {
            "c": self.c, "mean": self.mean, "pools": self.cells.state,
            "numbers": np.array([self.warm_up, self.seconds, self.cells.substeps]),
            **within("scalar", self.scalar), **within("ratio", self.ratio), **within("course", self.course),
            **{f"begun_at.{name}": array for name, array in self.begun_at.items()},
            **{key: a for species in self.species for key, a in within(species.kind.name, species).items()},
        }  # fmt: skip

    def restore(self, walkers: Walkers, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``, of walkers that are already where they were then."""
        self._set_up(walkers)
        self._correct(len(walkers.cloud.place), np.zeros_like(self.mean))
        self.c, self.mean = state["c"], state["mean"]
        self.warm_up, self.seconds, substeps = (float(x) for x in state["numbers"])
        self.cells.restore(state["pools"], int(substeps))
        self.scalar.restore(part_of("scalar", state))
        self.ratio.restore(part_of("ratio", state))
        for species in self.species:
            species.restore(part_of(species.kind.name, state))
        self.course = Course(self, walkers.n_step // walkers.every)
        self.course.restore(part_of("course", state))
        self.begun_at = part_of("begun_at", state)

    def _rest(self) -> None:
        """The substrate's field steady with the mean cell, R = 1, the others as they start: steps of growing length."""
        dt, s = self.interval, self.field_ratio
        others = [kind.start.ravel() for kind in self._kinds]
        self.ratio = Ratio(self.block.ravel(), self.window, self.interval, self.volumes.ravel())
        for _ in range(REST_STEPS):
            self.scalar.set_time_step(dt)
            c = np.maximum(self.c, LEAST * self._half).ravel()
            self._step_substrate(-self.cells.mean_cell([c, *others], only_substrate=True)[:, 0])
            before, s = s, self.field_ratio
            if dt >= LONGEST_REST_STEP and float((self.volumes * np.abs(s - before)).sum()) < REST * self._volume:
                break
            dt = min(REST_GROWTH * dt, LONGEST_REST_STEP)
        self.scalar.set_time_step(self.interval)

    def _live(self, walkers: Walkers, span: float, slow: SlowPools | None = None) -> float:
        """Live together for about so many seconds, unrecorded, on random numbers of their own; returns how many.

        The cloud is left where that ends.
        """
        intervals = round(span / self.interval)
        cloud = walkers.cloud
        first = cloud._replace(memory=cloud.memory.copy(), visit=cloud.visit.copy())
        if intervals == 0:
            return 0.0
        key = np.uint64(walkers.key ^ np.uint64(0x9E3779B97F4A7C15 if slow is None else 0x632BE59BD9B4E019))
        alone = replace(walkers, cloud=first, key=key, n_step=intervals * walkers.every)
        for _ in range(intervals):
            self._step_fields()
            alone.run(walkers.every)
            before = self.cells.mean_state
            self._feed_cells(alone)
            if slow is not None:
                slow.move(self.cells.state, before)
        cloud.visit[:, 0] = first.visit[:, 0]
        return intervals * self.interval
