"""What each stage needs: the part of the case it reads, the stages it is handed, the packages it runs, its door.

The table `STAGES` is the whole wiring of the program. The inputs named here make the key of the stage cache, so a
stage must read nothing of the case beyond its own inputs and those of the stages before it (a test watches that).
Doors are imported when the stage runs: starting the program must not cost the import of every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.store import Progress, StageCache, load_result, save_result

if TYPE_CHECKING:
    from rushton.case import Case

Done = Mapping[str, Any]
"""Results of the stages before, by name; None where a stage was not run."""


@dataclass(frozen=True)
class Stage:
    """One stage of the chain.

    Attributes
    ----------
    name : str
    inputs : callable
        The part of the case that it reads, as plain values.
    upstream : tuple of str
        Stages whose results it is handed.
    packages : tuple of str
        Packages that it runs; with all they import they are hashed into its key.
    compute : callable
        (case, results of earlier stages, folder to write in, progress) -> result.
    result : str
        ``module:Class`` of the result, which saves and loads itself.
    missing : callable
        Why the case does not ask for this stage; empty when it does.
    also : callable
        Stages besides ``upstream`` whose results it is handed for this case.
    save, load, export : callable
        By default the result's own.
    """

    name: str
    inputs: Callable[[Case], dict[str, Any]]
    upstream: tuple[str, ...]
    packages: tuple[str, ...]
    compute: Callable[[Case, Done, Path, Progress], Any]
    result: str
    missing: Callable[[Case], str] = field(default=lambda case: "")
    also: Callable[[Case], tuple[str, ...]] = field(default=lambda case: ())

    def needs(self, case: Case) -> tuple[str, ...]:
        """All stages whose results it is handed for a case."""
        return self.upstream + self.also(case)

    def save(self, result: Any, folder: Path) -> None:
        """Write the result into a folder."""
        result.save(folder)

    def load(self, folder: Path) -> Any:
        """Read the result back."""
        module, name = self.result.split(":")
        return getattr(import_module(module), name).load(folder)

    def summary(self, result: Any) -> dict[str, Any] | None:
        """The stage's section of summary.json; None for a stage without one."""
        return dict(result.summary())

    def export(self, result: Any, folder: Path) -> None:
        """Write the files that a user reads."""
        result.export(folder)


class AeratedFlowStage(Stage):
    """The flow with gas is handed over like the flow without; its numbers stand in the section of the gas."""

    def summary(self, result: Any) -> None:
        return None

    def export(self, result: Any, folder: Path) -> None:
        result.export(folder, "flow_with_gas.vtu")


class MeshStage(Stage):
    """The mesh is handed over as arrays and written for ParaView; it has no section in summary.json."""

    def save(self, result: Any, folder: Path) -> None:
        save_result(folder, result.to_arrays(), {})

    def load(self, folder: Path) -> Any:
        from rushton.mesh import TankMesh

        return TankMesh.from_arrays(load_result(folder)[0])

    def summary(self, result: Any) -> None:
        return None

    def export(self, result: Any, folder: Path) -> None:
        from rushton.mesh.io import write_vtu

        write_vtu(folder / "mesh.vtu", result, {})


# ------------------------------------------------------------------------------------- the part of the case each reads


def plain(model: Any) -> Any:
    """A part of the case as plain JSON values, SI units."""
    return None if model is None else model.model_dump(mode="json")


def _tank(case: Case) -> dict[str, Any]:
    numerics = plain(case.numerics)
    numerics.pop("frame", None)  # of scalars and cells, not of the flow
    numerics.pop("refine", None)  # asks for more runs, changes none
    numerics.pop("sensitivity", None)  # the same
    numerics.pop("quality", None)  # a name only: what it stands for is the number of mesh cells beside it
    numerics["mesh_cells"] = case.numerics.target_mesh_cells
    flow = plain(case.flow)
    flow.pop("blades", None)  # what it comes to stands beside it
    return {
        "tank": plain(case.tank),
        "impellers": [plain(i) for i in case.impellers],
        "flow": flow,
        "thin_blades": case.thin_blades,
        "sparger_ring": case.sparger_ring,
        "numerics": numerics,
    }


