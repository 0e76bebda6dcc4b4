"""How the distance of a rig moves when the laboratory is not what was assumed.

The rig is built and set as written: volumes, tubing, pumps, clock and stock stay. Then one thing is changed at a time:

- the feed pump (in a chamber: the media) is off by its accuracy, either way;
- K_s is half or twice, q_max 0.8 or 1.25 times what the strain file says;
- the biomass is 0.8 or 1.25 times its set-point.

The yardstick stays too: the tank's distributions of s = q/q_max, computed with the strain as assumed. So the question
is not what another strain would meet in the tank, but how far the rig drifts off its target while the culture in it
differs from the one it was designed for. With a fixed feed the mean of s in the rig is the fed uptake over q_max X: 0.8
times the q_max or the biomass raises it by a quarter. Where that is more than the cells can eat, substrate piles up
and they sit in excess. A chamber does not feel biomass or q_max: its cells do not
change the medium.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rushton.scaledown.match import Target, distance
from rushton.scaledown.search import final_experience

if TYPE_CHECKING:
    from rushton.case.schema import Regimes
    from rushton.scaledown.recipe import Written
    from rushton.scaledown.rig import Duty, Operation, Rig


@dataclass(frozen=True)
class Change:
    """What is not as assumed: factors on K_s, q_max and biomass."""

    half_saturation: float = 1.0
    uptake_max: float = 1.0
    biomass: float = 1.0


CHANGES = {
    "half_saturation_halved": Change(half_saturation=0.5),
    "half_saturation_doubled": Change(half_saturation=2.0),
    "uptake_max_low": Change(uptake_max=0.8),
    "uptake_max_high": Change(uptake_max=1.25),
    "biomass_low": Change(biomass=0.8),
    "biomass_high": Change(biomass=1.25),
}
NAMES = ("pump_low", "pump_high", *CHANGES)
"""What is changed, in the order it is shown."""

WORDS = {
    "pump_low": "feed too low by the pump's accuracy",
    "pump_high": "feed too high by the pump's accuracy",
    "half_saturation_halved": "K_s half",
    "half_saturation_doubled": "K_s twice",
    "uptake_max_low": "q_max 0.8 times",
    "uptake_max_high": "q_max 1.25 times",
    "biomass_low": "biomass 0.8 times",
    "biomass_high": "biomass 1.25 times",
}


def robustness(
    rig: Rig, written: Written, wanted: Mapping[str, float], duty: Duty, target: Target, regimes: Regimes, step: float,
    seed: int,
) -> dict[str, float]:  # fmt: skip
    """Distance of a written rig under every change of ``NAMES``.

    Parameters
    ----------
    rig : Rig
    written : Written
        As it is built and set.
    wanted : mapping
        The settings it was written from.
    duty : Duty
    target : Target
        The tank.
    regimes : Regimes
    step : float
        Sampling of the signal, s.
    seed : int
    """

    def score(operation: Operation) -> float:
        return distance(target, final_experience(operation, regimes, step, seed)[0]).total

    drift = duty.bench["pump_accuracy"]
    found: dict[str, float] = {
        "pump_low": score(rig.write(wanted, duty, 1.0 - drift).operation),
        "pump_high": score(rig.write(wanted, duty, 1.0 + drift).operation),
    }
    for name, change in CHANGES.items():
        other = replace(
            duty,
            uptake_max=change.uptake_max * duty.uptake_max,
            half_saturation=change.half_saturation * duty.half_saturation,
        )
        found[name] = score(rig.rebuilt(written, other, change.biomass))
    return found


def robustness_table(designs: Iterable[tuple[str, float, Mapping[str, float]]]) -> str:
    """CSV of all rigs: name, distance as built, and under every change."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rig", "as_written", *NAMES])
    for name, distance_, found in designs:
        writer.writerow([name, *(f"{value:.6g}" for value in (distance_, *(found[key] for key in NAMES)))])
    return out.getvalue()
