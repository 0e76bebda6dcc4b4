"""A screening in plain words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.study.screening.criterion import FEW

if TYPE_CHECKING:
    from rushton.study.screening.criterion import Score
    from rushton.study.screening.result import Screening

LABELS = {
    "str-pfr": "STR-PFR",
    "str-pfr-reference": "standard STR-PFR",
    "str-str": "STR-STR",
    "three-compartments": "three compartments",
    "pulsed-feed": "equal pulses",
    "pulsed-feed-irregular": "irregular pulses",
    "mini-bioreactors": "mini-bioreactors",
    "microfluidic": "microfluidic chamber",
}
"""Short names of rigs, for figures and sentences."""


def label(name: str) -> str:
    """Short name of a rig."""
    return LABELS.get(name, name.replace("-", " "))


def set_name(found: Screening, one: Score) -> str:
    """A set of rigs in words."""
    first, second = found.names(one)
    if one.kind == "pair":
        return f"{label(first)} and {label(second)}"
    return f"{label(first)}, {'two runs' if one.kind == 'twice' else 'one run'}"


def points(value: float) -> str:
    """A difference of robustness in percentage points."""
    return f"{100.0 * value:.2g}" if value < 0.1 else f"{100.0 * value:.0f}"


def conclusion(found: Screening) -> list[str]:
    """What to run, in short sentences."""
    if not found.separates:
        return _nothing(found)
    best, n = found.best, len(found.strains)
    first, second = found.names(best)
    run = f"Run {label(first)} and {label(second)}" if best.kind == "pair" else f"Run {label(first)} twice"
    told = f"tell {best.apart} of {best.total} pairs of strains apart at 95 % ({best.ordered} in the tank's order)"
    readings = "together they" if best.kind == "pair" else "its readings"
    if n < FEW:
        out = [
            f"{run}: {readings} {told}. {n} strains are too few to judge how well rigs predict the tank "
            f"({FEW} are needed)."
        ]
    elif best.gain <= 1.0:
        out = [
            f"No rigs predict the strains' robustness in the tank better than its mean does (±{points(best.unaided)} "
            f"points). {_begin(set_name(found, best))} come nearest and {told}."
        ]
    else:
        out = [
            f"{run}: {readings} predict a strain's robustness in the tank to ±{points(best.error)} points (strains "
            f"left out in turn, assay of {100.0 * found.assay:g} % included), ±{points(best.unaided)} without any rig; "
            f"they {told}."
        ]
        if best.kind == "twice":
            out.append("No second rig tells more than a second run of this one.")
        out.append(_alone(found))
        out += _equals(found)
    starved = [label(found.rigs[j].name) for j in best.rigs if not found.rigs[j].breathes]
    if starved:
        out.append(
            f"{_begin(_listed(starved))} cannot breathe at the biomass of the design: see its sheet first, or leave it "
            "out with --rig."
        )
    idle = adds_nothing(found)
    if idle:
        names = _listed([label(found.rigs[j].name) for j in idle])
        out.append(f"{_begin(names)} {'adds' if len(idle) == 1 else 'add'} nothing to any other rig.")
    return out


def _alone(found: Screening) -> str:
    once = found.once[0]
    twice = min((one for one in found.sets if one.kind == "twice"), key=lambda one: one.error)
    text = f"One rig alone: {label(found.names(once)[0])}, ±{points(once.error)} points"
    if twice is found.best:
        return text + "."
    return text + f"; two runs of {label(found.names(twice)[0])}, ±{points(twice.error)}."


def _equals(found: Screening) -> list[str]:
    others = [one for one in found.sets[1:] if one.as_good]
    if not others:
        return []
    n = len(found.strains)
    which = "; ".join(set_name(found, one) for one in others[:3])
    more = f"; and {len(others) - 3} more" if len(others) > 3 else ""
    out = [f"As good as the best within what {n} strains can tell: {which}{more}."]
    again = next((one for one in others if one.kind == "twice"), None)
    if again is not None and found.best.kind == "pair":
        rig = label(found.names(again)[0])
        out.append(f"So the second rig is not proven worth its work: a second run of {rig} may do.")
    return out


def adds_nothing(found: Screening) -> list[int]:
    """Rigs with which no other rig makes a better pair than with itself."""
    twice = {one.rigs[0]: one for one in found.sets if one.kind == "twice"}
    few = len(found.strains) < FEW

    def worth(one: Score) -> float:
        return one.bits if few else -one.error

    pairs = [one for one in found.sets if one.kind == "pair"]
    return [
        j
        for j in range(len(found.rigs))
        if found.best.rigs != (j,)
        and len(found.rigs) > 1
        and not any(
            worth(one) > worth(twice[next(k for k in one.rigs if k != j)]) for one in pairs if j in one.rigs
        )  # fmt: skip
    ]


def _nothing(found: Screening) -> list[str]:
    n = len(found.strains)
    if not found.apart_in_tank:
        return [
            f"Nothing separates these {n} strains: in the tank their robustness lies within "
            f"{points(float(np.ptp(found.tank)))} points, which is no more than the number of lifelines leaves open. "
            "List strains that differ more, or follow more histories ([panel] histories)."
        ]
    far = max(found.sets, key=lambda one: one.farthest)
    spread = float(np.ptp(found.tank))
    text = (
        f"Nothing separates these {n} strains in a rig: their robustness in the tank differs by {points(spread)} "
        f"points, but at an assay of {100.0 * found.assay:g} % no two stand apart at 95 % in any pair of rigs."
    )
    if far.farthest > 0.0:
        runs = math.ceil(found.repeats / far.farthest)
        text += (
            f" The farthest two ({set_name(found, far)}) would, with {runs} runs of everything or an assay of "
            f"{100.0 * found.assay * math.sqrt(far.farthest):.2g} %."
        )
    return [text]


def _begin(text: str) -> str:
    """The text at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
