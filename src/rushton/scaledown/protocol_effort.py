"""The parts of a rig, counted from its bench sheet (``effort`` weighs them)."""

from __future__ import annotations

from rushton.scaledown import protocol_bolus, protocol_chamber
from rushton.scaledown.bolus import MiniBioreactors
from rushton.scaledown.chamber import Microfluidic
from rushton.scaledown.protocol_rigs import equipment_rows, events, words_of
from rushton.scaledown.sheet import Sheet
from rushton.scaledown.switching import Switching


def counts_of(sheet: Sheet) -> dict[str, float]:
    """Parts of a sheet's rig by name; those it has none of are left out."""
    s, r = sheet.settings, sheet.recipe
    pumps = [e.pump for e in events(sheet)]
    names = {p for p in pumps if p not in ("liquid handler", "stirrer", "valve")}
    loops = {p for p in names if p.startswith(("loop", "exchange"))}
    tube = "tube_volume" in s
    vessels = 1 + ("second_volume" in s) + 2 * ("excess_volume" in s)
    counts: dict[str, float] = {
        "vessels": vessels,
        # an exchange and a pair of vessels have one pump for either way
        "loop_pumps": len(loops) * (1 if tube else 2),
        "dosing_pumps": len(names - loops),
        "programmes": float(len(r.table) > 0 or isinstance(sheet.rig, Microfluidic | Switching)),
        "tube_metres": s.get("length", 0.0),
        "ports": vessels + 4 * tube,
        "medium": (r.flow + r.make_up) * 86400e3,
        "preparation": len(equipment_rows(sheet)) + _checks(sheet),
    }
    if isinstance(sheet.rig, MiniBioreactors):
        number = protocol_bolus.VESSELS
        counts |= {"liquid_handler": 1, "mini_vessels": number, "ports": 0, "medium": number * counts["medium"]}
    if isinstance(sheet.rig, Microfluidic):
        daily = protocol_chamber.LINE_FLOW * 1e-3 * 1440.0
        counts |= {"vessels": 0, "chips": 2, "selectors": 1, "microscope": 1, "ports": 1, "medium": daily}
    return {name: float(count) for name, count in counts.items() if count > 0.0}


def _checks(sheet: Sheet) -> int:
    """Items of its own to tick off before the start."""
    words = words_of(sheet)
    own = words.instead.get("Before the start")
    return len(words.checks(sheet)) if own is None else own(sheet).count("☐")
