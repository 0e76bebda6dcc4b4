"""Many cells of one model under one uptake law, all along the same histories: strains, or one strain under variation.

    ideal vessel           steady state in the ideally mixed vessel at the mean uptake of the lifelines
    tau = 1/min|Re lambda| slowest memory of the cell there, lambda eigenvalues of its Jacobian

As :mod:`rushton.response.drive` with the uptake imposed, without courses and pools: means over the whole history and
over its final part are all that is kept. Every cell starts from the ideal vessel's state of its own parameters. The
step is halved until mean rates on a few histories change by less than ``STEP_ERROR``; what is left is reported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rushton.cores import usable_cores
from rushton.errors import RushtonError
from rushton.physiology import CellModel, steady_state
from rushton.physiology.model import SECONDS_PER_HOUR
from rushton.physiology.population import draw_parameters
from rushton.physiology.timescales import jacobian
from rushton.response.side_by_side import BLOCK, advance, look_up, marcher
from rushton.response.surroundings import Surroundings
from rushton.response.tracks import Histories

VARIANTS = 64
"""Different cells of a strain with spread; histories share them out in turn."""
STEP_ERROR = 1e-3
"""Change of a mean rate, relative, at which a step is short enough."""
MOST_SUBSTEPS = 64
PROBE_SAMPLES = 1000
"""Samples of the histories on which the step is tried."""
MEMORIES = 3.0
"""A history should be so many times the slowest memory of the cell, -."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one kind of cell made of its histories.

    Attributes
    ----------
    rate_names : tuple of str
    whole, final : (n_history, n_rate) float32
        Mean rates over each history and over its final part, in the units of the model.
    references : (n_variant, n_rate) float
        Rates of the ideally mixed vessel, of each of the different cells of a strain; history n is of cell n modulo
        n_variant. One cell without spread.
    group : (n_history,) int
        Group of every history; groups share no lifeline.
    memory_h : float
        Slowest memory tau of the cell, h; 0 for a model without states.
    substeps : int
        Steps per sample.
    step_error : float
        Relative change of mean rates at half that step.
    """

    rate_names: tuple[str, ...]
    whole: np.ndarray
    final: np.ndarray
    references: np.ndarray
    group: np.ndarray
    memory_h: float
    substeps: int
    step_error: float

    @property
    def reference(self) -> np.ndarray:
        """(n_history, n_rate) rates that each cell would have in the ideally mixed vessel."""
        return self.references[np.arange(len(self.whole)) % len(self.references)]


@dataclass(frozen=True, eq=False)
class Subject:
    """One kind of cell to be followed.

    Attributes
    ----------
    name : str
    model : CellModel
    spread : dict of str to float
        Relative standard deviation of parameters between cells, -.
    """

    name: str
    model: CellModel
    spread: dict[str, float] = field(default_factory=dict)


@dataclass
class _Cell:
    """A subject under way."""

    subject: Subject
    parameters: np.ndarray  # (n_variant, n_parameter)
    state: np.ndarray  # (n_history, n_state)
    references: np.ndarray  # (n_variant, n_rate)
    memory_h: float
    totals: tuple[np.ndarray, np.ndarray]  # (n_history, n_rate): before the final part, in it
    substeps: int = 1
    step_error: float = 0.0


def run_many(
    subjects: Sequence[Subject],
    around: Surroundings,
    histories: Histories,
    seed: int,
    told: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Outcome | RushtonError]:
    """Integrate subjects that share uptake law and cell model.

    Parameters
    ----------
    subjects : sequence of Subject
        Of the same model; parameters and spread may differ.
    around : Surroundings
        What the model is given in every mesh cell.
    histories : Histories
    seed : int
        Of the spread.
    told : callable
        Told of the share done.

    Returns
    -------
    dict of str to Outcome or RushtonError
        By name; an error says why a subject could not be followed.
    """
    found: dict[str, Outcome | RushtonError] = {}
    cells: list[_Cell] = []
    counts = histories.records.counts
    for subject in subjects:
        try:
            ideal = around.ideal(subject.model, counts, histories.records.ratio)
            cells.append(_prepare(subject, ideal, histories, seed))
        except RushtonError as error:
            found[subject.name] = error
    if not cells:
        return found
    march, table, dt = marcher(cells[0].subject.model.rates), around.table, histories.records.dt
    _choose_steps(cells, march, table, histories)
    done, border = 0, 0
    for codes, final in histories.pieces():
        _advance(cells, march, table, codes, dt, final)
        before, done = done, done + codes.shape[1]
        border += 0 if final else codes.shape[1]
        for cell in list(cells):
            if lost := _lost(cell, before * dt, done * dt):
                found[cell.subject.name] = lost
                cells.remove(cell)
        told(done / histories.n_sample)
        if not cells:
            return found
    for cell in cells:
        first, last = cell.totals
        n = cell.substeps
        found[cell.subject.name] = Outcome(
            cell.subject.model.reported_names,
            ((first + last) / (n * done)).astype(np.float32),
            (last / (n * max(done - border, 1))).astype(np.float32),
            cell.references,
            histories.group,
            cell.memory_h,
            cell.substeps,
            cell.step_error,
        )
    return found


def _prepare(subject: Subject, ideal: np.ndarray, histories: Histories, seed: int) -> _Cell:
    """The ideal vessel of every variant, and where each cell starts."""
    model, n_history = subject.model, histories.n_history
    if any(cv > 0.0 for cv in subject.spread.values()):
        parameters = draw_parameters(model, subject.spread, min(VARIANTS, n_history), seed)
    else:
        parameters = model.parameter_vector[None].copy()
    mean_state = steady_state(model, ideal)
    states, rates = [], []
    for vector in parameters:
        own = replace(model, prepare=_Fixed(vector))
        states.append(steady_state(own, ideal) if len(parameters) > 1 else mean_state)
        rates.append(own.reported_vector(ideal, states[-1]))
    variant = np.arange(n_history) % len(parameters)
    state = np.ascontiguousarray(np.array(states).reshape(len(parameters), model.n_state)[variant])
    totals = np.zeros((n_history, len(model.reported))), np.zeros((n_history, len(model.reported)))
    return _Cell(subject, parameters, state, np.array(rates), memory_hours(model, ideal, mean_state), totals)


@dataclass(frozen=True, eq=False)
class _Fixed:
    """A `prepare` that gives the parameters of one cell, whatever the values."""

    row: np.ndarray

    def __call__(self, values: Any) -> np.ndarray:
        return self.row


def memory_hours(model: CellModel, environment: np.ndarray, state: np.ndarray) -> float:
    """Slowest memory of the cell about a steady state, h: one over the smallest |Re| of the eigenvalues.

    Parameters
    ----------
    model : CellModel
    environment : (n_environment,) float
    state : (n_state,) float
        The steady state.
    """
    if model.n_state == 0:
        return 0.0
    slowest = np.abs(np.linalg.eigvals(jacobian(model, environment, state, model.parameter_vector)).real).min()
    return float(1.0 / slowest) if slowest > 1e-9 else float("inf")


def _choose_steps(cells: list[_Cell], march: Any, table: np.ndarray, histories: Histories) -> None:
    """Halve the step of each cell until mean rates over the first samples of one block stand still."""
    codes, _ = next(histories.pieces())
    codes = np.ascontiguousarray(codes[:BLOCK, :PROBE_SAMPLES])
    around = np.empty((codes.shape[1], len(codes), table.shape[1]))
    look_up(table, codes, around)
    for cell in cells:
        if cell.subject.model.n_state == 0:
            continue
        variant = np.arange(len(codes)) % len(cell.parameters)
        size = np.maximum(np.abs(cell.references[:, :3].mean(axis=0)), 1e-30)

        def mean(substeps: int, cell: _Cell = cell, variant: np.ndarray = variant) -> np.ndarray:
            state, total = cell.state[: len(codes)].copy(), np.zeros((len(codes), cell.references.shape[1]))
            hours = histories.records.dt / substeps / SECONDS_PER_HOUR
            advance(march, cell.parameters, variant, around, hours, substeps, state, total)
            return total.mean(axis=0)[:3] / (substeps * codes.shape[1])

        coarse = mean(1)
        while True:
            fine = mean(2 * cell.substeps)
            with np.errstate(invalid="ignore", over="ignore"):
                cell.step_error = float(np.nan_to_num(np.abs(fine - coarse) / size, nan=np.inf).max())
            if cell.step_error <= STEP_ERROR or cell.substeps >= MOST_SUBSTEPS:
                break
            cell.substeps, coarse = 2 * cell.substeps, fine


def _advance(cells: list[_Cell], march: Any, table: np.ndarray, codes: np.ndarray, dt: float, final: bool) -> None:
    """One piece of all histories for all cells, blocks of histories on threads."""
    n_history = len(codes)
    starts = range(0, n_history, BLOCK)
    spare = threading.local()

    def block(first: int) -> None:
        rows = slice(first, min(first + BLOCK, n_history))
        mine = np.ascontiguousarray(codes[rows])
        shape = (mine.shape[1], len(mine), table.shape[1])
        around = getattr(spare, "around", None)
        if around is None or around.shape != shape:
            around = spare.around = np.empty(shape)
        look_up(table, mine, around)
        for cell in cells:
            variant = np.arange(rows.start, rows.stop) % len(cell.parameters)
            hours = dt / cell.substeps / SECONDS_PER_HOUR
            total = cell.totals[1 if final else 0][rows]
            advance(march, cell.parameters, variant, around, hours, cell.substeps, cell.state[rows], total)

    block(0)  # what is compiled is compiled here, once
    threads = min(usable_cores(), len(starts) - 1)
    if threads <= 1:
        for first in starts[1:]:
            block(first)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(block, starts[1:]))


def _lost(cell: _Cell, begin: float, end: float) -> RushtonError | None:
    """Why a cell ends here: a state or rate that is no number any more; None where all is well."""
    model = cell.subject.model
    for names, values in ((model.state_names, cell.state), *((model.reported_names, t) for t in cell.totals)):
        bad = ~np.isfinite(values)
        if bad.any():
            history, column = (int(n) for n in np.argwhere(bad)[0])
            return RushtonError(
                f"'{names[column]}' of history {history} is no number any more between {begin:.0f} and {end:.0f} s",
                "",
                "check the parameters of the strain, or give its model a bound there",
            )
    return None
