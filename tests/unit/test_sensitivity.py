"""Sensitivity on a coarse tank: same cells for all, no change without a change, kept when stopped, reported."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.lifelines.regime_times import regime_times
from rushton.pipeline import Results, run
from rushton.report.sensitivity_section import sensitivity, tornado
from rushton.report.style import look
from rushton.sensitivity import Sensitivity, study
from rushton.sensitivity.members import BIOMASS, FACTORS, HALF_SATURATION, SCHMIDT, UPTAKE, Member, members


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, cases_folder: Path) -> Results:
    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    data["numerics"] = {"mesh_cells": 4000, "sensitivity": True}
    data["lifelines"] = {"cells": 300, "duration": "60 s", "full_records": 10}
    data["response"] = {"histories": 8, "duration": "20 min"}
    del data["feed_study"], data["scaledown"]
    case = case_from_dict(data, name="tiny")
    return run(case, tmp_path_factory.mktemp("sensitivity") / "tiny.results", until="sensitivity")


@pytest.fixture(scope="module")
def found(results: Results) -> Sensitivity:
    assert results.sensitivity is not None
    return results.sensitivity


def of(found: Sensitivity, factor: str, times: float) -> dict[str, tuple[float, float, float]]:
    return next(v.change for v in found.variations if (v.factor, v.times) == (factor, times))


def test_every_factor_is_varied_both_ways(found: Sensitivity) -> None:
    assert [(v.factor, v.times) for v in found.variations] == [(f, t) for f, pair in FACTORS.items() for t in pair]
    for v in found.variations:
        assert not v.reason and set(v.change) == set(found.base)
        for key, (change, low, high) in v.change.items():
            assert low <= change <= high
            assert change == pytest.approx(v.numbers[key] - found.base[key], abs=2e-6 + 1e-6 * abs(v.numbers[key]))


def test_the_case_is_read_along_the_tracks_of_the_run(found: Sensitivity, results: Results) -> None:
    lifelines, substrate, case = results.lifelines, results.substrate, results.case
    assert lifelines is not None and substrate is not None and case.strain is not None
    index = next(lifelines.cell_index_blocks())[1]
    times = regime_times(index, substrate.uptake_ratio[~substrate.mesh.solid], lifelines.sampling, case.strain.regimes)
    assert found.base["share_starvation"] == pytest.approx(times.shares[2])
    assert found.base["share_starvation"] == pytest.approx(lifelines.shares[2], abs=0.05), "signal of 0.3 s, unsmoothed"


def test_the_field_sees_uptake_times_biomass_and_the_cells_tell_them_apart(found: Sensitivity) -> None:
    for times in FACTORS[UPTAKE]:
        uptake, biomass = of(found, UPTAKE, times), of(found, BIOMASS, times)
        for key in ("share_excess", "share_starvation", "residence_starvation_s"):
            assert uptake[key] == pytest.approx(biomass[key], rel=1e-6)
        assert uptake["yield_loss"][0] != pytest.approx(biomass["yield_loss"][0], rel=1e-3)


def test_directions_are_those_of_the_physics(found: Sensitivity) -> None:
    """A larger K flattens the field, more uptake starves, more turbulent diffusion (smaller Sc_t) evens out."""
    assert (
        of(found, HALF_SATURATION, 2.0)["share_starvation"][2]
        < 0.0
        < of(found, HALF_SATURATION, 0.5)["share_starvation"][1]
    )
    assert of(found, UPTAKE, 1.25)["share_starvation"][1] > 0.0
    assert of(found, SCHMIDT, 0.5)["share_starvation"][0] < of(found, SCHMIDT, 2.0)["share_starvation"][0]
    bands = [np.ptp(of(found, factor, 2.0)["share_starvation"]) for factor in (HALF_SATURATION, SCHMIDT)]
    assert bands[0] < bands[1], "on the same tracks a difference is surer than on others"


def test_no_change_has_no_effect_and_too_little_uptake_is_said(results: Results) -> None:
    case, lifelines, substrate, flow = results.case, results.lifelines, results.substrate, results.flow
    assert lifelines is not None and substrate is not None and flow is not None
    work = study._Work(case, flow, substrate, lifelines, None, results.folder)
    base = work.look(case, substrate.uptake_ratio[work.fluid], work.tracks)
    same = work.vary(Member(HALF_SATURATION, 1.0, case), base, lambda f: None)
    assert all(np.array(change) == pytest.approx(np.zeros(3), abs=1e-12) for change in same.change.values())
    [low] = [m for m in members(case) if m.factor == BIOMASS and m.times == 0.8]
    starved = low.case.model_copy(update={"broth": low.case.broth.model_copy(update={"biomass": 10.0})})
    bad = work.vary(Member(BIOMASS, 0.2, starved), base, lambda f: None)
    assert "more than this uptake can take up" in bad.reason and not bad.change


def test_finished_variations_are_kept(results: Results, found: Sensitivity, monkeypatch: pytest.MonkeyPatch) -> None:
    case, lifelines, substrate, flow = results.case, results.lifelines, results.substrate, results.flow
    assert lifelines is not None and substrate is not None and flow is not None
    stage = next((results.folder / ".stages" / "sensitivity").iterdir())
    called = []
    monkeypatch.setattr(study._Work, "vary", lambda self, member, *rest: called.append(member))
    again = study.assess(case, flow, substrate, lifelines, None, stage)
    assert not called
    assert again.variations == found.variations


def test_summary_table_and_chapter_hold_it(results: Results, found: Sensitivity) -> None:
    part = results.summary["sensitivity"]
    assert part["base"]["share_starvation"] == pytest.approx(found.base["share_starvation"])
    assert part["largest"]["share_starvation"]["factor"] in FACTORS
    text = (results.folder / "sensitivity.csv").read_text(encoding="utf-8")
    assert text.count("\n") == 1 + sum(len(v.change) for v in found.variations)
    section = sensitivity(found, results.summary)
    kinds = [block.kind for block in section.blocks]
    assert "picture" in kinds and "table" in kinds
    with look():
        figure = tornado(found)
    assert len([a for a in figure.axes if a.axison]) == len(found.outputs)
    assert sensitivity(None, {"sensitivity": {"base_reason": "not asked for"}}).blocks[0].kind == "note"
