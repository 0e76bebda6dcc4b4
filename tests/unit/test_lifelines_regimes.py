"""The observer of signals: known answers, and the compiled version equal to the readable one."""

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.lifelines import SignalStatistics, signal_statistics
from rushton.lifelines import regimes as rg
from rushton.lifelines.observer import group_count
from rushton.lifelines.sample import Sample, sample_of

REGIMES = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=0.36)
UNSMOOTHED = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=0.06)


def reference_counts(s, dt, regimes):
    """Regime samples, stays, arcs of signals from the readable functions."""
    time = np.zeros(3)
    stays, above, below = [], [], []
    for row in s:
        v = rg.smooth(row, dt, regimes.smoothing)
        c = rg.classify(v, regimes)
        time += np.bincount(c, minlength=3)
        stays += rg.stays(c)
        a, b = rg.arcs(v, regimes.starvation)
        above += a
        below += b
    return time, stays, above, below


def test_square_wave_has_known_stays():
    # 2 s in E, 3 s in S: every stay in E is 2 s, in S 3 s; L is passed with zero stay
    dt = 0.06
    period = np.concatenate([np.full(round(2.1 / dt), 1.0), np.full(round(3.0 / dt), 0.0)])
    stat = signal_statistics(np.tile(period, 10), dt, UNSMOOTHED)
    res = stat.residence()
    assert res["LEL"]["count"] == 9 and res["LSL"]["count"] == 9
    assert res["LEL"]["mean"] == pytest.approx(2.1)
    assert res["LSL"]["mean"] == pytest.approx(3.0)
    assert res["LSL"]["median"] == pytest.approx(3.0, rel=0.03)
    assert res["ELS"]["mean"] == 0.0 and res["ELS"]["count"] == 10
    assert res["ELS"]["median"] == pytest.approx(0.01, rel=0.04)  # stays of zero length are in the first bin
    assert res["ELE"]["count"] == 0 and res["ELE"]["mean"] is None
    assert stat.shares == pytest.approx([2.1 / 5.1, 0.0, 3.0 / 5.1], abs=1e-3)
    assert stat.mean == pytest.approx(2.1 / 5.1)
    assert stat.cut_counts.tolist() == [1, 0, 1]


def test_a_crossing_counts_only_when_it_passes_the_border_by_the_margin():
    s = np.array([0.5, 0.955, 0.5, 0.965, 0.945, 0.935, 0.045, 0.03, 0.055, 0.07, 0.5])
    codes = rg.classify(s, REGIMES)
    assert "".join(rg.REGIMES[c] for c in codes) == "LLLEELLSSLL"
    assert rg.stays(codes) == [("LEL", 2), ("ELS", 2), ("LSL", 2)]


def test_a_jump_passes_through_limitation_with_zero_stay():
    codes = rg.classify(np.array([0.5, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.5]), REGIMES)
    assert rg.stays(codes) == [("LEL", 2), ("ELS", 0), ("LSL", 3), ("SLE", 0), ("LEL", 1)]


def test_moving_average_removes_short_dips():
    s = np.ones(400)
    s[100:102] = 0.9  # 0.12 s dip: the average over 0.36 s falls to 0.967 only
    stat = signal_statistics(s, 0.06, REGIMES)
    assert stat.regime_counts.tolist() == [395, 0, 0]
    assert stat.raw_counts.tolist() == [398, 2, 0]


def test_ramp_arcs():
    t = np.arange(0, 100, 0.06)
    s = np.clip(0.5 + 0.6 * np.sin(2 * np.pi * t / 20.0), 0, 1)  # below 0.05 for 4.6 s of every 20 s
    stat = signal_statistics(s, 0.06, REGIMES)
    above = np.flatnonzero(stat.arcs_above.sum(axis=1))
    assert stat.arcs_above.sum() == 4 and stat.arcs_above[:, -1].sum() == 4
    low = 20.0 * (0.5 - np.arcsin(0.45 / 0.6) / np.pi)
    assert np.all(rg.ARC_EDGES[above] < 20.0 - low + 0.3) and np.all(rg.ARC_EDGES[above + 1] > 20.0 - low - 0.3)
    assert stat.arcs_below.sum() == 4 or stat.arcs_below.sum() == 5


def test_excursions_carry_their_extreme():
    dt = 0.06
    s = np.full(4000, 0.5)
    s[500:600], s[540:550] = 0.97, 0.999  # 6 s in excess, up to 0.999
    s[1000:1500], s[1100:1110] = 0.01, 3e-4  # 30 s in starvation, down to 3e-4
    s[2000:2050] = 0.0  # 3 s of nothing at all
    counts = signal_statistics(s, dt, UNSMOOTHED).excursions
    found = [tuple(int(n) for n in row) for row in np.argwhere(counts)]
    assert counts.sum() == 3
    for (_, b, _), seconds in zip(found, (6.0, 3.0, 30.0), strict=True):
        assert rg.EXCURSION_EDGES[b] <= seconds < rg.EXCURSION_EDGES[b + 1]
    assert [r for r, _, _ in found] == [0, 1, 1]
    depths = [rg.DEPTH_EDGES[d : d + 2] for _, _, d in found]
    assert depths[0][0] <= 1e-3 * 1.01 <= depths[0][1] * 1.02
    assert depths[2][0] <= 3e-4 <= depths[2][1] and found[1][2] == 0


