"""The rigs ranked: nearness, verdict, effort and what limits each; robustness; loops of the usual kind."""

from __future__ import annotations

from typing import Any

from rushton.report import figures_scaledown
from rushton.report.blocks import Block, Prose, picture, table
from rushton.report.headline import rig_name
from rushton.report.numbers import number, percent
from rushton.scaledown.classic import USUAL
from rushton.scaledown.effort import total, weights
from rushton.scaledown.robustness import NAMES, WORDS
from rushton.scaledown.sheet import REGIME_WORDS, stays_of

CHAMBER = "microfluidic"


def rig_label(design: Any) -> str:
    """Name of a design in the report."""
    return rig_name(design.rig) + (" (standard)" if design.reference else "")


def ranking(result: Any) -> Block:
    """Table of all designs, best first: distance with band, verdict, mismatch, effort, and the limit of each."""
    rows = []
    for d in result.designs:
        low_high = "" if d.distance_band is None else f" ({number(d.distance_band[0])} to {number(d.distance_band[1])})"
        effort = number(total(d.effort), 2) if d.effort else "–"
        near = number(d.distance) + low_high
        rows.append((rig_label(d), near, d.verdict.word, _points(d.mismatch), effort, _limit(d)))
    return table(
        ("Rig", "Distance (95 % band)", "Verdict", "Mismatch", "Effort", "What limits it"),
        rows,
        "The rigs, nearest first. Mismatch: the largest difference between rig and tank in productivity and yield by "
        "the cell model, in percentage points. Effort: in stirred vessels with their control",
        marks=["best" if d is result.best else "" for d in result.designs],
        style="compact",
    )


def _limit(design: Any) -> str:
    """What limits it; first of all what the bench cannot set."""
    return "; ".join([*(f"does not fit the bench: {text}" for text in design.misfits), design.limit or "–"])


def _points(share: float | None) -> str:
    return "–" if share is None else number(100.0 * share, 2)


def verdicts(result: Any) -> list[Block]:
    """Whether the best design is at most half as far as the standard rig, and what the others would show."""
    best, standard = result.best, result.reference
    if best is None or standard is None:
        return []
    share = best.distance / standard.distance
    broth = next((d for d in result.designs if not d.reference and d.rig != CHAMBER), None)
    of_broth = ""
    if best.rig == CHAMBER and broth is not None:
        of_broth = (
            f" Of the rigs that hold broth to sample, {rig_label(broth)} is nearest, at {number(broth.distance)} "
            f"({percent(broth.distance / standard.distance)})."
        )
    reached = "at most half of it" if share <= 0.5 else "more than half of it: the aim of a half is missed"
    return [
        Prose(
            f"The best design, {rig_label(best)}, is at {number(best.distance)} from the tank; a standard STR-PFR (60 "
            f"s loop, 20 % of the volume) at {number(standard.distance)}: {percent(share)}, {reached}. "
            f"{best.verdict.text[:1].upper()}{best.verdict.text[1:]}{of_broth}"
        )
    ]


def cost(result: Any) -> list[Block]:
    """How many candidates were tried, and what that took on this machine."""
    searched = [d for d in result.designs if d.evaluations]
    if not searched:
        return []
    return [
        Prose(
            f"The searches tried {sum(d.evaluations for d in searched):,} candidates with uptake without memory, "
            f"{number(min(d.milliseconds for d in searched), 2)} to "
            f"{number(max(d.milliseconds for d in searched), 2)} ms each, and ran the cell model in the best of every "
            f"rig: {result.seconds:.0f} s in all."
        )
    ]


def trade_off(result: Any) -> list[Block]:
    """Nearness against effort, and how effort is counted."""
    counted = [d for d in result.designs if d.effort]
    if not counted:
        return []
    rows = [(rig_label(d), total(d.effort), d.distance, d.distance_band, d.reference) for d in counted]
    half = 0.5 * result.reference.distance if result.reference is not None else None
    used = {name: weight for name, weight in weights().items() if any(name in d.effort for d in counted)}
    parts = [
        (
            name.replace("_", " "),
            f"{weight.weight:g} {weight.unit}",
            *(number(d.effort[name], 2) if name in d.effort else "–" for d in counted),
        )
        for name, weight in used.items()
    ]
    parts.append(("effort E", "", *(number(total(d.effort), 2) for d in counted)))
    return [
        picture(
            lambda: figures_scaledown.trade_off(rows, result.floor, half),
            "Nearness against effort. The dashed line joins the rigs that no other one beats in both; sand: the "
            "standard STR-PFR. Effort E = Σ weight x number of parts, weights and numbers in the table below.",
            "Distance of every rig against its effort",
        ),
        table(
            ("Part", "Weight", *(rig_label(d) for d in counted)),
            parts,
            "What the effort counts: parts of each rig, as scaledown/effort.toml describes them. The weights are a "
            "judgement in units of one stirred vessel, the same for every tank; the reference run is not counted",
            numbers=range(2, 2 + len(counted)),
            marks=[""] * len(used) + ["best"],
            style="compact",
        ),
    ]


