"""Child process that draws a scene with PyVista: ``python -m rushton.report.vtk_scene FOLDER``.

Reads ``scene.npz`` and ``scene.json`` from the folder, writes ``plume.png`` (tank, impellers, where sugar is in excess,
tracks of cells) and ``flow.png`` (streamlines, coloured by speed over tip speed). The only place in
the program that loads VTK to draw.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (1000, 1200)
FASTEST = 0.5
"""End of the colour scale of speed over tip speed; the parent draws the bars with the same limits."""


def main(folder: Path) -> None:
    """Draw every picture that the data allow."""
    import pyvista as pv

    meta = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    with np.load(folder / "scene.npz") as data:
        arrays = {name: data[name] for name in data.files}
    tracks = [arrays[f"track_{n}"] for n in range(meta["tracks"])]
    grid = structured(pv, arrays)
    plotter = stage(pv, meta["geometry"])
    if "uptake_ratio" in grid.point_data:
        add_plume(plotter, grid, meta["excess"])
    add_tracks(pv, plotter, tracks, meta["geometry"])
    shoot(plotter, meta["geometry"], folder / "plume.png")
    if "velocity" in grid.point_data:
        plotter = stage(pv, meta["geometry"])
        add_streamlines(pv, plotter, grid, meta)
        shoot(plotter, meta["geometry"], folder / "flow.png")


def structured(pv: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Grid of mesh-cell centres, closed over the angle."""
    p = arrays["points"]
    grid = pv.StructuredGrid(*(np.ascontiguousarray(p[..., n]) for n in range(3)))
    for name in ("velocity", "uptake_ratio"):
        if name in arrays:
            a = arrays[name]
            grid.point_data[name] = a.reshape(-1, order="F") if a.ndim == 3 else a.transpose(2, 1, 0, 3).reshape(-1, 3)
    return grid


def stage(pv: Any, g: dict[str, Any]) -> Any:
    """Plotter with glass wall, baffles, shaft and impellers."""
    plotter = pv.Plotter(off_screen=True, window_size=SIZE, lighting="three lights")
    plotter.set_background("white")
    radius, height, depth = 0.5 * g["diameter"], g["height"], g["bottom_depth"]
    wall = pv.CylinderStructured(
        radius=radius,
        height=height - depth,
        center=(0, 0, 0.5 * (depth + height)),
        direction=(0, 0, 1),
        theta_resolution=120,
    )
    plotter.add_mesh(wall, color="#b9d3e3", opacity=0.10, smooth_shading=True)
    for z in (depth, height):
        ring = pv.Polygon(center=(0, 0, z), radius=radius, normal=(0, 0, 1), n_sides=120, fill=False)
        plotter.add_mesh(ring, color="#6b7a88", line_width=2.5, lighting=False)
    plotter.add_mesh(revolved(pv, np.array(g["bottom"])), color="#dfe7ee", opacity=0.6, smooth_shading=True)
    for n in range(g["baffles"]):
        a = 2.0 * math.pi * n / g["baffles"]
        plotter.add_mesh(
            plate(pv, a, radius - g["baffle_width"], radius, g["baffle_edge"], height), color="#9fb0be", opacity=0.45
        )
    low, high = g["shaft_span"]
    if g["shaft"] > 0:
        shaft = pv.Cylinder(
            center=(0, 0, 0.5 * (low + high)),
            direction=(0, 0, 1),
            radius=0.5 * g["shaft"],
            height=high - low,
            resolution=48,
        )
        plotter.add_mesh(shaft, color="#8793a0", smooth_shading=True, split_sharp_edges=True, specular=0.3)
    for imp in g["impellers"]:
        disc = pv.Cylinder(
            center=(0, 0, imp["clearance"]),
            direction=(0, 0, 1),
            radius=0.5 * imp["core"],
            height=imp["core_height"],
            resolution=72,
        )
        plotter.add_mesh(disc, color="#5b6874", specular=0.3)
        for blade in imp["blades"]:
            x, y, z = (np.ascontiguousarray(a)[:, :, None] for a in np.moveaxis(np.array(blade), 2, 0))
            plotter.add_mesh(pv.StructuredGrid(x, y, z), color="#3c4854", specular=0.3)
    for feed in g["feeds"]:
        plotter.add_mesh(pv.Sphere(radius=0.5 * feed["diameter"], center=feed["xyz"]), color="#D55E00", opacity=0.9)
    return plotter


