"""Tracks: exact where an exact answer exists, the same bytes on any number of threads, complete on disk."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest

from rushton.case import load_case
from rushton.errors import CaseError, ResultsError, SolverError
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import Lifelines, half_step, kernels, layout, signal_statistics, tracking
from rushton.lifelines.field import closed_faces, impeller_zones, make_field
from rushton.lifelines.generator import make_key
from rushton.lifelines.observer import make_limits
from rushton.mesh import build_mesh

LIMITS = make_limits(0.02, 0.05, 0.95, 0.01, 0.36)


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "lab_3L.toml")
    return case.model_copy(update={"lifelines": case.lifelines.model_copy(update={"cells": 600, "duration": 6.0})})


@pytest.fixture(scope="module")
def mesh(case):
    return build_mesh(case, 4000)


@pytest.fixture(scope="module")
def uptake(mesh):
    """q/q_max that falls from the surface to the floor, and varies round the tank."""
    z = (mesh.z_centre / mesh.z[-1])[None, None, :]
    s = np.clip(1.6 * z**2 - 0.2 + 0.2 * np.sin(mesh.theta_centre)[None, :, None], 0.0, 1.0) * np.ones(mesh.shape)
    return SimpleNamespace(uptake_ratio=s)


def walkers_on(flow, n_cell, n_step, dt=0.02, walk="none", schmidt=1.0):
    field = make_field(flow, np.zeros(flow.mesh.shape), (), schmidt, dt)
    key = make_key(2)
    cloud = tracking.release_uniformly(flow.mesh, field, n_cell, LIMITS, key)
    return tracking.Walkers(field, cloud, LIMITS, key, dt, tracking.WALKS[walk], n_step, n_step, 1)


def places(walkers, mesh):
    """r^2, theta, z of all cells."""
    at = walkers.cloud.place + walkers.cloud.fraction
    axes = (mesh.r**2, mesh.theta, mesh.z)
    return [np.interp(at[:, n], np.arange(a.size), a) for n, a in enumerate(axes)]


def test_solid_body_rotation_is_exact(mesh):
    omega, time = 3.0, 20.0
    walkers = walkers_on(recirculating_flow(mesh, omega, 0.0), 500, 1000)
    s0, theta0, z0 = places(walkers, mesh)
    turning = walkers.field.record.reshape(*mesh.shape, 8)[..., layout.T_IN][tuple(walkers.cloud.place.T)] > 0.0
    walkers.run(1000)
    s1, theta1, z1 = places(walkers, mesh)
    assert np.array_equal(s0, s1) and np.array_equal(z0, z1)
    expected = np.where(turning, omega * time, 0.0)
    error = np.angle(np.exp(1j * (theta1 - theta0 - expected)))
    assert turning.sum() > 100 and np.abs(error).max() < 1e-4  # of 60 rad: what float32 rates leave
    assert walkers.journeys[0].events[2] == 0


def test_poloidal_loop_keeps_its_stream_function(mesh):
    # RT0 fluxes have a stream function that is bilinear in (r^2, z) within a mesh cell: cells stay on its contours
    flow = recirculating_flow(mesh, 3.0, 4.0)
    psi = np.zeros((mesh.r.size, mesh.z.size))
    psi[1:] = np.cumsum(flow.flux_z[:, 0, :], axis=0)
    walkers = walkers_on(flow, 2000, 2000)

    def stream(walkers):
        i, _, k = walkers.cloud.place.T
        x, _, z = walkers.cloud.fraction.T
        low = psi[i, k] * (1 - z) + psi[i, k + 1] * z
        return low * (1 - x) + (psi[i + 1, k] * (1 - z) + psi[i + 1, k + 1] * z) * x

    before, _, z0 = places(walkers, mesh)[0], None, places(walkers, mesh)[2]
    start = stream(walkers)
    walkers.run(2000)
    assert np.abs(stream(walkers) - start).max() < 3e-5 * np.abs(psi).max()
    moved = np.hypot(places(walkers, mesh)[0] - before, places(walkers, mesh)[2] - z0)
    assert np.median(moved) > 0.005, "nothing moved"


def test_walk_spreads_as_the_diffusivity_says(mesh):
    # far from walls, in one layer of constant D: variance 2 D t in z
    flow = recirculating_flow(mesh, 0.0, 0.0, nu_t=1e-5)
    walkers = walkers_on(flow, 4000, 20, dt=0.02, walk="interface", schmidt=0.5)
    _, _, z0 = places(walkers, mesh)
    s0 = places(walkers, mesh)[0]
    walkers.run(20)
    s1, _, z1 = places(walkers, mesh)
    middle = (np.abs(z0 - 0.11) < 0.02) & (s0 > 0.03**2) & (s0 < 0.06**2)
    assert middle.sum() > 200
    assert np.var((z1 - z0)[middle]) == pytest.approx(2 * 2e-5 * 0.4, rel=0.25)
    # d<r^2>/dt = 4 D in the plane
    ds = (s1 - s0)[middle]
    assert np.mean(ds) == pytest.approx(4 * 2e-5 * 0.4, abs=4 * np.std(ds) / ds.size**0.5)


def test_walls_are_closed_to_the_walk_and_blades_are_swept_in_the_absolute_frame_only(case, with_blades):
    mesh = build_mesh(with_blades(case, "thin"), 4000)
    bits = closed_faces(mesh)
    assert np.all(bits[-1] & layout.WALL_R2) and np.all(bits[0] & layout.WALL_R1)
    assert np.all(bits[..., 0] & layout.WALL_Z1) and np.all(bits[..., -1] & layout.WALL_Z2)
    flow = recirculating_flow(mesh, 2.0, 1.0)
    blades, baffles = mesh.wall_theta == 2, mesh.wall_theta == 1
    for frame, swept in (("absolute", True), ("relative", False)):
        field = make_field(flow, np.zeros(mesh.shape), case.impellers, 0.7, 0.02, frame)
        into = field.record.reshape(*mesh.shape, 8)[..., layout.T_IN]
        assert np.all((into[blades] > 0.0) == swept) and np.all(into[baffles] == 0.0)
    assert np.all(bits[blades] & layout.WALL_T1) and np.all(bits[baffles] & layout.WALL_T1)


def test_impeller_zone_is_two_blade_heights_high(mesh, case):
    low, high, ring = impeller_zones(mesh, case.impellers)
    impeller = case.impellers[0]
    dz = np.diff(mesh.z)
    inside = high > low
    assert np.sum((high - low)[inside] * dz[inside]) == pytest.approx(2.0 * impeller.blade_height)
    assert np.all(mesh.r[ring[inside]] == pytest.approx(0.5 * impeller.diameter))


def test_circulation_counts_entries_and_ignores_quick_returns():
    journey = layout.Journey(np.zeros((2, 360), np.int64), np.zeros(2, np.int64), np.zeros(4, np.int64))
    visit = np.array([0, -1, -1], np.int32)
    bins = np.arange(1000, dtype=np.int32) // 3
    inside = np.zeros(400, bool)
    inside[10:20] = inside[25:30] = inside[100:110] = inside[250:260] = True  # the return at 25 is within 10 steps
    for n, now in enumerate(inside):
        if now != (visit[0] == 1):
            kernels.cross_zone(visit, now, n, 10, journey, 0, bins)
    assert journey.circulation_steps.tolist() == [240, 0]
    assert np.flatnonzero(journey.circulation[0]).tolist() == [30, 50]  # 90 and 150 steps


def test_same_seed_same_bytes_on_any_number_of_threads(mesh, case, uptake, tmp_path):
    flow = recirculating_flow(mesh, 3.0, 2.0, nu_t=2e-5)
    results = []
    for threads, segments in ((1, 0), (2, 0), (2, 37)):
        folder = tmp_path / f"{threads}_{segments}"
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            if segments:
                patch.setattr(tracking.Walkers.__init__, "__defaults__", (segments, 1))
            results.append(tracking.track(case, flow, uptake, folder, threads=threads))
    first = results[0]
    for other in results[1:]:
        for a, b in zip(first.halves, other.halves, strict=True):
            for name, array in a.to_arrays().items():
                assert array.tobytes() == b.to_arrays()[name].tobytes(), name
        for part in ("sample", "half_length"):
            for name, array in getattr(first, part).to_arrays().items():
                assert array.tobytes() == getattr(other, part).to_arrays()[name].tobytes(), name
        assert first.tracks.read_bytes() == other.tracks.read_bytes()
    seed = case.model_copy(update={"lifelines": case.lifelines.model_copy(update={"seed": 2})})
    (tmp_path / "seed").mkdir()
    assert tracking.track(seed, flow, uptake, tmp_path / "seed").mean_uptake != first.mean_uptake


@pytest.fixture(scope="module")
def lifelines(mesh, case, uptake, tmp_path_factory):
    settings = {"cells": 500, "duration": 20.0, "sampling": 0.06, "time_step": 0.06, "full_records": 120}
    case = case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})
    flow = recirculating_flow(mesh, 2.0, 1.0, nu_t=2e-5)
    return tracking.track(case, flow, uptake, tmp_path_factory.mktemp("tracks"))


def test_tracks_on_disk_say_what_the_observer_saw(lifelines, mesh, case, uptake):
    s_of = uptake.uptake_ratio[~mesh.solid]
    records = lifelines.records()
    n = records.time.size
    assert n == round(20.0 / 0.06) and records.time[0] == pytest.approx(0.06)
    index = np.concatenate([block for _, block in lifelines.cell_index_blocks(block=200)])
    assert index.shape == (500, n) and index.dtype == np.int32 and index.min() >= 0 and index.max() < mesh.n_mesh_cell
    signals = lifelines.signals()
    assert np.array_equal(signals.s, records.s) and np.array_equal(signals.z, records.z)
    assert lifelines.signals(most=50 * n).s.shape == (50, n) and lifelines.signals(most=500).s.shape == (50, 10)
    with netCDF4.Dataset(lifelines.tracks) as file:  # CF: trajectories that share their times
        assert file.featureType == "trajectory" and file["cell"].cf_role == "trajectory_id"
        assert file["time"].axis == "T" and all(file[name].axis == name.upper() for name in "xyz")
        assert set(file["s"].coordinates.split()) <= set(file.variables)
        assert all(v.units and v.long_name for name, v in file.variables.items() if name != "cell")
    # full records: same mesh cell, same s
    assert records.s.shape == (120, n)
    assert np.allclose(records.s, s_of[index[:120]], atol=1e-6)
    r, z = np.hypot(records.x, records.y), records.z
    i, _, k = (mesh.fluid_cells[index[:120]][..., a] for a in range(3))
    assert np.all((mesh.r[i] <= r + 1e-6) & (r <= mesh.r[i + 1] + 1e-6))
    assert np.all((mesh.z[k] <= z + 1e-6) & (z <= mesh.z[k + 1] + 1e-6))
    # the statistics formed while tracking are those of the stored signals
    s = np.rint(s_of[index] * 2**20) / 2**20
    for half in range(2):
        again = signal_statistics(s[half::2], 0.06, case.strain.regimes)
        for name, array in again.to_arrays().items():
            assert np.allclose(array, getattr(lifelines.halves[half], name), rtol=1e-9), name


def test_result_saves_loads_and_exports_itself(lifelines, tmp_path):
    lifelines.save(lifelines.folder)
    moved = tmp_path / "moved"
    shutil.copytree(lifelines.folder, moved)
    again = Lifelines.load(moved)
    assert again.summary() == lifelines.summary()
    assert again.tracks == moved / "lifelines.nc"
    (tmp_path / "results").mkdir()
    again.export(tmp_path / "results")
    written = sorted(p.stem for p in (tmp_path / "results").iterdir())
    tables = ["arcs", "circulation", "patterns", "regimes", "residences", "transitions", "uptake_histogram"]
    tables += ["excursions", "statistics", "convergence", "spectrum", "autocorrelation", "plane_crossings"]
    for name in tables:
        lines = (tmp_path / "results" / f"{name}.csv").read_text().splitlines()
        assert all(row.count(",") == lines[0].count(",") for row in lines if '"' not in row), name
    assert written == sorted(["lifelines", *tables])
    summary = again.summary()
    assert summary["lost"] == 0 and summary["steps_given_up"] == 0
    low, high = summary["share_excess_band"]
    assert low < summary["share_excess"] < high
    assert summary["autocorrelation_time_s"] is None or summary["autocorrelation_time_band_s"]
    assert summary["plane_crossing_time_s"] is None and "one impeller" in summary["plane_crossing_time_s_reason"]
    assert {v["name"] for v in summary["convergence"]} >= {"share_excess", "circulation_s.mean"}
    assert any("20 s are too short" in text for text in summary["cautions"])
    assert set(summary["residence_s"]) == {"LEL", "LSL", "ELE", "ELS", "SLE", "SLS"}
    total = sum(summary[f"share_{name}"] for name in ("excess", "limitation", "starvation"))
    assert total == pytest.approx(1.0)
    (moved / "lifelines.nc").write_bytes(b"cut")
    with pytest.raises(ResultsError, match="cannot be read"):
        again.records()


def test_shares_of_time_equal_shares_of_volume(mesh, case, uptake, tmp_path):
    settings = {"cells": 20_000, "duration": 12.0, "time_step": 0.06}
    case = case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})
    flow = recirculating_flow(mesh, 2.0, 1.0, nu_t=2e-5)
    result = tracking.track(case, flow, uptake, tmp_path)
    assert result.raw_shares == pytest.approx(result.volume_shares, abs=0.005)
    assert result.mean_uptake == pytest.approx(result.expected_uptake, rel=0.01)
    assert result.well_mixed_chi2 < 1.5
    assert result.lost == result.in_solid == result.given_up == 0


def test_statistics_are_of_all_cells_and_the_first_are_stored(mesh, case, uptake, tmp_path):
    flow = recirculating_flow(mesh, 2.0, 1.0, nu_t=2e-5)
    results = []
    for stored in (600, 50):
        settings = {"stored_cells": stored, "full_records": 80}
        fewer = case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})
        (tmp_path / str(stored)).mkdir()
        results.append(tracking.track(fewer, flow, uptake, tmp_path / str(stored)))
    every, some = results
    assert (some.cells, some.stored_cells) == (600, 50)
    for a, b in zip(every.sample.tally, some.sample.tally, strict=True):
        assert np.array_equal(a, b)
    whole, part = (np.concatenate([block for _, block in r.cell_index_blocks(40)]) for r in results)
    assert part.shape == (50, whole.shape[1]) and np.array_equal(part, whole[:50])
    assert np.array_equal(some.records().x, every.records().x[:50])


def test_default_step_is_a_whole_fraction_of_the_window():
    assert tracking.default_time_step(98 / 60, 0.36) == pytest.approx(0.06)
    assert 0.36 / tracking.default_time_step(10.0, 0.36) == pytest.approx(36)
    assert tracking.default_time_step(0.1, 0.36) == pytest.approx(0.12)  # the window is still resolved
    assert tracking.default_time_step(2.0, 0.0) == pytest.approx(0.05)


def test_fluxes_that_lose_liquid_are_refused(mesh, case, uptake, tmp_path):
    flow = recirculating_flow(mesh, 2.0, 1.0)
    leaking = flow.flux_r.copy()
    leaking[6, 3, 2] *= 1.5
    with pytest.raises(SolverError, match="not divergence-free"):
        tracking.track(case, replace(flow, flux_r=leaking), uptake, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_step_longer_than_the_window_is_refused(mesh, case, uptake, tmp_path):
    case = case.model_copy(update={"lifelines": case.lifelines.model_copy(update={"time_step": 0.3})})
    with pytest.raises(CaseError, match="does not resolve the smoothing window"):
        tracking.track(case, recirculating_flow(mesh, 2.0, 1.0), uptake, tmp_path)


def test_a_break_leaves_no_half_written_tracks(mesh, case, uptake, tmp_path):
    def stop(fraction, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tracking.track(case, recirculating_flow(mesh, 2.0, 1.0), uptake, tmp_path, stop)
    assert not list(tmp_path.iterdir())


def test_half_of_the_step_is_followed_by_other_cells_through_the_same_field(lifelines):
    step = lifelines.analysis.step_cells
    assert step == 124, "a quarter of 500 cells, an even number"
    assert half_step.sample_size(100_000, 10_000) == 2000 and half_step.sample_size(200, 10) == 0
    assert half_step.sample_size(100_000, 1_000_000) == 74, "what the check may cost"
    shares = {v.name: v for v in lifelines.analysis.verdicts}["share_starvation"]
    assert shares.half_step is not None and shares.half_step_low < shares.half_step < shares.half_step_high


@pytest.mark.parametrize(("dt", "passes"), [(0.18, False), (0.02, True)])
def test_a_step_that_jumps_over_the_field_is_found_out(mesh, case, uptake, tmp_path, dt, passes):
    # 40 turns a minute past stripes of uptake: a step of 0.18 s covers an eighth of a turn
    settings = {"cells": 2000, "duration": 20.0, "time_step": dt, "full_records": 64}
    case = case.model_copy(update={"lifelines": case.lifelines.model_copy(update=settings)})
    stripes = np.round(0.5 + 0.5 * np.sin(2.0 * mesh.theta_centre))[None, :, None] * np.ones(mesh.shape)
    flow = recirculating_flow(mesh, 4.2, 1.0, nu_t=2e-5)
    analysis = tracking.track(case, flow, SimpleNamespace(uptake_ratio=stripes), tmp_path).analysis
    answers = {v.name: v.step_pass for v in analysis.verdicts if v.headline}
    assert (False not in answers.values()) == passes
    assert any("write at most 0.09 s" in text for text in analysis.cautions) == (not passes)
    if not passes:
        assert answers["share_limitation"] is False and answers["residence_s.LEL.mean"] is False
        assert answers["mean_uptake"] is True, "a uniform cloud eats the same at any step"


def test_impeller_zones_are_looked_at_in_intervals_of_their_own(mesh):
    # the same walk, looked at at every step and at every fourth: visits that fall between two looks are not seen
    flow = recirculating_flow(mesh, 3.0, 4.0, nu_t=1e-4)
    counts = []
    for look, cuts in ((1, (180, 220)), (4, (400,)), (4, (50, 33, 317))):
        walkers = walkers_on(flow, 2000, 400, walk="interface")
        walkers.look = look
        walkers.field.zone_low[8:12], walkers.field.zone_high[8:12], walkers.field.zone_ring[8:12] = 0.0, 1.0, 6
        for n_step in cuts:
            walkers.run(n_step)
        counts.append(int(walkers.finish()[1].circulation.sum()))
    assert counts[1] == counts[2], "whatever the stretches"
    assert 200 < counts[1] < counts[0]
