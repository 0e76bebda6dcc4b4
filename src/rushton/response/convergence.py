"""Is the step short enough, and are there enough histories, long enough? Asked of every response, answered in numbers.

    integration   relative change of mean rates and pools when every step of the integrator is halved
    sampling      the same when every second sample of the surroundings is taken away (odd and even ones, averaged)
    histories     half of the 95 % band of the headline value
    length        headline value over the last window less that over the window before

The first two are found on a few short histories before the run; the integrator takes the fewest sub-steps per sample,
doubled from a number that is stable for the fastest pool, whose halving changes nothing by more than the bound.
Changes are relative to the mean magnitude of the rate or pool. A response that misses a bound is kept and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.physiology.integrate import advance
from rushton.physiology.model import CellModel
from rushton.physiology.timescales import MOST_SUBSTEPS, fastest, too_long

if TYPE_CHECKING:
    from rushton.response.result import Response

BOUNDS = {"integration": 2e-3, "sampling": 0.01, "histories": 0.01, "length": 0.02}
"""Largest change that passes, relative or as a share of the ideally mixed vessel."""

STABLE = 1.5
"""Largest product of step and rate of the fastest pool that is tried: Heun's method is stable below 2."""
DOUBLINGS = 4
FAR_JOINS = 0.01
"""Share of joins beyond the tolerance above which a response says so."""
TEST_HISTORIES, TEST_TIME = 16, 7200.0  # -, s
_KEEP = 200


@dataclass(frozen=True)
class Steps:
    """Sub-steps of the integrator per sample, and the errors that they and the sampling leave.

    Attributes
    ----------
    substeps : int
    integration, sampling : float
        Relative changes (module docstring).
    """

    substeps: int
    integration: float
    sampling: float


def choose_steps(model: CellModel, environment: np.ndarray, dt: float, start: np.ndarray) -> Steps:
    """The fewest sub-steps that follow the fastest pool, and the errors left.

    Parameters
    ----------
    model : CellModel
    environment : (n_history, n_time, n_environment) float
        Surroundings of a few short histories.
    dt : float
        Interval of the samples, s.
    start : (n_history, n_state) float

    Raises
    ------
    ModelError
        A pool so fast that it should stand in quasi-steady state.
    """
    environment = np.ascontiguousarray(environment[:, : environment.shape[1] // 2 * 2])
    found = fastest(model, environment, start[0])
    substeps = max(1, math.ceil(dt / found.seconds / STABLE - 1e-9))
    if substeps > MOST_SUBSTEPS:
        raise too_long(model, found, dt, 1)
    coarse = _course(model, environment, dt, start, substeps)
    for _ in range(DOUBLINGS):
        fine = _course(model, environment, dt, start, 2 * substeps)
        change = _change(coarse, fine)
        if change.max() <= BOUNDS["integration"]:
            break
        substeps, coarse = 2 * substeps, fine
    thinned = [
        _course(model, np.ascontiguousarray(environment[:, first::2]), 2.0 * dt, start, 2 * substeps)
        for first in range(2)
    ]
    half = _Course(np.mean([c.mean for c in thinned], axis=0), np.mean([c.end for c in thinned], axis=0), coarse.kept)
    return Steps(substeps, float(change.max()), float(_change(half, coarse).max()))


@dataclass(frozen=True, eq=False)
class _Course:
    """Mean rates (n_history, n_reported), last pools (n_history, n_state), kept (n_history, n_kept, n_out)."""

    mean: np.ndarray
    end: np.ndarray
    kept: np.ndarray


def _course(model: CellModel, environment: np.ndarray, dt: float, start: np.ndarray, substeps: int) -> _Course:
    n_history, n_time, _ = environment.shape
    keep = max(1, min(_KEEP, n_time // 4))
    state, total = start.copy(), np.zeros((n_history, len(model.reported)))
    kept = np.zeros((n_history, n_time // keep, model.n_out))
    advance(model, environment, dt, state, total, keep, kept, substeps)
    return _Course(total / (n_time * substeps), state, kept)


def _change(one: _Course, other: _Course) -> np.ndarray:
    """(n_state + n_reported,) change of population means between two courses, over the mean magnitude."""
    magnitude = np.abs(other.kept).mean(axis=(0, 1))
    difference = np.concatenate([(one.end - other.end).mean(axis=0), (one.mean - other.mean).mean(axis=0)])
    return np.where(magnitude > 1e-30, np.abs(difference) / np.maximum(magnitude, 1e-30), 0.0)


def convergence(response: Response) -> dict[str, dict[str, Any]]:
    """Value, bound and verdict of every check of a response, by name."""
    name, band = response.headline
    half = 0.5 * (band[1] - band[0])
    found = {
        "integration": response.integration_error,
        "sampling": response.sampling_error,
        "histories": half if np.isfinite(half) else None,
        "length": response.drift,
    }
    return {
        check: {
            "value": value, "bound": BOUNDS[check], "of": name if check in ("histories", "length") else "rates, pools",
            "passed": None if value is None else bool(abs(value) <= BOUNDS[check]),
        }
        for check, value in found.items()
    }  # fmt: skip


def cautions(response: Response) -> list[str]:
    """In words, what of a response is not settled."""
    checks = convergence(response)
    out = []
    if checks["histories"]["passed"] is None:
        out.append(
            f"no band of the {checks['histories']['of']} can be formed ({response.groups.count} groups of histories): "
            "raise response.histories or lifelines.cells"
        )
    elif not checks["histories"]["passed"]:
        out.append(
            f"the band of the {checks['histories']['of']} is {100 * checks['histories']['value']:.2g} points either "
            "way: too few histories or lifelines; raise response.histories or lifelines.cells"
        )
    drift = checks["length"]["value"]
    if drift is not None and not checks["length"]["passed"]:
        word = "falls" if drift < 0.0 else "rises"
        hours = response.final_window / 3600.0
        out.append(
            f"histories of {response.duration / 3600.0:.3g} h are too short for a settled value: the "
            f"{checks['length']['of']} still {word} by {100 * abs(drift):.2g} points in {hours:.3g} h; raise "
            "response.duration"
        )
    if not checks["integration"]["passed"]:
        out.append(
            f"{response.substeps} steps of the integrator per sample are too few: with twice as many the rates or "
            f"pools change by {100 * checks['integration']['value']:.2g} %; shorten lifelines.sampling"
        )
    if not checks["sampling"]["passed"]:
        out.append(
            f"samples every {response.dt:.3g} s are too far apart: with every second one the rates or pools change by "
            f"{100 * checks['sampling']['value']:.2g} %; shorten lifelines.sampling"
        )
    if response.far_joins > FAR_JOINS * response.joins:
        out.append(
            f"{100 * response.far_joins / response.joins:.3g} % of the joins between lifelines jump further than "
            "response.join_tolerance or into another regime: raise lifelines.cells"
        )
    if response.lacking:
        which = ", ".join(f"{name} = {response.constants[name]:.3g}" for name in response.lacking)
        out.append(f"no field of {which} in the tank: the model {response.model} takes its default everywhere")
    return out
