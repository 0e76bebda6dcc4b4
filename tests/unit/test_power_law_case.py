"""A broth that is not water, from the case file to the flow."""

import tomllib

import numpy as np
import pytest

from rushton.case import case_from_dict
from rushton.case.advice import advise
from rushton.case.resolved import write_resolved
from rushton.errors import CaseError
from rushton.flow import Flow, solve_flow

LAW = {"law": "power-law", "consistency": "0.5 Pa s^n", "index": 0.4}


@pytest.fixture
def data(cases_folder):
    out = tomllib.loads((cases_folder / "rushton_bench.toml").read_text(encoding="utf-8"))
    return out | {"numerics": {"mesh_cells": 6000}}


def with_viscosity(data, viscosity):
    return case_from_dict(data | {"broth": {"viscosity": viscosity}})


def test_the_viscosity_is_that_at_the_impeller_by_metzner_and_otto(data):
    broth = with_viscosity(data, LAW).broth
    rate = 11.5 * 200.0 / 60.0
    assert broth.viscosity == pytest.approx(0.5 * rate**-0.6, rel=1e-3)
    assert broth.power_law.at(1e9) == 1e-3 and broth.power_law.at(1e-9) == 100.0


@pytest.mark.parametrize("written", ["0.5 Pa s^n", "0.5 Pa.s^0.4", "500 mPa s^0.4", "0.5 Pa*s**n"])
def test_the_unit_of_the_consistency_may_hold_the_index(data, written):
    assert with_viscosity(data, LAW | {"consistency": written}).broth.power_law.consistency == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"consistency": "0.5 Pa s^0.5"}, "is for a flow behaviour index of 0.5, but index = 0.4"),
        ({"consistency": "0.5 Pa s"}, "is not a unit of a consistency"),
        ({"consistency": 0.5}, "is not a number with a unit"),
        ({"index": 0.0}, "out of range"),
        ({"law": "casson"}, "is not a choice"),
        ({"min": "1 Pa s", "max": "10 mPa s"}, "exchange min and max"),
    ],
)
def test_a_wrong_law_is_refused_in_words(data, change, words):
    with pytest.raises(CaseError, match=words) as found:
        with_viscosity(data, LAW | change)
    assert found.value.where.startswith("broth.viscosity.")


def test_the_law_survives_the_resolved_case_and_comes_from_the_library(data):
    case = with_viscosity(data, LAW)
    assert case_from_dict(tomllib.loads(write_resolved(case))) == case
    named = case_from_dict(data | {"broth": {"name": "penicillium_17g_L"}})
    # Goudar et al. 1999: 0.25 Pa s at 50 1/s
    assert named.broth.power_law.at(50.0) == pytest.approx(0.25, rel=0.1)
    own = case_from_dict(data | {"broth": {"name": "penicillium_17g_L", "viscosity": "2 mPa s"}})
    assert own.broth.power_law is None and own.broth.viscosity == pytest.approx(2e-3)


def test_a_mycelial_broth_is_thin_at_the_impeller_and_thick_far_from_it(data, tmp_path):
    case = with_viscosity(data, LAW)
    assert any("shear-thinning" in text for text in advise(case).warnings)
    flow = solve_flow(case)
    n, mesh = flow.numbers, flow.mesh
    assert n.reynolds_regime == "transitional" and "not to be trusted" in n.message
    assert n.reynolds == pytest.approx(1000.0 * n.speed * 0.093**2 / n.viscosity, rel=0.01)
    mu = flow.apparent_viscosity
    assert mu[~mesh.solid].min() >= 1e-3 and mu[~mesh.solid].max() <= 100.0
    imp = case.impellers[0]
    near = np.abs(mesh.z_centre - imp.clearance) < 0.5 * imp.blade_height
    swept = mu[(mesh.r_centre > 0.35 * imp.diameter) & (mesh.r_centre < 0.5 * imp.diameter)][..., near].mean()
    top = mu[..., mesh.z_centre > 0.9 * case.tank.liquid_height]
    assert np.median(top[top > 0.0]) > 5.0 * swept
    part = flow.summary()
    assert part["viscosity_at_impeller_Pa_s"] < part["median_viscosity_Pa_s"]
    assert part["median_viscosity_Pa_s"] < part["viscosity_exceeded_by_a_tenth_Pa_s"]
    flow.save(tmp_path / "flow")
    np.testing.assert_array_equal(Flow.load(tmp_path / "flow").apparent_viscosity, mu)


def test_index_one_gives_the_flow_of_the_newtonian_liquid(data):
    law = with_viscosity(data, {"law": "power-law", "consistency": "0.001 Pa s^n", "index": 1.0})
    a, b = solve_flow(law), solve_flow(with_viscosity(data, "1 mPa s"))
    assert a.numbers.power_number == b.numbers.power_number
    np.testing.assert_array_equal(a.flux_r, b.flux_r)
    assert b.summary()["median_viscosity_Pa_s"] is None
