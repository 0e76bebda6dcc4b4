"""Parts that turn: blades and disc as faces of the mesh or, with their thickness, as solid mesh cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.angles import blade_columns
from rushton.mesh.cylinder import ROTATING

if TYPE_CHECKING:
    from rushton.case.schema import Impeller
    from rushton.mesh.flags import Flags


def add_thin_impeller(flags: Flags, imp: Impeller, number: int, shaft_diameter: float) -> None:
    """Blades of impeller ``number`` (from 1) as theta faces, its disc as z faces at the mid-plane."""
    blade, disc = flags.patch(f"blade_{number}"), flags.patch(f"disc_{number}")
    tip, inner = 0.5 * imp.diameter, 0.5 * imp.diameter - imp.blade_length
    ring = np.flatnonzero((flags.rc > inner) & (flags.rc < tip))
    layer = np.flatnonzero(np.abs(flags.zc - imp.clearance) < 0.5 * imp.blade_height)
    nt_full = flags.nt * flags.sector
    first = round(imp.first_blade / (2.0 * math.pi / nt_full))
    for n in range(imp.blades):
        j = (first + round(n * nt_full / imp.blades)) % flags.nt
        flags.wall_t[ring[:, None], j, layer[None, :]] = ROTATING
        flags.patch_t[ring[:, None], j, layer[None, :]] = blade
    k = int(np.argmin(np.abs(flags.z - imp.clearance)))
    rings = np.flatnonzero((flags.rc < 0.5 * imp.disc_diameter) & (flags.rc > 0.5 * shaft_diameter))
    flags.wall_z[rings, :, k], flags.patch_z[rings, :, k] = ROTATING, disc


def in_impeller(imp: Impeller, r: np.ndarray, theta: np.ndarray, z: np.ndarray, sector: int) -> np.ndarray:
    """(2, nr, nt, nz) bool: mesh cells in the blades and in the disc."""
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    tip, inner, away = 0.5 * imp.diameter, 0.5 * imp.diameter - imp.blade_length, np.abs(zc - imp.clearance)
    ring, layer = (rc > inner) & (rc < tip), away < 0.5 * imp.blade_height
    part = np.zeros((2, rc.size, theta.size - 1, zc.size), bool)
    part[0] = ring[:, None, None] & blade_columns(imp, theta, sector)[:, None] & layer
    part[1] = (rc < 0.5 * imp.disc_diameter)[:, None, None] & (away < 0.5 * imp.blade_thickness)
    return part


def add_solid_impeller(flags: Flags, imp: Impeller, number: int) -> None:
    """Blades and disc of impeller ``number`` as solid mesh cells; their faces towards the liquid are turning walls."""
    blade, disc = flags.patch(f"blade_{number}"), flags.patch(f"disc_{number}")
    parts = in_impeller(imp, flags.r, flags.theta, flags.z, flags.sector)
    flags.solid |= parts.any(axis=0)
    walls, patches = (flags.wall_r, flags.wall_t, flags.wall_z), (flags.patch_r, flags.patch_t, flags.patch_z)
    for part, name in zip(parts, (blade, disc), strict=True):
        for axis, (wall, patch) in enumerate(zip(walls, patches, strict=True)):
            face = np.zeros(wall.shape, bool)
            if axis == 1:
                face |= (part & ~np.roll(flags.solid, 1, axis=1)) | (np.roll(part, 1, axis=1) & ~flags.solid)
            else:
                inside, liquid = np.moveaxis(part, axis, 0), np.moveaxis(~flags.solid, axis, 0)
                inner = (inside[1:] & liquid[:-1]) | (inside[:-1] & liquid[1:])
                np.moveaxis(face, axis, 0)[1:-1] = inner
            wall[face], patch[face] = ROTATING, name
