"""The real chain, every stage of it, on a coarse tank with few cells: wired, stored, summed up, and honest about it."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rushton.case import case_from_dict
from rushton.pipeline import STAGE_NAMES, Event, Results, run, stages
from rushton.pipeline.summary import KEYS
from rushton.scaledown import search

MESH = {
    "tank", "impellers", "flow", "numerics.mesh_cells", "numerics.target_mesh_cells", "numerics.angular_cells",
    "shaft_end", "shaft_span", "thin_blades", "sparger_ring",  # follow from tank and impellers
}  # fmt: skip
FLOW = MESH | {"operation", "broth.density", "broth.viscosity", "broth.kinematic_viscosity", "broth.power_law"}
MIXING = FLOW | {"mixing", "numerics.frame"}
SUBSTRATE = FLOW | {
    "feeds", "broth.biomass", "strain.uptake", "strain.regimes", "mixing.schmidt_turbulent", "numerics.frame",
}  # fmt: skip
AERATION = FLOW | {
    "numerics.frame", "broth.temperature", "liquid_volume", "model_copy", *(  # a copy at a lower speed
        f"gas.{key}" for key in ("rate", "head_pressure", "sparger", "bubbles", "surface_tension", "holdup", "feedback")
    ),
}  # fmt: skip
FEED_STUDY = SUBSTRATE | AERATION | {"feed_study"}
GAS = SUBSTRATE | AERATION | {"gas"}
LIFELINES = SUBSTRATE | {"lifelines"}
ENVIRONMENT = LIFELINES | GAS | {"strain.critical"}
RESPONSE = LIFELINES | {"strain.model", "strain.parameters", "strain.spread", "strain.model_file", "response"}
MAY_READ = {
    "mesh": MESH, "flow": FLOW, "aeration": AERATION, "mixing": MIXING | AERATION, "substrate": SUBSTRATE | AERATION,
    "feed_study": FEED_STUDY, "gas": GAS, "refine": SUBSTRATE | AERATION, "lifelines": LIFELINES | AERATION,
    "environment": ENVIRONMENT, "response": RESPONSE,
    "sensitivity": RESPONSE | AERATION | {"broth.density"},
    "scaledown": RESPONSE | {"scaledown", "title", "broth.temperature", "defaults"},
}  # fmt: skip
"""What each stage may read of a case: its own inputs, which make its key, and those of the stages before it."""


class Watched:
    """A case that writes down which of its values are read."""

    def __init__(self, section: BaseModel, log: set[str], path: str = "") -> None:
        self._section, self._log, self._path = section, log, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._section, name)
        path = f"{self._path}.{name}".strip(".")
        if isinstance(value, BaseModel):
            return Watched(value, self._log, path)
        if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            return tuple(Watched(item, self._log, path) for item in value)
        self._log.add(path)
        return value


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, cases_folder: Path) -> tuple[Results, dict[str, set[str]], Any]:
    """Results of the 54 m3 tank on 4,000 mesh cells, what each stage read of the case, and the case."""
    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    data["numerics"] = {"mesh_cells": 4000}
    data["lifelines"] = {"cells": 500, "duration": "100 s", "full_records": 20}
    data["gas"] = {"rate": "0.5 vvm"}
    data["response"] = {"histories": 4, "duration": "2 h"}
    case = case_from_dict(data, name="tiny")
    reads: dict[str, set[str]] = {}

    def watched(stage: stages.Stage) -> stages.Stage:
        log = reads.setdefault(stage.name, set())

        def compute(case: Any, *others: Any) -> Any:
            return stage.compute(Watched(case, log), *others)

        return dataclasses.replace(stage, compute=compute)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_GENERATIONS", 2), ("_POPULATION", 4), ("_STEPS", 4), ("_HOPS", 1)):
            patch.setattr(search, name, value)  # what a design holds does not depend on how good it is
        patch.setattr(stages, "STAGES", tuple(watched(stage) for stage in stages.STAGES))
        results = run(case, tmp_path_factory.mktemp("chain") / "tiny.results")
    return results, reads, case


def test_a_stage_reads_only_what_its_key_is_made_of(tiny: tuple[Results, dict[str, set[str]], Any]) -> None:
    """Anything else read would let a stale result be served."""
    _, reads, _ = tiny
    assert reads.keys() == MAY_READ.keys()
    for stage, paths in reads.items():
        allowed = MAY_READ[stage] | {"name"}  # a results folder belongs to one name
        extra = {path for path in paths if not any(path == a or path.startswith(a + ".") for a in allowed)}
        assert not extra, f"{stage} reads {sorted(extra)}"


def test_the_summary_holds_every_key_or_its_reason(tiny: tuple[Results, dict[str, set[str]], Any]) -> None:
    results, _, _ = tiny
    text = (results.folder / "summary.json").read_text(encoding="utf-8")
    assert "NaN" not in text and "Infinity" not in text
    summary = json.loads(text)
    for name, keys in KEYS.items():
        for key in keys:
            assert summary[name][key] is not None or summary[name][f"{key}_reason"], f"{name}.{key}"
    computed = {name for name in KEYS if name not in ("refine", "sensitivity")}
    missing = {f"{n}.{k}" for n in computed for k in KEYS[n] if summary[n][k] is None}
    not_asked = {"flow.power_number_imposed", "flow.power_imposed_W"}  # the case imposes no power number
    not_asked |= {"response.spread"}  # all cells are alike
    not_asked |= {
        f"flow.{key}" for key in ("revolutions", "power_number_frozen", "periodic_energy_ratio")
    }  # frozen rotor
    not_asked.add("lifelines.two_way")  # coupling is one-way
    few = {"scaledown.floor", "gas.kla_log_mean_1_h", "lifelines.integral_time_s"}
    assert missing - not_asked <= few, "out of reach of so few cells"
    assert set(summary["timing"]) == set(STAGE_NAMES) - {"refine", "sensitivity"}
    assert all(seconds["wall"] > 0.0 for seconds in summary["timing"].values())


def test_every_result_comes_back_from_the_folder(tiny: tuple[Results, dict[str, set[str]], Any]) -> None:
    results, _, case = tiny
    assert results.mesh is not None and results.flow is not None
    assert results.flow.mesh.shape == results.mesh.shape
    for name in ("mixing", "substrate", "feed_study", "gas", "lifelines", "environment", "response", "scaledown"):
        assert getattr(results, name).summary().keys() <= results.summary[name].keys()
    assert results.case.model_dump() == case.model_dump()


def test_the_folder_holds_what_the_readme_promises(tiny: tuple[Results, dict[str, set[str]], Any]) -> None:
    folder = tiny[0].folder
    assert (folder / "flow_with_gas.vtu").stat().st_size > 0
    for name in ("case.resolved.toml", "manifest.json", "summary.json", "report.html", "mesh.vtu", "flow.vtu",
                 "fields.vtu", "gas.vtu", "gas.csv", "gas_closures.csv", "mixing.csv", "probes.csv", "regimes.csv",
                 "feed_study.csv", "lifelines.nc", "environment.csv", "environment.nc", "response.nc",
                 "scaledown/designs.csv"):  # fmt: skip
        assert (folder / name).stat().st_size > 0, name
    for rig in ("str-pfr", "pulsed-feed"):
        assert list((folder / "scaledown").glob(f"protocol-{rig}*.md"))
        assert list((folder / "scaledown").glob(f"protocol-{rig}*.csv"))


def test_nothing_is_computed_twice(tiny: tuple[Results, dict[str, set[str]], Any]) -> None:
    results, _, case = tiny
    before = (results.folder / "summary.json").read_bytes()
    events: list[Event] = []
    run(case, results.folder, watch=events.append)
    assert {event.state for event in events if event.stage not in ("refine", "sensitivity")} == {"kept"}
    assert (results.folder / "summary.json").read_bytes() == before
