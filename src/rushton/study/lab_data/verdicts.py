"""What the residuals of a quantity say, in plain words, and what to look at or to change.

Readings of a quantity (at one port, in the gradient phase or in the mixed ones) are judged together:

- *agrees* where at least four of five lie within what is allowed (``residuals``);
- *above* or *below*, systematically, where more than half lie outside on one side, no more than a tenth on the other;
- *scatters* else.

Readings of the gradient phase that run away from their prediction with time (``drift``) are told besides, also where
all of them still agree.

The advice names the likeliest cause first. Where one number of the case would explain the readings, it is computed: a
steady substrate C at the uptake ratio s means K_s = C (1 - s)/s, or q_max = q_max,assumed s (K_s + C)/C.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rushton.study.lab_data.drift import Drift, drift
from rushton.study.lab_data.predict import STEADY
from rushton.study.lab_data.quantities import Quantity
from rushton.study.lab_data.reading import Reading
from rushton.study.lab_data.residuals import Residual

ENOUGH = 0.8
"""Share of the readings that must lie within what is allowed."""
OTHER_SIDE = 0.1
TELLING = 10.0
"""Over the prediction: a larger difference is told by itself alone, as next to nothing was predicted."""
_ORDER = ("above", "below", "scatters", "agrees", "not predicted")


@dataclass(frozen=True)
class Verdict:
    """Outcome for one quantity.

    Attributes
    ----------
    quantity : Quantity
    where : str
        Port and phase in words.
    state : str
        ``"agrees"``, ``"above"``, ``"below"``, ``"scatters"`` or ``"not predicted"``.
    number, within : int
        Readings, and how many of them agree.
    bias, relative : float or None
        Mean residual, SI, and over the mean prediction.
    text, advice : str
    """

    quantity: Quantity
    where: str
    state: str
    number: int
    within: int
    bias: float | None
    relative: float | None
    text: str
    advice: str


def verdicts(rows: Sequence[Residual], protocol: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Every quantity, at every port, in the gradient phase and in the mixed ones; what does not agree comes first."""
    groups: dict[tuple[str, str, bool, bool], list[Residual]] = {}
    for row in rows:
        r = row.reading
        mixed = r.phase in STEADY
        groups.setdefault(
            (r.quantity.name, "" if mixed or not r.quantity.at_port else r.port, mixed, r.relative), []
        ).append(row)
    found = [_judge(mine, port, mixed, protocol) for (_, port, mixed, _), mine in groups.items()]
    return tuple(sorted(found, key=lambda v: _ORDER.index(v.state)))


def _judge(rows: list[Residual], port: str, mixed: bool, protocol: Mapping[str, Any]) -> Verdict:
    quantity = rows[0].reading.quantity
    phases = list(dict.fromkeys(r.reading.phase for r in rows))
    where = f"at the port '{port}'" if port else ""
    named = " and ".join(filter(None, (", ".join(phases[:-1]), phases[-1])))
    where = " ".join(filter(None, (where, f"in the phase{'s' if len(phases) > 1 else ''} {named}")))
    told = [r for r in rows if r.predicted is not None]
    if not told:
        reasons = "; ".join(dict.fromkeys(r.reason for r in rows))
        return Verdict(quantity, where, "not predicted", len(rows), 0, None, None, f"not compared: {reasons}", "")
    within = sum(bool(r.agrees) for r in told)
    found = [r for r in told if r.residual is not None]
    # what lies below a limit of detection that the prediction does not reach is below it, too
    above = sum(1 for r in told if not r.agrees and (r.residual or 0.0) > 0.0)
    below = len(told) - within - above
    bias = float(np.mean([r.residual for r in found])) if found else None
    mean = float(np.mean([r.predicted.mean for r in found if r.predicted])) if found else 0.0
    relative = bias / mean if bias is not None and mean > 0.0 else None
    if relative is not None and abs(relative) > TELLING:
        relative = None
    n = len(told)
    if within >= ENOUGH * n:
        state = "agrees"
    elif above > 0.5 * n and below <= OTHER_SIDE * n:
        state = "above"
    elif below > 0.5 * n and above <= OTHER_SIDE * n:
        state = "below"
    else:
        state = "scatters"
    text = _words(state, within, n, bias, relative, above, below, rows[0].reading)
    advice = "" if state == "agrees" else _advice(state, quantity, port, mixed, found, relative, protocol)
    moved = None if mixed else drift(told)
    if moved is not None:
        text += f"; drifts: {_moved(moved, rows[0].reading)}"
        advice = " ".join(filter(None, [advice, _DRIFTS]))
    return Verdict(quantity, where, state, n, within, bias, relative, text, advice)


