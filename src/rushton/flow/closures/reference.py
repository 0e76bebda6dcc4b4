"""Readable numpy version of the closures' local parts; tests hold the kernels equal to it.

Each function gives what a second quantity x (epsilon or omega) or k receives per volume, split as the solver takes it:
``explicit`` (k: m2/s3; x: x/s) and ``implicit``, 1/s, so that the source is explicit - implicit * x.
"""

from __future__ import annotations

import numpy as np

from rushton.flow import turbulence
from rushton.flow.closures import k_omega_sst as sst
from rushton.flow.closures import realizable as rke
from rushton.flow.closures import rotation


def k_epsilon(k, eps, g, num):
    """((explicit, implicit) of k, the same of epsilon) of the standard model; ``num`` is G_num per volume, m2/s3."""
    made = np.minimum(g + num, 20.0 * eps)
    return (made, eps / k), (turbulence.C_1 * eps / k * made, turbulence.C_2 * eps / k)


def rotation_factor(k, eps, swirl, rise, r):
    """f of ``rushton.flow.closures.rotation``; ``swirl`` = L, m2/s, ``rise`` = dL/dr, m/s."""
    richardson = (k / eps) ** 2 * swirl * rise / r**3
    return np.clip(1.0 - rotation.C_RI * richardson, rotation.LEAST, rotation.MOST)


def realizable(k, eps, nut, nu, g, num):
    """The same of the realizable model."""
    made = np.minimum(g + num, 20.0 * eps)
    strain = np.sqrt(np.minimum(g, 20.0 * eps) / nut)
    eta = strain * k / eps
    c1 = np.maximum(rke.C_1_LEAST, eta / (eta + 5.0))
    return (made, eps / k), (
        c1 * strain * eps + turbulence.C_1 * eps / (k + np.sqrt(nu * eps)) * np.minimum(num, 20.0 * eps),
        rke.C_2 * eps / (k + np.sqrt(nu * eps)),
    )


def realizable_c_mu(gradient, turnover):
    """C_mu of velocity gradients (..., 3, 3), 1/s, and turnover times k / epsilon (...), s."""
    s = 0.5 * (gradient + np.swapaxes(gradient, -1, -2))
    o = gradient - s
    s2, o2 = np.einsum("...ij,...ij", s, s), np.einsum("...ij,...ij", o, o)
    w = np.einsum("...ij,...jk,...ki", s, s, s) / s2**1.5
    a_s = np.sqrt(6.0) * np.cos(np.arccos(np.clip(np.sqrt(6.0) * w, -1.0, 1.0)) / 3.0)
    return 1.0 / (rke.A_0 + a_s * np.sqrt(s2 + o2) * turnover)


def sst_blending(k, omega, y, nu, cross):
    """F_1 and F_2 of the SST model."""
    turbulent, viscous = np.sqrt(k) / (sst.BETA_STAR * omega * y), 500.0 * nu / (y**2 * omega)
    least = np.maximum(cross, sst.CROSS_LEAST)
    arg1 = np.minimum(np.maximum(turbulent, viscous), 4.0 * sst.SIGMA_W2 * k / (least * y**2))
    return np.tanh(arg1**4), np.tanh(np.maximum(2.0 * turbulent, viscous) ** 2)


def k_omega_sst(k, omega, nut, g, num, f1, cross):
    """((explicit, implicit) of k, the same of omega) of the SST model."""

    def mixed(near: float, far: float) -> np.ndarray:
        return f1 * near + (1.0 - f1) * far

    eps = sst.BETA_STAR * k * omega
    made = np.minimum(g + num, 10.0 * eps)
    c = (1.0 - f1) * cross
    explicit = mixed(sst.ALPHA_1, sst.ALPHA_2) * made / nut + np.maximum(c, 0.0)
    implicit = mixed(sst.BETA_1, sst.BETA_2) * omega + np.maximum(-c, 0.0) / omega
    return (made, sst.BETA_STAR * omega), (explicit, implicit)
