"""Flags of a mesh under construction: which faces are walls of which part, which mesh cells are solid or turn."""

from __future__ import annotations

import math

import numpy as np

from rushton.mesh.cylinder import TankMesh


class Flags:
    """Walls, solids and zones on given faces, to be set part by part.

    Attributes
    ----------
    r, z, rc, zc : float
        Faces and mid points, m.
    theta : float
        Faces of one sector, rad.
    sector, nt : int
        Equal sectors in the full tank, mesh cells round one sector.
    names : list of str
        Names of wall patches; index 0 is the interior.
    wall_r, wall_t, wall_z, patch_r, patch_t, patch_z, solid, resting, zone
        As in ``TankMesh``.
    """

    def __init__(self, r: np.ndarray, theta: np.ndarray, z: np.ndarray, sector: int) -> None:
        self.r, self.theta, self.z, self.sector = r, theta, z, sector
        self.rc, self.zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
        nr, nt, nz = r.size - 1, theta.size - 1, z.size - 1
        self.nt = nt
        self.names = [""]
        self.wall_r = np.zeros((nr + 1, nt, nz), np.int8)
        self.wall_t = np.zeros((nr, nt, nz), np.int8)
        self.wall_z = np.zeros((nr, nt, nz + 1), np.int8)
        self.patch_r, self.patch_t, self.patch_z = (np.zeros_like(a) for a in (self.wall_r, self.wall_t, self.wall_z))
        self.solid, self.resting = np.zeros((nr, nt, nz), bool), np.zeros((nr, nt, nz), bool)
        self.zone = np.zeros((nr, nz), np.int8)

    def nearest_theta(self, angle: float) -> int:
        """Number of the theta face nearest to an angle, rad."""
        period = 2.0 * math.pi / self.sector
        away = np.abs(np.mod(self.theta[:-1] - angle + 0.5 * period, period) - 0.5 * period)
        return int(np.argmin(away))

    def patch(self, name: str) -> int:
        """Number of a new wall patch."""
        self.names.append(name)
        return len(self.names) - 1

    def close(self, part: np.ndarray, code: int, patch: int) -> None:
        """Faces between a solid part (nr, nt, nz) and the liquid become walls of a patch, at rest or turning."""
        walls, patches = (self.wall_r, self.wall_t, self.wall_z), (self.patch_r, self.patch_t, self.patch_z)
        for axis, (wall, names) in enumerate(zip(walls, patches, strict=True)):
            face = np.zeros(wall.shape, bool)
            if axis == 1:
                face |= (part & ~np.roll(self.solid, 1, axis=1)) | (np.roll(part, 1, axis=1) & ~self.solid)
            else:
                inside, liquid = np.moveaxis(part, axis, 0), np.moveaxis(~self.solid, axis, 0)
                inner = (inside[1:] & liquid[:-1]) | (inside[:-1] & liquid[1:])
                np.moveaxis(face, axis, 0)[1:-1] = inner
            wall[face], names[face] = code, patch

    def mesh(self) -> TankMesh:
        """The finished mesh."""
        return TankMesh(
            r=self.r,
            theta=self.theta,
            z=self.z,
            sector=self.sector,
            wall_r=self.wall_r,
            wall_theta=self.wall_t,
            wall_z=self.wall_z,
            solid=self.solid,
            resting=self.resting,
            zone=self.zone,
            patch_names=tuple(self.names),
            patch_r=self.patch_r,
            patch_theta=self.patch_t,
            patch_z=self.patch_z,
        )
