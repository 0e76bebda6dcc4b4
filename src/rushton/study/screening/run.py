"""Runs a screening: the strains in the tank (a panel), then every strain in every rig as it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rushton.errors import CaseError, ResultsError, RushtonError
from rushton.physiology import CellModel, model_of
from rushton.scaledown.designer import RIGS
from rushton.scaledown.rig import Operation, Rig
from rushton.scaledown.tank import make_tank
from rushton.scaledown.zones import Culture
from rushton.store import Progress, silent
from rushton.study.panels import PanelStrain, read_strains, run_panel
from rushton.study.panels.run import KEPT
from rushton.study.panels.strains import Failure, reason
from rushton.study.screening.along import Lived, Met, Resident, live, met_in
from rushton.study.screening.criterion import ASSAY
from rushton.study.screening.result import LeftOut, RigReadings, Screening
from rushton.study.screening.same_rig import RANDOM, with_culture

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.pipeline import Results
    from rushton.scaledown import Design
    from rushton.scaledown.recipe import Written
    from rushton.scaledown.rig import Duty
    from rushton.scaledown.tank import Tank
    from rushton.study.panels import Panel

FOLDER = "screening"
"""Where a screening goes inside the results' scaledown/, unless another folder is named."""
OXYGEN = "oxygen-switching"
"""Rigs that are fed steadily."""
MOST_LOST = 1.0 / 3.0
"""A rig in which more of the strains cannot be followed is left out, and not the strains."""
CLOSE = 1e-3
"""Largest difference of s, and relative one of its mean, between a design and the rig built again from its settings."""
_DESIGN, _TANK = 0.3, 0.75  # shares of the progress at the end of these parts


def screen(
    results: Path | str,
    strains: Path | str,
    rigs: Sequence[str] = (),
    output: Path | str | None = None,
    *,
    assay: float = ASSAY,
    repeats: int = 1,
    working_volume: str | float | None = None,
    seed: int | None = None,
    equipment: Sequence[str] = (),
    progress: Progress = silent,
) -> tuple[Screening, Path]:
    """Which rigs separate strains by what the gradients of the tank do to them; writes the files.

    Parameters
    ----------
    results : path
        Results folder of a run with lifelines.
    strains : path
        TOML file or CSV table as `rushton panel` reads it.
    rigs : sequence of str
        Names of ``rushton list rigs``; the designs of the run where none is given. A rig that the run has not designed
        is designed now. The standard STR-PFR is always among them.
    output : path, optional
        Folder for screening.csv, pairs.csv, screening.json and screening.html; ``scaledown/screening`` inside the
        results by default. The strains' runs in the tank are kept in it.
    assay : float
        Relative standard deviation of one assay of productivity, yield or growth, -.
    repeats : int
        Runs of every strain in every rig and in the reference.
    working_volume, seed, equipment
        As `rushton.pipeline.design` takes them; with any of them all rigs are designed again.
    progress : Progress

    Returns
    -------
    Screening, Path
        And the folder.

    Raises
    ------
    RushtonError
        No lifelines, no designs, an unreadable list, fewer than two strains that can be compared.

    Examples
    --------
    >>> found, folder = screen("penicillin_54m3.results", "mutants.toml")              # doctest: +SKIP
    >>> found.names(found.best)                                                        # doctest: +SKIP
    ('pulsed-feed', 'str-pfr-reference')
    """
    from rushton.pipeline import open_results
    from rushton.study.screening.files import write_screening

    begun = time.perf_counter()
    if not 0.0 < assay <= 1.0:
        raise CaseError(f"{assay:g} is no relative error of an assay", "--assay", "above 0, up to 1; 0.04 is 4 %")
    if repeats < 1:
        raise CaseError(f"{repeats} runs are none", "--repeats", "give 1 or more")
    run = open_results(results)
    folder = Path(output) if output is not None else run.folder / "scaledown" / FOLDER
    if folder.exists() and not folder.is_dir():
        raise ResultsError("this is a file, a screening needs a folder", str(folder), "choose another with -o")
    if run.lifelines is None:
        raise ResultsError(
            "there are no lifelines in these results, so nothing says what cells of this tank meet", str(run.folder),
            "run the case with a [[feed]], a [strain] and broth.biomass, at least `--until lifelines`",
        )  # fmt: skip
    listed = read_strains(Path(strains), run.case)
    _enough(listed.strains, listed.failures, str(strains))
    designs, case = _designs(run, rigs, working_volume, seed, equipment, folder, progress)
    panel = run_panel(
        run, listed.strains, listed.failures, listed.settings, folder / KEPT,
        lambda share, text: progress(_DESIGN + (_TANK - _DESIGN) * share, f"tank: {text}"),
    )  # fmt: skip
    _enough(panel.strains, panel.failures, str(strains))
    found = in_rigs(case, make_tank(case, run.lifelines, run.response), designs, panel, assay, repeats, begun, progress)
    write_screening(found, folder)
    progress(1.0, "screened")
    return found, folder


