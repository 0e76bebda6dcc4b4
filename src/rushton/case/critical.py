"""Values around a cell that its strain should not cross; how often and how long it does is counted along lifelines."""

from __future__ import annotations

from pydantic import Field

from rushton.case.fields import (
    DissolvedOxygen,
    OptionalConcentration,
    OptionalDissipation,
    OptionalDissolvedCarbonDioxide,
    OptionalLength,
    OptionalRate,
    Section,
)

CRITICAL_OXYGEN = 0.02
"""mol/m3, the cautious end. Critical concentrations are quoted as 0.004 (yeast, 30 degC), 0.008 (E. coli, 38 degC) and
0.022 (P. chrysogenum, 24 degC): textbook tables after Finn R.K. 1954, Bacteriol. Rev. 18:254; second-hand."""


class Critical(Section):
    """Critical values of a strain. What is not given is not counted; oxygen has a cautious default."""

    oxygen: DissolvedOxygen = Field(
        default=CRITICAL_OXYGEN, gt=0.0, le=2.0, description="dissolved oxygen below which respiration suffers"
    )
    carbon_dioxide: OptionalDissolvedCarbonDioxide = Field(
        default=None, gt=0.0, le=100.0, description="dissolved carbon dioxide above which cells suffer"
    )
    substrate: OptionalConcentration = Field(
        default=None, gt=0.0, description="substrate above which cells suffer (inhibition, overflow)"
    )
    dissipation: OptionalDissipation = Field(
        default=None, gt=0.0, description="turbulent dissipation above which cells suffer"
    )
    shear_rate: OptionalRate = Field(default=None, gt=0.0, description="shear rate above which cells suffer")
    kolmogorov_length: OptionalLength = Field(
        default=None, gt=0.0, description="size of the smallest eddies below which cells suffer, their own size say"
    )

    @property
    def limits(self) -> dict[str, tuple[float, str]]:
        """Scalar -> (critical value in SI, side on which the cell suffers), of those that are given."""
        sides = {"oxygen": "below", "kolmogorov_length": "below"}
        names = type(self).model_fields
        return {n: (getattr(self, n), sides.get(n, "above")) for n in names if getattr(self, n) is not None}
