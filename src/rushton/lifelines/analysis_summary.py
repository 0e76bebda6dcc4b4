"""What the analysis of lifelines adds to summary.json: bands beside the numbers, new numbers, verdicts, cautions."""

from __future__ import annotations

import math
from typing import Any

from rushton.lifelines.analysis import Analysis
from rushton.lifelines.bands import Band
from rushton.lifelines.measures import NAMES
from rushton.lifelines.record_curves import RECORD_MEASURES
from rushton.lifelines.regimes import PATTERNS

STAYS = ("mean", "median", "p95")


def limits(band: Band | None) -> list[float] | None:
    """[low, high] of a band, None where it is not known."""
    return [band.low, band.high] if band is not None and math.isfinite(band.half_width) else None


def extend(out: dict[str, Any], analysis: Analysis, planes: int) -> None:
    """Add to the section ``lifelines`` of summary.json.

    Parameters
    ----------
    out : dict
        The section, with shares, residences and circulation time in it.
    analysis : Analysis
    planes : int
        Number of planes between impellers.
    """
    bands = analysis.bands
    for name in NAMES:
        out[f"share_{name}_band"] = limits(bands[f"share_{name}"])
    for pattern in PATTERNS:
        for key in STAYS:
            out["residence_s"][pattern][f"{key}_band"] = limits(bands[f"residence_s.{pattern}.{key}"])
    out["circulation_time_band_s"] = limits(bands["circulation_s.mean"])
    out["circulation_s"] = {
        **_part(bands, "circulation_s."),
        "tail_start": analysis.tail_start_s,
        "tail_misfit": analysis.tail_misfit,
    }
    out["stay_s"] = _part(bands, "stay_s.")
    out["visits_1_min"] = _part(bands, "visits_1_min.")
    out["excursions"] = {name: _part(bands, f"excursions.{name}.") for name in ("excess", "starvation")}
    out["limitation_to_excess"] = _value(bands["limitation_to_excess"])
    out["limitation_to_excess_band"] = limits(bands["limitation_to_excess"])
    for name in RECORD_MEASURES:
        band = bands.get(name)
        out[name] = _value(band)
        out[name.replace("_s", "_band_s")] = limits(band)
        if out[name] is None:
            out[f"{name}_reason"] = _why(name, analysis, planes)
        band_name = name.replace("_s", "_band_s")
        if out[band_name] is None:
            out[f"{band_name}_reason"] = out.get(f"{name}_reason", "too few cells show it to form a band")
    out["stays_cut_share"] = dict(analysis.cut_shares)
    out["convergence"] = [v.as_dict() for v in analysis.verdicts]
    out["statistics_converged"] = analysis.converged
    if analysis.converged is None:
        out["statistics_converged_reason"] = (
            "nothing fails, but the effect of the time step cannot be told: too few cells, or fields that cost too much"
        )
    out["cautions"] = list(analysis.cautions)


def _why(name: str, analysis: Analysis, planes: int) -> str:
    if name == "plane_crossing_time_s" and planes == 0:
        return "there is one impeller: no plane lies between two"
    if analysis.record_cells == 0:
        return "no full records are kept (lifelines.full_records)"
    if name == "plane_crossing_time_s":
        return "no cell crossed such a plane twice: the lifelines are too short"
    return "the signal does not forget itself within half of a record, or never changes"


def _value(band: Band | None) -> float | None:
    return band.value if band is not None and math.isfinite(band.value) else None


def _part(bands: dict[str, Band], prefix: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, band in bands.items():
        if name.startswith(prefix):
            key = name.removeprefix(prefix)
            out[key], out[f"{key}_band"] = _value(band), limits(band)
    return out
