"""Whatever else the cells trade with the broth, and how these fields answer: gases, by-products, nutrients.

::

    oxygen       V (C' - C)/dt + A C' - T = V kLa (C* - C') - V X sigma R_B q*(P)/C C'
    nutrient     V (C' - C)/dt + A C' - T = w S             - V X sigma R_B q*(P)/C C'
    by-product   V (C' - C)/dt + A C' - T = V X e+          - V X e-/C C',      e+ - e- = e*(P) + D_B + g
    CO2          the same with  + V kLa (C* - C'),          C* = C*_in + a (C*_gas - C*_in),   a = G/G_gas

    q*, e*  mol/(kg s)  what the mean cell takes, or gives, where it is (all fields as they are)
    R_B     -           cells over mean cells, per coarse cell           D_B  mol/(kg s)  cells less mean cells
    kLa     1/s         C* mol/m3 saturation, both from the gas stage    X    kg/m3       biomass
    C*_in   mol/m3      in equilibrium with the gas as supplied          G    mol/s       given by all cells, averaged
    S       mol/s       what all cells take of a nutrient                w    -           share of it that enters there

The exchange of a cell follows from the substrate it got, so here the field is held to the cells: what they took and the
field did not yet lose is a debt, which sigma (a factor) or g (a rate, the same everywhere) repays within one window.
Each field keeps its own mass to rounding; what is owed at the end, over all that was traded, is reported (``owed``).

Which species: oxygen where the case has gas and the model feels it; carbon dioxide where the case has gas and the model
reports it; what the model gives to the broth and feels; what it takes from the broth and feels (nutrients). Other
surroundings stay at the default of the model, as the process keeps them.

* The oxygen in the bubbles is that of the gas stage. The carbon dioxide in them follows the cells: liquid and gas
  together are linear in what is given off, so its excess over the supplied gas is that of the gas stage times a. That
  is exact where cells give it off in the same places as there.
* A by-product starts at the default of the model (none) and has no outflow: where cells give more than they take it
  rises as long as the run lasts.
* A nutrient starts at the default of the model and is fed where the substrate is, as much as is taken: its mean stays
  and its gradients show. The dose is that of the step before. Where there is plenty of it (a stock for a thousand
  steps) its field takes a step every 3 s only: it hardly changes, and long waves of a conserved field are dear.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rushton.cores import Team
from rushton.lifelines.coupling_blocks import Difference, Ratio
from rushton.lifelines.parts import part_of, within
from rushton.mesh.cylinder import TankMesh
from rushton.physiology.model import CellModel
from rushton.transport import Gas
from rushton.transport.consumption import TOLERANCE, ConsumedScalar
from rushton.transport.operator import ScalarOperator

OXYGEN, CARBON_DIOXIDE = "oxygen", "carbon_dioxide"
LEAST = 1e-9
"""Concentrations below this, mol/m3, are taken as this in q*/C."""
NUTRIENT_STEP, STOCK, NUTRIENT_TOLERANCE = 3.0, 1000.0, 1e-2
"""Step of a nutrient's field, s; stock over what is taken in a step from which on it is so long; tolerance of the step
(:mod:`rushton.transport.consumption`): gradients are then within 0.2 % of those at 1e-3 every 0.3 s."""
_BOOKS = (
    "waiting",
    "debt", "held_mol", "given_mol", "traded_mol", "transferred_mol", "turned_mol", "given_mol_s", "dose_mol_s",
)  # fmt: skip
GREATEST_REPAYMENT = 0.5
"""Part of what the mean cells trade that may go into repaying a debt, -."""


@dataclass(frozen=True, eq=False)
class Kind:
    """What is known of a species before the run.

    Attributes
    ----------
    name : str
    column : int
        Of the environment of the model.
    reported : int
        Reported rate of the model.
    into_broth : float
        mol/(kg s) given to the broth per unit of that rate.
    start : (nr, nt, nz) float
        Field at the start, mol/m3.
    transfer : (nr, nt, nz) float or None
        kLa, 1/s.
    saturation : (nr, nt, nz) float or None
        mol/m3.
    supplied : (nr, nt, nz) float or None
        Saturation with the gas as supplied, mol/m3, where the gas in the bubbles follows the cells.
    expected_mol_s : float
        What the cells of the gas stage give off, where it does.
    doses : (nr, nt, nz) float or None
        Share of a dose that enters a mesh cell, for a nutrient.
    """

    name: str
    column: int
    reported: int
    into_broth: float
    start: np.ndarray
    transfer: np.ndarray | None = None
    saturation: np.ndarray | None = None
    supplied: np.ndarray | None = None
    expected_mol_s: float = 0.0
    doses: np.ndarray | None = None

    @property
    def is_taken(self) -> bool:
        """Whether cells only take it: then a ratio of cells to mean cells holds."""
        return self.into_broth < 0.0


def kinds_of(
    model: CellModel, mesh: TankMesh, density: float, gas: Gas | None, feed: np.ndarray | None = None
) -> list[Kind]:
    """The species besides the substrate that get a field.

    Parameters
    ----------
    model : CellModel
    mesh : TankMesh
    density : float
        Of the broth, kg/m3.
    gas : Gas, optional
    feed : (nr, nt, nz) float, optional
        What is fed into every mesh cell, mol/s; without it nutrients have no field.
    """
    found = []
    for trade in model.trades:
        name, column = trade.species, trade.surrounding
        about = name, column, trade.reported, trade.into_broth
        if name == OXYGEN:
            if gas is not None and column > 1:
                found.append(Kind(*about, gas.oxygen, gas.kla, gas.oxygen_saturation))
        elif name == CARBON_DIOXIDE:
            if gas is not None:
                kla, saturation = gas.carbon_dioxide_kla, gas.carbon_dioxide_saturation
                given = float((mesh.volumes * kla * (gas.carbon_dioxide - saturation)).sum())
                found.append(
                    Kind(*about, gas.carbon_dioxide, kla, saturation, gas.carbon_dioxide_supplied, max(given, 0.0))
                )
        elif column > 1:  # felt, and not the substrate
            felt = model.environment[column]
            start = np.where(mesh.solid, 0.0, felt.default / felt.per_mol_kg(density) * density)
            if trade.into_broth > 0.0:
                found.append(Kind(*about, start))
            elif feed is not None and felt.default > 0.0:
                found.append(Kind(*about, start, doses=feed / feed.sum()))
    return found


class Species:
    """One species under way.

    Parameters
    ----------
    kind : Kind
    operator : ScalarOperator
    biomass : float
        kg/m3.
    interval, window : float
        s.
    block : (n_all,) int32
        Coarse cell of every mesh cell.
    n_cell : int
    expected : (n_all,) float
        What the mean cells in every mesh cell give to the broth at the start, mol/(kg s) times their number.
    team : Team

    Attributes
    ----------
    c : (nr, nt, nz) float
        mol/m3.
    given_mol, traded_mol, transferred_mol : float
        By the cells to the broth (their book); by the field from the cells; from bubbles, or doses, to the liquid, mol.
    given_mol_s, dose_mol_s : float
        What all cells give, averaged over the window; what is fed of a nutrient.
    turned_mol : float
        Sum of what was given and taken, mol: the scale of what is owed.
    """

    def __init__(
        self,
        kind: Kind,
        operator: ScalarOperator,
        biomass: float,
        interval: float,
        window: float,
        block: np.ndarray,
        n_cell: int,
        expected: np.ndarray,
        team: Team,
    ) -> None:
        self.kind, self._volumes, self._biomass = kind, operator.volumes, biomass
        self._interval, self._window = interval, window
        self._fluid = ~operator.mesh.solid
        self._block = block.reshape(operator.mesh.shape)
        weight = biomass * float(self._volumes.sum()) / n_cell  # kg of a cell
        self.given_mol_s = weight * float(expected.sum())
        self.dose_mol_s = max(-self.given_mol_s, 0.0) if kind.doses is not None else 0.0
        self._forget = math.exp(-interval / window)
        self._operator, self._team = operator, team
        stride = max(1, round(NUTRIENT_STEP / interval))
        stock = float((self._volumes * kind.start).sum())
        plenty = kind.doses is not None and stock > STOCK * stride * interval * abs(self.given_mol_s)
        self._step_every(stride if plenty else 1)
        self.waiting = self.stride - 1.0  # the field is ahead of the cells
        share = self._volumes.ravel() / self._volumes.sum()
        self.correction: Ratio | Difference = (
            Ratio(block, window, interval, -expected)
            if kind.is_taken
            else Difference(block, window, interval, n_cell * share)
        )
        self.c = kind.start.copy()
        self.debt = 0.0
        self.open_books()

    def _step_every(self, stride: int) -> None:
        """The field takes a step in so many exchanges."""
        self.stride, self._step = stride, stride * self._interval
        tolerance = NUTRIENT_TOLERANCE if stride > 1 else TOLERANCE
        self._scalar = ConsumedScalar(self._operator, self._step, self._team, tolerance)

    def open_books(self) -> None:
        """The books begin here."""
        self.held_mol = self.dissolved
        self.given_mol = self.traded_mol = self.transferred_mol = self.turned_mol = 0.0

    @property
    def dissolved(self) -> float:
        """mol."""
        return float((self._volumes * self.c).sum())

    @property
    def saturation(self) -> np.ndarray | None:
        """(nr, nt, nz) in equilibrium with the bubbles as they are now, mol/m3; None without bubbles."""
        kind = self.kind
        if kind.saturation is None or kind.supplied is None or kind.expected_mol_s <= 0.0:
            return kind.saturation
        return kind.supplied + max(self.given_mol_s, 0.0) / kind.expected_mol_s * (kind.saturation - kind.supplied)

    def step(self, mean: np.ndarray) -> None:
        """The field goes on by one interval, or waits for its next step.

        Parameters
        ----------
        mean : (nr, nt, nz) float
            What the mean cell gives to the broth, mol/(kg s).
        """
        self.waiting += 1.0
        if self.waiting < self.stride:
            return
        self.waiting = 0.0
        dry = self._biomass * self._volumes
        repay = self.debt / self._window  # mol/s, given but not yet in the field
        turned = float((dry * np.abs(mean)).sum())
        repay = float(np.clip(repay, -GREATEST_REPAYMENT * turned, GREATEST_REPAYMENT * turned))
        kind = self.kind
        if isinstance(self.correction, Ratio):
            exchange = self.correction.value[self._block] * mean
            total = float((dry * exchange).sum())
            if total != 0.0:
                exchange = exchange * (1.0 + repay / total)
        else:
            exchange = mean + self.correction.value[self._block] + repay / float(dry.sum())
        eaten = np.where(self._fluid, np.maximum(-exchange, 0.0) / np.maximum(self.c, LEAST), 0.0) * self._biomass
        source = np.where(self._fluid, np.maximum(exchange, 0.0) * dry, 0.0)
        kappa, moved, saturation = eaten, source, self.saturation
        if kind.transfer is not None and saturation is not None:
            kappa = eaten + kind.transfer
            moved = source + self._volumes * kind.transfer * saturation
        if kind.doses is not None:
            moved = moved + self.dose_mol_s * kind.doses
            self.transferred_mol += self.dose_mol_s * self._step
        self.c, _ = self._scalar.step(self.c, kappa, moved)
        taken = float((self._volumes * eaten * self.c).sum())
        traded = (float(source.sum()) - taken) * self._step
        if kind.doses is not None:
            self.dose_mol_s = max(taken - float(source.sum()), 0.0)
        if kind.transfer is not None and saturation is not None:
            lack = float((self._volumes * kind.transfer * (saturation - self.c)).sum())
            self.transferred_mol += lack * self._step
        self.traded_mol += traded
        self.turned_mol += (float(source.sum()) + taken) * self._step
        self.debt -= traded

    def observe(self, block: np.ndarray, own: np.ndarray, mean: np.ndarray, weight: float) -> None:
        """What cells gave to the broth, (n_cell,) mol/(kg s), and what the mean cell would have at their places."""
        given = weight * float(own.sum()) * self._interval
        self.given_mol += given
        self.given_mol_s = self._forget * self.given_mol_s + (1.0 - self._forget) * given / self._interval
        self.debt += given
        if isinstance(self.correction, Ratio):
            self.correction.observe(block, -own, -mean)
        else:
            self.correction.observe(block, own, mean)

    def state(self) -> dict[str, np.ndarray]:
        """All that the next step depends on, and the books."""
        numbers = np.array([getattr(self, name) for name in _BOOKS])
        parts = within("scalar", self._scalar) | within("ratio", self.correction)
        return {"c": self.c, "numbers": numbers, "stride": np.array(self.stride)} | parts

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``."""
        self.c = state["c"]
        for name, value in zip(_BOOKS, state["numbers"], strict=True):
            setattr(self, name, float(value))
        self._step_every(int(state["stride"]))
        self._scalar.restore(part_of("scalar", state))
        self.correction.restore(part_of("ratio", state))

    @property
    def balance_error(self) -> float:
        """|stored - traded - transferred| over what was turned over: the field's book."""
        stored = self.dissolved - self.held_mol
        scale = max(self.turned_mol, abs(self.transferred_mol), self.held_mol, 1e-300)
        return abs(stored - self.traded_mol - self.transferred_mol) / scale

    @property
    def owed(self) -> float:
        """What cells gave and the field has not yet, over all that was traded."""
        return (self.given_mol - self.traded_mol) / max(self.turned_mol, 1e-300)
