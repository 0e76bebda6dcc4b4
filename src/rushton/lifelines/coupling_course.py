"""Notes taken while cells and field are in exchange: the course, the books, means over the last half of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rushton.lifelines.coupling_exchange import TwoWay

COLUMNS = ("mean_mol_m3", "mean_uptake_ratio", "factor", "ratio_min", "ratio_max", "uptake_mol_kg_s")
"""What is noted after every exchange; the mean concentrations of the other species (mol/m3) follow."""


class Course:
    """Notes of one run.

    Parameters
    ----------
    run : TwoWay
        Before its first recorded step.
    n : int
        Exchanges in the run.

    Attributes
    ----------
    table : (n, 6 + n_species) float
        ``COLUMNS`` and the means of the species.
    pools : (n, n_state) float
        Mean pools.
    held : float
        Substrate dissolved at the start, mol.
    fed, eaten, taken : float
        Fed, lost by the field, had by the cells (as their integrator has it), mol.
    """

    def __init__(self, run: TwoWay, n: int) -> None:
        self.interval = run.interval
        self._volumes = run.volumes
        self._volume = float(run.volumes.sum())
        self.held = run.dissolved
        self.noted = self.sampled = 0
        self.table = np.zeros((n, len(COLUMNS) + len(run.species)))
        self.pools = np.zeros((n, run.cells.state.shape[1]))
        self.fed = self.eaten = self.taken = 0.0
        self._s, self._s2 = np.zeros(run.c.shape), np.zeros(run.c.shape)
        self._fields = np.zeros((1 + len(run.species), *run.c.shape))
        self._rates = np.zeros((len(run.cells.state), len(run.cells.own.reported)))

    def note(self, fraction: float, now: TwoWay, rates: np.ndarray) -> None:
        """After an exchange: ``fraction`` of the run is done, ``rates`` (n_cell, n_reported) were lived."""
        s, dt, v = now.field_ratio, self.interval, self._volumes
        self.table[self.noted] = (
            now.dissolved / self._volume,
            float((v * s).sum()) / self._volume,
            now.factor,
            now.ratio.value.min(),
            now.ratio.value.max(),
            now.taken / (now.weight * len(rates)),
            *(species.dissolved / self._volume for species in now.species),
        )
        self.pools[self.noted] = now.cells.mean_state
        self.noted += 1
        self.fed += now.feed * dt
        self.eaten += now.eaten * dt
        self.taken += now.taken * dt
        if fraction > 0.5:
            self.sampled += 1
            self._s += s
            self._s2 += s * s
            for total, c in zip(self._fields, (now.c, *(species.c for species in now.species)), strict=True):
                total += c
            self._rates += rates

    def state(self) -> dict[str, np.ndarray]:
        """Notes so far."""
        return {
            "table": self.table[: self.noted], "pools": self.pools[: self.noted], "s": self._s, "s2": self._s2,
            "fields": self._fields, "rates": self._rates,
            "numbers": np.array([self.held, self.fed, self.eaten, self.taken, self.sampled]),
        }  # fmt: skip

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``; a longer run than that of the state has not come to its last half."""
        self.noted = len(state["table"])
        self.table[: self.noted], self.pools[: self.noted] = state["table"], state["pools"]
        self.held, self.fed, self.eaten, self.taken, sampled = (float(x) for x in state["numbers"])
        if 2 * self.noted > len(self.table):
            self._s, self._s2, self._fields, self._rates = (state[key] for key in ("s", "s2", "fields", "rates"))
            self.sampled = int(sampled)

    @property
    def mean_fields(self) -> np.ndarray:
        """(1 + n_species, nr, nt, nz) over the last half, mol/m3, the substrate first."""
        return self._fields / self.sampled

    @property
    def mean_ratio(self) -> np.ndarray:
        """(nr, nt, nz) s over the last half, -."""
        return self._s / self.sampled

    @property
    def unrest(self) -> float:
        """Root of the volume mean of the variance of s in time, -: how far the field is from a steady one."""
        variance = np.maximum(self._s2 / self.sampled - self.mean_ratio**2, 0.0)
        return float(np.sqrt((self._volumes * variance).sum() / self._volume))

    @property
    def mean_rates(self) -> np.ndarray:
        """(n_cell, n_reported) over the last half, in the units of the model."""
        return self._rates / self.sampled
