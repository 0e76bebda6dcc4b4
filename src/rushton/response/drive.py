"""Run a cell model along stitched histories and set it against the ideally mixed vessel.

    q_s(t) = q_max s(t)           imposed: the population eats what is fed
    C_i(t)                        every other surrounding that the model asks for, from the mesh cell that it is in
    relative productivity = mean q_p over all histories / q_p of the same cells in the ideally mixed vessel
    relative yield        = (mean mu / mean q_s) / (mu / q_s of those cells)

Every history starts from the steady state of its cell in the ideally mixed vessel, so that what is lost is lost to the
fluctuations. The loss grows over hours as slow pools follow; the mean over the whole history stands beside the mean
over its last 20 h.

Where the strain has a spread, every history is a cell of its own (``physiology.population``), here and in the ideally
mixed vessel. Every fourth one is lived through by the mean cell too: the difference is what spread adds.

Symbols: s = q/q_max of the tank's Monod law, q_max mol/(kg dry weight s). Source of the procedure: Haringa et al. 2018,
Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import ModelError
from rushton.physiology import steady_state
from rushton.physiology.integrate import advance
from rushton.physiology.model import CellModel
from rushton.physiology.population import draw_parameters
from rushton.response.convergence import TEST_HISTORIES, TEST_TIME, choose_steps
from rushton.response.result import Response
from rushton.response.stitch import Records, Stitcher
from rushton.response.surroundings import Surroundings
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Regimes, ResponseSettings

N_BIN = 80  # stretches over which rates are averaged; one hour each over 80 h
N_KEPT = 3  # histories whose course is kept in detail
N_GROUP = 20  # groups of histories and lifelines, at most, over which bands are drawn
TWIN_EVERY = 4  # with a spread, every fourth history is lived through by the mean cell too
FINAL_WINDOW = 20 * 3600.0  # s
TRAJECTORY_INTERVAL = 60.0  # s
CLOSEUP = 1200.0  # s, at most; kept at CLOSEUP_INTERVAL
CLOSEUP_INTERVAL = 1.5  # s
_STEPS_PER_CALL = 600_000  # cell-steps between two looks at the keyboard, and what the environment may hold in memory


def run_histories(
    model: CellModel,
    records: Records,
    around: Surroundings,
    settings: ResponseSettings,
    regimes: Regimes,
    fed_ratio: float,
    seed: int,
    progress: Progress = silent,
    spread: Mapping[str, float] | None = None,
    mixed: tuple[float, float] | None = None,
) -> Response:
    """Stitch, integrate and compare.

    Parameters
    ----------
    model : CellModel
        The cell, with its uptake imposed or its own.
    records : Records
        Lifelines.
    around : Surroundings
        What the model is given at every code of the records.
    settings : ResponseSettings
        Number and length of the histories, tolerance at the joins.
    regimes : Regimes
        Borders of the regimes.
    fed_ratio : float
        F/(q_max X V): what the feed allows the population to eat.
    seed : int
        Seed of the stitching and of the population.
    progress : callable
        Told of the share done.
    spread : mapping of str to float, optional
        Relative standard deviation of parameters between cells.
    mixed : (float, float), optional
        Uptake ratio and concentration of the substrate, mol/kg, in the ideally mixed vessel; by default the mean s of
        the records and the concentration of Monod uptake there.

    Returns
    -------
    Response

    Raises
    ------
    ModelError
        No steady state in the ideally mixed vessel; a rate that is no number; a pool too fast for the steps.
    """
    counts = records.counts
    mean = float(counts @ records.ratio) / counts.sum()
    n_history = settings.histories
    cells = _Cells.of(model, around.ideal(model, counts, records.ratio, mixed), n_history, spread or {}, seed)
    borders = (regimes.starvation, regimes.excess, settings.join_tolerance)
    steps = choose_steps(
        model, around.table[Stitcher(records, min(n_history, TEST_HISTORIES), *borders, seed + 1).read(
            max(4, round(min(settings.duration, TEST_TIME) / records.dt)))],
        records.dt, np.tile(cells.mean_state, (min(n_history, TEST_HISTORIES), 1)),
    )  # fmt: skip

    stitcher = Stitcher(records, n_history, *borders, seed, N_GROUP)
    plan = _Plan.of(settings.duration, records.dt, n_history)
    twins = np.arange(0, n_history, TWIN_EVERY) if spread else np.arange(0)
    state, twin_state = cells.states.copy(), np.tile(cells.mean_state, (twins.size, 1))
    n_rate, n_state = len(model.reported), model.n_state
    rates, snapshots = (np.zeros((plan.n_bin, n_history, n_rate), np.float32) for _ in range(2))
    states = np.zeros((plan.n_bin, n_history, n_state), np.float32)
    twin_rates = np.zeros((plan.n_bin, twins.size, n_rate), np.float32)
    course, uptake_sum = [], 0.0
    for b in range(plan.n_bin):
        total, twin_total = np.zeros((n_history, n_rate)), np.zeros((twins.size, n_rate))
        begun = b * plan.bin_length
        for piece in plan.pieces:
            last = b == plan.n_bin - 1 and piece is plan.pieces[-1]
            keep = plan.keep_closely if last else plan.keep
            codes = stitcher.read(piece)
            environment = np.take(around.table, codes, axis=0)
            uptake_sum += float(environment[..., 0].sum())
            kept = np.zeros((n_history, piece // keep, model.n_out))
            advance(
                model, environment, records.dt, state, total, keep, kept, steps.substeps, None, cells.parameters, begun
            )  # fmt: skip
            if twins.size:
                none = np.zeros((twins.size, 0, model.n_out))
                advance(
                    model, environment[twins], records.dt, twin_state, twin_total, 0, none, steps.substeps, time=begun
                )
            begun += piece * records.dt
            every = plan.keep // keep
            course.append(kept[:N_KEPT, every - 1 :: every].astype(np.float32))
        rates[b] = total / (sum(plan.pieces) * steps.substeps)
        twin_rates[b] = twin_total / (sum(plan.pieces) * steps.substeps)
        states[b], snapshots[b] = state, kept[:, -1, n_state:]
        hours = (b + 1) * plan.bin_length / 3600.0
        progress((b + 1) / plan.n_bin, f"{n_history} histories, {hours:.3g} h of {plan.duration / 3600.0:.3g} h")
    closeup_time = plan.duration - records.dt * keep * np.arange(piece // keep - 1, -1, -1.0)
    time = (np.arange(plan.n_bin) + 0.5) * plan.bin_length
    window = FINAL_WINDOW if plan.duration >= 2.0 * FINAL_WINDOW else plan.duration / 4.0
    product = model.reported_names.index("q_p")
    return Response(
        model=model.name,
        uptake=model.uptake,
        state_names=model.state_names,
        state_units=tuple(q.unit for q in model.states),
        rate_names=model.reported_names,
        rate_units=tuple(q.unit for q in model.reported),
        rate_si=np.asarray(model.rate_factors, float),
        sources=model.sources,
        has_product=bool(model.has_product and cells.rates[:, product].mean() > 0.0),
        duration=plan.duration,
        final_window=window,
        dt=records.dt,
        time=time,
        rates=rates,
        states=states,
        snapshots=snapshots,
        reference_state=cells.states.mean(axis=0),
        own_reference=cells.rates,
        trajectory_time=records.dt * plan.keep * np.arange(1.0, plan.n_bin * plan.bin_samples // plan.keep + 1),
        trajectory=np.concatenate(course, axis=1),
        closeup_time=closeup_time,
        closeup=kept[:N_KEPT].astype(np.float32),
        closeup_s=records.ratio[codes[:N_KEPT, keep - 1 :: keep]].astype(np.float32),
        mean_ratio=mean,
        stitched_ratio=uptake_sum / (plan.n_bin * plan.bin_samples * n_history * around.q_max),
        fed_uptake=fed_ratio * around.q_max,
        joins=stitcher.joins,
        far_joins=stitcher.far_joins,
        borrowed=stitcher.borrowed,
        largest_jump=stitcher.largest_jump,
        records=len(records.codes),
        group=stitcher.group,
        seed=seed,
        varying=around.varying,
        constants=dict(around.constants),
        defaults=around.defaults,
        lacking=around.lacking,
        substeps=steps.substeps,
        integration_error=steps.integration,
        sampling_error=steps.sampling,
        spread=dict(spread or {}),
        uniform_reference=cells.mean_rates,
        twins=twins,
        twin_rates=twin_rates,
    )


@dataclass(frozen=True, eq=False)
class _Fixed:
    """A `prepare` that gives the parameters of one cell, whatever the values."""

    row: np.ndarray

    def __call__(self, values: Mapping[str, float]) -> np.ndarray:
        return self.row


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of a population, at rest in the ideally mixed vessel.

    parameters (n_history, n_parameter) prepared, None where all are the mean cell; states (n_history, n_state) and
    rates (n_history, n_rate) there; mean_state and mean_rates of the mean cell.
    """

    parameters: np.ndarray | None
    states: np.ndarray
    rates: np.ndarray
    mean_state: np.ndarray
    mean_rates: np.ndarray

    @classmethod
    def of(cls, model: CellModel, mixed: np.ndarray, n: int, spread: Mapping[str, float], seed: int) -> _Cells:
        state = steady_state(model, mixed)
        rates = model.reported_vector(mixed, state)
        if not spread:
            return cls(None, np.tile(state, (n, 1)), np.tile(rates, (n, 1)), state, rates)
        parameters = draw_parameters(model, spread, n, seed)
        states, own = np.zeros((n, model.n_state)), np.zeros((n, rates.size))
        for c, row in enumerate(parameters):
            cell = replace(model, prepare=_Fixed(row))
            try:
                states[c] = steady_state(cell, mixed, state if model.n_state else None)
            except ModelError as error:
                raise ModelError(
                    f"cell {c + 1} of {n} of the population, whose parameters are spread, cannot live: {error.message}",
                    "strain.spread",
                    "Spread less: what is imposed on such a cell is more than it can carry off.",
                ) from error
            own[c] = cell.reported_vector(mixed, states[c])
        return cls(parameters, states, own, state, rates)


