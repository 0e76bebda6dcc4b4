"""A screening on the screen: the sets of rigs, the strains, the conclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.study.screening.words import conclusion, label, set_name

if TYPE_CHECKING:
    from rich.console import Console

    from rushton.study.screening.result import Screening

SHOWN = 10
"""Sets of rigs shown; all of them are in pairs.csv."""
STRAINS = 15
"""Strains shown."""
_HEADS = {
    "str-pfr": "STR-\nPFR", "str-pfr-reference": "std.\nloop", "str-str": "STR-\nSTR", "microfluidic": "cham-\nber",
    "three-compartments": "three\ncomp.", "pulsed-feed": "equal\npulses", "pulsed-feed-irregular": "irreg.\npulses",
    "mini-bioreactors": "mini-\nbior.",
}  # fmt: skip
"""Names of rigs over narrow columns."""


def show(found: Screening, console: Console) -> None:
    """Print everything."""
    console.print(strains_table(found))
    console.print()
    console.print(sets_table(found))
    console.print()
    for sentence in conclusion(found):
        console.print(sentence, soft_wrap=True, markup=False)


def sets_table(found: Screening) -> Any:
    """Rich table of the first sets of rigs, and of the best rig run once."""
    from rich.table import Table

    out = Table(title=f"{found.panel.case_name}: {len(found.strains)} strains in {len(found.rigs)} rigs",
                title_justify="left", box=None, pad_edge=False)  # fmt: skip
    out.add_column("", justify="right")
    out.add_column("rigs", no_wrap=True)
    for name in ("gain", "error", "apart", "in order"):
        out.add_column(name, justify="right", no_wrap=True)
    for number, one in enumerate([*found.sets[:SHOWN], found.once[0]], 1):
        out.add_row(
            str(number) if one.kind != "once" else "",
            set_name(found, one) + (" =" if one.as_good and number > 1 else ""),
            f"{one.gain:.2f}", f"{100.0 * one.error:.1f}", str(one.apart), str(one.ordered),
        )  # fmt: skip
    out.caption = (
        f"error: of the robustness in the tank predicted from the readings, points;\ngain: that without rigs "
        f"({100.0 * found.best.unaided:.1f}) over it; apart: of {found.best.total} pairs of strains; "
        "=: as good as the best"
    )
    out.caption_justify = "left"
    return out


def strains_table(found: Screening) -> Any:
    """Rich table of robustness in the tank and in the rigs, the most robust strain first."""
    from rich.table import Table

    order = np.argsort(-found.tank, kind="stable")
    shown = order if len(order) <= STRAINS else np.concatenate([order[: STRAINS - 5], order[-5:]])
    out = Table(box=None, pad_edge=False, title="robustness, % of the steady reference", title_justify="left")
    out.add_column("strain", no_wrap=True)
    out.add_column("tank", justify="right")
    for rig in found.rigs:
        out.add_column(_HEADS.get(rig.name, label(rig.name).replace(" ", "\n")), justify="right")
    for n in shown:
        out.add_row(
            found.strains[n].name, f"{100.0 * found.tank[n]:.0f}", *(f"{100.0 * z:.0f}" for z in found.readings[n])
        )
    if len(shown) < len(order):
        out.caption = f"the first {STRAINS - 5} and the last 5 of {len(order)}"
        out.caption_justify = "left"
    return out
