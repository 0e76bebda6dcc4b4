"""What a protocol says of three stirred vessels: purpose, drawing, equipment, set-up, what they cannot do."""

from __future__ import annotations

from rushton.scaledown.compartments import Compartments, CompartmentsOperation
from rushton.scaledown.match import KNOWN_SHARE
from rushton.scaledown.protocol_loop import line_check, line_words
from rushton.scaledown.protocol_words import OF_SWITCHING, Event, Moves, Words, air_words, bleed_words
from rushton.scaledown.sheet import ML, ML_MIN, REGIME_WORDS, Sheet, number, percent, stays_of
from rushton.scaledown.stirred import stirred_vessels


def rig_of(sheet: Sheet) -> Compartments:
    """The three vessels."""
    assert isinstance(sheet.operation, CompartmentsOperation)
    return sheet.operation.rig


def main_vessel(sheet: Sheet) -> int:
    """Number, from 1, of the largest vessel: the biomass is grown in it, and samples are taken from it."""
    volumes = rig_of(sheet).volumes
    return 1 + volumes.index(max(volumes))


def _moves(sheet: Sheet) -> Moves:
    n, volumes, whole = main_vessel(sheet), rig_of(sheet).volumes, f"{sheet.duty.bench.volume * ML:,.0f} mL"
    others = [k for k in (1, 2, 3) if k != n]
    filled = " and ".join(f"{volumes[k - 1] * ML:,.0f} mL into vessel {k}" for k in others)
    empty = " and ".join(str(k) for k in others)
    bleed = "" if n == 2 else " Level control and bleed move to vessel 2"
    return Moves(
        f"All {whole} in vessel {n}, vessels {empty} sterile, closed and empty",
        f"At t = 0 pump {filled} and fill all four lines, {volumes[n - 1] * ML:,.0f} mL stay in vessel {n}; then start "
        "all exchange pumps" + bleed,
        f"pump vessels {empty} and the lines empty into vessel {n}",
    )


def _purpose(sheet: Sheet) -> str:
    return (
        "Here cells wander between three stirred vessels: a rich one, where the feed enters, a middle one and a poor "
        "one; the middle one exchanges broth with both others, so that no cell gets from excess to starvation but "
        "through it."
    )


