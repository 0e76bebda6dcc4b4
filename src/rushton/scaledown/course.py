r"""The cells' course through the gradient phase of a rig, every two hours: what a lab will measure, and when.

Population means of every reported rate over each interval, from the same histories as ``inside.CellTest.run``, with the
balances of the broth at constant volume, all that flows in flowing out:

.. math:: \frac{dX}{dt} = (\mu - k_d - D) X, \qquad \frac{dA}{dt} = q_A(A)\,X - D A

X biomass kg/m3, D = bleed/V 1/s, q_A by-product given off mol/(kg s), net of what is eaten again, A its concentration
mol/m3 (``broth``). The cells start as the settled phase leaves them and feel A as the lab's cells will. The comparison
with the tank (``inside``) has no by-product around the cells, neither here nor there.

Source: mass balances written out here. Validity: as ``broth``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rushton.scaledown.broth import CYCLES, WINDOW, Broth, by_product_trades
from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.inside import SAMPLE, CellTest
from rushton.scaledown.rig import Operation

CELLS = 4
"""Cells followed where stays are random."""
_RESTS = 3  # times that cells and by-products are brought to rest in turn
_VISITS = 400  # that a history draws before it repeats them (``loops``, ``compartments``)


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
    by_products : dict of str to (n + 1,) float
        Concentrations in the broth at the borders, mol/m3; none where no broth was given.
    """

    time: np.ndarray
    rates: dict[str, np.ndarray]
    state: np.ndarray
    by_products: dict[str, np.ndarray]


def intervals(duration: float) -> int:
    """Into how many parts a gradient phase is told: about two hours each, 8 to 40."""
    return int(np.clip(round(duration / 7200.0), 8, 40))


def follow(
    test: CellTest, operation: Operation, random: bool, seed: int, biomass: float | None = None, dilution: float = 0.0
) -> Course:
    """The course of a strain in a rig; arguments as for `follow_all`."""
    return follow_all(test, (operation,), random, seed, biomass, dilution)[0]


