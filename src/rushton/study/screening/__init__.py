"""Screening: which two lab rigs separate strains best by their robustness to the gradients of a tank.

Door: ``screen(results, strains) -> (Screening, folder)``; the command is ``rushton design RESULTS --screen STRAINS``.
"""

from rushton.study.screening.result import RigReadings, Screening
from rushton.study.screening.run import in_rigs, screen

__all__ = ["RigReadings", "Screening", "in_rigs", "screen"]
