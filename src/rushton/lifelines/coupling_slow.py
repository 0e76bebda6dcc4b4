"""Slow pools brought to rest before the record begins, for who asks for it (``lifelines.slow_pools = "at-rest"``).

    dx_n/dt = rates_n + (a - 1) <rates>,      a = tau / 60 s,      tau = 1/|d rates/dx|   for pools with tau > 300 s

A pool with a memory of hours integrates over so many circulations that all cells of a tank come to the same value, that
at which the population's mean rate <rates> vanishes. The mean is therefore moved a times as fast, the same in all
cells, while fast pools, field and walk keep their own time: where <rates> = 0 the speed does not matter, so the rest is
that of the tank. The way to it is not: it stands for no time of the fermentation.

It is the rest of one moment: flow, feed and biomass as they are, for as long as the slowest pool wants (days). The
method is the one of the heterogeneous multiscale method for two time scales: E W., Engquist B. 2003, Commun. Math. Sci.
1:87 (from memory, unverified). Valid while the rates of a slow pool depend on fast pools by their mean over minutes.
"""

from __future__ import annotations

import numpy as np

from rushton.physiology.model import SECONDS_PER_HOUR, CellModel
from rushton.physiology.timescales import jacobian

SETTLING = 60.0
"""Time in which a slow pool settles when it is hastened, s."""
SLOW = 300.0
"""Pools whose own time is longer are slow, s."""
SPAN = 420.0
"""How long they are hastened, s."""
LONGEST = 1e6
"""Own times beyond are taken as this, s."""


class SlowPools:
    """The slow pools of a model, and how much each is hastened.

    Parameters
    ----------
    model : CellModel
        With its uptake imposed.
    environment : (n_environment,) float
        Of a cell under the mean uptake.
    state : (n_state,) float
        Its pools.

    Attributes
    ----------
    own_time : (n_state,) float
        tau, s.
    hastening : (n_state,) float
        a; 1 for fast pools.
    """

    def __init__(self, model: CellModel, environment: np.ndarray, state: np.ndarray) -> None:
        matrix = jacobian(model, environment, np.asarray(state, float), model.parameter_vector)
        rate = np.maximum(np.abs(np.diag(matrix)), SECONDS_PER_HOUR / LONGEST)
        self.own_time = SECONDS_PER_HOUR / rate
        self.hastening = np.where(self.own_time > SLOW, self.own_time / SETTLING, 1.0)

    def move(self, state: np.ndarray, before: np.ndarray) -> None:
        """Move the pools (n_cell, n_state) of all cells on, after a step that their mean began at ``before``.

        A pool is never lowered below half of what it is.
        """
        step = (self.hastening - 1.0) * (state.mean(axis=0) - before)
        np.maximum(state + step, 0.5 * state, out=state)
