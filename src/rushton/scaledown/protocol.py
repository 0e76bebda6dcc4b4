"""The bench sheet: what a technician builds, sets, feeds, samples and reads, and how close it comes to the tank.

Every number belongs to the rounded settings, simulated again. Units are those of the bench: mL/min, mL, mm, g/L, s, h.
"""

from __future__ import annotations

import math

from rushton.scaledown import protocol_bolus as bolus
from rushton.scaledown.inside import final_window
from rushton.scaledown.match import PARTS
from rushton.scaledown.oxygen import Breath, breath
from rushton.scaledown.phases import ENDING, INOCULUM, SETTLING, SMALL_VESSEL, growing_up
from rushton.scaledown.protocol_rigs import cannot, drawing, equipment_rows, purpose, setup_rows
from rushton.scaledown.protocol_tables import closing_line, feed_rows, target_table
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, bullets, number, percent, table, with_band
from rushton.scaledown.zones import time_to_deplete

PART_WORDS = {
    "signal": "uptake ratio s (Wasserstein-1)",
    "excess_stays": "stays in excess (Wasserstein-1 of log10 time, in the tank's standard deviations)",
    "limitation_stays": "stays in limitation (same)",
    "starvation_stays": "stays in starvation (same)",
    "transitions": "passages between regimes (Jensen-Shannon)",
}
PORT_VOLUME = 4.0  # mL, 2 m of 1.6 mm tubing


def write_protocol(sheet: Sheet) -> str:
    """The protocol of one rig, Markdown."""
    air = breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, aerated_share(sheet))
    parts = [
        _title(sheet),
        "## 1. Equipment\n\n" + table(("Item", "Specification"), equipment_rows(sheet)),
        "## 2. Set-up\n\n" + table(("Quantity", "Set to", "Unit"), setup_rows(sheet)),
        _feed(sheet),
        _stirrer(sheet, air),
        _phases(sheet),
        _sampling(sheet),
        _match(sheet),
        _response(sheet),
        _oxygen(sheet, air),
        _stop(sheet),
        "## 11. What this rig cannot reproduce\n\n" + bullets(cannot(sheet)),
        _limits(sheet),
    ]
    return "\n\n".join(parts) + "\n"


def aerated_share(sheet: Sheet) -> float:
    """Share of the broth that is aerated: all but the tube."""
    return 1.0 - sheet.settings.get("tube_volume", 0.0) / sheet.duty.bench.volume


def _title(sheet: Sheet) -> str:
    case = sheet.case
    marks = "0 would be the tank itself"
    if sheet.floor is not None:
        marks += f", the tank against itself gives {sheet.floor:.3f}"
    if sheet.reference_distance is not None and not sheet.reference:
        marks += f", the standard STR-PFR {sheet.reference_distance:.2f}"
    kind = (
        "**Standard rig, for comparison:** feed at the tube's inlet, the tank's biomass and feed per volume, 60 s "
        "in the tube, 20 % of the volume. "
        if sheet.reference
        else ""
    )
    return (
        f"# {sheet.rig.title}: scale-down of {case.title or case.name}\n\n"
        f"{kind}{purpose(sheet)}\n\n"
        f"**In one line:** {number(sheet.duty.bench.volume * 1e3)} L working volume, {sheet.biomass:.1f} g/L biomass, "
        f"{number(sheet.recipe.flow * ML_MIN)} mL/min of {sheet.recipe.stock:.1f} g/L {sheet.substrate}; "
        f"distance to the tank **{sheet.achieved.total:.3f}** ({marks}).\n\n"
        f"**{sheet.verdict.word.capitalize()}**{sheet.verdict.text[len(sheet.verdict.word) :]}\n\n"
        f"```\n{drawing(sheet)}\n```"
    )


