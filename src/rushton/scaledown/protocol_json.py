"""The bench sheet for programs: everything a controller or a script needs, units in the keys.

What is set on the bench is told in the units of the bench (mL/min, mL, mm, g/L, s), as on the sheet; what is read in
SI. Every ``expected`` number has a band; what is not known is null, with its reason in the key ``<key>_reason``. The
format is described in docs/scaledown_files.md; ``format`` counts its versions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.chamber import ChamberOperation
from rushton.scaledown.expected import Expected
from rushton.scaledown.inside import final_window
from rushton.scaledown.match import PARTS
from rushton.scaledown.oxygen import HELD, breath
from rushton.scaledown.phases import BIOMASS_OFF, ENDING, INOCULUM, SETTLING, growing_up
from rushton.scaledown.protocol_chamber import changes
from rushton.scaledown.protocol_json_readings import expected_record
from rushton.scaledown.protocol_rigs import direction, events
from rushton.scaledown.sampling import DAILY_SHARE, FLUSH, plan
from rushton.scaledown.sheet import ML, ML_MIN, Sheet
from rushton.scaledown.stirred import speeds_of
from rushton.scaledown.switching import SwitchedOperation, saturation_of
from rushton.scaledown.switching_evidence import held_in
from rushton.scaledown.transfer import Transfer
from rushton.store import library_versions, to_json

if TYPE_CHECKING:
    from rushton.case.schema import Strain

FORMAT = 1
DIGITS = 7  # significant, of every number
_SETTINGS = {
    "biomass": "biomass_g_L", "flow": "flow_mL_min", "tube_volume": "tube_volume_mL",
    "second_volume": "second_volume_mL", "excess_flow": "excess_flow_mL_min",
    "starvation_flow": "starvation_flow_mL_min", "excess_volume": "excess_volume_mL",
    "starvation_volume": "starvation_volume_mL", "bore": "bore_mm", "length": "length_m",
    "period": "period_s", "gap": "mean_gap_s", "on_time": "on_time_s", "feed": "feed_mol_s",
    "switch_time": "switch_time_s",
    "fast_speed": "fast_speed_rpm", "slow_speed": "slow_speed_rpm", "fast_kla": "fast_kla_1_h",
    "slow_kla": "slow_kla_1_h", "kla": "kla_1_h", "speed": "speed_rpm", "rich_time": "rich_time_s",
    "poor_time": "poor_time_s",
}  # fmt: skip
_FACTORS = {"_mL_min": ML_MIN, "_mL": ML, "_mm": 1e3, "_rpm": 60.0, "_1_h": 3600.0}


def protocol_record(sheet: Sheet, expected: Expected, table: str) -> str:
    """The bench sheet as JSON.

    Parameters
    ----------
    sheet : Sheet
    expected : Expected
        Readings of the rig.
    table : str
        The feed or switching table that stands in the .csv beside, of which the record holds a checksum.

    Returns
    -------
    str
        JSON text; ``id`` names its content.
    """
    from rushton import __version__

    case, bench = sheet.case, sheet.duty.bench
    assert case.strain is not None and case.scaledown is not None
    played = isinstance(sheet.operation, ChamberOperation)
    name = f"{sheet.rig.name}-reference" if sheet.reference else sheet.rig.name
    record: dict[str, Any] = {
        "format": FORMAT,
        "rig": name,
        "title": sheet.rig.title,
        "reference": sheet.reference,
        "case": {"name": case.name, "title": case.title},
        "versions": {"rushton": __version__, **library_versions()},
        "seed": case.scaledown.seed,
        "strain": {
            "model": case.strain.model,
            "uptake_max_mol_kg_s": sheet.duty.uptake_max,
            "half_saturation_mol_m3": sheet.duty.half_saturation,
        },
        "substrate": {"name": sheet.substrate, "molar_mass_kg_mol": sheet.duty.molar_mass},
        "product": _product(case.strain),
        "settings": in_bench_units(sheet.settings),
        "volumes": _volumes(sheet),
        **_tubing(sheet),
        "set_points": _set_points(sheet, played),
        **_feed(sheet, played, table),
        "phases": _phases(sheet, played),
        "sampling": _sampling(sheet, played),
        "expected": expected_record(sheet, expected, played),
        "match": {
            "distance": sheet.achieved.total,
            "parts": dict(zip(PARTS, sheet.achieved.parts, strict=True)),
            "distance_pump_low": sheet.drift[0],
            "distance_pump_high": sheet.drift[1],
            "distance_floor": sheet.floor,
            "mean_uptake_ratio": sheet.operation.mean_uptake,
            "rig": _with_reasons(sheet.inside.as_dict(), "the cell model does not tell"),
            "tank": _with_reasons(sheet.tank_response, "the run has no response, or the cell model does not tell"),
        },
        "pump_accuracy": bench.limits.get("feed_accuracy", bench.limits["pump_accuracy"]).value,
        "biomass_off": BIOMASS_OFF,
    }
    record = _shorter(record)
    content = json.dumps({key: value for key, value in record.items() if key != "versions"}, sort_keys=True)
    return compact({"format": FORMAT, "id": hashlib.sha256(content.encode()).hexdigest()[:10]} | record)


def _product(strain: Strain) -> dict[str, Any]:
    """What the cells make, and its molar mass where the models know it."""
    from rushton.physiology import model_of
    from rushton.physiology.quantities import MOLAR_MASS

    model = model_of(strain)
    if not model.has_product:
        return {"name": None, "name_reason": "the cell model forms no product"}
    species = next((q.species for q in model.reported if q.name == "q_p"), "")
    mass = MOLAR_MASS.get(species)
    known: dict[str, Any] = {"molar_mass_kg_mol": mass}
    if mass is None:
        known = known | {"molar_mass_kg_mol_reason": "not known: give it where grams are measured"}
    return {"name": species or "product", **known}


def in_bench_units(settings: Mapping[str, float]) -> dict[str, float]:
    """Settings by name and unit."""
    out = {}
    for key, value in settings.items():
        name = _SETTINGS.get(key, key)
        factor = next((f for ending, f in _FACTORS.items() if name.endswith(ending)), 1.0)
        out[name] = value * factor
    return out


def _volumes(sheet: Sheet) -> dict[str, Any]:
    s, volume = sheet.settings, sheet.duty.bench.volume
    sides = [key for key in ("tube_volume", "second_volume", "excess_volume", "starvation_volume") if key in s]
    out = {"working_volume_mL": volume * ML, **{f"{key}_mL": s[key] * ML for key in sides}}
    if sides:
        rest = "limitation_volume_mL" if "excess_volume" in s else "vessel_volume_mL"
        lines = 4 if "excess_volume" in s else 2 if "second_volume" in s else 0
        line = sheet.duty.bench["exchange_line"]
        out[rest] = (volume - sum(s[key] for key in sides) - lines * line) * ML
        if lines:
            out |= {"lines": lines, "line_volume_mL": line * ML}
    return out


def _tubing(sheet: Sheet) -> dict[str, Any]:
    s = sheet.settings
    if "bore" in s and "length" in s:
        return {"tubing": {"bore_mm": s["bore"] * 1e3, "length_m": s["length"]}}
    if "tube_volume" in s:  # the standard rig before it is rounded
        return {"tubing": None, "tubing_reason": "no bore at hand holds this volume"}
    return {"tubing": None, "tubing_reason": "no part of this rig is a tube whose length matters"}


def _set_points(sheet: Sheet, played: bool) -> dict[str, Any]:
    bench = sheet.duty.bench
    temperature = {"temperature_degC": sheet.case.broth.temperature - 273.15}
    if played:
        reason = "a chamber is neither stirred nor aerated"
        none = {key: None for key in ("stirrer_rpm", "gas_L_min")}
        return temperature | none | {f"{key}_reason": reason for key in none}
    air = breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, sheet.aerated_share)
    switched = {}
    if isinstance(sheet.operation, SwitchedOperation):
        table, vessel, held = sheet.operation.table, Transfer.of(bench), held_in(sheet)
        switched = {
            "stirrer_rpm": None,
            "stirrer_rpm_reason": "it stands in the table",
            "stirrer_table": {
                "repeat_s": sheet.operation.period,
                "time_s": table[:, 0],
                "rpm": [60.0 * vessel.speed(kla) for kla in table[:, 1]],
                "kla_1_h": 3600.0 * table[:, 1],
                "gas_oxygen_fraction": table[:, 2],
            },
            "steady": {
                "rpm": 60.0 * held.speed, "kla_1_h": 3600.0 * held.kla, "gas_oxygen_fraction": held.gas,
                "dissolved_oxygen_percent": 100.0 * held.oxygen / saturation_of(bench, OXYGEN_IN_AIR),
                "within_reach": held.possible,
            },
            **{key: None for key in ("dissolved_oxygen_min_percent", "kla_needed_1_h", "kla_given_1_h")},
            **{f"{key}_reason": "oxygen is switched, see stirrer_table"
               for key in ("dissolved_oxygen_min_percent", "kla_needed_1_h", "kla_given_1_h")},
            "transfer_accuracy": bench["pump_accuracy"],
        }  # fmt: skip
    turning = speeds_of(sheet.operation, bench)
    speeds: dict[str, Any] = {"stirrer_rpm": turning[0][1]}
    if len(turning) > 1:
        speeds = {
            "stirrer_rpm": None,
            "stirrer_rpm_reason": "every vessel has its own, under stirrer_rpm_of",
            "stirrer_rpm_of": dict(turning),
        }
    return (
        temperature
        | {
            **speeds,
            "gas_L_min": bench["gas_flow"] * bench.volume * 6e4,
            "gas_vvm": bench["gas_flow"] * 60.0,
            "dissolved_oxygen_min_percent": 100.0 * HELD,
            "kla_needed_1_h": 3600.0 * air.kla_needed,
            "kla_given_1_h": [3600.0 * kla for kla in air.kla_given],
        }
        | switched
    )


def _feed(sheet: Sheet, played: bool, table: str) -> dict[str, Any]:
    r = sheet.recipe
    checked = {"feed_table_csv_sha256": hashlib.sha256(table.encode()).hexdigest()}
    if played:
        operation = sheet.operation
        assert isinstance(operation, ChamberOperation)
        times, media = changes(operation)
        k = operation.culture.half_saturation
        return {
            "recipe": None,
            "recipe_reason": "a chamber is not fed; its media are listed instead",
            "media_mol_m3": [k * float(m) for m in operation.media],
            "pumps": [],
            "switching": {"repeat_s": operation.period, "time_s": times, "medium": media},
            **checked,
        }
    lines = events(sheet)
    pumps: dict[str, dict[str, Any]] = {}
    for e in lines:
        known = pumps.setdefault(
            e.pump, {"pump": e.pump, "direction": direction(e.pump), "rate_min_mL_min": np.inf, "rate_max_mL_min": 0.0}
        )
        rate = round(e.rate * ML_MIN, 2)
        known["rate_min_mL_min"] = min(known["rate_min_mL_min"], rate)
        known["rate_max_mL_min"] = max(known["rate_max_mL_min"], rate)
    return {
        "recipe": {
            "stock_g_L": r.stock,
            "stock_mL_min": r.flow * ML_MIN,
            "stock_into_vessel_mL_min": r.vessel * ML_MIN if not len(r.table) else r.flow * ML_MIN,
            "stock_into_side_mL_min": r.side * ML_MIN,
            "medium_without_substrate_mL_min": r.make_up * ML_MIN,
            "bleed_mL_min": r.bleed * ML_MIN,
            "dilution_1_h": 3600.0 * r.bleed / sheet.duty.bench.volume,
            "substrate_g_h": r.feed * r.molar_mass * 3.6e6,
            "remarks": list(r.remarks),
        },
        "pumps": list(pumps.values()),
        "feed_table": [
            {
                "time_s": round(e.time, 1),
                "action": e.action,
                "pump": e.pump,
                "rate_mL_min": round(e.rate * ML_MIN, 2),
                "repeat_s": None if e.repeat is None else round(e.repeat, 1),
            }
            for e in lines
        ],
        **checked,
    }


def _phases(sheet: Sheet, played: bool) -> list[dict[str, Any]]:
    """Every phase; start and length in s of the controller's clock, which is 0 when the gradient begins."""
    total, settling = sheet.case.response.duration, 3600.0 * SETTLING
    gradient = {"phase": "gradient", "start_s": 0.0, "duration_s": total, "judged_from_s": total - final_window(total)}
    if played:
        return [gradient, {"phase": "reference", "start_s": 0.0, "duration_s": total}]
    plan = growing_up(sheet)
    grow = 3600.0 * plan.hours
    batch: dict[str, Any] = {
        "phase": "batch",
        "start_s": None,
        "start_s_reason": "it ends when the oxygen rises, whenever that is",
        "duration_s": None,
        "duration_s_reason": "it ends when the oxygen rises, whenever that is",
        "medium_mL": plan.start * ML,
        "substrate_g_L": plan.batch_sugar,
        "inoculum_g_L": INOCULUM,
    }
    growing = {
        "phase": "grow",
        "start_s": -settling - grow,
        "duration_s": grow,
        "stock_g_L": sheet.duty.bench["feed_concentration_max"],
        "stock_mL": plan.stock * ML,
        "first_mL_min": plan.first_flow * ML_MIN,
        "growth_1_h": 3600.0 * sheet.recipe.growth,
    }
    r = sheet.recipe
    steady = {"stock_mL_min": r.flow * ML_MIN, "medium_without_substrate_mL_min": r.make_up * ML_MIN}
    return [
        batch,
        growing,
        {"phase": "settle", "start_s": -settling, "duration_s": settling, **steady},
        gradient,
        {"phase": "end", "start_s": total, "duration_s": 3600.0 * ENDING, **steady},
        {"phase": "reference", "start_s": -settling, "duration_s": settling + total + 3600.0 * ENDING, **steady},
    ]


