"""Strains of one uptake law and one cell model, all along the same histories.

    q_s(t) = q_max s(t),   C_s(t) = K s/(1 - s)            imposed, as in :mod:`rushton.response.drive`
    ideal vessel           steady state under constant uptake q_max mean(s)
    tau = 1/min|Re lambda| slowest memory of the cell there, lambda eigenvalues of its Jacobian

Every cell starts from the ideal vessel's state of its own parameters. The length of a step is halved until mean rates
on a few histories change by less than ``STEP_ERROR``; what is left is reported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from rushton.cores import usable_cores
from rushton.errors import RushtonError
from rushton.physiology import CellModel, imposed_environment, model_of, steady_state
from rushton.physiology.integrate import environment_array
from rushton.physiology.model import SECONDS_PER_HOUR
from rushton.physiology.population import draw_parameters
from rushton.study.panels.kernel import BLOCK, advance, look_up, marcher
from rushton.study.panels.strains import PanelStrain, reason
from rushton.study.panels.tracks import Histories, levels

VARIANTS = 64
"""Different cells of a strain with spread; histories share them out in turn."""
STEP_ERROR = 1e-3
"""Change of a mean rate, relative, at which a step is short enough."""
MOST_SUBSTEPS = 16
PROBE_SAMPLES = 1000
"""Samples of the histories on which the step is tried."""
MEMORIES = 3.0
"""A history should be so many times the slowest memory of the cell, -."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one strain made of its histories.

    Attributes
    ----------
    rate_names : tuple of str
    whole, final : (n_history, n_rate) float32
        Mean rates over each history and over its final part, in the units of the model.
    references : (n_variant, n_rate) float
        Rates of the ideally mixed vessel, of each of the different cells of a strain; history n is of cell n modulo
        n_variant. One cell without spread.
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
    memory_h: float
    substeps: int
    step_error: float

    @property
    def reference(self) -> np.ndarray:
        """(n_history, n_rate) rates that each cell would have in the ideally mixed vessel."""
        return self.references[np.arange(len(self.whole)) % len(self.references)]


@dataclass
class _Cell:
    """A strain under way."""

    strain: PanelStrain
    model: CellModel
    parameters: np.ndarray  # (n_variant, n_parameter)
    state: np.ndarray  # (n_history, n_state)
    references: np.ndarray  # (n_variant, n_rate)
    memory_h: float
    totals: tuple[np.ndarray, np.ndarray]  # (n_history, n_rate): before the final part, in it
    substeps: int = 1
    step_error: float = 0.0


def run_strains(
    strains: list[PanelStrain],
    histories: Histories,
    density: float,
    seed: int,
    told: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Outcome | str]:
    """Integrate strains that share uptake law and cell model.

    Parameters
    ----------
    strains : list of PanelStrain
    histories : Histories
        What the cells meet under their law.
    density : float
        Of the broth, kg/m3.
    seed : int
        Of the spread.
    told : callable
        Told of the share done.

    Returns
    -------
    dict of str to Outcome or str
        By name; a text says why a strain could not be run.
    """
    found: dict[str, Outcome | str] = {}
    cells: list[_Cell] = []
    law = strains[0].strain.uptake
    table = np.empty(0)
    for strain in strains:
        try:
            model = model_of(strain.strain)
            q_s, around = imposed_environment(model, levels(), law.max, law.half_saturation / density, density)
            table = environment_array(model, q_s[None], {k: v[None] for k, v in around.items()})[0]
            cells.append(_prepare(strain, model, histories, density, seed))
        except RushtonError as error:
            found[strain.name] = reason(error)
    if not cells:
        return found
    march = marcher(cells[0].model.rates)
    _choose_steps(cells, march, table, histories)
    done, border = 0, 0
    for codes, final in histories.pieces():
        _advance(cells, march, table, codes, histories.records.dt, final)
        before, done = done, done + codes.shape[1]
        border += 0 if final else codes.shape[1]
        for cell in list(cells):
            if lost := _lost(cell, before * histories.records.dt, done * histories.records.dt):
                found[cell.strain.name] = lost
                cells.remove(cell)
        told(done / histories.n_sample)
        if not cells:
            return found
    for cell in cells:
        first, last = cell.totals
        n = cell.substeps
        found[cell.strain.name] = Outcome(
            cell.model.reported_names,
            ((first + last) / (n * done)).astype(np.float32),
            (last / (n * max(done - border, 1))).astype(np.float32),
            cell.references,
            cell.memory_h,
            cell.substeps,
            cell.step_error,
        )
    return found


