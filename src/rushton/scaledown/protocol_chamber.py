"""The bench sheet of a microfluidic chamber, and its switching table."""

from __future__ import annotations

import numpy as np

from rushton.scaledown.chamber import TICK, ChamberOperation, flushes
from rushton.scaledown.match import PARTS
from rushton.scaledown.protocol_tables import target_table
from rushton.scaledown.sheet import Sheet, bullets, number, percent, stays_of, table, with_band


def changes(operation: ChamberOperation) -> tuple[np.ndarray, np.ndarray]:
    """Time, s, and number of the medium, from 1, of every switch of the valve within a programme."""
    valve = operation.valve
    at = np.flatnonzero(np.concatenate([[True], valve[1:] != valve[:-1]]))
    return TICK * at, valve[at] + 1


def switching_table(sheet: Sheet) -> str:
    """CSV: when the valve goes to which medium; repeated until the end."""
    operation = sheet.operation
    assert isinstance(operation, ChamberOperation)
    lines = ["time_s,action,pump,medium,repeat_s"]
    lines += [f"{t:.1f},switch,valve,{m},{operation.period:.1f}" for t, m in zip(*changes(operation), strict=True)]
    return "\n".join([*lines, f"{sheet.case.response.duration:.1f},stop,all,,"]) + "\n"


def write_protocol(sheet: Sheet) -> str:
    """The protocol, Markdown."""
    operation, duty = sheet.operation, sheet.duty
    assert isinstance(operation, ChamberOperation)
    k = duty.half_saturation
    resting = k * operation.mean_uptake / (1.0 - operation.mean_uptake)
    switch, times = duty.bench["switch_time_min"], changes(operation)[0]
    share = np.bincount(operation.valve, minlength=operation.media.size) / operation.valve.size
    media = [
        (f"{n}", sheet.mg_per_l(m * k), f"{m / (1.0 + m):.3f}", percent(float(p)))
        for n, (m, p) in enumerate(zip(operation.media, share, strict=True), start=1)
    ]
    tank = [stays_of(sheet.tank, r) for r in range(3)]
    parts = [(name.replace("_", " "), f"{value:.3f}") for name, value in zip(PARTS, sheet.achieved.parts, strict=True)]
    inside = sheet.inside.as_dict()
    keys = {"relative_productivity": "productivity", "relative_yield": "biomass yield"}
    responses = [(word, with_band(sheet.tank_response, key), percent(inside[key])) for key, word in keys.items()]
    low, high = sheet.drift
    return "\n\n".join(
        [
            f"# {sheet.rig.title}: scale-down of {sheet.case.title or sheet.case.name}",
            f"In the tank a cell spends {percent(tank[0].share)} of its time in excess (mean stay "
            f"{number(tank[0].mean, 2)} s), {percent(tank[1].share)} in limitation ({number(tank[1].mean, 2)} s) and "
            f"{percent(tank[2].share)} starving ({number(tank[2].mean, 2)} s). Here cells under a microscope are "
            f"flushed with one of {operation.media.size} media at a time; the valve plays {operation.period:.0f} s of "
            "recorded lifelines, over and over.",
            f"**In one line:** {operation.media.size} media up to {sheet.mg_per_l(operation.media[-1] * k)} mg/L "
            f"{sheet.substrate}, {times.size} switches in {operation.period:.0f} s; distance to the tank "
            f"**{sheet.achieved.total:.3f}** (the tank against itself gives {number(sheet.floor)}).",
            f"**{sheet.verdict.word.capitalize()}**{sheet.verdict.text[len(sheet.verdict.word) :]}",
            "```\n  media 1 .. n, pressurised\n   | | | | | |\n  [ selector  ]--> short line --> [ chamber, cells, "
            "objective below ] --> waste\n       ^ controller, switching table (.csv)\n```",
            "## 1. Equipment",
            table(
                ("Item", "Specification"),
                [
                    ("chip", "mother machine or monolayer chamber, wide enough for the organism"),
                    ("selector", f"{operation.media.size} inlets, set anew every {TICK:.1f} s, dead volume flushed in "
                     f"{switch / 3:.2f} s: 95 % of a switch within {switch:.1f} s; prove it with a dye"),
                    ("flow", f"at least {number(flushes(duty), 2)} chamber volumes per second, so that 10 g/L of cells "
                     "in it change the medium by less than 5 % of K"),
                    ("microscope", "heated stage, time lapse every 5 min, growth and reporters per cell"),
                ],
            ),
            "## 2. Media",
            table(("Medium", f"{sheet.substrate}, mg/L", "s = q/q_max", "Share of the time"), media),
            "Weak media decay by contamination and evaporation: make them fresh every day from one stock. With all "
            f"media {percent(duty.bench['pump_accuracy'])} too weak or too strong the distance would be {low:.3f} or "
            f"{high:.3f} instead of {sheet.achieved.total:.3f}.",
            "## 3. Switching",
            f"The table is in the .csv beside this file: {times.size} switches, {operation.period:.1f} s, repeated for "
            f"{number(sheet.case.response.duration / 3600.0)} h. Before it, cells rest for five generations in one "
            f"medium of s = {operation.mean_uptake:.3f} ({sheet.mg_per_l(resting)} mg/L); a "
            "second chamber stays there as the reference run.",
            "## 4. Target against achieved",
            target_table(sheet.tank, sheet.statistics),
            table(("Part of the distance", "Value"), [*parts, ("**distance**", f"**{sheet.achieved.total:.3f}**")]),
            "## 5. What the cells should make of it",
            table(("Relative to constant uptake", "Tank (95 % band)", "This rig"), responses),
            "## 6. Oxygen and stop rules",
            bullets(
                [
                    "Thin channels in gas-permeable silicone stay near air saturation at this flow; the tank's lack of "
                    "oxygen is not reproduced.",
                    "Bubbles, a blocked line, growth in the feed lines, a dye switch slower than section 1 says: stop.",
                ]
            ),
            "## 7. What this rig cannot reproduce",
            bullets(
                [
                    f"Switches take {switch:.1f} s: shorter stays (the tank's median in excess is "
                    f"{number(tank[0].median, 2)} s) are blunted.",
                    f"Between media there is nothing: {operation.media.size} values of s stand for all.",
                    "All cells of a chamber live the same lifeline at the same time; in the tank each has its own.",
                    "Product, by-products and broth cannot be sampled; nothing accumulates. What is read is growth and "
                    "reporters of single cells.",
                ]
            ),
        ]
    ) + "\n"  # fmt: skip
