"""What makes a case impossible, said in the engineer's words before minutes are spent.

Geometry: every impeller between floor and surface, between shaft and baffles, none in another; feeds, pulse and probes
in the liquid and out of the shaft. Balance: a fed substrate has a steady state only if the biomass can eat the feed,
F < q_max X V.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from rushton.case.blades import form, is_disc_turbine
from rushton.case.feeding import FeedPoint, feed_members
from rushton.case.library import entry
from rushton.errors import CaseError

if TYPE_CHECKING:
    from rushton.case.schema import Case, Impeller, Position, Sphere, Strain, Tank

THINNEST = 0.003
"""Least thickness of a solid blade, of the impeller's diameter, -."""
SOLID_FROM = 30_000
"""Mesh cells per disc turbine from which blades and discs are solid if nothing is asked: on fewer, the edges are so
coarse that the power number of solid ones is 20 to 40 % short, of thin ones 4 to 13 % (docs/validation.md)."""
LEAST_CYLINDER = 0.02
"""Least height of the liquid above the tangent line of a dished bottom, of the tank diameter, -."""
DISH_GAP = 0.05
"""Least distance of the blades from a dished bottom, of the impeller's diameter: the mesh follows the dish in steps."""
LONGEST_EXCHANGE = 1.0
"""Longest interval between two exchanges of cells and field in two-way coupling, s."""
GAP = 0.02
"""Least free gap between two impellers, of the smaller diameter: the mesh needs room for a face between them."""


def check_case(case: Case) -> None:
    """Refuse what cannot be computed.

    Raises
    ------
    CaseError
        The first impossibility found, with the key and the allowed range.
    """
    check_tank(case.tank)
    for number, impeller in enumerate(case.impellers, 1):
        check_impeller(case.tank, impeller, f"impeller {number} (clearance {impeller.clearance:.4g} m)")
    check_spacing(case.impellers)
    for number, feed in enumerate(case.feeds, 1):
        check_sphere(case.tank, feed.sphere, f"feed {number}", case.shaft_span)
    check_sphere(case.tank, case.mixing.pulse, "mixing.pulse", case.shaft_span)
    for number, probe in enumerate(case.mixing.probes, 1):
        check_point(case.tank, probe, f"mixing.probes {number}", case.shaft_span)
    check_swept(case)
    check_feed_study(case)
    check_blades(case)
    check_sparger(case)
    check_rotor(case)
    check_organism(case)
    check_lifelines(case)
    check_rigs(case)


def check_swept(case: Case) -> None:
    """What the case places itself is not where blades, discs or hubs turn."""
    given = [(feed.position, f"feed {n}") for n, feed in enumerate(case.feeds, 1)]
    if "pulse" in case.mixing.model_fields_set:
        given.append((case.mixing.pulse, "mixing.pulse"))
    if "probes" in case.mixing.model_fields_set:
        given += [(probe, f"mixing.probes {n}") for n, probe in enumerate(case.mixing.probes, 1)]
    for point, where in given:
        _check_swept(case, point.radius, point.height, where)


def _check_swept(case: Case, radius: float, height: float, where: str) -> None:
    for n, imp in enumerate(case.impellers, 1):
        low, high = imp.clearance - 0.5 * imp.height, imp.clearance + 0.5 * imp.height
        if radius < imp.radius and low < height < high:
            raise CaseError(
                f"radius {radius:.4g} m, height {height:.4g} m lies where impeller {n} turns: a blade would strike it",
                where,
                f"at a radius above {imp.radius:.4g} m, or at a height below {low:.4g} m or above {high:.4g} m",
            )


def check_feed_study(case: Case) -> None:
    """Every place of a feed study is in the liquid, out of the impellers, and has a name of its own."""
    if case.feed_study is None:
        return
    if not case.feeds:
        raise CaseError(
            "a feed study asks where to feed, but nothing is fed", "feed_study", "add a [[feed]] to the case"
        )
    if not case.feed_study.points and not case.feed_study.positions:
        raise CaseError(
            "the feed study names no place", "feed_study",
            'add points = [2, 4] or positions = [ { name = "...", radius = "...", angle = "...", height = "..." } ]',
        )  # fmt: skip
    seen: set[str] = set()
    for member in feed_members(case):
        if member.name in seen:
            raise CaseError(f"two members are called '{member.name}'", member.where, "give each a name of its own")
        seen.add(member.name)
        if member.where == "feed":
            continue
        for point in member.points:
            check_sphere(case.tank, point, member.where, case.shaft_span)
            _check_swept(case, point.radius, point.height, member.where)


