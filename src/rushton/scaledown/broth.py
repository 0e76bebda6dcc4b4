r"""By-products in the broth of a rig: given off, eaten again, washed out; and felt by the cells.

.. math:: \frac{dA}{dt} = \langle q_A(A)\rangle X - D A

at constant volume, with all that flows in flowing out. Over a stretch of length t in which q_A and X hardly change,

.. math:: A_1 = A_0 e^{-D t} + \langle q_A(A_1)\rangle \frac{X}{D} (1 - e^{-D t})

which is exact where the cells do not feel A, and goes to the root of q_A(A) X = D A where they eat it again within
minutes, as they do at a lab's biomass. q_A is the mean of all cells over five minutes, or three cycles, from the start
of the stretch, with the cells' state there. At rest, under the steady feed, t is infinite.

Symbols: A mol/m3; q_A given off, net of what is eaten again, mol/(kg s); X biomass kg/m3; D = bleed/V, 1/s. Source:
mass balance written out here. Validity: by-products neither strip into the gas nor come with the feed; several of them
are solved one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rushton.scaledown.inside import CellTest

if TYPE_CHECKING:
    from rushton.physiology import CellModel, Trade

WINDOW = 300.0  # s over which q_A is averaged at least
CYCLES = 3.0  # of the rig over which it is
NOTHING = 0.01  # mol/m3, below which no assay tells by-products apart
_CLOSE = 5e-4  # of a balance, over what is given off
_ROUNDS = 60  # of its solution
_KEPT_APART = ("oxygen", "carbon_dioxide", "biomass")  # what the gas carries, and the cells themselves


def by_product_trades(model: CellModel) -> list[Trade]:
    """What the cells give to the broth besides product, gas and biomass: overflow products by their species."""
    product = {q.species for q in model.reported if q.name == "q_p"}
    return [t for t in model.trades if t.into_broth > 0.0 and t.species not in _KEPT_APART and t.species not in product]


def are_felt(model: CellModel) -> bool:
    """Whether the cells feel a by-product of theirs."""
    return any(t.surrounding >= 0 for t in by_product_trades(model))


class Broth:
    """By-products around the cells of a rig, and of the same rig off its set-points.

    Parameters
    ----------
    test : CellTest
    biomass : float
        X at the start, kg/m3.
    dilution : float
        D, 1/s; above 0.
    cells, others : int
        Rows of the signals that belong to the rig, and rows behind them, one for each rig off its set-points: what such
        a row does otherwise than the first is added to the mean of the rig's.
    window : float
        Over which q_A is averaged, s.

    Attributes
    ----------
    trades : list of Trade
    concentration : (1 + others, n_trade) float
        A, mol/m3.
    biomass : (1 + others,) float
        X, kg/m3.
    """

    def __init__(
        self, test: CellTest, biomass: float, dilution: float, cells: int = 1, others: int = 0, window: float = WINDOW
    ) -> None:
        self.test, self.trades = test, by_product_trades(test.model)
        self.dilution, self.window = dilution, window
        self.biomass = np.full(1 + others, float(biomass))
        self.concentration = np.zeros((1 + others, len(self.trades)))
        self._cells = cells
        self._of_row = np.concatenate([np.zeros(cells, dtype=int), 1 + np.arange(others)])

    @property
    def species(self) -> list[str]:
        """Names of the by-products."""
        return [t.species for t in self.trades]

    def together(self, of_rows: np.ndarray) -> np.ndarray:
        """Means over the cells of every broth, (1 + others, ...), from values of the rows."""
        mean = of_rows[: self._cells].mean(axis=0)
        return np.stack([mean, *(mean + row - of_rows[0] for row in of_rows[self._cells :])])

    def put(self, environment: np.ndarray) -> None:
        """Write the by-products into surroundings (n_row, n_time, n_environment), in place."""
        density = self.test.density
        for k, trade in enumerate(self.trades):
            if trade.surrounding >= 0:
                factor = self.test.model.environment[trade.surrounding].per_mol_kg(density) / density
                environment[..., trade.surrounding] = factor * self.concentration[self._of_row, k][:, None]

    def react(self, environment: np.ndarray, dt: float, state: np.ndarray, substeps: int, seconds: float) -> None:
        """Go on to the end of a stretch with what the cells feel and answer to.

        Parameters
        ----------
        environment : (n_row, n_time, n_environment) float
            What they meet; the by-products are written into it.
        dt : float
            Length of a sample, s.
        state : (n_row, n_state) float
            At the start of the stretch; not changed.
        substeps : int
            Of the integrator.
        seconds : float
            Length of the stretch; infinite for rest, which takes in what the cells do not feel, too.
        """
        from rushton.physiology.integrate import advance

        model = self.test.model
        met = np.ascontiguousarray(environment[:, : max(1, round(self.window / dt))])

        def given_off(k: int, concentration: np.ndarray) -> np.ndarray:
            self.concentration[:, k] = concentration
            self.put(met)
            total = np.zeros((len(met), len(model.reported)))
            advance(model, met, dt, state.copy(), total, 0, np.zeros((len(met), 0, model.n_out)), substeps)
            rates = self.together(total[:, self.trades[k].reported] / (met.shape[1] * substeps))
            return self.trades[k].into_broth * rates

        for k, trade in enumerate(self.trades):
            if trade.surrounding >= 0 or not np.isfinite(seconds):
                self.concentration[:, k] = self._end(partial(given_off, k), self.concentration[:, k].copy(), seconds)
        self.put(environment)

    def _end(self, given_off: Callable[[np.ndarray], np.ndarray], start: np.ndarray, seconds: float) -> np.ndarray:
        """A_1 of a by-product whose q_A is a function of it."""
        left = np.exp(-self.dilution * seconds)
        reach = self.biomass / self.dilution * (1.0 - left)
        return _solved(lambda a: start * left + reach * given_off(a), start)

    def grow(self, rates: np.ndarray, seconds: float) -> None:
        """Go on by a stretch with the mean rates (n_row, n_reported) of the cells in it: what they do not feel gathers,
        and the biomass follows its balance.
        """
        mean, names = self.together(rates), self.test.model.reported_names
        left = np.exp(-self.dilution * seconds)
        for k, trade in enumerate(self.trades):
            if trade.surrounding < 0:
                gained = trade.into_broth * mean[:, trade.reported] * self.biomass / self.dilution * (1.0 - left)
                self.concentration[:, k] = np.maximum(0.0, self.concentration[:, k] * left + gained)
        growth = mean[:, names.index("mu")] - (mean[:, names.index("k_d")] if "k_d" in names else 0.0)
        self.biomass = self.biomass * np.exp((growth / 3600.0 - self.dilution) * seconds)


def _solved(ends: Callable[[np.ndarray], np.ndarray], guess: np.ndarray) -> np.ndarray:
    """The roots A >= 0 of ends(A) = A, element by element: by false position (Illinois) from a bracket.

    Zero where even a broth without any is not filled. Where the cells give off more where there is more, the bracket
    grows.
    """

    def close(a: np.ndarray, f: np.ndarray) -> np.ndarray:
        return np.abs(f) <= _CLOSE * np.maximum(np.abs(a + f), NOTHING)

    low = np.zeros_like(guess)
    f_low = ends(low)
    none = f_low <= 0.0
    f_guess = ends(guess) - guess
    if close(guess, f_guess).all():
        return np.where(none, 0.0, guess)
    high = np.maximum(f_low, 0.0)
    f_high = ends(high) - high
    for _ in range(_ROUNDS):
        grown = (f_high > 0.0) & ~none
        if not grown.any():
            break
        high = np.where(grown, 2.0 * high, high)
        f_high = ends(high) - high
    for _ in range(_ROUNDS):
        width = f_low - f_high
        a = np.where(width > 0.0, low + (high - low) * f_low / np.where(width > 0.0, width, 1.0), 0.5 * (low + high))
        f = ends(a) - a
        if (close(a, f) | none | (high - low <= np.maximum(_CLOSE * high, _CLOSE * NOTHING))).all():
            break
        above = f > 0.0
        # the end that stays counts half, so that both close in
        f_low, f_high = np.where(above, f, 0.5 * f_low), np.where(above, 0.5 * f_high, f)
        low, high = np.where(above, a, low), np.where(above, high, a)
    return np.where(none, 0.0, a)
