"""The cells that trade: a cell model's state on every cell followed, its wishes and what it makes of what it gets.

    q_n = own(c_n, x_n)                    what cell n would take up by its own law and state, mol/(kg s)
    dx_n/dt = rates(f q_n, c_n, x_n)       what it makes of the uptake f q_n that it gets (see ``coupling``)

    c_n  concentrations in the mesh cell where it is       x_n  its pools       kg: dry weight of the cell

The mean cell has the mean of all states; its uptake at any concentration is the law that the fields are stepped with.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from rushton.cores import Team
from rushton.physiology.compiled import RATES_FUNCTION
from rushton.physiology.integrate import advance
from rushton.physiology.model import CellModel

_I, _F1, _F2 = types.int64, types.float64[::1], types.float64[:, ::1]
_EVALUATE = types.void(_I, _I, RATES_FUNCTION, _F2, _F2, _F2, _I, _I, _F1)

FINEST_STEP = 0.3
"""Longest step of the pools, s: enough for the fastest pools of the models that are shipped."""


@njit(_EVALUATE, cache=True, nogil=True)
def reported_rate(lo, hi, rates, parameters, environment, state, n_out, column, out):
    """One reported rate at many places, lo <= n < hi.

    parameters (1 or n, n_parameter) and state (1 or n, n_state) of all or of each; environment (n, n_environment);
    column of the rate in the n_out numbers that ``rates`` writes; out (n,) in the unit of the model.
    """
    work = np.empty(n_out)
    for n in range(lo, hi):
        mine = parameters[n if len(parameters) > 1 else 0]
        rates(environment[n], state[n if len(state) > 1 else 0], mine, work)
        out[n] = work[column]


class Cells:
    """A population with a cell model.

    Parameters
    ----------
    model : CellModel
    n_cell : int
    state : (n_state,) float
        Pools at the start, the same in all.
    density : float
        Of the broth, kg/m3.
    team : Team
    parameters : (n_cell, n_parameter) float, optional
        Prepared parameters of each cell (:mod:`rushton.physiology.population`); by default those of the model.

    Attributes
    ----------
    state : (n_cell, n_state) float
        Pools, in the units of the model.
    """

    def __init__(
        self,
        model: CellModel,
        n_cell: int,
        state: np.ndarray,
        density: float,
        team: Team,
        parameters: np.ndarray | None = None,
    ) -> None:
        self.own, self.imposed = model.with_uptake("own"), model.with_uptake("imposed")
        self.state = np.tile(np.asarray(state, float), (n_cell, 1))
        self._common = np.ascontiguousarray(model.parameter_vector[None])
        self._each = parameters
        self._around = np.tile(model.environment_vector(), (n_cell, 1))
        self._places: dict[int, np.ndarray] = {}
        self._per_mol_m3 = model.environment[1].per_mol_kg(density) / density
        self._per_si = model.uptake_per_mol_kg_s
        self._team = team

    @property
    def mean_state(self) -> np.ndarray:
        """(n_state,) mean of the pools."""
        return self.state.mean(axis=0)

    def wishes(self, c: np.ndarray) -> np.ndarray:
        """Uptake of every cell by its own law, (n_cell,) mol/(kg s), at c (n_cell,) mol/m3 of substrate."""
        self._around[:, 1] = c * self._per_mol_m3
        return self._uptake(self._around, self.state, self._common if self._each is None else self._each)

    def mean_uptake(self, c: np.ndarray) -> np.ndarray:
        """Uptake of the mean cell at many concentrations, mol/(kg s); c (n,) mol/m3."""
        if c.size not in self._places:
            self._places[c.size] = np.tile(self.own.environment_vector(), (c.size, 1))
        around = self._places[c.size]
        around[:, 1] = c * self._per_mol_m3
        return self._uptake(around, self.mean_state[None], self._common)

    def _uptake(self, around: np.ndarray, state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        out = np.empty(len(around))
        own = self.own
        self._team(
            reported_rate, len(around), own.rates, parameters, around, state, own.n_out, own.n_state, out
        )  # fmt: skip
        return out / self._per_si

    def eat(self, uptake: np.ndarray, c: np.ndarray, dt: float) -> np.ndarray:
        """Live for dt seconds on an uptake (n_cell,) mol/(kg s) at c (n_cell,) mol/m3.

        Returns
        -------
        (n_cell, n_reported)
            Mean reported rates, in the units of the model.
        """
        self._around[:, 0], self._around[:, 1] = uptake * self._per_si, c * self._per_mol_m3
        environment, threads = self._around[:, None], self._team.threads
        substeps = max(1, int(np.ceil(dt / FINEST_STEP - 1e-9)))
        total = np.zeros((len(uptake), len(self.own.reported)))
        kept = np.empty((len(uptake), 0, self.own.n_out))
        advance(self.imposed, environment, dt, self.state, total, 0, kept, substeps, threads, self._each)
        total /= substeps
        self._around[:, 0] = 0.0
        return total
