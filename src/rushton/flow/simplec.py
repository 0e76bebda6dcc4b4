"""One SIMPLEC iteration of the steady flow: momentum, pressure correction, turbulence.

a_P / alpha u* = sum a_nb u*_nb + b - grad p                     relaxed momentum, one theta and one z line sweep
u = u* + d (p'_minus - p'_plus),  d = A / (a_P / alpha - sum a_nb)   SIMPLEC factor (Van Doormaal, Raithby 1984,
div u = 0  ->  sum c_f (p'_P - p'_nb) = -div u*,  c_f = d A           Numer. Heat Transfer 7:147)
p <- p + p'                                                      no pressure relaxation

Tanks without baffles take another order and two corrections on the way: ``rushton.flow.swirl``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.flow import momentum, swirl, turbulence
from rushton.flow.closures import Closure, KEpsilon
from rushton.flow.grid import FlowGrid
from rushton.flow.immersed import ImmersedBlades
from rushton.flow.inertia import Inertia
from rushton.flow.lines import sweep
from rushton.flow.multigrid import PressureSolver
from rushton.flow.transposed import axis_velocity, edge_viscosities, transposed_forces
from rushton.flow.viscosity import Viscosity
from rushton.mesh.cylinder import STATIONARY

ALPHA_U = 0.9
"""Under-relaxation of momentum, -."""
PRESSURE_TOLERANCE, PRESSURE_ITERATIONS = 0.05, 8


@dataclass
class FlowState:
    """Unknowns on one grid: ur (nr+1, nt, nz) m/s, ang = r u_theta (nr, nt, nz) m2/s on lower theta faces,
    uz (nr, nt, nz+1) m/s, p (nr, nt, nz) m2/s2, ke m2/s2, eps m2/s3, nut m2/s."""

    ur: np.ndarray
    ang: np.ndarray
    uz: np.ndarray
    p: np.ndarray
    ke: np.ndarray
    eps: np.ndarray
    nut: np.ndarray

    @classmethod
    def at_rest(cls, grid: FlowGrid, tip_speed: float, speed: float, diameter: float) -> FlowState:
        """Liquid at rest with a little turbulence: k = 0.005 tip speed^2, nu_t = 0.002 N D^2."""
        nr, nt, nz = grid.mesh.shape
        k0, nut0 = 0.005 * tip_speed**2, 2e-3 * speed * diameter**2
        ke = np.full((nr, nt, nz), k0)
        return cls(
            ur=np.zeros((nr + 1, nt, nz)),
            ang=np.where(grid.fixed_t, grid.value, 0.0),
            uz=np.zeros((nr, nt, nz + 1)),
            p=np.zeros((nr, nt, nz)),
            ke=ke,
            eps=turbulence.C_MU * ke**2 / nut0,
            nut=np.full((nr, nt, nz), nut0),
        )


@njit(**momentum.OPTIONS)
def _divergence(lo, hi, fr, ft, fz, solid, out, part):
    """out = -div, m3/s; sum |div| per plane into ``part`` (nr,)."""
    nr, nt, nz = ft.shape
    for i in range(lo, hi):
        total = 0.0
        for j in range(nt):
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if solid[i, j, k]:
                    out[i, j, k] = 0.0
                    continue
                s = fr[i + 1, j, k] - fr[i, j, k] + ft[i, jp, k] - ft[i, j, k] + fz[i, j, k + 1] - fz[i, j, k]
                out[i, j, k] = -s
                total += abs(s)
        part[i] = total


@njit(**momentum.OPTIONS)
def _pressure_coefficients(lo, hi, d_r, d_t, d_z, r, rc, dr, dz, az, dth, cr, ct, cz):
    nr, nt, nz = ct.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                cr[i, j, k] = d_r[i, j, k] * r[i] * dth[j] * dz[k]
                ct[i, j, k] = d_t[i, j, k] * dr[i] * dz[k] / rc[i]
                cz[i, j, k] = d_z[i, j, k] * az[i, j]


@njit(**momentum.OPTIONS)
def _correct(lo, hi, ur, ang, uz, d_r, d_t, d_z, pc):
    nr, nt, nz = pc.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            for k in range(nz):
                q = pc[i, j, k]
                if i > 0:
                    ur[i, j, k] += d_r[i, j, k] * (pc[i - 1, j, k] - q)
                ang[i, j, k] += d_t[i, j, k] * (pc[i, jm, k] - q)
                if k > 0:
                    uz[i, j, k] += d_z[i, j, k] * (pc[i, j, k - 1] - q)


class Simplec:
    """Work space and one iteration on one grid.

    Parameters
    ----------
    grid : FlowGrid
    viscosity : Viscosity
        Law of the kinematic viscosity (``rushton.flow.viscosity``).
    nut_limit : float
        Cap on the eddy viscosity, m2/s.
    closure : callable
        Makes the turbulence closure of a grid (``rushton.flow.closures``).
    team : Team
        Threads that share the planes of every kernel.
    blades : ImmersedBlades, optional
        Blades that no mesh face follows (``rushton.flow.immersed``).
    lift : (nr, nt, nz+1) float, optional
        Force of gas on u_z over density, m4/s2 (``rushton.flow.buoyancy``).
    """

    def __init__(
        self,
        grid: FlowGrid,
        viscosity: Viscosity,
        nut_limit: float,
        closure: Callable[[FlowGrid], Closure] = KEpsilon,
        team: Team = ALONE,
        blades: ImmersedBlades | None = None,
        lift: np.ndarray | None = None,
    ) -> None:
        nr, nt, nz = shape = grid.mesh.shape
        self.team, self.planes, self.blades, self.lift = team, nr, blades, lift
        self.inertia: Inertia | None = None  # of time-accurate steps
        self.alpha_ke = turbulence.ALPHA_KE
        self.grid, self.viscosity, self.nut_limit, self.closure = grid, viscosity, nut_limit, closure(grid)
        self.nu = viscosity.start(shape)
        self.fr, self.ft, self.fz = np.zeros((nr + 1, nt, nz)), np.zeros(shape), np.zeros((nr, nt, nz + 1))
        self.gr, self.gt, self.gz = np.zeros((nr + 1, nt, nz)), np.zeros(shape), np.zeros((nr, nt, nz + 1))
        self.d_r, self.d_t, self.d_z = np.zeros((nr + 1, nt, nz)), np.zeros(shape), np.zeros((nr, nt, nz + 1))
        self._block = np.zeros(8 * max((nr + 1) * nt * nz, nr * nt * (nz + 1)))
        self.sr, self.st, self.sz, self.sl, self.ql = (np.zeros(shape) for _ in range(5))
        self.g, self.num, self.eps_wall = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.nue, self.rhs, self.pc = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.uc = np.zeros((3, *shape))
        self._shear, self._torque = np.zeros((nr, 2)), np.zeros((nr, len(grid.mesh.patch_names)))
        self._mass = np.zeros(nr)
        self.shear = np.zeros(2)
        self.torque = np.zeros(len(grid.mesh.patch_names))
        self.pressure = PressureSolver(shape, team)
        self.mass = 0.0
        self.free_swirl = not (grid.mesh.wall_theta == STATIONARY).any()

    @property
    def edges(self) -> list[np.ndarray]:
        """Space for the viscosity on the three kinds of edges."""
        nr, nt, nz = self.grid.mesh.shape
        shapes = ((nr + 1, nt, nz), (nr + 1, nt, nz + 1), (nr, nt, nz + 1))
        cuts = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
        return [self._block[a:b].reshape(n) for a, b, n in zip(cuts[:-1], cuts[1:], shapes, strict=True)]

    def coefficients(self, shape: tuple[int, ...]) -> np.ndarray:
        """(8, *shape) block for the coefficients of one equation, shared by all."""
        size = int(np.prod(shape))
        return self._block[: 8 * size].reshape(8, *shape)

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """Run a kernel (lo, hi, ...) over all planes of mesh cells, shared out among the team."""
        self.team(kernel, self.planes, *arguments)

    def sweep(self, m: np.ndarray, x: np.ndarray, forward: bool) -> None:
        """One theta and one z line sweep over the unknown ``x`` of the coefficients ``m``."""
        sweep(m, x, forward, self.team)

    def update_fluxes(self, s: FlowState) -> None:
        """Face fluxes of the present velocities, relative to the rotor in its zone."""
        g = self.grid
        self.run(
            momentum.volume_fluxes,
            s.ur,
            s.ang,
            s.uz,
            g.r,
            g.rc,
            g.dr,
            g.dz,
            g.az,
            g.dth,
            g.omega,
            self.fr,
            self.ft,
            self.fz,
        )

    def update_wall_sinks(self, s: FlowState) -> None:
        """Wall functions of the present state: sinks, shear torque, production and epsilon in mesh cells at walls."""
        g, mesh = self.grid, self.grid.mesh
        self.run(
            turbulence.wall_sinks,
            g.wall_cells, g.wall_first, s.ke, s.ur, s.ang, s.uz, self.nu, g.omega_shaft,
            mesh.wall_r, mesh.wall_theta, mesh.wall_z, g.r, g.rc, g.dr, g.dz, g.az, g.dth,
            self.sr, self.st, self.sz, self.sl, self.ql, self.g, self.eps_wall, self._shear,
        )  # fmt: skip
        self.shear[:] = self._shear.sum(axis=0)

    def forget_walls(self) -> None:
        """Clear the sinks of walls, which are set at walls alone: for a grid whose walls have moved."""
        for x in (self.sr, self.st, self.sz, self.sl, self.ql):
            x[...] = 0.0

    def iterate(self, s: FlowState, forward: bool, second: bool = True, alpha: float = ALPHA_U) -> None:
        """One iteration in place: viscosity, momentum, pressure, turbulence."""
        mesh = self.grid.mesh
        self.viscosity.update(self, s)
        np.add(s.nut, self.nu, out=self.nue)
        self.conduct(s.nut, 1.0)
        self.update_wall_sinks(s)
        self.update_fluxes(s)
        self._momentum(s, forward, second, alpha)
        self.update_fluxes(s)
        self._divergence()
        self._correct_pressure(s, PRESSURE_TOLERANCE, PRESSURE_ITERATIONS)
        s.p += self.pc
        s.p[mesh.solid] = 0.0  # no pressure in a solid: the torque on a blade is the jump between its two sides
        self.update_fluxes(s)
        if self.blades is not None:
            self.torque += self.blades.remember(self, s.ang, s.uz)
        self._turbulence(s, forward)

    def _divergence(self) -> None:
        self.run(_divergence, self.fr, self.ft, self.fz, self.grid.mesh.solid, self.rhs, self._mass)
        self.mass = float(self._mass.sum())

    def conduct(self, nut: np.ndarray, sigma: float) -> None:
        """Diffusive conductances of nu + nut / sigma into ``gr``, ``gt``, ``gz``, m3/s."""
        g = self.grid
        self.run(
            turbulence.conductance,
            nut, self.nu, sigma, g.open_r, g.open_t, g.open_z, g.r, g.rc, g.dr, g.dz, g.az, g.dth,
            self.gr, self.gt, self.gz,
        )  # fmt: skip

    def transport(self, x: np.ndarray, m: np.ndarray) -> None:
        """Upwind convection and diffusion of a scalar in mesh cells into the coefficients ``m``."""
        solid = self.grid.mesh.solid
        self.run(turbulence.assemble_scalar, x, self.fr, self.ft, self.fz, self.gr, self.gt, self.gz, solid, m)
        if self.inertia is not None:
            self.inertia.add_to_scalar(self, x, m)

    def _momentum(self, s: FlowState, forward: bool, second: bool, alpha: float) -> None:
        g = self.grid
        axis_velocity(s.ur, g)
        edges = self.edges  # in the coefficient block, which is free until the first assembly
        self.run(edge_viscosities, self.nue, g.open_r, g.open_t, g.open_z, *edges)
        self.run(
            transposed_forces,
            s.ur, s.ang, s.uz, self.nue, *edges, g.r, g.rc, g.dr, g.dz, g.dth, self.d_r, self.d_t, self.d_z,
        )  # fmt: skip
        if self.lift is not None:
            self.d_z += self.lift
        # all three components use the same fluxes, those of the velocities before this iteration
        if self.free_swirl:
            self._solve_angular_momentum(s, forward, second, alpha)
            self._solve_u_r(s, forward, second, alpha)
        else:
            self._solve_u_r(s, forward, second, alpha)
            self._solve_angular_momentum(s, forward, second, alpha)
        self._solve_u_z(s, forward, second, alpha)

    def _solve_u_r(self, s: FlowState, forward: bool, second: bool, alpha: float) -> None:
        g = self.grid
        m = self.coefficients(s.ur.shape)
        self.team(
            momentum.assemble_u_r, self.planes + 1,
            s.ur, s.ang, s.p, self.fr, self.ft, self.fz, self.gr, self.gt, self.gz, self.nue, self.st, self.sz,
            g.fixed_r, g.r, g.rc, g.dr, g.dz, g.az, g.dth, alpha, second, m, self.d_r,
        )  # fmt: skip
        if self.free_swirl:
            self.team(
                swirl.hold_back, self.planes + 1,
                m, self.d_r, s.ur, s.ang, g.fixed_r, g.r, g.rc, g.dr, g.dz, g.dth, alpha,
            )  # fmt: skip
        if self.inertia is not None:
            self.inertia.add_to_u_r(self, m)
        self.sweep(m, s.ur, forward)

    def _solve_angular_momentum(self, s: FlowState, forward: bool, second: bool, alpha: float) -> None:
        g = self.grid
        m = self.coefficients(s.ang.shape)
        self.run(
            momentum.assemble_angular_momentum,
            s.ang, s.p, self.fr, self.ft, self.fz, self.gr, self.gt, self.gz, self.nue, self.sl, self.ql,
            g.fixed_t, g.value, g.mesh.patch_theta, g.r, g.rc, g.dr, g.dz, g.dth, alpha, second, m,
            self.d_t, self._torque,
        )  # fmt: skip
        self.torque[:] = self._torque.sum(axis=0)
        if self.blades is not None:
            self.blades.add_to_angular_momentum(self, s.ang, s.uz, m)
        if self.inertia is not None:
            self.inertia.add_to_angular_momentum(self, m)
        if not self.free_swirl:
            self.sweep(m, s.ang, forward)
            return
        old = s.ang.copy()
        self.sweep(m, s.ang, forward)
        sums = np.empty((6, *s.ang.shape[::2]))
        self.run(swirl.ring_sums, m, s.ang, old, g.fixed_t, alpha, sums)
        s.ang += np.where(g.fixed_t, 0.0, swirl.FRACTION * swirl.solve_rings(sums)[:, None, :])

    def _solve_u_z(self, s: FlowState, forward: bool, second: bool, alpha: float) -> None:
        g = self.grid
        m = self.coefficients(s.uz.shape)
        self.run(
            momentum.assemble_u_z,
            s.uz, s.p, self.fr, self.ft, self.fz, self.gr, self.gt, self.gz, self.nue, self.sr, self.st,
            g.fixed_z, g.dz, g.az, alpha, second, m, self.d_z,
        )  # fmt: skip
        if self.blades is not None:
            self.blades.add_to_u_z(self, s.uz, m)
        if self.inertia is not None:
            self.inertia.add_to_u_z(self, m)
        self.sweep(m, s.uz, forward)

    def _correct_pressure(self, s: FlowState, tolerance: float, iterations: int) -> None:
        g = self.grid
        cr, ct, cz = self.pressure.coefficients
        self.run(_pressure_coefficients, self.d_r, self.d_t, self.d_z, g.r, g.rc, g.dr, g.dz, g.az, g.dth, cr, ct, cz)
        self.pressure.set()
        self.pressure.solve(self.rhs, self.pc, tolerance, iterations)
        self.run(_correct, s.ur, s.ang, s.uz, self.d_r, self.d_t, self.d_z, self.pc)

    def update_strain(self, s: FlowState) -> None:
        """Production away from walls into ``g`` and what the scheme hands to turbulence into ``num``."""
        g, mesh = self.grid, self.grid.mesh
        self.run(turbulence.centre_velocities, s.ur, s.ang, s.uz, g.rc, self.uc)
        self.run(
            turbulence.production,
            self.uc, s.ur, s.ang, s.uz, s.nut, g.open_r, g.open_t, g.open_z, g.at_wall, mesh.solid,
            g.rc, g.zc, g.dr, g.dz, g.dth, self.g,
        )  # fmt: skip
        self.run(
            turbulence.numerical_dissipation,
            self.uc, self.fr, self.ft, self.fz, g.r, g.rc, mesh.solid, g.open_r, g.open_t, g.open_z, self.num,
            self.gr,  # free until the next conductances
        )  # fmt: skip
        self.run(turbulence.share_r_faces, self.num, self.gr)
        if self.blades is not None:
            self.num *= self.blades.keep

    def _turbulence(self, s: FlowState, forward: bool) -> None:
        self.update_strain(s)
        self.closure.advance(self, s, forward)

    def project(self, s: FlowState, sweeps: int = 4, tolerance: float = 1e-8) -> float:
        """Make the fluxes divergence-free to rounding by tight pressure solves that correct velocities only.

        Returns
        -------
        float
            sum |div|, m3/s.
        """
        for _ in range(sweeps):
            self.update_fluxes(s)
            self._divergence()
            # below this the divergence is rounding: a further solve would amplify noise
            if self.mass < 1e-15 * float(np.abs(self.fr).sum() + np.abs(self.fz).sum()):
                break
            self._correct_pressure(s, tolerance, 100)
        self.update_fluxes(s)
        self._divergence()
        return self.mass
