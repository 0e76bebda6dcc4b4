"""From a case to its mesh: spacing first, then vessel, impellers and rotating zones as flags on its faces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.blades import is_disc_turbine
from rushton.mesh.angles import symmetry, theta_faces
from rushton.mesh.bottom import add_bottom, below_bottom, step_of
from rushton.mesh.flags import Flags
from rushton.mesh.impeller import add_immersed_impeller, add_solid_impeller, add_thin_impeller, in_core, in_impeller
from rushton.mesh.spacing import spacing
from rushton.mesh.sparger import add_ring, in_ring
from rushton.mesh.vessel import add_vessel, in_shaft
from rushton.mesh.zones import rotating_zones

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.mesh.cylinder import TankMesh

__all__ = ["build_mesh", "symmetry"]


def build_mesh(case: Case, mesh_cells: int | None = None, sector: int = 1) -> TankMesh:
    """Mesh the tank of a case.

    Parameters
    ----------
    case : Case
    mesh_cells : int, optional
        Smallest number of mesh cells in the full tank; by default what the case asks for.
    sector : int
        1 for the full tank, or a divisor of blades and baffles for one of so many equal sectors.

    Returns
    -------
    TankMesh
    """
    wanted = mesh_cells or case.numerics.target_mesh_cells
    theta = theta_faces(case, wanted, sector)
    low, high = 0.1, 12.0
    for _ in range(40):
        scale = math.sqrt(low * high)
        r, z = spacing(case, scale)
        if sector * _liquid_cells(case, r, theta, z, sector, scale) >= wanted:
            low = scale
        else:
            high = scale
    r, z = spacing(case, low)
    flags = Flags(r, theta, z, sector)
    add_vessel(flags, case)
    add_bottom(flags, case, step_of(case.tank, low))
    add_ring(flags, case)
    zones = rotating_zones(case)
    for number, (imp, (zone_r, zone_low, zone_high)) in enumerate(zip(case.impellers, zones, strict=True), 1):
        if imp.immersed:
            add_immersed_impeller(flags, imp, number, case.tank.shaft_diameter, case.thin_blades)
        elif case.thin_blades:
            add_thin_impeller(flags, imp, number, case.tank.shaft_diameter)
        else:
            add_solid_impeller(flags, imp, number)
        flags.zone[np.ix_(flags.rc < zone_r, (flags.zc > zone_low) & (flags.zc < zone_high))] = number
    flags.zone[flags.resting.any(axis=1)] = 0
    return flags.mesh()


def _liquid_cells(case: Case, r: np.ndarray, theta: np.ndarray, z: np.ndarray, sector: int, scale: float) -> int:
    """Mesh cells of a sector outside the shaft, solid impellers and what lies below a dished bottom."""
    solid_r, solid_z = in_shaft(case, r, z)
    solid = np.zeros((r.size - 1, theta.size - 1, z.size - 1), bool)
    solid |= solid_r[:, None, None] & solid_z
    solid |= (below_bottom(case.tank, r, z, step_of(case.tank, scale)) | in_ring(case, r, z))[:, None, :]
    for imp in case.impellers:
        if imp.immersed and not (is_disc_turbine(imp) and case.thin_blades):
            solid |= in_core(imp, r, z)[:, None, :]
        elif not imp.immersed and not case.thin_blades:
            solid |= in_impeller(imp, r, theta, z, sector).any(axis=0)
    return int(np.count_nonzero(~solid))
