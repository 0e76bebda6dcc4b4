r"""What else cells of tank and rig meet and hold: shown beside the distance, not inside it.

- excursions: largest s of a stay in excess, smallest of one in starvation, medians over the stays;
- residence patterns: mean of the completed stays in a regime by where the cell came from and where it goes, such as
  "SLE", limitation between starvation and excess, s;
- spectrum: shares of the variance of s at periods below 3 s, from 3 to 30 s, and above,
  :math:`\int P\,df / \mathrm{var}(s)`, of records cut at the same interval (``rushton.lifelines.spectra``);
- pools: mean of every state of the cell model over the final window of the histories, in the units of the model.

Valid for signals of the same smoothing. A tank without full records has no spectrum, one without a response no pools.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from rushton.lifelines import SignalStatistics
from rushton.lifelines.spectra import power_spectrum

if TYPE_CHECKING:
    from rushton.response import Response

PERIODS = (3.0, 30.0)
"""Borders of the bands of the spectrum, s: blending of a lab vessel, and a stay in the shortest usual loop."""
DEPTHS_PER_DECADE, DEPTH_DECADES = 10, 6
PATTERNS = ("LEL", "LSL", "ELE", "ELS", "SLE", "SLS")

Likeness = dict[str, tuple[float | None, float | None]]
"""Tank and rig by name of the measure; None where there is none."""


def median_depth(counts: np.ndarray) -> float | None:
    """Median of a depth from its counts per decade tenth, 1e-6 to 1; None where nothing was counted."""
    if counts.sum() == 0:
        return None
    middle = int(np.searchsorted(np.cumsum(counts), 0.5 * counts.sum()))
    return float(10.0 ** ((middle + 0.5) / DEPTHS_PER_DECADE - DEPTH_DECADES))


def of_stays(statistics: SignalStatistics) -> dict[str, float | None]:
    """Depths of excursions and mean stays of the six patterns."""
    excess, starvation = (median_depth(statistics.excursions[n].sum(axis=0)) for n in range(2))
    out: dict[str, float | None] = {
        "peak_of_excess": None if excess is None else 1.0 - excess,
        "low_of_starvation": starvation,
    }
    for name, number, time in zip(PATTERNS, statistics.pattern_counts, statistics.pattern_time, strict=True):
        out[f"stay_{name}_s"] = float(time / number) if number else None
    return out


def of_spectrum(s: np.ndarray, step: float) -> dict[str, float | None]:
    """Shares of the variance of signals s (n_signal, n_time) by period; None where they are too short."""
    names = ("variance_below_3_s", "variance_3_to_30_s", "variance_above_30_s")
    curves = power_spectrum(s, step, 1) if s.size else None
    if curves is None or curves.x.size < 3:
        return dict.fromkeys(names)
    f, p = curves.x, curves.y[0]
    below = np.concatenate([[0.0], np.cumsum(0.5 * (p[1:] + p[:-1]) * np.diff(f))])
    if below[-1] <= 0.0:
        return dict.fromkeys(names)
    slow, middle = (float(np.interp(1.0 / period, f, below)) / below[-1] for period in reversed(PERIODS))
    return dict(zip(names, (1.0 - middle, middle - slow, slow), strict=True))


def tank_pools(response: Response | None) -> dict[str, float]:
    """Mean of every state of the cell model over the tank's final window."""
    if response is None:
        return {}
    final = response.states[response.time > response.duration - response.final_window]
    return dict(zip(response.state_names, (float(v) for v in final.mean(axis=(0, 1))), strict=True))


def likeness(
    tank: SignalStatistics,
    rig: SignalStatistics,
    records: tuple[np.ndarray, float],
    signal: tuple[np.ndarray, float],
    pools: tuple[Mapping[str, float], Mapping[str, float]],
) -> Likeness:
    """All measures of tank and rig.

    Parameters
    ----------
    tank, rig : SignalStatistics
    records : ((n_record, n_time) float, float)
        s of some cells of the tank, and their interval, s.
    signal : ((n_time,) float, float)
        s of a cell in the rig, and its interval, s; read at the interval of the records.
    pools : (dict, dict)
        States of the cell model in tank and rig.
    """
    (s, step), (own, own_step) = records, signal
    every = max(1, round(step / own_step))
    spectra = of_spectrum(s, step), of_spectrum(own[::every][None, :] if s.size else s, own_step * every)
    there, here = (of_stays(one) | spectrum for one, spectrum in zip((tank, rig), spectra, strict=True))
    out: Likeness = {name: (there[name], here[name]) for name in there}
    for name, value in pools[0].items():
        out[f"pool_{name}"] = (value, pools[1].get(name))
    return out


def likeness_table(designs: Iterable[tuple[str, Likeness]]) -> str:
    """CSV of all rigs: a row per measure, the tank and every rig in columns."""
    designs = list(designs)
    names = list(dict.fromkeys(name for _, found in designs for name in found))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["measure", "tank", *(rig for rig, _ in designs)])

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.6g}"

    for name in names:
        tank = next(found[name][0] for _, found in designs if name in found)
        writer.writerow([name, cell(tank), *(cell(found.get(name, (None, None))[1]) for _, found in designs)])
    return out.getvalue()
