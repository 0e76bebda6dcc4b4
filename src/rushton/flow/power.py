"""Power and flow numbers as solved.

    Np = 2 pi T / (rho N^2 D^5)    T torque of the blades and the disc edge fluxes on the liquid, N m
    Nq = Q / (N D^3)               Q net outflow through the cylinder r = D/2 over the blade height, m3/s

Np comes from the residual of angular momentum at the blade faces (pressure jump times area times radius) and is never
rescaled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.cylinder import TankMesh

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.simplec import Simplec


def power_numbers(case: Case, solver: Simplec) -> tuple[float, ...]:
    """Np per impeller from the blade torque of the last iteration, from the bottom."""
    names = list(solver.grid.mesh.patch_names)
    n, copies = case.operation.speed, solver.grid.mesh.sector
    return tuple(
        -2.0 * math.pi * float(solver.torque[names.index(f"blade_{i + 1}")]) * copies / (n * n * imp.diameter**5)
        for i, imp in enumerate(case.impellers)
    )


def flow_numbers(case: Case, mesh: TankMesh, flux_r: np.ndarray) -> tuple[float, ...]:
    """Nq per impeller, from the bottom; ``flux_r`` (nr+1, nt, nz) of the mesh (sector or full tank), m3/s."""
    out = []
    for imp in case.impellers:
        tip = int(np.argmin(np.abs(mesh.r - 0.5 * imp.diameter)))
        layer = np.abs(mesh.z_centre - imp.clearance) < 0.5 * imp.blade_height
        q = float(flux_r[tip][:, layer].sum()) * mesh.sector
        out.append(q / (case.operation.speed * imp.diameter**3))
    return tuple(out)
