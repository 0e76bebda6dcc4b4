"""Bubbles in turbulent liquid: size, rise velocity, mass transfer coefficient; for numbers and for arrays.

::

    d32    = 4.15 (sigma/rho)^0.6 eps^-0.4 alpha^0.5 + 0.9 mm                   coalescing (Calderbank)
    d32    = 2.25 (sigma/rho)^0.6 eps^-0.4 alpha^0.4 (mu_g/mu)^0.25             non-coalescing (Calderbank)
    u_inf  : u^2 = 4/3 g d / C_D,  C_D = max(24/Re (1 + 0.15 Re^0.687), 8/3 Eo/(Eo + 4))     impure water (Tomiyama)
    u_slip = u_inf / sqrt(1 + 6.5e-6 (d/lambda)^3) >= u_inf/2,  lambda = (nu^3/eps)^1/4      in turbulence (Lane)
    u_slip <- u_slip/sqrt(S),  S = (1 - alpha) ((1 - alpha)^25 + (4.8 alpha/(1 - alpha))^25)^-2/25   swarm (Simonnet)
    kL     = 0.4 (eps nu)^1/4 Sc^-1/2            small eddies renew the surface (Lamont, Scott)
    kL     = 2 (D_L u_slip/(pi d))^1/2           the bubble's own way past the liquid (Higbie)
    a      = 6 alpha/d32

    eps    W/kg   dissipation            alpha  -     gas fraction           d, d32  m     (Sauter) diameter
    sigma  N/m    surface tension        rho    kg/m3 density of liquid      nu      m2/s  kinematic viscosity
    D_L    m2/s   diffusivity of gas     Sc = nu/D_L                         Re = u d/nu, Eo = rho g d^2/sigma

Sources: P. H. Calderbank, Trans. Inst. Chem. Eng. 36, 443 (1958), fitted to mean P/V up to some kW/m3;
A. Tomiyama et al., JSME Int. J. B 41, 472 (1998), contaminated system; G. L. Lane, M. P. Schwarz, G. M. Evans and
A. R. Khopkar, V. V. Ranade (constant 6.5e-6 in stirred tanks); M. Simonnet et al., Chem. Eng. Sci. 62, 858 (2007), air
in water, alpha up to 0.3: below 0.15 bubbles hinder each other, above they run in each other's wakes; J. C. Lamont,
D. S. Scott, AIChE J. 16, 513 (1970); R. Higbie 1935. The constants are from memory and secondary sources, none was
checked against its paper.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.correlations.estimate import GRAVITY

SURFACE_TENSION = 0.072
"""Of water at 25 degC, N/m; broths lie at 0.05 to 0.07."""
GAS_VISCOSITY = 1.8e-5
"""Of air at 20 degC, Pa s."""
OXYGEN_DIFFUSIVITY = 2.1e-9
"""Of oxygen in water at 25 degC, m2/s (Cussler, Diffusion)."""
SMALLEST, LARGEST = 0.3e-3, 10e-3
"""Limits of the bubble size, m: below, bubbles dissolve or ride along; above, they break by themselves (Eo = 13)."""

LEAST_SLIP = 0.5
"""Least slip in turbulence over that in still liquid, -: our bound. The law was fitted to bubbles of some 4 mm; without
a bound larger bubbles would rise the slower, the larger they are."""


def sauter_coalescing(
    dissipation: Any, gas_fraction: Any, density: float = 1000.0, tension: float = SURFACE_TENSION
) -> Any:
    """d32, m, of water and coalescing broths; ``tension`` is sigma in N/m."""
    size = 4.15 * (tension / density) ** 0.6 * dissipation**-0.4 * gas_fraction**0.5 + 0.9e-3
    return np.clip(size, SMALLEST, LARGEST)


def sauter_noncoalescing(
    dissipation: Any,
    gas_fraction: Any,
    density: float = 1000.0,
    viscosity: float = 1e-3,
    tension: float = SURFACE_TENSION,
) -> Any:
    """d32, m, of salt solutions and non-coalescing broths; ``viscosity`` in Pa s, ``tension`` in N/m."""
    size = 2.25 * (tension / density) ** 0.6 * dissipation**-0.4 * gas_fraction**0.4
    return np.clip(size * (GAS_VISCOSITY / viscosity) ** 0.25, SMALLEST, LARGEST)


def rise_velocity(diameter: Any, nu: float, density: float = 1000.0, tension: float = SURFACE_TENSION) -> Any:
    """u_inf of a single bubble in impure still liquid, m/s; solved by bisection on C_D Re^2 = 4/3 g d^3/nu^2.

    Parameters
    ----------
    diameter : float or array
        d, m.
    nu : float
        m2/s.
    density : float
        kg/m3.
    tension : float
        sigma, N/m.
    """
    d = np.asarray(diameter, float)
    eotvos = density * GRAVITY * d**2 / tension
    form = np.sqrt(4.0 / 3.0 * GRAVITY * d / (8.0 / 3.0 * eotvos / (eotvos + 4.0)))  # where shape decides
    stokes = GRAVITY * d**2 / (18.0 * nu)
    u = np.minimum(stokes, form)
    for _ in range(60):  # u (1 + 0.15 Re^0.687) = stokes; the step is a mean, since the right side falls with u
        u = 0.5 * (u + stokes / (1.0 + 0.15 * (u * d / nu) ** 0.687))
    return np.minimum(u, form)


def turbulent_slip(velocity: Any, diameter: Any, dissipation: Any, nu: float) -> Any:
    """u_slip, m/s: turbulence holds the bubbles back, the more the larger they are against its smallest eddies."""
    eddy = (nu**3 / dissipation) ** 0.25
    return velocity * np.maximum(1.0 / np.sqrt(1.0 + 6.5e-6 * (diameter / eddy) ** 3), LEAST_SLIP)


def swarm_drag(gas_fraction: Any) -> Any:
    """S, drag of a bubble in a swarm over that of one alone, -; gas fractions are taken as at most 0.6."""
    alpha = np.minimum(gas_fraction, 0.6)
    liquid = 1.0 - alpha
    return liquid * (liquid**25 + (4.8 * alpha / liquid) ** 25) ** (-2.0 / 25.0)


def transfer_eddy(dissipation: Any, nu: float, diffusivity: float = OXYGEN_DIFFUSIVITY) -> Any:
    """kL by small eddies, m/s."""
    return 0.4 * (dissipation * nu) ** 0.25 * (nu / diffusivity) ** -0.5


def transfer_higbie(velocity: Any, diameter: Any, diffusivity: float = OXYGEN_DIFFUSIVITY) -> Any:
    """kL by penetration over the time u_slip takes for one diameter, m/s."""
    return 2.0 * np.sqrt(diffusivity * velocity / (np.pi * diameter))
