"""What a protocol says of a loop: stirred vessel and tube (STR-PFR), or two stirred vessels (STR-STR)."""

from __future__ import annotations

import math

from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.match import KNOWN_SHARE
from rushton.scaledown.protocol_words import OF_SWITCHING, Event, Moves, Words, air_words, bleed_words, vessel_words
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent, stays_of
from rushton.scaledown.stirred import stirred_vessels
from rushton.scaledown.zones import Loop, laminar_pressure_drop, tube_length, tube_reynolds

PLUG_FLOW_REYNOLDS = 4000.0  # above it a smooth tube is turbulent and its residence times are narrow


def has_tube(sheet: Sheet) -> bool:
    """Whether the rig has a plug-flow tube."""
    return "tube_volume" in sheet.settings


def loop_of(sheet: Sheet) -> Loop:
    """The loop of an STR-PFR or STR-STR."""
    assert isinstance(sheet.operation, LoopOperation)
    return sheet.operation.loop


def tube_of(sheet: Sheet) -> tuple[float, float]:
    """Bore and length of the tube, m."""
    s = sheet.settings
    bore = s.get("bore", sheet.duty.bench.bores[-1])
    return bore, s.get("length", tube_length(s["tube_volume"], bore))


def _purpose(sheet: Sheet) -> str:
    if has_tube(sheet):
        does = "meet the feed" if sheet.recipe.side > 0.0 else "eat what they brought along"
        return f"Here a loop carries cells from a stirred vessel through a tube, where they {does}, and back."
    return "Here cells are exchanged between two stirred vessels, one rich and one poor."


