"""What differs between rigs in a protocol: purpose, drawing, equipment, set-up, feed events, and what the rig cannot do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rushton.scaledown.vessel import VesselOperation
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent, stays_of
from rushton.scaledown.zones import Loop, laminar_pressure_drop, tube_length, tube_reynolds


@dataclass(frozen=True)
class Event:
    """One line of the feed table: time, s; what; which pump; flow, m3/s; repeated every ... s."""

    time: float
    action: str
    pump: str
    rate: float
    repeat: float | None = None


def is_pulsed(sheet: Sheet) -> bool:
    """Whether the rig is one vessel with a feed programme."""
    return isinstance(sheet.operation, VesselOperation)


def has_tube(sheet: Sheet) -> bool:
    """Whether the rig has a plug-flow tube."""
    return "tube_volume" in sheet.settings


def loop_of(sheet: Sheet) -> Loop:
    """The loop of an STR-PFR or STR-STR."""
    side = sheet.settings["tube_volume"] if has_tube(sheet) else sheet.settings["second_volume"]
    return Loop(side, sheet.duty.bench.volume - side, sheet.settings["flow"])


def purpose(sheet: Sheet) -> str:
    """One paragraph: what the rig does to the cells."""
    tank = [stays_of(sheet.tank, r) for r in range(3)]
    text = (
        f"In the tank a cell spends {percent(tank[0].share)} of its time in excess (mean stay {number(tank[0].mean, 2)} s), {percent(tank[1].share)} in limitation "
        f"({number(tank[1].mean, 2)} s) and {percent(tank[2].share)} starving ({number(tank[2].mean, 2)} s). "
    )
    if is_pulsed(sheet):
        return text + "Here all cells share one vessel and meet rich and poor times one after the other, made by the feed pump."
    if has_tube(sheet):
        return text + "Here a loop carries cells from a stirred vessel through a tube, where they meet the feed, and back."
    return text + "Here cells are exchanged between two stirred vessels, one rich and one poor."


def drawing(sheet: Sheet) -> str:
    """The rig in characters."""
    r, bench = sheet.recipe, sheet.duty.bench
    if is_pulsed(sheet):
        return (
            f"   stock {r.stock:.1f} g/L on a balance\n"
            f"        |  feed pump: {span(r.table[0::2, 1] * ML_MIN, 2)} mL/min on, {r.table[-1, 1] * ML_MIN:.2f} off\n"
            "        v  needle below the surface, at the impeller\n"
            "   +-----------------+\n"
            f"   |     vessel      |---> bleed {r.bleed * ML_MIN:.2f} mL/min on level\n"
            f"   |  {bench.volume * ML:8.0f} mL     |<--- air {bench['gas_flow'] * 60 * bench.volume * 1e3:.1f} L/min\n"
            "   +-----------------+"
        )
    loop = loop_of(sheet)
    if has_tube(sheet):
        return (
            f"   stock {r.stock:.1f} g/L on a balance\n"
            f"     | vessel {r.vessel * ML_MIN:.2f} mL/min            | tube inlet {r.side * ML_MIN:.2f} mL/min\n"
            "     v                                v\n"
            f"   +---------------+   loop pump    [T]====== tube {loop.tube_volume * ML:.0f} mL =======+\n"
            f"   |    vessel     |----( > )-------^   {loop.tube_time:.1f} s, plug flow         |\n"
            f"   |  {loop.vessel_volume * ML:7.0f} mL   |      {loop.flow * ML_MIN:.0f} mL/min                              |\n"
            "   |               |<-----------------------------------------------+\n"
            "   +---------------+   return below the surface, at the impeller\n"
            f"     |-> bleed {r.bleed * ML_MIN:.2f} mL/min on level        air into the vessel only"
        )
    return (
        f"   stock {r.stock:.1f} g/L on a balance\n"
        f"     | {r.vessel * ML_MIN:.2f} mL/min                | {r.side * ML_MIN:.2f} mL/min\n"
        "     v                            v\n"
        "   +---------------+  loop pump  +---------------+\n"
        f"   |   vessel 1    |----( > )--->|   vessel 2    |\n"
        f"   | {loop.vessel_volume * ML:8.0f} mL   |<---( < )----| {loop.tube_volume * ML:8.0f} mL   |\n"
        f"   +---------------+ {loop.flow * ML_MIN:.0f} mL/min  +---------------+\n"
        f"     |-> bleed {r.bleed * ML_MIN:.2f} mL/min on level"
    )


def tube_of(sheet: Sheet) -> tuple[float, float]:
    """Bore and length of the tube, m."""
    s = sheet.settings
    bore = s.get("bore", sheet.duty.bench.bores[-1])
    return bore, s.get("length", tube_length(s["tube_volume"], bore))


def equipment_rows(sheet: Sheet) -> list[tuple[str, str]]:
    """Equipment list."""
    bench = sheet.duty.bench
    stirred = (
        f"1, for {bench.volume * ML:.0f} mL broth (inner diameter about {1e3 * bench.vessel_diameter:.0f} mm, filled as high as wide), four baffles, "
        f"Rushton turbine {1e3 * bench['impeller_ratio'] * bench.vessel_diameter:.0f} mm, level control, pH, oxygen and temperature probes"
    )
    rows = [("stirred vessel", stirred if is_pulsed(sheet) or has_tube(sheet) else stirred.replace("1, for", "2, together for", 1))]
    if is_pulsed(sheet):
        rows += [
            (
                "feed pump",
                f"1 peristaltic or syringe pump, up to {sheet.recipe.table[:, 1].max() * ML_MIN:.2f} mL/min, set-points loaded from the .csv "
                f"with {bench['pulse_time_step']:.1f} s resolution",
            ),
            ("feed line", "needle of 0.5 mm bore ending below the surface at the impeller, line as stiff and short as possible, check valve at the tip"),
        ]
    else:
        count = sum(flow > 0.0 for flow in (sheet.recipe.side, sheet.recipe.vessel))
        rows += [
            ("loop pump", f"{1 if has_tube(sheet) else 2} peristaltic pump, {sheet.settings['flow'] * ML_MIN:.0f} mL/min, flow meter in the line"),
            ("feed pump", f"{count} peristaltic or syringe pump, see section 3"),
        ]
    if has_tube(sheet):
        bore, length = tube_of(sheet)
        rows += [
            ("tube", f"silicone (platinum-cured) or stainless steel, bore {1e3 * bore:.1f} mm, {length:.2f} m, coiled, in the vessel's water bath or insulated and traced"),
            ("mixing tee", f"static mixer of {1e3 * bore:.1f} mm at the tube's inlet, where the feed enters; sample ports at inlet, 1/4, 1/2 and outlet"),
        ]
    rows += [
        ("bleed pump", "1 peristaltic, switched by the level probe"),
        ("medium pump", f"1 peristaltic, {sheet.recipe.make_up * ML_MIN:.2f} mL/min" if sheet.recipe.make_up > 0 else "not needed"),
        ("balances", "2: feed reservoir and bleed, 0.1 g, logged every minute"),
        ("quench kit", "ports with cold methanol (-40 °C) or liquid nitrogen, filtered within 1 s"),
    ]
    return rows


def span(values: np.ndarray, places: int) -> str:
    """Smallest, median and largest of what differs from pulse to pulse; one number where it does not."""
    if values.max() - values.min() < 0.5 * 10.0**-places:
        return f"{values[0]:.{places}f}"
    return f"{values.min():.{places}f} to {values.max():.{places}f}, median {np.median(values):.{places}f}"


def setup_rows(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Quantities to build and to set."""
    s, bench = sheet.settings, sheet.duty.bench
    rows = [
        ("working volume, whole rig", f"{bench.volume * ML:.0f}", "mL"),
        ("biomass (dry weight)", f"{s['biomass']:.1f}", "g/L"),
    ]
    if is_pulsed(sheet):
        high, low = sheet.recipe.table[0::2, 1], sheet.recipe.table[-1, 1]
        gaps = np.diff(np.append(sheet.recipe.table[0::2, 0], s["period"]))
        rows += [
            ("feed programme, repeated every", f"{s['period']:.1f}", "s"),
            ("pulses in it", f"{high.size}", "-"),
            ("pump on, each pulse", f"{s['on_time']:.1f}", "s"),
            ("from start to start", span(gaps, 1), "s"),
            ("rate while on", span(high * ML_MIN, 2), "mL/min"),
            ("one pulse", span(high * s["on_time"] * ML, 3), "mL"),
            ("rate while off", f"{low * ML_MIN:.2f}", "mL/min"),
        ]
        return rows
    loop = loop_of(sheet)
    second = "tube" if has_tube(sheet) else "second vessel"
    rows += [
        ("vessel" if has_tube(sheet) else "first vessel", f"{loop.vessel_volume * ML:.0f}", "mL"),
        (second, f"{loop.tube_volume * ML:.1f}", "mL"),
        (f"share of the broth in the {second}", percent(loop.share), ""),
        (f"loop pump, vessel to {second} and back", f"{loop.flow * ML_MIN:.0f}", "mL/min"),
        (f"stay in the {second}", f"{loop.tube_time:.2f}", "s, the same for every cell" if has_tube(sheet) else "s, mean of an exponential"),
        ("time between passes, in the vessel", f"{loop.vessel_time:.1f}", "s, mean of an exponential"),
        ("passes per cell and hour", f"{3600 * loop.frequency:.0f}", "1/h"),
    ]
    if has_tube(sheet):
        bore, length = tube_of(sheet)
        drop = laminar_pressure_drop(loop.flow, bore, length, bench.viscosity, bench.density)
        rows += [
            ("tube bore", f"{1e3 * bore:.1f}", "mm"),
            ("tube length, pump head and connectors included", f"{length:.2f}", "m"),
            ("speed in the tube", f"{4 * loop.flow / (math.pi * bore**2):.2f}", "m/s"),
            ("Reynolds number in the tube", f"{tube_reynolds(loop.flow, bore, bench.viscosity / bench.density):.0f}", "-"),
            ("pressure drop, smooth tube, broth as water-like as the case says", f"{drop / 1e3:.1f}", "kPa"),
        ]
    return rows


