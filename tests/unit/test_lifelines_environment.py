"""Scalars along lifelines: the right mesh cell at the right time, exact shares of time, complete excursions only."""

from __future__ import annotations

import csv
from dataclasses import replace
from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest

from rushton.case import Case, case_from_dict, load_case
from rushton.case.critical import Critical
from rushton.errors import CaseError, ResultsError
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import tracking
from rushton.lifelines.environment import LEVELS, Environment, bootstrap_band, excursions, surround, tank_scalars
from rushton.mesh import build_mesh


@pytest.fixture(scope="module")
def tank(cases_folder, tmp_path_factory):
    """A small tank: lifelines of 300 cells, a substrate and a gas that vary with height, the table of scalars."""
    case = load_case(cases_folder / "lab_3L.toml")
    settings = case.lifelines.model_copy(update={"cells": 300, "duration": 8.0, "full_records": 5})
    case = case.model_copy(update={"lifelines": settings})
    mesh = build_mesh(case, 4000)
    flow = recirculating_flow(mesh, 3.0, 0.02)
    height = (mesh.z_centre / mesh.z[-1])[None, None, :] * np.ones(mesh.shape)
    s = np.clip(1.6 * height**2 - 0.2, 0.0, 0.98)
    substrate = SimpleNamespace(name="glucose", uptake_ratio=s, concentration=7.8e-3 * s / (1.0 - s))
    gas = SimpleNamespace(oxygen=0.05 * (1.0 - height), carbon_dioxide=height, fraction=0.1 * height)
    lifelines = tracking.track(case, flow, substrate, tmp_path_factory.mktemp("lifelines"))
    scalars = tank_scalars(flow, substrate, gas, Critical(oxygen=0.02, shear_rate=1e9))
    volumes = mesh.volumes[~mesh.solid]
    return lifelines, scalars, volumes, surround(lifelines, scalars, volumes)


def test_a_scalar_is_read_where_the_cell_is(tank):
    lifelines, _, _, environment = tank
    records = lifelines.records()
    kept = slice(0, records.s.shape[0])
    np.testing.assert_allclose(environment.along(lifelines, "uptake_ratio", kept), records.s, atol=1e-5)
    apart = np.diff(np.unique(environment["height"].values)).max()  # of layers of slightly different thickness
    assert np.abs(environment.along(lifelines, "height", kept) - records.z).max() <= 0.6 * apart
    some = environment.along(lifelines, "oxygen", slice(50, 57))
    assert some.shape == (7, records.time.size) and some.dtype == np.float32
    whole = {}
    for cells, values in environment.blocks(lifelines, ("oxygen", "dissipation"), block=100):
        whole[cells.start] = values
    assert sorted(whole) == [0, 100, 200]
    np.testing.assert_array_equal(whole[0]["oxygen"][50:57], some)


def test_numbers_are_those_of_the_plain_records(tank):
    lifelines, scalars, volumes, environment = tank
    for n, name in enumerate(environment.names):
        values = environment.along(lifelines, name).astype(float)
        assert environment.mean[n] == pytest.approx(values.mean(), rel=1e-6)
        assert environment.mean_band[n, 0] <= environment.mean[n] <= environment.mean_band[n, 1]
        low, high = np.percentile(values, (45.0, 55.0))
        assert low <= environment.quantile(name, 50.0) <= high
        assert environment.volume_mean[n] == pytest.approx(np.average(scalars[n].values, weights=volumes), rel=1e-6)
    oxygen = environment.along(lifelines, "oxygen")
    crossing = environment.crossings["oxygen"]
    assert crossing.share == pytest.approx((oxygen < 0.02).mean(), abs=1e-9)
    assert crossing.band[0] < crossing.share < crossing.band[1]
    # the plain way: walk along every record
    stays = []
    for row in oxygen < 0.02:
        borders = np.flatnonzero(np.diff(row.astype(int)))
        stays += [b - a for a, b in zip(borders, borders[1:], strict=False) if row[a + 1]]
    assert crossing.count == len(stays) > 20
    assert crossing.mean_s == pytest.approx(np.mean(stays) * lifelines.sampling)
    hours = oxygen.size * lifelines.sampling / 3600.0
    assert crossing.per_hour == pytest.approx(len(stays) / hours)


