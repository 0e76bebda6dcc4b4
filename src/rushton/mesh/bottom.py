"""A dished bottom as steps of solid mesh cells that hold the volume of the dish.

Rings of mesh cells are gathered into annuli r_1 < r < r_2 over each of which the bottom rises by about one step. The
floor of an annulus lies at the mean height of the bottom in it,

    z = (W(r_2) - W(r_1)) / (pi (r_2^2 - r_1^2)),     W of ``rushton.case.bottoms``, m3

and these heights are z faces of the mesh: the liquid has its exact volume, whatever the number of steps. The area does
not come out: level and upright parts of the steps add up to more than the slanting wall, by the factor

    (sum of ring areas + sum of risers) / area of the dish,    1.13 to 1.21 on 20,000 to 100,000 mesh cells
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.case.bottoms import bottom_height, volume_under_bottom
from rushton.mesh.cylinder import OPEN, STATIONARY

if TYPE_CHECKING:
    from rushton.case.schema import Case, Tank
    from rushton.mesh.flags import Flags

STEP, HIGHEST = 0.020, 0.030
"""Rise of one step on a mesh of size factor 1, as high as a mesh cell on a flat floor, and on any mesh, of the tank
diameter, -."""


def step_of(tank: Tank, scale: float) -> float:
    """Rise of one step on a mesh of a size factor, m."""
    return min(scale * STEP, HIGHEST) * tank.diameter


def step_heights(tank: Tank, r: np.ndarray, step: float) -> np.ndarray:
    """(nr,) height of the floor of every ring between the faces ``r`` (m), m; ``step`` is the rise of an annulus, m."""
    rise = bottom_height(tank.bottom, tank.diameter, r)
    under = volume_under_bottom(tank.bottom, tank.diameter, r)
    floor = np.zeros(r.size - 1)
    first = 0
    for last in range(1, r.size):
        # an annulus ends where one more ring would rise further beyond the step than it now falls short of it
        if last < r.size - 1 and rise[last + 1] - rise[first] - step <= step - (rise[last] - rise[first]):
            continue
        area = np.pi * (r[last] ** 2 - r[first] ** 2)
        floor[first:last] = (under[last] - under[first]) / area
        first = last
    return floor


def below_bottom(tank: Tank, r: np.ndarray, z: np.ndarray, step: float) -> np.ndarray:
    """(nr, nz) bool: mesh cells below the steps of the bottom."""
    zc = 0.5 * (z[1:] + z[:-1])
    return zc[None, :] < step_heights(tank, r, step)[:, None]


def add_bottom(flags: Flags, case: Case, step: float) -> None:
    """A dished bottom as solid mesh cells at rest; their faces towards the liquid are the floor."""
    if case.tank.bottom == "flat":
        return
    part = below_bottom(case.tank, flags.r, flags.z, step)[:, None, :] & np.ones(flags.solid.shape, bool)
    flags.solid |= part
    flags.resting |= part
    flags.close(part, STATIONARY, flags.names.index("floor"))
    # what lies under the dish is no wall of the liquid
    for wall, patch, inside in (
        (flags.wall_r[-1], flags.patch_r[-1], part[-1]),
        (flags.wall_z[..., 0], flags.patch_z[..., 0], part[..., 0]),
    ):
        wall[inside], patch[inside] = OPEN, 0
