"""The bench sheet of a vessel whose stirrer is switched, and its stirrer table.

What the probe shows is not what the cells feel: both stand side by side, second by second, for as long as the programme
fits a page; the table for the controller (.csv) has all of it.
"""

from __future__ import annotations

import numpy as np

from rushton.scaledown.breath import lungs
from rushton.scaledown.match import PARTS
from rushton.scaledown.protocol_words import Event, Words
from rushton.scaledown.robustness import WORDS as CHANGED
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, bullets, number, percent, stays_of, table, with_band
from rushton.scaledown.switching import SwitchedOperation
from rushton.scaledown.transfer import Transfer

LONG_TABLE = 12  # phases; a longer programme is printed in columns
READINGS = 20  # rows of expected readings
_COLUMNS = 4
MICRO = 1e3  # mol/m3 -> umol/L
PART_WORDS = {
    "signal": "s_O = O/(O + K_O) (Wasserstein-1)",
    "excess_stays": "stays in excess (Wasserstein-1 of log10 time, in the tank's standard deviations)",
    "limitation_stays": "stays in limitation (same)",
    "starvation_stays": "stays in starvation (same)",
    "transitions": "passages between regimes (Jensen-Shannon)",
}


def operation_of(sheet: Sheet) -> SwitchedOperation:
    """The rig at work."""
    assert isinstance(sheet.operation, SwitchedOperation)
    return sheet.operation


def stirrer_table(sheet: Sheet) -> str:
    """CSV: when the stirrer goes to which speed, kLa it settles to, and what cells and probe have at that moment."""
    operation = operation_of(sheet)
    vessel = Transfer.of(sheet.duty.bench)
    dissolved, shown = operation.dissolved(), operation.probe(vessel.probe_lag)
    lines = ["time_s,action,pump,rate_mL_min,repeat_s,stirrer_rpm,kla_1_h,oxygen_umol_L,probe_umol_L"]
    r = sheet.recipe
    lines.append(f"0.0,start,feed,{r.flow * ML_MIN:.2f},,,,,")
    if r.make_up > 0.0:
        lines.append(f"0.0,start,medium,{r.make_up * ML_MIN:.2f},,,,,")
    lines.append(f"0.0,on level control,bleed,{r.bleed * ML_MIN:.2f},,,,,")
    for time, kla in operation.table:
        at = int(round(time / operation.step)) % dissolved.size
        lines.append(
            f"{time:.0f},set,stirrer,,{operation.period:.0f},{60 * vessel.speed(kla):.0f},{3600 * kla:.1f},"
            f"{MICRO * dissolved[at]:.2f},{MICRO * shown[at]:.2f}"
        )
    lines.append(f"{sheet.case.response.duration:.1f},stop,all,0.00,,,,,")
    return "\n".join(lines) + "\n"


def purpose(sheet: Sheet) -> str:
    """What excess means, and what the rig does."""
    need = sheet.duty.oxygen
    assert need is not None
    return (
        f"That is excess of oxygen: above the critical {MICRO * need.critical:.3g} umol/L; starving cells have none. "
        "Here all cells share one vessel that is fed steadily, and the stirrer takes their oxygen away and gives it "
        "back."
    )


def one_line(sheet: Sheet) -> str:
    """The rig in a sentence."""
    s = sheet.settings
    return (
        f"{number(sheet.duty.bench.volume * 1e3)} L working volume, {sheet.biomass:.1f} g/L biomass, stirrer "
        f"{60 * s['fast_speed']:.0f} and {60 * s['slow_speed']:.0f} rpm in turn, {s['switches']:.0f} switches in "
        f"{s['period']:.0f} s, gas with {percent(s['oxygen_fraction'])} oxygen"
    )


def drawing(sheet: Sheet) -> str:
    """The rig in characters."""
    bench, r, s = sheet.duty.bench, sheet.recipe, sheet.settings
    gas = f"{number(bench['gas_flow'] * 60 * bench.volume * 1e3)} L/min, {percent(s['oxygen_fraction'])} O2"
    return "\n".join(
        [
            "     controller, stirrer table (.csv)",
            f"        v  {60 * s['fast_speed']:.0f} / {60 * s['slow_speed']:.0f} rpm",
            f"  +-----|-----------+<--- feed {r.flow * ML_MIN:.2f} mL/min, steady",
            "  |     |   vessel  |",
            f"  |   ==+== {bench.volume * ML:6.0f} mL |---> bleed {r.bleed * ML_MIN:.3g} mL/min on level",
            "  |  oxygen probe   |",
            f"  +-----------------+<--- gas {gas}, steady",
        ]
    )


