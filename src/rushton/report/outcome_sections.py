"""Chapters on what the cells make of it and what to do in the laboratory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rushton.report import figures_response
from rushton.report.blocks import Note, Rich, Section, missing, picture, table
from rushton.report.headline import rig_name
from rushton.report.markdown import to_html
from rushton.report.numbers import number, percent


def response(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Pools, rates and productivity against the ideally mixed vessel."""
    part = summary.get("response") or {}
    section = Section("response", "What the cells make of it")
    if result is None:
        section.blocks.append(missing(part, "Response of the cells"))
        return section
    section.blocks.append(
        table(
            ("Quantity", "Value"),
            [
                ("Productivity over the ideally mixed vessel", percent(part.get("relative_productivity"))),
                ("the same over the last hours", percent(part.get("relative_productivity_final"))),
                ("Yield over the ideally mixed vessel", percent(part.get("relative_yield"))),
                ("Uptake of the histories against the feed, relative", number(part.get("uptake_mismatch"))),
            ],
            numbers=(1,),
        )
    )
    return section


def scaledown(case: Any, result: Any, lifelines: Any, folder: Path, summary: dict[str, Any]) -> Section:
    """Designs, their distance to the tank, protocols."""
    part = summary.get("scaledown") or {}
    section = Section("scaledown", "What to do in the laboratory")
    if result is None:
        section.blocks.append(missing(part, "Scale-down"))
        return section
    best, designs = part.get("best") or {}, part.get("designs") or []
    rows = [
        (rig_name(d["rig"]) + (" (standard)" if d.get("reference") else ""), float(d["distance"]), _is_best(d, best), bool(d.get("reference")))
        for d in designs
        if d.get("distance") is not None
    ]
    if rows:
        section.blocks.append(
            picture(
                lambda: figures_response.rig_distances(sorted(rows, key=lambda r: r[1]), part.get("floor")),
                "Distance between the statistics of the rig and of the tank; dark blue is the best design, sand the standard rig.",
                "Distance of every rig to the tank",
            )
        )
    protocols = sorted((folder / "scaledown").glob("protocol-*.md")) if (folder / "scaledown").is_dir() else []
    for path in protocols:
        rig = path.stem.removeprefix("protocol-")
        section.blocks.append(
            Rich(to_html(path.read_text(encoding="utf-8")), f"Protocol: {rig_name(rig)}", open=rig == best.get("rig") or len(protocols) == 1)
        )
    if not protocols:
        section.blocks.append(Note("No protocol lies in the results folder (scaledown/protocol-*.md).", "missing"))
    return section


def _is_best(design: dict[str, Any], best: dict[str, Any]) -> bool:
    return bool(design.get("rig") == best.get("rig") and np.isclose(design["distance"], best.get("distance", np.nan)))
