"""The feed as a technician sets it: stock strength, pump set-points, make-up medium and bleed.

The rig holds its biomass when liquid leaves it at the growth rate, D = mu, at constant volume. The stock is made as
weak as that allows (more liquid per pulse, less error of the pump), within the pump's range:

    flow = mu V,   stock = F M / flow

Where a pulse would need more than the pump gives, a stronger stock and a second, steady flow of medium without
substrate make up the difference. Set-points are rounded first, then the stock is chosen to give the wanted feed, so
that rounding costs less than the last digit of the stock.

Symbols: F mol/s, M kg/mol, V m3, mu 1/s, flows m3/s, stock kg/m3 (= g/L).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.scaledown.bench import rounded
from rushton.scaledown.rig import Duty, Operation, Settings


@dataclass(frozen=True, eq=False)
class Recipe:
    """Feed of a rig.

    Attributes
    ----------
    stock : float
        Substrate in the feed, kg/m3 (g/L).
    flow : float
        Mean flow of the stock, m3/s.
    make_up : float
        Flow of medium without substrate, m3/s.
    table : (n_event, 2) float
        Pulsed feed: time within the period, s, and flow of the stock from then on, m3/s; empty for a steady feed.
    side, vessel : float
        Steady flows of the stock into the tube (or the second vessel) and into the (first) vessel, m3/s.
    growth, molar_mass : float
        mu, 1/s, that the bleed balances; of the substrate, kg/mol.
    remarks : tuple of str
        What does not fit the pump.
    """

    stock: float
    flow: float
    make_up: float
    table: np.ndarray
    side: float
    vessel: float
    growth: float
    molar_mass: float
    remarks: tuple[str, ...] = ()

    @property
    def feed(self) -> float:
        """Substrate fed, mol/s."""
        return self.flow * self.stock / self.molar_mass

    def pulses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Start, s, flow, m3/s, and length, s, of every pulse of a pulsed feed, (n,) each."""
        on, off = self.table[0::2], self.table[1::2]
        return on[:, 0], on[:, 1], off[:, 0] - on[:, 0]

    @property
    def bleed(self) -> float:
        """Broth withdrawn at constant level, m3/s."""
        return self.flow + self.make_up


@dataclass(frozen=True, eq=False)
class Written:
    """A rig as its protocol says: settable settings, feed, and the rig at work with both."""

    settings: Settings
    recipe: Recipe
    operation: Operation


def steady_recipe(biomass: float, side_share: float, duty: Duty) -> Recipe:
    """Steady feed, a share of it into the side zone.

    Parameters
    ----------
    biomass : float
        kg/m3.
    side_share : float
        Share of the feed that goes into the tube or the second vessel.
    duty : Duty
    """
    bench, smallest = duty.bench, duty.bench["feed_pump_min"]
    flow, wanted = _mean_flow(biomass, 1.0, duty)
    side, vessel = (_pumpable(share * flow, duty) for share in (side_share, 1.0 - side_share))
    if side + vessel <= 0.0:
        vessel = rounded(smallest, bench["feed_flow_step"])
    return _recipe(biomass, side + vessel, wanted, np.zeros((0, 2)), side, vessel, duty, [])


def pulsed_recipe(biomass: float, relative: np.ndarray, period: float, duty: Duty) -> Recipe:
    """Feed programme on the pump's set-points.

    Parameters
    ----------
    biomass : float
        kg/m3.
    relative : (n_event, 2) float
        Time within the period, s; feed from then on over the mean feed, -.
    period : float
        s.
    duty : Duty
    """
    bench = duty.bench
    flow, wanted = _mean_flow(biomass, float(relative[:, 1].max()), duty)
    table = relative.copy()
    table[:, 1] = [_pumpable(share * flow, duty) for share in relative[:, 1]]
    lasting = np.diff(np.append(table[:, 0], period))
    remarks = []
    if table[:, 1].max() > 1.001 * bench["feed_pump_max"]:
        remarks.append(
            f"the largest pulse needs {table[:, 1].max() * 6e7:.0f} mL/min at the strongest stock; the feed pump "
            f"gives {bench['feed_pump_max'] * 6e7:.0f}"
        )
    smallest = float((table[0::2, 1] * lasting[0::2]).min())
    if smallest < 0.9 * bench["pulse_volume_min"]:
        remarks.append(
            f"the smallest pulse, {smallest * 1e6:.3f} mL, is less than the {bench['pulse_volume_min'] * 1e6:.3f} mL "
            "the pump doses"
        )
    mean = float(table[:, 1] @ lasting) / period
    return _recipe(biomass, mean, wanted, table, 0.0, 0.0, duty, remarks)


def _mean_flow(biomass: float, peak: float, duty: Duty) -> tuple[float, float]:
    """Mean flow of the stock, and the flow that holds the biomass, m3/s; ``peak`` is the largest flow over the mean."""
    bench = duty.bench
    wanted = duty.liquid
    weakest = duty.feed(biomass) * duty.molar_mass / bench["feed_concentration_max"]
    return max(min(wanted, bench["feed_pump_max"] / peak), weakest), wanted


def _pumpable(flow: float, duty: Duty) -> float:
    """The nearest flow the feed pump can be set to, or none where it is less than half of its smallest."""
    smallest = duty.bench["feed_pump_min"]
    if flow < 0.5 * smallest:
        return 0.0
    return max(rounded(flow, duty.bench["feed_flow_step"]), smallest)


def _recipe(
    biomass: float,
    flow: float,
    wanted: float,
    table: np.ndarray,
    side: float,
    vessel: float,
    duty: Duty,
    remarks: list[str],
) -> Recipe:
    make_up = wanted - flow
    make_up = rounded(make_up, duty.bench["feed_flow_step"]) if make_up > 0.05 * wanted else 0.0
    stock = round(duty.feed(biomass) * duty.molar_mass / flow, 1)
    return Recipe(stock, flow, make_up, table, side, vessel, duty.growth, duty.molar_mass, tuple(remarks))
