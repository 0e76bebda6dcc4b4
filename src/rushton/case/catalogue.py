"""What published measurements and laws say of an impeller of this geometry, to stand beside what is solved.

Power and flow numbers (P = Np rho N^3 D^5, Q = Nq N D^3) for turbulent flow in a baffled tank, each with the scatter of
its own data. They are never put in the place of a solved number; what the case imposes (``impeller.power_number``) is
shown as imposed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rushton import correlations as c

if TYPE_CHECKING:
    from rushton.case.schema import Impeller, Tank


def power_number(impeller: Impeller, tank: Tank, reynolds: float = math.inf) -> c.Estimate:
    """Np by published laws for an impeller in this tank, -."""
    d = impeller.diameter
    return c.expected_power_number(
        impeller.blade_thickness / d, tank.diameter, impeller.blades, impeller.blade_height / d, reynolds
    )


def flow_number(impeller: Impeller) -> c.Estimate:
    """Nq by published values, -."""
    return c.flow_number(impeller.blades, impeller.blade_height / impeller.diameter)
