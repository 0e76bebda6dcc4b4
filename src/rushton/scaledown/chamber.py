r"""Rig of a microfluidic perfusion chamber in which a valve switches between media.

Cells sit in a flow so fast that they do not change it: they meet what the valve sends, blended by a first-order lag,

.. math:: \frac{dx}{dt} = \frac{x_{m(t)} - x}{t_{sw}/3},\qquad s = \frac{x}{1 + x}

with t_sw the time in which a switch is 95 % complete. So the chamber can play a recorded lifeline: the programme is a
stretch of the tank's own records, held every ``TICK`` s, each time to the medium of nearest s. The media are spaced
geometrically between a poorest and a richest one, and all made stronger or weaker by the same factor until the mean of
s over the programme is the tank's. The programme repeats for ever.

Exact relations: x is linear in the strength of the media, so the factor is one root of a rising function; a switch from
x_a to x_b crosses x_c after (t_sw/3) ln[(x_a - x_b)/(x_c - x_b)].

Symbols: x = C/K_s, m(t) medium at the valve, t_sw s. Source: P. Ho et al. (2019) Microorganisms 7:105 (a mother machine
follows changes of 1 s or slower); the lag written out here. Validity: exchange of the chamber much faster than uptake
in it (``flushes``); cells are seen one by one, so growth and pools can be read, product in the broth cannot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from rushton.errors import SolverError
from rushton.scaledown.recipe import Recipe, Written
from rushton.scaledown.rig import Duty, Port, Settings, Variable
from rushton.scaledown.vessel import VesselOperation

TICK = 0.5
"""The valve may be set anew so often, s."""
PLAYED = 3600.0
"""Length of the programme, s; as many records are joined."""
_FINE = 8  # samples of the concentration in a tick
DENSITY = 10.0
"""Cells in the chamber for which flushes are counted, kg/m3."""
_CHANGED = 0.05  # of K_s, what the cells may change


@dataclass(frozen=True, eq=False)
class ChamberOperation(VesselOperation):
    """A chamber at work: what every cell in it meets.

    Attributes
    ----------
    media : (n_media,) float
        Concentration of the media, K_s, ascending.
    valve : (n_tick,) int
        Medium at the valve in every tick.
    """

    media: np.ndarray = field(default_factory=lambda: np.zeros(0))
    valve: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))

    def ports(self) -> list[Port]:
        """The chamber."""
        x, k = self.concentration, self.culture.half_saturation
        return [Port("chamber", k * float(x.min()), k * float(x.mean()), k * float(x.max()), self.mean_uptake, 0.0)]


def lagged(target: np.ndarray, lag: float) -> np.ndarray:
    """Concentration in the chamber, (n_tick * 8,) at the middles of eighths of a tick, for set values (n_tick,) that
    repeat for ever.
    """
    from scipy.signal import lfilter

    keep = math.exp(-TICK / lag)
    # what every tick leaves at its end, x -> value + (x - value) keep, in a first round from nothing
    ends = lfilter([1.0 - keep], [1.0, -keep], target)
    # at the periodic state it begins with the end of that round over what of it would be left after one more
    begin = ends[-1] / (1.0 - keep**target.size)
    start = np.append(begin, ends[:-1] + begin * keep ** np.arange(1, target.size))
    left = np.exp(-TICK * (np.arange(_FINE) + 0.5) / (_FINE * lag))
    return (target[:, None] + (start - target)[:, None] * left).ravel()


def flushes(duty: Duty) -> float:
    """Chamber volumes per second at which 10 g/L of cells change the medium by less than 5 % of K_s, 1/s."""
    return 1.0 / (_CHANGED * duty.culture(DENSITY).uptake_time)


def played(duty: Duty, start: float) -> np.ndarray:
    """A stretch of the tank's records as s in every tick, (n_tick,); ``start`` in 0..1 says with which it begins."""
    records = duty.history
    number = max(1, min(len(records), math.ceil(PLAYED / (records.shape[1] * duty.history_step))))
    first = min(int(start * (len(records) - number + 1)), len(records) - number)
    joined = records[first : first + number].ravel()
    length = joined.size * duty.history_step
    ticks = max(2, int(min(length, PLAYED) / TICK))
    sums = np.concatenate([[0.0], np.cumsum(joined)])
    edges = np.interp(TICK * np.arange(ticks + 1), duty.history_step * np.arange(sums.size), sums)
    return np.diff(edges) * duty.history_step / TICK


