"""A panel on a coarse tank: same tracks for all, own field per uptake law, kept when stopped, bad strains listed."""

from __future__ import annotations

import csv
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rushton.case import case_from_dict
from rushton.cli import app
from rushton.errors import ResultsError
from rushton.physiology import get_model, ideal_cell, imposed_environment, integrate_ensemble
from rushton.pipeline import Results, open_results, run
from rushton.study.panels import Panel, panel
from rushton.study.panels import run as running
from rushton.study.panels.result import ranks
from rushton.transport import solve_substrate

STRAINS = """
[panel]
lifelines = 60
histories = 40
duration = "30 s"
[[strain]]
name = "wild"
[[strain]]
name = "more enzyme"
parameters = { b33 = 1e-3 }
[[strain]]
name = "low affinity"
uptake = { half_saturation = "30 umol/kg" }
[[strain]]
name = "mixed bag"
spread = { b33 = 0.3 }
[[strain]]
name = "hungry"
uptake = { max = "400 umol/g/h" }
"""


@pytest.fixture(scope="module")
def results(tiny_results: Path) -> Results:
    return open_results(tiny_results)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strains")
    (folder / "strains.toml").write_text(STRAINS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(results: Results, folder: Path) -> Panel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHTON_THREADS", "2")  # its blocks of histories on two threads
        return panel(results.folder, folder / "strains.toml", folder / "out")


def test_the_strain_of_the_case_is_what_the_integrator_says(found: Panel, results: Results) -> None:
    case, lifelines, substrate = results.case, results.lifelines, results.substrate
    assert lifelines is not None and substrate is not None and case.strain is not None
    index = next(lifelines.cell_index_blocks())[1][:60, :]
    s = substrate.uptake_ratio[~substrate.mesh.solid][index]
    model, law = get_model(case.strain.model), case.strain.uptake
    state, rates = ideal_cell(model, float(s.mean()), law.max, law.half_saturation / 1000.0)
    q_s, around = imposed_environment(model, s[:40, :100], law.max, law.half_saturation / 1000.0)
    expected = integrate_ensemble(model, q_s, lifelines.sampling, state, around, threads=1)
    outcome = found.outcomes[[strain.name for strain in found.strains].index("wild")]
    for k, name in enumerate(model.reported_names):  # records hold s in steps of 1.5e-5
        close = {"rel": 2e-3, "abs": 2e-5 * abs(rates[name])}
        assert outcome.whole[:, k] == pytest.approx(expected.mean[name], **close), name
    assert outcome.references[0, 1] == pytest.approx(rates["mu"], rel=1e-4)


def test_a_law_has_the_field_that_its_own_run_would_have(found: Panel, results: Results) -> None:
    case = results.case
    assert case.strain is not None and results.flow is not None and found.laws == 2
    uptake = case.strain.uptake.model_copy(update={"half_saturation": 0.03})
    strain = case.strain.model_copy(update={"uptake": uptake})
    own = solve_substrate(case.model_copy(update={"strain": strain}), results.flow)
    number = [s.name for s in found.strains].index("low affinity")
    expected = own.uptake_ratio[~own.mesh.solid]
    off = np.abs(found.fields[number].uptake_ratio - expected)
    assert off.mean() < 1e-4 and off.max() < 0.03
    assert found.fields[number].mass_balance_error < 1e-4
    assert found.fields[number].fed_ratio == pytest.approx(found.fields[0].fed_ratio)


def test_ranks_come_from_the_same_cells(found: Panel) -> None:
    rows = {row["name"]: row for row in found.rows()}
    assert found.best.name == "more enzyme" and rows["more enzyme"]["probability_best"] == 1.0
    assert rows["wild"]["q_s_umol_g_h"] == pytest.approx(rows["more enzyme"]["q_s_umol_g_h"], rel=1e-6)
    for row in rows.values():
        assert row["loss_low"] <= row["loss"] <= row["loss_high"]
        assert row["share_excess"] + row["share_limitation"] + row["share_starvation"] == pytest.approx(1.0)
        assert not row["long_enough"], "30 s is no time for a pool with a memory of a day"
    assert rows["low affinity"]["share_starvation"] < rows["wild"]["share_starvation"]
    spread = found.outcomes[[s.name for s in found.strains].index("mixed bag")]
    assert len(spread.references) == 40 and np.std(spread.references[:, 2]) > 0.1 * spread.references[:, 2].mean()


def test_a_strain_that_cannot_eat_the_feed_is_listed(found: Panel, folder: Path) -> None:
    [failure] = found.failures
    assert (failure.row, failure.name) == ("strain 5", "hungry")
    assert "400" in failure.reason and "448" in failure.reason
    with (folder / "out" / "failures.csv").open(encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["hungry"]


def test_table_and_page_hold_every_strain(found: Panel, folder: Path) -> None:
    with (folder / "out" / "panel.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [row["name"] for row in found.rows()]
    assert float(rows[0]["loss"]) == pytest.approx(found.rows()[0]["loss"], rel=1e-4)
    page = (folder / "out" / "panel.html").read_text(encoding="utf-8")
    for name in ("wild", "more enzyme", "low affinity", "mixed bag", "hungry"):
        assert name in page
    assert "could not be drawn" not in page and "http://" not in page.replace("http://www.w3.org", "")


def test_what_is_finished_is_kept(
    found: Panel, results: Results, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    inside = running.run_many

    def counted(subjects, *arguments):  # noqa: ANN001, ANN002, ANN202
        called.extend(s.name for s in subjects)
        return inside(subjects, *arguments)

    monkeypatch.setattr(running, "run_many", counted)
    again = panel(results.folder, folder / "strains.toml", folder / "out")
    assert not called
    assert again.rows() == found.rows()
    (folder / "more.toml").write_text(STRAINS + '[[strain]]\nname = "new"\nparameters = { b33 = 9e-4 }\n', "utf-8")
    panel(results.folder, folder / "more.toml", folder / "out")
    assert called == ["new"]


def test_longer_histories_are_joined(results: Results, folder: Path) -> None:
    text = STRAINS.replace('duration = "30 s"', 'duration = "150 s"').replace("histories = 40", "histories = 70")
    (folder / "long.toml").write_text(text, encoding="utf-8")
    long = panel(results.folder, folder / "long.toml", folder / "long")
    assert long.histories == 70 and long.duration == 150.0
    assert np.isfinite(long.tank).all()


def test_biomass_around_the_cells_is_that_of_the_case_or_of_the_strain(results: Results, tmp_path: Path) -> None:
    """A model that feels the biomass: default 7.2 g/L, case 55 kg/m3."""
    text = STRAINS[: STRAINS.index("[[strain]]")] + '[[strain]]\nname = "yeast"\nbase = "yeast_lei"\n'
    text += '[[strain]]\nname = "thin"\nbase = "yeast_lei"\nbiomass = "40 g/kg"\n'
    (tmp_path / "yeast.toml").write_text(text, encoding="utf-8")
    found = panel(results.folder, tmp_path / "yeast.toml", tmp_path / "out")
    assert not found.failures
    assert results.lifelines is not None
    index = next(results.lifelines.cell_index_blocks())[1][:40, :100]
    for strain, outcome, field in zip(found.strains, found.outcomes, found.fields, strict=True):
        law, s, growth = strain.strain.uptake, field.uptake_ratio[index], []
        for biomass in (strain.biomass, 7.2):
            model = get_model("yeast_lei2001").within({"biomass": biomass / 1000.0})
            q_s, around = imposed_environment(model, s, law.max, law.half_saturation / 1000.0)
            state, _ = ideal_cell(model, float(s.mean()), law.max, law.half_saturation / 1000.0)
            met = integrate_ensemble(model, q_s, results.lifelines.sampling, state, around, threads=1)
            growth.append(met.mean["q_eth"])
        off = np.abs(outcome.whole[:, list(model.reported_names).index("q_eth")] - np.array(growth)).mean(axis=1)
        assert off[0] < 0.2 * off[1], "nearer to the biomass given than to the default"


def test_a_run_without_lifelines_is_refused(tmp_path: Path, folder: Path, cases_folder: Path) -> None:
    data = tomllib.loads((cases_folder / "rushton_bench.toml").read_text(encoding="utf-8"))
    data["numerics"] = {"mesh_cells": 2000}
    bare = run(case_from_dict(data, name="bare"), tmp_path / "bare.results", until="mesh")
    with pytest.raises(ResultsError, match="lifelines|flow"):
        panel(bare.folder, folder / "strains.toml", tmp_path / "out")


def test_the_command_shows_ranks_and_failures(results: Results, folder: Path) -> None:
    done = CliRunner().invoke(
        app, ["panel", str(results.folder), str(folder / "strains.toml"), "-o", str(folder / "out")]
    )
    assert done.exit_code == 0, done.output
    assert "more enzyme" in done.output and "panel.html" in done.output and "hungry" in done.output
    assert CliRunner().invoke(app, ["panel", str(folder), str(folder / "strains.toml")]).exit_code == 2


def test_two_runs_are_ranked_together(results: Results, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.results"
    shutil.copytree(results.folder, other)
    done = CliRunner().invoke(
        app, ["panel", str(results.folder), str(other), str(folder / "strains.toml"), "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    with (tmp_path / "out" / "points.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 and {row["run"] for row in rows} == {"tiny", "other"}
    assert [int(row["rank_of_pairs"]) for row in rows] == list(range(1, 9))
    assert rows[0]["name"] == rows[1]["name"] == "more enzyme", "the same tank twice"
    assert float(rows[0]["productivity_mol_m3_h"]) == pytest.approx(float(rows[1]["productivity_mol_m3_h"]))
    assert "could not be drawn" not in (tmp_path / "out" / "points.html").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "tiny" / "panel.html").is_file()
    bad = CliRunner().invoke(app, ["panel", str(results.folder)])
    assert bad.exit_code == 2 and "list of strains" in bad.output


def test_ranks_put_numbers_that_are_none_last() -> None:
    assert ranks(np.array([[1.0, np.nan, 3.0], [2.0, 1.0, 0.0]])).tolist() == [[2, 3, 1], [1, 2, 3]]
