"""The cell that eats by its own law what is fed: the ideally mixed vessel of two-way coupling.

    rates(q_s, C, x) = 0,      own(C, x) = q_s         q_s what is fed per biomass, mol/(kg dry weight s)

The pools x are those of the steady state under the imposed uptake q_s; the concentration C is then the one at which the
own law of the model, in that state, takes up as much. As C may act on the pools besides, both are found in turn.
"""

from __future__ import annotations

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel
from rushton.physiology.steady import steady_state


def fed_cell(
    model: CellModel, uptake: float, half_saturation: float, density: float, around: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """The cell of the ideally mixed vessel that eats by its own law what is fed.

    Parameters
    ----------
    model : CellModel
    uptake : float
        What is fed, mol/(kg s).
    half_saturation : float
        Of the law of the case, mol/m3: a first guess of the concentration.
    density : float
        Of the broth, kg/m3.
    around : (n_environment,) float, optional
        What surrounds the cell besides, in the units of the model; by default its defaults.

    Returns
    -------
    state : (n_state,) float
        Steady pools.
    concentration : float
        At which the own law takes up what is fed, mol/m3.

    Raises
    ------
    ModelError
        If the model takes up less than is fed at any concentration, or the cell finds no steady state.
    """
    own, imposed = model.with_uptake("own"), model.with_uptake("imposed")
    per = model.environment[1].per_mol_kg(density) / density
    asked = uptake * model.uptake_per_mol_kg_s
    around = model.environment_vector() if around is None else np.array(around, float)
    around[0] = asked
    c = half_saturation
    for _ in range(30):
        around[1] = c * per
        state = steady_state(imposed, around)
        before, c = c, _concentration(own, asked, around, state, half_saturation, per)
        if abs(c - before) <= 1e-6 * c:
            break
    return state, c


def _concentration(
    own: CellModel, asked: float, around: np.ndarray, state: np.ndarray, half_saturation: float, per: float
) -> float:
    """Concentration, mol/m3, at which a cell takes up what is asked of it (bisection of its logarithm)."""
    around = around.copy()

    def uptake(c: float) -> float:
        around[1] = c * per
        return float(own.evaluate(around, state)[1][own.reported_names[0]])

    low, high = np.log(1e-9 * half_saturation), np.log(1e4 * half_saturation)
    most = uptake(float(np.exp(high)))
    if most <= asked:
        share = most / asked
        raise ModelError(
            f"cells of {own.name} take up at most {share:.3g} of what is fed, by their own law and in the state that "
            "the feed puts them in: the substrate would pile up without end",
            "strain.parameters",
            'Feed less, raise broth.biomass or the capacity of the model, or write lifelines.coupling = "one-way".',
        )
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if uptake(float(np.exp(middle))) < asked else (low, middle)
    return float(np.exp(0.5 * (low + high)))