def _feed(sheet: Sheet) -> str:
    r, bench = sheet.recipe, sheet.duty.bench
    dilution = 3600.0 * r.bleed / bench.volume
    rows = [
        ("stock", f"{r.stock:.1f} g/L {sheet.substrate} in salts medium"),
        ("mean flow of stock", f"{number(r.flow * ML_MIN)} mL/min ({number(r.flow * 3600e6)} mL/h)"),
        ("substrate fed", f"{number(r.feed * r.molar_mass * 3.6e6)} g/h: as much per gram of biomass as in the tank"),
        ("medium without substrate", f"{r.make_up * ML_MIN:.2f} mL/min, steady" if r.make_up > 0 else "none"),
        ("bleed", f"{number(r.bleed * ML_MIN)} mL/min on level control (dilution {dilution:.3f} 1/h = growth)"),
    ]
    head, lines = feed_rows(sheet)
    low, high = sheet.drift
    text = [
        "## 3. Feed",
        table(("What", "Value"), rows),
        "Feed programme from the start of the gradient phase (the .csv beside this file is for the controller):",
        table(head, lines),
        *filter(None, [closing_line(sheet)]),
        f"Calibrate every pump by weight at its set-point within {percent(bench['pump_accuracy'])} before the start "
        f"and once a day; the stock stands on a balance. With the feed {percent(bench['pump_accuracy'])} too low or "
        f"too high the distance would be {low:.3f} or {high:.3f} instead of {sheet.achieved.total:.3f}.",
    ]
    if r.remarks:
        text.append("**Does not fit the bench:** " + "; ".join(r.remarks) + ".")
    return "\n\n".join(text)


def _stirrer(sheet: Sheet, air: Breath) -> str:
    bench = sheet.duty.bench
    rows = [
        (
            "stirrer", f"{bench['stirrer_speed'] * 60:.0f}", "rpm",
            f"blends the vessel to 95 % in {bench.blend_time:.1f} s; do not lower. Power without gas "
            f"{number(bench.stirrer_power, 2)} W",
        ),
        (
            "air", number(bench["gas_flow"] * 60 * bench.volume * 1e3), "L/min",
            f"{bench['gas_flow'] * 60:.1f} vvm, into the stirred vessel only",
        ),
        ("dissolved oxygen", "> 30", "% of air", f"needs kLa {air.kla_needed * 3600:.0f} 1/h, see section 9"),
        (
            "temperature", f"{sheet.case.broth.temperature - 273.15:.1f}", "°C",
            f"jacket removes {number(air.heat * bench.volume, 2)} W of respiration and the stirrer's power",
        ),
        ("pH", "as in the process", "-", "titrate into the stirred vessel, away from feed and probe"),
    ]  # fmt: skip
    text = "## 4. Stirrer, air, temperature\n\n" + table(("What", "Set to", "Unit", "Why"), rows)
    return text + "\n\nAll are constant through the whole run: in this rig only the substrate fluctuates."


def _phases(sheet: Sheet) -> str:
    bench, growth, x, volume = sheet.duty.bench, sheet.recipe.growth, sheet.biomass, sheet.duty.bench.volume
    plan, strong = growing_up(sheet), bench["feed_concentration_max"]
    batch, after, start, stock, first = plan.batch_sugar, plan.batch_biomass, plan.start, plan.stock, plan.first_flow
    hours = plan.hours
    total = sheet.case.response.duration / 3600.0
    last = number(final_window(sheet.case.response.duration) / 3600.0, 2)
    lines = [
        f"**Batch.** {number(start * ML)} mL medium with {batch:.0f} g/L {sheet.substrate}, inoculated to {INOCULUM} "
        f"g/L; ends at about {after:.0f} g/L biomass, when oxygen rises sharply.",
        f"**Grow.** {number(stock * ML)} mL of {strong:.0f} g/L {sheet.substrate}, from {number(first * ML_MIN)} "
        f"mL/min rising with e^(mu t), mu = {3600 * growth:.3f} 1/h, for about {number(hours, 2)} h, to {x:.1f} g/L in "
        f"{number(volume * ML)} mL. Loop, if any, stopped and empty. A faster strain may be grown faster.",
        f"**Settle.** Constant volume, the stock of section 3 at a steady {number(sheet.recipe.flow * ML_MIN)} mL/min, "
        f"bleed on, no gradient, for {SETTLING:.0f} h: the zero of the comparison. Two samples, 4 h apart.",
        f"**Gradient.** The programme of section 3 from t = 0 for {number(total)} h. Slow pools need some 20 h to "
        f"follow: judge productivity by the last {last} h.",
        f"**End.** Back to the steady feed for {ENDING:.0f} h, last sample, stop.",
        "**Reference run.** The same vessel, stock, mean feed, biomass, bleed, stirrer and gas with a steady feed "
        "and no gradient, in parallel or directly before. Productivity and yield are reported relative to it.",
    ]
    return "## 5. Phases\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))