def check_sparger(case: Case) -> None:
    """The sparger lies in the liquid and not inside an impeller."""
    if case.gas is None:
        return
    sparger, tank = case.gas.sparger, case.tank
    radius = 0.5 * sparger.diameter if sparger.type == "ring" else sparger.radius
    half, key = 0.5 * sparger.tube, "diameter" if sparger.type == "ring" else "radius"
    if radius + half > 0.5 * tank.diameter:
        raise CaseError(
            f"a sparger {radius:.4g} m from the axis does not fit into a tank of {tank.diameter:.4g} m",
            f"gas.sparger.{key}",
            f"a ring is usually 0.8 of the impeller's diameter, {0.8 * case.impellers[0].diameter:.4g} m",
        )
    if not half <= sparger.height <= tank.liquid_height - half:
        raise CaseError(
            f"a sparger at a height of {sparger.height:.4g} m is not in the liquid",
            "gas.sparger.height",
            f"between {half:.4g} and {tank.liquid_height - half:.4g} m; below the lowest impeller is customary",
        )
    if sparger.obstacle:
        _check_ring(case, radius, half)
    for number, imp in enumerate(case.impellers, 1):
        inside = abs(sparger.height - imp.clearance) < 0.5 * imp.height and radius < imp.radius
        if inside:
            raise CaseError(
                f"the sparger at a height of {sparger.height:.4g} m lies inside impeller {number}",
                "gas.sparger.height",
                f"below {imp.clearance - 0.5 * imp.height:.4g} m, the lower edge of the impeller",
            )


def _check_ring(case: Case, radius: float, half: float) -> None:
    """A ring that is an obstacle is a ring, and clear of shaft, dish and impellers."""
    assert case.gas is not None
    sparger, tank = case.gas.sparger, case.tank
    if sparger.type != "ring":
        raise CaseError(
            "only a ring can be an obstacle to the flow", "gas.sparger.obstacle", 'type = "ring", or leave it out'
        )
    least = 0.5 * tank.shaft_diameter + 2.0 * half
    if radius < least:
        raise CaseError(
            f"a ring of {sparger.diameter:.4g} m leaves no room round the shaft",
            "gas.sparger.diameter",
            f"at least {2.0 * least:.4g} m",
        )
    for number, imp in enumerate(case.impellers, 1):
        away = abs(sparger.height - imp.clearance) - 0.5 * imp.height - half
        if away < half and radius - half < imp.radius:
            raise CaseError(
                f"the ring of the sparger nearly touches impeller {number}: {max(away, 0.0):.3g} m between them",
                "gas.sparger.height",
                f"at most {imp.clearance - 0.5 * imp.height - 2.0 * half:.4g} m, or a thinner tube",
            )


def check_rigs(case: Case) -> None:
    """A chamber that plays records of lifelines needs some, and a rig that switches oxygen the tank's oxygen."""
    if case.scaledown is not None and "oxygen-switching" in case.scaledown.rigs and case.gas is None:
        raise CaseError(
            "a rig that switches oxygen reproduces the tank's dissolved oxygen, and the case computes none",
            "scaledown.rigs",
            "add a [gas] section, or leave 'oxygen-switching' out",
        )
    asked = case.scaledown is not None and "microfluidic" in case.scaledown.rigs
    if asked and case.lifelines.full_records == 0:
        raise CaseError(
            "a microfluidic chamber plays records of lifelines, and none are kept",
            "lifelines.full_records",
            "keep 1000, or leave 'microfluidic' out of scaledown.rigs",
        )


