"""Grid convergence index: how far a number still is from the one of an infinitely fine grid.

Grids 1 (fine), 2, 3 (coarse) with representative sizes h = (volume / mesh cells)^(1/3), so that

    r21 = (N1/N2)^(1/3),   r32 = (N2/N3)^(1/3),   e21 = f2 - f1,   e32 = f3 - f2

    p   = |ln|e32/e21| + q(p)| / ln r21,   q(p) = ln[(r21^p - s)/(r32^p - s)],   s = sign(e32/e21)
    f*  = (r21^p f1 - f2)/(r21^p - 1)                        extrapolated
    GCI = F_s |e21| / (r21^p - 1)                            band of f1, in the unit of f

I. B. Celik, U. Ghia, P. J. Roache, C. J. Freitas, H. Coleman, P. E. Raad, J. Fluids Eng. 130 (2008) 078001, with the
safety factor F_s = 1.25 of three grids. The paper says that oscillation and very low or high p must be reported, not
what to do; the rules here are:

=============  ================================  ==============================================================
behaviour      when                              band of f1
=============  ================================  ==============================================================
still          both differences below noise      the largest difference or the noise, whichever is more
monotone       0 < e21/e32 < 1                   GCI with p cut to 0.5..2, at most 3 times the largest difference
oscillating    -1 < e21/e32 < 0                  range of the three values
diverging      |e21| >= |e32|                    3 times the largest difference: the grids do not converge
=============  ================================  ==============================================================

p is cut at 2, the order of the scheme, because a higher one is an accident of three numbers and would shrink the band;
the factor 3 for unreliable orders follows L. Eca, M. Hoekstra, J. Comput. Phys. 262 (2014) 104 (as remembered; not
checked against the paper). ``noise`` is the relative change that the solver's stopping rule leaves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SAFETY = 1.25
"""Safety factor of a three-grid study, - (Roache; Celik et al. 2008)."""
UNRELIABLE = 3.0
"""Safety factor on the largest difference where no order can be trusted, -."""
LOWEST_ORDER, HIGHEST_ORDER = 0.5, 2.0
"""Observed orders outside are cut to these, -; the convection scheme is of second order."""


@dataclass(frozen=True)
class Convergence:
    """What three grids say about one number.

    Attributes
    ----------
    behaviour : {"monotone", "oscillating", "diverging", "still"}
    order : float or None
        Observed order p as it comes out, before it is cut, -.
    extrapolated : float or None
        f*, in the unit of f.
    band : float
        Half-width of the band about the finest value, in the unit of f.
    """

    behaviour: str
    order: float | None
    extrapolated: float | None
    band: float


def observed_order(e21: float, e32: float, r21: float, r32: float) -> float:
    """Order p from the differences of three grids by fixed-point iteration; inf where the fine difference vanishes.

    Parameters
    ----------
    e21, e32 : float
        f2 - f1 and f3 - f2.
    r21, r32 : float
        Refinement ratios > 1, -.
    """
    if e21 == 0.0:
        return math.inf
    if e32 == 0.0:
        return -math.inf
    s = math.copysign(1.0, e32 / e21)
    p = abs(math.log(abs(e32 / e21))) / math.log(r21)
    for _ in range(200):
        above, below = r21**p - s, r32**p - s
        if above <= 0.0 or below <= 0.0:
            break
        new = abs(math.log(abs(e32 / e21)) + math.log(above / below)) / math.log(r21)
        if abs(new - p) < 1e-10:
            return new
        p = 0.5 * (p + new)
    return p


def converge(f: tuple[float, float, float], cells: tuple[float, float, float], noise: float = 0.0) -> Convergence:
    """Band of the finest of three values.

    Parameters
    ----------
    f : (3,) float
        Values on grids from fine to coarse.
    cells : (3,) float
        Mesh cells of these grids.
    noise : float
        Relative difference below which two values count as equal, -.
    """
    e21, e32 = f[1] - f[0], f[2] - f[1]
    largest = max(abs(e21), abs(e32), abs(f[2] - f[0]))
    floor = noise * abs(f[0])
    if max(abs(e21), abs(e32)) <= floor:
        return Convergence("still", None, None, max(largest, floor))
    if abs(e21) >= abs(e32):
        return Convergence("diverging", None, None, max(UNRELIABLE * largest, floor))
    r21, r32 = (cells[0] / cells[1]) ** (1.0 / 3.0), (cells[1] / cells[2]) ** (1.0 / 3.0)
    p = observed_order(e21, e32, r21, r32)
    if e21 * e32 < 0.0:
        return Convergence("oscillating", p, None, max(max(f) - min(f), floor))
    order = min(max(p, LOWEST_ORDER), HIGHEST_ORDER)
    richardson = abs(e21) / (r21**order - 1.0)
    extrapolated = f[0] - math.copysign(richardson, e21)
    return Convergence("monotone", p, extrapolated, max(min(SAFETY * richardson, UNRELIABLE * largest), floor))