def _drawing(sheet: Sheet) -> str:
    r, loop = sheet.recipe, loop_of(sheet)
    bleed, air = bleed_words(sheet), air_words(sheet)
    feeds = "                ".join(
        f"{f * ML_MIN:8.2f} mL/min" if f > 0.0 else " no feed       " for f in (r.vessel, r.side)
    )
    line, first, second = ("|" if r.vessel > 0.0 else " "), *("v" if q > 0.0 else " " for q in (r.vessel, r.side))
    if has_tube(sheet):
        return "\n".join(
            [
                f"  stock {r.stock:.1f} g/L on a balance",
                f"     {line} {feeds}",
                f"     {first}                                      {second}",
                f"  +---------------+     loop pump          {'[T]  static mixer' if r.side > 0.0 else ' +'}",
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
            f"     {line} {feeds}",
            f"     {first}                             {second}",
            "  +---------------+  loop pumps  +---------------+",
            "  |   vessel 1    |----( > )---->|   vessel 2    |",
            f"  | {loop.vessel_volume * ML:8.0f} mL   |<---( < )-----| {loop.tube_volume * ML:8.0f} mL   |",
            f"  +---------------+ {loop.flow * ML_MIN:.0f} mL/min  +---------------+",
            f"    |-> bleed {bleed}; air {air} shared by volume",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    loop, recipe, tube = loop_of(sheet), sheet.recipe, has_tube(sheet)
    if tube:
        rows = [("stirred vessel", f"1, for {sheet.duty.bench.volume * ML:.0f} mL broth: {vessel_words(sheet)}")]
    else:
        held = f"{loop.vessel_volume * ML:.0f} and {loop.tube_volume * ML:.0f} mL"
        rows = [
            (
                "stirred vessels",
                f"2, holding {held} (vessel 1 all {sheet.duty.bench.volume * ML:,.0f} mL before the gradient), stirred "
                "alike, each with oxygen and level probe",
            )
        ]
    count = int(recipe.side > 0.0) + int(recipe.vessel > 0.0)
    flow = f"{sheet.settings['flow'] * ML_MIN:.0f} mL/min"
    rows += [
        ("loop pump", f"{1 if tube else 2} peristaltic, {flow}, with a flow meter in the line"),
        ("feed pump", f"{count} peristaltic or syringe, see Feed"),
    ]
    if not tube:
        return [
            *rows,
            (
                "lines",
                f"2, holding {line_words(loop.line_volume, loop.flow)} each, pump head and connectors included",
            ),
        ]
    bore, length = tube_of(sheet)
    return [
        *rows,
        (
            "tube",
            f"platinum-cured silicone or steel, bore {1e3 * bore:.1f} mm, {length:.2f} m, coiled in the vessel's "
            "water bath or insulated and traced",
        ),
        *(
            [("mixing tee", f"static mixer of {1e3 * bore:.1f} mm at the tube's inlet, where the feed enters")]
            if recipe.side > 0.0
            else []
        ),
        ("sample ports", "in the tube at its inlet, 1/4, 1/2 and outlet"),
    ]


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    loop, bench = loop_of(sheet), sheet.duty.bench
    second = "tube" if has_tube(sheet) else "second vessel"
    stays = "s, the same for every cell" if has_tube(sheet) else "s, mean of an exponential"
    rows = [
        ("vessel" if has_tube(sheet) else "first vessel", f"{loop.vessel_volume * ML:.0f}", "mL"),
        (second, f"{loop.tube_volume * ML:.0f}", "mL"),
        (f"share of the broth in the {second}", percent(loop.share), ""),
        (f"loop pump, vessel to {second} and back", f"{loop.flow * ML_MIN:.0f}", "mL/min"),
        (f"stay in the {second}", f"{loop.tube_time:.2f}", stays),
        ("stay in the vessel between passes", f"{loop.vessel_time:.1f}", "s, mean of an exponential"),
        ("passes per cell and hour", f"{3600 * loop.frequency:.0f}", "1/h"),
    ]
    if not has_tube(sheet):
        return [
            *rows,
            ("each of 2 lines, pump head and connectors included", number(loop.line_volume * ML), "mL"),
            ("stay in each line", f"{loop.line_time:.2f}", "s, the same for every cell"),
        ]
    bore, length = tube_of(sheet)
    drop = laminar_pressure_drop(loop.flow, bore, length, bench.viscosity, bench.density)
    return [
        *rows,
        ("tube bore", f"{1e3 * bore:.1f}", "mm"),
        ("tube length, pump head and connectors included", f"{length:.2f}", "m"),
        ("speed in the tube", f"{4 * loop.flow / (math.pi * bore**2):.2f}", "m/s"),
        ("Reynolds number in the tube", f"{_reynolds(sheet, loop):.0f}", "-"),
        ("pressure drop of the smooth tube, viscosity of the case", f"{drop / 1e3:.1f}", "kPa"),
    ]


def _reynolds(sheet: Sheet, loop: Loop) -> float:
    bench = sheet.duty.bench
    return tube_reynolds(loop.flow, tube_of(sheet)[0], bench.viscosity / bench.density)


def _events(sheet: Sheet) -> list[Event]:
    r, tube = sheet.recipe, has_tube(sheet)
    lines = [Event(0.0, "start", "loop", sheet.settings["flow"])]
    if r.side > 0.0:
        lines.append(Event(0.0, "start", "feed to tube inlet" if tube else "feed to vessel 2", r.side))
    if r.vessel > 0.0:
        lines.append(Event(0.0, "start", "feed to vessel" if tube else "feed to vessel 1", r.vessel))
    return lines


def _shortcomings(sheet: Sheet) -> list[str]:
    bench, loop, excess = sheet.duty.bench, loop_of(sheet), stays_of(sheet.tank, 0)
    lines = []
    if (flow := flow_for_excess(sheet)) is not None and excess.mean:
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
    blending = " and ".join(f"{own.blend_time:.1f}" for _, own in stirred_vessels(sheet.operation, bench))
    vessels = "The vessel blends" if has_tube(sheet) else "The vessels blend"
    lines.append(
        f"{vessels} in {blending} s. The design lets the liquid around a returning cell blend in "
        "at that pace, the same way each time; real plumes differ."
    )
    return lines


def _checks(sheet: Sheet) -> list[str]:
    loop = loop_of(sheet)
    lines = [f"Loop pump with broth, by weight: {loop.flow * ML_MIN:.0f} mL/min, both ways the same."]
    if has_tube(sheet):
        bore, length = tube_of(sheet)
        lines = [
            f"Tube filled and weighed: {loop.tube_volume * ML:.0f} mL within 2 % ({1e3 * bore:.1f} mm, {length:.2f} m "
            "with pump head and connectors).",
            f"Loop pump with broth, by weight or flow meter: {loop.flow * ML_MIN:.0f} mL/min.",
            f"Dye step at the tube's inlet: half of it at the outlet after {loop.tube_time:.1f} s.",
        ]
    else:
        lines += [
            line_check(loop.line_volume),
            f"Levels: {loop.vessel_volume * ML:.0f} mL and {loop.tube_volume * ML:.0f} mL hold for an hour with the "
            "exchange running on water.",
        ]
    return [*lines, "Loop sterilised with the vessel, pump-head tubing moved on after it; leak test done."]


def line_words(volume: float, flow: float) -> str:
    """What a line between two vessels holds and how long, as a technician has it."""
    return f"{number(volume * ML)} mL ({volume / flow:.1f} s)"


def line_check(volume: float) -> str:
    """How to prove what a line holds."""
    return (
        f"Each line filled and weighed: {number(volume * ML)} mL with pump head and connectors. Where it holds another "
        "volume, say so under limits.exchange_line and design again."
    )


def flow_for_excess(sheet: Sheet) -> float | None:
    """Loop flow at which as large a share of the broth would pass in stays as short as the tank's in excess, m3/s."""
    excess = stays_of(sheet.tank, 0)
    known = excess.mean and excess.share >= KNOWN_SHARE
    return excess.share * sheet.duty.bench.volume / excess.mean if known and excess.mean else None


def _limit(sheet: Sheet) -> str:
    loop, needed, most = loop_of(sheet), flow_for_excess(sheet), sheet.duty.bench["loop_pump_max"]
    litres = ML_MIN / 1e3
    if sheet.reference and needed is not None:
        return (
            f"{loop.tube_time:.0f} s in the loop, in the tank {stays_of(sheet.tank, 0).mean:.1f} s in excess: the loop "
            f"would need {needed * litres:.1f} L/min, it runs at {loop.flow * litres:.2f}"
        )
    if needed is not None and needed > most:
        return f"the loop would need {needed * litres:.1f} L/min; its pump gives {most * litres:.2f}"
    kind = "every pass of the tube lasts" if has_tube(sheet) else "cells stay in vessel 2 for a mean of"
    return f"{kind} {loop.tube_time:.1f} s; the tank's stays vary from cell to cell"


def _moves(sheet: Sheet) -> Moves:
    loop, whole = loop_of(sheet), f"{sheet.duty.bench.volume * ML:,.0f} mL"
    vessel, side = f"{loop.vessel_volume * ML:,.0f} mL", f"{loop.tube_volume * ML:,.0f} mL"
    if has_tube(sheet):
        return Moves(
            f"All {whole} in the vessel, the loop sterile, closed and empty",
            f"At t = 0 set the level to {vessel}, then start the loop pump: the tube takes {side} out of the vessel in "
            f"{loop.tube_time:.0f} s",
            f"pump the tube empty into the vessel, its level back to {whole}",
        )
    return Moves(
        f"All {whole} in vessel 1, vessel 2 sterile, closed and empty",
        f"At t = 0 pump {side} over into vessel 2 and fill the line back; the level of vessel 1 falls to {vessel}; "
        "then start both pumps",
        f"pump vessel 2 and the lines empty into vessel 1, its level back to {whole}",
    )


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
    foreign=("pulse_", "cycle_", "robot_", "mini_", "media_", "switch_", *OF_SWITCHING),
)
