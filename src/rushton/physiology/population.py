"""Cells that differ: parameters of a population drawn about those of its strain.

    p_i = p exp(sigma z_i - sigma^2/2),   sigma^2 = ln(1 + cv^2),   z_i ~ N(0, 1)

The log-normal keeps every parameter positive; its mean is p and its relative standard deviation is cv, whatever cv.
Each parameter is drawn apart from the others, from a stream of its own name, so that a spread of one parameter is the
same draw whether or not another is spread besides.

Symbols: p a parameter of the model in its unit; cv its relative standard deviation (the `spread` of a strain); z
independent between cells and parameters. Positive, skewed differences between cells of one culture are described by
a log-normal in Limpert E. et al. 2001, BioScience 51:341.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Mapping

import numpy as np

from rushton.case.schema import LARGEST_SPREAD
from rushton.errors import ModelError
from rushton.physiology.model import CellModel


def check_spread(model: CellModel, spread: Mapping[str, float]) -> None:
    """Refuse a spread of an unknown, signed or zero parameter, or a relative deviation outside 0 to 2."""
    known = {p.name: p for p in model.parameters}
    for name, cv in spread.items():
        where = f"strain.spread.{name}"
        if name not in known:
            close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
            raise ModelError(f"model '{model.name}' has no parameter '{name}'", where, hint)
        if not 0.0 <= cv <= LARGEST_SPREAD:
            raise ModelError(
                f"{cv} is no relative standard deviation",
                where,
                f"Give a number from 0 to {LARGEST_SPREAD:g}; 0.1 is 10 % between cells.",
            )
        if known[name].value <= 0.0 and cv > 0.0:
            raise ModelError(
                f"'{name}' is {known[name].value:g} and cannot be spread in proportion to itself",
                where,
                f"Set strain.parameters.{name} above zero, or take it out of the spread.",
            )


def draw_parameters(model: CellModel, spread: Mapping[str, float], n_cell: int, seed: int) -> np.ndarray:
    """Parameters of each cell of a population, prepared as `rates` reads them.

    Parameters
    ----------
    model : CellModel
        Its parameters are the means.
    spread : mapping of str to float
        Relative standard deviation by parameter name; parameters left out are the same in all cells.
    n_cell : int
        Number of cells.
    seed : int
        Same seed, same cells: the first cells of a larger population are those of a smaller one.

    Returns
    -------
    ndarray, shape (n_cell, n_parameter)
        For `integrate_ensemble` and `advance`.

    Raises
    ------
    ModelError
        See `check_spread`.
    """
    check_spread(model, spread)
    values = model.parameter_values
    drawn = {name: values[name] * lognormal(cv, n_cell, seed, name) for name, cv in sorted(spread.items()) if cv > 0.0}
    if not drawn:
        return np.tile(model.parameter_vector, (n_cell, 1))
    rows = (
        model.prepare({**values, **{name: float(column[c]) for name, column in drawn.items()}}) for c in range(n_cell)
    )
    return np.ascontiguousarray(np.stack(list(rows)), dtype=np.float64)


def lognormal(cv: float, n: int, seed: int, name: str) -> np.ndarray:
    """(n,) log-normal factors of mean one and relative standard deviation cv, from the stream of a name."""
    sigma = np.sqrt(np.log1p(cv * cv))
    stream = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return np.exp(sigma * stream.standard_normal(n) - 0.5 * sigma * sigma)
