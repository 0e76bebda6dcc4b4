"""Blades that no mesh face follows: pitched blades, foils and concave ones as surfaces immersed in the flow.

A blade lets nothing through. On it lie markers, one per mesh cell that it crosses (closer ones ask more than the nodes
round them can do, and the blade acts as if it were thicker), each with the normal n = (n_theta, n_z) of the
surface (``rushton.case.blades``); the velocity at a marker is interpolated from the four u_theta and the four u_z nodes
round it with weights w that add up to one, and must have no normal part::

    u_n = n_theta (sum w u_theta - Omega r) + n_z sum w u_z = 0         m/s

A force per marker along the normal, a penalty and its memory, is given back to the same nodes with the same weights::

    F = -V (sigma u_n + f) n,    f <- f + beta sigma u_n  after each iteration         m4/s2 (force over density)

    V      area of the marker times the size of a mesh cell across the surface, m3
    sigma  = 40 Omega, penalty rate, 1/s;   beta = 0.3, gain of the memory, -

A penalty alone leaks; f grows until u_n vanishes. Interpolation and spreading are each other's adjoint, so the work of
the forces is exactly the torque on the blades times Omega when nothing passes, and the flow along the surface is left
alone (a force on every node near the surface would brake it too). This is the immersed boundary of Peskin with the
feedback of Goldstein, Handler and Sirovich (1993, J. Comput. Phys. 105:354).

S = w n_i^2 sigma V enters the diagonal of the momentum equations, outside their relaxation, with S u_i of the last
iteration on the right, and the factors of the pressure correction, d <- A d / (A + S d).

Blades have no skin friction, and no thickness but that of the forces, about one mesh cell. The torque on a blade is the
sum of the actual forces times their radius, so the torque balance closes as it does for mesh-aligned blades.

G_num (``rushton.flow.turbulence``) is left out in mesh cells that touch a marker: what the scheme dissipates in the
layer of the forces is no turbulence.
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

SIGMA, BETA, SPACING = 40.0, 0.3, 1.0
"""Penalty rate over Omega, gain of the memory, markers apart over the size of a mesh cell, -."""


@dataclass(eq=False)
class Markers:
    """Markers on the immersed blades of one grid, by rising ring.

    Attributes
    ----------
    ring : (n,) int32
        Ring i of mesh cells in whose middle the marker lies.
    first : (nr+1,) int64
        Index of the first marker of each ring.
    n_t, n_z : (n,) float
        Normal of the surface, -.
    volume : (n,) float
        V, m3.
    patch : (n,) int32
        Wall patch under which the torque is booked.
    j_t, k_t, j_z, k_z : (n, 2) int32
        Theta and z indices of the theta nodes and of the z nodes round the marker.
    w_t, w_z : (n, 2, 2) float
        Their weights, -.
    memory : (n,) float
        f, m/s2.
    slip : (n,) float
        u_n of the last iteration, m/s.
    """

    ring: np.ndarray
    first: np.ndarray
    n_t: np.ndarray
    n_z: np.ndarray
    volume: np.ndarray
    patch: np.ndarray
    j_t: np.ndarray
    k_t: np.ndarray
    w_t: np.ndarray
    j_z: np.ndarray
    k_z: np.ndarray
    w_z: np.ndarray
    memory: np.ndarray
    slip: np.ndarray


class ImmersedBlades:
    """All immersed blades of a case on one grid.

    Parameters
    ----------
    case : Case
    grid : FlowGrid
    sigma, beta, spacing : float
        As in the module docstring, in Omega, 1 and mesh cells.
    """

    def __init__(
        self, case: Case, grid: FlowGrid, sigma: float = SIGMA, beta: float = BETA, spacing: float = SPACING
    ) -> None:
        self.grid, self.sigma, self.beta = grid, sigma * grid.omega_shaft, beta
        self.markers = m = place_markers(case, grid, spacing)
        self.torque = np.zeros((grid.mesh.shape[0], len(grid.mesh.patch_names)))
        self.keep = np.ones(grid.mesh.shape)
        nt, nz = grid.mesh.shape[1:]
        i = m.ring[:, None, None]
        for shift in (0, 1):
            self.keep[i, (m.j_t[:, :, None] - shift) % nt, m.k_t[:, None, :]] = 0.0
            self.keep[i, m.j_z[:, :, None], np.clip(m.k_z[:, None, :] - shift, 0, nz - 1)] = 0.0

    def add_to_angular_momentum(self, solver: Simplec, ang: np.ndarray, uz: np.ndarray, block: np.ndarray) -> None:
        """Normal velocities at the markers, then their forces into the assembled equations of angular momentum."""
        g, m = self.grid, self.markers
        solver.run(normal_velocity, *self._geometry(), g.omega_shaft, ang, uz, g.rc, m.slip)
        solver.run(
            force_on_angular_momentum, m.ring, m.first, m.n_t, m.volume, m.memory, m.slip, m.j_t, m.k_t, m.w_t,
            self.sigma, g.fixed_t, ang, g.rc, g.dr, g.dz, block, solver.d_t,
        )  # fmt: skip

    def add_to_u_z(self, solver: Simplec, uz: np.ndarray, block: np.ndarray) -> None:
        """Forces into the assembled equations of axial momentum, of the same normal velocities."""
        g, m = self.grid, self.markers
        solver.run(
            force_on_u_z, m.ring, m.first, m.n_z, m.volume, m.memory, m.slip, m.j_z, m.k_z, m.w_z,
            self.sigma, g.fixed_z, uz, g.az, block, solver.d_z,
        )  # fmt: skip

    def remember(self, solver: Simplec, ang: np.ndarray, uz: np.ndarray) -> np.ndarray:
        """Update the memory by the velocities of this iteration; torque of the fluid on the blades by patch, m5/s2."""
        g, m = self.grid, self.markers
        solver.run(normal_velocity, *self._geometry(), g.omega_shaft, ang, uz, g.rc, m.slip)
        solver.run(
            remember, m.ring, m.first, m.n_t, m.volume, m.memory, m.slip, m.patch, m.j_t, m.k_t, m.w_t,
            self.sigma, self.beta, g.fixed_t, g.rc, self.torque,
        )  # fmt: skip
        return np.asarray(self.torque.sum(axis=0))

    def turn(self, steps: int) -> None:
        """Turn the blades by a number of theta cells of a uniform grid; their memory goes with them."""
        nt = self.grid.mesh.shape[1]
        self.markers.j_t[:] = (self.markers.j_t + steps) % nt
        self.markers.j_z[:] = (self.markers.j_z + steps) % nt
        self.keep[:] = np.roll(self.keep, steps, axis=1)

    def leak(self) -> float:
        """What the forces of the last iteration take from liquid that passes the blades, sum V (sigma u_n + f) u_n,
        m5/s3."""
        m = self.markers
        return float((m.volume * (self.sigma * m.slip + m.memory) * m.slip).sum())

    def _geometry(self) -> tuple[np.ndarray, ...]:
        m = self.markers
        return (m.ring, m.first, m.n_t, m.n_z, m.j_t, m.k_t, m.w_t, m.j_z, m.k_z, m.w_z)


def immersed_blades(case: Case, grid: FlowGrid) -> ImmersedBlades | None:
    """The immersed blades of a case; None where it has none."""
    return ImmersedBlades(case, grid) if any(imp.immersed for imp in case.impellers) else None


# ----------------------------------------------------------------------------------------------- where the markers are


def place_markers(case: Case, grid: FlowGrid, spacing: float) -> Markers:
    """Markers on all immersed blades of the sector, ``spacing`` mesh cells apart."""
    parts = [
        _on_blade(line, rc, angle, imp.clearance, grid, i, spacing, grid.mesh.patch_names.index(f"blade_{number}"))
        for number, imp in enumerate(case.impellers, 1)
        if imp.immersed
        for i, rc, line in _rings(imp, grid)
        for angle in blade_angles(imp, grid.mesh.sector)
    ]
    ring, patch, n_t, n_z, volume, j_t, w_jt, k_t, w_kt, j_z, w_jz, k_z, w_kz = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(ring, kind="stable")

    def index(a: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(a[order].astype(np.int32))

    ring = index(ring)
    return Markers(
        ring=ring,
        first=np.searchsorted(ring, np.arange(grid.mesh.shape[0] + 1)),
        n_t=n_t[order],
        n_z=n_z[order],
        volume=volume[order],
        patch=index(patch),
        j_t=index(j_t),
        k_t=index(k_t),
        w_t=(w_jt[:, :, None] * w_kt[:, None, :])[order],
        j_z=index(j_z),
        k_z=index(k_z),
        w_z=(w_jz[:, :, None] * w_kz[:, None, :])[order],
        memory=np.zeros(ring.size),
        slip=np.zeros(ring.size),
    )


def _rings(imp: Impeller, grid: FlowGrid) -> list[tuple[int, float, np.ndarray]]:
    """(i, r, profile) of every ring of mesh cells that a blade crosses, from the hub on."""
    inner = max(imp.radius - imp.blade_length, 0.5 * imp.hub_diameter)
    here = np.flatnonzero((grid.rc > inner) & (grid.rc < imp.radius))
    return [(int(i), float(grid.rc[i]), profile(imp, float(grid.rc[i]))) for i in here]


def _on_blade(
    line: np.ndarray, rc: float, angle: float, clearance: float, grid: FlowGrid, i: int, spacing: float, patch: int
) -> tuple[np.ndarray, ...]:
    """Markers along the profile of one blade in one ring, with the nodes round them."""
    mesh = grid.mesh
    period = 2.0 * math.pi / mesh.sector
    # fine points along the profile, and how many mesh cells have been crossed up to each of them
    piece = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(piece)])
    fine = np.linspace(0.0, along[-1], 401)
    s, z = np.interp(fine, along, line[:, 0]), np.interp(fine, along, line[:, 1]) + clearance
    middle = np.mod(angle + 0.5 * (s[1:] + s[:-1]) / rc, period), 0.5 * (z[1:] + z[:-1])
    crossed = np.hypot(np.diff(s) / (rc * _size(mesh.theta, middle[0])), np.diff(z) / _size(mesh.z, middle[1]))
    crossed = np.concatenate([[0.0], np.cumsum(crossed)])
    # markers closer than a mesh cell ask more than the nodes round them can do
    count = max(2, round(crossed[-1] / spacing))
    ends = np.interp(np.arange(count + 1) / count * crossed[-1], crossed, fine)
    at = np.interp((np.arange(count) + 0.5) / count * crossed[-1], crossed, fine)
    s, z = np.interp(at, fine, s), np.interp(at, fine, z)
    number = np.clip(np.searchsorted(along, at, side="right") - 1, 0, len(piece) - 1)
    t = np.diff(line, axis=0)[number] / piece[number][:, None]
    n_t, n_z = t[:, 1], -t[:, 0]
    theta = np.mod(angle + s / rc, period)
    j_t, w_jt = _round(mesh.theta[:-1], theta, period)
    j_z, w_jz = _round(mesh.theta_centre, theta, period)
    k_t, w_kt = _along(grid.zc, z)
    k_z, w_kz = _along(mesh.z, z)
    across = np.maximum(np.abs(n_t) * rc * grid.dth[j_z[:, 0]], np.abs(n_z) * grid.dz[k_t[:, 0]])
    volume = np.diff(ends) * grid.dr[i] * across
    ring, patches = np.full(count, i), np.full(count, patch)
    return ring, patches, n_t, n_z, volume, j_t, w_jt, k_t, w_kt, j_z, w_jz, k_z, w_kz


def _size(faces: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Size of the interval of ``faces`` in which each ``x`` lies."""
    n = np.clip(np.searchsorted(faces, x, side="right") - 1, 0, faces.size - 2)
    return np.asarray(faces[n + 1] - faces[n])


