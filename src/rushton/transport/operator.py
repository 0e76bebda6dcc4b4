"""Scalars on a frozen flow: the operator is assembled once and then kept.

::

    V dC/dt + A C = T(C) + b,      A C = sum_f F_f C_upwind - sum_f D_f A_f (C_N - C_P) / d_f

    C     mol/m3  concentration              F     m3/s   flux of liquid through a face
    V     m3      volume of a mesh cell      D     m2/s   D_m + nu_t / Sc_t, harmonic mean at faces
    A     m3/s    the kept matrix: implicit upwind convection and diffusion
    T     mol/s   limited second-order part of convection (:mod:`rushton.transport.limited`), deferred
    b     mol/s   feeds and sinks

The harmonic mean, D_f / d = 1 / (d_P / D_P + d_N / D_N) with d_P, d_N the distances from centre to face, is the exact
flux between two mesh cells of uniform diffusivity, the picture in which lifelines walk too.

Inside rotating zones the flux is that of :mod:`rushton.transport.frame`; blades are closed to diffusion in either
frame. A C = 0 for uniform C because the flux is divergence-free, and the column sums of A vanish because every face
flux leaves one mesh cell and enters another. The matrix is, to rounding, the one that FiPy assembles from its
``UpwindConvectionTerm`` and ``DiffusionTermNoCorrection`` (:mod:`rushton.transport.fipy_reference`, held equal by a
test); written down here it takes a hundredth of the time.

Sources: S. V. Patankar, Numerical Heat Transfer and Fluid Flow (1980), ch. 4 and 5. The value Sc_t = 0.7 is the usual
one for stirred tanks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rushton.flow.field import Flow
from rushton.mesh.cylinder import TankMesh
from rushton.mesh.faces import passes_advection, passes_diffusion
from rushton.transport.frame import FRAME, Frame, advecting_fluxes

MOLECULAR_DIFFUSIVITY = 1e-9
"""Of a small solute in water, m2/s; glucose 0.67e-9, salts 1.5e-9 at 25 degC (Cussler, Diffusion, ch. 5)."""

FaceArrays = tuple[np.ndarray, np.ndarray, np.ndarray]
"""One structured array per direction: (nr+1, nt, nz), (nr, nt, nz), (nr, nt, nz+1)."""


@dataclass(frozen=True, eq=False)
class ScalarOperator:
    """The kept operator of one flow as seven structured arrays.

    Attributes
    ----------
    mesh : TankMesh
    diagonal : (nr, nt, nz) float
        Diagonal of A, m3/s; 0 in the solid.
    neighbours : (6, nr, nt, nz) float
        Off-diagonals, sign changed (>= 0): towards r-, r+, theta-, theta+, z-, z+.
    volumes : (nr, nt, nz) float
        m3; 0 in the solid.
    fluxes : tuple of three arrays
        flux_r, flux_theta, flux_z, m3/s, closed faces exactly zero.
    joined : tuple of three bool arrays
        Faces through which liquid passes.
    schmidt_turbulent : float
    frame : {"absolute", "relative"}
        Of the fluxes in rotating zones.
    """

    mesh: TankMesh
    diagonal: np.ndarray
    neighbours: np.ndarray
    volumes: np.ndarray
    fluxes: FaceArrays
    joined: FaceArrays
    schmidt_turbulent: float
    frame: Frame

    @cached_property
    def matrix(self) -> Any:
        """A as scipy.sparse.csr_matrix, (n_mesh_cell, n_mesh_cell), m3/s; mesh cells as in ``TankMesh.cell_index``."""
        from scipy.sparse import coo_matrix

        number = self.mesh.cell_index
        n = self.mesh.n_mesh_cell
        fluid = number >= 0
        rows, columns, values = [number[fluid]], [number[fluid]], [self.diagonal[fluid]]
        for d in range(6):
            axis, towards = divmod(d, 2)
            other = np.roll(number, 1 - 2 * towards, axis=axis)
            here = self.neighbours[d] != 0.0
            rows.append(number[here])
            columns.append(other[here])
            values.append(-self.neighbours[d][here])
        indices = (np.concatenate(rows), np.concatenate(columns))
        return coo_matrix((np.concatenate(values), indices), shape=(n, n)).tocsr()


def assemble(
    flow: Flow, schmidt_turbulent: float = 0.7, molecular: float = MOLECULAR_DIFFUSIVITY, frame: Frame = FRAME
) -> ScalarOperator:
    """Discretise convection and diffusion on a flow, once; asked again for the same flow, the same operator comes back.

    Parameters
    ----------
    flow : Flow
        Full tank.
    schmidt_turbulent : float
        Turbulent Schmidt number Sc_t, -.
    molecular : float
        Molecular diffusivity D_m, m2/s.
    frame : {"absolute", "relative"}
        Of the fluxes inside rotating zones, see :mod:`rushton.transport.frame`.

    Returns
    -------
    ScalarOperator
    """
    kept = _KEPT.setdefault(flow, {})
    key = (schmidt_turbulent, molecular, frame)
    if key not in kept:
        kept[key] = _assemble(flow, *key)
    return kept[key]


_KEPT: WeakKeyDictionary[Flow, dict[tuple[float, float, str], ScalarOperator]] = WeakKeyDictionary()
"""Operators of flows that are still alive: tracer and substrate share one."""


def _assemble(flow: Flow, schmidt_turbulent: float, molecular: float, frame: Frame) -> ScalarOperator:
    mesh = flow.mesh
    if mesh.sector != 1:
        raise ValueError("scalars need the full tank: use mesh.tiled() first")
    fluxes = advecting_fluxes(flow, frame)
    conductances = face_conductances(mesh, molecular + flow.nu_t / schmidt_turbulent)
    neighbours, diagonal = np.zeros((6, *mesh.shape)), np.zeros(mesh.shape)
    for d, (flux, conductance) in enumerate(zip(fluxes, conductances, strict=True)):
        forward, backward = np.maximum(flux, 0.0) + conductance, np.maximum(-flux, 0.0) + conductance
        low, high = _sides(d, forward), _sides(d, backward)  # of each mesh cell: its lower and its upper face
        neighbours[2 * d], neighbours[2 * d + 1] = low[0], high[1]
        diagonal += high[0] + low[1]
    diagonal[mesh.solid] = 0.0
    joined = passes_advection(mesh)
    return ScalarOperator(mesh, diagonal, neighbours, mesh.volumes, fluxes, joined, schmidt_turbulent, frame)


def _sides(direction: int, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A face array seen from the mesh cells: its values at the lower and at the upper face of each."""
    if direction == 1:  # periodic: face j lies below mesh cell j
        return faces, np.roll(faces, -1, axis=1)
    return (faces[:-1], faces[1:]) if direction == 0 else (faces[:, :, :-1], faces[:, :, 1:])


