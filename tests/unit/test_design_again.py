"""`rushton design`: rigs for a finished run, and what it refuses."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from rushton.case import load_case
from rushton.case.settings import ScaledownSettings
from rushton.errors import CaseError, ResultsError
from rushton.pipeline import design, redesign
from rushton.pipeline.redesign import _settings, place_for


def test_what_was_asked_for_replaces_what_the_case_says(cases_folder):
    given = load_case(cases_folder / "penicillin_54m3.toml").scaledown
    asked = _settings(given, ["str-str"], "2 L", 5)
    assert (asked.rigs, asked.seed, asked.working_volume) == (("str-str",), 5, pytest.approx(0.002))
    assert asked.limits == given.limits and asked.limits.model_fields_set == given.limits.model_fields_set
    assert _settings(given, (), None, None) == given
    assert _settings(None, (), None, None).rigs == ("str-pfr", "pulsed-feed")


@pytest.mark.parametrize(
    ("rigs", "volume", "where", "words"),
    [
        (["str-pdr"], None, "scaledown.rigs 1", "did you mean 'str-pfr'"),
        ((), "2 kg", "scaledown.working_volume", "volume"),
        ((), "2000 L", "scaledown.working_volume", "allowed"),
    ],
)
def test_what_cannot_be_is_refused_in_words(cases_folder, rigs, volume, where, words):
    given = load_case(cases_folder / "penicillin_54m3.toml").scaledown
    with pytest.raises(CaseError) as refused:
        _settings(given, rigs, volume, None)
    assert refused.value.where == where
    assert words in str(refused.value)


def test_one_wrong_rig_is_one_problem(cases_folder):
    with pytest.raises(CaseError) as caught:
        _settings(load_case(cases_folder / "penicillin_54m3.toml").scaledown, ["strpfr"])
    assert "did you mean 'str-pfr'?" in str(caught.value) and "there is none" not in str(caught.value)


def test_results_without_lifelines_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(redesign, "open_results", lambda folder: SimpleNamespace(lifelines=None, folder=folder))
    with pytest.raises(ResultsError, match="no lifelines"):
        design(tmp_path)


def test_equipment_takes_the_place_of_the_case_s_but_not_of_its_own_limits(cases_folder):
    data = {"equipment": {"loop_pump": "peristaltic-6.4mm"}, "limits": {"pulse_min": 1.0}}
    given = ScaledownSettings.model_validate(data)
    assert given.limits.loop_pump_max * 6e7 == pytest.approx(1800.0)
    other = _settings(given, equipment=["peristaltic-3.2mm", "feed-syringe"])
    assert other.limits.loop_pump_max * 6e7 == pytest.approx(540.0)
    assert other.limits.pump_accuracy == 0.02
    assert other.limits.pulse_min == 1.0  # the case's own goes before that of any pump
    with pytest.raises(CaseError, match="unknown equipment"):
        _settings(given, equipment=["peristaltic-3mm"])


def test_designs_of_other_settings_are_kept(tmp_path):
    def made(folder, **asked):
        folder.mkdir()
        (folder / "design.json").write_text(json.dumps({"scaledown": asked}), encoding="utf-8")

    assert place_for(tmp_path, {"seed": 1}) == tmp_path / "design"
    made(tmp_path / "design", seed=1, rigs=["str-pfr"])
    assert place_for(tmp_path, {"seed": 1, "rigs": ("str-pfr",)}) == tmp_path / "design"
    assert place_for(tmp_path, {"seed": 2}) == tmp_path / "design-2"
    made(tmp_path / "design-2", seed=2)
    (tmp_path / "design-3").mkdir()
    (tmp_path / "design-3" / "mine.txt").write_text("not a design", encoding="utf-8")
    assert place_for(tmp_path, {"seed": 3}) == tmp_path / "design-4"
    assert place_for(tmp_path, {"seed": 2}) == tmp_path / "design-2"
    (tmp_path / "design-4").mkdir()  # empty
    assert place_for(tmp_path, {"seed": 3}) == tmp_path / "design-4"
