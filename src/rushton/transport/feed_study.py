"""A feed-point study: the same feed at other places, on the same flow.

::

    A C - T(C) = F sum_p share_p w_p - V q_max X C / (K + C)

F is the whole feed, shared by the points p of a member (:mod:`rushton.case.feeding`), w_p the share of the sphere of p
in each mesh cell; the rest as in :mod:`rushton.transport.substrate`. Flow and operator are those of the run; each
member costs one steady field, begun from that of the case.

What is compared: the volume in excess, limitation and starvation; the concentration, mean, largest, least; and how
uneven the uptake is,

    CoV = sqrt( sum V (s/s_mean - 1)^2 / sum V ),      s = q/q_max

which is zero in the ideally mixed vessel. The mean of s is the same for all members, because all that is fed is eaten.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.case.feeding import FeedMember, feed_members
from rushton.flow.field import Flow
from rushton.store import Progress, load_result, save_result, silent
from rushton.transport.operator import assemble
from rushton.transport.steady_monod import TOLERANCE, steady_monod
from rushton.transport.substrate import Substrate

if TYPE_CHECKING:
    from rushton.case.schema import Case


@dataclass(frozen=True, eq=False)
class FeedStudy:
    """Substrate fields of every member, the feeds of the case first.

    Attributes
    ----------
    names : tuple of str
    points : tuple of (n, 5) float
        Radius m, angle rad, height m, diameter m, share of the feed, of every point of each member.
    uptake_ratio : (n_member, nr, nt, nz) float32
        s = q/q_max, -; 0 in the solid.
    share_excess, share_limitation, share_starvation : (n_member,) float
        By volume.
    mean_mol_m3, max_mol_m3, min_mol_m3 : (n_member,) float
    uptake_variation : (n_member,) float
        CoV of s.
    mass_balance_error, residual : (n_member,) float
    """

    names: tuple[str, ...]
    points: tuple[np.ndarray, ...]
    uptake_ratio: np.ndarray
    share_excess: np.ndarray
    share_limitation: np.ndarray
    share_starvation: np.ndarray
    mean_mol_m3: np.ndarray
    max_mol_m3: np.ndarray
    min_mol_m3: np.ndarray
    uptake_variation: np.ndarray
    mass_balance_error: np.ndarray
    residual: np.ndarray

    @property
    def best(self) -> str:
        """Member with the least starvation; of those within 0.001 of it the most even."""
        least = self.share_starvation.min()
        near = np.flatnonzero(self.share_starvation <= least + 1e-3)
        return self.names[int(near[np.argmin(self.uptake_variation[near])])]

    def summary(self) -> dict[str, Any]:
        """Section ``feed_study`` of summary.json: lists, one entry per member in the order of ``members``."""
        lists = {n: [float(v) for v in getattr(self, n)] for n in _LISTS}
        return {
            "members": list(self.names),
            "feed_points": [len(p) for p in self.points],
            **lists,
            "best": self.best,
            "mass_balance_error": float(self.mass_balance_error.max()),
            "converged": bool((self.residual <= TOLERANCE).all()),
        }

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        arrays = {n: getattr(self, n) for n in _ARRAYS} | {"points": np.concatenate(self.points)}
        save_result(folder, arrays, {"names": list(self.names), "counts": [len(p) for p in self.points]})

    @classmethod
    def load(cls, folder: Path) -> FeedStudy:
        """Read what ``save`` wrote."""
        arrays, meta = load_result(folder)
        points = tuple(np.split(arrays["points"], np.cumsum(meta["counts"])[:-1]))
        return cls(names=tuple(meta["names"]), points=points, **{n: arrays[n] for n in _ARRAYS})

    def export(self, results_folder: Path) -> None:
        """Write feed_study.csv into the results folder: one row per member."""
        with (Path(results_folder) / "feed_study.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["member", "points", "radius_m", "angle_deg", "height_m", "diameter_m", *_LISTS])
            for n, (name, points) in enumerate(zip(self.names, self.points, strict=True)):
                radius, angle, height, diameter = (float(v) for v in points[0, :4])
                place = [radius, math.degrees(angle), height, diameter]
                numbers = [*place, *(getattr(self, key)[n] for key in _LISTS)]
                writer.writerow([name, len(points), *(f"{v:.7g}" for v in numbers)])


_LISTS = (
    "share_excess", "share_limitation", "share_starvation", "mean_mol_m3", "max_mol_m3", "min_mol_m3",
    "uptake_variation",
)  # fmt: skip
_ARRAYS = ("uptake_ratio", *_LISTS, "mass_balance_error", "residual")


def study_feeds(case: Case, flow: Flow, substrate: Substrate, progress: Progress = silent) -> FeedStudy:
    """Steady field of every member of the feed study of a case.

    Parameters
    ----------
    case : Case
        With ``feed_study``.
    flow : Flow
    substrate : Substrate
        The field of the feeds of the case: the first member, and the start of the others.
    progress : Progress

    Returns
    -------
    FeedStudy
    """
    members, mesh = feed_members(case), flow.mesh
    operator = assemble(flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame)
    volumes, volume = mesh.volumes, mesh.volume
    half, most = substrate.half_saturation_mol_m3, substrate.max_uptake_mol_m3_s
    columns: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
    for n, member in enumerate(members):
        progress(n / len(members), f"feed {member.name}")
        if n == 0:
            c, residual = substrate.concentration, substrate.residual
        else:
            source = substrate.feed_mol_s * _weights(member, flow)
            c, residual, _ = steady_monod(operator, source, most, half, start=substrate.concentration)
        s = np.where(mesh.solid, 0.0, c / (half + c))
        mean = float((volumes * s).sum()) / volume
        excess = float(volumes[s > substrate.excess].sum() / volume)
        starvation = float(volumes[s < substrate.starvation].sum() / volume)
        row = {
            "uptake_ratio": s.astype(np.float32),
            "share_excess": excess,
            "share_limitation": 1.0 - excess - starvation,
            "share_starvation": starvation,
            "mean_mol_m3": float((volumes * c).sum() / volume),
            "max_mol_m3": float(c[~mesh.solid].max()),
            "min_mol_m3": float(c[~mesh.solid].min()),
            "uptake_variation": math.sqrt(float((volumes * (s / mean - 1.0) ** 2).sum()) / volume),
            "mass_balance_error": abs(mean * volume * most / substrate.feed_mol_s - 1.0),
            "residual": residual,
        }
        for name in _ARRAYS:
            columns[name].append(row[name])
    points = tuple(
        np.array([(p.radius, p.angle, p.height, p.diameter, p.share) for p in member.points]) for member in members
    )
    return FeedStudy(tuple(m.name for m in members), points, **{k: np.array(v) for k, v in columns.items()})


def _weights(member: FeedMember, flow: Flow) -> np.ndarray:
    """(nr, nt, nz) share of the whole feed that goes into every mesh cell."""
    spheres = [p.share * flow.mesh.sphere_weights(p.radius, p.angle, p.height, p.diameter) for p in member.points]
    return np.sum(spheres, axis=0)
