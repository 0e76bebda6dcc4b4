"""How the compiled tracks see the tank, the cells and their counters: plain arrays in named tuples.

A cell is at fractions (x, y, z) in 0..1 of mesh cell (i, j, k), in the coordinates (r^2, theta, height). There volume
is uniform, dV = dr^2 dtheta dz / 2, so a velocity is a face flux over the volume of the mesh cell (1/s) and needs no
geometry. Mesh cells, solid ones included, are numbered c = (i nt + j) nz + k. One record of 32 bytes per mesh cell
holds all that a step reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Arrays are owned by the caller, so reference counting inside the loops is switched off, and small functions are
# forced into the loop: together three times as fast. Fused multiply-add is the only licence taken with arithmetic.
FAST = {
    "cache": True, "nogil": True, "_nrt": False, "forceinline": True, "error_model": "numpy", "fastmath": {"contract"},
}  # fmt: skip
APART = FAST | {"forceinline": False}

# columns of a mesh record, float32: six fluxes over volume, 1/s; sqrt(2 D dt), m; s in units of 2^-20
R_IN, R_OUT, T_IN, T_OUT, Z_IN, Z_OUT, STEP, UPTAKE = range(8)

# columns of the persistence of a mesh cell, float32: exp(-dt / T_L), and 2 ln(STEP / m)
KEPT, LOG_STEP = range(2)

# bits of a wall byte: faces closed to the walk
WALL_R1, WALL_R2, WALL_T1, WALL_T2, WALL_Z1, WALL_Z2 = 1, 2, 4, 8, 16, 32


class Field(NamedTuple):
    """A steady field as the tracks read it.

    Attributes
    ----------
    record : (n_all, 8) float32, per mesh cell (solid ones included): see R_IN..UPTAKE
    wall : (n_all,) uint8, faces closed to the walk
    persistence : (n_all, 2) float32, of a walk with memory: see KEPT, LOG_STEP
    number : (n_all,) int32, number of the fluid mesh cell, -1 in the solid
    shape : (3,) int64, nr, nt, nz
    per_r : (nr,) float64, fraction of the mesh cell per metre walked in r
    per_theta : (nr,) float64, angle per metre walked in theta, rad/m
    per_turn : (nt,) float64, fraction of the mesh cell per angle, 1/rad
    per_z : (nz,) float64, the same in z
    metre_r : (nr,) float64, change of r^2 per metre walked in r, m
    log_metre_r : (nr,) float64, 2 ln(metre_r / m)
    zone_low, zone_high : (nz,) float64, part of the layer that lies in an impeller zone, as fractions (2, -1: none)
    zone_ring : (nz,) int32, rings inside the zone's radius
    s_face : (nr + 1,) float64, r^2 at the faces, m2
    """

    record: np.ndarray
    wall: np.ndarray
    persistence: np.ndarray
    number: np.ndarray
    shape: np.ndarray
    per_r: np.ndarray
    per_theta: np.ndarray
    per_turn: np.ndarray
    per_z: np.ndarray
    metre_r: np.ndarray
    log_metre_r: np.ndarray
    zone_low: np.ndarray
    zone_high: np.ndarray
    zone_ring: np.ndarray
    s_face: np.ndarray


class Cloud(NamedTuple):
    """All cells: where they are and what the observer remembers of them.

    Attributes
    ----------
    place : (n_cell, 3) int32, mesh cell (i, j, k)
    fraction : (n_cell, 3) float64, fractions in (r^2, theta, z)
    memory : (n_cell, WINDOW + m) int32, memory of the observer
    visit : (n_cell, 3) int32, in an impeller zone (1/0), steps of the last exit and the last counted entry; -1: none
    eta : (n_cell, 3) float64, turbulent velocity over its standard deviation in (r, theta, z), of a walk with memory
    """

    place: np.ndarray
    fraction: np.ndarray
    memory: np.ndarray
    visit: np.ndarray
    eta: np.ndarray


class Journey(NamedTuple):
    """Counters of the tracks themselves.

    Attributes
    ----------
    circulation : (n_group, n_bin) int64, times between entries into impeller zones per duration
    circulation_steps : (n_group,) int64, their sum, steps
    events : (4,) int64, steps, hops, steps given up at MAX_HOP, cells found in the solid
    """

    circulation: np.ndarray
    circulation_steps: np.ndarray
    events: np.ndarray


def aligned(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """Zeros that begin on a line of the processor's cache (64 bytes), so that no short record lies on two of them."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + size].view(dtype).reshape(shape)
