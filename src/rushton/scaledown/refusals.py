r"""Rigs that cannot be built within the limits of a bench: refused by name, with what to change.

- The loop of an STR-PFR holds at least V_min: pump head, connectors, half a metre of tubing. Up to b V of broth may be
  outside the vessel:

  .. math:: V_{min} \le b V

- The n lines between stirred vessels hold V_l each, outside the largest vessel like the smallest one worth building:

  .. math:: n V_l + 0.02 V \le b V

- The tube of an STR-PFR needs a bore d at hand whose length fits, for a volume between V_min and b V:

  .. math:: L = 4 V_P / (\pi d^2),\qquad 0.5\ \mathrm{m} \le L \le L_{max}

- Cells that pass a loop less than once in a record of the tank, or in 10 min, meet nothing that could be compared:
  V/Q_max at most the longer of both.
- Two of the shortest pulses are shorter than the longest feed cycle, and that no longer than a record of the tank.
- A liquid handler comes round to a vessel within the longest feed cycle T_max, and growth lets its smallest dose v into
  the vessel V_m within it; the same of the smallest pulse of a feed pump and the working volume:

  .. math:: T_r \le T_{max},\qquad v \le \mu V_m T_{max}

Symbols: b largest share of the volume outside the vessel, V working volume, Q_max the loop pump's largest flow, mu
growth, 1/s. What the feed pump cannot do is said by ``tank``. Validity: necessary, not sufficient; a candidate that
does not fit in another way says so in its sheet ("Does not fit the bench").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from rushton.scaledown.bench import SHORTEST_TUBE, SMALLEST_SHARE, Bench

if TYPE_CHECKING:
    from rushton.case.schema import Case

LEAST_RECORD = 600.0
"""Cells should pass a loop at least once in this time, s, where the tank's records are shorter."""
LOOPS = ("str-pfr", "str-str", "three-compartments")
LINES = {"str-str": 2, "three-compartments": 4}
"""Lines between the stirred vessels of a rig."""


class Refusal(NamedTuple):
    """What is wrong, where in the case file, how to mend it."""

    message: str
    where: str
    hint: str


def refusal(case: Case, bench: Bench, record: float, growth: float | None = None) -> Refusal | None:
    """The first of the case's rigs that cannot be built; None where all can.

    Parameters
    ----------
    case : Case
        With ``scaledown``.
    bench : Bench
    record : float
        Length of the tank's lifelines, s.
    growth : float, optional
        1/s, where it is known.
    """
    assert case.scaledown is not None
    for name in case.scaledown.rigs:
        found = None
        if name in LOOPS:
            found = _loop(name, bench, record)
        if name == "mini-bioreactors":
            found = _robot(bench, growth)
        if name == "pulsed-feed":
            found = _pulse(bench, record, growth)
        if found is None and name == "str-pfr":
            found = _tube(bench)
        if found is not None:
            return found
    return None


def _loop(name: str, bench: Bench, record: float) -> Refusal | None:
    least, most, flow = bench["tube_volume_min"], bench["side_share_max"] * bench.volume, bench["loop_pump_max"]
    if name == "str-pfr" and least > most:
        return Refusal(
            f"a rig of {1e6 * bench.volume:.3g} mL cannot hold the loop of '{name}': pump head, connectors and half a "
            f"metre of tubing hold {1e6 * least:.3g} mL, {1e6 * most:.3g} mL may be outside the vessel",
            "scaledown.working_volume",
            f"at least {1e6 * least / bench['side_share_max']:.3g} mL, a larger limits.side_share_max, or a rig "
            "without a loop ('pulsed-feed')",
        )
    number, line = LINES.get(name, 0), bench["exchange_line"]
    if number * line > (share := bench["side_share_max"] - SMALLEST_SHARE) * bench.volume:
        return Refusal(
            f"the {number} lines of '{name}' hold {1e6 * line:.3g} mL each; of {1e6 * bench.volume:.4g} mL they may "
            f"hold {1e6 * max(share, 0.0) * bench.volume:.3g} mL together",
            "scaledown.limits.exchange_line",
            f"lines of {1e6 * max(share, 0.0) * bench.volume / number:.2g} mL or less, a larger working volume or "
            "limits.side_share_max, or a rig without lines ('pulsed-feed')",
        )
    longest = max(record, LEAST_RECORD)
    if bench.volume > flow * longest:
        return Refusal(
            f"the loop pump is too small for '{name}': at {6e7 * flow:.3g} mL/min a cell passes once in "
            f"{bench.volume / flow / 60.0:.0f} min, the tank is followed for {record / 60.0:.3g} min",
            "scaledown.limits.loop_pump_max",
            f"at least {6e7 * bench.volume / longest:.3g} mL/min (`rushton list equipment`), a smaller working volume, "
            "or a rig without a loop ('pulsed-feed')",
        )
    return None


