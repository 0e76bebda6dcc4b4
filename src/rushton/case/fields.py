"""Types of fields of a case: floats in SI that a case file writes as "number unit".

A case is read in one of two ways. From a file (a ``Medium`` stands in the validation context) every quantity is a text
with a unit, and a bare number is refused. From Python (no context) a quantity may also be a float in SI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from rushton.errors import CaseError
from rushton.units import NO_MEDIUM, Medium, to_si


class UnitError(ValueError):
    """A quantity that cannot be read, inside a pydantic validation; ``problem`` keeps the message and the hint."""

    def __init__(self, problem: CaseError) -> None:
        self.problem = problem
        super().__init__(problem.message)


@dataclass(frozen=True)
class Quantity:
    """Annotation of a field: the kind of quantity it holds (a key of ``rushton.units.KINDS``)."""

    kind: str


def _reader(kind: str) -> BeforeValidator:
    def read(value: Any, info: ValidationInfo) -> Any:
        medium = info.context.get("medium") if info.context else None
        if value is None or (medium is None and isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        try:
            return to_si(value, kind, medium if isinstance(medium, Medium) else NO_MEDIUM)
        except CaseError as problem:
            raise UnitError(problem) from None

    return BeforeValidator(read)


_FINITE = AllowInfNan(False)

Length = Annotated[float, _FINITE, _reader("length"), Quantity("length")]
Angle = Annotated[float, _FINITE, _reader("angle"), Quantity("angle")]
OptionalLength = Annotated[float | None, _reader("length"), Quantity("length")]
OptionalAngle = Annotated[float | None, _reader("angle"), Quantity("angle")]
Time = Annotated[float, _FINITE, _reader("time"), Quantity("time")]
OptionalTime = Annotated[float | None, _reader("time"), Quantity("time")]
Volume = Annotated[float, _FINITE, _reader("volume"), Quantity("volume")]
OptionalVolume = Annotated[float | None, _reader("volume"), Quantity("volume")]
Speed = Annotated[float, _FINITE, _reader("speed"), Quantity("speed")]
Density = Annotated[float, _FINITE, _reader("density"), Quantity("density")]
Viscosity = Annotated[float, _FINITE, _reader("viscosity"), Quantity("viscosity")]
Temperature = Annotated[float, _FINITE, _reader("temperature"), Quantity("temperature")]
Pressure = Annotated[float, _FINITE, _reader("pressure"), Quantity("pressure")]
OptionalBiomass = Annotated[float | None, _reader("biomass"), Quantity("biomass")]
MolarRate = Annotated[float, _FINITE, _reader("molar_rate"), Quantity("molar_rate")]
UptakeRate = Annotated[float, _FINITE, _reader("uptake"), Quantity("uptake")]
Concentration = Annotated[float, _FINITE, _reader("concentration"), Quantity("concentration")]
GasRate = Annotated[float, _FINITE, _reader("gas_rate"), Quantity("gas_rate")]
OptionalConcentration = Annotated[float | None, _reader("concentration"), Quantity("concentration")]
DissolvedOxygen = Annotated[float, _FINITE, _reader("dissolved_oxygen"), Quantity("dissolved_oxygen")]
OptionalDissolvedCarbonDioxide = Annotated[
    float | None, _reader("dissolved_carbon_dioxide"), Quantity("dissolved_carbon_dioxide")
]
OptionalDissipation = Annotated[float | None, _reader("dissipation"), Quantity("dissipation")]
OptionalVolumetricRate = Annotated[float | None, _reader("volumetric_rate"), Quantity("volumetric_rate")]
OptionalRate = Annotated[float | None, _reader("rate"), Quantity("rate")]
SurfaceTension = Annotated[float, _FINITE, _reader("surface_tension"), Quantity("surface_tension")]
FlowRate = Annotated[float, _FINITE, _reader("flow_rate"), Quantity("flow_rate")]


class Section(BaseModel):
    """A section of a case: frozen, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=False)
