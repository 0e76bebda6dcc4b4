r"""Compiled loops of the rigs: one period of a fed vessel, ages in a vessel that blends, and the signal of a cell
that circulates or wanders.

Every time step splits the balance symmetrically (Strang 1968, SIAM J. Numer. Anal. 5:506): half of the linear part
(feed, blending), all of the exact Monod depletion C -> K_s omega(ln x + x - h/t_K), half of the linear part. Positive
for any step and second order in it; substrate fed is substrate eaten to rounding, because both parts are exact.

Concentrations are in units of K_s, times in s, t_K = K_s/(q_max X).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit("float64(float64)", cache=True, nogil=True)
def omega(z: float) -> float:
    """Wright's omega for real z: the x > 0 with x + ln x = z."""
    if z < -30.0:
        return math.exp(z)
    x = z - math.log(z) if z > 1.5 else math.exp(z) / (1.0 + 0.65 * math.exp(z))
    for _ in range(6):
        new = x * (1.0 + z - math.log(x)) / (1.0 + x)
        if abs(new - x) <= 1e-7 * new:  # Newton: the next error is the square of this
            return new
        x = new
    return x


@njit("float64(float64, float64)", cache=True, nogil=True)
def omega_near(z: float, x: float) -> float:
    """Wright's omega for real z from a guess x > 0: Newton's method, as in ``omega``."""
    if z < -30.0:
        return math.exp(z)
    for _ in range(8):
        new = x * (1.0 + z - math.log(x)) / (1.0 + x)
        if not new > 0.0:
            return omega(z)
        if abs(new - x) <= 1e-7 * new:
            return new
        x = new
    return omega(z)


@njit("float64(float64[::1], float64, float64, float64, float64, int64, float64[::1])", cache=True, nogil=True)
def vessel_period(amount, step, uptake_time, blend, start, first, x):
    """One period of a fed, well-mixed vessel, or the end of one.

    Parameters
    ----------
    amount : (n,) ndarray
        Substrate let into the vessel during each step, in units of K_s.
    step : float
        h, s.
    uptake_time : float
        t_K, s.
    blend : float
        First-order time by which what is let in becomes available to the cells, s (0: at once).
    start : float
        Concentration at the start, in units of K_s.
    first : int
        Step to start with.
    x : (n,) ndarray, written
        Concentration at the middle of each step from there, in units of K_s.

    Returns
    -------
    float
        Concentration at the end.
    """
    n = amount.size
    keep = math.exp(-step / blend) if blend > 0.0 else 0.0
    behind = (1.0 - keep) * blend / step  # share of what enters evenly during a step that still waits at its end
    waiting = 0.0
    if blend > 0.0:  # the plume at the start of a period that has been running for ever
        for k in range(n):
            waiting = waiting * keep + amount[k] * behind
        waiting /= 1.0 - keep**n
        for k in range(first):
            waiting = waiting * keep + amount[k] * behind
    c = start
    for k in range(first, n):
        total = waiting + amount[k]
        waiting = waiting * keep + amount[k] * behind
        half = 0.5 * (total - waiting)
        c += half
        if c > 0.0:
            before = c
            z = math.log(c) + c
            eaten = 0.5 * step / uptake_time / (1.0 + c)  # relative, in half a step, to first order
            x[k] = omega_near(z - 0.5 * step / uptake_time, c * math.exp(-eaten))
            c = omega_near(z - step / uptake_time, x[k] * math.exp(-eaten))
            if not c <= before:
                c = before
        else:
            x[k] = 0.0
        c += half
    return c


@njit("float64(float64, float64, float64, float64, float64, float64, float64, float64[::1])", cache=True, nogil=True)
def vessel_ages(entry, mean, supply, stay, blend, uptake_time, step, x):
    r"""Concentration around a cell against its age in a stirred vessel that blends in a finite time, and its mean
    over all ages.

    Interaction by exchange with the mean (Villermaux and Falk 1994, Chem. Eng. Sci. 49:5127):
    dx/da = (mean - x)/blend + supply - s(x)/t_K, x(0) = entry, ages exponential with mean ``stay``.

    Parameters
    ----------
    entry, mean : float
        Concentration of what flows in, and the vessel's mean, in units of K_s.
    supply : float
        Substrate fed straight into the vessel, K_s/s.
    stay, blend, uptake_time, step : float
        s.
    x : (n,) ndarray, written
        Concentration at ages 0, h, 2h, ...; the last value stands for all later ages.

    Returns
    -------
    float
        Mean uptake ratio s over the ages.
    """
    n = x.size
    keep = math.exp(-0.5 * step / blend)
    rest = mean + supply * blend
    c = entry
    x[0] = c
    left_over = entry if entry > 0.0 else 1.0
    uptake = 0.0
    left = 1.0
    decay = math.exp(-step / stay)
    for k in range(1, n):
        c = rest + (c - rest) * keep
        before = c
        if c > 0.0:  # what was left of the step before is near what is left of this one
            c = omega_near(math.log(c) + c - step / uptake_time, left_over)
            left_over = c
        # substrate eaten in the step over what could be eaten: the mean of s in it
        s = (before - c) * uptake_time / step
        uptake += s * left * (1.0 - decay)
        left *= decay
        c = rest + (c - rest) * keep
        x[k] = c
    return uptake + left * c / (1.0 + c)


