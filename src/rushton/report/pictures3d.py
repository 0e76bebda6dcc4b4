"""The tank in three dimensions, drawn by PyVista in a process of its own.

VTK ends the whole process with a segmentation fault where libX11 is missing, or EGL and OSMesa both; so it is never
loaded here. A child process draws, with a time limit, first with the window kind that suits the machine and then with
the others; if none works, matplotlib draws a plainer picture and a note says so. A picture never costs a finished run.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rushton.case.blades import blade_directions, edge_of, surface
from rushton.case.bottoms import bottom_height
from rushton.report.planes import fill_solid
from rushton.report.style import EXCESS, INK, STEEL, SUBSTRATE_MAP, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIME_LIMIT_S = 90.0
"""Longest time one attempt may take, s."""


@dataclass
class Scene:
    """What is drawn: geometry of the case, cell fields on the closed grid of mesh-cell centres, tracks of cells.

    Attributes
    ----------
    geometry : dict
        Tank, impellers, feeds; lengths in m, angles in rad.
    points : (nr, nt + 1, nz, 3) float32
        Mesh-cell centres, the first angle repeated, m.
    velocity : (nr, nt + 1, nz, 3) float32 or None
        Cartesian, m/s.
    uptake_ratio : (nr, nt + 1, nz) float32 or None
        s = q / q_max.
    tracks : list of ((n_t, 3), (n_t,))
        Places (m) and s of a few cells.
    tip_speed : float
        m/s.
    excess : float
        s of the border between limitation and excess.
    """

    geometry: dict[str, Any]
    points: np.ndarray
    velocity: np.ndarray | None = None
    uptake_ratio: np.ndarray | None = None
    tracks: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    tip_speed: float = 1.0
    excess: float = 0.95


@dataclass
class Pictures:
    """PNG bytes by name (``plume``, ``flow``), the window kind that drew them, or a note why none did."""

    images: dict[str, bytes]
    window: str = ""
    note: str = ""


def build_scene(
    case: Any, mesh: Any, flow: Any = None, uptake_ratio: np.ndarray | None = None, excess: float = 0.95
) -> Scene:
    """Gather what the child process needs from case, mesh and results."""

    def closed(a: np.ndarray) -> np.ndarray:
        return np.concatenate([a, a[:, :1]], axis=1)

    r, th, z = mesh.r_centre.copy(), np.append(mesh.theta_centre, mesh.theta_centre[0]), mesh.z_centre.copy()
    r[-1], z[0], z[-1] = mesh.r[-1], mesh.z[0], mesh.z[-1]
    shape = (r.size, th.size, z.size)
    points = np.empty((*shape, 3), np.float32)
    points[..., 0] = (r[:, None] * np.cos(th))[:, :, None]
    points[..., 1] = (r[:, None] * np.sin(th))[:, :, None]
    points[..., 2] = z
    velocity = None
    tip = 1.0
    if flow is not None:
        u = closed(flow.velocity)
        c, s = np.cos(th)[None, :, None], np.sin(th)[None, :, None]
        velocity = np.stack([u[..., 0] * c - u[..., 1] * s, u[..., 0] * s + u[..., 1] * c, u[..., 2]], axis=-1).astype(
            np.float32
        )
        tip = math.pi * flow.speed * max(imp.diameter for imp in case.impellers)
    ratio = None
    if uptake_ratio is not None:  # surfaces go through the shaft instead of wrapping it
        ratio = closed(fill_solid(uptake_ratio, mesh.solid).astype(np.float32))
    return Scene(_geometry(case), points, velocity, ratio, tip_speed=tip, excess=excess)


def _geometry(case: Any) -> dict[str, Any]:
    tank = case.tank
    side = 0.5 * tank.diameter * np.sin(np.linspace(0.0, 0.5 * math.pi, 61))  # dense at the wall, where a dish is steep
    return {
        "diameter": tank.diameter,
        "height": tank.liquid_height,
        "shaft": tank.shaft_diameter,
        "shaft_span": case.shaft_span,
        "baffles": tank.baffles.count,
        "baffle_width": tank.baffles.width,
        "baffle_edge": tank.baffle_edge,
        "bottom_depth": tank.bottom_depth,
        "bottom": np.column_stack([side, bottom_height(tank.bottom, tank.diameter, side)]).tolist(),
        "impellers": [
            {
                "diameter": imp.diameter,
                "clearance": imp.clearance,
                "blades": [surface(imp, a).tolist() for a in blade_directions(imp)],
                "core": imp.disc_diameter,
                "core_height": imp.height if imp.hub_diameter else 0.015 * imp.diameter,
            }
            for imp in case.impellers
        ],
        "feeds": [{"xyz": _xyz(f.position), "diameter": f.diameter} for f in case.feeds or ()],
    }


def _xyz(p: Any) -> list[float]:
    return [p.radius * math.cos(p.angle), p.radius * math.sin(p.angle), p.height]


def window_kinds() -> tuple[str, ...]:
    """VTK window kinds to try, in order; "" leaves the choice to VTK."""
    if not sys.platform.startswith("linux"):
        return ("",)
    bare = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
    return ("", *bare) if os.environ.get("DISPLAY") else bare


def render(scene: Scene, windows: tuple[str, ...] | None = None, limit_s: float = TIME_LIMIT_S) -> Pictures:
    """Draw the scene in a child process; try every window kind, give up with a note.

    Parameters
    ----------
    windows : tuple of str, optional
        VTK window kinds to try; by default those that suit the machine.
    limit_s : float
        Time limit of one attempt, s.
    """
    reasons = []
    with tempfile.TemporaryDirectory(prefix="rushton_picture_") as name:
        folder = Path(name)
        _write(scene, folder)
        for window in window_kinds() if windows is None else windows:
            why = _attempt(folder, window, limit_s)
            images = {p.stem: p.read_bytes() for p in sorted(folder.glob("*.png"))}
            if not why and images:
                return Pictures(images, window or "default")
            reasons.append(f"{window or 'default window'}: {why or 'no picture came out'}")
    return Pictures(
        {}, note="VTK cannot draw on this machine (" + "; ".join(reasons) + "); a plainer picture stands here."
    )


def _write(scene: Scene, folder: Path) -> None:
    arrays: dict[str, np.ndarray] = {"points": scene.points}
    if scene.velocity is not None:
        arrays["velocity"] = scene.velocity
    if scene.uptake_ratio is not None:
        arrays["uptake_ratio"] = scene.uptake_ratio
    for n, (xyz, s) in enumerate(scene.tracks):
        arrays[f"track_{n}"] = np.column_stack([xyz, s]).astype(np.float32)
    np.savez(folder / "scene.npz", **cast(Any, arrays))
    meta = {
        "geometry": scene.geometry,
        "tip_speed": scene.tip_speed,
        "excess": scene.excess,
        "tracks": len(scene.tracks),
    }
    (folder / "scene.json").write_text(json.dumps(meta), encoding="utf-8")


def _attempt(folder: Path, window: str, limit_s: float) -> str:
    """Run the child once; empty text if it drew."""
    package_root = str(Path(__file__).resolve().parents[2])
    env = dict(os.environ)
    env["PYTHONPATH"] = os.pathsep.join(p for p in (package_root, env.get("PYTHONPATH", "")) if p)
    env["PYVISTA_OFF_SCREEN"] = "true"
    if window:
        env["VTK_DEFAULT_OPENGL_WINDOW"] = window
    try:
        child = subprocess.run(
            [sys.executable, "-m", "rushton.report.vtk_scene", str(folder)],
            env=env,
            timeout=limit_s,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {limit_s:.0f} s"
    except OSError as error:
        return str(error)
    if child.returncode == 0:
        return ""
    if child.returncode < 0:
        return f"ended by signal {-child.returncode}"
    last = [line.strip() for line in child.stderr.splitlines() if line.strip()]
    return (last[-1] if last else f"exit status {child.returncode}")[:200]


def cropped(image: bytes) -> np.ndarray:
    """Pixels of a PNG without its white margins, (n, m, 3) float."""
    import io

    from matplotlib.image import imread

    pixels = np.asarray(imread(io.BytesIO(image)))[..., :3]
    inked = np.argwhere((pixels < 0.985).any(axis=2))
    if inked.size == 0:
        return pixels
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0) + 1
    return pixels[top:bottom, left:right]


def with_bar(image: bytes, colours: str, high: float, label: str) -> Figure:
    """A picture without its margins, a colour bar of our own beside it: the same type as every other figure."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    pixels = cropped(image)
    height = 4.6
    figure = new_figure(min(4.6, height * pixels.shape[1] / pixels.shape[0] + 0.75), height)
    axes = figure.subplots()
    axes.imshow(pixels, interpolation="lanczos", rasterized=True)
    axes.axis("off")
    figure.colorbar(
        ScalarMappable(Normalize(0.0, high), colours),
        ax=axes,
        shrink=0.5,
        aspect=22,
        pad=0.01,
        label=label,
        extend="max" if high < 1 else "neither",
    )
    return figure


