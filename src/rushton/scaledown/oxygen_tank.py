r"""The tank's oxygen as the signal that a rig is held against.

.. math:: s_O(t) = \frac{O(\text{mesh cell at } t)}{O + K_O}

O is the field of dissolved oxygen, read along the stored tracks; K_O the half saturation of the case's respiration.
The signal goes through the same observer and the same distance (``match``) as the uptake of substrate. Its regimes:

- excess: above the strain's critical oxygen O_c, s_O > O_c/(O_c + K_O); respiration does not suffer there;
- starvation: s_O below the strain's border of starvation (0.05: O < K_O/19);
- limitation: between; margins are the strain's.

Tracks are stored every few steps only, so the smoothing window is three of their intervals, or the strain's where that
is longer: shorter stays are not seen. Peaks and valleys are the times above and below the mean of s_O over the
lifelines, as L. Puiman et al. (2023) draw theirs.

The largest demand per biomass is that of the tank: ``gas.respiration.max`` over its biomass, or the oxygen used per
substrate times the mean uptake of the cells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.regime_analysis import oxygen_per_substrate
from rushton.errors import ModelError, SolverError
from rushton.lifelines.environment import Environment, excursions
from rushton.lifelines.sample import Sample, sample_of
from rushton.scaledown.certainty import resampled_targets
from rushton.scaledown.inside import CellTest
from rushton.scaledown.match import Target, distance
from rushton.scaledown.rig import OxygenDuty
from rushton.scaledown.tank import EXCERPT, Tank

if TYPE_CHECKING:
    from rushton.case.schema import Case, Regimes
    from rushton.lifelines import Lifelines

MOST_CELLS = 20_000
"""Lifelines that are read."""
_BLOCK = 1024  # at a time: as many as the observer takes, so that blocks fill the groups alike
_GROUPS = 32  # of cells, for bands
_NEVER = 1e-3  # share of time out of excess below which there is nothing to reproduce


def check_oxygen(case: Case, environment: Environment | None) -> None:
    """Refuse results without oxygen along lifelines."""
    if case.gas is None:
        raise SolverError(
            "a rig that switches oxygen reproduces the tank's dissolved oxygen, and the case computes none",
            "gas",
            "add a [gas] section and run the case again, or leave 'oxygen-switching' out of scaledown.rigs",
        )
    if environment is None or "oxygen" not in environment.names:
        raise SolverError(
            "a rig that switches oxygen needs oxygen along lifelines, and these results have none",
            "environment",
            "run the case again, at least `rushton run CASE --until environment`",
        )


def nothing_to_switch(tank: Tank, environment: Environment) -> str:
    """Why no oxygen rig is needed; empty where cells do leave excess of oxygen."""
    shares = tank.statistics.shares
    if 1.0 - shares[0] > _NEVER and tank.statistics.transitions.sum() > 0:
        return ""
    need = tank.duty.oxygen
    assert need is not None
    if shares[0] < 0.5:
        return (
            f"the cells of this tank never get above the critical oxygen, {1e3 * need.critical:.3g} umol/L, for "
            "long: a vessel held at the mean oxygen tells the same"
        )
    return (
        f"the oxygen around the cells of this tank never leaves excess: for 99.9 % of their time they meet more than "
        f"{1e3 * environment.quantile('oxygen', 0.1):.3g} umol/L, and the critical value is {1e3 * need.critical:.3g}; "
        "there is nothing for a rig to reproduce"
    )


def oxygen_tank(case: Case, tank: Tank, environment: Environment) -> Tank:
    """The tank as a rig that switches oxygen sees it.

    Parameters
    ----------
    case : Case
        With ``gas``.
    tank : Tank
        As rigs for substrate see it.
    environment : Environment
        With oxygen.
    """
    assert case.gas is not None and case.strain is not None
    k = case.gas.respiration.half_saturation
    oxygen = np.asarray(environment["oxygen"].values, float)
    table = oxygen / (oxygen + k)
    lines = tank.lifelines
    regimes = oxygen_regimes(case, lines.sampling)
    window = regimes.smoothing
    sample, mean, peaks, valleys = read_along(lines, table, regimes)
    halves = sample.statistics(slice(0, None, 2)), sample.statistics(slice(1, None, 2))
    statistics = sample.statistics()
    target = Target.of(statistics, window, lines.duration)
    target = replace(target, resampled=resampled_targets(lines, window, sample))
    floor = None
    parts: dict[str, float] = {}
    if all(half.transitions.sum() > 0 for half in halves):
        found = distance(Target.of(halves[0], window, lines.duration), halves[1])
        floor, parts = found.total, found.as_dict()
    met = float(environment.mean[environment.names.index("oxygen")])
    need = OxygenDuty(
        half_saturation=k,
        uptake=_demand(case, tank.duty.mean_uptake),
        mean=met,
        critical=case.strain.critical.oxygen,
        mean_signal=mean,
        peaks=peaks,
        valleys=valleys,
    )
    try:
        test = CellTest.of(case, tank.duty.mean_uptake, met, k)
    except ModelError:
        test = None
    return replace(
        tank, duty=replace(tank.duty, oxygen=need), target=target, test=test, floor=floor, floor_parts=parts,
        statistics=statistics, regimes=regimes,
    )  # fmt: skip


def oxygen_excerpt(case: Case, lines: Lifelines, environment: Environment) -> tuple[np.ndarray, float]:
    """s_O of one cell, the one of the median mean among the first hundred, and its interval, s."""
    assert case.gas is not None
    oxygen = environment.along(lines, "oxygen", slice(0, 100))
    s = oxygen / (oxygen + case.gas.respiration.half_saturation)
    chosen = int(np.argsort(s.mean(axis=1))[len(s) // 2])
    return s[chosen, : max(2, int(EXCERPT / lines.sampling))].astype(np.float32), lines.sampling


def oxygen_regimes(case: Case, sampling: float) -> Regimes:
    """Borders of s_O, for tracks stored every ``sampling`` s."""
    assert case.gas is not None and case.strain is not None
    own, k, critical = case.strain.regimes, case.gas.respiration.half_saturation, case.strain.critical.oxygen
    border = min(max(critical / (critical + k), own.starvation + 4.0 * own.margin), 1.0 - 2.0 * own.margin)
    return own.model_copy(update={"excess": border, "smoothing": max(own.smoothing, 3.0 * sampling)})


def _demand(case: Case, mean_uptake: float) -> float:
    """q_O with oxygen in plenty, mol/(kg s)."""
    assert case.gas is not None and case.strain is not None and case.broth.biomass is not None
    respiration = case.gas.respiration
    if respiration.max is not None:
        return respiration.max / case.broth.biomass
    substrate = case.feeds[0].substrate if case.feeds else "glucose"
    per_substrate = respiration.per_substrate or oxygen_per_substrate(substrate)
    return per_substrate * case.strain.uptake.max * mean_uptake


def read_along(lines: Lifelines, table: np.ndarray, regimes: Regimes) -> tuple[Sample, float, np.ndarray, np.ndarray]:
    """Statistics of a signal along lifelines.

    Parameters
    ----------
    lines : Lifelines
    table : (n_mesh_cell,) float
        The signal in every mesh cell, 0..1.
    regimes : Regimes
        With a smoothing window of at least three intervals of the tracks.

    Returns
    -------
    sample : Sample
        Counts per group of cells.
    mean : float
    peaks, valleys : (99,) float
        Times above and below the mean, at the quantiles 1 % to 99 %, s; zeros where there are none.
    """
    found: Sample | None = None
    above: list[np.ndarray] = []
    below: list[np.ndarray] = []
    total, count, mean = 0.0, 0, None
    every = max(1, round(regimes.smoothing / lines.sampling))
    for cells, index in lines.cell_index_blocks(_BLOCK):
        if cells.start >= MOST_CELLS:
            break
        s = table[index]
        total, count = total + float(s.sum()), count + s.size
        sample = sample_of(s, lines.sampling, regimes, _GROUPS)
        found = sample if found is None else joined(found, sample)
        mean = total / count if mean is None else mean  # of the first cells, so that all are cut at the same level
        sums = np.cumsum(np.pad(s, ((0, 0), (1, 0))), axis=1)
        smooth = (sums[:, every:] - sums[:, :-every]) / every
        above.append(excursions(smooth > mean) * lines.sampling)
        below.append(excursions(smooth <= mean) * lines.sampling)
    assert found is not None
    return found, total / count, _quantiles(above), _quantiles(below)


def joined(a: Sample, b: Sample) -> Sample:
    """Counts of both, group by group."""
    tally = type(a.tally)(*(x + y for x, y in zip(a.tally, b.tally, strict=True)))
    return replace(a, tally=tally)


def _quantiles(stays: list[np.ndarray]) -> np.ndarray:
    together = np.concatenate(stays)
    return np.percentile(together, np.arange(1, 100)) if together.size else np.zeros(99)
