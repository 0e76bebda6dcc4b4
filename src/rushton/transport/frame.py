"""In which frame the liquid of a rotating zone carries scalars and cells.

A steady flow with a rotating zone is one picture of a periodic flow: outside the zone it is steady in the
laboratory, inside it is steady as seen from the blades. Two sets of face fluxes follow from it, both
divergence-free, both the same outside the zones::

    absolute   F_theta                                       a blade sweeps liquid with it: flux Omega r A through it
    relative   F_theta - Omega r A_theta inside the zones    zero at a blade, theta counted from the blades inside

Either keeps a uniform field uniform and loses no mass; mixing the two would. They differ in what happens near the
blades: the radial and axial velocities there turn with the blades (trailing vortices, the pumping between blades).
The relative flux lets liquid travel with them; the absolute flux sweeps it past them at the full angular velocity,
so that only their average round the ring acts, and the exchange of an impeller's upper and lower loops is too slow:
measured in docs/validation.md. The relative flux is the default; neither is the time-accurate turning of the zone.

Omega is the angular velocity, rad/s; A_theta the area of a theta face, m2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from rushton.flow.field import Flow
from rushton.mesh.faces import passes_advection

Frame = Literal["absolute", "relative"]

FRAME: Frame = "relative"
"""Unless the case says otherwise (``numerics.frame``)."""


def advecting_fluxes(flow: Flow, frame: Frame = FRAME) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Volume fluxes that carry scalars and cells, m3/s; exactly zero on closed faces.

    Parameters
    ----------
    flow : Flow
    frame : {"absolute", "relative"}

    Returns
    -------
    flux_r (nr+1, nt, nz), flux_theta (nr, nt, nz), flux_z (nr, nt, nz+1)
    """
    mesh = flow.mesh
    open_r, open_theta, open_z = passes_advection(mesh)
    flux_theta = flow.flux_theta
    if frame == "relative":
        omega = 2.0 * np.pi * flow.speed
        turning = omega * mesh.r_centre[:, None, None] * (mesh.zone > 0)[:, None, :] * mesh.area_theta
        flux_theta = flux_theta - turning
        flux_theta = np.where(np.abs(flux_theta) < 1e-12 * np.abs(turning), 0.0, flux_theta)  # blades: rounding
    return (
        np.where(open_r, flow.flux_r, 0.0),
        np.where(open_theta, flux_theta, 0.0),
        np.where(open_z, flow.flux_z, 0.0),
    )
