"""The evidence at the back of a protocol: tank and rig side by side, the cell model, the limits of the bench."""

from __future__ import annotations

from rushton.scaledown.classic import USUAL
from rushton.scaledown.inside import final_window
from rushton.scaledown.match import PARTS
from rushton.scaledown.protocol_by_products import comparison_words, oxygen_words
from rushton.scaledown.protocol_loop import has_tube
from rushton.scaledown.protocol_rigs import words_of
from rushton.scaledown.protocol_tables import target_table
from rushton.scaledown.robustness import NAMES, WORDS
from rushton.scaledown.sheet import ML, Sheet, number, stays_of, table, with_band

PART_WORDS = {
    "signal": "uptake ratio s",
    "excess_stays": "stays in excess",
    "limitation_stays": "stays in limitation",
    "starvation_stays": "stays in starvation",
    "transitions": "passages",
}


PRACTICE = "bench practice"


def match(sheet: Sheet) -> str:
    """Tank and rig side by side, and the distance in its parts."""
    parts = [f"{value:.3f}" for value in sheet.achieved.parts]
    band = "" if sheet.distance_band is None else " ({:.3f} to {:.3f})".format(*sheet.distance_band)
    moved = {WORDS[name]: f"{sheet.robustness[name]:.3f}" for name in NAMES if name in sheet.robustness}
    text = [
        "The protocol as written above, set-points rounded, simulated again:",
        target_table(sheet.tank, sheet.statistics),
        "Distance, the mean of five parts (95 % band): Wasserstein-1 of the uptake ratio and of log10 of the stays, in "
        "the tank's standard deviations; Jensen-Shannon of the passages.",
        table(
            (*(PART_WORDS[name] for name in PARTS), "**distance**"),
            [(*parts, f"**{sheet.achieved.total:.3f}**{band}")],
        ),
        "The distance, built and set as written, when something is not as assumed:",
        table(list(moved), [list(moved.values())]),
    ]
    text += classic(sheet)
    if sheet.achieved.missing:
        words = {"E": "excess", "L": "limitation", "S": "starvation"}
        lacking = " and ".join(words[m] for m in sheet.achieved.missing)
        text.append(
            f"**This rig has no completed stay in {lacking}.** That part is scored as the worst stay the tank's "
            "records could have shown, so that leaving a regime out never pays."
        )
    return "\n\n".join(text)


def classic(sheet: Sheet) -> list[str]:
    """What loops of the usual kind would show of this tank."""
    excess = stays_of(sheet.tank, 0)
    usual = [row["distance"] for row in sheet.classic if row["stay_s"] in USUAL]
    if not usual or excess.mean is None:
        return []
    head = [f"{row['stay_s']:.0f} s" + ("" if row["within"] else "*") for row in sheet.classic]
    return [
        f"Excursions into excess last {excess.mean:.1f} s here; loops of the usual kind run {USUAL[0]:.0f} to "
        f"{USUAL[-1]:.0f} s and test something else: their distance is {min(usual):.2f} to {max(usual):.2f}. The "
        "standard STR-PFR with another time in its tube (* more flow than the loop pump gives):",
        table(("In the tube", *head), [("distance", *(f"{row['distance']:.2f}" for row in sheet.classic))]),
    ]


def response(sheet: Sheet) -> str:
    """Productivity and yield by the cell model."""
    last = number(final_window(sheet.case.response.duration) / 3600.0, 2)
    words = {
        "relative_productivity": "productivity",
        "relative_productivity_final": f"productivity, last {last} h",
        "relative_yield": "biomass yield",
    }
    inside = sheet.inside.as_dict()
    rows = [
        (word, with_band(sheet.tank_response, key), with_band(inside, key))
        for key, word in words.items()
        if inside[key] is not None or sheet.tank_response.get(key) is not None
    ]
    model = sheet.case.strain.model if sheet.case.strain is not None else "none"
    text = [
        f"Cell model {model}, {number(sheet.inside.hours)} h, relative to the same cell under constant mean uptake:",
        table(("Relative to constant uptake", "Tank (95 % band)", "This rig (95 % band)"), rows),
    ]
    tank, rig = sheet.tank_response.get("relative_productivity_final"), sheet.inside.relative_productivity_final
    if tank is not None and rig is not None:
        gap = 100.0 * (rig - tank)
        verdict = (
            "loses as much as the tank" if abs(gap) < 2.0 else f"loses {'more' if gap < 0 else 'less'} than the tank"
        )
        text.append(
            f"By the model this rig {verdict} ({gap:+.1f} percentage points over the last {last} h). This stands "
            "beside the distance, not inside it."
        )
    text += filter(None, [oxygen_words(sheet), comparison_words(sheet)])
    return "\n\n".join(text)


def limits(sheet: Sheet) -> str:
    """What the bench allowed: limits that say something about this kind of rig."""
    bench = sheet.duty.bench
    foreign = words_of(sheet).foreign
    if has_tube(sheet):
        foreign += ("exchange_",)
    kept = {limit.meaning: limit for name, limit in bench.limits.items() if not name.startswith(foreign)}
    rows = [(limit.meaning, f"{number(limit.shown)} {limit.unit}".removesuffix(" -"), limit.source)
            for limit in kept.values()]  # fmt: skip
    named = sheet.case.scaledown.equipment.chosen if sheet.case.scaledown is not None else {}
    rows[:0] = [(one["kind"].replace("_", " "), name, "scaledown.equipment") for name, one in named.items()]
    if "flow" in sheet.settings:
        bores = ", ".join(f"{1e3 * b:.1f}" for b in bench.bores)
        rows.append(("bores of tubing at hand", f"{bores} mm", "scaledown.limits or equipment"))
    rows += [
        ("working volume", f"{number(bench.volume * ML)} mL", "scaledown.working_volume, or mini_volume"),
        (
            "blending of the lab vessel to 95 %", f"{bench.blend_time:.2f} s",
            "Grenville and Nienow's correlation; every rig feels a first-order lag of a third of it",
        ),
    ]  # fmt: skip
    sourced = [f"{meaning} **{value}** ({source})" for meaning, value, source in rows if source != PRACTICE]
    plain = [f"{meaning} **{value}**" for meaning, value, source in rows if source == PRACTICE]
    text = f"{'; '.join(sourced)}.\n\nBench practice: {'; '.join(plain)}."
    closing = '"bench practice" marks a usual value without one authority: put your own under [scaledown.limits].'
    return f"{text}\n\n{closing}"
