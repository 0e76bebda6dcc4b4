r"""The cells' course through the gradient phase of a rig, every two hours: what a lab will measure, and when.

Population means of every reported rate over each interval, from the same histories and the same start as
``inside.CellTest.run``. They follow from the cell model alone; the balances of the broth at constant volume, with all
that flows in flowing out, follow from them:

.. math:: \frac{dX}{dt} = (\mu - k_d - D) X, \qquad 0 = q_A(A)\,X - D A

X biomass kg/m3, D = bleed/V 1/s, q_A by-product given off mol/(kg s), net of what is eaten again, A its concentration
mol/m3. A by-product that the cells re-use settles within minutes at a lab's biomass, so that A is the root of the
second balance, with the cell's state that the course ends in. The main course follows the tank's convention: no
by-product around the cells.

Source: mass balances written out here. Validity: by-products neither strip into the gas nor come with the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.inside import CellTest
from rushton.scaledown.rig import Operation

if TYPE_CHECKING:
    from rushton.physiology import CellModel, Trade

CELLS = 4
"""Cells followed where stays are random."""
_VISITS = 400  # that a history draws before it repeats them (``loops``, ``compartments``)
_LONGEST = 600.0  # s of a history in which a by-product settles
_KEPT_APART = ("oxygen", "carbon_dioxide", "biomass")  # what the gas carries, and the cells themselves


@dataclass(frozen=True, eq=False)
class Course:
    """Rates along the gradient phase.

    Attributes
    ----------
    time : (n + 1,) float
        Borders of the intervals, s after the start of the phase.
    rates : dict of str to (n,) float
        Means of every reported rate over each interval and all cells, in the units of the model.
    state : (n_state,) float
        Of the first cell at the end.
    """

    time: np.ndarray
    rates: dict[str, np.ndarray]
    state: np.ndarray


def intervals(duration: float) -> int:
    """Into how many parts a gradient phase is told: about two hours each, 8 to 40."""
    return int(np.clip(round(duration / 7200.0), 8, 40))


def follow(test: CellTest, operation: Operation, random: bool, seed: int) -> Course:
    """The course of a strain in a rig; arguments as for `follow_all`."""
    return follow_all(test, (operation,), random, seed)[0]


def follow_all(test: CellTest, operations: Sequence[Operation], random: bool, seed: int) -> list[Course]:
    """The courses of a strain in a rig and in the same rig off its set-points.

    Parameters
    ----------
    test : CellTest
    operations : sequence of Operation
        The rig first; the others differ little from it, so that where stays are drawn one cell of each is enough: what
        it does otherwise than the rig's first cell is added to the rig's course.
    random : bool
        Whether stays are drawn.
    seed : int
    """
    histories = [test.histories(operation, random, seed, 1) for operation in operations]
    dt = histories[0][1]
    first = histories[0][0]
    cells = spread(first[0], dt, _VISITS * _visit(operations[0])) if random else first
    s = np.concatenate([cells, *(np.resize(other, (1, first.shape[1])) for other, _ in histories[1:])])
    time, rates, states = _followed(test, s, dt)
    n = len(cells)
    told = [rates[:, :n].mean(axis=1)]
    told += [told[0] + rates[:, n + k] - rates[:, 0] for k in range(len(operations) - 1)]
    states = states[[0, *range(n, len(s))]]
    return [_course(test, time, one, state) for one, state in zip(told, states, strict=True)]


def _visit(operation: Operation) -> float:
    """Mean time between two draws of a stay in a rig with random ones, s."""
    if isinstance(operation, CompartmentsOperation):
        return operation.rig.volume / (operation.rig.excess_flow + operation.rig.starvation_flow)
    return operation.cycle()


def spread(s: np.ndarray, dt: float, whole: float) -> np.ndarray:
    """A population from one history s (n_time,) that repeats after ``whole`` s: four cells, a quarter of it apart.

    Within a quarter of that time they meet all that the history draws, as a population does, so that their mean does
    not scatter from hour to hour.
    """
    whole = min(s.size, round(whole / dt))
    return np.stack([np.roll(s, -round(n * whole / CELLS)) for n in range(CELLS)])


def follow_signal(test: CellTest, s: np.ndarray, dt: float) -> Course:
    """The course along signals s, (n_cell, n_time), held for dt seconds each."""
    time, rates, states = _followed(test, s, dt)
    return _course(test, time, rates.mean(axis=1), states[0])


def _course(test: CellTest, time: np.ndarray, rates: np.ndarray, state: np.ndarray) -> Course:
    return Course(time, dict(zip(test.model.reported_names, rates.T, strict=True)), state)


def _followed(test: CellTest, s: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Borders (n + 1,), s; rates (n, n_cell, n_reported); states at the end (n_cell, n_state)."""
    from rushton.physiology.integrate import advance, environment_array
    from rushton.physiology.timescales import substeps_needed

    model, n_cell, n_time = test.model, *s.shape
    borders = np.round(np.linspace(0, n_time, intervals(n_time * dt) + 1)).astype(int)
    state = np.array(np.broadcast_to(test.start, (n_cell, model.n_state)), order="C")
    rates = np.empty((borders.size - 1, n_cell, len(model.reported)))
    substeps = 0
    for n, (first, last) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        around = environment_array(model, *test.surroundings(s[:, first:last]))
        substeps = substeps or substeps_needed(model, around, state[0], dt)
        total = np.zeros((n_cell, len(model.reported)))
        advance(model, around, dt, state, total, 0, np.zeros((n_cell, 0, model.n_out)), substeps, time=first * dt)
        rates[n] = total / ((last - first) * substeps)
    return borders * dt, rates, state


