"""Blades that no mesh face follows: pitched blades, foils and concave ones as surfaces immersed in the flow.

A blade lets nothing through: with the normal n = (n_theta, n_z) of its surface (``rushton.case.blades``)

    u_n = n_theta (u_theta - Omega r) + n_z u_z = 0         m/s

On the velocity nodes within a mesh cell of the surface a force keeps u_n at zero, a penalty and its memory::

    F = -w (sigma u_n + f) n,    f <- f + beta sigma u_n  after each iteration,    w = hat (1 - |d| / h)     m/s2

    sigma = 20 Omega     penalty rate, 1/s;   beta = 0.05, gain of the memory, -
    d     distance of the node to the surface, m;   h = smear max(|n_theta| r dtheta, |n_z| dz), reach of the force, m

A penalty alone leaks (13 to 25 % of the tip speed); f grows until u_n vanishes. At the ends of the chord w falls from 1 to
0 over one mesh cell, so that the area of the blade is kept. n_i^2 sigma w V enters the diagonal of the momentum
equations, outside their relaxation, and the factors of the pressure correction, d <- A d / (A + S d); the rest is
explicit with the velocities of the last iteration.

The force is normal to the surface: blades have no skin friction and no thickness but that of the force, some two mesh
cells. The torque on a blade is the sum of the actual forces times their radius, so the torque balance closes as it does
for mesh-aligned blades.

G_num (``rushton.flow.turbulence``) is left out in mesh cells that touch an immersed blade: what the scheme dissipates in the
layer of the force is no turbulence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from rushton.case.blades import profile
from rushton.flow.momentum import OPTIONS
from rushton.mesh.angles import blade_angles

if TYPE_CHECKING:
    from rushton.case.schema import Case, Impeller
    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import Simplec

SIGMA, BETA, SMEAR = 20.0, 0.05, 1.0
"""Penalty rate over Omega, gain of the memory, reach of the force over the size of a mesh cell, -."""


@dataclass(eq=False)
class Nodes:
    """Velocity nodes of one component near immersed blades, by rising ring.

    Attributes
    ----------
    at : (n, 3) int32
        Indices (i, j, k) of the nodes.
    first : (nr+1,) int64
        Index of the first node of each ring.
    n_t, n_z : (n,) float
        Normal of the surface at the node, -.
    mass : (n,) float
        Weight times volume of the control volume, m3.
    reach : (n,) float
        h, m.
    patch : (n,) int32
        Wall patch under which the torque is booked.
    memory : (n,) float
        f, m/s2.
    """

    at: np.ndarray
    first: np.ndarray
    n_t: np.ndarray
    n_z: np.ndarray
    mass: np.ndarray
    reach: np.ndarray
    patch: np.ndarray
    memory: np.ndarray


class ImmersedBlades:
    """All immersed blades of a case on one grid.

    Parameters
    ----------
    case : Case
    grid : FlowGrid
    sigma, beta, smear : float
        As in the module docstring, in Omega, 1 and mesh cells.
    """

    def __init__(
        self, case: Case, grid: FlowGrid, sigma: float = SIGMA, beta: float = BETA, smear: float = SMEAR
    ) -> None:
        self.grid, self.sigma, self.beta = grid, sigma * grid.omega_shaft, beta
        self.theta, self.z = (_nodes(case, grid, kind, smear) for kind in ("theta", "z"))
        self.torque = np.zeros((grid.mesh.shape[0], len(grid.mesh.patch_names)))
        self.keep = np.ones(grid.mesh.shape)
        nt = grid.mesh.shape[1]
        for nodes, (dj, dk) in ((self.theta, (1, 0)), (self.z, (0, 1))):
            i, j, k = nodes.at.T
            self.keep[i, j, k] = 0.0
            self.keep[i, (j - dj) % nt, k - dk] = 0.0

    def add_to_angular_momentum(self, solver: Simplec, ang: np.ndarray, uz: np.ndarray, m: np.ndarray) -> None:
        """Force into the assembled equations of angular momentum."""
        g, n = self.grid, self.theta
        solver.run(
            force_on_angular_momentum, n.at, n.first, n.n_t, n.n_z, n.mass, n.memory, self.sigma, g.omega_shaft,
            uz, g.rc, g.dr, g.dz, m, solver.d_t,
        )  # fmt: skip

    def add_to_u_z(self, solver: Simplec, ang: np.ndarray, m: np.ndarray) -> None:
        """Force into the assembled equations of axial momentum."""
        g, n = self.grid, self.z
        solver.run(
            force_on_u_z, n.at, n.first, n.n_t, n.n_z, n.mass, n.memory, self.sigma, g.omega_shaft,
            ang, g.rc, g.az, m, solver.d_z,
        )  # fmt: skip

    def remember(self, solver: Simplec, ang: np.ndarray, uz: np.ndarray) -> np.ndarray:
        """Update the memory by the velocities of this iteration; torque of the fluid on the blades by patch, m5/s2."""
        g, n = self.grid, self.theta
        solver.run(
            remember_theta, n.at, n.first, n.n_t, n.n_z, n.mass, n.patch, n.memory, self.sigma, self.beta,
            g.omega_shaft, ang, uz, g.rc, self.torque,
        )  # fmt: skip
        n = self.z
        solver.run(
            remember_z, n.at, n.first, n.n_t, n.n_z, n.memory, self.sigma, self.beta, g.omega_shaft, ang, uz, g.rc
        )
        return np.asarray(self.torque.sum(axis=0))


def immersed_blades(case: Case, grid: FlowGrid) -> ImmersedBlades | None:
    """The immersed blades of a case; None where it has none."""
    return ImmersedBlades(case, grid) if any(imp.immersed for imp in case.impellers) else None


# ------------------------------------------------------------------------------------------------------ where the nodes are


def _nodes(case: Case, grid: FlowGrid, kind: str, smear: float) -> Nodes:
    """Nodes of one velocity component within reach of the blades of a sector."""
    found = [
        _nodes_of(imp, grid, kind, smear, grid.mesh.patch_names.index(f"blade_{number}"))
        for number, imp in enumerate(case.impellers, 1)
        if imp.immersed
    ]
    i, j, k, n_t, n_z, mass, reach, patch = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((k, j, i))
    at = np.stack([i, j, k], axis=1)[order].astype(np.int32)
    first = np.searchsorted(at[:, 0], np.arange(grid.mesh.shape[0] + 1))
    return Nodes(
        np.ascontiguousarray(at), first, n_t[order], n_z[order], mass[order], reach[order],
        patch[order].astype(np.int32), np.zeros(len(at)),
    )  # fmt: skip


def _nodes_of(imp: Impeller, grid: FlowGrid, kind: str, smear: float, patch: int) -> tuple[np.ndarray, ...]:
    """(i, j, k, n_theta, n_z, weight x volume, reach, patch) of the nodes near the blades of one impeller."""
    mesh, rc = grid.mesh, grid.rc
    period = 2.0 * math.pi / mesh.sector
    tip, inner = imp.radius, max(imp.radius - imp.blade_length, 0.5 * imp.disc_diameter * _has_hub(imp))
    if kind == "theta":
        theta, width = mesh.theta[:-1], 0.5 * (grid.dth + np.roll(grid.dth, 1))
        z, height, fixed = grid.zc, grid.dz, grid.fixed_t
    else:
        theta, width = mesh.theta_centre, grid.dth
        z, fixed = mesh.z, grid.fixed_z
        height = np.concatenate([grid.dz[:1], 0.5 * (grid.dz[1:] + grid.dz[:-1]), grid.dz[-1:]])
    margin = smear * max(float(height.max()), 0.05 * imp.diameter)
    layer = np.flatnonzero(np.abs(z - imp.clearance) < 0.5 * imp.height + margin)
    rows: list[tuple[np.ndarray, ...]] = []
    for i in np.flatnonzero((rc > inner) & (rc < tip)):
        line = profile(imp, rc[i])
        for angle in blade_angles(imp, mesh.sector):
            away = np.mod(theta - angle + 0.5 * period, period) - 0.5 * period
            s, up = np.meshgrid(rc[i] * away, z[layer] - imp.clearance, indexing="ij")
            ds, dz = np.meshgrid(rc[i] * width, height[layer], indexing="ij")
            distance, n_t, n_z, beyond, t_s, t_z = _to_line(line, s, up)
            reach = smear * np.maximum(np.abs(n_t) * ds, np.abs(n_z) * dz)
            ramp = np.maximum(np.abs(t_s) * ds, np.abs(t_z) * dz)
            w = np.clip(1.0 - np.abs(distance) / reach, 0.0, 1.0) * np.clip(0.5 - beyond / ramp, 0.0, 1.0)
            w[fixed[i][:, layer]] = 0.0
            j, k = np.nonzero(w > 1e-6)
            volume = rc[i] * grid.dr[i] * width[j] * height[layer][k]
            n = np.full(j.size, i)
            rows.append((n, j, layer[k], n_t[j, k], n_z[j, k], w[j, k] * volume, reach[j, k], np.full(j.size, patch)))
    return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))


def _has_hub(imp: Impeller) -> bool:
    """Whether ``disc_diameter`` is that of a hub, out of which the blades grow."""
    return imp.pumping is not None


def _to_line(line: np.ndarray, s: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, ...]:
    """From points (s, z) to a polyline.

    Returns
    -------
    distance : signed distance along the normal of the nearest piece, m
    n_t, n_z : that normal, (t_z, -t_s) of the direction t of the piece
    beyond : distance along the line past its ends, negative on it, m
    t_s, t_z : that direction
    """
    start, step = line[:-1], np.diff(line, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    t = step / length[:, None]
    x = (s[..., None] - start[:, 0]) * t[:, 0] + (z[..., None] - start[:, 1]) * t[:, 1]
    n = (s[..., None] - start[:, 0]) * t[:, 1] - (z[..., None] - start[:, 1]) * t[:, 0]
    past = np.maximum(np.maximum(-x, x - length), 0.0)
    nearest = np.argmin(n * n + past * past, axis=-1)

    def of(a: np.ndarray) -> np.ndarray:
        return np.asarray(np.take_along_axis(a, nearest[..., None], axis=-1)[..., 0])

    along, last = of(x), len(length) - 1
    beyond = np.maximum(
        np.where(nearest == 0, -along, -np.inf), np.where(nearest == last, along - length[last], -np.inf)
    )
    beyond = np.where(np.isinf(beyond), -0.5 * length.sum(), beyond)
    return of(n), t[nearest, 1], -t[nearest, 0], beyond, t[nearest, 0], t[nearest, 1]


# ------------------------------------------------------------------------------------------------------------- the kernels


@njit(inline="always", **OPTIONS)
def axial_at_theta_node(uz, i, j, k):
    """u_z at a theta node, m/s: mean of the four nodes round it."""
    jm = j - 1 if j > 0 else uz.shape[1] - 1
    return 0.25 * (uz[i, jm, k] + uz[i, j, k] + uz[i, jm, k + 1] + uz[i, j, k + 1])


@njit(inline="always", **OPTIONS)
def momentum_at_z_node(ang, i, j, k):
    """L at a z node between floor and surface, m2/s: mean of the four nodes round it."""
    jp = j + 1 if j < ang.shape[1] - 1 else 0
    return 0.25 * (ang[i, j, k - 1] + ang[i, jp, k - 1] + ang[i, j, k] + ang[i, jp, k])


@njit(**OPTIONS)
def force_on_angular_momentum(lo, hi, at, first, n_t, n_z, mass, memory, sigma, omega, uz, rc, dr, dz, m, d):
    """Torque r F_theta into the coefficients ``m`` of L and the pressure factors ``d`` of planes lo <= i < hi."""
    for n in range(first[lo], first[hi]):
        i, j, k = at[n, 0], at[n, 1], at[n, 2]
        sink = sigma * n_t[n] * n_t[n] * mass[n]
        known = sigma * (n_z[n] * axial_at_theta_node(uz, i, j, k) - n_t[n] * omega * rc[i]) + memory[n]
        m[6, i, j, k] += sink
        m[7, i, j, k] -= mass[n] * rc[i] * n_t[n] * known
        area = dr[i] * dz[k] * rc[i]
        d[i, j, k] = area * d[i, j, k] / (area + sink * d[i, j, k])


@njit(**OPTIONS)
def force_on_u_z(lo, hi, at, first, n_t, n_z, mass, memory, sigma, omega, ang, rc, az, m, d):
    """Force F_z into the coefficients ``m`` of u_z and the pressure factors ``d`` of planes lo <= i < hi."""
    for n in range(first[lo], first[hi]):
        i, j, k = at[n, 0], at[n, 1], at[n, 2]
        sink = sigma * n_z[n] * n_z[n] * mass[n]
        slip = momentum_at_z_node(ang, i, j, k) / rc[i] - omega * rc[i]
        m[6, i, j, k] += sink
        m[7, i, j, k] -= mass[n] * n_z[n] * (sigma * n_t[n] * slip + memory[n])
        d[i, j, k] = az[i, j] * d[i, j, k] / (az[i, j] + sink * d[i, j, k])


@njit(**OPTIONS)
def remember_theta(lo, hi, at, first, n_t, n_z, mass, patch, memory, sigma, beta, omega, ang, uz, rc, torque):
    """f of the theta nodes, and the torque of the fluid on the blades per plane and patch into ``torque``, m5/s2."""
    torque[lo:hi] = 0.0
    for n in range(first[lo], first[hi]):
        i, j, k = at[n, 0], at[n, 1], at[n, 2]
        u_n = n_t[n] * (ang[i, j, k] / rc[i] - omega * rc[i]) + n_z[n] * axial_at_theta_node(uz, i, j, k)
        torque[i, patch[n]] += mass[n] * rc[i] * n_t[n] * (sigma * u_n + memory[n])
        memory[n] += beta * sigma * u_n


@njit(**OPTIONS)
def remember_z(lo, hi, at, first, n_t, n_z, memory, sigma, beta, omega, ang, uz, rc):
    """f of the z nodes."""
    for n in range(first[lo], first[hi]):
        i, j, k = at[n, 0], at[n, 1], at[n, 2]
        u_n = n_t[n] * (momentum_at_z_node(ang, i, j, k) / rc[i] - omega * rc[i]) + n_z[n] * uz[i, j, k]
        memory[n] += beta * sigma * u_n
