"""Settings on a fixed lattice, and the descent on it to a setting that no single step makes better.

The lattice does not depend on the limits: a variable that is searched by its logarithm has its points at 2^(n h) of its
SI unit, any other at multiples of h times the power of two next above its largest value. Steps h halve from level to
level, so that every point of a coarse level is one of the finer. Limits cut the lattice off; a limit itself is a point
too. So two searches within different limits that come into the same valley end in the same point of it, unless a limit
stands between: that is what keeps looser limits from worsening an optimum (``search``).

Descent: at every level all points one step up or down in one variable are tried, and the one that takes all the steps
that help together; the best is gone to, until none is better. Where no single step helps, steps in two variables may be
tried. Pattern search: R. Hooke and T. A. Jeeves (1961) J. ACM
8:212.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rushton.scaledown.rig import Settings, Variable

Point = tuple[float, ...]
"""Coordinates of a setting, in order of variables: log2 of it, or itself over the power of two above the largest."""


_SAME = 1e-9


class Lattice:
    """The lattice of some variables, cut off at their bounds."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = tuple(variables)
        self.scale = tuple(2.0 ** math.ceil(math.log2(v.high)) if v.high > 0.0 else 1.0 for v in variables)
        self.low = tuple(self._coordinate(n, v.low) for n, v in enumerate(variables))
        self.high = tuple(self._coordinate(n, v.high) for n, v in enumerate(variables))

    def _coordinate(self, n: int, value: float) -> float:
        return math.log2(value) if self.variables[n].log else value / self.scale[n]

    def settings(self, point: Point) -> Settings:
        """Settings, SI, at a point; within the bounds to the last digit."""
        out = {}
        for n, v in enumerate(self.variables):
            value = 2.0 ** point[n] if v.log else point[n] * self.scale[n]
            out[v.name] = min(max(value, v.low), v.high)
        return out

    def point(self, settings: Settings, level: int) -> Point:
        """The point of a level, or of the bounds, nearest to some settings."""
        return tuple(
            self._snapped(n, self._coordinate(n, min(max(settings[v.name], v.low), v.high)), level)
            for n, v in enumerate(self.variables)
        )

    def _snapped(self, n: int, coordinate: float, level: int) -> float:
        step = 2.0**-level
        choices = [k * step for k in (math.floor(coordinate / step), math.ceil(coordinate / step))]
        choices = [c for c in choices if self.low[n] <= c <= self.high[n]]
        return min([*choices, self.low[n], self.high[n]], key=lambda c: abs(c - coordinate))

    def moved(self, point: Point, by: Sequence[float], level: int) -> Point:
        """The point of a level nearest to one some way from another (log2 of a setting, or of the power of two)."""
        return tuple(
            self._snapped(n, min(max(c + d, self.low[n]), self.high[n]), level)
            for n, (c, d) in enumerate(zip(point, by, strict=True))
        )

    def beside(self, point: Point, level: int) -> list[list[Point]]:
        """The points one step of a level below and above, per variable; a bound where a step goes beyond it."""
        step = 2.0**-level
        out = []
        for n, c in enumerate(point):
            down = max(self.low[n], step * (math.ceil(c / step - _SAME) - 1))
            up = min(self.high[n], step * (math.floor(c / step + _SAME) + 1))
            out.append([(*point[:n], new, *point[n + 1 :]) for new in (down, up) if abs(new - c) > _SAME])
        return out


def descend(
    lattice: Lattice,
    point: Point,
    values: Callable[[Sequence[Point]], Sequence[float]],
    levels: Sequence[int],
    most: int,
    pairs: bool = False,
) -> Point:
    """The point that a descent ends in.

    Parameters
    ----------
    lattice : Lattice
    point : Point
        Where it begins.
    values : callable
        Values of some points, the smaller the better.
    levels : sequence of int
        Steps are 2^-level: 19 % at level 2, 0.5 % at 7 for a variable searched by its logarithm.
    most : int
        Points to try, over all levels; a round of trials that has begun is finished.
    pairs : bool
        Whether steps in two variables at once are tried where no single one helps: along a narrow valley that lies
        askew.
    """
    least = values([point])[0]
    left = most
    for level in levels:
        while left > 0:
            sides = lattice.beside(point, level)
            around = [p for pair in sides for p in pair]
            value_of = dict(zip(around, values(around), strict=True))
            together = list(point)
            for n, pair in enumerate(sides):
                lower = [p for p in pair if value_of[p] < least]
                if lower:
                    together[n] = min(lower, key=lambda p: value_of[p])[n]
            further = [tuple(together)]
            if pairs and tuple(together) == point:
                further = _askew(point, sides)
            further = [p for p in further if p != point and p not in value_of]
            value_of |= dict(zip(further, values(further), strict=True))
            left -= len(value_of)
            best = min(value_of, key=lambda p: (value_of[p], p), default=point)
            if value_of.get(best, least) >= least:
                break  # to the next level
            point, least = best, value_of[best]
    return point


def _askew(point: Point, sides: Sequence[Sequence[Point]]) -> list[Point]:
    """Points one step away in two variables at once."""
    out = []
    for n, first in enumerate(sides):
        for m, second in enumerate(sides[:n]):
            for a in first:
                for b in second:
                    moved = list(point)
                    moved[n], moved[m] = a[n], b[m]
                    out.append(tuple(moved))
    return out
