"""Compiled tracks of cells: exact advection by face fluxes and a turbulent walk that keeps a uniform cloud uniform.

A cell is at fractions (x, y, z) in 0..1 of mesh cell (i, j, k), in the coordinates (r^2, theta, height). There volume
is uniform, dV = dr^2 dtheta dz / 2, and the lowest-order Raviart-Thomas velocity (Pollock) is linear in each fraction::

    dx/dt = a1 + (a2 - a1) x,     a = face flux / mesh-cell volume             advection, exact within a mesh cell
    time to leave:  t = ln(a2 / u) / (a2 - a1),  u = a1 + (a2 - a1) x
    D = nu_t / Sc_t,   dX = sqrt(2 D dt) e,  e uniform with unit variance       turbulent walk, per direction

    a1, a2   flux over volume at the lower and upper face, 1/s       D     turbulent diffusivity, m2/s
    dt       time step, s                                            e     variate, -

Diffusivity is constant in a mesh cell and jumps at faces. Three treatments of a jump:

* ``INTERFACE`` (default): the move is walked from mesh cell to mesh cell; at an open face from D1 to D2 the walker goes
  on with probability min(1, sqrt(D2 / D1)), its remaining variate unchanged, and else turns back; at a wall it turns
  back. The flux of a uniform cloud through every face is then the same from both sides, for any number of faces in one
  step: the uniform cloud is kept exactly, at walls, corners and axis too, whatever the time step. In r the factor r^2
  of the diffusivity of r^2 is its logarithmic mean in the ring, which keeps the ring's exact resistance.
* ``END_POINT``: X* = X + sqrt(2 D(X) dt) e,  X' = X + sqrt(2 D(X*) dt) e. Exact for one jump, O(sqrt dt) too few or too
  many cells where a wall meets a gradient of D.
* ``NAIVE``: X' = X + sqrt(2 D(X) dt) e. Wrong: cells gather where D is small. Kept to show that the tests can see it.

Sources: Pollock 1988, Ground Water 26:743, doi 10.1111/j.1745-6584.1988.tb00425.x (tracks); Thomson, Physick & Maryon
1997, J. Appl. Meteorol. 36:1284 (interfaces); LaBolle et al. 2000, Water Resour. Res. 36:651, doi 10.1029/1999WR900224
(end point); Steele, Lea & Flood 2014, doi 10.1145/2660193.2660195 (generator). Valid for steady divergence-free fields.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from rushton.lifelines.observer import SCALE, observe

# Arrays are owned by the caller, so reference counting inside the loops is switched off, and small functions are
# forced into the loop: together three times as fast. Fused multiply-add is the only licence taken with arithmetic.
_FAST = {
    "cache": True, "nogil": True, "_nrt": False, "forceinline": True, "error_model": "numpy", "fastmath": {"contract"},
}  # fmt: skip
_APART = _FAST | {"forceinline": False}

INTERFACE, END_POINT, NAIVE, STILL = 0, 1, 2, 3
"""Turbulent walks; STILL is none."""

# columns of a mesh record, float32: six fluxes over volume, sqrt(2 D dt), s in units of 2^-20
R_IN, R_OUT, T_IN, T_OUT, Z_IN, Z_OUT, STEP, UPTAKE = range(8)

# bits of a wall byte: faces closed to the walk
WALL_R1, WALL_R2, WALL_T1, WALL_T2, WALL_Z1, WALL_Z2 = 1, 2, 4, 8, 16, 32

MAX_HOP = 20_000
"""Faces one cell may cross in one step before the step is given up and counted (never seen).

