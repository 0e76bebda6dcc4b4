"""Every search made for a tank, kept beside its results: none is made twice, and what one found is never lost.

A search is deterministic: the same tank, rig, limits and seed give the same candidates. So it is kept under these, with
the sources of this room, and not made again. And a rig that fits a bench fits every bench with looser limits: the
candidates of all searches kept within limits as tight or tighter (``Bench.tighter``) are judged beside those of the
search itself. So within one results folder an optimum is never worse than one found before within limits as tight or
tighter, whatever the order in which limits are tried, and a search is not led by those before it: its own candidates
stay the same.

The file is JSON, one entry per search, written at once when a search ends. Floats keep every digit.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import ResultsError
from rushton.scaledown.bench import Bench
from rushton.scaledown.rig import Duty, Rig
from rushton.scaledown.search import Candidate, Found
from rushton.scaledown.switching import Switching
from rushton.store import STAGES, Progress, atomic_write_text, read_json, silent, sources_hash

if TYPE_CHECKING:
    from rushton.scaledown.tank import Tank

FILE = "rig_searches.json"

MEASURED = ("kla_measured", "kla_slowest")
"""What a vessel transfers: where oxygen is switched it is no bound but how speeds are translated."""


@dataclass(eq=False)
class Searches:
    """Searches kept in a file, or in memory alone where there is none.

    Attributes
    ----------
    path : Path or None
    entries : list of dict
        State of the program, tank, rig, seed, limits and what was found.
    """

    path: Path | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, results_folder: Path, progress: Progress = silent) -> Searches:
        """The searches of a results folder; begun anew, and said, where their file cannot be read."""
        path = Path(results_folder) / STAGES / FILE
        entries: list[dict[str, Any]] = []
        if path.is_file():
            try:
                entries = [entry for entry in read_json(path) if _whole(entry)]
            except (ResultsError, TypeError):
                progress(0.0, f"{path.name} cannot be read: rigs are searched for anew")
        return cls(path if os.access(path.parent, os.W_OK) else None, entries)

    def made(self, tank: Tank, rig: Rig, duty: Duty, seed: int) -> Found | None:
        """What the same search found; None where it was not made yet."""
        key, limits = tank_key(tank, duty), _limits(duty.bench)
        for entry in self.entries:
            if entry["tank"] == key and (entry["rig"], entry["seed"], entry["limits"]) == (rig.name, seed, limits):
                return Found(
                    _candidates(entry, duty), entry["searched"], entry["evaluations"], entry["seconds"], duty
                )  # fmt: skip
        return None

    def within(self, tank: Tank, rig: Rig, duty: Duty, seed: int) -> list[Candidate]:
        """Candidates of this rig, tank and seed from all searches within limits as tight as a duty's or tighter."""
        key = tank_key(tank, duty)
        out: list[Candidate] = []
        equal = MEASURED if isinstance(rig, Switching) else ()
        for entry in self.entries:
            if entry["tank"] == key and (entry["rig"], entry["seed"]) == (rig.name, seed):
                own = _duty_of(entry, duty)
                if own is not None and own.bench.tighter(duty.bench, equal) is not None:
                    out += _candidates(entry, own)
        return out

    def keep(self, tank: Tank, rig: Rig, seed: int, found: Found) -> None:
        """Add a search, and write the file, without the searches of other states of the program."""
        entry = {
            "program": sources_hash("rushton.scaledown"),
            "tank": tank_key(tank, found.duty),
            "rig": rig.name,
            "seed": seed,
            "limits": _limits(found.duty.bench),
            "searched": found.searched,
            "evaluations": found.evaluations,
            "seconds": found.seconds,
            "candidates": [{"settings": c.settings, "score": c.score, "sound": c.sound} for c in found.candidates],
        }
        # an entry of another state of this room would never be read again
        self.entries = [one for one in self.entries if one["program"] == entry["program"]]
        self.entries.append(json.loads(json.dumps(entry)))
        if self.path is not None:
            atomic_write_text(self.path, json.dumps(self.entries, indent=1) + "\n")


_NAMES = {"program", "tank", "rig", "seed", "limits", "searched", "evaluations", "seconds", "candidates"}


def _whole(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.keys() >= _NAMES


def _limits(bench: Bench) -> dict[str, Any]:
    """What a bench can do, as plain values in SI."""
    return {
        "volume": float(bench.volume),
        "bores": [float(bore) for bore in bench.bores],
        **{name: float(limit.value) for name, limit in sorted(bench.limits.items())},
    }


def _duty_of(entry: dict[str, Any], duty: Duty) -> Duty | None:
    """The duty with the limits of an entry; None where these are not the same kinds of limits."""
    limits = dict(entry["limits"])
    volume, bores = limits.pop("volume"), tuple(limits.pop("bores"))
    if limits.keys() != duty.bench.limits.keys():
        return None
    own = {name: replace(limit, value=limits[name]) for name, limit in duty.bench.limits.items()}
    return replace(duty, bench=replace(duty.bench, volume=volume, bores=bores, limits=own))


def _candidates(entry: dict[str, Any], duty: Duty) -> tuple[Candidate, ...]:
    return tuple(Candidate(c["settings"], duty, c["score"], c["sound"]) for c in entry["candidates"])


def tank_key(tank: Tank, duty: Duty) -> str:
    """Hash of all that a search depends on besides rig, limits and seed: target, duty, regimes, broth, sources."""
    hashed = hashlib.sha256(sources_hash("rushton.scaledown").encode())
    target, oxygen, bench = tank.target, duty.oxygen, duty.bench
    arrays = [target.signal, target.stays, target.spread, target.known, target.penalty, target.passages]
    arrays += [duty.stays, duty.history]
    numbers = [
        duty.uptake_max, duty.half_saturation, duty.mean_uptake, duty.tank_biomass, duty.record, duty.growth,
        duty.molar_mass, duty.history_step, *duty.borders, bench.density, bench.viscosity, bench.temperature,
    ]  # fmt: skip
    if oxygen is not None:
        arrays += [oxygen.peaks, oxygen.valleys]
        numbers += [oxygen.half_saturation, oxygen.uptake, oxygen.mean, oxygen.critical, oxygen.mean_signal]
    for array in (*arrays, np.array(numbers)):
        hashed.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    hashed.update(tank.regimes.model_dump_json().encode())
    return hashed.hexdigest()
