"""Structured r-theta-z mesh of a stirred tank, all edges snapped, thin parts as wall faces.

A mesh cell (i, j, k) is the block r[i] < r < r[i+1], theta[j] < theta < theta[j+1], z[k] < z < z[k+1] of a
cylinder. Its volume and face areas are exact, not those of a polygon::

    V       = (r[i+1]^2 - r[i]^2) / 2  dtheta dz        m3
    A_r     = r[i] dtheta dz                            m2, inner face
    A_theta = (r[i+1] - r[i]) dz                        m2
    A_z     = (r[i+1]^2 - r[i]^2) / 2  dtheta           m2

Baffles and blades are sets of theta faces, discs sets of z faces, both without thickness; the shaft is a block
of solid mesh cells. Angle 0 is the plane of the first baffle, z = 0 the tank floor, +theta the sense of rotation.

Spacing: within every interval between two snapped edges the faces follow a size function h(x) = min over
features (h_f + g |x - x_f|), capped, so that cells grow by about g per cell away from blades, baffles and
walls; one global factor on h meets the number of mesh cells asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import CaseError

if TYPE_CHECKING:
    from rushton.case.schema import Case, Impeller

OPEN, STATIONARY, ROTATING, SLIP = 0, 1, 2, 3
"""Face codes: no wall, wall at rest, wall turning with the shaft, free surface without shear."""

GROWTH = 0.22
"""Growth of the cell size per unit distance from a feature, -."""


@dataclass(frozen=True, eq=False)
class TankMesh:
    """Mesh of one tank, or of one of its ``sector`` equal sectors.

    Attributes
    ----------
    r, theta, z : (nr+1,), (nt+1,), (nz+1,) float
        Face coordinates, m, rad, m; theta is uniform and periodic over 2 pi / sector.
    sector : int
        Number of equal sectors in the full tank; 1 for the full tank.
    wall_r : (nr+1, nt, nz) int8
        Face codes of the r faces; face i lies below mesh cell i.
    wall_theta : (nr, nt, nz) int8
        Face codes of the theta faces; face j lies between mesh cells j-1 and j, periodic.
    wall_z : (nr, nt, nz+1) int8
        Face codes of the z faces; face k lies below mesh cell k.
    solid : (nr, nt, nz) bool
        Mesh cells inside the shaft.
    zone : (nr, nz) int8
        0 in the resting zone, impeller number (from 1) inside its rotating zone.
    patch_names : tuple of str
        Names of wall patches; index 0 is the interior.
    patch_r, patch_theta, patch_z : int8
        Index into patch_names per face, shapes as wall_r, wall_theta, wall_z.
    """

    r: np.ndarray
    theta: np.ndarray
    z: np.ndarray
    sector: int
    wall_r: np.ndarray
    wall_theta: np.ndarray
    wall_z: np.ndarray
    solid: np.ndarray
    zone: np.ndarray
    patch_names: tuple[str, ...]
    patch_r: np.ndarray
    patch_theta: np.ndarray
    patch_z: np.ndarray

    # --- sizes -----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int, int]:
        """(nr, nt, nz), mesh cells in r, theta, z, solid ones included."""
        return (self.r.size - 1, self.theta.size - 1, self.z.size - 1)

    @cached_property
    def r_centre(self) -> np.ndarray:
        """(nr,) mid radius, m."""
        return 0.5 * (self.r[1:] + self.r[:-1])

    @cached_property
    def theta_centre(self) -> np.ndarray:
        """(nt,) mid angle, rad."""
        return 0.5 * (self.theta[1:] + self.theta[:-1])

    @cached_property
    def z_centre(self) -> np.ndarray:
        """(nz,) mid height, m."""
        return 0.5 * (self.z[1:] + self.z[:-1])

    @property
    def dtheta(self) -> float:
        """Angle of one mesh cell, rad."""
        return float(self.theta[1] - self.theta[0])

    @cached_property
    def volumes(self) -> np.ndarray:
        """(nr, nt, nz) exact volume, m3; zero in the solid."""
        v = (0.5 * np.diff(self.r**2) * self.dtheta)[:, None, None] * np.diff(self.z)[None, None, :]
        return np.where(self.solid, 0.0, np.broadcast_to(v, self.shape))

    @cached_property
    def area_r(self) -> np.ndarray:
        """(nr+1, nt, nz) area of r faces, m2."""
        a = (self.r * self.dtheta)[:, None, None] * np.diff(self.z)[None, None, :]
        nr, nt, nz = self.shape
        return np.ascontiguousarray(np.broadcast_to(a, (nr + 1, nt, nz)))

    @cached_property
    def area_theta(self) -> np.ndarray:
        """(nr, nt, nz) area of theta faces, m2."""
        a = np.diff(self.r)[:, None, None] * np.diff(self.z)[None, None, :]
        return np.ascontiguousarray(np.broadcast_to(a, self.shape))

    @cached_property
    def area_z(self) -> np.ndarray:
        """(nr, nt, nz+1) area of z faces, m2."""
        nr, nt, nz = self.shape
        a = (0.5 * np.diff(self.r**2) * self.dtheta)[:, None, None]
        return np.ascontiguousarray(np.broadcast_to(a, (nr, nt, nz + 1)))

    @cached_property
    def volume(self) -> float:
        """Liquid volume of this mesh (of the sector, if it is one), m3."""
        return float(self.volumes.sum())

    # --- numbering of the fluid mesh cells ---------------------------------------------------------------------

    @cached_property
    def cell_index(self) -> np.ndarray:
        """(nr, nt, nz) int32, number of the fluid mesh cell, -1 in the solid."""
        index = np.full(self.shape, -1, np.int32)
        index[~self.solid] = np.arange(self.n_mesh_cell, dtype=np.int32)
        return index

    @cached_property
    def n_mesh_cell(self) -> int:
        """Number of fluid mesh cells."""
        return int(np.count_nonzero(~self.solid))

    @cached_property
    def fluid_cells(self) -> np.ndarray:
        """(n_mesh_cell, 3) int32, (i, j, k) of every fluid mesh cell."""
        return np.argwhere(~self.solid).astype(np.int32)

    @cached_property
    def centres_xyz(self) -> np.ndarray:
        """(n_mesh_cell, 3) centre of every fluid mesh cell, m."""
        i, j, k = self.fluid_cells.T
        rc, th = self.r_centre[i], self.theta_centre[j]
        return np.column_stack([rc * np.cos(th), rc * np.sin(th), self.z_centre[k]])

    def locate(self, radius: float, angle: float, height: float) -> tuple[int, int, int]:
        """Mesh cell (i, j, k) that holds a point given in m, rad, m.

        Raises
        ------
        CaseError
            If the point is outside the liquid or inside the shaft.
        """
        nr, nt, nz = self.shape
        i = int(np.searchsorted(self.r, radius, side="right")) - 1
        k = int(np.searchsorted(self.z, height, side="right")) - 1
        i = nr - 1 if radius == self.r[-1] else i
        k = nz - 1 if height == self.z[-1] else k
        if not (0 <= i < nr and 0 <= k < nz):
            raise CaseError(
                f"the point at radius {radius:.4g} m, height {height:.4g} m is outside the liquid",
                hint=f"allowed: radius 0 to {self.r[-1]:.4g} m, height 0 to {self.z[-1]:.4g} m",
            )
        j = int((angle % (2.0 * math.pi / self.sector)) / self.dtheta) % nt
        if self.solid[i, j, k]:
            raise CaseError(
                f"the point at radius {radius:.4g} m, height {height:.4g} m is inside the shaft",
                hint="move it further from the axis",
            )
        return i, j, k

    def sphere_weights(self, radius: float, angle: float, height: float, diameter: float) -> np.ndarray:
        """Share of a small sphere in every mesh cell.

        The sphere is sub-sampled by a cubic lattice of about 40 points across; points in the solid do not count.

        Parameters
        ----------
        radius, angle, height, diameter : float
            Centre (m, rad, m) and diameter (m) of the sphere.

        Returns
        -------
        (nr, nt, nz) float
            Shares, which sum to 1.
        """
        n = 40
        t = (np.arange(n) + 0.5) / n - 0.5
        x, y, z = (a.ravel() * diameter for a in np.meshgrid(t, t, t, indexing="ij"))
        inside = x**2 + y**2 + z**2 <= (0.5 * diameter) ** 2
        x = x[inside] + radius * math.cos(angle)
        y = y[inside] + radius * math.sin(angle)
        z = z[inside] + height
        rp, tp = np.hypot(x, y), np.mod(np.arctan2(y, x), 2.0 * math.pi / self.sector)
        nr, nt, nz = self.shape
        if rp.max() > self.r[-1] or z.min() < 0.0 or z.max() > self.z[-1]:
            raise CaseError(
                f"a sphere {diameter:.4g} m across at radius {radius:.4g} m, height {height:.4g} m leaves the liquid",
                hint=f"the liquid reaches to radius {self.r[-1]:.4g} m and height {self.z[-1]:.4g} m",
            )
        i = np.clip(np.searchsorted(self.r, rp, side="right") - 1, 0, nr - 1)
        j = np.minimum((tp / self.dtheta).astype(int), nt - 1)
        k = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, nz - 1)
        weights = np.zeros(self.shape)
        np.add.at(weights, (i, j, k), 1.0)
        weights[self.solid] = 0.0
        total = weights.sum()
        if total == 0.0:
            raise CaseError("the sphere lies inside the shaft", hint="move it further from the axis")
        return weights / total

    # --- hand-over ---------------------------------------------------------------------------------------------

    def tiled(self) -> TankMesh:
        """The full tank made of ``sector`` copies of this mesh."""
        s = self.sector
        if s == 1:
            return self
        nt = self.shape[1]

        def tile(a: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(np.tile(a, (1, s, 1)))

        return TankMesh(
            r=self.r,
            theta=np.linspace(0.0, 2.0 * math.pi, s * nt + 1),
            z=self.z,
            sector=1,
            wall_r=tile(self.wall_r),
            wall_theta=tile(self.wall_theta),
            wall_z=tile(self.wall_z),
            solid=tile(self.solid),
            zone=self.zone,
            patch_names=self.patch_names,
            patch_r=tile(self.patch_r),
            patch_theta=tile(self.patch_theta),
            patch_z=tile(self.patch_z),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays from which ``from_arrays`` rebuilds the mesh."""
        names = (
            "r",
            "theta",
            "z",
            "wall_r",
            "wall_theta",
            "wall_z",
            "solid",
            "zone",
            "patch_r",
            "patch_theta",
            "patch_z",
        )
        arrays = {f"mesh_{n}": np.asarray(getattr(self, n)) for n in names}
        arrays["mesh_sector"] = np.array(self.sector)
        arrays["mesh_patch_names"] = np.array(self.patch_names)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> TankMesh:
        """Rebuild a mesh from ``to_arrays``."""
        data: dict[str, Any] = {n.removeprefix("mesh_"): a for n, a in arrays.items() if n.startswith("mesh_")}
        data["sector"] = int(data["sector"])
        data["patch_names"] = tuple(str(n) for n in data["patch_names"])
        return cls(**data)


