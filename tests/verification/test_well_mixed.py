"""A cloud of cells released uniformly stays uniform: the one test that finds every error of a track.

Chi2 per degree of freedom over 128 equal-volume bins (1 +- 0.125 for a uniform cloud) and density in the first layers
of mesh cells. The naive walk must fail where the others pass.
"""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow.analytic import recirculating_flow
from rushton.lifelines import layout, tracking
from rushton.lifelines.field import integral_time, make_field
from rushton.lifelines.generator import make_key
from rushton.lifelines.observer import make_limits
from rushton.lifelines.well_mixed import chi2_per_dof, equal_volume_bins
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import OPEN, ROTATING, SLIP, STATIONARY, TankMesh

REGIMES = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=0.36)


@pytest.fixture(scope="module")
def case(cases_folder):
    return load_case(cases_folder / "lab_3L.toml")


@pytest.fixture(scope="module")
def mesh(case):
    return build_mesh(case, 8000)


def diffusivity(mesh, profile, low):
    """Diffusivity that varies a hundredfold, m2/s: smoothly in z and r, or in steps of z, theta and r."""
    z = (mesh.z_centre / mesh.z[-1])[None, None, :]
    r = (mesh.r_centre / mesh.r[-1])[:, None, None]
    theta = mesh.theta_centre[None, :, None]
    if profile == "smooth":
        return low * 10.0 ** (1.0 - np.cos(np.pi * z)) * np.ones(mesh.shape) * (0.3 + 0.7 * r)
    steps = (z > 0.55).astype(int) + (r > 0.6) + (np.sin(2.0 * theta) > 0.2)
    return low * np.where(steps % 2 == 1, 100.0, 1.0)