def revolved(pv: Any, side: np.ndarray) -> Any:
    """Surface of revolution of a line (n, 2) of radius and height, m."""
    turn = np.linspace(0.0, 2.0 * math.pi, 121)
    r, z = side[:, :1, None], np.broadcast_to(side[:, 1:, None], (len(side), turn.size, 1))
    return pv.StructuredGrid(r * np.cos(turn)[None, :, None], r * np.sin(turn)[None, :, None], z)


def plate(pv: Any, angle: float, inner: float, outer: float, low: float, high: float) -> Any:
    """Flat radial plate."""
    c, s = math.cos(angle), math.sin(angle)
    corners = np.array(
        [
            [inner * c, inner * s, low],
            [outer * c, outer * s, low],
            [outer * c, outer * s, high],
            [inner * c, inner * s, high],
        ]
    )
    return pv.PolyData(corners, faces=[4, 0, 1, 2, 3])


def add_plume(plotter: Any, grid: Any, excess: float) -> None:
    """Surfaces of excess and of half uptake."""
    for level, colour, opacity in ((excess, "#E69F00", 0.85), (0.5, "#009E73", 0.16)):
        surface = grid.contour([level], scalars="uptake_ratio")
        if surface.n_points:
            plotter.add_mesh(surface, color=colour, opacity=opacity, smooth_shading=True, show_scalar_bar=False)


def add_tracks(pv: Any, plotter: Any, tracks: list[np.ndarray], g: dict[str, Any]) -> None:
    """Tracks of cells as tubes coloured by s."""
    for track in tracks:
        line = pv.lines_from_points(track[:, :3].astype(float))
        line.point_data["q / q_max"] = track[:, 3]
        tube = line.tube(radius=0.0035 * max(g["diameter"], 0.4 * g["height"]))
        plotter.add_mesh(
            tube, scalars="q / q_max", cmap="cividis", clim=(0.0, 1.0), smooth_shading=True, show_scalar_bar=False
        )


def add_streamlines(pv: Any, plotter: Any, grid: Any, meta: dict[str, Any]) -> None:
    """Streamlines of the mean flow, coloured by speed over tip speed."""
    g = meta["geometry"]
    radius, height = 0.5 * g["diameter"], g["height"]
    rng = np.random.default_rng(7)
    n = 70
    r, a, z = (
        radius * np.sqrt(rng.uniform(0.1, 0.95, n)),
        rng.uniform(0, 2 * np.pi, n),
        height * rng.uniform(0.03, 0.97, n),
    )
    seeds = pv.PolyData(np.column_stack([r * np.cos(a), r * np.sin(a), z]))
    lines = grid.streamlines_from_source(
        seeds,
        vectors="velocity",
        integration_direction="forward",
        max_length=1.6 * height,
        initial_step_length=0.2,
        max_steps=1500,
        terminal_speed=1e-6,
    )
    if lines.n_points == 0:
        return
    lines.point_data["speed / tip speed"] = np.linalg.norm(lines.point_data["velocity"], axis=1) / meta["tip_speed"]
    tube = lines.tube(radius=0.0025 * max(g["diameter"], 0.4 * height), n_sides=6)
    plotter.add_mesh(
        tube,
        scalars="speed / tip speed",
        cmap="viridis",
        clim=(0.0, FASTEST),
        smooth_shading=True,
        show_scalar_bar=False,
    )


def shoot(plotter: Any, g: dict[str, Any], path: Path) -> None:
    """Fixed camera, slightly from above, whole tank in view."""
    height, diameter = g["height"], g["diameter"]
    centre = (0.0, 0.0, 0.5 * height)
    away = 3.6 * max(1.12 * height, 1.5 * diameter)
    direction = np.array([-0.40, -0.84, 0.27])
    position = np.array(centre) + away * direction / np.linalg.norm(direction)
    plotter.camera_position = [tuple(position), centre, (0, 0, 1)]
    plotter.camera.view_angle = 18.0
    plotter.enable_anti_aliasing("ssaa")
    plotter.screenshot(str(path))
    plotter.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
