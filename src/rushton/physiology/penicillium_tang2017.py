"""Penicillium chrysogenum, nine pools, of Tang et al. 2017.

Five metabolite pools (one of them, ATP, in quasi-steady state) and four enzyme pools, ten reactions, with
H(x, K, n) = x^n/(K^n + x^n)::

    X_ATP = A_ATP H(X_gly, K_ATP, 3)
    v11 = imposed uptake q_s,  or  kE11 X_E11 C_s/(C_s + Ks11)                                    uptake
    v12 = v12max H(gly,Kgly12,2) (1 - H(AA,KAA12,2)) H(ATP,KATP12,3)                              amino acids
    v13 = v13max H(gly,Kgly13,2) H(AA,KAA13,2) H(ATP,KATP13,3) = mu                               growth
    v21 = v21max H(gly,Kgly21,3) (1 - H(ATP,KATP21,4))                                            catabolism
    v31 = kperm31 a_cell [rho C_PAA/(1 + 10^(pHext-pK)) - (X_PAA/V_cell)/(1 + 10^(pHint-pK))]     PAA import
    v32 = X_E32 X_PAA M_w                                                                         PAA export
    v33 = X_E33 (a state: capacity in mol/(Cmol h))                                               penicillin
    v41 = k41 X_E4 s1 (1 + 2 s2) Ksto41/(sto + Ksto41)                                            storage
    v42 = k42 X_E4 (1 - s2)(1 + 2 s1) H(sto,Ksto42,2) H(ATP,KATP42,2)                             release
          s1 = C_s/(C_s + Ks41),  s2 = C_s/(C_s + Ks42)

    dX_gly/dt = (6 v11 - v12 - 0.578 v13 - v21 - 4.81 v33 - 1.07 v41 + v42)/M_w - mu X_gly
    dX_AA/dt  = (v12 - 0.5 v13 - 6.25 v33)/M_w - mu X_AA
    dX_sto/dt = (v41 - v42)/M_w - mu X_sto
    dX_PAA/dt = (v31 - v32 - v33)/M_w - mu X_PAA
    dX_E11/dt = qE11max H(mu + mu0, k11, 5) - (mu + kdE11) X_E11
    dX_E32/dt = a32 + b32 mu - (kdE32 + mu) X_E32
    dX_E4/dt  = a4 + b4 mu - (kdE4 + mu) X_E4
    dX_E33/dt = b33 mu/(1 + (X_gly/Kgly33)^6) - (kdE33 + mu) X_E33

By balances of this program, not of the paper, with pools counted in Cmol of carbohydrate, biomass of 4.2 electrons per
Cmol, PAA C8H8O2 and penicillin G C16H18N2O4S::

    q_CO2 = v21 + 0.078 v13 + 3.06 v33 + 0.07 v41      what the stoichiometry above leaves over of carbon
    q_O2  = v21 + 0.028 v13 + 1.56 v33 + 0.07 v41      and of electrons, over four

Symbols: pools X in umol per g dry weight, rates v in mol/(Cmol h), C in mol/kg broth, M_w = 28.05 g dry weight per
Cmol (1e6/M_w turns mol/Cmol into umol/gdw), time in hours.

Source: Tang W. et al. 2017, Biotechnol. Bioeng., doi 10.1002/bit.26294 (the model, validated on feast-famine cycles);
equations and parameters as summarised in the supplement of Haringa C. et al. 2018, Chem. Eng. Sci.,
doi 10.1016/j.ces.2017.09.020.

How sure: a SECONDARY TRANSCRIPTION. Steady states and the pulse of glucose were recomputed independently from the
equations above and agree with the transcriber's documented values; the printed tables of the paper were not at hand. In
three places the transcription departs from the printed tables, each said to be needed to reproduce the paper:
qE11max is printed 6.5e-2 (here 1.65e-2), pHint is printed 2.20 (here 7.20), and the two terms of v31 are printed with
opposite sign.
The quasi-steady ATP is the authors' own patch and underestimates ATP in famine.

Two fluxes, v33 and v41, are of order zero in the pools they draw on, so the equations alone would draw X_gly below
zero within half a minute of deep starvation. The flux limiter min(1, X/X_floor) scales a flux, in every balance it
enters, once a pool that it draws on falls under a floor that no state of the paper's experiments reaches; carbon stays
conserved. The floor is numerical, not biological: `gly_floor` and `pool_floor`.

Validity: glucose-limited P. chrysogenum, pH 6.5, 25 degC, oxygen and PAA not limiting, mu up to about 0.093 1/h.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

SOURCES = (
    "Tang W. et al. 2017, Biotechnol. Bioeng., doi 10.1002/bit.26294",
    "Haringa C. et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020",
)

_TABLE = "Tang 2017, as tabulated in Haringa 2018 (supplement)"
_SECOND_HAND = "secondary transcription"
_NUMERICAL = "numerical limiter of this program, not from the paper"
_UMOL = "umol/gdw"
_RATE = "mol/(Cmol h)"


def _p(name: str, value: float, unit: str, description: str, uncertainty: str = _SECOND_HAND) -> Parameter:
    source = "this program" if uncertainty == _NUMERICAL else _TABLE
    return Parameter(name, value, unit, description, source, uncertainty)


PARAMETERS = (
    _p("qE11max", 1.65e-2, "1/h", "synthesis of the uptake enzyme", "printed 6.5e-2; departs to reproduce the paper"),
    _p("mu0", 5.5e-2, "1/h", "offset of growth rate in the synthesis of the uptake enzyme"),
    _p("k11", 0.10, "1/h", "half-saturation of that synthesis"),
    _p("kdE11", 1.46e-2, "1/h", "decay of the uptake enzyme"),
    _p("kE11", 0.26, _RATE, "uptake per enzyme"),
    _p("Ks11", 9.8e-6, "mol/kg", "affinity of uptake"),
    _p("v12max", 0.18, _RATE, "amino-acid synthesis"),
    _p("Kgly12", 31.38, _UMOL, "glycolytic pool in v12"),
    _p("KAA12", 870.23, _UMOL, "feedback of amino acids on v12"),
    _p("KATP12", 2.01, _UMOL, "ATP in v12"),
    _p("v13max", 0.32, _RATE, "growth"),
    _p("Kgly13", 38.54, _UMOL, "glycolytic pool in v13"),
    _p("KAA13", 757.81, _UMOL, "amino acids in v13"),
    _p("KATP13", 1.95, _UMOL, "ATP in v13"),
    _p("v21max", 0.35, _RATE, "catabolism"),
    _p("Kgly21", 25.64, _UMOL, "glycolytic pool in v21"),
    _p("KATP21", 6.01, _UMOL, "feedback of ATP on v21"),
    _p("mATP22", 3.3e-2, _RATE, "maintenance; enters the ATP balance only, which is in quasi-steady state here"),
    _p("kperm31", 1.62e-2, "m/h", "permeability for PAA"),
    _p("a_cell", 56.0, "m2/Cmol", "surface of cells"),
    _p("pHint", 7.20, "-", "pH inside", "printed 2.20; departs to reproduce the paper"),
    _p("pHext", 6.50, "-", "pH outside"),
    _p("pK_PAA", 4.31, "-", "pK of PAA"),
    _p("rho", 1000.0, "kg/m3", "density of broth"),
    _p("V_cell", 2.5, "mL/gdw", "volume of cells"),
    _p("a32", 0.0, "1/h2", "constitutive synthesis of the PAA exporter"),
    _p("b32", 1.56e3, "1/h", "growth-linked synthesis of the PAA exporter"),
    _p("kdE32", 0.35, "1/h", "decay of the PAA exporter"),
    _p("b33", 6.5e-4, _RATE, "growth-linked synthesis of penicillin capacity"),
    _p("kdE33", 1.47e-2, "1/h", "decay of penicillin capacity"),
    _p("Kgly33", 30.76, _UMOL, "repression of that synthesis by the glycolytic pool"),
    _p("a4", 8.01e-4, "1/h", "constitutive synthesis of the storage enzyme"),
    _p("b4", 0.289, "-", "growth-linked synthesis of the storage enzyme"),
    _p("kdE4", 0.29, "1/h", "decay of the storage enzyme"),
    _p("k41", 1.01, _RATE, "storage"),
    _p("Ks41", 1e-8, "mol/kg", "glucose sensed in storage"),
    _p("Ksto41", 4.25e3, _UMOL, "feedback of storage on itself"),
    _p("k42", 3.99, _RATE, "release of storage"),
    _p("Ks42", 1e-4, "mol/kg", "glucose sensed in release"),
    _p("Ksto42", 7.99e3, _UMOL, "storage in its release"),
    _p("KATP42", 6.48, _UMOL, "ATP in release of storage"),
    _p("A_ATP", 8.5, _UMOL, "largest ATP pool (quasi-steady patch)"),
    _p("K_ATP", 10.5, _UMOL, "glycolytic pool in the quasi-steady ATP"),
    _p("vd", 5e-3, "1/h", "decay of biomass"),
    _p("gly_floor", 0.5, _UMOL, "X_gly below which fluxes of order zero fade", _NUMERICAL),
    _p("pool_floor", 0.01, _UMOL, "X_AA and X_PAA below which penicillin fades", _NUMERICAL),
)

# The vector that the rates read: the parameters in the order above, then constants formed once.
_NAMES = [*(p.name for p in PARAMETERS), "undissociated_ext", "undissociated_int"]
_namedtuple: Any = namedtuple  # the fields are data, which the type checker cannot follow
P = _namedtuple("P", _NAMES)(*range(len(_NAMES)))

M_W = 28.05  # g dry weight per Cmol

STATES = (
    Quantity("X_gly", _UMOL, "glycolytic intermediates"),
    Quantity("X_AA", _UMOL, "amino acids"),
    Quantity("X_sto", _UMOL, "storage carbohydrates"),
    Quantity("X_PAA", _UMOL, "phenylacetic acid inside"),
    Quantity("X_E11", "-", "uptake enzyme"),
    Quantity("X_E32", "1/h", "PAA exporter"),
    Quantity("X_E4", "-", "storage enzyme"),
    Quantity("X_E33", _RATE, "capacity for penicillin"),
)

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of glucose, imposed"),
    Surrounding("C_s", "mol/kg", "glucose in the broth", species="glucose"),
    Surrounding("C_PAA", "mol/kg", "phenylacetic acid in the broth", 5e-3, "phenylacetate"),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of glucose", "glucose", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", _RATE, "penicillin formation", "penicillin", 1),
    Quantity("q_PAA", _RATE, "net uptake of phenylacetic acid", "phenylacetate", -1),
    Quantity("k_d", "1/h", "decay of biomass"),
    Quantity("X_ATP", _UMOL, "ATP, quasi-steady"),
    Quantity("q_O2", _RATE, "uptake of oxygen, by electron balance", "oxygen", -1),
    Quantity("q_CO2", _RATE, "carbon dioxide given off, by carbon balance", "carbon_dioxide", 1),
)

# A steady state of a glucose-limited chemostat at D = 0.05 1/h.
START = (24.63, 931.2, 2652.0, 2.711, 0.1463, 211.9, 0.0484, 4.06e-4)


@njit
def _rise2(x, K):
    """H(x, K, 2)."""
    return x * x / (K * K + x * x)


@njit
def _rise3(x, K):
    """H(x, K, 3)."""
    return x * x * x / (K * K * K + x * x * x)


@njit
def _balances(q_s, C_s, C_PAA, x, p, out):
    """All rates and balances for a given uptake; x (8,) states, out (16,) derivatives per hour and reported rates."""
    gly, AA, sto, PAA = max(x[0], 0.0), max(x[1], 0.0), max(x[2], 0.0), max(x[3], 0.0)
    E11, E32, E4, E33 = x[4], x[5], x[6], x[7]

    ATP = p[P.A_ATP] * _rise3(gly, p[P.K_ATP])
    rise4 = ATP * ATP * ATP * ATP
    KATP21 = p[P.KATP21] * p[P.KATP21] * p[P.KATP21] * p[P.KATP21]
    supply_gly = min(1.0, gly / p[P.gly_floor])
    supply = min(supply_gly, min(AA, PAA) / p[P.pool_floor])

    v11 = q_s
    v12 = p[P.v12max] * _rise2(gly, p[P.Kgly12]) * (1.0 - _rise2(AA, p[P.KAA12])) * _rise3(ATP, p[P.KATP12])
    v13 = p[P.v13max] * _rise2(gly, p[P.Kgly13]) * _rise2(AA, p[P.KAA13]) * _rise3(ATP, p[P.KATP13])
    mu = v13
    v21 = p[P.v21max] * _rise3(gly, p[P.Kgly21]) * (1.0 - rise4 / (KATP21 + rise4))

    outside = p[P.rho] * C_PAA * p[P.undissociated_ext]  # mol/m3, undissociated
    inside = PAA / p[P.V_cell] * p[P.undissociated_int]  # umol/mL = mol/m3
    v31 = p[P.kperm31] * p[P.a_cell] * (outside - inside)
    v32 = E32 * PAA * (M_W * 1e-6)
    v33 = E33 * supply

    s1 = C_s / (C_s + p[P.Ks41])
    s2 = C_s / (C_s + p[P.Ks42])
    v41 = p[P.k41] * E4 * s1 * (1.0 + 2.0 * s2) * p[P.Ksto41] / (sto + p[P.Ksto41]) * supply_gly
    v42 = p[P.k42] * E4 * (1.0 - s2) * (1.0 + 2.0 * s1) * _rise2(sto, p[P.Ksto42]) * _rise2(ATP, p[P.KATP42])

    to_pool = 1e6 / M_W  # mol/Cmol -> umol/gdw
    out[0] = to_pool * (6.0 * v11 - v12 - 0.578 * v13 - v21 - 4.81 * v33 - 1.07 * v41 + v42) - mu * gly
    out[1] = to_pool * (v12 - 0.5 * v13 - 6.25 * v33) - mu * AA
    out[2] = to_pool * (v41 - v42) - mu * sto
    out[3] = to_pool * (v31 - v32 - v33) - mu * PAA

    y = (mu + p[P.mu0]) / p[P.k11]
    y5 = y * y * y * y * y
    g = gly / p[P.Kgly33]
    g6 = g * g * g * g * g * g
    out[4] = p[P.qE11max] * y5 / (1.0 + y5) - (mu + p[P.kdE11]) * E11
    out[5] = p[P.a32] + p[P.b32] * mu - (p[P.kdE32] + mu) * E32
    out[6] = p[P.a4] + p[P.b4] * mu - (p[P.kdE4] + mu) * E4
    out[7] = p[P.b33] * mu / (1.0 + g6) - (p[P.kdE33] + mu) * E33

    out[8] = v11
    out[9] = mu
    out[10] = v33
    out[11] = v31 - v32
    out[12] = p[P.vd]
    out[13] = ATP
    out[14] = v21 + 0.028 * v13 + 1.56 * v33 + 0.07 * v41
    out[15] = v21 + 0.078 * v13 + 3.06 * v33 + 0.07 * v41


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """All nine pools with the uptake imposed: environment = (q_s, C_s, C_PAA)."""
    _balances(environment[0], environment[1], environment[2], state, parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """All nine pools with the uptake of the paper, v11 = kE11 X_E11 C_s/(C_s + Ks11); environment[0] is not read."""
    C_s = max(environment[1], 0.0)
    v11 = parameters[P.kE11] * state[4] * C_s / (C_s + parameters[P.Ks11])
    _balances(v11, C_s, environment[2], state, parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    """Parameter vector: the table in its order, then the undissociated shares of PAA outside and inside."""
    outside = 1.0 / (1.0 + 10.0 ** (values["pHext"] - values["pK_PAA"]))
    inside = 1.0 / (1.0 + 10.0 ** (values["pHint"] - values["pK_PAA"]))
    return np.array([*(values[p.name] for p in PARAMETERS), outside, inside])


def build() -> CellModel:
    """The model with the parameters of the paper."""
    return CellModel(
        name="penicillium_tang2017",
        title="Penicillium chrysogenum, five metabolite and four enzyme pools (Tang 2017)",
        states=STATES,
        environment=ENVIRONMENT,
        reported=REPORTED,
        parameters=PARAMETERS,
        start=START,
        molar_mass=M_W * 1e-3,
        imposed=rates,
        own=rates_own_uptake,
        prepare=_prepare,
        sources=SOURCES,
    )
