r"""What a rig takes to build and to run: counts of its parts times fixed weights.

.. math:: E = \sum_k w_k\,n_k

n_k: vessels, pumps, programmes, metres of tube, ports, litres of medium a day, items to prepare, and what special
rigs need (``effort.toml``, with meaning and source; counted in ``protocol_effort``). The unit is one stirred vessel
with its control. The weights are a judgement, the same for every tank and case; the counts are those of the bench
sheet. The reference run that every rig needs besides is not counted.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Weight:
    """Weight of one kind of part, vessels per unit; what it is and where the weight is from."""

    weight: float
    unit: str
    meaning: str
    source: str


@cache
def weights() -> dict[str, Weight]:
    """Weights by name, in the order of the file."""
    with open(Path(__file__).with_name("effort.toml"), "rb") as file:
        return {name: Weight(**entry) for name, entry in tomllib.load(file).items()}


def total(counts: dict[str, float]) -> float:
    """E of the counts of a rig, in stirred vessels.

    >>> round(total({"vessels": 2.0, "loop_pumps": 2.0}), 2)
    2.6
    """
    return sum(weights()[name].weight * count for name, count in counts.items())
