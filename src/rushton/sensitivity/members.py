"""The runs behind a sensitivity: one factor changed at a time, down and up.

* half saturation K: half and double; published values of one organism differ by more
* largest uptake q_max and biomass X: 0.8 and 1.25 times. The field sees their product only; a cell sees q_max in what
  it meets (s = q/q_max) and X in its share of the feed
* turbulent Schmidt number: half and double, the range in use (:mod:`rushton.transport.schmidt`)

K, q_max and X change the field but not the way of the cells, so that they are read along the same tracks. Sc_t changes
both: fewer cells are followed again, with the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rushton.case.schema import Case

HALF_SATURATION, UPTAKE = "half saturation K", "largest uptake q_max"
BIOMASS, SCHMIDT = "biomass X", "turbulent Schmidt number"
FACTORS: dict[str, tuple[float, float]] = {
    HALF_SATURATION: (0.5, 2.0),
    UPTAKE: (0.8, 1.25),
    BIOMASS: (0.8, 1.25),
    SCHMIDT: (0.5, 2.0),
}
"""What is varied, and its values over that of the case, -."""


@dataclass(frozen=True)
class Member:
    """One variation.

    Attributes
    ----------
    factor : str
        A key of `FACTORS`.
    times : float
        Value over that of the case, -.
    case : Case
    """

    factor: str
    times: float
    case: Case

    @property
    def moves_cells(self) -> bool:
        """Whether the tracks are others too."""
        return self.factor == SCHMIDT


def members(case: Case) -> list[Member]:
    """Every variation of a case, in the order of `FACTORS`."""
    return [Member(factor, times, _changed(case, factor, times)) for factor, pair in FACTORS.items() for times in pair]


def _changed(case: Case, factor: str, times: float) -> Case:
    if factor == SCHMIDT:
        mixing = case.mixing.model_copy(update={"schmidt_turbulent": times * case.mixing.schmidt_turbulent})
        return case.model_copy(update={"mixing": mixing})
    if factor == BIOMASS:
        assert case.broth.biomass is not None
        broth = case.broth.model_copy(update={"biomass": times * case.broth.biomass})
        return case.model_copy(update={"broth": broth})
    assert case.strain is not None
    uptake = case.strain.uptake
    key = "half_saturation" if factor == HALF_SATURATION else "max"
    uptake = uptake.model_copy(update={key: times * getattr(uptake, key)})
    return case.model_copy(update={"strain": case.strain.model_copy(update={"uptake": uptake})})
