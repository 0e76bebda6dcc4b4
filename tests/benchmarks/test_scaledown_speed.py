"""What a scale-down design costs and what the search is worth: milliseconds an evaluation, distance to the tank.

Run it on a quiet machine: `python -m pytest tests/benchmarks/test_scaledown_speed.py -s`. The tank is made up: an
Ornstein-Uhlenbeck process in ln C with 8 s memory, 8 % excess and 47 % starvation, as in the 54 m3 tank.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines import signal_statistics
from rushton.scaledown import design
from rushton.scaledown.designer import RIGS

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def designed(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml")
    rigs = tuple(name for name in RIGS if name != "oxygen-switching")  # the tank has no gas
    case = case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"rigs": rigs})})
    halves, dt, memory = [], 0.06, 8.0
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        z = np.empty((200, 10_000))
        z[:, 0] = rng.standard_normal(200)
        keep = np.exp(-dt / memory)
        for n in range(1, z.shape[1]):
            z[:, n] = keep * z[:, n - 1] + np.sqrt(1.0 - keep**2) * rng.standard_normal(200)
        c = np.exp(4.04 * z - 2.79)
        halves.append(signal_statistics(c / (1.0 + c), dt, case.strain.regimes))
    records = SimpleNamespace(time=0.3 * np.arange(2000), s=(c / (1.0 + c))[:, ::5].astype(np.float32))
    tank = SimpleNamespace(
        halves=tuple(halves), statistics=halves[0] + halves[1], duration=600.0, time_step=dt, records=lambda: records
    )
    design(case.model_copy(update={"response": case.response.model_copy(update={"duration": 3600.0})}), tank, None)
    return design(case, tank, None)  # the second time everything is compiled


def test_an_evaluation_takes_at_most_twenty_milliseconds(designed):
    for d in designed.designs:
        print(f"{d.name}: {d.evaluations} evaluations of {d.milliseconds:.1f} ms, distance {d.distance:.3f}")
        assert d.milliseconds <= 20.0


def test_all_rigs_within_two_minutes_the_cell_model_inside_included(designed):
    print(f"{len(designed.designs)} rigs in {designed.seconds:.1f} s")
    assert designed.seconds <= 120.0


def test_the_best_design_is_at_most_half_as_far_as_the_standard_loop(designed):
    assert designed.best.distance <= 0.5 * designed.reference.distance
