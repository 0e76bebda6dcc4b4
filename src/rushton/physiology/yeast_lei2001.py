"""Saccharomyces cerevisiae, biochemically structured, of Lei, Rotboll and Jorgensen 2001.

Rates r in g per g dry weight and hour; glu glucose, pyr pyruvate, ald acetaldehyde, ace acetate, eth ethanol, g/L; X_a
active cell material and X_Acdh acetaldehyde dehydrogenase, g per g dry weight; x biomass, g/L; D washout, 1/h::

    r1  = (k1l glu/(glu + K1l) + k1h glu/(glu + K1h) + k1e glu ald/(glu (K1i ald + 1) + K1e)) X_a     glycolysis
    r2  = k2 pyr/(pyr + K2)/(K2i glu + 1) X_a                                   pyruvate to the TCA cycle
    r3  = k3 pyr^4/(pyr^4 + K3) X_a                                             pyruvate decarboxylase
    r4  = k4 ald/(ald + K4) X_a X_Acdh                                          acetaldehyde to acetate
    r5  = (k5 ace/(ace + K5) + k5e ace/(ace + K5e)/(1 + K5i glu)) X_a           acetate to the TCA cycle
    r6  = k6 (ald - k6r eth)/(ald + K6 + K6e eth) X_a                           acetaldehyde to ethanol, reversible
    r7  = k7 glu/(glu + K7) X_a                                                 cell material from glucose
    r8  = k8 ace/(ace + K5e)/(1 + K5i glu) X_a                                  cell material from acetate
    r9  = ((k9 glu/(glu + K9) + k9e eth/(eth + K9e))/(K9i glu + 1) + k9c glu/(glu + K9)) X_a     synthesis of X_Acdh
    r10 = (k10 glu/(glu + K10) + k10e eth/(eth + K10e)) X_a                     degradation of X_a
    r11 = k11 X_Acdh                                                            degradation of X_Acdh
    mu  = 0.732 r7 + 0.619 r8

    q_s     = r1 + r7,    q_eth = 1.045 r6
    dpyr/dt = (0.978 r1 - r2 - r3) x - D pyr
    dald/dt = (0.5 r3 - r4 - r6) x - D ald
    dace/dt = (1.363 r4 - r5 - r8) x - D ace
    dX_a/dt    = mu - r9 - r10 - mu X_a
    dX_Acdh/dt = r9 - r11 - mu X_Acdh
    q_O2  = 1000/32 (0.178 r1 + 0.908 r2 + 0.363 r4 + 1.066 r5 - 0.363 r6 + 0.063 r7 + 0.214 r8)     mmol/(g h)
    q_CO2 = 1000/44.01 (1.499 r2 + 0.5 r3 + 1.466 r5 + 0.127 r7 + 0.325 r8)                          mmol/(g h)

Source: Lei F., Rotboll M., Jorgensen S.B. 2001, J. Biotechnol. 88:205. Names of the rates are ours.

How sure: a SECONDARY TRANSCRIPTION, complete; chemostats at D = 0.30 and 0.38 1/h were recomputed independently from
the equations above. The printed tables were not at hand.

Where the small metabolites are: the paper counts pyruvate, acetaldehyde and acetate per litre of broth, as if cells
and broth were one pool. They turn over in seconds, faster than a tank mixes, so here each cell carries its share of
them, and of the biomass x around it, along its path: they are its states. Glucose and ethanol are fields. In a vessel
that is mixed well this is the paper's model to the letter, washout D included; along lifelines the neighbours of a
cell do not feel what it lets out, other than ethanol.

Uptake imposed: r1 and r7 are scaled by one factor so that r1 + r7 is what is eaten; what regulates (K2i, K5i, K9i)
still sees the concentration.

Validity: aerobic, oxygen in excess (no oxygen term), D up to the onset of ethanol at 0.38 1/h and beyond it. Memory:
seconds (metabolites) and hours (X_a, X_Acdh). Stiff: K2 and K3 make pyruvate turn over in tens of milliseconds.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import njit

from rushton.physiology.compiled import RATES
from rushton.physiology.model import CellModel, Parameter, Quantity, Surrounding

SOURCES = ("Lei F., Rotboll M., Jorgensen S.B. 2001, J. Biotechnol. 88:205",)

_RATE, _RESPIRATION = "g/(g h)", "mmol/(g h)"


def _p(name: str, value: float, unit: str, description: str) -> Parameter:
    return Parameter(name, value, unit, description, "public transcription of Lei 2001", "secondary transcription")


PARAMETERS = (
    _p("k1h", 0.584, _RATE, "glycolysis, high affinity"),
    _p("K1h", 0.0116, "g/L", "its affinity"),
    _p("k1l", 1.43, _RATE, "glycolysis, low affinity"),
    _p("K1l", 0.94, "g/L", "its affinity"),
    _p("k1e", 47.1, _RATE, "glycolysis drawn by acetaldehyde"),
    _p("K1e", 0.12, "g/L", "its affinity"),
    _p("K1i", 14.2, "L/g", "saturation of it in acetaldehyde"),
    _p("k2", 0.501, _RATE, "pyruvate to the TCA cycle"),
    _p("K2", 2e-5, "g/L", "its affinity"),
    _p("K2i", 0.101, "L/g", "its inhibition by glucose"),
    _p("k3", 5.81, _RATE, "pyruvate decarboxylase"),
    _p("K3", 5e-7, "g4/L4", "its affinity, fourth power"),
    _p("k4", 4.80, _RATE, "acetaldehyde to acetate"),
    _p("K4", 2.64e-4, "g/L", "its affinity"),
    _p("k5", 0.0104, _RATE, "acetate to the TCA cycle"),
    _p("K5", 0.0102, "g/L", "its affinity"),
    _p("k5e", 0.775, _RATE, "acetate to the TCA cycle, repressed by glucose"),
    _p("K5e", 0.10, "g/L", "its affinity, and that of growth on acetate"),
    _p("K5i", 440.0, "L/g", "that repression"),
    _p("k6", 2.82, _RATE, "acetaldehyde to ethanol"),
    _p("K6", 0.034, "g/L", "its affinity"),
    _p("k6r", 0.0125, "g/g", "acetaldehyde over ethanol at rest"),
    _p("K6e", 0.057, "g/g", "competition of ethanol"),
    _p("k7", 1.203, _RATE, "cell material from glucose"),
    _p("K7", 0.0101, "g/L", "its affinity"),
    _p("k8", 0.589, _RATE, "cell material from acetate"),
    _p("k9", 0.008, "1/h", "synthesis of acetaldehyde dehydrogenase"),
    _p("K9", 1e-6, "g/L", "its affinity for glucose"),
    _p("k9e", 0.0751, "1/h", "the same by ethanol"),
    _p("K9e", 25.0, "g/L", "its affinity for ethanol"),
    _p("K9i", 13.0, "L/g", "its repression by glucose"),
    _p("k9c", 3.99e-3, "1/h", "the same, not repressed"),
    _p("k10", 0.392, "1/h", "degradation of active material with glucose"),
    _p("K10", 2.3e-3, "g/L", "its affinity"),
    _p("k10e", 3.39e-3, "1/h", "the same with ethanol"),
    _p("K10e", 1.8e-3, "g/L", "its affinity"),
    _p("k11", 0.02, "1/h", "degradation of acetaldehyde dehydrogenase"),
)

_namedtuple: Any = namedtuple  # the fields are data, which the type checker cannot follow
P = _namedtuple("P", [p.name for p in PARAMETERS])(*range(len(PARAMETERS)))

STATES = (
    Quantity("pyr", "g/L", "pyruvate in the broth that the cell carries along"),
    Quantity("ald", "g/L", "acetaldehyde, the same"),
    Quantity("ace", "g/L", "acetate, the same"),
    Quantity("X_a", "g/g", "active cell material"),
    Quantity("X_Acdh", "g/g", "acetaldehyde dehydrogenase"),
)

ENVIRONMENT = (
    Surrounding("q_s", _RATE, "specific uptake of glucose, imposed"),
    Surrounding("C_s", "g/L", "glucose in the broth", species="glucose"),
    Surrounding("C_eth", "g/L", "ethanol in the broth", 0.0, "ethanol"),
    Surrounding("C_x", "g/L", "biomass around the cell", 7.2, "biomass"),
    Surrounding("D", "1/h", "washout of the broth"),
)

REPORTED = (
    Quantity("q_s", _RATE, "uptake of glucose", "glucose", -1),
    Quantity("mu", "1/h", "growth rate"),
    Quantity("q_p", "mmol/(g h)", "no product in this model: zero"),
    Quantity("q_O2", _RESPIRATION, "uptake of oxygen", "oxygen", -1),
    Quantity("q_CO2", _RESPIRATION, "carbon dioxide given off", "carbon_dioxide", 1),
    Quantity("q_eth", _RATE, "ethanol given off, net; negative while it is re-used", "ethanol", 1),
)

# Steady state of the chemostat at D = 0.38 1/h on 15 g/L, at the onset of ethanol.
START = (9.57e-3, 1.05e-3, 0.153, 0.493, 0.0104)


@njit
def _balances(scale, glu, environment, x, p, out):
    """All rates and balances, with r1 and r7 scaled; x (5,) states, out (11,) derivatives per hour and rates."""
    pyr, ald, ace, X_a, X_Acdh = max(x[0], 0.0), max(x[1], 0.0), max(x[2], 0.0), x[3], x[4]
    eth, biomass, D = max(environment[2], 0.0), environment[3], environment[4]

    r1, r7 = _uptake(glu, ald, X_a, p)
    r1 *= scale
    r7 *= scale
    r2 = p[P.k2] * pyr / (pyr + p[P.K2]) / (p[P.K2i] * glu + 1.0) * X_a
    pyr4 = pyr * pyr * pyr * pyr
    r3 = p[P.k3] * pyr4 / (pyr4 + p[P.K3]) * X_a
    r4 = p[P.k4] * ald / (ald + p[P.K4]) * X_a * X_Acdh
    repressed = ace / (ace + p[P.K5e]) / (1.0 + p[P.K5i] * glu) * X_a
    r5 = p[P.k5] * ace / (ace + p[P.K5]) * X_a + p[P.k5e] * repressed
    r6 = p[P.k6] * (ald - p[P.k6r] * eth) / (ald + p[P.K6] + p[P.K6e] * eth) * X_a
    r8 = p[P.k8] * repressed
    glu9, eth9 = glu / (glu + p[P.K9]), eth / (eth + p[P.K9e])
    r9 = ((p[P.k9] * glu9 + p[P.k9e] * eth9) / (p[P.K9i] * glu + 1.0) + p[P.k9c] * glu9) * X_a
    r10 = (p[P.k10] * glu / (glu + p[P.K10]) + p[P.k10e] * eth / (eth + p[P.K10e])) * X_a
    r11 = p[P.k11] * X_Acdh
    mu = 0.732 * r7 + 0.619 * r8

    out[0] = (0.978 * r1 - r2 - r3) * biomass - D * pyr
    out[1] = (0.5 * r3 - r4 - r6) * biomass - D * ald
    out[2] = (1.363 * r4 - r5 - r8) * biomass - D * ace
    out[3] = mu - r9 - r10 - mu * X_a
    out[4] = r9 - r11 - mu * X_Acdh
    out[5] = r1 + r7
    out[6] = mu
    out[7] = 0.0
    oxygen = 0.178 * r1 + 0.908 * r2 + 0.363 * r4 + 1.066 * r5 - 0.363 * r6 + 0.063 * r7 + 0.214 * r8
    out[8] = 1e3 / 32.0 * oxygen
    out[9] = 1e3 / 44.01 * (1.499 * r2 + 0.5 * r3 + 1.466 * r5 + 0.127 * r7 + 0.325 * r8)
    out[10] = 1.045 * r6


@njit
def _uptake(glu, ald, X_a, p):
    """r1 and r7."""
    drawn = p[P.k1e] * glu * ald / (glu * (p[P.K1i] * ald + 1.0) + p[P.K1e])
    r1 = (p[P.k1l] * glu / (glu + p[P.K1l]) + p[P.k1h] * glu / (glu + p[P.K1h]) + drawn) * X_a
    return r1, p[P.k7] * glu / (glu + p[P.K7]) * X_a


@njit(RATES, cache=True)
def rates(environment, state, parameters, out):
    """All rates with the uptake imposed; environment = (q_s, C_s, C_eth, C_x, D)."""
    q_s = max(environment[0], 0.0)
    glu = max(environment[1], 1e-9)  # g/L; at nothing at all r1 : r7 has no limit, at this little it has reached it
    r1, r7 = _uptake(glu, max(state[1], 0.0), state[3], parameters)
    capacity = r1 + r7
    _balances(q_s / capacity if capacity > 0.0 else 0.0, glu, environment, state, parameters, out)


@njit(RATES, cache=True)
def rates_own_uptake(environment, state, parameters, out):
    """All rates with the uptake of the paper; environment[0] is not read."""
    _balances(1.0, max(environment[1], 0.0), environment, state, parameters, out)


def _prepare(values: Mapping[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in PARAMETERS])


def build() -> CellModel:
    """The model with the parameters of the paper."""
    return CellModel(
        name="yeast_lei2001",
        title="Saccharomyces cerevisiae, five pools and enzymes (Lei 2001)",
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
