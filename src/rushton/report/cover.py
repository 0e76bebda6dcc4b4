"""One picture of a run for slides and web pages.

From left to right: speed with streamlines, concentration of the substrate, relative uptake with the borders of the
regimes, all on the plane of the first feed, and the tank in three dimensions where VTK can draw.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from rushton.report.figures_flow import frame, show, streamlines
from rushton.report.pictures3d import build_scene, cropped, render
from rushton.report.planes import between_baffles, on_plane, vector_on_plane, vertical_plane
from rushton.report.style import SPEED_MAP, SUBSTRATE_MAP, look, new_figure


def write_cover(case: Any, flow: Any, substrate: Any, path: Path, dpi: int = 160) -> Path:
    """Draw the picture of a flow and, where there is one, of its substrate.

    Parameters
    ----------
    case : Case
    flow : Flow
    substrate : Substrate or None
    path : Path
        PNG file to write.

    Examples
    --------
    >>> from rushton import open_results                                              # doctest: +SKIP
    >>> r = open_results("penicillin_54m3.results")                                   # doctest: +SKIP
    >>> write_cover(r.case, r.flow, r.substrate, "docs/images/penicillin_54m3.png")   # doctest: +SKIP
    """
    with look():
        figure = _figure(case, flow, substrate)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi)
    Path(path).write_bytes(buffer.getvalue())
    return Path(path)


def _figure(case: Any, flow: Any, substrate: Any) -> Any:
    mesh = flow.mesh
    scene = build_scene(case, mesh, flow, None if substrate is None else substrate.uptake_ratio)
    pictures = render(scene).images
    image = pictures.get("plume" if substrate is not None else "flow")
    panels = 1 + (2 if substrate is not None else 0) + (image is not None)
    figure = new_figure(2.35 * panels, 0.9 + min(6.0, 2.0 * case.tank.liquid_height / case.tank.diameter))
    axes = iter(np.atleast_1d(np.asarray(figure.subplots(1, panels), dtype=object)))
    angle = case.feeds[0].position.angle if case.feeds else between_baffles(case.tank.baffles.count)
    plane = vertical_plane(mesh, angle)
    if image is not None:
        axis = next(axes)
        axis.imshow(cropped(image), interpolation="lanczos")
        axis.axis("off")
    axis = next(axes)
    tip = math.pi * flow.speed * max(imp.diameter for imp in case.impellers)
    u, w, speed = vector_on_plane(mesh, flow.velocity, plane)
    drawn = show(axis, plane, speed / tip, SPEED_MAP, 0.0, 0.6)
    streamlines(axis, plane, u, w)
    frame(axis, case, "Velocity")
    figure.colorbar(
        drawn, ax=axis, orientation="horizontal", shrink=0.85, pad=0.01, aspect=18, label="speed / tip speed"
    )
    if substrate is not None:
        _substrate(figure, next(axes), next(axes), case, substrate, plane)
    return figure


def _substrate(figure: Any, left: Any, right: Any, case: Any, substrate: Any, plane: Any) -> None:
    from matplotlib.colors import LogNorm

    mesh, regimes = substrate.mesh, case.strain.regimes
    low, high = 1e-5, 10.0 ** math.ceil(math.log10(float(np.percentile(substrate.concentration, 99.9))))
    values = np.clip(on_plane(mesh, substrate.concentration, plane), low, high)
    drawn = left.imshow(
        values,
        origin="lower",
        extent=plane.extent,
        cmap=SUBSTRATE_MAP,
        norm=LogNorm(low, high),
        interpolation="bilinear",
    )
    frame(left, case, substrate.name.capitalize())
    bar = {"orientation": "horizontal", "shrink": 0.85, "pad": 0.01, "aspect": 18}
    figure.colorbar(drawn, ax=left, label="mol/m³", extend="min", **bar)
    s = on_plane(mesh, substrate.uptake_ratio, plane)
    drawn = show(right, plane, s, SUBSTRATE_MAP, 0.0, 1.0)
    levels = [regimes.starvation, regimes.excess]
    right.contour(plane.x, plane.z, s, levels=levels, colors=["#7fd0ff", "#ff7b1c"], linewidths=1.1)
    frame(right, case, "Uptake")
    figure.colorbar(drawn, ax=right, label="q / q$_{max}$", **bar)
