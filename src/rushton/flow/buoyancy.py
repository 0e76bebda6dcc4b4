"""What gas does to the liquid it rises through: lighter liquid is lifted.

::

    div(v u_z) = -dp/dz + ... + g alpha        m/s2, the weight rho g of the liquid alone is in p

    alpha  -  gas fraction, given and frozen;   g  m/s2

The density of the liquid stays that of the liquid (an error of the order of alpha), volume displaced by bubbles is left
out. A uniform alpha lifts nothing: its force is a pressure. The work on the mean flow, int g alpha u_z dV, joins the
shaft power in the balance of energy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.correlations import GRAVITY
from rushton.mesh.cylinder import TankMesh

if TYPE_CHECKING:
    from rushton.flow.grid import FlowGrid


@dataclass(frozen=True, eq=False)
class GasLoad:
    """Gas fraction of a tank, to be laid on any mesh of it.

    Attributes
    ----------
    mesh : TankMesh
        Full tank.
    fraction : (nr, nt, nz) float
        alpha, -.
    """

    mesh: TankMesh
    fraction: np.ndarray

    def on(self, mesh: TankMesh) -> np.ndarray:
        """(nr, nt, nz) alpha on another mesh of the same tank; on a sector, the mean of all its copies."""
        from scipy.interpolate import RegularGridInterpolator

        own, turn = self.mesh, 2.0 * math.pi
        theta = np.concatenate([own.theta_centre[-1:] - turn, own.theta_centre, own.theta_centre[:1] + turn])
        field = np.concatenate([self.fraction[:, -1:], self.fraction, self.fraction[:, :1]], axis=1)
        read = RegularGridInterpolator((own.r_centre, theta, own.z_centre), field)
        r = np.clip(mesh.r_centre, own.r_centre[0], own.r_centre[-1])
        z = np.clip(mesh.z_centre, own.z_centre[0], own.z_centre[-1])
        out = np.zeros(mesh.shape)
        for copy in range(mesh.sector):
            angle = np.mod(mesh.theta_centre + copy * turn / mesh.sector, turn)
            out += read(np.stack(np.meshgrid(r, angle, z, indexing="ij"), axis=-1)) / mesh.sector
        return np.where(mesh.solid, 0.0, out)


def lift(grid: FlowGrid, fraction: np.ndarray) -> np.ndarray:
    """Force on the control volumes of u_z over density, m4/s2.

    Parameters
    ----------
    grid : FlowGrid
    fraction : (nr, nt, nz) float
        alpha on the grid's mesh, -.

    Returns
    -------
    (nr, nt, nz+1) float
        0 at floor and surface.
    """
    half = 0.5 * GRAVITY * fraction * grid.dz
    out = np.zeros((*fraction.shape[:2], fraction.shape[2] + 1))
    out[:, :, 1:-1] = (half[:, :, 1:] + half[:, :, :-1]) * grid.az[:, :, None]
    return out
