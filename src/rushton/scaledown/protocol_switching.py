"""What a protocol says of a vessel whose stirrer or gas is switched, and its table for the controller.

What the probe shows is not what the cells feel: both stand side by side (``switching_evidence``), and in the table.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.protocol_by_products import reference_rows, stops
from rushton.scaledown.protocol_words import Event, Words, vessel_words
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, bullets, number, percent, stays_of, table
from rushton.scaledown.switching import saturation_of
from rushton.scaledown.switching_evidence import (
    MICRO,
    achieved,
    breathing,
    held_in,
    operation_of,
    readings,
    response,
)
from rushton.scaledown.transfer import Transfer

LONG_TABLE = 12  # phases; a longer programme is printed in columns
_COLUMNS = 4


def stirrer_table(sheet: Sheet) -> str:
    """CSV: when stirrer and gas go to which set-point, and what cells and probe have at that moment."""
    operation, vessel, r = operation_of(sheet), Transfer.of(sheet.duty.bench), sheet.recipe
    dissolved, shown = operation.dissolved(), operation.probe(vessel.probe_lag)
    lines = [
        "time_s,action,pump,rate_mL_min,repeat_s,stirrer_rpm,kla_1_h,gas_oxygen_percent,oxygen_umol_L,probe_umol_L",
        f"0.0,start,feed,{r.flow * ML_MIN:.2f},,,,,,",
    ]
    if r.make_up > 0.0:
        lines.append(f"0.0,start,medium,{r.make_up * ML_MIN:.2f},,,,,,")
    lines.append(f"0.0,on level control,bleed,{r.bleed * ML_MIN:.2f},,,,,,")
    for time, kla, oxygen in operation.table:
        at = round(time / operation.step) % dissolved.size
        lines.append(
            f"{time:.0f},set,stirrer and gas,,{operation.period:.0f},{60 * vessel.speed(kla):.0f},{3600 * kla:.1f},"
            f"{100 * oxygen:.2f},{MICRO * dissolved[at]:.2f},{MICRO * shown[at]:.2f}"
        )
    lines.append(f"{sheet.case.response.duration:.1f},stop,all,0.00,,,,,,")
    return "\n".join(lines) + "\n"


def _is_gas(sheet: Sheet) -> bool:
    return "poor_fraction" in sheet.settings


def _held(sheet: Sheet) -> str:
    """The tank's mean oxygen, at which the zero of the comparison is held."""
    held = held_in(sheet)
    full = saturation_of(sheet.duty.bench, OXYGEN_IN_AIR)
    return f"{MICRO * held.oxygen:.3g} umol/L ({percent(held.oxygen / full)} of air saturation)"


def _holding(sheet: Sheet) -> str:
    """With which gas and about which speed."""
    held = held_in(sheet)
    gas = "air" if held.gas == OXYGEN_IN_AIR else f"{percent(held.gas)} oxygen in the gas"
    if not held.possible:
        return (
            f"**out of reach of this vessel, even at {60 * held.speed:.0f} rpm with {gas}: hold what it gives there "
            "and note it**"
        )
    return f"{gas}, about {60 * held.speed:.0f} rpm"


def _rpm(sheet: Sheet) -> list[float]:
    """Stirrer in the rich and in the poor phase, rpm."""
    vessel = Transfer.of(sheet.duty.bench)
    return [60.0 * vessel.speed(kla) for kla in operation_of(sheet).table[:2, 1]]


def _gases(sheet: Sheet) -> list[str]:
    """Gas of the rich and of the poor phase."""
    return ["nitrogen" if y <= 0.0 else f"{percent(y)} oxygen" for y in operation_of(sheet).table[:2, 2]]


def _purpose(sheet: Sheet) -> str:
    assert sheet.duty.oxygen is not None
    what = "the gas" if _is_gas(sheet) else "the stirrer"
    return (
        f"That is excess of oxygen: above the critical {MICRO * sheet.duty.oxygen.critical:.3g} umol/L; starving cells "
        f"have none. Here all cells share one vessel that is fed steadily, and {what} takes their oxygen away and "
        "gives it back."
    )


def _one_line(sheet: Sheet) -> str:
    s, rpm, gases = sheet.settings, _rpm(sheet), _gases(sheet)
    how = (
        f"stirrer {rpm[0]:.0f} rpm, {gases[0]} and {gases[1]} in turn"
        if _is_gas(sheet)
        else f"stirrer {rpm[0]:.0f} and {rpm[1]:.0f} rpm in turn, gas with {gases[0]}"
    )
    return (
        f"{number(sheet.duty.bench.volume * 1e3)} L working volume, {sheet.biomass:.1f} g/L biomass, {how}, "
        f"{s['switches']:.0f} switches in {s['period']:.0f} s"
    )


