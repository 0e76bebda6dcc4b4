"""A flow and a tank that are known exactly: test fields for every stage after the flow.

Swirl plus one poloidal loop, from a Stokes stream function Psi(r, z) (m3/s per radian) on edges of the (r, z) grid::

    F_theta = Omega_s r A_theta                  solid-body swirl, blades included
    F_r     = dtheta (Psi(r, z_k) - Psi(r, z_k+1)),   F_z = dtheta (Psi(r_i+1, z) - Psi(r_i, z))
    Psi     = loop s^2 (1 - s) sin(pi z/H) R^3,   s = r/R

Face differences of one stream function cancel in every mesh cell, so the fluxes are divergence-free to rounding.
On walls inside the tank (shaft, discs, blades) Psi is set to zero, and the swirl is stopped at resting theta walls: a
ring (i, k) that meets a baffle has none. Solid mesh cells turn with the swirl.

Units: fluxes m3/s, Omega_s 1/s, loop 1/s, R and H m. There is no physics in it; k, epsilon and nu_t are uniform.
"""

from __future__ import annotations

import numpy as np

from rushton.flow.field import Flow, FlowNumbers
from rushton.mesh.cylinder import OPEN, SLIP, STATIONARY, TankMesh


def plain_tank(r: np.ndarray, n_theta: int, z: np.ndarray) -> TankMesh:
    """A tank with nothing in it: cylinder wall, floor and free surface.

    Parameters
    ----------
    r, z : (nr+1,), (nz+1,) float
        Face coordinates, m; r[0] = 0.
    n_theta : int
        Mesh cells round the tank.
    """
    nr, nz = r.size - 1, z.size - 1
    wall_r, patch_r = np.zeros((2, nr + 1, n_theta, nz), np.int8)
    wall_theta, patch_theta = np.zeros((2, nr, n_theta, nz), np.int8)
    wall_z, patch_z = np.zeros((2, nr, n_theta, nz + 1), np.int8)
    wall_r[-1], patch_r[-1] = STATIONARY, 1
    wall_z[:, :, 0], patch_z[:, :, 0] = STATIONARY, 2
    wall_z[:, :, -1], patch_z[:, :, -1] = SLIP, 3
    return TankMesh(
        r=np.asarray(r, float),
        theta=np.linspace(0.0, 2.0 * np.pi, n_theta + 1),
        z=np.asarray(z, float),
        sector=1,
        wall_r=wall_r,
        wall_theta=wall_theta,
        wall_z=wall_z,
        solid=np.zeros((nr, n_theta, nz), bool),
        resting=np.zeros((nr, n_theta, nz), bool),
        zone=np.zeros((nr, nz), np.int8),
        patch_names=("", "wall", "floor", "surface"),
        patch_r=patch_r,
        patch_theta=patch_theta,
        patch_z=patch_z,
    )


def recirculating_flow(mesh: TankMesh, swirl: float = 1.0, loop: float = 1.0, nu_t: float = 1e-3) -> Flow:
    """Divergence-free swirl and poloidal loop on any full tank mesh.

    Parameters
    ----------
    mesh : TankMesh
        Full tank; baffles, blades, discs and shaft are respected.
    swirl : float
        Angular velocity of the swirl, rad/s, in rings without a resting theta wall.
    loop : float
        Strength of the poloidal loop, 1/s: axial velocities are of the order loop R.
    nu_t : float
        Uniform eddy viscosity, m2/s.

    Returns
    -------
    Flow
    """
    nr, nt, nz = mesh.shape
    radius, height = float(mesh.r[-1]), float(mesh.z[-1])
    s = mesh.r / radius
    psi = (loop * radius**3) * (s**2 * (1.0 - s))[:, None] * np.sin(np.pi * mesh.z / height)[None, :]
    psi[-1], psi[:, 0], psi[:, -1] = 0.0, 0.0, 0.0
    wall_r = (mesh.wall_r != OPEN).any(axis=1)  # (nr+1, nz): no flux allowed through these
    wall_z = (mesh.wall_z != OPEN).any(axis=1)  # (nr, nz+1)
    solid = mesh.solid.any(axis=1)
    for i, k in np.argwhere(wall_r):
        psi[i, k : k + 2] = 0.0
    for i, k in np.argwhere(wall_z):
        psi[i : i + 2, k] = 0.0
    for i, k in np.argwhere(solid):
        psi[i : i + 2, k : k + 2] = 0.0
    flux_r = mesh.dtheta[:, None] * (psi[:, None, :-1] - psi[:, None, 1:])
    flux_z = mesh.dtheta[:, None] * (psi[1:, None, :] - psi[:-1, None, :])
    flux_theta = swirl * mesh.r_centre[:, None, None] * mesh.area_theta
    stopped = (mesh.wall_theta == STATIONARY).any(axis=1)
    flux_theta = np.where(stopped[:, None, :], 0.0, flux_theta)
    fluid = ~mesh.solid
    k = np.where(fluid, (0.1 * (abs(swirl) + abs(loop)) * radius) ** 2 + 1e-12, 0.0)
    eddy = np.where(fluid, nu_t, 0.0)
    numbers = FlowNumbers(
        speed=abs(swirl) / (2.0 * np.pi),
        density=1000.0,
        viscosity=1e-3,
        impeller_diameter=(),
        power_W=0.0,
        power_number=(),
        flow_number=(),
        reynolds=0.0,
        tip_speed_m_s=abs(swirl) * radius,
        dissipation_power_ratio=0.0,
        numerical_dissipation_ratio=0.0,
        torque_imbalance=0.0,
        mass_imbalance=0.0,
        circulation_time_s=0.0,
        converged=True,
        iterations=0,
        source="analytic",
    )
    epsilon = 0.09 * k**2 / max(nu_t, 1e-12)
    return Flow(mesh, flux_r, flux_theta, flux_z, k, epsilon, eddy, numbers)
