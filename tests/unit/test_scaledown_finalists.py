"""Which finalist becomes the design, how sure its distance is, how it moves, and whether it represents the tank."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines.sample import sample_of
from rushton.scaledown.certainty import difference_band, distance_band, resampled_targets
from rushton.scaledown.designer import RIGS
from rushton.scaledown.finalists import Tried, best_of, better_answer, choose, kept_of
from rushton.scaledown.inside import NOT_RUN
from rushton.scaledown.match import Distance, Target, distance
from rushton.scaledown.robustness import NAMES, robustness
from rushton.scaledown.search import experience, final_experience
from rushton.scaledown.tank import make_duty
from rushton.scaledown.verdict import NOT, PARTLY, REPRESENTATIVE, gaps, judge, mismatch, mismatch_band

# rigs that switch oxygen need a tank with gas: test_scaledown_oxygen.py
EVERY = [rig for name, rigs in RIGS.items() for rig in rigs if name != "oxygen-switching"]


@pytest.fixture(scope="module")
def case(cases_folder):
    return load_case(cases_folder / "penicillin_54m3.toml", quality="draft")


def tank_of(signal, dt, case, groups=32):
    sample = sample_of(signal, dt, case.strain.regimes, groups)
    halves = sample.statistics(slice(0, None, 2)), sample.statistics(slice(1, None, 2))
    records = SimpleNamespace(time=0.3 * np.arange(signal.shape[1] // 5), s=signal[:8, ::5])
    return SimpleNamespace(
        sample=sample, halves=halves, statistics=halves[0] + halves[1], duration=dt * signal.shape[1], time_step=dt,
        records=lambda: records,
    )  # fmt: skip


@pytest.fixture(scope="module")
def signal(uptake_like_a_tank):
    return uptake_like_a_tank(np.random.default_rng(5), 64, 4000, 0.06)


@pytest.fixture(scope="module")
def tank(signal, case):
    return tank_of(signal, 0.06, case)


def target_of(tank, case):
    shortest = case.strain.regimes.smoothing
    target = Target.of(tank.statistics, shortest, tank.duration)
    return replace(target, resampled=resampled_targets(tank, shortest))


# --- choice ------------------------------------------------------------------------------------------------------


def candidate(total, gap=None, sound=True, biomass=None):
    settings = {"biomass": total if biomass is None else biomass}
    written = SimpleNamespace(settings=settings)
    achieved = Distance((5.0 * total, 0.0, 0.0, 0.0, 0.0))
    return Tried(settings, None, written, None, np.zeros(0), 0.06, achieved, sound, NOT_RUN, gap)


def within(half_width):
    return lambda one: (one.achieved.total - half_width, one.achieved.total + half_width)


def test_the_nearest_is_taken_unless_others_cannot_be_told_from_it():
    field = [candidate(0.40, 0.01), candidate(0.31, 0.05), candidate(0.30, 0.20), candidate(0.32, 0.02)]
    assert choose(field, lambda one: None) == 2
    assert choose(field, within(0.005)) == 2
    assert choose(field, within(0.015)) == 1
    assert choose(field, within(0.03)) == 3


def test_where_no_response_is_known_the_nearest_of_those_tied_is_taken():
    field = [candidate(0.31), candidate(0.30), candidate(0.305)]
    assert choose(field, within(0.02)) == 1


def test_one_that_the_bench_cannot_pump_is_taken_only_where_there_is_no_other():
    field = [candidate(0.1, 0.0, sound=False), candidate(0.5, 0.3)]
    assert choose(field, within(0.02)) == 1
    assert choose(field[:1], within(0.02)) == 0
    assert best_of(field, 1)[0].sound


def test_finalists_are_the_nearest_that_differ_as_written():
    field = [candidate(0.1 * n, biomass=float(n // 2)) for n in range(14)]
    assert [round(one.achieved.total, 9) for one in best_of(field)] == [0.0, 0.2, 0.4, 0.6, 0.8]
    kept = kept_of(best_of(field), 2)
    assert [f.chosen for f in kept] == [True, False, False, False, False]
    assert kept[0].settings == {"biomass": 2.0}


def test_a_finalist_nearly_as_near_that_answers_far_better_is_named():
    field = [candidate(0.30, 0.20), candidate(0.32, 0.02), candidate(0.40, 0.01)]
    assert "0.320 answers within 2.0 points" in better_answer(kept_of(field, 0))
    assert better_answer(kept_of(field[::2], 0)) == ""
    assert better_answer(kept_of([candidate(0.30, 0.20), candidate(0.32, 0.02, sound=False)], 0)) == ""
    assert better_answer(kept_of([candidate(0.30, 0.04), candidate(0.32, 0.01)], 0)) == ""


# --- bands -------------------------------------------------------------------------------------------------------


def test_groups_that_are_all_alike_leave_nothing_open(signal, case):
    tank = tank_of(np.repeat(signal[:1], 32, axis=0), 0.06, case)
    rig = tank_of(signal[1:], 0.06, case).statistics
    target = target_of(tank, case)
    value = distance(target, rig).total
    assert distance_band(value, target, rig, None, 0.06, case.strain.regimes) == pytest.approx((value, value))


def test_the_band_holds_the_distance_and_narrows_with_more_cells(signal, case):
    rig = tank_of(signal[:8] ** 0.7, 0.06, case).statistics
    widths = []
    for length in (1000, 4000):
        target = target_of(tank_of(signal[:, :length], 0.06, case), case)
        value = distance(target, rig).total
        low, high = distance_band(value, target, rig, None, 0.06, case.strain.regimes)
        assert low < value < high
        widths.append(high - low)
    assert widths[1] < 0.8 * widths[0]


def test_a_drawn_signal_widens_the_band(signal, tank, case):
    target, drawn = target_of(tank, case), signal[:16].ravel() ** 0.7
    rig = sample_of(drawn, 0.06, case.strain.regimes, 1).statistics()
    value = distance(target, rig).total
    alone = distance_band(value, target, rig, None, 0.06, case.strain.regimes)
    both = distance_band(value, target, rig, drawn, 0.06, case.strain.regimes)
    assert both[1] - both[0] > alone[1] - alone[0]


def test_too_few_groups_give_no_band(signal, case):
    few = tank_of(signal, 0.06, case, groups=4)
    target = target_of(few, case)
    assert target.resampled == ()
    assert distance_band(0.1, target, few.statistics, None, 0.06, case.strain.regimes) is None


def test_the_band_of_a_difference_adds_squares():
    assert difference_band(0.9, (0.87, 0.94), 0.7, (0.66, 0.73)) == pytest.approx(
        (0.2 - np.hypot(0.03, 0.03), 0.2 + np.hypot(0.04, 0.04))
    )
    assert difference_band(0.9, None, 0.7, None) == pytest.approx((0.2, 0.2))


# --- robustness --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rig", EVERY, ids=lambda rig: rig.name)
def test_a_rig_rebuilt_with_the_same_culture_is_the_same_rig(rig, case, tank):
    duty = rig.duty(make_duty(case, tank))
    written = rig.write(rig.guesses(duty)[0], duty)
    first = experience(written.operation, case.strain.regimes, 0.06, 20_000, 1)[1]
    again = experience(rig.rebuilt(written, duty), case.strain.regimes, 0.06, 20_000, 1)[1]
    assert np.allclose(first, again, atol=1e-6)


@pytest.mark.parametrize("rig", [r for r in EVERY if r.name != "microfluidic"], ids=lambda rig: rig.name)
def test_the_feed_of_a_built_rig_stays_whatever_grows_in_it(rig, case, tank):
    """Substrate fed is substrate eaten: the mean of s is the feed over q_max X V."""
    duty = rig.duty(make_duty(case, tank))
    written = rig.write(rig.guesses(duty)[0], duty)
    slower = rig.rebuilt(written, replace(duty, uptake_max=0.8 * duty.uptake_max))
    fewer = rig.rebuilt(written, duty, 0.8)
    for operation in (slower, fewer):
        assert operation.mean_uptake == pytest.approx(written.operation.mean_uptake / 0.8, rel=1e-3)
    assert slower.culture.capacity == pytest.approx(fewer.culture.capacity)


def test_every_change_moves_the_distance_of_a_pulsed_vessel(case, tank):
    rig, target = RIGS["pulsed-feed"][0], target_of(tank, case)
    duty = rig.duty(make_duty(case, tank))
    wanted = rig.guesses(duty)[0]
    written = rig.write(wanted, duty)
    moved = robustness(rig, written, wanted, duty, target, case.strain.regimes, 0.06, 1)
    as_built = distance(target, final_experience(written.operation, case.strain.regimes, 0.06, 1)[0]).total
    assert tuple(moved) == NAMES
    assert all(abs(value - as_built) > 1e-4 for value in moved.values())


# --- verdict -----------------------------------------------------------------------------------------------------


def responses(productivity, yield_, band=None):
    found = {"relative_productivity": productivity, "relative_productivity_final": productivity}
    return found | {"relative_yield": yield_, "relative_productivity_band": band}


TANK = responses(0.72, 1.06)


@pytest.mark.parametrize(
    ("distance_", "missing", "standard", "rig", "word"),
    [
        (0.30, (), 2.5, responses(0.75, 1.05), REPRESENTATIVE),
        (0.30, (), 2.5, responses(0.94, 1.00), PARTLY),
        (0.30, (), 2.5, {}, PARTLY),
        (0.30, (), 0.5, responses(0.75, 1.05), NOT),
        (0.51, (), 2.5, responses(0.75, 1.05), NOT),
        (0.30, ("S",), 2.5, responses(0.75, 1.05), NOT),
    ],
)
def test_the_verdict_follows_its_rule(distance_, missing, standard, rig, word):
    verdict = judge(distance_, missing, standard, 0.01, rig, TANK)
    assert verdict.word == word
    assert verdict.text.startswith(word.capitalize())


def test_what_the_bench_cannot_run_represents_nothing():
    fine = judge(0.30, (), 2.5, 0.01, TANK, TANK)
    assert (fine.word, fine.short) == (REPRESENTATIVE, "yes")
    verdict = judge(0.30, (), 2.5, 0.01, TANK, TANK, ("cannot breathe", "the pump is too small"))
    assert (verdict.word, verdict.short) == (NOT, "no")
    assert "the bench cannot run it (cannot breathe; the pump is too small)" in verdict.text


def test_the_verdict_says_what_the_rig_would_show():
    text = judge(0.81, ("S",), 2.5, 0.001, responses(0.942, 1.0), TANK).text
    assert "starvation" in text
    assert "94 % of the productivity where the tank keeps 72 %" in text


def test_a_gap_is_judged_beyond_what_its_band_leaves_open():
    assert judge(0.3, (), 2.5, None, responses(0.79, 1.06), TANK).word == PARTLY
    unsure = responses(0.76, 1.06) | {"relative_productivity": 0.79, "relative_productivity_band": [0.75, 0.83]}
    assert judge(0.3, (), 2.5, None, unsure, TANK).word == REPRESENTATIVE


def test_the_mismatch_is_the_largest_gap():
    found = gaps(responses(0.62, 1.0, [0.60, 0.64]), TANK)
    assert mismatch(found) == pytest.approx(0.10)
    assert mismatch_band(found) == pytest.approx((0.08, 0.12))
    assert mismatch({}) is None
    assert mismatch_band({}) is None