def robustness(result: Any) -> list[Block]:
    """The distance when something is not as assumed."""
    designs = [d for d in result.designs if d.robustness]
    if not designs:
        return []
    names = [name for name in NAMES if any(name in d.robustness for d in designs)]
    return [
        table(
            ("Rig", "As assumed", *(WORDS[name] for name in names)),
            [(rig_label(d), d.distance, *(d.robustness.get(name) for name in names)) for d in designs],
            "Distance of the rig as built, when pump, strain or biomass are not as assumed",
            numbers=range(1, 2 + len(names)),
            style="compact",
        )
    ]


_LIKENESS = {
    "peak_of_excess": "highest s of a stay in excess, median",
    "low_of_starvation": "lowest s of a stay in starvation, median",
    "variance_below_3_s": "variance of s at periods below 3 s",
    "variance_3_to_30_s": "variance of s from 3 to 30 s",
    "variance_above_30_s": "variance of s above 30 s",
}


def alike(result: Any) -> list[Block]:
    """Excursions, residence patterns, spectrum and pools, tank beside rigs."""
    designs = [d for d in result.designs if d.likeness]
    names = list(dict.fromkeys(name for d in designs for name in d.likeness))
    if not names:
        return []

    def words(name: str) -> str:
        if name.startswith("stay_"):
            return f"mean stay {name[5:8]}, s"
        return f"pool {name[5:]} at the end" if name.startswith("pool_") else _LIKENESS[name]

    rows = [
        (
            words(name),
            next(d.likeness[name][0] for d in designs if name in d.likeness),
            *(d.likeness.get(name, (None, None))[1] for d in designs),
        )
        for name in names
    ]
    return [
        table(
            ("What cells meet and hold", "Tank", *(rig_label(d) for d in designs)),
            rows,
            "Beside the distance, not inside it. Stays by where a cell comes from and goes to (E excess, L limitation, "
            "S starvation); pools in the units of the cell model, mean over the final window",
            numbers=range(1, 2 + len(designs)),
            style="compact",
        )
    ]


def classic(result: Any) -> list[Block]:
    """What loops of 30 to 120 s show of this tank."""
    if not result.classic:
        return []
    stays = {word: stays_of(result.tank, r).mean for r, word in enumerate(REGIME_WORDS)}
    usual = [row["distance"] for row in result.classic if row["stay_s"] in USUAL]
    lasts = stays["excess"] or stays["starvation"]
    word = "excess" if stays["excess"] else "starvation"
    best = result.best.distance if result.best is not None else None
    text = (
        f"Loops in the literature run {USUAL[0]:.0f} to {USUAL[-1]:.0f} s. "
        + (f"In this tank a stay in {word} lasts {number(lasts, 2)} s on average: " if lasts else "")
        + f"such loops, at a distance of {number(min(usual))} to {number(max(usual))}, test something else"
        + (f"; the best design is at {number(best)}." if best is not None else ".")
    )
    nearest = min(result.classic, key=lambda row: row["distance"])
    text += (
        f" The nearest of these loops holds its broth for {nearest['stay_s']:.0f} s and needs "
        f"{number(6e4 * nearest['flow_m3_s'])} L/min"
        + (", which the loop pump gives." if nearest["within"] else ", more than the loop pump gives.")
    )
    if nearest["stay_s"] > min(row["stay_s"] for row in result.classic):
        text += " Shorter ones are farther again: the more flow, the more the feed is diluted at the inlet."
    return [
        Prose(text),
        picture(
            lambda: figures_scaledown.classic(result.classic, stays, best),
            "The standard STR-PFR (20 % of the volume in the loop, feed at its inlet) with another time in its loop.",
            "Distance of a loop against the time in it",
            width="half",
        ),
    ]
