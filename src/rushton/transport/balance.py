"""What a field leaves of the balance of every mesh cell.

::

    r = b - w C - A C + T(C),      A C = diagonal C_P - sum_nb a_nb C_nb,      T(C) = - sum_f (+-) F_f (C_f - C_U)

    r   mol/s   0 where the balance closes            A, a_nb  m3/s  :mod:`rushton.transport.operator`
    b   mol/s   all that does not depend on C         T        mol/s :mod:`rushton.transport.limited`
    w   m3/s    what stands beside transport: V/dt, or nothing

A and T are sums of face fluxes that leave one mesh cell and enter another, so sum(r) = sum(b) - sum(w C) to rounding,
whatever C is.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rushton.cores import ALONE, Team
from rushton.transport.limited import LimitedConvection
from rushton.transport.operator import ScalarOperator
from rushton.transport.sweeps import OPTIONS


class Balance:
    """Residuals of one operator, with their work space.

    Parameters
    ----------
    operator : ScalarOperator
    limited : bool
        With T; without it convection is first-order upwind.
    team : Team
    """

    def __init__(self, operator: ScalarOperator, limited: bool = True, team: Team = ALONE) -> None:
        self._team, self._a = team, operator.neighbours
        self._convection = LimitedConvection(operator, team) if limited else None
        self._planes = np.empty(operator.mesh.shape[0])
        self.main = operator.diagonal
        self.limited = np.zeros(operator.mesh.shape)
        self.r = np.empty(operator.mesh.shape)

    def __call__(self, b: np.ndarray, c: np.ndarray, fresh: bool = True) -> float:
        """Form ``self.r``, (nr, nt, nz) mol/s, with the diagonal ``self.main`` (w + that of A).

        Parameters
        ----------
        b, c : (nr, nt, nz) float
            mol/s, mol/m3; 0 in the solid.
        fresh : bool
            Form T(C), ``self.limited``, anew; without it it stays that of the last call.

        Returns
        -------
        float
            Sum of |r|, mol/s.
        """
        nr = c.shape[0]
        if self._convection is not None and fresh:
            self.limited = self._convection(c)
        self._team(residual, nr, b, self.main, self._a, self.limited, c, self.r, self._planes)
        return float(self._planes.sum())


@njit(**OPTIONS)
def residual(lo, hi, b, main, a, limited, c, r, planes):
    """r and sum |r| of the planes lo <= i < hi."""
    nr, nt, nz = c.shape
    row = np.empty(nz)
    for i in range(lo, hi):
        total = 0.0
        for j in range(nt):
            up = j + 1 if j + 1 < nt else 0
            down = j - 1 if j > 0 else nt - 1
            for k in range(nz):
                row[k] = b[i, j, k] - main[i, j, k] * c[i, j, k] + limited[i, j, k]
            for k in range(nz):
                row[k] += a[2, i, j, k] * c[i, down, k] + a[3, i, j, k] * c[i, up, k]
            if i > 0:
                for k in range(nz):
                    row[k] += a[0, i, j, k] * c[i - 1, j, k]
            if i < nr - 1:
                for k in range(nz):
                    row[k] += a[1, i, j, k] * c[i + 1, j, k]
            for k in range(1, nz):
                row[k] += a[4, i, j, k] * c[i, j, k - 1]
            for k in range(nz - 1):
                row[k] += a[5, i, j, k] * c[i, j, k + 1]
            for k in range(nz):
                r[i, j, k] = row[k]
                total += abs(row[k])
        planes[i] = total
