"""Where a feed study feeds: the list of its members, each a set of points that share the whole feed.

    F_point = F_total / points          mol/s, all points of a member alike

Members: the feeds of the case, as they are; the first feed shared by n points spaced equally round the ring on which it
lies (``feed_study.points``); every named position of the study, with its own number of points on its ring.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rushton.case.schema import Case, FeedPlace


@dataclass(frozen=True)
class FeedPoint:
    """A sphere of liquid and the share of the whole feed that goes into it.

    Attributes
    ----------
    radius, angle, height, diameter : float
        m, rad, m, m.
    share : float
        Of the whole feed, -.
    """

    radius: float
    angle: float
    height: float
    diameter: float
    share: float


@dataclass(frozen=True)
class FeedMember:
    """One way of feeding.

    Attributes
    ----------
    name : str
    where : str
        Key of the case file that asks for it.
    points : tuple of FeedPoint
    """

    name: str
    where: str
    points: tuple[FeedPoint, ...]


AS_IN_THE_CASE = "as in the case"


def feed_members(case: Case) -> tuple[FeedMember, ...]:
    """Members of the study of a case, the feeds of the case first; empty without study or feed."""
    study, feeds = case.feed_study, case.feeds
    if study is None or not feeds:
        return ()
    total = sum(feed.rate for feed in feeds)
    first = feeds[0]
    own = tuple(
        FeedPoint(f.position.radius, f.position.angle, f.position.height, f.diameter, f.rate / total) for f in feeds
    )
    members = [FeedMember(AS_IN_THE_CASE, "feed", own)]
    for n in study.points:
        ring = _ring(n, first.position.radius, first.position.angle, first.position.height, first.diameter)
        members.append(FeedMember(f"{n} points on its ring", "feed_study.points", ring))
    for number, place in enumerate(study.positions, 1):
        members.append(
            FeedMember(place.name, f"feed_study.positions {number}", _points(place, first.diameter))
        )  # fmt: skip
    return tuple(members)


def _points(place: FeedPlace, diameter: float) -> tuple[FeedPoint, ...]:
    size = diameter if place.diameter is None else place.diameter
    return _ring(place.points, place.radius, place.angle, place.height, size)


def _ring(n: int, radius: float, angle: float, height: float, diameter: float) -> tuple[FeedPoint, ...]:
    """n points on a ring, the first at the angle."""
    return tuple(FeedPoint(radius, angle + 2.0 * math.pi * m / n, height, diameter, 1.0 / n) for m in range(n))
