"""The cell model inside a rig: the tank's response, asked of the rig.

Uptake is imposed, q_s = q_max s(t), as along the tank's lifelines; start and yardstick are the same, the steady state
under the constant mean uptake. So relative productivity and yield in the rig stand directly beside those of the tank.

Where stays are drawn, eight cells with their own stays are followed, and every number has a 95 % band, from a bootstrap
over the cells (``rushton.lifelines.bands``, widened for so few). In a periodic rig all cells meet the same: no band.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.lifelines.bands import band_of, resample_weights
from rushton.scaledown.rig import Operation

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.physiology import CellModel

OXYGEN = "oxygen"  # the species as the cell models name it
SAMPLE = 0.3  # s, interval at which uptake drives the cell, as in the tank's response
_FINE = 3  # samples of the signal averaged into one of these
_HISTORIES = 8  # cells followed where stays are random
_KEPT = 101  # samples between two looks at the pools: no multiple of a feed's period
_RESAMPLES = 1000  # of them, for their bands


def final_window(duration: float) -> float:
    """End of a history over which the final productivity is formed, s: 20 h, or a quarter of a shorter one, as in the
    tank.
    """
    return 20 * 3600.0 if duration >= 40 * 3600.0 else duration / 4.0


@dataclass(frozen=True)
class Inside:
    """What the cells make of a rig, relative to the same cell under constant mean uptake; None where the model has no
    product. Bands are 95 %; None where all cells meet the same.
    """

    relative_productivity: float | None
    relative_productivity_final: float | None
    relative_yield: float | None
    growth: float
    hours: float
    relative_productivity_band: list[float] | None = None
    relative_productivity_final_band: list[float] | None = None
    relative_yield_band: list[float] | None = None
    pools: dict[str, float] = field(default_factory=dict)
    """Mean of every state over the final window, in the units of the model."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the pools; growth in 1/s."""
        return {name: value for name, value in asdict(self).items() if name != "pools"}


NOT_RUN = Inside(None, None, None, 0.0, 0.0)
"""Where the cell model has no steady state at the mean uptake."""


