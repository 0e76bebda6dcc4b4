"""Tables of lifelines for spreadsheets: everything that the report plots."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.lifelines.convergence import Verdict
from rushton.lifelines.measures import MEASURES
from rushton.lifelines.record_curves import RECORD_MEASURES
from rushton.lifelines.regimes import (
    ARC_EDGES,
    ARC_MAX_EDGES,
    DEPTH_EDGES,
    EXCURSION_EDGES,
    PATTERNS,
    REGIMES,
    RESIDENCE_EDGES,
    SIGNAL_EDGES,
)
from rushton.store import atomic_write_text

if TYPE_CHECKING:
    from rushton.lifelines.analysis import Analysis
    from rushton.lifelines.result import Lifelines


def write_tables(lifelines: Lifelines, folder: Path) -> None:
    """Write into a folder: regimes.csv, patterns.csv, transitions.csv, the histograms residences.csv,
    uptake_histogram.csv, circulation.csv, arcs.csv, excursions.csv, and with an analysis statistics.csv (every number
    with its band), convergence.csv, spectrum.csv, autocorrelation.csv, plane_crossings.csv."""
    stat = lifelines.statistics
    rows = ["regime,share_time,share_time_unsmoothed,share_volume,stays_cut_off,time_cut_off_s"]
    for n, name in enumerate(("excess", "limitation", "starvation")):
        rows.append(
            f"{name},{stat.shares[n]:.6g},{stat.raw_shares[n]:.6g},{lifelines.volume_shares[n]:.6g},"
            f"{stat.cut_counts[n]},{stat.cut_time[n]:.6g}"
        )
    _write(folder / "regimes.csv", rows)
    rows = ["pattern,mean_s,median_s,p95_s,count"]
    for name, numbers in stat.residence().items():
        rows.append(",".join([name, *("" if v is None else f"{v:.6g}" for v in numbers.values())]))
    _write(folder / "patterns.csv", rows)
    rows = ["from," + ",".join(f"to_{name}" for name in REGIMES)]
    rows += [f"{name}," + ",".join(str(n) for n in row) for name, row in zip(REGIMES, stat.transitions, strict=True)]
    _write(folder / "transitions.csv", rows)

    _columns(folder / "residences.csv", RESIDENCE_EDGES, "stay_from_s,stay_to_s", PATTERNS, stat.pattern_stays)
    _columns(folder / "uptake_histogram.csv", SIGNAL_EDGES, "s_from,s_to", ("samples",), stat.signal_counts[None])
    circulation = lifelines.circulation_counts[None]
    _columns(folder / "circulation.csv", RESIDENCE_EDGES, "time_from_s,time_to_s", ("returns",), circulation)

    rows = ["duration_from_s,duration_to_s,s_max_from,s_max_to,arcs"]
    for a, b in np.argwhere(stat.arcs_above):
        edges = (*ARC_EDGES[a : a + 2], *ARC_MAX_EDGES[b : b + 2])
        rows.append(",".join(f"{e:.6g}" for e in edges) + f",{stat.arcs_above[a, b]}")
    _write(folder / "arcs.csv", rows)

    rows = ["regime,duration_from_s,duration_to_s,depth_from,depth_to,excursions"]
    for e, a, b in np.argwhere(stat.excursions):  # depth: 1 - s in excess, s in starvation
        edges = (*EXCURSION_EDGES[a : a + 2], *DEPTH_EDGES[b : b + 2])
        name = ("excess", "starvation")[e]
        rows.append(f"{name}," + ",".join(f"{x:.6g}" for x in edges) + f",{stat.excursions[e, a, b]}")
    _write(folder / "excursions.csv", rows)
    if lifelines.analysis is not None:
        _write_analysis(lifelines.analysis, folder)


def _write_analysis(analysis: Analysis, folder: Path) -> None:
    known = MEASURES | RECORD_MEASURES
    rows = ["name,meaning,unit,value,low_95,high_95"]
    for name, band in analysis.bands.items():
        numbers = ",".join("" if np.isnan(x) else f"{x:.6g}" for x in band)
        rows.append(f'{name},"{known[name].label}",{known[name].unit},{numbers}')
    _write(folder / "statistics.csv", rows)

    columns = [f.name for f in fields(Verdict) if f.name not in ("label", "from_records")]
    rows = [",".join([*columns, "converged"])]
    for verdict in analysis.verdicts:
        told = verdict.as_dict()
        rows.append(",".join(_cell(told[name]) for name in (*columns, "converged")))
    _write(folder / "convergence.csv", rows)

    for name, head, x, curve in (
        ("spectrum", "frequency_Hz,density_s,low_95,high_95", analysis.frequency, analysis.spectrum),
        ("autocorrelation", "lag_s,autocorrelation,low_95,high_95", analysis.lag, analysis.autocorrelation),
    ):
        rows = [head, *(",".join(f"{v:.6g}" for v in row) for row in np.column_stack([x, curve.T]))]
        _write(folder / f"{name}.csv", rows)
    crossings = analysis.crossing_counts[None]
    _columns(folder / "plane_crossings.csv", RESIDENCE_EDGES, "time_from_s,time_to_s", ("crossings",), crossings)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _columns(path: Path, edges: np.ndarray, head: str, names: tuple[str, ...], counts: np.ndarray) -> None:
    rows = [",".join([head, *names])]
    for n in np.flatnonzero(counts.sum(axis=0)):
        rows.append(f"{edges[n]:.6g},{edges[n + 1]:.6g}," + ",".join(str(c) for c in counts[:, n]))
    _write(path, rows)


def _write(path: Path, rows: list[str]) -> None:
    atomic_write_text(path, "\n".join(rows) + "\n")