def _enough(strains: Sequence[PanelStrain], failures: Sequence[Failure], where: str) -> None:
    if len(strains) < 2:
        why = "".join(f"\n  {f.row} ({f.name}): {f.reason}" for f in failures[:5])
        raise CaseError(
            f"{len(strains)} strain can be run, and nothing separates one strain", where,
            f"list two strains at least, five or more to judge what rigs say about the tank{why}",
        )  # fmt: skip


def _designs(
    run: Results,
    rigs: Sequence[str],
    working_volume: str | float | None,
    seed: int | None,
    equipment: Sequence[str],
    folder: Path,
    progress: Progress,
) -> tuple[list[Design], Case]:
    """Designs of the run, and those that are missing or asked for otherwise, made now; and the case they hold for."""
    from rushton.pipeline import design
    from rushton.pipeline.redesign import _settings

    if OXYGEN in rigs:
        raise CaseError(
            "strains are compared by what they make of the feed, and this rig is fed steadily: it switches oxygen",
            f"--rig {OXYGEN}", "leave it out",
        )  # fmt: skip
    try:
        stored = run.scaledown
    except ResultsError:  # of another version
        stored = None
    again = working_volume is not None or seed is not None or bool(equipment)
    if not again and not rigs and (stored is None or not stored.designs):
        why = f": {stored.reason}" if stored is not None and stored.reason else ""
        raise ResultsError(
            f"no lab rig is designed in these results{why}", str(run.folder),
            "name rigs with --rig (`rushton list rigs`), or run the case with a [scaledown] section",
        )  # fmt: skip
    settings = _settings(run.case.scaledown, rigs, working_volume, seed, equipment)
    case = run.case.model_copy(update={"scaledown": settings})
    there = {} if stored is None or again else {d.rig: d for d in stored.designs if not d.reference}
    wanted = list(dict.fromkeys(rigs)) or ([name for name in settings.rigs if name != OXYGEN] if again else [])
    missing = [name for name in wanted if again or not {rig.name for rig in RIGS[name]} <= there.keys()]
    found: list[Design] = []
    if missing:
        made, _ = design(
            run.folder, missing, working_volume, seed, folder / "protocols",
            lambda share, text: progress(_DESIGN * share, text), equipment,
        )  # fmt: skip
        if not made.designs:
            raise ResultsError(f"no lab rig can be designed: {made.reason}", str(run.folder), "")
        found += made.designs
    elif stored is not None:
        found += [d for d in stored.designs if d.reference]
    chosen = {rig.name for name in wanted for rig in RIGS[name]} or set(there)
    made_now = {d.rig for d in found if not d.reference}
    found += [d for name, d in there.items() if name in chosen and name not in made_now]
    return sorted(found, key=lambda d: d.distance), case


# --- strains in rigs -------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _InRig:
    """A rig and what the strains made of it."""

    design: Design
    title: str
    biomass: float | None
    lived: dict[str, Lived | RushtonError]
    uptake: dict[str, float]
    notes: list[str]


def in_rigs(
    case: Case,
    tank: Tank,
    designs: Sequence[Design],
    panel: Panel,
    assay: float = ASSAY,
    repeats: int = 1,
    begun: float | None = None,
    progress: Progress = silent,
) -> Screening:
    """Run the strains of a panel in rigs.

    Parameters
    ----------
    case : Case
        With the limits for which the rigs were designed.
    tank : Tank
    designs : sequence of Design
    panel : Panel
        The strains in the tank.
    assay, repeats
        As for `screen`.
    begun : float, optional
        When the whole call began, by ``time.perf_counter``.
    progress : Progress
    """
    clock = time.perf_counter()
    begun = clock if begun is None else begun
    assert case.broth.biomass is not None and case.scaledown is not None
    kinds = {rig.name: rig for rigs in RIGS.values() for rig in rigs}
    models = {s.name: model_of(s.strain) for s in panel.strains}
    near: dict[str, np.ndarray] = {}
    ran: list[_InRig] = []
    left_out: list[LeftOut] = []
    for n, design in enumerate(designs):
        share = (n / len(designs), (n + 1) / len(designs))

        def told(fraction: float, share: tuple[float, float] = share, design: Design = design) -> None:
            here = share[0] + (share[1] - share[0]) * fraction
            progress(_TANK + (0.98 - _TANK) * here, f"strains in {design.name}")

        told(0.0)
        if design.rig not in kinds:
            left_out.append(LeftOut(design.name, "this version knows no such rig"))
            continue
        try:
            rig = kinds[design.rig]
            duty = rig.duty(tank.duty)
            written = rig.write(design.settings, duty)
            notes = [*_differs(design, written.operation), *design.breath.get("warnings", ())]
            one = _InRig(design, rig.title, design.settings.get("biomass"), {}, {}, notes)
            _run(one, case, duty, rig, written, panel, models, near, told)
        except RushtonError as error:
            left_out.append(LeftOut(design.name, reason(error)))
            continue
        ran.append(one)
    return _compared(case, ran, left_out, panel, assay, repeats, clock, begun)


