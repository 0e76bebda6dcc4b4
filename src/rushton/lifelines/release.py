"""Where cells start.

* uniform: a mesh cell is drawn in proportion to its volume, then a place in it, uniformly in (r^2, theta, z);
* in spheres (the feeds, each with the share of its rate, or a ball anywhere): a place is drawn uniformly in the sphere,
  again and again until it lies in the liquid.

The turbulent velocity of a walk with memory starts from its stationary distribution, N(0, 1). All draws depend on cell,
draw and seed only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import CaseError
from rushton.lifelines.generator import normal_numbers, random_numbers
from rushton.lifelines.layout import Cloud, Field
from rushton.lifelines.observer import Limits, new_memory

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.case.tank import Sphere
    from rushton.mesh.cylinder import TankMesh

_RELEASE = 0xFFFFFFFF
"""Step number of the generator that is used for the release; those below follow."""

MAX_TRIES = 1000
"""Draws of one place in a sphere; a sphere with so little liquid in it is refused."""


def release(
    case: Case, mesh: TankMesh, field: Field, limits: Limits, key: np.uint64, n_cell: int | None = None
) -> Cloud:
    """The cells of a case, or n_cell of them, where ``lifelines.release`` puts them.

    Raises
    ------
    CaseError
        If the place holds no liquid.
    """
    settings = case.lifelines
    n_cell = settings.cells if n_cell is None else n_cell
    if settings.release == "uniform":
        return release_uniformly(mesh, field, n_cell, limits, key)
    if settings.release_place is not None:
        return release_in_spheres(mesh, field, n_cell, [settings.release_place.sphere], [1.0], limits, key)
    spheres, rates = [f.sphere for f in case.feeds], [f.rate for f in case.feeds]
    return release_in_spheres(mesh, field, n_cell, spheres, rates, limits, key)


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
    first, second = (_uniform(n_cell, n, key) for n in range(2))
    fluid = mesh.fluid_cells
    cumulative = np.cumsum(mesh.volumes[tuple(fluid.T)])
    chosen = np.searchsorted(cumulative, first[:, 0] * cumulative[-1], side="right")
    place = fluid[np.minimum(chosen, len(fluid) - 1)]
    return new_cloud(place, np.column_stack([first[:, 1], second]), field, limits, key)


def release_in_spheres(
    mesh: TankMesh,
    field: Field,
    n_cell: int,
    spheres: Sequence[Sphere],
    shares: Sequence[float],
    limits: Limits,
    key: np.uint64,
) -> Cloud:
    """Cells placed at random in spheres, uniformly in the liquid of each.

    Parameters
    ----------
    mesh, field, n_cell, limits, key
        As for ``release_uniformly``.
    spheres : sequence of Sphere
    shares : (n_sphere,) float
        Of the cells in each sphere, any unit.

    Returns
    -------
    Cloud

    Raises
    ------
    CaseError
        If a sphere holds no liquid.
    """
    total = np.cumsum(shares)
    of = np.searchsorted(total, _uniform(n_cell, 0, key)[:, 0] * total[-1], side="right")
    radius, angle, height, half = (
        np.array(values)[np.minimum(of, len(spheres) - 1)]
        for values in zip(*((s.radius, s.angle, s.height, 0.5 * s.diameter) for s in spheres), strict=True)
    )
    place, fraction = np.empty((n_cell, 3), np.int32), np.empty((n_cell, 3))
    waiting = np.arange(n_cell)
    for attempt in range(MAX_TRIES):
        if waiting.size == 0:
            return new_cloud(place, fraction, field, limits, key)
        first, second = (_uniform(n_cell, 10 + 2 * attempt + n, key)[waiting] for n in range(2))
        # uniform in the sphere: cos of the polar angle, azimuth, cube of the distance
        distance, up = half[waiting] * np.cbrt(first[:, 0]), 2.0 * first[:, 1] - 1.0
        level, azimuth = distance * np.sqrt(1.0 - up**2), 2.0 * np.pi * second[:, 0]
        x = radius[waiting] * np.cos(angle[waiting]) + level * np.cos(azimuth)
        y = radius[waiting] * np.sin(angle[waiting]) + level * np.sin(azimuth)
        z = height[waiting] + distance * up
        at, inside, found = locate(mesh, x, y, z)
        place[waiting[found]], fraction[waiting[found]] = at[found], inside[found]
        waiting = waiting[~found]
    raise CaseError(
        "there is hardly any liquid where the cells are to start",
        "lifelines.release",
        "move the point away from shaft, impellers and walls, or take a larger diameter",
    )


def locate(mesh: TankMesh, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mesh cells of points.

    Parameters
    ----------
    mesh : TankMesh
        Of the full tank.
    x, y, z : (n,) float
        m; x points to the first baffle.

    Returns
    -------
    place : (n, 3) int32
    fraction : (n, 3) float
        In (r^2, theta, z).
    found : (n,) bool
        Whether the point is in the liquid; the others have place and fraction 0.
    """
    coordinates = x**2 + y**2, np.mod(np.arctan2(y, x), 2.0 * np.pi), z
    place, fraction, found = np.zeros((x.size, 3), np.int32), np.zeros((x.size, 3)), np.ones(x.size, bool)
    for axis, (value, faces) in enumerate(zip(coordinates, (mesh.r**2, mesh.theta, mesh.z), strict=True)):
        found &= (value >= faces[0]) & (value <= faces[-1])
        n = np.clip(np.searchsorted(faces, value, side="right") - 1, 0, faces.size - 2)
        place[:, axis] = n
        fraction[:, axis] = np.clip((value - faces[n]) / np.diff(faces)[n], 0.0, 1.0)
    found &= ~mesh.solid[tuple(place.T)]
    place[~found], fraction[~found] = 0, 0.0
    return place, fraction, found


def new_cloud(place: np.ndarray, fraction: np.ndarray, field: Field, limits: Limits, key: np.uint64) -> Cloud:
    """Cells at these places, (n_cell, 3) each, that have seen nothing yet."""
    n_cell = len(place)
    visit = np.full((n_cell, 3), -1, np.int32)
    k = place[:, 2]
    between = (field.zone_low[k] <= fraction[:, 2]) & (fraction[:, 2] <= field.zone_high[k])
    visit[:, 0] = between & (place[:, 0] < field.zone_ring[k])
    eta = np.empty((n_cell, 3))
    normal_numbers(np.arange(n_cell), _RELEASE - 2, key, eta)
    return Cloud(np.ascontiguousarray(place), fraction, new_memory(n_cell, limits), visit, eta)


def _uniform(n_cell: int, draw: int, key: np.uint64) -> np.ndarray:
    """(n_cell, 2) uniform numbers in [0, 1) of one draw."""
    out = np.empty((n_cell, 2))
    random_numbers(np.arange(n_cell), _RELEASE - draw, key, out)
    return out
