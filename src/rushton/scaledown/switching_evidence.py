"""The evidence for a rig that switches oxygen: probe and cells, tank and rig, cell model, oxygen and heat."""

from __future__ import annotations

import numpy as np

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.breath import lungs
from rushton.scaledown.holding import Hold, hold
from rushton.scaledown.match import PARTS
from rushton.scaledown.protocol_by_products import compared, comparison_words, expected_words
from rushton.scaledown.robustness import WORDS as CHANGED
from rushton.scaledown.sheet import Sheet, bullets, number, percent, table, with_band
from rushton.scaledown.switching import SwitchedOperation, saturation_of
from rushton.scaledown.transfer import Transfer

READINGS = 20  # rows of expected readings
SHOWN = 120.0  # s of the programme that they cover
MICRO = 1e3  # mol/m3 -> umol/L
PART_WORDS = {
    "signal": "s_O = O/(O + K_O) (Wasserstein-1)",
    "excess_stays": "stays in excess (Wasserstein-1 of log10 time, in the tank's standard deviations)",
    "limitation_stays": "stays in limitation (same)",
    "starvation_stays": "stays in starvation (same)",
    "transitions": "passages between regimes (Jensen-Shannon)",
}


def operation_of(sheet: Sheet) -> SwitchedOperation:
    """The rig at work."""
    assert isinstance(sheet.operation, SwitchedOperation)
    return sheet.operation


def held_in(sheet: Sheet) -> Hold:
    """How oxygen is held while there is no programme."""
    need, rich = sheet.duty.oxygen, float(operation_of(sheet).table[0, 2])
    assert need is not None
    return hold(need, sheet.duty.bench, sheet.biomass, rich)


def readings(sheet: Sheet) -> str:
    """What the probe shows against what the cells feel."""
    operation, bench = operation_of(sheet), sheet.duty.bench
    vessel, need = Transfer.of(bench), sheet.duty.oxygen
    assert need is not None
    dissolved, shown = MICRO * operation.dissolved(), MICRO * operation.probe(vessel.probe_lag)
    full = MICRO * saturation_of(bench, OXYGEN_IN_AIR)  # 100 % of air
    every = max(1.0, np.ceil(min(operation.period, SHOWN) / READINGS))
    times = np.arange(0.0, min(operation.period, SHOWN), every)
    rows = []
    for t in times:
        at = min(int(t / operation.step), dissolved.size - 1)
        _, kla, gas = operation.table[np.searchsorted(operation.table[:, 0], t, side="right") - 1]
        rows.append(
            (f"{t:.0f}", f"{60 * vessel.speed(kla):.0f}", f"{100 * gas:.0f}",
             f"{3600 * operation.rate[at]:.0f}", f"{dissolved[at]:.1f}",
             f"{shown[at]:.1f}", percent(shown[at] / full))
        )  # fmt: skip
    port = operation.ports()[0]
    head = (
        "Time, s", "Stirrer, rpm", "Gas, % oxygen", "kLa, 1/h", "Cells feel, umol/L", "Probe shows, umol/L",
        "Probe, % of air",
    )  # fmt: skip
    return "\n\n".join(
        [
            table(head, rows),
            f"Over the whole programme cells feel {dissolved.min():.2g} to {dissolved.max():.3g} umol/L (mean "
            f"{dissolved.mean():.3g}), the probe shows {shown.min():.3g} to {shown.max():.3g}: with a lag of "
            f"{vessel.probe_lag:.0f} s it hides the excursions. Trust the off-gas: the mean uptake of oxygen should be "
            f"{3.6e3 * operation.transferred():.1f} mmol/(L h). For the lab data read the probe as its mean over one "
            "repeat.",
            table(
                ("Port", f"{sheet.substrate} expected, mg/L", "s = q/q_max"),
                [("vessel, any time", sheet.mg_per_l(port.mean), f"{port.uptake:.3f}")],
            ),
            expected_words(sheet, None),
            compared(sheet),
        ]
    )


