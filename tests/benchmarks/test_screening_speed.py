"""Strains in seven rigs on two cores, compiled: `python -m pytest tests/benchmarks/test_screening_speed.py -s`.

The tank's part of a screening is a panel (test_panel_speed.py).
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from rushton.case import load_case
from rushton.physiology import CellModel, get_model, register_model
from rushton.scaledown.bench import Bench
from rushton.scaledown.designer import RIGS
from rushton.scaledown.rig import Duty
from rushton.study.screening.along import Lived, Met, Resident, live, met_in
from rushton.study.screening.run import OXYGEN
from rushton.study.screening.same_rig import with_culture

pytestmark = pytest.mark.benchmark

DURATION = 80 * 3600.0


def _duty(cases_folder: Path) -> Duty:
    case = load_case(cases_folder / "penicillin_54m3.toml")
    assert case.strain is not None
    uptake = case.strain.uptake
    quantile = np.linspace(-2.3, 2.3, 99)
    stays = np.stack([scale * np.exp(0.8 * quantile) for scale in (3.0, 4.0, 5.0)])
    record = np.clip(0.28 + 0.25 * np.sin(np.arange(2000) * 0.3 / 5.0), 0.01, 0.99)[None]
    return Duty(
        Bench.from_case(case), uptake.max, uptake.half_saturation, 0.28, 55.0, 600.0, 9e-6, 0.18, stays, record, 0.3
    )


def _everywhere(duty: Duty, models: dict[str, CellModel], laws: int, duration: float) -> tuple[float, float]:
    """Wall and CPU seconds of all strains in all rigs."""
    wall, cpu = time.perf_counter(), time.process_time()
    near: dict[str, np.ndarray] = {}
    for rig in (rig for name, rigs in RIGS.items() if name != OXYGEN for rig in rigs):
        own = rig.duty(duty)
        written = rig.write(rig.guesses(own)[0], own)
        met: list[Met] = []
        for n in range(laws):
            law = written.operation.culture
            other = type(law)(law.biomass, law.uptake_max, law.half_saturation * (1.0 + 0.2 * n))
            met.append(met_in(with_culture(rig, written, other, own), duration, 1000.0, 1))
        residents = [Resident(name, model, {}, met[n % laws]) for n, (name, model) in enumerate(models.items())]
        found = live(residents, duration, 50, 1, near)
        assert len(found) == len(models) and all(isinstance(one, Lived) for one in found.values())
        near |= {name: one.states for name, one in found.items() if isinstance(one, Lived)}
    return time.perf_counter() - wall, time.process_time() - cpu


def test_200_two_state_strains_in_seven_rigs_in_a_minute(cases_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    register_model("two_state_model", "two_state_model")
    scale = np.random.default_rng(1).uniform(0.5, 2.0, (200, 2))
    models = {
        f"{n}": get_model("two_state_model", {"K": 0.02 * scale[n, 0], "d": 0.5 * scale[n, 1]}) for n in range(200)
    }
    duty = _duty(cases_folder)
    _everywhere(duty, dict(list(models.items())[:1]), 1, 600.0)  # compiles
    wall, cpu = _everywhere(duty, models, 1, DURATION)
    print(f"\n200 two-state strains, one law, 80 h in each of seven rigs: {wall:.1f} s wall, {cpu:.1f} CPU s")
    assert wall <= 60.0


def test_20_penicillin_strains_in_seven_rigs_in_two_minutes(cases_folder: Path) -> None:
    scale = np.random.default_rng(1).uniform(0.7, 1.5, 20)
    models = {f"{n}": get_model("penicillium_tang2017", {"k41": 1.01 * scale[n]}) for n in range(20)}
    duty = _duty(cases_folder)
    _everywhere(duty, dict(list(models.items())[:1]), 1, 600.0)  # compiles
    wall, cpu = _everywhere(duty, models, 5, DURATION)
    print(f"\n20 strains of nine pools, five laws, 80 h in each of seven rigs: {wall:.1f} s wall, {cpu:.1f} CPU s")
    assert wall <= 120.0