def net_growth(course: Course) -> np.ndarray:
    """mu - k_d in every interval, (n,) 1/s."""
    return (course.rates["mu"] - course.rates.get("k_d", 0.0)) / 3600.0


def biomass_course(start: float, growth: np.ndarray, dilution: float, time: np.ndarray) -> np.ndarray:
    """X at the borders of the intervals, (n + 1,) kg/m3, from X at the start, net growth (n,) and dilution, 1/s."""
    return start * np.exp(np.concatenate([[0.0], np.cumsum((growth - dilution) * np.diff(time))]))


def by_product_trades(model: CellModel) -> list[Trade]:
    """What the cells give to the broth besides product, gas and biomass: overflow products by their species."""
    product = {q.species for q in model.reported if q.name == "q_p"}
    return [t for t in model.trades if t.into_broth > 0.0 and t.species not in _KEPT_APART and t.species not in product]


def by_products(
    test: CellTest, operation: Operation, random: bool, seed: int, course: Course, biomass: float, dilution: float
) -> dict[str, float]:
    """Concentration of every by-product in the broth of a rig at rest, mol/m3, by species.

    Parameters
    ----------
    test, operation, random, seed :
        As for `follow`.
    course : Course
        Whose final state the cells are in.
    biomass : float
        X, kg/m3.
    dilution : float
        D, 1/s.
    """
    trades = by_product_trades(test.model)
    if not trades or dilution <= 0.0:
        return {}
    from rushton.physiology import integrate_ensemble

    s, dt = test.histories(operation, random, seed, 1)
    enough = int(min(max(_LONGEST, 3.0 * operation.cycle()), s.shape[1] * dt) / dt)
    q_s, around = test.surroundings(s[:, :enough])
    found = {}
    for trade in trades:
        name = test.model.reported_names[trade.reported]

        def gained(c: float, trade: Trade = trade, name: str = name) -> float:
            felt = dict(around)
            if trade.surrounding >= 0:
                place = test.model.environment[trade.surrounding]
                felt[place.name] = c / test.density * place.per_mol_kg(test.density)
            rates = integrate_ensemble(test.model, q_s, dt, course.state, felt).mean
            return trade.into_broth * float(rates[name][0]) * biomass - dilution * c

        at_none = gained(0.0)
        # the cells give off most where there is none: more than that divided by D cannot stay
        high = at_none / dilution
        found[trade.species] = 0.0 if at_none <= 0.0 else _root(gained, high)
    return found


def _root(gained: Callable[[float], float], high: float) -> float:
    if gained(high) >= 0.0:
        return high
    return float(brentq(gained, 0.0, high, xtol=1e-9 * high, rtol=1e-6))
