"""Runs a sensitivity: fields on the kept flow, regimes along the same tracks, loss along histories of the same cells.

Every variation is kept as soon as it is finished.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import RushtonError
from rushton.lifelines.regime_times import RegimeTimes, regime_times
from rushton.lifelines.tracking import track
from rushton.physiology import model_of
from rushton.response.bands import Groups
from rushton.response.many import MEMORIES, Outcome, Subject, run_many
from rushton.response.surroundings import surroundings
from rushton.response.tracks import Tracks, histories, read_tracks
from rushton.sensitivity.members import Member, members
from rushton.sensitivity.result import OUTPUTS, Sensitivity, Variation
from rushton.sources import sources_hash
from rushton.store import Progress, atomic_write_text, library_versions, silent, to_json
from rushton.transport import solve_substrate
from rushton.transport.uptake_laws import LawSolver, UptakeLaw

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow import Flow
    from rushton.lifelines import Lifelines
    from rushton.transport import Gas, Substrate

KEPT = "sensitivity.members"
"""Folder beside the stages where finished variations are kept."""
CELLS = 10_000
"""Lifelines that are read, and followed again where the tracks change, at most."""
HISTORIES = 100
"""Histories of each variation, at most."""


@dataclass(frozen=True, eq=False)
class _Found:
    """What one case makes of its lifelines."""

    times: RegimeTimes
    outcome: Outcome | None
    has_product: bool
    fed_ratio: float


def assess(
    case: Case,
    flow: Flow,
    substrate: Substrate,
    lifelines: Lifelines,
    gas: Gas | None,
    folder: Path,
    progress: Progress = silent,
) -> Sensitivity:
    """Vary one factor at a time and set regimes and loss beside those of the case.

    Parameters
    ----------
    case : Case
        With feed, strain and biomass.
    flow : Flow
        That which carries scalars and cells.
    substrate, lifelines
        Of the run.
    gas : Gas or None
        Its dissolved gases are kept as they are.
    folder : Path
        Where the stage writes; finished variations are kept two floors above it.
    progress : Progress

    Returns
    -------
    Sensitivity
    """
    kept = folder.parents[1] / KEPT
    kept.mkdir(parents=True, exist_ok=True)
    todo = members(case)
    work = _Work(case, flow, substrate, lifelines, gas, folder)
    base: _Found | None = None
    variations: list[Variation] = []
    for n, member in enumerate(todo):
        found = _finished(member, kept)
        if found is None:
            if base is None:
                progress(0.0, "the case itself")
                base = work.look(case, substrate.uptake_ratio[work.fluid], work.tracks)
            share = 1.0 / (len(todo) + 1)
            text = f"{member.factor} times {member.times:g}"

            def told(fraction: float, n: int = n, text: str = text, share: float = share) -> None:
                progress((n + 1 + fraction) * share, text)

            found = work.vary(member, base, told)
            atomic_write_text(_place(member, kept), to_json(asdict(found)))
        variations.append(found)
    if base is None:
        base = work.look(case, substrate.uptake_ratio[work.fluid], work.tracks)
    return Sensitivity(
        base=numbers(base),
        variations=tuple(variations),
        lifelines=len(work.tracks.index),
        histories=work.histories,
        duration=case.response.duration,
        cautions=tuple(_cautions(case, base)),
        seconds=sum(v.seconds for v in variations),
    )


class _Work:
    """What all variations share."""

    def __init__(
        self, case: Case, flow: Flow, substrate: Substrate, lifelines: Lifelines, gas: Gas | None, folder: Path
    ) -> None:
        self.case, self.flow, self.folder = case, flow, folder
        self.fluid = ~flow.mesh.solid
        self.tracks = read_tracks(lifelines, CELLS)
        self.solver = LawSolver(case, flow, substrate)
        self.histories = min(HISTORIES, case.response.histories)
        self.gases = {}
        if gas is not None:
            density = case.broth.density
            self.gases = {
                "oxygen": gas.oxygen[self.fluid] / density,
                "carbon_dioxide": gas.carbon_dioxide[self.fluid] / density,
            }

    def look(
        self, case: Case, ratio: np.ndarray, tracks: Tracks, told: Callable[[float], None] = lambda fraction: None
    ) -> _Found:
        """Regimes and response of a case in the field s = ratio along tracks."""
        strain, density, biomass = case.strain, case.broth.density, case.broth.biomass
        assert strain is not None and biomass is not None
        times = regime_times(tracks.index, ratio, tracks.dt, strain.regimes)
        settings = case.response
        met = histories(
            tracks, ratio, self.histories, settings.duration, strain.regimes, settings.join_tolerance,
            case.lifelines.seed,
        )  # fmt: skip
        model = model_of(strain)
        species = {**self.gases, "biomass": biomass / density}
        around = surroundings(
            model, met.records.ratio, strain.uptake.max, strain.uptake.half_saturation / density, species, density
        )
        outcome = run_many([Subject("it", model, strain.spread)], around, met, case.lifelines.seed, told)["it"]
        if isinstance(outcome, RushtonError):
            raise outcome
        product = bool(model.has_product and outcome.references[:, 2].mean() > 0.0)
        fed = self.solver.fed_ratio(UptakeLaw(strain.uptake.max * biomass, strain.uptake.half_saturation))
        return _Found(times, outcome, product, fed)

    def vary(self, member: Member, base: _Found, told: Callable[[float], None]) -> Variation:
        """One variation; what cannot be computed is kept with the reason and leaves the others alone."""
        begun = time.process_time()
        told(0.0)
        try:
            ratio, tracks = self._field(member, told)
            found = self.look(member.case, ratio, tracks, lambda f: told(0.5 + 0.5 * f))
        except RushtonError as error:
            reason = f"{error.message}{'; ' + error.hint if error.hint else ''}"
            return Variation(member.factor, member.times, {}, {}, reason, None, time.process_time() - begun)
        return Variation(
            member.factor, member.times, numbers(found), changes(found, base), "", found.fed_ratio,
            time.process_time() - begun,
        )  # fmt: skip

    def _field(self, member: Member, told: Callable[[float], None]) -> tuple[np.ndarray, Tracks]:
        """s of every fluid mesh cell, and the tracks of the cells."""
        case = member.case
        strain, biomass = case.strain, case.broth.biomass
        assert strain is not None and biomass is not None
        if not member.moves_cells:
            law = UptakeLaw(strain.uptake.max * biomass, strain.uptake.half_saturation)
            return self.solver(law).uptake_ratio, self.tracks
        field = solve_substrate(case, self.flow)
        settings = case.lifelines.model_copy(
            update={"cells": len(self.tracks.index), "full_records": 0, "coupling": "one-way"}
        )
        place = self.folder / "again"
        place.mkdir(exist_ok=True)
        try:
            lines = track(
                case.model_copy(update={"lifelines": settings}), self.flow, field, place,
                lambda f, text: told(0.1 + 0.4 * f),
            )  # fmt: skip
            return field.uptake_ratio[self.fluid], read_tracks(lines, CELLS)
        finally:
            shutil.rmtree(place, ignore_errors=True)


# ------------------------------------------------------------------------------------------------- numbers and changes


def numbers(found: _Found) -> dict[str, float]:
    """The outputs of one case, as far as they can be formed."""
    shares, stays, outcome = found.times.shares, found.times.residence_s, found.outcome
    out = {f"share_{name}": shares[n] for n, name in enumerate(("excess", "limitation", "starvation"))}
    out |= {"residence_excess_s": stays[0], "residence_starvation_s": stays[2]}
    if outcome is not None:
        for key, columns, statistic in _losses(found.has_product):
            out[key] = float(statistic(columns(outcome).mean(axis=0))[0])
    return {key: float(value) for key, value in out.items() if np.isfinite(value)}


def changes(found: _Found, base: _Found) -> dict[str, tuple[float, float, float]]:
    """Differences of two cases with their bands.

    Lifelines and groups of histories are paired by their number: they share release, seed and records.
    """
    mine, other = numbers(found), numbers(base)
    out: dict[str, tuple[float, float, float]] = {}
    for n, name in ((0, "excess"), (1, "limitation"), (2, "starvation")):
        pairs = [t.samples[:, n] / t.samples.sum(axis=1) for t in (found.times, base.times)]
        out[f"share_{name}"] = _paired(pairs[0] - pairs[1])
    for n, name in ((0, "residence_excess_s"), (2, "residence_starvation_s")):
        if name in mine and name in other:
            centre = mine[name] - other[name]
            parts = [_stay_parts(t, n) for t in (found.times, base.times)]
            half = _paired(parts[0] - parts[1])
            out[name] = (centre, centre + half[1] - half[0], centre + half[2] - half[0])
    if found.outcome is not None and base.outcome is not None and len(found.outcome.whole) == len(base.outcome.whole):
        groups = Groups(found.outcome.group, 1)
        for key, columns, statistic in _losses(found.has_product and base.has_product):
            values = np.column_stack([columns(found.outcome), columns(base.outcome)])
            half_way = values.shape[1] // 2

            def difference(m: np.ndarray, statistic=statistic, half_way: int = half_way) -> np.ndarray:  # noqa: ANN001
                return np.asarray(statistic(m[..., :half_way]) - statistic(m[..., half_way:]))

            low, high = groups.band(values, difference)[0]
            out[key] = (float(difference(values.mean(axis=0))[0]), float(low), float(high))
    return {key: out[key] for key in OUTPUTS if key in out and np.isfinite(out[key]).all()}


Loss = tuple[str, Callable[[Outcome], np.ndarray], Callable[[np.ndarray], np.ndarray]]


def _losses(has_product: bool) -> list[Loss]:
    """(key, columns of a history, loss from their means) of every loss."""

    def product(m: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 - m[..., :1] / m[..., 1:2])

    def grown(m: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 - m[..., :1] / m[..., 1:2] * m[..., 2:3] / m[..., 3:4])

    yields: list[Loss] = [
        (
            "yield_loss",
            lambda o: np.column_stack([o.whole[:, 1], o.whole[:, 0], o.reference[:, 0], o.reference[:, 1]]),
            grown,
        )
    ]
    if not has_product:
        return yields
    return [
        ("productivity_loss", lambda o: np.column_stack([o.whole[:, 2], o.reference[:, 2]]), product),
        ("productivity_loss_final", lambda o: np.column_stack([o.final[:, 2], o.reference[:, 2]]), product),
        *yields,
    ]


def _paired(difference: np.ndarray) -> tuple[float, float, float]:
    """Mean of paired differences and its 95 % band."""
    centre = float(difference.mean())
    half = 1.96 * float(difference.std(ddof=1) / np.sqrt(len(difference))) if len(difference) > 1 else np.inf
    return centre, centre - half, centre + half


def _stay_parts(times: RegimeTimes, n: int) -> np.ndarray:
    """(n_lifeline,) what each lifeline adds to the error of the mean stay, s (ratio of sums, linearised)."""
    stays, length = times.stays[:, n], times.stay_samples[:, n]
    mean = length.sum() / stays.sum()
    return np.asarray((length - mean * stays) * times.dt / stays.mean())


def _cautions(case: Case, base: _Found) -> list[str]:
    out = []
    if case.lifelines.coupling == "two-way":
        out.append("cells read the field of the memoryless law and do not act back on it here")
    outcome = base.outcome
    if outcome is not None and case.response.duration < MEMORIES * 3600.0 * outcome.memory_h:
        out.append(
            f"histories of {case.response.duration / 3600.0:.3g} h are shorter than three of the slowest memory of the "
            f"cell ({outcome.memory_h:.3g} h): losses still grow"
        )
    return out


# ---------------------------------------------------------------------------------------------- variations kept


def _place(member: Member, kept: Path) -> Path:
    parts = {"tank", "impellers", "flow", "numerics", "operation", "broth", "mixing", "feeds", "strain", "gas"}
    said = {
        "case": member.case.model_dump(mode="json", include=parts | {"lifelines", "response"}),
        "member": [member.factor, member.times],
        "sources": sources_hash("rushton.sensitivity", "rushton.flow"),
        "libraries": library_versions(),
    }
    key = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    return kept / f"{key[:16]}.json"


def _finished(member: Member, kept: Path) -> Variation | None:
    """A variation that an earlier run finished."""
    try:
        found = json.loads(_place(member, kept).read_text(encoding="utf-8"))
        return Variation(**{**found, "change": {k: tuple(c) for k, c in found["change"].items()}})
    except (OSError, ValueError, TypeError, KeyError):
        return None
