"""Bubble size along the way of the gas: broken at the impeller, growing in the calm, carried in between.

::

    div(n s) .. = S s_in + V c alpha (r_B - r_C) s,      s = 6 c^-1/3 / d'
    d           = f d',      f such that the Sauter mean of d is that of Calderbank at mean power and mean hold-up

    n    mol/s      gas carried through faces (:mod:`rushton.transport.drift_flux`)
    s    -          interfacial area per mole of gas, made free of the expansion of rising bubbles (c^-1/3)
    d    m          Sauter diameter, limited to 0.3 to 10 mm; d' before it is levelled
    c    mol/m3     dry gas per volume of bubble;  S s_in: bubbles of the sparger, 5 mm
    r_B, r_C  1/s   break-up and coalescence (:mod:`rushton.correlations.breakage`)

The rates say how sizes differ over the tank, the correlation how large they are: Calderbank's formula was fitted to
the mean power of tanks and is used as such. Neither does alone. The formula with the local dissipation makes bubbles
of 8 to 10 mm in all calm liquid, which then creep through it (hold-up of a 3 L vessel three times that of the
correlation); the rates, fitted to pipes, break bubbles to 1 mm at an impeller (kLa of a 0.4 m3 vessel six times).

Newton steps on the local rates, together with the rounds of the gas fraction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.correlations import breakage, bubbles
from rushton.transport.bubble_law import LocalBubbles
from rushton.transport.linear import LinearSystem

SPARGER_BUBBLE = 5e-3
"""Bubbles as they leave a sparger of holes of some millimetres (balance of buoyancy and surface tension), m."""

NEWTON_STEPS = 3
"""Steps towards the sizes of one gas field before that field is renewed."""


def sauter_mean(size: np.ndarray, gas: np.ndarray) -> float:
    """Total gas over a sixth of the total interface, m; sizes in m, gas in m3."""
    return float(gas.sum() / (gas / np.where(size > 0.0, size, 1.0)).sum())


@dataclass(frozen=True, eq=False)
class TransportedSizes:
    """Sauter diameter of bubbles carried through the tank.

    Attributes
    ----------
    law : LocalBubbles
        Dissipation and properties of the liquid.
    density : (nz,) float
        c, mol/m3.
    volumes : (nr, nt, nz) float
        m3.
    mean_dissipation : float
        Gassed power per mass of liquid, W/kg.
    """

    law: LocalBubbles
    density: np.ndarray
    volumes: np.ndarray
    mean_dissipation: float

    def start(self) -> np.ndarray:
        """First guess, m."""
        return np.full(self.volumes.shape, 0.6 * SPARGER_BUBBLE)

    def wanted_mean(self, alpha: np.ndarray) -> float:
        """Sauter mean of the tank by Calderbank, m."""
        holdup = float((self.volumes * alpha).sum() / self.volumes.sum())
        law = self.law
        if law.kind == "coalescing":
            return float(bubbles.sauter_coalescing(self.mean_dissipation, holdup, law.density, law.tension))
        return float(
            bubbles.sauter_noncoalescing(self.mean_dissipation, holdup, law.density, law.viscosity, law.tension)
        )

    def level(self, size: np.ndarray, alpha: np.ndarray) -> float:
        """f: by what transported sizes are multiplied to have the wanted mean, -."""
        return self.wanted_mean(alpha) / sauter_mean(size, self.volumes * alpha)

    def net_rate(self, size: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """r_B - r_C, 1/s."""
        arguments = (self.law.eps, np.maximum(alpha, 1e-9), self.law.density, self.law.tension)
        rate = breakage.break_up_rate(size, *arguments)
        if self.law.kind == "coalescing":
            rate = rate - breakage.coalescence_rate(size, *arguments)
        return np.asarray(rate)

    def advance(
        self, size: np.ndarray, alpha: np.ndarray, source: np.ndarray, system: LinearSystem, carried: np.ndarray
    ) -> np.ndarray:
        """Sizes after a few Newton steps.

        Parameters
        ----------
        size : (nr, nt, nz) float
            m.
        alpha : (nr, nt, nz) float
            -.
        source : (nr, nt, nz) float
            S, mol/s.
        system : LinearSystem
            Transport by the gas; its mass is set here.
        carried : (nr, nt, nz) float
            Gas leaving through the surface, mol/s.
        """
        for _ in range(NEWTON_STEPS):
            size = self._step(size, alpha, source, system, carried)
        return size

    def _step(
        self, size: np.ndarray, alpha: np.ndarray, source: np.ndarray, system: LinearSystem, carried: np.ndarray
    ) -> np.ndarray:
        scale = 6.0 * self.density ** (-1.0 / 3.0)
        gas = self.volumes * self.density * alpha
        s = scale / size
        rate = self.net_rate(size, alpha)
        slope = rate - (self.net_rate(1.001 * size, alpha) - rate) / 0.001  # d(rate s)/ds, since s d/ds = -d d/dd
        sink = np.maximum(-slope, 0.0)
        system.set_mass(carried + gas * sink)
        rhs = source * scale / SPARGER_BUBBLE + gas * (rate + sink) * s
        new = s.copy()
        system.solve(rhs, new, tolerance=1e-4, limit=200)
        new = np.clip(new, 0.5 * s, 2.0 * s)
        return np.clip(scale / new, bubbles.SMALLEST, bubbles.LARGEST)
