"""What an interrupted run needs to go on: cells and counters at a step, and the tracks so far.

    state.npz            cells, counters, step; replaced whole, so that the old or the new one is there at every moment
    tracks-<width>.raw   stretches of stored samples, appended: mesh cells (n_stored, width) int32, then full records
                         (n_full, width, 4) float32; what lies beyond the step of the state is cut off

A finished run keeps its last state beside its tracks, so that a longer one can go on from there. A state is used only
if its key is that of the run at hand: flow, uptake, cells at their release, walk, time step, limits, what is stored,
program and libraries; everything but the duration.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rushton.lifelines.layout import Cloud, Journey
from rushton.lifelines.observer import Tally
from rushton.lifelines.parts import part_of
from rushton.lifelines.result import END, TRACKS, open_tracks
from rushton.lifelines.sample import Sample
from rushton.lifelines.walkers import Walkers
from rushton.store import library_versions, sources_hash

log = logging.getLogger(__name__)

STATE = "state.npz"


def run_key(walkers: Walkers, n_stored: int, n_full: int, exchange: str = "") -> str:
    """Hash of all that decides what the cells do and what is stored of it, the duration left out.

    Parameters
    ----------
    walkers : Walkers
        At their release.
    n_stored, n_full : int
        Stored cells, those with full records.
    exchange : str
        Key of the exchange that the cells live in.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in (*walkers.field, *walkers.cloud):
        digest.update(np.ascontiguousarray(array).tobytes())
    said = [
        *(int(n) for n in walkers.limits), int(walkers.key), walkers.dt, walkers.walk, walkers.every, n_stored, n_full,
        exchange, sources_hash("rushton.lifelines"), library_versions(),
    ]  # fmt: skip
    digest.update(json.dumps(said, sort_keys=True).encode())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class State:
    """Cells and counters after some steps.

    Attributes
    ----------
    key : str
        ``run_key``.
    done, n_step : int
        Steps done and steps of the whole run.
    width : int
        Stored samples in a stretch of the tracks.
    cpu_s : float
        Processor time so far, s.
    cloud, tally, journey
        Cells and counters, those of all threads together.
    half_length : Sample or None
        What was counted at half of the run, if it has got so far.
    exchange : dict of str to ndarray
        State of the exchange, if there is one.
    """

    key: str
    done: int
    n_step: int
    width: int
    cpu_s: float
    cloud: Cloud
    tally: Tally
    journey: Journey
    half_length: Sample | None
    exchange: dict[str, np.ndarray]

    @classmethod
    def of(
        cls, key: str, walkers: Walkers, width: int, half_length: Sample | None, exchange: dict[str, np.ndarray]
    ) -> State:
        """The state of walkers now."""
        tally, journey = walkers.counters()
        done, n_step, cpu_s = walkers.done, walkers.n_step, walkers.cpu_s
        return cls(key, done, n_step, width, cpu_s, walkers.cloud, tally, journey, half_length, exchange)

    def save(self, path: Path) -> None:
        """Write the state, all or nothing."""
        arrays: dict[str, np.ndarray] = {}
        for prefix, group in (("cloud", self.cloud), ("tally", self.tally), ("journey", self.journey)):
            arrays |= {f"{prefix}.{name}": array for name, array in group._asdict().items()}
        if self.half_length is not None:
            arrays |= self.half_length.to_arrays("half.")
        arrays |= {f"exchange.{name}": array for name, array in self.exchange.items()}
        arrays["numbers"] = np.array([self.done, self.n_step, self.width], np.int64)
        arrays["cpu_s"], arrays["key"] = np.array(self.cpu_s), np.array(self.key)
        temporary = path.with_name(f".{path.name}.tmp")
        with open(temporary, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)

    @classmethod
    def load(cls, path: Path, key: str) -> State | None:
        """The state in a file; None if there is none, or one of another run, or one that cannot be read."""
        if not path.is_file():
            return None
        try:
            with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
                if str(file["key"]) != key:
                    return None
                arrays = {name: file[name] for name in file.files}
        except Exception as error:  # zipfile, zlib and NumPy each have their own word for "damaged"
            if isinstance(error, MemoryError):
                raise
            log.warning("%s cannot be read (%s): the lifelines begin anew", path, error)
            return None

        def group(kind: Any, prefix: str) -> Any:
            return kind(*(arrays[f"{prefix}.{name}"] for name in kind._fields))

        half = Sample.from_arrays(arrays, "half.") if "half.times" in arrays else None
        done, n_step, width = (int(n) for n in arrays["numbers"])
        cloud, tally, journey = group(Cloud, "cloud"), group(Tally, "tally"), group(Journey, "journey")
        exchange = part_of("exchange", arrays)
        return cls(key, done, n_step, width, float(arrays["cpu_s"]), cloud, tally, journey, half, exchange)


