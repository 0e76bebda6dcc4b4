"""What a scale-down design costs and what the search is worth: milliseconds an evaluation, distance to the tank.

Run it on a quiet machine: `python -m pytest tests/benchmarks/test_scaledown_speed.py -s`. The tank is made up: an
Ornstein-Uhlenbeck process in ln C with 8 s memory, 8 % excess and 47 % starvation, as in the 54 m3 tank.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines.sample import sample_of
from rushton.scaledown import design, search
from rushton.scaledown.designer import RIGS

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def designed(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml")
    rigs = tuple(name for name in RIGS if name != "oxygen-switching")  # that one needs a tank with gas
    case = case.model_copy(update={"scaledown": case.scaledown.model_copy(update={"rigs": rigs})})
    rng, dt, memory = np.random.default_rng(1), 0.06, 8.0
    z = np.empty((400, 10_000))
    z[:, 0] = rng.standard_normal(400)
    keep = np.exp(-dt / memory)
    for n in range(1, z.shape[1]):
        z[:, n] = keep * z[:, n - 1] + np.sqrt(1.0 - keep**2) * rng.standard_normal(400)
    c = np.exp(4.04 * z - 2.79)
    s = c / (1.0 + c)
    sample = sample_of(s, dt, case.strain.regimes, 32)
    halves = sample.statistics(slice(0, None, 2)), sample.statistics(slice(1, None, 2))
    records = SimpleNamespace(time=0.3 * np.arange(2000), s=s[:200, ::5].astype(np.float32))
    tank = SimpleNamespace(
        halves=halves, statistics=halves[0] + halves[1], duration=600.0, time_step=dt, records=lambda: records,
        sample=sample,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:  # a first time, short, in which everything is compiled
        for name, value in (("_GENERATIONS", 1), ("_POPULATION", 3), ("_STEPS", 1), ("_KEPT", 1), ("_HOPS", 0)):
            patch.setattr(search, name, value)
        design(case.model_copy(update={"response": case.response.model_copy(update={"duration": 3600.0})}), tank, None)
    return design(case, tank, None)


def test_an_evaluation_takes_at_most_twenty_milliseconds(designed):
    for d in designed.designs:
        print(f"{d.name}: {d.evaluations} evaluations of {d.milliseconds:.1f} ms, distance {d.distance:.3f}")
        assert d.milliseconds <= 20.0


def test_all_rigs_within_two_minutes_five_finalists_bands_and_robustness_included(designed):
    chosen = [d for d in designed.designs if not d.reference]
    assert len(chosen) == 7
    for d in chosen:
        assert len(d.finalists) == 5
        assert all(f.relative_productivity_final is not None for f in d.finalists)
        assert d.distance_band is not None and len(d.robustness) == 8
    print(f"{len(designed.designs)} rigs in {designed.seconds:.1f} s")
    assert designed.seconds <= 120.0


def test_the_best_design_is_at_most_half_as_far_as_the_standard_loop(designed):
    assert designed.best.distance <= 0.5 * designed.reference.distance
