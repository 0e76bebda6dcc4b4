r"""Steady state of rigs with a loop: stirred vessel and tube (STR-PFR), and two stirred vessels (STR-STR).

STR-PFR, feed F_P at the tube's inlet and F_S into the vessel, C_S the vessel's mean:

.. math:: C_{in} = C_S + F_P/Q,\quad C_{out} = K_s\,\omega(\ln x_{in} + x_{in} - \tau_P/t_K),\quad
          Q (C_{in} - C_{out}) + v V_S \langle s\rangle_S = F_P + F_S

Within the vessel a cell carries the liquid it came with, which blends into the mean in theta_95/3
(``kernels.vessel_ages``); ages are exponential with mean tau_S. In the limit of instant blending <s>_S = C_S/(K_s +
C_S). One unknown, C_S; total uptake rises with it: one root.

STR-STR: the same twice, each vessel with its own blending time; each is entered by what a line of V_l brings from the
other, whose mean is depleted in it like in a tube for tau_l = V_l/Q; two unknowns:

.. math:: x_{2,in} = \omega(\ln x_1 + x_1 - \tau_l/t_K),\qquad x_{1,in} = \omega(\ln x_2 + x_2 - \tau_l/t_K)

Symbols: C mol/m3, x = C/K_s, F mol/s, Q m3/s, V m3, v = q_max X, t_K = K_s/v. Validity: ``zones``; the tube is taken
as plug flow (Reynolds number in the protocol), its inlet as mixed at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from rushton.scaledown.rig import Port, Settings
from rushton.scaledown.zones import Culture, Loop

_AGE_STEP = 0.03  # s, resolution of the concentration around a cell since it entered a zone
_BRACKET, _LARGEST, _SMALLEST = math.log(4.0), math.log(1e9), math.log(1e-26)
_VISITS = 400  # distinct stays drawn for one signal; used again after that


@dataclass(frozen=True, eq=False)
class LoopOperation:
    """Cells alternating between two zones.

    Attributes
    ----------
    first, second : (n,) float
        Concentration around a cell against the time since it entered the zone, in units of K_s, every ``step``; the
        last value holds on.
    second_is_tube : bool
        Stays in the second zone are all equal, else exponential.
    lines : tuple of (n,) float
        Concentration along the lines to the second zone and back, K_s, at equal times; none where they hold nothing.
    """

    settings: Settings
    culture: Culture
    loop: Loop
    first: np.ndarray
    second: np.ndarray
    first_step: float
    second_step: float
    first_mean: float
    second_mean: float
    first_uptake: float
    second_uptake: float
    second_is_tube: bool
    lines: tuple[np.ndarray, ...] = ()

    @property
    def line_uptakes(self) -> tuple[float, float]:
        """Mean s in the line to the second zone and in the one back."""
        if not self.lines:
            return 0.0, 0.0
        spent = self.loop.line_time / self.culture.uptake_time
        out, back = (in_line(float(x[0]), spent) for x in self.lines)
        return out, back

    @property
    def mean_uptake(self) -> float:
        """Mean s of the population."""
        loop = self.loop
        held = loop.vessel_volume * self.first_uptake + loop.tube_volume * self.second_uptake
        return (held + loop.line_volume * sum(self.line_uptakes)) / loop.volume

    @property
    def breathed(self) -> tuple[float, float]:
        """Mean s that either stirred vessel supplies with oxygen: its own, and that of the line that ends in it, m3 by
        m3.
        """
        loop, (out, back) = self.loop, self.line_uptakes
        first = self.first_uptake + loop.line_volume / loop.vessel_volume * back
        return first, self.second_uptake + loop.line_volume / loop.tube_volume * out

    least_cycles = 24
    """So many, that every quantile of random stays is met."""

    def cycle(self) -> float:
        """tau_P + tau_S, and both lines, s."""
        return self.loop.volume / self.loop.flow

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """What one cell experiences (``rig.Operation``)."""
        from rushton.scaledown.kernels import circulate, stratified_exponential, wander

        visits = int(np.clip(duration / self.cycle(), 24, _VISITS))
        stays = np.full((visits, 2), self.loop.tube_time)
        stays[:, 0] = self.loop.vessel_time * stratified_exponential(visits, seed)
        if not self.second_is_tube:
            stays[:, 1] *= stratified_exponential(visits, seed + 1)
        out = np.empty(max(2, int(duration / step)))
        if self.lines:
            line = self.loop.line_time
            rows = [(self.first, self.first_step), (self.second, self.second_step)]
            table, own = together([*rows, *((x, line / (x.size - 1)) for x in self.lines)])
            through = np.full((visits, 4), line)
            through[:, 0::2] = stays
            order = np.tile(np.array([0, 2, 1, 3]), visits)
            wander(out, step, through.ravel(), order, table / (1.0 + table), own)
            return out, step
        x1, x2 = self.first, self.second
        circulate(out, step, stays, x1 / (1.0 + x1), self.first_step, x2 / (1.0 + x2), self.second_step)
        return out, step

    def ports(self) -> list[Port]:
        """Sampling ports and their expected readings."""
        k = self.culture.half_saturation
        first = Port(
            "vessel" if self.second_is_tube else "vessel 1",
            float(self.first.min()) * k, self.first_mean * k, float(self.first.max()) * k,
            self.first_uptake, self.loop.vessel_time,
        )  # fmt: skip
        if not self.second_is_tube:
            second = Port(
                "vessel 2",
                float(self.second.min()) * k, self.second_mean * k, float(self.second.max()) * k,
                self.second_uptake, self.loop.tube_time,
            )  # fmt: skip
            return [first, second]
        ports = [first]
        for name, place in (("tube inlet", 0.0), ("tube, a quarter", 0.25), ("tube, half", 0.5), ("tube outlet", 1.0)):
            c = float(
                np.interp(place * self.loop.tube_time, np.arange(self.second.size) * self.second_step, self.second)
            )
            ports.append(Port(name, c * k, c * k, c * k, c / (1.0 + c), place * self.loop.tube_time))
        return ports


def plug_flow(inlet: float, time: float, culture: Culture, samples: int = 2) -> np.ndarray:
    """Concentration along a tube, (samples,) at equal times from 0 to ``time`` (s), in units of K_s like its inlet."""
    from scipy.special import wrightomega

    t = np.linspace(0.0, time, samples)
    if inlet <= 0.0:
        return np.zeros(samples)
    return wrightomega(math.log(inlet) + inlet - t / culture.uptake_time)


class Vessel:
    """A stirred vessel of a loop: what cells meet in it for an inflow and a mean concentration (units of K_s)."""

    def __init__(self, stay: float, supply: float, lag: float, culture: Culture) -> None:
        self.stay, self.supply, self.lag, self.culture = stay, supply, lag, culture
        self.step = _AGE_STEP if lag <= 0.0 else min(_AGE_STEP, lag / 4.0)
        self.ages = np.empty(1 if lag <= 0.0 else 2 + math.ceil(12.0 * lag / self.step))
        self.last = -1.0

    def uptake(self, entry: float, mean: float) -> float:
        """Mean s in the vessel; ``ages`` then holds the concentration against age."""
        if self.lag <= 0.0:
            self.ages[:] = mean
            return mean / (1.0 + mean)
        from rushton.scaledown.kernels import vessel_ages

        return vessel_ages(
            entry, mean, self.supply, self.stay, self.lag, self.culture.uptake_time, self.step, self.ages
        )

    def mean(self, entry: float) -> float:
        """Mean concentration at which the vessel is balanced (``kernels.vessel_mean``), begun at the last one."""
        from rushton.scaledown.kernels import vessel_mean

        self.last = vessel_mean(
            self.last, entry, self.supply, self.stay, self.lag, self.culture.uptake_time, self.step, self.ages
        )
        return self.last


def outlet(inlet: float, spent: float) -> float:
    """Concentration at the end of a line or tube, K_s, after a stay of ``spent`` t_K: the last of ``plug_flow``."""
    from rushton.scaledown.kernels import omega

    if inlet <= 0.0 or spent <= 0.0:
        return max(0.0, inlet)
    return omega(math.log(inlet) + inlet - spent)


def in_line(inlet: float, spent: float) -> float:
    """Mean s in a line that cells pass in ``spent`` t_K: what is eaten of what enters, K_s."""
    return (inlet - outlet(inlet, spent)) / spent if spent > 0.0 else 0.0


def along_line(inlet: float, time: float, culture: Culture) -> np.ndarray:
    """Concentration along a line, K_s, as finely as ages in a vessel."""
    return plug_flow(inlet, time, culture, max(2, math.ceil(time / _AGE_STEP) + 1))


def together(tables: Sequence[tuple[np.ndarray, float]]) -> tuple[np.ndarray, float]:
    """Tables against age, each with its step, s, as rows at the finest of the steps, as long as the longest."""
    step = min(own for _, own in tables)
    longest = max((table.size - 1) * own for table, own in tables)
    ages = step * np.arange(math.ceil(longest / step) + 1)
    return np.stack([np.interp(ages, own * np.arange(table.size), table) for table, own in tables]), step


def rising_root(function: Callable[[float], float], guess: float = 0.6) -> float:
    """Root on x > 0 of a rising function that is negative at 0: bracketed by factors of four from a guess, then Brent's
    method in ln x.

    Returns
    -------
    float
        To 1e-11 of itself; 0 where the root is below 1e-26, the last try where it is above 1e9.
    """

    def at(u: float) -> float:
        return function(math.exp(u))

    low = high = math.log(guess)
    if at(low) < 0.0:
        while at(high) < 0.0:
            low, high = high, high + _BRACKET
            if high > _LARGEST:
                return math.exp(high)
    else:
        while at(low) > 0.0:
            low, high = low - _BRACKET, low
            if low < _SMALLEST:
                return 0.0
    return math.exp(float(brentq(at, low, high, xtol=1e-11, rtol=1e-11))) if low < high else guess


def str_pfr(loop: Loop, culture: Culture, feed: float, to_tube: float, lag: float, settings: Settings) -> LoopOperation:
    """STR-PFR at steady state.

    Parameters
    ----------
    loop : Loop
    culture : Culture
    feed : float
        F, mol/s.
    to_tube : float
        Share of the feed at the tube's inlet; the rest goes into the vessel.
    lag : float
        First-order blending time of the vessel, s; 0 for an ideal vessel.
    settings : dict
        Kept with the result.
    """
    k, tau_p, tau_s = culture.half_saturation, loop.tube_time, loop.vessel_time
    step_up = to_tube * feed / (loop.flow * k)
    vessel = Vessel(tau_s, (1.0 - to_tube) * feed / (loop.vessel_volume * k), lag, culture)
    wanted = feed / culture.capacity

    def surplus(mean: float) -> float:
        inlet = mean + step_up
        out = float(plug_flow(inlet, tau_p, culture)[-1])
        return loop.flow * k * (inlet - out) / culture.capacity + loop.vessel_volume * vessel.uptake(out, mean) - wanted

    mean = rising_root(surplus)
    tube = plug_flow(mean + step_up, tau_p, culture, max(2, math.ceil(tau_p / _AGE_STEP) + 1))
    in_vessel = vessel.uptake(float(tube[-1]), mean)
    in_tube = float(tube[0] - tube[-1]) * culture.uptake_time / tau_p
    return LoopOperation(
        settings, culture, loop, vessel.ages, tube, vessel.step, tau_p / (tube.size - 1),
        mean, float(np.mean(tube)), in_vessel, in_tube, True,
    )  # fmt: skip


def str_str(
    loop: Loop, culture: Culture, feed: float, to_second: float, lags: tuple[float, float], settings: Settings
) -> LoopOperation:
    """Two stirred vessels exchanging Q at steady state; arguments as ``str_pfr``, the second vessel in the place of the
    tube, and a blending time for each.
    """
    k, line = culture.half_saturation, loop.line_time
    spent = line / culture.uptake_time
    one = Vessel(loop.vessel_time, (1.0 - to_second) * feed / (loop.vessel_volume * k), lags[0], culture)
    two = Vessel(loop.tube_time, to_second * feed / (loop.tube_volume * k), lags[1], culture)

    def surplus(first: float) -> float:
        back = outlet(two.mean(outlet(first, spent)), spent)
        left = (first - back) / loop.vessel_time - one.supply
        return left + one.uptake(back, first) / culture.uptake_time

    first = rising_root(surplus)
    to_second = outlet(first, spent)
    second = two.mean(to_second)
    in_first, in_second = one.uptake(outlet(second, spent), first), two.uptake(to_second, second)
    lines = tuple(along_line(x, line, culture) for x in (first, second)) if line > 0.0 else ()
    return LoopOperation(
        settings, culture, loop, one.ages, two.ages, one.step, two.step, first, second, in_first, in_second, False,
        lines,
    )  # fmt: skip
