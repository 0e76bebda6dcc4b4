"""Stitching keeps the signal: joins within the tolerance, in the same regime, and the same distribution."""

from __future__ import annotations

import numpy as np
import pytest

from rushton.errors import SolverError
from rushton.response.stitch import LEVELS, Records, Stitcher, encode, gather_records

STARVATION, EXCESS, TOLERANCE = 0.05, 0.95, 0.02


def correlated_signal(n_record, n_sample, seed=1, memory=0.97):
    """Records of s in 0..1: a Gaussian AR(1), pushed through a steep logistic so that all regimes are visited."""
    random = np.random.default_rng(seed)
    x = np.empty((n_record, n_sample))
    x[:, 0] = random.normal(size=n_record)
    for n in range(1, n_sample):
        x[:, n] = memory * x[:, n - 1] + np.sqrt(1 - memory**2) * random.normal(size=n_record)
    return 1.0 / (1.0 + np.exp(-3.5 * (x - 0.4)))


@pytest.fixture(scope="module")
def records():
    return Records(encode(correlated_signal(3000, 200)), 0.3)


def regime(s):
    return np.where(s < STARVATION, 0, np.where(s > EXCESS, 2, 1))


def test_joins_are_close_and_in_the_same_regime(records):
    stitcher = Stitcher(records, 50, STARVATION, EXCESS, TOLERANCE, seed=3)
    s = stitcher.read(200 * 40) / LEVELS
    last, first = s[:, 199:-1:200], s[:, 200::200]
    assert stitcher.joins == last.size and stitcher.far_joins == 0
    assert np.abs(first - last).max() <= TOLERANCE + 1e-9
    assert stitcher.largest_jump == pytest.approx(np.abs(first - last).max())
    np.testing.assert_array_equal(regime(first), regime(last))


def test_the_distribution_is_kept(records):
    s = Stitcher(records, 100, STARVATION, EXCESS, TOLERANCE, seed=4).read(200 * 100) / LEVELS
    edges = np.linspace(0.0, 1.0, 21)
    stitched, original = (np.histogram(x, edges)[0] / x.size for x in (s, records.codes / LEVELS))
    assert np.abs(np.cumsum(stitched - original)).max() < 0.01
    assert s.mean() == pytest.approx(records.mean, abs=0.005)


def test_reading_in_stretches_changes_nothing(records):
    one = Stitcher(records, 7, STARVATION, EXCESS, TOLERANCE, seed=5)
    two = Stitcher(records, 7, STARVATION, EXCESS, TOLERANCE, seed=5)
    whole = one.read(1000)
    np.testing.assert_array_equal(whole, np.concatenate([two.read(n) for n in (1, 333, 66, 600)], axis=1))
    assert not np.array_equal(whole, Stitcher(records, 7, STARVATION, EXCESS, TOLERANCE, seed=6).read(1000))


def test_far_joins_are_counted():
    s = np.tile(np.linspace(0.2, 0.6, 5), (3, 1))  # every record ends far from where any begins
    stitcher = Stitcher(Records(encode(s), 0.3), 2, STARVATION, EXCESS, TOLERANCE, seed=1)
    stitcher.read(15)
    assert stitcher.joins == stitcher.far_joins == 4
    assert stitcher.largest_jump == pytest.approx(0.4, abs=1e-4)


def test_a_regime_without_starts_takes_the_nearest_start():
    s = np.tile(np.linspace(0.5, 1.0, 6), (3, 1))
    stitcher = Stitcher(Records(encode(s), 0.3), 1, STARVATION, EXCESS, TOLERANCE, seed=1)
    assert stitcher.read(12)[0, 6] / LEVELS == pytest.approx(0.5, abs=1e-4)
    assert stitcher.far_joins == 1


def test_records_follow_the_mesh_cells():
    random = np.random.default_rng(0)
    index = random.integers(0, 50, (30, 12)).astype(np.int32)
    ratio = random.random(50)
    blocks = [(slice(0, 7), index[:7]), (slice(7, 20), index[7:20]), (slice(20, 30), index[20:])]
    records = gather_records(blocks, ratio, 30, 0.3)
    np.testing.assert_array_equal(records.codes, index)
    np.testing.assert_array_equal(records.counts, np.bincount(index.ravel(), minlength=50))
    assert records.codes.dtype == np.uint16  # as many mesh cells as fit
    assert gather_records(blocks, np.zeros(70_000), 30, 0.3).codes.dtype == np.int32
    assert records.mean == pytest.approx(ratio[index].mean(), abs=1e-5)
    # A third of the memory: every third lifeline, counted over all blocks.
    thinned = gather_records(blocks, ratio, 30, 0.3, largest_bytes=30 * 12 * 2 // 3)
    np.testing.assert_array_equal(thinned.codes, records.codes[::3])


def test_no_records_are_refused():
    with pytest.raises(SolverError, match="no records"):
        gather_records([], np.zeros(3), 0, 0.3)


def test_groups_share_no_record_and_joins_stay_close(records):
    groups, n = 10, 50
    stitcher = Stitcher(records, n, STARVATION, EXCESS, TOLERANCE, seed=3, groups=groups)
    assert stitcher.n_group == groups
    codes = stitcher.read(200 * 30)
    s = codes / LEVELS
    last, first = s[:, 199:-1:200], s[:, 200::200]
    assert np.abs(first - last).max() <= TOLERANCE + 1e-9 and stitcher.far_joins == 0
    np.testing.assert_array_equal(regime(first), regime(last))
    rows = {row.tobytes(): r for r, row in enumerate(records.codes)}
    used = np.array([[rows[codes[h, 200 * m : 200 * m + 200].tobytes()] for m in range(30)] for h in range(n)])
    strange = int((used % groups != (np.arange(n) % groups)[:, None]).sum())
    assert strange == stitcher.borrowed < 0.1 * used.size


def test_histories_carry_the_mesh_cell():
    """Two mesh cells of the same s stay apart: what else surrounds a cell there is not lost."""
    random = np.random.default_rng(2)
    index = random.integers(0, 40, (200, 30))
    ratio = np.repeat(random.random(20), 2)
    records = gather_records([(slice(0, 200), index.astype(np.int32))], ratio, 200, 0.3)
    codes = Stitcher(records, 8, STARVATION, EXCESS, 0.3, seed=1).read(300)
    other = np.arange(40) % 2  # another scalar
    for h in range(8):
        for m in range(10):
            piece = codes[h, 30 * m : 30 * m + 30]
            assert any(np.array_equal(other[piece], other[row]) for row in index)
