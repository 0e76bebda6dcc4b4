"""The chain with stand-ins for the engines: what is computed again, what is kept, what a break leaves behind."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import tomllib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rushton.report
from rushton import store
from rushton.case import Case, case_from_dict, load_case
from rushton.errors import ResultsError, RushtonError, SolverError
from rushton.pipeline import STAGE_NAMES, Event, open_results, report, run, stages
from rushton.pipeline.stages import Stage
from rushton.pipeline.summary import KEYS
from rushton.store import load_result, save_result

NOT_ASKED = ("refine", "sensitivity", "feed_study")
COMPUTED = tuple(name for name in STAGE_NAMES if name not in ("report", *NOT_ASKED))
"""What a case with every section computes; error statement and feed study only when they are asked for."""
RUN = (*COMPUTED, "report")


@dataclasses.dataclass(frozen=True)
class StandIn(Stage):
    """A stage with the real inputs and wiring, and a number instead of an engine."""

    def save(self, result: Any, folder: Path) -> None:
        save_result(folder, {"n": np.array(result["n"])}, {"stage": result["stage"]})

    def load(self, folder: Path) -> Any:
        arrays, meta = load_result(folder)
        return {"n": float(arrays["n"]), "stage": meta["stage"]}

    def summary(self, result: Any) -> dict[str, Any] | None:
        return {KEYS[self.name][0]: result["n"], "converged": self.name != "substrate"} if self.name in KEYS else None

    def export(self, result: Any, folder: Path) -> None:
        (folder / f"{self.name}.csv").write_text(str(result["n"]))
        if self.name == "scaledown":
            (folder / "scaledown").mkdir()
            (folder / "scaledown" / "designs.csv").write_text("x")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stages that were really computed, in order; engines and report replaced by stand-ins."""
    computed: list[str] = []

    def stand_in(stage: Stage) -> StandIn:
        def compute(case: Case, done: Any, folder: Path, progress: Any) -> Any:
            assert set(done) == set(stage.upstream)
            assert all(done[name] is None or done[name]["stage"] == name for name in stage.upstream)
            progress(0.5, "half")
            computed.append(stage.name)
            number = zlib.crc32(json.dumps(stage.inputs(case)).encode())
            return {"n": float(number), "stage": stage.name}

        values = {field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)}
        return StandIn(**(values | {"compute": compute, "packages": ("rushton.errors",)}))

    def write_report(folder: Path, case: Case, flow: Any, mixing: Any, **others: Any) -> Path:
        computed.append("report")
        (folder / "report.html").write_text(f"{case.title} {flow}")
        return folder / "report.html"

    monkeypatch.setattr(stages, "STAGES", tuple(stand_in(stage) for stage in stages.STAGES))
    monkeypatch.setattr(stages, "preflight", lambda case: None)

    def write_bench_pages(folder: Path, case: Case, scaledown: Any) -> list[Path]:
        assert scaledown is None or scaledown["stage"] == "scaledown"
        return []

    monkeypatch.setattr(rushton.report, "write_report", write_report)
    monkeypatch.setattr(rushton.report, "write_bench_pages", write_bench_pages)
    return computed


@pytest.fixture
def data(cases_folder: Path) -> dict[str, Any]:
    """Content of a case file with every section, to change and run."""
    return tomllib.loads((cases_folder / "lab_3L.toml").read_text(encoding="utf-8"))


def case_of(data: dict[str, Any]) -> Case:
    return case_from_dict(data, name="lab")


