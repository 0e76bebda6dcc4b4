"""The aerated tank: hold-up, transfer, dissolved oxygen and carbon dioxide on a given flow.

In this order, each by its own module::

    gassed power, regimes   P_g/P_0 of each impeller                            rushton.transport.gas_power
    the flow with gas       slower stirrer and buoyancy, or slowed only         rushton.transport.aeration
    hold-up                 drift-flux balance, bubble size and slip            rushton.transport.drift_flux
    transfer                kLa = kL 6 alpha/d32 from the rescaled dissipation  rushton.transport.bubble_law
    oxygen, CO2             liquid and bubbles, uptake, depletion of the gas    rushton.transport.gas_exchange

Pressure is hydrostatic, p = p_head + rho g (H - z), bubbles are moist and at the temperature of the broth. Oxygen is
taken up at Q C/(K + C), Q the same everywhere or, where a substrate is fed, in proportion to its local uptake.

Two mean kLa are given. ``kla_1_h`` is the volume mean of the local kLa. ``kla_log_mean_1_h`` is what an engineer reads
from a gas balance: OTR over the logarithmic mean of the driving forces at the sparger and at the surface, both against
the mean dissolved oxygen. They differ where kLa, oxygen and gas composition vary together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.regime_analysis import oxygen_per_substrate
from rushton.correlations.oxygen import CARBON_DIOXIDE_TRANSFER
from rushton.flow.field import Flow
from rushton.store import Progress, silent
from rushton.transport.aeration import gas_in
from rushton.transport.bubble_law import LocalBubbles
from rushton.transport.drift_flux import GasPhase
from rushton.transport.gas_exchange import given_rate, monod_uptake, solve_exchange
from rushton.transport.gas_numbers import gas_numbers
from rushton.transport.gas_result import Gas
from rushton.transport.operator import assemble

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.transport.substrate import Substrate


def solve_gas(
    case: Case,
    flow: Flow,
    substrate: Substrate | None = None,
    aerated: Flow | None = None,
    progress: Progress = silent,
) -> Gas:
    """Gas phase, transfer and dissolved gases of an aerated tank.

    Parameters
    ----------
    case : Case
        With [gas].
    flow : Flow
        Without gas.
    substrate : Substrate, optional
        Its uptake decides where oxygen is used, unless the case gives ``gas.respiration.max``.
    aerated : Flow, optional
        With gas (:mod:`rushton.transport.aeration`); by default the flow without gas, slowed to the gassed power.
    progress : Progress

    Returns
    -------
    Gas

    Raises
    ------
    SolverError
        If the tank cannot hold the gas, or the sparger lies in a solid.
    """
    gas, mesh = case.gas, flow.mesh
    assert gas is not None
    found = gas_in(case, flow, aerated, lambda f, text: progress(0.5 * f, text))
    column, phase = found.column, found.phase
    kla, kla_factor = _transfer(case, flow, found.law, phase)
    progress(0.55, "assembling the transport operator")
    operator = assemble(found.flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame)
    demand = oxygen_demand(case, flow, substrate)
    oxygen = solve_exchange(
        operator, phase, kla, _over(column.pressure_centre, column.henry_oxygen), gas.oxygen_fraction,
        monod_uptake(demand, gas.respiration.half_saturation), lambda f, text: progress(0.55 + 0.3 * f, text),
    )  # fmt: skip
    respired = demand * oxygen.concentration / (gas.respiration.half_saturation + oxygen.concentration)
    henry = _over(column.pressure_centre, column.henry_carbon_dioxide)
    carbon_dioxide = solve_exchange(
        operator, phase, CARBON_DIOXIDE_TRANSFER * kla, henry,
        gas.carbon_dioxide_fraction, given_rate(-gas.respiration.quotient * respired),
        lambda f, text: progress(0.85 + 0.15 * f, text), "carbon dioxide",
    )  # fmt: skip
    numbers = gas_numbers(case, flow, found, kla, kla_factor, demand, oxygen, carbon_dioxide)
    return Gas(
        mesh=mesh,
        fraction=phase.fraction,
        bubble_size=np.where(mesh.solid, 0.0, phase.size),
        slip=np.where(mesh.solid, 0.0, phase.slip),
        kla=kla,
        oxygen=oxygen.concentration,
        oxygen_saturation=oxygen.saturation,
        carbon_dioxide=carbon_dioxide.concentration,
        carbon_dioxide_kla=CARBON_DIOXIDE_TRANSFER * kla,
        carbon_dioxide_saturation=carbon_dioxide.saturation,
        carbon_dioxide_supplied=np.where(mesh.solid, 0.0, henry * gas.carbon_dioxide_fraction),
        oxygen_in_gas=oxygen.fraction,
        numbers=numbers,
    )


def _over(pressure: np.ndarray, henry: Callable[[float], float]) -> np.ndarray:
    return np.array([henry(float(p)) for p in pressure])


def _transfer(case: Case, flow: Flow, law: LocalBubbles, phase: GasPhase) -> tuple[np.ndarray, float]:
    """Local kLa, 1/s, and the factor by which a measured mean multiplied it (1 without one)."""
    mesh = flow.mesh
    local = np.where(mesh.solid, 0.0, law.transfer(phase.size, phase.slip) * 6.0 * phase.fraction / phase.size)
    assert case.gas is not None
    if case.gas.kla is None:
        return local, 1.0
    factor = case.gas.kla / (float((mesh.volumes * local).sum()) / mesh.volume)
    return factor * local, factor


def oxygen_demand(case: Case, flow: Flow, substrate: Substrate | None) -> np.ndarray:
    """(nr, nt, nz) uptake Q with oxygen in plenty, mol/m3/s; zero where nothing breathes."""
    assert case.gas is not None
    respiration, fluid = case.gas.respiration, ~flow.mesh.solid
    if respiration.max is not None:
        return np.where(fluid, respiration.max, 0.0)
    if substrate is None:
        return np.zeros(flow.mesh.shape)
    per_substrate = respiration.per_substrate or oxygen_per_substrate(substrate.name)
    return per_substrate * substrate.max_uptake_mol_m3_s * np.where(fluid, substrate.uptake_ratio, 0.0)
