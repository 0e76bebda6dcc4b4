"""Where the shaft power goes: kinetic energy of the mean flow, term by term, as the discrete equations hold it.

Momentum times velocity, summed over the tank (laboratory frame, frozen rotor; per density, m5/s3)::

    Omega T  =  int 2 nu_t S:S  +  int 2 nu S:S  +  W_wall  +  D_num  +  D_leak  +  rest

    T       torque of blades, discs and shaft on the liquid over density, m5/s2
    W_wall  work of the wall functions, sum lambda A |u - u_wall|^2: what wall layers below half a mesh cell take
    D_num   what the limited convection scheme takes
    D_leak  what immersed blades take from liquid that passes them: sum V (sigma u_n + f) u_n
    rest    momentum that the iteration has not settled, and the mesh cells at the axis

The pressure does no work but on blades, where it is in T: the fluxes are free of divergence. Nor does a rotating zone:
v is free of divergence there as well and blades let none of it through.

Nothing is estimated from interpolated velocities: every term is the sum over velocity nodes of velocity times its part
of the assembled momentum equation (L / r^2 for that of angular momentum; a node on a blade turns with Omega, one on a
baffle rests), so D_num holds what the scheme, its limiter and the curvature of the grid really take.

Turbulence, summed likewise::

    int epsilon  =  int min(G + G_num, limit epsilon)  +  rest

G is 2 nu_t S:S, in mesh cells at walls that of the wall functions; G_num is what ``rushton.flow.turbulence`` hands over
of the scheme's loss, formed with velocities at the centres. A wall function gives to turbulence the part of W_wall that
its mesh-cell mean stands for; the rest of W_wall turns to heat in the viscous layer. G takes gradients over two mesh
cells and none between a wall's mesh cells and the next, so it misses part of the sharp gradients at the blades that the
equations hold. int epsilon therefore stays below the power; local dissipation is scaled for that
(``Flow.dissipation_scale``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.flow import momentum
from rushton.flow.transposed import edge_viscosities, transposed_forces

if TYPE_CHECKING:
    from rushton.flow.simplec import FlowState, Simplec


@dataclass(frozen=True)
class EnergyBalance:
    """Parts of the balances of the module docstring, of the mesh (sector or tank), over density, m5/s3.

    Attributes
    ----------
    turbulent, viscous : float
        int 2 nu_t S:S and int 2 nu S:S between velocity nodes.
    wall, numerical, leak : float
        W_wall, D_num, D_leak.
    dissipation : float
        int epsilon.
    supplied, handed : float
        int min(G + G_num, limit epsilon), wall functions included, and int G_num.
    """

    turbulent: float
    viscous: float
    wall: float
    numerical: float
    leak: float
    dissipation: float
    supplied: float
    handed: float

    @property
    def total(self) -> float:
        """What the mean flow loses, m5/s3: Omega T less the rest."""
        return self.turbulent + self.viscous + self.wall + self.numerical + self.leak

    @property
    def turbulence_ratio(self) -> float | None:
        """int epsilon over what turbulence is given, -; 1 when the closure has settled, None in laminar flow."""
        return self.dissipation / self.supplied if self.supplied > 0.0 else None


def energy_balance(solver: Simplec, s: FlowState) -> EnergyBalance:
    """Balance of the state as it stands; its coefficients and fluxes are left in ``solver``."""
    g, mesh = solver.grid, solver.grid.mesh
    solver.update_wall_sinks(s)
    solver.update_fluxes(s)
    still = np.zeros_like(s.nut)
    flowing = _loss(solver, s, s.nut, convective=True)
    diffusive = _loss(solver, s, s.nut, convective=False)
    viscous = _loss(solver, s, still, convective=False)
    solver.update_strain(s)
    fluid = ~mesh.solid
    vol = np.where(fluid, g.vol, 0.0)
    turbulent = solver.closure.production_limit > 0.0
    supply = np.minimum(solver.g * vol + solver.num, solver.closure.production_limit * s.eps * vol)
    return EnergyBalance(
        turbulent=diffusive - viscous,
        viscous=viscous,
        wall=_wall_work(solver, s),
        numerical=flowing - diffusive,
        leak=0.0 if solver.blades is None else solver.blades.leak(),
        dissipation=float((s.eps * vol).sum()),
        supplied=float(supply[fluid].sum()) if turbulent else 0.0,
        handed=float(solver.num[fluid].sum()) if turbulent else 0.0,
    )


def _loss(solver: Simplec, s: FlowState, nut: np.ndarray, convective: bool) -> float:
    """-sum velocity x (diffusion, and convection where asked for) over all velocity nodes, m5/s3."""
    g, zero = solver.grid, np.zeros_like(s.p)
    nue = nut + solver.nu
    solver.conduct(nut, 1.0)
    fluxes = [f if convective else np.zeros_like(f) for f in (solver.fr, solver.ft, solver.fz)]
    conductances = (solver.gr, solver.gt, solver.gz)
    edges = solver.edges
    solver.run(edge_viscosities, nue, g.open_r, g.open_t, g.open_z, *edges)
    forces = [np.zeros_like(u) for u in (s.ur, s.ang, s.uz)]
    solver.run(transposed_forces, s.ur, s.ang, s.uz, nue, *edges, g.r, g.rc, g.dr, g.dz, g.dth, *forces)
    m = solver.coefficients(s.ur.shape)
    solver.team(
        momentum.assemble_u_r, solver.planes + 1,
        s.ur, s.ang, zero, *fluxes, *conductances, nue, zero, zero,
        g.fixed_r, g.r, g.rc, g.dr, g.dz, g.az, g.dth, 1.0, True, m, forces[0],
    )  # fmt: skip
    gained = float((s.ur * _residual(m, s.ur)).sum())
    if not convective:
        gained -= _hoop(solver, s)  # u_theta^2 / r belongs to convection
    m = solver.coefficients(s.ang.shape)
    names = g.mesh.patch_names
    torque = np.zeros((solver.planes, len(names)))
    solver.run(
        momentum.assemble_angular_momentum,
        s.ang, zero, *fluxes, *conductances, nue, zero, zero,
        g.fixed_t, g.value, g.mesh.patch_theta, g.r, g.rc, g.dr, g.dz, g.dth, 1.0, True, m, forces[1], torque,
    )  # fmt: skip
    gained += float((s.ang / g.rc[:, None, None] ** 2 * _residual(m, s.ang)).sum())
    turning = np.array([name.startswith("blade") for name in names])
    gained += g.omega_shaft * float(torque.sum(axis=0)[turning].sum())
    m = solver.coefficients(s.uz.shape)
    solver.run(
        momentum.assemble_u_z,
        s.uz, zero, *fluxes, *conductances, nue, zero, zero,
        g.fixed_z, g.dz, g.az, 1.0, True, m, forces[2],
    )  # fmt: skip
    gained += float((s.uz * _residual(m, s.uz)).sum())
    return -gained


def _residual(m: np.ndarray, x: np.ndarray) -> np.ndarray:
    """b + sum a_nb x_nb - a_P x of one block of coefficients, of the shape of ``x``."""
    out = m[7] - m[6] * x
    out[1:] += m[0][1:] * x[:-1]
    out[:-1] += m[1][:-1] * x[1:]
    out += m[2] * np.roll(x, 1, axis=1)
    out += m[3] * np.roll(x, -1, axis=1)
    out[..., 1:] += m[4][..., 1:] * x[..., :-1]
    out[..., :-1] += m[5][..., :-1] * x[..., 1:]
    return out


def _hoop(solver: Simplec, s: FlowState) -> float:
    """sum u_r u_theta^2 / r V over the radial nodes, m5/s3."""
    g = solver.grid
    u = 0.5 * (s.ang + np.roll(s.ang, -1, axis=1)) / g.rc[:, None, None]
    half = 0.5 * g.dr[:, None, None] * g.dth[:, None] * g.dz * u**2
    return float((s.ur[1:-1] * (half[:-1] + half[1:]))[~g.fixed_r[1:-1]].sum())


def _wall_work(solver: Simplec, s: FlowState) -> float:
    """Work of the wall functions, sum lambda A |u - u_wall|^2, m5/s3."""
    g = solver.grid
    on_r = 0.5 * (solver.st + solver.sz)
    on_z = 0.5 * (solver.sr + solver.st)
    work = float((s.ur[1:-1] ** 2 * (on_r[:-1] + on_r[1:])).sum())
    work += float((s.uz[..., 1:-1] ** 2 * (on_z[..., :-1] + on_z[..., 1:])).sum())
    sink, source = (0.5 * (a + np.roll(a, 1, axis=1)) for a in (solver.sl, solver.ql))
    work += float(((sink * s.ang - source) * s.ang / g.rc[:, None, None] ** 2).sum())
    # the wall gives Omega times its torque, the liquid beside it takes its own speed times it
    return work - g.omega_shaft * float(solver.shear[1])
