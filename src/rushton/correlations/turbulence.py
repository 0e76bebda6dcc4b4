"""Dissipation, scales and stress of turbulence in a stirred tank.

eps = P/(rho V) is the mean; at the impeller a Rushton turbine reaches 10 to 100 times as much.
"""

from __future__ import annotations

import math

from rushton.correlations.estimate import Estimate, banded


def mean_dissipation(power: float, density: float, volume: float) -> float:
    """eps = P/(rho V), W/kg = m2/s3."""
    return power / (density * volume)


def kolmogorov_length(kinematic_viscosity: float, dissipation: float) -> float:
    """Size of the smallest eddies (nu^3/eps)^(1/4), m; 31.6 um for water at 1 W/kg."""
    return (kinematic_viscosity**3 / dissipation) ** 0.25


def shear_rate(dissipation: float, kinematic_viscosity: float) -> float:
    """Shear rate of the smallest eddies (eps/nu)^(1/2), 1/s."""
    return math.sqrt(dissipation / kinematic_viscosity)


def turbulent_stress(density: float, dissipation: float, kinematic_viscosity: float) -> float:
    """Viscous stress on small particles, rho (eps nu)^(1/2), Pa; the constant 1 is not checked."""
    return density * math.sqrt(dissipation * kinematic_viscosity)


def edcf(
    power: float, diameter: float, blade_height: float, volume: float, flow_number: float, speed: float
) -> Estimate:
    """Energy dissipation / circulation function P/(k D^3 tc), W/(m3 s).

    k = (pi/4)(W/D), tc = V/(Nq N D^3) (Justen, Paul, Nienow, Thomas 1996; form second-hand). It ordered the break-up of
    Penicillium hyphae across impellers and scales.

    Parameters
    ----------
    power : float
        Power of the impeller, W.
    diameter, blade_height : float
        D, W, m.
    volume : float
        V, m3.
    flow_number : float
        Nq, -.
    speed : float
        N, rev/s.
    """
    k = 0.25 * math.pi * blade_height / diameter
    tc = volume / (flow_number * speed * diameter**3)
    value = power / (k * diameter**3 * tc)
    return banded(
        value,
        "W/m3/s",
        0.2,
        True,
        "Justen et al. 1996, Biotechnol. Bioeng. 52:672 (form second-hand)",
        "mycelial broths",
    )
