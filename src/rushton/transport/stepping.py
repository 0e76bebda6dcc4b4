"""Steps in time of one scalar on the kept operator.

::

    BDF2:            (3/2 V/dt + A) C^{n+1} = V/dt (2 C^n - 1/2 C^{n-1}) + T(C^n) + b
    implicit Euler:  (V/dt + A) C^{n+1} = V/dt C^n + T(C^n) + b          (first step)

Symbols as in :mod:`rushton.transport.operator`. Any time step is stable: for pure convection the lagged limited part
leaves the amplification at or below one. The sum of V C changes by the sum of b dt only, to rounding, whatever the
tolerance of the linear solver (:mod:`rushton.transport.linear`).
"""

from __future__ import annotations

import numpy as np

from rushton.transport.limited import carry, limited_slopes, slope_weights
from rushton.transport.linear import LinearSystem
from rushton.transport.operator import ScalarOperator


class LimitedConvection:
    """T(C) of one operator, with its work space."""

    def __init__(self, operator: ScalarOperator) -> None:
        self._fluxes = operator.fluxes
        self._grid = (*(passes.astype(np.int8) for passes in operator.joined), *slope_weights(operator.mesh))
        self._delta, self._out = np.empty((3, *operator.mesh.shape)), np.empty(operator.mesh.shape)

    def __call__(self, c: np.ndarray) -> np.ndarray:
        """(nr, nt, nz) T(C), mol/s; the array is reused by the next call."""
        limited_slopes(c, *self._grid, self._delta)
        carry(self._delta, *self._fluxes, self._out)
        return self._out


class TimeStepper:
    """Steps of one length, which can be doubled on the way.

    Parameters
    ----------
    operator : ScalarOperator
    time_step : float
        First dt, s.
    limited : bool
        With the limited second-order part; without it convection is first-order upwind.
    second_order : bool
        BDF2 after the first step; without it implicit Euler, which never undershoots when ``limited`` is off.
    tolerance : float
        Of the linear solver, relative to the change over the step.
    """

    def __init__(
        self,
        operator: ScalarOperator,
        time_step: float,
        limited: bool = True,
        second_order: bool = True,
        tolerance: float = 1e-3,
    ) -> None:
        self._operator, self._dt, self._tolerance = operator, time_step, tolerance
        self._convection = LimitedConvection(operator) if limited else None
        self._second_order = second_order
        self._past: list[np.ndarray] = []  # the fields one and two steps ago
        self._system = LinearSystem(
            operator.diagonal, operator.neighbours, operator.volumes / time_step, ~operator.mesh.solid
        )
        self.iterations = 0

    def step(self, c: np.ndarray, source: np.ndarray | float = 0.0) -> np.ndarray:
        """Concentration one step later.

        Parameters
        ----------
        c : (nr, nt, nz) float
            Concentration now, mol/m3; 0 in the solid.
        source : (nr, nt, nz) float
            b, mol/s.

        Returns
        -------
        (nr, nt, nz) float
            A new array.
        """
        capacity = self._operator.volumes / self._dt
        first = not (self._second_order and self._past)
        rhs = capacity * (c if first else 2.0 * c - 0.5 * self._past[0])
        guess = 2.0 * c - self._past[0] if self._past else c
        rhs += source
        if self._convection is not None:
            rhs += self._convection(c)
        new = guess.copy()
        iterations, _ = self._system.solve(rhs, new, self._tolerance)
        self.iterations += iterations
        if self._second_order and first:
            self._system.set_mass(1.5 * capacity)
        self._past = [c, *self._past[:1]]
        return new

    def double_step(self) -> None:
        """Make the time step twice as long from now on; the field two old steps ago becomes the last one."""
        if len(self._past) < 2:
            raise ValueError("the time step can be doubled after two steps only")
        self._dt *= 2.0
        self._past = [self._past[1]]
        capacity = self._operator.volumes / self._dt
        self._system.set_mass(1.5 * capacity if self._second_order else capacity)
