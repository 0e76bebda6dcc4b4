"""Units of cell models: every model is filled from mol/kg and read in mol/(kg s), whatever its paper prints."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rushton.errors import ModelError
from rushton.physiology import get_model, model_names
from rushton.physiology.quantities import MOLAR_MASS, Quantity, Surrounding, concentration_per_mol_kg, rate_to_si


@pytest.mark.parametrize(
    ("unit", "species", "value"),
    [
        ("mol/kg", "anything", 1.0),
        ("mmol/L", "oxygen", 1100.0),
        ("g/L", "glucose", 180.156 * 1.1),
        ("g/kg", "acetate", 60.052),
        ("mg/L", "oxygen", 31998 * 1.1),
        ("g/L", "biomass", 1100.0),  # told in kg per kg
    ],
)
def test_concentrations_from_mol_per_kg(unit, species, value):
    assert concentration_per_mol_kg(unit, species, density=1100.0) == pytest.approx(value)


def test_percent_needs_what_is_full():
    assert Surrounding("C_O2", "%", "oxygen", 100.0, "oxygen", saturation=2e-4).per_mol_kg() == pytest.approx(5e5)
    with pytest.raises(ModelError, match="oxygen is given in % without what 100 % is(.|\n)*Give `saturation`"):
        Surrounding("C_O2", "%", "oxygen", 100.0, "oxygen").per_mol_kg()


@pytest.mark.parametrize(
    ("unit", "species", "si"),
    [
        ("mol/(Cmol h)", "glucose", 1.0 / (3600.0 * 0.0246)),
        ("g/(g h)", "glucose", 1.0 / (3600.0 * 0.180156)),
        ("mmol/(g h)", "oxygen", 1.0 / 3600.0),
        ("umol/(gdw h)", "oxygen", 1e-3 / 3600.0),
        ("mol/(kg s)", "oxygen", 1.0),
        ("1/h", "", 1.0 / 3600.0),
    ],
)
def test_rates_to_si(unit, species, si):
    assert rate_to_si(unit, species, 0.0246) == pytest.approx(si)


def test_what_is_no_rate_has_no_factor():
    assert rate_to_si("umol/gdw", "", 0.0246) is None
    assert rate_to_si("-", "", 0.0246) is None


def test_unknown_units_and_species_are_refused():
    with pytest.raises(ModelError, match="unknown unit of concentration 'lb/gal'(.|\n)*Known: mol/kg"):
        concentration_per_mol_kg("lb/gal", "glucose")
    with pytest.raises(ModelError, match="molar mass of 'vodka' is not known(.|\n)*Write the model in moles"):
        rate_to_si("g/(g h)", "vodka", 0.0246)
    wrong = dataclasses.replace(get_model("monod"), reported=(Quantity("q_s", "mol/Cmol", "uptake", "substrate", -1),))
    with pytest.raises(ModelError, match="q_s: 'mol/Cmol' is no unit of a specific rate"):
        wrong.uptake_per_mol_kg_s  # noqa: B018 - the point of the test


@pytest.mark.parametrize("name", model_names())
def test_every_model_speaks_si(name):
    """There and back: uptake of the case, concentrations by species, rates; what is traded is felt where it can be."""
    model = get_model(name)
    q_max = 4e-4  # mol/(kg s)
    around = model.surroundings_from_mol_kg({"substrate": 1e-4, "oxygen": 2e-4, "unheard_of": 1.0})
    assert set(around) <= set(model.environment_names) and "C_s" in around
    reported = model.reported_vector(
        model.environment_vector(q_max * model.uptake_per_mol_kg_s, **around), np.array(model.start)
    )
    si = model.si_rates(reported)
    assert si["q_s"] == pytest.approx(q_max)
    assert si["mu"] == pytest.approx(reported[1] / 3600.0)
    exchange = model.exchange_from(reported)
    assert exchange[model.substrate] == pytest.approx(-q_max)
    assert [t.surrounding for t in model.trades if t.species == model.substrate] == [1]
    for trade in model.trades:
        assert abs(model.reported[trade.reported].trade) == 1
        if trade.surrounding >= 0:
            assert model.environment[trade.surrounding].species == trade.species
    assert all(s.per_mol_kg() > 0.0 for s in model.environment[1:] if s.unit != "1/h")


def test_substrate_by_its_own_name_comes_first():
    model = get_model("penicillium_tang2017")
    assert model.surroundings_from_mol_kg({"glucose": 3e-6, "substrate": 1.0})["C_s"] == pytest.approx(3e-6)
    assert model.surroundings_from_mol_kg({"phenylacetate": np.array([1e-3, 2e-3])})["C_PAA"].shape == (2,)


def test_pools_are_no_rates():
    model = get_model("penicillium_tang2017")
    si = model.si_rates(np.ones((4, len(model.reported))))
    assert "X_ATP" not in si and si["q_p"].shape == (4,)
    assert si["q_p"][0] == pytest.approx(1.0 / (3600.0 * 28.05e-3))


def test_molar_masses_are_plausible():
    assert all(0.015 < m < 0.4 for name, m in MOLAR_MASS.items() if name != "biomass")


def test_within_a_broth_the_surroundings_are_its_own():
    """Biomass of the broth takes the place of the default; what is not known keeps its default."""
    model = get_model("yeast_lei2001").within({"biomass": 0.05, "unheard_of": 1.0}, density=1040.0)
    assert model.environment_vector()[model.environment_names.index("C_x")] == pytest.approx(52.0)
    assert model.environment_vector()[model.environment_names.index("C_eth")] == 0.0
    assert get_model("yeast_lei2001").environment_vector()[3] == pytest.approx(7.2)
