"""Parts that turn: blades as theta faces, discs as z faces, on the nearest faces of the mesh."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.cylinder import ROTATING

if TYPE_CHECKING:
    from rushton.case.schema import Impeller
    from rushton.mesh.flags import Flags


def add_impeller(flags: Flags, imp: Impeller, number: int, shaft_diameter: float) -> None:
    """Blades of impeller ``number`` (from 1) as theta faces, its disc as z faces at the mid-plane."""
    blade, disc = flags.patch(f"blade_{number}"), flags.patch(f"disc_{number}")
    tip, inner = 0.5 * imp.diameter, 0.5 * imp.diameter - imp.blade_length
    ring = np.flatnonzero((flags.rc > inner) & (flags.rc < tip))
    layer = np.flatnonzero(np.abs(flags.zc - imp.clearance) < 0.5 * imp.blade_height)
    first = round(imp.angle / (2.0 * math.pi / flags.nt_full))
    for n in range(imp.blades):
        j = (first + round(n * flags.nt_full / imp.blades)) % flags.nt
        flags.wall_t[ring[:, None], j, layer[None, :]] = ROTATING
        flags.patch_t[ring[:, None], j, layer[None, :]] = blade
    k = int(np.argmin(np.abs(flags.z - imp.clearance)))
    rings = np.flatnonzero((flags.rc < 0.5 * imp.disc_diameter) & (flags.rc > 0.5 * shaft_diameter))
    flags.wall_z[rings, :, k], flags.patch_z[rings, :, k] = ROTATING, disc
