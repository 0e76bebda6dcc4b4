"""What a technician may write into a lab sheet: names, units, how sure an assay usually is, how it is shown.

A reading may be absolute or, where it says so, per cent of the reference run. Masses become moles by the molar mass of
what is measured: of the fed substrate and of by-products it is known, of the product it may have to be given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rushton.errors import CaseError
from rushton.physiology.quantities import MOLAR_MASS
from rushton.units import Medium, to_si

WATER = 1000.0  # kg/m3, at which amounts per mass of broth are counted
BY_PRODUCT_LEAST = (
    0.1  # mol/m3, half of what HPLC or an enzymatic assay tells from nothing, some 10 mg/L; bench practice
)


@dataclass(frozen=True)
class Quantity:
    """Something that is read.

    Attributes
    ----------
    name, title : str
        In the file; in words.
    kind : str
        Of quantity (``rushton.units.KINDS``).
    unit : str
        In which an empty sheet asks for it.
    assay : float
        Usual relative standard deviation of a reading, where none is given.
    assay_least : float
        The same, absolute, SI: what a reading near zero is sure to.
    at_port : bool
        Whether it differs from port to port.
    relative : bool
        Whether it may be told in per cent of the reference run.
    """

    name: str
    title: str
    kind: str
    unit: str
    assay: float
    assay_least: float = 0.0
    at_port: bool = False
    relative: bool = False


_ALL = (
    Quantity("substrate", "substrate", "concentration", "mg/L", 0.10, at_port=True),
    Quantity("dissolved_oxygen", "dissolved oxygen", "dissolved_oxygen", "%", 0.03, 0.02, at_port=True),
    Quantity("biomass", "biomass", "biomass", "g/L", 0.03),
    Quantity("titre", "product titre", "concentration", "g/L", 0.03),
    Quantity("specific_productivity", "specific productivity", "uptake", "%", 0.05, relative=True),
    Quantity("growth", "growth rate, net", "rate", "1/h", 0.05),
    Quantity("yield", "biomass yield", "yield", "g/g", 0.05, relative=True),
    Quantity("oxygen_uptake", "oxygen uptake", "volumetric_rate", "mmol/L/h", 0.05),
    Quantity("feed_weight", "stock fed, weight", "mass", "g", 0.0, 2e-4),
    Quantity("feed_volume", "stock fed, volume", "volume", "mL", 0.01),
    Quantity("gas_flow", "gas flow", "flow_rate", "L/min", 0.02),
)
QUANTITIES = {q.name: q for q in _ALL}
"""By name; an overflow product may be named besides."""
ALSO = {
    "do": "dissolved_oxygen", "dot": "dissolved_oxygen", "po2": "dissolved_oxygen", "oxygen": "dissolved_oxygen",
    "our": "oxygen_uptake", "qo2x": "oxygen_uptake", "dry_weight": "biomass", "cdw": "biomass", "dcw": "biomass",
    "mu": "growth", "growth_rate": "growth", "product": "titre", "titer": "titre", "q_p": "specific_productivity",
    "acetic_acid": "acetate", "lactic_acid": "lactate", "pyruvic_acid": "pyruvate",
}  # fmt: skip
"""Other names that technicians write."""
NEVER_PREDICTED = (
    "ph", "temperature", "rq", "cer", "ctr", "carbon_dioxide", "off_gas_co2", "off_gas_o2", "od", "od600", "viability",
    "foam", "base", "acid", "ammonium", "phosphate", "osmolality", "conductivity", "pressure", "comment",
)  # fmt: skip
"""What else is read in a lab and belongs to no prediction: passed over with a note."""
OVERFLOW = ("acetate", "ethanol", "lactate", "pyruvate", "glycerol", "acetaldehyde", "formate", "succinate", "ammonia")
"""By-products that are read whether the cell model knows them or not."""


def by_product(name: str) -> Quantity:
    """An overflow product, such as acetate; in moles where its molar mass is not known."""
    unit = "g/L" if name in MOLAR_MASS else "mmol/L"
    return Quantity(name, name.replace("_", " "), "concentration", unit, 0.05, BY_PRODUCT_LEAST)


@dataclass(frozen=True)
class Reader:
    """Turns a value with its unit into SI; absolute, or relative to the reference run.

    Attributes
    ----------
    substrate_mass : float
        Molar mass of the fed substrate, kg/mol.
    product_mass : float or None
        Of the product; None where it is not known.
    species_mass : callable
        Of a by-product, by its name; None where it is not known.
    oxygen_saturation : float or None
        mol/m3 at 100 %.
    """

    substrate_mass: float
    product_mass: float | None
    species_mass: Callable[[str], float | None]
    oxygen_saturation: float | None

    def factor(self, quantity: Quantity, unit: str, where: str) -> tuple[float, bool]:
        """What turns a number in a unit into SI, and whether it is told relative to the reference run.

        Raises
        ------
        CaseError
            A unit of something else, or of masses whose molar mass is not known; names the units that would do.
        """
        if unit in ("%", "percent") and (quantity.relative or quantity.name == "dissolved_oxygen"):
            return 0.01, quantity.relative
        if quantity.name == "yield":
            return self._yield(unit, where), False
        if quantity.name == "dissolved_oxygen":
            if self.oxygen_saturation is None:
                raise CaseError("oxygen is not predicted in this rig", where, "leave the line out")
            try:
                return to_si(f"1 {unit}", quantity.kind, Medium(density=WATER), where) / self.oxygen_saturation, False
            except CaseError:
                what = f"'{unit}' is not a unit of dissolved oxygen"
                raise CaseError(what, where, "write it in % of air saturation, in mg/L or umol/L") from None
        try:
            return to_si(f"1 {unit}", quantity.kind, self._medium(quantity), where), False
        except CaseError as error:
            raise CaseError(*self._in_words(error, quantity, unit, where)) from None

    def _medium(self, quantity: Quantity) -> Medium:
        if quantity.name in ("titre", "specific_productivity"):
            mass = self.product_mass
        elif quantity.name == "substrate":
            mass = self.substrate_mass
        else:
            mass = self.species_mass(quantity.name) if quantity.kind == "concentration" else None
        return Medium(density=WATER, molar_mass=mass)

    def _in_words(self, error: CaseError, quantity: Quantity, unit: str, where: str) -> tuple[str, str, str]:
        if "not known here" in str(error) and quantity.name in ("titre", "specific_productivity"):
            return (
                f"'{unit}' counts grams of a product whose molar mass is not known",
                where,
                "add a line such as '# product_molar_mass: 334.4 g/mol' at the top of the file, or give moles"
                + (", or % of the reference run" if quantity.relative else ""),
            )
        if "not known here" in str(error):
            what = f"'{unit}' counts grams of {quantity.title}, whose molar mass is not known"
            return what, where, "give moles, such as mmol/L"
        allowed = f"write the {quantity.title} in {quantity.unit}"
        return f"'{unit}' is not a unit of {quantity.title}", where, f"{allowed}; {error.hint}"

    def _yield(self, unit: str, where: str) -> float:
        per = {"g/g": 1.0 * self.substrate_mass, "kg/kg": self.substrate_mass, "g/mol": 1e-3, "kg/mol": 1.0}
        if unit not in per:
            raise CaseError(
                f"'{unit}' is not a unit of a yield", where, "write g/g, g/mol, or % for per cent of the reference run"
            )
        return per[unit]


def number_of(text: str, comma: bool) -> float | None:
    """A number as a technician writes it; None where it is none."""
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def of_name(name: str, by_products: Any) -> Quantity | None:
    """The quantity of a name; None where there is no such."""
    name = ALSO.get(name, name)
    if name in QUANTITIES:
        return QUANTITIES[name]
    return by_product(name) if name in (by_products or {}) or name in OVERFLOW else None
