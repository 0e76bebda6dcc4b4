"""Readable numpy version of the momentum kernels, equation by equation; tests hold both equal.

Every component is one transport equation on its own staggered nodes. Per direction a node has a minus and a plus face
with volume flux F (m3/s) and conductance g (m3/s, zero at a wall)::

    a_minus = g_minus + max(F_minus, 0)        a_plus = g_plus + max(-F_plus, 0)
    b      += F_minus c_minus - F_plus c_plus  c: limited correction, zero where the far upwind face is closed
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def limited(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Van Albada's limited correction; see ``rushton.flow.momentum.limited``."""
    ab = a * b
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ab > 0.0, 0.5 * ab * (a + b) / (a * a + b * b), 0.0)


@dataclass
class Direction:
    """One direction of a node array: fluxes and conductances of its minus and plus faces.

    ``*_far`` are the conductances of the next faces beyond, which tell whether the far upwind node may be used.
    """

    axis: int
    f_minus: np.ndarray
    f_plus: np.ndarray
    g_minus: np.ndarray
    g_plus: np.ndarray
    g_minus_far: np.ndarray
    g_plus_far: np.ndarray


def transport(x: np.ndarray, directions: list[Direction]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Neighbour coefficients ('0-', '0+', '1-' ...) and deferred right-hand side of div(v x) - div(g grad x) = 0."""
    coefficients, rhs = {}, np.zeros_like(x)
    for n in directions:
        x_m, x_p = np.roll(x, 1, n.axis), np.roll(x, -1, n.axis)
        x_mm, x_pp = np.roll(x, 2, n.axis), np.roll(x, -2, n.axis)
        coefficients[f"{n.axis}-"] = n.g_minus + np.maximum(n.f_minus, 0.0)
        coefficients[f"{n.axis}+"] = n.g_plus + np.maximum(-n.f_plus, 0.0)
        out = np.where(
            n.f_plus > 0.0,
            (n.g_minus > 0.0) * limited(x_p - x, x - x_m),
            (n.g_plus_far > 0.0) * limited(x - x_p, x_p - x_pp),
        )
        into = np.where(
            n.f_minus > 0.0,
            (n.g_minus_far > 0.0) * limited(x - x_m, x_m - x_mm),
            (n.g_plus > 0.0) * limited(x_m - x, x - x_p),
        )
        rhs += n.f_minus * into - n.f_plus * out
    return coefficients, rhs


def _shift(a: np.ndarray, n: int, axis: int) -> np.ndarray:
    return np.roll(a, -n, axis)


def u_z_directions(fr, ft, fz, gr, gt, gz, nue, az, dz) -> list[Direction]:
    """Directions of u_z at the inner nodes k = 1 .. nz-1, arrays (nr, nt, nz-1)."""

    def pair(a: np.ndarray) -> np.ndarray:
        return 0.5 * (a[..., :-1] + a[..., 1:])

    fr2, gr2, ft2, gt2 = pair(fr), pair(gr), pair(ft), pair(gt)
    zero = np.zeros_like(gr2[:1])
    along = nue * az[:, :, None] / dz
    k = np.arange(1, dz.size)
    ones = np.ones(gt2.shape)
    return [
        Direction(
            0, fr2[:-1], fr2[1:], gr2[:-1], gr2[1:], np.concatenate([zero, gr2[:-2]]), np.concatenate([gr2[2:], zero])
        ),
        Direction(1, ft2, _shift(ft2, 1, 1), gt2, _shift(gt2, 1, 1), _shift(gt2, -1, 1), _shift(gt2, 2, 1)),
        Direction(
            2,
            pair(fz[..., :-1]),
            pair(fz[..., 1:]),
            along[..., :-1],
            along[..., 1:],
            ones * (k >= 2),
            ones * (k + 2 <= dz.size),
        ),
    ]


def u_r_directions(fr, ft, fz, gr, gt, gz, nue, rc, dr, dz, dth) -> list[Direction]:
    """Directions of u_r at the inner nodes i = 1 .. nr-1, arrays (nr-1, nt, nz)."""

    def pair(a: np.ndarray) -> np.ndarray:
        return 0.5 * (a[:-1] + a[1:])

    ft2, gt2, fz2, gz2 = pair(ft), pair(gt), pair(fz), pair(gz)
    zero = np.zeros_like(gz2[..., :1])
    along = nue * (rc / dr)[:, None, None] * dth[:, None] * dz
    i = np.arange(1, rc.size)[:, None, None] * np.ones((1, *ft.shape[1:]))
    d0 = Direction(0, pair(fr[:-1]), pair(fr[1:]), along[:-1], along[1:], 1.0 * (i > 1), 1.0 * (i + 2 <= rc.size))
    return [
        d0,
        Direction(1, ft2, _shift(ft2, 1, 1), gt2, _shift(gt2, 1, 1), _shift(gt2, -1, 1), _shift(gt2, 2, 1)),
        Direction(
            2, fz2[..., :-1], fz2[..., 1:], gz2[..., :-1], gz2[..., 1:],
            np.concatenate([zero, gz2[..., :-2]], axis=2), np.concatenate([gz2[..., 2:], zero], axis=2),
        ),
    ]  # fmt: skip


def angular_momentum_directions(fr, ft, fz, gr, gt, gz, nue, rc, dr, dz, dth) -> list[Direction]:
    """Directions of L = r u_theta at all theta faces, (nr, nt, nz); radial conductances without r^2 factors."""

    def pair(a: np.ndarray) -> np.ndarray:
        return 0.5 * (a + np.roll(a, 1, 1))

    fr2, gr2, fz2, gz2 = pair(fr), pair(gr), pair(fz), pair(gz)
    zero_r, zero_z = np.zeros_like(gr2[:1]), np.zeros_like(gz2[..., :1])
    ft2 = 0.5 * (ft + np.roll(ft, -1, 1))
    along = nue * (dr / rc)[:, None, None] / dth[:, None] * dz
    return [
        Direction(
            0, fr2[:-1], fr2[1:], gr2[:-1], gr2[1:],
            np.concatenate([zero_r, gr2[:-2]]), np.concatenate([gr2[2:], zero_r]),
        ),
        Direction(1, np.roll(ft2, 1, 1), ft2, np.roll(along, 1, 1), along, np.ones_like(ft), np.ones_like(ft)),
        Direction(
            2, fz2[..., :-1], fz2[..., 1:], gz2[..., :-1], gz2[..., 1:],
            np.concatenate([zero_z, gz2[..., :-2]], axis=2), np.concatenate([gz2[..., 2:], zero_z], axis=2),
        ),
    ]  # fmt: skip
