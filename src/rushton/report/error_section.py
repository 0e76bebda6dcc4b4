"""Chapter on how sure the numbers are: value and band, the three grids, and a chart of what was varied."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rushton.refine.result import GRID, label
from rushton.report.blocks import Note, Prose, Section, picture, table
from rushton.report.numbers import number, percent
from rushton.report.style import ACCENT, INK, MUTED, SERIES, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rushton.refine import Quantity, Refinement

BEHAVIOUR = {
    "monotone": "approach one value",
    "oscillating": "swing about one value",
    "diverging": "do not converge",
    "still": "agree within the solver's tolerance",
}


def errors(result: Refinement | None, summary: dict[str, Any]) -> Section:
    """The error statement, or how to ask for one and what is known without it."""
    section = Section("errors", "How sure is it?")
    section.blocks += list(_unsettled(summary.get("flow") or {}))
    if result is None:
        section.blocks.append(
            Note(
                "No error statement was asked for: the numbers of this page carry no band. `rushton run CASE --refine` "
                "computes two coarser grids and varies the hidden choices; this run is kept and becomes the finest "
                "grid.",
                "missing",
            )
        )
        return section
    section.lead = (
        "Value and band of the headline numbers. The band holds the mesh (grid convergence index of three grids, "
        "Celik et al. 2008) and choices that a modeller makes without data: independent parts, added as squares. It "
        "does not hold what the model itself gets wrong; that only measurements show."
    )
    shown = [q for q in result.quantities if math.isfinite(q.relative) and q.relative > 0.0]
    section.blocks += [
        table(
            ("Number", "Value ± band", "Band", "Largest part"),
            [
                (label(q.key), f"{number(q.value)} ± {number(q.band, 2)}", _percent(q), _largest(q))
                for q in result.quantities
            ],
            numbers=(1, 2),
        ),
        picture(
            lambda: tornado(shown),
            "What moves the numbers: half the range that each source spans, as a share of the value. Bars of one "
            "number add up as squares to its band (black tick).",
            "Contributions to the band of each headline number",
        ),
        table(
            ("Number", *(f"{number(int(r['mesh_cells']))} cells" for r in result.grids), "Observed order", "Grids"),
            [
                (
                    label(q.key),
                    *(number(v) for v in q.on_grids),
                    _order(q),
                    f"{BEHAVIOUR[q.behaviour]}"
                    + (f", towards {number(q.extrapolated)}" if q.extrapolated is not None else ""),
                )
                for q in result.quantities
            ],
            "The three grids; cells round the tank: "
            + ", ".join(number(int(r["angular_cells"])) for r in result.grids),
            numbers=(1, 2, 3, 4),
        ),
        Prose(
            f"Varied one at a time on {number(result.varied_on)} mesh cells: {'; '.join(result.varied)}."
            + (f" Not varied: {'; '.join(result.left)}." if result.left else "")
            + f" All runs together took {number(result.seconds)} CPU s."
        ),
    ]
    return section


def _unsettled(flow: dict[str, Any]) -> list[Note]:
    """What the engineer must know when the flow did not come to rest or its torques do not balance."""
    out = []
    imbalance = flow.get("torque_imbalance")
    if flow.get("converged") is False:
        message = flow.get("message") or "it reached its largest number of iterations"
        out.append(Note(f"The flow did not converge: {message}. Every number of this page rests on it.", "warn"))
    if imbalance is not None and abs(imbalance) > 0.02:
        out.append(
            Note(
                f"Torque of the impellers and torque of walls and baffles differ by {percent(abs(imbalance))}: power "
                f"and power number are known no better than ± {percent(abs(imbalance))}.",
                "warn",
            )
        )
    return out


def _percent(q: Quantity) -> str:
    return percent(q.relative, 2) if math.isfinite(q.relative) else "–"


def _order(q: Quantity) -> str:
    return "–" if q.order is None or not math.isfinite(q.order) else number(q.order, 2)


def _largest(q: Quantity) -> str:
    source = max(q.parts, key=lambda name: q.parts[name])
    return f"{source}: {number(q.parts[source], 2)}" if q.parts[source] > 0.0 else "–"


def tornado(quantities: list[Quantity]) -> Figure:
    """Bars of every source for every number, and the total as a tick.

    Parameters
    ----------
    quantities : list of Quantity
        With a band above zero.
    """
    sources = [GRID, *dict.fromkeys(name for q in quantities for name in q.parts if name != GRID)]
    columns = min(3, max(1, len(quantities)))
    rows = -(-len(quantities) // columns)
    figure = new_figure(7.6, 0.35 + rows * (0.45 + 0.17 * len(sources)))
    axes = figure.subplots(rows, columns, squeeze=False)
    for n, axis in enumerate(axes.ravel()):
        if n >= len(quantities):
            axis.axis("off")
            continue
        q = quantities[n]
        shares = [100.0 * q.parts.get(name, 0.0) / abs(q.value) for name in sources]
        places = range(len(sources), 0, -1)
        axis.barh(
            list(places), [2.0 * s for s in shares], left=[-s for s in shares], height=0.7, color=_colours(sources)
        )
        total = 100.0 * q.relative
        axis.vlines([-total, total], 0.4, len(sources) + 0.6, color=INK, lw=1.0)
        axis.axvline(0.0, color=MUTED, lw=0.6)
        axis.set_xlim(-1.15 * total, 1.15 * total)
        axis.set_yticks(list(places), sources if n % columns == 0 else [""] * len(sources))
        axis.set_title(label(q.key), loc="left", fontsize=8.0)
        axis.set_xlabel("±, % of the value")
    return figure


def _colours(sources: list[str]) -> list[str]:
    return [ACCENT, *(SERIES[1 + n % (len(SERIES) - 1)] for n in range(len(sources) - 1))]