def events(sheet: Sheet) -> list[Event]:
    """The feed table."""
    r, s = sheet.recipe, sheet.settings
    lines = []
    if is_pulsed(sheet):
        lines += [Event(float(time), "set", "feed", float(flow), s["period"]) for time, flow in r.table]
    else:
        lines.append(Event(0.0, "start", "loop", s["flow"]))
        second = "feed to tube inlet" if has_tube(sheet) else "feed to vessel 2"
        if r.side > 0.0:
            lines.append(Event(0.0, "start", second, r.side))
        if r.vessel > 0.0:
            lines.append(Event(0.0, "start", "feed to vessel" if has_tube(sheet) else "feed to vessel 1", r.vessel))
    if r.make_up > 0.0:
        lines.append(Event(0.0, "start", "medium", r.make_up))
    lines.append(Event(0.0, "on level control", "bleed", r.bleed))
    return lines


def feed_table(sheet: Sheet) -> str:
    """Feed table as CSV: what to start, when, at which rate; events with ``repeat_s`` recur at that interval until the end."""
    lines = ["time_s,action,pump,rate_mL_min,repeat_s"]
    for e in events(sheet):
        lines.append(f"{e.time:.1f},{e.action},{e.pump},{e.rate * ML_MIN:.2f},{'' if e.repeat is None else f'{e.repeat:.1f}'}")
    lines.append(f"{sheet.case.response.duration:.1f},stop,all,0.00,")
    return "\n".join(lines) + "\n"


