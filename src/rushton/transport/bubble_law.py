"""Bubbles of one tank: slip and transfer from the local dissipation, as the gas phase asks for them.

::

    kL  = max(eddies, penetration)                   whichever renews the surface faster
    kLa = kL 6 alpha/d32                             1/s, per volume of gassed liquid

The dissipation eps is that of the gassed flow, scaled to the gassed power of the shaft (``Flow.dissipation_scaled``).
Closures, symbols, sources: :mod:`rushton.correlations.bubbles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from rushton.correlations import bubbles

LEAST_DISSIPATION = 1e-6
"""W/kg, where the liquid all but stands still; bubbles have their largest size well above it."""


@dataclass(frozen=True, eq=False)
class LocalBubbles:
    """Closure of the bubbles in one tank.

    Attributes
    ----------
    dissipation : (nr, nt, nz) float
        eps, scaled to the power, W/kg.
    density, viscosity, tension : float
        Of the liquid, kg/m3, Pa s, N/m.
    kind : {"coalescing", "non-coalescing"}
    """

    dissipation: np.ndarray
    density: float
    viscosity: float
    tension: float
    kind: Literal["coalescing", "non-coalescing"]

    @property
    def nu(self) -> float:
        """Kinematic viscosity, m2/s."""
        return self.viscosity / self.density

    @cached_property
    def eps(self) -> np.ndarray:
        """(nr, nt, nz) dissipation with a floor, W/kg."""
        return np.maximum(self.dissipation, LEAST_DISSIPATION)

    def slip(self, size: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Rise of a swarm through the turbulent liquid, m/s, (nr, nt, nz)."""
        sizes = np.linspace(bubbles.SMALLEST, bubbles.LARGEST, 400)
        still = np.interp(size, sizes, bubbles.rise_velocity(sizes, self.nu, self.density, self.tension))
        alone = bubbles.turbulent_slip(still, size, self.eps, self.nu)
        return np.asarray(alone / np.sqrt(bubbles.swarm_drag(alpha)))

    def transfer(self, size: np.ndarray, slip: np.ndarray) -> np.ndarray:
        """kL of oxygen, m/s, (nr, nt, nz)."""
        eddies = bubbles.transfer_eddy(self.eps, self.nu)
        return np.asarray(np.maximum(eddies, bubbles.transfer_higbie(slip, size)))


CLOSURES: dict[str, tuple[str, str, str]] = {
    "bubble size, coalescing": (
        "mean 4.15 (σ/ρ)^0.6 ε^-0.4 α^0.5 + 0.9 mm; spread by break-up and coalescence, 5 mm at the sparger",
        "Calderbank 1958; Hibiki, Ishii 2000 (constants second-hand)",
        "mean P/V to some kW/m3; rates: air and water in pipes, 2 to 5 mm",
    ),
    "bubble size, non-coalescing": (
        "mean 2.25 (σ/ρ)^0.6 ε^-0.4 α^0.4 (μg/μ)^0.25; spread by break-up, 5 mm at the sparger",
        "Calderbank 1958; Hibiki, Ishii 2000 (constants second-hand)",
        "mean P/V to some kW/m3; rates: air and water in pipes, 2 to 5 mm",
    ),
    "rise of a bubble": (
        "drag max(24/Re (1 + 0.15 Re^0.687), 8/3 Eo/(Eo + 4))",
        "Tomiyama et al. 1998 (second-hand)",
        "contaminated liquids, single bubbles",
    ),
    "rise in turbulence": (
        "u∞ / (1 + 6.5e-6 (d/λ)³)^0.5, at least u∞/2, λ Kolmogorov length",
        "Lane et al.; Khopkar, Ranade (second-hand)",
        "stirred tanks, fitted to hold-up with a disc turbine",
    ),
    "rise in a swarm": (
        "drag × (1-α) ((1-α)^25 + (4.8 α/(1-α))^25)^(-2/25)",
        "Simonnet et al. 2007 (from memory)",
        "air in water, gas fraction to 0.3",
    ),
    "dispersion of gas": ("ν_t/0.9", "Burns et al. 2004 (second-hand)", "bubbles that follow the eddies"),
    "transfer coefficient": (
        "max(0.4 (εν)^0.25 Sc^-0.5, 2 (D u/(πd))^0.5)",
        "Lamont, Scott 1970; Higbie 1935 (constants second-hand)",
        "mobile surfaces; surfactants lower it by up to half",
    ),
}
"""Closures of the gas phase: formula, source, range, by name."""
