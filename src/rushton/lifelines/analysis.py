"""The analysis of lifelines: every number with its band and its verdict, and the curves formed from full records.

Numbers read from counts (``measures``) come from all cells, those of ``record_curves`` from the cells whose full record
is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from rushton.lifelines.bands import Band, bands_of, resample_weights
from rushton.lifelines.circulation import fit_tail
from rushton.lifelines.convergence import KNOWN_SHARE, Evidence, Verdict, cautions, judge
from rushton.lifelines.measures import MEASURES, NAMES, measure
from rushton.lifelines.record_curves import RECORD_MEASURES, RecordCurves, Signals
from rushton.lifelines.regimes import PATTERNS, REGIMES, RESIDENCE_EDGES
from rushton.lifelines.sample import Sample


@dataclass(frozen=True, eq=False)
class Analysis:
    """Bands, verdicts and curves.

    Attributes
    ----------
    bands : dict of Band
        Every number of ``MEASURES`` and, where there are full records, of ``RECORD_MEASURES``.
    verdicts : tuple of Verdict
        On every number; the run is judged by the headline ones.
    cautions : tuple of str
        What an engineer must know before trusting them.
    cut_shares : dict
        Share of the time in excess, limitation, starvation that lies in stays cut off.
    tail_start_s, tail_misfit : float or None
        Where the exponential tail of circulation begins, and how far it is off (``fit_tail``).
    step_cells, record_cells : int
        Cells followed again at half of the step, and cells with full records.
    frequency : (n,) float
        Hz.
    spectrum : (3, n) float
        Power spectral density of s and its band, s.
    lag : (n,) float
        s.
    autocorrelation : (3, n) float
        Autocorrelation of s and its band, -.
    crossing_counts : (360,) int
        Times between crossings of a plane between impellers per duration (``RESIDENCE_EDGES``).
    """

    bands: dict[str, Band]
    verdicts: tuple[Verdict, ...]
    cautions: tuple[str, ...]
    cut_shares: dict[str, float]
    tail_start_s: float | None
    tail_misfit: float | None
    step_cells: int
    record_cells: int
    frequency: np.ndarray
    spectrum: np.ndarray
    lag: np.ndarray
    autocorrelation: np.ndarray
    crossing_counts: np.ndarray

    @property
    def converged(self) -> bool | None:
        """Whether every headline number would stay; None where none fails and some cannot be told."""
        answers = [v.converged for v in self.verdicts if v.headline]
        return False if False in answers else None if None in answers or not answers else True

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays; with ``to_meta`` it is rebuilt from them."""
        return {prefix + name: getattr(self, name) for name in _ARRAYS}

    def to_meta(self) -> dict[str, Any]:
        """The plain values."""
        out = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _ARRAYS}
        out["verdicts"] = [asdict(v) for v in self.verdicts]
        out["bands"] = {name: list(band) for name, band in self.bands.items()}
        return out

    @classmethod
    def rebuild(cls, arrays: dict[str, np.ndarray], prefix: str, meta: dict[str, Any]) -> Analysis:
        """From ``to_arrays`` and ``to_meta``."""
        data = dict(meta)
        data["bands"] = {name: Band(*band) for name, band in data["bands"].items()}
        data["verdicts"] = tuple(Verdict(**v) for v in data["verdicts"])
        data["cautions"] = tuple(data["cautions"])
        return cls(**(data | {name: arrays[prefix + name] for name in _ARRAYS}))


_ARRAYS = ("frequency", "spectrum", "lag", "autocorrelation", "crossing_counts")


class Reading(NamedTuple):
    """Something that tells numbers for any weights (n, n_group) of its groups."""

    measure: Callable[[np.ndarray], dict[str, np.ndarray]]
    n_group: int

    @classmethod
    def of_sample(cls, sample: Sample) -> Reading:
        """Numbers read from counts."""
        return cls(lambda weights: measure(sample, weights), sample.n_group)


def gather(whole: Reading, half_length: Reading, half_step: Reading | None) -> dict[str, Evidence]:
    """What every number of a run is judged by.

    Parameters
    ----------
    whole, half_length : Reading
        Of the run and of the first half of it, the same groups of cells.
    half_step : Reading or None
        Of other cells, at half of the time step.
    """
    n = whole.n_group
    weights, all_of_it = resample_weights(n), np.ones((1, n))
    values, drawn = whole.measure(all_of_it), whole.measure(weights)
    before, before_drawn = half_length.measure(all_of_it), half_length.measure(weights)
    parts = whole.measure(np.array([[float(g % step == 0) for g in range(n)] for step in (2, 4)]))
    nothing = np.full(len(weights), np.nan)
    fine: dict[str, np.ndarray] = {}
    fine_drawn: dict[str, np.ndarray] = {}
    if half_step is not None:
        fine = half_step.measure(np.ones((1, half_step.n_group)))
        fine_drawn = half_step.measure(resample_weights(half_step.n_group, stream=1))
    bands = bands_of(values, drawn, n)
    return {
        name: Evidence(
            band=bands[name],
            resampled=drawn[name],
            half_cells=float(parts[name][0]),
            quarter_cells=float(parts[name][1]),
            half_length=float(before[name][0]),
            half_length_resampled=before_drawn[name],
            half_step=float(fine.get(name, nothing)[0]),
            half_step_resampled=fine_drawn.get(name, nothing),
            n_group=n,
        )
        for name in values
    }


