r"""Productivity of the gradient run over that of the reference run, as measured, beside the rig's and the tank's.

From specific productivities that were told, or from titres and biomass: over a stretch from t_1 to t_2 at the constant
dilution D the balance dP/dt = q_p X - D P gives the mean

.. math:: \bar q_p = \frac{D\,(P_2 - P_1 e^{-D (t_2 - t_1)})}{\bar X\,(1 - e^{-D (t_2 - t_1)})}

and the ratio of two runs needs no molar mass. Judged over the last part of the gradient phase, as in the tank. The
standard deviation follows from those of the readings to first order.

Source: mass balance written out here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rushton.study.lab_data.residuals import Residual


@dataclass(frozen=True)
class Productivity:
    """Relative productivity.

    Attributes
    ----------
    measured, deviation : float or None
        Gradient run over reference run, -, and its standard deviation.
    way : str
        How it was formed, or why it was not.
    rig, tank : float or None
        As predicted over the same stretch, -.
    tank_band : (float, float) or None
    since : float
        Start of the stretch, s.
    """

    measured: float | None
    deviation: float | None
    way: str
    rig: float | None
    tank: float | None
    tank_band: tuple[float, float] | None
    since: float

    @property
    def words(self) -> str:
        """The outcome in one or two sentences; empty where nothing was measured."""
        if self.measured is None or self.deviation is None:
            return ""
        sure = f"{100 * self.measured:.1f} ± {100 * self.deviation:.1f} %"
        text = f"Measured, the cells of the gradient run make {sure} of the product of those of the reference run"
        for name, value in (("the model in the rig said", self.rig), ("the tank's cells are to make", self.tank)):
            if value is not None:
                gap = self.measured - value
                same = abs(gap) <= 2.0 * self.deviation
                text += f"; {name} {_share(value)}" + (", which agrees" if same else f" ({100 * gap:+.1f} points)")
        return text + "."


def _share(value: float) -> str:
    return f"{100.0 * value:.1f} %"


def productivity(rows: Sequence[Residual], protocol: Mapping[str, Any]) -> Productivity:
    """Measured and predicted productivity of a rig."""
    gradient = next(p for p in protocol["phases"] if p["phase"] == "gradient")
    since, end = gradient["judged_from_s"], gradient["duration_s"]
    measured, deviation, way = _told(rows, since)
    if measured is None:
        measured, deviation, way = _from_titres(rows, since, end, protocol)
    tank, course = protocol["match"]["tank"], protocol["expected"]["course"]
    rig = None
    if course is not None and "specific_productivity_relative" in course:
        time, values = np.array(course["time_s"]), np.array(course["specific_productivity_relative"]["mean"])
        rig = float(values[time > since + 1.0].mean())
    band = tank.get("relative_productivity_final_band")
    return Productivity(
        measured, deviation, way, rig, tank.get("relative_productivity_final"), tuple(band) if band else None, since
    )


def _told(rows: Sequence[Residual], since: float) -> tuple[float | None, float | None, str]:
    """From readings of the specific productivity itself."""
    mine = [r for r in rows if r.reading.quantity.name == "specific_productivity" and not r.reading.below]
    late = [r for r in mine if r.reading.phase == "gradient" and r.reading.time >= since]
    if not late:
        return None, None, ""
    relative = [r for r in late if r.reading.relative]
    if relative:
        value, sd = _mean(relative)
        return value, sd, f"mean of {len(relative)} readings in % of the reference run"
    before = [r for r in mine if not r.reading.relative and r.reading.phase == "reference"]
    before = before or [r for r in mine if not r.reading.relative and r.reading.phase == "settle"]
    if not before:
        return None, None, ""
    (a, da), (b, db) = _mean(late), _mean(before)
    if b <= 0.0:
        return None, None, ""
    ratio = a / b
    where = before[0].reading.phase
    return (
        ratio,
        ratio * math.hypot(da / a, db / b) if a > 0.0 else db,
        (f"mean of {len(late)} readings over that of {len(before)} of the phase '{where}'"),
    )


def _mean(rows: Sequence[Residual]) -> tuple[float, float]:
    """Mean and its standard deviation: of the readings, or of their scatter where that is larger."""
    values = np.array([r.reading.value for r in rows])
    told = math.sqrt(sum(r.deviation**2 for r in rows)) / len(rows)
    seen = float(values.std(ddof=1)) / math.sqrt(len(rows)) if len(rows) > 1 else 0.0
    return float(values.mean()), max(told, seen)


def _from_titres(
    rows: Sequence[Residual], since: float, end: float, protocol: Mapping[str, Any]
) -> tuple[float | None, float | None, str]:
    """From titres and biomass of both runs, over the last part of the gradient phase."""
    if not protocol["recipe"]:
        return None, None, "no productivity can be measured in this rig"
    if protocol["product"]["name"] is None:
        return None, None, "the cell model forms no product: growth, yield and by-products tell the runs apart"
    dilution = protocol["recipe"]["dilution_1_h"] / 3600.0
    found = []
    for phase in ("gradient", "reference"):
        mean = _specific(rows, phase, since, end, dilution)
        if mean is None:
            return (
                None,
                None,
                (
                    f"titre and biomass of the {phase} run are not measured at the start and end of the last "
                    f"{(end - since) / 3600.0:g} h"
                ),
            )
        found.append(mean)
    (a, da), (b, db) = found
    if a <= 0.0 or b <= 0.0:
        return None, None, "the titres say that no product is made"
    return a / b, a / b * math.hypot(da / a, db / b), "from titres and biomass by the balance of the product"


def _specific(
    rows: Sequence[Residual], phase: str, since: float, end: float, dilution: float
) -> tuple[float, float] | None:
    """Mean q_p of a run between the first and last titre of a stretch and its standard deviation, up to a factor."""

    def of(name: str) -> list[Residual]:
        mine = [r for r in rows if r.reading.quantity.name == name and r.reading.phase == phase]
        return [r for r in mine if since - 3600.0 <= r.reading.time <= end + 60.0 and not r.reading.below]

    titres, weights = of("titre"), of("biomass")
    if not titres or not weights:
        return None
    first, last = (pick(r.reading.time for r in titres) for pick in (min, max))
    if last - first < 0.5 * (end - since):
        return None
    left = math.exp(-dilution * (last - first))
    (p1, d1), (p2, d2) = (_mean([r for r in titres if r.reading.time == t]) for t in (first, last))
    x, dx = _mean(weights)
    gained = p2 - left * p1
    span = (1.0 - left) / dilution if dilution > 0.0 else last - first
    q = gained / (x * span)
    return q, math.hypot(math.hypot(d2, left * d1) / (x * span), q * dx / x)