def follow_all(
    test: CellTest,
    operations: Sequence[Operation],
    random: bool,
    seed: int,
    biomass: float | None = None,
    dilution: float = 0.0,
    rest: Settled | None = None,
) -> list[Course]:
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
    biomass : float or None
        X at the start, kg/m3; None where cells do not change their broth.
    dilution : float
        D, 1/s.
    rest : Settled, optional
        As the settled phase leaves the cells and their broth; by default the undisturbed cell, no by-products.
    """
    histories = [test.histories(operation, random, seed, 1) for operation in operations]
    dt = histories[0][1]
    first = histories[0][0]
    cells = spread(first[0], dt, _VISITS * _visit(operations[0])) if random else first
    s = np.concatenate([cells, *(np.resize(other, (1, first.shape[1])) for other, _ in histories[1:])])
    n, others = len(cells), len(operations) - 1
    broth = None
    if biomass is not None and dilution > 0.0 and by_product_trades(test.model):
        broth = Broth(test, biomass, dilution, n, others, max(WINDOW, CYCLES * operations[0].cycle()))
        if rest is not None:
            broth.concentration[:] = [rest.by_products[name][0] for name in broth.species]
    time, rates, states, found = _followed(test, s, dt, test.start if rest is None else rest.state, broth)
    told = [rates[:, :n].mean(axis=1)]
    told += [told[0] + rates[:, n + k] - rates[:, 0] for k in range(others)]
    gathered = [dict(zip(broth.species, found[:, k].T, strict=True)) if broth else {} for k in range(others + 1)]
    states = states[[0, *range(n, len(s))]]
    return [_course(test, time, *one) for one in zip(told, states, gathered, strict=True)]


@dataclass(frozen=True, eq=False)
class Settled:
    """The cells under a steady feed, all broth in one stirred vessel.

    Attributes
    ----------
    state : (n_state,) float
    rates : dict of str to float
        Reported rates, in the units of the model.
    by_products : dict of str to (n,) float
        In the broth at every feed, mol/m3.
    """

    state: np.ndarray
    rates: dict[str, float]
    by_products: dict[str, np.ndarray]


def settled(test: CellTest, biomass: float | None, dilution: float, feeds: Sequence[float]) -> Settled:
    """The cells at rest.

    Parameters
    ----------
    test : CellTest
    biomass, dilution :
        As for `follow_all`.
    feeds : sequence of float
        Uptake over that of the protocol, 1 first, -; state and rates are those of the first.
    """
    from rushton.physiology import steady_state
    from rushton.physiology.timescales import substeps_needed

    model, dt = test.model, SAMPLE
    if biomass is None or dilution <= 0.0 or not by_product_trades(model):
        return Settled(test.start, test.rates, {})
    broth = Broth(test, biomass, dilution, 1, len(feeds) - 1)
    around = np.tile(test.environment, (len(feeds), round(WINDOW / dt), 1))
    around[..., 0] *= np.asarray(feeds)[:, None]
    state, rates = test.start, test.rates
    for _ in range(_RESTS):
        broth.react(around, dt, np.tile(state, (len(feeds), 1)), substeps_needed(model, around, state, dt), np.inf)
        if not broth.concentration[0].any():
            break  # as the cells were before
        state = steady_state(model, around[0, 0], state)
        rates = model.evaluate(around[0, 0], state)[1]
    return Settled(state, rates, dict(zip(broth.species, broth.concentration.T, strict=True)))


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
    """The course along signals s, (n_cell, n_time), held for dt seconds each, no by-product around the cells."""
    time, rates, states, _ = _followed(test, s, dt, test.start, None)
    return _course(test, time, rates.mean(axis=1), states[0], {})


def _course(
    test: CellTest, time: np.ndarray, rates: np.ndarray, state: np.ndarray, found: dict[str, np.ndarray]
) -> Course:
    return Course(time, dict(zip(test.model.reported_names, rates.T, strict=True)), state, found)


def _followed(
    test: CellTest, s: np.ndarray, dt: float, start: np.ndarray, broth: Broth | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Borders (n + 1,), s; rates (n, n_row, n_reported); states at the end (n_row, n_state); by-products at the borders
    (n + 1, n_broth, n_trade).
    """
    from rushton.physiology.integrate import advance, environment_array
    from rushton.physiology.timescales import substeps_needed

    model, n_cell, n_time = test.model, *s.shape
    borders = np.round(np.linspace(0, n_time, intervals(n_time * dt) + 1)).astype(int)
    state = np.array(np.broadcast_to(start, (n_cell, model.n_state)), order="C")
    rates = np.empty((borders.size - 1, n_cell, len(model.reported)))
    found = [] if broth is None else [broth.concentration.copy()]
    substeps = 0
    for n, (first, last) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        around = environment_array(model, *test.surroundings(s[:, first:last]))
        substeps = substeps or substeps_needed(model, around, state[0], dt)
        lasts = (last - first) * dt
        if broth is not None:
            broth.react(around, dt, state, substeps, lasts)
        total = np.zeros((n_cell, len(model.reported)))
        advance(model, around, dt, state, total, 0, np.zeros((n_cell, 0, model.n_out)), substeps, time=first * dt)
        rates[n] = total / ((last - first) * substeps)
        if broth is not None:
            broth.grow(rates[n], lasts)
            found.append(broth.concentration.copy())
    return borders * dt, rates, state, np.array(found)


def net_growth(course: Course) -> np.ndarray:
    """mu - k_d in every interval, (n,) 1/s."""
    return (course.rates["mu"] - course.rates.get("k_d", 0.0)) / 3600.0


def growth_of(rates: dict[str, float]) -> float:
    """mu - k_d of reported rates, 1/s."""
    return (rates["mu"] - rates.get("k_d", 0.0)) / 3600.0


def biomass_course(start: float, growth: np.ndarray, dilution: float, time: np.ndarray) -> np.ndarray:
    """X at the borders of the intervals, (n + 1,) kg/m3, from X at the start, net growth (n,) and dilution, 1/s."""
    return start * np.exp(np.concatenate([[0.0], np.cumsum((growth - dilution) * np.diff(time))]))