The flux has one sign on both sides of a face, so a cell never goes back and forth through it: the number of faces is
bounded by the Courant number, which is large only in the rings next to the axis (a turn of theta is nt faces)."""

_SQRT3 = math.sqrt(3.0)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_S11, _S21, _S42 = np.uint64(11), np.uint64(21), np.uint64(42)
_MASK21 = np.uint64((1 << 21) - 1)
_UNIT = 2.0 * _SQRT3 / (1 << 21)


class Field(NamedTuple):
    """A steady field as the tracks read it.

    Attributes
    ----------
    record : (n_all, 8) float32, per mesh cell (solid ones included): see R_IN..UPTAKE
    wall : (n_all,) uint8, faces closed to the walk
    number : (n_all,) int32, number of the fluid mesh cell, -1 in the solid
    shape : (3,) int64, nr, nt, nz
    per_r, per_theta : (nr,) float64, fraction of the mesh cell per metre walked in r and theta
    per_z : (nz,) float64, the same in z
    metre_r : (nr,) float64, change of r^2 per metre walked in r, m
    zone_low, zone_high : (nz,) float64, part of the layer that lies in an impeller zone, as fractions (2, -1: none)
    zone_ring : (nz,) int32, rings inside the zone's radius
    s_face : (nr + 1,) float64, r^2 at the faces, m2
    """

    record: np.ndarray
    wall: np.ndarray
    number: np.ndarray
    shape: np.ndarray
    per_r: np.ndarray
    per_theta: np.ndarray
    per_z: np.ndarray
    metre_r: np.ndarray
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
    """

    place: np.ndarray
    fraction: np.ndarray
    memory: np.ndarray
    visit: np.ndarray


class Journey(NamedTuple):
    """Counters of the tracks themselves.

    Attributes
    ----------
    circulation : (n_half, n_bin) int64, times between entries into impeller zones per duration
    circulation_steps : (n_half,) int64, their sum, steps
    events : (4,) int64, steps, hops, steps given up at MAX_HOP, cells found in the solid
    """

    circulation: np.ndarray
    circulation_steps: np.ndarray
    events: np.ndarray


@nb.njit(**_FAST)
def mix(h):
    """Finaliser of splitmix64: a bijection of 64 bits that scatters them."""
    h = (h ^ (h >> _S30)) * _MIX1
    h = (h ^ (h >> _S27)) * _MIX2
    return h ^ (h >> _S31)


@nb.njit(**_FAST)
def counter_hash(cell, step, key):
    """64 random bits for one cell and step, from a counter: no state, so no order of evaluation matters."""
    return mix((((np.uint64(cell) << _S32) | np.uint64(step)) + key) * _GOLDEN)


@nb.njit(**_FAST)
def variate(bits):
    """Uniform variate of zero mean and unit variance from the lowest 21 bits."""
    return (np.float64(np.int64(bits & _MASK21)) + 0.5) * _UNIT - _SQRT3


@nb.njit(**_FAST)
def exit_time(u, u_face, distance):
    """Time to a face at ``distance`` when the speed grows linearly from u to u_face (both > 0)."""
    total = u + u_face
    w = (u_face - u) / total
    if -0.2 < w < 0.2:  # ln(u_face/u) = 2 artanh w
        w2 = w * w
        series = 1.0 + w2 * (1 / 3 + w2 * (1 / 5 + w2 * (1 / 7 + w2 * (1 / 9 + w2 * (1 / 11)))))
        return 2.0 * distance / total * series
    return distance * math.log(u_face / u) / (u_face - u)


@nb.njit(**_FAST)
def glide(u, slope, t):
    """Distance covered in time t at the speed u + slope * distance."""
    a = slope * t
    if -0.25 < a < 0.25:
        return u * t * (1.0 + a * (1 / 2 + a * (1 / 6 + a * (1 / 24 + a * (1 / 120 + a * (1 / 720 + a * (1 / 5040)))))))
    return u * (math.exp(a) - 1.0) / slope


@nb.njit(**_FAST)
def clip01(x):
    """x held in 0..1 (rounding at faces)."""
    return min(max(x, 0.0), 1.0)


