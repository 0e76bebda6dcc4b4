"""Time-accurate rotor: the rotating zones turn, one theta cell each step.

The mesh cells of a zone turn with the rotor, those outside rest; on uniform theta faces they meet face to face again
after every step of dt = dtheta / Omega. In a zone the equations are those of the frozen rotor, with v relative to the
rotor, and dx/dt is taken between the same mesh cells, so the blades never move through the grid::

    (x_new - x_old) V / dt + (steady terms of the frozen rotor)(x_new) = 0          x_old: turned on by one theta cell

Control volumes on the border of a zone are half in and half out, and so is their old momentum. Turning a ring changes
neither its volume nor its angular momentum: mass and angular momentum are conserved through the border.

Implicit Euler, ``INNER`` iterations of the steady solver per step. It starts from the frozen rotor at the same angle
and turns until power and torque balance of a revolution stand still; then the flow is averaged over ``AVERAGED`` whole
revolutions, **in a zone in step with the blades, outside at rest**, which is what a flow with a rotating zone means to
every later stage (``rushton.transport.frame``). On the border the average at rest holds, and a last projection joins
the two (its size is reported). Blades and zones of the result stand where the case puts them.

k, epsilon and nu_t are averaged alike. What varies with the blades inside a zone is in its mean flow; what the blades
leave to vary outside of it (trailing vortices beyond the zone, surging of the loops) is in no average and not added to
nu_t: its energy is reported (``periodic_energy_ratio``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import SolverError
from rushton.flow.energy import EnergyBalance, energy_balance
from rushton.flow.grid import FlowGrid
from rushton.flow.inertia import Inertia
from rushton.flow.power import flow_numbers, power_numbers, torques
from rushton.flow.simplec import FlowState, Simplec

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.mesh.cylinder import TankMesh

INNER = 3
"""Iterations per step."""
AVERAGED = 2
"""Revolutions averaged over."""
LEAST, MOST = 4, 30
"""Revolutions before the average, at least and at most."""
STEADY, BALANCED = 0.005, 0.01
"""Change of the mean power from one revolution to the next, and its torque imbalance, at which averaging begins, -."""
ALPHA_KE = 0.9
"""Under-relaxation of the turbulence, whose inertia holds it as well, -."""
SAMPLE = 6
"""Steps between two energy balances while averaging."""


@dataclass(frozen=True)
class Step:
    """Integrals of one step, per sector and density: torques m5/s2, angular momentum m5/s, power numbers -."""

    driven: float
    resisted: float
    angular_momentum: float
    power: tuple[float, ...]
    pumping: tuple[float, ...]


@dataclass(frozen=True)
class Slid:
    """Mean of a sliding rotor.

    Attributes
    ----------
    state : FlowState
        Averages (module docstring), fluxes free of divergence.
    steps : list of Step
        All steps from the start.
    averaged : int
        The last so many of ``steps`` made the averages.
    settled : bool
        Whether power and torque stood still before averaging began.
    energy : EnergyBalance
        Mean over the averaged steps.
    correction : float
        Largest change of velocity by the projection that joins the averages, m/s.
    periodic_energy_ratio : float
        Energy of what varies in time outside the zones over the mean turbulent energy there, -.
    revolutions : float
        Turned in all.
    """

    state: FlowState
    steps: list[Step]
    averaged: int
    settled: bool
    energy: EnergyBalance
    correction: float
    periodic_energy_ratio: float
    revolutions: float

    def mean(self, name: str) -> np.ndarray:
        """Mean of one integral over the averaged steps."""
        return np.mean([getattr(step, name) for step in self.steps[-self.averaged :]], axis=0)


def slide(case: Case, solver: Simplec, s: FlowState, progress: Callable[[float, str], None]) -> Slid:
    """Turn the rotor of a settled frozen-rotor flow until its mean stands still, and average.

    Parameters
    ----------
    case : Case
    solver : Simplec
        On uniform theta faces; is left at the first position of the rotor.
    s : FlowState
        Flow of the frozen rotor; used up.
    progress : callable
        Called with (fraction, text).
    """
    rotor = Rotor(solver, case.operation.omega)
    turn = solver.grid.mesh.shape[1] * solver.grid.mesh.sector
    steps: list[Step] = []
    settled = False
    for revolution in range(MOST):
        steps += _revolution(case, rotor, s, turn, progress, f"revolution {revolution + 1}", revolution / MOST)
        if revolution + 1 >= LEAST and _stands_still(steps, turn):
            settled = True
            break
    mean = Average(rotor, s)
    energies: list[EnergyBalance] = []

    def sample(number: int) -> None:
        mean.add(s)
        if number % SAMPLE == 0:
            energies.append(energy_balance(solver, s))

    for revolution in range(AVERAGED):
        steps += _revolution(
            case, rotor, s, turn, progress, f"averaging, revolution {revolution + 1} of {AVERAGED}", 0.95, sample
        )
    rotor.rest()
    state, correction, periodic = mean.join()
    energy = _mean_energy(energies)
    return Slid(state, steps, AVERAGED * turn, settled, energy, correction, periodic, len(steps) / turn)


def _revolution(
    case: Case,
    rotor: Rotor,
    s: FlowState,
    turn: int,
    progress: Callable[[float, str], None],
    label: str,
    fraction: float,
    after: Callable[[int], None] | None = None,
) -> list[Step]:
    steps = []
    for number in range(turn):
        rotor.step(s)
        driven, resisted = torques(rotor.solver)
        power = power_numbers(case, rotor.solver)
        pumping = flow_numbers(case, rotor.solver.grid.mesh, rotor.solver.fr, rotor.solver.fz)
        steps.append(Step(driven, resisted, rotor.inertia.angular_momentum(s.ang), power, pumping))
        if not math.isfinite(driven + resisted):
            raise SolverError(
                "the sliding rotor diverged",
                where=f"flow, {label}",
                hint='rotor = "frozen" in [flow] solves the same tank without it; please report the case',
            )
        if after is not None:
            after(number)
        if number % 8 == 7:
            text = f"{label}  {(number + 1) / turn:.0%}  Np {sum(power):.2f}  torque {1.0 - resisted / driven:+.1%}"
            progress(fraction, text)
    return steps


def _stands_still(steps: list[Step], turn: int) -> bool:
    """Whether the last revolution differs little from the one before, and its torques balance."""
    last, before = steps[-turn:], steps[-2 * turn : -turn]
    power, earlier = (float(np.mean([x.driven for x in part])) for part in (last, before))
    resisted = float(np.mean([x.resisted for x in last]))
    return abs(power / earlier - 1.0) < STEADY and abs(1.0 - resisted / power) < BALANCED


def _mean_energy(parts: list[EnergyBalance]) -> EnergyBalance:
    names = EnergyBalance.__dataclass_fields__
    return EnergyBalance(**{name: float(np.mean([getattr(p, name) for p in parts])) for name in names})


class Rotor:
    """The turning zones of a solver: grids of every position, and steps of one theta cell.

    Parameters
    ----------
    solver : Simplec
    omega : float
        rad/s.
    """

    def __init__(self, solver: Simplec, omega: float) -> None:
        self.solver, self.first = solver, solver.grid
        mesh = solver.grid.mesh
        width = mesh.dtheta
        if np.ptp(width) > 1e-9 * width[0]:
            raise ValueError("a sliding rotor needs equal theta cells")
        zone = mesh.zone > 0
        self.in_cells = zone[:, None, :]
        mass, dz = solver.grid.rc * solver.grid.dr, solver.grid.dz
        self.in_r = _share(zone, mass, 0)[:, None, :]
        self.in_z = _share(zone, dz, 1)[:, None, :]
        self.inertia = Inertia(solver.grid, float(width[0]) / omega)
        self.position = 0
        self._grids = {0: solver.grid}
        self._forward = True
        self._steady = solver.alpha_ke, solver.free_swirl
        # the aids of a tank without baffles (rushton.flow.swirl) stand in for the inertia that is here
        solver.inertia, solver.alpha_ke, solver.free_swirl = self.inertia, ALPHA_KE, False

    def step(self, s: FlowState) -> None:
        """Turn by one theta cell and solve for the state one step later."""
        self.turn_state(s, 1)
        self._move(self.position + 1)
        self.inertia.begin(s, *self.solver.closure.scalars(s))
        for _ in range(INNER):
            self.solver.iterate(s, self._forward)
            self._forward = not self._forward

    def turn_state(self, s: FlowState, steps: int) -> None:
        """Turn what lies in the zones by a number of theta cells; half of what lies on their border."""
        for x in (s.ang, s.p, s.nut, *(s.ke, s.eps), *self._own_scalars(s), self.solver.nu):
            x[...] = np.where(self.in_cells, np.roll(x, steps, axis=1), x)
        s.ur[...] += self.in_r * (np.roll(s.ur, steps, axis=1) - s.ur)
        s.uz[...] += self.in_z * (np.roll(s.uz, steps, axis=1) - s.uz)

    def rest(self) -> None:
        """Leave the solver at the first position, for steady use."""
        self._move(0)
        self.solver.inertia = None
        self.solver.alpha_ke, self.solver.free_swirl = self._steady

    def _own_scalars(self, s: FlowState) -> list[np.ndarray]:
        return [x for x in self.solver.closure.scalars(s) if x is not s.ke and x is not s.eps]

    def _move(self, position: int) -> None:
        nt = self.first.mesh.shape[1]
        position %= nt
        if self.solver.blades is not None:
            self.solver.blades.turn(position - self.position)
        if position not in self._grids:
            self._grids[position] = self._grid(position)
        self.position, self.solver.grid = position, self._grids[position]
        self.solver.closure.move(self.solver.grid)
        self.solver.forget_walls()

    def _grid(self, position: int) -> FlowGrid:
        """Grid of a position; one that looks the same is used again, and arrays that are the same are shared."""
        mesh = turned_mesh(self.first.mesh, position)
        for known in self._grids.values():
            if np.array_equal(known.mesh.wall_theta, mesh.wall_theta) and np.array_equal(known.mesh.solid, mesh.solid):
                return known
        grid = FlowGrid.of(mesh, self.first.omega_shaft)
        shared = {
            name: getattr(self.first, name)
            for name in ("vol", "az", "omega", "open_r", "open_z", "fixed_r", "fixed_z")
            if np.array_equal(getattr(grid, name), getattr(self.first, name))
        }
        return replace(grid, **shared)


def _share(zone: np.ndarray, size: np.ndarray, axis: int) -> np.ndarray:
    """Share of the control volume round every face, along ``axis`` of ``zone`` (nr, nz), that lies in a zone."""
    weight = np.moveaxis(zone * (size[:, None] if axis == 0 else size), axis, 0)
    whole = np.moveaxis(np.ones(zone.shape) * (size[:, None] if axis == 0 else size), axis, 0)
    part, full = np.zeros((weight.shape[0] + 1, weight.shape[1])), np.zeros((weight.shape[0] + 1, weight.shape[1]))
    for total, x in ((part, weight), (full, whole)):
        total[:-1] += x
        total[1:] += x
    return np.moveaxis(part / full, 0, axis)


def turned_mesh(mesh: TankMesh, steps: int) -> TankMesh:
    """The mesh with all that stands in its rotating zones turned by a number of theta cells."""
    zone = mesh.zone > 0
    r_faces = np.zeros((zone.shape[0] + 1, zone.shape[1]), bool)
    r_faces[1:-1] = zone[1:] & zone[:-1]
    z_faces = np.zeros((zone.shape[0], zone.shape[1] + 1), bool)
    z_faces[:, 1:-1] = zone[:, 1:] & zone[:, :-1]

    def turned(x: np.ndarray, where: np.ndarray) -> np.ndarray:
        return np.where(where[:, None, :], np.roll(x, steps, axis=1), x)

    return replace(
        mesh,
        wall_r=turned(mesh.wall_r, r_faces),
        patch_r=turned(mesh.patch_r, r_faces),
        wall_theta=turned(mesh.wall_theta, zone),
        patch_theta=turned(mesh.patch_theta, zone),
        wall_z=turned(mesh.wall_z, z_faces),
        patch_z=turned(mesh.patch_z, z_faces),
        solid=turned(mesh.solid, zone),
    )


class Average:
    """Running averages of a state: in step with the blades inside the zones, at rest outside."""

    NAMES = ("ur", "ang", "uz", "p", "ke", "eps", "nut")

    def __init__(self, rotor: Rotor, s: FlowState) -> None:
        self.rotor, self.count = rotor, 0
        self.sums = {name: np.zeros_like(getattr(s, name)) for name in self.NAMES}
        self._whole_r, self._whole_z = rotor.in_r == 1.0, rotor.in_z == 1.0
        self._squares = np.zeros_like(s.p)

    def add(self, s: FlowState) -> None:
        """One more step."""
        back = -self.rotor.position
        for name in self.NAMES:
            where = {"ur": self._whole_r, "uz": self._whole_z}.get(name, self.rotor.in_cells)
            x = getattr(s, name)
            self.sums[name] += np.where(where, np.roll(x, back, axis=1), x)
        self._squares += self._energy(s)
        self.count += 1

    def _energy(self, s: FlowState) -> np.ndarray:
        """(nr, nt, nz) kinetic energy in mesh cells, m2/s2; only what is asked outside the zones matters."""
        rc = self.rotor.first.rc[:, None, None]
        u_r = 0.5 * (s.ur[1:] + s.ur[:-1])
        u_t = 0.5 * (s.ang + np.roll(s.ang, -1, axis=1)) / rc
        u_z = 0.5 * (s.uz[..., 1:] + s.uz[..., :-1])
        return 0.5 * (u_r**2 + u_t**2 + u_z**2)

    def join(self) -> tuple[FlowState, float, float]:
        """Mean state free of divergence, largest change of velocity by that (m/s), periodic over turbulent energy."""
        solver, grid = self.rotor.solver, self.rotor.first
        state = FlowState(**{name: total / self.count for name, total in self.sums.items()})
        outside = grid.vol * ~self.rotor.in_cells * ~grid.mesh.solid
        periodic = float(((self._squares / self.count - self._energy(state)) * outside).sum())
        turbulent = float((state.ke * outside).sum())
        before = state.ur.copy(), state.ang / grid.rc[:, None, None], state.uz.copy()
        _potential_factors(solver)
        solver.project(state)
        after = state.ur, state.ang / grid.rc[:, None, None], state.uz
        correction = max(float(np.abs(a - b).max()) for a, b in zip(after, before, strict=True))
        return state, correction, periodic / turbulent if turbulent > 0.0 else 0.0


def _potential_factors(solver: Simplec) -> None:
    """Pressure factors for which the correction is the gradient of a potential: the least change of velocity."""
    g = solver.grid
    solver.d_r[...] = 0.0
    solver.d_r[1:-1] = 1.0 / np.diff(g.rc)[:, None, None]
    solver.d_r[g.fixed_r] = 0.0
    solver.d_t[...] = np.where(g.fixed_t, 0.0, 1.0 / (0.5 * (g.dth + np.roll(g.dth, 1)))[:, None])
    solver.d_z[...] = 0.0
    solver.d_z[..., 1:-1] = 1.0 / np.diff(g.zc)
    solver.d_z[g.fixed_z] = 0.0
