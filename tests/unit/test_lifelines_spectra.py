"""Spectra, autocorrelation and circulation against signals whose answers are exact."""

import numpy as np
import pytest

from rushton.lifelines.circulation import crossing_times, fit_tail, planes_between, survival
from rushton.lifelines.regimes import RESIDENCE_EDGES
from rushton.lifelines.spectra import covariance, decay_times, power_spectrum, thin


def telegraph(rng, n_signal, n_time, leave_high, leave_low):
    """0/1 signals that leave 1 and 0 with these chances per sample, started in equilibrium."""
    s = np.empty((n_signal, n_time), np.float32)
    s[:, 0] = rng.random(n_signal) < leave_low / (leave_low + leave_high)
    draws = rng.random((n_signal, n_time))
    for n in range(1, n_time):
        s[:, n] = np.where(s[:, n - 1] > 0.5, draws[:, n] >= leave_high, draws[:, n] < leave_low)
    return s


@pytest.fixture(scope="module")
def signals():
    return telegraph(np.random.default_rng(5), 1200, 4000, 0.06, 0.02)


def test_telegraph_has_the_spectrum_of_its_rates(signals):
    # R = rho^|n|: P = 2 dt var (1 - rho^2) / (1 + rho^2 - 2 rho cos(2 pi f dt)), a Lorentzian at low frequency
    dt, rho, p = 0.3, 1.0 - 0.06 - 0.02, 0.25
    spectrum = thin(power_spectrum(signals, dt, 8))
    assert spectrum.y.shape[0] == 8
    f, found = spectrum.x, spectrum.y.mean(axis=0)
    exact = 2 * dt * p * (1 - p) * (1 - rho**2) / (1 + rho**2 - 2 * rho * np.cos(2 * np.pi * f * dt))
    assert f[0] == pytest.approx(1 / (512 * dt)) and f[-1] > 0.9 / (2 * dt)
    assert np.abs(found / exact - 1.0)[1:].max() < 0.05  # the lowest bin holds what the window leaks
    corner = -np.log(rho) / dt / (2 * np.pi)
    low = 4 * p * (1 - p) / (-np.log(rho) / dt) / (1 + (f / corner) ** 2)
    assert np.abs(found / low - 1.0)[1 : np.searchsorted(f, 5 * corner)].max() < 0.08


def test_the_integral_of_the_spectrum_is_the_variance(signals):
    spectrum = power_spectrum(signals, 0.3, 4)
    step = spectrum.x[1] - spectrum.x[0]
    y = spectrum.y.mean(axis=0)
    below_the_first = 0.5 * step * y[0]
    assert y.sum() * step + below_the_first == pytest.approx(signals.var(), rel=0.02)


def test_telegraph_forgets_exponentially(signals):
    dt, rho = 0.3, 0.92
    lag, cov = (lambda c: (c.x, c.y))(covariance(signals, dt, 1))
    r = cov[0] / cov[0, 0]
    assert np.abs(r[:60] - rho ** np.arange(60)).max() < 0.02
    e_time, integral = decay_times(lag, cov)
    time_constant = -dt / np.log(rho)
    assert e_time[0] == pytest.approx(time_constant, rel=0.04)
    assert integral[0] == pytest.approx(time_constant, rel=0.05)
    exact = decay_times(lag, rho ** np.arange(lag.size)[None])
    assert [exact[0][0], exact[1][0]] == pytest.approx([time_constant, time_constant], rel=2e-3)


