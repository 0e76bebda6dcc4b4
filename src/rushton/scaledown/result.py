"""The outcome of the stage: designs ranked by distance, with all that a report or a technician needs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from rushton.lifelines import SignalStatistics
from rushton.scaledown.effort import total
from rushton.scaledown.finalists import Finalist, finalists_table
from rushton.scaledown.likeness import Likeness, likeness_table
from rushton.scaledown.match import PARTS
from rushton.scaledown.robustness import robustness_table
from rushton.scaledown.verdict import RESPONSES, Gap, Verdict, mismatch, mismatch_band


@dataclass(frozen=True, eq=False)
class Design:
    """One rig, as written in its protocol.

    Attributes
    ----------
    rig : str
        ``"str-pfr"``, ``"pulsed-feed"`` ...
    reference : bool
        The standard STR-PFR, not optimised.
    settings : dict of str to float
        Settable settings, SI.
    distance : float
        Of the rounded rig, simulated again.
    parts : dict of str to float
        Its five parts (``match.PARTS``).
    missing : tuple of str
        Regimes of the tank in which the rig has no completed stay.
    drift : (float, float)
        The distance when the feed pump gives too little and too much by its accuracy.
    distance_band : (float, float) or None
        95 % band of the distance (``certainty``); None where the tank's cells were not counted in groups.
    optimum : float
        Smallest distance of the finalists, which looser limits never worsen within one results folder; the design's own
        may be above it, within the band, where another finalist answers more like the tank.
    finalists : tuple of Finalist
        The best candidates as written, with the cell model run in each; the design first.
    gaps : dict of Gap
        relative_productivity, relative_productivity_final, relative_yield less the tank's, each with its band; those
        that are known.
    robustness : dict of str to float
        The distance when pump, K_s, q_max or biomass are not as assumed (``robustness.NAMES``).
    breath : dict
        Oxygen demand, transfer and heat of every zone, what cannot be breathed or cooled (``breath.Lungs.as_dict``).
    likeness : dict of str to (float or None, float or None)
        Excursions, residence patterns, spectrum and pools of tank and rig (``likeness``).
    verdict : Verdict
        Whether the rig represents the tank, why, and what it would show instead.
    searched_distance : float or None
        Before rounding; None for the reference.
    evaluations : int
        Of the search.
    milliseconds : float
        Per evaluation, on this machine.
    mean_uptake : float
        Mean s in the rig, -.
    inside : dict
        relative_productivity, relative_productivity_final, relative_yield, each with ``_band`` (None where all cells
        meet the same), growth (1/s), hours: the cell model in the rig.
    statistics : SignalStatistics
        Of what a cell experiences in it.
    excerpt : (n,) float32
        s of a cell in it, every ``excerpt_step`` s.
    protocol, table, record : str
        The protocol (Markdown), the feed table (CSV), and all of it for programs (JSON); the last is empty in results
        of before it was written.
    drawing : str
        The rig, SVG; empty for a kind without one.
    effort : dict of str to float
        Parts of the rig by name (``effort``).
    limit : str
        What keeps it from the tank, in one line.
    """

    rig: str
    reference: bool
    settings: dict[str, float]
    distance: float
    parts: dict[str, float]
    missing: tuple[str, ...]
    drift: tuple[float, float]
    searched_distance: float | None
    evaluations: int
    milliseconds: float
    mean_uptake: float
    inside: dict[str, Any]
    statistics: SignalStatistics
    excerpt: np.ndarray
    excerpt_step: float
    protocol: str
    table: str
    distance_band: tuple[float, float] | None
    optimum: float
    finalists: tuple[Finalist, ...]
    gaps: dict[str, Gap]
    robustness: dict[str, float]
    verdict: Verdict
    breath: dict[str, Any]
    record: str = ""
    drawing: str = ""
    effort: dict[str, float] = field(default_factory=dict)
    limit: str = ""
    likeness: Likeness = field(default_factory=dict)

    @property
    def mismatch(self) -> float | None:
        """Physiological mismatch: the largest of the gaps, -; None where there is none."""
        return mismatch(self.gaps)

    @property
    def mismatch_band(self) -> tuple[float, float] | None:
        """Its 95 % band."""
        return mismatch_band(self.gaps)

    @property
    def name(self) -> str:
        """Name of the rig in file names: the reference stands apart."""
        return f"{self.rig}-reference" if self.reference else self.rig

    @property
    def misfits(self) -> tuple[str, ...]:
        """What the bench cannot set of it, in words; empty where it fits, or in results of before that was kept."""
        recipe = json.loads(self.record).get("recipe") if self.record else None
        return tuple((recipe or {}).get("remarks") or ())

    def summary(self) -> dict[str, Any]:
        """Entry of ``designs`` in summary.json."""
        entry: dict[str, Any] = {
            "rig": self.rig,
            "distance": self.distance,
            "settings": {_SUMMARY_NAMES.get(k, k): v for k, v in self.settings.items()},
            "reference": self.reference,
            "parts": self.parts,
            "regimes_missing": list(self.missing),
            "distance_pump_low": self.drift[0],
            "distance_pump_high": self.drift[1],
            "mean_uptake": self.mean_uptake,
            "distance_band": None if self.distance_band is None else list(self.distance_band),
            "optimum": self.optimum,
            "physiological_mismatch": self.mismatch,
            "physiological_mismatch_band": None if self.mismatch_band is None else list(self.mismatch_band),
            "gaps": {name: {"value": gap.value, "band": list(gap.band)} for name, gap in self.gaps.items()},
            "robustness": self.robustness,
            "effort": total(self.effort) if self.effort else None,
            "limit": self.limit,
            "verdict": self.verdict.word,
            "verdict_text": self.verdict.text,
            "breath": self.breath,
            "does_not_fit": list(self.misfits),
            "likeness": {name: {"tank": tank, "rig": rig} for name, (tank, rig) in self.likeness.items()},
            "finalists": [
                f.as_dict() | {"settings": {_SUMMARY_NAMES.get(k, k): v for k, v in f.settings.items()}}
                for f in self.finalists
            ],
        }
        if self.distance_band is None:
            entry["distance_band_reason"] = "the tank's cells were not counted in groups"
        if self.mismatch is None:
            reason = "the cell model says nothing of the tank or of the rig"
            entry["physiological_mismatch_reason"] = entry["physiological_mismatch_band_reason"] = reason
        for key in RESPONSES:
            entry[key] = self.inside.get(key)
            entry[f"{key}_band"] = self.inside.get(f"{key}_band")
            if entry[f"{key}_band"] is None:
                entry[f"{key}_band_reason"] = "every cell in this rig meets the same"
            if entry[key] is None:
                entry[f"{key}_reason"] = (
                    "the cell model forms no product" if "productivity" in key else "the cells do not grow"
                )
        return entry


OXYGEN = "oxygen"
"""Folder, within that of the designs, of the rigs that switch oxygen."""

_SUMMARY_NAMES = {
    "biomass": "biomass_kg_m3", "flow": "flow_m3_s", "tube_volume": "tube_volume_m3",
    "second_volume": "second_volume_m3", "excess_flow": "excess_flow_m3_s",
    "starvation_flow": "starvation_flow_m3_s", "excess_volume": "excess_volume_m3",
    "starvation_volume": "starvation_volume_m3", "switch_time": "switch_time_s",
    "bore": "bore_m", "length": "length_m", "period": "period_s", "gap": "mean_gap_s",
    "on_time": "on_time_s", "feed": "feed_mol_s", "fast_kla": "fast_kla_1_s", "slow_kla": "slow_kla_1_s",
    "fast_speed": "fast_speed_1_s", "slow_speed": "slow_speed_1_s", "kla": "kla_1_s",
    "speed": "speed_1_s", "rich_time": "rich_time_s", "poor_time": "poor_time_s",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scaledown:
    """Rigs designed for a tank.

    Attributes
    ----------
    designs : tuple of Design
        Ascending in distance; the standard STR-PFR among them.
    floor : float or None
        Distance between the two independent halves of the tank's lifelines; None where one of them is empty.
    floor_parts : dict
        Its parts.
    tank : SignalStatistics
        Of all cells of the tank.
    tank_excerpt : (n,) float32
        s of one cell of the tank, every ``tank_excerpt_step`` s; empty where no full record was kept.
    tank_response : dict
        relative_productivity, relative_productivity_final, relative_yield of the tank, each with its ``_band``.
    seconds : float
        Wall time of the design.
    reason : str
        Why nothing was designed; empty where something was.
    classic : tuple of dict
        Distance of the standard rig against the time in its loop (``classic``); empty where it was not made.
    oxygen : Scaledown or None
        The same for rigs that switch oxygen, where one was asked for: its signal is s_O = O/(O + K_O), its distances
        are between oxygen in rig and tank and stand in no row with the others.
    """

    designs: tuple[Design, ...]
    floor: float | None
    floor_parts: dict[str, float]
    tank: SignalStatistics
    tank_excerpt: np.ndarray
    tank_excerpt_step: float
    tank_response: dict[str, Any]
    seconds: float
    reason: str = ""
    oxygen: Scaledown | None = None
    classic: tuple[dict[str, float], ...] = ()

    @property
    def best(self) -> Design | None:
        """The design at the smallest distance, the standard rig apart; None where nothing was designed."""
        return next((d for d in self.designs if not d.reference), None)

    @property
    def reference(self) -> Design | None:
        """The standard STR-PFR."""
        return next((d for d in self.designs if d.reference), None)

    def summary(self) -> dict[str, Any]:
        """Section ``scaledown`` of summary.json."""
        best = self.best.summary() if self.best is not None else None
        out: dict[str, Any] = {
            "floor": self.floor,
            "floor_parts": self.floor_parts,
            "best": {key: best[key] for key in ("rig", "distance", "settings")} if best is not None else None,
            "designs": [design.summary() for design in self.designs] or None,
            "tank_response": self.tank_response,
            "design_seconds": self.seconds,
        }
        if self.floor is None:
            out["floor_reason"] = self.reason or "one half of the lifelines has no completed stay: follow more cells"
        if best is None:
            out["best_reason"] = out["designs_reason"] = self.reason
        if self.classic:
            out["classic_loops"] = list(self.classic)
        if self.oxygen is not None:
            out["oxygen"] = self.oxygen.summary()
        return out

    # --- hand-over ---------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write arrays.npz and meta.json."""
        from rushton.store import save_result

        arrays = {"tank_excerpt": self.tank_excerpt, **self.tank.to_arrays("tank_")}
        meta: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("floor", "floor_parts", "tank_excerpt_step", "tank_response", "seconds", "reason")
        }
        meta["classic"] = list(self.classic)
        meta["designs"] = []
        for n, design in enumerate(self.designs):
            arrays |= design.statistics.to_arrays(f"design_{n}_") | {f"excerpt_{n}": design.excerpt}
            plain = {f.name: getattr(design, f.name) for f in fields(design) if f.name not in ("statistics", "excerpt")}
            plain["finalists"] = [asdict(finalist) for finalist in design.finalists]
            plain["gaps"] = {name: asdict(gap) for name, gap in design.gaps.items()}
            plain["verdict"] = asdict(design.verdict)
            meta["designs"].append(plain)
        save_result(folder, arrays, meta)
        if self.oxygen is not None:
            self.oxygen.save(Path(folder) / OXYGEN)

    @classmethod
    def load(cls, folder: Path) -> Scaledown:
        """Read what ``save`` wrote."""
        from rushton.store import load_result

        arrays, meta = load_result(folder)
        designs = []
        for n, plain in enumerate(meta.pop("designs")):
            plain |= {"missing": tuple(plain["missing"]), "drift": tuple(plain["drift"])}
            band = plain["distance_band"]
            plain |= {
                "distance_band": None if band is None else tuple(band),
                "finalists": tuple(Finalist(**row) for row in plain["finalists"]),
                "gaps": {name: Gap(gap["value"], tuple(gap["band"])) for name, gap in plain["gaps"].items()},
                "verdict": Verdict(**plain["verdict"]),
                "likeness": {name: tuple(pair) for name, pair in plain["likeness"].items()},
            }
            statistics = SignalStatistics.from_arrays(arrays, f"design_{n}_")
            designs.append(Design(**plain, statistics=statistics, excerpt=arrays[f"excerpt_{n}"]))
        tank = SignalStatistics.from_arrays(arrays, "tank_")
        below, classic = Path(folder) / OXYGEN, tuple(meta.pop("classic", ()))
        oxygen = cls.load(below) if below.is_dir() else None
        return cls(
            designs=tuple(designs),
            tank=tank,
            tank_excerpt=arrays["tank_excerpt"],
            oxygen=oxygen,
            classic=classic,
            **meta,
        )

    def export(self, results_folder: Path) -> None:
        """Write designs.csv, finalists.csv, robustness.csv, likeness.csv, protocol-<rig>.md, .csv and .json; protocols
        of rigs no longer designed are removed.
        """
        self.write(Path(results_folder) / "scaledown")

    def write(self, folder: Path) -> None:
        """The same files, straight into a folder."""
        from rushton.store import atomic_write_text

        folder.mkdir(parents=True, exist_ok=True)
        atomic_write_text(folder / "designs.csv", designs_table(self))
        finalists = [(d.name, d.finalists) for d in self.designs if not d.reference]
        atomic_write_text(folder / "finalists.csv", finalists_table(finalists, _SUMMARY_NAMES))
        moved = [(d.name, d.distance, d.robustness) for d in self.designs]
        atomic_write_text(folder / "robustness.csv", robustness_table(moved))
        atomic_write_text(folder / "likeness.csv", likeness_table((d.name, d.likeness) for d in self.designs))
        written = set()
        for design in self.designs:
            texts = (design.protocol, design.table, design.record, design.drawing)
            for suffix, text in zip((".md", ".csv", ".json", ".svg"), texts, strict=True):
                if not text:
                    continue
                path = folder / f"protocol-{design.name}{suffix}"
                atomic_write_text(path, text)
                written.add(path)
        # pages to print are made from these files afterwards (``rushton.report.bench_page``), old ones would contradict
        for old in folder.glob("protocol-*"):
            if old not in written and old.suffix in (".md", ".csv", ".json", ".svg", ".html"):
                old.unlink()
        if self.oxygen is not None:
            self.oxygen.write(folder / OXYGEN)


