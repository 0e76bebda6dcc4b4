"""Physiological variables of a population: each as a distribution, beside the ideally mixed vessel, with a band.

    rates    q_s, mu, q_p, q_O2, q_CO2, ... in the unit of the model: time mean over the histories; the distribution is
             that of single cells at single moments
    pools    states of the model: mean and distribution over cells and moments of the final window
    ratios   RQ = q_CO2/q_O2, Y_xs = mu/q_s, Y_ps = q_p/q_s, Y_os = q_O2/q_s: ratios of time means, for a ratio of
             instantaneous rates means nothing where the lower one vanishes; the distribution is over histories

    relative = mean / value in the ideally mixed vessel

Units of the ratios: mol/mol; Y_xs g dry weight per mol. Bands: ``rushton.response.bands``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rushton.response.result import Response

LEVELS = (5.0, 50.0, 95.0)
BINS = 40

RATIOS: tuple[tuple[str, str, str, str, float, str], ...] = (
    ("RQ", "q_CO2", "q_O2", "mol/mol", 1.0, "respiratory quotient"),
    ("Y_xs", "mu", "q_s", "g/mol", 1e3, "biomass per substrate"),
    ("Y_ps", "q_p", "q_s", "mol/mol", 1.0, "product per substrate"),
    ("Y_os", "q_O2", "q_s", "mol/mol", 1.0, "oxygen per substrate"),
)
"""Name, rate above, rate below, unit, factor from SI, in words."""


@dataclass(frozen=True)
class Variable:
    """One physiological variable of the population.

    Attributes
    ----------
    name, unit, kind : str
        Kind: "rate", "ratio" or "pool".
    mean, ideal : float
        Of the population and of the ideally mixed vessel.
    band : (float, float)
        95 % band of the mean; NaN where there are too few groups.
    p5, median, p95 : float
    relative : float or None
        mean / ideal; None where the ideally mixed vessel has none of it.
    relative_band : (float, float)
    """

    name: str
    unit: str
    kind: str
    mean: float
    band: tuple[float, float]
    ideal: float
    p5: float
    median: float
    p95: float
    relative: float | None
    relative_band: tuple[float, float]

    def row(self) -> dict[str, Any]:
        """For summary.json; a band that was not formed is None."""
        out = {name: getattr(self, name) for name in ("unit", "mean", "ideal", "p5", "median", "p95", "relative")}
        for name in ("band", "relative_band"):
            ends = getattr(self, name)
            out[name] = [float(end) for end in ends] if np.isfinite(ends).all() else None
        return out


def variables(response: Response) -> dict[str, Variable]:
    """All physiological variables of a response, by name."""
    out: dict[str, Variable] = {}
    means = response.rates.mean(axis=0, dtype=float)
    for k, (name, unit) in enumerate(zip(response.rate_names, response.rate_units, strict=True)):
        out[name] = _variable(response, name, unit, "rate", means[:, k], response.own_reference[:, k])
    for name, above, below, unit, factor, _ in RATIOS:
        if above in response.rate_names and below in response.rate_names:
            found = _ratio(response, means, name, above, below, unit, factor)
            if found is not None:
                out[name] = found
    for name, unit in zip(response.state_names, response.state_units, strict=True):
        means = response.moments(name).mean(axis=0)
        out[name] = _variable(response, name, unit, "pool", means, np.full(means.shape, response.reference(name)))
    return out


def _variable(
    response: Response, name: str, unit: str, kind: str, per_history: np.ndarray, own: np.ndarray
) -> Variable:
    """A rate or pool from the mean of every history and the value of its cell in the ideally mixed vessel."""
    ideal = response.reference(name)
    columns = np.column_stack([per_history, own])
    mean = float(per_history.mean())
    there = abs(ideal) > 1e-9 * abs(mean)
    band = response.groups.band(columns[:, :1])[0]
    over = response.groups.band(columns, lambda m: m[..., :1] / m[..., 1:])[0] if there else np.full(2, np.nan)
    levels = np.percentile(response.moments(name), LEVELS)
    return _made(name, unit, kind, mean, band, ideal, levels, over)


def _ratio(
    response: Response, means: np.ndarray, name: str, above: str, below: str, unit: str, factor: float
) -> Variable | None:
    a, b = (response.rate_names.index(rate) for rate in (above, below))
    factor *= response.rate_si[a] / response.rate_si[b]
    ideal_a, ideal_b = response.reference_rates[[a, b]]
    eaten = means[:, b]
    if not (np.isfinite(factor) and ideal_b > 0.0 and (eaten > 0.0).all()) or ideal_a == 0.0:
        return None

    def ratio(mean: np.ndarray) -> np.ndarray:
        return np.asarray(factor * mean[..., :1] / mean[..., 1:])

    band = response.groups.band(means[:, [a, b]], ratio)[0]
    value, ideal = float(factor * means[:, a].mean() / eaten.mean()), float(factor * ideal_a / ideal_b)
    levels = np.percentile(factor * means[:, a] / eaten, LEVELS)
    return _made(name, unit, "ratio", value, band, ideal, levels, band / ideal)


def _made(
    name: str, unit: str, kind: str, mean: float, band: np.ndarray, ideal: float, levels: np.ndarray, over: np.ndarray
) -> Variable:
    p5, median, p95 = (float(level) for level in levels)
    return Variable(
        name=name, unit=unit, kind=kind, mean=mean, band=(float(band[0]), float(band[1])), ideal=ideal,
        p5=p5, median=median, p95=p95, relative=mean / ideal if abs(ideal) > 1e-9 * abs(mean) else None,
        relative_band=(float(min(over)), float(max(over))),
    )  # fmt: skip


def histogram(values: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Edges (bins + 1,) and shares (bins,) of a population, between its 0.1 and 99.9 % levels; the rest at the ends."""
    low, high = np.percentile(values, (0.1, 99.9))
    if not high > low:
        low, high = low - 0.5 * max(abs(low), 1e-12), high + 0.5 * max(abs(high), 1e-12)
    counts, edges = np.histogram(np.clip(values, low, high), bins, (low, high))
    return edges, counts / counts.sum()
