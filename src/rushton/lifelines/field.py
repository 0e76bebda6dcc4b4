"""Flow, uptake and impellers as the compiled tracks read them: one 32-byte record per mesh cell.

    a = face flux / mesh-cell volume    1/s,    q = sqrt(2 (nu_t / Sc_t + D_m) dt)    m
    with memory (``langevin``)                  q = sqrt(2 (nu_t / Sc_t + D_m) dt tanh(dt / 2 T_L)),
                                                T_L = (nu_t / Sc_t) / (2 k / 3)         s

and, per ring of mesh cells between s1 = r1^2 and s2 = r2^2, the r^2 that gives the ring its exact resistance to
radial diffusion: the logarithmic mean s_m = (s2 - s1) / ln(s2 / s1). One metre walked in r then changes r^2 by
2 sqrt(s_m), one metre walked in theta changes theta by 1 / sqrt(s_m). At the axis s_m = s2 / (2 ln 2), from the middle
of the ring (by volume) to its face. A mesh cell at the axis has a closed face there: nothing flows through a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import CaseError, SolverError
from rushton.lifelines import layout
from rushton.lifelines.layout import Field
from rushton.lifelines.observer import SCALE
from rushton.lifelines.polynomials import LARGEST_GROWTH
from rushton.mesh.cylinder import OPEN
from rushton.transport.frame import FRAME, Frame, advecting_fluxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rushton.case.schema import Impeller
    from rushton.flow.field import Flow
    from rushton.mesh.cylinder import TankMesh

LONGEST_MEMORY = 1e4
"""s; where there is hardly any turbulence k is too small to tell."""

MOLECULAR_DIFFUSIVITY = 1e-9
"""m2/s; keeps the walk defined where there is no turbulence (small solutes in water: 0.5e-9 to 2e-9)."""


def ring_means(r: np.ndarray) -> np.ndarray:
    """(nr,) mean r^2 of every ring (module docstring), m2."""
    s1, s2 = r[:-1] ** 2, r[1:] ** 2
    with np.errstate(divide="ignore"):
        mean = (s2 - s1) / np.log(s2 / np.maximum(s1, 1e-300))
    return np.where(s1 > 0.0, mean, s2 / (2.0 * np.log(2.0)))


def closed_faces(mesh: TankMesh) -> np.ndarray:
    """(nr, nt, nz) uint8, faces closed to the walk as bits of ``layout``: every wall, blades too, and the axis."""
    shut_r, shut_t, shut_z = mesh.wall_r != OPEN, mesh.wall_theta != OPEN, mesh.wall_z != OPEN
    shut_r = shut_r | (np.arange(mesh.r.size) % (mesh.r.size - 1) == 0)[:, None, None]
    shut_z = shut_z | (np.arange(mesh.z.size) % (mesh.z.size - 1) == 0)[None, None, :]
    # a solid neighbour is a wall, whatever the face says
    solid = mesh.solid
    shut_r[1:-1] |= solid[1:] | solid[:-1]
    shut_t = shut_t | solid | np.roll(solid, 1, axis=1)
    shut_z[:, :, 1:-1] |= solid[:, :, 1:] | solid[:, :, :-1]
    bits = layout.WALL_R1 * shut_r[:-1] + layout.WALL_R2 * shut_r[1:]
    bits = bits + layout.WALL_T1 * shut_t + layout.WALL_T2 * np.roll(shut_t, -1, axis=1)
    bits = bits + layout.WALL_Z1 * shut_z[:, :, :-1] + layout.WALL_Z2 * shut_z[:, :, 1:]
    return bits.astype(np.uint8)


def rates(flow: Flow, frame: Frame = FRAME) -> np.ndarray:
    """(nr, nt, nz, 6) float64 face fluxes over volume, 1/s; exactly zero on faces that nothing flows through.

    The fluxes are those that carry the scalars (``rushton.transport.frame``): then a uniform cloud of cells spends its
    time in the regimes as the volume is shared between them.

    Raises
    ------
    SolverError
        If the fluxes are not divergence-free: tracks through them would gather or thin out.
    """
    mesh = flow.mesh
    if mesh.sector != 1:
        raise SolverError("tracks need the flow of the full tank", hint="tile the sector with TankMesh.tiled()")
    solid = mesh.solid
    # nothing enters the solid; a flux that tried to is found by the check below
    fr, ft, fz = advecting_fluxes(flow, frame)
    v = np.where(solid, np.inf, mesh.volumes)
    ft2 = np.roll(ft, -1, axis=1)
    out = np.stack([fr[:-1], fr[1:], ft, ft2, fz[:, :, :-1], fz[:, :, 1:]], axis=-1) / v[..., None]
    divergence = out[..., 1] - out[..., 0] + out[..., 3] - out[..., 2] + out[..., 5] - out[..., 4]
    worst = float(np.abs(divergence).max() / max(np.abs(out).max(), 1e-300))
    if not worst < 1e-6:
        raise SolverError(
            f"the face fluxes are not divergence-free: {worst:.2g} of the largest flux is lost in one mesh cell",
            where="lifelines",
            hint="project the flow once more (flow stage), or repair the imported fluxes",
        )
    return out


def impeller_zones(mesh: TankMesh, impellers: Sequence[Impeller]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Impeller zones per layer of mesh cells: cylinders of the impeller's diameter, two blade heights high.

    Returns
    -------
    low, high : (nz,) float, fractions of the layer between which it is inside; 2, -1 where it is not
    ring : (nz,) int32, number of rings inside the radius
    """
    nz = mesh.shape[2]
    low, high, ring = np.full(nz, 2.0), np.full(nz, -1.0), np.zeros(nz, np.int32)
    dz = np.diff(mesh.z)
    for impeller in impellers:
        bottom = (impeller.clearance - impeller.height - mesh.z[:-1]) / dz
        top = (impeller.clearance + impeller.height - mesh.z[:-1]) / dz
        touched = (bottom < 1.0) & (top > 0.0)
        low[touched] = np.minimum(low[touched], np.maximum(bottom[touched], 0.0))
        high[touched] = np.maximum(high[touched], np.minimum(top[touched], 1.0))
        ring[touched] = np.argmin(np.abs(mesh.r - 0.5 * impeller.diameter))
    return low, high, ring