def no_design(tank: SignalStatistics, response: dict[str, float | None], reason: str) -> Scaledown:
    """The result where there is nothing to design, with its reason."""
    return Scaledown((), None, {}, tank, np.zeros(0, np.float32), 1.0, response, 0.0, reason)


def designs_table(result: Scaledown) -> str:
    """All designs as CSV: distance, parts, response, settings in SI."""
    names = sorted({name for d in result.designs for name in d.settings})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    banded = [f"{r}{edge}" for r in RESPONSES for edge in ("", "_low", "_high")]
    writer.writerow(
        [
            "rig",
            "reference",
            "distance",
            *PARTS,
            "regimes_missing",
            *banded,
            "mean_uptake",
            "distance_low",
            "distance_high",
            "optimum",
            "physiological_mismatch",
            "physiological_mismatch_low",
            "physiological_mismatch_high",
            "verdict",
            *(_SUMMARY_NAMES.get(n, n) for n in names),
        ]
    )

    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.6g}"

    for d in result.designs:
        row: list[Any] = [
            d.rig,
            int(d.reference),
            cell(d.distance),
            *(cell(d.parts[p]) for p in PARTS),
            " ".join(d.missing),
        ]
        for r in RESPONSES:
            row += [cell(v) for v in (d.inside.get(r), *(d.inside.get(f"{r}_band") or (None, None)))]
        row += [cell(v) for v in (d.mean_uptake, *(d.distance_band or (None, None)), d.optimum, d.mismatch)]
        row += [*(cell(v) for v in d.mismatch_band or (None, None)), d.verdict.word]
        writer.writerow([*row, *(cell(d.settings.get(n)) for n in names)])
    if result.floor is not None:
        writer.writerow(
            ["floor (tank against itself)", "", cell(result.floor), *(cell(result.floor_parts[p]) for p in PARTS)]
        )
    return out.getvalue()
