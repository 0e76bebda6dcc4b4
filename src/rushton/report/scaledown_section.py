"""Chapter on what to do in the laboratory: designs, how near each comes to the tank, protocols."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.report import figures_response
from rushton.report.blocks import Prose, Rich, Section, missing, picture, table
from rushton.report.markdown import to_html
from rushton.report.numbers import given, number, percent
from rushton.report.scaledown_oxygen import oxygen_blocks
from rushton.report.scaledown_ranking import alike, classic, cost, ranking, rig_label, robustness, trade_off, verdicts
from rushton.report.style import REGIME_NAMES

PART_NAMES = {
    "signal": "uptake signal",
    "excess_stays": "stays in excess",
    "limitation_stays": "stays in limitation",
    "starvation_stays": "stays in starvation",
    "transitions": "order of regimes",
}


def scaledown(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Designs, their distance to the tank, target against achieved, protocols."""
    part = summary.get("scaledown") or {}
    section = Section("scaledown", "What to do in the laboratory")
    if result is None or not result.designs:
        section.blocks.append(missing(part, "Scale-down"))
        section.blocks += oxygen_blocks(case, getattr(result, "oxygen", None))
        return section
    volume = case.scaledown.working_volume if case.scaledown is not None else None
    section.lead = (
        f"Rigs of {given(1e3 * volume, 3)} L in which cells meet what they meet in the tank. " if volume else ""
    ) + (
        "The distance compares what a cell experiences in both: the uptake signal, the stays in each regime and "
        "their order; 0 means the same "
        "statistics."
    )
    best = result.best
    bars = [(rig_label(d), d.distance, d is best, d.reference) for d in result.designs]
    section.blocks += [
        picture(
            lambda: figures_response.rig_distances(sorted(bars, key=lambda row: row[1]), result.floor),
            "Distance between rig and tank. Dark blue: the best design; sand: the standard STR-PFR, not optimised. "
            "The floor is the distance between "
            "two halves of the tank's own lifelines: nothing can be told apart below it.",
            "Distance of every rig to the tank",
        ),
        ranking(result),
        *verdicts(result),
        *cost(result),
        *trade_off(result),
        *classic(result),
        parts_table(result),
        *robustness(result),
        *alike(result),
        picture(
            lambda: figures_response.target_and_achieved(panels(result)),
            "Target against achieved: share of time below an uptake, and share of stays shorter than a time. Black: "
            "the tank.",
            "Cumulative distributions of tank and rigs",
        ),
        picture(
            lambda: figures_response.signal_comparison(
                excerpts(result), case.strain.regimes.starvation, case.strain.regimes.excess
            ),
            "What one cell lives through, in the tank and in each rig. Amber: excess; blue: starvation.",
            "Uptake signals of one cell in the tank and in each rig",
        ),
        _response(result),
    ]
    section.blocks.append(
        Prose(
            "The protocols follow; they are also in the folder scaledown/ of the results, each with its feed table; "
            "protocol-<rig>.html is ready to print."
        )
    )
    for design in sorted(result.designs, key=lambda d: (d is not best, d.reference, d.distance)):
        section.blocks.append(Rich(to_html(design.protocol), f"Protocol: {rig_label(design)}", open=design is best))
    section.blocks += oxygen_blocks(case, result.oxygen)
    return section


def parts_table(result: Any, oxygen: bool = False) -> Any:
    """Distance of every rig and its parts; of uptake, or of oxygen, whose rigs are off in demand over transfer."""
    names = [name.capitalize() for name in (PART_NAMES | ({"signal": "oxygen signal"} if oxygen else {})).values()]
    off = (
        "oxygen demand over transfer that is too low or too high"
        if oxygen
        else "a feed pump that runs too slow or too fast"
    )

    def row(name: str, total: float, parts: dict[str, float], drift: Any, missing: str) -> tuple[Any, ...]:
        swing = "–" if drift is None else f"{number(drift[0])}, {number(drift[1])}"
        return (name, total, *(parts.get(p) for p in PART_NAMES), swing, missing)

    rows = []
    for d in result.designs:
        lacking = ", ".join(REGIME_NAMES.get(r, r) for r in d.missing) or "–"
        rows.append(row(rig_label(d), d.distance, d.parts, d.drift, lacking))
    if result.floor is not None:
        rows.append(row("tank against itself", result.floor, result.floor_parts, None, "–"))
    marks = ["best" if d is result.best else "" for d in result.designs] + [""] * (len(rows) - len(result.designs))
    return table(
        ("Rig", "Distance", *names, "Off, low, high" if oxygen else "Pump low, high", "Regimes not met"),
        rows,
        f"Distance and its five parts, of equal weight; the distance with {off}",
        numbers=range(1, 8),
        marks=marks,
        style="compact",
    )


def _response(result: Any) -> Any:
    def row(name: str, values: dict[str, Any]) -> tuple[str, ...]:
        keys = ("relative_productivity", "relative_productivity_final", "relative_yield")
        return (name, *(_with_band(values, key) for key in keys))

    rows = [row("the tank", result.tank_response), *(row(rig_label(d), d.inside) for d in result.designs)]
    return table(
        ("", "Productivity", "Productivity at the end", "Yield"), rows,
        "The same cell model in tank and rig, over the ideally mixed vessel (beside the distance, not part of it)",
        numbers=(1, 2, 3),
    )  # fmt: skip


def _with_band(values: dict[str, Any], key: str) -> str:
    band = values.get(f"{key}_band")
    return percent(values.get(key)) + ("" if band is None else f" ({number(100 * band[0])} to {number(100 * band[1])})")


def panels(
    result: Any, title: str = "Uptake", label: str = "s = q / q$_{max}$, –"
) -> list[tuple[str, str, list[tuple[str, np.ndarray, np.ndarray]], bool]]:
    """Distributions of tank and rigs, for ``figures_response.target_and_achieved``."""
    from rushton.lifelines.regimes import RESIDENCE_EDGES, SIGNAL_EDGES

    everyone = [("the tank", result.tank)] + [(rig_label(d), d.statistics) for d in result.designs]
    signal = [(name, SIGNAL_EDGES, _below(s.signal_counts)) for name, s in everyone]
    out = [(title, label, signal, False)]
    for row, regime in enumerate(("excess", "limitation", "starvation")):
        curves = [
            (name, RESIDENCE_EDGES, _below(s.regime_stays[row]))
            for name, s in everyone
            if s.regime_stays[row].sum() > 0
        ]
        if curves:
            out.append((f"Stays in {regime}", "stay, s", curves, True))
    return out


def _below(counts: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(counts, dtype=float)])
    return total / max(total[-1], 1.0)


def excerpts(result: Any, window: float = 300.0) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Signals of one cell, for ``figures_response.signal_comparison``."""
    rows = []
    if result.tank_excerpt.size:
        rows.append(("the tank", result.tank_excerpt_step, result.tank_excerpt))
    rows += [(rig_label(d), d.excerpt_step, d.excerpt) for d in result.designs if d.excerpt.size]
    out = []
    for name, step, s in rows:
        time = step * np.arange(s.size)
        out.append((name, time[time <= window], np.asarray(s)[time <= window]))
    return out
