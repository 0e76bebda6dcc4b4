"""Laminar flow: no turbulence at all.

    k = 0,   nu_t = 0,   epsilon = 2 nu S:S

epsilon is here the viscous dissipation of the flow itself, m2/s3, so that the energy balance and everything that asks
for local dissipation keep their meaning. Walls: the shared wall functions reduce to tau = rho nu u / y when k is zero.
G_num is not used: without a turbulence equation there is nowhere to put the energy; it is still reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.flow.shear import shear_rate

if TYPE_CHECKING:
    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec


class Laminar:
    """No eddy viscosity."""

    production_limit = 0.0

    def __init__(self, grid: FlowGrid) -> None:
        self.grid = grid
        self.rate = np.zeros(grid.mesh.shape)

    def start(self, solver: Simplec, s: FlowState) -> None:
        """Take the starting turbulence out."""
        s.ke[:] = 0.0
        s.nut[:] = 0.0
        s.eps[:] = 0.0

    def advance(self, solver: Simplec, s: FlowState, forward: bool) -> None:
        """Only the dissipation of the mean flow."""
        shear_rate(solver, s, self.rate)
        np.multiply(solver.nu, self.rate**2, out=s.eps)

    def scalars(self, s: FlowState) -> tuple[np.ndarray, ...]:
        """None."""
        return ()

    def move(self, grid: FlowGrid) -> None:
        """Only the walls differ."""
        self.grid = grid
