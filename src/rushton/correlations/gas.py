"""Mass transfer and hold-up of a whole sparged tank from its gassed power and gas velocity.

- vs = Qg/(pi/4 T^2) : superficial gas velocity, m/s
- Pg/V : gassed power per volume of liquid, W/m3
- kLa : volumetric mass transfer coefficient, 1/s; eps_g : gas hold-up, -
"""

from __future__ import annotations

from rushton.correlations.estimate import GRAVITY, Estimate, banded

VANT_RIET = "van't Riet 1979, Ind. Eng. Chem. Process Des. Dev. 18:357, doi 10.1021/i260071a001"
KLA_RANGE = "2 L-2.6 m3, 500-10,000 W/m3 gassed power, scatter 20-40 %"
FIGUEIREDO = "Figueiredo, Calderbank 1979, Chem. Eng. Sci. 34:1333 (form as cited by Garcia-Ochoa, Gomez 2009)"
LABIK = "Labik et al. 2017, Chem. Eng. Sci. 170:451, doi 10.1016/j.ces.2017.04.006"
KUDREWIZKI = "Kudrewizki 1982, as used by Garcia-Ochoa, Gomez 2004 (second-hand)"


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


def holdup_kudrewizki(
    gas_velocity: float,
    speed: float,
    diameter: float,
    density: float = 1000.0,
    gas_density: float = 1.2,
    surface_tension: float = 0.072,
) -> Estimate:
    """eps/(1-eps) = 0.819 vs^2/3 N^2/5 D^4/15 / g^1/3 (rho/sigma)^1/5 rho/(rho-rho_g) (rho/rho_g)^-1/15, eps in -.

    Parameters
    ----------
    gas_velocity, speed, diameter : float
        vs m/s, N 1/s, D m.
    density, gas_density, surface_tension : float
        kg/m3, kg/m3, N/m.
    """
    ratio = (
        0.819
        * gas_velocity**0.66
        * speed**0.4
        * diameter ** (4.0 / 15.0)
        * GRAVITY**-0.33
        * (density / surface_tension) ** 0.2
        * density
        / (density - gas_density)
        * (density / gas_density) ** (-1.0 / 15.0)
    )
    return banded(ratio / (1.0 + ratio), "-", 0.30, True, KUDREWIZKI, "Rushton turbines, low viscosity")
