"""Where cells start.

Uniformly: a mesh cell is drawn in proportion to its volume, then a place in it, uniformly in (r^2, theta, z). The
turbulent velocity of a walk with memory starts from its stationary distribution, N(0, 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines.generator import normal_numbers, random_numbers
from rushton.lifelines.layout import Cloud, Field
from rushton.lifelines.observer import Limits, new_memory

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh

_RELEASE = 0xFFFFFFFF
"""Step number of the generator that is used for the release; those below follow."""


def release_uniformly(mesh: TankMesh, field: Field, n_cell: int, limits: Limits, key: np.uint64) -> Cloud:
    """Cells placed at random, uniformly in the volume of the liquid.

    Parameters
    ----------
    mesh : TankMesh
    field : Field
    n_cell : int
    limits : Limits
    key : uint64

    Returns
    -------
    Cloud
    """
    draws = np.empty((4, n_cell, 2))
    for n in range(2):
        random_numbers(np.arange(n_cell), _RELEASE - n, key, draws[n])
    fluid = mesh.fluid_cells
    cumulative = np.cumsum(mesh.volumes[tuple(fluid.T)])
    chosen = np.searchsorted(cumulative, draws[0, :, 0] * cumulative[-1], side="right")
    place = fluid[np.minimum(chosen, len(fluid) - 1)]
    fraction = np.column_stack([draws[0, :, 1], draws[1, :, 0], draws[1, :, 1]])
    visit = np.full((n_cell, 3), -1, np.int32)
    k = place[:, 2]
    between = (field.zone_low[k] <= fraction[:, 2]) & (fraction[:, 2] <= field.zone_high[k])
    visit[:, 0] = between & (place[:, 0] < field.zone_ring[k])
    eta = np.empty((n_cell, 3))
    normal_numbers(np.arange(n_cell), _RELEASE - 2, key, eta)
    return Cloud(np.ascontiguousarray(place), fraction, new_memory(n_cell, limits), visit, eta)
