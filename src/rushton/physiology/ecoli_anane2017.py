"""Escherichia coli with acetate cycling, of Anane, Lopez, Neubauer and Cruz Bournazou 2017: no memory, oxygen felt.

All in g per g dry weight and hour; S glucose, A acetate, g/L; DOT dissolved oxygen, % of air saturation::

    qS    = imposed,  or  qSmax/(1 + A/Kia) S/(S + Ks)          uptake of glucose
    qSof  = pAmax qS/(qS + Kap)                                 overflows, at any uptake
    pA    = qSof Yas                                            acetate made
    qSox  = (qS - qSof) DOT/(DOT + Ko)                          oxidised
    qSan  = (qSox - qm) Yem C_x/C_s                             of it, built into biomass
    qsA   = qAmax/(1 + qS/Kis) A/(A + Ksa)                      acetate re-used
    mu    = (qSox - qm) Yem + qsA Yxa + qSof Yxsof
    q_O2  = Yos (qSox - qSan) + qsA Yoa

Source: Anane E., Lopez C. D.C., Neubauer P., Cruz Bournazou M.N. 2017, Biochem. Eng. J. 125:23.

How sure: a PUBLIC TRANSCRIPTION, whose code gives two values of most parameters; the first is the default and the
second stands with it as the measure of uncertainty. The printed tables were not at hand. Known oddities, kept as they
are: Ko = 1e-4 beside a DOT in per cent makes oxygen matter only below some 1e-2 %, so Ko acts as zero; below
maintenance mu is negative (the cell lives on itself); carbon does not close in overflow, where one gram of glucose with
0.391 g carbon gives 0.47 g carbon in acetate and biomass, so no q_CO2 is reported.

100 % of saturation: the model counts H = 14,000 % per g/L oxygen, so 100 % is 7.14 mg/L or 0.223 mmol/L.

The 35 s lag of the oxygen probe belongs to the probe and is not a state of the cell.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding
from rushton.physiology.quantities import MOLAR_MASS

SOURCES = ("Anane E., Lopez C. D.C., Neubauer P., Cruz Bournazou M.N. 2017, Biochem. Eng. J. 125:23",)

H = 14_000.0
"""% of air saturation in one g/L of oxygen, of the paper."""

SATURATION = 100.0 / H / (MOLAR_MASS["oxygen"] * 1e3)
"""Oxygen at 100 %, mol/kg, one litre of broth taken as one kilogram."""

_SOURCE = "public transcription of Anane 2017"
_RATE = "g/(g h)"


def _p(name: str, value: float, unit: str, description: str, second: float | None = None) -> Parameter:
    uncertainty = "secondary transcription" if second is None else f"second estimate of the transcription: {second}"
    return Parameter(name, value, unit, description, _SOURCE, uncertainty)


PARAMETERS = (
    _p("qSmax", 0.6356, _RATE, "largest uptake of glucose (own law only)", 0.6350),
    _p("Ks", 0.0370, "g/L", "affinity for glucose (own law only)", 0.0381),
    _p("Kia", 1.2399, "g/L", "inhibition of uptake by acetate (own law only)", 1.2602),
    _p("pAmax", 0.2268, _RATE, "largest overflow of glucose", 0.2286),
    _p("Kap", 0.5052, _RATE, "uptake at which overflow is half its largest", 0.5088),
    _p("Ko", 1e-4, "%", "affinity for oxygen; unit uncertain, acts as zero"),
    _p("qm", 0.0129, _RATE, "maintenance, glucose", 0.0133),
    _p("qAmax", 0.1148, _RATE, "largest re-use of acetate"),
    _p("Kis", 2.1231, _RATE, "inhibition of that by uptake of glucose", 1.8383),
    _p("Ksa", 0.0134, "g/L", "affinity for acetate", 0.0128),
    _p("Yem", 0.5333, "g/g", "biomass from oxidised glucose, without maintenance", 0.5321),
    _p("Yxsof", 0.2268, "g/g", "biomass from overflowing glucose", 0.2290),
    _p("Yxa", 0.5718, "g/g", "biomass from acetate", 0.5794),
    _p("Yas", 0.9097, "g/g", "acetate from overflowing glucose", 0.8938),
    _p("Yos", 1.5620, "g/g", "oxygen per glucose burnt", 1.5722),
    _p("Yoa", 0.5440, "g/g", "oxygen per acetate", 0.5221),
    _p("C_s", 0.391, "g/g", "carbon of glucose, as the paper takes it"),
    _p("C_x", 0.488, "g/g", "carbon of biomass"),
)

_namedtuple: Any = namedtuple  # the fields are data, which the type checker cannot follow
P = _namedtuple("P", [p.name for p in PARAMETERS])(*range(len(PARAMETERS)))

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of glucose, imposed"),
    Surrounding("C_s", "g/L", "glucose in the broth", species="glucose"),
    Surrounding("C_A", "g/L", "acetate in the broth", 0.0, "acetate"),
    Surrounding("DOT", "%", "dissolved oxygen, of air saturation", 100.0, "oxygen", SATURATION),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of glucose", "glucose", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", "mmol/(g h)", "no product in this model: zero"),
    Quantity("q_O2", _RATE, "uptake of oxygen", "oxygen", -1),
    Quantity("q_A", _RATE, "acetate given off, net; negative while it is re-used", "acetate", 1),
)


@njit
def _balances(qS, environment, p, out):
    """All rates for a given uptake; out (5,) reported rates."""
    A, DOT = max(environment[2], 0.0), max(environment[3], 0.0)
    qSof = p[P.pAmax] * qS / (qS + p[P.Kap])
    qSox = (qS - qSof) * DOT / (DOT + p[P.Ko])
    qSan = (qSox - p[P.qm]) * p[P.Yem] * p[P.C_x] / p[P.C_s]
    qsA = p[P.qAmax] / (1.0 + qS / p[P.Kis]) * A / (A + p[P.Ksa])
    out[0] = qS
    out[1] = (qSox - p[P.qm]) * p[P.Yem] + qsA * p[P.Yxa] + qSof * p[P.Yxsof]
    out[2] = 0.0
    out[3] = p[P.Yos] * (qSox - qSan) + qsA * p[P.Yoa]
    out[4] = qSof * p[P.Yas] - qsA


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """Acetate cycling for an imposed uptake; environment = (q_s, C_s, C_A, DOT)."""
    _balances(max(environment[0], 0.0), environment, parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """The same with the uptake of the paper; environment[0] is not read."""
    S, A = max(environment[1], 0.0), max(environment[2], 0.0)
    qS = parameters[P.qSmax] / (1.0 + A / parameters[P.Kia]) * S / (S + parameters[P.Ks])
    _balances(qS, environment, parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model with the first set of the transcription."""
    return CellModel(
        name="ecoli_anane2017",
        title="Escherichia coli, acetate cycling with oxygen (Anane 2017)",
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
        has_product=False,
    )
