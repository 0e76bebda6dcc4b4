"""What differs between rigs in a protocol: purpose, drawing, equipment, set-up, feed events, and what the rig cannot
do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rushton.scaledown import protocol_bolus as bolus
from rushton.scaledown import protocol_compartments as compartments
from rushton.scaledown.match import KNOWN_SHARE
from rushton.scaledown.pulses import shortest_excess
from rushton.scaledown.sheet import ML, ML_MIN, REGIME_WORDS, Sheet, number, percent, stays_of
from rushton.scaledown.vessel import VesselOperation
from rushton.scaledown.zones import Loop, laminar_pressure_drop, tube_length, tube_reynolds

PLUG_FLOW_REYNOLDS = 4000.0  # above it a smooth tube is turbulent and its residence times are narrow


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


def tube_of(sheet: Sheet) -> tuple[float, float]:
    """Bore and length of the tube, m."""
    s = sheet.settings
    bore = s.get("bore", sheet.duty.bench.bores[-1])
    return bore, s.get("length", tube_length(s["tube_volume"], bore))


def span(values: np.ndarray, places: int) -> str:
    """Smallest, largest and median of what differs from pulse to pulse; one number where it does not."""
    if values.max() - values.min() < 0.5 * 10.0**-places:
        return f"{values[0]:.{places}f}"
    return f"{values.min():.{places}f} to {values.max():.{places}f}, median {np.median(values):.{places}f}"


def purpose(sheet: Sheet) -> str:
    """One paragraph: what the rig does to the cells."""
    tank = [stays_of(sheet.tank, r) for r in range(3)]
    text = (
        f"In the tank a cell spends {percent(tank[0].share)} of its time in excess (mean stay "
        f"{number(tank[0].mean, 2)} s), {percent(tank[1].share)} in limitation ({number(tank[1].mean, 2)} s) and "
        f"{percent(tank[2].share)} starving ({number(tank[2].mean, 2)} s). "
    )
    if bolus.is_bolus(sheet):
        return text + bolus.PURPOSE
    if is_pulsed(sheet):
        return text + (
            "Here all cells share one vessel and meet rich and poor times one after the other, made by the feed pump."
        )
    if compartments.rig_of(sheet) is not None:
        return text + compartments.PURPOSE
    if has_tube(sheet):
        return (
            text + "Here a loop carries cells from a stirred vessel through a tube, where they meet the feed, and back."
        )
    return text + "Here cells are exchanged between two stirred vessels, one rich and one poor."


def drawing(sheet: Sheet) -> str:
    """The rig in characters."""
    r, bench = sheet.recipe, sheet.duty.bench
    bleed, air = (
        f"{r.bleed * ML_MIN:.3g} mL/min on level",
        f"{number(bench['gas_flow'] * 60 * bench.volume * 1e3)} L/min",
    )
    if bolus.is_bolus(sheet):
        return bolus.drawing(sheet, air)
    if is_pulsed(sheet):
        on, off = span(r.table[0::2, 1] * ML_MIN, 2), f"{r.table[-1, 1] * ML_MIN:.2f}"
        return "\n".join(
            [
                f"  stock {r.stock:.1f} g/L on a balance",
                f"      | feed pump, mL/min: on {on}; off {off}",
                "      v needle below the surface, at the impeller",
                "  +-----------------+",
                f"  |     vessel      |---> bleed {bleed}",
                f"  | {bench.volume * ML:8.0f} mL     |<--- air {air}",
                "  +-----------------+",
            ]
        )
    if (rig := compartments.rig_of(sheet)) is not None:
        return compartments.drawing(sheet, rig, bleed, air)
    loop = loop_of(sheet)
    feeds = f"{r.vessel * ML_MIN:8.2f} mL/min                {r.side * ML_MIN:8.2f} mL/min"
    if has_tube(sheet):
        return "\n".join(
            [
                f"  stock {r.stock:.1f} g/L on a balance",
                f"     | {feeds}",
                "     v                                      v",
                "  +---------------+     loop pump          [T]  static mixer",
                "  |    vessel     |-------( > )-------------+",
                f"  | {loop.vessel_volume * ML:8.0f} mL   |      {loop.flow * ML_MIN:.0f} mL/min          |",
                f"  |               |                         |  tube {loop.tube_volume * ML:.0f} mL, "
                f"{loop.tube_time:.1f} s",
                "  |               |<------------------------+  plug flow",
                "  +---------------+   return below the surface, at the impeller",
                f"    |-> bleed {bleed}; air {air} into the vessel only",
            ]
        )
    return "\n".join(
        [
            f"  stock {r.stock:.1f} g/L on a balance",
            f"     | {feeds}",
            "     v                             v",
            "  +---------------+  loop pumps  +---------------+",
            "  |   vessel 1    |----( > )---->|   vessel 2    |",
            f"  | {loop.vessel_volume * ML:8.0f} mL   |<---( < )-----| {loop.tube_volume * ML:8.0f} mL   |",
            f"  +---------------+ {loop.flow * ML_MIN:.0f} mL/min  +---------------+",
            f"    |-> bleed {bleed}; air {air} shared by volume",
        ]
    )


def equipment_rows(sheet: Sheet) -> list[tuple[str, str]]:
    """Equipment list."""
    if bolus.is_bolus(sheet):
        return bolus.equipment_rows(sheet)
    bench, recipe = sheet.duty.bench, sheet.recipe
    diameter = bench.vessel_diameter
    inside = (
        f"inner diameter about {1e3 * diameter:.0f} mm, broth {1e3 * bench['vessel_aspect'] * diameter:.0f} mm high, "
        f"four baffles, turbine {1e3 * bench['impeller_ratio'] * diameter:.0f} mm; "
        "level control, pH, oxygen and temperature probes"
    )
    three = compartments.rig_of(sheet)
    if three is not None:
        rows = compartments.equipment_rows(sheet, three)
    elif is_pulsed(sheet) or has_tube(sheet):
        rows = [("stirred vessel", f"1, for {bench.volume * ML:.0f} mL broth: {inside}")]
    else:
        loop = loop_of(sheet)
        held = f"{loop.vessel_volume * ML:.0f} and {loop.tube_volume * ML:.0f} mL"
        rows = [("stirred vessels", f"2, holding {held}, stirred alike, each with oxygen and level probe")]
    if is_pulsed(sheet):
        rows += [
            (
                "feed pump",
                f"1 peristaltic or syringe pump up to {recipe.table[:, 1].max() * ML_MIN:.2f} mL/min, set-points "
                f"loaded from the .csv on a clock of {bench['pulse_time_step']:.1f} s",
            ),
            (
                "feed line",
                "needle of 0.5 mm bore, tip below the surface at the impeller, check valve in it, line stiff and short",
            ),
        ]
    elif three is None:
        count = int(recipe.side > 0.0) + int(recipe.vessel > 0.0)
        pumps = 1 if has_tube(sheet) else 2
        flow = f"{sheet.settings['flow'] * ML_MIN:.0f} mL/min"
        rows += [
            ("loop pump", f"{pumps} peristaltic, {flow}, with a flow meter in the line"),
            ("feed pump", f"{count} peristaltic or syringe, see section 3"),
        ]
    if has_tube(sheet):
        bore, length = tube_of(sheet)
        rows += [
            (
                "tube",
                f"platinum-cured silicone or steel, bore {1e3 * bore:.1f} mm, {length:.2f} m, coiled in the vessel's "
                "water bath or insulated and traced",
            ),
            (
                "mixing tee",
                f"static mixer of {1e3 * bore:.1f} mm at the tube's inlet, where the feed enters; sample ports at "
                "inlet, 1/4, 1/2 and outlet",
            ),
        ]
    medium = f"1 peristaltic, {recipe.make_up * ML_MIN:.2f} mL/min" if recipe.make_up > 0 else "not needed"
    return [
        *rows,
        ("bleed pump", "1 peristaltic, switched by the level probe"),
        ("medium pump", medium),
        ("balances", "2, stock and bleed, 0.1 g, logged every minute"),
        ("quench kit", "ports with cold methanol (-40 °C) or liquid nitrogen, filtered within 1 s"),
    ]


def setup_rows(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Quantities to build and to set."""
    s, bench, recipe = sheet.settings, sheet.duty.bench, sheet.recipe
    rows = [
        ("working volume, whole rig", f"{bench.volume * ML:.0f}", "mL"),
        ("biomass, dry weight", f"{s['biomass']:.1f}", "g/L"),
    ]
    if bolus.is_bolus(sheet):
        return [*rows, *bolus.setup_rows(sheet)]
    if is_pulsed(sheet):
        starts, flows, on = recipe.pulses()
        gaps = np.diff(np.append(starts, s["period"]))
        return [
            *rows,
            ("feed programme, repeated every", f"{s['period']:.1f}", "s"),
            ("pulses in it", f"{on.size}", "-"),
            ("pump on", span(on, 1), "s"),
            ("from start to start", span(gaps, 1), "s"),
            ("rate while on", span(flows * ML_MIN, 2), "mL/min"),
            ("one pulse", span(flows * on * ML, 3), "mL"),
            ("rate while off", f"{recipe.table[-1, 1] * ML_MIN:.2f}", "mL/min"),
        ]
    if (rig := compartments.rig_of(sheet)) is not None:
        return [*rows, *compartments.setup_rows(rig)]
    loop = loop_of(sheet)
    second = "tube" if has_tube(sheet) else "second vessel"
    stays = "s, the same for every cell" if has_tube(sheet) else "s, mean of an exponential"
    rows += [
        ("vessel" if has_tube(sheet) else "first vessel", f"{loop.vessel_volume * ML:.0f}", "mL"),
        (second, f"{loop.tube_volume * ML:.0f}", "mL"),
        (f"share of the broth in the {second}", percent(loop.share), ""),
        (f"loop pump, vessel to {second} and back", f"{loop.flow * ML_MIN:.0f}", "mL/min"),
        (f"stay in the {second}", f"{loop.tube_time:.2f}", stays),
        ("stay in the vessel between passes", f"{loop.vessel_time:.1f}", "s, mean of an exponential"),
        ("passes per cell and hour", f"{3600 * loop.frequency:.0f}", "1/h"),
    ]
    if has_tube(sheet):
        bore, length = tube_of(sheet)
        drop = laminar_pressure_drop(loop.flow, bore, length, bench.viscosity, bench.density)
        rows += [
            ("tube bore", f"{1e3 * bore:.1f}", "mm"),
            ("tube length, pump head and connectors included", f"{length:.2f}", "m"),
            ("speed in the tube", f"{4 * loop.flow / (math.pi * bore**2):.2f}", "m/s"),
            ("Reynolds number in the tube", f"{_reynolds(sheet, loop):.0f}", "-"),
            ("pressure drop of the smooth tube, viscosity of the case", f"{drop / 1e3:.1f}", "kPa"),
        ]
    return rows


