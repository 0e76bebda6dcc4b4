"""Blend times: the definitions, the mass, the slowest mode, the files."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh import build_mesh
from rushton.transport import blend
from rushton.transport.criteria import DEFINITIONS, last_time_outside, late_decay
from rushton.transport.mixing import Mixing
from rushton.transport.mixing import blend as on_threads
from rushton.transport.operator import assemble
from rushton.transport.stepping import TimeStepper


@pytest.fixture(scope="module")
def case(cases_folder: Path) -> Case:
    return load_case(cases_folder / "lab_3L.toml", quality="draft")


@pytest.fixture(scope="module")
def flow(case: Case) -> Flow:
    mesh = build_mesh(case, mesh_cells=2500)
    omega = case.operation.omega
    return recirculating_flow(mesh, swirl=omega, loop=0.3 * omega, nu_t=2e-4)


@pytest.fixture(scope="module")
def mixing(case: Case, flow: Flow) -> Mixing:
    return blend(case, flow)


def test_last_time_outside() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert last_time_outside(time, np.array([1.0, 0.02, 0.10, 0.04, 0.01])) == pytest.approx(2.0 + 5.0 / 6.0)
    assert last_time_outside(time, np.full(5, 0.01)) == 0.0
    assert math.isnan(last_time_outside(time, np.full(5, 0.2)))


def test_amount_of_tracer_is_kept(mixing: Mixing) -> None:
    assert mixing.tracer_mass_error < 1e-12


def test_the_tracer_has_the_same_bytes_on_any_number_of_threads(case: Case, flow: Flow) -> None:
    brief = case.model_copy(update={"mixing": case.mixing.model_copy(update={"duration": 1.0})})
    one, three = (on_threads(brief, flow, threads=threads) for threads in (1, 3))
    assert one.time.size > 5 and np.ptp(one.variance_curve) > 0.0
    for name in ("time", "probe_curves", "variance_curve"):
        assert getattr(one, name).tobytes() == getattr(three, name).tobytes(), name


def test_blend_times_are_read_off_the_curves(case: Case, flow: Flow, mixing: Mixing) -> None:
    assert mixing.theta95_variance_s is not None and mixing.theta95_probe_s is not None
    after = mixing.time > mixing.theta95_variance_s
    assert mixing.variance_curve[after].max() <= 0.05
    assert mixing.variance_curve[~after].min() >= 0.05
    assert np.abs(mixing.probe_curves[:, mixing.time > mixing.theta95_probe_s] - 1.0).max() <= 0.05
    assert mixing.theta95_probe_s == pytest.approx(mixing.theta95_probes_s.max())
    assert mixing.n_theta95 == pytest.approx(flow.speed * mixing.theta95_variance_s)
    assert mixing.slowest_mode_s is not None and 0.3 < mixing.slowest_mode_s / mixing.theta95_variance_s < 2.0
    assert mixing.frame in ("absolute", "relative")
    assert mixing.time[-1] > 1.25 * max(mixing.theta95_probe_s, mixing.theta95_variance_s)
    assert mixing.probe_curves.shape == (len(case.mixing.probes), mixing.time.size)


def test_multi_probe_blend_time_is_that_of_the_log_variance_of_the_probes(mixing: Mixing) -> None:
    """Hartmann et al.: log10 of 1/n sum (C_i/Cinf - 1)^2 falls below log10 0.05^2 for good; never after the slowest."""
    log_variance = np.log10(((mixing.probe_curves - 1.0) ** 2).mean(axis=0))
    assert mixing.theta95_multi_probe_s is not None and mixing.theta95_probe_s is not None
    after = mixing.time > mixing.theta95_multi_probe_s
    assert log_variance[after].max() <= -2.602 + 1e-4
    assert log_variance[~after][-1] > -2.603
    assert mixing.theta95_multi_probe_s <= mixing.theta95_probe_s


def test_every_blend_time_carries_its_definition(mixing: Mixing, tmp_path: Path) -> None:
    summary = mixing.summary()
    times = {key for key in summary if key.startswith(("theta95", "slowest_mode", "n_theta95")) and "varied" not in key}
    assert times == set(DEFINITIONS) == set(summary["definitions"])
    mixing.export(tmp_path)
    with (tmp_path / "blend_times.csv").open() as file:
        rows = {row["quantity"]: row for row in csv.DictReader(file)}
    assert rows.keys() == DEFINITIONS.keys() and all(row["definition"] for row in rows.values())
    assert float(rows["theta95_variance_s"]["value"]) == pytest.approx(summary["theta95_variance_s"], rel=1e-6)


@pytest.mark.parametrize(("swirl", "tolerance"), [(0.0, 0.01), (1.0, 0.04)])
def test_late_decay_is_the_second_eigenvalue(swirl: float, tolerance: float) -> None:
    """Without the limited part the operator is a matrix with known eigenvalues; with swirl they are a complex pair."""
    mesh = plain_tank(np.linspace(0.0, 1.0, 6), 8, np.linspace(0.0, 2.0, 10))
    operator = assemble(recirculating_flow(mesh, swirl=swirl, loop=0.3, nu_t=5e-3))
    rates = np.sort(np.linalg.eigvals(operator.matrix.toarray() / operator.volumes.ravel()[:, None]).real)
    assert abs(rates[0]) < 1e-6 * rates[-1]
    c = np.random.default_rng(0).random(mesh.shape)
    mean = float((operator.volumes * c).sum() / mesh.volume)
    time_step = 0.1 / rates[1]
    stepper = TimeStepper(operator, time_step, limited=False, tolerance=1e-8)
    time, spread = [0.0], [1.0]
    for n in range(150):
        c = stepper.step(c)
        time.append((n + 1) * time_step)
        spread.append(float(np.sqrt((operator.volumes * (c - mean) ** 2).sum())))
    rate, change = late_decay(np.array(time), np.array(spread))
    assert rate == pytest.approx(rates[1], rel=tolerance)
    assert change < tolerance


def test_late_decay_needs_points() -> None:
    assert math.isnan(late_decay(np.arange(4.0), np.ones(4))[0])


def test_a_short_run_says_why_it_has_no_blend_time(case: Case, flow: Flow) -> None:
    short = case.model_copy(update={"mixing": case.mixing.model_copy(update={"duration": 0.2})})
    summary = blend(short, flow).summary()
    assert summary["theta95_variance_s"] is None and summary["n_theta95"] is None
    assert "not blended" in summary["theta95_variance_s_reason"]
    assert summary["tracer_mass_error"] < 1e-12


def test_effect_of_the_turbulent_schmidt_number(case: Case, flow: Flow, tmp_path: Path) -> None:
    """More dispersion blends sooner; the runs at other Sc_t are those that the case would ask for."""
    mixing = blend(case, flow, schmidt_effect=True)
    low, high = mixing.schmidt_varied
    assert (low, high) == pytest.approx((0.35, 1.4))
    assert mixing.theta95_variance_s is not None
    assert mixing.theta95_varied_s[0] < mixing.theta95_variance_s < mixing.theta95_varied_s[1]
    for value, seconds in zip(mixing.schmidt_varied, mixing.theta95_varied_s, strict=True):
        settings = case.mixing.model_copy(update={"schmidt_turbulent": value})
        own = blend(case.model_copy(update={"mixing": settings}), flow)
        assert seconds == pytest.approx(own.theta95_variance_s, rel=0.02)
    assert mixing.tracer_mass_error < 1e-13
    mixing.save(tmp_path)
    assert Mixing.load(tmp_path).summary() == mixing.summary()
    assert mixing.summary()["theta95_variance_varied_s"] == list(mixing.theta95_varied_s)


def test_without_the_effect_the_summary_says_so(mixing: Mixing) -> None:
    assert mixing.summary()["theta95_variance_varied_s"] is None
    assert mixing.summary()["schmidt_varied_reason"] == "not asked for"


def test_save_load_export(mixing: Mixing, tmp_path: Path) -> None:
    mixing.save(tmp_path / "stage")
    again = Mixing.load(tmp_path / "stage")
    assert again.summary() == mixing.summary()
    np.testing.assert_array_equal(again.probe_curves, mixing.probe_curves)
    mixing.export(tmp_path)
    with (tmp_path / "probes.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "time_s" and len(rows[0]) == 1 + mixing.probes.shape[0]
    assert len(rows) == 1 + mixing.time.size
    assert (tmp_path / "mixing.csv").read_text().startswith("time_s,deviation,probe_deviation")


def test_progress_rises_and_can_be_interrupted(case: Case, flow: Flow) -> None:
    seen: list[float] = []

    def watch(fraction: float, text: str) -> None:
        seen.append(fraction)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blend(case, flow, watch)
    assert seen == sorted(seen) and 0.0 <= seen[0] and seen[-1] <= 1.0
