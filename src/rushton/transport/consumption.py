"""Steps in time of a scalar that is eaten: positive for any step, its mass exact.

::

    V (C' - C)/dt + A C' - T(C') = b - V kappa C',      kappa = q(C)/C,  q >= 0

    C, C'  mol/m3    concentration before and after the step        b   mol/s   feeds and productions, >= 0
    kappa  1/s       rate at which it is eaten, over what is there  q   mol/m3/s  uptake at C
    A, T, V          transport, :mod:`rushton.transport.operator`

The uptake is written as kappa C' (S. V. Patankar, Numerical Heat Transfer and Fluid Flow (1980), section 7.2): what is
left of the matrix is an M-matrix, so C' stays positive however long the step; a steady field is that of q itself.

Each step is relaxed by sweeps over all lines (:mod:`rushton.transport.sweeps`), C' <- C' + P^-1 r, until sum |r| is
small beside what is exchanged, sum(b) + sum(V kappa C'). A step that needs more than a few sweeps (a long one) gets its
own factors and the compartment model of :mod:`rushton.transport.compartments` besides; one that needs very many keeps
T as it is then, for what remains is an M-matrix. A and T only carry, so with w = V/dt + V kappa the whole tank
obeys sum(w C') = sum(V C/dt + b). The relaxed field is multiplied by the factor that makes this true to rounding,
whatever the tolerance: what the field loses is what was eaten less what was fed, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rushton.cores import ALONE, Team
from rushton.errors import SolverError
from rushton.transport.balance import Balance
from rushton.transport.compartments import Compartments
from rushton.transport.operator import ScalarOperator
from rushton.transport.sweeps import LineSweeps

TOLERANCE = 1e-3
"""Sum of |r| over what is exchanged, -."""
RENEW, FREEZE, MOST_SWEEPS = 6, 40, 4000
"""Sweeps after which a step gets factors and compartments of its own, keeps T, and is given up, -."""


class ConsumedScalar:
    """Steps of one dissolved substance on a kept operator.

    Parameters
    ----------
    operator : ScalarOperator
    time_step : float
        dt, s.
    team : Team
    tolerance : float
        See ``TOLERANCE``.

    Attributes
    ----------
    sweeps : int
        Sweeps done so far.
    """

    def __init__(
        self, operator: ScalarOperator, time_step: float, team: Team = ALONE, tolerance: float = TOLERANCE
    ) -> None:
        self._operator, self._team, self._tolerance = operator, team, tolerance
        self._fluid = ~operator.mesh.solid
        self._balance = Balance(operator, team=team)
        self._lines: LineSweeps | None = None
        self._compartments: Compartments | None = None
        self._left = np.empty(operator.mesh.shape, np.float32)
        self._stale = True
        self.sweeps = 0
        self.set_time_step(time_step)

    def set_time_step(self, time_step: float) -> None:
        """Steps of another length, s, from now on."""
        self.time_step = time_step
        self._capacity = self._operator.volumes / time_step
        self._stale = True

    def step(self, c: np.ndarray, kappa: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, float]:
        """One step.

        Parameters
        ----------
        c : (nr, nt, nz) float
            C, mol/m3, >= 0; 0 in the solid.
        kappa : (nr, nt, nz) float
            1/s, >= 0.
        source : (nr, nt, nz) float
            b, mol/s, >= 0.

        Returns
        -------
        (nr, nt, nz) float
            C', mol/m3: a new array.
        float
            What was eaten, sum(V kappa C'), mol/s.

        Raises
        ------
        SolverError
            If the sweeps do not converge.
        """
        sink = self._operator.volumes * kappa
        main = np.where(self._fluid, self._operator.diagonal + self._capacity + sink, 1.0)
        self._balance.main = main
        if self._lines is None:
            self._lines = LineSweeps(main, self._operator.neighbours, self._team)
            self._first = self._factored = main
        elif self._stale:
            self._lines.set_main(main)
            self._factored = main
        self._stale = False
        right = self._capacity * c + source
        new = c.copy()
        given = float(source.sum())
        for sweep in range(MOST_SWEEPS):
            error = self._balance(right, new, fresh=sweep <= FREEZE)
            if sweep > 0 and error <= self._tolerance * (given + float((sink * new).sum())):
                break
            scale = self._lines.scale(error / new.size)
            if sweep == RENEW:
                self._lines.set_main(main)
                self._factored = main
                self._model().set_mass(self._capacity + sink)
            if sweep >= RENEW:
                self._model().correct(self._balance.r, scale, self._left)
                self._model().add(self._lines(self._left), self._lines.unit / scale, new)
            else:
                np.multiply(self._balance.r, scale, out=self._left, casting="same_kind")
                new += self._lines(self._left) * (self._lines.unit / scale)
            self.sweeps += 1
        else:
            raise SolverError(
                f"a step of {self.time_step:.3g} s of a dissolved substance did not converge in {MOST_SWEEPS} sweeps",
                "lifelines", "take a shorter lifelines.sampling, or report the case",
            )  # fmt: skip
        np.maximum(new, 0.0, out=new)
        eaten = float((sink * new).sum())
        held = float((self._capacity * new).sum()) + eaten
        wanted = float(right.sum())
        if held > 0.0:
            factor = wanted / held
            new *= factor
            eaten *= factor
        return new, eaten

    def state(self) -> dict[str, np.ndarray]:
        """What the digits of the next step depend on besides its arguments: the diagonals that were factorised first
        (it sets the scale) and last. There must have been a step."""
        return {"first": self._first, "factored": self._factored}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``."""
        self._first, self._factored = state["first"], state["factored"]
        self._lines = LineSweeps(self._first, self._operator.neighbours, self._team)
        self._lines.set_main(self._factored)
        self._stale = False

    def _model(self) -> Compartments:
        """The compartment model, made when it is first needed."""
        if self._compartments is None:
            operator = self._operator
            self._compartments = Compartments(operator.diagonal, operator.neighbours, self._team)
        return self._compartments