def _reynolds(sheet: Sheet, loop: Loop) -> float:
    bench = sheet.duty.bench
    return tube_reynolds(loop.flow, tube_of(sheet)[0], bench.viscosity / bench.density)


def events(sheet: Sheet) -> list[Event]:
    """The feed table."""
    r, s = sheet.recipe, sheet.settings
    if bolus.is_bolus(sheet):
        volume = f"{bolus.bolus_volume(sheet) * bolus.MICROLITRE:.1f} uL"
        return [
            Event(0.0, f"dose {volume}", "liquid handler", float(r.table[0, 1]), s["period"]),
            Event(bolus.TAKEN_OUT, f"take out {volume}", "liquid handler", float(r.table[0, 1]), s["period"]),
        ]
    if is_pulsed(sheet):
        lines = [Event(float(time), "set", "feed", float(flow), s["period"]) for time, flow in r.table]
    elif (rig := compartments.rig_of(sheet)) is not None:
        lines = [
            Event(0.0, "start", "exchange of vessels 1 and 2", rig.excess_flow),
            Event(0.0, "start", "exchange of vessels 2 and 3", rig.starvation_flow),
        ]
        fed = (("feed to vessel 1", r.side), ("feed to vessel 2", r.vessel))
        lines += [Event(0.0, "start", pump, rate) for pump, rate in fed if rate > 0.0]
    else:
        tube = has_tube(sheet)
        lines = [Event(0.0, "start", "loop", s["flow"])]
        if r.side > 0.0:
            lines.append(Event(0.0, "start", "feed to tube inlet" if tube else "feed to vessel 2", r.side))
        if r.vessel > 0.0:
            lines.append(Event(0.0, "start", "feed to vessel" if tube else "feed to vessel 1", r.vessel))
    if r.make_up > 0.0:
        lines.append(Event(0.0, "start", "medium", r.make_up))
    lines.append(Event(0.0, "on level control", "bleed", r.bleed))
    return lines


