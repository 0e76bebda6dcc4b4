"""One rig, other strains: vessels, tubing, pumps and feed programme stay as written, the population changes.

    F_i = F,     V_i = V,     X_i = X X_i(tank)/X(tank)

A strain that reaches another biomass in the tank reaches it in the rig in the same proportion, so that every strain has
the feed per biomass that it has in the tank. What a strain of another uptake law meets is solved again for it from the
balances of the rig (``rig.Rig.rebuilt``): at the same feed per biomass it eats as much, at other concentrations.

A microfluidic chamber offers concentrations and not a feed: its media stay, so a strain of another uptake law eats
more or less there than in the tank. That is in its reading, and said.
"""

from __future__ import annotations

from dataclasses import replace

from rushton.errors import SolverError
from rushton.scaledown.chamber import ChamberOperation
from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.recipe import Written
from rushton.scaledown.rig import Duty, Operation, Rig
from rushton.scaledown.zones import Culture

MOST_FED = 0.99
"""Largest share of its capacity that a strain can be fed, -."""
RANDOM = (LoopOperation, CompartmentsOperation)
"""Rigs in which every cell has stays of its own; in the others all cells meet the same."""


def with_culture(rig: Rig, written: Written, culture: Culture, duty: Duty) -> Operation:
    """The rig as written with another population in it.

    Parameters
    ----------
    rig : Rig
    written : Written
        The rig with the strain that it was written for.
    culture : Culture
    duty : Duty
        For which it was written.

    Raises
    ------
    SolverError
        The feed is more than the population can eat.
    """
    made = written.operation
    if culture == made.culture:
        return made
    if not isinstance(made, ChamberOperation):
        fed = written.recipe.feed / (culture.capacity * duty.bench.volume)
        if fed > MOST_FED:
            raise SolverError(
                f"the rig feeds {fed:.2f} of what the strain can eat", "uptake.max", "raise uptake.max or the biomass"
            )
    other = replace(duty, uptake_max=culture.uptake_max, half_saturation=culture.half_saturation)
    found = rig.rebuilt(written, other, culture.biomass / made.culture.biomass)
    return replace(found, culture=culture)  # type: ignore[type-var]