def _sampling(sheet: Sheet, played: bool) -> dict[str, Any]:
    ports = [
        {"port": p.name, "key": key_of(p.name), "delay_s": p.delay, "uptake_ratio": p.uptake}
        for p in sheet.operation.ports()
    ]
    if played:
        return {"ports": ports, "growth_every_s": 300.0}
    rows: list[dict[str, Any]] = []
    for one in plan(sheet):
        row: dict[str, Any] = {"time_s": 3600.0 * one.hour, "phase": one.phase, "port": one.port, "read": one.read}
        row |= {"samples": one.count, "sample_mL": one.volume * ML, "stopped_by": one.quench}
        if one.volume == 0.0:
            row |= {"sample_mL": None, "sample_mL_reason": "pooled from what the liquid handler takes out"}
        rows.append(row)
    return {"ports": ports, "plan": rows, "flush_mL": FLUSH * ML, "daily_share_max": DAILY_SHARE}


def key_of(port: str) -> str:
    """Short name of a port, for scripts.

    >>> key_of("tube, a quarter")
    'tube-a-quarter'
    """
    return re.sub(r"[^a-z0-9.]+", "-", port.lower()).strip("-")


def _with_reasons(values: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Values with a reason beside what is null; a band that is not known is left out."""
    out: dict[str, Any] = {}
    for key, value in values.items():
        if value is not None:
            out[key] = value
        elif not key.endswith("_band"):
            out |= {key: None, f"{key}_reason": reason}
    return out


def _shorter(value: Any) -> Any:
    """The same with every number to so many significant digits, nothing but plain values, null for no number."""
    if isinstance(value, Mapping):
        return {str(key): _shorter(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_shorter(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return value


def compact(record: Mapping[str, Any]) -> str:
    """JSON text in which lists and groups of plain numbers and words stand on one line."""
    text = to_json(record)
    return re.sub(r"([\[{])\n\s*([^\[\]{}]*?)\n\s*([\]}])", lambda m: m[1] + re.sub(r"\n\s+", " ", m[2]) + m[3], text)
