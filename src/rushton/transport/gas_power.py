"""What gas takes from the stirrer: gassed power and regime of every impeller, and the flow that is left.

::

    P_g,n = P_0,n r_n,   r_n by Michel and Miller at the gas that loads impeller n (:mod:`rushton.correlations`)
    N_s   = N (sum P_g / sum P_0)^(1/3)        speed at which the ungassed stirrer would draw the gassed power

A single-phase flow knows no cavities behind the blades. In turbulent flow every velocity goes with the cube root of the
power, so the gassed flow is taken as the solved one at the speed N_s: fluxes times N_s/N, k its square, epsilon its
cube. It stays divergence-free, and blades stay closed in the frame that turns with N_s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rushton import correlations as c
from rushton.flow.field import Flow

if TYPE_CHECKING:
    from rushton.case.schema import Case


@dataclass(frozen=True)
class AeratedImpeller:
    """One impeller in gas.

    Attributes
    ----------
    power, gassed_power : float
        As solved without gas, and with it by the closure, W.
    regime : GasRegime
    type : str
        Type of the impeller.
    """

    power: float
    gassed_power: float
    regime: c.GasRegime
    type: str

    @property
    def ratio(self) -> float:
        """P_g/P_0, -."""
        return self.gassed_power / self.power


def aerated_impellers(case: Case, flow: Flow, gas_rates: tuple[float, ...]) -> tuple[AeratedImpeller, ...]:
    """Power and regime of every impeller from the bottom.

    Parameters
    ----------
    case : Case
    flow : Flow
    gas_rates : tuple of float
        Gas rate of the tank at the pressure of each impeller, m3/s.
    """
    out, n = [], flow.numbers
    for level, (imp, rate) in enumerate(zip(case.impellers, gas_rates, strict=True), 1):
        power = c.power(n.power_number[level - 1], n.density, n.speed, imp.diameter)
        load = rate * c.gas_load(level)
        gassed = c.gassed_power_michel_miller(power, n.speed, imp.diameter, load).value
        regime = c.gas_regime(n.speed, imp.diameter, case.tank.diameter, n.viscosity / n.density, rate, level)
        out.append(AeratedImpeller(power, gassed, regime, imp.type))
    return tuple(out)


def slowed(flow: Flow, power_ratio: float) -> Flow:
    """The flow at the speed at which it draws ``power_ratio`` of its power (similarity of turbulent flow)."""
    s = power_ratio ** (1.0 / 3.0)
    numbers = replace(flow.numbers, speed=s * flow.speed, power_W=power_ratio * flow.numbers.power_W)
    names = {"flux_r": s, "flux_theta": s, "flux_z": s, "k": s**2, "epsilon": s**3, "nu_t": s}
    return replace(flow, numbers=numbers, **{name: factor * getattr(flow, name) for name, factor in names.items()})
