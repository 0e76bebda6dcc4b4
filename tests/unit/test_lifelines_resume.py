"""An interrupted run goes on where it stopped, a finished one can be made longer: the same bytes as in one go."""

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import Lifelines, follow, track_file, tracking
from rushton.lifelines.checkpoint import STATE
from rushton.mesh import build_mesh
from rushton.pipeline.stages import stage_named
from rushton.store import StageCache

CELLS = 60


@pytest.fixture(scope="module")
def tank(cases_folder):
    """Case, flow and uptake ratio of a coarse tank."""
    case = load_case(cases_folder / "lab_3L.toml")
    mesh = build_mesh(case, 4000)
    s = np.clip(1.6 * (mesh.z_centre / mesh.z[-1]) ** 2 - 0.2, 0.0, 1.0)[None, None, :] * np.ones(mesh.shape)
    flow = recirculating_flow(mesh, 3.0, 2.0, nu_t=2e-5)
    return with_settings(case, duration=9.0), flow, SimpleNamespace(uptake_ratio=s)


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch):
    """Seven stored samples in a stretch, a state after each."""
    monkeypatch.setattr(track_file, "BUFFER_BYTES", 4 * CELLS * 7)
    monkeypatch.setattr(follow, "CHECKPOINT_SECONDS", 0.0)


def with_settings(case, **settings):
    settings = {"cells": CELLS, "full_records": 20, "walk": "langevin"} | settings
    return case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})


def run(tank, folder, stop=2.0, case=None, **where):
    """Result, and how far the run was when it first told of its progress; broken off beyond ``stop`` of it."""
    folder.mkdir(exist_ok=True)
    told = []

    def progress(fraction, text):
        told.append(fraction)
        if fraction > stop:
            raise KeyboardInterrupt

    given, flow, uptake = tank
    try:
        return tracking.track(case or given, flow, uptake, folder, progress, **where), told[0]
    except KeyboardInterrupt:
        return None, told[0]


def assert_same(a, b, half_length=True):
    assert a.tracks.read_bytes() == b.tracks.read_bytes()
    for one, other in ((a.sample, b.sample), (a.half_length, b.half_length))[: 1 + half_length]:
        found, expected = one.to_arrays(), other.to_arrays()
        assert found.keys() == expected.keys()
        assert all(found[name].tobytes() == array.tobytes() for name, array in expected.items())
    assert a.summary().keys() == b.summary().keys()
    if half_length:  # the convergence with length is stated in the summary
        assert all(a.summary()[k] == v for k, v in b.summary().items() if k != "steps_per_core_second")


@pytest.fixture(scope="module")
def whole(tank, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track_file, "BUFFER_BYTES", 4 * CELLS * 7)
        return run(tank, tmp_path_factory.mktemp("whole"))[0]


@pytest.mark.parametrize("stop", [0.3, 0.8])  # before and after the counts at half of the run are taken
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(tank, whole, tmp_path, stop):
    kept = tmp_path / "kept"
    assert run(tank, tmp_path / "a", stop, kept=kept)[0] is None
    assert not list((tmp_path / "a").iterdir())
    with open(next(kept.glob("*.raw")), "ab") as file:
        file.write(b"half a stretch")  # killed while it wrote
    result, first = run(tank, tmp_path / "b", kept=kept)
    assert first > stop - 0.25
    assert_same(result, whole)
    assert not kept.exists()


def test_interrupted_twice(tank, whole, tmp_path):
    kept = tmp_path / "kept"
    for n, stop in enumerate((0.3, 0.6)):
        run(tank, tmp_path / str(n), stop, kept=kept)
    result, first = run(tank, tmp_path / "b", kept=kept)
    assert first > 0.4
    assert_same(result, whole)


def test_a_state_of_another_run_is_not_used(tank, tmp_path):
    kept = tmp_path / "kept"
    for n, change in enumerate(({"seed": 2}, {"walk": "interface"}, {"release": "feed"}, {"stored_cells": 30})):
        run(tank, tmp_path / f"{n}a", 0.5, kept=kept)
        other = with_settings(tank[0], **change)
        result, first = run(tank, tmp_path / f"{n}b", case=other, kept=kept)
        assert first < 0.25, change
        assert_same(result, run(tank, tmp_path / f"{n}c", case=other)[0])


def test_a_damaged_state_is_not_used(tank, whole, tmp_path, caplog):
    kept = tmp_path / "kept"
    run(tank, tmp_path / "a", 0.5, kept=kept)
    content = (kept / STATE).read_bytes()
    (kept / STATE).write_bytes(content[: len(content) // 2])
    result, first = run(tank, tmp_path / "b", kept=kept)
    assert first < 0.25
    assert_same(result, whole)
    assert "begin anew" in caplog.text


def test_a_finished_run_is_prolonged(tank, whole, tmp_path):
    # the shorter one ended in the middle of a stretch; the counts at half are taken there at the earliest
    run(tank, tmp_path / "short", case=with_settings(tank[0], duration=5.1))
    result, first = run(tank, tmp_path / "long", earlier=[tmp_path / "short"])
    assert first > 0.5
    assert_same(result, whole, half_length=False)
    assert result.half_length.duration == pytest.approx(5.1, abs=0.1)
    # a longer one is of no use to a shorter one
    again, first = run(tank, tmp_path / "again", case=with_settings(tank[0], duration=4.5), earlier=[tmp_path / "long"])
    assert first < 0.5 and again.duration == pytest.approx(4.5, abs=0.1)


def test_a_prolonged_run_can_be_interrupted(tank, whole, tmp_path):
    kept = tmp_path / "kept"
    run(tank, tmp_path / "short", case=with_settings(tank[0], duration=3.0))
    where = {"kept": kept, "earlier": [tmp_path / "short"]}
    run(tank, tmp_path / "a", 0.8, **where)
    result, first = run(tank, tmp_path / "b", **where)
    assert first > 0.6
    assert result.tracks.read_bytes() == whole.tracks.read_bytes()


def test_the_stage_hands_over_what_is_there(tank, whole, tmp_path):
    case, flow, uptake = tank
    cache, stage = StageCache(tmp_path), stage_named("lifelines")
    done = {"flow": flow, "aeration": None, "substrate": uptake}

    def compute(case, key):
        told = []
        place = cache.workplace("lifelines")
        result = stage.compute(case, done, place, lambda fraction, text: told.append(fraction))
        stage.save(result, place)
        return cache.commit("lifelines", key, place, {}), told[0]

    compute(with_settings(case, duration=4.5), "a" * 64)
    folder, first = compute(case, "b" * 64)
    assert first == pytest.approx(0.5, abs=0.02)
    assert_same(Lifelines.load(folder), whole, half_length=False)
    assert [p.name for p in (tmp_path / ".stages").iterdir()] == ["lifelines"]