def _flow(case: Case) -> dict[str, Any]:
    broth = {
        "density": case.broth.density,
        "viscosity": case.broth.viscosity,
        "power_law": plain(case.broth.power_law),
    }
    return {**_tank(case), "operation": plain(case.operation), "broth": broth}


def _mixing(case: Case) -> dict[str, Any]:
    return {"mixing": plain(case.mixing), "frame": case.numerics.frame}


def _substrate(case: Case) -> dict[str, Any]:
    strain = case.strain
    return {
        "feeds": [plain(feed) for feed in case.feeds],
        "biomass": case.broth.biomass,
        "uptake": plain(strain.uptake) if strain else None,
        "regimes": plain(strain.regimes) if strain else None,
        "schmidt": case.mixing.schmidt_turbulent,
        "frame": case.numerics.frame,
    }


def _feed_study(case: Case) -> dict[str, Any]:
    return {"feed_study": plain(case.feed_study)}


def _aeration(case: Case) -> dict[str, Any]:
    gas = plain(case.gas) or {}
    for key in ("respiration", "kla", "oxygen_fraction", "carbon_dioxide_fraction"):  # of transfer, not of hold-up
        gas.pop(key, None)
    return {"gas": gas, "temperature": case.broth.temperature, "frame": case.numerics.frame}


def _gas(case: Case) -> dict[str, Any]:
    return {
        "gas": plain(case.gas),
        "temperature": case.broth.temperature,
        "schmidt": case.mixing.schmidt_turbulent,
        "frame": case.numerics.frame,
    }


def _lifelines(case: Case) -> dict[str, Any]:
    out = {"lifelines": plain(case.lifelines), "regimes": plain(case.strain.regimes) if case.strain else None}
    if _two_way(case):  # the cells act back on the field
        out["cells"] = {**_response(case), **_substrate(case), "density": case.broth.density}
        out["cells"].pop("response")
    return out


def _environment(case: Case) -> dict[str, Any]:
    return {"critical": plain(case.strain.critical) if case.strain else None}


def _response(case: Case) -> dict[str, Any]:
    strain = case.strain
    model: dict[str, Any] | None = None
    if strain is not None:
        model = {"model": strain.model, "parameters": dict(strain.parameters), "spread": dict(strain.spread)}
        if strain.model_file is not None:
            from rushton.physiology.user_model import file_hashes

            model["file"] = file_hashes(strain.model_file)
    return {"strain": model, "response": plain(case.response)}


def _scaledown(case: Case) -> dict[str, Any]:
    return {
        "scaledown": plain(case.scaledown),
        "left open": sorted(
            key for key in case.defaults if key.startswith("scaledown")
        ),  # filled in from the lab's list
        "temperature": case.broth.temperature,
        "title": case.title,  # heads the protocols
    }


def _refine(case: Case) -> dict[str, Any]:
    return {**_flow(case), **_aeration(case), **_mixing(case), **_substrate(case)}


def _sensitivity(case: Case) -> dict[str, Any]:
    return {**_substrate(case), **_lifelines(case), **_response(case), "density": case.broth.density}


def _everything(case: Case) -> dict[str, Any]:
    return {"case": plain(case), "name": case.name, "defaults": sorted(case.defaults)}


# ------------------------------------------------------------------------------------------------- what may be missing


def _no_substrate(case: Case) -> str:
    lacking = [
        name
        for name, there in (
            ("[[feed]]", bool(case.feeds)),
            ("[strain]", case.strain is not None),
            ("broth.biomass", case.broth.biomass is not None),
        )
        if not there
    ]
    return f"the case has no {' and no '.join(lacking)}" if lacking else ""


def _no_aeration(case: Case) -> str:
    if case.gas is None:
        return "the case has no [gas]"
    return "" if case.gas.feedback == "flow" else 'the case says gas.feedback = "none"'


def _no_gas(case: Case) -> str:
    return "" if case.gas is not None else "the case has no [gas]"


