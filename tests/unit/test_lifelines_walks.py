"""The compiled advection and walks against the same equations in plain Python, and against exact results."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.lifelines import lanes, langevin, layout, plain, pollock, polynomials, tracking, walks
from rushton.lifelines.field import LONGEST_MEMORY, integral_time, make_field
from rushton.lifelines.generator import GOLDEN, counter_hash, make_key, mix, normal_numbers, normals, unit, variate
from rushton.lifelines.observer import make_limits
from rushton.mesh import build_mesh

DT = 0.02
LIMITS = make_limits(DT, 0.05, 0.95, 0.01, 0.36)
KEY = make_key(3)


@pytest.fixture(scope="module")
def flow(cases_folder):
    """Swirl and loop in the baffled tank, with a diffusivity that varies a hundredfold from mesh cell to mesh cell."""
    mesh = build_mesh(load_case(cases_folder / "lab_3L.toml"), 4000)
    rng = np.random.default_rng(1)
    nu_t = 4e-5 * 10.0 ** rng.uniform(-1.0, 1.0, mesh.shape)
    return replace(recirculating_flow(mesh, 4.0, 3.0), nu_t=nu_t, k=np.full(mesh.shape, 1e-3))


@pytest.fixture(scope="module")
def field(flow):
    return make_field(flow, np.zeros(flow.mesh.shape), (), 0.7, DT, memory=integral_time(flow, 0.7))


@pytest.fixture(scope="module")
def cells(flow, field):
    """(place, fraction, number) of some cells all over the tank."""
    cloud = tracking.release_uniformly(flow.mesh, field, 300, LIMITS, KEY)
    return [(row.tolist(), f.tolist(), n) for n, (row, f) in enumerate(zip(cloud.place, cloud.fraction, strict=True))]


def tiled(field, cells, bits=(), eta=None):
    """A tile with these cells (a tile or less) in its lanes."""
    tile = lanes.new_tile(1)
    for a, (place, fraction, _) in enumerate(cells):
        tile.whole[lanes.C + a] = plain.mesh_cell(field, place)
        for axis, row in enumerate((lanes.X, lanes.Y, lanes.Z)):
            tile.real[row + a] = fraction[axis]
        if eta is not None:
            for axis, row in enumerate((lanes.E_R, lanes.E_T, lanes.E_Z)):
                tile.real[row + a] = eta[a][axis]
    for a, h in enumerate(bits):
        tile.whole[lanes.BITS + a] = np.uint64(h).astype(np.int64)
    lanes.decode(tile, len(cells), *(int(n) for n in field.shape[1:]))
    return tile


def lane(tile, a, field=None):
    """Mesh cell and fractions of a lane; with a field its three indices are looked at too."""
    if field is not None:
        indices = [int(tile.whole[row + a]) for row in (lanes.RING, lanes.TURN, lanes.LAYER)]
        assert plain.mesh_cell(field, indices) == tile.whole[lanes.C + a]
    return tile.whole[lanes.C + a], [tile.real[row + a] for row in (lanes.X, lanes.Y, lanes.Z)]


def assert_same(field, found, expected):
    assert found[0] == plain.mesh_cell(field, expected[0])
    assert found[1] == pytest.approx(expected[1], abs=1e-6)


def test_polynomials_agree_with_the_functions_they_stand_for():
    for a in np.concatenate([np.linspace(-3.0, 3.0, 1001), np.linspace(-80.0, 80.0, 81), [1e-9, -1e-9]]):
        exact = 2.0 * 0.3 * (math.expm1(a) / a if a else 1.0)
        assert pollock.glide(2.0, a / 0.3, 0.3) == pytest.approx(exact, rel=3e-8)
    for ratio in 10.0 ** np.linspace(-9.0, 9.0, 1001):
        face = 2.0 * ratio
        exact = 0.3 * (math.log(ratio) / (face - 2.0) if abs(ratio - 1.0) > 1e-9 else 0.5)
        assert pollock.exit_time(2.0, face, 0.3) == pytest.approx(exact, rel=1e-9)
        assert polynomials.logarithm(ratio) == pytest.approx(math.log(ratio), rel=1e-9, abs=1e-12)
    assert pollock.exit_time(2.0, 2.0 * (1.0 + 1e-12), 0.3) == pytest.approx(0.15, rel=1e-9)
    for never in ((2.0, 0.0), (2.0, -1.0), (0.0, 2.0), (0.0, 0.0)):
        assert pollock.exit_time(*never, 0.3) >= 1e300
    for turns in np.linspace(0.0, 1.0, 1001)[:-1]:
        sine, cosine = polynomials.sine_and_cosine(turns)
        assert sine == pytest.approx(math.sin(2.0 * math.pi * turns), abs=1e-9)
        assert cosine == pytest.approx(math.cos(2.0 * math.pi * turns), abs=1e-9)


def test_compiled_advection_is_the_plain_one(field, cells):
    crossed = 0
    for some in (cells[:200], cells[200:]):
        tile = tiled(field, some)
        hops, given_up = pollock.advect(tile, len(some), field, 10.0 * DT)
        for a, (place, fraction, _) in enumerate(some):
            *expected, hopped = plain.advect(field, place, fraction, 10.0 * DT)
            assert_same(field, lane(tile, a), expected)
            hops -= hopped
            crossed += hopped
        assert hops == given_up == 0
    assert crossed > 300


def test_compiled_interface_walk_is_the_plain_one(field, cells):
    moved = 0
    for some in (cells[:200], cells[200:]):
        bits = [int(counter_hash(n, 7, KEY)) for _, _, n in some]
        tile = tiled(field, some, bits)
        walks.interface_walk(tile, len(some), field)
        for a, (place, fraction, _) in enumerate(some):
            state = [bits[a]]

            def draw(state=state):
                state[0] = int(mix(np.uint64((state[0] + int(GOLDEN)) % 2**64)))
                return unit(np.uint64(state[0]))

            at, inside = place, fraction
            for axis, shift in ((2, 0), (1, 21), (0, 42)):
                e = variate(np.uint64(bits[a] >> shift))
                at, inside, _ = plain.walk(field, at, inside, axis, e, plain.with_chance(draw))
            assert_same(field, lane(tile, a, field), (at, inside))
            moved += at != place
    assert moved > 30


def test_compiled_langevin_walk_is_the_plain_one(field, cells):
    moved = 0
    for some in (cells[:200], cells[200:]):
        bits = [int(counter_hash(n, 7, KEY)) for _, _, n in some]
        before = [np.array(normals(np.uint64(counter_hash(n, 8, KEY)))) for _, _, n in some]
        tile = tiled(field, some, bits, before)
        langevin.langevin_walk(tile, len(some), field)
        for a, (place, fraction, _) in enumerate(some):
            kept = float(field.persistence[plain.mesh_cell(field, place), layout.KEPT])
            eta = plain.fade(before[a], kept, np.array(normals(np.uint64(bits[a]))))
            at, inside = place, fraction
            for axis in (2, 1, 0):
                at, inside, eta[axis] = plain.walk(field, at, inside, axis, eta[axis], plain.keep_flux)
            assert_same(field, lane(tile, a, field), (at, inside))
            found = [tile.real[row + a] for row in (lanes.E_R, lanes.E_T, lanes.E_Z)]
            assert found == pytest.approx(list(eta), abs=1e-5)
            moved += at != place
    assert moved > 30


@pytest.mark.parametrize("walk", ["interface", "langevin", "end-point"])
def test_a_path_does_not_depend_on_the_lanes_beside_it(flow, field, walk):
    """Same bytes however the cells are cut into tiles: vector instructions and their remainders agree."""

    def walked(n_segment):
        cloud = tracking.release_uniformly(flow.mesh, field, 700, LIMITS, KEY)
        walkers = tracking.Walkers(field, cloud, LIMITS, KEY, DT, tracking.WALKS[walk], 60, 5, 1, n_segment)
        walkers.run(60)
        return cloud, walkers.finish()

    (one, counted), (other, counted_again) = walked(1), walked(61)
    assert one.place.tobytes() == other.place.tobytes() and one.fraction.tobytes() == other.fraction.tobytes()
    assert one.memory.tobytes() == other.memory.tobytes()
    for mine, yours in zip(counted, counted_again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine, yours, strict=True))


def test_normal_variates_are_normal():
    draws = np.empty((20_000, 3))
    normal_numbers(np.arange(20_000), 5, KEY, draws)
    n = draws.size
    assert np.mean(draws) == pytest.approx(0.0, abs=4.0 / n**0.5)
    assert np.mean(draws**2) == pytest.approx(1.0, abs=4.0 * (2.0 / n) ** 0.5)
    assert np.mean(draws**4) == pytest.approx(3.0, abs=4.0 * (96.0 / n) ** 0.5)
    assert np.abs(np.corrcoef(draws.T) - np.eye(3)).max() < 4.0 / 20_000**0.5


def test_memory_is_that_of_the_turbulence(flow):
    k = flow.k.copy()
    k[0], k[1] = 0.0, 1e-30
    memory = integral_time(replace(flow, k=k), 0.5)
    assert np.all(memory[0] == 0.0) and np.all(memory[1] == LONGEST_MEMORY)
    assert np.allclose(memory[2:], flow.nu_t[2:] / 0.5 / (2.0 / 3.0 * k[2:]))
    # without memory the step is that of the random walk
    still = make_field(flow, np.zeros(flow.mesh.shape), (), 0.7, DT)
    short = make_field(flow, np.zeros(flow.mesh.shape), (), 0.7, DT, memory=np.full(flow.mesh.shape, 1e-6))
    assert np.array_equal(still.record, short.record) and np.all(short.persistence[:, layout.KEPT] == 0.0)


def test_paths_with_memory_spread_as_taylor_says():
    # stationary velocities: <X^2> = sigma^2 dt^2 (N + 2 sum_n (N - n) rho^n), straight at first, 2 D t at last
    mesh = plain_tank(np.linspace(0.0, 1.0, 5), 4, np.linspace(0.0, 1.0, 41))
    d, memory = 1e-4, 0.1
    flow = replace(
        recirculating_flow(mesh, 0.0, 0.0), nu_t=np.full(mesh.shape, d), k=np.full(mesh.shape, 1.5 * d / memory)
    )
    case = SimpleNamespace(
        mixing=SimpleNamespace(schmidt_turbulent=1.0), impellers=(), numerics=SimpleNamespace(frame="relative")
    )
    field = tracking.field_for("langevin", case, flow, np.zeros(mesh.shape), DT)
    cloud = tracking.release_uniformly(mesh, field, 20_000, LIMITS, KEY)
    walkers = tracking.Walkers(field, cloud, LIMITS, KEY, DT, tracking.WALKS["langevin"], 50, 50, 1)
    z0 = (cloud.place + cloud.fraction)[:, 2] / 40.0
    middle = np.abs(z0 - 0.5) < 0.3
    rho, done = math.exp(-DT / memory), 0
    for n in (2, 8, 40):
        walkers.run(n)
        done += n
        spread = np.var(((cloud.place + cloud.fraction)[:, 2] / 40.0 - z0)[middle])
        steps = done + 2.0 * sum((done - m) * rho**m for m in range(1, done))
        exact = 2.0 * d * DT * math.tanh(0.5 * DT / memory) * steps
        assert spread == pytest.approx(exact, rel=4.0 * (2.0 / middle.sum()) ** 0.5)
    assert exact == pytest.approx(2.0 * d * DT * done, rel=0.15) and exact < 2.0 * d * DT * done
