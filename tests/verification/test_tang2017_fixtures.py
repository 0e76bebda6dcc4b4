"""Tang 2017: chemostats and a glucose pulse against values recomputed independently from the same equations.

The numbers were obtained elsewhere with another code (BDF, relative tolerance 1e-7) from the equations in the
docstring of the model. Chemostat: feed 0.0895 mol/kg glucose and 5e-3 mol/kg PAA, 1500 h. Pulse: 350 umol/kg glucose
into a closed box with the culture of D = 0.05 1/h (feed 0.0833 mol/kg). Tolerance 1 %; concentrations 0.1 umol/kg
where that is larger.
"""

from __future__ import annotations

import numpy as np
import pytest

from rushton.physiology import get_model
from rushton.physiology.well_mixed import Supply, VesselState, chemostat, feast_famine, run_vessel

FEED = {"C_s": 0.0895, "C_PAA": 5e-3}

# D: mu, q_s, q_p, Cs mol/kg, Cx g/kg, gly, AA, sto, PAA, ATP, E11, E32, E4
CHEMOSTATS = {
    0.02: (0.0250, 0.0103, 4.034e-4, 6.127e-6, 4.881, 15.21, 920.8, 2786, 2.417, 6.396, 0.1028, 104.0, 0.0255),
    0.03: (0.0350, 0.0132, 4.375e-4, 6.817e-6, 5.716, 18.43, 927.4, 2672, 2.534, 7.173, 0.1235, 141.8, 0.0336),
    0.05: (0.0550, 0.0189, 4.059e-4, 9.661e-6, 6.649, 24.63, 931.2, 2652, 2.711, 7.889, 0.1463, 211.9, 0.0484),
    0.08: (0.0850, 0.0269, 1.792e-4, 2.815e-5, 7.452, 34.79, 927.0, 3054, 2.808, 8.272, 0.1397, 304.8, 0.0676),
}


@pytest.fixture(scope="module")
def model():
    return get_model("penicillium_tang2017")


@pytest.mark.parametrize("dilution", CHEMOSTATS)
def test_chemostat(model, dilution):
    run = chemostat(model, dilution, FEED)
    rates = {name: value[-1] for name, value in run.rates.items()}
    gly, AA, sto, PAA, E11, E32, E4, _ = run.end.cell
    found = (
        rates["mu"], rates["q_s"], rates["q_p"], run.end.concentration["C_s"], 1e3 * run.end.biomass,
        gly, AA, sto, PAA, rates["X_ATP"], E11, E32, E4,
    )  # fmt: skip
    np.testing.assert_allclose(found, CHEMOSTATS[dilution], rtol=0.01)


def test_washout(model):
    run = chemostat(model, 0.10, FEED)
    assert run.end.biomass < 1e-6
    assert run.rates["mu"][-1] == pytest.approx(0.0935, rel=0.01)


def test_glucose_pulse(model):
    before = chemostat(model, 0.05, {"C_s": 0.0833, "C_PAA": 5e-3}).end
    pulsed = VesselState(before.cell, {**before.concentration, "C_s": 350e-6}, before.biomass)
    run = run_vessel(model, pulsed, [Supply(400.0, 0.0, {})], sample=20.0)
    at = [int(t // 20) for t in (0, 60, 120, 160, 200, 360)]
    glucose = 1e6 * run.concentration["C_s"][at]
    np.testing.assert_allclose(glucose, (350, 214.9, 84.0, 10.7, 0.002, 0.0), rtol=0.01, atol=0.1)
    np.testing.assert_allclose(run.cell[at, 0], (24.63, 33.87, 36.84, 34.94, 10.08, 1.89), rtol=0.01)
    np.testing.assert_allclose(run.rates["mu"][at], (0.0550, 0.0828, 0.0906, 0.0855, 0.0110, 0.0), rtol=0.01, atol=5e-5)


def test_feast_famine_is_eaten_and_costs_product(model):
    """Cycles of 360 s with all feed in 36 s (de Jonge 2011): a prediction, held only to what must be true.

    Over a cycle at rest all glucose fed is eaten; the pools swing between feast and famine; the mean uptake equals the
    steady chemostat's, and product is lost within hours.
    """
    steady = chemostat(model, 0.05, FEED)
    run = feast_famine(model, steady.end, 0.05, FEED, cycles=60)
    eaten = np.trapezoid(run.rates["q_s"] * run.biomass, run.time) / 360.0 / model.molar_mass
    assert eaten == pytest.approx(0.05 * 0.0895, rel=0.02)
    gly = run.cell[:, 0]
    assert gly.max() > 30.0 > 10.0 > gly.min() >= 0.0
    assert 1e6 * run.concentration["C_s"].max() > 100.0
    assert np.all(run.cell >= 0.0)
    product = np.trapezoid(run.rates["q_p"], run.time) / 360.0
    assert 0.7 < product / steady.rates["q_p"][-1] < 0.9
