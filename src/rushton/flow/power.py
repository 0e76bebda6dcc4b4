"""Power and flow numbers as solved.

    Np = 2 pi T / (rho N^2 D^5)    T torque of the blades and the disc edge fluxes on the liquid, N m
    Nq = Q / (N D^3)               Q net flow of the impeller, m3/s

Q of a disc turbine leaves through the cylinder r = D/2 over the blade height; that of pitched blades and hydrofoils
goes through the disc r < D/2 at the lower edge of the blades (pumping down) or the upper one (pumping up).

Np comes from the residual of angular momentum at the blade faces (pressure jump times area times radius), of
immersed blades from the forces that keep the liquid from passing them, and is never
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


def flow_numbers(case: Case, mesh: TankMesh, flux_r: np.ndarray, flux_z: np.ndarray) -> tuple[float, ...]:
    """Nq per impeller, from the bottom; fluxes (nr+1, nt, nz) and (nr, nt, nz+1) of the mesh (sector or tank), m3/s."""
    out = []
    for imp in case.impellers:
        tip = int(np.argmin(np.abs(mesh.r - 0.5 * imp.diameter)))
        if imp.pumping is None:
            layer = np.abs(mesh.z_centre - imp.clearance) < 0.5 * imp.height
            q = float(flux_r[tip][:, layer].sum())
        elif imp.pumping == "down":
            q = -float(flux_z[:tip, :, np.argmin(np.abs(mesh.z - imp.clearance + 0.5 * imp.height))].sum())
        else:
            q = float(flux_z[:tip, :, np.argmin(np.abs(mesh.z - imp.clearance - 0.5 * imp.height))].sum())
        out.append(q * mesh.sector / (case.operation.speed * imp.diameter**3))
    return tuple(out)


def torque_imbalance(solver: Simplec) -> float:
    """(Blade, disc and shaft torque - baffle and wall torque) / blade, disc and shaft torque, -."""
    driven, resisted = torques(solver)
    return (driven - resisted) / driven if driven else math.inf


def torques(solver: Simplec) -> tuple[float, float]:
    """Torque of turning parts on the liquid and of the liquid on resting ones, per sector and density, m5/s2."""
    names = solver.grid.mesh.patch_names
    blades = -sum(t for n, t in zip(names, solver.torque, strict=True) if n.startswith("blade"))
    baffles = sum(t for n, t in zip(names, solver.torque, strict=True) if n == "baffle")
    return blades - solver.shear[1], baffles + solver.shear[0]
