"""Parts at rest and the shaft: wall, floor, surface, baffles as faces, the shaft as solid mesh cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.cylinder import ROTATING, SLIP, STATIONARY

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.mesh.flags import Flags


def add_vessel(flags: Flags, case: Case) -> None:
    """Wall, floor, surface, shaft and baffles."""
    wall, floor, surface, shaft, baffle = (flags.patch(n) for n in ("wall", "floor", "surface", "shaft", "baffle"))
    flags.wall_r[-1], flags.patch_r[-1] = STATIONARY, wall
    flags.wall_z[:, :, 0], flags.patch_z[:, :, 0] = STATIONARY, floor
    flags.wall_z[:, :, -1], flags.patch_z[:, :, -1] = SLIP, surface
    _add_baffles(flags, case, baffle)
    _add_shaft(flags, case, shaft)


def in_shaft(case: Case, r: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(nr,), (nz,) bool: rings and layers of the shaft, which enters from above or from below (``tank.shaft_from``)."""
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    low, high = case.shaft_span
    return rc < 0.5 * case.tank.shaft_diameter, (zc > low) & (zc < high)


def _add_baffles(flags: Flags, case: Case, patch: int) -> None:
    """Baffles as theta faces above their lower edge, the first at angle 0, the others on the nearest face."""
    baffles = case.tank.baffles
    ring = np.flatnonzero(flags.rc > 0.5 * case.tank.diameter - baffles.width)
    layer = np.flatnonzero(flags.zc > case.tank.baffle_edge)
    for n in range(baffles.count):
        j = flags.nearest_theta(2.0 * math.pi * n / baffles.count)
        flags.wall_t[ring[:, None], j, layer], flags.patch_t[ring[:, None], j, layer] = STATIONARY, patch


def _add_shaft(flags: Flags, case: Case, patch: int) -> None:
    """The shaft as solid mesh cells with turning faces at its side and its end."""
    inside, layer = in_shaft(case, flags.r, flags.z)
    flags.solid |= inside[:, None, None] & layer[None, None, :]
    i = int(np.count_nonzero(inside))
    k = int(np.argmax(layer)) if case.tank.shaft_from == "top" else int(np.count_nonzero(layer))
    flags.wall_r[i][:, layer], flags.patch_r[i][:, layer] = ROTATING, patch
    flags.wall_z[:i, :, k], flags.patch_z[:i, :, k] = ROTATING, patch
