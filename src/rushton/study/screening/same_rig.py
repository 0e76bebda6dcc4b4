"""One rig, other strains: vessels, tubing, pumps and feed programme stay as written, the population changes.

    F_i = F,     V_i = V,     X_i = X X_i(tank)/X(tank)

A strain that reaches another biomass in the tank reaches it in the rig in the same proportion, so that every strain has
the feed per biomass that it has in the tank. What a strain of another uptake law meets is solved again for it from the
balances of the rig: at the same feed per biomass it eats as much, at other concentrations.

A microfluidic chamber offers concentrations and not a feed: its media stay, so a strain of another uptake law eats
more or less there than in the tank. That is in its reading, and said.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rushton.errors import SolverError
from rushton.scaledown.bench import Bench
from rushton.scaledown.chamber import ChamberOperation
from rushton.scaledown.compartments import CompartmentsOperation, three_vessels
from rushton.scaledown.loops import LoopOperation, str_pfr, str_str
from rushton.scaledown.rig import Operation
from rushton.scaledown.vessel import VesselOperation, fed_vessel
from rushton.scaledown.zones import Culture

MOST_FED = 0.99
"""Largest share of its capacity that a strain can be fed, -."""
RANDOM = (LoopOperation, CompartmentsOperation)
"""Rigs in which every cell has stays of its own; in the others all cells meet the same."""


def with_culture(operation: Operation, culture: Culture, bench: Bench) -> Operation:
    """The rig as written with another population in it.

    Parameters
    ----------
    operation : Operation
        The rig with the strain that it was written for.
    culture : Culture
    bench : Bench
        On which it was written.

    Raises
    ------
    SolverError
        The feed is more than the population can eat, or nothing says how the rig runs with another one.
    """
    if culture == operation.culture:
        return operation
    if isinstance(operation, ChamberOperation):
        return _other_cells(operation, culture)
    if not isinstance(operation, (LoopOperation, CompartmentsOperation, VesselOperation)):
        raise SolverError("this rig cannot be run with another uptake law", "--screen", "leave the rig out with --rig")
    settings, lag = operation.settings, bench.blend_lag
    feed = settings["feed"]
    fed = feed / (culture.capacity * bench.volume)
    if fed > MOST_FED:
        raise SolverError(
            f"the rig feeds {fed:.2f} of what the strain can eat", "uptake.max", "raise uptake.max or the biomass"
        )
    if isinstance(operation, CompartmentsOperation):
        return three_vessels(operation.rig, culture, feed, settings["feed_to_excess"], lag, settings)
    if isinstance(operation, LoopOperation):
        if operation.second_is_tube:
            return str_pfr(operation.loop, culture, feed, settings["feed_to_tube"], lag, settings)
        return str_str(operation.loop, culture, feed, settings["feed_to_second"], lag, settings)
    return fed_vessel(operation.feed, operation.period, culture, feed / bench.volume, lag, settings)


def _other_cells(operation: ChamberOperation, culture: Culture) -> ChamberOperation:
    """The same media around cells of another half-saturation."""
    ratio = operation.culture.half_saturation / culture.half_saturation
    x = operation.concentration * ratio
    return replace(
        operation,
        culture=culture,
        concentration=x,
        media=operation.media * ratio,
        mean_uptake=float(np.mean(x / (1 + x))),
    )
