"""The response: what a population makes of its histories, beside the ideally mixed vessel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rushton.response.bands import Groups
from rushton.response.variables import Variable, variables
from rushton.store import load_result, save_result


@dataclass(frozen=True, eq=False)
class Response:
    """Rates and pools of many cells along stitched histories.

    Attributes
    ----------
    model : str
        Name of the cell model.
    uptake : str
        ``"imposed"`` (cells eat what the field says) or ``"own"`` (the model's own law of the concentration).
    state_names, state_units : tuple of str
        Pools of the model, length n_state.
    rate_names, rate_units : tuple of str
        Reported rates, length n_rate; q_s, mu and q_p are the first three.
    rate_si : (n_rate,) float
        What one unit of each rate is in SI; NaN where it is no rate.
    sources : tuple of str
        What to cite for the model.
    has_product : bool
        Whether q_p means anything in this model.
    duration, final_window, dt : float
        Length of a history, of the final window, interval of the samples, s.
    time : (n_bin,) float
        Middles of the stretches over which rates are averaged, s.
    rates, snapshots : (n_bin, n_history, n_rate) float32
        Mean rates over each stretch, and rates at the moment in which it ends.
    states : (n_bin, n_history, n_state) float32
        Pools at the end of each stretch.
    reference_state : (n_state,) float
        Mean pools of the same cells in the ideally mixed vessel: the start of the histories.
    own_reference : (n_history, n_rate) float
        Rates of each cell there.
    trajectory_time, closeup_time : (n,) float
        Times of the kept samples of the first histories, s: over all, and over the last minutes.
    trajectory, closeup : (n_kept_history, n, n_state + n_rate) float32
        Pools, then rates at these times.
    closeup_s : (n_kept_history, n) float32
        s = q/q_max at the times of the close-up.
    mean_ratio, stitched_ratio : float
        Mean s of the lifelines and of the stitched histories.
    fed_uptake : float
        Mean uptake that the feed allows, F/(X V), in the unit of q_s.
    joins, far_joins, borrowed : int
        Joins between records, those beyond the tolerance, those with a record of another group.
    largest_jump : float
        Largest jump of s at a join.
    records : int
        Number of lifelines that were stitched.
    group : (n_history,) int
        Group of each history: groups share no lifeline (``rushton.response.bands``).
    seed : int
    varying, defaults, lacking : tuple of str
        Surroundings that vary in the tank; those that are the model's defaults; those of them that vary in a real tank.
    constants : dict of str to float
        Surroundings that do not vary, in the units of the model.
    substeps : int
        Steps of the integrator per sample.
    integration_error, sampling_error : float
        Relative changes with half the step and with every second sample (``rushton.response.convergence``).
    spread : dict of str to float
        Relative standard deviation of parameters between cells; empty where all cells are alike.
    uniform_reference : (n_rate,) float
        Rates of the mean cell in the ideally mixed vessel.
    twins : (n_twin,) int
        Histories that the mean cell lived through as well; none without a spread.
    twin_rates : (n_bin, n_twin, n_rate) float32
        Its mean rates over each stretch.
    """

    model: str
    uptake: str
    state_names: tuple[str, ...]
    state_units: tuple[str, ...]
    rate_names: tuple[str, ...]
    rate_units: tuple[str, ...]
    rate_si: np.ndarray
    sources: tuple[str, ...]
    has_product: bool
    duration: float
    final_window: float
    dt: float
    time: np.ndarray
    rates: np.ndarray
    snapshots: np.ndarray
    states: np.ndarray
    reference_state: np.ndarray
    own_reference: np.ndarray
    trajectory_time: np.ndarray
    trajectory: np.ndarray
    closeup_time: np.ndarray
    closeup: np.ndarray
    closeup_s: np.ndarray
    mean_ratio: float
    stitched_ratio: float
    fed_uptake: float
    joins: int
    far_joins: int
    borrowed: int
    largest_jump: float
    records: int
    group: np.ndarray
    seed: int
    varying: tuple[str, ...]
    constants: dict[str, float]
    defaults: tuple[str, ...]
    lacking: tuple[str, ...]
    substeps: int
    integration_error: float
    sampling_error: float
    spread: dict[str, float]
    uniform_reference: np.ndarray
    twins: np.ndarray
    twin_rates: np.ndarray

    # --- courses ---------------------------------------------------------------------------------------------------

    @property
    def n_history(self) -> int:
        """Number of histories."""
        return self.rates.shape[1]

    def rate(self, name: str) -> np.ndarray:
        """(n_bin, n_history) course of one rate, by name."""
        return self.rates[:, :, self.rate_names.index(name)]

    def state(self, name: str) -> np.ndarray:
        """(n_bin, n_history) course of one pool, by name."""
        return self.states[:, :, self.state_names.index(name)]

    def moments(self, name: str) -> np.ndarray:
        """(n_moment, n_history) of single cells at single moments; of a pool, those of the final window."""
        if name in self.rate_names:
            return self.snapshots[:, :, self.rate_names.index(name)].astype(float)
        return self.state(name)[self.final].astype(float)

    def reference(self, name: str) -> float:
        """Mean of a rate or pool in the ideally mixed vessel."""
        if name in self.rate_names:
            return float(self.reference_rates[self.rate_names.index(name)])
        return float(self.reference_state[self.state_names.index(name)])

    @cached_property
    def reference_rates(self) -> np.ndarray:
        """(n_rate,) mean rates in the ideally mixed vessel."""
        return np.asarray(self.own_reference.mean(axis=0))

    @property
    def final(self) -> np.ndarray:
        """(n_bin,) bool, the stretches of the final window."""
        return np.asarray(self.time > self.duration - self.final_window)

    @cached_property
    def groups(self) -> Groups:
        """Groups of histories that share no lifeline."""
        return Groups(self.group, self.seed)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """All physiological variables of the population, by name."""
        return variables(self)

    # --- the headline numbers --------------------------------------------------------------------------------------

    @property
    def history_productivity(self) -> np.ndarray | None:
        """(n_history,) mean q_p of each history over that of its cell in the ideally mixed vessel; None without."""
        return self._productivity(np.ones(self.time.size, bool))

    @property
    def history_productivity_final(self) -> np.ndarray | None:
        """(n_history,) the same over the final window."""
        return self._productivity(self.final)

    @property
    def relative_productivity(self) -> float | None:
        """Mean q_p of the population over that of the ideally mixed vessel."""
        return self._relative("q_p", np.ones(self.time.size, bool)) if self.has_product else None

    @property
    def relative_productivity_final(self) -> float | None:
        """The same over the final window, for the loss may still grow."""
        return self._relative("q_p", self.final) if self.has_product else None

    @property
    def relative_yield(self) -> float | None:
        """Mean mu / mean q_s of the population over that of the ideally mixed vessel."""
        eaten = float(self.rate("q_s").mean(dtype=float))
        there = eaten > 0.0 and self.reference("mu") > 0.0 and self.reference("q_s") > 0.0
        return self._relative_yield(np.ones(self.time.size, bool)) if there else None

    @property
    def uptake_mismatch(self) -> float:
        """What the population eats over what it is fed, less one."""
        return float(self.rate("q_s").mean(dtype=float)) / self.fed_uptake - 1.0

    @property
    def drift(self) -> float | None:
        """Headline value over the final window less that over the window before; None in too short a history."""
        before = (self.time > self.duration - 2.0 * self.final_window) & ~self.final
        if not before.any() or (not self.has_product and self.relative_yield is None):
            return None
        value = self._relative_yield if not self.has_product else lambda window: self._relative("q_p", window)
        return value(self.final) - value(before)

    @property
    def headline(self) -> tuple[str, np.ndarray]:
        """Name and 95 % band (2,) of the value that stands for the response."""
        if self.has_product:
            return "final productivity", self.band("relative_productivity_final")
        return "yield", self.band("relative_yield") if self.relative_yield is not None else np.full(2, np.nan)

    def band(self, key: str) -> np.ndarray:
        """95 % band (2,) of relative_productivity, relative_productivity_final or relative_yield.

        Over groups of histories that share no lifeline: it holds which lifelines were drawn and how they were joined,
        not errors of flow, Schmidt number, uptake law or cell model. NaN where there are too few groups.
        """
        names = self.rate_names.index
        window = self.final if key.endswith("final") else np.ones(self.time.size, bool)
        mean, own = self.rates[window].mean(axis=0, dtype=float), self.own_reference
        if key == "relative_yield":
            columns = np.column_stack([mean[:, names("mu")], mean[:, names("q_s")]])
            ideal = self.reference("mu") / self.reference("q_s")
            return self.groups.band(columns, lambda m: m[..., :1] / m[..., 1:] / ideal)[0]
        columns = np.column_stack([mean[:, names("q_p")], own[:, names("q_p")]])
        return self.groups.band(columns, lambda m: m[..., :1] / m[..., 1:])[0]

    def _relative(self, rate: str, window: np.ndarray) -> float:
        return float(self.rate(rate)[window].mean(dtype=float)) / self.reference(rate)

    def _relative_yield(self, window: np.ndarray) -> float:
        grown, eaten = (float(self.rate(name)[window].mean(dtype=float)) for name in ("mu", "q_s"))
        return grown / eaten / (self.reference("mu") / self.reference("q_s"))

    def _productivity(self, window: np.ndarray) -> np.ndarray | None:
        own = self.own_reference[:, self.rate_names.index("q_p")]
        if not self.has_product or not (own > 0.0).all():
            return None
        return np.asarray(self.rate("q_p")[window].mean(axis=0, dtype=float) / own)

    # --- hand-over ---------------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The section ``response`` of summary.json."""
        from rushton.response.summary import summary

        return summary(self)

    def save(self, folder: Path) -> None:
        """Write arrays.npz and meta.json into a folder."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        save_result(folder, arrays, {name: value for name, value in values.items() if name not in arrays})

    @classmethod
    def load(cls, folder: Path) -> Response:
        """Read what `save` wrote."""
        arrays, meta = load_result(folder)
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in meta.items()}
        values: dict[str, Any] = {**arrays, **plain}
        return cls(**values)

    def export(self, results_folder: Path) -> None:
        """Write response.nc, response.csv, physiology.csv and physiology_histograms.csv into the results folder."""
        from rushton.response.export import write_csv, write_histograms, write_netcdf, write_variables

        folder = Path(results_folder)
        write_netcdf(self, folder / "response.nc")
        write_csv(self, folder / "response.csv")
        write_variables(self, folder / "physiology.csv")
        write_histograms(self, folder / "physiology_histograms.csv")
