"""A dissolved gas and its share in the bubbles, at steady state: oxygen taken up, carbon dioxide given off.

::

    liquid    A C - T(C)            = V kLa (H y - C) - V q(C)
    gas       div(c alpha u_g y) .. = S y_in - V kLa (H y - C)

    C    mol/m3  dissolved gas             y    -       its mole fraction in the dry gas of the bubbles
    H y  mol/m3  saturation, H = rho k(T) (p - p_w): it grows with the depth
    kLa  1/s     local transfer            q    mol/m3/s  uptake (negative: production), with slope dq/dC >= 0
    S    mol/s   gas of the sparger        A, T         transport, :mod:`rushton.transport.operator`

The gas is carried by the flows that carry alpha (:mod:`rushton.transport.drift_flux`), so a uniform y stays uniform.

Method: liquid (Newton, implicit steps that grow while the residual falls) and gas in turn; after each turn both fields
are multiplied by one factor each, such that the balances of the whole liquid and of the whole gas close. Without that
step carbon dioxide, which the gas carries off slowly, would need hundreds of turns; with it the balances are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rushton.store import Progress, silent
from rushton.transport.drift_flux import GasPhase, carriage_of
from rushton.transport.limited import LimitedConvection
from rushton.transport.linear import LinearSystem
from rushton.transport.operator import ScalarOperator

Uptake = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""C (mol/m3) -> uptake q (mol/m3/s) and its slope (1/s), each (nr, nt, nz)."""

TOLERANCE = 1e-5
"""Largest sum of |residuals| over what is exchanged, -."""
MOST_ROUNDS = 400
STEP_GROWTH, STEP_CUT, SMALLEST_STEP, GREATEST_STEP = 1.6, 0.3, 1e-4, 1e6
"""Growth of the pseudo-time step where the residual falls, its cut where it does not, and its limits over 1/kLa, -."""
LEAST = 1e-9
"""Concentrations are kept above this times the largest saturation, -."""


@dataclass(frozen=True, eq=False)
class Exchange:
    """One gas in liquid and bubbles.

    Attributes
    ----------
    concentration : (nr, nt, nz) float
        C, mol/m3.
    fraction : (nr, nt, nz) float
        y, -.
    saturation : (nr, nt, nz) float
        H y, mol/m3.
    transfer_mol_s, uptake_mol_s : float
        From gas to liquid, and taken up, whole tank; negative for carbon dioxide.
    outlet_fraction : float
        y of the gas that leaves, -.
    balance_error : float
        Larger of |transfer - uptake| and |gas in - gas out - transfer| over the larger of transfer and gas in, -.
    rounds : int
    converged : bool
    """

    concentration: np.ndarray
    fraction: np.ndarray
    saturation: np.ndarray
    transfer_mol_s: float
    uptake_mol_s: float
    outlet_fraction: float
    balance_error: float
    rounds: int
    converged: bool


