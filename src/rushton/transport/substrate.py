"""The fed substrate at steady state: where it is plenty, where it is scarce, where there is none.

::

    A C - T(C) = F w - V q_max X C / (K + C)

    C      mol/m3      concentration           F    mol/s       feed, w its share in each mesh cell (a small sphere)
    K      mol/m3      half saturation         X    kg/m3       biomass, dry weight
    q_max  mol/(kg s)  largest uptake          s    -           q/q_max = C/(K + C), uptake ratio

A and T as in :mod:`rushton.transport.operator`. All that is fed is eaten, so the volume mean of s is F/(q_max X V)
exactly, whatever the flow: a free check. The ideally mixed vessel has that s everywhere, C = K s/(1 - s).

Method: :mod:`rushton.transport.steady_monod`.

Regimes by volume: excess s > 0.95, starvation s < 0.05, limitation between (borders from the strain).
Source of the regimes: C. Haringa et al., Chem. Eng. Sci. 175, 12-24 (2018), doi:10.1016/j.ces.2017.09.020.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import SolverError
from rushton.flow.field import Flow
from rushton.mesh.cylinder import TankMesh
from rushton.store import Progress, load_result, save_result, silent
from rushton.transport.operator import assemble
from rushton.transport.steady_monod import TOLERANCE, steady_monod

if TYPE_CHECKING:
    from rushton.case.schema import Case

PERCENTILES = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
"""Volume percentiles that are reported, %."""


@dataclass(frozen=True, eq=False)
class Substrate:
    """Steady concentration field of the fed substrate.

    Attributes
    ----------
    mesh : TankMesh
    name : str
        Substrate.
    concentration : (nr, nt, nz) float
        mol/m3; 0 in the solid.
    uptake_ratio : (nr, nt, nz) float
        s = q/q_max, -.
    feed_mol_s : float
        All feeds together.
    max_uptake_mol_m3_s : float
        q_max X.
    half_saturation_mol_m3 : float
    starvation, excess : float
        Borders of the regimes in s.
    ideal_mixed_mol_m3 : float
        Concentration in the ideally mixed vessel.
    ideal_mixed_uptake_ratio : float
        F/(q_max X V).
    share_excess, share_limitation, share_starvation : float
        By volume.
    percentiles_mol_m3 : (n,) float
        Volume percentiles of C at ``PERCENTILES``.
    mass_balance_error : float
        |uptake/feed - 1|.
    residual : float
        Sum of |residuals| over the feed.
    steps : int
        Sweeps over the mesh.
    converged : bool
    """

    mesh: TankMesh
    name: str
    concentration: np.ndarray
    uptake_ratio: np.ndarray
    feed_mol_s: float
    max_uptake_mol_m3_s: float
    half_saturation_mol_m3: float
    starvation: float
    excess: float
    ideal_mixed_mol_m3: float
    ideal_mixed_uptake_ratio: float
    share_excess: float
    share_limitation: float
    share_starvation: float
    percentiles_mol_m3: np.ndarray
    mass_balance_error: float
    residual: float
    steps: int
    converged: bool

    @property
    def mean_mol_m3(self) -> float:
        """Volume mean concentration, mol/m3."""
        return float((self.mesh.volumes * self.concentration).sum() / self.mesh.volume)

    @property
    def mean_uptake_ratio(self) -> float:
        """Volume mean of s, -."""
        return float((self.mesh.volumes * self.uptake_ratio).sum() / self.mesh.volume)

    @property
    def regime(self) -> np.ndarray:
        """(nr, nt, nz) int8: 0 starvation, 1 limitation, 2 excess; -1 in the solid."""
        out = (self.uptake_ratio >= self.starvation).astype(np.int8) + (self.uptake_ratio > self.excess)
        return np.where(self.mesh.solid, np.int8(-1), out)

    def summary(self) -> dict[str, Any]:
        """Section ``substrate`` of summary.json."""
        c = self.concentration[~self.mesh.solid]
        return {
            "mean_mol_m3": self.mean_mol_m3,
            "min_mol_m3": float(c.min()),
            "max_mol_m3": float(c.max()),
            "ideal_mixed_mol_m3": self.ideal_mixed_mol_m3,
            "share_excess": self.share_excess,
            "share_limitation": self.share_limitation,
            "share_starvation": self.share_starvation,
            "mass_balance_error": self.mass_balance_error,
            "mean_uptake_ratio": self.mean_uptake_ratio,
            "ideal_mixed_uptake_ratio": self.ideal_mixed_uptake_ratio,
            "converged": self.converged,
        }

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        arrays = self.mesh.to_arrays() | {n: getattr(self, n) for n in _ARRAYS}
        save_result(folder, arrays, {n: getattr(self, n) for n in _VALUES})

    @classmethod
    def load(cls, folder: Path) -> Substrate:
        """Read what ``save`` wrote."""
        arrays, meta = load_result(folder)
        values: dict[str, Any] = {n: arrays[n] for n in _ARRAYS} | {n: meta[n] for n in _VALUES}
        return cls(mesh=TankMesh.from_arrays(arrays), **values)

    def export(self, results_folder: Path) -> None:
        """Write fields.vtu (C, s, regime), regimes.csv and gradients.csv into the results folder."""
        from rushton.mesh.io import write_vtu

        folder = Path(results_folder)
        data = {"concentration": self.concentration, "uptake_ratio": self.uptake_ratio, "regime": self.regime}
        write_vtu(folder / "fields.vtu", self.mesh, data)
        volumes = self.mesh.volumes
        uptake = volumes * self.uptake_ratio
        rows: list[list[Any]] = []
        borders = (0.0, self.starvation, self.excess, 1.0)
        for number, name in enumerate(("starvation", "limitation", "excess")):
            here = self.regime == number
            volume, eaten = float(volumes[here].sum()), float(uptake[here].sum() / uptake.sum())
            rows.append([name, borders[number], borders[number + 1], volume, volume / self.mesh.volume, eaten])
        header = ["regime", "s_from", "s_to", "volume_m3", "volume_share", "uptake_share"]
        _write_csv(folder / "regimes.csv", header, rows)
        k = self.half_saturation_mol_m3
        gradients = [[p, c, c / (k + c)] for p, c in zip(PERCENTILES, self.percentiles_mol_m3, strict=True)]
        _write_csv(folder / "gradients.csv", ["volume_percentile", "concentration_mol_m3", "uptake_ratio"], gradients)


_ARRAYS = ("concentration", "uptake_ratio", "percentiles_mol_m3")
_VALUES = (
    "name", "feed_mol_s", "max_uptake_mol_m3_s", "half_saturation_mol_m3", "starvation", "excess", "ideal_mixed_mol_m3",
    "ideal_mixed_uptake_ratio", "share_excess", "share_limitation", "share_starvation", "mass_balance_error",
    "residual", "steps", "converged",
)  # fmt: skip


def _write_csv(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[f"{v:.7g}" if isinstance(v, float) else v for v in row] for row in rows])


def solve_substrate(case: Case, flow: Flow, progress: Progress = silent) -> Substrate:
    """Steady field of the fed substrate.

    Parameters
    ----------
    case : Case
        With at least one feed, a strain and biomass in the broth.
    flow : Flow
    progress : Progress

    Returns
    -------
    Substrate

    Raises
    ------
    SolverError
        If nothing is fed or eaten, if several substrates are fed, or if more is fed than the biomass can take up.
    """
    name, feed, max_uptake, half = _demand(case, flow.mesh.volume)
    mesh = flow.mesh
    source = feed_source(case, mesh)
    progress(0.0, "assembling the transport operator")
    operator = assemble(flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame)
    c, residual, steps = steady_monod(operator, source, max_uptake, half, progress)
    volumes, volume = mesh.volumes, mesh.volume
    s = np.where(mesh.solid, 0.0, c / (half + c))
    ideal = feed / (max_uptake * volume)
    regimes = case.strain.regimes if case.strain else None
    low, high = (regimes.starvation, regimes.excess) if regimes else (0.05, 0.95)
    share_e = float(volumes[s > high].sum() / volume)
    share_s = float(volumes[s < low].sum() / volume)
    return Substrate(
        mesh=mesh,
        name=name,
        concentration=c,
        uptake_ratio=s,
        feed_mol_s=feed,
        max_uptake_mol_m3_s=max_uptake,
        half_saturation_mol_m3=half,
        starvation=low,
        excess=high,
        ideal_mixed_mol_m3=half * ideal / (1.0 - ideal),
        ideal_mixed_uptake_ratio=ideal,
        share_excess=share_e,
        share_limitation=1.0 - share_e - share_s,
        share_starvation=share_s,
        percentiles_mol_m3=volume_percentiles(c[~mesh.solid], volumes[~mesh.solid], PERCENTILES),
        mass_balance_error=abs(float((volumes * s).sum()) * max_uptake / feed - 1.0),
        residual=residual,
        steps=steps,
        converged=residual <= TOLERANCE,
    )


def feed_source(case: Case, mesh: TankMesh) -> np.ndarray:
    """(nr, nt, nz) what the feeds of a case bring into every mesh cell, mol/s."""
    source = np.zeros(mesh.shape)
    for f in case.feeds:
        p = f.position
        source += f.rate * mesh.sphere_weights(p.radius, p.angle, p.height, f.diameter)
    return source


def _demand(case: Case, volume: float) -> tuple[str, float, float, float]:
    """Checked (substrate, F mol/s, q_max X mol/m3/s, K mol/m3)."""
    names = sorted({f.substrate for f in case.feeds})
    if not names:
        raise SolverError("no substrate is fed, so there is no gradient", "feed", "add a [[feed]] to the case")
    if len(names) > 1:
        raise SolverError(
            f"{len(names)} substrates are fed ({', '.join(names)}), but one field is computed", "feed",
            "give all feeds the same substrate",
        )  # fmt: skip
    if case.strain is None or case.broth.biomass is None:
        missing = "[strain]" if case.strain is None else "broth.biomass"
        raise SolverError(f"the feed is eaten by nothing: {missing} is not given", "feed", f"add {missing} to the case")
    feed = float(sum(f.rate for f in case.feeds))
    max_uptake = case.strain.uptake.max * case.broth.biomass
    if feed >= 0.999 * max_uptake * volume:
        raise SolverError(
            f"the feed of {feed:.4g} mol/s is more than the biomass can take up ({max_uptake * volume:.4g} mol/s), "
            f"so {names[0]} would pile up without end", "feed",
            "feed less, or raise broth.biomass or strain.uptake.max",
        )  # fmt: skip
    return names[0], feed, max_uptake, case.strain.uptake.half_saturation


def volume_percentiles(values: np.ndarray, volumes: np.ndarray, percent: tuple[float, ...]) -> np.ndarray:
    """Values below which the given percentages of the volume lie.

    Parameters
    ----------
    values, volumes : (n,) float
    percent : tuple of float
        %.
    """
    order = np.argsort(values)
    cumulative = np.cumsum(volumes[order])
    middle = (cumulative - 0.5 * volumes[order]) / cumulative[-1]
    return np.interp(np.asarray(percent) / 100.0, middle, values[order])
