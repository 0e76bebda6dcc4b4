"""Velocity, turbulence and power of the stirred tank.

Door: ``solve_flow(case, progress) -> Flow``. Everything downstream takes a ``Flow`` and never asks who made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushton.flow.field import Flow, FlowNumbers

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.buoyancy import GasLoad
    from rushton.store import Progress

__all__ = ["Flow", "FlowNumbers", "solve_flow"]


def solve_flow(case: Case, progress: Progress | None = None, gas: GasLoad | None = None) -> Flow:
    """Solve the steady turbulent flow of a case; see ``rushton.flow.rans.solve_flow``."""
    from rushton.flow.rans import solve_flow as solve
    from rushton.store import silent

    return solve(case, progress or silent, gas=gas)
