"""Rigs that switch oxygen, beside those for the substrate: the same pictures, of the signal s_O = O/(O + K_O)."""

from __future__ import annotations

from typing import Any

from rushton.report import figures_response
from rushton.report.blocks import Prose, Rich, picture
from rushton.report.headline import rig_name
from rushton.report.markdown import to_html

SIGNAL = "s$_O$ = O / (O + K$_O$), –"


def oxygen_blocks(case: Any, result: Any) -> list[Any]:
    """Blocks of the chapter on the laboratory; none where no such rig was asked for.

    Parameters
    ----------
    case : Case
    result : Scaledown or None
        Of the rigs that switch oxygen.
    """
    from rushton.report.scaledown_section import excerpts, panels, parts_table

    if result is None:
        return []
    if not result.designs:
        return [Prose(f"Oxygen: {result.reason}.")]
    k, critical = case.gas.respiration.half_saturation, case.strain.critical.oxygen
    best = result.best
    blocks: list[Any] = [
        Prose(
            "Rigs that switch oxygen are held against dissolved oxygen along the lifelines, s_O = O/(O + K_O) with "
            "K_O = "
            f"{1e3 * k:.3g} umol/L, by the same distance. Excess: above the critical {1e3 * critical:.3g} umol/L. The "
            "numbers stand in no row with those of the substrate."
        ),
        parts_table(result, oxygen=True),
        picture(
            lambda: figures_response.target_and_achieved(panels(result, "Oxygen", SIGNAL)),
            "Oxygen, target against achieved: share of time below s_O, and share of stays shorter than a time. Black: "
            "the tank.",
            "Cumulative distributions of oxygen in tank and rigs",
        ),
        picture(
            lambda: figures_response.signal_comparison(
                excerpts(result), case.strain.regimes.starvation, critical / (critical + k), SIGNAL
            ),
            "Oxygen that one cell meets, as s_O, in the tank and in each rig. Amber: above the critical value.",
            "Oxygen of one cell in the tank and in each rig",
        ),
    ]
    for design in sorted(result.designs, key=lambda d: (d is not best, d.distance)):
        title = f"Protocol: {rig_name(design.rig)}"
        blocks.append(Rich(to_html(design.protocol), title, open=False))
    return blocks
