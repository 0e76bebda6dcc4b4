"""Rigs that cannot be built are refused by name with what to change, before anything runs; the rest keep the limits."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.errors import CaseError, SolverError
from rushton.lifelines import signal_statistics
from rushton.pipeline.runner import check_bench
from rushton.scaledown.bench import Bench
from rushton.scaledown.loop_rigs import StrPfr
from rushton.scaledown.pulses import IrregularFeed
from rushton.scaledown.refusals import refusal
from rushton.scaledown.result import Design
from rushton.scaledown.tank import make_duty


@pytest.fixture(scope="module")
def data(cases_folder):
    return (cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8")


def case_with(data, tmp_path, rig, volume="3 L", limits=""):
    text = data.replace('rigs = ["str-pfr", "pulsed-feed"]', f'rigs = ["{rig}"]')
    text = text.replace('working_volume = "3 L"\n', f'working_volume = "{volume}"\nlimits = {{ {limits} }}\n')
    path = tmp_path / "tank.toml"
    path.write_text(text, encoding="utf-8")
    return load_case(path, quality="draft")


@pytest.mark.parametrize(
    ("rig", "volume", "limits", "where", "words"),
    [
        ("str-pfr", "20 mL", "", "working_volume", "at least 75 mL"),
        (
            "str-str",
            "100 mL",
            "",
            "exchange_line",
            "2 lines of 'str-str' hold 30 mL each; of 100 mL they may hold 38 mL",
        ),
        ("three-compartments", "300 mL", "", "exchange_line", "lines of 28 mL or less"),
        ("str-pfr", "3 L", 'loop_pump_max = "12 mL/min"', "loop_pump_max", "at least 300 mL/min"),
        ("three-compartments", "9 L", 'loop_pump_max = "0.8 L/min"', "loop_pump_max", "at least 900 mL/min"),
        ("str-pfr", "3 L", 'tube_length_max = "0.2 m"', "tube_length_max", "allow 0.5 m or more"),
        ("str-pfr", "3 L", 'bores = ["0.5 mm"]', "tube_length_max", "needs 152.79 m"),
        ("pulsed-feed", "3 L", 'cycle_max = "1 s"', "pulse_min", "does not fit into a feed cycle of at most 1 s"),
        ("mini-bioreactors", "3 L", 'robot_period_min = "2 h"', "robot_period_min", "7200 s"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_runs(data, tmp_path, rig, volume, limits, where, words):
    with pytest.raises(CaseError) as caught:
        check_bench(case_with(data, tmp_path, rig, volume, limits))
    assert caught.value.where.endswith(where)
    assert words in str(caught.value)


@pytest.mark.parametrize("rig", ["str-pfr", "str-str", "three-compartments", "pulsed-feed", "mini-bioreactors"])
@pytest.mark.parametrize("volume", ["100 mL", "3 L", "20 L"])
def test_what_can_be_built_is_not_refused(data, tmp_path, rig, volume):
    limits = 'loop_pump_max = "2.5 L/min"' + (', exchange_line = "5 mL"' if volume == "100 mL" else "")
    check_bench(case_with(data, tmp_path, rig, volume, limits))


def test_a_dose_larger_than_growth_lets_in_is_refused(data, tmp_path):
    case = case_with(data, tmp_path, "mini-bioreactors", limits='robot_volume_min = "5 mL"')
    bench, growth = Bench.from_case(case), 8e-6
    assert refusal(case, bench, 600.0) is None  # growth is not known before the run
    refused = refusal(case, bench, 600.0, growth)
    assert refused is not None and refused.where.endswith("robot_volume_min")
    # growth x 10 mL x 1 h
    assert f"{1e9 * growth * 1e-5 * 3600.0:.3g} uL" in refused.message


def test_a_pulse_larger_than_growth_lets_in_is_refused(data, tmp_path):
    case = case_with(data, tmp_path, "pulsed-feed", limits='pulse_volume_min = "50 mL"')
    refused = refusal(case, Bench.from_case(case), 600.0, 1e-5)
    assert refused is not None and "18 mL" in refused.message and refused.where.endswith("pulse_volume_min")
    assert refusal(case, Bench.from_case(case), 600.0, 3e-5) is None


def test_a_feed_pump_too_small_for_pulses_is_refused(data, tmp_path, lines):
    """The strongest stock at the lowest biomass of 5 g/L: 0.28 x 1600 umol/(g h) x 180 g/mol x 15 g in 500 g/L."""
    slow = 'feed_pump_max = "0.06 mL/min", feed_pump_min = "0.01 mL/min"'
    with pytest.raises(SolverError, match="too small for pulses"):
        make_duty(case_with(data, tmp_path, "pulsed-feed", limits=slow), lines)
    make_duty(case_with(data, tmp_path, "str-pfr", limits=slow), lines)


@pytest.fixture(scope="module")
def lines(cases_folder, uptake_like_a_tank):
    case, dt = load_case(cases_folder / "penicillin_54m3.toml", quality="draft"), 0.1
    half = signal_statistics(uptake_like_a_tank(np.random.default_rng(5), 20, 1500, dt), dt, case.strain.regimes)
    records = SimpleNamespace(time=np.arange(0.0, 60.0, 0.3), s=np.full((1, 200), 0.3, np.float32))
    return SimpleNamespace(statistics=half, duration=150.0, time_step=dt, records=lambda: records)


@pytest.fixture(scope="module")
def duty(cases_folder, lines):
    return make_duty(load_case(cases_folder / "penicillin_54m3.toml", quality="draft"), lines)


def limited(duty, **values):
    limits = duty.bench.limits | {k: replace(duty.bench.limits[k], value=v) for k, v in values.items()}
    return replace(duty, bench=replace(duty.bench, limits=limits))


def test_a_tube_that_no_bore_makes_is_said_in_the_sheet(duty):
    settings = {"biomass": 55.0, "flow": 4e-5, "tube_volume": 4e-4, "feed_to_tube": 1.0}
    assert StrPfr().write(settings, duty).recipe.remarks == ()
    short = StrPfr().write(settings, limited(duty, tube_length_max=3.0))  # the widest bore needs 5.5 m
    assert "no tube at hand holds 400 mL within 3 m" in short.recipe.remarks[0]


def test_a_design_that_does_not_fit_says_so_in_its_summary():
    fields = dict.fromkeys(Design.__dataclass_fields__) | {"record": '{"recipe": {"remarks": ["too fast"]}}'}
    assert Design(**fields).misfits == ("too fast",)
    for record in ("", "{}", '{"recipe": {"remarks": []}}', '{"recipe": null}'):
        assert Design(**fields | {"record": record}).misfits == ()


def test_a_slow_feed_pump_does_not_make_an_endless_programme(duty):
    """Once it asked for 2.6 TiB: a pulse was lengthened by what the pump could not give, and so on."""
    slow = limited(duty, feed_pump_max=0.06e-6 / 60.0, feed_pump_min=0.01e-6 / 60.0)
    rig = IrregularFeed()
    for settings in rig.guesses(slow):
        table, period = rig.programme(settings, slow)
        assert period <= 2.0 * slow.bench["cycle_max"]
        lasting = np.diff(np.append(table[:, 0], period))
        assert table[:, 1] @ lasting / period == pytest.approx(1.0)
    with_enough, _ = rig.programme(rig.guesses(duty)[0], duty)
    assert len(with_enough) == 120
