"""The shelf of strains: every one is a model that exists, with parameters that it knows and an uptake like its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

import rushton.case
from rushton.physiology import get_model, model_names

SHELF = Path(rushton.case.__file__).parent / "library"
STRAINS = tomllib.loads((SHELF / "strains.toml").read_text(encoding="utf-8"))
MODELS = tomllib.loads((SHELF / "models.toml").read_text(encoding="utf-8"))


def test_the_shelf_lists_the_models_that_exist():
    assert set(MODELS) == set(model_names())
    for entry in MODELS.values():
        assert entry["title"] and entry["source"]


@pytest.mark.parametrize("name", STRAINS)
def test_a_strain_names_a_model_and_its_parameters(name):
    strain = STRAINS[name]
    assert strain["title"] and strain["source"] and strain["uptake"]["law"] == "monod"
    model = get_model(strain["model"], strain.get("parameters", {}))
    assert model.substrate in (strain["substrate"], "substrate")


@pytest.mark.parametrize("name", ["ecoli_xu", "ecoli_ruh", "ecoli_anane", "yeast_lei", "ecoli_adaptation"])
def test_the_field_eats_what_the_cell_would(name):
    """The Monod law of the field is within 10 % of the model's own, up to twice the half-saturation."""
    strain = STRAINS[name]
    model = get_model(strain["model"], strain.get("parameters", {}), "own")
    q_max = float(strain["uptake"]["max"].split()[0])
    half = float(strain["uptake"]["half_saturation"].split()[0]) * 1e-3
    state = np.array(model.start)
    if name == "yeast_lei":
        state = np.array([3.5e-4, 3e-10, 6e-8, 0.4436, 0.01326])  # at D = 0.30 1/h
    for S in (half, 2.0 * half):
        rates = model.evaluate(model.environment_vector(C_s=S), state)[1]
        assert q_max * S / (half + S) == pytest.approx(rates["q_s"], rel=0.10)