def _tube(bench: Bench) -> Refusal | None:
    longest, most = bench["tube_length_max"], bench["side_share_max"] * bench.volume
    sections = [0.25 * math.pi * bore**2 for bore in bench.bores]
    least = bench["tube_volume_min"]
    # of every bore, the shortest tube that holds the least volume and the longest that holds the most
    if any(max(least / a, SHORTEST_TUBE) <= min(most / a, longest) for a in sections):
        return None
    shortest = max(least / sections[-1], SHORTEST_TUBE)
    return Refusal(
        f"no tube at hand makes the loop of 'str-pfr': it holds {1e6 * least:.0f} to {1e6 * most:,.0f} mL, is at least "
        f"{SHORTEST_TUBE:g} m and at most {longest:.3g} m long; the widest bore, {1e3 * bench.bores[-1]:.3g} mm, needs "
        f"{shortest:.2f} m",
        "scaledown.limits.tube_length_max",
        f"allow {math.ceil(10.0 * shortest) / 10.0:.1f} m or more, name other limits.bores, or another rig",
    )


def _pulse(bench: Bench, record: float, growth: float | None) -> Refusal | None:
    cycle = min(bench["cycle_max"], max(60.0, record))
    if 2.0 * bench["pulse_min"] >= cycle:
        return Refusal(
            f"a pulse of at least {bench['pulse_min']:g} s does not fit into a feed cycle of at most {cycle:g} s",
            "scaledown.limits.pulse_min",
            "shorten pulse_min or lengthen cycle_max",
        )
    dose = bench["pulse_volume_min"]
    if growth is not None and dose > (takes := growth * bench.volume * cycle):
        return Refusal(
            f"the smallest pulse of the feed pump, {1e6 * dose:.3g} mL, is more than growth lets into "
            f"{1e6 * bench.volume:,.0f} mL in a feed cycle of {cycle:g} s, {1e6 * takes:.3g} mL",
            "scaledown.limits.pulse_volume_min",
            "a pump that doses less (`rushton list equipment`), or a larger working volume",
        )
    return None


def _robot(bench: Bench, growth: float | None) -> Refusal | None:
    cycle, round_ = bench["cycle_max"], bench["robot_period_min"]
    if round_ > cycle:
        return Refusal(
            f"the liquid handler comes round every {round_:.4g} s, the longest feed cycle is {cycle:.4g} s",
            "scaledown.limits.robot_period_min",
            "a faster robot (`rushton list equipment`), or a longer limits.cycle_max",
        )
    dose, volume = bench["robot_volume_min"], bench["mini_volume"]
    if growth is not None and dose > (takes := growth * volume * cycle):
        return Refusal(
            f"the smallest dose of the liquid handler, {1e9 * dose:.4g} uL, is more than a mini-bioreactor of "
            f"{1e6 * volume:.3g} mL takes in the longest feed cycle: growth lets {1e9 * takes:.3g} uL into it in "
            f"{cycle:.4g} s",
            "scaledown.limits.robot_volume_min",
            "a robot that doses less (`rushton list equipment`), a larger limits.mini_volume or limits.cycle_max",
        )
    return None
