"""Steps in time of one scalar on the kept operator.

::

    BDF2:            (3/2 V/dt + A) C^{n+1} - T(C^{n+1}) = V/dt (2 C^n - 1/2 C^{n-1}) + b
    implicit Euler:  (V/dt + A) C^{n+1} - T(C^{n+1}) = V/dt C^n + b          (first step)

Symbols as in :mod:`rushton.transport.operator`. Each step begins from the extrapolated field and is relaxed::

    r = right - left side,      C <- C + e_B + P^-1 (r - M e_B),      M = w + A

with e_B the compartment model of M (:mod:`rushton.transport.compartments`) and P^-1 one sweep over all lines
(:mod:`rushton.transport.sweeps`), until sum |r| is small beside what the step moves, sum w |C^{n+1} - C^n|. The limited
part is formed anew in every sweep, so it is as new as the rest and the step is second order in time. Should that not
converge within ``FREEZE`` sweeps (it may for Courant numbers of hundreds), T is kept as it is then: what remains is an
M-matrix, for which sweeps always converge.

The sum of V C changes by the sum of b dt only, to rounding, whatever the tolerance: the sum of r is known
(:mod:`rushton.transport.balance`), and the constant sum(r)/sum(w) is added to C at last.
"""

from __future__ import annotations

import numpy as np

from rushton.cores import ALONE, Team
from rushton.errors import SolverError
from rushton.transport.balance import Balance
from rushton.transport.compartments import Compartments
from rushton.transport.operator import ScalarOperator
from rushton.transport.sweeps import LineSweeps

TOLERANCE = 0.03
"""Sum of |r| over what the step moves, -. A tenth of it changes blend times by less than 0.1 %."""
FREEZE, MOST_SWEEPS = 40, 4000
"""Sweeps after which the limited part is kept, and after which the step is given up, -."""
ROUNDING = 1e-15
"""Sum of |r| over sum (w + diagonal of A) |C| below which there is nothing but rounding, -."""


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
        Of the relaxation, see ``TOLERANCE``.
    team : Team

    Attributes
    ----------
    sweeps : int
        Sweeps done so far.
    """

    def __init__(
        self,
        operator: ScalarOperator,
        time_step: float,
        limited: bool = True,
        second_order: bool = True,
        tolerance: float = TOLERANCE,
        team: Team = ALONE,
    ) -> None:
        self._operator, self._dt, self._tolerance = operator, time_step, tolerance
        self._fluid = ~operator.mesh.solid
        self._second_order = second_order
        self._past: list[np.ndarray] = []  # the fields one and two steps ago
        self._balance = Balance(operator, limited, team)
        self._compartments = Compartments(operator.diagonal, operator.neighbours, team)
        self._left = np.empty(operator.mesh.shape, np.float32)
        self._lines: LineSweeps | None = None
        self._team = team
        self._set_mass(operator.volumes / time_step)
        self.sweeps = 0

    def _set_mass(self, mass: np.ndarray) -> None:
        """w, m3/s."""
        self._mass, self._total = mass, float(mass.sum())
        main = self._balance.main = np.where(self._fluid, self._operator.diagonal + mass, 1.0)
        self._compartments.set_mass(mass)
        if self._lines is None:
            self._lines = LineSweeps(main, self._operator.neighbours, self._team)
        else:
            self._lines.set_main(main)

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

        Raises
        ------
        SolverError
            If the sweeps do not converge.
        """
        capacity = self._operator.volumes / self._dt
        first = not (self._second_order and self._past)
        right = capacity * (c if first else 2.0 * c - 0.5 * self._past[0]) + source
        new = 2.0 * c - self._past[0] if self._past else c.copy()
        self._relax(right, c, new)
        if self._second_order and first:
            self._set_mass(1.5 * capacity)
        self._past = [c, *self._past[:1]]
        return new

    def _relax(self, right: np.ndarray, c: np.ndarray, new: np.ndarray) -> None:
        """Sweep ``new`` until it solves the step from ``c``, then make the mass exact."""
        assert self._lines is not None
        rounding = ROUNDING * float((self._balance.main * np.abs(new)).sum())
        moved = float((self._mass * np.abs(new - c)).sum())
        for sweep in range(MOST_SWEEPS):
            error = self._balance(right, new, fresh=sweep <= FREEZE)
            if sweep == 1 and moved == 0.0:  # no step before this one tells how much it moves
                moved = float((self._mass * np.abs(new - c)).sum())
            if error <= self._tolerance * moved or error <= rounding:
                break
            scale = self._lines.scale(error / new.size)
            self._compartments.correct(self._balance.r, scale, self._left)
            self._compartments.add(self._lines(self._left), self._lines.unit / scale, new)
            self.sweeps += 1
        else:
            raise SolverError(
                f"a time step of {self._dt:.3g} s did not converge in {MOST_SWEEPS} sweeps: residual {error:.1e} of "
                f"{moved:.1e} mol/s", "mixing", "shorten the time step, or report the case",
            )  # fmt: skip
        new[self._fluid] += (float(right.sum()) - float((self._mass * new).sum())) / self._total

    def double_step(self) -> None:
        """Make the time step twice as long from now on; the field two old steps ago becomes the last one."""
        if len(self._past) < 2:
            raise ValueError("the time step can be doubled after two steps only")
        self._dt *= 2.0
        self._past = [self._past[1]]
        capacity = self._operator.volumes / self._dt
        self._set_mass(1.5 * capacity if self._second_order else capacity)
