"""The bench sheet: what a technician builds, sets, feeds, samples and reads, and how close it comes to the tank.

Every number belongs to the rounded settings, simulated again. Units are those of the bench: mL/min, mL, mm, g/L, s, h.
"""

from __future__ import annotations

import math

from rushton.scaledown.match import PARTS
from rushton.scaledown.oxygen import breath
from rushton.scaledown.protocol_rigs import cannot, drawing, equipment_rows, events, purpose, setup_rows
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, bullets, number, percent, table, target_table
from rushton.scaledown.zones import time_to_deplete

PART_WORDS = {
    "signal": "uptake ratio s (Wasserstein-1)",
    "excess_stays": "stays in excess (Wasserstein-1 of log10, in standard deviations)",
    "limitation_stays": "stays in limitation (same)",
    "starvation_stays": "stays in starvation (same)",
    "transitions": "passages between regimes (Jensen-Shannon)",
}


def write_protocol(sheet: Sheet) -> str:
    """The protocol of one rig, Markdown."""
    parts = [
        _title(sheet), _equipment(sheet), _setup(sheet), _feed(sheet), _stirrer(sheet), _phases(sheet), _sampling(sheet), _match(sheet),
        _response(sheet), _oxygen(sheet), _stop(sheet), _honest(sheet), _limits(sheet),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _title(sheet: Sheet) -> str:
    case, s = sheet.case, sheet.settings
    kind = "Standard rig, for comparison. " if sheet.reference else ""
    return (
        f"# {sheet.rig.title}: scale-down of {case.title or case.name}\n\n"
        f"{kind}{purpose(sheet)}\n\n"
        f"**In one line:** {number(sheet.duty.bench.volume * 1e3)} L working volume, {s['biomass']:.1f} g/L biomass, "
        f"{sheet.recipe.flow * ML_MIN:.2f} mL/min of {sheet.recipe.stock:.1f} g/L {sheet.substrate}; "
        f"distance to the tank {sheet.achieved.total:.3f} (0 would be the tank itself).\n\n"
        "```\n" + drawing(sheet) + "\n```"
    )


def _equipment(sheet: Sheet) -> str:
    return "## 1. Equipment\n\n" + table(("Item", "Specification"), equipment_rows(sheet))


def _setup(sheet: Sheet) -> str:
    return "## 2. Set-up\n\n" + table(("Quantity", "Set to", "Unit"), setup_rows(sheet))


def _feed(sheet: Sheet) -> str:
    r, bench = sheet.recipe, sheet.duty.bench
    rows = [
        ("stock", f"{r.stock:.1f} g/L {sheet.substrate} in the salts medium"),
        ("mean flow of stock", f"{r.flow * ML_MIN:.2f} mL/min ({r.flow * 3600e6:.0f} mL/h)"),
        ("substrate fed", f"{number(r.feed * r.molar_mass * 3.6e6)} g/h, the tank's feed per gram of biomass"),
        ("medium without substrate", f"{r.make_up * ML_MIN:.2f} mL/min, steady" if r.make_up > 0 else "none"),
        ("bleed", f"{r.bleed * ML_MIN:.2f} mL/min on level control (dilution {r.bleed / bench.volume * 3600:.3f} 1/h = growth)"),
    ]
    rates = [
        (f"{e.time:.1f}", e.action, e.pump, f"{e.rate * ML_MIN:.2f}", "" if e.repeat is None else f"every {e.repeat:.1f} s")
        for e in events(sheet)
    ]
    text = (
        "## 3. Feed\n\n" + table(("What", "Value"), rows) + "\n\nFeed programme from the start of the experiment (also in the .csv beside this file):\n\n"
        + table(("Time, s", "Action", "Pump", "Rate, mL/min", "Repeat"), rates)
        + f"\n\nCalibrate every pump by weight at its set-point within {percent(bench['pump_accuracy'])} before the start and once a day; "
        "the feed reservoir stands on a balance. "
    )  # fmt: skip
    if r.remarks:
        text += "\n\n**Does not fit the bench:** " + "; ".join(r.remarks) + "."
    return text


def _stirrer(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    b = breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, aerated_share(sheet))
    rows = [
        ("stirrer", f"{bench['stirrer_speed'] * 60:.0f}", "rpm", f"blends the vessel to 95 % in {bench.blend_time:.1f} s; do not lower"),
        ("air", f"{bench['gas_flow'] * 60 * bench.volume * 1e3:.1f}", "L/min", f"{bench['gas_flow'] * 60:.1f} vvm, into the stirred vessel only"),
        ("dissolved oxygen", "> 30", "% of air", f"needs kLa {b.kla * 3600:.0f} 1/h; raise pressure or enrich with oxygen before stirring slower"),
        ("temperature", f"{sheet.case.broth.temperature - 273.15:.1f}", "°C", f"jacket removes {b.heat * bench.volume:.0f} W of respiration plus the stirrer"),
    ]
    return "## 4. Stirrer, air, temperature\n\n" + table(("What", "Set to", "Unit", "Why"), rows)


def aerated_share(sheet: Sheet) -> float:
    """Share of the broth that is aerated: all but the tube."""
    return 1.0 - sheet.settings.get("tube_volume", 0.0) / sheet.duty.bench.volume


def _phases(sheet: Sheet) -> str:
    mu, x = 3600.0 * sheet.recipe.growth, sheet.biomass
    yield_g = sheet.duty.bench["biomass_per_substrate"]
    batch = min(20.0, 0.9 * x / yield_g)
    after = yield_g * batch
    hours = max(0.0, math.log(x / after) / mu) if mu > 0 else math.nan
    total = sheet.case.response.duration / 3600.0
    lines = [
        f"**Batch.** {batch:.0f} g/L {sheet.substrate}, inoculate to 0.5 g/L; ends at about {after:.0f} g/L biomass (oxygen rises sharply).",
        f"**Grow.** Steady feed of the stock into the vessel, loop stopped and empty, rising in proportion to the biomass (growth {mu:.3f} 1/h) until "
        f"{x:.1f} g/L: about {number(hours, 2)} h. A stronger stock (up to {sheet.duty.bench['feed_concentration_max']:.0f} g/L) keeps the volume below the working volume.",
        f"**Settle.** Constant volume, steady mean feed {sheet.recipe.flow * ML_MIN:.2f} mL/min, bleed on, no gradient, for three residence times of the "
        f"slow pools (24 h): this is the zero of the comparison. Take two samples.",
        f"**Gradient.** Start the programme of section 3 at t = 0 and keep it for {total:.0f} h. Slow pools need some 20 h to follow: judge productivity from the last 20 h, not from the first.",
        "**End.** Back to the steady feed for 2 h, last sample, stop.",
        "**Reference run.** The same vessel, stock, mean feed, biomass and bleed with a steady feed and no loop, in parallel or directly before: productivity is always "
        "reported relative to it.",
    ]
    return "## 5. Phases\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))


def _sampling(sheet: Sheet) -> str:
    culture = sheet.operation.culture
    rows = []
    for port in sheet.operation.ports():
        spread = sheet.mg_per_l(port.mean) if port.high <= 1.001 * port.low else f"{sheet.mg_per_l(port.mean)} ({sheet.mg_per_l(port.low)} to {sheet.mg_per_l(port.high)})"
        gone = time_to_deplete(port.mean, 0.5 * port.mean, culture) if port.mean > 0 else 0.0
        uptake = port.uptake * culture.uptake_max * 3.6e6
        rows.append((port.name, number(port.delay), spread, f"{port.uptake:.2f}", number(uptake), number(gone, 2)))
    head = ("Port", "Time since the zone's inlet, s", f"Expected {sheet.substrate}, mg/L", "s = q/q_max", "Uptake, mmol/(g h)", "Halves in the sample within, s")
    fastest = min(float(row[5].replace(",", "")) for row in rows if row[5] not in ("–", "0"))
    return (
        "## 6. Sampling and expected readings\n\n" + table(head, rows)
        + f"\n\nQuench inside the port (cold methanol or liquid nitrogen): in this broth the substrate of a sample halves within {number(fastest, 2)} s, so a "
        "plain syringe shows nothing. Flush each port with its dead volume first (2 m of 1.6 mm tubing hold 4 mL). Every 4 h: biomass, product, residual "
        "substrate at every port; every 24 h at least one series over the whole cycle. A sample takes 10 mL; no more than 2 % of the volume a day beside the bleed.\n\n"
        f"Expected at the end: growth {3600 * sheet.inside.growth:.4f} 1/h"
        + (f", specific productivity {percent(sheet.inside.relative_productivity_final)} of the reference run" if sheet.inside.relative_productivity_final is not None else "")
        + "."
    )  # fmt: skip


def _match(sheet: Sheet) -> str:
    parts = [(PART_WORDS[name], f"{value:.3f}") for name, value in zip(PARTS, sheet.achieved.parts, strict=True)]
    text = (
        "## 7. Target against achieved\n\n" + target_table(sheet.tank, sheet.statistics) + "\n\n"
        + table(("Part of the distance", "Value"), [*parts, ("**mean of the five**", f"**{sheet.achieved.total:.3f}**")])
    )  # fmt: skip
    if sheet.achieved.missing:
        words = {"E": "excess", "L": "limitation", "S": "starvation"}
        lacking = " and ".join(words[m] for m in sheet.achieved.missing)
        text += (
            f"\n\n**This rig has no completed stay in {lacking}.** That part is scored as the worst stay the tank's records could have shown, so that "
            "leaving a regime out never pays."
        )
    return text


def _response(sheet: Sheet) -> str:
    keys = {"relative_productivity": "productivity", "relative_productivity_final": "productivity, last 20 h", "relative_yield": "biomass yield"}
    rows = [
        (f"{word} over that of constant mean uptake", percent(sheet.tank_response.get(key)), percent(sheet.inside.as_dict()[key]))
        for key, word in keys.items()
    ]
    text = "## 8. What the cells should make of it\n\n" + table((f"{number(sheet.inside.hours)} h, model {_model(sheet)}", "Tank", "This rig"), rows)
    known = [sheet.tank_response.get("relative_productivity_final"), sheet.inside.relative_productivity_final]
    if known[0] is not None and known[1] is not None:
        gap = 100.0 * (known[1] - known[0])
        verdict = "shows the tank's loss" if abs(gap) < 2.0 else "loses more than the tank" if gap < 0 else "loses less than the tank"
        text += f"\n\nBy the model this rig {verdict} ({gap:+.1f} percentage points over the last 20 h). This stands beside the distance, not inside it."
    return text


def _model(sheet: Sheet) -> str:
    return sheet.case.strain.model if sheet.case.strain is not None else "none"


def _oxygen(sheet: Sheet) -> str:
    b = breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, aerated_share(sheet))
    bench = sheet.duty.bench
    lines = [
        f"Demand {b.demand * 3.6e3:.0f} mmol/(L h) at the mean uptake ({bench['oxygen_per_substrate']:.1f} mol O2 per mol {sheet.substrate}), "
        f"{b.demand_max * 3.6e3:.0f} if respiration follows uptake at once. The vessel needs kLa {b.kla * 3600:.0f} 1/h to hold 30 %"
        + (": more than a bench vessel usually gives (some 400 1/h); use oxygen-enriched air." if b.kla * 3600 > 400 else "."),
        f"Without air, broth saturated with air lasts {b.lasts:.1f} s at the mean demand and {b.lasts_min:.1f} s at the largest.",
    ]
    if "tube_volume" in sheet.settings:
        time = sheet.settings["tube_volume"] / sheet.settings["flow"]
        if time > b.lasts:
            lines.append(f"**The tube holds its broth for {time:.1f} s: it runs out of oxygen on the way.** The cells meet substrate excess and lack of oxygen together; the tank's did not. Feed oxygen into the tube's inlet (0.2 µm filter, static mixer) or read the result as both.")
        elif time > b.lasts_min:
            lines.append(f"The tube holds its broth for {time:.1f} s: enough at the mean demand, not if respiration follows uptake. Watch oxygen at the tube's outlet.")
        else:
            lines.append(f"The tube holds its broth for {time:.1f} s: oxygen lasts.")
    return "## 9. Oxygen\n\n" + bullets(lines)


