"""What a protocol says of a microfluidic chamber, and its switching table."""

from __future__ import annotations

import math

import numpy as np

from rushton.scaledown.chamber import TICK, ChamberOperation, flushes
from rushton.scaledown.phases import ENDING, SETTLING
from rushton.scaledown.protocol_words import OF_SWITCHING, Event, Words
from rushton.scaledown.sheet import Sheet, bullets, number, percent, stays_of, table

LINE_FLOW = 0.05  # mL/min of the running medium, what the selector passes
IMAGES = 5.0  # min
RESERVE = 1.2  # of a medium over what runs through
LEAST_MEDIUM = 10.0  # mL, less cannot be filtered and pressurised well


def _operation(sheet: Sheet) -> ChamberOperation:
    assert isinstance(sheet.operation, ChamberOperation)
    return sheet.operation


def changes(operation: ChamberOperation) -> tuple[np.ndarray, np.ndarray]:
    """Time, s, and number of the medium, from 1, of every switch of the valve within a programme."""
    valve = operation.valve
    at = np.flatnonzero(np.concatenate([[True], valve[1:] != valve[:-1]]))
    return TICK * at, valve[at] + 1


def switching_table(sheet: Sheet) -> str:
    """CSV: when the valve goes to which medium; repeated until the end."""
    operation = _operation(sheet)
    lines = ["time_s,action,pump,medium,repeat_s"]
    lines += [f"{t:.1f},switch,valve,{m},{operation.period:.1f}" for t, m in zip(*changes(operation), strict=True)]
    return "\n".join([*lines, f"{sheet.case.response.duration:.1f},stop,all,,"]) + "\n"


def shares(operation: ChamberOperation) -> np.ndarray:
    """(n_media,) share of the time in which each medium runs."""
    return np.bincount(operation.valve, minlength=operation.media.size) / operation.valve.size


def _hours(sheet: Sheet) -> float:
    return sheet.case.response.duration / 3600.0


def _resting(sheet: Sheet) -> float:
    s = sheet.operation.mean_uptake
    return sheet.duty.half_saturation * s / (1.0 - s)


def _purpose(sheet: Sheet) -> str:
    operation = _operation(sheet)
    return (
        f"Here cells under a microscope are flushed with one of {operation.media.size} media at a time; the valve "
        f"plays {operation.period:.0f} s of recorded lifelines, over and over."
    )


def _one_line(sheet: Sheet) -> str:
    operation = _operation(sheet)
    richest = sheet.mg_per_l(operation.media[-1] * sheet.duty.half_saturation)
    return (
        f"{operation.media.size} media up to {richest} mg/L {sheet.substrate}, {changes(operation)[0].size} switches "
        f"in {operation.period:.0f} s"
    )