def cannot(sheet: Sheet) -> list[str]:
    """What stays different from the tank, with numbers."""
    bench, tank = sheet.duty.bench, [stays_of(sheet.tank, r) for r in range(3)]
    excess, blend = tank[0], bench.blend_time
    lines = []
    if not is_pulsed(sheet):
        loop = loop_of(sheet)
        if excess.mean and excess.share > 0.0:
            flow = excess.share * bench.volume / excess.mean
            lines.append(
                f"Short excursions need litres per minute: {percent(excess.share)} of {bench.volume * 1e3:.1f} L in stays of {excess.mean:.1f} s would take {flow * ML_MIN / 1e3:.1f} L/min; "
                f"the loop pump gives at most {bench['loop_pump_max'] * ML_MIN / 1e3:.2f} L/min and runs at {loop.flow * ML_MIN / 1e3:.2f}."
            )
        if has_tube(sheet):
            bore, _ = tube_of(sheet)
            reynolds = tube_reynolds(loop.flow, bore, bench.viscosity / bench.density)
            state = "turbulent enough for plug flow" if reynolds > 4000 else "not turbulent: cells in the middle pass faster than those at the wall; coil it tightly or put static mixers in"
            lines.append(f"Every pass of the tube lasts {loop.tube_time:.1f} s; the tank's stays differ from cell to cell. Re = {reynolds:.0f}, {state}.")
        lines.append(
            f"The vessel blends in {blend:.1f} s, taken into account for the cells that return; a cell still meets its plume at random, the model meets it the same way each time."
        )
    else:
        lines += [
            "All cells live through rich and poor times together; in the tank each has its own course. A population in step can respond in step (by-products, pH, oxygen), and every stay in a regime has the same length: "
            + ", ".join(f"{word} {number(stays_of(sheet.statistics, r).median, 2)} s" for r, word in enumerate(("excess", "limitation", "starvation")))
            + f" against 95 % of the tank's below {number(tank[0].p95, 2)}, {number(tank[1].p95, 2)} and {number(tank[2].p95, 2)} s.",
            f"No pulse is sharper than the vessel's blending: {blend:.1f} s to 95 % at {bench['stirrer_speed'] * 60:.0f} rpm. Cells near the needle meet more, cells far from it less, for that long.",
            "Oxygen demand rises and falls with the pulses; a probe with a response time of 10 to 40 s does not show it.",
        ]
    lines += [
        "Pressure, dissolved carbon dioxide, shear and temperature of the tall tank are not reproduced.",
        "The tank's statistics are those of a steady mean flow with modelled turbulence and of uptake without memory; real cells and real eddies scatter more.",
    ]
    return lines