def test_a_run_computes_every_stage_once_and_a_second_run_none(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    events: list[Event] = []
    results = run(case_of(data), tmp_path / "r", watch=events.append)
    assert calls == list(RUN)
    assert {event.state for event in events if event.stage not in NOT_ASKED} == {
        "running",
        "done",
    }
    assert results.flow["stage"] == "flow"
    assert results.report is not None
    for name in ("manifest.json", "summary.json", "case.resolved.toml", "flow.csv", "scaledown/designs.csv"):
        assert (tmp_path / "r" / name).is_file()
    before = (tmp_path / "r" / "summary.json").read_bytes()
    calls.clear()
    events.clear()
    run(case_of(data), tmp_path / "r", watch=events.append)
    assert calls == []
    assert [event.state for event in events if event.stage not in NOT_ASKED] == ["kept"] * len(RUN)
    assert (tmp_path / "r" / "summary.json").read_bytes() == before


SUBSTRATE_ON = ["substrate", "gas", "lifelines", "environment", "response", "scaledown", "report"]
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], list[str]]] = {
    "tank": (lambda d: d["tank"].update(diameter="160 mm"), list(RUN)),
    "mesh cells": (lambda d: d.update(numerics={"mesh_cells": 5000}), list(RUN)),
    "quality by its other name": (lambda d: d.update(numerics={"mesh_cells": 100_000}), ["report"]),
    "speed": (lambda d: d["operation"].update(speed="500 rpm"), list(RUN[1:])),
    "pulse": (
        lambda d: d.update(mixing={"pulse": {"radius": "40 mm", "height": "0.1 m", "diameter": "10 mm"}}),
        ["mixing", "report"],
    ),
    "feed": (lambda d: d["feed"][0].update(rate="70 mmol/h"), SUBSTRATE_ON),
    "sensitivity": (lambda d: d.update(numerics={"sensitivity": True}), ["sensitivity", "report"]),
    "error statement": (lambda d: d.update(numerics={"refine": True}), ["refine", "report"]),
    "biomass": (lambda d: d["broth"].update(biomass="50 g/L"), SUBSTRATE_ON),
    "uptake": (
        lambda d: d["strain"].update(uptake={"max": "1000 umol/g/h", "half_saturation": "7.8 umol/kg"}),
        SUBSTRATE_ON,
    ),
    "regimes": (lambda d: d["strain"].update(regimes={"starvation": 0.1}), SUBSTRATE_ON),
    "gas rate": (lambda d: d["gas"].update(rate="1 vvm"), ["aeration", "mixing", *SUBSTRATE_ON]),
    "measured kLa": (lambda d: d["gas"].update(kla="200 1/h"), ["gas", *SUBSTRATE_ON[3:]]),
    "no feedback of the gas": (lambda d: d["gas"].update(feedback="none"), ["mixing", *SUBSTRATE_ON]),
    "seed": (lambda d: d["lifelines"].update(seed=2), SUBSTRATE_ON[2:]),
    "critical oxygen": (lambda d: d["strain"].update(critical={"oxygen": "5 umol/L"}), ["environment", "report"]),
    "inside the cell": (lambda d: d["strain"].update(parameters={"mu0": 0.05}), SUBSTRATE_ON[4:]),
    "histories": (lambda d: d.update(response={"histories": 50}), SUBSTRATE_ON[4:]),
    "lab": (lambda d: d["scaledown"].update(working_volume="2 L"), SUBSTRATE_ON[5:]),
    "title": (lambda d: d.update(title="Another"), SUBSTRATE_ON[5:]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_does_not_touch_is_not_computed_again(
    tmp_path: Path, calls: list[str], data: dict[str, Any], change: str
) -> None:
    run(case_of(data), tmp_path / "r")
    calls.clear()
    alter, expected = CHANGES[change]
    alter(data)
    run(case_of(data), tmp_path / "r")
    assert calls == expected


def test_nothing_of_an_older_case_stays_beside_the_new_one(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    folder = tmp_path / "r"
    run(case_of(data), folder)
    data["operation"]["speed"] = "500 rpm"
    results = run(case_of(data), folder, until="flow")
    assert (folder / "mesh.csv").is_file() and (folder / "flow.csv").is_file()
    for name in ("mixing.csv", "scaledown/designs.csv", "report.html"):
        assert not (folder / name).exists()
    assert results.summary["mixing"]["theta95_probe_s"] is None
    assert results.summary["mixing"]["theta95_probe_s_reason"]
    assert results.mixing is None
    assert set(results.summary["timing"]) == {"mesh", "flow"}
    assert load_case(folder / "case.resolved.toml").operation.speed == pytest.approx(500 / 60)


def test_stopping_early_keeps_later_stages_of_the_same_case(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    run(case_of(data), tmp_path / "r")
    calls.clear()
    results = run(case_of(data), tmp_path / "r", until="flow")
    assert calls == []
    assert results.summary["response"]["model"] is not None


def test_every_key_of_the_summary_is_there_or_has_its_reason(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    del data["strain"], data["scaledown"]
    events: list[Event] = []
    results = run(case_of(data), tmp_path / "r", watch=events.append)
    assert calls == ["mesh", "flow", "aeration", "mixing", "gas", "report"]
    assert [e.stage for e in events if e.state == "skipped"] == [
        "substrate",
        "feed_study",
        "refine",
        "lifelines",
        "environment",
        "response",
        "sensitivity",
        "scaledown",
    ]
    for name, keys in KEYS.items():
        for key in keys:
            assert results.summary[name][key] is not None or results.summary[name][f"{key}_reason"]
    assert "[strain]" in results.summary["lifelines"]["cells_reason"]
    assert results.lifelines is None


def test_a_damaged_stage_is_computed_again_and_only_that(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    run(case_of(data), tmp_path / "r")
    calls.clear()
    [file] = (tmp_path / "r" / ".stages" / "mixing").glob("*/arrays.npz")
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ResultsError, match="damaged"):
        _ = open_results(tmp_path / "r").mixing
    run(case_of(data), tmp_path / "r")
    assert calls[0] == "mixing" and set(calls) <= {"mixing", "report"}


def test_a_stage_stored_by_other_sources_is_refused_in_words(
    tmp_path: Path, calls: list[str], data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(case_of(data), tmp_path / "r")

    def load(self: StandIn, folder: Path) -> Any:
        raise KeyError("a field of a newer version")

    monkeypatch.setattr(StandIn, "load", load)
    with pytest.raises(ResultsError, match="does not fit"):
        _ = open_results(tmp_path / "r").flow


def test_a_file_that_was_deleted_is_written_again_without_computing(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    run(case_of(data), tmp_path / "r")
    calls.clear()
    (tmp_path / "r" / "flow.csv").unlink()
    (tmp_path / "r" / "report.html").unlink()
    run(case_of(data), tmp_path / "r")
    assert calls == ["report"]
    assert (tmp_path / "r" / "flow.csv").is_file()


class Killed(BaseException):
    """The process is gone: no handler of the program sees this."""


def test_a_kill_at_any_moment_loses_no_finished_stage(
    tmp_path: Path, calls: list[str], data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Break at every third file operation of a changed re-run, continue, and compare with an unbroken run."""
    monkeypatch.setattr(store, "sources_hash", functools.cache(store.sources_hash))  # nobody edits it meanwhile
    case = case_of(data)
    data["operation"]["speed"] = "500 rpm"
    changed = case_of(data)

    def state(folder: Path) -> dict[str, str]:
        skipped = ("manifest.json", "summary.json", ".lock")  # they hold seconds
        files = (path for path in folder.rglob("*") if path.is_file() and ".stages" not in path.parts)
        return {p.relative_to(folder).as_posix(): p.read_text() for p in files if p.name not in skipped}

    run(changed, tmp_path / "whole")
    whole = state(tmp_path / "whole")
    run(case, tmp_path / "before")
    for moment in range(0, 500, 3):
        folder = tmp_path / f"r{moment}"
        shutil.copytree(tmp_path / "before", folder)
        calls.clear()
        with monkeypatch.context() as patch:
            operations = _killing(patch, moment)
            try:
                run(changed, folder)
                done = True
            except Killed:
                done = False
        if done:
            assert next(operations) > 50
            break
        finished = [name for name in calls if name in COMPUTED]
        calls.clear()
        run(changed, folder)
        # at most the stage that was running is computed twice
        assert set(finished[:-1]).isdisjoint(calls)
        litter = {name for name in state(folder) if name.endswith(".tmp")}
        assert not litter
        assert state(folder) == whole
    else:
        pytest.fail("the run never finished")


def _killing(patch: pytest.MonkeyPatch, moment: int) -> Iterator[int]:
    """Let the ``moment``-th file operation from now raise instead of happen; yields how many there were."""
    count = 0

    def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == moment + 1:
                raise Killed
            return operation(*args, **kwargs)

        return act

    for name in ("replace", "rename", "fsync", "unlink", "mkdir"):
        patch.setattr(os, name, counted(getattr(os, name)))

    def tell() -> Iterator[int]:
        while True:
            yield count

    return tell()


def test_an_error_inside_a_stage_keeps_those_before(
    tmp_path: Path, calls: list[str], data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise KeyboardInterrupt

    whole = stages.STAGES
    at = [stage.name for stage in whole].index("lifelines")
    broken_stage = dataclasses.replace(whole[at], compute=broken)
    monkeypatch.setattr(stages, "STAGES", (*whole[:at], broken_stage, *whole[at + 1 :]))
    with pytest.raises(KeyboardInterrupt):
        run(case_of(data), tmp_path / "r")
    assert calls == ["mesh", "flow", "aeration", "mixing", "substrate", "gas"]
    calls.clear()
    monkeypatch.setattr(stages, "STAGES", whole)
    run(case_of(data), tmp_path / "r")
    assert calls == ["lifelines", "environment", "response", "scaledown", "report"]


def test_what_cannot_be_computed_is_said_and_the_rest_still_runs(
    tmp_path: Path, calls: list[str], data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*args: Any) -> Any:
        raise SolverError("no steady state", "substrate", "feed less")

    whole = stages.STAGES
    at = [stage.name for stage in whole].index("substrate")
    broken_stage = dataclasses.replace(whole[at], compute=impossible)
    monkeypatch.setattr(stages, "STAGES", (*whole[:at], broken_stage, *whole[at + 1 :]))
    events: list[Event] = []
    with pytest.raises(SolverError, match="feed less"):
        run(case_of(data), tmp_path / "r", watch=events.append)
    assert calls == ["mesh", "flow", "aeration", "mixing", "report"]
    ends = {event.stage: event.state for event in events}
    assert ends["substrate"] == "failed"
    assert {ends[name] for name in ("gas", "lifelines", "response", "scaledown")} == {"skipped"}
    summary = open_results(tmp_path / "r").summary
    assert summary["substrate"]["mean_mol_m3_reason"] == "no steady state"
    assert "no steady state" in summary["scaledown"]["best_reason"]
    calls.clear()
    monkeypatch.setattr(stages, "STAGES", whole)
    run(case_of(data), tmp_path / "r")
    assert calls == SUBSTRATE_ON


def test_a_solver_that_did_not_converge_is_marked_and_said(
    tmp_path: Path, calls: list[str], data: dict[str, Any]
) -> None:
    results = run(case_of(data), tmp_path / "r")
    assert results.summary["substrate"]["converged"] is False
    [warning] = results.warnings
    assert "substrate" in warning and "did not converge" in warning


def test_the_folder_of_another_case_is_left_alone(tmp_path: Path, calls: list[str], data: dict[str, Any]) -> None:
    run(case_of(data), tmp_path / "r")
    before = {path: path.read_bytes() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    with pytest.raises(ResultsError, match="another case"):
        run(case_from_dict(data, name="other"), tmp_path / "r")
    assert before == {path: path.read_bytes() for path in (tmp_path / "r").rglob("*") if path.is_file()}


def test_a_strain_that_cannot_live_is_refused_before_anything_is_computed(tmp_path: Path, data: dict[str, Any]) -> None:
    data["strain"]["parameters"] = {"v12max": 0.0}
    with pytest.raises(RushtonError, match="no steady state"):
        run(case_of(data), tmp_path / "r")
    assert not (tmp_path / "r" / ".stages" / "mesh").exists()


def test_an_unknown_stage_is_named(tmp_path: Path, data: dict[str, Any]) -> None:
    with pytest.raises(RushtonError, match="stages are"):
        run(case_of(data), tmp_path / "r", until="flows")
    assert not (tmp_path / "r").exists()


def test_the_report_alone_is_written_from_a_folder(tmp_path: Path, calls: list[str], data: dict[str, Any]) -> None:
    run(case_of(data), tmp_path / "r", until="mixing")
    calls.clear()
    assert report(tmp_path / "r").is_file()
    assert calls == ["report"]


def test_manifest_says_what_made_the_numbers(tmp_path: Path, calls: list[str], data: dict[str, Any]) -> None:
    manifest = run(case_of(data), tmp_path / "r").manifest
    assert manifest["seed"] == 1
    assert manifest["libraries"].keys() >= {"numpy", "numba"}
    assert manifest["stages"]["flow"].keys() == {"key", "seconds", "finished", "files"}
    json.dumps(manifest, allow_nan=False)


def test_the_case_comes_back_with_its_defaults(tmp_path: Path, calls: list[str], data: dict[str, Any]) -> None:
    case = case_of(data)
    again = run(case, tmp_path / "r").case
    assert again.model_dump() == case.model_dump()
    assert again.defaults == case.defaults
