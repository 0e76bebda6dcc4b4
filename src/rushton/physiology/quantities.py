"""The named numbers of a cell model, and what their units come to in SI.

    c = C x per_mol_kg        concentration in the unit of the model from C in mol per kg of broth
    q x si                    specific rate in mol/(kg dry weight s) from q in the unit of the model (mu: 1/s)

Papers print g/L, mmol/L or % of air saturation, and g/(g h), mmol/(g h) or mol/(Cmol h). A model keeps the unit of its
paper; the two factors follow from the unit, from the species it speaks of and, per litre, from the density of the
broth. So every caller hands over mol/kg and reads mol/(kg s), whatever the model.

Signs: a reported rate is positive as the paper prints it. `Quantity.trade` says which way that is for the broth:
-1 what is taken up (q_s, q_O2), +1 what is given back (q_CO2, an overflow product; negative while it is re-used),
0 neither (growth, pools).

Symbols: M molar mass of the species, kg/mol; W dry weight of one Cmol of biomass, kg/Cmol; rho broth, kg/m3.
Molar masses: IUPAC standard atomic weights 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

from rushton.errors import ModelError

SECONDS_PER_HOUR = 3600.0
WATER = 1000.0
"""Density at which one litre of broth is one kilogram, kg/m3."""

MOLAR_MASS: dict[str, float] = {
    "acetaldehyde": 44.053e-3,
    "acetate": 60.052e-3,
    "ammonia": 17.031e-3,
    "carbon_dioxide": 44.009e-3,
    "ethanol": 46.069e-3,
    "glucose": 180.156e-3,
    "glycerol": 92.094e-3,
    "lactate": 90.078e-3,
    "penicillin": 334.39e-3,
    "oxygen": 31.998e-3,
    "pyruvate": 88.062e-3,
    "sucrose": 342.30e-3,
    "biomass": 1.0,
}
"""kg/mol, acids as the free acid, penicillin as penicillin G. Biomass is told in kg dry weight per kg, so its "molar
mass" is one."""

SUBSTRATE = "substrate"
"""The fed substrate, whichever it is: the species of models that are not tied to one."""


@dataclass(frozen=True)
class Parameter:
    """A kinetic parameter with its unit and how sure it is."""

    name: str
    value: float
    unit: str
    description: str = ""
    source: str = ""
    uncertainty: str = ""
    signed: bool = False


@dataclass(frozen=True)
class Quantity:
    """A named number of the model: a state, or a reported rate.

    Parameters
    ----------
    name : str
        Symbol of the paper, e.g. ``"X_gly"``. Across models: ``q_s``, ``mu``, ``q_p``, ``q_O2``, ``q_CO2``, ``k_d``.
    unit : str
        Unit in which the model holds it.
    description : str
        In words.
    species : str
        What a reported rate moves between cell and broth, e.g. ``"oxygen"``; empty where it moves nothing.
    trade : int
        -1 where a positive value takes from the broth, +1 where it gives to the broth, 0 for neither.
    """

    name: str
    unit: str
    description: str
    species: str = ""
    trade: int = 0


@dataclass(frozen=True)
class Surrounding:
    """One entry of the environment vector.

    Parameters
    ----------
    name : str
        ``"q_s"`` (always the first), ``"C_s"`` (always the second) or another concentration, ``"C_..."``.
    unit : str
        Unit of the model: ``"mol/kg"``, ``"g/L"``, ``"mmol/L"``, ``"%"`` of saturation; a unit of rate for ``q_s``.
    description : str
        In words.
    default : float
        Value where the user says nothing (a concentration that the process keeps constant), in `unit`.
    species : str
        The physical species it stands for, e.g. ``"glucose"``, ``"oxygen"``, ``"biomass"``; empty for ``q_s``.
    saturation : float
        Concentration at 100 %, mol/kg; for the unit ``"%"`` only.
    """

    name: str
    unit: str
    description: str
    default: float = 0.0
    species: str = ""
    saturation: float = 0.0

    def per_mol_kg(self, density: float = WATER) -> float:
        """Value in the unit of the model of one mol per kg of broth, at this density of the broth, kg/m3."""
        return concentration_per_mol_kg(self.unit, self.species, density, self.saturation)


