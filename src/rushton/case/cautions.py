"""Warnings of ``rushton check``: where the textbook numbers or this program are out of their depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushton import correlations as c
from rushton.case.cautions_geometry import of_geometry

if TYPE_CHECKING:
    from rushton.case.advice import GasAdvice, ImpellerAdvice
    from rushton.case.regime_analysis import Demand
    from rushton.case.schema import Case

LAMINAR_RE, TURBULENT_RE = 100.0, 1e4
"""Re below which the flow is computed as laminar, and above which turbulence model and power plateau hold, -."""


def cautions(
    case: Case, impellers: tuple[ImpellerAdvice, ...], circulation: float, gas: GasAdvice, found: Demand | None
) -> list[str]:
    """What the engineer should know before trusting the numbers, each in a sentence or two."""
    return [
        *_of_impellers(case, impellers),
        *_of_the_broth(case),
        *of_geometry(case),
        *_of_gas(case, gas),
        *_of_cells(case, circulation, found),
        *_of_numerics(case),
    ]


def _of_impellers(case: Case, impellers: tuple[ImpellerAdvice, ...]) -> list[str]:
    out = []
    for n, (imp, advice) in enumerate(zip(case.impellers, impellers, strict=True), 1):
        if advice.reynolds < LAMINAR_RE:
            out.append(
                f"impeller {n}: Re = {advice.reynolds:.3g} is laminar; expected power and flow numbers of this page do "
                "not hold. The flow is computed without a turbulence model if the largest impeller is below Re = 100"
            )
        elif advice.reynolds < TURBULENT_RE:
            out.append(
                f"impeller {n}: Re = {advice.reynolds:.0f} is transitional (100 to 1e4); turbulence models and the "
                "power plateau are for turbulent flow: expect errors in power and flow, and blend times that are too "
                "short"
            )
        if imp.pumping is None and imp.blades not in (4, 6, 8):
            out.append(f"impeller {n}: {imp.blades} blades are outside the measurements behind the expected power")
    return out


def _of_the_broth(case: Case) -> list[str]:
    law = case.broth.power_law
    if law is None or law.index == 1.0:
        return []
    slow = law.at(0.1 * case.operation.speed)
    return [
        f"shear-thinning broth: Re and the correlations of this page take {case.broth.viscosity:.2g} Pa s, that at "
        f"the impeller; where it hardly moves it is {slow / case.broth.viscosity:.0f} times as viscous, and liquid "
        "there may stand still and mix far more slowly than any blend-time correlation says"
    ]


def _of_gas(case: Case, gas: GasAdvice) -> list[str]:
    if gas.assumed:
        return []
    assert case.gas is not None
    out = []
    if case.gas.feedback == "none":
        out.append("gas.feedback is none: mixing, substrate and cells are computed as without gas")
    speed, nu = case.operation.speed, case.broth.kinematic_viscosity
    for level, imp in enumerate(case.impellers, 1):
        regime = c.gas_regime(speed, imp.diameter, case.tank.diameter, nu, gas.rate, level)
        if regime.flooded:
            out.append(
                f"impeller {level} floods: Fl = {regime.flow_number:.3f} is above {regime.flooding:.3f}; gas rises "
                "through it undispersed. Raise the speed, give less gas, or take a larger impeller"
            )
        elif regime.flow_number > regime.dispersion:
            out.append(
                f"impeller {level} is loaded: Fl = {regime.flow_number:.3f} is above {regime.dispersion:.3f}; little "
                "gas reaches the liquid below it"
            )
    if gas.kla_needed is not None and gas.kla_needed > max(k.value for _, k in gas.kla):
        out.append("the feed needs more oxygen than the air supply is expected to transfer")
    return out


def _of_cells(case: Case, circulation: float, found: Demand | None) -> list[str]:
    if found is None:
        return []
    out, biomass = [], case.broth.biomass or 0.0
    if found.feed_ratio > 0.9:
        out.append(f"the feed is {found.feed_ratio:.0%} of the uptake capacity: small errors decide over accumulation")
    if found.feed_ratio < 0.02:
        out.append(
            f"the feed is {found.feed_ratio:.1%} of the uptake capacity: the culture all but starves; check the units"
        )
    if case.broth.viscosity < 2e-3 and biomass > 20.0:
        out.append(
            f"{biomass:.3g} kg/m3 of biomass in a liquid as thin as water: a mycelial broth is ten to a hundred times "
            "more viscous and shear-thinning, and mixes more slowly"
        )
    if case.lifelines.duration < 10.0 * circulation:
        turns = case.lifelines.duration / circulation
        out.append(
            f"lifelines of {case.lifelines.duration:.0f} s hold {turns:.1f} circulations, and long stays are cut off: "
            "take ten or more"
        )
    return out


def _of_numerics(case: Case) -> list[str]:
    if case.numerics.target_mesh_cells < 50_000:
        return ["a mesh this coarse blends some 15-20 % slower than a fine one: for a first look, not for a number"]
    return []