def check_tank(tank: Tank) -> None:
    """Baffles and shaft fit into the tank; the vessel is not a dish or a pipe."""
    if tank.baffles.count and tank.baffles.width > 0.25 * tank.diameter:
        raise CaseError(
            f"a baffle of {tank.baffles.width:.4g} m is too wide for a tank of {tank.diameter:.4g} m",
            "tank.baffles.width",
            f"at most a quarter of the diameter, {0.25 * tank.diameter:.4g} m; a tenth is customary",
        )
    if tank.shaft_diameter > 0.3 * tank.diameter:
        raise CaseError(
            f"a shaft of {tank.shaft_diameter:.4g} m is too thick for a tank of {tank.diameter:.4g} m",
            "tank.shaft_diameter",
            f"at most {0.3 * tank.diameter:.4g} m",
        )
    if not 0.2 <= tank.liquid_height / tank.diameter <= 10.0:
        raise CaseError(
            f"{tank.liquid_height:.4g} m of liquid in a tank of {tank.diameter:.4g} m",
            "tank.liquid_height",
            f"between {0.2 * tank.diameter:.4g} and {10 * tank.diameter:.4g} m (0.2 to 10 diameters); check the units",
        )
    if tank.liquid_height < tank.bottom_depth + LEAST_CYLINDER * tank.diameter:
        raise CaseError(
            f"{tank.liquid_height:.4g} m of liquid end inside the {tank.bottom} bottom, which is "
            f"{tank.bottom_depth:.4g} m deep",
            "tank.liquid_height",
            f"at least {tank.bottom_depth + LEAST_CYLINDER * tank.diameter:.4g} m over the lowest point, so that the "
            'surface lies in the cylinder, or bottom = "flat"',
        )
    if tank.baffles.count and tank.baffle_edge > 0.8 * tank.liquid_height:
        raise CaseError(
            f"baffles from {tank.baffle_edge:.4g} m upwards hardly reach into {tank.liquid_height:.4g} m of liquid",
            "tank.baffles.lower_edge",
            f"at most 0.8 H = {0.8 * tank.liquid_height:.4g} m, or baffles = {{ count = 0 }}",
        )


def check_impeller(tank: Tank, impeller: Impeller, where: str) -> None:
    """The impeller is inside the liquid, free of shaft and baffles, and its own parts fit together."""
    check_type(impeller, where)
    d, w, c = impeller.diameter, impeller.height, impeller.clearance
    if d >= tank.diameter:
        raise CaseError(
            f"an impeller of {d:.4g} m does not fit into a tank of {tank.diameter:.4g} m",
            f"{where}: diameter",
            f"smaller than the tank; a turbine is usually {tank.diameter / 3:.4g} to {tank.diameter / 2:.4g} m here",
        )
    free = tank.diameter - (2.0 * tank.baffles.width if tank.baffles.count else 0.0)
    if d > 0.95 * free:
        raise CaseError(
            f"an impeller of {d:.4g} m hits the baffles, between which {free:.4g} m are free",
            f"{where}: diameter",
            f"at most {0.95 * free:.4g} m",
        )
    low, high = 0.5 * w + 0.01 * d, tank.liquid_height - 0.5 * w - 0.01 * d
    if tank.bottom != "flat":
        low = tank.bottom_at(0.5 * d) + 0.5 * w + DISH_GAP * d
    if not low <= c <= high:
        place = (
            "above the liquid" if c > high else "in the floor" if tank.bottom == "flat" else "into the dished bottom"
        )
        raise CaseError(
            f"at a clearance of {c:.4g} m the blades ({w:.4g} m high) reach {place}",
            f"{where}: clearance",
            f"between {low:.4g} and {high:.4g} m (floor to mid-plane of the impeller)",
        )
    if impeller.hub_diameter:
        check_hub(tank, impeller, where)
    elif not tank.shaft_diameter < impeller.disc_diameter < d:
        raise CaseError(
            f"a disc of {impeller.disc_diameter:.4g} m does not lie between shaft ({tank.shaft_diameter:.4g} m) "
            f"and blade tips ({d:.4g} m)",
            f"{where}: disc_diameter",
            f"customary: 0.75 D = {0.75 * d:.4g} m",
        )
    inner = d - 2.0 * impeller.blade_length
    if not impeller.hub_diameter and not tank.shaft_diameter <= inner < impeller.disc_diameter:
        raise CaseError(
            f"blades of {impeller.blade_length:.4g} m begin at a diameter of {inner:.4g} m, which is not between the "
            f"shaft ({tank.shaft_diameter:.4g} m) and the disc edge ({impeller.disc_diameter:.4g} m)",
            f"{where}: blade_length",
            f"customary: D/4 = {0.25 * d:.4g} m",
        )
    if w > d:
        raise CaseError(
            f"blades of {w:.4g} m are higher than the impeller is wide",
            f"{where}: blade_height",
            f"customary: D/5 = {0.2 * d:.4g} m",
        )
    if impeller.blade_thickness > 0.1 * d:
        raise CaseError(
            f"blades of {impeller.blade_thickness:.4g} m are too thick",
            f"{where}: blade_thickness",
            f"at most 0.1 D = {0.1 * d:.4g} m; usual are 0.01 to 0.04 D",
        )


