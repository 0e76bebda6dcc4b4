"""Where cells start: uniformly, in the spheres of the feeds, in a ball anywhere."""

import numpy as np
import pytest

from rushton.case import case_from_dict, load_case
from rushton.case.resolved import write_resolved
from rushton.case.tank import Sphere
from rushton.errors import CaseError
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import layout, plain, tracking
from rushton.lifelines.field import make_field
from rushton.lifelines.generator import make_key
from rushton.lifelines.observer import make_limits
from rushton.lifelines.release import locate, release, release_in_spheres
from rushton.mesh import build_mesh

LIMITS = make_limits(0.02, 0.05, 0.95, 0.01, 0.36)
KEY = make_key(4)
PLACE = {"point": {"radius": "40 mm", "angle": "30 deg", "height": "0.12 m"}, "diameter": "20 mm"}


def case_with(cases_folder, release):
    import tomllib

    data = tomllib.loads((cases_folder / "lab_3L.toml").read_text(encoding="utf-8"))
    data["lifelines"] |= {"release": release, "cells": 4000}
    return case_from_dict(data)


@pytest.fixture(scope="module")
def mesh(cases_folder):
    return build_mesh(load_case(cases_folder / "lab_3L.toml"), 4000)


@pytest.fixture(scope="module")
def field(mesh):
    return make_field(recirculating_flow(mesh), np.zeros(mesh.shape), (), 0.7, 0.02)


def points(mesh, cloud):
    """x, y, z of all cells, m."""
    at = cloud.place + cloud.fraction
    s, theta, z = (np.interp(at[:, n], np.arange(a.size), a) for n, a in enumerate((mesh.r**2, mesh.theta, mesh.z)))
    return np.stack([np.sqrt(s) * np.cos(theta), np.sqrt(s) * np.sin(theta), z])


def test_points_are_found_again(mesh, field):
    cloud = tracking.release_uniformly(mesh, field, 2000, LIMITS, KEY)
    place, fraction, found = locate(mesh, *points(mesh, cloud))
    assert found.all()
    assert np.allclose(place + fraction, cloud.place + cloud.fraction, atol=1e-9)
    outside = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [mesh.z[-1] + 0.01, 0.1, -0.01]])
    assert not locate(mesh, *outside)[2].any()
    i, j, k = np.argwhere(mesh.solid)[0]
    r, t = mesh.r_centre[i], mesh.theta_centre[j]
    assert not locate(mesh, *(np.array([v]) for v in (r * np.cos(t), r * np.sin(t), mesh.z_centre[k])))[2].any()


def test_cells_start_uniformly_in_a_ball(cases_folder, mesh, field):
    case = case_with(cases_folder, PLACE)
    cloud = release(case, mesh, field, LIMITS, KEY)
    place = case.lifelines.release_place
    off = points(mesh, cloud) - np.array(place.point.xyz)[:, None]
    distance = np.sqrt((off**2).sum(axis=0)) / (0.5 * place.diameter)
    assert distance.max() <= 1.0 + 1e-6
    assert np.mean(distance**3) == pytest.approx(0.5, abs=4.0 / 12**0.5 / 4000**0.5)  # uniform in volume
    assert np.abs(off.mean(axis=1)).max() < 4.0 * 0.5 * place.diameter / 15**0.5 / 4000**0.5 * 3**0.5
    numbers = field.number[[plain.mesh_cell(field, p) for p in cloud.place.tolist()]]
    assert numbers.min() >= 0
    again = release(case, mesh, field, LIMITS, KEY)
    assert all(np.array_equal(a, b) for a, b in zip(cloud, again, strict=True))


def test_cells_start_where_the_feed_enters(cases_folder, mesh, field):
    case = case_with(cases_folder, "feed")
    feed = case.feeds[0]
    off = points(mesh, release(case, mesh, field, LIMITS, KEY)) - np.array(feed.position.xyz)[:, None]
    assert np.sqrt((off**2).sum(axis=0)).max() <= 0.5 * feed.diameter * (1.0 + 1e-6)


def test_spheres_share_the_cells_and_the_solid_gets_none(mesh, field):
    # the first ball is half in the shaft
    shaft = mesh.r[1:-1][mesh.solid[:-1].any(axis=(1, 2)) & ~mesh.solid[1:].all(axis=(1, 2))][0]
    high = 0.9 * mesh.z[-1]
    spheres = [
        Sphere(radius=shaft, angle=1.0, height=high, diameter=0.02),
        Sphere(radius=0.04, height=0.05, diameter=0.01),
    ]
    cloud = release_in_spheres(mesh, field, 3000, spheres, [1.0, 3.0], LIMITS, KEY)
    z = points(mesh, cloud)[2]
    assert np.mean(z > 0.1) == pytest.approx(0.25, abs=4.0 * (0.19 / 3000) ** 0.5)
    assert not mesh.solid[tuple(cloud.place.T)].any()


def test_a_ball_without_liquid_is_refused(mesh, field):
    k = int(np.argmax(mesh.solid[0].any(axis=0)))
    inside = Sphere(radius=0.0, height=mesh.z_centre[k], diameter=1e-4)
    with pytest.raises(CaseError, match="hardly any liquid"):
        release_in_spheres(mesh, field, 50, [inside], [1.0], LIMITS, KEY)


def test_the_release_comes_back_from_the_resolved_case(cases_folder, tmp_path):
    for given in ("uniform", "feed", PLACE):
        case = case_with(cases_folder, given)
        (tmp_path / "case.toml").write_text(write_resolved(case), encoding="utf-8")
        assert load_case(tmp_path / "case.toml").lifelines == case.lifelines


def test_no_cell_knows_another(mesh, field):
    few = tracking.release_uniformly(mesh, field, 100, LIMITS, KEY)
    many = tracking.release_uniformly(mesh, field, 300, LIMITS, KEY)
    assert all(np.array_equal(a, b[:100]) for a, b in zip(few, many, strict=True))
    assert few._fields == layout.Cloud._fields
