"""A perfusion chamber that plays lifelines: the lag of a switch, the mean of the media, the record that is played."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.errors import SolverError
from rushton.lifelines import signal_statistics
from rushton.scaledown import design, search
from rushton.scaledown.bench import Bench
from rushton.scaledown.chamber import TICK, Microfluidic, flushes, lagged, played
from rushton.scaledown.rig import Duty

RIG = Microfluidic()


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    return case.model_copy(
        update={
            "response": case.response.model_copy(update={"duration": 1800.0}),
            "scaledown": case.scaledown.model_copy(update={"rigs": ("microfluidic",)}),
        }
    )


@pytest.fixture(scope="module")
def uptake(uptake_like_a_tank):
    return uptake_like_a_tank(np.random.default_rng(5), 40, 3000, 0.1)


@pytest.fixture(scope="module")
def duty(case, uptake):
    law = case.strain.uptake
    return Duty(
        bench=Bench.from_case(case), uptake_max=law.max, half_saturation=law.half_saturation, mean_uptake=0.27,
        tank_biomass=55.0, record=300.0, growth=8e-6, molar_mass=0.180, history=uptake, history_step=0.1,
    )  # fmt: skip


SETTINGS = {"start": 0.3, "richest": 30.0, "poorest": 0.01}


@pytest.mark.parametrize("lag", [0.1, 1.0 / 3.0, 40.0])
def test_the_lag_is_that_of_the_equation_and_periodic(lag):
    """dx/dt = (target - x)/lag over one period, each tick solved as the exponential that it is."""
    target = np.array([5.0, 5.0, 0.1, 0.1, 2.0, 0.0])
    x = lagged(target, lag).reshape(target.size, -1)
    assert x.mean() == pytest.approx(target.mean(), rel=2e-3 if lag > 0.2 else 0.02)
    h = TICK / x.shape[1]
    flat, wanted = x.ravel(), np.repeat(target, x.shape[1])
    following = np.roll(flat, -1)
    same = wanted == np.roll(wanted, -1)
    assert following[same] == pytest.approx((wanted + (flat - wanted) * math.exp(-h / lag))[same], rel=1e-9)
    half = math.exp(-0.5 * h / lag)  # across a switch: half a sample towards the old target, half to the new
    new = np.roll(wanted, -1)
    edge = wanted + (flat - wanted) * half
    assert following == pytest.approx(new + (edge - new) * half, rel=1e-9)


def test_a_switch_is_95_per_cent_complete_in_its_time():
    x = lagged(np.array([1.0] * 40 + [0.0] * 40), 1.0 / 3.0)
    after = (np.arange(x.size) + 0.5) * TICK / 8 - 40 * TICK
    down = after > 0.0
    crossed = after[down][np.argmax(x[down] < 0.05)]
    assert crossed == pytest.approx(math.log(20.0) / 3.0, abs=TICK / 8)
    assert crossed == pytest.approx(1.0, abs=0.07)


def test_the_record_is_played_tick_by_tick(duty, uptake):
    s = played(duty, 0.0)
    assert s.size * TICK == pytest.approx(3600.0)
    assert s == pytest.approx(uptake[:12].ravel().reshape(-1, 5).mean(axis=1), rel=1e-9)
    assert np.array_equal(played(duty, 1.0), played(duty, 0.9999))  # the last stretch, not beyond the records
    short = replace(duty, history=uptake[:1])
    assert played(short, 0.5).size * TICK == pytest.approx(300.0)


def test_cells_eat_as_much_as_in_the_tank(duty):
    written = RIG.write(SETTINGS, duty)
    operation = written.operation
    assert operation.mean_uptake == pytest.approx(0.27, rel=3e-3)  # media are weighed to three figures
    assert RIG.operate(SETTINGS, duty).mean_uptake == pytest.approx(0.27, rel=1e-8)
    assert operation.media.size == 6
    assert np.diff(np.log(operation.media)) == pytest.approx(math.log(3000.0) / 5.0, rel=0.01)
    s, step = operation.signal(0.06, 1200.0, 1)
    assert s.mean() == pytest.approx(operation.mean_uptake, rel=1e-6) and step == pytest.approx(TICK / 8)
    weak = RIG.write(SETTINGS, duty, 0.95).operation
    assert weak.concentration == pytest.approx(0.95 * operation.concentration)


def test_each_tick_has_the_medium_of_nearest_uptake(duty):
    operation = RIG.operate(SETTINGS | {"start": 0.0}, duty)
    x = np.geomspace(0.01, 30.0, 6)  # before all are made stronger or weaker
    nearest = np.abs(played(duty, 0.0)[:, None] - x / (1.0 + x)).argmin(axis=1)
    assert np.array_equal(operation.valve, nearest)


def test_flushes_keep_the_medium(duty):
    """A chamber exchanged n times a second with 10 g/L of cells at s = 1 loses v/n, 5 % of K_s."""
    culture = duty.culture(10.0)
    assert culture.capacity / flushes(duty) == pytest.approx(0.05 * culture.half_saturation)


def test_without_records_it_is_refused_with_what_to_change(duty):
    with pytest.raises(SolverError, match="full_records"):
        RIG.duty(replace(duty, history=np.zeros((0, 0))))


def test_designed_it_is_nearer_than_any_loop_and_its_table_is_its_programme(case, uptake, monkeypatch):
    for name, value in (("_GENERATIONS", 2), ("_POPULATION", 4), ("_STEPS", 4), ("_KEPT", 2), ("_HOPS", 1)):
        monkeypatch.setattr(search, name, value)
    half = signal_statistics(uptake, 0.1, case.strain.regimes)
    records = SimpleNamespace(time=0.1 * np.arange(3000), s=uptake)
    tank = SimpleNamespace(
        halves=(half, half), statistics=half + half, duration=300.0, time_step=0.1, records=lambda: records
    )
    result = design(case, tank, None)
    best = result.best
    assert best.rig == "microfluidic"
    assert best.distance < 0.3 * result.reference.distance
    rows = list(csv.DictReader(io.StringIO(best.table)))
    assert rows[-1]["action"] == "stop"
    times = np.array([float(r["time_s"]) for r in rows[:-1]])
    assert np.all(np.diff(times) >= TICK - 1e-9) and times[-1] < best.settings["period"]
    assert {int(r["medium"]) for r in rows[:-1]} <= set(range(1, 7))
    assert all(a["medium"] != b["medium"] for a, b in zip(rows[:-2], rows[1:-1], strict=True))
    for words in ("| Medium |", "switching table", "cannot reproduce", "chamber volumes per second"):
        assert words in best.protocol
    assert "nan" not in best.protocol.lower().split()


def test_the_lag_is_the_recursion_from_tick_to_tick():
    target, lag = np.random.default_rng(2).uniform(0.0, 24.0, 50), 0.33
    keep, x, begins = np.exp(-TICK / lag), 0.0, []
    for n in range(40 * target.size):  # until it repeats
        if n >= 39 * target.size:
            begins.append(x)
        x = target[n % target.size] + (x - target[n % target.size]) * keep
    eighths = np.exp(-TICK * (np.arange(8) + 0.5) / (8 * lag))
    expected = target[:, None] + (np.array(begins) - target)[:, None] * eighths
    assert np.allclose(lagged(target, lag), expected.ravel(), rtol=1e-12)
