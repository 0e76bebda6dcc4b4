"""Where the mesh faces lie: a size function in r and z, a common multiple of blades and baffles in theta.

Within every interval between two snapped edges the faces follow h(x) = min over features (h_f + g |x - x_f|), capped,
so that cells grow by about g per cell away from blades, baffles and walls; one global factor on h meets the number of
mesh cells asked for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.zones import rotating_zones

if TYPE_CHECKING:
    from rushton.case.schema import Case

GROWTH = 0.22
"""Growth of the cell size per unit distance from a feature, -."""


def angular_cells(case: Case, mesh_cells: int) -> int:
    """Number of mesh cells round the full tank: a multiple of blades and baffles, about 48, 72 or 96 or what is asked.

    If the least common multiple of the blade counts and the baffle count exceeds 144, blades are moved to the nearest
    theta face (by half a mesh cell at most: 3.75, 2.5 or 1.9 degrees).
    """
    counts = [imp.blades for imp in case.impellers]
    if case.tank.baffles.count > 0:
        counts.append(case.tank.baffles.count)
    unit = math.lcm(*counts)
    wanted = 48 if mesh_cells < 50_000 else 72 if mesh_cells < 200_000 else 96
    if case.numerics.angular_cells is not None:  # of the finest grid; those on the way to it have fewer
        wanted = round(case.numerics.angular_cells * (mesh_cells / case.numerics.target_mesh_cells) ** (1.0 / 3.0))
    if unit > 144:
        return wanted
    return max(unit, unit * round(wanted / unit))


def symmetry(case: Case, nt: int) -> int:
    """Number of equal sectors that repeat round the tank: the common divisor of blades, baffles and mesh cells."""
    counts = [imp.blades for imp in case.impellers] + [nt]
    if case.tank.baffles.count > 0:
        counts.append(case.tank.baffles.count)
    if any(nt % n for n in counts):
        return 1
    return math.gcd(*counts)


def _graded(edges: list[float], features: list[tuple[float, float]], cap: float, scale: float) -> np.ndarray:
    """Faces between snapped edges, following the size function (module docstring) times ``scale``."""
    fx = np.array([f[0] for f in features])
    fh = np.array([f[1] for f in features])
    faces = [edges[0]]
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        x = np.linspace(a, b, 201)
        # the scale stretches the feature sizes and the cap; the growth is a slope and stays
        h = np.minimum((scale * fh + GROWTH * np.abs(x[:, None] - fx)).min(axis=1), scale * cap)
        density = np.concatenate([[0.0], np.cumsum(0.5 * (1 / h[1:] + 1 / h[:-1]) * np.diff(x))])
        n = max(1, round(density[-1]))
        inner = np.interp(np.arange(1, n) * density[-1] / n, density, x)
        faces.extend([*inner.tolist(), b])
    return np.array(faces)


def _unique(values: list[float], tolerance: float) -> list[float]:
    out: list[float] = []
    for v in sorted(values):
        if not out or v - out[-1] > tolerance:
            out.append(v)
    return out


def spacing(case: Case, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """(r faces, z faces) at one value of the global size factor."""
    tank, imps = case.tank, case.impellers
    radius, height = 0.5 * tank.diameter, tank.liquid_height
    shaft = 0.5 * tank.shaft_diameter
    r_edges, z_edges = [0.0, shaft, radius], [0.0, height]
    r_feat, z_feat = [(radius, 0.020 * radius)], [(0.0, 0.020 * tank.diameter), (height, 0.025 * tank.diameter)]
    if tank.baffles.count:
        r_edges.append(radius - tank.baffles.width)
        r_feat.append((radius - tank.baffles.width, 0.030 * radius))
    for imp, (zone_r, zone_low, zone_high) in zip(imps, rotating_zones(case), strict=True):
        d, w, c = imp.diameter, imp.blade_height, imp.clearance
        tip, inner, disc = 0.5 * d, 0.5 * d - imp.blade_length, 0.5 * imp.disc_diameter
        r_edges += [tip, inner, disc, zone_r]
        r_feat += [(tip, imp.blade_length / 8.0), (inner, imp.blade_length / 6.0)]
        z_edges += [c - 0.5 * w, c, c + 0.5 * w, zone_low, zone_high]
        z_feat += [(c - 0.5 * w, w / 8.0), (c, w / 8.0), (c + 0.5 * w, w / 8.0)]
    r_edges = _unique(r_edges, 2e-3 * radius)
    z_edges = _unique(z_edges, 1e-3 * radius)
    r = _graded(r_edges, r_feat, 0.11 * radius, scale)
    z = _graded(z_edges, z_feat, 0.10 * tank.diameter, scale)
    return r, z
