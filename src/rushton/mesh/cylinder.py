"""Structured r-theta-z mesh of a stirred tank, all edges snapped, thin parts as wall faces.

A mesh cell (i, j, k) is the block r[i] < r < r[i+1], theta[j] < theta < theta[j+1], z[k] < z < z[k+1] of a
cylinder. Its volume and face areas are exact, not those of a polygon::

    V       = (r[i+1]^2 - r[i]^2) / 2  dtheta[j] dz[k]  m3
    A_r     = r[i] dtheta[j] dz[k]                      m2, inner face
    A_theta = (r[i+1] - r[i]) dz[k]                     m2
    A_z     = (r[i+1]^2 - r[i]^2) / 2  dtheta[j]        m2

The shaft, blades and discs with their thickness, and what a dished bottom leaves outside the liquid are blocks of solid
mesh cells; baffles, and blades and discs that are taken as thin, are sets of theta and z faces without thickness. Angle
0 is the plane of the first baffle, z = 0 the lowest point of the tank, +theta the sense of rotation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rushton.errors import CaseError

OPEN, STATIONARY, ROTATING, SLIP = 0, 1, 2, 3
"""Face codes: no wall, wall at rest, wall turning with the shaft, free surface without shear."""


@dataclass(frozen=True, eq=False)
class TankMesh:
    """Mesh of one tank, or of one of its ``sector`` equal sectors.

    Attributes
    ----------
    r, theta, z : (nr+1,), (nt+1,), (nz+1,) float
        Face coordinates, m, rad, m; theta starts at 0 and is periodic over 2 pi / sector.
    sector : int
        Number of equal sectors in the full tank; 1 for the full tank.
    wall_r : (nr+1, nt, nz) int8
        Face codes of the r faces; face i lies below mesh cell i.
    wall_theta : (nr, nt, nz) int8
        Face codes of the theta faces; face j lies between mesh cells j-1 and j, periodic.
    wall_z : (nr, nt, nz+1) int8
        Face codes of the z faces; face k lies below mesh cell k.
    solid : (nr, nt, nz) bool
        Mesh cells without liquid: inside shaft, blades and discs, below a dished bottom.
    resting : (nr, nt, nz) bool
        Solid mesh cells that do not turn with the shaft.
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
    resting: np.ndarray
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

    @cached_property
    def dtheta(self) -> np.ndarray:
        """(nt,) angle of the mesh cells, rad."""
        return np.diff(self.theta)

    @cached_property
    def ring_area(self) -> np.ndarray:
        """(nr,) area of a z face per radian, (r[i+1]^2 - r[i]^2) / 2, m2."""
        return 0.5 * np.diff(self.r**2)

    @cached_property
    def volumes(self) -> np.ndarray:
        """(nr, nt, nz) exact volume, m3; zero in the solid."""
        v = self.ring_area[:, None, None] * self.dtheta[:, None] * np.diff(self.z)
        return np.where(self.solid, 0.0, v)

    @cached_property
    def area_r(self) -> np.ndarray:
        """(nr+1, nt, nz) area of r faces, m2."""
        return self.r[:, None, None] * self.dtheta[:, None] * np.diff(self.z)

    @cached_property
    def area_theta(self) -> np.ndarray:
        """(nr, nt, nz) area of theta faces, m2."""
        a = np.diff(self.r)[:, None, None] * np.diff(self.z)[None, None, :]
        return np.ascontiguousarray(np.broadcast_to(a, self.shape))

    @cached_property
    def area_z(self) -> np.ndarray:
        """(nr, nt, nz+1) area of z faces, m2."""
        nr, nt, nz = self.shape
        a = (self.ring_area[:, None] * self.dtheta)[:, :, None]
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

        A point between a dished bottom and the steps that stand for it belongs to the liquid above it.

        Raises
        ------
        CaseError
            If the point is outside the liquid or inside the shaft.
        """
        nr, nt, nz = self.shape
        i = int(np.searchsorted(self.r, radius, side="right")) - 1
        k = int(np.searchsorted(self.z, height, side="right")) - 1
        i = nr - 1 if radius == self.r[-1] else i
        k = nz - 1 if height == self.z[-1] else 0 if 0.0 <= height < self.z[0] else k
        if not (0 <= i < nr and 0 <= k < nz):
            raise CaseError(
                f"the point at radius {radius:.4g} m, height {height:.4g} m is outside the liquid",
                hint=f"allowed: radius 0 to {self.r[-1]:.4g} m, height 0 to {self.z[-1]:.4g} m",
            )
        j = int(self.column(np.array(angle)))
        if self.resting[i, j, k]:
            k += int(np.argmin(self.resting[i, j, k:]))
        if self.solid[i, j, k]:
            raise CaseError(
                f"the point at radius {radius:.4g} m, height {height:.4g} m is inside the shaft or an impeller",
                hint="move it further from the axis or away from the impeller",
            )
        return i, j, k

    def column(self, angle: np.ndarray) -> np.ndarray:
        """Number j of the mesh cell that holds an angle (rad, any turn), of the shape of ``angle``."""
        j = np.searchsorted(self.theta, np.mod(angle, 2.0 * math.pi / self.sector), side="right") - 1
        return np.clip(j, 0, self.shape[1] - 1)

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
        j = self.column(tp)
        k = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, nz - 1)
        weights = np.zeros(self.shape)
        np.add.at(weights, (i, j, k), 1.0)
        weights[self.solid] = 0.0
        total = weights.sum()
        if total == 0.0:
            raise CaseError("the sphere lies inside the shaft or an impeller", hint="move it further from the axis")
        return weights / total

    # --- hand-over ---------------------------------------------------------------------------------------------

    def tiled(self) -> TankMesh:
        """The full tank made of ``sector`` copies of this mesh."""
        s = self.sector
        if s == 1:
            return self

        def tile(a: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(np.tile(a, (1, s, 1)))

        return TankMesh(
            r=self.r,
            theta=np.concatenate([*(self.theta[:-1] + n * 2.0 * math.pi / s for n in range(s)), [2.0 * math.pi]]),
            z=self.z,
            sector=1,
            wall_r=tile(self.wall_r),
            wall_theta=tile(self.wall_theta),
            wall_z=tile(self.wall_z),
            solid=tile(self.solid),
            resting=tile(self.resting),
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
            "resting",
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
