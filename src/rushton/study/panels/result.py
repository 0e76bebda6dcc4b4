"""The table of a panel: what every strain meets, does and loses in the tank, and how sure its rank is.

    productivity = q_p X                      product per volume and time, mol/(m3 h)
    yield        = mu / q_s                   biomass per substrate, kg/mol
    loss         = 1 - productivity / that of the ideally mixed vessel at the same mean uptake; of yield without product
    rank         1 is best; band and probability by drawing histories again

All strains live on the same cells, so every draw takes the same histories of every strain: what all strains share by
chance cancels in their ranks. Bands (95 %) hold the scatter between histories, not what flow or cell model get wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import stdtrit

from rushton.lifelines.regime_times import RegimeTimes
from rushton.physiology import CellModel, model_of
from rushton.response.bands import DRAWS, FEW
from rushton.response.many import MEMORIES, Outcome
from rushton.study.panels.strains import Failure, PanelSettings, PanelStrain

BAND = (2.5, 97.5)
"""Percentiles of a band, %."""
RANK_BAND = (5.0, 95.0)
"""Percentiles of the band of a rank, %."""
WORDS = {
    "productivity": "product per volume and time in the tank",
    "loss": "loss against ideal mixing, the least first",
    "yield": "biomass per substrate in the tank",
    "growth": "growth rate in the tank",
}
"""What strains are ranked by, in words."""


@dataclass(frozen=True, eq=False)
class Field:
    """Substrate field of one uptake law, as a panel keeps it.

    Attributes
    ----------
    uptake_ratio : (n_mesh_cell,) float32
        s = q/q_max of the fluid mesh cells, -.
    max_uptake, half_saturation : float
        q_max X, mol/(m3 s), and K, mol/m3.
    fed_ratio : float
        s of the ideally mixed vessel, -.
    residual, mass_balance_error : float
    """

    uptake_ratio: np.ndarray
    max_uptake: float
    half_saturation: float
    fed_ratio: float
    residual: float
    mass_balance_error: float

    def numbers(self) -> dict[str, float]:
        """All but the array."""
        return {f.name: float(getattr(self, f.name)) for f in fields(self) if f.name != "uptake_ratio"}


@dataclass(frozen=True, eq=False)
class Panel:
    """Strains compared on the cell tracks of one run.

    Attributes
    ----------
    case_name, title : str
    settings : PanelSettings
    duration, lifeline : float
        Of a history and of a lifeline, s.
    lifelines : int
        Lifelines read.
    feed_mol_s : float
    strains : tuple of PanelStrain
    outcomes, fields, regimes : tuple
        Of every strain, in their order.
    failures : tuple of Failure
        Strains that could not be run.
    seconds : float
        Wall time of this call.
    """

    case_name: str
    title: str
    settings: PanelSettings
    duration: float
    lifeline: float
    lifelines: int
    feed_mol_s: float
    strains: tuple[PanelStrain, ...]
    outcomes: tuple[Outcome, ...]
    fields: tuple[Field, ...]
    regimes: tuple[RegimeTimes, ...]
    failures: tuple[Failure, ...]
    seconds: float

    # --- per strain --------------------------------------------------------------------------------------------------

    @cached_property
    def models(self) -> tuple[CellModel, ...]:
        """Cell model of every strain."""
        return tuple(model_of(s.strain) for s in self.strains)

    @property
    def histories(self) -> int:
        """Cells followed."""
        return len(self.outcomes[0].whole)

    @property
    def laws(self) -> int:
        """Different uptake laws, each with a field of its own."""
        return len({(f.max_uptake, f.half_saturation) for f in self.fields})

    @cached_property
    def has_product(self) -> np.ndarray:
        """(n_strain,) bool."""
        pairs = zip(self.models, self.outcomes, strict=True)
        return np.array([m.has_product and o.references[:, 2].mean() > 0.0 for m, o in pairs])

    @property
    def rank_by(self) -> str:
        """What strains are ranked by: as asked, else productivity where every strain forms a product, else yield."""
        return self.settings.rank_by or ("productivity" if self.has_product.all() else "yield")

    @cached_property
    def _si(self) -> np.ndarray:
        """(n_strain, 3) factors to q_s mol/(kg s), mu 1/s and product mol/(m3 s)."""
        out = np.array([m.rate_factors[:3] for m in self.models])
        out[:, 2] *= [s.biomass for s in self.strains]
        return out

    @cached_property
    def ideal(self) -> np.ndarray:
        """(n_strain, 3) q_s, mu, product of the ideally mixed vessel, SI."""
        return np.array([o.reference[:, :3].mean(axis=0) for o in self.outcomes]) * self._si

    @cached_property
    def tank(self) -> np.ndarray:
        """(n_strain, 3) the same in the tank, over the whole histories."""
        return np.array([o.whole[:, :3].mean(axis=0, dtype=float) for o in self.outcomes]) * self._si

    @cached_property
    def final(self) -> np.ndarray:
        """(n_strain, 3) the same over the final part of the histories."""
        return np.array([o.final[:, :3].mean(axis=0, dtype=float) for o in self.outcomes]) * self._si

    @cached_property
    def _weights(self) -> np.ndarray:
        """(n_draw, n_history) float32: how often each draw takes each history, over their number; groups of histories
        that share lifelines are taken together."""
        random, group = np.random.default_rng([self.settings.seed, 0xB007]), self.outcomes[0].group
        n = self.groups
        weights = random.multinomial(n, np.full(n, 1.0 / n), DRAWS).astype(np.float32)[:, group]
        return weights / weights.sum(axis=1, keepdims=True)

    @property
    def groups(self) -> int:
        """Groups of histories that share no lifeline."""
        return int(self.outcomes[0].group.max()) + 1

    def band(self, value: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """(2, ...) 95 % band from draws (n_draw, ...); widened for few groups as in :mod:`rushton.response.bands`."""
        if self.groups < FEW:
            return np.full((2, *np.shape(value)), np.nan)
        n = self.groups
        widen = np.sqrt(n / (n - 1.0)) * stdtrit(n - 1.0, 0.975) / 1.959964
        return np.asarray(value + widen * (np.percentile(draws, BAND, axis=0) - value))

    @cached_property
    def draws(self) -> np.ndarray:
        """(n_draw, n_strain, 3) rates in the tank with histories drawn again, alike for all strains."""
        columns = np.concatenate([o.whole[:, :3] for o in self.outcomes], axis=1)
        return (self._weights @ columns).reshape(DRAWS, len(self.outcomes), 3).astype(float) * self._si

    @cached_property
    def ideal_draws(self) -> np.ndarray:
        """(n_draw, n_strain, 3) rates of the same cells in the ideally mixed vessel; they differ with spread only."""
        out = np.broadcast_to(self.ideal, (DRAWS, *self.ideal.shape)).copy()
        for n, o in enumerate(self.outcomes):
            if len(o.references) > 1:
                out[:, n] = self._weights @ o.reference[:, :3].astype(np.float32) * self._si[n]
        return out

    def relative(self, rates: np.ndarray, ideal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Productivity (nan without product) and yield over those of the ideally mixed vessel.

        Parameters
        ----------
        rates, ideal : (..., n_strain, 3) float
            Of the tank and of the ideally mixed vessel, SI.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            productivity = np.where(self.has_product, rates[..., 2] / ideal[..., 2], np.nan)
            own = ideal[..., 1] / ideal[..., 0]
            grows = np.where(own > 0.0, rates[..., 1] / rates[..., 0] / own, np.nan)
        return productivity, grows

    def loss(self, rates: np.ndarray, ideal: np.ndarray) -> np.ndarray:
        """(..., n_strain) loss against ideal mixing: of product, else of yield."""
        productivity, grows = self.relative(rates, ideal)
        return 1.0 - np.where(self.has_product, productivity, grows)

    def score(self, rates: np.ndarray, ideal: np.ndarray) -> np.ndarray:
        """(..., n_strain) what strains are ranked by; larger is better."""
        if self.rank_by == "loss":
            return -self.loss(rates, ideal)
        if self.rank_by == "yield":
            with np.errstate(divide="ignore", invalid="ignore"):
                return rates[..., 1] / rates[..., 0]
        return rates[..., 2 if self.rank_by == "productivity" else 1]

    # --- ranks -------------------------------------------------------------------------------------------------------

    @cached_property
    def rank(self) -> np.ndarray:
        """(n_strain,) int, 1 is best."""
        return ranks(self.score(self.tank, self.ideal))

    @cached_property
    def rank_ideal(self) -> np.ndarray:
        """(n_strain,) int: the rank that a well-mixed vessel would have given; by loss there is none to tell apart."""
        return ranks(self.score(self.ideal, self.ideal))

    @cached_property
    def rank_draws(self) -> np.ndarray:
        """(n_draw, n_strain) int."""
        return ranks(self.score(self.draws, self.ideal_draws))

    @property
    def order(self) -> np.ndarray:
        """(n_strain,) numbers of the strains, the best first."""
        return np.argsort(self.rank, kind="stable")

    @property
    def best(self) -> PanelStrain:
        """The strain of rank 1."""
        return self.strains[int(self.order[0])]

    @cached_property
    def too_short(self) -> np.ndarray:
        """(n_strain,) bool: histories shorter than three of the slowest memory of the cell."""
        return np.array([self.duration < MEMORIES * 3600.0 * o.memory_h for o in self.outcomes])

    # --- table -------------------------------------------------------------------------------------------------------

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary per strain, the best first; keys end in their unit, None where there is no such number."""
        relative, yields = self.relative(self.tank, self.ideal)
        final, _ = self.relative(self.final, self.ideal)
        drawn, drawn_yields = self.relative(self.draws, self.ideal_draws)
        lost, lost_drawn = self.loss(self.tank, self.ideal), self.loss(self.draws, self.ideal_draws)
        low, high = np.percentile(self.rank_draws, RANK_BAND, axis=0)
        first = (self.rank_draws == 1).mean(axis=0)
        out = []
        for n in self.order:
            s, o, f, r = self.strains[n], self.outcomes[n], self.fields[n], self.regimes[n]
            row: dict[str, Any] = {
                "rank": int(self.rank[n]),
                "rank_low": float(low[n]),
                "rank_high": float(high[n]),
                "probability_best": float(first[n]),
                "rank_ideal": int(self.rank_ideal[n]),
                "name": s.name,
                "row": s.row,
                "base": s.base,
                "model": s.strain.model,
                "uptake_max_umol_g_h": s.strain.uptake.max * 3.6e6,
                "half_saturation_mmol_m3": s.strain.uptake.half_saturation * 1e3,
                "biomass_kg_m3": s.biomass,
                "parameters": " ".join(f"{k}={v:g}" for k, v in s.strain.parameters.items()),
                "spread": " ".join(f"{k}={v:g}" for k, v in s.strain.spread.items()),
                "mean_uptake_ratio": f.fed_ratio,
            }
            names = ("excess", "limitation", "starvation")
            row |= {f"share_{name}": float(v) for name, v in zip(names, r.shares, strict=True)}
            row |= {f"residence_{name}_s": float(v) for name, v in zip(names, r.residence_s, strict=True)}
            for where, rates in (("", self.tank[n]), ("ideal_", self.ideal[n])):
                row[f"{where}q_s_umol_g_h"] = rates[0] * 3.6e6
                row[f"{where}mu_1_h"] = rates[1] * 3600.0
                row[f"{where}productivity_mol_m3_h"] = rates[2] * 3600.0 if self.has_product[n] else None
                row[f"{where}yield_kg_mol"] = rates[1] / rates[0] if rates[0] > 0.0 else None
            for key, value, draws in (
                ("relative_productivity", relative, drawn),
                ("relative_yield", yields, drawn_yields),
                ("loss", lost, lost_drawn),
            ):
                row[key] = value[n]
                row[f"{key}_low"], row[f"{key}_high"] = self.band(value[n], draws[:, n])
            row |= {
                "relative_productivity_final": final[n],
                "memory_h": o.memory_h,
                "long_enough": not bool(self.too_short[n]),
                "substeps": o.substeps,
                "step_error": o.step_error,
                "field_mass_balance_error": f.mass_balance_error,
            }
            out.append({k: _plain(v) for k, v in row.items()})
        return out


def ranks(score: np.ndarray) -> np.ndarray:
    """Rank along the last axis, 1 for the largest score; nan last.

    >>> ranks(np.array([0.2, 0.9, 0.5])).tolist()
    [3, 1, 2]
    """
    order = np.argsort(-np.where(np.isnan(score), -np.inf, score), axis=-1, kind="stable")
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(1, score.shape[-1] + 1), order.shape), axis=-1)
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
