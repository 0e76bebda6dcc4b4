"""How sure the statistics of lifelines are: cautions, verdicts, bands; and how the signals fluctuate."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.report import figures_fluctuations as figures
from rushton.report.blocks import Block, Note, Prose, picture, table
from rushton.report.numbers import given, number

MARKS = {True: "pass", False: "warn", None: ""}
ANSWERS = {True: "yes", False: "no", None: "cannot be told"}


def cautions(part: dict[str, Any]) -> list[Block]:
    """What must be known before the numbers are trusted."""
    return [Note(f"{text[:1].upper()}{text[1:]}.", "warn") for text in part.get("cautions") or ()]


def banded(value: Any, band: Any) -> str:
    """A number with its 95 % band behind it."""
    if value is None:
        return "–"
    return number(value) if not band else f"{number(value)} ({number(band[0])} to {number(band[1])})"


def certainty(part: dict[str, Any]) -> list[Block]:
    """Table of the headline numbers, their bands and verdicts; convergence.csv has all."""
    verdicts = [v for v in part.get("convergence") or [] if v["headline"]]
    if not verdicts:
        return []
    rows, marks = [], []
    for v in verdicts:
        scale, unit = (100.0, "%") if v["unit"] == "-" else (1.0, v["unit"])

        def show(key: str, v: dict[str, Any] = v, scale: float = scale) -> str:
            return "–" if v[key] is None else number(scale * v[key])

        step = None if v["half_step"] is None else v["value"] + v["half_step"]
        band = "–" if v["low"] is None else f"{show('low')} to {show('high')}"
        rows.append((
            f"{v['label'][:1].upper()}{v['label'][1:]}, {unit}", show("value"), band, show("half_cells"),
            show("half_length"), "–" if step is None else number(scale * step), _answer(v),
        ))  # fmt: skip
        marks.append(MARKS[v["converged"]])
    text = (
        "Each number with its 95 % band (bootstrap over groups of cells: how far another population of as many cells "
        "would be), and what it would be from half of the cells, from half of the run, and from cells followed again "
        "at half of the time step. A number counts as converged when none of the three changes it by more than 5 % and "
        "at most 5 % of the time in a regime lies in stays cut off at the ends of the records. convergence.csv "
        "says the same of every other number."
    )
    return [
        Prose(text),
        table(
            ("Number", "Value", "95 % band", "Half the cells", "Half the run", "Half the step", "Converged"),
            rows, numbers=(1, 2, 3, 4, 5), marks=marks,
        ),
    ]  # fmt: skip


def _answer(v: dict[str, Any]) -> str:
    if v["converged"] is not False:
        return ANSWERS[v["converged"]]
    fails = [name for name in ("cells", "length", "step") if v[f"{name}_pass"] is False]
    return f"no: {', '.join(fails)}"


def fluctuations(result: Any, part: dict[str, Any]) -> list[Block]:
    """Excursions, spectrum, autocorrelation, crossings."""
    from rushton.lifelines.regimes import DEPTH_EDGES, EXCURSION_EDGES, RESIDENCE_EDGES, SIGNAL_EDGES

    blocks: list[Block] = []
    counts = np.asarray(result.statistics.excursions)
    if counts.any():
        blocks += [
            picture(
                lambda: figures.excursions(EXCURSION_EDGES, DEPTH_EDGES, counts),
                "Excursions into excess and into starvation: how long they last against how far they go. The scale is "
                "that of concentration: under Monod uptake s/(1 – s) = C/Ks.",
                "Maps of excursions by length and depth",
            ),
            Prose(_excursions_in_words(part)),
        ]
    analysis = result.analysis
    if analysis is None:
        return blocks
    blocks.append(Prose(_circulation_in_words(part)))
    one_over_e, integral = part.get("autocorrelation_time_s"), part.get("integral_time_s")
    if analysis.frequency.size:
        centres = 0.5 * (SIGNAL_EDGES[1:] + SIGNAL_EDGES[:-1])
        share = result.statistics.signal_counts / max(1, result.statistics.signal_counts.sum())
        variance = float(share @ centres**2 - (share @ centres) ** 2)
        blocks += [
            picture(
                lambda: figures.spectrum(analysis.frequency, analysis.spectrum, integral, variance),
                f"Power spectral density of s along the full records of {number(analysis.record_cells)} cells, beside "
                "that of a signal that forgets exponentially.",
                "Power spectrum of the uptake signal",
                "half",
            ),
            picture(
                lambda: figures.autocorrelation(analysis.lag, analysis.autocorrelation, one_over_e, integral),
                "How long a cell's uptake remembers itself: autocorrelation about the mean of all cells.",
                "Autocorrelation of the uptake signal",
                "half",
            ),
        ]
    if analysis.crossing_counts.any():
        blocks.append(
            picture(
                lambda: figures.crossings(
                    RESIDENCE_EDGES, np.asarray(analysis.crossing_counts), part.get("plane_crossing_time_s")
                ),
                "Time between two crossings of the plane halfway between neighbouring impellers, which must be passed "
                "by a tenth of their distance. The mean is all time over all crossings: the ends of the records do "
                "not shorten it.",
                "Distribution of crossing times between impellers",
                "half",
            )
        )
    return blocks


def _excursions_in_words(part: dict[str, Any]) -> str:
    found, visits, stay = part.get("excursions") or {}, part.get("visits_1_min") or {}, part.get("stay_s") or {}
    rich, poor = found.get("excess") or {}, found.get("starvation") or {}

    def both(numbers: dict[str, Any]) -> list[str]:
        return [banded(numbers.get(name), numbers.get(f"{name}_band")) for name in ("excess", "starvation")]

    often, long = both(visits), both(stay)
    return (
        f"A cell enters excess {often[0]} times a minute and starvation {often[1]} times. Mean stay by rate (time over "
        f"entries, which the ends of the records leave alone): {long[0]} s in excess, {long[1]} s in starvation. Half "
        f"of the stays in excess rise above s = {number(rich.get('peak_median'))}, half of those in starvation fall "
        f"below {number(poor.get('low_median'))}."
    )


def _circulation_in_words(part: dict[str, Any]) -> str:
    times = part.get("circulation_s") or {}
    if times.get("p50") is None:
        return "No cell returned to an impeller zone."
    percents = ", ".join(given(times[f"p{q:02d}"], 3) for q in (5, 25, 50, 75))
    text = (
        f"Circulation, time between entries into an impeller zone: mean {banded(times['mean'], times['mean_band'])} s; "
        f"5, 25, 50, 75 and 95 % of the returns within {percents} and {given(times['p95'], 3)} s; all time over all "
        f"entries {banded(times['by_rate'], times['by_rate_band'])} s."
    )
    if times.get("tail") is not None:
        tail = banded(times["tail"], times["tail_band"])
        text += (
            f" Beyond {given(times['tail_start'], 3)} s the times fall off with a time constant of {tail} s; an "
            f"exponential is off by {number(100.0 * times['tail_misfit'], 2)} % of the returns at most."
        )
    return text
