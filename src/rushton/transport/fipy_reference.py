"""The matrix of :mod:`rushton.transport.operator` as FiPy assembles it, for comparison.

::

    A C = sum_f F_f C_upwind - sum_f D_f A_f (C_N - C_P) / d_f

Convection by ``UpwindConvectionTerm``, diffusion by ``DiffusionTermNoCorrection`` with D at the faces; no flux through
the boundary. It is the independent reference of the operator, and a start for anyone who wants other terms of FiPy on
a flow of this program. No stage runs it: assembling takes FiPy about 1.2 CPU s per 1e5 mesh cells, a hundred times as
long.

Source: J. E. Guyer, D. Wheeler, J. A. Warren, Computing in Science & Engineering 11(3), 6-15 (2009),
doi:10.1109/MCSE.2009.52.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.flow.field import Flow
from rushton.mesh.faces import Faces
from rushton.mesh.fipy_mesh import FiPyTankMesh
from rushton.transport.frame import FRAME, Frame, advecting_fluxes


def face_diffusivity(faces: Faces, diffusivity: np.ndarray) -> np.ndarray:
    """(n_face,) m2/s: harmonic mean weighted by distance, 0 at blades, 1 at the boundary (unused).

    Parameters
    ----------
    faces : Faces
    diffusivity : (n_mesh_cell,) float
        D = D_m + nu_t/Sc_t, m2/s.
    """
    n = faces.n_interior
    near, far = faces.owner_distance[:n], faces.distance[:n] - faces.owner_distance[:n]
    out = np.ones(faces.owner.size)
    out[:n] = faces.distance[:n] / (near / diffusivity[faces.owner[:n]] + far / diffusivity[faces.neighbour[:n]])
    out[:n][~faces.diffusive[:n]] = 0.0
    return out


def fipy_matrix(flow: Flow, schmidt_turbulent: float, molecular: float, frame: Frame = FRAME) -> Any:
    """A, scipy.sparse.csr_matrix (n_mesh_cell, n_mesh_cell), m3/s; mesh cells as in ``TankMesh.cell_index``.

    Parameters
    ----------
    flow : Flow
        Full tank.
    schmidt_turbulent : float
        Sc_t, -.
    molecular : float
        D_m, m2/s.
    frame : {"absolute", "relative"}
    """
    from fipy import CellVariable, DiffusionTermNoCorrection, FaceVariable, UpwindConvectionTerm
    from scipy.sparse import csr_matrix

    grid = FiPyTankMesh(flow.mesh)
    faces = grid.faces
    flux = faces.flux(*advecting_fluxes(flow, frame))
    concentration = CellVariable(mesh=grid, value=0.0)
    velocity = FaceVariable(mesh=grid, rank=1, value=(faces.normal * (flux / faces.area)[:, None]).T)
    diffusivity = molecular + flow.nu_t[~flow.mesh.solid] / schmidt_turbulent
    spread = FaceVariable(mesh=grid, value=face_diffusivity(faces, diffusivity))
    equation = UpwindConvectionTerm(coeff=velocity) - DiffusionTermNoCorrection(coeff=spread)
    equation.cacheMatrix()
    with np.errstate(divide="ignore", invalid="ignore"):  # FiPy forms a Peclet number 0/0 where nothing flows
        equation.justResidualVector(var=concentration)
    return csr_matrix(equation.matrix.matrix)