OTHER_STRAIN = SimpleNamespace(starvation=0.2, excess=0.7, margin=0.03, smoothing=0.6)


@pytest.mark.parametrize(("dt", "regimes"), [(0.03, REGIMES), (0.06, REGIMES), (0.1, REGIMES), (0.06, OTHER_STRAIN)])
def test_compiled_equals_reference(dt, regimes):
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(0, 0.9 * np.sqrt(dt), (40, 1500)), axis=1)
    s = 1.0 / (1.0 + np.exp(-2.5 * np.sin(walk) - 3.0 * np.sin(0.2 * walk)))
    s = np.round(s * 2**20) / 2**20  # exactly what the observer holds
    s[3, 200:] = 1.0
    s[3, 400:500] = 0.0
    stat = signal_statistics(s, dt, regimes)
    time, stays, above, below = reference_counts(s, dt, regimes)
    assert stat.regime_counts.tolist() == time.tolist()
    assert stat.pattern_counts.sum() == len(stays) > 300
    for p, name in enumerate(rg.PATTERNS):
        mine = [n for pattern, n in stays if pattern == name]
        assert stat.pattern_counts[p] == len(mine)
        assert stat.pattern_time[p] == pytest.approx(sum(mine) * dt)
        expected = np.histogram(np.maximum(np.array(mine) * dt * (1 + 1e-9), 0.0101), rg.RESIDENCE_EDGES)[0]
        assert np.array_equal(stat.pattern_stays[p], expected)
    reached = []
    for row in s:
        v = rg.smooth(row, dt, regimes.smoothing)
        reached += rg.excursions(v, rg.classify(v, regimes))
    assert stat.excursions.sum() == len(reached) == stat.pattern_counts[:2].sum()
    for e, name in enumerate("ES"):
        depth = [1.0 - x if name == "E" else x for regime, _, x in reached if regime == name]
        expected = np.histogram(np.maximum(depth, 1.01e-6), rg.DEPTH_EDGES)[0]
        assert np.abs(stat.excursions[e].sum(axis=0) - expected).sum() <= 2  # a depth on an edge may fall either side
    assert stat.arcs_above.sum() == len(above) and stat.arcs_below.sum() == len(below)
    peaks = np.histogram([peak for _, peak in above], rg.ARC_MAX_EDGES)[0]
    assert np.array_equal(stat.arcs_above.sum(axis=0), peaks)
    # every second is somewhere: completed stays + cut-off ones = time in regimes
    assert stat.pattern_time.sum() + stat.cut_time.sum() == pytest.approx(time.sum() * dt)
    assert np.all(stat.transitions.diagonal() == 0) and stat.transitions[0, 2] == stat.transitions[2, 0] == 0


def test_statistics_add_and_travel_as_arrays():
    rng = np.random.default_rng(1)
    s = rng.random((6, 500)) ** 4
    whole = signal_statistics(s, 0.06, UNSMOOTHED)
    parts = signal_statistics(s[:2], 0.06, UNSMOOTHED) + signal_statistics(s[2:], 0.06, UNSMOOTHED)
    again = SignalStatistics.from_arrays(parts.to_arrays("half_0_"), "half_0_")
    for name, a in whole.to_arrays().items():
        assert np.allclose(a, getattr(again, name), rtol=1e-12), name


def test_windows_of_thousands_of_samples_do_not_overflow():
    long = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=60.0)
    stat = signal_statistics(np.ones(13_000), 0.01, long)
    assert stat.regime_counts.tolist() == [7001, 0, 0] and stat.signal_counts[-1] == 7001


def test_a_record_shorter_than_the_window_says_nothing():
    stat = signal_statistics(np.ones((3, 4)), 0.06, REGIMES)
    assert stat.regime_counts.sum() == 0 and stat.cut_counts.sum() == 0
    assert np.all(np.isnan(stat.shares))
    assert stat.residence()["LEL"]["median"] is None


def test_groups_of_signals_add_up_to_all_of_them():
    s = np.random.default_rng(2).random((70, 300)) ** 3
    sample = sample_of(s, 0.06, UNSMOOTHED)
    assert sample.n_group == 32
    for groups, rows in ((slice(None), s), (slice(0, None, 2), s[::2]), (slice(5, 6), s[5::32])):
        for name, array in signal_statistics(rows, 0.06, UNSMOOTHED).to_arrays().items():
            assert np.allclose(getattr(sample.statistics(groups), name), array, rtol=1e-12), name
    again = Sample.from_arrays(sample.to_arrays("a."), "a.")
    assert again.duration == sample.duration == pytest.approx(18.0)
    assert all(np.array_equal(a, b) for a, b in zip(again.tally, sample.tally, strict=True))


def test_few_signals_leave_no_group_empty():
    assert [group_count(n) for n in (1, 2, 5, 31, 32, 33, 100_000)] == [1, 2, 4, 30, 32, 32, 32]