def shown(value: float, like: Reading) -> str:
    """A difference in the unit of a reading; of per cent in points."""
    return f"{value / like.factor:+.3g} {'points' if like.unit in ('%', 'percent') else like.unit}"


def _moved(moved: Drift, like: Reading) -> str:
    """From where to where, and when."""
    ends = [shown(value, like) for value in (moved.first, moved.last)]
    return f"{ends[0]} at {moved.start / 3600.0:g} h, {ends[1]} at {moved.end / 3600.0:g} h"


def _signed(value: float, places: int) -> str:
    number = round(value, places)
    return f"{number:+.{places}f}" if number else "0"


def _words(
    state: str, within: int, n: int, bias: float | None, relative: float | None, above: int, below: int, like: Reading
) -> str:
    counted = f"{within} of {n} reading{'s' if n > 1 else ''} within what is allowed"
    if bias is None:
        return f"{state}: {counted}"
    size = shown(bias, like)
    share = "" if relative is None or like.relative else f" ({_signed(100.0 * relative, 0)} %)"
    if state == "agrees":
        return f"agrees: {counted}, on average {size}{share}"
    if state == "scatters":
        return f"scatters: {counted}, {above} above and {below} below; on average {size}{share}"
    return f"systematically {state}: on average {size}{share}; {counted}"


def _advice(
    state: str, quantity: Quantity, port: str, mixed: bool, found: list[Residual], relative: float | None,
    protocol: Mapping[str, Any],
) -> str:  # fmt: skip
    if state == "scatters":
        return "More than the assay's usual scatter without a direction: look for samples that were mixed up or late."
    if quantity.name == "substrate":
        return _of_substrate(state, port, mixed, found, protocol)
    switched = "stirrer_table" in protocol["set_points"]
    if switched and (quantity.name, state) in _OF_SWITCHED:
        return _OF_SWITCHED[quantity.name, state]
    if quantity.name == "dissolved_oxygen" and port.startswith("tube"):
        return _OF_TUBE[state]
    if quantity.name in ("feed_weight", "feed_volume") and relative is not None and switched:
        much = "much" if relative > 0 else "little"
        return (
            f"The feed pump gives {100.0 * abs(relative):.1f} % too {much}: calibrate it. The cells' demand of oxygen "
            "goes with it."
        )
    if quantity.name in ("feed_weight", "feed_volume") and relative is not None:
        side = "high" if relative > 0 else "low"
        return (
            f"The feed pump gives {100.0 * abs(relative):.1f} % too {'much' if relative > 0 else 'little'}: calibrate "
            f"it. With the feed off by its accuracy the distance to the tank is "
            f"{protocol['match'][f'distance_pump_{side}']:.3f} instead of {protocol['match']['distance']:.3f}."
        )
    return _ADVICE.get((quantity.name, state), _ADVICE.get(("", state), ""))


