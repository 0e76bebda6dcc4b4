"""Before minutes are spent: what textbooks expect of this tank, and where this program is out of its depth.

``advise`` takes a case and forms, without solving anything, Reynolds number, power, blend time, gas transfer, the
classical regime analysis, mesh size, run time and warnings. ``print`` it to a rich console to see it with the drawing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rushton import correlations as c
from rushton.case import catalogue
from rushton.case.cautions import cautions
from rushton.case.regime_analysis import (
    CharacteristicTime,
    Demand,
    Ratio,
    characteristic_times,
    demand,
    oxygen_at_mid_height,
    pressure_at_mid_height,
    ratios,
)
from rushton.case.run_time import COMPILATION, stage_seconds, typical_time_step
from rushton.units import NORMAL_PRESSURE, NORMAL_TEMPERATURE

if TYPE_CHECKING:
    from rushton.case.schema import Case


@dataclass(frozen=True)
class ImpellerAdvice:
    """What is expected of one impeller.

    Attributes
    ----------
    reynolds, tip_speed : float
        Re, -, and pi N D, m/s.
    power_number, flow_number : Estimate
        -.
    power : float
        W, not gassed.
    flow : float
        Nq N D^3, m3/s.
    """

    reynolds: float
    tip_speed: float
    power_number: c.Estimate
    flow_number: c.Estimate
    power: float
    flow: float


@dataclass(frozen=True)
class GasAdvice:
    """What is expected of the air supply.

    Attributes
    ----------
    assumed : bool
        True if the case has no [gas] and a common rate is taken for orientation.
    normal_rate : float
        Gas rate at 0 degC and 101,325 Pa, m3/s.
    rate : float
        Gas rate at mid-height pressure and broth temperature, m3/s.
    gas_velocity : float
        Superficial, m/s.
    gassed_power : float
        W, all impellers.
    flow_number, flooding : float
        Fl of the lowest impeller and Fl at which it floods, -.
    kla : tuple of (str, Estimate)
        1/s, by correlation.
    holdup : Estimate
        -.
    kla_needed : float or None
        kLa that keeps dissolved oxygen at 30 % of saturation, 1/s.
    """

    assumed: bool
    normal_rate: float
    rate: float
    gas_velocity: float
    gassed_power: float
    flow_number: float
    flooding: float
    kla: tuple[tuple[str, c.Estimate], ...]
    holdup: c.Estimate
    kla_needed: float | None


@dataclass(frozen=True)
class Advice:
    """Everything ``rushton check`` shows. Printing it to a rich console draws it.

    Attributes
    ----------
    case : Case
    impellers : tuple of ImpellerAdvice
        From the lowest.
    power : float
        Sum over impellers, W.
    specific_power : float
        W/m3.
    dissipation : float
        W/kg.
    kolmogorov : float
        Kolmogorov length at the mean dissipation, m.
    edcf : Estimate
        Energy dissipation / circulation function of the strongest impeller, W/(m3 s).
    circulation : float
        V/(mean Nq N D^3), s.
    turnover : float
        V/(sum of Nq N D^3), s.
    blend : tuple of (str, Estimate)
        Blend times by correlation, s; the first is used in the regime analysis.
    gas : GasAdvice
    demand : Demand or None
    times : tuple of CharacteristicTime
    ratios : tuple of Ratio
    mesh_cells : int
        Mesh cells aimed at.
    mesh_size : float
        Cube root of the mean volume of a mesh cell, m.
    seconds : dict
        Estimated seconds per stage, compiled.
    compilation : float
        Seconds more at the first run on a machine.
    warnings : tuple of str
    """

    case: Case
    impellers: tuple[ImpellerAdvice, ...]
    power: float
    specific_power: float
    dissipation: float
    kolmogorov: float
    edcf: c.Estimate
    circulation: float
    turnover: float
    blend: tuple[tuple[str, c.Estimate], ...]
    gas: GasAdvice
    demand: Demand | None
    times: tuple[CharacteristicTime, ...]
    ratios: tuple[Ratio, ...]
    mesh_cells: int
    mesh_size: float
    seconds: dict[str, float]
    compilation: float
    warnings: tuple[str, ...]

    def __rich_console__(self, console: Any, options: Any) -> Any:
        """What the console shows: drawing, tables, warnings."""
        from rushton.case.render import render_check

        yield from render_check(self, ascii_only=bool(options.ascii_only), width=int(options.max_width))


def advise(case: Case) -> Advice:
    """Estimates and warnings for a case, in milliseconds.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Advice
    """
    speed, broth, volume = case.operation.speed, case.broth, case.liquid_volume
    impellers = tuple(_impeller(case, n) for n in range(len(case.impellers)))
    power = sum(i.power for i in impellers)
    dissipation = c.mean_dissipation(power, broth.density, volume)
    circulation = c.circulation_time(volume, sum(i.flow for i in impellers) / len(impellers))
    blend = _blend(case, impellers, dissipation)
    found = demand(case)
    gas = _gas(case, impellers, found)
    times = characteristic_times(case, blend[0][1], circulation, gas.kla[0][1], gas.assumed)
    strongest = max(range(len(impellers)), key=lambda n: impellers[n].power)
    imp = case.impellers[strongest]
    return Advice(
        case=case,
        impellers=impellers,
        power=power,
        specific_power=power / volume,
        dissipation=dissipation,
        kolmogorov=c.kolmogorov_length(broth.kinematic_viscosity, dissipation),
        edcf=c.edcf(
            impellers[strongest].power,
            imp.diameter,
            imp.blade_height,
            volume,
            impellers[strongest].flow_number.value,
            speed,
        ),
        circulation=circulation,
        turnover=c.circulation_time(volume, sum(i.flow for i in impellers)),
        blend=blend,
        gas=gas,
        demand=found,
        times=times,
        ratios=ratios(times),
        mesh_cells=case.numerics.target_mesh_cells,
        mesh_size=(volume / case.numerics.target_mesh_cells) ** (1.0 / 3.0),
        seconds=stage_seconds(case, typical_time_step(case)),
        compilation=COMPILATION,
        warnings=tuple(cautions(case, impellers, circulation, gas, found)),
    )


def _impeller(case: Case, number: int) -> ImpellerAdvice:
    imp, speed, broth = case.impellers[number], case.operation.speed, case.broth
    re = c.reynolds(speed, imp.diameter, broth.kinematic_viscosity)
    power_number = catalogue.power_number(imp, case.tank, re)
    flow_number = catalogue.flow_number(imp)
    return ImpellerAdvice(
        reynolds=re,
        tip_speed=c.tip_speed(speed, imp.diameter),
        power_number=power_number,
        flow_number=flow_number,
        power=c.power(power_number.value, broth.density, speed, imp.diameter),
        flow=flow_number.value * speed * imp.diameter**3,
    )


def _blend(case: Case, impellers: tuple[ImpellerAdvice, ...], dissipation: float) -> tuple[tuple[str, c.Estimate], ...]:
    """Blend times by correlation; for a tall stack the multi-impeller form comes first, else the single one."""
    tank, speed, count = case.tank, case.operation.speed, len(case.impellers)
    imp = case.impellers[0]
    np_mean = sum(i.power_number.value for i in impellers) / count
    nu = case.broth.kinematic_viscosity
    single = c.blend_time(speed, imp.diameter, tank.diameter, tank.liquid_height, np_mean, nu, count)
    found = [
        ("5.2 Np^-1/3 (T/D)^1.5 (H/D)^0.5 / N", single),
        (
            "5.9 T^2/3 eps^-1/3 (D/T)^-1/3",
            c.blend_time_dissipation(dissipation, imp.diameter, tank.diameter, tank.liquid_height, count),
        ),
    ]
    radial = all(imp.pumping is None for imp in case.impellers)  # measured with disc turbines
    if radial and (count > 1 or tank.liquid_height > 1.2 * tank.diameter):
        stack = c.blend_time_multi_rushton(speed, imp.diameter, tank.liquid_height, np_mean)
        found.insert(0, ("3.3 Np^-1/3 (H/D)^2.43 / N", stack))
    return tuple(found)


def gassed_power(case: Case, powers: tuple[float, ...], speed: float, gas_rate: float) -> float:
    """Power of all impellers in gas, W, each at the gas that loads it (``rushton.correlations.gas_load``).

    Parameters
    ----------
    case : Case
    powers : tuple of float
        Without gas, from the lowest impeller, W.
    speed : float
        1/s.
    gas_rate : float
        At the conditions in the tank, m3/s.
    """
    return sum(
        c.gassed_power_michel_miller(power, speed, imp.diameter, gas_rate * c.gas_load(level)).value
        for level, (power, imp) in enumerate(zip(powers, case.impellers, strict=True), 1)
    )


def _gas(case: Case, impellers: tuple[ImpellerAdvice, ...], found: Demand | None) -> GasAdvice:
    """Gas transfer at the rate of the case; without one, at 1 vvm or 0.05 m/s, whichever is less."""
    gas, tank, speed = case.gas, case.tank, case.operation.speed
    volume, imp = case.liquid_volume, case.impellers[0]
    expansion = NORMAL_PRESSURE / pressure_at_mid_height(case) * case.broth.temperature / NORMAL_TEMPERATURE
    area = 0.25 * math.pi * tank.diameter**2
    rate = gas.rate * expansion if gas else min(volume / 60.0 * expansion, 0.05 * area)
    velocity = rate / area
    gassed = gassed_power(case, tuple(i.power for i in impellers), speed, rate)
    return GasAdvice(
        assumed=gas is None,
        normal_rate=rate / expansion,
        rate=rate,
        gas_velocity=velocity,
        gassed_power=gassed,
        flow_number=c.flow_number_gas(rate, speed, imp.diameter),
        flooding=c.flooding_gas_number(c.froude(speed, imp.diameter), imp.diameter / tank.diameter).value,
        kla=(
            ("0.026 (Pg/V)^0.4 vs^0.5, coalescing", c.kla_coalescing(gassed / volume, velocity, volume)),
            ("0.002 (Pg/V)^0.7 vs^0.2, non-coalescing", c.kla_noncoalescing(gassed / volume, velocity, volume)),
        ),
        holdup=c.holdup(gassed / volume, velocity),
        kla_needed=None if found is None else found.oxygen_uptake / (0.7 * oxygen_at_mid_height(case)),
    )
