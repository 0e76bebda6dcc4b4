"""The ring of a sparger as an obstacle to the flow: mesh cells at rest, square in section, of the volume of its tube.

    side s = d sqrt(pi) / 2,     volume 2 pi R s^2 = 2 pi R (pi/4) d^2      R, d: radius of ring, diameter of tube, m

Its edges are faces of the mesh. Holes and the pipe that feeds the ring are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rushton.mesh.cylinder import STATIONARY

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.mesh.flags import Flags


def in_ring(case: Case, r: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(nr, nz) bool: mesh cells in the ring."""
    rc, zc = 0.5 * (r[1:] + r[:-1]), 0.5 * (z[1:] + z[:-1])
    if case.sparger_ring is None:
        return np.zeros((rc.size, zc.size), bool)
    inner, outer, low, high = case.sparger_ring
    return ((rc > inner) & (rc < outer))[:, None] & (zc > low) & (zc < high)


def add_ring(flags: Flags, case: Case) -> None:
    """The ring as solid mesh cells at rest, closed all round."""
    if case.sparger_ring is None:
        return
    part = in_ring(case, flags.r, flags.z)[:, None, :] & np.ones(flags.solid.shape, bool)
    flags.solid |= part
    flags.resting |= part
    flags.close(part, STATIONARY, flags.patch("sparger"))
