"""Gas in the tank and what it gives back to the flow.

``gas_in`` forms gassed power, bubbles and hold-up on a flow. ``aerate`` then solves the flow again, once, with both
things that gas does to it::

    gassed power   the stirrer turns at N_s = N (P_g/P_0)^(1/3), at which it draws the power left to it in gas
    buoyancy       the liquid is lifted by g alpha (:mod:`rushton.flow.buoyancy`), alpha from the flow before

One pass: hold-up is computed again on the aerated flow (by the stage ``gas``), the flow is not. The power numbers of
the tank stay those of the flow without gas; the aerated flow carries mixing, substrate, cells and gas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rushton.errors import SolverError
from rushton.flow import solve_flow
from rushton.flow.buoyancy import GasLoad
from rushton.flow.field import Flow
from rushton.store import Progress, silent
from rushton.transport.bubble_law import LocalBubbles
from rushton.transport.bubble_sizes import TransportedSizes
from rushton.transport.drift_flux import GasPhase, solve_gas_phase
from rushton.transport.gas_column import GAS_CONSTANT, Column
from rushton.transport.gas_power import AeratedImpeller, aerated_impellers, slowed
from rushton.transport.sparger import sparger_shares
from rushton.units import NORMAL_PRESSURE, NORMAL_TEMPERATURE

if TYPE_CHECKING:
    from rushton.case.schema import Case


@dataclass(frozen=True, eq=False)
class GasInTank:
    """Gas on one flow.

    Attributes
    ----------
    column : Column
        Pressure and solubility over the height.
    supply : float
        Dry gas, mol/s.
    impellers : tuple of AeratedImpeller
        From the lowest.
    flow : Flow
        That carries the gas: slowed to the gassed power, or aerated.
    law : LocalBubbles
    phase : GasPhase
    """

    column: Column
    supply: float
    impellers: tuple[AeratedImpeller, ...]
    flow: Flow
    law: LocalBubbles
    phase: GasPhase

    @property
    def power_ratio(self) -> float:
        """P_g/P_0 of all impellers together, -."""
        return power_ratio(self.impellers)


def power_ratio(impellers: tuple[AeratedImpeller, ...]) -> float:
    """P_g/P_0 of all impellers together, -."""
    return sum(i.gassed_power for i in impellers) / sum(i.power for i in impellers)


def gas_in(case: Case, flow: Flow, aerated: Flow | None = None, progress: Progress = silent) -> GasInTank:
    """Gassed power, bubbles and hold-up.

    Parameters
    ----------
    case : Case
        With [gas].
    flow : Flow
        Without gas: its power numbers are those of the impellers.
    aerated : Flow, optional
        From ``aerate``; by default the flow without gas slowed to the gassed power.
    progress : Progress

    Returns
    -------
    GasInTank

    Raises
    ------
    SolverError
        If the tank cannot hold the gas, or the sparger lies in a solid.
    """
    gas, mesh = case.gas, flow.mesh
    assert gas is not None
    column = Column.of(case, mesh)
    supply = gas.rate * NORMAL_PRESSURE / (GAS_CONSTANT * NORMAL_TEMPERATURE)
    rates = tuple(supply / float(column.gas_density(column.at(imp.clearance))) for imp in case.impellers)
    impellers = aerated_impellers(case, flow, rates)
    ratio = power_ratio(impellers)
    carrier = slowed(flow, ratio) if aerated is None else aerated
    law = LocalBubbles(
        carrier.dissipation_scaled, case.broth.density, flow.numbers.viscosity, gas.surface_tension, gas.bubbles
    )
    mean_dissipation = ratio * flow.numbers.power_W / (column.density * mesh.volume)
    sizes = TransportedSizes(law, column.gas_density(column.pressure_centre), mesh.volumes, mean_dissipation)
    phase = solve_gas_phase(
        carrier, sizes, law.slip, supply * sparger_shares(mesh, gas.sparger),
        (sizes.density, column.gas_density(column.pressure_face)), gas.holdup, case.numerics.frame, progress,
    )  # fmt: skip
    return GasInTank(column, supply, impellers, carrier, law, phase)


def feeds_back(case: Case) -> bool:
    """Whether gas gives back on the flow of this case."""
    return case.gas is not None and case.gas.feedback == "flow"


def aerate(case: Case, flow: Flow, progress: Progress = silent) -> Flow:
    """The flow of the gassed tank.

    Parameters
    ----------
    case : Case
        With [gas].
    flow : Flow
        Without gas.
    progress : Progress

    Returns
    -------
    Flow
        On the same mesh; its speed is N_s.

    Raises
    ------
    SolverError
        If the flow with gas diverges, or the tank cannot hold the gas.
    """
    first = gas_in(case, flow, None, lambda f, text: progress(0.2 * f, text))
    speed = case.operation.speed * first.power_ratio ** (1.0 / 3.0)
    slower = case.model_copy(update={"operation": case.operation.model_copy(update={"speed": speed})})
    try:
        return solve_flow(
            slower, lambda f, text: progress(0.2 + 0.8 * f, f"with gas: {text}"),
            GasLoad(flow.mesh, first.phase.fraction),
        )  # fmt: skip
    except SolverError as error:
        raise SolverError(
            f"the flow with gas could not be computed: {error.message}", "gas.feedback",
            'set gas.feedback = "none": gas is then carried by the flow without gas, slowed to the gassed power',
        ) from error  # fmt: skip