@dataclass(frozen=True, eq=False)
class CellTest:
    """One strain, ready to be run in many rigs.

    Attributes
    ----------
    model : CellModel
    uptake_max, half_saturation : float
        q_max, mol/(kg s); K_s per mass of broth, mol/kg.
    start : (n_state,) float
        Steady state under the mean uptake.
    rates : dict
        Its reported rates, in the model's units.
    duration : float
        s.
    density : float
        Of the broth, kg/m3.
    environment : (n_environment,) float
        What the cells meet there.
    oxygen_half_saturation, mean_uptake : float
        K_O, mol/m3, where the signal of a rig is s_O = O/(O + K_O), under this steady uptake ratio; 0 where the signal
        is the uptake ratio itself.
    """

    model: CellModel
    uptake_max: float
    half_saturation: float
    start: np.ndarray
    rates: dict[str, float]
    duration: float
    environment: np.ndarray
    density: float = 1000.0
    oxygen_half_saturation: float = 0.0
    mean_uptake: float = 0.0

    @classmethod
    def of(
        cls, case: Case, mean_uptake: float, oxygen: float | None = None, oxygen_half_saturation: float = 0.0
    ) -> CellTest:
        """The test of a case at the tank's mean uptake ratio and mean oxygen, mol/m3 (the model's default if None)."""
        from rushton.physiology import imposed_environment, model_of, steady_state

        assert case.strain is not None
        density = case.broth.density
        model = model_of(case.strain).within({"biomass": (case.broth.biomass or 0.0) / density}, density)
        q_max, half = case.strain.uptake.max, case.strain.uptake.half_saturation / case.broth.density
        q_s, around = imposed_environment(model, mean_uptake, q_max, half, density)
        if oxygen is not None:
            around = around | model.surroundings_from_mol_kg({OXYGEN: oxygen / density}, density)
        environment = model.environment_vector(float(q_s), **_known(model, around))
        start = steady_state(model, environment)
        rates = model.evaluate(environment, start)[1]
        return cls(
            model, q_max, half, start, rates, case.response.duration, environment, density, oxygen_half_saturation,
            mean_uptake,
        )  # fmt: skip

    @property
    def growth(self) -> float:
        """mu - k_d of the undisturbed cell, 1/s: the dilution that holds the biomass."""
        return (self.rates["mu"] - self.rates.get("k_d", 0.0)) / 3600.0

    def histories(
        self, operation: Operation, random: bool, seed: int, cells: int = _HISTORIES
    ) -> tuple[np.ndarray, float]:
        """What cells of a rig meet for the duration of the tank's histories: s (n_cell, n_time), and its interval, s.

        One cell stands for all where stays are not random.
        """
        signals = []
        for n in range(cells if random else 1):
            s, step = operation.signal(
                SAMPLE / _FINE, self.duration if random else min(self.duration, 64 * operation.cycle()), seed + 7 * n
            )
            every = max(1, round(SAMPLE / step))
            block = s[: s.size // every * every].reshape(-1, every).mean(axis=1)
            signals.append(block)
            dt = step * every
        n_time = round(self.duration / dt)
        return np.stack([np.resize(signal, n_time) for signal in signals]), dt

    def surroundings(self, s: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """Uptake and concentrations, in the units of the model, that cells meet under a signal s of any shape."""
        from rushton.physiology import imposed_environment

        others = {}
        if self.oxygen_half_saturation > 0.0:
            oxygen = self.oxygen_half_saturation * s / (1.0 - s) / self.density
            others = self.model.surroundings_from_mol_kg({OXYGEN: oxygen}, self.density)
            s = np.full_like(s, self.mean_uptake)
        q_s, around = imposed_environment(self.model, s, self.uptake_max, self.half_saturation, self.density)
        return q_s, _known(self.model, around | others)

    def run(self, operation: Operation, random: bool, seed: int) -> Inside:
        """Follow cells through a rig for the duration of the tank's histories."""
        from rushton.physiology import integrate_ensemble

        s, dt = self.histories(operation, random, seed)
        n_time = s.shape[1]
        q_s, around = self.surroundings(s)
        split = n_time - round(final_window(self.duration) / dt)
        state, parts = self.start, []
        for part in (slice(0, split), slice(split, n_time)):
            ran = integrate_ensemble(
                self.model, q_s[:, part], dt, state, {k: v[:, part] for k, v in around.items()}, keep_every=_KEPT
            )
            state = ran.state
            parts.append(ran.mean)
        share = split / n_time
        mean = {name: share * parts[0][name] + (1.0 - share) * parts[1][name] for name in parts[0]}
        names = self.model.state_names
        pools = (ran.kept if ran.kept.size else ran.state[:, None])[..., : len(names)].mean(axis=(0, 1))
        return replace(self._relative(mean, parts[1]), pools=dict(zip(names, pools.tolist(), strict=True)))

    def _relative(self, mean: dict[str, np.ndarray], final: dict[str, np.ndarray]) -> Inside:
        """Over the undisturbed cell, from the rates of every cell, (n_cell,): over all, and over the final window."""
        ideal = self.rates
        n = mean["q_s"].size
        weights = np.vstack([np.ones(n), resample_weights(n, _RESAMPLES)]) / n if n > 1 else np.ones((1, 1))
        whole, end = ({name: weights @ rate for name, rate in rates.items()} for rates in (mean, final))
        found: dict[str, np.ndarray] = {}
        if self.model.has_product and ideal["q_p"] > 0.0:
            found["relative_productivity"] = whole["q_p"] / ideal["q_p"]
            found["relative_productivity_final"] = end["q_p"] / ideal["q_p"]
        if ideal["mu"] > 0.0 and whole["q_s"].min() > 0.0:
            found["relative_yield"] = (whole["mu"] / whole["q_s"]) / (ideal["mu"] / ideal["q_s"])
        values = {name: float(v[0]) for name, v in found.items()}
        bands: dict[str, Any] = {f"{name}_band": _edges(v, n) for name, v in found.items()}
        return Inside(
            values.get("relative_productivity"),
            values.get("relative_productivity_final"),
            values.get("relative_yield"),
            float(whole["mu"][0]) / 3600.0,
            self.duration / 3600.0,
            **bands,
        )


def _edges(resampled: np.ndarray, number: int) -> list[float] | None:
    """Band of a number, the first, from its values with the cells drawn anew; None for a single cell."""
    if number < 2:
        return None
    band = band_of(float(resampled[0]), resampled[1:], number)
    return [band.low, band.high]


def _known(model: CellModel, around: dict) -> dict:
    return {name: value for name, value in around.items() if name in model.environment_names}