@nb.njit(**_FAST)
def advect(field, c, i, j, k, x, y, z, dt):
    """Carry one cell along the face-flux velocity for a time dt.

    Returns
    -------
    c, i, j, k, x, y, z, hops
        hops = MAX_HOP if the step was given up.
    """
    rec = field.record
    nt, nz = field.shape[1], field.shape[2]
    layer = nt * nz
    left = dt
    for hop in range(MAX_HOP):
        a1, b1, g1 = np.float64(rec[c, R_IN]), np.float64(rec[c, T_IN]), np.float64(rec[c, Z_IN])
        a2, b2, g2 = np.float64(rec[c, R_OUT]), np.float64(rec[c, T_OUT]), np.float64(rec[c, Z_OUT])
        sa, sb, sg = a2 - a1, b2 - b1, g2 - g1
        u, v, w = a1 + sa * x, b1 + sb * y, g1 + sg * z
        t = left
        leave = 0
        if u > 0.0:
            if a2 > 0.0 and 1.0 - x < t * max(u, a2):
                te = exit_time(u, a2, 1.0 - x)
                if te < t:
                    t, leave = te, 1
        elif a1 < 0.0 and u < 0.0 and x < t * max(-u, -a1):
            te = exit_time(-u, -a1, x)
            if te < t:
                t, leave = te, 2
        if v > 0.0:
            if b2 > 0.0 and 1.0 - y < t * max(v, b2):
                te = exit_time(v, b2, 1.0 - y)
                if te < t:
                    t, leave = te, 3
        elif b1 < 0.0 and v < 0.0 and y < t * max(-v, -b1):
            te = exit_time(-v, -b1, y)
            if te < t:
                t, leave = te, 4
        if w > 0.0:
            if g2 > 0.0 and 1.0 - z < t * max(w, g2):
                te = exit_time(w, g2, 1.0 - z)
                if te < t:
                    t, leave = te, 5
        elif g1 < 0.0 and w < 0.0 and z < t * max(-w, -g1):
            te = exit_time(-w, -g1, z)
            if te < t:
                t, leave = te, 6
        x = clip01(x + glide(u, sa, t))
        y = clip01(y + glide(v, sb, t))
        z = clip01(z + glide(w, sg, t))
        if leave == 0:
            return c, i, j, k, x, y, z, hop
        left -= t
        if leave == 3:
            j, c, y = j + 1, c + nz, 0.0
            if j == nt:
                j, c = 0, c - layer
        elif leave == 4:
            j, c, y = j - 1, c - nz, 1.0
            if j < 0:
                j, c = nt - 1, c + layer
        elif leave == 5:
            k, c, z = k + 1, c + 1, 0.0
        elif leave == 6:
            k, c, z = k - 1, c - 1, 1.0
        elif leave == 1:
            i, c, x = i + 1, c + layer, 0.0
        else:
            i, c, x = i - 1, c - layer, 1.0
    return c, i, j, k, x, y, z, MAX_HOP


@nb.njit(**_FAST)
def unit(h):
    """Uniform number in [0, 1) from the highest 53 bits."""
    return np.float64(np.int64(h >> _S11)) * (1.0 / (1 << 53))


