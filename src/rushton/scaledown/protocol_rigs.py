"""What every kind of rig has in a protocol, around the words of its own kind: purpose, equipment, set-up, feed events,
and what it cannot do.
"""

from __future__ import annotations

from rushton.scaledown import (
    protocol_bolus,
    protocol_chamber,
    protocol_compartments,
    protocol_loop,
    protocol_pulses,
    protocol_switching,
)
from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.chamber import Microfluidic
from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.protocol_words import Event, Words
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent, stays_of
from rushton.scaledown.switching import SwitchedOperation, Switching
from rushton.scaledown.vessel import VesselOperation


def words_of(sheet: Sheet) -> Words:
    """The words of the sheet's kind of rig."""
    if isinstance(sheet.rig, MiniBioreactors):
        return protocol_bolus.WORDS
    if isinstance(sheet.rig, Microfluidic):
        return protocol_chamber.WORDS
    if isinstance(sheet.operation, VesselOperation):
        return protocol_pulses.WORDS
    if isinstance(sheet.operation, CompartmentsOperation):
        return protocol_compartments.WORDS
    if isinstance(sheet.operation, SwitchedOperation):
        return protocol_switching.WORDS
    return protocol_loop.WORDS


def purpose(sheet: Sheet) -> str:
    """One paragraph: what the tank does to the cells, and what the rig does."""
    tank = [stays_of(sheet.tank, r) for r in range(3)]
    return (
        f"In the tank a cell spends {percent(tank[0].share)} of its time in excess (mean stay "
        f"{number(tank[0].mean, 2)} s), {percent(tank[1].share)} in limitation ({number(tank[1].mean, 2)} s) and "
        f"{percent(tank[2].share)} starving ({number(tank[2].mean, 2)} s). {words_of(sheet).purpose(sheet)}"
    )


def drawing(sheet: Sheet) -> str:
    """The rig in characters."""
    return words_of(sheet).drawing(sheet)


def equipment_rows(sheet: Sheet) -> list[tuple[str, str]]:
    """Equipment list."""
    rows, recipe = words_of(sheet).equipment(sheet), sheet.recipe
    if isinstance(sheet.rig, MiniBioreactors | Microfluidic):
        return rows
    if recipe.make_up > 0.0:
        rows.append(("medium pump", f"1 peristaltic, {recipe.make_up * ML_MIN:.2f} mL/min"))
    return [
        *rows,
        ("bleed pump", "1 peristaltic, switched by the level probe"),
        ("balances", "2, stock and bleed, 0.1 g, logged every minute"),
        ("quench kit", "ports with cold methanol (-40 °C) or liquid nitrogen, filtered within 1 s"),
    ]


def setup_rows(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Quantities to build and to set."""
    if isinstance(sheet.rig, Microfluidic):
        return words_of(sheet).setup(sheet)
    return [
        ("working volume, whole rig", f"{sheet.duty.bench.volume * ML:.0f}", "mL"),
        ("biomass, dry weight", f"{sheet.biomass:.1f}", "g/L"),
        *words_of(sheet).setup(sheet),
    ]


def events(sheet: Sheet) -> list[Event]:
    """The feed table."""
    lines = words_of(sheet).events(sheet)
    if isinstance(sheet.rig, MiniBioreactors | Microfluidic):
        return lines
    if sheet.recipe.make_up > 0.0:
        lines.append(Event(0.0, "start", "medium", sheet.recipe.make_up))
    return [*lines, Event(0.0, "on level control", "bleed", sheet.recipe.bleed)]


_DIRECTIONS = {
    "loop": "from the vessel through the loop and back",
    "bleed": "out of the vessel, on level control",
    "medium": "medium without substrate into the vessel",
    "feed": "stock into the vessel, at the impeller",
    "liquid handler": "stock into every vessel, and as much broth out",
}


def direction(pump: str) -> str:
    """From where to where a pump of the feed table moves what."""
    if pump.startswith("exchange of "):
        return "broth both ways between " + pump.removeprefix("exchange of ")
    if pump.startswith("feed to "):
        place = pump.removeprefix("feed to ")
        return f"stock into {place}" if place[-1].isdigit() else f"stock into the {place}"
    return _DIRECTIONS.get(pump, pump)


def cannot(sheet: Sheet) -> list[str]:
    """What stays different from the tank, with numbers."""
    if isinstance(sheet.rig, Microfluidic | Switching):
        return words_of(sheet).shortcomings(sheet)
    return [
        *words_of(sheet).shortcomings(sheet),
        f"Times are those of a broth of {sheet.duty.bench.viscosity * 1e3:.1f} mPa s, as the case says. A "
        f"filamentous broth of {sheet.biomass:.0f} g/L is thicker: check blending in the vessel with a dye or pH "
        "pulse first.",
        "Pressure, dissolved carbon dioxide, shear and oxygen gradients of the tall tank are not reproduced.",
        "The tank's statistics are those of a steady mean flow with modelled turbulence, uptake without memory; "
        "real cells and real eddies scatter more.",
    ]
