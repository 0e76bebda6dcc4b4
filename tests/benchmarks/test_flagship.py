"""The 54 m3 tank through the command line, from nothing: seconds, memory, disk, and its numbers beside published ones.

Run it on a quiet machine with two cores: `python -m pytest tests/benchmarks/test_flagship.py -s`.

Published for this tank: blend time 58.8, 60.9, 57.7 s (LB-LES, three meshes) and 60.9 s (RANS of 2016); circulation
time 21.7, 20.5, 21.5 s (LB-LES), 18.2 s (RANS), 19.3 s (plant): Haringa 2023, Eng. Life Sci. 23:e2100159,
doi 10.1002/elsc.202100159, tables 4 to 6, and Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061.
The bands asserted here hold the spread of meshes and definitions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark


def timed_run(folder: Path, kernels: Path, *arguments: str) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """Wall seconds, summary and manifest of one run of the flagship in a process of its own."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(kernels)}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "rushton", "run", "penicillin_54m3", "-o", str(folder), *arguments],
        check=True, env=environment, cwd=folder.parent, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return seconds, summary, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def size_of(folder: Path) -> int:
    """Bytes on the disk, a file with two names counted once."""
    return sum({(s.st_dev, s.st_ino): s.st_size for p in folder.rglob("*") if (s := p.stat()) and p.is_file()}.values())


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, dict[str, Any], dict[str, Any], int, Path]:
    place = tmp_path_factory.mktemp("flagship")
    seconds, summary, manifest = timed_run(place / "standard.results", place / "kernels")
    return seconds, summary, manifest, size_of(place / "standard.results"), place


def test_standard_from_nothing_within_10_minutes_4_GiB_and_1_GB(standard: Any) -> None:
    seconds, summary, manifest, size, _ = standard
    memory = manifest["peak_memory_bytes"]
    print(f"\ncold: {seconds:.0f} s, {memory / 2**30:.2f} GiB, {size / 1e9:.3f} GB")
    for stage, spent in summary["timing"].items():
        print(f"  {stage:<10} {spent['wall']:7.1f} s wall {spent['cpu']:7.1f} s CPU")
    assert seconds <= 600.0
    assert memory <= 4 * 2**30
    assert size <= 1e9


def test_sensitivity_within_5_minutes(standard: Any) -> None:
    """On the flow and the tracks of the finished run."""
    place = standard[-1]
    _, summary, _ = timed_run(place / "standard.results", place / "kernels", "--sensitivity", "--until", "sensitivity")
    spent = summary["timing"]["sensitivity"]
    print(f"\nsensitivity: {spent['wall']:.0f} s wall, {spent['cpu']:.0f} s CPU")
    for output, largest in summary["sensitivity"]["largest"].items():
        print(f"  {output:<24} {largest}")
    assert all(not variation["reason"] for variation in summary["sensitivity"]["variations"])
    assert spent["wall"] <= 300.0


def test_draft_warm_within_2_minutes(standard: Any) -> None:
    place = standard[-1]
    timed_run(place / "compiles.results", place / "kernels", "--quality", "draft")
    seconds, _, _ = timed_run(place / "draft.results", place / "kernels", "--quality", "draft")
    print(f"\ndraft, warm: {seconds:.0f} s")
    assert seconds <= 120.0


def test_flagship_beside_published_values(standard: Any) -> None:
    summary = standard[1]
    flow, mixing, substrate, lifelines = (summary[k] for k in ("flow", "mixing", "substrate", "lifelines"))
    uptake = lifelines["mean_uptake"] / lifelines["expected_uptake"] - 1.0
    print(f"\ntheta95 at the published probe {mixing['theta95_probe_s']:.1f} s (55-72)")
    print(f"V over the mean impeller flow {2 * flow['circulation_time_s']:.1f} s (17-21)")
    print(f"mean uptake of the cells against the feed {uptake:+.3%}")
    assert flow["mesh_cells"] >= 9e4
    assert abs(flow["torque_imbalance"]) < 0.01
    assert mixing["tracer_mass_error"] < 1e-6 and substrate["mass_balance_error"] < 1e-6
    assert 55.0 <= mixing["theta95_probe_s"] <= 72.0
    # two impellers: the liquid volume over the mean of their flows is twice that over their sum
    assert 17.0 <= 2.0 * flow["circulation_time_s"] <= 21.0
    for regime in ("excess", "limitation", "starvation"):
        assert lifelines[f"raw_share_{regime}"] == pytest.approx(lifelines[f"volume_share_{regime}"], abs=0.005)
    assert abs(uptake) < 0.005
    assert lifelines["lost"] == 0
