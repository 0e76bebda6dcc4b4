"""The response: what a population makes of its histories, beside one cell in the ideally mixed vessel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

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
    sources : tuple of str
        What to cite for the model.
    has_product : bool
        Whether q_p means anything in this model.
    duration, final_window, dt : float
        Length of a history, of the final window, interval of the samples, s.
    time : (n_bin,) float
        Middles of the stretches over which rates are averaged, s.
    rates : (n_bin, n_history, n_rate) float32
        Mean rates over each stretch.
    states : (n_bin, n_history, n_state) float32
        Pools at the end of each stretch.
    reference_state : (n_state,) float
        Pools of the cell under constant mean uptake: the start of every history, and the ideally mixed vessel.
    reference_rates : (n_rate,) float
        Its rates.
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
    joins, far_joins : int
        Joins between records, and those beyond the tolerance.
    largest_jump : float
        Largest jump of s at a join.
    records : int
        Number of lifelines that were stitched.
    band : (3, 2) float
        95 % bootstrap bands over histories of relative productivity, the final one, and relative yield. They say how
        far the histories differ, not how well the lifelines represent the tank.
    """

    model: str
    uptake: str
    state_names: tuple[str, ...]
    state_units: tuple[str, ...]
    rate_names: tuple[str, ...]
    rate_units: tuple[str, ...]
    sources: tuple[str, ...]
    has_product: bool
    duration: float
    final_window: float
    dt: float
    time: np.ndarray
    rates: np.ndarray
    states: np.ndarray
    reference_state: np.ndarray
    reference_rates: np.ndarray
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
    largest_jump: float
    records: int
    band: np.ndarray

    # --- the headline numbers --------------------------------------------------------------------------------------

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

    def reference(self, name: str) -> float:
        """Value of a rate or pool in the ideally mixed vessel."""
        if name in self.rate_names:
            return float(self.reference_rates[self.rate_names.index(name)])
        return float(self.reference_state[self.state_names.index(name)])

    @property
    def _final(self) -> np.ndarray:
        return self.time > self.duration - self.final_window

    @property
    def history_productivity(self) -> np.ndarray | None:
        """(n_history,) mean q_p of each history over that of the ideally mixed vessel; None without a product."""
        if not self.has_product:
            return None
        return self.rate("q_p").mean(axis=0, dtype=float) / self.reference("q_p")

    @property
    def history_productivity_final(self) -> np.ndarray | None:
        """(n_history,) the same over the final window."""
        if not self.has_product:
            return None
        return self.rate("q_p")[self._final].mean(axis=0, dtype=float) / self.reference("q_p")

    @property
    def relative_productivity(self) -> float | None:
        """Mean q_p of the population over that of the ideally mixed vessel."""
        values = self.history_productivity
        return None if values is None else float(values.mean())

    @property
    def relative_productivity_final(self) -> float | None:
        """The same over the final window, for the loss may still grow."""
        values = self.history_productivity_final
        return None if values is None else float(values.mean())

    @property
    def relative_yield(self) -> float | None:
        """Mean mu / mean q_s of the population over that of the ideally mixed vessel."""
        eaten, ideal = float(self.rate("q_s").mean(dtype=float)), self.reference("mu") / self.reference("q_s")
        return float(self.rate("mu").mean(dtype=float)) / eaten / ideal if eaten > 0.0 and ideal > 0.0 else None

    @property
    def uptake_mismatch(self) -> float:
        """What the population eats over what it is fed, less one."""
        return float(self.rate("q_s").mean(dtype=float)) / self.fed_uptake - 1.0

    # --- hand-over ---------------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The section ``response`` of summary.json."""
        out: dict[str, Any] = {
            "model": self.model,
            "uptake": self.uptake,
            "sources": list(self.sources),
            "histories": self.n_history,
            "duration_s": self.duration,
            "relative_productivity": self.relative_productivity,
            "relative_productivity_final": self.relative_productivity_final,
            "relative_yield": self.relative_yield,
            "uptake_mismatch": self.uptake_mismatch,
            "far_joins": self.far_joins,
            "joins": self.joins,
        }
        for row, key in enumerate(("relative_productivity", "relative_productivity_final", "relative_yield")):
            out[f"{key}_band"] = self.band[row].tolist() if out[key] is not None else None
            if out[key] is None:
                reason = (
                    f"model {self.model} forms no product with these parameters"
                    if key != "relative_yield"
                    else "the cells of the ideally mixed vessel do not grow"
                )
                out[f"{key}_reason"] = out[f"{key}_band_reason"] = reason
        out["rates"] = {
            name: {"unit": unit, "mean": float(self.rates[..., k].mean(dtype=float)), "ideal": float(ideal)}
            for k, (name, unit, ideal) in enumerate(
                zip(self.rate_names, self.rate_units, self.reference_rates, strict=True)
            )
        }
        out["states"] = {}
        for k, (name, unit) in enumerate(zip(self.state_names, self.state_units, strict=True)):
            values = self.states[self._final, :, k].astype(float)
            p5, p50, p95 = np.percentile(values, (5, 50, 95))
            out["states"][name] = {
                "unit": unit, "mean": float(values.mean()), "p5": float(p5), "median": float(p50), "p95": float(p95),
                "ideal": float(self.reference_state[k]),
            }  # fmt: skip
        return out

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
        """Write response.nc and response.csv into the results folder."""
        from rushton.response.export import write_csv, write_netcdf

        write_netcdf(self, Path(results_folder) / "response.nc")
        write_csv(self, Path(results_folder) / "response.csv")
