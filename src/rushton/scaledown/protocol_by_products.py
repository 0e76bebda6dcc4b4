"""What a protocol says of product and by-products: what is read, what is expected when, when to stop for it.

A by-product above three times what is expected, and above what a broth holds without harm, is outside of what was
modelled: the run is mended or stopped. Acetate slows E. coli from some 1 g/L on, lactate mammalian cells from 1 to
2 g/L, ethanol yeast later; one threshold stands for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.physiology.quantities import MOLAR_MASS
from rushton.scaledown.broth import NOTHING, are_felt, by_product_trades
from rushton.scaledown.inside import final_window
from rushton.scaledown.oxygen_ports import Band
from rushton.scaledown.sheet import Sheet, number, percent
from rushton.scaledown.switching import SwitchedOperation

if TYPE_CHECKING:
    from rushton.physiology import CellModel

TOO_MUCH = 3.0
"""Over the largest that is expected, from where on the run is mended."""
HARMLESS = 15.0
"""mol/m3 of a by-product (0.9 g/L acetate) that is no reason to stop; bench practice."""
SLOW = 20.0
"""h that slow pools of a cell take to follow."""
TOLD_AT = (0.25, 0.5, 1.0)
"""Of the gradient phase, when by-products are told."""


def model_of(sheet: Sheet) -> CellModel | None:
    """The cell model of the strain."""
    from rushton.physiology import model_of as model

    return None if sheet.case.strain is None else model(sheet.case.strain)


def forms_product(sheet: Sheet) -> bool:
    """Whether the cells make a product; assumed where no model says."""
    model = model_of(sheet)
    return model is None or model.has_product


def names(sheet: Sheet, felt: bool = False) -> list[str]:
    """By-products that the cell model gives off; only those that it feels, if asked."""
    model = model_of(sheet)
    return [] if model is None else [t.species for t in by_product_trades(model) if t.surrounding >= 0 or not felt]


def unit(name: str) -> str:
    """In which a by-product is told."""
    return "g/L" if name in MOLAR_MASS else "mmol/L"


def told(name: str, concentration: float) -> str:
    """A concentration in mol/m3 in that unit; what no assay tells from nothing as such."""
    if 0.0 < concentration < NOTHING:
        return f"< {number(NOTHING * MOLAR_MASS.get(name, 1.0), 1)}"
    return number(concentration * MOLAR_MASS.get(name, 1.0), 2)


def span(name: str, low: float, high: float) -> str:
    """A band."""
    ends = [told(name, c) for c in (low, high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def to_read(sheet: Sheet) -> str:
    """What a routine sample is read for."""
    found = names(sheet)
    what = ["dry weight", *(["product"] if forms_product(sheet) else []), "residual substrate"]
    return ", ".join([*what, *(found or ["by-product"])])


def expected_words(sheet: Sheet, oxygen: list[Band] | None) -> str:
    """What is expected of by-products, and when."""
    readings = sheet.expected
    assert readings is not None
    model = model_of(sheet)
    name = "none" if model is None else model.name
    if readings.reason:
        return f"By-product: not known, {readings.reason}."
    if not readings.broth or model is None:
        return (
            f"By-product: the cell model {name} gives none off. More than in the settled phase is a finding: it is "
            "outside what was modelled."
        )
    hours = readings.course_time / 3600.0
    drift = "oxygen demand over transfer" if isinstance(sheet.operation, SwitchedOperation) else "the feed pump"
    lines, felt = [], names(sheet, felt=True)
    for species, along in readings.broth.items():
        rest = readings.settled["by_products_mol_m3"][species]
        courses = []
        for share in TOLD_AT:
            t = share * hours[-1]
            low, mean, high = (float(np.interp(t, hours, v)) for v in (along.low, along.mean, along.high))
            courses.append(f"{told(species, mean)} ({span(species, low, high)}) at {number(t)} h")
        calm = span(species, rest.low, rest.high)
        eaten = "whose cells feel it and eat it again" if species in felt else "whose cells do not eat it again"
        lines.append(
            f"By-product: {species} in {unit(species)}, the same in all the broth: {calm} in the settled phase and the "
            f"reference run, then {', '.join(courses)}; in brackets with {drift} off by its accuracy. By the cell "
            f"model {name}, {eaten}."
        )
    if oxygen is not None and min(low for low, _ in oxygen) <= 0.0:
        lines.append(
            "**Where the table shows no oxygen, cells ferment and give off more than this:** the model has them in "
            "aerated broth at every port."
        )
    return " ".join(lines)


def reference_rows(sheet: Sheet) -> list[tuple[str, str, str]]:
    """What rig and reference run are expected to end with: product, yield, by-products."""
    inside, readings = sheet.inside, sheet.expected
    rows = []
    if forms_product(sheet):
        final = percent(inside.relative_productivity_final)
        rows.append(("expected productivity, last hours", final, "100 %, by definition"))
    grown = inside.relative_yield
    if readings is not None and "yield_relative" in readings.course:
        total = sheet.case.response.duration
        late = readings.course_time > total - final_window(total) + 1.0  # ends of intervals
        grown = float(np.mean(readings.course["yield_relative"].mean[late]))
    rows.append(("expected yield of biomass, last hours", percent(grown), "100 %, by definition"))
    for species, along in ({} if readings is None else readings.broth).items():
        assert readings is not None
        rest = readings.settled["by_products_mol_m3"][species]
        end = along.at(-1)
        rows.append(
            (
                f"expected {species} at the end, {unit(species)}",
                span(species, end.low, end.high),
                span(species, rest.low, rest.high),
            )
        )
    return rows


def stops(sheet: Sheet) -> list[str]:
    """Stop rules for by-products."""
    readings = sheet.expected
    if readings is None or not readings.broth:
        return []
    lines = []
    for species, along in readings.broth.items():
        limit = max(TOO_MUCH * float(np.max(along.high)), HARMLESS)
        lines.append(
            f"{species.capitalize()} above {told(species, limit)} {unit(species)}: the cells overflow more than "
            "modelled, or lack oxygen. Check oxygen first, then halve the feed until it is eaten, and note it; above "
            "it for 4 h the run does not count."
        )
    return lines


def compared(sheet: Sheet) -> str:
    """How readings get back beside the predictions."""
    rig = f"{sheet.rig.name}{'-reference' if sheet.reference else ''}"
    return (
        f"Write the table to fill in by `rushton compare --template RESULTS --rig {rig} -o lab.csv`; `rushton compare "
        "--data lab.csv RESULTS` lays the readings over these predictions."
    )


def judging(sheet: Sheet) -> str:
    """What the end of the gradient phase is judged by."""
    total = sheet.case.response.duration
    last = number(final_window(total) / 3600.0, 2)
    longer = ", longer than this phase" if total < 3600.0 * SLOW else ""
    judged = "productivity" if forms_product(sheet) else "growth and yield"
    return f"Slow pools need some {SLOW:.0f} h to follow{longer}: judge {judged} by the last {last} h"


def batch_end(sheet: Sheet) -> str:
    """By what the end of the batch is known."""
    found = names(sheet)
    if not found:
        return "when oxygen rises sharply"
    return (
        f"when oxygen rises for good: a first rise ends the {sheet.substrate}, the last one the {found[0]} left by it"
    )


def oxygen_words(sheet: Sheet) -> str:
    """That the tank's answer holds its oxygen, which a rig for substrate does not bring; empty where it does not."""
    model = model_of(sheet)
    if model is None or sheet.case.gas is None or all(one.species != "oxygen" for one in model.environment):
        return ""
    return (
        "The tank's cells feel the oxygen of the tank too; those of this rig are taken to have it in plenty. What both "
        "differ by may be oxygen: compare with a rig that switches it (`oxygen-switching`)."
    )


def comparison_words(sheet: Sheet) -> str:
    """That tank and rig are compared without by-products around the cells; empty where they feel none."""
    model = model_of(sheet)
    if model is None or not are_felt(model) or sheet.expected is None or not sheet.expected.broth:
        return ""
    found = " and ".join(names(sheet, felt=True))
    if sheet.case.lifelines.coupling == "two-way":
        return (
            f"In the two-way run the tank's cells had its {found} around them; the rig is compared with none, so what "
            "overflows counts as lost there. In its broth it is eaten again: Expected readings hold that, so growth "
            "and yield there are not these."
        )
    return (
        f"Tank and rig are compared with no {found} around the cells, so what overflows counts as lost in both. In the "
        "broth of the rig it is eaten again: Expected readings hold that, so growth and yield there are not these."
    )
