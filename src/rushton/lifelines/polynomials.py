"""Logarithm, exponential, sine and cosine without branches, so that a loop over cells becomes vector instructions.

    ln(b / u):       b / u = 2^e m,  1/2 < m < 2;   ln m = 2 artanh(w),  w = (m - 1) / (m + 1)      |w| < 1/3
    phi(h) = (exp(h) - 1) / h:    phi(2 h) = phi(h) (1 + h phi(h) / 2), eight times from |h| < 0.35     |h| < 88
    sin(2 pi v), cos(2 pi v):     polynomials of v^2 for |v| <= 1/4, folded to the whole turn

All interpolate the function at Chebyshev nodes of the range named; relative errors 1e-10 (artanh), 3e-10 (phi),
7e-11 (sine), absolute 1e-10 (cosine): below the rounding of the float32 fluxes that they meet.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numba import types
from numba.extending import intrinsic

from rushton.lifelines.layout import FAST

LARGEST_GROWTH = 88.0
"""Largest |h| of ``growth``."""

_LN2 = math.log(2.0)
_EXPONENT = 0x7FF0000000000000  # bits of the exponent of a float64
_ONE = 1023 << 52  # bits of 1.0


@intrinsic
def bits_of(typingctx: Any, value: Any) -> Any:
    """The 64 bits of a float64 as int64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), code


@intrinsic
def from_bits(typingctx: Any, value: Any) -> Any:
    """The float64 of 64 bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), code


@nb.njit(**FAST)
def doubled_artanh(w2):
    """2 artanh(w) / w of w^2 < 1/9."""
    return 1.9999999998090048 + w2 * (
        0.6666667902645588
        + w2
        * (0.3999871124636203 + w2 * (0.2862020740649018 + w2 * (0.21398560630495922 + w2 * 0.2439390734394351)))
    )  # fmt: skip


@nb.njit(**FAST)
def mean_inverse(u, b):
    """ln(b / u) / (b - u): mean of 1 / u between u and b, both > 0; meaningless numbers elsewhere."""
    near = (b < 2.0 * u) & (u < 2.0 * b)  # ln is small there: only relative to w is it exact
    e = (bits_of(b) & _EXPONENT) - (bits_of(u) & _EXPONENT)
    scaled = u if near else u * from_bits(e + _ONE)  # u 2^e
    total = b + scaled
    span = total if near else b - u
    per = 1.0 / (total * span)
    w = (b - scaled) * span * per
    series = doubled_artanh(w * w)
    return (series if near else np.float64(e >> 52) * _LN2 + w * series) * total * per


@nb.njit(**FAST)
def logarithm(x):
    """ln x, x > 0."""
    bits = bits_of(x)
    m = from_bits((bits & ~_EXPONENT) | _ONE)  # 1 <= m < 2
    e = (bits >> 52) - 1023
    high = m > 1.5
    m = 0.5 * m if high else m  # so that nothing cancels beside x = 1
    w = (m - 1.0) / (m + 1.0)
    return np.float64(e + 1 if high else e) * _LN2 + w * doubled_artanh(w * w)


@nb.njit(**FAST)
def growth(h):
    """phi(h) = (exp(h) - 1) / h for |h| < LARGEST_GROWTH."""
    h = h * (1.0 / 256.0)
    p = 1.0 + h * (
        0.5000000047139316
        + h
        * (
            0.16666666719023374
            + h
            * (0.04166635280101729 + h * (0.008333298472605688 + h * (0.0013941116406758567 + h * 1.98992831e-4)))
        )
    )  # fmt: skip
    h *= 0.5
    for _ in range(8):
        p *= 1.0 + h * p
        h *= 2.0
    return p


@nb.njit(**FAST)
def sine_and_cosine(turns):
    """sin and cos of 2 pi turns, 0 <= turns < 1."""
    v = turns - 0.5  # half a turn further: both change sign
    folded = abs(v) > 0.25
    v = math.copysign(0.5, v) - v if folded else v
    v2 = v * v
    sine = v * (
        6.283185307072258
        + v2
        * (
            -41.341702116741764
            + v2 * (81.6052261738358 + v2 * (-76.70427986968328 + v2 * (42.00977921610078 - v2 * 14.39396588007609)))
        )
    )
    cosine = 1.0 - v2 * (
        19.739208802130328
        + v2
        * (
            -64.93939396692284
            + v2 * (85.45680679362356 + v2 * (-60.24392942639437 + v2 * (26.40422373016675 - v2 * 7.588209788004558)))
        )
    )
    return -sine, cosine if folded else -cosine