class Microfluidic:
    """A perfusion chamber that plays a lifeline."""

    name = "microfluidic"
    title = "Microfluidic perfusion chamber that plays a lifeline"

    def duty(self, duty: Duty) -> Duty:
        """The bench as it is; refused where no record was kept."""
        if duty.history.size == 0:
            raise SolverError(
                "a microfluidic chamber plays records of lifelines, and none were kept",
                "lifelines.full_records",
                "keep some full records, or leave the rig 'microfluidic' out",
            )
        return duty

    def variables(self, duty: Duty) -> tuple[Variable, ...]:
        """Which records are played, the richest and the poorest medium."""
        enter, _, poor, _ = duty.borders
        return (
            Variable("start", "-", 0.0, 1.0),
            Variable("richest", "-", 1.05 * enter, 10.0 * enter, True),
            Variable("poorest", "-", 0.05 * poor, 0.9 * poor, True),
        )

    def operate(self, settings: Mapping[str, float], duty: Duty) -> ChamberOperation:
        """The chamber at work."""
        media, valve = self._programme(settings, duty)
        return self._at_work(dict(settings), media, valve, duty, 1.0)

    def _programme(self, settings: Mapping[str, float], duty: Duty) -> tuple[np.ndarray, np.ndarray]:
        """Media in units of K_s and which of them stands at the valve in every tick."""
        media = np.geomspace(settings["poorest"], settings["richest"], max(2, int(duty.bench["media_max"])))
        levels = media / (1.0 + media)
        wanted = played(duty, settings["start"])
        valve = np.searchsorted(0.5 * (levels[1:] + levels[:-1]), wanted)
        x = lagged(media[valve], duty.bench["switch_time_min"] / 3.0)

        def surplus(log_strength: float) -> float:
            stronger = x * math.exp(log_strength)
            return float(np.mean(stronger / (1.0 + stronger))) - duty.mean_uptake

        return media * math.exp(float(brentq(surplus, -30.0, 30.0, xtol=1e-10))), valve

    @staticmethod
    def _at_work(
        settings: Settings, media: np.ndarray, valve: np.ndarray, duty: Duty, factor: float
    ) -> ChamberOperation:
        x = lagged(factor * media[valve], duty.bench["switch_time_min"] / 3.0)
        return ChamberOperation(
            settings=settings,
            culture=duty.culture(duty.tank_biomass),
            concentration=x,
            step=TICK / _FINE,
            feed=np.zeros((0, 2)),
            period=TICK * valve.size,
            mean_uptake=float(np.mean(x / (1.0 + x))),
            media=media,
            valve=valve,
        )

    def write(self, settings: Mapping[str, float], duty: Duty, feed_factor: float = 1.0) -> Written:
        """Media weighed to three figures (``rig.Rig``); a pump that is off stands for media that are."""
        media, valve = self._programme(settings, duty)
        media = np.array([float(f"{m:.3g}") for m in media])
        kept: Settings = {name: settings[name] for name in ("start", "richest", "poorest")}
        kept |= {"period": TICK * valve.size, "media": float(media.size), "switch_time": duty.bench["switch_time_min"]}
        strongest = float(media[-1]) * duty.half_saturation * duty.molar_mass
        recipe = Recipe(strongest, 0.0, 0.0, np.zeros((0, 2)), 0.0, 0.0, duty.growth, duty.molar_mass)
        return Written(kept, recipe, self._at_work(kept, media, valve, duty, feed_factor))

    def rebuilt(self, written: Written, duty: Duty, biomass: float = 1.0) -> ChamberOperation:
        """The same media and valve with another strain; how many cells there are changes nothing (``rig.Rig``)."""
        made = written.operation
        assert isinstance(made, ChamberOperation)
        factor = made.culture.half_saturation / duty.half_saturation
        return self._at_work(dict(written.settings), made.media, made.valve, duty, factor)

    def guesses(self, duty: Duty) -> list[Settings]:
        """Media just beyond the borders of excess and starvation."""
        enter, _, poor, _ = duty.borders
        return [{"start": 0.0, "richest": 1.3 * enter, "poorest": 0.5 * poor}]
