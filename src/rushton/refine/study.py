"""Runs an error statement: the members one after the other, each kept as soon as it is finished."""

from __future__ import annotations

import hashlib
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import SolverError
from rushton.flow.rans import STEADY_TOLERANCE, WINDOW, solve_flow
from rushton.refine.gci import converge
from rushton.refine.members import AFFORDABLE, Member, grids, half_range, variations
from rushton.refine.result import GRID, ITERATION, LABELS, SCALARS, Quantity, Refinement
from rushton.sources import sources_hash
from rushton.store import Progress, atomic_write_text, library_versions, silent, to_json
from rushton.transport import aerate, blend, solve_substrate
from rushton.transport.aeration import feeds_back

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow import Flow
    from rushton.transport import Mixing, Substrate

MEMBERS = "refine.members"
"""Folder beside the stages where finished members are kept."""
BLEND_NOISE = 0.01
"""Relative resolution of a blend time, -: the tracer's time step is at least a hundredth of the time elapsed."""

Record = dict[str, Any]


def refine(
    case: Case,
    flow: Flow,
    mixing: Mixing,
    substrate: Substrate | None,
    folder: Path,
    progress: Progress = silent,
) -> Refinement:
    """Form the error statement of a finished run.

    Parameters
    ----------
    case : Case
    flow, mixing, substrate
        Of the run, which is the finest grid; substrate may be None.
    folder : Path
        Where the stage writes; finished members are kept two floors above it.
    progress : Progress

    Returns
    -------
    Refinement
    """
    kept = folder.parents[1] / MEMBERS
    base = _record(Member("base", f"{flow.mesh.n_mesh_cell} mesh cells", case), flow, mixing, substrate, 0.0)
    coarser = grids(case, flow.mesh.n_mesh_cell, flow.mesh.shape[1])
    # the grid to vary on is known before anything is run: the builder meets the number of mesh cells asked for
    sizes = [flow.mesh.n_mesh_cell, *(member.case.numerics.target_mesh_cells for member in coarser)]
    chosen = next((n for n, size in enumerate(sizes) if size <= AFFORDABLE), len(sizes) - 1)
    varied, left = variations(case if chosen == 0 else coarser[chosen - 1].case)
    members = [*coarser, *varied]
    base_flow: Flow | None = flow if chosen == 0 else None
    records = [base]
    for n, member in enumerate(members):
        start, span = n / len(members), 1.0 / len(members)

        def told(fraction: float, text: str, start: float = start, span: float = span, member: Member = member) -> None:
            progress(start + span * fraction, f"{member.group} {member.value}: {text}")

        found = _finished(member, kept)
        if found is None:
            found, solved = _run(member, base_flow if member.reuses_flow else None, coarser, chosen, told)
            atomic_write_text(_place(member, kept), to_json(found))
            if n == chosen - 1 or member.reuses_flow:
                base_flow = solved
        records.append(found)
    return _statement(flow, records, chosen, left)


def _run(
    member: Member, flow: Flow | None, coarser: list[Member], chosen: int, progress: Progress
) -> tuple[Record, Flow | None]:
    """One member; what cannot be computed is a record with the reason, and leaves the others alone."""
    start = time.process_time()
    case = member.case
    try:
        if flow is None:
            base = coarser[chosen - 1].case if member.reuses_flow and chosen else case
            flow = solve_flow(base, lambda f, text: progress(0.5 * f, text))
        carrier = aerate(case, flow, silent) if feeds_back(case) else flow
        mixing = blend(case, carrier, lambda f, text: progress(0.5 + 0.4 * f, text))
        substrate = solve_substrate(case, carrier, silent) if _is_fed(case) else None
    except SolverError as error:
        return {"group": member.group, "value": member.value, "reason": error.message, "seconds": 0.0}, None
    return _record(member, flow, mixing, substrate, time.process_time() - start), flow


def _is_fed(case: Case) -> bool:
    return bool(case.feeds) and case.strain is not None and case.broth.biomass is not None


def _record(member: Member, flow: Flow, mixing: Mixing, substrate: Substrate | None, seconds: float) -> Record:
    return {
        "group": member.group,
        "value": member.value,
        "mesh_cells": flow.mesh.n_mesh_cell,
        "angular_cells": int(flow.mesh.theta_centre.size),
        "converged": flow.converged,
        "torque_imbalance": flow.numbers.torque_imbalance,
        "seconds": seconds,
        "numbers": numbers_of(flow, mixing, substrate),
    }


