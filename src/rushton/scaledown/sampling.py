r"""When, where, how much and how a rig is sampled.

At most b = 2 % of the working volume a day is taken besides the bleed. A series over all ports (n of them) is taken
once a day, a routine sample every 8 h and every 4 h in the last hours, by which productivity is judged. With the flush
f of a port before every sample, the routine sample is what is left, between 2 and 10 mL:

.. math:: v = \mathrm{clip}\left(\frac{b V - n (v_s + f)}{m} - f,\; 2,\; 10\right)\ \mathrm{mL}

where m is the number of routine samples on the busiest day. Vessels of less than 100 mL are sampled from what is taken
out anyway. Hours count from the start of the gradient; day 1 is its first 24 h.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from rushton.scaledown.compartments import CompartmentsOperation
from rushton.scaledown.inside import final_window
from rushton.scaledown.phases import ENDING, SMALL_VESSEL
from rushton.scaledown.sheet import ML, Sheet

DAILY_SHARE = 0.02  # of the working volume
PORT_LINE, PORT_BORE = 0.3, 1.6e-3  # m, line of a port
FLUSH = 2.0 * 0.25 * math.pi * PORT_BORE**2 * PORT_LINE  # m3, twice what the line holds
SERIES = 2e-6  # m3, one sample of a series
LEAST, MOST = 2e-6, 10e-6  # m3, a routine sample
QUENCH = 4.0  # volumes of cold methanol to one of broth
ROUTINE = "routine"
SERIES_READ = "series"


@dataclass(frozen=True)
class Sample:
    """One sampling: hour from the start of the gradient, phase, port, samples, volume of each, m3, what is read, how it
    is stopped.
    """

    hour: float
    phase: str
    port: str
    count: int
    volume: float
    read: str
    quench: str

    @property
    def day(self) -> int:
        """1 in the first 24 h of the gradient."""
        return math.ceil(self.hour / 24.0) if self.hour > 0.0 else 0

    @property
    def taken(self) -> float:
        """Broth taken with the flush, m3."""
        return self.count * (self.volume + FLUSH) if self.volume > 0.0 else 0.0


def plan(sheet: Sheet) -> list[Sample]:
    """All samplings of a run, in order."""
    hours, last = sheet.case.response.duration / 3600.0, final_window(sheet.case.response.duration) / 3600.0
    ports = [port.name for port in sheet.operation.ports()]
    series_ports = len(ports) - 1 if "whole cycle" in ports[0] else len(ports)
    small = sheet.duty.bench.volume < SMALL_VESSEL
    main = "vessel" if "whole cycle" in ports[0] else ports[_largest(sheet)]
    allowed = DAILY_SHARE * sheet.duty.bench.volume
    step = 8.0 if hours >= 24.0 else hours / 2.0
    first = [step * n for n in range(1, 1 + math.floor((hours - last) / step + 1e-9))]
    end = [hours - 0.2 * last * n for n in range(5)]
    times = sorted({round(t, 2) for t in [*first, *end] if t > 0.0})
    routines = [(-4.0, "settle"), (0.0, "settle"), *((t, "gradient") for t in times), (hours + ENDING, "end")]
    volume = 0.0
    if not small:
        busiest = max(Counter(math.ceil(hour / 24.0) for hour, _ in routines).values())
        left = (allowed - series_ports * (SERIES + FLUSH)) / busiest - FLUSH
        volume = math.floor(2.0 * ML * min(MOST, max(LEAST, left))) / (2.0 * ML)
    how = "on ice" if small else "filter, freeze"
    out = [Sample(hour, phase, main, 1, volume, ROUTINE, how) for hour, phase in routines]
    one_day = [24.0 * n for n in range(1, 1 + math.floor(hours / 24.0 + 1e-9))] or [hours]
    stop = "methanol in the port"
    if small:
        last_word = "one vessel given up, samples in the order of the delays"
        out.append(Sample(hours, "gradient", last_word, series_ports, 0.2e-6, SERIES_READ, stop))
    else:
        all_ports = "all ports, in the order of the table" if len(ports) > 1 else main
        out += [Sample(t, "gradient", all_ports, series_ports, SERIES, SERIES_READ, stop) for t in one_day]
    return sorted(out, key=lambda one: one.hour)


def _largest(sheet: Sheet) -> int:
    """Place, among the ports, of the vessel that holds most: in it all broth is up to the gradient."""
    if not isinstance(sheet.operation, CompartmentsOperation):
        return 0
    volumes = sheet.operation.rig.volumes
    return volumes.index(max(volumes))


def busiest_day(samples: list[Sample]) -> tuple[int, float]:
    """The day on which most broth is taken, and how much, m3."""
    days: dict[int, float] = {}
    for one in samples:
        days[one.day] = days.get(one.day, 0.0) + one.taken
    day = max(days, key=lambda d: days[d])
    return day, days[day]
