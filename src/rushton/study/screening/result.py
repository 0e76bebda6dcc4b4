"""What a screening says: every strain's robustness in every rig and in the tank, and which rigs tell strains apart.

    robustness in the tank = productivity / that of the ideally mixed vessel at the same mean uptake (yield without
                             product), as a panel has it: 1 - loss
    reading in a rig       = the same in the rig over the steady reference in the same vessel at the same mean feed;
                             in a chamber, where product cannot be read, the growth rate

Bands (95 %): of the tank by drawing histories again; of a rig by the cells that are followed where stays are random,
nothing where all cells meet the same. What all strains share by chance is no error of their comparison: the variance
that counts there is that of the differences from the mean of all strains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import stdtrit

from rushton.study.panels import Panel, PanelStrain
from rushton.study.panels.strains import Failure
from rushton.study.screening.criterion import Score, rank

GROWTH_ONLY = ("microfluidic",)
"""Rigs in which cells are seen one by one: growth can be read, product in the broth cannot."""


@dataclass(frozen=True, eq=False)
class RigReadings:
    """What the strains make of one rig.

    Attributes
    ----------
    name : str
        Of the design, as in the names of its protocol.
    title : str
    distance : float
        How far what the strain of the case experiences in it is from the tank (`rushton.scaledown.match`).
    biomass : float or None
        Of the strain of the case in it, kg/m3; None in a chamber.
    rates, reference : (n_history, n_strain, 3) float
        Mean q_s, mu and product over the run and in the steady reference, in the units of the model.
    uptake : (n_strain,) float
        Mean s = q/q_max of the population, -.
    notes : tuple of str
    breathes : bool
        Whether every zone of it gets the oxygen that the strain of the case needs (`rushton.scaledown.breath`).
    """

    name: str
    title: str
    distance: float
    biomass: float | None
    rates: np.ndarray
    reference: np.ndarray
    uptake: np.ndarray
    notes: tuple[str, ...] = ()
    breathes: bool = True

    @property
    def reads(self) -> str:
        """What is read in it: ``"growth"``, or ``"product"`` (yield where a strain forms none)."""
        return "growth" if self.name in GROWTH_ONLY else "product"


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A rig that is not compared, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Screening:
    """Strains compared in the rigs of one tank.

    Attributes
    ----------
    panel : Panel
        The strains in the tank; those compared are among them.
    strains : tuple of PanelStrain
        Those compared.
    rigs : tuple of RigReadings
        In the order of their distance from the tank.
    failures : tuple of Failure
        Strains that are not compared.
    left_out : tuple of LeftOut
        Rigs that are not.
    assay : float
        Relative standard deviation of one assay, -.
    repeats : int
        Runs of everything.
    duration : float
        Of a run, s.
    biomass : float
        Of the strain of the case in the tank, kg/m3.
    rig_seconds, seconds : float
        Wall time in the rigs, and of the whole call.
    """

    panel: Panel
    strains: tuple[PanelStrain, ...]
    rigs: tuple[RigReadings, ...]
    failures: tuple[Failure, ...]
    left_out: tuple[LeftOut, ...]
    assay: float
    repeats: int
    duration: float
    biomass: float
    rig_seconds: float
    seconds: float

    # --- robustness and readings -------------------------------------------------------------------------------------

    @cached_property
    def _in_panel(self) -> np.ndarray:
        """(n_strain,) number of every strain in the panel."""
        names = [s.name for s in self.panel.strains]
        return np.array([names.index(s.name) for s in self.strains])

    @cached_property
    def has_product(self) -> np.ndarray:
        """(n_strain,) bool."""
        return np.asarray(self.panel.has_product[self._in_panel])

    @cached_property
    def tank(self) -> np.ndarray:
        """(n_strain,) t, robustness in the tank."""
        return np.asarray(1.0 - self.panel.loss(self.panel.tank, self.panel.ideal)[self._in_panel])

    @cached_property
    def _tank_draws(self) -> np.ndarray:
        """(n_draw, n_strain) t with histories drawn again."""
        return np.asarray(1.0 - self.panel.loss(self.panel.draws, self.panel.ideal_draws)[:, self._in_panel])

    @cached_property
    def tank_band(self) -> np.ndarray:
        """(2, n_strain) 95 %."""
        return self.panel.band(self.tank, self._tank_draws)

    @cached_property
    def tank_deviation(self) -> np.ndarray:
        """(n_strain,) standard deviation of t against the mean of all strains."""
        draws = self._tank_draws
        return np.asarray((draws - draws.mean(axis=1, keepdims=True)).std(axis=0))

    def _read(self, rig: RigReadings, rates: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """Readings (..., n_strain) from rates (..., n_strain, 3)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            over = rates / reference
            if rig.reads == "growth":
                return np.asarray(over[..., 1])
            return np.where(self.has_product, over[..., 2], over[..., 1] / over[..., 0])

    @cached_property
    def readings(self) -> np.ndarray:
        """(n_strain, n_rig) z."""
        return np.stack(
            [self._read(r, r.rates.mean(axis=0), r.reference.mean(axis=0)) for r in self.rigs], axis=1
        )  # fmt: skip

    @cached_property
    def reading_band(self) -> np.ndarray:
        """(2, n_strain, n_rig) 95 % by the cells followed; the reading itself where all meet the same."""
        half = np.zeros_like(self.readings)
        for j, rig in enumerate(self.rigs):
            h = len(rig.rates)
            if h > 1:
                own = self._read(rig, rig.rates, rig.reference)
                half[:, j] = stdtrit(h - 1.0, 0.975) * own.std(axis=0, ddof=1) / np.sqrt(h)
        return np.stack([self.readings - half, self.readings + half])

    @cached_property
    def spare(self) -> np.ndarray:
        """(n_strain, n_rig) variance of a reading against the mean of all strains, by the cells followed."""
        out = np.zeros_like(self.readings)
        for j, rig in enumerate(self.rigs):
            h = len(rig.rates)
            if h > 1:
                own = self._read(rig, rig.rates, rig.reference)
                out[:, j] = (own - own.mean(axis=1, keepdims=True)).var(axis=0, ddof=1) / h
        return out

    @cached_property
    def uptake_off(self) -> np.ndarray:
        """(n_rig,) largest difference of a strain's mean uptake in a rig from that in the tank, %."""
        fed = np.array([self.panel.fields[n].fed_ratio for n in self._in_panel])
        return np.array([100.0 * float(np.max(np.abs(r.uptake / fed - 1.0))) for r in self.rigs])

    # --- which rigs --------------------------------------------------------------------------------------------------

    @cached_property
    def _ranked(self) -> tuple[list[Score], list[Score]]:
        return rank(self.readings, self.tank, self.spare, self.assay, self.repeats)

    @property
    def sets(self) -> list[Score]:
        """All pairs of rigs and every rig run twice, the best first."""
        return self._ranked[0]

    @property
    def once(self) -> list[Score]:
        """Every rig run once, the best first."""
        return self._ranked[1]

    @property
    def best(self) -> Score:
        """The best set."""
        return self.sets[0]

    @cached_property
    def apart_in_tank(self) -> int:
        """Pairs of strains whose robustness in the tank differs at 95 %."""
        a, b = np.triu_indices(len(self.tank), 1)
        deviation = np.hypot(self.tank_deviation[a], self.tank_deviation[b])
        return int((np.abs(self.tank[a] - self.tank[b]) > 1.959964 * deviation).sum())

    @property
    def separates(self) -> bool:
        """Whether anything is told apart: in the tank, and by some rigs."""
        return self.apart_in_tank > 0 and any(one.apart for one in self.sets)

    def names(self, score: Score) -> tuple[str, str]:
        """Names of the two rigs of a set; the second is the first again for one run twice, empty for one run once."""
        first = self.rigs[score.rigs[0]].name
        return first, {"pair": self.rigs[score.rigs[-1]].name, "twice": first, "once": ""}[score.kind]

    # --- tables ------------------------------------------------------------------------------------------------------

    def strain_rows(self) -> list[dict[str, Any]]:
        """A row for every strain and rig, and for the tank; the most robust strain first."""
        out: list[dict[str, Any]] = []
        for n in np.argsort(-self.tank, kind="stable"):
            s = self.strains[n]
            uptake = s.strain.uptake
            law: dict[str, Any] = {
                "uptake_max_umol_g_h": uptake.max * 3.6e6,
                "half_saturation_mmol_m3": uptake.half_saturation * 1e3,
            }
            product = "productivity" if self.has_product[n] else "yield"
            places: list[tuple[Any, ...]] = [
                ("tank", product, self.tank[n], self.tank_band[:, n], self.tank_deviation[n], s.biomass,
                 self.panel.fields[self._in_panel[n]].fed_ratio)
            ]  # fmt: skip
            for j, rig in enumerate(self.rigs):
                z = self.readings[n, j]
                deviation = np.sqrt(2.0 * (self.assay * z) ** 2 / self.repeats + self.spare[n, j])
                biomass = None if rig.biomass is None else rig.biomass * self._biomass_ratio[n]
                what = "growth" if rig.reads == "growth" else product
                places.append(
                    (rig.name, what, z, self.reading_band[:, n, j], deviation, biomass, rig.uptake[n])
                )  # fmt: skip
            for place, what, value, (low, high), deviation, biomass, mean in places:
                row: dict[str, Any] = {"strain": s.name, "place": place, "reads": what, "robustness": value}
                row |= {"low": low, "high": high, "deviation": deviation, "mean_uptake_ratio": mean}
                out.append({key: _plain(v) for key, v in (row | {"biomass_kg_m3": biomass} | law).items()})
        return out

    @cached_property
    def _biomass_ratio(self) -> np.ndarray:
        """(n_strain,) biomass over that of the case."""
        return np.array([s.biomass for s in self.strains]) / self.biomass

    def set_rows(self) -> list[dict[str, Any]]:
        """Pairs of rigs and rigs run twice, ranked; then every rig run once."""
        out: list[dict[str, Any]] = []
        for number, one in enumerate([*self.sets, *self.once], 1):
            first, second = self.names(one)
            b = [*one.weights, None][:2]
            row: dict[str, Any] = {
                "rank": number if number <= len(self.sets) else None,
                "first": first,
                "second": second,
                "runs": {"pair": "one each", "twice": "two", "once": "one"}[one.kind],
                "gain": one.gain,
                "prediction_error": one.error,
                "error_without_rigs": one.unaided,
                "as_good_as_best": int(one.as_good) if one.kind != "once" else None,
                "pairs_apart": one.apart,
                "pairs_apart_in_tank_order": one.ordered,
                "pairs_of_strains": one.total,
                "bits": one.bits,
                "kendall_tau": one.tau,
                "mean_robustness": one.mean,
                "mean_first": one.means[0],
                "mean_second": one.means[1] if one.kind == "pair" else None,
                "weight_first": b[0],
                "weight_second": b[1],
            }
            out.append({key: _plain(v) for key, v in row.items()})
        return out


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.integer) else value