def _sampling(sheet: Sheet) -> str:
    culture = sheet.operation.culture
    rows, fastest = [], math.inf
    for port in sheet.operation.ports():
        spread = sheet.mg_per_l(port.mean)
        if port.high > 1.001 * port.low:
            spread += f" ({sheet.mg_per_l(port.low)} to {sheet.mg_per_l(port.high)})"
        halves = time_to_deplete(port.mean, 0.5 * port.mean, culture) if port.mean > 0 else 0.0
        fastest = min(fastest, halves) if halves > 0 else fastest
        uptake = 3.6e6 * port.uptake * culture.uptake_max
        rows.append((port.name, number(port.delay), spread, f"{port.uptake:.2f}", number(uptake), number(halves, 2)))
    head = (
        "Port", "Delay, s", f"{sheet.substrate} expected, mg/L", "s = q/q_max", "Uptake, µmol/(g h)",
        "Halves in a sample within, s",
    )  # fmt: skip
    readings = f"growth {3600 * sheet.inside.growth:.4f} 1/h"
    final = sheet.inside.relative_productivity_final
    if final is not None:
        readings += f", specific productivity {percent(final)} of the reference run's"
    return "\n\n".join(
        [
            "## 6. Sampling and expected readings",
            table(head, rows),
            "Delay: time since the zone's inlet or the start of the pulse; for a stirred vessel the mean stay.",
            "**Quench inside the port** (cold methanol or liquid nitrogen): here the substrate of a sample halves "
            f"in {number(fastest, 2)} s, so a plain syringe shows nothing. Common assays read from about 1 mg/L: "
            "below it, 'none found' is the expected result. Flush each port with its own volume first (2 m of 1.6 "
            f"mm tubing hold {PORT_VOLUME:.0f} mL).",
            samples(sheet),
            f"Expected at the end of the gradient phase: {readings}.",
        ]
    )


def samples(sheet: Sheet) -> str:
    """How often and how much; a vessel of some millilitres is sampled from what is taken out."""
    if sheet.duty.bench.volume < SMALL_VESSEL:
        return (
            "Biomass, product and residual substrate from what the liquid handler takes out, pooled over 4 h; for a "
            "series within a cycle one vessel is given up."
        )
    return (
        "Every 4 h biomass, product and residual substrate; every 24 h one series over all ports. 10 mL a sample, no "
        "more than 2 % of the volume a day beside the bleed."
    )


def _match(sheet: Sheet) -> str:
    parts = [(PART_WORDS[name], f"{value:.3f}") for name, value in zip(PARTS, sheet.achieved.parts, strict=True)]
    parts.append(("**distance: mean of the five**", f"**{sheet.achieved.total:.3f}**"))
    text = [
        "## 7. Target against achieved",
        "The protocol as written above, set-points rounded, simulated again:",
        target_table(sheet.tank, sheet.statistics),
        table(("Part of the distance", "Value"), parts),
    ]
    if sheet.achieved.missing:
        words = {"E": "excess", "L": "limitation", "S": "starvation"}
        lacking = " and ".join(words[m] for m in sheet.achieved.missing)
        text.append(
            f"**This rig has no completed stay in {lacking}.** That part is scored as the worst stay the tank's "
            "records could have shown, so that leaving a regime out never pays."
        )
    return "\n\n".join(text)


