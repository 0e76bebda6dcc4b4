"""Runs the stages of a case in their order, takes finished ones from the cache, and publishes what each found.

For every stage: its key says what it depends on; a finished stage with that key is used as it stands; else it is
computed beside its final place, renamed into it in one step, and only then are its files put into the results folder
and its section into summary.json. Files of later stages that no longer belong to the case are taken away at that
moment, so a folder never shows numbers of two different cases. A break at any point loses the running stage only.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton import __version__
from rushton.case.resolved import write_resolved
from rushton.errors import CaseError, ModelError, RushtonError, SolverError
from rushton.pipeline import stages as wiring
from rushton.pipeline.results import CASE_FILE, Results, case_record, open_results
from rushton.pipeline.stages import REPORT, STAGE_NAMES, Stage, stage_named
from rushton.pipeline.summary import KEYS, section
from rushton.store import (
    MANIFEST,
    Progress,
    StageCache,
    atomic_write_text,
    check_free_space,
    explained,
    library_versions,
    lock,
    open_manifest,
    prepare_folder,
    read_json,
    to_json,
)

if TYPE_CHECKING:
    from rushton.case import Case


@dataclass(frozen=True)
class Event:
    """What a run tells whoever watches it.

    Attributes
    ----------
    stage : str
    state : {"running", "done", "kept", "skipped", "failed"}
        ``kept``: taken from the cache; ``skipped``: not asked for or without its input, ``failed``: cannot be computed;
        ``text`` says why.
    fraction : float
        Of the stage, 0..1.
    text : str
    seconds : float or None
        Wall seconds the stage took (when it was computed).
    """

    stage: str
    state: str
    fraction: float = 0.0
    text: str = ""
    seconds: float | None = None


Watch = Callable[[Event], None]


def _unwatched(event: Event) -> None:
    """A run that nobody watches."""


def run(
    case: Case, results_folder: Path | str | None = None, until: str | None = None, watch: Watch = _unwatched
) -> Results:
    """Run a case, every stage of it or up to one; finished stages are not computed again.

    Parameters
    ----------
    case : Case
        From `rushton.load_case`.
    results_folder : path, optional
        By default ``<name of the case>.results`` in the current folder.
    until : str, optional
        Name of the last stage to run; by default all, the report included.
    watch : callable, optional
        Called with an `Event` as the run goes on.

    Returns
    -------
    Results

    Raises
    ------
    RushtonError
        With what is wrong, where, and how to mend it. Finished stages are kept; when a stage cannot be computed, those
        that do not need it are run and the report is written before this is raised.
    """
    if until is not None and until not in STAGE_NAMES:
        raise RushtonError(f"there is no stage '{until}'", "--until", f"stages are: {', '.join(STAGE_NAMES)}")
    check_parameters(case)
    check_bench(case)
    folder = Path(results_folder) if results_folder is not None else Path(f"{case.name}.results")
    prepare_folder(folder, case.name, __version__)
    with lock(folder), explained(folder):
        check_free_space(folder, _expected_bytes(case))
        _Run(case, folder, watch).go(until or REPORT)
    return open_results(folder)


def check_parameters(case: Case) -> None:
    """Refuse parameters that the cell model does not know before minutes are spent on the flow."""
    if case.strain is not None and (case.strain.parameters or case.strain.spread or case.strain.model_file):
        from rushton.physiology import model_of

        model_of(case.strain)


def check_bench(case: Case) -> None:
    """Refuse rigs that cannot be built within the limits of the bench, before anything runs."""
    if case.scaledown is None:
        return
    from rushton.scaledown.bench import Bench
    from rushton.scaledown.refusals import refusal

    refused = refusal(case, Bench.from_case(case), case.lifelines.duration)
    if refused is not None:
        raise CaseError(*refused)


def report(results_folder: Path | str, watch: Watch = _unwatched) -> Path:
    """Write report.html again from what a results folder holds; returns its path."""
    results = open_results(results_folder)
    with lock(results.folder), explained(results.folder):
        return _write_report(results, watch)


def _write_report(results: Results, watch: Watch) -> Path:
    from rushton.report import write_bench_pages, write_report

    watch(Event(REPORT, "running"))
    start = time.perf_counter()
    loaded = {name: getattr(results, name) for name in KEYS}
    path = write_report(results.folder, results.case, **loaded, summary=results.summary)
    write_bench_pages(results.folder / "scaledown", results.case, results.scaledown)
    watch(Event(REPORT, "done", 1.0, str(path), time.perf_counter() - start))
    return Path(path)


class _Run:
    """One run of one case in one folder, which it holds."""

    def __init__(self, case: Case, folder: Path, watch: Watch) -> None:
        self.case, self.folder, self.watch = case, folder, watch
        self.cache = StageCache(folder)
        self.manifest = open_manifest(folder)
        self.keys = stage_keys(case, self.cache)
        self.published = False  # whether this run's case stands in the folder yet
        self.finished: dict[str, bool] = {}
        self.failed: dict[str, RushtonError] = {}
        self.results: dict[str, Any] = {}

    def go(self, until: str) -> None:
        last = STAGE_NAMES.index(until)
        if last >= STAGE_NAMES.index("response") and not self._finished("response"):
            wiring.preflight(self.case)
        for position, stage in enumerate(wiring.STAGES):
            if position > last:
                break
            missing = stage.missing(self.case) or self._broken(stage)
            if missing:
                self.watch(Event(stage.name, "skipped", text=missing))
            elif self._finished(stage.name):
                self._show(stage)
                self.watch(Event(stage.name, "kept", 1.0, seconds=self._seconds(stage.name)["wall"]))
            else:
                self._try(stage)
        self._publish_case()
        self._write_summary()
        if last == STAGE_NAMES.index(REPORT):
            self._report()
        if self.failed:
            raise next(iter(self.failed.values()))

    # --- one stage -----------------------------------------------------------------------------------------------

    def _try(self, stage: Stage) -> None:
        """Compute a stage; what cannot be computed is said, and the stages that do not need it still run."""
        try:
            self._compute(stage)
        except (SolverError, ModelError) as error:
            self.failed[stage.name] = error
            self.watch(Event(stage.name, "failed", text=error.message))

    def _broken(self, stage: Stage) -> str:
        """Why an earlier stage leaves this one without its input; empty when none does."""
        for name in stage.needs(self.case):
            if name in self.failed:
                return f"the stage '{name}' could not be computed: {self.failed[name].message}"
            if reason := self._broken(stage_named(name)):
                return reason
        return ""

    def _compute(self, stage: Stage) -> None:
        done = {name: self._result(name) for name in stage.needs(self.case)}
        workplace = self.cache.workplace(stage.name)
        self.watch(Event(stage.name, "running"))
        wall, cpu = time.perf_counter(), time.process_time()
        result = stage.compute(self.case, done, workplace, self._progress(stage.name))
        seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        stage.save(result, workplace)
        atomic_write_text(workplace / "summary.json", to_json(stage.summary(result)))
        del result  # what was stored is what is used from here on
        self.cache.commit(stage.name, self.keys[stage.name], workplace, seconds)
        self.finished[stage.name] = True
        self._show(stage)
        self.watch(Event(stage.name, "done", 1.0, seconds=seconds["wall"]))

    def _progress(self, stage: str) -> Progress:
        def progress(fraction: float, text: str) -> None:
            self.watch(Event(stage, "running", min(max(fraction, 0.0), 1.0), text))

        return progress

    def _result(self, name: str) -> Any:
        """Result of an earlier stage, loaded once; None when the case does not ask for it."""
        stage = stage_named(name)
        if name not in self.results:
            there = not stage.missing(self.case)
            self.results[name] = stage.load(self.cache.path(name, self.keys[name])) if there else None
        return self.results[name]

    def _finished(self, name: str) -> bool:
        """Whether the stage stands in the cache, whole; looked at once, since checksums of large files take time."""
        if name not in self.finished:
            self.finished[name] = self.cache.has(name, self.keys[name])
        return self.finished[name]

    def _seconds(self, name: str) -> dict[str, float]:
        return self.cache.seconds(name, self.keys[name])

    # --- what the user sees --------------------------------------------------------------------------------------

    def _show(self, stage: Stage) -> None:
        """Put the files of a finished stage into the results folder, once, and take away those of outdated ones."""
        record = self.manifest["stages"].get(stage.name)
        shown = record is not None and record["key"] == self.keys[stage.name]
        if shown and all((self.folder / name).is_file() for name in record["files"]):
            return
        self._publish_case()
        if not shown and REPORT in self.manifest["stages"]:
            self._withdraw(REPORT)  # it was written without this stage
        place = self.cache.path(stage.name, self.keys[stage.name]).with_name(".export")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        stage.export(self._result(stage.name), place)
        files = sorted(path.relative_to(place) for path in place.rglob("*") if path.is_file())
        for name in files:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(place / name, self.folder / name)
        shutil.rmtree(place)
        self.manifest["stages"][stage.name] = {
            "key": self.keys[stage.name],
            "seconds": self._seconds(stage.name),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": [name.as_posix() for name in files],
        }
        self._write_manifest()
        self._write_summary()

    def _publish_case(self) -> None:
        """Let the folder speak of this case from now on: its values, and nothing that belongs to another."""
        if self.published:
            return
        self.published = True
        for name, record in list(self.manifest["stages"].items()):
            if record["key"] != self.keys.get(name) or (name != REPORT and not self._finished(name)):
                self._withdraw(name)
        self.cache.folder.mkdir(exist_ok=True)
        atomic_write_text(self.cache.folder / CASE_FILE, to_json(case_record(self.case)))
        atomic_write_text(self.folder / "case.resolved.toml", write_resolved(self.case))
        self._write_manifest()
        self._write_summary()

    def _withdraw(self, name: str) -> None:
        for file in self.manifest["stages"].pop(name)["files"]:
            (self.folder / file).unlink(missing_ok=True)

    def _write_manifest(self) -> None:
        seed = self.case.lifelines.seed if self.case.lifelines is not None else None
        self.manifest |= {
            "rushton": __version__,
            "title": self.case.title,
            "seed": seed,
            "case_hash": hashlib.sha256(json.dumps(wiring.plain(self.case), sort_keys=True).encode()).hexdigest(),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "libraries": library_versions(),
            "peak_memory_bytes": max(_peak_memory(), self.manifest.get("peak_memory_bytes") or 0),
        }
        atomic_write_text(self.folder / MANIFEST, to_json(self.manifest))

    def _write_summary(self) -> None:
        summary: dict[str, Any] = {"title": self.case.title, "case": self.case.name}
        for name in KEYS:
            numbers, reason = None, "this stage has not been run yet"
            if name in self.manifest["stages"]:
                numbers = read_json(self.cache.path(name, self.keys[name]) / "summary.json")
                reason = "the stage could not form this number"
            elif name in self.failed:
                reason = self.failed[name].message
            elif missing := stage_named(name).missing(self.case) or self._broken(stage_named(name)):
                reason = missing
            summary[name] = section(name, numbers, reason)
        summary["timing"] = {name: record["seconds"] for name, record in self.manifest["stages"].items()}
        atomic_write_text(self.folder / "summary.json", to_json(summary))

    def _report(self) -> None:
        record = self.manifest["stages"].get(REPORT)
        if record is not None and all((self.folder / name).is_file() for name in record["files"]):
            self.watch(Event(REPORT, "kept", 1.0, seconds=record["seconds"]["wall"]))
            return
        self.results.clear()  # the report loads what it shows
        wall, cpu = time.perf_counter(), time.process_time()
        path = _write_report(open_results(self.folder), self.watch)
        self.manifest["stages"][REPORT] = {
            "key": self.keys[REPORT],
            "seconds": {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu},
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": [path.relative_to(self.folder).as_posix()],
        }
        self._write_manifest()
        self._write_summary()


def stage_keys(case: Case, cache: StageCache) -> dict[str, str]:
    """Key of every stage of a case, the report's too (see `rushton.store.StageCache.key`)."""
    keys: dict[str, str] = {}
    for stage in wiring.STAGES:
        inputs = {"missing": stage.missing(case)} if stage.missing(case) else stage.inputs(case)
        keys[stage.name] = cache.key(stage.name, inputs, [keys[name] for name in stage.needs(case)], stage.packages)
    keys[REPORT] = cache.key(REPORT, wiring.REPORT_INPUTS(case), list(keys.values()), wiring.REPORT_PACKAGES)
    return keys


def _expected_bytes(case: Case) -> float:
    """Upper estimate of what the results of a case take on the disk, bytes."""
    mesh_cells = case.numerics.target_mesh_cells
    fields = 60 * 8 * mesh_cells  # about sixty numbers per mesh cell in the stages and the files for ParaView
    lines = case.lifelines
    records = 0.0
    if lines is not None and not stage_named("lifelines").missing(case):
        samples = lines.duration / lines.sampling
        stored = min(lines.stored_cells, lines.cells)
        records = 8.0 * samples * (stored + 4 * min(lines.full_records, stored))
    return 50e6 + fields + records


def _peak_memory() -> int:
    """Largest memory of this process so far, bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) * (1 if sys.platform == "darwin" else 1024)
