"""environment.csv, environment_distributions.csv and environment.nc: what cells meet, for other programs.

environment.nc (NetCDF-4) holds the scalars of every fluid mesh cell, so that ``scalar[cell_index]`` with the
``cell_index`` of lifelines.nc is that scalar along any lifeline.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.environment import LEVELS

if TYPE_CHECKING:
    from rushton.lifelines.environment import Environment


def write_tables(environment: Environment, folder: Path) -> None:
    """Write environment.csv, one row per scalar, and environment_distributions.csv, the values below which a cell
    spends so many % of its time."""
    head = (
        "scalar", "unit", "description", "mean", "mean_low", "mean_high", "volume_mean", "p5", "p50", "p95", "critical",
        "side", "share_beyond", "share_low", "share_high", "volume_share_beyond", "excursions_per_hour", "mean_stay_s",
        "p95_stay_s",
    )  # fmt: skip
    rows = []
    for n, scalar in enumerate(environment.scalars):
        if scalar.name == "angle":
            continue
        levels = [environment.quantile(scalar.name, level) for level in (5.0, 50.0, 95.0)]
        row = [scalar.name, scalar.unit, scalar.text]
        row += _texts(environment.mean[n], *environment.mean_band[n], environment.volume_mean[n], *levels)
        crossing = environment.crossings.get(scalar.name)
        if crossing is None:
            row += [""] * 9
        else:
            row += [*_texts(scalar.critical), scalar.side]
            row += _texts(crossing.share, *crossing.band, crossing.volume_share, crossing.per_hour)
            row += _texts(crossing.mean_s, crossing.p95_s)
        rows.append(row)
    _write(folder / "environment.csv", head, rows)
    names = [scalar.name for scalar in environment.scalars]
    rows = [_texts(level, *values) for level, values in zip(LEVELS, environment.quantiles.T, strict=True)]
    _write(folder / "environment_distributions.csv", ("time_below_percent", *names), rows)


def write_netcdf(environment: Environment, path: Path) -> None:
    """Write environment.nc; an older file is replaced in one step."""
    from netCDF4 import Dataset

    temporary = path.with_suffix(".nc.tmp")
    with Dataset(temporary, "w", format="NETCDF4") as file:
        file.title = "Scalars of the fluid mesh cells"
        file.Conventions = "CF-1.8"
        file.comment = "along a lifeline: scalar[cell_index], with the variable cell_index of lifelines.nc"
        file.createDimension("mesh_cell", environment.scalars[0].values.size)
        for scalar in environment.scalars:
            variable = file.createVariable(scalar.name, "f4", ("mesh_cell",), zlib=True, complevel=4)
            variable.units, variable.long_name = scalar.unit, scalar.text
            if scalar.critical is not None:
                variable.critical_value, variable.critical_side = np.float32(scalar.critical), scalar.side
            variable[:] = scalar.values
    os.replace(temporary, path)


def _texts(*values: float | None) -> list[str]:
    return ["" if value is None or not np.isfinite(value) else f"{value:.6g}" for value in values]


def _write(path: Path, head: tuple[str, ...], rows: list[list[str]]) -> None:
    temporary = path.with_suffix(".csv.tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    os.replace(temporary, path)
