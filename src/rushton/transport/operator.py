"""Scalars on a frozen flow: the operator is assembled once, by FiPy, and then kept.

::

    V dC/dt + A C = T(C) + b,      A C = sum_f F_f C_upwind - sum_f D_f A_f (C_N - C_P) / d_f

    C     mol/m3  concentration              F     m3/s   flux of liquid through a face
    V     m3      volume of a mesh cell      D     m2/s   D_m + nu_t / Sc_t, harmonic mean at faces
    A     m3/s    the kept matrix: implicit upwind convection and diffusion
    T     mol/s   limited second-order part of convection (:mod:`rushton.transport.limited`), deferred
    b     mol/s   feeds and sinks

Inside rotating zones the flux is that of :mod:`rushton.transport.frame`; blades are closed to diffusion in either
frame. A C = 0 for uniform C because the flux is divergence-free, and the column sums of A vanish because every face
flux leaves one mesh cell and enters another.

Sources: S. V. Patankar, Numerical Heat Transfer and Fluid Flow (1980), ch. 4 and 5; FiPy, doi:10.1109/MCSE.2009.52.
The value Sc_t = 0.7 is the usual one for stirred tanks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rushton.flow.field import Flow
from rushton.mesh.cylinder import TankMesh
from rushton.mesh.faces import Faces, passes_advection
from rushton.transport.frame import FRAME, Frame, advecting_fluxes

MOLECULAR_DIFFUSIVITY = 1e-9
"""Of a small solute in water, m2/s; glucose 0.67e-9, salts 1.5e-9 at 25 degC (Cussler, Diffusion, ch. 5)."""


@dataclass(frozen=True, eq=False)
class ScalarOperator:
    """The kept operator of one flow, as a sparse matrix and as seven structured arrays.

    Attributes
    ----------
    mesh : TankMesh
    matrix : scipy.sparse.csr_matrix
        A, (n_mesh_cell, n_mesh_cell), m3/s, as FiPy assembled it.
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
    matrix: Any
    diagonal: np.ndarray
    neighbours: np.ndarray
    volumes: np.ndarray
    fluxes: tuple[np.ndarray, np.ndarray, np.ndarray]
    joined: tuple[np.ndarray, np.ndarray, np.ndarray]
    schmidt_turbulent: float
    frame: Frame


def face_diffusivity(faces: Faces, nu_t: np.ndarray, schmidt_turbulent: float, molecular: float) -> np.ndarray:
    """(n_face,) D = D_m + nu_t/Sc_t, m2/s: harmonic mean weighted by distance, 0 at blades, 1 at the boundary (unused).

    The harmonic mean is the exact flux between two mesh cells of uniform diffusivity, the picture in which
    lifelines walk too.

    Parameters
    ----------
    nu_t : (n_mesh_cell,) float
        Eddy viscosity, m2/s.
    """
    n = faces.n_interior
    d = molecular + nu_t / schmidt_turbulent
    near, far = faces.owner_distance[:n], faces.distance[:n] - faces.owner_distance[:n]
    out = np.ones(faces.owner.size)
    out[:n] = faces.distance[:n] / (near / d[faces.owner[:n]] + far / d[faces.neighbour[:n]])
    out[:n][~faces.diffusive[:n]] = 0.0
    return out


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
    from rushton.mesh.fipy_mesh import FiPyTankMesh

    mesh = flow.mesh
    joined = passes_advection(mesh)
    fluxes = advecting_fluxes(flow, frame)
    grid = FiPyTankMesh(mesh)
    faces = grid.faces
    diffusivity = face_diffusivity(faces, flow.nu_t[~mesh.solid], schmidt_turbulent, molecular)
    matrix = _fipy_matrix(grid, faces.flux(*fluxes), diffusivity)
    diagonal, neighbours = structured_coefficients(mesh, faces, matrix)
    return ScalarOperator(mesh, matrix, diagonal, neighbours, mesh.volumes, fluxes, joined, schmidt_turbulent, frame)


def _fipy_matrix(grid: Any, flux: np.ndarray, diffusivity: np.ndarray) -> Any:
    """A as FiPy assembles it: implicit upwind convection minus diffusion, no flux through the boundary."""
    from fipy import CellVariable, DiffusionTermNoCorrection, FaceVariable, UpwindConvectionTerm
    from scipy.sparse import csr_matrix

    concentration = CellVariable(mesh=grid, value=0.0)
    velocity = FaceVariable(mesh=grid, rank=1, value=(grid.faces.normal * (flux / grid.faces.area)[:, None]).T)
    spread = FaceVariable(mesh=grid, value=diffusivity)
    equation = UpwindConvectionTerm(coeff=velocity) - DiffusionTermNoCorrection(coeff=spread)
    equation.cacheMatrix()
    with np.errstate(divide="ignore", invalid="ignore"):  # FiPy forms a Peclet number 0/0 where nothing flows
        equation.justResidualVector(var=concentration)
    return csr_matrix(equation.matrix.matrix)


def structured_coefficients(mesh: TankMesh, faces: Faces, matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal (nr, nt, nz) and neighbour coefficients (6, nr, nt, nz) of a sparse matrix on the mesh, m3/s."""
    diagonal = np.zeros(mesh.shape)
    diagonal[~mesh.solid] = matrix.diagonal()
    neighbours = np.zeros((6, *mesh.shape))
    flat = neighbours.reshape(6, -1)
    place = np.flatnonzero(~mesh.solid.ravel())
    n = faces.n_interior
    owner, neighbour = faces.owner[:n], faces.neighbour[:n]
    out = -np.asarray(matrix[owner, neighbour]).ravel()  # row of the owner
    back = -np.asarray(matrix[neighbour, owner]).ravel()
    up = faces.sign[:n] > 0  # the neighbour lies in the + direction of the owner
    direction = 2 * faces.direction[:n]
    flat[direction + np.where(up, 1, 0), place[owner]] = out
    flat[direction + np.where(up, 0, 1), place[neighbour]] = back
    return diagonal, neighbours
