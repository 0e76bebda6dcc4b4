"""What a run leaves behind, read back: the folder's numbers at once, its fields when they are asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.errors import ResultsError
from rushton.pipeline.stages import STAGE_NAMES, stage_named
from rushton.store import StageCache, open_manifest, read_json

if TYPE_CHECKING:
    import numpy as np

    from rushton.case import Case
    from rushton.flow import Flow
    from rushton.lifelines import Lifelines
    from rushton.lifelines.environment import Environment
    from rushton.mesh import TankMesh
    from rushton.refine import Refinement
    from rushton.response import Response
    from rushton.scaledown import Scaledown
    from rushton.sensitivity import Sensitivity
    from rushton.transport import FeedStudy, Gas, Mixing, Substrate

TORQUE_BOUND = 0.02
"""Relative torque imbalance above which a run is warned of, -."""
CASE_FILE = "case.json"  # in the folder of the stages: the checked case as the run used it


class Results:
    """A results folder.

    The results of the stages are attributes, loaded when first used; None for a stage that was not run.

    Parameters
    ----------
    folder : Path
        Written by `rushton.run` or by ``rushton run``.

    Attributes
    ----------
    folder : Path
    manifest : dict
        Versions, hashes, seed, seconds and files per stage.
    summary : dict
        The headline numbers, as in ``summary.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.manifest: dict[str, Any] = open_manifest(self.folder)
        self.summary: dict[str, Any] = read_json(self.folder / "summary.json")

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r}, stages={list(self.manifest['stages'])})"

    @cached_property
    def case(self) -> Case:
        """The case as the run used it, defaults filled in."""
        from rushton.case import Case

        saved = read_json(StageCache(self.folder).folder / CASE_FILE)
        case = Case.model_validate(saved["case"])
        for key in saved["defaults"]:
            _unmark(case, key.split("."))
        return case

    @cached_property
    def mesh(self) -> TankMesh | None:
        """Mesh of the tank."""
        return self._stage("mesh")

    @cached_property
    def flow(self) -> Flow | None:
        """Velocity, turbulence, power."""
        return self._stage("flow")

    @cached_property
    def aeration(self) -> Flow | None:
        """The flow with gas, which carries scalars and cells where gas gives back on it."""
        return self._stage("aeration")

    @cached_property
    def mixing(self) -> Mixing | None:
        """Tracer curves and blend times."""
        return self._stage("mixing")

    @cached_property
    def substrate(self) -> Substrate | None:
        """Concentration field of the fed substrate."""
        return self._stage("substrate")

    @cached_property
    def feed_study(self) -> FeedStudy | None:
        """The same feed at other places."""
        return self._stage("feed_study")

    @cached_property
    def gas(self) -> Gas | None:
        """Gas hold-up, transfer, dissolved oxygen and carbon dioxide."""
        return self._stage("gas")

    @cached_property
    def refine(self) -> Refinement | None:
        """The error statement: headline numbers with their bands."""
        return self._stage("refine")

    @cached_property
    def lifelines(self) -> Lifelines | None:
        """Statistics and records of what the cells see."""
        return self._stage("lifelines")

    @cached_property
    def environment(self) -> Environment | None:
        """Every scalar of the tank along the lifelines, and what cells meet of it."""
        return self._stage("environment")

    def along(self, name: str, cells: slice = slice(None)) -> np.ndarray:
        """A scalar along lifelines, (n_cell, n_time) float32; `rushton.lifelines.environment.Environment.along`.

        Examples
        --------
        >>> open_results("lab_3L.results").along("dissipation", slice(0, 100))    # doctest: +SKIP
        """
        if self.environment is None or self.lifelines is None:
            raise ResultsError(
                "there are no lifelines in these results", str(self.folder), "run the case with a [[feed]], a [strain]"
            )
        return self.environment.along(self.lifelines, name, cells)

    @cached_property
    def response(self) -> Response | None:
        """What the cells make of it."""
        return self._stage("response")

    @cached_property
    def sensitivity(self) -> Sensitivity | None:
        """What moves regimes and loss."""
        return self._stage("sensitivity")

    @cached_property
    def scaledown(self) -> Scaledown | None:
        """Laboratory designs and protocols."""
        return self._stage("scaledown")

    @property
    def report(self) -> Path | None:
        """The report, where one was written."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    @property
    def warnings(self) -> list[str]:
        """What a reader of the numbers must know: solvers that did not converge, torques that do not balance."""
        out = []
        for name in STAGE_NAMES:
            part = self.summary.get(name)
            if isinstance(part, dict) and part.get("converged") is False:
                why = f" ({part['message']})" if part.get("message") else ""
                out.append(
                    f"{name}: the solver did not converge{why}; its result is kept and marked, judge it before use"
                )
        imbalance = (self.summary.get("flow") or {}).get("torque_imbalance")
        if imbalance is not None and abs(imbalance) > TORQUE_BOUND:
            out.append(
                f"flow: torque of the impellers and of the walls differ by {abs(imbalance):.1%}; power and power "
                "number are known no better than that"
            )
        for name in ("gas", "lifelines", "response"):
            out += [f"{name}: {text}" for text in (self.summary.get(name) or {}).get("cautions") or ()]
        return out

    def _stage(self, name: str) -> Any:
        record = self.manifest["stages"].get(name)
        if record is None:
            return None
        cache = StageCache(self.folder)
        if not cache.has(name, record["key"]):
            raise ResultsError(
                f"the stored stage '{name}' is missing or damaged", str(self.folder),
                "`rushton run` the case again into this folder: only this stage is computed anew",
            )  # fmt: skip
        try:
            return stage_named(name).load(cache.path(name, record["key"]))
        except (KeyError, TypeError, ValueError) as error:  # written by sources that stored something else
            raise ResultsError(
                f"the stored stage '{name}' does not fit this state of the program ({error!r})", str(self.folder),
                "`rushton run` the case again into this folder: only what does not fit is computed anew",
            ) from error  # fmt: skip


def case_record(case: Case) -> dict[str, Any]:
    """A case as it is kept in the folder: every value, SI units, and which of them were filled in."""
    return {"case": case.model_dump(mode="json", by_alias=True), "defaults": sorted(case.defaults)}


def _unmark(section: Any, key: list[str]) -> None:
    """Remember of a value that nobody gave it: the record names every value, so reading it back marks all as given."""
    names = {field.alias or name: name for name, field in type(section).model_fields.items()}
    name = names[key[0]]
    if len(key) == 1:
        section.__pydantic_fields_set__.discard(name)
    elif key[1].isdigit():
        _unmark(getattr(section, name)[int(key[1])], key[2:])
    else:
        _unmark(getattr(section, name), key[1:])


def open_results(folder: Path | str) -> Results:
    """Open a results folder.

    Parameters
    ----------
    folder : path
        For example ``"penicillin_54m3.results"``.

    Raises
    ------
    ResultsError
        When it is no results folder, or one that this version cannot read.

    Examples
    --------
    >>> open_results("lab_3L.results").summary["mixing"]["theta95_variance_s"]    # doctest: +SKIP
    """
    return Results(Path(folder))
