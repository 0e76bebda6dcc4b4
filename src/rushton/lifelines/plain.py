"""Advection and walks of one cell in plain Python: the equations of ``pollock``, ``walks`` and ``langevin``.

    advection      time to a face  t = ln(u_face / u) / slope,    path in a time t  u (exp(slope t) - 1) / slope
    interface      through an open face from 1 to 2 with probability min(1, w2 / w1), else back
    Langevin       eta2^2 = eta1^2 + 2 ln(w2 / w1), back where that is negative;     w = sqrt(2 D dt), in r 2 r times it

Slow; to read, and for the test that holds the compiled loops equal to it. All three directions are one function here:
a place is the list [i, j, k], a fraction the list [x, y, z], of (r^2, theta, z). The limit of half a turn that the
interface walk keeps in theta is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rushton.lifelines.layout import STEP, Field


def mesh_cell(field: Field, place: list[int]) -> int:
    """Number of the mesh cell (i, j, k) among all, solid ones included."""
    _, nt, nz = (int(n) for n in field.shape)
    return (place[0] * nt + place[1]) * nz + place[2]


def neighbour(field: Field, place: list[int], axis: int, sign: int) -> list[int]:
    """Mesh cell next to this one; theta closes round."""
    there = list(place)
    there[axis] += sign
    there[1] %= int(field.shape[1])
    return there


def advect(field: Field, place: list[int], fraction: list[float], dt: float) -> tuple[list[int], list[float], int]:
    """Carry one cell for a time dt along the velocities of its mesh cells; also the number of faces crossed."""
    place, fraction, left, hops = list(place), list(fraction), dt, 0
    while True:
        rates = field.record[mesh_cell(field, place), :6].astype(float)
        t, exit_axis = left, -1
        speeds, slopes = [], []
        for axis in range(3):
            low, high = rates[2 * axis : 2 * axis + 2]
            slope = high - low
            u = low + slope * fraction[axis]
            face, way = (high, 1.0 - fraction[axis]) if u > 0.0 else (low, -fraction[axis])
            if u * face > 0.0:
                to_face = way / u if abs(face - u) < 1e-9 * abs(u) else math.log(face / u) / slope
                if to_face < t:
                    t, exit_axis = to_face, axis
            speeds.append(u)
            slopes.append(slope)
        for axis in range(3):
            a = slopes[axis] * t
            path = speeds[axis] * t * (math.expm1(a) / a if a else 1.0)
            fraction[axis] = min(max(fraction[axis] + path, 0.0), 1.0)
        if exit_axis < 0:
            return place, fraction, hops
        hops += 1
        left -= t
        up = speeds[exit_axis] > 0.0
        place = neighbour(field, place, exit_axis, 1 if up else -1)
        fraction[exit_axis] = 0.0 if up else 1.0


def paces(field: Field, place: list[int], axis: int) -> tuple[float, float]:
    """Speed per unit variate: fraction of the mesh cell per step, and in the coordinate itself (r^2, theta, z)."""
    step = float(field.record[mesh_cell(field, place), STEP])
    i, j, k = place
    if axis == 0:
        return step * field.per_r[i], step * field.metre_r[i]
    if axis == 1:
        return step * field.per_theta[i] * field.per_turn[j], step * field.per_theta[i]
    return step * field.per_z[k], step


Crossing = Callable[[float, float, float], float | None]
"""(variate, speed here, speed there) -> variate beyond the face, or None to turn back."""


def walk(
    field: Field, place: list[int], fraction: list[float], axis: int, variate: float, crossing: Crossing
) -> tuple[list[int], list[float], float]:
    """One step along one axis: straight within a mesh cell, ``crossing`` at open faces, back at walls.

    Returns
    -------
    place, fraction, variate
    """
    place, fraction, left = list(place), list(fraction), 1.0
    while True:
        rate = variate * paces(field, place, axis)[0]
        up = rate > 0.0
        to_face = 1.0 - fraction[axis] if up else fraction[axis]
        if abs(rate) * left <= to_face:
            fraction[axis] += rate * left
            return place, fraction, variate
        left -= to_face / abs(rate)
        fraction[axis] = 1.0 if up else 0.0
        closed = field.wall[mesh_cell(field, place)] >> (2 * axis + up) & 1
        there = place if closed else neighbour(field, place, axis, 1 if up else -1)
        new = None if closed else crossing(variate, paces(field, place, axis)[1], paces(field, there, axis)[1])
        if new is None:
            variate = -variate
        else:
            place, variate = there, new
            fraction[axis] = 0.0 if up else 1.0


def keep_flux(eta: float, here: float, there: float) -> float | None:
    """Crossing of the Langevin walk: eta2^2 = eta1^2 + 2 ln(w2 / w1)."""
    square = eta**2 + 2.0 * math.log(there / here)
    return math.copysign(math.sqrt(square), eta) if square > 0.0 else None


def with_chance(draw: Callable[[], float]) -> Crossing:
    """Crossing of the interface walk: through where a uniform number is below w2 / w1."""

    def crossing(variate: float, here: float, there: float) -> float | None:
        return variate if draw() * here < there else None

    return crossing


def fade(eta: np.ndarray, kept: float, normal: np.ndarray) -> np.ndarray:
    """Velocities of the Langevin walk after a step: rho eta + sqrt(1 - rho^2) N."""
    return kept * eta + math.sqrt(1.0 - kept**2) * normal


__all__ = ["advect", "fade", "keep_flux", "mesh_cell", "neighbour", "paces", "walk", "with_chance"]
