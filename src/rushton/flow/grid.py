"""What the flow kernels need to know of a mesh: plain arrays, computed once.

Faces are open when they are no wall and both mesh cells beside them hold liquid. Velocity nodes on walls and in solids
are fixed; a fixed node of angular momentum in what turns holds Omega r^2, in what rests 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.mesh.cylinder import OPEN, ROTATING, SLIP, TankMesh


@dataclass(frozen=True, eq=False)
class FlowGrid:
    """Geometry, open faces and fixed nodes; shapes as in ``TankMesh``.

    Attributes
    ----------
    omega : (nr, nz) float
        Angular speed of the frame, rad/s; 0 outside rotating zones.
    open_r, open_t, open_z : int8
        1 where a face lets fluid through.
    fixed_r, fixed_t, fixed_z : bool
        Velocity nodes that are given.
    value : (nr, nt, nz) float
        Given angular momentum at fixed theta nodes, m2/s.
    wall_cells : (n, 3) int32
        Fluid mesh cells with a wall (not the free surface).
    wall_first : (nr+1,) int64
        Index of the first of ``wall_cells`` in each plane of constant r.
    """

    mesh: TankMesh
    omega_shaft: float
    r: np.ndarray
    rc: np.ndarray
    dr: np.ndarray
    zc: np.ndarray
    dz: np.ndarray
    dth: np.ndarray
    az: np.ndarray
    vol: np.ndarray
    omega: np.ndarray
    open_r: np.ndarray
    open_t: np.ndarray
    open_z: np.ndarray
    fixed_r: np.ndarray
    fixed_t: np.ndarray
    fixed_z: np.ndarray
    value: np.ndarray
    wall_cells: np.ndarray
    wall_first: np.ndarray
    at_wall: np.ndarray

    @classmethod
    def of(cls, mesh: TankMesh, omega_shaft: float) -> FlowGrid:
        """Prepare a mesh for a shaft that turns at ``omega_shaft`` rad/s."""
        nr, nt, nz = mesh.shape
        solid = mesh.solid
        fluid = ~solid
        open_r = np.zeros((nr + 1, nt, nz), np.int8)
        open_r[1:-1] = (mesh.wall_r[1:-1] == OPEN) & fluid[1:] & fluid[:-1]
        open_t = ((mesh.wall_theta == OPEN) & fluid & np.roll(fluid, 1, axis=1)).astype(np.int8)
        open_z = np.zeros((nr, nt, nz + 1), np.int8)
        open_z[..., 1:-1] = (mesh.wall_z[..., 1:-1] == OPEN) & fluid[..., 1:] & fluid[..., :-1]
        rc, dr, dz = mesh.r_centre, np.diff(mesh.r), np.diff(mesh.z)
        az = mesh.ring_area[:, None] * mesh.dtheta
        turning = (mesh.wall_theta == ROTATING) | (solid & ~mesh.resting)
        wall = _has_wall(mesh) & fluid
        wall_cells = np.argwhere(wall).astype(np.int32)
        return cls(
            mesh=mesh,
            omega_shaft=omega_shaft,
            r=mesh.r,
            rc=rc,
            dr=dr,
            zc=mesh.z_centre,
            dz=dz,
            dth=mesh.dtheta,
            az=az,
            vol=az[:, :, None] * dz,
            omega=np.where(mesh.zone > 0, omega_shaft, 0.0),
            open_r=open_r,
            open_t=open_t,
            open_z=open_z,
            fixed_r=open_r == 0,
            fixed_t=(mesh.wall_theta != OPEN) | solid,
            fixed_z=open_z == 0,
            value=np.where(turning, omega_shaft * rc[:, None, None] ** 2, 0.0),
            wall_cells=wall_cells,
            wall_first=np.searchsorted(wall_cells[:, 0], np.arange(nr + 1)),
            at_wall=wall,
        )


def _has_wall(mesh: TankMesh) -> np.ndarray:
    """(nr, nt, nz) bool, mesh cells with at least one wall that is not the free surface."""

    def solid_face(code: np.ndarray) -> np.ndarray:
        return (code != OPEN) & (code != SLIP)

    wr, wt, wz = solid_face(mesh.wall_r), solid_face(mesh.wall_theta), solid_face(mesh.wall_z)
    return wr[1:] | wr[:-1] | wt | np.roll(wt, -1, axis=1) | wz[..., 1:] | wz[..., :-1]
