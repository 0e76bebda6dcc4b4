"""What every rig is: settings within bounds, and an operation that cells can be followed through.

A rig turns settings (SI) into an operation: zones with their concentrations at steady or periodic state, such that
the population eats exactly what is fed, and the signal s(t) = q/q_max of single cells in it. The feed per biomass is
the tank's, whatever the biomass of the rig, so that both populations eat the same on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rushton.scaledown.bench import Bench
from rushton.scaledown.zones import Culture

if TYPE_CHECKING:
    from rushton.scaledown.recipe import Written

Settings = dict[str, float]
"""Settings of a rig by name, SI."""


@dataclass(frozen=True)
class Variable:
    """A setting that the design may choose.

    Attributes
    ----------
    name, unit : str
        Name among the settings; SI unit.
    low, high : float
        Bounds, SI.
    log : bool
        Searched by its logarithm.
    """

    name: str
    unit: str
    low: float
    high: float
    log: bool = False

    def value(self, place: float) -> float:
        """Value at a place in 0..1 between the bounds."""
        if self.log:
            return math.exp(math.log(self.low) + place * (math.log(self.high) - math.log(self.low)))
        return self.low + place * (self.high - self.low)

    def place(self, value: float) -> float:
        """Place in 0..1 of a value."""
        if self.high <= self.low:
            return 0.0
        if self.log:
            return min(1.0, max(0.0, math.log(value / self.low) / math.log(self.high / self.low)))
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class OxygenDuty:
    """What a rig that switches oxygen has to do.

    Attributes
    ----------
    half_saturation : float
        K_O of respiration, mol/m3.
    uptake : float
        q_O with oxygen in plenty at the tank's mean uptake of substrate, mol/(kg s).
    mean : float
        Time mean of dissolved oxygen around the tank's cells, mol/m3.
    critical : float
        Critical oxygen of the strain, mol/m3.
    mean_signal : float
        Time mean of s_O = O/(O + K_O).
    peaks, valleys : (99,) float
        Times above and below that mean, at the quantiles 1 % to 99 %, s.
    """

    half_saturation: float
    uptake: float
    mean: float
    critical: float
    mean_signal: float
    peaks: np.ndarray
    valleys: np.ndarray


@dataclass(frozen=True)
class Duty:
    """What a rig has to do, whatever its kind.

    Attributes
    ----------
    bench : Bench
    uptake_max, half_saturation : float
        q_max, mol/(kg s); K_s, mol/m3.
    mean_uptake : float
        Time mean of s of the tank's cells: the rig is fed so that its cells eat as much.
    tank_biomass : float
        X in the tank, kg/m3.
    record : float
        Length of the tank's lifelines, s.
    growth, molar_mass : float
        mu at the mean uptake, 1/s; of the substrate, kg/mol.
    stays : (3, 99) float
        Stays of the tank's cells in excess, in limitation between two starvations, and in starvation, at the
        quantiles 1 % to 99 %, s; zeros where there are none.
    history : (n_record, n_time) float
        s of some of the tank's cells, every ``history_step`` s; empty where no record was kept.
    borders : (4,) float
        C/K_s at which excess is entered and left, starvation entered and left (border and margin): s/(1 - s).
    oxygen : OxygenDuty or None
        For rigs that switch oxygen, where the tank's is known.
    """

    bench: Bench
    uptake_max: float
    half_saturation: float
    mean_uptake: float
    tank_biomass: float
    record: float
    growth: float
    molar_mass: float
    stays: np.ndarray = field(default_factory=lambda: np.zeros((3, 99)))
    history: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    history_step: float = 1.0
    borders: tuple[float, float, float, float] = (24.0, 94.0 / 6.0, 1.0 / 24.0, 6.0 / 94.0)
    oxygen: OxygenDuty | None = None

    def culture(self, biomass: float) -> Culture:
        """The strain at a biomass, kg/m3."""
        return Culture(biomass, self.uptake_max, self.half_saturation)

    def feed(self, biomass: float) -> float:
        """Substrate to feed into the working volume so that the mean uptake is the tank's, mol/s."""
        return self.mean_uptake * self.uptake_max * biomass * self.bench.volume

    @property
    def liquid(self) -> float:
        """Flow of liquid that holds the biomass at constant volume, m3/s."""
        return self.growth * self.bench.volume

    @property
    def biomass_bounds(self) -> tuple[float, float]:
        """Bounds of the biomass of a rig, kg/m3; the tank's own is always allowed."""
        return (min(self.bench["biomass_min"], self.tank_biomass), max(self.bench["biomass_max"], self.tank_biomass))


@dataclass(frozen=True)
class Port:
    """Where a sample is taken and what should be read there.

    Attributes
    ----------
    name : str
    low, mean, high : float
        Smallest, mean and largest concentration met there, mol/m3.
    uptake : float
        Mean s there, -.
    delay : float
        Time since the zone's inlet (tube) or mean stay (vessel), s.
    """

    name: str
    low: float
    mean: float
    high: float
    uptake: float
    delay: float


class Operation(Protocol):
    """A rig at work: steady or periodic, substrate fed equal to substrate eaten."""

    @property
    def settings(self) -> Settings:
        """Settings, SI."""

    @property
    def culture(self) -> Culture:
        """Population."""

    @property
    def mean_uptake(self) -> float:
        """Mean s of the population, from the balance of the zones."""

    def signal(self, step: float, duration: float, seed: int) -> tuple[np.ndarray, float]:
        """What one cell experiences.

        Parameters
        ----------
        step : float
            Wanted sampling interval, s.
        duration : float
            Length, s.
        seed : int
            For the order of random stays.

        Returns
        -------
        s : (n_time,) float
        step : float
            Interval used, s.
        """

    @property
    def least_cycles(self) -> int:
        """Cycles a signal must cover to stand for all."""

    def cycle(self) -> float:
        """Mean time in which a cell meets every zone or phase once, s."""

    def ports(self) -> list[Port]:
        """Sampling ports and their expected readings."""


class Rig(Protocol):
    """A kind of rig."""

    name: str
    title: str

    def duty(self, duty: Duty) -> Duty:
        """The duty on the bench of this rig, where it differs from the case's: smaller vessels, a robot for a pump."""

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """What the design may choose, within the bench's limits."""

    def operate(self, settings: Mapping[str, float], duty: Duty) -> Operation:
        """The rig at work."""

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """The rig at the nearest settings that pumps, tubing and clocks can be set to.

        Parameters
        ----------
        settings : mapping
            SI.
        duty : Duty
                Growth and substrate, for the feed.
        feed_factor : float
            The feed that really flows over the one that was set: 1 for a perfect pump.
        """

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> Operation:
        """The rig as built and set, with another culture in it.

        Parameters
        ----------
        written : Written
            Its volumes, tubing, clock and feed stay.
        duty : Duty
            With the q_max and K_s of the culture.
        biomass : float
            The biomass over its set-point, -.
        """

    def guesses(self, duty: Duty) -> list[Settings]:
        """Settings from which the search starts, besides random ones."""
