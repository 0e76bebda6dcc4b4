"""`rushton design --screen` on a coarse tank: files, page, conclusion, and what it refuses."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from rushton.cli import app
from rushton.errors import CaseError, ResultsError
from rushton.pipeline import Results, open_results
from rushton.study.screening import Screening, screen
from rushton.study.screening import run as running

HEAD = """
[panel]
lifelines = 60
histories = 20
duration = "45 min"
"""
STRAINS = (
    HEAD
    + """
[[strain]]
name = "wild"
[[strain]]
name = "touchy"
parameters = { Kgly33 = 15.0 }
[[strain]]
name = "calm"
parameters = { Kgly33 = 60.0 }
[[strain]]
name = "poor affinity"
uptake = { half_saturation = "60 umol/kg" }
[[strain]]
name = "dense"
biomass = "70 g/kg"
[[strain]]
name = "forgetful"
parameters = { kdE33 = 0.5 }
[[strain]]
name = "hungry"
uptake = { max = "400 umol/g/h" }
"""
)


@pytest.fixture(scope="module")
def results(tiny_results: Path) -> Results:
    return open_results(tiny_results)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strains")
    (folder / "strains.toml").write_text(STRAINS, encoding="utf-8")
    return folder


DESIGNED: list[tuple] = []
"""Designs and case of the screening below, for a second look."""


@pytest.fixture(scope="module")
def found(results: Results, folder: Path) -> Screening:
    inside = running._designs

    def kept(*arguments):  # noqa: ANN002, ANN202
        DESIGNED.append(inside(*arguments))
        return DESIGNED[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "_designs", kept)
        patch.setenv("RUSHTON_THREADS", "2")  # its blocks of histories on two threads
        rigs = ["mini-bioreactors", "microfluidic"]
        return screen(results.folder, folder / "strains.toml", rigs, folder / "out")[0]


def test_every_strain_is_read_in_every_rig(found: Screening) -> None:
    names = [r.name for r in found.rigs]
    assert sorted(names) == ["microfluidic", "mini-bioreactors", "str-pfr-reference"]
    assert [s.name for s in found.strains] == ["wild", "touchy", "calm", "poor affinity", "dense", "forgetful"]
    assert [f.name for f in found.failures] == ["hungry"]
    mini, chamber, standard = (names.index(n) for n in ("mini-bioreactors", "microfluidic", "str-pfr-reference"))
    # what strains make of a rig differs, whatever the rig that was designed
    z = dict(zip((s.name for s in found.strains), found.readings[:, mini], strict=True))
    assert min(abs(z["touchy"] - z["wild"]), abs(z["wild"] - z["calm"]), abs(z["dense"] - z["wild"])) > 1e-5
    # fed per biomass as in the tank, so that it eats as much; the media of a chamber do not know the strain
    fed = np.array([field.fed_ratio for field in found.panel.fields])
    over = [rig.uptake / fed for rig in found.rigs]
    assert np.ptp(over[mini]) < 0.01 and np.ptp(over[standard]) < 0.01 and np.ptp(over[chamber]) > 0.2
    assert found.uptake_off == pytest.approx([100.0 * np.abs(ratio - 1.0).max() for ratio in over])
    assert found.rigs[chamber].reads == "growth" and found.rigs[chamber].notes
    low, high = found.tank_band
    assert np.all(low <= found.tank) and np.all(found.tank <= high)
    loss = found.panel.loss(found.panel.tank, found.panel.ideal)
    assert found.tank == pytest.approx(1.0 - loss)


def test_files_hold_every_number(found: Screening, folder: Path) -> None:
    with (folder / "out" / "screening.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 4 and {row["place"] for row in rows} == {"tank", *(r.name for r in found.rigs)}
    dense = {row["place"]: row for row in rows if row["strain"] == "dense"}
    wild = {row["place"]: row for row in rows if row["strain"] == "wild"}
    for place in ("tank", "mini-bioreactors"):
        ratio = float(dense[place]["biomass_kg_m3"]) / float(wild[place]["biomass_kg_m3"])
        assert ratio == pytest.approx(70.0 / 55.0, rel=1e-4)
    with (folder / "out" / "pairs.csv").open(encoding="utf-8") as file:
        sets = list(csv.DictReader(file))
    assert [row["rank"] for row in sets] == [*"123456", "", "", ""]
    assert sum(row["first"] == row["second"] for row in sets) == 3
    assert float(sets[0]["gain"]) == pytest.approx(found.best.gain, rel=1e-4)
    said = json.loads((folder / "out" / "screening.json").read_text(encoding="utf-8"))
    assert said["rigs"] == [r.name for r in found.rigs] and said["conclusion"]
    page = (folder / "out" / "screening.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page and "http://" not in page.replace("http://www.w3.org", "")
    assert said["conclusion"][0].replace("'", "&#39;") in page
    assert (folder / "out" / "protocols" / "protocol-mini-bioreactors.md").is_file()


def test_the_command_says_which_rigs_and_refuses_the_rest(
    found: Screening, results: Results, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rushton.study.screening as door

    monkeypatch.setattr(door, "screen", lambda *a, **k: (found, folder / "out"))
    ran = CliRunner().invoke(app, ["design", str(results.folder), "--screen", str(folder / "strains.toml")])
    assert ran.exit_code == 0, ran.output
    assert "robustness" in ran.output and "gain" in ran.output and "screening.html" in ran.output
    ran = CliRunner().invoke(app, ["design", str(results.folder), "--assay", "0.05"])
    assert ran.exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + '[[strain]]\nname = "wild"\n', "nothing separates one strain"),
        (HEAD + '[[strain]]\nname = "wild"\n[[strain]]\nname = "x"\nbase = "nobody"\n', "nobody"),
        (HEAD, "no strain"),
    ],
)
def test_lists_of_too_few_are_refused(results: Results, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "list.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as refused:
        screen(results.folder, tmp_path / "list.toml", ["mini-bioreactors"], tmp_path / "out")
    assert words in str(refused.value)


def test_results_without_designs_or_lifelines_are_refused(
    results: Results, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ResultsError, match="no lab rig is designed"):
        screen(results.folder, folder / "strains.toml", (), tmp_path / "out")
    with pytest.raises(CaseError, match="did you mean 'str-pfr'"):
        screen(results.folder, folder / "strains.toml", ["str-pfx"], tmp_path / "out")
    with pytest.raises(CaseError, match="switches oxygen"):
        screen(results.folder, folder / "strains.toml", ["oxygen-switching"], tmp_path / "out")
    with pytest.raises(CaseError, match="assay"):
        screen(results.folder, folder / "strains.toml", (), tmp_path / "out", assay=0.0)
    with pytest.raises(CaseError, match="runs"):
        screen(results.folder, folder / "strains.toml", (), tmp_path / "out", repeats=0)
    import rushton.pipeline as pipeline

    monkeypatch.setattr(pipeline, "open_results", lambda path: SimpleNamespace(lifelines=None, folder=tmp_path))
    with pytest.raises(ResultsError, match="no lifelines"):
        screen(tmp_path, folder / "strains.toml", (), tmp_path / "out")


def test_strains_that_are_all_alike_are_not_separated(found: Screening, results: Results, tmp_path: Path) -> None:
    from rushton.scaledown.tank import make_tank
    from rushton.study.panels import read_strains, run_panel
    from rushton.study.screening import in_rigs
    from rushton.study.screening.words import conclusion

    alike = "".join(f'[[strain]]\nname = "{n}"\n' for n in "abcdef")
    (tmp_path / "list.toml").write_text(HEAD + alike, encoding="utf-8")
    listed = read_strains(tmp_path / "list.toml", results.case)
    panel = run_panel(results, listed.strains, listed.failures, listed.settings, tmp_path / "kept")
    assert results.lifelines is not None
    designs, case = DESIGNED[0]
    same = in_rigs(case, make_tank(case, results.lifelines, None), designs, panel)
    assert not same.separates and same.best.apart == 0
    assert conclusion(same)[0].startswith("Nothing separates these 6 strains: in the tank")
    assert np.ptp(same.readings[:, 0]) < 1e-12


def test_a_best_rig_that_cannot_breathe_is_said(found: Screening) -> None:
    from rushton.study.screening.words import conclusion, label

    number = found.best.rigs[0]
    starved = tuple(replace(rig, breathes=n != number) for n, rig in enumerate(found.rigs))
    text = " ".join(conclusion(replace(found, rigs=starved)))
    said = f"{label(found.rigs[number].name)} cannot breathe".lower()
    assert (said in text.lower()) == found.separates
    free = replace(found, rigs=tuple(replace(rig, breathes=True) for rig in found.rigs))
    assert "cannot breathe" not in " ".join(conclusion(free))