@nb.njit(**_FAST)
def stride_z(field, c, k, z, e, h):
    """Interface walk in z with variate e; returns c, k, z and the random bits that are left.

    g is the fraction of the mesh cell that lies behind the walker; up says which way it faces.
    """
    rec, wall, per_z = field.record, field.wall, field.per_z
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = z if up else 1.0 - z
    here = np.float64(rec[c, STEP])
    speed = here * per_z[k]
    while g + speed * left > 1.0:
        left -= (1.0 - g) / speed
        g = 0.0
        if wall[c] & (WALL_Z1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        there = np.float64(rec[c + sign, STEP])
        h = mix(h + _GOLDEN)
        if unit(h) * here < there:
            c += sign
            k += sign
            here = there
            speed = here * per_z[k]
        else:
            up = 1 - up
    g += speed * left
    return c, k, g if up else 1.0 - g, h


@nb.njit(**_FAST)
def stride_theta(field, c, i, j, y, e, h):
    """Interface walk in theta with variate e; in one ring at most half way round."""
    rec, wall = field.record, field.wall
    nt, nz = field.shape[1], field.shape[2]
    most = 0.5 * nt / _SQRT3
    per = field.per_theta[i]
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = y if up else 1.0 - y
    here = min(rec[c, STEP] * per, most)
    while g + here * left > 1.0:
        left -= (1.0 - g) / here
        g = 0.0
        if wall[c] & (WALL_T1 << up):
            up = 1 - up
            continue
        jt = j + 2 * up - 1
        jt = 0 if jt == nt else jt
        jt = nt - 1 if jt < 0 else jt
        to = c + (jt - j) * nz
        there = min(rec[to, STEP] * per, most)
        h = mix(h + _GOLDEN)
        if unit(h) * here < there:
            c, j, here = to, jt, there
        else:
            up = 1 - up
    g += here * left
    return c, j, g if up else 1.0 - g, h


@nb.njit(**_FAST)
def stride_r(field, c, i, x, e, h):
    """Interface walk in r^2 with variate e; steps of two rings are compared in r^2."""
    rec, wall, per_r, metre_r = field.record, field.wall, field.per_r, field.metre_r
    layer = field.shape[1] * field.shape[2]
    left = abs(e)
    up = 1 if e > 0.0 else 0
    g = x if up else 1.0 - x
    here = np.float64(rec[c, STEP])
    speed = here * per_r[i]
    while g + speed * left > 1.0:
        left -= (1.0 - g) / speed
        g = 0.0
        if wall[c] & (WALL_R1 << up):
            up = 1 - up
            continue
        sign = 2 * up - 1
        there = np.float64(rec[c + sign * layer, STEP])
        h = mix(h + _GOLDEN)
        if unit(h) * here * metre_r[i] < there * metre_r[i + sign]:
            c += sign * layer
            i += sign
            here = there
            speed = here * per_r[i]
        else:
            up = 1 - up
    g += speed * left
    return c, i, g if up else 1.0 - g, h


@nb.njit(**_FAST)
def interface_walk(field, c, i, j, k, x, y, z, h):
    """One step of the turbulent walk with interfaces, direction by direction; 64 random bits h.

    Returns
    -------
    c, i, j, k, x, y, z
    """
    ez, et, er = variate(h), variate(h >> _S21), variate(h >> _S42)
    c, k, z, h = stride_z(field, c, k, z, ez, h)
    c, j, y, h = stride_theta(field, c, i, j, y, et, h)
    c, i, x, h = stride_r(field, c, i, x, er, h)
    return c, i, j, k, x, y, z


@nb.njit(**_APART)
def travel(
    order, first, n_step, dt, key, walk, field, cloud, limits, tally, journey, bins, settle, every, sample, out, full
):
    """Follow some cells for a number of steps.

    Parameters
    ----------
    order : (n,) int32
        Numbers of the cells, those close to each other side by side.
    first, n_step : int
        First step and number of steps.
    dt : float
        Time step, s.
    key : uint64
        Made of the seed.
    walk : int
        INTERFACE, END_POINT, NAIVE or STILL.
    field, cloud, limits, tally, journey
        Field, cells, thresholds and the counters of this thread.
    bins : (n_total + 1,) int32
        ``duration_bins``.
    settle : int
        Steps outside an impeller zone after which a return counts.
    every : int
        Steps per stored sample.
    sample : int
        Column of ``out`` and ``full`` of the first stored sample.
    out : (n_cell, n_sample) int32
        Fluid mesh cell at every stored sample.
    full : (n_full, n_sample, 4) float32
        i + x, j + y, k + z and s of the first n_full cells.
    """
    from_walks = walk == END_POINT or walk == NAIVE
    rec = field.record
    nt, nz = field.shape[1], field.shape[2]
    n_hop = 0
    n_given_up = 0
    for q in range(order.size):
        p = order[q]
        half = p & 1
        i, j, k = np.int64(cloud.place[p, 0]), np.int64(cloud.place[p, 1]), np.int64(cloud.place[p, 2])
        x, y, z = cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2]
        c = (i * nt + j) * nz + k
        memory = cloud.memory[p]
        visit = cloud.visit[p]
        column = sample
        until = every
        for n in range(first, first + n_step):
            c, i, j, k, x, y, z, hops = advect(field, c, i, j, k, x, y, z, dt)
            n_hop += hops
            if hops == MAX_HOP:
                n_given_up += 1
            if walk == INTERFACE:
                c, i, j, k, x, y, z = interface_walk(field, c, i, j, k, x, y, z, counter_hash(p, n, key))
            elif from_walks:
                h = counter_hash(p, n, key)
                c, i, j, k, x, y, z = point_walk(field, c, i, j, k, x, y, z, h, walk == END_POINT)
            observe(memory, np.int64(rec[c, UPTAKE]), n, limits, tally, half, bins)

            inside = field.zone_low[k] <= z <= field.zone_high[k] and i < field.zone_ring[k]
            if inside != (visit[0] == 1):
                _cross_zone(visit, inside, n, settle, journey, half, bins)
            until -= 1
            if until == 0:
                until = every
                out[p, column] = field.number[c]
                if p < full.shape[0]:
                    full[p, column, 0] = i + x
                    full[p, column, 1] = j + y
                    full[p, column, 2] = k + z
                    full[p, column, 3] = rec[c, UPTAKE] / SCALE
                column += 1
        cloud.place[p, 0], cloud.place[p, 1], cloud.place[p, 2] = i, j, k
        cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2] = x, y, z
        if field.number[c] < 0:
            journey.events[3] += 1
    journey.events[0] += order.size * n_step
    journey.events[1] += n_hop
    journey.events[2] += n_given_up