def _no_feed_study(case: Case) -> str:
    return _no_substrate(case) or ("the case has no [feed_study]" if case.feed_study is None else "")


def _no_refine(case: Case) -> str:
    return "" if case.numerics.refine else "not asked for: `rushton run CASE --refine` or [numerics] refine = true"


def _no_sensitivity(case: Case) -> str:
    asked = "" if case.numerics.sensitivity else "not asked for: `rushton run CASE --sensitivity`"
    return asked or _no_response(case)


def _no_lifelines(case: Case) -> str:
    return _no_substrate(case) or ("the case has no [lifelines]" if case.lifelines is None else "")


def _two_way(case: Case) -> bool:
    return case.lifelines is not None and case.lifelines.coupling == "two-way"


def _gas_of_cells(case: Case) -> tuple[str, ...]:
    return ("gas",) if _two_way(case) else ()  # cells that act back on the fields breathe its oxygen


def _oxygen_of_rigs(case: Case) -> tuple[str, ...]:
    asked = case.scaledown is not None and "oxygen-switching" in case.scaledown.rigs
    return ("environment",) if asked else ()  # oxygen along lifelines


def _no_response(case: Case) -> str:
    return _no_lifelines(case) or ("the case has no [response]" if case.response is None else "")


def _no_scaledown(case: Case) -> str:
    return _no_response(case) or ("the case has no [scaledown]" if case.scaledown is None else "")


# ------------------------------------------------------------------------------------------------------------ the doors


