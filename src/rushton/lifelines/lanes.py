"""A tile: some hundred cells that take every step together, one lane each, so that eight of them share an instruction.

    tile.real[ROW + n], tile.whole[ROW + n]      quantity ROW of lane n

All real quantities of a tile are one array and all whole ones another: a compiler that knows that rows do not overlap
turns a loop over lanes without branches into vector instructions. What is rare (a face is crossed) is put on a list
and done lane by lane. A lane's numbers do not depend on its neighbours: any tiling gives the same bytes.

A cell is in mesh cell c at fractions (x, y, z). Advection knows c only; i, j, k follow from it (``decode``) before the
walk, which keeps all four.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from rushton.lifelines.layout import APART, FAST

TILE = 256
"""Lanes of a tile: their rows stay in the first caches of a core."""

# rows of ``real``: place; turbulent velocities or variates; speed and weight of the walk in one direction
X, Y, Z, E_R, E_T, E_Z, SPEED, WEIGHT = (TILE * n for n in range(8))
# of lanes under way: place, time or variate left, mesh record of the advection; the mesh cell ahead of the walk
X_GO, Y_GO, Z_GO, LEFT, R_LOW, R_HIGH, T_LOW, T_HIGH, Z_LOW, Z_HIGH = (TILE * n for n in range(8, 18))
SPEED_GO, WEIGHT_GO, SPEED_TO, WEIGHT_TO, PLACE_GO = R_LOW, R_HIGH, T_LOW, T_HIGH, X_GO
# rows of ``whole``: mesh cell; its three indices; number of the cell; random bits; in an impeller zone; flag; list
C, RING, TURN, LAYER, CELL, BITS, INSIDE, FLAG, LIST = (TILE * n for n in range(9))
# of lanes under way: mesh cell, lane; index along the walk, which way, random bits; the mesh cell ahead, face closed
C_GO, LANE_GO, M_GO, UP_GO, BITS_GO, C_TO, M_TO, CLOSED = (TILE * n for n in range(9, 17))
N_REAL, N_WHOLE = 18, 17


class Tile(NamedTuple):
    """Working space of one thread.

    Attributes
    ----------
    real : (N_REAL TILE,) float64
    whole : (N_WHOLE TILE,) int64
    seen : (TILE, n_step) int32
        s of every lane at every step, in units of 2^-20.
    """

    real: np.ndarray
    whole: np.ndarray
    seen: np.ndarray


def new_tile(n_step: int) -> Tile:
    """Working space for stretches of so many steps. Lanes in use lie before those that are not."""
    return Tile(np.zeros(N_REAL * TILE), np.zeros(N_WHOLE * TILE, np.int64), np.zeros((TILE, n_step), np.int32))


@intrinsic
def prefetch(typingctx: Any, array: Any, row: Any) -> Any:
    """Ask for the first line of a row of an array, to have it in the cache when it is read soon."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(array)(context, builder, arguments[0])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        offset = builder.mul(arguments[1], builder.extract_value(held.strides, 0))
        at = builder.gep(builder.bitcast(held.data, byte), [offset], source_etype=ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        builder.call(
            builder.module.declare_intrinsic("llvm.prefetch", [byte], kind), [at, word(0), word(3), word(1)]
        )  # to read, to the nearest cache, data
        return context.get_dummy_value()

    return types.void(array, types.int64), code


@nb.njit(**FAST)
def filled(n, of):
    """n, filled up to a multiple of ``of``: loops over lanes end on a whole vector."""
    return (n + of - 1) // of * of


@nb.njit(**APART)
def decode(tile, n, nt, nz):
    """Rows RING, TURN, LAYER of n lanes from row C."""
    whole = tile.whole
    per_layer, per_z = 1.0 / (nt * nz), 1.0 / nz
    for a in range(filled(n, 32)):
        c = whole[C + a]
        i = np.int64((np.float64(c) + 0.5) * per_layer)  # exact: half a mesh cell is far above rounding
        rest = c - i * (nt * nz)
        j = np.int64((np.float64(rest) + 0.5) * per_z)
        whole[RING + a] = i
        whole[TURN + a] = j
        whole[LAYER + a] = rest - j * nz


@nb.njit(**FAST)
def list_flagged(tile, n):
    """Lanes whose FLAG is 1 to the row LIST; their number."""
    whole = tile.whole
    m = 0
    for a in range(n):
        whole[LIST + m] = a
        m += whole[FLAG + a]
    return m
