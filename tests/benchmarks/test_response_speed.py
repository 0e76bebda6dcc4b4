"""Time of the response on two cores, compilation excluded: `python -m pytest tests/benchmarks -s`."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

from rushton.physiology import get_model
from rushton.response.drive import run_histories
from rushton.response.stitch import Records
from rushton.response.surroundings import surroundings

pytestmark = pytest.mark.benchmark


def test_200_histories_of_80_h_in_50_seconds():
    """Nine pools, 200 histories x 960,000 samples from 20,000 lifelines of 600 s."""
    random = np.random.default_rng(1)
    ratio = np.sort(1.0 / (1.0 + np.exp(3.2 - 5.2 * random.standard_normal(100_000))))  # mesh cells, starving first
    codes = np.empty((20_000, 2000), np.int32)
    x, memory = random.standard_normal(len(codes)), np.exp(-0.3 / 10.0)
    for n in range(codes.shape[1]):
        codes[:, n] = np.minimum(ndtr(x) * ratio.size, ratio.size - 1)
        x = memory * x + np.sqrt(1.0 - memory**2) * random.standard_normal(len(codes))
    records = Records(codes, 0.3, ratio)
    model, regimes = get_model("penicillium_tang2017"), SimpleNamespace(starvation=0.05, excess=0.95)
    around = surroundings(model, ratio, 1600e-6 / 3.6, 7.8e-6)

    def respond(histories, hours):
        settings = SimpleNamespace(histories=histories, duration=3600.0 * hours, join_tolerance=0.02)
        return run_histories(model, records, around, settings, regimes, records.mean, seed=1)

    respond(2, 1.0)  # compiles
    wall, cpu = time.perf_counter(), time.process_time()
    response = respond(200, 80.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    steps = 200 * response.duration / response.dt
    print(f"\n{wall:.1f} s wall, {cpu:.1f} CPU s, {1e6 * cpu / steps:.2f} us per cell and sample")
    assert wall <= 50.0
    assert 1e6 * cpu / steps <= 0.5
