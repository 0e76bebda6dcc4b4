"""Changes of regimes and loss by every factor, each with the band that the number of cells leaves on it.

    change = value of the variation - value of the case, both by the same cells, samples and histories

Bands (95 %) of shares and stays: from the differences lifeline by lifeline. Bands of productivity and yield: groups of
histories drawn again, the same groups for both. A change within its band may be chance.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rushton.store import load_result, save_result

OUTPUTS: dict[str, tuple[str, str, float]] = {
    "share_excess": ("Time in excess", "points", 100.0),
    "share_limitation": ("Time in limitation", "points", 100.0),
    "share_starvation": ("Time in starvation", "points", 100.0),
    "residence_excess_s": ("Mean stay in excess", "s", 1.0),
    "residence_starvation_s": ("Mean stay in starvation", "s", 1.0),
    "productivity_loss": ("Productivity loss", "points", 100.0),
    "productivity_loss_final": ("Productivity loss, at the end", "points", 100.0),
    "yield_loss": ("Yield loss", "points", 100.0),
}
"""Key -> name, unit of a change, factor to it. A loss is 1 less the value over that of the ideally mixed vessel."""


def label(key: str) -> str:
    """Name of an output as people write it."""
    return OUTPUTS[key][0]


@dataclass(frozen=True)
class Variation:
    """One variation.

    Attributes
    ----------
    factor : str
    times : float
        Value over that of the case, -.
    numbers : dict of str to float
        By the keys of `OUTPUTS`, as far as they could be formed.
    change : dict of str to (float, float, float)
        Difference to the case, and the ends of its band.
    reason : str
        Why it could not be computed; empty where it was.
    fed_ratio : float or None
        F/(q_max X V), -.
    seconds : float
        CPU time.
    """

    factor: str
    times: float
    numbers: dict[str, float]
    change: dict[str, tuple[float, float, float]]
    reason: str = ""
    fed_ratio: float | None = None
    seconds: float = 0.0

    def is_sure(self, key: str) -> bool:
        """Whether the change is larger than chance."""
        _, low, high = self.change[key]
        return low > 0.0 or high < 0.0


@dataclass(frozen=True)
class Sensitivity:
    """What moves regimes and loss.

    Attributes
    ----------
    base : dict of str to float
        Values of the case by the same means.
    variations : tuple of Variation
    lifelines, histories : int
    duration : float
        Of a history, s.
    cautions : tuple of str
    seconds : float
        CPU time of all variations, those found finished included.
    """

    base: dict[str, float]
    variations: tuple[Variation, ...]
    lifelines: int
    histories: int
    duration: float
    cautions: tuple[str, ...]
    seconds: float

    @property
    def outputs(self) -> list[str]:
        """Keys of the outputs that were formed."""
        return [key for key in OUTPUTS if key in self.base]

    @property
    def factors(self) -> list[str]:
        """What was varied, in order."""
        return list(dict.fromkeys(v.factor for v in self.variations))

    def largest(self, key: str) -> Variation | None:
        """Variation that moves an output most, among those surely above chance."""
        sure = [v for v in self.variations if key in v.change and v.is_sure(key)]
        return max(sure, key=lambda v: abs(v.change[key][0]), default=None)

    def summary(self) -> dict[str, Any]:
        """Section ``sensitivity`` of summary.json."""
        found = {key: self.largest(key) for key in self.outputs}
        return {
            "base": self.base,
            "variations": [asdict(v) for v in self.variations],
            "largest": {
                key: None if v is None else {"factor": v.factor, "times": v.times, "change": v.change[key][0]}
                for key, v in found.items()
            },
            "lifelines": self.lifelines,
            "histories": self.histories,
            "history_duration_s": self.duration,
            "cautions": list(self.cautions),
            "cpu_s": self.seconds,
        }

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        save_result(folder, {}, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Sensitivity:
        """Read what ``save`` wrote."""
        _, meta = load_result(folder)
        variations = tuple(
            Variation(**{**v, "change": {k: tuple(c) for k, c in v["change"].items()}}) for v in meta["variations"]
        )
        return cls(**{**meta, "variations": variations, "cautions": tuple(meta["cautions"])})

    def export(self, results_folder: Path) -> None:
        """Write sensitivity.csv into the results folder: a line per factor, value and output."""
        with (Path(results_folder) / "sensitivity.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["factor", "times", "output", "case", "varied", "change", "low", "high", "reason"])
            for v in self.variations:
                if v.reason:
                    writer.writerow([v.factor, f"{v.times:g}", "", "", "", "", "", "", v.reason])
                for key, change in v.change.items():
                    numbers = (self.base[key], v.numbers[key], *change)
                    writer.writerow([v.factor, f"{v.times:g}", key, *(f"{x:.6g}" for x in numbers), ""])
