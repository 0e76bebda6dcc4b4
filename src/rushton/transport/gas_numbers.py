"""Headline numbers of an aerated tank (section ``gas`` of summary.json), and what to know before trusting them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton import correlations as c
from rushton.flow.field import Flow
from rushton.transport.aeration import GasInTank
from rushton.transport.bubble_sizes import sauter_mean
from rushton.transport.gas_column import Column
from rushton.transport.gas_exchange import Exchange
from rushton.transport.gas_power import AeratedImpeller
from rushton.transport.gas_result import HOUR

if TYPE_CHECKING:
    from rushton.case.schema import Case

MUCH = 2.0
"""A calibration factor above this, or below its inverse, is warned of, -."""
ENOUGH = 0.9
"""Where uptake falls below this share of what oxygen in plenty would allow, oxygen is counted as limiting, -."""


def gas_numbers(
    case: Case,
    flow: Flow,
    found: GasInTank,
    kla: np.ndarray,
    kla_factor: float,
    demand: np.ndarray,
    oxygen: Exchange,
    carbon_dioxide: Exchange,
) -> dict[str, Any]:
    """Section ``gas`` of summary.json; ``flow`` is that without gas."""
    column, impellers, phase, supply = found.column, found.impellers, found.phase, found.supply
    gas, mesh = case.gas, flow.mesh
    assert gas is not None
    volumes, volume, fluid = mesh.volumes, mesh.volume, ~mesh.solid
    area = 0.25 * math.pi * case.tank.diameter**2
    gassed_power = flow.numbers.power_W * found.power_ratio
    velocity = supply / float(column.gas_density(column.at(0.5 * case.tank.liquid_height))) / area
    law = c.kla_coalescing if gas.bubbles == "coalescing" else c.kla_noncoalescing
    wanted = float((volumes * demand).sum())
    k = gas.respiration.half_saturation
    starved = demand * (oxygen.concentration / (k + oxygen.concentration)) < ENOUGH * demand
    out: dict[str, Any] = {
        "holdup": float((volumes * phase.fraction).sum()) / volume,
        "holdup_correlation": c.holdup(gassed_power / volume, velocity).value,
        "holdup_factor": phase.slip_factor,
        "kla_1_h": HOUR * float((volumes * kla).sum()) / volume,
        "kla_correlation_1_h": HOUR * law(gassed_power / volume, velocity, volume).value,
        "kla_factor": kla_factor,
        "bubble_size_m": sauter_mean(phase.size, volumes * phase.fraction),
        "bubble_size_level": phase.size_level,
        "superficial_velocity_m_s": velocity,
        "gassed_power_W": gassed_power,
        "gassed_power_ratio": [i.ratio for i in impellers],
        "gas_flow_number": [i.regime.flow_number for i in impellers],
        "regime": [i.regime.words for i in impellers],
        "dissipation_scale": found.flow.dissipation_scale,
        "stirrer_speed_of_flow_1_s": found.flow.speed,
        "flow_converged": found.flow.converged,
        "lifting_power_W": found.flow.numbers.lifting_power_W,
        "oxygen_mean_mol_m3": _mean(oxygen.concentration, volumes),
        "oxygen_min_mol_m3": float(oxygen.concentration[fluid].min()),
        "oxygen_max_mol_m3": float(oxygen.concentration[fluid].max()),
        "oxygen_saturation_mean_mol_m3": _mean(oxygen.saturation, volumes),
        "oxygen_fraction_out": oxygen.outlet_fraction,
        "oxygen_limited_share": float((volumes * starved).sum()) / volume,
        "otr_mol_m3_h": HOUR * oxygen.transfer_mol_s / volume,
        "oxygen_demand_mol_m3_h": HOUR * wanted / volume,
        "carbon_dioxide_mean_mol_m3": _mean(carbon_dioxide.concentration, volumes),
        "carbon_dioxide_max_mol_m3": float(carbon_dioxide.concentration[fluid].max()),
        "carbon_dioxide_fraction_out": carbon_dioxide.outlet_fraction,
        "gas_balance_error": phase.balance_error,
        "oxygen_balance_error": oxygen.balance_error,
        "carbon_dioxide_balance_error": carbon_dioxide.balance_error,
        "converged": phase.converged and oxygen.converged and carbon_dioxide.converged,
        "closures": _closures(case),
    }
    out |= _log_mean_kla(case, column, oxygen, out["oxygen_mean_mol_m3"], volume)
    out["cautions"] = _cautions(case, impellers, out)
    return out


def _mean(field: np.ndarray, volumes: np.ndarray) -> float:
    return float((volumes * field).sum() / volumes.sum())


def _log_mean_kla(case: Case, column: Column, oxygen: Exchange, mean: float, volume: float) -> dict[str, Any]:
    """kLa by OTR over the logarithmic mean of the driving forces at sparger and surface, 1/h, or why there is none."""
    gas, key = case.gas, "kla_log_mean_1_h"
    assert gas is not None
    below = column.henry_oxygen(column.at(gas.sparger.height)) * gas.oxygen_fraction - mean
    above = column.henry_oxygen(gas.head_pressure) * oxygen.outlet_fraction - mean
    if oxygen.uptake_mol_s <= 0.0:
        return {key: None, f"{key}_reason": "nothing takes up oxygen, so none is transferred in the steady state"}
    if min(below, above) <= 1e-3 * mean:
        return {key: None, f"{key}_reason": "the mean dissolved oxygen is above saturation at the surface"}
    return {key: HOUR * oxygen.transfer_mol_s / volume / c.log_mean(below, above)}


def _closures(case: Case) -> list[str]:
    assert case.gas is not None
    return [
        f"bubble size, {case.gas.bubbles}", "rise of a bubble", "rise in turbulence", "rise in a swarm",
        "dispersion of gas", "transfer coefficient",
    ]  # fmt: skip


def _cautions(case: Case, impellers: tuple[AeratedImpeller, ...], numbers: dict[str, Any]) -> list[str]:
    """What the engineer should know before trusting the numbers."""
    out = []
    for n, imp in enumerate(impellers, 1):
        if imp.regime.flooded:
            out.append(
                f"impeller {n} floods (Fl = {imp.regime.flow_number:.3f}, limit {imp.regime.flooding:.3f}): the gas "
                "rises through it undispersed, which the computed hold-up and kLa do not show; raise the speed or "
                "give less gas"
            )
        if imp.type != "rushton":
            out.append(
                f"impeller {n} is no Rushton turbine: its gassed power is that of one, {imp.ratio:.0%} of the "
                "ungassed; concave, pitched and foil blades lose less, so kLa is on the low side"
            )
    for key, what in (("holdup_factor", "rise of the bubbles"), ("kla_factor", "transfer coefficient")):
        if not 1.0 / MUCH <= numbers[key] <= MUCH:
            out.append(
                f"the measured value in gas.{key.removesuffix('_factor')} multiplies the {what} by "
                f"{numbers[key]:.2g}: so far from the closure, measurement, sparger and broth "
                "properties want a second look"
            )
    if not numbers["flow_converged"]:
        out.append(
            'the flow with gas did not settle; everything it carries is kept, judge it beside gas.feedback = "none"'
        )
    if numbers["oxygen_limited_share"] > 0.01:
        out.append(
            f"oxygen limits its uptake in {numbers['oxygen_limited_share']:.0%} of the volume"
            + ("; substrate uptake was computed as if there were enough" if case.feeds else "")
        )
    return out
