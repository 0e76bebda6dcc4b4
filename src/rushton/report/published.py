"""Published values beside ours, read from the case's own file of expected numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def rows_for(case: Any, results_folder: Path, summary: dict[str, Any]) -> list[tuple[str, Any, str, str]]:
    """(quantity, this run, published, source) of every published value that the case names."""
    return []