def cannot(sheet: Sheet) -> list[str]:
    """What stays different from the tank, with numbers."""
    if bolus.is_bolus(sheet):
        lines = bolus.shortcomings(sheet)
    elif (rig := compartments.rig_of(sheet)) is not None:
        lines = compartments.shortcomings(sheet, rig)
    else:
        lines = _pulse_shortcomings(sheet) if is_pulsed(sheet) else _loop_shortcomings(sheet)
    return [
        *lines,
        f"Times are those of a broth of {sheet.duty.bench.viscosity * 1e3:.1f} mPa s, as the case says. A "
        f"filamentous broth of {sheet.biomass:.0f} g/L is thicker: check blending in the vessel with a dye or pH "
        "pulse first.",
        "Pressure, dissolved carbon dioxide, shear and oxygen gradients of the tall tank are not reproduced.",
        "The tank's statistics are those of a steady mean flow with modelled turbulence, uptake without memory; "
        "real cells and real eddies scatter more.",
    ]


def _loop_shortcomings(sheet: Sheet) -> list[str]:
    bench, loop, excess = sheet.duty.bench, loop_of(sheet), stays_of(sheet.tank, 0)
    lines = []
    if excess.mean and excess.share >= KNOWN_SHARE:
        flow = excess.share * bench.volume / excess.mean
        lines.append(
            f"Short excursions need litres per minute: {percent(excess.share)} of {bench.volume * 1e3:.1f} L in "
            f"stays of {excess.mean:.1f} s would take {flow * ML_MIN / 1e3:.1f} L/min; the loop pump gives at most "
            f"{bench['loop_pump_max'] * ML_MIN / 1e3:.2f} L/min and runs at {loop.flow * ML_MIN / 1e3:.2f}."
        )
    if has_tube(sheet):
        reynolds = _reynolds(sheet, loop)
        state = (
            "turbulent, close to plug flow"
            if reynolds > PLUG_FLOW_REYNOLDS
            else "not turbulent: cells in the middle pass faster than those at the wall; coil tightly or put static "
            "mixers in"
        )
        lines.append(
            f"Every pass of the tube lasts {loop.tube_time:.1f} s; the tank's stays differ from cell to cell. Re = "
            f"{reynolds:.0f}: {state}."
        )
    starving = stays_of(sheet.tank, 2)
    passes = 3600.0 * loop.frequency
    if starving.per_hour:
        lines.append(
            f"A cell passes {passes:.0f} times an hour; in the tank it enters starvation {starving.per_hour:.0f} "
            f"times and excess {excess.per_hour:.0f} times an hour."
        )
    lines.append(
        f"The vessel blends in {bench.blend_time:.1f} s. The design lets the liquid around a returning cell blend in "
        "at that pace, the same way each time; real plumes differ."
    )
    return lines