def achieved(sheet: Sheet) -> str:
    """Target against achieved."""
    from rushton.scaledown.protocol_tables import target_table

    need = sheet.duty.oxygen
    assert need is not None
    parts = [(PART_WORDS[name], f"{value:.3f}") for name, value in zip(PARTS, sheet.achieved.parts, strict=True)]
    parts.append(("**distance: mean of the five**", f"**{sheet.achieved.total:.3f}**"))
    text = [
        f"Compared is s_O = O/(O + K_O), K_O = {MICRO * need.half_saturation:.3g} umol/L, along the tank's lifelines "
        "and in this rig, by the distance of all rigs. Excess: above the critical "
        f"{MICRO * need.critical:.3g} umol/L; starvation: below the strain's border of s; limitation: between.",
        target_table(sheet.tank, sheet.statistics).replace("mean uptake over maximum", "mean of s_O"),
        table(("Part of the distance", "Value"), parts),
    ]
    if sheet.achieved.missing:
        words = {"E": "excess", "L": "limitation", "S": "starvation"}
        text.append(f"**This rig has no completed stay in {' and '.join(words[m] for m in sheet.achieved.missing)}.**")
    changed = {
        "half_saturation_halved": "K_O half", "half_saturation_doubled": "K_O twice",
        "pump_low": "demand over transfer too low", "pump_high": "demand over transfer too high",
    }  # fmt: skip
    moved = [(changed.get(name, CHANGED[name]), f"{value:.3f}") for name, value in sheet.robustness.items()]
    if moved:
        text.append(table(("If it is otherwise than assumed", "Distance"), moved))
    return "\n\n".join(text)


def response(sheet: Sheet) -> str:
    """What the cell model says."""
    inside = sheet.inside.as_dict()
    words = {"relative_productivity": "productivity", "relative_yield": "biomass yield"}
    rows = [
        (word, with_band(sheet.tank_response, key), percent(inside[key]))
        for key, word in words.items()
        if inside[key] is not None or sheet.tank_response.get(key) is not None
    ]
    model = sheet.case.strain.model if sheet.case.strain is not None else "none"
    text = [
        f"Cell model {model}, {number(sheet.inside.hours)} h, under steady uptake and this rig's oxygen, relative to "
        "the same cell at the tank's mean oxygen:",
        table(("Relative to steady oxygen", "Tank (95 % band)", "This rig"), rows),
        "The tank's numbers hold its gradients of substrate too; this rig has oxygen alone. What both differ by "
        "belongs to the substrate, and to what the rig misses of the tank's oxygen (above).",
        *filter(None, [comparison_words(sheet)]),
    ]
    if not knows_oxygen(sheet):
        text.insert(0, f"**The cell model {model} does not know oxygen: by it this rig can change nothing.**")
    return "\n\n".join(text)


def knows_oxygen(sheet: Sheet) -> bool:
    """Whether the cell model has oxygen in its environment."""
    from rushton.physiology import model_of

    return sheet.case.strain is not None and any(a.species == "oxygen" for a in model_of(sheet.case.strain).environment)


def breathing(sheet: Sheet) -> str:
    """Oxygen demand, transfer and heat."""
    made, operation = lungs(sheet.operation, sheet.duty), operation_of(sheet)
    zone, mean = made.zones[0], float(np.mean(operation.ratio / (1.0 + operation.ratio)))
    lines = [
        f"Demand {3.6e3 * zone.demand:.0f} mmol/(L h) with oxygen in plenty; {percent(mean)} of it is met.",
        f"Oxygen of air saturation lasts {made.lasts:.1f} s at this demand once transfer stops.",
        f"Heat at the fast speed: at most {made.heat:.0f} W of respiration and stirring; the jacket removes "
        f"{made.cooling:.0f} W.",
        *made.warnings,
    ]
    return bullets(lines)
