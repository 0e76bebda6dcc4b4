"""Warnings of ``rushton check`` about where impellers stand in the tank: streams that merge, collapse or draw in air.

- Spacing of disc turbines: below 1.15 D (0.385 T at D = T/3) the two discharge streams bend to each other and merge,
  and the pair draws less than twice the power of one; parallel loops above (Rutherford, Lee, Mahmoudi and Yianneskis
  1996, AIChE J. 42:332). At 1.5 D and more powers add up.
- Clearance C of a disc turbine: between C = 0.20 T and 0.15 T the lower loop collapses, the stream bends to the floor
  and the power falls by about a third (Montante, Lee, Brucato and Yianneskis 1999, Can. J. Chem. Eng. 77:649). Over a
  dish in which the liquid swirls freely the height over the lower edge of the baffles decides: the same was computed
  here at 0.14 T above it, and not at 0.17 T.
- Liquid above the upper impeller: below D/2 it draws air from the surface at any working speed; a full D is the rule of
  practice. Onset speeds in the literature differ by a factor of two with baffles and gas, so none is used here.
- Height of liquid per impeller: one for each 1 to 1.5 T (rule of practice); what lies further away mixes slowly.
- D/T from 0.25 to 0.6: what the correlations of power, flow and blending were fitted on.
- No baffles: turbulence models that know nothing of rotation double the power (docs/validation.md).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from rushton import correlations as c
from rushton.case.blades import is_disc_turbine

if TYPE_CHECKING:
    from rushton.case.schema import Case

COLLAPSE = 0.20
"""C/T of a disc turbine below which its lower loop may collapse, -."""
FLOOR = 0.10
"""The same of impellers that pump down or up, whose stream is throttled by the floor, -."""
AIR, COVER = 0.5, 1.0
"""Liquid above the upper impeller over its diameter: below the first it draws in air, below the second it may, -."""
TALLEST = 1.5
"""Height of liquid per impeller over the tank diameter, -."""
SLENDER, WIDE = 0.25, 0.6
"""D/T that correlations cover, -."""


def of_geometry(case: Case) -> list[str]:
    """Warnings of this page, each with the way to mend it."""
    return [*_size(case), *_clearance(case), *_spacing(case), *_surface(case), *_slenderness(case), *_baffling(case)]


def _size(case: Case) -> list[str]:
    out = []
    for n, imp in enumerate(case.impellers, 1):
        ratio = imp.diameter / case.tank.diameter
        if not SLENDER <= ratio <= WIDE:
            out.append(
                f"impeller {n}: D/T = {ratio:.2f} is outside {SLENDER} to {WIDE}, which correlations do not cover; "
                "rely on the computed flow, not on the expected numbers of this page"
            )
    return out


def _clearance(case: Case) -> list[str]:
    """Of the lowest impeller."""
    tank, imp = case.tank, case.impellers[0]
    radial = is_disc_turbine(imp)
    floor = tank.baffle_edge if tank.baffles.count else 0.0
    ratio, least = (imp.clearance - floor) / tank.diameter, COLLAPSE if radial else FLOOR
    if ratio >= least:
        return []
    what = f"impeller 1: C/T = {imp.clearance / tank.diameter:.2f}"
    if floor:
        what += f", {ratio:.2f} over the lower edge of the baffles"
    if radial:
        what += (
            ", so near the floor that the lower loop may collapse: one loop instead of two, and a third less power "
            "(Montante et al. 1999)"
        )
    else:
        what += ", so near the floor that its stream is throttled"
    mend = f". Raise it to {floor + least * tank.diameter:.3g} m"
    return [what + mend + (", or lead the baffles further down" if floor else "")]


def _spacing(case: Case) -> list[str]:
    out = []
    for n, (below, above) in enumerate(itertools.pairwise(case.impellers), 1):
        distance, diameter = above.clearance - below.clearance, max(below.diameter, above.diameter)
        if is_disc_turbine(below) and is_disc_turbine(above) and distance < c.SPACING_OF_SUMS * diameter:
            out.append(
                f"impellers {n} and {n + 1}: {c.stack_note(distance, diameter)}. {c.SPACING_OF_SUMS} D, "
                f"{c.SPACING_OF_SUMS * diameter:.3g} m, would keep them apart"
            )
        elif distance < 0.5 * diameter:
            out.append(
                f"impellers {n} and {n + 1}: {distance / diameter:.2f} D apart: they work as one; expected powers of "
                f"this page, for each alone, do not add up. Set them {diameter:.3g} m apart"
            )
    return out


def _surface(case: Case) -> list[str]:
    tank, top = case.tank, case.impellers[-1]
    cover = tank.liquid_height - top.clearance
    if cover >= COVER * top.diameter:
        return []
    level = f"only {cover:.3g} m ({cover / top.diameter:.2f} D) of liquid above the upper impeller: "
    mend = f"; {COVER * top.diameter:.3g} m is customary: fill higher, lower the impeller or stir more slowly"
    if cover < AIR * top.diameter:
        return [level + "it draws in air, which is not computed" + mend]
    return [level + "at high speed it may draw in air from the surface, which is not computed" + mend]


def _slenderness(case: Case) -> list[str]:
    tank, count = case.tank, len(case.impellers)
    ratio = tank.liquid_height / (tank.diameter * count)
    if ratio <= TALLEST:
        return []
    wanted = int(tank.liquid_height / (TALLEST * tank.diameter)) + 1
    return [
        f"{ratio:.2g} T of liquid for each impeller: more than {TALLEST} T is beyond the reach of one, and the far "
        f"liquid mixes slowly; {wanted} impellers are customary at this height"
    ]


def _baffling(case: Case) -> list[str]:
    baffles, tank = case.tank.baffles, case.tank
    if baffles.count == 0:
        return [
            "no baffles: the liquid spins and its surface becomes a vortex. It is computed as flat (the run states how "
            'deep the vortex would be). Take flow.turbulence = "k-epsilon", which knows here that rotation damps '
            "turbulence; the other models overrate the swirl and double the power"
        ]
    if baffles.count * baffles.width < 0.3 * tank.diameter:
        return ["little baffling (less than 4 baffles of T/10): power and flow lie below the fully baffled values"]
    return []