def _drawing(sheet: Sheet) -> str:
    r, rig = sheet.recipe, rig_of(sheet)
    box = [f"{v * ML:7.0f} mL" for v in rig.volumes]
    flow = [f"{q * ML_MIN:.0f} mL/min" for q in (rig.excess_flow, rig.starvation_flow)]
    line = "  +------------+" + "            ".join(["", "+------------+", "+------------+"])
    return "\n".join(
        [
            f"  stock {r.stock:.1f} g/L on a balance",
            f"     | {r.side * ML_MIN:.2f} mL/min              | {r.vessel * ML_MIN:.2f} mL/min",
            "     v                         v",
            line,
            "  |  vessel 1  |---( > )--->|  vessel 2  |---( > )--->|  vessel 3  |",
            f"  | {box[0]} |<---( < )---| {box[1]} |<---( < )---| {box[2]} |",
            line,
            f"      excess    {flow[0]:^12}  limitation  {flow[1]:^12}  starvation",
            f"    |-> bleed {bleed_words(sheet)} from vessel 2; air {air_words(sheet)} shared by volume",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    rig = rig_of(sheet)
    held = ", ".join(f"{v * ML:.0f}" for v in rig.volumes)
    fastest = max(rig.excess_flow, rig.starvation_flow) * ML_MIN
    count = (sheet.recipe.side > 0) + (sheet.recipe.vessel > 0)
    return [
        (
            "stirred vessels",
            f"3, holding {held} mL (vessel {main_vessel(sheet)} all {sheet.duty.bench.volume * ML:,.0f} mL before the "
            "gradient), stirred to the same power per volume, each with oxygen and level probe",
        ),
        (
            "exchange pumps",
            f"4 peristaltic heads (two on one drive keep forth and back alike), up to {fastest:.0f} mL/min",
        ),
        (
            "lines",
            f"2 of {line_words(rig.line_volume, rig.excess_flow)} and 2 of "
            f"{line_words(rig.line_volume, rig.starvation_flow)}, pump head and connectors included",
        ),
        ("feed pumps", f"{count} peristaltic or syringe, see Feed"),
    ]


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    rig, rows = rig_of(sheet), []
    for n, (word, volume, stay) in enumerate(zip(REGIME_WORDS, rig.volumes, rig.stays, strict=True), start=1):
        rows += [
            (f"vessel {n}, {word}", f"{volume * ML:.0f}", "mL"),
            (f"share of the broth in vessel {n}", percent(volume / rig.volume), ""),
            (f"stay in vessel {n}", f"{stay:.1f}", "s, mean of an exponential"),
        ]
    both = 1.0 - rig.chance_of_excess
    return [
        *rows,
        ("exchange pumps, vessels 1 and 2, each way", f"{rig.excess_flow * ML_MIN:.0f}", "mL/min"),
        ("exchange pumps, vessels 2 and 3, each way", f"{rig.starvation_flow * ML_MIN:.0f}", "mL/min"),
        ("each of 4 lines, pump head and connectors included", number(rig.line_volume * ML), "mL"),
        (
            "stay in a line",
            " and ".join(f"{time:.2f}" for time in rig.line_times),
            "s, vessels 1 and 2, vessels 2 and 3; the same for every cell",
        ),
        ("entries into vessel 1 per cell and hour", f"{3600 * rig.excess_flow / rig.volume:.0f}", "1/h"),
        ("entries into vessel 3 per cell and hour", f"{3600 * rig.starvation_flow / rig.volume:.0f}", "1/h"),
        ("stays in vessel 2 that end in vessel 3", percent(both), ""),
    ]


def _events(sheet: Sheet) -> list[Event]:
    rig, r = rig_of(sheet), sheet.recipe
    fed = (("feed to vessel 1", r.side), ("feed to vessel 2", r.vessel))
    return [
        Event(0.0, "start", "exchange of vessels 1 and 2", rig.excess_flow),
        Event(0.0, "start", "exchange of vessels 2 and 3", rig.starvation_flow),
        *(Event(0.0, "start", pump, rate) for pump, rate in fed if rate > 0.0),
    ]


def _shortcomings(sheet: Sheet) -> list[str]:
    bench, rig = sheet.duty.bench, rig_of(sheet)
    times = [f"{own.blend_time:.1f}" for _, own in stirred_vessels(sheet.operation, bench)]
    lines = []
    for regime, word in ((0, "excess"), (2, "starvation")):
        tank = stays_of(sheet.tank, regime)
        if tank.mean and tank.share >= KNOWN_SHARE:
            wanted = tank.share * bench.volume / tank.mean * ML_MIN / 1e3
            used = (rig.excess_flow, rig.starvation_flow)[regime // 2] * ML_MIN / 1e3
            lines.append(
                f"{percent(tank.share)} of {bench.volume * 1e3:.1f} L in stays of {tank.mean:.1f} s in {word} would "
                f"take {wanted:.1f} L/min; the pump gives at most {bench['loop_pump_max'] * ML_MIN / 1e3:.2f} L/min "
                f"and runs at {used:.2f}."
            )
    lines += [
        "Stays in a stirred vessel are exponential: many are very short, and the vessel forgets how long a cell has "
        "been in it; the tank's need not be.",
        f"The vessels blend in {times[0]}, {times[1]} and {times[2]} s to 95 %: cells that come in stay in their old "
        "broth for a third of that.",
        f"Levels drift when forth and back differ: at {percent(bench['pump_accuracy'])} vessel 1 would gain or lose "
        f"{number(rig.excess_flow * bench['pump_accuracy'] * ML_MIN, 2)} mL/min. Let one pump of each pair follow the "
        "level.",
    ]
    return lines


def _checks(sheet: Sheet) -> list[str]:
    rig = rig_of(sheet)
    held = ", ".join(f"{v * ML:.0f}" for v in rig.volumes)
    return [
        f"Exchange pumps with broth, by weight: {rig.excess_flow * ML_MIN:.0f} and "
        f"{rig.starvation_flow * ML_MIN:.0f} mL/min, forth and back alike.",
        line_check(rig.line_volume),
        f"Levels of {held} mL hold for an hour with the exchange running on water.",
        "Exchange lines sterilised with the vessels, pump-head tubing moved on after it; leak test done.",
    ]


def _limit(sheet: Sheet) -> str:
    bench, needed = sheet.duty.bench, []
    for regime in (0, 2):
        tank = stays_of(sheet.tank, regime)
        if tank.mean and tank.share >= KNOWN_SHARE:
            flow = tank.share * bench.volume / tank.mean * ML_MIN / 1e3
            needed.append(f"{flow:.1f} L/min for {REGIME_WORDS[regime]}")
    if not needed:
        return "stays in a stirred vessel are exponential; the tank's need not be"
    return f"the exchange would need {' and '.join(needed)}; a pump gives {bench['loop_pump_max'] * ML_MIN / 1e3:.2f}"


WORDS = Words(
    _purpose,
    _drawing,
    _equipment,
    _setup,
    _events,
    _shortcomings,
    checks=_checks,
    limit=_limit,
    moves=_moves,
    foreign=("pulse_", "cycle_", "robot_", "mini_", "media_", "switch_", "tube_", "room_", *OF_SWITCHING),
)
