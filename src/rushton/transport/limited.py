"""The limited second-order part of convection, deferred: what upwind leaves out, mol/s.

Face value from the upwind mesh cell U with neighbours D (downwind) and UU (upwind of U) along the coordinate line::

    C_f = C_U +- delta_U,      T_P = - sum_f (+-) F_f (C_f - C_U)

    delta_U = min(|a|, |b|, h_U/2 |a + b| / (x_D - x_UU)) sign(a),  0 where a b <= 0
    a = C_D - C_U,  b = C_U - C_UU,  h_U width of the mesh cell, x centres

On a uniform grid that is van Leer's monotonised central limiter, delta = min(2|a|, 2|b|, |a + b|/2)/2, the one of
FiPy's ``VanLeerConvectionTerm`` in the limit of small time steps. It is exact for linear fields on stretched grids,
creates no new extremes (once steady, or in small steps; lagged behind long steps it may undershoot by some per
cent), leaves constants alone, and is a sum of face fluxes, so it keeps the mass. Across closed faces a or b is
zero, so the scheme is upwind beside walls.

Source: B. van Leer, Towards the ultimate conservative difference scheme. IV, J. Comput. Phys. 23, 276-299 (1977),
doi:10.1016/0021-9991(77)90095-X.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.mesh.cylinder import TankMesh
from rushton.transport.operator import ScalarOperator
from rushton.transport.sweeps import OPTIONS

FloatArrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def slope_weights(mesh: TankMesh) -> FloatArrays:
    """Half width over distance of the neighbours' centres, h/2/(x_D - x_UU), per mesh cell in r, theta, z.

    Returns
    -------
    (nr,), (nt,), (nz,) float
        0 at both ends of r and z, where one neighbour is missing; 1/4 where the grid is uniform.
    """

    def weights(faces: np.ndarray, centres: np.ndarray) -> np.ndarray:
        w = np.zeros(centres.size)
        w[1:-1] = 0.5 * np.diff(faces)[1:-1] / (centres[2:] - centres[:-2])
        return w

    d = mesh.dtheta
    turn = d / (2.0 * d + np.roll(d, 1) + np.roll(d, -1))  # periodic: centres of the neighbours are this far apart
    return weights(mesh.r, mesh.r_centre), turn, weights(mesh.z, mesh.z_centre)


class LimitedConvection:
    """T(C) of one operator, with its work space.

    Parameters
    ----------
    operator : ScalarOperator
    team : Team
    """

    def __init__(self, operator: ScalarOperator, team: Team = ALONE) -> None:
        self._fluxes, self._team = operator.fluxes, team
        self._grid = (*(passes.astype(np.int8) for passes in operator.joined), *slope_weights(operator.mesh))
        self._out = np.zeros(operator.mesh.shape)

    def __call__(self, c: np.ndarray) -> np.ndarray:
        """(nr, nt, nz) T(C), mol/s; the array is used again by the next call."""
        self._team(limited_part, c.shape[0], c, *self._fluxes, *self._grid, self._out)
        return self._out


def limited_part_reference(c: np.ndarray, fluxes: FloatArrays, joined: FloatArrays, weights: FloatArrays) -> np.ndarray:
    """T(C) in plain numpy, the readable reference of ``limited_part``.

    Parameters
    ----------
    c : (nr, nt, nz) float
        Concentration.
    fluxes, joined : three arrays each
        Face fluxes m3/s and whether liquid passes, as in ``ScalarOperator``.
    weights : three arrays
        From ``slope_weights``.

    Returns
    -------
    (nr, nt, nz) float
        T, mol/s for c in mol/m3.
    """
    out = np.zeros_like(c)
    for d in range(3):
        flux, passes, w = np.moveaxis(fluxes[d], d, 0), np.moveaxis(joined[d], d, 0), weights[d][:, None, None]
        x = np.moveaxis(c, d, 0)
        if d == 1:  # periodic: face j below mesh cell j
            flux, passes = np.concatenate([flux, flux[:1]]), np.concatenate([passes, passes[:1]])
            below, above = np.roll(x, 1, axis=0), np.roll(x, -1, axis=0)
        else:
            below, above = np.concatenate([x[:1], x[:-1]]), np.concatenate([x[1:], x[-1:]])
        a = np.where(passes[1:], above - x, 0.0)
        b = np.where(passes[:-1], x - below, 0.0)
        delta = np.minimum(np.minimum(np.abs(a), np.abs(b)), w * np.abs(a + b))
        delta = np.where(a * b > 0.0, np.sign(a) * delta, 0.0)
        lower = np.roll(delta, 1, axis=0) if d == 1 else np.concatenate([np.zeros_like(delta[:1]), delta])
        upper = delta if d == 1 else np.concatenate([delta, np.zeros_like(delta[:1])])
        if d == 1:
            lower, upper = np.concatenate([lower, lower[:1]]), np.concatenate([upper, upper[:1]])
        extra = np.where(flux > 0.0, flux * lower, -flux * upper)  # F (C_f - C_U)
        np.moveaxis(out, d, 0)[...] += extra[:-1] - extra[1:]
    return out


@njit(**OPTIONS)
def _limited(a, b, w):
    if a * b <= 0.0:
        return 0.0
    if a > 0.0:
        return min(a, min(b, w * (a + b)))
    return max(a, max(b, w * (a + b)))


@njit(**OPTIONS)
def _carried(flux, low, high):
    """What a face carries towards the coordinate beyond upwind, F (C_f - C_U), from the slopes beside it."""
    return max(flux, 0.0) * low - min(flux, 0.0) * high


@njit(**OPTIONS)
def _theta_slopes(c, open_t, w, i, j, out):
    """delta_theta of the row (i, j)."""
    nt, nz = c.shape[1], c.shape[2]
    up = j + 1 if j + 1 < nt else 0
    down = j - 1 if j > 0 else nt - 1
    for k in range(nz):
        a = (c[i, up, k] - c[i, j, k]) * open_t[i, up, k]
        b = (c[i, j, k] - c[i, down, k]) * open_t[i, j, k]
        out[k] = _limited(a, b, w[j])


@njit(**OPTIONS)
def _r_slopes(c, open_r, w, i, out):
    """delta_r of the plane i, 0 outside and at both ends."""
    nr, nt, nz = c.shape
    if 0 < i < nr - 1:
        for j in range(nt):
            for k in range(nz):
                a = (c[i + 1, j, k] - c[i, j, k]) * open_r[i + 1, j, k]
                b = (c[i, j, k] - c[i - 1, j, k]) * open_r[i, j, k]
                out[j, k] = _limited(a, b, w[i])
    else:
        out[:, :] = 0.0


@njit(**OPTIONS)
def limited_part(lo, hi, c, flux_r, flux_t, flux_z, open_r, open_t, open_z, w_r, w_t, w_z, out):
    """T(C), mol/s, in the planes lo <= i < hi; slopes and what faces carry are kept for the other side of each face."""
    nr, nt, nz = c.shape
    here, beyond, inward = np.empty((nt, nz)), np.empty((nt, nz)), np.zeros((nt, nz))  # in r
    own, next_, below, above = np.empty(nz), np.empty(nz), np.empty(nz), np.empty(nz)  # in theta
    slope, across = np.zeros(nz), np.zeros(nz + 1)  # in z
    _r_slopes(c, open_r, w_r, lo, here)
    if lo > 0:
        _r_slopes(c, open_r, w_r, lo - 1, beyond)
        for j in range(nt):
            for k in range(nz):
                inward[j, k] = _carried(flux_r[lo, j, k], beyond[j, k], here[j, k])
    for i in range(lo, hi):
        _r_slopes(c, open_r, w_r, i + 1, beyond)
        _theta_slopes(c, open_t, w_t, i, nt - 1, own)
        _theta_slopes(c, open_t, w_t, i, 0, next_)
        for k in range(nz):
            above[k] = _carried(flux_t[i, 0, k], own[k], next_[k])
        for j in range(nt):
            up = j + 1 if j + 1 < nt else 0
            own, next_, below, above = next_, own, above, below
            _theta_slopes(c, open_t, w_t, i, up, next_)
            for k in range(nz):
                above[k] = _carried(flux_t[i, up, k], own[k], next_[k])
            for k in range(1, nz - 1):
                a = (c[i, j, k + 1] - c[i, j, k]) * open_z[i, j, k + 1]
                b = (c[i, j, k] - c[i, j, k - 1]) * open_z[i, j, k]
                slope[k] = _limited(a, b, w_z[k])
            for k in range(1, nz):
                across[k] = _carried(flux_z[i, j, k], slope[k - 1], slope[k])
            for k in range(nz):
                out[i, j, k] = inward[j, k] + below[k] - above[k] + across[k] - across[k + 1]
            if i < nr - 1:
                for k in range(nz):
                    inward[j, k] = _carried(flux_r[i + 1, j, k], here[j, k], beyond[j, k])
                    out[i, j, k] -= inward[j, k]
        here, beyond = beyond, here
