"""What a protocol says of mini-bioreactors under a liquid handler: drawing, equipment, doses, what they cannot do."""

from __future__ import annotations

from rushton.scaledown.phases import ENDING, RESERVE, SETTLING, batch_hours, growing_up, hours_at_volume
from rushton.scaledown.protocol_by_products import judging
from rushton.scaledown.protocol_words import OF_SWITCHING, Event, Words, air_words
from rushton.scaledown.sheet import ML, Sheet, number, percent, stays_of, table

MICROLITRE = 1e9  # m3 -> uL
TROUGH = 20.0  # mL that no tip reaches
VESSELS = 8  # in parallel, half of them the reference run
TAKEN_OUT = 10.0  # s after a dose, when it has blended


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
            f"{VESSELS} in parallel, {bench.volume * ML:.1f} mL each, {bench['stirrer_speed'] * 60:.0f} rpm, "
            "oxygen and pH read by fluorescence from below: four with the programme, four as the reference run",
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


def _checks(sheet: Sheet) -> list[str]:
    return [
        f"A hundred boluses of {bolus_volume(sheet) * MICROLITRE:.1f} uL into a weighed plate: "
        f"{1e-3 * 100 * bolus_volume(sheet) * MICROLITRE:.3f} mL.",
        f"The robot comes back to every vessel within {sheet.settings['period']:.1f} s, washing of tips included.",
        "Level of a vessel without cells after 24 h: evaporation made up with water.",
    ]


def _hazards(sheet: Sheet) -> list[tuple[str, str, str]]:
    lasts = sheet.duty.mean_uptake * sheet.settings["period"]
    return [
        (
            "liquid handler stops", f"cells starve {lasts:.0f} s after the last bolus",
            "alarm after two missed rounds; more than 10 min: the run does not count",
        ),
        ("contamination by the tips", "one touch a round", "tips washed and sterile, hood with filtered air"),
    ]  # fmt: skip


def _prepare(sheet: Sheet) -> str:
    p, r, hours = growing_up(sheet), sheet.recipe, hours_at_volume(sheet)
    with_it = VESSELS // 2
    stock = RESERVE * with_it * r.flow * 3600.0 * hours * ML + TROUGH
    seed = VESSELS * 1.5
    rows = [
        (
            f"stock {r.stock:.1f} g/L {sheet.substrate}", f"{number(stock)} mL, {number(r.stock * stock * 1e-3)} g "
            f"{sheet.substrate}",
            f"{hours:.0f} h, {with_it} vessels and {TROUGH:.0f} mL left in the trough; the reference vessels "
            "need the same again",
        ),
        (
            "seed medium", f"{number(seed * p.start * ML)} mL with {p.batch_sugar:.0f} g/L {sheet.substrate}",
            "seed vessel",
        ),
        (
            f"strong stock {sheet.duty.bench['feed_concentration_max']:.0f} g/L",
            f"{number(RESERVE * seed * p.stock * ML)} mL", "to grow the seed",
        ),
        ("cold methanol", f"{number(RESERVE * 6 * 0.2 * 4.0)} mL", "4 volumes to one of broth, -40 °C"),
    ]  # fmt: skip
    return table(("What", "Amount", "For"), rows) + "\n\nAmounts hold a tenth in reserve."


def _phases(sheet: Sheet) -> str:
    p, total = growing_up(sheet), sheet.case.response.duration / 3600.0
    seed = VESSELS * sheet.duty.bench.volume * 1.5
    rows = [
        (
            "1. Seed vessel", f"about {number(batch_hours(sheet) + p.hours, 2)} h",
            f"{number(seed * ML)} mL in one stirred vessel: batch on {p.batch_sugar:.0f} g/L {sheet.substrate}, then "
            f"fed with e^(mu t), mu = {3600 * sheet.recipe.growth:.3f} 1/h, to {sheet.biomass:.1f} g/L",
        ),
        ("2. Fill", "0.5 h", f"{VESSELS} x {sheet.duty.bench.volume * ML:.1f} mL, without a gap in air or feed"),
        (
            "3. Settle", f"{SETTLING:.0f} h",
            f"{number(sheet.recipe.flow * 1e9 * 3600.0)} uL/h of stock from a feed line, or as much glucose set free "
            "by an enzyme; no boluses: the zero of the comparison",
        ),
        (
            "4. Gradient", f"{number(total)} h",
            f"the programme of the section Feed from t = 0. {judging(sheet)}",
        ),
        ("5. End", f"{ENDING:.0f} h", "back to the steady feed, last sample, stop"),
    ]  # fmt: skip
    return table(("Phase", "Lasts", "What"), rows)


def _limit(sheet: Sheet) -> str:
    rate = stays_of(sheet.tank, 0).per_hour
    tank = f"; in the tank a cell enters excess every {3600.0 / rate:.0f} s" if rate > 0.0 else ""
    return f"the robot comes round every {sheet.duty.bench['robot_period_min']:.0f} s at best{tank}"


WORDS = Words(
    _purpose,
    _drawing,
    _equipment,
    _setup,
    _events,
    _shortcomings,
    checks=_checks,
    limit=_limit,
    hazards=_hazards,
    foreign=(
        "loop_",
        "tube_",
        "side_",
        "exchange_",
        "media_",
        "switch_",
        "pulse_",
        "stirrer_",
        "room_",
        "flow_cell",
        *OF_SWITCHING,
    ),
    instead={"Phases": _phases, "Prepare": _prepare},
)