def face_conductances(mesh: TankMesh, diffusivity: np.ndarray) -> FaceArrays:
    """D_f A_f / d_f of every structured face, m3/s; 0 where diffusion does not pass.

    Parameters
    ----------
    mesh : TankMesh
    diffusivity : (nr, nt, nz) float
        D, m2/s; > 0 in the liquid.
    """
    turn = 0.5 * mesh.r_centre[:, None, None] * mesh.dtheta[None, :, None]
    halves = (0.5 * np.diff(mesh.r)[:, None, None], turn, 0.5 * np.diff(mesh.z)[None, None, :])
    areas = (mesh.area_r, mesh.area_theta, mesh.area_z)
    out = []
    for d, (half, area, passes) in enumerate(zip(halves, areas, passes_diffusion(mesh), strict=True)):
        resistance = np.broadcast_to(half, mesh.shape) / np.where(mesh.solid, 1.0, diffusivity)  # s/m
        conductance = np.zeros(passes.shape)
        if d == 1:
            between = resistance + np.roll(resistance, 1, axis=1)
            conductance[passes] = (np.broadcast_to(area, passes.shape) / between)[passes]
        else:
            inner = (slice(1, -1),) if d == 0 else (slice(None), slice(None), slice(1, -1))
            low, high = ((slice(None, -1),), (slice(1, None),)) if d == 0 else (np.s_[:, :, :-1], np.s_[:, :, 1:])
            here = passes[inner]
            between = resistance[low] + resistance[high]
            conductance[inner] = np.where(here, np.broadcast_to(area, passes.shape)[inner] / between, 0.0)
        out.append(conductance)
    return out[0], out[1], out[2]
