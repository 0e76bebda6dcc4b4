"""Trying functions that someone else wrote before minutes are spent on them.

`rates` and `uptake` run at the start of the model with and without uptake and substrate: in plain Python, where an
index out of range is an error and not memory of something else, then compiled by numba under the one signature, and
both against each other.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from rushton.errors import ModelError
from rushton.physiology.model import CellModel

_TRIED_UPTAKE = (0.0, 1e-4)  # mol/(kg s)
_TRIED_SUBSTRATE = (0.0, 1e-5, 1e-2)  # mol/kg


def last_line(error: BaseException, path: str) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    return f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")


def _situations(model: CellModel) -> list[tuple[np.ndarray, np.ndarray]]:
    """Surroundings and states in which a file is tried: fed and unfed, with and without substrate."""
    per_mol = model.environment[1].per_mol_kg() if model.environment[1].species else 1.0
    return [
        (model.environment_vector(q * model.uptake_per_mol_kg_s, C_s=c * per_mol), np.array(model.start, dtype=float))
        for q in _TRIED_UPTAKE
        for c in _TRIED_SUBSTRATE
    ]


def try_plain(model: CellModel, rates: Callable[..., Any], uptake: Callable[..., Any] | None, where: str) -> None:
    """Run the functions in plain Python and look at every number they write."""
    names = [f"the derivative of {n}" for n in model.state_names] + list(model.reported_names)
    for around, state in _situations(model):
        met = f"q_s = {around[0]:.4g}, C_s = {around[1]:.4g}"
        out = np.full(model.n_out, np.nan)
        try:
            with np.errstate(all="ignore"):
                given = rates(around.copy(), state.copy(), model.parameter_vector, out)
                own = None if uptake is None else uptake(around.copy(), state.copy(), model.parameter_vector)
        except IndexError as error:
            raise ModelError(
                f"`rates` or `uptake` in {where} reaches beyond its arrays: {last_line(error, where)}",
                model.name,
                f"environment has {len(around)} places ({', '.join(model.environment_names)}), state {len(state)}, "
                f"parameters {len(model.parameters)}, out {model.n_out}: {model.n_state} derivatives, then "
                f"{', '.join(model.reported_names)}.",
            ) from error
        except Exception as error:  # the user's code may raise anything; it is refused with its own line
            raise ModelError(
                f"`rates` or `uptake` in {where} fails at {met}: {last_line(error, where)}",
                model.name,
                "It must work in plain Python with arrays of numbers.",
            ) from error
        if given is not None:
            raise ModelError(
                f"`rates` in {where} returns {given!r}", model.name, "It writes into `out`, returns nothing."
            )
        for i, value in enumerate(out):
            if not np.isfinite(value):
                raise ModelError(
                    f"`rates` in {where} leaves out[{i}], {names[i]}, without a number at {met}",
                    model.name,
                    f"Write out[{i}] in every case; guard against a division by zero.",
                )
        eaten = out[model.n_state]
        if abs(eaten - around[0]) > 1e-6 * max(abs(around[0]), abs(eaten)):
            raise ModelError(
                f"`rates` in {where} reports q_s = {eaten:.4g} where {around[0]:.4g} is imposed",
                model.name,
                "What is imposed is eaten: report environment[0]. The model's own law belongs in `uptake`.",
            )
        if own is not None and (not np.isfinite(own) or own < 0.0):
            raise ModelError(
                f"`uptake` in {where} gives {own} at {met}", model.name, "It must return zero or more for every C_s."
            )


def compile_both(rates: Callable[..., Any], uptake: Callable[..., Any] | None, where: str) -> tuple[Any, Any]:
    """Both functions compiled under the one signature; the own law is None where there is no `uptake`."""
    from numba import njit
    from numba.core.errors import NumbaError

    from rushton.physiology.compiled import RATES

    try:
        imposed = njit(RATES)(rates)
        if uptake is None:
            return imposed, None
        law = njit(uptake)

        @njit(RATES)
        def own(environment, state, parameters, out):
            around = environment.copy()
            around[0] = law(environment, state, parameters)
            imposed(around, state, parameters, out)

        return imposed, own
    except NumbaError as error:
        first = next((line for line in str(error).splitlines() if line.strip()), "")
        raise ModelError(
            f"`rates` or `uptake` in {where} cannot be compiled: {first}",
            "strain.model_file",
            "Use numbers, loops, if, and functions of math or numpy on single numbers; read arrays by index.",
        ) from error


def compare(model: CellModel, rates: Callable[..., Any], where: str) -> None:
    """Compiled and plain must agree: they do not where `rates` keeps something between calls."""
    for around, state in _situations(model):
        plain = np.zeros(model.n_out)
        rates(around.copy(), state.copy(), model.parameter_vector, plain)
        derivatives, reported = model.evaluate(around, state)
        compiled = [*derivatives, *reported.values()]
        if not np.allclose(compiled, plain, rtol=1e-9, atol=1e-300):
            raise ModelError(
                f"`rates` in {where} gives other numbers compiled than in plain Python",
                model.name,
                "It must depend on its arguments only: no global that changes, no random numbers.",
            )
