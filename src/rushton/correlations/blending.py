"""Blend time and circulation.

theta95 : time after which the concentration stays within 5 % of its final value, s. Correlations are for one impeller
in a vessel filled to H = T unless they say otherwise; each number carries its range.
"""

from __future__ import annotations

import math

from rushton.correlations.estimate import Estimate, banded

GRENVILLE = "Grenville, Nienow in Handbook of Industrial Mixing 2004, ch. 9 (constant 5.2; variants 5.3 and 5.4)"
NIENOW = "Nienow 1997, Chem. Eng. Sci. 52:2557 (form and constant second-hand)"
COOKE = "Cooke, Middleton, Bush 1988 (second-hand, not checked against the paper)"
TURBULENT_LIMIT = 6370.0
"""Np^(1/3) Re above which the turbulent form holds, -."""


def blend_time(
    speed: float,
    diameter: float,
    tank_diameter: float,
    liquid_height: float,
    power_number: float,
    kinematic_viscosity: float = 0.0,
    impellers: int = 1,
    constant: float = 5.2,
) -> Estimate:
    """theta95 of a baffled vessel, s.

    Turbulent, Np^(1/3) Re >= 6,370: N theta95 = c Np^(-1/3) (T/D)^1.5 (H/D)^0.5, c = 5.2.
    Transitional: theta95 = (183 / (Np^(1/3) Re))^2 T^1.5 H^0.5 / nu.

    Parameters
    ----------
    speed : float
        N, rev/s.
    diameter, tank_diameter, liquid_height : float
        D, T, H, m.
    power_number : float
        Np of one impeller, -.
    kinematic_viscosity : float
        m2/s; 0 for fully turbulent.
    impellers : int
        Number of impellers, for the range of validity only.
    constant : float
        c, -.
    """
    root = power_number ** (1.0 / 3.0)
    re = speed * diameter**2 / kinematic_viscosity if kinematic_viscosity > 0.0 else math.inf
    if root * re >= TURBULENT_LIMIT:
        value = constant / root * (tank_diameter / diameter) ** 1.5 * (liquid_height / diameter) ** 0.5 / speed
    else:
        value = (183.0 / (root * re)) ** 2 * tank_diameter**1.5 * liquid_height**0.5 / kinematic_viscosity
    slender, ratio = liquid_height / tank_diameter, diameter / tank_diameter
    reasons = []
    if impellers > 1:
        reasons.append(f"{impellers} impellers: it knows no exchange between loops and is too short")
    if not 0.8 <= slender <= 1.2:
        reasons.append(f"H/T = {slender:.2f}, fitted at H = T")
    if not 0.3 <= ratio <= 0.55:
        reasons.append(f"D/T = {ratio:.2f}, fitted at 1/3 to 1/2")
    return banded(
        value, "s", 0.10, not reasons, GRENVILLE, "one impeller, H = T, D/T 1/3-1/2, +-10 % (1 sd)", "; ".join(reasons)
    )


def blend_time_dissipation(
    dissipation: float, diameter: float, tank_diameter: float, liquid_height: float, impellers: int = 1
) -> Estimate:
    """theta95 = 5.9 T^(2/3) eps^(-1/3) (D/T)^(-1/3), s; eps = P/(rho V), W/kg."""
    value = (
        5.9 * tank_diameter ** (2.0 / 3.0) * dissipation ** (-1.0 / 3.0) * (diameter / tank_diameter) ** (-1.0 / 3.0)
    )
    slender = liquid_height / tank_diameter
    valid = impellers == 1 and 0.8 <= slender <= 1.2
    note = "" if valid else f"{impellers} impeller(s), H/T = {slender:.2f}: fitted for one and H = T, too short here"
    return banded(value, "s", 0.15, valid, NIENOW, "one impeller, H = T, turbulent", note)


def blend_time_multi_rushton(speed: float, diameter: float, liquid_height: float, power_number: float) -> Estimate:
    """N theta = 3.3 Np^(-1/3) (H/D)^2.43 for two or three Rushton turbines, H > T, s.

    Written from second-hand notes; the definition of its blend time (90 or 95 %) and its range are not known here, so
    it is never marked as valid. It carries the trend: blending slows steeply with H/D.
    """
    value = 3.3 * power_number ** (-1.0 / 3.0) * (liquid_height / diameter) ** 2.43 / speed
    note = "constant and definition not checked against the paper: an order of magnitude"
    return banded(value, "s", 0.40, False, COOKE, "two or three Rushton turbines, H > T", note)


def blend_time_at(theta95: float, degree: float) -> float:
    """Blend time to another degree X, theta95 ln(1 - X) / ln 0.05, s (first-order decay); 90 %: 0.769, 99 %: 1.537."""
    return theta95 * math.log(1.0 - degree) / math.log(0.05)


def circulation_time(volume: float, flow: float) -> float:
    """V / Q, s: liquid volume over the flow that impellers pump."""
    return volume / flow
