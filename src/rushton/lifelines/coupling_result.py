"""What two-way coupling leaves behind: the course of the exchange, its books, and the field that the cells made.

    fed + held before = eaten + held after           the field's book, mol
    eaten = m sum f q_n dt                           the cells' book, as the integrator of their pools has it, mol
    drift = slope of the mean pool over the last half / its mean, per hour

Both books close to rounding, or the run is wrong. Symbols as in :mod:`rushton.lifelines.coupling`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.lifelines.coupling_course import COLUMNS
from rushton.lifelines.coupling_step import compare
from rushton.store import load_result, save_result

if TYPE_CHECKING:
    from rushton.lifelines.coupling_exchange import TwoWay
    from rushton.lifelines.result import Lifelines
    from rushton.transport import Substrate

SECONDS_PER_HOUR = 3600.0
LEVELS = (5.0, 50.0, 95.0)
"""Percentiles of pools and rates over the cells, %."""


@dataclass(frozen=True, eq=False)
class Coupled:
    """Two-way coupling of one run.

    Attributes
    ----------
    model : str
    state_names, state_units, rate_names, rate_units : tuple of str
    concentration, uptake_ratio : (nr, nt, nz) float
        Substrate over the last half of the run: mol/m3, and mean of s, -.
    species_names : tuple of str
        Oxygen and by-products that have a field.
    species : (n_species, nr, nt, nz) float
        Their fields over the last half, mol/m3.
    books : list of dict
        Of each species: ``SPECIES_KEYS``.
    block : (nr, nt, nz) int32
        Coarse cell of every mesh cell.
    ratio : (n_block,) float
        R at the end, -.
    course : (n, 6 + n_species) float
        After every exchange: ``COLUMNS``, then the mean concentration of each species, mol/m3.
    pools : (n, n_state) float
        Mean pools after every exchange.
    states : (3, n_state) float
        Percentiles 5, 50, 95 of the pools of the cells at the end.
    rates : (n_reported,) float
        Mean rates over cells and last half.
    rate_spread : (3, n_reported) float
        Percentiles over cells of their own mean over the last half.
    start : (n_state,) float
        Pools at the start.
    drift_1_h : (n_state,) float
        Relative change of the mean pools at the end, 1/h.
    interval, window, warm_up : float
        s.
    least_cells : float
        Cells followed per coarse cell, on the average, in the smallest.
    fed_mol, eaten_mol, taken_mol, stored_mol : float
        Fed, lost by the field to cells, had by the cells, more dissolved at the end than at the start.
    unrest : float
        Root mean variance of s in time, -: how far the field is from a steady one.
    mean_mol_m3 : float
        Volume mean of ``concentration``.
    one_way : dict
        The same cells on the same ways through the field of the fixed law: the keys of ``COMPARED``.
    half_step : dict
        What half of the exchange step changes (:func:`rushton.lifelines.coupling_step.compare`); empty if not checked.
    seconds : float
        Wall time of field and cell models, s.
    """

    model: str
    state_names: tuple[str, ...]
    state_units: tuple[str, ...]
    rate_names: tuple[str, ...]
    rate_units: tuple[str, ...]
    concentration: np.ndarray
    uptake_ratio: np.ndarray
    species_names: tuple[str, ...]
    species: np.ndarray
    books: list[dict[str, Any]]
    block: np.ndarray
    ratio: np.ndarray
    course: np.ndarray
    pools: np.ndarray
    states: np.ndarray
    rates: np.ndarray
    rate_spread: np.ndarray
    start: np.ndarray
    drift_1_h: np.ndarray
    interval: float
    window: float
    warm_up: float
    least_cells: float
    fed_mol: float
    eaten_mol: float
    taken_mol: float
    stored_mol: float
    unrest: float
    mean_mol_m3: float
    one_way: dict[str, Any]
    half_step: dict[str, Any]
    seconds: float

    @property
    def mass_balance_error(self) -> float:
        """|fed - eaten - stored| / fed: the field's book."""
        return abs(self.fed_mol - self.eaten_mol - self.stored_mol) / self.fed_mol

    @property
    def cell_balance_error(self) -> float:
        """|had by the cells / lost by the field - 1|: the cells' book."""
        return abs(self.taken_mol / self.eaten_mol - 1.0)

    @property
    def uptake_mismatch(self) -> float:
        """Mean of f over the last half, less one: what cells get over what they would take."""
        return float(self.column("factor")[len(self.course) // 2 :].mean()) - 1.0

    def column(self, name: str) -> np.ndarray:
        """(n,) one column of the course, or the mean concentration of a species, by name."""
        return self.course[:, (*COLUMNS, *self.species_names).index(name)]

    def field(self, name: str) -> np.ndarray:
        """(nr, nt, nz) of a species, mol/m3."""
        return self.species[self.species_names.index(name)]

    @property
    def time(self) -> np.ndarray:
        """(n,) s, of the course."""
        return self.interval * np.arange(1, len(self.course) + 1)

    def summary(self) -> dict[str, Any]:
        """Key ``two_way`` of the section ``lifelines`` of summary.json."""
        factor = self.column("factor")
        last = len(self.course) // 2
        checked = {"half_step": self.half_step} if self.half_step else {"half_step": None, "half_step_reason": NO_CHECK}
        return {
            "model": self.model,
            "mass_balance_error": self.mass_balance_error,
            "cell_balance_error": self.cell_balance_error,
            "fed_mol": self.fed_mol,
            "eaten_mol": self.eaten_mol,
            "stored_mol": self.stored_mol,
            "uptake_mismatch": self.uptake_mismatch,
            "factor_min": float(factor.min()),
            "factor_max": float(factor.max()),
            "ratio_min": float(self.column("ratio_min")[last:].min()),
            "ratio_max": float(self.column("ratio_max")[last:].max()),
            "coarse_cells": int(self.ratio.size),
            "cells_per_coarse_cell": self.least_cells,
            "interval_s": self.interval,
            "window_s": self.window,
            "warm_up_s": self.warm_up,
            "mean_mol_m3": self.mean_mol_m3,
            "field_unrest": self.unrest,
            "rates": {
                name: {"unit": unit, "mean": float(mean), "p5": float(low), "p95": float(high)}
                for name, unit, mean, low, high in zip(
                    self.rate_names, self.rate_units, self.rates, self.rate_spread[0], self.rate_spread[2], strict=True
                )
            },
            "states": {
                name: {
                    "unit": unit, "start": float(self.start[n]), "mean": float(self.pools[-1, n]),
                    "p5": float(self.states[0, n]), "p95": float(self.states[2, n]),
                    "drift_1_h": float(self.drift_1_h[n]),
                }
                for n, (name, unit) in enumerate(zip(self.state_names, self.state_units, strict=True))
            },
            "species": {name: dict(book) for name, book in zip(self.species_names, self.books, strict=True)},
            "one_way": self.one_way,
            **checked,
            "seconds": self.seconds,
        }  # fmt: skip

    @classmethod
    def of(cls, run: TwoWay, substrate: Substrate, one_way: Lifelines) -> Coupled:
        """Gather what a run noted; ``one_way`` followed the same cells through the field of the fixed law."""
        course, model, cells = run.course, run.cells.own, run.cells
        assert course is not None, "before the run"
        volumes = substrate.mesh.volumes
        half = len(course.pools) // 2
        hours = course.interval * np.arange(len(course.pools))[half:] / SECONDS_PER_HOUR
        pools = course.pools[half:]
        slope = np.polyfit(hours, pools, 1)[0] if len(hours) > 1 and pools.shape[1] else np.zeros(pools.shape[1])
        mean = np.abs(pools.mean(axis=0))
        fields_ = course.mean_fields
        in_blocks = np.bincount(run.block.ravel(), weights=volumes.ravel()) * len(cells.state) / volumes.sum()
        seen = one_way.summary()
        return cls(
            model=model.name,
            state_names=model.state_names,
            state_units=tuple(q.unit for q in model.states),
            rate_names=model.reported_names,
            rate_units=tuple(q.unit for q in model.reported),
            concentration=fields_[0],
            uptake_ratio=course.mean_ratio,
            species_names=tuple(species.kind.name for species in run.species),
            species=fields_[1:],
            books=[_book(run, n) for n in range(len(run.species))],
            block=run.block,
            ratio=run.ratio.value,
            course=course.table,
            pools=course.pools,
            states=np.percentile(cells.state, LEVELS, axis=0),
            rates=course.mean_rates.mean(axis=0),
            rate_spread=np.percentile(course.mean_rates, LEVELS, axis=0),
            start=run.start,
            drift_1_h=np.divide(slope, mean, out=np.zeros_like(mean), where=mean > 0.0),
            interval=course.interval,
            window=run.window,
            warm_up=run.warm_up,
            least_cells=float(in_blocks.min()),
            fed_mol=course.fed,
            eaten_mol=course.eaten,
            taken_mol=course.taken,
            stored_mol=run.dissolved - course.held,
            unrest=course.unrest,
            mean_mol_m3=float((volumes * fields_[0]).sum() / volumes.sum()),
            one_way={"mean_mol_m3": substrate.mean_mol_m3} | {key: seen[key] for key in COMPARED},
            half_step=compare(run),
            seconds=run.seconds,
        )

    def save(self, folder: Path) -> None:
        """Write into a folder of its own, beside the lifelines it belongs to."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        folder.mkdir(parents=True, exist_ok=True)
        save_result(folder, arrays, {name: value for name, value in values.items() if name not in arrays})

    @classmethod
    def load(cls, folder: Path) -> Coupled:
        """Read what ``save`` wrote."""
        arrays, meta = load_result(folder)
        texts = {name for name in meta if name.endswith(("_names", "_units"))}
        plain = {name: tuple(value) if name in texts else value for name, value in meta.items()}
        values: dict[str, Any] = {**arrays, **plain}
        return cls(**values)


def _book(run: TwoWay, n: int) -> dict[str, Any]:
    """What one species did: ``SPECIES_KEYS``."""
    course, species = run.course, run.species[n]
    assert course is not None
    volumes, field = run.volumes, course.mean_fields[1 + n]
    fluid, last = volumes > 0.0, course.table[len(course.table) // 2 :, len(COLUMNS) + n]
    hours = course.interval * np.arange(len(last)) / SECONDS_PER_HOUR
    drift = float(np.polyfit(hours, last, 1)[0]) if len(last) > 1 else 0.0
    values = (
        float((volumes * field).sum() / volumes.sum()), float(field[fluid].min()), float(field[fluid].max()), drift,
        species.given_mol, species.traded_mol, species.transferred_mol, species.dissolved - species.held_mol,
        species.balance_error, species.owed,
    )  # fmt: skip
    return dict(zip(SPECIES_KEYS, values, strict=True))


NO_CHECK = "too few cells to follow some of them again, or fields that cost too much to step again"

SPECIES_KEYS = (
    "mean_mol_m3", "min_mol_m3", "max_mol_m3", "drift_mol_m3_h", "given_mol", "traded_mol", "transferred_mol",
    "stored_mol", "mass_balance_error", "owed",
)  # fmt: skip
"""Of a species: mean, least and greatest of its mean field; rise over the last half; given by the cells by their own
book and by the field's (negative: taken); from the bubbles; stored; error of the field's book; given and not yet in the
field, over all that was traded."""

COMPARED = (
    "cells", "share_excess", "share_limitation", "share_starvation", "residence_s", "circulation_time_s",
    "mean_uptake",
)  # fmt: skip
"""Numbers of the summary that stand side by side, one-way and two-way."""
