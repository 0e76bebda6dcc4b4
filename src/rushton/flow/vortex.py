"""Shape that the surface of a swirling liquid would take, from the swirl solved below a flat surface.

A surface at constant pressure is as steep as the liquid there is pushed outwards,

    d eta / dr = u_theta^2 / (g r),      int eta r dr = 0      eta: height over the level at rest, m

u_theta: mean round the ring in the uppermost layer of mesh cells, m/s; g = 9.81 m/s2. The vortex is as deep as the
lowest point, -min eta; the rim rises above the level at rest. Solid-body rotation gives the paraboloid,
Omega^2 R^2 / (4 g) deep. Source: Nagata, Mixing, 1975, ch. 1.

The mesh keeps the flat surface: an estimate for a shallow vortex, and a warning for a deep one, which would bare the
impeller, swallow air, and take power from the shaft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.correlations import GRAVITY

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh


def surface_height(mesh: TankMesh, velocity: np.ndarray) -> np.ndarray:
    """(nr,) height of the surface over the level at rest on every ring (nan in the shaft), m.

    Parameters
    ----------
    velocity : (nr, nt, nz, 3) float
        At mesh-cell centres, m/s.
    """
    liquid = ~mesh.solid[..., -1].any(axis=1)
    eta = np.full(mesh.shape[0], np.nan)
    if not liquid.any():
        return eta
    r, area = mesh.r_centre[liquid], mesh.ring_area[liquid]
    swirl = (velocity[liquid, :, -1, 1] * mesh.dtheta).sum(axis=1) / mesh.dtheta.sum()
    slope = swirl**2 / (GRAVITY * r)
    rise = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(r))])
    eta[liquid] = rise - (rise * area).sum() / area.sum()
    return eta


def vortex_depth(mesh: TankMesh, velocity: np.ndarray) -> float:
    """Depth of the lowest point of the surface below the level at rest, m; 0 where the shaft fills the surface.

    From the centre of the innermost ring inwards the swirl is taken as that of a solid body.
    """
    eta = surface_height(mesh, velocity)
    if np.isnan(eta).all():
        return 0.0
    i = int(np.nanargmin(eta))
    swirl = float((velocity[i, :, -1, 1] * mesh.dtheta).sum() / mesh.dtheta.sum())
    inner = 1.0 - (mesh.r[i] / mesh.r_centre[i]) ** 2
    return float(-eta[i] + 0.5 * swirl**2 / GRAVITY * inner)
