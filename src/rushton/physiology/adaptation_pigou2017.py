"""A cell whose growth rate follows its uptake with a delay: adaptation after Pigou, Morchain and others 2017.

The growth that the cell is set for relaxes to what its surroundings would allow; it grows at the smaller of the two,
and what it takes up beyond that overflows. Rates in g per g dry weight and hour; mode 1 oxidises, mode 2 overflows::

    q_s    = imposed,  or  q_smax C_s/(K_s + C_s)                                    uptake of glucose: no delay
    q_O2'  = q_Omax C_O2/(K_O + C_O2)                                                oxygen at hand, mmol/(g h)
    mu1*   = Y1 min(q_s, q_O2' M_s/(1000 n_O))                                       what oxidation would allow
    mu2*   = Y2 (q_s - mu1*/Y1)                                                      what the rest would allow
    dmu1/dt = (mu1* - mu1)/T,    dmu2/dt = (mu2* - mu2)/T                            adaptation
    g1     = min(mu1*, mu1),     g2 = min(Y2 (q_s - g1/Y1), mu2)                     growth in each mode
    mu     = g1 + g2
    q_O2   = n_O 1000/M_s g1/Y1                                                      mmol/(g h)
    q_A    = Y_A (q_s - g1/Y1)                                                       acetate from what is not oxidised

Famine is felt at once, feast only as T lets the cell adapt: cells that fluctuate grow less than cells that do not, and
overflow more. Symbols: Y in g/g; M_s = 180.16 g/mol; n_O mol oxygen per mol glucose; T in h; C_s g/L; C_O2 mg/L.

Sources. The principle (an inner growth rate that relaxes to its target while cells travel, the internal variable of
their population balance): Pigou M., Morchain J., Fede P., Penet M.-I., Laronze G. 2017, Chem. Eng. Sci. 171:218,
doi 10.1016/j.ces.2017.05.026; read in its abstract only. The two modes, T and the yields: the two-mode model in the
released code of the same group (BioCMA-MCST), which its authors mark as provisional.

How sure. T = 1000 s, Y1, Y2, Y_A, n_O and K_O are numbers of that code, not of a paper; T is not identifiable from
well-mixed cultures, and published values range from a minute to an hour. q_smax, K_s and q_Omax are orders of magnitude
for E. coli. In the code the modes are rates per cell and are halved or kept at division; here they are per dry weight.
Treat what this model says as the effect of a delay, not as a prediction for a strain; vary T.

Electrons do not close in mode 1: by the degree of reduction (24 of glucose, 4.2 of biomass) it needs 14 mmol oxygen per
g glucose, where n_O = 3 gives 16.7. So no q_CO2 is reported.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

SOURCES = (
    "Pigou M. et al. 2017, Chem. Eng. Sci. 171:218, doi 10.1016/j.ces.2017.05.026",
    "BioCMA-MCST, released code of the group of Morchain (two-mode model)",
)

_RATE, _RESPIRATION = "g/(g h)", "mmol/(g h)"
_CODE = "released code of the group of Morchain"
_ORDER = "order of magnitude for E. coli"

PARAMETERS = (
    Parameter("q_smax", 1.3, _RATE, "largest uptake of glucose (own law only)", _ORDER, "set your own"),
    Parameter("K_s", 0.01, "g/L", "affinity for glucose (own law only)", _CODE, "marked provisional"),
    Parameter("q_Omax", 15.6, _RESPIRATION, "respiratory capacity", _CODE, _ORDER),
    Parameter("K_O", 0.1, "mg/L", "affinity for oxygen", _CODE, "marked provisional"),
    Parameter(
        "T", 1000.0 / 3600.0, "h", "time of adaptation, 1000 s", _CODE, "marked provisional; a minute to an hour"
    ),
    Parameter("Y1", 1.0 / 2.217737, "g/g", "biomass from oxidised glucose", _CODE, "marked provisional"),
    Parameter("Y2", 1.0 / (3.0 * 2.217737), "g/g", "biomass from overflowing glucose", _CODE, "marked provisional"),
    Parameter("Y_A", 0.8, "g/g", "acetate from glucose that is not oxidised", _CODE, "marked provisional"),
    Parameter("n_O", 3.0, "mol/mol", "oxygen per oxidised glucose", _CODE, "marked provisional"),
)

STATES = (
    Quantity("mu1", "1/h", "growth that the cell is set for by oxidation"),
    Quantity("mu2", "1/h", "growth that the cell is set for by overflow"),
)

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of glucose, imposed"),
    Surrounding("C_s", "g/L", "glucose in the broth", species="glucose"),
    Surrounding("C_O2", "mg/L", "oxygen in the broth; by default water under air at 37 degC", 6.7, "oxygen"),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of glucose", "glucose", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", "mmol/(g h)", "no product in this model: zero"),
    Quantity("q_O2", _RESPIRATION, "uptake of oxygen", "oxygen", -1),
    Quantity("q_A", _RATE, "acetate given off", "acetate", 1),
)

M_S = 180.156  # g/mol

# Set for the growth that oxidation allows at an uptake of 0.4 g/(g h).
START = (0.18, 0.01)


@njit
def _balances(q_s, C_O2, x, p, out):
    """All rates for a given uptake; x (2,) states, out (7,) derivatives per hour and reported rates."""
    q_Omax, K_O, T, Y1, Y2, Y_A, n_O = p[2], p[3], p[4], p[5], p[6], p[7], p[8]
    per_glucose = 1e3 * n_O / M_S  # mmol oxygen per g glucose
    target1 = Y1 * min(q_s, q_Omax * C_O2 / (K_O + C_O2) / per_glucose)
    target2 = Y2 * (q_s - target1 / Y1)
    g1 = min(target1, x[0])
    rest = q_s - g1 / Y1
    g2 = min(Y2 * rest, x[1])
    out[0] = (target1 - x[0]) / T
    out[1] = (target2 - x[1]) / T
    out[2] = q_s
    out[3] = g1 + g2
    out[4] = 0.0
    out[5] = per_glucose * g1 / Y1
    out[6] = Y_A * rest


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """Adaptation with the uptake imposed; environment = (q_s, C_s, C_O2)."""
    _balances(max(environment[0], 0.0), max(environment[2], 0.0), state, parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """The same with q_s = q_smax C_s/(K_s + C_s); environment[0] is not read."""
    C_s = max(environment[1], 0.0)
    _balances(parameters[0] * C_s / (parameters[1] + C_s), max(environment[2], 0.0), state, parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model with the numbers of the released code."""
    return CellModel(
        name="adaptation_pigou2017",
        title="Growth rate that adapts with a delay, two modes (after Pigou 2017)",
        states=STATES,
        environment=ENVIRONMENT,
        reported=REPORTED,
        parameters=PARAMETERS,
        start=START,
        molar_mass=24.6e-3,
        imposed=rates,
        own=rates_own_uptake,
        prepare=_prepare,
        sources=SOURCES,
        has_product=False,
    )
