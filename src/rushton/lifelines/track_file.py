"""The tracks on disk: NetCDF-4, CF trajectories, written in stretches of time so that memory stays small.

For every cell the number of its fluid mesh cell at every stored sample; for the first cells place and uptake ratio too.
All cells share the sampling times (CF: orthogonal multidimensional array representation of trajectories).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from rushton.errors import ResultsError

BUFFER_BYTES = 48e6
"""Of one stretch of mesh-cell numbers; two of them are held in memory."""


class TrackFile:
    """Writer of ``lifelines.nc``; the file gets its name only when it is complete.

    Parameters
    ----------
    path : Path
    n_cell, n_full, n_sample : int
        Cells that are stored, those of them with full records, stored samples.
    sampling : float
        Interval of the samples, s; the first stands one interval after the release.
    n_mesh_cell : int
        Number of fluid mesh cells.
    attributes : dict
        Global attributes.
    """

    def __init__(
        self,
        path: Path,
        n_cell: int,
        n_full: int,
        n_sample: int,
        sampling: float,
        n_mesh_cell: int,
        attributes: dict[str, Any],
    ) -> None:
        import netCDF4

        self.path = Path(path)
        self.part = self.path.with_name(self.path.name + ".part")
        self.width = int(np.clip(BUFFER_BYTES / (4 * n_cell), 1, min(n_sample, 256)))
        self.done = 0
        self.n_cell, self.n_full, self.n_sample = n_cell, n_full, n_sample
        self.file = file = netCDF4.Dataset(self.part, "w", format="NETCDF4")
        file.setncatts({"Conventions": "CF-1.8", "featureType": "trajectory"} | attributes)
        file.createDimension("cell", n_cell)
        file.createDimension("record", n_full)
        file.createDimension("time", n_sample)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"long_name": "time since release", "units": "s", "axis": "T"})
        time[:] = sampling * np.arange(1, n_sample + 1)
        cell = file.createVariable("cell", "i4", ("cell",))
        cell.setncatts({"long_name": "number of the cell", "cf_role": "trajectory_id"})
        cell[:] = np.arange(n_cell)
        chunks = (min(n_cell, 2000), self.width)
        # every chunk is written once and whole: the default cache of HDF5 would only copy it
        self.index = file.createVariable(
            "cell_index", "i4", ("cell", "time"), zlib=True, complevel=1, shuffle=True, chunksizes=chunks
        )
        self.index.setncatts({
            "long_name": "number of the fluid mesh cell that holds the cell",
            "units": "1", "valid_min": np.int32(0), "valid_max": np.int32(n_mesh_cell - 1),
        })  # fmt: skip
        self.full = []
        for name, units, text in (
            ("x", "m", "place, towards the first baffle"),
            ("y", "m", "place, a quarter turn on in the sense of rotation"),
            ("z", "m", "height above the floor"),
            ("s", "1", "uptake ratio q/q_max, not smoothed"),
        ):
            if n_full == 0:
                variable = file.createVariable(name, "f4", ("record", "time"))
            else:
                variable = file.createVariable(
                    name, "f4", ("record", "time"), zlib=True, complevel=1, shuffle=True,
                    chunksizes=(min(n_full, 200), self.width),
                )  # fmt: skip
            variable.setncatts({"long_name": text, "units": units, "comment": "of the first cells"})
            variable.setncatts({"axis": name.upper()} if name in "xyz" else {"coordinates": "time x y z"})
            self.full.append(variable)

    def write(self, index: np.ndarray, full: np.ndarray) -> None:
        """Append a stretch: index (n_cell, n) int32, full (n_full, n, 4) float32 (x, y, z, s)."""
        n = index.shape[1]
        span = slice(self.done, self.done + n)
        try:
            self.index[:, span] = index
            if full.shape[0]:
                for v, variable in enumerate(self.full):
                    variable[:, span] = full[:, :, v]
            self.file.sync()
        except (OSError, RuntimeError) as error:  # RuntimeError is what the NetCDF library makes of a full disk
            raise ResultsError(
                f"the tracks cannot be written ({error})",
                where=str(self.part.parent),
                hint="make room on the disk, keep fewer lifelines.stored_cells, or take a longer lifelines.sampling",
            ) from error
        self.done += n

    def close(self) -> None:
        """Complete the file and give it its name."""
        self.file.close()
        self.part.replace(self.path)

    def discard(self) -> None:
        """Remove an incomplete file."""
        if self.file.isopen():
            with suppress(RuntimeError):  # on a full disk the last flush fails once more
                self.file.close()
        self.part.unlink(missing_ok=True)
