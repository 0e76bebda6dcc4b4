"""Strings the stages together, from mesh and flow to scale-down and report (`STAGE_NAMES`); nothing else."""

from __future__ import annotations

from rushton.pipeline.redesign import design
from rushton.pipeline.results import Results, open_results
from rushton.pipeline.runner import Event, Watch, report, run
from rushton.pipeline.stages import STAGE_NAMES

__all__ = ["STAGE_NAMES", "Event", "Results", "Watch", "design", "open_results", "report", "run"]
