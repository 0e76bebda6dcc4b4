"""What a protocol says of dangers: oxygen, heat, temperature and pressure of the rig (``breath``), and when to stop."""

from __future__ import annotations

import math

from rushton.correlations import METABOLIC_HEAT
from rushton.scaledown.bench import SHORTEST_TUBE
from rushton.scaledown.breath import lungs
from rushton.scaledown.oxygen import AIR, HELD, Breath
from rushton.scaledown.phases import BIOMASS_OFF
from rushton.scaledown.protocol_by_products import stops as by_product_stops
from rushton.scaledown.protocol_rigs import words_of
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, bullets, number, percent, table
from rushton.scaledown.stirred import stirred_vessels
from rushton.scaledown.switching import SwitchedOperation
from rushton.scaledown.zones import laminar_pressure_drop

LOUD = ("The rig cannot", "The loop changes")
"""Beginnings of warnings that are said aloud; the others stand in the lines and tables."""

_EXCHANGES = ("flow", "excess_flow", "starvation_flow")
"""Settings that are flows between stirred vessels, where there is no tube."""


def hazards(sheet: Sheet, air: Breath) -> str:
    """Oxygen, temperature, pressure: figure and what to do."""
    bench, s = sheet.duty.bench, sheet.settings
    made = lungs(sheet.operation, sheet.duty)
    heat = air.heat * bench.volume
    stirring = sum(own.stirrer_power for _, own in stirred_vessels(sheet.operation, bench))
    rows = [
        (
            "oxygen",
            f"broth at air saturation lasts {air.lasts:.1f} s without air, {air.lasts_min:.1f} s while s = 1",
            "any zone without air longer than that starves of oxygen as well",
        ),
        (
            "temperature",
            f"{number(heat, 2)} W of respiration and up to {number(stirring, 2)} W of stirring",
            f"the jacket removes {number(made.cooling, 2)} W at {bench['coolant_difference']:.0f} K: try it at this "
            "load before inoculation",
        ),
        ("pressure", "gas outlet filter wet or blocked", "relief valve on the head, condenser before the filter"),
    ]
    richest = max(zone.gas_needed for zone in made.zones)
    if richest > AIR and not isinstance(sheet.operation, SwitchedOperation):
        rows.append(enriched(sheet, min(1.0, richest)))
    if "tube_volume" in s and "bore" in s:
        stay = s["tube_volume"] / s["flow"]
        drop = laminar_pressure_drop(s["flow"], s["bore"], s["length"], bench.viscosity, bench.density)
        runs_out = _through_the_tube(stay, air)
        rows += [
            (
                "loop: oxygen",
                f"{stay:.1f} s in the tube; {runs_out}",
                "oxygen probe at the outlet; oxygen by a static mixer at the inlet where it must not run out",
            ),
            (
                "loop: temperature",
                f"bare in a room of {bench['room_temperature'] - 273.15:.0f} °C the broth leaves the tube "
                f"{abs(made.tube_warming or 0.0):.2f} K {'warmer' if (made.tube_warming or 0.0) > 0.0 else 'colder'}",
                "insulate or trace it where that is above 0.5 K; thermometer at the outlet",
            ),
            (
                "loop: pressure",
                f"{drop / 1e3:.1f} kPa at the set flow, at most {bench['tube_pressure_max'] / 1e3:.0f} kPa",
                "gauge before the tube, pump stops by itself above the limit; leak test with water at twice the drop",
            ),
            (
                "loop: pump head and sensors",
                f"{SHORTEST_TUBE:g} m through the head hold cells "
                f"{0.25 * math.pi * s['bore'] ** 2 * SHORTEST_TUBE / s['flow']:.1f} s, a flow cell of "
                f"{bench['flow_cell'] * ML:.0f} mL {bench['flow_cell'] / s['flow']:.1f} s",
                "both count into the volume of the tube: as short as they go, flow cells at its outlet",
            ),
        ]
    elif "tube_volume" not in s and any(key in s for key in _EXCHANGES):
        line, flows = bench["exchange_line"], [s[key] for key in _EXCHANGES if key in s]
        most = max(flows)
        rows += [
            (
                "loop: oxygen",
                f"a line of {number(line * ML)} mL holds {line / min(flows):.1f} s of broth without air",
                "lines as short as they go, not above the time of the first line",
            ),
            ("loop: temperature", "each vessel has its own jacket", "vessels within 0.5 K of each other"),
            (
                "loop: pressure",
                "a blocked return empties one vessel and floods the other: "
                f"{number(most * ML_MIN, 3)} mL in a minute",
                "level switch in every vessel stops all exchange pumps together",
            ),
            (
                "loop: pump heads and sensors",
                f"what the line holds with its head is in the design; a flow cell of {bench['flow_cell'] * ML:.0f} mL "
                f"holds cells {bench['flow_cell'] / most:.1f} s more, which is not",
                "probes in vessels, not in lines",
            ),
        ]  # fmt: skip
    rows += words_of(sheet).hazards(sheet)
    return table(("What", "Figure", "Do"), rows)


def enriched(sheet: Sheet, fraction: float) -> tuple[str, str, str]:
    """Row on gas richer in oxygen than air: what burns in air burns faster in it."""
    flow = sheet.duty.bench["gas_flow"] * 60 * sheet.duty.bench.volume * 1e3
    return (
        "enriched gas", f"up to {percent(fraction)} oxygen, {number(flow)} L/min",
        "lines, valves and filters free of oil and grease; exhaust led outside; no flame or spark near it",
    )  # fmt: skip


