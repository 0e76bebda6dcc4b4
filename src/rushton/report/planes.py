"""Cell fields of the r-theta-z mesh on the planes that are drawn.

A vertical plane through the axis is drawn as it is seen: x = r at angle theta on the right, x = -r at theta + pi on the
left. Values between mesh-cell centres are interpolated linearly along r and z in that plane (never across it); towards
walls the nearest value is kept. This is for the eye only, no number in the report is read from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh


@dataclass(frozen=True)
class Plane:
    """Pixels of a vertical plane through the axis.

    Attributes
    ----------
    x : (nx,) float
        Distance from the axis, negative on the far side, m.
    z : (nz,) float
        Height, m.
    angle : float
        Angle of the right half, rad.
    """

    x: np.ndarray
    z: np.ndarray
    angle: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top for imshow, m."""
        return (float(self.x[0]), float(self.x[-1]), float(self.z[0]), float(self.z[-1]))


def vertical_plane(mesh: TankMesh, angle: float, pixels: int = 520) -> Plane:
    """Plane at an angle, with ``pixels`` along its longer side."""
    radius, height = float(mesh.r[-1]), float(mesh.z[-1])
    step = max(2.0 * radius, height) / pixels
    nx = 2 * max(20, round(radius / step)) + 1
    nz = max(40, round(height / step)) + 1
    return Plane(np.linspace(-radius, radius, nx), np.linspace(0.0, height, nz), angle)


def between_baffles(baffles: int) -> float:
    """Angle mid-way between the first two baffles, rad; 45 degrees without baffles."""
    return math.pi / baffles if baffles > 0 else 0.25 * math.pi


def on_plane(mesh: TankMesh, field: np.ndarray, plane: Plane) -> np.ndarray:
    """Scalar field on a plane.

    Parameters
    ----------
    field : (nr, nt, nz) float
        Cell values.

    Returns
    -------
    (nz, nx) float, NaN inside the shaft.
    """
    right = _half(mesh, field, plane.angle, plane.x[plane.x >= 0.0], plane.z)
    left = _half(mesh, field, plane.angle + math.pi, -plane.x[plane.x < 0.0], plane.z)
    return np.concatenate([left, right], axis=0).T


def vector_on_plane(mesh: TankMesh, velocity: np.ndarray, plane: Plane) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In-plane velocity (along x, along z) and magnitude of the whole vector, each (nz, nx), m/s.

    Parameters
    ----------
    velocity : (nr, nt, nz, 3) float
        (u_r, u_theta, u_z), m/s.
    """
    speed = on_plane(mesh, np.sqrt((velocity**2).sum(axis=-1)), plane)
    u = on_plane(mesh, velocity[..., 0], plane)
    u[:, plane.x < 0.0] *= -1.0
    return u, on_plane(mesh, velocity[..., 2], plane), speed


def _half(mesh: TankMesh, field: np.ndarray, angle: float, radius: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(n_radius, n_z) values at one angle."""
    j = int(mesh.column(np.array(angle + 1e-9)))
    values, solid = field[:, j, :], mesh.solid[:, j, :]
    filled = fill_solid(values, solid)
    rows = np.stack([np.interp(z, mesh.z_centre, row) for row in filled])
    weight, low = _weights(radius, mesh.r_centre)
    out = (1.0 - weight)[:, None] * rows[low] + weight[:, None] * rows[np.minimum(low + 1, rows.shape[0] - 1)]
    i = np.clip(np.searchsorted(mesh.r, radius, side="right") - 1, 0, mesh.shape[0] - 1)
    k = np.clip(np.searchsorted(mesh.z, z, side="right") - 1, 0, mesh.shape[2] - 1)
    out[solid[np.ix_(i, k)]] = np.nan
    return out


def fill_solid(values: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """Values with solid mesh cells replaced by the first liquid one outwards, else upwards, so that interpolation stays
    clean."""
    out, known = np.array(values, float), ~solid
    for i in range(out.shape[0] - 2, -1, -1):
        take = ~known[i] & known[i + 1]
        out[i] = np.where(take, out[i + 1], out[i])
        known[i] |= take
    for k in range(out.shape[-1] - 2, -1, -1):
        take = ~known[..., k] & known[..., k + 1]
        out[..., k] = np.where(take, out[..., k + 1], out[..., k])
        known[..., k] |= take
    return out


def _weights(x: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low = np.clip(np.searchsorted(nodes, x) - 1, 0, max(0, nodes.size - 2))
    high = np.minimum(low + 1, nodes.size - 1)
    span = np.where(high > low, nodes[high] - nodes[low], 1.0)
    return np.clip((x - nodes[low]) / span, 0.0, 1.0), low
