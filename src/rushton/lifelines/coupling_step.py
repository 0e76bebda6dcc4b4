"""What half of the exchange step changes in two-way coupling: fields and rates beside those of fewer cells.

    change = mean over the last half of the run at half of the step / the same at the step, less one

Time step of the walk and interval of the exchange are halved together; the coarse cells are the same, the cells fewer
(:mod:`rushton.lifelines.half_step`), so a change holds the noise of the fewer cells too. Statistics of the lifelines
are judged beside (:mod:`rushton.lifelines.convergence`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rushton.lifelines.coupling_exchange import TwoWay

TOLERANCE = 0.05
"""Largest change that counts as none, relative."""


def means(run: TwoWay) -> dict[str, float]:
    """Means over the last half: concentrations of the fields, mol/m3; reported rates, in the units of the model."""
    assert run.course is not None, "before the run"
    volumes, names = run.volumes, ("substrate", *(species.kind.name for species in run.species))
    fields = {
        name: float((volumes * field).sum() / volumes.sum())
        for name, field in zip(names, run.course.mean_fields, strict=True)
    }
    rates = run.course.mean_rates.mean(axis=0)
    return fields | {name: float(rate) for name, rate in zip(run.cells.own.reported_names, rates, strict=True)}


def compare(run: TwoWay) -> dict[str, Any]:
    """A run beside its ``finer`` one; empty without one.

    Returns
    -------
    dict
        ``cells``, ``interval_s``, ``changes`` (by name, relative), ``largest`` (by size), ``of`` (its name) and
        ``passes``.
    """
    if run.finer is None:
        return {}
    coarse, fine = means(run), means(run.finer)
    changes = {name: fine[name] / value - 1.0 for name, value in coarse.items() if abs(value) > 1e-12}
    of = max(changes, key=lambda name: abs(changes[name]))
    return {
        "cells": len(run.finer.cells.state),
        "interval_s": run.finer.interval,
        "changes": changes,
        "largest": changes[of],
        "of": of,
        "passes": bool(np.isfinite(changes[of]) and abs(changes[of]) <= TOLERANCE),
    }
