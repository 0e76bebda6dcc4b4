r"""Measured against predicted, reading by reading.

.. math:: r = y - \hat y,\qquad r_{band} = \frac{r}{|e - \hat y|},\qquad
          r_{allowed} = \frac{r}{|e - \hat y| + 2\sigma}

e       edge of the band on the side of the reading (none known: that of the prediction itself)
sigma   standard deviation of the reading: as given, else the usual one of its assay (``quantities``)

A reading agrees where \|r_allowed\| <= 1. One below a limit of detection agrees where the lower edge of the band lies
below that limit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from rushton.study.lab_data.predict import Prediction, Predictor
from rushton.study.lab_data.reading import Reading

ALLOWED_DEVIATIONS = 2.0


@dataclass(frozen=True)
class Residual:
    """A reading beside its prediction.

    Attributes
    ----------
    reading : Reading
    predicted : Prediction or None
    reason : str
        Why nothing is predicted; empty where something is.
    """

    reading: Reading
    predicted: Prediction | None
    reason: str = ""

    @property
    def deviation(self) -> float:
        """sigma, in SI."""
        r = self.reading
        if r.sd is not None:
            return r.sd
        return max(r.quantity.assay * abs(r.value), r.quantity.assay_least)

    @property
    def residual(self) -> float | None:
        """Measured less predicted, SI; None where nothing is predicted or nothing was found."""
        return None if self.predicted is None or self.reading.below else self.reading.value - self.predicted.mean

    @property
    def half_band(self) -> float | None:
        """From the prediction to the edge on the side of the reading, SI; None without a band."""
        p, residual = self.predicted, self.residual
        if p is None or residual is None or p.low is None or p.high is None:
            return None
        return p.high - p.mean if residual >= 0.0 else p.mean - p.low

    @property
    def in_bands(self) -> float | None:
        """Residual over that distance; None where it is nothing."""
        return self.residual / self.half_band if self.residual is not None and self.half_band else None

    @property
    def over_allowed(self) -> float | None:
        """Residual over what is allowed."""
        if self.residual is None:
            return None
        allowed = (self.half_band or 0.0) + ALLOWED_DEVIATIONS * self.deviation
        if allowed <= 0.0:
            return 0.0 if self.residual == 0.0 else None
        return self.residual / allowed

    @property
    def agrees(self) -> bool | None:
        """Whether it agrees; None where nothing is predicted."""
        if self.predicted is None:
            return None
        if self.reading.below:
            low = self.predicted.low if self.predicted.low is not None else self.predicted.mean
            return low <= self.reading.value
        over = self.over_allowed
        return over is not None and abs(over) <= 1.0


def residuals(readings: Sequence[Reading], predictor: Predictor) -> tuple[Residual, ...]:
    """Every reading beside its prediction."""
    out = []
    for reading in readings:
        found = predictor.of(reading)
        out.append(Residual(reading, None, found) if isinstance(found, str) else Residual(reading, found))
    return tuple(out)


HEAD = (
    "line", "time_h", "phase", "port", "quantity", "replicate", "unit", "measured", "sd", "predicted", "low", "high",
    "residual", "residual_in_bands", "residual_over_allowed", "agrees", "note",
)  # fmt: skip


def table(rows: Sequence[Residual]) -> str:
    """CSV in the units of the file: measured, predicted, edges, residual, residual over the half band and over what is
    allowed.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)

    def told(value: float | None, factor: float = 1.0) -> str:
        return "" if value is None else f"{value / factor:.7g}"

    for row in rows:
        r, p = row.reading, row.predicted
        writer.writerow(
            [
                r.line,
                f"{r.time / 3600.0:.6g}",
                r.phase,
                r.port,
                r.quantity.name,
                r.replicate,
                r.unit,
                ("<" if r.below else "") + told(r.value, r.factor),
                told(row.deviation, r.factor),
                *(told(v, r.factor) for v in ((p.mean, p.low, p.high) if p is not None else (None,) * 3)),
                told(row.residual, r.factor),
                told(row.in_bands),
                told(row.over_allowed),
                "" if row.agrees is None else ("yes" if row.agrees else "no"),
                row.reason,
            ]  # fmt: skip
        )
    return out.getvalue()
