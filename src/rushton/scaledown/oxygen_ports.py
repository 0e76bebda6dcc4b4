r"""Dissolved oxygen at every port of a rig, with a band.

c = C/C* in units of air saturation, demand D = Y_O v s per volume. In stirred zone i, along a tube and in a pulsed
vessel

.. math::

    k_{L}a_i (g - c_i) + \sum_j \frac{Q_{ij}}{V_i} (c_j - c_i) = \frac{D_i}{C^*},\qquad
    c(\tau) = c_0 - \frac{Y_O}{C^*} \int_0^\tau v s\,dt,\qquad \frac{dc}{dt} = k_La (g - c) - \frac{Y_O v s(t)}{C^*}

The gas is air, g = 1, or as much richer as holds the (largest) vessel at c = 0.3 on the average, pure oxygen at most.
Every vessel has the k_La of its own size (``breath``). Respiration is taken once at the mean uptake and once
following uptake at once, and k_La as that of a coalescing and of a salt solution: the band spans all four. Nothing
below zero.

Symbols: k_La 1/s, C* mol/m3, Y_O mol/mol, v = q_max X mol/(m3 s), Q m3/s, V m3. Source: balances written out here; k_La
as in ``oxygen``. Validity: gas composition constant, oxygen in a tube not renewed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rushton.scaledown.breath import lungs
from rushton.scaledown.chamber import ChamberOperation
from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.oxygen import AIR, ATMOSPHERE, HELD, Breath
from rushton.scaledown.sheet import Sheet
from rushton.scaledown.vessel import PORT_DELAYS, VesselOperation
from rushton.scaledown.zones import Loop

Band = tuple[float, float]


def oxygen_at_ports(sheet: Sheet, air: Breath) -> list[Band] | None:
    """Smallest and largest oxygen over air saturation at every port; None for a rig not known here."""
    operation = sheet.operation
    saturation = _saturation(sheet)
    whole = air.demand_max / saturation  # 1/s, demand at s = 1 over C*
    if isinstance(operation, ChamberOperation):
        return [(1.0, 1.0) for _ in operation.ports()]
    cases = []
    zones = lungs(operation, sheet.duty).zones
    own = [[z.kla_most for z in zones], [z.kla_salty for z in zones]]
    for kla, each in zip(air.kla_given, own, strict=True):
        mean = whole * operation.mean_uptake
        for follows in (False, True):
            if isinstance(operation, VesselOperation):
                gas = min(max(HELD, 1.0 - mean / kla) + mean / kla, 1.0 / AIR)
                cases.append(_pulsed(operation, kla, gas, whole, follows))
            elif isinstance(operation, LoopOperation):
                cases.append(_loop(operation, kla, each, whole, follows))
            elif isinstance(operation, CompartmentsOperation):
                cases.append(_three(operation, each, whole, follows))
            else:
                return None
    return [
        (min(max(0.0, case[n][0]) for case in cases), max(max(0.0, case[n][1]) for case in cases))
        for n in range(len(cases[0]))
    ]


def _saturation(sheet: Sheet) -> float:
    """C* with air, mol/m3."""
    from rushton.correlations import oxygen_saturation

    bench = sheet.duty.bench
    return oxygen_saturation(bench.temperature, ATMOSPHERE).value * bench.density


def stirred_zones(
    kla: Sequence[float], gas: float, volumes: Sequence[float], flows: np.ndarray, demand: Sequence[float]
) -> np.ndarray:
    """Oxygen in stirred zones that exchange broth, over air saturation.

    Parameters
    ----------
    kla : (n,) float
        1/s.
    gas : float
        Oxygen in the gas, as the saturation it would give over that with air.
    volumes : (n,) float
        m3.
    flows : (n, n) float
        Flow from zone i to zone j, m3/s.
    demand : (n,) float
        D_i/C*, 1/s.
    """
    v, k = np.asarray(volumes), np.asarray(kla)
    into = np.asarray(flows).T / v[:, None]
    matrix = np.diag(k + into.sum(axis=1)) - into
    return np.linalg.solve(matrix, k * gas - np.asarray(demand))


def periodic(kla: float, gas: float, demand: np.ndarray, step: float) -> np.ndarray:
    """Oxygen of a vessel under a demand D/C* (n,), 1/s, every ``step`` s, that repeats: at the end of each step."""
    keep = math.exp(-kla * step)
    level = gas - demand / kla
    c, out = 0.0, np.empty(demand.size)
    for value in level:
        c = value + (c - value) * keep
    c /= 1.0 - keep**demand.size
    for n, value in enumerate(level):
        c = value + (c - value) * keep
        out[n] = c
    return out


def _pulsed(operation: VesselOperation, kla: float, gas: float, whole: float, follows: bool) -> list[Band]:
    s = operation.concentration / (1.0 + operation.concentration)
    if not follows:
        s = np.full(s.size, operation.mean_uptake)
    c = periodic(kla, gas, whole * s, operation.step)
    largest = float(operation.feed[np.argmax(operation.feed[:, 1]), 0])
    bands = [(float(c.min()), float(c.max()))]
    for delay in PORT_DELAYS:
        if delay < operation.period:
            here = float(c[int((largest + delay) % operation.period / operation.step) % c.size])
            bands.append((here, here))
    return bands


def _loop(operation: LoopOperation, kla: float, each: Sequence[float], whole: float, follows: bool) -> list[Band]:
    loop, mean = operation.loop, operation.mean_uptake
    first, second = (operation.first_uptake, operation.second_uptake) if follows else (mean, mean)
    if not operation.second_is_tube:
        volumes, flows = (loop.vessel_volume, loop.tube_volume), np.array([[0.0, loop.flow], [loop.flow, 0.0]])
        one, two = operation.breathed if follows else (mean * (1.0 + loop.line_volume / v) for v in volumes)
        return _held(each, volumes, flows, (whole * one, whole * two))
    vessel = max(HELD, vessel_with_tube(kla, loop, whole * first, whole * second))
    bands = [(vessel, vessel)]
    time = operation.second_step * np.arange(operation.second.size)
    uptake = operation.second / (1.0 + operation.second) if follows else np.full(time.size, mean)
    eaten = np.concatenate([[0.0], np.cumsum(0.5 * (uptake[1:] + uptake[:-1]) * np.diff(time))])
    for port in operation.ports()[1:]:
        left = vessel - whole * float(np.interp(port.delay, time, eaten))
        bands.append((left, left))
    return bands


def vessel_with_tube(kla: float, loop: Loop, vessel_demand: float, tube_demand: float) -> float:
    """Oxygen over air saturation in a vessel with air, whose loop comes back poorer by what is breathed in the tube.

    Parameters
    ----------
    kla : float
        1/s.
    loop : Loop
    vessel_demand, tube_demand : float
        D/C* in either, 1/s.
    """
    rate, spent = loop.flow / loop.vessel_volume, tube_demand * loop.tube_time
    level = 1.0 - (vessel_demand + rate * spent) / kla
    return level if level >= spent else (kla - vessel_demand) / (kla + rate)


def _held(kla: Sequence[float], volumes: Sequence[float], flows: np.ndarray, demand: Sequence[float]) -> list[Band]:
    """Stirred zones, the gas richer than air as far as the largest of them needs it."""
    c = stirred_zones(kla, 1.0, volumes, flows, demand)
    gain = stirred_zones(kla, 1.0, volumes, flows, [0.0] * len(volumes))  # of one unit of richer gas
    largest = int(np.argmax(volumes))
    c += gain * min(max(0.0, HELD - float(c[largest])) / float(gain[largest]), 1.0 / AIR - 1.0)
    return [(float(x), float(x)) for x in c]


def _three(operation: CompartmentsOperation, each: Sequence[float], whole: float, follows: bool) -> list[Band]:
    rig = operation.rig
    a, b = rig.excess_flow, rig.starvation_flow
    flows = np.array([[0.0, a, 0.0], [a, 0.0, b], [0.0, b, 0.0]])
    lines = (rig.line_volume, 2.0 * rig.line_volume, rig.line_volume)
    evenly = [operation.mean_uptake * (1.0 + line / v) for line, v in zip(lines, rig.volumes, strict=True)]
    uptake = operation.breathed if follows else evenly
    return _held(each, rig.volumes, flows, [whole * s for s in uptake])
