"""The lattice of settings and the descent on it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rushton.scaledown.lattice import Lattice, descend
from rushton.scaledown.rig import Variable


def lattice(low=1e-6, high=5e-5, most=1.0):
    return Lattice((Variable("flow", "m3/s", low, high, True), Variable("share", "-", 0.0, most)))


def test_points_do_not_depend_on_the_bounds():
    narrow, wide = lattice(2e-6, 3e-5, 0.6), lattice()
    wanted = {"flow": 1.234e-5, "share": 0.371}
    for level in (2, 4, 7):
        assert narrow.point(wanted, level) == wide.point(wanted, level)
    coarse = wide.point(wanted, 3)
    assert coarse == pytest.approx([n / 8 for n in (round(8 * math.log2(1.234e-5)), 3)])
    assert wide.point(wide.settings(coarse), 7) == pytest.approx(coarse)


def test_bounds_are_points_and_hold():
    cut = lattice(2e-6, 3e-5, 0.6)
    ends = [cut.settings(cut.point({"flow": f, "share": s}, 2)) for f, s in ((1e-9, -1.0), (1.0, 2.0))]
    assert ends[0] == pytest.approx({"flow": 2e-6, "share": 0.0})
    assert ends[1] == pytest.approx({"flow": 3e-5, "share": 0.6})
    for point in (cut.low, cut.high):
        for pair in cut.beside(point, 3):
            assert len(pair) == 1
            assert all(lo <= c <= hi for lo, c, hi in zip(cut.low, pair[0], cut.high, strict=True))
    assert all(2e-6 <= end["flow"] <= 3e-5 for end in ends)


def valley(lattice, tilt):
    """A narrow valley askew to both variables, lowest at 1e-5 m3/s and 0.4."""

    def values(points):
        found = []
        for s in map(lattice.settings, points):
            x, y = math.log2(s["flow"] / 1e-5), s["share"] - 0.4
            found.append((x + y) ** 2 + tilt * (x - y) ** 2)
        return found

    return values


def test_a_descent_comes_to_the_bottom_of_a_valley_that_lies_askew():
    grid = lattice()
    start = grid.point({"flow": 2e-6, "share": 0.9}, 7)
    end = grid.settings(descend(grid, start, valley(grid, 0.02), (2, 3, 4, 5, 6, 7), 2000, pairs=True))
    assert end["flow"] == pytest.approx(1e-5, rel=0.02)
    assert end["share"] == pytest.approx(0.4, abs=0.02)


def test_descents_within_different_bounds_end_in_the_same_point():
    ends = set()
    for low, high, most in ((1e-6, 5e-5, 1.0), (5e-6, 3e-5, 0.7), (2e-6, 2e-5, 0.9)):
        grid = lattice(low, high, most)
        start = grid.point({"flow": 7e-6, "share": 0.5}, 7)
        end = descend(grid, start, valley(grid, 1.0), (2, 3, 4, 5, 6, 7), 2000, pairs=True)
        ends.add(tuple(np.round(list(grid.settings(end).values()), 12)))
    assert len(ends) == 1


def test_a_descent_tries_no_more_points_than_it_may():
    grid, tried = lattice(), []

    def values(points):
        tried.extend(points)
        return valley(grid, 0.02)(points)

    descend(grid, grid.point({"flow": 2e-6, "share": 0.9}, 7), values, (2, 3, 4, 5, 6, 7), 10, pairs=True)
    assert 10 <= len(tried) < 22  # the round that was begun, two variables: at most four beside and four askew
