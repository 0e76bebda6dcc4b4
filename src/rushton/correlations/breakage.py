"""Break-up and coalescence of bubbles in turbulence, per interfacial area, 1/s; for numbers and for arrays.

::

    r_B = Gamma_B (1 - alpha) (eps/d^2)^1/3 / (6 (alpha_max - alpha)) exp(-K_B sigma/(rho d^5/3 eps^2/3))
    r_C = Gamma_C    alpha    (eps/d^2)^1/3 / (6 (alpha_max - alpha)) exp(-K_C d^5/6 rho^1/2 eps^1/3 / sigma^1/2)

    d      m      bubble diameter          eps   W/kg   dissipation        alpha  -   gas fraction
    sigma  N/m    surface tension          rho   kg/m3  density of liquid

An interfacial area a grows by r_B a when bubbles break in eddies of their own size and shrinks by r_C a when they meet
and merge. Both rates are local, so a bubble remembers where it was broken: coalescence takes seconds in calm liquid.

Source: T. Hibiki, M. Ishii, Int. J. Heat Mass Transfer 43, 2711 (2000), one-group equation, Gamma_B = 0.264,
K_B = 1.37, Gamma_C = 0.188, K_C = 1.29, alpha_max = 0.52, fitted to air and water in pipes at eps of some W/kg, alpha
up to 0.25 and bubbles of 2 to 5 mm (constants from memory, not checked against the paper). In non-coalescing liquids
r_C is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.correlations.bubbles import SURFACE_TENSION

GAMMA_B, K_B = 0.264, 1.37
GAMMA_C, K_C = 0.188, 1.29
FRACTION_MAX = 0.52
"""Dense packing of the bubbles, -; gas fractions are taken as at most 0.9 of it."""


def break_up_rate(
    diameter: Any, dissipation: Any, fraction: Any, density: float = 1000.0, tension: float = SURFACE_TENSION
) -> Any:
    """r_B, 1/s."""
    alpha = np.minimum(fraction, 0.9 * FRACTION_MAX)
    eddies = (dissipation / diameter**2) ** (1.0 / 3.0)
    strength = tension / (density * diameter ** (5.0 / 3.0) * dissipation ** (2.0 / 3.0))
    return GAMMA_B * (1.0 - alpha) * eddies / (6.0 * (FRACTION_MAX - alpha)) * np.exp(-K_B * strength)


def coalescence_rate(
    diameter: Any, dissipation: Any, fraction: Any, density: float = 1000.0, tension: float = SURFACE_TENSION
) -> Any:
    """r_C, 1/s."""
    alpha = np.minimum(fraction, 0.9 * FRACTION_MAX)
    eddies = (dissipation / diameter**2) ** (1.0 / 3.0)
    drainage = diameter ** (5.0 / 6.0) * (density / tension) ** 0.5 * dissipation ** (1.0 / 3.0)
    return GAMMA_C * alpha * eddies / (6.0 * (FRACTION_MAX - alpha)) * np.exp(-K_C * drainage)
