"""A cell without memory: Monod uptake, Pirt maintenance, optional product of Luedeking and Piret.

    q_s = imposed,  or  q_max C_s/(K_s + C_s)        uptake,  mol/(Cmol h)
    mu  = Y_xs (q_s - m_s)                           growth,  1/h   (below maintenance the cell lives on itself: mu < 0)
    q_p = alpha mu + beta                            product, mol/(Cmol h)
    q_O2  = (gamma_s q_s - 4.2 mu - gamma_p q_p)/4   oxygen, by electron balance (ammonia as the source of nitrogen)
    q_CO2 = c_s q_s - mu - c_p q_p                   carbon dioxide, by carbon balance

No states. As mu and q_p are linear in q_s, an imposed uptake of any shape gives the very mean that a constant uptake
would give: a check of everything around the model.

Symbols: Y_xs Cmol/mol true yield; m_s mol/(Cmol h) maintenance; c carbon, Cmol/mol, and gamma degree of reduction,
mol electrons/mol, of substrate (glucose by default) and product; one Cmol of biomass CH1.8O0.5N0.2 (4.2 electrons)
weighs 24.6 g. Oxygen is not felt: where it runs short this cell does not notice.

Sources: Monod J. 1949, Annu. Rev. Microbiol. 3:371; Pirt S.J. 1965, Proc. R. Soc. B 163:224; Luedeking R., Piret E.L.
1959, J. Biochem. Microbiol. Technol. Eng. 1:393; weight of one Cmol and balances: Roels J.A. 1983, Energetics and
Kinetics in Biotechnology. The default values are textbook orders of magnitude for a yeast on glucose, not a strain:
set your own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

SOURCES = (
    "Monod J. 1949, Annu. Rev. Microbiol. 3:371",
    "Pirt S.J. 1965, Proc. R. Soc. B 163:224",
)

_RATE = "mol/(Cmol h)"
_TEXTBOOK = "textbook order of magnitude, not a strain"

PARAMETERS = (
    Parameter("q_max", 0.45, _RATE, "largest uptake (own law only)", _TEXTBOOK, "set your own"),
    Parameter("K_s", 1e-5, "mol/kg", "affinity of uptake (own law only)", _TEXTBOOK, "set your own"),
    Parameter("Y_xs", 3.5, "Cmol/mol", "true yield of biomass", _TEXTBOOK, "set your own"),
    Parameter("m_s", 3e-3, _RATE, "maintenance", _TEXTBOOK, "set your own"),
    Parameter("alpha", 0.0, "mol/Cmol", "growth-linked product", "off by default", "set your own", signed=True),
    Parameter("beta", 0.0, _RATE, "product independent of growth", "off by default", "set your own"),
    Parameter("c_s", 6.0, "Cmol/mol", "carbon of the substrate", "glucose", "3 for glycerol, 12 for sucrose"),
    Parameter("gamma_s", 24.0, "mol/mol", "electrons of the substrate", "glucose", "14 for glycerol, 48 for sucrose"),
    Parameter("c_p", 0.0, "Cmol/mol", "carbon of the product", "off by default", "set your own"),
    Parameter("gamma_p", 0.0, "mol/mol", "electrons of the product", "off by default", "set your own"),
)

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of the substrate, imposed"),
    Surrounding("C_s", "mol/kg", "substrate in the broth", species="substrate"),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of substrate", "substrate", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", _RATE, "product formation", "product", 1),
    Quantity("q_O2", _RATE, "uptake of oxygen, by electron balance", "oxygen", -1),
    Quantity("q_CO2", _RATE, "carbon dioxide given off, by carbon balance", "carbon_dioxide", 1),
)


GAMMA_X = 4.2  # electrons of one Cmol of biomass, mol/Cmol


@njit
def _balances(q_s, p, out):
    """Growth, product, oxygen and carbon dioxide for a given uptake; out (5,)."""
    mu = p[2] * (q_s - p[3])
    q_p = p[4] * mu + p[5]
    out[0] = q_s
    out[1] = mu
    out[2] = q_p
    out[3] = (p[7] * q_s - GAMMA_X * mu - p[9] * q_p) / 4.0
    out[4] = p[6] * q_s - mu - p[8] * q_p


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """Growth and product for an imposed uptake; environment = (q_s, C_s)."""
    _balances(environment[0], parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """The same with q_s = q_max C_s/(K_s + C_s); environment[0] is not read."""
    C_s = max(environment[1], 0.0)
    _balances(parameters[0] * C_s / (parameters[1] + C_s), parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model with its default parameters; a product is formed once alpha or beta is set."""
    return CellModel(
        name="monod",
        title="Monod uptake with maintenance, no memory",
        states=(),
        environment=ENVIRONMENT,
        reported=REPORTED,
        parameters=PARAMETERS,
        start=(),
        molar_mass=24.6e-3,
        imposed=rates,
        own=rates_own_uptake,
        prepare=_prepare,
        sources=SOURCES,
    )
