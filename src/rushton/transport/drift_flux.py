"""Gas hold-up: bubbles carried by the liquid, rising through it, scattered by its turbulence.

::

    div(c alpha (u + u_slip e_z)) - div(c D grad alpha) = S,     c = (p - p_w)/(R T),   p = p_head + rho g (H - z)

    alpha   -       gas fraction                   u       m/s    liquid velocity
    c       mol/m3  dry gas per volume of bubble   u_slip  m/s    rise of the bubbles through the liquid
    S       mol/s   gas of the sparger             D       m2/s   nu_t/Sc_g, dispersion by eddies
    p       Pa      local pressure                 p_w     Pa     vapour pressure: bubbles are moist

Bubbles grow as they rise (c falls with the pressure). Gas leaves through the liquid's surface with u_slip; every other
boundary is closed. The amount of dry gas is kept: what oxygen it loses is taken to be replaced by carbon dioxide. The
liquid's flux is that of the liquid alone: what bubbles displace is left out, an error of the order of alpha.

Bubble size (:mod:`rushton.transport.bubble_sizes`) and slip (:mod:`rushton.correlations.bubbles`) follow in turn with
alpha until all stand still. A measured hold-up multiplies the slip by one number for the whole tank.

Discretisation: first-order upwind and central dispersion, implicit. All off-diagonals are positive and the columns of
the matrix sum to the surface outflow, so alpha is positive and what leaves equals what the sparger gives to rounding.

Sources: N. Zuber, J. A. Findlay, J. Heat Transfer 87, 453 (1965) for the drift flux; Sc_g = 0.9 as in the
Favre-averaged drag of A. D. Burns et al. 2004 (from memory).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rushton.correlations.bubbles import LARGEST, SMALLEST
from rushton.errors import SolverError
from rushton.flow.field import Flow
from rushton.mesh.cylinder import TankMesh
from rushton.mesh.faces import passes_diffusion
from rushton.store import Progress, silent
from rushton.transport.frame import FRAME, Frame, advecting_fluxes
from rushton.transport.linear import LinearSystem

SCHMIDT_GAS = 0.9
"""Turbulent Schmidt number of bubbles, -."""
TOLERANCE = 1e-5
"""Change of hold-up and (relative, mean) of alpha at which the field is steady, -."""
MOST_ROUNDS = 150
LINEAR_TOLERANCE = 1e-9
RELAXATION, LEAST_RELAXATION = 0.6, 0.15
"""Part of a new bubble size (in its logarithm) that is taken over; made less where the rounds swing, -."""


class Sizes(Protocol):
    """Model of the bubble size."""

    def start(self) -> np.ndarray:
        """First guess, m."""
        ...

    def level(self, size: np.ndarray, alpha: np.ndarray) -> float:
        """By what the sizes are multiplied before they are used, -."""
        ...

    def advance(
        self, size: np.ndarray, alpha: np.ndarray, source: np.ndarray, system: LinearSystem, carried: np.ndarray
    ) -> np.ndarray:
        """Sizes that belong to a gas field, m, given the transport of the gas."""
        ...


@dataclass(frozen=True, eq=False)
class GasMatrix:
    """Discrete balance of the gas, mol/s per unit of alpha: diagonal alpha - sum neighbours alpha_nb = S.

    Attributes
    ----------
    diagonal : (nr, nt, nz) float
    neighbours : (6, nr, nt, nz) float
        Inflow from r-, r+, theta-, theta+, z-, z+ (>= 0).
    outflow : (nr, nt, nz) float
        Through the surface; part of the diagonal.
    """

    diagonal: np.ndarray
    neighbours: np.ndarray
    outflow: np.ndarray


@dataclass(frozen=True, eq=False)
class GasPhase:
    """Gas in the tank.

    Attributes
    ----------
    fraction : (nr, nt, nz) float
        alpha, -.
    size, slip : (nr, nt, nz) float
        Sauter diameter, m, and rise, m/s.
    matrix : GasMatrix
    source : (nr, nt, nz) float
        S, mol/s.
    slip_factor : float
        By which a measured hold-up multiplied the slip, -; 1 without one.
    size_level : float
        By what transported sizes were multiplied, -.
    balance_error : float
        |surface outflow/sparger - 1|.
    rounds : int
    converged : bool
    """

    fraction: np.ndarray
    size: np.ndarray
    slip: np.ndarray
    matrix: GasMatrix
    source: np.ndarray
    slip_factor: float
    size_level: float
    balance_error: float
    rounds: int
    converged: bool


def gas_matrix(
    mesh: TankMesh,
    fluxes: tuple[np.ndarray, np.ndarray, np.ndarray],
    diffusivity: np.ndarray,
    slip: np.ndarray,
    density_centre: np.ndarray,
    density_face: np.ndarray,
) -> GasMatrix:
    """Upwind convection with slip and central dispersion on the structured mesh.

    Parameters
    ----------
    mesh : TankMesh
    fluxes : three arrays
        Liquid fluxes, m3/s, zero on closed faces.
    diffusivity : (nr, nt, nz) float
        D, m2/s.
    slip : (nr, nt, nz) float
        u_slip, m/s; between mesh cells the mean of both.
    density_centre, density_face : (nz,), (nz+1,) float
        c at the centres and at the z faces, mol/m3.
    """
    open_r, open_t, open_z = passes_diffusion(mesh)
    f_r, f_t = fluxes[0] * density_centre, fluxes[1] * density_centre
    rise = np.zeros_like(fluxes[2])
    rise[:, :, 1:-1] = 0.5 * (slip[:, :, 1:] + slip[:, :, :-1])
    f_z = (fluxes[2] + np.where(open_z, rise * mesh.area_z, 0.0)) * density_face
    g_r, g_t, g_z = _conductances(mesh, diffusivity, (open_r, open_t, open_z))
    g_r, g_t, g_z = g_r * density_centre, g_t * density_centre, g_z * density_face
    plus, minus = np.maximum, np.minimum
    neighbours = np.zeros((6, *mesh.shape))
    neighbours[0] = plus(f_r[:-1], 0.0) + g_r[:-1]
    neighbours[1] = -minus(f_r[1:], 0.0) + g_r[1:]
    neighbours[2] = plus(f_t, 0.0) + g_t
    neighbours[3] = np.roll(-minus(f_t, 0.0) + g_t, -1, axis=1)
    neighbours[4] = plus(f_z[..., :-1], 0.0) + g_z[..., :-1]
    neighbours[5] = -minus(f_z[..., 1:], 0.0) + g_z[..., 1:]
    diagonal = -minus(f_r[:-1], 0.0) + g_r[:-1] + plus(f_r[1:], 0.0) + g_r[1:]
    diagonal += -minus(f_t, 0.0) + g_t + np.roll(plus(f_t, 0.0) + g_t, -1, axis=1)
    diagonal += -minus(f_z[..., :-1], 0.0) + g_z[..., :-1] + plus(f_z[..., 1:], 0.0) + g_z[..., 1:]
    outflow = np.zeros(mesh.shape)
    outflow[..., -1] = slip[..., -1] * mesh.area_z[..., -1] * density_face[-1]
    outflow[mesh.solid] = 0.0
    return GasMatrix(diagonal + outflow, neighbours, outflow)


def _conductances(mesh: TankMesh, d: np.ndarray, joined: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """D A/distance of r, theta, z faces, m3/s: D the harmonic mean weighted by distance, 0 on closed faces."""
    d = np.where(mesh.solid, 1.0, d)  # never used: faces of solids are closed
    out = []
    for axis, (area, passes) in enumerate(zip((mesh.area_r, mesh.area_theta, mesh.area_z), joined, strict=True)):
        shape = [1, 1, 1]
        half = 0.5 * (np.diff(mesh.r), mesh.dtheta, np.diff(mesh.z))[axis]
        shape[axis] = half.size
        resistance = half.reshape(shape) / d
        if axis == 1:
            resistance = resistance * mesh.r_centre[:, None, None]
            total = resistance + np.roll(resistance, 1, axis=1)
        else:
            total = np.ones(area.shape)
            inner = [slice(None)] * 3
            inner[axis] = slice(1, -1)
            low, high = [slice(None)] * 3, [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            total[tuple(inner)] = resistance[tuple(low)] + resistance[tuple(high)]
        out.append(np.where(passes, area / total, 0.0))
    return tuple(out)


def solve_gas_phase(
    flow: Flow,
    sizes: Sizes,
    slip_of: Callable[[np.ndarray, np.ndarray], np.ndarray],
    source: np.ndarray,
    densities: tuple[np.ndarray, np.ndarray],
    measured_holdup: float | None = None,
    frame: Frame = FRAME,
    progress: Progress = silent,
) -> GasPhase:
    """Steady gas fraction on a flow.

    Parameters
    ----------
    flow : Flow
        Its fluxes, m3/s, and eddy viscosity, m2/s, are used.
    sizes : Sizes
        Model of the bubble size.
    slip_of : callable
        (size, m, and gas fraction, -) -> slip, m/s.
    source : (nr, nt, nz) float
        Gas of the sparger, mol/s.
    densities : (nz,), (nz+1,) float
        c at the centres and at the z faces, mol/m3.
    measured_holdup : float, optional
        Mean alpha to which the slip is scaled, -.
    frame : {"absolute", "relative"}
        Of the fluxes inside rotating zones.
    progress : Progress

    Returns
    -------
    GasPhase

    Raises
    ------
    SolverError
        If the tank cannot hold the gas: the mean gas fraction exceeds one half.
    """
    mesh = flow.mesh
    fluid, volumes, volume = ~mesh.solid, mesh.volumes, mesh.volume
    fluxes, diffusivity = advecting_fluxes(flow, frame), flow.nu_t / SCHMIDT_GAS + 1e-9
    supply, factor = float(source.sum()), 1.0
    start = measured_holdup or min(0.1, supply / float(densities[1][-1] * mesh.area_z[..., -1].sum()) / 0.2)
    alpha, size = np.where(fluid, start, 0.0), sizes.start()
    system, carriage, change, relaxation = None, None, np.inf, RELAXATION
    level = sizes.level(size, alpha)
    used = np.clip(level * size, SMALLEST, LARGEST)
    own = slip_of(used, alpha)  # before a measured hold-up multiplies it
    for rounds in range(1, MOST_ROUNDS + 1):
        slip = factor * own
        matrix = gas_matrix(mesh, fluxes, diffusivity, slip, *densities)
        system = _renewed(system, matrix.diagonal - matrix.outflow, matrix.neighbours, matrix.outflow, fluid)
        new = alpha.copy()
        system.solve(source, new, tolerance=LINEAR_TOLERANCE, limit=500, positive=True)
        carriage = carriage_of(matrix, new, fluid, carriage)
        next_size = sizes.advance(size, new, source, carriage, matrix.outflow * new)
        holdup = float((volumes * new).sum()) / volume
        before, change = change, float((volumes * np.abs(new - alpha)).sum()) / volume / holdup
        change = max(change, float((volumes * new * np.abs(next_size / size - 1.0)).sum()) / volume / holdup)
        change = max(change, abs(sizes.level(next_size, new) / level - 1.0))
        wanted, gain = _slip_and_gain(slip_of, used, new)
        change = max(change, float((volumes * new * np.abs(wanted / own - 1.0)).sum()) / volume / holdup)
        alpha = new
        if measured_holdup is not None:
            change = max(change, abs(holdup / measured_holdup - 1.0))
            factor *= holdup / measured_holdup
        progress(min(1.0, rounds / 25.0), f"gas hold-up {holdup:.2%}, round {rounds}")
        if change < TOLERANCE:
            break
        if change > 0.98 * before:
            relaxation = max(0.85 * relaxation, LEAST_RELAXATION)
        size = size * (next_size / size) ** relaxation
        level *= (sizes.level(size, alpha) / level) ** relaxation
        used = np.clip(level * size, SMALLEST, LARGEST)
        own = own * (slip_of(used, alpha) / own) ** (1.0 / (1.0 + gain))
    if holdup > 0.5:
        raise SolverError(
            f"the gas fraction would be {holdup:.0%}: the tank cannot hold this gas", "gas.rate",
            "give less gas, or check the units of the rate",
        )  # fmt: skip
    left = float((matrix.outflow * alpha).sum())
    return GasPhase(
        alpha, used, slip, matrix, source, factor, level, abs(left / supply - 1.0), rounds, change < TOLERANCE
    )


def _slip_and_gain(
    slip_of: Callable[[np.ndarray, np.ndarray], np.ndarray], size: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slip, m/s, and how strongly it answers to the gas fraction, d ln slip/d ln alpha >= 0, -.

    Where slip grows with alpha, alpha falls with slip: a new slip is taken over in the part 1/(1 + gain) that would
    settle a column of bubbles in one round.
    """
    slip = slip_of(size, alpha)
    gain = np.log(slip_of(size, 1.01 * alpha) / slip) / np.log(1.01)
    return slip, np.maximum(gain, 0.0)


def carriage_of(
    matrix: GasMatrix, alpha: np.ndarray, fluid: np.ndarray, old: LinearSystem | None = None
) -> LinearSystem:
    """Transport of what the gas carries, such as its composition: flows of gas between mesh cells, mol/s.

    Columns sum to what leaves through the surface, and a uniform value stays uniform.
    """
    neighbours = np.empty_like(matrix.neighbours)
    for n, (axis, shift) in enumerate(((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1))):
        neighbours[n] = matrix.neighbours[n] * np.roll(alpha, shift, axis=axis)  # zero at walls
    carried = matrix.outflow * alpha
    return _renewed(old, matrix.diagonal * alpha - carried, neighbours, carried, fluid)


def _renewed(
    old: LinearSystem | None, diagonal: np.ndarray, neighbours: np.ndarray, mass: np.ndarray, fluid: np.ndarray
) -> LinearSystem:
    if old is None:
        return LinearSystem(diagonal, neighbours, mass, fluid)
    old.set_matrix(diagonal, neighbours, mass)
    return old
