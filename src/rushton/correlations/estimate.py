"""An estimate is a number with its band, its source and whether it is used inside the range it was fitted in."""

from __future__ import annotations

from dataclasses import dataclass

GRAVITY = 9.81
"""Acceleration of free fall, m/s2."""


@dataclass(frozen=True)
class Estimate:
    """Result of a correlation.

    Attributes
    ----------
    value : float
        The number.
    unit : str
        Its unit; "-" for a pure number.
    low, high : float
        Band in which the truth is expected from the scatter of the correlation's own data.
    valid : bool
        True inside the stated range of validity.
    source : str
        Where the correlation comes from.
    range : str
        Stated range of validity in words.
    note : str
        What to bear in mind; why it is not valid, if it is not.
    """

    value: float
    unit: str
    low: float
    high: float
    valid: bool
    source: str
    range: str = ""
    note: str = ""


def banded(
    value: float, unit: str, scatter: float, valid: bool, source: str, range_: str = "", note: str = ""
) -> Estimate:
    """An Estimate with a symmetric relative band, value (1 +- scatter)."""
    return Estimate(value, unit, value * (1.0 - scatter), value * (1.0 + scatter), valid, source, range_, note)
