"""What to do in the lab: rigs in which a few litres meet what the cells of the tank meet, and their written protocols.

The door of the room is ``design``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushton.scaledown.result import Design, Scaledown
from rushton.store import Progress, silent

if TYPE_CHECKING:
    from rushton.case.schema import Case
    from rushton.lifelines import Lifelines
    from rushton.lifelines.environment import Environment
    from rushton.response import Response
    from rushton.scaledown.searches import Searches

__all__ = ["Design", "Scaledown", "design"]


def design(
    case: Case,
    lifelines: Lifelines,
    response: Response | None,
    progress: Progress = silent,
    searches: Searches | None = None,
    environment: Environment | None = None,
) -> Scaledown:
    """Design the rigs of a case; see ``rushton.scaledown.designer.design``."""
    from rushton.scaledown import designer

    return designer.design(case, lifelines, response, progress, searches, environment)