def _along(nodes: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) the nodes on the two sides of every ``x`` and their weights for linear interpolation."""
    low = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, nodes.size - 2)
    up = np.clip((x - nodes[low]) / (nodes[low + 1] - nodes[low]), 0.0, 1.0)
    return np.stack([low, low + 1], axis=1), np.stack([1.0 - up, up], axis=1)


def _round(nodes: np.ndarray, theta: np.ndarray, period: float) -> tuple[np.ndarray, np.ndarray]:
    """The same round the ring, periodic."""
    n = nodes.size
    closed = np.concatenate([nodes[-1:] - period, nodes, nodes[:1] + period])
    j, w = _along(closed, theta)
    return (j - 1) % n, w


# --------------------------------------------------------------------------------------------------------- the kernels


@njit(**OPTIONS)
def normal_velocity(lo, hi, ring, first, n_t, n_z, j_t, k_t, w_t, j_z, k_z, w_z, omega, ang, uz, rc, slip):
    """u_n at the markers of planes lo <= i < hi into ``slip``, m/s."""
    for n in range(first[lo], first[hi]):
        i = ring[n]
        u_t = u_z = 0.0
        for a in range(2):
            for b in range(2):
                u_t += w_t[n, a, b] * ang[i, j_t[n, a], k_t[n, b]]
                u_z += w_z[n, a, b] * uz[i, j_z[n, a], k_z[n, b]]
        slip[n] = n_t[n] * (u_t / rc[i] - omega * rc[i]) + n_z[n] * u_z


@njit(**OPTIONS)
def force_on_angular_momentum(
    lo, hi, ring, first, n_t, volume, memory, slip, j_t, k_t, w_t, sigma, fixed, ang, rc, dr, dz, block, d
):
    """r F_theta into the coefficients ``block`` of L and the pressure factors ``d`` of planes lo <= i < hi."""
    for n in range(first[lo], first[hi]):
        i = ring[n]
        force = volume[n] * (sigma * slip[n] + memory[n]) * n_t[n] * rc[i]
        stiff = sigma * volume[n] * n_t[n] * n_t[n]
        for a in range(2):
            for b in range(2):
                j, k, w = j_t[n, a], k_t[n, b], w_t[n, a, b]
                if fixed[i, j, k]:
                    continue
                sink = w * stiff
                block[6, i, j, k] += sink
                block[7, i, j, k] += sink * ang[i, j, k] - w * force
                area = dr[i] * dz[k] * rc[i]
                d[i, j, k] = area * d[i, j, k] / (area + sink * d[i, j, k])


@njit(**OPTIONS)
def force_on_u_z(lo, hi, ring, first, n_z, volume, memory, slip, j_z, k_z, w_z, sigma, fixed, uz, az, block, d):
    """F_z into the coefficients ``block`` of u_z and the pressure factors ``d`` of planes lo <= i < hi."""
    for n in range(first[lo], first[hi]):
        i = ring[n]
        force = volume[n] * (sigma * slip[n] + memory[n]) * n_z[n]
        stiff = sigma * volume[n] * n_z[n] * n_z[n]
        for a in range(2):
            for b in range(2):
                j, k, w = j_z[n, a], k_z[n, b], w_z[n, a, b]
                if fixed[i, j, k]:
                    continue
                sink = w * stiff
                block[6, i, j, k] += sink
                block[7, i, j, k] += sink * uz[i, j, k] - w * force
                d[i, j, k] = az[i, j] * d[i, j, k] / (az[i, j] + sink * d[i, j, k])


@njit(**OPTIONS)
def remember(lo, hi, ring, first, n_t, volume, memory, slip, patch, j_t, k_t, w_t, sigma, beta, fixed, rc, torque):
    """f of the markers, and the torque of the fluid on the blades per plane and patch into ``torque``, m5/s2."""
    torque[lo:hi] = 0.0
    for n in range(first[lo], first[hi]):
        i = ring[n]
        open_share = 0.0
        for a in range(2):
            for b in range(2):
                if not fixed[i, j_t[n, a], k_t[n, b]]:
                    open_share += w_t[n, a, b]
        torque[i, patch[n]] += open_share * volume[n] * (sigma * slip[n] + memory[n]) * n_t[n] * rc[i]
        memory[n] += beta * sigma * slip[n]
