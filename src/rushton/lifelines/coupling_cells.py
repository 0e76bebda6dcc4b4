"""The cells that trade: a cell model's state on every cell followed, its wishes and what it makes of what it gets.

    q_n = own(c_n, x_n)                    what cell n would take up by its own law and state, mol/(kg s)
    dx_n/dt = rates(f q_n, c_n, x_n)       what it makes of the uptake f q_n that it gets (see ``coupling``)

    c_n  concentrations in the mesh cell where it is       x_n  its pools       kg: dry weight of the cell

The mean cell has the mean of all states; its rates at any concentrations are what the fields are stepped with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit, types

from rushton.cores import Team
from rushton.physiology.compiled import RATES_FUNCTION
from rushton.physiology.integrate import advance
from rushton.physiology.model import CellModel
from rushton.physiology.timescales import substeps_needed

_I, _I1, _F2 = types.int64, types.int64[::1], types.float64[:, ::1]
_EVALUATE = types.void(_I, _I, RATES_FUNCTION, _F2, _F2, _F2, _I, _I1, _F2)

LOOKED_AT = 2000
"""Cells whose surroundings are looked at to choose the sub-steps of the pools."""


@njit(_EVALUATE, cache=True, nogil=True)
def reported_rates(lo, hi, rates, parameters, environment, state, n_out, columns, out):
    """Some reported rates at many places, lo <= n < hi.

    parameters (1 or n, n_parameter) and state (1 or n, n_state) of all or of each; environment (n, n_environment);
    columns (k,) of the rates in the n_out numbers that ``rates`` writes; out (n, k) in the units of the model.
    """
    work = np.empty(n_out)
    for n in range(lo, hi):
        mine = parameters[n if len(parameters) > 1 else 0]
        rates(environment[n], state[n if len(state) > 1 else 0], mine, work)
        for k in range(columns.size):
            out[n, k] = work[columns[k]]


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
    around : (n_environment,) float
        Surroundings where there is no field of them, in the units of the model.
    parameters : (n_cell, n_parameter) float, optional
        Prepared parameters of each cell (:mod:`rushton.physiology.population`); by default those of the model.
    felt : sequence of int
        Columns of the environment that there are fields of, the first the substrate's; -1 where the model does not feel
        what there is a field of.
    traded : sequence of (int, float)
        Reported rates that there are fields of, and what one unit of each gives to the broth, mol/(kg s); the first
        is the uptake of substrate.

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
        around: np.ndarray,
        parameters: np.ndarray | None = None,
        felt: Sequence[int] = (1,),
        traded: Sequence[tuple[int, float]] = (),
    ) -> None:
        self.own, self.imposed = model.with_uptake("own"), model.with_uptake("imposed")
        self.state = np.tile(np.asarray(state, float), (n_cell, 1))
        self._common = np.ascontiguousarray(model.parameter_vector[None])
        self._each = parameters
        self._base = around
        self._around: dict[int, np.ndarray] = {}
        self._felt = [
            (column, model.environment[column].per_mol_kg(density) / density if column >= 0 else 0.0) for column in felt
        ]
        self.per_si = model.uptake_per_mol_kg_s
        traded = tuple(traded) or ((0, -1.0 / self.per_si),)
        self._columns = np.array([model.n_state + reported for reported, _ in traded], np.int64)
        self._into_broth = np.array([factor for _, factor in traded])
        self._team = team
        self.substeps = 1

    def restore(self, state: np.ndarray, substeps: int) -> None:
        """Go back to pools (n_cell, n_state) and sub-steps."""
        self.state, self.substeps = state, substeps

    @property
    def mean_state(self) -> np.ndarray:
        """(n_state,) mean of the pools."""
        return self.state.mean(axis=0)

    def _surround(self, fields: Sequence[np.ndarray]) -> np.ndarray:
        """(n, n_environment) environments from the fields (n,) mol/m3 at n places."""
        n = fields[0].size
        if n not in self._around:
            self._around[n] = np.tile(self._base, (n, 1))
        around = self._around[n]
        for (column, per_mol_m3), c in zip(self._felt, fields, strict=True):
            if column < 0:
                continue
            np.multiply(c, per_mol_m3, out=around[:, column])
        return around

    def wishes(self, fields: Sequence[np.ndarray]) -> np.ndarray:
        """Uptake of substrate of every cell by its own law, (n_cell,) mol/(kg s), from fields (n_cell,) mol/m3."""
        parameters = self._common if self._each is None else self._each
        return -self._rates(self._surround(fields), self.state, parameters, 1)[:, 0]

    def mean_cell(self, fields: Sequence[np.ndarray], only_substrate: bool = False) -> np.ndarray:
        """What the mean cell gives to the broth at many places, (n, n_traded) mol/(kg s); fields (n,) mol/m3."""
        count = 1 if only_substrate else self._columns.size
        return self._rates(self._surround(fields), self.mean_state[None], self._common, count)

    def _rates(self, around: np.ndarray, state: np.ndarray, parameters: np.ndarray, count: int) -> np.ndarray:
        out, own = np.empty((len(around), count)), self.own
        columns = self._columns[:count]
        self._team(reported_rates, len(around), own.rates, parameters, around, state, own.n_out, columns, out)
        return out * self._into_broth[:count]

    def choose_substeps(self, fields: Sequence[np.ndarray], dt: float) -> None:
        """As many sub-steps of the pools in dt seconds as the fastest asks for where the cells are now."""
        met = self._surround(fields)
        met[:, 0] = self.wishes(fields) * self.per_si
        self.substeps = substeps_needed(self.imposed, met[:LOOKED_AT], self.state[0], dt)

    def eat(self, uptake: np.ndarray, fields: Sequence[np.ndarray], dt: float) -> np.ndarray:
        """Live for dt seconds on an uptake of substrate (n_cell,) mol/(kg s), in fields (n_cell,) mol/m3.

        Returns
        -------
        (n_cell, n_reported)
            Mean reported rates, in the units of the model.
        """
        around = self._surround(fields)
        around[:, 0] = uptake * self.per_si
        total = np.zeros((len(uptake), len(self.own.reported)))
        kept = np.empty((len(uptake), 0, self.own.n_out))
        threads = self._team.threads
        advance(self.imposed, around[:, None], dt, self.state, total, 0, kept, self.substeps, threads, self._each)
        total /= self.substeps
        return total

    def given(self, rates: np.ndarray) -> np.ndarray:
        """What cells with rates (n_cell, n_reported) give to the broth, (n_cell, n_traded) mol/(kg s)."""
        return rates[:, self._columns - self.own.n_state] * self._into_broth
