r"""The phases of a run in numbers: from the inoculum to the biomass of the rig, then settled, gradient and end.

The batch begins in the volume that the strong stock leaves; fed exponentially at the growth rate of the gradient phase,

.. math:: F(t) = \mu\,X_0 V_0\,e^{\mu t} / (Y\,c),\qquad t_{grow} = \ln(X V / (X_0 V_0)) / \mu,\qquad
          Y = \mu / (\bar s\,q_{max} M)

so that every cell eats as much as later in the gradient, and Y is what the cell model makes of that (the bench's usual
yield where there is none). Before it the batch takes about ln(X_0/X_i)/(Y_b q_max M), from the inoculum X_i at the
largest uptake and the bench's usual yield Y_b; it ends when the oxygen rises. From the start of the settled phase on,
volume, stock and bleed are those of the gradient phase.

X_0 V_0 biomass after the batch, kg; X V that of the full rig; Y biomass per substrate, kg/kg; c strong stock, kg/m3;
mu net growth, 1/s; s mean uptake over q_max; M molar mass, kg/mol.
Times of the controller count from the start of the gradient phase, so what comes before is negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rushton.scaledown.sheet import Sheet

INOCULUM = 0.5  # g/L
BATCH_SUGAR = 20.0  # g/L
SETTLING = 24.0  # h
ENDING = 2.0  # h
RESERVE = 1.1  # of what is made ready over what is used
BIOMASS_OFF = 0.1  # of its set-point, from where on the bleed is corrected
SMALL_VESSEL = 0.1e-3  # m3, below it no sample of 10 mL can be taken


@dataclass(frozen=True)
class GrowingUp:
    """From the inoculum to the biomass of the rig.

    Attributes
    ----------
    batch_sugar, batch_biomass : float
        Substrate of the batch medium and biomass at its end, kg/m3.
    start, stock : float
        Volume of the batch, and of the strong stock that fills it up, m3.
    first_flow : float
        Flow of the strong stock at the start, m3/s; it rises with e^(mu t).
    hours : float
        Of the exponential feed; nan where the cells do not grow.
    """

    batch_sugar: float
    batch_biomass: float
    start: float
    stock: float
    first_flow: float
    hours: float


def growing_up(sheet: Sheet) -> GrowingUp:
    """How the biomass of a rig is reached."""
    bench, growth, x = sheet.duty.bench, sheet.recipe.growth, sheet.biomass
    per_sugar, volume = bench["biomass_per_substrate"], bench.volume
    batch = min(BATCH_SUGAR, 0.9 * x / per_sugar)
    after = per_sugar * batch
    made = yield_when_fed(sheet) * bench["feed_concentration_max"]
    # biomass of the full vessel less that of the batch, which began in the volume the strong stock leaves
    stock = (x - after) * volume / max(made - after, 1e-9)
    start = volume - stock
    hours = math.log(x * volume / (after * start)) / (3600.0 * growth) if growth > 0 else math.nan
    return GrowingUp(batch, after, start, stock, growth * after * start / made, hours)


def yield_when_fed(sheet: Sheet) -> float:
    """Biomass per substrate at the growth and the uptake of the gradient phase, net of decay, kg/kg."""
    eaten = sheet.duty.mean_uptake * sheet.duty.uptake_max * sheet.duty.molar_mass
    if sheet.recipe.growth > 0.0 and eaten > 0.0:
        return sheet.recipe.growth / eaten
    return sheet.duty.bench["biomass_per_substrate"]


def batch_hours(sheet: Sheet) -> float:
    """About how long the batch takes, h."""
    fastest = sheet.duty.bench["biomass_per_substrate"] * sheet.duty.uptake_max * sheet.duty.molar_mass
    return math.log(max(growing_up(sheet).batch_biomass / INOCULUM, 1.0)) / fastest / 3600.0


def hours_at_volume(sheet: Sheet) -> float:
    """Settled phase, gradient and end: the hours during which stock and bleed run."""
    return SETTLING + sheet.case.response.duration / 3600.0 + ENDING


def hours_before(sheet: Sheet) -> float:
    """From inoculation to the start of the gradient; nan where the cells do not grow."""
    return batch_hours(sheet) + growing_up(sheet).hours + SETTLING
