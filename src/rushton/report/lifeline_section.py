"""Chapter on what a cell sees: signals, regimes, residences, arcs, circulation."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.report import figures_lifelines, figures_scalar
from rushton.report.blocks import Note, Prose, Section, missing, picture, table
from rushton.report.lifeline_certainty import banded, cautions, certainty, fluctuations
from rushton.report.numbers import duration, given, number
from rushton.report.style import PATTERNS, REGIME_NAMES

_STAYS = ("mean", "median", "p95")


def lifelines(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Signals of some cells and the statistics of all of them."""
    part = summary.get("lifelines") or {}
    section = Section("lifelines", "What a cell sees")
    if result is None:
        section.blocks.append(missing(part, "Lifelines"))
        return section
    regimes = case.strain.regimes
    section.lead = (
        f"{number(int(part.get('cells') or 0))} cells were followed for {duration(part.get('duration_s'))} each, "
        "carried by the flow and spread by "
        "its turbulence. Their relative uptake s = q/q_max is smoothed over "
        f"{given(part.get('smoothing_s', regimes.smoothing), 3)} s before it is sorted into regimes."
    )
    section.blocks += cautions(part)
    section.blocks.append(
        picture(
            lambda: _signals(case, result),
            "Relative uptake of six cells over time. Amber: excess; blue: starvation; white: limitation between them.",
            "Uptake signals of six cells",
        )
    )
    shares = [("by time, smoothed", part, ""), ("by time, raw", part, "raw_"), ("by volume", part, "volume_")]
    bars = [
        (
            label,
            numbers[f"{prefix}share_excess"],
            numbers[f"{prefix}share_limitation"],
            numbers[f"{prefix}share_starvation"],
        )
        for label, numbers, prefix in shares
        if numbers.get(f"{prefix}share_excess") is not None
    ]
    if bars:
        section.blocks.append(
            picture(
                lambda: figures_scalar.share_bars(bars),
                "Shares of the three regimes: of the cells' time (smoothed with hysteresis, and as read), and of the "
                "tank's volume. "
                "In a steady flow the raw time shares must equal the volume shares.",
                "Shares of the regimes by time and by volume",
            )
        )
    section.blocks.append(Prose(how(part)))
    residence = part.get("residence_s") or {}
    if not any(entry.get("count") for entry in residence.values()):
        section.blocks.append(Note("No cell completed a stay between two changes of regime.", "missing"))
    section.blocks += [
        picture(
            lambda: figures_lifelines.residences(*_residence(result), residence),
            "How long a cell stays, by where it came from and where it goes. E excess, L limitation, S starvation; "
            "the first and last stay of "
            "every record are cut off and not counted. Solid line: mean; dotted: 95 %.",
            "Distributions of the six residence patterns",
        ),
        table(
            ("Pattern", "Meaning", "Mean, s (95 % band)", "Median, s", "95 % of the stays, s", "Stays"),
            [
                (
                    p,
                    _meaning(p),
                    *(banded(residence.get(p, {}).get(k), residence.get(p, {}).get(f"{k}_band")) for k in _STAYS),
                    residence.get(p, {}).get("count"),
                )
                for p in PATTERNS
            ],
            numbers=(2, 3, 4, 5),
        ),
        picture(
            lambda: figures_lifelines.arcs(*_arcs(result), regimes.starvation),
            "Visits to the substrate: how long s stays above the border of starvation, and how high it rises "
            "meanwhile.",
            "Map of arcs above the starvation border",
            "half",
        ),
        picture(
            lambda: figures_lifelines.circulation(
                *_circulation(result), part.get("circulation_time_s"), _published_circulation(summary)
            ),
            "Time between successive entries of a cell into any impeller zone, looked at ten times a turn of the "
            "stirrer or oftener; returns within 1 s are not counted.",
            "Distribution of circulation times",
            "half",
        ),
    ]
    section.blocks += fluctuations(result, part) + certainty(part)
    return section


def how(part: dict[str, Any]) -> str:
    """What every lifeline result must be read with: walk, Schmidt number, filter, well-mixedness, number of cells."""
    cut = part.get("stays_cut_off") or {}
    text = (
        f"Walk: {part.get('walk') or 'random walk'}, step {given(part.get('time_step_s'), 3)} s, turbulent Schmidt "
        "number "
        f"{given(part.get('schmidt_turbulent'), 3)}, seed {given(part.get('seed'))}; well-mixed test chi² "
        f"{number(part.get('well_mixed_chi2'))} "
        f"per degree of freedom (1 is perfect)."
    )
    if cut:
        text += (
            " Stays cut off at the ends of the records: "
            + ", ".join(f"{given(n)} in {REGIME_NAMES[r]}" for r, n in cut.items())
            + "."
        )
    return text


def _meaning(pattern: str) -> str:
    before, inside, after = (REGIME_NAMES[c] for c in pattern)
    return f"{inside}, coming from {before}, going to {after}"


def _signals(case: Any, result: Any) -> Any:
    time, s = signals_of(result, 6)
    regimes = case.strain.regimes
    return figures_lifelines.signals(time, s, regimes.starvation, regimes.excess)


def signals_of(result: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Time (n_t,) s and s (count, n_t) of cells spread evenly over the full records."""
    records = result.records()
    chosen = np.linspace(0, records.s.shape[0] - 1, min(count, records.s.shape[0])).astype(int)
    return np.asarray(records.time), np.asarray(records.s)[chosen]


def _residence(result: Any) -> tuple[np.ndarray, np.ndarray]:
    from rushton.lifelines.regimes import RESIDENCE_EDGES

    return RESIDENCE_EDGES, np.asarray(result.statistics.pattern_stays, float)


def _arcs(result: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from rushton.lifelines.regimes import ARC_EDGES, ARC_MAX_EDGES

    return ARC_EDGES, ARC_MAX_EDGES, np.asarray(result.statistics.arcs_above, float)


def _circulation(result: Any) -> tuple[np.ndarray, np.ndarray]:
    from rushton.lifelines.regimes import RESIDENCE_EDGES

    return RESIDENCE_EDGES, np.asarray(result.circulation_counts)


def _published_circulation(summary: dict[str, Any]) -> list[tuple[str, float]]:
    value = (summary.get("flow") or {}).get("circulation_time_s")
    return [("volume / pumped flow", float(value))] if value is not None else []


def tracks(result: Any, count: int = 4, circulations: float = 6.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places (n_t, 3) m and s (n_t,) of a few cells over the first circulations of their records."""
    seconds = circulations * (result.circulation_time_s or 7.5)
    records = result.records()
    time = np.asarray(records.time)
    shown = np.flatnonzero(time - time[0] <= seconds)
    chosen = np.linspace(0, records.s.shape[0] - 1, min(count, records.s.shape[0])).astype(int)
    return [
        (
            np.column_stack([records.x[c][shown], records.y[c][shown], records.z[c][shown]]),
            np.asarray(records.s[c][shown]),
        )
        for c in chosen
    ]
