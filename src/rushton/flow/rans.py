"""The steady Reynolds-averaged flow of a stirred tank, from rest on three grids.

The flow is solved on the smallest sector that repeats (common divisor of blades and baffles), from a coarse to the
wanted grid, each level starting from the interpolated solution of the one before, and tiled to the full tank last.

A level ends when the torque balance closes within ``TORQUE_TOLERANCE`` and power and flow number of every impeller have
changed by less than ``STEADY_TOLERANCE`` over ``WINDOW`` iterations: residuals of stirred tanks end in a limit cycle
while the integrals are steady, so residuals are not asked. The last step projects the fluxes to zero divergence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.case import catalogue
from rushton.case.schema import impeller_shear_rate
from rushton.cores import Team, usable_cores
from rushton.errors import SolverError
from rushton.flow.buoyancy import GasLoad, lift
from rushton.flow.closures import CLOSURES
from rushton.flow.closures.k_epsilon import KEpsilon
from rushton.flow.energy import energy_balance
from rushton.flow.field import Flow, FlowNumbers
from rushton.flow.grid import FlowGrid
from rushton.flow.immersed import immersed_blades
from rushton.flow.power import flow_numbers, power_numbers, torque_imbalance, torques
from rushton.flow.regime import Regime, regime_of
from rushton.flow.simplec import FlowState, Simplec
from rushton.flow.sliding import Slid, slide
from rushton.flow.viscosity import Newtonian, PowerLaw, Viscosity
from rushton.mesh.build import build_mesh, symmetry
from rushton.mesh.cylinder import TankMesh
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case

TORQUE_TOLERANCE = 0.008
"""Accepted relative torque imbalance on the finest grid, - (the stated bar is 1 %)."""
STEADY_TOLERANCE = 0.005
WINDOW = 50
PATIENCE, STALLED_TOLERANCE = 2 * WINDOW, 0.0095
"""Iterations on the finest grid after which this imbalance is accepted too: on 3e5 mesh cells the loops surge slowly (a
period of some 150 iterations moves power by 0.6 % and the balance by 2 %), and waiting brings no better mean."""
MIN_ITERATIONS = 60
MAX_ITERATIONS = (250, 250, 1000)
"""Per level, coarse to fine."""
SWING, SWING_WINDOW = 0.02, 50
"""Mean torque imbalance over so many last iterations beyond which a flow without baffles is solved again with
turbulence that rotation does not damp (``rushton.flow.closures.rotation``): its core found no steady state."""
UNDAMPED = (
    "no steady swirl was found with turbulence that rotation damps; computed without that damping: power and swirl are "
    "upper bounds, up to twice too high"
)
FROZEN_SHARE = 0.15
"""Share of the progress that the frozen rotor takes before one that turns."""
LEVELS = (1.0 / 8.0, 1.0 / 2.5, 1.0)
"""Mesh cells of the levels relative to the finest."""


@dataclass(frozen=True)
class Monitor:
    """Integrals of one iteration (full tank): Np per impeller, Nq per impeller, torque imbalance, mass imbalance."""

    level: int
    iteration: int
    np: tuple[float, ...]
    nq: tuple[float, ...]
    imbalance: float
    mass: float

    def as_dict(self) -> dict[str, float]:
        """Flat numbers for the history."""
        return {
            "level": self.level,
            "iteration": self.iteration,
            "power_number": sum(self.np),
            "flow_number": sum(self.nq),
            "torque_imbalance": self.imbalance,
            "mass_imbalance": self.mass,
        }


def solve_flow(case: Case, progress: Progress = silent, threads: int | None = None, gas: GasLoad | None = None) -> Flow:
    """Solve the steady flow of a case.

    Parameters
    ----------
    case : Case
        Tank, impellers, operation, broth and numerics are used.
    progress : callable
        Called with (fraction, text).
    threads : int, optional
        By default as many as there are cores (``rushton.cores``); the result has the same bytes on any number.
    gas : GasLoad, optional
        Gas that lifts the liquid (``rushton.flow.buoyancy``).

    Returns
    -------
    Flow
        Full tank; ``converged`` is False, with a message, when the stopping rule was not met.

    Raises
    ------
    SolverError
        If the iteration diverges even with the safe settings.
    """
    with Team(threads or usable_cores()) as team:
        flow = _solve(case, progress, team, gas)
        if not _swings(case, flow):
            return flow
        plain = _solve(case, progress, team, gas, damped=False)
        message = "; ".join(text for text in (UNDAMPED, plain.numbers.message) if text)
        return replace(plain, numbers=replace(plain.numbers, message=message))


def _swings(case: Case, flow: Flow) -> bool:
    """Whether a tank without baffles found no steady state with the turbulence that rotation damps."""
    n = flow.numbers
    last = [entry["torque_imbalance"] for entry in n.history[-SWING_WINDOW:]]
    unsteady = not n.converged and abs(sum(last) / len(last)) > SWING
    damps = not case.tank.baffles.count and n.turbulence_model == "k-epsilon" and case.flow.rotor == "frozen"
    return unsteady and damps


def _solve(case: Case, progress: Progress, team: Team, gas: GasLoad | None, damped: bool = True) -> Flow:
    wanted = case.numerics.target_mesh_cells
    sector = symmetry(case, wanted)
    state: FlowState | None = None
    previous: FlowGrid | None = None
    history: list[Monitor] = []
    sizes = [max(int(f * wanted), 4000) for f in LEVELS]
    meshes = [size for size in sorted(set(sizes[:-1])) if size < 0.8 * wanted] + [wanted]
    solver = None
    converged = False
    sliding = case.flow.rotor == "sliding"
    share = FROZEN_SHARE if sliding else 1.0

    def report(done: float, text: str) -> None:
        progress(share * done, text)

    for level, size in enumerate(meshes):
        finest = level == len(meshes) - 1
        level_sector = sector if symmetry(case, size) % sector == 0 else 1
        mesh = build_mesh(case, size, sector=level_sector)
        grid = FlowGrid.of(mesh, case.operation.omega)
        state = _start(case, grid) if state is None or previous is None else interpolate(previous, state, grid)
        solver = _solver(case, grid, team, gas)
        if not damped and isinstance(solver.closure, KEpsilon):
            solver.closure.free_swirl = False
        solver.closure.start(solver, state)
        limit = MAX_ITERATIONS[-1] if finest else MAX_ITERATIONS[min(level, 1)]
        converged = _iterate(case, solver, state, level, len(meshes), limit, finest, history, report)
        previous = grid
    assert solver is not None and state is not None
    solver.project(state)
    frozen = _flow(case, solver, state, history, converged)
    if not sliding:
        report(1.0, "flow projected to zero divergence")
        return frozen
    slid = slide(case, solver, state, lambda done, text: progress(FROZEN_SHARE + (1.0 - FROZEN_SHARE) * done, text))
    progress(1.0, "averages joined")
    return _turned(case, _flow(case, solver, slid.state, history, converged and slid.settled, slid), frozen, slid)


def _start(case: Case, grid: FlowGrid) -> FlowState:
    d = max(imp.diameter for imp in case.impellers)
    n = case.operation.speed
    return FlowState.at_rest(grid, math.pi * n * d, n, d)


def _solver(case: Case, grid: FlowGrid, team: Team, gas: GasLoad | None = None) -> Simplec:
    d = max(imp.diameter for imp in case.impellers)
    # the cap only guards the start: 0.01 tip speed x diameter is several times the largest value found in stirred tanks
    limit = 1e-2 * math.pi * case.operation.speed * d * d
    force = None if gas is None else lift(grid, gas.on(grid.mesh))
    return Simplec(
        grid, viscosity_law(case), limit, CLOSURES[flow_regime(case).model], team, immersed_blades(case, grid), force
    )


def viscosity_law(case: Case) -> Viscosity:
    """Kinematic viscosity of the broth: a number, or a power law that starts at the shear rate of the impeller."""
    rho, law = case.broth.density, case.broth.power_law
    if law is None:
        return Newtonian(case.broth.viscosity / rho)
    rate = impeller_shear_rate(case.impellers, case.operation)
    return PowerLaw(law.consistency / rho, law.index, law.min / rho, law.max / rho, rate)


def apparent_viscosity(case: Case) -> float:
    """Viscosity of the broth at the impeller: what the Reynolds number is formed with, Pa s."""
    law = case.broth.power_law
    return case.broth.viscosity if law is None else law.at(impeller_shear_rate(case.impellers, case.operation))


def flow_regime(case: Case) -> Regime:
    """Flow regime of the largest impeller and the closure used in it."""
    d = max(imp.diameter for imp in case.impellers)
    reynolds = case.broth.density * case.operation.speed * d * d / apparent_viscosity(case)
    return regime_of(reynolds, case.flow.turbulence)


def _iterate(
    case: Case,
    solver: Simplec,
    state: FlowState,
    level: int,
    levels: int,
    limit: int,
    finest: bool,
    history: list[Monitor],
    progress: Progress,
) -> bool:
    """Iterate one level until its integrals are steady; False when ``limit`` was reached before."""
    n, d = case.operation.speed, max(imp.diameter for imp in case.impellers)
    safe_until = 0
    backup = None
    recent: list[Monitor] = []
    for it in range(limit):
        safe = it < safe_until
        solver.iterate(state, forward=it % 2 == 0, second=not safe, alpha=0.7 if safe else 0.9)
        monitor = Monitor(
            level,
            it + 1,
            power_numbers(case, solver),
            flow_numbers(case, solver.grid.mesh, solver.fr, solver.fz),
            torque_imbalance(solver),
            solver.mass * solver.grid.mesh.sector / (n * d**3),
        )
        recent.append(monitor)
        history.append(monitor)
        if not math.isfinite(sum(monitor.np) + monitor.mass):
            if safe_until or backup is None:
                raise SolverError(
                    "the flow iteration diverged",
                    where=f"flow, grid level {level + 1}, iteration {it + 1}",
                    hint='try quality = "draft" or another mesh_cells in [numerics]; please report the case',
                )
            for name, array in backup.items():
                getattr(state, name)[:] = array
            safe_until = it + WINDOW
            continue
        if it % WINDOW == 0:
            backup = {name: getattr(state, name).copy() for name in ("ur", "ang", "uz", "p", "ke", "eps", "nut")}
        if it % 5 == 4:
            total = sum(monitor.np)
            text = f"grid {level + 1}/{levels}  iteration {it + 1}  Np {total:.2f}  torque {monitor.imbalance:+.1%}"
            progress((level + it / limit) / levels, text)
        if it + 1 >= MIN_ITERATIONS and steady(recent, finest):
            return True
    return False


def steady(recent: list[Monitor], finest: bool) -> bool:
    """Whether torque balances and the integrals stand still over the last ``WINDOW`` iterations."""
    window = recent[-WINDOW:]
    tolerance = TORQUE_TOLERANCE if len(recent) < PATIENCE else STALLED_TOLERANCE
    balance = tolerance if finest else 2.5 * TORQUE_TOLERANCE
    change = STEADY_TOLERANCE if finest else 2.0 * STEADY_TOLERANCE
    if max(abs(m.imbalance) for m in window[-10:]) > balance:
        return False
    for quantity in ("np", "nq"):
        # every impeller by itself: in the sum a change of one could hide behind that of another
        values = np.array([getattr(m, quantity) for m in window])
        if (values.max(axis=0) - values.min(axis=0)).max() > change * np.abs(values).mean():
            return False
    return True


def interpolate(old: FlowGrid, s: FlowState, new: FlowGrid) -> FlowState:
    """Trilinear interpolation of a state onto another grid of the same sector, periodic in theta."""
    from scipy.interpolate import RegularGridInterpolator

    a, b = old.mesh, new.mesh
    period = 2.0 * math.pi / a.sector

    def axis(mesh: TankMesh, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        r = mesh.r if kind == "r" else mesh.r_centre
        t = mesh.theta[:-1] if kind == "t" else mesh.theta_centre
        z = mesh.z if kind == "z" else mesh.z_centre
        return r, t, z

    def move(field: np.ndarray, kind: str) -> np.ndarray:
        r, t, z = axis(a, kind)
        t3 = np.concatenate([t[-1:] - period, t, t[:1] + period])
        f3 = np.concatenate([field[:, -1:], field, field[:, :1]], axis=1)
        r2, t2, z2 = axis(b, kind)
        points = np.meshgrid(np.clip(r2, r[0], r[-1]), np.mod(t2, period), np.clip(z2, z[0], z[-1]), indexing="ij")
        return RegularGridInterpolator((r, t3, z), f3)(np.stack(points, axis=-1))

    ur, ang, uz = move(s.ur, "r"), move(s.ang, "t"), move(s.uz, "z")
    ur[new.fixed_r] = 0.0
    uz[new.fixed_z] = 0.0
    ang = np.where(new.fixed_t, new.value, ang)
    ke = np.maximum(move(s.ke, "c"), 1e-10)
    eps = np.maximum(move(s.eps, "c"), 1e-12)
    return FlowState(ur, ang, uz, move(s.p, "c"), ke, eps, move(s.nut, "c"))


def _turned(case: Case, flow: Flow, frozen: Flow, slid: Slid) -> Flow:
    """Say what the turning of the rotor changed, and how well its averages fit together."""
    n = flow.numbers
    resisted, driven = float(slid.mean("resisted")), float(slid.mean("driven"))
    trouble = "" if slid.settled else f"not periodic after {slid.revolutions:.0f} revolutions of the rotor"
    numbers = replace(
        n,
        rotor="sliding",
        revolutions=slid.revolutions,
        power_number=tuple(float(x) for x in slid.mean("power")),
        power_number_frozen=frozen.numbers.power_number,
        periodic_energy_ratio=slid.periodic_energy_ratio,
        torque_imbalance=1.0 - resisted / driven,
        message=_message(frozen.numbers.message, trouble),
    )
    return replace(flow, numbers=numbers)


def _flow(
    case: Case, solver: Simplec, s: FlowState, history: list[Monitor], converged: bool, slid: Slid | None = None
) -> Flow:
    """Tile the sector to the full tank, absolute fluxes, and form the integral numbers."""
    grid, mesh = solver.grid, solver.grid.mesh
    copies = mesh.sector
    rho, n = case.broth.density, case.operation.speed
    window = history[-WINDOW:]
    driven = (torques(solver)[0] if slid is None else float(slid.mean("driven"))) * copies
    power = 2.0 * math.pi * n * driven * rho
    ft = s.ang / grid.rc[:, None, None] * (grid.dr[:, None] * grid.dz[None, :])[:, None, :]
    # wall faces exactly: nothing through resting walls, the swept flux at blades (already in ft to rounding)
    fr = np.where(grid.open_r > 0, solver.fr, 0.0)
    fz = np.where(grid.open_z > 0, solver.fz, 0.0)
    full = mesh.tiled()

    def tile(a: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.tile(a, (1, copies, 1)))

    fluid = ~mesh.solid
    vol = np.where(fluid, grid.vol, 0.0)
    energy = energy_balance(solver, s) if slid is None else slid.energy
    lifting = 0.0 if solver.lift is None else float((solver.lift * s.uz).sum())
    spent = driven / copies * case.operation.omega + lifting  # of the sector, shaft and bubbles, over density, m5/s3
    d = max(imp.diameter for imp in case.impellers)
    nq = flow_numbers(case, mesh, fr, fz)
    pumped = sum(q * n * imp.diameter**3 for q, imp in zip(nq, case.impellers, strict=True))
    volume = float(vol.sum()) * copies
    regime, mu = flow_regime(case), apparent_viscosity(case)
    numbers = FlowNumbers(
        speed=n,
        density=rho,
        viscosity=mu,
        impeller_diameter=tuple(imp.diameter for imp in case.impellers),
        power_W=power,
        power_number=tuple(float(np.mean([m.np[i] for m in window])) for i in range(len(case.impellers))),
        flow_number=nq,
        reynolds=rho * n * d * d / mu,
        tip_speed_m_s=math.pi * n * d,
        dissipation_power_ratio=energy.dissipation / spent,
        numerical_dissipation_ratio=energy.numerical / spent,
        turbulence_production_ratio=energy.turbulent / spent,
        viscous_dissipation_ratio=energy.viscous / spent,
        wall_work_ratio=energy.wall / spent,
        energy_balance_ratio=energy.total / spent,
        turbulence_balance_ratio=energy.turbulence_ratio,
        lifting_power_W=lifting * copies * rho,
        torque_imbalance=float(np.mean([m.imbalance for m in window[-10:]])),
        mass_imbalance=solver.mass * copies / (n * d**3),
        circulation_time_s=volume / pumped,
        converged=converged,
        iterations=history[-1].iteration,
        message=_message("" if converged else _why_not(window), regime.message),
        turbulence_model=regime.model,
        reynolds_regime=regime.name,
        blades="thin" if case.thin_blades else "solid",
        power_number_catalogue=tuple(
            catalogue.power_number(imp, case.tank, case.operation.speed * imp.diameter**2 * rho / mu).value
            for imp in case.impellers
        ),
        flow_number_catalogue=tuple(catalogue.published_flow_number(imp) for imp in case.impellers),
        power_number_imposed=tuple(imp.power_number for imp in case.impellers),
        history=tuple(m.as_dict() for m in history),
    )
    flow = Flow(
        mesh=full,
        flux_r=tile(fr),
        flux_theta=tile(ft),
        flux_z=tile(fz),
        k=tile(np.where(fluid, s.ke, 0.0)),
        epsilon=tile(np.where(fluid, s.eps, 0.0)),
        nu_t=tile(np.where(fluid, s.nut, 0.0)),
        apparent_viscosity=tile(np.where(fluid, rho * solver.nu, 0.0)) if case.broth.power_law is not None else None,
        numbers=numbers,
    )
    return replace(flow, numbers=replace(numbers, message=_message(numbers.message, surface_warning(case, flow))))


def surface_warning(case: Case, flow: Flow) -> str:
    """What the flat surface hides: a vortex down to an impeller, or any vortex in a tank without baffles."""
    depth, top = flow.vortex_depth, case.impellers[-1]
    cover = case.tank.liquid_height - top.clearance - 0.5 * top.height
    if depth > cover:
        return (
            f"a free surface that would swallow air: with this swirl its vortex would reach {depth:.2g} m down, past "
            f"the upper edge of the upper impeller {cover:.2g} m below the surface. It is computed as flat and without "
            "air: power, pumping and mixing are not those of the tank; add baffles or stir more slowly"
        )
    if case.tank.baffles.count == 0:
        return (
            f"no baffles: with this swirl the surface would become a vortex {depth:.2g} m deep (the upper impeller "
            f"lies {cover:.2g} m below the surface); it is computed as flat"
        )
    return ""


def _message(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _why_not(window: list[Monitor]) -> str:
    values = np.array([sum(m.np) for m in window])
    swing = (values.max() - values.min()) / abs(values.mean())
    return (
        f"not steady after {window[-1].iteration} iterations on the finest grid: torque imbalance "
        f"{window[-1].imbalance:+.2%}, power number still moving by {swing:.2%} over {len(window)} iterations"
    )
