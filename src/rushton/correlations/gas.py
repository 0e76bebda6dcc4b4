"""Gas in stirred tanks: gassed power, flooding, hold-up, oxygen transfer, solubility.

- Fl = Qg/(N D^3) : gas flow number, -; Fr = N^2 D/g : Froude number, -
- vs = Qg/(pi/4 T^2) : superficial gas velocity, m/s
- Pg/V : gassed power per volume of liquid, W/m3
- kLa : volumetric mass transfer coefficient, 1/s
"""

from __future__ import annotations

import math

from rushton.correlations.estimate import GRAVITY, Estimate, banded

VANT_RIET = "van't Riet 1979, Ind. Eng. Chem. Process Des. Dev. 18:357, doi 10.1021/i260071a001"
KLA_RANGE = "2 L-2.6 m3, 500-10,000 W/m3 gassed power, scatter 20-40 %"
FIGUEIREDO = "Figueiredo, Calderbank 1979, Chem. Eng. Sci. 34:1333 (form as cited by Garcia-Ochoa, Gomez 2009)"
LABIK = "Labik et al. 2017, Chem. Eng. Sci. 170:451, doi 10.1016/j.ces.2017.04.006"
MICHEL_MILLER = "Michel, Miller 1962, AIChE J. 8:262, constants 0.783 and 0.459 as used by Garcia-Ochoa, Gomez 2009"
OXYGEN_IN_AIR = 0.2095
"""Mole fraction of oxygen in dry air, -."""
METABOLIC_HEAT = 460e3
"""Heat of aerobic metabolism, J/mol O2 (Crater, Galleher, Lievense 2017, NREL/SR-5100-67963)."""


def flow_number_gas(gas_rate: float, speed: float, diameter: float) -> float:
    """Fl = Qg/(N D^3), -; Qg in m3/s at the conditions in the tank."""
    return gas_rate / (speed * diameter**3)


def froude(speed: float, diameter: float) -> float:
    """Fr = N^2 D/g, -."""
    return speed**2 * diameter / GRAVITY


def gassed_power_michel_miller(power: float, speed: float, diameter: float, gas_rate: float) -> Estimate:
    """Pg = 0.783 (P0^2 N D^3 / Q^0.56)^0.459, W (not dimensionless: W, rev/s, m, m3/s), never above P0."""
    value = 0.783 * (power**2 * speed * diameter**3 / gas_rate**0.56) ** 0.459
    note = "" if value <= power else "the formula exceeds the ungassed power: gas rate below its range"
    return banded(min(value, power), "W", 0.20, value <= power, MICHEL_MILLER, "one Rushton turbine, not flooded", note)


def gassed_power_ratio(fl: float, fr: float, re: float, diameter_ratio: float) -> Estimate:
    """Pg/P0 = 0.0312 Fr^-0.16 Re^0.064 Fl^-0.38 (T/D)^0.8, -, never above 1; D/T is ``diameter_ratio``."""
    value = 0.0312 * fr**-0.16 * re**0.064 * fl**-0.38 * diameter_ratio**-0.8
    source = "van't Riet, Tramper type, as used by Noorman for four Rushton turbines in 100 m3 (second-hand)"
    return banded(min(value, 1.0), "-", 0.20, value <= 1.0, source, "Rushton turbines, large cavities")


def flooding_gas_number(fr: float, diameter_ratio: float) -> Estimate:
    """Fl above which the impeller floods, 30 Fr (D/T)^3.5, -."""
    source = "Nienow, Warmoeskerken, Smith, Konno 1985 (constants not checked against the paper)"
    return banded(30.0 * fr * diameter_ratio**3.5, "-", 0.25, True, source, "one Rushton turbine, water-like")


def dispersion_gas_number(fr: float, diameter_ratio: float) -> Estimate:
    """Fl below which gas is dispersed completely, 0.2 Fr^0.5 (D/T)^0.5, -."""
    source = "Nienow, Warmoeskerken, Smith, Konno 1985 (constants not checked against the paper)"
    return banded(0.2 * math.sqrt(fr * diameter_ratio), "-", 0.25, True, source, "one Rushton turbine, water-like")


def _kla_range(power_per_volume: float, volume: float | None) -> tuple[bool, str]:
    reasons = []
    if not 500.0 <= power_per_volume <= 10_000.0:
        reasons.append(f"{power_per_volume:.0f} W/m3 is outside 500-10,000")
    if volume is not None and not 2e-3 <= volume <= 2.6:
        reasons.append(f"{volume:.3g} m3 is outside 2 L-2.6 m3")
    return not reasons, "; ".join(reasons)


def kla_coalescing(power_per_volume: float, gas_velocity: float, volume: float | None = None) -> Estimate:
    """kLa = 0.026 (Pg/V)^0.4 vs^0.5, 1/s, water and coalescing broths."""
    valid, note = _kla_range(power_per_volume, volume)
    return banded(0.026 * power_per_volume**0.4 * gas_velocity**0.5, "1/s", 0.40, valid, VANT_RIET, KLA_RANGE, note)


def kla_noncoalescing(power_per_volume: float, gas_velocity: float, volume: float | None = None) -> Estimate:
    """kLa = 0.002 (Pg/V)^0.7 vs^0.2, 1/s, salt solutions and non-coalescing broths."""
    valid, note = _kla_range(power_per_volume, volume)
    return banded(0.002 * power_per_volume**0.7 * gas_velocity**0.2, "1/s", 0.40, valid, VANT_RIET, KLA_RANGE, note)


def kla_figueiredo(power_per_volume: float, gas_velocity: float) -> Estimate:
    """kLa = 0.026 (Pg/V)^0.6 vs^0.8, 1/s."""
    return banded(0.026 * power_per_volume**0.6 * gas_velocity**0.8, "1/s", 0.40, True, FIGUEIREDO)


def kla_labik(speed: float, diameter: float, gas_velocity: float, power_number: float) -> Estimate:
    """kLa = 0.295 (N D)^2.083 vs^0.461 Np^0.737, 1/s, multi-impeller, non-coalescing."""
    value = 0.295 * (speed * diameter) ** 2.083 * gas_velocity**0.461 * power_number**0.737
    valid = 4.17 <= speed <= 14.17 and 0.1 <= diameter <= 0.2 and 2.12e-3 <= gas_velocity <= 8.48e-3
    return banded(value, "1/s", 0.30, valid, LABIK, "N 4.17-14.17 1/s, D 0.1-0.2 m, vs 2.1-8.5 mm/s")


def holdup(power_per_volume: float, gas_velocity: float) -> Estimate:
    """Gas hold-up 0.13 (Pg/V)^(1/3) vs^(2/3), -, non-coalescing (as cited by Noorman et al., second-hand)."""
    value = 0.13 * power_per_volume ** (1.0 / 3.0) * gas_velocity ** (2.0 / 3.0)
    return banded(value, "-", 0.30, True, "as cited by Noorman et al. (second-hand)", "non-coalescing")


# --- oxygen ------------------------------------------------------------------------------------------------------


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


def log_mean(difference_in: float, difference_out: float) -> float:
    """Logarithmic mean of two driving forces, for tall tanks whose gas loses oxygen on its way up."""
    if difference_in == difference_out:
        return difference_in
    return (difference_out - difference_in) / math.log(difference_out / difference_in)
