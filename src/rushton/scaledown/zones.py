r"""Exact relations of the ideal zones that a scale-down rig is built of.

Monod uptake by a population of biomass X in a zone without supply, :math:`dC/dt = -v\,C/(K_s + C)`, :math:`v =
q_{max} X`, integrates to

.. math::

    C/K_s = W\!\left[\frac{C_0}{K_s}\,\exp\!\left(\frac{C_0 - v t}{K_s}\right)\right]
    = \omega\!\left(\ln\frac{C_0}{K_s} + \frac{C_0 - v t}{K_s}\right)

with Lambert's W; :math:`\omega(z) = W(e^z)` (Wright's omega) is the same number and never overflows. It holds along a
plug-flow tube (t = time since the inlet) and in a well-mixed vessel between two pulses.

A loop of a stirred vessel (V_STR) and a tube (V_PFR) at the flow Q, total V = V_STR + V_PFR:

- stay in the tube tau_P = V_PFR/Q, the same for every cell; stays in the vessel exponential with mean tau_S = V_STR/Q;
- share of the broth in the tube phi = V_PFR/V; passes per time 1/(tau_P + tau_S);
- given (phi, tau_P, V): V_PFR = phi V, Q = phi V/tau_P, tau_S = tau_P (1 - phi)/phi; tube length L = 4 V_PFR/(pi
  d^2), Re = 4 Q/(pi d nu).

Symbols: C mol/m3, t s, v mol/(m3 s), K_s mol/m3, V m3, Q m3/s, d m, nu m2/s. Source: mass balances written out here;
the closed form for the same equation of enzyme kinetics is S. Schnell and C. Mendoza (1997) J. Theor. Biol. 187:207.
Validity: uptake without memory (q follows C at once), biomass constant over one pass, zones ideal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Culture:
    """The population in the rig and how fast it can eat.

    Parameters
    ----------
    biomass : float
        X, kg dry weight/m3 (equal to g/L).
    uptake_max : float
        q_max, mol/(kg s).
    half_saturation : float
        K_s, mol/m3.
    """

    biomass: float
    uptake_max: float
    half_saturation: float

    @property
    def capacity(self) -> float:
        """Largest uptake per volume of broth, v = q_max X, mol/(m3 s)."""
        return self.uptake_max * self.biomass

    @property
    def uptake_time(self) -> float:
        """K_s/(q_max X), s: the time scale of uptake at low concentration."""
        return self.half_saturation / self.capacity

    def uptake_ratio(self, concentration: ArrayLike) -> NDArray[np.float64]:
        """s = q/q_max at a concentration in mol/m3."""
        c = np.asarray(concentration, dtype=float)
        return c / (self.half_saturation + c)

    def concentration(self, uptake_ratio: float) -> float:
        """Concentration at which s has a value, mol/m3: 19 K_s for s = 0.95, K_s/19 for s = 0.05."""
        return self.half_saturation * uptake_ratio / (1.0 - uptake_ratio)


def deplete(start: float, time: ArrayLike, culture: Culture) -> NDArray[np.float64]:
    """Concentration left after a time without supply.

    Parameters
    ----------
    start : float
        C_0, mol/m3.
    time : array_like
        t, s.
    culture : Culture

    Returns
    -------
    ndarray
        C(t), mol/m3, shape of ``time``.
    """
    from scipy.special import wrightomega

    t = np.asarray(time, dtype=float)
    if start <= 0.0:
        return np.zeros_like(t)
    x0 = start / culture.half_saturation
    return culture.half_saturation * wrightomega(math.log(x0) + x0 - t / culture.uptake_time)


def time_to_deplete(start: float, end: float, culture: Culture) -> float:
    """Time in which uptake without supply brings the concentration from ``start`` down to ``end``, s (both mol/m3)."""
    return (start - end + culture.half_saturation * math.log(start / end)) / culture.capacity


@dataclass(frozen=True)
class Loop:
    """A stirred vessel and a tube fed from it and returning to it; volumes m3, flow m3/s.

    A second stirred vessel may stand in the place of the tube. Then the broth in a line from one to the other, pump
    head included, is ``line_volume``, the same each way; a tube's own line is part of the tube.
    """

    tube_volume: float
    vessel_volume: float
    flow: float
    line_volume: float = 0.0

    @classmethod
    def from_share(cls, share: float, tube_time: float, volume: float) -> Loop:
        """The loop in which a share phi of the volume is in the tube and a pass takes tau_P (s).

        >>> loop = Loop.from_share(0.08, 4.0, 3e-3)                  # an excess share of 8 % in stays of 4 s in 3 L
        >>> round(loop.tube_volume * 1e3, 3), round(loop.flow * 6e4, 2), round(loop.vessel_time, 1)   # L, L/min, s
        (0.24, 3.6, 46.0)
        """
        tube_volume = share * volume
        return cls(tube_volume, volume - tube_volume, tube_volume / tube_time)

    @property
    def volume(self) -> float:
        """V, m3."""
        return self.tube_volume + self.vessel_volume + 2.0 * self.line_volume

    @property
    def share(self) -> float:
        """phi, share of the broth in the tube."""
        return self.tube_volume / self.volume

    @property
    def tube_time(self) -> float:
        """tau_P, s: every cell's stay in the tube."""
        return self.tube_volume / self.flow

    @property
    def vessel_time(self) -> float:
        """tau_S, s: mean of the exponential stays in the vessel."""
        return self.vessel_volume / self.flow

    @property
    def line_time(self) -> float:
        """Every cell's stay in a line, s."""
        return self.line_volume / self.flow

    @property
    def frequency(self) -> float:
        """Passes of one cell through the tube per second."""
        return self.flow / self.volume


def tube_length(volume: float, bore: float) -> float:
    """Length of a tube of the given bore that holds a volume, m (volume m3, bore m)."""
    return 4.0 * volume / (math.pi * bore**2)


def tube_reynolds(flow: float, bore: float, kinematic_viscosity: float) -> float:
    """Reynolds number in a tube (flow m3/s, bore m, nu m2/s)."""
    return 4.0 * flow / (math.pi * bore * kinematic_viscosity)


def laminar_pressure_drop(flow: float, bore: float, length: float, viscosity: float, density: float) -> float:
    """Pressure drop along a smooth tube, Pa: Hagen-Poiseuille below Re 2300, Blasius above (R. B. Bird et al.,
    Transport Phenomena).
    """
    speed = 4.0 * flow / (math.pi * bore**2)
    reynolds = speed * bore * density / viscosity
    friction = 64.0 / reynolds if reynolds < 2300.0 else 0.3164 / reynolds**0.25
    return friction * length / bore * 0.5 * density * speed**2
