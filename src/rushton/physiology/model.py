"""What a cell model is: named states and parameters, and one plain function of rates.

    dx/dt = rates(environment, x, parameters)        per hour, as the papers print it

A model is a frozen object. Its compiled ``rates(environment, state, parameters, out)`` writes the time derivative of
every state, then the reported rates (uptake, growth, product formation, ...), into ``out``; the same function runs in a
well-mixed vessel, along lifelines and in a lab rig. It never looks at a tank.

The substrate uptake is an input, ``environment[0] = q_s`` (`uptake="imposed"`: the cell eats what the field says it
eats), or the model's own law of the concentration (`uptake="own"`).

Symbols: x state (units of the model), q_s mol/(Cmol h), mu 1/h, C mol/kg broth, one Cmol of biomass = `molar_mass` kg.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rushton.errors import ModelError

SECONDS_PER_HOUR = 3600.0

# Name in the case file -> the module that builds it; modules are imported only when their model is asked for.
_MODULES: dict[str, str] = {
    "penicillium_tang2017": "rushton.physiology.penicillium_tang2017",
    "monod": "rushton.physiology.monod",
}

Uptake = str  # "imposed" | "own"


@dataclass(frozen=True)
class Quantity:
    """A named number of the model: a state, or a reported rate.

    Parameters
    ----------
    name : str
        Symbol of the paper, e.g. ``"X_gly"``.
    unit : str
        Unit in which the model holds it.
    description : str
        In words.
    """

    name: str
    unit: str
    description: str


@dataclass(frozen=True)
class Surrounding:
    """One entry of the environment vector.

    Parameters
    ----------
    name : str
        ``"q_s"`` (always the first) or a concentration, ``"C_..."``.
    unit : str
        Unit, ``mol/(Cmol h)`` or ``mol/kg``.
    description : str
        In words.
    default : float
        Value where the user says nothing (a concentration that the process keeps constant).
    consumed_by : str
        Name of the reported rate that takes it from the broth; empty where there is none.
    """

    name: str
    unit: str
    description: str
    default: float = 0.0
    consumed_by: str = ""


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
class CellModel:
    """A cell model: what it holds, what it asks of the environment, and how fast it changes.

    Parameters
    ----------
    name, title : str
        Name in the case file; the model in words.
    states : tuple of Quantity
        The dynamic states, in the order of the state vector. May be empty (a memoryless model).
    environment : tuple of Surrounding
        What the environment vector holds; the first is the specific uptake ``q_s``.
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
    def uptake_per_mol_kg_s(self) -> float:
        """mol/(Cmol h) in one mol/(kg dry weight s): uptake of the case file -> uptake of the model."""
        return self.molar_mass * SECONDS_PER_HOUR

    def with_uptake(self, uptake: Uptake) -> CellModel:
        """The same model with the uptake ``"imposed"`` or by its ``"own"`` law."""
        if uptake not in ("imposed", "own"):
            raise ModelError(f"unknown way of uptake '{uptake}'", self.name, "Take 'imposed' or 'own'.")
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


def get_model(name: str, overrides: Mapping[str, float] | None = None, uptake: Uptake = "imposed") -> CellModel:
    """The named cell model, with some parameters replaced.

    Parameters
    ----------
    name : str
        One of `model_names`.
    overrides : mapping of str to float, optional
        New values by parameter name, in the units of the model.
    uptake : {"imposed", "own"}
        Uptake as an input, or by the model's own law of the concentration.

    Raises
    ------
    ModelError
        Unknown model or parameter (the nearest valid name is given), a negative or non-finite value.

    Examples
    --------
    >>> get_model("monod").state_names
    ()
    """
    if name not in _MODULES:
        raise ModelError(f"unknown cell model '{name}'", "strain.model", _nearest(name, _MODULES))
    model: CellModel = importlib.import_module(_MODULES[name]).build()
    return _override(model, overrides or {}).with_uptake(uptake)


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


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    if close:
        return f"Did you mean '{close[0]}'?"
    return "Known: " + ", ".join(sorted(known)) + "."
