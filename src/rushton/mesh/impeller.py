"""Parts that turn: blades and disc as faces of the mesh or, with their thickness, as solid mesh cells; hubs.

Pitched blades, foils and concave blades are not in the mesh but immersed in the flow: ``rushton.flow.immersed``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.blades import is_disc_turbine
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
    _thin_disc(flags, imp, disc, shaft_diameter)


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
    patches = (flags.patch(f"blade_{number}"), flags.patch(f"disc_{number}"))
    parts = in_impeller(imp, flags.r, flags.theta, flags.z, flags.sector)
    flags.solid |= parts.any(axis=0)
    for part, patch in zip(parts, patches, strict=True):
        flags.close(part, ROTATING, patch)


def add_immersed_impeller(flags: Flags, imp: Impeller, number: int, shaft_diameter: float, thin: bool) -> None:
    """What the mesh holds of an impeller whose blades are immersed surfaces: its hub, or its disc.

    The patch ``blade_<number>`` has no faces; the torque of the immersed blades is booked under it.
    """
    flags.patch(f"blade_{number}")
    disc = flags.patch(f"disc_{number}")
    if is_disc_turbine(imp) and thin:
        _thin_disc(flags, imp, disc, shaft_diameter)
        return
    part = in_core(imp, flags.r, flags.z)[:, None, :] & np.ones(flags.solid.shape, bool)
    flags.solid |= part
    flags.close(part, ROTATING, disc)


def in_core(imp: Impeller, r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(nr, nz) bool: mesh cells in the hub of an impeller with immersed blades, or in its disc of finite thickness."""
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    half = 0.5 * (imp.blade_thickness if is_disc_turbine(imp) else imp.height)
    return (rc < 0.5 * imp.disc_diameter)[:, None] & (np.abs(zc - imp.clearance) < half)


def _thin_disc(flags: Flags, imp: Impeller, patch: int, shaft_diameter: float) -> None:
    """The disc as z faces at the mid-plane."""
    k = int(np.argmin(np.abs(flags.z - imp.clearance)))
    rings = np.flatnonzero((flags.rc < 0.5 * imp.disc_diameter) & (flags.rc > 0.5 * shaft_diameter))
    flags.wall_z[rings, :, k], flags.patch_z[rings, :, k] = ROTATING, patch
