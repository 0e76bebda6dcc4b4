"""Strains in a rig: what the cell model of every strain makes of what its cells meet there.

    q_s = q_max s(t)                 imposed, as along the tank's lifelines
    reading = mean rate / rate in the steady reference at the same mean uptake, in the same vessel

s(t) is averaged into samples of about 0.3 s. All cells of a fed vessel or a chamber meet the same period again and
again; in a loop every cell has random stays of its own, and a few cells are followed, the same stays for every strain.
Every cell starts from the steady reference.

Cells of many strains are walked side by side (:mod:`rushton.response.side_by_side`). The step is halved until mean
rates over the first samples change by less than ``STEP_ERROR``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rushton.cores import usable_cores
from rushton.errors import ModelError, RushtonError
from rushton.physiology import CellModel, steady_state
from rushton.physiology.model import SECONDS_PER_HOUR
from rushton.physiology.population import draw_parameters
from rushton.response.many import MOST_SUBSTEPS, PROBE_SAMPLES, STEP_ERROR, VARIANTS
from rushton.response.side_by_side import BLOCK, advance, look_up, marcher
from rushton.response.surroundings import surroundings
from rushton.response.tracks import PIECE
from rushton.scaledown.inside import SAMPLE
from rushton.scaledown.rig import Operation
from rushton.study.screening.same_rig import RANDOM

HISTORIES = 4
"""Cells followed where stays are random; each has stays at all quantiles, so that few do."""
_FINE = 3  # samples of a random signal averaged into one
_MOST_ROWS = 4_000_000  # rows of surroundings held at a time


@dataclass(frozen=True, eq=False)
class Met:
    """What cells of one uptake law meet in a rig.

    Attributes
    ----------
    s : (n_history, n_sample) float
        q/q_max; repeats for ever.
    dt : float
        s.
    uptake_max : float
        q_max, mol/(kg s).
    half_saturation : float
        K, mol/kg broth.
    biomass, density : float
        kg/m3.
    """

    s: np.ndarray
    dt: float
    uptake_max: float
    half_saturation: float
    biomass: float
    density: float


@dataclass(frozen=True, eq=False)
class Resident:
    """A strain in a rig."""

    name: str
    model: CellModel
    spread: dict[str, float]
    met: Met


@dataclass(frozen=True, eq=False)
class Lived:
    """What became of it.

    Attributes
    ----------
    rates, reference : (n_history, 3) float
        Mean q_s, mu and product (nan without one) over the run and in the steady reference, in the units of the model.
    states : (n_variant, n_state) float
        Steady reference of each of its different cells: where that of another rig is looked for.
    """

    rates: np.ndarray
    reference: np.ndarray
    states: np.ndarray


def met_in(operation: Operation, duration: float, density: float, seed: int) -> Met:
    """What the cells of a rig meet over a duration, s."""
    culture = operation.culture
    if isinstance(operation, RANDOM):
        rows = []
        for n in range(HISTORIES):
            s, step = operation.signal(SAMPLE / _FINE, duration, seed + 7 * n)
            every = max(1, min(round(SAMPLE / step), s.size))
            rows.append(s[: s.size // every * every].reshape(-1, every).mean(axis=1))
        signal, dt = np.stack(rows), step * every
    else:
        fine, step = operation.signal(SAMPLE / _FINE, operation.cycle(), seed)
        period = fine[: max(1, round(operation.cycle() / step))]
        n = max(1, round(period.size * step / SAMPLE))
        sums = np.concatenate([[0.0], np.cumsum(period)])
        edges = np.interp(np.linspace(0.0, period.size, n + 1), np.arange(sums.size), sums)
        signal, dt = np.diff(edges)[None] * n / period.size, period.size * step / n
    return Met(
        signal, dt, culture.uptake_max, culture.half_saturation / density, culture.biomass, density
    )  # fmt: skip


# --- the steady reference --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Fixed:
    """A `prepare` that gives the parameters of one cell, whatever the values."""

    row: np.ndarray

    def __call__(self, values: Any) -> np.ndarray:
        return self.row


def at_rest(model: CellModel, environment: np.ndarray, near: np.ndarray | None) -> np.ndarray:
    """Steady state (n_state,), by Newton from one under nearly the same environment where that leads to it.

    Raises
    ------
    ModelError
        There is none.
    """
    from scipy.optimize import root

    if near is None or model.n_state == 0:
        return steady_state(model, environment)
    out, parameters, scale = np.zeros(model.n_out), model.parameter_vector, np.maximum(np.abs(near), 1e-12)

    def change(u: np.ndarray) -> np.ndarray:
        model.rates(environment, np.ascontiguousarray(u * scale), parameters, out)
        return out[: model.n_state] / scale

    found = root(change, near / scale, method="hybr", tol=1e-13)
    x = found.x * scale
    if np.all(x >= 0.0) and np.allclose(x, near, rtol=0.05) and np.max(np.abs(change(x / scale))) < 1e-6:
        return np.asarray(x)
    return steady_state(model, environment)


# --- cells side by side ----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Cells:
    """The cells of one strain under way."""

    resident: Resident
    parameters: np.ndarray  # (n_variant, n_parameter)
    states: np.ndarray  # (n_variant, n_state) at rest
    rest: np.ndarray  # (n_variant, n_reported)
    first: np.ndarray  # (n_cell,) row of the table at which the signal of each cell begins
    history: np.ndarray  # (n_cell,) int
    variant: np.ndarray  # (n_cell,) int


def live(
    residents: Sequence[Resident],
    duration: float,
    n_cell: int,
    seed: int,
    near: Mapping[str, np.ndarray] | None = None,
    told: Callable[[float], None] = lambda share: None,
) -> dict[str, Lived | RushtonError]:
    """Follow the cells of strains in one rig.

    Parameters
    ----------
    residents : sequence of Resident
        Names differ; models may. All signals have one interval and one number of histories and samples.
    duration : float
        s.
    n_cell : int
        Most different cells of a strain with spread.
    seed : int
        Of the spread.
    near : mapping of str to (n_variant, n_state) float, optional
        Steady states of the strains under nearly the same mean uptake.
    told : callable
        Told of the share done.

    Returns
    -------
    dict of str to Lived or RushtonError
        By name.
    """
    found: dict[str, Lived | RushtonError] = {}
    for batch in _batches(residents):
        cells, tables, row = [], [], 0
        for same in batch:
            table, ideal = _around(same[0])
            for one in same:
                try:
                    cells.append(_settle(one, ideal, n_cell, seed, (near or {}).get(one.name), row))
                except RushtonError as error:
                    found[one.name] = error
            tables.append(table)
            row += len(table)
        if cells:
            _walk(cells, np.concatenate(tables), duration, found)
        told(len(found) / len(residents))
    return found


def _batches(residents: Sequence[Resident]) -> Iterator[list[list[Resident]]]:
    """Residents of one model, in groups that meet the same, as many groups as the surroundings may hold."""
    groups: dict[tuple[str, int], list[Resident]] = {}
    for one in residents:
        groups.setdefault((one.model.name, id(one.met)), []).append(one)
    for model in dict.fromkeys(name for name, _ in groups):
        batch: list[list[Resident]] = []
        rows = 0
        for same in (group for (name, _), group in groups.items() if name == model):
            size = same[0].met.s.size
            if batch and rows + size > _MOST_ROWS:
                yield batch
                batch, rows = [], 0
            batch.append(same)
            rows += size
        yield batch


def _around(one: Resident) -> tuple[np.ndarray, np.ndarray]:
    """Surroundings of every sample, (n_history n_sample, n_environment), and those of the steady reference."""
    met, s = one.met, one.met.s.ravel()
    biomass = {"biomass": met.biomass / met.density}
    found = surroundings(one.model, s, met.uptake_max, met.half_saturation, biomass, met.density)
    return found.table, found.ideal(one.model, np.ones(s.size), s)


def _settle(one: Resident, ideal: np.ndarray, n_cell: int, seed: int, near: np.ndarray | None, row: int) -> _Cells:
    """The steady reference of every different cell of a strain, and which cells are followed."""
    model, (n_history, n_sample) = one.model, one.met.s.shape
    spread = any(cv > 0.0 for cv in one.spread.values())
    parameters = (
        draw_parameters(model, one.spread, min(VARIANTS, n_cell), seed) if spread else model.parameter_vector[None]
    )
    states, rest = [], []
    for v, vector in enumerate(parameters):
        own = replace(model, prepare=_Fixed(vector))
        states.append(at_rest(own, ideal, None if near is None else near[v]))
        rest.append(own.reported_vector(ideal, states[-1]))
    cell = np.arange(max(n_history, len(parameters)))
    history = cell % n_history
    return _Cells(
        one,
        np.ascontiguousarray(parameters),
        np.array(states).reshape(len(parameters), model.n_state),
        np.array(rest),
        row + history * n_sample,
        history,
        cell % len(parameters),
    )


def _walk(cells: list[_Cells], table: np.ndarray, duration: float, found: dict[str, Lived | RushtonError]) -> None:
    """Integrate cells of one model, blocks of them on threads."""
    model, met = cells[0].resident.model, cells[0].resident.met
    march, n_sample = marcher(model.rates), met.s.shape[1]
    parameters = np.ascontiguousarray(np.concatenate([c.parameters for c in cells]))
    before = np.cumsum([0, *(len(c.parameters) for c in cells)])[:-1]
    variant = np.concatenate([b + c.variant for b, c in zip(before, cells, strict=True)])
    first = np.concatenate([c.first for c in cells])
    state = np.ascontiguousarray(np.concatenate([c.states[c.variant] for c in cells]))
    size = np.concatenate([np.maximum(np.abs(c.rest[c.variant][:, :3]), 1e-30) for c in cells])
    mean = np.empty((len(first), len(model.reported)))
    n_time = max(1, round(duration / met.dt))

    def pieces(rows: slice, until: int) -> Iterator[np.ndarray]:
        for begin in range(0, until, PIECE):
            time = np.arange(begin, min(begin + PIECE, until)) % n_sample
            index = first[rows, None] + time
            around = np.empty((len(time), len(index), table.shape[1]))
            look_up(table, index, around)
            yield around

    def through(rows: slice, until: int, substeps: int) -> tuple[np.ndarray, np.ndarray]:
        x, total = state[rows].copy(), np.zeros((len(first[rows]), mean.shape[1]))
        hours = met.dt / substeps / SECONDS_PER_HOUR
        for around in pieces(rows, until):
            advance(march, parameters, variant[rows], around, hours, substeps, x, total)
        return x, total / (substeps * until)

    def block(begin: int) -> None:
        rows = slice(begin, begin + BLOCK)
        substeps = _substeps(lambda n: through(rows, min(PROBE_SAMPLES, n_time), n)[1][:, :3], size[rows])
        x, mean[rows] = through(rows, n_time, substeps)
        state[rows] = x

    starts = range(0, len(first), BLOCK)
    block(0)  # what is compiled is compiled here, once
    threads = min(usable_cores(), len(starts) - 1)
    if threads <= 1:
        for begin in starts[1:]:
            block(begin)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(block, starts[1:]))
    n = 0
    for c in cells:
        rows = slice(n, n + len(c.first))
        n = rows.stop
        found[c.resident.name] = _of_histories(c, mean[rows], state[rows])


def _substeps(mean: Callable[[int], np.ndarray], size: np.ndarray) -> int:
    """Least power of two steps a sample at which halving changes no mean rate by more than ``STEP_ERROR``."""
    substeps, coarse = 1, mean(1)
    while substeps < MOST_SUBSTEPS:
        fine = mean(2 * substeps)
        with np.errstate(invalid="ignore", over="ignore"):
            if np.nan_to_num(np.abs(fine - coarse) / size, nan=np.inf).max() <= STEP_ERROR:
                break
        substeps, coarse = 2 * substeps, fine
    return substeps


def _of_histories(c: _Cells, mean: np.ndarray, state: np.ndarray) -> Lived | RushtonError:
    """Means over the cells of every history, run and steady reference; or what went wrong."""
    model = c.resident.model
    for names, values in ((model.state_names, state), (model.reported_names, mean)):
        if (bad := ~np.isfinite(values)).any():
            name = names[int(np.argwhere(bad)[0][1])]
            return ModelError(f"'{name}' is no number any more in the rig", "", "check the parameters of the strain")
    columns = [model.reported_names.index(n) if n in model.reported_names else -1 for n in ("q_s", "mu", "q_p")]

    def of(values: np.ndarray) -> np.ndarray:
        rates = np.where(np.array(columns) >= 0, values[:, columns], np.nan)
        return np.array([rates[c.history == h].mean(axis=0) for h in range(int(c.history.max()) + 1)])

    return Lived(of(mean), of(c.rest[c.variant]), c.states)
