r"""What a protocol predicts for a reading: at its port, or at its time along the run.

The product's balance at constant volume, from the first titre that was measured on:

.. math:: \frac{dP}{dt} = q_p(t)\,X(t) - D P

solved exactly over every interval of the course with q_p X constant in it. Before t = 0, and in the reference run, q_p
and X are those of the settled phase. Its band is that of q_p.

Symbols: P titre, mol/m3; X biomass, kg/m3; q_p mol/(kg s); D dilution, 1/s. Source: mass balance written out here.
Validity: the bleed runs as the protocol says; the productivity of the last phase, back at the steady feed, is not
predicted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rushton.study.lab_data.quantities import QUANTITIES
from rushton.study.lab_data.reading import Reading

STEADY = ("settle", "end", "reference")
"""Phases in which all broth is one stirred vessel under a steady feed."""
EDGES = ("low", "mean", "high")


@dataclass(frozen=True)
class Prediction:
    """What a reading should be, in its SI unit; the edges are None where no band is known."""

    low: float | None
    mean: float
    high: float | None


class Predictor:
    """Predictions of one protocol.

    Parameters
    ----------
    protocol : mapping
        ``protocol-<rig>.json``.
    stock_density : float or None
        kg/m3, for stock by weight.
    titres : sequence of Reading
        All titres of the data: the first of a run is where its prediction starts.
    """

    def __init__(
        self, protocol: Mapping[str, Any], stock_density: float | None = None, titres: Sequence[Reading] = ()
    ) -> None:
        self.expected, self.protocol = protocol["expected"], protocol
        self.course, self.settled = self.expected["course"], self.expected["settled"]
        self.recipe = protocol["recipe"] or {}
        self.density = stock_density
        self.ports = {port["port"]: port for port in self.expected["ports"]}
        self.accuracy, self.biomass_off = protocol["pump_accuracy"], protocol["biomass_off"]
        self._starts: dict[str, Reading] = {}
        for one in sorted(titres, key=lambda r: r.time):
            if not one.below:
                self._starts.setdefault(_run(one), one)

    def of(self, reading: Reading) -> Prediction | str:
        """The prediction for a reading, or why there is none."""
        name = reading.quantity.name
        if reading.quantity.at_port:
            key = "substrate_mol_m3" if name == "substrate" else "dissolved_oxygen_percent"
            found = (self.settled if reading.phase in STEADY else self.ports[reading.port]).get(key)
            return (
                "not predicted in this rig" if found is None else _spread(found, 1.0 if name == "substrate" else 0.01)
            )
        if name in ("feed_weight", "feed_volume"):
            return self._fed(reading)
        if name == "gas_flow":
            set_point = self.protocol["set_points"]["gas_L_min"]
            if set_point is None:
                return "this rig has no gas set-point"
            flow = set_point / 6e4
            return Prediction(flow * (1.0 - self.accuracy), flow, flow * (1.0 + self.accuracy))
        if name not in QUANTITIES:
            return self._by_product(name, reading)
        if self.course is None:
            return self.expected["course_reason"]
        if name == "titre":
            return self._titre(reading)
        key = _course_key(reading)
        if key not in self.settled:
            return "the cell model does not tell it"
        if reading.phase == "end" and name != "biomass":
            return "how fast the cells recover is not predicted"
        if reading.phase in ("gradient", "end"):
            mean = {edge: self._along(key, edge, reading.time) for edge in EDGES}
        else:
            mean = dict.fromkeys(EDGES, self.settled[key])
        if name == "biomass":  # left to itself, or kept at its set-point by the bleed
            x, kept, off = mean["mean"], self.settled[key], self.biomass_off
            return Prediction(min(x, kept) * (1.0 - off), x, max(x, kept) * (1.0 + off))
        if mean["low"] == mean["high"]:
            return Prediction(None, mean["mean"], None)
        return Prediction(mean["low"], mean["mean"], mean["high"])

    def _by_product(self, name: str, reading: Reading) -> Prediction | str:
        if name not in (self.expected["by_products_mol_m3"] or {}):
            return f"the cell model {self.protocol['strain']['model']} gives off no {reading.quantity.title}"
        if reading.phase == "end":
            return "how fast the cells recover is not predicted"
        key = "by_products_mol_m3"
        if key not in self.settled:
            return "the protocol is older than by-products along the run: write it again with `rushton design`"
        if reading.phase != "gradient":
            return _spread(self.settled[key][name])
        course = self.course[key][name]
        return Prediction(*(float(np.interp(reading.time, self.course["time_s"], course[edge])) for edge in EDGES))

    def is_start(self, reading: Reading) -> bool:
        """Whether the prediction of its titre starts from this very reading."""
        return self._starts.get(_run(reading)) is reading

    def titre_course(self, run: str, times: np.ndarray) -> dict[str, np.ndarray] | None:
        """Expected titre at ascending times of a run, mol/m3, by edge; None where no titre says where it starts."""
        start = self._starts.get(run)
        if start is None or "specific_productivity_mol_kg_s" not in self.settled:
            return None
        out = {}
        for edge in EDGES:
            time, value, row = start.time, start.value, []
            for wanted in times:
                for border in self._borders(time, wanted, run):
                    value = self._advance(value, time, border, edge, run)
                    time = border
                row.append(value)
            out[edge] = np.array(row)
        return out

    def _titre(self, reading: Reading) -> Prediction | str:
        if self.is_start(reading):
            return "the prediction starts from this reading"
        if reading.phase == "end":
            return "how fast the cells recover is not predicted"
        found = self.titre_course(_run(reading), np.array([reading.time]))
        if found is None:
            return "the cell model tells no product in moles"
        return Prediction(*(float(found[edge][0]) for edge in EDGES))

    def _borders(self, time: float, wanted: float, run: str) -> list[float]:
        inner = [] if run == "reference" else [t for t in self.course["time_s"] if time < t < wanted]
        return [*inner, wanted] if wanted > time else []

    def _advance(self, value: float, start: float, end: float, edge: str, run: str) -> float:
        """P at the end of a stretch within one interval of the course."""
        dilution = self.recipe["dilution_1_h"] / 3600.0
        middle = 0.5 * (start + end)
        if run == "reference" or middle < 0.0:
            made = self.settled["specific_productivity_mol_kg_s"] * self.settled["biomass_kg_m3"]
        else:
            place = int(np.searchsorted(self.course["time_s"], middle))
            place = min(place, len(self.course["time_s"]) - 1)
            made = self.course["specific_productivity_mol_kg_s"][edge][place]
            made *= self._along("biomass_kg_m3", "mean", middle)
        left = math.exp(-dilution * (end - start))
        rest = made / dilution if dilution > 0.0 else 0.0
        return value * left + rest * (1.0 - left) if dilution > 0.0 else value + made * (end - start)

    def _along(self, key: str, edge: str, time: float) -> float:
        return float(np.interp(time, self._times(key), self.course[key][edge]))

    def _times(self, key: str) -> np.ndarray:
        """Where the values of a course stand, s: biomass at the borders, a mean at the middle of its interval."""
        borders = np.array(self.course["time_s"], dtype=float)
        if key == "biomass_kg_m3":
            return borders
        return np.concatenate([borders[:1], 0.5 * (borders[1:] + borders[:-1])])

    def _fed(self, reading: Reading) -> Prediction | str:
        if not self.recipe:
            return "this rig is not fed"
        phase = next(p for p in self.protocol["phases"] if p["phase"] == reading.phase)
        fed = self.recipe["stock_mL_min"] / 6e7 * max(0.0, reading.time - phase["start_s"])
        if reading.quantity.name == "feed_weight":
            if self.density is None:
                return "the density of the stock is not given: add '# stock_density: 1.07 g/mL' at the top of the file"
            fed *= self.density
        return Prediction(fed * (1.0 - self.accuracy), fed, fed * (1.0 + self.accuracy))


def _run(reading: Reading) -> str:
    """Reference run, or the one with the gradient."""
    return "reference" if reading.phase == "reference" else "gradient"


def _course_key(reading: Reading) -> str:
    name = reading.quantity.name
    if reading.relative:
        return {"yield": "yield_relative"}.get(name, f"{name}_relative")
    return {
        "biomass": "biomass_kg_m3", "growth": "growth_net_1_s", "yield": "yield_kg_mol",
        "specific_productivity": "specific_productivity_mol_kg_s", "oxygen_uptake": "oxygen_uptake_mol_m3_s",
    }[name]  # fmt: skip


def _spread(found: Mapping[str, float], factor: float = 1.0) -> Prediction:
    return Prediction(*(factor * found[edge] for edge in EDGES))
