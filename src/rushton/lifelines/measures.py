"""The numbers that are read from the counts of a sample, for any weights of its groups.

    share_R = t_R / sum(t)        mean stay = sum(stays) / number        P(L to E) = n_LE / (n_LE + n_LS)
    T_R = t_R / sum_I n_IR        T_c = t / n_c                          means that the ends of records leave alone

    t_R   time in regime R, s        n_IJ   passages from regime I to regime J, -
    n_c   entries into impeller zones, -

Completed stays are too short on average, the more so the shorter the records, because the long ones are cut off. Time
over entries (T_R, T_c) is not: in a steady population a mean interval is one over a rate. It says nothing of patterns
and distributions, so both are given.

Every function takes weights (n, n_group) and gives (n,) values: a row of ones for the whole sample, ones on some
groups for a part of it, bootstrap weights for a resample. A number that nothing is known of is nan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.lifelines.bands import quantiles, ratio, used_bins
from rushton.lifelines.circulation import fit_tail
from rushton.lifelines.observer import SCALE
from rushton.lifelines.regimes import DEPTH_EDGES, PATTERNS, RESIDENCE_EDGES
from rushton.lifelines.sample import Sample

NAMES = ("excess", "limitation", "starvation")
_LOG_STAY = np.log10(RESIDENCE_EDGES)
_LOG_DEPTH = np.log10(DEPTH_EDGES)
_PERCENTS = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Measure:
    """What a number means.

    Attributes
    ----------
    label : str
        In an engineer's words.
    unit : str
    regime : str
        "E", "L" or "S" where it speaks of completed stays in a regime, else empty.
    headline : bool
        Whether a run is judged by it.
    from_records : bool
        Whether it is formed from full records and not from all cells.
    """

    label: str
    unit: str
    regime: str = ""
    headline: bool = False
    from_records: bool = False


_STAYS = {
    "LEL": "stay in excess (LEL)",
    "LSL": "stay in starvation (LSL)",
    "ELE": "stay in limitation between two in excess (ELE)",
    "ELS": "stay in limitation from excess to starvation (ELS)",
    "SLE": "stay in limitation from starvation to excess (SLE)",
    "SLS": "stay in limitation between two in starvation (SLS)",
}


def _stays() -> dict[str, Measure]:
    out = {}
    for p in PATTERNS:
        out[f"residence_s.{p}.mean"] = Measure(f"mean {_STAYS[p]}", "s", p[1], True)
        out[f"residence_s.{p}.median"] = Measure(f"median {_STAYS[p]}", "s", p[1])
        out[f"residence_s.{p}.p95"] = Measure(f"95 % of {_STAYS[p]}", "s", p[1])
    return out


MEASURES: dict[str, Measure] = {
    **{f"share_{name}": Measure(f"time in {name}", "-", headline=True) for name in NAMES},
    "mean_uptake": Measure("mean uptake ratio q/q_max", "-", headline=True),
    **_stays(),
    **{f"stay_s.{name}": Measure(f"mean stay in {name}, time over entries", "s") for name in NAMES},
    "visits_1_min.excess": Measure("entries into excess, per cell", "1/min"),
    "visits_1_min.starvation": Measure("entries into starvation, per cell", "1/min"),
    "limitation_to_excess": Measure("share of stays in limitation that end in excess", "-"),
    "excursions.excess.peak_median": Measure("highest s of a stay in excess, median", "-"),
    "excursions.excess.peak_p95": Measure("highest s of a stay in excess, 95 %", "-"),
    "excursions.starvation.low_median": Measure("lowest s of a stay in starvation, median", "-"),
    "excursions.starvation.low_p05": Measure("lowest s of a stay in starvation, 5 %", "-"),
    "circulation_s.mean": Measure("time between entries into an impeller zone, mean", "s", headline=True),
    **{
        f"circulation_s.p{q:02d}": Measure(f"time between entries into an impeller zone, {q} %", "s") for q in _PERCENTS
    },
    "circulation_s.by_rate": Measure("time over entries into an impeller zone", "s"),
    "circulation_s.tail": Measure("time constant of the exponential tail of circulation", "s"),
}
"""Every number that is read from counts, by its name."""


def measure(sample: Sample, weights: np.ndarray) -> dict[str, np.ndarray]:
    """All ``MEASURES`` of a sample.

    Parameters
    ----------
    sample : Sample
    weights : (n, n_group) float

    Returns
    -------
    dict of (n,) float
    """

    def total(counts: np.ndarray) -> np.ndarray:
        flat = weights @ counts.reshape(counts.shape[0], -1).astype(float)
        return flat.reshape(len(weights), *counts.shape[1:])

    tally, dt = sample.tally, sample.dt
    out: dict[str, np.ndarray] = {}
    regime = total(tally.regime)
    time = regime.sum(axis=1)
    for r, name in enumerate(NAMES):
        out[f"share_{name}"] = ratio(regime[:, r], time)
    raw = total(tally.raw_sum)
    out["mean_uptake"] = ratio(raw[:, 1], raw[:, 0]) / SCALE

    counts, edges = used_bins(tally.stays, _LOG_STAY)
    stays, samples = total(counts), total(tally.stay_samples)
    number = stays.sum(axis=-1)
    median, p95 = 10.0 ** quantiles(stays, edges, (0.5, 0.95))
    for p, name in enumerate(PATTERNS):
        out[f"residence_s.{name}.mean"] = ratio(samples[:, p] * dt, number[:, p])
        out[f"residence_s.{name}.median"] = median[:, p]
        out[f"residence_s.{name}.p95"] = p95[:, p]

    passages = total(tally.transitions)
    to_excess, to_starvation = passages[:, 1, 0], passages[:, 1, 2]
    minutes = time * dt / 60.0
    for r, name in enumerate(NAMES):
        out[f"stay_s.{name}"] = ratio(regime[:, r] * dt, passages[:, :, r].sum(axis=1))
    out["visits_1_min.excess"] = ratio(to_excess, minutes)
    out["visits_1_min.starvation"] = ratio(to_starvation, minutes)
    out["limitation_to_excess"] = ratio(to_excess, to_excess + to_starvation)

    depth = total(tally.excursions.sum(axis=2))
    low, middle = 10.0 ** quantiles(depth, _LOG_DEPTH, (0.05, 0.5))
    out["excursions.excess.peak_median"] = 1.0 - middle[:, 0]
    out["excursions.excess.peak_p95"] = 1.0 - low[:, 0]
    out["excursions.starvation.low_median"] = middle[:, 1]
    out["excursions.starvation.low_p05"] = low[:, 1]

    counts, edges = used_bins(np.stack([sample.returns, sample.waiting], axis=1), RESIDENCE_EDGES)
    times = total(counts)
    returns, waiting = times[:, 0], times[:, 1]
    out["circulation_s.mean"] = ratio(weights @ sample.return_time, returns.sum(axis=1))
    entries = returns.sum(axis=1) + waiting.sum(axis=1)  # those that end a time and those that begin an open one
    out["circulation_s.by_rate"] = ratio(raw[:, 0] * dt, entries)
    percents = 10.0 ** quantiles(returns, np.log10(edges), [q / 100.0 for q in _PERCENTS])
    for q, seconds in zip(_PERCENTS, percents, strict=True):
        out[f"circulation_s.p{q:02d}"] = seconds
    out["circulation_s.tail"] = fit_tail(returns, waiting, edges)[0]
    return out