@dataclass(frozen=True)
class _Plan:
    """How a history is cut: bins of equal length, pieces integrated in one call, samples kept.

    Samples per piece are multiples of `keep`, and `keep` of `keep_closely`, so that everything kept is evenly spaced.
    """

    dt: float
    n_bin: int
    pieces: tuple[int, ...]
    keep: int
    keep_closely: int

    @classmethod
    def of(cls, duration: float, dt: float, n_history: int) -> _Plan:
        n_time = max(1, round(duration / dt))
        n_bin = min(N_BIN, n_time)
        per_bin = n_time // n_bin
        n_keep = max(1, round(per_bin * dt / TRAJECTORY_INTERVAL))
        keep = per_bin // n_keep
        closely = max(d for d in range(1, max(1, round(CLOSEUP_INTERVAL / dt)) + 1) if keep % d == 0)
        most = min(_STEPS_PER_CALL // n_history, round(CLOSEUP / dt))
        in_piece = max(1, min(n_keep, most // keep))
        pieces = [in_piece * keep] * (n_keep // in_piece)
        if n_keep % in_piece:
            pieces.insert(0, n_keep % in_piece * keep)
        return cls(dt, n_bin, tuple(pieces), keep, closely)

    @property
    def bin_samples(self) -> int:
        return sum(self.pieces)

    @property
    def bin_length(self) -> float:
        return self.bin_samples * self.dt

    @property
    def duration(self) -> float:
        return self.n_bin * self.bin_length
