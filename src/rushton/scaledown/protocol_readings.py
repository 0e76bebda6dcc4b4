"""What a protocol says of reading a rig: sampling plan, expected readings with bands, reference run."""

from __future__ import annotations

import math

from rushton.scaledown import protocol_by_products as by_products
from rushton.scaledown.oxygen import Breath
from rushton.scaledown.oxygen_ports import Band, oxygen_at_ports
from rushton.scaledown.phases import BIOMASS_OFF, SMALL_VESSEL, hours_at_volume
from rushton.scaledown.sampling import DAILY_SHARE, FLUSH, PORT_LINE, busiest_day, plan
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent, table
from rushton.scaledown.stirred import speeds_of
from rushton.scaledown.zones import time_to_deplete


def sampling(sheet: Sheet) -> str:
    """When, where, how much, how."""
    samples = plan(sheet)
    together: dict[tuple[str, ...], list[str]] = {}
    for one in samples:
        amount = "pooled" if one.volume == 0.0 else f"{one.volume * ML:.1f}"
        if one.count > 1:
            amount = f"{one.count} x {amount}"
        same = (str(one.day), one.phase, one.port, amount, one.read, one.quench)
        together.setdefault(same, []).append(f"{one.hour:.4g}")
    rows = [(day, phase, ", ".join(hours), *rest) for (day, phase, *rest), hours in together.items()]
    text = [
        table(("Day", "Phase", "Hours from t = 0", "Port", "mL", "Read", "Stopped by"), rows),
        f"**Routine:** {by_products.to_read(sheet)}; filtered within 10 s, filtrate and pellet frozen. "
        "**Series:** substrate and pools within the cells; into 4 volumes of cold methanol (-40 °C) or liquid "
        "nitrogen inside the port, filtered cold.",
    ]
    if sheet.duty.bench.volume < SMALL_VESSEL:
        pooled = sheet.recipe.bleed * 4.0 * 3600.0 * ML
        text.append(
            f"The liquid handler takes out {number(pooled)} mL of every vessel in 4 h: pool what one vessel gives over "
            "the 4 h before each line. For the series within a cycle one vessel is given up at the end."
        )
        return "\n\n".join(text)
    day, taken = busiest_day(samples)
    volume = sheet.duty.bench.volume
    verdict = "within" if taken <= DAILY_SHARE * volume else "**more than**"
    text.append(
        f"All samples: {number(sum(one.taken for one in samples) * ML)} mL; busiest day {day}: {number(taken * ML)} mL "
        f"= {percent(taken / volume)} of the volume, {verdict} {percent(DAILY_SHARE)} a day beside the bleed. Flush "
        f"each port with {FLUSH * ML:.1f} mL first, counted in (twice what {PORT_LINE} m of 1.6 mm tubing hold)."
    )
    return "\n\n".join(text)


def expected(sheet: Sheet, air: Breath) -> str:
    """S, oxygen and by-product at every port."""
    told = sheet.expected
    assert told is not None
    culture, oxygen = sheet.operation.culture, oxygen_at_ports(sheet, air)
    names = list(told.broth)
    ends = [told.broth[n].at(-1) for n in names]
    found = [by_products.span(n, end.low, end.high) for n, end in zip(names, ends, strict=True)]
    rows, fastest = [], math.inf
    for place, (port, substrate) in enumerate(told.ports):
        halves = time_to_deplete(port.mean, 0.5 * port.mean, culture) if port.mean > 0 else 0.0
        fastest = min(fastest, halves) if halves > 0 else fastest
        rows.append(
            (
                port.name, number(port.delay), sheet.mg_per_l(port.mean),
                _band(sheet, substrate.low, substrate.high), f"{port.uptake:.2f}",
                _uptake(3.6e6 * port.uptake * culture.uptake_max),
                "see Oxygen" if oxygen is None else _oxygen(oxygen[place]), *(found or ["none"]), number(halves, 2),
            )
        )  # fmt: skip
    head = (
        "Port", "Delay, s", f"{sheet.substrate}, mg/L", "band", "s = q/q_max", "Uptake, µmol/(g h)",
        "Oxygen, % of air", *([f"{n} at the end, {by_products.unit(n)}" for n in names] or ["by-product"]),
        "Halves in, s",
    )  # fmt: skip
    text = [
        table(head, rows),
        f"Band: what is met there over a cycle or on different ways, with the feed "
        f"{percent(sheet.duty.bench['pump_accuracy'])} off, and with the biomass {percent(BIOMASS_OFF)} off. "
        "Delay: time since the zone's inlet or the start of the pulse; for a stirred vessel the mean stay. Oxygen: "
        "from respiration that is even to respiration that follows uptake at once, and over the range of kLa; a probe "
        "shows its mean over its response time.",
        f"**Quench inside the port** (see the plan): the substrate of a sample halves in {number(fastest, 2)} s, so a "
        "plain syringe shows nothing. Common assays read from about 1 mg/L: below it, 'none found' is the expected "
        "result.",
        by_products.expected_words(sheet, oxygen),
        f"At the end of the gradient phase: growth {3600 * _net_growth(sheet):.4f} 1/h, net of decay"
        + _productivity_words(sheet)
        + ".",
        by_products.compared(sheet),
    ]
    return "\n\n".join(text)