@nb.njit(**_APART)
def _cross_zone(visit, inside, n, settle, journey, half, bins):
    """A cell enters or leaves an impeller zone at step n."""
    if inside:
        visit[0] = 1
        if visit[1] >= 0 and n - visit[1] < settle:
            return  # back again at once: the same visit
        if visit[2] >= 0:
            duration = n - visit[2]
            journey.circulation[half, bins[min(duration, bins.size - 1)]] += 1
            journey.circulation_steps[half] += duration
        visit[2] = n
    else:
        visit[0] = 0
        visit[1] = n


# --- the walks that were tried before, for comparison ------------------------------------------------------------


@nb.njit(**_APART)
def _shift_z(field, c, k, z, metres):
    """Move in z by a distance, reflected at walls."""
    up = metres > 0.0
    left = abs(metres)
    while True:
        d = (1.0 - z if up else z) / field.per_z[k]
        if left <= d:
            g = left * field.per_z[k]
            return c, k, clip01(z + g if up else z - g)
        left -= d
        z = 1.0 if up else 0.0
        if field.wall[c] & (WALL_Z2 if up else WALL_Z1):
            up = not up
        else:
            c, k, z = (c + 1, k + 1, 0.0) if up else (c - 1, k - 1, 1.0)


@nb.njit(**_APART)
def _shift_theta(field, c, i, j, y, faces):
    """Move in theta by a number of mesh cells, reflected at walls."""
    nt, nz = field.shape[1], field.shape[2]
    up = faces > 0.0
    left = min(abs(faces), 0.5 * nt)
    while True:
        d = 1.0 - y if up else y
        if left <= d:
            return c, j, clip01(y + left if up else y - left)
        left -= d
        y = 1.0 if up else 0.0
        if field.wall[c] & (WALL_T2 if up else WALL_T1):
            up = not up
        elif up:
            c, j, y = (c + nz, j + 1, 0.0) if j + 1 < nt else (c - (nt - 1) * nz, 0, 0.0)
        else:
            c, j, y = (c - nz, j - 1, 1.0) if j > 0 else (c + (nt - 1) * nz, nt - 1, 1.0)


