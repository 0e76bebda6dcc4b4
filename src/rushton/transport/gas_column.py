"""Pressure, gas density and solubility over the height of an aerated tank.

::

    p   = p_head + rho g (H - z)                 Pa       hydrostatic, of the liquid without gas
    c   = (p - p_w)/(R T)                        mol/m3   dry gas per volume of moist bubble
    H_i = rho k_i(T) (p - p_w)                   mol/m3   saturation per mole fraction in the dry gas

Solubilities and vapour pressure p_w: :mod:`rushton.correlations.oxygen`. Bubbles have the temperature of the broth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton import correlations as c
from rushton.mesh.cylinder import TankMesh

if TYPE_CHECKING:
    from rushton.case.schema import Case

GAS_CONSTANT = 8.314462618
"""J/(mol K), exact (SI 2019)."""


@dataclass(frozen=True)
class Column:
    """Pressure and gas over the height of the tank.

    Attributes
    ----------
    pressure_centre, pressure_face : (nz,), (nz+1,) float
        Pa.
    temperature : float
        K.
    density : float
        Of the liquid, kg/m3.
    """

    pressure_centre: np.ndarray
    pressure_face: np.ndarray
    temperature: float
    density: float

    @classmethod
    def of(cls, case: Case, mesh: TankMesh) -> Column:
        """Hydrostatic pressure in the mesh of a case."""
        weight = case.broth.density * c.GRAVITY
        assert case.gas is not None
        return cls(
            case.gas.head_pressure + weight * (mesh.z[-1] - mesh.z_centre),
            case.gas.head_pressure + weight * (mesh.z[-1] - mesh.z),
            case.broth.temperature,
            case.broth.density,
        )

    def gas_density(self, pressure: Any) -> Any:
        """Dry gas per volume of bubble, mol/m3."""
        return (pressure - c.vapour_pressure(self.temperature)) / (GAS_CONSTANT * self.temperature)

    def at(self, height: float) -> float:
        """Pressure at a height above the floor, Pa."""
        top = float(self.pressure_face[-1])
        return top + (float(self.pressure_face[0]) - top) * (1.0 - height / self._height)

    @property
    def _height(self) -> float:
        return float(self.pressure_face[0] - self.pressure_face[-1]) / (self.density * c.GRAVITY)

    def henry_oxygen(self, pressure: float) -> float:
        """Saturation per mole fraction of oxygen, mol/m3."""
        return self.density * c.oxygen_saturation(self.temperature, pressure, 1.0).value

    def henry_carbon_dioxide(self, pressure: float) -> float:
        """Saturation per mole fraction of carbon dioxide, mol/m3."""
        return self.density * c.carbon_dioxide_saturation(self.temperature, pressure, 1.0)