def _through_the_tube(stay: float, air: Breath) -> str:
    """Whether broth that leaves the vessel at the oxygen it is held at keeps some through the tube."""
    if stay > air.lasts:
        return "even broth saturated with air runs out of oxygen before the outlet"
    if stay > HELD * air.lasts:
        return (
            f"at the mean demand broth held at {percent(HELD)} of air lasts {HELD * air.lasts:.1f} s, so it runs out "
            f"before the outlet unless it leaves the vessel at {percent(stay / air.lasts)} or more"
        )
    if stay > HELD * air.lasts_min:
        return "oxygen lasts at the mean demand, not while s = 1"
    return "oxygen lasts"


def stop(sheet: Sheet) -> str:
    """When to stop or mend."""
    bench = sheet.duty.bench
    lines = [
        "Oxygen in the vessel below 20 % of air saturation for 2 min: enrich the gas; if that fails, halve the feed.",
        f"Stock more than {percent(2 * bench['pump_accuracy'])} off its expected weight over 4 h: recalibrate; over "
        "8 h: the run does not count.",
        f"Biomass more than {100 * BIOMASS_OFF:.0f} % off {sheet.biomass:.1f} g/L: correct the bleed. Uptake per "
        "litre, and with it every time in Target against achieved, scales with it.",
        f"Residual {sheet.substrate} in the settled phase above ten times the expected reading: the strain eats less "
        "than assumed; lower the feed and note it.",
        *by_product_stops(sheet),
        "Foam in the gas outlet, loss of sterility, pH out of range for 10 min.",
    ]
    if "flow" in sheet.settings or "excess_flow" in sheet.settings:
        lines += [
            "Loop stopped for more than 30 s: the broth in it is without air; discard it, do not return it.",
            f"Pressure before the tube above {bench['tube_pressure_max'] / 1e3:.0f} kPa, or the loop more than 2 °C "
            "off the vessel: stop the loop; insulate or heat it.",
        ]
    return bullets([*lines, *words_of(sheet).stops(sheet)])


def oxygen(sheet: Sheet, air: Breath) -> str:
    """Demand, supply, and how long the broth lasts without air."""
    bench, made = sheet.duty.bench, lungs(sheet.operation, sheet.duty)
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
        if air.enriched[0] > 1.0 and not any(warning.startswith(LOUD) for warning in made.warnings):
            supply += (
                " **In broth with antifoam even pure oxygen would not do: measure kLa in the medium of the run before "
                "it is built; if it stays there, lower the biomass.**"
            )
    else:
        supply += "air will do."
    lines = [
        f"Demand {air.demand * 3.6e3:.0f} mmol/(L h) at the mean uptake ({bench['oxygen_per_substrate']:.1f} mol O2 "
        f"per mol {sheet.substrate}), {air.demand_max * 3.6e3:.0f} while s = 1 if respiration follows uptake at once.",
        *([supply] if len(made.zones) == 1 else []),
        f"Broth saturated with air lasts {air.lasts:.1f} s without gas at the mean demand, {air.lasts_min:.1f} s at "
        "the largest.",
    ]
    if "tube_volume" in sheet.settings:
        time = sheet.settings["tube_volume"] / sheet.settings["flow"]
        if time > HELD * air.lasts:
            lines.append(
                f"**The tube holds its broth for {time:.1f} s: {_through_the_tube(time, air)}.** Cells there meet "
                "substrate and lack of oxygen together, which the design does not hold. Feed oxygen into the tube's "
                "inlet (sterile filter, static mixer), or read the result as both. Measure oxygen at the tube's outlet."
            )
        elif time > HELD * air.lasts_min:
            lines.append(
                f"The tube holds its broth for {time:.1f} s: enough at the mean demand, not if respiration follows "
                "uptake. Measure oxygen at the tube's outlet."
            )
        else:
            lines.append(f"The tube holds its broth for {time:.1f} s: oxygen lasts.")
    lines.append(
        f"Heat: {number(made.heat, 3)} W of respiration ({METABOLIC_HEAT / 1e3:.0f} kJ/mol O2) and stirring at most; "
        f"the jacket removes {number(made.cooling, 3)} W ({bench['jacket_transfer']:.0f} W/(m2 K), coolant "
        f"{bench['coolant_difference']:.0f} K colder)."
    )
    lines += [f"**{warning}**" for warning in made.warnings if warning.startswith(LOUD)]
    if len(made.zones) == 1:
        return bullets(lines)
    head = (
        "Vessel", "Broth, mL", "Demand, mmol/(L h)", "at its peak", "kLa needed, 1/h", "kLa given, 1/h: slowest to set "
        "speed, salt solution", "Oxygen in its gas, mean (peak)",
    )  # fmt: skip
    rows = [
        (
            z.name, f"{z.volume * ML:.0f}", f"{3.6e3 * z.demand:.0f}", f"{3.6e3 * z.peak:.0f}",
            f"{3600 * z.kla_needed:.0f}",
            f"{3600 * z.kla_least:.0f} to {3600 * z.kla_most:.0f}, {3600 * z.kla_salty:.0f}",
            f"{_gas(z.gas_needed)} ({_gas(z.gas_peak)})",
        )
        for z in made.zones
    ]  # fmt: skip
    short = [z.name for z in made.zones if z.breathes and z.gas_needed > 1.0]
    if short:
        lines.append(
            f"**In broth with antifoam even pure oxygen would not do in {' and '.join(short)}: measure kLa there in "
            "the medium of the run before it is built; if it stays, stir faster or lower the biomass.**"
        )
    return f"{bullets(lines)}\n\nEvery vessel by itself, as broth with antifoam:\n\n{table(head, rows)}"


def _gas(fraction: float) -> str:
    """Oxygen that the gas must hold."""
    return "air" if fraction <= AIR else percent(fraction) if fraction <= 1.0 else "out of reach"
