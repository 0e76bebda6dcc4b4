"""The bench sheet: what a technician builds, sets, feeds, samples and reads, and how close it comes to the tank.

First what to build and to set, then how to run it, at the end the evidence. Every number belongs to the rounded
settings, simulated again. Units are those of the bench: mL/min, mL, mm, g/L, s, h. The same sections stand in the same
order for every kind of rig; a kind may put its own words into one (``protocol_words``).
"""

from __future__ import annotations

from collections.abc import Callable

from rushton.scaledown import protocol_evidence as evidence
from rushton.scaledown import protocol_readings as readings
from rushton.scaledown import protocol_run as run
from rushton.scaledown import protocol_safety as safety
from rushton.scaledown.oxygen import Breath, breath
from rushton.scaledown.protocol_rigs import cannot, drawing, equipment_rows, purpose, setup_rows, words_of
from rushton.scaledown.sheet import ML_MIN, Sheet, bullets, number, table

SECTIONS: dict[str, Callable[[Sheet, Breath], str]] = {
    "Equipment": lambda sheet, air: table(("☐", "Item", "Specification"), _ticked(equipment_rows(sheet))),
    "Set-up": lambda sheet, air: table(("Quantity", "Set to", "Unit"), setup_rows(sheet)),
    "Feed": lambda sheet, air: run.feed(sheet),
    "Stirrer, gas, temperature": run.stirrer,
    "Prepare": lambda sheet, air: run.prepare(sheet),
    "Before the start": lambda sheet, air: run.checks(sheet),
    "Phases": lambda sheet, air: run.phases(sheet),
    "Sampling plan": lambda sheet, air: readings.sampling(sheet),
    "Expected readings": readings.expected,
    "Reference run": readings.reference,
    "Safety of the rig": safety.hazards,
    "Stop rules": lambda sheet, air: safety.stop(sheet),
    "Target against achieved": lambda sheet, air: evidence.match(sheet),
    "What the cells should make of it": lambda sheet, air: evidence.response(sheet),
    "Oxygen": lambda sheet, air: safety.oxygen(sheet, air),
    "What this rig cannot reproduce": lambda sheet, air: bullets(cannot(sheet)),
    "Limits this design was made within": lambda sheet, air: evidence.limits(sheet),
}
"""The sections of every sheet, in order."""


def write_protocol(sheet: Sheet) -> str:
    """The protocol of one rig, Markdown."""
    air = breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, sheet.aerated_share)
    own = words_of(sheet).instead
    parts = [_title(sheet)]
    for number_, (title, write) in enumerate(SECTIONS.items(), start=1):
        text = own[title](sheet) if title in own else write(sheet, air)
        parts.append(f"## {number_}. {title}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _ticked(rows: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [("☐", *row) for row in rows]


def _litres(volume: float) -> str:
    return f"{number(volume * 1e3)} L" if volume >= 1e-4 else f"{number(volume * 1e6)} mL"


def _title(sheet: Sheet) -> str:
    case = sheet.case
    marks = "0 would be the tank itself"
    if sheet.floor is not None:
        marks += f", the tank against itself gives {sheet.floor:.3f}"
    if sheet.reference_distance is not None and not sheet.reference:
        marks += f", the standard STR-PFR {sheet.reference_distance:.2f}"
    kind = (
        "**Standard rig, for comparison:** feed at the tube's inlet, the tank's biomass and feed per volume, 60 s "
        "in the tube, 20 % of the volume. "
        if sheet.reference
        else ""
    )
    own = words_of(sheet).instead
    fed = (
        own["In one line"](sheet)
        if "In one line" in own
        else f"{_litres(sheet.duty.bench.volume)} working volume, {sheet.biomass:.1f} g/L biomass, "
        f"{number(sheet.recipe.flow * ML_MIN)} mL/min of {sheet.recipe.stock:.1f} g/L {sheet.substrate}"
    )
    return (
        f"# {sheet.rig.title}: scale-down of {case.title or case.name}\n\n"
        f"{kind}{purpose(sheet)}\n\n"
        f"**In one line:** {fed}; distance to the tank **{sheet.achieved.total:.3f}** ({marks}).\n\n"
        f"**{sheet.verdict.word.capitalize()}**{sheet.verdict.text[len(sheet.verdict.word) :]}\n\n"
        f"```\n{drawing(sheet)}\n```"
    )
