"""Escherichia coli with acetate overflow, of Xu, Jahic and Enfors 1999: no memory, limited respiration.

All in g per g dry weight and hour unless said; S glucose, A acetate, g/L; a = Yxs_ox C_x/C_s the carbon that oxidised
glucose leaves in biomass, b = Yxs_of C_x/C_s the same of overflowing glucose, c = Yxa C_x/C_a of acetate::

    qS    = imposed,  or  qSmax/(1 + A/KiS) S/(S + KS)                   uptake of glucose
    qm'   = min(qm, qS)                                                  maintenance, at most what is eaten
    qOcap = qOmax/(1 + A/KiO) f(C_O2)                                    respiratory capacity, mmol/(g h)
    qSox  = min(qS, (qOcap/YOS - qm' a)/(1 - a))                         oxidised; the cap leaves no more oxygen
    qO    = YOS (qSox - (qSox - qm') a)                                  oxygen for glucose, mmol/(g h)
    qSof  = qS - qSox                                                    overflows
    qAp   = YAS qSof (1 - b)                                             acetate made
    qAc   = qAmax A/(A + KA),  0 while overflow runs,                    acetate re-used,
            at most (qOcap - qO)/(YOA (1 - c))                           within the spare respiration
    mu    = (qSox - qm') Yxs_ox + qSof Yxs_of + qAc Yxa
    q_O2  = qO + YOA qAc (1 - c)
    q_CO2 = carbon of qS less that of biomass and of acetate
    f     = 1/(1 + (O_crit/C_O2)^n),  1 for O_crit = 0                   not in the paper: see below

Source: Xu B., Jahic M., Enfors S.-O. 1999, Biotechnol. Prog. 15:81, doi 10.1021/bp9801087 (strain W3110). From its
abstract: acetate is made only above a critical qS that is set by the largest respiration; 0.12 to 0.18 g/(g h) acetate
are taken up at most in fed-batch.

How sure: the printed tables were not at hand. Equations and the default set are those of a public re-implementation
that states to follow the paper (set HEB, a benchmark of STR-PFR models); a second public set, fitted to another strain,
is the strain `ecoli_ruh` of the library. Two details of HEB are kept: acetate uptake stops while overflow runs, and
maintenance never exceeds uptake. One is not: HEB compares the spare respiration in mmol/(g h) with a rate in g/(g h);
here both are in mmol/(g h). At its published states that limit is inactive, so the numbers are the same.

Oxygen: the paper has no term for it. `O_crit` (0 by default: off) and the steepness `n_O` let the respiratory capacity
fall where oxygen runs short; the set RUH uses 0.02 x 0.2095 mmol/L and n = 100.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from math import exp, log
from typing import Any

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

SOURCES = ("Xu B., Jahic M., Enfors S.-O. 1999, Biotechnol. Prog. 15:81, doi 10.1021/bp9801087",)

_HEB = "public re-implementation after Xu 1999 (HEB)"
_SECOND_HAND = "secondary transcription"
_RATE, _RESPIRATION = "g/(g h)", "mmol/(g h)"


def _p(name: str, value: float, unit: str, description: str, uncertainty: str = _SECOND_HAND) -> Parameter:
    return Parameter(name, value, unit, description, _HEB, uncertainty)


PARAMETERS = (
    _p("qSmax", 1.30, _RATE, "largest uptake of glucose (own law only)", "fit bounds 1.0 to 1.5"),
    _p("KS", 0.05, "g/L", "affinity for glucose (own law only)"),
    _p("KiS", 5.0, "g/L", "inhibition of uptake by acetate (own law only)"),
    _p("qOmax", 15.6, _RESPIRATION, "respiratory capacity", "fit bounds 10 to 20"),
    _p("KiO", 4.0, "g/L", "inhibition of respiration by acetate"),
    _p("qm", 0.04, _RATE, "maintenance, glucose", "fit bounds 0.01 to 0.1"),
    _p(
        "qAmax", 0.06, _RATE, "largest re-use of acetate", "fit bounds 0.01 to 0.1; abstract of the paper: 0.12 to 0.18"
    ),
    _p("KA", 0.05, "g/L", "affinity for acetate"),
    _p("Yxs_ox", 0.51, "g/g", "biomass from oxidised glucose, without maintenance"),
    _p("Yxs_of", 0.15, "g/g", "biomass from overflowing glucose"),
    _p("Yxa", 0.40, "g/g", "biomass from acetate"),
    _p("YAS", 0.667, "g/g", "acetate from overflowing glucose that is not built in"),
    _p("YOS", 33.34375, "mmol/g", "oxygen per glucose burnt: 1.067 g/g"),
    _p("YOA", 33.34375, "mmol/g", "oxygen per acetate burnt: 1.067 g/g"),
    _p("C_s", 1.0 / 30.0, "mol/g", "carbon of glucose"),
    _p("C_a", 1.0 / 30.0, "mol/g", "carbon of acetate"),
    _p("C_x", 0.04, "mol/g", "carbon of biomass"),
    Parameter(
        "O_crit", 0.0, "mmol/L", "oxygen at which respiration is halved", "this program", "0: off, as in Xu 1999"
    ),
    Parameter("n_O", 100.0, "-", "steepness of that fall", "public set RUH", "100 is a switch; 1 is Monod"),
)

_namedtuple: Any = namedtuple  # the fields are data, which the type checker cannot follow
P = _namedtuple("P", [p.name for p in PARAMETERS])(*range(len(PARAMETERS)))

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of glucose, imposed"),
    Surrounding("C_s", "g/L", "glucose in the broth", species="glucose"),
    Surrounding("C_A", "g/L", "acetate in the broth", 0.0, "acetate"),
    Surrounding(
        "C_O2", "mmol/L", "oxygen in the broth; by default 0.21 mmol/L, water under air at 37 degC", 0.21, "oxygen"
    ),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of glucose", "glucose", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", "mmol/(g h)", "no product in this model: zero"),
    Quantity("q_O2", _RESPIRATION, "uptake of oxygen", "oxygen", -1),
    Quantity("q_CO2", _RESPIRATION, "carbon dioxide given off, by carbon balance", "carbon_dioxide", 1),
    Quantity("q_A", _RATE, "acetate given off, net; negative while it is re-used", "acetate", 1),
)


@njit
def _balances(qS, environment, p, out):
    """All rates for a given uptake; out (6,) reported rates."""
    A, O2 = max(environment[2], 0.0), max(environment[3], 0.0)
    a = p[P.Yxs_ox] * p[P.C_x] / p[P.C_s]
    b = p[P.Yxs_of] * p[P.C_x] / p[P.C_s]
    c = p[P.Yxa] * p[P.C_x] / p[P.C_a]

    supplied = 1.0
    if p[P.O_crit] > 0.0:
        supplied = 0.0 if O2 == 0.0 else 1.0 / (1.0 + exp(min(p[P.n_O] * log(p[P.O_crit] / O2), 700.0)))
    qOcap = p[P.qOmax] / (1.0 + A / p[P.KiO]) * supplied
    qm = min(p[P.qm], qS)
    qSox = max(min(qS, (qOcap / p[P.YOS] - qm * a) / (1.0 - a)), 0.0)
    qm = min(qm, qSox)
    qO = p[P.YOS] * (qSox - (qSox - qm) * a)

    qSof = qS - qSox
    qAp = p[P.YAS] * qSof * (1.0 - b)
    qAc = 0.0
    if qSof <= 0.0:
        spare = max(qOcap - qO, 0.0) / (p[P.YOA] * (1.0 - c))
        qAc = min(p[P.qAmax] * A / (A + p[P.KA]), spare)
    mu = (qSox - qm) * p[P.Yxs_ox] + qSof * p[P.Yxs_of] + qAc * p[P.Yxa]

    out[0] = qS
    out[1] = mu
    out[2] = 0.0
    out[3] = qO + p[P.YOA] * qAc * (1.0 - c)
    out[4] = 1e3 * (qS * p[P.C_s] - mu * p[P.C_x] - (qAp - qAc) * p[P.C_a])
    out[5] = qAp - qAc


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """Overflow for an imposed uptake; environment = (q_s, C_s, C_A, C_O2)."""
    _balances(max(environment[0], 0.0), environment, parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """The same with the uptake of the paper; environment[0] is not read."""
    S, A = max(environment[1], 0.0), max(environment[2], 0.0)
    qS = parameters[P.qSmax] / (1.0 + A / parameters[P.KiS]) * S / (S + parameters[P.KS])
    _balances(qS, environment, parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model with the set HEB."""
    return CellModel(
        name="ecoli_xu1999",
        title="Escherichia coli, acetate overflow at limited respiration (Xu 1999)",
        states=(),
        environment=ENVIRONMENT,
        reported=REPORTED,
        parameters=PARAMETERS,
        start=(),
        molar_mass=25e-3,
        imposed=rates,
        own=rates_own_uptake,
        prepare=_prepare,
        sources=SOURCES,
        has_product=False,
    )
