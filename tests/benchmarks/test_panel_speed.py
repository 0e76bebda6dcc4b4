"""A strain panel on two cores, compilation excluded: `python -m pytest tests/benchmarks/test_panel_speed.py -s`."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from rushton.case.schema import Regimes
from rushton.physiology import get_model, register_model
from rushton.response.many import Subject, run_many
from rushton.response.surroundings import surroundings
from rushton.response.tracks import Tracks, histories

pytestmark = pytest.mark.benchmark

TOGETHER = 16
"""Strains side by side, as `rushton.study.panels` runs them."""


def test_200_strains_on_10000_lifelines_of_600_s_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two states, 200 x 10,000 x 2,000 steps of Heun, one uptake law; mesh cells as in a tank of 100,000."""
    random = np.random.default_rng(1)
    ratio = np.sort(1.0 / (1.0 + np.exp(3.2 - 5.2 * random.standard_normal(100_000))))
    index = np.empty((10_000, 2000), np.int32)
    x, memory = random.standard_normal(len(index)), np.exp(-0.3 / 10.0)
    for n in range(index.shape[1]):
        index[:, n] = np.minimum(ndtr(x) * ratio.size, ratio.size - 1)
        x = memory * x + np.sqrt(1.0 - memory**2) * random.standard_normal(len(index))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    register_model("two_state_model", "two_state_model")
    scale = random.uniform(0.5, 2.0, (200, 2))
    strains = [
        Subject(f"{n}", get_model("two_state_model", {"K": 0.02 * scale[n, 0], "d": 0.5 * scale[n, 1]}))
        for n in range(200)
    ]
    met = histories(Tracks(index, 0.3), ratio, 10_000, 600.0, Regimes(), 0.02, 1)
    around = surroundings(strains[0].model, ratio, 1600e-6 / 3.6, 7.8e-6)
    few = histories(Tracks(index[:32], 0.3), ratio, 32, 60.0, Regimes(), 0.02, 1)
    run_many(strains[:1], around, few, 1)  # compiles

    wall, cpu = time.perf_counter(), time.process_time()
    found = {}
    for first in range(0, len(strains), TOGETHER):
        found |= run_many(strains[first : first + TOGETHER], around, met, 1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"\n{wall:.1f} s wall, {cpu:.1f} CPU s, {cpu / (200 * index.size) * 1e9:.1f} ns per strain, cell and sample")
    assert len(found) == 200 and all(o.whole.shape == (10_000, 3) for o in found.values())
    assert wall <= 60.0