_ADVICE = {
    ("dissolved_oxygen", "above"): (
        "The cells breathe less, or the vessel transfers more, than assumed: give the vessel's measured kLa, and the "
        "oxygen per substrate of the strain, before oxygen is judged."
    ),
    ("dissolved_oxygen", "below"): (
        "The vessel transfers less than assumed, or the probe lags: enrich the gas and give the measured kLa. Below "
        "20 % of air saturation the cells meet lack of oxygen besides the gradient, and the run tests both."
    ),
    ("biomass", "above"): (
        "The bleed takes less than it should, or the cells yield more: compare the weights of stock and bleed, and the "
        "growth rate. More biomass eats faster: every stay of the sheet becomes shorter in the same proportion."
    ),
    ("biomass", "below"): (
        "The bleed takes more than it should, or the cells yield less or die: compare the weights of stock and bleed. "
        "Less biomass eats more slowly: every stay of the sheet becomes longer in the same proportion."
    ),
    ("specific_productivity", "above"): (
        "The cells bear the gradient better than the cell model says: slower pools or a weaker regulation. Fit the "
        "parameters of the product in [strain.parameters] to both runs, then ask the tank again; check first that the "
        "gradient was there (readings at the ports)."
    ),
    ("specific_productivity", "below"): (
        "The gradient costs more than the cell model says. Check oxygen, temperature and pH of the loop first; then "
        "fit the parameters of the product in [strain.parameters] to both runs and ask the tank again."
    ),
    ("titre", "above"): (
        "More product than predicted: the gradient costs less than the cell model says, or biomass is high or the "
        "bleed slow. The ratio to the reference run, above, tells them apart."
    ),
    ("titre", "below"): (
        "Less product than predicted: the gradient costs more than the cell model says, or biomass is low or the bleed "
        "fast. The ratio to the reference run, above, tells them apart."
    ),
    ("growth", "above"): "The cells yield more, or eat more, than assumed: compare feed weight and yield.",
    ("growth", "below"): "The cells yield less, or maintain more, than assumed: compare feed weight and yield.",
    ("yield", "above"): "More biomass for the substrate: maintenance or product cost less than the cell model assumes.",
    ("yield", "below"): "Less biomass for the substrate: by-products, more maintenance, or storage lost on the way.",
    ("oxygen_uptake", "above"): "The cells burn more of the substrate than in the model: a lower yield.",
    ("oxygen_uptake", "below"): "The cells burn less of the substrate than the model: check the gas analysis and feed.",
    ("gas_flow", "above"): "Set the gas flow back to its set-point; it changes kLa.",
    ("gas_flow", "below"): "Set the gas flow back to its set-point; it changes kLa.",
    ("", "above"): (
        "More overflow than the model says. Where oxygen ran out, that is its cause: see the oxygen readings first. "
        "Else its threshold or capacity in [strain.parameters] is too high."
    ),
    ("", "below"): "Less overflow, or more of it eaten again, than the model says: see its parameters.",
}  # fmt: skip
_OF_SWITCHED = {
    ("oxygen_uptake", "above"): (
        "More oxygen is transferred than assumed: measure kLa at both speeds again, put it under [scaledown.limits] "
        "and design again. Excursions of the cells were shorter than the sheet says."
    ),
    ("oxygen_uptake", "below"): (
        "Less oxygen is transferred than assumed, or the cells ask for less: measure kLa at both speeds again (and how "
        "fast it settles), put it under [scaledown.limits] and design again; in the settled phase the cells' demand "
        "shows alone."
    ),
    ("dissolved_oxygen", "above"): (
        "More is transferred, or less breathed, than assumed: see the oxygen uptake. Measure kLa at both speeds again "
        "and design again with it."
    ),
    ("dissolved_oxygen", "below"): (
        "Less is transferred, or more breathed, than assumed: see the oxygen uptake. Measure kLa at both speeds again "
        "and design again with it."
    ),
}  # fmt: skip
_OF_TUBE = {
    "above": (
        "Oxygen gets into the tube (silicone lets it through, bubbles are drawn along), the broth stays shorter in it "
        "than it should, or the cells breathe less than assumed: check the loop's flow, look for bubbles, and see the "
        "oxygen in the vessel."
    ),
    "below": (
        "The broth leaves the vessel with less oxygen than assumed or stays longer in the tube: see the oxygen in the "
        "vessel and check the loop's flow."
    ),
}  # fmt: skip
_DRIFTS = (
    "What changes with time: wear of the pump tubing, biomass, calibration of the assay or the probe, evaporation, "
    "growth on walls, or cells that adapt more slowly or more than the model says."
)


def _of_substrate(state: str, port: str, mixed: bool, found: list[Residual], protocol: Mapping[str, Any]) -> str:
    strain = protocol["strain"]
    c = float(np.mean([r.reading.value for r in found])) if found else 0.0
    if mixed and c > 0.0:
        s = protocol["match"]["mean_uptake_ratio"]
        k = strain["half_saturation_mol_m3"]
        fits = (
            f"a half-saturation of {1e3 * c * (1.0 - s) / s:.3g} µmol/L instead of {1e3 * k:.3g}, or a q_max of "
            f"{3.6e6 * strain['uptake_max_mol_kg_s'] * s * (k + c) / c:.0f} µmol/(g h) instead of "
            f"{3.6e6 * strain['uptake_max_mol_kg_s']:.0f}, would explain it"
        )
        less = "less" if state == "above" else "more"
        return (
            f"The strain eats {less} at this concentration than assumed: {fits}. Put it under [strain.uptake] and run "
            "the case again: the tank's gradients change as well. Check first that the assay reads such concentrations."
        )
    if port == "tube inlet":
        direction = "less" if state == "above" else "more"
        return (
            f"The step at the inlet is feed over loop flow: the loop runs {direction} than its set-point, or the feed "
            "into the tube is off. Check both by weight."
        )
    if state == "below":
        return (
            "The sample may have gone on eating on its way: quench inside the port and faster. If not, the strain eats "
            "more than assumed (larger q_max or smaller half-saturation), or the biomass is high."
        )
    return (
        "The strain eats less than assumed (smaller q_max or larger half-saturation: see the settled phase), the "
        "biomass is low, or the flow through this zone is faster than its set-point."
    )
