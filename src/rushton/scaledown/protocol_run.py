"""What a protocol says of running a rig: feed, stirrer and gas, what to make ready, what to check, phases."""

from __future__ import annotations

import math

from rushton.scaledown.oxygen import Breath
from rushton.scaledown.phases import (
    ENDING,
    INOCULUM,
    RESERVE,
    SETTLING,
    batch_hours,
    growing_up,
    hours_at_volume,
    hours_before,
    yield_when_fed,
)
from rushton.scaledown.protocol_by_products import batch_end, judging
from rushton.scaledown.protocol_rigs import direction, events, words_of
from rushton.scaledown.protocol_tables import closing_line, feed_rows
from rushton.scaledown.sampling import QUENCH, plan
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent, table
from rushton.scaledown.stirred import speeds_of, stirred_vessels

HEAD_TUBING = 0.3  # m of tubing in a pump head and to its clamps


def feed(sheet: Sheet) -> str:
    """Stock, flows, programme."""
    r, bench = sheet.recipe, sheet.duty.bench
    dilution = 3600.0 * r.bleed / bench.volume
    how = "on level control" if any(e.pump == "bleed" for e in events(sheet)) else "taken out dose by dose"
    rows = [
        ("stock", f"{r.stock:.1f} g/L {sheet.substrate} in salts medium"),
        ("mean flow of stock", f"{number(r.flow * ML_MIN)} mL/min ({number(r.flow * 3600e6)} mL/h)"),
        ("substrate fed", f"{number(r.feed * r.molar_mass * 3.6e6)} g/h: as much per gram of biomass as in the tank"),
        ("medium without substrate", f"{r.make_up * ML_MIN:.2f} mL/min, steady" if r.make_up > 0 else "none"),
        ("bleed", f"{number(r.bleed * ML_MIN)} mL/min {how} (dilution {dilution:.3f} 1/h = growth)"),
    ]
    if "pulses" in sheet.settings and sheet.settings["pulses"] > 1.0:
        assert sheet.case.scaledown is not None
        rows.append(
            ("order of the pulses", f"drawn once, written out below; search with seed {sheet.case.scaledown.seed}")
        )
    head, lines = feed_rows(sheet)
    pumps = dict.fromkeys(e.pump for e in events(sheet))
    low, high = sheet.drift
    text = [
        table(("What", "Value"), rows),
        "Programme from the start of the gradient phase, to a tenth of a second (the .csv beside this file is for the "
        "controller):",
        table(head, lines),
        *filter(None, [closing_line(sheet)]),
        "Directions: " + "; ".join(f"{name}: {direction(name)}" for name in pumps) + ".",
        f"Calibrate every pump by weight at its set-point within {percent(bench['pump_accuracy'])} before the start "
        f"and once a day; the stock stands on a balance. With the feed {percent(bench['pump_accuracy'])} too low or "
        f"too high the distance would be {low:.3f} or {high:.3f} instead of {sheet.achieved.total:.3f}.",
    ]
    if r.remarks:
        text.append("**Does not fit the bench:** " + "; ".join(r.remarks) + ".")
    return "\n\n".join(text)


def stirrer(sheet: Sheet, air: Breath) -> str:
    """Stirrer, gas, temperature, pH."""
    bench, vessels = sheet.duty.bench, stirred_vessels(sheet.operation, sheet.duty.bench)
    speeds, shared = speeds_of(sheet.operation, bench), len(vessels) > 1
    needs = f"needs kLa {air.kla_needed * 3600:.0f} 1/h, see Oxygen"
    held = "every vessel by itself, see Oxygen" if shared else needs
    rows = [
        *(
            (
                f"stirrer, {name}" if shared else "stirrer", f"{speed:.0f}", "rpm",
                f"blends {own.volume * ML:.0f} mL to 95 % in {own.blend_time:.1f} s; do not lower. Power without gas "
                f"{number(own.stirrer_power, 2)} W",
            )
            for (name, own), (_, speed) in zip(vessels, speeds, strict=True)
        ),
        (
            "air", number(bench["gas_flow"] * 60 * bench.volume * 1e3), "L/min",
            f"{bench['gas_flow'] * 60:.1f} vvm, " + ("shared by volume" if shared else "into the stirred vessel only"),
        ),
        ("dissolved oxygen", "> 30", "% of air", held),
        (
            "temperature", f"{sheet.case.broth.temperature - 273.15:.1f}", "°C",
            f"jacket removes {number(air.heat * bench.volume, 2)} W of respiration and the stirrer's power",
        ),
        ("pH", "as in the process", "-", "titrate into the stirred vessel, away from feed and probe"),
    ]  # fmt: skip
    text = table(("What", "Set to", "Unit", "Why"), rows)
    if shared:
        text += "\n\nSmaller vessels turn faster: to the same power per volume."
    return text + "\n\nAll are constant through the whole run: in this rig only the substrate fluctuates."


