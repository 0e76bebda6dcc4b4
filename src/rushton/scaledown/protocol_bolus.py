"""What a protocol says of mini-bioreactors under a liquid handler: drawing, equipment, doses, what they cannot do."""

from __future__ import annotations

from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.protocol_words import Event, Words, air_words
from rushton.scaledown.sheet import ML, Sheet, number, percent, stays_of

MICROLITRE = 1e9  # m3 -> uL
TAKEN_OUT = 10.0  # s after a dose, when it has blended


def is_bolus(sheet: Sheet) -> bool:
    """Whether the rig is dosed by a liquid handler."""
    return isinstance(sheet.rig, MiniBioreactors)


def bolus_volume(sheet: Sheet) -> float:
    """Volume of one bolus, m3."""
    _, flow, on = sheet.recipe.pulses()
    return float(flow[0] * on[0])


def _purpose(sheet: Sheet) -> str:
    return (
        "Here cells of parallel vessels of some millilitres meet rich and poor times one after the other, made by the "
        "boluses of a liquid handler."
    )


def _drawing(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    dose = f"{bolus_volume(sheet) * MICROLITRE:.1f} uL every {sheet.settings['period']:.1f} s"
    return "\n".join(
        [
            f"  stock {sheet.recipe.stock:.1f} g/L in a trough",
            f"      | liquid handler: {dose} into every vessel, tip below the surface",
            "      v",
            "  +-----+ +-----+ +-----+",
            f"  |  1  | |  2  | | ... |   {bench.volume * ML:.1f} mL each, air {air_words(sheet)}",
            "  +-----+ +-----+ +-----+",
            "      '-> the liquid handler takes out as much as it gives",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    bench = sheet.duty.bench
    return [
        (
            "mini-bioreactors",
            f"8 in parallel, {bench.volume * ML:.1f} mL each, stirred at {bench['stirrer_speed'] * 60:.0f} rpm, oxygen "
            "and pH read by fluorescence from below: four with the programme, four as the reference run",
        ),
        (
            "liquid handler",
            f"comes round to every vessel within {bench['robot_period_min']:.0f} s, doses "
            f"{bench['robot_volume_min'] * MICROLITRE:.1f} uL or more, tips touch the liquid",
        ),
        ("balance", "of the stock trough, 0.01 g; evaporation is measured in a vessel without cells"),
        ("quench kit", "plate with cold methanol (-40 °C) under the liquid handler"),
    ]


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    bolus = bolus_volume(sheet)
    share = sheet.duty.mean_uptake * sheet.settings["period"]
    return [
        ("bolus", f"{bolus * MICROLITRE:.1f}", "uL"),
        ("from bolus to bolus", f"{sheet.settings['period']:.1f}", "s"),
        ("boluses per hour", f"{3600.0 / sheet.settings['period']:.1f}", "1/h"),
        ("full uptake that a bolus lasts", f"{share:.1f}", "s"),
        ("taken out, as often", f"{bolus * MICROLITRE:.1f}", "uL"),
    ]


def _events(sheet: Sheet) -> list[Event]:
    rate, period = float(sheet.recipe.table[0, 1]), sheet.settings["period"]
    volume = f"{bolus_volume(sheet) * MICROLITRE:.1f} uL"
    return [
        Event(0.0, f"dose {volume}", "liquid handler", rate, period),
        Event(TAKEN_OUT, f"take out {volume}", "liquid handler", rate, period),
    ]


def _shortcomings(sheet: Sheet) -> list[str]:
    bench, tank = sheet.duty.bench, stays_of(sheet.tank, 0)
    lasts = sheet.duty.mean_uptake * sheet.settings["period"]
    enter = (
        f"the tank's stays in excess have a median of {number(tank.median, 2)} s"
        if tank.median
        else "the tank has none"
    )
    return [
        f"The robot comes round every {bench['robot_period_min']:.0f} s at best, so a bolus lasts "
        f"{lasts:.0f} s of full uptake whatever the biomass; {enter}.",
        f"A bolus of {bolus_volume(sheet) * MICROLITRE:.1f} uL is {percent(bolus_volume(sheet) / bench.volume)} of the "
        f"vessel; an error of {percent(bench['pump_accuracy'])} of the robot shifts every time by as much.",
        "The liquid handler cannot feed steadily: the settled phase and the reference run need a feed line, "
        "or glucose set free by an enzyme.",
        "All cells live through rich and poor times together; in the tank each has its own course.",
    ]


WORDS = Words(_purpose, _drawing, _equipment, _setup, _events, _shortcomings)
