"""What surrounds a cell on its way: every scalar of the tank, read along the lifelines.

    c(cell, t) = C[mesh cell that holds the cell at t]              any scalar C that the tank has a field of
    share of time with c < c*  =  sum_m n_m [C_m < c*] / sum_m n_m   n_m samples of all cells in mesh cell m

The tracks keep the number of the mesh cell only, so one table of scalars per mesh cell serves every lifeline, and what
holds at one moment (means, percentiles, shares beyond a critical value) follows exactly from the times n_m. How long
an excursion lasts needs the order of the samples: complete ones are counted, those cut off at the ends are not.
Dissipation, shear rate and Kolmogorov length are those that hold the shaft power (``Flow.dissipation_scaled``):

    shear rate = (epsilon / nu)^(1/2)  1/s,      Kolmogorov length = (nu^3 / epsilon)^(1/4)  m

Bands (95 %) are bootstraps over groups of lifelines: they hold how well so many cells of this duration represent the
fields, not how sure the fields are. Inside rotating zones a mesh cell turns with the blades, so angles count from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import ResultsError
from rushton.lifelines.result import Lifelines
from rushton.store import Progress, silent
from rushton.transport.substrate import volume_percentiles

if TYPE_CHECKING:
    from rushton.case.critical import Critical
    from rushton.flow.field import Flow
    from rushton.transport import Gas, Substrate

LEVELS = (0.1, 0.5, 1.0, 2.0, *np.arange(5.0, 100.0, 5.0), 98.0, 99.0, 99.5, 99.9)
"""Shares of time of the distributions, %."""

MOST_CELLS = 20_000
"""Lifelines that are read for the statistics: more would narrow the bands no further than the fields deserve."""

GROUPS = 40
"""Groups of lifelines, at most, over which bands are drawn."""


@dataclass(frozen=True, eq=False)
class Scalar:
    """One scalar of the tank, per fluid mesh cell.

    Attributes
    ----------
    name, unit, text : str
    values : (n_mesh_cell,) float32
        In the numbering of ``TankMesh.cell_index``.
    critical : float or None
        Value that a cell of the strain should not cross.
    side : {"above", "below"}
        On which side of it the cell suffers.
    """

    name: str
    unit: str
    text: str
    values: np.ndarray
    critical: float | None = None
    side: str = "above"

    @property
    def beyond(self) -> np.ndarray:
        """(n_mesh_cell,) bool, where the critical value is crossed."""
        if self.critical is None:
            return np.zeros(self.values.shape, bool)
        return self.values < self.critical if self.side == "below" else self.values > self.critical


def tank_scalars(
    flow: Flow,
    substrate: Substrate,
    gas: Gas | None = None,
    critical: Critical | None = None,
    others: Mapping[str, tuple[np.ndarray, str, str]] | None = None,
) -> tuple[Scalar, ...]:
    """The table of all scalars that the tank has a field of.

    Parameters
    ----------
    flow : Flow
        That which carries scalars and cells: with gas where gas gives back on it.
    substrate : Substrate
    gas : Gas, optional
        Without it there is no dissolved gas and no gas fraction.
    critical : Critical, optional
        Critical values of the strain.
    others : mapping of str to ((nr, nt, nz) float, unit, description), optional
        Further scalars, by-products for instance.

    Returns
    -------
    tuple of Scalar
    """
    mesh = flow.mesh
    fluid = ~mesh.solid
    i, j, k = mesh.fluid_cells.T
    rows: list[tuple[str, str, str, np.ndarray]] = [
        ("substrate", "mol/m3", f"{substrate.name} in the broth", substrate.concentration[fluid]),
        ("uptake_ratio", "1", "s = q/q_max of the fed substrate", substrate.uptake_ratio[fluid]),
    ]
    if gas is not None:
        rows += [
            ("oxygen", "mol/m3", "dissolved oxygen", gas.oxygen[fluid]),
            ("carbon_dioxide", "mol/m3", "dissolved carbon dioxide, without bicarbonate", gas.carbon_dioxide[fluid]),
            ("gas_fraction", "1", "gas hold-up", gas.fraction[fluid]),
        ]
    rows += [(name, unit, text, field[fluid]) for name, (field, unit, text) in (others or {}).items()]
    rows += [
        ("dissipation", "W/kg", "turbulent dissipation, scaled to the shaft power", flow.dissipation_scaled[fluid]),
        ("shear_rate", "1/s", "shear rate of the smallest eddies", flow.turbulent_shear_rate[fluid]),
        ("kolmogorov_length", "m", "size of the smallest eddies", flow.kolmogorov_length[fluid]),
        ("radius", "m", "distance from the axis", mesh.r_centre[i]),
        ("angle", "rad", "angle to the first baffle; inside rotating zones to the blades", mesh.theta_centre[j]),
        ("height", "m", "height above the lowest point of the tank", mesh.z_centre[k]),
    ]
    limits = {} if critical is None else critical.limits
    return tuple(
        Scalar(name, unit, text, np.asarray(values, np.float32), *limits.get(name, (None, "above")))
        for name, unit, text, values in rows
    )


@dataclass(frozen=True)
class Crossing:
    """How cells of a tank cross a critical value.

    Attributes
    ----------
    share : float
        Of time, beyond it.
    band : (float, float)
        95 % band of the share.
    volume_share : float
        Of the volume.
    per_hour : float
        Excursions beyond it, of one cell in an hour.
    mean_s, p95_s : float or None
        Their mean and 95th percentile of duration; None where no complete one was seen.
    count : int
        Complete excursions.
    """

    share: float
    band: tuple[float, float]
    volume_share: float
    per_hour: float
    mean_s: float | None
    p95_s: float | None
    count: int


@dataclass(frozen=True, eq=False)
class Environment:
    """Scalars along the lifelines of a tank, and what cells meet of each.

    Attributes
    ----------
    scalars : tuple of Scalar
    quantiles : (n_scalar, len(LEVELS)) float
        Values below which a cell spends so many % of its time.
    mean, volume_mean : (n_scalar,) float
        Over time and over the volume of the tank.
    mean_band : (n_scalar, 2) float
        95 % band of the mean over time.
    crossings : dict of str to Crossing
        Of the scalars that have a critical value.
    cells : int
        Lifelines read.
    samples : int
        Samples of each.
    sampling : float
        Their interval, s.
    without : dict of str to str
        Scalars that no field was computed of, and why.
    """

    scalars: tuple[Scalar, ...]
    quantiles: np.ndarray
    mean: np.ndarray
    volume_mean: np.ndarray
    mean_band: np.ndarray
    crossings: dict[str, Crossing]
    cells: int
    samples: int
    sampling: float
    without: dict[str, str]

    # --- along the lifelines -------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scalars."""
        return tuple(scalar.name for scalar in self.scalars)

    def __getitem__(self, name: str) -> Scalar:
        """One scalar, by name."""
        if name not in self.names:
            why = self.without.get(name)
            raise ResultsError(
                f"no field of '{name}' was computed" + (f": {why}" if why else ""),
                "environment",
                f"there are {', '.join(self.names)}",
            )
        return self.scalars[self.names.index(name)]

    def along(self, lifelines: Lifelines, name: str, cells: slice = slice(None)) -> np.ndarray:
        """A scalar along lifelines.

        Parameters
        ----------
        lifelines : Lifelines
        name : str
            One of `names`.
        cells : slice
            Numbers of the cells; all of them may be more than memory holds (`blocks` gives them in turn).

        Returns
        -------
        (n_cell, n_time) float32
            In the unit of the scalar, every ``lifelines.sampling`` seconds, the first one interval after the release.
        """
        return self[name].values[lifelines.cell_index(cells)]

    def blocks(
        self, lifelines: Lifelines, names: Sequence[str], block: int = 2000
    ) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
        """Scalars along all lifelines, some cells at a time: yields (cells, {name: (n, n_time) float32})."""
        tables = {name: self[name].values for name in names}
        for cells, index in lifelines.cell_index_blocks(block):
            yield cells, {name: values[index] for name, values in tables.items()}

    # --- hand-over -----------------------------------------------------------------------------------------------

    def quantile(self, name: str, level: float) -> float:
        """Value below which a cell spends ``level`` % of its time."""
        return float(np.interp(level, LEVELS, self.quantiles[self.names.index(name)]))

    def summary(self) -> dict[str, Any]:
        """Section ``environment`` of summary.json."""
        out: dict[str, Any] = {"cells": self.cells, "samples": self.samples, "scalars": {}}
        for n, scalar in enumerate(self.scalars):
            if scalar.name == "angle":
                continue
            low, high = self.mean_band[n]
            row = {
                "unit": scalar.unit, "mean": float(self.mean[n]), "mean_band": [float(low), float(high)],
                "volume_mean": float(self.volume_mean[n]),
                **{f"p{level:g}": self.quantile(scalar.name, level) for level in (5.0, 50.0, 95.0)},
            }  # fmt: skip
            if (crossing := self.crossings.get(scalar.name)) is not None:
                row |= {"critical": scalar.critical, "side": scalar.side, **asdict(crossing)}
            out["scalars"][scalar.name] = row
        oxygen = self.crossings.get("oxygen")
        out["oxygen_critical_share"] = None if oxygen is None else oxygen.share
        if oxygen is None:
            out["oxygen_critical_share_reason"] = self.without.get("oxygen", "the strain has no critical oxygen")
        out["without"] = dict(self.without)
        return out

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        from rushton.store import save_result

        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"scalar_{scalar.name}": scalar.values for scalar in self.scalars}
        meta = {
            "scalars": [[s.name, s.unit, s.text, s.critical, s.side] for s in self.scalars],
            "crossings": {name: asdict(crossing) for name, crossing in self.crossings.items()},
            **{name: getattr(self, name) for name in ("cells", "samples", "sampling", "without")},
        }
        save_result(folder, arrays, meta)

    @classmethod
    def load(cls, folder: Path) -> Environment:
        """Read what ``save`` wrote."""
        from rushton.store import load_result

        arrays, meta = load_result(folder)
        scalars = tuple(
            Scalar(name, unit, text, arrays[f"scalar_{name}"], critical, side)
            for name, unit, text, critical, side in meta.pop("scalars")
        )
        crossings = {
            name: Crossing(**{**values, "band": tuple(values["band"])})
            for name, values in meta.pop("crossings").items()
        }
        fields: dict[str, Any] = {**meta, **{name: arrays[name] for name in _ARRAYS}}
        return cls(scalars=scalars, crossings=crossings, **fields)

    def export(self, results_folder: Path) -> None:
        """Write environment.csv, environment_distributions.csv and environment.nc into the results folder."""
        from rushton.lifelines.environment_files import write_netcdf, write_tables

        write_tables(self, Path(results_folder))
        write_netcdf(self, Path(results_folder) / "environment.nc")


