"""E. coli of Xu 1999 and Anane 2017 against values recomputed independently from the same equations.

The numbers are those of public re-implementations (see the two model files), not of the printed papers.
"""

from __future__ import annotations

import numpy as np
import pytest

from rushton.physiology import get_model
from rushton.physiology.well_mixed import Supply, VesselState, chemostat, fed_batch, run_vessel

# S, A in g/L -> q_S, net q_A, mu, q_O2 in mmol/(g h): set HEB
XU_1999 = [
    (0.01, 0.0, 0.21667, 0.0, 0.09010, 3.6194),
    (0.1, 0.0, 0.86667, 0.0, 0.42160, 12.0286),
    (1.0, 0.0, 1.23810, 0.05217, 0.57669, 15.6),
    (10.0, 0.0, 1.29353, 0.08249, 0.58501, 15.6),
    (0.01, 0.1, 0.21242, -0.04, 0.10393, 4.2579),
    (10.0, 1.0, 1.07794, 0.09647, 0.46585, 12.48),
]

RUH = {
    "qOmax": 15.0, "qAmax": 0.15, "Yxs_ox": 0.50, "YOS": 33.3, "YOA": 33.3, "C_x": 1.0 / 24.6,
    "O_crit": 0.02 * 0.2095,
}  # fmt: skip


@pytest.fixture(scope="module")
def xu():
    return get_model("ecoli_xu1999", uptake="own")


@pytest.fixture(scope="module")
def anane():
    return get_model("ecoli_anane2017", uptake="own")


@pytest.mark.parametrize(("S", "A", "q_S", "q_A", "mu", "q_O2"), XU_1999)
def test_rates_of_xu_1999(xu, S, A, q_S, q_A, mu, q_O2):
    _, rates = xu.evaluate(xu.environment_vector(C_s=S, C_A=A), np.zeros(0))
    assert rates["q_s"] == pytest.approx(q_S, abs=1e-5)
    assert rates["q_A"] == pytest.approx(q_A, abs=1e-5)
    assert rates["mu"] == pytest.approx(mu, abs=1e-5)
    assert rates["q_O2"] == pytest.approx(q_O2, abs=1e-4)


@pytest.mark.parametrize("parameters", [{}, RUH])
def test_electrons_of_xu_1999_close(parameters):
    """Oxygen taken up is the carbon dioxide given off by respiration, mol for mol, to the digits of the yields.

    Glucose and acetate have 1/30 mol carbon per g and the reduction 4 per carbon, so burning them has RQ one; a third
    of the glucose that overflows to acetate leaves as carbon dioxide without oxygen.
    """
    model = get_model("ecoli_xu1999", parameters, "own")
    for S, A in [(0.02, 0.0), (0.1, 0.5), (5.0, 0.0)]:
        _, rates = model.evaluate(model.environment_vector(C_s=S, C_A=A), np.zeros(0))
        fermented = max(rates["q_A"], 0.0) / 0.667 * (1.0 - 0.667) * 1e3 / 30.0
        assert rates["q_CO2"] - fermented == pytest.approx(rates["q_O2"], rel=2e-3)


def test_overflow_begins_where_respiration_is_full(xu):
    """At the critical uptake oxygen stands at its cap; above it mu climbs by the poor yield only."""
    imposed = xu.with_uptake("imposed")
    q = np.linspace(0.05, 1.3, 400)
    found = np.array([list(imposed.evaluate(imposed.environment_vector(x), np.zeros(0))[1].values()) for x in q])
    mu, oxygen, acetate = found[:, 1], found[:, 3], found[:, 5]
    critical = (15.6 / 33.34375 - 0.04 * 0.612) / (1.0 - 0.612)
    assert np.all((acetate > 0.0) == (q > critical))
    assert oxygen.max() == pytest.approx(15.6)
    slope = np.gradient(mu, q)
    np.testing.assert_allclose(slope[q < critical - 0.01], 0.51, atol=1e-9)
    np.testing.assert_allclose(slope[q > critical + 0.01], 0.15, atol=1e-9)


