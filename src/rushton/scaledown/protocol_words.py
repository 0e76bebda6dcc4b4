"""What a protocol needs to be told of a kind of rig: one set of functions for every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rushton.scaledown.sheet import ML_MIN, Sheet, number

Lines = Callable[[Sheet], list[str]]


@dataclass(frozen=True)
class Event:
    """One line of the feed table: time, s; what; which pump; flow, m3/s; repeated every ... s."""

    time: float
    action: str
    pump: str
    rate: float
    repeat: float | None = None


@dataclass(frozen=True)
class Moves:
    """How broth gets from the one vessel in which the biomass was grown into all parts of a rig, and back.

    Attributes
    ----------
    before : str
        Where all broth is up to the gradient phase.
    start : str
        What is done at its start.
    end : str
        What is done at its end.
    """

    before: str
    start: str
    end: str


OF_SWITCHING = ("kla_", "stirrer_step", "stirrer_clock", "phase_min", "gas_oxygen", "slowest_", "probe_")
"""Beginnings of limits that only a switched stirrer knows."""


def _none(sheet: Sheet) -> list[str]:
    return []


def _no_limit(sheet: Sheet) -> str:
    return ""


def _stays(sheet: Sheet) -> None:
    return None


def _no_hazards(sheet: Sheet) -> list[tuple[str, str, str]]:
    return []


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
    checks : callable
        Sheet -> what to tick off before the start, besides what every rig needs.
    hazards : callable
        Sheet -> rows (what, figure, what to do) of the kind's own hazards.
    stops : callable
        Sheet -> stop rules of the kind's own.
    foreign : tuple of str
        Beginnings of the names of limits of the bench that say nothing about this kind.
    instead : mapping of str to callable
        By the title of a section, what stands there for this kind instead.
    limit : callable
        Sheet -> what keeps it from the tank, in one line with a number.
    moves : callable
        Sheet -> how broth gets from one vessel into all parts, None where the rig is one vessel.
    """

    purpose: Callable[[Sheet], str]
    drawing: Callable[[Sheet], str]
    equipment: Callable[[Sheet], list[tuple[str, str]]]
    setup: Callable[[Sheet], list[tuple[str, str, str]]]
    events: Callable[[Sheet], list[Event]]
    shortcomings: Lines
    checks: Lines = _none
    hazards: Callable[[Sheet], list[tuple[str, str, str]]] = _no_hazards
    stops: Lines = _none
    foreign: tuple[str, ...] = ()
    instead: Mapping[str, Callable[[Sheet], str]] = field(default_factory=dict)
    limit: Callable[[Sheet], str] = _no_limit
    moves: Callable[[Sheet], Moves | None] = _stays


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