_ARRAYS = ("quantiles", "mean", "volume_mean", "mean_band")


def surround(
    lifelines: Lifelines,
    scalars: tuple[Scalar, ...],
    volumes: np.ndarray,
    without: dict[str, str] | None = None,
    progress: Progress = silent,
) -> Environment:
    """Read scalars along lifelines and sum up what cells meet.

    Parameters
    ----------
    lifelines : Lifelines
    scalars : tuple of Scalar
        From `tank_scalars`.
    volumes : (n_mesh_cell,) float
        Of the fluid mesh cells, m3.
    without : dict, optional
        Scalars that are not there, and why.
    progress : Progress

    Returns
    -------
    Environment
    """
    n_read = min(lifelines.stored_cells, MOST_CELLS)
    size = -(-n_read // min(GROUPS, n_read))
    values = np.array([scalar.values for scalar in scalars], float)
    watched = [scalar for scalar in scalars if scalar.critical is not None]
    masks = [scalar.beyond for scalar in watched]
    time_in = np.zeros(volumes.size)
    group_means, group_shares = [], []
    stays: list[list[np.ndarray]] = [[] for _ in watched]
    samples = 0
    for first in range(0, n_read, size):
        index = lifelines.cell_index(slice(first, min(first + size, n_read)))
        samples = index.shape[1]
        here = np.bincount(index.ravel(), minlength=volumes.size).astype(float)
        time_in += here
        group_means.append(values @ (here / here.sum()))
        group_shares.append([float(here[mask].sum() / here.sum()) for mask in masks])
        for n, mask in enumerate(masks):
            stays[n].append(excursions(mask[index]) * lifelines.sampling)
        progress((first + size) / n_read, f"{min(first + size, n_read):,} lifelines")
    mean_band = bootstrap_band(np.array(group_means), lifelines.seed)
    share_band = bootstrap_band(np.array(group_shares), lifelines.seed)
    hours = n_read * samples * lifelines.sampling / 3600.0
    crossings = {}
    for n, scalar in enumerate(watched):
        lengths = np.concatenate(stays[n])
        crossings[scalar.name] = Crossing(
            share=float(time_in[masks[n]].sum() / time_in.sum()),
            band=(float(share_band[n, 0]), float(share_band[n, 1])),
            volume_share=float(volumes[masks[n]].sum() / volumes.sum()),
            per_hour=lengths.size / hours,
            mean_s=float(lengths.mean()) if lengths.size else None,
            p95_s=float(np.percentile(lengths, 95.0)) if lengths.size else None,
            count=int(lengths.size),
        )
    return Environment(
        scalars=scalars,
        quantiles=np.array([volume_percentiles(row, time_in, LEVELS) for row in values]),
        mean=values @ time_in / time_in.sum(),
        volume_mean=values @ volumes / volumes.sum(),
        mean_band=mean_band,
        crossings=crossings,
        cells=n_read,
        samples=samples,
        sampling=lifelines.sampling,
        without=without or {},
    )


def excursions(beyond: np.ndarray) -> np.ndarray:
    """Durations, in samples, of the complete stays of True in every row; those cut off at either end are left out.

    Parameters
    ----------
    beyond : (n_cell, n_time) bool

    Returns
    -------
    (n_stay,) int
    """
    step = np.diff(beyond.view(np.int8) if beyond.dtype == bool else beyond.astype(np.int8), axis=1)
    row, column = np.nonzero(step)
    enters = step[row[:-1], column[:-1]] > 0  # a change into the stay, then, in the same row, the next: out of it
    complete = enters & (row[1:] == row[:-1])
    return (column[1:] - column[:-1])[complete]


def bootstrap_band(groups: np.ndarray, seed: int, draws: int = 1000) -> np.ndarray:
    """95 % bands (k, 2) of the means of groups (n_group, k) of independent lifelines; nan where there is one group."""
    n = len(groups)
    if n < 2:
        return np.full((groups.shape[1], 2), np.nan)
    chosen = np.random.default_rng([seed, 0xE2E]).integers(0, n, (draws, n))
    return np.percentile(groups[chosen].mean(axis=1), (2.5, 97.5), axis=0).T
