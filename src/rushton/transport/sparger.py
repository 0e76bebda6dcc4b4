"""Where the gas of a sparger enters: its share in each mesh cell.

A ring gives the same gas per angle all round, spread over the cross-section of its tube; a point gives it into a ball
of the tube's diameter. Shares sum to one; what would fall into a solid is left out and the rest takes it over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import SolverError
from rushton.mesh.cylinder import TankMesh

if TYPE_CHECKING:
    from rushton.case.gas import Sparger


def sparger_shares(mesh: TankMesh, sparger: Sparger) -> np.ndarray:
    """(nr, nt, nz) share of the gas that enters each mesh cell, -.

    Raises
    ------
    SolverError
        If the whole ring lies in solids.
    """
    if sparger.type == "point":
        return mesh.sphere_weights(sparger.radius, sparger.angle, sparger.height, sparger.tube)
    # the gas of a solid ring leaves through holes all round it, into the liquid beside it
    across = sparger.tube * (2.0 if sparger.obstacle else 1.0)
    return ring_shares(mesh, 0.5 * sparger.diameter, sparger.height, across)


def ring_shares(mesh: TankMesh, radius: float, height: float, tube: float) -> np.ndarray:
    """(nr, nt, nz) shares of a ring of a radius (m) at a height (m) with a tube of a diameter (m)."""
    n = 40
    t = ((np.arange(n) + 0.5) / n - 0.5) * tube
    r, z = (a.ravel() for a in np.meshgrid(radius + t, height + t, indexing="ij"))
    inside = ((r - radius) ** 2 + (z - height) ** 2 <= (0.5 * tube) ** 2) & (r > 0.0)
    r, z = r[inside], z[inside]
    nr, _, nz = mesh.shape
    i = np.clip(np.searchsorted(mesh.r, r, side="right") - 1, 0, nr - 1)
    k = np.clip(np.searchsorted(mesh.z, z, side="right") - 1, 0, nz - 1)
    section = np.zeros((nr, nz))
    np.add.at(section, (i, k), r)  # the tube holds more towards its outer side
    shares = section[:, None, :] * mesh.dtheta[:, None] / (2.0 * math.pi)
    shares[mesh.solid] = 0.0
    total = float(shares.sum())
    if total == 0.0:
        raise SolverError(
            f"the sparger ring at a radius of {radius:.4g} m and a height of {height:.4g} m lies inside a solid part",
            "gas.sparger", "move it away from shaft and impeller",
        )  # fmt: skip
    return shares / total
