"""Rotating zones: the cylinders of liquid round the impellers that are computed in the turning frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rushton.case.schema import Case


def rotating_zones(case: Case) -> list[tuple[float, float, float]]:
    """(outer radius, lower height, upper height) of the rotating zone of every impeller, m.

    Radius: ``flow.zone_radius`` blade tip radii, short of the baffle edge; by default mid-way between blade tip and
    baffle edge, at most 1.45 times the blade tip radius. Height ``flow.zone_height`` D, cut at the middle between two
    impellers and short of floor and surface; mesh cells below a dished bottom are left out of it.
    """
    tank, imps = case.tank, case.impellers
    edge = 0.5 * tank.diameter - (tank.baffles.width if tank.baffles.count else 0.0)
    zones = []
    for n, imp in enumerate(imps):
        tip = 0.5 * imp.diameter
        wanted = case.flow.zone_radius
        radius = min(0.5 * (tip + edge), 1.45 * tip) if wanted is None else min(wanted * tip, 0.05 * tip + 0.95 * edge)
        half = 0.5 * case.flow.zone_height * imp.diameter
        low, high = imp.clearance - half, imp.clearance + half
        blade = 0.5 * imp.height
        low = max(low, 0.5 * (imp.clearance - blade + tank.bottom_at(tip)))
        high = min(high, 0.5 * (imp.clearance + blade + tank.liquid_height))
        if n > 0:
            low = max(low, 0.5 * (imps[n - 1].clearance + imp.clearance))
        if n + 1 < len(imps):
            high = min(high, 0.5 * (imps[n + 1].clearance + imp.clearance))
        zones.append((radius, low, high))
    return zones
