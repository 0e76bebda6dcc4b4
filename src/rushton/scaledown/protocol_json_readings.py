"""Expected readings for programs: ``expected`` of ``protocol-<rig>.json``, in SI, every number with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.expected import Expected, Spread, oxygen_when_mixed
from rushton.scaledown.oxygen import Breath, breath
from rushton.scaledown.oxygen_ports import oxygen_at_ports
from rushton.scaledown.sheet import Sheet
from rushton.scaledown.switching import SwitchedOperation, saturation_of
from rushton.scaledown.switching_evidence import held_in


def expected_record(sheet: Sheet, expected: Expected, played: bool) -> dict[str, Any]:
    ports: list[dict[str, Any]] = []
    air = None if played else breath(sheet.duty, sheet.biomass, sheet.operation.mean_uptake, sheet.aerated_share)
    oxygen = None if air is None else oxygen_at_ports(sheet, air)
    for port, substrate in expected.ports:
        one: dict[str, Any] = {"port": port.name, "substrate_mol_m3": substrate.as_dict()}
        if air is None:
            one |= {"dissolved_oxygen_percent": None, "dissolved_oxygen_percent_reason": "not modelled in a chamber"}
        else:
            one |= _oxygen(sheet, oxygen, len(ports))
        ports.append(one)
    settled = {k: _plain(v) for k, v in expected.settled.items()}
    out: dict[str, Any] = {"ports": ports, "settled": settled}
    if air is not None:
        out["oxygen_saturation_mol_m3"] = air.lasts * air.demand
        settled["dissolved_oxygen_percent"] = _percent(_when_mixed(sheet, air))
        out["oxygen_demand_mol_m3_s"] = {"mean": air.demand, "largest": air.demand_max}
    out["by_products_mol_m3"] = {name: value.at(-1).as_dict() for name, value in expected.broth.items()}
    if not expected.broth:
        why = expected.reason or "the cell model gives off none"
        out |= {"by_products_mol_m3": None, "by_products_mol_m3_reason": "not read in a chamber" if played else why}
    if expected.reason:
        return out | {"course": None, "course_reason": expected.reason}
    course = {name: _plain(value) for name, value in expected.course.items()}
    if expected.broth:
        course["by_products_mol_m3"] = _plain(expected.broth)
    return out | {"course": {"time_s": expected.course_time, **course}}


def _when_mixed(sheet: Sheet, air: Breath) -> Spread:
    """Oxygen under a steady feed, over air saturation: where it is switched, the tank's mean that is held."""
    if not isinstance(sheet.operation, SwitchedOperation):
        return oxygen_when_mixed(air)
    held = held_in(sheet).oxygen / saturation_of(sheet.duty.bench, OXYGEN_IN_AIR)
    return Spread(held, held, held)


def _plain(value: Any) -> Any:
    """A number, or the edges of a spread, alone or by name."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value.as_dict() if isinstance(value, Spread) else value


def _oxygen(sheet: Sheet, bands: Sequence[tuple[float, float]] | None, place: int) -> dict[str, Any]:
    """Dissolved oxygen at a port, % of air saturation."""
    if isinstance(sheet.operation, SwitchedOperation):  # of the gas at work, over air saturation
        dissolved, full = sheet.operation.dissolved(), saturation_of(sheet.duty.bench, OXYGEN_IN_AIR)
        spread = Spread(*(float(v) / full for v in (dissolved.min(), dissolved.mean(), dissolved.max())))
    elif bands is not None:
        low, high = bands[place]
        spread = Spread(low, 0.5 * (low + high), high)
    else:
        return {"dissolved_oxygen_percent": None, "dissolved_oxygen_percent_reason": "not modelled in this rig"}
    return {"dissolved_oxygen_percent": _percent(spread)}


def _percent(share: Spread) -> dict[str, float]:
    return {key: 100.0 * value for key, value in share.as_dict().items()}
