"""report.html: gathers the chapters, fills the template, writes one file that needs no network."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rushton.report import (
    checks,
    coupling_section,
    environment_section,
    error_section,
    feed_section,
    gas_section,
    headline,
    lifeline_section,
    published,
    response_section,
    scaledown_section,
    sections,
    sensitivity_section,
    tables,
    variables,
)
from rushton.report.blocks import Note, Section
from rushton.report.pictures3d import Pictures, Scene, build_scene, render

log = logging.getLogger(__name__)

FILE_NAME = "report.html"


def write_report(
    results_folder: Path,
    case: Any,
    flow: Any = None,
    mixing: Any = None,
    substrate: Any = None,
    lifelines: Any = None,
    response: Any = None,
    scaledown: Any = None,
    refine: Any = None,
    sensitivity: Any = None,
    gas: Any = None,
    feed_study: Any = None,
    environment: Any = None,
    summary: dict[str, Any] | None = None,
) -> Path:
    """Write ``report.html`` into a results folder.

    Parameters
    ----------
    results_folder : Path
        Holds manifest.json, case.resolved.toml and scaledown/, which are shown where they exist.
    case : Case
    flow, mixing, substrate, lifelines, response, scaledown, refine, sensitivity, gas, feed_study, environment
        Results of the stages; None where a stage was not run, the reason then comes from the summary.
    summary : dict
        What summary.json holds.

    Returns
    -------
    Path
        The file written.
    """
    from rushton.store import atomic_write_text

    folder, numbers = Path(results_folder), summary or {}
    mesh = flow.mesh if flow is not None else None
    started = time.perf_counter()
    scene, pictures = _three_dimensions(case, flow, substrate, lifelines)
    made = checks.gather(numbers)
    chapters = [
        _chapter("tank", "The tank", lambda: sections.tank(case)),
        _chapter("flow", "Flow and power", lambda: sections.flow(case, flow, numbers)),
        _chapter("mixing", "Mixing", lambda: sections.mixing(case, mixing, numbers)),
        _chapter("substrate", "Substrate gradients", lambda: sections.substrate(case, substrate, mesh, numbers)),
        _chapter("feed_study", "Where to feed", lambda: feed_section.feed_study(case, feed_study, mesh, numbers)),
        _chapter("gas", "Gas and oxygen", lambda: gas_section.gas(case, gas, numbers)),
        _chapter("lifelines", "What a cell sees", lambda: lifeline_section.lifelines(case, lifelines, numbers)),
        *_coupling(case, substrate, lifelines, numbers),
        _chapter(
            "environment",
            "What surrounds a cell",
            lambda: environment_section.environment(case, environment, lifelines, numbers),
        ),
        _chapter("response", "What the cells make of it", lambda: response_section.response(case, response, numbers)),
        _chapter(
            "sensitivity",
            "What moves regimes and loss",
            lambda: sensitivity_section.sensitivity(sensitivity, numbers),
        ),
        _chapter(
            "scaledown",
            "What to do in the laboratory",
            lambda: scaledown_section.scaledown(case, scaledown, numbers),
        ),
        _chapter(
            "published",
            "Beside published values",
            lambda: Section("published", "Beside published values", blocks=published.block(case, numbers)),
        ),
        _chapter("errors", "How sure is it?", lambda: error_section.errors(refine, numbers)),
        _chapter("checks", "Checks", lambda: Section("checks", "Checks", CHECKS_LEAD, list(checks.block(made)))),
        _chapter("variables", "The three classes of variables", lambda: variables.variables(case, numbers)),
        _chapter("values", "Every value used", lambda: tables.values(case, folder)),
        _chapter("run", "How it was computed", lambda: tables.run(folder, numbers)),
    ]
    verdict, tone = checks.verdict(made)
    page = template().render(
        title=case.title or case.name,
        version=_version(),
        meta=_meta(case),
        tiles=headline.tiles(numbers),
        story=headline.story(case, numbers),
        verdict=verdict,
        verdict_tone=tone,
        hero=sections.hero(pictures, scene),
        sections=chapters,
        css=stylesheet(),
        written=datetime.now().strftime("%d %B %Y, %H:%M"),
        footer=FOOTER,
    )
    path = folder / FILE_NAME
    atomic_write_text(path, page)
    log.info("report of %.1f MB written in %.1f s", len(page) / 1e6, time.perf_counter() - started)
    return path


FOOTER = (
    "Every number on this page is also in the files beside it: summary.json, case.resolved.toml and the tables named "
    "in each chapter."
)
CHECKS_LEAD = "What must hold in every run, whatever the tank. Imbalances and errors are relative, zero when perfect."


def _coupling(case: Any, substrate: Any, lifelines: Any, numbers: dict[str, Any]) -> list[Section]:
    """The chapter on two-way coupling, where there was any."""
    if lifelines is None or lifelines.coupled is None:
        return []
    return [
        _chapter(
            "coupling",
            "One-way and two-way side by side",
            lambda: coupling_section.coupling(case, substrate, lifelines, numbers),
        )
    ]


def _chapter(anchor: str, title: str, make: Callable[[], Section]) -> Section:
    """A chapter; one that cannot be written leaves its reason, so that the others are still shown."""
    try:
        return make()
    except Exception as error:  # hours of a finished run against one chapter; the reason stands in its place
        log.warning("chapter '%s' could not be written: %s: %s", title, type(error).__name__, error)
        log.debug("where it failed", exc_info=True)
        return Section(
            anchor,
            title,
            blocks=[Note(f"This chapter could not be written: {type(error).__name__}: {error}", "missing")],
        )


def _three_dimensions(case: Any, flow: Any, substrate: Any, lifelines: Any) -> tuple[Scene | None, Pictures | None]:
    """Scene and its pictures; nothing without a mesh, and never an error."""
    if flow is None:
        return None, None
    try:
        excess = case.strain.regimes.excess if case.strain is not None else 0.95
        ratio = substrate.uptake_ratio if substrate is not None else None
        scene = build_scene(case, flow.mesh, flow, ratio, excess)
        scene.tracks = lifeline_section.tracks(lifelines) if lifelines is not None else []
        return scene, render(scene)
    except Exception as error:  # no display, no OpenGL, a broken VTK: the reason stands in the picture's place
        log.warning("the picture in three dimensions failed: %s: %s", type(error).__name__, error)
        log.debug("where it failed", exc_info=True)
        return None, Pictures({}, note=f"{type(error).__name__}: {error}")


def _meta(case: Any) -> str:
    from rushton.report.numbers import given, impeller_name, volume

    blades = " + ".join(f"{imp.blades}-blade {impeller_name(imp)}" for imp in case.impellers)
    parts = [volume(case.liquid_volume), blades, f"{given(60.0 * case.operation.speed, 4)} rpm"]
    if case.strain is not None:
        parts.append(case.strain.name or case.strain.model)
    parts.append(f"{case.numerics.quality} quality")
    return " · ".join(parts)


def templates() -> Any:
    """Where the templates are."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("rushton.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
    )


def template() -> Any:
    """Template of a page: title, tiles, story, sections, footer."""
    return templates().get_template("report.html.j2")


def stylesheet() -> Any:
    """The one look of every page."""
    from importlib.resources import files

    from markupsafe import Markup

    return Markup(files("rushton.report").joinpath("templates/report.css").read_text(encoding="utf-8"))


def _version() -> str:
    from rushton import __version__

    return __version__
