"""What a cell model is given of the tank: one row of its environment vector for every code of the records.

    q_s = q_max s        imposed uptake
    C_i = field of the species i in the mesh cell, in the unit of the model      where the tank has a field of it
    C_i = default of the model                                                   where it has none

The ideally mixed vessel gives a cell the same mean uptake, the concentration at which Monod uptake runs there,
C_s = K_s s/(1 - s), and the mean of every other surrounding over the lifelines.

Symbols: s = q/q_max of the tank's Monod law, q_max mol/(kg dry weight s), K_s mol/kg broth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rushton.physiology import concentration_of_uptake
from rushton.physiology.model import CellModel
from rushton.physiology.quantities import SUBSTRATE, WATER


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A table of surroundings for one cell model.

    Attributes
    ----------
    table : (n_code, n_environment) float
        Environment vector of every code, in the units of the model.
    q_max : float
        Largest uptake of the case's law, in the unit of the model.
    half_saturation : float
        K_s of it, mol/kg broth.
    density : float
        Of the broth, kg/m3.
    varying : tuple of str
        Surroundings that vary in the tank.
    constants : dict of str to float
        Surroundings that do not, in the units of the model: given for the whole tank, or the default of the model.
    defaults : tuple of str
        Those among them that nobody gave: the defaults of the model.
    lacking : tuple of str
        Those among the defaults that vary in a real tank: dissolved gases, and what the cells themselves give off.
    """

    table: np.ndarray
    q_max: float
    half_saturation: float
    density: float
    varying: tuple[str, ...]
    constants: dict[str, float]
    defaults: tuple[str, ...]
    lacking: tuple[str, ...]

    def ideal(
        self, model: CellModel, counts: np.ndarray, ratio: np.ndarray, mixed: tuple[float, float] | None = None
    ) -> np.ndarray:
        """(n_environment,) environment in the ideally mixed vessel.

        Parameters
        ----------
        model : CellModel
        counts : (n_code,) int
            Samples of every code in the records.
        ratio : (n_code,) float
            s of every code.
        mixed : (float, float), optional
            Uptake ratio and substrate there, mol/kg; by default the mean s and its concentration by Monod's law.
        """
        share = counts / counts.sum()
        mean = share @ self.table
        s, substrate = mixed or (float(share @ ratio), None)
        if substrate is None:
            substrate = concentration_of_uptake(s, self.half_saturation)
        mean[0] = self.q_max * s
        for name, value in model.surroundings_from_mol_kg({SUBSTRATE: substrate}, self.density).items():
            mean[model.environment_names.index(name)] = value
        return np.ascontiguousarray(mean)


def surroundings(
    model: CellModel,
    ratio: np.ndarray,
    q_max: float,
    half_saturation: float,
    by_species: Mapping[str, Any] | None = None,
    density: float = WATER,
) -> Surroundings:
    """Gather what a model asks for.

    Parameters
    ----------
    model : CellModel
    ratio : (n_code,) float
        s = q/q_max of every code.
    q_max : float
        Largest uptake of the case's law, mol/(kg s).
    half_saturation : float
        K_s of it, mol/kg broth.
    by_species : mapping of str to (n_code,) float or float, optional
        mol/kg broth of every species that the tank has a field of (biomass: kg/kg); the substrate as "substrate".
        Where the substrate is not among them it follows from the uptake ratio.
    density : float
        Of the broth, kg/m3.

    Returns
    -------
    Surroundings
    """
    given = {SUBSTRATE: concentration_of_uptake(ratio, half_saturation), **(by_species or {})}
    found = model.surroundings_from_mol_kg(given, density)
    largest = q_max * model.uptake_per_mol_kg_s
    table = np.empty((len(ratio), len(model.environment)))
    table[:, 0] = largest * ratio
    varying, constants, defaults = ["q_s"], {}, []
    for column, around in enumerate(model.environment[1:], start=1):
        values = np.asarray(found.get(around.name, around.default), float)
        table[:, column] = values
        if values.ndim:
            varying.append(around.name)
            continue
        constants[around.name] = float(values)
        if around.name not in found:
            defaults.append(around.name)
    varies = {"oxygen", "carbon_dioxide"} | {trade.species for trade in model.trades if trade.into_broth > 0.0}
    species = {around.name: around.species for around in model.environment}
    lacking = tuple(name for name in defaults if species[name] in varies)
    return Surroundings(table, largest, half_saturation, density, tuple(varying), constants, tuple(defaults), lacking)
