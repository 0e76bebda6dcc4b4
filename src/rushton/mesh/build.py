"""From a case to its mesh: spacing, and walls, shaft, baffles, blades and rotating zones as flags.

Spacing: within every interval between two snapped edges the faces follow a size function h(x) = min over
features (h_f + g |x - x_f|), capped, so that cells grow by about g per cell away from blades, baffles and
walls; one global factor on h meets the number of mesh cells asked for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.cylinder import ROTATING, SLIP, STATIONARY, TankMesh

if TYPE_CHECKING:
    from rushton.case.schema import Case, Impeller

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


def rotating_zones(case: Case) -> list[tuple[float, float, float]]:
    """(outer radius, lower height, upper height) of the rotating zone of every impeller, m.

    Radius: ``flow.zone_radius`` blade tip radii, short of the baffle edge; by default mid-way between blade tip and
    baffle edge, at most 1.45 times the blade tip radius. Height ``flow.zone_height`` D, cut at the middle between two
    impellers and short of floor and surface.
    """
    tank, imps = case.tank, case.impellers
    edge = 0.5 * tank.diameter - (tank.baffles.width if tank.baffles.count else 0.0)
    zones = []
    for n, imp in enumerate(imps):
        tip = 0.5 * imp.diameter
        wanted = case.flow.zone_radius
        radius = min(0.5 * (tip + edge), 1.45 * tip) if wanted is None else min(wanted * tip, 0.05 * tip + 0.95 * edge)
        half = 0.5 * case.flow.zone_height * imp.diameter
        low, high = imp.clearance - half, imp.clearance + half
        blade = 0.5 * imp.blade_height
        low = max(low, 0.5 * (imp.clearance - blade))
        high = min(high, 0.5 * (imp.clearance + blade + tank.liquid_height))
        if n > 0:
            low = max(low, 0.5 * (imps[n - 1].clearance + imp.clearance))
        if n + 1 < len(imps):
            high = min(high, 0.5 * (imps[n + 1].clearance + imp.clearance))
        zones.append((radius, low, high))
    return zones


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


def _spacing(case: Case, scale: float) -> tuple[np.ndarray, np.ndarray]:
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


def build_mesh(case: Case, mesh_cells: int | None = None, sector: int = 1) -> TankMesh:
    """Mesh the tank of a case.

    Parameters
    ----------
    case : Case
    mesh_cells : int, optional
        Smallest number of mesh cells in the full tank; by default what the case asks for.
    sector : int
        1 for the full tank, or a divisor of blades and baffles for one of so many equal sectors.

    Returns
    -------
    TankMesh
    """
    wanted = mesh_cells or case.numerics.target_mesh_cells
    nt = angular_cells(case, wanted)
    low, high = 0.1, 12.0
    for _ in range(40):
        scale = math.sqrt(low * high)
        r, z = _spacing(case, scale)
        solid_r, solid_z = _in_shaft(case, r, z)
        count = (r.size - 1) * (z.size - 1) - np.count_nonzero(solid_r) * np.count_nonzero(solid_z)
        if count * nt >= wanted:
            low = scale
        else:
            high = scale
    r, z = _spacing(case, low)
    return _with_parts(case, r, z, nt, sector)


def _in_shaft(case: Case, r: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(nr,), (nz,) bool: rings and layers of the shaft, which ends at the lower blade edge of the lowest impeller."""
    lowest = min(case.impellers, key=lambda imp: imp.clearance)
    end = lowest.clearance - 0.5 * lowest.blade_height
    return 0.5 * (r[1:] + r[:-1]) < 0.5 * case.tank.shaft_diameter, 0.5 * (z[1:] + z[:-1]) > end


