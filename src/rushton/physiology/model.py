"""What a cell model is: named states and parameters, and one plain function of rates.

    dx/dt = rates(environment, x, parameters)        per hour, as the papers print it

A model is a frozen object. Its compiled ``rates(environment, state, parameters, out)`` writes the time derivative of
every state, then the reported rates (uptake, growth, product formation, ...), into ``out``; the same function runs in a
well-mixed vessel, along lifelines and in a lab rig. It never looks at a tank.

The substrate uptake is an input, ``environment[0] = q_s`` (`uptake="imposed"`: the cell eats what the field says it
eats), or the model's own law of the concentration (`uptake="own"`).

A model keeps the units of its paper. Callers that know fields speak SI: `surroundings_from_mol_kg` fills what the model
asks for from mol per kg of broth by species, `si_rates` gives its rates in mol/(kg dry weight s), and `trades` says
which rate takes or gives which species.

Symbols: x state, q specific rates, C concentrations (each in the unit of the model), mu 1/h, one Cmol of biomass =
`molar_mass` kg.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.quantities import (
    SECONDS_PER_HOUR,
    SUBSTRATE,
    WATER,
    Parameter,
    Quantity,
    Surrounding,
    rate_to_si,
)

if TYPE_CHECKING:
    from rushton.case.schema import Strain

__all__ = [
    "SECONDS_PER_HOUR",
    "CellModel",
    "Parameter",
    "Quantity",
    "Surrounding",
    "Trade",
    "get_model",
    "model_names",
    "model_of",
    "register_model",
]

# Name in the case file -> the module that builds it; modules are imported only when their model is asked for.
_MODULES: dict[str, str] = {
    "penicillium_tang2017": "rushton.physiology.penicillium_tang2017",
    "monod": "rushton.physiology.monod",
    "adaptation_pigou2017": "rushton.physiology.adaptation_pigou2017",
    "ecoli_xu1999": "rushton.physiology.ecoli_xu1999",
    "ecoli_anane2017": "rushton.physiology.ecoli_anane2017",
    "yeast_lei2001": "rushton.physiology.yeast_lei2001",
}

Uptake = str  # "imposed" | "own"


@dataclass(frozen=True)
class Trade:
    """One species that the cell takes from the broth or gives to it.

    Parameters
    ----------
    species : str
        What is traded, e.g. ``"oxygen"``.
    reported : int
        Column of the rate among the reported rates.
    into_broth : float
        mol/(kg dry weight s) given to the broth per unit of that rate; negative for what is taken up.
    surrounding : int
        Column of the environment in which the cell feels it; -1 where it does not feel it.
    """

    species: str
    reported: int
    into_broth: float
    surrounding: int


@dataclass(frozen=True)
class CellModel:
    """A cell model: what it holds, what it asks of the environment, and how fast it changes.

    Parameters
    ----------
    name, title : str
        Name in the case file; the model in words.
    states : tuple of Quantity
        The dynamic states, in the order of the state vector. May be empty (a memoryless model).
    environment : tuple of Surrounding
        What the environment vector holds; the first is the specific uptake ``q_s``, the second ``C_s``.
    reported : tuple of Quantity
        What `rates` writes behind the derivatives; the first three are always ``q_s``, ``mu`` and ``q_p``.
    parameters : tuple of Parameter
        Values with unit and source.
    start : tuple of float
        A plausible state, from which steady states are sought.
    molar_mass : float
        Dry weight of one C-mole of biomass, kg/Cmol.
    imposed, own : compiled functions
        ``rates(environment, state, parameters, out)`` with the uptake imposed, and with the model's own uptake law.
    prepare : callable
        Turns the parameter values into the vector that `rates` reads (constants such as 10^(pH - pK) formed once).
    sources : tuple of str
        What to cite.
    has_product : bool
        Whether ``q_p`` means anything.
    uptake : {"imposed", "own"}
        Which of the two functions `rates` is.
    """

    name: str
    title: str
    states: tuple[Quantity, ...]
    environment: tuple[Surrounding, ...]
    reported: tuple[Quantity, ...]
    parameters: tuple[Parameter, ...]
    start: tuple[float, ...]
    molar_mass: float
    imposed: Any
    own: Any
    prepare: Callable[[Mapping[str, float]], np.ndarray]
    sources: tuple[str, ...]
    has_product: bool = True
    uptake: Uptake = "imposed"

    @property
    def rates(self) -> Any:
        """The compiled ``rates(environment, state, parameters, out)`` in use."""
        return self.imposed if self.uptake == "imposed" else self.own

    @property
    def state_names(self) -> tuple[str, ...]:
        return tuple(q.name for q in self.states)

    @property
    def reported_names(self) -> tuple[str, ...]:
        return tuple(q.name for q in self.reported)

    @property
    def environment_names(self) -> tuple[str, ...]:
        return tuple(q.name for q in self.environment)

    @property
    def n_state(self) -> int:
        return len(self.states)

    @property
    def n_out(self) -> int:
        """Length of what `rates` writes: derivatives, then reported rates."""
        return len(self.states) + len(self.reported)

    @property
    def parameter_values(self) -> dict[str, float]:
        return {p.name: p.value for p in self.parameters}

    @property
    def parameter_vector(self) -> np.ndarray:
        """The float64 vector that `rates` reads."""
        return np.ascontiguousarray(self.prepare(self.parameter_values), dtype=np.float64)

    @property
    def substrate(self) -> str:
        """Species of ``C_s``: what the cell lives on; ``"substrate"`` where it is whatever is fed."""
        return self.environment[1].species

    @property
    def uptake_per_mol_kg_s(self) -> float:
        """Uptake in the unit of the model in one mol/(kg dry weight s)."""
        return 1.0 / _si(self.reported[0], self.molar_mass)

    @property
    def rate_factors(self) -> np.ndarray:
        """(n_reported,) what one unit of each reported rate is in SI: mol/(kg dry weight s), 1/s; NaN for no rate."""
        found = (rate_to_si(q.unit, q.species, self.molar_mass) for q in self.reported)
        return np.array([np.nan if factor is None else factor for factor in found])

    @property
    def trades(self) -> tuple[Trade, ...]:
        """What the cell takes from the broth and gives to it, in the order of the reported rates."""
        felt = {s.species: i for i, s in enumerate(self.environment) if s.species}
        return tuple(
            Trade(q.species, i, q.trade * _si(q, self.molar_mass), felt.get(q.species, -1))
            for i, q in enumerate(self.reported)
            if q.trade
        )

    def surroundings_from_mol_kg(self, by_species: Mapping[str, Any], density: float = WATER) -> dict[str, Any]:
        """What the model asks for, in its own units, from concentrations by species.

        Parameters
        ----------
        by_species : mapping of str to float or ndarray
            mol per kg of broth (biomass: kg dry weight per kg). ``"substrate"`` is the species of ``C_s``, whatever the
            model calls it. A species that the model does not look at is left out.
        density : float
            Of the broth, kg/m3, for models that count per litre.

        Returns
        -------
        dict of str to float or ndarray
            By the name of the surrounding, e.g. ``{"C_s": ..., "C_O2": ...}``.
        """
        found = {}
        for around in self.environment[1:]:
            given = by_species.get(around.species)
            if given is None and around.name == "C_s":
                given = by_species.get(SUBSTRATE)
            if given is not None and around.species:
                found[around.name] = np.asarray(given) * around.per_mol_kg(density)
        return found

    def within(self, by_species: Mapping[str, float], density: float = WATER) -> CellModel:
        """The same model whose surroundings, where nothing else is said, are these: mol/kg, biomass kg/kg."""
        known = self.surroundings_from_mol_kg(by_species, density)
        around = tuple(replace(s, default=float(known[s.name])) if s.name in known else s for s in self.environment)
        return replace(self, environment=around)

    def si_rates(self, reported: Any) -> dict[str, Any]:
        """Reported rates (..., n_reported) in SI by name: mol/(kg dry weight s), growth and decay in 1/s.

        Signs as the model reports them (see `quantities`); what is no rate, e.g. a pool, is left out.
        """
        columns = np.moveaxis(np.asarray(reported, dtype=np.float64), -1, 0)
        pairs = zip(self.reported_names, self.rate_factors, columns, strict=True)
        return {name: factor * column for name, factor, column in pairs if np.isfinite(factor)}

    def exchange_from(self, reported: Any) -> dict[str, Any]:
        """What cells with these reported rates (..., n_reported) give to the broth, by species, mol/(kg dry weight s).

        Negative for what they take up.
        """
        columns = np.moveaxis(np.asarray(reported, dtype=np.float64), -1, 0)
        return {t.species: t.into_broth * columns[t.reported] for t in self.trades}

    def with_uptake(self, uptake: Uptake) -> CellModel:
        """The same model with the uptake ``"imposed"`` or by its ``"own"`` law."""
        if uptake not in ("imposed", "own"):
            raise ModelError(f"unknown way of uptake '{uptake}'", self.name, "Take 'imposed' or 'own'.")
        if uptake == "own" and self.own is None:
            raise ModelError(
                "the model has no uptake law of its own",
                self.name,
                "Add def uptake(environment, state, parameters) that returns q_s, or impose the uptake.",
            )
        return replace(self, uptake=uptake)

    def environment_vector(self, q_s: float = 0.0, **concentrations: float) -> np.ndarray:
        """Environment (n_environment,) from the imposed uptake and named concentrations, defaults for the rest."""
        values = {s.name: s.default for s in self.environment}
        values["q_s"] = q_s
        for name, value in concentrations.items():
            if name not in values:
                raise ModelError(f"no such quantity around the cell: '{name}'", self.name, _nearest(name, values))
            values[name] = value
        return np.array([values[s.name] for s in self.environment], dtype=np.float64)

    def reported_vector(self, environment: np.ndarray, state: np.ndarray) -> np.ndarray:
        """The reported rates (n_reported,) at one point, in the units of the model."""
        return np.array(list(self.evaluate(environment, state)[1].values()))

    def evaluate(self, environment: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """Derivatives (n_state,) per hour and the reported rates by name, at one point."""
        out = np.zeros(self.n_out)
        self.rates(
            np.ascontiguousarray(environment, dtype=np.float64),
            np.ascontiguousarray(state, dtype=np.float64),
            self.parameter_vector,
            out,
        )
        reported = {name: float(out[self.n_state + i]) for i, name in enumerate(self.reported_names)}
        return out[: self.n_state], reported


def model_names() -> tuple[str, ...]:
    """Names of all known models; imports none of them."""
    return tuple(sorted(_MODULES))


def register_model(name: str, module: str) -> None:
    """Make a model of your own known under a name: `module` must define ``build() -> CellModel``."""
    _MODULES[name] = module


def get_model(
    name: str,
    overrides: Mapping[str, float] | None = None,
    uptake: Uptake = "imposed",
    file: str | None = None,
) -> CellModel:
    """The named cell model, with some parameters replaced.

    Parameters
    ----------
    name : str
        One of `model_names`.
    overrides : mapping of str to float, optional
        New values by parameter name, in the units of the model.
    uptake : {"imposed", "own"}
        Uptake as an input, or by the model's own law of the concentration.
    file : str, optional
        Python file with a model of the user, in which `name` is a class; see `physiology.user_model`.

    Raises
    ------
    ModelError
        Unknown model or parameter (the nearest valid name is given), a negative or non-finite value.

    Examples
    --------
    >>> get_model("monod").state_names
    ()
    """
    if file is not None:
        from rushton.physiology.user_model import load_model

        return _override(load_model(file, name), overrides or {}).with_uptake(uptake)
    if name not in _MODULES:
        raise ModelError(f"unknown cell model '{name}'", "strain.model", _nearest(name, _MODULES))
    model: CellModel = importlib.import_module(_MODULES[name]).build()
    return _override(model, overrides or {}).with_uptake(uptake)


def model_of(strain: Strain, uptake: Uptake = "imposed") -> CellModel:
    """The cell model of a case's strain with the strain's parameters.

    Parameters
    ----------
    strain : Strain
        ``case.strain``.
    uptake : {"imposed", "own"}
        As for `get_model`.

    Raises
    ------
    ModelError
        As `get_model`; and a spread of a parameter that the model does not have.
    """
    model = get_model(strain.model, strain.parameters, uptake, strain.model_file)
    if strain.spread:
        from rushton.physiology.population import check_spread

        check_spread(model, strain.spread)
    return model


def _override(model: CellModel, overrides: Mapping[str, float]) -> CellModel:
    known = {p.name: p for p in model.parameters}
    for name, value in overrides.items():
        where = f"strain.parameters.{name}"
        if name not in known:
            raise ModelError(f"model '{model.name}' has no parameter '{name}'", where, _nearest(name, known))
        if not np.isfinite(value):
            raise ModelError(f"{value} is not a number", where, f"Give a value in {known[name].unit}.")
        if value < 0 and not known[name].signed:
            raise ModelError(f"{value} is negative", where, f"Give zero or more, in {known[name].unit}.")
    changed = tuple(
        replace(p, value=float(overrides[p.name]), source="case file", uncertainty="") if p.name in overrides else p
        for p in model.parameters
    )
    return replace(model, parameters=changed)


def _si(quantity: Quantity, cmol: float) -> float:
    factor = rate_to_si(quantity.unit, quantity.species, cmol)
    if factor is None:
        raise ModelError(
            f"'{quantity.unit}' is no unit of a specific rate",
            quantity.name,
            "Write it like mol/(Cmol h), mmol/(g h) or g/(g h).",
        )
    return factor


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    if close:
        return f"Did you mean '{close[0]}'?"
    return "Known: " + ", ".join(sorted(known)) + "."
