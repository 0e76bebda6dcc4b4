"""Section ``response`` of summary.json: headline numbers, each with its band, variables, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.response.convergence import cautions, convergence

if TYPE_CHECKING:
    from rushton.response.result import Response

HEADLINE = ("relative_productivity", "relative_productivity_final", "relative_yield")


def summary(response: Response) -> dict[str, Any]:
    """All numbers of a response; null with a reason where one cannot be formed."""
    out: dict[str, Any] = {
        "model": response.model,
        "uptake": response.uptake,
        "sources": list(response.sources),
        "histories": response.n_history,
        "duration_s": response.duration,
        "uptake_mismatch": response.uptake_mismatch,
        "joins": response.joins,
        "far_joins": response.far_joins,
        "borrowed_joins": response.borrowed,
        "groups": response.groups.count,
        "surroundings": {"fields": list(response.varying), "constants": response.constants,
                         "defaults": list(response.defaults), "lacking": list(response.lacking)},
        "substeps": response.substeps,
    }  # fmt: skip
    for key in HEADLINE:
        value = getattr(response, key)
        out[key] = value
        if value is None:
            product = f"model {response.model} forms no product with these parameters"
            reason = "the cells of the ideally mixed vessel do not grow" if key == "relative_yield" else product
            out |= {f"{key}_reason": reason, f"{key}_band": None, f"{key}_band_reason": reason}
            continue
        band = response.band(key)
        out[f"{key}_band"] = band.tolist() if np.isfinite(band).all() else None
        if out[f"{key}_band"] is None:
            out[f"{key}_band_reason"] = f"{response.groups.count} groups of histories are too few for a band"
    rows = {name: variable.row() for name, variable in response.variables.items()}
    kinds = {name: variable.kind for name, variable in response.variables.items()}
    for section, kind in (("rates", "rate"), ("ratios", "ratio"), ("states", "pool")):
        out[section] = {name: row for name, row in rows.items() if kinds[name] == kind}
    out["convergence"] = convergence(response)
    out["cautions"] = cautions(response)
    out["spread"] = _spread(response)
    if out["spread"] is None:
        out["spread_reason"] = "all cells have the same parameters (strain.spread is not given)"
    return out


def _spread(response: Response) -> dict[str, Any] | None:
    """What different parameters add: in the ideally mixed vessel, in the tank, and between the cells."""
    if not response.spread:
        return None
    rate = "q_p" if response.has_product else "mu"
    column = response.rate_names.index(rate)
    mixed = response.reference(rate) / float(response.uniform_reference[column])
    spread = response.rates[:, response.twins, column].mean(axis=0, dtype=float)
    alike = response.twin_rates[:, :, column].mean(axis=0, dtype=float)
    own = response.own_reference[response.twins, column]
    uniform = float(response.uniform_reference[column])
    return {
        "parameters": dict(response.spread),
        "rate": rate,
        "ideal_over_uniform": mixed,
        "relative_alike": float(alike.mean()) / uniform,
        "relative_spread": float(spread.mean() / own.mean()),
        "deviation_alike": float(alike.std() / alike.mean()),
        "deviation_spread": float(spread.std() / spread.mean()),
        "histories": int(response.twins.size),
    }
