"""Is a cloud that was released uniformly still uniform?  The test that every track must pass.

    chi2 / dof = 1 / (n_bin - 1)  sum_b (N_b - E_b)^2 / E_b,      E_b = N V_b / V

    N_b, N   cells in bin b and in all, -      V_b, V   volume of the bin and of the liquid, m3

Bins are groups of whole mesh cells (so walls, blades and the shaft are respected) of nearly equal volume: layers in z
of equal volume, each cut in r, each of those in theta. For Poisson counts the value is 1 +- sqrt(2 / dof); E_b exact.

Source of the criterion: Thomson 1987, J. Fluid Mech. 180:529, doi 10.1017/S0022112087001940. Valid for E_b above 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rushton.mesh.cylinder import TankMesh

N_BIN = (8, 4, 4)
"""Cuts in z, r, theta: 128 bins."""


def equal_volume_bins(mesh: TankMesh, cuts: tuple[int, int, int] = N_BIN) -> tuple[np.ndarray, np.ndarray]:
    """Groups of mesh cells of nearly equal volume.

    Parameters
    ----------
    mesh : TankMesh
    cuts : (3,) int
        Number of cuts in z, then r, then theta.

    Returns
    -------
    bins : (n_mesh_cell,) int32
        Bin of every fluid mesh cell.
    volumes : (n_bin,) float
        Exact volume of every bin, m3.
    """
    i, j, k = mesh.fluid_cells.T
    volume = mesh.volumes[i, j, k]
    groups = np.zeros(i.size, np.int64)
    # ties within a layer are ordered by the other directions, so that a cut through it is compact
    for n, keys in zip(cuts, ((j, i, k), (j, k, i), (i, k, j)), strict=True):
        new = np.empty_like(groups)
        for g in np.unique(groups):
            members = np.flatnonzero(groups == g)
            members = members[np.lexsort(tuple(key[members] for key in keys))]
            v = volume[members]
            middle = (np.cumsum(v) - 0.5 * v) / v.sum()
            new[members] = g * n + np.minimum((middle * n).astype(np.int64), n - 1)
        groups = new
    n_bin = int(np.prod(cuts))
    return groups.astype(np.int32), np.bincount(groups, weights=volume, minlength=n_bin)


def chi2_per_dof(counts: np.ndarray, volumes: np.ndarray) -> float:
    """Chi2 per degree of freedom of counts against a uniform cloud.

    Parameters
    ----------
    counts : (n_bin,) number of cells per bin.
    volumes : (n_bin,) volume of the bins, any unit.

    Returns
    -------
    float
        nan for fewer than two bins with volume or an empty cloud.
    """
    used = volumes > 0.0
    n = counts[used].sum()
    if n == 0 or used.sum() < 2:
        return float("nan")
    expected = n * volumes[used] / volumes[used].sum()
    return float(((counts[used] - expected) ** 2 / expected).sum() / (used.sum() - 1))