def numbers_of(flow: Flow, mixing: Mixing, substrate: Substrate | None) -> dict[str, float]:
    """The headline numbers that get a band, by key; those that could not be formed are left out."""
    n = flow.numbers
    out: dict[str, float] = {}
    for name, values in (("power_number", n.power_number), ("flow_number", n.flow_number)):
        out |= {f"{name}.{i}": float(value) for i, value in enumerate(values)}
    gathered: dict[str, Any] = {"power_W": n.power_W, "circulation_time_s": n.circulation_time_s}
    gathered |= {key: getattr(mixing, key) for key in ("theta95_probe_s", "theta95_variance_s", "slowest_mode_s")}
    if substrate is not None:
        found = substrate.summary()
        gathered |= {key: found.get(key) for key in ("share_excess", "share_limitation", "share_starvation")}
    return out | {key: float(value) for key, value in gathered.items() if value is not None}


# ------------------------------------------------------------------------------------------- members that are finished


def _place(member: Member, kept: Path) -> Path:
    kept.mkdir(parents=True, exist_ok=True)
    case = member.case
    parts = ("tank", "impellers", "flow", "numerics", "operation", "broth", "mixing", "feeds", "strain", "gas")
    said = {
        "case": case.model_dump(mode="json", include=set(parts)),
        "sources": sources_hash("rushton.flow", "rushton.transport"),
        "libraries": library_versions(),
    }
    key = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    return kept / f"{key[:16]}.json"


def _finished(member: Member, kept: Path) -> Record | None:
    """Record of a member that an earlier run finished."""
    try:
        found = json.loads(_place(member, kept).read_text(encoding="utf-8"))
        return {**found, "group": member.group, "value": member.value}
    except (OSError, ValueError, TypeError):
        return None


# ------------------------------------------------------------------------------------------------------- the statement


def unrest(flow: Flow) -> float:
    """What an iteration that did not stop by its rule leaves open, relative: half its swing or its torque imbalance."""
    if flow.converged:
        return 0.0
    window = [h["power_number"] for h in flow.numbers.history[-WINDOW:]]
    swing = 0.5 * (max(window) - min(window)) / abs(float(np.mean(window))) if window else 0.0
    return max(swing, abs(flow.numbers.torque_imbalance))


def _statement(flow: Flow, records: list[Record], chosen: int, left: list[str]) -> Refinement:
    base, coarser, varied = records[0], records[1:3], records[3:]
    middle = records[chosen]
    left = left + [f"{r['group']} {r['value']}: {r['reason']}" for r in records if r.get("reason")]
    quantities, missing = [], {}
    for key, value in base["numbers"].items():
        if any(r.get("reason") or key not in r["numbers"] for r in coarser):
            missing[key] = "a coarser grid has no such number"
            continue
        on_grids = (value, *(r["numbers"][key] for r in coarser))
        noise = BLEND_NOISE if key.startswith(("theta95", "slowest")) else STEADY_TOLERANCE
        found = converge(on_grids, (base["mesh_cells"], *(r["mesh_cells"] for r in coarser)), noise)
        parts = {GRID: found.band}
        groups: dict[str, dict[str, float]] = {}
        for r in varied:
            if not r.get("reason") and key in r["numbers"]:
                groups.setdefault(r["group"], {})[r["value"]] = r["numbers"][key]
        there = middle["numbers"].get(key)
        for group, values in groups.items():
            if there is not None:
                half = half_range(there, values)
                parts[group] = half * abs(value / there) if there else half
        if unsettled := unrest(flow):
            parts[ITERATION] = unsettled * abs(value)
        band = math.sqrt(sum(half**2 for half in parts.values()))
        quantities.append(Quantity(key, value, band, found.behaviour, found.order, found.extrapolated, on_grids, parts))
    for name in (*SCALARS, "power_number", "flow_number"):
        if not any(q.key.partition(".")[0] == name for q in quantities):
            missing.setdefault(name, f"this run has no number '{LABELS[name].lower()}'")
    return Refinement(
        quantities=tuple(quantities),
        runs=tuple(records),
        varied_on=int(middle.get("mesh_cells") or base["mesh_cells"]),
        left=tuple(left),
        missing=missing,
        seconds=float(sum(r.get("seconds", 0.0) for r in records)),
    )
