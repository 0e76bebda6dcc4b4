"""Turbulent walk: D = nu_t / Sc_t,  dX = sqrt(2 D dt) e,  e uniform with unit variance, direction by direction.

    D   turbulent diffusivity, m2/s        dt   time step, s        e   variate, -

Diffusivity is constant in a mesh cell and jumps at faces. The move is walked from mesh cell to mesh cell; at an open
face from D1 to D2 the walker goes on with probability min(1, sqrt(D2 / D1)), its remaining variate unchanged, and else
turns back; at a wall it turns back. The flux of a uniform cloud through every face is then the same from both sides,
for any number of faces in one step: the uniform cloud is kept exactly, at walls, corners and axis too, whatever the
time step. In r the factor r^2 of the diffusivity of r^2 is its logarithmic mean in the ring, which keeps the ring's
exact resistance.

All lanes of a tile move side by side, direction by direction: those that do not end in their mesh cell go to the face
ahead (``_set_out``), meet it (``_meet_face``) and close up, until none meets another. Other treatments of a jump are in
``point_walks``.

Source: Thomson, Physick & Maryon 1997, J. Appl. Meteorol. 36:1284 (interfaces). Valid for steps up to some mesh cells;
weak order one in dt. ``rushton.lifelines.plain`` says the same in plain Python.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.generator import GOLDEN, SQRT3, counter_hash, mix, unit, variate
from rushton.lifelines.lanes import (
    BITS,
    BITS_GO,
    C_GO,
    C_TO,
    CELL,
    CLOSED,
    E_R,
    E_T,
    E_Z,
    FLAG,
    LANE_GO,
    LAYER,
    LEFT,
    LIST,
    M_GO,
    M_TO,
    PLACE_GO,
    RING,
    SPEED,
    SPEED_GO,
    SPEED_TO,
    TURN,
    UP_GO,
    WEIGHT,
    WEIGHT_GO,
    WEIGHT_TO,
    C,
    X,
    Y,
    Z,
    filled,
    list_flagged,
    prefetch,
)
from rushton.lifelines.layout import APART, STEP, WALL_R1, WALL_T1, WALL_Z1

INTERFACE, END_POINT, NAIVE, STILL, LANGEVIN = 0, 1, 2, 3, 4
"""Codes of the walks; STILL is none, END_POINT and NAIVE those of ``point_walks``, LANGEVIN that of ``langevin``."""

_S21, _S42 = np.uint64(21), np.uint64(42)
_HALF_TURN = math.pi / SQRT3  # largest step per variate in theta: half way round


@nb.njit(**APART)
def draw(tile, n, step, key):
    """Random bits of n lanes for a step."""
    whole = tile.whole
    for a in range(filled(n, 32)):
        whole[BITS + a] = np.int64(counter_hash(whole[CELL + a], step, key))


@nb.njit(**APART)
def spread_variates(tile, n):
    """Three uniform variates of n lanes from their random bits."""
    real, whole = tile.real, tile.whole
    for a in range(filled(n, 32)):
        h = np.uint64(whole[BITS + a])
        real[E_Z + a], real[E_T + a], real[E_R + a] = variate(h), variate(h >> _S21), variate(h >> _S42)


@nb.njit(**APART)
def _set_out(tile, n, place, variate, index, record, stride):
    """Those of n lanes that do not end in their mesh cell go to the face ahead. Their number."""
    real, whole = tile.real, tile.whole
    for a in range(filled(n, 32)):
        e, g, speed = real[variate + a], real[place + a], real[SPEED + a]
        end = g + speed * e
        stays = (end >= 0.0) & (end <= 1.0)
        real[place + a] = end if stays else g
        real[LEFT + a] = abs(e) - (1.0 - g if e > 0.0 else g) / speed
        whole[FLAG + a] = 0 if stays else 1
    n_go = list_flagged(tile, n)
    for q in range(n_go):
        a = whole[LIST + q]  # q <= a: nothing is overwritten that is still to be read
        c, up = whole[C + a], 1 if real[variate + a] > 0.0 else 0
        prefetch(record, c + (2 * up - 1) * stride)
        real[LEFT + q], real[SPEED_GO + q], real[WEIGHT_GO + q] = real[LEFT + a], real[SPEED + a], real[WEIGHT + a]
        whole[C_GO + q], whole[M_GO + q], whole[UP_GO + q] = c, whole[index + a], up
        whole[BITS_GO + q], whole[LANE_GO + q] = whole[BITS + a], a
    return n_go


@nb.njit(**APART)
def _meet_face(tile, n):
    """n lanes at a face go through it or turn back; FLAG is 1 where another face is met."""
    real, whole = tile.real, tile.whole
    for a in range(filled(n, 8)):
        bits, closed, up = np.uint64(whole[BITS_GO + a]), whole[CLOSED + a] != 0, whole[UP_GO + a]
        new = mix(bits + GOLDEN)
        passes = unit(new) * real[WEIGHT_GO + a] < real[WEIGHT_TO + a]
        whole[BITS_GO + a] = np.int64(bits if closed else new)
        up = up if passes else 1 - up
        speed = real[SPEED_TO + a] if passes else real[SPEED_GO + a]
        reach = speed * real[LEFT + a]
        real[LEFT + a] -= 1.0 / speed
        real[PLACE_GO + a] = reach if up == 1 else 1.0 - reach
        real[SPEED_GO + a] = speed
        real[WEIGHT_GO + a] = real[WEIGHT_TO + a] if passes else real[WEIGHT_GO + a]
        whole[C_GO + a] = whole[C_TO + a] if passes else whole[C_GO + a]
        whole[M_GO + a] = whole[M_TO + a] if passes else whole[M_GO + a]
        whole[UP_GO + a] = up
        whole[FLAG + a] = 1 if reach > 1.0 else 0


@nb.njit(**APART)
def _close_up(tile, n, place, index, record, stride):
    """Note where n lanes have got to; those that meet another face close up. Their number."""
    real, whole = tile.real, tile.whole
    m = 0
    for a in range(n):
        c, up, lane = whole[C_GO + a], whole[UP_GO + a], whole[LANE_GO + a]
        along, bits = whole[M_GO + a], whole[BITS_GO + a]
        prefetch(record, c + (2 * up - 1) * stride)
        real[place + lane] = real[PLACE_GO + a]
        whole[C + lane], whole[index + lane], whole[BITS + lane] = c, along, bits
        real[LEFT + m], real[SPEED_GO + m], real[WEIGHT_GO + m] = (
            real[LEFT + a],
            real[SPEED_GO + a],
            real[WEIGHT_GO + a],
        )
        whole[C_GO + m], whole[M_GO + m], whole[UP_GO + m] = c, along, up
        whole[BITS_GO + m], whole[LANE_GO + m] = bits, lane
        m += whole[FLAG + a]
    return m


@nb.njit(**APART)
def _walk_z(tile, n, field):
    """Interface walk in z."""
    real, whole = tile.real, tile.whole
    rec, wall, per_z = field.record, field.wall, field.per_z
    for a in range(n):
        here = np.float64(rec[whole[C + a], STEP])
        real[WEIGHT + a], real[SPEED + a] = here, here * per_z[whole[LAYER + a]]
    n = _set_out(tile, n, Z, E_Z, LAYER, rec, 1)
    while n > 0:
        for a in range(n):
            c, k, up = whole[C_GO + a], whole[M_GO + a], whole[UP_GO + a]
            closed = wall[c] & (WALL_Z1 << up)
            sign = 0 if closed else 2 * up - 1
            there = np.float64(rec[c + sign, STEP])
            whole[CLOSED + a], whole[C_TO + a], whole[M_TO + a] = closed, c + sign, k + sign
            real[WEIGHT_TO + a], real[SPEED_TO + a] = 0.0 if closed else there, there * per_z[k + sign]
        _meet_face(tile, n)
        n = _close_up(tile, n, Z, LAYER, rec, 1)


@nb.njit(**APART)
def _walk_theta(tile, n, field):
    """Interface walk in theta; in one ring at most half way round."""
    real, whole = tile.real, tile.whole
    rec, wall, per_turn, per_theta = field.record, field.wall, field.per_turn, field.per_theta
    nt, nz = field.shape[1], field.shape[2]
    for a in range(n):
        here = min(np.float64(rec[whole[C + a], STEP]) * per_theta[whole[RING + a]], _HALF_TURN)
        real[WEIGHT + a], real[SPEED + a] = here, here * per_turn[whole[TURN + a]]
    n = _set_out(tile, n, Y, E_T, TURN, rec, nz)
    while n > 0:
        for a in range(n):
            c, j, up = whole[C_GO + a], whole[M_GO + a], whole[UP_GO + a]
            closed = wall[c] & (WALL_T1 << up)
            jt = j if closed else j + 2 * up - 1
            jt = 0 if jt == nt else jt
            jt = nt - 1 if jt < 0 else jt
            to = c + (jt - j) * nz
            there = min(np.float64(rec[to, STEP]) * per_theta[whole[RING + whole[LANE_GO + a]]], _HALF_TURN)
            whole[CLOSED + a], whole[C_TO + a], whole[M_TO + a] = closed, to, jt
            real[WEIGHT_TO + a], real[SPEED_TO + a] = 0.0 if closed else there, there * per_turn[jt]
        _meet_face(tile, n)
        n = _close_up(tile, n, Y, TURN, rec, nz)


@nb.njit(**APART)
def _walk_r(tile, n, field):
    """Interface walk in r^2; steps of two rings are compared in r^2."""
    real, whole = tile.real, tile.whole
    rec, wall, per_r, metre_r = field.record, field.wall, field.per_r, field.metre_r
    layer = field.shape[1] * field.shape[2]
    for a in range(n):
        here, i = np.float64(rec[whole[C + a], STEP]), whole[RING + a]
        real[WEIGHT + a], real[SPEED + a] = here * metre_r[i], here * per_r[i]
    n = _set_out(tile, n, X, E_R, RING, rec, layer)
    while n > 0:
        for a in range(n):
            c, i, up = whole[C_GO + a], whole[M_GO + a], whole[UP_GO + a]
            closed = wall[c] & (WALL_R1 << up)
            sign = 0 if closed else 2 * up - 1
            there = np.float64(rec[c + sign * layer, STEP])
            whole[CLOSED + a], whole[C_TO + a], whole[M_TO + a] = closed, c + sign * layer, i + sign
            real[WEIGHT_TO + a], real[SPEED_TO + a] = (
                0.0 if closed else there * metre_r[i + sign],
                there * per_r[i + sign],
            )
        _meet_face(tile, n)
        n = _close_up(tile, n, X, RING, rec, layer)


@nb.njit(**APART)
def interface_walk(tile, n, field):
    """One step of the turbulent walk with interfaces for n lanes, direction by direction, from their random bits."""
    spread_variates(tile, n)
    _walk_z(tile, n, field)
    _walk_theta(tile, n, field)
    _walk_r(tile, n, field)
