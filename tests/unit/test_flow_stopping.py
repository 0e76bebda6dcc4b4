"""When the flow iteration may stop: torque balanced, every impeller's power and flow number at rest."""

import numpy as np
import pytest

from rushton.flow.rans import PATIENCE, STALLED_TOLERANCE, WINDOW, Monitor, steady


def monitors(np_low, np_high, imbalance=0.001, nq=(0.75, 0.75)):
    return [
        Monitor(2, i + 1, (a, b), nq, imbalance, 1e-3) for i, (a, b) in enumerate(zip(np_low, np_high, strict=True))
    ]


def test_two_impellers_at_rest_are_steady():
    assert steady(monitors(np.full(WINDOW, 5.6), np.full(WINDOW, 5.2)), finest=True)


def test_changes_that_cancel_in_the_sum_are_not_steady():
    drift = np.linspace(0.0, 0.1, WINDOW)
    assert not steady(monitors(5.6 + drift, 5.2 - drift), finest=True)


@pytest.mark.parametrize(
    ("imbalance", "finest", "expected"), [(0.02, True, False), (0.015, False, True), (-0.02, True, False)]
)
def test_torque_must_balance_and_coarse_grids_may_be_looser(imbalance, finest, expected):
    at_rest = monitors(np.full(WINDOW, 5.6), np.full(WINDOW, 5.2), imbalance)
    assert steady(at_rest, finest) is expected


def test_a_surging_flow_may_stop_within_the_stated_bar_but_not_before():
    def of(n, imbalance):
        return monitors(np.full(n, 5.6), np.full(n, 5.2), imbalance)

    assert STALLED_TOLERANCE < 0.01
    assert not steady(of(PATIENCE - 1, 0.009), finest=True)
    assert steady(of(PATIENCE, 0.009), finest=True)
    assert not steady(of(PATIENCE, 0.0099), finest=True)