def equipment(sheet: Sheet) -> list[tuple[str, str]]:
    """Equipment list."""
    bench, vessel = sheet.duty.bench, Transfer.of(sheet.duty.bench)
    width = bench.vessel_diameter
    return [
        (
            "stirred vessel",
            f"1, for {bench.volume * ML:.0f} mL broth: inner diameter about {1e3 * width:.0f} mm, broth "
            f"{1e3 * bench['vessel_aspect'] * width:.0f} mm high, four baffles, turbine "
            f"{1e3 * bench['impeller_ratio'] * width:.0f} mm, {60 * vessel.slowest:.0f} to "
            f"{60 * vessel.fastest:.0f} rpm; "
            "level control, pH and temperature probes",
        ),
        (
            "drive",
            f"set-points every {bench['stirrer_clock']:.0f} s from the .csv, ramp of {vessel.settling:.0f} s or faster",
        ),
        ("oxygen probe", f"as fast as can be had; the sheet assumes a lag of {vessel.probe_lag:.0f} s: measure it"),
        ("gas mixer", f"mass-flow controlled, to {percent(bench['gas_oxygen_max'])} oxygen"),
        ("feed pump", "1 peristaltic or syringe, steady"),
        ("off-gas analyser", "oxygen and carbon dioxide, logged every second, its dead time measured"),
    ]