def solve_exchange(
    operator: ScalarOperator,
    phase: GasPhase,
    kla: np.ndarray,
    henry: np.ndarray,
    inlet: float,
    uptake: Uptake,
    progress: Progress = silent,
    name: str = "oxygen",
) -> Exchange:
    """Steady fields of one gas.

    Parameters
    ----------
    operator : ScalarOperator
    phase : GasPhase
    kla : (nr, nt, nz) float
        1/s; 0 in the solid.
    henry : (nz,) float
        H, mol/m3 per unit of mole fraction.
    inlet : float
        y_in, -.
    uptake : Uptake
    progress : Progress
    name : str
        For the progress text.

    Returns
    -------
    Exchange
    """
    volumes, fluid = operator.volumes, ~operator.mesh.solid
    alpha, matrix = phase.fraction, phase.matrix
    supply = float(phase.source.sum())
    exchange = volumes * kla  # m3/s
    toward_gas = exchange * henry  # mol/s per unit of y
    carried = matrix.outflow * alpha
    gas = carriage_of(matrix, alpha, fluid)
    gas.set_mass(carried + toward_gas)
    liquid = LinearSystem(operator.diagonal, operator.neighbours, exchange, fluid)
    transport = LinearSystem(operator.diagonal, operator.neighbours, np.zeros_like(volumes), fluid)
    convection = LimitedConvection(operator)
    largest = float(henry.max()) * max(inlet, 1e-4)
    y = np.where(fluid, max(inlet, 1e-4), 0.0)
    c = np.where(fluid, 0.7 * henry * y, 0.0)
    step = float(volumes.sum() / exchange.sum())
    shortest, longest, residual, rounds = SMALLEST_STEP * step, GREATEST_STEP * step, np.inf, 0
    for rounds in range(1, MOST_ROUNDS + 1):
        eaten, slope = uptake(c)
        liquid.set_mass(exchange + volumes * (slope + 1.0 / step))
        new = c.copy()
        rhs = toward_gas * y + volumes * (slope * c - eaten + c / step) + convection(c)
        liquid.solve(np.where(fluid, rhs, 0.0), new, tolerance=1e-4, positive=True)
        c = np.where(fluid, np.maximum(new, LEAST * largest), 0.0)
        gas.solve(phase.source * inlet + exchange * c, y, tolerance=1e-4, positive=True)
        c, y = _balanced(c, y, exchange, toward_gas, carried, volumes, supply * inlet, uptake)
        eaten, _ = uptake(c)
        to_liquid = toward_gas * y - exchange * c
        balance = transport.residual(to_liquid - volumes * eaten + convection(c), c)
        scale = float(np.abs(volumes * eaten).sum()) + 1e-3 * float((exchange * c).sum())
        before, residual = residual, float(np.abs(balance[fluid]).sum()) / scale
        step = min(STEP_GROWTH * step, longest) if residual < before else max(STEP_CUT * step, shortest)
        if rounds % 5 == 0:
            done = float(np.log10(max(residual, TOLERANCE)) / np.log10(TOLERANCE))
            progress(min(max(done, 0.0), 1.0), f"{name}, round {rounds}")
        if residual <= TOLERANCE:
            break
    taken = float((volumes * uptake(c)[0]).sum())
    moved = float((toward_gas * y - exchange * c).sum())
    leaving = float((carried * y).sum())
    scale = max(abs(moved), abs(taken), 1e-3 * supply * inlet)
    error = max(abs(moved - taken), abs(supply * inlet - leaving - moved)) / scale
    return Exchange(
        c, y, np.where(fluid, henry * y, 0.0), moved, taken, leaving / supply, error, rounds, residual <= TOLERANCE
    )


def _balanced(
    c: np.ndarray,
    y: np.ndarray,
    exchange: np.ndarray,
    toward_gas: np.ndarray,
    carried: np.ndarray,
    volumes: np.ndarray,
    inflow: float,
    uptake: Uptake,
) -> tuple[np.ndarray, np.ndarray]:
    """Both fields times one factor each, such that what enters liquid and gas as a whole also leaves them.

    Newton on the factors a (liquid) and b (gas) of::

        liquid  b sum(toward_gas y) - a sum(exchange C) - sum(V q(a C)) = 0
        gas     inflow - b sum(carried y) - b sum(toward_gas y) + a sum(exchange C) = 0
    """
    up, back, out = float((toward_gas * y).sum()), float((exchange * c).sum()), float((carried * y).sum())
    a = b = 1.0
    for _ in range(20):
        eaten, slope = uptake(a * c)
        taken, rise = float((volumes * eaten).sum()), float((volumes * slope * c).sum())
        liquid, gas = b * up - a * back - taken, inflow - b * (out + up) + a * back
        determinant = (back + rise) * (out + up) - up * back
        step_a = ((out + up) * liquid + up * gas) / determinant
        step_b = (back * liquid + (back + rise) * gas) / determinant
        a, b = max(a + step_a, 0.2 * a), max(b + step_b, 0.2 * b)
        if abs(step_a) + abs(step_b) < 1e-14 * (a + b):
            break
    a, b = min(max(a, 0.05), 20.0), min(max(b, 0.05), 20.0)
    return a * c, b * y


def monod_uptake(largest: np.ndarray, half_saturation: float) -> Uptake:
    """q = Q C/(K + C).

    Parameters
    ----------
    largest : (nr, nt, nz) float
        Q, mol/m3/s.
    half_saturation : float
        K, mol/m3.
    """

    def rate(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = c / (half_saturation + c)
        return largest * share, largest * half_saturation / (half_saturation + c) ** 2

    return rate


def given_rate(rate: np.ndarray) -> Uptake:
    """Uptake that does not depend on the concentration, mol/m3/s (negative: production)."""
    nothing = np.zeros_like(rate)
    return lambda c: (rate, nothing)