def walk_for(mesh, case, profile, walk, n_cell, n_step, dt=0.01, swirl=3.0, loop=1.0, low=2e-6, snapshots=1):
    """Counts per mesh cell at the end, or summed over the last snapshots."""
    nu_t = diffusivity(mesh, profile, low)
    # uniform k: the memory of the Langevin walk is from 0.4 to 40 steps
    flow = replace(recirculating_flow(mesh, swirl, loop), nu_t=nu_t, k=np.full(mesh.shape, 1.5 * low / (0.4 * dt)))
    memory = integral_time(flow, 1.0) if walk == "langevin" else None
    field = make_field(flow, np.zeros(mesh.shape), case.impellers, 1.0, dt, memory=memory)
    limits = make_limits(dt, 0.05, 0.95, 0.01, 0.36)
    key = make_key(5)
    cloud = tracking.release_uniformly(mesh, field, n_cell, limits, key)
    walkers = tracking.Walkers(field, cloud, limits, key, dt, tracking.WALKS[walk], n_step, n_step, 1)
    counts = np.zeros(mesh.n_mesh_cell)
    parts = [n_step - n_step // 2, *[n_step // 2 // (snapshots - 1)] * (snapshots - 1)] if snapshots > 1 else [n_step]
    for n in parts:
        walkers.run(n)
        counts += tracking.count_per_mesh_cell(walkers)
    assert counts.sum() == n_cell * len(parts), "cells were lost"
    assert all(j.events[2] == 0 and j.events[3] == 0 for j in walkers.journeys)
    return counts


def chi2(mesh, counts):
    bins, volumes = equal_volume_bins(mesh)
    assert volumes.size == 128 and volumes.max() / volumes.min() < 1.3
    return chi2_per_dof(np.bincount(bins, weights=counts, minlength=volumes.size), volumes)


@pytest.mark.parametrize("profile", ["smooth", "stepped"])
@pytest.mark.parametrize("walk", ["interface", "langevin", "end-point", "naive"])
def test_cloud_stays_uniform_with_diffusivity_ratio_100(mesh, case, profile, walk):
    value = chi2(mesh, walk_for(mesh, case, profile, walk, 100_000, 150, swirl=0.0, loop=0.0))
    if walk == "naive":
        assert value > 3.0
    else:
        assert value < 1.5


@pytest.mark.parametrize("walk", ["interface", "none"])
def test_cloud_stays_uniform_in_a_baffled_tank_with_blades_swept_by_the_flow(mesh, case, walk):
    assert chi2(mesh, walk_for(mesh, case, "stepped", walk, 100_000, 100)) < 1.5


def first_layers(mesh):
    """Groups of mesh cells where a wall meets a gradient: name -> mask over fluid mesh cells."""
    i, j, k = mesh.fluid_cells.T
    nr, _, nz = mesh.shape
    shaft = np.zeros(mesh.shape, bool)
    shaft[1:] |= mesh.solid[:-1] & ~mesh.solid[1:]
    beside = (mesh.wall_theta != OPEN) | np.roll(mesh.wall_theta != OPEN, -1, axis=1)
    disc = (mesh.wall_z[:, :, :-1] == ROTATING) | (mesh.wall_z[:, :, 1:] == ROTATING)
    return {
        "wall": i == nr - 1,
        "floor": k == 0,
        "surface": k == nz - 1,
        "ring at the shaft": shaft[i, j, k],
        "axis": i == 0,
        "beside baffles and blades": beside[i, j, k],
        "above and below the disc": disc[i, j, k],
    }


def layer_densities(mesh, counts):
    """Number over expected number in the first layers, and its scatter if five snapshots count as one."""
    share = mesh.volumes[tuple(mesh.fluid_cells.T)] / mesh.volume
    out = {}
    for name, group in first_layers(mesh).items():
        expected = counts.sum() * share[group].sum()
        out[name] = counts[group].sum() / expected, np.sqrt(5.0 / expected)
    return out


@pytest.mark.parametrize("walk", ["interface", "langevin"])
def test_density_in_the_first_layers_is_within_two_percent(mesh, case, walk):
    # steps as long as a mesh cell and longer, snapshots 4 steps apart
    counts = walk_for(mesh, case, "smooth", walk, 100_000, 450, dt=0.02, low=1e-5, snapshots=56)
    for name, (density, scatter) in layer_densities(mesh, counts).items():
        assert abs(density - 1.0) < max(0.02, 2.5 * scatter), f"{name}: {density:.3f} +- {scatter:.3f}"


@pytest.mark.parametrize("walk", ["end-point", "naive"])
def test_the_walks_without_interfaces_miss_it(mesh, case, walk):
    counts = walk_for(mesh, case, "smooth", walk, 60_000, 300, dt=0.02, low=1e-5, snapshots=20)
    density, scatter = layer_densities(mesh, counts)["ring at the shaft"]
    assert abs(density - 1.0) > max(0.05, 5.0 * scatter)


# --- the solved flow of the 54 m3 tank: two rotating zones, blades, discs, baffles, shaft ---------------------------


@pytest.fixture(scope="module")
def penicillin(cases_folder):
    from rushton.flow import solve_flow
    from rushton.transport import solve_substrate

    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    flow = solve_flow(case)
    return case, flow, solve_substrate(case, flow)


def run_for_a_minute(penicillin, walk, n_cell=500_000):
    case, flow, substrate = penicillin
    dt = tracking.default_time_step(case.operation.speed, 0.36)
    field = tracking.field_for(walk, case, flow, substrate.uptake_ratio, dt)
    limits, key = make_limits(dt, 0.05, 0.95, 0.01, 0.36), make_key(1)
    cloud = tracking.release_uniformly(flow.mesh, field, n_cell, limits, key)
    walkers = tracking.Walkers(field, cloud, limits, key, dt, tracking.WALKS[walk], 1000, 1000, tracking.usable_cores())
    counts = np.zeros(flow.mesh.n_mesh_cell)
    for _ in range(10):
        walkers.run(100)
        last = tracking.count_per_mesh_cell(walkers)
        counts += last
    values = []
    for cuts in ((8, 4, 4), (32, 3, 1), (4, 8, 8)):
        bins, volumes = equal_volume_bins(flow.mesh, cuts)
        values.append(chi2_per_dof(np.bincount(bins, weights=last, minlength=volumes.size), volumes))
    return flow.mesh, walkers, counts, values


@pytest.mark.long
@pytest.mark.parametrize("walk", ["interface", "langevin"])
def test_cloud_stays_uniform_in_the_54_m3_tank(penicillin, walk):
    # chi2 of a perfect cloud scatters by 0.13; what a fault adds to it grows with the number of cells
    mesh, walkers, counts, values = run_for_a_minute(penicillin, walk)
    print(values)
    assert np.max(values) < 1.5
    tally, journey = walkers.finish()
    assert journey.events[2] == journey.events[3] == 0
    s, v = penicillin[2].uptake_ratio[~mesh.solid], mesh.volumes[~mesh.solid] / mesh.volume
    shares = tally.raw.sum(axis=0) / tally.raw.sum()
    assert shares[0] == pytest.approx(v[s > 0.95].sum(), abs=0.004)
    assert shares[2] == pytest.approx(v[s < 0.05].sum(), abs=0.004)
    share = mesh.volumes[tuple(mesh.fluid_cells.T)] / mesh.volume
    for name, group in first_layers(mesh).items():
        density, expected = counts[group].sum() / counts.sum() / share[group].sum(), counts.sum() * share[group].sum()
        print(f"{name}: {density:.4f}, {expected:.0f} expected")
        assert abs(density - 1.0) < max(0.02, 3.0 / np.sqrt(expected)), name


@pytest.mark.long
def test_the_naive_walk_fails_in_the_54_m3_tank(penicillin):
    assert min(run_for_a_minute(penicillin, "naive", 60_000)[3]) > 3.0


# --- exchange: the walk carries what the diffusion equation carries ----------------------------------------------


def plain_tank(nr=12, nt=8, nz=16):
    """Cylinder of 1 m radius and 1 m height without baffles, shaft and impellers."""
    wall_r, wall_t, wall_z = (np.zeros(s, np.int8) for s in ((nr + 1, nt, nz), (nr, nt, nz), (nr, nt, nz + 1)))
    wall_r[-1] = STATIONARY
    wall_z[..., 0], wall_z[..., -1] = STATIONARY, SLIP
    return TankMesh(
        r=np.linspace(0.0, 1.0, nr + 1), theta=np.linspace(0.0, 2.0 * np.pi, nt + 1), z=np.linspace(0.0, 1.0, nz + 1),
        sector=1, wall_r=wall_r, wall_theta=wall_t, wall_z=wall_z, solid=np.zeros((nr, nt, nz), bool),
        resting=np.zeros((nr, nt, nz), bool),
        zone=np.zeros((nr, nz), np.int8), patch_names=("",), patch_r=wall_r, patch_theta=wall_t, patch_z=wall_z,
    )  # fmt: skip


def diffused_share(conductance, volume, far, time, n=400):
    """Share in ``far`` after ``time`` of what is released uniformly in the rest (finite volumes, implicit Euler)."""
    a = np.diag(conductance, 1) + np.diag(conductance, -1)
    a -= np.diag(a.sum(axis=1))
    step = np.linalg.inv(np.eye(volume.size) - time / n * a / volume[:, None])
    c = np.where(far, 0.0, 1.0)
    for _ in range(n):
        c = step @ c
    return float((c * volume)[far].sum() / (c * volume).sum())


def walked_share(mesh, d, far, walk, dt, time, n_cell=60_000):
    """The same from cells."""
    flow = replace(recirculating_flow(mesh, 0.0, 0.0), nu_t=np.broadcast_to(d, mesh.shape).copy())
    field = make_field(flow, np.zeros(mesh.shape), (), 1.0, dt)
    limits = make_limits(dt, 0.05, 0.95, 0.01, 0.36)
    key = make_key(11)
    cloud = tracking.release_uniformly(mesh, field, n_cell, limits, key)
    near = ~far[tuple(cloud.place.T)]
    cloud = layout.Cloud(*(np.ascontiguousarray(a[near]) for a in cloud))
    n_step = round(time / dt)
    walkers = tracking.Walkers(field, cloud, limits, key, dt, tracking.WALKS[walk], n_step, n_step, 1)
    walkers.run(n_step)
    return float(np.mean(far[tuple(cloud.place.T)]))


@pytest.mark.parametrize("walk", ["interface", "end-point"])
def test_exchange_in_height_through_a_jump_of_diffusivity(walk):
    mesh = plain_tank()
    far = np.broadcast_to(mesh.z_centre > 0.5, mesh.shape)
    d = np.where(mesh.z_centre > 0.5, 0.01, 0.0001)
    dz, df = np.full(160, 1 / 160), np.repeat(d, 10)
    conductance = 1.0 / (0.5 * dz[1:] / df[1:] + 0.5 * dz[:-1] / df[:-1])
    exact = diffused_share(conductance, dz, np.repeat(mesh.z_centre > 0.5, 10), 60.0)
    # steps of 0.7 mesh cells in the fast half
    assert walked_share(mesh, d, far, walk, 0.1, 60.0) == pytest.approx(exact, rel=0.04)


@pytest.mark.parametrize(("walk", "tolerance"), [("interface", 0.03), ("end-point", 0.06)])
def test_exchange_in_radius(walk, tolerance):
    mesh = plain_tank()
    ring = mesh.r_centre > 0.5
    far = np.broadcast_to(ring[:, None, None], mesh.shape)
    d = np.where(ring, 0.003, 0.012)
    r = np.linspace(0.0, 1.0, 121)
    rc, df = 0.5 * (r[1:] + r[:-1]), np.repeat(d, 10)
    conductance = 2.0 / (np.log(r[1:-1] / rc[:-1]) / df[:-1] + np.log(rc[1:] / r[1:-1]) / df[1:])
    exact = diffused_share(conductance, np.diff(r**2), np.repeat(ring, 10), 8.0)
    # both converge: 0.4 -> 0.1 -> 0.025 s gives -4, -2, -1 % with interfaces and +11, +6, +3 % with end points
    assert walked_share(mesh, d[:, None, None], far, walk, 0.05, 8.0) == pytest.approx(exact, rel=tolerance)
