"""Pictures of the flow: velocity and turbulence on two vertical planes and at the impellers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.report.drawing import blades_plan, bottom_line, parts_side
from rushton.report.planes import Plane, between_baffles, on_plane, vector_on_plane, vertical_plane
from rushton.report.style import INK, SPEED_MAP, STEEL, TURBULENCE_MAP, label_panel, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEHIND_BAFFLE = 0.02
"""Angle by which the through-baffle plane stands behind the baffle, rad: it shows the layer of mesh cells there."""


def panel_size(
    case: Any, panels: int, width: float = 7.6, tallest: float = 6.0, extra: float = 0.95
) -> tuple[float, float]:
    """Width and height in inches for equal panels of the whole side view side by side."""
    tank = case.tank
    each = (width - 0.6) / panels
    height = min(tallest, (each - 0.35) * tank.liquid_height / tank.diameter)
    return width, max(2.2, height + extra)


def velocity_planes(case: Any, flow: Any) -> Figure:
    """Speed and in-plane streamlines mid-way between baffles and just behind a baffle, over the tip speed."""
    mesh = flow.mesh
    tip = math.pi * flow.speed * max(imp.diameter for imp in case.impellers)
    velocity = flow.velocity
    figure = new_figure(*panel_size(case, 2, width=6.0, tallest=5.4, extra=0.45))
    axes = figure.subplots(1, 2, sharey=True)
    planes = (
        (between_baffles(case.tank.baffles.count), "Between two baffles"),
        (BEHIND_BAFFLE, "Just behind a baffle" if case.tank.baffles.count else "Angle 0"),
    )
    image: Any = None
    for axis, (angle, title) in zip(axes, planes, strict=True):
        plane = vertical_plane(mesh, angle)
        u, w, speed = vector_on_plane(mesh, velocity, plane)
        image = show(axis, plane, speed / tip, SPEED_MAP, 0.0, 0.6)
        streamlines(axis, plane, u, w)
        frame(axis, case, title)
    axes[0].set_ylabel("height, m")
    bar = figure.colorbar(image, ax=list(axes), shrink=0.6, aspect=32, pad=0.015, extend="max")
    bar.set_label(f"speed / tip speed ({tip:.2f} m/s), –")
    return figure


def turbulence_planes(case: Any, flow: Any) -> Figure:
    """k, epsilon and eddy viscosity mid-way between baffles, logarithmic, each with its own bar."""
    from matplotlib.colors import LogNorm

    mesh = flow.mesh
    plane = vertical_plane(mesh, between_baffles(case.tank.baffles.count))
    figure = new_figure(*panel_size(case, 3, width=7.6, tallest=5.2))
    axes = figure.subplots(1, 3, sharey=True)
    fields = (
        (flow.k, "Turbulent energy k", "m²/s²"),
        (flow.dissipation_scaled, "Dissipation, scaled to power", "W/kg"),
        (flow.nu_t, "Eddy viscosity ν$_t$", "m²/s"),
    )
    for axis, (field, title, unit) in zip(axes, fields, strict=True):
        values = on_plane(mesh, field, plane)
        low, high = _log_limits(values)
        image = axis.imshow(
            np.clip(values, low, high),
            origin="lower",
            extent=plane.extent,
            cmap=TURBULENCE_MAP,
            norm=LogNorm(low, high),
            interpolation="bilinear",
            aspect="equal",
            rasterized=True,
        )
        frame(axis, case, title)
        figure.colorbar(image, ax=axis, orientation="horizontal", shrink=0.86, pad=0.01, aspect=22, label=unit)
    axes[0].set_ylabel("height, m")
    return figure


def impeller_planes(case: Any, flow: Any) -> Figure:
    """Speed at the mid-plane of every impeller, seen from above, mesh cell by mesh cell."""
    mesh = flow.mesh
    tip = math.pi * flow.speed * max(imp.diameter for imp in case.impellers)
    n = len(case.impellers)
    figure = new_figure(min(7.6, 3.2 * n + 0.9), 3.3)
    axes = np.atleast_1d(np.asarray(figure.subplots(1, n), dtype=object))
    speed = np.sqrt((flow.velocity**2).sum(axis=-1)) / tip
    image: Any = None
    for number, (axis, imp) in enumerate(zip(axes, case.impellers, strict=True)):
        k = int(np.argmin(np.abs(mesh.z_centre - imp.clearance)))
        theta, r = np.meshgrid(mesh.theta, mesh.r)
        values = np.where(mesh.solid[:, :, k], np.nan, speed[:, :, k])
        image = axis.pcolormesh(
            r * np.cos(theta), r * np.sin(theta), values, cmap=SPEED_MAP, vmin=0, vmax=1.0, rasterized=True
        )
        _plan_parts(axis, case, imp)
        axis.set_aspect("equal")
        axis.axis("off")
        label_panel(
            axis, f"Impeller {number + 1}, height {imp.clearance:.3g} m" if n > 1 else f"Height {imp.clearance:.3g} m"
        )
    figure.colorbar(image, ax=list(axes), shrink=0.75, aspect=24, pad=0.015, label="speed / tip speed, –")
    return figure


def show(axes: Axes, plane: Plane, values: np.ndarray, colours: str, low: float, high: float) -> Any:
    """A field on a plane as an image with fixed limits."""
    return axes.imshow(
        values,
        origin="lower",
        extent=plane.extent,
        cmap=colours,
        vmin=low,
        vmax=high,
        interpolation="bilinear",
        aspect="equal",
        rasterized=True,
    )


def streamlines(axes: Axes, plane: Plane, u: np.ndarray, w: np.ndarray) -> None:
    """In-plane streamlines, white, each half by itself so that none jumps over the axis."""
    for side in (plane.x > 0.0, plane.x < 0.0):
        step = max(1, plane.z.size // 130)
        x, z = plane.x[side][::step], plane.z[::step]
        x, z = np.linspace(x[0], x[-1], x.size), np.linspace(z[0], z[-1], z.size)
        us, ws = np.nan_to_num(u[:, side][::step, ::step]), np.nan_to_num(w[:, side][::step, ::step])
        tall = (plane.z[-1] - plane.z[0]) / max(1e-9, x[-1] - x[0])
        axes.streamplot(
            x,
            z,
            us,
            ws,
            color=(1, 1, 1, 0.75),
            linewidth=0.55,
            arrowsize=0.6,
            density=(0.55, min(3.2, 0.5 * tall)),
            minlength=0.12,
        )


def frame(axes: Axes, case: Any, title: str, parts: bool = True) -> None:
    """Tank outline, shaft and impellers over a field; no clutter."""
    radius, height = 0.5 * case.tank.diameter, case.tank.liquid_height
    if parts:
        parts_side(axes, case, colour="#b7c1ca")
    if case.tank.bottom != "flat":
        axes.plot(*bottom_line(case.tank), color=INK, lw=1.2, zorder=5)
    axes.set_xlim(-radius, radius)
    axes.set_ylim(0.0, height)
    axes.set_xticks([-radius, 0.0, radius], [f"{-radius:.3g}", "0", f"{radius:.3g}"])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(STEEL)
    label_panel(axes, title)


def _plan_parts(axes: Axes, case: Any, imp: Any) -> None:
    radius = 0.5 * case.tank.diameter
    for n in range(case.tank.baffles.count):
        a = 2.0 * math.pi * n / case.tank.baffles.count
        inner = radius - case.tank.baffles.width
        axes.plot(
            [inner * math.cos(a), radius * math.cos(a)], [inner * math.sin(a), radius * math.sin(a)], color=INK, lw=1.6
        )
    blades_plan(axes, imp, "white", 1.2)


def _log_limits(values: np.ndarray, decades: float = 4.0) -> tuple[float, float]:
    """Round powers of ten that hold the 99.8th percentile, at most so many decades below it."""
    positive = values[np.isfinite(values) & (values > 0.0)]
    if positive.size == 0:
        return 1e-6, 1.0
    high = 10.0 ** math.ceil(math.log10(float(np.percentile(positive, 99.8))))
    low = 10.0 ** math.floor(math.log10(max(float(np.percentile(positive, 1.0)), high * 10.0**-decades)))
    return low, max(high, 10.0 * low)
