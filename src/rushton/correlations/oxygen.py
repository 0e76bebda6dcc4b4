"""Oxygen and carbon dioxide in water: solubility under moist gas, vapour pressure, driving forces.

C* = (p - p_w) y k exp[A (1/T - 1/298.15)], mol/kg, with p in bar, y of the dry gas, p_w vapour pressure of water.
"""

from __future__ import annotations

import math

from rushton.correlations.estimate import Estimate

OXYGEN_IN_AIR = 0.2095
"""Mole fraction of oxygen in dry air, -."""
METABOLIC_HEAT = 460e3
"""Heat of aerobic metabolism, J/mol O2 (Crater, Galleher, Lievense 2017, NREL/SR-5100-67963)."""


def solubility(partial_pressure: float, temperature: float, k: float = 0.0013, a: float = 1500.0) -> float:
    """C* = p k exp[A (1/T - 1/298.15)], mol/kg.

    Parameters
    ----------
    partial_pressure : float
        p, bar.
    temperature : float
        T, K.
    k, a : float
        mol/(kg bar) and K; oxygen 0.0013 and 1500, carbon dioxide 0.035 and 2400 (NIST values, rounded, second-hand).
    """
    return partial_pressure * k * math.exp(a * (1.0 / temperature - 1.0 / 298.15))


def vapour_pressure(temperature: float) -> float:
    """Vapour pressure of water, Pa: 610.94 exp(17.625 t/(t + 243.04)), t in degC (Alduchov, Eskridge 1996)."""
    t = temperature - 273.15
    return 610.94 * math.exp(17.625 * t / (t + 243.04))


_K_OXYGEN = 0.258e-3 / (OXYGEN_IN_AIR * (1.01325 - 1e-5 * vapour_pressure(298.15)))
"""mol/(kg bar) such that water under moist air at 25 degC and 1.01325 bar holds 0.258 mmol O2/kg."""


def oxygen_saturation(temperature: float, pressure: float, oxygen_fraction: float = OXYGEN_IN_AIR) -> Estimate:
    """Oxygen in water in equilibrium with moist gas, mol/kg; broth holds a few to twenty per cent less.

    p_O2 = y (p - p_w(T)); the solubility is set so that air at 25 degC and 101,325 Pa gives 0.258 mmol/kg.

    Parameters
    ----------
    temperature : float
        K.
    pressure : float
        Absolute pressure, Pa.
    oxygen_fraction : float
        y of the dry gas, -.
    """
    partial = oxygen_fraction * (pressure - vapour_pressure(temperature)) * 1e-5
    value = solubility(partial, temperature, _K_OXYGEN)
    return Estimate(value, "mol/kg", 0.8 * value, 1.02 * value, True, "Henry's law, set at 25 degC", "273-320 K, water")


K_CARBON_DIOXIDE, A_CARBON_DIOXIDE = 0.035, 2400.0
"""mol/(kg bar) at 25 degC and K (NIST, rounded, second-hand)."""
CARBON_DIOXIDE_TRANSFER = 0.89
"""kLa of CO2 over kLa of O2, -: square root of the ratio of diffusivities (not verified)."""


def carbon_dioxide_saturation(temperature: float, pressure: float, fraction: float) -> float:
    """Dissolved CO2 in water in equilibrium with moist gas, y (p - p_w) k(T), mol/kg; hydration left out."""
    partial = fraction * (pressure - vapour_pressure(temperature)) * 1e-5
    return solubility(partial, temperature, K_CARBON_DIOXIDE, A_CARBON_DIOXIDE)


def log_mean(difference_in: float, difference_out: float) -> float:
    """Logarithmic mean of two driving forces, for tall tanks whose gas loses oxygen on its way up."""
    if difference_in == difference_out:
        return difference_in
    return (difference_out - difference_in) / math.log(difference_out / difference_in)