def _response(sheet: Sheet) -> str:
    last = number(final_window(sheet.case.response.duration) / 3600.0, 2)
    words = {
        "relative_productivity": "productivity",
        "relative_productivity_final": f"productivity, last {last} h",
        "relative_yield": "biomass yield",
    }
    inside = sheet.inside.as_dict()
    rows = [(word, with_band(sheet.tank_response, key), percent(inside[key])) for key, word in words.items()]
    model = sheet.case.strain.model if sheet.case.strain is not None else "none"
    text = [
        "## 8. What the cells should make of it",
        f"Cell model {model}, {number(sheet.inside.hours)} h, relative to the same cell under constant mean uptake:",
        table(("Relative to constant uptake", "Tank (95 % band)", "This rig"), rows),
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
    return "\n\n".join(text)


def _oxygen(sheet: Sheet, air: Breath) -> str:
    bench = sheet.duty.bench
    low, high = (3600.0 * kla for kla in air.kla_given)
    gives = (
        f"as published it gives at most {high:.0f}: "
        if "kla_measured" in bench.limits
        else f"by van 't Riet it gives about {low:.0f} (broth with antifoam) to {high:.0f} (salt solution) with this "
        "stirrer and air: "
    )
    supply = f"The vessel needs kLa {3600 * air.kla_needed:.0f} 1/h to hold 30 % of air saturation; {gives}"
    if air.enriched[1] > 1.0:
        supply += "**even pure oxygen would not do: stir faster, raise the pressure, or lower the biomass.**"
    elif air.kla_needed > air.kla_given[0]:
        most = min(1.0, air.enriched[0])
        least = max(air.enriched[1], 0.21)
        supply += f"have oxygen at hand to enrich the gas to {percent(least)} to {percent(most)}, on the oxygen probe."
    else:
        supply += "air will do."
    lines = [
        f"Demand {air.demand * 3.6e3:.0f} mmol/(L h) at the mean uptake ({bench['oxygen_per_substrate']:.1f} mol O2 "
        f"per mol {sheet.substrate}), {air.demand_max * 3.6e3:.0f} while s = 1 if respiration follows uptake at once.",
        supply,
        f"Broth saturated with air lasts {air.lasts:.1f} s without gas at the mean demand, {air.lasts_min:.1f} s at "
        "the largest.",
    ]
    if "tube_volume" in sheet.settings:
        time = sheet.settings["tube_volume"] / sheet.settings["flow"]
        if time > air.lasts:
            lines.append(
                f"**The tube holds its broth for {time:.1f} s: it runs out of oxygen on the way.** Cells there meet "
                "substrate and lack of oxygen together, which the tank's did not. Feed oxygen into the tube's inlet "
                "(sterile filter, static mixer), or read the result as both."
            )
        elif time > air.lasts_min:
            lines.append(
                f"The tube holds its broth for {time:.1f} s: enough at the mean demand, not if respiration follows "
                "uptake. Measure oxygen at the tube's outlet."
            )
        else:
            lines.append(f"The tube holds its broth for {time:.1f} s: oxygen lasts.")
    return "## 9. Oxygen\n\n" + bullets(lines)


def _stop(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    lines = [
        "Oxygen in the vessel below 20 % of air saturation for 2 min: enrich the gas; if that fails, halve the feed.",
        f"Stock more than {percent(2 * bench['pump_accuracy'])} off its expected weight over 4 h: recalibrate; over "
        "8 h: the run does not count.",
        f"Biomass more than 10 % off {sheet.biomass:.1f} g/L: correct the bleed. Uptake per litre, and with it every "
        "time in section 7, scales with it.",
        f"Residual {sheet.substrate} in the settled phase above ten times the expected reading: the strain eats less "
        "than assumed; lower the feed and note it.",
        "Foam in the gas outlet, loss of sterility, pH out of range for 10 min.",
    ]
    if "flow" in sheet.settings or "excess_flow" in sheet.settings:
        lines += [
            "Loop stopped for more than 30 s: the broth in it is without air; discard it, do not return it.",
            f"Pressure before the tube above {bench['tube_pressure_max'] / 1e3:.0f} kPa, or the loop more than 2 °C "
            "off the vessel: stop the loop; insulate or heat it.",
        ]
    return "## 10. Stop rules\n\n" + bullets(lines)


def _limits(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    foreign = ("loop_", "tube_") if bolus.is_bolus(sheet) else ("mini_", "robot_")
    kept = {limit.meaning: limit for name, limit in bench.limits.items() if not name.startswith(foreign)}
    rows = [(limit.meaning, number(limit.shown), limit.unit, limit.source) for limit in kept.values()]
    named = sheet.case.scaledown.equipment.chosen if sheet.case.scaledown is not None else {}
    rows[:0] = [(one["kind"].replace("_", " "), name, "", "scaledown.equipment") for name, one in named.items()]
    bores = ", ".join(f"{1e3 * b:.1f}" for b in bench.bores)
    rows += [
        ("bores of tubing at hand", bores, "mm", "scaledown.limits or equipment"),
        ("working volume", number(bench.volume * ML), "mL", "scaledown.working_volume, or mini_volume"),
        (
            "blending of the lab vessel to 95 %", f"{bench.blend_time:.2f}", "s",
            "Grenville and Nienow's correlation; every rig feels a first-order lag of a third of it",
        ),
    ]  # fmt: skip
    text = "## 12. Limits this design was made within\n\n" + table(("Limit", "Value", "Unit", "From"), rows)
    closing = '"bench practice" marks a usual value without one authority: put your own under [scaledown.limits].'
    return f"{text}\n\n{closing}"