class Past(Protocol):
    """Tracks that are stored already."""

    def read(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Samples first..last: mesh cells (n_stored, n) int32 and full records (n_full, n, 4) float32."""


class Log:
    """Stretches of tracks in a plain file, appended one by one.

    Parameters
    ----------
    folder : Path
    n_stored, n_full, width : int
        Stored cells, those with full records, samples in a stretch.
    """

    def __init__(self, folder: Path, n_stored: int, n_full: int, width: int) -> None:
        self.path = folder / f"tracks-{width}.raw"
        self.n_stored, self.n_full, self.width = n_stored, n_full, width
        self.bytes = 4 * width * (n_stored + 4 * n_full)

    def cut(self, stretches: int) -> None:
        """Keep only the first stretches."""
        with open(self.path, "ab") as file:
            file.truncate(stretches * self.bytes)

    def append(self, index: np.ndarray, full: np.ndarray) -> None:
        """Add a whole stretch."""
        with open(self.path, "ab") as file:
            file.write(np.ascontiguousarray(index).data)
            file.write(np.ascontiguousarray(full).data)

    def _stretch(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        shapes = (self.n_stored, self.width), (self.n_full, self.width, 4)
        with open(self.path, "rb") as file:
            file.seek(n * self.bytes)
            index = np.fromfile(file, np.int32, shapes[0][0] * shapes[0][1]).reshape(shapes[0])
            return index, np.fromfile(file, np.float32, 4 * shapes[1][0] * shapes[1][1]).reshape(shapes[1])

    def read(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """See ``Past``."""
        found = []
        for n in range(first // self.width, -(-last // self.width)):
            columns = slice(max(first - n * self.width, 0), min(last - n * self.width, self.width))
            found.append([a[:, columns] for a in self._stretch(n)])
        index, full = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
        return index, full

    @property
    def stretches(self) -> int:
        """Number of whole stretches there."""
        return self.path.stat().st_size // self.bytes if self.path.is_file() else 0

    def holds(self, samples: int) -> bool:
        """Whether so many samples are there."""
        return self.stretches * self.width >= samples


class Finished:
    """Tracks of a finished run, from its ``lifelines.nc``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / TRACKS

    def read(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """See ``Past``."""
        with open_tracks(self.path) as file:
            span = slice(first, last)
            index = np.asarray(file.variables["cell_index"][:, span])
            return index, np.stack([np.asarray(file.variables[name][:, span]) for name in "xyzs"], axis=-1)


def find(
    kept: Path | None,
    earlier: Sequence[Path],
    key: str,
    walkers: Walkers,
    n_stored: int,
    n_full: int,
    first_half: bool = False,
) -> tuple[State, Past] | None:
    """The furthest state of this run, not beyond its end, and its tracks; None if it starts afresh.

    Parameters
    ----------
    kept : Path, optional
        Folder of an interrupted run.
    earlier : sequence of Path
        Folders of finished runs.
    key : str
        ``run_key``.
    walkers : Walkers
        Of the run at hand.
    n_stored, n_full : int
        Stored cells and those with full records.
    first_half : bool
        Of a run of another duration, use only what lies in the first half of the run at hand: an exchange forms its
        means over the last half.
    """
    found: list[tuple[State, Past]] = []
    if kept is not None and (state := State.load(kept / STATE, key)) is not None:
        log = Log(kept, n_stored, n_full, state.width)
        if log.holds(state.done // walkers.every):
            found.append((state, log))
    for folder in earlier:
        if (state := State.load(folder / END, key)) is not None and (folder / TRACKS).is_file():
            found.append((state, Finished(folder)))
    fitting = []
    for state, past in found:
        other = first_half and state.n_step != walkers.n_step
        if (2 if other else 1) * state.done <= walkers.n_step:
            fitting.append((state, past))
    return max(fitting, key=lambda pair: pair[0].done, default=None)
