"""Apparent viscosity of a shear-thinning broth at an impeller (Metzner and Otto).

    gamma = k_s N,   mu = K gamma^(n - 1)

- gamma : mean shear rate at the impeller, 1/s; N : stirrer speed, rev/s; k_s : constant of the impeller type, -
- K : consistency, Pa s^n; n : flow behaviour index, -; mu : apparent viscosity, Pa s

Metzner, Otto 1957, AIChE J. 3:3: a power-law liquid takes the power of the Newtonian liquid of this viscosity. Found in
laminar flow (Re below about 30) and used above it for want of something better; k_s of turbines is quoted as 10 to 13.
Wu, Graham, Noui Mehidi 2006, AIChE J. 52:2323, cite power curves of a Rushton turbine in two shear-thinning liquids
that meet the Newtonian one with k_s = 13.
"""

from __future__ import annotations

from rushton.correlations.estimate import Estimate, banded

METZNER_OTTO = "Metzner, Otto 1957, AIChE J. 3:3; values as quoted in handbooks (10-13 for turbines, 10 for propellers)"
TURBINE_KS, PROPELLER_KS = 11.5, 10.0
"""k_s of disc and pitched-blade turbines, and of hydrofoils, which are taken as propellers, -; secondary sources."""


def metzner_otto_constant(impeller_type: str) -> Estimate:
    """k_s of an impeller type of the library, -."""
    value = PROPELLER_KS if impeller_type.startswith("hydrofoil") else TURBINE_KS
    return banded(value, "-", 0.15, True, METZNER_OTTO, "Re < 30 as measured; used at any Re")


def apparent_viscosity(consistency: float, index: float, shear_rate: float, least: float, most: float) -> float:
    """K gamma^(n - 1) between ``least`` and ``most``, Pa s."""
    return min(max(consistency * shear_rate ** (index - 1.0), least), most)