def test_without_oxygen_all_overflows():
    model = get_model("ecoli_xu1999", RUH, "own")
    ample = model.evaluate(model.environment_vector(C_s=0.05, C_O2=0.1), np.zeros(0))[1]
    none = model.evaluate(model.environment_vector(C_s=0.05, C_O2=0.0), np.zeros(0))[1]
    short = model.evaluate(model.environment_vector(C_s=0.05, C_O2=0.9 * 0.02 * 0.2095), np.zeros(0))[1]
    assert ample["q_A"] == 0.0 and ample["q_O2"] > 8.0
    for starved in (none, short):
        assert starved["q_O2"] < 0.01 and starved["q_A"] > 0.3 and starved["mu"] < 0.4 * ample["mu"]


# t in h -> X, S, A in g/L, DOT in %
ANANE_BATCH = {
    4: (0.6054, 4.1073, 0.0749, 87.42),
    6: (1.1297, 3.1286, 0.1270, 77.98),
    8: (2.0580, 1.4169, 0.1998, 62.64),
    10: (2.9550, 0.0, 0.0112, 90.95),
}


def test_batch_of_anane_2017(anane):
    start = VesselState(np.zeros(0), {"C_s": 4.94, "C_A": 0.0129, "DOT": 98.0}, 0.17e-3)
    run = run_vessel(anane, start, [Supply(10 * 3600.0, 0.0, {}, {"DOT": (220.0, 99.0)})], sample=3600.0)
    for hour, (X, S, A, DOT) in ANANE_BATCH.items():
        assert run.time[hour] == pytest.approx(hour * 3600.0)
        assert 1e3 * run.biomass[hour] == pytest.approx(X, abs=1e-4)
        assert run.concentration["C_s"][hour] == pytest.approx(S, abs=1e-4)
        assert run.concentration["C_A"][hour] == pytest.approx(A, abs=1e-4)
        assert run.concentration["DOT"][hour] == pytest.approx(DOT, abs=1e-2)


def test_anane_without_oxygen_does_not_respire(anane):
    _, rates = anane.evaluate(anane.environment_vector(C_s=1.0, DOT=0.0), np.zeros(0))
    assert rates["q_A"] > 0.0 and rates["q_O2"] < 0.02 and rates["mu"] < 0.05


@pytest.mark.parametrize("name", ["xu", "anane"])
def test_chemostat_closes_its_balances(name, request):
    """mu = D at rest; glucose, acetate and oxygen are what the cells and the gas make of the feed."""
    model = request.getfixturevalue(name)
    oxygen = "C_O2" if name == "xu" else "DOT"
    full = 0.21 if name == "xu" else 100.0
    run = chemostat(model, 0.2, {"C_s": 10.0}, 200.0, transfer={oxygen: (400.0, full)}, start={oxygen: full})
    x, rates = run.biomass[-1], {k: v[-1] for k, v in run.rates.items()}
    assert rates["mu"] == pytest.approx(0.2, rel=1e-5)
    assert 0.2 * (10.0 - run.concentration["C_s"][-1]) == pytest.approx(rates["q_s"] * x * 1e3, rel=1e-4)
    assert 0.2 * run.concentration["C_A"][-1] == pytest.approx(rates["q_A"] * x * 1e3, abs=1e-6)
    uptake = rates["q_O2"] * x * (1e3 if name == "xu" else 1e3 * 14_000.0)
    assert 400.0 * (full - run.concentration[oxygen][-1]) == pytest.approx(
        uptake + 0.2 * run.concentration[oxygen][-1], rel=1e-4
    )


@pytest.mark.parametrize("name", ["xu", "anane"])
def test_exponential_fed_batch_grows_at_its_set_rate(name, request):
    """F = F0 exp(0.15 t) on a culture at rest at that uptake keeps mu at 0.15 1/h, and no mass is lost."""
    model = request.getfixturevalue(name)
    oxygen, full = ("C_O2", 0.21) if name == "xu" else ("DOT", 100.0)
    rest = chemostat(model, 0.15, {"C_s": 10.0}, 200.0, transfer={oxygen: (2000.0, full)}, start={oxygen: full}).end
    dilution = 0.15 * (10.0 - rest.concentration["C_s"]) / 500.0  # brings as much as the chemostat ate
    run = fed_batch(model, rest, 0.15, {"C_s": 500.0}, dilution, 10.0, {oxygen: (2000.0, full)})
    amount = run.biomass * run.volume
    np.testing.assert_allclose(np.log(amount / amount[0]), 0.15 * run.time / 3600.0, atol=2e-2)
    assert run.volume[-1] == pytest.approx(1.0 + dilution / 0.15 * (np.exp(1.5) - 1.0), rel=1e-5)
