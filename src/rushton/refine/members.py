"""The runs behind an error statement: two coarser grids, and one run for every hidden choice that is varied.

Grids: N, N/2.2 and N/4.8 mesh cells, refinement ratio r = (N1/N2)^(1/3) = 1.3, the least that Celik et al. (2008)
recommend; the mesh cells round the tank follow, by the nearest multiple of blades and baffles. What the builder really
makes is what enters the index.

Varied one at a time on the cheapest sufficient grid, each effect relative to the base on that same grid:

* radius and height of the rotating zones, whose border is a choice of the modeller and not of physics: the gap from
  blade tip to zone by half, the height by 0.7 and 1.4 (Reid 2025 found 5.5 to 15.9 s of blend time in one tank by this)
* angle of the blades to the baffles, frozen in a steady run: a quarter and a half of the period, 2 pi / lcm(blades,
  baffles)
* turbulent Schmidt number: 0.6 and 1.5 times
* the turbulence models that the case did not choose
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from rushton.flow.regime import regime_of

if TYPE_CHECKING:
    from rushton.case.schema import Case

GRID_STEP = 2.2
"""Mesh cells of a grid over those of the next coarser, -: 1.3^3."""
AFFORDABLE = 30_000
"""Choices are varied on the finest of the three grids that has no more mesh cells than this, else on the coarsest."""
ZONE_GAPS = (0.5, 1.5)
"""Gap from blade tip to the border of the rotating zone over that of the case, -."""
ZONE_HEIGHTS = (0.7, 1.4)
"""Height of the rotating zone over that of the case, -."""
ANGLE_SHIFTS = (0.25, 0.5)
"""Turn of the blades against the baffles, periods of the pattern."""
SCHMIDTS = (0.6, 1.5)
"""Turbulent Schmidt number over that of the case, -."""


@dataclass(frozen=True)
class Member:
    """One run.

    Attributes
    ----------
    group : str
        "grid", or the choice that is varied, in words.
    value : str
        What it was set to, in words.
    case : Case
    reuses_flow : bool
        Whether the flow is that of the base on the same grid, so that only the scalars are computed.
    """

    group: str
    value: str
    case: Case
    reuses_flow: bool = False


def grids(case: Case, cells: int, angular: int) -> list[Member]:
    """The two coarser grids of a run with so many mesh cells, ``angular`` of them round the tank."""
    out = []
    for n in (1, 2):
        wanted = round(cells / GRID_STEP**n)
        round_tank = max(4, round(angular / GRID_STEP ** (n / 3.0)))
        out.append(Member("grid", f"{wanted} mesh cells", _numerics(case, wanted, round_tank)))
    return out


def variations(case: Case) -> tuple[list[Member], list[str]]:
    """Runs that vary one choice each, from the base on its grid, and what cannot be varied with the reason."""
    out: list[Member] = []
    left: list[str] = []
    base = case.flow
    gaps = _zone_gaps(case)
    for radius in gaps:
        flow = base.model_copy(update={"zone_radius": radius})
        out.append(
            Member(
                "radius of the rotating zone", f"{radius:.3g} blade tip radii", case.model_copy(update={"flow": flow})
            )
        )
    for factor in ZONE_HEIGHTS:
        flow = base.model_copy(update={"zone_height": factor * base.zone_height})
        text = f"{factor * base.zone_height:.3g} impeller diameters"
        out.append(Member("height of the rotating zone", text, case.model_copy(update={"flow": flow})))
    if case.tank.baffles.count:
        for share in ANGLE_SHIFTS:
            out.append(Member("angle of blades to baffles", f"turned by {share:g} period", _turned(case, share)))
    else:
        left.append("angle of blades to baffles: there are no baffles")
    models = _other_turbulence(case)
    if not models:
        left.append("turbulence model: the flow is computed as laminar")
    for model in models:
        flow = base.model_copy(update={"turbulence": model})
        out.append(Member("turbulence model", model, case.model_copy(update={"flow": flow})))
    for factor in SCHMIDTS:
        schmidt = factor * case.mixing.schmidt_turbulent
        mixing = case.mixing.model_copy(update={"schmidt_turbulent": schmidt})
        out.append(
            Member("turbulent Schmidt number", f"{schmidt:.3g}", case.model_copy(update={"mixing": mixing}), True)
        )
    return out, left


def _numerics(case: Case, cells: int, angular: int) -> Case:
    numerics = case.numerics.model_copy(update={"mesh_cells": cells, "angular_cells": angular})
    flow = case.flow.model_copy(update={"blades": "thin" if case.thin_blades else "solid"})  # alike on every grid
    return case.model_copy(update={"numerics": numerics, "flow": flow})


def _zone_gaps(case: Case) -> list[float]:
    """Zone radii to try, in blade tip radii: the gap of the case made narrower and wider, short of the baffles."""
    from rushton.mesh.zones import rotating_zones

    here = min(zone[0] / imp.radius for zone, imp in zip(rotating_zones(case), case.impellers, strict=True))
    return [1.0 + factor * (here - 1.0) for factor in ZONE_GAPS]


def _turned(case: Case, share: float) -> Case:
    """Every impeller turned by a share of the period after which its blades face the baffles alike."""
    turned = []
    for imp in case.impellers:
        period = 2.0 * math.pi / math.lcm(imp.blades, case.tank.baffles.count)
        turned.append(imp.model_copy(update={"first_blade": imp.first_blade + share * period}))
    return case.model_copy(update={"impellers": tuple(turned)})


def _other_turbulence(case: Case) -> list[str]:
    """Turbulence models to choose from beside that of the case; none where the flow is computed as laminar."""
    largest = max(imp.diameter for imp in case.impellers)
    reynolds = case.operation.speed * largest**2 / case.broth.kinematic_viscosity
    here = regime_of(reynolds, case.flow.turbulence).model
    models = get_args(type(case.flow).model_fields["turbulence"].annotation)
    return [] if here == "laminar" else [model for model in models if model not in (here, "laminar")]


def half_range(base: float, values: Mapping[str, float]) -> float:
    """Half the range that a choice spans, the base included, in the unit of the value."""
    every = [base, *values.values()]
    return 0.5 * (max(every) - min(every))
