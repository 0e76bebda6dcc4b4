"""Published values beside ours, for tanks that are known by their numbers (``published.toml``)."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files
from typing import Any

from rushton.report.blocks import Block, Note, table
from rushton.report.numbers import number

Row = tuple[str, str, str, str, str]


def block(case: Any, summary: dict[str, Any]) -> list[Block]:
    """Table of published values, or a note that none are known for this tank."""
    rows = rows_for(case, summary)
    if not rows:
        return [Note("No published values are known to the program for a tank of these dimensions at this speed.")]
    head = ("Quantity", "This run", "Published", "How", "Source")
    return [table(head, rows, numbers=(1, 2))]


def rows_for(case: Any, summary: dict[str, Any]) -> list[Row]:
    """(quantity, this run, published, how it was found, source) of every published value of this set-up."""
    rows: list[Row] = []
    for setup in _library():
        if all(_same(_lookup(case, key), value, setup["tolerance"]) for key, value in setup["where"].items()):
            rows += [
                (v["what"], _ours(summary, v, len(case.impellers)), v["published"], v["how"], v["source"])
                for v in setup["value"]
            ]
    return rows


def _library() -> list[dict[str, Any]]:
    text = files("rushton.report").joinpath("published.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["setup"])


def _lookup(case: Any, dotted: str) -> Any:
    """Value at a dotted place of the case; None where the case has no such place."""
    value = case
    for part in dotted.split("."):
        if part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = getattr(value, part, None)
        if value is None:
            return None
    return value


def _same(ours: Any, theirs: float, tolerance: float) -> bool:
    return ours is not None and math.isclose(float(ours), float(theirs), rel_tol=tolerance)


def _ours(summary: dict[str, Any], entry: dict[str, Any], impellers: int) -> str:
    value = (summary.get(entry["section"]) or {}).get(entry["key"])
    if value is None:
        return "–"
    if entry.get("percent"):
        value = 100.0 * value
    if entry.get("times_impellers"):  # ours is volume over the sum of the flows, theirs over their mean
        value = impellers * value
    if entry.get("loss"):
        value = 100.0 * (1.0 - value)
    return number(float(value))
