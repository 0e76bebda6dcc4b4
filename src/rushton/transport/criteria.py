"""What "mixed" means: each definition of a blend time in words, and how it is read off a curve.

A blend time without its definition is worth little: on one and the same pulse the definitions differ by up to a factor
of two. Each is the last time at which a deviation from the final value exceeds 5 %; they differ in whose deviation::

    slowest probe    max_i |C_i/Cinf - 1|                    i the probes
    multi-probe      sqrt( 1/n sum_i (C_i/Cinf - 1)^2 )      log10 of the variance passes log10 0.05^2 = -2.602
    volume           sqrt( sum V (C/Cinf - 1)^2 / sum V )    the same with all of the liquid as the probe
    slowest mode     3 / |lambda_2|,  3 = -ln 0.05           whatever pulse and probes: how the last deviation decays

C mol/m3 tracer; Cinf its final value; V m3 volume of a mesh cell; lambda_2 1/s slowest decay but the constant.

Sources: multi-probe variance: H. Hartmann, J. J. Derksen, H. E. A. van den Akker, AIChE J. 52, 3696-3706 (2006),
doi:10.1002/aic.10997 (pages from memory, unverified). Probes: E. L. Paul, V. A. Atiemo-Obeng, S. M. Kresta (eds.),
Handbook of Industrial Mixing (2004), ch. 9.
"""

from __future__ import annotations

import math

import numpy as np

BAND = 0.05
"""Blended: within this of the final value, -."""

DEFINITIONS = {
    "theta95_probe_s": "last time at which any probe is outside 1 +- 0.05 of the final concentration (slowest probe)",
    "theta95_multi_probe_s": "last time at which the root mean square of C/Cinf - 1 over the probes exceeds 0.05, that "
    "is log10 of their variance -2.602 (multi-probe variance, Hartmann et al. 2006)",
    "theta95_variance_s": "last time at which the volume-weighted root mean square of C/Cinf - 1 over all liquid "
    "exceeds 0.05 (coefficient of variation of the tank)",
    "slowest_mode_s": "3/|lambda_2|, lambda_2 the rate at which the last deviation decays; independent of pulse and "
    "probes",
    "n_theta95": "revolutions: stirrer speed times theta95_variance_s",
}
"""Definition of each blend time, by its key in summary.json."""


def volume_deviation(c: np.ndarray, volumes: np.ndarray) -> float:
    """sqrt( sum V (c - 1)^2 / sum V ) of c = C/Cinf, both (nr, nt, nz)."""
    return math.sqrt(float((volumes * (c - 1.0) ** 2).sum()) / float(volumes.sum()))


def last_time_outside(time: np.ndarray, deviation: np.ndarray, band: float = BAND) -> float:
    """Last time at which a curve is outside the band, interpolated; nan if it ends outside.

    Parameters
    ----------
    time : (n_time,) float
        s.
    deviation : (n_time,) float
        Distance from the final value, >= 0.
    """
    outside = np.flatnonzero(deviation > band)
    if outside.size == 0:
        return float(time[0])
    n = int(outside[-1])
    if n + 1 == time.size:
        return math.nan
    share = (deviation[n] - band) / (deviation[n] - deviation[n + 1])
    return float(time[n] + share * (time[n + 1] - time[n]))


def late_decay(time: np.ndarray, deviation: np.ndarray) -> tuple[float, float]:
    """Rate at which a deviation falls at last, and how much that rate still changes.

    Parameters
    ----------
    time : (n_time,) float
        s.
    deviation : (n_time,) float
        > 0.

    Returns
    -------
    rate : float
        Slope of -log(deviation) over the last quarter of the time, 1/s; nan if there are too few points.
    change : float
        Its relative difference to the quarter before.
    """
    rates = []
    for first, last in ((0.75, 1.0), (0.5, 0.75)):
        here = (time >= first * time[-1]) & (time <= last * time[-1])
        if np.count_nonzero(here) < 4:
            return math.nan, math.inf
        slope = np.polyfit(time[here], np.log(np.maximum(deviation[here], 1e-300)), 1)[0]
        rates.append(-float(slope))
    return rates[0], abs(rates[1] / rates[0] - 1.0) if rates[0] > 0.0 else math.inf
