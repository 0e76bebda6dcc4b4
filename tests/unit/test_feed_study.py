"""A feed study: the case's own place gives the case's own field, every balance closes, bad places are refused."""

import csv
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rushton.case import Case, case_from_dict, load_case
from rushton.case.feeding import AS_IN_THE_CASE, feed_members
from rushton.errors import CaseError
from rushton.flow.analytic import recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh import build_mesh
from rushton.transport import solve_substrate, study_feeds
from rushton.transport.feed_study import FeedStudy
from rushton.transport.substrate import Substrate

PLACES = [
    {"name": "the same place", "radius": "0.8 m", "angle": "45 deg", "height": "7.35 m"},
    {"name": "low", "radius": "0.8 m", "angle": "45 deg", "height": "2.4 m"},
    {"name": "low ring", "radius": "0.8 m", "angle": "45 deg", "height": "2.4 m", "points": 3, "diameter": "0.3 m"},
]


@pytest.fixture(scope="module")
def data(cases_folder: Path) -> dict[str, Any]:
    given = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    given["feed_study"] = {"points": [2], "positions": PLACES}
    return given


@pytest.fixture(scope="module")
def case(data: dict[str, Any]) -> Case:
    return case_from_dict(data, quality="draft")


@pytest.fixture(scope="module")
def flow(case: Case) -> Flow:
    return recirculating_flow(build_mesh(case, mesh_cells=4000), swirl=1.0, loop=0.5, nu_t=1.5e-2)


@pytest.fixture(scope="module")
def substrate(case: Case, flow: Flow) -> Substrate:
    return solve_substrate(case, flow)


@pytest.fixture(scope="module")
def study(case: Case, flow: Flow, substrate: Substrate) -> FeedStudy:
    return study_feeds(case, flow, substrate)


def test_members_share_the_whole_feed(case: Case) -> None:
    members = feed_members(case)
    assert [m.name for m in members] == [AS_IN_THE_CASE, "2 points on its ring", "the same place", "low", "low ring"]
    for member in members:
        assert sum(p.share for p in member.points) == pytest.approx(1.0)
    two, ring = members[1].points, members[4].points
    assert two[1].angle - two[0].angle == pytest.approx(np.pi) and two[0].height == case.feeds[0].position.height
    assert [p.diameter for p in ring] == [0.3] * 3 and members[3].points[0].diameter == case.feeds[0].diameter


def test_the_same_place_gives_the_numbers_of_the_substrate_stage(study: FeedStudy, substrate: Substrate) -> None:
    for n in (0, 2):
        for key in ("share_excess", "share_limitation", "share_starvation"):
            assert getattr(study, key)[n] == pytest.approx(getattr(substrate, key), abs=1e-12)
        assert study.mean_mol_m3[n] == pytest.approx(substrate.mean_mol_m3, rel=1e-5)
        np.testing.assert_allclose(study.uptake_ratio[n], substrate.uptake_ratio, atol=2e-5)


def test_every_balance_closes_and_shares_fill_the_volume(study: FeedStudy, substrate: Substrate) -> None:
    assert study.mass_balance_error.max() < 1e-6 and study.residual.max() <= 1e-6
    volumes = substrate.mesh.volumes
    for n in range(len(study.names)):
        mean = float((volumes * study.uptake_ratio[n]).sum() / volumes.sum())
        assert mean == pytest.approx(substrate.ideal_mixed_uptake_ratio, rel=1e-5)
        assert study.share_excess[n] + study.share_limitation[n] + study.share_starvation[n] == pytest.approx(1.0)


def test_more_points_lower_the_peak(study: FeedStudy) -> None:
    assert study.max_mol_m3[1] < study.max_mol_m3[0]
    assert study.share_starvation[list(study.names).index(study.best)] == study.share_starvation.min()


def test_the_start_of_the_solution_does_not_matter(case: Case, flow: Flow, study: FeedStudy) -> None:
    """Fed low from the start, without the field of the other place to begin from."""
    feed = case.feeds[0]
    low = feed.model_copy(update={"position": feed.position.model_copy(update={"height": 2.4})})
    alone = solve_substrate(case.model_copy(update={"feeds": (low,)}), flow)
    n = study.names.index("low")
    assert study.mean_mol_m3[n] == pytest.approx(alone.mean_mol_m3, rel=1e-4)
    np.testing.assert_allclose(study.uptake_ratio[n], alone.uptake_ratio, atol=1e-4)


def test_save_load_export(study: FeedStudy, tmp_path: Path) -> None:
    study.save(tmp_path / "stage")
    again = FeedStudy.load(tmp_path / "stage")
    assert again.summary() == study.summary() and again.names == study.names
    assert [p.shape for p in again.points] == [p.shape for p in study.points]
    study.export(tmp_path)
    with (tmp_path / "feed_study.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["member"] for row in rows] == list(study.names)
    assert float(rows[3]["share_starvation"]) == pytest.approx(study.share_starvation[3], rel=1e-6)


@pytest.mark.parametrize(
    ("place", "match"),
    [
        ({"name": "wet wall", "radius": "1.45 m", "height": "3 m"}, "sticks out of the wall"),
        ({"name": "in the blades", "radius": "0.5 m", "height": "0.9 m"}, "a blade would strike it"),
        ({"name": "low", "radius": "0.8 m", "height": "3 m"}, "two members are called 'low'"),
        ({"name": "dry", "radius": "0.8 m", "height": "9 m"}, "above the liquid"),
    ],
)
def test_bad_places_are_refused(data: dict[str, Any], place: dict[str, str], match: str) -> None:
    with pytest.raises(CaseError, match=match):
        case_from_dict({**data, "feed_study": {"positions": [*PLACES, place]}})


def test_a_study_needs_a_feed_and_a_place(data: dict[str, Any]) -> None:
    with pytest.raises(CaseError, match="nothing is fed"):
        case_from_dict({k: v for k, v in data.items() if k != "feed"})
    with pytest.raises(CaseError, match="names no place"):
        case_from_dict({**data, "feed_study": {}})
    with pytest.raises(CaseError, match="65 feed points"):
        case_from_dict({**data, "feed_study": {"points": [65]}})


@pytest.mark.parametrize(
    "mixing",
    [
        {"probes": [{"radius": "0.4 m", "height": "3.9 m"}]},
        {"pulse": {"radius": "0.4 m", "height": "0.9 m", "diameter": "0.1 m"}},
    ],
)
def test_probes_and_pulse_in_the_way_of_the_blades_are_refused(data: dict[str, Any], mixing: dict[str, Any]) -> None:
    with pytest.raises(CaseError, match="lies where impeller . turns") as refusal:
        case_from_dict({**data, "mixing": mixing})
    assert "radius above 0.65 m" in str(refusal.value)


def test_the_shipped_case_has_a_study(cases_folder: Path) -> None:
    assert len(feed_members(load_case(cases_folder / "penicillin_54m3.toml"))) == 6


def test_the_drawing_shows_pulse_and_probes_and_the_study_its_places(case: Case, study: FeedStudy) -> None:
    from rushton.report import drawing, feed_section

    figure = drawing.draw_tank(case)
    legend = next(axes.get_legend() for axes in figure.axes if axes.get_legend() is not None)
    assert {"feed", "tracer pulse", "probe"} <= {text.get_text() for text in legend.get_texts()}
    places = feed_section.places(case, study)
    labels = ",".join(text.get_text() for axes in places.axes for text in axes.texts)
    assert {str(n + 1) for n in range(len(study.names))} <= set(labels.split(","))
