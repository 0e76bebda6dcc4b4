"""Where the blades of an impeller are: their mid-surface as a curve at every radius.

Unrolled at radius r, the plane (s, z) holds s = r theta, m, in the sense of rotation, and z, m, upwards, both from the
point where the middle of the blade meets the impeller's mid-plane. The blade is the curve of ``profile``:

- flat blades (pitched types): a chord of width c at the angle a to the horizontal, leading edge up when it pumps down

      s = x cos a,   z = +- x sin a,   -c/2 <= x <= c/2        + pumps down, - pumps up
- foils: angle, chord and camber change linearly from hub to tip; the mid-line is a parabola of camber f (of the chord),
  hollow on the side to which it pumps

      offset along the normal = 4 f c (1/4 - (x/c)^2)
- concave blades of a disc turbine: a half circle of diameter w, open towards the front

      s = w/4 - sqrt(w^2/4 - z^2),   -w/2 <= z <= w/2

The liquid meets the leading edge at +s. Proportions of each type, with their source: ``library/impellers.toml``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rushton.case.library import entry

if TYPE_CHECKING:
    from rushton.case.schema import Impeller

SEGMENTS = 16
"""Straight pieces of a curved profile, -."""


def form(impeller: Impeller) -> str:
    """Form of the blades: "upright", "concave", "pitched" or "foil"."""
    return str(entry("impellers", impeller.type)["form"])


def is_disc_turbine(impeller: Impeller) -> bool:
    """Whether blades stand on a disc and the impeller throws the liquid outwards."""
    return str(entry("impellers", impeller.type)["flow"]) == "radial"


def wedge(impeller: Impeller) -> float:
    """Angle of the wedge with the volume of an upright blade of even thickness: t / mean radius, rad."""
    return impeller.blade_thickness / (impeller.radius - 0.5 * impeller.blade_length)


def solid_volume(impeller: Impeller, shaft_diameter: float, thin: bool) -> float:
    """Volume of hub, disc and blades outside the shaft, m3; of immersed blades, and where blades and discs are thin, of
    hubs alone.

    Disc and wedges of a disc turbine share n w/2 (R_d^2 - r_1^2) t (w: ``wedge``; R_d, r_1: radius of the disc and
    inner radius of the blades; t: thickness), which counts once.
    """
    shaft = 0.5 * shaft_diameter
    if not is_disc_turbine(impeller):
        return math.pi * max(0.25 * impeller.hub_diameter**2 - shaft**2, 0.0) * impeller.height
    if thin:
        return 0.0
    t, disc = impeller.blade_thickness, 0.5 * impeller.disc_diameter
    plate = math.pi * max(disc**2 - shaft**2, 0.0) * t
    if form(impeller) != "upright":
        return plate
    inner = impeller.radius - impeller.blade_length
    blades = impeller.blades * t * impeller.blade_length * impeller.blade_height
    return plate + blades - impeller.blades * 0.5 * wedge(impeller) * max(disc**2 - inner**2, 0.0) * t


def pitch(impeller: Impeller, r: float) -> float:
    """Angle of the chord to the horizontal at radius ``r`` (m), rad."""
    if form(impeller) == "pitched":
        assert impeller.angle is not None
        return impeller.angle
    return math.radians(_between(entry("impellers", impeller.type)["angles"], impeller, r))


def chord(impeller: Impeller, r: float) -> float:
    """Width of the blade along its chord at radius ``r`` (m), m."""
    return impeller.blade_height * _between(entry("impellers", impeller.type).get("taper", (1.0, 1.0)), impeller, r)


def profile(impeller: Impeller, r: float) -> np.ndarray:
    """(n, 2) points (s, z) of the blade at radius ``r``, m (module docstring)."""
    kind, w = form(impeller), impeller.blade_height
    if kind == "upright":
        return np.array([(0.0, -0.5 * w), (0.0, 0.5 * w)])
    if kind == "concave":
        turn = np.linspace(-0.5 * math.pi, 0.5 * math.pi, SEGMENTS + 1)
        return np.column_stack([0.25 * w - 0.5 * w * np.cos(turn), 0.5 * w * np.sin(turn)])
    a, c = pitch(impeller, r), chord(impeller, r)
    camber = _between(entry("impellers", impeller.type).get("camber", (0.0, 0.0)), impeller, r)
    x = c * np.linspace(-0.5, 0.5, 2 if kind == "pitched" else SEGMENTS + 1)
    off = 4.0 * camber * c * (0.25 - (x / c) ** 2)
    s, z = x * math.cos(a) - off * math.sin(a), x * math.sin(a) + off * math.cos(a)
    return np.column_stack([s, z if impeller.pumping == "down" else -z])


def surface(impeller: Impeller, angle: float, rings: int = 9) -> np.ndarray:
    """(rings, n, 3) points x, y, z of the blade whose middle stands at ``angle`` (rad), z from the tank floor, m.

    From its inner end to the tip, along the profile of every ring from -s to +s; for drawings.
    """
    inner = max(impeller.radius - impeller.blade_length, 0.5 * impeller.hub_diameter)
    out = []
    for r in np.linspace(inner, impeller.radius, rings):
        s, z = profile(impeller, float(r)).T
        out.append(np.column_stack([r * np.cos(angle + s / r), r * np.sin(angle + s / r), impeller.clearance + z]))
    return np.array(out)


def edge_of(points: np.ndarray) -> np.ndarray:
    """(n, 3) points round the edge of a ``surface``, closed, m."""
    around = (points[:, 0], points[-1, 1:], points[-2::-1, -1], points[0, -2::-1])
    return np.concatenate(around)


def outline(impeller: Impeller, angle: float) -> np.ndarray:
    """(n, 3) points round the edge of the blade at ``angle``, rad, closed, m."""
    return edge_of(surface(impeller, angle))


def blade_directions(impeller: Impeller) -> np.ndarray:
    """(blades,) angles of the blades to the first baffle, rad."""
    return impeller.first_blade + 2.0 * math.pi * np.arange(impeller.blades) / impeller.blades


def axial_height(impeller: Impeller) -> float:
    """Height between the lowest and the highest point of the blades, m, symmetric to the mid-plane."""
    if form(impeller) in ("upright", "concave"):
        return impeller.blade_height
    low = 0.5 * impeller.diameter - impeller.blade_length
    radii = np.linspace(low, 0.5 * impeller.diameter, 9)
    return 2.0 * max(float(np.abs(profile(impeller, r)[:, 1]).max()) for r in radii)


def _between(ends: tuple[float, float], impeller: Impeller, r: float) -> float:
    """Linear between the value at the inner end of the blade and that at its tip."""
    root, tip = ends
    tip_radius = 0.5 * impeller.diameter
    outwards = min(1.0, max(0.0, (r - tip_radius + impeller.blade_length) / impeller.blade_length))
    return float(root + (tip - root) * outwards)
