"""What you show: one self-contained report.html from the results of the stages. It never computes physics."""

from __future__ import annotations

from rushton.report.cover import write_cover
from rushton.report.write import write_report

__all__ = ["write_cover", "write_report"]
