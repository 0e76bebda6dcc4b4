"""Blend time of one impeller beside the published correlation with its scatter.

    python -m pytest -m long -s tests/validation/test_blend_correlation.py

H = T = 0.300 m, D = T/3, C = T/3, four baffles of T/10, water, 8 1/s (Re 80,000), about 1e5 mesh cells, Sc_t 0.7::

    N theta95 = 5.2 Np^(-1/3) (T/D)^1.5 (H/D)^0.5,      +-10 % (one standard deviation)      Grenville and Nienow 2004

(Handbook of Industrial Mixing, ch. 9; second-hand). Np is the solved one. The correlation was fitted to the variance of
a few conductivity probes after a pulse onto the surface, so the multi-probe variance of twelve probes is what compares;
pulse at r = T/4, 0.9 H. A frozen steady flow with a rotating zone is known to miss by -30 to +100 % (Reid 2025), so the
bars of the test are wide: the Rushton turbine within two standard deviations of the correlation, the pitched blade,
which comes out far too fast, within a factor of two. What was found stands in docs/validation.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from rushton.case import Case
from rushton.correlations.blending import blend_time
from rushton.flow import solve_flow
from rushton.transport import blend

pytestmark = pytest.mark.long

IMPELLERS: dict[str, dict[str, Any]] = {
    "rushton": {"type": "rushton", "blade_thickness": 0.00155},
    "pitched-blade": {"type": "pitched-blade", "blades": 4, "angle": 0.7853981633974483},
}


def dimensionless(name: str) -> tuple[float, float]:
    """N theta95 computed by the variance of the probes, and that of the correlation."""
    case = Case.model_validate(
        {
            "tank": {"diameter": 0.3, "liquid_height": 0.3},
            "impeller": [{"diameter": 0.1, "clearance": 0.1, **IMPELLERS[name]}],
            "operation": {"speed": 8.0},
            "numerics": {"mesh_cells": 100_000},
        }
    )
    flow = solve_flow(case)
    mixing = blend(case, flow, schmidt_effect=True)
    np, nu = flow.numbers.power_number[0], case.broth.kinematic_viscosity
    expected = 8.0 * blend_time(8.0, 0.1, 0.3, 0.3, np, nu).value
    assert mixing.theta95_multi_probe_s is not None and mixing.theta95_variance_s is not None
    assert mixing.theta95_probe_s is not None
    ours = 8.0 * mixing.theta95_multi_probe_s
    varied = ", ".join(
        f"Sc_t {s:.2g}: {8.0 * t:.1f}" for s, t in zip(mixing.schmidt_varied, mixing.theta95_varied_s, strict=True)
    )
    print(
        f"\n{name}, {flow.mesh.n_mesh_cell} mesh cells: Np {np:.2f}, N theta95 {ours:.1f} (probes), "
        f"{8.0 * mixing.theta95_variance_s:.1f} (volume; {varied}), {8.0 * mixing.theta95_probe_s:.1f} (slowest "
        f"probe); correlation {expected:.1f} +- 10 %: {100.0 * (ours / expected - 1.0):+.0f} %"
    )
    assert mixing.tracer_mass_error < 1e-13
    return ours, expected


def test_rushton_and_pitched_blades_beside_the_correlation() -> None:
    found = {name: dimensionless(name) for name in IMPELLERS}
    ratios = {name: ours / expected for name, (ours, expected) in found.items()}
    assert 0.8 < ratios["rushton"] < 1.2
    assert 0.5 < ratios["pitched-blade"] < 1.2
