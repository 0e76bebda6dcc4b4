r"""Whether a statistic would stay if there were more cells, longer records or a shorter time step.

Each number T is judged three times, against a tolerance of 5 % of itself (shares: of at least 0.2 points):

* cells: half of its 95 % band is within the tolerance, and so is its difference from half of the cells;
* length: its difference from the same cells at half of the run is within the tolerance, or within its band. What the
  ends of records cut off falls as 1/length, so what is still missing is about that difference. Stays in a regime also
  need that at most 5 % of the time in it lies in stays cut off at the ends: the long ones are missing first;
* step: a sample of cells followed once more at half of the time step agrees within the tolerance. A larger difference
  fails if its whole band lies beyond the tolerance; if it does not, the sample is too small to tell.

Sources: none; these are the rules of this program. Statistics: ``bands``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rushton.lifelines.bands import Band, band_of
from rushton.lifelines.measures import Measure

TOLERANCE = 0.05
"""Largest change that counts as none, relative to the number."""
SHARE_TOLERANCE = 0.002
"""The same for shares, at least."""
CUT_SHARE = 0.05
"""Largest share of the time in a regime that may lie in stays cut off."""
KNOWN_SHARE = 1e-3
"""Share of the time from which on a stay is worth judging."""


@dataclass(frozen=True)
class Verdict:
    """One number, how sure it is, and whether it would stay.

    Attributes
    ----------
    name, label, unit : str
        Key, words, unit ("-" for none).
    value, low, high : float or None
        The number and its 95 % band.
    half_cells, quarter_cells : float or None
        From half and from a quarter of the cells.
    half_length : float or None
        From half of the run.
    half_step, half_step_low, half_step_high : float or None
        What half of the time step changes, with its band.
    cells_pass, length_pass, step_pass : bool or None
        None where it cannot be told.
    cells_needed, length_needed : float or None
        Cells, and length of a record in s, with which it would pass; None where it passes.
    from_records : bool
        Whether it is formed from full records and not from all cells.
    headline : bool
        Whether the run is judged by it.
    """

    name: str
    label: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    half_cells: float | None
    quarter_cells: float | None
    half_length: float | None
    half_step: float | None
    half_step_low: float | None
    half_step_high: float | None
    cells_pass: bool | None
    length_pass: bool | None
    step_pass: bool | None
    cells_needed: float | None = None
    length_needed: float | None = None
    from_records: bool = False
    headline: bool = True

    @property
    def converged(self) -> bool | None:
        """True when all three pass, False when one fails, None when nothing fails but something cannot be told."""
        answers = (self.cells_pass, self.length_pass, self.step_pass)
        return False if False in answers else None if None in answers else True

    def as_dict(self) -> dict[str, Any]:
        """For summary.json and the tables."""
        return asdict(self) | {"converged": self.converged}


@dataclass(frozen=True)
class Evidence:
    """What a number is judged by.

    Attributes
    ----------
    band : Band
        Of the whole sample.
    resampled : (n,) float
        In the bootstrap resamples.
    half_cells, quarter_cells : float
    half_length : float
        From half of the run.
    half_length_resampled : (n,) float
        The same in the same resamples: the cells are the same.
    half_step : float
        From the sample at half of the step; nan where there is none.
    half_step_resampled : (n,) float
        In resamples of its own.
    n_group : int
    """

    band: Band
    resampled: np.ndarray
    half_cells: float
    quarter_cells: float
    half_length: float
    half_length_resampled: np.ndarray
    half_step: float
    half_step_resampled: np.ndarray
    n_group: int


def tolerance_of(measure: Measure, value: float, dt: float) -> float:
    """Largest change that counts as none: 5 %, at least 0.2 points of a share and a tenth of a time step of a time."""
    least = SHARE_TOLERANCE if measure.unit == "-" else 0.1 * dt if measure.unit == "s" else 0.0
    return max(TOLERANCE * abs(value), least)


def judge(
    name: str, measure: Measure, seen: Evidence, cells: int, duration: float, dt: float, cut_share: float = 0.0
) -> Verdict:
    """Judge one number.

    Parameters
    ----------
    name : str
    measure : Measure
    seen : Evidence
    cells : int
        Cells it was formed from.
    duration, dt : float
        Length of a record and time step, s.
    cut_share : float
        Share of the time in the regime it speaks of that lies in stays cut off.

    Returns
    -------
    Verdict
    """
    value, band = seen.band.value, seen.band
    if not math.isfinite(value):
        nothing = dict.fromkeys(_NUMBERS)
        return Verdict(
            name, measure.label, measure.unit, cells_pass=None, length_pass=None, step_pass=None,
            from_records=measure.from_records, headline=measure.headline, **nothing,
        )  # fmt: skip
    allowed = tolerance_of(measure, value, dt)

    cells_pass: bool | None = None
    cells_needed = length_needed = None
    if math.isfinite(band.half_width):
        off = abs(seen.half_cells - value)
        cells_pass = bool(band.half_width <= allowed and not off > allowed)
        if not cells_pass:
            worst = max(band.half_width, off if math.isfinite(off) else 0.0)
            cells_needed = cells * max((worst / allowed) ** 2, 1.0)

    length_pass: bool | None = None
    change = value - seen.half_length
    change_band = band_of(change, seen.resampled - seen.half_length_resampled, seen.n_group)
    if math.isfinite(change) or cut_share > CUT_SHARE:
        certain = change_band.low > 0.0 or change_band.high < 0.0
        too_far = abs(change) > allowed and certain
        length_pass = not too_far and cut_share <= CUT_SHARE
        if not length_pass:
            length_needed = duration * max(abs(change) / allowed if too_far else 1.0, cut_share / CUT_SHARE)

    step_pass: bool | None = None
    step = seen.half_step - value
    step_band = Band(step, math.nan, math.nan)
    if math.isfinite(step):
        step_band = band_of(step, seen.half_step_resampled - seen.resampled, seen.n_group)
        if abs(step) <= allowed:
            step_pass = True if step_band.half_width <= 2.0 * allowed else None
        elif step_band.low > allowed or step_band.high < -allowed:
            step_pass = False

    return Verdict(
        name=name,
        label=measure.label,
        unit=measure.unit,
        value=_known(value),
        low=_known(band.low),
        high=_known(band.high),
        half_cells=_known(seen.half_cells),
        quarter_cells=_known(seen.quarter_cells),
        half_length=_known(seen.half_length),
        half_step=_known(step),
        half_step_low=_known(step_band.low),
        half_step_high=_known(step_band.high),
        cells_pass=cells_pass,
        length_pass=length_pass,
        step_pass=step_pass,
        cells_needed=cells_needed,
        length_needed=length_needed,
        from_records=measure.from_records,
        headline=measure.headline,
    )


_NUMBERS = (
    "value", "low", "high", "half_cells", "quarter_cells", "half_length", "half_step", "half_step_low",
    "half_step_high",
)  # fmt: skip


def _known(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def cautions(
    verdicts: Sequence[Verdict],
    cut_shares: Mapping[str, float],
    cells: int,
    record_cells: int,
    duration: float,
    dt: float,
    step_keys: str = "lifelines.time_step",
) -> list[str]:
    """What an engineer must know before trusting the headline numbers: at most one sentence a cause.

    Parameters
    ----------
    verdicts : sequence of Verdict
    cut_shares : mapping
        Per regime in words ("starvation"), share of its time in stays cut off.
    cells, record_cells : int
        Cells that were followed, and those with full records.
    duration, dt : float
        s.
    step_keys : str
        Of the case file, that make the step shorter.
    """
    out = []
    verdicts = [v for v in verdicts if v.headline]
    short = [v for v in verdicts if v.length_pass is False]
    if short:
        cut = [f"{share:.0%} of the time in {name}" for name, share in cut_shares.items() if share > CUT_SHARE]
        why = (
            f"{_and(cut)} {'lies' if len(cut) == 1 else 'lie'} in stays cut off at the ends of the records"
            if cut
            else ""
        )
        moved = [v for v in short if v.half_length is not None and v.value and abs(v.value - v.half_length) > 0.0]
        worst = max(moved, key=lambda v: abs((v.value - v.half_length) / v.value), default=None)  # type: ignore[operator]
        if worst is not None and not why:
            change = (worst.value - worst.half_length) / worst.value  # type: ignore[operator]
            why = f"the {worst.label} was {abs(change):.0%} {'shorter' if change > 0 else 'longer'} at half of the run"
        need = max(v.length_needed or 0.0 for v in short)
        out.append(
            f"{number_of(duration)} s are too short for {_list(short)}: {why}; run about {number_of(_up(need))} s "
            "(lifelines.duration)"
        )
    for number, from_records, what, key in (
        (cells, False, "cells", "lifelines.cells"),
        (record_cells, True, "full records", "lifelines.full_records"),
    ):
        few = [v for v in verdicts if v.cells_pass is False and v.from_records == from_records]
        if few:
            need = max(v.cells_needed or 0.0 for v in few)
            out.append(
                f"{number:,} {what} are too few for {_list(few)}: the 95 % band is wider than 5 % either way; "
                f"about {_up(need):,.0f} are needed ({key}), or a run as many times longer"
            )
    coarse = [v for v in verdicts if v.step_pass is False]
    if coarse:
        worst = max(coarse, key=_change_by_step)
        what = "it" if len(coarse) == 1 else f"the {worst.label}"
        out.append(
            f"the time step of {dt:.3g} s is too long for {_list(coarse)}: half of it changes {what} by "
            f"{_change_by_step(worst):.0%}; write at most {_down(0.5 * dt):.2g} s ({step_keys})"
        )
    return out


def _change_by_step(verdict: Verdict) -> float:
    """Relative change at half of the time step."""
    return abs((verdict.half_step or 0.0) / (verdict.value or math.inf))


def _list(verdicts: Sequence[Verdict]) -> str:
    labels = [v.label for v in verdicts]
    return _and(labels if len(labels) <= 4 else [*labels[:3], f"{len(labels) - 3} more numbers"])


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def number_of(x: float) -> str:
    """A whole number with thousands apart, or a small one with three digits."""
    return f"{x:,.0f}" if x >= 10 else f"{x:.3g}"


def _up(x: float) -> float:
    """Rounded up to two digits."""
    if not x > 0.0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(x)) - 1)
    return math.ceil(x / unit - 1e-9) * unit


def _down(x: float) -> float:
    """Rounded down to two digits."""
    unit = 10.0 ** (math.floor(math.log10(x)) - 1)
    return math.floor(x / unit + 1e-9) * unit
