r"""What loops of the usual kind show of a tank: the distance of an STR-PFR against the time in its tube.

The standard rig (feed at the tube's inlet, the tank's biomass, 20 % of the volume in the tube) with another time
tau_P: the loop flow is 0.2 V/tau_P. Loops in the literature run 30 to 120 s; cells of a large tank stay seconds in a
regime. Times that would need more flow than the loop pump gives are shown too: they say what the pump costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushton.scaledown.loop_rigs import StrPfr, reference_settings
from rushton.scaledown.match import distance
from rushton.scaledown.search import final_experience

if TYPE_CHECKING:
    from rushton.scaledown.tank import Tank

TIMES = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""In the tube, s."""
USUAL = (30.0, 60.0, 120.0)
"""The usual loops among them."""


def classic_loops(tank: Tank, seed: int) -> tuple[dict[str, float], ...]:
    """For every time ``stay_s``, ``flow_m3_s``, ``distance``, and ``within``: 1 where the loop pump gives the flow."""
    rig, duty = StrPfr(), tank.duty
    standard = reference_settings(duty)
    out = []
    for stay in TIMES:
        settings = standard | {"flow": standard["tube_volume"] / stay}
        operation = rig.operate(settings, duty)
        statistics = final_experience(operation, tank.regimes, tank.lifelines.time_step, seed)[0]
        out.append(
            {
                "stay_s": stay,
                "flow_m3_s": settings["flow"],
                "distance": distance(tank.target, statistics).total,
                "within": float(settings["flow"] <= duty.bench["loop_pump_max"]),
            }
        )
    return tuple(out)