# --- construction ------------------------------------------------------------------------------------------------


def angular_cells(case: Case, mesh_cells: int) -> int:
    """Number of mesh cells round the full tank: a multiple of blades and baffles, about 48, 72 or 96.

    If the least common multiple of the blade counts and the baffle count exceeds 144, blades are moved to the nearest
    theta face (by less than half a mesh cell, 1.9 degrees at most).
    """
    counts = [imp.blades for imp in case.impellers]
    if case.tank.baffles.count > 0:
        counts.append(case.tank.baffles.count)
    unit = math.lcm(*counts)
    wanted = 48 if mesh_cells < 50_000 else 72 if mesh_cells < 200_000 else 96
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

    Radius: mid-way between blade tip and baffle edge, at most 1.45 times the blade tip radius. Half-height 0.35 D,
    cut at the middle between two impellers and short of floor and surface.
    """
    tank, imps = case.tank, case.impellers
    edge = 0.5 * tank.diameter - (tank.baffles.width if tank.baffles.count else 0.0)
    zones = []
    for n, imp in enumerate(imps):
        tip = 0.5 * imp.diameter
        radius = min(0.5 * (tip + edge), 1.45 * tip)
        half = 0.35 * imp.diameter
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
    """(nr,) and (nz,) bool: rings and layers of the shaft, which ends at the lower blade edge of the lowest impeller."""
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
