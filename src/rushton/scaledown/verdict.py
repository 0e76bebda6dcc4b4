"""Whether a rig represents its tank: a fixed rule, and the consequence in one sentence.

A rig is

- **representative** where cells meet what they meet in the tank and make the same of it: (1), (2) and (3) hold;
- **partly representative** where they meet it but make something else of it, or where nothing says what they make of
  it: (1) and (2) hold;
- **not representative** otherwise, even where the loss happens to agree: it would agree for another reason.

(0)  the bench can pump, aerate and cool it;
(1)  every regime of the tank has completed stays in the rig;
(2)  the distance is at most 0.5, so that its parts (stays: in standard deviations of the tank's) are half a standard
     deviation off on average, and at most half that of the standard STR-PFR;
(3)  productivity (all and the last hours) and yield differ from the tank's by at most five points, beyond what the
     bands of both leave open.

Numbers are of the rig as written. The limits 0.5, one half and 0.05 are ours and the same for every case. A rig no
farther than twice the floor (the tank against itself) cannot be told from the tank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rushton.scaledown.bench import Bench
from rushton.scaledown.certainty import Band, difference_band

FARTHEST = 0.5
"""Largest distance of a rig that represents its tank, -."""
SHARE_OF_STANDARD = 0.5
"""Largest distance over that of the standard STR-PFR, -."""
LARGEST_GAP = 0.05
"""Largest difference of relative productivity or yield, -."""

REPRESENTATIVE, PARTLY, NOT = "representative", "partly representative", "not representative"
RESPONSES = ("relative_productivity", "relative_productivity_final", "relative_yield")
_REGIMES = {"E": "excess", "L": "limitation", "S": "starvation"}


@dataclass(frozen=True)
class Gap:
    """Response of a rig less that of the tank, and its 95 % band; -."""

    value: float
    band: Band


@dataclass(frozen=True)
class Verdict:
    """What a rig is, in two words, and why, with the consequence, in sentences."""

    word: str
    text: str

    @property
    def short(self) -> str:
        """Whether it is like the tank, for a narrow table."""
        return {REPRESENTATIVE: "yes", PARTLY: "partly", NOT: "no"}[self.word]


def gaps(rig: Mapping[str, Any], tank: Mapping[str, Any]) -> dict[str, Gap]:
    """Differences of the responses that rig and tank both have.

    Parameters
    ----------
    rig, tank : mapping
        ``RESPONSES`` and their bands under ``<name>_band``; None where not known.
    """
    found = {}
    for name in RESPONSES:
        a, b = rig.get(name), tank.get(name)
        if a is not None and b is not None:
            band = difference_band(a, rig.get(f"{name}_band"), b, tank.get(f"{name}_band"))
            found[name] = Gap(a - b, band)
    return found


def mismatch(found: Mapping[str, Gap]) -> float | None:
    """Physiological mismatch: the largest of the differences, -; None where there is none."""
    return max((abs(gap.value) for gap in found.values()), default=None)


def mismatch_band(found: Mapping[str, Gap]) -> Band | None:
    """95 % band of the largest difference (of that one alone)."""
    if not found:
        return None
    low, high = max(found.values(), key=lambda gap: abs(gap.value)).band
    if low <= 0.0 <= high:
        return 0.0, max(-low, high)
    return min(abs(low), abs(high)), max(abs(low), abs(high))


def judge(
    distance: float,
    missing: tuple[str, ...],
    standard: float | None,
    floor: float | None,
    rig: Mapping[str, Any],
    tank: Mapping[str, Any],
    cannot: Sequence[str] = (),
) -> Verdict:
    """The verdict on a rig as written.

    Parameters
    ----------
    distance : float
        From the tank.
    missing : tuple of str
        Regimes of the tank in which the rig has no completed stay.
    standard, floor : float or None
        Distances of the standard STR-PFR and of the tank from itself.
    rig, tank : mapping
        Responses, as in ``gaps``.
    cannot : sequence of str
        Why the bench cannot run it.
    """
    found = gaps(rig, tank)
    misses = [f"the bench cannot run it ({'; '.join(cannot)})"] if cannot else []
    if missing:
        misses.append(f"cells never complete a stay in {' and '.join(_REGIMES[m] for m in missing)}")
    if distance > FARTHEST:
        misses.append(f"its distance of {distance:.2f} is more than {FARTHEST:g}")
    elif standard is not None and distance > SHARE_OF_STANDARD * standard:
        misses.append(f"its distance of {distance:.2f} is more than half that of the standard STR-PFR")
    apart = [g for g in found.values() if g.band[0] > LARGEST_GAP or g.band[1] < -LARGEST_GAP]
    near = f"its distance is {distance:.2f}"
    if floor is not None and distance <= 2.0 * floor:
        near = "it cannot be told from the tank itself"
    if misses:
        word, why = NOT, "; ".join(misses)
    elif apart:
        word, why = (
            PARTLY,
            f"cells meet what they meet in the tank ({near}), but their answer is more than five points off",
        )
    elif not found:
        word, why = PARTLY, f"cells meet what they meet in the tank ({near}); no cell model says what they make of it"
    else:
        word, why = (
            REPRESENTATIVE,
            f"cells meet what they meet in the tank ({near}) and answer within five points of it",
        )
    return Verdict(word, f"{word.capitalize()}: {why}. {consequence(rig, tank)}".strip())


def found_within(bench: Bench, whole: Bench) -> str:
    """A sentence on the tighter limits that a design was found within; empty where they are the bench's own."""
    shown = []
    for name in bench.tighter(whole) or ():
        value = "fewer bores" if name == "bores" else f"{bench.limits[name].shown:g} {bench.limits[name].unit}"
        shown.append(f"{name} {value}")
    return f"Found within tighter limits: {', '.join(shown)}." if shown else ""


def consequence(rig: Mapping[str, Any], tank: Mapping[str, Any]) -> str:
    """What the rig would show where the tank shows something else; empty where nothing is known."""
    parts = []
    for name, word in (("relative_productivity_final", "the productivity"), ("relative_yield", "the yield")):
        a, b = rig.get(name), tank.get(name)
        if a is not None and b is not None:
            parts.append(f"{100 * a:.0f} % of {word} where the tank keeps {100 * b:.0f} %")
    return f"By the model it shows {' and '.join(parts)}." if parts else ""
