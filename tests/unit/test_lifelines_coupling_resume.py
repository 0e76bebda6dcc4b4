"""A two-way run that was interrupted goes on where it stopped, and can be made twice as long: the same bytes."""

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import coupling_exchange, follow, track_file
from rushton.lifelines.checkpoint import STATE
from rushton.lifelines.coupling import couple
from rushton.mesh import build_mesh
from rushton.transport import solve_substrate

CELLS = 200


@pytest.fixture(scope="module")
def tank(cases_folder):
    """E. coli that breathes and overflows, on 10 g/L of cells in a coarse aerated loop."""
    case = load_case(cases_folder / "lab_3L.toml")
    uptake = case.strain.uptake.model_copy(update={"max": 1.3 / 3600.0 / 0.18016, "half_saturation": 0.05 / 0.18016})
    strain = case.strain.model_copy(
        update={"model": "ecoli_xu1999", "parameters": {"qOmax": 8.0}, "uptake": uptake, "spread": {"qSmax": 0.1}}
    )
    case = case.model_copy(update={"strain": strain, "broth": case.broth.model_copy(update={"biomass": 10.0})})
    case = with_settings(case, duration=9.0)
    flow = recirculating_flow(build_mesh(case, 2000), 1.0, 0.5, nu_t=1e-5)
    fluid = ~flow.mesh.solid
    air = SimpleNamespace(
        oxygen=np.where(fluid, 0.2, 0.0), kla=np.where(fluid, 0.2, 0.0), oxygen_saturation=np.where(fluid, 0.3, 0.0),
        carbon_dioxide=np.where(fluid, 0.4, 0.0), carbon_dioxide_kla=np.where(fluid, 0.2, 0.0),
        carbon_dioxide_saturation=np.where(fluid, 0.35, 0.0), carbon_dioxide_supplied=np.where(fluid, 0.01, 0.0),
    )  # fmt: skip
    return case, flow, solve_substrate(case, flow), air


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch):
    """Three stored samples in a stretch, a state after each; a window that a run of seconds fills."""
    monkeypatch.setattr(track_file, "BUFFER_BYTES", 4 * CELLS * 3)
    monkeypatch.setattr(follow, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(coupling_exchange, "WARM_UP", 0.9)


def with_settings(case, **settings):
    settings = {"cells": CELLS, "coupling": "two-way", "full_records": 5} | settings
    return case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})


def run(tank, folder, stop=2.0, case=None, **where):
    """Result, and how far the run was when it first told of cells; broken off beyond ``stop`` of it."""
    folder.mkdir()
    told = []

    def progress(fraction, text):
        if "cells," in text or "going on" in text:
            told.append(fraction)
        if fraction > stop:
            raise KeyboardInterrupt

    given, flow, substrate, air = tank
    try:
        return couple(case or given, flow, substrate, folder, progress, air, threads=1, **where), told[0]
    except KeyboardInterrupt:
        return None, told[0]


def assert_same(a, b):
    assert a.tracks.read_bytes() == b.tracks.read_bytes()
    one, other = a.coupled, b.coupled
    for name in (
        "concentration",
        "uptake_ratio",
        "species",
        "ratio",
        "course",
        "pools",
        "states",
        "rates",
        "rate_spread",
    ):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.books == other.books and one.one_way == other.one_way
    for name in ("fed_mol", "eaten_mol", "taken_mol", "stored_mol", "unrest", "warm_up"):
        assert getattr(one, name) == getattr(other, name), name
    for mine, theirs in ((a.sample, b.sample), (a.half_length, b.half_length)):
        found, expected = mine.to_arrays(), theirs.to_arrays()
        assert all(found[name].tobytes() == array.tobytes() for name, array in expected.items())


@pytest.fixture(scope="module")
def whole(tank, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track_file, "BUFFER_BYTES", 4 * CELLS * 3)
        patch.setattr(coupling_exchange, "WARM_UP", 0.9)
        return run(tank, tmp_path_factory.mktemp("whole") / "it")[0]


@pytest.mark.parametrize("stop", [0.3, 0.8])  # before and after means are formed
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(tank, whole, tmp_path, stop):
    kept = tmp_path / "kept"
    assert run(tank, tmp_path / "a", stop, kept=kept)[0] is None
    result, first = run(tank, tmp_path / "b", kept=kept)
    assert first > stop - 0.15
    assert_same(result, whole)
    assert not kept.exists() and result.coupled.mass_balance_error < 1e-12


def test_a_state_of_another_run_is_not_used(tank, tmp_path):
    kept, case = tmp_path / "kept", tank[0]
    run(tank, tmp_path / "a", 0.5, kept=kept)
    content = (kept / STATE).read_bytes()
    strain = case.strain.model_copy(update={"parameters": {"qOmax": 8.1}})
    changes = (
        case.model_copy(update={"strain": strain}),
        case.model_copy(update={"broth": case.broth.model_copy(update={"biomass": 10.1})}),
        with_settings(case, slow_pools="at-rest"),
        with_settings(case, coupling="two-way", seed=3),
    )
    for n, other in enumerate(changes):
        kept.mkdir(exist_ok=True)
        (kept / STATE).write_bytes(content)
        assert run(tank, tmp_path / f"b{n}", 0.01, case=other, kept=kept)[1] < 0.1, n


def test_a_finished_run_is_made_at_least_twice_as_long(tank, whole, tmp_path):
    case = tank[0]
    run(tank, tmp_path / "short", case=with_settings(case, duration=4.5))
    result, first = run(tank, tmp_path / "long", earlier=[tmp_path / "short"])
    assert first >= 0.5
    assert_same(result, whole)
    run(tank, tmp_path / "longer", case=with_settings(case, duration=6.0))
    result, first = run(tank, tmp_path / "afresh", earlier=[tmp_path / "longer"])
    assert first < 0.1, "it ended in the last half, over which this one forms its means"
    assert_same(result, whole)
