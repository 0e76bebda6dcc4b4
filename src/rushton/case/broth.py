"""The liquid: density, viscosity as a number or a power law, temperature, biomass."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, field_validator, model_validator

from rushton.case.fields import Density, OptionalBiomass, Quantity, Section, Temperature, UnitError, Viscosity
from rushton.case.filling import context, from_library
from rushton.correlations import apparent_viscosity
from rushton.errors import CaseError
from rushton.units import consistency_to_si


class PowerLaw(Section):
    """A shear-thinning broth: viscosity = consistency x (shear rate)^(index - 1), between min and max."""

    law: Literal["power-law"] = Field(default="power-law", description="viscosity law")
    index: float = Field(ge=0.1, le=1.5, description="flow behaviour index n")
    consistency: Annotated[float, Quantity("consistency")] = Field(
        gt=0.0, le=1000.0, description="consistency K; its unit may be written with n or with the number"
    )
    min: Viscosity = Field(default=1e-3, ge=1e-4, le=100.0, description="viscosity at the highest shear rates")
    max: Viscosity = Field(default=100.0, ge=1e-4, le=1e4, description="viscosity at rest")

    @field_validator("consistency", mode="before")
    @classmethod
    def _with_its_unit(cls, value: Any, info: ValidationInfo) -> Any:
        if context(info) is None and isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        try:
            return consistency_to_si(value, info.data.get("index", math.nan))
        except CaseError as problem:
            raise UnitError(problem) from None

    @field_validator("max")
    @classmethod
    def _above_min(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("min", 0.0):
            raise ValueError("the viscosity at rest lies below that at high shear rates; exchange min and max")
        return value

    def at(self, shear_rate: float) -> float:
        """Apparent viscosity at a shear rate in 1/s, Pa s."""
        return apparent_viscosity(self.consistency, self.index, shear_rate, self.min, self.max)


class Broth(Section):
    """The liquid: Newtonian or shear-thinning, uniform, with its biomass."""

    name: str | None = Field(default=None, description="a name of the library of broths, for what is not given here")
    density: Density = Field(default=1000.0, ge=500.0, le=2000.0, description="density")
    viscosity: Viscosity = Field(
        default=1e-3,
        ge=1e-4,
        le=100.0,
        description="dynamic viscosity, or a law as a table { law, consistency, index, min, max }; of a law it is that "
        "at the impeller by Metzner and Otto",
    )
    power_law: PowerLaw | None = Field(
        default=None, description="the law, as read from a table given as viscosity; it decides over viscosity"
    )
    temperature: Temperature = Field(default=298.15, ge=273.15, le=373.15, description="temperature")
    biomass: OptionalBiomass = Field(default=None, gt=0.0, le=400.0, description="dry weight per volume of broth")

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        def read(given: Any) -> Any:
            # a law stands where the number would; its value at the impeller follows when the tank is known
            if isinstance(given, dict) and isinstance(given.get("viscosity"), dict):
                rest = {k: v for k, v in given.items() if k != "viscosity"}
                return handler({**rest, "power_law": given["viscosity"]})
            return handler(given)

        return from_library(value, read, info, "broths", ("density", "viscosity", "temperature"))

    @property
    def kinematic_viscosity(self) -> float:
        """nu = mu / rho, m2/s."""
        return self.viscosity / self.density
