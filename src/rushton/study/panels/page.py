"""panel.html: the strains in their ranks, what they lose to gradients, and where they change places."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton import __version__
from rushton.report.blocks import Block, Note, Prose, Section, Tile, picture, table
from rushton.report.numbers import number, percent
from rushton.report.write import stylesheet, template
from rushton.study.panels import figures
from rushton.study.panels.result import WORDS

if TYPE_CHECKING:
    from rushton.study.panels.result import Panel

UNITS = {"productivity": "mol/(m³ h)", "yield": "kg/mol", "growth": "1/h", "loss": "%"}


def page(panel: Panel, rows: list[dict[str, Any]]) -> str:
    """The page as one HTML text."""
    best = rows[0]
    sections = [
        _ranking(panel, rows),
        _mixing(panel, rows),
        _regimes(rows),
        _failed(panel),
        _how(panel),
    ]
    return str(
        template().render(
            title=f"{len(rows)} strains in {panel.title or panel.case_name}",
            version=__version__,
            meta=f"{panel.laws} uptake laws · {panel.histories} cells of {_duration(panel.duration)} each · "
            f"{panel.lifelines} lifelines of {panel.case_name}",
            tiles=[
                Tile("Best strain", best["name"], "", WORDS[panel.rank_by]),
                Tile("Probability of rank 1", percent(best["probability_best"]), "", "histories drawn again"),
                Tile("Loss of the best", percent(best["loss"]), "", _band(best, "loss")),
                Tile("Largest loss", percent(max(r["loss"] or 0.0 for r in rows)), "", _worst(rows)),
                Tile("Strains run", str(len(rows)), "", f"{len(panel.failures)} failed"),
            ],
            story=_story(panel, rows),
            verdict=_verdict(panel),
            verdict_tone="warn" if panel.failures or panel.too_short.any() else "good",
            hero=[],
            sections=sections,
            css=stylesheet(),
            written=datetime.now().strftime("%d %B %Y, %H:%M"),
            footer="Every number on this page is also in panel.csv beside it.",
        )
    )


def _ranking(panel: Panel, rows: list[dict[str, Any]]) -> Section:
    section = Section("ranking", "Ranking")
    section.lead = (
        f"Ranked by {WORDS[panel.rank_by]}. All strains live on the same cells, so a difference between two strains is "
        "surer than either value by itself: ranks and their bands come from drawing the same histories again for all."
    )
    key = ranked_number(panel.rank_by)
    head = ("Rank", "Strain", "90 % of ranks", "P(best)", "Well mixed", f"{key[1]}, {UNITS[panel.rank_by]}", "Loss",
            "95 % band", "Yield, of ideal", "µ, 1/h")  # fmt: skip
    body = [
        (
            str(r["rank"]),
            r["name"],
            f"{r['rank_low']:.0f}–{r['rank_high']:.0f}",
            percent(r["probability_best"], 2),
            str(r["rank_ideal"]) if panel.rank_by != "loss" else "–",
            number(None if r[key[0]] is None else r[key[0]] * key[2]),
            percent(r["loss"]),
            _band(r, "loss"),
            number(r["relative_yield"]),
            number(r["mu_1_h"]),
        )
        for r in rows
    ]
    marks = ["best" if r["rank"] == 1 else "" if r["long_enough"] else "warn" for r in rows]
    section.blocks += [
        picture(
            lambda: figures.ranking(panel),
            "Every strain in the tank (dot, 95 % band) and in the ideally mixed vessel at the same mean uptake (ring), "
            "over the best in the tank. The grey line between them is what gradients take or give.",
            "Ranking of the strains",
        ),
        picture(
            lambda: figures.rank_probability(panel),
            "How often each of the first strains takes each rank when histories are drawn again.",
            "Probability of ranks",
            "half",
        ),
        table(head, body, "All strains", numbers=(0, 2, 3, 4, 5, 6, 7, 8, 9), marks=marks, style="compact"),
    ]
    return section


def _mixing(panel: Panel, rows: list[dict[str, Any]]) -> Section:
    moved = [r for r in rows if abs(r["rank"] - r["rank_ideal"]) > 0]
    section = Section("robustness", "What gradients do to the strains")
    section.lead = (
        "Loss: what a strain forms less in the tank than in an ideally mixed vessel with the same mean uptake (of "
        "biomass per substrate where it forms no product)."
    )
    if panel.rank_by != "loss":
        section.lead += f" {len(moved)} of {len(rows)} strains have another rank than in a well-mixed vessel."
    section.blocks.append(
        picture(
            lambda: figures.ideal_against_tank(panel),
            "Ideally mixed vessel against tank; on the line a strain loses nothing.",
            "Ideally mixed vessel against tank",
            "half",
        )
    )
    section.blocks.append(
        picture(
            lambda: figures.loss_against_starvation(panel),
            "Loss against the time that cells of the strain starve.",
            "Loss against starvation",
            "half",
        )
    )
    return section


def _regimes(rows: list[dict[str, Any]]) -> Section:
    section = Section("regimes", "What the strains meet")
    section.lead = (
        "Each uptake law has its own substrate field on the same flow. Shares of time along the lifelines, and mean "
        "stays, by the stored samples and not smoothed: some per cent off those of the run, alike for all strains."
    )
    seen: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for r in rows:
        law = ("uptake_max_umol_g_h", "half_saturation_mmol_m3", "biomass_kg_m3", "share_excess", "share_starvation")
        seen.setdefault(tuple(r[key] for key in law), []).append(r)
    body = [
        (
            group[0]["name"] + (f" and {len(group) - 1} more" if len(group) > 1 else ""),
            number(group[0]["uptake_max_umol_g_h"]),
            number(group[0]["half_saturation_mmol_m3"]),
            number(group[0]["biomass_kg_m3"]),
            *(percent(group[0][f"share_{name}"]) for name in ("excess", "limitation", "starvation")),
            *(number(group[0][f"residence_{name}_s"]) for name in ("excess", "limitation", "starvation")),
        )
        for group in seen.values()
    ]
    head = ("Strain", "q max, µmol/(g h)", "K, µmol/L", "X, g/L", "Excess", "Limitation", "Starvation",
            "Stay E, s", "Stay L, s", "Stay S, s")  # fmt: skip
    section.blocks.append(table(head, body, numbers=range(1, 10), style="compact"))
    return section


def _failed(panel: Panel) -> Section:
    section = Section("failed", "Strains that could not be run")
    if panel.failures:
        body = [(f.row, f.name, f.reason) for f in panel.failures]
        section.blocks.append(table(("Row", "Strain", "Why, and what to change"), body))
    else:
        section.blocks.append(Prose("None."))
    return section


def _how(panel: Panel) -> Section:
    stitched = panel.duration > panel.lifeline
    joined = f"lifelines of {_duration(panel.lifeline)} joined end to end" if stitched else "one lifeline each"
    blocks: list[Block] = [
        Prose(
            f"Flow and tracks are those of the run. {panel.laws} substrate fields were solved on the kept transport "
            f"operator (largest error of the mass balance {number(max(f.mass_balance_error for f in panel.fields))}). "
            f"{panel.histories} cells were followed for {_duration(panel.duration)} ({joined}), from the steady state "
            "of the ideally mixed vessel at the mean uptake. The uptake is imposed: the population eats what is fed."
        ),
        Prose(
            f"Steps per sample were halved until mean rates changed by less than 0.1 %; the largest change left is "
            f"{percent(max(o.step_error for o in panel.outcomes), 2)}. This call took {number(panel.seconds)} s."
        ),
    ]
    if panel.too_short.any():
        names = [panel.strains[n].name for n in np.flatnonzero(panel.too_short)]
        longest = max(o.memory_h for o in panel.outcomes)
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        blocks.insert(
            0,
            Note(
                f"The histories of {_duration(panel.duration)} are shorter than three times the slowest memory of "
                f"{len(names)} strains ({shown}; up to {number(longest)} h): their loss has not come to rest and still "
                "grows. Set panel.duration longer to know where it ends.",
                "warn",
            ),
        )
    return Section("checks", "How it was computed", blocks=blocks)


def _story(panel: Panel, rows: list[dict[str, Any]]) -> str:
    best, key = rows[0], ranked_number(panel.rank_by)
    text = f"{best['name']} comes first by {WORDS[panel.rank_by]}"
    if len(rows) > 1 and best[key[0]] and rows[1][key[0]] and panel.rank_by != "loss":
        ahead = best[key[0]] / rows[1][key[0]] - 1.0
        text += f", {percent(ahead, 2)} ahead of {rows[1]['name']}"
    well = min(rows, key=lambda r: r["rank_ideal"])
    if well is not best and panel.rank_by != "loss":
        text += f". Well mixed, {well['name']} would have come first; in the tank it takes rank {well['rank']}"
    return text + "."


def _verdict(panel: Panel) -> str:
    parts = []
    if panel.failures:
        parts.append(f"{len(panel.failures)} strains could not be run")
    if panel.too_short.any():
        parts.append(f"{int(panel.too_short.sum())} strains have a memory longer than a third of the histories")
    return "; ".join(parts) or "All strains were run over at least three of their slowest memories"


def ranked_number(rank_by: str) -> tuple[str, str, float]:
    """Key of the ranked number in a row, its name, and the factor in which it is shown."""
    return {
        "productivity": ("productivity_mol_m3_h", "Product", 1.0),
        "yield": ("yield_kg_mol", "Yield", 1.0),
        "growth": ("mu_1_h", "Growth", 1.0),
        "loss": ("loss", "Loss", 100.0),
    }[rank_by]


def _band(row: dict[str, Any], key: str) -> str:
    low, high = row[f"{key}_low"], row[f"{key}_high"]
    if low is None or high is None:
        return "–"
    return f"{number(100.0 * low)} to {number(100.0 * high)} %"


def _worst(rows: list[dict[str, Any]]) -> str:
    return str(max(rows, key=lambda r: r["loss"] or -np.inf)["name"])


def _duration(seconds: float) -> str:
    return f"{number(seconds / 3600.0)} h" if seconds >= 7200.0 else f"{number(seconds)} s"