def _stop(sheet: Sheet) -> str:
    lines = [
        "Oxygen in the vessel below 20 % of air saturation for more than 2 min: raise oxygen in the gas; if that fails, halve the feed.",
        f"Feed reservoir more than {percent(2 * sheet.duty.bench['pump_accuracy'])} off its expected weight over 4 h: recalibrate; over 8 h: the run does not count.",
        f"Biomass more than 10 % off {sheet.biomass:.1f} g/L: correct the bleed; uptake per litre, and with it every time in section 7, scales with it.",
        f"Residual {sheet.substrate} in the settled phase above 10 times the expected reading: the strain eats less than the model says; lower the feed and note it.",
        "Foam into the gas outlet, loss of sterility, pH out of range for 10 min.",
    ]
    if "flow" in sheet.settings:
        lines += [
            "Loop pump stopped for more than 30 s: broth in the tube is without air; discard the tube's content, do not return it.",
            f"Pressure before the tube above {sheet.duty.bench['tube_pressure_max'] / 1e3:.0f} kPa, or the tube more than 2 °C off the vessel: stop the loop, insulate or heat the coil.",
        ]
    return "## 10. Stop rules\n\n" + bullets(lines)


def _honest(sheet: Sheet) -> str:
    return "## 11. What this rig cannot reproduce\n\n" + bullets(cannot(sheet))


def _limits(sheet: Sheet) -> str:
    limits = sheet.duty.bench.limits.values()
    rows = [(limit.meaning, number(limit.shown), limit.unit, limit.source) for limit in limits]
    rows.append(("bores of tubing at hand", ", ".join(f"{1e3 * b:.1f}" for b in sheet.duty.bench.bores), "mm", "case file, scaledown.limits"))
    rows.append(
        (
            "blending of the lab vessel to 95 %", f"{sheet.duty.bench.blend_time:.2f}", "s",
            "N theta95 = 5.3 Po^(-1/3) (D/T)^(-2), Ruszkowski 1994; enters every rig as a first-order lag of a third of it",
        )  # fmt: skip
    )
    rows.append(("working volume", number(sheet.duty.bench.volume * ML), "mL", "case file, scaledown.working_volume"))
    return "## 12. Limits this design was made within\n\n" + table(("Limit", "Value", "Unit", "From"), rows)
