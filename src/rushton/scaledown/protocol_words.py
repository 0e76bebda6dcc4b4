"""What a protocol needs to be told of a kind of rig: one set of functions for every kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rushton.scaledown.sheet import ML_MIN, Sheet, number

Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Event:
    """One line of the feed table: time, s; what; which pump; flow, m3/s; repeated every ... s."""

    time: float
    action: str
    pump: str
    rate: float
    repeat: float | None = None


@dataclass(frozen=True)
class Words:
    """A kind of rig in words.

    Attributes
    ----------
    purpose : callable
        Sheet -> one sentence: what the rig does to the cells.
    drawing : callable
        Sheet -> the rig in characters.
    equipment : callable
        Sheet -> rows (item, specification) of the kind's own equipment.
    setup : callable
        Sheet -> rows (quantity, value, unit) to build and to set, besides volume and biomass.
    events : callable
        Sheet -> lines of the feed table, besides medium and bleed.
    shortcomings : callable
        Sheet -> what stays different from the tank, with numbers.
    """

    purpose: Callable[[Sheet], str]
    drawing: Callable[[Sheet], str]
    equipment: Callable[[Sheet], list[tuple[str, str]]]
    setup: Callable[[Sheet], list[tuple[str, str, str]]]
    events: Callable[[Sheet], list[Event]]
    shortcomings: Callable[[Sheet], list[str]]


def span(values: np.ndarray, places: int) -> str:
    """Smallest, largest and median of what differs from pulse to pulse; one number where it does not."""
    if values.max() - values.min() < 0.5 * 10.0**-places:
        return f"{values[0]:.{places}f}"
    return f"{values.min():.{places}f} to {values.max():.{places}f}, median {np.median(values):.{places}f}"


def bleed_words(sheet: Sheet) -> str:
    """Rate of the bleed."""
    return f"{sheet.recipe.bleed * ML_MIN:.3g} mL/min on level"


def air_words(sheet: Sheet) -> str:
    """Rate of the air."""
    bench = sheet.duty.bench
    return f"{number(bench['gas_flow'] * 60 * bench.volume * 1e3)} L/min"


def vessel_words(sheet: Sheet) -> str:
    """Size of the stirred vessel and what is in it."""
    bench, diameter = sheet.duty.bench, sheet.duty.bench.vessel_diameter
    return (
        f"inner diameter about {1e3 * diameter:.0f} mm, broth {1e3 * bench['vessel_aspect'] * diameter:.0f} mm high, "
        f"four baffles, turbine {1e3 * bench['impeller_ratio'] * diameter:.0f} mm; "
        "level control, pH, oxygen and temperature probes"
    )
