"""A model of five pools for the benchmark of two-way coupling: a chain from what is eaten to growth, which acts back.

q_s = q_max C/(K + C) (1 - x_1),     dx_1/dt = (q_s/q_max - x_1)/tau_1,     dx_n/dt = (x_{n-1} - x_n)/tau_n
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

RATE = "mol/(Cmol h)"
TIMES = (5.0, 20.0, 60.0, 300.0, 3600.0)
"""Own times of the pools, s."""
PARAMETERS = (
    Parameter("q_max", 0.2, RATE, "largest uptake", "benchmark"),
    Parameter("K", 7.8e-6, "mol/kg", "half saturation", "benchmark"),
    Parameter("Y", 3.0, "Cmol/mol", "yield", "benchmark"),
    *(Parameter(f"tau_{n}", t / 3600.0, "h", f"own time of pool {n}", "benchmark") for n, t in enumerate(TIMES, 1)),
)


@njit(RATES, cache=True)
def imposed(environment, state, parameters, out):
    """Environment (q_s, C_s), state (x_1..x_5)."""
    q_s = environment[0]
    before = q_s / parameters[0]
    for n in range(5):
        out[n] = (before - state[n]) / parameters[3 + n]
        before = state[n]
    out[5] = q_s
    out[6] = parameters[2] * parameters[0] * state[1]
    out[7] = state[4]


@njit(RATES, cache=True)
def own(environment, state, parameters, out):
    """The same with the uptake of the model."""
    q_s = parameters[0] * (1.0 - state[0]) * environment[1] / (parameters[1] + environment[1])
    before = q_s / parameters[0]
    for n in range(5):
        out[n] = (before - state[n]) / parameters[3 + n]
        before = state[n]
    out[5] = q_s
    out[6] = parameters[2] * parameters[0] * state[1]
    out[7] = state[4]


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model."""
    return CellModel(
        name="five_state_model",
        title="a chain of five pools",
        states=tuple(Quantity(f"x_{n}", "-", f"pool {n}") for n in range(1, 6)),
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
        start=(0.1, 0.1, 0.1, 0.1, 0.1),
        molar_mass=24.6e-3,
        imposed=imposed,
        own=own,
        prepare=_prepare,
        sources=("benchmark",),
    )
