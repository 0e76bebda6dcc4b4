"""Several cases beside each other: scale-up criteria, and what they become when one of them is kept equal."""

from rushton.study.compare import Comparison, compare
from rushton.study.criteria import CRITERIA, Criteria, criteria_of
from rushton.study.equal import EQUAL, Scaled, at_equal

__all__ = ["CRITERIA", "EQUAL", "Comparison", "Criteria", "Scaled", "at_equal", "compare", "criteria_of"]
