"""summary.json: the headline numbers under names that other tools rely on.

Nested by stage, keys end in their unit. A number that was not computed is null with the reason beside it under
``<key>_reason``, never zero and never absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS: dict[str, tuple[str, ...]] = {
    "flow": (
        "volume_m3", "mesh_cells", "iterations", "converged", "power_W", "specific_power_W_m3", "power_number",
        "flow_number", "blades", "power_number_catalogue", "flow_number_catalogue", "power_number_imposed",
        "power_imposed_W",
        "tip_speed_m_s", "reynolds", "dissipation_power_ratio", "numerical_dissipation_ratio",
        "turbulence_production_ratio", "viscous_dissipation_ratio", "wall_work_ratio", "energy_balance_ratio",
        "turbulence_balance_ratio", "dissipation_scale", "torque_imbalance", "mass_imbalance", "circulation_time_s",
        "rotor", "revolutions", "power_number_frozen", "periodic_energy_ratio", "vortex_depth_m",
    ),
    "mixing": (
        "theta95_probe_s", "theta95_multi_probe_s", "theta95_variance_s", "slowest_mode_s", "n_theta95",
        "tracer_mass_error", "definitions", "schmidt_turbulent", "schmidt_varied", "theta95_variance_varied_s",
    ),
    "substrate": (
        "mean_mol_m3", "min_mol_m3", "max_mol_m3", "ideal_mixed_mol_m3", "share_excess", "share_limitation",
        "share_starvation", "mass_balance_error",
    ),
    "feed_study": (
        "members", "feed_points", "share_excess", "share_limitation", "share_starvation", "mean_mol_m3", "max_mol_m3",
        "min_mol_m3", "uptake_variation", "best", "mass_balance_error",
    ),
    "gas": (
        "holdup", "kla_1_h", "kla_log_mean_1_h", "oxygen_mean_mol_m3", "oxygen_min_mol_m3", "otr_mol_m3_h",
        "carbon_dioxide_mean_mol_m3", "gassed_power_W", "gassed_power_ratio", "regime", "bubble_size_m",
        "gas_balance_error", "oxygen_balance_error", "carbon_dioxide_balance_error",
    ),
    "refine": (
        "power_number_band", "flow_number_band", "power_band_W", "circulation_time_band_s", "theta95_probe_band_s",
        "theta95_variance_band_s", "varied",
    ),
    "lifelines": (
        "cells", "duration_s", "time_step_s", "coupling", "lost", "steps_per_core_second", "share_excess",
        "share_limitation", "share_starvation", "residence_s", "circulation_time_s", "well_mixed_chi2",
        "two_way",
        "circulation_s", "excursions", "autocorrelation_time_s", "integral_time_s", "plane_crossing_time_s",
        "convergence", "statistics_converged", "cautions",
    ),
    "environment": ("cells", "samples", "scalars", "oxygen_critical_share"),
    "response": (
        "model", "relative_productivity", "relative_productivity_final", "relative_yield", "uptake_mismatch",
        "relative_productivity_band", "relative_productivity_final_band", "relative_yield_band", "rates", "ratios",
        "states", "convergence", "cautions", "spread",
    ),
    "sensitivity": ("base", "variations", "largest"),
    "scaledown": ("floor", "best", "designs"),
}  # fmt: skip
"""The keys that every summary has, by section (a section may hold more)."""


def section(name: str, numbers: Mapping[str, Any] | None, reason: str) -> dict[str, Any]:
    """One section with all its keys.

    Parameters
    ----------
    name : str
        Name of the section.
    numbers : mapping or None
        What the stage reports of itself; None when it was not run.
    reason : str
        Why a number is missing, where the stage does not say it itself.
    """
    full = dict(numbers or {})
    for key in KEYS[name]:
        if full.setdefault(key, None) is None:
            full.setdefault(f"{key}_reason", reason)
    return full