def check_type(impeller: Impeller, where: str) -> None:
    """Keys that only some types have."""
    kind = form(impeller)
    if kind == "pitched" and impeller.angle is None:
        raise CaseError("pitched blades need an angle", f"{where}: angle", 'such as "45 deg", to the horizontal')
    if kind != "pitched" and impeller.angle is not None:
        raise CaseError(
            f"the blades of type '{impeller.type}' have no angle to choose",
            f"{where}: angle",
            "leave it out; the angle of the first blade to the first baffle is first_blade",
        )
    if is_disc_turbine(impeller) == (impeller.pumping is not None):
        raise CaseError(
            f"type '{impeller.type}' "
            + ("throws the liquid outwards, neither down nor up" if impeller.pumping else "pumps down or up"),
            f"{where}: pumping",
            "leave it out" if impeller.pumping else 'write pumping = "down" or "up"',
        )


def check_hub(tank: Tank, impeller: Impeller, where: str) -> None:
    """A hub carries the blades of types without a disc: it holds the shaft and reaches the blades."""
    d, hub = impeller.diameter, impeller.hub_diameter
    if not tank.shaft_diameter <= hub < 0.6 * d:
        raise CaseError(
            f"a hub of {hub:.4g} m does not lie between shaft ({tank.shaft_diameter:.4g} m) and 0.6 D",
            f"{where}: disc_diameter (of this type the diameter of its hub)",
            f"between {tank.shaft_diameter:.4g} and {0.6 * d:.4g} m",
        )
    if 0.5 * d - impeller.blade_length > 0.5 * hub * (1.0 + 1e-9):
        raise CaseError(
            f"blades of {impeller.blade_length:.4g} m do not reach the hub of {hub:.4g} m",
            f"{where}: blade_length",
            f"at least {0.5 * (d - hub):.4g} m, or a larger hub (disc_diameter)",
        )


def thin_blades(case: Case) -> bool:
    """Whether upright blades and discs are faces without thickness: as asked, or where nothing else can be computed."""
    if case.flow.blades != "auto":
        return case.flow.blades == "thin"
    turbines = [impeller for impeller in case.impellers if is_disc_turbine(impeller)]
    return (
        case.numerics.target_mesh_cells < SOLID_FROM * len(turbines)
        or case.numerics.frame == "absolute"
        or case.flow.rotor == "sliding"
        or any(impeller.blade_thickness < THINNEST * impeller.diameter for impeller in turbines)
    )


def check_blades(case: Case) -> None:
    """Solid blades are thick enough to be meshed, and are swept through by nothing."""
    if case.thin_blades:
        return
    for number, impeller in enumerate(case.impellers, 1):
        if not impeller.immersed and impeller.blade_thickness < THINNEST * impeller.diameter:
            raise CaseError(
                f"blades of {impeller.blade_thickness:.4g} m are too thin to be meshed with their thickness",
                f"impeller {number} (clearance {impeller.clearance:.4g} m): blade_thickness",
                f'at least {THINNEST:g} D = {THINNEST * impeller.diameter:.4g} m, or flow.blades = "thin"',
            )
    if case.numerics.frame == "absolute":
        raise CaseError(
            "the absolute flux passes through the blades, which solid blades do not let it do",
            "numerics.frame",
            'leave it at "relative", or set flow.blades = "thin"',
        )


def check_rotor(case: Case) -> None:
    """A rotor that turns in time needs equal theta cells, which solid vertical blades do not leave."""
    solid = [n for n, impeller in enumerate(case.impellers, 1) if not impeller.immersed]
    if case.flow.rotor == "sliding" and not case.thin_blades and solid:
        raise CaseError(
            "a rotor that turns in time moves by one mesh cell each step, and the mesh is fitted to the thickness of "
            f"the blades of impeller {', '.join(map(str, solid))}: its cells are not equal",
            "flow.rotor",
            'set flow.blades = "thin" beside rotor = "sliding", or leave the rotor "frozen"; pitched, foil and concave '
            "blades slide either way",
        )


