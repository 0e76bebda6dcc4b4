"""States of parts inside that of a whole: ``part.name`` is array ``name`` of ``part``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Kept(Protocol):
    """Whatever can be put back to where it was."""

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that decide what it does next."""

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to a ``state``."""


def within(name: str, part: Kept) -> dict[str, np.ndarray]:
    """State of a part as it stands in that of the whole."""
    return {f"{name}.{key}": array for key, array in part.state().items()}


def part_of(name: str, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """State of a part out of that of the whole."""
    start = f"{name}."
    return {key.removeprefix(start): array for key, array in state.items() if key.startswith(start)}
