"""Line relaxation of seven-point equations on r-theta-z arrays.

    a_P x = a_W x_{i-1} + a_E x_{i+1} + a_S x_{j-1} + a_N x_{j+1} + a_B x_{k-1} + a_T x_{k+1} + b

``sweep_theta`` solves every ring exactly (cyclic Thomas algorithm with the Sherman-Morrison correction), red-black in k
and Gauss-Seidel in r; ``sweep_z`` solves every vertical line exactly. Coefficients stand in one block
``m`` (8, n1, n2, n3): W, E, S, N, B, T, P, b.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.flow.momentum import OPTIONS


@njit(**OPTIONS)
def sweep_theta(m, x, forward):
    """One sweep of ring solves over x (n1, n2, n3), in place."""
    n1, n2, n3 = x.shape
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    y = np.empty((n2, n3))
    q = np.empty((n2, n3))
    c = np.empty((n2, n3))
    corner = np.empty(n3)
    for step in range(n1):
        i = step if forward else n1 - 1 - step
        for colour in range(2):
            for j in range(n2):
                # right-hand side with the current values of the other lines
                for k in range(colour, n3, 2):
                    rhs = b[i, j, k]
                    if i > 0:
                        rhs += aw[i, j, k] * x[i - 1, j, k]
                    if i < n1 - 1:
                        rhs += ae[i, j, k] * x[i + 1, j, k]
                    if k > 0:
                        rhs += ab[i, j, k] * x[i, j, k - 1]
                    if k < n3 - 1:
                        rhs += at[i, j, k] * x[i, j, k + 1]
                    y[j, k] = rhs
            last = n2 - 1
            for k in range(colour, n3, 2):
                # matrix = T + u v^T with u = (-a_P0, 0.., -a_N last), v = (1, 0.., a_S0 / a_P0)
                corner[k] = as_[i, 0, k] / ap[i, 0, k]
                inv = 0.5 / ap[i, 0, k]
                c[0, k] = an[i, 0, k] * inv
                y[0, k] = y[0, k] * inv
                q[0, k] = -0.5
            for j in range(1, n2):
                for k in range(colour, n3, 2):
                    diagonal = ap[i, j, k]
                    u = 0.0
                    if j == last:
                        diagonal += corner[k] * an[i, last, k]
                        u = -an[i, last, k]
                    inv = 1.0 / (diagonal - as_[i, j, k] * c[j - 1, k])
                    c[j, k] = an[i, j, k] * inv
                    y[j, k] = (y[j, k] + as_[i, j, k] * y[j - 1, k]) * inv
                    q[j, k] = (u + as_[i, j, k] * q[j - 1, k]) * inv
            for jj in range(n2 - 1):
                j = n2 - 2 - jj
                for k in range(colour, n3, 2):
                    y[j, k] += c[j, k] * y[j + 1, k]
                    q[j, k] += c[j, k] * q[j + 1, k]
            for k in range(colour, n3, 2):
                corner[k] = (y[0, k] + corner[k] * y[last, k]) / (1.0 + q[0, k] + corner[k] * q[last, k])
            for j in range(n2):
                for k in range(colour, n3, 2):
                    x[i, j, k] = y[j, k] - corner[k] * q[j, k]


@njit(**OPTIONS)
def sweep_z(m, x, forward):
    """One sweep of vertical line solves over x (n1, n2, n3), in place."""
    n1, n2, n3 = x.shape
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    y = np.empty(n3)
    c = np.empty(n3)
    for step in range(n1):
        i = step if forward else n1 - 1 - step
        for stepj in range(n2):
            j = stepj if forward else n2 - 1 - stepj
            jm = j - 1 if j > 0 else n2 - 1
            jp = j + 1 if j < n2 - 1 else 0
            for k in range(n3):
                y[k] = b[i, j, k] + as_[i, j, k] * x[i, jm, k] + an[i, j, k] * x[i, jp, k]
            if i > 0:
                for k in range(n3):
                    y[k] += aw[i, j, k] * x[i - 1, j, k]
            if i < n1 - 1:
                for k in range(n3):
                    y[k] += ae[i, j, k] * x[i + 1, j, k]
            inv = 1.0 / ap[i, j, 0]
            c[0] = at[i, j, 0] * inv
            y[0] *= inv
            for k in range(1, n3):
                inv = 1.0 / (ap[i, j, k] - ab[i, j, k] * c[k - 1])
                c[k] = at[i, j, k] * inv
                y[k] = (y[k] + ab[i, j, k] * y[k - 1]) * inv
            x[i, j, n3 - 1] = y[n3 - 1]
            for kk in range(n3 - 1):
                k = n3 - 2 - kk
                y[k] += c[k] * y[k + 1]
                x[i, j, k] = y[k]
