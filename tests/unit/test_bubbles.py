"""Closures of bubbles: sizes, rise velocities and transfer coefficients of air in water."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.correlations import bubbles as b


def test_sizes_of_air_in_water() -> None:
    """1 W/kg, 5 % of gas: some millimetres in water, about one in salt solution; smaller where it is more turbulent."""
    assert b.sauter_coalescing(1.0, 0.05) == pytest.approx(3.93e-3, rel=0.01)
    assert b.sauter_noncoalescing(1.0, 0.05) == pytest.approx(0.81e-3, rel=0.01)
    assert b.sauter_coalescing(16.0, 0.05) < b.sauter_coalescing(1.0, 0.05)
    assert b.sauter_coalescing(1e-6, 0.3) == b.LARGEST
    assert b.sauter_noncoalescing(1e6, 1e-6) == b.SMALLEST


def test_rise_velocity_solves_its_drag_law() -> None:
    """Residual of the drag balance is nil; 0.1 mm follows Stokes nearly, 1 to 10 mm rise at 0.1 to 0.3 m/s."""
    d, nu = np.array([1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]), 1e-6
    u = b.rise_velocity(d, nu)
    eo, re = 1000 * 9.81 * d**2 / b.SURFACE_TENSION, u * d / nu
    drag = np.maximum(24 / re * (1 + 0.15 * re**0.687), 8 / 3 * eo / (eo + 4))
    np.testing.assert_allclose(0.75 * drag * u**2, 9.81 * d, rtol=1e-6)
    assert u[0] == pytest.approx(9.81 * d[0] ** 2 / 18e-6, rel=0.01)
    assert np.all((u[3:] > 0.08) & (u[3:] < 0.32))


def test_turbulence_holds_bubbles_back() -> None:
    """Nothing in still liquid, a third to two thirds of the velocity for 3 mm at 1 W/kg, never below zero."""
    assert b.turbulent_slip(0.25, 3e-3, 1e-12, 1e-6) == pytest.approx(0.25, rel=1e-3)
    assert 0.3 < b.turbulent_slip(0.25, 3e-3, 1.0, 1e-6) / 0.25 < 0.67


def test_transfer_coefficients() -> None:
    """kL by eddies at 1 W/kg in water is 5.8e-4 m/s; by penetration of the order of 4e-4 for 4 mm at 0.2 m/s."""
    assert b.transfer_eddy(1.0, 1e-6) == pytest.approx(0.4 * 1e-6**0.25 * (1e-6 / 2.1e-9) ** -0.5, rel=1e-12)
    assert b.transfer_eddy(1.0, 1e-6) == pytest.approx(5.8e-4, rel=0.01)
    assert b.transfer_higbie(0.2, 4e-3) == pytest.approx(3.66e-4, rel=0.01)
