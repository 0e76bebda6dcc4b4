r"""Whether readings run away from their prediction with time.

.. math:: r = a + b\,t,\qquad s_b = \sqrt{\frac{\max(\sigma^2, s^2)}{\sum (t - \bar t)^2}}

r residual; sigma mean standard deviation of the readings; s their scatter about the line (n - 2 degrees of freedom).
They drift where \|b\| > 3 s_b and the line moves by more than 2 sigma from the first to the last reading: so much is
neither chance nor below what the assay tells. Three standard errors, as many quantities and ports are looked at
together.

Source: least squares, any text on statistics. Validity: four readings or more at three times or more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rushton.study.lab_data.residuals import Residual

FEWEST, TIMES = 4, 3
ERRORS, DEVIATIONS = 3.0, 2.0


@dataclass(frozen=True)
class Drift:
    """Residual on the line at the first and at the last reading, SI, and their times, s."""

    first: float
    last: float
    start: float
    end: float


def drift(rows: Sequence[Residual]) -> Drift | None:
    """How the residuals of one quantity at one place drift; None where they do not, or are too few to tell."""
    told = [(row.reading.time, row.residual, row.deviation) for row in rows if row.residual is not None]
    if len(told) < FEWEST or len({t for t, _, _ in told}) < TIMES:
        return None
    t, r, sigma = (np.array(column, dtype=float) for column in zip(*told, strict=True))
    since = t - t.mean()
    spread = float(since @ since)
    b = float(since @ r) / spread
    left = r - r.mean() - b * since
    scatter = float(left @ left) / (t.size - 2)
    error = math.sqrt(max(float(np.mean(sigma**2)), scatter) / spread)
    first, last = (float(r.mean() + b * (end - t.mean())) for end in (t.min(), t.max()))
    if abs(b) <= ERRORS * error or abs(last - first) <= DEVIATIONS * float(np.mean(sigma)):
        return None
    return Drift(first, last, float(t.min()), float(t.max()))
