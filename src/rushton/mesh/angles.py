"""Faces round the tank: blades with their thickness between two faces, baffles on a face, the rest filled smoothly.

A blade of thickness t stands between two half planes through the axis, a wedge of the angle that keeps its volume::

    w = t / r_m,     r_m = (r_1 + r_2) / 2        t, r_1, r_2 in m (inner and outer blade radius), w in rad

so it is exact at mid-blade and 4/3 t thick at the tip of a standard turbine (r_1 = D/4, r_2 = D/2). Blades taken as
thin (``flow.blades = "thin"``) are faces of a uniform grid, moved to the nearest face where the counts do not fit.
Immersed blades (pitched, foils, concave) ask nothing of the faces, but the half pipes of a concave turbine must be two
mesh cells deep: the arc of a mesh cell at the tip is at most ``HALF_PIPE`` of their depth. With 48 mesh cells round a
standard turbine they draw 15 % more power than with 72 or 144 (docs/validation.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.blades import form, wedge
from rushton.mesh.spacing import graded, unique

if TYPE_CHECKING:
    from rushton.case.schema import Case, Impeller

BESIDE_BLADE, WIDEST = 0.6, 1.25
"""Mesh cells beside a blade and the widest ones, relative to the mean one, -."""
HALF_PIPE, MOST_FOR_PIPES, COARSEST_WITH_PIPES = 0.44, 96, 15_000
"""Arc of a mesh cell over the depth of a half pipe, -; mesh cells round the tank at which this ends; mesh cells of the
tank below which it is not asked, for the grids on the way."""


def angular_cells(case: Case, mesh_cells: int) -> int:
    """Number of mesh cells round the full tank, about 48, 70 or 90, more for half pipes, or what is asked.

    With solid blades the grid is fitted to them and comes as close below this as its edges allow. With thin ones it is
    uniform, of a multiple of blades and baffles; if the least common multiple of the blade counts and
    the baffle count exceeds 144, blades are moved to the nearest theta face (by half a mesh cell at most: 3.75, 2.5 or
    1.9 degrees).
    """
    wanted = 48 if mesh_cells < 50_000 else 72 if mesh_cells < 200_000 else 96
    if _fitted(case):  # beside blades the cells are narrow enough; radius and height gain more
        wanted = 48 if mesh_cells < 50_000 else 68 if mesh_cells < 200_000 else 88
    if mesh_cells >= COARSEST_WITH_PIPES:
        wanted = max(wanted, _for_half_pipes(case))
    if case.numerics.angular_cells is not None:  # of the finest grid; those on the way to it have fewer
        wanted = round(case.numerics.angular_cells * (mesh_cells / case.numerics.target_mesh_cells) ** (1.0 / 3.0))
    unit = math.lcm(*_on_faces(case), math.gcd(*_counts(case)))
    if _fitted(case) or unit > 144:
        return wanted
    return max(unit, unit * round(wanted / unit))


def symmetry(case: Case, mesh_cells: int) -> int:
    """Number of equal sectors that repeat round the tank: the common divisor of blades, baffles and, of thin blades,
    mesh cells."""
    counts = _counts(case)
    if not _fitted(case):
        nt = angular_cells(case, mesh_cells)
        if any(nt % n for n in _on_faces(case)):
            return 1
        counts.append(nt)
    return math.gcd(*counts)


def _counts(case: Case) -> list[int]:
    baffles = [case.tank.baffles.count] if case.tank.baffles.count else []
    return [imp.blades for imp in case.impellers] + baffles


def _on_faces(case: Case) -> list[int]:
    """Counts of what stands on theta faces of a uniform grid: baffles and thin blades, not immersed ones."""
    return _counts(case)[len(case.impellers) :] + [imp.blades for imp in case.impellers if not imp.immersed]


def _fitted(case: Case) -> bool:
    """Whether the theta faces are fitted to solid blades."""
    return not case.thin_blades and not all(imp.immersed for imp in case.impellers)


def _for_half_pipes(case: Case) -> int:
    """Mesh cells round the tank that resolve the half pipes of concave turbines; 0 without them."""
    pipes = [imp.radius / (0.5 * imp.blade_height) for imp in case.impellers if form(imp) == "concave"]
    return min(MOST_FOR_PIPES, math.ceil(2.0 * math.pi * max(pipes) / HALF_PIPE)) if pipes else 0


def blade_angles(impeller: Impeller, sector: int) -> np.ndarray:
    """(blades / sector,) mid angles of the blades of one sector, rad."""
    pitch = 2.0 * math.pi / impeller.blades
    angles = impeller.first_blade + pitch * np.arange(impeller.blades // sector)
    return np.mod(angles, 2.0 * math.pi / sector)


def theta_faces(case: Case, mesh_cells: int, sector: int) -> np.ndarray:
    """(nt+1,) theta faces of one of ``sector`` equal sectors, from 0 to 2 pi / sector, rad."""
    nt, period = angular_cells(case, mesh_cells), 2.0 * math.pi / sector
    if not _fitted(case):
        if nt % sector:
            raise ValueError(f"{nt} mesh cells round the tank cannot be cut into {sector} sectors")
        return np.linspace(0.0, period, nt // sector + 1)
    fitted = [imp for imp in case.impellers if not imp.immersed]
    sides = np.concatenate(
        [np.zeros(0), *(blade_angles(imp, sector) + half * wedge(imp) for imp in fitted for half in (-0.5, 0.5))]
    )
    baffles = 2.0 * math.pi * np.arange(case.tank.baffles.count) / max(case.tank.baffles.count, 1)
    edges = np.mod(np.concatenate([sides, baffles]), period)
    tolerance = 0.02 * min(wedge(imp) for imp in fitted)
    inner = edges[(edges > tolerance) & (edges < period - tolerance)]
    fixed, beside = unique([0.0, *inner.tolist(), period], tolerance), np.mod(sides, period)

    def faces(mean: float) -> np.ndarray:
        features = [(float(a) + n * period, BESIDE_BLADE * mean) for a in beside for n in (-1, 0, 1)]
        return graded(fixed, features, WIDEST * mean, 1.0)

    fine, coarse = 0.25 * 2.0 * math.pi / nt, 4.0 * 2.0 * math.pi / nt
    for _ in range(30):
        mean = math.sqrt(fine * coarse)
        if sector * (faces(mean).size - 1) <= nt:
            coarse = mean
        else:
            fine = mean
    return faces(coarse)


def blade_columns(impeller: Impeller, theta: np.ndarray, sector: int) -> np.ndarray:
    """(nt,) bool, columns of mesh cells that lie in a blade."""
    centre = 0.5 * (theta[1:] + theta[:-1])
    period = 2.0 * math.pi / sector
    away = np.mod(centre[:, None] - blade_angles(impeller, sector) + 0.5 * period, period) - 0.5 * period
    return (np.abs(away) < 0.5 * wedge(impeller)).any(axis=1)
