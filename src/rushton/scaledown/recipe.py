"""The feed as a technician sets it: stock strength, pump set-points, make-up medium and bleed.

The rig holds its biomass when liquid leaves it at the growth rate, D = mu, at constant volume. The stock is made as weak as that allows
(more liquid per pulse, less error of the pump), within the pump's range:

    flow = mu V,   stock = F M / flow;   where the pulse would need more than the pump gives, a stronger stock and a second, steady
    flow of medium without substrate make up the difference.

Set-points are rounded first, then the stock is chosen to give the wanted feed, so that rounding costs less than the last digit of the stock.

Symbols: F mol/s, M kg/mol, V m3, mu 1/s, flows m3/s, stock kg/m3 (= g/L).
"""

from __future__ import annotations

from dataclasses import dataclass

from rushton.scaledown.bench import rounded
from rushton.scaledown.rig import Duty, Settings


@dataclass(frozen=True)
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
    high, low : float
        Flow of the pulsed pump on and off, m3/s; equal to ``flow`` for a steady feed.
    tube, vessel : float
        Steady flows of the stock into the tube (or the second vessel) and into the (first) vessel, m3/s.
    growth : float
        mu that the bleed balances, 1/s.
    remarks : tuple of str
        What does not fit the pump.
    """

    stock: float
    flow: float
    make_up: float
    high: float
    low: float
    tube: float
    vessel: float
    growth: float
    molar_mass: float
    remarks: tuple[str, ...] = ()

    @property
    def feed(self) -> float:
        """Substrate fed, mol/s."""
        return self.flow * self.stock / self.molar_mass

    @property
    def bleed(self) -> float:
        """Broth withdrawn at constant level, m3/s."""
        return self.flow + self.make_up


def growth_from_yield(duty: Duty, molar_mass: float) -> float:
    """mu by the bench's biomass yield, 1/s, where no cell model tells it."""
    return duty.bench["biomass_per_substrate"] * molar_mass * duty.mean_uptake * duty.uptake_max


def feed_recipe(settings: Settings, duty: Duty, growth: float, molar_mass: float) -> tuple[Settings, Recipe]:
    """Feed of a rig, and its settings with the feed as it will really be.

    Parameters
    ----------
    settings : dict
        Settable settings of the rig, SI.
    duty : Duty
    growth : float
        mu, 1/s.
    molar_mass : float
        Of the substrate, kg/mol.

    Returns
    -------
    settings : dict
        With ``feed`` (mol/s) and the shares of the feed as rounding leaves them.
    Recipe
    """
    bench, step = duty.bench, duty.bench["feed_flow_step"]
    mass = duty.feed(settings["biomass"]) * molar_mass
    wanted = max(growth, 1e-9) * bench.volume
    remarks: list[str] = []
    pulsed = "on_time" in settings
    peak = 1.0
    if pulsed:
        peak = settings["base_feed"] + (1.0 - settings["base_feed"]) * settings["period"] / settings["on_time"]
    flow = min(wanted, bench["feed_pump_max"] / peak)
    flow = max(flow, mass / bench["feed_concentration_max"])
    if flow * peak > bench["feed_pump_max"] * 1.0001:
        remarks.append(f"a pulse needs {flow * peak * 6e7:.0f} mL/min at the strongest stock; the feed pump gives {bench['feed_pump_max'] * 6e7:.0f}")
    high = low = tube = vessel = 0.0
    actual = dict(settings)
    if pulsed:
        share = settings["on_time"] / settings["period"]
        base = settings["base_feed"]
        low = rounded(base * flow, step) if base * flow > 0.5 * bench["feed_pump_min"] else 0.0
        high = rounded(((base * flow - low) * (1.0 - share) + flow - base * flow * (1.0 - share)) / share, step)
        flow = high * share + low * (1.0 - share)
        actual["base_feed"] = low / flow
        if settings["on_time"] * high < bench["pulse_volume_min"]:
            remarks.append(f"a pulse of {settings['on_time'] * high * 1e6:.3f} mL is smaller than one drop")
    else:
        key = next((k for k in ("feed_to_tube", "feed_to_second") if k in settings), "")
        split = settings[key] if key else 0.0
        tube = rounded(split * flow, step) if split * flow > 0.5 * bench["feed_pump_min"] else 0.0
        vessel = rounded(flow - tube, step) if flow - tube > 0.5 * bench["feed_pump_min"] else 0.0
        flow = tube + vessel
        if key:
            actual[key] = tube / flow
    smallest = min(f for f in (low, tube, vessel, flow) if f > 0.0)
    if smallest < bench["feed_pump_min"] * 0.999:
        remarks.append(f"a steady flow of {smallest * 6e7:.2f} mL/min is below the feed pump's {bench['feed_pump_min'] * 6e7:.2f}")
    stock = round(mass / flow, 1)
    make_up = wanted - flow
    make_up = rounded(make_up, step) if make_up > 0.05 * wanted else 0.0
    recipe = Recipe(stock, flow, make_up, high, low, tube, vessel, growth, molar_mass, tuple(remarks))
    actual["feed"] = recipe.feed
    return actual, recipe
