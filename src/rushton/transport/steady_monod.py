"""Steady field of a substrate under one uptake law: relaxed, not stepped in time.

::

    r = b - V q(C) - A C + T(C) -> 0,      q(C) = Q C/(K + C)
    e = P^-1 r,                            P  line sweeps and compartments of A + V q'(C),   q' = Q K/(K + C)^2
    C' = C + e              where e >= -C/2
    C' = C^2/(4 |e|)        elsewhere: positive for any e, continuous with continuous slope

    C  mol/m3  concentration       b  mol/s  feed              r  mol/s  what the balance of a mesh cell lacks
    Q  mol/m3/s  q_max X           K  mol/m3  half saturation  A, T, V   :mod:`rushton.transport.operator`

T and q are formed anew before every sweep, so each sweep works on the equation itself: nothing is solved more exactly
than the rest of the equation is known. The uptake makes P strongly diagonal where there is little substrate (K/Q is
parts of a second); what is slow is the plume, where q' vanishes, and there the compartments carry the balance over long
distances (:mod:`rushton.transport.compartments`). P is formed anew at growing intervals. On coarse meshes the limiter
in T can swing from sweep to sweep; where the residual does not fall, T is held over 2, 4, .. sweeps.

Only the fixed point counts, r = 0; |sum r| <= sum |r|, so the mass closes to the tolerance.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.store import Progress, silent
from rushton.transport.balance import Balance
from rushton.transport.compartments import Compartments
from rushton.transport.operator import ScalarOperator
from rushton.transport.sweeps import OPTIONS, LineSweeps

TOLERANCE = 1e-6
"""Largest sum of |r| over the feed at which the field is steady, -."""
LEAST = 1e-12
"""Concentrations are kept above this times the half saturation, -."""
MOST_SWEEPS = 2000
PATIENCE, STALLED, LONGEST_HOLD = 20, 0.5, 64
"""Sweeps in which the residual should fall to this share of what it was; most sweeps on one T, -."""
RENEW, RENEW_GROWTH, LONGEST = 6, 1.35, 40
"""Sweeps from one P to the next: at first, growth, at most, -."""


def steady_monod(
    operator: ScalarOperator,
    source: np.ndarray,
    max_uptake: float,
    half: float,
    progress: Progress = silent,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[np.ndarray, float, int]:
    """Solve A C - T(C) = source - V max_uptake C/(half + C).

    Parameters
    ----------
    operator : ScalarOperator
    source : (nr, nt, nz) float
        Feed, mol/s.
    max_uptake : float
        q_max X, mol/m3/s.
    half : float
        K, mol/m3.
    progress : Progress
    start : (nr, nt, nz) float, optional
        First guess, mol/m3; by default that of the ideally mixed vessel.
    tolerance : float
        Residual at which the field is steady, -.

    Returns
    -------
    c : (nr, nt, nz) float
        mol/m3; 0 in the solid.
    residual : float
        Sum of |r| over the feed.
    sweeps : int
    """
    volumes, fluid = operator.volumes, ~operator.mesh.solid
    feed, volume = float(source.sum()), float(volumes.sum())
    ideal = feed / (max_uptake * volume)
    c = np.where(fluid, half * ideal / (1.0 - ideal) if start is None else np.maximum(start, LEAST * half), 0.0)
    planes, least = len(c), LEAST * half
    balance, compartments = Balance(operator), Compartments(operator.diagonal, operator.neighbours)
    lines: LineSweeps | None = None
    b, slope, e, left = np.empty_like(c), np.empty_like(c), np.empty_like(c), np.empty(c.shape, np.float32)
    renewed, interval = 0, float(RENEW)
    sweep, held, hold, least_seen, looked = 0, 0, 1, np.inf, 0
    while True:
        uptake_and_slope(0, planes, source, volumes, max_uptake, half, c, b, slope)
        fresh = held == 0 or sweep == MOST_SWEEPS
        residual = balance(b, c, fresh) / feed
        if fresh:
            if residual <= tolerance or sweep == MOST_SWEEPS:
                return c, residual, sweep
            if sweep - looked >= max(PATIENCE, 4 * hold):
                if residual > STALLED * least_seen:
                    hold = min(2 * hold, LONGEST_HOLD)
                least_seen, looked = min(residual, least_seen), sweep
        held = (held + 1) % hold
        if sweep == 0 or sweep - renewed >= interval:
            main = np.where(fluid, operator.diagonal + slope, 1.0)
            if lines is None:
                lines = LineSweeps(main, operator.neighbours)
            else:
                lines.set_main(main)
                interval = min(RENEW_GROWTH * interval, LONGEST)
            compartments.set_mass(slope.copy())
            renewed = sweep
        assert lines is not None
        scale = lines.scale(residual * feed / c.size)
        e.fill(0.0)
        compartments.correct(balance.r, scale, left)
        compartments.add(lines(left), lines.unit / scale, e)
        take(0, planes, e, least, volumes, c)
        sweep += 1
        if sweep % 10 == 0:
            done = float(np.log10(max(residual, tolerance)) / np.log10(tolerance))
            progress(0.1 + 0.9 * max(done, 0.0), f"substrate, sweep {sweep}")


@njit(**OPTIONS)
def uptake_and_slope(lo, hi, source, volumes, max_uptake, half, c, b, slope):
    """b = source - V q(C), mol/s, and V q'(C), m3/s, of the planes lo <= i < hi; all (nr, nt, nz)."""
    for i in range(lo, hi):
        for j in range(c.shape[1]):
            for k in range(c.shape[2]):
                part = volumes[i, j, k] * max_uptake / (half + c[i, j, k])
                b[i, j, k] = source[i, j, k] - part * c[i, j, k]
                slope[i, j, k] = part * half / (half + c[i, j, k])


@njit(**OPTIONS)
def take(lo, hi, e, least, volumes, c):
    """c <- c + e, kept positive, where there is liquid, of the planes lo <= i < hi; all (nr, nt, nz)."""
    for i in range(lo, hi):
        for j in range(c.shape[1]):
            for k in range(c.shape[2]):
                if volumes[i, j, k] > 0.0:
                    old, change = c[i, j, k], e[i, j, k]
                    new = old + change if change >= -0.5 * old else old * old / (-4.0 * change)
                    c[i, j, k] = max(new, least)
