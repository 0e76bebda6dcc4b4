"""Viscosity of the liquid: a number for water, a law of the local shear rate for a broth.

Newtonian:   nu = mu / rho
Power law:   nu = K gamma^(n - 1) / rho, between mu_min / rho and mu_max / rho;   gamma = sqrt(2 S:S), 1/s

K is the consistency, Pa s^n; n the flow behaviour index, - (Ostwald-de Waele). gamma is that of the mean flow
(``rushton.flow.shear``); what turbulence adds to the shear seen by the liquid is not counted, so that the viscosity
away from the impeller is rather over- than underestimated.

The law is asked once per iteration and moves by a factor (new / old)^RELAXATION: viscosity spans decades, so its
logarithm is relaxed. With n = 1 the field is K / rho everywhere, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rushton.flow.shear import shear_rate

if TYPE_CHECKING:
    from rushton.flow.simplec import FlowState, Simplec

RELAXATION = 0.5
"""Exponent of the relaxation, -."""


class Viscosity(Protocol):
    """What the flow iteration needs of the liquid."""

    def start(self, shape: tuple[int, int, int]) -> np.ndarray:
        """(nr, nt, nz) kinematic viscosity of the liquid at rest, m2/s."""

    def update(self, solver: Simplec, s: FlowState) -> None:
        """Bring ``solver.nu`` nearer to that of the present flow, in place."""


@dataclass(frozen=True)
class Newtonian:
    """Kinematic viscosity ``nu``, m2/s, the same everywhere."""

    nu: float

    def start(self, shape: tuple[int, int, int]) -> np.ndarray:
        """Uniform."""
        return np.full(shape, self.nu)

    def update(self, solver: Simplec, s: FlowState) -> None:
        """It does not change."""


@dataclass(frozen=True)
class PowerLaw:
    """Power law over density.

    Attributes
    ----------
    consistency : float
        K / rho, m2 s^(n-2).
    index : float
        n, -.
    least, most : float
        Bounds of the kinematic viscosity, m2/s.
    first_rate : float
        Shear rate of the starting field, 1/s.
    """

    consistency: float
    index: float
    least: float
    most: float
    first_rate: float

    def at(self, rate: np.ndarray | float) -> np.ndarray:
        """Kinematic viscosity at a shear rate in 1/s, m2/s."""
        # below this rate a shear-thinning law is at its upper bound anyway; it only keeps the power finite
        gamma = np.maximum(rate, 1e-9)
        return np.clip(self.consistency * gamma ** (self.index - 1.0), self.least, self.most)

    def start(self, shape: tuple[int, int, int]) -> np.ndarray:
        """Uniform, at the first shear rate."""
        return np.full(shape, float(self.at(self.first_rate)))

    def update(self, solver: Simplec, s: FlowState) -> None:
        """Relaxed towards the law at the present shear rate."""
        rate = np.empty(solver.nu.shape)
        shear_rate(solver, s, rate)
        solver.nu *= (self.at(rate) / solver.nu) ** RELAXATION