def _pulse_shortcomings(sheet: Sheet) -> list[str]:
    bench = sheet.duty.bench
    tank, rig = ([stays_of(s, r) for r in range(3)] for s in (sheet.tank, sheet.statistics))
    lines = [
        "All cells live through rich and poor times together; in the tank each has its own course. A population in "
        "step can answer in step (by-products, pH, oxygen)."
    ]
    if sheet.settings.get("pulses", 1.0) < 2.0:
        pairs = [
            f"{word} {number(mine.median, 2)} s, in the tank {number(theirs.median, 2)} and up to "
            f"{number(theirs.p95, 2)}"
            for word, mine, theirs in zip(REGIME_WORDS, rig, tank, strict=True)
            if mine.median is not None and theirs.median is not None
        ]
        lines.append(f"Every stay in a regime is like the last, while the tank's vary: {'; '.join(pairs)}.")
    if tank[0].median is not None and tank[0].share >= KNOWN_SHARE:
        least = shortest_excess(sheet.duty, sheet.biomass)
        lines.append(
            f"Excess ends only as fast as the cells eat: no stay in it can be shorter than {least:.1f} s at "
            f"{sheet.biomass:.0f} g/L (the tank's median is {number(tank[0].median, 2)} s, because there a cell "
            "leaves the plume)."
        )
    lines += [
        f"No pulse is sharper than the vessel's blending, {bench.blend_time:.1f} s to 95 % at "
        f"{bench['stirrer_speed'] * 60:.0f} rpm: cells near the needle meet more, cells far from it less, for that "
        "long.",
        "Oxygen demand rises and falls with the pulses; a probe with a response time of 10 to 40 s does not show it.",
    ]
    return lines
