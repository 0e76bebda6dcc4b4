"""Chapter on what the cells make of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.report import figures_response
from rushton.report.blocks import Block, Note, Prose, Section, missing, picture, table
from rushton.report.numbers import duration, given, nice_unit, number, percent


def response(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Pools, rates and productivity against the ideally mixed vessel."""
    part = summary.get("response") or {}
    section = Section("response", "What the cells make of it")
    if result is None:
        section.blocks.append(missing(part, "Response of the cells"))
        return section
    section.lead = (
        f"{number(int(part.get('histories') or result.n_history))} histories of {duration(result.duration)} were "
        "stitched from the lifelines and "
        f"lived through by the cell model {result.model}. Beside them stands one cell of the same model under "
        "constant uptake of the same mean: the "
        "ideally mixed vessel."
    )
    window = duration(result.final_window)
    rows = [
        ("Productivity over the ideally mixed vessel", part, "relative_productivity"),
        (f"the same over the last {window}", part, "relative_productivity_final"),
        ("Yield (growth per substrate) over the ideally mixed vessel", part, "relative_yield"),
    ]
    section.blocks.append(
        table(
            ("Quantity", "Value", "95 % band"),
            [
                (name, percent(p.get(key), 4) if p.get(key) is not None else _why(p, key), _band(p.get(f"{key}_band")))
                for name, p, key in rows
            ],
            numbers=(1, 2),
        )
    )
    section.blocks += [Note(text[0].upper() + text[1:] + ".", "warn") for text in part.get("cautions") or ()]
    section.blocks += _spread(part)
    section.blocks.append(
        picture(
            lambda: figures_response.distributions(result),
            f"The population at single moments: rates over all cells and all of the time, pools over all cells and the "
            f"last {window}. Dashed: the ideally mixed vessel.",
            "Distributions of rates and pools over the population",
        )
    )
    section.blocks.append(
        picture(
            lambda: figures_response.pools(result.time / 3600.0, _rates(result)),
            "Rates over time: the spread of the histories and the ideally mixed vessel.",
            "Rates of the population over time",
        )
    )
    if result.state_names:
        section.blocks.append(
            picture(
                lambda: figures_response.pools(result.time / 3600.0, _states(result)),
                "Pools over time: the spread of the histories and the ideally mixed vessel, which stays in its steady "
                "state.",
                "Pools of the population over time",
            )
        )
    if result.history_productivity is not None:
        section.blocks.append(
            picture(
                lambda: figures_response.loss_distribution(
                    result.history_productivity,
                    result.history_productivity_final,
                    part.get("relative_productivity"),
                    part.get("relative_productivity_final"),
                    window,
                ),
                "Productivity of the single histories: how far apart members of one population end up.",
                "Distribution of productivity over the histories",
                "half",
            )
        )
    section.blocks.append(
        picture(
            lambda: figures_response.closeup(result, case.strain.regimes.starvation, case.strain.regimes.excess),
            "The last minutes of one history: what it is fed and how its fastest pools follow.",
            "Close-up of uptake and fast pools of one history",
            "half" if result.history_productivity is not None else "full",
        )
    )
    section.blocks.append(_convergence(part))
    section.blocks.append(
        Prose(
            f"{'Uptake is imposed from the field' if result.uptake == 'imposed' else 'Uptake follows the model'}; "
            f"the histories eat {number(abs(100 * result.uptake_mismatch), 2)} % "
            f"{'more' if result.uptake_mismatch > 0 else 'less'} than is fed. "
            f"{given(int(result.joins))} joins between {given(int(result.records))} records, "
            f"{given(int(result.far_joins))} of them beyond the tolerance. {_bands(part)} {_surroundings(result)}"
        )
    )
    return section


CHECKS = {
    "integration": "Steps of the integrator halved",
    "sampling": "Every second sample taken away",
    "histories": "Half of the 95 % band",
    "length": "Last window less the one before",
}


def _convergence(part: dict[str, Any]) -> Block:
    """Number of histories, their length, sampling and steps: what each still moves, and whether it passes."""
    rows, marks = [], []
    for name, check in (part.get("convergence") or {}).items():
        shown = "–" if check["value"] is None else percent(check["value"], 2)
        passed = check["passed"]
        rows.append((CHECKS[name], check["of"], shown, f"± {percent(check['bound'], 2)}", _verdict(passed)))
        marks.append("skip" if passed is None else "pass" if passed else "warn")
    return table(("Convergence", "Of", "Moves it by", "Bound", ""), rows, numbers=(2, 3), marks=marks)


def _verdict(passed: bool | None) -> str:
    return "not formed" if passed is None else "settled" if passed else "not settled"


def _bands(part: dict[str, Any]) -> str:
    return (
        f"Bands are over {given(part.get('groups'))} groups of histories that share no lifeline: they hold how well "
        "the lifelines represent the tank and how they were joined, not errors of flow, turbulent Schmidt number, "
        "uptake law or cell model."
    )


def _surroundings(result: Any) -> str:
    """What the model is given of the tank, and what it is not."""
    text = f"The model is given {', '.join(result.varying)} as they vary in the tank"
    if result.constants:
        same = ", ".join(
            f"{name} = {number(value)}{' (default of the model)' if name in result.defaults else ''}"
            for name, value in result.constants.items()
        )
        text += f", and the same everywhere: {same}"
    return text + "."


def _spread(part: dict[str, Any]) -> list[Block]:
    """What different parameters of the cells add."""
    v = part.get("spread")
    if not isinstance(v, dict):
        return []
    which = ", ".join(f"{name} by {percent(cv)}" for name, cv in v["parameters"].items())
    rows = [
        ("In the ideally mixed vessel, over the mean cell", "100 %", percent(v["ideal_over_uniform"])),
        ("In the tank, over the ideally mixed vessel", percent(v["relative_alike"]), percent(v["relative_spread"])),
        ("Deviation between cells", percent(v["deviation_alike"]), percent(v["deviation_spread"])),
    ]
    return [
        table(
            (f"Mean {v['rate']}", "All cells alike", "Cells that differ"), rows,
            f"Cells differ in {which} (relative standard deviation). Both lived through the same "
            f"{given(v['histories'])} histories.", numbers=(1, 2),
        )
    ]  # fmt: skip


def _why(part: dict[str, Any], key: str) -> str:
    reason = part.get(f"{key}_reason")
    return f"– ({reason})" if reason else "–"


def _band(band: Any) -> str:
    return "–" if band is None else f"{percent(band[0], 4)} to {percent(band[1], 4)}"


def _rates(result: Any) -> dict[str, tuple[str, np.ndarray, np.ndarray | None]]:
    pairs = zip(result.rate_names, result.rate_units, strict=True)
    tracks = {name: (nice_unit(unit), result.rate(name).T, np.asarray(result.reference(name))) for name, unit in pairs}
    return {name: track for name, track in tracks.items() if _moves(track[1])}


def _states(result: Any) -> dict[str, tuple[str, np.ndarray, np.ndarray | None]]:
    pairs = zip(result.state_names, result.state_units, strict=True)
    return {name: (nice_unit(unit), result.state(name).T, np.asarray(result.reference(name))) for name, unit in pairs}


def _moves(values: np.ndarray) -> bool:
    """Whether a course is worth a panel: constants of the model are not."""
    return bool(np.ptp(values) > 1e-5 * max(float(np.abs(values).max()), 1e-30))
