"""What the cells make of what they see: long histories from lifelines, pools, productivity, losses.

Door: ``respond(case, lifelines, substrate, folder, progress) -> Response``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rushton.response.result import Response
from rushton.store import Progress, silent

if TYPE_CHECKING:
    import numpy as np

    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.physiology import CellModel
    from rushton.transport import Substrate

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
) -> Response:
    """What the population makes of its lifelines, beside one cell in the ideally mixed vessel.

    Parameters
    ----------
    case : Case
        With strain and response settings.
    lifelines : Lifelines
        Their mesh cells every 0.3 s are read back from the file of tracks.
    substrate : Substrate
        Its uptake ratio s = q/q_max per mesh cell turns mesh cells into signals.
    folder : Path
        Folder of the stage; the result is saved there.
    progress : callable
        Told of the share done.
    uptake : {"imposed", "own"}
        Cells eat what the field says, or by the model's own law of the field's concentration. After two-way coupling
        always the latter, in the field that the cells made (its mean over the last half of the run): what the histories
        eat over what is fed is ``uptake_mismatch``, and the ideally mixed vessel eats by its own law what is fed.

    Returns
    -------
    Response

    Raises
    ------
    ModelError
        Unknown model or parameter, or no steady state under the mean uptake of the case.
    """
    from rushton.errors import CaseError
    from rushton.physiology import model_of
    from rushton.response.drive import run_histories
    from rushton.response.stitch import gather_records

    strain = case.strain
    if strain is None:
        raise CaseError("a response needs a strain", "strain", "Add [strain] with a model and an uptake law.")
    coupled = lifelines.coupled
    model = model_of(strain, uptake if coupled is None else "own")
    progress(0.0, "reading the lifelines")
    field = substrate.uptake_ratio if coupled is None else coupled.uptake_ratio
    ratio = field[~substrate.mesh.solid]  # in the order of TankMesh.cell_index
    records = gather_records(lifelines.cell_index_blocks(), ratio, lifelines.cells, lifelines.sampling)
    response = run_histories(
        model,
        records,
        case.response,
        strain.regimes,
        q_max=strain.uptake.max,
        half_saturation=strain.uptake.half_saturation / case.broth.density,
        fed_ratio=substrate.ideal_mixed_uptake_ratio,
        seed=lifelines.seed,
        progress=progress,
        ideal=None if coupled is None else _fed(model, case, substrate),
    )
    response.save(Path(folder))
    return response


def _fed(model: CellModel, case: Case, substrate: Substrate) -> tuple[np.ndarray, dict[str, float]]:
    """State and rates of the cell of the ideally mixed vessel, by its own law."""
    from rushton.physiology.fed import fed_cell

    assert case.strain is not None
    uptake, density = case.strain.uptake, case.broth.density
    fed = substrate.ideal_mixed_uptake_ratio * uptake.max
    state, concentration = fed_cell(model, fed, uptake.half_saturation, density)
    around = model.surroundings_from_mol_kg({"substrate": concentration / density}, density)
    environment = model.environment_vector(fed * model.uptake_per_mol_kg_s, **around)
    return state, model.evaluate(environment, state)[1]
