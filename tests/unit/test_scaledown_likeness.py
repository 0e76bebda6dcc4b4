"""What cells of tank and rig meet and hold beside the distance: exact cases."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.case.schema import Regimes
from rushton.lifelines.regimes import signal_statistics
from rushton.scaledown.likeness import likeness, likeness_table, median_depth, of_spectrum

STEP = 0.3


def square(period, low, high, n=4000):
    return np.where((np.arange(n) * STEP) % period < 0.5 * period, high, low)


def test_a_wave_has_its_variance_at_its_period():
    t = STEP * np.arange(4000)
    for period, name in ((1.5, "variance_below_3_s"), (10.0, "variance_3_to_30_s"), (60.0, "variance_above_30_s")):
        shares = of_spectrum((0.5 + 0.4 * np.sin(2.0 * np.pi * t / period))[None, :], STEP)
        assert shares[name] > 0.95 and sum(shares.values()) == pytest.approx(1.0)
    assert set(of_spectrum(np.zeros((0, 0)), STEP).values()) == {None}
    assert set(of_spectrum(np.full((1, 100), 0.5), STEP).values()) == {None}


def test_median_of_a_depth_is_that_of_the_counts():
    counts = np.zeros(60, int)
    counts[40] = 3  # 1e-2 to 1.26e-2
    assert 1e-2 < median_depth(counts) < 1.26e-2
    assert median_depth(np.zeros(60, int)) is None


def test_tank_and_rig_stand_side_by_side():
    regimes = Regimes()
    tank, rig = (signal_statistics(square(20.0, low, 0.999)[None, :], STEP, regimes) for low in (0.001, 0.02))
    signals = (square(20.0, 0.001, 0.999)[None, :], STEP), (square(20.0, 0.02, 0.999, 12000), STEP / 3.0)
    found = likeness(tank, rig, *signals, ({"x": 2.0, "y": 1.0}, {"x": 3.0}))
    assert found["pool_x"] == (2.0, 3.0) and found["pool_y"] == (1.0, None)
    assert found["low_of_starvation"][0] < 0.002 < 0.015 < found["low_of_starvation"][1]
    assert found["peak_of_excess"][0] == found["peak_of_excess"][1] > 0.99
    assert found["stay_ELS_s"][0] is not None
    table = likeness_table([("str-pfr", found), ("other", {})]).splitlines()
    assert table[0] == "measure,tank,str-pfr,other" and "pool_x,2,3," in table
