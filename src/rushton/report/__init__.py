"""What you show: one self-contained report.html from the results of the stages, and bench sheets to print. It never
computes physics.
"""

from __future__ import annotations

from rushton.report.bench_page import write_bench_pages
from rushton.report.cover import write_cover
from rushton.report.write import write_report

__all__ = ["write_bench_pages", "write_cover", "write_report"]