@njit("float64(float64, float64, float64, float64, float64, float64, float64, float64[::1])", cache=True, nogil=True)
def vessel_mean(guess, entry, supply, stay, blend, uptake_time, step, x):
    r"""Mean concentration of a stirred vessel at steady state: what comes in and is fed goes out and is eaten,
    (mean - entry)/stay + <s>/t_K = supply.

    The left side rises with the mean, which lies between 0 and entry + supply stay, where nothing is eaten: secant
    steps from a guess, halving that bracket where one leaves it.

    Parameters
    ----------
    guess : float
        Where to begin; any number.
    entry, supply, stay, blend, uptake_time, step, x
        As ``vessel_ages``; x then holds the ages at the mean. A blend of 0 is an ideal vessel.

    Returns
    -------
    float
        Mean, in units of K_s, to 1e-12 of itself; 0 where even then more is eaten than comes.
    """
    low, high = 0.0, entry + supply * stay
    mean, before, surplus_before = guess, 0.0, 0.0
    if not low < mean < high:
        mean = 0.5 * high
    for k in range(200):
        if blend > 0.0:
            s = vessel_ages(entry, mean, supply, stay, blend, uptake_time, step, x)
        else:
            s = mean / (1.0 + mean)
        surplus = (mean - entry) / stay + s / uptake_time - supply
        if surplus == 0.0:
            break
        if surplus > 0.0:
            high = mean
        else:
            low = mean
        if k == 0 or surplus == surplus_before:
            slope = 1.0 / stay + 1.0 / (uptake_time * (1.0 + mean) ** 2)
        else:
            slope = (surplus - surplus_before) / (mean - before)
        before, surplus_before = mean, surplus
        mean -= surplus / slope
        if not low < mean < high:
            mean = 0.5 * (low + high)
        if abs(mean - before) <= 1e-12 * mean or high < 1e-300:
            break
    if blend <= 0.0:
        x[:] = mean
    return mean


@njit(
    "void(float64[::1], float64, float64[:, ::1], float64[::1], float64, float64[::1], float64)", cache=True, nogil=True
)
def circulate(signal, step, stays, first, first_step, second, second_step):
    """Fill the signal of one cell that alternates between two zones.

    Parameters
    ----------
    signal : (n_time,) ndarray, written
        s at 0, step, 2 step, ...
    step : float
        s.
    stays : (n_visit, 2) ndarray
        Stays in the first and in the second zone, s, used in turn and from the start again.
    first, second : ndarray
        s against the time since entry into the zone, every ``first_step`` and ``second_step``; the last value holds
        for ever.
    """
    visit = 0
    since = 0.0
    zone = 0
    for k in range(signal.size):
        while since >= stays[visit, zone]:
            since -= stays[visit, zone]
            zone = 1 - zone
            if zone == 0:
                visit = (visit + 1) % stays.shape[0]
        table, table_step = (first, first_step) if zone == 0 else (second, second_step)
        place = since / table_step
        i = int(place)
        if i >= table.size - 1:
            signal[k] = table[table.size - 1]
        else:
            signal[k] = table[i] + (place - i) * (table[i + 1] - table[i])
        since += step


@njit("void(float64[::1], float64, float64[::1], int64[::1], float64[:, ::1], float64)", cache=True, nogil=True)
def wander(signal, step, stays, tables, table, table_step):
    """Fill the signal of one cell that goes through a sequence of zones.

    Parameters
    ----------
    signal : (n_time,) ndarray, written
        s at 0, step, 2 step, ...
    step : float
        s.
    stays : (n_visit,) ndarray
        Stays, s, used in turn and from the start again.
    tables : (n_visit,) int64 ndarray
        Row of ``table`` that holds during each.
    table : (n_zone, n_age) ndarray
        s against the time since entry into a zone, every ``table_step``; the last value holds for ever.
    """
    visit = 0
    since = 0.0
    last = table.shape[1] - 1
    for k in range(signal.size):
        while since >= stays[visit]:
            since -= stays[visit]
            visit = (visit + 1) % stays.size
        row = tables[visit]
        place = since / table_step
        i = int(place)
        if i >= last:
            signal[k] = table[row, last]
        else:
            signal[k] = table[row, i] + (place - i) * (table[row, i + 1] - table[row, i])
        since += step


def stratified_exponential(number: int, seed: int) -> np.ndarray:
    """Stays of an exponential distribution with mean exactly 1: the middle quantiles in a shuffled order, shape
    (number,).
    """
    quantile = (np.arange(number) + 0.5) / number
    stays = -np.log1p(-quantile)
    return np.random.default_rng(seed).permutation(stays / stays.mean())
