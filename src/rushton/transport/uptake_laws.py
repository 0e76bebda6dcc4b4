"""Substrate fields of other uptake laws on the same flow: the operator is kept, only the sink changes.

::

    A C - T(C) = F w - V q_max X C / (K + C)

as in :mod:`rushton.transport.substrate`; q_max X and K are those of a strain and its biomass. One field costs some 40
sweeps over the mesh, 0.2 s on 1e5 mesh cells. Every search begins from the field of the case, so that a field does not
depend on which others were asked for before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import SolverError
from rushton.flow.field import Flow
from rushton.transport.operator import assemble
from rushton.transport.steady_monod import steady_monod
from rushton.transport.substrate import Substrate

if TYPE_CHECKING:
    from rushton.case.schema import Case

FULLEST = 0.999
"""Largest feed over uptake capacity that has a steady state worth computing, -."""
TOLERANCE = 1e-4
"""Sum of |residuals| over the feed at which a field is steady, -: in the 54 m3 tank shares by volume are then within
3e-6 and s within 1e-5 on the mean (2e-3 at worst, at the edge of the plume) of those at 1e-8; at 1e-3 they would be
within 1e-4."""
SAME = 1e-9
"""Laws whose numbers differ by less, relative, are the same, -."""


@dataclass(frozen=True)
class UptakeLaw:
    """What the field sees of a strain.

    Parameters
    ----------
    max_uptake : float
        q_max X, mol/(m3 s).
    half_saturation : float
        K, mol/m3.
    """

    max_uptake: float
    half_saturation: float

    def is_like(self, other: UptakeLaw) -> bool:
        """Whether both are the same to rounding."""
        return math.isclose(self.max_uptake, other.max_uptake, rel_tol=SAME) and math.isclose(
            self.half_saturation, other.half_saturation, rel_tol=SAME
        )


@dataclass(frozen=True, eq=False)
class LawField:
    """Steady field of one law.

    Attributes
    ----------
    law : UptakeLaw
    concentration : (n_mesh_cell,) float
        Of the fluid mesh cells (order of ``TankMesh.cell_index``), mol/m3.
    uptake_ratio : (n_mesh_cell,) float
        s = q/q_max, -.
    fed_ratio : float
        F/(q_max X V): s of the ideally mixed vessel, -.
    residual : float
        Sum of |residuals| over the feed.
    mass_balance_error : float
        |uptake/feed - 1|.
    """

    law: UptakeLaw
    concentration: np.ndarray
    uptake_ratio: np.ndarray
    fed_ratio: float
    residual: float
    mass_balance_error: float

    @property
    def converged(self) -> bool:
        """Whether the residual met the tolerance."""
        return self.residual <= TOLERANCE


class LawSolver:
    """Fields of uptake laws on one flow with one feed.

    Parameters
    ----------
    case : Case
        Its feeds, ``mixing.schmidt_turbulent`` and ``numerics.frame`` are read.
    flow : Flow
        Full tank.
    substrate : Substrate
        Field of the case, from which every search begins.
    """

    def __init__(self, case: Case, flow: Flow, substrate: Substrate) -> None:
        self._operator = assemble(flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame)
        self._mesh = mesh = flow.mesh
        self._source = np.zeros(mesh.shape)
        for f in case.feeds:
            p = f.position
            self._source += f.rate * mesh.sphere_weights(p.radius, p.angle, p.height, f.diameter)
        self.feed = float(sum(f.rate for f in case.feeds))
        own = UptakeLaw(substrate.max_uptake_mol_m3_s, substrate.half_saturation_mol_m3)
        fluid = ~mesh.solid
        self._own = LawField(
            own, substrate.concentration[fluid], substrate.uptake_ratio[fluid],
            substrate.ideal_mixed_uptake_ratio, substrate.residual, substrate.mass_balance_error,
        )  # fmt: skip

    def fed_ratio(self, law: UptakeLaw) -> float:
        """F/(q_max X V), -."""
        return self.feed / (law.max_uptake * self._mesh.volume)

    def __call__(self, law: UptakeLaw) -> LawField:
        """The steady field of a law.

        Raises
        ------
        SolverError
            Where more is fed than the law can take up.
        """
        fed = self.fed_ratio(law)
        if fed >= FULLEST:
            raise SolverError(
                f"the feed of {self.feed:.4g} mol/s is more than this uptake can take up "
                f"({law.max_uptake * self._mesh.volume:.4g} mol/s), so the substrate would pile up without end",
                "uptake.max",
                "raise uptake.max or the biomass, or feed less",
            )
        if law.is_like(self._own.law):
            return self._own
        mesh, fluid = self._mesh, ~self._mesh.solid
        start = np.zeros(mesh.shape)
        start[fluid] = self._own.concentration
        c, residual, _ = steady_monod(
            self._operator, self._source, law.max_uptake, law.half_saturation, start=start, tolerance=TOLERANCE
        )
        c = c[fluid]
        s = c / (law.half_saturation + c)
        eaten = float((mesh.volumes[fluid] * s).sum()) * law.max_uptake
        return LawField(law, c, s, fed, residual, abs(eaten / self.feed - 1.0))