def _drawing(sheet: Sheet) -> str:
    return "\n".join(
        [
            f"  media 1 .. {_operation(sheet).media.size}, pressurised",
            "   | | | | | |",
            "  [ selector  ]--> short line --> [ chamber, cells, objective below ] --> waste",
            "       ^ controller, switching table (.csv)",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    switch, n = sheet.duty.bench["switch_time_min"], _operation(sheet).media.size
    return [
        ("chip", "2, mother machine or monolayer chamber, wide enough for the organism: programme and reference run"),
        (
            "selector",
            f"{n} inlets, set anew every {TICK:.1f} s, dead volume flushed in {switch / 3:.2f} s: 95 % of a switch "
            f"within {switch:.1f} s; prove it with a dye",
        ),
        ("valve", "1, three ways, before the chamber of the programme: selector, or the resting medium"),
        (
            "pressure control",
            f"{n} channels and one for the resting medium, {LINE_FLOW:.2f} mL/min into each chamber; at least "
            f"{number(flushes(sheet.duty), 2)} chamber volumes per second, so that 10 g/L of cells in it change the "
            "medium by less than 5 % of K",
        ),
        ("microscope", f"heated stage, time lapse every {IMAGES:.0f} min, growth and reporters per cell"),
        ("filters", "0.2 um before every inlet; degassed media"),
    ]


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    operation, lag = _operation(sheet), sheet.duty.bench["switch_time_min"] / 3.0
    return [
        ("programme, repeated every", f"{operation.period:.1f}", "s"),
        ("switches in it", f"{changes(operation)[0].size}", "-"),
        ("shortest time on one medium", f"{TICK:.1f}", "s"),
        ("switch to 95 %", f"{sheet.duty.bench['switch_time_min']:.1f}", "s"),
        ("flow of the running medium", f"{LINE_FLOW:.2f}", "mL/min"),
        ("volume from selector to chamber, at most", f"{LINE_FLOW / 60.0 * lag * 1e3:.2f}", "uL"),
    ]


def _feed(sheet: Sheet) -> str:
    operation, k = _operation(sheet), sheet.duty.half_saturation
    low, high = sheet.drift
    rows = [
        (f"{n}", sheet.mg_per_l(m * k), f"{m / (1.0 + m):.3f}", percent(float(p)))
        for n, (m, p) in enumerate(zip(operation.media, shares(operation), strict=True), start=1)
    ]
    return "\n\n".join(
        [
            table(("Medium", f"{sheet.substrate}, mg/L", "s = q/q_max", "Share of the time"), rows),
            "Weak media decay by contamination and evaporation: make them fresh every day from one stock. With all "
            f"media {percent(sheet.duty.bench['pump_accuracy'])} too weak or too strong the distance would be "
            f"{low:.3f} or {high:.3f} instead of {sheet.achieved.total:.3f}.",
            f"The switching table is in the .csv beside this file: {changes(operation)[0].size} switches, "
            f"{operation.period:.1f} s, repeated for {number(_hours(sheet))} h, to half a second.",
        ]
    )


def _events(sheet: Sheet) -> list[Event]:
    return []


def _stirrer(sheet: Sheet) -> str:
    rows = [
        ("stirrer", "none", "-", "the flow mixes"),
        ("gas", "air", "-", "channels in gas-permeable silicone, stage in room air"),
        ("temperature", f"{sheet.case.broth.temperature - 273.15:.1f}", "°C", "stage, objective and media lines"),
        ("pH", "as in the process", "-", "buffered media"),
    ]
    return table(("What", "Set to", "Unit", "Why"), rows)


def _prepare(sheet: Sheet) -> str:
    operation, k, hours = _operation(sheet), sheet.duty.half_saturation, _hours(sheet)
    hourly, days = LINE_FLOW * 60.0, math.ceil(hours / 24.0)
    rows = []
    for n, (m, p) in enumerate(zip(operation.media, shares(operation), strict=True), start=1):
        daily = max(LEAST_MEDIUM, RESERVE * p * hourly * min(24.0, hours))
        whole = f"fresh every day, {days} in all: {number(days * daily)} mL" if days > 1 else "fresh on the day"
        rows.append((f"medium {n}, {sheet.mg_per_l(m * k)} mg/L", f"{number(daily)} mL a day", whole))
    # both chambers before the programme and after it, the reference chamber meanwhile
    resting = RESERVE * hourly * (2.0 * (_settling(sheet) + ENDING) + hours)
    rows.append(
        (
            f"resting medium, {sheet.mg_per_l(_resting(sheet))} mg/L",
            f"{number(resting)} mL in all",
            "both chambers before and after the programme, the reference chamber meanwhile",
        )
    )
    return table(("What", "Amount", "For"), rows) + "\n\nAll from one salts medium; amounts hold a fifth in reserve."


def _checks(sheet: Sheet) -> str:
    switch = sheet.duty.bench["switch_time_min"]
    lines = [
        f"Dye switched between two inlets: 95 % in the chamber within {switch:.1f} s, both ways.",
        "Substrate of every medium measured, the weak ones enriched first; blanks without substrate.",
        "No bubble in any line for an hour at the running pressure.",
        "The switching table runs once with dye; switches counted by the camera.",
        "Cells grow in the resting medium at the same rate in both chambers.",
    ]
    return "\n".join(f"- ☐ {line}" for line in lines)


def _settling(sheet: Sheet) -> float:
    """Five generations, h; a day where the cells do not grow."""
    growth = sheet.recipe.growth
    return 5.0 * math.log(2.0) / (3600.0 * growth) if growth > 0.0 else SETTLING


def _phases(sheet: Sheet) -> str:
    made = "five generations" if sheet.recipe.growth > 0.0 else "a day"
    rows = [
        ("1. Load", "0.5 h", "cells from a culture in the resting medium, loaded by flow or by spinning"),
        (
            "2. Settle", f"{_settling(sheet):.0f} h",
            f"{made} in the resting medium of s = {sheet.operation.mean_uptake:.3f}: the zero of the "
            "comparison",
        ),
        ("3. Gradient", f"{number(_hours(sheet))} h", "the switching table from t = 0, over and over"),
        ("4. End", f"{ENDING:.0f} h", "back to the resting medium, then the dye switch again"),
    ]  # fmt: skip
    return table(("Phase", "Lasts", "What"), rows)


def _sampling(sheet: Sheet) -> str:
    days = max(1, math.ceil(_hours(sheet) / 24.0))
    rows = [("0", "settle", "-1 to 0", "chamber", "0", f"images every {IMAGES:.0f} min", "-")]
    growth = f"images every {IMAGES:.0f} min: growth, reporters per cell"
    for day in range(1, days + 1):
        since, until = 24.0 * (day - 1), min(24.0 * day, _hours(sheet))
        rows.append((str(day), "gradient", f"{since:.4g} to {until:.4g}", "chamber", "0", growth, "-"))
        read = "substrate, contamination"
        rows.append((str(day), "gradient", f"{until:.4g}", "outlet", "0.5", read, "0.2 um filter"))
    return (
        table(("Day", "Phase", "Hours from t = 0", "Port", "mL", "Read", "Stopped by"), rows)
        + "\n\nNothing is taken from the cells; the outlet carries only medium."
    )


def _expected(sheet: Sheet) -> str:
    operation, k = _operation(sheet), sheet.duty.half_saturation
    off = sheet.duty.bench["pump_accuracy"]
    rows = []
    for n, m in enumerate(operation.media, start=1):
        bands = " to ".join(sheet.mg_per_l(f * m * k) for f in (1.0 - off, 1.0 + off))
        q = 3.6e6 * sheet.operation.culture.uptake_max * m / (1.0 + m)
        rows.append((f"chamber, medium {n}", number(sheet.duty.bench["switch_time_min"]), sheet.mg_per_l(m * k), bands,
                     f"{m / (1.0 + m):.2f}", number(q), "95 to 100", "none"))  # fmt: skip
    head = (
        "Port", "Delay, s", f"{sheet.substrate}, mg/L", f"media {percent(off)} off", "s = q/q_max",
        "Uptake, µmol/(g h)", "Oxygen, % of air", "by-product",
    )  # fmt: skip
    return (
        table(head, rows)
        + "\n\nDelay: until 95 % of a switch. By-products are washed away. At the end of the gradient phase: growth "
        f"{3600 * sheet.inside.growth:.4f} 1/h on average over the cells."
    )


def _reference(sheet: Sheet) -> str:
    rows = [
        ("medium", "by the switching table", f"{sheet.mg_per_l(_resting(sheet))} mg/L {sheet.substrate}, steady"),
        ("mean s = q/q_max", *2 * [f"{sheet.operation.mean_uptake:.3f}"]),
        ("expected growth, relative", percent(sheet.inside.relative_yield), "100 %, by definition"),
    ]
    made = sheet.inside.relative_productivity_final
    if made is not None:
        rows.append(("expected productivity by a reporter", percent(made), "100 %"))
    return table(("", "Rig", "Reference run"), rows) + "\n\nA second chamber of the same chip, the same mean uptake."


def _hazards(sheet: Sheet) -> str:
    rows = [
        ("oxygen", f"{number(flushes(sheet.duty), 2)} volumes per second of air-saturated medium, walls let gas "
         "through", "the tank's lack of oxygen is not reproduced"),
        ("temperature", "thin lines take the room's temperature at once", "media lines and stage in one heated box"),
        ("pressure", "a blocked chamber sends all flow round it; too much lifts the bond of the chip",
         "limit the pressure to half of what the chip held in the leak test"),
    ]  # fmt: skip
    return table(("What", "Figure", "Do"), rows)


def _stop(sheet: Sheet) -> str:
    return bullets(
        [
            "A bubble or a blocked line for more than 1 min: note the time; more than 10 min: the run does not count.",
            "Growth in the feed lines, or substrate at the outlet off by more than a tenth: change media and lines.",
            "A dye switch slower than the set-up says at the end: judge the run by the slower one.",
        ]
    )


def _oxygen(sheet: Sheet) -> str:
    return bullets(
        [
            "Thin channels in gas-permeable silicone stay near air saturation at this flow; the tank's lack of oxygen "
            "is not reproduced."
        ]
    )


def _shortcomings(sheet: Sheet) -> list[str]:
    switch, media = sheet.duty.bench["switch_time_min"], _operation(sheet).media.size
    median = number(stays_of(sheet.tank, 0).median, 2)
    return [
        f"Switches take {switch:.1f} s: shorter stays (the tank's median in excess is {median} s) are blunted.",
        f"Between media there is nothing: {media} values of s stand for all.",
        "All cells of a chamber live the same lifeline at the same time; in the tank each has its own.",
        "Product, by-products and broth cannot be sampled; nothing accumulates. What is read is growth and "
        "reporters of single cells.",
    ]


def _limit(sheet: Sheet) -> str:
    median = number(stays_of(sheet.tank, 0).median, 2)
    return (
        f"a switch takes {sheet.duty.bench['switch_time_min']:.1f} s (the tank's median stay in excess is {median} s); "
        "no broth or product to sample"
    )


WORDS = Words(
    _purpose,
    _drawing,
    _equipment,
    _setup,
    _events,
    _shortcomings,
    limit=_limit,
    foreign=(
        "loop_", "tube_", "side_", "exchange_", "robot_", "mini_", "pulse_", "cycle_", "feed_", "biomass", "stirrer_",
        "vessel_", "impeller_", "gas_", "pump_tubing", "oxygen_", "room_", "jacket_", "coolant_", "flow_cell",
        *OF_SWITCHING,
    ),
    instead={
        "In one line": _one_line,
        "Feed": _feed,
        "Stirrer, gas, temperature": _stirrer,
        "Prepare": _prepare,
        "Before the start": _checks,
        "Phases": _phases,
        "Sampling plan": _sampling,
        "Expected readings": _expected,
        "Reference run": _reference,
        "Safety of the rig": _hazards,
        "Stop rules": _stop,
        "Oxygen": _oxygen,
    },
)  # fmt: skip
