"""What the cells make of what they see: long histories from lifelines, pools, productivity, losses.

Door: ``respond(case, lifelines, substrate, folder, progress, gas=...) -> Response``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.response.result import Response
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.physiology import CellModel
    from rushton.transport import Gas, Substrate

__all__ = ["Response", "preflight", "respond"]


def preflight(case: Case) -> None:
    """Refuse a strain that cannot live on the feed of its case, before minutes are spent.

    Solves the ideally mixed vessel, which takes about a second. A case without strain, feed or biomass passes.

    Raises
    ------
    ModelError
        Unknown model or parameter, or no steady state under the mean uptake that the feed allows.
    """
    from rushton.physiology import ideal_cell, model_of

    strain = case.strain
    if strain is None or not case.feeds or not case.broth.biomass:
        return
    fed = sum(feed.rate for feed in case.feeds) / (strain.uptake.max * case.broth.biomass * case.liquid_volume)
    model = model_of(strain)
    ideal_cell(model, min(fed, 1.0), strain.uptake.max, strain.uptake.half_saturation / case.broth.density)


def respond(
    case: Case,
    lifelines: Lifelines,
    substrate: Substrate,
    folder: Path,
    progress: Progress = silent,
    uptake: str = "imposed",
    gas: Gas | None = None,
) -> Response:
    """What the population makes of its lifelines, beside one cell in the ideally mixed vessel.

    Parameters
    ----------
    case : Case
        With strain and response settings.
    lifelines : Lifelines
        Their mesh cells every 0.3 s are read back from the file of tracks.
    substrate : Substrate
        Its uptake ratio s = q/q_max and concentration per mesh cell.
    folder : Path
        Folder of the stage; the result is saved there.
    progress : callable
        Told of the share done.
    uptake : {"imposed", "own"}
        Cells eat what the field says, or by the model's own law of the field's concentration. After two-way coupling
        always the latter, in the field that the cells made (its mean over the last half of the run): what the histories
        eat over what is fed is ``uptake_mismatch``, and the ideally mixed vessel eats by its own law what is fed.
    gas : Gas, optional
        Its dissolved oxygen and carbon dioxide per mesh cell. A model that asks for what nobody gives takes its
        default, and the result says so.

    Returns
    -------
    Response

    Raises
    ------
    ModelError
        Unknown model or parameter, no steady state under the mean uptake of the case, rates that are no numbers, or
        a pool that moves too fast for the steps.
    """
    from rushton.errors import CaseError
    from rushton.physiology import model_of
    from rushton.physiology.quantities import SUBSTRATE
    from rushton.response.drive import run_histories
    from rushton.response.stitch import gather_records
    from rushton.response.surroundings import surroundings

    strain, density = case.strain, case.broth.density
    if strain is None:
        raise CaseError("a response needs a strain", "strain", "Add [strain] with a model and an uptake law.")
    coupled = lifelines.coupled
    model = model_of(strain, uptake if coupled is None else "own")
    progress(0.0, "reading the lifelines")
    fluid = ~substrate.mesh.solid  # in the order of TankMesh.cell_index
    field = substrate if coupled is None else coupled
    ratio = field.uptake_ratio[fluid]
    records = gather_records(lifelines.cell_index_blocks(), ratio, lifelines.stored_cells, lifelines.sampling)
    by_species: dict[str, Any] = {SUBSTRATE: field.concentration[fluid] / density}
    if case.broth.biomass is not None:
        by_species["biomass"] = case.broth.biomass / density
    if gas is not None:
        by_species |= {"oxygen": gas.oxygen[fluid] / density, "carbon_dioxide": gas.carbon_dioxide[fluid] / density}
    if coupled is not None:  # the fields that the cells made
        by_species |= {name: coupled.field(name)[fluid] / density for name in coupled.species_names}
    around = surroundings(
        model, records.ratio, strain.uptake.max, strain.uptake.half_saturation / density, by_species, density
    )
    response = run_histories(
        model,
        records,
        around,
        case.response,
        strain.regimes,
        fed_ratio=substrate.ideal_mixed_uptake_ratio,
        seed=lifelines.seed,
        progress=progress,
        spread=strain.spread,
        mixed=None if coupled is None else _fed(model, case, substrate, by_species),
    )
    response.save(Path(folder))
    return response


def _fed(model: CellModel, case: Case, substrate: Substrate, by_species: dict[str, Any]) -> tuple[float, float]:
    """Uptake ratio and concentration, mol/kg, of the ideally mixed vessel whose cells eat by their own law.

    What surrounds them besides (by_species, mol/kg) is there at its mean over the volume.
    """
    import numpy as np

    from rushton.physiology.fed import fed_cell

    assert case.strain is not None
    uptake, density = case.strain.uptake, case.broth.density
    s = substrate.ideal_mixed_uptake_ratio
    mesh = substrate.mesh
    share = mesh.volumes[~mesh.solid] / mesh.volume
    means = {name: float(share @ value) if np.ndim(value) else float(value) for name, value in by_species.items()}
    around = model.environment_vector(**model.surroundings_from_mol_kg(means, density))
    _, concentration = fed_cell(model, s * uptake.max, uptake.half_saturation, density, around)
    return s, concentration / density
