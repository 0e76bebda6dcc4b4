"""Lab rigs designed again from a finished run: other rigs, another volume or seed, without the tank.

The saved lifelines and response are what a rig is held against. Searches made for this tank before are kept in its
results: none is made twice, and a rig designed again is never farther from the tank than one found within limits as
tight or tighter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rushton.case.library import entry
from rushton.case.load import translate
from rushton.case.settings import LabLimits, ScaledownSettings
from rushton.errors import ResultsError
from rushton.pipeline.results import open_results
from rushton.store import Progress, atomic_write_text, explained, read_json, silent, to_json

if TYPE_CHECKING:
    from rushton.scaledown import Scaledown

FOLDER = "design"
"""Where the designs go inside the results, unless another folder is named; the run's own stay in scaledown/. Designs
made with other settings are kept, since an experiment may be running by them: the next go to design-2 and so on.
"""


def design(
    results_folder: Path | str,
    rigs: Sequence[str] = (),
    working_volume: str | float | None = None,
    seed: int | None = None,
    output: Path | str | None = None,
    progress: Progress = silent,
    equipment: Sequence[str] = (),
) -> tuple[Scaledown, Path]:
    """Design lab rigs for the tank of a results folder.

    Parameters
    ----------
    results_folder : path
        Of a run with lifelines.
    rigs : sequence of str
        Names of rigs; those of the case, or the default ones, where none is given.
    working_volume : str or float, optional
        Of the whole rig, such as ``"2 L"``, or m3.
    seed : int, optional
    output : path, optional
        Folder for designs.csv, protocols and feed tables, and design.json; by default ``design`` inside the results, or
        ``design-2`` and so on where that holds designs of other settings.
    progress : callable
    equipment : sequence of str
        Names of the library's equipment, in the place of that of the case; limits that the case itself gives stay.

    Returns
    -------
    designs : Scaledown
    folder : Path

    Raises
    ------
    ResultsError
        There are no lifelines in the results.
    CaseError, SolverError
        The settings contradict each other, or no rig can be made with them.
    """
    results = open_results(results_folder)
    if results.lifelines is None:
        raise ResultsError(
            "there are no lifelines in these results, so nothing says what cells of this tank meet",
            str(results.folder),
            "run the case with a [[feed]], a [strain] and broth.biomass, at least `--until lifelines`",
        )
    from rushton.report import write_bench_pages
    from rushton.scaledown import design as design_rigs
    from rushton.scaledown.searches import Searches

    settings = _settings(results.case.scaledown, rigs, working_volume, seed, equipment)
    case = results.case.model_copy(update={"scaledown": settings})
    searches = Searches.of(results.folder, progress)
    found = design_rigs(case, results.lifelines, results.response, progress, searches, results.environment)
    asked = settings.model_dump(mode="json")
    folder = Path(output) if output is not None else place_for(results.folder, asked)
    with explained(folder):
        found.write(folder)
        write_bench_pages(folder, case, found)
        made_for = {"results": str(results.folder), "scaledown": asked}
        atomic_write_text(folder / "design.json", to_json(made_for | found.summary()))
    return found, folder


def place_for(results_folder: Path, asked: dict[str, Any]) -> Path:
    """The first of design, design-2, ... in the results that is free, or holds designs of the settings asked for."""
    folder, n = results_folder / FOLDER, 1
    while folder.exists() and any(folder.iterdir()):
        try:
            made_for = read_json(folder / "design.json").get("scaledown")
        except ResultsError:  # not a finished one: somebody else's, or broken off
            made_for = None
        if made_for == json.loads(json.dumps(asked)):
            break
        n += 1
        folder = results_folder / f"{FOLDER}-{n}"
    return folder


def _settings(
    given: ScaledownSettings | None,
    rigs: Sequence[str] = (),
    working_volume: str | float | None = None,
    seed: int | None = None,
    equipment: Sequence[str] = (),
) -> ScaledownSettings:
    """Settings of the case with what was asked for in their place."""
    given = given if given is not None else ScaledownSettings()
    named = given.equipment.model_dump() | {entry("equipment", name, "--equipment")["kind"]: name for name in equipment}
    asked = {"rigs": list(rigs) or None, "working_volume": working_volume, "seed": seed}
    whole = given.model_dump(include={"rigs", "working_volume", "seed"}) | {
        k: v for k, v in asked.items() if v is not None
    }
    # limits that the case itself gave, not its former equipment
    former = {key: limit for one in given.equipment.chosen.values() for key, limit in one["limits"].items()}
    filled = LabLimits.model_validate(former)
    own = {
        key: getattr(given.limits, key)
        for key in given.limits.model_fields_set
        if key not in former or getattr(given.limits, key) != getattr(filled, key)
    }
    try:
        return ScaledownSettings.model_validate(whole | {"equipment": named, "limits": own})
    except ValidationError as error:
        raise translate(error, "scaledown") from None