def setup(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Quantities to set."""
    s, operation = sheet.settings, operation_of(sheet)
    fast, slow = (np.diff(np.append(operation.table[:, 0], operation.period))[n::2] for n in (0, 1))
    return [
        ("gas", number(sheet.duty.bench["gas_flow"] * 60 * sheet.duty.bench.volume * 1e3), "L/min, steady"),
        ("oxygen in it", percent(s["oxygen_fraction"]), "of the dry gas"),
        ("stirrer, fast", f"{60 * s['fast_speed']:.0f}", f"rpm, kLa {3600 * s['fast_kla']:.0f} 1/h"),
        ("stirrer, slow", f"{60 * s['slow_speed']:.0f}", f"rpm, kLa {3600 * s['slow_kla']:.1f} 1/h"),
        ("fast phases", _span(fast), "s"),
        ("slow phases", _span(slow), "s"),
        ("programme, repeated every", f"{s['period']:.0f}", "s"),
    ]


def _span(values: np.ndarray) -> str:
    if values.size == 1:
        return f"{values[0]:.0f}"
    return f"{values.size} of {values.min():.0f} to {values.max():.0f}, median {np.median(values):.0f}"


def stirring(sheet: Sheet) -> str:
    """Stirrer and gas over time."""
    operation, vessel = operation_of(sheet), Transfer.of(sheet.duty.bench)
    rows = [(f"{t:.0f}", f"{60 * vessel.speed(k):.0f}") for t, k in operation.table]
    if len(rows) <= LONG_TABLE:
        shown = table(("From, s", "Stirrer, rpm"), rows)
    else:
        height = -(-len(rows) // _COLUMNS)
        blocks = [rows[n * height : (n + 1) * height] for n in range(_COLUMNS)]
        lines = [[x for block in blocks for x in (block[n] if n < len(block) else ("", ""))] for n in range(height)]
        shown = table(("From, s", "rpm") * _COLUMNS, lines)
    low, high = sheet.drift
    accuracy = percent(sheet.duty.bench["pump_accuracy"])
    return "\n\n".join(
        [
            shown,
            f"Repeat every {operation.period:.0f} s until the end. Gas flow and its oxygen stay as set; no "
            f"controller of "
            "dissolved oxygen may touch stirrer or gas during the gradient phase.",
            "**Measure kLa first**, at both speeds in the medium of the run (gassing out with nitrogen, the probe's "
            "lag "
            f"taken off), and how fast it settles after a step. This sheet takes {3600 * vessel.low:.3g} to "
            f"{3600 * vessel.high:.3g} 1/h between {60 * vessel.slowest:.0f} and {60 * vessel.fastest:.0f} rpm as the "
            f"power {vessel.exponent:.2f} of the speed, settling in {vessel.settling:.0f} s; put what you find under "
            "[scaledown.limits] (kla_min, kla_max, kla_settling, probe_lag) and design again. With oxygen demand over "
            f"transfer {accuracy} too low or too high the distance would be {low:.3f} or {high:.3f} instead of "
            f"{sheet.achieved.total:.3f}.",
        ]
    )


def feeding(sheet: Sheet) -> str:
    """The feed, steady."""
    r, volume = sheet.recipe, sheet.duty.bench.volume
    rows = [
        ("stock", f"{r.stock:.1f} g/L {sheet.substrate} in salts medium"),
        ("flow of stock", f"{number(r.flow * ML_MIN)} mL/min, steady: the substrate must not fluctuate"),
        ("substrate fed", f"{number(r.feed * r.molar_mass * 3.6e6)} g/h: as much per gram of biomass as in the tank"),
        ("medium without substrate", f"{r.make_up * ML_MIN:.2f} mL/min, steady" if r.make_up > 0 else "none"),
        (
            "bleed",
            f"{number(r.bleed * ML_MIN)} mL/min on level control (dilution {3600 * r.bleed / volume:.3f} 1/h = growth)",
        ),
    ]
    text = table(("What", "Value"), rows)
    if r.remarks:
        text += "\n\n**Does not fit the bench:** " + "; ".join(r.remarks) + "."
    return text


def phases(sheet: Sheet) -> str:
    """From inoculation to the end: as for every rig, oxygen besides."""
    from rushton.scaledown.protocol_run import phases as of_every_rig

    held = sheet.duty.oxygen.mean if sheet.duty.oxygen is not None else 0.0
    return (
        of_every_rig(sheet).replace("the programme of the section Feed", "the stirrer table")
        + "\n\nOxygen: above 30 % of air saturation while growing; held at the tank's mean, "
        f"{MICRO * held:.3g} umol/L, by the stirrer while settling and at the end."
    )


def reference(sheet: Sheet) -> str:
    """The run beside which the rig is read."""
    held = sheet.duty.oxygen.mean if sheet.duty.oxygen is not None else 0.0
    inside = sheet.inside
    rows = [
        ("vessel, feed, biomass, bleed, gas", "as above", "the same"),
        ("stirrer", "by the table", f"holds {MICRO * held:.3g} umol/L oxygen, steady"),
        ("expected productivity, last hours", percent(inside.relative_productivity_final), "100 %, by definition"),
        ("expected yield of biomass", percent(inside.relative_yield), "100 %, by definition"),
    ]
    return table(("", "Rig", "Reference run"), rows) + "\n\nIn parallel or directly before, sampled by the same plan."


def readings(sheet: Sheet) -> str:
    """What the probe shows against what the cells feel."""
    operation, bench = operation_of(sheet), sheet.duty.bench
    vessel, need = Transfer.of(bench), sheet.duty.oxygen
    assert need is not None
    dissolved, shown = MICRO * operation.dissolved(), MICRO * operation.probe(vessel.probe_lag)
    full = MICRO * operation.saturation * 0.2095 / sheet.settings["oxygen_fraction"]  # 100 % of air
    every = max(1.0, np.ceil(min(operation.period, 120.0) / READINGS))
    times = np.arange(0.0, min(operation.period, 120.0), every)
    rows = []
    for t in times:
        at = min(int(t / operation.step), dissolved.size - 1)
        speed = 60 * vessel.speed(operation.table[np.searchsorted(operation.table[:, 0], t, side="right") - 1, 1])
        rows.append(
            (f"{t:.0f}", f"{speed:.0f}", f"{3600 * operation.rate[at]:.0f}", f"{dissolved[at]:.1f}",
             f"{shown[at]:.1f}", percent(shown[at] / full))
        )  # fmt: skip
    port = operation.ports()[0]
    transfer = operation.transferred()
    return "\n\n".join(
        [
            table(("Time, s", "rpm", "kLa, 1/h", "Cells feel, umol/L", "Probe shows, umol/L", "Probe, % of air"), rows),
            f"Over the whole programme cells feel {dissolved.min():.2g} to {dissolved.max():.3g} umol/L (mean "
            f"{dissolved.mean():.3g}), the probe shows {shown.min():.3g} to {shown.max():.3g}: with a lag of "
            f"{vessel.probe_lag:.0f} s it hides the excursions. Trust the off-gas: the mean uptake of oxygen should "
            f"be "
            f"{3.6e3 * transfer:.1f} mmol/(L h).",
            table(
                ("Port", f"{sheet.substrate} expected, mg/L", "s = q/q_max"),
                [("vessel, any time", sheet.mg_per_l(port.mean), f"{port.uptake:.3f}")],
            ),
        ]
    )


def achieved(sheet: Sheet) -> str:
    """Target against achieved."""
    from rushton.scaledown.protocol_tables import target_table

    need = sheet.duty.oxygen
    assert need is not None
    parts = [(PART_WORDS[name], f"{value:.3f}") for name, value in zip(PARTS, sheet.achieved.parts, strict=True)]
    parts.append(("**distance: mean of the five**", f"**{sheet.achieved.total:.3f}**"))
    text = [
        f"Compared is s_O = O/(O + K_O), K_O = {MICRO * need.half_saturation:.3g} umol/L, along the tank's "
        f"lifelines and "
        f"in this rig, by the distance of all rigs. Excess: above the critical {MICRO * need.critical:.3g} umol/L; "
        "starvation: below the strain's border of s; limitation: between.",
        target_table(sheet.tank, sheet.statistics).replace("mean uptake over maximum", "mean of s_O"),
        table(("Part of the distance", "Value"), parts),
    ]
    if sheet.achieved.missing:
        words = {"E": "excess", "L": "limitation", "S": "starvation"}
        text.append(f"**This rig has no completed stay in {' and '.join(words[m] for m in sheet.achieved.missing)}.**")
    changed = {
        "half_saturation_halved": "K_O half", "half_saturation_doubled": "K_O twice",
        "pump_low": "demand over transfer too low", "pump_high": "demand over transfer too high",
    }  # fmt: skip
    moved = [(changed.get(name, CHANGED[name]), f"{value:.3f}") for name, value in sheet.robustness.items()]
    if moved:
        text.append(table(("If it is otherwise than assumed", "Distance"), moved))
    return "\n\n".join(text)


def response(sheet: Sheet) -> str:
    """What the cell model says."""
    inside = sheet.inside.as_dict()
    words = {"relative_productivity": "productivity", "relative_yield": "biomass yield"}
    rows = [(word, with_band(sheet.tank_response, key), percent(inside[key])) for key, word in words.items()]
    model = sheet.case.strain.model if sheet.case.strain is not None else "none"
    text = [
        f"Cell model {model}, {number(sheet.inside.hours)} h, under steady uptake and this rig's oxygen, relative "
        f"to the "
        "same cell at the tank's mean oxygen:",
        table(("Relative to steady oxygen", "Tank (95 % band)", "This rig"), rows),
        "The tank's numbers hold its gradients of substrate too; this rig has oxygen alone. What both differ by "
        "belongs "
        "to the substrate.",
    ]
    if not knows_oxygen(sheet):
        text.insert(0, f"**The cell model {model} does not know oxygen: by it this rig can change nothing.**")
    return "\n\n".join(text)


def knows_oxygen(sheet: Sheet) -> bool:
    """Whether the cell model has oxygen in its environment."""
    from rushton.physiology import model_of

    return sheet.case.strain is not None and any(a.species == "oxygen" for a in model_of(sheet.case.strain).environment)


def breathing(sheet: Sheet) -> str:
    """Oxygen demand, transfer and heat."""
    made, operation = lungs(sheet.operation, sheet.duty), operation_of(sheet)
    zone, mean = made.zones[0], float(np.mean(operation.ratio / (1.0 + operation.ratio)))
    lines = [
        f"Demand {3.6e3 * zone.demand:.0f} mmol/(L h) with oxygen in plenty; {percent(mean)} of it is met.",
        f"Oxygen of air saturation lasts {made.lasts:.1f} s at this demand once transfer stops.",
        f"Heat at the fast speed: at most {made.heat:.0f} W of respiration and stirring; the jacket removes "
        f"{made.cooling:.0f} W.",
        *made.warnings,
    ]
    return bullets(lines)


def stops(sheet: Sheet) -> list[str]:
    """Stop rules."""
    bench = sheet.duty.bench
    return [
        "Mean uptake of oxygen by the off-gas more than 10 % off Expected readings: measure kLa again.",
        f"Residual {sheet.substrate} above ten times the expected reading: the cells no longer eat what is fed; "
        f"longer "
        "fast phases, or less feed, and note it.",
        f"Biomass more than 10 % off {sheet.biomass:.1f} g/L: correct the bleed; oxygen falls as fast as there are "
        f"cells.",
        f"Stock more than {percent(0.1)} off its expected weight over 4 h: recalibrate the pump.",
        f"A speed not reached within {3 * bench['kla_settling']:.0f} s, foam or flooding at the fast speed, cells "
        "settling at the slow one, pH out of range for 10 min: stop.",
    ]


def shortcomings(sheet: Sheet) -> list[str]:
    """What stays different from the tank, with numbers."""
    from dataclasses import replace

    bench, vessel, s = sheet.duty.bench, Transfer.of(sheet.duty.bench), sheet.settings
    slow = replace(
        bench, limits=bench.limits | {"stirrer_speed": replace(bench.limits["stirrer_speed"], value=s["slow_speed"])}
    )
    tank, rig = ([stays_of(one, r) for r in range(3)] for one in (sheet.tank, sheet.statistics))
    lines = [
        "All cells live through plenty and lack of oxygen together; in the tank each has its own course.",
        f"kLa follows the stirrer within some {vessel.settling:.0f} s and the table has whole seconds: shorter "
        f"excursions "
        "are out of reach"
        + (
            f" (below the critical oxygen the tank's have a median of {number(tank[1].median, 2)} s, this rig's "
            f"{number(rig[1].median, 2)} s)."
            if tank[1].median is not None and rig[1].median is not None
            else "."
        ),
        f"At {60 * s['slow_speed']:.0f} rpm the vessel blends in {slow.blend_time:.0f} s instead of "
        f"{bench.blend_time:.1f} "
        "s: feed and oxygen are then less even than assumed.",
        "The substrate is steady; in the tank lack of oxygen and excess of substrate often come together. Cells "
        "without "
        "oxygen may eat less than is fed, and what they leave gathers: read residual substrate.",
        "Shear, hold-up, carbon dioxide and pressure go with the stirrer, not with the tank.",
    ]
    return lines


def _events(sheet: Sheet) -> list[Event]:
    return [Event(0.0, "start", "feed", sheet.recipe.flow)]


def _checks(sheet: Sheet) -> list[str]:
    vessel = Transfer.of(sheet.duty.bench)
    return [
        f"kLa measured at both speeds in the medium of the run: {3600 * sheet.settings['fast_kla']:.0f} and "
        f"{3600 * sheet.settings['slow_kla']:.1f} 1/h within {percent(sheet.duty.bench['pump_accuracy'])}, and settled "
        f"within {3 * vessel.settling:.0f} s after a step.",
        f"Lag of the oxygen probe {vessel.probe_lag:.0f} s or less; dead time of the off-gas analyser written down.",
    ]


WORDS = Words(
    purpose=purpose,
    drawing=drawing,
    equipment=equipment,
    setup=setup,
    events=_events,
    shortcomings=shortcomings,
    checks=_checks,
    foreign=("loop_", "tube_", "mini_", "robot_", "pulse_", "switch_time", "media_", "cycle_", "room_"),
    instead={
        "In one line": one_line,
        "Feed": feeding,
        "Stirrer, gas, temperature": stirring,
        "Phases": phases,
        "Expected readings": readings,
        "Reference run": reference,
        "Stop rules": lambda sheet: bullets(stops(sheet)),
        "Target against achieved": achieved,
        "What the cells should make of it": response,
        "Oxygen": breathing,
    },
)
