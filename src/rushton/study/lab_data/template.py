"""An empty lab sheet from the sampling plan: a line for everything to be read, with time, phase, port and unit."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from rushton.study.lab_data.quantities import QUANTITIES, by_product

DAY = 86400.0  # s
HEAD = ("time_h", "phase", "port", "quantity", "value", "unit", "sd", "replicate", "note")


def template(protocol: Mapping[str, Any]) -> str:
    """CSV to be filled in.

    Parameters
    ----------
    protocol : mapping
        ``protocol-<rig>.json``.
    """
    out = io.StringIO()
    product = protocol["product"]
    mass = product.get("molar_mass_kg_mol")
    lines = [
        "# Rushton lab data: fill 'value' (and 'sd', the standard deviation, where it is known).",
        "# time_h counts from the start of the gradient phase. Write <1 where nothing above 1 was found.",
        "# Lines may be added; a line without a value is passed over.",
        f"# rig: {protocol['rig']}",
        f"# protocol: {protocol['id']}",
    ]
    if product["name"] is not None:
        lines.append(f"# product_molar_mass: {f'{1e3 * mass:.6g} g/mol' if mass else ''}")
    if protocol["recipe"]:
        lines.append("# stock_density: ")
    out.write("\n".join(lines) + "\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for time, phase, port, name in plan(protocol):
        unit = (QUANTITIES[name] if name in QUANTITIES else by_product(name)).unit
        writer.writerow([f"{time / 3600.0:g}", phase, port, name, "", unit, "", "", ""])
    return out.getvalue()


def plan(protocol: Mapping[str, Any]) -> list[tuple[float, str, str, str]]:
    """What is to be read: (time, s; phase; port, or empty; quantity), in the order of the run, reference run last."""
    sampling, expected = protocol["sampling"], protocol["expected"]
    phases = {p["phase"]: p for p in protocol["phases"]}
    total = phases["gradient"]["duration_s"]
    ports = [p["port"] for p in sampling["ports"]]
    product = protocol["product"]["name"] is not None
    daily = _every(min(DAY, total), total)
    if not protocol["recipe"]:  # a chamber: growth of single cells is all that can be read
        return [(t, phase, "", "growth") for phase in ("gradient", "reference") for t in daily]
    by_products = list(expected["by_products_mol_m3"] or {})
    broth = ["biomass", *(["titre"] if product else []), *by_products]
    # where oxygen is switched, its transfer is what has to be right
    breathed = ["oxygen_uptake"] if "stirrer_table" in protocol["set_points"] else []
    series = [p for p in ports if "whole cycle" not in p]
    oxygen = {p["port"] for p in expected["ports"] if p["dissolved_oxygen_percent"] is not None}
    settled, judged = phases["settle"]["start_s"], phases["gradient"]["judged_from_s"]
    lines: list[tuple[float, str, str, str]] = []
    for row in sampling["plan"]:
        t, phase = row["time_s"], row["phase"]
        if t < settled:
            continue
        if row["read"] == "routine":
            lines += [(t, phase, "", name) for name in broth]
            if phase != "end":
                lines += [(t, phase, "", name) for name in breathed]
            port = row.get("port") if row.get("port") in ports else ports[0]
            lines.append((t, phase, port if phase == "gradient" else "", "substrate"))
            if phase == "settle":
                lines.append((t, phase, "", "dissolved_oxygen"))
        else:
            lines += [(t, phase, port, "substrate") for port in series]
            lines += [(t, phase, port, "dissolved_oxygen") for port in ports if port in oxygen]
            lines.append((t, phase, "", "feed_weight"))
    lines = list(dict.fromkeys(lines))
    run = {t for t, phase, _, name in lines if name == "biomass" and phase != "end"}
    for t in sorted({*(t for t in run if t <= 0.0 or t >= judged), *(t for t in daily if t < judged)}):
        lines += [(t, "reference", "", name) for name in (*broth, *breathed, "substrate")]
    return lines


def _every(interval: float, total: float) -> list[float]:
    """Times at every interval up to and with the end, s."""
    times = [float(t) for t in interval * np.arange(1, int(total / interval + 1e-9) + 1)]
    return times if times and total - times[-1] < 0.01 * total else [*times, total]