def check_spacing(impellers: tuple[Impeller, ...]) -> None:
    """Neighbours on the shaft neither overlap nor touch."""
    for number, (below, above) in enumerate(itertools.pairwise(impellers), 1):
        distance = above.clearance - below.clearance
        least = 0.5 * (below.height + above.height) + GAP * min(below.diameter, above.diameter)
        if distance < least:
            raise CaseError(
                f"impellers {number} and {number + 1} overlap: their mid-planes are {distance:.4g} m apart",
                f"impeller clearance ({below.clearance:.4g} m and {above.clearance:.4g} m)",
                f"at least {least:.4g} m apart (half of each blade height and a gap); a diameter or more is customary",
            )


def check_point(tank: Tank, point: Position | FeedPoint, where: str, shaft_span: tuple[float, float]) -> None:
    """A probe is in the liquid and outside the shaft, which reaches between the heights ``shaft_span``."""
    wall, shaft = 0.5 * tank.diameter, 0.5 * tank.shaft_diameter
    if point.radius > wall:
        raise CaseError(
            f"radius {point.radius:.4g} m is outside the tank",
            f"{where}: radius",
            f"between {shaft:.4g} and {wall:.4g} m",
        )
    if point.height > tank.liquid_height:
        raise CaseError(
            f"height {point.height:.4g} m is above the liquid",
            f"{where}: height",
            f"between 0 and {tank.liquid_height:.4g} m",
        )
    if point.height < tank.bottom_at(point.radius) * (1.0 - 1e-9):
        raise CaseError(
            f"radius {point.radius:.4g} m, height {point.height:.4g} m is below the {tank.bottom} bottom",
            f"{where}: height",
            f"between {tank.bottom_at(point.radius):.4g} and {tank.liquid_height:.4g} m at this radius, or nearer to "
            "the axis",
        )
    if point.radius < shaft and shaft_span[0] < point.height < shaft_span[1]:
        raise CaseError(
            f"radius {point.radius:.4g} m is inside the shaft",
            f"{where}: radius",
            f"between {shaft:.4g} and {wall:.4g} m",
        )


def check_sphere(tank: Tank, sphere: Sphere | FeedPoint, where: str, shaft_span: tuple[float, float]) -> None:
    """The whole sphere of a feed or pulse is in the liquid, its centre outside the shaft."""
    check_point(tank, sphere, where, shaft_span)
    half = 0.5 * sphere.diameter
    wall = 0.5 * tank.diameter
    tolerance = 1e-9 * tank.diameter
    if sphere.radius + half > wall + tolerance:
        raise CaseError(
            f"a sphere of {sphere.diameter:.4g} m at radius {sphere.radius:.4g} m sticks out of the wall",
            f"{where}: radius",
            f"at most {wall - half:.4g} m, or a smaller diameter" if wall > half else "choose a smaller diameter",
        )
    if sphere.height + half > tank.liquid_height + tolerance or sphere.height - half < -tolerance:
        side = "surface" if sphere.height + half > tank.liquid_height else "floor"
        low, high = half, tank.liquid_height - half
        raise CaseError(
            f"a sphere of {sphere.diameter:.4g} m at height {sphere.height:.4g} m sticks out of the {side}",
            f"{where}: height",
            f"between {low:.4g} and {high:.4g} m, or a smaller diameter" if low < high else "choose a smaller diameter",
        )
    if tank.bottom != "flat":
        angles = [math.pi * n / 32.0 for n in range(-16, 17)]
        sunk = max(
            tank.bottom_at(sphere.radius + half * math.cos(a)) - sphere.height - half * math.sin(a) for a in angles
        )
        if sunk > tolerance:
            raise CaseError(
                f"a sphere of {sphere.diameter:.4g} m at radius {sphere.radius:.4g} m, height {sphere.height:.4g} m "
                f"sticks out of the {tank.bottom} bottom",
                f"{where}: height",
                f"at least {sphere.height + sunk:.4g} m, nearer to the axis, or a smaller diameter",
            )


