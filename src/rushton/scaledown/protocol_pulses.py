"""What a protocol says of one vessel with a pulsed feed, regular or irregular."""

from __future__ import annotations

import numpy as np

from rushton.scaledown.match import KNOWN_SHARE
from rushton.scaledown.protocol_words import OF_SWITCHING, Event, Words, air_words, bleed_words, span, vessel_words
from rushton.scaledown.pulses import shortest_excess
from rushton.scaledown.sheet import ML, ML_MIN, REGIME_WORDS, Sheet, number, stays_of


def _purpose(sheet: Sheet) -> str:
    return "Here all cells share one vessel and meet rich and poor times one after the other, made by the feed pump."


def _drawing(sheet: Sheet) -> str:
    r = sheet.recipe
    on, off = span(r.table[0::2, 1] * ML_MIN, 2), f"{r.table[-1, 1] * ML_MIN:.2f}"
    return "\n".join(
        [
            f"  stock {r.stock:.1f} g/L on a balance",
            f"      | feed pump, mL/min: on {on}; off {off}",
            "      v needle below the surface, at the impeller",
            "  +-----------------+",
            f"  |     vessel      |---> bleed {bleed_words(sheet)}",
            f"  | {sheet.duty.bench.volume * ML:8.0f} mL     |<--- air {air_words(sheet)}",
            "  +-----------------+",
        ]
    )


def _equipment(sheet: Sheet) -> list[tuple[str, str]]:
    bench = sheet.duty.bench
    return [
        ("stirred vessel", f"1, for {bench.volume * ML:.0f} mL broth: {vessel_words(sheet)}"),
        (
            "feed pump",
            f"1 peristaltic or syringe pump up to {sheet.recipe.table[:, 1].max() * ML_MIN:.2f} mL/min, set-points "
            f"loaded from the .csv on a clock of {bench['pulse_time_step']:.1f} s",
        ),
        (
            "feed line",
            "needle of 0.5 mm bore, tip below the surface at the impeller, check valve in it, line stiff and short",
        ),
    ]


def _setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    period = sheet.settings["period"]
    starts, flows, on = sheet.recipe.pulses()
    gaps = np.diff(np.append(starts, period))
    return [
        ("feed programme, repeated every", f"{period:.1f}", "s"),
        ("pulses in it", f"{on.size}", "-"),
        ("pump on", span(on, 1), "s"),
        ("from start to start", span(gaps, 1), "s"),
        ("rate while on", span(flows * ML_MIN, 2), "mL/min"),
        ("one pulse", span(flows * on * ML, 3), "mL"),
        ("rate while off", f"{sheet.recipe.table[-1, 1] * ML_MIN:.2f}", "mL/min"),
    ]


def _events(sheet: Sheet) -> list[Event]:
    period = sheet.settings["period"]
    return [Event(float(time), "set", "feed", float(flow), period) for time, flow in sheet.recipe.table]


def _shortcomings(sheet: Sheet) -> list[str]:
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
    return [
        *lines,
        f"No pulse is sharper than the vessel's blending, {bench.blend_time:.1f} s to 95 % at "
        f"{bench['stirrer_speed'] * 60:.0f} rpm: cells near the needle meet more, cells far from it less, for that "
        "long.",
        "Oxygen demand rises and falls with the pulses; a probe with a response time of 10 to 40 s does not show it.",
    ]


def _checks(sheet: Sheet) -> list[str]:
    _, flows, on = sheet.recipe.pulses()
    volume = flows * on * ML
    lines = [f"A hundred pulses of {volume.min():.3f} mL into a weighed tube: {100 * volume.min():.1f} mL."]
    if volume.max() > 1.01 * volume.min():
        lines.append(f"Ten pulses of {volume.max():.3f} mL likewise: {10 * volume.max():.1f} mL.")
    return [*lines, "Tip of the needle below the surface at the impeller; no drop falls while the pump is off."]


def _hazards(sheet: Sheet) -> list[tuple[str, str, str]]:
    largest = float(sheet.recipe.table[:, 1].max())
    grams = largest * 60.0 * sheet.recipe.stock / sheet.duty.bench.volume
    return [
        (
            "feed pump sticks on", f"{grams:.2f} g/L {sheet.substrate} more in every minute at "
            f"{largest * ML_MIN:.2f} mL/min",
            "controller stops it after twice the longest pulse; balance alarm",
        ),
        ("feed line: pressure", "a blocked needle bursts the line", "check valve, pressure relief at the pump"),
    ]  # fmt: skip


def _stops(sheet: Sheet) -> list[str]:
    return ["Controller's clock more than 1 s off within a programme, or a programme cut off: note it, start it anew."]


def _limit(sheet: Sheet) -> str:
    median = stays_of(sheet.tank, 0).median
    if median is None or stays_of(sheet.tank, 0).share < KNOWN_SHARE:
        return "all cells live through rich and poor times together"
    least = shortest_excess(sheet.duty, sheet.biomass)
    return (
        f"cells eat no faster: excess lasts {least:.1f} s or more at {sheet.biomass:.0f} g/L; the tank's median is "
        f"{number(median, 2)} s"
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
    hazards=_hazards,
    stops=_stops,
    foreign=(
        "loop_",
        "tube_",
        "side_",
        "exchange_",
        "robot_",
        "mini_",
        "media_",
        "switch_",
        "room_",
        "flow_cell",
        "stirrer_speed_max",
        *OF_SWITCHING,
    ),
)
