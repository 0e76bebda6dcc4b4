"""What the gas stage leaves behind: fields, headline numbers with their meaning, files for the reader."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rushton.mesh.cylinder import TankMesh
from rushton.store import load_result, save_result
from rushton.transport.bubble_law import CLOSURES

HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class Gas:
    """Gas phase, transfer and dissolved gases of one tank; volumes are those of gassed liquid.

    Attributes
    ----------
    mesh : TankMesh
    fraction : (nr, nt, nz) float
        Gas fraction, -.
    bubble_size, slip : (nr, nt, nz) float
        Sauter diameter, m, and rise through the liquid, m/s.
    kla : (nr, nt, nz) float
        Local kLa of oxygen, 1/s.
    oxygen, oxygen_saturation : (nr, nt, nz) float
        Dissolved, and in equilibrium with the bubbles there, mol/m3.
    carbon_dioxide : (nr, nt, nz) float
        Dissolved CO2 (without bicarbonate), mol/m3.
    carbon_dioxide_kla : (nr, nt, nz) float
        Local kLa of CO2, 1/s.
    carbon_dioxide_saturation, carbon_dioxide_supplied : (nr, nt, nz) float
        In equilibrium with the bubbles there, and with the gas as supplied, mol/m3.
    oxygen_in_gas : (nr, nt, nz) float
        Mole fraction of oxygen in the dry gas of the bubbles, -.
    numbers : dict
        Section ``gas`` of summary.json.
    """

    mesh: TankMesh
    fraction: np.ndarray
    bubble_size: np.ndarray
    slip: np.ndarray
    kla: np.ndarray
    oxygen: np.ndarray
    oxygen_saturation: np.ndarray
    carbon_dioxide: np.ndarray
    carbon_dioxide_kla: np.ndarray
    carbon_dioxide_saturation: np.ndarray
    carbon_dioxide_supplied: np.ndarray
    oxygen_in_gas: np.ndarray
    numbers: dict[str, Any]

    def mean(self, field: np.ndarray) -> float:
        """Volume mean of a field."""
        return float((self.mesh.volumes * field).sum() / self.mesh.volume)

    def profile(self, field: np.ndarray) -> np.ndarray:
        """(nz,) mean of a field over each layer of the mesh."""
        volumes = self.mesh.volumes
        return (volumes * field).sum(axis=(0, 1)) / volumes.sum(axis=(0, 1))

    def summary(self) -> dict[str, Any]:
        """Section ``gas`` of summary.json."""
        return dict(self.numbers)

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        arrays = self.mesh.to_arrays() | {n: getattr(self, n) for n in _ARRAYS}
        save_result(folder, arrays, {"numbers": self.numbers})

    @classmethod
    def load(cls, folder: Path) -> Gas:
        """Read what ``save`` wrote."""
        arrays, meta = load_result(folder)
        values: dict[str, Any] = {n: arrays[n] for n in _ARRAYS}
        return cls(mesh=TankMesh.from_arrays(arrays), numbers=meta["numbers"], **values)

    def export(self, results_folder: Path) -> None:
        """Write gas.vtu (fields), gas.csv (profiles over the height) and gas_closures.csv into the results folder."""
        from rushton.mesh.io import write_vtu

        folder = Path(results_folder)
        write_vtu(folder / "gas.vtu", self.mesh, {n: getattr(self, n) for n in _ARRAYS})
        columns = {
            "height_m": self.mesh.z_centre,
            "gas_fraction": self.profile(self.fraction),
            "kla_1_h": HOUR * self.profile(self.kla),
            "oxygen_mol_m3": self.profile(self.oxygen),
            "oxygen_saturation_mol_m3": self.profile(self.oxygen_saturation),
            "carbon_dioxide_mol_m3": self.profile(self.carbon_dioxide),
        }
        rows = np.column_stack(list(columns.values()))
        _write_csv(folder / "gas.csv", list(columns), [[f"{v:.7g}" for v in row] for row in rows])
        table = [[name, *CLOSURES[name]] for name in self.numbers["closures"]]
        _write_csv(folder / "gas_closures.csv", ["closure", "formula", "source", "range"], table)


_ARRAYS = (
    "fraction", "bubble_size", "slip", "kla", "oxygen", "oxygen_saturation", "carbon_dioxide", "carbon_dioxide_kla",
    "carbon_dioxide_saturation", "carbon_dioxide_supplied", "oxygen_in_gas",
)  # fmt: skip


def _write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
