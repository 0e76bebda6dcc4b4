"""response.nc and response.csv: what the response writes for other programs.

response.nc (NetCDF-4, float32) holds the courses of every rate and pool of every history, thinned to one value per
stretch, and finer courses of the first histories. response.csv is the table behind the figures: per stretch the 5, 50
and 95 % of the histories, the mean, and the ideally mixed vessel.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.response.variables import histogram

if TYPE_CHECKING:
    from rushton.response.result import Response


def write_netcdf(response: Response, path: Path) -> None:
    """Write response.nc; an older file is replaced in one step."""
    from netCDF4 import Dataset

    temporary = path.with_suffix(".nc.tmp")
    with Dataset(temporary, "w", format="NETCDF4") as file:
        file.title = f"Response of {response.model} along stitched lifelines"
        file.Conventions = "CF-1.8"
        file.uptake = response.uptake
        sizes = {
            "time": response.time.size,
            "history": response.n_history,
            "kept_history": response.trajectory.shape[0],
            "trajectory_time": response.trajectory_time.size,
            "closeup_time": response.closeup_time.size,
        }
        for name, size in sizes.items():
            file.createDimension(name, size)

        def put(name: str, dimensions: tuple[str, ...], unit: str, text: str, values: np.ndarray) -> None:
            variable = file.createVariable(name, "f4", dimensions, zlib=True, complevel=4)
            variable.units, variable.long_name = unit, text
            variable[...] = values

        put("time", ("time",), "s", "middle of the stretch", response.time)
        put("trajectory_time", ("trajectory_time",), "s", "time after the start", response.trajectory_time)
        put("closeup_time", ("closeup_time",), "s", "time after the start", response.closeup_time)
        put("closeup_s", ("kept_history", "closeup_time"), "1", "q/q_max", response.closeup_s)
        named = [
            *((name, unit, "at the end of the stretch", response.state(name)) for name, unit in _states(response)),
            *((name, unit, "mean over the stretch", response.rate(name)) for name, unit in _rates(response)),
        ]
        for column, (name, unit, text, values) in enumerate(named):
            put(name, ("time", "history"), unit, f"{name}, {text}", values)
            file[name].ideally_mixed = np.float32(response.reference(name))
            of_first = response.trajectory[:, :, column], response.closeup[:, :, column]
            put(
                f"trajectory_{name}",
                ("kept_history", "trajectory_time"),
                unit,
                f"{name} of some histories",
                of_first[0],
            )
            put(f"closeup_{name}", ("kept_history", "closeup_time"), unit, f"{name}, last minutes", of_first[1])
    os.replace(temporary, path)


def write_csv(response: Response, path: Path) -> None:
    """Write response.csv: one row per stretch and quantity."""
    temporary = path.with_suffix(".csv.tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time_s", "quantity", "unit", "mean", "p5", "p50", "p95", "ideally_mixed"])
        for names, pick in ((_rates(response), response.rate), (_states(response), response.state)):
            for name, unit in names:
                values, ideal = pick(name).astype(float), response.reference(name)
                low, middle, high = np.percentile(values, (5, 50, 95), axis=1)
                for row in zip(response.time, values.mean(axis=1), low, middle, high, strict=True):
                    time, mean, *shares = (f"{x:.6g}" for x in row)
                    writer.writerow([time, name, unit, mean, *shares, f"{ideal:.6g}"])
    os.replace(temporary, path)


def write_variables(response: Response, path: Path) -> None:
    """Write physiology.csv: one row per physiological variable."""
    head = ("variable", "kind", "unit", "mean", "mean_low", "mean_high", "p5", "p50", "p95", "ideally_mixed",
            "relative", "relative_low", "relative_high")  # fmt: skip
    rows = []
    for v in response.variables.values():
        numbers = (v.mean, *v.band, v.p5, v.median, v.p95, v.ideal, v.relative, *v.relative_band)
        rows.append([v.name, v.kind, v.unit, *("" if x is None or not np.isfinite(x) else f"{x:.6g}" for x in numbers)])
    _write(path, head, rows)


def write_histograms(response: Response, path: Path) -> None:
    """Write physiology_histograms.csv: shares of cells and moments per bin of every rate and pool."""
    rows = []
    for name, unit in (*_rates(response), *_states(response)):
        edges, shares = histogram(response.moments(name))
        rows += [
            [name, unit, f"{low:.6g}", f"{high:.6g}", f"{share:.6g}"]
            for low, high, share in zip(edges, edges[1:], shares, strict=False)
        ]
    _write(path, ("variable", "unit", "from", "to", "share"), rows)


def _write(path: Path, head: tuple[str, ...], rows: list[list[str]]) -> None:
    temporary = path.with_suffix(".csv.tmp")
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    os.replace(temporary, path)


def _states(response: Response) -> list[tuple[str, str]]:
    return list(zip(response.state_names, response.state_units, strict=True))


def _rates(response: Response) -> list[tuple[str, str]]:
    return list(zip(response.rate_names, response.rate_units, strict=True))
