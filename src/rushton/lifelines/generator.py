"""Random numbers from a counter: no state, so no order of evaluation matters.

    h = mix((cell 2^32 + step + key) golden)        mix: finaliser of splitmix64, key: scattered seed

One cell has the same numbers on any thread, in any block, after any restart.

Source: Steele, Lea & Flood 2014, OOPSLA, doi 10.1145/2660193.2660195. Valid for 2^32 cells and as many steps.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from rushton.lifelines.layout import APART, FAST
from rushton.lifelines.polynomials import logarithm, sine_and_cosine

SQRT3 = math.sqrt(3.0)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31, _S32 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_MASK21, _MASK32 = np.uint64((1 << 21) - 1), np.uint64((1 << 32) - 1)
_UNIT = 2.0 * SQRT3 / (1 << 21)
_UNIT32 = 1.0 / (1 << 32)


def make_key(seed: int) -> np.uint64:
    """Key of the generator, well scattered even for seeds 0, 1, 2."""
    x = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & (2**64 - 1)
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return np.uint64(x ^ (x >> 31))


@nb.njit(**FAST)
def mix(h):
    """Finaliser of splitmix64: a bijection of 64 bits that scatters them."""
    h = (h ^ (h >> _S30)) * _MIX1
    h = (h ^ (h >> _S27)) * _MIX2
    return h ^ (h >> _S31)


@nb.njit(**FAST)
def counter_hash(cell, step, key):
    """64 random bits for one cell and step, from a counter: no state, so no order of evaluation matters."""
    return mix((((np.uint64(cell) << _S32) | np.uint64(step)) + key) * GOLDEN)


@nb.njit(**FAST)
def variate(bits):
    """Uniform variate of zero mean and unit variance from the lowest 21 bits."""
    return (np.float64(np.int64(bits & _MASK21)) + 0.5) * _UNIT - SQRT3


@nb.njit(**FAST)
def unit(h):
    """Uniform number in [0, 1) from the highest 53 bits."""
    return np.float64(np.int64(h >> _S11)) * (1.0 / (1 << 53))


@nb.njit(**FAST)
def normals(h):
    """Three normal variates (Box and Muller) from 64 random bits and 64 more that follow them."""
    g = mix(h + GOLDEN)
    far = math.sqrt(-2.0 * logarithm((np.float64(np.int64(h >> _S32)) + 0.5) * _UNIT32))
    near = math.sqrt(-2.0 * logarithm((np.float64(np.int64(g >> _S32)) + 0.5) * _UNIT32))
    sine, cosine = sine_and_cosine(np.float64(np.int64(h & _MASK32)) * _UNIT32)
    other = sine_and_cosine(np.float64(np.int64(g & _MASK32)) * _UNIT32)[1]
    return far * cosine, far * sine, near * other


@nb.njit(**APART)
def normal_numbers(cells, step, key, out):
    """Three normal variates for every cell, of a step of their own; out is (n, 3) float64."""
    for n in range(cells.size):
        out[n, 0], out[n, 1], out[n, 2] = normals(counter_hash(cells[n], step, key))


@nb.njit(**APART)
def random_numbers(cells, step, key, out):
    """Two uniform numbers in [0, 1) of 32 bits for every cell, of a step of their own; out is (n, 2) float64."""
    for n in range(cells.size):
        h = counter_hash(cells[n], step, key)
        out[n, 0] = np.float64(np.int64(h >> _S32)) / 4294967296.0
        out[n, 1] = np.float64(np.int64(h & _MASK32)) / 4294967296.0