def concentration_per_mol_kg(unit: str, species: str, density: float = WATER, saturation: float = 0.0) -> float:
    """What one mol per kg of broth is in another unit of concentration.

    Parameters
    ----------
    unit : str
        ``mol/kg``, ``mmol/kg``, ``umol/kg``, ``g/kg``, ``mol/m3``, ``mol/L``, ``mmol/L``, ``umol/L``, ``g/L``,
        ``mg/L``, ``kg/m3`` or ``%``.
    species : str
        Whose molar mass turns moles into grams.
    density : float
        Of the broth, kg/m3.
    saturation : float
        Concentration at 100 %, mol/kg.

    Raises
    ------
    ModelError
        Unknown unit, a unit of mass of a species without known molar mass, ``%`` without saturation.

    Examples
    --------
    >>> round(concentration_per_mol_kg("g/L", "glucose"), 3)
    180.156
    """
    by_moles = {
        "mol/kg": 1.0,
        "mmol/kg": 1e3,
        "umol/kg": 1e6,
        "mol/m3": density,
        "mmol/L": density,
        "mol/L": 1e-3 * density,
        "umol/L": 1e3 * density,
    }
    by_mass = {"g/kg": 1e3, "g/L": density, "kg/m3": density, "mg/L": 1e3 * density}
    if unit in by_moles:
        return by_moles[unit]
    if unit in by_mass:
        return by_mass[unit] * molar_mass(species)
    if unit == "%":
        if saturation <= 0.0:
            raise ModelError(
                f"{species or 'a concentration'} is given in % without what 100 % is",
                "surrounding",
                "Give `saturation`, mol per kg of broth (about 2.2e-4 for oxygen under air at 37 degC).",
            )
        return 100.0 / saturation
    raise ModelError(
        f"unknown unit of concentration '{unit}'", "surrounding", f"Known: {', '.join([*by_moles, *by_mass, '%'])}."
    )


def rate_to_si(unit: str, species: str, cmol: float) -> float | None:
    """What one unit of a specific rate is in mol/(kg dry weight s); for ``1/h`` in 1/s.

    Parameters
    ----------
    unit : str
        Amount over biomass and time, e.g. ``mol/(Cmol h)``, ``g/(g h)``, ``mmol/(g h)``, ``umol/(gdw h)``; or ``1/h``.
    species : str
        Whose molar mass turns grams into moles.
    cmol : float
        Dry weight of one Cmol of biomass, kg/Cmol.

    Returns
    -------
    float or None
        None for a unit that is no rate (a pool, a share).

    Examples
    --------
    >>> rate_to_si("mmol/(g h)", "oxygen", 0.025) * 3600.0
    1.0
    """
    if unit in ("1/h", "1/s"):
        return 1.0 if unit == "1/s" else 1.0 / SECONDS_PER_HOUR
    amount, _, per = unit.partition("/(")
    biomass, _, time = per.rstrip(")").partition(" ")
    moles = {"mol": 1.0, "mmol": 1e-3, "umol": 1e-6}
    grams = {"kg": 1.0, "g": 1e-3, "mg": 1e-6}
    kilograms = {"kg": 1.0, "g": 1e-3, "gdw": 1e-3, "Cmol": cmol}
    seconds = {"h": SECONDS_PER_HOUR, "s": 1.0}
    if biomass not in kilograms or time not in seconds or amount not in {**moles, **grams}:
        return None
    factor = moles[amount] if amount in moles else grams[amount] / molar_mass(species)
    return factor / (kilograms[biomass] * seconds[time])


def molar_mass(species: str) -> float:
    """kg/mol of a species that a model speaks of; refuses one that is not in `MOLAR_MASS`."""
    if species not in MOLAR_MASS:
        raise ModelError(
            f"the molar mass of '{species}' is not known, so grams of it cannot be turned into moles",
            "species",
            f"Write the model in moles, or name one of: {', '.join(sorted(MOLAR_MASS))}.",
        )
    return MOLAR_MASS[species]