def _compute_mesh(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.mesh import build_mesh

    return build_mesh(case)


def _compute_flow(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.flow import solve_flow

    return solve_flow(case, progress)


def _compute_aeration(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.transport import aerate

    return aerate(case, done["flow"], progress)


def _carrier(done: Done) -> Any:
    """The flow that carries scalars and cells: with gas, where gas gives back on it."""
    return done["flow"] if done["aeration"] is None else done["aeration"]


def _compute_mixing(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.transport import blend

    return blend(case, _carrier(done), progress, schmidt_effect=True)


def _compute_substrate(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.transport import solve_substrate

    return solve_substrate(case, _carrier(done), progress)


def _compute_gas(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.transport import solve_gas

    return solve_gas(case, done["flow"], done["substrate"], done["aeration"], progress)


def _compute_feed_study(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.transport import study_feeds

    return study_feeds(case, _carrier(done), done["substrate"], progress)


def _compute_refine(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.refine import refine

    return refine(case, done["flow"], done["mixing"], done["substrate"], folder, progress)


def _compute_sensitivity(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.sensitivity import assess

    lines, flow = done["lifelines"], _carrier(done)
    return assess(case, flow, done["substrate"], lines, done["gas"], folder, progress)


def _compute_lifelines(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.lifelines import track

    # an interrupted run is kept beside the stages; one that stands there finished may be made longer
    kept = folder.parents[1] / "lifelines.part"
    earlier = [place for place in sorted(folder.parent.iterdir()) if place != folder]
    return track(case, _carrier(done), done["substrate"], folder, progress, done.get("gas"), kept, earlier)


def _fields_of_cells(coupled: Any, substrate: Any, gas: Any) -> tuple[Any, Any, dict[str, tuple[Any, str, str]]]:
    """Substrate, gas and by-products as two-way coupling left them; what it had no field of stays."""
    others: dict[str, tuple[Any, str, str]] = {}
    if coupled is not None:
        substrate = replace(substrate, concentration=coupled.concentration, uptake_ratio=coupled.uptake_ratio)
        for name in coupled.species_names:
            if name in ("oxygen", "carbon_dioxide"):
                gas = replace(gas, **{name: coupled.field(name)})
            else:
                others[name] = (coupled.field(name), "mol/m3", f"{name}, given off or taken by the cells")
    return substrate, gas, others


def _compute_environment(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.lifelines.environment import surround, tank_scalars

    flow, gas = _carrier(done), done["gas"]
    substrate, gas, others = _fields_of_cells(done["lifelines"].coupled, done["substrate"], gas)
    scalars = tank_scalars(flow, substrate, gas, case.strain.critical if case.strain else None, others)
    without = {} if gas is not None else dict.fromkeys(("oxygen", "carbon_dioxide", "gas_fraction"), _no_gas(case))
    mesh = flow.mesh
    return surround(done["lifelines"], scalars, mesh.volumes[~mesh.solid], without, progress)


def _compute_response(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.response import respond

    return respond(case, done["lifelines"], done["substrate"], folder, progress, gas=done["gas"])


def preflight(case: Case) -> None:
    """Refuse a strain that cannot live on its feed before minutes are spent on the flow."""
    if not _no_lifelines(case):
        from rushton.lifelines import preflight as check_cells

        check_cells(case)
    if not _no_response(case):
        from rushton.response import preflight as check

        check(case)


def _compute_scaledown(case: Case, done: Done, folder: Path, progress: Progress) -> Any:
    from rushton.scaledown import design
    from rushton.scaledown.searches import Searches

    searches = Searches.of(StageCache.results_of(folder), progress)
    return design(case, done["lifelines"], done["response"], progress, searches, done.get("environment"))


STAGES: tuple[Stage, ...] = (
    MeshStage("mesh", _tank, (), ("rushton.mesh",), _compute_mesh, "rushton.mesh:TankMesh"),
    Stage("flow", _flow, ("mesh",), ("rushton.flow",), _compute_flow, "rushton.flow:Flow"),
    AeratedFlowStage(
        "aeration", _aeration, ("flow",), ("rushton.transport",), _compute_aeration, "rushton.flow:Flow", _no_aeration
    ),
    Stage("mixing", _mixing, ("flow", "aeration"), ("rushton.transport",), _compute_mixing, "rushton.transport:Mixing"),
    Stage(
        "substrate", _substrate, ("flow", "aeration"), ("rushton.transport",), _compute_substrate,
        "rushton.transport:Substrate", _no_substrate,
    ),
    Stage(
        "gas", _gas, ("flow", "aeration", "substrate"), ("rushton.transport",), _compute_gas, "rushton.transport:Gas",
        _no_gas,
    ),
    Stage(
        "feed_study", _feed_study, ("flow", "aeration", "substrate"), ("rushton.transport",), _compute_feed_study,
        "rushton.transport:FeedStudy", _no_feed_study,
    ),
    Stage(
        "refine", _refine, ("flow", "aeration", "mixing", "substrate"), ("rushton.refine",), _compute_refine,
        "rushton.refine:Refinement", _no_refine,
    ),
    Stage(
        "lifelines", _lifelines, ("flow", "aeration", "substrate"), ("rushton.lifelines", "rushton.physiology"),
        _compute_lifelines,
        "rushton.lifelines:Lifelines", _no_lifelines, _gas_of_cells,
    ),
    Stage(
        "environment", _environment, ("flow", "aeration", "substrate", "gas", "lifelines"), ("rushton.lifelines",),
        _compute_environment, "rushton.lifelines.environment:Environment", _no_lifelines,
    ),
    Stage(
        "response", _response, ("substrate", "gas", "lifelines"), ("rushton.response", "rushton.physiology"),
        _compute_response, "rushton.response:Response", _no_response,
    ),
    Stage(
        "sensitivity", _sensitivity, ("flow", "aeration", "substrate", "gas", "lifelines"), ("rushton.sensitivity",),
        _compute_sensitivity, "rushton.sensitivity:Sensitivity", _no_sensitivity,
    ),
    Stage(
        "scaledown", _scaledown, ("lifelines", "response"), ("rushton.scaledown", "rushton.physiology"),
        _compute_scaledown, "rushton.scaledown:Scaledown", _no_scaledown, _oxygen_of_rigs,
    ),
)  # fmt: skip
"""All stages that compute something, in their order; the report follows them."""


def stage_named(name: str) -> Stage:
    """The stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)


REPORT = "report"
STAGE_NAMES: tuple[str, ...] = (*(stage.name for stage in STAGES), REPORT)
REPORT_INPUTS = _everything
REPORT_PACKAGES = ("rushton.report",)
