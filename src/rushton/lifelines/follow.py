"""Steps through the whole duration, stretch by stretch: walk, write the tracks, keep what an interrupted run needs.

A stretch is what fits into one buffer of stored samples. One stretch is packed and written while the next is walked.
Stretches that an earlier run has stored already are copied.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rushton.lifelines.checkpoint import STATE, Log, Past, State, find, run_key
from rushton.lifelines.result import END
from rushton.lifelines.sample import Sample
from rushton.lifelines.track_file import TrackFile
from rushton.lifelines.walkers import STRETCH_STEPS, Walkers
from rushton.store import Progress

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh

CHECKPOINT_SECONDS = 15.0
"""Time between two states that an interrupted run could go on from, s; they are taken between stretches."""


class Exchange(Protocol):
    """What happens between walkers and field around every stored sample."""

    def begin(self, walkers: Walkers) -> None:
        """Before the walkers go on to the next sample."""

    def finish(self, walkers: Walkers) -> None:
        """After they have."""

    def again(self) -> Exchange | None:
        """Another like this one, not begun, for other cells at another step; None where nothing is to be compared."""

    def close(self) -> None:
        """No further step follows."""

    def key(self, walkers: Walkers) -> str:
        """Hash of all that decides what happens, the duration left out; asked for before the first step."""

    def state(self) -> dict[str, np.ndarray]:
        """What a run that was interrupted between two samples goes on from."""

    def restore(self, walkers: Walkers, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``; the walkers are already where they were."""


def follow(
    walkers: Walkers,
    mesh: TankMesh,
    file: TrackFile,
    progress: Progress,
    kept: Path | None = None,
    earlier: Sequence[Path] = (),
    exchange: Exchange | None = None,
) -> Sample:
    """Walk to the end and write all tracks.

    Parameters
    ----------
    walkers : Walkers
        At their release.
    mesh : TankMesh
    file : TrackFile
        Empty; its last state is written beside it.
    progress : Progress
    kept : Path, optional
        Folder for the state of this run while it is under way; what an interrupted one has left there is used.
    earlier : sequence of Path
        Folders of finished runs; where one differs in nothing but a shorter duration, this run goes on from its end.
        With an exchange the other has to end in the first half of this one.
    exchange : Exchange, optional
        Called around every stored sample. With one the caller removes ``kept`` once all is done.

    Returns
    -------
    Sample
        What was counted when half of the run, or a little more, was done.
    """
    key = run_key(walkers, file.n_cell, file.n_full, exchange.key(walkers) if exchange is not None else "")
    past, half_length = _resume(walkers, file, key, kept, earlier, exchange)
    log = None
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        log = Log(kept, file.n_cell, file.n_full, file.width)
        copied = walkers.done // walkers.every // file.width if past is not None else 0
        log.cut(copied if isinstance(past, Log) and past.path == log.path else 0)
    if past is not None:
        progress(walkers.done / walkers.n_step, f"going on at {walkers.done * walkers.dt:.0f} s")
    half_length = _walk(walkers, mesh, file, progress, key, past, half_length, log, exchange)
    file.close()
    traded = exchange.state() if exchange is not None else {}
    State.of(key, walkers, file.width, half_length, traded).save(file.path.with_name(END))
    if kept is not None and exchange is None:
        shutil.rmtree(kept)
    return half_length


def _resume(
    walkers: Walkers,
    file: TrackFile,
    key: str,
    kept: Path | None,
    earlier: Sequence[Path],
    exchange: Exchange | None,
) -> tuple[Past | None, Sample | None]:
    """Put walkers and exchange where an earlier run has got to; its tracks, and its counts at half of the run if they
    hold."""
    found = find(kept, earlier, key, walkers, file.n_cell, file.n_full, exchange is not None)
    if found is None:
        if kept is not None:
            shutil.rmtree(kept, ignore_errors=True)
        return None, None
    state, past = found
    walkers.restore(state.cloud, state.tally, state.journey, state.done, state.cpu_s)
    if exchange is not None:
        exchange.restore(walkers, state.exchange)
    return past, state.half_length if state.n_step == walkers.n_step else None


def _walk(
    walkers: Walkers,
    mesh: TankMesh,
    file: TrackFile,
    progress: Progress,
    key: str,
    past: Past | None,
    half_length: Sample | None,
    log: Log | None,
    exchange: Exchange | None,
) -> Sample:
    every, n_sample, total = walkers.every, file.n_sample, walkers.n_step * walkers.dt
    buffers = [
        (np.empty((file.n_cell, file.width), np.int32), np.empty((file.n_full, file.width, 4), np.float32))
        for _ in range(2)
    ]
    per_launch = max(1, min(round(STRETCH_STEPS / every), n_sample // 2)) if exchange is None else 1
    stored = walkers.done // every
    logged = log.stretches if log is not None else 0
    saved = time.monotonic()

    def write(n: int, index: np.ndarray, full: np.ndarray) -> None:
        file.write(index, full)
        if log is not None and n >= logged and index.shape[1] == file.width:
            log.append(index, full)

    def count_at_half() -> None:
        nonlocal half_length
        if half_length is None and 2 * walkers.done >= walkers.n_step:
            half_length = walkers.sample()

    count_at_half()  # a finished run that goes on may be past it
    with ThreadPoolExecutor(walkers.threads) as pool, ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None
        for n, (index, full) in zip(range(-(-n_sample // file.width)), itertools.cycle(buffers), strict=False):
            first = n * file.width
            width = min(file.width, n_sample - first)
            have = min(max(stored - first, 0), width)
            if past is not None and have:
                if writing is not None:
                    writing.result()  # the NetCDF library serves one thread at a time
                index[:, :have], full[:, :have] = past.read(first, first + have)
            for column in range(have, width, per_launch):
                samples = min(per_launch, width - column)
                if exchange is not None:
                    exchange.begin(walkers)
                walkers.advance(pool, samples * every, column, index, full)
                if exchange is not None:
                    exchange.finish(walkers)
                new = full[:, column : column + samples]
                new[...] = _cartesian(mesh, new)
                count_at_half()
                seconds = walkers.done * walkers.dt
                text = f"{len(walkers.cloud.place):,} cells, {seconds:.0f} of {total:.0f} s"
                progress(walkers.done / walkers.n_step, text)
            if writing is not None:
                writing.result()
            writing = writer.submit(write, n, index[:, :width], full[:, :width])
            if log is not None and have < width == file.width and time.monotonic() - saved > CHECKPOINT_SECONDS:
                writing.result()
                traded = exchange.state() if exchange is not None else {}
                State.of(key, walkers, file.width, half_length, traded).save(log.path.with_name(STATE))
                saved = time.monotonic()
        if writing is not None:
            writing.result()
    assert half_length is not None
    return half_length


def _cartesian(mesh: TankMesh, full: np.ndarray) -> np.ndarray:
    """(i + x, j + y, k + z, s) -> (x, y, z, s), float32."""
    i, j, k = (np.arange(n + 1) for n in mesh.shape)
    r = np.sqrt(np.interp(full[..., 0], i, mesh.r**2))
    theta = np.interp(full[..., 1], j, mesh.theta)
    z = np.interp(full[..., 2], k, mesh.z)
    return np.stack([r * np.cos(theta), r * np.sin(theta), z, full[..., 3]], axis=-1).astype(np.float32)
