"""The case: what the engineer asks, read from TOML, checked, frozen, in SI units."""

from rushton.case.load import case_from_dict, load_case
from rushton.case.resolved import write_resolved
from rushton.case.schema import Case

__all__ = ["Case", "case_from_dict", "load_case", "write_resolved"]