def plain_picture(scene: Scene) -> Figure:
    """The same scene by matplotlib alone: outline, impellers, feed and tracks in perspective."""
    g = scene.geometry
    figure = new_figure(3.9, 5.0)
    figure.set_layout_engine("none")  # axes in perspective leave wide margins of their own
    axes: Any = figure.add_axes((-0.12, -0.16, 1.05, 1.32), projection="3d")
    radius, height = 0.5 * g["diameter"], g["height"]
    turn = np.linspace(0.0, 2.0 * np.pi, 73)
    for z in (g["bottom_depth"], height):
        axes.plot(radius * np.cos(turn), radius * np.sin(turn), z, color=STEEL, lw=0.9)
    if g["bottom_depth"] > 0.0:
        side = np.array(g["bottom"])
        for a in np.linspace(0.0, 2.0 * np.pi, 9)[:-1]:
            axes.plot(side[:, 0] * np.cos(a), side[:, 0] * np.sin(a), side[:, 1], color=STEEL, lw=0.6)
    for n in range(g["baffles"]):
        a = 2.0 * np.pi * n / g["baffles"]
        x = np.array(
            [radius - g["baffle_width"], radius, radius, radius - g["baffle_width"], radius - g["baffle_width"]]
        )
        low = g["baffle_edge"]
        axes.plot(x * np.cos(a), x * np.sin(a), [low, low, height, height, low], color=STEEL, lw=0.8)
    axes.plot([0, 0], [0, 0], [g["impellers"][0]["clearance"], height], color=INK, lw=2.0)
    for imp in g["impellers"]:
        for blade in imp["blades"]:
            axes.plot(*edge_of(np.array(blade)).T, color=INK, lw=1.0)
    for feed in g["feeds"]:
        axes.scatter(*feed["xyz"], color=EXCESS, s=30)
    if scene.uptake_ratio is not None:
        rich = scene.points[scene.uptake_ratio > scene.excess]
        rich = rich[:: max(1, len(rich) // 2500)]
        axes.scatter(*rich.T, color=EXCESS, s=9, lw=0, alpha=0.16, depthshade=False)
    lines = [_coloured_line(xyz, s) for xyz, s in scene.tracks]
    for line in lines:
        axes.add_collection3d(line)
    if lines:
        figure.colorbar(lines[0], cax=figure.add_axes((0.8, 0.28, 0.035, 0.44)), label="q / q$_{max}$, –")
    axes.set(xlim=(-radius, radius), ylim=(-radius, radius), zlim=(0.0, height))
    axes.set_box_aspect((1, 1, height / g["diameter"]), zoom=1.0 if height > 1.5 * g["diameter"] else 0.85)
    axes.view_init(elev=14, azim=-60)
    axes.set_axis_off()
    return figure


def _coloured_line(xyz: np.ndarray, s: np.ndarray) -> Any:
    """Track of a cell coloured by its uptake."""
    from matplotlib.colors import Normalize
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    pieces = np.stack([xyz[:-1], xyz[1:]], axis=1)
    line = Line3DCollection(list(pieces), cmap=SUBSTRATE_MAP, norm=Normalize(0.0, 1.0), linewidths=0.9)
    line.set_array(0.5 * (s[1:] + s[:-1]))
    return line