def _with_parts(case: Case, r: np.ndarray, z: np.ndarray, nt_full: int, sector: int) -> TankMesh:
    """Flag walls, shaft, baffles, blades, discs and rotating zones on given faces."""
    tank = case.tank
    if nt_full % sector:
        raise ValueError(f"{nt_full} mesh cells round the tank cannot be cut into {sector} sectors")
    nr, nt, nz = r.size - 1, nt_full // sector, z.size - 1
    dtheta = 2.0 * math.pi / nt_full
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    names = ["", "wall", "floor", "surface", "shaft", "baffle"]
    wall_r = np.zeros((nr + 1, nt, nz), np.int8)
    wall_t = np.zeros((nr, nt, nz), np.int8)
    wall_z = np.zeros((nr, nt, nz + 1), np.int8)
    patch_r, patch_t, patch_z = (np.zeros_like(a) for a in (wall_r, wall_t, wall_z))
    solid = np.zeros((nr, nt, nz), bool)
    zone = np.zeros((nr, nz), np.int8)

    wall_r[-1], patch_r[-1] = STATIONARY, 1
    wall_z[:, :, 0], patch_z[:, :, 0] = STATIONARY, 2
    wall_z[:, :, -1], patch_z[:, :, -1] = SLIP, 3

    if tank.baffles.count:
        every = nt_full // tank.baffles.count if nt_full % tank.baffles.count == 0 else 0
        faces = {
            round(n * nt_full / tank.baffles.count) % nt if not every else (n * every) % nt
            for n in range(tank.baffles.count)
        }
        ring = np.flatnonzero(rc > 0.5 * tank.diameter - tank.baffles.width)
        for j in faces:
            wall_t[ring, j, :], patch_t[ring, j, :] = STATIONARY, 5

    in_shaft, above = _in_shaft(case, r, z)
    solid |= in_shaft[:, None, None] & above[None, None, :]
    i_shaft = int(np.count_nonzero(in_shaft))
    k_shaft = int(np.argmax(above))
    wall_r[i_shaft][:, above], patch_r[i_shaft][:, above] = ROTATING, 4
    wall_z[:i_shaft, :, k_shaft], patch_z[:i_shaft, :, k_shaft] = ROTATING, 4

    for n, (imp, (zone_r, zone_low, zone_high)) in enumerate(zip(case.impellers, rotating_zones(case), strict=True)):
        names += [f"blade_{n + 1}", f"disc_{n + 1}"]
        blade_patch, disc_patch = len(names) - 2, len(names) - 1
        _flag_impeller(
            imp, r, rc, z, zc, nt_full, nt, dtheta, i_shaft, wall_t, patch_t, wall_z, patch_z, blade_patch, disc_patch
        )
        zone[np.ix_(rc < zone_r, (zc > zone_low) & (zc < zone_high))] = n + 1
    return TankMesh(
        r=r,
        theta=np.linspace(0.0, 2.0 * math.pi / sector, nt + 1),
        z=z,
        sector=sector,
        wall_r=wall_r,
        wall_theta=wall_t,
        wall_z=wall_z,
        solid=solid,
        zone=zone,
        patch_names=tuple(names),
        patch_r=patch_r,
        patch_theta=patch_t,
        patch_z=patch_z,
    )


def _flag_impeller(
    imp: Impeller,
    r: np.ndarray,
    rc: np.ndarray,
    z: np.ndarray,
    zc: np.ndarray,
    nt_full: int,
    nt: int,
    dtheta: float,
    i_shaft: int,
    wall_t: np.ndarray,
    patch_t: np.ndarray,
    wall_z: np.ndarray,
    patch_z: np.ndarray,
    blade_patch: int,
    disc_patch: int,
) -> None:
    """Blades as theta faces, the disc as z faces at the mid-plane."""
    tip, inner = 0.5 * imp.diameter, 0.5 * imp.diameter - imp.blade_length
    ring = np.flatnonzero((rc > inner) & (rc < tip))
    layer = np.flatnonzero(np.abs(zc - imp.clearance) < 0.5 * imp.blade_height)
    first = round(imp.angle / dtheta)
    for n in range(imp.blades):
        j = (first + round(n * nt_full / imp.blades)) % nt
        wall_t[ring[:, None], j, layer[None, :]] = ROTATING
        patch_t[ring[:, None], j, layer[None, :]] = blade_patch
    k = int(np.argmin(np.abs(z - imp.clearance)))
    disc = np.flatnonzero((rc < 0.5 * imp.disc_diameter) & (np.arange(rc.size) >= i_shaft))
    wall_z[disc, :, k], patch_z[disc, :, k] = ROTATING, disc_patch