def _differs(design: Design, operation: Operation) -> list[str]:
    """A remark where the rig built again from its settings is not quite the one of the protocol."""
    off = abs(operation.mean_uptake / design.mean_uptake - 1.0)
    if not isinstance(operation, RANDOM) and design.excerpt.size > 1:
        s, step = operation.signal(design.excerpt_step, design.excerpt.size * design.excerpt_step, 0)
        here = np.interp(design.excerpt_step * np.arange(design.excerpt.size), step * np.arange(s.size), s)
        off = max(off, float(np.mean(np.abs(here - design.excerpt))))
    if off <= 10.0 * CLOSE:
        return []
    return [f"Built again from its settings this rig differs from its protocol (s by {off:.2g} on average)."]


def _run(
    one: _InRig,
    case: Case,
    duty: Duty,
    rig: Rig,
    written: Written,
    panel: Panel,
    models: dict[str, CellModel],
    near: dict[str, np.ndarray],
    told: Callable[[float], None],
) -> None:
    """Follow every strain in a rig; what could not be followed has its error among ``one.lived``."""
    density, seed, tank_biomass = case.broth.density, panel.settings.seed, case.broth.biomass
    operation = written.operation
    assert tank_biomass is not None
    met: dict[Culture, Met | RushtonError] = {}
    eaten: dict[Culture, float] = {}
    residents = []
    for s in panel.strains:
        law = s.strain.uptake
        biomass = operation.culture.biomass * s.biomass / tank_biomass
        culture = Culture(biomass, law.max, law.half_saturation)
        if culture not in met:
            try:
                own = with_culture(rig, written, culture, duty)
                met[culture], eaten[culture] = met_in(own, panel.duration, density, seed), own.mean_uptake
            except RushtonError as error:
                met[culture] = error
        found = met[culture]
        if isinstance(found, RushtonError):
            one.lived[s.name] = found
            continue
        one.uptake[s.name] = eaten[culture]
        residents.append(Resident(s.name, models[s.name], s.strain.spread, found))
    lived = live(residents, panel.duration, panel.histories, seed, near, told) if residents else {}
    for name, result in lived.items():
        one.lived[name] = result
        if isinstance(result, Lived):
            near.setdefault(name, result.states)
    if not isinstance(operation, RANDOM) and one.biomass is None:
        fed = {s.name: f.fed_ratio for s, f in zip(panel.strains, panel.fields, strict=True)}
        over = [u / fed[name] for name, u in one.uptake.items()]
        if over and max(abs(np.array(over) - 1.0)) > 0.05:
            one.notes.append(
                f"Its media are the same for all: strains eat {min(over):.2f} to {max(over):.2f} of what the tank "
                "feeds them, and each is held against its own steady reference at what it eats."
            )


def _compared(
    case: Case,
    ran: list[_InRig],
    left_out: list[LeftOut],
    panel: Panel,
    assay: float,
    repeats: int,
    clock: float,
    begun: float,
) -> Screening:
    """Leave out rigs that lose too many strains, then strains that any other rig loses."""
    assert case.broth.biomass is not None
    kept = []
    for one in ran:
        lost = [(name, result) for name, result in one.lived.items() if isinstance(result, RushtonError)]
        if len(lost) > MOST_LOST * len(one.lived):
            name, error = lost[0]
            left_out.append(
                LeftOut(
                    one.design.name, f"{len(lost)} of {len(one.lived)} strains fail in it ({name}: {reason(error)})"
                )
            )
        else:
            kept.append(one)
    failures = list(panel.failures)
    strains = []
    for s in panel.strains:
        errors = [(o.design.name, e) for o in kept if isinstance(e := o.lived[s.name], RushtonError)]
        if errors:
            failures.append(Failure(s.row, s.name, f"in {errors[0][0]}: {reason(errors[0][1])}"))
        else:
            strains.append(s)
    if not kept:
        raise CaseError(
            "the strains can be followed in no rig", "--screen",
            "\n  ".join(f"{one.name}: {one.reason}" for one in left_out[:5]),
        )  # fmt: skip
    _enough(strains, failures, "--screen")
    rigs = []
    for one in kept:
        lived = [one.lived[s.name] for s in strains]
        rigs.append(
            RigReadings(
                one.design.name,
                f"{one.title}, standard (60 s, 20 %)" if one.design.reference else one.title,
                one.design.distance,
                one.biomass,
                np.stack([x.rates for x in lived if isinstance(x, Lived)], axis=1),
                np.stack([x.reference for x in lived if isinstance(x, Lived)], axis=1),
                np.array([one.uptake[s.name] for s in strains]),
                tuple(one.notes),
                bool(one.design.breath.get("breathes", True)),
            )
        )
    now = time.perf_counter()
    return Screening(
        panel, tuple(strains), tuple(rigs), tuple(failures), tuple(left_out), assay, repeats, panel.duration,
        case.broth.biomass, now - clock, now - begun,
    )  # fmt: skip