def judged(sample: Sample) -> list[str]:
    """Numbers that this tank has: stays count where cells spend a thousandth of their time in them."""
    statistics = sample.statistics()
    time = max(float(statistics.regime_counts.sum()) * sample.dt, sample.dt)
    often = dict(zip(PATTERNS, statistics.pattern_time / time >= KNOWN_SHARE, strict=True))
    return [name for name, meant in MEASURES.items() if not meant.regime or often[name.split(".")[1]]]


def cut_shares_of(sample: Sample) -> dict[str, float]:
    """Share of the time in a regime that lies in stays cut off, for regimes that cells leave or enter."""
    statistics = sample.statistics()
    moved = statistics.transitions.sum(axis=0) + statistics.transitions.sum(axis=1)
    time = statistics.regime_counts * sample.dt
    return {
        name: float(statistics.cut_time[r] / time[r])
        for r, name in enumerate(NAMES)
        if moved[r] > 0 and time[r] > KNOWN_SHARE * time.sum()
    }


def analyse(
    sample: Sample,
    half_length: Sample,
    signals: Signals,
    clearances: Sequence[float],
    cells: int,
    half_step: tuple[Sample, Signals] | None = None,
    step_keys: str = "lifelines.time_step",
) -> Analysis:
    """Analyse a run.

    Parameters
    ----------
    sample, half_length : Sample
        Counts of the whole run and of the first half of it.
    signals : Signals
        Full records; there may be none.
    clearances : sequence of float
        Heights of the impellers, m.
    cells : int
        Cells that were followed.
    half_step : (Sample, Signals), optional
        Counts and records of some cells at half of the time step.
    step_keys : str
        Of the case file, that make the step shorter.

    Returns
    -------
    Analysis
    """
    cut = cut_shares_of(sample)
    fine = None if half_step is None else Reading.of_sample(half_step[0])
    seen = gather(Reading.of_sample(sample), Reading.of_sample(half_length), fine)
    in_words = dict(zip(REGIMES, NAMES, strict=True))
    verdicts = [
        judge(
            name, MEASURES[name], seen[name], cells, sample.duration, sample.dt,
            cut.get(in_words.get(MEASURES[name].regime, ""), 0.0),
        )
        for name in judged(sample)
    ]  # fmt: skip
    bands = {name: evidence.band for name, evidence in seen.items()}
    curves = RecordCurves.of(signals, clearances) if signals.usable else None
    if curves is not None:
        before = RecordCurves.of(signals.first_half(), clearances)
        fine = None
        if half_step is not None and half_step[1].usable:
            again = RecordCurves.of(half_step[1], clearances)
            fine = Reading(again.measure, again.n_group)
        told = gather(Reading(curves.measure, curves.n_group), Reading(before.measure, before.n_group), fine)
        bands |= {name: evidence.band for name, evidence in told.items()}
        verdicts += [
            judge(name, RECORD_MEASURES[name], evidence, len(signals.s), sample.duration, sample.dt)
            for name, evidence in told.items()
            if name != "plane_crossing_time_s" or len(clearances) > 1
        ]
    _, start, misfit = fit_tail(sample.returns.sum(axis=0)[None], sample.waiting.sum(axis=0)[None])
    has_tail = bool(np.isfinite(start[0]))
    lag, autocorrelation = (np.zeros(0), np.zeros((3, 0))) if curves is None else curves.autocorrelation()
    return Analysis(
        bands=bands,
        verdicts=tuple(verdicts),
        cautions=tuple(cautions(verdicts, cut, cells, len(signals.s), sample.duration, sample.dt, step_keys)),
        cut_shares=cut,
        tail_start_s=float(start[0]) if has_tail else None,
        tail_misfit=float(misfit[0]) if has_tail else None,
        step_cells=0 if half_step is None else half_step[0].cells,
        record_cells=len(signals.s),
        frequency=np.zeros(0) if curves is None else curves.frequency,
        spectrum=np.zeros((3, 0)) if curves is None else curves.spectrum(),
        lag=lag,
        autocorrelation=autocorrelation,
        crossing_counts=np.zeros(RESIDENCE_EDGES.size - 1, np.int64) if curves is None else curves.crossing_counts,
    )
