"""Run a cell model along stitched histories and set it against the ideally mixed vessel.

    q_s(t) = q_max s(t)           imposed: the population eats what is fed
    C_s(t) = K_s s/(1 - s)        the concentration, where a model needs it besides
    relative productivity = mean q_p over all histories / q_p of one cell under constant uptake q_max mean(s)
    relative yield        = (mean mu / mean q_s) / (mu / q_s of that cell)

Every history starts from the steady state of that cell, so that what is lost is lost to the fluctuations. The loss
grows over hours as slow pools follow; the mean over the whole history stands beside the mean over its last 20 h.

Symbols: s = q/q_max of the tank's Monod law, q_max mol/(kg dry weight s), K_s mol/kg broth. Source of the procedure:
Haringa et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.physiology import ideal_cell, imposed_environment
from rushton.physiology.integrate import advance, environment_array
from rushton.physiology.model import CellModel
from rushton.physiology.timescales import substeps_needed
from rushton.response.result import Response
from rushton.response.stitch import LEVELS, Records, Stitcher
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Regimes, ResponseSettings

N_BIN = 80  # stretches over which rates are averaged; one hour each over 80 h
N_KEPT = 3  # histories whose course is kept in detail
FINAL_WINDOW = 20 * 3600.0  # s
TRAJECTORY_INTERVAL = 60.0  # s
CLOSEUP = 1200.0  # s, at most; kept at CLOSEUP_INTERVAL
CLOSEUP_INTERVAL = 1.5  # s
_STEPS_PER_CALL = 600_000  # cell-steps between two looks at the keyboard, and what the environment may hold in memory


def run_histories(
    model: CellModel,
    records: Records,
    settings: ResponseSettings,
    regimes: Regimes,
    q_max: float,
    half_saturation: float,
    fed_ratio: float,
    seed: int,
    progress: Progress = silent,
    ideal: tuple[np.ndarray, dict[str, float]] | None = None,
) -> Response:
    """Stitch, integrate and compare.

    Parameters
    ----------
    model : CellModel
        The cell, with its uptake imposed or its own.
    records : Records
        Lifelines of s.
    settings : ResponseSettings
        Number and length of the histories, tolerance at the joins.
    regimes : Regimes
        Borders of the regimes.
    q_max, half_saturation : float
        Uptake law of the tank, mol/(kg s) and mol/kg broth.
    fed_ratio : float
        F/(q_max X V): what the feed allows the population to eat.
    seed : int
        Seed of the stitching.
    progress : callable
        Told of the share done.
    ideal : (state, rates), optional
        Of the ideally mixed vessel; by default those under the constant uptake ratio mean(s).

    Returns
    -------
    Response
    """
    mean = records.mean
    start, reference = ideal or ideal_cell(model, mean, q_max, half_saturation)

    table_q, table_c = imposed_environment(model, np.arange(LEVELS + 1) / LEVELS, q_max, half_saturation)
    table = environment_array(model, table_q[None], {k: v[None] for k, v in table_c.items()})[0]

    substeps = substeps_needed(model, table, start, records.dt)
    stitcher = Stitcher(records, settings.histories, regimes.starvation, regimes.excess, settings.join_tolerance, seed)
    plan = _Plan.of(settings.duration, records.dt, settings.histories)
    n_history = settings.histories
    state = np.tile(start, (n_history, 1))
    rates = np.zeros((plan.n_bin, n_history, len(model.reported)), np.float32)
    states = np.zeros((plan.n_bin, n_history, model.n_state), np.float32)
    course, ratio_sum = [], 0
    for b in range(plan.n_bin):
        total = np.zeros((n_history, len(model.reported)))
        for piece in plan.pieces:
            last = b == plan.n_bin - 1 and piece is plan.pieces[-1]
            keep = plan.keep_closely if last else plan.keep
            codes = stitcher.read(piece)
            ratio_sum += int(codes.sum(dtype=np.int64))
            kept = np.zeros((n_history, piece // keep, model.n_out))
            advance(model, table[codes], records.dt, state, total, keep, kept, substeps)
            every = plan.keep // keep
            course.append(kept[:N_KEPT, every - 1 :: every].astype(np.float32))
        rates[b] = total / (sum(plan.pieces) * substeps)
        states[b] = state
        hours = (b + 1) * plan.bin_length / 3600.0
        progress((b + 1) / plan.n_bin, f"{n_history} histories, {hours:.3g} h of {plan.duration / 3600.0:.3g} h")
    closeup_time = plan.duration - records.dt * keep * np.arange(piece // keep - 1, -1, -1.0)
    time = (np.arange(plan.n_bin) + 0.5) * plan.bin_length
    window = FINAL_WINDOW if plan.duration >= 2.0 * FINAL_WINDOW else plan.duration / 4.0
    reference_rates = np.array([reference[name] for name in model.reported_names])
    return Response(
        model=model.name,
        uptake=model.uptake,
        state_names=model.state_names,
        state_units=tuple(q.unit for q in model.states),
        rate_names=model.reported_names,
        rate_units=tuple(q.unit for q in model.reported),
        sources=model.sources,
        has_product=bool(model.has_product and reference["q_p"] > 0.0),
        duration=plan.duration,
        final_window=window,
        dt=records.dt,
        time=time,
        rates=rates,
        states=states,
        reference_state=start,
        reference_rates=reference_rates,
        trajectory_time=records.dt * plan.keep * np.arange(1.0, plan.n_bin * plan.bin_samples // plan.keep + 1),
        trajectory=np.concatenate(course, axis=1),
        closeup_time=closeup_time,
        closeup=kept[:N_KEPT].astype(np.float32),
        closeup_s=(codes[:N_KEPT, keep - 1 :: keep] / LEVELS).astype(np.float32),
        mean_ratio=mean,
        stitched_ratio=ratio_sum / (plan.n_bin * plan.bin_samples * n_history * LEVELS),
        fed_uptake=fed_ratio * q_max * model.uptake_per_mol_kg_s,
        joins=stitcher.joins,
        far_joins=stitcher.far_joins,
        largest_jump=stitcher.largest_jump,
        records=len(records.codes),
        band=_bands(rates, time > plan.duration - window, reference_rates, model.reported_names, seed),
    )


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


def _bands(
    rates: np.ndarray, final: np.ndarray, reference: np.ndarray, names: tuple[str, ...], seed: int, draws: int = 1000
) -> np.ndarray:
    """95 % bands (3, 2) over resampled histories: productivity, final productivity, yield, each over the reference."""
    q_s, mu, q_p = (rates[..., names.index(name)].astype(float) for name in ("q_s", "mu", "q_p"))
    ideal_q_s, ideal_mu, ideal_q_p = (reference[names.index(name)] for name in ("q_s", "mu", "q_p"))
    random = np.random.default_rng([seed, 0xB007])
    chosen = random.integers(0, rates.shape[1], (draws, rates.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = np.array(
            [
                q_p.mean(axis=0)[chosen].mean(axis=1) / ideal_q_p,
                q_p[final].mean(axis=0)[chosen].mean(axis=1) / ideal_q_p,
                mu.mean(axis=0)[chosen].mean(axis=1) / q_s.mean(axis=0)[chosen].mean(axis=1) * ideal_q_s / ideal_mu,
            ]
        )
    return np.percentile(samples, (2.5, 97.5), axis=1).T