def _prepare(strain: PanelStrain, model: CellModel, histories: Histories, density: float, seed: int) -> _Cell:
    """The ideal vessel of every variant, and where each cell starts."""
    law, mean = strain.strain.uptake, histories.records.mean
    q_s, around = imposed_environment(model, mean, law.max, law.half_saturation / density, density)
    here = model.environment_vector(float(q_s), **{k: float(v) for k, v in around.items()})
    n_history, n_rate = histories.n_history, len(model.reported)
    if any(cv > 0.0 for cv in strain.spread.values()):
        parameters = draw_parameters(model, strain.spread, min(VARIANTS, n_history), seed)
    else:
        parameters = model.parameter_vector[None].copy()
    states, rates = [], []
    for vector in parameters:
        own = _with_vector(model, vector)
        states.append(steady_state(own, here))
        rates.append(own.reported_vector(here, states[-1]))
    variant = np.arange(n_history) % len(parameters)
    state = np.ascontiguousarray(np.array(states).reshape(len(parameters), model.n_state)[variant])
    totals = np.zeros((n_history, n_rate)), np.zeros((n_history, n_rate))
    memory = memory_hours(model, here, states[0]) if len(parameters) == 1 else memory_hours(model, here, None)
    return _Cell(strain, model, parameters, state, np.array(rates), memory, totals)


def _with_vector(model: CellModel, vector: np.ndarray) -> CellModel:
    """The model with a prepared parameter vector."""
    from dataclasses import replace

    return replace(model, prepare=lambda values: vector)


def memory_hours(model: CellModel, environment: np.ndarray, state: np.ndarray | None) -> float:
    """Slowest memory of the cell about a steady state, h: one over the smallest |Re| of the eigenvalues.

    Parameters
    ----------
    model : CellModel
    environment : (n_environment,) float
    state : (n_state,) float, optional
        The steady state; found if not given.
    """
    if model.n_state == 0:
        return 0.0
    x = steady_state(model, environment) if state is None else state
    jacobian = np.empty((model.n_state, model.n_state))
    scale = np.maximum(np.abs(x), 1e-6 * np.maximum(np.abs(model.start), 1e-12))
    for j in range(model.n_state):
        step = np.zeros(model.n_state)
        step[j] = 1e-5 * scale[j]
        above, below = (model.evaluate(environment, x + sign * step)[0] for sign in (1.0, -1.0))
        jacobian[:, j] = (above - below) / (2.0 * step[j])
    slowest = np.abs(np.linalg.eigvals(jacobian).real).min()
    return float(1.0 / slowest) if slowest > 1e-9 else float("inf")


def _choose_steps(cells: list[_Cell], march: Any, table: np.ndarray, histories: Histories) -> None:
    """Halve the step of each strain until mean rates over the first samples of one block stand still."""
    codes, _ = next(histories.pieces())
    codes = np.ascontiguousarray(codes[:BLOCK, :PROBE_SAMPLES])
    around = np.empty((codes.shape[1], len(codes), table.shape[1]))
    look_up(table, codes, around)
    for cell in cells:
        variant = np.arange(len(codes)) % len(cell.parameters)

        def mean(substeps: int, cell: _Cell = cell, variant: np.ndarray = variant) -> np.ndarray:
            state, total = cell.state[: len(codes)].copy(), np.zeros((len(codes), len(cell.model.reported)))
            hours = histories.records.dt / substeps / SECONDS_PER_HOUR
            advance(march, cell.parameters, variant, around, hours, substeps, state, total)
            return total.mean(axis=0) / (substeps * codes.shape[1])

        if cell.model.n_state == 0:
            continue
        coarse = mean(1)
        while True:
            fine = mean(2 * cell.substeps)
            with np.errstate(invalid="ignore"):
                change = np.abs(fine[:3] - coarse[:3]) / np.maximum(np.abs(cell.references[:, :3].mean(axis=0)), 1e-30)
            cell.step_error = float(np.nan_to_num(change, nan=np.inf).max())
            if cell.step_error <= STEP_ERROR or cell.substeps >= MOST_SUBSTEPS:
                break
            cell.substeps, coarse = 2 * cell.substeps, fine


def _advance(cells: list[_Cell], march: Any, table: np.ndarray, codes: np.ndarray, dt: float, final: bool) -> None:
    """One piece of all histories for all strains, blocks of histories on threads."""
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

    threads = min(usable_cores(), len(starts))
    if threads <= 1:
        for first in starts:
            block(first)
        return
    block(0)  # what is compiled is compiled here, once
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(block, starts[1:]))


def _lost(cell: _Cell, begin: float, end: float) -> str:
    """Why a strain ends here: a state or rate that is no number any more; empty where all is well."""
    names = (*cell.model.state_names, *cell.model.reported_names)
    for values in (cell.state, *cell.totals):
        bad = ~np.isfinite(values)
        if bad.any():
            history, column = (int(n) for n in np.argwhere(bad)[0])
            name = names[column] if values is cell.state else cell.model.reported_names[column]
            return (
                f"'{name}' of history {history} is no number any more between {begin:.0f} and {end:.0f} s; check the "
                "parameters of the strain, or give its model a bound there"
            )
    return ""
