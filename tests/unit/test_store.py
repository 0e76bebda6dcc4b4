"""The results folder: nothing lost, nothing stale, nothing damaged, one clear word when it cannot be written."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rushton import store
from rushton.errors import ResultsError
from rushton.store import StageCache


def test_arrays_and_values_come_back_as_they_went(tmp_path: Path) -> None:
    arrays = {"u": np.arange(6, dtype=np.float32).reshape(2, 3), "solid": np.array([True, False]), "n": np.array(3)}
    meta = {"power": np.float64(1.5), "names": ("a", "b"), "history": [{"i": np.int64(1)}], "none": None}
    store.save_result(tmp_path / "r", arrays, meta)
    loaded, values = store.load_result(tmp_path / "r")
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)
    assert values == {"power": 1.5, "names": ["a", "b"], "history": [{"i": 1}], "none": None}


def test_objects_are_not_stored(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="Python objects"):
        store.save_result(tmp_path, {"bad": np.array([{}])}, {})


def test_a_cut_result_is_refused(tmp_path: Path) -> None:
    store.save_result(tmp_path, {"u": np.arange(1000.0)}, {})
    content = (tmp_path / "arrays.npz").read_bytes()
    (tmp_path / "arrays.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ResultsError, match="cannot be read"):
        store.load_result(tmp_path)


def test_json_is_strict() -> None:
    text = store.to_json({"a": float("nan"), "b": [np.inf, np.float32(1.0)], "c": np.array([1, 2])})
    assert json.loads(text) == {"a": None, "b": [None, 1.0], "c": [1, 2]}
    assert "NaN" not in text and "Infinity" not in text


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "summary.json"
    store.atomic_write_text(target, "old")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        store.atomic_write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


# --- stage cache -------------------------------------------------------------------------------------------------


def commit(cache: StageCache, key: str, content: bytes = b"numbers") -> Path:
    place = cache.workplace("flow")
    (place / "arrays.npz").write_bytes(content)
    return cache.commit("flow", key, place, {"wall": 1.0, "cpu": 2.0})


def test_a_committed_stage_is_found_and_an_older_one_is_gone(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    assert not cache.has("flow", "a" * 64)
    commit(cache, "a" * 64)
    assert cache.has("flow", "a" * 64)
    assert cache.seconds("flow", "a" * 64) == {"wall": 1.0, "cpu": 2.0}
    assert not cache.has("flow", "b" * 64)
    commit(cache, "b" * 64)
    assert cache.has("flow", "b" * 64)
    assert not cache.path("flow", "a" * 64).exists()


@pytest.mark.parametrize("harm", ["cut", "alter", "remove", "add", "record"])
def test_a_damaged_stage_is_not_served_and_can_be_replaced(tmp_path: Path, harm: str) -> None:
    cache = StageCache(tmp_path)
    folder = commit(cache, "a" * 64)
    file = folder / "arrays.npz"
    if harm == "cut":
        file.write_bytes(b"num")
    elif harm == "alter":
        file.write_bytes(b"numbeRs")
    elif harm == "remove":
        file.unlink()
    elif harm == "add":
        (folder / "more").write_text("x")
    else:
        (folder / "stage.json").write_text("{")
    assert not cache.has("flow", "a" * 64)
    commit(cache, "a" * 64)
    assert cache.has("flow", "a" * 64)


def test_a_break_before_the_rename_keeps_the_finished_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = StageCache(tmp_path)
    commit(cache, "a" * 64)

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            commit(cache, "b" * 64, b"half")
    assert cache.has("flow", "a" * 64)
    assert not cache.has("flow", "b" * 64)
    commit(cache, "b" * 64)
    assert cache.has("flow", "b" * 64)


def test_the_key_says_all_that_a_stage_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = StageCache(tmp_path)
    base = cache.key("flow", {"speed": 1.5}, ["k"], ["rushton.errors"])
    assert base == cache.key("flow", {"speed": 1.5}, ["k"], ["rushton.errors"])
    assert len({
        base,
        cache.key("mixing", {"speed": 1.5}, ["k"], ["rushton.errors"]),
        cache.key("flow", {"speed": 1.5000001}, ["k"], ["rushton.errors"]),
        cache.key("flow", {"speed": 1.5}, ["l"], ["rushton.errors"]),
        cache.key("flow", {"speed": 1.5}, ["k"], ["rushton.store"]),
    }) == 5  # fmt: skip
    monkeypatch.setattr(store, "library_versions", lambda: {"numpy": "9"})
    assert cache.key("flow", {"speed": 1.5}, ["k"], ["rushton.errors"]) != base


# --- folder ------------------------------------------------------------------------------------------------------


def test_a_folder_is_made_and_recognised(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "tank.results"
    made = store.prepare_folder(folder, "tank", "0.1")
    assert store.prepare_folder(folder, "tank", "0.1") == made == store.open_manifest(folder)


@pytest.mark.parametrize(("case", "version"), [("other", "0.1"), ("tank", "0.2")])
def test_a_folder_of_another_case_or_version_is_left_alone(tmp_path: Path, case: str, version: str) -> None:
    store.prepare_folder(tmp_path / "r", "tank", "0.1")
    before = (tmp_path / "r" / "manifest.json").read_bytes()
    with pytest.raises(ResultsError, match="-o FOLDER"):
        store.prepare_folder(tmp_path / "r", case, version)
    assert (tmp_path / "r" / "manifest.json").read_bytes() == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ResultsError, match="not empty"):
        store.prepare_folder(tmp_path, "tank", "0.1")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ResultsError, match="this is a file"):
        store.prepare_folder(tmp_path / "thesis.tex", "tank", "0.1")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"rushton": "0.1", "format": 99, "case": "tank", "stages": {}}']
)
def test_an_unreadable_or_foreign_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ResultsError):
        store.open_manifest(tmp_path)
    with pytest.raises(ResultsError):
        store.prepare_folder(tmp_path, "tank", "0.1")
    assert (tmp_path / "manifest.json").read_text() == text


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResultsError, match="-o FOLDER"):
        store.prepare_folder(tmp_path / "r", "tank", "0.1")


def test_a_place_that_cannot_hold_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResultsError, match="cannot be written"):
        store.prepare_folder(tmp_path / "file" / "r", "tank", "0.1")


def test_two_runs_do_not_share_a_folder_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from rushton.store import lock\n"
        "with lock(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(ResultsError, match="another run"), store.lock(tmp_path):
            pass
    finally:
        other.kill()
        other.communicate()
    for _ in range(100):
        try:
            with store.lock(tmp_path):
                return
        except ResultsError:
            time.sleep(0.05)
    pytest.fail("the lock of a killed run was never released")


# --- disk --------------------------------------------------------------------------------------------------------


def test_a_small_disk_is_refused_before_the_run(tmp_path: Path) -> None:
    store.check_free_space(tmp_path, 1.0)
    with pytest.raises(ResultsError, match="GB free"):
        store.check_free_space(tmp_path, 1e21)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_the_refusals_of_the_system_become_one_message(tmp_path: Path, code: int) -> None:
    with pytest.raises(ResultsError) as caught, store.explained(tmp_path):
        raise OSError(code, os.strerror(code))
    assert caught.value.hint and str(tmp_path) in str(caught.value)


def test_a_full_disk_behind_a_library_error_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="HDF"), store.explained(tmp_path):
        raise RuntimeError("NetCDF: HDF error")
    monkeypatch.setattr(store, "_is_full", lambda folder: True)
    with pytest.raises(ResultsError, match="no room"), store.explained(tmp_path):
        raise RuntimeError("NetCDF: HDF error")


def test_a_large_file_is_shared_not_copied_where_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    (tmp_path / "b").write_bytes(b"old")
    store.link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"x" * 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
