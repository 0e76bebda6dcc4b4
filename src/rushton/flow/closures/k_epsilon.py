"""Standard k-epsilon: equations, constants and source in ``rushton.flow.turbulence``.

G_num is production in both equations: epsilon receives C_1 epsilon / k (G + G_num). In a tank without baffles rotation
damps turbulence: ``rushton.flow.closures.rotation``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushton.flow import turbulence
from rushton.flow.closures import rotation
from rushton.mesh.cylinder import STATIONARY

if TYPE_CHECKING:
    import numpy as np

    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec


class KEpsilon:
    """Launder and Spalding 1974."""

    production_limit = 20.0

    def __init__(self, grid: FlowGrid) -> None:
        self.grid = grid
        self.free_swirl = not (grid.mesh.wall_theta == STATIONARY).any()

    def start(self, solver: Simplec, s: FlowState) -> None:
        """Nothing to prepare."""

    def advance(self, solver: Simplec, s: FlowState, forward: bool) -> None:
        """Epsilon and k by one theta and one z line sweep each, then nu_t."""
        g, solid = self.grid, self.grid.mesh.solid
        m = solver.coefficients(s.ke.shape)
        eps_old = s.eps.copy()
        solver.conduct(s.nut, turbulence.SIGMA_E)
        solver.transport(s.eps, m)
        solver.run(
            turbulence.add_epsilon_sources,
            s.ke, s.eps, solver.g, solver.num, solver.eps_wall, g.at_wall, g.vol, solid, solver.alpha_ke, m,
        )  # fmt: skip
        if self.free_swirl:
            solver.run(
                rotation.correct_destruction,
                s.ke, s.eps, s.ang, g.open_r, g.at_wall, solid, g.vol, g.rc, solver.alpha_ke, m,
            )  # fmt: skip
        solver.sweep(m, s.eps, forward)
        solver.conduct(s.nut, turbulence.SIGMA_K)
        solver.transport(s.ke, m)
        solver.run(turbulence.add_k_sources, s.ke, eps_old, solver.g, solver.num, g.vol, solid, solver.alpha_ke, m)
        solver.sweep(m, s.ke, forward)
        solver.run(turbulence.update_viscosity, s.ke, s.eps, s.nut, solver.nut_limit, solid)

    def scalars(self, s: FlowState) -> tuple[np.ndarray, ...]:
        """k and epsilon."""
        return (s.ke, s.eps)

    def move(self, grid: FlowGrid) -> None:
        """Only the walls differ."""
        self.grid = grid