def integral_time(flow: Flow, schmidt: float) -> np.ndarray:
    """(nr, nt, nz) memory of the turbulent velocity T_L = (nu_t / Sc_t) / (2 k / 3), s; 0 without turbulence."""
    variance = 2.0 / 3.0 * flow.k
    diffusivity = np.maximum(flow.nu_t, 0.0) / schmidt
    memory = np.divide(diffusivity, variance, out=np.zeros(flow.mesh.shape), where=variance > 0.0)
    return np.minimum(memory, LONGEST_MEMORY)


def make_field(
    flow: Flow,
    uptake_ratio: np.ndarray,
    impellers: Sequence[Impeller],
    schmidt: float,
    dt: float,
    frame: Frame = FRAME,
    memory: np.ndarray | None = None,
) -> Field:
    """Gather what the tracks read.

    Parameters
    ----------
    flow : Flow
        Face fluxes and eddy viscosity of the full tank.
    uptake_ratio : (nr, nt, nz) float
        s = q / q_max per mesh cell, -.
    impellers : sequence of Impeller
    schmidt : float
        Turbulent Schmidt number, -.
    dt : float
        Time step, s.
    frame : {"relative", "absolute"}
        Of the fluxes inside rotating zones (``rushton.transport.frame``).
    memory : (nr, nt, nz) float, optional
        ``integral_time`` for a walk with memory, s; by default none.

    Returns
    -------
    Field
    """
    mesh = flow.mesh
    nr, nt, nz = mesh.shape
    record = layout.aligned((nr, nt, nz, 8), np.float32)
    record[..., :6] = rates(flow, frame)
    steepest = float(np.abs(record[..., 1:6:2] - record[..., 0:6:2]).max()) * dt
    if not steepest < LARGEST_GROWTH:
        raise CaseError(
            f"in a step of {dt:.3g} s the flow through a mesh cell changes {steepest:.3g}-fold: paths cannot follow it",
            where="lifelines.time_step",
            hint=f"write at most {0.5 * LARGEST_GROWTH / steepest * dt:.2g} s",
        )
    diffusivity = np.maximum(flow.nu_t, 0.0) / schmidt + MOLECULAR_DIFFUSIVITY
    with np.errstate(divide="ignore"):
        age = np.inf if memory is None else dt / memory  # of a step, in units of the memory
    record[..., layout.STEP] = np.sqrt(2.0 * diffusivity * dt * np.tanh(0.5 * age))
    persistence = np.zeros((nr, nt, nz, 2), np.float32)
    persistence[..., layout.KEPT] = np.exp(-age)
    persistence[..., layout.LOG_STEP] = 2.0 * np.log(record[..., layout.STEP].astype(float))
    record[..., layout.UPTAKE] = np.rint(np.clip(uptake_ratio, 0.0, 1.0) * SCALE)
    s_mean = ring_means(mesh.r)
    ds = np.diff(mesh.r**2)
    zone_low, zone_high, zone_ring = impeller_zones(mesh, impellers)
    return Field(
        record=record.reshape(-1, 8),
        wall=closed_faces(mesh).ravel(),
        persistence=persistence.reshape(-1, 2),
        number=mesh.cell_index.ravel(),
        shape=np.array([nr, nt, nz], np.int64),
        per_r=2.0 * np.sqrt(s_mean) / ds,
        per_theta=1.0 / np.sqrt(s_mean),
        per_turn=1.0 / mesh.dtheta,
        per_z=1.0 / np.diff(mesh.z),
        metre_r=2.0 * np.sqrt(s_mean),
        log_metre_r=2.0 * np.log(2.0 * np.sqrt(s_mean)),
        zone_low=zone_low,
        zone_high=zone_high,
        zone_ring=zone_ring,
        s_face=mesh.r**2,
    )
