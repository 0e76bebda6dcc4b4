"""Where the mesh faces lie: edges of parts are faces, between them a size function is followed.

Within every interval between two snapped edges the faces follow h(x) = min over features (h_f + g |x - x_f|), capped,
so that cells grow by about g per cell away from blades, baffles and walls; one global factor on h meets the number of
mesh cells asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.case.blades import is_disc_turbine
from rushton.mesh.bottom import step_heights, step_of
from rushton.mesh.zones import rotating_zones

if TYPE_CHECKING:
    from rushton.case.schema import Case

GROWTH = 0.22
"""Growth of the cell size per unit distance from a feature, -."""
EDGE, SOLID_GROWTH = 0.4, 0.3
"""Beside edges of solid blades and discs: cell size relative to that beside thin ones, and growth away from it, -.

The liquid that turns round an edge decides the suction behind the blade: with these the power number of a standard
turbine on 100,000 mesh cells is 4 % below that on 800,000, with those of thin blades 14 % (docs/validation.md)."""


def graded(
    edges: list[float], features: list[tuple[float, float]], cap: float, scale: float, growth: float = GROWTH
) -> np.ndarray:
    """Faces between snapped edges, following the size function (module docstring) times ``scale``."""
    fx = np.array([f[0] for f in features])
    fh = np.array([f[1] for f in features])
    faces = [edges[0]]
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        x = np.linspace(a, b, 201)
        # the scale stretches the feature sizes and the cap; the growth is a slope and stays
        h = np.minimum((scale * fh + growth * np.abs(x[:, None] - fx)).min(axis=1), scale * cap)
        density = np.concatenate([[0.0], np.cumsum(0.5 * (1 / h[1:] + 1 / h[:-1]) * np.diff(x))])
        n = max(1, round(density[-1]))
        inner = np.interp(np.arange(1, n) * density[-1] / n, density, x)
        faces.extend([*inner.tolist(), b])
    return np.array(faces)


def unique(values: list[float], tolerance: float) -> list[float]:
    """Sorted values, those within ``tolerance`` of the one before left out."""
    out: list[float] = []
    for v in sorted(values):
        if not out or v - out[-1] > tolerance:
            out.append(v)
    return out


def spacing(case: Case, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """(r faces, z faces) at one value of the global size factor."""
    tank, imps = case.tank, case.impellers
    radius, height = 0.5 * tank.diameter, tank.liquid_height
    thin = case.thin_blades
    solids = not thin and any(is_disc_turbine(imp) for imp in imps)
    growth = SOLID_GROWTH if solids else GROWTH
    shaft = 0.5 * tank.shaft_diameter
    r_edges, z_edges = [0.0, shaft, radius], [0.0, height]
    r_feat, z_feat = [(radius, 0.020 * radius)], [(0.0, 0.020 * tank.diameter), (height, 0.025 * tank.diameter)]
    if tank.baffles.count:
        r_edges.append(radius - tank.baffles.width)
        r_feat.append((radius - tank.baffles.width, 0.030 * radius))
    for imp, (zone_r, zone_low, zone_high) in zip(imps, rotating_zones(case), strict=True):
        d, w, c = imp.diameter, imp.height, imp.clearance
        tip, inner, disc = 0.5 * d, 0.5 * d - imp.blade_length, 0.5 * imp.disc_diameter
        inner = max(inner, 0.5 * imp.hub_diameter)
        edge = EDGE if solids and is_disc_turbine(imp) else 1.0
        r_edges += [tip, inner, disc, zone_r]
        r_feat += [(tip, edge * imp.blade_length / 8.0), (inner, edge * imp.blade_length / 6.0)]
        disc_faces = [c] if thin else [c - 0.5 * imp.blade_thickness, c + 0.5 * imp.blade_thickness]
        blade_edges = [c - 0.5 * w, *(disc_faces if is_disc_turbine(imp) else [c]), c + 0.5 * w]
        z_edges += [*blade_edges, zone_low, zone_high]
        z_feat += [(place, edge * w / 8.0) for place in blade_edges]
    if case.sparger_ring is not None:
        inner, outer, low, high = case.sparger_ring
        r_edges += [inner, outer]
        z_edges += [low, high]
    r_edges = unique(r_edges, 2e-3 * radius)
    r = graded(r_edges, r_feat, 0.11 * radius, scale, growth)
    if tank.bottom != "flat":
        floors = step_heights(tank, r, step_of(tank, scale))
        z_edges = [*z_edges[1:], *floors.tolist()]
        z_feat[0] = (float(floors[0]), 0.020 * tank.diameter)
    if tank.baffles.count and tank.baffle_edge > min(z_edges):
        z_edges.append(tank.baffle_edge)
    z_edges = unique(z_edges, (1e-3 if thin else 1e-4) * radius)
    z = graded(z_edges, z_feat, 0.10 * tank.diameter, scale, growth)
    return r, z
