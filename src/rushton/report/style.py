"""One look for every figure: colours, type, sizes, and the way a figure becomes part of the page.

Colours follow Okabe and Ito (Color Universal Design, 2008), told apart with every common colour-vision deficiency
and in greyscale print. Fields use perceptually uniform maps: viridis for speed, magma for turbulence, cividis for
the substrate. A regime of uptake has one colour wherever it appears: excess amber, limitation green, starvation blue.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1b2733"
MUTED = "#5d6b78"
STEEL = "#8593a0"
ACCENT = "#0b5c8a"
WARN = "#b4460b"

EXCESS = "#E69F00"
LIMITATION = "#009E73"
STARVATION = "#0072B2"
REGIME_NAMES = {"E": "excess", "L": "limitation", "S": "starvation"}
PATTERNS = ("LEL", "LSL", "ELE", "ELS", "SLE", "SLS")
PATTERN_COLOURS = {
    "LEL": EXCESS,
    "LSL": STARVATION,
    "ELE": "#8c6d1f",
    "ELS": "#009E73",
    "SLE": "#56B4E9",
    "SLS": "#004a73",
}

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5d6b78", "#8c6d1f")
SPEED_MAP, TURBULENCE_MAP, SUBSTRATE_MAP = "viridis", "magma", "cividis"

WIDE = 7.6
"""Width of a figure across the page, inches."""

_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": STEEL,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": "#e4e8ec",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.4,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "rushton",
}


@contextmanager
def look() -> Iterator[None]:
    """Settings of every figure, restored afterwards: a report never changes the caller's matplotlib."""
    import matplotlib

    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float = WIDE, height: float = 3.0) -> Figure:
    """Empty figure in inches with its own canvas (no pyplot state, no window)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as MplFigure

    figure = MplFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def svg_uri(figure: Figure, dpi: int = 150) -> str:
    """Figure as an SVG data URI; artists marked as rasterized become pictures of ``dpi`` inside it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", dpi=dpi, metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def shade_signal(axes: Axes, time: Any, s: Any, starvation: float, excess: float, alpha: float = 0.28) -> None:
    """Background of a signal s(t): amber while it is in excess, blue while it starves, white between."""
    import numpy as np

    t, s = np.asarray(time, float), np.asarray(s)
    if t.size < 2:
        return
    half = 0.5 * float(t[1] - t[0])
    for inside, colour in ((s > excess, EXCESS), (s < starvation, STARVATION)):
        change = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
        spans = [(t[a] - half, t[b - 1] - t[a] + 2.0 * half) for a, b in change.reshape(-1, 2)]
        axes.broken_barh(spans, (-0.02, 1.04), color=colour, alpha=alpha, lw=0)


def label_panel(axes: Axes, text: str) -> None:
    """Short heading above a panel, left."""
    axes.set_title(text, loc="left", fontsize=8.5, color=INK)
