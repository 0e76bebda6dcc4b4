"""Runs a panel: one field for every uptake law, then every strain along the same cells, each kept once finished."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.errors import CaseError, ResultsError, RushtonError, SolverError
from rushton.lifelines.regime_times import RegimeTimes, regime_times
from rushton.physiology import model_of
from rushton.response.many import Outcome, Subject, run_many
from rushton.response.surroundings import surroundings
from rushton.response.tracks import Tracks, histories, read_tracks
from rushton.sources import sources_hash
from rushton.store import Progress, atomic_write_text, library_versions, load_result, save_result, silent, to_json
from rushton.study.panels.result import Field, Panel
from rushton.study.panels.strains import Failure, PanelSettings, PanelStrain, read_strains, reason
from rushton.transport.uptake_laws import LawField, LawSolver, UptakeLaw

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.pipeline import Results

TOGETHER = 16
"""Strains of one law and model that are integrated side by side, and kept together."""
KEPT = ".panel"
"""Folder of finished fields and strains, below that of the panel."""
FIELDS_SHARE = 0.3
"""Part of the progress that the fields take."""


def panel(results: Path | str, strains: Path | str, output: Path | str, progress: Progress = silent) -> Panel:
    """Run a list of strains on the cell tracks of a finished run and write the panel's files.

    Parameters
    ----------
    results : path
        Results folder of a run with lifelines.
    strains : path
        TOML file or CSV table, see :mod:`rushton.study.panels.strains`.
    output : path
        Folder for ``panel.csv`` and ``panel.html``; made if it is not there. What is finished is kept in it, so that a
        panel that was stopped goes on where it stopped.
    progress : Progress

    Returns
    -------
    Panel

    Raises
    ------
    RushtonError
        No lifelines, an unreadable list, or no strain that can be run. A single bad strain is among the failures.

    Examples
    --------
    >>> panel("penicillin_54m3.results", "mutants.csv", "mutants.panel").best.name    # doctest: +SKIP
    """
    from rushton.pipeline import open_results
    from rushton.study.panels.files import write_panel

    run, folder = open_results(results), Path(output)
    _check(run)
    if folder.exists() and not folder.is_dir():
        raise ResultsError("this is a file, a panel needs a folder", str(folder), "choose another with -o")
    listed = read_strains(Path(strains), run.case)
    found = run_panel(run, listed.strains, listed.failures, listed.settings, folder / KEPT, progress)
    write_panel(found, folder)
    return found


def run_panel(
    results: Results,
    strains: tuple[PanelStrain, ...],
    failures: tuple[Failure, ...],
    settings: PanelSettings,
    kept: Path,
    progress: Progress = silent,
) -> Panel:
    """Run strains on an opened run; ``kept`` is where finished ones are stored.

    Parameters
    ----------
    results : Results
        Of a run with lifelines.
    strains, failures, settings
        As `read_strains` gives them.
    kept : Path
        Folder for finished fields and strains.
    progress : Progress

    Returns
    -------
    Panel
    """
    begun = time.perf_counter()
    kept.mkdir(parents=True, exist_ok=True)
    work = _Work(results, settings, kept, progress)
    bad = list(failures)
    able = []
    for s in strains:
        refused = work.refuse(s)
        if refused is None:
            able.append(s)
        else:
            bad.append(refused)
    fields = work.fields(able, bad)
    outcomes = work.outcomes(able, fields, bad)
    able = [s for s in able if s.name in outcomes]
    if not able:
        raise CaseError(
            "no strain of the panel could be run", "panel",
            "\n  ".join(f"{f.row} ({f.name}): {f.reason}" for f in bad[:5]),
        )  # fmt: skip
    case = results.case
    return Panel(
        case_name=case.name,
        title=case.title,
        settings=settings,
        duration=work.duration,
        lifeline=work.tracks.duration,
        lifelines=len(work.tracks.index),
        feed_mol_s=work.solver.feed,
        strains=tuple(able),
        outcomes=tuple(outcomes[s.name] for s in able),
        fields=tuple(fields[_law(s)] for s in able),
        regimes=tuple(work.regimes(s, fields) for s in able),
        failures=tuple(sorted(bad, key=lambda f: int(f.row.split()[-1]))),
        seconds=time.perf_counter() - begun,
    )


def _check(results: Results) -> None:
    for stage in ("flow", "substrate", "lifelines"):
        if stage not in results.manifest["stages"]:
            raise ResultsError(
                f"the run has no {stage}, which a panel reuses", str(results.folder),
                "run the case with [[feed]], [strain], broth.biomass and [lifelines], at least --until lifelines",
            )  # fmt: skip


def _law(strain: PanelStrain) -> UptakeLaw:
    uptake = strain.strain.uptake
    return UptakeLaw(uptake.max * strain.biomass, uptake.half_saturation)


class _Work:
    """A panel under way."""

    def __init__(self, results: Results, settings: PanelSettings, kept: Path, progress: Progress) -> None:
        self.case: Case = results.case
        self.settings, self.kept, self.progress = settings, kept, progress
        lifelines, substrate, flow = results.lifelines, results.substrate, results.aeration or results.flow
        assert lifelines is not None and substrate is not None and flow is not None
        progress(0.0, "reading flow and tracks")
        self.tracks: Tracks = read_tracks(lifelines, settings.lifelines)
        self.solver = LawSolver(self.case, flow, substrate)
        self.duration = settings.duration or self.case.response.duration
        self.gases: dict[str, np.ndarray] = {}
        if results.gas is not None:
            fluid, density = ~flow.mesh.solid, self.case.broth.density
            self.gases = {
                "oxygen": results.gas.oxygen[fluid] / density,
                "carbon_dioxide": results.gas.carbon_dioxide[fluid] / density,
            }
        self._run = {
            "lifelines": results.manifest["stages"]["lifelines"]["key"],
            "gas": (results.manifest["stages"].get("gas") or {}).get("key"),
            "sources": sources_hash("rushton.study.panels", "rushton.response", "rushton.transport"),
            "libraries": library_versions(),
        }
        self._regimes: dict[str, RegimeTimes] = {}

    def refuse(self, strain: PanelStrain) -> Failure | None:
        """A strain whose uptake cannot take up the feed."""
        fed = self.solver.fed_ratio(_law(strain))
        if fed < 0.999:
            return None
        uptake, volume = strain.strain.uptake, self.case.liquid_volume
        least = self.solver.feed / (strain.biomass * volume)
        return Failure(
            strain.row,
            strain.name,
            f"uptake.max of {_umol(uptake.max)} umol/g/h with {strain.biomass:.3g} kg/m3 of biomass takes up "
            f"{uptake.max * strain.biomass * volume:.3g} mol/s, but {self.solver.feed:.3g} mol/s is fed: no steady "
            f"state; give uptake.max above {_umol(least)} umol/g/h, or more biomass",
        )

    # --- fields ------------------------------------------------------------------------------------------------------

    def fields(self, strains: list[PanelStrain], bad: list[Failure]) -> dict[UptakeLaw, Field]:
        """Field of every law, one after the other (two at a time take longer); each is stored once found."""
        laws = list(dict.fromkeys(_law(s) for s in strains))
        out: dict[UptakeLaw, Field] = {}
        for n, law in enumerate(laws):
            try:
                out[law] = self._field(law)
            except SolverError as error:
                bad += [Failure(s.row, s.name, reason(error)) for s in strains if _law(s) == law]
            self.progress(FIELDS_SHARE * (n + 1) / len(laws), f"substrate field {n + 1} of {len(laws)}")
        return out

    def _field(self, law: UptakeLaw) -> Field:
        place = self.kept / f"field-{self._key(asdict(law))}"
        if (place / "meta.json").is_file():
            try:
                arrays, meta = load_result(place)
                return Field(uptake_ratio=arrays["uptake_ratio"], **meta)
            except (RushtonError, KeyError, TypeError):
                pass  # a damaged one is computed again
        solved: LawField = self.solver(law)
        field = Field(
            solved.uptake_ratio.astype(np.float32), law.max_uptake, law.half_saturation, solved.fed_ratio,
            solved.residual, solved.mass_balance_error,
        )  # fmt: skip
        save_result(place, {"uptake_ratio": field.uptake_ratio}, field.numbers())
        return field

    # --- strains -----------------------------------------------------------------------------------------------------

    def outcomes(
        self, strains: list[PanelStrain], fields: dict[UptakeLaw, Field], bad: list[Failure]
    ) -> dict[str, Outcome]:
        """Every strain along its histories; groups of one law and model side by side."""
        out: dict[str, Outcome] = {}
        groups: dict[tuple[Any, ...], list[PanelStrain]] = {}
        for s in strains:
            if _law(s) not in fields:
                continue
            if (kept := self._kept(s)) is not None:
                out[s.name] = kept
                continue
            regimes = tuple(dict(s.strain.regimes).values())
            groups.setdefault((_law(s), s.strain.uptake.max, s.strain.model, regimes), []).append(s)
        chunks = [group[n : n + TOGETHER] for group in groups.values() for n in range(0, len(group), TOGETHER)]
        done, total = len(out), len(out) + sum(len(chunk) for chunk in chunks)
        for chunk in chunks:

            def told(fraction: float, chunk: list[PanelStrain] = chunk, done: int = done) -> None:
                here = (done + fraction * len(chunk)) / total
                text = f"strain {chunk[0].name}" + (f" and {len(chunk) - 1} more" if len(chunk) > 1 else "")
                self.progress(FIELDS_SHARE + (1.0 - FIELDS_SHARE) * here, f"{text}, {done} of {total} finished")

            told(0.0)
            first = chunk[0]
            met = histories(
                self.tracks, fields[_law(first)].uptake_ratio, self.settings.histories, self.duration,
                first.strain.regimes, self.case.response.join_tolerance, self.settings.seed,
            )  # fmt: skip
            subjects = [Subject(s.name, model_of(s.strain), s.strain.spread) for s in chunk]
            law, density = first.strain.uptake, self.case.broth.density
            around = surroundings(
                subjects[0].model, met.records.ratio, law.max, law.half_saturation / density,
                {**self.gases, "biomass": first.biomass / density}, density,
            )  # fmt: skip
            found = run_many(subjects, around, met, self.settings.seed, told)
            for s in chunk:
                outcome = found[s.name]
                if isinstance(outcome, RushtonError):
                    bad.append(Failure(s.row, s.name, reason(outcome)))
                else:
                    out[s.name] = outcome
                    self._keep(s, outcome)
            done += len(chunk)
        return out

    def regimes(self, strain: PanelStrain, fields: dict[UptakeLaw, Field]) -> RegimeTimes:
        """Regimes along the lifelines for the law and borders of a strain, counted once for each."""
        law, borders = _law(strain), strain.strain.regimes
        key = repr((law, borders))
        if key not in self._regimes:
            self._regimes[key] = regime_times(self.tracks.index, fields[law].uptake_ratio, self.tracks.dt, borders)
        return self._regimes[key]

    # --- what is finished --------------------------------------------------------------------------------------------

    def _place(self, strain: PanelStrain) -> Path:
        said = {
            "strain": strain.strain.model_dump(mode="json"),
            "biomass": strain.biomass,
            "settings": self.settings.model_dump(mode="json", exclude={"rank_by"}),
            "duration": self.duration,
            "tolerance": self.case.response.join_tolerance,
            "density": self.case.broth.density,
        }
        return self.kept / f"strain-{self._key(said)}"

    def _key(self, said: dict[str, Any]) -> str:
        text = json.dumps({**said, **self._run}, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _kept(self, strain: PanelStrain) -> Outcome | None:
        place = self._place(strain)
        if not (place / "meta.json").is_file():
            return None
        try:
            arrays, meta = load_result(place)
            stored: dict[str, Any] = {**arrays, **meta}
            return Outcome(**{**stored, "rate_names": tuple(meta["rate_names"])})
        except (RushtonError, KeyError, TypeError):
            return None  # a damaged one is computed again

    def _keep(self, strain: PanelStrain, outcome: Outcome) -> None:
        arrays = {name: getattr(outcome, name) for name in ("whole", "final", "references", "group")}
        meta = {name: getattr(outcome, name) for name in ("rate_names", "memory_h", "substeps", "step_error")}
        place = self._place(strain)
        save_result(place, arrays, meta)
        atomic_write_text(place / "name.json", to_json({"name": strain.name, "row": strain.row}))


def _umol(uptake: float) -> str:
    """mol/(kg s) as umol/(g h)."""
    return f"{uptake * 3.6e6:.4g}"
