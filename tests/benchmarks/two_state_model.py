"""A small model for the benchmark of strain panels: growth that adapts, and an enzyme that uptake represses.

d mu/dt = (Y (q_s - m) - mu)/tau,      dE/dt = k/(1 + (q_s/K)^2) - (d + mu) E,      q_p = E
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

RATE = "mol/(Cmol h)"
PARAMETERS = (
    Parameter("Y", 3.5, "Cmol/mol", "yield", "benchmark"),
    Parameter("m", 1e-3, RATE, "maintenance", "benchmark"),
    Parameter("tau", 0.05, "h", "adaptation", "benchmark"),
    Parameter("k", 1e-3, "1/h", "synthesis", "benchmark"),
    Parameter("K", 0.02, RATE, "repression", "benchmark"),
    Parameter("d", 0.5, "1/h", "decay", "benchmark"),
)


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """Environment (q_s, C_s), state (mu, E)."""
    q_s, mu = environment[0], state[0]
    x = q_s / parameters[4]
    out[0] = (parameters[0] * (q_s - parameters[1]) - mu) / parameters[2]
    out[1] = parameters[3] / (1.0 + x * x) - (parameters[5] + mu) * state[1]
    out[2] = q_s
    out[3] = mu
    out[4] = state[1]


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model."""
    return CellModel(
        name="two_state_model",
        title="adaptation and one repressed enzyme",
        states=(Quantity("mu", "1/h", "growth"), Quantity("E", RATE, "enzyme")),
        environment=(
            Surrounding("q_s", RATE, "uptake"),
            Surrounding("C_s", "mol/kg", "substrate", 0.0, "substrate"),
        ),
        reported=(
            Quantity("q_s", RATE, "uptake", "substrate", -1),
            Quantity("mu", "1/h", "growth"),
            Quantity("q_p", RATE, "product", "product", 1),
        ),
        parameters=PARAMETERS,
        start=(0.03, 1e-3),
        molar_mass=24.6e-3,
        imposed=rates,
        own=rates,
        prepare=_prepare,
        sources=("benchmark",),
    )
