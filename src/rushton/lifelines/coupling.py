"""Two-way coupling: cells carry a cell model, take up what they can by their own state, and the field answers.

One step of the exchange, from t to t + dt (dt: the sampling interval of the lifelines, a whole number of walk steps)::

    1  field   V (C' - C)/dt + A C' - T(C') = F w - V X R_B q*(C)/C C',      U = sum(V X R_B q*(C)/C C')
    2  cells   walk for dt in the steady flow; they read s = C'/(K + C')
    3  wishes  q_n = own(C'_n, x_n);   R_B from q_n and q*(C'_n)  (:mod:`rushton.lifelines.coupling_blocks`)
    4  uptake  f q_n,  f = U / (m sum q_n);   dx_n/dt = rates(f q_n, C'_n, x_n)

    C, C'  mol/m3      field before and after        q*   mol/(kg s)  uptake of the mean cell (mean of all pools) at C
    q_n    mol/(kg s)  what cell n would take        R_B  -           cells over mean cells, per coarse cell
    m      kg          dry weight a cell stands for  X    kg/m3       biomass: m = X V / cells followed
    U      mol/s       what the field loses          f    -           share of their wish that cells get

* The feed plume is kept: q*(C) acts in every mesh cell, only R_B is coarse, and R_B holds no sampling noise of places.
* Mass is exact to rounding. The field's step is (:mod:`rushton.transport.consumption`), and the cells get what it lost:
  m sum f q_n = U. So fed = eaten by the cells + change of what is dissolved, in every step.
* f differs from one by the sampling noise of the cloud (some tenths of a per cent for 20,000 cells) and by the lag of
  R_B where cells change fast. Its mean less one is ``uptake_mismatch``; f is the same for all cells at one time.
* Cells without memory have R_B = 1 exactly: the scheme is then the Eulerian one, whatever the number of cells.
* Oxygen and by-products follow from the uptake that cells got: :mod:`rushton.lifelines.coupling_species`.
* Positive for any step; nothing is limited by the uptake time K/(q_max X).

Start: pools of the ideally mixed vessel that eats by its own law what is fed; the field is brought to rest with these
cells; then cells and field live together for a fifth of the duration, at most 120 s, before anything is recorded.

What is at rest and what is not. Pools that move within the duration (seconds to minutes) reach their stationary spread
and act back on the field. Slow pools (enzymes: hours to days) stay near their start; a run of 600 s cannot show where
they would end; ``lifelines.slow_pools = "at-rest"`` brings them there first (:mod:`rushton.lifelines.coupling_slow`).
The drift of the mean pools over the last half of the run is reported, per hour, so that this is seen.
Flow, biomass and volume are those of one moment of the fermentation.

What the response makes of it: the histories run through the mean field of the last half, on the own uptake of the
model, from the cell of the ideally mixed vessel that eats by its own law what is fed. What they eat over what is fed is
the response's ``uptake_mismatch``: it grows as slow pools drift from where they were when the field was made.

An interrupted run goes on where it stopped; a finished one is the start of one at least twice as long, where both have
the same while before the record: fields, cells, sums of coarse cells and books are kept between two steps.

Sums over cells are formed in their order and coarse cells are summed one after the other: the same seed gives the
same bytes on any number of threads.

References: parcels that carry a cell model in a field, Lapin, Schmid, Reuss 2006, Chem. Eng. Sci. 61:4783,
(from memory, unverified; there every parcel is a sink of its own, the ratio and its exact balance are ours);
one-way procedure: Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from rushton.cores import usable_cores
from rushton.lifelines import tracking
from rushton.lifelines.coupling_exchange import TwoWay
from rushton.lifelines.coupling_result import Coupled
from rushton.lifelines.coupling_species import kinds_of
from rushton.lifelines.result import Lifelines
from rushton.lifelines.walkers import Walkers
from rushton.physiology import model_of
from rushton.physiology.user_model import file_hashes
from rushton.store import Progress, silent
from rushton.transport.operator import assemble
from rushton.transport.substrate import feed_source

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.flow.field import Flow
    from rushton.transport import Gas, Substrate

MOST_COMPARED = 10_000
"""Cells at most that are followed through the one-way field too, for comparison."""


class SameWays:
    """The exchange of one-way coupling: none; the cells begin where others began, and so go the same ways."""

    def __init__(self, begun_at: dict[str, np.ndarray]) -> None:
        self._begun_at = begun_at

    def begin(self, walkers: Walkers) -> None:
        """Before the first step the cells are put where the others began."""
        if walkers.done == 0:
            for name, begun in self._begun_at.items():
                there = getattr(walkers.cloud, name)
                there[:] = begun[: len(there)]

    def finish(self, walkers: Walkers) -> None:
        """Nothing is traded."""

    def again(self) -> None:
        """The others are checked, these are not."""

    def close(self) -> None:
        """Nothing is open."""

    def key(self, walkers: Walkers) -> str:
        """Hash of where the others began."""
        digest = hashlib.blake2b(digest_size=16)
        for begun in self._begun_at.values():
            digest.update(np.ascontiguousarray(begun).tobytes())
        return digest.hexdigest()

    def state(self) -> dict[str, np.ndarray]:
        """Nothing is under way."""
        return {}

    def restore(self, walkers: Walkers, state: Mapping[str, np.ndarray]) -> None:
        """The walkers are where they were."""


def couple(
    case: Case,
    flow: Flow,
    substrate: Substrate,
    folder: Path,
    progress: Progress = silent,
    gas: Gas | None = None,
    *,
    walk: str | None = None,
    threads: int | None = None,
    kept: Path | None = None,
    earlier: Sequence[Path] = (),
) -> Lifelines:
    """Follow cells that change the field they live in.

    Parameters
    ----------
    case : Case
        Besides what ``tracking.track`` reads: ``strain``, ``feeds``, ``broth.biomass`` and ``broth.density``.
    flow : Flow
    substrate : Substrate
        The one-way field: a first guess, and what the result is compared with.
    folder : Path
        ``lifelines.nc`` is written here.
    progress : Progress
    gas : Gas, optional
        Its transfer feeds the oxygen that the cells breathe; without it oxygen stays at the default of the model.
    walk : str, optional
    threads : int, optional
    kept : Path, optional
    earlier : sequence of Path
        As for ``tracking.track``; a finished run can be made longer if the new one is at least twice as long.

    Returns
    -------
    Lifelines
        With ``coupled``.

    Raises
    ------
    ModelError
        If the cells cannot take up what is fed.
    SolverError
        If cells stop eating, or flow and field do not serve.
    """
    settings, strain = case.lifelines, case.strain
    assert settings is not None and strain is not None and case.broth.biomass is not None
    progress(0.0, "cells and field before they meet")
    model, source = model_of(strain), feed_source(case, flow.mesh)
    two_way = TwoWay(
        model,
        assemble(flow, case.mixing.schmidt_turbulent, frame=case.numerics.frame),
        source,
        substrate.concentration,
        strain.uptake.half_saturation,
        case.broth.biomass,
        case.broth.density,
        kinds_of(model, flow.mesh, case.broth.density, gas, source),
        strain.spread,
        settings.slow_pools == "at-rest",
        model_file=file_hashes(strain.model_file) if strain.model_file else (),
    )
    threads = threads or usable_cores()
    lifelines = tracking.track(
        case, flow, two_way, folder, progress, walk=walk, threads=threads, exchange=two_way, kept=kept, earlier=earlier
    )
    few = settings.model_copy(
        update={"cells": min(settings.cells, MOST_COMPARED), "full_records": 0, "stored_cells": 10}
    )
    with TemporaryDirectory(dir=folder) as aside:
        one_way = tracking.track(
            case.model_copy(update={"lifelines": few}), flow, substrate, Path(aside), walk=walk, threads=threads,
            exchange=SameWays(two_way.begun_at),
        )  # fmt: skip
    two_way.close()
    if kept is not None:
        shutil.rmtree(kept, ignore_errors=True)
    return replace(lifelines, coupled=Coupled.of(two_way, substrate, one_way))
