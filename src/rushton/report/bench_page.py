"""The bench sheet ready to print: ``scaledown/protocol-<rig>.html``, one A4 file with the drawing, needing no network.

The words are those of protocol-<rig>.md; the drawing in characters gives way to the real one, and one cell's uptake in
the rig stands beside that in the tank at the head of the evidence. What to build comes first, the evidence starts a
page of its own.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from rushton.report import figures_response
from rushton.report.blocks import Picture, picture
from rushton.report.headline import rig_name
from rushton.report.markdown import to_html
from rushton.scaledown.oxygen_tank import oxygen_regimes
from rushton.scaledown.result import OXYGEN

EVIDENCE = "Target against achieved"
"""The section with which the evidence begins."""
FOOTER = (
    "For a controller: the .csv and .json of the same name. The numbers belong to the settings of this sheet, and only "
    "to them."
)
WINDOW = 180.0  # s of signal drawn


def write_bench_pages(folder: Path, case: Any, scaledown: Any, oxygen: bool = False) -> list[Path]:
    """Write the page of every design into a folder of designs.

    Parameters
    ----------
    folder : Path
        With the protocol-<rig>.md.
    case : Case
    scaledown : Scaledown or None
        None, or one without designs, writes nothing; rigs that switch oxygen go into a folder of their own.
    oxygen : bool
        Whether these are such rigs.

    Returns
    -------
    list of Path
        The files written.
    """
    from rushton.store import atomic_write_text

    written = []
    for design in scaledown.designs if scaledown is not None else ():
        path = Path(folder) / f"protocol-{design.name}.html"
        atomic_write_text(path, bench_page(case, scaledown, design, oxygen))
        written.append(path)
    if scaledown is not None and scaledown.oxygen is not None:
        written += write_bench_pages(Path(folder) / OXYGEN, case, scaledown.oxygen, oxygen=True)
    return written


def bench_page(case: Any, scaledown: Any, design: Any, oxygen: bool = False) -> str:
    """The page of one design; ``oxygen`` for one that switches oxygen."""
    from importlib.resources import files

    from rushton import __version__
    from rushton.report.write import templates

    build, evidence = halves(with_drawing(str(to_html(design.protocol, top_level=1)), design.drawing))
    shown = signals(case, scaledown, design, oxygen)
    return str(
        templates()
        .get_template("bench.html.j2")
        .render(
            title=f"{rig_name(design.rig)}: bench sheet",
            case=case.title or case.name,
            rig=rig_name(design.rig) + (" (standard)" if design.reference else ""),
            version=__version__,
            written=datetime.now().strftime("%d %B %Y"),
            css=Markup(files("rushton.report").joinpath("templates/bench.css").read_text(encoding="utf-8")),
            build=Markup(build),
            evidence=Markup(evidence),
            figure=shown,
            footer=FOOTER,
        )
    )


def with_drawing(html: str, drawing: str) -> str:
    """The page with the drawing in the place of the first block of characters; unchanged where there is none."""
    if not drawing:
        return html
    return re.sub(r"<pre>.*?</pre>", lambda _: f'<div class="drawing">{drawing}</div>', html, count=1, flags=re.S)


def halves(html: str) -> tuple[str, str]:
    """What to build and run, and the evidence."""
    found = re.search(rf"<h2>\d+\. {re.escape(str(escape(EVIDENCE)))}</h2>", html)
    return (html, "") if found is None else (html[: found.start()], html[found.start() :])


def signals(case: Any, scaledown: Any, design: Any, oxygen: bool = False) -> Picture | None:
    """One cell's uptake, or the oxygen around it, in the tank and in the rig; None where neither is kept."""
    import numpy as np

    rows = []
    pairs = (
        ("the tank", scaledown.tank_excerpt_step, scaledown.tank_excerpt),
        ("this rig", design.excerpt_step, design.excerpt),
    )
    for name, step, s in pairs:
        if s.size > 1:
            time = step * np.arange(s.size)
            rows.append((name, time[time <= WINDOW], np.asarray(s)[time <= WINDOW]))
    if not rows or case.strain is None:
        return None
    regimes = oxygen_regimes(case, design.excerpt_step) if oxygen else case.strain.regimes
    label = "O / (O + K$_O$), –" if oxygen else "s = q / q$_{max}$, –"
    made = picture(
        lambda: figures_response.signal_comparison(rows, regimes.starvation, regimes.excess, label),
        "What one cell lives through, in the tank and in this rig. Amber: excess; blue: starvation.",
        "Signals of one cell in the tank and in this rig",
    )
    return made if isinstance(made, Picture) else None
