"""Bottoms of vessels as bodies of revolution: height of the wall over the lowest point, depth, volume.

With D the inner diameter, R the crown radius, a the knuckle radius (m), c = D/2 - a::

    crown      z = R - sqrt(R^2 - r^2)              0 <= r <= r_j,  r_j = R c / (R - a)
    knuckle    z = h - sqrt(a^2 - (r - c)^2)        r_j <= r <= D/2
    depth      h = R - sqrt((R - a)^2 - c^2)        of the tangent line, where the cylinder begins

    elliptical z = h (1 - sqrt(1 - (2 r / D)^2)),   h = D/4

``torispherical`` is the Kloepper head (DIN 28011: R = D, a = 0.1 D, h = 0.194 D), ``korbbogen`` the deeper one of
DIN 28013 (R = 0.8 D, a = 0.154 D, h = 0.255 D), ``elliptical`` the 2:1 head. The standards take R and a from the outer
diameter; here the inner one stands for it, for the wall is thin. Straight flanges belong to the cylinder.

Under the wall within the radius r lies the volume, with no liquid in it,

    W(r) = 2 pi int_0^r z r' dr'

so a vessel filled to H >= h over its lowest point holds pi/4 D^2 H - W(D/2): the head itself holds 0.0990 D^3
(Kloepper), 0.1308 D^3 (Korbbogen) or pi D^3 / 24 = 0.1309 D^3 (elliptical).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Bottom = Literal["flat", "torispherical", "korbbogen", "elliptical"]

CROWN_AND_KNUCKLE = {"torispherical": (1.0, 0.1), "korbbogen": (0.8, 0.154)}
"""R/D and a/D, - (DIN 28011 and DIN 28013)."""


def bottom_depth(bottom: Bottom, diameter: float) -> float:
    """Height of the tangent line over the lowest point, m."""
    if bottom == "flat":
        return 0.0
    if bottom == "elliptical":
        return 0.25 * diameter
    crown, knuckle = (x * diameter for x in CROWN_AND_KNUCKLE[bottom])
    return crown - math.sqrt((crown - knuckle) ** 2 - (0.5 * diameter - knuckle) ** 2)


def bottom_height(bottom: Bottom, diameter: float, r: np.ndarray | float) -> np.ndarray:
    """Height of the bottom over its lowest point at radii ``r`` (m), m, of the shape of ``r``."""
    r = np.clip(np.asarray(r, float), 0.0, 0.5 * diameter)
    if bottom == "flat":
        return np.zeros_like(r)
    h = bottom_depth(bottom, diameter)
    if bottom == "elliptical":
        return h * (1.0 - np.sqrt(1.0 - (2.0 * r / diameter) ** 2))
    crown, knuckle = (x * diameter for x in CROWN_AND_KNUCKLE[bottom])
    c = 0.5 * diameter - knuckle
    joint = crown * c / (crown - knuckle)
    outer = np.clip(r, joint, None) - c
    return np.where(
        r <= joint,
        crown - np.sqrt(crown**2 - r**2),
        h - np.sqrt(np.maximum(knuckle**2 - outer**2, 0.0)),
    )


def volume_under_bottom(bottom: Bottom, diameter: float, r: np.ndarray | float) -> np.ndarray:
    """W(r): volume between the bottom and the plane through its lowest point, within radii ``r`` (m), m3."""
    r = np.clip(np.asarray(r, float), 0.0, 0.5 * diameter)
    if bottom == "flat":
        return np.zeros_like(r)
    h = bottom_depth(bottom, diameter)
    if bottom == "elliptical":
        x = 2.0 * r / diameter
        return 2.0 * math.pi * h * (0.5 * diameter) ** 2 * (0.5 * x**2 + ((1.0 - x**2) ** 1.5 - 1.0) / 3.0)
    crown, knuckle = (x * diameter for x in CROWN_AND_KNUCKLE[bottom])
    c = 0.5 * diameter - knuckle
    joint = crown * c / (crown - knuckle)
    inner = np.minimum(r, joint)
    cap = math.pi * crown * inner**2 + 2.0 * math.pi / 3.0 * ((crown**2 - inner**2) ** 1.5 - crown**3)

    def rest(x: np.ndarray | float) -> np.ndarray:
        """Integral of z r over the knuckle, r = c + a sin psi, up to an additive constant."""
        psi = np.arcsin(np.clip((x - c) / knuckle, -1.0, 1.0))
        sin, cos = np.sin(psi), np.cos(psi)
        flat = h * (c * sin + 0.5 * knuckle * sin**2)
        return knuckle * (flat - 0.5 * knuckle * c * (psi + sin * cos) + knuckle**2 * cos**3 / 3.0)

    return cap + 2.0 * math.pi * (rest(np.maximum(r, joint)) - rest(joint))


def vessel_volume(bottom: Bottom, diameter: float, liquid_height: float) -> float:
    """Volume of the vessel up to ``liquid_height`` over its lowest point, m3; the liquid covers the bottom."""
    cylinder = 0.25 * math.pi * diameter**2 * liquid_height
    return cylinder - float(volume_under_bottom(bottom, diameter, 0.5 * diameter))
