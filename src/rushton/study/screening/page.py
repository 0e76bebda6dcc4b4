"""screening.html: which two rigs to build for a list of strains, on one page that needs no network."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from rushton import __version__
from rushton.report.blocks import Note, Prose, Section, Tile, picture, table
from rushton.report.numbers import duration, number, percent
from rushton.report.write import stylesheet, template
from rushton.study.screening import figures
from rushton.study.screening.criterion import FEW
from rushton.study.screening.words import conclusion, label, points, set_name

if TYPE_CHECKING:
    from rushton.study.screening.result import Screening


def page(found: Screening) -> str:
    """The page as one HTML text."""
    words = conclusion(found)
    best = found.best
    tone = "good" if found.separates and (len(found.strains) < FEW or best.gain > 1.0) else "warn"
    return str(
        template().render(
            title=f"Rigs that separate {len(found.strains)} strains of {found.panel.title or found.panel.case_name}",
            version=__version__,
            meta=f"{len(found.rigs)} rigs · runs of {duration(found.duration)} · assay {percent(found.assay, 2)}",
            tiles=[
                Tile("Best", set_name(found, best), "", "two runs and a steady reference per strain"),
                Tile("Predicts the tank", f"±{points(best.error)}", "points", f"±{points(best.unaided)} without rigs"),
                Tile("Gain", number(best.gain), "", "error without rigs over error with them"),
                Tile(
                    "Strains told apart", f"{best.apart}/{best.total}", "pairs", f"{best.ordered} in the tank's order"
                ),
                Tile("Strains", str(len(found.strains)), "", f"{len(found.failures)} could not be compared"),
            ],
            story=" ".join(words[1:] or words),
            verdict=words[0],
            verdict_tone=tone,
            hero=[],
            sections=[_plane(found), _sets(found), _strains(found), _rigs(found), _failed(found), _how(found)],
            css=stylesheet(),
            written=datetime.now().strftime("%d %B %Y, %H:%M"),
            footer="Every number on this page is also in screening.csv and pairs.csv beside it.",
        )
    )


def _plane(found: Screening) -> Section:
    section = Section("plane", "The strains in the two best rigs")
    section.lead = (
        "What a strain keeps of its productivity in each rig, over its own steady reference in the same vessel at the "
        "same mean feed. Two strains are told apart at 95 % from a distance of some 3.5 bars on."
    )
    section.blocks.append(
        picture(
            lambda: figures.plane(found),
            "Every strain by its two readings, coloured by its robustness in the tank; bars: one standard deviation of "
            "assay and reference. Dashed: lines of equal robustness in the tank, as the two readings predict it.",
            "Strains in the plane of two readings",
        )
    )
    return section


def _sets(found: Screening) -> Section:
    few = len(found.strains) < FEW
    section = Section("pairs", "Pairs of rigs")
    section.lead = (
        "Ranked by the gain: the error with which the tank's robustness is known without any rig, over the error of "
        "its prediction from the readings. Strains are left out in turn and the error of the assay is counted, so a "
        "rig that spreads strains by something else than the tank does gains nothing. Two runs of one rig cost as much "
        "as two rigs and stand on the diagonal."
    )
    if few:
        section.lead = (
            f"{len(found.strains)} strains are too few to leave out in turn: pairs are ranked by bits, how much the "
            "readings say about which strain it is. Two runs of one rig stand on the diagonal."
        )
    rows = []
    for n, one in enumerate([*found.sets, *found.once], 1):
        rows.append(
            (
                str(n) if one.kind != "once" else "–",
                set_name(found, one),
                number(one.gain),
                points(one.error),
                f"{one.apart} of {one.total}",
                str(one.ordered),
                number(one.bits),
                number(one.tau),
                "yes" if one.as_good and one.kind != "once" else "–" if one.kind == "once" else "no",
            )
        )
    marks = ["best" if n == 0 else "" for n in range(len(rows))]
    head = ("Rank", "Rigs", "Gain", "Error, points", "Pairs apart", "in the tank's order", "Bits", "Kendall's tau",
            "As good as the best")  # fmt: skip
    section.blocks += [
        picture(
            lambda: figures.heat(found),
            ("Bits" if few else "Gain") + " of every pair; on the diagonal, of one rig run twice. Framed: the best.",
            "Heat map of the pairs",
        ),
        table(
            head,
            rows,
            "All pairs, every rig run twice, and every rig run once. Pairs apart: of strains, at 95 %. Bits: how much "
            "the readings say about which strain it is. Kendall's tau: order of the predictions against that of the "
            "tank, 1 the same, -1 reversed",
            (0, 2, 3, 4, 5, 6, 7),
            marks,
            "compact",
        ),
        picture(
            lambda: figures.against_tank(found, found.best),
            "Robustness of every strain in the tank against the prediction from the best rigs, made without that "
            "strain. Bars: 95 % band of the tank, standard deviation by the assay.",
            "Prediction against tank",
            "half",
        ),
    ]
    return section


def _strains(found: Screening) -> Section:
    section = Section("strains", "Every strain in every rig")
    section.blocks.append(
        picture(
            lambda: figures.profile(found),
            "Every line is a strain: its robustness in the tank (left, with 95 % band) and its reading in every rig. "
            "Lines that keep their order and spread out are what a screening wants.",
            "Strains from rig to rig",
        )
    )
    order = np.argsort(-found.tank, kind="stable")
    low, high = found.tank_band
    head = ("Strain", "Tank, %", "95 % band", *(label(r.name) for r in found.rigs))
    body = [
        (
            found.strains[n].name,
            f"{100.0 * found.tank[n]:.1f}",
            f"{100.0 * low[n]:.1f}–{100.0 * high[n]:.1f}" if np.isfinite(low[n]) else "–",
            *(f"{100.0 * z:.1f}" for z in found.readings[n]),
        )
        for n in order
    ]
    section.blocks.append(
        table(head, body, "Robustness, % of the steady reference", range(1, len(head)), style="compact")
    )
    return section


def _rigs(found: Screening) -> Section:
    section = Section("rigs", "The rigs")
    section.lead = (
        "Each is built once, as its protocol says, for the strain of the case; all strains run in it with the same "
        "flows, volumes and feed programme. The distance tells how near to the tank that strain's experience is in it."
    )
    body = [
        (
            r.title,
            number(r.distance),
            "–" if r.biomass is None else number(r.biomass),
            r.reads if found.has_product.all() or r.reads == "growth" else "product or yield",
            f"{number(100.0 * found.readings[:, j].min())} to {number(100.0 * found.readings[:, j].max())}",
            number(float(found.uptake_off[j]), 2),
        )
        for j, r in enumerate(found.rigs)
    ]
    head = ("Rig", "Distance", "Biomass, g/L", "Read", "Readings, %", "Largest difference of uptake from the tank's, %")
    section.blocks.append(table(head, body, numbers=(1, 2, 4, 5), style="compact"))
    for rig in found.rigs:
        section.blocks += [Note(f"{label(rig.name)}: {note}", "warn") for note in rig.notes]
    section.blocks += [Note(f"{label(one.name)} is left out: {one.reason}", "missing") for one in found.left_out]
    return section


def _failed(found: Screening) -> Section:
    section = Section("failed", "Strains that could not be compared")
    if found.failures:
        body = [(f.row, f.name, f.reason) for f in found.failures]
        section.blocks.append(table(("Row", "Strain", "Why, and what to change"), body))
    else:
        section.blocks.append(Prose("None."))
    return section


def _how(found: Screening) -> Section:
    runs = "once" if found.repeats == 1 else f"{found.repeats} times"
    return Section(
        "checks",
        "How it was computed",
        blocks=[
            Prose(
                f"Tank: {found.panel.histories} cells of {duration(found.panel.duration)} along the lifelines, "
                f"{found.panel.laws} uptake laws with a substrate field each, as in a panel. Rigs: the same cell "
                "models for as long, uptake imposed, from the steady reference. A strain of another uptake law meets "
                "other concentrations in the same rig; they were solved again for it. A strain of another biomass in "
                "the tank has it in the rig in proportion, so that every strain has the feed per biomass of the tank."
            ),
            Prose(
                f"Error of a reading: every strain is run {runs} in each rig and in the steady reference, each with "
                f"a standard deviation of {percent(found.assay, 2)} (--assay, --repeats); both readings are divided by "
                "the same reference. Not in it: what flow, uptake law and cell model get wrong, which all rigs share."
            ),
            Prose(
                f"The screening took {number(found.seconds)} s, {number(found.rig_seconds)} s of it in the rigs."
            ),
        ],
    )  # fmt: skip