@nb.njit(**_APART)
def _shift_r(field, c, i, x, distance, s_face):
    """Move in r^2 by a distance, m2, reflected at walls and axis."""
    layer = field.shape[1] * field.shape[2]
    up = distance > 0.0
    left = abs(distance)
    while True:
        ds = s_face[i + 1] - s_face[i]
        d = (1.0 - x if up else x) * ds
        if left <= d:
            return c, i, clip01(x + left / ds if up else x - left / ds)
        left -= d
        x = 1.0 if up else 0.0
        if field.wall[c] & (WALL_R2 if up else WALL_R1):
            up = not up
        else:
            c, i, x = (c + layer, i + 1, 0.0) if up else (c - layer, i - 1, 1.0)


@nb.njit(**_APART)
def point_walk(field, c, i, j, k, x, y, z, h, end_point):
    """One step of the end-point walk or, without the end point, of the naive walk."""
    rec = field.record
    ez, et, er = variate(h), variate(h >> _S21), variate(h >> _S42)
    q = np.float64(rec[c, STEP])
    if end_point:
        q = np.float64(rec[_shift_z(field, c, k, z, ez * q)[0], STEP])
    c, k, z = _shift_z(field, c, k, z, ez * q)

    s_face = field.s_face
    nt = field.shape[1]
    per = nt / (2.0 * math.pi * math.sqrt(max(s_face[i] + x * (s_face[i + 1] - s_face[i]), 1e-30)))
    q = np.float64(rec[c, STEP])
    if end_point:
        q = np.float64(rec[_shift_theta(field, c, i, j, y, et * q * per)[0], STEP])
    c, j, y = _shift_theta(field, c, i, j, y, et * q * per)

    q = np.float64(rec[c, STEP])
    s = s_face[i] + x * (s_face[i + 1] - s_face[i])
    g = 2.0 * er * q * math.sqrt(s)
    if end_point:
        c2, i2, x2 = _shift_r(field, c, i, x, g, s_face)
        s = s_face[i2] + x2 * (s_face[i2 + 1] - s_face[i2])
        g = 2.0 * er * rec[c2, STEP] * math.sqrt(s)
    c, i, x = _shift_r(field, c, i, x, g, s_face)
    return c, i, j, k, x, y, z


@nb.njit(**_APART)
def sort_by_place(place, nt, nz, start, order):
    """Numbers of the cells in the order of their mesh cells (counting sort).

    Parameters
    ----------
    place : (n_cell, 3) int32
    nt, nz : int
    start : (n_all + 1,) int64
        Working space.
    order : (n_cell,) int32
        Result.
    """
    start[:] = 0
    for p in range(place.shape[0]):
        start[(place[p, 0] * nt + place[p, 1]) * nz + place[p, 2] + 1] += 1
    for c in range(1, start.size):
        start[c] += start[c - 1]
    for p in range(place.shape[0]):
        c = (place[p, 0] * nt + place[p, 1]) * nz + place[p, 2]
        order[start[c]] = p
        start[c] += 1


@nb.njit(**_APART)
def random_numbers(cells, step, key, out):
    """Two uniform numbers in [0, 1) of 32 bits for every cell, of a step of their own; out is (n, 2) float64."""
    for n in range(cells.size):
        h = counter_hash(cells[n], step, key)
        out[n, 0] = np.float64(np.int64(h >> _S32)) / 4294967296.0
        out[n, 1] = np.float64(np.int64(h & np.uint64(0xFFFFFFFF))) / 4294967296.0
