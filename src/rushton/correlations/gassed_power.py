"""Power of an impeller in gas, and how it handles the gas: gassed power, flooding, dispersion, cavities.

- Fl = Qg/(N D^3) : gas flow number, -; Fr = N^2 D/g : Froude number, -; Re = N D^2/nu, -
- Qg : gas at the conditions in the tank, m3/s; P0, Pg : power without and with gas, W

Michel and Miller is what this program uses: its own data are those of single turbines in vessels of litres, and in
production vessels it agrees with the dimensionless 0.0312 form within a tenth. The latter holds for large cavities
only and gives too much power at low Fl. Michel and Miller is not dimensionless: at equal Fl its ratio rises as
D^0.2. Both are of disc turbines with flat blades, which lose most power; concave and pitched blades lose less.

Impellers above the lowest see less gas: it rises round them, pre-dispersed. Their gas load is taken as Fl 0.03/Fl_n,
Fl_n the measured onset of large cavities at level n (Bernauer et al. 2021): the same cavity at the same load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rushton.correlations.estimate import GRAVITY, Estimate, banded

MICHEL_MILLER = "Michel, Miller 1962, AIChE J. 8:262, constants 0.783 and 0.459 as used by Garcia-Ochoa, Gomez 2009"
NIENOW = "Nienow, Warmoeskerken, Smith, Konno 1985 (constants not checked against the paper)"
BERNAUER = "Bernauer et al. 2021, Biotechnol. Bioeng. (preprint): four Rushton turbines, T = 0.44 m, Na2SO4 solution"
CAVITY_ONSET = (0.03, 0.08, 0.09, 0.11)
"""Fl at which vortex cavities become large ones at Fr = 0.18, level 1 (bottom) to 4 (top), - (Bernauer et al. 2021)."""


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
    return banded(30.0 * fr * diameter_ratio**3.5, "-", 0.25, True, NIENOW, "one Rushton turbine, water-like")


def dispersion_gas_number(fr: float, diameter_ratio: float) -> Estimate:
    """Fl below which gas is dispersed completely, 0.2 Fr^0.5 (D/T)^0.5, -."""
    return banded(0.2 * math.sqrt(fr * diameter_ratio), "-", 0.25, True, NIENOW, "one Rushton turbine, water-like")


def cavity_gas_number(re: float, fr: float, diameter_ratio: float) -> Estimate:
    """Fl above which three large cavities cling to the blades, 0.0038 (Re^2/Fr)^0.07 (T/D)^0.5, -."""
    value = 0.0038 * (re**2 / fr) ** 0.07 * diameter_ratio**-0.5
    return banded(value, "-", 0.25, True, NIENOW, "one Rushton turbine, water-like")


def gas_load(level: int) -> float:
    """Share of the whole gas rate that loads the impeller at a level (1 = lowest), -: 1, then 0.03/Fl_n."""
    return CAVITY_ONSET[0] / CAVITY_ONSET[min(level, len(CAVITY_ONSET)) - 1]


@dataclass(frozen=True)
class GasRegime:
    """How one impeller handles its gas.

    Attributes
    ----------
    flow_number, froude : float
        Fl of the gas that loads the impeller, and Fr, -.
    flooding, dispersion, large_cavities : float
        Fl on the three border lines at this Fr (and Re), -.
    """

    flow_number: float
    froude: float
    flooding: float
    dispersion: float
    large_cavities: float

    @property
    def flooded(self) -> bool:
        """Whether gas rises through the impeller, which no longer disperses it."""
        return self.flow_number > self.flooding

    @property
    def words(self) -> str:
        """The regime in the engineer's words."""
        if self.flooded:
            return "flooded: the gas rises through the impeller undispersed"
        cavities = "large cavities" if self.flow_number > self.large_cavities else "vortex or clinging cavities"
        if self.flow_number > self.dispersion:
            return f"loaded, {cavities}: dispersed above the impeller, little gas below it"
        return f"completely dispersed, {cavities}"


def gas_regime(
    speed: float, diameter: float, tank_diameter: float, kinematic_viscosity: float, gas_rate: float, level: int = 1
) -> GasRegime:
    """Regime of the impeller at a level (1 = lowest).

    Parameters
    ----------
    speed, diameter, tank_diameter : float
        N 1/s, D m, T m.
    kinematic_viscosity : float
        m2/s.
    gas_rate : float
        Of the tank, at the pressure of the impeller, m3/s.
    level : int
    """
    fr, ratio = froude(speed, diameter), diameter / tank_diameter
    re = speed * diameter**2 / kinematic_viscosity
    return GasRegime(
        flow_number=flow_number_gas(gas_rate * gas_load(level), speed, diameter),
        froude=fr,
        flooding=flooding_gas_number(fr, ratio).value,
        dispersion=dispersion_gas_number(fr, ratio).value,
        large_cavities=cavity_gas_number(re, fr, ratio).value,
    )
