"""Tables of lifelines for spreadsheets: everything that the report plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.regimes import ARC_EDGES, ARC_MAX_EDGES, PATTERNS, REGIMES, RESIDENCE_EDGES, SIGNAL_EDGES
from rushton.store import atomic_write_text

if TYPE_CHECKING:
    from rushton.lifelines.result import Lifelines


def write_tables(lifelines: Lifelines, folder: Path) -> None:
    """Write into a folder: regimes.csv, patterns.csv, transitions.csv, and the histograms residences.csv,
    uptake_histogram.csv, circulation.csv, arcs.csv."""
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


def _columns(path: Path, edges: np.ndarray, head: str, names: tuple[str, ...], counts: np.ndarray) -> None:
    rows = [",".join([head, *names])]
    for n in np.flatnonzero(counts.sum(axis=0)):
        rows.append(f"{edges[n]:.6g},{edges[n + 1]:.6g}," + ",".join(str(c) for c in counts[:, n]))
    _write(path, rows)


def _write(path: Path, rows: list[str]) -> None:
    atomic_write_text(path, "\n".join(rows) + "\n")
