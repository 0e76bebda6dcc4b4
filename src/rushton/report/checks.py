"""Checks: what must hold in every run, its bound, and whether it does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rushton.report.blocks import Note, Table, reason_of, table
from rushton.report.numbers import number

YES = "yes"


@dataclass(frozen=True)
class Check:
    """One thing that must hold.

    Attributes
    ----------
    what : str
    value : float or None
    bound : float
        Largest absolute value that passes.
    why : str
        What it would mean if it failed.
    unit : str
        Of the value; ``YES`` for a question that is answered by 0 (yes) or 1 (no).
    reason : str
        Why there is no value.
    positive : bool
        Whether the value cannot be negative.
    """

    what: str
    value: float | None
    bound: float
    why: str
    unit: str = ""
    reason: str = ""
    positive: bool = False

    @property
    def passed(self) -> bool | None:
        """None when there is nothing to judge."""
        return None if self.value is None else bool(abs(self.value) <= self.bound)

    @property
    def shown(self) -> str:
        """The value as text."""
        if self.value is None:
            return "–"
        if self.unit == YES:
            return "yes" if self.passed else "no"
        return f"{number(float(self.value))} {self.unit}".strip()

    @property
    def limit(self) -> str:
        """The bound as text."""
        if self.unit == YES:
            return "yes"
        sign = "≤ " if self.positive else "± "
        return "0" if self.bound == 0.0 else sign + number(self.bound, 2)


def gather(summary: dict[str, Any]) -> list[Check]:
    """All checks of a run, from what the stages report of themselves."""
    flow, mixing, substrate, lines, response, gas = (
        summary.get(n) or {} for n in ("flow", "mixing", "substrate", "lifelines", "response", "gas")
    )

    def take(part: dict[str, Any], key: str, what: str, bound: float, why: str, positive: bool = False) -> Check:
        reason = part.get(f"{key}_reason") or reason_of(part).rstrip(".")
        return Check(what, part.get(key), bound, why, "", str(reason), positive)

    checks = [
        _stopped("Flow solver stopped by its own rule", flow, "the flow is kept but may still be changing"),
        take(
            flow,
            "torque_imbalance",
            "Torque of impellers and shaft against walls and baffles",
            0.01,
            "power and flow are not settled",
        ),
        Check(
            "Shaft power against all that the mean flow loses, less 1",
            flow["energy_balance_ratio"] - 1.0 if flow.get("energy_balance_ratio") is not None else None,
            0.02,
            "the velocity field is not settled",
            reason=str(flow.get("energy_balance_ratio_reason") or ""),
        ),
        take(
            flow,
            "mass_imbalance",
            "Flow: net flux of all mesh cells over N D³",
            1e-10,
            "tracer and cells would gather or thin out",
        ),
        take(mixing, "tracer_mass_error", "Tracer: mass gained or lost", 1e-6, "the mixing time is not trustworthy"),
        take(
            substrate,
            "mass_balance_error",
            "Substrate: eaten against fed",
            1e-6,
            "the gradient is not at its steady state",
        ),
        _stopped("Substrate solver stopped by its own rule", substrate, "the gradient may still be changing"),
        take(gas, "gas_balance_error", "Gas: through the surface against the sparger", 1e-9, "hold-up is not steady"),
        take(
            gas,
            "oxygen_balance_error",
            "Oxygen: gas in, gas out, transfer and uptake",
            1e-6,
            "oxygen fields are not at their steady state",
        ),
        take(lines, "lost", "Lifelines: cells lost", 0.0, "statistics miss part of the population"),
        take(lines, "in_solid", "Lifelines: cells found inside a solid", 0.0, "cells went where no liquid is"),
        take(lines, "steps_given_up", "Lifelines: steps given up", 0.0, "some cells stood still for a moment"),
        take(
            lines,
            "well_mixed_chi2",
            "Lifelines: a uniform cloud stays uniform (chi² per degree of freedom)",
            1.2,
            "cells gather somewhere, time shares are wrong",
            True,
        ),
    ]
    checks.append(
        _stopped(
            "Lifelines: more cells, longer records or a shorter step would change no headline number by 5 %",
            lines,
            "the chapter on what a cell sees says which numbers, and what to change",
            "statistics_converged",
        )
    )
    checks += _shares(lines)
    mean, expected = lines.get("mean_uptake"), lines.get("expected_uptake")
    visits = _independent_visits(lines)
    checks.append(
        Check(
            "Lifelines: mean uptake along them against what is fed, F / (q_max X V)",
            mean / expected - 1.0 if mean and expected else None,
            # s lies between 0 and 1, so its variance is at most m (1 - m)
            max(0.005, 3.0 * math.sqrt((1.0 - expected) / expected / visits)) if expected and visits else 0.005,
            "cells do not eat what is fed",
            reason=str(lines.get("cells_reason") or ""),
        )
    )
    checks.append(
        take(
            response,
            "uptake_mismatch",
            "Response: uptake of the histories against the feed",
            0.02,
            "the stitched histories eat more or less than is fed",
        )
    )
    return checks


def _stopped(what: str, part: dict[str, Any], why: str, key: str = "converged") -> Check:
    """Whether an iteration ended by its own rule, or what else a key answers by true or false."""
    converged = part.get(key)
    value = None if converged is None else (0.0 if converged else 1.0)
    reason = part.get(f"{key}_reason") or reason_of(part).rstrip(".")
    return Check(what, value, 0.5, why, YES, str(reason))


def _independent_visits(lines: dict[str, Any]) -> float:
    """About how many independent looks at the tank the lifelines hold: one per cell and two circulation times.

    A draft follows few cells for a short time; its sampling noise must not read as an error of the method, so bounds on
    what cells see are never tighter than three standard errors.
    """
    cells, seconds, turn = (lines.get(key) for key in ("cells", "duration_s", "circulation_time_s"))
    if not cells or not seconds:
        return 0.0
    return float(cells) * max(1.0, float(seconds) / (2.0 * float(turn))) if turn else float(cells)


def _shares(lines: dict[str, Any]) -> list[Check]:
    out = []
    for regime in ("excess", "limitation", "starvation"):
        by_time = lines.get(f"raw_share_{regime}")
        by_volume = lines.get(f"volume_share_{regime}")
        if by_time is not None and by_volume is not None:
            visits = _independent_visits(lines)
            noise = 300.0 * math.sqrt(max(by_volume * (1.0 - by_volume), 0.0) / visits) if visits else 0.0
            out.append(
                Check(
                    f"Raw time share of {regime} minus its volume share",
                    100 * (by_time - by_volume),
                    max(0.5, noise),
                    "cells do not visit the tank evenly",
                    "points",
                )  # fmt: skip
            )
    return out


def block(checks: list[Check]) -> list[Table | Note]:
    """The checks as a table with marks, and a warning in words for each that failed."""
    rows, marks = [], []
    for check in checks:
        passed = check.passed
        marks.append("skip" if passed is None else "pass" if passed else "warn")
        sign = "–" if passed is None else "✓ holds" if passed else "! look here"
        why = check.why if passed is not None else f"not checked: {check.reason or 'not computed'}"
        rows.append((sign, check.what, check.shown, check.limit, why))
    out: list[Table | Note] = [
        table(("", "Check", "Value", "Bound", "If it failed"), rows, numbers=(2, 3), marks=marks)
    ]
    out += [Note(f"{c.what}: {c.shown}. This means that {c.why}.", "warn") for c in checks if c.passed is False]
    return out


def verdict(checks: list[Check]) -> tuple[str, str]:
    """One line for the top of the page, and its tone."""
    failed = [c for c in checks if c.passed is False]
    judged = [c for c in checks if c.passed is not None]
    if not judged:
        return "No checks could be made yet.", "info"
    if not failed:
        return f"All {len(judged)} checks of this run hold.", "good"
    return f"{len(failed)} of {len(judged)} checks need a look: " + "; ".join(c.what for c in failed) + ".", "warn"
