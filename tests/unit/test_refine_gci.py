"""Grid convergence index on series whose error is known."""

from __future__ import annotations

import math

import pytest

from rushton.refine.gci import HIGHEST_ORDER, SAFETY, converge, observed_order
from rushton.refine.members import half_range

CELLS = (100_000.0, 45_000.0, 21_000.0)


def series(order: float, error: float = 0.1, exact: float = 5.0, cells: tuple[float, ...] = CELLS) -> tuple[float, ...]:
    """exact + error (h/h1)^order on grids of so many mesh cells."""
    return tuple(exact + error * (cells[0] / n) ** (order / 3.0) for n in cells)


@pytest.mark.parametrize("order", [0.7, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("cells", [CELLS, (303_000.0, 101_000.0, 20_832.0)], ids=["even", "uneven"])
def test_the_order_of_a_clean_series_is_found(order: float, cells: tuple[float, float, float]) -> None:
    """Also where the two refinement ratios differ, which is what q(p) is for."""
    f = series(order, cells=cells)
    found = converge(f, cells)
    assert found.behaviour == "monotone"
    assert found.order == pytest.approx(order, rel=1e-6)
    assert found.extrapolated == pytest.approx(5.0, rel=1e-9)
    assert found.band == pytest.approx(SAFETY * 0.1, rel=1e-6)


def test_the_example_of_celik() -> None:
    """Table 1 of the paper: 18000, 8000, 4500 cells in two dimensions, phi 6.063, 5.972, 5.863: p = 1.53, GCI 2.2 %."""
    r21, r32 = 1.5, 8000**0.5 / 4500**0.5
    assert observed_order(5.972 - 6.063, 5.863 - 5.972, r21, r32) == pytest.approx(1.53, abs=0.01)
    # the same ratios in three dimensions
    found = converge((6.063, 5.972, 5.863), (r21**3 * r32**3, r32**3, 1.0))
    assert found.extrapolated == pytest.approx(6.1685, abs=5e-4)
    assert found.band / 6.063 == pytest.approx(0.022, abs=5e-4)


def test_too_high_an_order_does_not_shrink_the_band() -> None:
    f = series(6.0, error=0.001)
    found = converge(f, CELLS)
    assert found.order == pytest.approx(6.0, rel=1e-6)
    r21 = (CELLS[0] / CELLS[1]) ** (1.0 / 3.0)
    assert found.band == pytest.approx(SAFETY * (f[1] - f[0]) / (r21**HIGHEST_ORDER - 1.0))


def test_oscillation_gives_the_range_of_the_three() -> None:
    found = converge((5.0, 5.1, 4.8), CELLS)
    assert found.behaviour == "oscillating"
    assert found.band == pytest.approx(0.3)


@pytest.mark.parametrize("f", [(5.0, 5.3, 5.4), (5.0, 5.3, 5.2)], ids=["one way", "back and forth"])
def test_grids_that_do_not_converge_are_said_and_get_a_wide_band(f: tuple[float, float, float]) -> None:
    found = converge(f, CELLS)
    assert found.behaviour == "diverging"
    assert found.order is None and found.extrapolated is None
    assert found.band == pytest.approx(3.0 * max(abs(f[1] - f[0]), abs(f[2] - f[0])))


def test_differences_below_the_noise_claim_no_order() -> None:
    found = converge((5.0, 5.001, 4.999), CELLS, noise=0.005)
    assert found.behaviour == "still"
    assert found.order is None
    assert found.band == pytest.approx(0.025)


def test_a_band_is_never_below_the_noise() -> None:
    f = series(2.0, error=1e-4)
    f = (f[0], f[1], f[2] + 0.2)
    assert converge(f, CELLS, noise=0.005).band >= 0.005 * f[0] * (1 - 1e-12)


def test_equal_values_give_no_error() -> None:
    assert converge((5.0, 5.0, 5.0), CELLS).band == 0.0
    assert converge((0.0, 0.0, 0.0), CELLS, noise=0.01).band == 0.0
    assert math.isinf(observed_order(0.0, 1.0, 1.3, 1.3))
    assert converge((5.0, 5.0, 5.1), CELLS).band >= 0.0


def test_half_range_holds_the_base() -> None:
    assert half_range(5.0, {"low": 4.9, "high": 5.3}) == pytest.approx(0.2)
    assert half_range(5.0, {"low": 5.1, "high": 5.3}) == pytest.approx(0.15)
