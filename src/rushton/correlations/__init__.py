"""Published correlations of stirred tanks: power, blending, turbulence, gas, each with its source and range.

They stand beside what is computed, never in its place.
"""

from rushton.correlations.blending import (
    blend_time,
    blend_time_at,
    blend_time_dissipation,
    blend_time_multi_rushton,
    circulation_time,
)
from rushton.correlations.estimate import GRAVITY, Estimate
from rushton.correlations.gas import (
    holdup,
    holdup_kudrewizki,
    kla_coalescing,
    kla_figueiredo,
    kla_labik,
    kla_noncoalescing,
)
from rushton.correlations.gassed_power import (
    GasRegime,
    cavity_gas_number,
    dispersion_gas_number,
    flooding_gas_number,
    flow_number_gas,
    froude,
    gas_load,
    gas_regime,
    gassed_power_michel_miller,
    gassed_power_ratio,
)
from rushton.correlations.oxygen import (
    METABOLIC_HEAT,
    OXYGEN_IN_AIR,
    carbon_dioxide_saturation,
    log_mean,
    oxygen_saturation,
    solubility,
    vapour_pressure,
)
from rushton.correlations.power import (
    discharge_flow_number,
    expected_power_number,
    flow_number,
    power,
    power_number_kamei_hiraoka,
    power_number_max,
    power_number_thickness,
    reynolds,
    stack_note,
    tip_speed,
)
from rushton.correlations.rheology import apparent_viscosity, metzner_otto_constant
from rushton.correlations.turbulence import (
    edcf,
    kolmogorov_length,
    mean_dissipation,
    shear_rate,
    turbulent_stress,
)

__all__ = [
    "apparent_viscosity",
    "metzner_otto_constant",
    "GRAVITY",
    "METABOLIC_HEAT",
    "OXYGEN_IN_AIR",
    "Estimate",
    "GasRegime",
    "carbon_dioxide_saturation",
    "cavity_gas_number",
    "gas_load",
    "gas_regime",
    "holdup_kudrewizki",
    "blend_time",
    "blend_time_at",
    "blend_time_dissipation",
    "blend_time_multi_rushton",
    "circulation_time",
    "discharge_flow_number",
    "dispersion_gas_number",
    "edcf",
    "expected_power_number",
    "flooding_gas_number",
    "flow_number",
    "flow_number_gas",
    "froude",
    "gassed_power_michel_miller",
    "gassed_power_ratio",
    "holdup",
    "kla_coalescing",
    "kla_figueiredo",
    "kla_labik",
    "kla_noncoalescing",
    "kolmogorov_length",
    "log_mean",
    "mean_dissipation",
    "oxygen_saturation",
    "power",
    "power_number_kamei_hiraoka",
    "power_number_max",
    "power_number_thickness",
    "reynolds",
    "shear_rate",
    "solubility",
    "stack_note",
    "tip_speed",
    "turbulent_stress",
    "vapour_pressure",
]
