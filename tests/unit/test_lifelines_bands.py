"""Bands hold the exact value as often as they say; checks of convergence see what they are made to see."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.lifelines.analysis import Analysis, Reading, analyse, gather, judged
from rushton.lifelines.bands import Band, band_of, quantiles, resample_weights
from rushton.lifelines.convergence import Evidence, cautions, judge
from rushton.lifelines.measures import MEASURES, Measure, measure
from rushton.lifelines.record_curves import Signals
from rushton.lifelines.regimes import PATTERNS
from rushton.lifelines.sample import sample_of

UNSMOOTHED = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=0.3)
DT = 0.3


def three_levels(rng, n_signal, n_time, leave):
    """Signals between S (0), L (0.5) and E (1) that leave a level with a chance per sample; L goes to E in 30 %."""
    level = np.full((n_signal, n_time), 1, np.int8)
    chance = np.asarray(leave)
    # equilibrium of the chain S <-> L <-> E
    weight = np.array([0.7 * chance[1] / chance[0], 1.0, 0.3 * chance[1] / chance[2]])
    level[:, 0] = rng.choice(3, n_signal, p=weight / weight.sum())
    draws = rng.random((n_signal, n_time))
    for n in range(1, n_time):
        now, x = level[:, n - 1], draws[:, n]
        leaves = x < chance[now]
        to = np.where(now == 1, np.where(x < 0.3 * chance[1], 2, 0), 1)
        level[:, n] = np.where(leaves, to, now)
    return np.float32(0.5) * level, weight[::-1] / weight.sum()


def test_bands_hold_the_exact_value_as_often_as_they_say():
    # 200 populations of 32 cells; stays are geometric with known means, shares are known. Records are 190 of the
    # longest stays, so that what their ends cut off is small beside the band.
    rng, leave, repeats = np.random.default_rng(11), (0.13, 0.2, 0.25), 200
    all_signals, shares = three_levels(rng, 32 * repeats, 1500, leave)
    exact = {
        "limitation_to_excess": 0.3, "residence_s.LEL.mean": DT / 0.25, "residence_s.LSL.mean": DT / 0.13,
        "residence_s.SLS.mean": DT / 0.2, "share_excess": shares[0], "share_starvation": shares[2],
    }  # fmt: skip
    held = dict.fromkeys(exact, 0)
    weights = resample_weights(32, 500)
    for n in range(repeats):
        sample = sample_of(all_signals[n::repeats], DT, UNSMOOTHED)
        values, drawn = measure(sample, np.ones((1, 32))), measure(sample, weights)
        for name, value in exact.items():
            band = band_of(float(values[name][0]), drawn[name], 32)
            held[name] += int(band.low <= value <= band.high)
    # 200 repeats scatter by 1.5 points, six numbers of them by less
    assert all(0.89 * repeats <= n <= 0.99 * repeats for n in held.values()), held
    assert 0.93 <= np.mean(list(held.values())) / repeats <= 0.97, held


def test_weights_draw_every_group_alike_and_repeat():
    weights = resample_weights(8, 4000)
    assert np.all(weights.sum(axis=1) == 8) and weights.mean(axis=0) == pytest.approx(1.0, abs=0.06)
    assert np.array_equal(weights, resample_weights(8, 4000))
    assert not np.array_equal(weights, resample_weights(8, 4000, stream=1))


def test_band_of_a_mean_is_the_textbook_one():
    x = np.random.default_rng(0).normal(5.0, 2.0, 20)
    band = band_of(x.mean(), resample_weights(20, 20_000) @ x / 20, 20)
    assert band.half_width == pytest.approx(2.093 * x.std(ddof=1) / 20**0.5, rel=0.03)
    assert np.isnan(band_of(1.0, np.full(100, np.nan), 20).low) and np.isnan(band_of(1.0, np.ones(100), 1).low)


def test_quantiles_of_histograms():
    edges = np.linspace(0.0, 10.0, 11)
    counts = np.array([[0, 0, 4, 0, 0, 0, 0, 4, 0, 0], np.zeros(10), np.ones(10)])
    assert quantiles(counts, edges, (0.25,))[0] == pytest.approx([2.5, np.nan, 2.5], nan_ok=True)
    assert quantiles(counts, edges, (0.5, 1.0))[1, [0, 2]] == pytest.approx([8.0, 10.0])


def test_measures_of_a_square_wave():
    # 2.1 s in E, 3 s in S, nothing between
    period = np.concatenate([np.full(7, 1.0), np.full(10, 0.0)])
    sample = sample_of(np.tile(period, (40, 12)), DT, UNSMOOTHED)
    values = {name: float(v[0]) for name, v in measure(sample, np.ones((1, sample.n_group))).items()}
    assert values.keys() == MEASURES.keys()
    assert values["residence_s.LEL.mean"] == pytest.approx(2.1) and values["residence_s.LSL.mean"] == pytest.approx(3.0)
    assert values["residence_s.ELS.mean"] == 0.0 and np.isnan(values["residence_s.ELE.mean"])
    assert values["limitation_to_excess"] == pytest.approx(11 / 23)
    assert values["stay_s.excess"] == pytest.approx(12 * 2.1 / 11) and values["stay_s.starvation"] == pytest.approx(3.0)
    assert values["visits_1_min.excess"] == pytest.approx(11 / (12 * 5.1 / 60))
    assert values["excursions.excess.peak_median"] > 1 - 2e-6 and values["excursions.starvation.low_median"] < 2e-6
    assert np.isnan(values["circulation_s.mean"]) and np.isnan(values["circulation_s.tail"])
    assert {n for n in judged(sample) if n.startswith("residence") and n.endswith("mean")} == {
        "residence_s.LEL.mean",
        "residence_s.LSL.mean",
    }, "patterns that take no time are not judged"


def evidence(value, half_width, **changes):
    rng = np.random.default_rng(4)
    noise = rng.normal(0.0, half_width / 2.0, 1000)
    told = {
        "band": Band(value, value - half_width, value + half_width), "resampled": value + noise, "half_cells": value,
        "quarter_cells": value, "half_length": value, "half_length_resampled": value + 0.8 * noise,
        "half_step": value, "half_step_resampled": value + rng.normal(0.0, half_width / 2.0, 1000), "n_group": 32,
    }  # fmt: skip
    shift = {
        f"{k}_resampled": told[f"{k}_resampled"] + v - value
        for k, v in changes.items()
        if k in told and "half_l" in k or k == "half_step"
    }
    return Evidence(**(told | changes | shift))


STAY = Measure("mean stay in starvation", "s", "S", True)


def test_a_number_is_judged_by_cells_length_and_step():
    def verdict(half_width=0.1, cut=0.0, **changes):
        return judge("x", STAY, evidence(10.0, half_width, **changes), 1000, 600.0, 0.06, cut)

    good = verdict()
    assert good.converged is True and good.cells_needed is None and good.length_needed is None
    few = verdict(half_width=2.0)
    assert few.cells_pass is False and few.cells_needed == pytest.approx(16_000) and few.converged is False
    short = verdict(half_length=8.0)
    assert short.length_pass is False and short.length_needed == pytest.approx(600 * 4)
    assert verdict(half_length=9.7).length_pass is True
    cut = verdict(cut=0.12)
    assert cut.length_pass is False and cut.length_needed == pytest.approx(600 * 2.4)
    coarse = verdict(half_step=11.0)
    assert coarse.step_pass is False and coarse.half_step == pytest.approx(1.0)
    assert verdict(half_width=0.3, half_step=10.7).step_pass is None, "may be chance"
    unknown = verdict(half_step=np.nan)
    assert unknown.step_pass is None and unknown.half_step is None and unknown.converged is None
    nothing = judge("x", STAY, evidence(np.nan, 0.1), 1000, 600.0, 0.06)
    assert nothing.value is None and nothing.converged is None


def test_cautions_say_what_to_change():
    def verdict(half_width=0.1, cut=0.0, **changes):
        return judge("x", STAY, evidence(10.0, half_width, **changes), 1000, 600.0, 0.06, cut)

    said = cautions([verdict(cut=0.12)], {"starvation": 0.12, "excess": 0.01}, 1000, 100, 600.0, 0.06)
    assert said == [
        "600 s are too short for mean stay in starvation: 12% of the time in starvation lies in stays cut off at the "
        "ends of the records; run about 1,500 s (lifelines.duration)"
    ]
    said = cautions([verdict(cut=0.12)], {"starvation": 0.12, "excess": 0.06}, 1000, 100, 600.0, 0.06)
    assert "12% of the time in starvation and 6% of the time in excess lie in stays cut off" in said[0]
    said = cautions([verdict(half_length=8.0)], {"starvation": 0.03}, 1000, 100, 600.0, 0.06)
    assert "20% shorter at half of the run; run about 2,400 s" in said[0]
    said = cautions([verdict(half_width=2.0)], {}, 1000, 100, 600.0, 0.06)
    assert said[0].startswith("1,000 cells are too few") and "about 16,000 are needed (lifelines.cells), or" in said[0]
    said = cautions([replace(verdict(half_width=2.0), from_records=True)], {}, 1000, 100, 600.0, 0.06)
    assert said[0].startswith("100 full records are too few") and "lifelines.full_records" in said[0]
    said = cautions([verdict(half_step=11.0)], {}, 1000, 100, 600.0, 0.06)
    assert "by 10%; write at most 0.03 s (lifelines.time_step)" in said[0]
    assert cautions([verdict()], {}, 1000, 100, 600.0, 0.06) == []


def test_too_short_a_run_says_so_and_a_long_one_does_not():
    rng, leave = np.random.default_rng(3), (0.004, 0.1, 0.12)  # stays in starvation of 75 s on average
    said = {}
    for n_time in (400, 12_000):
        s, _ = three_levels(rng, 640, n_time, leave)
        whole, half = sample_of(s, DT, UNSMOOTHED), sample_of(s[:, : n_time // 2], DT, UNSMOOTHED)
        said[n_time] = analyse(whole, half, Signals(DT, s[:0], s[:0]), (1.0,), 640)
    short, long = said[400], said[12_000]
    stay = {v.name: v for v in short.verdicts}["residence_s.LSL.mean"]
    assert stay.length_pass is False and stay.value < 50.0 and stay.length_needed > 1000.0
    assert any("120 s are too short" in text and "in starvation" in text for text in short.cautions)
    stay = {v.name: v for v in long.verdicts}["residence_s.LSL.mean"]
    assert stay.value == pytest.approx(75.0, rel=0.05) and stay.length_pass is True
    assert stay.step_pass is None and long.converged is None, "no second run at half of the step"
    assert {p for p in PATTERNS if f"residence_s.{p}.mean" in {v.name for v in long.verdicts}} == set(PATTERNS)


def test_half_of_the_step_is_compared_with_its_own_cells():
    rng = np.random.default_rng(8)
    s, _ = three_levels(rng, 320, 4000, (0.05, 0.1, 0.12))
    same, _ = three_levels(rng, 320, 4000, (0.05, 0.1, 0.12))
    other, _ = three_levels(rng, 320, 4000, (0.025, 0.1, 0.12))
    whole = Reading.of_sample(sample_of(s, DT, UNSMOOTHED))
    for fine, passes in ((same, True), (other, False)):
        seen = gather(whole, whole, Reading.of_sample(sample_of(fine, DT, UNSMOOTHED)))
        name = "residence_s.LSL.mean"
        assert judge(name, MEASURES[name], seen[name], 320, 1200.0, DT).step_pass is passes


def test_analysis_travels_as_arrays_and_plain_values():
    rng = np.random.default_rng(1)
    s, _ = three_levels(rng, 64, 1000, (0.05, 0.1, 0.12))
    z = 2.4 + np.cumsum(rng.normal(0.0, 0.2, s.shape), axis=1)
    whole, half = sample_of(s, DT, UNSMOOTHED), sample_of(s[:, :500], DT, UNSMOOTHED)
    made = analyse(whole, half, Signals(DT, s, z), (0.9, 3.9), 64, (whole, Signals(DT, s, z)))
    again = Analysis.rebuild(made.to_arrays("a."), "a.", made.to_meta())
    assert (
        again.verdicts == made.verdicts and again.cautions == made.cautions and again.bands.keys() == made.bands.keys()
    )
    assert np.array_equal(again.spectrum, made.spectrum) and made.step_cells == made.record_cells == 64
    assert made.bands["plane_crossing_time_s"].value > 0.0 and made.crossing_counts.sum() > 0
    assert made.autocorrelation[0, 0] == 1.0 and np.all(made.spectrum[1] <= made.spectrum[0])
    single = analyse(whole, half, Signals(DT, s, z), (0.9,), 64)
    assert "plane_crossing_time_s" not in {v.name for v in single.verdicts}
