"""Turbulence closures: what gives the eddy viscosity of the mean flow.

A closure is made for one grid and asked once per iteration::

    closure.start(solver, state)              before the first iteration on a grid
    closure.advance(solver, state, forward)   after momentum and pressure: new k, epsilon and nu_t, in place

It finds the mean flow and its fluxes in ``state`` and ``solver`` (with ``solver.g``, production G in m2/s3,
``solver.num``, power of the numerical dissipation in m5/s3 per mesh cell, and ``solver.eps_wall``, epsilon at walls by
the wall functions of ``rushton.flow.turbulence``, which all closures share). Every closure hands over k and epsilon.

The numerical dissipation G_num enters k of every closure as production, because the energy is lost by the mean flow
whatever the model. How it enters the second equation is said in each module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from rushton.flow.closures.k_epsilon import KEpsilon
from rushton.flow.closures.k_omega_sst import KOmegaSST
from rushton.flow.closures.laminar import Laminar
from rushton.flow.closures.realizable import RealizableKEpsilon

if TYPE_CHECKING:
    import numpy as np

    from rushton.flow.grid import FlowGrid
    from rushton.flow.simplec import FlowState, Simplec

__all__ = ["CLOSURES", "Closure", "KEpsilon", "KOmegaSST", "Laminar", "RealizableKEpsilon"]


class Closure(Protocol):
    """What the flow iteration needs of a turbulence model; see the package.

    Attributes
    ----------
    production_limit : float
        Largest G + G_num over epsilon that enters k, -; 0 where there is no k.
    """

    production_limit: float

    def start(self, solver: Simplec, s: FlowState) -> None:
        """Prepare the state before the first iteration on this grid."""

    def advance(self, solver: Simplec, s: FlowState, forward: bool) -> None:
        """New k, epsilon and nu_t for the mean flow as it stands."""

    def scalars(self, s: FlowState) -> tuple[np.ndarray, ...]:
        """The fields it carries by transport equations."""

    def move(self, grid: FlowGrid) -> None:
        """Go on with another position of the rotor on the same mesh cells."""


CLOSURES: dict[str, Callable[[FlowGrid], Closure]] = {
    "k-epsilon": KEpsilon,
    "realizable-k-epsilon": RealizableKEpsilon,
    "k-omega-sst": KOmegaSST,
    "laminar": Laminar,
}
"""Closures by the name that the case file gives them."""
