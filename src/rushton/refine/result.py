"""The error statement of a run: every headline number with its band, and what the band is made of.

    band^2 = GCI^2 + sum over choices (half the range that the choice spans)^2 + (what the iteration left moving)^2

in the unit of the number: independent contributions add up as squares. The contributions of choices are found on a
coarser grid and carried over as shares of the value there. The band says how far grid and modelling choices move the
number; it does not hold what is wrong with the model itself, which only comparison with data shows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rushton.store import load_result, save_result

ITERATION = "iteration not at rest"
GRID = "mesh (grid convergence index)"


@dataclass(frozen=True)
class Quantity:
    """One number with its band.

    Attributes
    ----------
    key : str
        As in summary.json, without its section; ``.0`` is the lowest impeller.
    value, band : float
        Of the run and half-width about it, in the unit that the key ends in.
    behaviour : str
        Of the three grids: see :mod:`rushton.refine.gci`.
    order, extrapolated : float or None
        Observed order, -, and the value extrapolated to an infinitely fine grid.
    on_grids : tuple of float
        Values from the finest to the coarsest grid.
    parts : dict of str to float
        Half-width that each source contributes, in the unit of the value.
    """

    key: str
    value: float
    band: float
    behaviour: str
    order: float | None
    extrapolated: float | None
    on_grids: tuple[float, ...]
    parts: dict[str, float]

    @property
    def relative(self) -> float:
        """Band over value, -."""
        return self.band / abs(self.value) if self.value else math.inf


@dataclass(frozen=True)
class Refinement:
    """The error statement of one run.

    Attributes
    ----------
    quantities : tuple of Quantity
    runs : tuple of dict
        Every run behind it: group, value, mesh_cells, angular_cells, converged, torque_imbalance, seconds, numbers,
        and reason where it could not be computed. The first is the run itself.
    varied_on : int
        Mesh cells of the grid on which choices were varied.
    left : tuple of str
        What was not varied, with the reason.
    missing : dict of str to str
        Why a number has no band.
    seconds : float
        CPU time of all runs, those found finished included.
    """

    quantities: tuple[Quantity, ...]
    runs: tuple[dict[str, Any], ...]
    varied_on: int
    left: tuple[str, ...]
    missing: dict[str, str]
    seconds: float

    @property
    def grids(self) -> list[dict[str, Any]]:
        """Runs on the three grids, from the finest; those that could not be computed are left out."""
        return [r for r in self.runs if r["group"] in ("base", "grid") and not r.get("reason")]

    @property
    def varied(self) -> list[str]:
        """What was varied, in words, with its values."""
        out: dict[str, list[str]] = {}
        for run in self.runs:
            if run["group"] not in ("base", "grid") and not run.get("reason"):
                out.setdefault(run["group"], []).append(run["value"])
        return [f"{group}: {', '.join(values)}" for group, values in out.items()]

    def summary(self) -> dict[str, Any]:
        """Section ``refine`` of summary.json."""
        out: dict[str, Any] = {}
        by_key = {q.key: q for q in self.quantities}
        for name in ("power_number", "flow_number"):
            bands = [q.band for q in self.quantities if q.key.startswith(f"{name}.")]
            out[f"{name}_band"] = bands or None
        for name, key in SCALARS.items():
            out[key] = by_key[name].band if name in by_key else None
            if out[key] is None:
                out[f"{key}_reason"] = self.missing.get(name, "not computed")
        return out | {
            "varied": self.varied,
            "not_varied": list(self.left),
            "varied_on_mesh_cells": self.varied_on,
            "grids_mesh_cells": [r["mesh_cells"] for r in self.grids],
            "quantities": [asdict(q) | {"relative_band": q.relative} for q in self.quantities],
            "cpu_s": self.seconds,
        }

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        save_result(folder, {}, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Refinement:
        """Read what ``save`` wrote."""
        _, meta = load_result(folder)
        quantities = tuple(Quantity(**{**q, "on_grids": tuple(q["on_grids"])}) for q in meta["quantities"])
        rest = {"runs": tuple(meta["runs"]), "left": tuple(meta["left"])}
        return cls(**{**meta, **rest, "quantities": quantities})

    def export(self, results_folder: Path) -> None:
        """Write errors.csv into the results folder: a line per number and source of its band."""
        import csv

        with (Path(results_folder) / "errors.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["number", "value", "band", "source", "half_range", "grid_behaviour", "observed_order"])
            for q in self.quantities:
                for source, half in q.parts.items():
                    order = "" if q.order is None else f"{q.order:.4g}"
                    writer.writerow(
                        [q.key, f"{q.value:.6g}", f"{q.band:.6g}", source, f"{half:.6g}", q.behaviour, order]
                    )


SCALARS = {
    "power_W": "power_band_W",
    "circulation_time_s": "circulation_time_band_s",
    "theta95_probe_s": "theta95_probe_band_s",
    "theta95_variance_s": "theta95_variance_band_s",
    "slowest_mode_s": "slowest_mode_band_s",
    "share_excess": "share_excess_band",
    "share_limitation": "share_limitation_band",
    "share_starvation": "share_starvation_band",
}
"""Numbers of a run that are one value, and the key of their band."""

LABELS = {
    "power_number": "Power number",
    "flow_number": "Flow number",
    "power_W": "Shaft power, W",
    "circulation_time_s": "Circulation time, s",
    "theta95_probe_s": "Blend time, slowest probe, s",
    "theta95_variance_s": "Blend time, variance, s",
    "slowest_mode_s": "Blend time, slowest mode, s",
    "share_excess": "Volume in excess",
    "share_limitation": "Volume in limitation",
    "share_starvation": "Volume in starvation",
}


def label(key: str) -> str:
    """Name of a number as people write it."""
    name, _, number = key.partition(".")
    return LABELS[name] + (f", impeller {int(number) + 1}" if number else "")