def check_organism(case: Case) -> None:
    """A gradient study has a feed, a biomass, one substrate, ordered regimes and a steady state."""
    strain = case.strain
    if strain is None:
        return
    r = strain.regimes
    if not r.starvation + r.margin < r.excess - r.margin:
        raise CaseError(
            f"starvation {r.starvation} and excess {r.excess} with a margin of {r.margin} leave no room between them",
            "strain.regimes",
            "starvation + margin must be below excess - margin, such as 0.05 and 0.95 with 0.01",
        )
    if r.starvation <= r.margin or r.excess + r.margin >= 1.0:
        raise CaseError(
            f"with a margin of {r.margin} the border {r.starvation} or {r.excess} can never be passed",
            "strain.regimes.margin",
            "smaller than starvation and than 1 - excess",
        )
    if not case.feeds:
        raise CaseError(
            "a strain is given, which asks for gradients of its substrate, but nothing is fed",
            "feed",
            "add a [[feed]] with substrate, rate and position, or take [strain] out to compute flow and blending only",
        )
    substrates = sorted({feed.substrate for feed in case.feeds})
    if len(substrates) > 1:
        raise CaseError(
            f"the feeds bring different substrates: {', '.join(substrates)}",
            "feed.substrate",
            "this version follows one substrate",
        )
    eaten = substrates[0] if strain.model_file else entry("models", strain.model).get("substrate", substrates[0])
    if substrates[0] != eaten:
        raise CaseError(
            f"{strain.model} lives on {eaten}, but {substrates[0]} is fed",
            "feed.substrate",
            f"feed {eaten}, or take another model",
        )
    if case.broth.biomass is None:
        raise CaseError(
            "a strain is given, but not how much of it there is",
            "broth.biomass",
            'add biomass = "55 g/kg" or the like to [broth]',
        )
    check_capacity(case, strain)


def check_capacity(case: Case, strain: Strain) -> None:
    """F < q_max X V: otherwise the substrate accumulates and no steady state exists."""
    feed = sum(f.rate for f in case.feeds)
    capacity = strain.uptake.max * (case.broth.biomass or 0.0) * case.liquid_volume
    if feed >= capacity:
        raise CaseError(
            f"the feed of {feed:.4g} mol/s is more than the biomass can take up, q_max X V = {capacity:.4g} mol/s: "
            "the substrate would accumulate and there is no steady state",
            "feed.rate",
            f"feed less than {capacity:.4g} mol/s, or give more biomass (at least "
            f"{feed / (strain.uptake.max * case.liquid_volume):.4g} kg/m3)",
        )


def check_release(case: Case) -> None:
    """Cells start in the liquid, where no impeller turns."""
    place, where = case.lifelines.release_place, "lifelines.release"
    if (case.lifelines.release == "point") != (place is not None):
        raise CaseError(
            "cells that start at a point need that point, and others none", where,
            'write release = { point = { radius = "...", angle = "...", height = "..." }, diameter = "..." }',
        )  # fmt: skip
    if place is not None:
        check_sphere(case.tank, place.sphere, where, case.shaft_span)
        _check_swept(case, place.point.radius, place.point.height, where)
    if case.lifelines.release == "feed" and not case.feeds:
        raise CaseError(
            "cells are to start where the feed enters, but nothing is fed", where,
            'add a [[feed]], write release = "uniform", or name a point',
        )  # fmt: skip


def check_lifelines(case: Case) -> None:
    """Lifelines are long enough to be sampled and to hold the smoothing; cells and field meet often enough."""
    if case.lifelines.coupling == "two-way" and case.lifelines.sampling > LONGEST_EXCHANGE:
        raise CaseError(
            f"cells and field would meet every {case.lifelines.sampling:.4g} s only: two-way coupling exchanges at "
            "every kept sample",
            "lifelines.sampling",
            f"at most {LONGEST_EXCHANGE:.4g} s",
        )
    check_release(case)
    if case.lifelines.coupling == "two-way" and case.lifelines.release != "uniform":
        raise CaseError(
            "in two-way coupling the cells followed are the biomass, and that is everywhere: they cannot start in one "
            "place",
            "lifelines.release",
            'write release = "uniform", or coupling = "one-way"',
        )
    settings, longest = case.lifelines, 0.1 * case.lifelines.duration
    if settings.sampling > longest:
        raise CaseError(
            f"sampling every {settings.sampling:.4g} s leaves fewer than ten samples in {settings.duration:.4g} s",
            "lifelines.sampling",
            f"at most {longest:.4g} s",
        )
    if case.strain is not None and case.strain.regimes.smoothing > longest:
        raise CaseError(
            f"smoothing over {case.strain.regimes.smoothing:.4g} s is too long for {settings.duration:.4g} s",
            "strain.regimes.smoothing",
            f"at most {longest:.4g} s",
        )
