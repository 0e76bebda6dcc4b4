"""Closing chapters: every value used, how it was computed and what to cite."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

from rushton.report.blocks import Note, Section, table
from rushton.report.numbers import duration, given, nice_unit, number

CITE = (
    (
        "Launder & Spalding 1974, Comput. Methods Appl. Mech. Eng. 3:269, doi 10.1016/0045-7825(74)90029-2",
        "flow",
        "standard k-ε model and wall functions",
    ),
    (
        "Van Doormaal & Raithby 1984, Numer. Heat Transfer 7:147, doi 10.1080/01495728408961817",
        "flow",
        "SIMPLEC coupling of pressure and velocity",
    ),
    (
        "Guyer, Wheeler & Warren 2009, Comput. Sci. Eng. 11(3):6, doi 10.1109/MCSE.2009.52",
        "mixing",
        "FiPy, assembly of the scalar operator",
    ),
    (
        "Haringa et al. 2016, Eng. Life Sci. 16:652, doi 10.1002/elsc.201600061",
        "lifelines",
        "lifelines, regimes, residence patterns, arcs",
    ),
    (
        "Haringa 2023, Eng. Life Sci. 23:e2100159, doi 10.1002/elsc.202100159",
        "lifelines",
        "smoothing window and margins of the regimes",
    ),
    (
        "Haringa et al. 2018, Chem. Eng. Sci., doi 10.1016/j.ces.2017.09.020",
        "response",
        "long histories stitched from lifelines; scale-down from lifelines",
    ),
    (
        "Lam, Pitrou & Seibert 2015, Proc. LLVM-HPC 7, doi 10.1145/2833157.2833162",
        "flow",
        "Numba, the compiled loops",
    ),
    (
        "Sullivan & Kaszynski 2019, J. Open Source Softw. 4:1450, doi 10.21105/joss.01450",
        "flow",
        "PyVista, the pictures in three dimensions",
    ),
    ("Hunter 2007, Comput. Sci. Eng. 9(3):90, doi 10.1109/MCSE.2007.55", "report", "matplotlib, the figures"),
)


def values(case: Any, folder: Path) -> Section:
    """The resolved case, defaults marked; from the models themselves, so that nothing can be left out."""
    section = Section(
        "values",
        "Every value used",
        "In SI units, as the program uses them. Lines in grey were not in the case file: defaults, or what a named "
        "library entry gave. "
        "The same list is in case.resolved.toml.",
    )
    defaults = set(case.defaults)
    rows, marks = [], []
    for key, value, unit, description in _flat(case, ""):
        filled = key in defaults or any(key.startswith(d + ".") for d in defaults)
        rows.append((key, value, unit, "default" if filled else "given" if value != "none" else "", description))
        marks.append("default" if filled else "")
    section.blocks.append(
        table(("Key", "Value", "Unit", "", "Meaning"), rows, numbers=(1,), marks=marks, style="values")
    )
    return section


def _flat(model: Any, prefix: str) -> list[tuple[str, str, str, str]]:
    """(dotted key, value, unit, meaning) of every field of a section and of the sections in it."""
    rows: list[tuple[str, str, str, str]] = []
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), prefix + (field.alias or name)
        if hasattr(type(value), "model_fields"):
            rows += _flat(value, key + ".")
        elif isinstance(value, tuple) and value and hasattr(type(value[0]), "model_fields"):
            for n, item in enumerate(value):
                rows += _flat(item, f"{key}.{n}.")
        elif isinstance(value, dict):
            rows += [(f"{key}.{k}", given(v), "", "") for k, v in value.items()]
        else:
            rows.append(
                (key, "none" if value in (None, (), "") else given(value), _unit(field), field.description or "")
            )
    return rows


def _unit(field: Any) -> str:
    """SI unit of a field, from the kind of quantity it is annotated with."""
    from rushton.case.fields import Quantity
    from rushton.units import KINDS

    marks = list(field.metadata)
    for inner in typing.get_args(field.annotation):
        marks += getattr(inner, "__metadata__", ())
    kind = next((m.kind for m in marks if isinstance(m, Quantity)), None)
    return "" if kind is None else nice_unit(KINDS[kind].si)


def run(folder: Path, summary: dict[str, Any]) -> Section:
    """Seconds per stage, versions, references."""
    section = Section("run", "How it was computed")
    timing = summary.get("timing") or {}
    if timing:
        rows = [
            (stage, number(float(t.get("wall") or 0.0)), number(float(t.get("cpu") or 0.0)))
            for stage, t in timing.items()
        ]
        total = [sum(float(t.get(kind) or 0.0) for t in timing.values()) for kind in ("wall", "cpu")]
        rows.append(("all stages", duration(total[0]), duration(total[1])))
        section.blocks.append(
            table(
                ("Stage", "Wall, s", "Processor, s"),
                rows,
                "Time of each stage when it was computed",
                numbers=(1, 2),
                marks=[""] * len(timing) + ["best"],
            )
        )
    manifest = _manifest(folder)
    if manifest:
        libraries = manifest.get("libraries") or {}
        peak = manifest.get("peak_memory_bytes")
        section.blocks.append(
            table(
                ("Setting", "Value"),
                [
                    ("Rushton", str(manifest.get("rushton", ""))),
                    ("Python", str(manifest.get("python", ""))),
                    ("Platform", str(manifest.get("platform", ""))),
                    ("Processors", number(manifest.get("cores"))),
                    ("Largest memory", f"{number(peak / 2**30)} GiB" if peak else "–"),
                    ("Seed of the random walk", number(manifest.get("seed"))),
                    ("Libraries", ", ".join(f"{k} {v}" for k, v in libraries.items())),
                ],
                "Program and machine",
            )
        )
    stages = ("flow", "mixing", "substrate", "lifelines", "response", "scaledown")
    ran = {name for name in stages if _ran(summary.get(name))} | {"report"}
    references = [(text, what) for text, stage, what in CITE if stage in ran]
    response = summary.get("response") or {}
    references += [(source, f"cell model {response.get('model')}") for source in response.get("sources") or ()]
    section.blocks.append(table(("Please cite", "For"), references, "References"))
    if not timing:
        section.blocks.append(Note("No timings were recorded with these results."))
    return section


def _ran(part: Any) -> bool:
    return isinstance(part, dict) and any(v is not None for k, v in part.items() if not k.endswith("_reason"))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