def prepare(sheet: Sheet) -> str:
    """What to make for the whole run."""
    r, grown, bench, hours = sheet.recipe, growing_up(sheet), sheet.duty.bench, hours_at_volume(sheet)
    litres = RESERVE * r.flow * 3600.0 * hours * 1e3
    rows = [
        (
            f"stock {r.stock:.1f} g/L {sheet.substrate}",
            f"{number(litres)} L, {number(r.stock * litres * 1e-3)} kg {sheet.substrate}",
            f"{hours:.0f} h (settle, gradient, end); the reference run needs the same again",
        )
    ]
    if r.make_up > 0.0:
        medium = RESERVE * r.make_up * 3600.0 * hours * 1e3
        rows.append(("medium without substrate", f"{number(medium)} L", "the same hours"))
    strong, start = RESERVE * grown.stock * 1e3, grown.start * 1e3
    out = r.bleed * 3600.0 * hours * 1e3
    quench = QUENCH * sum(one.count * one.volume for one in plan(sheet) if "methanol" in one.quench)
    rows += [
        (
            f"strong stock {bench['feed_concentration_max']:.0f} g/L",
            f"{number(strong)} L, {number(strong * bench['feed_concentration_max'] * 1e-3)} kg {sheet.substrate}",
            "to grow the biomass",
        ),
        ("batch medium", f"{number(start)} L with {grown.batch_sugar:.0f} g/L {sheet.substrate}", "in the vessel"),
        ("inoculum", f"{number(INOCULUM * start)} g dry weight", f"{INOCULUM} g/L at the start"),
        ("vessel for the bleed", f"{number(RESERVE * out)} L", f"{number(out)} L leave; inactivate before disposal"),
        ("cold methanol", f"{number(RESERVE * quench * ML)} mL", f"{QUENCH:.0f} volumes to one of broth, -40 °C"),
    ]
    life = bench["pump_tubing_life"] / 3600.0
    pumps = [e.pump for e in events(sheet) if e.pump not in ("liquid handler", "valve")]
    pieces = math.ceil(hours / life)
    if pumps:
        names = ", ".join(dict.fromkeys(pumps))
        rows.append(
            (
                "pump-head tubing",
                f"{pieces} length{'s' if pieces > 1 else ''} of {HEAD_TUBING} m for every head",
                f"worn after some {life:.0f} h, run {hours:.0f} h: {names}",
            )
        )
    text = table(("What", "Amount", "For"), rows)
    return f"{text}\n\nAmounts hold a tenth in reserve. Salts, acid, base and antifoam as in the process."


def checks(sheet: Sheet) -> str:
    """What is ticked off before the gradient starts."""
    bench = sheet.duty.bench
    lines = [
        *words_of(sheet).checks(sheet),
        f"Stock measured: {sheet.recipe.stock:.1f} g/L within 2 %, and its density: the balance must lose "
        f"{number(sheet.recipe.flow * 3600e6)} mL/h times it. Every pump, flow and dose above within the accuracy of "
        "Feed.",
        *(
            f"Dye or pH pulse in the broth: {'the ' if name == 'vessel' else ''}{name} blends to 95 % within "
            f"{own.blend_time:.1f} s at {speed:.0f} rpm."
            for (name, own), (_, speed) in zip(
                stirred_vessels(sheet.operation, bench), speeds_of(sheet.operation, bench), strict=True
            )
        ),
        "Response time of the oxygen probe written down (step from nitrogen to air).",
        "The .csv is in the controller, clock and loggers agree to 1 s, the first lines run as a dry test.",
        "Sample ports flushed, quench tubes weighed, numbered in the order of the plan and cold.",
        f"Biomass {sheet.biomass:.1f} g/L within 5 % at the end of the settled phase.",
    ]
    return "\n".join(f"- ☐ {line}" for line in lines)


def phases(sheet: Sheet) -> str:
    """From inoculation to the end."""
    p, total = growing_up(sheet), sheet.case.response.duration / 3600.0
    volume, growth = sheet.duty.bench.volume, sheet.recipe.growth
    strong, moves = sheet.duty.bench["feed_concentration_max"], words_of(sheet).moves(sheet)
    before, start, end = (f"{moves.before}. ", f"{moves.start}. Then ", f"{moves.end}; ") if moves else ("", "", "")
    steady = f"the stock at a steady {number(sheet.recipe.flow * ML_MIN)} mL/min"
    if sheet.recipe.make_up > 0.0:
        steady += f" and the medium at {sheet.recipe.make_up * ML_MIN:.2f} mL/min"
    lines = [
        (
            "Batch", f"about {number(batch_hours(sheet), 2)} h",
            f"{number(p.start * ML)} mL medium with {p.batch_sugar:.0f} g/L {sheet.substrate}, inoculated to "
            f"{INOCULUM} g/L; ends at about {p.batch_biomass:.0f} g/L biomass, {batch_end(sheet)}",
        ),
        (
            "Grow", f"about {number(p.hours, 2)} h",
            f"{number(p.stock * ML)} mL of {strong:.0f} g/L {sheet.substrate}, from {number(p.first_flow * ML_MIN)} "
            f"mL/min rising with e^(mu t), mu = {3600 * growth:.3f} 1/h, to {sheet.biomass:.1f} g/L in "
            f"{number(volume * ML)} mL ({yield_when_fed(sheet):.2f} g biomass per g). {before}A faster strain may be "
            "grown faster",
        ),
        (
            "Settle", f"{SETTLING:.0f} h",
            f"constant volume, {steady} into the vessel, bleed on, no gradient: the zero of the comparison",
        ),
        (
            "Gradient", f"{number(total)} h",
            f"{start}the programme of the section Feed from t = 0. {judging(sheet)}",
        ),
        ("End", f"{ENDING:.0f} h", f"{end}back to the steady feed, last sample, stop"),
    ]  # fmt: skip
    rows = [(f"{n}. {name}", *rest) for n, (name, *rest) in enumerate(lines, start=1)]
    since = hours_before(sheet)
    started = (
        f"The gradient starts about {since:.0f} h after inoculation (in day {math.ceil(since / 24.0)})."
        if math.isfinite(since)
        else "By the cell model the cells do not grow at this feed: the time to grow them is not known."
    )
    return table(("Phase", "Lasts", "What"), rows) + "\n\n" + started
