"""One parameter set for every tank: random vessels from 1 L to 300 m3 run without divergence and balance their torques.

    python -m pytest -m long -s tests/validation/test_robustness.py

Drawn with a fixed seed, logarithmic in volume (1 L to 300 m3) and Reynolds number (1e4 to 1e7): H/T 1 to 3.5, one to
four impellers of D/T 0.28 to 0.5, of any type and mixed freely on the shaft, on even or uneven spacing, three to six
baffles of T/14 to T/8. Turbines have 4, 6 or 8 blades; pitched blades are 3 to 6 at 30 to 60 degrees; they and
foils pump down or up. The viscosity follows from Re at a tip speed of 1 to 7 m/s, within what a case may hold.

The first of them are run once more without baffles (``rushton.flow.swirl``).
"""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from rushton.case import Case
from rushton.flow import solve_flow

VESSELS = 36
FOILS = ("hydrofoil", "hydrofoil-wide")
SEED = 20240611
MESH_CELLS = 20_000
TORQUE_BOUND = 0.02
VISCOSITY = (1e-4, 100.0)
"""Pa s, what a case file may hold."""


def vessel(number: int) -> Case:
    """The random vessel of that number: the same at every call and whatever the others are."""
    draw = random.Random(SEED + number)
    volume = 1e-3 * 3e5 ** draw.random()
    aspect = draw.uniform(1.0, 3.5)
    tank = (4.0 * volume / (math.pi * aspect)) ** (1.0 / 3.0)
    height = aspect * tank
    count = draw.randint(1, min(4, max(1, int(aspect / 0.6))))
    baffles = draw.choice((3, 3, 4, 4, 4, 6))
    width = tank / draw.uniform(8.0, 14.0)
    bottom = draw.uniform(0.25, 0.36) * tank
    top = height - draw.uniform(0.3, 0.5) * tank
    impellers: list[dict[str, Any]] = []
    for n in range(count):
        diameter = draw.uniform(0.28, 0.5) * tank
        even = bottom + (top - bottom) * n / max(1, count - 1)
        clearance = even + draw.uniform(-0.05, 0.05) * tank
        impellers.append({"diameter": diameter, "clearance": clearance, **kind(draw)})
    largest = max(imp["diameter"] for imp in impellers)
    reynolds = 10.0 ** draw.uniform(4.0, 7.0)
    speed = draw.uniform(1.0, 7.0) / (math.pi * largest)
    viscosity = 1000.0 * speed * largest**2 / reynolds
    if viscosity < VISCOSITY[0]:  # a small tank reaches a high Re only by its speed
        viscosity = VISCOSITY[0]
        speed = reynolds * viscosity / (1000.0 * largest**2)
    return Case.model_validate(
        {
            "name": f"vessel_{number}",
            "tank": {"diameter": tank, "liquid_height": height, "baffles": {"count": baffles, "width": width}},
            "impeller": impellers,
            "operation": {"speed": min(speed, 100.0)},
            "broth": {"viscosity": viscosity, "density": 1000.0},
            "numerics": {"mesh_cells": MESH_CELLS},
        }
    )


def kind(draw: random.Random) -> dict[str, Any]:
    """Type of an impeller and what belongs to it."""
    name = draw.choice(("rushton", "rushton", "concave-disc", "pitched-blade", "pitched-blade", *FOILS))
    if name in ("rushton", "concave-disc"):
        return {"type": name, "blades": draw.choice((4, 6, 6, 6, 8))}
    pumping = draw.choice(("down", "down", "up"))
    if name in FOILS:
        return {"type": name, "pumping": pumping}
    angle = math.radians(draw.uniform(30.0, 60.0))
    return {"type": name, "pumping": pumping, "blades": draw.choice((3, 4, 4, 6)), "angle": angle}


def words(case: Case) -> str:
    """The vessel on one line."""
    tank, re = case.tank, case.operation.speed * max(i.diameter for i in case.impellers) ** 2
    stack = " ".join(
        f"{i.blades}x{i.diameter / tank.diameter:.2f} {i.type}{' ' + i.pumping if i.pumping else ''}"
        for i in case.impellers
    )
    return (
        f"{case.liquid_volume:9.4g} m3  H/T {tank.liquid_height / tank.diameter:.2f}  Re "
        f"{re / case.broth.kinematic_viscosity:8.2e}  baffles {tank.baffles.count}  {stack}"
    )


def test_the_vessels_span_what_is_claimed() -> None:
    cases = [vessel(n) for n in range(VESSELS)]
    assert len(cases) >= 30
    volumes = [case.liquid_volume for case in cases]
    assert min(volumes) < 5e-3 and max(volumes) > 100.0
    assert {len(case.impellers) for case in cases} == {1, 2, 3, 4}
    assert {imp.type for case in cases for imp in case.impellers} == {
        "rushton",
        "concave-disc",
        "pitched-blade",
        *FOILS,
    }
    assert sum(len({imp.type for imp in case.impellers}) > 1 for case in cases) >= 15
    aspects = [case.tank.liquid_height / case.tank.diameter for case in cases]
    assert min(aspects) < 1.3 and max(aspects) > 3.2
    assert vessel(7).model_dump() == cases[7].model_dump()


@pytest.mark.long
@pytest.mark.parametrize("number", range(VESSELS))
def test_a_random_vessel_runs_and_balances(number: int) -> None:
    """No divergence (which raises), torque within 2 %, at rest."""
    case = vessel(number)
    numbers = solve_flow(case).numbers
    powers = " ".join(f"{value:.2f}" for value in numbers.power_number)
    print(
        f"\n{number:2d}  {words(case)}  Np {powers}  torque {numbers.torque_imbalance:+.2%}  "
        f"{numbers.iterations} it  {'' if numbers.converged else 'NOT AT REST: ' + numbers.message}"
    )
    assert all(math.isfinite(value) for value in numbers.power_number)
    assert numbers.converged
    assert abs(numbers.torque_imbalance) < TORQUE_BOUND


# --- without baffles ---------------------------------------------------------------------------------------------

UNBAFFLED = 16


def unbaffled(number: int) -> Case:
    """The random vessel of that number without its baffles."""
    data = vessel(number).model_dump(by_alias=True, exclude_unset=True)
    data["tank"]["baffles"]["count"] = 0
    return Case.model_validate(data)


@pytest.mark.long
@pytest.mark.parametrize("number", range(UNBAFFLED))
def test_a_random_vessel_without_baffles_balances(number: int) -> None:
    """Torque within 2 % over 50 iterations, with damped turbulence or, where that swings, without the damping."""
    case = unbaffled(number)
    numbers = solve_flow(case).numbers
    powers = " ".join(f"{value:.2f}" for value in numbers.power_number)
    print(
        f"\n{number:2d}  {words(case)}  Np {powers}  torque {numbers.torque_imbalance:+.2%}  "
        f"{numbers.iterations} it  {'' if numbers.converged else 'NOT AT REST: ' + numbers.message}"
    )
    last = numbers.history[-50:]
    powers_of = [entry["power_number"] for entry in last]
    print(f"    swing of the power {(max(powers_of) - min(powers_of)) / powers_of[-1]:.2%}")
    assert all(math.isfinite(value) for value in numbers.power_number)
    assert abs(sum(entry["torque_imbalance"] for entry in last) / len(last)) < TORQUE_BOUND
    assert numbers.converged or "not steady" in numbers.message
