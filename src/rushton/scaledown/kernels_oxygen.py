r"""Compiled: one period of dissolved oxygen in a stirred vessel whose transfer is switched.

.. math:: \frac{dy}{dt} = k(t)\,(y^*(t) - y) - \frac{1}{t_O}\frac{y}{1 + y},\qquad y = C/K_O,\quad t_O = K_O/(q_O X)

Every step splits the balance symmetrically (Strang 1968, SIAM J. Numer. Anal. 5:506): half of the transfer, which is
linear and exact for the mean k and y* of the step, all of the exact Monod depletion, half of the transfer. Positive for
any step and second order in it.

Symbols: y and y* (saturation) in units of K_O, k = kLa 1/s, t_O s.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rushton.scaledown.kernels import omega_near


@njit("float64(float64[::1], float64[::1], float64, float64, float64, float64[::1])", cache=True, nogil=True)
def breathing_period(rate, saturation, step, uptake_time, start, y):
    """One period of a vessel that breathes.

    Parameters
    ----------
    rate : (n,) ndarray
        kLa, mean of each step, 1/s.
    saturation : (n,) ndarray
        y*, mean of each step, in units of K_O.
    step, uptake_time : float
        h and t_O, s.
    start : float
        y at the start.
    y : (n,) ndarray, written
        y at the middle of each step.

    Returns
    -------
    float
        y at the end.
    """
    c = start
    for k in range(rate.size):
        keep = math.exp(-0.5 * step * rate[k])
        c = saturation[k] + (c - saturation[k]) * keep
        if c > 0.0:
            z = math.log(c) + c
            eaten = 0.5 * step / uptake_time / (1.0 + c)  # relative, in half a step, to first order
            y[k] = omega_near(z - 0.5 * step / uptake_time, c * math.exp(-eaten))
            c = omega_near(z - step / uptake_time, y[k] * math.exp(-eaten))
        else:
            y[k] = 0.0
        c = saturation[k] + (c - saturation[k]) * keep
    return c


def breathing_reference(
    rate: np.ndarray, saturation: np.ndarray, step: float, uptake_time: float, start: float
) -> tuple[np.ndarray, float]:
    """The same, to be read: (y at the middles, y at the end)."""
    from scipy.special import wrightomega

    c, middles = start, np.empty(len(rate))
    for k, (transfer, top) in enumerate(zip(rate, saturation, strict=True)):
        keep = np.exp(-0.5 * step * transfer)
        c = top + (c - top) * keep
        middles[k] = wrightomega(np.log(c) + c - 0.5 * step / uptake_time)
        c = wrightomega(np.log(c) + c - step / uptake_time)
        c = top + (c - top) * keep
    return middles, c
