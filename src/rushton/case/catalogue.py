"""What published measurements and laws say of an impeller of this geometry, to stand beside what is solved.

Power and flow numbers (P = Np rho N^3 D^5, Q = Nq N D^3) for turbulent flow in a baffled tank, each with the scatter of
its own data. They are never put in the place of a solved number; what the case imposes (``impeller.power_number``) is
shown as imposed.

- Rushton turbines: the law of blade thickness, by blade count and height after Kamei and Hiraoka.
- Pitched blades: the measured 4 x 45 degrees of the library, by count, width and angle after Kamei and Hiraoka.
- Both without baffles: Kamei and Hiraoka, whose law knows Re, D/T and H/T; no flow number is known.
- Other types: the numbers of the library as they are; they hold for the proportions that stand there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rushton import correlations as c
from rushton.case.blades import form
from rushton.case.library import entry

if TYPE_CHECKING:
    from rushton.case.schema import Impeller, Tank

LIBRARY = "library of impellers, which gives source and evidence"


def power_number(impeller: Impeller, tank: Tank, reynolds: float = math.inf) -> c.Estimate:
    """Np by published laws for an impeller in this tank, -."""
    d, kind = impeller.diameter, form(impeller)
    if tank.baffles.count == 0 and kind in ("upright", "pitched"):
        w, height = impeller.blade_height, tank.liquid_height
        return c.power_number_kamei_hiraoka(
            reynolds, tank.diameter, d, w, height, impeller.blades, 0, 0.0, impeller.angle
        )
    if kind == "upright":
        return c.expected_power_number(
            impeller.blade_thickness / d, tank.diameter, impeller.blades, impeller.blade_height / d, reynolds
        )
    if kind == "pitched":
        assert impeller.angle is not None
        return c.expected_power_number_pitched(
            impeller.blades, impeller.blade_height / d, impeller.angle, impeller.pumping == "up", reynolds
        )
    as_listed = _as_listed(impeller)
    note = "" if as_listed else "blades differ from those of the library, for which the number holds"
    scatter = 0.15 if kind == "foil" else 0.25
    value = float(entry("impellers", impeller.type)["power_number"])
    return c.banded(value, "-", scatter, as_listed and reynolds >= 1e4, LIBRARY, "turbulent, baffled", note)


def flow_number(impeller: Impeller) -> c.Estimate:
    """Nq by published values, -."""
    kind = form(impeller)
    if kind == "upright":
        return c.flow_number(impeller.blades, impeller.blade_height / impeller.diameter)
    value = published_flow_number(impeller)
    if value is None:
        other = c.flow_number(impeller.blades, impeller.blade_height / impeller.diameter)
        return c.banded(
            other.value, "-", 0.2, False, other.source, other.range, "that of a Rushton turbine: none known"
        )
    note = "" if _as_listed(impeller) else "blades differ from those of the library, for which the number holds"
    return c.banded(value, "-", 0.15, not note, LIBRARY, "turbulent, baffled", note)


def published_flow_number(impeller: Impeller) -> float | None:
    """Nq that was published for the type, -; None where none is known."""
    if form(impeller) == "upright":
        return flow_number(impeller).value
    value = entry("impellers", impeller.type).get("flow_number")
    return None if value is None else float(value)


def _as_listed(impeller: Impeller) -> bool:
    """Whether blade count, width and angle are those of the library within 5 %."""
    listed = entry("impellers", impeller.type)
    same = impeller.blades == listed["blades"]
    same &= abs(impeller.blade_height / impeller.diameter / listed["blade_height"] - 1.0) < 0.05
    if impeller.angle is not None:
        same &= abs(math.degrees(impeller.angle) / listed["angle"] - 1.0) < 0.05
    return bool(same)
