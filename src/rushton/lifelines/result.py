"""Lifelines: what a population of cells saw on its way through the tank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rushton.errors import ResultsError
from rushton.lifelines.analysis import Analysis
from rushton.lifelines.analysis_summary import extend
from rushton.lifelines.circulation import planes_between
from rushton.lifelines.coupling_result import Coupled
from rushton.lifelines.record_curves import Signals
from rushton.lifelines.regimes import PATTERNS, REGIMES, RESIDENCE_EDGES, SignalStatistics
from rushton.lifelines.sample import Sample

TRACKS = "lifelines.nc"
"""File with the tracks, in the folder of the result."""

END = "end.npz"
"""File with cells and counters at the end, beside the tracks, from which a longer run goes on."""
TWO_WAY = "two_way"
"""Folder of what two-way coupling found, in the folder of the result."""

_SAMPLES = ("sample", "half_length")


@dataclass(frozen=True, eq=False)
class Records:
    """Full records of some cells.

    Attributes
    ----------
    time : (n_time,) float, s
    x, y, z : (n_cell, n_time) float32, place, m; x points to the first baffle, z up from the floor
    s : (n_cell, n_time) float32, uptake ratio q/q_max, -, not smoothed
    """

    time: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    s: np.ndarray


@dataclass(frozen=True, eq=False)
class Lifelines:
    """Statistics of the lifelines of a population, and the file with its tracks.

    Attributes
    ----------
    folder : Path
        Where ``lifelines.nc`` is.
    sample : Sample
        What was counted, per group of cells.
    half_length : Sample
        What had been counted of the same cells after half of the run.
    cells, stored_cells, mesh_cells : int
        Number of cells followed, of those (the first) whose mesh cells are stored, and of mesh cells.
    duration, time_step, sampling : float
        Of a lifeline, of the walk, and between stored samples, s.
    smoothing : float
        Smoothing window as used, s.
    schmidt : float
        Turbulent Schmidt number, -.
    walk, coupling : str
    seed : int
    well_mixed_chi2 : float
        Per degree of freedom, over 128 bins, after the run; nan for cells that did not start all over the liquid.
    lost, in_solid, given_up : int
        Cells lost, cells found in the solid, steps given up; all must be 0.
    hops_per_step : float
        Faces crossed by advection per step.
    mean_uptake, expected_uptake : float
        Mean of s over the lifelines and over the volume of the field, -.
    volume_shares : (3,) float
        Shares of the volume in excess, limitation, starvation, by the borders without margin.
    steps_per_core_second : float
        Steps of walk and analysis per second of processor time.
    coupled : Coupled or None
        What two-way coupling found.
    clearances : tuple of float
        Heights of the impellers, m.
    analysis : Analysis or None
        Bands, verdicts of convergence, spectrum, autocorrelation; None before ``analyse`` has been called.
    """

    folder: Path
    sample: Sample
    half_length: Sample
    volume_shares: np.ndarray
    cells: int
    stored_cells: int
    mesh_cells: int
    duration: float
    time_step: float
    sampling: float
    smoothing: float
    schmidt: float
    walk: str
    coupling: str
    seed: int
    well_mixed_chi2: float
    lost: int
    in_solid: int
    given_up: int
    hops_per_step: float
    mean_uptake: float
    expected_uptake: float
    steps_per_core_second: float
    coupled: Coupled | None = None
    clearances: tuple[float, ...] = ()
    analysis: Analysis | None = None

    # --- what is read from it ----------------------------------------------------------------------------------

    @cached_property
    def statistics(self) -> SignalStatistics:
        """Of all cells."""
        return self.halves[0] + self.halves[1]

    @cached_property
    def halves(self) -> tuple[SignalStatistics, SignalStatistics]:
        """Of the even and of the odd cells, two independent samples."""
        return self.sample.statistics(slice(0, None, 2)), self.sample.statistics(slice(1, None, 2))

    @cached_property
    def circulation_counts(self) -> np.ndarray:
        """(360,) times between entries of a cell into impeller zones per duration (``RESIDENCE_EDGES``)."""
        return np.asarray(self.sample.returns.sum(axis=0))

    @property
    def shares(self) -> np.ndarray:
        """(3,) share of time in E, L, S, of the smoothed signal."""
        return self.statistics.shares

    @property
    def raw_shares(self) -> np.ndarray:
        """(3,) share of time in E, L, S before smoothing: equals the volume shares for a well-mixed cloud."""
        return self.statistics.raw_shares

    @property
    def circulation_time_s(self) -> float | None:
        """Mean time between successive entries of a cell into any impeller zone, s; None if none was seen."""
        n = self.circulation_counts.sum()
        return float(self.sample.return_time.sum() / n) if n else None

    @property
    def tracks(self) -> Path:
        """The NetCDF file."""
        return self.folder / TRACKS

    def records(self) -> Records:
        """The full records of the first cells (``full_records`` of them), at the stored samples."""
        with open_tracks(self.tracks) as file:
            get = file.variables.__getitem__
            return Records(*(np.asarray(get(name)[:]) for name in ("time", "x", "y", "z", "s")))

    def signals(self, most: float = 2e7) -> Signals:
        """Uptake ratio and height of cells with full records, of as many as ``most`` samples hold, 50 at least."""
        with open_tracks(self.tracks) as file:
            n_cell, n_time = file.variables["s"].shape
            n_time = min(n_time, int(most / 50))
            n_cell = min(n_cell, int(most / max(n_time, 1)))
            s, z = (np.asarray(file.variables[name][:n_cell, :n_time]) for name in ("s", "z"))
        return Signals(self.sampling, s, z)

    def cell_index(self, cells: slice = slice(None)) -> np.ndarray:
        """Where some cells were: (n, n_sample) int32, fluid mesh cell (``TankMesh.cell_index``) at every sample."""
        with open_tracks(self.tracks) as file:
            return np.asarray(file.variables["cell_index"][cells, :])

    def cell_index_blocks(self, block: int = 2000) -> Iterator[tuple[slice, np.ndarray]]:
        """Where the stored cells were, some at a time.

        Parameters
        ----------
        block : int
            Cells per block.

        Yields
        ------
        slice
            Numbers of the cells.
        (n, n_sample) int32
            Fluid mesh cell (numbering of ``TankMesh.cell_index``) at every stored sample.
        """
        with open_tracks(self.tracks) as file:
            index = file.variables["cell_index"]
            for first in range(0, self.stored_cells, block):
                cells = slice(first, min(first + block, self.stored_cells))
                yield cells, np.asarray(index[cells, :])

    def summary(self) -> dict[str, Any]:
        """Section ``lifelines`` of summary.json."""
        shares, raw = self.shares, self.raw_shares
        out: dict[str, Any] = {
            "cells": self.cells,
            "stored_cells": self.stored_cells,
            "duration_s": self.duration,
            "time_step_s": self.time_step,
            "coupling": self.coupling,
            "walk": self.walk,
            "schmidt_turbulent": self.schmidt,
            "smoothing_s": self.smoothing,
            "seed": self.seed,
            "lost": self.lost,
            "in_solid": self.in_solid,
            "steps_given_up": self.given_up,
            "steps_per_core_second": self.steps_per_core_second,
        }
        for n, name in enumerate(("excess", "limitation", "starvation")):
            out[f"share_{name}"] = _number(shares[n])
            out[f"raw_share_{name}"] = _number(raw[n])
            out[f"volume_share_{name}"] = _number(self.volume_shares[n])
        out["residence_s"] = self.statistics.residence()
        out["stays_cut_off"] = {name: int(n) for name, n in zip(REGIMES, self.statistics.cut_counts, strict=True)}
        out["circulation_time_s"] = self.circulation_time_s
        out["well_mixed_chi2"] = _number(self.well_mixed_chi2)
        out["mean_uptake"] = self.mean_uptake
        out["expected_uptake"] = self.expected_uptake
        if out["well_mixed_chi2"] is None:
            out["well_mixed_chi2_reason"] = "the cells did not start all over the liquid (lifelines.release)"
        out["two_way"] = self.coupled.summary() if self.coupled is not None else None
        if self.coupled is None:
            out["two_way_reason"] = "lifelines.coupling is one-way"
        if out["share_excess"] is None:
            out["share_excess_reason"] = "the lifelines are shorter than the smoothing window"
        if out["circulation_time_s"] is None:
            out["circulation_time_s_reason"] = "no cell returned to an impeller zone: the lifelines are too short"
        if self.analysis is not None:
            extend(out, self.analysis, len(planes_between(self.clearances)))
        return out

    # --- hand-over ---------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the statistics into a folder; the tracks are there already, or are copied."""
        from rushton.store import link_or_copy, save_result

        folder = Path(folder)
        arrays = {"volume_shares": self.volume_shares}
        for name in _SAMPLES:
            arrays |= getattr(self, name).to_arrays(f"{name}.")
        apart = ("folder", "volume_shares", "coupled", "analysis", *_SAMPLES)
        meta = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in apart}
        if self.analysis is not None:
            arrays |= self.analysis.to_arrays("analysis.")
            meta["analysis"] = self.analysis.to_meta()
        save_result(folder, arrays, meta)
        if self.coupled is not None:
            self.coupled.save(folder / TWO_WAY)
        if folder.resolve() != self.folder.resolve():
            link_or_copy(self.tracks, folder / TRACKS)

    @classmethod
    def load(cls, folder: Path) -> Lifelines:
        """Read what ``save`` wrote."""
        from rushton.store import load_result

        arrays, meta = load_result(folder)
        samples = {name: Sample.from_arrays(arrays, f"{name}.") for name in _SAMPLES}
        data: dict[str, Any] = meta | samples | {"volume_shares": arrays["volume_shares"]}
        data["clearances"] = tuple(data["clearances"])
        if "analysis" in data:
            data["analysis"] = Analysis.rebuild(arrays, "analysis.", data["analysis"])
        two_way = Path(folder) / TWO_WAY
        coupled = Coupled.load(two_way) if two_way.is_dir() else None
        return cls(folder=Path(folder), coupled=coupled, **data)

    def export(self, results_folder: Path) -> None:
        """Write lifelines.nc and the tables of ``write_tables`` into the results folder."""
        from rushton.lifelines.tables import write_tables
        from rushton.store import link_or_copy

        link_or_copy(self.tracks, Path(results_folder) / TRACKS)
        write_tables(self, Path(results_folder))


def _number(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def open_tracks(path: Path) -> Any:
    """A file of tracks, open for reading; refused in the engineer's words where it cannot be read."""
    import netCDF4

    try:
        file = netCDF4.Dataset(path)
    except OSError as error:
        raise ResultsError(
            f"the tracks cannot be read ({error})",
            where=str(path),
            hint="run the case again: lifelines are computed anew",
        ) from error
    file.set_auto_mask(False)
    return file


__all__ = ["PATTERNS", "RESIDENCE_EDGES", "TRACKS", "Lifelines", "Records"]