def _drawing(sheet: Sheet) -> str:
    bench, r, rpm, gases = sheet.duty.bench, sheet.recipe, _rpm(sheet), _gases(sheet)
    speed, gas = f"{rpm[0]:.0f} rpm", f"{gases[0]}, steady"
    if _is_gas(sheet):
        gas = f"{gases[0]} / {gases[1]} by the table"
    else:
        speed = f"{rpm[0]:.0f} / {rpm[1]:.0f} rpm by the table"
    return "\n".join(
        [
            f"        | {speed}",
            f"  +-----|-----------+<--- feed {r.flow * ML_MIN:.2f} mL/min, steady",
            "  |     |   vessel  |",
            f"  |   ==+== {bench.volume * ML:6.0f} mL |---> bleed {r.bleed * ML_MIN:.3g} mL/min on level",
            "  |  oxygen probe   |",
            f"  +-----------------+<--- {number(bench['gas_flow'] * 60 * bench.volume * 1e3)} L/min, {gas}",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    bench, vessel = sheet.duty.bench, Transfer.of(sheet.duty.bench)
    clock = f"set-points every {bench['stirrer_clock']:.0f} s from the .csv"
    rows = [
        (
            "stirred vessel",
            f"1, for {bench.volume * ML:.0f} mL broth, {60 * vessel.slowest:.0f} to {60 * vessel.fastest:.0f} rpm: "
            f"{vessel_words(sheet)}",
        ),
        ("oxygen probe", f"as fast as can be had; the sheet assumes a lag of {vessel.probe_lag:.0f} s: measure it"),
        ("feed pump", "1 peristaltic or syringe, steady"),
        ("off-gas analyser", "oxygen and carbon dioxide, logged every second, its dead time measured"),
    ]
    if _is_gas(sheet):
        gases = " and ".join(_gases(sheet))
        rows.append(("gas valves", f"{gases}, mixed beforehand at equal pressure; {clock}; line to the sparger short"))
    else:
        rows += [
            ("drive", f"{clock}, ramp of {vessel.settling:.0f} s or faster"),
            ("gas mixer", f"mass-flow controlled, to {percent(bench['gas_oxygen_max'])} oxygen"),
        ]
    return rows


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    operation, bench = operation_of(sheet), sheet.duty.bench
    rich, poor = (np.diff(np.append(operation.table[:, 0], operation.period))[n::2] for n in (0, 1))
    rows = [("gas flow", number(bench["gas_flow"] * 60 * bench.volume * 1e3), "L/min, steady")]
    for n, phase in enumerate(("rich", "poor")):
        kla, oxygen = operation.table[n, 1:]
        rows += [
            (f"stirrer, {phase} phase", f"{_rpm(sheet)[n]:.0f}", f"rpm, kLa {3600 * kla:.3g} 1/h"),
            (f"oxygen in the gas, {phase} phase", f"{100 * oxygen:.2f}", "% of the dry gas"),
        ]
    return [
        *rows,
        ("rich phases", _span(rich), "s"),
        ("poor phases", _span(poor), "s"),
        ("programme, repeated every", f"{operation.period:.0f}", "s"),
    ]


def _span(values: np.ndarray) -> str:
    if values.size == 1:
        return f"{values[0]:.0f}"
    return f"{values.size} of {values.min():.0f} to {values.max():.0f}, median {np.median(values):.0f}"


def _stirring(sheet: Sheet) -> str:
    operation, vessel = operation_of(sheet), Transfer.of(sheet.duty.bench)
    rows = [(f"{t:.0f}", f"{60 * vessel.speed(k):.0f}", f"{100 * y:.0f}") for t, k, y in operation.table]
    if len(rows) <= LONG_TABLE:
        shown = table(("From, s", "Stirrer, rpm", "Oxygen in the gas, %"), rows)
    else:  # one of the two is steady, and stands in Set-up
        pairs = [(row[0], row[2 if _is_gas(sheet) else 1]) for row in rows]
        height = -(-len(pairs) // _COLUMNS)
        blocks = [pairs[n * height : (n + 1) * height] for n in range(_COLUMNS)]
        lines = [[x for block in blocks for x in (block[n] if n < len(block) else ("", ""))] for n in range(height)]
        shown = table(("From, s", "% oxygen" if _is_gas(sheet) else "rpm") * _COLUMNS, lines)
    low, high = sheet.drift
    accuracy = percent(sheet.duty.bench["pump_accuracy"])
    celsius = sheet.case.broth.temperature - 273.15
    return "\n\n".join(
        [
            shown,
            f"Repeat every {operation.period:.0f} s until the end. No controller of dissolved oxygen may touch stirrer "
            f"or gas during the gradient phase. Temperature {celsius:.1f} °C, pH as in the process.",
            "**Measure kLa first**, at the speeds above in the medium of the run (gassing out with nitrogen, the lag "
            "of the probe taken off), and how fast it settles after a step. This sheet takes "
            f"{3600 * vessel.low:.3g} to {3600 * vessel.high:.3g} 1/h between {60 * vessel.slowest:.0f} and "
            f"{60 * vessel.fastest:.0f} rpm as the power {vessel.exponent:.2f} of the speed, and "
            f"{vessel.settling:.0f} s for hold-up and gas to settle. Put what you find under [scaledown.limits] "
            "(kla_min, kla_max, kla_settling, probe_lag) and design again. With oxygen demand over transfer "
            f"{accuracy} too low or too high the distance would be {low:.3f} or {high:.3f} instead of "
            f"{sheet.achieved.total:.3f}.",
        ]
    )


def _feeding(sheet: Sheet) -> str:
    r, volume = sheet.recipe, sheet.duty.bench.volume
    rows = [
        ("stock", f"{r.stock:.1f} g/L {sheet.substrate} in salts medium"),
        ("flow of stock", f"{number(r.flow * ML_MIN)} mL/min, steady: the substrate must not fluctuate"),
        ("substrate fed", f"{number(r.feed * r.molar_mass * 3.6e6)} g/h: as much per gram of biomass as in the tank"),
        ("medium without substrate", f"{r.make_up * ML_MIN:.2f} mL/min, steady" if r.make_up > 0 else "none"),
        (
            "bleed",
            f"{number(r.bleed * ML_MIN)} mL/min on level control (dilution {3600 * r.bleed / volume:.3f} 1/h = growth)",
        ),
    ]
    text = table(("What", "Value"), rows)
    if r.remarks:
        text += "\n\n**Does not fit the bench:** " + "; ".join(r.remarks) + "."
    return text


def _phases(sheet: Sheet) -> str:
    from rushton.scaledown.protocol_run import phases

    return (
        phases(sheet).replace("the programme of the section Feed", "the table of Stirrer, gas, temperature")
        + f"\n\nOxygen: above 30 % of air saturation while growing; held at the tank's mean, {_held(sheet)}, by the "
        f"stirrer while settling and at the end: {_holding(sheet)}. From t = 0 the table sets stirrer and gas."
    )


def _reference(sheet: Sheet) -> str:
    rows = [
        ("vessel, feed, biomass, bleed, gas flow", "as above", "the same"),
        ("stirrer and gas", "by the table", f"the stirrer holds {_held(sheet)}, steady: {_holding(sheet)}"),
        (
            "expected uptake of oxygen, mmol/(L h)",
            f"{3.6e3 * operation_of(sheet).transferred():.1f}",
            f"{3.6e3 * held_in(sheet).uptake:.1f}",
        ),
        *reference_rows(sheet),
    ]
    return table(("", "Rig", "Reference run"), rows) + "\n\nIn parallel or directly before, sampled by the same plan."


def _stops(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    lines = [
        "Mean uptake of oxygen by the off-gas more than 10 % off Expected readings: measure kLa again.",
        f"Residual {sheet.substrate} above ten times the expected reading: the cells no longer eat what is fed; longer "
        "rich phases, or less feed, and note it.",
        f"Biomass more than 10 % off {sheet.biomass:.1f} g/L: correct the bleed; oxygen falls as fast as there are "
        "cells.",
        f"Stock more than {percent(2 * bench['feed_accuracy'])} off its expected weight over 4 h: recalibrate.",
        *stops(sheet),
        f"A set-point not reached within {3 * bench['kla_settling']:.0f} s, foam or flooding, cells settling at the "
        "slow speed, pH out of range for 10 min: stop.",
    ]
    return bullets(lines)


def _hazards(sheet: Sheet) -> list[tuple[str, str, str]]:
    from rushton.scaledown.protocol_safety import enriched

    gases = operation_of(sheet).table[:, 2]
    rows = []
    if gases.max() > OXYGEN_IN_AIR:
        rows.append(enriched(sheet, float(gases.max())))
    if gases.min() < OXYGEN_IN_AIR:
        rows.append(
            (
                "gas poor in oxygen", f"{percent(float(gases.min()))} oxygen",
                "exhaust led outside, oxygen alarm in the room: nobody notices the lack of it",
            )
        )  # fmt: skip
    if not _is_gas(sheet):
        rows.append(
            (
                "slow stirrer", f"{min(_rpm(sheet)):.0f} rpm", "try before inoculation that gas does not flood the "
                "stirrer when it speeds up again, and that no foam rises into the outlet",
            )
        )  # fmt: skip
    return rows


def _shortcomings(sheet: Sheet) -> list[str]:
    bench, vessel = sheet.duty.bench, Transfer.of(sheet.duty.bench)
    tank, rig = (stays_of(one, 1) for one in (sheet.tank, sheet.statistics))
    stays = "."
    if tank.median is not None and rig.median is not None:
        stays = (
            f": below the critical oxygen the tank's have a median of {number(tank.median, 2)} s, this rig's "
            f"{number(rig.median, 2)} s."
        )
    slowest = min(_rpm(sheet))
    limits = bench.limits | {"stirrer_speed": replace(bench.limits["stirrer_speed"], value=slowest / 60.0)}
    blending = replace(bench, limits=limits).blend_time
    lines = [
        "All cells live through plenty and lack of oxygen together; in the tank each has its own course.",
        f"Transfer follows its set-point within some {vessel.settling:.0f} s and the table has whole seconds; shorter "
        f"excursions are out of reach{stays}",
        f"At {slowest:.0f} rpm the vessel blends in {blending:.1f} s: for that long feed and oxygen are less even than "
        "assumed.",
        "The substrate is steady; in the tank lack of oxygen and excess of substrate often come together. Cells "
        "without oxygen may eat less than is fed, and what they leave gathers: read residual substrate.",
    ]
    if _is_gas(sheet):
        lines.append(
            "The headspace keeps the former gas for a minute or so, and the dead volume of the gas line delays every "
            "switch: keep both small. Carbon dioxide is stripped as ever, unlike in the tank."
        )
    else:
        lines.append("Shear, hold-up and carbon dioxide go with the stirrer, not with the tank.")
    return lines


def _events(sheet: Sheet) -> list[Event]:
    return [Event(0.0, "start", "feed", sheet.recipe.flow)]


def _checks(sheet: Sheet) -> list[str]:
    vessel, operation = Transfer.of(sheet.duty.bench), operation_of(sheet)
    klas = " and ".join(f"{3600 * kla:.3g}" for kla in dict.fromkeys(operation.table[:2, 1]))
    return [
        f"kLa measured in the medium of the run at every speed of the table: {klas} 1/h within "
        f"{percent(sheet.duty.bench['pump_accuracy'])}, and settled within {3 * vessel.settling:.0f} s after a step.",
        f"Lag of the oxygen probe {vessel.probe_lag:.0f} s or less; dead time of the off-gas analyser written down.",
    ]


def _limit(sheet: Sheet) -> str:
    settling, median = Transfer.of(sheet.duty.bench).settling, number(stays_of(sheet.tank, 1).median, 2)
    switched = "the broth follows the gas" if _is_gas(sheet) else "kLa follows the stirrer"
    return f"{switched} in {settling:.0f} s at best; the tank's median stay between none and critical is {median} s"


WORDS = Words(
    purpose=_purpose,
    drawing=_drawing,
    equipment=_equipment,
    setup=_setup,
    events=_events,
    shortcomings=_shortcomings,
    checks=_checks,
    hazards=_hazards,
    limit=_limit,
    foreign=(
        "loop_",
        "tube_",
        "exchange_",
        "mini_",
        "robot_",
        "pulse_",
        "switch_time",
        "media_",
        "cycle_",
        "room_",
        "flow_cell",
        "stirrer_speed_max",
    ),
    instead={
        "In one line": _one_line,
        "Feed": _feeding,
        "Stirrer, gas, temperature": _stirring,
        "Phases": _phases,
        "Expected readings": readings,
        "Reference run": _reference,
        "Stop rules": _stops,
        "Target against achieved": achieved,
        "What the cells should make of it": response,
        "Oxygen": breathing,
    },
)