def _band(sheet: Sheet, low: float, high: float) -> str:
    ends = sheet.mg_per_l(low), sheet.mg_per_l(high)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _uptake(value: float) -> str:
    return number(value) if value >= 0.01 else "< 0.01"


def _net_growth(sheet: Sheet) -> float:
    """At the end of the gradient phase, 1/s; of the cell model without a course where there is none."""
    course = sheet.expected.course if sheet.expected is not None else {}
    return float(course["growth_net_1_s"].mean[-1]) if "growth_net_1_s" in course else sheet.inside.growth


def _oxygen(band: Band) -> str:
    low, high = (100.0 * c for c in band)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"


def _productivity_words(sheet: Sheet) -> str:
    final, tank = sheet.inside.relative_productivity_final, sheet.tank_response.get("relative_productivity_final_band")
    if final is None:
        return ""
    band = "" if tank is None else f" (the tank's: {100 * tank[0]:.1f} to {100 * tank[1]:.1f} %)"
    return f", specific productivity {percent(final)} of the reference run's{band}"


def reference(sheet: Sheet, air: Breath) -> str:
    """The run beside which the rig is read."""
    r, bench, mean = sheet.recipe, sheet.duty.bench, sheet.operation.mean_uptake
    resting = sheet.duty.half_saturation * mean / (1.0 - mean)
    turning = speeds_of(sheet.operation, bench)
    fed = f"{number(r.flow * ML_MIN)} mL/min of {r.stock:.1f} g/L"
    rows = [
        ("vessel", f"{bench.volume * ML:.0f} mL in all", f"{bench.volume * ML:.0f} mL in one stirred vessel"),
        ("biomass, g/L", f"{sheet.biomass:.1f}", f"{sheet.biomass:.1f}"),
        (f"mean feed of {sheet.substrate}", f"{fed}, by the programme", f"{fed}, steady"),
        ("substrate fed, g/h", *2 * [number(r.feed * r.molar_mass * 3.6e6)]),
        *([("medium without substrate, mL/min", *2 * [f"{r.make_up * ML_MIN:.2f}"])] if r.make_up > 0.0 else []),
        ("bleed, mL/min", *2 * [number(r.bleed * ML_MIN)]),
        ("stirrer, rpm", ", ".join(f"{speed:.0f}" for _, speed in turning), f"{bench['stirrer_speed'] * 60:.0f}"),
        ("air, vvm", *2 * [f"{bench['gas_flow'] * 60:.1f}"]),
        ("length, h", *2 * [f"{hours_at_volume(sheet):.0f}"]),
        (f"expected {sheet.substrate}, mg/L", "see Expected readings", sheet.mg_per_l(resting)),
        ("expected s = q/q_max", f"{mean:.3f} on average", f"{mean:.3f}"),
        *by_products.reference_rows(sheet),
    ]
    return (
        table(("", "Rig", "Reference run"), rows)
        + "\n\nThe same strain, stock, medium and inoculum, in parallel or directly before, sampled by the same plan "
        f"at the vessel. {'Productivity and yield are' if by_products.forms_product(sheet) else 'The yield is'} "
        "reported relative to it."
    )