def test_sine_stands_at_its_frequency_with_its_power():
    dt, amplitude, f0 = 0.25, 0.3, 40 / (512 * 0.25)
    t = np.arange(2048) * dt
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (64, 1))
    s = 0.5 + amplitude * np.sin(2 * np.pi * f0 * t + phase)
    spectrum = power_spectrum(s, dt, 1)
    df = spectrum.x[1] - spectrum.x[0]
    assert spectrum.x[spectrum.y[0].argmax()] == pytest.approx(f0)
    near = np.abs(spectrum.x - f0) < 1.5 * df
    assert spectrum.y[0][near].sum() * df == pytest.approx(amplitude**2 / 2, rel=0.01)
    assert spectrum.y[0][~near].sum() * df < 1e-3 * amplitude**2
    cov = covariance(s, dt, 1)
    assert cov.y[0] / cov.y[0, 0] == pytest.approx(np.cos(2 * np.pi * f0 * cov.x), abs=0.05)
    e_time, integral = decay_times(cov.x, cov.y)
    assert e_time[0] == pytest.approx(np.arccos(np.exp(-1)) / (2 * np.pi * f0), rel=0.02)
    assert integral[0] == pytest.approx(np.sin(np.arccos(0.05)) / 0.95 / (2 * np.pi * f0), rel=0.03)


def test_square_wave_has_odd_harmonics_only():
    period, dt = 64, 0.1
    start = np.random.default_rng(1).integers(0, period, (128, 1))
    s = ((np.arange(4096) + start) // (period // 2) % 2).astype(float)
    spectrum = power_spectrum(s, dt, 1)
    tone = 512 // period
    power = [spectrum.y[0][k * tone - 2 : k * tone + 1].sum() for k in (1, 2, 3, 5)]
    # a sampled square wave: |c_k|^2 ~ 1 / sin^2(pi k / period)
    exact = [1 / np.sin(np.pi * k / period) ** 2 for k in (3, 5)]
    first = 1 / np.sin(np.pi / period) ** 2
    assert power[1] < 1e-6 * power[0]
    assert [power[2] / power[0], power[3] / power[0]] == pytest.approx([e / first for e in exact], rel=1e-3)


def test_records_that_are_too_short_give_no_curve():
    assert power_spectrum(np.ones((3, 12)), 0.3, 1).x.size == 0
    lag = np.arange(5) * 0.3
    assert np.isnan(decay_times(lag, np.ones((1, 5)))[0][0])
    assert np.isnan(decay_times(lag, np.zeros((1, 5)))[0][0])


def test_tail_of_circulation_does_not_see_the_end_of_the_records():
    # true times: short loops of about 1 s, and a tail of 20 s; records of 60 s cut many of them
    rng = np.random.default_rng(2)
    long = rng.random(200_000) < 0.4
    time = np.where(long, 2.0 + rng.exponential(20.0, long.size), rng.uniform(0.5, 2.0, long.size))
    cut = rng.uniform(0.0, 60.0, time.size)
    count = lambda x: np.histogram(x, RESIDENCE_EDGES)[0][None]  # noqa: E731
    returns, waiting = count(time[time <= cut]), count(cut[time > cut])
    tau, start, misfit = fit_tail(returns, waiting)
    assert tau[0] == pytest.approx(20.0, rel=0.02) and misfit[0] < 0.02 and start[0] > 2.0
    naive = time[(time <= cut) & (time > start[0])].mean() - start[0]
    assert naive < 16.0, "the completed times alone are too short"
    at = np.searchsorted(RESIDENCE_EDGES, 22.0) - 1
    assert survival(returns, waiting)[0, at] == pytest.approx(0.4 / np.e, rel=0.03)
    assert np.isnan(fit_tail(np.zeros((1, 360)), waiting)[0][0])


def test_plane_is_crossed_only_when_the_dead_band_is_passed():
    assert planes_between([3.9, 0.9]) == [(pytest.approx(2.4), pytest.approx(0.3))]
    assert planes_between([0.9]) == []
    dt = 0.3
    t = np.arange(1000) * dt
    z = np.stack([2.4 + np.sin(2 * np.pi * t / 30.0), 2.4 + 0.2 * np.sin(2 * np.pi * t / 30.0), np.full(t.size, 2.4)])
    first, cell, time = crossing_times(z, dt, 2.4, 0.3)
    assert set(first) == set(cell) == {0} and time.size >= 17 and first.size == time.size + 1
    assert time == pytest.approx(15.0, abs=0.31)
