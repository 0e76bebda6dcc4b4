"""From a case to its mesh: spacing first, then vessel, impellers and rotating zones as flags on its faces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.flags import Flags
from rushton.mesh.impeller import add_impeller
from rushton.mesh.spacing import angular_cells, spacing, symmetry
from rushton.mesh.vessel import add_vessel, in_shaft
from rushton.mesh.zones import rotating_zones

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.mesh.cylinder import TankMesh

__all__ = ["angular_cells", "build_mesh", "rotating_zones", "symmetry"]


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
    nt = angular_cells(case, wanted)
    low, high = 0.1, 12.0
    for _ in range(40):
        scale = math.sqrt(low * high)
        r, z = spacing(case, scale)
        solid_r, solid_z = in_shaft(case, r, z)
        count = (r.size - 1) * (z.size - 1) - np.count_nonzero(solid_r) * np.count_nonzero(solid_z)
        if count * nt >= wanted:
            low = scale
        else:
            high = scale
    r, z = spacing(case, low)
    flags = Flags(r, z, nt, sector)
    add_vessel(flags, case)
    zones = rotating_zones(case)
    for number, (imp, (zone_r, zone_low, zone_high)) in enumerate(zip(case.impellers, zones, strict=True), 1):
        add_impeller(flags, imp, number, case.tank.shaft_diameter)
        flags.zone[np.ix_(flags.rc < zone_r, (flags.zc > zone_low) & (flags.zc < zone_high))] = number
    return flags.mesh()