def test_a_critical_value_that_nobody_meets(tank):
    crossing = tank[-1].crossings["shear_rate"]
    assert crossing.share == crossing.volume_share == crossing.count == crossing.per_hour == 0
    assert crossing.mean_s is None and crossing.p95_s is None


def test_excursions_are_complete_ones():
    beyond = np.array([[1, 1, 0, 1, 1, 1, 0, 1], [0, 1, 0, 0, 1, 1, 1, 1], [0] * 8, [1] * 8], bool)
    np.testing.assert_array_equal(excursions(beyond), [3, 1])
    assert excursions(np.zeros((2, 5), bool)).size == 0


def test_the_band_is_that_of_independent_groups():
    groups = np.random.default_rng(1).normal(5.0, 2.0, (40, 1))
    low, high = bootstrap_band(groups, seed=1)[0]
    assert high - low == pytest.approx(2 * 1.96 * groups.std() / np.sqrt(40), rel=0.1)
    assert np.isnan(bootstrap_band(groups[:1], seed=1)).all()


def test_saved_loaded_and_exported(tank, tmp_path):
    lifelines, _, _, environment = tank
    environment.save(tmp_path)
    again = Environment.load(tmp_path)
    assert again.summary() == environment.summary()
    np.testing.assert_array_equal(again["oxygen"].values, environment["oxygen"].values)
    again.export(tmp_path)
    with open(tmp_path / "environment.csv", encoding="utf-8") as file:
        rows = {row["scalar"]: row for row in csv.DictReader(file)}
    assert float(rows["oxygen"]["share_beyond"]) == pytest.approx(environment.crossings["oxygen"].share, rel=1e-4)
    assert rows["substrate"]["share_beyond"] == "" and "angle" not in rows
    with open(tmp_path / "environment_distributions.csv", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(LEVELS)
    with netCDF4.Dataset(tmp_path / "environment.nc") as table:
        assert table["dissipation"].units == "W/kg"
        oxygen = np.asarray(table["oxygen"][:])[lifelines.cell_index(slice(3, 4))]
    np.testing.assert_array_equal(oxygen, environment.along(lifelines, "oxygen", slice(3, 4)))


def test_what_has_no_field_is_said(tank):
    lifelines, scalars, volumes, _ = tank
    bare = tuple(s for s in scalars if s.name not in ("oxygen", "carbon_dioxide", "gas_fraction"))
    environment = surround(lifelines, bare, volumes, {"oxygen": "the case has no [gas]"})
    with pytest.raises(ResultsError, match=r"no field of 'oxygen'.*no \[gas\]"):
        environment.along(lifelines, "oxygen")
    summary = environment.summary()
    assert summary["oxygen_critical_share"] is None
    assert summary["oxygen_critical_share_reason"] == "the case has no [gas]"


def test_other_scalars_join_the_table(tank):
    lifelines, scalars, volumes, _ = tank
    acetate = replace(scalars[0], name="acetate", values=np.ones(volumes.size, np.float32))
    environment = surround(lifelines, (*scalars, acetate), volumes)
    assert environment.summary()["scalars"]["acetate"]["mean"] == pytest.approx(1.0)


def critical_of(case: Case) -> Critical:
    assert case.strain is not None
    return case.strain.critical


def test_critical_values_of_a_case_carry_their_units(cases_folder):
    import tomllib

    data = tomllib.loads((cases_folder / "lab_3L.toml").read_text(encoding="utf-8"))
    assert critical_of(case_from_dict(data)).limits == {"oxygen": (0.02, "below")}
    data["strain"]["critical"] = {
        "oxygen": "0.32 mg/L", "carbon_dioxide": "88.019 mg/L", "dissipation": "10 kW/m3", "kolmogorov_length": "20 um",
    }  # fmt: skip
    case = case_from_dict(data)
    limits = critical_of(case).limits
    assert limits["oxygen"] == (pytest.approx(0.01, rel=1e-3), "below")
    assert limits["carbon_dioxide"] == (pytest.approx(2.0), "above")
    assert limits["dissipation"] == (pytest.approx(1e4 / case.broth.density), "above")
    assert limits["kolmogorov_length"] == (pytest.approx(2e-5), "below")
    data["strain"]["critical"] = {"oxigen": "0.32 mg/L"}
    with pytest.raises(CaseError, match="oxigen"):
        case_from_dict(data)
